//! What a profile wants to watch and what it thinks of titles: shown at once, taken back if the service refuses.

use super::{Effect, Failure, Model, Place, optimistic::Optimistic, optimistic::Outcome};
use crate::{ask::Ask, failure::Remedy, language::tr};
use service_api::{
    ProfileId, TitleId,
    catalog::{CardShape, Row, TitleSummary},
};
use std::collections::HashMap;

/// The row that the service puts first; the list comes after it.
const CONTINUE: &str = "continue";

/// The list and the ratings of the profile that watches.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Taste {
    /// The list as a row of home, the latest first.
    row: Row,
    listed: HashMap<TitleId, Optimistic<bool>>,
    /// Where titles stood that were taken away, should they have to come back.
    removed: HashMap<TitleId, (usize, TitleSummary)>,
    ratings: HashMap<TitleId, Optimistic<Option<i8>>>,
}

impl Default for Taste {
    fn default() -> Self {
        let row = Row { id: Self::ROW.into(), heading: String::new(), shape: CardShape::Wide, items: Vec::new() };
        Self { row, listed: HashMap::new(), removed: HashMap::new(), ratings: HashMap::new() }
    }
}

/// Wishes about titles.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum TasteWish {
    /// On the list if it is not, off it if it is.
    Toggle(Box<TitleSummary>),
    /// The same for the title that the focus or the pointer rests on.
    ToggleResting,
    /// -1, 1 or 2; saying it again takes it back.
    Rate(TitleId, i8),
}

impl Taste {
    /// The titles of the list.
    #[cfg(test)]
    pub(crate) fn list(&self) -> &[TitleSummary] {
        &self.row.items
    }

    /// Identity of the row that the list is on home.
    pub(crate) const ROW: &str = "my-list";

    pub(crate) fn is_listed(&self, title: &TitleId) -> bool {
        self.row.items.iter().any(|item| item.id == *title)
    }

    /// What the profile thinks of a title, as far as it is known here.
    pub(crate) fn thumbs(&self, title: &TitleId) -> Option<i8> {
        self.ratings.get(title).and_then(|rating| *rating.shown())
    }

    pub(super) fn knows_rating(&self, title: &TitleId) -> bool {
        self.ratings.contains_key(title)
    }

    fn put(&mut self, title: &TitleSummary, listed: bool) {
        let place = self.row.items.iter().position(|item| item.id == title.id);
        match (listed, place) {
            (true, None) => {
                let (at, item) = self.removed.remove(&title.id).unwrap_or_else(|| (0, title.clone()));
                self.row.items.insert(at.min(self.row.items.len()), item);
            }
            (false, Some(at)) => {
                let item = self.row.items.remove(at);
                self.removed.insert(item.id.clone(), (at, item));
            }
            _ => {}
        }
    }

    /// The list as the service has it, with what is wished of it here.
    fn learn(&mut self, told: Vec<TitleSummary>) {
        let mine: Vec<TitleSummary> = std::mem::replace(&mut self.row.items, told);
        for (id, listed) in &mut self.listed {
            listed.learn(self.row.items.iter().any(|item| item.id == *id));
        }
        let wishes: Vec<(TitleId, bool)> =
            self.listed.iter().map(|(id, listed)| (id.clone(), *listed.shown())).collect();
        for (id, wanted) in wishes {
            let known = self.row.items.iter().chain(&mine).find(|item| item.id == id).cloned();
            if let Some(title) = known {
                self.put(&title, wanted);
            }
        }
    }
}

impl Model {
    /// The rows of home: the service's, with the list after what was begun.
    pub(crate) fn home_rows(&self) -> Vec<&Row> {
        let Some(home) = self.home.ready() else { return Vec::new() };
        let mut rows: Vec<&Row> = home.rows.iter().collect();
        if !self.taste.row.items.is_empty() {
            let begun = rows.first().is_some_and(|row| row.id.starts_with(CONTINUE));
            rows.insert(usize::from(begun), &self.taste.row);
        }
        rows
    }

    pub(super) fn update_taste(&mut self, wish: TasteWish, now: f64) -> Vec<Effect> {
        let Some(profile) = self.profile.as_ref().map(|profile| profile.id.clone()) else { return vec![] };
        match wish {
            TasteWish::Toggle(title) => self.toggle_listed(profile, &title, now),
            TasteWish::ToggleResting => match self.resting_title() {
                Some(title) => self.toggle_listed(profile, &title, now),
                None => vec![],
            },
            TasteWish::Rate(title, thumbs) => {
                let rating = self.taste.ratings.entry(title.clone()).or_insert_with(|| Optimistic::new(None));
                let wanted = Some(thumbs).filter(|thumbs| *rating.shown() != Some(*thumbs));
                let ask = rating.wish(wanted).map(|thumbs| Ask::Rate { profile, title, thumbs });
                ask.map(Effect::Ask).into_iter().collect()
            }
        }
    }

    fn toggle_listed(&mut self, profile: ProfileId, title: &TitleSummary, now: f64) -> Vec<Effect> {
        let is_listed = self.taste.is_listed(&title.id);
        self.taste.put(title, !is_listed);
        let known = self.taste.listed.entry(title.id.clone()).or_insert_with(|| Optimistic::new(is_listed));
        let ask = known.wish(!is_listed);
        let name = &title.name;
        let words = if is_listed { tr!("note-unlisted", name = name) } else { tr!("note-listed", name = name) };
        self.notify(&words, now);
        let ask = ask.map(|listed| Ask::SetListed { profile, title: title.id.clone(), listed });
        ask.map(Effect::Ask).into_iter().collect()
    }

    /// The title that is looked at, wherever its card is.
    fn resting_title(&self) -> Option<TitleSummary> {
        let (id, _) = self.resting.as_ref()?;
        let of_home = self.home_rows().into_iter().flat_map(|row| &row.items);
        let hero = self.home.ready().and_then(|home| home.hero.as_ref());
        let found = self.search.found.ready().into_iter().flat_map(|found| &found.items);
        let page = self.title_page();
        let of_page = page.map(|page| &page.summary).into_iter();
        let likes = page.and_then(|page| page.page()).into_iter().flat_map(|page| &page.title.more_like_this);
        of_home.chain(hero).chain(found).chain(of_page).chain(likes).find(|title| title.id == *id).cloned()
    }

    pub(super) fn list_told(&mut self, profile: &ProfileId, answer: Result<Vec<TitleSummary>, Failure>) -> Vec<Effect> {
        if self.is_watching(profile) {
            match answer {
                Ok(list) => self.taste.learn(list),
                // Home says what is wrong; a list that is not there is no row.
                Err(failure) => tracing::info!(%failure, "the list is not known"),
            }
        }
        vec![]
    }

    pub(super) fn listed_told(
        &mut self,
        (profile, title): (ProfileId, TitleId),
        answer: Result<(), Failure>,
        now: f64,
    ) -> Vec<Effect> {
        if !self.is_watching(&profile) {
            return vec![];
        }
        let Some(known) = self.taste.listed.get_mut(&title) else { return vec![] };
        match known.answered(answer.is_ok()) {
            Outcome::Settled => {
                self.taste.removed.remove(&title);
                vec![]
            }
            Outcome::Send(listed) => vec![Effect::Ask(Ask::SetListed { profile, title, listed })],
            Outcome::RolledBack(listed) => {
                let (items, removed) = (&self.taste.row.items, &self.taste.removed);
                let of_list = items.iter().find(|item| item.id == title).cloned();
                let summary = of_list.or_else(|| removed.get(&title).map(|(_, item)| item.clone()));
                if let Some(summary) = summary {
                    self.taste.put(&summary, listed);
                }
                self.refused(answer, tr!("note-list-unchanged"), now)
            }
        }
    }

    pub(super) fn rating_told(&mut self, profile: &ProfileId, title: TitleId, answer: Result<Option<i8>, Failure>) {
        if let (true, Ok(thumbs)) = (self.is_watching(profile), answer) {
            self.taste.ratings.entry(title).or_insert_with(|| Optimistic::new(thumbs)).learn(thumbs);
        }
    }

    pub(super) fn rated_told(
        &mut self,
        (profile, title): (ProfileId, TitleId),
        answer: Result<(), Failure>,
        now: f64,
    ) -> Vec<Effect> {
        if !self.is_watching(&profile) {
            return vec![];
        }
        let Some(rating) = self.taste.ratings.get_mut(&title) else { return vec![] };
        match rating.answered(answer.is_ok()) {
            Outcome::Settled => vec![],
            Outcome::Send(thumbs) => vec![Effect::Ask(Ask::Rate { profile, title, thumbs })],
            Outcome::RolledBack(_) => self.refused(answer, tr!("note-rating-lost"), now),
        }
    }

    /// What is to be asked when a title's page is opened.
    pub(super) fn ask_rating(&self, title: &TitleId) -> Option<Effect> {
        let profile = self.profile.as_ref()?.id.clone();
        (!self.taste.knows_rating(title)).then(|| Effect::Ask(Ask::Rating { profile, title: title.clone() }))
    }

    pub(super) fn is_watching(&self, profile: &ProfileId) -> bool {
        self.profile.as_ref().is_some_and(|current| current.id == *profile)
    }

    /// Says in passing what was refused, unless it is the whole session.
    pub(super) fn refused(&mut self, answer: Result<(), Failure>, what: &str, now: f64) -> Vec<Effect> {
        let Err(failure) = answer else { return vec![] };
        if failure.remedy == Remedy::SignIn && self.place != Place::Player {
            self.session_lost(failure);
        } else if !self.is_locked(&failure) {
            self.notify(&tr!("note-failed", what = what, why = lower(&failure.sentence)), now);
        }
        vec![]
    }
}

/// A sentence as the second half of another.
fn lower(sentence: &str) -> String {
    let mut letters = sentence.chars();
    let first: String = letters.next().map(|letter| letter.to_lowercase().collect()).unwrap_or_default();
    first + letters.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::{Msg, Wish},
        ask::Told,
        density::Density,
        testing::fixtures::{at_home, failure, summary},
    };

    fn ids(model: &Model) -> Vec<&str> {
        model.taste.list().iter().map(|title| title.id.as_str()).collect()
    }

    fn toggle(model: &mut Model, seed: u64) -> Vec<Effect> {
        model.update(Msg::Wish(Wish::Taste(TasteWish::Toggle(Box::new(summary(seed))))), 0.0)
    }

    fn listed(model: &mut Model, seed: u64, answer: Result<(), Failure>) -> Vec<Effect> {
        model.update(Msg::Told(Told::Listed { profile: "mira".into(), title: summary(seed).id, answer }), 0.0)
    }

    fn with_list(seeds: &[u64]) -> Model {
        let mut model = at_home(Density::Desktop);
        let answer = Ok(seeds.iter().map(|seed| summary(*seed)).collect());
        model.update(Msg::Told(Told::List { profile: "mira".into(), answer }), 0.0);
        model
    }

    #[test]
    fn list_is_a_row_after_what_was_begun() {
        let mut model = with_list(&[7, 8]);
        let rows: Vec<&str> = model.home_rows().iter().map(|row| row.id.as_str()).collect();
        assert_eq!(rows[..2], ["continue", "my-list"]);
        toggle(&mut model, 7);
        toggle(&mut model, 8);
        assert!(model.home_rows().iter().all(|row| row.id != "my-list"), "an empty list is no row");
    }

    #[test]
    fn refused_change_goes_back_to_its_place_and_says_so() {
        let mut model = with_list(&[7, 8, 9]);
        let before: Vec<String> = ids(&model).into_iter().map(str::to_owned).collect();
        let asked = toggle(&mut model, 8);
        let title = summary(8).id;
        assert_eq!(asked, [Effect::Ask(Ask::SetListed { profile: "mira".into(), title, listed: false })]);
        assert_eq!(ids(&model).len(), 2);
        listed(&mut model, 8, Err(failure()));
        assert_eq!(ids(&model), before);
        let toast = model.toast.as_ref().map(|toast| toast.text.clone());
        assert_eq!(toast.as_deref(), Some("Your list could not be changed: the server cannot be reached"));

        toggle(&mut model, 1);
        assert_eq!(ids(&model)[0], summary(1).id.as_str());
        listed(&mut model, 1, Err(failure()));
        assert_eq!(ids(&model), before);
    }

    #[test]
    fn list_that_is_told_again_keeps_what_is_wished() {
        let mut model = with_list(&[7, 8]);
        toggle(&mut model, 1);
        toggle(&mut model, 8);
        let answer = Ok(vec![summary(7), summary(8), summary(9)]);
        model.update(Msg::Told(Told::List { profile: "mira".into(), answer }), 0.0);
        let mut shown = ids(&model);
        shown.sort_unstable();
        let mut expected = [summary(1).id.0, summary(7).id.0, summary(9).id.0];
        expected.sort_unstable();
        assert_eq!(shown, expected);
    }

    #[test]
    fn thumbs_are_taken_back_by_the_same_thumbs() {
        let mut model = at_home(Density::Desktop);
        let title = summary(3).id;
        let rate = |model: &mut Model, thumbs| {
            model.update(Msg::Wish(Wish::Taste(TasteWish::Rate(summary(3).id, thumbs))), 0.0)
        };
        let told = |model: &mut Model, answer| {
            model.update(Msg::Told(Told::Rated { profile: "mira".into(), title: summary(3).id, answer }), 0.0)
        };
        assert_eq!(rate(&mut model, 1).len(), 1);
        assert_eq!(model.taste.thumbs(&title), Some(1));
        assert_eq!(rate(&mut model, 1), [], "one request at a time");
        assert_eq!(model.taste.thumbs(&title), None);
        let next = told(&mut model, Ok(()));
        assert_eq!(next, [Effect::Ask(Ask::Rate { profile: "mira".into(), title: title.clone(), thumbs: None })]);
        told(&mut model, Err(failure()));
        assert_eq!(model.taste.thumbs(&title), Some(1), "the service still has it");
    }

    #[test]
    fn lists_of_two_profiles_are_not_mixed() {
        let mut model = with_list(&[7]);
        toggle(&mut model, 8);
        model.update(Msg::ShowProfiles, 0.0);
        model.update(Msg::ChooseProfile("jon".into()), 0.0);
        assert_eq!(ids(&model), [""; 0]);
        listed(&mut model, 8, Err(failure()));
        assert_eq!((ids(&model), model.toast.is_some()), (vec![], true), "only the message of before is there");
    }
}
