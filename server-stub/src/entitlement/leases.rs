//! Streams: who watches now.
//!
//! An account has as many slots as its plan allows streams, and a device that watches holds one of them until its lease
//! ends. The slot is the table's key, so two devices never share one, whichever instance they asked; a lease is taken
//! over by one conditional statement. Nothing is counted.
//!
//! A lease is one grant's: of two machines that say that they are the same device, the one that began last has it, and
//! the other is told so. Only a new start takes a lease over that has not ended; a grant that goes on gets its own back,
//! or one that nobody holds.

use super::gate::Step;
use crate::{clock::Clock, store::Db};
use service_api::{AccountId, GrantId};
use std::{sync::Arc, time::Duration};

/// Tries before a start that keeps losing races against the same device is told that everything is taken.
const TRIES: usize = 4;

/// The leases of the service.
#[derive(Clone, Debug)]
pub(crate) struct Leases {
    db: Db,
    clock: Arc<dyn Clock>,
    heartbeat: Duration,
}

/// Who wants a stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holder<'a> {
    pub(crate) account: &'a AccountId,
    pub(crate) device: &'a str,
    pub(crate) grant: &'a GrantId,
}

/// One stream.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Streaming {
    pub(crate) device_id: String,
    pub(crate) grant_id: String,
    /// None if the grant is forgotten already.
    pub(crate) profile_id: Option<String>,
}

impl Leases {
    pub(crate) fn new(db: Db, clock: Arc<dyn Clock>, heartbeat: Duration) -> Self {
        Self { db, clock, heartbeat }
    }

    /// How often a holder is to be heard of.
    pub(crate) fn heartbeat(&self) -> Duration {
        self.heartbeat
    }

    /// Renews the grant's lease, or takes a slot that is free; with [`Step::Begin`] also takes over what another grant
    /// has on the same device. Says whether the grant has a lease now. `streams` is how many the plan allows at this
    /// moment: a lease beyond, from a larger plan, is not renewed.
    pub(crate) async fn hold(&self, holder: Holder<'_>, streams: u32, step: Step) -> Result<bool, sqlx::Error> {
        for _ in 0..TRIES {
            if self.renew(holder, streams, step).await? {
                return Ok(true);
            }
            match self.take(holder, streams, step).await {
                // The device has a slot already, perhaps since this moment: renew that one, if it may be.
                Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {}
                taken => return taken,
            }
        }
        Ok(false)
    }

    async fn renew(&self, holder: Holder<'_>, streams: u32, step: Step) -> Result<bool, sqlx::Error> {
        sqlx::query(
            "UPDATE entitlement_leases SET grant_id = $1, expires_at_ms = $2, \
             fence = fence + CASE WHEN grant_id = $1 AND expires_at_ms > $3 THEN 0 ELSE 1 END \
             WHERE account_id = $4 AND device_id = $5 AND slot < $6 \
             AND ($7 = 1 OR grant_id = $1 OR expires_at_ms <= $3)",
        )
        .bind(holder.grant.as_str())
        .bind(self.end())
        .bind(self.clock.now_ms())
        .bind(holder.account.as_str())
        .bind(holder.device)
        .bind(i64::from(streams))
        .bind(i64::from(step == Step::Begin))
        .execute(self.db.writer())
        .await
        .map(|done| done.rows_affected() == 1)
    }

    async fn take(&self, holder: Holder<'_>, streams: u32, step: Step) -> Result<bool, sqlx::Error> {
        // A row beyond the plan's slots would keep the device from taking one within them.
        sqlx::query(
            "DELETE FROM entitlement_leases WHERE account_id = $1 AND device_id = $2 AND slot >= $3 \
             AND ($4 = 1 OR grant_id = $5 OR expires_at_ms <= $6)",
        )
        .bind(holder.account.as_str())
        .bind(holder.device)
        .bind(i64::from(streams))
        .bind(i64::from(step == Step::Begin))
        .bind(holder.grant.as_str())
        .bind(self.clock.now_ms())
        .execute(self.db.writer())
        .await?;
        for slot in 0..i64::from(streams) {
            // SQLite and PostgreSQL agree that a conflict with either key leaves the table as it is.
            let added = sqlx::query(
                "INSERT INTO entitlement_leases (account_id, slot, device_id, grant_id, fence, expires_at_ms) \
                 VALUES ($1, $2, $3, $4, 1, $5) ON CONFLICT DO NOTHING",
            )
            .bind(holder.account.as_str())
            .bind(slot)
            .bind(holder.device)
            .bind(holder.grant.as_str())
            .bind(self.end())
            .execute(self.db.writer())
            .await?;
            if added.rows_affected() == 1 {
                return Ok(true);
            }
            let taken_over = sqlx::query(
                "UPDATE entitlement_leases SET device_id = $1, grant_id = $2, expires_at_ms = $3, fence = fence + 1 \
                 WHERE account_id = $4 AND slot = $5 AND expires_at_ms <= $6",
            )
            .bind(holder.device)
            .bind(holder.grant.as_str())
            .bind(self.end())
            .bind(holder.account.as_str())
            .bind(slot)
            .bind(self.clock.now_ms())
            .execute(self.db.writer())
            .await?;
            if taken_over.rows_affected() == 1 {
                return Ok(true);
            }
        }
        // A parallel request of the same device may have been the one that filled the last slot.
        self.renew(holder, streams, step).await
    }

    /// Does the grant hold a lease that has not ended?
    pub(crate) async fn is_held(&self, holder: Holder<'_>) -> Result<bool, sqlx::Error> {
        let slot: Option<i64> = sqlx::query_scalar(
            "SELECT slot FROM entitlement_leases \
             WHERE account_id = $1 AND device_id = $2 AND grant_id = $3 AND expires_at_ms > $4",
        )
        .bind(holder.account.as_str())
        .bind(holder.device)
        .bind(holder.grant.as_str())
        .bind(self.clock.now_ms())
        .fetch_optional(self.db.reader())
        .await?;
        Ok(slot.is_some())
    }

    /// Frees the slot that the grant holds, if it still does.
    pub(crate) async fn release(&self, grant: &GrantId) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE entitlement_leases SET expires_at_ms = 0, fence = fence + 1 WHERE grant_id = $1")
            .bind(grant.as_str())
            .execute(self.db.writer())
            .await
            .map(drop)
    }

    /// Frees the slot that the device holds.
    pub(crate) async fn release_device(&self, account: &AccountId, device: &str) -> Result<(), sqlx::Error> {
        sqlx::query(
            "UPDATE entitlement_leases SET expires_at_ms = 0, fence = fence + 1 \
             WHERE account_id = $1 AND device_id = $2",
        )
        .bind(account.as_str())
        .bind(device)
        .execute(self.db.writer())
        .await
        .map(drop)
    }

    /// The devices that watch now, the grants they watch by, and the profiles that those are for.
    pub(crate) async fn streaming(&self, account: &AccountId) -> Result<Vec<Streaming>, sqlx::Error> {
        sqlx::query_as(
            "SELECT entitlement_leases.device_id, entitlement_leases.grant_id, entitlement_grants.profile_id \
             FROM entitlement_leases LEFT JOIN entitlement_grants ON entitlement_grants.id = entitlement_leases.grant_id \
             WHERE entitlement_leases.account_id = $1 AND entitlement_leases.expires_at_ms > $2 \
             ORDER BY entitlement_leases.slot",
        )
        .bind(account.as_str())
        .bind(self.clock.now_ms())
        .fetch_all(self.db.reader())
        .await
    }

    /// The grants by which devices watch now.
    pub(crate) async fn grants(&self, account: &AccountId) -> Result<Vec<GrantId>, sqlx::Error> {
        let grants: Vec<String> =
            sqlx::query_scalar("SELECT grant_id FROM entitlement_leases WHERE account_id = $1 AND expires_at_ms > $2")
                .bind(account.as_str())
                .bind(self.clock.now_ms())
                .fetch_all(self.db.reader())
                .await?;
        Ok(grants.into_iter().map(GrantId).collect())
    }

    /// Forgets the streams of an account that is being erased.
    pub(crate) async fn forget(&self, account: &AccountId) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM entitlement_leases WHERE account_id = $1")
            .bind(account.as_str())
            .execute(self.db.writer())
            .await
            .map(drop)
    }

    /// Forgets leases that ended a day ago.
    pub(crate) async fn sweep(&self) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM entitlement_leases WHERE expires_at_ms < $1")
            .bind(self.clock.now_ms() - crate::clock::DAY_MS)
            .execute(self.db.writer())
            .await
            .map(drop)
    }

    /// Two heartbeats: one may be lost.
    fn end(&self) -> i64 {
        let two = i64::try_from(self.heartbeat.as_millis()).unwrap_or(i64::MAX / 4).saturating_mul(2);
        self.clock.now_ms().saturating_add(two)
    }
}

#[cfg(test)]
mod tests;
