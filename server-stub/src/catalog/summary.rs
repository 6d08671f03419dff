//! From a descriptor and its media to what a card shows.

use super::Entry;
use crate::{
    entitlement::{Decision, Plans, Purpose, Refusal, Viewer, decide},
    ingest::{LibraryState, MediaState},
};
use service_api::{
    TitleId,
    catalog::{TitleKind, TitleState, TitleSummary},
    profile::Progress,
};
use std::collections::BTreeMap;

/// Badge of titles that the viewer's plan leaves out.
const UPGRADE_BADGE: &str = "Premium";

/// Everything that summaries of one answer are made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Summaries<'a> {
    pub(crate) media: &'a LibraryState,
    pub(crate) viewer: Viewer,
    pub(crate) watched: &'a BTreeMap<TitleId, Progress>,
}

impl Summaries<'_> {
    /// The title on a card.
    pub(crate) fn summary(&self, title: &Entry) -> TitleSummary {
        let media = self.media.get(&title.id).cloned().unwrap_or_default();
        let mut badges = title.badges.clone();
        if browse(self.viewer, title) == Decision::Refused(Refusal::NotInPlan) {
            badges.insert(0, UPGRADE_BADGE.to_owned());
        }
        let runtime_s = if media.duration_s > 0.0 { media.duration_s } else { title.duration_s };
        TitleSummary {
            id: title.id.clone(),
            name: title.name.clone(),
            kicker: title.kicker.clone(),
            synopsis: title.synopsis.clone(),
            year: Some(title.year),
            runtime_s: (runtime_s > 0.0).then_some(runtime_s),
            maturity: title.maturity,
            genres: title.genres.clone(),
            badges,
            // A series has no media of its own that could be waited for.
            state: if title.kind == TitleKind::Series { TitleState::Ready } else { state(media.state) },
            artwork: media.artwork,
            progress: self.watched.get(&title.id).copied(),
        }
    }

    /// May the viewer know of the title?
    pub(crate) fn shows(&self, title: &Entry) -> bool {
        !matches!(browse(self.viewer, title), Decision::Refused(refusal) if refusal.hides())
    }

    /// Could the viewer press play now?
    pub(crate) fn is_playable(&self, title: &Entry) -> bool {
        matches!(browse(self.viewer, title), Decision::Allowed(_))
            && self.media.get(&title.id).is_some_and(|media| media.state == MediaState::Ready)
    }
}

/// May the viewer see the title listed? Nothing of this depends on a plan's limits.
pub(crate) fn browse(viewer: Viewer, title: &Entry) -> Decision {
    decide(viewer, title.terms(), Plans::default().of(viewer.plan), Purpose::Show)
}

/// What a shared genre is worth, and a shared person. Genres are few and broad; who made something is what people mean
/// by "more of this", so one person outweighs one genre, and two genres outweigh one person.
const GENRE: usize = 2;
const PERSON: usize = 3;

/// How alike two titles are: the genres and the people that they share, weighted. Zero is not at all.
pub(crate) fn likeness(one: &Entry, other: &Entry) -> usize {
    let genres = one.genres.iter().filter(|genre| other.genres.contains(genre)).count();
    let mut people: Vec<&str> = one.credits.iter().map(|credit| credit.name.as_str()).collect();
    // Somebody with two parts is one person.
    people.sort_unstable();
    people.dedup();
    let shared = people.into_iter().filter(|name| other.credits.iter().any(|credit| credit.name == *name)).count();
    GENRE * genres + PERSON * shared
}

fn state(media: MediaState) -> TitleState {
    match media {
        MediaState::Absent => TitleState::Preparing { percent: 0 },
        MediaState::Making { percent } => TitleState::Preparing { percent: percent.min(99) },
        MediaState::Ready => TitleState::Ready,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use service_api::catalog::Credit;

    #[test]
    fn people_outweigh_a_genre_and_count_once() {
        let all: Vec<Entry> = crate::ingest::catalogue().iter().map(Entry::from).collect();
        let title = |genres: &[&str], people: &[&str]| {
            let mut entry = all[0].clone();
            entry.genres = genres.iter().map(|genre| (*genre).to_owned()).collect();
            entry.credits =
                people.iter().map(|name| Credit { part: "Part".to_owned(), name: (*name).to_owned() }).collect();
            entry
        };
        let film = title(&["Drama", "Mystery"], &["Ada", "Ada", "Ben"]);
        let same_person = likeness(&film, &title(&["Comedy"], &["Ada"]));
        let same_genre = likeness(&film, &title(&["Drama"], &["Cleo"]));
        let same_genres = likeness(&film, &title(&["Drama", "Mystery"], &[]));
        assert!(same_genres > same_person && same_person > same_genre && same_genre > 0);
        assert_eq!(likeness(&film, &title(&["Comedy"], &["Cleo"])), 0);
    }
}
