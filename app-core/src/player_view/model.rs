//! The player screen as a value: what the viewer sees and does, apart from the playback itself.

use super::{
    dpad::{Dpad, DpadMsg},
    seek::{SeekGesture, Timeline},
    skip::{Pill, SkipTo, Skips},
};
use crate::{
    app::{CLOCK_STEP, Place, PlayFrom, SettingsChange},
    density::Density,
    failure::Failure,
    format,
    launch::QualityWish,
};
use player_core::{
    Command, MAX_TRICK_SPEED, MediaTime, PlaybackState, PlayerSnapshot, QualityChoice, RungId, TrackId,
    event::TrackInfo, manifest::TrackKind, text::captions::CaptionService,
};
use service_api::{
    GrantId, ProfileId, TitleId,
    catalog::{Chapter, TitlePage, TitleSummary},
    profile::Progress,
};
use std::{sync::Arc, time::Duration};
use url::Url;

/// Waiting shorter than this, in seconds, is not worth a sign.
pub(crate) const SPINNER_AFTER: f64 = 0.4;
/// The volume stays on screen this long after it was changed, in seconds.
const VOLUME_SHOWN: f64 = 1.5;
/// Seeking to the end leaves this much, in seconds: enough to see that it is the end.
const END_MARGIN: f64 = 2.0;

/// Speeds to choose from.
pub(crate) const SPEEDS: [f64; 10] = [0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 3.0, 4.0];
const NORMAL_SPEED: f64 = 1.0;
/// While the key for it is held.
const HELD_SPEED: f64 = 2.0;
/// Winding begins at this speed and doubles with each press.
const WINDING_BEGINS: i32 = 2;

/// What is playing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Source {
    Title { summary: Box<TitleSummary>, profile: ProfileId },
    Url(Url),
}

/// Whether there is a session.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Phase {
    /// Permission is asked for.
    Opening,
    Open,
    /// There will be none.
    Failed(Failure),
}

/// The menus over the bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Menu {
    Audio,
    Subtitles,
    Quality,
    /// Behind a line of `Quality`.
    Speed,
    /// All of them on one page, when OK is held on a remote control.
    Quick,
}

/// Wishes of the viewer at the player.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PlayerMsg {
    /// A key or the pointer moved: the controls are wanted.
    Activity,
    /// The pointer rests on the controls.
    OverControls(bool),
    TogglePlay,
    SeekBy {
        seconds: f64,
        held: bool,
    },
    /// 0 to 1 of the duration.
    SeekShare(f64),
    /// The pointer drags the bar to this second.
    Scrub(f64),
    /// Key or pointer released.
    Released,
    Chapter {
        forward: bool,
    },
    /// Goes behind what is offered to be skipped.
    Skip,
    VolumeBy(f32),
    SetVolume(f32),
    ToggleMute,
    ToggleMenu(Menu),
    ToggleSubtitles,
    /// To the next of [`SPEEDS`].
    SpeedBy {
        faster: bool,
    },
    ChooseSpeed(f64),
    ResetSpeed,
    /// Double speed until a key is released.
    HoldSpeed,
    /// Fast forward or backward; again for faster.
    Wind {
        forward: bool,
    },
    ChooseQuality(QualityChoice),
    ChooseText(Option<TrackId>),
    ChooseAudio(TrackId),
    ToggleStats,
    CopyStats,
    ToggleSheet,
    ToggleDetails,
    CopyDetails,
    ToggleFullScreen,
    Retry,
    /// Ends a stream on another device, and tries again.
    StopElsewhere(GrantId),
    SignIn,
    /// The arrows and OK of a remote control.
    Dpad(DpadMsg),
    Back,
    Leave,
}

/// Why the player screen is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Away {
    /// The title is over.
    Ended,
    /// Nothing was open that Back could close.
    Esc,
}

/// What follows from a message.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Reaction {
    pub(crate) commands: Vec<Command>,
    pub(crate) copy: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) settings: Option<SettingsChange>,
    pub(crate) away: Option<Away>,
}

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
    /// The episode after this one.
    pub(crate) next: Option<TitleId>,
    pub(crate) skips: Skips,
    /// The seek that was made to skip something; it is not the viewer's.
    skipping_to: Option<f64>,
    pub(crate) menu: Option<Menu>,
    pub(crate) stats: bool,
    pub(crate) sheet: bool,
    pub(crate) details: bool,
    pub(crate) seek: SeekGesture,
    pub(crate) dpad: Dpad,
    pub(crate) quality_wish: Option<QualityWish>,
    /// As chosen; what a held key does to it is not chosen.
    pub(crate) speed: f64,
    speed_held: bool,
    pub(crate) volume: f32,
    pub(crate) muted: bool,
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
            next: None,
            skips: Skips::default(),
            skipping_to: None,
            menu: None,
            stats: false,
            sheet: false,
            details: false,
            seek: SeekGesture::default(),
            dpad: Dpad::default(),
            quality_wish: None,
            speed: NORMAL_SPEED,
            speed_held: false,
            volume: 1.0,
            muted: false,
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
        if let Source::Title { summary, .. } = &mut self.source
            && summary.id == title.summary.id
        {
            self.next = page.episode.as_ref().and_then(|episode| episode.next.clone());
            **summary = title.summary.clone();
            self.chapters = title.chapters.clone();
            self.skips.segments = title.segments.clone();
        }
    }

    /// Heading over the video.
    pub(crate) fn heading(&self) -> (String, String) {
        match &self.source {
            Source::Title { summary, .. } => {
                let detail = summary.kicker.clone().or_else(|| summary.genres.first().cloned()).unwrap_or_default();
                (summary.name.clone(), detail)
            }
            Source::Url(url) => {
                let file = url.path_segments().and_then(|mut s| s.rfind(|s| !s.is_empty())).unwrap_or("Stream");
                (file.to_owned(), url.host_str().unwrap_or_default().to_owned())
            }
        }
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
        if self.has_failed() || self.sheet {
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

    /// What was watched, for the cards until the server tells.
    pub(crate) fn progress_hint(&self) -> Option<Progress> {
        let duration_s = self.duration()?;
        let ended = self.snapshot.state == PlaybackState::Ended;
        let position_s = if ended { duration_s } else { self.position() };
        (position_s > 0.0).then_some(Progress { position_s, duration_s, taken_at_ms: 0 })
    }

    /// Tracks of a kind for a menu.
    pub(crate) fn tracks(&self, kind: TrackKind) -> Vec<TrackInfo> {
        self.snapshot.tracks_of(kind).cloned().collect()
    }

    /// The button that skips, if it is to be seen.
    pub(crate) fn pill(&self) -> Option<Pill> {
        let is_covered = self.menu.is_some() || self.sheet || self.seek.is_active() || self.dpad.is_active();
        if is_covered { None } else { self.offer(self.shows_controls()) }
    }

    fn offer(&self, controls: bool) -> Option<Pill> {
        if self.has_failed() || !self.is_under_way() {
            return None;
        }
        self.skips.pill(self.shown_position(), self.duration(), (self.clock, controls))
    }

    /// Is there something on screen that goes on or could?
    fn is_under_way(&self) -> bool {
        use PlaybackState::{Paused, Playing, Seeking, Stalled};
        self.phase == Phase::Open && matches!(self.snapshot.state, Playing | Paused | Stalled | Seeking)
    }

    fn skip(&mut self, to: SkipTo, now: f64) -> Option<Away> {
        match to {
            SkipTo::End => Some(Away::Ended),
            SkipTo::Time(target) => {
                self.skipping_to = Some(target);
                self.seek.jump(target, self.timeline(), now);
                None
            }
        }
    }

    pub(super) fn timeline(&self) -> Timeline {
        Timeline {
            position: self.position(),
            duration: self.duration(),
            seeking: self.snapshot.state == PlaybackState::Seeking,
        }
    }

    pub(super) fn touch(&mut self, now: f64) {
        self.active_at = now;
        self.controls_hidden = false;
    }

    pub(crate) fn update(&mut self, msg: PlayerMsg, now: f64) -> Reaction {
        self.clock = now;
        let mut reaction = Reaction::default();
        match msg {
            PlayerMsg::Activity => self.touch(now),
            PlayerMsg::OverControls(over) => self.over_controls = over,
            PlayerMsg::TogglePlay => {
                self.touch(now);
                let winding = self.snapshot.trick_speed.is_some();
                let command = if self.snapshot.wants_play && !winding { Command::Pause } else { Command::Play };
                reaction.commands.push(command);
            }
            PlayerMsg::SeekBy { seconds, held } => {
                self.touch(now);
                self.seek.by(seconds, held, self.timeline(), now);
            }
            PlayerMsg::SeekShare(share) => {
                self.touch(now);
                if let Some(duration) = self.duration() {
                    let target = (duration * share).min(duration - END_MARGIN).max(0.0);
                    self.seek.jump(target, self.timeline(), now);
                }
            }
            PlayerMsg::Scrub(target) => {
                self.touch(now);
                self.seek.to(target, self.timeline(), now);
            }
            PlayerMsg::Released => {
                self.seek.release(now);
                if std::mem::take(&mut self.speed_held) {
                    reaction.commands.push(Command::SetRate { rate: self.speed });
                    reaction.note = Some(speed_note(self.speed));
                }
            }
            PlayerMsg::Chapter { forward } => {
                self.touch(now);
                if let Some(target) = self.chapter_target(forward) {
                    self.seek.jump(target, self.timeline(), now);
                }
            }
            PlayerMsg::Skip => {
                if let Some(pill) = self.offer(true) {
                    reaction.away = self.skip(pill.to, now);
                }
            }
            PlayerMsg::VolumeBy(step) => {
                let volume = if self.muted && step > 0.0 { step } else { self.volume + step };
                self.set_volume(volume, now, &mut reaction);
            }
            PlayerMsg::SetVolume(volume) => self.set_volume(volume, now, &mut reaction),
            PlayerMsg::ToggleMute => {
                self.touch(now);
                self.volume_changed_at = Some(now);
                self.muted = !self.muted;
                reaction.commands.push(Command::SetMuted { muted: self.muted });
                reaction.settings = Some(SettingsChange::Volume { volume: self.volume, muted: self.muted });
            }
            PlayerMsg::ToggleMenu(menu) => {
                self.touch(now);
                self.menu = if self.menu == Some(menu) { None } else { Some(menu) };
            }
            PlayerMsg::ToggleSubtitles => self.toggle_subtitles(now, &mut reaction),
            PlayerMsg::SpeedBy { faster } => {
                let next = if faster {
                    SPEEDS.into_iter().find(|speed| *speed > self.speed)
                } else {
                    SPEEDS.into_iter().rev().find(|speed| *speed < self.speed)
                };
                self.set_speed(next.unwrap_or(self.speed), &mut reaction);
            }
            PlayerMsg::ChooseSpeed(speed) => {
                self.touch(now);
                self.menu = None;
                self.set_speed(speed, &mut reaction);
            }
            // Some remote controls have no other key for going back.
            PlayerMsg::ResetSpeed if self.density.is_tv() || self.has_failed() => {
                reaction = self.back(now);
            }
            PlayerMsg::ResetSpeed => self.set_speed(NORMAL_SPEED, &mut reaction),
            PlayerMsg::HoldSpeed => {
                self.speed_held = true;
                reaction.commands.push(Command::SetRate { rate: HELD_SPEED });
                reaction.note = Some(speed_note(HELD_SPEED));
            }
            PlayerMsg::Wind { forward } => {
                self.touch(now);
                let begin = if forward { WINDING_BEGINS } else { -WINDING_BEGINS };
                let same_way = self.snapshot.trick_speed.filter(|speed| (*speed > 0) == forward);
                let speed = same_way.map_or(begin, |speed| (speed * 2).clamp(-MAX_TRICK_SPEED, MAX_TRICK_SPEED));
                reaction.commands.push(Command::TrickPlay { speed });
            }
            PlayerMsg::ChooseQuality(choice) => {
                self.touch(now);
                self.menu = None;
                self.quality_wish = None;
                reaction.commands.push(Command::SetQuality { choice });
                let wish = match choice {
                    QualityChoice::Auto => Some(QualityWish::Auto),
                    QualityChoice::Fixed(rung) => self.snapshot.rung(rung).map(|r| QualityWish::Height(r.height)),
                };
                reaction.settings = Some(SettingsChange::Quality(wish));
            }
            PlayerMsg::ChooseText(track) => {
                self.touch(now);
                self.menu = None;
                self.select_text(track, &mut reaction);
            }
            PlayerMsg::ChooseAudio(track) => {
                self.touch(now);
                self.menu = None;
                reaction.commands.push(Command::SelectAudio { track });
            }
            PlayerMsg::ToggleStats => self.stats = !self.stats,
            PlayerMsg::CopyStats => {
                reaction.copy = serde_json::to_string_pretty(&*self.snapshot).ok();
                reaction.note = Some("Stats copied as JSON".to_owned());
            }
            PlayerMsg::ToggleSheet => {
                self.sheet = !self.sheet;
                self.menu = None;
            }
            PlayerMsg::ToggleDetails => self.details = !self.details,
            PlayerMsg::CopyDetails => {
                reaction.copy = Some(self.error_details());
                reaction.note = Some("Details copied".to_owned());
            }
            PlayerMsg::Dpad(msg) => reaction = self.update_dpad(msg, now),
            PlayerMsg::Back => reaction = self.back(now),
            PlayerMsg::ToggleFullScreen
            | PlayerMsg::Retry
            | PlayerMsg::StopElsewhere(_)
            | PlayerMsg::SignIn
            | PlayerMsg::Leave => {}
        }
        reaction
    }

    /// Back closes the topmost thing; with nothing open the screen is left.
    fn back(&mut self, now: f64) -> Reaction {
        let away = |away| Reaction { away, ..Reaction::default() };
        if let Some(reaction) = self.cancel_dpad() {
            return reaction;
        }
        if let Some(menu) = self.menu.take() {
            self.menu = (menu == Menu::Speed).then_some(Menu::Quality);
            self.touch(now);
            return away(None);
        }
        if std::mem::take(&mut self.sheet) {
            return away(None);
        }
        if self.snapshot.trick_speed.is_some() && !self.has_failed() {
            return Reaction { commands: vec![Command::TrickPlay { speed: 0 }], ..Reaction::default() };
        }
        if self.density.is_tv() && self.shows_controls() && self.snapshot.state == PlaybackState::Playing {
            self.controls_hidden = true;
            self.active_at = f64::NEG_INFINITY;
            return away(None);
        }
        away(Some(Away::Esc))
    }

    fn set_speed(&mut self, speed: f64, reaction: &mut Reaction) {
        self.speed = speed;
        reaction.commands.push(Command::SetRate { rate: speed });
        reaction.note = Some(speed_note(speed));
    }

    fn set_volume(&mut self, volume: f32, now: f64, reaction: &mut Reaction) {
        self.touch(now);
        self.volume_changed_at = Some(now);
        // Steps of one per cent: sums of 0.05 would drift.
        self.volume = (volume.clamp(0.0, 1.0) * 100.0).round() / 100.0;
        reaction.commands.push(Command::SetVolume { volume: self.volume });
        if self.muted && self.volume > 0.0 {
            self.muted = false;
            reaction.commands.push(Command::SetMuted { muted: false });
        }
        reaction.settings = Some(SettingsChange::Volume { volume: self.volume, muted: self.muted });
    }

    fn toggle_subtitles(&mut self, now: f64, reaction: &mut Reaction) {
        let tracks = self.tracks(TrackKind::Text);
        if tracks.is_empty() {
            reaction.note = Some("This title has no subtitles".to_owned());
            return;
        }
        self.touch(now);
        let track = match self.snapshot.selected_text {
            Some(_) => None,
            None => self.text_before_off.or_else(|| tracks.first().map(|track| track.id)),
        };
        reaction.note = Some(match track.and_then(|id| tracks.iter().find(|track| track.id == id)) {
            Some(track) => format!("Subtitles: {}", track_name(track)),
            None => "Subtitles off".to_owned(),
        });
        self.select_text(track, reaction);
    }

    fn select_text(&mut self, track: Option<TrackId>, reaction: &mut Reaction) {
        if track.is_none() {
            self.text_before_off = self.snapshot.selected_text.or(self.text_before_off);
        }
        reaction.commands.push(Command::SelectText { track });
        let language = track.and_then(|id| self.snapshot.tracks.iter().find(|t| t.id == id)?.language.clone());
        reaction.settings = Some(SettingsChange::TextLanguage(language));
    }

    fn chapter_target(&self, forward: bool) -> Option<f64> {
        let here = self.shown_position();
        if forward {
            self.chapters.iter().map(|c| c.start_s).find(|start| *start > here + 0.1)
        } else {
            // Shortly after a chapter began, "previous" means the one before.
            self.chapters.iter().map(|c| c.start_s).rev().find(|start| *start < here - 3.0).or(Some(0.0))
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
            away = to.and_then(|to| self.skip(to, now));
        }
        if let Some(target) = self.seek.poll(self.timeline(), now) {
            if self.skipping_to.take() != Some(target) {
                self.skips.sought(target);
            }
            commands.push(Command::Seek { to: MediaTime::from_secs_f64(target) });
        }
        commands.extend(after_seek);
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
        (commands, away.or(ended.then_some(Away::Ended)))
    }

    /// The rung that fits a wish best: the same height, else the highest below.
    fn rung_for(&self, wish: QualityWish) -> Option<RungId> {
        let QualityWish::Height(height) = wish else { return None };
        let fits = self.snapshot.rungs.iter().filter(|rung| rung.height <= height);
        fits.max_by_key(|rung| (rung.height, rung.bitrate)).map(|rung| rung.id)
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
        due.extend(self.volume_changed_at.map(|at| at + VOLUME_SHOWN));
        due.retain(|at| at.is_finite() && *at > now);
        due.into_iter().min_by(f64::total_cmp)
    }

    /// Everything about the error for a bug report.
    pub(crate) fn error_details(&self) -> String {
        match (&self.phase, &self.snapshot.error) {
            (Phase::Failed(failure), _) => format!("{}\n{}", failure.code, failure.detail),
            (_, Some(error)) => {
                let at = format::clock(Duration::try_from_secs_f64(self.position()).unwrap_or_default());
                format!("E{} at {at}\n{}", error.code.number(), error.detail)
            }
            _ => String::new(),
        }
    }
}

/// A speed in menus.
pub(crate) fn speed_label(speed: f64) -> String {
    format!("{speed}×")
}

fn speed_note(speed: f64) -> String {
    format!("Speed {}", speed_label(speed))
}

/// The stream's own chapters, for titles of which no catalog tells.
fn chapters_of(snapshot: &PlayerSnapshot) -> Vec<Chapter> {
    let chapters = snapshot.chapters.as_slice().iter();
    chapters
        .map(|chapter| Chapter { start_s: chapter.start.as_secs_f64(), name: chapter.title(None).to_owned() })
        .collect()
}

/// What a track is called in menus.
pub(crate) fn track_name(track: &TrackInfo) -> String {
    let language = track.language.as_deref().map(format::language);
    // Captions that have no other name than their channel's.
    if let (Some(language), Some(service)) = (&language, CaptionService::of_track(track.id))
        && service.to_string() == track.name
    {
        return format!("{language} ({service})");
    }
    match (language, track.name.trim()) {
        (Some(language), "") => language,
        (Some(language), name) if name.eq_ignore_ascii_case(&language) => language,
        (Some(language), name) if track.language.as_deref() == Some(name) => language,
        (_, "") => "Unnamed".to_owned(),
        (_, name) => name.to_owned(),
    }
}
