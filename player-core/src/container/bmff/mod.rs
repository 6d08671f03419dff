//! ISO base media (CMAF, fragmented MP4). `mp4-atom` reads the boxes it knows; the walk over them, the sample entries
//! of encrypted tracks and the descriptors that must reach decoders byte by byte are read here.

mod boxes;
mod fragment;
mod init;
mod protection;
#[cfg(test)]
mod tests;

pub use init::{InitSegment, InitTrack};
pub use protection::TrackProtection;

use super::{ContainerError, Demuxed, MediaStream};
use bytes::Bytes;
use std::sync::Arc;

/// All samples of a segment.
pub fn demux(media: &Bytes, init: &InitSegment) -> Result<Demuxed, ContainerError> {
    let streams = fragment::demux(media, init)?.into_iter().zip(&init.tracks);
    let streams =
        streams.map(|((kind, samples), track)| MediaStream { kind, format: Arc::new(track.format.clone()), samples });
    Ok(Demuxed { streams: streams.collect(), events: Vec::new() })
}

/// Tracks of one file.
const MAX_TRACKS: usize = 16;
/// Samples of one segment: ten minutes at 120 a second.
const MAX_SAMPLES: usize = 72_000;
