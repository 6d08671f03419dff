//! From the maker's folder to the bucket.

use super::{Published, document, document::Document, files_below};
use crate::{
    blob::{BlobError, MAX_LIST},
    ingest::{LibraryState, MediaState},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use service_api::TitleId;
use std::io;
use uuid::Uuid;

/// Files that are sent at a time.
const SENDINGS: usize = 8;

/// Files beyond this are media, whatever they are called: instances bring them when asked.
const SMALL_BYTES: u64 = 256 * 1024;

impl Published {
    /// Publishes every title that is made here, now and whenever one becomes ready. Never ends.
    pub(crate) async fn publish_as_made(&self) {
        let mut states = self.library.watch();
        loop {
            let state: LibraryState = states.borrow_and_update().clone();
            for (title, media) in &state {
                if media.state == MediaState::Ready
                    && self.library.is_made_here(title)
                    && let Err(error) = self.publish(title).await
                {
                    tracing::warn!(%title, %error, "a title cannot be published; it is tried again with the next change");
                }
            }
            if states.changed().await.is_err() {
                return;
            }
        }
    }

    /// Publishes a title unless it is published as it is; says whether it did.
    pub(crate) async fn publish(&self, title: &TitleId) -> Result<bool, BlobError> {
        let state = self.library.state();
        let Some(media) = state.get(title) else { return Err(BlobError::NotFound) };
        let home = self.library.title_folder(title);
        let pictures = self.library.artwork_folder(title);
        let record = tokio::fs::read_to_string(home.join("title.json")).await?;
        let before = match Document::read(self.store.as_ref(), &document::key(title)?).await {
            Ok(before) if before.record == record && before.artwork == media.artwork => return Ok(false),
            Ok(before) => Some(before),
            Err(BlobError::NotFound) => None,
            Err(error) => return Err(error),
        };
        let generation = Uuid::now_v7().simple().to_string();
        let files =
            tokio::task::spawn_blocking(move || Ok::<_, io::Error>((files_below(&home)?, files_below(&pictures)?)));
        let (files, pictures) = files.await.map_err(io::Error::other)??;
        let folder = document::media_folder(title, &generation)?;
        let mut small = Vec::new();
        let mut sendings = Vec::new();
        for (name, path) in files {
            let Some((_, suffix)) = name.rsplit_once('.') else { continue };
            // Not the record, not what an encoder has left.
            if !matches!(suffix, "m3u8" | "mpd" | "mp4" | "m4s" | "vtt") {
                continue;
            }
            if suffix != "m4s" && tokio::fs::metadata(&path).await?.len() <= SMALL_BYTES {
                small.push(name.clone());
            }
            sendings.push((folder.join(&name)?, path));
        }
        let folder = document::artwork_folder(title, &generation)?;
        for (name, path) in pictures {
            if name.ends_with(".jpg") {
                sendings.push((folder.join(&name)?, path));
            }
        }
        small.sort();
        stream::iter(sendings)
            .map(|(key, path)| async move { self.store.put_file(&key, &path).await.map(drop) })
            .buffer_unordered(SENDINGS)
            .try_collect::<()>()
            .await?;
        let previous = before.as_ref().map(|before| before.generation.clone());
        let document = Document { generation, previous, record, small, artwork: media.artwork.clone() };
        document.write(self.store.as_ref(), title).await?;
        tracing::info!(%title, "published");
        // Viewers of the generation before may still be watching; those of the one before that are not.
        if let Some(oldest) = before.and_then(|before| before.previous) {
            self.remove_generation(title, &oldest).await?;
        }
        Ok(true)
    }

    async fn remove_generation(&self, title: &TitleId, generation: &str) -> Result<(), BlobError> {
        for folder in [document::media_folder(title, generation)?, document::artwork_folder(title, generation)?] {
            loop {
                let keys = self.store.list(&folder, None, MAX_LIST).await?;
                if keys.is_empty() {
                    break;
                }
                for key in keys {
                    self.store.delete(&key).await?;
                }
            }
        }
        Ok(())
    }
}
