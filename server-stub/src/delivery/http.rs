//! `GET` of media and artwork.

use super::{
    body::Damage,
    cache::Route,
    media::{self, FileRequest, MediaRequest},
    served_file::{Keep, SHARED_WITH_SCRIPTS},
};
use crate::{
    app::Shared,
    gateway::{ApiError, PeerAddress},
};
use axum::{
    Extension,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode},
    response::{IntoResponse, Response},
};
use service_api::TitleId;

/// A playlist, segment or subtitle of a title. Refusals are for scripts to read as well: a player that sees no status
/// takes every one of them for a network that is down.
pub(crate) async fn media(
    State(app): State<Shared>,
    Extension(PeerAddress(peer)): Extension<PeerAddress>,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let answered = match MediaRequest::read(parts.method, &parts.uri, parts.headers, peer) {
        Some(request) => media::serve(app, request).await,
        None => Err(ApiError::not_found("file")),
    };
    answered.unwrap_or_else(|refusal| {
        let mut response = refusal.into_response();
        share_with_scripts(response.headers_mut());
        response
    })
}

fn share_with_scripts(headers: &mut HeaderMap) {
    for (name, value) in SHARED_WITH_SCRIPTS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}

/// What a script may ask for, whoever asks: nothing here is opened by a cookie of the server.
pub(crate) async fn preflight() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    share_with_scripts(headers);
    let more = [
        ("access-control-allow-methods", "GET, HEAD, OPTIONS"),
        (
            "access-control-allow-headers",
            "range, if-range, if-match, if-none-match, if-modified-since, if-unmodified-since, \
             cta-common-access-token, cmcd-request, cmcd-object, cmcd-status, cmcd-session",
        ),
        ("access-control-max-age", "86400"),
    ];
    for (name, value) in more {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    response
}

/// A picture of a title.
pub(crate) async fn artwork(
    State(app): State<Shared>,
    Path((title, file)): Path<(TitleId, String)>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let brought = app.bring_picture(&title, &file).await?;
    let library = app.library.clone();
    let name = format!("{title}/{file}");
    let request =
        FileRequest { method, headers, route: Route::Artwork, name, keep: Keep::Picture, damage: Damage::default() };
    let open = move || match brought.filter(|_| library.has_picture(&title, &file)) {
        Some(picture) => Ok(Some(picture)),
        None => library.open_artwork(&title, &file),
    };
    media::file(app, request, open).await
}
