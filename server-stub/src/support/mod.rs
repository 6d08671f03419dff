//! People who ask for help, or say what they think.
//!
//! Owns the tables `support_*`. A request is on disk before its reference is told. Diagnostics are only what the sender
//! has seen and sent; the server adds nothing to them.

mod http;
mod requests;

pub(crate) use requests::SupportRequests;

use crate::app::Shared;
use axum::{
    Router,
    routing::{get, post},
};
use service_api::routes as paths;

/// The routes of the service.
pub(crate) fn routes() -> Router<Shared> {
    Router::new().route(paths::SUPPORT, post(http::ask)).route(paths::ADMIN_SUPPORT, get(http::latest))
}
