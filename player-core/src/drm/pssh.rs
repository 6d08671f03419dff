//! Protection system specific headers: the key ids of version 1 boxes. Those of version 0 name keys, if at all, in the
//! system's own language.

use super::{InitData, InitDataType, KeyId, SystemId, SystemOffer};
use bytes::Bytes;

/// The W3C common system id, whose header is a list of key ids and nothing else.
pub const COMMON_SYSTEM: [u8; 16] =
    [0x10, 0x77, 0xef, 0xec, 0xc0, 0xb2, 0x4d, 0x02, 0xac, 0xe3, 0x3c, 0x1e, 0x52, 0xe2, 0xfb, 0x4b];

/// Key ids of one header: a licence for more has never been seen.
const MAX_KEY_IDS: usize = 1_024;

/// Boxes of one place that are looked at; a system has one or two.
const MAX_BOXES: usize = 64;

/// Longest box that is kept, in bytes: interfaces of modules count them with sixteen bits.
const MAX_BOX: usize = 0xffff;

/// What one box announces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    pub offer: SystemOffer,
    pub key_ids: Vec<KeyId>,
}

/// What whole boxes announce, one box after the other, at most 64. Unreadable boxes and other bytes announce nothing.
pub fn announcements(data: &[u8]) -> Vec<Announcement> {
    let boxes = Boxes(data).filter(|found| found.kind == b"pssh" && found.whole.len() <= MAX_BOX);
    let announced = boxes.filter_map(|found| {
        let system = SystemId::Uuid(found.payload.get(4..20)?.try_into().ok()?);
        let init = Some(InitData { kind: InitDataType::Cenc, data: Bytes::copy_from_slice(found.whole) });
        Some(Announcement { offer: SystemOffer { system, init }, key_ids: payload_key_ids(found.payload) })
    });
    announced.take(MAX_BOXES).collect()
}

/// What the `pssh` boxes in `moov` and `moof` of ISO media announce, and those beside them.
pub fn announcements_in_media(media: &[u8]) -> Vec<Announcement> {
    let inner = Boxes(media).filter(|found| matches!(found.kind, b"moov" | b"moof"));
    let mut found: Vec<Announcement> = inner.flat_map(|holder| announcements(holder.payload)).take(MAX_BOXES).collect();
    found.extend(announcements(media));
    found.truncate(MAX_BOXES);
    found
}

/// A box of version 0 around data of this system.
pub fn wrap(system: [u8; 16], data: &[u8]) -> Option<Bytes> {
    let size = u32::try_from(32 + data.len()).ok().filter(|size| *size as usize <= MAX_BOX)?;
    let length = size - 32;
    let whole = [&size.to_be_bytes()[..], b"pssh\0\0\0\0", &system, &length.to_be_bytes(), data].concat();
    Some(whole.into())
}

/// One box, as it lies in the data.
struct BoxAt<'a> {
    kind: &'a [u8; 4],
    whole: &'a [u8],
    payload: &'a [u8],
}

/// Boxes one after the other, as far as their sizes make sense.
struct Boxes<'a>(&'a [u8]);

impl<'a> Iterator for Boxes<'a> {
    type Item = BoxAt<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let (head, after) = self.0.split_first_chunk::<8>()?;
        let size = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        // One: 64 bits follow. Zero: as far as there is something.
        let (header, size) = match size {
            0 => (8, self.0.len()),
            1 => (16, usize::try_from(u64::from_be_bytes(*after.first_chunk()?)).ok()?),
            size => (8, size),
        };
        let whole = self.0.get(..size).filter(|whole| whole.len() >= header)?;
        self.0 = &self.0[size..];
        Some(BoxAt { kind: head.last_chunk()?, whole, payload: &whole[header..] })
    }
}

/// Key ids of whole boxes, one after the other. Unreadable boxes and other bytes have none.
pub fn key_ids(data: &[u8]) -> Vec<KeyId> {
    let mut ids = Vec::new();
    let mut rest = data;
    while let Some((head, after)) = rest.split_first_chunk::<8>() {
        let size = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        // Zero: as far as there is something.
        let length = if size == 0 { after.len() } else { size.saturating_sub(8).min(after.len()) };
        if &head[4..] == b"pssh" {
            ids.extend(payload_key_ids(&after[..length]));
        }
        if ids.len() >= MAX_KEY_IDS {
            break;
        }
        rest = &after[length..];
    }
    ids.truncate(MAX_KEY_IDS);
    ids
}

/// Key ids of a box's payload, whatever its system: version(1) flags(3) system(16) count(4) ids. In the order of bytes in
/// which UUIDs are written, at most 1024.
pub fn payload_key_ids(payload: &[u8]) -> Vec<KeyId> {
    let version = payload.first().copied().unwrap_or_default();
    let count = payload.get(20..24).map(|bytes| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
    let (Some(count), true) = (count, version >= 1) else { return Vec::new() };
    payload[24..]
        .chunks_exact(16)
        .take((count as usize).min(MAX_KEY_IDS))
        .map(|id| KeyId(id.try_into().expect("chunks have sixteen bytes")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(version: u8, ids: &[[u8; 16]]) -> Vec<u8> {
        let mut payload = vec![version, 0, 0, 0];
        payload.extend_from_slice(&COMMON_SYSTEM);
        payload.extend_from_slice(&(ids.len() as u32).to_be_bytes());
        payload.extend(ids.concat());
        payload
    }

    fn whole(payload: &[u8]) -> Vec<u8> {
        [&(payload.len() as u32 + 8).to_be_bytes()[..], b"pssh", payload].concat()
    }

    #[test]
    fn a_count_beyond_the_data_yields_what_is_there() {
        let mut payload = vec![1, 0, 0, 0];
        payload.extend_from_slice(&COMMON_SYSTEM);
        payload.extend_from_slice(&u32::MAX.to_be_bytes());
        payload.extend_from_slice(&[7; 40]);
        assert_eq!(payload_key_ids(&payload), [KeyId([7; 16]); 2]);
        assert_eq!(payload_key_ids(&payload[..10]), []);
    }

    #[test]
    fn conformance_34_key_ids_are_read_as_written_from_all_boxes_of_version_1() {
        let id: [u8; 16] = std::array::from_fn(|byte| byte as u8);
        let boxes =
            [whole(&payload(0, &[[9; 16]])), whole(&payload(1, &[id, [3; 16]])), whole(&payload(1, &[[4; 16]]))];
        assert_eq!(key_ids(&boxes.concat()), [KeyId(id), KeyId([3; 16]), KeyId([4; 16])]);
        assert_eq!(KeyId(id).to_string(), "000102030405060708090a0b0c0d0e0f");
    }

    #[test]
    fn boxes_are_offers_of_their_systems_wherever_they_are() {
        let widevine = wrap([0xed; 16], b"data").unwrap();
        let moof = [&(8 + widevine.len() as u32).to_be_bytes()[..], b"moof", &widevine].concat();
        let common = whole(&payload(1, &[[4; 16]]));
        let wide = [&1u32.to_be_bytes()[..], b"free", &16u64.to_be_bytes()].concat();
        let found = announcements_in_media(&[&wide[..], &moof, &common].concat());
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].offer.system, SystemId::Uuid([0xed; 16]));
        assert_eq!(found[0].offer.init.as_ref().unwrap().data, widevine);
        assert_eq!((&found[1].offer.system, &found[1].key_ids[..]), (&SystemId::COMMON, &[KeyId([4; 16])][..]));
        assert_eq!(wrap([0; 16], &vec![0; MAX_BOX]), None);
        assert_eq!(announcements(&common.repeat(100)).len(), MAX_BOXES);
    }

    #[test]
    fn sizes_that_make_no_sense_end_the_walk() {
        let good = whole(&payload(1, &[[4; 16]]));
        for size in [1u32, 7, 9, u32::MAX] {
            let mut damaged = good.clone();
            damaged[..4].copy_from_slice(&size.to_be_bytes());
            assert!(key_ids(&damaged).len() <= 1, "{size}");
            assert!(announcements_in_media(&damaged).is_empty(), "{size}");
        }
        assert_eq!(key_ids(&whole(&payload(1, &[[4; 16]; 2_000]))).len(), MAX_KEY_IDS);
    }
}
