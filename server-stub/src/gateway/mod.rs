//! The edge of the server: everything that is true of every request, whichever service answers it.
//!
//! Three nouns. The **accept loop** ([`serve`]) owns sockets and their limits. The **router** ([`router`]) joins the
//! services' routes and wraps them. The **problem** ([`problem`]) is the only shape in which an error leaves, OAuth's
//! own endpoints excepted, whose error format RFC 6749 prescribes. Between them stands the **access table** ([`access`]).

pub(crate) mod access;
pub(crate) mod auth;
pub(crate) mod conditional;
pub(crate) mod extract;
mod guarded_stream;
mod health;
mod layers;
pub(crate) mod problem;
pub(crate) mod router;
pub(crate) mod serve;

pub(crate) use auth::Principal;
pub(crate) use extract::ApiJson;
pub(crate) use problem::ApiError;
pub(crate) use serve::PeerAddress;
