//! WebM and Matroska (RFC 9559), as far as streams use them.
//!
//! [`Header`] is what comes before the clusters; [`demux`] takes a run of clusters, or a whole file. Index, tags and
//! attachments are passed over; [`chapters`] reads chapters. Where a size is wrong or unknown the identifiers still tell where a cluster
//! begins, so the walk enters `Segment` and `Cluster` whatever size they claim.

mod block;
mod chapters;
mod ebml;
mod encoding;
mod info;
#[cfg(test)]
mod tests;
mod timing;
mod tracks;

pub use chapters::{FileChapter, chapters, element_length, find_chapters};
pub use encoding::Encoding;
pub use info::Header;
pub use tracks::Track;

use super::{ContainerError, Demuxed, MediaStream};
use block::Block;
use bytes::Bytes;
use ebml::{Element, id};
use std::sync::Arc;

/// Tracks of one file.
const MAX_TRACKS: usize = 32;
/// Frames of one run of clusters: two hours at 60 a second, since whole files are read too.
const MAX_FRAMES: u64 = 500_000;

/// Does this begin as an EBML file does?
pub fn is_webm(data: &[u8]) -> bool {
    data.starts_with(&[0x1a, 0x45, 0xdf, 0xa3])
}

/// All samples of a run of clusters: the whole file, or any stretch of it that begins with an element of its top or of
/// its `Segment`. Of each kind there is one track, the first with samples: others are alternatives. Tracks come in the
/// order of the header, also those without samples.
///
/// Blocks of tracks that the header does not have are left out. A block that is cut short is an error.
pub fn demux(media: &Bytes, header: &Header) -> Result<Demuxed, ContainerError> {
    let mut blocks: Vec<Vec<Block>> = header.tracks.iter().map(|_| Vec::new()).collect();
    let mut frames = 0u64;
    let mut cluster_time = 0u64;
    let mut position = 0;
    while let Some(element) = Element::next(media, position)? {
        position = element.end;
        match element.id {
            // What is inside follows.
            id::SEGMENT => position = element.start,
            id::CLUSTER => (position, cluster_time) = (element.start, 0),
            id::CLUSTER_TIMESTAMP => cluster_time = element.unsigned(media)?,
            id::SIMPLE_BLOCK | id::BLOCK_GROUP => {
                let read = match element.id {
                    id::SIMPLE_BLOCK => Some(Block::simple(media, element.range(media)?, cluster_time)?),
                    _ => Block::of_group(media, element.range(media)?, cluster_time)?,
                };
                let Some(block) = read else { continue };
                let Some(index) = header.tracks.iter().position(|track| track.number == block.track) else { continue };
                frames += block.frames.len() as u64;
                if frames > MAX_FRAMES {
                    return Err(ContainerError::LimitExceeded { what: "frames", max: MAX_FRAMES });
                }
                blocks[index].push(block);
            }
            _ => {}
        }
    }
    let streams = header.tracks.iter().zip(blocks).map(|(track, blocks)| {
        let samples = timing::samples(blocks, track, header.timestamp_scale)?;
        Ok(MediaStream { kind: track.format.kind, format: Arc::clone(&track.format), samples })
    });
    let streams = one_of_each_kind(streams.collect::<Result<_, ContainerError>>()?);
    Ok(Demuxed { streams, ..Demuxed::default() })
}

fn one_of_each_kind(streams: Vec<MediaStream>) -> Vec<MediaStream> {
    let mut chosen: Vec<MediaStream> = Vec::new();
    for stream in streams {
        match chosen.iter_mut().find(|known| known.kind == stream.kind) {
            None => chosen.push(stream),
            Some(known) if known.samples.is_empty() => *known = stream,
            Some(_) => {}
        }
    }
    chosen
}
