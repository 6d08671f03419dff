//! `/v1/playback`: its start, its heartbeats, its end, and the devices that have asked for it.

use super::{
    Decision, Purpose, Revoked, Step, StoredGrant, decide,
    devices::Claimant,
    gate::Wanted,
    grants::{Added, NewGrant},
};
use crate::{
    app::{App, Shared},
    gateway::{ApiError, ApiJson, Principal},
    ingest::MediaState,
};
use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use service_api::{
    GrantId,
    catalog::Protection,
    playback::{Heartbeat, HeartbeatAnswer, PlaybackDevice, PlaybackGrant, PlaybackStart, RegisteredDevice},
    problem::ProblemCode,
    routes,
};

/// File name of the multivariant playlist in every title's folder.
const MANIFEST: &str = "master.m3u8";

/// How soon to ask again for a title that is being made, in seconds.
const NOT_READY_RETRY_S: u32 = 5;

/// Longest name that a client may give to a request or a device.
const MAX_NAME: usize = 64;

/// Decides, takes a stream, and hands out a media token and, for encrypted titles, the address of the licence.
pub(crate) async fn playback(
    State(app): State<Shared>,
    who: Principal,
    headers: HeaderMap,
    ApiJson(start): ApiJson<PlaybackStart>,
) -> Result<Response, ApiError> {
    let PlaybackStart { request, device } = start;
    let wanted = device_id(&who, &device)?;
    let request_key = request_key(&headers)?;
    let viewer = app.viewer(&who, &request.profile).await?;
    let entry = app.catalog.entry(&request.title).ok_or_else(|| ApiError::not_found("title"))?;
    let plan = app.entitlement.plans.of(viewer.plan);
    if let Decision::Refused(refusal) = decide(viewer, entry.terms(), plan, Purpose::Show) {
        return Err(refusal.into());
    }
    match app.catalog.media(&request.title).state {
        MediaState::Ready => {}
        MediaState::Making { percent } => return Err(not_ready(&format!("{percent} percent are made"))),
        MediaState::Absent => return Err(not_ready("its turn has not come yet")),
    }
    let key = who.grant.dpop_jkt.as_deref();
    let claimant = Claimant { family: &who.family, key };
    let new = NewGrant {
        account: &who.account,
        profile: &request.profile,
        title: &request.title,
        device: app.entitlement.devices.name(&who.account, &wanted, claimant).await?,
        family: &who.family,
        traits: &device,
        request_key: request_key.as_deref(),
    };
    let place = Wanted { step: Step::Begin, keep: false, key };
    let (grant, allowance) = match app.entitlement.grants.add(new).await? {
        Added::New(grant) => match app.admit(&grant, viewer, &entry, place).await {
            Ok(allowance) => (grant, allowance),
            Err(error) => {
                app.entitlement.grants.withdraw(&grant.id).await?;
                return Err(error);
            }
        },
        Added::Same(grant) => {
            // It may have come to its end since, and must not take a stream then.
            app.check_lasting(&grant).await?;
            let allowance = app.admit(&grant, viewer, &entry, place).await?;
            (grant, allowance)
        }
        Added::Other => {
            let title = "The idempotency key was used for something else";
            return Err(ApiError::new(StatusCode::CONFLICT, ProblemCode::Replayed, title));
        }
    };
    let token = app.access_tokens.issue(&grant.title, &grant.id, grant.expires_at_ms);
    let manifest =
        routes::fill(routes::MEDIA, &[("token", &token), ("title", grant.title.as_str()), ("*path", MANIFEST)]);
    let licence = (entry.protection != Protection::Clear)
        .then(|| routes::fill(routes::LICENCE_CLEARKEY, &[("grant", grant.id.as_str())]));
    let progress = app.positions.get(&request.profile, &request.title).await?;
    let document = PlaybackGrant {
        id: grant.id,
        title: grant.title,
        manifest,
        licence,
        protection: entry.protection,
        expires_at_ms: grant.expires_at_ms,
        progress,
        heartbeat_s: Some(heartbeat_s(&app)),
        quality: Some(allowance.quality),
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(document)).into_response())
}

/// Goes on, if everything that was asked at the start still holds.
pub(crate) async fn heartbeat(
    State(app): State<Shared>,
    who: Principal,
    Path(id): Path<GrantId>,
    ApiJson(_position): ApiJson<Heartbeat>,
) -> Result<Json<HeartbeatAnswer>, ApiError> {
    let grant = own_grant(&app, &who, &id).await?;
    app.authorise(&grant, who.address, Step::GoOn).await?;
    Ok(Json(HeartbeatAnswer { next_s: heartbeat_s(&app), expires_at_ms: grant.expires_at_ms }))
}

/// Ends a grant. Ending it again is no error.
pub(crate) async fn end(
    State(app): State<Shared>,
    who: Principal,
    Path(id): Path<GrantId>,
) -> Result<StatusCode, ApiError> {
    let grant = own_grant(&app, &who, &id).await?;
    app.revoke(&Revoked::Grant(grant.id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The account's devices.
pub(crate) async fn devices(
    State(app): State<Shared>,
    who: Principal,
) -> Result<Json<Vec<RegisteredDevice>>, ApiError> {
    Ok(Json(app.entitlement.devices.all(&who.account, &app.entitlement.leases).await?))
}

/// Removes a device: what it was granted is void, its stream and its place are free.
pub(crate) async fn remove_device(
    State(app): State<Shared>,
    who: Principal,
    Path(device): Path<String>,
) -> Result<StatusCode, ApiError> {
    if !app.entitlement.devices.remove(&who.account, &device).await? {
        return Err(ApiError::not_own("device", &who.account));
    }
    app.revoke(&Revoked::Device(who.account, device)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The grant, if it is the account's: somebody else's is not told from one that does not exist.
async fn own_grant(app: &App, who: &Principal, id: &GrantId) -> Result<StoredGrant, ApiError> {
    let grant = app.entitlement.grants.find(id).await?;
    grant.filter(|grant| grant.account == who.account).ok_or_else(|| ApiError::not_own("grant", &who.account))
}

/// What tells the device from the account's others: its own name, or else the sign-in that it has its tokens from.
fn device_id(who: &Principal, device: &PlaybackDevice) -> Result<String, ApiError> {
    let is_plain = |text: &str| {
        (1..=MAX_NAME).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
    };
    if device.name.as_deref().is_some_and(|name| name.chars().count() > MAX_NAME || name.chars().any(char::is_control))
    {
        return Err(ApiError::invalid("device.name must have at most 64 characters, none of them a control"));
    }
    match &device.id {
        None => Ok(who.family.clone()),
        Some(id) if is_plain(id) => Ok(id.clone()),
        Some(_) => Err(ApiError::invalid("device.id must be 1 to 64 of A-Z a-z 0-9 . _ -")),
    }
}

/// The `Idempotency-Key` of a request.
fn request_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    let key = key.to_str().ok().filter(|key| (1..=MAX_NAME).contains(&key.len()));
    key.map(|key| Some(key.to_owned()))
        .ok_or_else(|| ApiError::invalid("Idempotency-Key must be 1 to 64 visible ASCII characters"))
}

fn heartbeat_s(app: &App) -> u32 {
    u32::try_from(app.entitlement.leases.heartbeat().as_secs()).unwrap_or(u32::MAX).max(1)
}

fn not_ready(detail: &str) -> ApiError {
    ApiError::new(StatusCode::CONFLICT, ProblemCode::NotReady, "This title is still being made")
        .detail(detail)
        .retry_after(NOT_READY_RETRY_S)
}
