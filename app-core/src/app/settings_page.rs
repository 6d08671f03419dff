//! The settings: account and plan, devices, playback, privacy, support.

use super::{Effect, Failure, Loadable, Model, Place};
use crate::{
    ask::Ask,
    failure::Remedy,
    player_view::{skip::SkipChoice, viewing::Viewing},
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
}

impl Section {
    pub(crate) const ALL: [Self; 7] =
        [Self::Account, Self::Plan, Self::Devices, Self::Playback, Self::Privacy, Self::Support, Self::About];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Account => "Account",
            Self::Plan => "Plan",
            Self::Devices => "Devices",
            Self::Playback => "Playback",
            Self::Privacy => "Privacy",
            Self::Support => "Support",
            Self::About => "About",
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
            SettingsWish::NextLanguage => {
                let at = LANGUAGES.iter().position(|tag| self.settings.text_language.as_deref() == Some(*tag));
                let next = match (&self.settings.text_language, at) {
                    (None, _) => LANGUAGES.first(),
                    // One that the player chose and that is not among ours: off, then from the beginning.
                    (Some(_), None) => None,
                    (Some(_), Some(at)) => LANGUAGES.get(at + 1),
                };
                self.settings.text_language = next.map(|tag| (*tag).to_owned());
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
            Some(failure) => self.refused(Err(failure), "Your account is as it was told last", now),
            None => self.lost_by(self.settings_page.account.failure().cloned()),
        }
    }

    pub(super) fn devices_told(&mut self, answer: Result<Vec<Device>, Failure>, now: f64) -> Vec<Effect> {
        match self.settings_page.devices.finish(answer) {
            Some(failure) => self.refused(Err(failure), "The devices are as they were told last", now),
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
            return self.refused(answer, "It is still signed in", now);
        }
        if let Loadable::Ready { value, .. } = &mut self.settings_page.devices {
            value.retain(|known| known.id != device);
        }
        self.notify("It was signed out", now);
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
            let mut effects = self.refused(answer, "That was not saved", now);
            effects.push(Effect::Ask(Ask::Account));
            return effects;
        }
        self.refused(answer, "That was not saved", now)
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
                self.notify("Your account was erased", now);
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

    fn change_viewing(&mut self, viewing: Viewing) -> Option<Effect> {
        let profile = self.profile.as_ref()?.id.clone();
        self.settings.viewing_by_profile.set(profile, viewing);
        Some(Effect::SaveSettings(self.settings.clone()))
    }

    /// What a request to support can carry: nothing that says who asks, what was watched, or where.
    pub(crate) fn diagnostics(&self) -> String {
        let (settings, viewing) = (&self.settings, self.viewing());
        let quality =
            settings.quality.map_or_else(|| "auto".to_owned(), |quality| format!("{quality:?}").to_lowercase());
        let lines = [
            format!(
                "Lumen {} ({})",
                env!("CARGO_PKG_VERSION"),
                if self.density.is_tv() { "television" } else { "desktop" }
            ),
            format!("System: {} {}", std::env::consts::OS, std::env::consts::ARCH),
            format!("Server: {}", if self.server.scheme() == "https" { "by https" } else { "on this machine" }),
            format!("Quality: {quality}, subtitles: {}", settings.text_language.as_deref().unwrap_or("off")),
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
mod tests {
    use super::*;
    use crate::{
        app::{Confirm, Field, Msg, Typed, Wish},
        ask::Told,
        density::Density,
        testing::fixtures::{account_details, at_home, devices, failure},
    };

    fn wish(model: &mut Model, wish: SettingsWish) -> Vec<Effect> {
        model.update(Msg::Wish(Wish::Settings(wish)), 0.0)
    }

    fn at(section: Section) -> Model {
        let mut model = at_home(Density::Desktop);
        wish(&mut model, SettingsWish::Open(section));
        model.update(Msg::Told(Told::Account(Ok(Box::new(account_details())))), 0.0);
        model
    }

    #[test]
    fn sections_ask_for_what_they_show() {
        let mut model = at_home(Density::Desktop);
        let asked = wish(&mut model, SettingsWish::Open(Section::Account));
        assert_eq!(asked, [Effect::Ask(Ask::Account)]);
        assert_eq!(wish(&mut model, SettingsWish::Section(Section::Plan)), [], "it is on its way");
        assert_eq!(wish(&mut model, SettingsWish::Section(Section::Devices)), [Effect::Ask(Ask::Devices)]);
        assert_eq!(wish(&mut model, SettingsWish::Section(Section::Playback)), []);
        model.update(Msg::Back, 0.0);
        assert_eq!(model.place, Place::Home);
    }

    #[test]
    fn playback_settings_are_saved_at_once() {
        let mut model = at(Section::Playback);
        let saved = wish(&mut model, SettingsWish::Skip(SegmentKind::Intro, SkipChoice::Auto));
        assert!(matches!(&saved[..], [Effect::SaveSettings(settings)] if settings == &model.settings));
        assert_eq!(model.viewing().skip.intro, SkipChoice::Auto);
        let saved = wish(&mut model, SettingsWish::Autoplay(false));
        assert!(matches!(&saved[..], [Effect::SaveSettings(settings)] if settings == &model.settings));
        assert!(!model.viewing().autoplay_next);
        let mut languages = Vec::new();
        for _ in 0..=LANGUAGES.len() {
            wish(&mut model, SettingsWish::NextLanguage);
            languages.push(model.settings.text_language.clone());
        }
        assert_eq!(languages[0].as_deref(), Some("en"));
        assert_eq!(languages.last().unwrap(), &None, "all around, back to none");
    }

    #[test]
    fn device_is_signed_out_once_and_stays_if_that_failed() {
        let mut model = at(Section::Devices);
        model.update(Msg::Told(Told::Devices(Ok(devices()))), 0.0);
        let confirm = Confirm::EndDevice { device: "tv".into(), name: "Living room TV".into() };
        for expected in [vec![Effect::Ask(Ask::EndDevice("tv".into()))], vec![]] {
            model.update(Msg::Wish(Wish::Confirm(confirm.clone())), 0.0);
            assert_eq!(model.update(Msg::Wish(Wish::Confirmed(true)), 0.0), expected);
        }
        model.update(Msg::Told(Told::DeviceEnded { device: "tv".into(), answer: Err(failure()) }), 0.0);
        assert_eq!(model.settings_page.devices.ready().unwrap().len(), 3);
        model.update(Msg::Told(Told::DeviceEnded { device: "tv".into(), answer: Ok(()) }), 0.0);
        assert_eq!(model.settings_page.devices.ready().unwrap().len(), 2);
    }

    #[test]
    fn consent_that_was_not_saved_is_asked_for_again() {
        let mut model = at(Section::Privacy);
        let wanted = Consents { recommendations: false, diagnostics: true };
        assert_eq!(wish(&mut model, SettingsWish::Consent(wanted)), [Effect::Ask(Ask::SetConsents(wanted))]);
        assert_eq!(model.settings_page.account.ready().unwrap().consents, wanted);
        let told = Told::ConsentsSet { consents: wanted, answer: Err(failure()) };
        assert_eq!(model.update(Msg::Told(told), 0.0), [Effect::Ask(Ask::Account)]);
        model.update(Msg::Told(Told::Account(Ok(Box::new(account_details())))), 0.0);
        assert_eq!(model.settings_page.account.ready().unwrap().consents, Consents::default());
        let told = Told::ConsentsSet { consents: wanted, answer: Ok(()) };
        model.update(Msg::Told(told), 0.0);
        assert_eq!(model.home, Loadable::Absent, "suggestions are made anew");
    }

    #[test]
    fn support_gets_only_what_was_shown_and_agreed_to() {
        let mut model = at(Section::Support);
        assert_eq!(wish(&mut model, SettingsWish::SendSupport), [], "an empty message is none");
        model.update(Msg::Wish(Wish::Type(Field::Message, Typed(" It stops ".into()))), 0.0);
        let sent = wish(&mut model, SettingsWish::SendSupport);
        let plain = SupportRequest { topic: SupportTopic::Playback, message: "It stops".into(), diagnostics: None };
        assert_eq!(sent, [Effect::Ask(Ask::Support(plain))]);
        model.update(Msg::Told(Told::Supported(Err(failure()))), 0.0);
        assert_eq!(model.field(Field::Message), " It stops ", "what was written is not lost");
        wish(&mut model, SettingsWish::Attach(true));
        let sent = wish(&mut model, SettingsWish::SendSupport);
        let shown = model.diagnostics();
        assert!(
            matches!(&sent[..], [Effect::Ask(Ask::Support(request))] if request.diagnostics.as_ref() == Some(&shown))
        );
        model.update(Msg::Told(Told::Supported(Ok("LM-7Q2X".into()))), 0.0);
        assert_eq!((model.field(Field::Message), &model.settings_page.support), ("", &Errand::Done("LM-7Q2X".into())));
    }

    #[test]
    fn diagnostics_say_nothing_of_who_and_where() {
        let mut model = at(Section::Support);
        model.remember_failure(&failure());
        let text = model.diagnostics();
        assert!(text.contains("unreachable") && text.len() < SupportRequest::DIAGNOSTICS_LIMIT, "{text}");
        for secret in ["mira", "example.com", "127.0.0.1", "/"] {
            assert!(!text.to_lowercase().contains(secret), "{secret} in {text}");
        }
    }

    #[test]
    fn account_is_erased_with_its_password_and_everything_is_forgotten() {
        let mut model = at(Section::Privacy);
        wish(&mut model, SettingsWish::BeginErasing(true));
        let confirm = |model: &mut Model| {
            model.update(Msg::Wish(Wish::Confirm(Confirm::Erase)), 0.0);
            model.update(Msg::Wish(Wish::Confirmed(true)), 0.0)
        };
        assert_eq!(confirm(&mut model), [], "not without the password");
        let typed = Wish::Type(Field::Password, Typed("correct horse".into()));
        assert!(!format!("{typed:?}").contains("horse"));
        model.update(Msg::Wish(typed), 0.0);
        let asked = confirm(&mut model);
        let erase = EraseAccount { password: Some("correct horse".into()) };
        assert_eq!(asked, [Effect::Ask(Ask::Erase(erase))]);
        assert!(!format!("{asked:?} {model:?}").contains("horse"));
        model.update(Msg::Told(Told::Erased(Err(failure()))), 0.0);
        assert_eq!(model.settings_page.erasure, Errand::Failed(failure()));
        assert_eq!(model.field(Field::Password), "", "typed again for each try");
        let effects = model.update(Msg::Told(Told::Erased(Ok(()))), 0.0);
        assert!(effects.contains(&Effect::SignOut));
        assert_eq!((model.place, model.account.is_none()), (Place::SignIn, true));
    }

    #[test]
    fn leaving_the_page_forgets_the_password() {
        let mut model = at(Section::Privacy);
        wish(&mut model, SettingsWish::BeginErasing(true));
        model.update(Msg::Wish(Wish::Type(Field::Password, Typed("secret".into()))), 0.0);
        wish(&mut model, SettingsWish::Section(Section::About));
        assert_eq!((model.field(Field::Password), model.settings_page.is_erasing), ("", false));
    }
}
