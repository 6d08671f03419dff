//! A session's behaviour in virtual time.

use super::*;
use crate::container::ContainerError;
use crate::decoding::DecoderChoice;
use crate::drm::{DrmError, KeyStatus};
use crate::net::FetchError;
use crate::snapshot::PlayerSnapshot;
use crate::testing::{Harness, Link, ManifestBuilder};
use abr::RungId;
use proptest::prelude::*;

const SECOND: Duration = Duration::from_secs(1);

fn harness(manifest: ManifestBuilder, link: Link) -> Harness {
    let mut harness = Harness::new(PlayerConfig::default(), manifest, link, MediaTime::ZERO);
    harness.send(Command::Play);
    harness
}

fn steady(kbps: u64) -> Link {
    Link::new(move |_| kbps * 1000)
}

fn at(seconds: f64) -> MediaTime {
    MediaTime::from_secs_f64(seconds)
}

fn ended(snapshot: &PlayerSnapshot) -> bool {
    snapshot.state == PlaybackState::Ended
}

fn short() -> ManifestBuilder {
    ManifestBuilder { segments: 4, ..ManifestBuilder::default() }
}

#[test]
fn a_title_plays_to_its_end_and_the_log_reads_like_a_story() {
    // A rule that anybody can follow: the story is about the session, and must not change with what ours has learnt.
    let mut config = PlayerConfig::default();
    config.abr.controller = "throughput".into();
    let mut harness = Harness::new(config, short(), steady(4000), MediaTime::ZERO);
    harness.send(Command::Play);
    assert!(harness.run_until(30 * SECOND, ended));
    insta::assert_snapshot!(harness.story());
}

#[test]
fn quality_follows_the_network_down_and_up_without_a_stall() {
    let link = Link::new(|now| if (20..60).contains(&now.as_secs()) { 900_000 } else { 8_000_000 });
    let mut harness = harness(ManifestBuilder::default(), link);
    assert!(harness.run_until(180 * SECOND, ended));
    let shown: Vec<u16> = harness
        .events
        .iter()
        .filter_map(|emitted| match emitted.event {
            PlaybackEvent::QualityShown { rung } => Some(rung.0),
            _ => None,
        })
        .collect();
    let lowest = shown.iter().skip(1).min().copied().unwrap_or(9);
    assert!(lowest <= 1, "it goes down: {shown:?}");
    assert!(shown.last() >= Some(&3), "and up again: {shown:?}");
    assert_eq!(harness.snapshot.stats.stalls, 0, "{}", harness.story());
}

#[test]
fn a_seek_into_the_buffer_does_not_fetch() {
    let mut harness = harness(ManifestBuilder::default(), steady(20_000));
    harness.run_for(8 * SECOND);
    let fetched = harness.fetched.len();
    harness.send(Command::Seek { to: at(12.3) });
    assert_eq!(harness.snapshot.state, PlaybackState::Seeking);
    harness.run_for(SECOND / 2);
    assert_eq!(harness.snapshot.state, PlaybackState::Playing);
    assert!(
        harness.fetched[fetched..].iter().all(|path| !path.contains("/3.m4s")),
        "{:?}",
        &harness.fetched[fetched..]
    );
    assert!(harness.snapshot.position >= at(12.3) && harness.snapshot.position < at(13.0));
}

#[test]
fn a_seek_beyond_the_buffer_fetches_from_there_and_is_exact() {
    let mut harness = harness(ManifestBuilder::default(), steady(6_000));
    harness.run_for(3 * SECOND);
    harness.send(Command::Seek { to: at(81.7) });
    assert_eq!(harness.snapshot.position, at(81.7));
    assert!(harness.run_until(5 * SECOND, |snapshot| snapshot.state == PlaybackState::Playing));
    assert!(harness.snapshot.position < at(82.0), "{}", harness.story());
    assert!(harness.fetched.iter().any(|path| path.ends_with("/20.m4s")));
}

#[test]
fn the_newest_of_many_seeks_wins() {
    let mut harness = harness(ManifestBuilder::default(), steady(6_000));
    harness.run_for(3 * SECOND);
    for target in [100.0, 20.0, 90.0, 55.5] {
        harness.send(Command::Seek { to: at(target) });
        harness.run_for(SECOND / 20);
    }
    assert!(harness.run_until(5 * SECOND, |snapshot| snapshot.state == PlaybackState::Playing));
    assert!(harness.snapshot.position >= at(55.5) && harness.snapshot.position < at(56.0));
    let completed = harness.events.iter().filter(|e| matches!(e.event, PlaybackEvent::SeekCompleted { .. })).count();
    assert_eq!(completed, 1);
}

#[test]
fn playback_resumes_where_it_was_left_without_fetching_what_comes_before() {
    let mut harness = Harness::new(PlayerConfig::default(), ManifestBuilder::default(), steady(6_000), at(50.0));
    harness.send(Command::Play);
    assert!(harness.run_until(5 * SECOND, |snapshot| snapshot.state == PlaybackState::Playing));
    assert!(harness.snapshot.position >= at(50.0) && harness.snapshot.position < at(50.5));
    assert!(!harness.fetched.iter().any(|path| path.ends_with("/0.m4s")));
}

#[test]
fn a_start_behind_the_end_starts_over() {
    let mut harness = Harness::new(PlayerConfig::default(), short(), steady(6_000), at(500.0));
    harness.send(Command::Play);
    assert!(harness.run_until(5 * SECOND, |snapshot| snapshot.state == PlaybackState::Playing));
    assert!(harness.snapshot.position < at(1.0));
}

#[test]
fn pausing_holds_the_position_and_loading_goes_on_to_the_target() {
    let mut harness = harness(ManifestBuilder::default(), steady(20_000));
    harness.run_for(3 * SECOND);
    harness.send(Command::Pause);
    let held = harness.snapshot.position;
    harness.run_for(60 * SECOND);
    assert_eq!((harness.snapshot.position, harness.snapshot.state), (held, PlaybackState::Paused));
    let target = PlayerConfig::default().buffer.target;
    let buffered = harness.session.buffered();
    assert!(buffered + 4 * SECOND >= target && buffered <= target + 8 * SECOND, "{buffered:?}");
    assert_eq!(harness.in_flight(), 0);
}

#[test]
fn an_outage_longer_than_the_buffer_stalls_once_and_goes_on() {
    let link = Link::new(|now| if (5..60).contains(&now.as_secs()) { 0 } else { 5_000_000 });
    let mut harness = harness(ManifestBuilder::default(), link);
    assert!(harness.run_until(300 * SECOND, ended));
    assert_eq!(harness.snapshot.stats.stalls, 1, "{}", harness.story());
}

#[test]
fn a_server_that_is_dead_for_ten_seconds_costs_no_viewer_anything() {
    let mut harness = Harness::new(
        PlayerConfig::default(),
        ManifestBuilder::default(),
        Link::new(|_| 20_000_000).with_faults(|path, tries| {
            // Back-off reaches about ten seconds with the sixth try.
            let dead = path.ends_with("/9.m4s") && tries < 6;
            dead.then(|| LoadFailure::Fetch(FetchError::Unreachable("refused".into())))
        }),
        MediaTime::ZERO,
    );
    harness.send(Command::Play);
    assert!(harness.run_until(60 * SECOND, |snapshot| snapshot.notice.is_some()), "{}", harness.story());
    assert!(harness.run_until(300 * SECOND, ended), "{}", harness.story());
    assert_eq!((harness.snapshot.stats.stalls, harness.snapshot.notice.clone()), (0, None));
    assert!(harness.snapshot.stats.failures >= 6);
}

#[test]
fn a_timer_that_fires_early_is_set_again() {
    let mut session = Session::new(PlayerConfig::default(), crate::testing::address("master.m3u8"), at(0.0), false);
    let mut out = Vec::new();
    session.start(&mut out);
    let failure = LoadFailure::Fetch(FetchError::Unreachable("refused".into()));
    session.handle(Input::LoadFailed(TransferId(0), failure), SECOND, &mut out);
    let wake_at = |out: &[Output]| out.iter().find_map(|o| if let Output::WakeAt(at) = o { Some(*at) } else { None });
    let due = wake_at(&out).unwrap();
    out.clear();
    session.handle(Input::Wake, due - Duration::from_micros(300), &mut out);
    assert_eq!(wake_at(&out), Some(due));
    out.clear();
    session.handle(Input::Wake, due, &mut out);
    assert!(out.iter().any(|output| matches!(output, Output::Fetch { .. })));
}

#[test]
fn a_segment_missing_in_one_rung_comes_from_another() {
    let link = Link::new(|_| 20_000_000)
        .with_faults(|path, _| (path == "v4/10.m4s").then_some(LoadFailure::Fetch(FetchError::Status(404))));
    let mut harness = harness(ManifestBuilder::default(), link);
    assert!(harness.run_until(200 * SECOND, ended));
    assert!(
        harness.fetched.iter().any(|path| path.ends_with("/10.m4s") && path != "v4/10.m4s" && path.starts_with('v'))
    );
    assert!(!harness.story().contains("SegmentSkipped"));
    assert_eq!(harness.snapshot.notice, None, "the notice goes when the trouble is over");
}

#[test]
fn a_segment_missing_everywhere_is_skipped_and_playback_goes_on() {
    let link = Link::new(|_| 20_000_000)
        .with_faults(|path, _| path.ends_with("/2.m4s").then_some(LoadFailure::Fetch(FetchError::Status(404))));
    let mut harness = harness(ManifestBuilder::default(), link);
    assert!(harness.run_until(200 * SECOND, ended), "{}", harness.story());
    let skipped = harness.events.iter().filter(|e| matches!(e.event, PlaybackEvent::SegmentSkipped { .. })).count();
    assert_eq!(skipped, 2, "picture and sound");
}

#[test]
fn a_first_segment_missing_everywhere_is_skipped_and_the_second_is_the_start() {
    let link = Link::new(|_| 20_000_000)
        .with_faults(|path, _| path.ends_with("/0.m4s").then_some(LoadFailure::Fetch(FetchError::Status(404))));
    let mut harness = harness(short(), link);
    assert!(harness.run_until(60 * SECOND, ended), "{}", harness.story());
    assert_eq!(harness.snapshot.notice, None);
}

#[test]
fn a_seek_into_a_segment_that_is_missing_everywhere_plays_on_behind_it() {
    let link = Link::new(|_| 20_000_000)
        .with_faults(|path, _| path.ends_with("/20.m4s").then_some(LoadFailure::Fetch(FetchError::Status(404))));
    let mut harness = harness(ManifestBuilder::default(), link);
    harness.run_for(2 * SECOND);
    harness.send(Command::Seek { to: at(80.5) });
    assert!(harness.run_until(20 * SECOND, |s| s.position > at(86.0)), "{}", harness.story());
    // And back into the hole, which is remembered now.
    harness.send(Command::Seek { to: at(81.0) });
    assert!(harness.run_until(20 * SECOND, |s| s.position > at(86.0)), "{}", harness.story());
}

#[test]
fn a_seek_while_the_title_is_loading_is_where_it_starts() {
    let mut harness = harness(ManifestBuilder::default(), steady(6_000));
    assert!(harness.run_until(5 * SECOND, |snapshot| snapshot.duration.is_some()));
    harness.send(Command::Seek { to: at(40.2) });
    harness.run_for(SECOND / 10);
    harness.send(Command::Seek { to: at(60.2) });
    assert!(harness.run_until(10 * SECOND, |snapshot| snapshot.state == PlaybackState::Playing));
    assert!(harness.snapshot.position >= at(60.2) && harness.snapshot.position < at(61.0), "{}", harness.story());
}

/// No media of these folders can be decrypted.
fn withheld(folders: &'static [&'static str]) -> Link {
    let withheld = DrmError::KeyUnusable { key: KeyId([1; 16]), status: KeyStatus::OutputRestricted };
    Link::new(|_| 20_000_000).with_faults(move |path, _| {
        let concerned = path.ends_with(".m4s") && folders.iter().any(|folder| path.starts_with(folder));
        concerned.then(|| LoadFailure::Drm(withheld.clone()))
    })
}

#[test]
fn a_rung_whose_key_is_withheld_is_left_for_good() {
    let mut harness = harness(ManifestBuilder::default(), withheld(&["v4/"]));
    assert!(harness.run_until(180 * SECOND, ended), "{}", harness.story());
    let tried = harness.fetched.iter().filter(|path| path.starts_with("v4/") && path.ends_with(".m4s")).count();
    assert_eq!(tried, 1, "{:?}", harness.fetched);
    assert!(harness.snapshot.error.is_none());
}

#[test]
fn where_all_keys_are_withheld_a_viewer_is_told_why() {
    let mut harness = harness(ManifestBuilder::default(), withheld(&["v"]));
    harness.run_for(30 * SECOND);
    assert_eq!(harness.snapshot.error.as_ref().map(|error| error.code), Some(ErrorCode::OutputRestricted));
}

#[test]
fn damaged_bytes_are_looked_at_twice() {
    let link = Link::new(|_| 20_000_000).with_faults(|path, tries| {
        let damaged = path.ends_with("/5.m4s") && path.starts_with('v') && tries == 0;
        damaged.then_some(LoadFailure::Container(ContainerError::Missing("moof")))
    });
    let mut harness = harness(ManifestBuilder::default(), link);
    assert!(harness.run_until(200 * SECOND, ended));
    assert!(!harness.story().contains("SegmentSkipped"));
}

#[test]
fn a_manifest_that_is_not_there_ends_the_session_with_a_sentence() {
    let link = Link::new(|_| 1_000_000)
        .with_faults(|path, _| (path == "master.m3u8").then_some(LoadFailure::Fetch(FetchError::Status(404))));
    let mut harness = harness(short(), link);
    harness.run_for(SECOND);
    assert_eq!(harness.snapshot.state, PlaybackState::Failed);
    assert_eq!(harness.snapshot.error.as_ref().map(|error| error.code), Some(ErrorCode::Missing));
}

#[test]
fn a_fixed_quality_takes_hold_within_a_segment() {
    let mut harness = harness(ManifestBuilder::default(), steady(20_000));
    harness.run_for(10 * SECOND);
    harness.send(Command::SetQuality { choice: QualityChoice::Fixed(RungId(0)) });
    harness.run_for(9 * SECOND);
    assert_eq!(harness.snapshot.shown_rung, Some(RungId(0)), "{}", harness.story());
    harness.send(Command::SetQuality { choice: QualityChoice::Auto });
    assert!(harness.run_until(60 * SECOND, |snapshot| snapshot.shown_rung > Some(RungId(2))));
}

#[test]
fn play_after_the_end_starts_over() {
    let mut harness = harness(short(), steady(8000));
    assert!(harness.run_until(30 * SECOND, ended));
    harness.send(Command::Play);
    assert!(harness.run_until(5 * SECOND, |snapshot| snapshot.state == PlaybackState::Playing));
    assert!(harness.snapshot.position < at(1.0));
    assert!(harness.run_until(30 * SECOND, ended));
}

/// One step of a viewer or of the network.
#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    Command(Command),
    Pipeline(crate::pipeline::PipelineEvent),
    Stray(u64),
}

/// A text, one that is none, captions that come late, or nothing.
fn text() -> impl Strategy<Value = Option<TrackId>> {
    let captions = crate::text::captions::CaptionService::line21(1).map(|service| service.track());
    prop_oneof![(0u16..6).prop_map(|track| Some(TrackId(track))), Just(captions), Just(None)]
}

fn step() -> impl Strategy<Value = Step> {
    use crate::pipeline::PipelineEvent;
    prop_oneof![
        4 => (10u64..4000).prop_map(Step::Wait),
        1 => Just(Step::Command(Command::Play)),
        1 => Just(Step::Command(Command::Pause)),
        3 => (-5.0f64..150.0).prop_map(|to| Step::Command(Command::Seek { to: at(to) })),
        1 => (0u16..7).prop_map(|rung| Step::Command(Command::SetQuality { choice: QualityChoice::Fixed(RungId(rung)) })),
        1 => Just(Step::Command(Command::SetQuality { choice: QualityChoice::Auto })),
        1 => Just(Step::Command(Command::SetDecoder { choice: DecoderChoice::Software })),
        1 => Just(Step::Command(Command::SetDecoder { choice: DecoderChoice::Auto })),
        1 => (0u16..3).prop_map(|track| Step::Command(Command::SelectAudio { track: TrackId(track) })),
        1 => text().prop_map(|track| Step::Command(Command::SelectText { track })),
        1 => text().prop_map(|track| Step::Command(Command::SelectSecondText { track })),
        1 => any::<f32>().prop_map(|volume| Step::Command(Command::SetVolume { volume })),
        1 => (0u64..4).prop_map(|generation| Step::Pipeline(PipelineEvent::Prerolled { generation })),
        1 => (0u64..50).prop_map(Step::Stray),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// The harness itself checks that transfers are answered once, ids are used once, only what runs is cancelled and
    /// samples are fed in decode order; what remains is checked here.
    #[test]
    fn invariants_hold_under_any_order_of_inputs(
        steps in proptest::collection::vec(step(), 1..40),
        kbps in 0u64..20_000,
        failing in 0u64..12,
        start in 0.0f64..130.0,
    ) {
        let link = Link::new(move |_| kbps * 1000).with_faults(move |path, tries| {
            let hit = path.len() as u64 * 7 + u64::from(tries) * 3;
            (failing > 0 && hit.is_multiple_of(failing + 2) && path != "master.m3u8")
                .then_some(LoadFailure::Fetch(FetchError::Status(if tries > 2 { 404 } else { 503 })))
        });
        let mut config = PlayerConfig::default();
        config.buffer.budget = ByteCount::from_mib(2);
        let manifest = ManifestBuilder { texts: 2, captions: true, messages: true, ..ManifestBuilder::default() };
        let mut harness = Harness::new(config, manifest, link, at(start));
        harness.send(Command::Play);
        let mut floor = MediaTime::ZERO;
        for step in steps {
            match step {
                Step::Wait(millis) => harness.run_for(Duration::from_millis(millis)),
                Step::Command(command) => harness.send(command),
                Step::Pipeline(event) => harness.input(Input::Pipeline(event)),
                Step::Stray(id) => {
                    // An answer to a transfer that was cancelled or never was.
                    let id = TransferId(1_000_000 + id);
                    harness.input(Input::LoadFailed(id, LoadFailure::Fetch(FetchError::Status(500))));
                }
            }
            let largest = 6_000 * 125 * 4;
            prop_assert!(harness.session.held().bytes() <= (2 << 20) + 2 * largest);
            prop_assert!(harness.in_flight() <= 4);
        }
        // Positions go back only by a seek.
        for pair in harness.events.windows(2) {
            let seek = matches!(pair[1].event, PlaybackEvent::SeekStarted { .. })
                || matches!(pair[0].event, PlaybackEvent::SeekStarted { .. } | PlaybackEvent::ManifestLoaded { .. })
                || matches!(pair[1].event, PlaybackEvent::ManifestLoaded { .. });
            if seek {
                floor = pair[1].position;
            }
            prop_assert!(pair[1].position >= floor || seek, "{}", harness.story());
            floor = pair[1].position;
        }
        let failed = harness.events.iter().position(|emitted| matches!(emitted.event, PlaybackEvent::Failed { .. }));
        prop_assert!(failed.is_none_or(|position| position + 1 == harness.events.len()), "{}", harness.story());
        // Whatever was done to it, over a good link it plays on. What the test itself told of the pipeline may have
        // been a lie; a seek is a fresh start.
        if failed.is_none() && failing == 0 && kbps > 2_000 {
            harness.send(Command::Play);
            harness.send(Command::Seek { to: at(30.0) });
            let alive = harness.run_until(40 * SECOND, |s| s.state == PlaybackState::Playing && s.position > at(31.0));
            prop_assert!(alive, "{}", harness.story());
        }
        harness.send(Command::Stop);
        prop_assert_eq!(harness.in_flight(), 0);
    }
}
