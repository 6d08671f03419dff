//! Who may watch what, for how long, on how many screens.
//!
//! Four nouns. The **decision** ([`decide`]) is one pure function that is asked at every layer: when a home screen is
//! composed, when a title page is opened, when playback is asked for, with each heartbeat, licence and segment. A
//! **grant** is one permission to play one title, as it was handed out. A **device** is registered when it first asks
//! for playback. A **stream** is a device that watches: its grant holds a lease that ends after two missed heartbeats.
//!
//! Owns the tables `entitlement_*`. What this service must never do: rely on a client to have asked an earlier layer,
//! or to stop when it is told to; count in memory what several instances share.

mod decision;
mod devices;
mod gate;
mod grants;
mod http;
mod leases;
mod place;
mod plan;

pub(crate) use crate::ingest::Plan;
pub(crate) use decision::{
    Allowance, Decision, OFFLINE_MS, Purpose, Refusal, Terms, Viewer, Window, decide, offline_end,
};
pub(crate) use gate::{ClientAddress, Entitlement, Step, taken_back};
pub use grants::Revoked;
pub(crate) use grants::{Kept, StoredGrant};
#[cfg(test)]
pub(crate) use place::Place;
pub(crate) use place::PlaceTable;
pub use place::{Country, PlaceError};
pub use plan::{PlanTerms, Plans};

use crate::app::Shared;
use axum::{
    Router,
    routing::{delete, get, post},
};
use service_api::routes as paths;

/// The routes of the service.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route(paths::PLAYBACK, post(http::playback))
        .route(paths::PLAYBACK_HEARTBEAT, post(http::heartbeat))
        .route(paths::PLAYBACK_GRANT, delete(http::end))
        .route(paths::PLAYBACK_DEVICES, get(http::devices))
        .route(paths::PLAYBACK_DEVICE, delete(http::remove_device))
}
