//! The session in an encrypted file, for systems without a keyring.
//!
//! XChaCha20-Poly1305 with a fresh 24-byte nonce per write and the service's name as associated data. The key is
//! `SHA-256("lumen token file 1" | len | device key | len | machine id)`; the device key is 32 random bytes in a file
//! of its own, in another folder. Both inputs are random and secret enough that no password hash is called for.
//!
//! What this protects against: the token is not found by searching a disk or a backup for text; the file alone, or
//! copied to another machine together with its key, is worthless; an altered file is noticed. What it does **not**
//! protect against: any program of the same user on the same machine, and the administrator, can read both files and
//! do what this code does. Only a keyring or hardware can help there, which is why the keyring comes first.

use super::{ProcessLock, StoreError, StoredSession, TokenStore, account_name, file_stem};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use directories::ProjectDirs;
use sha2::{Digest, Sha256};
use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};
use url::Url;

/// Begins every file; the digit is the version of the format.
const MAGIC: &[u8; 8] = b"LUMTOK1\n";
const NONCE_LENGTH: usize = 24;
const DEVICE_KEY_LENGTH: usize = 32;
/// Longest file read: a token of a few hundred bytes has ample room.
const FILE_LIMIT: u64 = 16 << 10;
/// Where systems keep the identity of the installation.
const MACHINE_ID_FILES: [&str; 2] = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

/// Keeps the session of one service in an encrypted file that only the user may read (0600 in a 0700 folder).
pub struct EncryptedFileStore {
    service: Url,
    file: PathBuf,
    key_file: PathBuf,
    machine_id: Vec<u8>,
    /// One writer at a time; other processes are kept out by [`TokenStore::lock`].
    gate: Mutex<()>,
}

impl EncryptedFileStore {
    /// The store of `service` in the user's folders: the file under the XDG state folder, the device key under the
    /// data folder.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the user has no home folder.
    pub fn new(service: &Url) -> Result<Self, StoreError> {
        let folders = ProjectDirs::from("", "", "lumen").ok_or_else(|| StoreError::Unavailable {
            store: "token file",
            reason: "there is no home folder".to_owned(),
        })?;
        let data = folders.data_local_dir();
        Ok(Self::in_folders(service, folders.state_dir().unwrap_or(data), data))
    }

    /// The store of `service` with its file in `state` and its device key in `data`.
    pub fn in_folders(service: &Url, state: &Path, data: &Path) -> Self {
        let machine_id = MACHINE_ID_FILES.iter().find_map(|path| fs::read(path).ok()).unwrap_or_default();
        Self {
            service: service.clone(),
            file: state.join("sessions").join(format!("{}.token", file_stem(service))),
            key_file: data.join("device").join("device.key"),
            machine_id: machine_id.trim_ascii().to_vec(),
            gate: Mutex::new(()),
        }
    }

    fn cipher(&self, device_key: &[u8]) -> XChaCha20Poly1305 {
        let mut hash = Sha256::new();
        hash.update(b"lumen token file 1");
        for part in [device_key, &self.machine_id] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        XChaCha20Poly1305::new(&hash.finalize())
    }

    /// The device key; `None` if there is none yet.
    fn device_key(&self) -> Result<Option<Vec<u8>>, StoreError> {
        match read_private(&self.key_file) {
            Ok(Some(key)) if key.len() == DEVICE_KEY_LENGTH => Ok(Some(key)),
            Ok(Some(_)) => Err(StoreError::Corrupt("the device key has a wrong length")),
            Ok(None) => Ok(None),
            Err(error) => Err(unavailable(&self.key_file, &error)),
        }
    }

    /// The device key, made if there is none, and made anew if it is damaged: whatever it protected is lost already.
    fn device_key_or_new(&self) -> Result<Vec<u8>, StoreError> {
        if let Ok(Some(key)) = self.device_key() {
            return Ok(key);
        }
        let key: [u8; DEVICE_KEY_LENGTH] = rand::random();
        write_private(&self.key_file, &key).map_err(|error| unavailable(&self.key_file, &error))?;
        Ok(key.to_vec())
    }
}

impl TokenStore for EncryptedFileStore {
    fn load(&self) -> Result<Option<StoredSession>, StoreError> {
        let _gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(bytes) = read_private(&self.file).map_err(|error| unavailable(&self.file, &error))? else {
            return Ok(None);
        };
        let sealed = bytes.strip_prefix(MAGIC).ok_or(StoreError::Corrupt("it has an unknown format"))?;
        let (nonce, ciphertext) =
            sealed.split_first_chunk::<NONCE_LENGTH>().ok_or(StoreError::Corrupt("it is cut off"))?;
        let device_key = self.device_key()?.ok_or(StoreError::Corrupt("the device key is missing"))?;
        let name = account_name(&self.service);
        let payload = Payload { msg: ciphertext, aad: name.as_bytes() };
        let plain = self
            .cipher(&device_key)
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| StoreError::Corrupt("it was altered, or it belongs to another device"))?;
        StoredSession::decode(&plain).map(Some)
    }

    fn save(&self, session: &StoredSession) -> Result<(), StoreError> {
        let _gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        let cipher = self.cipher(&self.device_key_or_new()?);
        let nonce: [u8; NONCE_LENGTH] = rand::random();
        let plain = session.encode();
        let name = account_name(&self.service);
        let payload = Payload { msg: &plain, aad: name.as_bytes() };
        let ciphertext = cipher.encrypt(&XNonce::from(nonce), payload).expect("a short message always encrypts");
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&ciphertext);
        write_private(&self.file, &bytes).map_err(|error| unavailable(&self.file, &error))
    }

    fn clear(&self) -> Result<(), StoreError> {
        let _gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        match fs::remove_file(&self.file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unavailable(&self.file, &error)),
            _ => Ok(()),
        }
    }

    fn lock(&self) -> Option<ProcessLock> {
        ProcessLock::of(&self.service)
    }
}

impl fmt::Debug for EncryptedFileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptedFileStore").field("file", &self.file).finish_non_exhaustive()
    }
}

/// Reads a small file; `None` if it does not exist. Rights that others could use are taken away.
fn read_private(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    tighten(&file, path)?;
    let mut bytes = Vec::new();
    file.take(FILE_LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > FILE_LIMIT {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the file is too large"));
    }
    Ok(Some(bytes))
}

/// Replaces a file in one step, readable by the user alone from its first moment.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().expect("paths of this store have a folder");
    create_private_folder(folder)?;
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    let write = || -> io::Result<()> {
        // A draft left over from a crash of a process with the same number.
        if let Err(error) = fs::remove_file(&draft)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        let mut file = private_options().write(true).create_new(true).open(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        // The rename itself lives in the folder.
        File::open(folder)?.sync_all()
    };
    write().inspect_err(|_| {
        let _ = fs::remove_file(&draft);
    })
}

#[cfg(unix)]
fn private_options() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

#[cfg(not(unix))]
fn private_options() -> OpenOptions {
    OpenOptions::new()
}

#[cfg(unix)]
fn create_private_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn create_private_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(unix)]
fn tighten(file: &File, path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata()?.permissions().mode();
    if mode & 0o077 != 0 {
        tracing::warn!(path = %path.display(), mode = format!("{:o}", mode & 0o777), "others could read a private file");
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn tighten(_file: &File, _path: &Path) -> io::Result<()> {
    Ok(())
}

fn unavailable(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Unavailable { store: "token file", reason: format!("{}: {error}", path.display()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::RefreshSecret;

    struct Fixture {
        _folder: tempfile::TempDir,
        state: PathBuf,
        data: PathBuf,
        store: EncryptedFileStore,
    }

    fn fixture() -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let (state, data) = (folder.path().join("state"), folder.path().join("data"));
        let store = EncryptedFileStore::in_folders(&service(), &state, &data);
        Fixture { _folder: folder, state, data, store }
    }

    fn service() -> Url {
        Url::parse("http://127.0.0.1:8080/").unwrap()
    }

    fn session() -> StoredSession {
        StoredSession::now(RefreshSecret::new("a-refresh-token".to_owned()))
    }

    #[test]
    fn a_session_comes_back_from_another_instance() {
        let fixture = fixture();
        assert_eq!(fixture.store.load(), Ok(None));
        fixture.store.save(&session()).unwrap();
        let other = EncryptedFileStore::in_folders(&service(), &fixture.state, &fixture.data);
        assert_eq!(other.load().unwrap().unwrap().refresh.expose(), "a-refresh-token");
        other.clear().unwrap();
        other.clear().unwrap();
        assert_eq!(fixture.store.load(), Ok(None));
    }

    #[test]
    fn the_token_is_not_in_the_file_and_no_draft_stays() {
        let fixture = fixture();
        fixture.store.save(&session()).unwrap();
        fixture.store.save(&session()).unwrap();
        let bytes = fs::read(&fixture.store.file).unwrap();
        assert!(!bytes.windows(7).any(|window| window == b"refresh"));
        assert_eq!(fs::read_dir(fixture.store.file.parent().unwrap()).unwrap().count(), 1);
        assert!(!format!("{:?}", fixture.store).contains("a-refresh-token"));
    }

    #[cfg(unix)]
    #[test]
    fn files_are_0600_in_0700_folders_and_loose_rights_are_tightened() {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let fixture = fixture();
        fixture.store.save(&session()).unwrap();
        assert_eq!(mode(&fixture.store.file), 0o600);
        assert_eq!(mode(&fixture.store.key_file), 0o600);
        assert_eq!(mode(fixture.store.file.parent().unwrap()), 0o700);
        fs::set_permissions(&fixture.store.file, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(fixture.store.load().unwrap().is_some());
        assert_eq!(mode(&fixture.store.file), 0o600);
    }

    #[test]
    fn every_altered_byte_is_noticed() {
        let fixture = fixture();
        fixture.store.save(&session()).unwrap();
        let original = fs::read(&fixture.store.file).unwrap();
        for index in 0..original.len() {
            let mut altered = original.clone();
            altered[index] ^= 1;
            fs::write(&fixture.store.file, &altered).unwrap();
            assert!(matches!(fixture.store.load(), Err(StoreError::Corrupt(_))), "byte {index}");
        }
        for length in [0, 7, 8, 20, 32, original.len() - 1] {
            fs::write(&fixture.store.file, &original[..length]).unwrap();
            assert!(matches!(fixture.store.load(), Err(StoreError::Corrupt(_))), "length {length}");
        }
    }

    #[test]
    fn another_service_another_device_and_a_lost_key_cannot_read_it() {
        let fixture = fixture();
        fixture.store.save(&session()).unwrap();

        let mut other_service = EncryptedFileStore::in_folders(&service(), &fixture.state, &fixture.data);
        other_service.service = Url::parse("http://127.0.0.1:8081/").unwrap();
        assert!(matches!(other_service.load(), Err(StoreError::Corrupt(_))));

        let mut other_device = EncryptedFileStore::in_folders(&service(), &fixture.state, &fixture.data);
        other_device.machine_id = b"another machine".to_vec();
        assert!(matches!(other_device.load(), Err(StoreError::Corrupt(_))));

        fs::remove_file(&fixture.store.key_file).unwrap();
        assert!(matches!(fixture.store.load(), Err(StoreError::Corrupt(_))));
        // Signing in again repairs it.
        fixture.store.save(&session()).unwrap();
        assert!(fixture.store.load().unwrap().is_some());
    }

    #[test]
    fn a_huge_file_is_not_read() {
        let fixture = fixture();
        fixture.store.save(&session()).unwrap();
        File::options().write(true).open(&fixture.store.file).unwrap().set_len(1 << 30).unwrap();
        assert!(matches!(fixture.store.load(), Err(StoreError::Unavailable { .. })));
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let blocked = folder.path().join("blocked");
        fs::write(&blocked, b"a file").unwrap();
        let store = EncryptedFileStore::in_folders(&service(), &blocked, folder.path());
        assert!(matches!(store.save(&session()), Err(StoreError::Unavailable { .. })));
    }
}
