//! W3C Clear Key (Encrypted Media Extensions, section 9.1): challenge and licence as JSON, base64url without padding.

use super::{
    ContentDecryption, ContentKey, DrmError, KeyId, KeyStatus, KeySystem, KeySystemCapabilities, KeySystemId,
    LicenseChallenge, LicenseProgress, LicenseSession, ProtectionInit, SecurityLevel, SystemId, cenc,
};
use crate::container::{Sample, TrackFormat};
use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::{alphabet, engine::DecodePaddingMode};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

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

/// Keys from a licence in JSON, decryption in this process.
#[derive(Clone, Copy, Debug)]
pub struct ClearKey;

impl KeySystem for ClearKey {
    fn id(&self) -> KeySystemId {
        KeySystemId::CLEAR_KEY
    }

    fn capabilities(&self) -> KeySystemCapabilities {
        KeySystemCapabilities {
            systems: vec![SystemId::CLEAR_KEY, SystemId::COMMON],
            schemes: &["cenc", "cens", "cbc1", "cbcs"],
            security: SecurityLevel::Clear,
            persistent: false,
        }
    }

    fn open(&self, init: &ProtectionInit) -> Result<Box<dyn LicenseSession>, DrmError> {
        Ok(Box::new(ClearKeySession { wanted: init.key_ids.clone(), keys: Arc::default() }))
    }
}

#[derive(Debug)]
struct ClearKeySession {
    wanted: Vec<KeyId>,
    keys: Arc<ClearKeys>,
}

impl LicenseSession for ClearKeySession {
    fn challenge(&mut self) -> Result<LicenseChallenge, DrmError> {
        Ok(LicenseChallenge { key_system: KeySystemId::CLEAR_KEY, body: challenge(&self.wanted), url: None })
    }

    fn update(&mut self, response: &[u8]) -> Result<LicenseProgress, DrmError> {
        self.keys.add(parse_licence(response)?);
        Ok(LicenseProgress::Keys(self.key_statuses()))
    }

    fn key_statuses(&self) -> Vec<(KeyId, KeyStatus)> {
        self.keys.ids().into_iter().map(|id| (id, KeyStatus::Usable)).collect()
    }

    fn renewal_due(&self) -> Option<SystemTime> {
        None
    }

    fn decryption(&self) -> Arc<dyn ContentDecryption> {
        self.keys.clone()
    }
}

/// Keys that are known, and decryption with them.
#[derive(Default)]
pub struct ClearKeys(RwLock<HashMap<KeyId, ContentKey>>);

impl ClearKeys {
    /// Adds keys; those of the same id are replaced.
    pub fn add(&self, keys: impl IntoIterator<Item = (KeyId, ContentKey)>) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).extend(keys);
    }

    /// A key by its id.
    pub fn get(&self, id: KeyId) -> Option<ContentKey> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&id).copied()
    }

    /// Ids of all keys.
    pub fn ids(&self) -> Vec<KeyId> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }
}

impl fmt::Debug for ClearKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ClearKeys").field(&self.ids()).finish()
    }
}

impl ContentDecryption for ClearKeys {
    fn decrypt(&self, sample: &mut Sample, _format: &TrackFormat) -> Result<(), DrmError> {
        let Some(id) = sample.protection.as_ref().map(|protection| protection.key_id) else { return Ok(()) };
        cenc::decrypt(sample, &self.get(id).ok_or(DrmError::MissingKey(id))?);
        Ok(())
    }
}

/// Initialisation data that are a list of key ids, for whichever system takes them (W3C, `keyids`).
pub fn init_data(key_ids: &[KeyId]) -> Vec<u8> {
    let kids: Vec<String> = key_ids.iter().map(|id| BASE64URL.encode(id.0)).collect();
    serde_json::json!({ "kids": kids }).to_string().into_bytes()
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
