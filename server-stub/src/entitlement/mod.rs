//! Who may watch what, for how long.
//!
//! One pure function, [`decide`], is asked at every layer: when a home screen is composed, when a title page is opened,
//! when playback is asked for and again when a key is. Owns the table `entitlement_grants`. What this service must
//! never do: rely on a client to have asked an earlier layer.

mod decision;
mod grants;
mod http;

pub(crate) use crate::ingest::Plan;
pub(crate) use decision::{Decision, Refusal, Terms, Viewer, decide};
pub(crate) use grants::{Grants, StoredGrant};

use crate::app::Shared;
use axum::{Router, routing::post};
use service_api::routes as paths;

/// The routes of the service.
pub(crate) fn routes() -> Router<Shared> {
    Router::new().route(paths::PLAYBACK, post(http::playback))
}
