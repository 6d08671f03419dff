//! The account's own routes.

use crate::{
    app::{App, Shared},
    entitlement::{Plan, Revoked},
    gateway::{ApiError, ApiJson, Principal},
    identity::plan_name,
    profiles::{details_of, may_manage},
};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use service_api::{
    account::{
        AccountDetails, AccountExport, Consents, EraseAccount, PlanTerms, ProfileExport, RatedTitle, WatchedTitle,
    },
    profile::Rating,
};

/// `GET /v1/account`.
pub(super) async fn account(State(app): State<Shared>, who: Principal) -> Result<Json<AccountDetails>, ApiError> {
    Ok(Json(details(&app, &who).await?))
}

async fn details(app: &App, who: &Principal) -> Result<AccountDetails, ApiError> {
    let accounts = &app.identity.accounts;
    let gone = || ApiError::not_found("account");
    let person = accounts.person(&who.account).await?.ok_or_else(gone)?;
    let plan = accounts.plan(&who.account).await?.ok_or_else(gone)?;
    let terms = |plan: Plan| {
        let terms = app.entitlement.plans.of(plan);
        PlanTerms {
            name: plan_name(plan).to_owned(),
            streams: terms.streams,
            devices: terms.devices,
            quality: terms.quality,
            offline: terms.offline,
        }
    };
    Ok(AccountDetails {
        id: who.account.clone(),
        name: person.name().to_owned(),
        is_email_verified: person.is_email_verified,
        has_password: person.has_password,
        plan: terms(plan),
        plans: vec![terms(Plan::Basic), terms(Plan::Premium)],
        consents: app.consents.of(&who.account).await?,
        email: person.email,
    })
}

/// `PUT /v1/account/consents`.
pub(super) async fn set_consents(
    State(app): State<Shared>,
    who: Principal,
    ApiJson(consents): ApiJson<Consents>,
) -> Result<StatusCode, ApiError> {
    may_manage(&app, &who).await?;
    app.consents.set(&who.account, consents).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /v1/account/export`.
pub(super) async fn export(State(app): State<Shared>, who: Principal) -> Result<Response, ApiError> {
    may_manage(&app, &who).await?;
    let mut profiles = Vec::new();
    for profile in app.identity.accounts.profiles(&who.account).await? {
        let id = profile.id;
        let watched = app.positions.all(&id).await?;
        let rated = app.taste.ratings(&id).await?;
        profiles.push(ProfileExport {
            profile: details_of(&app, &who, &id).await?,
            watched: watched.into_iter().map(|(title, progress)| WatchedTitle { title: title.0, progress }).collect(),
            list: app.taste.list(&id).await?.into_iter().map(|title| title.0).collect(),
            ratings: rated
                .into_iter()
                .map(|(title, thumbs)| RatedTitle { title: title.0, rating: Rating { thumbs } })
                .collect(),
        });
    }
    let document = AccountExport {
        made_at_ms: app.clock.now_ms(),
        account: details(&app, &who).await?,
        profiles,
        sign_ins: app.identity.sign_ins(&who.account, &who.family).await?,
        playback_devices: app.entitlement.devices.all(&who.account, &app.entitlement.leases).await?,
        support: app.support.of(&who.account).await?,
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(document)).into_response())
}

/// `POST /v1/account/erase`. Identity comes last: as long as the account is there, whoever was interrupted can ask again.
pub(super) async fn erase(
    State(app): State<Shared>,
    who: Principal,
    ApiJson(erase): ApiJson<EraseAccount>,
) -> Result<StatusCode, ApiError> {
    app.identity.authorise_erasure(&app, &who, erase.password).await?;
    tracing::info!(target: "server_stub::audit", account = who.account.as_str(), "an account is erased by its owner");
    // What was granted is void before it is forgotten.
    app.revoke(&Revoked::Account(who.account.clone())).await?;
    app.entitlement.forget_account(&who.account).await?;
    app.kept.forget(&who.account).await?;
    for profile in app.identity.accounts.profiles(&who.account).await? {
        app.details.forget(&profile.id).await?;
    }
    app.support.forget(&who.account).await?;
    app.consents.forget(&who.account).await?;
    app.identity.erase(&who.account).await?;
    Ok(StatusCode::NO_CONTENT)
}
