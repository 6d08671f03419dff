//! What there is to watch.
//!
//! Three nouns. The **catalog** ([`Catalog`]) joins what is known about titles with what the library has made of them.
//! The **home screen** (home.rs) is composed from it for one viewer, by a pure function. The **title page** is one
//! title with its neighbours. Owns no table: descriptors are part of the program, states belong to the library.
//!
//! What this service must never do: show a title above the profile's maturity ceiling, or send an empty row.

mod home;
mod http;
mod summary;

use crate::{
    app::Shared,
    entitlement::{Decision, Refusal, Terms, Viewer, decide},
    gateway::ApiError,
    ingest::{Library, LibraryState, MediaState, TitleDescriptor, TitleMedia},
};
use axum::{Router, routing::get};
use service_api::{TitleId, catalog::LibraryProgress, routes as paths};
use std::sync::Arc;

/// The titles and their states.
#[derive(Clone, Debug)]
pub(crate) struct Catalog {
    library: Arc<Library>,
    titles: Arc<[TitleDescriptor]>,
}

impl Catalog {
    pub(crate) fn new(library: Arc<Library>) -> Self {
        let titles = library.descriptors().to_vec().into();
        Self { library, titles }
    }

    /// Every title, in editorial order.
    pub(crate) fn titles(&self) -> &[TitleDescriptor] {
        &self.titles
    }

    /// The title, whoever asks.
    pub(crate) fn find(&self, id: &TitleId) -> Option<&TitleDescriptor> {
        self.titles.iter().find(|title| title.id == *id)
    }

    /// The title, if the viewer may know of it. That the plan leaves it out is no secret.
    pub(crate) fn visible(&self, id: &TitleId, viewer: Viewer) -> Result<&TitleDescriptor, ApiError> {
        self.find(id)
            .filter(|title| decide(viewer, Terms::from(*title)) != Decision::Refused(Refusal::AboveCeiling))
            .ok_or_else(|| ApiError::not_found("title"))
    }

    /// How far each title is made.
    pub(crate) fn state(&self) -> LibraryState {
        self.library.state()
    }

    /// How far one title is made.
    pub(crate) fn media(&self, id: &TitleId) -> TitleMedia {
        self.library.state().remove(id).unwrap_or_default()
    }

    /// How far the whole library is made.
    pub(crate) fn library_progress(&self) -> LibraryProgress {
        progress_of(&self.titles, &self.library.state())
    }
}

fn progress_of(titles: &[TitleDescriptor], media: &LibraryState) -> LibraryProgress {
    let is_ready = |title: &&TitleDescriptor| media.get(&title.id).is_some_and(|it| it.state == MediaState::Ready);
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    LibraryProgress { ready: count(titles.iter().filter(is_ready).count()), total: count(titles.len()) }
}

/// The routes of the service.
pub(crate) fn routes() -> Router<Shared> {
    Router::new().route(paths::HOME, get(http::home)).route(paths::TITLE, get(http::title))
}
