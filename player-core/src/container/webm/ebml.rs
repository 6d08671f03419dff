//! Elements of EBML (RFC 8794): identifier, size, payload.

use crate::container::ContainerError;
use bytes::Bytes;
use std::ops::Range;

/// Identifiers with their length markers, as the specification prints them.
pub(super) mod id {
    pub(in super::super) const SEGMENT: u32 = 0x1853_8067;
    pub(in super::super) const INFO: u32 = 0x1549_a966;
    pub(in super::super) const SEEK_HEAD: u32 = 0x114d_9b74;
    pub(in super::super) const SEEK: u32 = 0x4dbb;
    pub(in super::super) const SEEK_ID: u32 = 0x53ab;
    pub(in super::super) const SEEK_POSITION: u32 = 0x53ac;
    pub(in super::super) const CHAPTERS: u32 = 0x1043_a770;
    pub(in super::super) const EDITION_ENTRY: u32 = 0x45b9;
    pub(in super::super) const EDITION_FLAG_DEFAULT: u32 = 0x45db;
    pub(in super::super) const CHAPTER_ATOM: u32 = 0xb6;
    pub(in super::super) const CHAPTER_TIME_START: u32 = 0x91;
    pub(in super::super) const CHAPTER_TIME_END: u32 = 0x92;
    pub(in super::super) const CHAPTER_FLAG_HIDDEN: u32 = 0x98;
    pub(in super::super) const CHAPTER_FLAG_ENABLED: u32 = 0x4598;
    pub(in super::super) const CHAPTER_DISPLAY: u32 = 0x80;
    pub(in super::super) const CHAP_STRING: u32 = 0x85;
    pub(in super::super) const CHAP_LANGUAGE: u32 = 0x437c;
    pub(in super::super) const CHAP_LANGUAGE_BCP47: u32 = 0x437d;
    pub(in super::super) const TIMESTAMP_SCALE: u32 = 0x2a_d7b1;
    pub(in super::super) const DURATION: u32 = 0x4489;
    pub(in super::super) const TRACKS: u32 = 0x1654_ae6b;
    pub(in super::super) const TRACK_ENTRY: u32 = 0xae;
    pub(in super::super) const TRACK_NUMBER: u32 = 0xd7;
    pub(in super::super) const TRACK_TYPE: u32 = 0x83;
    pub(in super::super) const DEFAULT_DURATION: u32 = 0x23_e383;
    pub(in super::super) const CODEC_ID: u32 = 0x86;
    pub(in super::super) const CODEC_PRIVATE: u32 = 0x63a2;
    pub(in super::super) const CODEC_DELAY: u32 = 0x56aa;
    pub(in super::super) const SEEK_PRE_ROLL: u32 = 0x56bb;
    pub(in super::super) const VIDEO: u32 = 0xe0;
    pub(in super::super) const PIXEL_WIDTH: u32 = 0xb0;
    pub(in super::super) const PIXEL_HEIGHT: u32 = 0xba;
    pub(in super::super) const COLOUR: u32 = 0x55b0;
    pub(in super::super) const MATRIX: u32 = 0x55b1;
    pub(in super::super) const RANGE: u32 = 0x55b9;
    pub(in super::super) const TRANSFER: u32 = 0x55ba;
    pub(in super::super) const PRIMARIES: u32 = 0x55bb;
    pub(in super::super) const MAX_CLL: u32 = 0x55bc;
    pub(in super::super) const AUDIO: u32 = 0xe1;
    pub(in super::super) const SAMPLING_FREQUENCY: u32 = 0xb5;
    pub(in super::super) const OUTPUT_SAMPLING_FREQUENCY: u32 = 0x78b5;
    pub(in super::super) const CHANNELS: u32 = 0x9f;
    pub(in super::super) const CONTENT_ENCODINGS: u32 = 0x6d80;
    pub(in super::super) const CONTENT_ENCODING: u32 = 0x6240;
    pub(in super::super) const CONTENT_ENCODING_TYPE: u32 = 0x5033;
    pub(in super::super) const CONTENT_COMPRESSION: u32 = 0x5034;
    pub(in super::super) const CONTENT_COMP_ALGO: u32 = 0x4254;
    pub(in super::super) const CONTENT_COMP_SETTINGS: u32 = 0x4255;
    pub(in super::super) const CONTENT_ENCRYPTION: u32 = 0x5035;
    pub(in super::super) const CONTENT_ENC_ALGO: u32 = 0x47e1;
    pub(in super::super) const CONTENT_ENC_KEY_ID: u32 = 0x47e2;
    pub(in super::super) const CONTENT_ENC_AES_SETTINGS: u32 = 0x47e7;
    pub(in super::super) const AES_SETTINGS_CIPHER_MODE: u32 = 0x47e8;
    pub(in super::super) const CLUSTER: u32 = 0x1f43_b675;
    pub(in super::super) const CLUSTER_TIMESTAMP: u32 = 0xe7;
    pub(in super::super) const SIMPLE_BLOCK: u32 = 0xa3;
    pub(in super::super) const BLOCK_GROUP: u32 = 0xa0;
    pub(in super::super) const BLOCK: u32 = 0xa1;
    pub(in super::super) const BLOCK_DURATION: u32 = 0x9b;
    pub(in super::super) const REFERENCE_BLOCK: u32 = 0xfb;
    pub(in super::super) const DISCARD_PADDING: u32 = 0x75a2;
    pub(in super::super) const BLOCK_ADDITIONS: u32 = 0x75a1;
    pub(in super::super) const BLOCK_MORE: u32 = 0xa6;
    pub(in super::super) const BLOCK_ADDITIONAL: u32 = 0xa5;
}

/// Where an element is in the bytes that are walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) id: u32,
    /// First byte of the payload.
    pub(super) start: usize,
    /// First byte behind it, at most the length of the data.
    pub(super) end: usize,
    /// What it claims; `None` where it does not know its size.
    claimed: Option<u64>,
}

impl Element {
    /// The element at `position`; `None` at the end, and before a header that is cut off.
    pub(super) fn next(data: &[u8], position: usize) -> Result<Option<Self>, ContainerError> {
        let Some(rest) = data.get(position..).filter(|rest| !rest.is_empty()) else { return Ok(None) };
        let id_length = rest[0].leading_zeros() as usize + 1;
        if id_length > 4 {
            return Err(ContainerError::Malformed("EBML identifier"));
        }
        let Some(bytes) = rest.get(..id_length) else { return Ok(None) };
        let id = bytes.iter().fold(0u32, |id, byte| id << 8 | u32::from(*byte));
        let Some((claimed, size_length)) = vint(&rest[id_length..])? else { return Ok(None) };
        let start = position + id_length + size_length;
        let available = data.len() - start;
        let length = claimed.map_or(available, |size| usize::try_from(size).map_or(available, |s| s.min(available)));
        Ok(Some(Self { id, start, end: start + length, claimed }))
    }

    /// Bytes of the payload as the element claims; `None` where it does not know.
    pub(super) fn claimed(&self) -> Option<u64> {
        self.claimed
    }

    /// The payload's place, if all of it is there.
    pub(super) fn range(&self, data: &[u8]) -> Result<Range<usize>, ContainerError> {
        match self.claimed {
            Some(claimed) if claimed > (self.end - self.start) as u64 => Err(ContainerError::Truncated {
                kind: format!("{:x}", self.id),
                claimed,
                available: (data.len() - self.start) as u64,
            }),
            Some(_) => Ok(self.start..self.end),
            None => Err(ContainerError::Malformed("EBML size")),
        }
    }

    /// The payload, if all of it is there.
    pub(super) fn payload<'a>(&self, data: &'a [u8]) -> Result<&'a [u8], ContainerError> {
        Ok(&data[self.range(data)?])
    }

    /// As an unsigned integer of at most eight bytes.
    pub(super) fn unsigned(&self, data: &[u8]) -> Result<u64, ContainerError> {
        let bytes = self.payload(data)?;
        if bytes.len() > 8 {
            return Err(ContainerError::Malformed("EBML integer"));
        }
        Ok(bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    /// As a signed integer of at most eight bytes.
    pub(super) fn signed(&self, data: &[u8]) -> Result<i64, ContainerError> {
        let unused = 64 - 8 * (self.end - self.start).min(8) as u32;
        let value = self.unsigned(data)?;
        Ok(if unused == 64 { 0 } else { (value << unused) as i64 >> unused })
    }

    /// As a floating-point number of four or eight bytes.
    pub(super) fn float(&self, data: &[u8]) -> Result<f64, ContainerError> {
        let bytes = self.payload(data)?;
        match (<[u8; 4]>::try_from(bytes), <[u8; 8]>::try_from(bytes)) {
            (Ok(bytes), _) => Ok(f64::from(f32::from_be_bytes(bytes))),
            (_, Ok(bytes)) => Ok(f64::from_be_bytes(bytes)),
            _ if bytes.is_empty() => Ok(0.0),
            _ => Err(ContainerError::Malformed("EBML float")),
        }
    }

    /// The payload as bytes that share the memory of `data`.
    pub(super) fn bytes(&self, data: &Bytes) -> Result<Bytes, ContainerError> {
        Ok(data.slice(self.range(data)?))
    }
}

/// The elements of a slice. Ends after the first error.
pub(super) fn children(data: &[u8]) -> impl Iterator<Item = Result<Element, ContainerError>> + '_ {
    let mut position = 0;
    std::iter::from_fn(move || {
        let found = Element::next(data, position).transpose()?;
        position = found.as_ref().map_or(data.len(), |element| element.end);
        Some(found)
    })
}

/// A number of one to eight bytes and its length. All ones mean "unknown". `None` where it is cut off.
pub(super) fn vint(data: &[u8]) -> Result<Option<(Option<u64>, usize)>, ContainerError> {
    let Some(first) = data.first() else { return Ok(None) };
    let length = first.leading_zeros() as usize + 1;
    if length > 8 {
        return Err(ContainerError::Malformed("EBML size"));
    }
    let Some(bytes) = data.get(..length) else { return Ok(None) };
    let mask = (1u64 << (7 * length)) - 1;
    let value = bytes.iter().fold(0u64, |value, byte| value << 8 | u64::from(*byte)) & mask;
    Ok(Some(((value != mask).then_some(value), length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_to_eight_bytes_and_may_be_unknown() {
        assert_eq!(vint(&[0x81]), Ok(Some((Some(1), 1))));
        assert_eq!(vint(&[0xff]), Ok(Some((None, 1))));
        assert_eq!(vint(&[0x40, 0x7f]), Ok(Some((Some(127), 2))));
        assert_eq!(vint(&[0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Ok(Some((None, 8))));
        assert_eq!(vint(&[0x01, 0, 0, 0, 0, 0, 0, 9]), Ok(Some((Some(9), 8))));
        assert_eq!(vint(&[0x40]), Ok(None));
        assert!(vint(&[0]).is_err());
    }

    #[test]
    fn claims_beyond_the_data_are_errors_only_for_who_wants_the_payload() {
        let element = Element::next(&[0xa3, 0x88, 1, 2], 0).unwrap().unwrap();
        assert_eq!((element.start, element.end), (2, 4));
        let refused = element.payload(&[0xa3, 0x88, 1, 2]);
        assert_eq!(refused, Err(ContainerError::Truncated { kind: "a3".into(), claimed: 8, available: 2 }));
    }

    #[test]
    fn signed_numbers_keep_their_sign() {
        for (bytes, value) in [(&[0xffu8][..], -1i64), (&[0x7f], 127), (&[0xff, 0x00], -256), (&[], 0)] {
            let data = [&[0x9bu8, 0x80 | bytes.len() as u8][..], bytes].concat();
            assert_eq!(Element::next(&data, 0).unwrap().unwrap().signed(&data), Ok(value));
        }
    }
}
