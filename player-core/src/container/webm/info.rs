//! What comes before the clusters.

use super::MAX_TRACKS;
use super::ebml::{Element, children, id};
use super::encoding::Encoding;
use super::tracks::Track;
use crate::container::ContainerError;
use crate::drm::KeyId;
use crate::manifest::TrackKind;
use std::time::Duration;

/// Nanoseconds of one tick where `Info` does not say.
const DEFAULT_TIMESTAMP_SCALE: u64 = 1_000_000;

/// What comes before the clusters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Nanoseconds of one tick of clusters and blocks.
    pub timestamp_scale: u64,
    /// Of the whole file, where it says it.
    pub duration: Option<Duration>,
    /// First byte of what is in `Segment`, from the beginning of the file: positions in `Cues` count from there.
    pub segment_start: u64,
    /// Those that this player can decode.
    pub tracks: Vec<Track>,
    /// Key ids of all tracks.
    pub key_ids: Vec<KeyId>,
}

impl Header {
    /// Reads `Info` and `Tracks` from the beginning of a file. What follows them may be missing.
    ///
    /// Tracks that cannot be decoded are left out; the reason is the error only if none is left, or no picture where
    /// there is one.
    pub fn parse(data: &[u8]) -> Result<Self, ContainerError> {
        let mut header = Self {
            timestamp_scale: DEFAULT_TIMESTAMP_SCALE,
            duration: None,
            segment_start: 0,
            tracks: Vec::new(),
            key_ids: Vec::new(),
        };
        let (mut ticks, mut refused, mut seen) = (None, None, false);
        let mut position = 0;
        while let Some(element) = Element::next(data, position)? {
            position = element.end;
            match element.id {
                id::SEGMENT => {
                    position = element.start;
                    header.segment_start = element.start as u64;
                }
                id::INFO => ticks = header.info(element.payload(data)?)?,
                id::TRACKS => {
                    seen = true;
                    refused = header.entries(element.payload(data)?)?;
                }
                id::CLUSTER => break,
                _ => {}
            }
        }
        let seen_none = header.tracks.iter().all(|track| track.format.kind != TrackKind::Video);
        if header.tracks.is_empty() || seen_none && matches!(refused, Some(ContainerError::NoDecoder(_))) {
            let missing = ContainerError::Missing(if seen { "TrackEntry" } else { "Tracks" });
            return Err(refused.unwrap_or(missing));
        }
        header.duration = ticks.and_then(|ticks: f64| {
            let seconds = ticks * header.timestamp_scale as f64 / 1e9;
            Duration::try_from_secs_f64(seconds).ok().filter(|duration| !duration.is_zero())
        });
        let keys = header.tracks.iter().filter_map(|track| match &track.encoding {
            Encoding::Encrypted(key_id) => Some(*key_id),
            _ => None,
        });
        header.key_ids = keys.collect();
        header.key_ids.sort_unstable();
        header.key_ids.dedup();
        Ok(header)
    }

    /// Gives the duration in ticks.
    fn info(&mut self, info: &[u8]) -> Result<Option<f64>, ContainerError> {
        let mut ticks = None;
        for element in children(info) {
            let element = element?;
            match element.id {
                id::TIMESTAMP_SCALE => self.timestamp_scale = element.unsigned(info)?.max(1),
                id::DURATION => ticks = Some(element.float(info)?),
                _ => {}
            }
        }
        Ok(ticks)
    }

    /// Gives the last reason for which a track was left out.
    fn entries(&mut self, tracks: &[u8]) -> Result<Option<ContainerError>, ContainerError> {
        let mut refused = None;
        for (count, element) in children(tracks).enumerate() {
            let element = element?;
            if count >= MAX_TRACKS {
                return Err(ContainerError::LimitExceeded { what: "tracks", max: MAX_TRACKS as u64 });
            }
            if element.id != id::TRACK_ENTRY {
                continue;
            }
            match Track::parse(element.payload(tracks)?) {
                Ok(track) => self.tracks.push(track),
                Err(error) if !matches!(refused, Some(ContainerError::NoDecoder(_))) => refused = Some(error),
                Err(_) => {}
            }
        }
        Ok(refused)
    }
}
