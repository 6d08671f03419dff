//! Sample decryption by ISO/IEC 23001-7: `cenc` (AES-CTR) and `cbcs` (AES-CBC with a pattern).

use super::ContentKey;
use crate::container::{Sample, SampleProtection, Scheme, Subsample};
use aes::Aes128;
use aes::cipher::{BlockModeDecrypt, KeyIvInit, StreamCipher};
use bytes::{Bytes, BytesMut};

const BLOCK: usize = 16;

/// Decrypts a sample in place of its data. Clear samples stay as they are.
pub fn decrypt(sample: &mut Sample, key: &ContentKey) {
    let Some(protection) = sample.protection.take() else { return };
    // Unique memory is decrypted where it is; a slice of a shared segment is copied once.
    let mut data = BytesMut::from(std::mem::take(&mut sample.data));
    decrypt_bytes(&mut data, &protection, key);
    sample.data = data.freeze();
}

fn decrypt_bytes(data: &mut [u8], protection: &SampleProtection, key: &ContentKey) {
    let whole = [Subsample { clear: 0, protected: u32::try_from(data.len()).unwrap_or(u32::MAX) }];
    let parts = if protection.subsamples.is_empty() { &whole[..] } else { &protection.subsamples };
    match protection.scheme {
        Scheme::Cenc => {
            // One key stream runs through all protected bytes of a sample. The lower 64 bits count blocks and wrap
            // without a carry into the IV.
            let mut cipher = ctr::Ctr64BE::<Aes128>::new(&key.0.into(), &protection.iv.into());
            protected_ranges(data, parts, |bytes| cipher.apply_keystream(bytes));
        }
        // Decrypted where its pattern and its chain are written: see the issue of schemes.
        Scheme::Cens { .. } | Scheme::Cbc1 => {}
        Scheme::Cbcs { crypt, skip } => {
            protected_ranges(data, parts, |bytes| decrypt_pattern(bytes, key, &protection.iv, crypt, skip));
        }
    }
}

/// Calls `decrypt` for each protected range. Sizes were checked against the sample when it was read; whatever lies
/// beyond its end is ignored.
fn protected_ranges(data: &mut [u8], parts: &[Subsample], mut decrypt: impl FnMut(&mut [u8])) {
    let mut at = 0usize;
    for part in parts {
        let start = at.saturating_add(part.clear as usize).min(data.len());
        let end = start.saturating_add(part.protected as usize).min(data.len());
        decrypt(&mut data[start..end]);
        at = end;
    }
}

/// The chain runs over encrypted blocks only; an incomplete block at the end is in the clear.
fn decrypt_pattern(data: &mut [u8], key: &ContentKey, iv: &[u8; 16], crypt: u8, skip: u8) {
    let mut cipher = cbc::Decryptor::<Aes128>::new(&key.0.into(), &(*iv).into());
    let (crypt, skip) = if crypt == 0 { (1, 0) } else { (usize::from(crypt), usize::from(skip)) };
    for group in data.chunks_mut((crypt + skip) * BLOCK) {
        for block in group.chunks_exact_mut(BLOCK).take(crypt) {
            cipher.decrypt_block(block.try_into().expect("chunks have a block's length"));
        }
    }
}

/// Does a run of decrypted AAC access units look like AAC?
///
/// A wrong key is not seen by CTR or CBC themselves. The first three bits of a raw data block name its first element;
/// a stream uses the same one or two throughout, never "end" (7), while noise shows all of them. Eight units of noise
/// pass with a probability below one in ten thousand.
pub fn looks_like_aac<'a>(units: impl Iterator<Item = &'a Bytes>) -> bool {
    let elements: Vec<u8> = units.take(32).filter_map(|unit| unit.first().map(|byte| byte >> 5)).collect();
    let mut distinct = elements.clone();
    distinct.sort_unstable();
    distinct.dedup();
    elements.len() < 8 || (distinct.len() <= 3 && !distinct.contains(&7))
}

#[cfg(test)]
mod tests {
    use super::*;
    use abr::MediaTime;
    use aes::cipher::BlockModeEncrypt;
    use std::time::Duration;

    const KEY: ContentKey = ContentKey([0x42; 16]);

    fn sample(data: Vec<u8>, protection: SampleProtection) -> Sample {
        Sample {
            pts: MediaTime::ZERO,
            dts: MediaTime::ZERO,
            duration: Duration::ZERO,
            keyframe: true,
            hidden: false,
            data: data.into(),
            protection: Some(protection),
        }
    }

    fn protection(scheme: Scheme, iv: [u8; 16], subsamples: &[(u32, u32)]) -> SampleProtection {
        let subsamples = subsamples.iter().map(|&(clear, protected)| Subsample { clear, protected }).collect();
        SampleProtection { key_id: crate::drm::KeyId([1; 16]), scheme, iv, subsamples }
    }

    #[test]
    fn the_counter_runs_on_over_subsamples_and_wraps_in_64_bits() {
        let plain: Vec<u8> = (0..100).collect();
        let mut iv = [0xaa; 16];
        iv[8..].fill(0xff);
        let mut stream = plain.clone();
        ctr::Ctr64BE::<Aes128>::new(&KEY.0.into(), &iv.into()).apply_keystream(&mut stream[..]);
        // Protected bytes 5..25 and 30..90 take the key stream's first 80 bytes.
        let mut data = plain.clone();
        let mask: Vec<u8> = stream.iter().zip(&plain).map(|(a, b)| a ^ b).collect();
        for (position, index) in (5..25).chain(30..90).enumerate() {
            data[index] ^= mask[position];
        }
        let mut sample = sample(data, protection(Scheme::Cenc, iv, &[(5, 20), (5, 60), (10, 0)]));
        decrypt(&mut sample, &KEY);
        assert_eq!(sample.data, plain);
        assert_eq!(sample.protection, None);
    }

    #[test]
    fn the_pattern_skips_blocks_and_the_iv_starts_anew_with_each_subsample() {
        let plain: Vec<u8> = (0..=255).cycle().take(400).collect();
        let iv = [9; 16];
        let mut data = plain.clone();
        for range in [3..363usize, 370..400] {
            let mut cipher = cbc::Encryptor::<Aes128>::new(&KEY.0.into(), &iv.into());
            for group in data[range].chunks_mut(10 * BLOCK) {
                for block in group.chunks_exact_mut(BLOCK).take(1) {
                    cipher.encrypt_block(block.try_into().unwrap());
                }
            }
        }
        assert_ne!(data, plain);
        let scheme = Scheme::Cbcs { crypt: 1, skip: 9 };
        let mut sample = sample(data, protection(scheme, iv, &[(3, 360), (7, 30)]));
        decrypt(&mut sample, &KEY);
        assert_eq!(sample.data, plain);
    }

    #[test]
    fn noise_is_not_taken_for_aac() {
        let noise: Vec<Bytes> = (0..32u8).map(|n| Bytes::from(vec![n.wrapping_mul(67); 4])).collect();
        assert!(!looks_like_aac(noise.iter()));
        let stereo: Vec<Bytes> = (0..32u8).map(|n| Bytes::from(vec![0x20 | n & 0x1f; 4])).collect();
        assert!(looks_like_aac(stereo.iter()));
    }
}
