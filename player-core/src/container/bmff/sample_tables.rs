//! Plain files: samples by the tables of `moov`.

use super::boxes::{self, Reader};
use super::budget::Budget;
use super::init::{self, InitSegment, InitTrack};
use super::sample_encryption::Described;
use super::streams::{Listed, Run, TrackSamples, sample};
use crate::container::{ContainerError, Sample};
use bytes::Bytes;

/// Adds the samples that `moov` lists to those of their `tracks`. Returns whether there were any.
pub(super) fn demux(
    media: &Bytes,
    moov: &[u8],
    init: &InitSegment,
    tracks: &mut [TrackSamples],
    budget: &mut Budget,
) -> Result<bool, ContainerError> {
    let mut any = false;
    for found in boxes::boxes(moov) {
        let trak = found?;
        if &trak.kind != b"trak" {
            continue;
        }
        let id = init::track_id(trak.payload)?;
        let Some(position) = init.tracks.iter().position(|track| track.id == id) else { continue };
        let stbl = boxes::require_path(trak.payload, &["mdia", "minf", "stbl"])?;
        let track = &init.tracks[position];
        let (samples, runs, end) = Tables::parse(stbl)?.samples(media, track, budget)?;
        any |= !samples.is_empty();
        tracks[position].next_decode_time = end;
        let described = Described { boxes: stbl, fragment: false, media, base: 0, listed: samples.len() };
        tracks[position].push(described, track, &runs, samples, budget)?;
    }
    Ok(any)
}

/// Where a sample is, and what is said of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Located {
    /// First byte in the file.
    pub(super) at: u64,
    pub(super) size: u32,
    pub(super) listed: Listed,
    /// Sample description index, counted from 1.
    pub(super) description: u32,
}

/// Visits what the tables of one track say, at most `limit` samples of it; that there are more is an error.
pub(super) fn each_sample(
    trak: &[u8],
    limit: u32,
    visit: impl FnMut(Located) -> Result<(), ContainerError>,
) -> Result<(), ContainerError> {
    let tables = Tables::parse(boxes::require_path(trak, &["mdia", "minf", "stbl"])?)?;
    if tables.sizes.count > limit {
        return Err(ContainerError::LimitExceeded { what: "samples", max: u64::from(limit) });
    }
    tables.walk(visit).map(|_| ())
}

/// The tables of one track.
struct Tables<'a> {
    sizes: Sizes<'a>,
    durations: RunLengths<'a>,
    offsets: Option<RunLengths<'a>>,
    /// Numbers of samples that decoding can start at, counted from 1; without the table it can start at all.
    sync: Option<Reader<'a>>,
    chunks: Chunks<'a>,
}

impl<'a> Tables<'a> {
    fn parse(stbl: &'a [u8]) -> Result<Self, ContainerError> {
        let offsets = match boxes::find(stbl, b"ctts")? {
            Some(ctts) => Some(RunLengths::parse(ctts.payload, "ctts")?),
            None => None,
        };
        let sync = match boxes::find(stbl, b"stss")? {
            Some(stss) => Some(table(stss.payload, "stss", 4)?),
            None => None,
        };
        Ok(Self {
            sizes: Sizes::parse(stbl)?,
            durations: RunLengths::parse(boxes::require(stbl, "stts")?.payload, "stts")?,
            offsets,
            sync,
            chunks: Chunks::parse(stbl)?,
        })
    }

    /// Samples, the runs they are in, and where decode time ends.
    fn samples(
        self,
        media: &Bytes,
        track: &InitTrack,
        budget: &mut Budget,
    ) -> Result<(Vec<Sample>, Vec<Run>, i64), ContainerError> {
        let count = self.sizes.count;
        budget.samples(u64::from(count))?;
        let (mut samples, mut runs) = (Vec::with_capacity(count as usize), Vec::<Run>::new());
        let end = self.walk(|located| {
            let Located { at, size, listed, description } = located;
            samples.push(sample(media, (at, size), listed, track, budget)?);
            match runs.last_mut().filter(|run| run.description == description) {
                Some(run) => run.samples += 1,
                None => runs.push(Run { samples: 1, description }),
            }
            Ok(())
        })?;
        Ok((samples, runs, end))
    }

    /// Visits the samples in the order of the file. Returns where decode time ends.
    fn walk(mut self, mut visit: impl FnMut(Located) -> Result<(), ContainerError>) -> Result<i64, ContainerError> {
        let count = self.sizes.count;
        let mut decoded = 0i64;
        let mut number = 0u32;
        let mut next_sync = self.next_sync(0);
        while number < count {
            let Chunk { offset, samples: in_chunk, description } = self.chunks.next()?;
            let in_chunk = in_chunk.min(count - number);
            let mut at = offset;
            for _ in 0..in_chunk {
                number += 1;
                let size = self.sizes.next()?;
                let duration = self.durations.next().cast_unsigned();
                let keyframe = self.sync.is_none() || next_sync == Some(number);
                if next_sync.is_some_and(|sync| sync <= number) {
                    next_sync = self.next_sync(number);
                }
                let offset = self.offsets.as_mut().map_or(0, RunLengths::next);
                visit(Located { at, size, listed: Listed { decoded, offset, duration, keyframe }, description })?;
                at = at.saturating_add(u64::from(size));
                decoded = decoded.saturating_add(i64::from(duration));
            }
        }
        Ok(decoded)
    }

    /// The next number in `stss` above `number`.
    fn next_sync(&mut self, number: u32) -> Option<u32> {
        let table = self.sync.as_mut()?;
        std::iter::from_fn(|| table.u32().ok()).find(|sync| *sync > number)
    }
}

/// The entries of a table of `width` bytes each, all of which must be there.
fn table<'a>(payload: &'a [u8], name: &'static str, width: usize) -> Result<Reader<'a>, ContainerError> {
    let (_, _, mut reader) = Reader::full(payload, name)?;
    let count = reader.u32()? as usize;
    Ok(Reader::new(reader.take(count.saturating_mul(width))?, name))
}

/// `stts` and `ctts`: how often a value is repeated, and the value.
struct RunLengths<'a> {
    entries: Reader<'a>,
    left: u32,
    value: i32,
}

impl<'a> RunLengths<'a> {
    fn parse(payload: &'a [u8], name: &'static str) -> Result<Self, ContainerError> {
        Ok(Self { entries: table(payload, name, 8)?, left: 0, value: 0 })
    }

    /// The last value is repeated for what lies behind the table.
    fn next(&mut self) -> i32 {
        while self.left == 0 {
            let (Ok(count), Ok(value)) = (self.entries.u32(), self.entries.i32()) else { break };
            (self.left, self.value) = (count, value);
        }
        self.left = self.left.saturating_sub(1);
        self.value
    }
}

/// `stsz` or `stz2`.
struct Sizes<'a> {
    count: u32,
    /// Of all samples, unless zero.
    uniform: u32,
    /// Bits of a size in the table: 4, 8, 16 or 32.
    width: u8,
    each: Reader<'a>,
    /// The second half of a byte with two sizes.
    half: Option<u8>,
}

impl<'a> Sizes<'a> {
    fn parse(stbl: &'a [u8]) -> Result<Self, ContainerError> {
        let (uniform, width, count, mut reader) = match boxes::find(stbl, b"stsz")? {
            Some(stsz) => {
                let (_, _, mut reader) = Reader::full(stsz.payload, "stsz")?;
                (reader.u32()?, 32, reader.u32()?, reader)
            }
            None => {
                let (_, _, mut reader) = Reader::full(boxes::require(stbl, "stz2")?.payload, "stz2")?;
                let width = (reader.u32()? & 0xff) as u8;
                if !matches!(width, 4 | 8 | 16) {
                    return Err(reader.malformed());
                }
                (0, width, reader.u32()?, reader)
            }
        };
        let bytes = (u64::from(count) * u64::from(width)).div_ceil(8);
        if uniform == 0 {
            reader = Reader::new(reader.take(usize::try_from(bytes).unwrap_or(usize::MAX))?, "stsz");
        }
        Ok(Self { count, uniform, width, each: reader, half: None })
    }

    fn next(&mut self) -> Result<u32, ContainerError> {
        if self.uniform != 0 {
            return Ok(self.uniform);
        }
        Ok(match self.width {
            4 => match self.half.take() {
                Some(half) => u32::from(half),
                None => {
                    let both = self.each.u8()?;
                    self.half = Some(both & 0x0f);
                    u32::from(both >> 4)
                }
            },
            8 => u32::from(self.each.u8()?),
            16 => u32::from(self.each.u16()?),
            _ => self.each.u32()?,
        })
    }
}

/// Samples that lie one after the other.
struct Chunk {
    offset: u64,
    samples: u32,
    description: u32,
}

/// `stco` or `co64`, and `stsc`: where chunks are and how many samples each has.
struct Chunks<'a> {
    offsets: Reader<'a>,
    wide: bool,
    /// First chunk, samples in each, description; in order of chunks.
    counts: Reader<'a>,
    /// Number of the chunk that comes next, counted from 1.
    number: u32,
    samples: u32,
    description: u32,
    /// The entry of `stsc` that is not reached yet.
    ahead: Option<[u32; 3]>,
}

impl<'a> Chunks<'a> {
    fn parse(stbl: &'a [u8]) -> Result<Self, ContainerError> {
        let (offsets, wide) = match boxes::find(stbl, b"co64")? {
            Some(co64) => (table(co64.payload, "co64", 8)?, true),
            None => (table(boxes::require(stbl, "stco")?.payload, "stco", 4)?, false),
        };
        let mut counts = table(boxes::require(stbl, "stsc")?.payload, "stsc", 12)?;
        let ahead = entry(&mut counts);
        Ok(Self { offsets, wide, counts, number: 1, samples: 0, description: 1, ahead })
    }

    fn next(&mut self) -> Result<Chunk, ContainerError> {
        while let Some([first, samples, description]) = self.ahead
            && first <= self.number
        {
            (self.samples, self.description) = (samples, description.max(1));
            self.ahead = entry(&mut self.counts);
        }
        self.number = self.number.saturating_add(1);
        let offset = self.offsets.u32_or_u64(self.wide)?;
        Ok(Chunk { offset, samples: self.samples, description: self.description })
    }
}

fn entry(counts: &mut Reader<'_>) -> Option<[u32; 3]> {
    Some([counts.u32().ok()?, counts.u32().ok()?, counts.u32().ok()?])
}
