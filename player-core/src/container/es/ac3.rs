//! Sync frames of AC-3 and E-AC-3 (ETSI TS 102 366).

use super::audio::{Format, Frame};
use super::bits::BitReader;

const RATES: [u32; 3] = [48_000, 44_100, 32_000];
/// kbit/s, by half the frame size code.
const BITRATES: [usize; 19] = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];
/// Full-range channels of the audio coding mode.
const CHANNELS: [u16; 8] = [2, 1, 2, 3, 3, 4, 4, 5];
/// Samples of one audio block.
const BLOCK: u32 = 256;

/// Reads the header of a frame of either kind; the bit stream identification tells them apart.
pub(super) fn frame(data: &[u8]) -> Option<Frame> {
    if !data.starts_with(&[0x0b, 0x77]) {
        return None;
    }
    match data.get(5)? >> 3 {
        0..=10 => basic(data),
        11..=16 => enhanced(data),
        _ => None,
    }
}

fn basic(data: &[u8]) -> Option<Frame> {
    let rate_code = usize::from(data[4] >> 6);
    let size_code = usize::from(data[4] & 0x3f);
    let rate = *RATES.get(rate_code)?;
    let bitrate = *BITRATES.get(size_code / 2)?;
    // 16-bit words in 1536 samples; at 44.1 kHz every other frame may have one more.
    let words = match rate {
        48_000 => bitrate * 2,
        44_100 => bitrate * 320 / 147 + size_code % 2,
        _ => bitrate * 3,
    };
    // Half and quarter rates are an old extension.
    let reduced = (data[5] >> 3).saturating_sub(8);
    let mut bits = BitReader::new(data.get(6..8)?);
    let mode = bits.bits(3)?;
    if mode & 1 != 0 && mode != 1 {
        bits.skip(2)?;
    }
    if mode & 4 != 0 {
        bits.skip(2)?;
    }
    if mode == 2 {
        bits.skip(2)?;
    }
    let channels = CHANNELS[mode as usize] + u16::from(bits.flag()?);
    let rate = rate >> reduced;
    let format = Format::Ac3 { rate, channels };
    Some(Frame { length: words * 2, prefix: 0, samples: 6 * BLOCK, rate, format, joins: false })
}

fn enhanced(data: &[u8]) -> Option<Frame> {
    let mut bits = BitReader::new(data.get(2..6)?);
    let kind = bits.bits(2)?;
    let substream = bits.bits(3)?;
    let length = (bits.bits(11)? as usize + 1) * 2;
    let rate_code = bits.bits(2)? as usize;
    let (rate, blocks) = match bits.bits(2)? {
        half if rate_code == 3 => (RATES.get(half as usize)? / 2, 6),
        blocks => (*RATES.get(rate_code)?, [1, 2, 3, 6][blocks as usize]),
    };
    let mode = bits.bits(3)? as usize;
    let channels = CHANNELS[mode] + u16::from(bits.flag()?);
    // Dependent and further independent substreams sound together with the first.
    let joins = kind == 1 || substream != 0;
    (kind != 3 && length > 6).then_some(Frame {
        length,
        prefix: 0,
        samples: blocks * BLOCK,
        rate,
        format: Format::Eac3 { rate, channels },
        joins,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_both_kinds_are_measured() {
        // 48 kHz, 192 kbit/s, stereo.
        let basic = frame(&[0x0b, 0x77, 0, 0, 0x14, 0x40, 0x40, 0]).unwrap();
        assert_eq!((basic.length, basic.samples), (768, 1536));
        assert_eq!(basic.format, Format::Ac3 { rate: 48_000, channels: 2 });
        // 44.1 kHz, 32 kbit/s, 3/2 with low frequencies, odd frame.
        let odd = frame(&[0x0b, 0x77, 0, 0, 0x41, 0x40, 0xe1, 0]).unwrap();
        assert_eq!((odd.length, odd.format), (140, Format::Ac3 { rate: 44_100, channels: 6 }));
        // Independent, 48 kHz, six blocks, stereo, 256 bytes.
        let enhanced = frame(&[0x0b, 0x77, 0x00, 0x7f, 0x34, 0x80]).unwrap();
        assert_eq!((enhanced.length, enhanced.samples, enhanced.joins), (256, 1536, false));
        assert_eq!(enhanced.format, Format::Eac3 { rate: 48_000, channels: 2 });
        assert!(frame(&[0x0b, 0x77, 0x40, 0x7f, 0x34, 0x80]).unwrap().joins);
    }

    #[test]
    fn other_headers_are_refused() {
        assert_eq!(frame(&[0x0b, 0x77, 0, 0, 0xd4, 0x40, 0x40, 0]), None, "reserved rate");
        assert_eq!(frame(&[0x0b, 0x77, 0, 0, 0x3f, 0x40, 0x40, 0]), None, "reserved size");
        assert_eq!(frame(&[0x0b, 0x77, 0, 0, 0x14, 0xf8, 0x40, 0]), None, "unknown bit stream");
        assert_eq!(frame(&[0x0b, 0x77, 0, 0, 0x14]), None);
    }
}
