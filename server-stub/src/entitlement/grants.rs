//! Permissions that were handed out.

use crate::{
    clock::{Clock, DAY_MS},
    store::Db,
};
use service_api::{AccountId, GrantId, ProfileId, TitleId};
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

/// The grants of the service.
#[derive(Clone, Debug)]
pub(crate) struct Grants {
    db: Db,
    clock: Arc<dyn Clock>,
    lifetime: Duration,
}

/// One permission to play one title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredGrant {
    pub(crate) id: GrantId,
    pub(crate) account: AccountId,
    pub(crate) profile: ProfileId,
    pub(crate) title: TitleId,
    pub(crate) expires_at_ms: i64,
}

impl Grants {
    pub(crate) fn new(db: Db, clock: Arc<dyn Clock>, lifetime: Duration) -> Self {
        Self { db, clock, lifetime }
    }

    /// A new grant; on disk before it is returned, so that a licence can be had after a restart.
    pub(crate) async fn add(
        &self,
        account: &AccountId,
        profile: &ProfileId,
        title: &TitleId,
    ) -> Result<StoredGrant, sqlx::Error> {
        let now_ms = self.clock.now_ms();
        let grant = StoredGrant {
            id: GrantId(Uuid::now_v7().to_string()),
            account: account.clone(),
            profile: profile.clone(),
            title: title.clone(),
            expires_at_ms: now_ms.saturating_add(i64::try_from(self.lifetime.as_millis()).unwrap_or(i64::MAX)),
        };
        sqlx::query(
            "INSERT INTO entitlement_grants (id, account_id, profile_id, title_id, issued_at_ms, expires_at_ms) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(grant.id.as_str())
        .bind(grant.account.as_str())
        .bind(grant.profile.as_str())
        .bind(grant.title.as_str())
        .bind(now_ms)
        .bind(grant.expires_at_ms)
        .execute(self.db.writer())
        .await?;
        Ok(grant)
    }

    /// The grant, expired or not.
    pub(crate) async fn find(&self, id: &GrantId) -> Result<Option<StoredGrant>, sqlx::Error> {
        let row: Option<(String, String, String, i64)> = sqlx::query_as(
            "SELECT account_id, profile_id, title_id, expires_at_ms FROM entitlement_grants WHERE id = $1",
        )
        .bind(id.as_str())
        .fetch_optional(self.db.reader())
        .await?;
        Ok(row.map(|(account, profile, title, expires_at_ms)| StoredGrant {
            id: id.clone(),
            account: AccountId(account),
            profile: ProfileId(profile),
            title: TitleId(title),
            expires_at_ms,
        }))
    }

    /// Forgets grants a week after they expired; until then the answer is "expired", not "unknown".
    pub(crate) async fn sweep(&self) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM entitlement_grants WHERE expires_at_ms < $1")
            .bind(self.clock.now_ms() - 7 * DAY_MS)
            .execute(self.db.writer())
            .await
            .map(drop)
    }
}
