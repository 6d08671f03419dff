//! Packetised elementary streams: packets of a stream with their times, cut into transport packets.

use super::clock::Clock;
use crate::container::es::{ElementaryStream, Piece};

/// Start code, stream id, length, flags and the length of the rest.
const HEADER: usize = 9;

/// Collects the packets of one PID.
#[derive(Debug, Default)]
pub(super) struct PesReader {
    state: State,
    /// Bytes were lost and no packet has begun since.
    gap: bool,
    stream: ElementaryStream,
    /// A packet that said that it is encrypted by the transport.
    pub(super) scrambled: bool,
}

#[derive(Debug, Default)]
enum State {
    /// Until a packet begins.
    #[default]
    Waiting,
    /// The header is not complete.
    Header(Vec<u8>),
    /// Bytes that remain, or `None` if the packet does not say.
    Payload(Option<usize>),
}

impl PesReader {
    /// Takes a transport packet's payload.
    pub(super) fn push(&mut self, payload: &[u8], start: bool, clock: &mut Clock) {
        if start {
            self.state = State::Header(Vec::new());
        }
        match &mut self.state {
            State::Waiting => {}
            State::Header(header) => {
                header.extend_from_slice(payload);
                let header = std::mem::take(header);
                match Header::parse(&header) {
                    Parsed::Header(parsed) => self.begin(&parsed, &header, clock),
                    Parsed::TooShort => self.state = State::Header(header),
                    Parsed::NotMedia => self.state = State::Waiting,
                }
            }
            State::Payload(remaining) => {
                let taken = remaining.map_or(payload.len(), |remaining| remaining.min(payload.len()));
                *remaining = remaining.map(|remaining| remaining - taken);
                self.stream.data.extend_from_slice(&payload[..taken]);
            }
        }
    }

    /// Transport packets are missing: what was collected of the current packet is thrown away, unless it is whole.
    ///
    /// Whether a packet without a length was whole when the next one begins (`start_follows`) cannot be known. Segments
    /// that were spliced are more frequent than losses there.
    pub(super) fn lose(&mut self, start_follows: bool) {
        if let State::Payload(remaining) = &self.state {
            let complete = *remaining == Some(0) || (remaining.is_none() && start_follows);
            if let Some(piece) = self.stream.pieces.pop_if(|_| !complete) {
                self.stream.data.truncate(piece.offset);
            }
        }
        self.gap = true;
        self.state = State::Waiting;
    }

    /// Everything that was collected.
    pub(super) fn finish(self) -> ElementaryStream {
        self.stream
    }

    fn begin(&mut self, header: &Header, bytes: &[u8], clock: &mut Clock) {
        self.scrambled |= header.scrambled;
        if header.scrambled {
            self.state = State::Waiting;
            return;
        }
        // Decode times come first: those of presentation may be far ahead.
        let dts = header.dts.map(|raw| clock.advance(raw));
        let pts = header.pts.map(|raw| clock.advance(raw));
        let after_gap = std::mem::take(&mut self.gap);
        self.stream.pieces.push(Piece { offset: self.stream.data.len(), pts, dts, after_gap });
        let payload = &bytes[header.size.min(bytes.len())..];
        let taken = header.payload.map_or(payload.len(), |length| length.min(payload.len()));
        self.stream.data.extend_from_slice(&payload[..taken]);
        self.state = State::Payload(header.payload.map(|length| length - taken));
    }
}

/// Of a PES packet.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Header {
    /// In bytes.
    size: usize,
    pts: Option<u64>,
    dts: Option<u64>,
    /// Length of the payload, where it is known.
    payload: Option<usize>,
    scrambled: bool,
}

enum Parsed {
    Header(Header),
    TooShort,
    NotMedia,
}

impl Header {
    fn parse(data: &[u8]) -> Parsed {
        let Some(fixed) = data.first_chunk::<HEADER>() else {
            let prefix = [0, 0, 1];
            let known = data.len().min(prefix.len());
            return if data[..known] == prefix[..known] { Parsed::TooShort } else { Parsed::NotMedia };
        };
        // Padding, navigation and other streams have no such header.
        let plain_id = matches!(fixed[3], 0xbc | 0xbe | 0xbf | 0xf0 | 0xf1 | 0xf2 | 0xf8 | 0xff);
        if fixed[..3] != [0, 0, 1] || plain_id || fixed[6] & 0xc0 != 0x80 {
            return Parsed::NotMedia;
        }
        let size = HEADER + usize::from(fixed[8]);
        if data.len() < size {
            return Parsed::TooShort;
        }
        let fields = &data[HEADER..size];
        let pts = if fixed[7] & 0x80 != 0 { timestamp(fields) } else { None };
        let dts = if fixed[7] & 0xc0 == 0xc0 { fields.get(5..).and_then(timestamp) } else { None };
        let length = usize::from(fixed[4]) << 8 | usize::from(fixed[5]);
        // Some packagers write the lower 16 bits of what does not fit, so a picture's length is no better than none.
        let is_video = fixed[3] & 0xf0 == 0xe0;
        let payload = (length > 0 && !is_video).then(|| (length + 6).saturating_sub(size));
        Parsed::Header(Self { size, pts, dts, payload, scrambled: fixed[6] & 0x30 != 0 })
    }
}

/// 33 bits in five bytes, with marker bits between them.
fn timestamp(bytes: &[u8]) -> Option<u64> {
    let b = bytes.first_chunk::<5>()?.map(u64::from);
    Some((b[0] >> 1 & 7) << 30 | b[1] << 22 | (b[2] >> 1) << 15 | b[3] << 7 | b[4] >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An audio packet with a PTS and this many payload bytes announced.
    fn header(pts: u64, payload: usize) -> Vec<u8> {
        let length = if payload == 0 { 0 } else { payload + 8 };
        let mut header = vec![0, 0, 1, 0xc0, (length >> 8) as u8, length as u8, 0x80, 0x80, 5];
        header.push(0x21 | (pts >> 29) as u8 & 0x0e);
        header.extend([(pts >> 22) as u8, (pts >> 14) as u8 | 1, (pts >> 7) as u8, (pts << 1) as u8 | 1]);
        header
    }

    fn pieces(reader: &PesReader) -> Vec<(usize, Option<i64>, bool)> {
        reader.stream.pieces.iter().map(|piece| (piece.offset, piece.pts, piece.after_gap)).collect()
    }

    #[test]
    fn conformance_08_packets_with_and_without_a_length() {
        let (mut reader, mut clock) = (PesReader::default(), Clock::default());
        reader.push(&[9; 20], false, &mut clock);
        reader.push(&[header(0x1_2345_6789, 10), vec![1; 4]].concat(), true, &mut clock);
        reader.push(&[2; 20], false, &mut clock);
        reader.push(&[header(0x1_2345_7000, 0), vec![3; 4]].concat(), true, &mut clock);
        reader.push(&[4; 3], false, &mut clock);
        assert_eq!(pieces(&reader), [(0, Some(0x1_2345_6789), false), (10, Some(0x1_2345_7000), false)]);
        assert_eq!(reader.finish().data, [1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4]);
    }

    #[test]
    fn a_header_may_reach_over_packets() {
        let (mut reader, mut clock) = (PesReader::default(), Clock::default());
        let whole = [header(90_000, 3), vec![1; 3]].concat();
        reader.push(&whole[..5], true, &mut clock);
        reader.push(&whole[5..12], false, &mut clock);
        reader.push(&whole[12..], false, &mut clock);
        assert_eq!(pieces(&reader), [(0, Some(90_000), false)]);
        assert_eq!(reader.finish().data, [1; 3]);
    }

    #[test]
    fn a_loss_takes_the_packet_that_it_hits() {
        let (mut reader, mut clock) = (PesReader::default(), Clock::default());
        reader.push(&[header(0, 4), vec![1; 4]].concat(), true, &mut clock);
        reader.lose(false);
        reader.push(&[header(1, 10), vec![2; 4]].concat(), true, &mut clock);
        reader.lose(false);
        reader.push(&[2; 6], false, &mut clock);
        reader.push(&[header(2, 0), vec![3; 4]].concat(), true, &mut clock);
        reader.lose(true);
        reader.push(&[header(3, 0), vec![4; 4]].concat(), true, &mut clock);
        assert_eq!(pieces(&reader), [(0, Some(0), false), (4, Some(2), true), (8, Some(3), true)]);
        assert_eq!(reader.finish().data, [1, 1, 1, 1, 3, 3, 3, 3, 4, 4, 4, 4]);
    }

    #[test]
    fn other_streams_are_passed_over() {
        let (mut reader, mut clock) = (PesReader::default(), Clock::default());
        reader.push(&[0, 0, 1, 0xbe, 0, 4, 1, 2, 3, 4], true, &mut clock);
        reader.push(&[1, 2, 3], true, &mut clock);
        reader.push(&[0, 0, 1, 0xe0, 0, 0, 0x10, 0x80, 0, 0, 0], true, &mut clock);
        assert!(pieces(&reader).is_empty());
        let mut scrambled = header(0, 0);
        scrambled[6] |= 0x10;
        reader.push(&scrambled, true, &mut clock);
        assert!(reader.scrambled && pieces(&reader).is_empty());
    }
}
