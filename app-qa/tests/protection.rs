//! Licences as a player meets them: granted, refused, wrong.
#![allow(clippy::unwrap_used)]

mod support;

use app_qa::play::Run;
use app_qa::target::Target;
use async_trait::async_trait;
use player_core::drm::{LicenseChallenge, LicenseDenied};
use player_core::frame::VideoFrame;
use player_core::{Command, ErrorCode, LicenseTransport, MediaTime, PlayerSnapshot};
use service_api::client::ClientError;
use service_api::problem::ProblemCode;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use support::{AGES, CBCS, CENC, Service, eager, failure};

/// Lets another transport answer, then changes the answer.
#[derive(Debug)]
struct Tampered {
    inner: Arc<dyn LicenseTransport>,
    tamper: fn(String) -> String,
}

#[async_trait]
impl LicenseTransport for Tampered {
    async fn request(&self, challenge: LicenseChallenge) -> Result<Vec<u8>, LicenseDenied> {
        let answer = self.inner.request(challenge).await?;
        Ok((self.tamper)(String::from_utf8(answer).unwrap()).into_bytes())
    }
}

#[derive(Debug)]
struct Denying(LicenseDenied);

#[async_trait]
impl LicenseTransport for Denying {
    async fn request(&self, _challenge: LicenseChallenge) -> Result<Vec<u8>, LicenseDenied> {
        Err(self.0.clone())
    }
}

fn tampered(target: Target, tamper: fn(String) -> String) -> Target {
    let inner = target.licences.clone().unwrap();
    Target { licences: Some(Arc::new(Tampered { inner, tamper })), ..target }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_granted_licence_plays() {
    let service = Service::start().await;
    let run = Run::start(&service.target(CENC).await, &eager()).unwrap();
    run.player.send(Command::Play);
    support::shown(&run, 0, 1.0).await;
    assert_eq!(run.player.snapshot().error, None);
    run.player.send(Command::Stop);
    run.player.closed().await;
}

/// Brightness of each shown picture.
#[derive(Debug, Default)]
struct Shown {
    /// By height and by number in the title.
    pictures: BTreeMap<u32, BTreeMap<usize, Vec<u8>>>,
    until: MediaTime,
}

impl Shown {
    /// Frames a second of the film.
    const FRAME_RATE: f64 = 24.0;

    fn add(&mut self, frame: &VideoFrame) {
        let number = (frame.pts.as_secs_f64() * Self::FRAME_RATE).round() as usize;
        let (plane, stride, width) = (frame.plane(0), frame.stride(0), frame.width as usize);
        let luma = plane.chunks(stride).take(frame.height as usize).flat_map(|line| &line[..width]).copied().collect();
        self.until = frame.pts;
        self.pictures.entry(frame.height).or_default().insert(number, luma);
    }
}

/// Decoding has one right result, so pictures can be compared byte by byte with those of an independent reader that was
/// told the key.
#[tokio::test(flavor = "multi_thread")]
async fn a_cbcs_title_shows_what_ffmpeg_makes_of_it() {
    // Where the film is neither black nor still: from the fourth segment on.
    const SEGMENTS: std::ops::Range<usize> = 3..6;
    const FRAMES_PER_SEGMENT: usize = 96;
    let service = Service::start().await;
    let target = Target { start: MediaTime::from_secs_f64(12.0), ..service.target(CBCS).await };
    let run = Run::start(&target, &eager()).unwrap();
    let shown = Arc::new(Mutex::new(Shown::default()));
    let seen = shown.clone();
    run.player.frames().observe(Arc::new(move |frame| seen.lock().unwrap().add(frame)));
    run.player.send(Command::Play);
    let goal = MediaTime::from_secs_f64(15.0);
    let seen_enough = |_: &PlayerSnapshot| shown.lock().unwrap().until >= goal;
    assert!(run.until(AGES, seen_enough).await, "{:?}", run.player.snapshot());
    assert_eq!(run.player.snapshot().error, None);
    run.player.send(Command::Stop);
    run.player.closed().await;

    let shown = std::mem::take(&mut *shown.lock().unwrap());
    let first = SEGMENTS.start * FRAMES_PER_SEGMENT;
    let numbers: std::collections::BTreeSet<usize> =
        shown.pictures.values().flat_map(BTreeMap::keys).copied().collect();
    assert!(numbers.iter().copied().eq(first..first + numbers.len()), "each frame is shown: {numbers:?}");
    for (height, pictures) in shown.pictures {
        let expected = service.decoded(CBCS, height, SEGMENTS).await;
        for (number, luma) in pictures {
            let expected = &expected[(number - first) * luma.len()..][..luma.len()];
            assert!(expected.iter().max() > expected.iter().min(), "picture {number} has something in it");
            assert!(luma == expected, "picture {number} of {height} lines");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_anybody_to_ask_a_viewer_is_told_to_sign_in() {
    let service = Service::start().await;
    let target = Target { licences: None, ..service.target(CENC).await };
    assert_eq!(failure(&target, &eager()).await, ErrorCode::LicenceUnavailable);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_has_its_own_sentence() {
    let service = Service::start().await;
    let target = service.target(CENC).await;
    for (denied, code) in [
        (LicenseDenied::Unauthorised, ErrorCode::LicenceUnauthorised),
        (LicenseDenied::Refused("plan".into()), ErrorCode::LicenceRefused),
        (LicenseDenied::Expired, ErrorCode::LicenceExpired),
        (LicenseDenied::NotHere, ErrorCode::NotHere),
    ] {
        let target = Target { licences: Some(Arc::new(Denying(denied))), ..target.clone() };
        assert_eq!(failure(&target, &eager()).await, code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_is_noticed_before_noise_reaches_the_speakers() {
    let service = Service::start().await;
    // The same key id, another key.
    let target = tampered(service.target(CENC).await, |licence| {
        let start = licence.find("\"k\":\"").unwrap() + 5;
        format!("{}AAAAAAAAAAAAAAAAAAAAAA{}", &licence[..start], &licence[start + 22..])
    });
    assert_eq!(failure(&target, &eager()).await, ErrorCode::WrongKey);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_licence_that_makes_no_sense_is_an_error_of_its_own() {
    let service = Service::start().await;
    let target = tampered(service.target(CENC).await, |_| "<html>".to_owned());
    assert_eq!(failure(&target, &eager()).await, ErrorCode::LicenceInvalid);
    let target = tampered(service.target(CENC).await, |_| r#"{"keys":[]}"#.to_owned());
    assert_eq!(failure(&target, &eager()).await, ErrorCode::LicenceInvalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_basic_plan_gets_no_permission_for_a_premium_title() {
    let service = Service::start().await;
    // Entitlement is decided before any address or key is given away, and before it is said what there is.
    let code = |refused: anyhow::Result<Target>| match refused.unwrap_err().downcast_ref::<ClientError>() {
        Some(ClientError::Problem(problem)) => problem.code,
        other => panic!("a problem is expected: {other:?}"),
    };
    let origin = service.server.origin();
    let basic = Target::from_title(origin, support::PREMIUM, &support::ben()).await;
    assert_eq!(code(basic), ProblemCode::NotEntitled);
    let premium = Target::from_title(origin, support::PREMIUM, &support::mia()).await;
    assert_eq!(code(premium), ProblemCode::NotReady);
}
