//! From the maker's folder to the bucket.

use super::{Published, document, document::Document, files_below};
use crate::{
    blob::{BlobError, MAX_LIST},
    ingest::{LibraryState, MediaState},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use service_api::TitleId;
use std::{
    collections::{BTreeMap, HashMap},
    fs, io,
    path::PathBuf,
};
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
        let files = tokio::task::spawn_blocking(move || {
            let files = files_below(&home)?;
            let peaks = peaks(&files)?;
            Ok::<_, io::Error>((files, files_below(&pictures)?, peaks))
        });
        let (files, pictures, peaks) = files.await.map_err(io::Error::other)??;
        let folder = document::media_folder(title, &generation)?;
        let mut small = Vec::new();
        let mut sendings = Vec::new();
        for (name, path) in files {
            let Some((_, suffix)) = name.rsplit_once('.') else { continue };
            // Not the record, not what an encoder has left.
            let is_of_manifests = matches!(suffix, "m3u8" | "mpd" | "mp4" | "vtt");
            if !is_of_manifests && !matches!(suffix, "m4s" | "jpg") {
                continue;
            }
            if is_of_manifests && tokio::fs::metadata(&path).await?.len() <= SMALL_BYTES {
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
        let document = Document { generation, previous, record, small, artwork: media.artwork.clone(), peaks };
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

/// Bits per second of the most demanding segment in each folder that has a playlist.
fn peaks(files: &[(String, PathBuf)]) -> io::Result<BTreeMap<String, u64>> {
    let by_name: HashMap<&str, &PathBuf> = files.iter().map(|(name, path)| (name.as_str(), path)).collect();
    let mut peaks = BTreeMap::new();
    for (name, path) in files {
        let Some(folder) = name.strip_suffix("/index.m3u8") else { continue };
        let playlist = fs::read_to_string(path)?;
        let (mut peak, mut seconds) = (0, 0.0);
        for line in playlist.lines() {
            if let Some(duration) = line.strip_prefix("#EXTINF:").and_then(|rest| rest.split(',').next()) {
                seconds = duration.parse::<f64>().unwrap_or(0.0);
            } else if let Some(path) = by_name.get(format!("{folder}/{line}").as_str()).filter(|_| seconds > 0.0) {
                peak = peak.max((fs::metadata(path)?.len() as f64 * 8.0 / seconds).ceil() as u64);
            }
        }
        if peak > 0 {
            peaks.insert(folder.to_owned(), peak);
        }
    }
    Ok(peaks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peak_is_that_of_the_most_demanding_segment() {
        let folder = tempfile::tempdir().unwrap();
        let track = folder.path().join("video/144p");
        fs::create_dir_all(&track).unwrap();
        fs::write(
            track.join("index.m3u8"),
            "#EXTM3U\n#EXTINF:2.000,\na.m4s\n#EXTINF:0.500,\nb.m4s\n#EXTINF:0,\nc.m4s\n",
        )
        .unwrap();
        fs::write(folder.path().join("master.m3u8"), "#EXTM3U\nvideo/144p/index.m3u8\n").unwrap();
        for (name, length) in [("a.m4s", 1_000), ("b.m4s", 500), ("c.m4s", 9_000)] {
            fs::write(track.join(name), vec![0; length]).unwrap();
        }
        let peaks = peaks(&files_below(folder.path()).unwrap()).unwrap();
        assert_eq!(peaks, [("video/144p".to_owned(), 8_000)].into());
    }
}
