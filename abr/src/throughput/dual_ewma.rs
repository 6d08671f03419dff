//! Two exponentially weighted means, the lower of which counts.
//!
//! Design as in several shipping players: a fast mean follows the link down within a transfer or two, a slow one does
//! not follow it up before the rise has lasted. Taking the minimum makes the estimate quick to fall and slow to rise,
//! which is the cheaper mistake for a viewer.
//!
//! ```text
//! mean   = min(fast, slow)                    see `Ewma`; weights are seconds of transfer
//! dev    = the same mean over |rate - mean|
//! low    = max(mean - dev, mean / 2)
//! ```
//!
//! Deviation from the usual form: `low`, from the mean absolute deviation, as TCP widens its timer by the variation of
//! the round trip; and the weight of a sample (see [`TransferSample`]) has a floor, so that recovery after a slow
//! transfer does not take minutes on a fast link.

use super::{Ewma, ThroughputEstimate, ThroughputEstimator, TransferSample, evidence};

/// A mean and how far values lie from it.
#[derive(Clone, Copy, Debug)]
struct Spread {
    mean: Ewma,
    deviation: Ewma,
}

impl Spread {
    fn new(half_life_s: f64) -> Self {
        Self { mean: Ewma::new(half_life_s), deviation: Ewma::new(half_life_s) }
    }

    fn add(&mut self, rate: f64, weight: f64) {
        // The very first sample deviates from nothing.
        let deviation = self.mean.get().map_or(0.0, |mean| (rate - mean).abs());
        let share = self.mean.share(weight);
        self.mean.add_share(rate, share);
        self.deviation.add_share(deviation, share);
    }

    fn deviation(&self) -> f64 {
        self.deviation.get().unwrap_or_default()
    }
}

/// The lower of a fast and a slow mean. Half-lives are seconds of transfer, not of the clock: idle time teaches
/// nothing and ages nothing.
#[derive(Clone, Debug)]
pub struct DualEwma {
    fast: Spread,
    slow: Spread,
    samples: u32,
}

impl DualEwma {
    /// Seconds of transfer. Two seconds is four full-sized samples at their floor weight, or one slow segment.
    pub const FAST_HALF_LIFE_S: f64 = 2.0;
    /// Seconds of transfer. Three times the fast one: long enough that one good segment does not pull it up.
    pub const SLOW_HALF_LIFE_S: f64 = 6.0;

    /// With half-lives in seconds of transfer.
    pub fn new(fast_s: f64, slow_s: f64) -> Self {
        Self { fast: Spread::new(fast_s), slow: Spread::new(slow_s), samples: 0 }
    }
}

impl Default for DualEwma {
    fn default() -> Self {
        Self::new(Self::FAST_HALF_LIFE_S, Self::SLOW_HALF_LIFE_S)
    }
}

impl ThroughputEstimator for DualEwma {
    fn add(&mut self, sample: &TransferSample) {
        let Some((rate, weight)) = evidence(sample) else { return };
        self.fast.add(rate, weight);
        self.slow.add(rate, weight);
        self.samples = self.samples.saturating_add(1);
    }

    fn estimate(&self) -> Option<ThroughputEstimate> {
        let mean = self.fast.mean.get()?.min(self.slow.mean.get()?);
        // The fast deviation would call every step of the link an unsteady link for ever.
        let low = (mean - self.fast.deviation().min(self.slow.deviation())).max(mean / 2.0);
        Some(ThroughputEstimate::new(mean, low, self.samples))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{sample, survives_nonsense};
    use super::*;

    #[test]
    fn the_first_sample_is_the_estimate() {
        let mut ewma = DualEwma::default();
        ewma.add(&sample(4000, 0.7));
        let e = ewma.estimate().unwrap();
        assert!((e.mean.bps() as f64 / 4e6 - 1.0).abs() < 0.01, "{e:?}");
        assert_eq!(e.mean, e.low);
    }

    #[test]
    fn it_falls_fast_and_rises_slowly() {
        let mut ewma = DualEwma::default();
        (0..20).for_each(|_| ewma.add(&sample(10_000, 1.0)));
        let steady = ewma.estimate().unwrap();
        assert!(steady.low.bps() > 9_900_000 && steady.confidence > 0.95, "{steady:?}");
        (0..4).for_each(|_| ewma.add(&sample(1_000, 1.0)));
        let fallen = ewma.estimate().unwrap();
        assert!(fallen.mean.bps() < 3_300_000, "two half-lives leave a quarter: {fallen:?}");
        assert!(fallen.confidence < steady.confidence);
        (0..4).for_each(|_| ewma.add(&sample(10_000, 1.0)));
        assert!(ewma.estimate().unwrap().mean.bps() < 8_000_000, "the slow mean holds it back");
    }

    #[test]
    fn a_tiny_transfer_hardly_counts() {
        let mut ewma = DualEwma::default();
        ewma.add(&sample(4000, 1.0));
        // 1 kB in 10 microseconds: 800 Mbit/s.
        ewma.add(&sample(800_000, 0.000_01));
        assert!(ewma.estimate().unwrap().mean.bps() < 4_400_000);
    }

    #[test]
    fn nonsense_does_no_harm() {
        survives_nonsense(DualEwma::default());
        survives_nonsense(DualEwma::new(0.0, f64::NAN));
    }
}
