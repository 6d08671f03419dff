//! A weighted percentile over the last transfers.
//!
//! As media3 does it: a window bounded by total weight, each sample weighing the square root of its bytes, so that a
//! large transfer counts more but does not drown five small ones. A percentile does not care how wild an outlier is,
//! which a mean does.
//!
//! Deviations: two percentiles are read, the median as `mean` and the lower quartile as `low`; and the window is a
//! fixed number of samples as well, so that memory is bounded whatever the weights are.

use std::collections::VecDeque;

use super::{ThroughputEstimate, ThroughputEstimator, TransferSample, evidence};

/// Median and lower quartile of the recent rates.
#[derive(Clone, Debug)]
pub struct SlidingPercentile {
    /// Oldest first: rate and weight.
    window: VecDeque<(f64, f64)>,
    /// The window by rate, kept between calls so that sorting allocates nothing.
    sorted: Vec<(f64, f64)>,
    max_weight: f64,
    samples: u32,
}

impl SlidingPercentile {
    /// Entries at most.
    const CAPACITY: usize = 64;
    /// In square roots of bytes: ten transfers of 1 MB, or forty of 64 kB. About the last minute of video at common
    /// segment lengths.
    pub const MAX_WEIGHT: f64 = 10_000.0;

    /// A window of that total weight, in square roots of bytes.
    pub fn new(max_weight: f64) -> Self {
        Self {
            window: VecDeque::with_capacity(Self::CAPACITY),
            sorted: Vec::with_capacity(Self::CAPACITY),
            max_weight: max_weight.max(1.0),
            samples: 0,
        }
    }

    /// The rate below which `share` of the weight lies.
    fn percentile(&self, share: f64) -> Option<f64> {
        let wanted = share * self.sorted.iter().map(|(_, weight)| weight).sum::<f64>();
        let mut seen = 0.0;
        self.sorted
            .iter()
            .find(|(_, weight)| {
                seen += weight;
                seen >= wanted
            })
            .or(self.sorted.last())
            .map(|(rate, _)| *rate)
    }
}

impl Default for SlidingPercentile {
    fn default() -> Self {
        Self::new(Self::MAX_WEIGHT)
    }
}

impl ThroughputEstimator for SlidingPercentile {
    fn add(&mut self, sample: &TransferSample) {
        let Some((rate, _)) = evidence(sample) else { return };
        // No single sample fills the window, or one huge file would be all that is known.
        let weight = (sample.bytes.bytes() as f64).sqrt().min(self.max_weight / 2.0);
        if self.window.len() == Self::CAPACITY {
            self.window.pop_front();
        }
        self.window.push_back((rate, weight));
        let mut total: f64 = self.window.iter().map(|(_, weight)| weight).sum();
        while total > self.max_weight && self.window.len() > 1 {
            total -= self.window.pop_front().map_or(0.0, |(_, weight)| weight);
        }
        self.sorted.clear();
        self.sorted.extend(&self.window);
        self.sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        self.samples = self.samples.saturating_add(1);
    }

    fn estimate(&self) -> Option<ThroughputEstimate> {
        Some(ThroughputEstimate::new(self.percentile(0.5)?, self.percentile(0.25)?, self.samples))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{sample, survives_nonsense};
    use super::*;

    #[test]
    fn one_wild_sample_changes_nothing() {
        let mut p = SlidingPercentile::default();
        (0..5).for_each(|_| p.add(&sample(4000, 1.0)));
        p.add(&sample(900_000, 0.01));
        assert_eq!(p.estimate().unwrap().mean.bps() / 1000, 4000);
    }

    #[test]
    fn low_is_the_quartile() {
        let mut p = SlidingPercentile::default();
        for kbps in [1000, 2000, 3000, 4000] {
            // Equal bytes, equal weight.
            p.add(&sample(kbps, 4000.0 / kbps as f64));
        }
        let e = p.estimate().unwrap();
        assert_eq!((e.mean.bps() / 1000, e.low.bps() / 1000), (2000, 1000));
    }

    #[test]
    fn old_samples_leave_the_window() {
        let mut p = SlidingPercentile::default();
        (0..50).for_each(|_| p.add(&sample(8000, 1.0)));
        // 4 Mbit/s for 2 s is 1 MB, weight 1000: ten of them fill the window.
        (0..10).for_each(|_| p.add(&sample(4000, 2.0)));
        assert_eq!(p.estimate().unwrap().low.bps() / 1000, 4000);
        assert!(p.window.len() <= 11, "{}", p.window.len());
        // A million tiny samples stay within the capacity.
        (0..1000).for_each(|_| p.add(&sample(1, 0.01)));
        assert!(p.window.len() <= SlidingPercentile::CAPACITY);
    }

    #[test]
    fn nonsense_does_no_harm() {
        survives_nonsense(SlidingPercentile::default());
        survives_nonsense(SlidingPercentile::new(f64::NAN));
    }
}
