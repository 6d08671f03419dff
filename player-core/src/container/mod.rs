//! From container bytes to compressed samples.
//!
//! All readers are synchronous functions of bytes with limits; [`demux`] chooses among them.

pub mod bmff;
pub mod es;
pub mod flac;
pub mod index;
pub mod packed;
pub mod ts;
pub mod webm;

use crate::colour::ColourDescription;
use crate::drm::KeyId;
use crate::manifest::{TimedEvent, TrackKind};
use abr::MediaTime;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// One compressed access unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When it is shown, on the presentation's timeline.
    pub pts: MediaTime,
    /// When it is decoded; increases within a track.
    pub dts: MediaTime,
    pub duration: Duration,
    /// Can decoding start here?
    pub keyframe: bool,
    /// Needed by others, not to be seen or heard itself: it lies outside its period.
    pub hidden: bool,
    pub data: Bytes,
    /// Set while the data are encrypted.
    pub protection: Option<SampleProtection>,
}

/// What is needed, besides the key, to decrypt one sample (ISO/IEC 23001-7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleProtection {
    pub key_id: KeyId,
    pub scheme: Scheme,
    pub iv: [u8; 16],
    /// Clear and protected bytes in turn; empty means that the whole sample is protected.
    pub subsamples: Vec<Subsample>,
}

/// Part of a sample: first bytes in the clear, then protected ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subsample {
    pub clear: u32,
    pub protected: u32,
}

/// Protection schemes that this player takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// AES-CTR over whole subsamples.
    Cenc,
    /// AES-CBC with a pattern of encrypted and skipped 16-byte blocks; the IV starts anew with each subsample.
    Cbcs {
        /// Encrypted blocks of the pattern; zero means no pattern: every block is encrypted.
        crypt: u8,
        /// Skipped blocks of the pattern.
        skip: u8,
    },
    /// AES-CTR with a pattern; the counter advances over encrypted blocks only.
    Cens { crypt: u8, skip: u8 },
    /// AES-CBC over whole subsamples; the chain runs through all of a sample.
    Cbc1,
}

/// What a decoder must know before the first sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackFormat {
    pub kind: TrackKind,
    pub codec: CodecConfig,
    /// What the container, or else the manifest, says of colours; the stream itself knows better.
    pub colour: ColourDescription,
}

/// Codec and its out-of-band configuration. Sizes are zero where the container does not say them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CodecConfig {
    /// `avcC` payload; samples are length-prefixed NAL units.
    H264 {
        avcc: Bytes,
        width: u16,
        height: u16,
    },
    /// Samples are access units with start codes and carry their own parameter sets.
    H264ByteStream,
    /// `hvcC` payload; samples are length-prefixed NAL units.
    H265 {
        hvcc: Bytes,
        width: u16,
        height: u16,
    },
    /// As [`Self::H264ByteStream`].
    H265ByteStream,
    Vp8 {
        width: u16,
        height: u16,
    },
    /// Samples are frames or superframes.
    Vp9 {
        width: u16,
        height: u16,
    },
    /// `av1C` payload, may be empty; samples are temporal units.
    Av1 {
        av1c: Bytes,
        width: u16,
        height: u16,
    },
    /// AudioSpecificConfig; samples are raw access units.
    Aac {
        config: Bytes,
        rate: u32,
        channels: u16,
    },
    /// Samples are whole frames with their sync words.
    Ac3 {
        rate: u32,
        channels: u16,
    },
    Eac3 {
        rate: u32,
        channels: u16,
    },
    /// MPEG-1 or MPEG-2 audio, layer 1 to 3; samples are whole frames.
    Mpeg {
        layer: u8,
        rate: u32,
        channels: u16,
    },
    /// `OpusHead`, with its magic.
    Opus {
        head: Bytes,
        rate: u32,
        channels: u16,
    },
    /// Identification, comment and setup header.
    Vorbis {
        headers: [Bytes; 3],
        rate: u32,
        channels: u16,
    },
    /// `STREAMINFO` and what follows it, after the marker `fLaC`.
    Flac {
        blocks: Bytes,
        rate: u32,
        channels: u16,
    },
    /// WebVTT in samples (`wvtt`, ISO/IEC 14496-30); the header of the file.
    WebVtt {
        header: Bytes,
    },
    /// One TTML document per sample (`stpp`).
    Ttml,
}

impl CodecConfig {
    /// The codec's common name in small letters.
    pub fn name(&self) -> &'static str {
        match self {
            Self::H264 { .. } | Self::H264ByteStream => "h264",
            Self::H265 { .. } | Self::H265ByteStream => "hevc",
            Self::Vp8 { .. } => "vp8",
            Self::Vp9 { .. } => "vp9",
            Self::Av1 { .. } => "av1",
            Self::Aac { .. } => "aac",
            Self::Ac3 { .. } => "ac3",
            Self::Eac3 { .. } => "eac3",
            Self::Mpeg { layer: 3, .. } => "mp3",
            Self::Mpeg { .. } => "mp2",
            Self::Opus { .. } => "opus",
            Self::Vorbis { .. } => "vorbis",
            Self::Flac { .. } => "flac",
            Self::WebVtt { .. } => "webvtt",
            Self::Ttml => "ttml",
        }
    }

    /// Can one decoder take both, one after the other?
    pub fn same_decoder(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Mpeg { layer, .. }, Self::Mpeg { layer: next, .. }) => layer == next,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }

    /// Bytes of the length before each NAL unit, 1 to 4; `None` where samples have no such lengths.
    pub fn nal_length_size(&self) -> Option<usize> {
        let sizes = match self {
            Self::H264 { avcc, .. } => avcc.get(4)?,
            Self::H265 { hvcc, .. } => hvcc.get(21)?,
            _ => return None,
        };
        Some(usize::from(sizes & 3) + 1)
    }
}

/// Consecutive samples of one track with one format. A segment in which the format changes has several of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct MediaStream {
    pub kind: TrackKind,
    pub format: Arc<TrackFormat>,
    pub samples: Vec<Sample>,
}

/// What was in a segment. Times are media times, with the edit list applied.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Demuxed {
    pub streams: Vec<MediaStream>,
    /// `emsg` and ID3, at media times.
    pub events: Vec<TimedEvent>,
    /// The bytes end in the middle of a packet or a frame: there was more. Containers that cannot be read without their
    /// end are refused instead.
    pub cut_short: bool,
    /// Nothing in the bytes says when they are shown: times count from the segment's beginning.
    pub timeless: bool,
}

/// What is needed to read segments that do not begin with it themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Init {
    Bmff(bmff::InitSegment),
    Webm(webm::Header),
    /// The tables of a transport stream.
    Ts(Bytes),
}

/// Key and IV of [`crate::manifest::CipherMethod::Samples`].
#[derive(Clone, Copy, Debug)]
pub struct SampleCipher {
    pub key: crate::drm::ContentKey,
    pub iv: [u8; 16],
}

impl Init {
    /// Reads an initialisation, or the beginning of a file that holds one.
    pub fn parse(data: &[u8]) -> Result<Self, ContainerError> {
        if webm::is_webm(data) {
            return webm::Header::parse(data).map(Self::Webm);
        }
        if ts::is_ts(data) {
            return Ok(Self::Ts(Bytes::copy_from_slice(data)));
        }
        bmff::InitSegment::parse(data).map(Self::Bmff)
    }

    /// Keys that the media will need, as far as it says.
    pub fn key_ids(&self) -> &[KeyId] {
        match self {
            Self::Bmff(init) => &init.key_ids,
            Self::Webm(header) => &header.key_ids,
            Self::Ts(_) => &[],
        }
    }
}

/// Does this begin as a media file does, of whatever container?
pub fn is_media(data: &[u8]) -> bool {
    begins_otherwise(data) || ts::is_ts(data)
}

/// Does this begin as a file of another container than MPEG-TS does?
fn begins_otherwise(data: &[u8]) -> bool {
    bmff::begins(data) || webm::is_webm(data) || packed::is_packed_audio(data) || flac::is_flac(data)
}

/// Reads a segment of any container, told apart by its first bytes: playlists are often wrong about it.
///
/// `init` is what the playlist names as its initialisation; without it the segment must do by itself.
pub fn demux(media: &Bytes, init: Option<&Init>, cipher: Option<&SampleCipher>) -> Result<Demuxed, ContainerError> {
    if ts::is_ts(media) {
        let tables = if let Some(Init::Ts(tables)) = init { Some(&tables[..]) } else { None };
        return ts::demux_with(media, tables, cipher);
    }
    if packed::is_packed_audio(media) {
        return packed::demux(media, cipher);
    }
    if flac::is_flac(media) {
        return flac::demux(media);
    }
    match init {
        Some(Init::Webm(header)) => webm::demux(media, header),
        Some(Init::Bmff(init)) => bmff::demux(media, init),
        Some(Init::Ts(_)) => Err(ContainerError::Malformed("transport packet")),
        None => match Init::parse(media)? {
            Init::Webm(header) => webm::demux(media, &header),
            Init::Bmff(init) => bmff::demux(media, &init),
            Init::Ts(_) => Err(ContainerError::Malformed("transport packet")),
        },
    }
}

/// As [`demux`], for a range that a list of key frames names: it may end with the first sample of a fragment that has
/// more, and begin in the middle of a transport stream, behind its tables. What is not wholly there is left out.
pub fn demux_key_frames(
    media: &Bytes,
    init: Option<&Init>,
    cipher: Option<&SampleCipher>,
) -> Result<Demuxed, ContainerError> {
    match init {
        _ if ts::is_ts(media) => {
            let tables = if let Some(Init::Ts(tables)) = init { Some(&tables[..]) } else { None };
            ts::demux_key_frame(media, tables, cipher)
        }
        Some(Init::Bmff(init)) => bmff::demux_clipped(media, init),
        _ => demux(media, init, cipher),
    }
}

/// Why bytes were not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ContainerError {
    #[error("box {kind} claims {claimed} bytes but {available} remain")]
    Truncated { kind: String, claimed: u64, available: u64 },
    #[error("limit exceeded: {what} > {max}")]
    LimitExceeded { what: &'static str, max: u64 },
    #[error("box {0} is missing")]
    Missing(&'static str),
    #[error("box {0} cannot be read")]
    Malformed(&'static str),
    #[error("unsupported: {0}")]
    Unsupported(String),
    /// The picture is in a codec that this player does not have; sound alone would not be the title.
    #[error("no decoder for {0}")]
    NoDecoder(String),
    #[error("not an ISO base media file")]
    NotBmff,
    #[error("decrypted bytes are not media: the key does not fit")]
    WrongKey,
    #[error("protected with {0}, which is not supported")]
    UnsupportedScheme(String),
}
