//! Key exchange with encryptors: SPEKE 2, a CPIX document each way.

use super::{
    cpix::{self, CpixError},
    token::{PartnersError, bearer},
};
use crate::{app::Shared, gateway::ApiError, ingest::ContentKey};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use service_api::problem::ProblemCode;
use sha2::{Digest, Sha256};
use std::{fs, path::Path};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The version that is spoken.
const VERSION: &str = "2.0";
/// Names the version in requests and answers.
const VERSION_HEADER: &str = "x-speke-version";

/// Who may exchange keys: those whose secret has one of these hashes.
#[derive(Debug, Default)]
pub(crate) struct Encryptors(Vec<(String, [u8; 32])>);

impl Encryptors {
    /// Reads the operator's file: a name and the SHA-256 of a secret, in base64url, on each line.
    pub(crate) fn open(file: Option<&Path>) -> Result<Self, PartnersError> {
        let Some(path) = file else { return Ok(Self::default()) };
        let text = fs::read_to_string(path).map_err(|source| PartnersError::Io { path: path.to_owned(), source })?;
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        let read = |(index, line): (usize, &str)| {
            let reason = format!("line {} is not a name and a hash in base64url", index + 1);
            let wrong = || PartnersError::Content { path: path.to_owned(), reason };
            let parsed = line.split_once(char::is_whitespace).and_then(|(name, hash)| {
                Some((name.to_owned(), URL_SAFE_NO_PAD.decode(hash.trim()).ok()?.try_into().ok()?))
            });
            parsed.ok_or_else(wrong)
        };
        Ok(Self(lines.map(read).collect::<Result<_, _>>()?))
    }

    /// The name of who has this secret. Looks at all of them, whichever it is.
    fn name(&self, secret: &str) -> Option<&str> {
        let hash: [u8; 32] = Sha256::digest(secret).into();
        self.0.iter().fold(None, |found, (name, known)| if bool::from(known.ct_eq(&hash)) { Some(name) } else { found })
    }
}

/// Makes the keys that the document names, unless they are there, and sends the document back with them.
pub(crate) async fn exchange(
    State(app): State<Shared>,
    headers: HeaderMap,
    body: Result<String, axum::extract::rejection::StringRejection>,
) -> Result<Response, ApiError> {
    let refused = || ApiError::new(StatusCode::UNAUTHORIZED, ProblemCode::Unauthenticated, "Not a known encryptor");
    let name = bearer(&headers).ok().and_then(|secret| app.encryptors.name(secret)).ok_or_else(refused)?;
    if headers.get(VERSION_HEADER).is_none_or(|version| version != VERSION) {
        return Err(ApiError::invalid("send X-Speke-Version: 2.0"));
    }
    let text = Zeroizing::new(body.map_err(|rejection| ApiError::unexplained(rejection.status()))?);
    let mut document = cpix::parse(&text)?;
    let title = document.content_id.clone().ok_or_else(|| ApiError::invalid("contentId must name a title"))?;
    if app.catalog.entry(&title).is_none() {
        return Err(ApiError::not_found("title"));
    }
    if document.keys.iter().any(|key| key.key.is_some()) {
        return Err(ApiError::invalid("a request carries no values"));
    }
    for wanted in &document.keys {
        let key = ContentKey { kid: wanted.kid, key: rand::random() };
        app.keys.insert(&key, &title, wanted.quality).await.map_err(|error| ApiError::internal(&error))?;
    }
    let known = app.keys.keys_of(&title).await.map_err(|error| ApiError::internal(&error))?;
    for wanted in &mut document.keys {
        let sealed = known.iter().find(|key| key.kid == wanted.kid && key.quality == wanted.quality);
        let conflict = || {
            let title = "The title has another key for that quality, or the key id is another title's";
            ApiError::new(StatusCode::CONFLICT, ProblemCode::InvalidRequest, title)
        };
        let key = app.keys.unseal(sealed.ok_or_else(conflict)?).map_err(|error| ApiError::internal(&error))?;
        wanted.key = Some(Zeroizing::new(key.key));
    }
    tracing::info!(encryptor = name, %title, keys = document.keys.len(), "keys were exchanged");
    let headers = [
        (header::CONTENT_TYPE.as_str(), "application/xml"),
        (header::CACHE_CONTROL.as_str(), "no-store"),
        (VERSION_HEADER, VERSION),
        ("x-speke-user-agent", "lumen-server"),
    ];
    Ok((headers, cpix::write(&document).as_str().to_owned()).into_response())
}

impl From<CpixError> for ApiError {
    fn from(error: CpixError) -> Self {
        match error {
            CpixError::TooLarge => Self::too_large(error.to_string()),
            error => Self::invalid(error.to_string()),
        }
    }
}
