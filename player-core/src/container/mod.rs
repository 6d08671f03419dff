//! From container bytes to compressed samples.

pub mod bmff;

use crate::drm::KeyId;
use crate::manifest::TrackKind;
use abr::MediaTime;
use bytes::Bytes;
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
}

/// What a decoder must know before the first sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackFormat {
    pub kind: TrackKind,
    pub codec: CodecConfig,
}

/// Codec and its out-of-band configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CodecConfig {
    /// `avcC` payload; samples are length-prefixed NAL units.
    H264 { avcc: Bytes, width: u16, height: u16 },
    /// `hvcC` payload; samples are length-prefixed NAL units.
    H265 { hvcc: Bytes, width: u16, height: u16 },
    /// AudioSpecificConfig; samples are raw access units.
    Aac { config: Bytes, rate: u32, channels: u16 },
}

impl CodecConfig {
    /// Can one decoder take both, one after the other?
    pub fn same_decoder(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
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
    #[error("not an ISO base media file")]
    NotBmff,
    #[error("decrypted bytes are not media: the key does not fit")]
    WrongKey,
    #[error("protected with {0}, which is not supported")]
    UnsupportedScheme(String),
}
