//! MPEG-2 transport streams (ISO/IEC 13818-1), as HLS segments them (RFC 8216, section 3.2).
//!
//! `packet` finds packets, `section` puts tables together, `tables` reads them, `pes` collects the packets of a
//! stream, `clock` straightens out timestamps of 33 bits, and the `demuxer` ties these together. What comes out are
//! elementary streams, which [`super::es`] cuts into samples.
//!
//! Of each segment the first video and the first audio stream of the first program with either are taken. Tables may
//! change within a segment; a stream that goes on with another type is another [`super::MediaStream`]. Damage costs
//! what it hits: a packet that is lost takes the rest of its PES packet with it, not more.

mod clock;
mod demuxer;
mod key_frame;
#[cfg(test)]
mod mux_tests;
mod packet;
mod pes;
mod section;
mod splice;
mod tables;
#[cfg(test)]
mod tests;

pub(super) use clock::TIMESTAMP_BITS;
pub use clock::unwrap_near;

use super::{ContainerError, Demuxed, SampleCipher};
use bytes::Bytes;

/// Scheme of ID3 tags in timed metadata, as in `emsg` boxes.
pub(super) const ID3_SCHEME: &str = "https://aomedia.org/emsg/ID3";

/// Are these packets of a transport stream? Some bytes of garbage in front do not matter, unless they are the beginning
/// of another container: frames of sound may be as far apart as packets.
pub fn is_ts(data: &[u8]) -> bool {
    let begins = |packets: &packet::Packets<'_>| packets.position() == if packets.stride() == 192 { 4 } else { 0 };
    packet::Packets::find(data).is_some_and(|packets| begins(&packets) || !super::begins_otherwise(data))
}

/// All samples of a segment, and the ID3 tags and splice sections in it. Times count from the stream's own zero, are
/// never negative, and go on beyond 2^33 ticks where the clock wraps within the segment.
///
/// # Errors
/// [`ContainerError::Missing`] without the tables of a program, [`ContainerError::Unsupported`] if none of its streams
/// can be played, [`ContainerError::UnsupportedScheme`] for encrypted streams without a `cipher`,
/// [`ContainerError::LimitExceeded`].
pub fn demux(media: &Bytes, cipher: Option<&SampleCipher>) -> Result<Demuxed, ContainerError> {
    demuxer::demux(media, cipher)
}

/// As [`demux`], with the tables of an initialisation where the media have none.
///
/// # Errors
/// As [`demux`].
pub fn demux_with(
    media: &Bytes,
    tables: Option<&[u8]>,
    cipher: Option<&SampleCipher>,
) -> Result<Demuxed, ContainerError> {
    key_frame::demux_with(media, tables, cipher)
}

/// As [`demux_with`], for a part of a segment that may have neither: a key frame that a list names by its bytes.
///
/// # Errors
/// As [`demux`].
pub fn demux_key_frame(
    media: &Bytes,
    tables: Option<&[u8]>,
    cipher: Option<&SampleCipher>,
) -> Result<Demuxed, ContainerError> {
    key_frame::demux(media, tables, cipher)
}
