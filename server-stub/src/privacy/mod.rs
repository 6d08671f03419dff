//! What an account agrees to, what is kept of it, and its end.
//!
//! Owns the tables `privacy_*`. It reads no other service's tables: each says by itself what it has of an account and
//! forgets it when told. What it must never do: leave something behind that says who somebody was. What stays of an
//! erased account are the entries of the licence log, which name its id alone, are chained so that none can be taken
//! out, and end by themselves.

mod consents;
mod http;

pub(crate) use consents::ConsentStore;

use crate::app::Shared;
use axum::{
    Router,
    routing::{get, post, put},
};
use service_api::routes as paths;

/// The routes of the service.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route(paths::ACCOUNT, get(http::account))
        .route(paths::ACCOUNT_CONSENTS, put(http::set_consents))
        .route(paths::ACCOUNT_EXPORT, get(http::export))
        .route(paths::ACCOUNT_ERASE, post(http::erase))
}
