//! What belongs to one viewer: positions, a list, ratings, and a PIN before all of it.
//!
//! Owns the tables `profiles_*`; the profiles themselves, with name and ceiling, are identity's. Whatever a viewer has
//! said is on disk before the answer is sent: viewers forgive a lost frame, not a lost place. What this service must
//! never do: answer for a profile of another account, or for one whose PIN this sign-in has not given.

mod details;
mod http;
mod pins;
mod positions;
mod taste;

pub(crate) use details::Details;
pub(crate) use http::{details_of, may_manage, pin_required};
pub(crate) use pins::{PinOutcome, Pins};
pub(crate) use positions::Positions;
pub(crate) use taste::Taste;

use crate::app::Shared;
use axum::{
    Router,
    routing::{get, post, put},
};
use service_api::routes as paths;

/// The routes of the service.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route(paths::PROGRESS, get(positions::get_progress).put(positions::put_progress))
        .route(paths::PROFILES, post(http::create))
        .route(paths::PROFILE, get(http::show).patch(http::change).delete(http::remove))
        .route(paths::PROFILE_PIN, put(http::set_pin))
        .route(paths::PROFILE_UNLOCK, post(http::unlock))
        .route(paths::MY_LIST, get(http::my_list))
        .route(paths::MY_LIST_TITLE, put(http::add_to_list).delete(http::remove_from_list))
        .route(paths::RATING, get(http::rating).put(http::rate).delete(http::unrate))
}
