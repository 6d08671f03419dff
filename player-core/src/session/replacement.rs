//! Low quality that waits in the buffer, fetched again.

use super::Session;
use crate::event::PlaybackEvent;
use abr::{RungId, WaitingSegment};

impl Session {
    /// Throws away what waits at the far end of the buffer if it is clearly worse than `rung`, which is about to be
    /// fetched; the loader goes on where the buffer ends now. What has gone to the pipeline stays as it is.
    ///
    /// Only where the picture has a track of its own: sound inside the picture's segments would have to be thrown away
    /// with it, at times that need not be the same.
    pub(super) fn replace_queued(&mut self, index: usize, rung: RungId) {
        if self.loaders.len() == 1 && self.queues.len() > 1 || !self.is_adaptive(&self.loaders[index]) {
            return;
        }
        let kind = self.loaders[index].group.kind;
        let moment = self.moment(index);
        let (Some(queue), Some(chooser)) = (self.queues.get_mut(&kind), &mut self.chooser) else { return };
        let unfed = queue
            .unfed()
            .map(|segment| WaitingSegment { rung: segment.rung, duration: segment.end.duration_since(segment.start) });
        let waiting: Vec<WaitingSegment> = unfed.collect();
        let count = chooser.replace(&moment, rung, &waiting);
        let Some(first) = queue.unfed().rev().take(count).last().map(|segment| segment.number) else { return };
        if let Some(end) = queue.drop_last(count) {
            self.loaders[index].continue_from(end);
        }
        self.emit(PlaybackEvent::SegmentsReplaced { rung, number: first, count });
    }
}
