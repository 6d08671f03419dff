//! Keys of a master key before, where nothing but tags of them is stored.
//!
//! What is sealed can be sealed anew under another master key. A tag of something that nobody keeps, such as a PIN,
//! cannot be made anew; there the derived key itself goes over, sealed.

use super::envelope::{self, EnvelopeError};
use crate::store::{Db, MasterKey, SubKey, Transaction};

/// Keys that are carried over; every tag that is stored for longer than a day is made with one of them.
pub(super) const PURPOSES: [&str; 1] = [PINS];
/// Of the tags of PINs.
pub(crate) const PINS: &str = "profiles: PIN";

/// The key for a purpose: the one that was carried over, or else that of the master key.
pub(crate) async fn key(db: &Db, master_key: &MasterKey, purpose: &'static str) -> Result<SubKey, EnvelopeError> {
    let sealed: Option<Vec<u8>> = sqlx::query_scalar("SELECT sealed FROM licence_carried_keys WHERE purpose = $1")
        .bind(purpose)
        .fetch_optional(db.reader())
        .await?;
    sealed.map_or_else(|| Ok(master_key.derive(purpose)), |sealed| open(&sealed, master_key, purpose))
}

/// Carries the key for a purpose over.
pub(super) async fn carry(
    transaction: &mut Transaction,
    from: &MasterKey,
    to: &MasterKey,
    purpose: &'static str,
) -> Result<(), EnvelopeError> {
    let sealed: Option<Vec<u8>> = sqlx::query_scalar("SELECT sealed FROM licence_carried_keys WHERE purpose = $1")
        .bind(purpose)
        .fetch_optional(&mut **transaction)
        .await?;
    let key = sealed.map_or_else(|| Ok(from.derive(purpose)), |sealed| open(&sealed, from, purpose))?;
    sqlx::query(
        "INSERT INTO licence_carried_keys (purpose, sealed) VALUES ($1, $2) \
         ON CONFLICT (purpose) DO UPDATE SET sealed = excluded.sealed",
    )
    .bind(purpose)
    .bind(envelope::seal(wrapping(to).as_bytes(), key.as_bytes(), purpose.as_bytes()))
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

fn open(sealed: &[u8], master_key: &MasterKey, purpose: &str) -> Result<SubKey, EnvelopeError> {
    let key = envelope::open(wrapping(master_key).as_bytes(), sealed, purpose.as_bytes())?;
    key.as_slice().try_into().map(SubKey::carried).map_err(|_| EnvelopeError::Unsealed)
}

fn wrapping(master_key: &MasterKey) -> SubKey {
    master_key.derive("licence: carried keys")
}
