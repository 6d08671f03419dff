//! What might be meant: what was searched before, names that begin with what was typed, and where nothing was found the
//! known name that is nearest to it.

use super::Model;
use std::collections::HashSet;

/// Suggestions shown at once: more do not fit into a line.
const SHOWN: usize = 5;

impl Model {
    /// What could be searched, best first: without a text what this profile searched before; with one, titles and genres
    /// known here that have a word beginning with it.
    pub(crate) fn suggestions(&self) -> Vec<String> {
        let text = fold(&self.search.text);
        let recent = self.searches().iter().cloned();
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
        // Where nothing was found, what may be meant stands first.
        all.splice(0..0, self.search.meant.clone());
        all.retain(|word| seen.insert(fold(word)));
        all.truncate(SHOWN);
        all
    }
}

fn fold(text: &str) -> String {
    text.trim().to_lowercase()
}

/// A name is meant if it can be made of the text by this many letters changed, left out, added or swapped; by its
/// length, in letters.
fn allowed(letters: usize) -> usize {
    match letters {
        0..=2 => 0,
        3..=5 => 1,
        6..=9 => 2,
        _ => 3,
    }
}

/// The nearest of `names`, if one is near enough. One that is the same is no suggestion.
pub(crate) fn nearest<'a>(text: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = folded(text);
    let best = names
        .into_iter()
        .filter_map(|name| {
            let whole = folded(name);
            // A word of the name is enough, as people do not type articles.
            let words = whole.split(|letter| *letter == ' ').filter(|word| word.len() > 2);
            let limit = allowed(typed.len());
            let distances = words.chain([whole.as_slice()]).filter_map(|word| distance(&typed, word, limit));
            distances.min().map(|distance| (distance, name))
        })
        .min_by_key(|(distance, _)| *distance)?;
    (best.0 > 0).then_some(best.1)
}

fn folded(text: &str) -> Vec<char> {
    text.trim().chars().take(64).flat_map(char::to_lowercase).collect()
}

/// Distance of optimal string alignment (Damerau, 1964, without edits inside a swap), if it is at most `limit`.
fn distance(one: &[char], other: &[char], limit: usize) -> Option<usize> {
    if one.len().abs_diff(other.len()) > limit {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let mut cost = (last[j] + usize::from(a != b)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                cost = cost.min(before[j - 1] + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|distance| *distance <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::{Msg, SearchMsg},
        density::Density,
        testing::fixtures,
    };

    #[test]
    fn near_names_are_offered_and_far_ones_are_not() {
        let names = ["The Long Tide", "Glass Harbour", "Orbit Kitchen", "Low Country"];
        for (text, expected) in [
            ("harbuor", Some("Glass Harbour")),
            ("Glas Harbor", Some("Glass Harbour")),
            ("kichen", Some("Orbit Kitchen")),
            ("tide", None),
            ("glass harbour", None),
            ("xylophone", None),
            ("ha", None),
            ("", None),
        ] {
            assert_eq!(nearest(text, names), expected, "{text}");
        }
    }

    #[test]
    fn long_input_costs_little() {
        let long = "a".repeat(1 << 20);
        assert_eq!(nearest(&long, [long.as_str()]), None);
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
