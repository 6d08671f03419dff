//! Access and refresh tokens, in families.
//!
//! A family is one sign-in on one device. Each refresh uses its token up and makes the next; a token that comes a
//! second time was stolen, by the one or by the other, and since nobody can tell which, the family ends (RFC 9700,
//! 4.14.2). There is no grace period: our client rotates in one place, and a grace period is one for thieves.

use super::super::{
    grant::{self, Grant},
    secret::{Secret, SecretHash},
};
use crate::{
    clock::{Clock, DAY_MS, SECOND_MS},
    config::Lifetimes,
    store::{Db, Transaction},
};
use service_api::{AccountId, identity::Role};
use std::{sync::Arc, time::Duration};

/// When a family was used last is written at most this often: a write for every request would be too many.
const USE_STEP_MS: i64 = 60 * SECOND_MS;

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
    /// Absent for an app of somebody else that did not ask for `offline_access`.
    pub(crate) refresh: Option<Secret>,
    /// How long the access token lasts.
    pub(crate) expires_in: Duration,
    /// Of this access token.
    pub(crate) scope: String,
    pub(crate) account: AccountId,
    pub(crate) details: Grant,
}

/// A family to be opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opening<'a> {
    pub(crate) family: &'a str,
    pub(crate) account: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) is_first_party: bool,
    pub(crate) details: &'a Grant,
}

/// A refresh token and who brings it.
#[derive(Clone, Copy)]
pub(crate) struct Rotation<'a> {
    pub(crate) refresh: &'a str,
    pub(crate) client_id: &'a str,
    /// Narrower than before, if given.
    pub(crate) scope: Option<&'a str>,
    pub(crate) dpop_jkt: Option<&'a str>,
    /// Is a family refused that is not bound to a key?
    pub(crate) must_be_bound: bool,
}

/// Why a refresh token gives nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RotationError {
    #[error("the refresh token is not good")]
    Invalid,
    #[error("the scope is wider than what was granted")]
    Scope,
    #[error("the database failed")]
    Store(#[from] sqlx::Error),
}

/// What an access token says.
#[derive(Clone, Debug)]
pub(crate) enum TokenState {
    Valid(Box<Access>),
    Refused(TokenRefused),
}

/// A valid access token.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    pub(crate) account: AccountId,
    pub(crate) role: Role,
    pub(crate) client_id: String,
    pub(crate) family: String,
    pub(crate) scope: String,
    pub(crate) issued_at_ms: i64,
    pub(crate) expires_at_ms: i64,
    pub(crate) details: Grant,
}

/// Why an access token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenRefused {
    /// Never made, or revoked.
    Unknown,
    Expired,
}

#[derive(sqlx::FromRow)]
struct StoredAccess {
    account_id: String,
    role: String,
    client_id: String,
    family_id: String,
    details: String,
    scope: Option<String>,
    expires_at_ms: i64,
    last_used_at_ms: i64,
}

#[derive(sqlx::FromRow)]
struct StoredRefresh {
    family_id: String,
    expires_at_ms: i64,
    client_id: String,
    account_id: String,
    details: String,
    revoked_at_ms: Option<i64>,
}

/// What introspection knows of a refresh token.
#[derive(Clone, Debug)]
pub(crate) struct RefreshState {
    pub(crate) account: String,
    pub(crate) client_id: String,
    pub(crate) expires_at_ms: i64,
    pub(crate) details: Grant,
}

impl Tokens {
    pub(crate) fn new(db: Db, clock: Arc<dyn Clock>, lifetimes: &Lifetimes) -> Self {
        Self { db, clock, access_lifetime: lifetimes.access_token, refresh_lifetime: lifetimes.refresh_token }
    }

    /// Whose access token is it?
    pub(crate) async fn authenticate(&self, token: &str) -> Result<TokenState, sqlx::Error> {
        let row: Option<StoredAccess> = sqlx::query_as(
            "SELECT family.account_id, account.role, family.client_id, token.family_id, family.details, token.scope, \
             token.expires_at_ms, family.last_used_at_ms FROM identity_access_tokens AS token \
             JOIN identity_token_families AS family ON family.id = token.family_id \
             JOIN identity_accounts AS account ON account.id = family.account_id \
             WHERE token.hash = $1 AND family.revoked_at_ms IS NULL AND account.disabled_at_ms IS NULL",
        )
        .bind(SecretHash::of(token).as_bytes())
        .fetch_optional(self.db.reader())
        .await?;
        let now_ms = self.clock.now_ms();
        let Some(row) = row else { return Ok(TokenState::Refused(TokenRefused::Unknown)) };
        if now_ms >= row.expires_at_ms {
            return Ok(TokenState::Refused(TokenRefused::Expired));
        }
        if now_ms - row.last_used_at_ms >= USE_STEP_MS {
            self.touch(&row.family_id, now_ms).await?;
        }
        let details = Grant::from_text(&row.details);
        Ok(TokenState::Valid(Box::new(Access {
            account: AccountId(row.account_id),
            // The smallest role is the safe reading of one that is not known here.
            role: Role::from_name(&row.role).unwrap_or(Role::Viewer),
            client_id: row.client_id,
            family: row.family_id,
            scope: row.scope.unwrap_or_else(|| details.scope().to_owned()),
            issued_at_ms: row.expires_at_ms - in_ms(self.access_lifetime),
            expires_at_ms: row.expires_at_ms,
            details,
        })))
    }

    async fn touch(&self, family: &str, now_ms: i64) -> Result<(), sqlx::Error> {
        sqlx::query("UPDATE identity_token_families SET last_used_at_ms = $1 WHERE id = $2 AND last_used_at_ms < $1")
            .bind(now_ms)
            .bind(family)
            .execute(self.db.writer())
            .await
            .map(drop)
    }

    /// The first tokens of a sign-in, in the transaction that uses its code up.
    pub(crate) async fn open_family(
        &self,
        transaction: &mut Transaction,
        opening: Opening<'_>,
    ) -> Result<TokenPair, sqlx::Error> {
        let now_ms = self.clock.now_ms();
        sqlx::query(
            "INSERT INTO identity_token_families (id, account_id, client_id, created_at_ms, details, last_used_at_ms) \
             VALUES ($1, $2, $3, $4, $5, $4)",
        )
        .bind(opening.family)
        .bind(opening.account)
        .bind(opening.client_id)
        .bind(now_ms)
        .bind(opening.details.to_text())
        .execute(&mut **transaction)
        .await?;
        let (access, expires_in) = self.add_access(transaction, opening.family, None).await?;
        let refresh = if opening.is_first_party || opening.details.has_scope("offline_access") {
            Some(self.add_refresh(transaction, opening.family).await?)
        } else {
            None
        };
        Ok(TokenPair {
            access,
            refresh,
            expires_in,
            scope: opening.details.scope().to_owned(),
            account: AccountId(opening.account.to_owned()),
            details: opening.details.clone(),
        })
    }

    /// Uses a refresh token up and makes the next pair. A used one ends its family; who came first is decided by one
    /// conditional statement.
    pub(crate) async fn rotate(&self, rotation: Rotation<'_>) -> Result<TokenPair, RotationError> {
        let now_ms = self.clock.now_ms();
        let hash = SecretHash::of(rotation.refresh);
        let mut transaction = self.db.transaction().await?;
        let stored: Option<StoredRefresh> = sqlx::query_as(
            "SELECT token.family_id, token.expires_at_ms, family.client_id, family.account_id, family.details, \
             family.revoked_at_ms FROM identity_refresh_tokens AS token \
             JOIN identity_token_families AS family ON family.id = token.family_id \
             JOIN identity_accounts AS account ON account.id = family.account_id \
             WHERE token.hash = $1 AND account.disabled_at_ms IS NULL",
        )
        .bind(hash.as_bytes())
        .fetch_optional(&mut *transaction)
        .await?;
        let stored = stored.ok_or(RotationError::Invalid)?;
        let details = Grant::from_text(&stored.details);
        let is_key_right = match details.dpop_jkt.as_deref() {
            Some(bound) => rotation.dpop_jkt == Some(bound),
            None => !rotation.must_be_bound,
        };
        if stored.client_id != rotation.client_id || !is_key_right {
            return Err(RotationError::Invalid);
        }
        let scope = match rotation.scope {
            Some(asked) if asked.split(' ').any(|one| !grant::contains(details.scope(), one)) => {
                return Err(RotationError::Scope);
            }
            other => other,
        };
        let is_first =
            sqlx::query("UPDATE identity_refresh_tokens SET used_at_ms = $1 WHERE hash = $2 AND used_at_ms IS NULL")
                .bind(now_ms)
                .bind(hash.as_bytes())
                .execute(&mut *transaction)
                .await?
                .rows_affected()
                == 1;
        if !is_first {
            if stored.revoked_at_ms.is_none() {
                revoke_family(&mut transaction, &stored.family_id, now_ms).await?;
                transaction.commit().await?;
                tracing::warn!("a refresh token was used twice; its family is revoked");
            }
            return Err(RotationError::Invalid);
        }
        if stored.revoked_at_ms.is_some() || now_ms >= stored.expires_at_ms {
            return Err(RotationError::Invalid);
        }
        sqlx::query("UPDATE identity_token_families SET last_used_at_ms = $1 WHERE id = $2")
            .bind(now_ms)
            .bind(&stored.family_id)
            .execute(&mut *transaction)
            .await?;
        let (access, expires_in) = self.add_access(&mut transaction, &stored.family_id, scope).await?;
        let refresh = self.add_refresh(&mut transaction, &stored.family_id).await?;
        transaction.commit().await?;
        Ok(TokenPair {
            access,
            refresh: Some(refresh),
            expires_in,
            scope: scope.unwrap_or(details.scope()).to_owned(),
            account: AccountId(stored.account_id),
            details,
        })
    }

    /// Is the sign-in still one? Whatever was granted to it ends with it.
    pub(crate) async fn is_open(&self, family: &str) -> Result<bool, sqlx::Error> {
        let found: Option<String> = sqlx::query_scalar(
            "SELECT family.id FROM identity_token_families AS family \
             JOIN identity_accounts AS account ON account.id = family.account_id \
             WHERE family.id = $1 AND family.revoked_at_ms IS NULL AND account.disabled_at_ms IS NULL",
        )
        .bind(family)
        .fetch_optional(self.db.reader())
        .await?;
        Ok(found.is_some())
    }

    /// Which app does the token, of either kind, belong to?
    pub(crate) async fn owner(&self, token: &str) -> Result<Option<String>, sqlx::Error> {
        sqlx::query_scalar(
            "SELECT client_id FROM identity_token_families WHERE id IN \
             (SELECT family_id FROM identity_refresh_tokens WHERE hash = $1 \
             UNION ALL SELECT family_id FROM identity_access_tokens WHERE hash = $1)",
        )
        .bind(SecretHash::of(token).as_bytes())
        .fetch_optional(self.db.reader())
        .await
    }

    /// A refresh token that could be used now.
    pub(crate) async fn refresh_state(&self, token: &str) -> Result<Option<RefreshState>, sqlx::Error> {
        let row: Option<(String, String, i64, String)> = sqlx::query_as(
            "SELECT family.account_id, family.client_id, token.expires_at_ms, family.details \
             FROM identity_refresh_tokens AS token \
             JOIN identity_token_families AS family ON family.id = token.family_id \
             JOIN identity_accounts AS account ON account.id = family.account_id \
             WHERE token.hash = $1 AND token.used_at_ms IS NULL AND token.expires_at_ms > $2 \
             AND family.revoked_at_ms IS NULL AND account.disabled_at_ms IS NULL",
        )
        .bind(SecretHash::of(token).as_bytes())
        .bind(self.clock.now_ms())
        .fetch_optional(self.db.reader())
        .await?;
        Ok(row.map(|(account, client_id, expires_at_ms, details)| RefreshState {
            account,
            client_id,
            expires_at_ms,
            details: Grant::from_text(&details),
        }))
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
             AND id NOT IN (SELECT family_id FROM identity_refresh_tokens) \
             AND id NOT IN (SELECT family_id FROM identity_access_tokens)",
        )
        .bind(before_ms)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }

    async fn add_access(
        &self,
        transaction: &mut Transaction,
        family: &str,
        scope: Option<&str>,
    ) -> Result<(Secret, Duration), sqlx::Error> {
        let access = Secret::random("lma_");
        sqlx::query(
            "INSERT INTO identity_access_tokens (hash, family_id, expires_at_ms, scope) VALUES ($1, $2, $3, $4)",
        )
        .bind(access.hash().as_bytes())
        .bind(family)
        .bind(self.clock.now_ms() + in_ms(self.access_lifetime))
        .bind(scope)
        .execute(&mut **transaction)
        .await?;
        Ok((access, self.access_lifetime))
    }

    async fn add_refresh(&self, transaction: &mut Transaction, family: &str) -> Result<Secret, sqlx::Error> {
        let refresh = Secret::random("lmr_");
        sqlx::query("INSERT INTO identity_refresh_tokens (hash, family_id, expires_at_ms) VALUES ($1, $2, $3)")
            .bind(refresh.hash().as_bytes())
            .bind(family)
            .bind(self.clock.now_ms() + in_ms(self.refresh_lifetime))
            .execute(&mut **transaction)
            .await?;
        Ok(refresh)
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

/// Ends every family of an account.
pub(crate) async fn revoke_account(
    transaction: &mut Transaction,
    account: &AccountId,
    now_ms: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE identity_token_families SET revoked_at_ms = $1 WHERE account_id = $2 AND revoked_at_ms IS NULL")
        .bind(now_ms)
        .bind(account.as_str())
        .execute(&mut **transaction)
        .await
        .map(drop)
}

/// A lifetime as the clock counts.
pub(crate) fn in_ms(lifetime: Duration) -> i64 {
    i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX / 4)
}
