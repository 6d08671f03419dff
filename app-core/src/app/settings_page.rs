//! The settings: account and plan, devices, playback, privacy, support.

use super::{Effect, Failure, Loadable, Model, Place};
use crate::{
    ask::Ask,
    density::Density,
    failure::Remedy,
    language::{Locale, tr},
    player_view::{skip::SkipChoice, viewing::Viewing},
    settings::{MediaChoices, Settings},
};
use service_api::{
    account::{AccountDetails, Consents, EraseAccount, SupportRequest, SupportTopic},
    catalog::SegmentKind,
    identity::Device,
};
use std::{fmt, path::PathBuf};

/// Languages that subtitles can be asked for in; each title may have others as well.
pub(crate) const LANGUAGES: [&str; 8] = ["en", "de", "fr", "es", "it", "pt", "nl", "ja"];

/// A part of the settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Section {
    #[default]
    Account,
    Plan,
    Devices,
    Playback,
    Privacy,
    Support,
    About,
    /// The set itself: picture, keyboard, reset.
    Television,
}

impl Section {
    const ALL: [Self; 8] = [
        Self::Account,
        Self::Plan,
        Self::Devices,
        Self::Playback,
        Self::Privacy,
        Self::Support,
        Self::About,
        Self::Television,
    ];

    /// The parts that there are.
    pub(crate) fn all(density: Density) -> &'static [Self] {
        if density.is_tv() { &Self::ALL } else { &Self::ALL[..Self::ALL.len() - 1] }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Account => tr!("part-account"),
            Self::Plan => tr!("part-plan"),
            Self::Devices => tr!("part-devices"),
            Self::Playback => tr!("part-playback"),
            Self::Privacy => tr!("part-privacy"),
            Self::Support => tr!("part-support"),
            Self::About => tr!("part-about"),
            Self::Television => tr!("part-television"),
        }
    }
}

/// What becomes of a request to support, or of an export.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Errand<T> {
    #[default]
    Idle,
    UnderWay,
    Done(T),
    Failed(Failure),
}

/// The settings page.
#[derive(Clone, PartialEq)]
pub(crate) struct SettingsPage {
    pub(crate) section: Section,
    pub(crate) account: Loadable<AccountDetails>,
    pub(crate) devices: Loadable<Vec<Device>>,
    /// Being signed out.
    pub(crate) ending: Vec<String>,
    pub(crate) message: String,
    pub(crate) topic: SupportTopic,
    /// Send the diagnostics that are shown.
    pub(crate) attaches: bool,
    pub(crate) support: Errand<String>,
    pub(crate) export: Errand<PathBuf>,
    pub(crate) erasure: Errand<()>,
    /// The question of erasing is open.
    pub(crate) is_erasing: bool,
    password: String,
    /// The last thing that went wrong, in the words of the screen: the heart of most requests to support.
    pub(crate) last_failure: Option<String>,
}

impl Default for SettingsPage {
    fn default() -> Self {
        Self {
            section: Section::default(),
            account: Loadable::Absent,
            devices: Loadable::Absent,
            ending: Vec::new(),
            message: String::new(),
            topic: SupportTopic::default(),
            attaches: false,
            support: Errand::Idle,
            export: Errand::Idle,
            erasure: Errand::Idle,
            is_erasing: false,
            password: String::new(),
            last_failure: None,
        }
    }
}

impl fmt::Debug for SettingsPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SettingsPage").field("section", &self.section).finish_non_exhaustive()
    }
}

impl SettingsPage {
    pub(crate) fn password(&self) -> &str {
        &self.password
    }

    pub(super) fn set_password(&mut self, text: String) {
        self.password = text;
        self.erasure = Errand::Idle;
    }

    pub(super) fn forget_secrets(&mut self) {
        self.password.clear();
        self.is_erasing = false;
        self.erasure = Errand::Idle;
    }
}

/// Wishes at that page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SettingsWish {
    Open(Section),
    Section(Section),
    Autoplay(bool),
    Skip(SegmentKind, SkipChoice),
    Previews(bool),
    Ambient(bool),
    /// Per cent of each edge.
    Overscan(u8),
    /// The next language of the keys on the screen.
    NextKeyboard,
    /// The language of the application; `None` follows the system.
    Language(Option<Locale>),
    /// The next language of subtitles; after the last, none.
    NextLanguage,
    Consent(Consents),
    Export,
    Topic(SupportTopic),
    Attach(bool),
    SendSupport,
    /// Opens the question of erasing, or closes it.
    BeginErasing(bool),
}

impl Model {
    pub(super) fn update_settings(&mut self, wish: SettingsWish) -> Vec<Effect> {
        let mut effects = Vec::new();
        let page = &mut self.settings_page;
        match wish {
            SettingsWish::Open(section) => {
                if self.account.is_none() {
                    return vec![];
                }
                if self.place == Place::Player {
                    effects.extend(self.leave_player());
                }
                self.profile_menu = false;
                self.titles.clear();
                self.place = Place::Settings;
                effects.extend(self.show_section(section));
            }
            SettingsWish::Section(section) => effects.extend(self.show_section(section)),
            SettingsWish::Autoplay(on) => {
                let viewing = Viewing { autoplay_next: on, ..self.viewing() };
                effects.extend(self.change_viewing(viewing));
            }
            SettingsWish::Skip(kind, choice) => {
                let viewing = self.viewing().with_skip(kind, choice);
                effects.extend(self.change_viewing(viewing));
            }
            SettingsWish::Previews(on) => {
                let viewing = Viewing { previews: on, ..self.viewing() };
                effects.extend(self.change_viewing(viewing));
            }
            SettingsWish::Ambient(on) => {
                self.settings.ambient = on;
                effects.push(Effect::SaveSettings(self.settings.clone()));
            }
            SettingsWish::Overscan(per_cent) => {
                self.settings.overscan = per_cent.min(Settings::OVERSCAN);
                effects.push(Effect::SaveSettings(self.settings.clone()));
            }
            SettingsWish::NextKeyboard => {
                self.settings.keyboard = Some(self.settings.keyboard.unwrap_or_default().next());
                effects.push(Effect::SaveSettings(self.settings.clone()));
            }
            SettingsWish::Language(language) => {
                self.settings.language = language;
                effects.push(Effect::SaveSettings(self.settings.clone()));
            }
            SettingsWish::NextLanguage => {
                let chosen = self.media().text_language;
                let at = LANGUAGES.iter().position(|tag| chosen.as_deref() == Some(*tag));
                let next = match (chosen, at) {
                    (None, _) => LANGUAGES.first(),
                    // One that the player chose and that is not among ours: off, then from the beginning.
                    (Some(_), None) => None,
                    (Some(_), Some(at)) => LANGUAGES.get(at + 1),
                };
                let next = next.map(|tag| (*tag).to_owned());
                let profile = self.profile.as_ref().map(|profile| profile.id.clone());
                self.settings.choose_media(profile, |media| media.text_language = next);
                effects.push(Effect::SaveSettings(self.settings.clone()));
            }
            SettingsWish::Consent(consents) => {
                if let Loadable::Ready { value, .. } = &mut page.account {
                    value.consents = consents;
                    effects.push(Effect::Ask(Ask::SetConsents(consents)));
                }
            }
            SettingsWish::Export if page.export != Errand::UnderWay => {
                page.export = Errand::UnderWay;
                effects.push(Effect::Ask(Ask::Export));
            }
            SettingsWish::Topic(topic) => page.topic = topic,
            SettingsWish::Attach(on) => page.attaches = on,
            SettingsWish::SendSupport if page.support != Errand::UnderWay && !page.message.trim().is_empty() => {
                page.support = Errand::UnderWay;
                let (topic, message) = (page.topic, page.message.trim().to_owned());
                let diagnostics = page.attaches.then(|| self.diagnostics());
                effects.push(Effect::Ask(Ask::Support(SupportRequest { topic, message, diagnostics })));
            }
            SettingsWish::BeginErasing(on) => {
                page.forget_secrets();
                page.is_erasing = on;
            }
            SettingsWish::Export | SettingsWish::SendSupport => {}
        }
        effects
    }

    fn show_section(&mut self, section: Section) -> Vec<Effect> {
        let page = &mut self.settings_page;
        if page.section != section {
            page.forget_secrets();
        }
        page.section = section;
        let mut effects = Vec::new();
        let needs_account = matches!(section, Section::Account | Section::Plan | Section::Privacy | Section::Support);
        if needs_account && !page.account.is_loading() {
            page.account.start();
            effects.push(Effect::Ask(Ask::Account));
        }
        if section == Section::Devices && !page.devices.is_loading() {
            page.devices.start();
            effects.push(Effect::Ask(Ask::Devices));
        }
        effects
    }

    /// Asks again for what the section needs.
    pub(super) fn retry_settings(&mut self) -> Vec<Effect> {
        self.show_section(self.settings_page.section)
    }

    pub(super) fn account_told(&mut self, answer: Result<AccountDetails, Failure>, now: f64) -> Vec<Effect> {
        if let Ok(account) = &answer {
            let was_absent = self.settings_page.account.ready().is_none();
            if was_absent {
                self.settings_page.attaches = account.consents.diagnostics;
            }
        }
        match self.settings_page.account.finish(answer) {
            Some(failure) => self.refused(Err(failure), tr!("account-stale"), now),
            None => self.lost_by(self.settings_page.account.failure().cloned()),
        }
    }

    pub(super) fn devices_told(&mut self, answer: Result<Vec<Device>, Failure>, now: f64) -> Vec<Effect> {
        match self.settings_page.devices.finish(answer) {
            Some(failure) => self.refused(Err(failure), tr!("devices-stale"), now),
            None => self.lost_by(self.settings_page.devices.failure().cloned()),
        }
    }

    /// A failure that means that the session has ended is no matter of this page.
    fn lost_by(&mut self, failure: Option<Failure>) -> Vec<Effect> {
        if let Some(failure) = failure.filter(|failure| failure.remedy == Remedy::SignIn) {
            self.session_lost(failure);
        }
        vec![]
    }

    pub(super) fn end_device(&mut self, device: String) -> Vec<Effect> {
        if self.settings_page.ending.contains(&device) {
            return vec![];
        }
        self.settings_page.ending.push(device.clone());
        vec![Effect::Ask(Ask::EndDevice(device))]
    }

    pub(super) fn device_ended(&mut self, device: &str, answer: Result<(), Failure>, now: f64) -> Vec<Effect> {
        self.settings_page.ending.retain(|ending| ending != device);
        if answer.is_err() {
            return self.refused(answer, tr!("device-still-in"), now);
        }
        if let Loadable::Ready { value, .. } = &mut self.settings_page.devices {
            value.retain(|known| known.id != device);
        }
        self.notify(tr!("device-is-out"), now);
        vec![]
    }

    pub(super) fn consents_set(&mut self, consents: Consents, answer: Result<(), Failure>, now: f64) -> Vec<Effect> {
        if answer.is_ok() {
            // Home is made from them.
            self.home = Loadable::Absent;
            return vec![];
        }
        // What the service has is asked for again; until then the switch is where it was.
        if let Loadable::Ready { value, .. } = &mut self.settings_page.account
            && value.consents == consents
        {
            self.settings_page.account.start();
            let mut effects = self.refused(answer, tr!("not-saved"), now);
            effects.push(Effect::Ask(Ask::Account));
            return effects;
        }
        self.refused(answer, tr!("not-saved"), now)
    }

    pub(super) fn exported(&mut self, answer: Result<PathBuf, Failure>) -> Vec<Effect> {
        self.settings_page.export = match answer {
            Ok(path) => Errand::Done(path),
            Err(failure) => Errand::Failed(failure),
        };
        vec![]
    }

    pub(super) fn supported(&mut self, answer: Result<String, Failure>) -> Vec<Effect> {
        self.settings_page.support = match answer {
            Ok(reference) => {
                self.settings_page.message.clear();
                Errand::Done(reference)
            }
            Err(failure) => Errand::Failed(failure),
        };
        vec![]
    }

    pub(super) fn erase(&mut self) -> Vec<Effect> {
        let page = &mut self.settings_page;
        let Some(account) = page.account.ready() else { return vec![] };
        if page.erasure == Errand::UnderWay || (account.has_password && page.password.is_empty()) {
            return vec![];
        }
        let password = account.has_password.then(|| std::mem::take(&mut page.password));
        page.erasure = Errand::UnderWay;
        vec![Effect::Ask(Ask::Erase(EraseAccount { password }))]
    }

    pub(super) fn erased(&mut self, answer: Result<(), Failure>, now: f64) -> Vec<Effect> {
        match answer {
            Ok(()) => {
                let effects = self.sign_out();
                self.notify(tr!("account-erased"), now);
                effects
            }
            Err(failure) => {
                self.settings_page.erasure = Errand::Failed(failure);
                vec![]
            }
        }
    }

    /// How the profile that is chosen wants to watch.
    pub(crate) fn viewing(&self) -> Viewing {
        self.settings.viewing(self.profile.as_ref().map(|profile| &profile.id))
    }

    /// Are the languages of the application to be chosen from where the viewer is?
    pub(crate) fn lists_languages(&self) -> bool {
        let on_page = self.place == Place::Settings && self.settings_page.section == Section::Playback;
        on_page || self.desktop.shows_settings
    }

    /// A language in its own words, or in those that are spoken where nothing can draw its letters.
    pub(crate) fn name_of(&self, locale: Locale) -> &'static str {
        if locale == Locale::Japanese && !self.has_japanese { tr!("language-japanese") } else { locale.own_name() }
    }

    /// What the profile that is chosen wants of what titles offer.
    pub(crate) fn media(&self) -> MediaChoices {
        self.settings.media(self.profile.as_ref().map(|profile| &profile.id))
    }

    fn change_viewing(&mut self, viewing: Viewing) -> Option<Effect> {
        let profile = self.profile.as_ref()?.id.clone();
        self.settings.viewing_by_profile.set(profile, viewing);
        Some(Effect::SaveSettings(self.settings.clone()))
    }

    /// What a request to support can carry: nothing that says who asks, what was watched, or where.
    pub(crate) fn diagnostics(&self) -> String {
        let (media, viewing) = (self.media(), self.viewing());
        let quality = media.quality.map_or_else(|| "auto".to_owned(), |quality| format!("{quality:?}").to_lowercase());
        let lines = [
            format!(
                "Lumen {} ({})",
                env!("CARGO_PKG_VERSION"),
                if self.density.is_tv() { "television" } else { "desktop" }
            ),
            format!("System: {} {}", std::env::consts::OS, std::env::consts::ARCH),
            format!("Server: {}", if self.server.scheme() == "https" { "by https" } else { "on this machine" }),
            format!("Quality: {quality}, subtitles: {}", media.text_language.as_deref().unwrap_or("off")),
            format!(
                "Skipping: intro {:?}, recap {:?}, credits {:?}; next episode by itself: {}",
                viewing.skip.intro,
                viewing.skip.recap,
                viewing.skip.credits,
                if viewing.autoplay_next { "yes" } else { "no" }
            ),
            format!("Last failure: {}", self.settings_page.last_failure.as_deref().unwrap_or("none")),
        ];
        lines.join("\n")
    }

    /// Keeps the code of what went wrong for a request to support.
    pub(super) fn remember_failure(&mut self, failure: &Failure) {
        self.settings_page.last_failure = Some(format!("{} ({})", failure.code, failure.sentence));
    }
}

#[cfg(test)]
mod tests;
