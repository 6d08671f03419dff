//! The simulator keeps account, and nobody beats the offline optimum.
#![allow(clippy::unwrap_used)]

mod worlds;

use abr::sim::{
    Action, ActionKind, Content, Delivery, Fetched, NetworkTrace, OfflineOptions, Score, Session, SizeKnowledge, Utility,
    Viewer, ViewerModel, optimum, parallel, play, play_with,
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
    let seek = (0.0..90.0_f64, -10.0..130.0_f64).prop_map(|(after, to)| Action { after, kind: ActionKind::Seek { to } });
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
