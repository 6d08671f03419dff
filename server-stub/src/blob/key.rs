//! Names of objects.

use super::BlobError;
use std::fmt;

/// Longest key, in bytes: what the strictest backend allows with room for a prefix.
const MAX_LENGTH: usize = 512;

/// The name of an object: parts of letters, digits, `-`, `_` and `.`, joined by `/`. No part begins with a dot, so a
/// key is a safe relative path on every system, and none is a temporary file of [`super::FolderStore`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobKey(String);

impl BlobKey {
    /// Checks a name.
    ///
    /// # Errors
    /// [`BlobError::Key`]
    pub fn new(name: impl Into<String>) -> Result<Self, BlobError> {
        let name = name.into();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let is_part = |part: &str| !part.is_empty() && !part.starts_with('.') && part.chars().all(plain);
        if name.len() <= MAX_LENGTH && name.split('/').all(is_part) { Ok(Self(name)) } else { Err(BlobError::Key) }
    }

    /// The name below this one.
    ///
    /// # Errors
    /// [`BlobError::Key`]
    pub fn join(&self, rest: &str) -> Result<Self, BlobError> {
        Self::new(format!("{}/{rest}", self.0))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Is it below `folder`?
    pub fn is_below(&self, folder: &Self) -> bool {
        self.0.strip_prefix(&folder.0).is_some_and(|rest| rest.starts_with('/'))
    }
}

impl fmt::Display for BlobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_no_paths_are_refused() {
        for good in ["a", "media/one/1f/video/720p/seg-00001.m4s", "a.b/c_d"] {
            assert!(BlobKey::new(good).is_ok(), "{good}");
        }
        let bad =
            ["", "/", "/a", "a/", "a//b", ".", "..", "a/../b", ".hidden", "a/.b", "a b", "a\\b", "a\0", "ä", "a?b"];
        for bad in bad {
            assert!(matches!(BlobKey::new(bad), Err(BlobError::Key)), "{bad:?}");
        }
        assert!(BlobKey::new("a".repeat(513)).is_err());
        let folder = BlobKey::new("media").unwrap();
        assert!(folder.join("one").unwrap().is_below(&folder));
        assert!(!BlobKey::new("mediation/x").unwrap().is_below(&folder) && !folder.is_below(&folder));
    }
}
