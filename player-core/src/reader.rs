//! Looks at a presentation without playing it: what it offers, and all of its subtitles at once.
//!
//! Captions inside the picture's samples cost the transfer of a whole representation. They are read where the manifest
//! announces them; whoever has reason to expect others asks for [`Reader::captions`].

use crate::chapters::Chapters;
use crate::config::NetConfig;
use crate::container::Init;
use crate::drm::{ContentKey, KeyId, KeyRing, KeySystems, LicenseTransport, Licensing};
use crate::loader::{KeyAsker, Loader, Rebase};
use crate::manifest::{
    ByteSource, IndexSource, InitSource, ManifestError, Presentation, SegmentIndex, SegmentRef, Timing, TrackKind,
};
use crate::net::Fetcher;
use crate::session::timeline::{Timelines, place};
use crate::session::{Content, InitNeed, Job, LoadFailure};
use crate::text::captions::{CaptionDecoder, CaptionService};
use crate::text::{Cue, merge_touching};
use crate::thumbnails::{self, ThumbnailOptions, Thumbnails, Tools};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use url::Url;

/// Cues of one track, on the presentation's timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct TextTrackCues {
    pub language: Option<String>,
    pub name: String,
    pub cues: Vec<Cue>,
}

/// Reads manifests and text over a fetcher.
#[derive(Clone, Debug)]
pub struct Reader {
    loader: Loader,
}

impl Reader {
    /// Reads over `fetcher`; `keys` are for media whose first samples say where an epoch begins, and for captions in
    /// them.
    pub fn new(
        manifest: &Url,
        fetcher: Arc<dyn Fetcher>,
        limits: NetConfig,
        keys: impl IntoIterator<Item = (KeyId, ContentKey)>,
    ) -> Self {
        let ring = KeyRing::default();
        ring.give(keys);
        let licensing = Arc::new(Licensing::new(KeySystems::default(), None, ring));
        let loader = Loader {
            fetcher,
            ask_for_keys: asker(&licensing),
            licensing,
            limits,
            rebase: Rebase::new(manifest),
            knowledge: Arc::default(),
            arrange: None,
            given: Arc::default(),
        };
        Self { loader }
    }

    /// Asks here for keys that it was not given, with these key systems. To be said before anything is read.
    #[must_use]
    pub fn with_licences(mut self, systems: KeySystems, licences: Option<Arc<dyn LicenseTransport>>) -> Self {
        let keys = self.loader.licensing.keys().clone();
        self.loader.licensing = Arc::new(Licensing::new(systems, licences, keys));
        self.loader.ask_for_keys = asker(&self.loader.licensing);
        self
    }

    #[cfg(test)]
    pub(crate) fn loader(&self) -> &Loader {
        &self.loader
    }

    /// What the manifest offers.
    ///
    /// # Errors
    /// The manifest could not be fetched or is none.
    pub async fn presentation(&self, manifest: &Url) -> Result<Presentation, LoadFailure> {
        let source = ByteSource { url: manifest.clone(), range: None };
        match self.loader.carry_out(Job::Manifest(source), Arc::new(|_| {})).await?.content {
            Content::Manifest(presentation) => Ok(*presentation),
            _ => Err(LoadFailure::Manifest(ManifestError::Empty)),
        }
    }

    /// All cues of all text tracks, announced captions included, and what could not be had or read of them: the rest is
    /// there all the same.
    pub async fn text(&self, presentation: &Presentation) -> (Vec<TextTrackCues>, Vec<LoadFailure>) {
        let (mut tracks, mut failures) = (Vec::new(), Vec::new());
        let mut timelines = None;
        for group in presentation.tracks.iter().filter(|group| group.kind == TrackKind::Text) {
            let Some(representation) = group.representations.first() else { continue };
            let index = self.list(&representation.index).await.unwrap_or_else(|failure| {
                failures.push(failure);
                SegmentIndex::default()
            });
            let listed = index.segments.iter().any(|segment| segment.timing == Timing::Listed);
            if listed && timelines.is_none() {
                let read = self.timelines(presentation).await;
                timelines = Some(read.unwrap_or_else(|failure| {
                    failures.push(failure);
                    Timelines::default()
                }));
            }
            let timelines = timelines.get_or_insert_default();
            let mut cues = BTreeSet::new();
            for segment in index.segments.iter().filter(|segment| !segment.gap) {
                match self.segment(segment, timelines).await {
                    Ok(read) => cues.extend(read),
                    Err(failure) => failures.push(failure),
                }
            }
            let cues = merge_touching(cues.into_iter().collect());
            tracks.push(TextTrackCues { language: group.language.clone(), name: group.name.clone(), cues });
        }
        if !presentation.closed_captions.is_empty() {
            match self.captions(presentation).await {
                Ok(captions) => tracks.extend(captions),
                Err(failure) => failures.push(failure),
            }
        }
        (tracks, failures)
    }

    /// All captions inside the picture's samples: what is announced, with or without cues, and what was found besides.
    /// Fetches all of the cheapest representation of the picture.
    ///
    /// # Errors
    /// The first failure of a transfer or a parser.
    pub async fn captions(&self, presentation: &Presentation) -> Result<Vec<TextTrackCues>, LoadFailure> {
        let mut found: BTreeMap<CaptionService, Vec<Cue>> = BTreeMap::new();
        let picture = presentation.preferred(TrackKind::Video, None).and_then(|group| group.representations.first());
        if let Some(representation) = picture {
            let index = self.list(&representation.index).await?;
            let (mut decoder, mut timelines) = (CaptionDecoder::default(), Timelines::default());
            let mut inits: HashMap<InitSource, Arc<Init>> = HashMap::new();
            for segment in index.segments.iter().filter(|segment| !segment.gap) {
                let known = segment.init.as_ref().and_then(|source| inits.get(source)).cloned();
                let job = media_job(segment, known);
                let Content::Media { init, mut media } = self.loader.carry_out(job, Arc::new(|_| {})).await?.content
                else {
                    continue;
                };
                if let (Some(source), Some(init)) = (&segment.init, init) {
                    inits.insert(source.clone(), init);
                }
                let shift = timelines.shift(segment, &media, index.extent(segment.epoch));
                media.streams.iter_mut().for_each(|stream| place(&mut stream.samples, segment, shift));
                for (service, cue) in decoder.read(segment, &media.streams) {
                    found.entry(service).or_default().push(cue);
                }
            }
        }
        let announced = presentation.closed_captions.iter();
        let mut tracks: Vec<TextTrackCues> = announced
            .map(|known| TextTrackCues {
                language: known.language.clone(),
                name: known.name.clone(),
                cues: merge_touching(found.remove(&known.service).unwrap_or_default()),
            })
            .collect();
        tracks.extend(found.into_iter().map(|(service, cues)| TextTrackCues {
            language: None,
            name: service.to_string(),
            cues: merge_touching(cues),
        }));
        Ok(tracks)
    }

    async fn segment(&self, segment: &SegmentRef, timelines: &Timelines) -> Result<Vec<Cue>, LoadFailure> {
        let (source, init) = (segment.source.clone(), segment.init.clone().map(Box::new));
        let job = Job::Text { source, init, cipher: segment.cipher.clone().map(Box::new) };
        match self.loader.carry_out(job, Arc::new(|_| {})).await?.content {
            Content::Text(text) => Ok(timelines.cues(segment, text)),
            _ => Ok(Vec::new()),
        }
    }

    /// The segments that an index source stands for.
    ///
    /// # Errors
    /// The list could not be fetched or read.
    pub async fn list(&self, source: &IndexSource) -> Result<SegmentIndex, LoadFailure> {
        self.loader.list(source).await
    }

    /// Chapters of the presentation, those included that it only points to. What cannot be had is left out.
    pub async fn chapters(&self, presentation: &Presentation) -> Chapters {
        self.loader.chapters(presentation).await
    }

    /// Pictures of any time of the presentation, made for as long as the returned future is polled. Nothing else is
    /// played, so nothing is waited for.
    pub fn thumbnails(
        &self,
        presentation: &Presentation,
        options: ThumbnailOptions,
    ) -> (Thumbnails, impl Future<Output = ()> + Send + 'static) {
        let ThumbnailOptions { stills, list, cache_bytes } = options;
        let tools = Tools { stills, list, on_change: None, cache_bytes };
        let (thumbnails, feed, work) = thumbnails::start(tools);
        feed.present(&self.loader, Arc::new(presentation.clone()));
        feed.hold(false);
        (thumbnails, async move {
            // Dropping it would end the work.
            let _feed = feed;
            work.await;
        })
    }

    /// Where the clock of each epoch begins: the first segment of the main track tells, as it does in playback.
    async fn timelines(&self, presentation: &Presentation) -> Result<Timelines, LoadFailure> {
        let mut timelines = Timelines::default();
        let main = [TrackKind::Video, TrackKind::Audio].iter().find_map(|kind| presentation.preferred(*kind, None));
        let Some(representation) = main.and_then(|group| group.representations.first()) else { return Ok(timelines) };
        let index = self.list(&representation.index).await?;
        let mut first: BTreeMap<u32, &SegmentRef> = BTreeMap::new();
        for segment in index.segments.iter().filter(|segment| !segment.gap) {
            first.entry(segment.epoch).or_insert(segment);
        }
        for segment in first.into_values() {
            let job = media_job(segment, None);
            if let Content::Media { media, .. } = self.loader.carry_out(job, Arc::new(|_| {})).await?.content {
                timelines.shift(segment, &media, index.extent(segment.epoch));
            }
        }
        Ok(timelines)
    }
}

/// Puts what is asked for into the ring, or has it tell that there is nothing.
fn asker(licensing: &Arc<Licensing>) -> KeyAsker {
    let licensing = Arc::downgrade(licensing);
    Arc::new(move |ids| {
        let Some(licensing) = licensing.upgrade() else { return };
        // Nobody has to wait for it: a transport ends by itself, and who waits for keys waits at the ring.
        tokio::spawn(async move {
            if let Err(error) = licensing.request(&ids, &|_| {}).await {
                licensing.keys().fail(error);
            }
        });
    })
}

/// How to get a segment of the picture or of sound.
fn media_job(segment: &SegmentRef, init: Option<Arc<Init>>) -> Job {
    let init = match (init, segment.init.clone()) {
        (Some(init), _) => InitNeed::Known(init),
        (None, Some(source)) => InitNeed::Fetch(Box::new(source)),
        (None, None) => InitNeed::Inside,
    };
    Job::Media { source: segment.source.clone(), init, cipher: segment.cipher.clone().map(Box::new) }
}
