//! Our buffer: the compressed samples of one track, ahead of and a little behind the playhead.

use crate::container::{Sample, TrackFormat};
use abr::{MediaTime, RungId};
use std::collections::VecDeque;
use std::sync::Arc;

/// Pictures that may be decoded before one that is shown earlier.
const REORDERED: usize = 16;

/// Samples of one segment.
#[derive(Clone, Debug)]
pub struct QueuedSegment {
    pub rung: RungId,
    pub number: u64,
    pub start: MediaTime,
    pub end: MediaTime,
    pub format: Arc<TrackFormat>,
    /// In decode order; empty for a segment that was skipped.
    pub samples: Vec<Sample>,
}

impl QueuedSegment {
    fn bytes(&self) -> u64 {
        self.samples.iter().map(|sample| sample.data.len() as u64).sum()
    }
}

/// Samples in one run.
#[derive(Clone, Debug)]
pub struct Batch {
    pub format: Arc<TrackFormat>,
    pub samples: Vec<Sample>,
}

/// A contiguous stretch of segments with a cursor: everything before the cursor has gone to the pipeline.
#[derive(Clone, Debug, Default)]
pub struct SampleQueue {
    segments: VecDeque<QueuedSegment>,
    /// Segment (from the front) and sample of the next one to be fed.
    cursor: (usize, usize),
    bytes: u64,
    fed_until: Option<MediaTime>,
}

impl SampleQueue {
    /// Appends a segment. It continues the last one; the caller sees to that.
    pub fn push(&mut self, segment: QueuedSegment) {
        self.bytes += segment.bytes();
        self.segments.push_back(segment);
    }

    /// First and last time held.
    pub fn range(&self) -> Option<(MediaTime, MediaTime)> {
        Some((self.segments.front()?.start, self.segments.back()?.end))
    }

    /// Is this time held?
    pub fn covers(&self, time: MediaTime) -> bool {
        self.range().is_some_and(|(start, end)| start <= time && time < end)
    }

    /// Bytes held.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Where feeding has got to since the last seek.
    pub fn fed_until(&self) -> Option<MediaTime> {
        self.fed_until
    }

    /// Has everything held been fed?
    pub fn is_drained(&self) -> bool {
        self.segments.iter().skip(self.cursor.0).enumerate().all(|(index, segment)| {
            let from = if index == 0 { self.cursor.1 } else { 0 };
            from >= segment.samples.len()
        })
    }

    /// Is there nothing to be fed, however long it lasts?
    pub fn is_hollow(&self) -> bool {
        self.segments.iter().all(|segment| segment.samples.is_empty())
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Moves the cursor to where decoding must start for `time` to be shown. `preroll` samples more are taken for
    /// decoders that need to run in.
    pub fn seek(&mut self, time: MediaTime, preroll: usize) {
        self.fed_until = None;
        let index = self.segments.partition_point(|segment| segment.end <= time);
        let Some(segment) = self.segments.get(index) else {
            self.cursor = (self.segments.len(), 0);
            return;
        };
        let before = |sample: &Sample| sample.keyframe && sample.pts <= time;
        let keyframe = segment.samples.iter().rposition(before).unwrap_or(0);
        self.cursor = (index, keyframe.saturating_sub(preroll));
    }

    /// Takes samples up to and including the first whose decode time is not before `until`.
    pub fn take_until(&mut self, until: MediaTime) -> Vec<Batch> {
        let mut batches: Vec<Batch> = Vec::new();
        while let Some(segment) = self.segments.get(self.cursor.0) {
            let rest = &segment.samples[self.cursor.1.min(segment.samples.len())..];
            let due = rest.iter().take_while(|sample| sample.dts < until).count();
            let count = with_entry(rest, due);
            let taken = &rest[..count];
            if let Some(last) = taken.last() {
                let shown = taken.iter().map(|sample| sample.pts + sample.duration).max();
                self.fed_until = self.fed_until.max(shown.or(Some(last.pts)));
                // What begins with hidden pictures is entered anew by the pipeline.
                let joins = |batch: &&mut Batch| Arc::ptr_eq(&batch.format, &segment.format) && !taken[0].hidden;
                match batches.last_mut().filter(joins) {
                    Some(batch) => batch.samples.extend_from_slice(taken),
                    None => batches.push(Batch { format: segment.format.clone(), samples: taken.to_vec() }),
                }
            }
            if count < rest.len() {
                self.cursor.1 += count;
                break;
            }
            self.fed_until = self.fed_until.max(Some(segment.end.min(until)));
            self.cursor = (self.cursor.0 + 1, 0);
        }
        batches
    }

    /// Decode time of the next sample to be fed.
    pub fn next_dts(&self) -> Option<MediaTime> {
        let rest = self.segments.iter().skip(self.cursor.0).enumerate();
        let mut samples = rest.flat_map(|(index, segment)| {
            let from = if index == 0 { self.cursor.1 } else { 0 };
            segment.samples.get(from..).unwrap_or_default()
        });
        samples.next().map(|sample| sample.dts)
    }

    /// Drops whole segments that end before `time`.
    pub fn drop_before(&mut self, time: MediaTime) {
        while self.cursor.0 > 0 && self.segments.front().is_some_and(|segment| segment.end <= time) {
            let dropped = self.segments.pop_front().expect("the front was just looked at");
            self.bytes -= dropped.bytes();
            self.cursor.0 -= 1;
        }
    }

    /// Drops whole segments of which nothing has been fed; returns where the queue ends now.
    pub fn drop_unfed(&mut self) -> Option<MediaTime> {
        self.drop_last(self.segments.len())
    }

    /// Segments of which nothing has been fed, next to be played first.
    pub fn unfed(&self) -> impl DoubleEndedIterator<Item = &QueuedSegment> {
        self.segments.iter().skip(self.first_unfed())
    }

    /// Drops the last `count` segments; what was fed of stays. Returns where the queue ends now.
    pub fn drop_last(&mut self, count: usize) -> Option<MediaTime> {
        let keep = self.segments.len().saturating_sub(count).max(self.first_unfed());
        while self.segments.len() > keep {
            let dropped = self.segments.pop_back().expect("it has more than it keeps");
            self.bytes -= dropped.bytes();
        }
        self.range().map(|(_, end)| end)
    }

    fn first_unfed(&self) -> usize {
        if self.cursor.1 > 0 { self.cursor.0 + 1 } else { self.cursor.0 }
    }

    /// What the last segment was decoded with.
    pub fn last_format(&self) -> Option<Arc<TrackFormat>> {
        self.segments.back().map(|segment| segment.format.clone())
    }

    /// The rung whose picture is shown at this time.
    pub fn rung_at(&self, time: MediaTime) -> Option<RungId> {
        let index = self.segments.partition_point(|segment| segment.end <= time);
        self.segments.get(index).filter(|segment| segment.start <= time).map(|segment| segment.rung)
    }
}

/// How many samples to feed where `due` of them are due: hidden ones come together with the first that are seen, or it
/// could not be told where those begin.
fn with_entry(samples: &[Sample], due: usize) -> usize {
    let Some(last) = samples[..due].iter().rposition(|sample| sample.hidden) else { return due };
    let hidden_behind = samples[due..].iter().take_while(|sample| sample.hidden).count();
    let behind = if last + 1 == due { due + hidden_behind } else { last + 1 };
    due.max(behind + REORDERED).min(samples.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{sample_at, video_format};

    fn ms(millis: i64) -> MediaTime {
        MediaTime::from_millis(millis)
    }

    /// Two-second segments of 100 ms samples, a keyframe each second.
    fn queue(segments: i64) -> SampleQueue {
        let format = Arc::new(video_format());
        let mut queue = SampleQueue::default();
        for number in 0..segments {
            let samples = (0..20).map(|i| sample_at(number * 2000 + i * 100, 100, i % 10 == 0, 10)).collect();
            queue.push(QueuedSegment {
                rung: RungId(number as u16),
                number: number as u64,
                start: ms(number * 2000),
                end: ms(number * 2000 + 2000),
                format: format.clone(),
                samples,
            });
        }
        queue
    }

    fn taken(queue: &mut SampleQueue, until: i64) -> Vec<i64> {
        let batches = queue.take_until(ms(until));
        batches.iter().flat_map(|batch| &batch.samples).map(|sample| sample.pts.nanos() / 1_000_000).collect()
    }

    #[test]
    fn samples_come_once_and_in_order_across_segments() {
        let mut queue = queue(2);
        let mut all = taken(&mut queue, 1950);
        all.extend(taken(&mut queue, 2300));
        all.extend(taken(&mut queue, 99_000));
        assert_eq!(all, (0..40).map(|i| i * 100).collect::<Vec<_>>());
        assert!(queue.is_drained());
        assert_eq!(queue.fed_until(), Some(ms(4000)));
    }

    #[test]
    fn seeking_starts_at_the_keyframe_before_the_target() {
        let mut queue = queue(3);
        taken(&mut queue, 6000);
        queue.seek(ms(3550), 0);
        assert_eq!(taken(&mut queue, 3300), [3000, 3100, 3200]);
        queue.seek(ms(3550), 2);
        assert_eq!(taken(&mut queue, 3000), [2800, 2900]);
    }

    #[test]
    fn what_has_been_fed_is_dropped_by_segment_and_what_has_not_is_kept() {
        let mut queue = queue(4);
        taken(&mut queue, 4100);
        queue.drop_before(ms(3000));
        assert_eq!(queue.range(), Some((ms(2000), ms(8000))));
        assert_eq!(queue.bytes(), 3 * 200);
        assert_eq!(queue.drop_unfed(), Some(ms(6000)));
        assert_eq!(taken(&mut queue, 99_000).first(), Some(&4100));
    }

    #[test]
    fn only_what_has_not_been_fed_can_be_dropped_from_the_end() {
        let mut queue = queue(5);
        taken(&mut queue, 2100);
        assert_eq!(queue.unfed().map(|segment| segment.number).collect::<Vec<_>>(), [2, 3, 4]);
        assert_eq!((queue.drop_last(1), queue.bytes()), (Some(ms(8000)), 4 * 200));
        assert_eq!(queue.drop_last(99), Some(ms(4000)));
        assert_eq!(taken(&mut queue, 99_000).last(), Some(&3900));
        assert_eq!((queue.unfed().count(), queue.drop_last(1)), (0, Some(ms(4000))));
    }

    #[test]
    fn a_skipped_segment_counts_as_fed() {
        let mut queue = queue(1);
        let format = Arc::new(video_format());
        queue.push(QueuedSegment {
            rung: RungId(0),
            number: 1,
            start: ms(2000),
            end: ms(4000),
            format,
            samples: Vec::new(),
        });
        taken(&mut queue, 3000);
        assert!(queue.is_drained());
        assert_eq!(queue.fed_until(), Some(ms(3000)));
    }
}
