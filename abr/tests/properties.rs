//! What every controller must hold to, whatever the network, the manifest and the viewer do.
#![allow(clippy::unwrap_used)]

mod viewer;

use std::time::Duration;

use abr::throughput::{Combined, DualEwma, Harmonic, SlidingPercentile};
use abr::{
    AbrContext, BandwidthMeter, Bitrate, BufferPolicy, ByteCount, CONTROLLER_NAMES, Constraint, ConstraintReason,
    Decision, History, InFlight, Ladder, PlaybackRate, Reason, Rung, RungId, Stall, Switch, ThroughputEstimate,
    ThroughputEstimator, TransferId, TransferSample, UpcomingSegment, Verdict, controller_by_name,
};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use viewer::{Outcome, Scenario, Step, ladder, play};

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

/// Rates, heights and means as manifests declare them, sane or not; at most thirty rungs.
fn any_ladder() -> impl Strategy<Value = Ladder> {
    let rate = prop_oneof![
        8 => 50_000..30_000_000_u64,
        1 => Just(1),
        1 => Just(u64::MAX),
    ];
    let rung = (rate, proptest::option::of(0..20_000_000_u64), 0..5000_u32);
    proptest::collection::vec(rung, 1..30).prop_map(|rungs| {
        let rungs = rungs.into_iter().enumerate().map(|(i, (bps, average, height))| Rung {
            id: RungId(i as u16 * 7),
            bitrate: Bitrate::from_bps(bps),
            average: average.map(Bitrate::from_bps),
            width: height,
            height,
            frame_rate: None,
        });
        Ladder::new(rungs.collect()).unwrap()
    })
}

fn any_duration() -> impl Strategy<Value = Duration> {
    prop_oneof![
        8 => (0..60_000_u64).prop_map(Duration::from_millis),
        1 => Just(Duration::ZERO),
        1 => Just(Duration::MAX),
        1 => Just(Duration::from_nanos(1)),
    ]
}

fn any_estimate() -> impl Strategy<Value = ThroughputEstimate> {
    let rate = prop_oneof![8 => 1..100_000_000_u64, 1 => Just(0), 1 => Just(u64::MAX)];
    (rate, 0.5..=1.0_f64, 0..100_u32).prop_map(|(bps, share, samples)| ThroughputEstimate {
        mean: Bitrate::from_bps(bps),
        low: Bitrate::from_bps(bps).scale(share).min(Bitrate::from_bps(bps)),
        confidence: share as f32,
        samples,
    })
}

/// Everything that a context borrows or holds.
#[derive(Clone, Debug)]
struct Situation {
    ladder: Ladder,
    history: History,
    now: Duration,
    current: Option<RungId>,
    buffered: Duration,
    target: Duration,
    rate: PlaybackRate,
    throughput: Option<ThroughputEstimate>,
    ttfb: Option<Duration>,
    segment: Duration,
    sizes: Vec<(Duration, Vec<(RungId, ByteCount)>)>,
}

impl Situation {
    fn with<T>(&self, f: impl FnOnce(&AbrContext<'_>) -> T) -> T {
        let upcoming: Vec<UpcomingSegment<'_>> =
            self.sizes.iter().map(|(duration, bytes)| UpcomingSegment { duration: *duration, bytes }).collect();
        f(&AbrContext {
            now: self.now,
            current: self.current,
            buffered: self.buffered,
            buffer_target: self.target,
            rate: self.rate,
            throughput: self.throughput,
            ttfb: self.ttfb,
            segment_duration: self.segment,
            upcoming: &upcoming,
            ..AbrContext::new(&self.ladder, &self.history)
        })
    }

    fn decide(&self, controller: &str) -> Decision {
        self.with(|ctx| controller_by_name(controller).unwrap().decide(ctx))
    }
}

prop_compose! {
    fn any_history()(events in proptest::collection::vec((0..4_u8, any_duration()), 0..20)) -> History {
        let mut history = History::new();
        for (kind, at) in events {
            match kind {
                0 => history.push_stall(Stall { at, duration: at }),
                kind => history.push_switch(Switch { at, from: RungId(0), to: RungId(7), up: kind > 1 }),
            }
        }
        history
    }
}

prop_compose! {
    fn any_situation()(
        ladder in any_ladder(),
        history in any_history(),
        times in (any_duration(), any_duration(), any_duration(), any_duration()),
        current in proptest::option::of((0..32_u16).prop_map(|i| RungId(i * 7))),
        rate in 0.1..8.0_f32,
        throughput in proptest::option::of(any_estimate()),
        ttfb in proptest::option::of(any_duration()),
        sizes in proptest::collection::vec(
            (any_duration(), proptest::collection::vec((0..210_u16, 0..u64::MAX), 0..8)), 0..4),
    ) -> Situation {
        let (now, buffered, target, segment) = times;
        let known = |bytes: Vec<(u16, u64)>| bytes.into_iter().map(|(id, b)| (RungId(id), ByteCount::new(b))).collect();
        Situation {
            ladder, history, now, current, buffered, target, throughput, ttfb, segment,
            rate: PlaybackRate::new(rate).unwrap(),
            sizes: sizes.into_iter().map(|(duration, bytes)| (duration, known(bytes))).collect(),
        }
    }
}

/// What holds of every decision.
fn check(decision: &Decision, ladder: &Ladder) {
    assert!(ladder.get(decision.rung).is_some(), "{:?} is not in the ladder", decision.rung);
    let chosen: Vec<_> = decision.trace.rungs.iter().filter(|r| r.verdict == Verdict::Chosen).collect();
    assert_eq!(chosen.len(), 1, "one rung is chosen");
    assert_eq!(chosen[0].rung, decision.rung);
    assert!(decision.trace.rungs.iter().all(|r| r.score.is_finite()), "{:?}", decision.trace.rungs);
    assert!(decision.sentence(ladder).contains(" s buffered"));
    let json = serde_json::to_value(decision).unwrap();
    assert!(json["reason"]["kind"].is_string() && json["trace"]["rungs"].is_array());
}

proptest! {
    #![proptest_config(config(2000))]

    #[test]
    fn any_situation_has_a_decision_within_the_ladder(
        situation in any_situation(),
        limits in proptest::collection::vec((proptest::option::of(0..3000_u32), proptest::option::of(0..30_000_000_u64)), 0..3),
        flight in (any_duration(), proptest::option::of(any_duration()), 0..u64::MAX, proptest::option::of(0..u64::MAX), proptest::option::of(0..u64::MAX)),
    ) {
        let constraints: Vec<Constraint> = limits.iter().map(|(height, bps)| Constraint {
            max_height: *height,
            max_bitrate: bps.map(Bitrate::from_bps),
            reason: if height.is_some() { ConstraintReason::Viewport } else { ConstraintReason::Plan },
        }).collect();
        let (capped, _) = situation.ladder.constrained(&constraints);
        prop_assert!(capped.iter().all(|rung| situation.ladder.get(rung.id) == Some(rung)));
        if capped.len() > 1 {
            for constraint in &constraints {
                let max = constraint.max_bitrate.unwrap_or(Bitrate::from_bps(u64::MAX));
                prop_assert!(capped.iter().all(|rung| rung.bitrate <= max));
            }
        }
        let situation = Situation { ladder: capped.clone(), ..situation };
        for name in CONTROLLER_NAMES {
            check(&situation.decide(name), &capped);
            let (elapsed, ttfb, received, expected, current_rate) = flight;
            let in_flight = InFlight {
                rung: situation.current.unwrap_or_default(),
                received: ByteCount::new(received),
                expected: expected.map(ByteCount::new),
                elapsed,
                ttfb,
                segment_duration: situation.segment,
                current_rate: current_rate.map(Bitrate::from_bps),
            };
            if let Some(decision) = situation.with(|ctx| controller_by_name(name).unwrap().reconsider(ctx, &in_flight)) {
                check(&decision, &capped);
                prop_assert!(matches!(decision.reason, Reason::Abandon { .. }), "{:?}", decision.reason);
                prop_assert!(capped.position(decision.rung) < capped.position(in_flight.rung));
            }
        }
        check(&situation.with(|ctx| Decision::fixed(ctx, RungId(21))), &capped);
    }

    #[test]
    fn more_throughput_never_means_less_quality(situation in any_situation(), factor in 1.0..20.0_f64) {
        let Some(before) = situation.throughput else { return Ok(()) };
        let more = ThroughputEstimate { mean: before.mean.scale(factor), low: before.low.scale(factor), ..before };
        let better = Situation { throughput: Some(more), ..situation.clone() };
        for name in CONTROLLER_NAMES {
            let (less, more) = (situation.decide(name), better.decide(name));
            prop_assert!(
                situation.ladder.position(less.rung) <= situation.ladder.position(more.rung),
                "{name}:\n{}\n{}", less.sentence(&situation.ladder), more.sentence(&situation.ladder)
            );
        }
    }

    #[test]
    fn decisions_survive_the_event_log(situation in any_situation()) {
        // Times beyond some 104 days lose nanoseconds in seconds, so they are kept shorter here.
        let short = |d: Duration| d.min(Duration::from_secs(86_400));
        let situation = Situation {
            now: short(situation.now),
            buffered: short(situation.buffered),
            ttfb: situation.ttfb.map(short),
            ..situation
        };
        for name in CONTROLLER_NAMES {
            let decision = situation.decide(name);
            let json = serde_json::to_string(&decision).unwrap();
            prop_assert_eq!(serde_json::from_str::<Decision>(&json).unwrap(), decision);
        }
    }

    #[test]
    fn estimators_survive_any_samples(
        samples in proptest::collection::vec((0..u64::MAX, any_duration(), any_duration()), 0..60),
        small in any::<bool>(),
    ) {
        let estimators: [Box<dyn ThroughputEstimator>; 4] = [
            Box::new(DualEwma::default()),
            Box::new(SlidingPercentile::default()),
            Box::new(Harmonic::default()),
            Box::new(Combined::new()),
        ];
        for mut estimator in estimators {
            for (bytes, ttfb, elapsed) in &samples {
                let bytes = ByteCount::new(if small { bytes % 3_000_000 } else { *bytes });
                estimator.add(&TransferSample { bytes, ttfb: *ttfb, elapsed: *elapsed, finished_at: *elapsed });
                if let Some(e) = estimator.estimate() {
                    prop_assert!(e.low <= e.mean, "{:?}", e);
                    prop_assert!((0.0..=1.0).contains(&e.confidence), "{:?}", e);
                }
            }
        }
    }

    #[test]
    fn the_meter_survives_any_reports(
        reports in proptest::collection::vec((0..5_u8, 0..4_u64, 0..u64::MAX, any_duration()), 0..80),
    ) {
        let mut meter = BandwidthMeter::new();
        for (kind, id, bytes, at) in reports {
            let id = TransferId(id);
            match kind {
                0 => meter.started(id, at),
                1 => drop(meter.progressed(id, ByteCount::new(bytes), at)),
                2 => drop(meter.finished(id, at)),
                3 => drop(meter.cancelled(id, at)),
                _ => meter.cached(id),
            }
            prop_assert!(meter.active() <= 4);
            prop_assert!(meter.estimate().is_none_or(|e| e.low <= e.mean));
        }
    }

    /// However transfers overlap, all samples together hold no more bytes than came and no more time than passed. A
    /// sample too quick to be timed is taken as [`BandwidthMeter::MIN_SPAN`] on purpose; such time is nobody's.
    #[test]
    fn the_meter_counts_nothing_twice(
        reports in proptest::collection::vec((0..4_u8, 0..4_u64, 0..300_000_u64, 0..400_u64), 0..200),
    ) {
        let mut meter = BandwidthMeter::new();
        let (mut now, mut came) = (Duration::ZERO, 0);
        let mut totals = [0_u64; 4];
        let mut samples = Vec::new();
        for (kind, id, bytes, passed) in reports {
            now += Duration::from_millis(passed);
            let slot = usize::try_from(id).unwrap();
            let id = TransferId(id);
            match kind {
                0 => { totals[slot] = 0; meter.started(id, now) }
                1 | 2 => {
                    totals[slot] += bytes;
                    came += bytes;
                    samples.extend(meter.progressed(id, ByteCount::new(totals[slot]), now));
                }
                _ => samples.extend(meter.finished(id, now)),
            }
        }
        let bytes: ByteCount = samples.iter().map(|s| s.bytes).sum();
        let timed = samples.iter().map(TransferSample::body_time).filter(|time| *time > BandwidthMeter::MIN_SPAN);
        let time: Duration = timed.sum();
        prop_assert!(bytes.bytes() <= came, "{bytes:?} of {came}");
        prop_assert!(time <= now, "{time:?} of {now:?}");
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

    /// On a link that never changes, the rung settles: at most two switches after the first minute.
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
        for name in ["dynamic", "throughput"] {
            let outcome = play(&scenario, controller_by_name(name).unwrap().as_mut());
            let late = outcome.switches.iter().filter(|at| **at > Duration::from_secs(60)).count();
            prop_assert!(late <= 2, "{name}: {late} switches at {kbps} kbit/s\n{}", outcome.story());
            let lowest = scenario.ladder.lowest().bitrate.bps() / 1000;
            if kbps > lowest * 3 / 2 {
                prop_assert_eq!(outcome.qoe.stalls, 0, "{} at {} kbit/s\n{}", name, kbps, outcome.story());
                prop_assert!(played_all(&outcome, &scenario));
            }
        }
    }

    /// As long as the lowest rung is sustainable with something to spare, no change of the link stops the picture.
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
        let outcome = play(&scenario, controller_by_name("dynamic").unwrap().as_mut());
        prop_assert_eq!(outcome.qoe.stalls, 0, "{:?}\n{}", scenario.link, outcome.story());
        prop_assert!(played_all(&outcome, &scenario));
    }

    /// After a drop to a tenth, at most two more segments are asked for that neither the new link carries nor the buffer
    /// pays for; and where a rung is left that the link carries, the picture never stops.
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
        let outcome = play(&scenario, controller_by_name("dynamic").unwrap().as_mut());
        let lowest = scenario.ladder.lowest();
        let safe = |request: &viewer::Request| {
            let rung = scenario.ladder.get(request.rung).unwrap();
            let arrival = after.time_for(rung.bitrate.bytes_in(scenario.segment));
            rung.id == lowest.id || rung.bitrate <= after || arrival <= request.buffered
        };
        // The segment in flight at the drop is the first to see it.
        let seen_by = outcome.requests.iter().rfind(|r| r.at <= at).unwrap().segment;
        let late = outcome.requests.iter().find(|r| r.segment >= seen_by + 3 && !safe(r));
        prop_assert!(late.is_none(), "{:?}\n{}", late, outcome.story());
        if after.bps() > lowest.bitrate.bps() * 5 / 4 {
            prop_assert_eq!(outcome.qoe.stalls, 0, "{}", outcome.story());
        }
    }

    /// Nothing comes for a while; afterwards the picture moves again and climbs back to where it was.
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
        let outcome = play(&scenario, controller_by_name("dynamic").unwrap().as_mut());
        prop_assert!(outcome.qoe.stalls <= 1, "{}", outcome.story());
        prop_assert!(outcome.qoe.stalled <= lasts + scenario.policy.resume, "{}", outcome.story());
        let before = outcome.requests.iter().rfind(|r| r.at <= at).unwrap().rung;
        prop_assert!(outcome.requests.last().unwrap().rung >= before, "{}", outcome.story());
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
        let outcome = play(&scenario, controller_by_name("dynamic").unwrap().as_mut());
        prop_assert_eq!(outcome.qoe.stalls, 0, "{}", outcome.story());
    }

    /// A viewer at another speed has the same rights.
    #[test]
    fn speed_is_reckoned_with(ladder in common_ladder(), kbps in 2_000..12_000_u64, rate in 0.5..2.5_f32) {
        let rate = PlaybackRate::new(rate).unwrap();
        let scenario = Scenario { rate, ..Scenario::steady(ladder, kbps, 100) };
        let outcome = play(&scenario, controller_by_name("dynamic").unwrap().as_mut());
        prop_assert_eq!(outcome.qoe.stalls, 0, "{}", outcome.story());
        let late = outcome.switches.iter().filter(|at| **at > Duration::from_secs(60)).count();
        prop_assert!(late <= 2, "{}", outcome.story());
    }
}

#[test]
fn quality_rises_to_what_the_link_carries() {
    for (kbps, wanted) in [(300, 0), (600, 0), (1_200, 1), (2_200, 2), (4_200, 3), (8_000, 4), (100_000, 4)] {
        let scenario = Scenario::steady(ladder(&[400, 800, 1500, 2800, 5000]), kbps, 60);
        let outcome = play(&scenario, controller_by_name("dynamic").unwrap().as_mut());
        let last = outcome.requests.last().unwrap();
        assert_eq!(last.rung, RungId(wanted), "{kbps} kbit/s\n{}", outcome.story());
    }
}

#[test]
fn a_fast_link_reaches_the_top_within_three_segments() {
    let scenario = Scenario::steady(ladder(&[400, 800, 1500, 2800, 5000]), 50_000, 20);
    let outcome = play(&scenario, controller_by_name("dynamic").unwrap().as_mut());
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
    let outcome = play(&scenario, controller_by_name("dynamic").unwrap().as_mut());
    let late = outcome.switches.iter().filter(|at| **at > Duration::from_secs(60)).count();
    assert!(late <= 6, "{late} switches in eight minutes\n{}", outcome.story());
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
        let outcome = play(&scenario, controller_by_name("dynamic").unwrap().as_mut());
        assert_eq!(outcome.qoe.stalls, 0, "{kbps}\n{}", outcome.story());
        let late = outcome.switches.iter().filter(|at| **at > Duration::from_secs(60)).count();
        assert!(late <= 2, "{kbps}\n{}", outcome.story());
    }
}
