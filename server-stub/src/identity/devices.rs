//! Where an account is signed in: apps that hold tokens and browsers, in one list.

use super::{consents::Consents, ending::end_account, grant::Grant, sessions::Sessions};
use crate::{
    clock::{Clock, SECOND_MS},
    store::Db,
};
use service_api::{
    AccountId,
    identity::{Device, DeviceKind},
};
use std::sync::Arc;

/// The list.
#[derive(Clone, Debug)]
pub(crate) struct Devices {
    db: Db,
    clock: Arc<dyn Clock>,
    sessions: Sessions,
    consents: Consents,
}

impl Devices {
    pub(crate) fn new(db: Db, clock: Arc<dyn Clock>, sessions: Sessions, consents: Consents) -> Self {
        Self { db, clock, sessions, consents }
    }

    /// Everything that is signed in, the last used first. `current` is the family or session that asks.
    pub(crate) async fn list(&self, account: &AccountId, current: &str) -> Result<Vec<Device>, sqlx::Error> {
        let families: Vec<(String, String, i64, i64)> = sqlx::query_as(
            "SELECT id, details, created_at_ms, last_used_at_ms FROM identity_token_families \
             WHERE account_id = $1 AND revoked_at_ms IS NULL \
             AND (id IN (SELECT family_id FROM identity_refresh_tokens WHERE expires_at_ms > $2 AND used_at_ms IS NULL) \
             OR id IN (SELECT family_id FROM identity_access_tokens WHERE expires_at_ms > $2)) \
             ORDER BY last_used_at_ms DESC, id DESC LIMIT 100",
        )
        .bind(account.as_str())
        .bind(self.clock.now_ms())
        .fetch_all(self.db.reader())
        .await?;
        let app = |(id, details, created_at_ms, last_used_at_ms): (String, String, i64, i64)| Device {
            is_current: id == current,
            id,
            kind: DeviceKind::App,
            name: Grant::from_text(&details).device.unwrap_or_else(|| "Lumen".to_owned()),
            signed_in_at_s: in_s(created_at_ms),
            last_used_at_s: in_s(last_used_at_ms),
        };
        let mut devices: Vec<Device> = families.into_iter().map(app).collect();
        devices.extend(self.sessions.list(account).await?.into_iter().map(|session| Device {
            is_current: session.id == current,
            id: session.id,
            kind: DeviceKind::Browser,
            name: session.label,
            signed_in_at_s: in_s(session.created_at_ms),
            last_used_at_s: in_s(session.last_seen_at_ms),
        }));
        devices.sort_by(|one, other| other.last_used_at_s.total_cmp(&one.last_used_at_s));
        Ok(devices)
    }

    /// Signs one of the account's devices out; says whether it was there. An app of somebody else has to ask again.
    pub(crate) async fn end(&self, account: &AccountId, id: &str) -> Result<bool, sqlx::Error> {
        if self.sessions.end(account, id).await? {
            return Ok(true);
        }
        let client: Option<String> = sqlx::query_scalar(
            "UPDATE identity_token_families SET revoked_at_ms = $1 \
             WHERE id = $2 AND account_id = $3 AND revoked_at_ms IS NULL RETURNING client_id",
        )
        .bind(self.clock.now_ms())
        .bind(id)
        .bind(account.as_str())
        .fetch_optional(self.db.writer())
        .await?;
        if let Some(client) = &client {
            self.consents.forget(account, client).await?;
        }
        Ok(client.is_some())
    }

    /// Signs out everything but the browser that asks.
    pub(crate) async fn end_others(&self, account: &AccountId, session: &str) -> Result<(), sqlx::Error> {
        let mut transaction = self.db.transaction().await?;
        end_account(&mut transaction, account, Some(session), self.clock.now_ms()).await?;
        transaction.commit().await
    }
}

fn in_s(ms: i64) -> f64 {
    ms as f64 / SECOND_MS as f64
}
