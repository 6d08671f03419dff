//! The body of an HTTP/1.1 request, unwrapped from its framing.

use super::head::Framing;
use axum::body::Bytes;

/// Longest line of a chunk's size with its extensions, and of the trailer, in bytes.
const MAX_LINE: usize = 256;

/// Where in a body the reader stands.
#[derive(Debug)]
pub(super) struct Decoder(State);

#[derive(Debug)]
enum State {
    Done,
    Length(u64),
    ChunkSize,
    Chunk(u64),
    ChunkEnd,
    Trailer,
}

/// What the beginning of the buffer gave.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Content.
    Data(Bytes),
    /// More must be read first.
    Starved,
    /// The body is complete.
    End,
    /// Not a body; the connection is of no more use.
    Malformed,
}

impl Decoder {
    pub(super) fn new(framing: Framing) -> Self {
        Self(match framing {
            Framing::None | Framing::Length(0) => State::Done,
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::ChunkSize,
        })
    }

    pub(super) fn is_done(&self) -> bool {
        matches!(self.0, State::Done)
    }

    /// Takes what can be taken from the front of `buffer`.
    pub(super) fn take(&mut self, buffer: &mut Vec<u8>) -> Piece {
        loop {
            match self.0 {
                State::Done => return Piece::End,
                State::Length(left) | State::Chunk(left) => {
                    if buffer.is_empty() {
                        return Piece::Starved;
                    }
                    let count = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
                    let data = Bytes::copy_from_slice(&buffer[..count]);
                    buffer.drain(..count);
                    let left = left - count as u64;
                    self.0 = match self.0 {
                        State::Length(_) if left == 0 => State::Done,
                        State::Length(_) => State::Length(left),
                        _ if left == 0 => State::ChunkEnd,
                        _ => State::Chunk(left),
                    };
                    return Piece::Data(data);
                }
                State::ChunkSize => match line(buffer) {
                    Line::Complete(text) => match chunk_size(&text) {
                        Some(0) => self.0 = State::Trailer,
                        Some(size) => self.0 = State::Chunk(size),
                        None => return Piece::Malformed,
                    },
                    Line::Incomplete => return Piece::Starved,
                    Line::Malformed => return Piece::Malformed,
                },
                State::ChunkEnd => match line(buffer) {
                    Line::Complete(text) if text.is_empty() => self.0 = State::ChunkSize,
                    Line::Incomplete => return Piece::Starved,
                    _ => return Piece::Malformed,
                },
                // No field of a trailer means anything to us, so none is taken.
                State::Trailer => match line(buffer) {
                    Line::Complete(text) if text.is_empty() => self.0 = State::Done,
                    Line::Incomplete => return Piece::Starved,
                    _ => return Piece::Malformed,
                },
            }
        }
    }
}

enum Line {
    Complete(Vec<u8>),
    Incomplete,
    Malformed,
}

fn line(buffer: &mut Vec<u8>) -> Line {
    match buffer.iter().position(|byte| *byte == b'\n') {
        Some(end) if end <= MAX_LINE && end > 0 && buffer[end - 1] == b'\r' => {
            let text = buffer[..end - 1].to_vec();
            buffer.drain(..=end);
            if text.contains(&b'\r') { Line::Malformed } else { Line::Complete(text) }
        }
        None if buffer.len() <= MAX_LINE => Line::Incomplete,
        _ => Line::Malformed,
    }
}

/// Hexadecimal digits, then perhaps extensions, which are ignored. No sign, no space.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line.split(|byte| *byte == b';').next()?;
    if digits.is_empty() || digits.len() > 15 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `text` in steps of `step` bytes; the content and what was left over.
    fn decode(framing: Framing, text: &[u8], step: usize) -> Option<(Vec<u8>, Vec<u8>)> {
        let (mut decoder, mut buffer, mut content) = (Decoder::new(framing), Vec::new(), Vec::new());
        let mut steps = text.chunks(step);
        loop {
            match decoder.take(&mut buffer) {
                Piece::Data(data) => content.extend_from_slice(&data),
                Piece::Starved => buffer.extend_from_slice(steps.next()?),
                Piece::End => return Some((content, buffer)),
                Piece::Malformed => return None,
            }
        }
    }

    #[test]
    fn bodies_end_where_their_framing_says() {
        for step in [1, 3, 100] {
            let (content, _) = decode(Framing::Length(5), b"hello", step).unwrap();
            assert_eq!(content, b"hello");
            let (content, _) = decode(Framing::Chunked, b"3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n", step).unwrap();
            assert_eq!(content, b"hello");
        }
        let (content, rest) = decode(Framing::Length(2), b"heGET /", 100).unwrap();
        assert_eq!((content, rest), (b"he".to_vec(), b"GET /".to_vec()));
    }

    #[test]
    fn malformed_chunks_are_refused() {
        for text in
            ["x\r\n", "-1\r\n", "+1\r\na\r\n", " 1\r\n", "1 \r\na", "1\na\r\n", "1\r\nab\r\n", "0\r\nx: y\r\n\r\n"]
        {
            assert!(decode(Framing::Chunked, text.as_bytes(), 1).is_none(), "{text:?}");
        }
        assert!(decode(Framing::Chunked, b"fffffffffffffffff\r\n", 100).is_none());
        assert!(decode(Framing::Chunked, &vec![b'1'; 1_000], 100).is_none());
    }
}
