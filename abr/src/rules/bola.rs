//! BOLA: choose by the buffer level alone, with a guarantee.
//!
//! Spiteri, Urgaonkar, Sitaraman, "BOLA: Near-optimal bitrate adaptation for online videos", INFOCOM 2016. In every
//! step it takes the rung with the best utility per bit, where the buffer level is the price of downloading:
//!
//! ```text
//! u(m)        = ln(S(m) / S(0))                        utility; S: bits per second of rung m
//! score(m, Q) = (V * (u(m) + g) - Q) / (S(m) / S(0))   Q: buffer in seconds
//! choose the rung of the highest score
//! ```
//!
//! V weighs quality against the buffer and g weighs a moving picture against quality. The paper leaves both to the
//! operator; here they follow from two buffer levels that mean something:
//!
//! ```text
//! at Q = target   the top rung's score is zero: above, nothing is worth downloading   V * (u(M) + g) = target
//! at Q = reserve  the lowest rung gives way to the next                               V * (g - a)     = reserve
//!                 with a = u(1) / (S(1) / S(0) - 1)
//! =>  V = (target - reserve) / (u(M) + a),   g = reserve / V + a
//! ```
//!
//! Deviations: the level is in seconds of wall time rather than segments, so segments of different durations and
//! playback speeds fit; loading pauses by [`crate::BufferPolicy`] and not by the negative score; and a rung above the
//! current one is taken only as far as the measured throughput carries it (BOLA-O of the paper), which stops the
//! eternal change between two rungs on a link that lies between them.

use super::{Scored, abandon, decide, throughput, without_evidence};
use crate::controller::{AbrContext, AbrController, InFlight};
use crate::decision::{Decision, Reason, Verdict};

/// The reserve is this share of the target, at most [`MAX_RESERVE_S`]: 5 s of 30.
const RESERVE_SHARE: f64 = 1.0 / 6.0;
/// One long segment: beyond it the lowest rung protects nothing that the next rung would not.
const MAX_RESERVE_S: f64 = 6.0;

/// The parameters for one ladder and target.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bola {
    /// Seconds per unit of utility.
    v: f64,
    /// The utility of a moving picture.
    g: f64,
}

impl Bola {
    /// For the ladder and the buffer target of the context.
    pub(super) fn new(ctx: &AbrContext<'_>) -> Self {
        // A target of nothing would make the price infinite; below a second there is no buffer to steer by.
        let target = ctx.buffer_target.as_secs_f64().clamp(1.0, 3600.0) / f64::from(ctx.rate.get());
        let reserve = (target * RESERVE_SHARE).min(MAX_RESERVE_S);
        let utilities = ctx.ladder.len() - 1;
        let (top, second) = (utility(ctx, utilities), utility(ctx, 1.min(utilities)));
        // As the second rate nears the first, u(1) / (S(1) / S(0) - 1) nears one.
        let step = second.exp() - 1.0;
        let a = if step > 1e-9 { second / step } else { 1.0 };
        let v = (target - reserve) / (top + a);
        Self { v, g: reserve / v + a }
    }

    /// The score of the rung at `position`; positive while downloading is worth it.
    pub(super) fn score(&self, ctx: &AbrContext<'_>, position: usize) -> f64 {
        let level = ctx.buffered.as_secs_f64().min(3600.0) / f64::from(ctx.rate.get());
        let utility = utility(ctx, position);
        (self.v * (utility + self.g) - level) / utility.exp()
    }

    /// Position of the best rung; the higher one where two are equal.
    pub(super) fn best(&self, ctx: &AbrContext<'_>) -> usize {
        let top = ctx.ladder.len() - 1;
        // Above the target every score is negative, and the least negative one is the top rung's or close to it: more
        // bits make the same debt smaller. So no special case is needed for a buffer that is overfull.
        (0..=top).max_by(|a, b| self.score(ctx, *a).total_cmp(&self.score(ctx, *b))).unwrap_or(0)
    }
}

fn utility(ctx: &AbrContext<'_>, position: usize) -> f64 {
    let rate = |position: usize| ctx.ladder.rungs()[position].planning_rate().bps() as f64;
    // Declared means may contradict the order of the peaks; utility below the lowest rung is none.
    (rate(position) / rate(0)).ln().max(0.0)
}

/// BOLA with the cap of BOLA-O.
#[derive(Clone, Debug, Default)]
pub struct BolaController {}

impl BolaController {
    const NAME: &'static str = "bola";

    /// It keeps no state.
    pub fn new() -> Self {
        Self::default()
    }
}

impl AbrController for BolaController {
    fn decide(&mut self, ctx: &AbrContext<'_>) -> Decision {
        if let Some(decision) = without_evidence(Self::NAME, ctx) {
            return decision;
        }
        let bola = Bola::new(ctx);
        let wish = bola.best(ctx);
        let hold = throughput::hold_rate(ctx).unwrap_or_default();
        let carried = throughput::highest_within(ctx, hold).unwrap_or(0);
        let current = ctx.current.and_then(|id| ctx.ladder.position(id));
        let ceiling = carried.max(current.unwrap_or(0));
        let chosen = wish.min(ceiling);
        let reason = if ctx.current.is_some() && current.is_none() {
            Reason::Constrained
        } else if chosen < wish && chosen == carried {
            Reason::ThroughputCap
        } else if chosen < wish {
            Reason::Hysteresis
        } else {
            Reason::BufferUtility
        };
        decide(Self::NAME, ctx, chosen, reason, Some(hold), |i| {
            let verdict = if i > ceiling { Verdict::AboveSafeRate } else { Verdict::Outscored };
            Scored { score: bola.score(ctx, i), verdict }
        })
    }

    fn reconsider(&mut self, ctx: &AbrContext<'_>, in_flight: &InFlight) -> Option<Decision> {
        abandon::reconsider(Self::NAME, ctx, in_flight)
    }

    fn name(&self) -> &'static str {
        Self::NAME
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::history::History;
    use crate::ladder::{Ladder, Rung, RungId};
    use crate::units::Bitrate;

    fn ladder(kbps: &[u64]) -> Ladder {
        let rungs = kbps.iter().enumerate().map(|(i, kbps)| Rung {
            id: RungId(i as u16),
            bitrate: Bitrate::from_kbps(*kbps),
            average: None,
            width: 0,
            height: 0,
            frame_rate: None,
        });
        Ladder::new(rungs.collect()).unwrap()
    }

    #[test]
    fn the_two_levels_mean_what_they_say() {
        let (ladder, history) = (ladder(&[400, 800, 1600, 3200]), History::new());
        let at = |s: f64| AbrContext { buffered: Duration::from_secs_f64(s), ..AbrContext::new(&ladder, &history) };
        let bola = Bola::new(&at(0.0));
        assert_eq!(bola.best(&at(0.0)), 0);
        assert_eq!(bola.best(&at(4.9)), 0, "below the reserve of 5 s");
        assert_eq!(bola.best(&at(5.1)), 1, "above it");
        assert!(bola.score(&at(30.0), 3).abs() < 1e-9, "worth nothing at the target");
        assert_eq!(bola.best(&at(29.0)), 3);
        assert_eq!(bola.best(&at(300.0)), 3);
    }

    #[test]
    fn more_buffer_never_means_less_quality() {
        for kbps in [vec![400, 800, 1600, 3200], vec![100, 101, 5000], vec![500, 500, 500], vec![1, 20_000]] {
            let (ladder, history) = (ladder(&kbps), History::new());
            let mut before = 0;
            for tenth in 0..400 {
                let buffered = Duration::from_millis(100 * tenth);
                let ctx = AbrContext { buffered, ..AbrContext::new(&ladder, &history) };
                let best = Bola::new(&ctx).best(&ctx);
                assert!(best >= before, "{kbps:?} at {buffered:?}: {before} to {best}");
                before = best;
            }
        }
    }
}
