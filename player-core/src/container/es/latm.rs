//! AAC in LATM with LOAS framing (ISO/IEC 14496-3, 1.7), as broadcasters put it into transport streams.
//!
//! Payloads begin anywhere within a byte, and the configuration is repeated in between. Both are brought into the form
//! that everything behind knows: frames with ADTS headers.

use super::bits::BitReader;
use super::{ElementaryStream, Piece};

/// Eleven bits.
const SYNC: u16 = 0x2b7;
/// Sync word and length.
const HEADER: usize = 3;
/// Longest frame that an ADTS header can tell.
const MAX_FRAME: usize = 0x1fff;
const ADTS_HEADER: usize = 7;

/// What a configuration says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Config {
    /// Main, LC, SSR or LTP.
    object_type: u8,
    rate_index: u8,
    channels: u8,
    /// Frames in an element.
    frames: u32,
    /// Bits behind the frames that mean nothing here.
    other: u32,
}

/// The stream with ADTS headers. What cannot be brought into that form is left out.
pub(crate) fn to_adts(stream: ElementaryStream) -> ElementaryStream {
    let ElementaryStream { data, pieces } = stream;
    let mut found = Vec::with_capacity(data.len());
    let mut placed: Vec<Piece> = Vec::with_capacity(pieces.len());
    let mut waiting = pieces.into_iter().peekable();
    let (mut at, mut config) = (0usize, None);
    while let Some(length) = element(&data[at..]) {
        match length {
            Ok(length) => {
                // A time belongs to the first frame that begins behind it.
                while let Some(piece) = waiting.next_if(|piece| piece.offset <= at) {
                    placed.push(Piece { offset: found.len(), ..piece });
                }
                if unpack(&data[at + HEADER..at + length], &mut config, &mut found).is_none() {
                    tracing::debug!("an audio element that cannot be read");
                }
                at += length;
            }
            Err(skip) => at += skip,
        }
    }
    ElementaryStream { data: found, pieces: placed }
}

/// Length of the element at the beginning, or how far to go on; `None` at the end.
fn element(data: &[u8]) -> Option<Result<usize, usize>> {
    let header = data.first_chunk::<HEADER>()?;
    if u16::from(header[0]) << 3 | u16::from(header[1] >> 5) != SYNC {
        return Some(Err(1));
    }
    let length = HEADER + (usize::from(header[1] & 0x1f) << 8 | usize::from(header[2]));
    // Believed where another one follows.
    let behind = data.get(length..)?;
    let follows = behind.len() < 2 || u16::from(behind[0]) << 3 | u16::from(behind[1] >> 5) == SYNC;
    Some(if follows { Ok(length) } else { Err(1) })
}

/// Takes the frames out of an `AudioMuxElement` with its configuration.
fn unpack(element: &[u8], config: &mut Option<Config>, found: &mut Vec<u8>) -> Option<()> {
    let mut reader = BitReader::new(element);
    if !reader.flag()? {
        *config = Config::read(&mut reader);
    }
    let config = (*config)?;
    for _ in 0..config.frames {
        let mut length = 0usize;
        loop {
            let part = reader.bits(8)?;
            length += part as usize;
            if part != 0xff {
                break;
            }
        }
        // Nothing is no frame: a header without one would stand in the way of the next.
        if length == 0 {
            continue;
        }
        let whole = ADTS_HEADER + length;
        if whole > MAX_FRAME {
            return None;
        }
        let begun = found.len();
        found.extend(config.header(whole));
        for _ in 0..length {
            let Some(byte) = reader.bits(8) else {
                found.truncate(begun);
                return None;
            };
            found.push(byte as u8);
        }
    }
    Some(())
}

impl Config {
    /// `StreamMuxConfig` with one program of one layer.
    fn read(reader: &mut BitReader<'_>) -> Option<Self> {
        let version = reader.bits(1)?;
        if version == 1 {
            // A second version is reserved; then the fullness of a buffer.
            (reader.bits(1)? == 0).then_some(())?;
            value(reader)?;
        }
        // All streams have the same frames.
        reader.flag()?.then_some(())?;
        let frames = reader.bits(6)? + 1;
        let single = reader.bits(4)? == 0 && reader.bits(3)? == 0;
        single.then_some(())?;
        let mut config = Self { frames, ..Self::default() };
        if version == 0 {
            config.audio(reader)?;
        } else {
            let length = value(reader)? as usize;
            let mut own = reader.clone();
            config.audio(&mut own)?;
            reader.skip(length)?;
        }
        // Frames say their lengths themselves, behind the fullness of another buffer.
        (reader.bits(3)? == 0).then_some(())?;
        reader.bits(8)?;
        if reader.flag()? {
            config.other = if version == 1 { value(reader)? } else { other_length(reader)? };
        }
        if reader.flag()? {
            reader.bits(8)?;
        }
        Some(config)
    }

    /// `AudioSpecificConfig`. Of high-efficiency AAC the inner layer is described: decoders find the outer ones.
    fn audio(&mut self, reader: &mut BitReader<'_>) -> Option<()> {
        const SBR: u32 = 5;
        const PS: u32 = 29;
        let mut object_type = object_type(reader)?;
        self.rate_index = rate_index(reader)?;
        self.channels = reader.bits(4)? as u8;
        if matches!(object_type, SBR | PS) {
            rate_index(reader)?;
            object_type = self::object_type(reader)?;
        }
        let known = matches!(object_type, 1..=4) && matches!(self.channels, 1..=7);
        self.object_type = known.then_some(object_type as u8)?;
        // Frames of 960 samples have no place in ADTS.
        (!reader.flag()?).then_some(())?;
        if reader.flag()? {
            reader.skip(14)?;
        }
        // An extension has nothing more for these types.
        reader.flag()?;
        Some(())
    }

    /// An ADTS header without checksum.
    fn header(self, length: usize) -> [u8; ADTS_HEADER] {
        let length = length as u16;
        [
            0xff,
            0xf1,
            (self.object_type - 1) << 6 | self.rate_index << 2 | self.channels >> 2,
            self.channels << 6 | (length >> 11) as u8,
            (length >> 3) as u8,
            (length << 5) as u8 | 0x1f,
            0xfc,
        ]
    }
}

fn object_type(reader: &mut BitReader<'_>) -> Option<u32> {
    match reader.bits(5)? {
        31 => Some(32 + reader.bits(6)?),
        known => Some(known),
    }
}

/// Rates that are written out have no place in ADTS.
fn rate_index(reader: &mut BitReader<'_>) -> Option<u8> {
    reader.bits(4).filter(|index| *index < 13).map(|index| index as u8)
}

/// `LatmGetValue`.
fn value(reader: &mut BitReader<'_>) -> Option<u32> {
    let bytes = reader.bits(2)? + 1;
    reader.bits(8 * bytes)
}

/// Length of other data in version 0: bytes, each of which says whether another follows.
fn other_length(reader: &mut BitReader<'_>) -> Option<u32> {
    let mut length = 0u32;
    loop {
        let more = reader.flag()?;
        length = length.checked_mul(256)?.checked_add(reader.bits(8)?)?;
        if !more {
            return Some(length);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::bits::BitWriter;
    use super::*;

    /// An element with a configuration (48 kHz, two channels, LC), or without, and this frame.
    fn element_with(config: bool, frame: &[u8]) -> Vec<u8> {
        let mut bits = BitWriter::default();
        bits.push(u32::from(!config), 1);
        if config {
            // Version 0, same frames, one of them, one program, one layer.
            for (value, count) in [(0, 1), (1, 1), (0, 6), (0, 4), (0, 3)] {
                bits.push(value, count);
            }
            // LC, 48 kHz, stereo, 1024 samples; lengths in frames, fullness, nothing else.
            for (value, count) in [(2, 5), (3, 4), (2, 4), (0, 3), (0, 3), (0xff, 8), (0, 1), (0, 1)] {
                bits.push(value, count);
            }
        }
        let mut rest = frame.len();
        while rest >= 255 {
            bits.push(255, 8);
            rest -= 255;
        }
        bits.push(rest as u32, 8);
        frame.iter().for_each(|byte| bits.push(u32::from(*byte), 8));
        let body = bits.finish();
        [&[0x56, 0xe0 | (body.len() >> 8) as u8, body.len() as u8], &body[..]].concat()
    }

    #[test]
    fn frames_get_headers_and_keep_their_times() {
        let (first, second) = (vec![0x21; 300], vec![0x22; 10]);
        let data = [&[1, 2, 3][..], &element_with(true, &first), &element_with(false, &second)].concat();
        let behind = 3 + element_with(true, &first).len();
        let piece = |offset, pts| Piece { offset, pts: Some(pts), ..Piece::default() };
        let stream = to_adts(ElementaryStream { data, pieces: vec![piece(0, 5), piece(behind, 9)] });
        let frames: Vec<_> = [0, 307].map(|at| super::super::adts::frame(&stream.data[at..]).unwrap()).into();
        assert_eq!(
            frames.iter().map(|frame| (frame.length, frame.rate)).collect::<Vec<_>>(),
            [(307, 48_000), (17, 48_000)]
        );
        assert_eq!(stream.data[7..307], first);
        assert_eq!(stream.data[314..], second);
        assert_eq!(
            stream.pieces.iter().map(|piece| (piece.offset, piece.pts)).collect::<Vec<_>>(),
            [(0, Some(5)), (307, Some(9))]
        );
    }

    #[test]
    fn a_frame_of_nothing_is_none() {
        let data = [element_with(true, &[]), element_with(false, &[7]), element_with(false, &[8])].concat();
        let stream = to_adts(ElementaryStream { data, pieces: Vec::new() });
        assert_eq!((stream.data.len(), stream.data[7], stream.data[15]), (16, 7, 8));
    }

    #[test]
    fn damage_costs_frames_and_nothing_else() {
        let whole = [element_with(true, &[7; 40]), element_with(false, &[8; 40])].concat();
        for at in 0..whole.len() {
            for byte in [0, 0x56, 0xff] {
                let mut data = whole.clone();
                data[at] = byte;
                let stream = to_adts(ElementaryStream { data, pieces: Vec::new() });
                assert!(stream.data.len() <= whole.len() + 2 * ADTS_HEADER);
            }
            to_adts(ElementaryStream { data: whole[..at].to_vec(), pieces: Vec::new() });
        }
        // A frame before the first configuration is none.
        assert!(to_adts(ElementaryStream { data: element_with(false, &[1; 9]), pieces: Vec::new() }).data.is_empty());
    }
}
