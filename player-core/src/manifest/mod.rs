//! What a stream offers, whatever the manifest's format.

pub mod hls;

use abr::{Bitrate, MediaTime, RungId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Index of a track in its presentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TrackId(pub u16);

/// What a track is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrackKind {
    Video,
    Audio,
    Text,
}

/// Everything one manifest describes.
#[derive(Clone, Debug, PartialEq)]
pub struct Presentation {
    /// All tracks; the ones of one kind in the order of preference.
    pub tracks: Vec<TrackGroup>,
    /// Keys that will be needed, as far as the manifest announces them.
    pub protections: Vec<Protection>,
}

/// Interchangeable encodings of one track.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackGroup {
    pub id: TrackId,
    pub kind: TrackKind,
    pub language: Option<String>,
    pub name: String,
    /// The author's choice when the viewer has none.
    pub default: bool,
    /// At least one; ordered by bitrate.
    pub representations: Vec<Representation>,
}

/// One encoding.
#[derive(Clone, Debug, PartialEq)]
pub struct Representation {
    /// Unique within the group.
    pub id: RungId,
    /// Peak, as declared.
    pub bitrate: Bitrate,
    pub average: Option<Bitrate>,
    /// Zero where unknown.
    pub width: u32,
    pub height: u32,
    pub frame_rate: Option<f32>,
    /// RFC 6381.
    pub codecs: String,
    pub index: IndexSource,
}

/// Where the list of segments comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum IndexSource {
    /// A playlist to be fetched.
    Playlist(Url),
    /// Already known.
    Known(Arc<SegmentIndex>),
}

/// The segments of one representation, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentIndex {
    pub segments: Vec<SegmentRef>,
    pub protections: Vec<Protection>,
}

/// One segment.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentRef {
    /// Media sequence number.
    pub number: u64,
    /// Start on the presentation's timeline as the playlist implies it; media time decides in the end.
    pub start: MediaTime,
    pub duration: Duration,
    pub source: ByteSource,
    /// Initialisation; absent for raw text.
    pub init: Option<ByteSource>,
}

impl SegmentRef {
    /// Where the next one starts.
    pub fn end(&self) -> MediaTime {
        self.start + self.duration
    }
}

/// An address and, where needed, a part of what is there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ByteSource {
    pub url: Url,
    /// First byte and length.
    pub range: Option<(u64, u64)>,
}

/// An announced protection that this player can take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protection {
    /// Key ids named by the announcement; may be empty.
    pub key_ids: Vec<crate::drm::KeyId>,
}

impl SegmentIndex {
    /// End of the last segment.
    pub fn duration(&self) -> MediaTime {
        self.segments.last().map_or(MediaTime::ZERO, SegmentRef::end)
    }

    /// Position in the list of the segment that contains `time`; the last one for later times, `None` only if empty.
    pub fn position_at(&self, time: MediaTime) -> Option<usize> {
        let after = self.segments.partition_point(|segment| segment.start <= time);
        (!self.segments.is_empty()).then(|| after.saturating_sub(1))
    }
}

impl Presentation {
    /// The group with this id.
    pub fn track(&self, id: TrackId) -> Option<&TrackGroup> {
        self.tracks.iter().find(|track| track.id == id)
    }

    /// The group of a kind to start with: by language if there is a wish, else the author's default, else the first.
    pub fn preferred(&self, kind: TrackKind, language: Option<&str>) -> Option<&TrackGroup> {
        let of_kind = || self.tracks.iter().filter(move |track| track.kind == kind);
        let by_language = language.and_then(|wish| {
            of_kind().find(|track| track.language.as_deref().is_some_and(|tag| primary_tag(tag) == primary_tag(wish)))
        });
        by_language.or_else(|| of_kind().find(|track| track.default)).or_else(|| of_kind().next())
    }
}

/// `de` of `de-AT`, lower case.
fn primary_tag(tag: &str) -> String {
    tag.split('-').next().unwrap_or_default().to_ascii_lowercase()
}

/// Why a manifest was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    #[error("not a playlist: {0}")]
    NotAPlaylist(&'static str),
    #[error("limit exceeded: {what} > {max}")]
    LimitExceeded { what: &'static str, max: usize },
    #[error("address cannot be resolved")]
    BadAddress,
    #[error("the playlist lists nothing that can be played")]
    Empty,
    #[error("unsupported: {0}")]
    Unsupported(&'static str),
}
