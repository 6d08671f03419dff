//! Which devices of an account may watch at all.

use super::{leases::Leases, plan::PlanTerms};
use crate::{
    clock::{Clock, DAY_MS},
    store::Db,
};
use service_api::{
    AccountId, GrantId, ProfileId,
    playback::{DeviceClass, PlaybackDevice, RegisteredDevice},
};
use std::sync::Arc;

/// A ticket to exchange a device can be used again after this.
const SWAP_MS: i64 = 30 * DAY_MS;

/// The registered devices.
#[derive(Clone, Debug)]
pub(crate) struct Devices {
    db: Db,
    clock: Arc<dyn Clock>,
}

#[derive(sqlx::FromRow)]
struct Stored {
    device_id: String,
    name: String,
    class: String,
    registered_at_ms: i64,
    last_used_at_ms: i64,
}

impl Devices {
    pub(crate) fn new(db: Db, clock: Arc<dyn Clock>) -> Self {
        Self { db, clock }
    }

    /// Registers the device unless it is; says whether it has a place now.
    pub(crate) async fn register(
        &self,
        account: &AccountId,
        id: &str,
        device: &PlaybackDevice,
        plan: PlanTerms,
    ) -> Result<bool, sqlx::Error> {
        // A second try: a parallel request of the same device may have registered it between the statements.
        for _ in 0..2 {
            if self.touch(account, id, device, plan).await? {
                return Ok(true);
            }
            let new = New { account, id, device, now_ms: self.clock.now_ms() };
            if self.add(&new, plan).await? || self.swap(&new, plan).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A device may have been renamed since.
    async fn touch(
        &self,
        account: &AccountId,
        id: &str,
        device: &PlaybackDevice,
        plan: PlanTerms,
    ) -> Result<bool, sqlx::Error> {
        sqlx::query(
            "UPDATE entitlement_devices SET last_used_at_ms = $1, is_freed = 0, name = COALESCE($5, name) \
             WHERE account_id = $2 AND device_id = $3 AND slot < $4",
        )
        .bind(self.clock.now_ms())
        .bind(account.as_str())
        .bind(id)
        .bind(i64::from(plan.devices))
        .bind(device.name.clone())
        .execute(self.db.writer())
        .await
        .map(|done| done.rows_affected() == 1)
    }

    async fn add(&self, new: &New<'_>, plan: PlanTerms) -> Result<bool, sqlx::Error> {
        for slot in 0..i64::from(plan.devices) {
            let added = sqlx::query(
                "INSERT INTO entitlement_devices \
                 (account_id, slot, device_id, name, class, registered_at_ms, last_used_at_ms) \
                 VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT DO NOTHING",
            )
            .bind(new.account.as_str())
            .bind(slot)
            .bind(new.id)
            .bind(new.device.name.as_deref().unwrap_or_default())
            .bind(class_text(new.device.class))
            .bind(new.now_ms)
            .execute(self.db.writer())
            .await?;
            if added.rows_affected() == 1 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes the place of a device that was removed, against one of the month's tickets.
    async fn swap(&self, new: &New<'_>, plan: PlanTerms) -> Result<bool, sqlx::Error> {
        let mut transaction = self.db.transaction().await?;
        let mut has_ticket = false;
        for ticket in 0..i64::from(plan.swaps) {
            has_ticket = sqlx::query(
                "INSERT INTO entitlement_device_swaps (account_id, ticket, used_at_ms) VALUES ($1, $2, $3) \
                 ON CONFLICT (account_id, ticket) DO UPDATE SET used_at_ms = excluded.used_at_ms \
                 WHERE entitlement_device_swaps.used_at_ms <= $4",
            )
            .bind(new.account.as_str())
            .bind(ticket)
            .bind(new.now_ms)
            .bind(new.now_ms - SWAP_MS)
            .execute(&mut *transaction)
            .await?
            .rows_affected()
                == 1;
            if has_ticket {
                break;
            }
        }
        if !has_ticket {
            return Ok(false);
        }
        for slot in 0..i64::from(plan.devices) {
            let taken = sqlx::query(
                "UPDATE entitlement_devices SET device_id = $1, name = $2, class = $3, registered_at_ms = $4, \
                 last_used_at_ms = $4, is_freed = 0 WHERE account_id = $5 AND slot = $6 AND is_freed = 1",
            )
            .bind(new.id)
            .bind(new.device.name.as_deref().unwrap_or_default())
            .bind(class_text(new.device.class))
            .bind(new.now_ms)
            .bind(new.account.as_str())
            .bind(slot)
            .execute(&mut *transaction)
            .await;
            match taken {
                Ok(taken) if taken.rows_affected() == 1 => return transaction.commit().await.map(|()| true),
                Ok(_) => {}
                // Registered by a parallel request; the ticket goes back with the transaction.
                Err(sqlx::Error::Database(error)) if error.is_unique_violation() => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// Removes a device; says whether there was one.
    pub(crate) async fn remove(&self, account: &AccountId, id: &str) -> Result<bool, sqlx::Error> {
        sqlx::query(
            "UPDATE entitlement_devices SET is_freed = 1 WHERE account_id = $1 AND device_id = $2 AND is_freed = 0",
        )
        .bind(account.as_str())
        .bind(id)
        .execute(self.db.writer())
        .await
        .map(|done| done.rows_affected() == 1)
    }

    /// Is the device registered?
    pub(crate) async fn is_registered(&self, account: &AccountId, id: &str) -> Result<bool, sqlx::Error> {
        let found: Option<i64> = sqlx::query_scalar(
            "SELECT slot FROM entitlement_devices WHERE account_id = $1 AND device_id = $2 AND is_freed = 0",
        )
        .bind(account.as_str())
        .bind(id)
        .fetch_optional(self.db.reader())
        .await?;
        Ok(found.is_some())
    }

    /// The registered devices, the latest used first.
    pub(crate) async fn all(&self, account: &AccountId, leases: &Leases) -> Result<Vec<RegisteredDevice>, sqlx::Error> {
        let streaming = leases.streaming(account).await?;
        let stored: Vec<Stored> = sqlx::query_as(
            "SELECT device_id, name, class, registered_at_ms, last_used_at_ms FROM entitlement_devices \
             WHERE account_id = $1 AND is_freed = 0 ORDER BY last_used_at_ms DESC, slot",
        )
        .bind(account.as_str())
        .fetch_all(self.db.reader())
        .await?;
        let device = |stored: Stored| {
            let stream = streaming.iter().find(|stream| stream.device_id == stored.device_id);
            RegisteredDevice {
                streaming: stream.is_some(),
                grant: stream.map(|stream| GrantId::from(stream.grant_id.as_str())),
                profile: stream.and_then(|stream| stream.profile_id.as_deref()).map(ProfileId::from),
                id: stored.device_id,
                name: stored.name,
                class: class_from(&stored.class),
                registered_at_ms: stored.registered_at_ms,
                last_used_at_ms: stored.last_used_at_ms,
            }
        };
        Ok(stored.into_iter().map(device).collect())
    }
}

struct New<'a> {
    account: &'a AccountId,
    id: &'a str,
    device: &'a PlaybackDevice,
    now_ms: i64,
}

fn class_text(class: DeviceClass) -> &'static str {
    match class {
        DeviceClass::Desktop => "desktop",
        DeviceClass::Browser => "browser",
        DeviceClass::Phone => "phone",
        DeviceClass::Tablet => "tablet",
        DeviceClass::Tv => "tv",
    }
}

fn class_from(text: &str) -> DeviceClass {
    match text {
        "browser" => DeviceClass::Browser,
        "phone" => DeviceClass::Phone,
        "tablet" => DeviceClass::Tablet,
        "tv" => DeviceClass::Tv,
        _ => DeviceClass::Desktop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::ManualClock, store::Database};
    use service_api::playback::Quality;
    use std::time::Duration;

    const PLAN: PlanTerms = PlanTerms { streams: 1, devices: 2, swaps: 1, quality: Quality::Hd, offline: false };

    #[tokio::test]
    async fn l05_devices_and_their_exchanges_are_limited() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(1_780_000_000_000));
        let db = Db::open(&Database::File(folder.path().join("lumen.db"))).await.unwrap();
        let devices = Devices::new(db, clock.clone());
        let account = AccountId::from("a");
        let traits = PlaybackDevice::default();
        let register = async |id: &str| devices.register(&account, id, &traits, PLAN).await.unwrap();
        assert!(register("one").await && register("two").await && register("one").await);
        assert!(!register("three").await);
        assert!(devices.remove(&account, "one").await.unwrap());
        assert!(!devices.remove(&account, "one").await.unwrap());
        assert!(register("three").await, "removing frees the place");
        assert!(!devices.is_registered(&account, "one").await.unwrap());
        assert!(devices.remove(&account, "two").await.unwrap());
        assert!(!register("four").await, "one exchange a month");
        assert!(register("two").await, "the same device may come back");
        clock.advance(Duration::from_millis(SWAP_MS as u64));
        assert!(devices.remove(&account, "two").await.unwrap());
        assert!(register("four").await);
        assert!(
            !devices.register(&AccountId::from("b"), "one", &traits, PlanTerms { devices: 0, ..PLAN }).await.unwrap()
        );
    }
}
