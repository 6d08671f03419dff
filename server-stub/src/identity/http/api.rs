//! The account's API.

use super::super::roles::RoleOutcome;
use crate::{
    app::Shared,
    gateway::{ApiError, ApiJson, Principal, extract::Pairs},
};
use axum::{
    Json,
    extract::{Path, RawQuery, State},
    http::StatusCode,
};
use service_api::{
    AccountId,
    identity::{Account, AccountSummary, Device, Profile, RoleChange},
    problem::ProblemCode,
};

/// Shortest part of an address that accounts are looked up by, in characters.
const MIN_SEARCH: usize = 3;

/// `GET /v1/me`.
pub(crate) async fn me(State(app): State<Shared>, who: Principal) -> Result<Json<Account>, ApiError> {
    let account = app.identity.accounts.account(&who.account).await?;
    account.map(Json).ok_or_else(|| ApiError::not_found("account"))
}

/// `GET /v1/profiles`.
pub(crate) async fn profiles(State(app): State<Shared>, who: Principal) -> Result<Json<Vec<Profile>>, ApiError> {
    Ok(Json(app.identity.accounts.profiles(&who.account).await?))
}

/// `GET /v1/account/devices`.
pub(crate) async fn devices(State(app): State<Shared>, who: Principal) -> Result<Json<Vec<Device>>, ApiError> {
    Ok(Json(app.identity.signed_in.list(&who.account, &who.family).await?))
}

/// `DELETE /v1/account/devices/{device}`. Somebody else's is not told from one that does not exist.
pub(crate) async fn end_device(
    State(app): State<Shared>,
    Path(device): Path<String>,
    who: Principal,
) -> Result<StatusCode, ApiError> {
    if app.identity.signed_in.end(&who.account, &device).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        tracing::info!(account = who.account.as_str(), "a device was to be ended that is not the account's");
        Err(ApiError::not_found("device"))
    }
}

/// `GET /v1/admin/accounts?email=`.
pub(crate) async fn find_accounts(
    State(app): State<Shared>,
    RawQuery(query): RawQuery,
    _who: Principal,
) -> Result<Json<Vec<AccountSummary>>, ApiError> {
    let query = Pairs::parse(&query.unwrap_or_default());
    let part = query.get("email").filter(|part| part.chars().count() >= MIN_SEARCH && part.len() <= 254);
    let part = part.ok_or_else(|| ApiError::invalid("email: at least three characters of the address"))?;
    Ok(Json(app.identity.accounts.search(part).await?))
}

/// `PUT /v1/admin/accounts/{account}/role`.
pub(crate) async fn set_role(
    State(app): State<Shared>,
    Path(account): Path<String>,
    who: Principal,
    ApiJson(change): ApiJson<RoleChange>,
) -> Result<StatusCode, ApiError> {
    let outcome = app.identity.roles.set(&AccountId(account.clone()), change.role, app.clock.now_ms()).await?;
    tracing::info!(by = who.account.as_str(), %account, role = change.role.name(), ?outcome, "a role was to be changed");
    answer(outcome)
}

/// `DELETE /v1/admin/accounts/{account}`.
pub(crate) async fn remove_account(
    State(app): State<Shared>,
    Path(account): Path<String>,
    who: Principal,
) -> Result<StatusCode, ApiError> {
    let outcome = app.identity.roles.remove(&AccountId(account.clone()), app.clock.now_ms()).await?;
    tracing::info!(by = who.account.as_str(), %account, ?outcome, "an account was to be removed");
    answer(outcome)
}

fn answer(outcome: RoleOutcome) -> Result<StatusCode, ApiError> {
    match outcome {
        RoleOutcome::Changed => Ok(StatusCode::NO_CONTENT),
        RoleOutcome::Unknown => Err(ApiError::not_found("account")),
        RoleOutcome::LastAdmin => {
            let title = "Somebody must stay admin";
            Err(ApiError::new(StatusCode::CONFLICT, ProblemCode::Forbidden, title)
                .detail("make another account admin first"))
        }
    }
}
