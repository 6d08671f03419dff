//! Ending what an account, or an app, was given: whatever could still become a sign-in goes with the sign-ins.
//!
//! The order of the statements matters where transactions run side by side. What makes something new out of something
//! old (a code out of a browser's session, tokens out of a code) writes the old row first, in the transaction that adds
//! the new one. Here the old rows are ended before the new ones: who came first has committed by then and is seen, who
//! comes later finds the old row gone.

use super::{oauth::tokens, sessions};
use crate::store::Transaction;
use service_api::AccountId;

/// Signs an account out everywhere, but in the browser session `but`: browsers, unexchanged codes, approved devices,
/// links to set a password, apps.
pub(crate) async fn end_account(
    transaction: &mut Transaction,
    account: &AccountId,
    but: Option<&str>,
    now_ms: i64,
) -> Result<(), sqlx::Error> {
    sessions::close_all(transaction, account, but).await?;
    sqlx::query("UPDATE identity_mail_links SET used_at_ms = $1 WHERE account_id = $2 AND used_at_ms IS NULL")
        .bind(now_ms)
        .bind(account.as_str())
        .execute(&mut **transaction)
        .await?;
    sqlx::query("UPDATE identity_authorization_codes SET used_at_ms = $1 WHERE account_id = $2 AND used_at_ms IS NULL")
        .bind(now_ms)
        .bind(account.as_str())
        .execute(&mut **transaction)
        .await?;
    sqlx::query("UPDATE identity_device_codes SET state = 'denied' WHERE account_id = $1 AND state = 'approved'")
        .bind(account.as_str())
        .execute(&mut **transaction)
        .await?;
    tokens::revoke_account(transaction, account, now_ms).await
}

/// Ends everything that an app was given, by whomever.
pub(crate) async fn end_client(transaction: &mut Transaction, client: &str, now_ms: i64) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM identity_pushed_requests WHERE client_id = $1")
        .bind(client)
        .execute(&mut **transaction)
        .await?;
    sqlx::query("DELETE FROM identity_consents WHERE client_id = $1").bind(client).execute(&mut **transaction).await?;
    sqlx::query("UPDATE identity_authorization_codes SET used_at_ms = $1 WHERE client_id = $2 AND used_at_ms IS NULL")
        .bind(now_ms)
        .bind(client)
        .execute(&mut **transaction)
        .await?;
    sqlx::query(
        "UPDATE identity_device_codes SET state = 'denied' WHERE client_id = $1 AND state IN ('pending', 'approved')",
    )
    .bind(client)
    .execute(&mut **transaction)
    .await?;
    sqlx::query("UPDATE identity_token_families SET revoked_at_ms = $1 WHERE client_id = $2 AND revoked_at_ms IS NULL")
        .bind(now_ms)
        .bind(client)
        .execute(&mut **transaction)
        .await
        .map(drop)
}
