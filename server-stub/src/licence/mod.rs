//! Hands content keys to players that may have them.
//!
//! Three nouns. A **content key** decrypts one title. The **key store** ([`KeyStore`]) makes keys, seals them and is the
//! only place where they are opened. A **licence** is the W3C Clear Key answer that carries one to a signed-in,
//! entitled player. Owns the tables `licence_*`.
//!
//! What this service must never do: hand out a key without deciding again whether the account may watch the title; put a
//! key in a log, in `Debug` output or, unsealed, in the database.

mod audit;
mod http;
mod key_store;

pub(crate) use audit::Audit;
pub(crate) use key_store::KeyStore;

use crate::app::Shared;
use axum::{Router, routing::post};
use service_api::routes as paths;

/// The routes of the service.
pub(crate) fn routes() -> Router<Shared> {
    Router::new().route(paths::LICENCE_CLEARKEY, post(http::clearkey))
}
