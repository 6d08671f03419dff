//! Segment indexes (ISO/IEC 14496-12, 8.16.3): one, a hierarchy of them, or a chain.

use super::bmff::{be32, be64};
use super::{Entry, MAX_SEGMENTS, MAX_SPAN, Stretch};
use crate::container::ContainerError;
use crate::manifest::{ByteSource, IndexedFile};
use abr::MediaTime;

/// Indexes that one index leads to, in a hierarchy or a chain. Each lies behind the one that names it.
const MAX_LINKS: usize = 1024;
/// Bytes taken for an index of unknown length: more than a thousand references.
const GUESS: u64 = 16 << 10;

/// What following an index led to.
pub(super) enum Found {
    Entries(Vec<Entry>),
    More((u64, u64)),
}

/// One box.
struct Sidx {
    timescale: u32,
    earliest: u64,
    /// First byte of what the first reference is about.
    anchor: u64,
    references: Vec<Reference>,
}

#[derive(Clone, Copy)]
struct Reference {
    to_index: bool,
    size: u64,
    duration: u32,
}

/// Why a box was not taken.
enum Unread {
    /// So many bytes are needed.
    Short(u64),
    Broken,
}

/// A stretch of the file whose index is still to be read, or that is a segment.
#[derive(Clone, Copy)]
enum Step {
    Index(Entry),
    Segment(Entry),
}

/// Follows the index at the byte `first` of the file to its end.
pub(super) fn collect(stretch: Stretch<'_>, first: u64, file: &IndexedFile) -> Result<Found, ContainerError> {
    let listed = file.index.filter(|(index, _)| *index == first).map(|(index, length)| index.saturating_add(length));
    let root = match parse(stretch, first, listed) {
        Ok(root) => root,
        Err(Unread::Short(needed)) => {
            // Whoever asked for all of it already has what the file has.
            let have = stretch.end().saturating_sub(first);
            let is_listed = listed.is_some_and(|end| end == stretch.end());
            if first == stretch.first && !is_listed && have < super::HEAD {
                return Err(ContainerError::Truncated { kind: "sidx".into(), claimed: needed, available: have });
            }
            return Ok(Found::More((first, needed)));
        }
        Err(Unread::Broken) => return Err(ContainerError::Malformed("sidx")),
    };
    let mut entries: Vec<Entry> = Vec::new();
    // Depth first, the next one last.
    let mut steps: Vec<Step> = steps(&root);
    let (mut wanted, mut links) = (None::<u64>, 0usize);
    while let Some(step) = steps.pop() {
        match step {
            Step::Segment(entry) => {
                if entries.len() >= MAX_SEGMENTS {
                    return Err(ContainerError::LimitExceeded { what: "references", max: MAX_SEGMENTS as u64 });
                }
                entries.push(entry);
            }
            Step::Index(entry) => {
                links += 1;
                if links > MAX_LINKS || steps.len() > MAX_SEGMENTS {
                    return Err(ContainerError::LimitExceeded { what: "indexes of indexes", max: MAX_LINKS as u64 });
                }
                let missing = match parse(stretch, entry.first, None) {
                    Ok(child) => {
                        steps.extend(self::steps(&child));
                        continue;
                    }
                    Err(Unread::Short(8)) => Some(GUESS.min(entry.length.max(64))),
                    Err(Unread::Short(needed)) => Some(needed),
                    Err(Unread::Broken) => None,
                };
                let end = missing.map(|length| entry.first.saturating_add(length));
                match end.filter(|end| end.saturating_sub(first) <= MAX_SPAN) {
                    Some(end) => wanted = wanted.max(Some(end)),
                    // What cannot be read, or is too far away, is one long segment.
                    None => steps.push(Step::Segment(entry)),
                }
            }
        }
    }
    if let Some(end) = wanted {
        // Asking for what is here already would not help.
        if end > stretch.end() || first != stretch.first {
            return Ok(Found::More((first, end.saturating_sub(first))));
        }
        return Err(ContainerError::Malformed("sidx"));
    }
    if let Some(last) = entries.last_mut() {
        last.length = ByteSource::TO_THE_END;
    }
    Ok(Found::Entries(entries))
}

/// References of a box, the first last.
fn steps(sidx: &Sidx) -> Vec<Step> {
    let mut steps = Vec::with_capacity(sidx.references.len());
    let (mut ticks, mut first) = (u128::from(sidx.earliest), sidx.anchor);
    let time = |ticks: u128| MediaTime::from_ticks(i128::try_from(ticks).unwrap_or(i128::MAX), sidx.timescale);
    for reference in &sidx.references {
        let start = time(ticks);
        ticks += u128::from(reference.duration);
        let entry = Entry { start, end: time(ticks), first, length: reference.size };
        steps.push(if reference.to_index { Step::Index(entry) } else { Step::Segment(entry) });
        first = first.saturating_add(reference.size);
    }
    steps.reverse();
    steps
}

/// Reads the box at a byte of the file. Its size is not trusted: the number of references says how long it is.
/// `listed` is where the manifest says that it ends.
fn parse(stretch: Stretch<'_>, first: u64, listed: Option<u64>) -> Result<Sidx, Unread> {
    let data = stretch.from(first).ok_or(Unread::Short(8))?;
    let short = |needed: usize| Unread::Short(needed as u64);
    let size = be32(data).ok_or(short(8))?;
    if data.get(4..8).ok_or(short(8))? != b"sidx" {
        return Err(Unread::Broken);
    }
    let (header, size) = match size {
        1 => (16, be64(data.get(8..).unwrap_or_default()).ok_or(short(32))?),
        size => (8, u64::from(size)),
    };
    let version = *data.get(header).ok_or(short(64))?;
    let wide = if version == 0 { 4 } else { 8 };
    let references_at = header + 4 + 8 + 2 * wide + 4;
    if data.len() < references_at {
        return Err(short(references_at));
    }
    let word = |at: usize| be32(&data[at..]).unwrap_or(0);
    let times = header + 12;
    let (earliest, offset) = if version == 0 {
        (u64::from(word(times)), u64::from(word(times + 4)))
    } else {
        (be64(&data[times..]).unwrap_or(0), be64(&data[times + 8..]).unwrap_or(0))
    };
    let timescale = word(header + 8);
    if timescale == 0 {
        return Err(Unread::Broken);
    }
    let count = usize::from(u16::from_be_bytes([data[references_at - 2], data[references_at - 1]]));
    let length = references_at + 12 * count;
    let references = data.get(references_at..length).ok_or(short(length))?;
    let references = references.chunks_exact(12).map(|reference| {
        let (kind, duration) = (be32(reference).unwrap_or(0), be32(&reference[4..]).unwrap_or(0));
        Reference { to_index: kind >> 31 == 1, size: u64::from(kind & 0x7fff_ffff), duration }
    });
    // A size that cannot be is replaced; padding behind the references can be.
    let by_count = first.saturating_add(length as u64);
    let by_size = first.saturating_add(size);
    let plausible = by_size >= by_count && by_size - by_count <= GUESS && listed.is_none_or(|end| by_size <= end);
    let end = if plausible { by_size } else { by_count };
    Ok(Sidx { timescale, earliest, anchor: end.saturating_add(offset), references: references.collect() })
}
