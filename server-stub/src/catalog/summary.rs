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

/// How many genres two titles share.
pub(crate) fn likeness(one: &Entry, other: &Entry) -> usize {
    one.genres.iter().filter(|genre| other.genres.contains(genre)).count()
}

fn state(media: MediaState) -> TitleState {
    match media {
        MediaState::Absent => TitleState::Preparing { percent: 0 },
        MediaState::Making { percent } => TitleState::Preparing { percent: percent.min(99) },
        MediaState::Ready => TitleState::Ready,
    }
}
