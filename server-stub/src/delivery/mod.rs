//! Hands out files: playlists and segments to holders of a media token, artwork to everybody.
//!
//! Three nouns. A **media token** ([`MediaTokens`]) is a signed, expiring statement in the path of a URL, so that the
//! relative addresses in a playlist inherit it. A **served file** (served_file.rs) is bytes on disk with validators and
//! ranges. A **fault** ([`Fault`]) is a way to break delivery on purpose, for tests.
//!
//! Owns no table. What this service must never do: read outside of the library's folder, hold a whole segment of any
//! size in memory, or log a token.

mod body;
mod fault;
mod http;
mod media_token;
mod range;
mod served_file;

pub(crate) use fault::Faults;
pub use fault::{DeliveryRequest, Fault, FaultFn, FaultScript};
pub(crate) use media_token::MediaTokens;

use crate::app::Shared;
use axum::{Router, routing::get};
use service_api::routes as paths;

/// The routes of the service. GET routes also answer HEAD.
pub(crate) fn routes() -> Router<Shared> {
    Router::new().route(paths::MEDIA, get(http::media)).route(paths::ARTWORK, get(http::artwork))
}
