//! What points to the files of a title.

use crate::blob::{BlobError, BlobKey, BlobStore};
use axum::body::Bytes;
use serde::{Deserialize, Serialize};
use service_api::{TitleId, catalog::Artwork};
use std::collections::BTreeMap;

/// Where the documents are.
pub(super) const FOLDER: &str = "titles";

/// Longest document that is read, in bytes: a thousand small files.
const MAX_BYTES: u64 = 256 * 1024;

/// `titles/{title}.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Document {
    /// Part of the names of the title's files.
    pub(super) generation: String,
    /// The generation before it, whose files are removed with the next publication.
    pub(super) previous: Option<String>,
    /// What the maker knows of its title, so that it sees what has changed.
    pub(super) record: String,
    /// Files that manifests are made of, relative to the title.
    pub(super) small: Vec<String>,
    pub(super) artwork: Artwork,
    /// Bits per second of the most demanding segment in each folder: manifests name it, and the segments are elsewhere.
    #[serde(default)]
    pub(super) peaks: BTreeMap<String, u64>,
}

impl Document {
    pub(super) async fn read(store: &dyn BlobStore, key: &BlobKey) -> Result<Self, BlobError> {
        let info = store.info(key).await?;
        if info.length > MAX_BYTES {
            return Err(BlobError::TooLarge { length: info.length });
        }
        let bytes = store.read(key, 0..info.length).await?;
        // It was replaced while it was read, or somebody else has written it.
        serde_json::from_slice(&bytes).map_err(|error| BlobError::Unavailable(Box::new(error)))
    }

    pub(super) async fn write(&self, store: &dyn BlobStore, title: &TitleId) -> Result<(), BlobError> {
        let text = serde_json::to_vec(self).map_err(|error| BlobError::Unavailable(Box::new(error)))?;
        store.replace(&key(title)?, Bytes::from(text)).await
    }

    /// Folder of the media.
    pub(super) fn folder(&self, title: &TitleId) -> Result<BlobKey, BlobError> {
        media_folder(title, &self.generation)
    }

    /// Folder of the pictures.
    pub(super) fn artwork_folder(&self, title: &TitleId) -> Result<BlobKey, BlobError> {
        artwork_folder(title, &self.generation)
    }
}

pub(super) fn key(title: &TitleId) -> Result<BlobKey, BlobError> {
    BlobKey::new(format!("{FOLDER}/{title}.json"))
}

pub(super) fn media_folder(title: &TitleId, generation: &str) -> Result<BlobKey, BlobError> {
    BlobKey::new(format!("media/{title}/{generation}"))
}

pub(super) fn artwork_folder(title: &TitleId, generation: &str) -> Result<BlobKey, BlobError> {
    BlobKey::new(format!("artwork/{title}/{generation}"))
}
