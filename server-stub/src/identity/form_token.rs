//! What makes a sent sign-in form ours.
//!
//! The hidden field is an authenticated expiry, bound to the authorization request that the page was shown for and to a
//! random cookie of the browser it was shown in. A foreign page can neither make one nor use one that it fetched for
//! itself, so it cannot sign a viewer in to an account of its choice. Nothing is stored.

use super::authorize::AuthorizationRequest;
use crate::store::SubKey;
use axum::http::{HeaderMap, HeaderValue, header};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::time::Duration;
use subtle::ConstantTimeEq;

/// Name of the cookie.
const COOKIE: &str = "lumen_sign_in";

/// Makes and checks the hidden field.
#[derive(Debug)]
pub(crate) struct FormTokens {
    key: SubKey,
    lifetime: Duration,
}

/// The random value that ties forms to a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BrowserNonce(String);

impl BrowserNonce {
    /// The browser's, if it has one: a second tab must not invalidate the first.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == COOKIE)
            .map(|(_, value)| value)
            .filter(|value| URL_SAFE_NO_PAD.decode(value).is_ok_and(|bytes| bytes.len() == 16))
            .map(|value| Self(value.to_owned()))
    }

    pub(crate) fn random() -> Self {
        let bytes: [u8; 16] = rand::random();
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FormTokens {
    pub(crate) fn new(key: SubKey, lifetime: Duration) -> Self {
        Self { key, lifetime }
    }

    /// The hidden field for a page shown now.
    pub(crate) fn issue(&self, request: &AuthorizationRequest, nonce: &BrowserNonce, now_ms: i64) -> String {
        let expires_ms = now_ms.saturating_add(i64::try_from(self.lifetime.as_millis()).unwrap_or(i64::MAX));
        let mut token = expires_ms.to_be_bytes().to_vec();
        token.extend(self.tag(request, nonce, expires_ms));
        URL_SAFE_NO_PAD.encode(token)
    }

    /// Was the field made for this request and browser, and not too long ago?
    pub(crate) fn is_valid(
        &self,
        token: &str,
        request: &AuthorizationRequest,
        nonce: &BrowserNonce,
        now_ms: i64,
    ) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(token) else { return false };
        let Some((expiry, tag)) = bytes.split_first_chunk::<8>() else { return false };
        let expires_ms = i64::from_be_bytes(*expiry);
        let is_ours: bool = self.tag(request, nonce, expires_ms).ct_eq(tag).into();
        is_ours && now_ms < expires_ms
    }

    /// The `Set-Cookie` value. No `Secure`: the server speaks plain HTTP on loopback, where browsers would drop it.
    pub(crate) fn cookie(&self, nonce: &BrowserNonce) -> HeaderValue {
        let text = format!(
            "{COOKIE}={}; Path=/oauth; Max-Age={}; HttpOnly; SameSite=Strict",
            nonce.0,
            self.lifetime.as_secs()
        );
        HeaderValue::try_from(text).expect("base64url and attributes are visible ASCII")
    }

    fn tag(&self, request: &AuthorizationRequest, nonce: &BrowserNonce, expires_ms: i64) -> [u8; 32] {
        self.key.authenticate(&[
            &expires_ms.to_be_bytes(),
            nonce.0.as_bytes(),
            request.redirect_uri.as_bytes(),
            request.state.as_bytes(),
            request.code_challenge.as_bytes(),
        ])
    }
}
