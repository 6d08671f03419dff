//! A film that only a content decryption module can decrypt, through the player and its decoders.
#![allow(clippy::unwrap_used)]
#![cfg(all(feature = "gst", feature = "opencdm", feature = "testing", target_os = "linux"))]

use async_trait::async_trait;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use player_core::drm::{CdmOptions, KeySystems, LicenseChallenge, LicenseDenied};
use player_core::net::{FetchError, FetchRequest, Fetched, Fetcher, ProgressSink};
use player_core::pipeline::gst::{GstOutput, GstPipeline, Pixels};
use player_core::testing::stand_in::film::{self, ID, KEY};
use player_core::testing::stand_in::{self, StandIn};
use player_core::{
    Command, ErrorCode, LicenseTransport, PlaybackEvent, PlaybackState, Player, PlayerOptions, PlayerSnapshot,
};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Longer than a busy machine takes; only a player that hangs lets it pass.
const AGES: Duration = Duration::from_secs(90);

/// Files of a folder.
#[derive(Debug)]
struct Folder(PathBuf);

impl Fetcher for Folder {
    fn fetch(&self, request: FetchRequest, _progress: ProgressSink) -> BoxFuture<'static, Result<Fetched, FetchError>> {
        let url = request.source.url;
        let file = std::fs::read(self.0.join(url.path().trim_start_matches('/')));
        let (first, length) = request.source.range.unwrap_or((0, u64::MAX));
        let answer = file.map_err(|_| FetchError::Status(404)).and_then(|file| {
            let rest = file.get(usize::try_from(first).unwrap()..).ok_or(FetchError::Status(416))?;
            let body = &rest[..rest.len().min(usize::try_from(length).unwrap())];
            if body.len() as u64 > request.max_bytes {
                return Err(FetchError::TooLarge { max: request.max_bytes });
            }
            let (body, ttfb, elapsed) = (body.to_vec().into(), Duration::ZERO, Duration::ZERO);
            Ok(Fetched { body, url, ttfb, elapsed, cached: false, protocol: None })
        });
        async move { answer }.boxed()
    }
}

/// One answer for everybody.
#[derive(Debug)]
struct Answer(Result<Vec<u8>, LicenseDenied>);

#[async_trait]
impl LicenseTransport for Answer {
    async fn request(&self, challenge: LicenseChallenge) -> Result<Vec<u8>, LicenseDenied> {
        assert!(challenge.key_system.0 == stand_in::KEY_SYSTEM && challenge.body.starts_with(b"standin-challenge"));
        self.0.clone()
    }
}

/// What came of a film.
struct Played {
    snapshot: Arc<PlayerSnapshot>,
    key_systems: Vec<String>,
    /// Packed planes of all pictures.
    pictures: Vec<u8>,
}

async fn play(folder: PathBuf, entry: &str, cdm: CdmOptions, answer: Result<Vec<u8>, LicenseDenied>) -> Played {
    let output =
        GstOutput { pixels: Pixels::Native, drop_late: false, audible: false, paced: false, sound: None, heard: None };
    let chosen: Arc<Mutex<Vec<String>>> = Arc::default();
    let tells = chosen.clone();
    let url = format!("http://folder/{entry}").parse().unwrap();
    let options = PlayerOptions {
        licences: Some(Arc::new(Answer(answer))),
        key_systems: KeySystems::installed(cdm).await,
        on_event: Some(Arc::new(move |envelope| {
            if let PlaybackEvent::KeySystemChosen { key_system, .. } = &envelope.event {
                tells.lock().unwrap().push(key_system.clone());
            }
        })),
        ..PlayerOptions::new(url, Arc::new(Folder(folder)), GstPipeline::factory(output))
    };
    let player = Player::spawn(&tokio::runtime::Handle::current(), options);
    let pictures: Arc<Mutex<Vec<u8>>> = Arc::default();
    let shown = pictures.clone();
    player.frames().observe(Arc::new(move |frame| {
        let mut shown = shown.lock().unwrap();
        (0..frame.planes()).for_each(|plane| frame.rows(plane).for_each(|row| shown.extend_from_slice(row)));
    }));
    player.send(Command::Play);
    let mut changes = player.subscribe();
    let over = |snapshot: &Arc<PlayerSnapshot>| matches!(snapshot.state, PlaybackState::Ended | PlaybackState::Failed);
    let ended = tokio::time::timeout(AGES, changes.wait_for(over)).await;
    let snapshot = ended.expect("it comes to an end").expect("the player is there").clone();
    player.send(Command::Stop);
    player.closed().await;
    let (key_systems, pictures) = (chosen.lock().unwrap().clone(), std::mem::take(&mut *pictures.lock().unwrap()));
    Played { snapshot, key_systems, pictures }
}

/// Nothing that was made of it is left, as soon as what is being decrypted is done.
async fn comes_to_rest(module: &StandIn) {
    let begun = Instant::now();
    while !module.is_at_rest() {
        assert!(begun.elapsed() < AGES, "{:?}", module.log());
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_picture_is_that_of_the_clear_film() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    film::make(folder);
    film::ffmpeg(folder, "-i clear.mkv -map 0:v:0 -fps_mode passthrough -f rawvideo wanted.yuv");
    let module = StandIn::build(folder, "libocdm.so", &[]);
    let licence = Ok(stand_in::licence(&[(ID, KEY)], 0, ""));
    let played = play(folder.to_owned(), "film.mpd", module.options(), licence).await;
    assert_eq!(played.snapshot.error, None);
    assert_eq!(played.key_systems, [stand_in::KEY_SYSTEM]);
    let wanted = std::fs::read(folder.join("wanted.yuv")).unwrap();
    assert!(wanted.len() == 50 * 160 * 90 * 3 / 2 && played.pictures == wanted, "{} bytes", played.pictures.len());
    comes_to_rest(&module).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_goes_wrong_has_a_code_and_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    film::make(folder);
    for how in ["mute", "error", "refuse"] {
        std::fs::write(folder.join(format!("{how}.mpd")), film::manifest(how)).unwrap();
    }
    let module = StandIn::build(folder, "libocdm.so", &[]);
    let lacking = StandIn::build(folder, "liblacking.so", &["LACKS_UPDATE"]);
    let here = CdmOptions { patience: Duration::from_secs(2), ..module.options() };
    let absent = CdmOptions { library: Some(folder.join("libabsent.so")), ..module.options() };
    let with = |status, more: &str| Ok(stand_in::licence(&[(ID, KEY)], status, more));
    for (entry, cdm, answer, code) in [
        ("film.mpd", &here, Err(LicenseDenied::Refused("plan".into())), ErrorCode::LicenceRefused),
        ("film.mpd", &here, Err(LicenseDenied::Unauthorised), ErrorCode::LicenceUnauthorised),
        ("film.mpd", &here, Ok(b"<html>".to_vec()), ErrorCode::LicenceInvalid),
        ("film.mpd", &here, Ok(Vec::new()), ErrorCode::LicenceInvalid),
        ("film.mpd", &here, with(1, ""), ErrorCode::LicenceExpired),
        ("film.mpd", &here, with(3, ""), ErrorCode::OutputRestricted),
        ("film.mpd", &here, with(7, ""), ErrorCode::CdmFailed),
        ("film.mpd", &here, with(0, "error no decryption today"), ErrorCode::CdmFailed),
        ("film.mpd", &here, with(0, &format!("until 20 {ID} 1\n")), ErrorCode::LicenceExpired),
        ("error.mpd", &here, with(0, ""), ErrorCode::CdmFailed),
        ("refuse.mpd", &here, with(0, ""), ErrorCode::CdmFailed),
        ("mute.mpd", &here, with(0, ""), ErrorCode::CdmFailed),
    ] {
        let begun = Instant::now();
        let played = play(folder.to_owned(), entry, cdm.clone(), answer).await;
        let found = played.snapshot.error.as_ref().map(|error| error.code);
        assert_eq!(found, Some(code), "{entry}: {:?} after {:?}", played.snapshot.error, begun.elapsed());
        comes_to_rest(&module).await;
    }
    // Without a module of use, the licence server is asked as one of Clear Key would be; this one has no answer to that.
    for cdm in [lacking.options(), absent] {
        let systems = KeySystems::installed(cdm).await;
        let system = player_core::drm::SystemId::Uuid(stand_in::SYSTEM);
        let refused = systems.choose(&[system], false).unwrap_err();
        assert_eq!(player_core::session::licence_error_code(&refused), ErrorCode::SchemeUnsupported);
    }
}
