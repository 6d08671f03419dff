//! The wire contract between Lumen's clients and its server.
//!
//! Three nouns: a **route** ([`routes`]), the **document** that travels on it (one module per service) and the
//! **problem** that comes back when it does not work ([`problem::Problem`]). The server serialises these types, the
//! client deserialises them; neither may write the same JSON by hand.
//!
//! Rules of the contract: changes are additive, unknown fields are ignored, optional fields are omitted when empty,
//! times are seconds as `f64` with the suffix `_s` or RFC 3339 text, errors are `application/problem+json` (RFC 9457)
//! with a stable `code`.
//!
//! With the feature `client` the crate also has the typed client: sign-in for an installed app (RFC 8252), token
//! storage and the calls themselves. Without it, it is data only; the server builds it that way.
//!
//! ```
//! let title: service_api::catalog::TitleSummary = serde_json::from_str(
//!     r#"{"id":"the-long-tide","name":"The Long Tide","state":{"state":"ready"},"artwork":{}}"#,
//! )?;
//! assert!(title.state.is_ready());
//! # Ok::<(), serde_json::Error>(())
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod account;
pub mod catalog;
#[cfg(feature = "client")]
pub mod client;
pub mod health;
pub mod id;
pub mod identity;
pub mod licence;
pub mod playback;
pub mod problem;
pub mod profile;
pub mod routes;

pub use id::{AccountId, GrantId, ProfileId, TitleId};
