//! What every key system must do, tried with each that can be had here.

use super::clearkey::ClearKey;
use super::*;
use crate::container::{Sample, SampleProtection, Scheme, Subsample};
use crate::testing::{sample_at, video_format};
use aes::Aes128;
use aes::cipher::{BlockModeEncrypt, KeyIvInit, StreamCipher};
use base64::Engine as _;
use std::sync::Arc;

pub(super) const ID: KeyId = KeyId([0x1d; 16]);
pub(super) const KEY: ContentKey = ContentKey([0x42; 16]);
const OTHER: KeyId = KeyId([0x2e; 16]);
const IV: [u8; 16] = [7, 7, 7, 7, 7, 7, 7, 7, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe];

/// Bytes of a sample: clear and protected ones by turns.
pub(super) fn encrypted(plain: &[u8], scheme: Scheme, parts: &[(u32, u32)]) -> Sample {
    let mut data = plain.to_vec();
    let whole = [(0, u32::try_from(plain.len()).unwrap())];
    let mut stream = ctr::Ctr64BE::<Aes128>::new(&KEY.0.into(), &IV.into());
    let mut at = 0;
    for (clear, protected) in if parts.is_empty() { &whole[..] } else { parts } {
        let run = &mut data[at + *clear as usize..][..*protected as usize];
        at += (clear + protected) as usize;
        match scheme {
            Scheme::Cbcs { crypt, skip } => {
                let mut chain = cbc::Encryptor::<Aes128>::new(&KEY.0.into(), &IV.into());
                let (crypt, skip) = (usize::from(crypt) * 16, usize::from(skip) * 16);
                let (crypt, all) = if crypt == 0 || skip == 0 { (16, 16) } else { (crypt, crypt + skip) };
                for group in run.chunks_mut(all).filter(|group| group.len() >= crypt) {
                    let blocks = group[..crypt].chunks_exact_mut(16);
                    blocks.for_each(|block| chain.encrypt_block(block.try_into().unwrap()));
                }
            }
            _ => stream.apply_keystream(run),
        }
    }
    let subsamples =
        parts.iter().map(|(clear, protected)| Subsample { clear: *clear, protected: *protected }).collect();
    let protection = Some(SampleProtection { key_id: ID, scheme, iv: IV, subsamples });
    Sample { data: data.into(), protection, ..sample_at(0, 40, true, 0) }
}

/// Answers with a licence for these keys.
type LicenceServer = Box<dyn Fn(&[(KeyId, ContentKey)]) -> Vec<u8>>;

/// A key system, and a licence server that speaks its language.
struct Tried {
    system: Arc<dyn KeySystem>,
    init: ProtectionInit,
    licence: LicenceServer,
}

fn clear_key() -> Tried {
    let encode = |bytes: [u8; 16]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    let licence = move |keys: &[(KeyId, ContentKey)]| {
        let keys =
            keys.iter().map(|(id, key)| serde_json::json!({"kty": "oct", "kid": encode(id.0), "k": encode(key.0)}));
        serde_json::json!({ "keys": keys.collect::<Vec<_>>() }).to_string().into_bytes()
    };
    let init = InitData { kind: InitDataType::KeyIds, data: clearkey::init_data(&[ID]).into() };
    Tried { system: Arc::new(ClearKey), init: ProtectionInit { init, key_ids: vec![ID] }, licence: Box::new(licence) }
}

#[cfg(all(feature = "opencdm", target_os = "linux"))]
fn open_cdm(folder: &std::path::Path) -> Tried {
    use crate::testing::stand_in::{self, StandIn};
    let stand_in = StandIn::build(folder, "libocdm.so", &[]);
    let init = InitData { kind: InitDataType::Cenc, data: stand_in::init_data("film") };
    Tried {
        system: opencdm_systems(&stand_in.options()).unwrap().remove(0),
        init: ProtectionInit { init, key_ids: vec![ID] },
        licence: Box::new(|keys| stand_in::licence(keys, 0, "")),
    }
}

fn keys_of(progress: LicenseProgress) -> Vec<(KeyId, KeyStatus)> {
    match progress {
        LicenseProgress::Keys(keys) => keys,
        LicenseProgress::Challenge(challenge) => panic!("{challenge:?}"),
    }
}

/// The contract.
fn keeps_the_contract(tried: &Tried) {
    let Tried { system, init, licence } = tried;
    let name = system.id();
    let able = system.capabilities();
    assert!(!able.systems.is_empty() && able.schemes.contains(&"cenc") && able.schemes.contains(&"cbcs"), "{name}");

    // Nothing is owed to anybody before there is an answer.
    drop(system.open(init).unwrap());

    let mut session = system.open(init).unwrap();
    let challenge = session.challenge().unwrap();
    assert!(challenge.key_system == name && !challenge.body.is_empty(), "{challenge:?}");
    assert!(!format!("{challenge:?}").contains("challenge\\n"), "what is between module and server is not printed");

    // Bad answers are refused by name, and a good one still counts.
    for garbage in [&b""[..], b"<html>", &[0; 70_000], &[0xff; 300]] {
        let refused = session.update(garbage).unwrap_err();
        assert!(matches!(refused, DrmError::InvalidLicence(_)), "{name}: {refused:?}");
    }
    let early = session.decryption();
    let format = video_format();
    let mut sample = encrypted(b"sixteen bytes...", Scheme::Cenc, &[]);
    let locked = sample.clone();
    assert_eq!(early.decrypt(&mut sample, &format), Err(DrmError::MissingKey(ID)), "{name}");
    assert_eq!(sample, locked, "{name}: a sample stays as it is after an error");

    let keys = keys_of(session.update(&licence(&[(ID, KEY)])).unwrap());
    assert_eq!(keys, [(ID, KeyStatus::Usable)], "{name}");
    assert_eq!(session.key_statuses(), keys, "{name}");
    assert_eq!(session.renewal_due(), None, "{name}");

    let plain: Vec<u8> = (0..=255).cycle().take(3_000).collect();
    let decryption = session.decryption();
    for (scheme, parts) in [
        (Scheme::Cenc, &[][..]),
        (Scheme::Cenc, &[(5, 100), (0, 7), (33, 1_000), (1_855, 0)]),
        (Scheme::Cbcs { crypt: 1, skip: 9 }, &[(9, 1_000), (3, 17), (1, 1_970)]),
        (Scheme::Cbcs { crypt: 0, skip: 0 }, &[]),
    ] {
        let mut sample = encrypted(&plain, scheme, parts);
        assert_ne!(sample.data, plain);
        decryption.decrypt(&mut sample, &format).unwrap();
        assert!(sample.data == plain && sample.protection.is_none(), "{name}: {scheme:?}");
    }
    // More parts than an interface may be able to count.
    let many = [(1, 32); 300];
    let long: Vec<u8> = plain.iter().copied().cycle().take(300 * 33).collect();
    for scheme in [Scheme::Cenc, Scheme::Cbcs { crypt: 1, skip: 1 }] {
        let mut sample = encrypted(&long, scheme, &many);
        decryption.decrypt(&mut sample, &format).unwrap();
        assert!(sample.data == long, "{name}: {scheme:?}");
    }

    let mut clear = sample_at(0, 40, true, 100);
    decryption.decrypt(&mut clear, &format).unwrap();
    assert_eq!(clear, sample_at(0, 40, true, 100));
    let mut stranger = encrypted(&plain, Scheme::Cenc, &[]);
    stranger.protection.as_mut().unwrap().key_id = OTHER;
    assert_eq!(decryption.decrypt(&mut stranger, &format), Err(DrmError::MissingKey(OTHER)), "{name}");

    // Decryption is asked by several threads, outlives the session, and that which was made early has the keys.
    drop(session);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut sample = encrypted(&plain, Scheme::Cenc, &[]);
                early.decrypt(&mut sample, &video_format()).unwrap();
                assert!(sample.data == plain);
            });
        }
    });
    assert!(!format!("{decryption:?} {system:?}").contains("42, 42"), "no key is printed");
}

#[test]
fn clear_key_keeps_the_contract() {
    keeps_the_contract(&clear_key());
}

#[cfg(all(feature = "opencdm", target_os = "linux"))]
#[test]
fn a_module_behind_opencdm_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    keeps_the_contract(&open_cdm(folder.path()));
}
