//! Profiles over HTTP.

use super::{PinOutcome, details::Detail};
use crate::{
    app::{App, Shared},
    catalog::Summaries,
    gateway::{ApiError, ApiJson, Principal},
    identity::ProfileFields,
};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use service_api::{
    ProfileId, TitleId,
    catalog::TitleSummary,
    identity::Profile,
    problem::ProblemCode,
    profile::{Pin, ProfileChange, ProfileDetails, Rating},
};
use std::collections::BTreeMap;

/// Profiles of one account.
const MAX_PROFILES: u32 = 8;
/// Longest name, in characters.
const MAX_NAME: usize = 32;
/// Longest name of a picture or a language.
const MAX_TAG: usize = 32;
/// The ceiling of a profile for children that names none.
const KIDS_CEILING: u8 = 7;
/// What takes a ceiling away.
const NO_CEILING: u8 = 99;

/// `POST /v1/profiles`.
pub(crate) async fn create(
    State(app): State<Shared>,
    who: Principal,
    ApiJson(change): ApiJson<ProfileChange>,
) -> Result<(StatusCode, Json<ProfileDetails>), ApiError> {
    may_manage(&app, &who).await?;
    check(&change)?;
    let name = change.name.clone().ok_or_else(|| ApiError::invalid("name is missing"))?;
    let detail = changed(Detail::default(), &change);
    let fields = ProfileFields {
        name,
        colour: change.colour.clone().unwrap_or_else(|| "#2F6BFF".to_owned()),
        maturity_ceiling: ceiling(None, &change, detail.kids),
    };
    let added = app.identity.accounts.add_profile(&who.account, &fields, MAX_PROFILES).await?;
    let id = added.ok_or_else(|| {
        ApiError::new(StatusCode::CONFLICT, ProblemCode::LimitReached, "An account has at most eight profiles")
    })?;
    app.details.set(&id, &detail).await?;
    Ok((StatusCode::CREATED, Json(details_of(&app, &who, &id).await?)))
}

/// `GET /v1/profiles/{profile}`. Needs no PIN: whoever chooses a profile must see which there are.
pub(crate) async fn show(
    State(app): State<Shared>,
    who: Principal,
    Path(id): Path<ProfileId>,
) -> Result<Json<ProfileDetails>, ApiError> {
    Ok(Json(details_of(&app, &who, &id).await?))
}

/// `PATCH /v1/profiles/{profile}`.
pub(crate) async fn change(
    State(app): State<Shared>,
    who: Principal,
    Path(id): Path<ProfileId>,
    ApiJson(change): ApiJson<ProfileChange>,
) -> Result<Json<ProfileDetails>, ApiError> {
    let before = own(&app, &who, &id).await?;
    may_manage(&app, &who).await?;
    check(&change)?;
    let detail = changed(app.details.get(&id).await?, &change);
    let fields = ProfileFields {
        name: change.name.clone().unwrap_or(before.name),
        colour: change.colour.clone().unwrap_or(before.colour),
        maturity_ceiling: ceiling(before.maturity_ceiling, &change, detail.kids),
    };
    app.identity.accounts.change_profile(&who.account, &id, &fields).await?;
    app.details.set(&id, &detail).await?;
    Ok(Json(details_of(&app, &who, &id).await?))
}

/// `DELETE /v1/profiles/{profile}`, with all that belongs to it. The last one stays.
pub(crate) async fn remove(
    State(app): State<Shared>,
    who: Principal,
    Path(id): Path<ProfileId>,
) -> Result<StatusCode, ApiError> {
    own(&app, &who, &id).await?;
    may_manage(&app, &who).await?;
    if !app.identity.accounts.remove_profile(&who.account, &id).await? {
        let title = "The last profile of an account cannot be removed";
        return Err(ApiError::new(StatusCode::CONFLICT, ProblemCode::LimitReached, title));
    }
    app.details.forget(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `PUT /v1/profiles/{profile}/pin`.
pub(crate) async fn set_pin(
    State(app): State<Shared>,
    who: Principal,
    Path(id): Path<ProfileId>,
    ApiJson(Pin { pin }): ApiJson<Pin>,
) -> Result<StatusCode, ApiError> {
    own(&app, &who, &id).await?;
    may_manage(&app, &who).await?;
    // A sign-in that does not know the PIN must not replace it.
    if !app.pins.may_use(&id, &who.family).await? {
        return Err(pin_required());
    }
    let is_pin = (4..=8).contains(&pin.len()) && pin.bytes().all(|byte| byte.is_ascii_digit());
    if !is_pin && !pin.is_empty() {
        return Err(ApiError::invalid("pin must be four to eight digits, or empty to take it away"));
    }
    app.pins.set(&id, Some(pin.as_str()).filter(|pin| !pin.is_empty()), &who.family).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /v1/profiles/{profile}/unlock`.
pub(crate) async fn unlock(
    State(app): State<Shared>,
    who: Principal,
    Path(id): Path<ProfileId>,
    ApiJson(Pin { pin }): ApiJson<Pin>,
) -> Result<StatusCode, ApiError> {
    own(&app, &who, &id).await?;
    match app.pins.unlock(&id, &pin, &who.family).await? {
        PinOutcome::Unlocked => Ok(StatusCode::NO_CONTENT),
        PinOutcome::Wrong => Err(ApiError::new(StatusCode::FORBIDDEN, ProblemCode::PinWrong, "The PIN is wrong")),
        PinOutcome::Locked(seconds) => {
            let title = "The PIN was wrong too often";
            let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, ProblemCode::PinWrong, title);
            Err(error.retry_after(seconds))
        }
    }
}

/// `GET /v1/profiles/{profile}/list`.
pub(crate) async fn my_list(
    State(app): State<Shared>,
    who: Principal,
    Path(id): Path<ProfileId>,
) -> Result<Json<Vec<TitleSummary>>, ApiError> {
    let viewer = app.viewer(&who, &id).await?;
    let watched: BTreeMap<_, _> = app.positions.all(&id).await?.into_iter().collect();
    let media = app.catalog.state();
    let summaries = Summaries { media: &media, viewer, watched: &watched };
    // What the profile may no longer see is still on the list, and not shown.
    let listed = app.taste.list(&id).await?.into_iter().filter_map(|title| app.catalog.visible(&title, viewer).ok());
    Ok(Json(listed.map(|entry| summaries.summary(&entry)).collect()))
}

/// `PUT /v1/profiles/{profile}/list/{title}`.
pub(crate) async fn add_to_list(
    State(app): State<Shared>,
    who: Principal,
    Path((id, title)): Path<(ProfileId, TitleId)>,
) -> Result<StatusCode, ApiError> {
    visible(&app, &who, &id, &title).await?;
    if !app.taste.add(&id, &title).await? {
        return Err(ApiError::new(StatusCode::CONFLICT, ProblemCode::LimitReached, "The list is full"));
    }
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /v1/profiles/{profile}/list/{title}`. What is not on it is gone already.
pub(crate) async fn remove_from_list(
    State(app): State<Shared>,
    who: Principal,
    Path((id, title)): Path<(ProfileId, TitleId)>,
) -> Result<StatusCode, ApiError> {
    app.viewer(&who, &id).await?;
    app.taste.remove(&id, &title).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /v1/profiles/{profile}/ratings/{title}`.
pub(crate) async fn rating(
    State(app): State<Shared>,
    who: Principal,
    Path((id, title)): Path<(ProfileId, TitleId)>,
) -> Result<Json<Rating>, ApiError> {
    visible(&app, &who, &id, &title).await?;
    let thumbs = app.taste.rating(&id, &title).await?.ok_or_else(|| ApiError::not_found("rating"))?;
    Ok(Json(Rating { thumbs }))
}

/// `PUT /v1/profiles/{profile}/ratings/{title}`.
pub(crate) async fn rate(
    State(app): State<Shared>,
    who: Principal,
    Path((id, title)): Path<(ProfileId, TitleId)>,
    ApiJson(Rating { thumbs }): ApiJson<Rating>,
) -> Result<StatusCode, ApiError> {
    if !matches!(thumbs, -1 | 1 | 2) {
        return Err(ApiError::invalid("thumbs must be -1, 1 or 2"));
    }
    visible(&app, &who, &id, &title).await?;
    app.taste.rate(&id, &title, Some(thumbs)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /v1/profiles/{profile}/ratings/{title}`.
pub(crate) async fn unrate(
    State(app): State<Shared>,
    who: Principal,
    Path((id, title)): Path<(ProfileId, TitleId)>,
) -> Result<StatusCode, ApiError> {
    app.viewer(&who, &id).await?;
    app.taste.rate(&id, &title, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) fn pin_required() -> ApiError {
    ApiError::new(StatusCode::FORBIDDEN, ProblemCode::PinRequired, "The profile is locked").detail("Send its PIN")
}

async fn visible(app: &App, who: &Principal, profile: &ProfileId, title: &TitleId) -> Result<(), ApiError> {
    let viewer = app.viewer(who, profile).await?;
    app.catalog.visible(title, viewer).map(drop)
}

async fn own(app: &App, who: &Principal, id: &ProfileId) -> Result<Profile, ApiError> {
    let profile = app.identity.accounts.profile(&who.account, id).await?;
    profile.ok_or_else(|| ApiError::not_own("profile", &who.account))
}

/// Where some profile has a PIN, only who has given that of one without a ceiling may change profiles: a child holds
/// the same sign-in.
pub(crate) async fn may_manage(app: &App, who: &Principal) -> Result<(), ApiError> {
    let mut is_guarded = false;
    for profile in app.identity.accounts.profiles(&who.account).await? {
        if profile.maturity_ceiling.is_none() && app.pins.is_set(&profile.id).await? {
            is_guarded = true;
            if app.pins.may_use(&profile.id, &who.family).await? {
                return Ok(());
            }
        }
    }
    if is_guarded { Err(pin_required()) } else { Ok(()) }
}

/// A profile of the account, whole.
pub(crate) async fn details_of(app: &App, who: &Principal, id: &ProfileId) -> Result<ProfileDetails, ApiError> {
    let profile = own(app, who, id).await?;
    let Detail { avatar, language, kids } = app.details.get(id).await?;
    Ok(ProfileDetails { profile, avatar, language, kids, has_pin: app.pins.is_set(id).await? })
}

fn changed(detail: Detail, change: &ProfileChange) -> Detail {
    Detail {
        avatar: change.avatar.clone().unwrap_or(detail.avatar),
        language: change.language.clone().unwrap_or(detail.language),
        kids: change.kids.unwrap_or(detail.kids),
    }
}

/// A profile for children always has a ceiling.
fn ceiling(before: Option<u8>, change: &ProfileChange, kids: bool) -> Option<u8> {
    let wanted = change.maturity_ceiling.map_or(before, |wanted| Some(wanted).filter(|wanted| *wanted < NO_CEILING));
    if kids { Some(wanted.unwrap_or(KIDS_CEILING)) } else { wanted }
}

fn check(change: &ProfileChange) -> Result<(), ApiError> {
    let is_name = |name: &String| {
        let length = name.trim().chars().count();
        name.trim() == name && (1..=MAX_NAME).contains(&length) && !name.chars().any(char::is_control)
    };
    let is_colour = |colour: &String| {
        colour.strip_prefix('#').is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    let is_tag =
        |tag: &String| tag.len() <= MAX_TAG && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let checks = [
        (change.name.as_ref().is_none_or(is_name), "name must have 1 to 32 characters, none of them a control"),
        (change.colour.as_ref().is_none_or(is_colour), "colour must be #RRGGBB"),
        (change.avatar.as_ref().is_none_or(is_tag), "avatar must have at most 32 of A-Z a-z 0-9 -"),
        (change.language.as_ref().is_none_or(is_tag), "language must be a tag such as en or pt-BR"),
        (change.maturity_ceiling.is_none_or(|age| age <= NO_CEILING), "maturity_ceiling must be 0 to 99"),
    ];
    match checks.into_iter().find(|(is_good, _)| !is_good) {
        Some((_, what)) => Err(ApiError::invalid(what)),
        None => Ok(()),
    }
}
