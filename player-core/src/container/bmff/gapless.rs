//! Priming and padding of sound as iTunes writes them into a file's metadata (`iTunSMPB`), for files without edit lists.

use super::boxes::{self, Reader};

/// Samples of one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gapless {
    /// To be dropped at the beginning.
    pub(super) delay: u32,
    /// To be heard behind them; zero where the file does not say it.
    pub(super) length: u64,
}

/// What `moov` says; `None` where it says nothing, or what cannot be read.
pub(super) fn find(moov: &[u8]) -> Option<Gapless> {
    let udta = boxes::find(moov, b"udta").ok()??;
    let meta = boxes::find(udta.payload, b"meta").ok()??;
    let (_, _, reader) = Reader::full(meta.payload, "meta").ok()?;
    let ilst = boxes::find(reader.rest(), b"ilst").ok()??;
    boxes::boxes(ilst.payload).flatten().filter(|entry| &entry.kind == b"----").find_map(|entry| read(entry.payload))
}

/// A named entry: `mean`, `name` and `data`.
fn read(entry: &[u8]) -> Option<Gapless> {
    let name = boxes::find(entry, b"name").ok()??.payload.get(4..)?;
    if name != b"iTunSMPB" {
        return None;
    }
    // Behind the type and the locale of the value.
    let text = std::str::from_utf8(boxes::find(entry, b"data").ok()??.payload.get(8..)?).ok()?;
    let mut numbers = text.split_ascii_whitespace().map(|digits| u64::from_str_radix(digits, 16).ok());
    // A zero, the delay, the padding, the length.
    let (delay, _, length) = (numbers.nth(1)??, numbers.next()??, numbers.next()??);
    Some(Gapless { delay: u32::try_from(delay).ok()?, length })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrap(kind: &[u8], body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32 + 8).to_be_bytes(), kind, body].concat()
    }

    fn moov(text: &str) -> Vec<u8> {
        let name = wrap(b"name", b"\0\0\0\0iTunSMPB");
        let data = wrap(b"data", &[&[0, 0, 0, 1, 0, 0, 0, 0], text.as_bytes()].concat());
        let other = wrap(b"----", &wrap(b"name", b"\0\0\0\0iTunNORM"));
        let ilst = wrap(b"ilst", &[other, wrap(b"----", &[name, data].concat())].concat());
        wrap(b"udta", &wrap(b"meta", &[&[0; 4][..], &ilst].concat()))
    }

    #[test]
    fn priming_is_found_in_the_metadata() {
        let text = " 00000000 00000840 000001CA 00000000003F31F6 00000000 00000000";
        assert_eq!(find(&moov(text)), Some(Gapless { delay: 0x840, length: 0x3f_31f6 }));
        for odd in ["", " 0 x 1 2", " 0 840", " 0 100000000 0 1"] {
            assert_eq!(find(&moov(odd)), None, "{odd}");
        }
        assert_eq!(find(&[]), None);
    }
}
