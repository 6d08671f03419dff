//! What happened lately makes a rise harder: the brake on changing to and fro.
//!
//! A rise followed by a fall shows that the estimate was too good by more than its caution. Each such reversal in the
//! last minute, and each stall, raises the margin that the next rise needs; after a fall a rise also waits for a while.
//! Falls are never held back: a late fall is a stall.

use std::time::Duration;

use crate::controller::AbrContext;

/// How far back a reversal or a stall is held against the next rise.
const WINDOW: Duration = Duration::from_secs(60);
/// The margin that each adds. Rungs of common ladders are a factor of 1.5 to 2 apart, so three of them hold a rise
/// back by most of a rung.
const MARGIN: f64 = 0.1;
/// More than this many change nothing any more.
const MAX_COUNTED: usize = 5;
/// After a fall, no rise for this long: two common segments, enough for the estimate to have seen both.
const COOL_DOWN: Duration = Duration::from_secs(8);

/// The factor by which a rise must be better than it seems: 1 in calm times, 1.5 at most.
pub(super) fn caution(ctx: &AbrContext<'_>) -> f64 {
    let since = ctx.now.saturating_sub(WINDOW);
    let mut reversals = 0;
    let mut rose = false;
    for switch in ctx.history.switches().filter(|switch| switch.at >= since) {
        if rose && !switch.up {
            reversals += 1;
        }
        rose = switch.up;
    }
    let stalls = ctx.history.stalls().filter(|stall| stall.at.saturating_add(stall.duration) >= since).count();
    1.0 + MARGIN * (reversals + stalls).min(MAX_COUNTED) as f64
}

/// Whether the last switch was a fall too short a time ago to rise again.
pub(super) fn cooling_down(ctx: &AbrContext<'_>) -> bool {
    let last = ctx.history.switches().next_back();
    last.is_some_and(|switch| !switch.up && ctx.now.saturating_sub(switch.at) < COOL_DOWN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{History, Stall, Switch};
    use crate::ladder::{Ladder, Rung, RungId};
    use crate::units::Bitrate;

    #[test]
    fn reversals_and_stalls_count_for_a_minute() {
        let bitrate = Bitrate::from_kbps(1);
        let rung = Rung { id: RungId(0), bitrate, average: None, width: 0, height: 0, frame_rate: None };
        let ladder = Ladder::new(vec![rung]).unwrap();
        let mut history = History::new();
        let mut push = |s, up| {
            history.push_switch(Switch { at: Duration::from_secs(s), from: RungId(0), to: RungId(1), up });
        };
        for (s, up) in [(10, true), (20, true), (30, false), (40, false), (50, true), (60, false)] {
            push(s, up);
        }
        history.push_stall(Stall { at: Duration::from_secs(55), duration: Duration::from_secs(3) });
        let at = |s| AbrContext { now: Duration::from_secs(s), ..AbrContext::new(&ladder, &history) };
        assert!((caution(&at(61)) - 1.3).abs() < 1e-9);
        assert!((caution(&at(100)) - 1.2).abs() < 1e-9, "the rise at 20 s is out of the window");
        assert!((caution(&at(200)) - 1.0).abs() < 1e-9);
        assert!(cooling_down(&at(67)) && !cooling_down(&at(68)));
    }
}
