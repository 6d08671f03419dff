//! What every controller must hold to, whatever the network, the manifest and the viewer do.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use abr::throughput::{Combined, DualEwma, EwmaPair, Harmonic, SlidingMedian, SlidingPercentile};
use abr::{
    AbrContext, AbrController, BandwidthMeter, Bitrate, ByteCount, CONTROLLER_NAMES, Constraint, ConstraintReason,
    Decision, History, InFlight, Ladder, LiveWindow, PlaybackRate, Reason, Rung, RungId, Stall, Switch,
    ThroughputEstimate, ThroughputEstimator, TransferId, TransferSample, UpcomingSegment, Verdict, controller_by_name,
};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

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

/// A transfer as it may be, or as only a broken clock can make it.
fn any_sample() -> impl Strategy<Value = TransferSample> {
    let bytes = prop_oneof![8 => 0..10_000_000_u64, 1 => Just(u64::MAX)];
    (bytes, any_duration(), any_duration(), any_duration()).prop_map(|(bytes, ttfb, elapsed, finished_at)| {
        TransferSample { bytes: ByteCount::new(bytes), ttfb, elapsed, finished_at }
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
    remaining: Option<u32>,
    live: Option<LiveWindow>,
    /// Transfers before.
    samples: Vec<TransferSample>,
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
            remaining: self.remaining,
            live: self.live,
            ..AbrContext::new(&self.ladder, &self.history)
        })
    }

    /// A controller that has decided as often as there were transfers, and every one of its decisions.
    fn play(&self, controller: &str) -> (Box<dyn AbrController>, Vec<Decision>) {
        let mut controller = controller_by_name(controller).unwrap();
        let mut decisions = vec![self.with(|ctx| controller.decide(ctx))];
        for sample in &self.samples {
            controller.observe(sample);
            decisions.push(self.with(|ctx| controller.decide(ctx)));
        }
        (controller, decisions)
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
        to_come in (proptest::option::of(0..400_u32), proptest::option::of(any_duration())),
        samples in proptest::collection::vec(any_sample(), 0..5),
    ) -> Situation {
        let (now, buffered, target, segment) = times;
        let (remaining, live) = (to_come.0, to_come.1.map(|latency| LiveWindow { latency }));
        let known = |bytes: Vec<(u16, u64)>| bytes.into_iter().map(|(id, b)| (RungId(id), ByteCount::new(b))).collect();
        Situation {
            ladder, history, now, current, buffered, target, throughput, ttfb, segment, remaining, live, samples,
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
            let (mut controller, decisions) = situation.play(name);
            decisions.iter().for_each(|decision| check(decision, &capped));
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
            if let Some(decision) = situation.with(|ctx| controller.reconsider(ctx, &in_flight)) {
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
        for name in ["throughput", "bola-e", "dynamic"] {
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
        let (mut median, mut pair) = (SlidingMedian::new(), EwmaPair::new(3.0, 8.0));
        for (bytes, ttfb, elapsed) in &samples {
            let bytes = ByteCount::new(*bytes);
            median.add(&TransferSample { bytes, ttfb: *ttfb, elapsed: *elapsed, finished_at: *elapsed });
            pair.add(bytes.bytes() as f64, elapsed.as_secs_f64());
            let all = [median.get(), pair.lower(), pair.higher()];
            prop_assert!(all.into_iter().flatten().all(|rate| rate.is_finite() && rate >= 0.0), "{:?}", all);
        }
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
