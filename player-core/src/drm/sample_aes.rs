//! SAMPLE-AES in elementary streams (Apple, MPEG-2 Stream Encryption Format for HTTP Live Streaming).
//!
//! AES-CBC with 128 bits over parts of each sample; the IV starts anew with each NAL unit and each audio frame. Slices
//! of H.264 are encrypted as they were written, with their emulation prevention, and what comes out gets emulation
//! prevention once more. So one layer is taken off before decryption, and what decryption gives is whole.

use crate::container::{SampleCipher, es::unescape};
use aes::Aes128;
use aes::cipher::{BlockModeDecrypt, KeyIvInit};

const BLOCK: usize = 16;
/// Clear bytes at the beginning of a slice.
const SLICE_LEADER: usize = 32;
/// Slices up to this length are in the clear.
const SHORT_SLICE: usize = 48;
/// One block in ten of a slice is encrypted.
const SLICE_PATTERN: usize = 10 * BLOCK;
/// Clear bytes at the beginning of an audio frame, behind the header if it is ADTS.
const FRAME_LEADER: usize = 16;

/// The NAL unit of an H.264 stream in the clear, or `None` if it is so already.
pub fn decrypt_nal(nal: &[u8], cipher: &SampleCipher) -> Option<Vec<u8>> {
    let is_slice = nal.first().is_some_and(|header| matches!(header & 0x1f, 1 | 5));
    if !is_slice || nal.len() <= SHORT_SLICE {
        return None;
    }
    let mut plain = unescape(nal, usize::MAX);
    let mut decryptor = decryptor(cipher);
    for group in plain.get_mut(SLICE_LEADER..)?.chunks_mut(SLICE_PATTERN) {
        // A block at the very end stays in the clear.
        if group.len() > BLOCK {
            decrypt_blocks(&mut decryptor, &mut group[..BLOCK]);
        }
    }
    Some(plain)
}

/// Decrypts an audio frame: AAC without its ADTS header, AC-3 and E-AC-3 with their sync words.
pub fn decrypt_frame(frame: &mut [u8], cipher: &SampleCipher) {
    if let Some(rest) = frame.get_mut(FRAME_LEADER..) {
        decrypt_blocks(&mut decryptor(cipher), rest);
    }
}

/// The IV that some packagers mean when they write eight bytes of one: their number is not padded on the left, as
/// RFC 8216 has it, but on the right. `None` if `iv`, padded on the left, does not come from exactly eight bytes.
pub fn eight_byte_iv(iv: [u8; 16]) -> Option<[u8; 16]> {
    let (front, back) = iv.split_at(8);
    (front.iter().all(|byte| *byte == 0) && back[0] != 0).then(|| {
        let mut right = [0; 16];
        right[..8].copy_from_slice(back);
        right
    })
}

fn decryptor(cipher: &SampleCipher) -> cbc::Decryptor<Aes128> {
    cbc::Decryptor::new(&cipher.key.0.into(), &cipher.iv.into())
}

/// Decrypts all whole blocks; the rest is in the clear.
fn decrypt_blocks(decryptor: &mut cbc::Decryptor<Aes128>, data: &mut [u8]) {
    for block in data.chunks_exact_mut(BLOCK) {
        decryptor.decrypt_block(block.try_into().expect("chunks have a block's length"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drm::ContentKey;
    use aes::cipher::BlockModeEncrypt;
    use proptest::prelude::*;

    const CIPHER: SampleCipher = SampleCipher { key: ContentKey([0x42; 16]), iv: [7; 16] };

    fn encrypt_blocks(encryptor: &mut cbc::Encryptor<Aes128>, data: &mut [u8]) {
        data.chunks_exact_mut(BLOCK).for_each(|block| encryptor.encrypt_block(block.try_into().unwrap()));
    }

    fn encryptor() -> cbc::Encryptor<Aes128> {
        cbc::Encryptor::new(&CIPHER.key.0.into(), &CIPHER.iv.into())
    }

    /// As the specification's table has it: leader, then while bytes remain an encrypted block if more than one block
    /// remains, and up to 144 clear bytes.
    fn encrypt_nal(nal: &[u8]) -> Vec<u8> {
        let mut data = nal.to_vec();
        let mut cipher = encryptor();
        let mut at = 32;
        while at < data.len() {
            if data.len() - at > 16 {
                encrypt_blocks(&mut cipher, &mut data[at..at + 16]);
                at += 16;
            }
            at += 144.min(data.len() - at);
        }
        let mut escaped = Vec::new();
        let mut zeros = 0;
        for byte in data {
            if zeros == 2 && byte <= 3 {
                escaped.push(3);
                zeros = 0;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            escaped.push(byte);
        }
        escaped
    }

    proptest! {
        #[test]
        fn conformance_04_slices_come_out_as_they_went_in(tail in prop::collection::vec(0u8..5, 48..700)) {
            let nal = [&[0x65][..], &tail, &[0x80]].concat();
            prop_assert_eq!(decrypt_nal(&encrypt_nal(&nal), &CIPHER), Some(nal));
        }
    }

    #[test]
    fn conformance_04_only_long_slices_are_encrypted() {
        assert_eq!(decrypt_nal(&[0x65; 48], &CIPHER), None);
        assert!(decrypt_nal(&[0x65; 49], &CIPHER).is_some());
        assert!(decrypt_nal(&[0x41; 49], &CIPHER).is_some());
        for header in [0x67, 0x68, 0x06, 0x09] {
            assert_eq!(decrypt_nal(&[header; 100], &CIPHER), None);
        }
        // Exactly one block behind the leader is clear; with one byte more it is encrypted.
        let clear = [&[0x65][..], &[9; 47], &[0, 0, 3, 1][..]].concat();
        assert_ne!(decrypt_nal(&clear, &CIPHER).unwrap()[32..48], [9; 16]);
    }

    #[test]
    fn conformance_04_audio_frames_have_a_clear_leader_and_tail() {
        let plain: Vec<u8> = (0..60).collect();
        let mut data = plain.clone();
        encrypt_blocks(&mut encryptor(), &mut data[16..]);
        assert_eq!(data[48..], plain[48..]);
        decrypt_frame(&mut data, &CIPHER);
        assert_eq!(data, plain);
        let mut short = [1; 10];
        decrypt_frame(&mut short, &CIPHER);
        assert_eq!(short, [1; 10]);
    }

    #[test]
    fn conformance_01_eight_bytes_of_iv_may_mean_the_upper_half() {
        let mut left = [0; 16];
        left[8..].copy_from_slice(&[0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x30]);
        assert_eq!(eight_byte_iv(left).map(|iv| iv[..8].to_vec()), Some(left[8..].to_vec()));
        let mut small = [0; 16];
        small[15] = 1;
        assert_eq!(eight_byte_iv(small), None);
        assert_eq!(eight_byte_iv([1; 16]), None);
    }
}
