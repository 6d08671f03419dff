//! What every request passes through.

use super::{ApiError, PeerAddress, Proxied, problem, rate::Verdict, request_id, request_log::Entry, spans::Span};
use crate::app::Shared;
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use std::{net::IpAddr, panic::AssertUnwindSafe, time::Instant};
use tracing::Instrument;

/// Joins an answer with the server's log.
pub(crate) static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Who was here once comes by https for the next two years, whatever a link or a network on the way says.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// Outermost: names the request, logs it, turns panics and plain-text errors into problems, sets the security headers.
///
/// The log has the route's template and never the address: media tokens stand in paths, codes in queries.
pub(crate) async fn frame(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<PeerAddress>().map(|peer| peer.0);
    let request_id = name(&app, peer, &request);
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    let method = request.method().clone();
    let span = tracing::info_span!("request", id = %request_id, %method, route);
    let (started, at_ms) = (Instant::now(), app.clock.now_ms());
    // Handlers share nothing that a panic could leave half-changed: state is in the database or behind mutexes that
    // are held for a few lines.
    let outcome = AssertUnwindSafe(next.run(request)).catch_unwind().instrument(span.clone()).await;
    let response = outcome.unwrap_or_else(|_| {
        span.in_scope(|| tracing::error!("a handler panicked"));
        app.metrics.panicked();
        ApiError::unexplained(StatusCode::INTERNAL_SERVER_ERROR).into_response()
    });
    let mut response = finish(response, &request_id);
    if app.is_by_https_alone {
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    let (status, elapsed) = (response.status().as_u16(), started.elapsed());
    let elapsed_ms = elapsed.as_secs_f64() * 1_000.0;
    span.in_scope(|| tracing::debug!(status, elapsed_ms, "answered"));
    app.metrics.routed(method.as_str(), route, status, elapsed);
    let of = |text: &str| text.to_owned();
    let from = peer.map_or_else(String::new, |peer| peer.to_string());
    let (id, name, template) = (request_id.clone(), of(method.as_str()), of(route));
    app.request_log.add(Entry { at_ms, id, method: name, route: template, status, elapsed_ms, peer: from });
    if let Some(spans) = &app.spans {
        spans.add(Span { id: request_id, method: of(method.as_str()), route: of(route), status, at_ms, elapsed });
    }
    response
}

/// A name of our own, unless a proxy of ours has given one: a client's would let it forge the log.
fn name(app: &Shared, peer: Option<IpAddr>, request: &Request) -> String {
    let is_proxied =
        request.extensions().get::<Proxied>().is_some() || peer.is_some_and(|peer| app.proxies.trusts(peer));
    let given = request.headers().get(&REQUEST_ID).filter(|_| is_proxied).and_then(|value| value.to_str().ok());
    given.and_then(request_id::given).map_or_else(|| app.request_ids.next().to_string(), str::to_owned)
}

/// Makes an answer whole: the body of a problem, the name of the request, the security headers.
pub(crate) fn finish(response: Response, request_id: &str) -> Response {
    let mut response = problem::finish(response, request_id);
    set_headers(&mut response, request_id);
    response
}

fn set_headers(response: &mut Response, request_id: &str) {
    let headers = response.headers_mut();
    headers.insert(&REQUEST_ID, HeaderValue::try_from(request_id).expect("a request id is visible ASCII"));
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

/// Refuses who asks too often, and tells everybody how often they may (the draft of `RateLimit` fields).
pub(crate) async fn limit_rate(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let Some(PeerAddress(peer)) = request.extensions().get::<PeerAddress>().copied() else {
        return next.run(request).await;
    };
    let token = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let verdict = app.rates.count(peer, token);
    let mut response = if verdict.is_allowed {
        next.run(request).await
    } else {
        app.metrics.rate_limited();
        ApiError::unexplained(StatusCode::TOO_MANY_REQUESTS).retry_after(verdict.reset_s).into_response()
    };
    tell_rate(&mut response, verdict);
    response
}

fn tell_rate(response: &mut Response, Verdict { limit, remaining, reset_s, .. }: Verdict) {
    let fields = [("ratelimit-limit", limit), ("ratelimit-remaining", remaining), ("ratelimit-reset", reset_s)];
    for (name, value) in fields {
        response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from(value));
    }
}
