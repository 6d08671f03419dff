//! ISO base media: the way to a `sidx`, or the knowledge that there is none.

use super::sidx::{self, Found};
use super::{HEAD, IndexRead, Stretch, plain, segments};
use crate::container::ContainerError;
use crate::container::bmff::boxes::{self, Header};
use crate::manifest::IndexedFile;
use std::time::Duration;

/// Boxes before the media; more are rubbish.
const MAX_BOXES: usize = 1024;
/// Longest `moov` that is read for its duration alone.
const MAX_MOOV: u64 = 16 << 20;

pub(super) fn be32(data: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(data.get(..4)?.try_into().ok()?))
}

pub(super) fn be64(data: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(data.get(..8)?.try_into().ok()?))
}

/// Walks over boxes until there is an index or media.
pub(super) fn read(stretch: Stretch<'_>, file: &IndexedFile) -> Result<IndexRead, ContainerError> {
    let is_index = file.index.is_some_and(|(first, _)| first == stretch.first && first > 0);
    let mut position = stretch.first;
    let mut length = None;
    // More than the first look, from the beginning: this is all that there is to know.
    let is_all = stretch.first == 0 && stretch.data.len() as u64 > HEAD;
    for _ in 0..MAX_BOXES {
        let Some(found) = stretch.from(position).and_then(Header::read) else { break };
        let Some(size) = found.size.filter(|size| *size >= found.length as u64) else {
            // The last box of the file, or none.
            return if is_index { Ok(IndexRead::More((0, HEAD))) } else { finish(stretch, length, None, file) };
        };
        let end = position.saturating_add(size);
        match &found.kind {
            b"sidx" => return index(stretch, position, file),
            b"moov" => {
                let wanted = size.min(MAX_MOOV);
                let moov = stretch.from(position).unwrap_or_default();
                let is_whole = moov.len() as u64 >= wanted;
                let body = moov.get(found.length..moov.len().min(usize::try_from(size).unwrap_or(usize::MAX)));
                length = movie_length(body.unwrap_or_default()).or(length);
                if length.is_none() && file.duration.is_none() && !is_whole && position > stretch.first {
                    return Ok(IndexRead::More((position, wanted.saturating_add(HEAD))));
                }
            }
            // There is no index where the manifest says: the file may have one elsewhere.
            b"moof" | b"mdat" if is_index => break,
            b"moof" => return finish(stretch, length, None, file),
            // Media whose description comes later.
            b"mdat" if is_all => {}
            b"mdat" => return finish(stretch, length, Some(end), file),
            _ => {}
        }
        position = end;
    }
    if is_index {
        return Ok(IndexRead::More((0, HEAD)));
    }
    let is_cut = position > stretch.end() || stretch.data.len() as u64 >= HEAD;
    if is_cut && !is_all && position > stretch.first && position < u64::MAX / 2 {
        return Ok(IndexRead::More((position, HEAD)));
    }
    plain(stretch, length, file)
}

/// A file without an index. How long it is may be said behind the media.
fn finish(
    stretch: Stretch<'_>,
    length: Option<Duration>,
    behind: Option<u64>,
    file: &IndexedFile,
) -> Result<IndexRead, ContainerError> {
    match behind {
        Some(behind) if length.is_none() && file.duration.is_none() && behind > stretch.first => {
            Ok(IndexRead::More((behind, HEAD)))
        }
        _ => plain(stretch, length, file),
    }
}

fn index(stretch: Stretch<'_>, first: u64, file: &IndexedFile) -> Result<IndexRead, ContainerError> {
    match sidx::collect(stretch, first, file)? {
        Found::Entries(entries) => {
            let listed = segments(&entries, first, file)?;
            // An index of nothing is none.
            if entries.is_empty() { plain(stretch, None, file) } else { Ok(IndexRead::Done(listed)) }
        }
        Found::More(range) => Ok(IndexRead::More(range)),
    }
}

/// `mvhd`, or `mehd` of a fragmented file.
fn movie_length(moov: &[u8]) -> Option<Duration> {
    let mvhd = child(moov, b"mvhd")?;
    let (timescale, duration) = match mvhd.first()? {
        0 => (be32(mvhd.get(12..)?)?, u64::from(be32(mvhd.get(16..)?)?)),
        _ => (be32(mvhd.get(20..)?)?, be64(mvhd.get(24..)?)?),
    };
    let unknown = duration == 0 || duration == u64::from(u32::MAX) || duration == u64::MAX;
    let duration = if unknown {
        let mehd = child(child(moov, b"mvex")?, b"mehd")?;
        if *mehd.first()? == 0 { u64::from(be32(mehd.get(4..)?)?) } else { be64(mehd.get(4..)?)? }
    } else {
        duration
    };
    let nanos = u128::from(duration) * 1_000_000_000 / u128::from(timescale.max(1));
    u64::try_from(nanos).ok().filter(|nanos| *nanos > 0 && *nanos < i64::MAX as u64).map(Duration::from_nanos)
}

/// Payload of the first box of a type. What is behind a box that is cut off is not there.
fn child<'a>(data: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    boxes::find(data, kind).ok()?.map(|found| found.payload)
}
