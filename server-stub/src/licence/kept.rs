//! Licences that a device keeps: one of each title.
//!
//! What a player without a network does with its copy nobody can see. Whenever it asks, it is told when the licence
//! ends, or that it was taken back: with the account's permissions, the device's or the title's, or since the device was
//! removed.

use crate::{
    app::App,
    clock::{Clock, DAY_MS},
    entitlement::{Kept, OFFLINE_MS, StoredGrant, offline_end, taken_back},
    gateway::ApiError,
    store::Db,
};
use service_api::{AccountId, TitleId, licence::KeptLicence};
use std::sync::Arc;
use uuid::Uuid;

/// How long a licence that has ended is remembered, so that its end can be told.
const REMEMBERED_MS: i64 = 7 * DAY_MS;

/// The licences.
#[derive(Clone, Debug)]
pub(crate) struct KeptLicences {
    db: Db,
    clock: Arc<dyn Clock>,
}

#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
struct Stored {
    device_id: String,
    title_id: String,
    issued_at_ms: i64,
    first_played_at_ms: Option<i64>,
    window_until_ms: Option<i64>,
}

impl KeptLicences {
    pub(crate) fn new(db: Db, clock: Arc<dyn Clock>) -> Self {
        Self { db, clock }
    }

    /// Notes that the grant's device keeps its title from now on, in place of what it kept of it before. Returns the
    /// name of the licence.
    pub(crate) async fn add(&self, grant: &StoredGrant, window_until_ms: Option<i64>) -> Result<String, sqlx::Error> {
        let id = Uuid::now_v7().to_string();
        sqlx::query(
            "INSERT INTO licence_kept (id, account_id, device_id, grant_id, title_id, issued_at_ms, window_until_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account_id, device_id, title_id) DO UPDATE SET \
             id = excluded.id, grant_id = excluded.grant_id, issued_at_ms = excluded.issued_at_ms, \
             window_until_ms = excluded.window_until_ms, first_played_at_ms = NULL",
        )
        .bind(&id)
        .bind(grant.account.as_str())
        .bind(&grant.device)
        .bind(grant.id.as_str())
        .bind(grant.title.as_str())
        .bind(self.clock.now_ms())
        .bind(window_until_ms)
        .execute(self.db.writer())
        .await?;
        Ok(id)
    }

    async fn find(&self, account: &AccountId, id: &str) -> Result<Option<Stored>, sqlx::Error> {
        sqlx::query_as(
            "SELECT device_id, title_id, issued_at_ms, first_played_at_ms, window_until_ms FROM licence_kept \
             WHERE id = $1 AND account_id = $2",
        )
        .bind(id)
        .bind(account.as_str())
        .fetch_optional(self.db.reader())
        .await
    }

    /// Only the first play counts; returns when that was.
    async fn play(&self, account: &AccountId, id: &str) -> Result<Option<i64>, sqlx::Error> {
        sqlx::query_scalar(
            "UPDATE licence_kept SET first_played_at_ms = COALESCE(first_played_at_ms, $1) \
             WHERE id = $2 AND account_id = $3 RETURNING first_played_at_ms",
        )
        .bind(self.clock.now_ms())
        .bind(id)
        .bind(account.as_str())
        .fetch_optional(self.db.writer())
        .await
    }

    /// Forgets the licences of an account that is being erased.
    pub(crate) async fn forget(&self, account: &AccountId) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM licence_kept WHERE account_id = $1")
            .bind(account.as_str())
            .execute(self.db.writer())
            .await
            .map(drop)
    }

    /// Forgets licences some time after the latest moment at which they can end.
    pub(crate) async fn sweep(&self) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM licence_kept WHERE issued_at_ms < $1")
            .bind(self.clock.now_ms() - OFFLINE_MS - REMEMBERED_MS)
            .execute(self.db.writer())
            .await
            .map(drop)
    }
}

impl App {
    /// The first play of a kept licence begins its two days.
    pub(crate) async fn play_kept(&self, account: &AccountId, id: &str) -> Result<KeptLicence, ApiError> {
        let unknown = || ApiError::not_own("licence", account);
        let stored = self.kept.find(account, id).await?.ok_or_else(unknown)?;
        let title = TitleId(stored.title_id);
        let kept = Kept { account, device: &stored.device_id, title: &title, since_ms: stored.issued_at_ms };
        let (grants, devices) = (&self.entitlement.grants, &self.entitlement.devices);
        if grants.is_revoked_since(kept).await? || !devices.is_registered(account, &stored.device_id).await? {
            return Err(taken_back());
        }
        // None any more if the device has got another in its place just now.
        let played_at_ms = self.kept.play(account, id).await?.ok_or_else(unknown)?;
        let expires_at_ms = offline_end(stored.issued_at_ms, Some(played_at_ms), stored.window_until_ms);
        Ok(KeptLicence { id: id.to_owned(), expires_at_ms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::ManualClock, store::Database};
    use service_api::{GrantId, playback::PlaybackDevice};
    use std::time::Duration;

    #[tokio::test]
    async fn device_keeps_one_licence_of_a_title_and_old_ones_go() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(1_780_000_000_000));
        let db = Db::open(&Database::File(folder.path().join("lumen.db"))).await.unwrap();
        let kept = KeptLicences::new(db.clone(), clock.clone());
        let account = AccountId::from("a");
        let grant = |device: &str, title: &str| StoredGrant {
            id: GrantId::from("g"),
            account: account.clone(),
            profile: "p".into(),
            title: title.into(),
            device: device.to_owned(),
            family: "f".to_owned(),
            traits: PlaybackDevice::default(),
            expires_at_ms: 0,
            is_revoked: false,
        };
        let count = async || {
            let count = sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM licence_kept");
            count.fetch_one(db.reader()).await.unwrap()
        };
        let first = kept.add(&grant("tv", "one"), Some(7)).await.unwrap();
        assert!(kept.play(&account, &first).await.unwrap().is_some());
        clock.advance(Duration::from_secs(1));
        let second = kept.add(&grant("tv", "one"), None).await.unwrap();
        assert_eq!((count().await, kept.find(&account, &first).await.unwrap()), (1, None));
        assert_eq!(kept.play(&account, &first).await.unwrap(), None);
        let stored = kept.find(&account, &second).await.unwrap().unwrap();
        assert_eq!((stored.first_played_at_ms, stored.window_until_ms), (None, None));
        for (device, title) in [("tv", "two"), ("phone", "one")] {
            kept.add(&grant(device, title), None).await.unwrap();
        }
        assert_eq!(count().await, 3);
        clock.advance(Duration::from_millis((OFFLINE_MS + REMEMBERED_MS) as u64));
        kept.sweep().await.unwrap();
        assert_eq!(count().await, 3);
        clock.advance(Duration::from_millis(1));
        kept.sweep().await.unwrap();
        assert_eq!(count().await, 0);
    }
}
