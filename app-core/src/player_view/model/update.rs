//! From a wish to what follows from it.

use super::{
    Away, HELD_SPEED, KeysMsg, NORMAL_SPEED, PlayerMsg, PlayerScreen, Reaction, Rebinding, SPEEDS, Source,
    words::{delay_label, speed_note, track_name},
};
use crate::{
    app::SettingsChange,
    format,
    language::tr,
    launch::QualityWish,
    player_view::{
        keys::{Conflict, KeyChoices},
        text_style::TextLook,
    },
};
use player_core::{
    Command, MAX_TEXT_DELAY_MS, MAX_TRICK_SPEED, PlaybackState, QualityChoice, TrackId, manifest::TrackKind,
};
use std::time::Duration;

/// Winding begins at this speed and doubles with each press.
const WINDING_BEGINS: i32 = 2;
/// Seeking to the end leaves this much, in seconds: enough to see that it is the end.
const END_MARGIN: f64 = 2.0;

impl PlayerScreen {
    pub(in crate::player_view) fn touch(&mut self, now: f64) {
        self.active_at = now;
        self.controls_hidden = false;
    }

    pub(crate) fn update(&mut self, msg: PlayerMsg, now: f64) -> Reaction {
        self.clock = now;
        let mut reaction = Reaction::default();
        if !matches!(msg, PlayerMsg::OverControls(_)) && !self.next_up.holds_the_end() {
            self.next_up.attended();
        }
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
            PlayerMsg::StepFrames(frames) => self.step_frames(frames, now, &mut reaction),
            PlayerMsg::UndoSeek => self.undo_seek(now, &mut reaction),
            PlayerMsg::SeekShare(share) => {
                self.touch(now);
                if let Some(duration) = self.duration() {
                    let target = (duration * share).min(duration - END_MARGIN).max(0.0);
                    self.seek.jump(target, self.timeline(), now);
                }
            }
            PlayerMsg::SeekTo(target) => self.seek.jump(target, self.timeline(), now),
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
            PlayerMsg::Below(open) => {
                self.touch(now);
                self.below = open && self.has_below();
            }
            PlayerMsg::ChooseChapter(index) => {
                self.below = false;
                self.touch(now);
                if let Some(target) = self.chapters.get(index).map(|chapter| chapter.start_s) {
                    self.seek.jump(target, self.timeline(), now);
                }
            }
            PlayerMsg::Skip if self.next_card().is_some() => reaction.away = Some(Away::Next { asked: true }),
            PlayerMsg::NextEpisode => {
                if self.next_up.episode.is_some() {
                    reaction.away = Some(Away::Next { asked: true });
                } else {
                    reaction.note = Some(tr!("note-no-next").to_owned());
                }
            }
            PlayerMsg::CancelNext => reaction = self.cancel_next(),
            PlayerMsg::ChangeViewing(viewing) => {
                self.touch(now);
                self.view_as(viewing);
                if let Source::Title { profile, .. } = &self.source {
                    reaction.settings = Some(SettingsChange::Viewing { profile: profile.clone(), viewing });
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
                self.below = false;
                self.menu = if self.menu == Some(menu) { None } else { Some(menu) };
            }
            PlayerMsg::ToggleSubtitles => self.toggle_subtitles(now, &mut reaction),
            PlayerMsg::DelayTextBy(millis) => self.delay_text(self.text_delay.saturating_add(millis), &mut reaction),
            PlayerMsg::ChangeLook { which, forward } => {
                self.touch(now);
                self.look = self.look.stepped(which, forward);
                reaction.settings = Some(self.text_settings());
            }
            PlayerMsg::ResetText => {
                self.touch(now);
                self.look = TextLook::default();
                self.delay_text(0, &mut reaction);
                reaction.note = None;
            }
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
            PlayerMsg::ChooseDecoder(choice) => {
                self.touch(now);
                self.menu = None;
                self.decoder = choice.clone();
                reaction.settings = Some(SettingsChange::Decoder(choice.clone()));
                reaction.commands.push(Command::SetDecoder { choice });
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
                let chosen = self.snapshot.tracks.iter().find(|told| told.id == track);
                let language = chosen.and_then(|told| told.language.clone());
                reaction.settings = language.map(SettingsChange::AudioLanguage);
            }
            PlayerMsg::ToggleStats => self.stats = !self.stats,
            PlayerMsg::CopyStats => {
                reaction.copy = serde_json::to_string_pretty(&*self.snapshot).ok();
                reaction.note = Some(tr!("note-stats-copied").to_owned());
            }
            PlayerMsg::ToggleSheet => {
                self.sheet = !self.sheet;
                self.rebinding = None;
                self.menu = None;
            }
            PlayerMsg::Keys(msg) => self.rebind(msg, &mut reaction),
            PlayerMsg::ToggleDetails => self.details = !self.details,
            PlayerMsg::CopyDetails => {
                reaction.copy = Some(self.error_details());
                reaction.note = Some(tr!("note-details-copied").to_owned());
            }
            PlayerMsg::Dpad(msg) => reaction = self.update_dpad(msg, now),
            PlayerMsg::Back => reaction = self.back(now),
            PlayerMsg::ToggleFullScreen
            | PlayerMsg::Minimise
            | PlayerMsg::Maximise
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
            self.menu = menu.parent();
            self.touch(now);
            return away(None);
        }
        if std::mem::take(&mut self.below) {
            self.controls_hidden = true;
            return away(None);
        }
        if self.rebinding.take().is_some() || std::mem::take(&mut self.sheet) {
            return away(None);
        }
        if self.next_card().is_some() {
            return self.cancel_next();
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
            reaction.note = Some(tr!("note-no-subtitles").to_owned());
            return;
        }
        self.touch(now);
        let track = match self.snapshot.selected_text {
            Some(_) => None,
            None => self.text_before_off.or_else(|| tracks.first().map(|track| track.id)),
        };
        reaction.note = Some(match track.and_then(|id| tracks.iter().find(|track| track.id == id)) {
            Some(track) => tr!("note-subtitles-are", track = track_name(track)),
            None => tr!("note-subtitles-off").to_owned(),
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

    /// Subtitles this much later, in milliseconds.
    fn delay_text(&mut self, millis: i32, reaction: &mut Reaction) {
        let millis = millis.clamp(-MAX_TEXT_DELAY_MS, MAX_TEXT_DELAY_MS);
        self.text_delay = millis;
        reaction.commands.push(Command::SetTextDelay { millis });
        reaction.note = Some(tr!("note-subtitles-delay", delay = delay_label(millis)));
        reaction.settings = Some(self.text_settings());
    }

    fn text_settings(&self) -> SettingsChange {
        SettingsChange::Text { look: self.look, source: self.source.clone(), delay: self.text_delay }
    }

    /// To the picture so many before or after this one, and no further: it is to be looked at.
    fn step_frames(&mut self, frames: i32, now: f64, reaction: &mut Reaction) {
        self.touch(now);
        if self.snapshot.wants_play {
            reaction.commands.push(Command::Pause);
        }
        let here = self.seek.shown().unwrap_or_else(|| self.frames.middle(self.position()));
        let target = here + f64::from(frames) * self.frames.each();
        self.seek.jump(target, self.timeline(), now);
    }

    fn undo_seek(&mut self, now: f64, reaction: &mut Reaction) {
        self.touch(now);
        let Some(place) = self.left_behind.pop() else {
            reaction.note = Some(tr!("note-no-undo").to_owned());
            return;
        };
        let time = format::clock(Duration::try_from_secs_f64(place).unwrap_or_default());
        reaction.note = Some(tr!("note-back-at", time = time));
        self.undoing = true;
        self.seek.jump(place, self.timeline(), now);
    }

    /// The rest of this episode is to be seen; if there is none, nobody is watching any more.
    fn cancel_next(&mut self) -> Reaction {
        self.next_up.cancel();
        self.next_up.attended();
        let over = self.snapshot.state == PlaybackState::Ended;
        Reaction { away: over.then_some(Away::Ended), ..Reaction::default() }
    }

    fn rebind(&mut self, msg: KeysMsg, reaction: &mut Reaction) {
        match (msg, self.rebinding) {
            (KeysMsg::Choose(row), _) if self.sheet && !row.is_fixed() => {
                self.rebinding = Some(Rebinding::Waiting(row));
            }
            (KeysMsg::Pressed(key), Some(Rebinding::Waiting(row))) => {
                let mut choices = self.key_choices.clone();
                match choices.assign(row, key) {
                    Ok(()) => self.rebound(choices, reaction),
                    Err(Conflict::Taken(owner)) => self.rebinding = Some(Rebinding::Asking { row, key, owner }),
                    Err(Conflict::Reserved) => {
                        reaction.note = Some(tr!("note-key-fixed", key = key.label()));
                    }
                }
            }
            (KeysMsg::Swap, Some(Rebinding::Asking { row, key, owner })) => {
                let mut choices = self.key_choices.clone();
                choices.swap(row, key, owner);
                self.rebound(choices, reaction);
            }
            (KeysMsg::Reset, _) => {
                self.rebound(KeyChoices::default(), reaction);
                reaction.note = Some(tr!("note-keys-reset").to_owned());
            }
            (KeysMsg::Cancel, _) => self.rebinding = None,
            _ => {}
        }
    }

    fn rebound(&mut self, choices: KeyChoices, reaction: &mut Reaction) {
        self.rebinding = None;
        self.bind(choices.clone());
        reaction.settings = Some(SettingsChange::Keys(choices));
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
}
