//! The session in the system's keyring: the Secret Service on Linux.
//!
//! A keyring is another program and may be locked, absent, or waiting for a person. Its library blocks, without a
//! limit of its own. So every call runs on a thread that is given up when its time is over.

use super::{ProcessLock, StoreError, StoredSession, TokenStore, account_name};
use keyring::Entry;
use std::{
    fmt,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};
use url::Url;

/// How long a keyring may take: it may be asking a person for the password that unlocks it.
const PATIENCE: Duration = Duration::from_secs(30);
/// The program's name in the keyring.
const SERVICE: &str = "lumen";

/// Keeps the session of one service in the system's keyring.
pub struct KeyringStore {
    service: Url,
}

impl KeyringStore {
    /// The entry of `service`. Does no I/O.
    pub fn new(service: &Url) -> Self {
        Self { service: service.clone() }
    }

    /// Does the keyring answer within `patience`? Reads the entry, so that a locked keyring counts as no answer.
    pub fn answers_within(&self, patience: Duration) -> bool {
        self.read(patience).is_ok()
    }

    fn read(&self, patience: Duration) -> Result<Option<Vec<u8>>, StoreError> {
        self.call(patience, |entry| match entry.get_secret() {
            Ok(secret) => Ok(Some(secret)),
            Err(keyring::Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })
    }

    fn call<T: Send + 'static>(
        &self,
        patience: Duration,
        action: impl FnOnce(&Entry) -> keyring::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let user = account_name(&self.service);
        thread::Builder::new()
            .name("keyring".to_owned())
            .spawn(move || {
                let outcome = Entry::new(SERVICE, &user).and_then(|entry| action(&entry));
                // Nobody listens any more after a time-out.
                let _ = sender.send(outcome.map_err(|error| reason(&error)));
            })
            .map_err(|error| unavailable(error.to_string()))?;
        match receiver.recv_timeout(patience) {
            Ok(outcome) => outcome.map_err(unavailable),
            Err(RecvTimeoutError::Timeout) => Err(unavailable("no answer in time".to_owned())),
            Err(RecvTimeoutError::Disconnected) => Err(unavailable("its library failed".to_owned())),
        }
    }
}

impl TokenStore for KeyringStore {
    fn load(&self) -> Result<Option<StoredSession>, StoreError> {
        self.read(PATIENCE)?.map(|secret| StoredSession::decode(&secret)).transpose()
    }

    fn save(&self, session: &StoredSession) -> Result<(), StoreError> {
        let secret = session.encode();
        self.call(PATIENCE, move |entry| entry.set_secret(&secret))
    }

    fn clear(&self) -> Result<(), StoreError> {
        self.call(PATIENCE, |entry| match entry.delete_credential() {
            Err(keyring::Error::NoEntry) => Ok(()),
            outcome => outcome,
        })
    }

    fn lock(&self) -> Option<ProcessLock> {
        ProcessLock::of(&self.service)
    }
}

impl fmt::Debug for KeyringStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyringStore").field("service", &account_name(&self.service)).finish()
    }
}

/// The library's message, except where the error carries the secret itself.
fn reason(error: &keyring::Error) -> String {
    match error {
        keyring::Error::BadEncoding(_) | keyring::Error::BadDataFormat(..) => "its entry is not readable".to_owned(),
        error => error.to_string(),
    }
}

fn unavailable(reason: String) -> StoreError {
    StoreError::Unavailable { store: "keyring", reason }
}
