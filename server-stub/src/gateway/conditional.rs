//! JSON answers that a client may keep and ask after.

use super::ApiError;
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Answers with the document and its ETag, or with 304 if the client has it already.
pub(crate) fn json<T: Serialize>(request: &HeaderMap, document: &T) -> Result<Response<Body>, ApiError> {
    let body = serde_json::to_vec(document).map_err(|error| ApiError::internal(&error))?;
    let mut response = tagged(request, body);
    let headers = response.headers_mut();
    // It belongs to one account and changes with every minute watched: keep it, but always ask.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("authorization"));
    if response.status().is_success() {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    Ok(response)
}

/// A text with its ETag, or 304 if the client has it already. Type and cache control are the caller's.
pub(crate) fn text(request: &HeaderMap, text: String) -> Response<Body> {
    tagged(request, text.into_bytes())
}

fn tagged(request: &HeaderMap, body: Vec<u8>) -> Response<Body> {
    let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&Sha256::digest(&body)[..16]));
    let is_fresh = none_match(request, &tag);
    let mut response = Response::new(if is_fresh { Body::empty() } else { Body::from(body) });
    response.headers_mut().insert(header::ETAG, HeaderValue::try_from(tag).expect("base64url is visible ASCII"));
    if is_fresh {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    response
}

/// Does `If-None-Match` name `tag`? The comparison is the weak one, as RFC 9110 (13.1.2) wants it.
pub(crate) fn none_match(request: &HeaderMap, tag: &str) -> bool {
    request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|candidate| candidate == "*" || candidate.strip_prefix("W/").unwrap_or(candidate) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_and_listed_tags_match() {
        let table =
            [(r#""a""#, true), (r#"W/"a""#, true), (r#""b", "a""#, true), ("*", true), (r#""b""#, false), ("a", false)];
        for (value, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static(value));
            assert_eq!(none_match(&headers, r#""a""#), expected, "{value}");
        }
        assert!(!none_match(&HeaderMap::new(), r#""a""#));
    }
}
