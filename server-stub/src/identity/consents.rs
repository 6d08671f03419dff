//! What people have allowed apps of others.

use super::grant;
use crate::store::Db;
use service_api::AccountId;

/// The consents.
#[derive(Clone, Debug)]
pub(crate) struct Consents {
    db: Db,
}

impl Consents {
    pub(crate) fn new(db: Db) -> Self {
        Self { db }
    }

    /// Was all of the scope allowed before?
    pub(crate) async fn covers(&self, account: &AccountId, client: &str, scope: &str) -> Result<bool, sqlx::Error> {
        let known: Option<String> =
            sqlx::query_scalar("SELECT scope FROM identity_consents WHERE account_id = $1 AND client_id = $2")
                .bind(account.as_str())
                .bind(client)
                .fetch_optional(self.db.reader())
                .await?;
        Ok(known.is_some_and(|known| scope.split(' ').all(|one| grant::contains(&known, one))))
    }

    /// Remembers what was allowed, instead of what was before.
    pub(crate) async fn remember(
        &self,
        account: &AccountId,
        client: &str,
        scope: &str,
        now_ms: i64,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO identity_consents (account_id, client_id, scope, granted_at_ms) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (account_id, client_id) DO UPDATE \
             SET scope = excluded.scope, granted_at_ms = excluded.granted_at_ms",
        )
        .bind(account.as_str())
        .bind(client)
        .bind(scope)
        .bind(now_ms)
        .execute(self.db.writer())
        .await
        .map(drop)
    }

    /// Forgets what an app was allowed, when its last sign-in is ended by its owner.
    pub(crate) async fn forget(&self, account: &AccountId, client: &str) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM identity_consents WHERE account_id = $1 AND client_id = $2")
            .bind(account.as_str())
            .bind(client)
            .execute(self.db.writer())
            .await
            .map(drop)
    }
}
