//! The player's estimator: the dual mean for the centre, the lower quartile for the caution.
//!
//! ```text
//! mean = dual EWMA                              follows a fall within one slow segment
//! low  = min(EWMA low, lower quartile)          but at least mean / 2
//! ```
//!
//! Each part covers the other's blind spot. The means know the order in time (a fall counts at once) but not the
//! shape: a link that alternates between 2 and 10 Mbit/s has a fine mean. The quartile knows the shape but not the
//! order: it still remembers good times when they are over, which is why it may only lower the estimate. The floor of
//! half the mean keeps one bad minute from pinning a viewer to the bottom.

use super::{DualEwma, SlidingPercentile, ThroughputEstimate, ThroughputEstimator, TransferSample};

/// The default of [`crate::BandwidthMeter`].
#[derive(Clone, Debug, Default)]
pub struct Combined {
    means: DualEwma,
    percentiles: SlidingPercentile,
}

impl Combined {
    /// With the default windows of its parts.
    pub fn new() -> Self {
        Self::default()
    }
}

impl ThroughputEstimator for Combined {
    fn add(&mut self, sample: &TransferSample) {
        self.means.add(sample);
        self.percentiles.add(sample);
    }

    fn estimate(&self) -> Option<ThroughputEstimate> {
        let means = self.means.estimate()?;
        let quartile = self.percentiles.estimate().map_or(means.low, |e| e.low);
        let (mean, low) = (means.mean.bps() as f64, means.low.min(quartile).bps() as f64);
        Some(ThroughputEstimate::new(mean, low.max(mean / 2.0), means.samples))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{sample, survives_nonsense};
    use super::*;

    #[test]
    fn steady_links_are_trusted_and_shaky_ones_are_not() {
        let mut steady = Combined::new();
        (0..12).for_each(|_| steady.add(&sample(5000, 1.0)));
        let e = steady.estimate().unwrap();
        assert!(e.low.bps() > 4_990_000 && e.confidence > 0.95, "{e:?}");

        let mut shaky = Combined::new();
        (0..12).for_each(|i| shaky.add(&sample(if i % 2 == 0 { 2000 } else { 10_000 }, 1.0)));
        let e = shaky.estimate().unwrap();
        assert!(e.low.bps() <= e.mean.bps() / 2 + 1 && e.confidence < 0.7, "{e:?}");
    }

    #[test]
    fn good_times_in_the_window_do_not_hide_a_fall() {
        let mut c = Combined::new();
        (0..12).for_each(|_| c.add(&sample(20_000, 1.0)));
        (0..8).for_each(|_| c.add(&sample(2_000, 1.0)));
        assert!(c.estimate().unwrap().low.bps() < 3_500_000, "{:?}", c.estimate());
    }

    #[test]
    fn nonsense_does_no_harm() {
        survives_nonsense(Combined::new());
    }
}
