//! The highest rung that the measured throughput carries.
//!
//! ```text
//! needed(rung) = demand(rung) * playback_rate
//! safe(rate)   = rate * (1 - ttfb * playback_rate / segment_duration)
//! go up   to the highest rung with needed <= safe(0.85 * low)
//! stay    while                    needed <= safe(low)
//! ```
//!
//! `low` is the cautious estimate. The time to first byte takes its share of every segment's time, so a link with long
//! waits carries less of short segments; that share is capped, because requests overlap. Between the two factors lies
//! the dead band that keeps a rung at the edge from flickering.

use super::{Scored, abandon, decide, switch_history, without_evidence};
use crate::controller::{AbrContext, AbrController, InFlight};
use crate::decision::{Decision, Reason, Verdict};
use crate::ladder::Rung;
use crate::units::Bitrate;

/// Share of the cautious estimate that a new rung may use. The rest fills the buffer: at 0.85 every second of media
/// adds 0.15 s to it or more.
const UP_FACTOR: f64 = 0.85;

/// No more than this share of a segment's time is reckoned as waiting, because the next request can be under way
/// while the last body arrives.
const MAX_WAIT_SHARE: f64 = 0.8;

/// The rate that `rung` takes at the playback speed of the moment.
pub(super) fn needed(ctx: &AbrContext<'_>, rung: &Rung) -> Bitrate {
    ctx.demand(rung).scale(f64::from(ctx.rate.get()))
}

/// What of `rate` is left for bodies when every segment waits for its first byte.
pub(super) fn safe(ctx: &AbrContext<'_>, rate: Bitrate) -> Bitrate {
    let wait = ctx.ttfb.unwrap_or_default().as_secs_f64() * f64::from(ctx.rate.get());
    rate.scale(1.0 - (wait / ctx.next_duration().as_secs_f64()).min(MAX_WAIT_SHARE))
}

/// What a new rung may need; `None` without an estimate.
pub(super) fn up_rate(ctx: &AbrContext<'_>) -> Option<Bitrate> {
    let low = ctx.throughput?.low.scale(UP_FACTOR / switch_history::caution(ctx));
    Some(safe(ctx, low))
}

/// What the current rung may need; `None` without an estimate.
pub(super) fn hold_rate(ctx: &AbrContext<'_>) -> Option<Bitrate> {
    Some(safe(ctx, ctx.throughput?.low))
}

/// Position of the highest rung that needs no more than `rate`; `None` where even the lowest does.
///
/// Rungs of a higher position may need less, where known sizes contradict the declared rates; they count.
pub(super) fn highest_within(ctx: &AbrContext<'_>, rate: Bitrate) -> Option<usize> {
    ctx.ladder.iter().rposition(|rung| needed(ctx, rung) <= rate)
}

/// What the throughput alone would do, given the position of the current rung.
pub(super) fn position(ctx: &AbrContext<'_>, current: Option<usize>, up: Bitrate, hold: Bitrate) -> usize {
    let best = highest_within(ctx, up).unwrap_or(0);
    match current {
        Some(current) if needed(ctx, &ctx.ladder.rungs()[current]) <= hold => best.max(current),
        // Going down although `best` is higher cannot be: what is within the lower rate is within the higher one.
        _ => best,
    }
}

/// The score of a rung where throughput decides: its utility, the logarithm of its rate over the lowest, if it is
/// within the safe rate, and minus its excess if it is not.
pub(super) fn score(ctx: &AbrContext<'_>, position: usize, safe: Bitrate) -> Scored {
    let rung = &ctx.ladder.rungs()[position];
    let needed = needed(ctx, rung);
    if needed <= safe {
        Scored::new((rung.bitrate.bps() as f64 / ctx.ladder.lowest().bitrate.bps() as f64).ln())
    } else {
        let excess = needed.bps() as f64 / (safe.bps() as f64).max(1.0);
        Scored { score: -excess, verdict: Verdict::AboveSafeRate }
    }
}

/// Throughput alone: no look at the buffer except to abandon. Useful as a yardstick and for short buffers.
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
    fn decide(&mut self, ctx: &AbrContext<'_>) -> Decision {
        if let Some(decision) = without_evidence(Self::NAME, ctx) {
            return decision;
        }
        let up = up_rate(ctx).unwrap_or_default();
        let hold = hold_rate(ctx).unwrap_or_default();
        let current = ctx.current.and_then(|id| ctx.ladder.position(id));
        let chosen = position(ctx, current, up, hold);
        let reason = if ctx.current.is_some() && current.is_none() {
            Reason::Constrained
        } else if current == Some(chosen) && needed(ctx, &ctx.ladder.rungs()[chosen]) > up && chosen > 0 {
            Reason::Hysteresis
        } else {
            Reason::ThroughputCap
        };
        let safe = if current.is_some_and(|current| chosen <= current) { hold } else { up };
        decide(Self::NAME, ctx, chosen, reason, Some(safe), |i| score(ctx, i, safe))
    }

    fn reconsider(&mut self, ctx: &AbrContext<'_>, in_flight: &InFlight) -> Option<Decision> {
        abandon::reconsider(Self::NAME, ctx, in_flight)
    }

    fn name(&self) -> &'static str {
        Self::NAME
    }
}
