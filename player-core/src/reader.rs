//! Looks at a presentation without playing it: what it offers, and all of its subtitles at once.

use crate::config::NetConfig;
use crate::drm::{ContentKey, KeyId, KeyRing};
use crate::loader::{Loader, Rebase};
use crate::manifest::{
    ByteSource, IndexSource, ManifestError, Presentation, SegmentIndex, SegmentRef, Timing, TrackKind,
};
use crate::net::Fetcher;
use crate::session::timeline::Timelines;
use crate::session::{Content, InitNeed, Job, LoadFailure};
use crate::text::{Cue, merge_touching};
use std::collections::{BTreeMap, BTreeSet};
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
    /// Reads over `fetcher`; `keys` are for media whose first samples say where an epoch begins.
    pub fn new(
        manifest: &Url,
        fetcher: Arc<dyn Fetcher>,
        limits: NetConfig,
        keys: impl IntoIterator<Item = (KeyId, ContentKey)>,
    ) -> Self {
        let ring = KeyRing::default();
        ring.insert(keys);
        let loader = Loader {
            fetcher,
            keys: ring,
            limits,
            rebase: Rebase::new(manifest),
            ask_for_keys: Arc::new(|_| {}),
            knowledge: Arc::default(),
            arrange: None,
        };
        Self { loader }
    }

    /// What the manifest offers.
    ///
    /// # Errors
    /// The manifest could not be fetched or is none.
    pub async fn presentation(&self, manifest: &Url) -> Result<Presentation, LoadFailure> {
        let source = ByteSource { url: manifest.clone(), range: None };
        match self.loader.carry_out(Job::Manifest(source), Arc::new(|_| {})).await?.content {
            Content::Manifest(presentation) => Ok(presentation),
            _ => Err(LoadFailure::Manifest(ManifestError::Empty)),
        }
    }

    /// All cues of all text tracks.
    ///
    /// # Errors
    /// The first failure of a transfer or a parser.
    pub async fn text(&self, presentation: &Presentation) -> Result<Vec<TextTrackCues>, LoadFailure> {
        let mut tracks = Vec::new();
        let mut timelines = None;
        for group in presentation.tracks.iter().filter(|group| group.kind == TrackKind::Text) {
            let Some(representation) = group.representations.first() else { continue };
            let index = self.list(&representation.index).await?;
            let listed = index.segments.iter().any(|segment| segment.timing == Timing::Listed);
            if listed && timelines.is_none() {
                timelines = Some(self.timelines(presentation).await?);
            }
            let timelines = timelines.get_or_insert_default();
            let mut cues = BTreeSet::new();
            for segment in index.segments.iter().filter(|segment| !segment.gap) {
                cues.extend(self.segment(segment, timelines).await?);
            }
            let cues = merge_touching(cues.into_iter().collect());
            tracks.push(TextTrackCues { language: group.language.clone(), name: group.name.clone(), cues });
        }
        Ok(tracks)
    }

    async fn segment(&self, segment: &SegmentRef, timelines: &Timelines) -> Result<Vec<Cue>, LoadFailure> {
        let job = Job::Text { source: segment.source.clone(), init: segment.init.clone().map(Box::new) };
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
        let job = match (source, crate::session::index_job(source)) {
            (IndexSource::Known(index), _) => return Ok((**index).clone()),
            (_, Some(job)) => job,
            (_, None) => return Err(LoadFailure::Manifest(ManifestError::Empty)),
        };
        match self.loader.carry_out(job, Arc::new(|_| {})).await?.content {
            Content::Playlist(index) => Ok(index),
            _ => Err(LoadFailure::Manifest(ManifestError::Empty)),
        }
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
            let init = segment.init.clone().map_or(InitNeed::Inside, |init| InitNeed::Fetch(Box::new(init)));
            let job = Job::Media { source: segment.source.clone(), init, cipher: segment.cipher.clone().map(Box::new) };
            if let Content::Media { media, .. } = self.loader.carry_out(job, Arc::new(|_| {})).await?.content {
                timelines.shift(segment, &media);
            }
        }
        Ok(timelines)
    }
}
