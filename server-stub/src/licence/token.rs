//! Authorization tokens for licences, as the DASH-IF request model has them: a JWS in compact form, sent as a bearer.
//!
//! Signed with HS256 or ES256 and nothing else; what the header says of the algorithm must be what the issuer is known
//! for, so that a public key can never be taken for a shared secret.

use crate::{
    clock::SECOND_MS,
    gateway::ApiError,
    store::{MasterKey, SubKey},
};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use axum::http::{HeaderMap, StatusCode, header};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use service_api::{GrantId, problem::ProblemCode};
use sha2::{Digest, Sha256};
use std::{fmt, fs, path::Path};
use uuid::Uuid;

/// Longest token that is looked at, in characters.
const MAX_TOKEN: usize = 5_000;
/// Keys in one token.
const MAX_KIDS: usize = 32;
/// How far clocks may differ.
const SKEW_S: i64 = 30;
/// How long our own tokens last: until the licence request that they are asked for.
const LIFETIME_S: i64 = 60;
/// Longest that anybody's token may last: its identifier is remembered for an hour.
const MAX_LIFETIME_S: i64 = 3_000;
const AUDIENCE: &str = "lumen-licence";
const OURS: &str = "lumen";

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claims {
    pub(crate) grant: GrantId,
    pub(crate) kids: Vec<[u8; 16]>,
    issuer: String,
    id: String,
}

impl Claims {
    /// Names the token among all that were seen, at a fixed length.
    pub(crate) fn replay_name(&self) -> String {
        let digest = Sha256::new().chain_update(&self.issuer).chain_update([0]).chain_update(&self.id).finalize();
        URL_SAFE_NO_PAD.encode(digest)
    }
}

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("send an authorization token as a bearer")]
    Absent,
    #[error("the token is longer than 5,000 characters")]
    TooLong,
    #[error("the token is not a compact JWS with the claims exp, jti, grant and kids")]
    Malformed,
    #[error("the token's algorithm is not accepted; use HS256 or ES256")]
    Algorithm,
    #[error("the token's signature is not that of a known issuer")]
    Signature,
    #[error("the token is expired, not valid yet, or valid for too long")]
    Time,
    #[error("the token is for another audience")]
    Audience,
    #[error("the token names no grant that is known")]
    Grant,
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, ProblemCode::Unauthenticated, "The authorization token is not accepted")
            .detail(error.to_string())
    }
}

/// Whose tokens are accepted.
#[derive(Debug)]
pub(crate) struct TokenIssuers {
    own: SubKey,
    issuers: Vec<Issuer>,
}

/// Somebody else whose tokens are accepted.
pub(crate) struct Issuer {
    name: String,
    key: IssuerKey,
}

enum IssuerKey {
    Hs256(Vec<u8>),
    /// Uncompressed point.
    Es256(Vec<u8>),
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Why the file of issuers or encryptors cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PartnersError {
    /// It cannot be read.
    #[error("cannot read {path}")]
    Io {
        /// The file.
        path: std::path::PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// It does not say what it should.
    #[error("{path}: {reason}")]
    Content {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong; nothing of the file is quoted, since secrets are in it.
        reason: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IssuerLine {
    issuer: String,
    alg: String,
    #[serde(default)]
    k: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
}

#[derive(Serialize, Deserialize)]
struct Header {
    alg: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    crit: Option<serde_json::Value>,
}

#[derive(Serialize, Deserialize)]
struct Payload {
    iss: String,
    aud: String,
    exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    jti: String,
    grant: GrantId,
    kids: Vec<String>,
}

impl TokenIssuers {
    /// Ourselves, and those in the operator's file: a JSON list of
    /// `{"issuer": "…", "alg": "HS256", "k": "…"}` and `{"issuer": "…", "alg": "ES256", "x": "…", "y": "…"}`.
    pub(crate) fn open(master_key: &MasterKey, file: Option<&Path>) -> Result<Self, PartnersError> {
        let own = master_key.derive("licence: authorization tokens");
        Ok(Self { own, issuers: file.map(Self::read).transpose()?.unwrap_or_default() })
    }

    /// The operator's file.
    pub(crate) fn read(path: &Path) -> Result<Vec<Issuer>, PartnersError> {
        let text = fs::read(path).map_err(|source| PartnersError::Io { path: path.to_owned(), source })?;
        let wrong = |reason: String| PartnersError::Content { path: path.to_owned(), reason };
        let lines: Vec<IssuerLine> =
            serde_json::from_slice(&text).map_err(|error| wrong(format!("line {} is not understood", error.line())))?;
        let issuer = |line: IssuerLine| {
            let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
            let key = match line.alg.as_str() {
                "HS256" => decode(&line.k).filter(|key| key.len() >= 32).map(IssuerKey::Hs256),
                "ES256" => decode(&line.x)
                    .zip(decode(&line.y))
                    .filter(|(x, y)| x.len() == 32 && y.len() == 32)
                    .map(|(x, y)| IssuerKey::Es256([[4].as_slice(), &x, &y].concat())),
                _ => None,
            };
            let is_other = line.issuer != OURS && !line.issuer.is_empty();
            let key = key.filter(|_| is_other);
            key.map(|key| Issuer { name: line.issuer.clone(), key }).ok_or(line.issuer)
        };
        let issuers = lines.into_iter().map(issuer).collect::<Result<_, _>>();
        issuers.map_err(|name| {
            wrong(format!("issuer {name:?} needs HS256 with k of 32 bytes or more, or ES256 with x and y of 32"))
        })
    }

    /// A token of ours.
    pub(crate) fn issue(&self, grant: &GrantId, kids: &[[u8; 16]], now_ms: i64) -> String {
        let now_s = now_ms / SECOND_MS;
        let payload = Payload {
            iss: OURS.to_owned(),
            aud: AUDIENCE.to_owned(),
            exp: now_s + LIFETIME_S,
            nbf: Some(now_s),
            iat: Some(now_s),
            jti: Uuid::now_v7().to_string(),
            grant: grant.clone(),
            kids: kids.iter().map(|kid| URL_SAFE_NO_PAD.encode(kid)).collect(),
        };
        let encode = |text: String| URL_SAFE_NO_PAD.encode(text);
        let payload = serde_json::to_string(&payload).expect("texts and numbers are always JSON");
        let signed = format!("{}.{}", encode(r#"{"alg":"HS256","typ":"JWT"}"#.to_owned()), encode(payload));
        let tag = mac(self.own.as_bytes(), &signed).finalize().into_bytes();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
    }

    /// Checks a token; the time comes last, so that it is told only of genuine ones.
    pub(crate) fn verify(&self, token: &str, now_ms: i64) -> Result<Claims, TokenError> {
        if token.len() > MAX_TOKEN {
            return Err(TokenError::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (head, body) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| TokenError::Malformed);
        let header: Header = serde_json::from_slice(&decode(head)?).map_err(|_| TokenError::Malformed)?;
        if !matches!(header.alg.as_str(), "HS256" | "ES256") || header.crit.is_some() {
            return Err(TokenError::Algorithm);
        }
        let payload: Payload = serde_json::from_slice(&decode(body)?).map_err(|_| TokenError::Malformed)?;
        self.check_signature(&header.alg, &payload.iss, signed, &decode(signature)?)?;
        if payload.aud != AUDIENCE {
            return Err(TokenError::Audience);
        }
        let now_s = now_ms / SECOND_MS;
        let begins = payload.nbf.or(payload.iat).unwrap_or(now_s);
        let is_current = now_s < payload.exp.saturating_add(SKEW_S)
            && begins <= now_s.saturating_add(SKEW_S)
            && payload.exp <= now_s.saturating_add(MAX_LIFETIME_S);
        if !is_current {
            return Err(TokenError::Time);
        }
        let kids: Option<Vec<_>> = payload.kids.iter().take(MAX_KIDS + 1).map(|text| kid(text)).collect();
        let kids = kids.filter(|kids| (1..=MAX_KIDS).contains(&kids.len())).ok_or(TokenError::Malformed)?;
        Ok(Claims { grant: payload.grant, kids, issuer: payload.iss, id: payload.jti })
    }

    fn check_signature(&self, alg: &str, issuer: &str, signed: &str, signature: &[u8]) -> Result<(), TokenError> {
        let is_tag = |key: &[u8]| mac(key, signed).verify_slice(signature).is_ok();
        let is_good = if issuer == OURS {
            alg == "HS256" && is_tag(self.own.as_bytes())
        } else {
            match self.issuers.iter().find(|known| known.name == issuer).map(|known| &known.key) {
                Some(IssuerKey::Hs256(key)) => alg == "HS256" && is_tag(key),
                Some(IssuerKey::Es256(point)) => {
                    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
                    alg == "ES256" && key.verify(signed.as_bytes(), signature).is_ok()
                }
                None => false,
            }
        };
        if is_good { Ok(()) } else { Err(TokenError::Signature) }
    }
}

/// The token of `Authorization: Bearer`.
pub(crate) fn bearer(headers: &HeaderMap) -> Result<&str, TokenError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return Err(TokenError::Absent) };
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or(TokenError::Absent)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token.trim()) } else { Err(TokenError::Absent) }
}

/// A key id as text: base64url without padding, or a UUID.
pub(crate) fn kid(text: &str) -> Option<[u8; 16]> {
    match text.len() {
        22 => URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok(),
        36 => Uuid::parse_str(text).ok().map(Uuid::into_bytes),
        _ => None,
    }
}

fn mac(key: &[u8], signed: &str) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length").chain_update(signed)
}

#[cfg(test)]
mod tests;
