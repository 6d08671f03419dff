//! Sample decryption by ISO/IEC 23001-7: `cenc` (AES-CTR), `cens` (the same with a pattern), `cbc1` (AES-CBC) and `cbcs`
//! (the same with a pattern).

use super::ContentKey;
use crate::container::{CodecConfig, Sample, SampleProtection, Scheme, Subsample};
use aes::Aes128;
use aes::cipher::{Array, BlockModeDecrypt, InnerIvInit, KeyInit, KeyIvInit, StreamCipher};
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
    let (key, iv) = (key.0.into(), protection.iv.into());
    // The lower 64 bits of the counter count blocks and wrap without a carry into the IV.
    let counter = || ctr::Ctr64BE::<Aes128>::new(&key, &iv);
    match protection.scheme {
        Scheme::Cenc => {
            // One key stream runs through all protected bytes of a sample, also through parts of blocks.
            let mut cipher = counter();
            protected_ranges(data, parts, |bytes| cipher.apply_keystream(bytes));
        }
        Scheme::Cens { crypt, skip } => {
            let mut cipher = counter();
            protected_ranges(data, parts, |bytes| {
                encrypted_blocks(bytes, crypt, skip, |blocks| cipher.apply_keystream(blocks));
            });
        }
        Scheme::Cbc1 => {
            let mut cipher = cbc::Decryptor::<Aes128>::new(&key, &iv);
            protected_ranges(data, parts, |bytes| {
                encrypted_blocks(bytes, 0, 0, |blocks| decrypt_chain(&mut cipher, blocks));
            });
        }
        Scheme::Cbcs { crypt, skip } => {
            let cipher = Aes128::new(&key);
            protected_ranges(data, parts, |bytes| {
                let mut cipher = cbc::Decryptor::<&Aes128>::inner_iv_init(&cipher, &iv);
                encrypted_blocks(bytes, crypt, skip, |blocks| decrypt_chain(&mut cipher, blocks));
            });
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

/// Calls `decrypt` for each encrypted run of whole blocks in a protected range.
///
/// Without a pattern (zero blocks encrypted, or none skipped) that is all but an incomplete block at the end. A pattern
/// is followed to the end: of its encrypted part as many blocks are encrypted as are whole. Shaka Packager and Bento4
/// write that, and browsers read it.
fn encrypted_blocks(data: &mut [u8], crypt: u8, skip: u8, mut decrypt: impl FnMut(&mut [u8])) {
    if crypt == 0 || skip == 0 {
        let whole = data.len() / BLOCK * BLOCK;
        return decrypt(&mut data[..whole]);
    }
    let encrypted = usize::from(crypt) * BLOCK;
    for group in data.chunks_mut(encrypted + usize::from(skip) * BLOCK) {
        let whole = group.len().min(encrypted) / BLOCK * BLOCK;
        decrypt(&mut group[..whole]);
    }
}

/// Continues a chain over whole blocks, several at once.
fn decrypt_chain(cipher: &mut impl BlockModeDecrypt<BlockSize = aes::cipher::consts::U16>, data: &mut [u8]) {
    let (blocks, _) = Array::slice_as_chunks_mut(data);
    cipher.decrypt_blocks(blocks);
}

/// Do decrypted units look like what the decoder expects? `true` where nothing can be told.
///
/// A wrong key is not seen by CTR or CBC themselves. Pictures whose NAL headers stay in the clear, as most do, say
/// nothing about the key either: then this finds broken subsamples only.
pub fn looks_like_media<'a>(codec: &CodecConfig, units: impl Iterator<Item = &'a Bytes>) -> bool {
    match codec {
        CodecConfig::Aac { .. } => looks_like_aac(units),
        codec => codec.nal_length_size().is_none_or(|size| looks_like_nal_units(units, size)),
    }
}

/// Do NAL units behind lengths of `length_size` bytes (1 to 4) fill each of these access units exactly?
///
/// Looks at the first 32. Noise passes with a probability below one in a million for a single unit of lengths of four
/// bytes. The forbidden bit of a NAL unit's header must be zero.
pub fn looks_like_nal_units<'a>(units: impl Iterator<Item = &'a Bytes>, length_size: usize) -> bool {
    units.take(32).all(|unit| {
        let mut rest = &unit[..];
        while let Some((length, after)) = rest.split_at_checked(length_size) {
            let length = length.iter().fold(0usize, |length, byte| length << 8 | usize::from(*byte));
            let Some((nal, after)) = after.split_at_checked(length) else { return false };
            if nal.first().is_some_and(|header| header & 0x80 != 0) {
                return false;
            }
            rest = after;
        }
        rest.is_empty()
    })
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
    fn conformance_31_the_counter_of_a_pattern_advances_over_encrypted_blocks_only() {
        let plain: Vec<u8> = (0..=255).cycle().take(600).collect();
        let mut data = plain.clone();
        let mut cipher = ctr::Ctr64BE::<Aes128>::new(&KEY.0.into(), &[3; 16].into());
        // Two blocks of five: 4..164 has two whole patterns, 170..560 four of them and 70 bytes, of which 32 are
        // encrypted; of 561..592 the first block is, for the second is not whole.
        for start in [4, 84, 170, 250, 330, 410, 490] {
            cipher.apply_keystream(&mut data[start..start + 2 * BLOCK]);
        }
        cipher.apply_keystream(&mut data[561..577]);
        let parts = [(4, 160), (6, 390), (1, 31), (8, 0)];
        let mut sample = sample(data, protection(Scheme::Cens { crypt: 2, skip: 3 }, [3; 16], &parts));
        decrypt(&mut sample, &KEY);
        assert_eq!(sample.data, plain);
    }

    #[test]
    fn conformance_31_the_chain_of_cbc1_runs_through_all_subsamples() {
        let plain: Vec<u8> = (0..=255).cycle().take(300).collect();
        let mut data = plain.clone();
        let mut cipher = cbc::Encryptor::<Aes128>::new(&KEY.0.into(), &[3; 16].into());
        for start in [5, 21, 60, 76, 92] {
            let block: &mut [u8; BLOCK] = (&mut data[start..start + BLOCK]).try_into().unwrap();
            cipher.encrypt_block(block.into());
        }
        let mut sample = sample(data, protection(Scheme::Cbc1, [3; 16], &[(5, 32), (23, 48), (192, 0)]));
        decrypt(&mut sample, &KEY);
        assert_eq!(sample.data, plain);
    }

    #[test]
    fn conformance_31_sound_by_cbcs_is_encrypted_but_for_the_incomplete_block_at_its_end() {
        for (crypt, skip) in [(0, 0), (1, 0)] {
            for length in [0usize, 15, 16, 100] {
                let plain: Vec<u8> = (0..=255).cycle().take(length).collect();
                let mut data = plain.clone();
                let mut cipher = cbc::Encryptor::<Aes128>::new(&KEY.0.into(), &[3; 16].into());
                for block in data.chunks_exact_mut(BLOCK) {
                    cipher.encrypt_block(block.try_into().unwrap());
                }
                let mut sample = sample(data, protection(Scheme::Cbcs { crypt, skip }, [3; 16], &[]));
                decrypt(&mut sample, &KEY);
                assert_eq!(sample.data, plain);
            }
        }
    }

    #[test]
    fn subsamples_beyond_the_sample_are_ignored() {
        for scheme in
            [Scheme::Cenc, Scheme::Cbc1, Scheme::Cens { crypt: 1, skip: 9 }, Scheme::Cbcs { crypt: 15, skip: 15 }]
        {
            let mut sample = sample(vec![1; 40], protection(scheme, [3; 16], &[(30, u32::MAX), (u32::MAX, u32::MAX)]));
            decrypt(&mut sample, &KEY);
            assert_eq!(sample.data.len(), 40);
        }
    }

    #[test]
    fn nal_units_fill_a_picture_exactly() {
        let check = |bytes: &'static [u8], size| looks_like_nal_units([Bytes::from_static(bytes)].iter(), size);
        assert!(check(b"\0\0\0\x02\x65a\0\0\0\x01\x06", 4) && check(b"\0\x01\x65", 2) && check(b"", 4));
        assert!(!check(b"\0\0\0\x03\x65a", 4), "too short");
        assert!(!check(b"\0\0\0\x01\x65a", 4), "too long");
        assert!(!check(b"\0\x01\xe5", 2), "a forbidden bit");
        let avcc = Bytes::from_static(&[1, 66, 0, 30, 0xfd, 0xe0, 0]);
        let codec = CodecConfig::H264 { avcc, width: 0, height: 0 };
        assert!(looks_like_media(&codec, [Bytes::from_static(b"\0\x01\x65")].iter()));
        assert!(looks_like_media(&CodecConfig::Ttml, [Bytes::from_static(b"<tt/>")].iter()));
    }

    #[test]
    fn noise_is_not_taken_for_aac() {
        let noise: Vec<Bytes> = (0..32u8).map(|n| Bytes::from(vec![n.wrapping_mul(67); 4])).collect();
        assert!(!looks_like_aac(noise.iter()));
        let stereo: Vec<Bytes> = (0..32u8).map(|n| Bytes::from(vec![0x20 | n & 0x1f; 4])).collect();
        assert!(looks_like_aac(stereo.iter()));
    }
}
