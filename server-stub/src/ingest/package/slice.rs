//! Where an H.264 slice header ends: encryption starts behind it, so that a parser can walk a stream without the key.
//!
//! ITU-T H.264, 7.3.2.1 (sequence), 7.3.2.2 (picture), 7.3.3 (slice header). Only what decides the header's length is
//! kept. What the encoder here never writes (slice groups, switching slices) is refused.

use mp4_atom::Avcc;

/// The parts of the parameter sets on which the length of a slice header depends.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct AvcParameters {
    length_size: usize,
    separate_planes: bool,
    chroma: bool,
    frame_num_bits: u32,
    order_type: u32,
    order_bits: u32,
    order_always_zero: bool,
    frames_only: bool,
    cabac: bool,
    bottom_order: bool,
    references: [u32; 2],
    weighted: bool,
    weighted_b: u32,
    deblocking: bool,
    redundant: bool,
}

/// A run of bytes in the clear and the run of protected ones that follows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Subsample {
    pub(crate) clear: usize,
    pub(crate) protected: usize,
}

impl AvcParameters {
    /// From a decoder configuration.
    pub(crate) fn parse(avcc: &Avcc) -> Result<Self, String> {
        let (Some(sps), Some(pps)) = (avcc.sequence_parameter_sets.first(), avcc.picture_parameter_sets.first()) else {
            return Err("the parameter sets are missing".to_owned());
        };
        if avcc.picture_parameter_sets.len() > 1 || avcc.sequence_parameter_sets.len() > 1 {
            return Err("there is more than one parameter set".to_owned());
        }
        Self::parse_sets(usize::from(avcc.length_size), sps, pps).ok_or_else(|| "a parameter set is damaged".to_owned())
    }

    fn parse_sets(length_size: usize, sps: &[u8], pps: &[u8]) -> Option<Self> {
        let mut bits = Bits::new(sps);
        bits.take(8)?;
        let profile = bits.take(8)?;
        bits.take(16)?;
        bits.ue()?;
        let (mut chroma_format, mut separate_planes) = (1, false);
        if [100, 110, 122, 244, 44, 83, 86, 118, 128, 138].contains(&profile) {
            chroma_format = bits.ue()?;
            if chroma_format == 3 {
                separate_planes = bits.flag()?;
            }
            bits.ue()?;
            bits.ue()?;
            bits.take(1)?;
            if bits.flag()? {
                // Scaling lists: never written by the encoder here.
                return None;
            }
        }
        let frame_num_bits = bits.ue()? + 4;
        let order_type = bits.ue()?;
        let (mut order_bits, mut order_always_zero) = (0, false);
        match order_type {
            0 => order_bits = bits.ue()? + 4,
            1 => {
                order_always_zero = bits.flag()?;
                bits.se()?;
                bits.se()?;
                for _ in 0..bits.ue()?.min(255) {
                    bits.se()?;
                }
            }
            _ => {}
        }
        bits.ue()?;
        bits.take(1)?;
        bits.ue()?;
        bits.ue()?;
        let frames_only = bits.flag()?;

        let mut bits = Bits::new(pps);
        bits.take(8)?;
        bits.ue()?;
        bits.ue()?;
        let cabac = bits.flag()?;
        let bottom_order = bits.flag()?;
        if bits.ue()? != 0 {
            return None;
        }
        let references = [bits.ue()? + 1, bits.ue()? + 1];
        let weighted = bits.flag()?;
        let weighted_b = bits.take(2)?;
        bits.se()?;
        bits.se()?;
        bits.se()?;
        let deblocking = bits.flag()?;
        bits.take(1)?;
        let redundant = bits.flag()?;
        (length_size > 0 && frame_num_bits <= 16 && order_bits <= 16).then_some(Self {
            length_size,
            separate_planes,
            chroma: chroma_format != 0 && !separate_planes,
            frame_num_bits,
            order_type,
            order_bits,
            order_always_zero,
            frames_only,
            cabac,
            bottom_order,
            references,
            weighted,
            weighted_b,
            deblocking,
            redundant,
        })
    }

    /// Splits a sample into what stays in the clear and what is protected; `whole_blocks` makes every protected run a
    /// multiple of 16 bytes by leaving more of its start in the clear.
    pub(crate) fn subsamples(&self, sample: &[u8], whole_blocks: bool) -> Result<Vec<Subsample>, String> {
        let mut list = Vec::new();
        let mut clear = 0;
        let mut rest = sample;
        while !rest.is_empty() {
            let (length, behind) = rest.split_at_checked(self.length_size).ok_or("a unit's length is cut off")?;
            let size = length.iter().fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
            let (unit, next) = behind.split_at_checked(size).ok_or("a unit is cut off")?;
            let lead = match unit.first().map(|first| first & 0x1f) {
                Some(1 | 5) => self.slice_header(unit).ok_or("a slice header is damaged")?,
                _ => size,
            };
            let mut protected = size - lead;
            if whole_blocks {
                protected -= protected % 16;
            }
            clear += self.length_size + size - protected;
            // Less than a block cannot be encrypted; it joins what comes next.
            if protected >= 16 {
                push(&mut list, clear, protected);
                clear = 0;
            } else {
                clear += protected;
            }
            rest = next;
        }
        if clear > 0 {
            push(&mut list, clear, 0);
        }
        Ok(list)
    }

    /// Bytes of a slice's unit up to the end of the header, rounded up.
    fn slice_header(&self, unit: &[u8]) -> Option<usize> {
        self.read_slice_header(unit).map(|bits| bits.used_bytes())
    }

    fn read_slice_header<'a>(&self, unit: &'a [u8]) -> Option<Bits<'a>> {
        let mut bits = Bits::new(unit);
        bits.take(1)?;
        let reference = bits.take(2)? != 0;
        let idr = bits.take(5)? == 5;
        bits.ue()?;
        let kind = bits.ue()? % 5;
        let (is_p, is_b) = (kind == 0, kind == 1);
        if kind > 2 {
            return None;
        }
        bits.ue()?;
        if self.separate_planes {
            bits.take(2)?;
        }
        bits.take(self.frame_num_bits)?;
        let mut field = false;
        if !self.frames_only {
            field = bits.flag()?;
            if field {
                bits.take(1)?;
            }
        }
        if idr {
            bits.ue()?;
        }
        if self.order_type == 0 {
            bits.take(self.order_bits)?;
            if self.bottom_order && !field {
                bits.se()?;
            }
        } else if self.order_type == 1 && !self.order_always_zero {
            bits.se()?;
            if self.bottom_order && !field {
                bits.se()?;
            }
        }
        if self.redundant {
            bits.ue()?;
        }
        if is_b {
            bits.take(1)?;
        }
        let mut references = self.references;
        if is_p || is_b {
            if bits.flag()? {
                references[0] = bits.ue()? + 1;
                if is_b {
                    references[1] = bits.ue()? + 1;
                }
            }
            for _ in 0..if is_b { 2 } else { 1 } {
                self.list_changes(&mut bits)?;
            }
        }
        if (self.weighted && is_p) || (self.weighted_b == 1 && is_b) {
            self.weights(&mut bits, &references[..if is_b { 2 } else { 1 }])?;
        }
        if reference {
            marking(&mut bits, idr)?;
        }
        if self.cabac && (is_p || is_b) {
            bits.ue()?;
        }
        bits.se()?;
        if self.deblocking && bits.ue()? != 1 {
            bits.se()?;
            bits.se()?;
        }
        Some(bits)
    }

    fn list_changes(&self, bits: &mut Bits<'_>) -> Option<()> {
        if bits.flag()? {
            // The standard allows as many commands as there are references, at most 32 fields.
            for _ in 0..66 {
                if bits.ue()? == 3 {
                    return Some(());
                }
                bits.ue()?;
            }
            return None;
        }
        Some(())
    }

    fn weights(&self, bits: &mut Bits<'_>, references: &[u32]) -> Option<()> {
        bits.ue()?;
        if self.chroma {
            bits.ue()?;
        }
        for count in references {
            for _ in 0..(*count).min(32) {
                if bits.flag()? {
                    bits.se()?;
                    bits.se()?;
                }
                if self.chroma && bits.flag()? {
                    for _ in 0..4 {
                        bits.se()?;
                    }
                }
            }
        }
        Some(())
    }
}

/// Reference picture marking (7.3.3.3).
fn marking(bits: &mut Bits<'_>, idr: bool) -> Option<()> {
    if idr {
        bits.take(2)?;
        return Some(());
    }
    if bits.flag()? {
        for _ in 0..66 {
            match bits.ue()? {
                0 => return Some(()),
                3 => {
                    bits.ue()?;
                    bits.ue()?;
                }
                5 => {}
                _ => {
                    bits.ue()?;
                }
            }
        }
        return None;
    }
    Some(())
}

/// The count of clear bytes has 16 bits in the file, so long runs are split.
fn push(list: &mut Vec<Subsample>, mut clear: usize, protected: usize) {
    const MAX: usize = 0xffff;
    while clear > MAX {
        list.push(Subsample { clear: MAX, protected: 0 });
        clear -= MAX;
    }
    list.push(Subsample { clear, protected });
}

/// Reads bits of a unit and steps over emulation prevention bytes.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    bit: u32,
    zeros: u32,
}

impl<'a> Bits<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, bit: 0, zeros: 0 }
    }

    fn flag(&mut self) -> Option<bool> {
        if self.bit == 0 && self.zeros >= 2 && self.bytes.get(self.at) == Some(&3) {
            self.at += 1;
            self.zeros = 0;
        }
        let byte = *self.bytes.get(self.at)?;
        let value = byte >> (7 - self.bit) & 1 == 1;
        self.bit += 1;
        if self.bit == 8 {
            self.bit = 0;
            self.at += 1;
            self.zeros = if byte == 0 { self.zeros + 1 } else { 0 };
        }
        Some(value)
    }

    fn take(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            value = value << 1 | u32::from(self.flag()?);
        }
        Some(value)
    }

    /// Unsigned exponential Golomb code.
    fn ue(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
            if zeros > 24 {
                return None;
            }
        }
        Some((1 << zeros) - 1 + self.take(zeros)?)
    }

    /// Signed exponential Golomb code; only its length matters here.
    fn se(&mut self) -> Option<()> {
        self.ue().map(|_| ())
    }

    fn used_bytes(&self) -> usize {
        self.at + usize::from(self.bit > 0)
    }
}

#[cfg(test)]
impl AvcParameters {
    /// With CABAC a slice header is followed by ones up to the next byte: a wrong length would show there.
    pub(crate) fn alignment_is_ones(&self, unit: &[u8]) -> bool {
        let Some(mut bits) = self.read_slice_header(unit) else { return false };
        while bits.bit != 0 {
            if bits.flag() != Some(true) {
                return false;
            }
        }
        self.cabac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golomb_codes_and_emulation_bytes() {
        let mut bits = Bits::new(&[0b1010_0110, 0b0100_0000]);
        assert_eq!((bits.ue(), bits.ue(), bits.ue(), bits.ue()), (Some(0), Some(1), Some(2), Some(3)));
        let mut bits = Bits::new(&[0, 0, 3, 0xff, 0x80]);
        assert_eq!(bits.take(24), Some(0xff));
        assert_eq!(bits.used_bytes(), 4);
        assert_eq!(Bits::new(&[0, 0, 0, 0, 0]).ue(), None);
        assert_eq!(Bits::new(&[]).flag(), None);
    }

    #[test]
    fn long_clear_runs_are_split() {
        let mut list = Vec::new();
        push(&mut list, 150_000, 32);
        assert_eq!(list.len(), 3);
        assert_eq!(list.iter().map(|sub| sub.clear).sum::<usize>(), 150_000);
        assert_eq!(list[2].protected, 32);
    }
}
