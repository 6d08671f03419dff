//! A frame number that survives encoding, scaling and decoding, for tests that read it back from shown pictures.
//!
//! A strip over the full width at the top of the picture, one twelfth of its height (at least eight lines), is divided
//! into 32 cells that are black (luma 16) or white (luma 235). From the left, most significant bit first:
//!
//! ```text
//! 1 0 1 0 | 20 bits frame number | 4 bits rung | 4 bits CRC
//! ```
//!
//! The CRC (polynomial x^4 + x + 1, initial value 15) covers frame number and rung. A cell is read by averaging its
//! middle; a cell that is neither dark nor bright makes the whole strip unreadable rather than wrong.

/// Number of cells.
const CELLS: usize = 32;
/// Sync pattern in the first four cells.
const SYNC: u32 = 0b1010;
/// Largest frame number and the mask for it.
pub const MAX_FRAME: u32 = (1 << 20) - 1;
/// Largest rung index.
pub const MAX_RUNG: u8 = 15;
const BLACK: u8 = 16;
const WHITE: u8 = 235;
/// Means this close to the middle of black and white are not believed.
const DOUBT: u32 = 30;

/// What the strip says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timecode {
    /// Number of the frame from the start of the title, 0 to [`MAX_FRAME`].
    pub frame: u32,
    /// Index of the rendition, 0 for the best, up to [`MAX_RUNG`].
    pub rung: u8,
}

/// Lines that the strip takes in a picture of `height` lines.
pub fn strip_height(height: usize) -> usize {
    (height / 12).max(8).min(height)
}

fn crc(data: u32) -> u32 {
    (0..24).rev().fold(0b1111, |crc, bit| {
        let carry = (crc >> 3 ^ data >> bit) & 1;
        (crc << 1 & 0b1111) ^ if carry == 1 { 0b0011 } else { 0 }
    })
}

/// Draws `code` into a luma plane whose lines are `stride` bytes apart. Does nothing if the plane is too small.
pub fn write(luma: &mut [u8], stride: usize, width: usize, height: usize, code: Timecode) {
    if width < CELLS || width > stride || height == 0 || luma.len() < stride * (height - 1) + width {
        return;
    }
    let data = (code.frame & MAX_FRAME) << 4 | u32::from(code.rung & MAX_RUNG);
    let word = SYNC << 28 | data << 4 | crc(data);
    for line in luma.chunks_mut(stride).take(strip_height(height)) {
        for cell in 0..CELLS {
            let value = if word >> (CELLS - 1 - cell) & 1 == 1 { WHITE } else { BLACK };
            line[cell * width / CELLS..(cell + 1) * width / CELLS].fill(value);
        }
    }
}

/// Reads the strip of a decoded picture; nothing if there is none or if it is damaged.
pub fn read(luma: &[u8], stride: usize, width: usize, height: usize) -> Option<Timecode> {
    let needed = stride.checked_mul(height.checked_sub(1)?)?.checked_add(width)?;
    if width < 2 * CELLS || width > stride || luma.len() < needed {
        return None;
    }
    let strip = strip_height(height);
    let rows = strip / 4..(strip - strip / 4).max(strip / 4 + 1);
    let mut word = 0_u32;
    for cell in 0..CELLS {
        let (left, right) = (cell * width / CELLS, (cell + 1) * width / CELLS);
        let margin = (right - left) / 4;
        let columns = left + margin..(right - margin).max(left + margin + 1);
        let count = (columns.len() * rows.len()) as u32;
        let sum: u32 = rows.clone().flat_map(|row| &luma[row * stride..][columns.clone()]).map(|&y| u32::from(y)).sum();
        let mean = sum / count;
        let middle = u32::from(BLACK).midpoint(u32::from(WHITE));
        if mean.abs_diff(middle) < DOUBT {
            return None;
        }
        word = word << 1 | u32::from(mean > middle);
    }
    let data = word >> 4 & 0x00ff_ffff;
    (word >> 28 == SYNC && word & 0b1111 == crc(data))
        .then_some(Timecode { frame: data >> 4, rung: (data & 0b1111) as u8 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::render::noise::unit;

    const SIZES: [(usize, usize); 5] = [(1920, 1080), (854, 480), (426, 240), (256, 144), (128, 72)];

    fn picture(width: usize, height: usize, stride: usize, code: Timecode) -> Vec<u8> {
        let mut luma = vec![90; stride * height];
        write(&mut luma, stride, width, height, code);
        luma
    }

    #[test]
    fn reads_what_was_written_at_every_size() {
        for (width, height) in SIZES {
            for frame in [0, 1, 2, 1499, 0x5_5555, MAX_FRAME] {
                for rung in [0, 4, MAX_RUNG] {
                    let code = Timecode { frame, rung };
                    let luma = picture(width, height, width + 10, code);
                    assert_eq!(read(&luma, width + 10, width, height), Some(code), "{width}x{height}");
                }
            }
        }
    }

    #[test]
    fn survives_strong_noise_and_lost_contrast() {
        for (width, height) in SIZES {
            let code = Timecode { frame: 123_456, rung: 3 };
            let mut luma = picture(width, height, width, code);
            for (i, y) in luma.iter_mut().enumerate() {
                let faded = 40.0 + (f32::from(*y) - 16.0) * 0.75;
                *y = (faded + 70.0 * (unit(i as u32, 5) - 0.5)).clamp(0.0, 255.0) as u8;
            }
            assert_eq!(read(&luma, width, width, height), Some(code), "{width}x{height}");
        }
    }

    #[test]
    fn survives_scaling() {
        let code = Timecode { frame: 777, rung: 2 };
        let (from, to) = ((854, 480), (426, 240));
        let large = picture(from.0, from.1, from.0, code);
        for (width, height) in [to, (1280, 720), (256, 144)] {
            let small: Vec<u8> = (0..width * height)
                .map(|i| large[i / width * from.1 / height * from.0 + i % width * from.0 / width])
                .collect();
            assert_eq!(read(&small, width, width, height), Some(code), "{width}x{height}");
        }
    }

    #[test]
    fn refuses_what_is_not_a_strip() {
        let code = Timecode { frame: 500, rung: 1 };
        let good = picture(640, 360, 640, code);
        for cell in 0..CELLS {
            let mut bad = good.clone();
            for row in 0..strip_height(360) {
                for y in &mut bad[row * 640 + cell * 20..row * 640 + cell * 20 + 20] {
                    *y = 251 - *y;
                }
            }
            assert_eq!(read(&bad, 640, 640, 360), None, "cell {cell}");
        }
        for flat in [0, 16, 128, 235, 255] {
            assert_eq!(read(&vec![flat; 640 * 360], 640, 640, 360), None);
        }
        assert_eq!(read(&good[..100], 640, 640, 360), None);
        assert_eq!(read(&[], 0, 0, 0), None);
        assert_eq!(read(&good, 10, 640, 360), None);
        assert_eq!(read(&good, usize::MAX, 640, 360), None);
    }
}
