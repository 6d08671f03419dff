//! The segments that come next, as a controller wants to know them.

use super::track_loader::TrackLoader;
use crate::manifest::SegmentRef;
use abr::{ByteCount, RungId, UpcomingSegment};
use std::time::Duration;

/// Segments looked at: half a minute to two minutes of common ones, further than any controller plans.
const DEPTH: usize = 16;

/// Durations and sizes of coming segments, copied out of the playlists; empty while none has been read.
#[derive(Clone, Debug, Default)]
pub(super) struct Lookahead {
    segments: Vec<(Duration, Vec<(RungId, ByteCount)>)>,
    remaining: Option<u32>,
}

impl Lookahead {
    /// From the segment that is due on. Sizes are known where playlists give byte ranges, and only of the rungs whose
    /// playlists have been read.
    pub(super) fn of(loader: &TrackLoader) -> Self {
        let Some((_, reference)) = loader.ahead().next() else { return Self::default() };
        let remaining = u32::try_from(reference.len()).unwrap_or(u32::MAX);
        let mut segments: Vec<_> = reference.iter().take(DEPTH).map(|segment| (segment.duration, Vec::new())).collect();
        for (rung, ahead) in loader.ahead() {
            for ((_, sizes), (ours, theirs)) in segments.iter_mut().zip(ahead.iter().zip(reference)) {
                let length = ours.source.stated_length().filter(|_| !ours.gap && theirs_is_ours(ours, theirs));
                if let Some(length) = length {
                    sizes.push((rung, ByteCount::new(length)));
                }
            }
        }
        Self { segments, remaining: Some(remaining) }
    }

    /// For a context.
    pub(super) fn upcoming(&self) -> Vec<UpcomingSegment<'_>> {
        self.segments.iter().map(|(duration, bytes)| UpcomingSegment { duration: *duration, bytes }).collect()
    }

    /// Segments to the end; `None` while no playlist has been read.
    pub(super) fn remaining(&self) -> Option<u32> {
        self.remaining
    }
}

/// Rungs may be cut differently; sizes of other stretches of time would mislead.
fn theirs_is_ours(ours: &SegmentRef, theirs: &SegmentRef) -> bool {
    let apart = ours.start.nanos().abs_diff(theirs.start.nanos());
    Duration::from_nanos(apart) <= theirs.duration / 4
}
