//! The weighted median of the last transfers, as ExoPlayer estimates the link.
//!
//! ```text
//! weight = floor(sqrt(bytes))                     a large transfer counts more, but does not drown five small ones
//! window = the newest transfers of a total weight of 2000; of the oldest only what fits
//! rate   = where half of the weight lies below
//! ```
//!
//! Source: the documentation of media3's `SlidingPercentile` and `DefaultBandwidthMeter`. At 1 MB a segment the window
//! is two segments long, which makes the median nimble. [`super::SlidingPercentile`] is our own, with a window five
//! times as long and the lower quartile as well.

use std::collections::VecDeque;

use super::{MAX_RATE, TransferSample};

/// The median of the recent rates.
#[derive(Clone, Debug)]
pub struct SlidingMedian {
    /// Oldest first: rate and weight.
    window: VecDeque<(f64, f64)>,
    total: f64,
}

impl SlidingMedian {
    /// In square roots of bytes.
    const MAX_WEIGHT: f64 = 2_000.0;
    /// Entries at most, so that a flood of tiny transfers stays bounded; in bytes such a window holds under 64 kB.
    const CAPACITY: usize = 64;

    /// Nothing known.
    pub fn new() -> Self {
        Self { window: VecDeque::with_capacity(Self::CAPACITY), total: 0.0 }
    }

    /// Takes a transfer in; one without bytes or time says nothing.
    pub fn add(&mut self, sample: &TransferSample) {
        let Some(rate) = sample.rate() else { return };
        let weight = (sample.bytes.bytes() as f64).sqrt().floor().min(Self::MAX_WEIGHT);
        if weight <= 0.0 {
            return;
        }
        if self.window.len() == Self::CAPACITY {
            self.total -= self.window.pop_front().map_or(0.0, |(_, weight)| weight);
        }
        self.window.push_back(((rate.bps() as f64).min(MAX_RATE), weight));
        self.total += weight;
        self.trim();
    }

    /// The median in bit/s; `None` before the first transfer.
    pub fn get(&self) -> Option<f64> {
        // The smallest rate with half of the weight at or below it; windows are short, so comparing all is cheap.
        let wanted = self.total / 2.0;
        let reaches = |rate: &f64| {
            let below: f64 = self.window.iter().filter(|(other, _)| other <= rate).map(|(_, weight)| weight).sum();
            below >= wanted
        };
        self.window.iter().map(|(rate, _)| *rate).filter(reaches).min_by(f64::total_cmp)
    }

    /// Cuts the oldest entries down to what fits into the window. Weights are whole numbers, so the total is exact.
    fn trim(&mut self) {
        while self.total > Self::MAX_WEIGHT {
            let excess = self.total - Self::MAX_WEIGHT;
            let Some(oldest) = self.window.front_mut() else { return };
            let cut = excess.min(oldest.1);
            oldest.1 -= cut;
            self.total -= cut;
            if oldest.1 <= 0.0 {
                self.window.pop_front();
            }
        }
    }
}

impl Default for SlidingMedian {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::testing::sample;
    use super::*;
    use crate::units::ByteCount;

    #[test]
    fn half_of_the_weight_decides() {
        let mut median = SlidingMedian::new();
        assert_eq!(median.get(), None);
        // 250 kB each: weight 500.
        for (kbps, secs) in [(1_000, 2.0), (2_000, 1.0), (8_000, 0.25)] {
            median.add(&sample(kbps, secs));
        }
        assert_eq!(median.get(), Some(2e6));
        // A wild one changes the median by one place at most.
        median.add(&sample(400_000, 0.005));
        assert_eq!(median.get(), Some(2e6));
    }

    #[test]
    fn the_window_is_cut_to_its_weight() {
        let mut median = SlidingMedian::new();
        (0..50).for_each(|_| median.add(&sample(1_000, 8.0)));
        // 1 MB each, weight 1000: two of them are the window.
        assert_eq!((median.window.len(), median.total), (2, 2_000.0));
        median.add(&sample(4_000, 0.5));
        assert_eq!((median.window.len(), median.total), (3, 2_000.0), "of the oldest half is left");
        assert_eq!(median.get(), Some(1e6));
        (0..3).for_each(|_| median.add(&sample(4_000, 0.5)));
        assert_eq!(median.get(), Some(4e6));
    }

    #[test]
    fn nonsense_does_no_harm() {
        let mut median = SlidingMedian::new();
        for bytes in [0, 1, 1 << 20, u64::MAX] {
            for elapsed in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
                let bytes = ByteCount::new(bytes);
                median.add(&TransferSample { bytes, ttfb: Duration::ZERO, elapsed, finished_at: elapsed });
            }
        }
        (0..1000).for_each(|_| median.add(&sample(1, 0.01)));
        assert!(median.window.len() <= SlidingMedian::CAPACITY);
        assert!(median.get().unwrap().is_finite());
    }
}
