//! For whoever starts and watches the server.

use crate::app::Shared;
use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// `GET /health/ready`.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Readiness {
    /// The store answers and the server is not stopping. Titles may still be in the making.
    ready: bool,
    titles_ready: u32,
    titles_total: u32,
}

/// Up, and able to run a task.
pub(crate) async fn live() -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(serde_json::json!({ "live": true }))).into_response()
}

/// Worth sending requests to.
pub(crate) async fn ready(State(app): State<Shared>) -> Response {
    let progress = app.catalog.library_progress();
    let ready = !app.is_stopping() && app.db.is_answering().await;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let document = Readiness { ready, titles_ready: progress.ready, titles_total: progress.total };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(document)).into_response()
}
