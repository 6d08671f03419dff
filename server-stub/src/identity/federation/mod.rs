//! Signing in at another provider (OpenID Connect, code flow with PKCE), as its client.
//!
//! What must come back is bound to the browser by a sealed cookie: state, nonce, verifier, and where to go on. The answer
//! must name the provider that was asked (RFC 9207), if it says that it does. An account is found by the provider's
//! number for the person; by its address only if both sides have confirmed it, or somebody could plant an account.

mod http;
mod provider;
mod store;

pub(crate) use http::{callback, start};
pub use provider::ProviderConfig;
pub(crate) use provider::{Federation, FederationError};
