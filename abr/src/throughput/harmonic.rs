//! The harmonic mean of the last transfers, discounted by its own past error.
//!
//! ```text
//! mean = n / sum(1 / rate_i)                  over the last N samples, each of the same weight
//! low  = mean / (1 + max(err_j))              err_j = |mean before - rate_j| / rate_j, over the last N, at most 1
//! ```
//!
//! The harmonic mean is the right one for times: it is the rate at which equal amounts would have taken the time they
//! took. The discount is the one of robust model-predictive control (Yin et al., SIGCOMM 2015). Deviation: an error
//! counts as 1 at most, so `low` is at least half the mean; one outage would otherwise make it nothing for N segments.
//! [`Harmonic::as_published`] is without that limit.

use std::collections::VecDeque;

use super::{ThroughputEstimate, ThroughputEstimator, TransferSample, evidence};

/// Harmonic mean of the last [`Harmonic::WINDOW`] samples by default.
#[derive(Clone, Debug)]
pub struct Harmonic {
    /// Oldest first: rate, and the relative error of the mean before it.
    window: VecDeque<(f64, f64)>,
    capacity: usize,
    /// What an error counts at most.
    worst: f64,
    samples: u32,
}

impl Harmonic {
    /// As in the paper: with segments of 4 s, the last twenty seconds of media.
    pub const WINDOW: usize = 5;
    /// The slowest rate that is divided by, in bit/s: slower is an outage, and one outage is not eternity.
    const MIN_RATE: f64 = 1_000.0;

    /// Over the last `capacity` samples, at least one.
    pub fn new(capacity: usize) -> Self {
        let capacity = capacity.clamp(1, 64);
        Self { window: VecDeque::with_capacity(capacity), capacity, worst: 1.0, samples: 0 }
    }

    /// Over [`Self::WINDOW`] samples, and an error counts in full however large it is.
    pub fn as_published() -> Self {
        Self { worst: f64::MAX, ..Self::default() }
    }

    fn mean(&self) -> Option<f64> {
        let sum: f64 = self.window.iter().map(|(rate, _)| 1.0 / rate).sum();
        (sum > 0.0).then(|| self.window.len() as f64 / sum)
    }
}

impl Default for Harmonic {
    fn default() -> Self {
        Self::new(Self::WINDOW)
    }
}

impl ThroughputEstimator for Harmonic {
    fn add(&mut self, sample: &TransferSample) {
        let Some((rate, _)) = evidence(sample) else { return };
        let rate = rate.max(Self::MIN_RATE);
        let error = self.mean().map_or(0.0, |mean| ((mean - rate).abs() / rate).min(self.worst));
        if self.window.len() == self.capacity {
            self.window.pop_front();
        }
        self.window.push_back((rate, error));
        self.samples = self.samples.saturating_add(1);
    }

    fn estimate(&self) -> Option<ThroughputEstimate> {
        let mean = self.mean()?;
        let error = self.window.iter().map(|(_, error)| *error).fold(0.0, f64::max);
        Some(ThroughputEstimate::new(mean, mean / (1.0 + error), self.samples))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{sample, survives_nonsense};
    use super::*;

    #[test]
    fn slow_samples_count_by_the_time_they_cost() {
        let mut h = Harmonic::default();
        h.add(&sample(1000, 1.0));
        h.add(&sample(3000, 1.0));
        let e = h.estimate().unwrap();
        assert_eq!(e.mean.bps() / 1000, 1500);
        // 1000 was expected and 3000 came: two thirds off.
        assert_eq!(e.low.bps() / 1000, 900);
    }

    #[test]
    fn errors_are_forgotten_with_their_samples() {
        let mut h = Harmonic::default();
        h.add(&sample(100, 1.0));
        (0..6).for_each(|_| h.add(&sample(5000, 1.0)));
        assert!(h.estimate().unwrap().low < h.estimate().unwrap().mean);
        (0..6).for_each(|_| h.add(&sample(5000, 1.0)));
        assert_eq!(h.estimate().unwrap().low.bps() / 1000, 5000);
    }

    #[test]
    fn as_published_an_outage_takes_nearly_everything() {
        let outage = |mut h: Harmonic| {
            h.add(&sample(5000, 1.0));
            h.add(&sample(50, 1.0));
            h.estimate().unwrap()
        };
        let (ours, published) = (outage(Harmonic::default()), outage(Harmonic::as_published()));
        assert_eq!(ours.mean, published.mean);
        assert_eq!(ours.low.bps(), ours.mean.bps() / 2);
        assert_eq!(published.low.bps(), published.mean.bps() / 100, "5000 was expected and 50 came: 99 times too much");
    }

    #[test]
    fn nonsense_does_no_harm() {
        survives_nonsense(Harmonic::as_published());
        survives_nonsense(Harmonic::default());
        survives_nonsense(Harmonic::new(0));
    }
}
