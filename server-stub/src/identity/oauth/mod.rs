//! OAuth 2.1 and OpenID Connect as protocols: what travels between apps and this server. Pages are elsewhere.
//!
//! Four nouns. An [`authorize::AuthorizationRequest`] is what an app asks for through the browser. A **code** ([`codes`],
//! [`device`]) is what it gets for it. A **family** ([`tokens`]) is what a code becomes: one sign-in of one app, whose
//! tokens live and die together. A **proof** ([`dpop`], [`client_auth`]) says that the one who asks is the one who may.

pub(crate) mod authorize;
pub(crate) mod client_auth;
pub(crate) mod codes;
pub(crate) mod device;
pub(crate) mod device_endpoint;
pub(crate) mod dpop;
pub(crate) mod error;
pub(crate) mod id_token;
pub(crate) mod introspection;
pub(crate) mod metadata;
pub(crate) mod par;
pub(crate) mod token_endpoint;
pub(crate) mod tokens;
pub(crate) mod userinfo;
