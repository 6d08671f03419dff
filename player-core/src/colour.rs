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
    /// `MatrixCoefficients`: 1 is BT.709, 5 and 6 are BT.601, 7 is SMPTE ST 240, 9 is BT.2020.
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

    /// The way from luma and chroma of so many bits to red, green and blue. BT.709 where nothing is said.
    pub fn conversion(&self, bits: u8) -> Conversion {
        let (red, blue) = self.luma_weights();
        let green = 1.0 - red - blue;
        // Numbers of eight bits are multiplied by this in deeper pictures; `highest` is what becomes 1.
        let step = f32::from(1u16 << (bits.clamp(8, 15) - 8));
        let highest = step * 256.0 - 1.0;
        let (black, luma, chroma) = match self.full_range {
            true => (0.0, 1.0, 1.0),
            false => (16.0 * step / highest, highest / (219.0 * step), highest / (224.0 * step)),
        };
        let middle = 128.0 * step / highest;
        let (to_red, to_blue) = (2.0 * (1.0 - red) * chroma, 2.0 * (1.0 - blue) * chroma);
        let matrix =
            [[luma, 0.0, to_red], [luma, -blue / green * to_blue, -red / green * to_red], [luma, to_blue, 0.0]];
        let offset = matrix.map(|[y, u, v]| -y * black - (u + v) * middle);
        Conversion { matrix, offset }
    }

    /// Weights of red and blue in luma.
    fn luma_weights(&self) -> (f32, f32) {
        match self.matrix {
            4 => (0.30, 0.11),
            7 => (0.212, 0.087),
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

/// A linear way from numbers of luma, blue and red difference to red, green and blue, all from 0 to 1 where 1 is the
/// highest number that there is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conversion {
    /// A row for each of red, green and blue.
    pub matrix: [[f32; 3]; 3],
    /// Added behind it.
    pub offset: [f32; 3],
}

impl Conversion {
    /// Red, green and blue; below 0 or above 1 where a display has no such colour.
    pub fn rgb(&self, [y, u, v]: [f32; 3]) -> [f32; 3] {
        let part = |row: usize| {
            let [of_y, of_u, of_v] = self.matrix[row];
            of_y * y + of_u * u + of_v * v + self.offset[row]
        };
        [part(0), part(1), part(2)]
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

    #[test]
    fn bars_have_the_colours_that_the_recommendations_say() {
        // Numbers of full bars: white, yellow, cyan, green, magenta, red, blue, black.
        let rgb = [
            [255, 255, 255],
            [255, 255, 0],
            [0, 255, 255],
            [0, 255, 0],
            [255, 0, 255],
            [255, 0, 0],
            [0, 0, 255],
            [0, 0, 0],
        ];
        let bt601 = [
            [235, 128, 128],
            [210, 16, 146],
            [170, 166, 16],
            [145, 54, 34],
            [106, 202, 222],
            [81, 90, 240],
            [41, 240, 110],
            [16, 128, 128],
        ];
        let bt709 = [
            [235, 128, 128],
            [219, 16, 138],
            [188, 154, 16],
            [173, 42, 26],
            [78, 214, 230],
            [63, 102, 240],
            [32, 240, 118],
            [16, 128, 128],
        ];
        for (matrix, numbers) in [(6, bt601), (5, bt601), (1, bt709), (2, bt709)] {
            let conversion = ColourDescription::of(matrix, matrix, matrix).conversion(8);
            for (numbers, expected) in numbers.into_iter().zip(rgb) {
                let found = conversion.rgb(numbers.map(|number| number as f32 / 255.0)).map(|part| part * 255.0);
                for (found, expected) in found.into_iter().zip(expected) {
                    assert!((found - expected as f32).abs() <= 2.0, "{matrix}: {numbers:?} is {found}, not {expected}");
                }
            }
        }
    }

    /// The inverse, as BT.709 and BT.2020 write it: from red, green and blue to numbers of luma and chroma.
    fn numbers([red, green, blue]: [f64; 3], (kr, kb): (f64, f64), bits: u8, full: bool) -> [f32; 3] {
        let luma = kr * red + (1.0 - kr - kb) * green + kb * blue;
        let (cb, cr) = ((blue - luma) / (2.0 * (1.0 - kb)), (red - luma) / (2.0 * (1.0 - kr)));
        let (step, highest) = (f64::from(1u16 << (bits - 8)), f64::from((1u16 << bits) - 1));
        let scaled = match full {
            true => [luma * highest, cb * highest + 128.0 * step, cr * highest + 128.0 * step],
            false => [(219.0 * luma + 16.0) * step, (224.0 * cb + 128.0) * step, (224.0 * cr + 128.0) * step],
        };
        scaled.map(|number| (number.round().clamp(0.0, highest) / highest) as f32)
    }

    #[test]
    fn each_matrix_range_and_depth_leads_back_to_the_colour() {
        for (matrix, weights) in
            [(6, (0.299, 0.114)), (1, (0.2126, 0.0722)), (9, (0.2627, 0.0593)), (7, (0.212, 0.087))]
        {
            for (bits, full_range) in [(8, false), (8, true), (10, false), (10, true), (12, false)] {
                let colour = ColourDescription { full_range, ..ColourDescription::of(1, 1, matrix) };
                let conversion = colour.conversion(bits);
                for at in 0..125 {
                    let rgb = [at % 5, at / 5 % 5, at / 25].map(|part| f64::from(part) / 4.0);
                    let found = conversion.rgb(numbers(rgb, weights, bits, full_range));
                    for (found, expected) in found.into_iter().zip(rgb) {
                        let off = (f64::from(found) - expected).abs() * 255.0;
                        assert!(off <= 2.0, "{matrix} {bits} {full_range} {rgb:?}: {off}");
                    }
                }
            }
        }
    }
}
