//! Credentials and challenges in the database.

use super::super::{
    secret::{Secret, SecretHash},
    sessions::{self, BrowserSession},
};
use crate::{
    clock::{Clock, SECOND_MS},
    store::{Db, Transaction},
};
use service_api::AccountId;
use std::sync::Arc;
use uuid::Uuid;

/// How long a challenge may be answered.
const CHALLENGE_MS: i64 = 300 * SECOND_MS;
/// Most passkeys of an account.
const MAX_PASSKEYS: i64 = 20;

/// The passkeys.
#[derive(Debug)]
pub(crate) struct Passkeys {
    db: Db,
    clock: Arc<dyn Clock>,
}

/// What a challenge is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose<'a> {
    SignIn,
    /// Adding one in this browser, whose person has just signed in.
    Add(&'a BrowserSession),
}

impl Purpose<'_> {
    fn hash(self, challenge: &str) -> SecretHash {
        match self {
            // What comes from outside stands last, so that none can be taken for one of the other kind.
            Self::SignIn => SecretHash::of(&format!("sign in {challenge}")),
            Self::Add(session) => SecretHash::of(&format!("add {} {challenge}", session.id)),
        }
    }
}

/// One of an account.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct ListedPasskey {
    pub(crate) id: String,
    pub(crate) credential_id: Vec<u8>,
    pub(crate) label: String,
    pub(crate) created_at_ms: i64,
}

/// What a use is checked with.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(super) struct StoredPasskey {
    pub(super) id: String,
    pub(super) account_id: String,
    pub(super) public_key: Vec<u8>,
}

impl Passkeys {
    pub(crate) fn new(db: Db, clock: Arc<dyn Clock>) -> Self {
        Self { db, clock }
    }

    /// The account's, in the order of adding.
    pub(crate) async fn list(&self, account: &AccountId) -> Result<Vec<ListedPasskey>, sqlx::Error> {
        sqlx::query_as(
            "SELECT id, credential_id, label, created_at_ms FROM identity_passkeys WHERE account_id = $1 ORDER BY id",
        )
        .bind(account.as_str())
        .fetch_all(self.db.reader())
        .await
    }

    /// Keeps a new one; `false` if it is known already, there are too many, or the session has ended meanwhile.
    pub(super) async fn add(
        &self,
        session: &BrowserSession,
        new: &super::check::NewCredential,
        label: &str,
    ) -> Result<bool, sqlx::Error> {
        let now_ms = self.clock.now_ms();
        let mut transaction = self.db.transaction().await?;
        if !sessions::hold(&mut transaction, &session.id, now_ms).await? {
            return Ok(false);
        }
        let added = sqlx::query(
            "INSERT INTO identity_passkeys \
             (id, account_id, credential_id, public_key, sign_count, label, created_at_ms) \
             SELECT $1, $2, $3, $4, $5, $6, $7 \
             WHERE (SELECT COUNT(*) FROM identity_passkeys WHERE account_id = $2) < $8 \
             ON CONFLICT (credential_id) DO NOTHING",
        )
        .bind(Uuid::now_v7().to_string())
        .bind(session.account.as_str())
        .bind(&new.id)
        .bind(&new.public_key)
        .bind(i64::from(new.sign_count))
        .bind(label)
        .bind(now_ms)
        .bind(MAX_PASSKEYS)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(added.rows_affected() == 1)
    }

    /// Removes one of the account's.
    pub(crate) async fn remove(&self, account: &AccountId, id: &str) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM identity_passkeys WHERE account_id = $1 AND id = $2")
            .bind(account.as_str())
            .bind(id)
            .execute(self.db.writer())
            .await
            .map(drop)
    }

    /// Removes all of the account's but those that its owner keeps, after every browser was signed out: those that were
    /// being added are there by then, and no other will be.
    pub(crate) async fn remove_but(
        &self,
        transaction: &mut Transaction,
        account: &AccountId,
        kept: &[&str],
    ) -> Result<(), sqlx::Error> {
        let all: Vec<String> = sqlx::query_scalar("SELECT id FROM identity_passkeys WHERE account_id = $1")
            .bind(account.as_str())
            .fetch_all(&mut **transaction)
            .await?;
        for id in all.iter().filter(|id| !kept.contains(&id.as_str())) {
            sqlx::query("DELETE FROM identity_passkeys WHERE id = $1").bind(id).execute(&mut **transaction).await?;
        }
        Ok(())
    }

    pub(super) async fn find(&self, credential_id: &[u8]) -> Result<Option<StoredPasskey>, sqlx::Error> {
        sqlx::query_as(
            "SELECT passkey.id, passkey.account_id, passkey.public_key FROM identity_passkeys AS passkey \
             JOIN identity_accounts AS account ON account.id = passkey.account_id \
             WHERE passkey.credential_id = $1 AND account.disabled_at_ms IS NULL",
        )
        .bind(credential_id)
        .fetch_optional(self.db.reader())
        .await
    }

    /// Counts a use. An authenticator that counts must have counted on, or it is a copy; synchronised ones say zero.
    pub(super) async fn used(&self, id: &str, sign_count: u32) -> Result<bool, sqlx::Error> {
        let counted = sqlx::query(
            "UPDATE identity_passkeys SET sign_count = $1, used_at_ms = $2 \
             WHERE id = $3 AND ($1 > sign_count OR ($1 = 0 AND sign_count = 0))",
        )
        .bind(i64::from(sign_count))
        .bind(self.clock.now_ms())
        .bind(id)
        .execute(self.db.writer())
        .await?;
        Ok(counted.rows_affected() == 1)
    }

    /// A challenge, as it is sent, and for nothing but this purpose.
    pub(super) async fn challenge(&self, purpose: Purpose<'_>) -> Result<String, sqlx::Error> {
        let challenge = Secret::random("").into_text();
        sqlx::query("INSERT INTO identity_passkey_challenges (hash, expires_at_ms) VALUES ($1, $2)")
            .bind(purpose.hash(&challenge).as_bytes())
            .bind(self.clock.now_ms() + CHALLENGE_MS)
            .execute(self.db.writer())
            .await?;
        Ok(challenge)
    }

    /// Uses a challenge up; `false` if it is not one of ours, was made for something else, or was used.
    pub(super) async fn take_challenge(&self, challenge: &str, purpose: Purpose<'_>) -> Result<bool, sqlx::Error> {
        let taken = sqlx::query("DELETE FROM identity_passkey_challenges WHERE hash = $1 AND expires_at_ms > $2")
            .bind(purpose.hash(challenge).as_bytes())
            .bind(self.clock.now_ms())
            .execute(self.db.writer())
            .await?;
        Ok(taken.rows_affected() == 1)
    }

    pub(crate) async fn sweep(&self) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM identity_passkey_challenges WHERE expires_at_ms <= $1")
            .bind(self.clock.now_ms())
            .execute(self.db.writer())
            .await
            .map(drop)
    }
}
