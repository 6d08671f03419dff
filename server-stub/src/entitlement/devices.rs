//! Which devices of an account may watch at all.
//!
//! A device says its own name, so the name alone proves nothing: it belongs to the newest sign-in that has used it, or
//! to whoever proves the key that its tokens are bound to. A player that signs in again is the same device; an older
//! sign-in that says the same name is counted as a device of its own.

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

/// Who says a device's name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claimant<'a> {
    /// Its sign-in. Later ones sort after earlier ones (UUIDv7).
    pub(crate) family: &'a str,
    /// Thumbprint of the key that the sign-in's tokens are bound to.
    pub(crate) key: Option<&'a str>,
}

/// A device that asks for playback.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asking<'a> {
    pub(crate) account: &'a AccountId,
    /// As [`Devices::name`] has it.
    pub(crate) id: &'a str,
    pub(crate) device: &'a PlaybackDevice,
    pub(crate) claimant: Claimant<'a>,
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

    /// What the device is called in the tables: as it wants to be, unless that name is another sign-in's.
    pub(crate) async fn name<'a>(
        &self,
        account: &AccountId,
        wanted: &'a str,
        claimant: Claimant<'a>,
    ) -> Result<&'a str, sqlx::Error> {
        let owner: Option<(String, String)> = sqlx::query_as(
            "SELECT family_id, key_thumbprint FROM entitlement_devices WHERE account_id = $1 AND device_id = $2",
        )
        .bind(account.as_str())
        .bind(wanted)
        .fetch_optional(self.db.reader())
        .await?;
        let is_taken = owner.is_some_and(|(family, key)| {
            family.as_str() > claimant.family && (key.is_empty() || claimant.key != Some(key.as_str()))
        });
        Ok(if is_taken { claimant.family } else { wanted })
    }

    /// Registers the device unless it is; says whether it has a place now.
    pub(crate) async fn register(&self, asking: Asking<'_>, plan: PlanTerms) -> Result<bool, sqlx::Error> {
        // A second try: a parallel request of the same device may have registered it between the statements.
        for _ in 0..2 {
            if self.touch(asking, plan).await? {
                return Ok(true);
            }
            let new = New { asking, now_ms: self.clock.now_ms() };
            if self.add(&new, plan).await? || self.swap(&new, plan).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Only for who may say the name. A sign-in's own name is always its own. What viewers call it may have changed.
    async fn touch(&self, asking: Asking<'_>, plan: PlanTerms) -> Result<bool, sqlx::Error> {
        sqlx::query(
            "UPDATE entitlement_devices SET last_used_at_ms = $1, is_freed = 0, name = COALESCE($7, name), \
             key_thumbprint = CASE WHEN family_id <= $5 THEN $6 ELSE key_thumbprint END, \
             family_id = CASE WHEN family_id <= $5 THEN $5 ELSE family_id END \
             WHERE account_id = $2 AND device_id = $3 AND slot < $4 \
             AND (family_id <= $5 OR device_id = $5 OR ($6 <> '' AND key_thumbprint = $6))",
        )
        .bind(self.clock.now_ms())
        .bind(asking.account.as_str())
        .bind(asking.id)
        .bind(i64::from(plan.devices))
        .bind(asking.claimant.family)
        .bind(asking.claimant.key.unwrap_or_default())
        .bind(asking.device.name.clone())
        .execute(self.db.writer())
        .await
        .map(|done| done.rows_affected() == 1)
    }

    async fn add(&self, new: &New<'_>, plan: PlanTerms) -> Result<bool, sqlx::Error> {
        for slot in 0..i64::from(plan.devices) {
            let added = sqlx::query(
                "INSERT INTO entitlement_devices \
                 (account_id, slot, device_id, name, class, registered_at_ms, last_used_at_ms, family_id, \
                 key_thumbprint) VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8) ON CONFLICT DO NOTHING",
            )
            .bind(new.asking.account.as_str())
            .bind(slot)
            .bind(new.asking.id)
            .bind(new.asking.device.name.as_deref().unwrap_or_default())
            .bind(class_text(new.asking.device.class))
            .bind(new.now_ms)
            .bind(new.asking.claimant.family)
            .bind(new.asking.claimant.key.unwrap_or_default())
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
            .bind(new.asking.account.as_str())
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
                 last_used_at_ms = $4, is_freed = 0, family_id = $7, key_thumbprint = $8 \
                 WHERE account_id = $5 AND slot = $6 AND is_freed = 1",
            )
            .bind(new.asking.id)
            .bind(new.asking.device.name.as_deref().unwrap_or_default())
            .bind(class_text(new.asking.device.class))
            .bind(new.now_ms)
            .bind(new.asking.account.as_str())
            .bind(slot)
            .bind(new.asking.claimant.family)
            .bind(new.asking.claimant.key.unwrap_or_default())
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

    /// Forgets the devices of an account that is being erased, and what it has exchanged.
    pub(crate) async fn forget(&self, account: &AccountId) -> Result<(), sqlx::Error> {
        let mut transaction = self.db.transaction().await?;
        for statement in [
            "DELETE FROM entitlement_devices WHERE account_id = $1",
            "DELETE FROM entitlement_device_swaps WHERE account_id = $1",
        ] {
            sqlx::query(statement).bind(account.as_str()).execute(&mut *transaction).await?;
        }
        transaction.commit().await
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
    asking: Asking<'a>,
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
        let claimant = Claimant { family: "f", key: None };
        let register = async |id: &str| {
            let asking = Asking { account: &account, id, device: &traits, claimant };
            devices.register(asking, PLAN).await.unwrap()
        };
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
        let other = Asking { account: &AccountId::from("b"), id: "one", device: &traits, claimant };
        assert!(!devices.register(other, PlanTerms { devices: 0, ..PLAN }).await.unwrap());
    }

    #[tokio::test]
    async fn l05_name_is_the_newest_sign_ins_or_the_keys() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&Database::File(folder.path().join("lumen.db"))).await.unwrap();
        let devices = Devices::new(db, Arc::new(ManualClock::new(1_780_000_000_000)));
        let (account, traits) = (AccountId::from("a"), PlaybackDevice::default());
        let say = async |family: &str, key: Option<&str>| {
            let claimant = Claimant { family, key };
            let name = devices.name(&account, "tv", claimant).await.unwrap().to_owned();
            let asking = Asking { account: &account, id: &name, device: &traits, claimant };
            let registered = devices.register(asking, PLAN).await.unwrap();
            // Between the two another may have come: the statement decides.
            let late =
                devices.register(Asking { id: "tv", ..asking }, PlanTerms { devices: 1, swaps: 0, ..PLAN }).await;
            (name, registered, late.unwrap())
        };
        let told = |name: &str, registered, late| (name.to_owned(), registered, late);
        assert_eq!(say("f1", None).await, told("tv", true, true));
        assert_eq!(say("f1", None).await, told("tv", true, true));
        assert_eq!(say("f2", None).await, told("tv", true, true), "who signs in again is the same device");
        assert_eq!(say("f1", None).await, told("f1", true, false), "the sign-in of before is another device");
        assert_eq!(say("f0", None).await, told("f0", false, false), "and counts against the plan");
        assert_eq!(say("f3", Some("k")).await, told("tv", true, true));
        assert_eq!(say("f2", Some("k")).await, told("tv", true, true), "a key that is proved is enough");
        assert_eq!(say("f2", Some("l")).await.0, "f2");
        assert_eq!(say("f3", Some("k")).await, told("tv", true, true));
    }
}
