//! PINs of profiles.
//!
//! Five tries, then a quarter of an hour. A try is counted by the statement that allows it, before the PIN is looked at.

use crate::{
    clock::{Clock, HOUR_MS, SECOND_MS},
    store::{Db, SubKey},
};
use service_api::ProfileId;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// Wrong tries in a row.
const TRIES: i64 = 5;
/// How long nobody may try after them.
const LOCK_MS: i64 = 15 * 60 * SECOND_MS;
/// How long a sign-in may use a profile after it has given the PIN.
const UNLOCKED_MS: i64 = 12 * HOUR_MS;

/// The PINs.
#[derive(Clone, Debug)]
pub(crate) struct Pins {
    db: Db,
    clock: Arc<dyn Clock>,
    key: SubKey,
}

/// What became of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PinOutcome {
    Unlocked,
    Wrong,
    /// Nobody may try; for so many seconds.
    Locked(u32),
}

impl Pins {
    pub(crate) fn new(db: Db, clock: Arc<dyn Clock>, key: SubKey) -> Self {
        Self { db, clock, key }
    }

    /// Does the profile take a PIN?
    pub(crate) async fn is_set(&self, profile: &ProfileId) -> Result<bool, sqlx::Error> {
        let found: Option<i64> = sqlx::query_scalar("SELECT tries FROM profiles_pins WHERE profile_id = $1")
            .bind(profile.as_str())
            .fetch_optional(self.db.reader())
            .await?;
        Ok(found.is_some())
    }

    /// May this sign-in use the profile? Either there is no PIN, or it has given it.
    pub(crate) async fn may_use(&self, profile: &ProfileId, session: &str) -> Result<bool, sqlx::Error> {
        let locked: Option<i64> = sqlx::query_scalar(
            "SELECT tries FROM profiles_pins AS pin WHERE profile_id = $1 AND NOT EXISTS (SELECT 1 FROM \
             profiles_unlocked AS open WHERE open.profile_id = pin.profile_id AND open.session_id = $2 \
             AND open.until_ms > $3)",
        )
        .bind(profile.as_str())
        .bind(session)
        .bind(self.clock.now_ms())
        .fetch_optional(self.db.reader())
        .await?;
        Ok(locked.is_none())
    }

    /// Sets or takes away the PIN. Every other sign-in has to give the new one.
    pub(crate) async fn set(&self, profile: &ProfileId, pin: Option<&str>, session: &str) -> Result<(), sqlx::Error> {
        let mut transaction = self.db.transaction().await?;
        sqlx::query("DELETE FROM profiles_unlocked WHERE profile_id = $1")
            .bind(profile.as_str())
            .execute(&mut *transaction)
            .await?;
        match pin {
            None => {
                sqlx::query("DELETE FROM profiles_pins WHERE profile_id = $1")
                    .bind(profile.as_str())
                    .execute(&mut *transaction)
                    .await?;
            }
            Some(pin) => {
                sqlx::query(
                    "INSERT INTO profiles_pins (profile_id, tag) VALUES ($1, $2) ON CONFLICT (profile_id) DO UPDATE \
                     SET tag = excluded.tag, tries = 0, locked_until_ms = 0",
                )
                .bind(profile.as_str())
                .bind(self.tag(profile, pin).as_slice())
                .execute(&mut *transaction)
                .await?;
            }
        }
        transaction.commit().await?;
        if pin.is_some() { self.open(profile, session).await } else { Ok(()) }
    }

    /// Tries a PIN.
    pub(crate) async fn unlock(
        &self,
        profile: &ProfileId,
        pin: &str,
        session: &str,
    ) -> Result<PinOutcome, sqlx::Error> {
        let now_ms = self.clock.now_ms();
        // The last of the tries locks at once; if it is right, the lock is taken off again below.
        let counted = sqlx::query(
            "UPDATE profiles_pins SET \
             tries = CASE WHEN tries >= $1 THEN 1 ELSE tries + 1 END, \
             locked_until_ms = CASE WHEN tries < $1 AND tries + 1 >= $1 THEN $2 ELSE 0 END \
             WHERE profile_id = $3 AND locked_until_ms <= $4",
        )
        .bind(TRIES)
        .bind(now_ms + LOCK_MS)
        .bind(profile.as_str())
        .bind(now_ms)
        .execute(self.db.writer())
        .await?;
        let stored: Option<(Vec<u8>, i64)> =
            sqlx::query_as("SELECT tag, locked_until_ms FROM profiles_pins WHERE profile_id = $1")
                .bind(profile.as_str())
                .fetch_optional(self.db.writer())
                .await?;
        let Some((tag, locked_until_ms)) = stored else { return Ok(PinOutcome::Unlocked) };
        if counted.rows_affected() == 0 {
            let seconds = (locked_until_ms - now_ms).max(SECOND_MS) / SECOND_MS;
            return Ok(PinOutcome::Locked(u32::try_from(seconds).unwrap_or(u32::MAX)));
        }
        if !bool::from(self.tag(profile, pin).as_slice().ct_eq(&tag)) {
            return Ok(PinOutcome::Wrong);
        }
        sqlx::query("UPDATE profiles_pins SET tries = 0, locked_until_ms = 0 WHERE profile_id = $1")
            .bind(profile.as_str())
            .execute(self.db.writer())
            .await?;
        self.open(profile, session).await.map(|()| PinOutcome::Unlocked)
    }

    async fn open(&self, profile: &ProfileId, session: &str) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO profiles_unlocked (profile_id, session_id, until_ms) VALUES ($1, $2, $3) \
             ON CONFLICT (profile_id, session_id) DO UPDATE SET until_ms = excluded.until_ms",
        )
        .bind(profile.as_str())
        .bind(session)
        .bind(self.clock.now_ms() + UNLOCKED_MS)
        .execute(self.db.writer())
        .await
        .map(drop)
    }

    /// Forgets who has given a PIN too long ago.
    pub(crate) async fn sweep(&self) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM profiles_unlocked WHERE until_ms <= $1")
            .bind(self.clock.now_ms())
            .execute(self.db.writer())
            .await
            .map(drop)
    }

    fn tag(&self, profile: &ProfileId, pin: &str) -> [u8; 32] {
        self.key.authenticate(&[profile.as_str().as_bytes(), pin.as_bytes()])
    }
}
