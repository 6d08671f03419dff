//! The seam: what a protection system must do so that this player can play with it.
//!
//! [`KeySystem::open`] makes a [`LicenseSession`] of initialisation data; challenge and answer go to and fro until the
//! session has keys; its [`ContentDecryption`] then decrypts samples before they enter the queue. Clear Key is one
//! implementation ([`super::clearkey`]), a vendor's content decryption module behind OpenCDM another.
//!
//! All calls of the three traits are made on threads that may block, never on one that draws or on a tokio worker. What
//! waits for a module of somebody else's ends by itself within seconds, with [`super::CdmError::Silent`].

use super::{DrmError, KeyId, SystemId};
use crate::container::{Sample, Scheme, TrackFormat};
use bytes::Bytes;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

/// Name of a key system, as `org.w3.clearkey`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeySystemId(pub Cow<'static, str>);

impl KeySystemId {
    pub const CLEAR_KEY: Self = Self(Cow::Borrowed("org.w3.clearkey"));
}

impl fmt::Display for KeySystemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A way to get keys and to decrypt with them. Asked on any thread; shared by all players of a process.
pub trait KeySystem: Send + Sync + fmt::Debug {
    fn id(&self) -> KeySystemId;

    /// What it can do. Called often; must return at once.
    fn capabilities(&self) -> KeySystemCapabilities;

    /// Begins to get the keys of `init`. Called once per distinct initialisation data; may block for seconds.
    ///
    /// # Errors
    /// The data are not for this system, or the system is out of order.
    fn open(&self, init: &ProtectionInit) -> Result<Box<dyn LicenseSession>, DrmError>;
}

/// What a key system can do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySystemCapabilities {
    /// Announcements that it takes.
    pub systems: Vec<SystemId>,
    /// Protection schemes, by their four letters.
    pub schemes: &'static [&'static str],
    pub security: SecurityLevel,
    /// Can it keep licences for a time without a network?
    pub persistent: bool,
}

/// Where keys and decrypted samples are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecurityLevel {
    /// Keys are in this process.
    Clear,
    /// Keys are in the vendor's module; decrypted samples come back to this process.
    Software,
}

/// Initialisation data of one announcement.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct InitData {
    pub kind: InitDataType,
    pub data: Bytes,
}

impl fmt::Debug for InitData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InitData({}, {} bytes)", self.kind.name(), self.data.len())
    }
}

/// In which form initialisation data are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InitDataType {
    /// One `pssh` box.
    Cenc,
    /// A list of key ids as JSON (W3C).
    KeyIds,
    /// An address of FairPlay Streaming.
    Skd,
}

impl InitDataType {
    /// As the W3C's registry and Apple name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cenc => "cenc",
            Self::KeyIds => "keyids",
            Self::Skd => "skd",
        }
    }
}

/// What a session is opened with.
#[derive(Clone, Debug)]
pub struct ProtectionInit {
    pub init: InitData,
    /// Keys that are wanted of it.
    pub key_ids: Vec<KeyId>,
}

/// One offer of a manifest or a `pssh` box.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SystemOffer {
    pub system: SystemId,
    /// `None` where the announcement says no more than that the system exists.
    pub init: Option<InitData>,
}

impl SystemOffer {
    /// An offer without data of its own.
    pub fn of(system: SystemId) -> Self {
        Self { system, init: None }
    }
}

/// A message to a licence server. Its body is between the module and the server.
#[derive(Clone, PartialEq, Eq)]
pub struct LicenseChallenge {
    pub key_system: KeySystemId,
    pub body: Vec<u8>,
    /// Where the system itself says that licences are. A hint: whoever carries challenges knows its server.
    pub url: Option<String>,
}

impl fmt::Debug for LicenseChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LicenseChallenge({}, {} bytes)", self.key_system, self.body.len())
    }
}

/// One conversation with a licence server, and the keys that came of it. Used by one thread at a time.
pub trait LicenseSession: Send + fmt::Debug {
    /// What to send to the licence server first, or next when [`Self::renewal_due`] says so.
    ///
    /// # Errors
    /// The system has nothing to ask or is out of order.
    fn challenge(&mut self) -> Result<LicenseChallenge, DrmError>;

    /// Takes an answer.
    ///
    /// # Errors
    /// [`DrmError::InvalidLicence`] for an answer that makes no sense; another may be tried.
    fn update(&mut self, response: &[u8]) -> Result<LicenseProgress, DrmError>;

    /// What is known of its keys now.
    fn key_statuses(&self) -> Vec<(KeyId, KeyStatus)>;

    /// When a renewal is to be asked for; in the past if at once, `None` if there is nothing to renew.
    fn renewal_due(&self) -> Option<SystemTime>;

    /// Decrypts with the keys of this session, those that come later included. It outlives the session object.
    fn decryption(&self) -> Arc<dyn ContentDecryption>;
}

/// Where an answer has led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LicenseProgress {
    Keys(Vec<(KeyId, KeyStatus)>),
    /// There is more to be asked first, such as the server's certificate.
    Challenge(LicenseChallenge),
}

/// What can be done with a key (W3C Encrypted Media Extensions).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyStatus {
    Usable,
    /// Usable, and the picture is made smaller on its way out.
    OutputDownscaled,
    Expired,
    Released,
    /// Not on this output.
    OutputRestricted,
    Pending,
    InternalError,
}

impl KeyStatus {
    /// Can samples be decrypted with the key?
    pub fn is_usable(self) -> bool {
        matches!(self, Self::Usable | Self::OutputDownscaled)
    }
}

impl fmt::Display for KeyStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Usable => "usable",
            Self::OutputDownscaled => "usable on a smaller picture",
            Self::Expired => "expired",
            Self::Released => "released",
            Self::OutputRestricted => "not permitted on this output",
            Self::Pending => "not decided yet",
            Self::InternalError => "out of order",
        })
    }
}

/// Decrypts samples. Called for each protected sample of a segment, on the blocking pool, by several threads.
pub trait ContentDecryption: Send + Sync + fmt::Debug {
    /// Decrypts the data of `sample`, which then is in the clear. A clear sample stays as it is, and so does any sample
    /// after an error.
    ///
    /// # Errors
    /// [`DrmError::MissingKey`], [`DrmError::KeyUnusable`], [`DrmError::SchemeUnsupported`], or [`DrmError::Cdm`] if the
    /// module fails.
    fn decrypt(&self, sample: &mut Sample, format: &TrackFormat) -> Result<(), DrmError>;
}

impl Scheme {
    /// The scheme's four letters.
    pub fn code(self) -> &'static str {
        match self {
            Self::Cenc => "cenc",
            Self::Cens { .. } => "cens",
            Self::Cbc1 => "cbc1",
            Self::Cbcs { .. } => "cbcs",
        }
    }
}
