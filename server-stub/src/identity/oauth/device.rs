//! Codes of devices without a browser (RFC 8628): a long one that the device keeps and a short one that a person types.

use super::{
    super::{
        grant::Grant,
        secret::{Secret, SecretHash},
        sessions::{self, BrowserSession},
    },
    tokens::{self, TokenPair, Tokens},
};
use crate::{
    clock::{Clock, SECOND_MS},
    store::{Db, SubKey},
};
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

/// Consonants that are not taken for each other and spell nothing: 20, so eight of them hold 34.6 bits.
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// How long both codes last.
pub(crate) const LIFETIME: Duration = Duration::from_secs(600);
/// How often a device may ask, at first.
pub(crate) const INTERVAL: Duration = Duration::from_secs(5);
/// By how much it must slow down each time that it asked too early.
const SLOWER_MS: i64 = 5 * SECOND_MS;

/// The codes.
#[derive(Debug)]
pub(crate) struct DeviceCodes {
    db: Db,
    clock: Arc<dyn Clock>,
    /// Short codes could be guessed from a plain hash.
    key: SubKey,
}

/// What a device gets.
#[derive(Debug)]
pub(crate) struct DeviceCode {
    pub(crate) device_code: Secret,
    /// As it is shown: `BCDF-GHJK`.
    pub(crate) user_code: String,
}

/// A request that waits for a person.
#[derive(Clone, Debug)]
pub(crate) struct PendingDevice {
    pub(crate) client_id: String,
    pub(crate) details: Grant,
}

/// What a poll comes to.
#[derive(Debug)]
pub(crate) enum Poll {
    Granted(Box<TokenPair>),
    Pending,
    SlowDown,
    Denied,
    Expired,
    /// Not a code of this client, or used.
    Invalid,
}

#[derive(sqlx::FromRow)]
struct Stored {
    client_id: String,
    details: String,
    state: String,
    account_id: Option<String>,
    expires_at_ms: i64,
}

impl DeviceCodes {
    pub(crate) fn new(db: Db, clock: Arc<dyn Clock>, key: SubKey) -> Self {
        Self { db, clock, key }
    }

    /// A new pair of codes.
    pub(crate) async fn issue(&self, client_id: &str, details: &Grant) -> Result<DeviceCode, sqlx::Error> {
        let device_code = Secret::random("lmd_");
        // Two codes that are alike are one in 10^10 per code that is open; the second try settles it.
        loop {
            let user_code = random_user_code();
            let added = sqlx::query(
                "INSERT INTO identity_device_codes \
                 (hash, user_code_tag, client_id, details, state, interval_ms, polled_at_ms, expires_at_ms) \
                 VALUES ($1, $2, $3, $4, 'pending', $5, 0, $6) ON CONFLICT (user_code_tag) DO NOTHING",
            )
            .bind(device_code.hash().as_bytes())
            .bind(self.tag(&user_code))
            .bind(client_id)
            .bind(details.to_text())
            .bind(tokens::in_ms(INTERVAL))
            .bind(self.clock.now_ms() + tokens::in_ms(LIFETIME))
            .execute(self.db.writer())
            .await?;
            if added.rows_affected() == 1 {
                let user_code = format!("{}-{}", &user_code[..4], &user_code[4..]);
                return Ok(DeviceCode { device_code, user_code });
            }
        }
    }

    /// What waits behind a typed code.
    pub(crate) async fn pending(&self, user_code: &str) -> Result<Option<PendingDevice>, sqlx::Error> {
        let Some(user_code) = normal(user_code) else { return Ok(None) };
        let row: Option<(String, String)> = sqlx::query_as(
            "SELECT client_id, details FROM identity_device_codes \
             WHERE user_code_tag = $1 AND state = 'pending' AND expires_at_ms > $2",
        )
        .bind(self.tag(&user_code))
        .bind(self.clock.now_ms())
        .fetch_optional(self.db.reader())
        .await?;
        Ok(row.map(|(client_id, details)| PendingDevice { client_id, details: Grant::from_text(&details) }))
    }

    /// A person's answer, once; `false` if there is nothing to answer any more, or the person was signed out.
    pub(crate) async fn decide(
        &self,
        user_code: &str,
        session: &BrowserSession,
        allow: bool,
    ) -> Result<bool, sqlx::Error> {
        let Some(code) = normal(user_code) else { return Ok(false) };
        let Some(mut pending) = self.pending(&code).await? else { return Ok(false) };
        if allow {
            pending.details.method = session.method;
            pending.details.auth_time_ms = session.auth_time_ms;
        }
        let now_ms = self.clock.now_ms();
        let mut transaction = self.db.transaction().await?;
        if !sessions::hold(&mut transaction, &session.id, now_ms).await? {
            return Ok(false);
        }
        let decided = sqlx::query(
            "UPDATE identity_device_codes SET state = $1, account_id = $2, details = $3 \
             WHERE user_code_tag = $4 AND state = 'pending' AND expires_at_ms > $5",
        )
        .bind(if allow { "approved" } else { "denied" })
        .bind(allow.then(|| session.account.as_str()))
        .bind(pending.details.to_text())
        .bind(self.tag(&code))
        .bind(now_ms)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(decided.rows_affected() == 1)
    }

    /// The device asks.
    pub(crate) async fn poll(
        &self,
        device_code: &str,
        client_id: &str,
        dpop_jkt: Option<&str>,
        tokens: &Tokens,
    ) -> Result<Poll, sqlx::Error> {
        let now_ms = self.clock.now_ms();
        let hash = SecretHash::of(device_code);
        let mut transaction = self.db.transaction().await?;
        let stored: Option<Stored> = sqlx::query_as(
            "SELECT client_id, details, state, account_id, expires_at_ms FROM identity_device_codes WHERE hash = $1",
        )
        .bind(hash.as_bytes())
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(stored) = stored.filter(|stored| stored.client_id == client_id) else { return Ok(Poll::Invalid) };
        if now_ms >= stored.expires_at_ms {
            return Ok(Poll::Expired);
        }
        let in_time = sqlx::query(
            "UPDATE identity_device_codes SET polled_at_ms = $1 WHERE hash = $2 AND polled_at_ms + interval_ms <= $1",
        )
        .bind(now_ms)
        .bind(hash.as_bytes())
        .execute(&mut *transaction)
        .await?
        .rows_affected()
            == 1;
        if !in_time {
            sqlx::query(
                "UPDATE identity_device_codes SET polled_at_ms = $1, interval_ms = interval_ms + $2 WHERE hash = $3",
            )
            .bind(now_ms)
            .bind(SLOWER_MS)
            .bind(hash.as_bytes())
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            return Ok(Poll::SlowDown);
        }
        let outcome = match (stored.state.as_str(), &stored.account_id) {
            ("pending", _) => Poll::Pending,
            ("denied", _) => Poll::Denied,
            ("approved", Some(account)) => {
                let used = sqlx::query(
                    "UPDATE identity_device_codes SET state = 'used' WHERE hash = $1 AND state = 'approved'",
                )
                .bind(hash.as_bytes())
                .execute(&mut *transaction)
                .await?;
                if used.rows_affected() == 0 {
                    return Ok(Poll::Invalid);
                }
                let mut details = Grant::from_text(&stored.details);
                details.dpop_jkt = dpop_jkt.map(str::to_owned);
                let opening = tokens::Opening {
                    family: &Uuid::now_v7().to_string(),
                    account,
                    client_id,
                    is_first_party: !details.is_third_party,
                    details: &details,
                };
                Poll::Granted(Box::new(tokens.open_family(&mut transaction, opening).await?))
            }
            _ => Poll::Invalid,
        };
        transaction.commit().await?;
        Ok(outcome)
    }

    pub(crate) async fn sweep(&self) -> Result<(), sqlx::Error> {
        // An hour longer than they last: a device that asks late learns that they have expired.
        sqlx::query("DELETE FROM identity_device_codes WHERE expires_at_ms < $1")
            .bind(self.clock.now_ms() - crate::clock::HOUR_MS)
            .execute(self.db.writer())
            .await
            .map(drop)
    }

    fn tag(&self, user_code: &str) -> Vec<u8> {
        self.key.authenticate(&[b"user code", user_code.as_bytes()]).to_vec()
    }
}

fn random_user_code() -> String {
    (0..8).map(|_| char::from(ALPHABET[rand::random_range(0..ALPHABET.len())])).collect()
}

/// As people type it: in any case, with or without hyphen and spaces.
fn normal(user_code: &str) -> Option<String> {
    if user_code.len() > 32 {
        return None;
    }
    let code: String = user_code
        .chars()
        .filter(|character| !matches!(character, '-' | ' ' | '\u{2010}'..='\u{2014}'))
        .map(|character| character.to_ascii_uppercase())
        .collect();
    (code.len() == 8 && code.bytes().all(|byte| ALPHABET.contains(&byte))).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_code_is_read_as_people_write() {
        for typed in ["BCDF-GHJK", "bcdf ghjk", " bcdfghjk ", "bc-df-gh-jk"] {
            assert_eq!(normal(typed).as_deref(), Some("BCDFGHJK"), "{typed}");
        }
        for typed in ["", "BCDF-GHJ", "BCDF-GHJKL", "ACDF-GHJK", "BCDF-GHJ1", "BCDF-GHJÄ"] {
            assert_eq!(normal(typed), None, "{typed}");
        }
        assert_eq!(normal(&random_user_code()).unwrap().len(), 8);
    }
}
