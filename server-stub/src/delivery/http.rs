//! `GET` of media and artwork.

use super::{
    body::Damage,
    fault::Fault,
    served_file::{FileRequest, Keep},
};
use crate::{app::Shared, entitlement::ClientAddress, gateway::ApiError};
use axum::{
    extract::{Path, State},
    http::{HeaderMap, Method, StatusCode},
    response::Response,
};
use service_api::{TitleId, problem::ProblemCode};

/// A playlist, segment or subtitle of a title.
pub(crate) async fn media(
    State(app): State<Shared>,
    Path((token, title, path)): Path<(String, TitleId, String)>,
    ClientAddress(address): ClientAddress,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    // Before anything else: without a token nobody learns which files exist.
    let Some(grant) = app.media_tokens.read(&token, &title) else {
        let error = ApiError::new(StatusCode::FORBIDDEN, ProblemCode::MediaTokenInvalid, "The address has expired");
        return Err(error.detail("Ask for playback again"));
    };
    app.may_stream(&grant, &title, address).await?;
    let fault = app.faults.as_ref().and_then(|faults| faults.fault(&title, &path));
    match &fault {
        Some(Fault::Status(status)) => return Err(ApiError::unexplained(error_status(*status))),
        Some(Fault::Delay(delay)) => tokio::time::sleep(*delay).await,
        Some(Fault::Hang) => {
            app.stopping.cancelled().await;
            return Err(ApiError::busy());
        }
        _ => {}
    }
    let keep = if path.ends_with(".m3u8") { Keep::Playlist } else { Keep::Segment };
    app.bring(&title, &path).await?;
    let library = app.library.clone();
    FileRequest { method, headers, keep, damage: Damage::from_fault(fault.as_ref()) }
        .answer(move || library.media_file(&title, &path))
        .await
}

/// A picture of a title.
pub(crate) async fn artwork(
    State(app): State<Shared>,
    Path((title, file)): Path<(TitleId, String)>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    app.bring_picture(&title, &file).await?;
    let library = app.library.clone();
    FileRequest { method, headers, keep: Keep::Picture, damage: Damage::default() }
        .answer(move || library.artwork_file(&title, &file))
        .await
}

fn error_status(status: u16) -> StatusCode {
    StatusCode::from_u16(status)
        .ok()
        .filter(|status| status.is_client_error() || status.is_server_error())
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
