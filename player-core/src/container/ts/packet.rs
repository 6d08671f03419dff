//! Transport packets of 188 bytes, alone, behind a timestamp of four bytes (192), or before error correction (204).

use std::ops::Range;

/// A packet itself.
pub(super) const SIZE: usize = 188;
/// What separates the first bytes of packets.
const STRIDES: [usize; 3] = [188, 192, 204];
const SYNC: u8 = 0x47;
/// How far into the data the first packet is looked for.
const MAX_LEADING_GARBAGE: usize = 4096;
/// Packets in a row that are believed behind garbage.
const CONVINCING: usize = 5;
/// Of stuffing.
const NULL_PID: u16 = 0x1fff;

/// One packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Packet<'a> {
    pub(super) pid: u16,
    /// A table or a PES packet begins in the payload.
    pub(super) start: bool,
    /// Four bits that count packets with payload.
    pub(super) counter: u8,
    /// The counter may jump here.
    pub(super) discontinuity: bool,
    pub(super) scrambled: bool,
    /// `None` if the packet has none.
    pub(super) payload: Option<&'a [u8]>,
}

/// Walks over packets; bytes between them are passed over.
#[derive(Clone, Debug)]
pub(super) struct Packets<'a> {
    data: &'a [u8],
    stride: usize,
    at: usize,
}

impl<'a> Packets<'a> {
    /// Finds the first packet and how far packets are apart.
    pub(super) fn find(data: &'a [u8]) -> Option<Self> {
        let runs = |at: usize, stride: usize, wanted: usize| {
            let syncs = data[at..].iter().step_by(stride);
            syncs.take(wanted).take_while(|byte| **byte == SYNC).count()
        };
        let there = data.len().min(MAX_LEADING_GARBAGE);
        for at in (0..there).filter(|at| data[*at] == SYNC) {
            for stride in STRIDES {
                // A timestamp may begin as a packet does.
                if stride == 192 && at < 4 {
                    continue;
                }
                // At the place where the first packet belongs a short segment is enough.
                let expected = at == if stride == 192 { 4 } else { 0 };
                let possible = (data.len() - at).div_ceil(stride);
                let wanted = if expected { CONVINCING.min(possible) } else { CONVINCING };
                if data.len() - at >= SIZE && runs(at, stride, wanted) == wanted {
                    return Some(Self { data, stride, at });
                }
            }
        }
        None
    }

    /// How far packets are apart.
    pub(super) fn stride(&self) -> usize {
        self.stride
    }

    /// Where the next packet is expected.
    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// Of a walk that has come to its end: is there the beginning of another packet?
    pub(super) fn is_cut_short(&self) -> bool {
        self.data.get(self.at).is_some_and(|byte| *byte == SYNC) && self.data.len() - self.at < SIZE
    }

    /// The first position in a range that looks like a packet's: with more of them behind it, as far as there is data.
    fn resync(&self, range: Range<usize>) -> Option<usize> {
        let is_sync = |at: usize| self.data.get(at).is_none_or(|byte| *byte == SYNC);
        let begin = range.start;
        let candidates = self.data.get(begin..range.end.min(self.data.len()))?.iter().enumerate();
        let mut positions = candidates.filter(|(_, byte)| **byte == SYNC).map(|(offset, _)| begin + offset);
        positions.find(|at| is_sync(at + self.stride) && is_sync(at + 2 * self.stride))
    }

    /// Where the next packet begins.
    fn packet_start(&self) -> Option<usize> {
        if *self.data.get(self.at)? != SYNC {
            return self.resync(self.at..self.data.len());
        }
        // Where the next packet is not in its place, this may be garbage that looks like one.
        let next = self.at + self.stride;
        let in_step = self.data.get(next).is_none_or(|byte| *byte == SYNC);
        let better = if in_step { None } else { self.resync(self.at + 1..next) };
        Some(better.unwrap_or(self.at))
    }
}

impl<'a> Iterator for Packets<'a> {
    type Item = Packet<'a>;

    fn next(&mut self) -> Option<Packet<'a>> {
        loop {
            self.at = self.packet_start()?;
            let bytes = self.data.get(self.at..)?.first_chunk::<SIZE>()?;
            self.at += self.stride;
            if let Some(packet) = parse(bytes)
                && packet.pid != NULL_PID
            {
                return Some(packet);
            }
        }
    }
}

/// `None` for packets that a receiver marked as damaged, or whose header makes no sense.
fn parse(bytes: &[u8; SIZE]) -> Option<Packet<'_>> {
    if bytes[1] & 0x80 != 0 {
        return None;
    }
    let (has_adaptation, has_payload) = (bytes[3] & 0x20 != 0, bytes[3] & 0x10 != 0);
    let mut begin = 4;
    let mut discontinuity = false;
    if has_adaptation {
        let length = usize::from(bytes[4]);
        begin += 1 + length;
        if begin > SIZE {
            return None;
        }
        discontinuity = length > 0 && bytes[5] & 0x80 != 0;
    }
    Some(Packet {
        pid: u16::from(bytes[1] & 0x1f) << 8 | u16::from(bytes[2]),
        start: bytes[1] & 0x40 != 0,
        counter: bytes[3] & 0xf,
        discontinuity,
        scrambled: bytes[3] & 0xc0 != 0,
        payload: has_payload.then(|| &bytes[begin..]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(pid: u16, counter: u8) -> Vec<u8> {
        let mut packet = vec![SYNC, 0x40 | (pid >> 8) as u8, pid as u8, 0x10 | counter];
        packet.resize(SIZE, 0xaa);
        packet
    }

    fn counters(data: &[u8]) -> Vec<u8> {
        Packets::find(data).unwrap().map(|packet| packet.counter).collect()
    }

    #[test]
    fn packets_of_all_sizes_are_found() {
        let plain: Vec<u8> = (0..6).flat_map(|n| packet(100, n)).collect();
        assert_eq!(counters(&plain), [0, 1, 2, 3, 4, 5]);
        let stamped: Vec<u8> = (0..6).flat_map(|n| [vec![0x47; 4], packet(100, n)].concat()).collect();
        assert_eq!(counters(&stamped), [0, 1, 2, 3, 4, 5]);
        let corrected: Vec<u8> = (0..6).flat_map(|n| [packet(100, n), vec![0; 16]].concat()).collect();
        assert_eq!(counters(&corrected), [0, 1, 2, 3, 4, 5]);
        assert_eq!(counters(&packet(100, 7)), [7]);
    }

    #[test]
    fn garbage_is_passed_over() {
        let packets = |range: std::ops::Range<u8>| range.flat_map(|n| packet(100, n)).collect::<Vec<u8>>();
        let data = [vec![0x47; 77], packets(0..6), vec![0x47, 1, 2], packets(6..9), vec![1; 50]].concat();
        let found = counters(&data);
        assert_eq!(found[found.len() - 3..], [6, 7, 8]);
        assert!(found.len() >= 8);
        assert!(Packets::find(&[0x47; 100]).is_none());
        assert!(Packets::find(b"\0\0\0\x18ftypmp42").is_none());
        assert!(Packets::find(&[]).is_none());
    }

    #[test]
    fn headers_that_make_no_sense_are_passed_over() {
        let mut damaged = packet(100, 1);
        damaged[1] |= 0x80;
        let mut overlong = packet(100, 2);
        overlong[3] |= 0x20;
        overlong[4] = 184;
        let mut empty = packet(100, 3);
        empty[3] |= 0x20;
        empty[4] = 183;
        empty[5] = 0x80;
        let data = [damaged, overlong, empty, packet(NULL_PID, 4), packet(100, 5)].concat();
        let packets: Vec<_> = Packets::find(&data).unwrap().collect();
        assert_eq!(packets.iter().map(|packet| packet.counter).collect::<Vec<_>>(), [3, 5]);
        assert!(packets[0].discontinuity);
        assert_eq!(packets[0].payload, Some(&[][..]));
    }
}
