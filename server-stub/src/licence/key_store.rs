//! Content keys at rest.
//!
//! A key is sealed with XChaCha20-Poly1305 under a key derived from the master key, with the title and the key id as
//! associated data: a row copied to another title does not open. The 24-byte nonce is long enough to be random.

use crate::{
    clock::Clock,
    ingest::{ContentKey, KeyError, KeySource},
    store::{Db, MasterKey, SubKey},
};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use service_api::TitleId;
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

const NONCE_BYTES: usize = 24;

/// Makes, seals and opens content keys.
#[derive(Clone, Debug)]
pub(crate) struct KeyStore {
    db: Db,
    clock: Arc<dyn Clock>,
    sealing_key: SubKey,
    /// The rows of the table, still sealed: the packager asks from threads that cannot wait for the database.
    sealed: Arc<RwLock<HashMap<TitleId, SealedKey>>>,
}

#[derive(Clone, Debug)]
struct SealedKey {
    kid: [u8; 16],
    sealed: Vec<u8>,
}

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyStoreError {
    #[error("the title has no content key")]
    Unknown,
    #[error("the content key does not open: the database and the master key do not belong together")]
    Unsealed,
}

impl KeyStore {
    /// Opens the store. Afterwards every one of `titles` has a key.
    pub(crate) async fn open(
        db: Db,
        clock: Arc<dyn Clock>,
        master_key: &MasterKey,
        titles: impl IntoIterator<Item = &TitleId>,
    ) -> Result<Self, sqlx::Error> {
        let sealing_key = master_key.derive("licence: content keys");
        let store = Self { db, clock, sealing_key, sealed: Arc::default() };
        for title in titles {
            store.ensure(title).await?;
        }
        let rows: Vec<(String, Vec<u8>, Vec<u8>)> =
            sqlx::query_as("SELECT title_id, kid, sealed FROM licence_content_keys")
                .fetch_all(store.db.reader())
                .await?;
        let keys = rows
            .into_iter()
            .filter_map(|(title, kid, sealed)| Some((TitleId(title), SealedKey { kid: kid.try_into().ok()?, sealed })));
        *store.sealed.write().unwrap_or_else(PoisonError::into_inner) = keys.collect();
        Ok(store)
    }

    /// The key id of the title; public.
    pub(crate) fn kid(&self, title: &TitleId) -> Option<[u8; 16]> {
        self.sealed.read().unwrap_or_else(PoisonError::into_inner).get(title).map(|key| key.kid)
    }

    /// Opens the key of the title.
    pub(crate) fn key(&self, title: &TitleId) -> Result<ContentKey, KeyStoreError> {
        let sealed = self.sealed.read().unwrap_or_else(PoisonError::into_inner).get(title).cloned();
        let SealedKey { kid, sealed } = sealed.ok_or(KeyStoreError::Unknown)?;
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(KeyStoreError::Unsealed)?;
        let payload = Payload { msg: ciphertext, aad: &associated_data(title, &kid) };
        let key = self.cipher().decrypt(&XNonce::from(*nonce), payload).map_err(|_| KeyStoreError::Unsealed)?;
        Ok(ContentKey { kid, key: key.try_into().map_err(|_| KeyStoreError::Unsealed)? })
    }

    async fn ensure(&self, title: &TitleId) -> Result<(), sqlx::Error> {
        let (kid, key): ([u8; 16], [u8; 16]) = rand::random();
        sqlx::query(
            "INSERT INTO licence_content_keys (title_id, kid, sealed, created_at_ms) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (title_id) DO NOTHING",
        )
        .bind(title.as_str())
        .bind(kid.as_slice())
        .bind(self.seal(title, &kid, &key))
        .bind(self.clock.now_ms())
        .execute(self.db.writer())
        .await
        .map(drop)
    }

    fn seal(&self, title: &TitleId, kid: &[u8; 16], key: &[u8; 16]) -> Vec<u8> {
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let payload = Payload { msg: key, aad: &associated_data(title, kid) };
        let ciphertext = self.cipher().encrypt(&XNonce::from(nonce), payload).expect("16 bytes are not too many");
        [nonce.as_slice(), &ciphertext].concat()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.sealing_key.as_bytes().into())
    }
}

impl KeySource for KeyStore {
    fn content_key(&self, title: &TitleId) -> Result<ContentKey, KeyError> {
        Ok(self.key(title)?)
    }
}

/// The key id has a fixed length, so the two cannot run into each other.
fn associated_data(title: &TitleId, kid: &[u8; 16]) -> Vec<u8> {
    [kid.as_slice(), title.as_str().as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    async fn open(folder: &std::path::Path, titles: &[TitleId]) -> KeyStore {
        let db = Db::open(&crate::store::Database::File(folder.join("lumen.db"))).await.unwrap();
        let master_key = MasterKey::load_or_create(&folder.join("master.key")).unwrap();
        KeyStore::open(db, Arc::new(SystemClock), &master_key, titles).await.unwrap()
    }

    #[tokio::test]
    async fn key_is_the_same_after_a_restart_and_not_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let titles = [TitleId::from("one"), TitleId::from("two")];
        let first = open(folder.path(), &titles).await;
        let key = first.key(&titles[0]).unwrap();
        assert_ne!(key.kid, first.key(&titles[1]).unwrap().kid);
        assert!(matches!(first.key(&TitleId::from("three")), Err(KeyStoreError::Unknown)));
        first.db.close().await;
        let second = open(folder.path(), &titles).await;
        assert!(second.key(&titles[0]).unwrap() == key);
        assert_eq!(second.kid(&titles[0]), Some(key.kid));
        let file = std::fs::read(folder.path().join("lumen.db")).unwrap();
        let holds = |bytes: &[u8]| file.windows(16).any(|window| window == bytes);
        assert!(holds(&key.kid), "the test looks at the right file");
        assert!(!holds(&key.key));
    }

    #[tokio::test]
    async fn row_of_another_title_or_master_key_does_not_open() {
        let folder = tempfile::tempdir().unwrap();
        let titles = [TitleId::from("one"), TitleId::from("two")];
        let store = open(folder.path(), &titles).await;
        {
            let mut sealed = store.sealed.write().unwrap();
            let one = sealed[&titles[0]].clone();
            sealed.insert(titles[1].clone(), one);
        }
        assert!(matches!(store.key(&titles[1]), Err(KeyStoreError::Unsealed)));
        store.db.close().await;
        std::fs::remove_file(folder.path().join("master.key")).unwrap();
        let other = open(folder.path(), &titles).await;
        assert!(matches!(other.key(&titles[0]), Err(KeyStoreError::Unsealed)));
    }
}
