//! Fetches the beginning of a title that is likely to be played next.

use crate::config::NetConfig;
use crate::manifest::{ByteSource, IndexSource, SegmentIndex, TrackGroup, TrackKind, hls};
use crate::net::{CachedFetcher, FetchError, FetchRequest};
use abr::{Bitrate, MediaTime};
use url::Url;

/// Puts manifest, playlists, initialisation and first segments into the memory that players read from.
#[derive(Clone, Debug)]
pub struct Preloader {
    fetcher: CachedFetcher,
    limits: NetConfig,
}

impl Preloader {
    /// Works through this cache; give the same one to players.
    pub fn new(fetcher: CachedFetcher, limits: NetConfig) -> Self {
        Self { fetcher, limits }
    }

    /// Fetches what the first picture at `start` needs, at the rung that `throughput` carries with a margin.
    ///
    /// # Errors
    /// Any failure ends it; what was fetched stays. Nothing is tried again: it is a guess, not a wish.
    pub async fn preload(
        &self,
        manifest: &Url,
        start: MediaTime,
        throughput: Option<Bitrate>,
    ) -> Result<(), FetchError> {
        let fetched =
            self.keep(ByteSource { url: manifest.clone(), range: None }, self.limits.max_playlist_bytes).await?;
        let Ok(presentation) = hls::presentation(&fetched.body, &fetched.url) else { return Ok(()) };
        let groups = [TrackKind::Video, TrackKind::Audio].map(|kind| presentation.preferred(kind, None));
        for group in groups.into_iter().flatten() {
            self.preload_track(group, start, throughput).await?;
        }
        Ok(())
    }

    async fn preload_track(
        &self,
        group: &TrackGroup,
        start: MediaTime,
        throughput: Option<Bitrate>,
    ) -> Result<(), FetchError> {
        let affordable = throughput.map_or(Bitrate::from_bps(0), |rate| rate.scale(0.7));
        let fits = group.representations.iter().rev().find(|representation| representation.bitrate <= affordable);
        let Some(representation) = fits.or(group.representations.first()) else { return Ok(()) };
        let index: SegmentIndex = match &representation.index {
            IndexSource::Known(index) => (**index).clone(),
            // What else there is is read when it is played.
            IndexSource::Parts(_) => return Ok(()),
            IndexSource::Playlist(url) => {
                let source = ByteSource { url: url.clone(), range: None };
                let fetched = self.keep(source, self.limits.max_playlist_bytes).await?;
                let Ok(index) = hls::media_playlist(&fetched.body, &fetched.url) else { return Ok(()) };
                index
            }
        };
        let Some(segment) = index.position_at(start).map(|position| &index.segments[position]) else { return Ok(()) };
        for source in segment.init.iter().map(|init| &init.source).chain([&segment.source]) {
            self.keep(source.clone(), self.limits.max_segment_bytes).await?;
        }
        Ok(())
    }

    async fn keep(&self, source: ByteSource, max_bytes: u64) -> Result<crate::net::Fetched, FetchError> {
        self.fetcher.keep(FetchRequest { source, max_bytes }).await
    }
}
