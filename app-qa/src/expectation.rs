//! What a run is held to.

use crate::report::Report;
use player_core::PlaybackState;

/// How far before the end of its title the last picture may come. Picture and sound end up to a frame or two apart;
/// what gets lost are segments, and they last longer.
const TAIL_S: f64 = 1.0;

/// What a run is held to besides what every run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expectation {
    /// Each picture carries the burnt-in counter.
    pub counter: bool,
    /// Stalls that are forgiven, for links and machines that are slow on purpose.
    pub stalls: u32,
}

impl Expectation {
    /// Why the run is not as it should be, one sentence each; empty if it is.
    pub fn complaints(&self, report: &Report) -> Vec<String> {
        [
            report.error.as_ref().map(ToString::to_string),
            no_picture(report),
            lost_frames(report),
            lost_tail(report),
            self.too_many_stalls(report),
            self.unreadable_counter(report),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn too_many_stalls(&self, report: &Report) -> Option<String> {
        (report.stalls > self.stalls)
            .then(|| format!("playback stalled {} times, {:.1} s in all", report.stalls, report.stalled_s))
    }

    fn unreadable_counter(&self, report: &Report) -> Option<String> {
        let unreadable = report.picture.frames.saturating_sub(report.picture.with_counter);
        (self.counter && unreadable > 0)
            .then(|| format!("the counter is unreadable in {unreadable} of {} pictures", report.picture.frames))
    }
}

fn no_picture(report: &Report) -> Option<String> {
    (report.picture.frames == 0 && report.video_decoder.is_some()).then(|| "no picture was shown".to_owned())
}

fn lost_frames(report: &Report) -> Option<String> {
    (!report.picture.is_perfect()).then(|| "frames were lost, repeated or out of order".to_owned())
}

/// The player's own position cannot tell: it is the end as soon as the player says so.
fn lost_tail(report: &Report) -> Option<String> {
    let (last, duration) = (report.last_picture_s?, report.duration_s?);
    let lost = report.state == PlaybackState::Ended && last + TAIL_S < duration;
    lost.then(|| format!("playback ended with the picture at {last:.1} s of {duration:.1} s"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::ProcessFigures;
    use player_core::{ErrorCode, PlaybackError, PlayerSnapshot};

    /// A QA title of a minute, played to its end.
    fn flawless() -> Report {
        let snapshot = PlayerSnapshot { state: PlaybackState::Ended, ..PlayerSnapshot::initial() };
        let mut report = Report::from_snapshot("title".into(), &snapshot, ProcessFigures::default());
        report.duration_s = Some(60.0);
        report.last_picture_s = Some(59.96);
        report.video_decoder = Some("decoder".into());
        (report.picture.frames, report.picture.with_counter) = (1500, 1500);
        report
    }

    const QA: Expectation = Expectation { counter: true, stalls: 0 };

    fn complaint(expectation: Expectation, change: impl FnOnce(&mut Report)) -> Option<String> {
        let mut report = flawless();
        change(&mut report);
        let complaints = expectation.complaints(&report);
        assert!(complaints.len() <= 1, "{complaints:?}");
        complaints.into_iter().next()
    }

    #[test]
    fn nothing_is_said_against_a_flawless_run() {
        assert_eq!(complaint(QA, |_| {}), None);
    }

    #[test]
    fn a_stall_is_a_failure_unless_it_is_forgiven() {
        let stalled = |report: &mut Report| (report.stalls, report.stalled_s) = (2, 1.25);
        assert_eq!(complaint(QA, stalled).unwrap(), "playback stalled 2 times, 1.2 s in all");
        assert!(complaint(Expectation { stalls: 1, ..QA }, stalled).is_some());
        assert_eq!(complaint(Expectation { stalls: 2, ..QA }, stalled), None);
    }

    #[test]
    fn an_end_before_the_end_is_a_failure() {
        let text = complaint(QA, |report| report.last_picture_s = Some(57.96)).unwrap();
        assert_eq!(text, "playback ended with the picture at 58.0 s of 60.0 s");
        assert_eq!(complaint(QA, |report| report.last_picture_s = Some(59.5)), None);
        let stopped = |report: &mut Report| {
            (report.state, report.last_picture_s) = (PlaybackState::Playing, Some(10.0));
        };
        assert_eq!(complaint(QA, stopped), None, "whoever stops early has lost nothing");
    }

    #[test]
    fn a_counter_must_be_readable_where_there_is_one() {
        let text = complaint(QA, |report| report.picture.with_counter = 1498).unwrap();
        assert_eq!(text, "the counter is unreadable in 2 of 1500 pictures");
        assert_eq!(complaint(Expectation::default(), |report| report.picture.with_counter = 0), None);
    }

    #[test]
    fn pictures_must_come_once_in_order_and_at_all() {
        assert!(complaint(QA, |report| report.picture.missing = 1).is_some());
        assert!(complaint(QA, |report| (report.picture.frames, report.picture.with_counter) = (0, 0)).is_some());
    }

    #[test]
    fn an_error_speaks_for_itself() {
        let error = PlaybackError::fatal(ErrorCode::CodecUnsupported, "video/x-h266");
        assert_eq!(complaint(QA, |report| report.error = Some(error.clone())), Some(error.to_string()));
    }
}
