//! Links in mails: random, kept as hashes, good once and for a while.

use super::super::{
    accounts::{Accounts, NewAccount, NewProfile},
    secret::{Secret, SecretHash},
};
use crate::{
    clock::{Clock, DAY_MS, HOUR_MS},
    entitlement::Plan,
    store::{Db, Transaction},
};
use service_api::{AccountId, identity::Role};
use std::sync::Arc;

/// Colour of a new account's first profile.
const FIRST_COLOUR: &str = "#2F6BFF";

/// The links.
#[derive(Debug)]
pub(crate) struct MailLinks {
    db: Db,
    clock: Arc<dyn Clock>,
}

/// What a link is for.
#[derive(sqlx::FromRow)]
pub(crate) struct PendingLink {
    pub(crate) account_id: Option<String>,
    pub(crate) email: String,
    name: Option<String>,
    password_hash: Option<String>,
}

impl MailLinks {
    pub(crate) fn new(db: Db, clock: Arc<dyn Clock>) -> Self {
        Self { db, clock }
    }

    /// A registration that waits for a day.
    pub(crate) async fn add_registration(&self, email: &str, name: &str, hash: &str) -> Result<Secret, sqlx::Error> {
        self.add("register", None, email, (Some(name), Some(hash)), DAY_MS).await
    }

    /// A recovery that waits for an hour.
    pub(crate) async fn add_recovery(&self, account: &AccountId, email: &str) -> Result<Secret, sqlx::Error> {
        self.add("recover", Some(account.as_str()), email, (None, None), HOUR_MS).await
    }

    async fn add(
        &self,
        purpose: &str,
        account: Option<&str>,
        email: &str,
        (name, hash): (Option<&str>, Option<&str>),
        life_ms: i64,
    ) -> Result<Secret, sqlx::Error> {
        let link = Secret::random("lml_");
        sqlx::query(
            "INSERT INTO identity_mail_links (hash, purpose, account_id, email, name, password_hash, expires_at_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(link.hash().as_bytes())
        .bind(purpose)
        .bind(account)
        .bind(email)
        .bind(name)
        .bind(hash)
        .bind(self.clock.now_ms() + life_ms)
        .execute(self.db.writer())
        .await?;
        Ok(link)
    }

    /// What a link is for, while it is good.
    pub(crate) async fn find(&self, purpose: &str, link: &str) -> Result<Option<PendingLink>, sqlx::Error> {
        sqlx::query_as(
            "SELECT account_id, email, name, password_hash FROM identity_mail_links \
             WHERE hash = $1 AND purpose = $2 AND used_at_ms IS NULL AND expires_at_ms > $3",
        )
        .bind(SecretHash::of(link).as_bytes())
        .bind(purpose)
        .bind(self.clock.now_ms())
        .fetch_optional(self.db.reader())
        .await
    }

    /// Uses a link up. Of two who come at once, one gets it.
    pub(crate) async fn take(
        &self,
        transaction: &mut Transaction,
        purpose: &str,
        link: &str,
    ) -> Result<Option<PendingLink>, sqlx::Error> {
        sqlx::query_as(
            "UPDATE identity_mail_links SET used_at_ms = $1 \
             WHERE hash = $2 AND purpose = $3 AND used_at_ms IS NULL AND expires_at_ms > $1 \
             RETURNING account_id, email, name, password_hash",
        )
        .bind(self.clock.now_ms())
        .bind(SecretHash::of(link).as_bytes())
        .bind(purpose)
        .fetch_optional(&mut **transaction)
        .await
    }

    /// Makes the account that a link stands for; `false` if the link is not good, or the address was taken meanwhile.
    pub(crate) async fn make_account(&self, link: &str, accounts: &Accounts) -> Result<bool, sqlx::Error> {
        let mut transaction = self.db.transaction().await?;
        let Some(pending) = self.take(&mut transaction, "register", link).await? else { return Ok(false) };
        let name = pending.name.unwrap_or_default();
        let new = NewAccount {
            email: &pending.email,
            password_hash: pending.password_hash.unwrap_or_default(),
            name: Some(&name),
            role: Role::Owner,
            plan: Plan::Basic,
            is_demo: false,
            profiles: &[NewProfile { name: &name, colour: FIRST_COLOUR, maturity_ceiling: None }],
            now_ms: self.clock.now_ms(),
        };
        // Together: a link that was used up for nothing could not be sent again.
        let account = accounts.add_in(&mut transaction, new).await?;
        transaction.commit().await?;
        Ok(account.is_some())
    }

    pub(crate) async fn sweep(&self) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM identity_mail_links WHERE expires_at_ms < $1")
            .bind(self.clock.now_ms())
            .execute(self.db.writer())
            .await
            .map(drop)
    }
}
