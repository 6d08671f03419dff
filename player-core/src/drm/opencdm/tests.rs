//! What a module may do wrong, and what must come of it: an error by name, and nothing left behind.

use super::super::contract_tests::{ID, KEY, encrypted};
use super::super::*;
use super::OpenCdmAbsent;
use crate::container::Scheme;
use crate::testing::stand_in::{self, StandIn};
use crate::testing::video_format;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long these modules may be silent.
const PATIENCE: Duration = Duration::from_millis(300);

struct Tried {
    stand_in: StandIn,
    system: Arc<dyn KeySystem>,
    _folder: TempDir,
}

impl Tried {
    fn with(macros: &[&str], change: impl FnOnce(&mut CdmOptions)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let stand_in = StandIn::build(folder.path(), "libocdm.so", macros);
        let mut options = stand_in.options();
        change(&mut options);
        let system = opencdm_systems(&options).unwrap().remove(0);
        Self { stand_in, system, _folder: folder }
    }

    fn new() -> Self {
        Self::with(&[], |_| {})
    }

    fn impatient() -> Self {
        Self::with(&[], |options| options.patience = PATIENCE)
    }

    fn open(&self, how: &str) -> Result<Box<dyn LicenseSession>, DrmError> {
        let init = InitData { kind: InitDataType::Cenc, data: stand_in::init_data(how) };
        self.system.open(&ProtectionInit { init, key_ids: vec![ID] })
    }

    /// A session that has got this answer.
    fn answered(&self, status: u32, more: &str) -> (Box<dyn LicenseSession>, Result<LicenseProgress, DrmError>) {
        let mut session = self.open("film").unwrap();
        session.challenge().unwrap();
        let progress = session.update(&stand_in::licence(&[(ID, KEY)], status, more));
        (session, progress)
    }
}

fn decrypted(session: &dyn LicenseSession, scheme: Scheme) -> Result<(), DrmError> {
    let mut sample = encrypted(b"sixteen bytes...", scheme, &[]);
    session.decryption().decrypt(&mut sample, &video_format())
}

#[test]
fn a_module_is_asked_with_the_box_and_its_challenge_comes_without_wrapping() {
    let tried = Tried::new();
    let challenge = tried.open("film").unwrap().challenge().unwrap();
    let expected = [&b"standin-challenge\n"[..], &stand_in::init_data("film")].concat();
    assert_eq!((challenge.body, challenge.url.as_deref()), (expected, Some("http://standin.invalid/licence")));
    assert!(tried.stand_in.is_at_rest(), "{:?}", tried.stand_in.log());
}

#[test]
fn what_a_module_refuses_has_a_name() {
    let tried = Tried::new();
    let refused = |what| DrmError::Cdm(CdmError::Refused { what, code: 0x8000_4005 });
    assert_eq!(tried.open("refuse").unwrap_err(), refused("a session"));
    let reported = DrmError::Cdm(CdmError::Reported("cannot make a challenge".into()));
    assert_eq!(tried.open("error").unwrap().challenge(), Err(reported));
    let (_, progress) = tried.answered(0, "error no good 0123456789abcdef0123456789abcdef");
    assert_eq!(progress, Err(DrmError::Cdm(CdmError::Reported("no good …".into()))));
    let (session, _) = tried.answered(0, "");
    let cens = Scheme::Cens { crypt: 1, skip: 9 };
    let refused = CdmError::Refused { what: "to decrypt", code: 0x8000_4001 };
    assert_eq!(decrypted(&*session, cens), Err(DrmError::Cdm(refused)));
    drop(session);
    assert!(tried.stand_in.is_at_rest(), "{:?}", tried.stand_in.log());
}

#[test]
fn keys_that_may_not_be_used_say_why() {
    let tried = Tried::new();
    for (number, status) in [
        (1, KeyStatus::Expired),
        (2, KeyStatus::Released),
        (3, KeyStatus::OutputRestricted),
        (4, KeyStatus::OutputRestricted),
        (7, KeyStatus::InternalError),
        (8, KeyStatus::InternalError),
    ] {
        let (session, progress) = tried.answered(number, "");
        assert_eq!(progress, Ok(LicenseProgress::Keys(vec![(ID, status)])));
        assert_eq!(decrypted(&*session, Scheme::Cenc), Err(DrmError::KeyUnusable { key: ID, status }));
    }
    let (session, progress) = tried.answered(5, "");
    assert_eq!(progress, Ok(LicenseProgress::Keys(vec![(ID, KeyStatus::OutputDownscaled)])));
    assert_eq!(decrypted(&*session, Scheme::Cenc), Ok(()));
}

#[test]
fn a_key_that_expires_in_mid_play_is_noticed_at_the_next_sample() {
    let tried = Tried::new();
    let (session, _) = tried.answered(0, &format!("until 2 {ID} 1\n"));
    let found: Vec<_> = (0..4).map(|_| decrypted(&*session, Scheme::Cenc)).collect();
    let expired = Err(DrmError::KeyUnusable { key: ID, status: KeyStatus::Expired });
    assert_eq!(found, [Ok(()), Ok(()), expired.clone(), expired]);
    drop(session);
    assert!(tried.stand_in.is_at_rest(), "{:?}", tried.stand_in.log());
}

#[test]
fn a_certificate_is_asked_for_before_and_a_renewal_after_the_keys() {
    let tried = Tried::new();
    let (mut session, progress) = tried.answered(0, "again\n");
    // The stand-in knows the keys already; what is still to be asked comes as a renewal.
    assert!(progress.is_ok(), "{progress:?}");
    session.challenge().unwrap();
    assert_eq!(session.renewal_due(), None);
    let (mut session, _) = tried.answered(0, "renew\n");
    let challenge = session.challenge().unwrap();
    assert!(!challenge.body.is_empty());
    let mut session = tried.open("film").unwrap();
    session.challenge().unwrap();
    let asks = session.update(b"standin-licence\nagain\n").unwrap();
    assert!(matches!(asks, LicenseProgress::Challenge(_)), "{asks:?}");
    let keys = session.update(&stand_in::licence(&[(ID, KEY)], 0, "quiet\n")).unwrap();
    assert_eq!(keys, LicenseProgress::Keys(vec![(ID, KeyStatus::Usable)]));
}

#[test]
fn a_silent_module_is_given_up() {
    let tried = Tried::impatient();
    let begun = Instant::now();
    let silent = || DrmError::Cdm(CdmError::Silent);
    assert_eq!(tried.open("mute").unwrap().challenge(), Err(silent()));
    let (_, progress) = tried.answered(0, "mute\n");
    assert_eq!(progress, Err(silent()));
    assert!(tried.stand_in.is_at_rest(), "one that is silent can still be closed: {:?}", tried.stand_in.log());
    // Calls that never come back keep nobody, and are not made again.
    assert_eq!(tried.open("stuck").unwrap_err(), silent());
    let (session, progress) = tried.answered(0, "stuck\n");
    assert_eq!(progress, Err(silent()));
    let asked_again = Instant::now();
    assert_eq!(decrypted(&*session, Scheme::Cenc), Err(silent()));
    assert!(asked_again.elapsed() < PATIENCE, "it is not waited for twice");
    drop(session);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

#[test]
fn calls_from_sessions_that_are_over_go_nowhere() {
    let tried = Tried::new();
    let mut session = tried.open("late").unwrap();
    session.challenge().unwrap();
    drop(session);
    // The stand-in uses this opportunity.
    let (session, progress) = tried.answered(0, "");
    assert!(progress.is_ok() && decrypted(&*session, Scheme::Cenc).is_ok());
    drop(session);
    assert!(tried.stand_in.log().contains(&"late".to_owned()) && tried.stand_in.is_at_rest());
}

#[test]
fn the_older_form_of_decryption_is_called_only_if_somebody_says_so() {
    let tried = Tried::with(&["PLAIN"], |options| options.plain_decrypt = true);
    assert_eq!(tried.system.capabilities().schemes, ["cenc"]);
    let (session, _) = tried.answered(0, "");
    let plain: Vec<u8> = (0..200).collect();
    let mut sample = encrypted(&plain, Scheme::Cenc, &[(5, 100), (3, 92)]);
    session.decryption().decrypt(&mut sample, &video_format()).unwrap();
    assert_eq!(sample.data, plain);
    let cbcs = decrypted(&*session, Scheme::Cbcs { crypt: 1, skip: 9 });
    assert_eq!(cbcs, Err(DrmError::SchemeUnsupported("cbcs")));

    let folder = tempfile::tempdir().unwrap();
    let options = StandIn::build(folder.path(), "libocdm.so", &["PLAIN"]).options();
    let absent = opencdm_systems(&options).unwrap_err().to_string();
    assert_eq!(absent, "libocdm.so: it lacks opencdm_session_decrypt_v2");
}

#[test]
fn libraries_of_no_use_are_not_offered_and_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let reason = |options: &CdmOptions| opencdm_systems(options).unwrap_err().to_string();
    let lacking = StandIn::build(folder.path(), "liblacking.so", &["LACKS_UPDATE"]);
    assert_eq!(reason(&lacking.options()), "liblacking.so: it lacks opencdm_session_update");
    let other = StandIn::build(folder.path(), "libother.so", &[]);
    let systems = vec![("com.widevine.alpha".to_owned(), SystemId::WIDEVINE), ("nul\0".to_owned(), SystemId::COMMON)];
    let options = CdmOptions { systems, ..other.options() };
    let library = "libother.so".to_owned();
    assert_eq!(opencdm_systems(&options).unwrap_err(), OpenCdmAbsent::NoSystem { library });
    std::fs::write(folder.path().join("libtext.so"), "not a library").unwrap();
    for name in ["libtext.so", "libabsent.so"] {
        let options = CdmOptions { library: Some(folder.path().join(name)), ..other.options() };
        let reason = reason(&options);
        let place = folder.path().to_string_lossy();
        assert!(reason.starts_with(&format!("{name}: ")) && !reason.contains(&*place), "{reason}");
    }
}

#[tokio::test]
async fn a_device_without_a_library_has_clear_key() {
    let options = CdmOptions { library: Some(Path::new("/nowhere/libocdm.so").into()), ..CdmOptions::default() };
    let systems = KeySystems::installed(options).await;
    assert_eq!(systems.ids().collect::<Vec<_>>(), [KeySystemId::CLEAR_KEY]);
    let refused = systems.choose(&[SystemId::WIDEVINE], false).unwrap_err().to_string();
    assert!(refused.starts_with("protected with Widevine (libocdm.so: "), "{refused}");
}
