//! Where playback is, whether it moves, and what it waits for.

use crate::pipeline::Generation;
use crate::snapshot::PlaybackState;
use abr::{MediaTime, RungId};
use std::time::Duration;

#[derive(Debug)]
pub(super) struct Playhead {
    position: MediaTime,
    generation: Generation,
    wants_play: bool,
    /// The pipeline has been told to play.
    running: bool,
    /// The pipeline has a picture of the current generation.
    ready: bool,
    seeking: Option<Seek>,
    stalled_since: Option<Duration>,
    started: bool,
    ended: bool,
    failed: bool,
    /// Between the begin of winding and the seek that ends it.
    winding: bool,
    shown: Option<RungId>,
    reported: Option<PlaybackState>,
}

#[derive(Debug)]
struct Seek {
    to: MediaTime,
    since: Duration,
}

impl Playhead {
    pub(super) fn new(start: MediaTime) -> Self {
        Self {
            position: start,
            generation: 0,
            wants_play: false,
            running: false,
            ready: false,
            seeking: None,
            stalled_since: None,
            started: false,
            ended: false,
            failed: false,
            winding: false,
            shown: None,
            reported: None,
        }
    }

    pub(super) fn position(&self) -> MediaTime {
        self.position
    }

    pub(super) fn generation(&self) -> Generation {
        self.generation
    }

    pub(super) fn is_running(&self) -> bool {
        self.running
    }

    pub(super) fn is_ready(&self) -> bool {
        self.ready
    }

    pub(super) fn is_stalled(&self) -> bool {
        self.stalled_since.is_some()
    }

    pub(super) fn has_started(&self) -> bool {
        self.started
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Would it play if there were enough media?
    pub(super) fn may_run(&self) -> bool {
        self.wants_play && self.ready && !self.running && !self.ended && !self.failed
    }

    /// Ends a stall that playback does not end; returns how long it lasted.
    pub(super) fn end_stall(&mut self, now: Duration) -> Option<Duration> {
        self.stalled_since.take().map(|since| now.saturating_sub(since))
    }

    /// Notes the viewer's wish; says whether the pipeline must be stopped for it.
    pub(super) fn set_wants_play(&mut self, wants_play: bool) -> bool {
        self.wants_play = wants_play;
        !wants_play && std::mem::take(&mut self.running)
    }

    /// Playback begins or goes on; returns how long a stall lasted.
    pub(super) fn run(&mut self, now: Duration) -> Option<Duration> {
        self.running = true;
        self.stalled_since.take().map(|since| now.saturating_sub(since))
    }

    pub(super) fn stall(&mut self, now: Duration) {
        self.running = false;
        self.stalled_since = Some(now);
    }

    /// Jumps. A stall is over with it: what follows is a seek's waiting. Returns how long the stall lasted.
    pub(super) fn seek(&mut self, to: MediaTime, now: Duration) -> Option<Duration> {
        self.position = to;
        self.generation += 1;
        self.running = false;
        self.ready = false;
        self.ended = false;
        self.winding = false;
        let since = self.seeking.as_ref().map_or(now, |earlier| earlier.since);
        self.seeking = Some(Seek { to, since });
        self.stalled_since.take().map(|since| now.saturating_sub(since))
    }

    /// Winding begins: the position stays where it is until its first picture. Returns how long a stall lasted.
    pub(super) fn begin_winding(&mut self, now: Duration) -> Option<Duration> {
        self.winding = true;
        self.running = false;
        self.ended = false;
        self.seeking = None;
        self.end_stall(now)
    }

    /// The next picture of winding is on its way.
    pub(super) fn wind_to(&mut self, to: MediaTime) {
        self.position = to;
        self.generation += 1;
        self.ready = false;
    }

    /// Is this the first picture of the session?
    pub(super) fn first_picture(&mut self) -> bool {
        !std::mem::replace(&mut self.started, true)
    }

    /// The pipeline is ready; returns the seek that is complete with it.
    pub(super) fn prerolled(&mut self, now: Duration) -> Option<(MediaTime, Duration)> {
        self.ready = true;
        self.seeking.take().map(|seek| (seek.to, now.saturating_sub(seek.since)))
    }

    /// Positions only move forward between seeks: a pipeline's clock may tremble, a viewer's must not.
    pub(super) fn moved(&mut self, to: MediaTime) {
        if self.ready {
            self.position = self.position.max(to);
        }
    }

    /// A wanted start behind the end becomes the beginning: a finished title starts over.
    /// Says whether it was one.
    pub(super) fn clamp_start(&mut self, duration: MediaTime) -> bool {
        let behind = !self.started && self.position >= duration && self.position > MediaTime::ZERO;
        if behind {
            self.position = MediaTime::ZERO;
        }
        behind
    }

    pub(super) fn end(&mut self) {
        self.ended = true;
        self.running = false;
    }

    pub(super) fn fail(&mut self) {
        self.failed = true;
        self.running = false;
    }

    /// Notes the rung on screen; returns it if it is another than before.
    pub(super) fn shows(&mut self, rung: Option<RungId>) -> Option<RungId> {
        let rung = rung.filter(|rung| self.ready && self.shown != Some(*rung))?;
        self.shown = Some(rung);
        Some(rung)
    }

    fn state(&self) -> PlaybackState {
        match self {
            Self { failed: true, .. } => PlaybackState::Failed,
            Self { ended: true, .. } => PlaybackState::Ended,
            Self { started: false, .. } => PlaybackState::Loading,
            Self { winding: true, .. } => PlaybackState::Playing,
            Self { seeking: Some(_), .. } => PlaybackState::Seeking,
            Self { wants_play: false, .. } => PlaybackState::Paused,
            Self { running: true, .. } => PlaybackState::Playing,
            _ => PlaybackState::Stalled,
        }
    }

    /// The state, if it is another than last time.
    pub(super) fn changed_state(&mut self) -> Option<PlaybackState> {
        let state = self.state();
        (self.reported.replace(state) != Some(state)).then_some(state)
    }
}
