//! What might be meant: what was searched before, and names that begin with what was typed.

use super::Model;
use crate::settings::{RecentSearch, Settings};
use std::collections::HashSet;

/// Suggestions shown at once: more do not fit into a line.
const SHOWN: usize = 5;
/// Searches remembered for one profile.
const REMEMBERED: usize = 8;

impl Model {
    /// What could be searched, best first: without a text what this profile searched before; with one, titles and genres
    /// known here that have a word beginning with it.
    pub(crate) fn suggestions(&self) -> Vec<String> {
        let text = fold(&self.search.text);
        let Some(profile) = &self.profile else { return vec![] };
        let recent =
            self.settings.searches.iter().filter(|search| search.profile == profile.id).map(|s| s.text.clone());
        if text.is_empty() {
            return recent.take(SHOWN).collect();
        }
        let found = self.search.found.ready().map(|list| list.items.as_slice()).unwrap_or_default();
        let home = self.home.ready().map(|home| home.rows.as_slice()).unwrap_or_default();
        let known = found.iter().chain(home.iter().flat_map(|row| &row.items));
        let (mut names, mut genres) = (Vec::new(), Vec::new());
        for title in known {
            names.push(title.name.clone());
            genres.extend(title.genres.iter().cloned());
        }
        let mut seen = HashSet::new();
        let fits = |word: &String| {
            let word = fold(word);
            word != text && (word.starts_with(&text) || word.split_whitespace().any(|part| part.starts_with(&text)))
        };
        let mut all: Vec<String> = recent.chain(genres).chain(names).filter(fits).collect();
        all.retain(|word| seen.insert(fold(word)));
        all.truncate(SHOWN);
        all
    }

    /// The search has led to a title: it is offered again. Returns whether that is new.
    pub(super) fn remember_search(&mut self) -> bool {
        let text = self.search.text.trim().to_owned();
        let Some(profile) = self.profile.as_ref().map(|profile| profile.id.clone()) else { return false };
        if text.is_empty() {
            return false;
        }
        let before = self.settings.searches.clone();
        let searches = &mut self.settings.searches;
        searches.retain(|search| search.profile != profile || fold(&search.text) != fold(&text));
        searches.insert(0, RecentSearch { profile: profile.clone(), text });
        let mut own = 0;
        searches.retain(|search| {
            own += usize::from(search.profile == profile);
            search.profile != profile || own <= REMEMBERED
        });
        searches.truncate(Settings::SEARCHES);
        *searches != before
    }
}

fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::{Msg, SearchMsg},
        density::Density,
        effect::Effect,
        testing::fixtures,
    };

    fn searched(model: &mut Model, text: &str) -> Vec<Effect> {
        model.update(Msg::Search(SearchMsg::Open), 0.0);
        model.update(Msg::Search(SearchMsg::Edit(text.into())), 0.0);
        model.update(Msg::ShowTitle(fixtures::summary(1)), 0.0)
    }

    #[test]
    fn what_led_to_a_title_is_offered_again_the_newest_first() {
        let mut model = fixtures::at_home(Density::Tv);
        for text in ["tide", "harbour", "Tide "] {
            assert!(searched(&mut model, text).iter().any(|effect| matches!(effect, Effect::SaveSettings(_))));
        }
        model.update(Msg::Search(SearchMsg::Open), 0.0);
        model.update(Msg::Search(SearchMsg::Edit(String::new())), 0.0);
        assert_eq!(model.suggestions(), ["Tide", "harbour"]);
        for i in 0..100 {
            searched(&mut model, &format!("word {i}"));
        }
        assert_eq!(model.settings.searches.len(), REMEMBERED);
        model.update(Msg::ShowProfiles, 0.0);
        model.update(Msg::ChooseProfile("jon".into()), 0.0);
        assert_eq!(model.suggestions(), [""; 0], "what one profile searched is not shown to another");
    }

    #[test]
    fn names_and_genres_that_begin_so_are_suggested_once() {
        let mut model = fixtures::at_home(Density::Tv);
        let name = fixtures::home().rows[0].items[1].name.clone();
        let word = name.split_whitespace().last().unwrap()[..3].to_uppercase();
        model.update(Msg::Search(SearchMsg::Edit(word)), 0.0);
        let suggested = model.suggestions();
        assert_eq!(suggested.iter().filter(|text| **text == name).count(), 1, "{suggested:?}");
        assert!(suggested.len() <= SHOWN);
        model.update(Msg::Search(SearchMsg::Edit("zzzz".into())), 0.0);
        assert_eq!(model.suggestions(), [""; 0]);
    }
}
