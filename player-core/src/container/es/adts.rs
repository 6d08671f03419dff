//! Frames of AAC with ADTS headers (ISO/IEC 14496-3, 1.A.2).

use super::audio::{Format, Frame};
use super::bits::{BitReader, BitWriter};

/// Header without checksum.
const HEADER: usize = 7;
/// Samples of one raw data block.
const BLOCK: u32 = 1024;
/// Of the sampling frequency index.
pub(super) const RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];
/// Of the channel configuration; zero means that the stream describes its channels itself.
pub(super) const CHANNELS: [u16; 8] = [0, 1, 2, 3, 4, 5, 6, 8];

/// What an AudioSpecificConfig is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AacFormat {
    object_type: u8,
    rate_index: u8,
    channels: u8,
}

/// Reads a header.
pub(super) fn frame(data: &[u8]) -> Option<Frame> {
    let header = data.first_chunk::<HEADER>()?;
    // Sync word, and a layer of zero, which MPEG audio does not have.
    if header[0] != 0xff || header[1] & 0xf6 != 0xf0 {
        return None;
    }
    let rate_index = header[2] >> 2 & 0xf;
    let rate = *RATES.get(usize::from(rate_index))?;
    let length = usize::from(header[3] & 3) << 11 | usize::from(header[4]) << 3 | usize::from(header[5] >> 5);
    let prefix = if header[1] & 1 == 0 { HEADER + 2 } else { HEADER };
    let blocks = u32::from(header[6] & 3) + 1;
    let format =
        AacFormat { object_type: (header[2] >> 6) + 1, rate_index, channels: (header[2] & 1) << 2 | header[3] >> 6 };
    let format = Format::Aac(format);
    (length > prefix).then_some(Frame { length, prefix, samples: blocks * BLOCK, rate, format, joins: false })
}

impl AacFormat {
    /// AudioSpecificConfig and the number of channels. Where the header leaves the channels to the stream, they are in
    /// its first element, which belongs into the configuration.
    pub(super) fn config(self, unit: &[u8]) -> Option<(Vec<u8>, u16)> {
        let mut config = BitWriter::default();
        config.push(self.object_type.into(), 5);
        config.push(self.rate_index.into(), 4);
        config.push(self.channels.into(), 4);
        // Frame length of 1024, no core coder, no extension.
        config.push(0, 3);
        let channels = match self.channels {
            0 => copy_program(unit, &mut config)?,
            known => CHANNELS[usize::from(known)],
        };
        Some((config.finish(), channels))
    }
}

/// Copies a program configuration element, without its element id; returns its channels.
fn copy_program(unit: &[u8], config: &mut BitWriter) -> Option<u16> {
    const PROGRAM_CONFIG: u32 = 5;
    let mut reader = BitReader::new(unit);
    if reader.bits(3)? != PROGRAM_CONFIG {
        return None;
    }
    let mut copy = |reader: &mut BitReader<'_>, count: u32| {
        let value = reader.bits(count)?;
        config.push(value, count);
        Some(value)
    };
    // Instance, object type, sampling frequency.
    copy(&mut reader, 10)?;
    let [front, side, back] = [copy(&mut reader, 4)?, copy(&mut reader, 4)?, copy(&mut reader, 4)?];
    let low = copy(&mut reader, 2)?;
    let associated = copy(&mut reader, 3)?;
    let coupled = copy(&mut reader, 4)?;
    // Mono and stereo mix-down elements, matrix mix-down.
    for bits in [4, 4, 3] {
        if copy(&mut reader, 1)? == 1 {
            copy(&mut reader, bits)?;
        }
    }
    let mut channels = low;
    for _ in 0..front + side + back {
        let is_pair = copy(&mut reader, 1)?;
        copy(&mut reader, 4)?;
        channels += 1 + is_pair;
    }
    for _ in 0..low + associated {
        copy(&mut reader, 4)?;
    }
    for _ in 0..coupled {
        copy(&mut reader, 5)?;
    }
    // The comment begins at a whole byte; none is needed.
    config.align();
    config.push(0, 8);
    u16::try_from(channels).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 48 kHz, stereo, low complexity, 16 bytes with the header.
    const STEREO: [u8; 7] = [0xff, 0xf1, 0x4c, 0x80, 0x02, 0x1f, 0xfc];

    #[test]
    fn a_header_becomes_a_configuration() {
        let frame = frame(&STEREO).unwrap();
        assert_eq!((frame.length, frame.prefix, frame.samples, frame.rate), (16, 7, 1024, 48_000));
        let Format::Aac(format) = frame.format else { panic!("{frame:?}") };
        assert_eq!(format.config(&[]), Some((vec![0x11, 0x90], 2)));
    }

    #[test]
    fn other_headers_are_refused() {
        let with = |index: usize, byte: u8| {
            let mut header = STEREO;
            header[index] = byte;
            frame(&header)
        };
        assert_eq!(with(0, 0xfe), None);
        assert_eq!(with(1, 0xfb), None, "layer 3");
        assert_eq!(with(2, 0x7c), None, "reserved rate");
        assert_eq!(with(4, 0x00), None, "shorter than its header");
        assert_eq!(frame(&STEREO[..6]), None);
    }

    #[test]
    fn channels_that_the_stream_describes_go_into_the_configuration() {
        let mut unit = BitWriter::default();
        unit.push(5, 3);
        unit.push(0b00_0001_0011, 10);
        // One pair in front, one single element at the back, one low-frequency element.
        for (value, bits) in [(1, 4), (0, 4), (1, 4), (1, 2), (0, 3), (0, 4), (0, 3), (0b1_0000, 5), (0, 5), (0, 4)] {
            unit.push(value, bits);
        }
        unit.align();
        unit.push(0, 8);
        let format = AacFormat { object_type: 2, rate_index: 3, channels: 0 };
        let (config, channels) = format.config(&unit.finish()).unwrap();
        assert_eq!(channels, 4);
        assert_eq!(config[..2], [0x11, 0x80]);
        assert_eq!(format.config(&[0x20; 40]), None, "no description");
    }
}
