//! ID3v2 tags, as far as packed audio needs them (id3.org, ID3v2.3.0 and ID3v2.4.0).

use crate::container::ts::TIMESTAMP_BITS;

const HEADER: usize = 10;
const FRAME_HEADER: usize = 10;
/// Frames of a tag that are looked at.
const MAX_FRAMES: usize = 64;
const TIMESTAMP: &[u8] = b"com.apple.streaming.transportStreamTimestamp\0";
const DESCRIPTION: &[u8] = b"com.apple.streaming.audioDescription\0";

/// What a tag says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tag {
    /// In bytes, all of it.
    pub(super) size: usize,
    /// Of the first frame behind it, at 90 kHz.
    pub(super) timestamp: Option<i64>,
    /// It has the setup of encrypted frames.
    pub(super) describes_encrypted: bool,
    /// It has other frames.
    pub(super) has_metadata: bool,
}

impl Tag {
    /// Reads the tag at the beginning of `data`; `None` if there is none, or not all of it.
    pub(super) fn parse(data: &[u8]) -> Option<Self> {
        let header = data.first_chunk::<HEADER>()?;
        if &header[..3] != b"ID3" || header[3] == 0xff || header[4] == 0xff {
            return None;
        }
        let (version, flags) = (header[3], header[5]);
        let body = synchsafe(&header[6..])?;
        let footer = if flags & 0x10 != 0 { HEADER } else { 0 };
        let size = HEADER + body + footer;
        let mut tag = Self { size, ..Self::default() };
        let mut rest = data.get(..size)?.get(HEADER..HEADER + body)?;
        if flags & 0x40 != 0 {
            rest = behind_extended_header(rest, version).unwrap_or_default();
        }
        if version >= 3 {
            tag.read_frames(rest, version);
        }
        Some(tag)
    }

    fn read_frames(&mut self, mut rest: &[u8], version: u8) {
        for _ in 0..MAX_FRAMES {
            let Some((header, behind)) = rest.split_first_chunk::<FRAME_HEADER>() else { return };
            // Padding.
            if header[0] == 0 {
                return;
            }
            let plain = || u32::from_be_bytes([header[4], header[5], header[6], header[7]]) as usize;
            let size = if version >= 4 { synchsafe(&header[4..]).unwrap_or_else(plain) } else { plain() };
            let Some((content, behind)) = behind.split_at_checked(size) else { return };
            rest = behind;
            let private = (&header[..4] == b"PRIV").then_some(content);
            if let Some(bytes) = private.and_then(|content| content.strip_prefix(TIMESTAMP)) {
                self.timestamp = bytes.first_chunk::<8>().map(|bytes| {
                    // 33 bits fit.
                    (u64::from_be_bytes(*bytes) & ((1 << TIMESTAMP_BITS) - 1)) as i64
                });
            } else if let Some(setup) = private.and_then(|content| content.strip_prefix(DESCRIPTION)) {
                // The types of encrypted streams begin with a z: zaac, zach, zacp, zac3, zec3.
                self.describes_encrypted |= setup.first() == Some(&b'z');
            } else {
                self.has_metadata = true;
            }
        }
    }
}

/// 28 bits in four bytes.
fn synchsafe(bytes: &[u8]) -> Option<usize> {
    let bytes = bytes.first_chunk::<4>()?;
    let fits = bytes.iter().all(|byte| byte & 0x80 == 0);
    fits.then(|| bytes.iter().fold(0, |size, byte| size << 7 | usize::from(*byte)))
}

fn behind_extended_header(body: &[u8], version: u8) -> Option<&[u8]> {
    // Version 4 counts the size itself, version 3 does not.
    let size = if version >= 4 { synchsafe(body)? } else { 4 + u32::from_be_bytes(*body.first_chunk::<4>()?) as usize };
    body.get(size..)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A tag of version 4 with these private frames.
    pub(in crate::container::packed) fn tag(frames: &[(&[u8], &[u8])]) -> Vec<u8> {
        let mut body = Vec::new();
        for (name, content) in frames {
            body.extend(name.iter());
            body.extend([0, 0, (content.len() >> 7) as u8, content.len() as u8 & 0x7f, 0, 0]);
            body.extend(content.iter());
        }
        [&[b'I', b'D', b'3', 4, 0, 0, 0, 0, (body.len() >> 7) as u8, body.len() as u8 & 0x7f][..], &body].concat()
    }

    pub(in crate::container::packed) fn timestamp(ticks: u64) -> Vec<u8> {
        [TIMESTAMP, &ticks.to_be_bytes()].concat()
    }

    #[test]
    fn timestamps_and_setups_are_found_among_other_frames() {
        let stamp = timestamp(1 << 40 | 0x1_2345_6789);
        let data = [tag(&[(b"TIT2", b"\x03news"), (b"PRIV", &stamp)]), vec![0xff; 9]].concat();
        let parsed = Tag::parse(&data).unwrap();
        assert_eq!(parsed.size, data.len() - 9);
        assert_eq!((parsed.timestamp, parsed.has_metadata), (Some(0x1_2345_6789), true));
        let setup = [DESCRIPTION, b"zaac\0\0\x01\x02\x12\x10"].concat();
        let parsed = Tag::parse(&tag(&[(b"PRIV", &setup)])).unwrap();
        assert!(parsed.describes_encrypted && !parsed.has_metadata && parsed.timestamp.is_none());
    }

    #[test]
    fn damage_is_no_tag_or_an_empty_one() {
        let whole = tag(&[(b"PRIV", &timestamp(5))]);
        for length in 0..whole.len() {
            assert_eq!(Tag::parse(&whole[..length]), None);
        }
        let mut overlong = whole.clone();
        overlong[17] = 0x7f;
        assert_eq!(Tag::parse(&overlong).unwrap().timestamp, None);
        let mut extended = whole;
        extended[5] = 0x40;
        extended[10] = 0x7f;
        assert_eq!(Tag::parse(&extended).unwrap().timestamp, None);
        assert!(Tag::parse(b"ID3\x04\0\0\xff\0\0\0").is_none());
    }
}
