//! Which store is used when nobody chooses.

use super::{
    EncryptedFileStore, KeyringStore, MemoryStore, ProcessLock, StoreError, StoredSession, TokenStore, account_name,
};
use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};
use url::Url;

/// How long the keyring may take to answer the first question.
const KEYRING_PATIENCE: Duration = Duration::from_millis(1500);

/// The best store of this system for the session of `service`: the keyring if it answers within a second and a half,
/// else an encrypted file, else memory. The choice is made at the first use, not here, so this returns at once.
///
/// A keyring that answers and takes nothing, because it is locked, is done without as well. A session that was kept in
/// the file while the keyring was away is found again, and moves to the keyring at the next
/// renewal.
pub fn default_store(service: &Url) -> Arc<dyn TokenStore> {
    Arc::new(DefaultStore { service: service.clone(), chosen: OnceLock::new() })
}

/// The same for the player of televisions ([`crate::client::Client::for_tv`]): another app to the service, whose session
/// is another one. Both players can be signed in on one machine.
pub fn default_tv_store(service: &Url) -> Arc<dyn TokenStore> {
    let mut service = service.clone();
    service.set_fragment(Some(crate::routes::TV_CLIENT_ID));
    default_store(&service)
}

struct DefaultStore {
    service: Url,
    chosen: OnceLock<Chosen>,
}

/// The store that is written, and the one that may still hold something from another day.
#[derive(Debug)]
struct Chosen {
    first: Box<dyn TokenStore>,
    second: Option<Box<dyn TokenStore>>,
}

impl DefaultStore {
    fn chosen(&self) -> &Chosen {
        self.chosen.get_or_init(|| {
            let keyring = KeyringStore::new(&self.service);
            let keyring: Option<Box<dyn TokenStore>> =
                if keyring.answers_within(KEYRING_PATIENCE) { Some(Box::new(keyring)) } else { None };
            let file: Option<Box<dyn TokenStore>> = match EncryptedFileStore::new(&self.service) {
                Ok(file) => Some(Box::new(file)),
                Err(error) => {
                    tracing::warn!(%error, "no token file");
                    None
                }
            };
            let chosen = Chosen::of(keyring, file);
            tracing::info!(store = ?chosen.first, "token store chosen");
            chosen
        })
    }
}

impl Chosen {
    fn of(keyring: Option<Box<dyn TokenStore>>, file: Option<Box<dyn TokenStore>>) -> Self {
        match (keyring, file) {
            (Some(keyring), file) => Self { first: keyring, second: file },
            (None, Some(file)) => Self { first: file, second: None },
            (None, None) => Self { first: Box::new(MemoryStore::default()), second: None },
        }
    }
}

impl TokenStore for Chosen {
    fn load(&self) -> Result<Option<StoredSession>, StoreError> {
        let first = self.first.load();
        let Some(second) = &self.second else { return first };
        match (first, second.load()) {
            (Ok(Some(first)), Ok(Some(second))) => {
                Ok(Some(if second.saved_at_ms > first.saved_at_ms { second } else { first }))
            }
            (Ok(None) | Err(_), Ok(Some(second))) => Ok(Some(second)),
            (first, _) => first,
        }
    }

    fn save(&self, session: &StoredSession) -> Result<(), StoreError> {
        let Some(second) = &self.second else { return self.first.save(session) };
        if let Err(error) = self.first.save(session) {
            // One that answers may still be locked with nobody there to unlock it, or have no collection to put it into.
            tracing::warn!(%error, "the keyring does not take the session, it is kept in an encrypted file");
            return second.save(session);
        }
        if let Err(error) = second.clear() {
            // Harmless: what it holds is older than what was just kept.
            tracing::debug!(%error, "an old session stays behind");
        }
        Ok(())
    }

    fn clear(&self) -> Result<(), StoreError> {
        let second = self.second.as_ref().map_or(Ok(()), |second| second.clear());
        self.first.clear().and(second)
    }
}

impl TokenStore for DefaultStore {
    fn load(&self) -> Result<Option<StoredSession>, StoreError> {
        self.chosen().load()
    }

    fn save(&self, session: &StoredSession) -> Result<(), StoreError> {
        self.chosen().save(session)
    }

    fn clear(&self) -> Result<(), StoreError> {
        self.chosen().clear()
    }

    fn lock(&self) -> Option<ProcessLock> {
        ProcessLock::of(&self.service)
    }
}

impl fmt::Debug for DefaultStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DefaultStore")
            .field("service", &account_name(&self.service))
            .field("chosen", &self.chosen.get())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::RefreshSecret;

    fn session(token: &str, saved_at_ms: i64) -> StoredSession {
        StoredSession { refresh: RefreshSecret::new(token.to_owned()), saved_at_ms }
    }

    /// Shares one memory between the test and the choice.
    #[derive(Clone, Debug, Default)]
    struct Shared(Arc<MemoryStore>);

    impl TokenStore for Shared {
        fn load(&self) -> Result<Option<StoredSession>, StoreError> {
            self.0.load()
        }
        fn save(&self, session: &StoredSession) -> Result<(), StoreError> {
            self.0.save(session)
        }
        fn clear(&self) -> Result<(), StoreError> {
            self.0.clear()
        }
    }

    #[test]
    fn the_newest_session_wins_and_moves_to_the_keyring() {
        let (keyring, file) = (Shared::default(), Shared::default());
        keyring.save(&session("old", 1)).unwrap();
        file.save(&session("new", 2)).unwrap();
        let chosen = Chosen::of(Some(Box::new(keyring.clone())), Some(Box::new(file.clone())));
        assert_eq!(chosen.load(), Ok(Some(session("new", 2))));
        chosen.save(&session("newer", 3)).unwrap();
        assert_eq!(keyring.load(), Ok(Some(session("newer", 3))));
        assert_eq!(file.load(), Ok(None));
    }

    /// Answers, and takes nothing.
    #[derive(Debug)]
    struct Locked;

    impl TokenStore for Locked {
        fn load(&self) -> Result<Option<StoredSession>, StoreError> {
            Err(StoreError::Unavailable { store: "keyring", reason: "locked".to_owned() })
        }
        fn save(&self, _: &StoredSession) -> Result<(), StoreError> {
            Err(StoreError::Unavailable { store: "keyring", reason: "locked".to_owned() })
        }
        fn clear(&self) -> Result<(), StoreError> {
            Err(StoreError::Unavailable { store: "keyring", reason: "locked".to_owned() })
        }
    }

    #[test]
    fn a_locked_keyring_leaves_the_session_to_the_file() {
        let file = Shared::default();
        let chosen = Chosen::of(Some(Box::new(Locked)), Some(Box::new(file.clone())));
        chosen.save(&session("one", 1)).unwrap();
        assert_eq!(chosen.load(), Ok(Some(session("one", 1))));
        assert_eq!(Chosen::of(None, Some(Box::new(file))).load(), Ok(Some(session("one", 1))), "also after a restart");
        assert!(Chosen::of(Some(Box::new(Locked)), None).save(&session("one", 1)).is_err());
    }

    #[test]
    fn signing_out_clears_both() {
        let (keyring, file) = (Shared::default(), Shared::default());
        keyring.save(&session("one", 1)).unwrap();
        file.save(&session("two", 2)).unwrap();
        Chosen::of(Some(Box::new(keyring.clone())), Some(Box::new(file.clone()))).clear().unwrap();
        assert_eq!((keyring.load(), file.load()), (Ok(None), Ok(None)));
    }

    #[test]
    fn without_keyring_and_home_the_session_lives_in_memory() {
        let chosen = Chosen::of(None, None);
        chosen.save(&session("one", 1)).unwrap();
        assert_eq!(chosen.load(), Ok(Some(session("one", 1))));
    }
}
