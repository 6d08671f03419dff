//! Random networks and titles, and controllers that do anything.

use std::time::Duration;

use abr::sim::{Content, Delivery, Interval, NetworkTrace};
use abr::{AbrContext, AbrController, Bitrate, Decision, InFlight, Rung, RungId, TransferSample};
use proptest::collection::vec;
use proptest::prelude::*;

/// A network and something to play over it.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) trace: NetworkTrace,
    pub(crate) content: Content,
    pub(crate) delivery: Delivery,
}

impl World {
    pub(crate) fn segment(&self) -> f64 {
        self.content.segment().as_secs_f64()
    }
}

/// How large and how wild.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    pub(crate) rungs: usize,
    pub(crate) segments: usize,
    /// Whether the latency changes: then it can pay to wait before a request.
    pub(crate) unsteady: bool,
}

pub(crate) fn any_world(size: Size) -> impl Strategy<Value = World> {
    (any_trace(size.unsteady), any_content(size), any_delivery()).prop_map(|(trace, content, mut delivery)| {
        // The cap was drawn in segments.
        if let Delivery::OnDemand { cap } = &mut delivery {
            *cap *= content.segment().as_secs_f64();
        }
        World { trace, content, delivery }
    })
}

/// Seconds or minutes of anything from nothing to 20 Mbit/s.
fn any_trace(unsteady: bool) -> impl Strategy<Value = NetworkTrace> {
    let rate = prop_oneof![6 => 50e3..5e6_f64, 2 => 5e6..20e6_f64, 1 => Just(0.0)];
    let latency = move |base: f64, own: f64| if unsteady { own } else { base };
    let intervals = vec((0.2..10.0_f64, rate, 0.0..1.0_f64), 1..16);
    (intervals, 0.0..0.4_f64).prop_filter_map("nothing ever arrives", move |(intervals, base)| {
        let intervals =
            intervals.into_iter().map(|(seconds, rate, own)| Interval { seconds, rate, latency: latency(base, own) });
        NetworkTrace::new(intervals).ok()
    })
}

/// Rungs some steps apart; every segment has its own difficulty, and every size something of its own.
fn any_content(size: Size) -> impl Strategy<Value = Content> {
    let Size { rungs, segments, .. } = size;
    let steps = vec(1.1..2.5_f64, 0..rungs);
    let sizes = vec((0.4..2.0_f64, vec(0.8..1.25_f64, rungs)), 1..=segments);
    (500..6_000_u64, 100e3..800e3_f64, steps, sizes).prop_map(|(millis, lowest, steps, sizes)| {
        let mut rates = vec![lowest];
        rates.extend(steps.iter().scan(lowest, |rate, step| {
            *rate *= step;
            Some(*rate)
        }));
        let seconds = millis as f64 / 1e3;
        let bits: Vec<Vec<f64>> = sizes
            .iter()
            .map(|(difficulty, own)| {
                rates.iter().zip(own).map(|(rate, own)| rate * seconds * difficulty * own).collect()
            })
            .collect();
        let rungs = rates.iter().enumerate().map(|(index, rate)| rung(index, *rate));
        Content::new(Duration::from_millis(millis), rungs.collect(), &bits).unwrap()
    })
}

fn rung(index: usize, rate: f64) -> Rung {
    let height = 180 * (index as u32 + 1);
    Rung {
        id: RungId(index as u16 * 3),
        bitrate: Bitrate::from_bps(rate as u64),
        average: None,
        width: height * 16 / 9,
        height,
        frame_rate: None,
    }
}

/// The cap is in segments.
fn any_delivery() -> impl Strategy<Value = Delivery> {
    prop_oneof![
        (1.0..8.0_f64).prop_map(|cap| Delivery::OnDemand { cap }),
        (1..5_u32).prop_map(|behind| Delivery::Live { behind }),
    ]
}

/// Fetches what it was told to, in this order of positions; then the lowest.
#[derive(Debug)]
pub(crate) struct Scripted {
    pub(crate) positions: Vec<usize>,
    pub(crate) at: usize,
}

impl AbrController for Scripted {
    fn decide(&mut self, ctx: &AbrContext<'_>) -> Decision {
        let position = self.positions.get(self.at).copied().unwrap_or_default();
        self.at += 1;
        Decision::fixed(ctx, ctx.ladder.rungs()[position].id)
    }

    fn reconsider(&mut self, _: &AbrContext<'_>, _: &InFlight) -> Option<Decision> {
        None
    }

    fn name(&self) -> &'static str {
        "scripted"
    }
}

/// Chooses, waits and gives up at random, and keeps what it was told of transfers.
#[derive(Debug)]
pub(crate) struct Erratic {
    state: u64,
    pub(crate) transfers: Vec<TransferSample>,
}

impl Erratic {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed, transfers: Vec::new() }
    }

    /// The upper bits of D. Knuth's linear congruential generator.
    fn below(&mut self, bound: u64) -> u64 {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % bound
    }

    fn any_rung(&mut self, ctx: &AbrContext<'_>) -> Decision {
        let position = self.below(ctx.ladder.len() as u64) as usize;
        Decision::fixed(ctx, ctx.ladder.rungs()[position].id)
    }
}

impl AbrController for Erratic {
    fn observe(&mut self, sample: &TransferSample) {
        self.transfers.push(*sample);
    }

    fn decide(&mut self, ctx: &AbrContext<'_>) -> Decision {
        let wait = (self.below(4) == 0).then(|| ctx.now + Duration::from_millis(self.below(3_000)));
        Decision { not_before: wait, ..self.any_rung(ctx) }
    }

    fn reconsider(&mut self, ctx: &AbrContext<'_>, _: &InFlight) -> Option<Decision> {
        (self.below(20) == 0).then(|| self.any_rung(ctx))
    }

    fn name(&self) -> &'static str {
        "erratic"
    }
}
