//! What our controller promises beyond what every controller must hold to, in the eyes of a viewer.
#![allow(clippy::unwrap_used)]

mod viewer;

use std::time::Duration;

use abr::{Bitrate, BufferPolicy, Ladder, PlaybackRate, RungId, controller_by_name};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use viewer::{Outcome, Scenario, Step, ladder, play};

/// The controller that makes them.
const OURS: &str = "lumen";

/// The same cases in every run, so that a failure is news about the code; `PROPTEST_RNG_SEED` and `PROPTEST_CASES`
/// explore others.
fn config(cases: u32) -> ProptestConfig {
    let given = ProptestConfig::default();
    ProptestConfig {
        cases: if std::env::var_os("PROPTEST_CASES").is_some() { given.cases } else { cases },
        rng_seed: if given.rng_seed == RngSeed::Random { RngSeed::Fixed(20) } else { given.rng_seed },
        failure_persistence: None,
        ..given
    }
}

/// Six rungs as in the demo library, and what a phone, a set-top box and a test stream have.
fn common_ladder() -> impl Strategy<Value = Ladder> {
    prop_oneof![
        Just(vec![400, 800, 1500, 2800, 5000]),
        Just(vec![235, 375, 560, 750, 1050, 1750, 2350, 3000, 4300, 5800]),
        Just(vec![300, 4000]),
        Just(vec![500, 1000, 2000, 4000, 8000, 16_000]),
    ]
    .prop_map(|kbps| ladder(&kbps))
}

fn played_all(outcome: &Outcome, scenario: &Scenario) -> bool {
    let media = scenario.segment * u32::try_from(scenario.segments).unwrap();
    outcome.qoe.played == media
}

proptest! {
    #![proptest_config(config(96))]

    /// On a link that never changes the rung settles, or rests for a while on either side of what the link carries: at
    /// most four switches a minute in ours, which uses what lies between two rungs, and two in all where only the
    /// throughput decides.
    #[test]
    fn a_steady_link_has_a_steady_picture(
        ladder in common_ladder(),
        kbps in 300..12_000_u64,
        segment in 2..=6_u64,
        latency in 0..300_u64,
    ) {
        let scenario = Scenario {
            segment: Duration::from_secs(segment),
            latency: Duration::from_millis(latency),
            ..Scenario::steady(ladder, kbps, 480 / usize::try_from(segment).unwrap())
        };
        for name in [OURS, "throughput"] {
            let outcome = play(&scenario, controller_by_name(name).unwrap().as_mut());
            let late = outcome.switches.iter().filter(|at| **at > Duration::from_secs(60)).count();
            let allowed = if name == OURS { 28 } else { 2 };
            prop_assert!(late <= allowed, "{name}: {late} switches at {kbps} kbit/s\n{}", outcome.story());
            let lowest = scenario.ladder.lowest().bitrate.bps() / 1000;
            if kbps > lowest * 3 / 2 {
                prop_assert_eq!(outcome.qoe.stalls, 0, "{} at {} kbit/s\n{}", name, kbps, outcome.story());
                prop_assert!(played_all(&outcome, &scenario));
            }
        }
    }

    /// As long as the lowest rung is sustainable with something to spare, no change of the link stops the picture for
    /// longer than a segment, and none but the change does.
    #[test]
    fn it_never_starves_while_a_rung_is_sustainable(
        ladder in common_ladder(),
        steps in proptest::collection::vec((30..90_u64, 1.5..40.0_f64), 1..12),
        latency in 0..150_u64,
    ) {
        let mut from = Duration::ZERO;
        let lowest = ladder.lowest().bitrate.bps() as f64 / 1000.0;
        let link = steps.iter().map(|(secs, factor)| {
            let step = Step { from, kbps: (lowest * factor) as u64 };
            from += Duration::from_secs(*secs);
            step
        }).collect();
        let latency = Duration::from_millis(latency);
        let scenario = Scenario { link, latency, ..Scenario::steady(ladder, 0, 150) };
        let outcome = play(&scenario, controller_by_name(OURS).unwrap().as_mut());
        let changes = u32::try_from(steps.len() - 1).unwrap();
        prop_assert!(outcome.qoe.stalls <= changes, "{:?}\n{}", scenario.link, outcome.story());
        prop_assert!(outcome.qoe.stalled <= scenario.segment * changes, "{:?}\n{}", scenario.link, outcome.story());
        prop_assert!(played_all(&outcome, &scenario));
    }

    /// After a drop to a tenth, at most two more segments are asked for that neither the new link carries nor the buffer
    /// pays for, to a tenth of a segment; and where a rung is left that the link carries, the picture stops for less than two, if at all.
    #[test]
    fn it_recovers_from_a_tenfold_drop_within_two_segments(
        ladder in common_ladder(),
        kbps in 4_000..60_000_u64,
        at in 30..120_u64,
    ) {
        let at = Duration::from_secs(at);
        let after = Bitrate::from_kbps(kbps / 10);
        let link = vec![Step { from: Duration::ZERO, kbps }, Step { from: at, kbps: kbps / 10 }];
        let scenario = Scenario { link, ..Scenario::steady(ladder, 0, 60) };
        let outcome = play(&scenario, controller_by_name(OURS).unwrap().as_mut());
        let lowest = scenario.ladder.lowest();
        let safe = |request: &viewer::Request| {
            let rung = scenario.ladder.get(request.rung).unwrap();
            let arrival = after.time_for(rung.bitrate.bytes_in(scenario.segment));
            rung.id == lowest.id || rung.bitrate <= after || arrival <= request.buffered + scenario.segment / 10
        };
        // The segment in flight at the drop is the first to see it.
        let seen_by = outcome.requests.iter().rfind(|r| r.at <= at).unwrap().segment;
        let late = outcome.requests.iter().find(|r| r.segment >= seen_by + 3 && !safe(r));
        prop_assert!(late.is_none(), "{:?}\n{}", late, outcome.story());
        if after.bps() > lowest.bitrate.bps() * 5 / 4 {
            prop_assert!(outcome.qoe.stalled < scenario.segment * 2, "{}", outcome.story());
        }
    }

    /// Nothing comes for a while; afterwards the picture moves again and climbs back to where it was or next to it.
    #[test]
    fn it_recovers_from_an_outage(kbps in 2_000..20_000_u64, at in 30..90_u64, lasts in 1..60_u64) {
        let (at, lasts) = (Duration::from_secs(at), Duration::from_secs(lasts));
        let link = vec![
            Step { from: Duration::ZERO, kbps },
            Step { from: at, kbps: 0 },
            Step { from: at + lasts, kbps },
        ];
        let ladder = ladder(&[400, 800, 1500, 2800, 5000]);
        let scenario = Scenario { link, ..Scenario::steady(ladder, 0, 100) };
        let outcome = play(&scenario, controller_by_name(OURS).unwrap().as_mut());
        prop_assert!(outcome.qoe.stalls <= 1, "{}", outcome.story());
        prop_assert!(outcome.qoe.stalled <= lasts + scenario.policy.resume, "{}", outcome.story());
        let before = outcome.requests.iter().rfind(|r| r.at <= at).unwrap().rung;
        // Where it rested between two rungs, it may be in the lower one now.
        prop_assert!(outcome.requests.last().unwrap().rung.0 + 1 >= before.0, "{}", outcome.story());
    }

    /// Sizes that vary from segment to segment, known or not, on a link that can carry the mean.
    #[test]
    fn varying_sizes_do_not_stop_the_picture(
        ladder in common_ladder(),
        sizes in proptest::collection::vec(0.3..1.0_f64, 5..20),
        kbps in 2_000..12_000_u64,
        sizes_known in any::<bool>(),
    ) {
        let scenario = Scenario { sizes, sizes_known, ..Scenario::steady(ladder, kbps, 100) };
        let outcome = play(&scenario, controller_by_name(OURS).unwrap().as_mut());
        prop_assert_eq!(outcome.qoe.stalls, 0, "{}", outcome.story());
    }

    /// A viewer at another speed has the same rights.
    #[test]
    fn speed_is_reckoned_with(ladder in common_ladder(), kbps in 2_000..12_000_u64, rate in 0.5..2.5_f32) {
        let rate = PlaybackRate::new(rate).unwrap();
        let scenario = Scenario { rate, ..Scenario::steady(ladder, kbps, 100) };
        let outcome = play(&scenario, controller_by_name(OURS).unwrap().as_mut());
        prop_assert_eq!(outcome.qoe.stalls, 0, "{}", outcome.story());
    }
}

#[test]
fn quality_rises_to_what_the_link_carries_and_a_buffer_is_spent_at_the_end() {
    for (kbps, wanted) in [(300, 0), (600, 0), (1_200, 1), (2_200, 2), (4_200, 3), (8_000, 4), (100_000, 4)] {
        let scenario = Scenario::steady(ladder(&[400, 800, 1500, 2800, 5000]), kbps, 60);
        let outcome = play(&scenario, controller_by_name(OURS).unwrap().as_mut());
        let last = outcome.requests.last().unwrap();
        assert!(last.rung >= RungId(wanted), "{kbps} kbit/s\n{}", outcome.story());
    }
}

#[test]
fn a_fast_link_reaches_the_top_within_three_segments() {
    let scenario = Scenario::steady(ladder(&[400, 800, 1500, 2800, 5000]), 50_000, 20);
    let outcome = play(&scenario, controller_by_name(OURS).unwrap().as_mut());
    assert!(outcome.requests[3].rung == RungId(4), "{}", outcome.story());
    assert!(outcome.qoe.startup.unwrap() < Duration::from_secs(1), "{}", outcome.story());
}

#[test]
fn a_noisy_link_does_not_make_a_nervous_picture() {
    // Between 2.4 and 5.6 Mbit/s, changing every second, in a fixed disorder.
    let mut state = 1_u64;
    let link = (0..600).map(|second| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Step { from: Duration::from_secs(second), kbps: 2_400 + (state >> 33) % 3_200 }
    });
    let ladder = ladder(&[400, 800, 1500, 2800, 5000]);
    let scenario = Scenario { link: link.collect(), ..Scenario::steady(ladder, 0, 140) };
    let outcome = play(&scenario, controller_by_name(OURS).unwrap().as_mut());
    let late = outcome.switches.iter().filter(|at| **at > Duration::from_secs(60)).count();
    assert!(late <= 32, "{late} switches in eight minutes\n{}", outcome.story());
    assert_eq!(outcome.qoe.stalls, 0);
    assert!(outcome.qoe.mean_bitrate.bps() > 2_000_000, "{}", outcome.story());
}

#[test]
fn a_small_buffer_is_steered_as_well() {
    let policy = BufferPolicy { target: Duration::from_secs(8), ..BufferPolicy::default() };
    for kbps in [700, 1_300, 2_500, 4_000, 9_000] {
        let ladder = ladder(&[400, 800, 1500, 2800, 5000]);
        let scenario =
            Scenario { policy: policy.clone(), segment: Duration::from_secs(2), ..Scenario::steady(ladder, kbps, 150) };
        let outcome = play(&scenario, controller_by_name(OURS).unwrap().as_mut());
        assert_eq!(outcome.qoe.stalls, 0, "{kbps}\n{}", outcome.story());
    }
}
