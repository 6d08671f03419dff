//! Which account somebody at another provider is.

use super::{
    super::accounts::{Accounts, NewAccount, NewProfile},
    FederationError,
    provider::ExternalPerson,
};
use crate::{entitlement::Plan, store::Db};
use service_api::{AccountId, identity::Role};

/// Colour of a new account's first profile.
const FIRST_COLOUR: &str = "#2FA36B";

/// The account of a person, found or made; `None` if there is one with his address that was not confirmed to be his.
pub(super) async fn account(
    db: &Db,
    accounts: &Accounts,
    provider: &str,
    person: &ExternalPerson,
    now_ms: i64,
) -> Result<Option<AccountId>, FederationError> {
    if let Some(account) = linked(db, provider, &person.sub).await? {
        return Ok(Some(account));
    }
    let Some(email) = person.email.as_deref().filter(|_| person.email_verified) else { return Ok(None) };
    let account = match accounts.credentials(email).await? {
        Some(known) => {
            // An address that only one side has confirmed may be somebody else's.
            let is_confirmed = accounts.person(&known.account).await?.is_some_and(|person| person.is_email_verified);
            if !is_confirmed || accounts.is_demo(&known.account).await? {
                return Ok(None);
            }
            known.account
        }
        None => {
            let name: String = person.name.as_deref().unwrap_or("Me").chars().take(60).collect();
            let new = NewAccount {
                email,
                password_hash: String::new(),
                name: Some(&name),
                role: Role::Owner,
                plan: Plan::Basic,
                is_demo: false,
                profiles: &[NewProfile { name: &name, colour: FIRST_COLOUR, maturity_ceiling: None }],
                now_ms,
            };
            let Some(account) = accounts.add(new).await? else { return Ok(None) };
            account
        }
    };
    sqlx::query(
        "INSERT INTO identity_external_logins (provider, subject, account_id, created_at_ms) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (provider, subject) DO NOTHING",
    )
    .bind(provider)
    .bind(&person.sub)
    .bind(account.as_str())
    .bind(now_ms)
    .execute(db.writer())
    .await?;
    // Of two who came at once, both are whom the first was linked to.
    Ok(linked(db, provider, &person.sub).await?)
}

async fn linked(db: &Db, provider: &str, subject: &str) -> Result<Option<AccountId>, sqlx::Error> {
    let account: Option<String> = sqlx::query_scalar(
        "SELECT login.account_id FROM identity_external_logins AS login \
         JOIN identity_accounts AS account ON account.id = login.account_id \
         WHERE login.provider = $1 AND login.subject = $2 AND account.disabled_at_ms IS NULL",
    )
    .bind(provider)
    .bind(subject)
    .fetch_optional(db.writer())
    .await?;
    Ok(account.map(AccountId))
}
