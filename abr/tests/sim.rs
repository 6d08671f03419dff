//! The simulator keeps account, and nobody beats the offline optimum.
#![allow(clippy::unwrap_used)]

mod worlds;

use abr::sim::{
    Action, ActionKind, Content, Delivery, Fetched, NetworkTrace, OfflineOptions, Score, Session, SizeKnowledge,
    TraceFormat, Utility, Viewer, ViewerModel, optimum, parallel, play, play_with,
};
use abr::{AbrController, CONTROLLER_NAMES, controller_by_name};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use worlds::{Erratic, Scripted, Size, World, any_world};

/// The same cases in every run, so that a failure is news about the code; `PROPTEST_RNG_SEED` and `PROPTEST_CASES`
/// explore others.
fn config(cases: u32) -> ProptestConfig {
    let given = ProptestConfig::default();
    ProptestConfig {
        cases: if std::env::var_os("PROPTEST_CASES").is_some() { given.cases } else { cases },
        rng_seed: if given.rng_seed == RngSeed::Random { RngSeed::Fixed(3) } else { given.rng_seed },
        failure_persistence: None,
        ..given
    }
}

/// What adding up many numbers of this size may leave.
const ROUNDING: f64 = 1e-6;

const ANY: Size = Size { rungs: 5, segments: 20, unsteady: true };
const SMALL: Size = Size { rungs: 3, segments: 6, unsteady: false };

fn played(world: &World, controller: &mut dyn AbrController) -> Session {
    play(&world.trace, &world.content, world.delivery, SizeKnowledge::Known, controller)
}

/// Time passes once: it is a wait or it is watched. Bits come at the rate of the link, and no faster.
fn check_account(world: &World, session: &Session, controller: &Erratic) {
    let total = session.startup + session.stalled + session.seek_delay + session.watched;
    assert!((total - session.ended).abs() < ROUNDING, "{total} {}", session.ended);
    let mut bits = 0.0;
    let mut free_at = 0.0;
    for sample in &controller.transfers {
        let end = sample.finished_at.as_secs_f64();
        let begin = end - sample.elapsed.as_secs_f64();
        let carried = world.trace.bits_until(end) - world.trace.bits_until(begin + sample.ttfb.as_secs_f64());
        // A byte is not divided, and a time has nanoseconds: at 20 Mbit/s that is less than a bit.
        assert!((carried - sample.bytes.bytes() as f64 * 8.0).abs() < 8.1, "{sample:?} carried {carried}");
        assert!(begin >= free_at - ROUNDING, "{sample:?} while another ran");
        (bits, free_at) = (bits + carried, end);
    }
    assert!((bits - session.bits).abs() <= 1.0 * controller.transfers.len() as f64, "{bits} {}", session.bits);
    let shown: f64 = session.segments.iter().map(|s| world.content.bits(s.index, s.position)).sum();
    assert!((shown + session.wasted + session.unseen - session.bits).abs() < 1.0, "every bit is shown or is not");
}

/// What must hold of each segment of a session that shows the whole title.
fn check_segments(world: &World, session: &Session) {
    let segment = world.segment();
    let (mut stood, mut before) = (session.startup, None::<&Fetched>);
    for (index, fetched) in session.segments.iter().enumerate() {
        assert_eq!(fetched.index, index);
        assert!(fetched.requested >= before.map_or(0.0, |before| before.finished));
        assert!(fetched.finished >= fetched.requested);
        // The picture stands where the segment comes after all that is there has been shown.
        let dry = index as f64 * segment + stood;
        let late = if index == 0 { 0.0 } else { (fetched.finished - dry).max(0.0) };
        assert!((late - fetched.stalled).abs() < ROUNDING, "{fetched:?} was late by {late}");
        stood += late;
        let buffered = (index + 1) as f64 * segment + stood - fetched.finished;
        assert!((buffered - fetched.buffered).abs() < ROUNDING, "{fetched:?} with {buffered}");
        match world.delivery {
            Delivery::OnDemand { cap } => assert!(buffered <= cap.max(segment) + ROUNDING, "{fetched:?} above {cap}"),
            Delivery::Live { behind } => {
                let published = (index as f64 - f64::from(behind) + 1.0) * segment;
                assert!(index < behind as usize || fetched.requested >= published - ROUNDING);
            }
        }
        before = Some(fetched);
    }
    assert!((stood - session.startup - session.stalled).abs() < ROUNDING);
    assert!((session.watched - world.content.segments() as f64 * segment).abs() < ROUNDING);
}

fn any_viewer() -> impl Strategy<Value = Viewer> {
    let seek =
        (0.0..90.0_f64, -10.0..130.0_f64).prop_map(|(after, to)| Action { after, kind: ActionKind::Seek { to } });
    let leave = (0.0..90.0_f64).prop_map(|after| Action { after, kind: ActionKind::Leave });
    let patience = prop_oneof![Just(f64::INFINITY), 0.5..20.0_f64];
    (vec(prop_oneof![5 => seek, 1 => leave], 0..8), patience)
        .prop_map(|(actions, patience)| Viewer::new(actions).with_patience(patience))
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn bits_and_time_are_conserved(world in any_world(ANY), seed in any::<u64>()) {
        let mut controller = Erratic::new(seed);
        let session = played(&world, &mut controller);
        check_account(&world, &session, &controller);
        check_segments(&world, &session);
        prop_assert_eq!(&session, &played(&world, &mut Erratic::new(seed)), "a session repeats");
    }

    #[test]
    fn bits_and_time_are_conserved_whatever_the_viewer_does(
        world in any_world(ANY),
        viewer in any_viewer(),
        seed in any::<u64>(),
    ) {
        let mut controller = Erratic::new(seed);
        let World { trace, content, delivery } = &world;
        let session = play_with(trace, content, *delivery, SizeKnowledge::Unknown, &mut controller, &viewer);
        check_account(&world, &session, &controller);
        prop_assert!(session.segments.iter().all(|fetched| fetched.index < content.segments()));
        prop_assert!(session.watched <= 130.0 * 9.0);
    }
}

/// The best of all sequences of rungs, tried one by one.
fn brute_force(world: &World, utility: Utility) -> f64 {
    let (rungs, segments) = (world.content.ladder().len(), world.content.segments());
    let all = (0..rungs.pow(segments as u32)).map(|number| {
        let positions = (0..segments).map(|segment| number / rungs.pow(segment as u32) % rungs).collect();
        let session = played(world, &mut Scripted { positions, at: 0 });
        Score::of(&session, &world.content).qoe(utility)
    });
    all.fold(f64::MIN, f64::max)
}

fn best(world: &World, utility: Utility, resolution: f64) -> f64 {
    let options = OfflineOptions { utility, resolution };
    let session = optimum(&world.trace, &world.content, world.delivery, &options);
    check_segments(world, &session);
    Score::of(&session, &world.content).qoe(utility)
}

fn any_utility() -> impl Strategy<Value = Utility> {
    proptest::sample::select(&Utility::ALL[..])
}

proptest! {
    #![proptest_config(config(96))]

    #[test]
    fn the_exact_optimum_is_that_of_brute_force(world in any_world(SMALL), utility in any_utility()) {
        let (found, tried) = (best(&world, utility, 0.0), brute_force(&world, utility));
        prop_assert!((found - tried).abs() < ROUNDING * tried.abs().max(1.0), "{} is not {}", found, tried);
    }

    #[test]
    fn nobody_beats_the_exact_optimum(
        world in any_world(Size { unsteady: true, ..SMALL }),
        utility in any_utility(),
        seed in any::<u64>(),
    ) {
        let found = best(&world, utility, 0.0);
        let worst = found.abs().max(1.0) * ROUNDING;
        let of = |controller: &mut dyn AbrController| Score::of(&played(&world, controller), &world.content).qoe(utility);
        for name in CONTROLLER_NAMES {
            let own = of(controller_by_name(name).unwrap().as_mut());
            prop_assert!(own <= found + worst, "{} has {}, the optimum {}", name, own, found);
        }
        let own = of(&mut Erratic::new(seed));
        prop_assert!(own <= found + worst, "{} at random, the optimum {}", own, found);
    }
}

proptest! {
    #![proptest_config(config(48))]

    /// With a resolution the search may miss something. Over 1,500 wild networks a controller was ahead three times, by
    /// a tenth of a point at most; here it may be by what the resolution is worth as a stall in every segment.
    #[test]
    fn nobody_beats_the_optimum_of_long_titles_by_more_than_its_resolution(
        world in any_world(Size { segments: 30, ..ANY }),
        utility in any_utility(),
    ) {
        let resolution = OfflineOptions::default().resolution;
        let found = best(&world, utility, resolution);
        let stall = match utility {
            Utility::Ssim => Utility::SSIM_STALL,
            Utility::Linear | Utility::Log => utility.of(&world.content).last().copied().unwrap(),
        };
        for name in CONTROLLER_NAMES {
            let session = played(&world, controller_by_name(name).unwrap().as_mut());
            let own = Score::of(&session, &world.content).qoe(utility);
            prop_assert!(own <= found + stall * resolution, "{} has {}, the optimum {}", name, own, found);
        }
    }
}

/// What somebody could take for a recording.
fn any_text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[0-9]{1,4}",
        "-?[0-9]{1,20}(\\.[0-9]{0,9})?(e-?[0-9]{1,3})?",
        "[ ,;\t\r\n\"#{}\\[\\]:]{1,3}",
        proptest::sample::select(vec![
            "time_s",
            "mbps",
            "bytes",
            "duration_ms",
            "bandwidth_kbps",
            "latency_ms",
            "nan",
            "inf"
        ])
        .prop_map(str::to_owned),
        "\\PC{1,4}",
    ];
    (vec(word, 0..60), prop_oneof![Just(" "), Just("\n"), Just(","), Just("")]).prop_map(|(words, by)| words.join(by))
}

proptest! {
    #![proptest_config(config(1_000))]

    #[test]
    fn text_is_a_recording_or_is_refused(text in any_text()) {
        use TraceFormat::*;
        for format in [Intervals, Sabre, Mahimahi, Pensieve, Oboe, MobileLog, Webget, Csv] {
            if let Ok(trace) = NetworkTrace::read_as(&text, format) {
                prop_assert!(trace.period() > 0.0 && trace.mean_rate() > 0.0 && trace.mean_rate().is_finite());
                prop_assert!(trace.time_of(trace.bits_until(trace.period() * 1.5)).is_finite());
            }
        }
        let _ = NetworkTrace::read(&text);
    }
}

/// A minute in segments of two seconds and one rung of 1 Mbit/s; ten seconds may be buffered.
fn one_rung() -> (Content, Delivery) {
    let text = format!("seg_ms 2000\nkbps 1000\nres 640x360\n{}", "2000000\n".repeat(30));
    (Content::parse(&text).unwrap(), Delivery::OnDemand { cap: 10.0 })
}

fn watched_by(viewer: Viewer, trace: &str, delivery: Delivery) -> Session {
    let trace = NetworkTrace::parse(trace).unwrap();
    let mut controller = Scripted { positions: Vec::new(), at: 0 };
    play_with(&trace, &one_rung().0, delivery, SizeKnowledge::Known, &mut controller, &viewer)
}

/// A segment takes 0.6 seconds.
const STEADY: &str = "1000 4000 100";

fn seek(after: f64, to: f64) -> Action {
    Action { after, kind: ActionKind::Seek { to } }
}

#[track_caller]
fn assert_near(found: f64, expected: f64) {
    assert!((found - expected).abs() < ROUNDING, "{found} is not {expected}");
}

#[test]
fn a_seek_into_the_buffer_costs_nothing_but_what_is_skipped() {
    let session = watched_by(Viewer::new(vec![seek(8.0, 15.0)]), STEADY, one_rung().1);
    assert_eq!((session.seeks, session.stalls, session.segments.len()), (1, 0, 27));
    assert_near(session.seek_delay, 0.0);
    assert_near(session.watched, 54.0);
    assert_near(session.unseen, 6e6);
    assert_near(session.wasted, 0.0);
}

#[test]
fn a_seek_elsewhere_starts_again() {
    let session = watched_by(Viewer::new(vec![seek(8.0, 41.0)]), STEADY, one_rung().1);
    let shown: Vec<usize> = session.segments.iter().map(|fetched| fetched.index).collect();
    assert_eq!(shown, [&[0, 1, 2, 3][..], &(20..30).collect::<Vec<_>>()].concat());
    assert_near(session.startup, 0.6);
    assert_near(session.seek_delay, 0.6);
    assert_near(session.watched, 28.0);
    assert_near(session.ended, 29.2);
    assert_near(session.unseen, 8e6);
}

#[test]
fn a_seek_back_at_the_end_fetches_again() {
    let session = watched_by(Viewer::new(vec![seek(60.0, 55.0)]), STEADY, one_rung().1);
    assert_eq!(session.segments.len(), 33);
    assert_near(session.watched, 66.0);
}

#[test]
fn who_leaves_does_not_see_what_was_fetched() {
    let leave = Action { after: 5.0, kind: ActionKind::Leave };
    let session = watched_by(Viewer::new(vec![leave]), STEADY, one_rung().1);
    assert_eq!(session.segments.len(), 3);
    assert_near(session.watched, 5.0);
    assert_near(session.ended, 5.6);
    assert!(session.unseen >= 6e6 && session.bits > session.unseen);
}

#[test]
fn patience_ends_in_a_stall_and_before_the_start() {
    let outage = "2000 4000 100\n98000 0 100";
    let session = watched_by(Viewer::default().with_patience(3.0), outage, one_rung().1);
    assert_near(session.stalled, 3.0);
    assert_near(session.ended, session.startup + session.watched + 3.0);
    let session = watched_by(Viewer::default().with_patience(3.0), "50000 1 100", one_rung().1);
    assert_eq!((session.segments.len(), session.startup, session.watched), (0, 3.0, 0.0));
}

#[test]
fn in_live_nobody_seeks_to_what_is_not_there() {
    let live = Delivery::Live { behind: 3 };
    let session = watched_by(Viewer::new(vec![seek(4.0, 50.0)]), STEADY, live);
    // At 4.6 seconds the last of five segments is out; the buffer has one more than is on the screen.
    let shown: Vec<usize> = session.segments.iter().map(|fetched| fetched.index).collect();
    assert_eq!(shown, [&[0, 1][..], &(4..30).collect::<Vec<_>>()].concat());
}

#[test]
fn threads_change_nothing() {
    let model = abr::sim::MarkovModel::between(0.3e6, 6e6, 4);
    let (content, delivery) = one_rung();
    let seeds: Vec<u64> = (0..24).collect();
    let session = |seed: &u64| {
        let trace = model.trace(60.0, *seed).unwrap();
        let viewer = ViewerModel { between_seeks: 10.0, distance: 20.0, ..ViewerModel::default() }.viewer(60.0, *seed);
        let mut controller = Erratic::new(*seed);
        play_with(&trace, &content, delivery, SizeKnowledge::Unknown, &mut controller, &viewer)
    };
    let alone: Vec<Session> = seeds.iter().map(session).collect();
    assert_eq!(parallel(&seeds, Some(3), session), alone);
}
