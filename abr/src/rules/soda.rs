//! SODA: keep the buffer near a target and the picture smooth, by a plan of a few seconds.
//!
//! Chen, Lin, Christianson, Akhtar, Dharmaji, Hajiesmaili, Wierman, Sitaraman, "SODA: an adaptive bitrate controller for
//! consistent high-quality video streaming", SIGCOMM 2024. Time and not segments is planned, in steps of one segment's
//! duration, at a predicted rate `w` that holds for the whole plan:
//!
//! ```text
//! x'      = x + (w / r - 1) * step                       buffer after a step at bitrate r; from 0 to the cap
//! cost    = v(r) * w / r + beta * b(x') + gamma * (v(r) - v(r before))^2          summed over the plan
//! v(r)    = ln(r(top) / r) / ln(r(top) / r(lowest))      distortion, from 0 to 1
//! b(x)    = ((x - target) / target)^2                    times epsilon above the target
//! ```
//!
//! Only plans that rise, or fall, all the way are searched; the paper shows that little is lost. No rung above the
//! first one that declares `w` or more is taken. Plans are 10 s long at most and two steps at least. The prediction
//! is that of [`super::reference_2018`]. The paper is about decisions between segments; while one comes in, it is given
//! up where that rescues the picture, as described there.
//!
//! The paper leaves target and weights to the operator, and its logarithmic distortion is not scaled. The values here
//! were found by a coarse search over the development recordings, so this is SODA tuned to the benchmark.

use super::plain::{self, Choice, Flight};
use super::reference_2018::{Measured, rescue};
use crate::controller::{AbrContext, AbrController, InFlight};
use crate::decision::{Decision, Reason};
use crate::throughput::TransferSample;

/// Seconds that a plan has at most.
const HORIZON: f64 = 10.0;
/// Of the cap.
const TARGET: f64 = 0.4;
/// Weight of the buffer.
const BETA: f64 = 10.0;
/// Weight of changes.
const GAMMA: f64 = 20.0;
/// What a level above the target costs, relative to one below.
const EPSILON: f64 = 0.05;

/// Each rung in the terms of the plan; kept between decisions so that these allocate nothing.
#[derive(Clone, Debug, Default)]
struct Rungs {
    distortion: Vec<f64>,
    /// Seconds of media that arrive in a second.
    media: Vec<f64>,
}

impl Rungs {
    fn prepare(&mut self, ctx: &AbrContext<'_>, rate: f64) {
        // Rungs of one rate have no distortion to choose by.
        let range = plain::utility(ctx, plain::top(ctx)).max(1e-9);
        self.distortion.clear();
        self.distortion.extend((0..ctx.ladder.len()).map(|position| 1.0 - plain::utility(ctx, position) / range));
        self.media.clear();
        self.media.extend((0..ctx.ladder.len()).map(|position| rate / plain::rate(ctx, position)));
    }
}

/// One search.
#[derive(Clone, Copy, Debug)]
struct Search<'a> {
    rungs: &'a Rungs,
    step: f64,
    cap: f64,
    target: f64,
    /// The highest position that may be taken.
    ceiling: usize,
}

impl<'a> Search<'a> {
    fn new(ctx: &AbrContext<'_>, rungs: &'a Rungs) -> Self {
        // In less than a second there is nothing to keep near a target.
        let cap = plain::capacity(ctx).max(1.0);
        let ceiling = rungs.media.iter().position(|media| *media <= 1.0).unwrap_or(plain::top(ctx));
        Self { rungs, step: plain::segment(ctx), cap, target: TARGET * cap, ceiling }
    }

    fn buffer_cost(&self, level: f64) -> f64 {
        let off = (level - self.target) / self.target;
        if off > 0.0 { EPSILON * off * off } else { off * off }
    }

    /// The cheapest plan of that many steps after the rung at `before`, with this much buffered, that only rises or
    /// only falls: its cost and its first position. `None` where every one empties the buffer or overfills it.
    fn cheapest(&self, steps: usize, before: usize, level: f64, rising: bool) -> Option<(f64, usize)> {
        let mut best: Option<(f64, usize)> = None;
        let (lowest, highest) = if rising { (before, self.ceiling) } else { (0, before.min(self.ceiling)) };
        for position in lowest..=highest {
            let Some(cost) = self.cost(steps, before, position, (level, rising)) else { continue };
            if best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, position));
            }
        }
        best
    }

    /// The cost of a plan that begins with the rung at `position`.
    fn cost(&self, steps: usize, before: usize, position: usize, (level, rising): (f64, bool)) -> Option<f64> {
        let (distortion, media) = (self.rungs.distortion[position], self.rungs.media[position]);
        let level = level + (media - 1.0) * self.step;
        if !(0.0..=self.cap).contains(&level) {
            return None;
        }
        let change = distortion - self.rungs.distortion[before];
        let cost = distortion * media + BETA * self.buffer_cost(level) + GAMMA * change * change;
        if steps == 1 {
            return Some(cost);
        }
        self.cheapest(steps - 1, position, level, rising).map(|(rest, _)| cost + rest)
    }

    /// The rung to fetch next, with this much buffered.
    fn choose(&self, before: usize, level: f64) -> (usize, Reason) {
        let steps = ((HORIZON / self.step) as usize).clamp(2, 5);
        let plans = [true, false].map(|rising| self.cheapest(steps, before, level, rising));
        match plans.into_iter().flatten().min_by(|a, b| a.0.total_cmp(&b.0)) {
            Some((_, position)) => (position, Reason::BufferUtility),
            // Whatever is fetched overfills the buffer, so the most that is allowed; or it empties it.
            None if level > self.target => (self.ceiling, Reason::ThroughputCap),
            None => (0, Reason::InsufficientBuffer),
        }
    }
}

/// Smoothness-optimised dynamic adaptation.
#[derive(Clone, Debug)]
pub struct SodaController {
    measured: Measured,
    rungs: Rungs,
}

impl SodaController {
    const NAME: &'static str = "soda";

    /// Nothing known.
    pub fn new() -> Self {
        Self { measured: Measured::new(), rungs: Rungs::default() }
    }
}

impl Default for SodaController {
    fn default() -> Self {
        Self::new()
    }
}

impl AbrController for SodaController {
    fn observe(&mut self, sample: &TransferSample) {
        self.measured.add(sample);
    }

    fn decide(&mut self, ctx: &AbrContext<'_>) -> Decision {
        self.measured.look(ctx);
        let Some(rate) = self.measured.rate(ctx) else {
            return plain::decision(Self::NAME, ctx, Choice::LOWEST, |_| 0.0);
        };
        let (before, level) = (plain::current(ctx).unwrap_or(0), plain::level(ctx));
        self.rungs.prepare(ctx, rate.max(1.0));
        let search = Search::new(ctx, &self.rungs);
        let (position, reason) = search.choose(before, level);
        plain::decision(Self::NAME, ctx, Choice { position, reason, safe: rate }, |i| {
            -search.cost(1, before, i, (level, i >= before)).unwrap_or(f64::INFINITY)
        })
    }

    fn reconsider(&mut self, ctx: &AbrContext<'_>, in_flight: &InFlight) -> Option<Decision> {
        let flight = Flight::new(ctx, in_flight)?;
        let instead = rescue(ctx, &self.measured, &flight)?;
        self.measured.give_up();
        plain::abandon(Self::NAME, ctx, &flight, instead)
    }

    fn name(&self) -> &'static str {
        Self::NAME
    }
}

#[cfg(test)]
mod tests {
    use super::super::plain::testing::Session;
    use super::*;

    fn session(kbps: u64) -> Session<SodaController> {
        let mut session = Session::new(SodaController::new(), &[500, 1000, 2000, 4000]);
        assert_eq!(session.ask(0.0).0, 0, "nothing known");
        session.transfer(kbps, 4.0);
        session
    }

    #[test]
    fn a_fuller_buffer_takes_more() {
        let mut session = session(2_200);
        let mut rungs = Vec::new();
        for level in 0..26 {
            session.current = Some(2);
            rungs.push(session.ask(f64::from(level)).0);
        }
        assert!(rungs.is_sorted(), "{rungs:?}");
        assert!(rungs[0] < 2 && rungs[25] >= 2, "{rungs:?}");
    }

    #[test]
    fn nothing_above_the_first_rung_that_is_more_than_the_link() {
        let mut session = session(1_100);
        for level in 0..30 {
            session.current = Some(3);
            assert!(session.ask(f64::from(level)).0 <= 2, "{level} s");
        }
    }

    #[test]
    fn a_change_must_be_worth_it() {
        let mut session = session(1_500);
        let mut rungs = |before| {
            let at = |level| {
                session.current = Some(before);
                session.ask(f64::from(level)).0
            };
            (0..60).map(|half| half / 2).map(at).collect::<Vec<u16>>()
        };
        let (from_below, from_above) = (rungs(1), rungs(2));
        assert!(from_below.iter().zip(&from_above).all(|(below, above)| below <= above));
        assert!(from_below != from_above, "at some level both stay: {from_below:?}");
    }

    #[test]
    fn extremes_have_an_answer() {
        let mut session = session(100);
        session.current = Some(3);
        assert_eq!(session.ask(0.0).0, 0, "every plan empties the buffer");
        let mut session = self::session(90_000);
        assert_eq!(session.ask(29.0).0, 3, "every plan overfills it");
    }
}
