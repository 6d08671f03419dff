//! ISO base media: CMAF and fragmented MP4, plain MP4 and QuickTime files.
//!
//! [`InitSegment`] is what `moov` says about tracks: their decoders' configuration (`sample_entry`, `audio_entry`), how
//! they are protected (`protection`), and where their time begins (`edits`). Samples come from fragments (`fragment`) or,
//! in a plain file, from the tables of `moov` (`sample_tables`); `sample_encryption` and `sample_groups` say how each of
//! them is encrypted, `keyframes` doubts flags that cannot be right, `events` reads the messages between fragments. All readers check sizes against the bytes that are
//! there; `Budget` bounds what can come out of them.

mod audio_entry;
pub(in crate::container) mod boxes;
mod budget;
mod edits;
mod events;
mod fragment;
mod gapless;
mod init;
mod keyframes;
mod protection;
mod sample_encryption;
mod sample_entry;
mod sample_groups;
mod sample_tables;
mod streams;
#[cfg(test)]
mod tests;

pub use init::{InitSegment, InitTrack};
pub use protection::{EntryProtection, TrackProtection};
pub use sample_entry::SampleDescription;

use super::{ContainerError, Demuxed};
use budget::Budget;
use bytes::Bytes;
use events::EventReader;
use streams::TrackSamples;

/// Tracks of one file.
const MAX_TRACKS: usize = 16;

/// All samples of a segment, of several segments in a row, or of a whole file, fragmented or not.
///
/// A `moov` in the media is newer than `init` and takes its place. Memory beside the media's own is bounded by
/// `Budget`. Errors: truncated and contradictory boxes, limits exceeded, sample entries that cannot be decoded.
pub fn demux(media: &Bytes, init: &InitSegment) -> Result<Demuxed, ContainerError> {
    let moov = boxes::find(media, b"moov")?;
    let own = moov.and_then(|moov| InitSegment::parse_moov(moov.payload).ok());
    let init = own.as_ref().unwrap_or(init);
    let mut budget = Budget::new(media.len());
    let mut tracks: Vec<TrackSamples> = init.tracks.iter().map(|_| TrackSamples::default()).collect();
    let mut events = EventReader::default();

    let mut found_samples = false;
    if let (Some(moov), true) = (moov, own.is_some()) {
        found_samples = sample_tables::demux(media, moov.payload, init, &mut tracks, &mut budget)?;
    }
    for found in boxes::boxes(media) {
        let found = found?;
        match &found.kind {
            b"styp" => events.segment_begins(),
            b"emsg" => events.read(media, &found),
            b"moof" => {
                let earliest = fragment::demux(media, &found, init, &mut tracks, &mut budget)?;
                events.samples_at(earliest);
                found_samples = true;
            }
            _ => {}
        }
    }
    if !found_samples {
        return Err(ContainerError::Missing("moof"));
    }
    let streams = streams::streams(tracks, &init.tracks);
    Ok(Demuxed { streams, events: events.finish(), ..Demuxed::default() })
}
