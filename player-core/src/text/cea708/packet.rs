//! The transport of CTA-708: triplets make packets, packets hold blocks of services.

/// Bytes of the largest packet.
const MAX_PACKET: usize = 128;

/// Puts packets together.
#[derive(Clone, Debug, Default)]
pub(super) struct Packets {
    /// With its header; empty outside a packet.
    bytes: Vec<u8>,
}

impl Packets {
    /// Takes a triplet and gives the packet that it completes. A new packet ends an unfinished one, which is lost.
    pub(super) fn push(&mut self, [head, first, second]: [u8; 3]) -> Option<Vec<u8>> {
        let (valid, kind) = (head & 0x04 != 0, head & 0x03);
        match (kind, valid) {
            (3, true) => self.bytes.clear(),
            (2, true) if !self.bytes.is_empty() => {}
            // Padding between packets is marked as not valid.
            _ => return None,
        }
        self.bytes.extend([first, second]);
        let size = match self.bytes[0] & 0x3f {
            0 => MAX_PACKET,
            code => usize::from(code) * 2,
        };
        (self.bytes.len() >= size).then(|| std::mem::take(&mut self.bytes))
    }
}

/// The blocks in a packet and the numbers of their services (1 to 63), up to the first that does not fit.
pub(super) fn blocks(packet: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = packet.get(1..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (head, mut after) = rest.split_first()?;
        let (mut number, size) = (head >> 5, usize::from(head & 0x1f));
        // Without a number or a size nothing follows but padding.
        if number == 0 || size == 0 {
            return None;
        }
        if number == 7 {
            let (extended, behind) = after.split_first()?;
            (number, after) = (extended & 0x3f, behind);
        }
        let block = after.get(..size)?;
        rest = &after[size..];
        Some((number, block))
    })
    .filter(|(number, _)| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_put_together_and_parted_by_service() {
        let mut packets = Packets::default();
        assert_eq!(packets.push([0xfe, 1, 1]), None);
        // Five data bytes behind the header: code 3.
        assert_eq!(packets.push([0xff, 0x43, 0x21]), None);
        assert_eq!(packets.push([0xfa, 0, 0]), None);
        assert_eq!(packets.push([0xfe, b'a', 0x42]), None);
        let packet = packets.push([0xfe, b'b', b'c']).unwrap();
        assert_eq!(packet, [0x43, 0x21, b'a', 0x42, b'b', b'c']);
        assert_eq!(blocks(&packet).collect::<Vec<_>>(), [(1, &b"a"[..]), (2, b"bc")]);
        assert_eq!(blocks(&[0, 0xe1, 0x09, b'x', 0x29]).collect::<Vec<_>>(), [(9, &b"x"[..])]);
        assert_eq!(blocks(&[]).count(), 0);
    }
}
