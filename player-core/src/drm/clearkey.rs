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
use std::time::{Duration, SystemTime};

/// The specification forbids padding, licence servers add it now and then.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_encode_padding(false).with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// Longest licence that is read, in bytes.
const MAX_LICENCE: usize = 256 << 10;
/// A licence that says how long it lasts is renewed when this share of it is over: what is left bridges a server that is
/// away.
const RENEWED_AFTER: f64 = 0.8;
/// Longest life that is believed, a year.
const MAX_LIFE: Duration = Duration::from_secs(365 * 86_400);

#[derive(Serialize)]
struct Challenge {
    kids: Vec<String>,
    r#type: &'static str,
}

#[derive(Deserialize)]
struct Licence {
    keys: Vec<Key>,
    /// Not in the specification, which has no place for it: how much longer the keys may be used, in seconds.
    #[serde(default)]
    lifetime_s: Option<u64>,
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
        Ok(Box::new(ClearKeySession { wanted: init.key_ids.clone(), keys: Arc::default(), renewal: None }))
    }
}

#[derive(Debug)]
struct ClearKeySession {
    wanted: Vec<KeyId>,
    keys: Arc<ClearKeys>,
    renewal: Option<SystemTime>,
}

impl LicenseSession for ClearKeySession {
    fn challenge(&mut self) -> Result<LicenseChallenge, DrmError> {
        Ok(LicenseChallenge { key_system: KeySystemId::CLEAR_KEY, body: challenge(&self.wanted), url: None })
    }

    fn update(&mut self, response: &[u8]) -> Result<LicenseProgress, DrmError> {
        let licence = read(response)?;
        let life = licence.lifetime_s.map(|seconds| Duration::from_secs(seconds).min(MAX_LIFE));
        self.keys.add(keys_of(&licence)?);
        let now = SystemTime::now();
        self.keys.ends_at(life.and_then(|life| now.checked_add(life)));
        self.renewal = life.and_then(|life| now.checked_add(life.mul_f64(RENEWED_AFTER)));
        Ok(LicenseProgress::Keys(self.key_statuses()))
    }

    fn key_statuses(&self) -> Vec<(KeyId, KeyStatus)> {
        let status = if self.keys.are_over() { KeyStatus::Expired } else { KeyStatus::Usable };
        self.keys.ids().into_iter().map(|id| (id, status)).collect()
    }

    fn renewal_due(&self) -> Option<SystemTime> {
        self.renewal
    }

    fn decryption(&self) -> Arc<dyn ContentDecryption> {
        self.keys.clone()
    }
}

/// Keys that are known, and decryption with them for as long as they may be used.
#[derive(Default)]
pub struct ClearKeys {
    keys: RwLock<HashMap<KeyId, ContentKey>>,
    /// By the clock of this machine; `None` means that nobody has named an end.
    end: RwLock<Option<SystemTime>>,
}

impl ClearKeys {
    /// Adds keys; those of the same id are replaced.
    pub fn add(&self, keys: impl IntoIterator<Item = (KeyId, ContentKey)>) {
        self.keys.write().unwrap_or_else(PoisonError::into_inner).extend(keys);
    }

    /// A key by its id.
    pub fn get(&self, id: KeyId) -> Option<ContentKey> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).get(&id).copied()
    }

    /// Ids of all keys.
    pub fn ids(&self) -> Vec<KeyId> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).keys().copied().collect()
    }

    /// From then on nothing is decrypted, unless a renewal names another end.
    fn ends_at(&self, end: Option<SystemTime>) {
        *self.end.write().unwrap_or_else(PoisonError::into_inner) = end;
    }

    fn are_over(&self) -> bool {
        let end = *self.end.read().unwrap_or_else(PoisonError::into_inner);
        end.is_some_and(|end| end <= SystemTime::now())
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
        if self.are_over() {
            return Err(DrmError::KeyUnusable { key: id, status: KeyStatus::Expired });
        }
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
    keys_of(&read(body)?)
}

fn read(body: &[u8]) -> Result<Licence, DrmError> {
    if body.len() > MAX_LICENCE {
        return Err(DrmError::InvalidLicence("it is too long"));
    }
    serde_json::from_slice(body).map_err(|_| DrmError::InvalidLicence("it is not a JSON Web Key set"))
}

fn keys_of(licence: &Licence) -> Result<Vec<(KeyId, ContentKey)>, DrmError> {
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
    use crate::drm::{InitData, InitDataType};

    #[test]
    fn challenge_and_licence_follow_the_specification() {
        let id = KeyId([0xff; 16]);
        assert_eq!(challenge(&[id]), br#"{"kids":["_____________________w"],"type":"temporary"}"#);
        let licence = br#"{"keys":[{"kty":"oct","kid":"_____________________w","k":"AAAAAAAAAAAAAAAAAAAAAA=="}],"type":"temporary"}"#;
        assert_eq!(parse_licence(licence), Ok(vec![(id, ContentKey([0; 16]))]));
    }

    fn session_with(lifetime: &str) -> Box<dyn LicenseSession> {
        let id = KeyId([0xff; 16]);
        let init = InitData { kind: InitDataType::KeyIds, data: init_data(&[id]).into() };
        let mut session = ClearKey.open(&ProtectionInit { init, key_ids: vec![id] }).unwrap();
        let licence =
            format!(r#"{{"keys":[{{"kid":"_____________________w","k":"AAAAAAAAAAAAAAAAAAAAAA"}}]{lifetime}}}"#);
        session.update(licence.as_bytes()).unwrap();
        session
    }

    #[test]
    fn licence_that_lasts_is_renewed_before_its_end_and_useless_after_it() {
        let (key, plain) = (KeyId([0xff; 16]), session_with(""));
        assert_eq!((plain.renewal_due(), plain.key_statuses()), (None, vec![(key, KeyStatus::Usable)]));
        let before = SystemTime::now();
        let lasting = session_with(r#","lifetime_s":1000"#);
        let due = lasting.renewal_due().unwrap().duration_since(before).unwrap().as_secs();
        assert!((800..1000).contains(&due), "{due}");
        assert_eq!(lasting.key_statuses(), [(key, KeyStatus::Usable)]);
        assert!(session_with(r#","lifetime_s":18446744073709551615"#).renewal_due().is_some());

        let mut over = session_with(r#","lifetime_s":0"#);
        assert_eq!(over.key_statuses(), [(key, KeyStatus::Expired)]);
        let mut sample = crate::drm::contract_tests::encrypted(&[7; 32], crate::container::Scheme::Cenc, &[]);
        sample.protection.as_mut().unwrap().key_id = key;
        let (decryption, before) = (over.decryption(), sample.data.clone());
        let expired = Err(DrmError::KeyUnusable { key, status: KeyStatus::Expired });
        assert_eq!(decryption.decrypt(&mut sample, &crate::testing::video_format()), expired);
        assert_eq!(sample.data, before, "a sample that is refused stays as it is");
        let renewed = br#"{"keys":[{"kid":"_____________________w","k":"AAAAAAAAAAAAAAAAAAAAAA"}],"lifetime_s":60}"#;
        over.update(renewed).unwrap();
        assert_eq!(decryption.decrypt(&mut sample, &crate::testing::video_format()), Ok(()));
    }

    #[test]
    fn licences_that_make_no_sense_are_refused() {
        for body in ["", "{}", "[]", r#"{"keys":[{"kid":"AA","k":"AA"}]}"#, r#"{"keys":[{"kid":"*","k":"*"}]}"#] {
            assert!(parse_licence(body.as_bytes()).is_err(), "{body}");
        }
    }
}
