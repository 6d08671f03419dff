//! Protected media: keys, licences and decryption.
//!
//! The life of a licence: a manifest or an initialisation segment names key ids. The session asks for a licence once
//! per set of ids ([`LicenseTransport`] carries the challenge; whoever implements it knows the viewer's token). The
//! keys go into the [`KeyRing`], where transfers that arrived earlier are waiting for them; the loader decrypts
//! samples before they enter the session's queue. A refused licence ends the wait of all with the reason.

pub mod aes_cbc;
pub mod cenc;
pub mod clearkey;
mod key_ring;
pub mod pssh;
pub mod sample_aes;

pub use key_ring::KeyRing;

use async_trait::async_trait;
use std::fmt;

/// Names a content key; not a secret.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub [u8; 16]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A content key. Never printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ContentKey(pub [u8; 16]);

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContentKey(redacted)")
    }
}

/// Carries a licence challenge to whoever may answer it, with the viewer's credentials.
#[async_trait]
pub trait LicenseTransport: Send + Sync + fmt::Debug {
    /// Sends a Clear Key request (JSON) and returns the answer's body. Called once per set of keys and retry, on a
    /// tokio worker; must end by itself within seconds.
    async fn request(&self, challenge: Vec<u8>) -> Result<Vec<u8>, LicenseDenied>;
}

/// Why a licence was not given.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LicenseDenied {
    /// Not now: worth another try.
    #[error("the licence server cannot be reached: {0}")]
    Unreachable(String),
    #[error("not signed in")]
    Unauthorised,
    #[error("refused: {0}")]
    Refused(String),
    #[error("the permission has expired")]
    Expired,
    #[error("not available in this region")]
    NotHere,
}

/// Why protected media cannot be decrypted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DrmError {
    /// Nobody to ask: no transport was given.
    #[error("no licence server for protected media")]
    NoTransport,
    #[error(transparent)]
    Denied(#[from] LicenseDenied),
    #[error("the licence cannot be read: {0}")]
    InvalidLicence(&'static str),
    #[error("the licence lacks key {0}")]
    MissingKey(KeyId),
    #[error("what was sent for a key is none")]
    BadKey,
    #[error("decrypted bytes are not media: the key does not fit")]
    WrongKey,
    /// An encrypted segment of this many bytes is no whole number of blocks: part of it is missing.
    #[error("an encrypted segment of {0} bytes is cut short")]
    CutShort(usize),
}
