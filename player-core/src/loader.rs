//! Carries out the session's jobs: fetches, reads, decrypts. Runs as one task per transfer; heavy work goes to the
//! blocking pool.

use crate::config::NetConfig;
use crate::container::index::IndexRead;
use crate::container::{self, ContainerError, Demuxed, Init, SampleCipher};
use crate::drm::{self, ContentKey, DrmError, KeyId, Licensing, cenc};
use crate::manifest::hls::PlaylistContext;
use crate::manifest::{
    self, ByteSource, CipherMethod, IndexPart, IndexSource, IndexedFile, InitSource, ManifestError, Mirrors,
    Presentation, Protection, SegmentCipher, SegmentIndex, SegmentRef, Variables, dash, hls,
};
use crate::net::{FetchError, FetchRequest, Fetched, Fetcher, ProgressSink};
use crate::player::Arranger;
use crate::session::{Content, InitNeed, Job, LoadFailure, Loaded, index_job};
use crate::text;
use bytes::Bytes;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use url::Url;

/// An initialisation segment has a few kilobytes; one with a picture in it still fits.
const MAX_INIT: u64 = 4 << 20;

/// A key has 16 or 32 bytes; an error page has more.
const MAX_KEY: u64 = 64;
/// How much of a file is read to find out what is in it.
const HEAD: u64 = 64 << 10;
/// An index of a day's film, or the sample tables of a plain file.
const MAX_INDEX: u64 = 32 << 20;
/// A head, an index elsewhere, and the indexes that that one points to.
const MAX_INDEX_READS: usize = 64;

/// How the bytes of a segment are read.
type Demux = fn(&Bytes, Option<&Init>, Option<&SampleCipher>) -> Result<Demuxed, ContainerError>;

/// Called with key ids that nobody had announced.
pub(crate) type KeyAsker = Arc<dyn Fn(Vec<KeyId>) + Send + Sync>;

/// What all jobs of a session share.
#[derive(Clone)]
pub(crate) struct Loader {
    pub(crate) fetcher: Arc<dyn Fetcher>,
    pub(crate) licensing: Arc<Licensing>,
    pub(crate) limits: NetConfig,
    pub(crate) rebase: Rebase,
    pub(crate) ask_for_keys: KeyAsker,
    pub(crate) arrange: Option<Arranger>,
    /// What the manifest says, where that is known: it is not fetched the first time.
    pub(crate) given: Arc<Mutex<Option<Presentation>>>,
    /// What was learnt of the presentation so far.
    pub(crate) knowledge: Arc<Mutex<Knowledge>>,
}

/// What one document of a presentation says of the others.
#[derive(Default)]
pub(crate) struct Knowledge {
    variables: Arc<Variables>,
    /// Address of the raw key of samples whose key id nobody else knows.
    key_url: Option<Url>,
    /// Where else the media are to be had.
    mirrors: Mirrors,
    /// Keys that have an address, by it.
    raw_keys: HashMap<Url, Vec<u8>>,
}

impl Knowledge {
    fn note(&mut self, presentation: &Presentation) {
        self.variables = Arc::new(presentation.variables.clone());
        self.mirrors = Mirrors::new(&presentation.mirrors);
        self.note_keys(&presentation.protections);
    }

    fn note_keys(&mut self, protections: &[Protection]) {
        let announced = protections.iter().find_map(|protection| protection.key_url.clone());
        self.key_url = announced.or(self.key_url.take());
    }

    fn variables(&self) -> Arc<Variables> {
        self.variables.clone()
    }
}

/// Maps addresses under any folder that the manifest has had to the folder of its newest address.
#[derive(Clone)]
pub(crate) struct Rebase {
    /// In order of age, never empty. One more for each renewal, of which there is one in several seconds at most.
    folders: Arc<Mutex<Vec<String>>>,
}

impl std::fmt::Debug for Loader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loader").finish_non_exhaustive()
    }
}

/// Nothing, without a transfer.
fn from_memory(url: Url) -> Fetched {
    Fetched { body: Bytes::new(), url, ttfb: Duration::ZERO, elapsed: Duration::ZERO, cached: true, protocol: None }
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
                let given = self.given.lock().unwrap_or_else(PoisonError::into_inner).take();
                let (fetched, mut presentation) = match given {
                    Some(presentation) => (from_memory(source.url), presentation),
                    None => self.manifest(source, progress).await?,
                };
                self.licensing.note_protections(&presentation.protections);
                self.knowledge().note(&presentation);
                if let Some(arrange) = &self.arrange {
                    arrange(&mut presentation);
                }
                Ok(loaded(Content::Manifest(Box::new(presentation)), &fetched))
            }
            Job::Playlist(source) => {
                let requested = source.url.clone();
                let fetched = self.fetch(source, self.limits.max_playlist_bytes, progress).await?;
                let (body, base, variables) = (fetched.body.clone(), fetched.url.clone(), self.knowledge().variables());
                let read = blocking(move || {
                    let context = PlaylistContext { base: &base, requested: &requested, variables: &variables };
                    hls::media_playlist_at(&body, context)
                });
                let index = read.await.map_err(LoadFailure::Manifest)?;
                self.licensing.note_protections(&index.protections);
                self.knowledge().note_keys(&index.protections);
                Ok(loaded(Content::Playlist(index), &fetched))
            }
            Job::Index(parts) => self.index(&parts).await,
            Job::Text { source, init, cipher } => {
                let fetched = self.fetch(source, self.limits.max_playlist_bytes, progress).await?;
                let init = match init {
                    Some(init) => Some(self.init(*init).await?),
                    None => None,
                };
                // Text in MPEG-TS is nobody's: there are no samples to be encrypted one by one.
                let body = match cipher.filter(|cipher| cipher.method == CipherMethod::Whole) {
                    Some(cipher) => self.decrypt_whole(fetched.body.clone(), &cipher).await?,
                    None => fetched.body.clone(),
                };
                let read = blocking(move || text::read(&body, init.as_deref())).await.map_err(LoadFailure::Text)?;
                let cues = match read {
                    text::Read::Cues(cues) => cues,
                    text::Read::Samples(media) => {
                        let media = self.decrypt(media, &fetched.body).await?;
                        blocking(move || text::of_samples(&media)).await.map_err(LoadFailure::Text)?
                    }
                };
                Ok(loaded(Content::Text(cues), &fetched))
            }
            Job::Media { source, init, cipher } => self.media(source, init, cipher, progress, container::demux).await,
            Job::KeyFrames { source, init, cipher } => {
                self.media(source, init, cipher, progress, container::demux_key_frames).await
            }
        }
    }

    /// Fetches a manifest with everything that it consists of. A plain media file is a presentation as well.
    async fn manifest(
        &self,
        source: ByteSource,
        progress: ProgressSink,
    ) -> Result<(Fetched, Presentation), LoadFailure> {
        let requested = source.url.clone();
        let whole = self.fetch(source.clone(), self.limits.max_playlist_bytes, progress).await;
        let fetched = match whole {
            Err(LoadFailure::Fetch(FetchError::TooLarge { .. })) => {
                // Too long for a manifest: perhaps it is the film itself.
                let head = ByteSource { range: Some((0, HEAD)), ..source };
                self.fetch(head, HEAD, Arc::new(|_| {})).await?
            }
            fetched => fetched?,
        };
        if container::is_media(&fetched.body) {
            let presentation = manifest::plain_file(&fetched.url);
            return Ok((fetched, presentation));
        }
        let base = fetched.url.clone();
        let mut body = fetched.body.clone();
        if dash::is_mpd(&body) {
            for _ in 0..dash::MAX_LINK_ROUNDS {
                let links = dash::remote_links(&body, &base);
                if links.is_empty() {
                    break;
                }
                let mut documents = HashMap::new();
                for url in links {
                    let source = ByteSource { url: url.clone(), range: None };
                    // What cannot be had is left out; the rest of the manifest may do without it.
                    if let Ok(document) = self.fetch(source, self.limits.max_playlist_bytes, Arc::new(|_| {})).await {
                        documents.insert(url, document.body);
                    }
                }
                body = dash::resolve_links(&body, &base, &documents).into();
            }
        }
        let read = blocking(move || manifest::presentation_at(&body, &base, &requested));
        Ok((fetched, read.await.map_err(LoadFailure::Manifest)?))
    }

    fn knowledge(&self) -> MutexGuard<'_, Knowledge> {
        self.knowledge.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The segments that an index source stands for.
    pub(crate) async fn list(&self, source: &IndexSource) -> Result<SegmentIndex, LoadFailure> {
        let job = match (source, index_job(source)) {
            (IndexSource::Known(index), _) => return Ok((**index).clone()),
            (_, Some(job)) => job,
            (_, None) => return Err(LoadFailure::Manifest(ManifestError::Empty)),
        };
        // Behind a box, because jobs of other kinds list as well.
        match Box::pin(self.carry_out(job, Arc::new(|_| {}))).await?.content {
            Content::Playlist(index) => Ok(index),
            _ => Err(LoadFailure::Manifest(ManifestError::Empty)),
        }
    }

    pub(crate) async fn fetch(
        &self,
        source: ByteSource,
        max_bytes: u64,
        progress: ProgressSink,
    ) -> Result<Fetched, LoadFailure> {
        if source.url.scheme() == "data" {
            let body = hls::data_url::decode(&source.url).ok_or(LoadFailure::Manifest(ManifestError::BadAddress))?;
            let (ttfb, elapsed) = (Duration::ZERO, Duration::ZERO);
            return Ok(Fetched { body, url: source.url, ttfb, elapsed, cached: true, protocol: None });
        }
        let candidates = self.knowledge().mirrors.candidates(&source.url);
        let mut failure = None;
        for candidate in candidates {
            let source = ByteSource { url: candidate.url.clone(), range: source.range };
            let request = FetchRequest { source: self.rebase.apply(source), max_bytes };
            match self.fetcher.fetch(request, progress.clone()).await {
                Ok(fetched) => {
                    self.knowledge().mirrors.answered(&candidate);
                    return Ok(fetched);
                }
                Err(error) => {
                    let elsewhere = error.may_be_better_elsewhere();
                    failure.get_or_insert(error);
                    if !elsewhere {
                        break;
                    }
                }
            }
        }
        Err(LoadFailure::Fetch(failure.unwrap_or(FetchError::Status(404))))
    }

    pub(crate) async fn init(&self, init: InitSource) -> Result<Arc<Init>, LoadFailure> {
        let fetched = self.fetch(init.source, MAX_INIT, Arc::new(|_| {})).await?;
        let body = match init.cipher {
            Some(cipher) => self.decrypt_whole(fetched.body, &cipher).await?,
            None => fetched.body,
        };
        self.licensing.note_media(&body);
        Init::parse(&body).map(Arc::new).map_err(LoadFailure::Container)
    }

    async fn media(
        &self,
        source: ByteSource,
        init: InitNeed,
        cipher: Option<Box<SegmentCipher>>,
        progress: ProgressSink,
        read: Demux,
    ) -> Result<Loaded, LoadFailure> {
        let media = self.fetch(source, self.limits.max_segment_bytes, progress);
        let (fetched, init) = match init {
            InitNeed::Known(init) => (media.await?, Some(init)),
            InitNeed::Fetch(source) => {
                let (fetched, init) = futures_util::future::try_join(media, self.init(*source)).await?;
                (fetched, Some(init))
            }
            InitNeed::Inside => (media.await?, None),
        };
        let (body, samples) = match &cipher {
            Some(cipher) if cipher.method == CipherMethod::Whole => {
                (self.decrypt_whole(fetched.body.clone(), cipher).await?, None)
            }
            Some(cipher) => {
                let key = self.content_key_at(&cipher.key).await?;
                (fetched.body.clone(), Some(SampleCipher { key, iv: cipher.iv }))
            }
            None => (fetched.body.clone(), None),
        };
        let (shared, whole) = (init.clone(), body.clone());
        let demuxed = blocking(move || read(&whole, shared.as_deref(), samples.as_ref())).await;
        let media = self.decrypt(demuxed.map_err(LoadFailure::Container)?, &body).await?;
        Ok(loaded(Content::Media { init, media }, &fetched))
    }

    /// A whole segment encrypted with AES-CBC.
    pub(crate) async fn decrypt_whole(&self, body: Bytes, cipher: &SegmentCipher) -> Result<Bytes, LoadFailure> {
        let key = self.key_at(&cipher.key).await?;
        let (iv, short_iv) = (cipher.iv, cipher.short_iv);
        blocking(move || drm::aes_cbc::decrypt_segment(&body, &key, iv, short_iv)).await.map_err(LoadFailure::Drm)
    }

    /// The key of samples. Shaka Packager writes the key's id where the key belongs if it is told no address, and leaves
    /// it to players to know the key.
    pub(crate) async fn content_key_at(&self, url: &Url) -> Result<ContentKey, LoadFailure> {
        let key = self.key_at(url).await?;
        let key = <[u8; 16]>::try_from(&key[..]).map_err(|_| LoadFailure::Drm(DrmError::BadKey))?;
        Ok(self.licensing.keys().given(KeyId(key)).unwrap_or(ContentKey(key)))
    }

    /// The bytes behind a key's address; fetched once.
    async fn key_at(&self, url: &Url) -> Result<Vec<u8>, LoadFailure> {
        if let Some(key) = self.knowledge().raw_keys.get(url) {
            return Ok(key.clone());
        }
        let source = ByteSource { url: url.clone(), range: None };
        let fetched = self.fetch(source, MAX_KEY, Arc::new(|_| {})).await?;
        let key = fetched.body.to_vec();
        self.knowledge().raw_keys.insert(url.clone(), key.clone());
        Ok(key)
    }

    /// Joins the lists of several files.
    async fn index(&self, parts: &[IndexPart]) -> Result<Loaded, LoadFailure> {
        let mut segments: Vec<SegmentRef> = Vec::new();
        let mut spent: Option<Fetched> = None;
        for part in parts {
            match part {
                IndexPart::Known(known) => segments.extend(known.iter().cloned()),
                IndexPart::File(file) => {
                    let (fetched, listed) = self.indexed_file(file).await?;
                    segments.extend(listed);
                    spent = Some(fetched);
                }
            }
        }
        let segments = dash::close_gaps(segments);
        if segments.is_empty() {
            return Err(LoadFailure::Manifest(ManifestError::Empty));
        }
        let content = Content::Playlist(SegmentIndex { segments, ..SegmentIndex::default() });
        Ok(match spent {
            Some(fetched) => loaded(content, &fetched),
            None => Loaded {
                content,
                bytes: 0,
                ttfb: Duration::ZERO,
                elapsed: Duration::ZERO,
                cached: true,
                protocol: None,
            },
        })
    }

    /// Fetches a file's index, from the beginning where the manifest does not say where it is, and reads it.
    async fn indexed_file(&self, file: &IndexedFile) -> Result<(Fetched, Vec<SegmentRef>), LoadFailure> {
        let quiet: ProgressSink = Arc::new(|_| {});
        let mut range = file.index.unwrap_or((0, HEAD));
        for _ in 0..MAX_INDEX_READS {
            let source = ByteSource { url: file.url.clone(), range: Some(range) };
            let fetched = match self.fetch(source, MAX_INDEX, quiet.clone()).await {
                // The file ends before: nothing is there.
                Err(LoadFailure::Fetch(FetchError::Status(416))) if range.0 > 0 => from_memory(file.url.clone()),
                fetched => fetched?,
            };
            let (body, shared, first) = (fetched.body.clone(), file.clone(), range.0);
            let read = blocking(move || match container::index::read(&body, first, &shared)? {
                // Nothing else would come: the file ends before.
                IndexRead::More(wanted) if wanted == range => container::index::read_all(&body, &shared),
                read => Ok(read),
            });
            match read.await.map_err(LoadFailure::Container)? {
                IndexRead::Done(segments) => return Ok((fetched, segments)),
                IndexRead::More(wanted) => range = wanted,
            }
        }
        Err(LoadFailure::Container(ContainerError::Missing("sidx")))
    }

    /// Waits for the keys, then decrypts. `body` is the segment as it was read.
    pub(crate) async fn decrypt(&self, mut media: Demuxed, body: &Bytes) -> Result<Demuxed, LoadFailure> {
        let needed = media.streams.iter().flat_map(|stream| &stream.samples);
        let mut ids: Vec<KeyId> = needed.filter_map(|sample| sample.protection.as_ref()).map(|p| p.key_id).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.is_empty() {
            return Ok(media);
        }
        let keys = self.licensing.keys();
        let mut missing: Vec<KeyId> = ids.iter().copied().filter(|id| !keys.has(*id)).collect();
        let raw = self.knowledge().key_url.clone();
        if let (false, Some(url)) = (missing.is_empty(), raw) {
            let key = self.content_key_at(&url).await?;
            keys.give(missing.drain(..).map(|id| (id, key)));
        }
        if !missing.is_empty() {
            self.licensing.note_media(body);
            self.licensing.media_waits();
            (self.ask_for_keys)(missing);
        }
        let mut held = BTreeMap::new();
        for id in ids {
            held.insert(id, keys.wait_for(id).await.map_err(LoadFailure::Drm)?);
        }
        let decrypted = blocking(move || {
            for stream in &mut media.streams {
                let mut protected = false;
                for sample in &mut stream.samples {
                    let decryption = sample.protection.as_ref().and_then(|protection| held.get(&protection.key_id));
                    if let Some(decryption) = decryption {
                        protected = true;
                        decryption.decrypt(sample, &stream.format).map_err(LoadFailure::Drm)?;
                    }
                }
                let units = stream.samples.iter().map(|sample| &sample.data);
                if protected && !cenc::looks_like_media(&stream.format.codec, units) {
                    return Err(LoadFailure::Container(ContainerError::WrongKey));
                }
            }
            Ok(media)
        });
        decrypted.await
    }
}

fn loaded(content: Content, fetched: &Fetched) -> Loaded {
    let Fetched { ttfb, elapsed, cached, protocol, .. } = *fetched;
    Loaded { content, bytes: fetched.body.len() as u64, ttfb, elapsed, cached, protocol }
}

/// Runs on the blocking pool. A panic there is ours and goes on here.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
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
