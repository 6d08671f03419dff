//! Changing what accounts may do. There is always somebody who may do everything.

use super::{accounts::Accounts, ending::end_account};
use crate::store::{Db, Transaction};
use service_api::{AccountId, identity::Role};

/// What came of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RoleOutcome {
    Changed,
    /// No such account.
    Unknown,
    /// It is the last admin.
    LastAdmin,
}

/// Changes roles and removes accounts.
#[derive(Clone, Debug)]
pub(crate) struct Roles {
    db: Db,
}

impl Roles {
    pub(crate) fn new(db: Db) -> Self {
        Self { db }
    }

    /// Gives an account a role. Its tokens and browsers are signed out: what they were granted for has changed.
    pub(crate) async fn set(&self, account: &AccountId, role: Role, now_ms: i64) -> Result<RoleOutcome, sqlx::Error> {
        let mut transaction = self.guarded().await?;
        let changed = sqlx::query(
            "UPDATE identity_accounts SET role = $1, updated_at_ms = $2 WHERE id = $3 AND \
             ($1 = 'admin' OR role <> 'admin' OR (SELECT COUNT(*) FROM identity_accounts WHERE role = 'admin') > 1)",
        )
        .bind(role.name())
        .bind(now_ms)
        .bind(account.as_str())
        .execute(&mut *transaction)
        .await?;
        if changed.rows_affected() == 0 {
            return self.why_not(account).await;
        }
        end_account(&mut transaction, account, None, now_ms).await?;
        transaction.commit().await?;
        Ok(RoleOutcome::Changed)
    }

    /// Removes an account with everything that identity knows of it.
    pub(crate) async fn remove(&self, account: &AccountId, now_ms: i64) -> Result<RoleOutcome, sqlx::Error> {
        let mut transaction = self.guarded().await?;
        // Some rows name the account without belonging to it. Undone if it stays.
        end_account(&mut transaction, account, None, now_ms).await?;
        let removed = sqlx::query(
            "DELETE FROM identity_accounts WHERE id = $1 AND \
             (role <> 'admin' OR (SELECT COUNT(*) FROM identity_accounts WHERE role = 'admin') > 1)",
        )
        .bind(account.as_str())
        .execute(&mut *transaction)
        .await?;
        if removed.rows_affected() == 0 {
            return self.why_not(account).await;
        }
        transaction.commit().await?;
        Ok(RoleOutcome::Changed)
    }

    /// Whoever changes admins holds this row, so that two who demote each other take turns.
    async fn guarded(&self) -> Result<Transaction, sqlx::Error> {
        let mut transaction = self.db.transaction().await?;
        sqlx::query("UPDATE identity_guards SET touched = touched + 1 WHERE name = 'admins'")
            .execute(&mut *transaction)
            .await?;
        Ok(transaction)
    }

    async fn why_not(&self, account: &AccountId) -> Result<RoleOutcome, sqlx::Error> {
        let accounts = Accounts::new(self.db.clone(), true);
        Ok(if accounts.person(account).await?.is_some() { RoleOutcome::LastAdmin } else { RoleOutcome::Unknown })
    }
}
