//! Proof of possession (RFC 9449): a token that was bound to a key is worth nothing without it.
//!
//! Every proof must contain a nonce of ours, which no attacker can know in advance, and is accepted once.

use super::super::jose::{Alg, Jws, PublicJwk};
use crate::{
    clock::{Clock, SECOND_MS},
    store::{Db, SubKey},
};
use axum::http::{HeaderMap, Method};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use subtle::ConstantTimeEq;
use url::Url;

/// How far the clocks of client and server may be apart.
const SKEW_MS: i64 = 60 * SECOND_MS;
/// A nonce is made anew this often, and accepted for [`NONCE_STEPS`] of these.
const NONCE_STEP_MS: i64 = 60 * SECOND_MS;
const NONCE_STEPS: i64 = 5;
/// Longest `jti`, in bytes.
const MAX_JTI: usize = 256;

/// Algorithms of proofs. RSA is left out: nobody needs it there, and its keys are large.
pub(crate) const ALGS: [Alg; 2] = [Alg::ES256, Alg::EdDSA];

/// Checks proofs.
#[derive(Debug)]
pub(crate) struct Dpop {
    db: Db,
    clock: Arc<dyn Clock>,
    key: SubKey,
    /// Origin without a slash.
    issuer: String,
}

/// Why a proof is not accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DpopError {
    #[error("the proof is not valid: {0}")]
    Invalid(&'static str),
    /// It has no nonce of ours, or an old one.
    #[error("the proof needs a nonce")]
    Nonce,
    #[error("the database failed")]
    Store(#[from] sqlx::Error),
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: f64,
    #[serde(default)]
    ath: Option<String>,
    #[serde(default)]
    nonce: Option<String>,
}

impl Dpop {
    pub(crate) fn new(db: Db, clock: Arc<dyn Clock>, key: SubKey, issuer: String) -> Self {
        Self { db, clock, key, issuer }
    }

    /// The nonce for the next proof.
    pub(crate) fn nonce(&self) -> String {
        self.nonce_of(self.clock.now_ms() / NONCE_STEP_MS)
    }

    /// Thumbprint of the key whose possession is proved, if a proof is there. `token` is the access token that comes
    /// with it, at resources.
    pub(crate) async fn check(
        &self,
        headers: &HeaderMap,
        method: &Method,
        path: &str,
        token: Option<&str>,
    ) -> Result<Option<String>, DpopError> {
        let mut values = headers.get_all("dpop").iter();
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(DpopError::Invalid("there are two"));
        }
        let text = value.to_str().map_err(|_| DpopError::Invalid("it is not text"))?;
        let jws = Jws::parse(text).map_err(|_| DpopError::Invalid("it is not a signed statement"))?;
        if jws.header.typ.as_deref() != Some("dpop+jwt") || !ALGS.contains(&jws.alg) {
            return Err(DpopError::Invalid("typ or alg"));
        }
        let key: &PublicJwk = jws.header.jwk.as_ref().ok_or(DpopError::Invalid("it has no key"))?;
        let claims: Claims = jws.verify(key).map_err(|_| DpopError::Invalid("signature or claims"))?;
        let jkt = key.thumbprint().ok_or(DpopError::Invalid("the key"))?;
        if claims.htm != method.as_str() {
            return Err(DpopError::Invalid("htm"));
        }
        if !self.is_here(&claims.htu, path) {
            return Err(DpopError::Invalid("htu"));
        }
        let now_ms = self.clock.now_ms();
        let iat_ms = claims.iat * SECOND_MS as f64;
        if !iat_ms.is_finite() || (iat_ms - now_ms as f64).abs() >= SKEW_MS as f64 {
            return Err(DpopError::Invalid("iat"));
        }
        let expected = token.map(|token| URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes())));
        if claims.ath != expected {
            return Err(DpopError::Invalid("ath"));
        }
        if claims.jti.is_empty() || claims.jti.len() > MAX_JTI {
            return Err(DpopError::Invalid("jti"));
        }
        if !claims.nonce.is_some_and(|nonce| self.is_own_nonce(&nonce, now_ms)) {
            return Err(DpopError::Nonce);
        }
        // Last: only a proof that is good otherwise costs a write.
        if !self.is_new(&jkt, &claims.jti, now_ms).await? {
            return Err(DpopError::Invalid("it was used before"));
        }
        Ok(Some(jkt))
    }

    /// Forgets proofs whose nonce would not be accepted any more.
    pub(crate) async fn sweep(&self) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM identity_dpop_proofs WHERE expires_at_ms < $1")
            .bind(self.clock.now_ms())
            .execute(self.db.writer())
            .await
            .map(drop)
    }

    /// Query and fragment do not count (RFC 9449, 4.3).
    fn is_here(&self, htu: &str, path: &str) -> bool {
        let Ok(mut url) = Url::parse(htu) else { return false };
        url.set_query(None);
        url.set_fragment(None);
        Url::parse(&format!("{}{path}", self.issuer)).is_ok_and(|here| here == url)
    }

    fn nonce_of(&self, step: i64) -> String {
        let tag = self.key.authenticate(&[b"nonce", &step.to_be_bytes()]);
        URL_SAFE_NO_PAD.encode([step.to_be_bytes().as_slice(), &tag[..16]].concat())
    }

    fn is_own_nonce(&self, nonce: &str, now_ms: i64) -> bool {
        let now = now_ms / NONCE_STEP_MS;
        (0..NONCE_STEPS).any(|age| self.nonce_of(now - age).as_bytes().ct_eq(nonce.as_bytes()).into())
    }

    /// One statement decides, whichever instance the second copy arrives at.
    async fn is_new(&self, jkt: &str, jti: &str, now_ms: i64) -> Result<bool, sqlx::Error> {
        let mut digest = Sha256::new();
        digest.update(jkt.as_bytes());
        digest.update([0]);
        digest.update(jti.as_bytes());
        let added = sqlx::query(
            "INSERT INTO identity_dpop_proofs (hash, expires_at_ms) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING",
        )
        .bind(digest.finalize().to_vec())
        .bind(now_ms + NONCE_STEPS * NONCE_STEP_MS + SKEW_MS)
        .execute(self.db.writer())
        .await?;
        Ok(added.rows_affected() == 1)
    }
}
