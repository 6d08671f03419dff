//! What a viewer sees, read back from decoded pictures.
#![allow(clippy::unwrap_used)]

mod support;

use app_qa::exit::Exit;
use app_qa::picture::PictureCheck;
use app_qa::play::{PlayOptions, Run, play};
use app_qa::target::Target;
use player_core::net::{HttpFetcher, ShapedFetcher, Shaper};
use player_core::{Bitrate, Command, DecoderChoice, DecoderReason, MediaTime, PlaybackState, PlayerSnapshot};
use server_stub::{DeliveryRequest, Fault, FaultFn};
use std::sync::Arc;
use std::time::Duration;
use support::{AGES, CENC, CLEAR, FRAME_RATE, Service, eager};

/// A run and the frames that it was sent to.
struct Journey {
    run: Run,
    targets: Vec<u32>,
}

impl Journey {
    fn seek(&mut self, frame: u32) {
        self.run.seek(MediaTime::from_ticks(i64::from(frame), FRAME_RATE));
        self.targets.push(frame);
    }

    /// Waits for a picture at or behind this time since the newest seek.
    async fn shown(&self, seconds: f64) {
        support::shown(&self.run, self.targets.len(), seconds).await;
    }

    /// Waits until a rung that is wanted is on screen. Near its end the title starts over: how soon a network is believed
    /// to have changed depends on the machine, and it lasts but a minute.
    async fn rung(&mut self, is_wanted: impl Fn(u8) -> bool) {
        let is_shown = |picture: &PictureCheck| picture.report().rungs.last().is_some_and(|rung| is_wanted(*rung));
        for _ in 0..4 {
            let (run, nth) = (&self.run, self.targets.len());
            let is_over = |snapshot: &PlayerSnapshot| {
                matches!(snapshot.state, PlaybackState::Failed | PlaybackState::Ended)
                    || run.picture(|picture| is_shown(picture) || support::shows(picture, nth, 50.0))
            };
            assert!(run.until(AGES, is_over).await, "{:?}", run.player.snapshot());
            if run.picture(is_shown) {
                return;
            }
            self.seek(50);
        }
        let rungs = self.run.picture(|picture| picture.report().rungs);
        panic!("{rungs:?} {:#?}", self.run.player.snapshot().decisions);
    }
}

/// The promise of the product in one test: an encrypted title, a network that falls and rises twice, seeks, and each
/// frame on screen once, in order.
#[tokio::test(flavor = "multi_thread")]
async fn each_frame_of_an_encrypted_title_is_shown_once_in_order_across_switches_and_seeks() {
    let service = Service::start().await;
    let target = service.target(CENC).await;
    let options = eager();
    let shaper = Shaper::new(Bitrate::from_kbps(4_000));
    let http = Arc::new(HttpFetcher::new(&options.config.net).unwrap());
    let fetcher = Arc::new(ShapedFetcher::new(http, shaper.clone()));
    let run = Run::with_fetcher(&target, &options, fetcher, None).unwrap();
    run.player.send(Command::Play);

    // Down and up, twice. Each change waits until it is seen, so that a slow machine is no other test. The counter
    // numbers rungs from the best, which is 0.
    let mut journey = Journey { run, targets: Vec::new() };
    for round in 0..2 {
        journey.rung(|rung| rung <= 1).await;
        shaper.set_rate(Bitrate::from_kbps(210));
        journey.rung(|rung| rung >= 3).await;
        shaper.set_rate(Bitrate::from_kbps(8_000));
        journey.rung(|rung| rung <= 1).await;
        if round == 0 {
            journey.seek(50);
            journey.shown(3.0).await;
        }
    }
    let rungs = journey.run.picture(|picture| picture.report().rungs);
    let count = |down: bool| rungs.windows(2).filter(|pair| (pair[1] > pair[0]) == down).count();
    assert!(count(true) >= 2 && count(false) >= 2, "{rungs:?}");

    // Forwards beyond the buffer, back beyond it, and a little forwards within it; to frames that are no keyframes.
    for frame in [1_203, 87, 137] {
        journey.seek(frame);
        journey.shown(f64::from(frame) / f64::from(FRAME_RATE) + 1.0).await;
    }
    let Journey { run, targets } = journey;
    run.player.send(Command::Stop);
    run.player.closed().await;

    let (report, runs) = run.picture(|picture| (picture.report(), picture.runs().to_vec()));
    assert_eq!(report.with_counter, report.frames, "each picture has its counter");
    assert!(report.is_perfect(), "{report:?}");
    assert_eq!(runs[0][0].code.unwrap().0, 0, "it starts with the first frame");
    assert_eq!(runs.len(), targets.len() + 1);
    for (run, target) in runs[1..].iter().zip(targets) {
        assert_eq!(run[0].code.unwrap().0, target, "a seek shows exactly the frame it was sent to");
        assert!(run.len() >= 20);
    }
    for frame in runs.iter().flatten() {
        let number = (frame.pts.as_secs_f64() * f64::from(FRAME_RATE)).round() as u32;
        assert_eq!(frame.code.unwrap().0, number, "the picture belongs to its time");
    }
}

/// A paused picture stays, and playing on neither repeats nor loses a frame.
#[tokio::test(flavor = "multi_thread")]
async fn pausing_loses_no_frame() {
    let service = Service::start().await;
    let target = service.target(CENC).await;
    let run = Run::start(&target, &eager()).unwrap();
    run.player.send(Command::Play);
    for pause_at in [1.0, 2.0, 3.0] {
        support::shown(&run, 0, pause_at).await;
        run.player.send(Command::Pause);
        assert!(run.until(AGES, |snapshot| snapshot.state == PlaybackState::Paused).await);
        run.player.send(Command::Play);
    }
    support::shown(&run, 0, 4.0).await;
    run.player.send(Command::Stop);
    run.player.closed().await;
    let report = run.picture(PictureCheck::report);
    assert!(report.is_perfect() && report.frames >= 90, "{report:?}");
}

/// After the last frame the player says so, and plays again from the first on request.
#[tokio::test(flavor = "multi_thread")]
async fn the_end_is_the_last_frame_and_play_starts_over() {
    let service = Service::start().await;
    let mut target = service.target(CENC).await;
    target.start = MediaTime::from_secs_f64(58.0);
    let run = Run::start(&target, &eager()).unwrap();
    run.player.send(Command::Play);
    assert!(run.until(AGES, |snapshot| snapshot.state == PlaybackState::Ended).await);
    let first = run.picture(|picture| picture.runs().to_vec());
    assert_eq!(first[0].first().unwrap().code.unwrap().0, 1_450);
    assert_eq!(first[0].last().unwrap().code.unwrap().0, 1_499);
    run.player.send(Command::Play);
    assert!(run.until(AGES, |snapshot| snapshot.state != PlaybackState::Ended).await);
    support::shown(&run, 1, 1.0).await;
    let runs = run.picture(|picture| picture.runs().to_vec());
    assert_eq!(runs[1][0].code.unwrap().0, 0);
    run.player.send(Command::Stop);
    run.player.closed().await;
}

/// The verdict of `lumen-qa play` on the last seconds of a title, whole and without its last segment.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_to_the_end_passes_and_one_that_loses_its_tail_does_not() {
    let whole = Service::start().await;
    let is_tail = |request: &DeliveryRequest| request.path.starts_with("video/") && request.path.ends_with("00030.m4s");
    let faults = FaultFn::new(move |request: &DeliveryRequest| is_tail(request).then_some(Fault::Status(404)));
    let cut = Service::with_faults(faults).await;
    for (service, failures) in
        [(whole, &[][..]), (cut, &["playback ended with the picture at 58.0 s of 60.0 s".to_owned()])]
    {
        let target = Target { start: MediaTime::from_secs_f64(55.0), ..service.target(CENC).await };
        // Whether the machine keeps up is not the question.
        let options = PlayOptions { allowed_stalls: u32::MAX, ..eager() };
        let report = play(target, options).await.unwrap();
        assert_eq!(report.failures, failures);
        assert_eq!(report.exit(), if failures.is_empty() { Exit::Pass } else { Exit::Assertion });
    }
}

/// The viewer takes another decoder in mid-play: it decodes from the picture on that is shown, and the reason is told.
#[tokio::test(flavor = "multi_thread")]
async fn another_decoder_goes_on_where_the_one_before_was() {
    let service = Service::start().await;
    let target = service.target(CLEAR).await;
    let run = Run::start(&target, &eager()).unwrap();
    run.player.send(Command::Play);
    support::shown(&run, 0, 1.5).await;
    let stats = || run.player.snapshot().stats.clone();
    let first = stats().video_decoder.unwrap();
    let chosen = stats().video_decoder_chosen.unwrap();
    assert_eq!((chosen.is_hardware, chosen.reason), (false, DecoderReason::NoHardware), "{chosen:?}");
    let other = chosen.installed.iter().find(|decoder| decoder.name != first).expect("a second decoder of H.264");
    for (choice, name, reason) in [
        (DecoderChoice::Named(other.name.clone()), &other.name, DecoderReason::Named),
        (DecoderChoice::Named("nosuchdec".to_owned()), &first, DecoderReason::OtherWanted),
        (DecoderChoice::Software, &first, DecoderReason::SoftwareWanted),
    ] {
        let before = run.player.snapshot().position;
        run.player.send(Command::SetDecoder { choice });
        let told = |snapshot: &PlayerSnapshot| {
            let chosen = snapshot.stats.video_decoder_chosen.as_ref().map(|chosen| chosen.reason);
            (snapshot.stats.video_decoder.as_ref(), chosen) == (Some(name), Some(reason))
        };
        assert!(run.until(AGES, told).await, "{:?}", stats());
        let ahead = before + Duration::from_millis(800);
        assert!(run.until(AGES, |snapshot| snapshot.position >= ahead || snapshot.error.is_some()).await);
        let snapshot = run.player.snapshot();
        assert_eq!(snapshot.error, None);
        assert!(snapshot.position < ahead + Duration::from_secs(2), "{before:?} {:?}", snapshot.position);
    }
    run.player.send(Command::Stop);
    run.player.closed().await;
    let runs = run.picture(|check| check.runs().to_vec());
    let pairs: Vec<_> = runs.windows(2).filter_map(|pair| Some((pair[0].last()?.pts, pair[1].first()?.pts))).collect();
    assert_eq!(pairs.len(), 3, "each change begins a run of pictures");
    // What was on its way to the screen when the change came may be shown by the next decoder.
    let near = |(last, first): &(MediaTime, MediaTime)| (first.as_secs_f64() - last.as_secs_f64()).abs() < 0.7;
    assert!(pairs.iter().all(near), "{pairs:?}");
    assert_eq!(run.picture(PictureCheck::report).out_of_order, 0);
}
