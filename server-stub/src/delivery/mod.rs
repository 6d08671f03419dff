//! Hands out files: playlists and segments to holders of a media token, artwork to everybody.
//!
//! Four nouns. An **access token** ([`AccessTokens`]) is a signed, expiring statement in the path of a URL, so that the
//! relative addresses in a playlist inherit it, or beside the URL, so that caches can share it. An **answer**
//! (answer.rs) is a file with validators and ranges; the connection itself may write it (media.rs, `quick`), or axum. A
//! **manifest** (manifest/) is made for the client that asks. A **fault** ([`Fault`]) is a way to break delivery on
//! purpose, for tests.
//!
//! Owns the table `delivery_switches`: what operators switch while servers run (switches.rs). What this service must never do: read outside of the library's folder, hold more in memory than its
//! cache may, or log a token.

mod answer;
mod body;
mod cache;
mod cat;
mod config;
mod fault;
mod http;
mod manifest;
mod media;
mod range;
mod served_file;
mod switches;
mod url_fault;

pub(crate) use answer::{Answer, Conditions};
pub(crate) use cache::FileCache;
pub(crate) use cat::AccessTokens;
pub use config::{CdnConfig, DeliveryConfig};
pub(crate) use fault::Faults;
pub use fault::{DeliveryRequest, Fault, FaultFn, FaultScript};
pub(crate) use manifest::Pathways;
pub(crate) use media::{QuickRequest, quick};
pub(crate) use switches::{SwitchError, Switches};

use crate::app::Shared;
use axum::{Router, routing::get};
use service_api::routes as paths;

/// The routes of the service. GET routes also answer HEAD.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route(paths::MEDIA, get(http::media).options(http::preflight))
        .route(paths::CONTENT, get(http::media).options(http::preflight))
        .route(paths::ARTWORK, get(http::artwork))
}
