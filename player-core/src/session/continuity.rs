//! Whether what came is all that was announced: holes that no list tells of.

use crate::container::Sample;
use crate::manifest::{SegmentRef, Timing, TrackKind};
use abr::MediaTime;
use std::collections::BTreeMap;
use std::time::Duration;

/// Beside the length of one sample, this much may be missing between two segments: encoders that are started anew for
/// each begin with whole frames, and clocks of transport streams are rounded.
const SLACK: Duration = Duration::from_millis(100);
/// How far the end of a segment may be from where the list has it, for the list to be believed.
const AGREEMENT: Duration = Duration::from_millis(250);
/// So much must be missing at the end of a track: lists are rounded up there.
const SLACK_AT_END: Duration = Duration::from_millis(500);

/// Something that should have been in a segment and was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hole {
    pub(super) number: u64,
    pub(super) at: MediaTime,
    pub(super) lasts: Duration,
}

/// Follows the tracks from segment to segment.
#[derive(Debug, Default)]
pub(super) struct Continuity(BTreeMap<TrackKind, Last>);

/// The segment before.
#[derive(Clone, Copy, Debug)]
struct Last {
    number: u64,
    epoch: u32,
    /// Where the list says that it ends.
    listed_end: MediaTime,
    /// Where its media end.
    end: MediaTime,
    /// Its longest sample.
    longest: Duration,
    /// Segments in a row that ended where the list says, this one not counted.
    agreed: u32,
}

impl Last {
    fn agrees(&self) -> bool {
        self.end.max(self.listed_end).duration_since(self.end.min(self.listed_end)) <= AGREEMENT
    }
}

impl Continuity {
    /// Takes a segment's samples of one kind, on the presentation's timeline. `came` is how many there were before
    /// those that the period does not show were dropped. Returns what is missing between it and the one before, or all
    /// of it.
    pub(super) fn follow(
        &mut self,
        kind: TrackKind,
        segment: &SegmentRef,
        samples: &[Sample],
        came: usize,
    ) -> Option<Hole> {
        let before = self.0.remove(&kind);
        let (Some(first), Some(end)) = (
            samples.iter().map(|sample| sample.pts).min(),
            samples.iter().map(|sample| sample.pts + sample.duration).max(),
        ) else {
            let lost = came > 0 && segment.duration > SLACK_AT_END;
            return lost.then_some(Hole { number: segment.number, at: segment.start, lasts: segment.duration });
        };
        let longest = samples.iter().map(|sample| sample.duration).max().unwrap_or_default();
        let joins = |last: &Last| last.epoch == segment.epoch && within(last.listed_end, segment.start, AGREEMENT);
        let before = before.filter(joins);
        let agreed = before.filter(Last::agrees).map_or(0, |last| last.agreed + 1);
        let (number, epoch, listed_end) = (segment.number, segment.epoch, segment.end());
        self.0.insert(kind, Last { number, epoch, listed_end, end, longest, agreed });
        let before = before?;
        let lasts = first.duration_since(before.end);
        (lasts > before.longest + SLACK).then_some(Hole { number: before.number, at: before.end, lasts })
    }

    /// What is missing behind the last segment of a track, where the list has been right so far. Only playlists list
    /// lengths of segments; elsewhere the last is as long as the period.
    pub(super) fn end(&mut self, kind: TrackKind, segment: &SegmentRef) -> Option<Hole> {
        let last = self.0.remove(&kind).filter(|_| segment.timing == Timing::Listed)?;
        let lasts = last.listed_end.duration_since(last.end);
        let lost = last.agreed > 0 && lasts > SLACK_AT_END + last.longest;
        lost.then_some(Hole { number: last.number, at: last.end, lasts })
    }

    /// What comes next does not follow what came.
    pub(super) fn interrupt(&mut self, kind: TrackKind) {
        self.0.remove(&kind);
    }
}

fn within(a: MediaTime, b: MediaTime, distance: Duration) -> bool {
    a.max(b).duration_since(a.min(b)) <= distance
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::ByteSource;
    use crate::testing::{address, sample_at};

    fn segment(number: u64, timing: Timing) -> SegmentRef {
        SegmentRef {
            number,
            start: MediaTime::from_millis(number as i64 * 1_000),
            duration: Duration::from_secs(1),
            source: ByteSource { url: address("a"), range: None },
            init: None,
            epoch: 0,
            timing,
            gap: false,
            cipher: None,
        }
    }

    /// Ten samples in a second, without the last of them.
    fn samples(number: u64, without: usize) -> Vec<Sample> {
        let start = number as i64 * 1_000;
        (0..10 - without as i64).map(|i| sample_at(start + i * 100, 100, i == 0, 1)).collect()
    }

    #[test]
    fn a_hole_between_segments_is_told_and_a_rounding_is_none() {
        let mut continuity = Continuity::default();
        let mut follow = |number, without| {
            let samples = samples(number, without);
            continuity.follow(TrackKind::Video, &segment(number, Timing::Listed), &samples, samples.len())
        };
        assert_eq!(follow(0, 1), None);
        assert_eq!(follow(1, 4), None, "a tenth of a second is rounding");
        let at = MediaTime::from_millis(1_600);
        assert_eq!(follow(2, 0), Some(Hole { number: 1, at, lasts: Duration::from_millis(400) }));
        assert_eq!(follow(5, 0), None, "a list that jumps has said so");
    }

    #[test]
    fn the_end_is_believed_where_the_list_was_right_before() {
        let end = |timing, shorter: usize, without| {
            let mut continuity = Continuity::default();
            for number in 0..2 {
                let samples = samples(number, if number == 0 { shorter } else { without });
                continuity.follow(TrackKind::Audio, &segment(number, timing), &samples, samples.len());
            }
            continuity.end(TrackKind::Audio, &segment(1, timing)).map(|hole| hole.lasts)
        };
        assert_eq!(end(Timing::Listed, 0, 8), Some(Duration::from_millis(800)));
        assert_eq!(end(Timing::Listed, 0, 4), None);
        assert_eq!(end(Timing::Listed, 5, 8), None, "it was wrong before");
        let anchored = Timing::Anchored { shift: MediaTime::ZERO, start: MediaTime::ZERO, end: None };
        assert_eq!(end(anchored, 0, 8), None);
    }

    #[test]
    fn a_segment_of_which_nothing_is_shown_is_a_hole() {
        let hole = Continuity::default().follow(TrackKind::Video, &segment(3, Timing::Listed), &[], 10);
        assert_eq!(hole.map(|hole| hole.lasts), Some(Duration::from_secs(1)));
        assert_eq!(Continuity::default().follow(TrackKind::Video, &segment(3, Timing::Listed), &[], 0), None);
    }
}
