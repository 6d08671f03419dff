//! What makes a sent form ours.
//!
//! The hidden field is an authenticated expiry, bound to what the form is for and to a random cookie of the browser that
//! it was shown in. A foreign page can neither make one nor use one that it fetched for itself, so it cannot sign a
//! viewer in to an account of its choice, nor confirm a device in his name. Nothing is stored.

use super::cookies;
use crate::store::SubKey;
use axum::http::{HeaderMap, HeaderValue};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use std::time::Duration;
use subtle::ConstantTimeEq;

/// Makes and checks the hidden field.
#[derive(Debug)]
pub(crate) struct FormTokens {
    key: SubKey,
    lifetime: Duration,
    is_secure: bool,
}

/// The random value that ties forms to a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BrowserNonce(String);

impl BrowserNonce {
    pub(crate) fn random() -> Self {
        let bytes: [u8; 16] = rand::random();
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FormTokens {
    pub(crate) fn new(key: SubKey, lifetime: Duration, is_secure: bool) -> Self {
        Self { key, lifetime, is_secure }
    }

    /// The browser's nonce, if it has one: a second tab must not invalidate the first.
    pub(crate) fn nonce(&self, headers: &HeaderMap) -> Option<BrowserNonce> {
        cookies::get(self.is_secure, headers, cookies::FORM)
            .filter(|value| URL_SAFE_NO_PAD.decode(value).is_ok_and(|bytes| bytes.len() == 16))
            .map(|value| BrowserNonce(value.to_owned()))
    }

    /// The hidden field for a page shown now: for a purpose, about something, and good for one holder.
    pub(crate) fn issue(&self, purpose: &str, about: &[u8], holder: &str, now_ms: i64) -> String {
        let expires_ms = now_ms.saturating_add(i64::try_from(self.lifetime.as_millis()).unwrap_or(i64::MAX));
        let mut token = expires_ms.to_be_bytes().to_vec();
        token.extend(self.tag(purpose, about, holder, expires_ms));
        URL_SAFE_NO_PAD.encode(token)
    }

    /// Was the field made for this, and not too long ago?
    pub(crate) fn is_valid(&self, token: &str, purpose: &str, about: &[u8], holder: &str, now_ms: i64) -> bool {
        let Ok(bytes) = URL_SAFE_NO_PAD.decode(token) else { return false };
        let Some((expiry, tag)) = bytes.split_first_chunk::<8>() else { return false };
        let expires_ms = i64::from_be_bytes(*expiry);
        let is_ours: bool = self.tag(purpose, about, holder, expires_ms).ct_eq(tag).into();
        is_ours && now_ms < expires_ms
    }

    /// The `Set-Cookie` value.
    pub(crate) fn cookie(&self, nonce: &BrowserNonce) -> HeaderValue {
        let seconds = i64::try_from(self.lifetime.as_secs()).unwrap_or(i64::MAX);
        cookies::set(self.is_secure, cookies::FORM, &nonce.0, seconds, "Strict")
    }

    fn tag(&self, purpose: &str, about: &[u8], holder: &str, expires_ms: i64) -> [u8; 32] {
        self.key.authenticate(&[&expires_ms.to_be_bytes(), purpose.as_bytes(), about, holder.as_bytes()])
    }
}
