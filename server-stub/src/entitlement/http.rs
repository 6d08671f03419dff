//! `POST /v1/playback`.

use super::{Decision, Terms, decide};
use crate::{
    app::Shared,
    gateway::{ApiError, ApiJson, Principal},
    ingest::MediaState,
};
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use service_api::{
    catalog::Protection,
    playback::{PlaybackGrant, PlaybackRequest},
    problem::ProblemCode,
    routes,
};

/// File name of the multivariant playlist in every title's folder.
const MANIFEST: &str = "master.m3u8";

/// How soon to ask again for a title that is being made, in seconds.
const NOT_READY_RETRY_S: u32 = 5;

/// Decides, and hands out a media token and, for encrypted titles, the address of the licence.
pub(crate) async fn playback(
    State(app): State<Shared>,
    who: Principal,
    ApiJson(request): ApiJson<PlaybackRequest>,
) -> Result<Response, ApiError> {
    let viewer = app.viewer(&who, &request.profile).await?;
    let title = app.catalog.visible(&request.title, viewer)?;
    if let Decision::Refused(refusal) = decide(viewer, Terms::from(title)) {
        return Err(refusal.into());
    }
    match app.catalog.media(&request.title).state {
        MediaState::Ready => {}
        MediaState::Making { percent } => return Err(not_ready(&format!("{percent} percent are made"))),
        MediaState::Absent => return Err(not_ready("its turn has not come yet")),
    }
    let grant = app.grants.add(&who.account, &request.profile, &request.title).await?;
    let token = app.access_tokens.issue(&grant.title, &grant.account, grant.expires_at_ms);
    let manifest =
        routes::fill(routes::MEDIA, &[("token", &token), ("title", grant.title.as_str()), ("*path", MANIFEST)]);
    let licence = (title.protection != Protection::Clear)
        .then(|| routes::fill(routes::LICENCE_CLEARKEY, &[("grant", grant.id.as_str())]));
    let progress = app.positions.get(&request.profile, &request.title).await?;
    let document = PlaybackGrant {
        id: grant.id,
        title: grant.title,
        manifest,
        licence,
        protection: title.protection,
        expires_at_ms: grant.expires_at_ms,
        progress,
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(document)).into_response())
}

fn not_ready(detail: &str) -> ApiError {
    ApiError::new(StatusCode::CONFLICT, ProblemCode::NotReady, "This title is still being made")
        .detail(detail)
        .retry_after(NOT_READY_RETRY_S)
}
