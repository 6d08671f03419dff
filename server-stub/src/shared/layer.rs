//! One limit for all instances: how often a network may try to sign in.

use super::{Rate, Verdict};
use crate::{
    app::Shared,
    gateway::{ApiError, PeerAddress, address::network_of},
};
use axum::{
    extract::{Request, State},
    http::{Method, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use service_api::problem::ProblemCode;
use std::time::Duration;

/// A household, or an office, signs in at most this often. Each instance slows single accounts down by itself; this
/// limit is for guesses that are spread over instances.
const SIGN_IN: Rate = Rate { burst: 60, every: Duration::from_secs(2) };

/// Refuses sign-in attempts and token requests of a network that has had too many. Reading pages is free. Where several
/// instances run; a single one has its own memory.
pub(crate) async fn limit_sign_in(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let Some(rates) = app.shared_rates.as_ref().filter(|_| request.method() == Method::POST) else {
        return next.run(request).await;
    };
    let peer = request.extensions().get::<PeerAddress>().map(|peer| network_of(peer.0));
    let name = format!("sign-in {}", peer.map_or_else(|| "unknown".to_owned(), |network| network.to_string()));
    match rates.take(&name, SIGN_IN, app.clock.now_ms()).await {
        Ok(Verdict::Allowed) => next.run(request).await,
        Ok(Verdict::Wait(pause)) => {
            let error =
                ApiError::new(StatusCode::TOO_MANY_REQUESTS, ProblemCode::RateLimited, "Too many sign-in attempts");
            let seconds = u32::try_from(pause.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX);
            error.retry_after(seconds).into_response()
        }
        // A store that is away must not lock everybody out; the limits inside of each instance still hold.
        Err(error) => {
            tracing::warn!(%error, "sign-in is not limited across instances");
            next.run(request).await
        }
    }
}
