//! The catalog at one moment.

use super::{Entry, search::SearchIndex};
use serde::{Deserialize, Serialize};
use service_api::{
    TitleId,
    catalog::{CardShape, TitleKind},
};
use std::{collections::HashMap, sync::Arc};

/// Every title, in editorial order, and how to find it.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    pub(crate) entries: Vec<Arc<Entry>>,
    pub(crate) rows: Vec<EditorialRow>,
    pub(crate) search: SearchIndex,
    /// Of the file that it was made from; 0 is none.
    pub(crate) revision: i64,
    by_id: HashMap<TitleId, usize>,
}

/// A row of the home screen that editors have made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EditorialRow {
    pub(crate) id: String,
    pub(crate) heading: String,
    #[serde(default)]
    pub(crate) shape: CardShape,
    pub(crate) titles: Vec<TitleId>,
}

impl Snapshot {
    pub(crate) fn new(entries: Vec<Entry>, rows: Vec<EditorialRow>, revision: i64) -> Self {
        let entries: Vec<Arc<Entry>> = entries.into_iter().map(Arc::new).collect();
        let by_id = entries.iter().enumerate().map(|(index, entry)| (entry.id.clone(), index)).collect();
        let search = SearchIndex::new(&entries);
        Self { entries, rows, search, revision, by_id }
    }

    /// One title.
    pub(crate) fn entry(&self, id: &TitleId) -> Option<&Arc<Entry>> {
        self.by_id.get(id).map(|index| &self.entries[*index])
    }

    /// The place of a title in editorial order.
    pub(crate) fn position(&self, id: &TitleId) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    /// The episodes of a series, by season and number.
    pub(crate) fn episodes(&self, series: &TitleId) -> Vec<&Arc<Entry>> {
        let of_series = |entry: &&Arc<Entry>| {
            entry.kind == TitleKind::Episode && entry.episode.as_ref().is_some_and(|episode| episode.series == *series)
        };
        let mut episodes: Vec<_> = self.entries.iter().filter(of_series).collect();
        episodes.sort_by_key(|entry| entry.episode.as_ref().map(|episode| (episode.season, episode.number)));
        episodes
    }
}
