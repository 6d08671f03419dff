//! The one secret of the data folder. Every other key is derived from it, each for one purpose.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::{
    fmt,
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};
use zeroize::Zeroize;

/// Why the master key could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MasterKeyError {
    /// The file cannot be read or written.
    #[error("cannot use the master key file {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The file does not hold exactly one key.
    #[error("the master key file {0} is damaged: it must hold 32 bytes; restore it from a backup")]
    Damaged(PathBuf),
    /// Others may read the file.
    #[error("the master key file {0} can be read by other users; run chmod 600 on it")]
    Exposed(PathBuf),
}

/// 32 random bytes in a file that only its owner may read. Never printed.
pub(crate) struct MasterKey([u8; 32]);

/// A key derived for one purpose. Never printed.
#[derive(Clone)]
pub(crate) struct SubKey([u8; 32]);

impl MasterKey {
    /// Reads the file; makes it on the first start.
    pub(crate) fn load_or_create(path: &Path) -> Result<Self, MasterKeyError> {
        match Self::read(path, 0o077) {
            Err(MasterKeyError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                let key: [u8; 32] = rand::random();
                let failed = |source| MasterKeyError::Io { path: path.to_owned(), source };
                write_private(path, &key).map_err(failed)?;
                Ok(Self(key))
            }
            outcome => outcome,
        }
    }

    /// Reads the file of a single server, which must be there.
    pub(crate) fn load_own(path: &Path) -> Result<Self, MasterKeyError> {
        Self::read(path, 0o077)
    }

    /// Reads the file, which must be there: the key that several instances share. An orchestrator that mounts it lets a
    /// group of its own read it.
    pub(crate) fn load(path: &Path) -> Result<Self, MasterKeyError> {
        Self::read(path, 0o007)
    }

    fn read(path: &Path, refused: u32) -> Result<Self, MasterKeyError> {
        let bytes = fs::read(path).map_err(|source| MasterKeyError::Io { path: path.to_owned(), source })?;
        refuse_exposed(path, refused)?;
        Ok(Self(bytes.try_into().map_err(|_| MasterKeyError::Damaged(path.to_owned()))?))
    }

    /// The key for `purpose`: HMAC-SHA-256 of it, which is what HKDF-Expand comes to for one block.
    pub(crate) fn derive(&self, purpose: &str) -> SubKey {
        SubKey(SubKey(self.0).authenticate(&[purpose.as_bytes()]))
    }
}

impl SubKey {
    /// One that was derived from a master key before.
    pub(crate) fn carried(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for a cipher.
    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// HMAC-SHA-256 over the parts, each with its length in front so that no two lists look alike.
    pub(crate) fn authenticate(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl Drop for MasterKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Drop for SubKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

impl fmt::Debug for SubKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubKey(..)")
    }
}

/// Writes beside the target, syncs, then renames: a crash leaves either no key or a whole one.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    match path.parent() {
        Some(folder) => fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(unix)]
fn refuse_exposed(path: &Path, refused: u32) -> Result<(), MasterKeyError> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = fs::metadata(path).map_err(|source| MasterKeyError::Io { path: path.to_owned(), source })?;
    if metadata.permissions().mode() & refused != 0 {
        return Err(MasterKeyError::Exposed(path.to_owned()));
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_exposed(_path: &Path, _refused: u32) -> Result<(), MasterKeyError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_survives_a_restart_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let first = MasterKey::load_or_create(&path).unwrap();
        let second = MasterKey::load_or_create(&path).unwrap();
        assert_eq!(first.0, second.0);
        assert_eq!(format!("{first:?} {:?}", first.derive("x")), "MasterKey(..) SubKey(..)");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
            assert!(matches!(MasterKey::load_or_create(&path), Err(MasterKeyError::Exposed(_))));
            assert_eq!(MasterKey::load(&path).unwrap().0, first.0, "a group may be the orchestrator's");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
            assert!(matches!(MasterKey::load(&path), Err(MasterKeyError::Exposed(_))));
            fs::remove_file(&path).unwrap();
            assert!(matches!(MasterKey::load(&path), Err(MasterKeyError::Io { .. })), "a shared key is never made");
        }
    }

    #[test]
    fn damaged_key_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        write_private(&path, b"short").unwrap();
        assert!(matches!(MasterKey::load_or_create(&path), Err(MasterKeyError::Damaged(_))));
        assert_eq!(fs::read(&path).unwrap(), b"short");
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let key = SubKey([7; 32]);
        assert_ne!(key.authenticate(&[b"ab", b"c"]), key.authenticate(&[b"a", b"bc"]));
        assert_ne!(MasterKey([1; 32]).derive("a").0, MasterKey([1; 32]).derive("b").0);
    }
}
