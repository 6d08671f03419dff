//! Passkeys (W3C Web Authentication, level 3): signing in with a key that a device keeps and a person unlocks.
//!
//! Attestation is not asked for and not looked at: any authenticator of a person's choice is good. So what is left to
//! check is a challenge, an origin, two flags and one signature, which is less code than a library for all of it, and
//! none of it in C beyond the one cryptographic library that the server has anyway.

mod cbor;
mod check;
mod http;
mod store;

pub(crate) use http::{add, challenge, new, script, sign_in};
pub(crate) use store::{ListedPasskey, Passkeys};
