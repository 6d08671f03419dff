//! A segment must arrive before the buffer is empty.
//!
//! ```text
//! arrival(rung) = ttfb + next_size(rung) / low
//! allowed where arrival(rung) <= max(0.7 * buffered, 0.5 * segment_duration)     in wall time
//! ```
//!
//! Throughput says what is sustainable in the long run; this rule says what the next segment can cost. With known
//! sizes it sees the one large segment that the mean does not show. The second term is for an empty buffer, where no
//! arrival is early enough: there a rung may use half the link, so that the buffer grows by half a segment at least.

use std::time::Duration;

use crate::controller::AbrContext;
use crate::units::Bitrate;

/// Share of the buffer that one segment may use up. What is left absorbs an estimate that was 40 % too good.
const SHARE: f64 = 0.7;
/// For the rung that plays already. Between the two lies the dead band.
const SHARE_TO_STAY: f64 = 0.9;
/// Share of its own duration that a segment may take to arrive whatever the buffer holds.
const SHARE_OF_SEGMENT: f64 = 0.5;

/// When the segment of this rung would be here, counted from now.
pub(super) fn arrival(ctx: &AbrContext<'_>, position: usize, rate: Bitrate) -> Duration {
    let size = ctx.next_size(&ctx.ladder.rungs()[position]);
    ctx.ttfb.unwrap_or_default().saturating_add(rate.time_for(size))
}

/// Whether the segment of the rung at `position` would be in time.
pub(super) fn in_time(ctx: &AbrContext<'_>, position: usize, current: Option<usize>, low: Bitrate) -> bool {
    let share = if current == Some(position) { SHARE_TO_STAY } else { SHARE };
    let buffered = ctx.rate.wall_time(ctx.buffered).as_secs_f64();
    let segment = ctx.rate.wall_time(ctx.next_duration()).as_secs_f64();
    arrival(ctx, position, low).as_secs_f64() <= (share * buffered).max(SHARE_OF_SEGMENT * segment)
}

/// The highest position that would be in time; the lowest rung where none is.
pub(super) fn ceiling(ctx: &AbrContext<'_>, current: Option<usize>, low: Bitrate) -> usize {
    (0..ctx.ladder.len()).rev().find(|position| in_time(ctx, *position, current, low)).unwrap_or(0)
}
