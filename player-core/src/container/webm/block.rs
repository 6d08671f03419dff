//! `SimpleBlock` and `BlockGroup`: frames of one track, several of them where they are laced.

use super::ebml::{children, id, vint};
use crate::container::ContainerError;
use bytes::Bytes;
use std::ops::Range;

/// Frames that were stored together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) track: u64,
    /// Of the first frame, in ticks.
    pub(super) time: i64,
    pub(super) keyframe: bool,
    /// Of all frames together, in ticks, where the group says it.
    pub(super) duration: Option<u64>,
    /// Nanoseconds that are not to be heard at the end; negative at the beginning.
    pub(super) discard: i64,
    pub(super) frames: Vec<Bytes>,
    /// What belongs to the frame without being part of it.
    pub(super) addition: Bytes,
}

impl Block {
    pub(super) fn simple(media: &Bytes, range: Range<usize>, cluster: u64) -> Result<Self, ContainerError> {
        let (mut block, flags) = Self::parse(&media.slice(range), cluster)?;
        block.keyframe = flags & 0x80 != 0;
        Ok(block)
    }

    /// `None` where the group has no block.
    pub(super) fn of_group(media: &Bytes, range: Range<usize>, cluster: u64) -> Result<Option<Self>, ContainerError> {
        let group = media.slice(range);
        let (mut block, mut duration, mut discard, mut keyframe) = (None, None, 0, true);
        let mut addition = Bytes::new();
        for element in children(&group) {
            let element = element?;
            match element.id {
                id::BLOCK => block = Some(Self::parse(&element.bytes(&group)?, cluster)?.0),
                id::BLOCK_DURATION => duration = Some(element.unsigned(&group)?),
                id::REFERENCE_BLOCK => keyframe = false,
                id::DISCARD_PADDING => discard = element.signed(&group)?,
                id::BLOCK_ADDITIONS => addition = first_addition(&element.bytes(&group)?)?,
                _ => {}
            }
        }
        Ok(block.map(|block| Self { duration, discard, keyframe, addition, ..block }))
    }

    fn parse(data: &Bytes, cluster: u64) -> Result<(Self, u8), ContainerError> {
        let malformed = || ContainerError::Malformed("Block");
        let (track, length) = vint(data)?.ok_or_else(malformed)?;
        let head: [u8; 3] = data.get(length..length + 3).and_then(|head| head.try_into().ok()).ok_or_else(malformed)?;
        let relative = i64::from(i16::from_be_bytes([head[0], head[1]]));
        let block = Self {
            track: track.ok_or_else(malformed)?,
            time: i64::try_from(cluster).unwrap_or(i64::MAX).saturating_add(relative),
            keyframe: false,
            duration: None,
            discard: 0,
            frames: frames(&data.slice(length + 3..), head[2] >> 1 & 3)?,
            addition: Bytes::new(),
        };
        Ok((block, head[2]))
    }
}

fn first_addition(additions: &Bytes) -> Result<Bytes, ContainerError> {
    for more in children(additions) {
        let more = more?;
        if more.id == id::BLOCK_MORE {
            let more = more.bytes(additions)?;
            for element in children(&more) {
                let element = element?;
                if element.id == id::BLOCK_ADDITIONAL {
                    return element.bytes(&more);
                }
            }
        }
    }
    Ok(Bytes::new())
}

/// Undoes lacing: the number of frames, the sizes of all but the last in one of three ways, then the frames.
fn frames(data: &Bytes, lacing: u8) -> Result<Vec<Bytes>, ContainerError> {
    if lacing == 0 {
        return Ok(vec![data.clone()]);
    }
    let malformed = || ContainerError::Malformed("lacing");
    let count = usize::from(*data.first().ok_or_else(malformed)?) + 1;
    // Frames of no bytes would cost memory and nothing else: a lace of seven bytes can claim 256 of them.
    if count > data.len() {
        return Err(malformed());
    }
    let mut at = 1;
    let mut sizes = Vec::with_capacity(count);
    match lacing {
        // Xiph: bytes are summed up to the first that is not 255.
        1 => {
            for _ in 1..count {
                let mut size = 0usize;
                loop {
                    let byte = *data.get(at).ok_or_else(malformed)?;
                    at += 1;
                    size += usize::from(byte);
                    if byte < 255 {
                        break;
                    }
                }
                sizes.push(size);
            }
        }
        // EBML: the first size, then differences around the middle of the number's range.
        3 => {
            let mut size = 0i64;
            for index in 1..count {
                let (value, length) = vint(&data[at..])?.ok_or_else(malformed)?;
                at += length;
                let value = i64::try_from(value.ok_or_else(malformed)?).map_err(|_| malformed())?;
                let bias = if index == 1 { 0 } else { (1i64 << (7 * length - 1)) - 1 };
                size = size.checked_add(value - bias).ok_or_else(malformed)?;
                sizes.push(usize::try_from(size).map_err(|_| malformed())?);
            }
        }
        // All of one size.
        _ => {
            let length = data.len() - at;
            if !length.is_multiple_of(count) {
                return Err(malformed());
            }
            sizes.resize(count - 1, length / count);
        }
    }
    let mut frames = Vec::with_capacity(count);
    for size in sizes {
        let end = at.checked_add(size).filter(|end| *end <= data.len()).ok_or_else(malformed)?;
        frames.push(data.slice(at..end));
        at = end;
    }
    frames.push(data.slice(at..));
    Ok(frames)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laced(lacing: u8, data: &[u8]) -> Result<Vec<Vec<u8>>, ContainerError> {
        Ok(frames(&Bytes::copy_from_slice(data), lacing)?.iter().map(|frame| frame.to_vec()).collect())
    }

    #[test]
    fn frames_are_unlaced_in_all_ways() {
        assert_eq!(laced(0, b"abc"), Ok(vec![b"abc".to_vec()]));
        assert_eq!(laced(2, b"\x02aabbcc"), Ok(vec![b"aa".to_vec(), b"bb".to_vec(), b"cc".to_vec()]));
        assert_eq!(laced(1, b"\x02\x01\x03abbbcc"), Ok(vec![b"a".to_vec(), b"bbb".to_vec(), b"cc".to_vec()]));
        let long = [&[1u8, 255, 2][..], &[7; 257], b"z"].concat();
        assert_eq!(laced(1, &long), Ok(vec![vec![7; 257], b"z".to_vec()]));
        // Sizes 3, then 3 - 2 = 1, then the rest.
        assert_eq!(laced(3, b"\x02\x83\xbdabcdee"), Ok(vec![b"abc".to_vec(), b"d".to_vec(), b"ee".to_vec()]));
    }

    #[test]
    fn lacing_that_does_not_add_up_is_refused() {
        for (lacing, data) in
            [(1, &b"\x02\xff"[..]), (1, b"\x01\x09ab"), (2, b"\x02aabb1"), (3, b"\x02\x81\x80ab"), (3, b"")]
        {
            assert_eq!(laced(lacing, data), Err(ContainerError::Malformed("lacing")), "{lacing} {data:?}");
        }
    }

    #[test]
    fn a_lace_of_more_frames_than_bytes_is_refused() {
        for lacing in [1, 2, 3] {
            assert_eq!(laced(lacing, b"\xff"), Err(ContainerError::Malformed("lacing")), "{lacing}");
        }
    }
}
