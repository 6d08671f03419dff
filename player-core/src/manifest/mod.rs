//! What a stream offers, whatever the manifest's format.

pub mod dash;
pub mod hls;
mod mirrors;

pub use hls::Variables;
pub use mirrors::Mirror;
pub(crate) use mirrors::Mirrors;

use crate::chapters::Chapters;
use crate::text::captions::CaptionService;
use abr::{Bitrate, MediaTime, RungId};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Length of all addresses of the segments of an index (HLS) or of a manifest (DASH), those of keys and initialisations
/// counted with each segment. A hundred thousand segments have over a thousand bytes each.
const MAX_ADDRESSES: usize = 128 << 20;

/// Places of the same media, and groups of such places.
const MAX_MIRRORS: usize = 64;

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
    /// Key frames only, for fast winding. Never rungs of a ladder.
    pub trick_play: Vec<TrackGroup>,
    /// Small pictures for the scrubber.
    pub thumbnails: Vec<ThumbnailTrack>,
    /// What the manifest says happens when.
    pub events: Vec<TimedEvent>,
    /// Named stretches, as far as the manifest or a plain file's beginning lists them.
    pub chapters: Chapters,
    /// Captions announced to be inside the picture's samples. There may be others.
    pub closed_captions: Vec<ClosedCaptions>,
    /// Places where the same media are to be had as well.
    pub mirrors: Vec<Mirror>,
    /// What was left out, and why, in words for a person.
    pub excluded: Vec<Exclusion>,
    /// What the playlists named here may import (HLS, `EXT-X-DEFINE`).
    pub variables: Variables,
}

/// What a manifest says of captions inside the picture's samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedCaptions {
    pub service: CaptionService,
    /// BCP 47, where the manifest says so.
    pub language: Option<String>,
    pub name: String,
}

/// Pictures in a grid, one grid per segment.
#[derive(Clone, Debug, PartialEq)]
pub struct ThumbnailTrack {
    /// Of one picture, in pixels; zero where unknown.
    pub width: u32,
    pub height: u32,
    /// Pictures beside each other and on top of each other in one segment, in reading order; one and one where only the
    /// index knows ([`SegmentIndex::tiles`]).
    pub columns: u32,
    pub rows: u32,
    /// How long a full grid stands, where the manifest says it: the last one of a period may be cut.
    pub whole: Option<Duration>,
    pub index: IndexSource,
}

/// Something that happens at a time: a date range, an event of an event stream, an `emsg`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimedEvent {
    /// Scheme or class, as `urn:scte:scte35:2013:bin` or `com.apple.hls.interstitial`.
    pub scheme: String,
    pub value: String,
    pub id: String,
    /// On the presentation's timeline.
    pub start: MediaTime,
    pub duration: Option<Duration>,
    pub payload: Bytes,
}

/// Part of a manifest that is not played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exclusion {
    /// As the manifest names it.
    pub what: String,
    pub why: String,
}

impl Presentation {
    /// One track of one encoding of which the list of segments is all that is known. It is called a picture until the
    /// container says what it is.
    pub fn of_one(index: IndexSource) -> Self {
        Self::of(vec![TrackGroup {
            id: TrackId(0),
            kind: TrackKind::Video,
            language: None,
            name: "Main".into(),
            default: true,
            forced: false,
            roles: Vec::new(),
            representations: vec![Representation::of(index)],
        }])
    }

    /// With these tracks and nothing else.
    pub fn of(tracks: Vec<TrackGroup>) -> Self {
        Self {
            tracks,
            protections: Vec::new(),
            trick_play: Vec::new(),
            thumbnails: Vec::new(),
            events: Vec::new(),
            chapters: Chapters::default(),
            closed_captions: Vec::new(),
            mirrors: Vec::new(),
            excluded: Vec::new(),
            variables: Variables::default(),
        }
    }
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
    /// To be shown also when no subtitles are wanted.
    pub forced: bool,
    /// Roles (DASH) and characteristics (HLS), as written.
    pub roles: Vec<String>,
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
    /// Of sound; zero where unknown.
    pub channels: u16,
    /// RFC 6381.
    pub codecs: String,
    pub dynamic_range: DynamicRange,
    pub index: IndexSource,
}

impl Representation {
    /// The only one of its group, of which the list of segments is all that is known.
    pub fn of(index: IndexSource) -> Self {
        Self {
            id: RungId(0),
            bitrate: Bitrate::default(),
            average: None,
            width: 0,
            height: 0,
            frame_rate: None,
            channels: 0,
            codecs: String::new(),
            dynamic_range: DynamicRange::Sdr,
            index,
        }
    }
}

/// How bright a picture may get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DynamicRange {
    #[default]
    Sdr,
    Hlg,
    Pq,
}

/// Where the list of segments comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum IndexSource {
    /// A playlist to be fetched.
    Playlist(Url),
    /// Already known.
    Known(Arc<SegmentIndex>),
    /// Files that hold their own lists, and what is known between them; one after the other.
    Parts(Arc<[IndexPart]>),
}

/// A stretch of a representation.
#[derive(Clone, Debug, PartialEq)]
pub enum IndexPart {
    Known(Vec<SegmentRef>),
    File(Box<IndexedFile>),
}

/// A file that says itself which bytes are which segment: `sidx`, WebM cues, or a plain file's sample tables.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexedFile {
    pub url: Url,
    /// First byte and length of the index, where the manifest says it.
    pub index: Option<(u64, u64)>,
    /// Bytes of the initialisation; without them it is at the beginning of the file.
    pub init: Option<ByteSource>,
    pub epoch: u32,
    pub timing: Timing,
    /// Length on the presentation's timeline, where the manifest says it.
    pub duration: Option<Duration>,
}

impl IndexPart {
    /// Bytes of all its addresses.
    fn address_bytes(&self) -> usize {
        match self {
            Self::Known(segments) => segments.iter().map(SegmentRef::address_bytes).sum(),
            Self::File(file) => file.url.as_str().len() + file.init.as_ref().map_or(0, |init| init.url.as_str().len()),
        }
    }
}

/// The segments of one representation, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SegmentIndex {
    pub segments: Vec<SegmentRef>,
    pub protections: Vec<Protection>,
    /// What the list says happens when (date ranges).
    pub events: Vec<TimedEvent>,
    /// How pictures lie in its segments, where they are thumbnails.
    pub tiles: Option<Tiles>,
}

/// Small pictures in a grid, as a playlist of pictures describes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tiles {
    /// At least one each.
    pub columns: u32,
    pub rows: u32,
    /// Of one picture, in pixels; zero where unknown.
    pub width: u32,
    pub height: u32,
    /// How long one picture stands for; absent: the segment's duration divided by their number.
    pub duration: Option<Duration>,
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
    /// Initialisation; absent where segments need none.
    pub init: Option<InitSource>,
    /// Which run of continuous timestamps it belongs to: its discontinuity sequence (HLS), its period (DASH). Never falls
    /// from one segment to the next, and is the same in all tracks.
    pub epoch: u32,
    pub timing: Timing,
    /// There is nothing to be fetched; time passes all the same.
    pub gap: bool,
    /// The segment as a whole, or the samples of a container that cannot say it itself, are encrypted.
    pub cipher: Option<SegmentCipher>,
}

/// An initialisation segment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct InitSource {
    pub source: ByteSource,
    pub cipher: Option<SegmentCipher>,
}

/// What the times in a segment have to do with the presentation's timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timing {
    /// Media times are shifted so that the first segment seen of each epoch begins where the playlist says (HLS).
    Listed,
    /// Media time plus `shift` is the presentation's time. What lies outside `start..end` is not shown (DASH periods).
    Anchored { shift: MediaTime, start: MediaTime, end: Option<MediaTime> },
}

/// Encryption that a playlist announces and that the container does not describe.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SegmentCipher {
    pub method: CipherMethod,
    /// Where the key is: raw bytes behind an address.
    pub key: Url,
    /// As many bytes as the playlist's digits make, padded on the left; without an IV the sequence number. Of
    /// [`CipherMethod::Samples`] it is the one to be used, whatever its padding.
    pub iv: [u8; 16],
    /// Had the playlist fewer than 32 digits? Then some packagers mean a number padded on the right.
    pub short_iv: bool,
}

/// What is encrypted with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CipherMethod {
    /// The whole segment, AES-CBC with PKCS#7 padding; 128 or 256 by the length of the key.
    Whole,
    /// Samples in MPEG-TS and packed audio (Apple's SAMPLE-AES).
    Samples,
}

impl SegmentRef {
    /// Where the next one starts.
    pub fn end(&self) -> MediaTime {
        self.start + self.duration
    }

    /// Bytes of all its addresses: a long one that is named once and repeated with each segment takes memory with each.
    fn address_bytes(&self) -> usize {
        let init = self.init.as_ref();
        let ciphers = [self.cipher.as_ref(), init.and_then(|init| init.cipher.as_ref())];
        let keys: usize = ciphers.iter().flatten().map(|cipher| cipher.key.as_str().len()).sum();
        self.source.url.as_str().len() + init.map_or(0, |init| init.source.url.as_str().len()) + keys
    }
}

/// An address and, where needed, a part of what is there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ByteSource {
    pub url: Url,
    /// First byte and length.
    pub range: Option<(u64, u64)>,
}

/// An announced protection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Protection {
    /// Key ids named by the announcement; may be empty.
    pub key_ids: Vec<crate::drm::KeyId>,
    /// The raw key is behind this address, no licence is needed (`identity` of HLS). Then `key_ids` is empty: it is the
    /// key of samples whose key id nobody else knows.
    pub key_url: Option<Url>,
    /// Where a Clear Key licence is to be asked for, where the manifest says it (DASH-IF `Laurl`).
    pub licence_url: Option<Url>,
    /// Systems that have the keys, each with what it needs to ask for them. Whether one of them is here is not known to a
    /// manifest; its media can also be played if the keys are known from elsewhere.
    pub systems: Vec<crate::drm::SystemOffer>,
}

impl ByteSource {
    /// Stands for the length of a range that reaches to the end of what is there. Larger than any file, small enough to
    /// be added to any position.
    pub const TO_THE_END: u64 = 1 << 40;

    /// How many bytes there will be, where the manifest says it.
    pub fn stated_length(&self) -> Option<u64> {
        self.range.map(|(_, length)| length).filter(|length| *length < Self::TO_THE_END)
    }
}

impl SegmentIndex {
    /// End of the last segment.
    pub fn duration(&self) -> MediaTime {
        self.segments.last().map_or(MediaTime::ZERO, SegmentRef::end)
    }

    /// Start of the first and end of the last segment of an epoch.
    pub fn extent(&self, epoch: u32) -> Option<(MediaTime, MediaTime)> {
        let first = self.segments.partition_point(|segment| segment.epoch < epoch);
        let behind = self.segments.partition_point(|segment| segment.epoch <= epoch);
        let of_epoch = self.segments.get(first..behind)?;
        Some((of_epoch.first()?.start, of_epoch.last()?.end()))
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

/// Reads what a stream's address leads to, whatever it is. `base` is the address after redirects.
///
/// # Errors
/// [`ManifestError`], for anything in which nothing can be played.
pub fn presentation(text: &[u8], base: &Url) -> Result<Presentation, ManifestError> {
    presentation_at(text, base, base)
}

/// As [`presentation`], for an address that was asked for as `requested` and may have been redirected.
///
/// # Errors
/// [`ManifestError`], for anything in which nothing can be played.
pub fn presentation_at(text: &[u8], base: &Url, requested: &Url) -> Result<Presentation, ManifestError> {
    if dash::is_mpd(text) {
        return dash::presentation(text, base);
    }
    let variables = &Variables::default();
    hls::presentation_at(text, hls::PlaylistContext { base, requested, variables })
}

/// A media file by its own address: one track of one encoding, of which the file itself says the rest.
pub fn plain_file(url: &Url) -> Presentation {
    let file = IndexedFile {
        url: url.clone(),
        index: None,
        init: None,
        epoch: 0,
        timing: Timing::Anchored { shift: MediaTime::ZERO, start: MediaTime::ZERO, end: None },
        duration: None,
    };
    Presentation::of_one(IndexSource::Parts([IndexPart::File(Box::new(file))].into()))
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
    /// Names what it is protected with.
    #[error("protected with {0}, which is not supported")]
    Protection(String),
}
