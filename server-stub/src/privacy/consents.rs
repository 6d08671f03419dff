//! What owners have agreed to.

use crate::{clock::Clock, store::Db};
use service_api::{AccountId, account::Consents};
use std::sync::Arc;

/// The consents of all accounts.
#[derive(Clone, Debug)]
pub(crate) struct ConsentStore {
    db: Db,
    clock: Arc<dyn Clock>,
}

impl ConsentStore {
    pub(crate) fn new(db: Db, clock: Arc<dyn Clock>) -> Self {
        Self { db, clock }
    }

    /// Those of one; the defaults if it was never asked.
    pub(crate) async fn of(&self, account: &AccountId) -> Result<Consents, sqlx::Error> {
        let row: Option<(i64, i64)> =
            sqlx::query_as("SELECT recommendations, diagnostics FROM privacy_consents WHERE account_id = $1")
                .bind(account.as_str())
                .fetch_optional(self.db.reader())
                .await?;
        let given = |(suggests, diagnostics): (i64, i64)| Consents {
            recommendations: suggests == 1,
            diagnostics: diagnostics == 1,
        };
        Ok(row.map(given).unwrap_or_default())
    }

    pub(crate) async fn set(&self, account: &AccountId, consents: Consents) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO privacy_consents (account_id, recommendations, diagnostics, changed_at_ms) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (account_id) DO UPDATE SET \
             recommendations = excluded.recommendations, diagnostics = excluded.diagnostics, \
             changed_at_ms = excluded.changed_at_ms",
        )
        .bind(account.as_str())
        .bind(i64::from(consents.recommendations))
        .bind(i64::from(consents.diagnostics))
        .bind(self.clock.now_ms())
        .execute(self.db.writer())
        .await
        .map(drop)
    }

    /// Forgets an account that is being erased.
    pub(crate) async fn forget(&self, account: &AccountId) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM privacy_consents WHERE account_id = $1")
            .bind(account.as_str())
            .execute(self.db.writer())
            .await
            .map(drop)
    }
}
