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
mod chapters;
mod edits;
mod events;
mod fragment;
mod gapless;
mod init;
mod key_frame_table;
mod keyframes;
mod moov;
mod protection;
mod sample_encryption;
mod sample_entry;
mod sample_groups;
mod sample_tables;
mod streams;
#[cfg(test)]
mod tests;

pub use chapters::{FileChapters, TextSample, chapters};
pub use init::{InitSegment, InitTrack, begins};
pub use key_frame_table::{KeyFrameTable, ListedKeyFrame};
pub use moov::{MoovSearch, find_moov};
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
    read(media, init, Budget::new(media.len()))
}

/// As [`demux`], of a range that ends within `mdat`: samples that are not wholly there are left out.
pub fn demux_clipped(media: &Bytes, init: &InitSegment) -> Result<Demuxed, ContainerError> {
    let repaired = boxes::clipped(media).map(|header| {
        let mut bytes = media.to_vec();
        // A size of zero reaches to the end of what is there.
        bytes[header..header + 4].fill(0);
        Bytes::from(bytes)
    });
    let media = repaired.as_ref().unwrap_or(media);
    read(media, init, Budget::clipped(media.len()))
}

fn read(media: &Bytes, init: &InitSegment, mut budget: Budget) -> Result<Demuxed, ContainerError> {
    let moov = boxes::find(media, b"moov")?;
    let own = moov.and_then(|moov| InitSegment::parse_moov(moov.payload).ok()).map(InitSegment::of_whole_file);
    let init = own.as_ref().unwrap_or(init);
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
    if own.is_some() {
        for (samples, track) in tracks.iter_mut().zip(&init.tracks) {
            if let Some(edits) = &track.edits {
                samples.edit(edits, &mut budget)?;
            }
        }
    }
    let streams = streams::streams(tracks, &init.tracks);
    Ok(Demuxed { streams, events: events.finish(), ..Demuxed::default() })
}
