//! Encrypts what must be read again: signing keys in the database, the memory of a sign-in elsewhere in a cookie.

use crate::store::SubKey;
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};

const NONCE_BYTES: usize = 24;

/// XChaCha20-Poly1305 under a key of the data folder. Never printed.
#[derive(Clone, Debug)]
pub(crate) struct Seal(SubKey);

impl Seal {
    pub(crate) fn new(key: SubKey) -> Self {
        Self(key)
    }

    /// Nonce and ciphertext; opens only with the same context.
    pub(crate) fn seal(&self, context: &str, text: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_BYTES] = rand::random();
        let payload = Payload { msg: text, aad: context.as_bytes() };
        let ciphertext =
            self.cipher().encrypt(&XNonce::from(nonce), payload).expect("a few kilobytes are not too many");
        [nonce.as_slice(), &ciphertext].concat()
    }

    pub(crate) fn open(&self, context: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        let payload = Payload { msg: ciphertext, aad: context.as_bytes() };
        self.cipher().decrypt(&XNonce::from(*nonce), payload).ok()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.0.as_bytes().into())
    }
}
