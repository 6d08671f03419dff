//! RobustMPC: the best plan for the next five segments, if the link is as bad as the last errors say.
//!
//! Yin, Jindal, Sekar, Sinopoli, "A control-theoretic approach for dynamic adaptive video streaming over HTTP",
//! SIGCOMM 2015, with the measure of quality that studies since then use:
//!
//! ```text
//! rate   = harmonic mean of the last 5 transfers / (1 + the largest relative error of that mean in the last 5)
//! QoE    = sum over the next 5 segments of  u(q) - |u(q) - u(q before)| - u(top) * stalled seconds,   u in Mbit/s
//! take the first rung of the plan with the highest QoE; the lowest at first
//! ```
//!
//! Transfers count with their waits. The plan knows sizes where the context does, and no limit to the buffer. The paper
//! is about decisions between segments; while one comes in, it is given up where that rescues the picture, as described
//! in [`super::reference_2018`].
//!
//! All plans of five segments are compared, but few of them are followed to their end. Two ways to have fetched the
//! same segments with the same last rung differ in what they were worth and in the buffer that is left, and a second
//! of buffer is worth a second of stall at most: a way is dropped when another one is ahead of it by that much. And a
//! way is dropped when it cannot beat the best plan so far even if changes were free and stalls were paid at a lower
//! price in exchange for all of the buffer (a Lagrangian bound, for a few prices).

use std::time::Duration;

use super::plain::{self, Choice, Flight};
use super::reference_2018::{Measured, rescue};
use crate::controller::{AbrContext, AbrController, InFlight};
use crate::decision::Decision;
use crate::throughput::{Harmonic, ThroughputEstimator, TransferSample};

/// Segments that a plan has.
const HORIZON: usize = 5;
/// Ways remembered for each segment and rung.
const REMEMBERED: usize = 4;
/// Prices of a second in the bounds, as shares of what a second of stall costs.
const PRICES: [f64; 5] = [0.0, 0.1, 0.25, 0.5, 1.0];

/// A way to have fetched the first segments of a plan.
#[derive(Clone, Copy, Debug)]
struct Way {
    buffer: f64,
    value: f64,
}

/// Never ahead of anything.
const NO_WAY: Way = Way { buffer: 0.0, value: f64::NEG_INFINITY };

/// Finds the best plan. Its tables live as long as the controller, so that a decision allocates nothing.
#[derive(Clone, Debug, Default)]
struct Planner {
    rungs: usize,
    horizon: usize,
    /// Utility of each rung.
    utility: Vec<f64>,
    /// Seconds that each segment takes in each rung.
    time: Vec<f64>,
    /// Seconds that each segment plays.
    segment: f64,
    ways: Vec<[Way; REMEMBERED]>,
    /// For each segment and price: the most that those after it can be worth.
    rest: Vec<[f64; PRICES.len()]>,
    /// The best value found for each first rung.
    value: Vec<f64>,
    /// And for any.
    best: f64,
}

impl Planner {
    /// Makes the tables for a link of `rate` bit/s.
    fn prepare(&mut self, ctx: &AbrContext<'_>, rate: f64) {
        let to_come = ctx.remaining.map_or(HORIZON, |segments| segments as usize);
        self.rungs = ctx.ladder.len();
        self.horizon = to_come.clamp(1, HORIZON);
        self.segment = plain::segment(ctx);
        self.utility.clear();
        self.utility.extend((0..self.rungs).map(|position| plain::rate(ctx, position) / 1e6));
        self.time.clear();
        for ahead in 0..self.horizon {
            self.time.extend((0..self.rungs).map(|position| plain::bits_ahead(ctx, ahead, position) / rate));
        }
    }

    /// The first rung of the best plan that begins after `before` with this much buffered; the lowest of equals.
    fn best(&mut self, before: Option<usize>, buffer: f64) -> usize {
        self.ways.clear();
        self.ways.resize(self.horizon * self.rungs, [NO_WAY; REMEMBERED]);
        self.bound();
        self.best = f64::NEG_INFINITY;
        self.value.clear();
        for position in 0..self.rungs {
            let value = self.constant(before, buffer, position);
            self.value.push(value);
            self.best = self.best.max(value);
        }
        for first in (0..self.rungs).rev() {
            let way = self.step(0, Way { buffer, value: 0.0 }, before, first);
            self.follow(0, way, first, first);
        }
        (0..self.rungs).rev().max_by(|a, b| self.value[*a].total_cmp(&self.value[*b])).unwrap_or(0)
    }

    /// Fills in the bounds, from the last segment to the first.
    fn bound(&mut self) {
        self.rest.clear();
        self.rest.resize(self.horizon, [0.0; PRICES.len()]);
        let penalty = self.penalty();
        for ahead in (1..self.horizon).rev() {
            let times = &self.time[ahead * self.rungs..(ahead + 1) * self.rungs];
            for (index, price) in PRICES.iter().enumerate() {
                let worth = self.utility.iter().zip(times).map(|(utility, time)| utility - price * penalty * time);
                self.rest[ahead - 1][index] = self.rest[ahead][index] + worth.fold(f64::NEG_INFINITY, f64::max);
            }
        }
    }

    /// The most that a plan can be worth that begins with this way to the segment `ahead`.
    fn most(&self, ahead: usize, way: &Way) -> f64 {
        let penalty = self.penalty();
        // All that is there when the last request is made can be used up without a stall.
        let buffer = way.buffer + (self.horizon - ahead).saturating_sub(2) as f64 * self.segment;
        let bounds = PRICES.iter().zip(&self.rest[ahead]).map(|(price, rest)| rest + price * penalty * buffer);
        way.value + bounds.fold(f64::INFINITY, f64::min)
    }

    /// What a plan of one rung is worth.
    fn constant(&self, before: Option<usize>, buffer: f64, position: usize) -> f64 {
        let mut way = self.step(0, Way { buffer, value: 0.0 }, before, position);
        for ahead in 1..self.horizon {
            way = self.step(ahead, way, Some(position), position);
        }
        way.value
    }

    /// What a second of stall costs.
    fn penalty(&self) -> f64 {
        self.utility[self.rungs - 1]
    }

    /// The way after the segment `ahead` was fetched in the rung at `position`.
    fn step(&self, ahead: usize, way: Way, before: Option<usize>, position: usize) -> Way {
        let time = self.time[ahead * self.rungs + position];
        let change = before.map_or(0.0, |before| (self.utility[position] - self.utility[before]).abs());
        let stalled = (time - way.buffer).max(0.0);
        Way {
            buffer: (way.buffer - time).max(0.0) + self.segment,
            value: way.value + self.utility[position] - change - self.penalty() * stalled,
        }
    }

    /// Goes on from a way whose last segment, `ahead`, has the rung at `position`.
    fn follow(&mut self, ahead: usize, way: Way, position: usize, first: usize) {
        if ahead + 1 == self.horizon {
            self.value[first] = self.value[first].max(way.value);
            self.best = self.best.max(way.value);
            return;
        }
        if self.most(ahead, &way) <= self.best || self.is_behind(ahead, way, position) {
            return;
        }
        for next in (0..self.rungs).rev() {
            let way = self.step(ahead + 1, way, Some(position), next);
            self.follow(ahead + 1, way, next, first);
        }
    }

    /// Whether a way that was followed already can become at least as much; else this one is remembered.
    fn is_behind(&mut self, ahead: usize, way: Way, position: usize) -> bool {
        let penalty = self.penalty();
        let ways = &mut self.ways[ahead * self.rungs + position];
        if ways.iter().any(|other| other.value - penalty * (way.buffer - other.buffer).max(0.0) >= way.value) {
            return true;
        }
        let worth = |way: &Way| way.value + penalty * way.buffer;
        if let Some(least) = ways.iter_mut().min_by(|a, b| worth(a).total_cmp(&worth(b))) {
            *least = way;
        }
        false
    }
}

/// Model-predictive control with a cautious prediction.
#[derive(Clone, Debug)]
pub struct RobustMpcController {
    rate: Harmonic,
    /// For abandonment only.
    measured: Measured,
    planner: Planner,
}

impl RobustMpcController {
    const NAME: &'static str = "robust-mpc";

    /// Nothing known.
    pub fn new() -> Self {
        Self { rate: Harmonic::as_published(), measured: Measured::new(), planner: Planner::default() }
    }
}

impl Default for RobustMpcController {
    fn default() -> Self {
        Self::new()
    }
}

impl AbrController for RobustMpcController {
    fn observe(&mut self, sample: &TransferSample) {
        self.rate.add(&TransferSample { ttfb: Duration::ZERO, ..*sample });
        self.measured.add(sample);
    }

    fn decide(&mut self, ctx: &AbrContext<'_>) -> Decision {
        self.measured.look(ctx);
        let Some(estimate) = self.rate.estimate() else {
            return plain::decision(Self::NAME, ctx, Choice::LOWEST, |_| 0.0);
        };
        let rate = (estimate.low.bps() as f64).max(1.0);
        self.planner.prepare(ctx, rate);
        let position = self.planner.best(plain::current(ctx), plain::level(ctx));
        plain::decision(Self::NAME, ctx, Choice::by_rate(position, rate), |i| self.planner.value[i])
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

    const LADDER: [u64; 4] = [500, 1000, 2000, 4000];

    fn session(kbps: u64) -> Session<RobustMpcController> {
        let mut session = Session::new(RobustMpcController::new(), &LADDER);
        assert_eq!(session.ask(0.0).0, 0, "nothing known");
        (0..5).for_each(|_| session.transfer(kbps, 2.0));
        session
    }

    #[test]
    fn the_buffer_pays_for_what_the_link_does_not_carry() {
        let mut session = session(3_000);
        session.current = Some(2);
        // Five segments of 4 Mbit/s take 26.7 s; four of them must be played from what was there.
        assert_eq!(session.ask(4.0).0, 2);
        assert_eq!(session.ask(20.0).0, 3);
    }

    #[test]
    fn an_error_makes_it_careful_for_five_segments() {
        let mut session = session(4_500);
        session.current = Some(3);
        assert_eq!(session.ask(8.0).0, 3);
        session.transfer(1_000, 4.0);
        assert!(session.ask(8.0).0 < 2, "4.5 instead of 1 Mbit/s: 3.5 times too much");
        (0..4).for_each(|_| session.transfer(4_500, 2.0));
        assert!(session.ask(8.0).0 < 3);
        (0..6).for_each(|_| session.transfer(4_500, 2.0));
        assert_eq!(session.ask(8.0).0, 3);
    }

    /// The value of every plan, without leaving any out.
    fn brute_force(planner: &Planner, ahead: usize, way: Way, before: Option<usize>) -> f64 {
        if ahead == planner.horizon {
            return way.value;
        }
        let plans =
            (0..planner.rungs).map(|q| brute_force(planner, ahead + 1, planner.step(ahead, way, before, q), Some(q)));
        plans.fold(f64::NEG_INFINITY, f64::max)
    }

    #[test]
    fn ways_that_are_dropped_lose_nothing() {
        let session = session(1_000);
        let mut state = 7_u64;
        for _ in 0..200 {
            let mut random = |most: u64| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) % most
            };
            let buffer = random(24_000) as f64 / 1e3;
            let before = Some(random(4) as usize);
            let mut planner = Planner::default();
            planner.prepare(&session.context(buffer), 200e3 + random(6_000_000) as f64);
            for time in &mut planner.time {
                *time *= 0.5 + random(1_000) as f64 / 1e3;
            }
            let wanted = brute_force(&planner, 0, Way { buffer, value: 0.0 }, before);
            let first = planner.best(before, buffer);
            assert!((planner.value[first] - wanted).abs() < 1e-9, "{} {wanted}", planner.value[first]);
        }
    }
}
