//! The handlers of pages and of the account's API. Each file is one conversation with a browser or an app.

pub(super) mod account;
pub(super) mod api;
pub(super) mod authorize;
pub(super) mod device;
pub(super) mod recovery;
pub(super) mod registration;
pub(super) mod sign_in;

use super::{form_token::BrowserNonce, grant::Method, sessions::BrowserSession};
use crate::{app::Shared, gateway::extract::Pairs};
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use service_api::{AccountId, routes};
use url::form_urlencoded;

/// Name of the parameter that says that somebody has just signed in for this very request.
pub(super) const CONTINUE: &str = "continue";

/// Longest path that is gone on at.
const MAX_NEXT: usize = 8 * 1024;

/// 303, so that no browser repeats a form there (RFC 9700, 4.12).
pub(super) fn see_other(location: &str) -> Response {
    let location = HeaderValue::try_from(location).expect("a checked address and encoded parameters are visible ASCII");
    let headers = [(header::LOCATION, location), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (StatusCode::SEE_OTHER, headers).into_response()
}

pub(super) fn with_cookie(mut response: Response, cookie: HeaderValue) -> Response {
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

pub(super) fn with_cookies(response: Response, cookies: impl IntoIterator<Item = HeaderValue>) -> Response {
    cookies.into_iter().fold(response, with_cookie)
}

/// Signs a browser in. The values are for `Set-Cookie`: the session, and that the browser is known from now on.
pub(super) async fn open_session(
    app: &Shared,
    headers: &HeaderMap,
    account: &AccountId,
    method: Method,
) -> Result<(BrowserSession, [HeaderValue; 2]), sqlx::Error> {
    let identity = &app.identity;
    let (session, cookie) = identity.sessions.open(headers, account, method).await?;
    let email = identity.accounts.person(account).await?.map(|person| person.email).unwrap_or_default();
    let known = identity.known_devices.cookie(headers, &email, app.clock.now_ms());
    Ok((session, [cookie, known]))
}

pub(super) fn with_retry_after(mut response: Response, seconds: Option<i64>) -> Response {
    if let Some(seconds) = seconds {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// An answer for a failure that is ours.
pub(super) fn failed(error: &sqlx::Error) -> Response {
    tracing::error!(%error, "a page failed");
    let text = "Something went wrong on the server. Please try again.";
    super::pages::refusal(StatusCode::INTERNAL_SERVER_ERROR, text)
}

/// Browsers that send it spare us the question; the bound token decides for the others.
pub(super) fn is_foreign(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin")
}

/// The form of a page of ours, or the answer to one that is not.
pub(super) fn own_form(headers: &HeaderMap, form: Result<Pairs, StatusCode>) -> Result<Pairs, Box<Response>> {
    let form = form.map_err(|status| Box::new(super::pages::refusal(status, "The form could not be read.")))?;
    if is_foreign(headers) {
        let text = "The form was sent from another page.";
        return Err(Box::new(super::pages::refusal(StatusCode::FORBIDDEN, text)));
    }
    Ok(form)
}

/// The nonce of the browser, and whether it is new.
pub(super) fn nonce(app: &Shared, headers: &HeaderMap) -> BrowserNonce {
    app.identity.forms.nonce(headers).unwrap_or_else(BrowserNonce::random)
}

/// Is the path one of this server's pages that somebody may go on at after signing in?
pub(super) fn checked_next(next: Option<&str>) -> &str {
    let next = next.unwrap_or(routes::ACCOUNT_PAGE);
    let path = next.split('?').next().unwrap_or_default();
    let is_known = [routes::ACCOUNT_PAGE, routes::DEVICE_PAGE, routes::OAUTH_AUTHORIZE, routes::ADMIN].contains(&path);
    let is_plain = next.len() <= MAX_NEXT && next.bytes().all(|byte| byte.is_ascii_graphic());
    if is_known && is_plain { next } else { routes::ACCOUNT_PAGE }
}

/// Where a browser that has just signed in goes on. An authorization request learns that it was for it.
pub(super) async fn resumed(app: &Shared, next: &str, session: &BrowserSession) -> String {
    let next = checked_next(Some(next));
    let Some(query) = next.strip_prefix(routes::OAUTH_AUTHORIZE).and_then(|rest| rest.strip_prefix('?')) else {
        return next.to_owned();
    };
    let Ok(request) = super::oauth::authorize::AuthorizationRequest::parse(app, &Pairs::parse(query)).await else {
        // The page itself will say what is wrong.
        return next.to_owned();
    };
    let token = app.identity.forms.issue(CONTINUE, &request.digest(), &session.id, app.clock.now_ms());
    let kept = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != CONTINUE);
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(kept).append_pair(CONTINUE, &token);
    format!("{}?{}", routes::OAUTH_AUTHORIZE, query.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_goes_on_at_another_server() {
        for good in ["/account", "/device?user_code=BCDF-GHJK", "/oauth/authorize?client_id=x", "/admin"] {
            assert_eq!(checked_next(Some(good)), good);
        }
        let bad = [
            "https://evil.example/",
            "//evil.example/account",
            "/\\evil.example",
            "/accounts",
            "/account\r\nx: y",
            "/oauth/../account",
            "javascript:alert(1)",
            "",
        ];
        for bad in bad {
            assert_eq!(checked_next(Some(bad)), "/account", "{bad}");
        }
    }
}
