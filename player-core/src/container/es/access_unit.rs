//! Where access units begin and end in a byte stream (H.264, 7.4.1.2.3; H.265, 7.4.2.4.4).
//!
//! An access unit begins at the first delimiter, parameter set or enhancement behind the slices of the one before, or
//! at the first slice of a picture. The two fields of an interlaced frame are one unit here.

use super::nal::{NalUnit, NalUnits};
use super::video::VideoCodec;
use super::{MAX_SAMPLES, h264, h265};
use crate::container::ContainerError;
use std::collections::BTreeMap;
use std::ops::Range;

/// Parameter sets of real streams have tens of bytes.
const MAX_PARAMETER_SET: usize = 4096;
/// Parameter sets that are remembered, in all.
const MAX_PARAMETER_SETS: usize = 64;

/// What a NAL unit is to the access unit around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Slice(Slice),
    AccessUnitDelimiter,
    /// Begins an access unit if the one before has slices.
    Delimiter {
        recovery: bool,
    },
    /// As a delimiter, and needed by decoders.
    ParameterSet {
        kind: u8,
        id: u32,
    },
    /// Goes with the slice behind it.
    Prefix,
    /// Stays in its access unit.
    Inner,
}

/// What a slice says of its picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    /// The first one of its picture.
    pub(super) first: bool,
    /// Of a picture at which decoding can begin.
    pub(super) key: bool,
    /// Refers to no other picture.
    pub(super) intra: bool,
    pub(super) field: Option<Field>,
}

/// One of the two fields of an interlaced frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) frame: u32,
    pub(super) bottom: bool,
}

/// An access unit in the stream's bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Unit {
    pub(super) bytes: Range<usize>,
    /// Can decoding begin here?
    pub(super) key: bool,
    /// Has sequence and picture parameter sets.
    pub(super) self_contained: bool,
    pub(super) pts: Option<i64>,
    pub(super) dts: Option<i64>,
}

/// All access units of a stream.
pub(super) struct Units {
    pub(super) units: Vec<Unit>,
    /// Parameter sets up to and with the first key frame, without start codes.
    pub(super) sets: Vec<Range<usize>>,
}

/// Cuts a stream. `gaps` are offsets before which bytes are missing, in order; damaged units are left out.
pub(super) fn split(codec: VideoCodec, data: &[u8], gaps: &[usize]) -> Result<Units, ContainerError> {
    let mut assembler = Assembler {
        codec,
        data,
        reader: h264::Reader::default(),
        gaps,
        units: Vec::new(),
        half: None,
        current: None,
        sets: BTreeMap::new(),
        key_seen: false,
        torn: true,
    };
    for nal in NalUnits::new(data) {
        assembler.push(&nal)?;
    }
    assembler.close(data.len())?;
    Ok(Units { units: assembler.units, sets: assembler.sets.into_values().collect() })
}

/// The unit that is being put together.
#[derive(Debug, Default)]
struct Current {
    start: usize,
    slices: usize,
    key: bool,
    recovery: bool,
    all_intra: bool,
    sequence: bool,
    picture: bool,
    /// Its first slice is not the first of its picture.
    headless: bool,
    damaged: bool,
    field: Option<Field>,
    /// Where prefixes of the next slice begin.
    prefix: Option<usize>,
}

struct Assembler<'a> {
    codec: VideoCodec,
    data: &'a [u8],
    reader: h264::Reader,
    gaps: &'a [usize],
    units: Vec<Unit>,
    /// The last unit is this field of a frame, and nothing is between it and what follows.
    half: Option<Field>,
    current: Option<Current>,
    sets: BTreeMap<(u8, u32), Range<usize>>,
    key_seen: bool,
    /// What came before the current unit is not there.
    torn: bool,
}

impl Assembler<'_> {
    fn push(&mut self, nal: &NalUnit) -> Result<(), ContainerError> {
        while let Some((&gap, later)) = self.gaps.split_first()
            && nal.body.start >= gap
        {
            self.gaps = later;
            // What ends at the gap may be whole.
            self.close(gap.min(nal.start))?;
            self.torn = true;
        }
        let body = &self.data[nal.body.clone()];
        let role = match self.codec {
            VideoCodec::H264 => self.reader.role(body),
            VideoCodec::H265 => h265::role(body),
        };
        let begins = match role {
            Role::Slice(slice) => slice.first,
            Role::AccessUnitDelimiter | Role::Delimiter { .. } | Role::ParameterSet { .. } => true,
            Role::Prefix | Role::Inner => false,
        };
        if let Some(current) = &self.current
            && begins
            && current.slices > 0
        {
            let end = current.prefix.unwrap_or(nal.start);
            self.close(end)?;
            self.current = Some(Current { start: end, ..Current::default() });
        }
        let unit = self.current.get_or_insert_with(|| Current { start: nal.start, ..Current::default() });
        unit.damaged |= self.gaps.first().is_some_and(|gap| nal.body.end > *gap);
        match role {
            Role::Slice(slice) => unit.add(slice),
            Role::Delimiter { recovery } => unit.recovery |= recovery,
            Role::Prefix if unit.slices > 0 => unit.prefix = unit.prefix.or(Some(nal.start)),
            Role::ParameterSet { kind, id } => {
                unit.sequence |= matches!(kind, 7 | 33);
                unit.picture |= matches!(kind, 8 | 34);
                let fits = self.sets.len() < MAX_PARAMETER_SETS && body.len() <= MAX_PARAMETER_SET;
                if !self.key_seen && fits {
                    self.sets.insert((kind, id), nal.body.clone());
                }
            }
            Role::Prefix | Role::AccessUnitDelimiter | Role::Inner => {}
        }
        Ok(())
    }

    /// Ends the current unit.
    fn close(&mut self, end: usize) -> Result<(), ContainerError> {
        let Some(current) = self.current.take() else { return Ok(()) };
        if current.slices == 0 {
            return Ok(());
        }
        // Slices without the first one of their picture are the rest of one that is gone.
        let broken = current.damaged || (current.headless && self.torn);
        self.torn = broken;
        let half = self.half.take();
        if broken {
            return Ok(());
        }
        if let (Some(one), Some(other), Some(first)) = (half, current.field, self.units.last_mut())
            && one.frame == other.frame
            && one.bottom != other.bottom
            && first.bytes.end == current.start
        {
            first.bytes.end = end;
            return Ok(());
        }
        if self.units.len() >= MAX_SAMPLES {
            return Err(ContainerError::LimitExceeded { what: "access units", max: MAX_SAMPLES as u64 });
        }
        // Broadcast encoders begin at intra pictures that are not marked otherwise.
        let key = current.key || current.recovery || (current.all_intra && current.sequence);
        self.key_seen |= key;
        self.half = current.field;
        let self_contained = current.sequence && current.picture;
        self.units.push(Unit { bytes: current.start..end, key, self_contained, pts: None, dts: None });
        Ok(())
    }
}

impl Current {
    fn add(&mut self, slice: Slice) {
        if self.slices == 0 {
            self.all_intra = true;
            self.headless = !slice.first;
            self.field = slice.field;
        }
        self.prefix = None;
        self.slices += 1;
        self.key |= slice.key;
        self.all_intra &= slice.intra;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUD: [u8; 5] = [0, 0, 1, 9, 0xf0];
    const SPS: [u8; 6] = [0, 0, 1, 0x67, 0x42, 0x80];
    const PPS: [u8; 6] = [0, 0, 1, 0x68, 0xce, 0x38];
    /// First slice of an IDR picture, and another one of the same.
    const IDR: [u8; 6] = [0, 0, 1, 0x65, 0x88, 0x80];
    const IDR_NEXT: [u8; 6] = [0, 0, 1, 0x65, 0x48, 0x80];
    const P: [u8; 6] = [0, 0, 1, 0x41, 0xe0, 0x80];
    const P_NEXT: [u8; 6] = [0, 0, 1, 0x41, 0x58, 0x80];

    fn lengths(parts: &[&[u8]], gaps: &[usize]) -> Vec<(usize, usize, bool)> {
        let units = split(VideoCodec::H264, &parts.concat(), gaps).unwrap().units;
        units.iter().map(|unit| (unit.bytes.start, unit.bytes.end, unit.key)).collect()
    }

    #[test]
    fn units_part_at_delimiters_and_at_first_slices() {
        let stream: [&[u8]; 8] = [&AUD, &SPS, &PPS, &IDR, &IDR_NEXT, &P, &P_NEXT, &P];
        assert_eq!(lengths(&stream, &[]), [(0, 29, true), (29, 41, false), (41, 47, false)]);
        let with_delimiters: [&[u8]; 5] = [&AUD, &IDR, &AUD, &P, &AUD];
        assert_eq!(lengths(&with_delimiters, &[]), [(0, 11, true), (11, 22, false)]);
    }

    #[test]
    fn a_picture_without_its_beginning_is_left_out() {
        assert_eq!(lengths(&[&P_NEXT, &P], &[]), [(6, 12, false)]);
        // A gap between the first picture and the rest of another one.
        assert_eq!(lengths(&[&IDR, &P_NEXT, &P], &[6]), [(0, 6, true), (12, 18, false)]);
        // A gap within a slice.
        assert_eq!(lengths(&[&IDR, &P, &P], &[10]), [(0, 6, true), (12, 18, false)]);
    }

    #[test]
    fn two_fields_are_one_unit() {
        let frame = |bottom: bool| Field { frame: 3, bottom };
        let mut assembler = Assembler {
            codec: VideoCodec::H264,
            data: &[],
            reader: h264::Reader::default(),
            gaps: &[],
            units: Vec::new(),
            half: None,
            current: None,
            sets: BTreeMap::new(),
            key_seen: false,
            torn: false,
        };
        for (number, bottom) in [false, true, false, true].into_iter().enumerate() {
            let field = Some(frame(bottom));
            assembler.current = Some(Current { start: number * 10, slices: 1, field, ..Current::default() });
            assembler.close(number * 10 + 10).unwrap();
        }
        let ranges: Vec<_> = assembler.units.iter().map(|unit| unit.bytes.clone()).collect();
        assert_eq!(ranges, [0..20, 20..40]);
    }

    #[test]
    fn parameter_sets_are_known_up_to_the_first_key_frame() {
        let parts: [&[u8]; 6] = [&SPS, &PPS, &P, &IDR, &PPS, &P];
        let units = split(VideoCodec::H264, &parts.concat(), &[]).unwrap();
        assert_eq!(units.sets.len(), 2);
        assert!(!units.units[1].self_contained);
    }
}
