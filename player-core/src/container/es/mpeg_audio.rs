//! Frames of MPEG-1 and MPEG-2 audio, layers 1 to 3 (ISO/IEC 11172-3, 13818-3), and MPEG-2.5.

use super::audio::{Format, Frame};

/// kbit/s, by layer, of MPEG-1.
const BITRATES_1: [[u16; 15]; 3] = [
    [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
    [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
];
/// kbit/s of MPEG-2: layer 1, layers 2 and 3.
const BITRATES_2: [[u16; 15]; 2] = [
    [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];
const RATES: [u32; 3] = [44_100, 48_000, 32_000];

/// Reads a header. Free format, whose frames do not say their size, is refused.
pub(super) fn frame(data: &[u8]) -> Option<Frame> {
    let header = data.first_chunk::<4>()?;
    if header[0] != 0xff || header[1] & 0xe0 != 0xe0 {
        return None;
    }
    let halvings = match header[1] >> 3 & 3 {
        0 => 2,
        2 => 1,
        3 => 0,
        _ => return None,
    };
    let layer = 4 - (header[1] >> 1 & 3);
    if layer == 4 {
        return None;
    }
    let bitrates = match (halvings, layer) {
        (0, layer) => &BITRATES_1[usize::from(layer - 1)],
        (_, 1) => &BITRATES_2[0],
        _ => &BITRATES_2[1],
    };
    let bitrate = u32::from(*bitrates.get(usize::from(header[2] >> 4))?) * 1000;
    let rate = RATES.get(usize::from(header[2] >> 2 & 3))? >> halvings;
    let padding = u32::from(header[2] >> 1 & 1);
    let samples = match (layer, halvings) {
        (1, _) => 384,
        (3, 1..) => 576,
        _ => 1152,
    };
    let length = match layer {
        1 => (12 * bitrate / rate + padding) * 4,
        _ => samples / 8 * bitrate / rate + padding,
    };
    let channels = if header[3] >> 6 == 3 { 1 } else { 2 };
    let format = Format::Mpeg { layer, rate, channels };
    let length = length as usize;
    (bitrate > 0).then_some(Frame { length, prefix: 0, samples, rate, format, joins: false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_all_layers_are_measured() {
        let read = |header: [u8; 4]| frame(&header).map(|frame| (frame.length, frame.samples, frame.rate));
        assert_eq!(read([0xff, 0xfb, 0x90, 0x00]), Some((417, 1152, 44_100)), "MPEG-1 layer 3, 128 kbit/s");
        assert_eq!(read([0xff, 0xfb, 0x92, 0x00]), Some((418, 1152, 44_100)), "padded");
        assert_eq!(read([0xff, 0xfd, 0xa4, 0x00]), Some((576, 1152, 48_000)), "layer 2, 192 kbit/s");
        assert_eq!(read([0xff, 0xff, 0x44, 0x00]), Some((128, 384, 48_000)), "layer 1, 128 kbit/s");
        assert_eq!(read([0xff, 0xf3, 0x84, 0xc0]), Some((192, 576, 24_000)), "MPEG-2 layer 3, 64 kbit/s");
    }

    #[test]
    fn other_headers_are_refused() {
        for header in [
            [0xff, 0xf1, 0x90, 0],
            [0xff, 0xfb, 0xf0, 0],
            [0xff, 0xfb, 0x00, 0],
            [0xff, 0xfb, 0x9c, 0],
            [0xff, 0xeb, 0x90, 0],
        ] {
            assert_eq!(frame(&header), None, "{header:02x?}");
        }
    }
}
