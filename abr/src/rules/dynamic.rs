//! The default: throughput while the buffer is thin, BOLA while it is fat.
//!
//! After the idea of Spiteri, Sitaraman, Sparacio, "From theory to practice: improving bitrate adaptation in the DASH
//! reference player", MMSys 2018: throughput is right while there is no buffer to steer by, the buffer level is right
//! once it says more than a noisy estimate does. Ours, in one table:
//!
//! ```text
//! thin   up    as far as 0.85 * low carries                          (rules::throughput)
//!        down  when low no longer carries the current rung
//! fat    up    where BOLA wants it, as far as 0.95 * mean carries    (rules::bola)
//!        down  only where BOLA *and* low both want it: an estimate that dips costs nothing while the buffer lasts,
//!              and a buffer that is still filling is no reason to leave a rung that the link carries
//! always       nothing that could arrive too late                    (rules::insufficient_buffer)
//!              no rise soon after a fall, harder after reversals     (rules::switch_history)
//!              give up what will come too late                       (rules::abandon)
//! ```
//!
//! Fat begins at 12 s, or half the target where that is less, and ends at half of it again: two levels, so that the
//! mode itself does not flicker.

use std::time::Duration;

use super::bola::Bola;
use super::{Scored, abandon, decide, insufficient_buffer, switch_history, throughput, without_evidence};
use crate::controller::{AbrContext, AbrController, InFlight};
use crate::decision::{Decision, Reason, Verdict};
use crate::units::Bitrate;

/// Three common segments: one may be late, one may be given up, and one is still there.
const FAT: Duration = Duration::from_secs(12);
/// Share of the mean estimate that a rise may use when the buffer is fat. It is below one so that the buffer does not
/// drain at a rung that was taken for its fullness.
const FAT_UP_FACTOR: f64 = 0.95;

/// Throughput and buffer together.
#[derive(Clone, Debug, Default)]
pub struct DynamicController {
    fat: bool,
}

/// What the rules said.
struct Opinion {
    position: usize,
    reason: Reason,
    safe: Bitrate,
}

impl DynamicController {
    const NAME: &'static str = "dynamic";

    /// Begins in the thin mode.
    pub fn new() -> Self {
        Self::default()
    }

    fn update_mode(&mut self, ctx: &AbrContext<'_>) {
        let enter = ctx.rate.media_time(FAT).min(ctx.buffer_target / 2);
        self.fat = ctx.buffered >= if self.fat { enter / 2 } else { enter };
    }

    fn thin(ctx: &AbrContext<'_>, current: Option<usize>, up: Bitrate, hold: Bitrate) -> Opinion {
        let position = throughput::position(ctx, current, up, hold);
        let stays = current == Some(position);
        let held = stays && position > 0 && throughput::needed(ctx, &ctx.ladder.rungs()[position]) > up;
        Opinion {
            position,
            reason: if held { Reason::Hysteresis } else { Reason::ThroughputCap },
            safe: if current.is_some_and(|current| position <= current) { hold } else { up },
        }
    }

    fn fat(ctx: &AbrContext<'_>, current: usize, bola: &Bola, up: Bitrate, hold: Bitrate) -> Opinion {
        let wish = bola.best(ctx);
        let carries_current = throughput::needed(ctx, &ctx.ladder.rungs()[current]) <= hold;
        if wish > current {
            let mean = ctx.throughput.map_or(Bitrate::ZERO, |e| e.mean);
            let generous = throughput::safe(ctx, mean.scale(FAT_UP_FACTOR / switch_history::caution(ctx))).max(up);
            let carried = throughput::highest_within(ctx, generous).unwrap_or(0);
            let position = wish.min(carried).max(current);
            let reason = match position {
                _ if position == wish => Reason::BufferUtility,
                _ if position > current => Reason::ThroughputCap,
                _ if carries_current => Reason::ThroughputCap,
                _ => Reason::BufferUtility,
            };
            return Opinion { position, reason, safe: if position > current { generous } else { hold } };
        }
        if wish == current || carries_current {
            let reason = if wish == current { Reason::BufferUtility } else { Reason::ThroughputCap };
            return Opinion { position: current, reason, safe: hold };
        }
        let carried = throughput::highest_within(ctx, up).unwrap_or(0);
        Opinion { position: wish.max(carried).min(current), reason: Reason::BufferUtility, safe: hold }
    }
}

impl AbrController for DynamicController {
    fn decide(&mut self, ctx: &AbrContext<'_>) -> Decision {
        self.update_mode(ctx);
        if let Some(decision) = without_evidence(Self::NAME, ctx) {
            return decision;
        }
        let current = ctx.current.and_then(|id| ctx.ladder.position(id));
        let low = ctx.throughput.map_or(Bitrate::ZERO, |e| e.low);
        let up = throughput::up_rate(ctx).unwrap_or_default();
        let hold = throughput::hold_rate(ctx).unwrap_or_default();
        let bola = Bola::new(ctx);

        let Opinion { mut position, mut reason, mut safe } = match current {
            Some(current) if self.fat => Self::fat(ctx, current, &bola, up, hold),
            _ => Self::thin(ctx, current, up, hold),
        };
        if ctx.current.is_some() && current.is_none() {
            reason = Reason::Constrained;
        }
        let in_time = insufficient_buffer::ceiling(ctx, current, low);
        if in_time < position {
            (position, reason, safe) = (in_time, Reason::InsufficientBuffer, hold);
        }
        let held_back = current.filter(|current| position > *current && switch_history::cooling_down(ctx));
        if let Some(current) = held_back {
            (position, reason, safe) = (current, Reason::Hysteresis, hold);
        }

        let fat = self.fat;
        decide(Self::NAME, ctx, position, reason, Some(safe), |i| {
            let by_rate = throughput::score(ctx, i, safe);
            let verdict = match by_rate.verdict {
                _ if i > in_time => Verdict::BufferTooThin,
                Verdict::Outscored if i > position && (held_back.is_some() || reason == Reason::Hysteresis) => {
                    Verdict::HeldBack
                }
                other => other,
            };
            Scored { score: if fat { bola.score(ctx, i) } else { by_rate.score }, verdict }
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
    use super::*;
    use crate::controller::UpcomingSegment;
    use crate::history::{History, Switch};
    use crate::ladder::{Ladder, Rung, RungId};
    use crate::throughput::ThroughputEstimate;
    use crate::units::ByteCount;

    fn ladder() -> Ladder {
        let rungs = [400, 800, 1_500, 2_800, 5_000].iter().enumerate().map(|(i, kbps)| Rung {
            id: RungId(i as u16),
            bitrate: Bitrate::from_kbps(*kbps),
            average: None,
            width: 0,
            height: 0,
            frame_rate: None,
        });
        Ladder::new(rungs.collect()).unwrap()
    }

    fn decide(current: Option<u16>, buffered_s: u64, kbps: u64) -> (u16, Reason) {
        let (ladder, history) = (ladder(), History::new());
        let decision = DynamicController::new().decide(&AbrContext {
            current: current.map(RungId),
            buffered: Duration::from_secs(buffered_s),
            throughput: (kbps > 0).then(|| ThroughputEstimate::certain(Bitrate::from_kbps(kbps))),
            ..AbrContext::new(&ladder, &history)
        });
        (decision.rung.0, decision.reason)
    }

    #[test]
    fn each_rule_has_its_turn() {
        for (current, buffered, kbps, rung, reason) in [
            (None, 0, 0, 2, Reason::Start),
            (Some(3), 9, 0, 3, Reason::Start),
            (None, 0, 50_000, 4, Reason::ThroughputCap),
            (None, 0, 2_000, 1, Reason::InsufficientBuffer),
            // Thin: up at 0.85 of the estimate, down where the estimate itself is below the need, between them nothing.
            (Some(2), 8, 3_400, 3, Reason::ThroughputCap),
            (Some(3), 8, 2_900, 3, Reason::Hysteresis),
            (Some(3), 8, 2_700, 2, Reason::ThroughputCap),
            // Fat: the same dip costs nothing, until the buffer has drained.
            (Some(3), 26, 2_700, 3, Reason::BufferUtility),
            (Some(4), 13, 2_700, 2, Reason::BufferUtility),
            (Some(4), 26, 60_000, 4, Reason::BufferUtility),
            // The buffer would like more than the link carries.
            (Some(3), 29, 4_000, 3, Reason::ThroughputCap),
            (Some(0), 29, 1_000, 1, Reason::ThroughputCap),
        ] {
            assert_eq!(decide(current, buffered, kbps), (rung, reason), "{current:?} {buffered} s {kbps} kbit/s");
        }
    }

    #[test]
    fn one_rung_is_no_choice() {
        let history = History::new();
        let ladder = Ladder::new(vec![ladder().lowest().clone()]).unwrap();
        let decision = DynamicController::new().decide(&AbrContext::new(&ladder, &history));
        assert_eq!(decision.reason, Reason::OnlyChoice);
    }

    #[test]
    fn a_rung_that_was_taken_away_is_left() {
        let (ladder, history) = (ladder(), History::new());
        let decision = DynamicController::new().decide(&AbrContext {
            current: Some(RungId(77)),
            buffered: Duration::from_secs(20),
            throughput: Some(ThroughputEstimate::certain(Bitrate::from_kbps(2_000))),
            ..AbrContext::new(&ladder, &history)
        });
        assert_eq!((decision.rung, decision.reason), (RungId(2), Reason::Constrained));
    }

    #[test]
    fn a_known_large_segment_is_seen_coming() {
        let (ladder, history) = (ladder(), History::new());
        // 2.8 Mbit/s are 1.4 MB in 4 s; this one has 4 MB, and its neighbours make up for it.
        let sizes = |mb: f64| [(RungId(3), ByteCount::new((mb * 1e6) as u64))];
        let (large, small) = (sizes(4.0), sizes(0.5));
        let duration = Duration::from_secs(4);
        let upcoming = [&large, &small, &small, &small].map(|bytes| UpcomingSegment { duration, bytes });
        let ctx = AbrContext {
            current: Some(RungId(3)),
            buffered: Duration::from_secs(7),
            throughput: Some(ThroughputEstimate::certain(Bitrate::from_kbps(4_000))),
            ..AbrContext::new(&ladder, &history)
        };
        assert_eq!(DynamicController::new().decide(&ctx).rung, RungId(3));
        let decision = DynamicController::new().decide(&AbrContext { upcoming: &upcoming, ..ctx });
        assert_eq!((decision.rung, decision.reason), (RungId(2), Reason::InsufficientBuffer));
    }

    #[test]
    fn no_rise_comes_soon_after_a_fall() {
        let (ladder, mut history) = (ladder(), History::new());
        history.push_switch(Switch { at: Duration::from_secs(100), from: RungId(3), to: RungId(1), up: false });
        let at = |secs| {
            let decision = DynamicController::new().decide(&AbrContext {
                now: Duration::from_secs(secs),
                current: Some(RungId(1)),
                buffered: Duration::from_secs(10),
                throughput: Some(ThroughputEstimate::certain(Bitrate::from_kbps(20_000))),
                ..AbrContext::new(&ladder, &history)
            });
            (decision.rung.0, decision.reason, decision.trace.rungs.as_slice()[4].verdict)
        };
        assert_eq!(at(105), (1, Reason::Hysteresis, Verdict::HeldBack));
        assert_eq!(at(110), (4, Reason::ThroughputCap, Verdict::Chosen));
    }

    #[test]
    fn the_mode_has_two_levels() {
        let (ladder, history) = (ladder(), History::new());
        let mut controller = DynamicController::new();
        let mut fat = |secs| {
            let buffered = Duration::from_secs(secs);
            controller.decide(&AbrContext { buffered, ..AbrContext::new(&ladder, &history) });
            controller.fat
        };
        assert!(!fat(11) && fat(12) && fat(7) && fat(6) && !fat(5) && !fat(11));
    }
}
