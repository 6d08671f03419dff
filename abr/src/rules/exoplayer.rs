//! The rules of ExoPlayer (media3): a fraction of the median, held in place by the buffer.
//!
//! Source: the documented defaults and behaviour of media3's `AdaptiveTrackSelection` and `DefaultBandwidthMeter`.
//!
//! ```text
//! estimate   the median of [`SlidingMedian`], renewed after a transfer once 2 s or 512 KiB have come in all;
//!            1 Mbit/s before
//! ideal      the highest rung within 0.7 of the estimate
//! no rise    below 10 s of buffer; in live below 3/4 of what could be buffered beyond the next segment, if less
//! no fall    from 25 s of buffer on
//! ```
//!
//! Left out: the table of initial estimates by country and network, for which its fallback stands, and discarding
//! media that is queued already.

use std::time::Duration;

use super::plain::{self, Choice};
use crate::controller::{AbrContext, AbrController, InFlight};
use crate::decision::{Decision, Reason};
use crate::throughput::{SlidingMedian, TransferSample};
use crate::units::ByteCount;

/// Share of the estimate that a rung may use.
const FRACTION: f64 = 0.7;
/// Bit/s before there is an estimate.
const INITIAL: f64 = 1e6;
/// Seconds of buffer below which quality does not rise.
const LEAST_TO_RISE: f64 = 10.0;
/// Seconds of buffer from which on it does not fall.
const MOST_TO_FALL: f64 = 25.0;
/// Share of what can be buffered in live that a rise needs.
const LIVE_FRACTION: f64 = 0.75;
/// Transfers count from the first after this much time or this many bytes.
const ENOUGH_TIME: Duration = Duration::from_secs(2);
const ENOUGH_BYTES: ByteCount = ByteCount::from_kib(512);

/// Median throughput, with the buffer as a brake.
#[derive(Clone, Debug)]
pub struct ExoPlayerController {
    median: SlidingMedian,
    time: Duration,
    bytes: ByteCount,
    estimate: f64,
}

impl ExoPlayerController {
    const NAME: &'static str = "exoplayer";

    /// Nothing known.
    pub fn new() -> Self {
        Self { median: SlidingMedian::new(), time: Duration::ZERO, bytes: ByteCount::ZERO, estimate: INITIAL }
    }

    /// Seconds of buffer that a rise needs.
    fn least_to_rise(ctx: &AbrContext<'_>) -> f64 {
        let Some(live) = ctx.live else { return LEAST_TO_RISE };
        let possible = live.latency.as_secs_f64() / plain::speed(ctx) - plain::segment(ctx);
        LEAST_TO_RISE.min(LIVE_FRACTION * possible)
    }

    fn choose(&self, ctx: &AbrContext<'_>) -> Choice {
        let safe = self.estimate * FRACTION;
        let ideal = plain::highest_within(ctx, safe);
        let Some(before) = plain::current(ctx) else {
            return Choice { position: ideal, reason: Reason::Start, safe };
        };
        let level = plain::level(ctx);
        let held = (ideal > before && level < Self::least_to_rise(ctx)) || (ideal < before && level >= MOST_TO_FALL);
        if held { Choice { position: before, reason: Reason::Hysteresis, safe } } else { Choice::by_rate(ideal, safe) }
    }
}

impl Default for ExoPlayerController {
    fn default() -> Self {
        Self::new()
    }
}

impl AbrController for ExoPlayerController {
    fn observe(&mut self, sample: &TransferSample) {
        if sample.body_time().is_zero() {
            return;
        }
        self.median.add(sample);
        self.time = self.time.saturating_add(sample.body_time());
        self.bytes += sample.bytes;
        if self.time >= ENOUGH_TIME || self.bytes >= ENOUGH_BYTES {
            self.estimate = self.median.get().unwrap_or(self.estimate);
        }
    }

    fn watches_transfers(&self) -> bool {
        false
    }

    fn decide(&mut self, ctx: &AbrContext<'_>) -> Decision {
        let choice = self.choose(ctx);
        plain::decision(Self::NAME, ctx, choice, |i| choice.safe - plain::rate(ctx, i))
    }

    fn reconsider(&mut self, _: &AbrContext<'_>, _: &InFlight) -> Option<Decision> {
        None
    }

    fn name(&self) -> &'static str {
        Self::NAME
    }
}

#[cfg(test)]
mod tests {
    use super::super::plain::testing::Session;
    use super::*;
    use crate::controller::LiveWindow;

    fn session() -> Session<ExoPlayerController> {
        Session::new(ExoPlayerController::new(), &[300, 650, 1300, 2600])
    }

    #[test]
    fn it_starts_within_seven_tenths_of_a_megabit() {
        let mut session = session();
        assert_eq!(session.ask(0.0).0, 1);
        session.transfer(9_000, 0.3);
        assert_eq!(session.ask(15.0).0, 1, "neither 2 s nor 512 KiB");
        session.transfer(9_000, 0.3);
        assert_eq!(session.ask(15.0).0, 3);
    }

    #[test]
    fn the_buffer_holds_rises_and_falls_back() {
        let mut session = session();
        session.ask(0.0);
        session.transfer(2_000, 4.0);
        assert_eq!(session.ask(9.9).0, 1);
        assert_eq!(session.ask(10.0).0, 2);
        (0..3).for_each(|_| session.transfer(500, 8.0));
        assert_eq!(session.ask(25.0).0, 2, "the buffer pays");
        assert_eq!(session.ask(24.9).0, 0);
    }

    #[test]
    fn in_live_a_rise_needs_less() {
        let session = session();
        let ctx = session.context(0.0);
        let needed = |latency| {
            let live = Some(LiveWindow { latency: Duration::from_secs(latency) });
            ExoPlayerController::least_to_rise(&AbrContext { live, ..ctx })
        };
        assert_eq!(needed(12), 6.0);
        assert_eq!(needed(60), 10.0);
        assert_eq!(ExoPlayerController::least_to_rise(&ctx), 10.0);
    }
}
