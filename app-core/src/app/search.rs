//! Searching the catalog as the viewer types: page after page, with what was searched before and what may be meant.

use super::{Effect, Failure, Model, Place, suggest};
use crate::{ask::Ask, language::tr, loadable::Loadable, widgets::keyboard::KeyCap};
use service_api::{ProfileId, catalog::TitleList};

/// The service is asked this long after the last letter, in seconds: letters come in bursts.
const PAUSE: f64 = 0.25;
/// Longest text, in characters; the service reads no more.
const LONGEST: usize = 64;
/// Searches that are remembered of each profile.
const REMEMBERED: usize = 8;
/// Titles that are kept of one search: who has walked so far does not find by walking on.
const MOST: usize = 400;

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
    /// The next page is on its way.
    more: bool,
    /// What may be meant, where nothing was found.
    pub(crate) meant: Option<String>,
}

impl Default for SearchScreen {
    fn default() -> Self {
        Self {
            text: String::new(),
            found: Loadable::Absent,
            others: false,
            asked: String::new(),
            changed_at: None,
            more: false,
            meant: None,
        }
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
    /// Letters that were typed where there is no field: home, a card that was found, or a keyboard at a television.
    Typed(String),
    /// The last titles of a page are looked at.
    More,
    /// Takes the whole text from elsewhere: what was searched before, or what is meant.
    Take(String),
}

impl SearchScreen {
    fn set(&mut self, text: String, now: f64) {
        if self.text != text {
            self.text = text;
            self.changed_at = Some(now);
        }
    }

    /// Is there more, and is it not on its way?
    pub(crate) fn wants_more(&self) -> bool {
        let found = self.found.ready();
        let has_more = found.is_some_and(|found| found.next.is_some() && found.items.len() < MOST);
        has_more && !self.more && self.changed_at.is_none()
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
                self.profile_menu = false;
                self.place = Place::Search;
                self.search.changed_at = Some(now - PAUSE);
            }
            SearchMsg::Typed(letters) => {
                let letters: String = letters.chars().filter(|letter| !letter.is_control()).collect();
                let is_here = self.place == Place::Search;
                // From another page a new search begins; a space begins nothing.
                let before = if is_here { self.search.text.as_str() } else { "" };
                let text = format!("{before}{letters}");
                if text.trim().is_empty() {
                    return vec![];
                }
                self.titles.clear();
                self.place = Place::Search;
                self.search.set(text.chars().take(LONGEST).collect(), now);
            }
            SearchMsg::More => return self.ask_more(),
            SearchMsg::Take(text) => {
                self.search.set(text.chars().take(LONGEST).collect(), now);
                self.search.changed_at = Some(now - PAUSE);
            }
            SearchMsg::Edit(text) => self.search.set(text.chars().take(LONGEST).collect(), now),
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
        self.search.more = false;
        self.search.meant = None;
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
        if self.leads_away(&answer) {
            return vec![];
        }
        if let Ok(found) = &answer
            && found.items.is_empty()
        {
            let of_home = self.home_rows().into_iter().flat_map(|row| &row.items).map(|title| title.name.as_str());
            let names = of_home.chain(self.searches().iter().map(String::as_str));
            self.search.meant = suggest::nearest(text, names).map(str::to_owned);
        }
        if let Some(failure) = self.search.found.finish(answer) {
            self.notify(&failure.sentence, now);
        }
        vec![]
    }

    fn ask_more(&mut self) -> Vec<Effect> {
        let Some(profile) = self.profile.as_ref().map(|profile| profile.id.clone()) else { return vec![] };
        let next = self.search.found.ready().and_then(|found| found.next.clone());
        let Some(cursor) = next.filter(|_| self.search.wants_more()) else { return vec![] };
        self.search.more = true;
        vec![Effect::Ask(Ask::MoreFound { profile, text: self.search.asked.clone(), cursor })]
    }

    pub(super) fn more_found(&mut self, text: &str, answer: Result<TitleList, Failure>, now: f64) -> Vec<Effect> {
        if self.search.asked != text || !self.search.more {
            return vec![];
        }
        self.search.more = false;
        let Loadable::Ready { value, .. } = &mut self.search.found else { return vec![] };
        match answer {
            Ok(page) => {
                // A title that moved between two pages is not shown twice.
                let new = page.items.into_iter().filter(|title| !value.items.iter().any(|known| known.id == title.id));
                let new: Vec<_> = new.collect();
                value.items.extend(new);
                value.next = page.next;
                vec![]
            }
            Err(failure) => {
                value.next = None;
                self.refused(Err(failure), tr!("search-more-failed"), now)
            }
        }
    }

    /// What this profile searched for, the latest first.
    pub(crate) fn searches(&self) -> &[String] {
        let of_profile = self.profile.as_ref().and_then(|profile| self.settings.searches.get(&profile.id));
        of_profile.map(Vec::as_slice).unwrap_or_default()
    }

    /// A title that was found is opened: the search was worth remembering.
    pub(super) fn remember_search(&mut self) -> Vec<Effect> {
        let text = self.search.asked.clone();
        let Some(profile) = self.profile.as_ref().filter(|_| !text.is_empty()) else { return vec![] };
        let searches = self.settings.searches.entry(profile.id.clone()).or_default();
        if searches.first() == Some(&text) {
            return vec![];
        }
        searches.retain(|known| !known.eq_ignore_ascii_case(&text));
        searches.insert(0, text);
        searches.truncate(REMEMBERED);
        vec![Effect::SaveSettings(self.settings.clone())]
    }

    pub(super) fn forget_searches(&mut self, now: f64) -> Vec<Effect> {
        let Some(profile) = self.profile.as_ref().map(|profile| profile.id.clone()) else { return vec![] };
        self.notify(tr!("search-forgotten"), now);
        self.forget_searches_of(&profile)
    }

    pub(super) fn forget_searches_of(&mut self, profile: &ProfileId) -> Vec<Effect> {
        match self.settings.searches.remove(profile) {
            Some(_) => vec![Effect::SaveSettings(self.settings.clone())],
            None => vec![],
        }
    }

    /// Asks again after a failure.
    pub(super) fn search_again(&mut self, now: f64) {
        self.search.changed_at = Some(now - PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::{Confirm, Msg, Wish},
        ask::Told,
        density::Density,
        testing::fixtures::{at_home, failure, summary},
    };
    use service_api::catalog::TitleSummary;

    fn search(model: &mut Model, msg: SearchMsg) -> Vec<Effect> {
        model.update(Msg::Search(msg), 0.0)
    }

    fn page(seeds: std::ops::Range<u64>, next: Option<&str>) -> TitleList {
        TitleList { items: seeds.map(summary).collect(), next: next.map(str::to_owned) }
    }

    /// After a search for "tide" whose first page has four titles.
    fn found() -> Model {
        let mut model = at_home(Density::Desktop);
        search(&mut model, SearchMsg::Open);
        search(&mut model, SearchMsg::Edit("tide".into()));
        model.tick(1.0);
        model.update(Msg::Found { text: "tide".into(), answer: Ok(page(0..4, Some("four"))) }, 1.0);
        model
    }

    fn shown(model: &Model) -> usize {
        model.search.found.ready().map_or(0, |found| found.items.len())
    }

    #[test]
    fn next_page_is_asked_for_once_and_repeats_nothing() {
        let mut model = found();
        let ask = Ask::MoreFound { profile: "mira".into(), text: "tide".into(), cursor: "four".into() };
        assert_eq!(search(&mut model, SearchMsg::More), [Effect::Ask(ask)]);
        assert_eq!(search(&mut model, SearchMsg::More), []);
        let told = |answer| Msg::Told(Told::MoreFound { text: "tide".into(), answer });
        model.update(told(Ok(page(3..7, Some("seven")))), 1.0);
        assert_eq!(shown(&model), 7);
        assert_eq!(search(&mut model, SearchMsg::More).len(), 1);
        model.update(told(Err(failure())), 1.0);
        assert_eq!((shown(&model), search(&mut model, SearchMsg::More)), (7, vec![]), "not again and again");
    }

    #[test]
    fn page_of_an_older_search_is_not_mixed_in() {
        let mut model = found();
        search(&mut model, SearchMsg::More);
        search(&mut model, SearchMsg::Edit("tides".into()));
        assert_eq!(search(&mut model, SearchMsg::More), [], "something else is wanted by now");
        model.tick(2.0);
        model.update(Msg::Told(Told::MoreFound { text: "tide".into(), answer: Ok(page(4..8, None)) }), 2.0);
        assert_eq!(shown(&model), 4);
    }

    #[test]
    fn what_led_to_a_title_is_remembered_for_this_profile() {
        let mut model = found();
        let open = |model: &mut Model, title: TitleSummary| model.update(Msg::ShowTitle(title), 1.0);
        assert!(open(&mut model, summary(0)).iter().any(|effect| matches!(effect, Effect::SaveSettings(_))));
        assert_eq!(model.searches(), ["tide"]);
        model.update(Msg::Back, 1.0);
        assert!(!open(&mut model, summary(0)).iter().any(|effect| matches!(effect, Effect::SaveSettings(_))));
        for number in 0..20 {
            model.update(Msg::Back, 1.0);
            search(&mut model, SearchMsg::Edit(format!("word {number}")));
            model.tick(10.0 + f64::from(number));
            open(&mut model, summary(1));
        }
        assert_eq!((model.searches().len(), model.searches()[0].as_str()), (REMEMBERED, "word 19"));
        model.update(Msg::ShowProfiles, 30.0);
        model.update(Msg::ChooseProfile("jon".into()), 30.0);
        assert_eq!(model.searches(), [""; 0]);
        model.update(Msg::ShowProfiles, 30.0);
        model.update(Msg::ChooseProfile("mira".into()), 30.0);
        model.update(Msg::Wish(Wish::Confirm(Confirm::ForgetSearches)), 30.0);
        model.update(Msg::Wish(Wish::Confirmed(true)), 30.0);
        assert_eq!(model.searches(), [""; 0]);
    }

    #[test]
    fn typing_at_home_searches() {
        let mut model = at_home(Density::Desktop);
        search(&mut model, SearchMsg::Typed(" ".into()));
        assert_eq!(model.place, Place::Home, "a space is no search");
        search(&mut model, SearchMsg::Typed("t".into()));
        search(&mut model, SearchMsg::Typed("i\u{7}".into()));
        assert_eq!((model.place, model.search.text.as_str()), (Place::Search, "ti"));
        model.update(Msg::GoHome, 0.0);
        search(&mut model, SearchMsg::Typed("g".into()));
        assert_eq!(model.search.text, "g", "a new search");
    }

    #[test]
    fn misspelt_name_is_offered_where_nothing_was_found() {
        let mut model = at_home(Density::Desktop);
        search(&mut model, SearchMsg::Open);
        search(&mut model, SearchMsg::Edit("glass harbuor".into()));
        model.tick(1.0);
        model.update(Msg::Found { text: "glass harbuor".into(), answer: Ok(page(0..0, None)) }, 1.0);
        assert_eq!(model.search.meant.as_deref(), Some("Glass Harbour"));
        search(&mut model, SearchMsg::Take("Glass Harbour".into()));
        let asked = model.tick(1.1);
        assert!(asked.contains(&Effect::Search { profile: "mira".into(), text: "Glass Harbour".into() }), "{asked:?}");
        assert_eq!(model.search.meant, None);
    }
}
