//! What assembling access units must know of H.265 (ITU-T H.265, chapter 7).

use super::access_unit::{Role, Slice};
use super::bits::BitReader;

/// What a NAL unit is to the access unit around it.
pub(super) fn role(nal: &[u8]) -> Role {
    let Some(&[first, second]) = nal.first_chunk::<2>() else { return Role::Inner };
    // Other layers (stereo, scalable) go with the picture of the base layer.
    if (first & 1) << 5 | second >> 3 != 0 {
        return Role::Inner;
    }
    match first >> 1 & 0x3f {
        kind @ 0..=31 => Role::Slice(Slice {
            first: nal.get(2).is_some_and(|byte| byte & 0x80 != 0),
            // BLA, IDR and CRA pictures.
            key: (16..=21).contains(&kind),
            intra: false,
            field: None,
        }),
        // Several picture parameter sets are common, several of the others are not.
        34 => Role::ParameterSet { kind: 34, id: BitReader::new(&nal[2..]).ue().unwrap_or_default() },
        kind @ 32..=33 => Role::ParameterSet { kind, id: 0 },
        35 => Role::AccessUnitDelimiter,
        39 | 41..=44 | 48..=55 => Role::Delimiter { recovery: false },
        _ => Role::Inner,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_told_apart() {
        let slice = |header: u8, first: u8| match role(&[header << 1, 1, first]) {
            Role::Slice(slice) => (slice.first, slice.key),
            other => panic!("{other:?}"),
        };
        assert_eq!(slice(19, 0x80), (true, true));
        assert_eq!(slice(21, 0x80), (true, true));
        assert_eq!(slice(1, 0x00), (false, false));
        assert_eq!(slice(9, 0x80), (true, false));
        assert_eq!(role(&[35 << 1, 1, 0x50]), Role::AccessUnitDelimiter);
        assert_eq!(role(&[33 << 1, 1]), Role::ParameterSet { kind: 33, id: 0 });
        assert_eq!(role(&[40 << 1, 1]), Role::Inner);
        assert_eq!(role(&[1 << 1, 1 << 3 | 1, 0x80]), Role::Inner, "another layer");
        assert_eq!(role(&[2]), Role::Inner);
    }
}
