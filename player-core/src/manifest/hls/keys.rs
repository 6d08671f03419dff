//! `EXT-X-KEY` and `EXT-X-SESSION-KEY`: which protections are announced, and whether this player takes them.

use crate::drm::{KeyId, pssh};
use crate::manifest::{ManifestError, Protection};
use base64::Engine as _;
use m3u8_rs::{Key, KeyMethod};

/// W3C Clear Key by licence, as announced for CMAF.
const CLEAR_KEY: &str = "org.w3.clearkey";
/// Key id lists longer than this are not from this world.
const MAX_KEY_IDS: usize = 64;

/// What a key tag means. `None`: no protection.
pub(super) fn protection(key: &Key) -> Result<Option<Protection>, ManifestError> {
    match &key.method {
        KeyMethod::None => Ok(None),
        KeyMethod::SampleAES => by_licence(key),
        KeyMethod::Other(method) if method == "SAMPLE-AES-CTR" => by_licence(key),
        KeyMethod::AES128 => Err(ManifestError::Unsupported("segments encrypted as a whole (AES-128)")),
        KeyMethod::Other(_) => Err(ManifestError::Unsupported("an unknown encryption method")),
    }
}

fn by_licence(key: &Key) -> Result<Option<Protection>, ManifestError> {
    if key.keyformat.as_deref() != Some(CLEAR_KEY) {
        return Err(ManifestError::Unsupported("a key system other than Clear Key"));
    }
    let key_ids = key.uri.as_deref().map(announced_key_ids).unwrap_or_default();
    Ok(Some(Protection { key_ids, licence_url: None }))
}

/// Key ids from a `data:` URI that holds a `pssh` box. An unreadable announcement is no error: the media name their
/// keys themselves.
fn announced_key_ids(uri: &str) -> Vec<KeyId> {
    let encoded = uri.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,")).map(|(_, data)| data);
    let bytes = encoded.and_then(|data| base64::engine::general_purpose::STANDARD.decode(data).ok());
    let mut ids = bytes.map(|bytes| pssh::key_ids(&bytes)).unwrap_or_default();
    ids.truncate(MAX_KEY_IDS);
    ids
}
