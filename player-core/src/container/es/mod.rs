//! Elementary streams: what is left when a container is taken away.
//!
//! A reader of packets collects the bytes of a stream and where its packets began (`ElementaryStream`); `video` and
//! `audio` cut them into samples with times. Both work on the whole of a segment at once, so access units that begin
//! in one packet and end in another need no special case.

mod ac3;
mod access_unit;
mod adts;
pub(crate) mod audio;
mod bits;
mod h264;
mod h265;
pub(crate) mod latm;
mod mpeg_audio;
mod nal;
pub mod sei;
pub(crate) mod video;

pub(crate) use nal::unescape;
pub use sei::caption_data;

/// Ticks per second of the clock that transport streams use.
pub(crate) const CLOCK_RATE: u32 = 90_000;

/// Samples of one track in a segment, which may be a whole file: six hours of AAC, or two of pictures at 120 a second.
/// There are never more than bytes.
pub(crate) const MAX_SAMPLES: usize = 1 << 20;

/// The bytes of one stream in a segment.
#[derive(Debug, Default)]
pub(crate) struct ElementaryStream {
    pub(crate) data: Vec<u8>,
    /// In order of their offsets.
    pub(crate) pieces: Vec<Piece>,
}

/// Where a packet of a stream begins and what it says about time, in ticks of [`CLOCK_RATE`].
///
/// The times belong to the first access unit that begins in the packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) offset: usize,
    pub(crate) pts: Option<i64>,
    pub(crate) dts: Option<i64>,
    /// Bytes before it were lost.
    pub(crate) after_gap: bool,
}
