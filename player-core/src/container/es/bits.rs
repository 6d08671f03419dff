//! Reading and writing bit by bit, most significant bit first.

/// Reads bits; `None` at the end of the data.
#[derive(Clone, Debug)]
pub(super) struct BitReader<'a> {
    data: &'a [u8],
    position: usize,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, position: 0 }
    }

    /// An unsigned number of up to 32 bits.
    pub(super) fn bits(&mut self, count: u32) -> Option<u32> {
        let end = self.position.checked_add(count as usize)?;
        if count > 32 || end > self.data.len() * 8 {
            return None;
        }
        let mut value = 0u64;
        for at in self.position..end {
            value = value << 1 | u64::from(self.data[at / 8] >> (7 - at % 8) & 1);
        }
        self.position = end;
        u32::try_from(value).ok()
    }

    pub(super) fn flag(&mut self) -> Option<bool> {
        self.bits(1).map(|bit| bit == 1)
    }

    pub(super) fn skip(&mut self, count: usize) -> Option<()> {
        let end = self.position.checked_add(count)?;
        (end <= self.data.len() * 8).then(|| self.position = end)
    }

    /// Exp-Golomb code, unsigned.
    pub(super) fn ue(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        Some((1u32 << zeros) - 1 + self.bits(zeros)?)
    }

    /// Exp-Golomb code, signed.
    pub(super) fn se(&mut self) -> Option<i32> {
        let code = i64::from(self.ue()?);
        i32::try_from(if code % 2 == 1 { (code + 1) / 2 } else { -(code / 2) }).ok()
    }
}

/// Collects bits into bytes.
#[derive(Debug, Default)]
pub(super) struct BitWriter {
    data: Vec<u8>,
    bits: usize,
}

impl BitWriter {
    /// The lowest `count` bits of `value`.
    pub(super) fn push(&mut self, value: u32, count: u32) {
        for bit in (0..count).rev() {
            if self.bits.is_multiple_of(8) {
                self.data.push(0);
            }
            let last = self.data.len() - 1;
            self.data[last] |= ((value >> bit & 1) as u8) << (7 - self.bits % 8);
            self.bits += 1;
        }
    }

    /// Zeros up to a whole byte.
    pub(super) fn align(&mut self) {
        self.bits = self.data.len() * 8;
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_and_the_end_is_an_answer() {
        // 1 | 010 | 011 | 00100 | 0000
        let data = [0b1010_0110, 0b0100_0000];
        let mut reader = BitReader::new(&data);
        assert_eq!([reader.ue(), reader.ue(), reader.ue(), reader.ue()], [Some(0), Some(1), Some(2), Some(3)]);
        assert_eq!(reader.ue(), None);
        let mut reader = BitReader::new(&data[..1]);
        assert_eq!((reader.se(), reader.se(), reader.se()), (Some(0), Some(1), Some(-1)));
        assert_eq!(BitReader::new(&data).bits(17), None);
    }

    #[test]
    fn what_was_written_is_read() {
        let mut writer = BitWriter::default();
        writer.push(0b101, 3);
        writer.push(0x1ff, 9);
        writer.align();
        writer.push(0xab, 8);
        assert_eq!(writer.finish(), [0b1011_1111, 0b1111_0000, 0xab]);
    }
}
