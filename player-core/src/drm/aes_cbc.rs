//! Segments encrypted as a whole (RFC 8216, section 4.3.2.4: AES-128, and AES-256 likewise).

use super::DrmError;
use bytes::Bytes;

/// Decrypts a segment and strips its padding.
pub fn decrypt_segment(_data: &[u8], _key: &[u8], _iv: [u8; 16], _short_iv: bool) -> Result<Bytes, DrmError> {
    Err(DrmError::BadKey)
}
