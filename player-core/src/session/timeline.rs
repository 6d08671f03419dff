//! From media times to the presentation's timeline.

use crate::container::{Demuxed, Sample};
use crate::manifest::{SegmentRef, Timing};
use crate::text::{Cue, CueBase, TextSegment};
use abr::MediaTime;
use std::collections::BTreeMap;
use std::time::Duration;

/// Segments of a playlist and their media agree up to rounding, or differ by more than this.
const ROUNDING: Duration = Duration::from_millis(500);

/// How media times are shifted in each epoch.
#[derive(Debug, Default)]
pub(super) struct Timelines {
    shifts: BTreeMap<u32, MediaTime>,
}

impl Timelines {
    /// What is to be added to the media times of this segment.
    ///
    /// All tracks of an epoch share a clock, so the first segment that is seen of any track sets the shift of all.
    pub(super) fn shift(&mut self, segment: &SegmentRef, media: &Demuxed) -> MediaTime {
        match segment.timing {
            Timing::Anchored { shift, .. } => shift,
            Timing::Listed => match self.shifts.get(&segment.epoch) {
                Some(shift) => *shift,
                None => {
                    let first = media.streams.iter().flat_map(|stream| &stream.samples).map(|sample| sample.pts).min();
                    let Some(first) = first else { return MediaTime::ZERO };
                    *self.shifts.entry(segment.epoch).or_insert(listed_shift(segment, first))
                }
            },
        }
    }

    /// Cues at the presentation's times.
    pub(super) fn cues(&self, segment: &SegmentRef, text: TextSegment) -> Vec<Cue> {
        let shift = match (segment.timing, text.base) {
            (Timing::Anchored { start, .. }, CueBase::Period) => start,
            (Timing::Anchored { shift, .. }, CueBase::Media) => shift,
            (Timing::Listed, CueBase::Period) => MediaTime::ZERO,
            (Timing::Listed, CueBase::Media) => self.shifts.get(&segment.epoch).copied().unwrap_or(MediaTime::ZERO),
        };
        let moved = text.cues.into_iter().map(|cue| Cue { start: cue.start + shift, end: cue.end + shift, ..cue });
        moved.collect()
    }
}

/// Most streams count from zero, and then playlist and media agree but for rounding; those that do not are off by more
/// than a segment's fraction. Behind a discontinuity the playlist alone knows.
fn listed_shift(segment: &SegmentRef, first: MediaTime) -> MediaTime {
    let difference = segment.start - first;
    let rounding = if segment.epoch == 0 { (segment.duration / 2).max(ROUNDING) } else { Duration::ZERO };
    if u128::from(difference.nanos().unsigned_abs()) <= rounding.as_nanos() { MediaTime::ZERO } else { difference }
}

/// Moves samples to the presentation's timeline and marks those that a period does not show.
pub(super) fn place(samples: &mut [Sample], segment: &SegmentRef, shift: MediaTime) {
    for sample in samples {
        sample.pts += shift;
        sample.dts += shift;
        if let Timing::Anchored { start, end, .. } = segment.timing {
            let ends_before = sample.pts + sample.duration <= start && !sample.duration.is_zero();
            sample.hidden = ends_before || end.is_some_and(|end| sample.pts >= end);
        }
    }
}
