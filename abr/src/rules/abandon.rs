//! Give up a segment in flight when something smaller would be here sooner and in time.
//!
//! ```text
//! rate      = rate of the last moments, or of the transfer so far
//! remaining = (expected - received) / rate
//! playable  = buffered / playback_rate             or half a segment where the buffer is empty
//! keep on while remaining <= playable
//! else take the highest lower rung that would be here within 0.8 * playable and is sustainable at that rate,
//! else the lowest;
//! and only if that is here 20 % and half a second sooner than the rest of this one
//! ```
//!
//! The last line counts what giving up costs: the bytes that have come are thrown away. Each step goes down, so a
//! segment is given up at most as often as the ladder has rungs.

use std::time::Duration;

use super::{Scored, decide, throughput};
use crate::controller::{AbrContext, InFlight};
use crate::decision::{Decision, Reason, Verdict};
use crate::units::{Bitrate, ByteCount};

/// No verdict before: the first round trips of a connection say little.
const GRACE: Duration = Duration::from_millis(500);
/// With nothing at all for this long, or four times the usual wait, the request counts as dead.
const SILENCE: Duration = Duration::from_secs(2);
/// Share of the playable time within which the replacement must be here.
const IN_TIME: f64 = 0.8;
/// The replacement may take this share of what the rest would take.
const WORTH: f64 = 0.8;
/// And must be sooner by this much: a shorter hitch is not worth the worse picture.
const MIN_GAIN: Duration = Duration::from_millis(500);
/// Share of the rate that the replacement may need in the long run.
const SUSTAINABLE: f64 = 0.85;
/// What a standstill is reported as.
const NEVER: Duration = Duration::from_secs(3600);

/// `Some` where the transfer should be cancelled and the rung of the decision be fetched instead.
pub(super) fn reconsider(controller: &'static str, ctx: &AbrContext<'_>, flight: &InFlight) -> Option<Decision> {
    let here = ctx.ladder.position(flight.rung).filter(|position| *position > 0)?;
    if flight.elapsed < GRACE {
        return None;
    }
    let segment = ctx.rate.wall_time(flight.segment_duration);
    let playable = if ctx.buffered.is_zero() { segment / 2 } else { ctx.rate.wall_time(ctx.buffered) };
    let Some(rate) = observed_rate(flight) else {
        // Not a byte yet. Another request for the same bytes would be a retry, which is not decided here; but where
        // the buffer is thin, the next thing asked for should be the smallest.
        let patience = SILENCE.max(ctx.ttfb.unwrap_or_default().saturating_mul(4));
        let thin = playable < segment.saturating_mul(2);
        return (thin && flight.elapsed >= patience).then(|| abandon(controller, ctx, 0, NEVER, None));
    };
    let planned = ctx.ladder.rungs()[here].planning_rate().bytes_in(flight.segment_duration);
    let left = flight.expected.unwrap_or(planned).saturating_sub(flight.received);
    let remaining = rate.time_for(left).min(NEVER);
    if left == ByteCount::ZERO || remaining <= playable {
        return None;
    }
    let arrival = |position: usize| {
        let rung = &ctx.ladder.rungs()[position];
        let known = ctx.upcoming.first().and_then(|segment| segment.size(rung.id));
        let size = known.unwrap_or_else(|| rung.planning_rate().bytes_in(flight.segment_duration));
        ctx.ttfb.unwrap_or_default().saturating_add(rate.time_for(size))
    };
    let sustainable = rate.scale(SUSTAINABLE);
    let good = |position: &usize| {
        arrival(*position) <= playable.mul_f64(IN_TIME)
            && throughput::needed(ctx, &ctx.ladder.rungs()[*position]) <= sustainable
    };
    let instead = (0..here).rev().find(good).unwrap_or(0);
    let sooner = arrival(instead);
    let worth = sooner <= remaining.mul_f64(WORTH) && sooner.saturating_add(MIN_GAIN) <= remaining;
    worth.then(|| abandon(controller, ctx, instead, remaining, Some(sustainable)))
}

/// The rate of the last moments; where nothing came in them, the mean so far, which falls while nothing comes.
fn observed_rate(flight: &InFlight) -> Option<Bitrate> {
    let body = flight.elapsed.saturating_sub(flight.ttfb.unwrap_or(flight.elapsed));
    let mean = Bitrate::from_transfer(flight.received, body);
    flight.current_rate.or(mean).filter(|rate| *rate > Bitrate::ZERO).or(mean).filter(|rate| *rate > Bitrate::ZERO)
}

fn abandon(
    controller: &'static str,
    ctx: &AbrContext<'_>,
    position: usize,
    remaining: Duration,
    safe: Option<Bitrate>,
) -> Decision {
    decide(controller, ctx, position, Reason::Abandon { remaining }, safe, |i| match safe {
        Some(safe) => throughput::score(ctx, i, safe),
        None => Scored { score: -(i as f64), verdict: Verdict::AboveSafeRate },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::History;
    use crate::ladder::{Ladder, Rung, RungId};

    fn ladder() -> Ladder {
        let rungs = [400, 1000, 2000, 4000].iter().enumerate().map(|(i, kbps)| Rung {
            id: RungId(i as u16),
            bitrate: Bitrate::from_kbps(*kbps),
            average: None,
            width: 0,
            height: 0,
            frame_rate: None,
        });
        Ladder::new(rungs.collect()).unwrap()
    }

    /// 2 MB of 4 Mbit/s video in flight, `kbps` seen for `secs`, `buffered` seconds left.
    fn rung_after(kbps: u64, secs: f64, buffered: f64) -> Option<u16> {
        let (ladder, history) = (ladder(), History::new());
        let current = Some(RungId(3));
        let buffered = Duration::from_secs_f64(buffered);
        let ctx = AbrContext { current, buffered, ..AbrContext::new(&ladder, &history) };
        let elapsed = Duration::from_secs_f64(secs);
        let flight = InFlight {
            rung: RungId(3),
            received: Bitrate::from_kbps(kbps).bytes_in(elapsed),
            expected: Some(ByteCount::new(2_000_000)),
            elapsed,
            ttfb: (kbps > 0).then_some(Duration::ZERO),
            segment_duration: Duration::from_secs(4),
            current_rate: None,
        };
        reconsider("test", &ctx, &flight).map(|decision| decision.rung.0)
    }

    #[test]
    fn a_segment_that_will_be_in_time_is_kept() {
        assert_eq!(rung_after(4000, 1.0, 3.1), None);
        assert_eq!(rung_after(500, 2.0, 60.0), None, "a fat buffer has patience");
        assert_eq!(rung_after(10, 0.4, 1.0), None, "too early to tell");
    }

    #[test]
    fn a_late_one_is_given_up_for_the_best_that_is_in_time() {
        // 2 Mbit/s: 7 s to go. 1 Mbit/s takes 2 s of the 3.2 that count; 2 Mbit/s would take 4.
        assert_eq!(rung_after(2000, 1.0, 4.0), Some(1));
        // 500 kbit/s: only the lowest, and it will be late as well, but 3.2 s instead of 31.
        assert_eq!(rung_after(500, 1.0, 2.0), Some(0));
    }

    #[test]
    fn what_is_nearly_here_is_kept() {
        // 15.2 of 16 Mbit have come after 19 s; the rest takes one second, the lowest rung two.
        assert_eq!(rung_after(800, 19.0, 0.5), None);
    }

    #[test]
    fn silence_is_given_up_only_where_it_hurts() {
        assert_eq!(rung_after(0, 1.9, 1.0), None);
        assert_eq!(rung_after(0, 2.0, 1.0), Some(0));
        assert_eq!(rung_after(0, 9.0, 20.0), None);
    }

    #[test]
    fn the_start_is_given_a_chance() {
        // Empty buffer, 10 Mbit/s: 1.0 s to go is within half a segment.
        assert_eq!(rung_after(10_000, 0.6, 0.0), None);
        assert_eq!(rung_after(1_000, 0.6, 0.0), Some(0));
    }
}
