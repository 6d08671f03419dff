//! The edge of the server: everything that is true of every request, whichever service answers it.
//!
//! Three nouns. The **accept loop** ([`listener`]) owns sockets and their limits, TLS and the protocols. The **router** ([`router`]) joins the
//! services' routes and wraps them. The **problem** ([`problem`]) is the only shape in which an error leaves, OAuth's
//! own endpoints excepted, whose error format RFC 6749 prescribes. Between them stands the **access table** ([`access`]).

pub(crate) mod access;
pub(crate) mod address;
mod admin;
pub(crate) mod auth;
pub(crate) mod conditional;
pub(crate) mod extract;
mod h1;
mod health;
mod layers;
pub(crate) mod listener;
pub(crate) mod markup;
pub(crate) mod metrics;
mod openapi;
pub(crate) mod problem;
pub(crate) mod proxies;
pub(crate) mod rate;
pub(crate) mod request_id;
pub(crate) mod request_log;
pub(crate) mod router;
pub(crate) mod spans;

pub(crate) use auth::Principal;
pub(crate) use extract::ApiJson;
pub use listener::tls::TlsError;
pub(crate) use listener::{PeerAddress, tls::Tls};
pub(crate) use problem::ApiError;
pub(crate) use proxies::Proxied;
