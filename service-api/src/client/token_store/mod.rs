//! Where the session is kept between two starts of the app.
//!
//! Only the refresh token is kept: it lives long, and everything else follows from it. The access token exists in
//! memory alone. Which store is used is decided by [`default_store`]; tests and kiosks choose their own.

mod default;
mod file;
mod keyring;
mod process_lock;

pub use default::{default_store, default_tv_store};
pub use file::EncryptedFileStore;
pub use keyring::KeyringStore;
pub use process_lock::ProcessLock;

use serde::{Deserialize, Serialize};
use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};
use url::Url;

/// Keeps one session. Called by the [`Client`](super::Client) on a blocking thread, rarely: at the start, after each
/// renewal (every few minutes), at sign-in and sign-out. Calls may block on a disk or on another process, for seconds
/// at most, and may come from several threads.
pub trait TokenStore: Send + Sync + fmt::Debug {
    /// The kept session; `None` if there is none.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if something is there but cannot be trusted; the caller treats it as signed out.
    /// [`StoreError::Unavailable`] if it may work later.
    fn load(&self) -> Result<Option<StoredSession>, StoreError>;

    /// Replaces the kept session. Returns only when it would survive a power cut, as far as the system can promise.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it was not kept.
    fn save(&self, session: &StoredSession) -> Result<(), StoreError>;

    /// Forgets the session. Forgetting nothing is a success.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if something is still there.
    fn clear(&self) -> Result<(), StoreError>;

    /// Keeps other processes that share the store from renewing at the same time: a refresh token works once, and its
    /// second use ends the session for everybody. Waits for its turn. `None` if no other process can share the store,
    /// or if the lock cannot be had (then renewing without it is the smaller evil).
    fn lock(&self) -> Option<ProcessLock> {
        None
    }
}

/// What is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSession {
    /// The refresh token.
    pub refresh: RefreshSecret,
    /// When it was stored, in milliseconds since 1970 by this device's clock. Of two stores the newest wins.
    pub saved_at_ms: i64,
}

impl StoredSession {
    /// A session that is stored now.
    pub fn now(refresh: RefreshSecret) -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { refresh, saved_at_ms: i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX) }
    }

    /// The form in which stores keep it. Holds the token in the clear.
    fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("two plain fields always serialise")
    }

    fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        // The parser's message could quote the token.
        serde_json::from_slice(bytes).map_err(|_| StoreError::Corrupt("its content is not a session"))
    }
}

/// A refresh token. Never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RefreshSecret(String);

impl RefreshSecret {
    /// Wraps the token.
    pub fn new(token: String) -> Self {
        Self(token)
    }

    /// The token itself, for the token endpoint and for stores.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for RefreshSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshSecret(hidden)")
    }
}

/// Why a store did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It cannot be reached or written now.
    #[error("{store} is not available: {reason}")]
    Unavailable {
        /// Which store, in a word.
        store: &'static str,
        /// What failed. Paths may appear here, secrets never.
        reason: String,
    },
    /// What is kept was altered, is damaged, or belongs to another device.
    #[error("the kept session is not usable: {0}")]
    Corrupt(&'static str),
}

/// Keeps the session as long as the process lives: for tests and for headless runs.
#[derive(Debug, Default)]
pub struct MemoryStore {
    session: Mutex<Option<StoredSession>>,
}

impl TokenStore for MemoryStore {
    fn load(&self) -> Result<Option<StoredSession>, StoreError> {
        Ok(self.session.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn save(&self, session: &StoredSession) -> Result<(), StoreError> {
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = Some(session.clone());
        Ok(())
    }

    fn clear(&self) -> Result<(), StoreError> {
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }
}

/// The name under which stores keep the session of a service: its origin, without a trailing slash, and the fragment of
/// its address, by which [`default_tv_store`] tells the sessions of another app.
fn account_name(service: &Url) -> String {
    let origin = service.origin().ascii_serialization();
    match service.fragment() {
        Some(app) => format!("{origin}#{app}"),
        None => origin,
    }
}

/// A file name for the same.
fn file_stem(service: &Url) -> String {
    use sha2::{Digest, Sha256};
    let digest = Sha256::digest(account_name(service).as_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_store_keeps_the_last_session_until_cleared() {
        let store = MemoryStore::default();
        assert_eq!(store.load(), Ok(None));
        let session = StoredSession::now(RefreshSecret::new("one".to_owned()));
        store.save(&session).unwrap();
        assert_eq!(store.load(), Ok(Some(session)));
        store.clear().unwrap();
        store.clear().unwrap();
        assert_eq!(store.load(), Ok(None));
    }

    #[test]
    fn secrets_do_not_print() {
        let session = StoredSession::now(RefreshSecret::new("top-secret".to_owned()));
        assert!(!format!("{session:?}").contains("top-secret"));
    }

    #[test]
    fn unreadable_content_is_corrupt_and_is_not_quoted() {
        let error = StoredSession::decode(br#"{"refresh": "top-secret", "saved_at_ms": "x"}"#).unwrap_err();
        assert!(matches!(error, StoreError::Corrupt(_)));
        assert!(!format!("{error} {error:?}").contains("top-secret"));
    }

    #[test]
    fn services_have_different_names() {
        let one = Url::parse("http://127.0.0.1:1/a").unwrap();
        let two = Url::parse("http://127.0.0.1:2/a").unwrap();
        assert_eq!(account_name(&one), "http://127.0.0.1:1");
        assert_ne!(file_stem(&one), file_stem(&two));
        assert_eq!(file_stem(&one).len(), 16);
        let television = Url::parse("http://127.0.0.1:1/a#lumen-tv").unwrap();
        assert_ne!(file_stem(&one), file_stem(&television), "a token of one app is refused to another");
    }
}
