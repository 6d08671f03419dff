//! Which segments that wait in the buffer are worth fetching again, better.
//!
//! After a bad minute the buffer is full of low quality, and a viewer on a link that has recovered would watch all of it
//! before the good times arrive. Some players drop such segments from the far end of their queue when the wish has risen
//! (ExoPlayer asks its track selection for a queue size). This is the same idea with the safety spelled out:
//!
//! ```text
//! clearly lower: the declared rate of the new rung is at least 1.5 times that of the segment
//! safe rate:     the low estimate, times 0.8
//! replace        the longest run of clearly lower segments at the far end,
//! but keep       at least 2 segments and 8 s,
//!           and  8 s beyond the time that one segment of the new rung takes at the safe rate, waits included,
//!           and  half of the full buffer: controllers that steer by the buffer must not see an empty one,
//! and only if    the safe rate is at least the new rung's demand: the buffer does not shrink while it is repaired
//!                and nothing was replaced within the time that the last replacement bought
//! ```
//!
//! Why it does not oscillate: what was replaced is of the new rung and not clearly lower any more, and a link that falls
//! again and recovers again is believed again only after a whole buffer's worth of playback.

use std::time::Duration;

use crate::controller::AbrContext;
use crate::ladder::RungId;

/// A segment that waits, of which nothing has gone to a decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitingSegment {
    /// What it was fetched in.
    pub rung: RungId,
    /// Media time it lasts.
    pub duration: Duration,
}

/// What is asked: the segments that wait, and the rung that was chosen for what comes after them.
#[derive(Clone, Copy, Debug)]
pub struct Replacement<'a> {
    /// Next to be played first. They end where the buffer ends.
    pub waiting: &'a [WaitingSegment],
    /// The rung to fetch now.
    pub rung: RungId,
    /// When segments were last replaced, on the clock of [`AbrContext::now`].
    pub last: Option<Duration>,
}

/// A rung is clearly higher from this factor on: one step of common ladders is 1.4 to 2, and less cannot be seen.
const CLEARLY: f64 = 1.5;
/// Of the low estimate; a repair that stalls is worse than none.
const SAFETY: f64 = 0.8;
/// Kept whatever the forecast says: two segments, so that one can be late and one be given up, and as much time as a
/// short outage takes.
const LEAST_SEGMENTS: usize = 2;
const LEAST_BUFFER: Duration = Duration::from_secs(8);

/// How many of the waiting segments to keep, counted from the next to be played; all of them where nothing is to be
/// replaced. Never leaves less than two of them and eight seconds of buffer.
pub fn segments_to_keep(ctx: &AbrContext<'_>, wish: &Replacement<'_>) -> usize {
    let all = wish.waiting.len();
    let Some(floor) = floor(ctx, wish) else { return all };
    let mut keep = all;
    let mut left = ctx.buffered;
    for segment in wish.waiting.iter().rev() {
        let rest = left.saturating_sub(segment.duration);
        if keep <= LEAST_SEGMENTS || rest < floor || !is_clearly_lower(ctx, segment.rung, wish.rung) {
            break;
        }
        (keep, left) = (keep - 1, rest);
    }
    keep
}

/// What must stay buffered; `None` where nothing may be replaced now.
fn floor(ctx: &AbrContext<'_>, wish: &Replacement<'_>) -> Option<Duration> {
    let rested = wish.last.is_none_or(|last| ctx.now.saturating_sub(last) >= ctx.rate.wall_time(ctx.buffer_target));
    let rung = ctx.ladder.get(wish.rung).filter(|_| rested)?;
    let safe = ctx.throughput?.low.scale(SAFETY);
    if safe < ctx.demand(rung).scale(f64::from(ctx.rate.get())) {
        return None;
    }
    let fetch = safe.time_for(ctx.next_size(rung)).saturating_add(ctx.ttfb.unwrap_or_default());
    Some(ctx.rate.media_time(LEAST_BUFFER.saturating_add(fetch)).max(ctx.buffer_target / 2))
}

fn is_clearly_lower(ctx: &AbrContext<'_>, old: RungId, new: RungId) -> bool {
    match (ctx.ladder.get(old), ctx.ladder.get(new)) {
        (Some(old), Some(new)) => new.bitrate >= old.bitrate.scale(CLEARLY),
        // A rung that is no longer allowed was perhaps too high and not too low.
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::History;
    use crate::ladder::{Ladder, Rung};
    use crate::throughput::ThroughputEstimate;
    use crate::units::{Bitrate, PlaybackRate};

    const SEGMENT: Duration = Duration::from_secs(4);

    fn ladder() -> Ladder {
        let rung = |(index, kbps): (usize, &u64)| Rung {
            id: RungId(index as u16),
            bitrate: Bitrate::from_kbps(*kbps),
            average: None,
            width: 0,
            height: 0,
            frame_rate: None,
        };
        Ladder::new([300, 700, 900, 3000, 6000].iter().enumerate().map(rung).collect()).unwrap()
    }

    struct Case {
        waiting: Vec<u16>,
        rung: u16,
        low_kbps: u64,
        buffered_s: u64,
        last_s: Option<u64>,
        speed: f32,
        target_s: u64,
    }

    impl Default for Case {
        fn default() -> Self {
            Self {
                waiting: vec![0; 7],
                rung: 3,
                low_kbps: 8_000,
                buffered_s: 29,
                last_s: None,
                speed: 1.0,
                target_s: 30,
            }
        }
    }

    fn keep(case: &Case) -> usize {
        let (ladder, history) = (ladder(), History::new());
        let waiting: Vec<_> =
            case.waiting.iter().map(|rung| WaitingSegment { rung: RungId(*rung), duration: SEGMENT }).collect();
        let ctx = AbrContext {
            now: Duration::from_secs(100),
            buffered: Duration::from_secs(case.buffered_s),
            buffer_target: Duration::from_secs(case.target_s),
            throughput: (case.low_kbps > 0).then(|| ThroughputEstimate::certain(Bitrate::from_kbps(case.low_kbps))),
            rate: PlaybackRate::new(case.speed).unwrap(),
            ..AbrContext::new(&ladder, &history)
        };
        let last = case.last_s.map(Duration::from_secs);
        segments_to_keep(&ctx, &Replacement { waiting: &waiting, rung: RungId(case.rung), last })
    }

    #[test]
    fn low_segments_go_from_the_far_end_until_the_floor() {
        // 29 s: half of the full buffer must stay, so three of seven go and leave 17 s.
        assert_eq!(keep(&Case::default()), 4);
        // With a smaller one it is 8 s and the 1.9 s of one fetch: four go and leave 13 s.
        assert_eq!(keep(&Case { target_s: 12, ..Case::default() }), 3);
        assert_eq!(keep(&Case { target_s: 12, low_kbps: 80_000, ..Case::default() }), 2, "never less than two");
        assert_eq!(
            keep(&Case { buffered_s: 12, waiting: vec![0; 3], ..Case::default() }),
            3,
            "a thin buffer is let be"
        );
        assert_eq!(keep(&Case { waiting: vec![], ..Case::default() }), 0);
    }

    #[test]
    fn only_a_run_of_clearly_lower_ones_goes() {
        assert_eq!(keep(&Case { waiting: vec![0, 0, 0, 3, 0, 0], ..Case::default() }), 4);
        assert_eq!(keep(&Case { waiting: vec![3; 7], ..Case::default() }), 7);
        assert_eq!(keep(&Case { waiting: vec![1; 7], rung: 2, ..Case::default() }), 7, "700 to 900 is not seen");
        assert_eq!(keep(&Case { waiting: vec![4; 7], ..Case::default() }), 7, "higher ones stay");
        assert_eq!(keep(&Case { waiting: vec![9; 7], ..Case::default() }), 7, "and unknown ones");
        assert_eq!(keep(&Case { rung: 9, ..Case::default() }), 7);
    }

    #[test]
    fn a_link_that_does_not_carry_the_new_rung_replaces_nothing() {
        assert_eq!(keep(&Case { low_kbps: 3_700, ..Case::default() }), 7, "four fifths of it are below 3000");
        assert!(keep(&Case { low_kbps: 3_800, ..Case::default() }) < 7);
        assert_eq!(keep(&Case { low_kbps: 0, ..Case::default() }), 7, "nor one that nobody has measured");
        assert_eq!(keep(&Case { low_kbps: 7_000, speed: 2.0, ..Case::default() }), 7, "at double speed");
    }

    #[test]
    fn after_a_replacement_there_is_rest_for_a_buffers_time() {
        assert_eq!(keep(&Case { last_s: Some(80), ..Case::default() }), 7);
        assert!(keep(&Case { last_s: Some(69), ..Case::default() }) < 7);
    }

    #[test]
    fn whatever_is_asked_the_safe_buffer_stays() {
        for buffered_s in 0..40 {
            for count in 0..9_usize {
                for low_kbps in [0, 500, 4_000, 50_000, u64::MAX / 1000] {
                    for rung in 0..5 {
                        let waiting = vec![0; count];
                        let case = Case { waiting, rung, low_kbps, buffered_s, target_s: 1, ..Case::default() };
                        let kept = keep(&case);
                        let left = buffered_s.saturating_sub(4 * (count - kept) as u64);
                        assert!(kept == count || (kept >= 2 && left >= 8), "{kept} of {count}, {left} s");
                    }
                }
            }
        }
    }
}
