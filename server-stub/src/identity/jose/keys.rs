//! The keys that sign id tokens: one row per generation, sealed, and shared by all instances on the database.
//!
//! A new generation is published before it signs, so that whoever caches the key set has it in time; an old one stays
//! published until the last token that it signed has expired. Both waits are [`OVERLAP_MS`].

use super::{Alg, PrivateKey, PublicJwk};
use crate::{
    clock::{Clock, DAY_MS},
    identity::seal::Seal,
    store::{Db, Transaction},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use zeroize::Zeroizing;

/// How long a key signs.
const PERIOD_MS: i64 = 90 * DAY_MS;
/// From being published to signing, and from the last signature to being forgotten: longer than key sets are cached and
/// id tokens live.
const OVERLAP_MS: i64 = DAY_MS;
/// Keys in memory; one per algorithm signs at a time.
const CACHED: usize = 16;

/// The keys.
#[derive(Debug)]
pub(crate) struct SigningKeys {
    db: Db,
    clock: Arc<dyn Clock>,
    seal: Seal,
    opened: Mutex<HashMap<String, Arc<PrivateKey>>>,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SigningError {
    #[error("the database failed")]
    Store(#[from] sqlx::Error),
    #[error("a signing key cannot be made or opened")]
    Key,
}

#[derive(sqlx::FromRow)]
struct Row {
    kid: String,
    alg: String,
    generation: i64,
    sealed: Vec<u8>,
    public_jwk: String,
    signs_from_ms: i64,
}

impl SigningKeys {
    pub(crate) fn new(db: Db, clock: Arc<dyn Clock>, seal: Seal) -> Self {
        Self { db, clock, seal, opened: Mutex::default() }
    }

    /// The key that signs now.
    pub(crate) async fn signing(&self, alg: Alg) -> Result<Arc<PrivateKey>, SigningError> {
        let now_ms = self.clock.now_ms();
        let mut rows = self.rows(alg).await?;
        if rows.is_empty() {
            self.add(alg, 1, now_ms).await?;
            rows = self.rows(alg).await?;
        }
        let row =
            rows.iter().rev().find(|row| row.signs_from_ms <= now_ms).or(rows.first()).ok_or(SigningError::Key)?;
        self.open(row)
    }

    /// Every public key that a token of ours may still be checked with; makes the first of each algorithm.
    pub(crate) async fn public(&self) -> Result<Vec<PublicJwk>, SigningError> {
        let mut keys = Vec::new();
        for alg in Alg::ALL {
            self.signing(alg).await?;
            let rows = self.rows(alg).await?;
            keys.extend(rows.iter().filter_map(|row| serde_json::from_str::<PublicJwk>(&row.public_jwk).ok()));
        }
        Ok(keys)
    }

    /// Begins a new generation of every algorithm that has one. It signs after the overlap.
    pub(crate) async fn rotate(&self) -> Result<(), SigningError> {
        let now_ms = self.clock.now_ms();
        for alg in Alg::ALL {
            if let Some(newest) = self.rows(alg).await?.last() {
                self.add(alg, newest.generation + 1, now_ms + OVERLAP_MS).await?;
            }
        }
        Ok(())
    }

    /// Rotates what is due and forgets what no token can be signed with any more.
    pub(crate) async fn sweep(&self) -> Result<(), SigningError> {
        let now_ms = self.clock.now_ms();
        for alg in Alg::ALL {
            let rows = self.rows(alg).await?;
            if let Some(newest) = rows.last()
                && newest.signs_from_ms + PERIOD_MS - OVERLAP_MS <= now_ms
            {
                self.add(alg, newest.generation + 1, now_ms + OVERLAP_MS).await?;
            }
            for pair in rows.windows(2) {
                if pair[1].signs_from_ms + OVERLAP_MS < now_ms {
                    sqlx::query("DELETE FROM identity_signing_keys WHERE kid = $1")
                        .bind(&pair[0].kid)
                        .execute(self.db.writer())
                        .await?;
                }
            }
        }
        Ok(())
    }

    async fn rows(&self, alg: Alg) -> Result<Vec<Row>, sqlx::Error> {
        sqlx::query_as(
            "SELECT kid, alg, generation, sealed, public_jwk, signs_from_ms FROM identity_signing_keys \
             WHERE alg = $1 ORDER BY generation",
        )
        .bind(alg.name())
        .fetch_all(self.db.reader())
        .await
    }

    /// Of several instances that make the same generation, one wins; the others read what it made.
    async fn add(&self, alg: Alg, generation: i64, signs_from_ms: i64) -> Result<(), SigningError> {
        let made = tokio::task::spawn_blocking(move || {
            let bytes = PrivateKey::generate(alg)?;
            PrivateKey::from_pkcs8(alg, &bytes).map(|key| (bytes, key.public))
        });
        let (bytes, public) = made.await.map_err(|_| SigningError::Key)?.map_err(|_| SigningError::Key)?;
        let kid = public.kid.clone().ok_or(SigningError::Key)?;
        sqlx::query(
            "INSERT INTO identity_signing_keys (kid, alg, generation, sealed, public_jwk, signs_from_ms) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (alg, generation) DO NOTHING",
        )
        .bind(&kid)
        .bind(alg.name())
        .bind(generation)
        .bind(self.seal.seal(&context(alg.name(), &kid), &bytes))
        .bind(serde_json::to_string(&public).map_err(|_| SigningError::Key)?)
        .bind(signs_from_ms)
        .execute(self.db.writer())
        .await?;
        Ok(())
    }

    fn open(&self, row: &Row) -> Result<Arc<PrivateKey>, SigningError> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = opened.get(&row.kid) {
            return Ok(key.clone());
        }
        let alg = Alg::from_name(&row.alg).ok_or(SigningError::Key)?;
        let bytes = self.seal.open(&context(&row.alg, &row.kid), &row.sealed).ok_or(SigningError::Key)?;
        let key = Arc::new(PrivateKey::from_pkcs8(alg, &bytes).map_err(|_| SigningError::Key)?);
        if opened.len() >= CACHED {
            opened.clear();
        }
        opened.insert(row.kid.clone(), key.clone());
        Ok(key)
    }
}

/// Seals every key anew; returns how many there are, `None` if one does not open.
pub(crate) async fn reseal(
    transaction: &mut Transaction,
    from: &Seal,
    to: &Seal,
) -> Result<Option<usize>, sqlx::Error> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT kid, alg, generation, sealed, public_jwk, signs_from_ms FROM identity_signing_keys ORDER BY kid",
    )
    .fetch_all(&mut **transaction)
    .await?;
    for row in &rows {
        let context = context(&row.alg, &row.kid);
        let Some(key) = from.open(&context, &row.sealed).map(Zeroizing::new) else { return Ok(None) };
        sqlx::query("UPDATE identity_signing_keys SET sealed = $1 WHERE kid = $2")
            .bind(to.seal(&context, &key))
            .bind(&row.kid)
            .execute(&mut **transaction)
            .await?;
    }
    Ok(Some(rows.len()))
}

fn context(alg: &str, kid: &str) -> String {
    format!("signing key|{alg}|{kid}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::ManualClock,
        store::{Database, MasterKey},
    };
    use std::time::Duration;

    const DAY: Duration = Duration::from_secs(86_400);

    #[tokio::test]
    async fn keys_overlap_when_they_rotate_and_are_sealed_on_disk() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lumen.db");
        let db = Db::open(&Database::File(path.clone())).await.unwrap();
        let master = MasterKey::load_or_create(&folder.path().join("master.key")).unwrap();
        let clock = Arc::new(ManualClock::new(1_780_000_000_000));
        let open = || SigningKeys::new(db.clone(), clock.clone(), Seal::new(master.derive("identity: signing keys")));
        let keys = open();
        let kid = async |keys: &SigningKeys| keys.signing(Alg::EdDSA).await.unwrap().public.kid.clone().unwrap();
        let first = kid(&keys).await;
        assert_eq!(kid(&open()).await, first, "it is the same after a restart");
        let published = async || {
            let keys = keys.public().await.unwrap();
            keys.into_iter().filter(|key| key.crv.as_deref() == Some("Ed25519")).filter_map(|key| key.kid).count()
        };
        assert_eq!(published().await, 1);
        clock.advance(DAY * 88);
        keys.sweep().await.unwrap();
        assert_eq!(published().await, 1, "not yet");
        clock.advance(DAY);
        keys.sweep().await.unwrap();
        assert_eq!((published().await, kid(&keys).await), (2, first.clone()), "published before it signs");
        clock.advance(DAY);
        let second = kid(&keys).await;
        assert_ne!(second, first);
        keys.sweep().await.unwrap();
        assert_eq!(published().await, 2, "the old one can still be checked with");
        clock.advance(DAY * 2);
        keys.sweep().await.unwrap();
        assert_eq!((published().await, kid(&keys).await), (1, second));

        let key = PrivateKey::generate(Alg::EdDSA).unwrap();
        let sealed = keys.seal.seal("signing key|EdDSA|x", &key);
        assert!(!sealed.windows(32).any(|window| window == &key[16..48]));
        assert!(keys.seal.open("signing key|EdDSA|y", &sealed).is_none(), "a row moved to another key does not open");
    }
}
