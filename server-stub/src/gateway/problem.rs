//! Errors on their way out.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use service_api::{
    AccountId,
    problem::{self, Problem, ProblemCode},
};

/// A refusal or a failure, to be answered as `application/problem+json`.
///
/// The response only carries the [`Problem`] as an extension; the outermost layer adds the request id and writes the
/// body, so that the two can never disagree.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    problem: Problem,
    is_outage: bool,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: ProblemCode, title: &str) -> Self {
        let problem = Problem {
            code,
            title: title.to_owned(),
            status: status.as_u16(),
            detail: None,
            request_id: None,
            retry_after_s: None,
        };
        Self { problem, is_outage: false }
    }

    /// What to do about it.
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.problem.detail = Some(detail.into());
        self
    }

    /// Seconds until it is worth asking again.
    pub(crate) fn retry_after(mut self, seconds: u32) -> Self {
        self.problem.retry_after_s = Some(seconds);
        self
    }

    /// No such thing, or none that this account may know of: the two look alike on purpose.
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, ProblemCode::NotFound, &format!("No such {what}"))
    }

    /// The same for an id that is not the account's. It is written down: who tries ids out is to be noticed.
    pub(crate) fn not_own(what: &'static str, account: &AccountId) -> Self {
        tracing::warn!(target: "server_stub::audit", account = account.as_str(), what, "an id is not the account's");
        Self::not_found(what)
    }

    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ProblemCode::InvalidRequest, "The request cannot be understood")
            .detail(detail)
    }

    pub(crate) fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, ProblemCode::TooLarge, "The request is too large").detail(detail)
    }

    pub(crate) fn busy() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, ProblemCode::RateLimited, "The server is busy").retry_after(1)
    }

    /// Our fault. The cause goes to the log and not to the client.
    pub(crate) fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed");
        Self::unexplained(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The problem for an error answer of which only the status is known.
    pub(crate) fn unexplained(status: StatusCode) -> Self {
        let (code, title) = match status {
            StatusCode::NOT_FOUND => (ProblemCode::NotFound, "No such address"),
            StatusCode::METHOD_NOT_ALLOWED => (ProblemCode::InvalidRequest, "The address does not take this method"),
            StatusCode::PAYLOAD_TOO_LARGE | StatusCode::URI_TOO_LONG => {
                (ProblemCode::TooLarge, "The request is too large")
            }
            StatusCode::RANGE_NOT_SATISFIABLE => (ProblemCode::InvalidRequest, "The range lies outside of the file"),
            StatusCode::TOO_MANY_REQUESTS => (ProblemCode::RateLimited, "Too many requests"),
            StatusCode::UNAUTHORIZED => (ProblemCode::Unauthenticated, "Sign in first"),
            StatusCode::FORBIDDEN => (ProblemCode::Forbidden, "Not allowed"),
            status if status.is_server_error() => (ProblemCode::Internal, "Something went wrong on the server"),
            _ => (ProblemCode::InvalidRequest, "The request cannot be understood"),
        };
        Self::new(status, code, title)
    }

    /// Is it that the database could not be asked?
    pub(crate) fn is_outage(&self) -> bool {
        self.is_outage
    }

    pub(crate) fn code(&self) -> ProblemCode {
        self.problem.code
    }
}

/// SQLSTATE `character_not_in_repertoire`.
const UNSTORABLE_TEXT: &str = "22021";

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        // PostgreSQL keeps no text with a NUL in it, and no name of ours has one.
        if error.as_database_error().and_then(|error| error.code()).as_deref() == Some(UNSTORABLE_TEXT) {
            return Self::invalid("a text with the character U+0000");
        }
        Self { is_outage: true, ..Self::internal(&error) }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.problem.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            // RFC 6750, section 3: the code is absent when no token was sent.
            let challenge = match self.problem.code {
                ProblemCode::TokenExpired => r#"Bearer realm="lumen", error="invalid_token""#,
                _ => r#"Bearer realm="lumen""#,
            };
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response.extensions_mut().insert(self.problem);
        response
    }
}

/// Writes the body of an error answer: that of the [`Problem`] in its extensions, or one made from its status if some
/// library answered in plain text. Pages and OAuth's own JSON pass untouched.
pub(crate) fn finish(mut response: Response, request_id: &str) -> Response {
    let status = response.status();
    let explained = response.extensions_mut().remove::<Problem>();
    if explained.is_none() && !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let is_ours =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| !kind.as_bytes().starts_with(b"text/plain"));
    if explained.is_none() && is_ours {
        return response;
    }
    let mut problem = explained.unwrap_or_else(|| ApiError::unexplained(status).problem);
    problem.request_id = Some(request_id.to_owned());
    let body = serde_json::to_vec(&problem).expect("a problem has only text and numbers");
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(problem::CONTENT_TYPE));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.remove(header::CONTENT_LENGTH);
    *response.body_mut() = body.into();
    response
}
