//! Keys of one session, and the transfers that wait for them.

use super::{ContentKey, DrmError, KeyId};
use std::collections::HashMap;
use tokio::sync::watch;

/// Keys by id. Cloning shares the ring.
#[derive(Clone, Debug)]
pub struct KeyRing(watch::Sender<Ring>);

#[derive(Clone, Debug, Default)]
struct Ring {
    keys: HashMap<KeyId, ContentKey>,
    failure: Option<DrmError>,
}

impl Default for KeyRing {
    fn default() -> Self {
        Self(watch::Sender::new(Ring::default()))
    }
}

impl KeyRing {
    /// Adds keys and wakes who waits for them.
    pub fn insert(&self, keys: impl IntoIterator<Item = (KeyId, ContentKey)>) {
        self.0.send_modify(|ring| {
            ring.failure = None;
            ring.keys.extend(keys);
        });
    }

    /// Ends all waiting, now and later, with this reason.
    pub fn fail(&self, error: DrmError) {
        self.0.send_modify(|ring| ring.failure = Some(error));
    }

    /// A key that is here already.
    pub fn get(&self, id: KeyId) -> Option<ContentKey> {
        self.0.borrow().keys.get(&id).copied()
    }

    /// Waits until the key is here or the licence has failed. The session bounds the wait: it fails the ring when it
    /// gives up.
    pub async fn wait_for(&self, id: KeyId) -> Result<ContentKey, DrmError> {
        let mut receiver = self.0.subscribe();
        let ring = receiver
            .wait_for(|ring| ring.keys.contains_key(&id) || ring.failure.is_some())
            .await
            .map_err(|_| DrmError::MissingKey(id))?;
        match (ring.keys.get(&id), &ring.failure) {
            (Some(key), _) => Ok(*key),
            (None, Some(failure)) => Err(failure.clone()),
            (None, None) => Err(DrmError::MissingKey(id)),
        }
    }
}
