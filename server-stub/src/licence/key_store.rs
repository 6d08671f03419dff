//! Content keys at rest: by title and quality, sealed under the data key of their class.

use super::envelope::{self, Envelope, EnvelopeError};
use crate::{
    clock::Clock,
    ingest::{ContentKey, KeyError, KeySource},
    store::{Db, MasterKey, Transaction},
};
use service_api::{TitleId, playback::Quality};
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

/// Class of the data keys that seal content keys.
const CLASS: &str = "content-keys";
/// Purpose of the key that sealed content keys before there was an envelope.
const OLD_PURPOSE: &str = "licence: content keys";

/// Makes, seals and opens content keys.
#[derive(Debug)]
pub(crate) struct KeyStore {
    db: Db,
    clock: Arc<dyn Clock>,
    envelope: Envelope,
    /// The keys that encrypt what is made, still sealed: the packager asks from threads that cannot wait for the
    /// database.
    in_use: RwLock<HashMap<TitleId, SealedKey>>,
}

/// One row. Nothing secret is in it.
#[derive(Clone, Debug)]
pub(crate) struct SealedKey {
    pub(crate) kid: [u8; 16],
    pub(crate) title: TitleId,
    pub(crate) quality: Quality,
    data_key: i64,
    sealed: Vec<u8>,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyStoreError {
    #[error("the title has no content key")]
    Unknown,
    #[error("another title has a key of that name, or this title another key for that quality")]
    Taken,
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
}

impl From<sqlx::Error> for KeyStoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::Envelope(error.into())
    }
}

type Row = (Vec<u8>, String, String, i64, Vec<u8>);

impl KeyStore {
    /// Opens the store. Afterwards every one of `titles` has a key.
    pub(crate) async fn open(
        db: Db,
        clock: Arc<dyn Clock>,
        master_key: &MasterKey,
        titles: impl IntoIterator<Item = &TitleId>,
    ) -> Result<Self, KeyStoreError> {
        let envelope = Envelope::open(&db, clock.as_ref(), master_key, CLASS).await?;
        let store = Self { db, clock, envelope, in_use: RwLock::default() };
        store.adopt_old_keys(master_key).await?;
        for title in titles {
            let (kid, key) = rand::random();
            store.insert(&ContentKey { kid, key }, title, Quality::Any).await?;
        }
        store.refresh().await?;
        Ok(store)
    }

    /// Brings keys of before the envelope under it; their media are still played.
    async fn adopt_old_keys(&self, master_key: &MasterKey) -> Result<(), KeyStoreError> {
        let rows: Vec<(String, Vec<u8>, Vec<u8>)> =
            sqlx::query_as("SELECT title_id, kid, sealed FROM licence_content_keys")
                .fetch_all(self.db.reader())
                .await?;
        let old = master_key.derive(OLD_PURPOSE);
        for (title, kid, sealed) in rows {
            let opened = envelope::open(old.as_bytes(), &sealed, &[kid.as_slice(), title.as_bytes()].concat());
            // A row of another master key would not open later either.
            let Ok(opened) = opened else { continue };
            let (Ok(kid), Ok(key)) = (kid.try_into(), opened.as_slice().try_into()) else { continue };
            let title = TitleId(title);
            self.insert(&ContentKey { kid, key }, &title, Quality::Any).await?;
            sqlx::query("DELETE FROM licence_content_keys WHERE title_id = $1")
                .bind(title.as_str())
                .execute(self.db.writer())
                .await?;
        }
        Ok(())
    }

    async fn refresh(&self) -> Result<(), KeyStoreError> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT kid, title_id, quality, data_key, sealed FROM licence_keys \
             WHERE retired_at_ms IS NULL AND quality = 'any'",
        )
        .fetch_all(self.db.reader())
        .await?;
        let keys = rows.into_iter().filter_map(sealed_key).map(|key| (key.title.clone(), key));
        *self.in_use.write().unwrap_or_else(PoisonError::into_inner) = keys.collect();
        Ok(())
    }

    /// Every key of the title that may be given out, whether it is in use or retired.
    pub(crate) async fn keys_of(&self, title: &TitleId) -> Result<Vec<SealedKey>, KeyStoreError> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT kid, title_id, quality, data_key, sealed FROM licence_keys \
             WHERE title_id = $1 AND revoked_at_ms IS NULL ORDER BY created_at_ms, kid",
        )
        .bind(title.as_str())
        .fetch_all(self.db.reader())
        .await?;
        Ok(rows.into_iter().filter_map(sealed_key).collect())
    }

    /// Opens a key. The result is wiped when it is dropped: keep it as short as can be.
    pub(crate) fn unseal(&self, sealed: &SealedKey) -> Result<ContentKey, KeyStoreError> {
        let associated = associated_data(&sealed.kid, &sealed.title, sealed.quality);
        let key = self.envelope.open_box(sealed.data_key, &sealed.sealed, &associated)?;
        let key = key.as_slice().try_into().map_err(|_| EnvelopeError::Unsealed)?;
        Ok(ContentKey { kid: sealed.kid, key })
    }

    /// Adds a key unless the title has one for this quality or the kid is taken; says whether it did.
    pub(crate) async fn insert(
        &self,
        key: &ContentKey,
        title: &TitleId,
        quality: Quality,
    ) -> Result<bool, KeyStoreError> {
        let (data_key, sealed) = self.envelope.seal(&key.key, &associated_data(&key.kid, title, quality))?;
        let added = sqlx::query(
            "INSERT INTO licence_keys (kid, title_id, quality, data_key, sealed, created_at_ms) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        )
        .bind(key.kid.as_slice())
        .bind(title.as_str())
        .bind(quality_text(quality))
        .bind(data_key)
        .bind(sealed)
        .bind(self.clock.now_ms())
        .execute(self.db.writer())
        .await?;
        Ok(added.rows_affected() == 1)
    }

    /// Brings keys from elsewhere in. One that is there already must be the same one.
    pub(crate) async fn import(&self, keys: &[(ContentKey, TitleId, Quality)]) -> Result<usize, KeyStoreError> {
        let mut added = 0;
        for (key, title, quality) in keys {
            if self.insert(key, title, *quality).await? {
                added += 1;
                continue;
            }
            let here = self.keys_of(title).await?;
            let same = here.iter().find(|here| here.kid == key.kid).ok_or(KeyStoreError::Taken)?;
            if self.unseal(same)?.key != key.key || same.quality != *quality {
                return Err(KeyStoreError::Taken);
            }
        }
        self.refresh().await?;
        Ok(added)
    }

    /// A new key for what is made from now on; the one before still opens what was made with it.
    pub(crate) async fn rotate(&self, title: &TitleId, quality: Quality) -> Result<(), KeyStoreError> {
        let (kid, key) = rand::random();
        let key = ContentKey { kid, key };
        let (data_key, sealed) = self.envelope.seal(&key.key, &associated_data(&kid, title, quality))?;
        let now_ms = self.clock.now_ms();
        let mut transaction = self.db.transaction().await?;
        let retired = sqlx::query(
            "UPDATE licence_keys SET retired_at_ms = $1 WHERE title_id = $2 AND quality = $3 AND retired_at_ms IS NULL",
        )
        .bind(now_ms)
        .bind(title.as_str())
        .bind(quality_text(quality))
        .execute(&mut *transaction)
        .await?;
        if retired.rows_affected() == 0 {
            return Err(KeyStoreError::Unknown);
        }
        sqlx::query(
            "INSERT INTO licence_keys (kid, title_id, quality, data_key, sealed, created_at_ms) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(kid.as_slice())
        .bind(title.as_str())
        .bind(quality_text(quality))
        .bind(data_key)
        .bind(sealed)
        .bind(now_ms)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        self.refresh().await
    }

    /// Gives a key to nobody any more; says whether there was one.
    pub(crate) async fn revoke(&self, kid: &[u8; 16]) -> Result<bool, KeyStoreError> {
        let revoked =
            sqlx::query("UPDATE licence_keys SET revoked_at_ms = $1 WHERE kid = $2 AND revoked_at_ms IS NULL")
                .bind(self.clock.now_ms())
                .bind(kid.as_slice())
                .execute(self.db.writer())
                .await?;
        Ok(revoked.rows_affected() == 1)
    }
}

/// Seals keys of before the envelope anew that no server has adopted yet. Those of another master key stay as they are:
/// they do not open now and would not later.
pub(super) async fn reseal_old_keys(
    transaction: &mut Transaction,
    from: &MasterKey,
    to: &MasterKey,
) -> Result<(), sqlx::Error> {
    let (from, to) = (from.derive(OLD_PURPOSE), to.derive(OLD_PURPOSE));
    let rows: Vec<(String, Vec<u8>, Vec<u8>)> =
        sqlx::query_as("SELECT title_id, kid, sealed FROM licence_content_keys").fetch_all(&mut **transaction).await?;
    for (title, kid, sealed) in rows {
        let associated = [kid.as_slice(), title.as_bytes()].concat();
        let Ok(key) = envelope::open(from.as_bytes(), &sealed, &associated) else { continue };
        sqlx::query("UPDATE licence_content_keys SET sealed = $1 WHERE title_id = $2")
            .bind(envelope::seal(to.as_bytes(), &key, &associated))
            .bind(&title)
            .execute(&mut **transaction)
            .await?;
    }
    Ok(())
}

impl KeySource for KeyStore {
    fn content_key(&self, title: &TitleId) -> Result<ContentKey, KeyError> {
        let sealed = self.in_use.read().unwrap_or_else(PoisonError::into_inner).get(title).cloned();
        Ok(self.unseal(&sealed.ok_or(KeyStoreError::Unknown)?)?)
    }
}

fn sealed_key((kid, title, quality, data_key, sealed): Row) -> Option<SealedKey> {
    let quality = quality_from(&quality)?;
    Some(SealedKey { kid: kid.try_into().ok()?, title: TitleId(title), quality, data_key, sealed })
}

/// Kid and quality have fixed lengths, so the three cannot run into each other.
fn associated_data(kid: &[u8; 16], title: &TitleId, quality: Quality) -> Vec<u8> {
    [kid.as_slice(), format!("{:>4}", quality_text(quality)).as_bytes(), title.as_str().as_bytes()].concat()
}

pub(super) fn quality_text(quality: Quality) -> &'static str {
    match quality {
        Quality::Any => "any",
        Quality::Sd => "sd",
        Quality::Hd => "hd",
        Quality::Uhd => "uhd",
    }
}

fn quality_from(text: &str) -> Option<Quality> {
    match text {
        "any" => Some(Quality::Any),
        "sd" => Some(Quality::Sd),
        "hd" => Some(Quality::Hd),
        "uhd" => Some(Quality::Uhd),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::SystemClock, store::Database};

    async fn open(folder: &std::path::Path, titles: &[TitleId]) -> Result<KeyStore, KeyStoreError> {
        let db = Db::open(&Database::File(folder.join("lumen.db"))).await.unwrap();
        let master_key = MasterKey::load_or_create(&folder.join("master.key")).unwrap();
        KeyStore::open(db, Arc::new(SystemClock), &master_key, titles).await
    }

    fn titles() -> [TitleId; 2] {
        ["one", "two"].map(TitleId::from)
    }

    #[tokio::test]
    async fn key_is_the_same_after_a_restart_and_not_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let first = open(folder.path(), &titles()).await.unwrap();
        let key = first.content_key(&titles()[0]).unwrap();
        assert_ne!(key.kid, first.content_key(&titles()[1]).unwrap().kid);
        assert!(first.content_key(&TitleId::from("three")).is_err());
        first.db.close().await;
        let second = open(folder.path(), &titles()).await.unwrap();
        assert!(second.content_key(&titles()[0]).unwrap() == key);
        let file = std::fs::read(folder.path().join("lumen.db")).unwrap();
        let holds = |bytes: &[u8]| file.windows(16).any(|window| window == bytes);
        assert!(holds(&key.kid), "the test looks at the right file");
        assert!(!holds(&key.key));
    }

    #[tokio::test]
    async fn box_of_another_row_or_master_key_does_not_open() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path(), &titles()).await.unwrap();
        let one = store.keys_of(&titles()[0]).await.unwrap().remove(0);
        assert!(store.unseal(&one).is_ok());
        for moved in [
            SealedKey { title: titles()[1].clone(), ..one.clone() },
            SealedKey { quality: Quality::Uhd, ..one.clone() },
            SealedKey { kid: [7; 16], ..one.clone() },
            SealedKey { data_key: 2, ..one.clone() },
        ] {
            assert!(matches!(store.unseal(&moved), Err(KeyStoreError::Envelope(EnvelopeError::Unsealed))), "{moved:?}");
        }
        store.db.close().await;
        std::fs::remove_file(folder.path().join("master.key")).unwrap();
        assert!(matches!(open(folder.path(), &titles()).await, Err(KeyStoreError::Envelope(EnvelopeError::Unsealed))));
    }

    #[tokio::test]
    async fn rewrapping_changes_no_key_and_ends_the_master_key_before() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path(), &titles()).await.unwrap();
        let key = store.content_key(&titles()[0]).unwrap();
        let old = MasterKey::load_or_create(&folder.path().join("master.key")).unwrap();
        let rewrap = async |from: &MasterKey, to: &MasterKey| {
            let mut transaction = store.db.transaction().await.unwrap();
            let outcome = envelope::rewrap(&mut transaction, from, to).await;
            transaction.commit().await.unwrap();
            outcome
        };
        assert_eq!(rewrap(&old, &old).await.unwrap(), Some(1), "a new salt under the same master key");
        let new = MasterKey::load_or_create(&folder.path().join("new.key")).unwrap();
        assert_eq!(rewrap(&old, &new).await.unwrap(), Some(1));
        assert!(store.content_key(&titles()[0]).unwrap() == key, "who holds the data key goes on");
        assert!(rewrap(&old, &new).await.is_err(), "the old one opens nothing now");
        store.db.close().await;
        std::fs::rename(folder.path().join("new.key"), folder.path().join("master.key")).unwrap();
        assert!(open(folder.path(), &titles()).await.unwrap().content_key(&titles()[0]).unwrap() == key);
    }

    #[tokio::test]
    async fn keys_of_before_the_envelope_are_adopted() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&Database::File(folder.path().join("lumen.db"))).await.unwrap();
        let master_key = MasterKey::load_or_create(&folder.path().join("master.key")).unwrap();
        let sealed =
            envelope::seal(master_key.derive(OLD_PURPOSE).as_bytes(), &[9; 16], &[[7; 16].as_slice(), b"one"].concat());
        sqlx::query(
            "INSERT INTO licence_content_keys (title_id, kid, sealed, created_at_ms) VALUES ('one', $1, $2, 0)",
        )
        .bind([7_u8; 16].as_slice())
        .bind(sealed)
        .execute(db.writer())
        .await
        .unwrap();
        db.close().await;
        let key = open(folder.path(), &titles()).await.unwrap().content_key(&titles()[0]).unwrap();
        assert!(key == ContentKey { kid: [7; 16], key: [9; 16] });
    }

    #[tokio::test]
    async fn rotated_key_still_opens_and_revoked_one_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path(), &titles()).await.unwrap();
        let [title, _] = titles();
        let first = store.content_key(&title).unwrap();
        store.rotate(&title, Quality::Any).await.unwrap();
        let second = store.content_key(&title).unwrap();
        assert!(first.kid != second.kid && first.key != second.key);
        assert_eq!(store.keys_of(&title).await.unwrap().len(), 2);
        assert!(store.revoke(&first.kid).await.unwrap() && !store.revoke(&first.kid).await.unwrap());
        let left = store.keys_of(&title).await.unwrap();
        assert_eq!(left.iter().map(|key| key.kid).collect::<Vec<_>>(), [second.kid]);
        assert!(matches!(store.rotate(&title, Quality::Uhd).await, Err(KeyStoreError::Unknown)));
        let foreign = (ContentKey { kid: second.kid, key: [1; 16] }, title.clone(), Quality::Any);
        assert!(matches!(store.import(&[foreign]).await, Err(KeyStoreError::Taken)));
    }
}
