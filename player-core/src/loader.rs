//! Carries out the session's jobs: fetches, reads, decrypts. Runs as one task per transfer; heavy work goes to the
//! blocking pool.

use crate::config::NetConfig;
use crate::container::bmff::{self, InitSegment};
use crate::container::{ContainerError, Sample};
use crate::drm::{KeyId, KeyRing, cenc};
use crate::manifest::{ByteSource, TrackKind, hls};
use crate::net::{FetchRequest, Fetched, Fetcher, ProgressSink};
use crate::session::{Content, InitNeed, Job, LoadFailure, Loaded};
use crate::text::webvtt;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use url::Url;

/// An initialisation segment has a few kilobytes; one with a picture in it still fits.
const MAX_INIT: u64 = 4 << 20;

/// Called with key ids that nobody had announced.
pub(crate) type KeyAsker = Arc<dyn Fn(Vec<KeyId>) + Send + Sync>;

/// What all jobs of a session share.
#[derive(Clone)]
pub(crate) struct Loader {
    pub(crate) fetcher: Arc<dyn Fetcher>,
    pub(crate) keys: KeyRing,
    pub(crate) limits: NetConfig,
    pub(crate) rebase: Rebase,
    pub(crate) ask_for_keys: KeyAsker,
}

/// Maps addresses under any folder that the manifest has had to the folder of its newest address.
#[derive(Clone)]
pub(crate) struct Rebase {
    /// In order of age, never empty. One more for each renewal, of which there is one in several seconds at most.
    folders: Arc<Mutex<Vec<String>>>,
}

impl Rebase {
    pub(crate) fn new(manifest: &Url) -> Self {
        Self { folders: Arc::new(Mutex::new(vec![folder(manifest)])) }
    }

    pub(crate) fn renew(&self, manifest: &Url) {
        let newest = folder(manifest);
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        folders.retain(|known| *known != newest);
        folders.push(newest);
    }

    fn apply(&self, source: ByteSource) -> ByteSource {
        let url = self.renewed(&source.url).unwrap_or(source.url);
        ByteSource { url, ..source }
    }

    /// The address in the newest folder; `None` if it never was the manifest's neighbour.
    fn renewed(&self, url: &Url) -> Option<Url> {
        let folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        // One folder may lie in another.
        let learnt_in =
            folders.iter().filter(|known| url.as_str().starts_with(*known)).max_by_key(|known| known.len())?;
        let newest = folders.last()?;
        format!("{newest}{}", &url.as_str()[learnt_in.len()..]).parse().ok()
    }
}

fn folder(url: &Url) -> String {
    url.join(".").map_or_else(|_| url.as_str().to_owned(), |folder| folder.as_str().to_owned())
}

impl Loader {
    pub(crate) async fn carry_out(&self, job: Job, progress: ProgressSink) -> Result<Loaded, LoadFailure> {
        match job {
            Job::Manifest(source) => {
                let fetched = self.fetch(source, self.limits.max_playlist_bytes, progress).await?;
                let (body, url) = (fetched.body.clone(), fetched.url.clone());
                let read = blocking(move || hls::presentation(&body, &url)).await;
                Ok(loaded(Content::Manifest(read.map_err(LoadFailure::Manifest)?), &fetched))
            }
            Job::Playlist(source) => {
                let fetched = self.fetch(source, self.limits.max_playlist_bytes, progress).await?;
                let (body, url) = (fetched.body.clone(), fetched.url.clone());
                let read = blocking(move || hls::media_playlist(&body, &url)).await;
                Ok(loaded(Content::Playlist(read.map_err(LoadFailure::Manifest)?), &fetched))
            }
            Job::Text(source) => {
                let fetched = self.fetch(source, self.limits.max_playlist_bytes, progress).await?;
                let body = fetched.body.clone();
                let read = blocking(move || webvtt::parse(&body)).await;
                Ok(loaded(Content::Text(read.map_err(LoadFailure::Text)?), &fetched))
            }
            Job::Media { source, init } => self.media(source, init, progress).await,
        }
    }

    async fn fetch(&self, source: ByteSource, max_bytes: u64, progress: ProgressSink) -> Result<Fetched, LoadFailure> {
        let request = FetchRequest { source: self.rebase.apply(source), max_bytes };
        self.fetcher.fetch(request, progress).await.map_err(LoadFailure::Fetch)
    }

    async fn media(&self, source: ByteSource, init: InitNeed, progress: ProgressSink) -> Result<Loaded, LoadFailure> {
        let media = self.fetch(source, self.limits.max_segment_bytes, progress);
        let (fetched, init) = match init {
            InitNeed::Known(init) => (media.await?, init),
            InitNeed::Fetch(source) => {
                let init = async {
                    let fetched = self.fetch(source, MAX_INIT, Arc::new(|_| {})).await?;
                    InitSegment::parse(&fetched.body).map_err(LoadFailure::Container)
                };
                let (fetched, init) = futures_util::future::try_join(media, init).await?;
                (fetched, Arc::new(init))
            }
            InitNeed::Inside => {
                let fetched = media.await?;
                let init = InitSegment::parse(&fetched.body).map_err(LoadFailure::Container)?;
                (fetched, Arc::new(init))
            }
        };
        let (body, shared) = (fetched.body.clone(), init.clone());
        let demuxed = blocking(move || bmff::demux(&body, &shared)).await;
        let streams = self.decrypt(demuxed.map_err(LoadFailure::Container)?).await?;
        Ok(loaded(Content::Media { init, streams }, &fetched))
    }

    /// Waits for the keys, then decrypts.
    async fn decrypt(
        &self,
        streams: Vec<(TrackKind, Vec<Sample>)>,
    ) -> Result<Vec<(TrackKind, Vec<Sample>)>, LoadFailure> {
        let needed = streams.iter().flat_map(|(_, samples)| samples);
        let mut ids: Vec<KeyId> = needed.filter_map(|sample| sample.protection.as_ref()).map(|p| p.key_id).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(streams);
        }
        let missing: Vec<KeyId> = ids.iter().copied().filter(|id| self.keys.get(*id).is_none()).collect();
        if !missing.is_empty() {
            (self.ask_for_keys)(missing);
        }
        let mut keys = BTreeMap::new();
        for id in ids {
            keys.insert(id, self.keys.wait_for(id).await.map_err(LoadFailure::Drm)?);
        }
        let decrypted = blocking(move || {
            let mut streams = streams;
            for (kind, samples) in &mut streams {
                let mut protected = false;
                for sample in samples.iter_mut() {
                    let key = sample.protection.as_ref().and_then(|protection| keys.get(&protection.key_id));
                    if let Some(key) = key {
                        protected = true;
                        cenc::decrypt(sample, key);
                    }
                }
                let units = samples.iter().map(|sample| &sample.data);
                if protected && *kind == TrackKind::Audio && !cenc::looks_like_aac(units) {
                    return Err(ContainerError::WrongKey);
                }
            }
            Ok(streams)
        });
        decrypted.await.map_err(LoadFailure::Container)
    }
}

fn loaded(content: Content, fetched: &Fetched) -> Loaded {
    let Fetched { ttfb, elapsed, cached, .. } = *fetched;
    Loaded { content, bytes: fetched.body.len() as u64, ttfb, elapsed, cached }
}

/// Runs on the blocking pool. A panic there is ours and goes on here.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    fn applied(rebase: &Rebase, text: &str) -> String {
        rebase.apply(ByteSource { url: url(text), range: None }).url.into()
    }

    #[test]
    fn addresses_follow_each_renewal_whenever_they_were_learnt() {
        let rebase = Rebase::new(&url("https://cdn.example/first/master.m3u8"));
        let (first, second) = ("https://cdn.example/first/video/1.m4s", "https://cdn.example/second/video/1.m4s");
        assert_eq!(applied(&rebase, first), first);
        rebase.renew(&url("https://cdn.example/second/master.m3u8"));
        assert_eq!(applied(&rebase, first), second);
        assert_eq!(applied(&rebase, second), second);
        // What a playlist fetched by now names lies in the second folder.
        rebase.renew(&url("https://cdn.example/third/master.m3u8"));
        for learnt in [first, second] {
            assert_eq!(applied(&rebase, learnt), "https://cdn.example/third/video/1.m4s");
        }
        rebase.renew(&url("https://cdn.example/first/master.m3u8"));
        assert_eq!(applied(&rebase, second), first);
    }

    #[test]
    fn a_folder_in_another_is_told_apart_and_strangers_stay_where_they_are() {
        let rebase = Rebase::new(&url("https://cdn.example/title/master.m3u8"));
        rebase.renew(&url("https://cdn.example/title/signed/master.m3u8"));
        rebase.renew(&url("https://cdn.example/new/master.m3u8"));
        assert_eq!(applied(&rebase, "https://cdn.example/title/a.m4s"), "https://cdn.example/new/a.m4s");
        assert_eq!(applied(&rebase, "https://cdn.example/title/signed/a.m4s"), "https://cdn.example/new/a.m4s");
        let stranger = "https://other.example/title/a.m4s";
        assert_eq!(applied(&rebase, stranger), stranger);
    }
}
