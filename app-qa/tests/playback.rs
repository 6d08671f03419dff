//! What a viewer sees, read back from decoded pictures.
#![allow(clippy::unwrap_used)]

mod support;

use app_qa::play::Run;
use player_core::net::{HttpFetcher, ShapedFetcher, Shaper};
use player_core::{Bitrate, Command, MediaTime, PlaybackState};
use std::sync::Arc;
use std::time::Duration;
use support::{AGES, CENC, FRAME_RATE, Service, eager};

const SECOND: Duration = Duration::from_secs(1);

/// The promise of the product in one test: an encrypted title, a network that falls and rises twice, three seeks, and
/// each frame on screen once, in order.
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
    let mut targets = Vec::new();
    for round in 0..2 {
        wait_for(&run, |rungs| rungs.last().is_some_and(|rung| *rung <= 1)).await;
        shaper.set_rate(Bitrate::from_kbps(210));
        wait_for(&run, |rungs| rungs.last().is_some_and(|rung| *rung >= 3)).await;
        shaper.set_rate(Bitrate::from_kbps(8_000));
        wait_for(&run, |rungs| rungs.last().is_some_and(|rung| *rung <= 1)).await;
        if round == 0 {
            // The title lasts a minute; the second round gets its own.
            run.seek(MediaTime::from_secs_f64(2.0));
            targets.push(50);
        }
    }
    let rungs = run.picture(|picture| picture.report().rungs);
    let count = |down: bool| rungs.windows(2).filter(|pair| (pair[1] > pair[0]) == down).count();
    assert!(count(true) >= 2 && count(false) >= 2, "{rungs:?}");

    // Forwards beyond the buffer, back beyond it, and a little forwards within it; to frames that are no keyframes.
    for frame in [1_203, 87, 137] {
        let to = MediaTime::from_ticks(frame, FRAME_RATE);
        run.seek(to);
        targets.push(frame);
        let enough = move |snapshot: &player_core::PlayerSnapshot| {
            snapshot.state == PlaybackState::Playing && snapshot.position >= to + SECOND
        };
        assert!(run.until(AGES, enough).await, "{:?}", run.player.snapshot());
    }
    run.player.send(Command::Stop);
    run.player.closed().await;

    let (report, runs) = run.picture(|picture| (picture.report(), picture.runs().to_vec()));
    assert_eq!(report.with_counter, report.frames, "each picture has its counter");
    assert!(report.is_perfect(), "{report:?}");
    assert_eq!(runs[0][0].code.unwrap().0, 0, "it starts with the first frame");
    for (run, target) in runs[1..].iter().zip(targets) {
        assert_eq!(run[0].code.unwrap().0, target, "a seek shows exactly the frame it was sent to");
        assert!(run.len() >= 20);
    }
    for frame in runs.iter().flatten() {
        let number = (frame.pts.as_secs_f64() * f64::from(FRAME_RATE)).round() as u32;
        assert_eq!(frame.code.unwrap().0, number, "the picture belongs to its time");
    }
}

async fn wait_for(run: &Run, seen: impl Fn(&[u8]) -> bool) {
    let arrived = run
        .until(AGES, |snapshot| {
            let rungs = run.picture(|picture| picture.report().rungs);
            seen(&rungs) || matches!(snapshot.state, PlaybackState::Failed | PlaybackState::Ended)
        })
        .await;
    let rungs = run.picture(|picture| picture.report().rungs);
    let snapshot = run.player.snapshot();
    assert!(arrived && seen(&rungs), "{:?} {rungs:?} {:#?}", snapshot.state, snapshot.decisions);
}

/// A paused picture stays, and playing on neither repeats nor loses a frame.
#[tokio::test(flavor = "multi_thread")]
async fn pausing_loses_no_frame() {
    let service = Service::start().await;
    let target = service.target(CENC).await;
    let run = Run::start(&target, &eager()).unwrap();
    run.player.send(Command::Play);
    for pause_at in [1.0, 2.0, 3.0] {
        assert!(run.until(AGES, support::playing_beyond(pause_at)).await);
        run.player.send(Command::Pause);
        assert!(run.until(AGES, |snapshot| snapshot.state == PlaybackState::Paused).await);
        run.player.send(Command::Play);
    }
    assert!(run.until(AGES, support::playing_beyond(4.0)).await);
    run.player.send(Command::Stop);
    run.player.closed().await;
    let report = run.picture(app_qa::picture::PictureCheck::report);
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
    let again = |snapshot: &player_core::PlayerSnapshot| {
        snapshot.state == PlaybackState::Playing && (1.0..10.0).contains(&snapshot.position.as_secs_f64())
    };
    assert!(run.until(AGES, again).await, "{:?}", run.player.snapshot());
    let runs = run.picture(|picture| picture.runs().to_vec());
    assert_eq!(runs[1][0].code.unwrap().0, 0);
    run.player.send(Command::Stop);
    run.player.closed().await;
}
