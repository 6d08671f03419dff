//! How long a request waits for its first byte, apart from how fast the bytes come.

use std::time::Duration;

/// A running estimate of the time to first byte.
///
/// ```text
/// mean = mean + (sample - mean) / 4
/// dev  = dev + (|sample - mean| - dev) / 4
/// ```
///
/// The gain of a quarter follows a change of route within some ten requests and smooths the odd slow one. The estimate
/// given out is the mean plus the deviation: a plan that reckons with the mean is late every second time.
#[derive(Clone, Copy, Debug, Default)]
pub struct TtfbEstimator {
    mean_s: f64,
    deviation_s: f64,
    samples: u32,
}

impl TtfbEstimator {
    const GAIN: f64 = 0.25;
    /// A wait beyond this is a fault for the retry policy, not a property of the link.
    const MAX: Duration = Duration::from_secs(10);

    /// Nothing known.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one request's wait in.
    pub fn add(&mut self, ttfb: Duration) {
        let seconds = ttfb.min(Self::MAX).as_secs_f64();
        if self.samples == 0 {
            self.mean_s = seconds;
        } else {
            let error = seconds - self.mean_s;
            self.mean_s += Self::GAIN * error;
            self.deviation_s += Self::GAIN * (error.abs() - self.deviation_s);
        }
        self.samples = self.samples.saturating_add(1);
    }

    /// What to reckon with for the next request; `None` before the first.
    pub fn estimate(&self) -> Option<Duration> {
        (self.samples > 0).then(|| Duration::from_secs_f64((self.mean_s + self.deviation_s).max(0.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_follows_and_does_not_jump() {
        let mut ttfb = TtfbEstimator::new();
        assert_eq!(ttfb.estimate(), None);
        ttfb.add(Duration::from_millis(40));
        assert_eq!(ttfb.estimate(), Some(Duration::from_millis(40)));
        ttfb.add(Duration::from_secs(9));
        assert!(ttfb.estimate().unwrap() < Duration::from_secs(5));
        (0..40).for_each(|_| ttfb.add(Duration::from_millis(80)));
        let settled = ttfb.estimate().unwrap();
        assert!((78..90).contains(&settled.as_millis()), "{settled:?}");
        ttfb.add(Duration::MAX);
        assert!(ttfb.estimate().unwrap() <= 2 * TtfbEstimator::MAX);
    }
}
