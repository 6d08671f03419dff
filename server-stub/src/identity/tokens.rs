//! Access and refresh tokens, in families.
//!
//! A family is one sign-in on one device. Each refresh uses its token up and makes the next; a token that comes a
//! second time was stolen, by the one or by the other, and since nobody can tell which, the family ends (RFC 9700,
//! 4.14.2). There is no grace period: our client rotates in one place, and a grace period is one for thieves.

use super::secret::{Secret, SecretHash};
use crate::{
    clock::{Clock, DAY_MS},
    config::Lifetimes,
    store::{Db, Transaction},
};
use service_api::AccountId;
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

/// The tokens of the service.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    db: Db,
    clock: Arc<dyn Clock>,
    access_lifetime: Duration,
    refresh_lifetime: Duration,
}

/// What a client gets.
#[derive(Debug)]
pub(crate) struct TokenPair {
    pub(crate) access: Secret,
    pub(crate) refresh: Secret,
    /// How long the access token lasts.
    pub(crate) expires_in: Duration,
    /// The family it belongs to; not for the client.
    pub(crate) family: String,
}

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenState {
    /// The account, and the family of the token.
    Valid(AccountId, String),
    Refused(TokenRefused),
}

/// Why an access token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenRefused {
    /// Never made, or revoked.
    Unknown,
    Expired,
}

#[derive(sqlx::FromRow)]
struct StoredRefresh {
    family_id: String,
    expires_at_ms: i64,
    used_at_ms: Option<i64>,
    client_id: String,
    revoked_at_ms: Option<i64>,
}

impl Tokens {
    pub(crate) fn new(db: Db, clock: Arc<dyn Clock>, lifetimes: &Lifetimes) -> Self {
        Self { db, clock, access_lifetime: lifetimes.access_token, refresh_lifetime: lifetimes.refresh_token }
    }

    /// Whose access token is it?
    pub(crate) async fn authenticate(&self, token: &str) -> Result<TokenState, sqlx::Error> {
        let row: Option<(String, String, i64)> = sqlx::query_as(
            "SELECT family.account_id, family.id, token.expires_at_ms FROM identity_access_tokens AS token \
             JOIN identity_token_families AS family ON family.id = token.family_id \
             WHERE token.hash = $1 AND family.revoked_at_ms IS NULL",
        )
        .bind(SecretHash::of(token).as_bytes())
        .fetch_optional(self.db.reader())
        .await?;
        Ok(match row {
            None => TokenState::Refused(TokenRefused::Unknown),
            Some((_, _, expires_at_ms)) if self.clock.now_ms() >= expires_at_ms => {
                TokenState::Refused(TokenRefused::Expired)
            }
            Some((account, family, _)) => TokenState::Valid(AccountId(account), family),
        })
    }

    /// The first tokens of a sign-in, in the transaction that uses its code up.
    pub(crate) async fn open_family(
        &self,
        transaction: &mut Transaction,
        account: &str,
        client_id: &str,
    ) -> Result<TokenPair, sqlx::Error> {
        let family = Uuid::now_v7().to_string();
        sqlx::query(
            "INSERT INTO identity_token_families (id, account_id, client_id, created_at_ms) VALUES ($1, $2, $3, $4)",
        )
        .bind(&family)
        .bind(account)
        .bind(client_id)
        .bind(self.clock.now_ms())
        .execute(&mut **transaction)
        .await?;
        self.add_pair(transaction, family).await
    }

    /// Uses a refresh token up and makes the next pair; `None` if it is not good. A used one ends its family.
    pub(crate) async fn rotate(&self, refresh: &str, client_id: &str) -> Result<Option<TokenPair>, sqlx::Error> {
        let now_ms = self.clock.now_ms();
        let hash = SecretHash::of(refresh);
        let mut transaction = self.db.transaction().await?;
        let stored: Option<StoredRefresh> = sqlx::query_as(
            "SELECT token.family_id, token.expires_at_ms, token.used_at_ms, family.client_id, family.revoked_at_ms \
             FROM identity_refresh_tokens AS token \
             JOIN identity_token_families AS family ON family.id = token.family_id WHERE token.hash = $1",
        )
        .bind(hash.as_bytes())
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(stored) = stored else { return Ok(None) };
        if stored.used_at_ms.is_some() {
            if stored.revoked_at_ms.is_none() {
                revoke_family(&mut transaction, &stored.family_id, now_ms).await?;
                transaction.commit().await?;
                tracing::warn!("a refresh token was used twice; its family is revoked");
            }
            return Ok(None);
        }
        if stored.revoked_at_ms.is_some() || now_ms >= stored.expires_at_ms || stored.client_id != client_id {
            return Ok(None);
        }
        // Where transactions run side by side, this statement and not the reading above decides who was first.
        let used_up =
            sqlx::query("UPDATE identity_refresh_tokens SET used_at_ms = $1 WHERE hash = $2 AND used_at_ms IS NULL")
                .bind(now_ms)
                .bind(hash.as_bytes())
                .execute(&mut *transaction)
                .await?;
        if used_up.rows_affected() == 0 {
            revoke_family(&mut transaction, &stored.family_id, now_ms).await?;
            transaction.commit().await?;
            return Ok(None);
        }
        let pair = self.add_pair(&mut transaction, stored.family_id).await?;
        transaction.commit().await?;
        Ok(Some(pair))
    }

    /// Ends the sign-in that the token, of either kind, belongs to (RFC 7009). Unknown tokens are no error.
    pub(crate) async fn revoke(&self, token: &str) -> Result<(), sqlx::Error> {
        let hash = SecretHash::of(token);
        let mut transaction = self.db.transaction().await?;
        let family: Option<String> = sqlx::query_scalar(
            "SELECT family_id FROM identity_refresh_tokens WHERE hash = $1 \
             UNION ALL SELECT family_id FROM identity_access_tokens WHERE hash = $1",
        )
        .bind(hash.as_bytes())
        .fetch_optional(&mut *transaction)
        .await?;
        if let Some(family) = family {
            revoke_family(&mut transaction, &family, self.clock.now_ms()).await?;
        }
        transaction.commit().await
    }

    /// Ends every sign-in of the demo accounts, for a server that no longer has them.
    pub(crate) async fn revoke_demo_accounts(&self) -> Result<(), sqlx::Error> {
        sqlx::query(
            "UPDATE identity_token_families SET revoked_at_ms = $1 WHERE revoked_at_ms IS NULL \
             AND account_id IN (SELECT id FROM identity_accounts WHERE is_demo = 1)",
        )
        .bind(self.clock.now_ms())
        .execute(self.db.writer())
        .await
        .map(drop)
    }

    /// Forgets tokens a day after they expired (until then the answer is "expired", not "unknown"), then the families
    /// that have none left.
    pub(crate) async fn sweep(&self) -> Result<(), sqlx::Error> {
        let before_ms = self.clock.now_ms() - DAY_MS;
        let mut transaction = self.db.transaction().await?;
        sqlx::query("DELETE FROM identity_access_tokens WHERE expires_at_ms < $1")
            .bind(before_ms)
            .execute(&mut *transaction)
            .await?;
        sqlx::query("DELETE FROM identity_refresh_tokens WHERE expires_at_ms < $1")
            .bind(before_ms)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "DELETE FROM identity_token_families WHERE created_at_ms < $1 \
             AND id NOT IN (SELECT family_id FROM identity_refresh_tokens)",
        )
        .bind(before_ms)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }

    async fn add_pair(&self, transaction: &mut Transaction, family: String) -> Result<TokenPair, sqlx::Error> {
        let now_ms = self.clock.now_ms();
        let (access, refresh) = (Secret::random("lma_"), Secret::random("lmr_"));
        sqlx::query("INSERT INTO identity_access_tokens (hash, family_id, expires_at_ms) VALUES ($1, $2, $3)")
            .bind(access.hash().as_bytes())
            .bind(&family)
            .bind(now_ms + in_ms(self.access_lifetime))
            .execute(&mut **transaction)
            .await?;
        sqlx::query("INSERT INTO identity_refresh_tokens (hash, family_id, expires_at_ms) VALUES ($1, $2, $3)")
            .bind(refresh.hash().as_bytes())
            .bind(&family)
            .bind(now_ms + in_ms(self.refresh_lifetime))
            .execute(&mut **transaction)
            .await?;
        Ok(TokenPair { access, refresh, expires_in: self.access_lifetime, family })
    }
}

/// Ends a family: none of its tokens is accepted from the commit on.
pub(crate) async fn revoke_family(transaction: &mut Transaction, family: &str, now_ms: i64) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE identity_token_families SET revoked_at_ms = $1 WHERE id = $2 AND revoked_at_ms IS NULL")
        .bind(now_ms)
        .bind(family)
        .execute(&mut **transaction)
        .await
        .map(drop)
}

/// A lifetime as the clock counts.
pub(crate) fn in_ms(lifetime: Duration) -> i64 {
    i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX / 4)
}
