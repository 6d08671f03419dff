//! WebM: cues say at which byte the cluster of a time begins.

use super::{Entry, HEAD, IndexRead, MAX_SEGMENTS, MAX_SPAN, Stretch, plain, segments};
use crate::container::ContainerError;
use crate::manifest::{ByteSource, IndexedFile};
use abr::MediaTime;
use std::time::Duration;

const EBML: u32 = 0x1a45_dfa3;
const VOID: u32 = 0xec;
const CRC_32: u32 = 0xbf;
const SEGMENT: u32 = 0x1853_8067;
const SEEK_HEAD: u32 = 0x114d_9b74;
const SEEK: u32 = 0x4dbb;
const SEEK_ID: u32 = 0x53ab;
const SEEK_POSITION: u32 = 0x53ac;
const INFO: u32 = 0x1549_a966;
const TIMESTAMP_SCALE: u32 = 0x2a_d7b1;
const DURATION: u32 = 0x4489;
const CUES: u32 = 0x1c53_bb6b;
const CUE_POINT: u32 = 0xbb;
const CUE_TIME: u32 = 0xb3;
const CUE_TRACK_POSITIONS: u32 = 0xb7;
const CUE_CLUSTER_POSITION: u32 = 0xf1;
const CLUSTER: u32 = 0x1f43_b675;
/// Nanoseconds, where a file does not say otherwise.
const DEFAULT_SCALE: u64 = 1_000_000;
/// Elements of one level that are looked at, cue points aside.
const MAX_ELEMENTS: usize = 4096;

/// Does this begin as cues do?
pub(super) fn is_cues(data: &[u8]) -> bool {
    data.starts_with(&CUES.to_be_bytes())
}

/// An element: where it is in the slice, and what of it is there.
struct Element<'a> {
    id: u32,
    /// First byte and first byte of the payload.
    start: usize,
    body: usize,
    /// Payload length; `None` where the file does not say.
    length: Option<u64>,
    payload: &'a [u8],
}

impl Element<'_> {
    fn end(&self) -> Option<u64> {
        (self.body as u64).checked_add(self.length?)
    }

    fn is_whole(&self) -> bool {
        self.length == Some(self.payload.len() as u64)
    }

    fn unsigned(&self) -> u64 {
        self.payload.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

fn element(data: &[u8], start: usize) -> Option<Element<'_>> {
    let head = *data.get(start)?;
    let id_length = head.leading_zeros() as usize + 1;
    let id = data.get(start..start + id_length).filter(|_| id_length <= 4)?;
    let id = id.iter().fold(0u32, |id, byte| id << 8 | u32::from(*byte));
    let size_at = start + id_length;
    let size_length = data.get(size_at)?.leading_zeros() as usize + 1;
    let size = data.get(size_at..size_at + size_length).filter(|_| size_length <= 8)?;
    let mask = (1u64 << (7 * size_length)) - 1;
    let length = size.iter().fold(0u64, |size, byte| size << 8 | u64::from(*byte)) & mask;
    // All ones: unknown.
    let length = Some(length).filter(|length| *length != mask);
    let body = size_at + size_length;
    let end = length.and_then(|length| usize::try_from(length).ok()?.checked_add(body)).unwrap_or(usize::MAX);
    let payload = data.get(body..end.min(data.len())).unwrap_or_default();
    Some(Element { id, start, body, length, payload })
}

fn children(data: &[u8]) -> impl Iterator<Item = Element<'_>> {
    let mut position = Some(0usize);
    std::iter::from_fn(move || {
        let found = element(data, position?)?;
        position = found.end().and_then(|end| usize::try_from(end).ok());
        Some(found)
    })
}

/// What must be known besides the cues.
#[derive(Clone, Copy)]
struct Frame {
    /// Byte of the file from which positions count.
    origin: u64,
    /// Byte of the file at which its segment ends.
    end: Option<u64>,
    scale: u64,
    length: Option<Duration>,
}

/// Where `all` that there is has been read, cues that lie elsewhere do not exist.
pub(super) fn read(stretch: Stretch<'_>, file: &IndexedFile, all: bool) -> Result<IndexRead, ContainerError> {
    if is_cues(stretch.data) {
        return alone(stretch, file);
    }
    let data = stretch.data;
    let mut top = children(data);
    // Padding and checksums may stand anywhere.
    let segment = top.find(|element| !matches!(element.id, EBML | VOID | CRC_32));
    let segment = segment.filter(|element| element.id == SEGMENT);
    let segment = segment.ok_or(ContainerError::Missing("Segment"))?;
    let origin = stretch.first.saturating_add(segment.body as u64);
    let end = segment.length.map(|length| origin.saturating_add(length));
    let mut frame = Frame { origin, end, scale: DEFAULT_SCALE, length: None };
    let mut cues_at = None;
    let mut behind = None;
    for child in children(segment.payload).take(MAX_ELEMENTS) {
        match child.id {
            INFO => describe(&child, &mut frame),
            SEEK_HEAD => cues_at = position_of_cues(child.payload).or(cues_at),
            CUES if child.is_whole() => {
                return list(stretch, (child.payload, origin.saturating_add(child.start as u64)), frame, file);
            }
            CUES => cues_at = Some(child.start as u64),
            CLUSTER => break,
            _ => continue,
        }
    }
    // Cues may be behind the media.
    let at = cues_at.and_then(|at| usize::try_from(at).ok());
    if let Some(cues) = at.and_then(|at| element(segment.payload, at)).filter(|cues| cues.id == CUES) {
        if cues.is_whole() {
            return list(stretch, (cues.payload, origin.saturating_add(cues.start as u64)), frame, file);
        }
        behind = cues.end();
    }
    // The manifest may know better than the file.
    let listed = file.index.map(|(first, length)| (first, first.saturating_add(length)));
    let found = cues_at.map(|at| origin.saturating_add(at));
    let wanted = match (found, listed) {
        (Some(at), _) => Some((at, behind.map_or(at.saturating_add(HEAD), |end| origin.saturating_add(end)))),
        (None, listed) => listed,
    };
    match wanted {
        _ if all => plain(stretch, frame.length, file),
        // The beginning is needed as well: cues alone do not say from where their positions count.
        Some((_, end)) if end <= MAX_SPAN && end > stretch.end() => Ok(IndexRead::More((0, end))),
        Some((at, end)) if at <= MAX_SPAN && at >= stretch.end() => Ok(IndexRead::More((0, end.min(MAX_SPAN)))),
        _ => plain(stretch, frame.length, file),
    }
}

/// Cues without what is before them: that is asked for if it is near. If not, cues are behind the media, and the first
/// cluster follows the initialisation.
fn alone(stretch: Stretch<'_>, file: &IndexedFile) -> Result<IndexRead, ContainerError> {
    let end = stretch.end();
    if end <= MAX_SPAN {
        return Ok(IndexRead::More((0, end)));
    }
    let init = file.init.as_ref().and_then(|init| init.range).map(|(first, length)| first.saturating_add(length));
    let cues = element(stretch.data, 0).ok_or(ContainerError::Malformed("Cues"))?;
    let first = points(cues.payload)?.first().map(|(_, position)| *position);
    let origin = init.zip(first).and_then(|(init, first)| init.checked_sub(first));
    let origin = origin.ok_or(ContainerError::Missing("Segment"))?;
    let frame = Frame { origin, end: Some(stretch.first), scale: DEFAULT_SCALE, length: None };
    list(stretch, (cues.payload, stretch.first), frame, file)
}

fn describe(info: &Element<'_>, frame: &mut Frame) {
    let mut ticks = None;
    for child in children(info.payload).take(MAX_ELEMENTS) {
        match child.id {
            TIMESTAMP_SCALE => frame.scale = child.unsigned().max(1),
            DURATION => {
                ticks = match child.payload.len() {
                    4 => child.payload.try_into().ok().map(|bytes| f64::from(f32::from_be_bytes(bytes))),
                    8 => child.payload.try_into().ok().map(f64::from_be_bytes),
                    _ => None,
                }
            }
            _ => {}
        }
    }
    frame.length = ticks.and_then(|ticks| Duration::try_from_secs_f64(ticks * frame.scale as f64 / 1e9).ok());
}

fn position_of_cues(seek_head: &[u8]) -> Option<u64> {
    let seeks = children(seek_head).take(MAX_ELEMENTS).filter(|child| child.id == SEEK);
    let target = |seek: &Element<'_>, id: u32| {
        children(seek.payload).take(MAX_ELEMENTS).find(|child| child.id == id).map(|child| child.unsigned())
    };
    seeks.filter(|seek| target(seek, SEEK_ID) == Some(CUES.into())).find_map(|seek| target(&seek, SEEK_POSITION))
}

/// Times and positions of clusters, each cluster once, in the order of the file.
fn points(cues: &[u8]) -> Result<Vec<(u64, u64)>, ContainerError> {
    let mut points: Vec<(u64, u64)> = Vec::new();
    for point in children(cues).filter(|child| child.id == CUE_POINT) {
        if points.len() >= MAX_SEGMENTS {
            return Err(ContainerError::LimitExceeded { what: "cue points", max: MAX_SEGMENTS as u64 });
        }
        let (mut time, mut position) = (None, None);
        for child in children(point.payload).take(MAX_ELEMENTS) {
            match child.id {
                CUE_TIME => time = Some(child.unsigned()),
                CUE_TRACK_POSITIONS if position.is_none() => {
                    let inner = children(child.payload).take(MAX_ELEMENTS);
                    position =
                        inner.filter(|child| child.id == CUE_CLUSTER_POSITION).map(|child| child.unsigned()).next();
                }
                _ => {}
            }
        }
        points.extend(time.zip(position));
    }
    points.sort_unstable_by_key(|(time, position)| (*position, *time));
    points.dedup_by_key(|(_, position)| *position);
    Ok(points)
}

/// `cues` begin at the byte `at` of the file.
fn list(
    stretch: Stretch<'_>,
    (cues, at): (&[u8], u64),
    frame: Frame,
    file: &IndexedFile,
) -> Result<IndexRead, ContainerError> {
    let points = points(cues)?;
    if points.is_empty() {
        return plain(stretch, frame.length, file);
    }
    let time = |ticks: u64| {
        let nanos = u128::from(ticks) * u128::from(frame.scale);
        MediaTime::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
    };
    let mut entries: Vec<Entry> = Vec::with_capacity(points.len());
    for (index, (ticks, position)) in points.iter().enumerate() {
        let (start, first) = (time(*ticks), frame.origin.saturating_add(*position));
        let next = points.get(index + 1);
        let end = next.map_or_else(|| end_of_last(start, &entries, frame, file), |(ticks, _)| time(*ticks));
        let bytes_end = next.map_or(frame.end, |(_, position)| Some(frame.origin.saturating_add(*position)));
        let length = bytes_end.map(|end| end.saturating_sub(first)).filter(|length| *length > 0);
        entries.push(Entry { start, end, first, length: length.unwrap_or(ByteSource::TO_THE_END) });
    }
    Ok(IndexRead::Done(segments(&entries, at, file)?))
}

/// Cues say when clusters begin; the last one ends with the file, or with its period, or is as long as the one before.
fn end_of_last(start: MediaTime, entries: &[Entry], frame: Frame, file: &IndexedFile) -> MediaTime {
    let by_file = frame.length.map(MediaTime::from_duration).filter(|end| *end > start);
    let (shift, _, period_end) = super::period(file);
    let by_period = Some(period_end).filter(|end| *end != MediaTime::MAX).map(|end| end - shift);
    let like_before = entries.last().map(|entry| start + entry.end.duration_since(entry.start));
    let guess = start + Duration::from_secs(10);
    by_file.or(by_period.filter(|end| *end > start)).or(like_before).unwrap_or(guess)
}
