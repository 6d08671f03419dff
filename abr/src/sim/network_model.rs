//! Networks that nobody recorded: drawn from a seed, or a recording made worse.
//!
//! Three nouns: a [`MarkovModel`] draws bandwidth that moves between levels, an [`Outage`] is a stretch of a recording in
//! which next to nothing came, [`CrossTraffic`] is somebody else on the same link. All give a [`NetworkTrace`] like any
//! other, the same for the same seed.

use super::split_mix::SplitMix;
use super::trace::{Interval, NetworkTrace, TraceError};

/// Mean times below this are taken for this: what changes faster no transfer can tell from its mean.
const SHORTEST_S: f64 = 0.01;

/// A level of [`MarkovModel`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Its median rate in bit/s.
    pub rate: f64,
    /// Deviation of the logarithm of the rate from step to step: 0.1 for about a tenth up and down, 0 for none.
    pub spread: f64,
    /// Seconds that the link stays there on average.
    pub stay: f64,
}

/// Bandwidth that stays at a level for a while, then goes to a neighbour of it.
///
/// The levels are a continuous-time Markov chain; within one the rate is drawn anew each step, log-normal around the
/// level's. Y. Sun et al., "CS2P", SIGCOMM 2016, found the throughput of sessions to keep to few levels for long.
#[derive(Clone, Debug, PartialEq)]
pub struct MarkovModel {
    /// From the worst to the best.
    pub levels: Vec<Level>,
    /// Seconds for which a rate is drawn.
    pub step: f64,
    /// Seconds from request to first byte.
    pub latency: f64,
}

impl MarkovModel {
    /// Levels at equal ratios from `lowest` to `highest` (bit/s); a quarter of spread, ten seconds at each, a rate every
    /// second, 50 ms of latency.
    pub fn between(lowest: f64, highest: f64, levels: usize) -> Self {
        let ratio = (highest / lowest).powf(1.0 / levels.saturating_sub(1).max(1) as f64);
        let level = |index: usize| Level { rate: lowest * ratio.powi(index as i32), spread: 0.25, stay: 10.0 };
        Self { levels: (0..levels).map(level).collect(), step: 1.0, latency: 0.05 }
    }

    /// Draws `seconds` of it.
    ///
    /// # Errors
    /// [`TraceError`] where the model has no level or no rate, or `seconds` is too long for its step.
    pub fn trace(&self, seconds: f64, seed: u64) -> Result<NetworkTrace, TraceError> {
        if self.levels.is_empty() {
            return Err(TraceError::Empty);
        }
        let mut random = SplitMix::new(seed);
        let mut at = random.below(self.levels.len());
        let mut stays = random.exponential(self.levels[at].stay.max(SHORTEST_S));
        let step = self.step.max(SHORTEST_S);
        let steps = (seconds / step).ceil().max(1.0);
        NetworkTrace::new((0..steps as usize).map(|_| {
            stays -= step;
            while stays < 0.0 {
                at = self.neighbour(at, &mut random);
                stays += random.exponential(self.levels[at].stay.max(SHORTEST_S));
            }
            let level = self.levels[at];
            let rate = level.rate * (level.spread * random.normal()).exp();
            Interval { seconds: step, rate, latency: self.latency }
        }))
    }

    fn neighbour(&self, at: usize, random: &mut SplitMix) -> usize {
        let top = self.levels.len() - 1;
        match at {
            0 => top.min(1),
            at if at == top || random.happens(0.5) => at - 1,
            at => at + 1,
        }
    }
}

/// A stretch of a recording in which next to nothing came.
#[derive(Clone, Debug, PartialEq)]
pub struct Outage {
    intervals: Vec<Interval>,
}

impl Outage {
    /// The outages of a recording: less than `rate` bit/s for `seconds` at least. Those that go on over the recording's
    /// end are two.
    pub fn all_in(trace: &NetworkTrace, rate: f64, seconds: f64) -> Vec<Self> {
        let intervals: Vec<Interval> = trace.intervals().collect();
        let stretches = intervals.chunk_by(|a, b| (a.rate < rate) == (b.rate < rate));
        let dead = stretches.filter(|stretch| stretch.first().is_some_and(|interval| interval.rate < rate));
        dead.map(|stretch| Self { intervals: stretch.to_vec() }).filter(|outage| outage.seconds() >= seconds).collect()
    }

    /// How long it lasts.
    pub fn seconds(&self) -> f64 {
        self.intervals.iter().map(|interval| interval.seconds).sum()
    }

    /// `trace` with some of `outages` put in, every `every` seconds of it on average. What the link carried before is
    /// carried afterwards: the recording becomes longer by the outages.
    ///
    /// # Errors
    /// [`TraceError::TooLong`] where that makes more intervals than a recording may have.
    pub fn spliced_into(
        trace: &NetworkTrace,
        outages: &[Self],
        every: f64,
        seed: u64,
    ) -> Result<NetworkTrace, TraceError> {
        let mut random = SplitMix::new(seed);
        let mut until = random.exponential(every.max(SHORTEST_S));
        let mut spliced = Vec::new();
        for mut interval in trace.intervals() {
            while !outages.is_empty() && interval.seconds > until {
                limit(&spliced)?;
                spliced.push(Interval { seconds: until, ..interval });
                spliced.extend(&outages[random.below(outages.len())].intervals);
                interval.seconds -= until;
                until = random.exponential(every.max(SHORTEST_S)).max(SHORTEST_S);
            }
            until -= interval.seconds;
            spliced.push(interval);
        }
        NetworkTrace::new(spliced)
    }
}

/// Somebody else's transfers over the same link, on and off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrossTraffic {
    /// The part of the link that they take while they last, from 0 to 1: a half for one other connection.
    pub share: f64,
    /// Seconds that they last on average.
    pub on: f64,
    /// Seconds between two of them on average.
    pub off: f64,
}

impl Default for CrossTraffic {
    /// One connection that loads half of the time: a page, a song, a photo upload.
    fn default() -> Self {
        Self { share: 0.5, on: 10.0, off: 10.0 }
    }
}

impl CrossTraffic {
    /// What it leaves of `trace`; over one period of the recording, and then again.
    ///
    /// # Errors
    /// [`TraceError`] where nothing is left, or that makes more intervals than a recording may have.
    pub fn over(&self, trace: &NetworkTrace, seed: u64) -> Result<NetworkTrace, TraceError> {
        let mut random = SplitMix::new(seed);
        let mean = |on: bool| if on { self.on } else { self.off }.max(SHORTEST_S);
        let left = 1.0 - self.share.clamp(0.0, 1.0);
        let mut on = random.happens(mean(true) / (mean(true) + mean(false)));
        let mut until = random.exponential(mean(on));
        let mut shared = Vec::new();
        for mut interval in trace.intervals() {
            let rate = interval.rate;
            while interval.seconds > 0.0 {
                limit(&shared)?;
                let seconds = interval.seconds.min(until);
                let rate = if on { rate * left } else { rate };
                if seconds > 0.0 {
                    shared.push(Interval { seconds, rate, latency: interval.latency });
                }
                interval.seconds -= seconds;
                until -= seconds;
                if until <= 0.0 {
                    on = !on;
                    until = random.exponential(mean(on));
                }
            }
        }
        NetworkTrace::new(shared)
    }
}

fn limit(intervals: &[Interval]) -> Result<(), TraceError> {
    let limit = NetworkTrace::MAX_INTERVALS;
    if intervals.len() < limit { Ok(()) } else { Err(TraceError::TooLong { limit }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(trace: &NetworkTrace) -> f64 {
        trace.mean_rate() * trace.period()
    }

    #[test]
    fn a_chain_visits_its_levels_and_repeats_by_seed() {
        let model = MarkovModel::between(0.5e6, 8e6, 5);
        assert_eq!(model.levels[2].rate, 2e6);
        let trace = model.trace(4_000.0, 1).unwrap();
        assert_eq!(trace, model.trace(4_000.0, 1).unwrap());
        assert_ne!(trace, model.trace(4_000.0, 2).unwrap());
        assert_eq!(trace.period(), 4_000.0);
        for level in &model.levels {
            let near = |rate: f64| (rate / level.rate).ln().abs() < 0.35;
            let share = trace.intervals().filter(|interval| near(interval.rate)).count() as f64 / 4_000.0;
            assert!((0.05..0.5).contains(&share), "{level:?}: {share}");
        }
        assert_eq!(MarkovModel { levels: vec![], step: 1.0, latency: 0.0 }.trace(9.0, 1), Err(TraceError::Empty));
        let one = MarkovModel { step: 0.0, ..MarkovModel::between(1e6, 1e6, 1) };
        assert_eq!(one.trace(1.0, 1).unwrap().intervals().count(), 100);
        assert!(matches!(one.trace(1e9, 1), Err(TraceError::TooLong { .. })));
    }

    #[test]
    fn outages_are_found_and_put_in() {
        let bad = NetworkTrace::parse("1000 900 50\n2000 0 50\n500 20 50\n1000 900 50\n400 0 50\n").unwrap();
        let outages = Outage::all_in(&bad, 50e3, 1.0);
        assert_eq!(outages.iter().map(Outage::seconds).collect::<Vec<_>>(), [2.5]);
        let good = NetworkTrace::parse("100000 2000 20\n100000 3000 20\n").unwrap();
        let spliced = Outage::spliced_into(&good, &outages, 20.0, 3).unwrap();
        let longer = (spliced.period() - good.period()) / 2.5;
        assert!((longer - longer.round()).abs() < 1e-9 && (4.0..20.0).contains(&longer), "{longer}");
        assert!((total(&spliced) - total(&good) - longer * 10e3).abs() < 1.0);
        assert_eq!(spliced, Outage::spliced_into(&good, &outages, 20.0, 3).unwrap());
        assert_eq!(Outage::spliced_into(&good, &[], 20.0, 3).unwrap(), good);
    }

    #[test]
    fn cross_traffic_takes_its_share() {
        let alone = NetworkTrace::parse("3000000 4000 20\n1000000 2000 20\n").unwrap();
        let shared = CrossTraffic { share: 0.5, on: 5.0, off: 15.0 }.over(&alone, 9).unwrap();
        assert!((shared.period() - alone.period()).abs() < 1e-6);
        assert!((total(&shared) / total(&alone) - 0.875).abs() < 0.03);
        let full = CrossTraffic { share: 1.0, on: 1e9, off: 0.0 };
        assert_eq!(full.over(&alone, 1), Err(TraceError::NoBandwidth));
    }
}
