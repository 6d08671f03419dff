//! What every request passes through.

use super::{ApiError, problem};
use crate::app::Shared;
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use std::{panic::AssertUnwindSafe, time::Instant};
use tracing::Instrument;
use uuid::Uuid;

/// Joins an answer with the server's log.
pub(crate) static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Outermost: names the request, logs it, turns panics and plain-text errors into problems, sets the security headers.
///
/// The log has the route's template and never the address: media tokens stand in paths, codes in queries.
pub(crate) async fn frame(request: Request, next: Next) -> Response {
    let request_id = Uuid::now_v7().simple().to_string();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    let method = request.method().clone();
    let span = tracing::info_span!("request", id = %request_id, %method, route);
    let started = Instant::now();
    // Handlers share nothing that a panic could leave half-changed: state is in the database or behind mutexes that
    // are held for a few lines.
    let outcome = AssertUnwindSafe(next.run(request)).catch_unwind().instrument(span.clone()).await;
    let response = outcome.unwrap_or_else(|_| {
        span.in_scope(|| tracing::error!("a handler panicked"));
        ApiError::unexplained(StatusCode::INTERNAL_SERVER_ERROR).into_response()
    });
    let mut response = problem::finish(response, &request_id);
    let (status, elapsed_ms) = (response.status().as_u16(), started.elapsed().as_secs_f64() * 1_000.0);
    span.in_scope(|| tracing::debug!(status, elapsed_ms, "answered"));
    set_headers(&mut response, &request_id);
    response
}

fn set_headers(response: &mut Response, request_id: &str) {
    let headers = response.headers_mut();
    headers.insert(&REQUEST_ID, HeaderValue::try_from(request_id).expect("a UUID is visible ASCII"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    // A page that sets its own policy keeps it; anything else has no business loading or embedding anything.
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
}

/// Refuses rather than queues beyond the limit: a queue only makes everybody late.
pub(crate) async fn limit_concurrency(State(app): State<Shared>, request: Request, next: Next) -> Response {
    match app.request_slots.try_acquire() {
        Ok(_slot) => next.run(request).await,
        Err(_) => ApiError::busy().into_response(),
    }
}

/// Ends requests that take too long, slow bodies included. Not for media: their bodies are as slow as the network.
pub(crate) async fn limit_time(State(app): State<Shared>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(app.limits.request, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            tracing::warn!("a request took too long");
            ApiError::unexplained(StatusCode::SERVICE_UNAVAILABLE).retry_after(1).into_response()
        }
    }
}
