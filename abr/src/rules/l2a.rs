//! L2A-LL: learn a mixture of rungs online, for players close to the live edge.
//!
//! Karagkioules, Mekuria, Griffioen, Wagenaar, "Online learning for low-latency adaptive streaming", MMSys 2020, with
//! the constants of the rule in dash.js. A distribution `w` over the rungs is improved by one gradient step after
//! each segment, under a constraint that the buffer must not shrink, for which `Q` is the price:
//!
//! ```text
//! c     = rate of the last transfer;    s = segment duration;    horizon 4, vl = 4^0.99, alpha = max(4, vl * 2)
//! w(i)  = w(i) +- s / (2 alpha) * (Q + vl) * speed * rate(i) / c      minus from the first rung on that c does not carry
//! w     = the nearest distribution to that
//! Q     = max(0, Q - s + s * speed * (mean rate of w + its change) / c)
//! take  the rung nearest to the mean rate of w; a rise goes one rung up, if c carries that one
//! if that declares more than c:  Q = 2 * max(vl, Q)
//! ```
//!
//! It begins with the highest rung within 0.9 of the estimate, until 1.5 s are buffered; the estimate and the rung of
//! the very first segment are those of [`super::dash_js`].

use super::plain::{self, Choice};
use crate::controller::{AbrContext, AbrController, InFlight};
use crate::decision::{Decision, Reason};
use crate::throughput::{EwmaPair, TransferSample};

/// Half-lives of the estimate in seconds of transfer.
const HALF_LIVES: (f64, f64) = (3.0, 8.0);
const SAFETY: f64 = 0.9;
/// Bit/s for the first segment.
const INITIAL: f64 = 1e6;
/// Steps to convergence.
const HORIZON: f64 = 4.0;
/// Seconds that end the start.
const TARGET: f64 = 1.5;
/// What an overestimate does to the price.
const REACT: f64 = 2.0;

/// How careful: `horizon^0.99`.
fn caution() -> f64 {
    HORIZON.powf(0.99)
}

/// Online learning.
#[derive(Clone, Debug)]
pub struct L2aController {
    rate: EwmaPair,
    /// Bit/s of the last transfer.
    last: f64,
    /// The distribution, empty during the start.
    weights: Vec<f64>,
    /// Room for sorting.
    sorted: Vec<f64>,
    price: f64,
}

impl L2aController {
    const NAME: &'static str = "l2a";

    /// Nothing known.
    pub fn new() -> Self {
        let rate = EwmaPair::new(HALF_LIVES.0, HALF_LIVES.1);
        Self { rate, last: 0.0, weights: Vec::new(), sorted: Vec::new(), price: 0.0 }
    }

    fn choose(&mut self, ctx: &AbrContext<'_>) -> Choice {
        let Some(rate) = self.rate.lower() else {
            return Choice { position: plain::highest_within(ctx, INITIAL), reason: Reason::Start, safe: INITIAL };
        };
        if self.weights.len() == ctx.ladder.len() {
            return Choice::by_rate(self.learn(ctx), self.last);
        }
        // A ladder of another length means that what was learned no longer fits.
        let position = plain::highest_within(ctx, rate * SAFETY);
        if plain::level(ctx) >= TARGET {
            self.price = caution();
            self.weights.clear();
            self.weights.extend((0..ctx.ladder.len()).map(|i| if i == position { 1.0 } else { 0.0 }));
        } else {
            self.weights.clear();
        }
        Choice::by_rate(position, rate * SAFETY)
    }

    /// One step of learning; the rung to take.
    fn learn(&mut self, ctx: &AbrContext<'_>) -> usize {
        let vl = caution();
        let alpha = HORIZON.max(vl * HORIZON.sqrt());
        let (segment, rates) = (plain::segment(ctx), |position: usize| plain::rate(ctx, position));
        let mean = |weights: &[f64]| weights.iter().enumerate().map(|(i, w)| w * rates(i)).sum::<f64>();
        let before = mean(&self.weights);
        let (step, carried) = (segment / (2.0 * alpha) * (self.price + vl), self.last.max(1_000.0));
        for (position, weight) in self.weights.iter_mut().enumerate() {
            let load = rates(position) / carried;
            *weight += if load > 1.0 { -step * load } else { step * load };
        }
        self.project();
        let now = mean(&self.weights);
        self.price = (self.price - segment + segment * (now + (now - before)) / carried).max(0.0);
        let distance = |position: &usize| (rates(*position) - now).abs();
        let nearest = (0..ctx.ladder.len()).min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(0);
        let current = plain::current(ctx).unwrap_or(0);
        let cautious = nearest > current && rates(current + 1) <= carried;
        let position = if cautious { current + 1 } else { nearest };
        if rates(position) >= carried {
            self.price = REACT * vl.max(self.price);
        }
        position
    }

    /// Makes the weights the nearest distribution: none negative, one in all.
    ///
    /// Chen and Ye, "Projection onto a simplex", 2011: what is too much is taken from all alike, and those that would
    /// fall below zero are left out.
    fn project(&mut self) {
        self.sorted.clear();
        self.sorted.extend(&self.weights);
        self.sorted.sort_unstable_by(|a, b| b.total_cmp(a));
        let (mut sum, mut excess) = (0.0, 0.0);
        for (count, weight) in self.sorted.iter().enumerate() {
            sum += weight;
            excess = (sum - 1.0) / (count + 1) as f64;
            if self.sorted.get(count + 1).is_none_or(|next| excess >= *next) {
                break;
            }
        }
        self.weights.iter_mut().for_each(|weight| *weight = (*weight - excess).max(0.0));
    }
}

impl Default for L2aController {
    fn default() -> Self {
        Self::new()
    }
}

impl AbrController for L2aController {
    fn observe(&mut self, sample: &TransferSample) {
        if let Some(rate) = plain::body_rate(sample) {
            self.rate.add(rate, sample.body_time().as_secs_f64());
            self.last = rate;
        }
    }

    fn watches_transfers(&self) -> bool {
        false
    }

    fn decide(&mut self, ctx: &AbrContext<'_>) -> Decision {
        let choice = self.choose(ctx);
        plain::decision(Self::NAME, ctx, choice, |i| self.weights.get(i).copied().unwrap_or_default())
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

    fn session() -> Session<L2aController> {
        Session::new(L2aController::new(), &[500, 900, 2000, 4000])
    }

    #[test]
    fn the_nearest_distribution_is_one() {
        let mut controller = L2aController::new();
        for (weights, wanted) in [
            (vec![0.2, 0.3, 0.5], vec![0.2, 0.3, 0.5]),
            (vec![1.2, 0.2, -3.0], vec![1.0, 0.0, 0.0]),
            (vec![0.9, 0.9], vec![0.5, 0.5]),
            (vec![-7.0], vec![1.0]),
        ] {
            controller.weights = weights;
            controller.project();
            let off: f64 = controller.weights.iter().zip(&wanted).map(|(a, b)| (a - b).abs()).sum();
            assert!(off < 1e-9, "{:?} {wanted:?}", controller.weights);
        }
    }

    #[test]
    fn the_start_ends_at_a_second_and_a_half() {
        let mut session = session();
        assert_eq!(session.ask(0.0).0, 1);
        session.transfer(2_300, 1.0);
        assert_eq!(session.ask(1.0).0, 2);
        assert!(session.controller.weights.is_empty());
        session.ask(1.5);
        assert_eq!(session.controller.weights, [0.0, 0.0, 1.0, 0.0]);
    }

    #[test]
    fn it_learns_the_highest_rung_that_the_link_carries() {
        let mut session = session();
        session.transfer(1_000, 1.0);
        session.ask(2.0);
        let mut rungs = Vec::new();
        for _ in 0..12 {
            session.transfer(9_000, 0.5);
            rungs.push(session.ask(4.0).0);
        }
        assert!(rungs.windows(2).all(|pair| pair[1] <= pair[0] + 1), "one rung up at a time: {rungs:?}");
        assert_eq!(rungs[11], 3, "{rungs:?}");
        for _ in 0..3 {
            session.transfer(700, 3.0);
            session.ask(4.0);
        }
        assert_eq!(session.current, Some(0));
    }
}
