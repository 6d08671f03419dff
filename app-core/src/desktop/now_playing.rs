//! What the rest of the desktop is told about playback, and what it may ask for.

use super::address::Address;
use crate::{
    app::Model,
    player_view::model::{Phase, PlayerScreen, Source},
};
use player_core::PlaybackState;
use std::time::Instant;

/// A position that is further than this from where it should have come to is a jump: clients count by themselves.
const JUMP_US: i64 = 700_000;

/// As the desktop's media controls know it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Status {
    #[default]
    Stopped,
    Paused,
    Playing,
}

/// Playback, seen from outside. Times are in microseconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct NowPlaying {
    pub(crate) status: Status,
    /// Another number for each thing that is opened.
    pub(crate) track: u64,
    pub(crate) title: String,
    /// Series, genre or server; may be empty.
    pub(crate) detail: String,
    /// Path of a picture at the service.
    pub(crate) art: Option<String>,
    pub(crate) length_us: Option<i64>,
    pub(crate) position_us: i64,
    /// Does the position advance right now? Not while media are waited for.
    pub(crate) moving: bool,
    pub(crate) rate: f64,
    /// Linear gain, 0 to 1; 0 when muted.
    pub(crate) volume: f64,
    pub(crate) can_seek: bool,
    pub(crate) can_next: bool,
    pub(crate) can_previous: bool,
    pub(crate) full_screen: bool,
}

impl NowPlaying {
    /// What the model says.
    pub(crate) fn of(model: &Model) -> Self {
        let nothing = Self { full_screen: model.full_screen, rate: 1.0, volume: gain(model), ..Self::default() };
        let Some(player) = model.player.as_ref().filter(|player| is_on(player)) else { return nothing };
        let (title, detail) = player.heading();
        let art = match &player.source {
            Source::Title { summary, .. } => summary.artwork.card.clone().or_else(|| summary.artwork.poster.clone()),
            Source::Url(_) => None,
        };
        let state = player.snapshot.state;
        let length_us = player.duration().map(microseconds);
        let speed = player.snapshot.trick_speed.map_or(player.speed, f64::from);
        Self {
            status: if player.snapshot.wants_play { Status::Playing } else { Status::Paused },
            track: player.attempt,
            title,
            detail,
            art,
            length_us,
            position_us: microseconds(player.position()),
            moving: state == PlaybackState::Playing,
            rate: speed,
            can_seek: length_us.is_some() && player.phase == Phase::Open,
            can_next: player.next_up.episode.is_some() && model.profile.is_some(),
            can_previous: model.previous_episode().is_some(),
            ..nothing
        }
    }

    /// Where it is after a while, if nobody interferes.
    pub(crate) fn position_after(&self, elapsed_s: f64) -> i64 {
        let moved = if self.moving { microseconds(elapsed_s * self.rate) } else { 0 };
        self.position_us.saturating_add(moved).clamp(0, self.length_us.unwrap_or(i64::MAX))
    }

    /// Is this the same to somebody who does not look at the clock?
    fn is_like(&self, other: &Self) -> bool {
        let at = |of: &Self| Self { position_us: 0, moving: false, ..of.clone() };
        at(self) == at(other)
    }
}

fn is_on(player: &PlayerScreen) -> bool {
    !player.has_failed() && player.snapshot.state != PlaybackState::Ended
}

fn gain(model: &Model) -> f64 {
    let (volume, muted) = match &model.player {
        Some(player) => (player.volume, player.muted),
        None => (model.settings.volume, model.settings.muted),
    };
    if muted { 0.0 } else { f64::from(volume) }
}

fn microseconds(seconds: f64) -> i64 {
    (seconds * 1e6).round() as i64
}

/// The newest of it and when it was true.
#[derive(Clone, Debug)]
pub(crate) struct Anchor {
    pub(crate) now: NowPlaying,
    at: Instant,
}

/// What is worth telling after something new was learnt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    /// Something but the time.
    pub(crate) changed: bool,
    /// The time, by itself.
    pub(crate) jumped: bool,
}

impl Anchor {
    pub(crate) fn new(now: NowPlaying, at: Instant) -> Self {
        Self { now, at }
    }

    pub(crate) fn position_us(&self, at: Instant) -> i64 {
        self.now.position_after(at.saturating_duration_since(self.at).as_secs_f64())
    }

    /// Takes over what is true now.
    pub(crate) fn follow(&mut self, now: NowPlaying, at: Instant) -> News {
        let expected = self.position_us(at);
        let goes_on = now.track == self.now.track && now.status != Status::Stopped;
        let jumped = goes_on && (now.position_us - expected).abs() > JUMP_US;
        let changed = !now.is_like(&self.now);
        *self = Self { now, at };
        News { changed, jumped }
    }
}

/// What somebody else on this desktop asks of the player.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Remote {
    Play,
    Pause,
    PlayPause,
    Stop,
    Next,
    Previous,
    /// Microseconds, negative for back.
    SeekBy(i64),
    /// Microseconds from the beginning, if this is still the track.
    SeekTo {
        track: u64,
        position_us: i64,
    },
    Rate(f64),
    Volume(f64),
    FullScreen(bool),
    Open(Address),
    Raise,
    Quit,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        density::Density,
        testing::fixtures::{playing, snapshot},
    };
    use std::time::Duration;

    #[test]
    fn the_model_is_told_in_the_words_of_media_controls() {
        let mut model = playing(Density::Desktop, snapshot());
        let now = NowPlaying::of(&model);
        assert_eq!((now.status, now.title.as_str()), (Status::Playing, "The Long Tide"));
        assert_eq!(now.position_us, 1_152_000_000);
        assert!(now.can_seek && !now.can_next && !now.can_previous);
        assert_eq!(now.art.as_deref(), Some("/artwork/card/0"));
        model.player.as_mut().unwrap().follow_up(Some("b".into()));
        model.player.as_mut().unwrap().muted = true;
        let now = NowPlaying::of(&model);
        assert!(now.can_next && now.volume == 0.0);
        model.player = None;
        assert_eq!(NowPlaying::of(&model).status, Status::Stopped);
    }

    #[test]
    fn only_jumps_and_changes_are_news() {
        let start = Instant::now();
        let after = |seconds: f64| start + Duration::from_secs_f64(seconds);
        let at = |seconds: f64| NowPlaying {
            status: Status::Playing,
            track: 1,
            moving: true,
            rate: 2.0,
            position_us: microseconds(seconds),
            length_us: Some(microseconds(100.0)),
            ..NowPlaying::default()
        };
        let mut anchor = Anchor::new(at(10.0), start);
        assert_eq!(anchor.position_us(after(3.0)), microseconds(16.0));
        assert_eq!(anchor.follow(at(16.1), after(3.0)), News::default(), "as it should be");
        assert_eq!(anchor.follow(at(40.0), after(4.0)), News { changed: false, jumped: true });
        let waiting = NowPlaying { moving: false, ..at(42.0) };
        assert_eq!(anchor.follow(waiting.clone(), after(5.0)), News::default(), "waiting is not a change of state");
        assert_eq!(anchor.follow(waiting, after(60.0)), News::default(), "and the clock stands still");
        let paused = NowPlaying { status: Status::Paused, moving: false, ..at(42.0) };
        assert_eq!(anchor.follow(paused, after(61.0)), News { changed: true, jumped: false });
        let other = NowPlaying { track: 2, ..at(0.0) };
        assert_eq!(anchor.follow(other, after(62.0)), News { changed: true, jumped: false }, "a new track begins");
        assert_eq!(anchor.position_us(after(1e6)), microseconds(100.0), "not beyond the end");
    }
}
