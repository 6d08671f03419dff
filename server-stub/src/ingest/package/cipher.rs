//! Common encryption of samples: ISO/IEC 23001-7, schemes `cenc` and `cbcs`.

use super::slice::Subsample;
use crate::ingest::key::ContentKey;
use aes::{
    Aes128,
    cipher::{BlockCipherEncrypt, KeyInit, KeyIvInit, StreamCipher},
};
use std::fmt;

/// How samples are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// AES in counter mode, every byte of a protected run.
    Cenc,
    /// AES in CBC mode, in video one block of ten.
    Cbcs,
}

/// Blocks that are encrypted and skipped in video with `cbcs`.
pub(crate) const PATTERN: (u8, u8) = (1, 9);

/// Encrypts the samples of one track.
pub(crate) struct Cipher {
    pub(crate) scheme: Scheme,
    key: ContentKey,
    pub(crate) constant_iv: [u8; 16],
    /// Next initialisation vector with `cenc`.
    next_iv: u64,
}

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cipher").field("scheme", &self.scheme).field("key", &self.key).finish_non_exhaustive()
    }
}

impl Cipher {
    /// `seed` differs from one packaging to the next, `track` from one track to the next: two samples that are
    /// encrypted with the same key in counter mode must never share an initialisation vector.
    pub(crate) fn new(scheme: Scheme, key: ContentKey, constant_iv: [u8; 16], seed: u32, track: u8) -> Self {
        Self { scheme, key, constant_iv, next_iv: u64::from(seed) << 32 | u64::from(track) << 24 }
    }

    pub(crate) fn key(&self) -> &ContentKey {
        &self.key
    }

    /// Encrypts a sample in place: the protected runs of `subsamples`, or all of it if there are none. Returns what
    /// the sample's entry in `senc` begins with: its initialisation vector, or nothing if that is constant.
    pub(crate) fn encrypt(&mut self, sample: &mut [u8], subsamples: &[Subsample]) -> Vec<u8> {
        let runs = runs(sample.len(), subsamples);
        match self.scheme {
            Scheme::Cenc => {
                let iv = self.next_iv.to_be_bytes();
                self.next_iv += 1;
                let mut counter = [0; 16];
                counter[..8].copy_from_slice(&iv);
                // Protected runs are one stream: the counter goes on from one to the next.
                let mut stream = ctr::Ctr64BE::<Aes128>::new(&self.key.key.into(), &counter.into());
                for (from, to) in runs {
                    stream.apply_keystream(&mut sample[from..to]);
                }
                iv.to_vec()
            }
            Scheme::Cbcs => {
                let aes = Aes128::new(&self.key.key.into());
                let stride = if subsamples.is_empty() { 16 } else { 16 * usize::from(PATTERN.0 + PATTERN.1) };
                for (from, to) in runs {
                    let mut chain = self.constant_iv;
                    let mut at = from;
                    while at + 16 <= to {
                        for (link, byte) in chain.iter_mut().zip(&sample[at..at + 16]) {
                            *link ^= byte;
                        }
                        let mut block = chain.into();
                        aes.encrypt_block(&mut block);
                        chain = block.into();
                        sample[at..at + 16].copy_from_slice(&chain);
                        at += stride;
                    }
                }
                Vec::new()
            }
        }
    }
}

fn runs(length: usize, subsamples: &[Subsample]) -> Vec<(usize, usize)> {
    if subsamples.is_empty() {
        return vec![(0, length)];
    }
    let mut at = 0;
    let run = |sub: &Subsample| {
        let from = at + sub.clear;
        at = from + sub.protected;
        (from, at)
    };
    subsamples.iter().map(run).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aes::cipher::BlockCipherDecrypt;

    fn cipher(scheme: Scheme) -> Cipher {
        Cipher::new(scheme, ContentKey { kid: [1; 16], key: [0x2b; 16] }, [9; 16], 77, 3)
    }

    #[test]
    fn cenc_protects_only_the_runs_and_never_repeats_a_vector() {
        let plain: Vec<u8> = (0..200_u8).collect();
        let subs = [Subsample { clear: 20, protected: 64 }, Subsample { clear: 36, protected: 80 }];
        let mut cipher = cipher(Scheme::Cenc);
        let (mut one, mut two) = (plain.clone(), plain.clone());
        let (iv1, iv2) = (cipher.encrypt(&mut one, &subs), cipher.encrypt(&mut two, &subs));
        assert_ne!(iv1, iv2);
        assert_ne!(one, two);
        for data in [&one, &two] {
            assert_eq!(data[..20], plain[..20]);
            assert_eq!(data[84..120], plain[84..120]);
        }
        // One keystream over both runs.
        let mut counter = [0; 16];
        counter[..8].copy_from_slice(&iv1);
        let mut joined = [&one[20..84], &one[120..]].concat();
        ctr::Ctr64BE::<Aes128>::new(&[0x2b; 16].into(), &counter.into()).apply_keystream(&mut joined);
        assert_eq!(joined, [&plain[20..84], &plain[120..]].concat());
        let other = Cipher::new(Scheme::Cenc, ContentKey { kid: [1; 16], key: [0x2b; 16] }, [9; 16], 77, 4);
        assert_ne!(other.next_iv >> 24, cipher.next_iv >> 24);
    }

    #[test]
    fn cbcs_encrypts_one_block_of_ten_and_leaves_the_rest() {
        let plain: Vec<u8> = (0..400_u32).map(|i| i as u8).collect();
        let subs = [Subsample { clear: 7, protected: 393 }];
        let mut data = plain.clone();
        assert!(cipher(Scheme::Cbcs).encrypt(&mut data, &subs).is_empty());
        let mut chain = [9_u8; 16];
        for (number, at) in (7..400).step_by(16).enumerate() {
            let end = (at + 16).min(400);
            if number % 10 == 0 && end - at == 16 {
                let cipher_text: [u8; 16] = data[at..end].try_into().unwrap();
                let mut block = cipher_text.into();
                Aes128::new(&[0x2b; 16].into()).decrypt_block(&mut block);
                let clear: Vec<u8> = block.iter().zip(chain).map(|(byte, link)| byte ^ link).collect();
                assert_eq!(clear, plain[at..end]);
                chain = cipher_text;
            } else {
                assert_eq!(data[at..end], plain[at..end]);
            }
        }
    }

    #[test]
    fn cbcs_audio_encrypts_all_whole_blocks() {
        let mut data = vec![5; 50];
        cipher(Scheme::Cbcs).encrypt(&mut data, &[]);
        assert!(data[..48].chunks(16).all(|block| block != [5; 16]));
        assert_eq!(data[48..], [5, 5]);
    }

    #[test]
    fn debug_does_not_show_the_key() {
        assert!(!format!("{:?}", cipher(Scheme::Cenc)).to_lowercase().contains("2b2b"));
    }
}
