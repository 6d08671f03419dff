//! Erasing an account: who may, and what identity forgets.

use super::{Identity, credentials, credentials::Refusal, roles::RoleOutcome, throttle::Attempt};
use crate::{
    app::Shared,
    clock::SECOND_MS,
    gateway::{ApiError, Principal},
};
use axum::http::StatusCode;
use service_api::{AccountId, identity::Device, problem::ProblemCode};

/// How long after signing in who has no password may erase the account.
const RECENT_S: f64 = 600.0;

impl Identity {
    /// Where the account is signed in; `family` is who asks.
    pub(crate) async fn sign_ins(&self, account: &AccountId, family: &str) -> Result<Vec<Device>, sqlx::Error> {
        self.signed_in.list(account, family).await
    }

    /// May whoever asks erase the account? An open app is not enough: it may be in other hands.
    pub(crate) async fn authorise_erasure(
        &self,
        app: &Shared,
        who: &Principal,
        password: Option<String>,
    ) -> Result<(), ApiError> {
        let refused = |title: &str| ApiError::new(StatusCode::FORBIDDEN, ProblemCode::Forbidden, title);
        if who.grant.is_third_party {
            return Err(refused("An app of somebody else cannot erase an account"));
        }
        if self.accounts.is_demo(&who.account).await? {
            return Err(refused("A demo account is everybody's, and cannot be erased"));
        }
        let person = self.accounts.person(&who.account).await?.ok_or_else(|| ApiError::not_found("account"))?;
        if !person.has_password {
            let own = self.sign_ins(&who.account, &who.family).await?.into_iter().find(|device| device.is_current);
            let now_s = self.clock.now_ms() as f64 / SECOND_MS as f64;
            let is_recent = own.is_some_and(|device| now_s - device.signed_in_at_s <= RECENT_S);
            return if is_recent {
                Ok(())
            } else {
                Err(refused("Sign in again, then erase the account within ten minutes"))
            };
        }
        // This app is known to be the account's, so its tries count by themselves.
        let attempt = Attempt { email: &person.email, address: who.address, known: Some(&who.family) };
        match credentials::check(app, attempt, password.as_deref().unwrap_or_default()).await {
            Ok(_) => Ok(()),
            Err(Refusal::WrongCredentials) => Err(refused("The password is not right")),
            Err(Refusal::TooOften { wait_ms }) => {
                let seconds = u32::try_from((wait_ms + SECOND_MS - 1) / SECOND_MS).unwrap_or(u32::MAX);
                let title = "The password was wrong too often";
                let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, ProblemCode::RateLimited, title);
                Err(error.retry_after(seconds))
            }
            Err(Refusal::Busy) => Err(ApiError::busy()),
            Err(Refusal::Failed(error)) => Err(error.into()),
        }
    }

    /// Removes the account with everything that identity knows of it, and signs it out everywhere.
    pub(crate) async fn erase(&self, account: &AccountId) -> Result<(), ApiError> {
        match self.roles.remove(account, self.clock.now_ms()).await? {
            // Gone already: asked for twice.
            RoleOutcome::Changed | RoleOutcome::Unknown => Ok(()),
            RoleOutcome::LastAdmin => {
                let title = "Somebody must stay admin";
                let error = ApiError::new(StatusCode::CONFLICT, ProblemCode::Forbidden, title);
                Err(error.detail("make another account admin first"))
            }
        }
    }
}
