//! For whoever starts and watches the server.

use super::{
    ApiError, PeerAddress,
    access::{OPERATORS, admit},
};
use crate::app::Shared;
use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use service_api::{
    health::{Liveness, Readiness},
    routes,
};

/// Up, and able to run a task.
pub(crate) async fn live() -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(Liveness { live: true })).into_response()
}

/// Worth sending requests to: the store answers and the server is not stopping. Titles may still be in the making.
pub(crate) async fn ready(State(app): State<Shared>) -> Response {
    let progress = app.catalog.library_progress();
    let ready = !app.is_draining() && app.db.is_answering().await;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let document = Readiness { ready, titles_ready: progress.ready, titles_total: progress.total };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(document)).into_response()
}

/// For Prometheus, on this machine or with the token of an operator.
pub(crate) async fn metrics(
    State(app): State<Shared>,
    Extension(PeerAddress(peer)): Extension<PeerAddress>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    // A proxy on this machine that nobody has declared: its neighbourhood is not that of who asks.
    let is_forwarded = ["forwarded", "x-forwarded-for"].iter().any(|name| headers.contains_key(*name));
    let is_here = peer.is_loopback() && !is_forwarded;
    if !is_here && admit(&app, &headers, &Method::GET, routes::METRICS, OPERATORS).await.is_err() {
        // Not even whether there is such a page is anybody's business.
        return Err(ApiError::unexplained(StatusCode::NOT_FOUND));
    }
    let progress = app.catalog.library_progress();
    let text = app.metrics.render((progress.ready, progress.total));
    let fields = [(header::CONTENT_TYPE, "text/plain; version=0.0.4"), (header::CACHE_CONTROL, "no-store")];
    Ok((fields, text).into_response())
}
