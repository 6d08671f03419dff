//! Hands content keys to players that may have them.
//!
//! Four nouns. A **content key** decrypts one quality of one title. The **key store** ([`KeyStore`]) makes keys, seals
//! them in an envelope and is the only place where they are opened. A **licence** carries keys to an entitled player:
//! as W3C Clear Key, as 16 bytes for HLS, through a vendor's service ([`LicenceProxy`]), or to be kept. The **audit
//! log** ([`Audit`]) says who asked. Encryptors get keys as CPIX documents. Owns the tables `licence_*`.
//!
//! What this service must never do: hand out a key without deciding again whether the account may watch the title; put a
//! key in a log, an address, an error, `Debug` output or, unsealed, in the database.

mod audit;
pub(crate) mod carried;
mod cpix;
mod envelope;
mod http;
mod issue;
mod kept;
mod key_store;
pub(crate) mod operate;
mod proxy;
mod reseal;
mod speke;
mod token;

pub(crate) use audit::Audit;
pub(crate) use kept::KeptLicences;
pub(crate) use key_store::{KeyStore, KeyStoreError};
pub use proxy::{KeySpec, LicenceProxy, LicenceSystem, Policy, ProxyError, ProxyRequest, RecordingProxy};
pub use reseal::{Rewrap, RewrapError, Rewrapped, rewrap};
pub(crate) use speke::Encryptors;
pub use token::PartnersError;
pub(crate) use token::TokenIssuers;

use crate::app::Shared;
use axum::{
    Router,
    routing::{get, post},
};
use service_api::routes as paths;

/// The routes of the service.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route(paths::LICENCE_CLEARKEY, post(http::clearkey))
        .route(paths::LICENCE_CLEARKEY_BY_TOKEN, post(http::clearkey_by_token))
        .route(paths::LICENCE_AUTHORIZATION, get(http::authorization))
        .route(paths::LICENCE_HLS_KEY, get(http::hls_key))
        .route(paths::LICENCE_PROXY, post(proxy::licence))
        .route(paths::LICENCE_FIRST_PLAY, post(http::first_play))
        .route(paths::SPEKE, post(speke::exchange))
}
