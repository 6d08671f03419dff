//! Titles in a bucket, for instances that have no media of their own.
//!
//! Who makes titles publishes them: every file of a title below a folder that is named by a **generation**, and then the
//! small document `titles/{title}.json` that points there. A title is therefore visible whole or not at all. Other
//! instances follow these documents. They keep the small files of each title at hand, because manifests are made of
//! them, and bring segments when they are asked for; all of it into the folder where a maker has its library, so that
//! delivery reads files in either profile.
//!
//! Owns no table.

mod document;
mod publish;

use crate::{
    blob::{BlobCache, BlobError, BlobKey, BlobStore, MAX_LIST},
    ingest::Library,
};
use document::Document;
use service_api::TitleId;
use std::{
    collections::{BTreeMap, HashMap},
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

/// How often the documents are read again.
const FOLLOW_EVERY: Duration = Duration::from_secs(5);

/// Says that a title's folder was brought from the bucket and may be thrown away.
const MARK: &str = ".published";

/// The bucket as the source of titles.
#[derive(Debug)]
pub(crate) struct Published {
    store: Arc<dyn BlobStore>,
    cache: BlobCache,
    library: Arc<Library>,
    /// What is there, as of the last look.
    documents: RwLock<HashMap<TitleId, Document>>,
}

impl Published {
    /// Throws away what an earlier process has brought: it may be of another generation.
    pub(crate) fn open(store: Arc<dyn BlobStore>, library: Arc<Library>, cache_bytes: u64) -> Result<Self, BlobError> {
        for title in library.descriptors() {
            if library.title_folder(&title.id).join(MARK).exists() {
                remove(&library.title_folder(&title.id))?;
                remove(&library.artwork_folder(&title.id))?;
            }
        }
        let cache = BlobCache::new(store.clone(), cache_bytes);
        Ok(Self { store, cache, library, documents: RwLock::default() })
    }

    /// Looks again and again. Never ends.
    pub(crate) async fn follow(&self) {
        loop {
            if let Err(error) = self.look().await {
                tracing::warn!(%error, "cannot see which titles are published");
            }
            tokio::time::sleep(FOLLOW_EVERY).await;
        }
    }

    /// Learns which titles are published, and brings the small files of new ones.
    pub(crate) async fn look(&self) -> Result<(), BlobError> {
        let folder = BlobKey::new(document::FOLDER)?;
        let mut after = None;
        loop {
            let keys = self.store.list(&folder, after.as_ref(), MAX_LIST).await?;
            for key in &keys {
                // One title that cannot be read must not hide the others.
                if let Err(error) = self.learn(key).await {
                    tracing::warn!(%key, %error, "a published title cannot be read");
                }
            }
            if keys.len() < MAX_LIST {
                return Ok(());
            }
            after = keys.into_iter().next_back();
        }
    }

    async fn learn(&self, key: &BlobKey) -> Result<(), BlobError> {
        let Some(title) =
            self.library.descriptors().iter().map(|title| &title.id).find(|title| is_document(key, title))
        else {
            return Ok(());
        };
        let document = Document::read(self.store.as_ref(), key).await?;
        let known = self.document(title);
        // What is made here is served from here.
        if known.as_ref() == Some(&document) || self.library.is_made_here(title) {
            return Ok(());
        }
        let home = self.library.title_folder(title);
        fs::create_dir_all(&home)?;
        fs::write(home.join(MARK), document.generation.as_bytes())?;
        for file in &document.small {
            self.cache_file(&document, title, file).await?;
        }
        self.documents.write().unwrap_or_else(PoisonError::into_inner).insert(title.clone(), document.clone());
        self.library.adopt(title, &document.generation, document.artwork.clone());
        tracing::info!(%title, generation = document.generation, "a title is published");
        // Last: whoever asks has the new generation by now, and who has a file of the old one open reads on.
        if let Some(known) = known {
            self.cache.forget_below(&known.folder(title)?);
            self.cache.forget_below(&known.artwork_folder(title)?);
            remove(&home.join(&known.generation))?;
            remove(&self.library.artwork_folder(title).join(&known.generation))?;
        }
        Ok(())
    }

    /// A file of a title, if it is published. What is brought may be removed when others are: the open file stays.
    pub(crate) async fn bring(&self, title: &TitleId, file: &str) -> Result<Option<File>, BlobError> {
        let Some(document) = self.document(title) else { return Ok(None) };
        found(self.cache_file(&document, title, file).await)
    }

    /// Makes the small files that manifests are made of be where the library has them.
    pub(crate) async fn bring_small(&self, title: &TitleId) -> Result<(), BlobError> {
        let Some(document) = self.document(title) else { return Ok(()) };
        for file in &document.small {
            self.cache_file(&document, title, file).await?;
        }
        Ok(())
    }

    /// A picture of a title, if it is published.
    pub(crate) async fn bring_picture(&self, title: &TitleId, name: &str) -> Result<Option<File>, BlobError> {
        let Some(document) = self.document(title) else { return Ok(None) };
        let Ok(key) = document.artwork_folder(title)?.join(name) else { return Ok(None) };
        let place = self.library.artwork_folder(title).join(&document.generation).join(name);
        found(self.cache.bring(&key, &place).await)
    }

    /// Bits per second of the most demanding segment in each folder of a title, if that was published: its segments need
    /// not be here.
    pub(crate) fn peaks(&self, title: &TitleId) -> BTreeMap<String, u64> {
        self.document(title).map(|document| document.peaks).unwrap_or_default()
    }

    /// Generations have folders of their own: what is still on its way when a title changes is nobody's.
    async fn cache_file(&self, document: &Document, title: &TitleId, file: &str) -> Result<File, BlobError> {
        let key = document.folder(title)?.join(file)?;
        let place = self.library.title_folder(title).join(&document.generation).join(file);
        self.cache.bring(&key, &place).await
    }

    fn document(&self, title: &TitleId) -> Option<Document> {
        self.documents.read().unwrap_or_else(PoisonError::into_inner).get(title).cloned()
    }
}

/// What is not there is not found in the library either, which knows how to say so.
fn found(outcome: Result<File, BlobError>) -> Result<Option<File>, BlobError> {
    match outcome {
        Err(BlobError::NotFound | BlobError::Key) => Ok(None),
        outcome => outcome.map(Some),
    }
}

fn is_document(key: &BlobKey, title: &TitleId) -> bool {
    document::key(title).is_ok_and(|expected| expected == *key)
}

fn remove(folder: &Path) -> Result<(), BlobError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Regular files below `folder`, with their names relative to it.
fn files_below(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    let mut folders = vec![(String::new(), folder.to_owned())];
    while let Some((prefix, folder)) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let name = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push((name, entry.path()));
            } else if kind.is_file() {
                found.push((name, entry.path()));
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
