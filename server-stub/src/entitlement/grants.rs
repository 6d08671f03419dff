//! Permissions that were handed out, and those that were taken back.

use super::decision::OFFLINE_MS;
use crate::{
    clock::{Clock, DAY_MS},
    store::Db,
};
use service_api::{AccountId, GrantId, ProfileId, TitleId, playback::PlaybackDevice};
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
    /// The key of the device in the tables.
    pub(crate) device: String,
    /// The sign-in that it was made by, and with which it ends. Empty in grants of before that was written down.
    pub(crate) family: String,
    pub(crate) traits: PlaybackDevice,
    pub(crate) expires_at_ms: i64,
    pub(crate) is_revoked: bool,
}

/// What a grant is made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewGrant<'a> {
    pub(crate) account: &'a AccountId,
    pub(crate) profile: &'a ProfileId,
    pub(crate) title: &'a TitleId,
    pub(crate) device: &'a str,
    pub(crate) family: &'a str,
    pub(crate) traits: &'a PlaybackDevice,
    /// The client's name for the request: the same one finds the same grant.
    pub(crate) request_key: Option<&'a str>,
}

/// What a request for a grant has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Added {
    New(StoredGrant),
    /// The one that the same request has made before, whatever became of it since.
    Same(StoredGrant),
    /// The name of the request was used for something else.
    Other,
}

/// Whose permissions are void from a moment on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Revoked {
    /// Every grant of an account.
    Account(AccountId),
    /// Every grant of one of its devices.
    Device(AccountId, String),
    /// Every grant of a title.
    Title(TitleId),
    /// One grant.
    Grant(GrantId),
}

/// What a device has kept of a title, and since when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept<'a> {
    pub(crate) account: &'a AccountId,
    pub(crate) device: &'a str,
    pub(crate) title: &'a TitleId,
    pub(crate) since_ms: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: String,
    account_id: String,
    profile_id: String,
    title_id: String,
    device_id: String,
    family_id: String,
    traits: String,
    expires_at_ms: i64,
    revoked: i64,
}

/// A grant with what was taken back since: one statement, so that the answer is of one moment.
const SELECT: &str = "SELECT id, account_id, profile_id, title_id, device_id, family_id, traits, expires_at_ms, \
    CASE WHEN revoked_at_ms IS NOT NULL OR EXISTS (SELECT 1 FROM entitlement_revocations AS void \
    WHERE void.revoked_at_ms >= entitlement_grants.issued_at_ms AND void.subject IN \
    ('account:' || account_id, 'device:' || account_id || '/' || device_id, 'title:' || title_id)) \
    THEN 1 ELSE 0 END AS revoked FROM entitlement_grants WHERE ";

impl Grants {
    pub(crate) fn new(db: Db, clock: Arc<dyn Clock>, lifetime: Duration) -> Self {
        Self { db, clock, lifetime }
    }

    /// A new grant, or the one that the same request has made before; on disk before it is returned, so that a licence
    /// can be had after a restart.
    pub(crate) async fn add(&self, new: NewGrant<'_>) -> Result<Added, sqlx::Error> {
        let now_ms = self.clock.now_ms();
        let id = GrantId(Uuid::now_v7().to_string());
        let lifetime_ms = i64::try_from(self.lifetime.as_millis()).unwrap_or(i64::MAX);
        let added = sqlx::query(
            "INSERT INTO entitlement_grants (id, account_id, profile_id, title_id, device_id, traits, issued_at_ms, \
             expires_at_ms, request_key, family_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
             ON CONFLICT DO NOTHING",
        )
        .bind(id.as_str())
        .bind(new.account.as_str())
        .bind(new.profile.as_str())
        .bind(new.title.as_str())
        .bind(new.device)
        .bind(serde_json::to_string(new.traits).unwrap_or_default())
        .bind(now_ms)
        .bind(now_ms.saturating_add(lifetime_ms))
        .bind(new.request_key)
        .bind(new.family)
        .execute(self.db.writer())
        .await?
        .rows_affected()
            == 1;
        if added {
            return self.find(&id).await?.map(Added::New).ok_or(sqlx::Error::RowNotFound);
        }
        let key = new.request_key.unwrap_or_default();
        let same = self.by_request(new.account, key).await?.filter(|same| {
            same.title == *new.title
                && same.profile == *new.profile
                && same.device == new.device
                && same.family == new.family
        });
        Ok(same.map_or(Added::Other, Added::Same))
    }

    /// Takes back a grant whose start was refused. The same request may be made again, and is decided anew.
    pub(crate) async fn withdraw(&self, grant: &GrantId) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE entitlement_grants SET revoked_at_ms = $1, request_key = NULL WHERE id = $2")
            .bind(self.clock.now_ms())
            .bind(grant.as_str())
            .execute(self.db.writer())
            .await
            .map(drop)
    }

    /// The grant, expired or not.
    pub(crate) async fn find(&self, id: &GrantId) -> Result<Option<StoredGrant>, sqlx::Error> {
        let text = statement(SELECT, "id = $1");
        let row: Option<Row> =
            sqlx::query_as(sqlx::AssertSqlSafe(text)).bind(id.as_str()).fetch_optional(self.db.reader()).await?;
        Ok(row.map(StoredGrant::from))
    }

    async fn by_request(&self, account: &AccountId, key: &str) -> Result<Option<StoredGrant>, sqlx::Error> {
        let text = statement(SELECT, "account_id = $1 AND request_key = $2");
        let row: Option<Row> = sqlx::query_as(sqlx::AssertSqlSafe(text))
            .bind(account.as_str())
            .bind(key)
            .fetch_optional(self.db.reader())
            .await?;
        Ok(row.map(StoredGrant::from))
    }

    /// Takes permissions back, from now on and for whatever was granted until now.
    pub(crate) async fn revoke(&self, what: &Revoked) -> Result<(), sqlx::Error> {
        let now_ms = self.clock.now_ms();
        let subject = match what {
            Revoked::Grant(grant) => {
                return sqlx::query("UPDATE entitlement_grants SET revoked_at_ms = $1 WHERE id = $2")
                    .bind(now_ms)
                    .bind(grant.as_str())
                    .execute(self.db.writer())
                    .await
                    .map(drop);
            }
            Revoked::Account(account) => account_subject(account),
            Revoked::Device(account, device) => device_subject(account, device),
            Revoked::Title(title) => title_subject(title),
        };
        sqlx::query(
            "INSERT INTO entitlement_revocations (subject, revoked_at_ms) VALUES ($1, $2) \
             ON CONFLICT (subject) DO UPDATE SET revoked_at_ms = excluded.revoked_at_ms",
        )
        .bind(subject)
        .bind(now_ms)
        .execute(self.db.writer())
        .await
        .map(drop)
    }

    /// Was anything taken back since then that covers what the device has of the title?
    pub(crate) async fn is_revoked_since(&self, kept: Kept<'_>) -> Result<bool, sqlx::Error> {
        let found: Option<i64> = sqlx::query_scalar(
            "SELECT revoked_at_ms FROM entitlement_revocations WHERE revoked_at_ms >= $1 AND subject IN ($2, $3, $4)",
        )
        .bind(kept.since_ms)
        .bind(account_subject(kept.account))
        .bind(device_subject(kept.account, kept.device))
        .bind(title_subject(kept.title))
        .fetch_optional(self.db.reader())
        .await?;
        Ok(found.is_some())
    }

    /// Forgets the grants of an account that is being erased.
    pub(crate) async fn forget(&self, account: &AccountId) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM entitlement_grants WHERE account_id = $1")
            .bind(account.as_str())
            .execute(self.db.writer())
            .await
            .map(drop)
    }

    /// Forgets grants a week after they expired; until then the answer is "expired", not "unknown". A revocation is of
    /// no more use once every grant that it was about is gone.
    pub(crate) async fn sweep(&self) -> Result<(), sqlx::Error> {
        let before_ms = self.clock.now_ms() - 7 * DAY_MS;
        sqlx::query("DELETE FROM entitlement_grants WHERE expires_at_ms < $1")
            .bind(before_ms)
            .execute(self.db.writer())
            .await?;
        // Licences that are kept last longer than grants, and end by them as well.
        let lifetime_ms = i64::try_from(self.lifetime.as_millis()).unwrap_or(i64::MAX / 4).max(OFFLINE_MS);
        sqlx::query("DELETE FROM entitlement_revocations WHERE revoked_at_ms < $1")
            .bind(before_ms.saturating_sub(lifetime_ms))
            .execute(self.db.writer())
            .await
            .map(drop)
    }
}

fn account_subject(account: &AccountId) -> String {
    format!("account:{account}")
}

fn device_subject(account: &AccountId, device: &str) -> String {
    format!("device:{account}/{device}")
}

fn title_subject(title: &TitleId) -> String {
    format!("title:{title}")
}

/// Both halves are written here: nothing of a request ever becomes part of a statement.
fn statement(select: &'static str, condition: &'static str) -> String {
    [select, condition].concat()
}

impl From<Row> for StoredGrant {
    fn from(row: Row) -> Self {
        Self {
            id: GrantId(row.id),
            account: AccountId(row.account_id),
            profile: ProfileId(row.profile_id),
            title: TitleId(row.title_id),
            device: row.device_id,
            family: row.family_id,
            traits: serde_json::from_str(&row.traits).unwrap_or_default(),
            expires_at_ms: row.expires_at_ms,
            is_revoked: row.revoked != 0,
        }
    }
}
