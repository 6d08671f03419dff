//! Small files that must survive a crash: written whole or not at all, and for nobody else to read.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::Path,
};

/// Largest file read back. Ours are a few kilobytes; anything larger is not ours.
const LIMIT: u64 = 4 << 20;

/// Replaces the file by way of a neighbour: written, flushed to the disk, renamed over the old one.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    fs::create_dir_all(folder)?;
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
    let draft = folder.join(format!(".{name}.{}", std::process::id()));
    let result = (|| {
        let mut file = create_private(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        // The new name itself is only safe once the folder is.
        File::open(folder)?.sync_all()
    })();
    if result.is_err() {
        let _ = fs::remove_file(&draft);
    }
    result
}

/// A new file that only its owner can read: what somebody watched, and on which networks, is theirs.
fn create_private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        // Left by a process of the same number that was killed.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(path)?;
            options.open(path)
        }
        opened => opened,
    }
}

/// Reads a file written by [`write_atomically`]; `None` if there is none.
pub(crate) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LIMIT {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "file is far larger than it should be"));
    }
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read_and_leaves_no_drafts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep").join("file.json");
        assert_eq!(read(&path).unwrap(), None);
        write_atomically(&path, b"one").unwrap();
        write_atomically(&path, b"two").unwrap();
        assert_eq!(read(&path).unwrap().as_deref(), Some(b"two".as_slice()));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    #[cfg(unix)]
    fn only_the_owner_can_read_even_after_a_crash() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.json");
        fs::write(folder.path().join(format!(".file.json.{}", std::process::id())), b"a draft").unwrap();
        write_atomically(&path, b"one").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read(&path).unwrap().as_deref(), Some(b"one".as_slice()));
    }

    #[test]
    fn a_file_that_cannot_be_ours_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.json");
        fs::write(&path, vec![0; LIMIT as usize + 1]).unwrap();
        assert!(read(&path).is_err());
    }
}
