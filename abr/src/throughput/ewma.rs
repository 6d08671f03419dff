//! Two exponentially weighted means, the lower of which counts.
//!
//! Design as in several shipping players: a fast mean follows the link down within a transfer or two, a slow one does
//! not follow it up before the rise has lasted. Taking the minimum makes the estimate quick to fall and slow to rise,
//! which is the cheaper mistake for a viewer.
//!
//! ```text
//! a(w)   = 1 - 2^(-w / half_life)             w: weight of the sample in seconds of transfer
//! m      = m + a(w) * (rate - m)              starting at 0
//! weight = weight + a(w) * (1 - weight)       starting at 0
//! mean   = m / weight                         takes the start at 0 out again
//! dev    = the same mean over |rate - mean|
//! low    = max(mean - dev, mean / 2)
//! ```
//!
//! Deviation from the usual form: `low`, from the mean absolute deviation, as TCP widens its timer by the variation of
//! the round trip; and the weight of a sample (see [`TransferSample`]) has a floor, so that recovery after a slow
//! transfer does not take minutes on a fast link.

use super::{ThroughputEstimate, ThroughputEstimator, TransferSample, evidence};

/// A bias-corrected exponentially weighted mean.
#[derive(Clone, Copy, Debug)]
struct Ewma {
    half_life_s: f64,
    mean: f64,
    deviation: f64,
    weight: f64,
}

impl Ewma {
    fn new(half_life_s: f64) -> Self {
        // A half-life of nothing would divide by zero; a millisecond already means "the last sample".
        Self { half_life_s: half_life_s.max(0.001), mean: 0.0, deviation: 0.0, weight: 0.0 }
    }

    fn add(&mut self, rate: f64, weight: f64) {
        let share = 1.0 - (-weight / self.half_life_s).exp2();
        let before = self.get();
        self.mean += share * (rate - self.mean);
        // The very first sample deviates from nothing.
        let deviation = before.map_or(0.0, |mean| (rate - mean).abs());
        self.deviation += share * (deviation - self.deviation);
        self.weight += share * (1.0 - self.weight);
    }

    fn get(&self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.mean / self.weight)
    }

    fn deviation(&self) -> f64 {
        if self.weight > 0.0 { self.deviation / self.weight } else { 0.0 }
    }
}

/// The lower of a fast and a slow mean. Half-lives are seconds of transfer, not of the clock: idle time teaches
/// nothing and ages nothing.
#[derive(Clone, Debug)]
pub struct DualEwma {
    fast: Ewma,
    slow: Ewma,
    samples: u32,
}

impl DualEwma {
    /// Seconds of transfer. Two seconds is four full-sized samples at their floor weight, or one slow segment.
    pub const FAST_HALF_LIFE_S: f64 = 2.0;
    /// Seconds of transfer. Three times the fast one: long enough that one good segment does not pull it up.
    pub const SLOW_HALF_LIFE_S: f64 = 6.0;

    /// With half-lives in seconds of transfer.
    pub fn new(fast_s: f64, slow_s: f64) -> Self {
        Self { fast: Ewma::new(fast_s), slow: Ewma::new(slow_s), samples: 0 }
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
        let mean = self.fast.get()?.min(self.slow.get()?);
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
