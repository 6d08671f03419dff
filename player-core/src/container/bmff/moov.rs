//! The way to `moov` in a file that is not all here.

use std::ops::Range;

/// Boxes of one stretch that are looked at.
const MAX_BOXES: usize = 1_024;

/// What a stretch of a file says of where `moov` is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MoovSearch {
    /// Its payload is here.
    Here(Range<usize>),
    /// First byte of its payload in the file, and how many there are.
    At(u64, u64),
    /// It is not before this byte.
    Behind(u64),
    Nowhere,
}

/// Walks over the boxes of `data`, which begins with a box at the byte `first` of the file. A file in fragments is said
/// to have none: what it says is in the fragments.
pub fn find_moov(data: &[u8], first: u64) -> MoovSearch {
    let mut position = 0usize;
    for _ in 0..MAX_BOXES {
        let Some(rest) = data.get(position..) else { return MoovSearch::Nowhere };
        let (Some(size), Some(kind)) = (rest.first_chunk::<4>(), rest.get(4..8)) else {
            // A header that is cut off, or the end of the file.
            let next = first.saturating_add(position as u64);
            return if position > 0 { MoovSearch::Behind(next) } else { MoovSearch::Nowhere };
        };
        let (header, size) = match u32::from_be_bytes(*size) {
            0 => return MoovSearch::Nowhere,
            1 => match rest.get(8..16).and_then(|large| large.first_chunk()) {
                Some(large) => (16u64, u64::from_be_bytes(*large)),
                None => return MoovSearch::Nowhere,
            },
            size => (8, u64::from(size)),
        };
        if size < header || kind == b"moof" {
            return MoovSearch::Nowhere;
        }
        let here = first.saturating_add(position as u64);
        let end = usize::try_from(size).ok().and_then(|size| position.checked_add(size));
        let inside = end.filter(|end| *end <= data.len());
        if kind == b"moov" {
            return match inside {
                Some(end) => MoovSearch::Here(position + header as usize..end),
                None => MoovSearch::At(here.saturating_add(header), size - header),
            };
        }
        match inside {
            Some(end) => position = end,
            None => return MoovSearch::Behind(here.saturating_add(size)),
        }
    }
    MoovSearch::Nowhere
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], size: u32) -> Vec<u8> {
        [&size.to_be_bytes()[..], kind].concat()
    }

    #[test]
    fn it_is_found_before_and_behind_the_media() {
        let head = [boxed(b"ftyp", 8), boxed(b"moov", 12), vec![1, 2, 3, 4]].concat();
        assert_eq!(find_moov(&head, 0), MoovSearch::Here(16..20));
        assert_eq!(find_moov(&head[..18], 0), MoovSearch::At(16, 4));
        let media = [boxed(b"ftyp", 8), boxed(b"mdat", 5_000)].concat();
        assert_eq!(find_moov(&media, 0), MoovSearch::Behind(5_008));
        assert_eq!(find_moov(&boxed(b"moov", 4_000), 5_008), MoovSearch::At(5_016, 3_992));
        let fragments = [boxed(b"ftyp", 8), boxed(b"moof", 8)].concat();
        for nothing in [&fragments[..], b"", b"\0\0\0\x01mdat", &boxed(b"mdat", 3)] {
            assert_eq!(find_moov(nothing, 0), MoovSearch::Nowhere);
        }
    }
}
