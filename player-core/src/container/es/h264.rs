//! What assembling access units must know of H.264 (ITU-T H.264, chapter 7).

use super::access_unit::{Field, Role, Slice};
use super::bits::BitReader;
use super::nal::unescape;

/// A slice header has all that is read here in fewer bytes.
const SLICE_HEADER: usize = 32;
/// A sequence parameter set up to its size, scaling lists included.
const PARAMETER_SET: usize = 1024;

/// Reads NAL units one after the other and remembers the parameter sets that slice headers need.
#[derive(Debug)]
pub(super) struct Reader {
    sequences: [Option<Sequence>; 32],
    /// The sequence parameter set of each picture parameter set.
    pictures: Box<[Option<u8>; 256]>,
}

impl Default for Reader {
    fn default() -> Self {
        Self { sequences: [None; 32], pictures: Box::new([None; 256]) }
    }
}

/// Of a sequence parameter set what slice headers need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sequence {
    frame_number_bits: u32,
    colour_planes: bool,
    frames_only: bool,
}

impl Reader {
    /// What a NAL unit is to the access unit around it.
    pub(super) fn role(&mut self, nal: &[u8]) -> Role {
        match nal.first().map(|header| header & 0x1f) {
            Some(1 | 2 | 5) => self.slice(nal),
            Some(6) => Role::Delimiter { recovery: has_recovery_point(&nal[1..]) },
            Some(7) => self.sequence(nal),
            Some(8) => self.picture(nal),
            Some(9) => Role::AccessUnitDelimiter,
            // A prefix unit comes before every slice, not before the first alone.
            Some(14) => Role::Prefix,
            Some(15..=18) => Role::Delimiter { recovery: false },
            _ => Role::Inner,
        }
    }

    fn slice(&self, nal: &[u8]) -> Role {
        let plain = unescape(&nal[1..], SLICE_HEADER);
        let mut bits = BitReader::new(&plain);
        let first = bits.ue() == Some(0);
        let intra = bits.ue().is_some_and(|kind| matches!(kind % 5, 2 | 4));
        Role::Slice(Slice { first, key: nal[0] & 0x1f == 5, intra, field: self.field(&mut bits) })
    }

    /// The next part of a slice header: which field is it, if it is one?
    fn field(&self, bits: &mut BitReader<'_>) -> Option<Field> {
        let picture = usize::try_from(bits.ue()?).ok()?;
        let sequence = usize::from((*self.pictures.get(picture)?)?);
        let sequence = self.sequences[sequence]?;
        if sequence.colour_planes {
            bits.skip(2)?;
        }
        let frame = bits.bits(sequence.frame_number_bits)?;
        let is_field = !sequence.frames_only && bits.flag()?;
        if is_field { Some(Field { frame, bottom: bits.flag()? }) } else { None }
    }

    fn sequence(&mut self, nal: &[u8]) -> Role {
        let parsed = parse_sequence(&unescape(&nal[1..], PARAMETER_SET));
        if let Some((id, sequence)) = parsed {
            self.sequences[usize::from(id)] = Some(sequence);
        }
        // One that cannot be read here may still be good enough for a decoder.
        Role::ParameterSet { kind: 7, id: parsed.map_or(0, |(id, _)| id.into()) }
    }

    fn picture(&mut self, nal: &[u8]) -> Role {
        let plain = unescape(&nal[1..], SLICE_HEADER);
        let mut bits = BitReader::new(&plain);
        let ids = (|| Some((u8::try_from(bits.ue()?).ok()?, u8::try_from(bits.ue()?).ok().filter(|id| *id < 32)?)))();
        let Some((id, sequence)) = ids else { return Role::Delimiter { recovery: false } };
        self.pictures[usize::from(id)] = Some(sequence);
        Role::ParameterSet { kind: 8, id: id.into() }
    }
}

/// Id and content of a sequence parameter set, without its NAL header.
fn parse_sequence(plain: &[u8]) -> Option<(u8, Sequence)> {
    let mut bits = BitReader::new(plain);
    let profile = bits.bits(8)?;
    bits.skip(16)?;
    let id = u8::try_from(bits.ue()?).ok().filter(|id| *id < 32)?;
    let mut colour_planes = false;
    if matches!(profile, 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135) {
        let chroma = bits.ue()?;
        colour_planes = chroma == 3 && bits.flag()?;
        bits.ue()?;
        bits.ue()?;
        bits.skip(1)?;
        if bits.flag()? {
            for list in 0..if chroma == 3 { 12 } else { 8 } {
                if bits.flag()? {
                    skip_scaling_list(&mut bits, if list < 6 { 16 } else { 64 })?;
                }
            }
        }
    }
    let frame_number_bits = bits.ue().filter(|bits| *bits <= 12)? + 4;
    match bits.ue()? {
        0 => {
            bits.ue()?;
        }
        1 => {
            bits.skip(1)?;
            bits.se()?;
            bits.se()?;
            for _ in 0..bits.ue()?.min(255) {
                bits.se()?;
            }
        }
        _ => {}
    }
    bits.ue()?;
    bits.skip(1)?;
    bits.ue()?;
    bits.ue()?;
    let frames_only = bits.flag()?;
    Some((id, Sequence { frame_number_bits, colour_planes, frames_only }))
}

fn skip_scaling_list(bits: &mut BitReader<'_>, size: usize) -> Option<()> {
    let (mut last, mut next) = (8i32, 8i32);
    for _ in 0..size {
        if next != 0 {
            next = (last.wrapping_add(bits.se()?)).rem_euclid(256);
        }
        last = if next == 0 { last } else { next };
    }
    Some(())
}

/// Does a supplemental enhancement say that decoding may begin here?
fn has_recovery_point(payload: &[u8]) -> bool {
    const RECOVERY_POINT: u32 = 6;
    let plain = unescape(payload, 4096);
    super::sei::messages(&plain).any(|(kind, _)| kind == RECOVERY_POINT)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sets of a 640x360 progressive stream, high profile, as a common encoder writes them.
    pub(crate) const SEQUENCE: [u8; 26] = [
        0x67, 0x64, 0x00, 0x1e, 0xac, 0xd9, 0x40, 0xa0, 0x2f, 0xf9, 0x70, 0x11, 0x00, 0x00, 0x03, 0x03, 0xe9, 0x00,
        0x00, 0xea, 0x60, 0x0f, 0x16, 0x2d, 0x96, 0x00,
    ];

    #[test]
    fn a_sequence_says_how_slices_are_read() {
        let (id, sequence) = parse_sequence(&unescape(&SEQUENCE[1..], 99)).unwrap();
        assert_eq!(id, 0);
        assert!(sequence.frames_only);
        assert!(!sequence.colour_planes);
    }

    #[test]
    fn roles_are_told_apart() {
        let mut reader = Reader::default();
        assert_eq!(reader.role(&[0x09, 0xf0]), Role::AccessUnitDelimiter);
        assert_eq!(reader.role(&SEQUENCE), Role::ParameterSet { kind: 7, id: 0 });
        assert_eq!(reader.role(&[0x68, 0xeb, 0xe3]), Role::ParameterSet { kind: 8, id: 0 });
        assert_eq!(reader.role(&[0x06, 0x06, 0x01, 0xc4, 0x80]), Role::Delimiter { recovery: true });
        assert_eq!(reader.role(&[0x06, 0x05, 0x01, 0xc4, 0x80]), Role::Delimiter { recovery: false });
        assert_eq!(reader.role(&[0x0c, 0xff]), Role::Inner);
        assert!(
            matches!(reader.role(&[0x65, 0x88, 0x84]), Role::Slice(slice) if slice.first && slice.key && slice.intra)
        );
        assert!(matches!(reader.role(&[0x41, 0x5a, 0x84]), Role::Slice(slice) if !slice.first && !slice.key));
        assert!(matches!(reader.role(&[0x41]), Role::Slice(_)));
    }
}
