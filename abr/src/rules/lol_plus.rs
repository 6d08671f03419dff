//! LoL+: a self-organising map of what each rung would mean, for players close to the live edge.
//!
//! Bentaleb, Akcay, Lim, Begen, Zimmermann, "Catching the moment with LoL+ in Twitch-like low-latency live streaming
//! platforms", IEEE Transactions on Multimedia 2022, with the constants of the rule in dash.js. Each rung is a neuron
//! with four features; the one nearest to the wish wins:
//!
//! ```text
//! features   throughput (begins at rate / |rates|), latency, stall, switch (begin at 0)
//! wish       safe throughput / |rates| (at most the highest feature), 0, 0, 0
//! distance   sqrt(sum of weight * (feature - wish)^2); the throughput weighs 100 for rungs that the link does not carry
//!            or that would leave less than 0.3 s buffered
//! learning   the rung before and the winner learn what happened, each with its neighbours: feature +=
//!            0.01 * exp(-distance^2 / (2 * 0.1^2)) * (seen - feature)
//! thin       if a segment of the rung before would leave less than 0.3 s: the highest lower rung that the link carries
//! ```
//!
//! The weights are chosen anew for each segment among all combinations of 0.2, 0.4 … 1, as those with the best quality
//! of experience for any rung. Quality there falls with stall / weight and latency / weight and depends on nothing
//! else, so the search comes to this: both weigh 1 where they matter at all, the rest 0.2. Deviation: the weights of
//! the first segments are 0.4 each, where the original draws them at random.

use super::plain::{self, Choice};
use crate::controller::{AbrContext, AbrController, InFlight};
use crate::decision::{Decision, Reason};
use crate::throughput::{EwmaPair, TransferSample};

/// Half-lives of the estimate in seconds of transfer.
const HALF_LIVES: (f64, f64) = (3.0, 8.0);
const SAFETY: f64 = 0.9;
/// Bit/s for the first segment.
const INITIAL: f64 = 1e6;
/// Seconds that must stay buffered.
const LEAST_BUFFER: f64 = 0.3;
/// Seconds of latency that count as one.
const LATENCY_UNIT: f64 = 100.0;
/// Bit/s by which the link must exceed a rung.
const MARGIN: f64 = 10_000.0;
/// Weight of the throughput where a rung must not be taken.
const FORBIDDING: f64 = 100.0;
const LEARNING_RATE: f64 = 0.01;
/// Width of the neighbourhood.
const SIGMA: f64 = 0.1;

/// Throughput, latency, stall, switch.
type Features = [f64; 4];

const EVEN_WEIGHTS: Features = [0.4; 4];

fn distance(a: &Features, b: &Features, weights: &Features) -> f64 {
    let sum: f64 = (0..4).map(|i| weights[i] * (a[i] - b[i]) * (a[i] - b[i])).sum();
    sum.sqrt()
}

/// What a decision is made from.
#[derive(Clone, Copy, Debug)]
struct Situation {
    /// Safe bit/s.
    throughput: f64,
    /// Of the rates of the ladder taken as a vector.
    magnitude: f64,
    level: f64,
    segment: f64,
    latency: f64,
}

impl Situation {
    /// Seconds that a segment of that rate takes.
    fn time(&self, rate: f64) -> f64 {
        rate * self.segment / self.throughput
    }

    /// Seconds that a segment of that rate would leave buffered, as the original reckons.
    fn level_after(&self, rate: f64) -> f64 {
        let time = self.time(rate);
        if time > self.segment { self.level - self.segment } else { self.level + self.segment - time }
    }
}

/// A self-organising map over the rungs.
#[derive(Clone, Debug)]
pub struct LolPlusController {
    rate: EwmaPair,
    /// One for each rung.
    neurons: Vec<Features>,
    weights: Features,
}

impl LolPlusController {
    const NAME: &'static str = "lol-plus";

    /// Nothing known.
    pub fn new() -> Self {
        let rate = EwmaPair::new(HALF_LIVES.0, HALF_LIVES.1);
        Self { rate, neurons: Vec::new(), weights: EVEN_WEIGHTS }
    }

    fn choose(&mut self, ctx: &AbrContext<'_>) -> Choice {
        let Some(rate) = self.rate.lower() else {
            return Choice { position: plain::highest_within(ctx, INITIAL), reason: Reason::Start, safe: INITIAL };
        };
        let squares = (0..ctx.ladder.len()).map(|i| plain::rate(ctx, i) * plain::rate(ctx, i));
        let situation = Situation {
            throughput: (rate * SAFETY).max(1.0),
            magnitude: squares.sum::<f64>().sqrt(),
            level: plain::level(ctx),
            segment: plain::segment(ctx),
            latency: ctx.live.map_or(0.0, |live| live.latency.as_secs_f64() / plain::speed(ctx)),
        };
        // A ladder of another length means that what was learned no longer fits.
        if self.neurons.len() != ctx.ladder.len() {
            self.neurons.clear();
            let throughput = |i| plain::rate(ctx, i) / situation.magnitude;
            self.neurons.extend((0..ctx.ladder.len()).map(|i| [throughput(i), 0.0, 0.0, 0.0]));
        }
        let before = plain::current(ctx).unwrap_or(0);
        let time = situation.time(plain::rate(ctx, before));
        if situation.level - time < LEAST_BUFFER {
            let lower = (0..before).rev().find(|i| plain::rate(ctx, *i) < situation.throughput);
            let position = lower.unwrap_or(before);
            return Choice { position, reason: Reason::InsufficientBuffer, safe: situation.throughput };
        }
        let winner = self.winner(ctx, &situation);
        self.learn(ctx, &situation, before, winner);
        Choice::by_rate(winner, situation.throughput)
    }

    /// The throughput that is wished for, in the unit of the feature.
    fn wish(&self, situation: &Situation) -> f64 {
        let throughput = situation.throughput / situation.magnitude;
        let highest = self.neurons.iter().map(|neuron| neuron[0]).fold(0.0, f64::max);
        if throughput > 1.0 { highest } else { throughput }
    }

    /// The neuron nearest to the wish.
    fn winner(&mut self, ctx: &AbrContext<'_>, situation: &Situation) -> usize {
        self.weigh(ctx, situation);
        let wish = [self.wish(situation), 0.0, 0.0, 0.0];
        let far = |position: usize| {
            let rate = plain::rate(ctx, position);
            let forbidden = rate > situation.throughput - MARGIN || situation.level_after(rate) < LEAST_BUFFER;
            let mut weights = self.weights;
            if forbidden && rate > plain::rate(ctx, 0) {
                weights[0] = FORBIDDING;
            }
            distance(&self.neurons[position], &wish, &weights)
        };
        (0..self.neurons.len()).min_by(|a, b| far(*a).total_cmp(&far(*b))).unwrap_or(0)
    }

    /// Chooses the weights; those before stay where no rung leaves enough buffered.
    fn weigh(&mut self, ctx: &AbrContext<'_>, situation: &Situation) {
        let possible = (0..self.neurons.len()).rev();
        let mut possible = possible.filter(|i| situation.level_after(plain::rate(ctx, *i)) >= LEAST_BUFFER);
        // The reward of a rung is its rate in bit/s, the penalties are in thousands: the highest wins.
        if let Some(best) = possible.next() {
            let latency = if self.neurons[best][1] > 0.0 { 1.0 } else { 0.2 };
            self.weights = [0.2, latency, 1.0, 0.2];
        }
    }

    /// The rung before learns what it cost, the winner what is hoped for.
    fn learn(&mut self, ctx: &AbrContext<'_>, situation: &Situation, before: usize, winner: usize) {
        let throughput = self.wish(situation);
        let stall = (situation.time(plain::rate(ctx, before)) - situation.level).max(0.0);
        let switch = (plain::rate(ctx, before) - plain::rate(ctx, winner)).abs() / situation.magnitude;
        self.teach(before, &[throughput, situation.latency / LATENCY_UNIT, stall, switch]);
        self.teach(winner, &[throughput, 0.0, 0.0, switch]);
    }

    /// Moves a neuron and its neighbours towards what was seen.
    fn teach(&mut self, centre: usize, seen: &Features) {
        let centre = self.neurons[centre];
        for neuron in &mut self.neurons {
            let far = distance(neuron, &centre, &[1.0; 4]);
            let share = LEARNING_RATE * (-far * far / (2.0 * SIGMA * SIGMA)).exp();
            neuron.iter_mut().zip(seen).for_each(|(feature, seen)| *feature += share * (seen - *feature));
        }
    }
}

impl Default for LolPlusController {
    fn default() -> Self {
        Self::new()
    }
}

impl AbrController for LolPlusController {
    fn observe(&mut self, sample: &TransferSample) {
        if let Some(rate) = plain::body_rate(sample) {
            self.rate.add(rate, sample.body_time().as_secs_f64());
        }
    }

    fn watches_transfers(&self) -> bool {
        false
    }

    fn decide(&mut self, ctx: &AbrContext<'_>) -> Decision {
        let choice = self.choose(ctx);
        plain::decision(Self::NAME, ctx, choice, |i| self.neurons.get(i).map_or(0.0, |neuron| -neuron[0]))
    }

    fn reconsider(&mut self, _: &AbrContext<'_>, _: &InFlight) -> Option<Decision> {
        None
    }

    fn name(&self) -> &'static str {
        Self::NAME
    }
}

#[cfg(test)]
mod tests {
    use super::super::plain::testing::Session;
    use super::*;

    fn session(kbps: u64) -> Session<LolPlusController> {
        let mut session = Session::new(LolPlusController::new(), &[500, 900, 2000, 4000]);
        assert_eq!(session.ask(0.0).0, 1, "a megabit for the first");
        session.transfer(kbps, 1.0);
        session
    }

    #[test]
    fn the_nearest_rung_that_the_link_carries_wins() {
        assert_eq!(session(5_000).ask(12.0).0, 3);
        assert_eq!(session(3_000).ask(12.0).0, 2, "2.7 of 4 are not enough");
        assert_eq!(session(300).ask(20.0).0, 0);
    }

    #[test]
    fn a_thin_buffer_falls_at_once() {
        let mut session = session(2_300);
        session.current = Some(3);
        // A segment of 4 Mbit/s would take 7.7 s.
        assert_eq!(session.ask(7.0).0, 2);
        session.current = Some(0);
        session.controller.rate = EwmaPair::new(3.0, 8.0);
        session.transfer(300, 1.0);
        assert_eq!(session.ask(1.0).0, 0, "there is nothing below");
    }

    #[test]
    fn what_was_seen_moves_the_neuron_and_its_neighbours() {
        let mut session = session(5_000);
        session.ask(12.0);
        let before = session.controller.neurons.clone();
        session.controller.teach(3, &[0.5, 0.0, 2.0, 0.0]);
        let moved = |i: usize| session.controller.neurons[i][2] - before[i][2];
        assert!((moved(3) - LEARNING_RATE * (2.0 - before[3][2])).abs() < 1e-9, "the centre by the learning rate");
        assert!(moved(2) < moved(3) && moved(2) >= 0.0);
    }
}
