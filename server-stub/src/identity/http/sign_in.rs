//! `/sign-in` and `/sign-out`: a browser signs in for pages of this server, without an app.

use super::{
    super::{
        credentials::{self, MAX_EMAIL, Refusal},
        grant::Method,
        pages::{Entrance, SignInPage},
        throttle::Attempt,
    },
    authorize::demo_entries,
    checked_next, failed, nonce, open_session, own_form, resumed, see_other, with_cookie, with_cookies,
    with_retry_after,
};
use crate::{
    app::Shared,
    gateway::{PeerAddress, extract::Pairs},
};
use axum::{
    Extension,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use service_api::routes;

/// Purpose of the form tokens.
const PURPOSE: &str = "own sign-in";

/// `GET /sign-in`.
pub(crate) async fn show(State(app): State<Shared>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let query = Pairs::parse(&query.unwrap_or_default());
    let said = match query.get("done") {
        Some("password") => Some("Your new password is set. Sign in with it."),
        Some("registered") => Some("Your account is ready. Sign in."),
        _ => None,
    };
    page(&app, &headers, &query, StatusCode::OK, "", (None, said))
}

/// `POST /sign-in`.
pub(crate) async fn answer(
    State(app): State<Shared>,
    Extension(PeerAddress(address)): Extension<PeerAddress>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    form: Result<Pairs, StatusCode>,
) -> Response {
    let form = match own_form(&headers, form) {
        Ok(form) => form,
        Err(response) => return *response,
    };
    let query = Pairs::parse(&query.unwrap_or_default());
    let next = checked_next(query.get("next"));
    let typed = form.get("email").unwrap_or_default().trim();
    let email: String = typed.chars().take(MAX_EMAIL).collect();
    let identity = &app.identity;
    let token = form.get("token").unwrap_or_default();
    let is_own = identity.forms.nonce(&headers).is_some_and(|nonce| {
        identity.forms.is_valid(token, PURPOSE, next.as_bytes(), nonce.as_str(), app.clock.now_ms())
    });
    if !is_own {
        let text = "This page was open for too long. Please sign in again.";
        return page(&app, &headers, &query, StatusCode::UNPROCESSABLE_ENTITY, &email, (Some(text), None));
    }
    let outcome = match form.get("demo") {
        Some(demo) if identity.demo => credentials::demo_account(&app, demo).await,
        _ => {
            let known = identity.known_devices.find(&headers, &email, app.clock.now_ms());
            let attempt = Attempt { email: &email, address, known: known.as_deref() };
            credentials::check(&app, attempt, form.get("password").unwrap_or_default()).await
        }
    };
    let account = match outcome {
        Ok(account) => account,
        Err(Refusal::Failed(error)) => return failed(&error),
        Err(refusal) => {
            let (status, text, wait) = refusal.explained();
            return with_retry_after(page(&app, &headers, &query, status, &email, (Some(&text), None)), wait);
        }
    };
    match open_session(&app, &headers, &account, Method::Password).await {
        Ok((session, cookies)) => with_cookies(see_other(&resumed(&app, next, &session).await), cookies),
        Err(error) => failed(&error),
    }
}

/// `POST /sign-out`.
pub(crate) async fn sign_out(
    State(app): State<Shared>,
    headers: HeaderMap,
    form: Result<Pairs, StatusCode>,
) -> Response {
    let form = match own_form(&headers, form) {
        Ok(form) => form,
        Err(response) => return *response,
    };
    let session = match app.identity.sessions.find(&headers).await {
        Ok(session) => session,
        Err(error) => return failed(&error),
    };
    // Nobody else may sign somebody out either.
    let token = form.get("token").unwrap_or_default();
    let is_own = session.is_none_or(|session| {
        app.identity.forms.is_valid(token, super::account::PURPOSE, b"", &session.id, app.clock.now_ms())
    });
    if !is_own {
        return see_other(routes::ACCOUNT_PAGE);
    }
    match app.identity.sessions.close(&headers).await {
        Ok(cookie) => with_cookie(see_other(routes::SIGN_IN_PAGE), cookie),
        Err(error) => failed(&error),
    }
}

fn page(
    app: &Shared,
    headers: &HeaderMap,
    query: &Pairs,
    status: StatusCode,
    email: &str,
    (error, notice): (Option<&str>, Option<&str>),
) -> Response {
    let identity = &app.identity;
    let next = checked_next(query.get("next"));
    let nonce = nonce(app, headers);
    let demo = demo_entries(app);
    let page = SignInPage {
        token: &identity.forms.issue(PURPOSE, next.as_bytes(), nonce.as_str(), app.clock.now_ms()),
        email,
        error,
        notice,
        demo: &demo,
        leads_to: None,
        app: None,
        entrance: Entrance {
            next,
            providers: &identity.federation.names(),
            may_register: identity.may_register,
            may_cancel: false,
        },
    };
    with_cookie(page.respond(status), identity.forms.cookie(&nonce))
}
