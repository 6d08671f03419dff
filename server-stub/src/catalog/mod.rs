//! What there is to watch.
//!
//! Three nouns. The **catalog** ([`Catalog`]) joins what is known about titles with what the library has made of them.
//! The **home screen** (home.rs) is composed from it for one viewer, by a pure function. The **title page** is one
//! title with its neighbours. The texts of the demo library are part of the program; a **catalog file** (file.rs)
//! changes them and adds to them. Owns the table `catalog_files`; what is made belongs to the library.
//!
//! What this service must never do: show a title above the profile's maturity ceiling, or send an empty row.

mod entry;
mod file;
mod home;
mod http;
mod listing;
mod search;
mod snapshot;
mod summary;

pub(crate) use entry::Entry;
pub use file::CatalogError;
pub(crate) use snapshot::Snapshot;

use crate::{
    app::Shared,
    entitlement::{Decision, Viewer},
    gateway::ApiError,
    ingest::{Library, LibraryState, MediaState, TitleMedia},
    store::Db,
};
use axum::{Router, routing::get};
use file::CatalogFile;
use service_api::{TitleId, catalog::LibraryProgress, routes as paths};
use std::sync::{Arc, PoisonError, RwLock};
pub(crate) use summary::Summaries;
use summary::browse;

/// The titles and their states.
#[derive(Debug)]
pub(crate) struct Catalog {
    db: Db,
    library: Arc<Library>,
    /// Replaced as a whole, so that an answer is made from one catalog and not from two.
    snapshot: RwLock<Arc<Snapshot>>,
}

impl Catalog {
    /// The library's titles, with what was imported.
    pub(crate) async fn open(db: Db, library: Arc<Library>) -> Result<Self, sqlx::Error> {
        let catalog = Self { db, library, snapshot: RwLock::default() };
        catalog.load().await?;
        Ok(catalog)
    }

    fn made(&self) -> Vec<Entry> {
        self.library.descriptors().iter().map(Entry::from).collect()
    }

    async fn load(&self) -> Result<(), sqlx::Error> {
        let made = self.made();
        let snapshot = match file::load(&self.db).await? {
            None => Snapshot::new(made, Vec::new(), 0),
            Some((document, revision)) => match CatalogFile::parse(&document, &made) {
                Ok(file) => {
                    let (entries, rows) = file.over(made);
                    Snapshot::new(entries, rows, revision)
                }
                // Made for another library; what is here can still be watched.
                Err(error) => {
                    tracing::error!(%error, "the imported catalog does not fit the library");
                    Snapshot::new(made, Vec::new(), revision)
                }
            },
        };
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
        Ok(())
    }

    /// Takes over what another instance has imported.
    pub(crate) async fn refresh(&self) -> Result<(), sqlx::Error> {
        if file::revision(&self.db).await? != self.snapshot().revision { self.load().await } else { Ok(()) }
    }

    /// Checks a catalog file and puts it in place of the one before.
    pub(crate) async fn import(&self, document: &str) -> Result<usize, CatalogError> {
        let file = CatalogFile::parse(document, &self.made())?;
        file::save(&self.db, document).await?;
        self.load().await?;
        Ok(file.titles.len())
    }

    /// The whole catalog as a file.
    pub(crate) fn export(&self) -> String {
        let snapshot = self.snapshot();
        let entries = snapshot.entries.iter().map(|entry| Entry::clone(entry)).collect();
        let file = CatalogFile::new(entries, snapshot.rows.clone());
        serde_json::to_string_pretty(&file).expect("texts and numbers are always JSON")
    }

    /// Everything, as it is now.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The title, whoever asks.
    pub(crate) fn entry(&self, id: &TitleId) -> Option<Arc<Entry>> {
        self.snapshot().entry(id).cloned()
    }

    /// The title, if the viewer may know of it. That the plan leaves it out is no secret.
    pub(crate) fn visible(&self, id: &TitleId, viewer: Viewer) -> Result<Arc<Entry>, ApiError> {
        let is_hidden = |entry: &Entry| matches!(browse(viewer, entry), Decision::Refused(refusal) if refusal.hides());
        self.entry(id).filter(|entry| !is_hidden(entry)).ok_or_else(|| ApiError::not_found("title"))
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
        progress_of(&self.library.state())
    }
}

fn progress_of(media: &LibraryState) -> LibraryProgress {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let ready = media.values().filter(|title| title.state == MediaState::Ready).count();
    LibraryProgress { ready: count(ready), total: count(media.len()) }
}

/// The routes of the service.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route(paths::HOME, get(http::home))
        .route(paths::TITLE, get(http::title))
        .route(paths::SEARCH, get(listing::search))
        .route(paths::BROWSE, get(listing::browse))
}
