//! What the numbers of a picture mean as colours, in the code points of ITU-T H.273 (ISO/IEC 23091-2).

use crate::manifest::DynamicRange;

/// Code points that say nothing.
const UNSPECIFIED: u8 = 2;
const PQ: u8 = 16;
const HLG: u8 = 18;

/// How a picture's numbers stand for light. The default says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColourDescription {
    /// `ColourPrimaries`: 1 is BT.709, 9 is BT.2020.
    pub primaries: u8,
    /// `TransferCharacteristics`: 1 is BT.709, 16 is PQ (SMPTE ST 2084), 18 is HLG (ARIB STD-B67).
    pub transfer: u8,
    /// `MatrixCoefficients`: 1 is BT.709, 5 and 6 are BT.601, 9 is BT.2020.
    pub matrix: u8,
    /// Luma from 0 to the highest number, instead of 16 to 235 of 255.
    pub full_range: bool,
    /// Brightest light of the content or of the display that it was made on, in cd/m². Zero where unknown.
    pub brightest: u32,
}

impl Default for ColourDescription {
    fn default() -> Self {
        Self { primaries: UNSPECIFIED, transfer: UNSPECIFIED, matrix: UNSPECIFIED, full_range: false, brightest: 0 }
    }
}

impl ColourDescription {
    /// With these code points and limited range.
    pub fn of(primaries: u8, transfer: u8, matrix: u8) -> Self {
        Self { primaries, transfer, matrix, ..Self::default() }
    }

    /// What a manifest says of it.
    pub fn of_range(range: DynamicRange) -> Self {
        match range {
            DynamicRange::Sdr => Self::default(),
            DynamicRange::Pq => Self::of(9, PQ, 9),
            DynamicRange::Hlg => Self::of(9, HLG, 9),
        }
    }

    /// What is not said here is taken from `other`, which knows less well.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        let first = |own: u8, other: u8| if is_said(own) { own } else { other };
        Self {
            primaries: first(self.primaries, other.primaries),
            transfer: first(self.transfer, other.transfer),
            matrix: first(self.matrix, other.matrix),
            full_range: self.full_range || (!is_said(self.matrix) && other.full_range),
            brightest: if self.brightest > 0 { self.brightest } else { other.brightest },
        }
    }

    /// How bright it may get.
    pub fn dynamic_range(&self) -> DynamicRange {
        match self.transfer {
            PQ => DynamicRange::Pq,
            HLG => DynamicRange::Hlg,
            _ => DynamicRange::Sdr,
        }
    }

    /// Weights of red and blue in luma.
    pub(crate) fn luma_weights(&self) -> (f32, f32) {
        match self.matrix {
            5 | 6 => (0.299, 0.114),
            9 | 10 => (0.2627, 0.0593),
            _ => (0.2126, 0.0722),
        }
    }

    /// Are its primaries those of BT.2020?
    pub(crate) fn is_wide(&self) -> bool {
        self.primaries == 9 || (!is_said(self.primaries) && matches!(self.matrix, 9 | 10))
    }
}

fn is_said(code: u8) -> bool {
    !matches!(code, 0 | UNSPECIFIED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_comes_from_who_knows_less_well() {
        let stream = ColourDescription { brightest: 0, ..ColourDescription::of(9, 2, 9) };
        let container = ColourDescription { brightest: 600, ..ColourDescription::of(1, 16, 0) };
        let both = stream.or(container);
        assert_eq!((both.primaries, both.transfer, both.matrix, both.brightest), (9, 16, 9, 600));
        assert_eq!(both.dynamic_range(), DynamicRange::Pq);
        let manifest = ColourDescription::of_range(DynamicRange::Hlg);
        assert_eq!(ColourDescription::of(1, 1, 1).or(manifest).dynamic_range(), DynamicRange::Sdr);
        assert_eq!(ColourDescription::default().or(manifest).dynamic_range(), DynamicRange::Hlg);
    }
}
