//! Search as you type, forgiving typos.
//!
//! An index of our own in memory, made with each snapshot: the words of every title, found by prefix through their order
//! and by likeness through their trigrams. It is the same on every database (SQLite's full text search is not
//! PostgreSQL's, and neither forgives typos), it has no second copy on disk that could disagree, and it holds a hundred
//! thousand titles in some ten megabytes. A search engine earns its place when the catalog outgrows a machine's memory.

use super::Entry;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// Words of a query that are looked at.
const MAX_WORDS: usize = 8;
/// Characters of a query that are looked at.
const MAX_QUERY: usize = 100;
/// Words like a word that are considered.
const MAX_LIKE: usize = 64;

/// What a word in each place is worth.
const NAME: f32 = 10.0;
/// The first word of a name is worth so much more.
const FIRST: f32 = 2.0;
const PERSON: f32 = 4.0;
const GENRE: f32 = 3.0;
const TEXT: f32 = 1.0;
/// What is left of it when the word is only begun, or mistyped by one or two.
const BEGUN: f32 = 0.8;
const MISTYPED: [f32; 2] = [0.5, 0.3];

/// The index of one snapshot.
#[derive(Debug, Default)]
pub(crate) struct SearchIndex {
    /// Word to titles, by their place in the snapshot, with the word's worth in each.
    words: BTreeMap<Box<str>, Vec<(u32, f32)>>,
    trigrams: HashMap<[char; 3], Vec<Box<str>>>,
}

impl SearchIndex {
    pub(crate) fn new(entries: &[Arc<Entry>]) -> Self {
        let mut words: BTreeMap<Box<str>, Vec<(u32, f32)>> = BTreeMap::new();
        for (at, entry) in (0_u32..).zip(entries) {
            let mut of_entry: HashMap<String, f32> = HashMap::new();
            let people = entry.credits.iter().map(|credit| (credit.name.as_str(), PERSON));
            let genres = entry.genres.iter().map(|genre| (genre.as_str(), GENRE));
            let texts = [(entry.name.as_str(), NAME), (entry.synopsis.as_str(), TEXT)];
            for (text, worth) in texts.into_iter().chain(people).chain(genres) {
                for word in folded_words(text) {
                    let kept = of_entry.entry(word).or_default();
                    *kept = kept.max(worth);
                }
            }
            // People begin with the beginning.
            if let Some(first) = folded_words(&entry.name).next() {
                of_entry.insert(first, NAME + FIRST);
            }
            for (word, worth) in of_entry {
                words.entry(word.into()).or_default().push((at, worth));
            }
        }
        let mut trigrams: HashMap<[char; 3], Vec<Box<str>>> = HashMap::new();
        for word in words.keys() {
            for trigram in trigrams_of(word) {
                let of_trigram = trigrams.entry(trigram).or_default();
                if of_trigram.last() != Some(word) {
                    of_trigram.push(word.clone());
                }
            }
        }
        Self { words, trigrams }
    }

    /// Places of the titles that have something like every word of the query, the best first.
    pub(crate) fn search(&self, query: &str) -> Vec<u32> {
        let query: String = query.chars().take(MAX_QUERY).collect();
        let mut scores: Option<HashMap<u32, f32>> = None;
        for word in folded_words(&query).take(MAX_WORDS) {
            let of_word = self.titles_like(&word);
            scores = Some(match scores {
                None => of_word,
                Some(before) => before
                    .into_iter()
                    .filter_map(|(title, score)| Some((title, score + of_word.get(&title)?)))
                    .collect(),
            });
        }
        let mut ranked: Vec<(u32, f32)> = scores.unwrap_or_default().into_iter().collect();
        ranked.sort_by(|(one, score), (other, than)| than.total_cmp(score).then(one.cmp(other)));
        ranked.into_iter().map(|(title, _)| title).collect()
    }

    fn titles_like(&self, typed: &str) -> HashMap<u32, f32> {
        let mut titles: HashMap<u32, f32> = HashMap::new();
        let mut add = |word: &str, factor: f32| {
            for (title, worth) in self.words.get(word).into_iter().flatten() {
                let score = titles.entry(*title).or_default();
                *score = score.max(worth * factor);
            }
        };
        let begun = self.words.range::<str, _>((std::ops::Bound::Included(typed), std::ops::Bound::Unbounded));
        for (word, _) in begun.take_while(|(word, _)| word.starts_with(typed)) {
            add(word, if **word == *typed { 1.0 } else { BEGUN });
        }
        for (word, typos) in self.mistyped(typed) {
            add(word, MISTYPED[typos - 1]);
        }
        titles
    }

    /// Words that this may have been meant to be, or to begin, with how many typos.
    fn mistyped(&self, typed: &str) -> Vec<(&str, usize)> {
        let length = typed.chars().count();
        let allowed = match length {
            0..=3 => return Vec::new(),
            4..=7 => 1,
            _ => 2,
        };
        let mut shared: HashMap<&str, usize> = HashMap::new();
        for trigram in trigrams_of(typed) {
            for word in self.trigrams.get(&trigram).into_iter().flatten() {
                *shared.entry(word).or_default() += 1;
            }
        }
        let mut candidates: Vec<(&str, usize)> = shared.into_iter().collect();
        candidates.sort_by(|(one, count), (other, than)| than.cmp(count).then(one.cmp(other)));
        let typed: Vec<char> = typed.chars().collect();
        let likeness = |word: &str| {
            let whole: Vec<char> = word.chars().collect();
            // The word may be longer than what was typed so far.
            let begin = &whole[..whole.len().min(typed.len())];
            distance(&typed, &whole).min(distance(&typed, begin))
        };
        let near = candidates.into_iter().take(MAX_LIKE).map(|(word, _)| (word, likeness(word)));
        near.filter(|(_, typos)| (1..=allowed).contains(typos)).collect()
    }
}

/// The words of a text, small and without accents.
fn folded_words(text: &str) -> impl Iterator<Item = String> {
    let folded: String = text.chars().flat_map(char::to_lowercase).flat_map(without_accent).collect();
    let words: Vec<String> = folded
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    words.into_iter()
}

/// The letters of Latin script that people leave the accent off.
fn without_accent(letter: char) -> impl Iterator<Item = char> {
    let (first, second) = match letter {
        'à'..='å' | 'ā' | 'ă' | 'ą' => ('a', None),
        'ç' | 'ć' | 'č' => ('c', None),
        'ď' | 'đ' | 'ð' => ('d', None),
        'è'..='ë' | 'ē' | 'ę' | 'ě' => ('e', None),
        'ì'..='ï' | 'ī' | 'ı' => ('i', None),
        'ł' => ('l', None),
        'ñ' | 'ń' | 'ň' => ('n', None),
        'ò'..='ö' | 'ø' | 'ō' | 'ő' => ('o', None),
        'ř' => ('r', None),
        'ś' | 'š' | 'ş' => ('s', None),
        'ť' | 'ţ' => ('t', None),
        'ù'..='ü' | 'ū' | 'ů' | 'ű' => ('u', None),
        'ý' | 'ÿ' => ('y', None),
        'ź' | 'ż' | 'ž' => ('z', None),
        'ß' => ('s', Some('s')),
        'æ' => ('a', Some('e')),
        'œ' => ('o', Some('e')),
        // Combining marks, where somebody types letter and accent apart; an apostrophe joins.
        '\u{300}'..='\u{36f}' | '\'' | '’' => ('\0', None),
        other => (other, None),
    };
    [Some(first), second].into_iter().flatten().filter(|letter| *letter != '\0')
}

/// Threes of letters, the beginning marked.
fn trigrams_of(word: &str) -> Vec<[char; 3]> {
    let letters: Vec<char> = ['^', '^'].into_iter().chain(word.chars()).collect();
    letters.windows(3).map(|three| [three[0], three[1], three[2]]).collect()
}

/// Letters to change, add, drop or swap (optimal string alignment).
fn distance(one: &[char], other: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.iter().enumerate() {
        let mut this = vec![row + 1];
        for (column, wanted) in other.iter().enumerate() {
            let replaced = last[column] + usize::from(letter != wanted);
            let mut cost = replaced.min(last[column + 1] + 1).min(this[column] + 1);
            if row > 0 && column > 0 && one[row - 1] == *wanted && other[column - 1] == *letter {
                cost = cost.min(before[column - 1] + 1);
            }
            this.push(cost);
        }
        before = std::mem::replace(&mut last, this);
    }
    last[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index() -> (Vec<Arc<Entry>>, SearchIndex) {
        let entries: Vec<Arc<Entry>> =
            crate::ingest::catalogue().iter().map(|title| Arc::new(Entry::from(title))).collect();
        let index = SearchIndex::new(&entries);
        (entries, index)
    }

    #[test]
    fn ranking_fixtures() {
        let (entries, index) = index();
        let first = |query: &str| index.search(query).first().map(|at| entries[*at as usize].id.as_str());
        for query in [
            "the long tide",
            "long tide",
            "tide",
            "tid",
            "lon ti",
            "LONG",
            "tide long",
            "lnog tide",
            "longg tide",
            "tíde",
            "  long,tide! ",
        ] {
            assert_eq!(first(query), Some("the-long-tide"), "{query:?}");
        }
        for query in ["", "  ", "!!!", "zzzzqqqq", "long zzzzqqqq"] {
            assert_eq!(first(query), None, "{query:?}");
        }
        for entry in &entries {
            assert_eq!(first(&entry.name), Some(entry.id.as_str()), "each is found first by its whole name");
        }
    }

    #[test]
    fn names_count_more_than_texts() {
        let (mut entries, _) = index();
        Arc::make_mut(&mut entries[3]).synopsis = "About a zeppelin.".to_owned();
        Arc::make_mut(&mut entries[5]).name = "Zeppelin".to_owned();
        let index = SearchIndex::new(&entries);
        assert_eq!(index.search("zeppelin"), [5, 3]);
        assert_eq!(index.search("zepelin"), [5, 3], "one letter is missing");
        assert_eq!(index.search("zpepleni"), Vec::<u32>::new(), "too many typos");
    }

    #[test]
    fn distances() {
        let table = [("", "", 0), ("a", "", 1), ("ab", "ba", 1), ("tide", "tied", 1), ("kitten", "sitting", 3)];
        for (one, other, expected) in table {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            assert_eq!(distance(&letters(one), &letters(other)), expected, "{one} {other}");
        }
    }

    #[test]
    fn any_text_is_answered() {
        let (_, index) = index();
        for query in ["%", "'; DROP TABLE x", "\0", "🎬", &"a".repeat(100_000), &"ab ".repeat(10_000)] {
            index.search(query);
        }
    }
}
