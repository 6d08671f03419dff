//! What the viewer got, in numbers.
//!
//! Plain data and a small accumulator. The caller reports what was *shown*, not what was fetched: quality that was
//! downloaded and then replaced or skipped was never anyone's experience.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::serde_seconds;
use crate::units::Bitrate;

/// A session in numbers. Times are seconds when serialised.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct QoeReport {
    /// From the viewer's command to the first frame; `None` where none was shown.
    #[serde(with = "serde_seconds::option")]
    pub startup: Option<Duration>,
    /// Media shown.
    #[serde(with = "serde_seconds")]
    pub played: Duration,
    /// How often playback stood still for want of media.
    pub stalls: u32,
    /// How long in all.
    #[serde(with = "serde_seconds")]
    pub stalled: Duration,
    /// `stalled / (stalled + played)`, from 0 to 1; 0 where nothing was shown.
    pub stall_ratio: f64,
    /// Mean of the shown rungs' bitrates, weighted by time.
    pub mean_bitrate: Bitrate,
    /// How often the shown rung changed.
    pub switches: u32,
    /// Mean absolute change of bitrate per switch.
    pub mean_switch: Bitrate,
    /// Media shown in the top rung of the ladder.
    #[serde(with = "serde_seconds")]
    pub at_top: Duration,
}

/// Collects a [`QoeReport`].
#[derive(Clone, Debug, Default)]
pub struct QoeAccumulator {
    report: QoeReport,
    top: Option<Bitrate>,
    shown: Option<Bitrate>,
    /// Bits per second times nanoseconds.
    bits: u128,
    /// Sum of the absolute changes in bit/s.
    changes: u128,
}

impl QoeAccumulator {
    /// Nothing shown yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The first frame was shown this long after the viewer's command. Only the first call counts.
    pub fn started(&mut self, startup: Duration) {
        self.report.startup.get_or_insert(startup);
    }

    /// The declared rate of the top rung, as it is now: the ladder before constraints, because a viewer does not care
    /// who withheld the better picture.
    pub fn top_rung(&mut self, bitrate: Bitrate) {
        self.top = Some(bitrate);
    }

    /// Media of a rung with this declared rate was shown for this long.
    pub fn rung_shown(&mut self, bitrate: Bitrate, duration: Duration) {
        if duration.is_zero() {
            return;
        }
        self.report.played = self.report.played.saturating_add(duration);
        self.bits = self.bits.saturating_add(u128::from(bitrate.bps()).saturating_mul(duration.as_nanos()));
        if self.top.is_some_and(|top| bitrate >= top) {
            self.report.at_top = self.report.at_top.saturating_add(duration);
        }
        if let Some(before) = self.shown.replace(bitrate).filter(|before| *before != bitrate) {
            self.report.switches = self.report.switches.saturating_add(1);
            self.changes = self.changes.saturating_add(u128::from(before.bps().abs_diff(bitrate.bps())));
        }
    }

    /// Playback stood still for this long and has resumed, or the session ended meanwhile. Start-up and seeks are not
    /// stalls.
    pub fn stalled(&mut self, duration: Duration) {
        self.report.stalls = self.report.stalls.saturating_add(1);
        self.report.stalled = self.report.stalled.saturating_add(duration);
    }

    /// The report as of now.
    pub fn report(&self) -> QoeReport {
        let mut report = self.report.clone();
        let total = report.stalled.as_secs_f64() + report.played.as_secs_f64();
        report.stall_ratio = if total > 0.0 { report.stalled.as_secs_f64() / total } else { 0.0 };
        report.mean_bitrate = quotient(self.bits, report.played.as_nanos());
        report.mean_switch = quotient(self.changes, u128::from(report.switches));
        report
    }
}

fn quotient(sum: u128, count: u128) -> Bitrate {
    Bitrate::from_bps(sum.checked_div(count).map_or(0, |bps| u64::try_from(bps).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_in_numbers() {
        let (low, high) = (Bitrate::from_kbps(1000), Bitrate::from_kbps(4000));
        let mut qoe = QoeAccumulator::new();
        assert_eq!(qoe.report(), QoeReport::default());
        qoe.top_rung(high);
        qoe.started(Duration::from_millis(300));
        qoe.started(Duration::from_secs(9));
        qoe.rung_shown(low, Duration::from_secs(10));
        qoe.rung_shown(low, Duration::from_secs(10));
        qoe.rung_shown(high, Duration::ZERO);
        qoe.rung_shown(high, Duration::from_secs(40));
        qoe.stalled(Duration::from_secs(20));
        qoe.rung_shown(low, Duration::from_secs(20));
        let report = qoe.report();
        assert_eq!(report.startup, Some(Duration::from_millis(300)));
        assert_eq!(report.played, Duration::from_secs(80));
        assert_eq!((report.stalls, report.stall_ratio), (1, 0.2));
        assert_eq!(report.mean_bitrate, Bitrate::from_kbps(2500));
        assert_eq!((report.switches, report.mean_switch), (2, Bitrate::from_kbps(3000)));
        assert_eq!(report.at_top, Duration::from_secs(40));
        let json = serde_json::to_string(&report).unwrap();
        assert!(json.contains(r#""startup":0.3"#), "{json}");
        assert_eq!(serde_json::from_str::<QoeReport>(&json).unwrap(), report);
    }

    #[test]
    fn huge_values_saturate() {
        let mut qoe = QoeAccumulator::new();
        (0..3).for_each(|_| {
            qoe.rung_shown(Bitrate::from_bps(u64::MAX), Duration::MAX);
            qoe.rung_shown(Bitrate::ZERO, Duration::MAX);
            qoe.stalled(Duration::MAX);
        });
        assert!((0.0..=1.0).contains(&qoe.report().stall_ratio));
    }
}
