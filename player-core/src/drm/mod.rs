//! Protected media: keys, licences and decryption.
//!
//! The life of a licence: a manifest or an initialisation segment names key ids and the systems that have the keys. The
//! session asks for a licence once per set of ids; [`KeySystems`] says with which of the systems of this device
//! (`licensing.rs` holds the conversation, [`LicenseTransport`] carries it; whoever implements that knows the viewer's
//! token). Who decrypts with the keys goes into the [`KeyRing`], where transfers that arrived earlier are waiting; the
//! loader has samples decrypted before they enter the session's queue. A refused licence ends the wait of all with the
//! reason.
//!
//! The seam to systems is [`KeySystem`], [`LicenseSession`] and [`ContentDecryption`]: Clear Key fills it in this process,
//! a vendor's content decryption module through OpenCDM (`opencdm/`, feature `opencdm`, on Linux).

pub mod aes_cbc;
pub mod cenc;
pub mod clearkey;
#[cfg(test)]
mod contract_tests;
mod key_ring;
mod key_system;
mod key_systems;
mod licensing;
#[cfg(test)]
mod licensing_tests;
#[cfg(all(feature = "opencdm", target_os = "linux"))]
mod opencdm;
pub mod pssh;
pub mod sample_aes;
mod system_id;

pub use key_ring::KeyRing;
pub use key_system::{
    ContentDecryption, InitData, InitDataType, KeyStatus, KeySystem, KeySystemCapabilities, KeySystemId,
    LicenseChallenge, LicenseProgress, LicenseSession, ProtectionInit, SecurityLevel, SystemOffer,
};
pub use key_systems::{CdmOptions, KeySystemChoice, KeySystems};
pub(crate) use licensing::Licensing;
#[cfg(all(feature = "opencdm", target_os = "linux"))]
pub use opencdm::{OpenCdmAbsent, systems as opencdm_systems};
pub use system_id::SystemId;

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
    /// Sends a challenge and returns the answer's body. That of Clear Key is JSON; those of other systems are theirs.
    /// Called once per set of keys, round and retry, on a tokio worker; must end by itself within seconds.
    async fn request(&self, challenge: LicenseChallenge) -> Result<Vec<u8>, LicenseDenied>;
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
    /// What is offered, and why none of it can be used.
    #[error("protected with {0}, which is not supported")]
    NoKeySystem(String),
    #[error("key {key} is {status}")]
    KeyUnusable { key: KeyId, status: KeyStatus },
    #[error("protected with {0}, which the key system does not take")]
    SchemeUnsupported(&'static str),
    #[error(transparent)]
    Cdm(#[from] CdmError),
    #[error("what was sent for a key is none")]
    BadKey,
    #[error("decrypted bytes are not media: the key does not fit")]
    WrongKey,
    /// An encrypted segment of this many bytes is no whole number of blocks: part of it is missing.
    #[error("an encrypted segment of {0} bytes is cut short")]
    CutShort(usize),
}

/// What is wrong with a content decryption module.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CdmError {
    /// Waited for and given up; it may still be at it, and is not asked again.
    #[error("the content decryption module does not answer")]
    Silent,
    #[error("the content decryption module refuses {what}: {code:#x}")]
    Refused { what: &'static str, code: u32 },
    /// In its own words, shortened.
    #[error("the content decryption module says: {0}")]
    Reported(String),
    #[error("the content decryption module does not come to an end: {0}")]
    Endless(&'static str),
    #[error("limit exceeded: {what} > {max}")]
    LimitExceeded { what: &'static str, max: usize },
}
