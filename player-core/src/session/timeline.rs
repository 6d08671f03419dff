//! From media times to the presentation's timeline.

use crate::container::ts::unwrap_near;
use crate::container::{Demuxed, Sample};
use crate::manifest::{SegmentRef, Timing};
use crate::text::{Cue, CueBase, TextSegment, unroll};
use abr::MediaTime;
use std::collections::BTreeMap;
use std::time::Duration;

/// Segments of a playlist and their media agree up to rounding, or differ by more than this.
const ROUNDING: Duration = Duration::from_millis(500);
/// By so small a part of its length may a period's numbered segments drift from where the manifest puts them.
const DRIFT: u32 = 100;
/// Of one period: a picture and sound that are each elsewhere, and one to spare.
const MAX_CORRECTIONS: usize = 4;

/// How media times are shifted in each epoch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timelines {
    shifts: BTreeMap<u32, MediaTime>,
    /// What is added, beside what the manifest says, in periods whose media lie elsewhere than it says.
    corrections: BTreeMap<u32, Vec<MediaTime>>,
}

impl Timelines {
    /// Is the shift of this epoch settled?
    pub(super) fn knows(&self, epoch: u32) -> bool {
        self.shifts.contains_key(&epoch)
    }

    /// Does the segment count from where the playlist does? Then it says nothing of its epoch that others would not.
    pub(super) fn agrees(segment: &SegmentRef, media: &Demuxed) -> bool {
        let times = media.streams.iter().flat_map(|stream| &stream.samples).filter(|sample| !sample.hidden);
        let first = times.map(|sample| sample.pts).min();
        segment.epoch == 0 && first.is_some_and(|first| listed_shift(segment, first) == MediaTime::ZERO)
    }

    /// What is to be added to the media times of this segment.
    ///
    /// All tracks of an epoch share a clock, so the first segment that is seen of any track sets the shift of all. The
    /// session sees to it that this is the picture's: sound that begins later would move pictures in front of the start.
    ///
    /// `extent` is the segment's epoch as the list has it. Media of a period of which nothing lies in it would never be
    /// shown: their manifest forgot to say where they begin (`presentationTimeOffset`), so the first of them that is
    /// seen tells. The browsers' players do the same.
    pub(crate) fn shift(
        &mut self,
        segment: &SegmentRef,
        media: &Demuxed,
        extent: Option<(MediaTime, MediaTime)>,
    ) -> MediaTime {
        let shown = || media.streams.iter().flat_map(|stream| &stream.samples).filter(|sample| !sample.hidden);
        let first = shown().map(|sample| sample.pts).min();
        match segment.timing {
            Timing::Anchored { shift, .. } => {
                let last = shown().map(|sample| sample.pts + sample.duration).max();
                let (Some(first), Some(last), Some(extent)) = (first, last, extent) else { return shift };
                shift + self.correction(segment, (first + shift, last + shift), extent)
            }
            Timing::Listed if media.timeless => first.map_or(MediaTime::ZERO, |first| segment.start - first),
            Timing::Listed => {
                let Some(first) = first else { return MediaTime::ZERO };
                let shift = *self.shifts.entry(segment.epoch).or_insert_with(|| listed_shift(segment, first));
                // The clock of a transport stream starts anew after 26.5 hours, in the middle of an epoch.
                unwrap_near(segment.start, first + shift) - first
            }
        }
    }

    /// What is added to times of media that lie at `found`, so that they come to lie in their period's `extent`.
    fn correction(
        &mut self,
        segment: &SegmentRef,
        (first, last): (MediaTime, MediaTime),
        extent: (MediaTime, MediaTime),
    ) -> MediaTime {
        let length = extent.1.duration_since(extent.0);
        let behind = extent.1 + ROUNDING.max(length / DRIFT);
        let fits = |by: &MediaTime| last + *by > extent.0 && first + *by < behind;
        let known = self.corrections.get(&segment.epoch).into_iter().flatten();
        // A period of which one segment was corrected is corrected as a whole, as long as that helps.
        if let Some(found) = known.copied().chain([MediaTime::ZERO]).find(fits) {
            return found;
        }
        let correction = segment.start - first;
        let of_epoch = self.corrections.entry(segment.epoch).or_default();
        if of_epoch.len() < MAX_CORRECTIONS {
            of_epoch.push(correction);
            tracing::warn!(epoch = segment.epoch, by_ms = correction.as_millis(), "media lie outside of their period");
        }
        correction
    }

    /// Cues at the presentation's times.
    pub(crate) fn cues(&self, segment: &SegmentRef, mut text: TextSegment) -> Vec<Cue> {
        let corrected = || self.corrections.get(&segment.epoch).and_then(|of_epoch| of_epoch.first());
        let shift = match (segment.timing, text.base) {
            (Timing::Anchored { shift, .. }, CueBase::Media) => shift + corrected().copied().unwrap_or(MediaTime::ZERO),
            (Timing::Anchored { shift, .. }, CueBase::Period) => shift,
            (Timing::Listed, CueBase::Period) => MediaTime::ZERO,
            (Timing::Listed, CueBase::Media) => self.shifts.get(&segment.epoch).copied().unwrap_or(MediaTime::ZERO),
        };
        if (segment.timing, text.base) == (Timing::Listed, CueBase::Media) {
            unroll(&mut text.cues, segment.start - shift);
        }
        let moved = text.cues.into_iter().map(|cue| Cue { start: cue.start + shift, end: cue.end + shift, ..cue });
        moved.collect()
    }
}

/// Most streams count from zero, and then playlist and media agree but for rounding; those that do not are off by more
/// than a segment's fraction. Behind a discontinuity the playlist alone knows.
fn listed_shift(segment: &SegmentRef, first: MediaTime) -> MediaTime {
    let difference = segment.start - first;
    // What the list has rounded so far grows with it, and at its beginning is nothing.
    let rounding = match segment.epoch {
        0 if segment.start == MediaTime::ZERO => ROUNDING,
        0 => (segment.duration / 2).max(ROUNDING),
        _ => Duration::ZERO,
    };
    if u128::from(difference.nanos().unsigned_abs()) <= rounding.as_nanos() { MediaTime::ZERO } else { difference }
}

/// Does something at this time belong to what the segment's period shows? What began before may still go on.
pub(super) fn is_within(time: MediaTime, segment: &SegmentRef) -> bool {
    !matches!(segment.timing, Timing::Anchored { end: Some(end), .. } if time >= end)
}

/// Moves samples to the presentation's timeline and marks those that a period does not show.
pub(crate) fn place(samples: &mut Vec<Sample>, segment: &SegmentRef, shift: MediaTime) {
    for sample in samples.iter_mut() {
        sample.pts += shift;
        sample.dts += shift;
        if let Timing::Anchored { start, end, .. } = segment.timing {
            // One that reaches over the border belongs to where its most is: manifests round.
            let before = sample.pts + sample.duration / 2 < start;
            sample.hidden |= before || end.is_some_and(|end| sample.pts >= end);
        }
    }
    // Nobody needs what is hidden behind the last that is shown.
    let shown = samples.iter().rposition(|sample| !sample.hidden).map_or(0, |last| last + 1);
    samples.truncate(shown);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::MediaStream;
    use crate::manifest::{ByteSource, TrackKind};
    use crate::testing::{address, sample_at, video_format};
    use std::sync::Arc;

    fn segment(start_ms: i64, epoch: u32, timing: Timing) -> SegmentRef {
        SegmentRef {
            number: 0,
            start: MediaTime::from_millis(start_ms),
            duration: Duration::from_secs(2),
            source: ByteSource { url: address("a"), range: None },
            init: None,
            epoch,
            timing,
            gap: false,
            cipher: None,
        }
    }

    fn media(first_ms: i64) -> Demuxed {
        let samples = (0..20).map(|i| sample_at(first_ms + i * 100, 100, i == 0, 1)).collect();
        let stream = MediaStream { kind: TrackKind::Video, format: Arc::new(video_format()), samples };
        Demuxed { streams: vec![stream], ..Demuxed::default() }
    }

    #[test]
    fn each_epoch_of_a_playlist_has_its_own_shift_and_keeps_it() {
        let mut timelines = Timelines::default();
        let shift = |timelines: &mut Timelines, at, epoch, first| {
            timelines.shift(&segment(at, epoch, Timing::Listed), &media(first), None).nanos() / 1_000_000
        };
        assert_eq!(shift(&mut timelines, 0, 0, 10_000), -10_000);
        assert_eq!(shift(&mut timelines, 2_000, 0, 12_040), -10_000, "rounding of the playlist moves nothing");
        assert_eq!(shift(&mut timelines, 4_000, 1, 500), 3_500);
        assert_eq!(shift(&mut timelines, 2_000, 0, 12_000), -10_000, "another track of the first epoch");
        assert!(Timelines::agrees(&segment(0, 0, Timing::Listed), &media(40)), "it counts from zero");
        assert!(!Timelines::agrees(&segment(0, 0, Timing::Listed), &media(10_000)));
        assert!(!Timelines::agrees(&segment(0, 1, Timing::Listed), &media(40)), "a playlist alone knows later epochs");
    }

    #[test]
    fn the_first_segment_begins_where_the_list_does_however_long_it_is() {
        let first = SegmentRef { duration: Duration::from_secs(10), ..segment(0, 0, Timing::Listed) };
        // As ffmpeg's transport streams do.
        let late = media(1_480);
        assert_eq!(Timelines::default().shift(&first, &late, None), MediaTime::from_millis(-1_480));
        let later = SegmentRef { start: MediaTime::from_millis(10_000), ..first };
        assert_eq!(Timelines::default().shift(&later, &media(11_480), None), MediaTime::ZERO);
    }

    #[test]
    fn a_clock_that_starts_anew_within_an_epoch_goes_on() {
        let mut timelines = Timelines::default();
        let turn_ms = (1i64 << 33) / 90;
        timelines.shift(&segment(0, 0, Timing::Listed), &media(turn_ms - 1_000), None);
        let shift = timelines.shift(&segment(2_000, 0, Timing::Listed), &media(1_000), None);
        assert!((shift.nanos() - 1_000_000_000).abs() < 1_000_000, "{shift:?}");
    }

    #[test]
    fn media_that_lie_outside_of_their_period_are_shown_in_it() {
        let anchored = Timing::Anchored { shift: MediaTime::ZERO, start: MediaTime::ZERO, end: None };
        let extent = Some((MediaTime::ZERO, MediaTime::from_millis(10_000)));
        let shift = |timelines: &mut Timelines, at, first| {
            timelines.shift(&segment(at, 0, anchored), &media(first), extent).as_millis()
        };
        let mut timelines = Timelines::default();
        assert_eq!(shift(&mut timelines, 2_000, 92_040), -90_040, "the first that is seen tells");
        assert_eq!(shift(&mut timelines, 4_000, 94_000), -90_040, "the rest follows");
        assert_eq!(shift(&mut timelines, 4_000, 500_000), -496_000, "a track that is elsewhere again");
        let mut timelines = Timelines::default();
        assert_eq!(shift(&mut timelines, 8_000, 9_500), 0, "what reaches into the period is where it says");
        let timeless = Demuxed { timeless: true, ..media(0) };
        assert_eq!(timelines.shift(&segment(6_000, 0, Timing::Listed), &timeless, extent).as_millis(), 6_000);
    }

    #[test]
    fn what_a_period_does_not_show_is_hidden_and_what_nobody_needs_is_dropped() {
        let (start, end) = (MediaTime::from_millis(500), Some(MediaTime::from_millis(1_500)));
        let anchored = Timing::Anchored { shift: MediaTime::ZERO, start, end };
        let mut samples = media(0).streams.remove(0).samples;
        place(&mut samples, &segment(0, 0, anchored), MediaTime::ZERO);
        let hidden: Vec<bool> = samples.iter().map(|sample| sample.hidden).collect();
        assert_eq!(hidden, [vec![true; 5], vec![false; 10]].concat());
    }
}
