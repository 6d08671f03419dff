//! The player screen as a value: what the viewer sees and does, apart from the playback itself.
//!
//! `message.rs` has the wishes, `update.rs` what follows from them, `tick.rs` what time brings, `words.rs` the names.

mod message;
mod tick;
mod update;
mod words;

pub(crate) use self::{
    message::{Away, KeysMsg, Menu, Phase, PlayerMsg, Reaction, Rebinding, Source},
    words::{delay_label, speed_label, track_name},
};
use super::{
    around::Around,
    dpad::Dpad,
    frame_clock::FrameClock,
    keys::{Bindings, KeyChoices},
    next_up::{self, Card, Episode, NextUp},
    seek::SeekGesture,
    skip::{Pill, Skips},
    text_style::TextLook,
    viewing::Viewing,
};
use crate::{
    app::{Place, PlayFrom},
    density::Density,
    failure::Failure,
    launch::QualityWish,
};
use player_core::{
    Command, DecoderChoice, MediaTime, PlaybackState, PlayerSnapshot, QualityChoice, TrackId, event::TrackInfo,
    manifest::TrackKind,
};
use service_api::{
    ProfileId, TitleId,
    catalog::{Chapter, TitlePage},
    profile::Progress,
};
use std::{sync::Arc, time::Duration};

/// Waiting shorter than this, in seconds, is not worth a sign.
pub(crate) const SPINNER_AFTER: f64 = 0.4;
/// The volume stays on screen this long after it was changed, in seconds.
const VOLUME_SHOWN: f64 = 1.5;

/// Speeds to choose from.
pub(crate) const SPEEDS: [f64; 10] = [0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 3.0, 4.0];
const NORMAL_SPEED: f64 = 1.0;
/// While the key for it is held.
const HELD_SPEED: f64 = 2.0;

/// The state of the player screen.
#[derive(Clone, Debug)]
pub(crate) struct PlayerScreen {
    pub(crate) source: Source,
    pub(crate) attempt: u64,
    pub(crate) density: Density,
    pub(crate) returns_to: Place,
    pub(crate) from: PlayFrom,
    pub(crate) phase: Phase,
    pub(crate) snapshot: Arc<PlayerSnapshot>,
    pub(crate) chapters: Vec<Chapter>,
    pub(crate) next_up: NextUp,
    pub(crate) around: Around,
    /// The rows under the player are open.
    pub(crate) below: bool,
    pub(crate) viewing: Viewing,
    pub(crate) skips: Skips,
    /// Where the last credits begin, as it was told to who keeps positions.
    pub(crate) told_credits: Option<f64>,
    /// The seek that was made to skip something; it is not the viewer's.
    skipping_to: Option<f64>,
    pub(crate) menu: Option<Menu>,
    pub(crate) stats: bool,
    pub(crate) sheet: bool,
    /// What keys mean.
    pub(crate) keys: Bindings,
    pub(crate) key_choices: KeyChoices,
    pub(crate) rebinding: Option<Rebinding>,
    pub(crate) details: bool,
    pub(crate) seek: SeekGesture,
    pub(crate) dpad: Dpad,
    /// Where seeks left from, oldest first.
    left_behind: Vec<f64>,
    /// The seek that is due goes back to such a place.
    undoing: bool,
    pub(crate) frames: FrameClock,
    pub(crate) look: TextLook,
    /// Milliseconds by which subtitles come later than they say.
    pub(crate) text_delay: i32,
    pub(crate) quality_wish: Option<QualityWish>,
    /// As chosen; what a held key does to it is not chosen.
    pub(crate) speed: f64,
    speed_held: bool,
    pub(crate) volume: f32,
    pub(crate) muted: bool,
    /// Of pictures, as wanted.
    pub(crate) decoder: DecoderChoice,
    volume_changed_at: Option<f64>,
    text_before_off: Option<TrackId>,
    active_at: f64,
    pub(crate) over_controls: bool,
    controls_hidden: bool,
    waiting_since: Option<f64>,
    clock: f64,
}

impl PlayerScreen {
    pub(crate) fn new(source: Source, attempt: u64, density: Density, returns_to: Place) -> Self {
        Self {
            source,
            attempt,
            density,
            returns_to,
            from: PlayFrom::Resume,
            phase: Phase::Opening,
            snapshot: Arc::new(PlayerSnapshot::initial()),
            chapters: Vec::new(),
            next_up: NextUp::default(),
            around: Around::default(),
            below: false,
            viewing: Viewing::default(),
            skips: Skips::default(),
            told_credits: None,
            skipping_to: None,
            menu: None,
            stats: false,
            sheet: false,
            keys: Bindings::default(),
            key_choices: KeyChoices::default(),
            rebinding: None,
            details: false,
            seek: SeekGesture::default(),
            dpad: Dpad::default(),
            left_behind: Vec::new(),
            undoing: false,
            frames: FrameClock::default(),
            look: TextLook::default(),
            text_delay: 0,
            quality_wish: None,
            speed: NORMAL_SPEED,
            speed_held: false,
            volume: 1.0,
            muted: false,
            decoder: DecoderChoice::Auto,
            volume_changed_at: None,
            text_before_off: None,
            active_at: f64::NEG_INFINITY,
            over_controls: false,
            controls_hidden: false,
            waiting_since: None,
            clock: 0.0,
        }
    }

    /// The session exists, or will not.
    pub(crate) fn opened(&mut self, answer: Result<(), Failure>) {
        self.phase = match answer {
            Ok(()) => Phase::Open,
            Err(failure) => Phase::Failed(failure),
        };
    }

    /// How it is to be played, whatever was known when it was asked for.
    pub(crate) fn wishes(&self) -> [Command; 5] {
        [
            Command::SetRate { rate: self.speed },
            Command::SetVolume { volume: self.volume },
            Command::SetMuted { muted: self.muted },
            Command::SetTextDelay { millis: self.text_delay },
            Command::SetDecoder { choice: self.decoder.clone() },
        ]
    }

    /// Starts over after a failure, from where it stopped.
    pub(crate) fn restart(&mut self, attempt: u64) {
        let position = self.snapshot.position.as_secs_f64();
        if position > 0.5 {
            self.from = PlayFrom::At(Duration::try_from_secs_f64(position).unwrap_or_default());
        }
        self.attempt = attempt;
        self.speed_held = false;
        self.phase = Phase::Opening;
        self.details = false;
        self.below = false;
        self.seek = SeekGesture::default();
        self.dpad = Dpad::default();
        if let QualityChoice::Fixed(rung) = self.snapshot.quality {
            self.quality_wish = self.snapshot.rung(rung).map(|rung| QualityWish::Height(rung.height));
        }
        self.snapshot = Arc::new(PlayerSnapshot::initial());
        self.waiting_since = None;
    }

    /// Names and chapters that were not known when playback began.
    pub(crate) fn learn_title(&mut self, page: &TitlePage) {
        let title = &page.title;
        if let Source::Title { summary, .. } = &self.source {
            self.around.learn(&summary.id, page);
        }
        if let Source::Title { summary, .. } = &mut self.source
            && summary.id == title.summary.id
        {
            **summary = title.summary.clone();
            self.chapters = title.chapters.clone();
            self.skips.segments = title.segments.clone();
            self.follow_up(page.episode.as_ref().and_then(|episode| episode.next.clone()));
        }
    }

    /// Learns which episode is next, before its name.
    pub(crate) fn follow_up(&mut self, next: Option<TitleId>) {
        let known = self.next_up.episode.take().filter(|known| Some(&known.id) == next.as_ref());
        self.next_up.episode = known.or_else(|| next.map(Episode::unknown));
    }

    /// Makes the choices of a profile this player's.
    pub(crate) fn view_as(&mut self, viewing: Viewing) {
        self.viewing = viewing;
        self.skips.choices = viewing.skip;
        self.next_up.autoplay = viewing.autoplay_next;
    }

    /// Takes over keys that the viewer chose.
    pub(crate) fn bind(&mut self, choices: KeyChoices) {
        self.keys = Bindings::new(&choices);
        self.key_choices = choices;
    }

    /// Heading over the video.
    pub(crate) fn heading(&self) -> (String, String) {
        match &self.source {
            Source::Title { summary, .. } => {
                let detail = summary.kicker.clone().or_else(|| summary.genres.first().cloned()).unwrap_or_default();
                (summary.name.clone(), detail)
            }
            Source::Url(url) => crate::desktop::address::name_of(url),
        }
    }

    /// Who watches, if it is a title of the catalog.
    pub(crate) fn profile(&self) -> Option<&ProfileId> {
        match &self.source {
            Source::Title { profile, .. } => Some(profile),
            Source::Url(_) => None,
        }
    }

    /// Is this what plays?
    pub(crate) fn plays(&self, title: &TitleId) -> bool {
        matches!(&self.source, Source::Title { summary, .. } if summary.id == *title)
    }

    /// Closes what is open over the picture.
    pub(crate) fn put_away(&mut self) {
        self.menu = None;
        self.below = false;
        self.sheet = false;
        self.rebinding = None;
        self.over_controls = false;
        self.active_at = f64::NEG_INFINITY;
    }

    pub(crate) fn position(&self) -> f64 {
        self.snapshot.position.as_secs_f64().max(0.0)
    }

    pub(crate) fn duration(&self) -> Option<f64> {
        self.snapshot.duration.map(MediaTime::as_secs_f64).filter(|d| *d > 0.0)
    }

    /// What the bar and the clock show: the target while a seek is made, the position otherwise.
    pub(crate) fn shown_position(&self) -> f64 {
        self.dpad.shown().or(self.seek.shown()).unwrap_or_else(|| self.position())
    }

    /// The chapter at a time.
    pub(crate) fn chapter_at(&self, time: f64) -> Option<&Chapter> {
        self.chapters.iter().rev().find(|chapter| chapter.start_s <= time)
    }

    /// Is the picture waited for, long enough to say so?
    pub(crate) fn shows_spinner(&self) -> bool {
        !self.has_failed() && self.waiting_since.is_some_and(|since| self.clock - since >= SPINNER_AFTER)
    }

    pub(crate) fn has_failed(&self) -> bool {
        matches!(self.phase, Phase::Failed(_)) || self.snapshot.state == PlaybackState::Failed
    }

    /// Are the controls on screen?
    pub(crate) fn shows_controls(&self) -> bool {
        if self.has_failed() || self.sheet || self.below {
            return false;
        }
        if self.next_up.holds_the_end() && self.snapshot.state == PlaybackState::Ended {
            return false;
        }
        let held = self.menu.is_some() || self.over_controls || self.seek.is_active() || self.dpad.is_active();
        let idle =
            matches!(self.snapshot.state, PlaybackState::Paused | PlaybackState::Ended) || self.phase == Phase::Opening;
        held || (!self.controls_hidden && (idle || self.clock - self.active_at < self.patience()))
    }

    /// Should the volume be on screen although the pointer is elsewhere?
    pub(crate) fn shows_volume(&self) -> bool {
        self.volume_changed_at.is_some_and(|at| self.clock - at < VOLUME_SHOWN)
    }

    fn patience(&self) -> f64 {
        if self.density.is_tv() { 4.0 } else { 3.0 }
    }

    /// Where the last credits begin, if that is known.
    pub(crate) fn credits_at(&self) -> Option<f64> {
        next_up::final_credits(self.duration(), &self.skips.segments)
    }

    /// What was watched, for the cards until the server tells.
    pub(crate) fn progress_hint(&self) -> Option<Progress> {
        let duration_s = self.duration()?;
        let ended = self.snapshot.state == PlaybackState::Ended;
        let seen = ended || self.credits_at().is_some_and(|credits| self.position() >= credits);
        let position_s = if seen { duration_s } else { self.position() };
        (position_s > 0.0).then_some(Progress { position_s, duration_s, taken_at_ms: 0 })
    }

    /// Tracks of a kind for a menu.
    pub(crate) fn tracks(&self, kind: TrackKind) -> Vec<TrackInfo> {
        self.snapshot.tracks_of(kind).cloned().collect()
    }

    /// The button that skips, if it is to be seen.
    pub(crate) fn pill(&self) -> Option<Pill> {
        if self.is_covered() || self.next_up.card().is_some() { None } else { self.offer(self.shows_controls()) }
    }

    /// The card of the next episode, if it is to be seen.
    pub(crate) fn next_card(&self) -> Option<Card> {
        if self.is_covered() || self.has_failed() { None } else { self.next_up.card() }
    }

    fn is_covered(&self) -> bool {
        self.menu.is_some() || self.sheet || self.below || self.seek.is_active() || self.dpad.is_active()
    }

    /// Does the card of the next episode keep the focus to itself? On a television it does while there is nothing else,
    /// and the question whether anybody is there does everywhere.
    pub(crate) fn is_asked(&self) -> bool {
        match self.next_card() {
            Some(Card::StillWatching) => true,
            Some(Card::Offer { .. }) => self.density.is_tv() && !self.shows_controls(),
            None => false,
        }
    }
}
