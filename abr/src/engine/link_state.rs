//! What transfers told of the network.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::flow::Flow;
use crate::throughput::{MAX_RATE, TransferSample};

/// Time constants of the four averages that the forecast sees, in seconds: a segment, a few, a scene, a session.
const HORIZONS: [f64; 4] = [1.5, 6.0, 25.0, 100.0];
/// Time constants of the quick average, which everything is expressed relative to, and of the slow one.
const QUICK: f64 = 3.0;
const SLOW: f64 = 80.0;
/// Time constants of the volatilities.
const LONG_VOLATILITY: f64 = 50.0;
const SHORT_VOLATILITY: f64 = 8.0;
/// Volatility before anything is known: one transfer differs from the next by a quarter.
const NO_VOLATILITY_YET: f64 = 0.25;
/// The first sample of volatility weighs as if the volatility above had been seen for this many seconds.
const DOUBT: f64 = 4.0;
/// A transfer weighs at least as one of this many seconds, or links on which everything is quick would teach nothing,
const MIN_WEIGHT: f64 = 0.25;
/// the first at most as this many,
const MAX_FIRST_WEIGHT: f64 = 4.0;
/// any one at most as this many: a long outage is news once.
const MAX_WEIGHT: f64 = 20.0;
/// Up to this many seconds a transfer weighs by the time that it really took.
const REAL_WEIGHT: f64 = 1.5;
/// A body of fewer bits than this measures the first round trips, unless it took [`LONG`] seconds: then the link is slow.
const FEW_BITS: f64 = 8_000.0;
const LONG: f64 = 0.5;
/// What is taken to have come where (next to) nothing did, in bits: there is no logarithm of zero.
const NOTHING: f64 = 1_000.0;
/// Slower than this, in bit/s, is nothing.
const SLOWEST: f64 = 1_000.0;
/// A body that took less, in seconds, was in a buffer before anybody looked.
pub(super) const INSTANT: f64 = 1e-6;
pub(super) const SHORTEST: f64 = 1e-4;
/// While a session does not use a network, what is known of its present state is forgotten by half in this time.
/// Cellular and wireless links change within minutes; what stays is the slow average.
const HALF_LIFE: f64 = 300.0;
/// The weight behind it, in seconds, is in the end that of a short transfer.
const LITTLE: f64 = 1.0;
/// Time constants, in seconds of transfers, of what was carried, and the most that one transfer lets fade.
const SPANS: [f64; 2] = [30.0, 150.0];
const FORGET: f64 = 60.0;
/// More bits, or seconds, than anything can have carried.
const MOST_CARRIED: f64 = 1e24;
/// Of the form in which it is stored.
const VERSION: u32 = 3;

/// What transfers told of the network, in logarithms: a factor of two is as far up as down, on any link.
///
/// Averages of `ln(bit/s)` over several time constants, how far transfers deviated from the quick average (in all, lately
/// and downwards), and how much was seen. A transfer weighs by the time that it *should* have taken at the slow average
/// and not by the time that it took: by that, the worse a transfer goes the more it would weigh, and an average over
/// time would be one over bad times. A quarter of a kilobyte in all; the same in the player, the simulator and the trainer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct LinkState {
    /// How many transfers were taken in.
    samples: u32,
    /// Their weight, in seconds.
    age: f64,
    /// The last one: `ln(bit/s)` and seconds.
    last: f64,
    last_seconds: f64,
    averages: [f64; 4],
    quick: f64,
    slow: f64,
    /// Mean absolute deviations from the quick average, and the mean of the downward ones.
    volatility: f64,
    recent_volatility: f64,
    downward: f64,
    /// Bits and the seconds that they took, fading with [`SPANS`]: what the link carries where everything is averaged.
    carried: [[f64; 2]; 2],
    /// The transfers before the last one, newest first.
    earlier: [f64; 3],
    /// Up to the end of the last one.
    flow: Flow,
}

impl LinkState {
    /// Nothing is known.
    pub const EMPTY: Self = Self {
        samples: 0,
        age: 0.0,
        last: 0.0,
        last_seconds: 1.0,
        averages: [0.0; 4],
        quick: 0.0,
        slow: 0.0,
        volatility: NO_VOLATILITY_YET,
        recent_volatility: NO_VOLATILITY_YET,
        downward: 0.0,
        carried: [[0.0; 2]; 2],
        earlier: [0.0; 3],
        flow: Flow::NONE,
    };

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.samples == 0
    }

    /// Takes a transfer in, complete or given up. One that says nothing is left out.
    pub fn observe(&mut self, sample: &TransferSample) {
        self.observe_body(sample.bytes.bytes() as f64 * 8.0, sample.body_time().as_secs_f64());
    }

    /// As [`Self::observe`], in bits and seconds of the body.
    pub(crate) fn observe_body(&mut self, bits: f64, seconds: f64) {
        let mut flow = self.flow;
        flow.add(bits, seconds);
        self.observe_flow(bits, seconds, &flow);
    }

    /// As [`Self::observe_body`], where it was seen how the body came.
    pub(crate) fn observe_flow(&mut self, bits: f64, seconds: f64, flow: &Flow) {
        if seconds > INSTANT && bits > FEW_BITS {
            self.add_flow(log_rate(bits, seconds.max(SHORTEST)), seconds.max(SHORTEST), flow);
        } else if seconds > LONG {
            self.add_flow(log_rate(bits, seconds), seconds, flow);
        }
    }

    /// Takes a transfer of `seconds` at a rate of `log_rate`, the logarithm of bit/s, in.
    pub(crate) fn add(&mut self, log_rate: f64, seconds: f64) {
        let mut flow = self.flow;
        flow.add(log_rate.exp() * seconds, seconds);
        self.add_flow(log_rate, seconds, &flow);
    }

    /// As [`Self::add`], after which `flow` is what was seen last.
    pub(crate) fn add_flow(&mut self, log_rate: f64, seconds: f64, flow: &Flow) {
        self.flow = *flow;
        let weight = self.weight(log_rate, seconds);
        self.earlier = if self.is_empty() { [log_rate; 3] } else { [self.last, self.earlier[0], self.earlier[1]] };
        for ([bits, time], span) in self.carried.iter_mut().zip(SPANS) {
            let kept = (-seconds.min(FORGET) / span).exp();
            *bits = *bits * kept + log_rate.exp() * seconds;
            *time = *time * kept + seconds;
        }
        if self.is_empty() {
            (self.averages, self.quick, self.slow) = ([log_rate; 4], log_rate, log_rate);
        } else {
            let error = log_rate - self.quick;
            let counted = weight.max(MIN_WEIGHT);
            // An average over less than its time constant is a plain mean over what there is.
            let doubted = counted / (self.age + weight + DOUBT);
            let plain = weight / (self.age + weight);
            let share = |constant: f64| counted / (constant + counted);
            let long = share(LONG_VOLATILITY).max(doubted);
            let short = share(SHORT_VOLATILITY).max(doubted);
            self.volatility += long * (error.abs() - self.volatility);
            self.recent_volatility += short * (error.abs() - self.recent_volatility);
            self.downward += long * ((-error).max(0.0) - self.downward);
            for (average, horizon) in self.averages.iter_mut().zip(HORIZONS) {
                *average += share(horizon).max(plain) * (log_rate - *average);
            }
            self.quick += share(QUICK).max(plain) * error;
            self.slow += share(SLOW).max(plain) * (log_rate - self.slow);
        }
        self.samples = self.samples.saturating_add(1);
        self.age += weight;
        (self.last, self.last_seconds) = (log_rate, seconds);
    }

    /// In seconds.
    fn weight(&self, log_rate: f64, seconds: f64) -> f64 {
        if self.is_empty() {
            return seconds.min(MAX_FIRST_WEIGHT);
        }
        let due = seconds * (log_rate - self.slow).exp();
        due.max(seconds.min(REAL_WEIGHT)).min(MAX_WEIGHT)
    }

    /// Time passes during which the network was not used: between sessions, or while playing from elsewhere.
    ///
    /// The present state fades into the slow average, volatility into what is assumed of any link, and there is less
    /// weight behind all of it, so that the next transfers count more.
    pub fn age_by(&mut self, idle: Duration) {
        let kept = (-idle.as_secs_f64() / HALF_LIFE).exp2();
        let fade = |value: &mut f64, towards: f64| *value = towards + (*value - towards) * kept;
        let slow = self.slow;
        let present = self.averages.iter_mut().chain(&mut self.earlier).chain([&mut self.quick, &mut self.last]);
        present.for_each(|average| fade(average, slow));
        for amounts in self.carried.iter_mut().filter(|[_, time]| *time > LITTLE) {
            // The rate stays; there is less behind it.
            let kept = kept.max(LITTLE / amounts[1]);
            amounts.iter_mut().for_each(|amount| *amount *= kept);
        }
        self.flow.fade(kept, slow);
        fade(&mut self.volatility, NO_VOLATILITY_YET);
        fade(&mut self.recent_volatility, NO_VOLATILITY_YET);
        fade(&mut self.downward, NO_VOLATILITY_YET / 2.0);
        let little = self.age.min(LITTLE);
        fade(&mut self.age, little);
    }

    /// `ln(bit/s)` of the slowest of the last four transfers, where they differ by no more than `most`, in logarithms.
    pub(crate) fn agreed(&self, most: f64) -> Option<f64> {
        let [first, second, third] = self.earlier;
        let slowest = self.last.min(first).min(second).min(third);
        let fastest = self.last.max(first).max(second).max(third);
        (!self.is_empty() && fastest - slowest <= most).then_some(slowest)
    }

    /// `ln(bit/s)` over the last seconds.
    pub(crate) fn quick(&self) -> f64 {
        self.quick
    }

    /// `ln(bit/s)` over the last minutes.
    pub(crate) fn slow(&self) -> f64 {
        self.slow
    }

    /// `ln(bit/s)` over the session.
    pub(crate) fn longest(&self) -> f64 {
        self.averages[3]
    }

    /// `ln(bit/s)` over [`HORIZONS`].
    pub(crate) fn averages(&self) -> &[f64; 4] {
        &self.averages
    }

    /// `ln(bit/s)` that were carried over [`SPANS`], all bits by all seconds.
    pub(crate) fn carried(&self) -> [f64; 2] {
        self.carried.map(|[bits, time]| if time > 0.0 { log_rate(bits, time) } else { self.slow })
    }

    /// What came last.
    pub(crate) fn flow(&self) -> &Flow {
        &self.flow
    }

    /// `ln(bit/s)` over the last moments, shortest first.
    pub(crate) fn moments(&self) -> [f64; 3] {
        self.flow.rates(self.quick)
    }

    /// `ln(bit/s)` of the transfers before the last one, newest first.
    pub(crate) fn earlier(&self) -> &[f64; 3] {
        &self.earlier
    }

    /// `ln(bit/s)` of the last transfer.
    pub(crate) fn last(&self) -> f64 {
        self.last
    }

    /// Seconds that the last transfer took.
    pub(crate) fn last_seconds(&self) -> f64 {
        self.last_seconds
    }

    /// Seconds of transfers behind this.
    pub(crate) fn age(&self) -> f64 {
        self.age
    }

    /// Mean absolute deviation over the last minute.
    pub(crate) fn volatility(&self) -> f64 {
        self.volatility
    }

    /// Mean absolute deviation over the last seconds.
    pub(crate) fn recent_volatility(&self) -> f64 {
        self.recent_volatility
    }

    /// Mean downward deviation over the last minute.
    pub(crate) fn downward(&self) -> f64 {
        self.downward
    }
}

impl Default for LinkState {
    fn default() -> Self {
        Self::EMPTY
    }
}

/// Logarithm of the rate, in bit/s, of what came in that time, which is not zero.
pub(crate) fn log_rate(bits: f64, seconds: f64) -> f64 {
    log_rate_of(bits.max(NOTHING) / seconds)
}

/// Logarithm of a rate in bit/s.
pub(super) fn log_rate_of(rate: f64) -> f64 {
    rate.clamp(SLOWEST, MAX_RATE).ln()
}

/// Something between 0 and 1 for something between 0 and infinity, a half at `half`; then from -1 to 1.
pub(crate) fn squash(value: f64, half: f64) -> f64 {
    value / (value + half) * 2.0 - 1.0
}

/// What the networks see of a difference of logarithms.
pub(crate) fn within(value: f64, limit: f64) -> f64 {
    value.clamp(-limit, limit)
}

/// As it is kept between sessions.
#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    samples: u32,
    age: f64,
    last: f64,
    last_seconds: f64,
    averages: [f64; 4],
    quick: f64,
    slow: f64,
    volatility: f64,
    recent_volatility: f64,
    downward: f64,
    carried: [[f64; 2]; 2],
    earlier: [f64; 3],
    flow: Flow,
}

/// Why what was kept of a network cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkStateError {
    /// Another version of this crate wrote it.
    #[error("the state of a network of another version")]
    Version,
    /// No transfers lead to it.
    #[error("not the state of any network")]
    Impossible,
}

impl From<LinkState> for Stored {
    fn from(state: LinkState) -> Self {
        let LinkState { samples, age, last, last_seconds, averages, quick, slow, .. } = state;
        let LinkState { volatility, recent_volatility, downward, carried, earlier, flow, .. } = state;
        Self {
            version: VERSION,
            samples,
            age,
            last,
            last_seconds,
            averages,
            quick,
            slow,
            volatility,
            recent_volatility,
            downward,
            carried,
            earlier,
            flow,
        }
    }
}

impl TryFrom<Stored> for LinkState {
    type Error = LinkStateError;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let Stored { version, samples, age, last, last_seconds, averages, quick, slow, .. } = stored;
        let Stored { volatility, recent_volatility, downward, carried, earlier, flow, .. } = stored;
        if version != VERSION {
            return Err(LinkStateError::Version);
        }
        let rates = averages.into_iter().chain(earlier).chain([last, quick, slow]);
        let spans = [age, last_seconds, volatility, recent_volatility, downward];
        let amounts = carried.as_flattened().iter().chain(flow.amounts());
        let possible = rates.into_iter().all(|rate| (0.0..=MAX_RATE.ln()).contains(&rate))
            && spans.into_iter().all(|span| (0.0..1e12).contains(&span))
            && amounts.copied().all(|amount| (0.0..=MOST_CARRIED).contains(&amount));
        if !possible {
            return Err(LinkStateError::Impossible);
        }
        Ok(Self {
            samples,
            age,
            last,
            last_seconds,
            averages,
            quick,
            slow,
            volatility,
            recent_volatility,
            downward,
            carried,
            earlier,
            flow,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::ByteCount;

    fn steady(rate: f64, transfers: usize) -> LinkState {
        let mut state = LinkState::EMPTY;
        (0..transfers).for_each(|_| state.observe_body(rate * 2.0, 2.0));
        state
    }

    #[test]
    fn a_steady_link_is_known_exactly() {
        let state = steady(3e6, 30);
        for rate in state.averages.into_iter().chain([state.quick, state.slow, state.last]) {
            assert!((rate - 3e6_f64.ln()).abs() < 1e-9);
        }
        assert!(state.volatility < 0.2 && state.recent_volatility < 0.01);
        assert!((state.age - 60.0).abs() < 1e-9);
    }

    #[test]
    fn what_a_wild_link_carries_is_all_bits_by_all_seconds() {
        let mut state = LinkState::EMPTY;
        (0..40).for_each(|i| state.observe_body(8e6, if i % 2 == 0 { 1.0 } else { 15.0 }));
        let [short, long] = state.carried().map(f64::exp);
        assert!((0.6e6..1.4e6).contains(&long) && (0.4e6..1.6e6).contains(&short), "1 Mbit/s: {short} {long}");
        assert!(state.slow.exp() > 1.5e6, "a mean of logarithms is above it");
        let before = state.carried();
        state.age_by(Duration::from_secs(24 * 3600));
        assert!(state.carried().iter().zip(before).all(|(after, before)| (after - before).abs() < 1e-9));
    }

    #[test]
    fn a_transfer_that_was_watched_leaves_its_end_and_the_averages_of_all_of_it() {
        let mut flow = Flow::NONE;
        flow.add(8e6, 4.0);
        flow.add(1e5, 1.0);
        let mut state = steady(2e6, 3);
        state.observe_flow(8.1e6, 5.0, &flow);
        assert!(state.moments()[0] < state.last() - 2.0, "{:?} {}", state.moments(), state.last());
        let mut whole = steady(2e6, 3);
        whole.observe_body(8.1e6, 5.0);
        assert_eq!((whole.quick, whole.last), (state.quick, state.last), "the averages are of whole transfers");
    }

    #[test]
    fn averages_follow_a_drop_by_their_time_constants() {
        let mut state = steady(8e6, 30);
        state.observe_body(8e5 * 4.0, 4.0);
        let fallen: Vec<f64> = state.averages.iter().map(|average| 8e6_f64.ln() - average).collect();
        assert!(fallen.windows(2).all(|pair| pair[0] > pair[1]), "{fallen:?}");
        assert!(state.quick < state.slow && state.downward > 0.0);
    }

    #[test]
    fn an_outage_does_not_weigh_more_the_longer_it_lasts() {
        let after = |seconds| {
            let mut state = steady(8e6, 10);
            state.observe_body(1e4, seconds);
            state.age()
        };
        assert_eq!(after(20.0), after(2_000.0));
    }

    #[test]
    fn what_says_nothing_is_left_out_and_nonsense_stays_finite() {
        let mut state = LinkState::EMPTY;
        state.observe_body(1e7, 0.0);
        state.observe_body(100.0, 0.1);
        assert!(state.is_empty());
        for bytes in [0, 1, 1 << 20, u64::MAX] {
            for elapsed in [Duration::ZERO, Duration::from_nanos(1), Duration::from_secs(1), Duration::MAX] {
                let sample = TransferSample {
                    bytes: ByteCount::new(bytes),
                    ttfb: Duration::ZERO,
                    elapsed,
                    finished_at: Duration::MAX,
                };
                state.observe(&sample);
                state.age_by(elapsed);
                let [short, long] = state.carried();
                let numbers =
                    [state.age, state.quick, state.slow, state.volatility, state.downward, state.last, short, long];
                let numbers = numbers.into_iter().chain(state.moments()).collect::<Vec<_>>();
                assert!(numbers.iter().all(|number| number.is_finite()), "{state:?}");
            }
        }
    }

    #[test]
    fn the_memory_of_a_network_fades_and_can_be_kept() {
        let mut state = steady(8e6, 30);
        state.observe_body(8e5 * 4.0, 4.0);
        let fresh = state;
        let text = serde_json::to_string(&state).unwrap();
        let kept: LinkState = serde_json::from_str(&text).unwrap();
        assert!((kept.slow - state.slow).abs() < 1e-9 && kept.samples == state.samples);
        state.age_by(Duration::from_secs(24 * 3600));
        assert_eq!(state.slow, fresh.slow);
        assert!((state.quick - state.slow).abs() < 1e-9 && state.age < 1.001, "{state:?}");
        assert!(state.moments().iter().all(|rate| (rate - state.slow).abs() < 1e-9), "{state:?}");
        state.observe_body(1e6, 1.0);
        assert!((state.moments()[0].exp() - 1e6).abs() < 1e5, "what comes now replaces it: {state:?}");
        for (from, to) in [("\"version\":3", "\"version\":2"), ("\"age\":", "\"age\":-")] {
            assert!(serde_json::from_str::<LinkState>(&text.replace(from, to)).is_err());
        }
    }
}
