//! Browsers that are signed in, so that consent, device and account pages need no password each time.
//!
//! The cookie is 256 random bits, kept as a hash, and made anew at every sign-in: one that was planted before is worth
//! nothing after.

use super::{
    cookies,
    grant::Method,
    secret::{Secret, SecretHash},
};
use crate::{
    clock::{Clock, DAY_MS, SECOND_MS},
    store::{Db, Transaction},
};
use axum::http::{HeaderMap, HeaderValue};
use service_api::AccountId;
use std::sync::Arc;
use uuid::Uuid;

/// How long a browser stays signed in.
const LIFETIME_MS: i64 = 30 * DAY_MS;
/// How long a sign-in counts as one that has just been.
pub(crate) const RECENT_MS: i64 = 300 * SECOND_MS;
/// The last use is written at most this often.
const USE_STEP_MS: i64 = 60 * SECOND_MS;

/// The sessions.
#[derive(Clone, Debug)]
pub(crate) struct Sessions {
    db: Db,
    clock: Arc<dyn Clock>,
    is_secure: bool,
}

/// A signed-in browser.
#[derive(Clone, Debug)]
pub(crate) struct BrowserSession {
    /// For lists; not the cookie.
    pub(crate) id: String,
    pub(crate) account: AccountId,
    pub(crate) method: Method,
    pub(crate) auth_time_ms: i64,
}

impl BrowserSession {
    /// Has its person signed in just now? Asked before anything is added that opens the account later.
    pub(crate) fn is_recent(&self, now_ms: i64) -> bool {
        now_ms - self.auth_time_ms < RECENT_MS
    }
}

/// A row of the list of browsers.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct ListedSession {
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) created_at_ms: i64,
    pub(crate) last_seen_at_ms: i64,
}

impl Sessions {
    pub(crate) fn new(db: Db, clock: Arc<dyn Clock>, is_secure: bool) -> Self {
        Self { db, clock, is_secure }
    }

    /// Signs a browser in and ends the session that it had. The value is for `Set-Cookie`.
    pub(crate) async fn open(
        &self,
        headers: &HeaderMap,
        account: &AccountId,
        method: Method,
    ) -> Result<(BrowserSession, HeaderValue), sqlx::Error> {
        let secret = Secret::random("lms_");
        let now_ms = self.clock.now_ms();
        let session =
            BrowserSession { id: Uuid::now_v7().to_string(), account: account.clone(), method, auth_time_ms: now_ms };
        let mut transaction = self.db.transaction().await?;
        if let Some(old) = self.cookie(headers) {
            sqlx::query("DELETE FROM identity_browser_sessions WHERE hash = $1")
                .bind(SecretHash::of(old).as_bytes())
                .execute(&mut *transaction)
                .await?;
        }
        sqlx::query(
            "INSERT INTO identity_browser_sessions \
             (hash, id, account_id, method, label, created_at_ms, last_seen_at_ms, expires_at_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $6, $7)",
        )
        .bind(secret.hash().as_bytes())
        .bind(&session.id)
        .bind(account.as_str())
        .bind(method.name())
        .bind(super::pages::device_label(headers, "Browser"))
        .bind(now_ms)
        .bind(now_ms + LIFETIME_MS)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        let cookie =
            cookies::set(self.is_secure, cookies::SESSION, &secret.into_text(), LIFETIME_MS / SECOND_MS, "Lax");
        Ok((session, cookie))
    }

    /// The session of the browser that asks.
    pub(crate) async fn find(&self, headers: &HeaderMap) -> Result<Option<BrowserSession>, sqlx::Error> {
        let Some(secret) = self.cookie(headers) else { return Ok(None) };
        let now_ms = self.clock.now_ms();
        let row: Option<(String, String, String, i64, i64)> = sqlx::query_as(
            "SELECT session.id, session.account_id, session.method, session.created_at_ms, session.last_seen_at_ms \
             FROM identity_browser_sessions AS session \
             JOIN identity_accounts AS account ON account.id = session.account_id \
             WHERE session.hash = $1 AND session.expires_at_ms > $2 AND account.disabled_at_ms IS NULL",
        )
        .bind(SecretHash::of(secret).as_bytes())
        .bind(now_ms)
        .fetch_optional(self.db.reader())
        .await?;
        let Some((id, account, method, auth_time_ms, last_seen_at_ms)) = row else { return Ok(None) };
        if now_ms - last_seen_at_ms >= USE_STEP_MS {
            sqlx::query("UPDATE identity_browser_sessions SET last_seen_at_ms = $1 WHERE id = $2")
                .bind(now_ms)
                .bind(&id)
                .execute(self.db.writer())
                .await?;
        }
        Ok(Some(BrowserSession { id, account: AccountId(account), method: Method::from_name(&method), auth_time_ms }))
    }

    /// Signs the browser out; the value is for `Set-Cookie`.
    pub(crate) async fn close(&self, headers: &HeaderMap) -> Result<HeaderValue, sqlx::Error> {
        if let Some(secret) = self.cookie(headers) {
            sqlx::query("DELETE FROM identity_browser_sessions WHERE hash = $1")
                .bind(SecretHash::of(secret).as_bytes())
                .execute(self.db.writer())
                .await?;
        }
        Ok(cookies::set(self.is_secure, cookies::SESSION, "", 0, "Lax"))
    }

    /// The account's browsers, the latest first.
    pub(crate) async fn list(&self, account: &AccountId) -> Result<Vec<ListedSession>, sqlx::Error> {
        sqlx::query_as(
            "SELECT id, label, created_at_ms, last_seen_at_ms FROM identity_browser_sessions \
             WHERE account_id = $1 AND expires_at_ms > $2 ORDER BY last_seen_at_ms DESC, id DESC LIMIT 100",
        )
        .bind(account.as_str())
        .bind(self.clock.now_ms())
        .fetch_all(self.db.reader())
        .await
    }

    /// Signs one of the account's browsers out; says whether it was there.
    pub(crate) async fn end(&self, account: &AccountId, id: &str) -> Result<bool, sqlx::Error> {
        let ended = sqlx::query("DELETE FROM identity_browser_sessions WHERE account_id = $1 AND id = $2")
            .bind(account.as_str())
            .bind(id)
            .execute(self.db.writer())
            .await?;
        Ok(ended.rows_affected() == 1)
    }

    pub(crate) async fn sweep(&self) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM identity_browser_sessions WHERE expires_at_ms <= $1")
            .bind(self.clock.now_ms())
            .execute(self.db.writer())
            .await
            .map(drop)
    }

    fn cookie<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        cookies::get(self.is_secure, headers, cookies::SESSION)
    }
}

/// Keeps a session from being ended until the transaction ends; `false` if it has ended. Whatever a session makes that
/// must end with it is made in that transaction.
pub(crate) async fn hold(transaction: &mut Transaction, id: &str, now_ms: i64) -> Result<bool, sqlx::Error> {
    sqlx::query("UPDATE identity_browser_sessions SET last_seen_at_ms = $1 WHERE id = $2 AND expires_at_ms > $1")
        .bind(now_ms)
        .bind(id)
        .execute(&mut **transaction)
        .await
        .map(|held| held.rows_affected() == 1)
}

/// Signs every browser of an account out, but the one with this id.
pub(crate) async fn close_all(
    transaction: &mut Transaction,
    account: &AccountId,
    but: Option<&str>,
) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM identity_browser_sessions WHERE account_id = $1 AND id <> $2")
        .bind(account.as_str())
        .bind(but.unwrap_or_default())
        .execute(&mut **transaction)
        .await
        .map(drop)
}
