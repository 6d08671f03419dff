//! Lists of segments that files hold themselves: `sidx`, WebM cues, or none at all in plain files.
//!
//! [`read`] keeps nothing between calls: what it asks for next holds all that it needs to know.

mod bmff;
mod cues;
mod sidx;
#[cfg(test)]
mod tests;

use super::ContainerError;
use crate::manifest::{ByteSource, IndexedFile, InitSource, SegmentRef, Timing};
use abr::MediaTime;
use bytes::Bytes;
use std::time::Duration;

/// Bytes asked for where the manifest does not say where an index is.
const HEAD: u64 = 64 << 10;
/// Segments of one file: more than two days of two seconds each.
const MAX_SEGMENTS: usize = 100_000;
/// Bytes of a file that are read for its index: as much as a minute of good video, and only where indexes are strewn
/// all over the file.
const MAX_SPAN: u64 = 8 << 20;

/// What a stretch of a file said.
#[derive(Clone, Debug, PartialEq)]
pub enum IndexRead {
    Done(Vec<SegmentRef>),
    /// First byte and length of what must be read next; it replaces what was read so far. A file may end before.
    More((u64, u64)),
}

/// Reads `data`, which begins at the byte `first` of `file`.
///
/// The length of the last segment is [`ByteSource::TO_THE_END`]: some packagers get it wrong, and the file knows.
/// Segments that lie outside the file's period are left out. A file without an index is one segment.
pub fn read(data: &[u8], first: u64, file: &IndexedFile) -> Result<IndexRead, ContainerError> {
    let stretch = Stretch { data, first };
    if super::webm::is_webm(data) || cues::is_cues(data) {
        cues::read(stretch, file, false)
    } else if first == 0 && (super::ts::is_ts(data) || super::packed::is_packed_audio(data)) {
        plain(stretch, None, file)
    } else if first == 0 && super::flac::is_flac(data) {
        plain(stretch, super::flac::length(data), file)
    } else {
        bmff::read(stretch, file)
    }
}

/// As [`read`], of a file that ends before what that asked for.
///
/// # Errors
/// Beside those of [`read`], [`ContainerError::Truncated`] for what cannot do without.
pub fn read_all(data: &[u8], file: &IndexedFile) -> Result<IndexRead, ContainerError> {
    if super::webm::is_webm(data) {
        return cues::read(Stretch { data, first: 0 }, file, true);
    }
    let available = data.len() as u64;
    Err(ContainerError::Truncated { kind: "index".into(), claimed: available + 1, available })
}

/// Bytes of a file that are read to find out how long it is, where it does not say so.
const MAX_MEASURED: u64 = 32 << 20;

/// Bytes and where they are in the file.
#[derive(Clone, Copy, Debug)]
struct Stretch<'a> {
    data: &'a [u8],
    first: u64,
}

impl<'a> Stretch<'a> {
    /// The bytes from a position of the file on; `None` if it is not in here.
    fn from(&self, position: u64) -> Option<&'a [u8]> {
        let offset = usize::try_from(position.checked_sub(self.first)?).ok()?;
        self.data.get(offset..).filter(|rest| !rest.is_empty())
    }

    /// First byte behind it.
    fn end(&self) -> u64 {
        self.first.saturating_add(self.data.len() as u64)
    }
}

/// One segment as an index lists it: media time in nanoseconds, and bytes of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    start: MediaTime,
    end: MediaTime,
    first: u64,
    length: u64,
}

/// Puts entries on the presentation's timeline, without what lies outside the period. `head` are the bytes in front of
/// the index, which hold the initialisation where the manifest does not name another.
fn segments(entries: &[Entry], head: u64, file: &IndexedFile) -> Result<Vec<SegmentRef>, ContainerError> {
    if entries.len() > MAX_SEGMENTS {
        return Err(ContainerError::LimitExceeded { what: "segments", max: MAX_SEGMENTS as u64 });
    }
    let (mut shift, begin, end) = period(file);
    let mut timing = file.timing;
    let outside = |entry: &Entry| entry.end + shift <= begin || entry.start + shift >= end;
    if let (Some(first), true, Timing::Anchored { start, end, .. }) =
        (entries.first(), entries.iter().all(outside), timing)
    {
        // Nothing of the file would be shown: the manifest forgot to say where its media begin.
        tracing::warn!("an index lies outside of its period");
        shift = begin - first.start;
        timing = Timing::Anchored { shift, start, end };
    }
    let head = entries.first().map_or(head, |entry| entry.first.min(head));
    let own = || ByteSource { url: file.url.clone(), range: Some((0, head)) };
    let init = InitSource { source: file.init.clone().unwrap_or_else(own), cipher: None };
    let mut segments: Vec<SegmentRef> = Vec::with_capacity(entries.len());
    for entry in entries {
        let start = (entry.start + shift).max(begin);
        let finish = (entry.end + shift).min(end);
        if finish <= start {
            continue;
        }
        segments.push(SegmentRef {
            number: segments.len() as u64,
            start,
            duration: finish.duration_since(start),
            source: ByteSource { url: file.url.clone(), range: Some((entry.first, entry.length)) },
            init: Some(init.clone()),
            epoch: file.epoch,
            timing,
            gap: false,
            cipher: None,
        });
    }
    Ok(segments)
}

/// Shift of media times, beginning and end of the file's period.
fn period(file: &IndexedFile) -> (MediaTime, MediaTime, MediaTime) {
    let behind = |start: MediaTime| file.duration.map_or(MediaTime::MAX, |length| start + length);
    match file.timing {
        Timing::Anchored { shift, start, end } => (shift, start, end.unwrap_or(MediaTime::MAX).min(behind(start))),
        Timing::Listed => (MediaTime::ZERO, MediaTime::MIN, behind(MediaTime::ZERO)),
    }
}

/// When the media at the beginning of a file begin, and how long they are, by what is in it; `None` before enough of it
/// has been read.
fn measured(stretch: Stretch<'_>) -> Result<Option<(MediaTime, Duration)>, ContainerError> {
    // The first look is as long as this, and no shorter unless the file is.
    if stretch.first > 0 || stretch.data.len() as u64 == HEAD {
        return Ok(None);
    }
    let demuxed = super::demux(&Bytes::copy_from_slice(stretch.data), None, None)?;
    let samples = || demuxed.streams.iter().flat_map(|stream| &stream.samples);
    let first = samples().map(|sample| sample.pts).min();
    let end = samples().map(|sample| sample.pts + sample.duration).max();
    Ok(first.zip(end).map(|(first, end)| (first, end.duration_since(first))))
}

/// The whole file as one segment. `length` is what the file says itself; where it says nothing, what is in it does, as
/// far as [`MAX_MEASURED`].
fn plain(stretch: Stretch<'_>, length: Option<Duration>, file: &IndexedFile) -> Result<IndexRead, ContainerError> {
    let (_, begin, end) = period(file);
    let start = if begin == MediaTime::MIN { MediaTime::ZERO } else { begin };
    let by_period = if end == MediaTime::MAX { None } else { Some(end.duration_since(start)) };
    let mut timing = file.timing;
    let duration = match by_period.or(length).filter(|duration| !duration.is_zero()) {
        Some(duration) => Some(duration),
        None => match measured(stretch)? {
            None => return Ok(IndexRead::More((0, MAX_MEASURED))),
            Some((first, duration)) => {
                // The clock of a stream that was recorded begins anywhere.
                if let (Timing::Anchored { shift, start, end }, true) = (timing, super::ts::is_ts(stretch.data)) {
                    timing = Timing::Anchored { shift: shift.min(start - first), start, end };
                }
                Some(duration).filter(|duration| !duration.is_zero())
            }
        },
    };
    let duration =
        duration.ok_or_else(|| ContainerError::Unsupported("a file that does not say how long it is".into()))?;
    Ok(IndexRead::Done(vec![SegmentRef {
        number: 0,
        start,
        duration,
        source: ByteSource { url: file.url.clone(), range: None },
        init: file.init.clone().map(|source| InitSource { source, cipher: None }),
        epoch: file.epoch,
        timing,
        gap: false,
        cipher: None,
    }]))
}
