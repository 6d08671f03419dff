//! Captions in pictures that no decoder will see.

use crate::container::{CodecConfig, Sample};

/// Line 21: to the hidden memory, empty it, lowest row; show it.
const WRITE: [[u8; 2]; 3] = [[0x14, 0x20], [0x14, 0x2e], [0x14, 0x60]];
const SHOW: [[u8; 2]; 2] = [[0x14, 0x20], [0x14, 0x2f]];

/// Shows at the beginning of segment `number` what was written before, and writes the next segment's number at its end.
pub(super) fn write(number: i64, codec: &mut CodecConfig, samples: &mut [Sample]) {
    *codec = CodecConfig::H264ByteStream;
    let digits = format!("{:02}", (number + 1) % 100).into_bytes();
    if let Some(first) = samples.first_mut() {
        first.data = picture(&SHOW).into();
    }
    if let Some(last) = samples.last_mut() {
        last.data = picture(&[&WRITE[..], &[[digits[0], digits[1]]]].concat()).into();
    }
}

/// An access unit with these pairs of field 1 and a slice. Parity bits keep zeroes out.
fn picture(pairs: &[[u8; 2]]) -> Vec<u8> {
    let mut message = vec![0xb5, 0x00, 0x31, b'G', b'A', b'9', b'4', 0x03, 0xc0 | pairs.len() as u8, 0xff];
    message.extend(pairs.iter().flat_map(|pair| [0xfc, pair[0] | 0x80, pair[1] | 0x80]));
    message.push(0xff);
    let head: [&[u8]; 3] = [&[0, 0, 0, 1, 6, 4, message.len() as u8], &message, &[0x80, 0, 0, 0, 1, 0x65, 0x88, 0x84]];
    head.concat()
}
