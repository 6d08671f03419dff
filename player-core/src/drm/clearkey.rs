//! W3C Clear Key (Encrypted Media Extensions, section 9.1): challenge and licence as JSON, base64url without padding.

use super::{ContentKey, DrmError, KeyId};
use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::{alphabet, engine::DecodePaddingMode};
use serde::{Deserialize, Serialize};

/// The specification forbids padding, licence servers add it now and then.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_encode_padding(false).with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// Longest licence that is read, in bytes.
const MAX_LICENCE: usize = 256 << 10;

#[derive(Serialize)]
struct Challenge {
    kids: Vec<String>,
    r#type: &'static str,
}

#[derive(Deserialize)]
struct Licence {
    keys: Vec<Key>,
}

#[derive(Deserialize)]
struct Key {
    kty: Option<String>,
    kid: String,
    k: String,
}

/// The request for these keys.
pub fn challenge(key_ids: &[KeyId]) -> Vec<u8> {
    let kids = key_ids.iter().map(|id| BASE64URL.encode(id.0)).collect();
    serde_json::to_vec(&Challenge { kids, r#type: "temporary" }).expect("text in a vector is always JSON")
}

/// The keys of a licence.
pub fn parse_licence(body: &[u8]) -> Result<Vec<(KeyId, ContentKey)>, DrmError> {
    if body.len() > MAX_LICENCE {
        return Err(DrmError::InvalidLicence("it is too long"));
    }
    let licence: Licence =
        serde_json::from_slice(body).map_err(|_| DrmError::InvalidLicence("it is not a JSON Web Key set"))?;
    let bytes = |text: &str, what| {
        let decoded = BASE64URL.decode(text).map_err(|_| DrmError::InvalidLicence(what))?;
        <[u8; 16]>::try_from(decoded).map_err(|_| DrmError::InvalidLicence(what))
    };
    licence
        .keys
        .iter()
        .filter(|key| key.kty.as_deref().is_none_or(|kind| kind == "oct"))
        .map(|key| {
            Ok((
                KeyId(bytes(&key.kid, "a key id is not 16 bytes")?),
                ContentKey(bytes(&key.k, "a key is not 16 bytes")?),
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenge_and_licence_follow_the_specification() {
        let id = KeyId([0xff; 16]);
        assert_eq!(challenge(&[id]), br#"{"kids":["_____________________w"],"type":"temporary"}"#);
        let licence = br#"{"keys":[{"kty":"oct","kid":"_____________________w","k":"AAAAAAAAAAAAAAAAAAAAAA=="}],"type":"temporary"}"#;
        assert_eq!(parse_licence(licence), Ok(vec![(id, ContentKey([0; 16]))]));
    }

    #[test]
    fn licences_that_make_no_sense_are_refused() {
        for body in ["", "{}", "[]", r#"{"keys":[{"kid":"AA","k":"AA"}]}"#, r#"{"keys":[{"kid":"*","k":"*"}]}"#] {
            assert!(parse_licence(body.as_bytes()).is_err(), "{body}");
        }
    }
}
