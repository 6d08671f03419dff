//! Fragments: `moof` and the samples that it lists.

use super::boxes::{self, BoxRef, Reader};
use super::budget::Budget;
use super::init::{InitSegment, InitTrack};
use super::sample_encryption::Described;
use super::streams::{Listed, Run, TrackSamples, sample};
use crate::container::{ContainerError, Sample};
use abr::MediaTime;
use bytes::Bytes;

/// `sample_is_non_sync_sample` of the sample flags.
const NON_SYNC: u32 = 0x0001_0000;
/// How many boxes behind a `moof` its `mdat` is looked for, where offsets do not lead to it.
const BOXES_BEFORE_DATA: usize = 8;

/// Adds the samples of one `moof` to those of their `tracks`. Returns when the first of them is shown.
pub(super) fn demux(
    media: &Bytes,
    moof: &BoxRef<'_>,
    init: &InitSegment,
    tracks: &mut [TrackSamples],
    budget: &mut Budget,
) -> Result<Option<MediaTime>, ContainerError> {
    let mut earliest = None;
    let mut implied_base = moof.start as u64;
    for found in boxes::boxes(moof.payload) {
        let traf = found?;
        if &traf.kind != b"traf" {
            continue;
        }
        let fragment = Fragment::parse(media, moof, traf.payload, implied_base)?;
        // Fragments of tracks that are left out still say where the data of the next one begin.
        let (first, end) = match init.position(fragment.header.track) {
            Some(position) => fragment.demux(media, &init.tracks[position], &mut tracks[position], budget)?,
            None => (None, fragment.base),
        };
        implied_base = end;
        earliest = [earliest, first].into_iter().flatten().min();
    }
    Ok(earliest)
}

/// `tfhd`.
#[derive(Clone, Copy, Debug)]
struct Header {
    track: u32,
    base_data_offset: Option<u64>,
    base_is_moof: bool,
    description: Option<u32>,
    duration: Option<u32>,
    size: Option<u32>,
    flags: Option<u32>,
}

impl Header {
    fn parse(tfhd: &[u8]) -> Result<Self, ContainerError> {
        let (_, flags, mut reader) = Reader::full(tfhd, "tfhd")?;
        Ok(Self {
            track: reader.u32()?,
            base_data_offset: if flags & 1 != 0 { Some(reader.u64()?) } else { None },
            base_is_moof: flags & 0x02_0000 != 0,
            description: reader.u32_if(flags & 2 != 0)?,
            duration: reader.u32_if(flags & 8 != 0)?,
            size: reader.u32_if(flags & 0x10 != 0)?,
            flags: reader.u32_if(flags & 0x20 != 0)?,
        })
    }
}

/// `trun` without its samples.
#[derive(Clone, Copy, Debug)]
struct RunHeader<'a> {
    flags: u32,
    count: u32,
    data_offset: Option<i32>,
    first_flags: Option<u32>,
    entries: Reader<'a>,
}

impl<'a> RunHeader<'a> {
    fn parse(trun: &'a [u8]) -> Result<Self, ContainerError> {
        let (_, flags, mut reader) = Reader::full(trun, "trun")?;
        let count = reader.u32()?;
        let data_offset = if flags & 1 != 0 { Some(reader.i32()?) } else { None };
        let first_flags = reader.u32_if(flags & 4 != 0)?;
        Ok(Self { flags, count, data_offset, first_flags, entries: reader })
    }

    fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }
}

/// One `traf`.
struct Fragment<'a> {
    traf: &'a [u8],
    header: Header,
    /// What offsets count from, in the media.
    base: u64,
    /// Where the data begin if the first run does not say it.
    data: u64,
}

impl<'a> Fragment<'a> {
    fn parse(media: &[u8], moof: &BoxRef<'_>, traf: &'a [u8], implied_base: u64) -> Result<Self, ContainerError> {
        let header = Header::parse(boxes::require(traf, "tfhd")?.payload)?;
        let first_run = boxes::find(traf, b"trun")?.map(|run| RunHeader::parse(run.payload)).transpose()?;
        let offset = first_run.and_then(|run| run.data_offset);
        let mdat = || boxes::boxes(&media[moof.end()..]).take(BOXES_BEFORE_DATA).flatten().find(|b| &b.kind == b"mdat");
        let base = match header.base_data_offset {
            None if header.base_is_moof => moof.start as u64,
            None => implied_base,
            Some(explicit) => {
                // It counts from the beginning of the file, so it is of no use in a segment cut out of one. Then the
                // fragment itself is meant, or the data.
                let data =
                    mdat().map_or(0..0, |mdat| (moof.end() + mdat.content) as u64..(moof.end() + mdat.end()) as u64);
                let first = |base: u64| base.saturating_add_signed(i64::from(offset.unwrap_or(0)));
                let candidates = [explicit, moof.start as u64, data.start];
                candidates.into_iter().find(|base| data.contains(&first(*base))).unwrap_or(explicit)
            }
        };
        // Without any offset at all, data at the beginning of `moof` would be its own header.
        let data = match mdat().filter(|_| offset.is_none() && base == moof.start as u64) {
            Some(mdat) => (moof.end() + mdat.content) as u64,
            None => base,
        };
        Ok(Self { traf, header, base, data })
    }

    /// Returns when the first sample is shown, and where the data end.
    fn demux(
        &self,
        media: &Bytes,
        track: &InitTrack,
        samples: &mut TrackSamples,
        budget: &mut Budget,
    ) -> Result<(Option<MediaTime>, u64), ContainerError> {
        let decode_time = match boxes::find(self.traf, b"tfdt")? {
            Some(tfdt) => {
                let (version, _, mut reader) = Reader::full(tfdt.payload, "tfdt")?;
                i64::try_from(reader.u32_or_u64(version == 1)?).map_err(|_| reader.malformed())?
            }
            None => samples.next_decode_time,
        };
        let description = self.header.description.unwrap_or(track.defaults.description).max(1);
        let mut cursor = Cursor { data: self.data, decode_time, listed: 0, clipped: false };
        let (mut listed, mut runs) = (Vec::new(), Vec::new());
        for found in boxes::boxes(self.traf) {
            let found = found?;
            if &found.kind == b"trun" {
                let before = listed.len();
                self.run(RunHeader::parse(found.payload)?, media, track, &mut cursor, &mut listed, budget)?;
                runs.push(Run { samples: listed.len() - before, description });
            }
        }
        samples.next_decode_time = cursor.decode_time;
        let shown = listed.iter().filter(|sample| !sample.hidden).map(|sample| sample.pts).min();
        let described = Described { boxes: self.traf, fragment: true, media, base: self.base, listed: cursor.listed };
        samples.push(described, track, &runs, listed, budget)?;
        Ok((shown, cursor.data))
    }

    fn run(
        &self,
        mut run: RunHeader<'_>,
        media: &Bytes,
        track: &InitTrack,
        cursor: &mut Cursor,
        samples: &mut Vec<Sample>,
        budget: &mut Budget,
    ) -> Result<(), ContainerError> {
        let fields = [0x100, 0x200, 0x400, 0x800].into_iter().filter(|flag| run.has(*flag)).count() as u64;
        if (run.entries.rest().len() as u64) < u64::from(run.count) * fields * 4 {
            return Err(run.entries.malformed());
        }
        budget.samples(u64::from(run.count))?;
        samples.reserve(run.count as usize);
        if let Some(offset) = run.data_offset {
            let data = self.base.checked_add_signed(i64::from(offset));
            cursor.data = data.ok_or(ContainerError::Malformed("trun"))?;
        }
        let defaults = &track.defaults;
        for position in 0..run.count {
            let duration = run.entries.u32_if(run.has(0x100))?.or(self.header.duration).unwrap_or(defaults.duration);
            let size = run.entries.u32_if(run.has(0x200))?.or(self.header.size).unwrap_or(defaults.size);
            let flags = run.entries.u32_if(run.has(0x400))?.or(self.header.flags).unwrap_or(defaults.flags);
            let flags = run.first_flags.filter(|_| position == 0).unwrap_or(flags);
            // Unsigned in version 0, but nobody delays by years, and some writers mean negative numbers there too.
            let offset = if run.has(0x800) { run.entries.i32()? } else { 0 };
            let listed = Listed { decoded: cursor.decode_time, offset, duration, keyframe: flags & NON_SYNC == 0 };
            cursor.listed += 1;
            match sample(media, (cursor.data, size), listed, track, budget) {
                Ok(sample) if !cursor.clipped => samples.push(sample),
                Ok(_) => {}
                Err(ContainerError::Truncated { .. }) if budget.clipped => cursor.clipped = true,
                Err(error) => return Err(error),
            }
            cursor.data += u64::from(size);
            let next = cursor.decode_time.checked_add(i64::from(duration));
            cursor.decode_time = next.ok_or(ContainerError::Malformed("tfdt"))?;
        }
        Ok(())
    }
}

/// Where the next sample is, and when it is decoded.
struct Cursor {
    data: u64,
    decode_time: i64,
    /// Samples so far, with those that are not there.
    listed: usize,
    /// The data have ended.
    clipped: bool,
}
