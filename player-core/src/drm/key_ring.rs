//! Who decrypts with which key in one session, and the transfers that wait for it.

use super::clearkey::ClearKeys;
use super::{ContentDecryption, ContentKey, DrmError, KeyId};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::watch;

/// Decryption by key id. Cloning shares the ring.
#[derive(Clone, Debug, Default)]
pub struct KeyRing {
    ring: Arc<watch::Sender<Ring>>,
    /// Keys that were given, or fetched by their address, rather than licensed.
    given: Arc<ClearKeys>,
}

#[derive(Clone, Debug, Default)]
struct Ring {
    keys: HashMap<KeyId, Arc<dyn ContentDecryption>>,
    failure: Option<DrmError>,
}

impl KeyRing {
    /// Adds keys that are known without a licence.
    pub fn give(&self, keys: impl IntoIterator<Item = (KeyId, ContentKey)>) {
        let keys: Vec<(KeyId, ContentKey)> = keys.into_iter().collect();
        self.given.add(keys.iter().copied());
        let decryption: Arc<dyn ContentDecryption> = self.given.clone();
        self.insert(keys.into_iter().map(|(id, _)| id), &decryption);
    }

    /// Adds keys of a licence and wakes who waits for them.
    pub fn insert(&self, ids: impl IntoIterator<Item = KeyId>, decryption: &Arc<dyn ContentDecryption>) {
        self.ring.send_modify(|ring| {
            ring.failure = None;
            ring.keys.extend(ids.into_iter().map(|id| (id, decryption.clone())));
        });
    }

    /// Ends all waiting, now and later, with this reason.
    pub fn fail(&self, error: DrmError) {
        self.ring.send_modify(|ring| ring.failure = Some(error));
    }

    /// Forgets all keys, and with them whoever decrypts.
    pub fn clear(&self) {
        self.ring.send_replace(Ring::default());
    }

    /// Is there somebody who has the key?
    pub fn has(&self, id: KeyId) -> bool {
        self.ring.borrow().keys.contains_key(&id)
    }

    /// A key that was given.
    pub fn given(&self, id: KeyId) -> Option<ContentKey> {
        self.given.get(id)
    }

    /// Waits until the key is here or the licence has failed. The session bounds the wait: it fails the ring when it
    /// gives up.
    ///
    /// # Errors
    /// Why there will be no key.
    pub async fn wait_for(&self, id: KeyId) -> Result<Arc<dyn ContentDecryption>, DrmError> {
        let mut receiver = self.ring.subscribe();
        let ring = receiver
            .wait_for(|ring| ring.keys.contains_key(&id) || ring.failure.is_some())
            .await
            .map_err(|_| DrmError::MissingKey(id))?;
        match (ring.keys.get(&id), &ring.failure) {
            (Some(decryption), _) => Ok(decryption.clone()),
            (None, Some(failure)) => Err(failure.clone()),
            (None, None) => Err(DrmError::MissingKey(id)),
        }
    }
}
