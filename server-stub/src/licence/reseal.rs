//! Another master key in place of the one before, offline.
//!
//! Whatever is stored and depends on the master key is made anew in one transaction, so that a crash leaves the whole
//! under the one or the other:
//!
//! - data keys and signing keys, and content keys of before the envelope: sealed anew;
//! - the licence log: checked, and chained anew;
//! - tags of PINs: their key is carried over ([`super::carried`]).
//!
//! What depends on it and lasts for minutes or hours is void afterwards, as if it had expired: open forms of pages,
//! device codes, authorization tokens, media addresses. Players ask anew by themselves.

use super::{
    audit::{self, Resealed},
    carried,
    envelope::{self, EnvelopeError},
    key_store,
};
use crate::{
    config::ServerConfig,
    identity,
    store::{Database, Db, MasterKey, MasterKeyError, StoreError, Transaction},
};
use futures_util::future::BoxFuture;
use std::path::{Path, PathBuf};

/// How data are to be made to depend on another master key.
#[derive(Clone, Copy, Debug)]
pub struct Rewrap<'a> {
    /// Where the database and the master key of today are.
    pub config: &'a ServerConfig,
    /// The file of the master key before; absent to draw a new salt under the same one.
    pub previous: Option<&'a Path>,
    /// Keeps a licence log whose chain is broken, and begins a new chain behind its last entry.
    pub restart_log: bool,
}

/// What was made anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rewrapped {
    /// Keys that seal content keys.
    pub data_keys: usize,
    /// Keys that sign id tokens.
    pub signing_keys: usize,
    /// Entries of the licence log.
    pub log_entries: u64,
    /// Was everything under the new master key already? Nothing was changed then.
    pub is_already: bool,
}

/// Why nothing was made anew. Nothing has changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RewrapError {
    /// There is no database to change.
    #[error("there is no database {0}")]
    NoDatabase(PathBuf),
    /// The database cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A master key cannot be read.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// The data do not belong to the master key that is said to be theirs.
    #[error("the database does not belong to that master key; say the one before with --previous FILE")]
    Foreign,
    /// The licence log does not hold together.
    #[error("the licence log was tampered with: {0}; --restart-log keeps it as it is and begins a new chain behind it")]
    Log(String),
    /// A server is using the database.
    #[error("the keys were changed meanwhile: stop every server first")]
    InUse,
    /// The database failed.
    #[error("the database cannot be used")]
    Query(#[from] sqlx::Error),
}

impl From<EnvelopeError> for RewrapError {
    fn from(error: EnvelopeError) -> Self {
        match error {
            EnvelopeError::Unsealed => Self::Foreign,
            EnvelopeError::Store(error) => Self::Query(error),
        }
    }
}

/// Carries the data over from one master key to another, or draws a new salt under the same one. No server may be using
/// the database. Makes no key file and no database.
///
/// # Errors
/// [`RewrapError`], with everything as it was.
pub fn rewrap(request: Rewrap<'_>) -> BoxFuture<'_, Result<Rewrapped, RewrapError>> {
    Box::pin(rewrap_all(request))
}

async fn rewrap_all(request: Rewrap<'_>) -> Result<Rewrapped, RewrapError> {
    let Rewrap { config, previous, restart_log } = request;
    let file = config.data.join("master.key");
    let to = MasterKey::load(config.master_key.as_deref().unwrap_or(&file))?;
    let from = previous.map(MasterKey::load).transpose()?;
    let database = match &config.database {
        Some(database) => database.clone(),
        None => {
            let path = config.data.join("lumen.db");
            let absolute = std::path::absolute(&path).ok().filter(|path| path.is_file());
            Database::File(absolute.ok_or(RewrapError::NoDatabase(path))?)
        }
    };
    let db = Db::open(&database).await?;
    let outcome = carry_over(&db, from.as_ref(), &to, restart_log).await;
    db.close().await;
    outcome
}

async fn carry_over(
    db: &Db,
    from: Option<&MasterKey>,
    to: &MasterKey,
    restart_log: bool,
) -> Result<Rewrapped, RewrapError> {
    let mut transaction = db.transaction().await?;
    let Some(from) = from else {
        let data_keys = data_keys(&mut transaction, to, to).await?;
        transaction.commit().await?;
        return Ok(Rewrapped { data_keys, ..Rewrapped::default() });
    };
    // All is changed by one transaction, so the data keys speak for the rest.
    if envelope::are_of(&mut transaction, to).await? {
        return Ok(Rewrapped { is_already: true, ..Rewrapped::default() });
    }
    let data_keys = data_keys(&mut transaction, from, to).await?;
    key_store::reseal_old_keys(&mut transaction, from, to).await?;
    let signing_keys = identity::reseal_signing_keys(&mut transaction, from, to).await?;
    let signing_keys = signing_keys.ok_or(RewrapError::Foreign)?;
    let log_entries = match audit::reseal(&mut transaction, from, to, restart_log).await? {
        Resealed::Chained(entries) => entries,
        Resealed::Broken(tampered) => return Err(RewrapError::Log(tampered.to_string())),
    };
    for purpose in carried::PURPOSES {
        carried::carry(&mut transaction, from, to, purpose).await?;
    }
    transaction.commit().await?;
    tracing::info!(data_keys, signing_keys, log_entries, "the master key was replaced");
    Ok(Rewrapped { data_keys, signing_keys, log_entries, is_already: false })
}

async fn data_keys(transaction: &mut Transaction, from: &MasterKey, to: &MasterKey) -> Result<usize, RewrapError> {
    envelope::rewrap(transaction, from, to).await?.ok_or(RewrapError::InUse)
}
