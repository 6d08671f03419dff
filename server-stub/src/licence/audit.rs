//! Who asked for keys, and what became of it.

use crate::{
    clock::{Clock, DAY_MS},
    entitlement::StoredGrant,
    store::Db,
};
use service_api::{AccountId, GrantId};
use std::sync::Arc;

/// Entries are kept as long as viewing history may be needed to settle a dispute.
const RETENTION_MS: i64 = 400 * DAY_MS;

/// The list of licence decisions. Only requests of signed-in accounts are in it: strangers must not be able to fill the
/// disk.
#[derive(Clone, Debug)]
pub(crate) struct Audit {
    db: Db,
    clock: Arc<dyn Clock>,
}

/// One decision.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) account: &'a AccountId,
    pub(crate) grant_id: &'a GrantId,
    /// Absent if there is no such grant.
    pub(crate) grant: Option<&'a StoredGrant>,
    /// `granted`, or the code of the problem that was answered.
    pub(crate) outcome: &'a str,
}

impl Audit {
    pub(crate) fn new(db: Db, clock: Arc<dyn Clock>) -> Self {
        Self { db, clock }
    }

    /// Writes the decision down before it is answered.
    pub(crate) async fn record(&self, entry: Entry<'_>) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO licence_audit (at_ms, account_id, grant_id, title_id, outcome) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(self.clock.now_ms())
        .bind(entry.account.as_str())
        .bind(entry.grant_id.as_str())
        .bind(entry.grant.map(|grant| grant.title.as_str()))
        .bind(entry.outcome)
        .execute(self.db.writer())
        .await
        .map(drop)
    }

    /// Forgets what is too old to be of use.
    pub(crate) async fn sweep(&self) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM licence_audit WHERE at_ms < $1")
            .bind(self.clock.now_ms() - RETENTION_MS)
            .execute(self.db.writer())
            .await
            .map(drop)
    }
}
