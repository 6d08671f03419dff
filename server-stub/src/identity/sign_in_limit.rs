//! One limit for all instances: how often a network may try to sign in.

use super::{
    limits::network_of,
    oauth::error::{OAuthError, Refused},
    pages::{self, MessagePage},
};
use crate::{
    app::Shared,
    gateway::{ApiError, PeerAddress},
    shared::{Rate, Verdict},
};
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use service_api::{problem::ProblemCode, routes};
use std::time::Duration;

/// A household, or an office, signs in at most this often. Each instance slows single accounts down by itself; this
/// limit is for guesses that are spread over instances.
const SIGN_IN: Rate = Rate { burst: 60, every: Duration::from_secs(2) };

/// What a route has to do with guessing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A form of a page. Each one counts.
    Page,
    /// What the script of the pages sends. Each one counts.
    Script,
    /// Only what is refused as a wrong guess counts: whoever has the right code or token does not wait for others.
    Token,
    /// Cannot be guessed at, or has a limit of its own.
    Free,
}

/// Refuses sign-in attempts, and answers to wrong tokens, of a network that has had too many. Where several instances
/// run; a single one has its own memory.
pub(crate) async fn limit_sign_in(
    State(app): State<Shared>,
    route: Option<MatchedPath>,
    request: Request,
    next: Next,
) -> Response {
    let kind = kind(route.as_ref().map_or("", MatchedPath::as_str), request.uri().path());
    if app.shared_rates.is_none() || request.method() != Method::POST || kind == Kind::Free {
        return next.run(request).await;
    }
    let name = name(&app, &request);
    if kind == Kind::Token {
        let response = next.run(request).await;
        let is_guess = response.extensions().get::<Refused>().is_some_and(|refused| refused.is_guess());
        return match if is_guess { wait_s(&app, &name).await } else { None } {
            Some(seconds) => OAuthError::too_often("too many wrong codes and tokens", seconds).into_response(),
            None => response,
        };
    }
    match wait_s(&app, &name).await {
        Some(seconds) if kind == Kind::Page => too_often_page(seconds),
        Some(seconds) => {
            let error =
                ApiError::new(StatusCode::TOO_MANY_REQUESTS, ProblemCode::RateLimited, "Too many sign-in attempts");
            error.retry_after(seconds).into_response()
        }
        None => next.run(request).await,
    }
}

fn kind(route: &str, path: &str) -> Kind {
    match route {
        routes::OAUTH_AUTHORIZE
        | routes::SIGN_IN_PAGE
        | routes::REGISTER_PAGE
        | routes::CONFIRM_PAGE
        | routes::RECOVER_PAGE
        | routes::NEW_PASSWORD_PAGE
        | routes::DEVICE_PAGE => Kind::Page,
        // It asks for the password that there was.
        routes::ACCOUNT_ACTION if path.ends_with("/password") => Kind::Page,
        routes::PASSKEY_CHALLENGE | routes::PASSKEY_SIGN_IN => Kind::Script,
        routes::OAUTH_TOKEN => Kind::Token,
        _ => Kind::Free,
    }
}

/// Whose tries are counted together: a network's, but those of a browser that somebody has signed in with are its own.
fn name(app: &Shared, request: &Request) -> String {
    if let Some(device) = app.identity.known_devices.find_any(request.headers(), app.clock.now_ms()) {
        return format!("sign-in device {device}");
    }
    let peer = request.extensions().get::<PeerAddress>().map(|peer| network_of(peer.0));
    format!("sign-in {}", peer.map_or_else(|| "unknown".to_owned(), |network| network.to_string()))
}

/// Counts a try; how many seconds it has to wait, if it may not be made.
async fn wait_s(app: &Shared, name: &str) -> Option<u32> {
    match app.shared_rates.as_ref()?.take(name, SIGN_IN, app.clock.now_ms()).await {
        Ok(Verdict::Allowed) => None,
        Ok(Verdict::Wait(pause)) => Some(u32::try_from(pause.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX)),
        // A store that is away must not lock everybody out; the limits inside of each instance still hold.
        Err(error) => {
            tracing::warn!(%error, "sign-in is not limited across instances");
            None
        }
    }
}

fn too_often_page(seconds: u32) -> Response {
    let page = MessagePage {
        heading: "Too many attempts",
        text: "There were too many attempts from your network. Wait a little, go back and try again.",
        link: None,
    };
    let mut response = pages::message(StatusCode::TOO_MANY_REQUESTS, page);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}
