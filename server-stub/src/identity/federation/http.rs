//! `/federation/{provider}` and its callback.

use super::{FederationError, provider::Attempt, store};
use crate::{
    app::Shared,
    clock::SECOND_MS,
    gateway::extract::Pairs,
    identity::{
        cookies,
        grant::Method,
        http::{checked_next, failed, open_session, resumed, see_other, with_cookie, with_cookies},
        pages::{self, MessagePage},
        secret::Secret,
    },
    server::Chain,
};
use axum::{
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use service_api::routes;
use subtle::ConstantTimeEq;

/// How long somebody may be away.
const AWAY_S: i64 = 600;
/// Longest place to go on at: it has to fit into a cookie.
const MAX_NEXT: usize = 2_000;
const CONTEXT: &str = "federation";

/// What the browser keeps meanwhile, sealed.
#[derive(Serialize, Deserialize)]
struct Memory {
    provider: String,
    state: String,
    nonce: String,
    verifier: String,
    next: String,
    expires_at_ms: i64,
}

/// Sends the browser there.
pub(crate) async fn start(
    State(app): State<Shared>,
    Path(provider): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let identity = &app.identity;
    let Some(provider) = identity.federation.find(&provider) else { return unknown() };
    let query = Pairs::parse(&query.unwrap_or_default());
    let next = Some(checked_next(query.get("next"))).filter(|next| next.len() <= MAX_NEXT);
    let random = || Secret::random("").into_text();
    let memory = Memory {
        provider: provider.id.clone(),
        state: random(),
        nonce: random(),
        verifier: random(),
        next: next.unwrap_or(routes::ACCOUNT_PAGE).to_owned(),
        expires_at_ms: app.clock.now_ms() + AWAY_S * SECOND_MS,
    };
    let attempt = Attempt { verifier: &memory.verifier, nonce: &memory.nonce };
    match identity.federation.authorization_url(provider, &memory.state, attempt).await {
        Ok(url) => {
            let text = serde_json::to_vec(&memory).expect("text and a number");
            let sealed = URL_SAFE_NO_PAD.encode(identity.seal.seal(CONTEXT, &text));
            let cookie = cookies::set(identity.is_secure, cookies::FEDERATION, &sealed, AWAY_S, "Lax");
            with_cookie(see_other(url.as_str()), cookie)
        }
        Err(error) => problem(&error),
    }
}

/// Takes it back.
pub(crate) async fn callback(
    State(app): State<Shared>,
    Path(provider): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let identity = &app.identity;
    let Some(provider) = identity.federation.find(&provider) else { return unknown() };
    let query = Pairs::parse(&query.unwrap_or_default());
    let memory = cookies::get(identity.is_secure, &headers, cookies::FEDERATION)
        .and_then(|sealed| URL_SAFE_NO_PAD.decode(sealed).ok())
        .and_then(|sealed| identity.seal.open(CONTEXT, &sealed))
        .and_then(|text| serde_json::from_slice::<Memory>(&text).ok())
        .filter(|memory| memory.provider == provider.id && app.clock.now_ms() < memory.expires_at_ms);
    let state = query.get("state").unwrap_or_default();
    let Some(memory) = memory.filter(|memory| memory.state.as_bytes().ct_eq(state.as_bytes()).into()) else {
        let text = "This answer does not belong to a sign-in of this browser, or it came too late.";
        return trouble(StatusCode::BAD_REQUEST, text);
    };
    let forgotten = cookies::set(identity.is_secure, cookies::FEDERATION, "", 0, "Lax");
    let Some(code) = query.get("code").filter(|_| query.doubled().is_none()) else {
        let text = "The other service did not sign you in.";
        return with_cookie(trouble(StatusCode::UNPROCESSABLE_ENTITY, text), forgotten);
    };
    let attempt = Attempt { verifier: &memory.verifier, nonce: &memory.nonce };
    let person = match identity.federation.exchange(provider, code, query.get("iss"), attempt).await {
        Ok(person) => person,
        Err(error) => return with_cookie(problem(&error), forgotten),
    };
    let now_ms = app.clock.now_ms();
    let account = match store::account(&app.db, &identity.accounts, &provider.id, &person, now_ms).await {
        Ok(Some(account)) => account,
        Ok(None) => {
            let text = "The other service has not confirmed your address, or it belongs to an account that has not. \
                        Sign in with your password.";
            return with_cookie(trouble(StatusCode::FORBIDDEN, text), forgotten);
        }
        Err(error) => return with_cookie(problem(&error), forgotten),
    };
    match open_session(&app, &headers, &account, Method::Federated).await {
        Ok((session, cookies)) => {
            let response = see_other(&resumed(&app, &memory.next, &session).await);
            with_cookie(with_cookies(response, cookies), forgotten)
        }
        Err(error) => failed(&error),
    }
}

fn unknown() -> Response {
    trouble(StatusCode::NOT_FOUND, "There is no such service to sign in with.")
}

fn problem(error: &FederationError) -> Response {
    tracing::warn!(error = %Chain(error), "a sign-in elsewhere failed");
    trouble(StatusCode::BAD_GATEWAY, "The other service could not be asked, or its answer was not accepted.")
}

fn trouble(status: StatusCode, text: &str) -> Response {
    let link = Some((routes::SIGN_IN_PAGE, "Back to sign in"));
    pages::message(status, MessagePage { heading: "That did not work", text, link })
}
