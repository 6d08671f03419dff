//! Protection system specific headers: the key ids of version 1 boxes.

use super::KeyId;

/// The W3C common system id, whose header is a list of key ids and nothing else.
pub const COMMON_SYSTEM: [u8; 16] =
    [0x10, 0x77, 0xef, 0xec, 0xc0, 0xb2, 0x4d, 0x02, 0xac, 0xe3, 0x3c, 0x1e, 0x52, 0xe2, 0xfb, 0x4b];

/// Key ids of a whole box, header included. Unreadable boxes have none.
pub fn key_ids(data: &[u8]) -> Vec<KeyId> {
    match data.get(4..8) {
        Some(b"pssh") => payload_key_ids(&data[8..]),
        _ => Vec::new(),
    }
}

/// Key ids of a box's payload, whatever its system: version(1) flags(3) system(16) count(4) ids.
pub fn payload_key_ids(payload: &[u8]) -> Vec<KeyId> {
    let version = payload.first().copied().unwrap_or_default();
    let count = payload.get(20..24).map(|bytes| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
    let (Some(count), true) = (count, version >= 1) else { return Vec::new() };
    payload[24..]
        .chunks_exact(16)
        .take(count as usize)
        .map(|id| KeyId(id.try_into().expect("chunks have sixteen bytes")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_beyond_the_data_yields_what_is_there() {
        let mut payload = vec![1, 0, 0, 0];
        payload.extend_from_slice(&COMMON_SYSTEM);
        payload.extend_from_slice(&u32::MAX.to_be_bytes());
        payload.extend_from_slice(&[7; 40]);
        assert_eq!(payload_key_ids(&payload), [KeyId([7; 16]); 2]);
        assert_eq!(payload_key_ids(&payload[..10]), []);
    }
}
