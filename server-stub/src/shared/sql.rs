//! Leases and rates in the database. Each decision is one statement: where transactions run side by side, whatever was
//! read before a write may be true no more.

use super::{Lease, LeaseRequest, LeaseStore, MAX_SLOTS, Rate, RateStore, SharedError, Verdict, lifetime_ms, wait_ms};
use crate::store::{Database, Db, StoreError};
use async_trait::async_trait;

/// Leases and rates in the tables `shared_*`.
#[derive(Clone, Debug)]
pub struct SqlShared(Db);

impl SqlShared {
    pub(crate) fn new(db: Db) -> Self {
        Self(db)
    }

    /// Opens a database on its own, for tools and tests.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn open(database: &Database) -> Result<Self, StoreError> {
        Db::open(database).await.map(Self)
    }

    /// Forgets rates that have rested.
    pub(crate) async fn sweep(&self, now_ms: i64) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM shared_rates WHERE due_ms < $1").bind(now_ms).execute(self.0.writer()).await.map(drop)
    }
}

impl From<sqlx::Error> for SharedError {
    fn from(error: sqlx::Error) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

#[async_trait]
impl LeaseStore for SqlShared {
    async fn acquire(&self, request: LeaseRequest<'_>) -> Result<Option<Lease>, SharedError> {
        let LeaseRequest { name, holder, slots, lifetime, now_ms } = request;
        let expires_at_ms = now_ms.saturating_add(lifetime_ms(lifetime));
        let renewed: Option<i64> = sqlx::query_scalar(
            "UPDATE shared_leases SET expires_at_ms = $1 \
             WHERE name = $2 AND holder = $3 AND expires_at_ms > $4 AND slot < $5 RETURNING fence",
        )
        .bind(expires_at_ms)
        .bind(name)
        .bind(holder)
        .bind(now_ms)
        .bind(i64::from(slots))
        .fetch_optional(self.0.writer())
        .await?;
        if let Some(fence) = renewed {
            return Ok(Some(Lease { fence, expires_at_ms }));
        }
        for slot in 0..slots.min(MAX_SLOTS) {
            let taken: Option<i64> = sqlx::query_scalar(
                "INSERT INTO shared_leases (name, slot, holder, fence, expires_at_ms) VALUES ($1, $2, $3, 1, $4) \
                 ON CONFLICT (name, slot) DO UPDATE SET holder = excluded.holder, \
                 fence = shared_leases.fence + 1, expires_at_ms = excluded.expires_at_ms \
                 WHERE shared_leases.expires_at_ms <= $5 RETURNING fence",
            )
            .bind(name)
            .bind(i64::from(slot))
            .bind(holder)
            .bind(expires_at_ms)
            .bind(now_ms)
            .fetch_optional(self.0.writer())
            .await?;
            if let Some(fence) = taken {
                return Ok(Some(Lease { fence, expires_at_ms }));
            }
        }
        Ok(None)
    }

    async fn release(&self, name: &str, holder: &str) -> Result<(), SharedError> {
        // The row stays, for its fence.
        sqlx::query("UPDATE shared_leases SET expires_at_ms = 0 WHERE name = $1 AND holder = $2")
            .bind(name)
            .bind(holder)
            .execute(self.0.writer())
            .await?;
        Ok(())
    }
}

#[async_trait]
impl RateStore for SqlShared {
    async fn take(&self, name: &str, rate: Rate, now_ms: i64) -> Result<Verdict, SharedError> {
        let latest_ms = now_ms.saturating_add(rate.slack_ms());
        let taken = sqlx::query(
            "INSERT INTO shared_rates (name, due_ms) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET due_ms = \
             CASE WHEN shared_rates.due_ms > $3 THEN shared_rates.due_ms ELSE $3 END + $4 \
             WHERE shared_rates.due_ms <= $5",
        )
        .bind(name)
        .bind(now_ms.saturating_add(rate.step_ms()))
        .bind(now_ms)
        .bind(rate.step_ms())
        .bind(latest_ms)
        .execute(self.0.writer())
        .await?;
        if taken.rows_affected() == 1 {
            return Ok(Verdict::Allowed);
        }
        let due_ms: Option<i64> = sqlx::query_scalar("SELECT due_ms FROM shared_rates WHERE name = $1")
            .bind(name)
            .fetch_optional(self.0.reader())
            .await?;
        Ok(wait_ms(due_ms.unwrap_or(latest_ms) - latest_ms))
    }

    async fn give_back(&self, name: &str, rate: Rate) -> Result<(), SharedError> {
        sqlx::query("UPDATE shared_rates SET due_ms = due_ms - $1 WHERE name = $2")
            .bind(rate.step_ms())
            .bind(name)
            .execute(self.0.writer())
            .await?;
        Ok(())
    }
}
