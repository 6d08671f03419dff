//! Signed statements (RFC 7515, 7517, 7518, 7638): id tokens that we make, and proofs and tokens that we check.
//!
//! Three nouns. A [`Jws`] is text taken apart, with nothing believed yet. A [`PublicJwk`] is a key to check it with, and
//! the only source of one: a key, an address or a certificate inside a header is never followed. [`SigningKeys`] are
//! ours, sealed in the database.

mod jws;
mod keys;
mod private_key;

pub(crate) use jws::{Alg, Jws, PublicJwk};
pub(crate) use keys::{SigningKeys, reseal};
pub(crate) use private_key::PrivateKey;
