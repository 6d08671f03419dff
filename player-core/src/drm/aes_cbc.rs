//! Segments encrypted as a whole (RFC 8216, section 4.3.2.4: AES-128, and AES-256 likewise).

use super::DrmError;
use aes::cipher::array::Array;
use aes::cipher::{BlockModeDecrypt, KeyIvInit};
use aes::{Aes128, Aes256};
use bytes::Bytes;

const BLOCK: usize = 16;

/// Bytes between the starts of two packets of MPEG-TS.
const TS_PACKET: usize = 188;

/// Boxes that a segment or an initialisation of ISO media begins with.
const FIRST_BOXES: [&[u8; 4]; 10] =
    [b"styp", b"ftyp", b"moof", b"moov", b"sidx", b"emsg", b"prft", b"uuid", b"free", b"skip"];

/// Decrypts a segment and strips its padding (PKCS#7). The key's length chooses AES-128 or AES-256.
///
/// `iv` is padded on the left, as the RFC reads a number of few digits. With `short_iv` that is only the first guess:
/// where the result does not begin as media do and does with the same digits padded on the right, those were meant.
///
/// What begins as media do is in the clear already, as initialisations are that a list names behind a key by mistake;
/// padding that is none is media where the beginning proves that the key fits.
///
/// # Errors
/// [`DrmError::BadKey`] for a key of neither 16 nor 32 bytes, [`DrmError::CutShort`] for anything but a positive number
/// of whole blocks, [`DrmError::WrongKey`] where the padding is none.
pub fn decrypt_segment(data: &[u8], key: &[u8], iv: [u8; 16], short_iv: bool) -> Result<Bytes, DrmError> {
    if !matches!(key.len(), 16 | 32) {
        return Err(DrmError::BadKey);
    }
    if evidence(data) == Evidence::Strong {
        return Ok(Bytes::copy_from_slice(data));
    }
    if data.is_empty() || !data.len().is_multiple_of(BLOCK) {
        return Err(DrmError::CutShort(data.len()));
    }
    let mut plain = data.to_vec();
    let (blocks, _) = Array::slice_as_chunks_mut(&mut plain);
    if key.len() == 16 {
        let cipher = cbc::Decryptor::<Aes128>::new_from_slices(key, &iv);
        cipher.map_err(|_| DrmError::BadKey)?.decrypt_blocks(blocks);
    } else {
        let cipher = cbc::Decryptor::<Aes256>::new_from_slices(key, &iv);
        cipher.map_err(|_| DrmError::BadKey)?.decrypt_blocks(blocks);
    }
    if short_iv {
        repair_first_block(&mut plain, iv);
    }
    let padding = plain.last().copied().map_or(0, usize::from);
    let content = plain.len().checked_sub(padding).filter(|_| (1..=BLOCK).contains(&padding));
    let content = content.filter(|content| plain[*content..].iter().all(|byte| usize::from(*byte) == padding));
    match content {
        Some(content) => plain.truncate(content),
        // Some packagers do not pad what fills its blocks.
        None if evidence(&plain) == Evidence::Strong => {}
        None => return Err(DrmError::WrongKey),
    }
    Ok(plain.into())
}

/// The IV touches the first block only, so another reading of it is a matter of sixteen bytes. Kept is the reading with
/// the best evidence; among equals the RFC's, which comes first.
fn repair_first_block(plain: &mut [u8], iv: [u8; 16]) {
    let Ok(first) = <[u8; BLOCK]>::try_from(&plain[..BLOCK]) else { return };
    let mut best = (evidence(plain), first);
    for shift in right_shifts(iv) {
        let mut other = [0; BLOCK];
        other[..BLOCK - shift].copy_from_slice(&iv[shift..]);
        let block: [u8; BLOCK] = std::array::from_fn(|at| first[at] ^ iv[at] ^ other[at]);
        plain[..BLOCK].copy_from_slice(&block);
        let found = evidence(plain);
        if found > best.0 {
            best = (found, block);
        }
    }
    plain[..BLOCK].copy_from_slice(&best.1);
}

/// By how many bytes the digits may have to move to be padded on the right. Zeros in front may be digits or padding:
/// eight bytes are what packagers write, else it is as many as are not zero.
fn right_shifts(iv: [u8; 16]) -> impl Iterator<Item = usize> {
    let zeros = iv.iter().take_while(|byte| **byte == 0).count();
    let eight = (zeros >= 8).then_some(8);
    eight.into_iter().chain(Some(zeros).filter(move |zeros| *zeros < BLOCK && Some(*zeros) != eight))
}

/// How a segment begins, by how much can be told from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Evidence {
    None,
    /// One byte or two: a wrong IV with a zero in front leaves them as they are.
    Weak,
    Strong,
}

/// Does it begin as MPEG-TS, ISO media, packed audio or text does?
fn evidence(data: &[u8]) -> Evidence {
    let text = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data);
    let boxes = data.get(4..8).is_some_and(|kind| FIRST_BOXES.iter().any(|known| known[..] == *kind));
    let words: [&[u8]; 3] = [b"WEBVTT", b"<?xml", b"<tt"];
    if boxes || data.starts_with(b"ID3") || words.iter().any(|word| text.starts_with(word)) {
        return Evidence::Strong;
    }
    let next = data.get(TS_PACKET).is_none_or(|byte| *byte == 0x47 || data.len() < 2 * TS_PACKET);
    match *data {
        // A table begins: the association table, or the description of services.
        [0x47, flags, pid, control, ..] if next && flags == 0x40 && matches!(pid, 0 | 0x11) && control & 0xc0 == 0 => {
            Evidence::Strong
        }
        [0x47, ..] if next => Evidence::Weak,
        [0x0b, 0x77, ..] => Evidence::Weak,
        [0xff, second, ..] if second & 0xe0 == 0xe0 => Evidence::Weak,
        _ => Evidence::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aes::cipher::BlockModeEncrypt;

    const IV: [u8; 16] = [7; 16];

    fn encrypt(plain: &[u8], key: &[u8], iv: [u8; 16]) -> Vec<u8> {
        let padding = BLOCK - plain.len() % BLOCK;
        let mut data = plain.to_vec();
        data.resize(plain.len() + padding, u8::try_from(padding).unwrap());
        let (blocks, rest) = Array::slice_as_chunks_mut(&mut data);
        assert!(rest.is_empty());
        if key.len() == 16 {
            cbc::Encryptor::<Aes128>::new_from_slices(key, &iv).unwrap().encrypt_blocks(blocks);
        } else {
            cbc::Encryptor::<Aes256>::new_from_slices(key, &iv).unwrap().encrypt_blocks(blocks);
        }
        data
    }

    fn transport(packets: usize) -> Vec<u8> {
        let mut data: Vec<u8> =
            (0..packets * TS_PACKET).map(|n| if n % TS_PACKET == 0 { 0x47 } else { n as u8 }).collect();
        data[1..8].copy_from_slice(&[0x40, 0, 0x10, 0, 0, 0xb0, 0x0d]);
        data
    }

    #[test]
    fn conformance_02_padding_is_stripped_for_either_key_length() {
        for key in [&[3; 16][..], &[3; 32]] {
            for length in [0, 1, 15, 16, 17, 31, 32, 1000] {
                let plain: Vec<u8> = (0..length).map(|n| n as u8).collect();
                let read = decrypt_segment(&encrypt(&plain, key, IV), key, IV, false);
                assert_eq!(read.unwrap(), plain, "{length} bytes, key of {}", key.len());
            }
        }
    }

    #[test]
    fn conformance_01_few_digits_are_padded_on_the_side_that_gives_media() {
        let mut left = [0; 16];
        left[8..].copy_from_slice(&0x3334_3536_3738_3930u64.to_be_bytes());
        let mut right = [0; 16];
        right[..8].copy_from_slice(&left[8..]);
        let media: [Vec<u8>; 5] = [
            transport(3),
            [&[0, 0, 0, 24][..], b"styp", &[1; 40]].concat(),
            [b"ID3", &[2; 40][..]].concat(),
            [&[0xff, 0xf1][..], &[2; 40]].concat(),
            b"\xef\xbb\xbfWEBVTT\n\n00:00.000 --> 00:01.000\nHello".to_vec(),
        ];
        for plain in media {
            for meant in [left, right] {
                let sent = encrypt(&plain, &[3; 16], meant);
                assert_eq!(decrypt_segment(&sent, &[3; 16], left, true).unwrap(), plain);
            }
        }
        // All digits are there: no guesses.
        let sent = encrypt(&transport(2), &[3; 16], right);
        assert_ne!(decrypt_segment(&sent, &[3; 16], left, false).unwrap(), transport(2));
    }

    #[test]
    fn what_is_in_the_clear_already_and_what_is_not_padded_are_taken_as_they_are() {
        let clear = [&[0, 0, 0, 24][..], b"ftyp", &[1; 41]].concat();
        assert_eq!(decrypt_segment(&clear, &[3; 16], IV, false).unwrap(), clear);
        // Four packets are 47 blocks.
        let plain = transport(4);
        let padded = encrypt(&plain, &[3; 16], IV);
        assert_eq!(decrypt_segment(&padded[..plain.len()], &[3; 16], IV, false).unwrap(), plain);
        assert_eq!(decrypt_segment(&padded[..plain.len()], &[4; 16], IV, false), Err(DrmError::WrongKey));
    }

    #[test]
    fn conformance_01_other_numbers_of_digits_and_zeros_in_front() {
        for digits in [&[0u8, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde][..], &[0x12], &[0x12, 0x34, 0x56], &[0x11; 13]]
        {
            let (mut left, mut right) = ([0; 16], [0; 16]);
            left[16 - digits.len()..].copy_from_slice(digits);
            right[..digits.len()].copy_from_slice(digits);
            let sent = encrypt(&transport(2), &[3; 16], right);
            assert_eq!(decrypt_segment(&sent, &[3; 16], left, true).unwrap(), transport(2), "{digits:?}");
        }
    }

    #[test]
    fn what_is_not_known_is_read_as_the_rfc_says() {
        let mut iv = [0; 16];
        iv[15] = 9;
        let plain = b"neither this nor that, whatever it is".to_vec();
        assert_eq!(decrypt_segment(&encrypt(&plain, &[3; 16], iv), &[3; 16], iv, true).unwrap(), plain);
    }

    #[test]
    fn wrong_keys_and_cut_segments_have_their_own_errors() {
        let sent = encrypt(&transport(2), &[3; 16], IV);
        assert_eq!(decrypt_segment(&sent, &[4; 16], IV, false), Err(DrmError::WrongKey));
        for length in [0, 15, 17, 24, 33] {
            assert_eq!(decrypt_segment(&sent, &[3; 16][..length.min(15)], IV, false), Err(DrmError::BadKey));
        }
        assert_eq!(decrypt_segment(&sent[..100], &[3; 16], IV, false), Err(DrmError::CutShort(100)));
        assert_eq!(decrypt_segment(&[], &[3; 16], IV, true), Err(DrmError::CutShort(0)));
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_panic(data in proptest::collection::vec(0u8.., 0..96), key in proptest::collection::vec(0u8.., 0..40), iv: [u8; 16], short_iv: bool) {
            let _ = decrypt_segment(&data, &key, iv, short_iv);
            let whole = data.len() / BLOCK * BLOCK;
            let _ = decrypt_segment(&data[..whole], &[1; 16], iv, short_iv);
        }
    }
}
