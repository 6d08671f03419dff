//! Home and the pages of titles: asking for them, and what becomes of the answers.

use super::{Effect, Failure, Loadable, Model, Place, TitleScreen};
use crate::failure::Remedy;
use service_api::{
    ProfileId, TitleId,
    catalog::{Home, TitlePage, TitleSummary},
    identity::Profile,
};

impl Model {
    pub(super) fn load_home(&mut self) -> Vec<Effect> {
        let Some(profile) = &self.profile else { return vec![] };
        if self.home.is_loading() {
            return vec![];
        }
        self.home.start();
        vec![Effect::LoadHome(profile.id.clone())]
    }

    pub(super) fn home_loaded(&mut self, profile: &ProfileId, answer: Result<Home, Failure>, now: f64) -> Vec<Effect> {
        if self.profile.as_ref().is_none_or(|current| current.id != *profile) {
            return vec![];
        }
        self.home_loaded_at = now;
        if self.leads_away(&answer) {
            return vec![];
        }
        // Of the link something is said already.
        if let Some(failure) = self.home.finish(answer).filter(|failure| failure.code != Failure::UNREACHABLE) {
            self.notify(&failure.sentence, now);
        }
        vec![]
    }

    /// Is the answer that somebody must sign in, or enter a PIN, first? The viewer is there then.
    pub(super) fn leads_away<T>(&mut self, answer: &Result<T, Failure>) -> bool {
        let Err(failure) = answer else { return false };
        if failure.remedy == Remedy::SignIn {
            self.session_lost(failure.clone());
            return true;
        }
        self.is_locked(failure)
    }

    pub(super) fn show_title(&mut self, summary: TitleSummary) -> Vec<Effect> {
        self.profile_menu = false;
        let id = summary.id.clone();
        if self.titles.is_empty() {
            self.came_from_search = self.place == Place::Search;
        }
        let mut effects = if self.place == Place::Search { self.remember_search() } else { Vec::new() };
        self.titles.push(TitleScreen { summary, document: Loadable::Loading, loaded_at: 0.0, chosen_season: None });
        self.place = Place::Title;
        effects.extend(self.ask_rating(&id));
        effects.push(load_title(self.profile.as_ref(), id));
        effects
    }

    pub(super) fn title_loaded(&mut self, id: &TitleId, answer: Result<TitlePage, Failure>, now: f64) -> Vec<Effect> {
        if self.leads_away(&answer) {
            return vec![];
        }
        if let (Ok(page), Some(player)) = (&answer, &mut self.player) {
            player.learn_title(page);
        }
        let mut effects = self.learn_next(answer.as_ref().ok());
        effects.extend(self.learn_season());
        let Some(page) = self.titles.iter_mut().rev().find(|page| page.summary.id == *id) else { return effects };
        page.loaded_at = now;
        if let Ok(told) = &answer {
            let progress = told.title.summary.progress.or(page.summary.progress);
            page.summary = told.title.summary.clone();
            page.summary.progress = progress;
        }
        if let Some(failure) = page.document.finish(answer).filter(|failure| failure.code != Failure::UNREACHABLE) {
            self.notify(&failure.sentence, now);
        }
        effects
    }
}

/// The title as this profile may see it.
pub(super) fn load_title(profile: Option<&Profile>, title: TitleId) -> Effect {
    Effect::LoadTitle { profile: profile.map(|profile| profile.id.clone()), title }
}
