//! From transfers to an estimate of what the link carries.
//!
//! A [`TransferSample`] says what one stretch of time delivered; a [`ThroughputEstimator`] makes an estimate of the
//! next transfer's rate from them. Time to first byte is kept apart ([`TtfbEstimator`]): it is paid once per request
//! whatever the size, so mixing it into the rate would make small segments look like a slow link.

mod combined;
mod dual_ewma;
mod ewma;
mod harmonic;
mod sliding_median;
mod sliding_percentile;
mod ttfb;

use std::fmt::Debug;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::serde_seconds;
use crate::units::{Bitrate, ByteCount};

pub use combined::Combined;
pub use dual_ewma::DualEwma;
pub use ewma::{Ewma, EwmaPair};
pub use harmonic::Harmonic;
pub use sliding_median::SlidingMedian;
pub use sliding_percentile::SlidingPercentile;
pub use ttfb::TtfbEstimator;

/// What the link delivered in one stretch of time. Made by [`crate::BandwidthMeter`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferSample {
    /// Body bytes.
    pub bytes: ByteCount,
    /// Request to first body byte, zero where it was not observed.
    #[serde(with = "serde_seconds")]
    pub ttfb: Duration,
    /// Request to last body byte: `ttfb` and the time in which the body came.
    #[serde(with = "serde_seconds")]
    pub elapsed: Duration,
    /// Time since the session began at which the last byte came.
    #[serde(with = "serde_seconds")]
    pub finished_at: Duration,
}

impl TransferSample {
    /// The time in which the body came.
    pub fn body_time(&self) -> Duration {
        self.elapsed.saturating_sub(self.ttfb)
    }

    /// The rate of the body; `None` where no time passed or nothing came in no time.
    pub fn rate(&self) -> Option<Bitrate> {
        Bitrate::from_transfer(self.bytes, self.body_time())
    }

    /// How much a sample says, in seconds of transfer.
    ///
    /// The time the body took, because a rate seen for long is worth more. But a fast link makes every segment short:
    /// counted by time alone, one slow transfer of ten seconds would outweigh the next thirty good segments of 0.3 s.
    /// So a sample of [`FULL_SAMPLE`] or more counts at least half a second, a smaller one by the square of its
    /// share, and a tiny one (initialisation segments, keys) next to nothing, because it measures the first round trips
    /// and not the link.
    fn weight(&self) -> f64 {
        let share = (self.bytes.bytes() as f64 / FULL_SAMPLE.bytes() as f64).min(1.0);
        let seconds = self.body_time().as_secs_f64().clamp(0.0, MAX_WEIGHT_S);
        // Much time and few bytes is evidence of a slow link, much time only helps as much as it is.
        seconds.max(0.5 * share * share)
    }
}

/// From here on a transfer has left the first round trips of TCP behind on any link that matters (ten packets first,
/// doubled four times, is about 230 kB).
const FULL_SAMPLE: ByteCount = ByteCount::from_kib(256);

/// One sample weighs no more than a minute: an hour's outage is not 60 times the evidence.
const MAX_WEIGHT_S: f64 = 60.0;

/// What the next transfer may expect.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThroughputEstimate {
    /// The central estimate.
    pub mean: Bitrate,
    /// What is reached three times out of four, or thereabouts; never above `mean`.
    pub low: Bitrate,
    /// From 0 (a guess) to 1 (much and steady evidence).
    pub confidence: f32,
    /// How many samples it stands on.
    pub samples: u32,
}

impl ThroughputEstimate {
    /// A rate that is simply known, as in tests or from an earlier session.
    pub fn certain(rate: Bitrate) -> Self {
        Self { mean: rate, low: rate, confidence: 1.0, samples: 1 }
    }

    /// Puts the parts in order: `low` at most `mean`, confidence from the spread and the number of samples.
    ///
    /// Eight samples or more count fully, because then the slow average has seen more than its half-life on common
    /// segment lengths; a `low` at half the mean halves the confidence.
    fn new(mean: f64, low: f64, samples: u32) -> Self {
        let mean = if mean.is_finite() { mean.max(0.0) } else { 0.0 };
        let low = if low.is_finite() { low.clamp(0.0, mean) } else { 0.0 };
        let evidence = (f64::from(samples) / 8.0).min(1.0);
        let steadiness = if mean > 0.0 { low / mean } else { 1.0 };
        Self {
            mean: Bitrate::from_bps(mean as u64),
            low: Bitrate::from_bps(low as u64),
            confidence: (evidence * steadiness) as f32,
            samples,
        }
    }
}

/// Estimates the rate of the next transfer from those before.
///
/// Called by the owner of the meter on its own thread: `add` some times a second while segments load, `estimate` once
/// per decision and progress report. Neither blocks.
pub trait ThroughputEstimator: Send + Debug {
    /// Takes a sample in. Any sample is safe, also of zero bytes or zero time, which says nothing and is left out.
    fn add(&mut self, sample: &TransferSample);

    /// `None` until there is evidence; callers then use what they remember.
    fn estimate(&self) -> Option<ThroughputEstimate>;
}

/// Rates above this are a measuring error or a loopback; the cap keeps sums finite.
pub(crate) const MAX_RATE: f64 = 1e12;

/// Rate in bit/s and weight of a sample that says anything.
fn evidence(sample: &TransferSample) -> Option<(f64, f64)> {
    let rate = (sample.rate()?.bps() as f64).min(MAX_RATE);
    let weight = sample.weight();
    (weight > 0.0).then_some((rate, weight))
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// A transfer at `kbps` that took `secs`.
    pub(crate) fn sample(kbps: u64, secs: f64) -> TransferSample {
        let body = Duration::from_secs_f64(secs);
        TransferSample {
            bytes: Bitrate::from_kbps(kbps).bytes_in(body),
            ttfb: Duration::ZERO,
            elapsed: body,
            finished_at: Duration::ZERO,
        }
    }

    /// What every estimator must do with samples that say nothing or too much.
    pub(crate) fn survives_nonsense(mut estimator: impl ThroughputEstimator) {
        assert_eq!(estimator.estimate(), None, "an estimate from nothing");
        for bytes in [0, 1, 1 << 20, u64::MAX] {
            for elapsed in [Duration::ZERO, Duration::from_nanos(1), Duration::from_secs(1), Duration::MAX] {
                for ttfb in [Duration::ZERO, Duration::from_secs(1), Duration::MAX] {
                    let finished_at = Duration::MAX;
                    estimator.add(&TransferSample { bytes: ByteCount::new(bytes), ttfb, elapsed, finished_at });
                    if let Some(e) = estimator.estimate() {
                        assert!(e.low <= e.mean && (0.0..=1.0).contains(&e.confidence), "{e:?}");
                    }
                }
            }
        }
    }
}
