//! Speed and winding in virtual time.

use crate::command::Command;
use crate::config::PlayerConfig;
use crate::event::PlaybackEvent;
use crate::session::LoadFailure;
use crate::snapshot::{PlaybackState, PlayerSnapshot};
use crate::testing::{Harness, Link, ManifestBuilder};
use abr::MediaTime;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn playing(manifest: ManifestBuilder, kbps: u64, start: f64) -> Harness {
    let link = Link::new(move |_| kbps * 1000);
    let mut harness = Harness::new(PlayerConfig::default(), manifest, link, at(start));
    harness.send(Command::Play);
    assert!(harness.run_until(10 * SECOND, |snapshot| snapshot.state == PlaybackState::Playing));
    harness.run_for(2 * SECOND);
    harness
}

fn at(seconds: f64) -> MediaTime {
    MediaTime::from_secs_f64(seconds)
}

fn ended(snapshot: &PlayerSnapshot) -> bool {
    snapshot.state == PlaybackState::Ended
}

fn with_key_frames() -> ManifestBuilder {
    ManifestBuilder { key_frames: true, segments: 60, ..ManifestBuilder::default() }
}

/// Time and position of each picture since the winding began.
fn pictures(harness: &Harness) -> Vec<(Duration, f64)> {
    let is_winding = |event: &PlaybackEvent| matches!(event, PlaybackEvent::TrickPlayChanged { speed: Some(_) });
    let begin = harness.events.iter().rposition(|emitted| is_winding(&emitted.event)).unwrap();
    let over = |event: &PlaybackEvent| matches!(event, PlaybackEvent::TrickPlayChanged { speed: None });
    let wound = harness.events[begin..].iter().take_while(|emitted| !over(&emitted.event));
    let shown = wound.filter(|emitted| emitted.event == PlaybackEvent::PositionReport);
    shown.map(|emitted| (emitted.since_load, emitted.position.as_secs_f64())).collect()
}

fn speeds_told(harness: &Harness) -> Vec<Option<i32>> {
    let told = harness.events.iter().filter_map(|emitted| match emitted.event {
        PlaybackEvent::TrickPlayChanged { speed } => Some(speed),
        _ => None,
    });
    told.collect()
}

#[test]
fn the_position_advances_at_the_rate_and_never_starves() {
    for rate in [0.25, 0.5, 1.5, 2.0, 4.0] {
        let mut harness = playing(ManifestBuilder { segments: 60, ..ManifestBuilder::default() }, 20_000, 0.0);
        harness.send(Command::SetRate { rate });
        assert_eq!(f64::from(harness.snapshot.rate.get()), rate);
        let before = harness.snapshot.position;
        harness.run_for(30 * SECOND);
        let played = harness.snapshot.position.duration_since(before).as_secs_f64();
        assert!((played - 30.0 * rate).abs() < 0.5 * rate.max(1.0), "{rate}: {played}");
        assert_eq!(harness.snapshot.stats.stalls, 0, "{}", harness.story());
        assert!(harness.run_until(1000 * SECOND, ended), "{rate}: it ends");
    }
}

#[test]
fn rates_are_clamped_and_what_is_no_number_is_ignored() {
    let mut harness = playing(ManifestBuilder::default(), 20_000, 0.0);
    for (wish, rate) in [(9.0, 4.0), (0.0, 0.25), (-3.0, 0.25), (f64::NAN, 0.25), (f64::INFINITY, 4.0), (1.0, 1.0)] {
        harness.send(Command::SetRate { rate: wish });
        assert_eq!(f64::from(harness.snapshot.rate.get()), rate, "{wish}");
    }
    let told = harness.events.iter().filter(|e| matches!(e.event, PlaybackEvent::RateChanged { .. })).count();
    assert_eq!(told, 4, "only changes are told");
}

#[test]
fn a_rate_from_before_the_start_holds_through_seeks_and_stalls() {
    let link = Link::new(|now| if (20..40).contains(&now.as_secs()) { 0 } else { 20_000_000 });
    let manifest = ManifestBuilder { segments: 100, ..ManifestBuilder::default() };
    let mut config = PlayerConfig::default();
    config.buffer.target = 6 * SECOND;
    let mut harness = Harness::new(config, manifest, link, MediaTime::ZERO);
    harness.send(Command::SetRate { rate: 2.0 });
    harness.send(Command::Play);
    assert!(harness.run_until(60 * SECOND, |snapshot| snapshot.stats.stalls == 1));
    assert!(harness.run_until(60 * SECOND, |snapshot| snapshot.state == PlaybackState::Playing));
    let advances = |harness: &mut Harness| {
        let before = harness.snapshot.position;
        harness.run_for(5 * SECOND);
        harness.snapshot.position.duration_since(before).as_secs_f64()
    };
    let played = advances(&mut harness);
    assert!((played - 10.0).abs() < 0.6, "{played}");
    harness.send(Command::Seek { to: at(300.0) });
    assert!(harness.run_until(10 * SECOND, |snapshot| snapshot.state == PlaybackState::Playing));
    let played = advances(&mut harness);
    assert!((played - 10.0).abs() < 0.6, "{played}");
}

#[test]
fn more_is_buffered_at_a_higher_speed() {
    let buffered = |rate: f64| {
        let mut harness = playing(ManifestBuilder { segments: 100, ..ManifestBuilder::default() }, 50_000, 0.0);
        harness.send(Command::SetRate { rate });
        harness.send(Command::Pause);
        harness.run_for(60 * SECOND);
        harness.session.buffered()
    };
    assert!(buffered(2.0) > buffered(1.0) * 3 / 2);
}

#[test]
fn conformance_27_winding_shows_key_frames_of_the_set_in_order_at_the_speed() {
    for (speed, start) in [(2, 20.0), (8, 20.0), (32, 20.0), (-2, 100.0), (-8, 200.0), (-32, 220.0)] {
        let mut harness = playing(with_key_frames(), 6_000, start);
        let (from, fetched) = (harness.snapshot.position, harness.fetched.len());
        harness.send(Command::TrickPlay { speed });
        assert_eq!((harness.snapshot.trick_speed, harness.snapshot.state), (Some(speed), PlaybackState::Playing));
        harness.run_for(5 * SECOND);
        let pictures = pictures(&harness);
        let ordered =
            pictures.windows(2).all(|pair| if speed > 0 { pair[0].1 < pair[1].1 } else { pair[0].1 > pair[1].1 });
        assert!(ordered, "{pictures:?}");
        assert!(pictures.iter().all(|(_, position)| position.fract() == 0.0), "only key frames: {pictures:?}");
        let wanted = from.as_secs_f64() + 5.0 * f64::from(speed);
        let reached = harness.snapshot.position.as_secs_f64();
        assert!((reached - wanted).abs() <= 1.0 + 0.4 * f64::from(speed.abs()), "{speed}: {reached} for {wanted}");
        let a_second = pictures.len() as f64 / 5.0;
        assert!(a_second >= f64::from(speed.abs()).min(4.0) * 0.9, "{speed}: {a_second} a second");
        let media: Vec<&String> = harness.fetched[fetched..].iter().filter(|path| path.ends_with("m4s")).collect();
        assert!(media.iter().all(|path| path.starts_with("i/")), "{media:?}");
    }
}

#[test]
fn winding_ends_with_the_picture_that_is_shown_and_playback_goes_on_at_its_rate() {
    let mut harness = playing(with_key_frames(), 20_000, 20.0);
    harness.send(Command::SetRate { rate: 1.5 });
    harness.send(Command::TrickPlay { speed: 16 });
    harness.run_for(3 * SECOND);
    let shown = harness.snapshot.position;
    assert!(shown > at(60.0));
    harness.send(Command::Play);
    assert_eq!((harness.snapshot.trick_speed, harness.snapshot.position), (None, shown));
    assert!(harness.run_until(5 * SECOND, |snapshot| snapshot.state == PlaybackState::Playing));
    harness.run_for(2 * SECOND);
    let played = harness.snapshot.position.duration_since(shown).as_secs_f64();
    assert!((2.0..4.0).contains(&played), "{played}");

    harness.send(Command::TrickPlay { speed: -4 });
    harness.run_for(2 * SECOND);
    let shown = harness.snapshot.position;
    harness.send(Command::Pause);
    harness.run_for(2 * SECOND);
    assert_eq!((harness.snapshot.position, harness.snapshot.state), (shown, PlaybackState::Paused));
    harness.send(Command::TrickPlay { speed: 8 });
    harness.run_for(SECOND);
    harness.send(Command::TrickPlay { speed: 0 });
    harness.run_for(SECOND);
    assert_eq!(harness.snapshot.state, PlaybackState::Paused, "as it was before");
    harness.send(Command::TrickPlay { speed: 8 });
    harness.send(Command::TrickPlay { speed: -64 });
    harness.run_for(SECOND);
    harness.send(Command::Seek { to: at(9.5) });
    assert_eq!((harness.snapshot.position, harness.snapshot.trick_speed), (at(9.5), None));
}

#[test]
fn the_ends_of_the_title_end_winding() {
    let mut harness = playing(with_key_frames(), 20_000, 200.0);
    harness.send(Command::TrickPlay { speed: 64 });
    assert!(harness.run_until(10 * SECOND, |snapshot| snapshot.trick_speed.is_none()), "{}", harness.story());
    assert_eq!(harness.snapshot.position, at(239.0), "the last key frame");
    assert!(harness.run_until(10 * SECOND, ended));

    harness.send(Command::TrickPlay { speed: -64 });
    assert!(harness.run_until(20 * SECOND, |snapshot| snapshot.trick_speed.is_none()), "{}", harness.story());
    assert_eq!(harness.snapshot.position, at(0.0));
    assert!(harness.run_until(10 * SECOND, |snapshot| snapshot.position > at(1.0)), "it plays from the start");
    assert_eq!(speeds_told(&harness), [Some(64), None, Some(-64), None]);
}

#[test]
fn without_a_set_the_lowest_rung_serves() {
    let mut harness = playing(ManifestBuilder { segments: 60, ..ManifestBuilder::default() }, 20_000, 40.0);
    let fetched = harness.fetched.len();
    harness.send(Command::TrickPlay { speed: -8 });
    harness.run_for(3 * SECOND);
    let pictures = pictures(&harness);
    assert!(pictures.len() >= 4 && pictures.iter().all(|(_, position)| position % 4.0 == 0.0), "{pictures:?}");
    let media = harness.fetched[fetched..].iter().filter(|path| path.ends_with("m4s"));
    assert!(media.clone().count() > 0 && media.clone().all(|path| path.starts_with("v0/")));
}

#[test]
fn a_set_that_cannot_be_had_is_replaced_by_the_lowest_rung() {
    let failing =
        |path: &str, _| path.starts_with("i/").then_some(LoadFailure::Fetch(crate::net::FetchError::Status(404)));
    let link = Link::new(|_| 20_000_000).with_faults(failing);
    let mut harness = Harness::new(PlayerConfig::default(), with_key_frames(), link, at(20.0));
    harness.send(Command::Play);
    harness.run_for(3 * SECOND);
    harness.send(Command::TrickPlay { speed: 8 });
    harness.run_for(4 * SECOND);
    assert!(pictures(&harness).len() >= 4, "{}", harness.story());
    assert_eq!(harness.snapshot.trick_speed, Some(8));
}

#[test]
fn a_dead_link_holds_the_clock_and_loses_nothing() {
    let link = Link::new(|now| if now.as_secs() >= 10 { 0 } else { 20_000_000 });
    let mut harness = Harness::new(PlayerConfig::default(), with_key_frames(), link, at(20.0));
    harness.send(Command::Play);
    harness.run_for(9 * SECOND);
    harness.send(Command::TrickPlay { speed: 16 });
    harness.run_for(30 * SECOND);
    assert_eq!(harness.snapshot.trick_speed, Some(16), "the end was not reached");
    harness.send(Command::Play);
    assert_eq!(harness.in_flight(), harness.session.loaders.iter().filter(|l| l.transfer.is_some()).count());
}

#[test]
fn winding_before_the_first_picture_is_ignored() {
    let mut harness = Harness::new(PlayerConfig::default(), with_key_frames(), Link::new(|_| 1_000_000), at(0.0));
    harness.send(Command::TrickPlay { speed: 8 });
    harness.send(Command::Play);
    assert!(harness.run_until(20 * SECOND, |snapshot| snapshot.state == PlaybackState::Playing));
    assert_eq!(speeds_told(&harness), []);
}
