//! Searching the catalog as the viewer types.

use super::{Effect, Failure, Model, Place};
use crate::{loadable::Loadable, widgets::keyboard::KeyCap};
use service_api::catalog::TitleList;

/// The service is asked this long after the last letter, in seconds: letters come in bursts.
const PAUSE: f64 = 0.25;
/// Longest text, in characters; the service reads no more.
const LONGEST: usize = 64;

/// The search page.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SearchScreen {
    pub(crate) text: String,
    pub(crate) found: Loadable<TitleList>,
    /// The television's keyboard shows digits and marks.
    pub(crate) others: bool,
    /// What `found` answers.
    asked: String,
    changed_at: Option<f64>,
}

impl Default for SearchScreen {
    fn default() -> Self {
        Self { text: String::new(), found: Loadable::Absent, others: false, asked: String::new(), changed_at: None }
    }
}

/// Wishes at that page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SearchMsg {
    Open,
    /// The whole text, as it stands in the field.
    Edit(String),
    /// A key of the keyboard on the screen.
    Key(KeyCap),
    /// What was typed on keys of another kind.
    Type(String),
}

impl SearchScreen {
    fn set(&mut self, text: String, now: f64) {
        if self.text != text {
            self.text = text;
            self.changed_at = Some(now);
        }
    }

    /// When the service is asked, in seconds.
    pub(super) fn due(&self) -> Option<f64> {
        self.changed_at.map(|at| at + PAUSE)
    }
}

impl Model {
    pub(super) fn update_search(&mut self, msg: SearchMsg, now: f64) -> Vec<Effect> {
        match msg {
            SearchMsg::Open => {
                self.titles.clear();
                self.place = Place::Search;
                self.search.changed_at = Some(now - PAUSE);
            }
            SearchMsg::Edit(text) => self.search.set(text.chars().take(LONGEST).collect(), now),
            SearchMsg::Type(letters) => self.type_text(&letters, now),
            SearchMsg::Key(KeyCap::Letter(letter)) => self.type_text(letter.encode_utf8(&mut [0; 4]), now),
            SearchMsg::Key(KeyCap::Space) => self.type_text(" ", now),
            SearchMsg::Key(KeyCap::Erase) => {
                let mut text = self.search.text.clone();
                text.pop();
                self.search.set(text, now);
            }
            SearchMsg::Key(KeyCap::Clear) => self.search.set(String::new(), now),
            SearchMsg::Key(KeyCap::Page) => self.search.others = !self.search.others,
            SearchMsg::Key(KeyCap::Language) => {
                self.search.others = false;
                self.settings.keyboard = Some(self.settings.keyboard.unwrap_or_default().next());
                return vec![Effect::SaveSettings(self.settings.clone())];
            }
        }
        vec![]
    }

    /// Controls and line breaks are left out: a remote control that sends them means something else.
    fn type_text(&mut self, letters: &str, now: f64) {
        let letters = letters.chars().filter(|letter| !letter.is_control());
        let text = self.search.text.chars().chain(letters).take(LONGEST).collect();
        self.search.set(text, now);
    }

    /// Asks when nothing was typed for a moment.
    pub(super) fn tick_search(&mut self, now: f64) -> Vec<Effect> {
        if self.place != Place::Search || self.search.due().is_none_or(|due| now < due) {
            return vec![];
        }
        self.search.changed_at = None;
        let text = self.search.text.trim().to_owned();
        let Some(profile) = self.profile.as_ref().map(|profile| profile.id.clone()) else { return vec![] };
        self.search.asked.clone_from(&text);
        if text.is_empty() {
            self.search.found = Loadable::Absent;
            return vec![];
        }
        self.search.found.start();
        vec![Effect::Search { profile, text }]
    }

    pub(super) fn found(&mut self, text: &str, answer: Result<TitleList, Failure>, now: f64) -> Vec<Effect> {
        if self.search.asked != text {
            return vec![];
        }
        if let Err(failure) = &answer {
            if failure.remedy == crate::failure::Remedy::SignIn {
                self.session_lost(failure.clone());
                return vec![];
            }
            if self.is_locked(failure) {
                return vec![];
            }
        }
        if let Some(failure) = self.search.found.finish(answer) {
            self.notify(&failure.sentence, now);
        }
        vec![]
    }

    /// Asks again after a failure.
    pub(super) fn search_again(&mut self, now: f64) {
        self.search.changed_at = Some(now - PAUSE);
    }
}
