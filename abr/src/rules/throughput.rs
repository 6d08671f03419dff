//! The plain yardstick: the highest rung that nine tenths of the measured throughput carry.
//!
//! ```text
//! safe = 0.9 * mean * (1 - ttfb * playback_rate / segment_duration)
//! take the highest rung of which the declared rate times the playback rate is within `safe`; the lowest at first
//! ```
//!
//! `mean` and `ttfb` are those of the context, so this measures an estimator and nothing else: it looks at no buffer,
//! gives no transfer up and has no memory. Whatever is worth its code does better.

use super::plain::{self, Choice};
use crate::controller::{AbrContext, AbrController, InFlight};
use crate::decision::Decision;

/// The rest fills the buffer: of every second a tenth.
const SAFETY: f64 = 0.9;

/// Throughput alone.
#[derive(Clone, Debug, Default)]
pub struct ThroughputController {}

impl ThroughputController {
    const NAME: &'static str = "throughput";

    /// It keeps no state.
    pub fn new() -> Self {
        Self::default()
    }
}

impl AbrController for ThroughputController {
    fn watches_transfers(&self) -> bool {
        false
    }

    fn decide(&mut self, ctx: &AbrContext<'_>) -> Decision {
        let choice = match ctx.throughput {
            None => Choice::LOWEST,
            Some(estimate) => {
                let wait = ctx.ttfb.unwrap_or_default().as_secs_f64() / plain::segment(ctx);
                let safe = SAFETY * estimate.mean.bps() as f64 * (1.0 - wait).max(0.0);
                Choice::by_rate(plain::highest_within(ctx, safe), safe)
            }
        };
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
    use std::time::Duration;

    use super::super::plain::testing::ladder;
    use super::*;
    use crate::decision::Reason;
    use crate::history::History;
    use crate::throughput::ThroughputEstimate;
    use crate::units::{Bitrate, PlaybackRate};

    #[test]
    fn nine_tenths_decide_and_waits_and_speed_take_their_share() {
        let (ladder, history) = (ladder(&[500, 1000, 2000, 4000]), History::new());
        let rung = |kbps: u64, ttfb: u64, rate: f32| {
            let decision = ThroughputController::new().decide(&AbrContext {
                throughput: (kbps > 0).then(|| ThroughputEstimate::certain(Bitrate::from_kbps(kbps))),
                ttfb: Some(Duration::from_millis(ttfb)),
                rate: PlaybackRate::new(rate).unwrap(),
                ..AbrContext::new(&ladder, &history)
            });
            (decision.rung.0, decision.reason)
        };
        assert_eq!(rung(0, 0, 1.0), (0, Reason::Start));
        assert_eq!(rung(2_200, 0, 1.0), (1, Reason::ThroughputCap));
        assert_eq!(rung(2_300, 0, 1.0), (2, Reason::ThroughputCap));
        assert_eq!(rung(2_300, 400, 1.0).0, 1, "a tenth of the time is waiting");
        assert_eq!(rung(2_300, 0, 2.0).0, 1, "twice as fast");
        assert_eq!(rung(100, 0, 1.0).0, 0);
        assert_eq!(rung(60_000, 9_000, 1.0).0, 0, "nothing but waiting");
    }
}
