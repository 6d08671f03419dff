//! Errors of the protocol endpoints. They have the shape of RFC 6749 (5.2), not our problem documents: OAuth libraries
//! read them.

use axum::{
    Json,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// Tokens must not be kept by anything between us and the client.
pub(crate) const NOT_STORED: [(HeaderName, HeaderValue); 2] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (header::PRAGMA, HeaderValue::from_static("no-cache")),
];

/// Carries the nonce that the next proof must contain (RFC 9449, 8).
pub(crate) static DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// RFC 6749, 5.2.
#[derive(Debug, Serialize)]
pub(crate) struct OAuthError {
    #[serde(skip)]
    pub(crate) status: StatusCode,
    pub(crate) error: &'static str,
    error_description: &'static str,
    #[serde(skip)]
    dpop_nonce: Option<String>,
    #[serde(skip)]
    retry_after_s: Option<u32>,
}

/// What an answer was refused for, for those that count refusals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refused(&'static str);

impl Refused {
    /// Was it something that could have been guessed: a code, a token, a client's secret?
    pub(crate) fn is_guess(self) -> bool {
        matches!(self.0, "invalid_grant" | "invalid_client")
    }
}

impl OAuthError {
    pub(crate) fn bad(error: &'static str, error_description: &'static str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, error, error_description, dpop_nonce: None, retry_after_s: None }
    }

    pub(crate) fn with_status(status: StatusCode, error: &'static str, error_description: &'static str) -> Self {
        Self { status, ..Self::bad(error, error_description) }
    }

    /// One text for every reason: which check failed is nobody's business.
    pub(crate) fn invalid_grant() -> Self {
        Self::bad("invalid_grant", "the code or token is not valid; sign in again")
    }

    /// After so many seconds it may be tried again.
    pub(crate) fn too_often(error_description: &'static str, retry_after_s: u32) -> Self {
        let base = Self::with_status(StatusCode::TOO_MANY_REQUESTS, "slow_down", error_description);
        Self { retry_after_s: Some(retry_after_s), ..base }
    }

    pub(crate) fn missing() -> Self {
        Self::bad("invalid_request", "a parameter is missing")
    }

    /// The client did not prove who it is. Said with a challenge, as RFC 6749 asks where a header was tried.
    pub(crate) fn invalid_client(error_description: &'static str) -> Self {
        Self::with_status(StatusCode::UNAUTHORIZED, "invalid_client", error_description)
    }

    pub(crate) fn use_dpop_nonce(nonce: String) -> Self {
        let base = Self::bad("use_dpop_nonce", "the proof must contain the nonce of the DPoP-Nonce header");
        Self { dpop_nonce: Some(nonce), ..base }
    }
}

impl From<sqlx::Error> for OAuthError {
    fn from(error: sqlx::Error) -> Self {
        tracing::error!(%error, "a token request failed");
        Self::with_status(StatusCode::INTERNAL_SERVER_ERROR, "server_error", "something went wrong on the server")
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let (status, nonce, retry_after_s) = (self.status, self.dpop_nonce.clone(), self.retry_after_s);
        let refused = Refused(self.error);
        let mut response = (status, NOT_STORED, Json(self)).into_response();
        response.extensions_mut().insert(refused);
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(r#"Basic realm="lumen""#));
        }
        if let Some(seconds) = retry_after_s {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(nonce) = nonce.and_then(|nonce| HeaderValue::try_from(nonce).ok()) {
            headers.insert(&DPOP_NONCE, nonce);
        }
        response
    }
}
