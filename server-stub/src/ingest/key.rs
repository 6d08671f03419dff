//! Content keys as the packager sees them.

use service_api::TitleId;
use sha2::{Digest, Sha256};
use std::fmt;
use zeroize::Zeroize;

/// Why a [`KeySource`] has no key; its message must not contain key material.
pub type KeyError = Box<dyn std::error::Error + Send + Sync>;

/// One AES-128 key and its public identifier.
#[derive(Clone, PartialEq, Eq)]
pub struct ContentKey {
    /// Key identifier; public, it is written into the media.
    pub kid: [u8; 16],
    /// The secret.
    pub key: [u8; 16],
}

impl ContentKey {
    /// A short text that changes when either half changes; written beside the media so that a title which was
    /// encrypted with a key that no longer exists is made again. 64 bits of a hash do not narrow a random key down.
    pub(crate) fn check_value(&self) -> String {
        let digest = Sha256::new().chain_update(b"lumen key check 1").chain_update(self.kid).chain_update(self.key);
        hex(&digest.finalize()[..8])
    }
}

impl Drop for ContentKey {
    fn drop(&mut self) {
        self.key.zeroize();
    }
}

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContentKey").field("kid", &hex(&self.kid)).finish_non_exhaustive()
    }
}

/// Where content keys live.
///
/// Called by [`super::Library::make`], once per encrypted title, on a worker thread that may block. The same title must
/// get the same key for ever: media that are already on disk are encrypted with it.
pub trait KeySource: Send + Sync {
    /// The key of `title`, made on the first call.
    ///
    /// # Errors
    /// Whatever keeps the key from being read or stored; the title is then skipped.
    fn content_key(&self, title: &TitleId) -> Result<ContentKey, KeyError>;
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_identifier_and_not_the_key() {
        let text = format!("{:?}", ContentKey { kid: [0xab; 16], key: [0xcd; 16] });
        assert!(text.contains("abababab"));
        assert!(!text.contains("cd") && !text.contains("205"));
    }

    #[test]
    fn check_value_depends_on_both_halves() {
        let one = ContentKey { kid: [1; 16], key: [2; 16] };
        assert_ne!(one.check_value(), ContentKey { kid: [1; 16], key: [3; 16] }.check_value());
        assert_ne!(one.check_value(), ContentKey { kid: [2; 16], key: [2; 16] }.check_value());
        assert_eq!(one.check_value(), one.clone().check_value());
    }
}
