//! Composes the home screen.

use super::{
    Entry, Snapshot, progress_of,
    summary::{Summaries, likeness},
};
use service_api::{
    TitleId,
    catalog::{CardShape, Home, Protection, Row, TitleSummary},
    profile::Progress,
};
use std::cmp::Reverse;

/// Cards in a row that is a selection; a row that is a complete list has no limit.
const SELECTION: usize = 12;

/// Ids of rows that are made from what was watched begin like this.
const BECAUSE: &str = "because-";

/// A genre with fewer titles is no row.
const MIN_GENRE: usize = 2;

/// Composes the home screen from nothing but its arguments.
///
/// Titles are in editorial order, which decides where nothing else does; `watched` has the latest first.
pub(crate) fn compose(snapshot: &Snapshot, watched: &[(TitleId, Progress)], summaries: Summaries<'_>) -> Home {
    let shown: Vec<&Entry> =
        snapshot.entries.iter().map(AsRef::as_ref).filter(|title| summaries.shows(title)).collect();
    let films: Vec<&Entry> = shown.iter().copied().filter(|title| !title.qa && title.is_listed()).collect();
    let shelf = Shelf { shown, films, watched, summaries };
    let mut rows = vec![shelf.continue_watching(), shelf.newest()];
    rows.extend(snapshot.rows.iter().map(|row| {
        let titles = row.titles.iter().filter_map(|id| shelf.find(id));
        shelf.row(&format!("editorial-{}", row.id), &row.heading, row.shape, titles)
    }));
    rows.push(shelf.because_you_watched());
    rows.extend(shelf.genres());
    rows.push(shelf.encrypted());
    rows.push(shelf.test_pictures());
    let library = Some(progress_of(summaries.media)).filter(|library| library.ready < library.total);
    Home { hero: shelf.hero(), rows: rows.into_iter().filter(|row| !row.items.is_empty()).collect(), library }
}

/// The same for who does not want what was watched to decide what is suggested.
pub(crate) fn without_suggestions(mut home: Home) -> Home {
    home.rows.retain(|row| !row.id.starts_with(BECAUSE));
    home
}

/// What rows are filled from.
struct Shelf<'a> {
    /// What the profile may see.
    shown: Vec<&'a Entry>,
    /// The same without test pictures.
    films: Vec<&'a Entry>,
    watched: &'a [(TitleId, Progress)],
    summaries: Summaries<'a>,
}

impl<'a> Shelf<'a> {
    /// The first film, in editorial order, that can be played now and was not seen to the end; else one that was.
    fn hero(&self) -> Option<TitleSummary> {
        let playable = || self.films.iter().copied().filter(|title| self.summaries.is_playable(title));
        let is_new = |title: &&Entry| self.progress(&title.id).is_none_or(|progress| !progress.is_finished());
        let has_picture =
            |title: &&Entry| self.summaries.media.get(&title.id).is_some_and(|media| media.artwork.backdrop.is_some());
        playable()
            .filter(is_new)
            .find(has_picture)
            .or_else(|| playable().find(has_picture))
            .or_else(|| playable().next())
            .map(|title| self.summaries.summary(title))
    }

    fn continue_watching(&self) -> Row {
        let begun = self.watched.iter().filter(|(_, progress)| progress.position_s > 0.0 && !progress.is_finished());
        let titles = begun.filter_map(|(id, _)| self.find(id));
        self.row("continue-watching", "Continue watching", CardShape::Wide, titles)
    }

    fn newest(&self) -> Row {
        let mut titles = self.films.clone();
        titles.sort_by_key(|title| Reverse(title.year));
        self.row("new", "New on Lumen", CardShape::Poster, titles.into_iter().take(SELECTION))
    }

    /// Neighbours of the film watched last, without those that were begun: they are in the first row or seen.
    fn because_you_watched(&self) -> Row {
        let last = self.watched.iter().filter_map(|(id, _)| self.find(id)).find(|title| !title.qa);
        let Some(last) = last else { return self.row("because", "", CardShape::Wide, []) };
        let mut titles: Vec<_> = self
            .films
            .iter()
            .copied()
            .filter(|title| title.id != last.id && self.progress(&title.id).is_none() && likeness(last, title) > 0)
            .collect();
        titles.sort_by_key(|title| Reverse(likeness(last, title)));
        let heading = format!("Because you watched {}", last.name);
        self.row(&format!("{BECAUSE}{}", last.id), &heading, CardShape::Wide, titles.into_iter().take(SELECTION))
    }

    /// Genres in the order in which films mention them.
    fn genres(&self) -> Vec<Row> {
        let mut genres: Vec<&str> = Vec::new();
        for genre in self.films.iter().flat_map(|title| &title.genres) {
            if !genres.contains(&genre.as_str()) {
                genres.push(genre);
            }
        }
        let rows = genres.into_iter().map(|genre| {
            let titles = self.films.iter().copied().filter(|title| title.genres.iter().any(|one| one == genre));
            self.row(&format!("genre-{}", slug(genre)), genre, CardShape::Poster, titles)
        });
        rows.filter(|row| row.items.len() >= MIN_GENRE).collect()
    }

    fn encrypted(&self) -> Row {
        let titles = self.films.iter().copied().filter(|title| title.protection != Protection::Clear);
        self.row("encrypted", "Encrypted", CardShape::Wide, titles)
    }

    fn test_pictures(&self) -> Row {
        self.row("test-pictures", "Test pictures", CardShape::Wide, self.shown.iter().copied().filter(|title| title.qa))
    }

    fn row(&self, id: &str, heading: &str, shape: CardShape, titles: impl IntoIterator<Item = &'a Entry>) -> Row {
        let items = titles.into_iter().map(|title| self.summaries.summary(title)).collect();
        Row { id: id.to_owned(), heading: heading.to_owned(), shape, items }
    }

    fn find(&self, id: &TitleId) -> Option<&'a Entry> {
        self.shown.iter().copied().find(|title| title.id == *id)
    }

    fn progress(&self, id: &TitleId) -> Option<Progress> {
        self.summaries.watched.get(id).copied()
    }
}

fn slug(genre: &str) -> String {
    let words: Vec<String> = genre
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        entitlement::{Place, Plan, Viewer},
        ingest::{LibraryState, MediaState, TitleMedia},
    };
    use service_api::catalog::{Artwork, TitleState};
    use std::collections::BTreeMap;

    const ADULT: Viewer =
        Viewer { plan: Plan::Premium, ceiling: None, place: Place { country: None, is_hidden: false }, now_ms: 0 };

    fn catalogue() -> Vec<Entry> {
        crate::ingest::catalogue().iter().map(Entry::from).collect()
    }

    fn all_ready() -> LibraryState {
        let artwork = Artwork { backdrop: Some("/artwork/x/backdrop.jpg".to_owned()), ..Artwork::default() };
        let ready = TitleMedia { state: MediaState::Ready, artwork, duration_s: 60.0 };
        catalogue().into_iter().map(|title| (title.id.clone(), ready.clone())).collect()
    }

    fn home(media: &LibraryState, viewer: Viewer, watched: &[(TitleId, Progress)]) -> Home {
        let by_title: BTreeMap<_, _> = watched.iter().cloned().collect();
        compose(&Snapshot::new(catalogue(), Vec::new(), 0), watched, Summaries { media, viewer, watched: &by_title })
    }

    fn ids(home: &Home) -> Vec<&str> {
        home.rows.iter().map(|row| row.id.as_str()).collect()
    }

    fn at(share: f64, taken_at_ms: i64) -> Progress {
        Progress { position_s: 100.0 * share, duration_s: 100.0, taken_at_ms }
    }

    #[test]
    fn new_viewer_has_no_history_rows_and_tests_come_last() {
        let home = home(&all_ready(), ADULT, &[]);
        let ids = ids(&home);
        assert_eq!(ids[0], "new");
        assert!(ids.iter().any(|id| id.starts_with("genre-")));
        assert_eq!(ids[ids.len() - 2..], ["encrypted", "test-pictures"]);
        assert_eq!(home.hero.unwrap().id, catalogue()[0].id);
        assert_eq!(home.library, None);
        assert!(home.rows.iter().all(|row| !row.items.is_empty()));
        let unique: std::collections::BTreeSet<_> = home.rows.iter().map(|row| &row.id).collect();
        assert_eq!(unique.len(), home.rows.len());
    }

    #[test]
    fn continue_watching_is_newest_first_without_what_was_finished() {
        let films: Vec<_> = catalogue().into_iter().filter(|title| !title.qa).collect();
        let watched = [
            (films[2].id.clone(), at(0.5, 30)),
            (films[0].id.clone(), at(0.96, 20)),
            (films[1].id.clone(), at(0.1, 10)),
        ];
        let home = home(&all_ready(), ADULT, &watched);
        let row = &home.rows[0];
        assert_eq!((row.id.as_str(), row.shape), ("continue-watching", CardShape::Wide));
        assert_eq!(row.items.iter().map(|item| &item.id).collect::<Vec<_>>(), [&films[2].id, &films[1].id]);
        assert_eq!(row.items[0].progress, Some(at(0.5, 30)));
        assert_ne!(home.hero.as_ref().unwrap().id, films[0].id, "the finished film is not the hero again");
        if let Some(because) = home.rows.iter().find(|row| row.id.starts_with("because-")) {
            assert_eq!(because.heading, format!("Because you watched {}", films[2].name));
            assert!(because.items.iter().all(|item| item.progress.is_none()));
        }
    }

    #[test]
    fn ceiling_hides_titles_everywhere() {
        let child = Viewer { ceiling: Some(7), ..ADULT };
        let adult_film = catalogue().into_iter().find(|title| title.maturity.is_some_and(|age| age > 7)).unwrap();
        let home = home(&all_ready(), child, &[(adult_film.id.clone(), at(0.5, 1))]);
        let everywhere = home.rows.iter().flat_map(|row| &row.items).chain(&home.hero);
        assert!(everywhere.clone().count() > 0);
        assert!(everywhere.clone().all(|item| item.maturity.is_none_or(|age| age <= 7)));
    }

    #[test]
    fn titles_in_the_making_are_listed_and_counted_but_never_the_hero() {
        let mut media = all_ready();
        let first = catalogue()[0].id.clone();
        media.get_mut(&first).unwrap().state = MediaState::Making { percent: 100 };
        let home = home(&media, ADULT, &[]);
        let library = home.library.unwrap();
        assert_eq!(library.ready + 1, library.total);
        assert_ne!(home.hero.unwrap().id, first);
        let card = home.rows.iter().flat_map(|row| &row.items).find(|item| item.id == first).unwrap();
        assert_eq!(card.state, TitleState::Preparing { percent: 99 });
        assert!(self::home(&LibraryState::new(), ADULT, &[]).hero.is_none());
    }

    #[test]
    fn smaller_plan_sees_what_it_could_have() {
        let basic = Viewer { plan: Plan::Basic, ..ADULT };
        let home = home(&all_ready(), basic, &[]);
        let premium: Vec<_> = catalogue().into_iter().filter(|title| title.plan == Plan::Premium).collect();
        assert!(!premium.is_empty());
        let marked =
            home.rows.iter().flat_map(|row| &row.items).filter(|item| item.badges.iter().any(|b| b == "Premium"));
        assert!(marked.clone().count() > 0);
        assert!(marked.clone().all(|item| premium.iter().any(|title| title.id == item.id)));
        let hero = home.hero.unwrap();
        assert!(premium.iter().all(|title| title.id != hero.id));
    }

    #[test]
    fn slugs_are_stable_words() {
        assert_eq!(slug("Science fiction"), "science-fiction");
        assert_eq!(slug("Food & drink"), "food-drink");
    }
}
