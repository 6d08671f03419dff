//! What comes from the desktop around the application, and what is opened by address.

use super::{Effect, Model, Msg, Place, PlayFrom, PlayerMsg, placeholder};
use crate::{
    desktop::{
        address::Address,
        model::{Change, DesktopEffect, DesktopMsg, OpenSheet},
        now_playing::Remote,
        recents::Recents,
    },
    language::tr,
};
use player_core::{
    Command, PlaybackState,
    command::{MAX_RATE, MIN_RATE},
};
use service_api::TitleId;

impl Model {
    /// What was opened lately, and whether dropped files are delivered here. What was named at the start is remembered.
    pub(crate) fn begin_on_desktop(&mut self, recents: Recents, takes_drops: bool) -> Vec<Effect> {
        self.desktop.recents = recents;
        self.desktop.takes_drops = takes_drops;
        let opened = self.launch.url.clone();
        let is_new = opened.is_some_and(|url| self.settings.desktop.keep_recents && self.desktop.recents.add(&url));
        is_new.then(|| Effect::Desktop(DesktopEffect::SaveRecents(self.desktop.recents.clone()))).into_iter().collect()
    }

    pub(super) fn update_desktop(&mut self, msg: DesktopMsg, now: f64) -> Vec<Effect> {
        match msg {
            DesktopMsg::ShowOpen => {
                self.desktop.open.get_or_insert_with(OpenSheet::default);
            }
            DesktopMsg::ShowSettings => self.desktop.shows_settings = true,
            DesktopMsg::Close => return self.close_sheet().unwrap_or_default(),
            DesktopMsg::CopyCrash => {
                let Some(report) = &self.desktop.crash else { return vec![] };
                let copied = Effect::Copy(report.text.clone());
                self.notify(tr!("crash-copied"), now);
                return vec![copied];
            }
            DesktopMsg::DeleteCrash => {
                self.desktop.crash = None;
                return vec![Effect::Desktop(DesktopEffect::DeleteCrash)];
            }
            DesktopMsg::EditAddress(text) => {
                if let Some(sheet) = &mut self.desktop.open {
                    sheet.text = text;
                    sheet.problem = None;
                }
            }
            DesktopMsg::OpenTyped => {
                let Some(sheet) = &mut self.desktop.open else { return vec![] };
                match Address::parse(&sheet.text) {
                    Ok(address) => return self.open_address(address, now),
                    Err(problem) => sheet.problem = Some(problem),
                }
            }
            DesktopMsg::Browse => {
                let Some(sheet) = self.desktop.open.as_mut().filter(|sheet| !sheet.browsing) else { return vec![] };
                sheet.browsing = true;
                sheet.problem = None;
                return vec![Effect::Desktop(DesktopEffect::Browse)];
            }
            DesktopMsg::Chosen(answer) => return self.chosen(answer, now),
            DesktopMsg::OpenRecent(index) => {
                let Some(url) = self.desktop.recents.get(index).cloned() else { return vec![] };
                // A file may have gone since.
                match Address::parse(url.as_str()) {
                    Ok(address) => return self.open_address(address, now),
                    Err(problem) => {
                        if let Some(sheet) = &mut self.desktop.open {
                            sheet.problem = Some(problem);
                        }
                    }
                }
            }
            DesktopMsg::ClearRecents => {
                self.desktop.recents.clear();
                return vec![Effect::Desktop(DesktopEffect::SaveRecents(self.desktop.recents.clone()))];
            }
            DesktopMsg::Open(address) => return self.open_address(address, now),
            DesktopMsg::Raise => return vec![Effect::Desktop(DesktopEffect::Raise)],
            DesktopMsg::Dragging(dragging) => self.desktop.dragging = dragging,
            DesktopMsg::Set(change) => return self.set_desktop(change),
            DesktopMsg::Appearance(appearance) => self.desktop.appearance = appearance,
            DesktopMsg::Remote(remote) => return self.remote(remote, now),
        }
        vec![]
    }

    /// Closes what is above everything else; `None` if nothing is.
    pub(super) fn close_sheet(&mut self) -> Option<Vec<Effect>> {
        let desktop = &mut self.desktop;
        if desktop.crash.take().is_some() {
            return Some(vec![Effect::Desktop(DesktopEffect::CrashSeen)]);
        }
        let closed = std::mem::take(&mut desktop.shows_settings) || desktop.open.take().is_some();
        closed.then(Vec::new)
    }

    /// Plays what was named, instead of whatever is playing.
    pub(super) fn open_address(&mut self, address: Address, now: f64) -> Vec<Effect> {
        self.desktop.open = None;
        self.desktop.shows_settings = false;
        self.desktop.dragging = false;
        match address {
            Address::Stream(url) => {
                let mut effects = Vec::new();
                if self.settings.desktop.keep_recents && self.desktop.recents.add(&url) {
                    effects.push(Effect::Desktop(DesktopEffect::SaveRecents(self.desktop.recents.clone())));
                }
                effects.push(self.play_url(url, PlayFrom::Resume));
                effects
            }
            Address::Title { id, at } => {
                let mut effects = if self.place == Place::Player { self.leave_player() } else { Vec::new() };
                if self.profile.is_none() {
                    // Kept until somebody is there who may watch it.
                    self.launch.title = Some(id);
                    self.launch.start = at;
                    self.notify(tr!("note-sign-in-for-title"), now);
                    return effects;
                }
                let summary = placeholder(&id);
                effects.extend(self.show_title(summary.clone()));
                effects.extend(self.play_title(summary, at.map_or(PlayFrom::Resume, PlayFrom::At)));
                effects
            }
        }
    }

    fn chosen(&mut self, answer: Result<Option<url::Url>, ()>, now: f64) -> Vec<Effect> {
        if let Some(sheet) = &mut self.desktop.open {
            sheet.browsing = false;
            sheet.no_dialog |= answer.is_err();
            if answer.is_err() {
                sheet.problem = Some(tr!("open-no-dialog").to_owned());
            }
        }
        let Ok(Some(url)) = answer else { return vec![] };
        match Address::parse(url.as_str()) {
            Ok(address) => self.open_address(address, now),
            Err(problem) => {
                self.notify(&problem, now);
                vec![]
            }
        }
    }

    fn set_desktop(&mut self, change: Change) -> Vec<Effect> {
        let mut effects = Vec::new();
        let desktop = &mut self.settings.desktop;
        match change {
            Change::MediaKeys(on) => desktop.media_keys = on,
            Change::KeepAwake(on) => desktop.keep_awake = on,
            Change::TextSize(size) => desktop.look.text_size = size,
            Change::ReducedMotion(reduced) => desktop.look.reduced_motion = reduced,
            Change::Light(light) => desktop.look.light = light,
            Change::HighContrast(high) => desktop.look.high_contrast = high,
            Change::Language(language) => self.settings.language = language,
            Change::KeepRecents(on) => {
                desktop.keep_recents = on;
                if !on {
                    self.desktop.recents.clear();
                    effects.push(Effect::Desktop(DesktopEffect::SaveRecents(self.desktop.recents.clone())));
                }
            }
        }
        effects.push(Effect::SaveSettings(self.settings.clone()));
        effects
    }

    /// The episode before the one that is playing, where its series was looked at.
    pub(crate) fn previous_episode(&self) -> Option<TitleId> {
        let playing = match &self.player.as_ref()?.source {
            crate::player_view::model::Source::Title { summary, .. } => &summary.id,
            crate::player_view::model::Source::Url(_) => return None,
        };
        self.titles.iter().rev().filter_map(|page| page.page()).find_map(|page| {
            let episodes: Vec<&TitleId> =
                page.seasons.iter().flat_map(|season| &season.episodes).map(|episode| &episode.id).collect();
            let at = episodes.iter().position(|id| *id == playing)?;
            at.checked_sub(1).map(|before| episodes[before].clone())
        })
    }

    /// Carries out what media controls ask for. What makes no sense now is ignored, as their specification says.
    fn remote(&mut self, remote: Remote, now: f64) -> Vec<Effect> {
        match remote {
            Remote::Open(address) => {
                let mut effects = self.open_address(address, now);
                effects.push(Effect::Desktop(DesktopEffect::Raise));
                return effects;
            }
            Remote::Raise => return vec![Effect::Desktop(DesktopEffect::Raise)],
            Remote::Quit => return vec![Effect::Quit],
            Remote::FullScreen(on) => return self.set_full_screen(on),
            Remote::Volume(volume) if volume.is_finite() => {
                return self.update(Msg::Player(PlayerMsg::SetVolume(volume.clamp(0.0, 1.0) as f32)), now);
            }
            _ => {}
        }
        let Some(player) = self.player.as_ref().filter(|player| !player.has_failed()) else { return vec![] };
        let snapshot = &player.snapshot;
        let (position, duration) = (player.position(), player.duration());
        let is_playing = snapshot.wants_play && snapshot.trick_speed.is_none();
        let command = match remote {
            Remote::Play => (!is_playing || snapshot.state == PlaybackState::Ended).then_some(Command::Play),
            Remote::Pause => snapshot.wants_play.then_some(Command::Pause),
            Remote::PlayPause => return self.update(Msg::Player(PlayerMsg::TogglePlay), now),
            Remote::Stop => return self.leave_player(),
            Remote::Next if player.next_up.episode.is_some() => return self.play_next(true, now),
            Remote::Previous => match self.previous_episode() {
                Some(before) => return self.play_title(placeholder(&before), PlayFrom::Start),
                None => None,
            },
            Remote::SeekTo { track, position_us } if track == player.attempt => {
                return self.seek_from_outside(position_us as f64 / 1e6, now);
            }
            Remote::SeekBy(offset_us) => {
                let target = (position + offset_us as f64 / 1e6).max(0.0);
                match duration {
                    // As specified: behind the end is the next one.
                    Some(duration) if target >= duration && player.next_up.episode.is_some() => {
                        return self.play_next(true, now);
                    }
                    Some(duration) => return self.seek_from_outside(target.min(duration), now),
                    None => None,
                }
            }
            Remote::Rate(rate) if rate.is_finite() && rate > 0.0 => {
                let speed = rate.clamp(MIN_RATE, MAX_RATE);
                return self.update(Msg::Player(PlayerMsg::ChooseSpeed(speed)), now);
            }
            _ => None,
        };
        command.map(Effect::Player).into_iter().collect()
    }

    /// Seeks as the viewer does, so that it can be taken back and is not thrown out of what would be skipped; at once.
    fn seek_from_outside(&mut self, seconds: f64, now: f64) -> Vec<Effect> {
        let mut effects = self.update(Msg::Player(PlayerMsg::SeekTo(seconds)), now);
        effects.extend(self.tick(now));
        effects
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        density::Density,
        desktop::{crash::CrashReport, model::Sheet},
        effect::Target,
        settings::Settings,
        testing::fixtures::{at_home, launch, playing, snapshot},
    };
    use std::time::Duration;
    use url::Url;

    const STREAM: &str = "https://example.com/a.m3u8";

    fn opened(effects: &[Effect]) -> Option<&Target> {
        effects.iter().find_map(|effect| match effect {
            Effect::OpenPlayer(request) => Some(&request.target),
            _ => None,
        })
    }

    fn stream() -> Address {
        Address::parse(STREAM).unwrap()
    }

    fn tell(model: &mut Model, msg: impl Into<Msg>) -> Vec<Effect> {
        model.update(msg.into(), 1.0)
    }

    fn seek(seconds: f64) -> Command {
        Command::Seek { to: player_core::MediaTime::from_secs_f64(seconds) }
    }

    #[test]
    fn an_address_from_anywhere_plays_and_is_remembered() {
        let url: Url = STREAM.parse().unwrap();
        for mut model in [
            at_home(Density::Desktop),
            playing(Density::Desktop, snapshot()),
            Model::new(Density::Desktop, launch(), Settings::default()).0,
        ] {
            let effects = tell(&mut model, DesktopMsg::Open(stream()));
            assert_eq!(opened(&effects), Some(&Target::Url(url.clone())));
            assert_eq!(model.desktop.recents.get(0), Some(&url));
            assert!(
                effects.iter().any(|e| matches!(e, Effect::Desktop(DesktopEffect::SaveRecents(r)) if !r.is_empty()))
            );
            assert_eq!(model.place, Place::Player);
        }
        let mut forgetful = at_home(Density::Desktop);
        forgetful.settings.desktop.keep_recents = false;
        tell(&mut forgetful, DesktopMsg::Open(stream()));
        assert!(forgetful.desktop.recents.is_empty());
    }

    #[test]
    fn the_sheet_says_what_is_wrong_and_closes_when_something_opens() {
        let mut model = at_home(Density::Desktop);
        tell(&mut model, DesktopMsg::ShowOpen);
        tell(&mut model, DesktopMsg::EditAddress("example.com/a".to_owned()));
        assert_eq!(tell(&mut model, DesktopMsg::OpenTyped), []);
        assert!(model.desktop.open.as_ref().unwrap().problem.as_ref().unwrap().contains("https://"));
        assert_eq!(tell(&mut model, DesktopMsg::Browse), [Effect::Desktop(DesktopEffect::Browse)]);
        assert_eq!(tell(&mut model, DesktopMsg::Browse), [], "one dialog is enough");
        tell(&mut model, DesktopMsg::Chosen(Err(())));
        let sheet = model.desktop.open.clone().unwrap();
        assert!(sheet.no_dialog && !sheet.browsing && sheet.problem.unwrap().contains("path"));
        tell(&mut model, DesktopMsg::EditAddress(STREAM.to_owned()));
        assert!(opened(&tell(&mut model, DesktopMsg::OpenTyped)).is_some());
        assert_eq!(model.desktop.open, None);
        tell(&mut model, DesktopMsg::ShowOpen);
        assert!(opened(&tell(&mut model, DesktopMsg::OpenRecent(0))).is_some());
        tell(&mut model, DesktopMsg::ClearRecents);
        assert_eq!(tell(&mut model, DesktopMsg::OpenRecent(0)), []);
        tell(&mut model, DesktopMsg::ShowOpen);
        tell(&mut model, DesktopMsg::ShowSettings);
        tell(&mut model, Msg::Back);
        assert!(!model.desktop.shows_settings && model.desktop.open.is_some(), "one after the other");
        tell(&mut model, Msg::Back);
        assert_eq!((model.desktop.open.is_none(), model.place), (true, Place::Player), "Back closes the sheet alone");
    }

    #[test]
    fn a_link_to_a_title_waits_for_somebody_who_may_watch_it() {
        let link = || DesktopMsg::Open(Address::parse("lumen://title/paper-lions?t=90").unwrap());
        let mut home = at_home(Density::Desktop);
        let title = Target::Title { profile: "mira".into(), title: "paper-lions".into() };
        let effects = tell(&mut home, link());
        assert_eq!(opened(&effects), Some(&title));
        assert_eq!(home.player.as_ref().unwrap().from, PlayFrom::At(Duration::from_secs(90)));
        let (mut out, _) = Model::new(Density::Desktop, launch(), Settings::default());
        assert_eq!(opened(&tell(&mut out, link())), None);
        assert_eq!(out.launch.title, Some("paper-lions".into()));
    }

    #[test]
    fn media_controls_steer_the_player() {
        let mut model = playing(Density::Desktop, snapshot());
        let player = |command| [Effect::Player(command)];
        assert_eq!(tell(&mut model, Remote::Pause), player(Command::Pause));
        assert_eq!(tell(&mut model, Remote::Play), [], "it plays already");
        assert_eq!(tell(&mut model, Remote::PlayPause), player(Command::Pause));
        let track = model.player.as_ref().unwrap().attempt;
        let length = model.player.as_ref().unwrap().duration().unwrap();
        for (remote, to) in [
            (Remote::SeekBy(-2_000_000), 1150.0),
            (Remote::SeekBy(i64::MIN), 0.0),
            (Remote::SeekBy(i64::MAX), length),
            (Remote::SeekTo { track, position_us: 5_000_000 }, 5.0),
        ] {
            // One at a time: the next one waits for its picture.
            let mut model = playing(Density::Desktop, snapshot());
            assert_eq!(tell(&mut model, remote), player(seek(to)));
            let undone = model.update(Msg::Player(PlayerMsg::UndoSeek), 1.0);
            assert!(model.toast.is_some(), "it can be taken back: {undone:?}");
        }
        assert_eq!(tell(&mut model, Remote::SeekTo { track: track + 1, position_us: 5 }), []);
        assert!(tell(&mut model, Remote::Rate(1.5)).contains(&Effect::Player(Command::SetRate { rate: 1.5 })));
        assert!(tell(&mut model, Remote::Volume(0.25)).contains(&Effect::Player(Command::SetVolume { volume: 0.25 })));
        for odd in
            [Remote::Rate(f64::NAN), Remote::Rate(-1.0), Remote::Volume(f64::INFINITY), Remote::Next, Remote::Previous]
        {
            assert_eq!(tell(&mut model, odd), []);
        }
        assert!(tell(&mut model, Remote::Stop).contains(&Effect::ClosePlayer));
        assert_eq!(tell(&mut model, Remote::Play), [], "nothing is there to play");
    }

    #[test]
    fn the_report_of_a_crash_is_shown_first_and_stays_here() {
        let report = CrashReport { path: "/state/crash-1.txt".into(), text: "index 4 of 3".to_owned() };
        let mut model = at_home(Density::Desktop);
        model.desktop.crash = Some(report.clone());
        tell(&mut model, DesktopMsg::ShowOpen);
        assert!(matches!(model.desktop.top(), Some(Sheet::Crash(_))));
        assert_eq!(tell(&mut model, DesktopMsg::CopyCrash), [Effect::Copy(report.text.clone())]);
        assert_eq!(tell(&mut model, Msg::Back), [Effect::Desktop(DesktopEffect::CrashSeen)]);
        assert!(matches!(model.desktop.top(), Some(Sheet::Open(_))));
        model.desktop.crash = Some(report);
        assert_eq!(tell(&mut model, DesktopMsg::DeleteCrash), [Effect::Desktop(DesktopEffect::DeleteCrash)]);
        assert_eq!(tell(&mut model, DesktopMsg::CopyCrash), []);
    }

    #[test]
    fn what_is_switched_off_is_kept_and_forgets() {
        let mut model = at_home(Density::Desktop);
        model.desktop.recents.add(&STREAM.parse().unwrap());
        let effects = tell(&mut model, DesktopMsg::Set(Change::KeepRecents(false)));
        assert!(model.desktop.recents.is_empty());
        assert!(effects.contains(&Effect::SaveSettings(model.settings.clone())));
        tell(&mut model, DesktopMsg::Set(Change::MediaKeys(false)));
        tell(&mut model, DesktopMsg::Set(Change::TextSize(Some(125))));
        assert!(!model.settings.desktop.media_keys && model.settings.desktop.look.text_size == Some(125));
    }
}
