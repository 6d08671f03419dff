//! `POST /oauth/token` and `POST /oauth/revoke`.
//!
//! Errors here have the shape of RFC 6749 (5.2), not our problem documents: OAuth libraries read them.

use super::{codes::CodeProof, tokens::TokenPair};
use crate::{app::Shared, gateway::extract::Pairs};
use axum::{
    Json,
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use service_api::routes::CLIENT_ID;

/// The one scope there is. Clients need not ask for it.
const SCOPE: &str = "watch";

/// Tokens must not be kept by anything between us and the client.
const NOT_STORED: [(HeaderName, HeaderValue); 2] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::PRAGMA, HeaderValue::from_static("no-cache")),
];

/// RFC 6749, 5.1.
#[derive(Serialize)]
struct TokenAnswer {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    refresh_token: String,
    scope: &'static str,
}

/// RFC 6749, 5.2.
#[derive(Debug, Serialize)]
pub(crate) struct OAuthError {
    #[serde(skip)]
    status: StatusCode,
    error: &'static str,
    error_description: &'static str,
}

impl OAuthError {
    fn bad(error: &'static str, error_description: &'static str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error, error_description }
    }

    fn invalid_grant() -> Self {
        // One text for every reason: which check failed is nobody's business.
        Self::bad("invalid_grant", "the code or token is not valid; sign in again")
    }
}

impl From<sqlx::Error> for OAuthError {
    fn from(error: sqlx::Error) -> Self {
        tracing::error!(%error, "a token request failed");
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self { status, error: "server_error", error_description: "something went wrong on the server" }
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        (self.status, NOT_STORED, Json(self)).into_response()
    }
}

/// Exchanges a code or a refresh token.
pub(crate) async fn token(State(app): State<Shared>, form: Result<Pairs, StatusCode>) -> Result<Response, OAuthError> {
    let form = readable(form)?;
    if form.get("client_id") != Some(CLIENT_ID) {
        return Err(OAuthError::bad("invalid_client", "client_id is missing or unknown"));
    }
    let required = |name| form.get(name).ok_or(OAuthError::bad("invalid_request", "a parameter is missing"));
    let identity = &app.identity;
    let pair = match required("grant_type")? {
        "authorization_code" => {
            let proof = CodeProof {
                code: required("code")?,
                client_id: CLIENT_ID,
                redirect_uri: required("redirect_uri")?,
                verifier: required("code_verifier")?,
            };
            identity.codes.exchange(proof, &identity.tokens).await?
        }
        "refresh_token" => {
            if form.get("scope").is_some_and(|scope| scope.split(' ').any(|one| one != SCOPE)) {
                return Err(OAuthError::bad("invalid_scope", "a refresh cannot widen the scope"));
            }
            identity.tokens.rotate(required("refresh_token")?, CLIENT_ID).await?
        }
        _ => return Err(OAuthError::bad("unsupported_grant_type", "use authorization_code or refresh_token")),
    };
    Ok(answer(pair.ok_or_else(OAuthError::invalid_grant)?))
}

/// Ends a sign-in. Also 200 for tokens that mean nothing to us: they are not valid, which is what was asked for
/// (RFC 7009, 2.2). Whoever holds the token may revoke it; a public client could not prove more.
pub(crate) async fn revoke(State(app): State<Shared>, form: Result<Pairs, StatusCode>) -> Result<Response, OAuthError> {
    let form = readable(form)?;
    if form.get("client_id").is_some_and(|client| client != CLIENT_ID) {
        return Err(OAuthError::bad("invalid_client", "client_id is unknown"));
    }
    let token = form.get("token").ok_or(OAuthError::bad("invalid_request", "token is missing"))?;
    app.identity.tokens.revoke(token).await?;
    Ok((StatusCode::OK, NOT_STORED).into_response())
}

fn readable(form: Result<Pairs, StatusCode>) -> Result<Pairs, OAuthError> {
    let form = form.map_err(|status| OAuthError {
        status,
        error: "invalid_request",
        error_description: "send a form (application/x-www-form-urlencoded) of moderate size",
    })?;
    match form.doubled() {
        Some(_) => Err(OAuthError::bad("invalid_request", "a parameter is given twice")),
        None => Ok(form),
    }
}

fn answer(pair: TokenPair) -> Response {
    let body = TokenAnswer {
        access_token: pair.access.into_text(),
        token_type: "Bearer",
        expires_in: pair.expires_in.as_secs(),
        refresh_token: pair.refresh.into_text(),
        scope: SCOPE,
    };
    (NOT_STORED, Json(body)).into_response()
}
