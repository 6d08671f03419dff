//! What the viewer does to a session.

use super::{Interruption, MOMENT, Picture, Player};
use crate::sim::scenario::Delivery;
use crate::sim::viewer::ActionKind;

impl Player<'_> {
    /// Seconds until the viewer does something, if nothing arrives before; infinite where nothing will be done.
    pub(super) fn until_action(&self) -> f64 {
        let (waiting_since, media) = match self.picture {
            Picture::Starting => (0.0, 0.0),
            Picture::Seeking(since) => (since, 0.0),
            Picture::Playing { dry_since: Some(since) } => (since, 0.0),
            Picture::Playing { dry_since: None } => (self.now + self.buffered, self.buffered),
        };
        let patience = waiting_since + self.viewer.patience() - self.now;
        let wanted = self.viewer.action(self.acted).map_or(f64::INFINITY, |action| action.after - self.session.watched);
        // What is wanted after more media than there is must wait for it.
        let wanted = if wanted <= media + MOMENT { wanted } else { f64::INFINITY };
        patience.min(wanted).max(0.0)
    }

    /// The viewer does what is due.
    pub(super) fn act(&mut self) -> Result<(), Interruption> {
        let due = self.viewer.action(self.acted).filter(|action| action.after <= self.session.watched + MOMENT);
        let Some(action) = due else { return Err(self.leave()) };
        self.acted += 1;
        match action.kind {
            ActionKind::Leave => Err(self.leave()),
            ActionKind::Seek { to } => self.seek(to),
        }
    }

    fn leave(&mut self) -> Interruption {
        self.drop_unseen(self.next);
        self.end_wait();
        Interruption::Left
    }

    fn seek(&mut self, to: f64) -> Result<(), Interruption> {
        self.session.seeks += 1;
        let target = self.seekable(to);
        let start = target as f64 * self.segment;
        if target < self.next && start >= self.playhead() - MOMENT {
            let skipped = start - self.playhead();
            self.drop_unseen(target);
            self.buffered -= skipped.max(0.0);
            return Ok(());
        }
        self.drop_unseen(self.next);
        self.buffered = 0.0;
        if matches!(self.picture, Picture::Playing { .. }) {
            self.picture = Picture::Seeking(self.now);
        }
        if target == self.next {
            return Ok(());
        }
        self.next = target;
        Err(Interruption::Sought)
    }

    /// The segment at a position of the title, or the nearest that there is.
    fn seekable(&self, to: f64) -> usize {
        let newest = match self.delivery {
            Delivery::OnDemand { .. } => f64::INFINITY,
            Delivery::Live { behind } => (self.now / self.segment).floor() + f64::from(behind) - 1.0,
        };
        let last = (self.content.segments() - 1) as f64;
        // A cast from NaN or from below zero gives zero.
        (to / self.segment).floor().min(newest).min(last) as usize
    }

    /// Forgets the segments in the buffer before `end` of which nothing was shown.
    fn drop_unseen(&mut self, end: usize) {
        let first = ((self.playhead() - MOMENT) / self.segment).ceil().max(0.0) as usize;
        let at = |index: usize| self.session.segments.len() - (self.next - index);
        if first < end {
            let unseen = self.session.segments.drain(at(first)..at(end));
            self.session.unseen +=
                unseen.map(|fetched| self.content.bits(fetched.index, fetched.position)).sum::<f64>();
        }
    }
}
