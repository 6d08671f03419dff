//! E-mail and password, checked the same way on every page that asks for them.

use super::{demo, passwords::HashRefused, throttle::Attempt};
use crate::{app::Shared, clock::SECOND_MS};
use axum::http::StatusCode;
use service_api::AccountId;

/// Longest e-mail address that is looked at (RFC 5321 allows 254).
pub(crate) const MAX_EMAIL: usize = 254;

/// Why somebody is not let in.
#[derive(Debug)]
pub(crate) enum Refusal {
    WrongCredentials,
    TooOften { wait_ms: i64 },
    Busy,
    Failed(sqlx::Error),
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error)
    }
}

impl Refusal {
    /// Status, sentence and seconds to wait, for a page.
    pub(crate) fn explained(&self) -> (StatusCode, String, Option<i64>) {
        match self {
            Self::WrongCredentials => {
                let text = "That e-mail and password do not match. Check both and try again.";
                (StatusCode::UNPROCESSABLE_ENTITY, text.to_owned(), None)
            }
            Self::TooOften { wait_ms } => {
                let seconds = (wait_ms + SECOND_MS - 1) / SECOND_MS;
                let text = format!("Too many attempts. Try again in {}.", waiting(seconds));
                (StatusCode::TOO_MANY_REQUESTS, text, Some(seconds))
            }
            Self::Busy => {
                let text = "Many people are signing in right now. Try again in a moment.";
                (StatusCode::SERVICE_UNAVAILABLE, text.to_owned(), Some(2))
            }
            Self::Failed(error) => {
                tracing::error!(%error, "a sign-in failed");
                let text = "Something went wrong on the server. Please try again.";
                (StatusCode::INTERNAL_SERVER_ERROR, text.to_owned(), None)
            }
        }
    }
}

/// Compares the credentials. Unknown accounts are counted, hashed and answered like known ones. A hash that is cheaper
/// than hashes are made now is replaced while the password is at hand.
pub(crate) async fn check(app: &Shared, attempt: Attempt<'_>, password: &str) -> Result<AccountId, Refusal> {
    let identity = &app.identity;
    let begun = identity.throttle.begin(attempt, identity.clock.now_ms());
    begun.map_err(|wait_ms| Refusal::TooOften { wait_ms })?;
    let not_tried = |refusal| {
        identity.throttle.undone(attempt);
        refusal
    };
    let known =
        identity.accounts.credentials(attempt.email).await.map_err(|error| not_tried(Refusal::Failed(error)))?;
    let (account, stored) = known.map(|known| (known.account, known.password_hash)).unzip();
    let is_right = match identity.passwords.verify(password.to_owned(), stored.clone()).await {
        Ok(is_right) => is_right,
        Err(HashRefused::Busy | HashRefused::Failed) => return Err(not_tried(Refusal::Busy)),
    };
    let (Some(account), Some(stored), true) = (account, stored, is_right) else {
        return Err(Refusal::WrongCredentials);
    };
    identity.throttle.succeeded(attempt);
    if identity.passwords.is_cheap(&stored) {
        match identity.passwords.hash(password.to_owned()).await {
            Ok(better) => identity.accounts.rehash(&account, &stored, &better).await?,
            // Next time, then.
            Err(error) => tracing::debug!(%error, "a password was not hashed anew"),
        }
    }
    Ok(account)
}

/// The one-click buttons of demo mode. Their password is on the page, so not asking for it gives nothing away.
pub(crate) async fn demo_account(app: &Shared, email: &str) -> Result<AccountId, Refusal> {
    if !demo::ACCOUNTS.iter().any(|account| account.email == email) {
        return Err(Refusal::WrongCredentials);
    }
    let known = app.identity.accounts.credentials(email).await?;
    known.map(|known| known.account).ok_or(Refusal::WrongCredentials)
}

fn waiting(seconds: i64) -> String {
    match seconds {
        1 => "one second".to_owned(),
        2..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", (seconds + 59) / 60),
    }
}
