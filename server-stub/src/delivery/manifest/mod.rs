//! Manifests that are made for the client that asks: MPEG-DASH from the same CMAF set as HLS, and both with several
//! pathways where networks of content delivery stand in front.

mod dash;
mod hls;
mod presentation;
mod steering;

pub(crate) use steering::Pathways;

use super::media::{MediaRequest, Permitted};
use crate::{app::Shared, gateway::ApiError, ingest::Library};
use axum::{
    http::{HeaderMap, Method, header},
    response::{IntoResponse, Response},
};
use presentation::Presentation;
use service_api::TitleId;
use std::{
    io::{self, Read},
    sync::Arc,
};

/// Largest playlist or initialization segment that is read, in bytes.
const MAX_FILE: u64 = 4 * 1024 * 1024;
/// The playlist that a title's media are described by.
const MASTER: &str = "master.m3u8";
/// The same as MPEG-DASH.
const DASH: &str = "manifest.mpd";
const STEERING_HLS: &str = "steering.hls.json";
const STEERING_DASH: &str = "steering.dash.json";

/// Is a document of this name made from several files of the title?
pub(super) fn is_made(name: &str) -> bool {
    matches!(name, DASH | STEERING_HLS | STEERING_DASH)
}

/// The document, if the request is for one that is made rather than read.
pub(super) async fn answer(
    app: &Shared,
    request: &MediaRequest,
    permitted: &Permitted,
) -> Result<Option<Response>, ApiError> {
    let has_pathways = app.pathways.is_in_use();
    let place = Place { prefix: prefix(request, permitted), pathways: app.pathways.of_manifests() };
    let (library, title) = (app.library.clone(), permitted.title.clone());
    match permitted.file.as_str() {
        DASH => {
            let peaks = app.published.as_ref().map(|published| published.peaks(&title)).unwrap_or_default();
            let found = move || Presentation::read(&library, &title, &peaks);
            let text = blocking(move || Ok(found()?.map(|found| dash::write(&found, &place))));
            Ok(Some(document(request, "application/dash+xml", text.await?)))
        }
        MASTER if has_pathways => {
            let bare = permitted.bare_key_ids;
            let text = blocking(move || {
                let master = read(&library, &title, MASTER)?.map(|master| hls::with_pathways(&master, &place));
                Ok(master.map(|master| if bare { hls::with_bare_key_ids(&master) } else { master }))
            });
            Ok(Some(document(request, "application/vnd.apple.mpegurl", text.await?)))
        }
        name @ (STEERING_HLS | STEERING_DASH) if has_pathways => {
            let least =
                blocking(move || Ok(read(&library, &title, MASTER)?.map(|master| hls::least_bandwidth(&master))));
            let dialect = if name == STEERING_HLS { steering::Dialect::Hls } else { steering::Dialect::Dash };
            let manifest =
                app.pathways.steer(dialect, request.query.as_deref(), least.await?, app.delivery.steering_ttl_s);
            let text = serde_json::to_string(&manifest).map_err(|error| ApiError::internal(&error))?;
            let mut response = document(request, "application/json", text);
            response.headers_mut().insert(header::CACHE_CONTROL, axum::http::HeaderValue::from_static("no-store"));
            Ok(Some(response))
        }
        name if permitted.bare_key_ids && name.ends_with(".m3u8") => {
            let name = name.to_owned();
            let text =
                blocking(move || Ok(read(&library, &title, &name)?.map(|playlist| hls::with_bare_key_ids(&playlist))));
            Ok(Some(document(request, "application/vnd.apple.mpegurl", text.await?)))
        }
        _ => Ok(None),
    }
}

/// Where a client finds what a manifest names.
#[derive(Clone, Debug)]
struct Place {
    /// Path of the title's folder as this client asks for it, with its token and its faults.
    prefix: String,
    /// Name and beginning of addresses of each network, best first.
    pathways: Vec<(String, String)>,
}

impl Place {
    /// The beginning of every address on a pathway, with a slash at its end.
    fn base(&self, origin: &str) -> String {
        format!("{}{}", origin.trim_end_matches('/'), self.prefix)
    }
}

fn prefix(request: &MediaRequest, permitted: &Permitted) -> String {
    let Permitted { title, options, .. } = permitted;
    match (request.route, &request.token) {
        (super::cache::Route::Private, Some(token)) => format!("/media/{token}/{title}/{options}"),
        _ => format!("/content/{title}/{options}"),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<Option<T>> + Send + 'static,
) -> Result<T, ApiError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(Some(found))) => Ok(found),
        Ok(Ok(None)) => Err(ApiError::not_found("file")),
        Ok(Err(error)) => Err(ApiError::internal(&error)),
        Err(stopped) => Err(ApiError::internal(&stopped)),
    }
}

/// A text file of a title that is ready.
fn read(library: &Arc<Library>, title: &TitleId, name: &str) -> io::Result<Option<String>> {
    read_bytes(library, title, name)?.map(|bytes| String::from_utf8(bytes).map_err(io::Error::other)).transpose()
}

fn read_bytes(library: &Arc<Library>, title: &TitleId, name: &str) -> io::Result<Option<Vec<u8>>> {
    let Some(file) = library.open_media(title, name)? else { return Ok(None) };
    let mut bytes = Vec::new();
    file.take(MAX_FILE).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// Made for one client: kept by it alone, and for a moment.
fn document(request: &MediaRequest, content_type: &'static str, text: String) -> Response {
    let mut response = crate::gateway::conditional::text(&request.headers, text);
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(
        header::CACHE_CONTROL,
        axum::http::HeaderValue::from_static(super::served_file::Keep::Playlist.value()),
    );
    for (name, value) in super::served_file::SHARED_WITH_SCRIPTS {
        headers.insert(axum::http::HeaderName::from_static(name), axum::http::HeaderValue::from_static(value));
    }
    if response.status().is_success() {
        response.headers_mut().insert(header::CONTENT_TYPE, axum::http::HeaderValue::from_static(content_type));
    }
    // The length stays: axum takes the body of an answer to HEAD away after it was counted.
    debug_assert!(matches!(request.method, Method::GET | Method::HEAD));
    response.into_response()
}
