//! Sections: tables that lie in the payload of packets and may reach over several of them.

/// The longest one there is, with its header.
const MAX_SECTION: usize = 4096;
/// Table id and length.
const HEADER: usize = 3;
/// Table id of stuffing.
const STUFFING: u8 = 0xff;

/// Puts the sections of one PID together.
#[derive(Clone, Debug, Default)]
pub(super) struct Sections {
    partial: Vec<u8>,
}

impl Sections {
    /// Takes a packet's payload and calls back for each section that is complete with it. `start`: a section begins in
    /// it.
    pub(super) fn push(&mut self, payload: &[u8], start: bool, mut complete: impl FnMut(&[u8])) {
        if !start {
            if !self.partial.is_empty() {
                self.add(payload, &mut complete);
            }
            return;
        }
        let Some((pointer, rest)) = payload.split_first() else { return };
        let Some((end_of_last, mut rest)) = rest.split_at_checked(usize::from(*pointer)) else {
            return self.reset();
        };
        if !self.partial.is_empty() {
            self.add(end_of_last, &mut complete);
        }
        self.reset();
        while rest.first().is_some_and(|table| *table != STUFFING) {
            match length(rest).and_then(|length| rest.split_at_checked(length)) {
                Some((section, behind)) => {
                    complete(section);
                    rest = behind;
                }
                None => {
                    self.partial.extend_from_slice(rest);
                    return;
                }
            }
        }
    }

    /// Forgets what is incomplete: packets were lost.
    pub(super) fn reset(&mut self) {
        self.partial.clear();
    }

    fn add(&mut self, bytes: &[u8], complete: &mut impl FnMut(&[u8])) {
        self.partial.extend_from_slice(bytes);
        if let Some(length) = length(&self.partial)
            && let Some(section) = self.partial.get(..length)
        {
            complete(section);
            self.reset();
        } else if self.partial.len() > MAX_SECTION {
            self.reset();
        }
    }
}

/// Of a section, with its header.
fn length(section: &[u8]) -> Option<usize> {
    let header = section.first_chunk::<HEADER>()?;
    Some(HEADER + (usize::from(header[1] & 0xf) << 8 | usize::from(header[2])))
}

/// Is the checksum at the end right? (CRC-32 of MPEG-2: over all of the section the remainder is zero.)
pub(super) fn checksum_fits(section: &[u8]) -> bool {
    const POLYNOMIAL: u32 = 0x04c1_1db7;
    let remainder =
        section.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte) << 24, |crc, _| {
                if crc & 0x8000_0000 == 0 { crc << 1 } else { crc << 1 ^ POLYNOMIAL }
            })
        });
    remainder == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(table: u8, length: usize) -> Vec<u8> {
        let mut section = vec![table, 0xb0 | (length >> 8) as u8, length as u8];
        section.resize(HEADER + length, table);
        section
    }

    #[test]
    fn sections_reach_over_packets_and_share_them() {
        let (long, short) = (section(2, 300), section(3, 10));
        let mut first = vec![0];
        first.extend(&long[..183]);
        let mut second = vec![120];
        second.extend(&long[183..]);
        second.extend(&short);
        second.resize(184, 0xff);
        let mut sections = Sections::default();
        let mut seen = Vec::new();
        sections.push(&first, true, |section| seen.push(section.to_vec()));
        assert!(seen.is_empty());
        sections.push(&second, true, |section| seen.push(section.to_vec()));
        assert_eq!(seen, [long.clone(), short]);
        // Without a pointer, and in three parts.
        seen.clear();
        sections.push(&[&[0], &long[..2]].concat(), true, |_| panic!());
        sections.push(&long[2..150], false, |_| panic!());
        sections.push(&long[150..], false, |section| seen.push(section.to_vec()));
        assert_eq!(seen, [long]);
    }

    #[test]
    fn nonsense_is_forgotten() {
        let mut sections = Sections::default();
        sections.push(&[200, 1, 2], true, |_| panic!());
        sections.push(&[], true, |_| panic!());
        sections.push(&[1, 2, 3], false, |_| panic!());
        sections.push(&[0, 2, 0xff, 0xff], true, |_| panic!());
        (0..100).for_each(|_| sections.push(&[0; 184], false, |section| assert_eq!(section.len(), 4098)));
        assert!(sections.partial.len() <= MAX_SECTION + 184);
    }

    #[test]
    fn checksums_are_checked() {
        let table = [0, 0xb0, 0x0d, 0, 1, 0xc1, 0, 0, 0, 1, 0xe1, 0, 0xe8, 0xf9, 0x5e, 0x7d];
        assert!(checksum_fits(&table));
        assert!(!checksum_fits(&table[..15]));
    }
}
