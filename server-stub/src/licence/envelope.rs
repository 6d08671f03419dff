//! Keys that encrypt keys.
//!
//! ```text
//! master key (a file) ── salt ──> key-encrypting key ── wraps ──> data key of a class ── seals ──> content keys
//! ```
//!
//! To rotate is to draw a new salt and wrap the few data keys anew; what they seal is not touched. Every box is
//! XChaCha20-Poly1305 with what it belongs to as associated data, so that a row copied to another place does not open.
//! The 24-byte nonce is long enough to be random.

use crate::{
    clock::Clock,
    store::{Db, MasterKey, SubKey, Transaction},
};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{PoisonError, RwLock},
};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

const NONCE_BYTES: usize = 24;
const PURPOSE: &str = "licence: key-encrypting key";

/// The data keys of one class. Never printed; wiped when dropped.
pub(crate) struct Envelope {
    db: Db,
    root: SubKey,
    class: &'static str,
    keys: RwLock<BTreeMap<i64, DataKey>>,
}

#[derive(Clone, Zeroize, ZeroizeOnDrop)]
struct DataKey([u8; 32]);

/// Why a box does not open.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EnvelopeError {
    #[error("a key does not open: the database and the master key do not belong together")]
    Unsealed,
    #[error(transparent)]
    Store(#[from] sqlx::Error),
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope").field("class", &self.class).finish_non_exhaustive()
    }
}

impl Envelope {
    /// Opens the class; makes its first data key if there is none.
    pub(crate) async fn open(
        db: &Db,
        clock: &dyn Clock,
        master_key: &MasterKey,
        class: &'static str,
    ) -> Result<Self, EnvelopeError> {
        let envelope = Self { db: db.clone(), root: master_key.derive(PURPOSE), class, keys: RwLock::default() };
        let (salt, key): ([u8; 16], _) = (rand::random(), DataKey(rand::random()));
        // Several instances may start at once: one of the keys is kept, and everybody reads that one back.
        sqlx::query(
            "INSERT INTO licence_data_keys (class, version, salt, wrapped, created_at_ms) VALUES ($1, 1, $2, $3, $4) \
             ON CONFLICT (class, version) DO NOTHING",
        )
        .bind(class)
        .bind(salt.as_slice())
        .bind(seal(&key_for(&envelope.root, &salt), &key.0, &label(class, 1)))
        .bind(clock.now_ms())
        .execute(db.writer())
        .await?;
        envelope.load().await?;
        Ok(envelope)
    }

    async fn load(&self) -> Result<(), EnvelopeError> {
        let rows: Vec<(i64, Vec<u8>, Vec<u8>)> =
            sqlx::query_as("SELECT version, salt, wrapped FROM licence_data_keys WHERE class = $1")
                .bind(self.class)
                .fetch_all(self.db.reader())
                .await?;
        let mut keys = BTreeMap::new();
        for (version, salt, wrapped) in rows {
            let bytes = open(&key_for(&self.root, &salt), &wrapped, &label(self.class, version))?;
            keys.insert(version, DataKey(bytes.as_slice().try_into().map_err(|_| EnvelopeError::Unsealed)?));
        }
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }

    /// Seals under the newest data key; returns its version with the box.
    pub(crate) fn seal(&self, plain: &[u8], associated: &[u8]) -> Result<(i64, Vec<u8>), EnvelopeError> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let (version, key) = keys.last_key_value().ok_or(EnvelopeError::Unsealed)?;
        Ok((*version, seal(&key.0, plain, associated)))
    }

    /// Opens a box.
    pub(crate) fn open_box(
        &self,
        version: i64,
        sealed: &[u8],
        associated: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        open(&keys.get(&version).ok_or(EnvelopeError::Unsealed)?.0, sealed, associated)
    }
}

/// Wraps every data key anew: under a new salt, or under a new master key. Nothing that they seal changes, and instances
/// that hold them go on. Returns how many there were; `None` if they were changed meanwhile.
pub(super) async fn rewrap(
    transaction: &mut Transaction,
    from: &MasterKey,
    to: &MasterKey,
) -> Result<Option<usize>, EnvelopeError> {
    let (from, to) = (from.derive(PURPOSE), to.derive(PURPOSE));
    let rows = wrapped(transaction).await?;
    for Wrapped { class, version, salt, wrapped } in &rows {
        let key = open(&key_for(&from, salt), wrapped, &label(class, *version))?;
        let new_salt: [u8; 16] = rand::random();
        let changed = sqlx::query(
            "UPDATE licence_data_keys SET salt = $1, wrapped = $2 WHERE class = $3 AND version = $4 AND salt = $5",
        )
        .bind(new_salt.as_slice())
        .bind(seal(&key_for(&to, &new_salt), &key, &label(class, *version)))
        .bind(class)
        .bind(*version)
        .bind(salt.as_slice())
        .execute(&mut **transaction)
        .await?;
        if changed.rows_affected() != 1 {
            return Ok(None);
        }
    }
    Ok(Some(rows.len()))
}

/// Are there data keys, all of them wrapped under this master key?
pub(super) async fn are_of(transaction: &mut Transaction, master_key: &MasterKey) -> Result<bool, EnvelopeError> {
    let root = master_key.derive(PURPOSE);
    let rows = wrapped(transaction).await?;
    let opens = |row: &Wrapped| open(&key_for(&root, &row.salt), &row.wrapped, &label(&row.class, row.version)).is_ok();
    Ok(!rows.is_empty() && rows.iter().all(opens))
}

#[derive(sqlx::FromRow)]
struct Wrapped {
    class: String,
    version: i64,
    salt: Vec<u8>,
    wrapped: Vec<u8>,
}

async fn wrapped(transaction: &mut Transaction) -> Result<Vec<Wrapped>, sqlx::Error> {
    sqlx::query_as("SELECT class, version, salt, wrapped FROM licence_data_keys ORDER BY class, version")
        .fetch_all(&mut **transaction)
        .await
}

fn key_for(root: &SubKey, salt: &[u8]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(root.authenticate(&[salt]))
}

fn label(class: &str, version: i64) -> Vec<u8> {
    format!("{class}|{version}").into_bytes()
}

/// Nonce, ciphertext, tag.
pub(super) fn seal(key: &[u8; 32], plain: &[u8], associated: &[u8]) -> Vec<u8> {
    let nonce: [u8; NONCE_BYTES] = rand::random();
    let payload = Payload { msg: plain, aad: associated };
    let ciphertext =
        XChaCha20Poly1305::new(key.into()).encrypt(&XNonce::from(nonce), payload).expect("a key is not too long");
    [nonce.as_slice(), &ciphertext].concat()
}

pub(super) fn open(key: &[u8; 32], sealed: &[u8], associated: &[u8]) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
    let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(EnvelopeError::Unsealed)?;
    let payload = Payload { msg: ciphertext, aad: associated };
    let plain = XChaCha20Poly1305::new(key.into()).decrypt(&XNonce::from(*nonce), payload);
    plain.map(Zeroizing::new).map_err(|_| EnvelopeError::Unsealed)
}
