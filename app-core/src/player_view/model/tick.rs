//! What time alone brings: seeks that are due, skips, controls that go.

use super::{Away, Phase, PlayerScreen, SPINNER_AFTER, VOLUME_SHOWN, words::chapters_of};
use crate::{
    app::CLOCK_STEP,
    launch::QualityWish,
    player_view::{
        next_up::Moment,
        seek::{DueSeek, Timeline},
        skip::{Pill, SkipChoice, SkipTo},
    },
};
use player_core::{Command, MediaTime, PlaybackState, QualityChoice, RungId};

/// Seeks over less than this, in seconds, are corrections that nobody goes back from.
const WORTH_UNDOING: f64 = 2.0;
/// Seeks that can be undone.
const MOST_UNDONE: usize = 32;

impl PlayerScreen {
    pub(super) fn offer(&self, controls: bool) -> Option<Pill> {
        if self.has_failed() || !self.is_under_way() {
            return None;
        }
        self.skips.pill(self.shown_position(), self.duration(), (self.clock, controls))
    }

    /// Is there something on screen that goes on or could?
    pub(super) fn is_under_way(&self) -> bool {
        use PlaybackState::{Paused, Playing, Seeking, Stalled};
        self.phase == Phase::Open && matches!(self.snapshot.state, Playing | Paused | Stalled | Seeking)
    }

    pub(super) fn skip(&mut self, to: SkipTo, now: f64) -> Option<Away> {
        match to {
            SkipTo::End => Some(Away::Ended),
            SkipTo::Time(target) => {
                self.skipping_to = Some(target);
                self.seek.jump(target, self.timeline(), now);
                None
            }
        }
    }

    pub(in crate::player_view) fn timeline(&self) -> Timeline {
        Timeline {
            position: self.position(),
            duration: self.duration(),
            seeking: self.snapshot.state == PlaybackState::Seeking,
        }
    }

    /// Lets time pass. Returns commands that are due, and whether the title is over.
    pub(crate) fn tick(&mut self, now: f64) -> (Vec<Command>, Option<Away>) {
        self.clock = now;
        let mut commands = Vec::new();
        let waiting = self.phase == Phase::Opening
            || matches!(self.snapshot.state, PlaybackState::Loading | PlaybackState::Stalled | PlaybackState::Seeking);
        self.waiting_since = if waiting { self.waiting_since.or(Some(now)) } else { None };
        let mut away = None;
        let after_seek = self.tick_dpad(now);
        let settled = !self.dpad.is_active() && !self.seek.is_active() && self.seek.shown().is_none();
        if settled && self.is_under_way() && self.snapshot.state != PlaybackState::Seeking {
            let to = self.skips.played(self.position(), self.duration(), now);
            // What ends the title is for the card of the next episode.
            let to = to.filter(|to| *to != SkipTo::End || self.next_up.episode.is_none());
            away = to.and_then(|to| self.skip(to, now));
        }
        if let Some(seek) = self.seek.poll(self.timeline(), now) {
            if self.skipping_to.take() != Some(seek.target) {
                self.skips.sought(seek.target);
            }
            self.remember(seek);
            commands.push(Command::Seek { to: MediaTime::from_secs_f64(seek.target) });
        }
        commands.extend(after_seek);
        if self.follow_next(settled, now) {
            away = away.or(Some(Away::Next { asked: false }));
        }
        if !self.snapshot.rungs.is_empty()
            && let Some(wish) = self.quality_wish.take()
            && let Some(rung) = self.rung_for(wish)
        {
            commands.push(Command::SetQuality { choice: QualityChoice::Fixed(rung) });
        }
        if self.chapters.is_empty() && !self.snapshot.chapters.is_empty() {
            self.chapters = chapters_of(&self.snapshot);
        }
        let ended = self.snapshot.state == PlaybackState::Ended && !self.seek.is_active();
        let over = ended && !self.next_up.holds_the_end();
        (commands, away.or(over.then_some(Away::Ended)))
    }

    /// Lets the card of the next episode come, count and go. `true` when that is to begin.
    fn follow_next(&mut self, settled: bool, now: f64) -> bool {
        if self.phase != Phase::Open || self.has_failed() {
            return false;
        }
        let plays = self.snapshot.state == PlaybackState::Playing && self.snapshot.trick_speed.is_none();
        let moment = Moment {
            position: self.shown_position(),
            duration: self.duration(),
            runs: settled && plays && !self.is_covered(),
            ended: self.snapshot.state == PlaybackState::Ended,
            now,
        };
        // Who wants to see credits is not to be sent on while they run.
        let marked = self.viewing.skip.credits != SkipChoice::None;
        self.next_up.follow(moment, if marked { &self.skips.segments } else { &[] })
    }

    /// Keeps where a seek left from, to go back there; not for small corrections.
    fn remember(&mut self, seek: DueSeek) {
        if !std::mem::take(&mut self.undoing) && (seek.target - seek.origin).abs() >= WORTH_UNDOING {
            if self.left_behind.len() >= MOST_UNDONE {
                self.left_behind.remove(0);
            }
            self.left_behind.push(seek.origin);
        }
    }

    /// The rung that fits a wish best: the same height, else the highest below; who wants less than there is gets the least.
    fn rung_for(&self, wish: QualityWish) -> Option<RungId> {
        let QualityWish::Height(height) = wish else { return None };
        let fits = self.snapshot.rungs.iter().filter(|rung| rung.height <= height);
        let least = || self.snapshot.rungs.iter().min_by_key(|rung| (rung.height, rung.bitrate));
        fits.max_by_key(|rung| (rung.height, rung.bitrate)).or_else(least).map(|rung| rung.id)
    }

    /// When [`PlayerScreen::tick`] should be called next, without any input.
    pub(crate) fn next_tick(&self, now: f64) -> Option<f64> {
        let mut due = Vec::new();
        due.extend(self.seek.due_at(now));
        due.extend(self.dpad.due_at().map(|at| at.max(now + 0.01)));
        if let Some(since) = self.waiting_since
            && now - since < SPINNER_AFTER
        {
            due.push(since + SPINNER_AFTER);
        }
        if self.shows_controls() {
            due.push(self.active_at + self.patience());
            // New frames repaint by themselves; without them the clock must still move.
            if self.snapshot.state == PlaybackState::Playing {
                due.push(now + CLOCK_STEP.as_secs_f64());
            }
        }
        due.extend(self.skips.ends_at());
        if self.next_card().is_some() && self.snapshot.state == PlaybackState::Playing {
            due.push(now + CLOCK_STEP.as_secs_f64());
        }
        due.extend(self.volume_changed_at.map(|at| at + VOLUME_SHOWN));
        due.retain(|at| at.is_finite() && *at > now);
        due.into_iter().min_by(f64::total_cmp)
    }
}
