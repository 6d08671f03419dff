//! NAL units in a byte stream (ITU-T H.264 and H.265, annex B).

use std::ops::Range;

/// A NAL unit and where it lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NalUnit {
    /// First byte of its start code, the leading zero byte included.
    pub(super) start: usize,
    /// Header and payload, without zeros behind them.
    pub(super) body: Range<usize>,
}

/// Walks over the NAL units of a byte stream. Bytes before the first start code are passed over.
#[derive(Debug)]
pub(super) struct NalUnits<'a> {
    data: &'a [u8],
    /// Position of the next unit's `00 00 01`.
    next: Option<usize>,
    /// Where the last unit's body began.
    floor: usize,
}

impl<'a> NalUnits<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, next: find_start_code(data, 0), floor: 0 }
    }
}

impl Iterator for NalUnits<'_> {
    type Item = NalUnit;

    fn next(&mut self) -> Option<NalUnit> {
        loop {
            let code = self.next?;
            let begin = code + 3;
            self.next = find_start_code(self.data, begin);
            let mut end = self.next.unwrap_or(self.data.len());
            while end > begin && self.data[end - 1] == 0 {
                end -= 1;
            }
            let zero_byte = code > self.floor && self.data[code - 1] == 0;
            self.floor = begin;
            if end > begin {
                return Some(NalUnit { start: code - usize::from(zero_byte), body: begin..end });
            }
        }
    }
}

/// Position of the first `00 00 01` from `from` on.
fn find_start_code(data: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while at + 2 < data.len() {
        // The third byte says how far the next code can be at the least.
        match data[at + 2] {
            0 => at += 1,
            1 if data[at] == 0 && data[at + 1] == 0 => return Some(at),
            _ => at += 3,
        }
    }
    None
}

/// Takes out the emulation prevention bytes of a NAL unit's beginning; at most `limit` bytes are made.
pub(crate) fn unescape(nal: &[u8], limit: usize) -> Vec<u8> {
    let mut plain = Vec::with_capacity(nal.len().min(limit));
    let mut zeros = 0;
    for &byte in nal {
        if plain.len() == limit {
            break;
        }
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        plain.push(byte);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_codes_of_both_lengths_part_units_and_zeros_belong_to_none() {
        let data = [9, 9, 0, 0, 1, 0x65, 7, 0, 0, 0, 0, 1, 0x41, 8, 0, 0, 1, 0, 0, 1, 0x09, 0xf0, 0, 0];
        let units: Vec<_> = NalUnits::new(&data).collect();
        assert_eq!(
            units,
            [NalUnit { start: 2, body: 5..7 }, NalUnit { start: 8, body: 12..14 }, NalUnit { start: 17, body: 20..22 },]
        );
        assert_eq!(NalUnits::new(&[0, 0, 1]).next(), None);
        assert_eq!(NalUnits::new(&[]).next(), None);
    }

    #[test]
    fn every_position_of_a_start_code_is_found() {
        for before in 0..20 {
            let mut data = vec![0xff; before];
            data.extend([0, 0, 1, 0x65]);
            assert_eq!(find_start_code(&data, 0), Some(before));
        }
    }

    #[test]
    fn emulation_prevention_is_taken_out() {
        assert_eq!(unescape(&[1, 0, 0, 3, 1, 0, 0, 3, 0, 0, 3, 3], 99), [1, 0, 0, 1, 0, 0, 0, 0, 3]);
        assert_eq!(unescape(&[1, 2, 3, 4], 2), [1, 2]);
    }
}
