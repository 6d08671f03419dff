//! Objects as files below a folder.

use super::{BlobError, BlobInfo, BlobKey, BlobStore, MAX_LIST, Put, check_size, readable};
use async_trait::async_trait;
use axum::body::Bytes;
use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom, Write},
    ops::Range,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};
use uuid::Uuid;

/// A folder. What is written stands beside its place under a name that begins with a dot, is synced, and is then linked
/// or renamed into place; the folder is synced after that. A crash leaves no half object, at most a file with a dot.
#[derive(Clone, Debug)]
pub struct FolderStore {
    root: PathBuf,
}

impl FolderStore {
    /// Opens the folder; makes it if it is not there.
    ///
    /// # Errors
    /// [`BlobError::Io`]
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, BlobError> {
        let root = root.into();
        fs::create_dir_all(&root)?;
        // Links that lead here are followed once, now; objects are never links.
        Ok(Self { root: root.canonicalize()? })
    }

    fn path(&self, key: &BlobKey) -> PathBuf {
        self.root.join(key.as_str())
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, BlobError> + Send + 'static,
    ) -> Result<T, BlobError> {
        tokio::task::spawn_blocking(work).await.map_err(|stopped| BlobError::Io(io::Error::other(stopped)))?
    }
}

#[async_trait]
impl BlobStore for FolderStore {
    async fn put(&self, key: &BlobKey, content: Bytes) -> Result<Put, BlobError> {
        check_size(&content)?;
        let path = self.path(key);
        self.blocking(move || Draft::beside(&path, |file| file.write_all(&content))?.into_empty_place()).await
    }

    async fn replace(&self, key: &BlobKey, content: Bytes) -> Result<(), BlobError> {
        check_size(&content)?;
        let path = self.path(key);
        self.blocking(move || Draft::beside(&path, |file| file.write_all(&content))?.into_place()).await
    }

    async fn put_file(&self, key: &BlobKey, file: &Path) -> Result<Put, BlobError> {
        let (path, source) = (self.path(key), file.to_owned());
        self.blocking(move || {
            let mut source = File::open(source)?;
            Draft::beside(&path, |file| io::copy(&mut source, file).map(drop))?.into_empty_place()
        })
        .await
    }

    async fn info(&self, key: &BlobKey) -> Result<BlobInfo, BlobError> {
        let path = self.path(key);
        self.blocking(move || info(&open(&path)?)).await
    }

    async fn read(&self, key: &BlobKey, range: Range<u64>) -> Result<Bytes, BlobError> {
        let path = self.path(key);
        self.blocking(move || {
            let mut file = open(&path)?;
            let range = readable(&range, info(&file)?.length)?;
            // At most MAX_READ.
            let mut bytes = vec![0; usize::try_from(range.end - range.start).map_err(io::Error::other)?];
            file.seek(SeekFrom::Start(range.start))?;
            file.read_exact(&mut bytes)?;
            Ok(bytes.into())
        })
        .await
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        let path = self.path(key);
        self.blocking(move || match fs::remove_file(&path) {
            Ok(()) => sync_folder(&path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error.into()),
        })
        .await
    }

    async fn list(&self, folder: &BlobKey, after: Option<&BlobKey>, limit: usize) -> Result<Vec<BlobKey>, BlobError> {
        let (root, folder, after) = (self.root.clone(), folder.clone(), after.cloned());
        self.blocking(move || {
            let mut keys = Vec::new();
            collect(&root.join(folder.as_str()), &folder, &mut keys)?;
            keys.retain(|key| after.as_ref().is_none_or(|after| key > after));
            keys.sort();
            keys.truncate(limit.min(MAX_LIST));
            Ok(keys)
        })
        .await
    }
}

/// Opens an object. A link is none: it could lead anywhere.
fn open(path: &Path) -> Result<File, BlobError> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(BlobError::NotFound);
    }
    Ok(File::open(path)?)
}

fn info(file: &File) -> Result<BlobInfo, BlobError> {
    let metadata = file.metadata()?;
    let stored_at = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(BlobInfo { length: metadata.len(), stored_at_s: stored_at.as_secs() })
}

fn collect(path: &Path, folder: &BlobKey, keys: &mut Vec<BlobKey>) -> Result<(), BlobError> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    for entry in entries {
        let entry = entry?;
        // Drafts, and what somebody else has put here, are no keys.
        let Some(key) = entry.file_name().to_str().and_then(|name| folder.join(name).ok()) else { continue };
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(&entry.path(), &key, keys)?;
        } else if kind.is_file() {
            keys.push(key);
        }
    }
    Ok(())
}

/// A file that is complete, synced, and not yet in its place.
struct Draft {
    path: PathBuf,
    place: PathBuf,
}

impl Draft {
    fn beside(place: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> Result<Self, BlobError> {
        let folder = place.parent().ok_or(BlobError::Key)?;
        fs::create_dir_all(folder)?;
        let draft = Self { path: folder.join(format!(".draft-{}", Uuid::now_v7().simple())), place: place.to_owned() };
        let mut file = File::create_new(&draft.path)?;
        fill(&mut file)?;
        file.sync_all()?;
        Ok(draft)
    }

    /// A link can only be made where nothing is: whoever makes it has stored the object.
    fn into_empty_place(self) -> Result<Put, BlobError> {
        match fs::hard_link(&self.path, &self.place) {
            Ok(()) => sync_folder(&self.place).map(|()| Put::Stored),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Put::Present),
            Err(error) => Err(BlobError::Io(error)),
        }
    }

    fn into_place(self) -> Result<(), BlobError> {
        fs::rename(&self.path, &self.place).map_err(BlobError::Io)?;
        sync_folder(&self.place)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After a rename there is nothing to remove.
        let _ = fs::remove_file(&self.path);
    }
}

fn sync_folder(file: &Path) -> Result<(), BlobError> {
    match file.parent() {
        Some(folder) => File::open(folder)?.sync_all().map_err(BlobError::Io),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn drafts_and_links_are_no_objects() {
        let folder = tempfile::tempdir().unwrap();
        let store = FolderStore::open(folder.path().join("objects")).unwrap();
        let key = |name: &str| BlobKey::new(name).unwrap();
        assert_eq!(store.put(&key("a/one"), Bytes::from_static(b"1")).await.unwrap(), Put::Stored);
        fs::write(folder.path().join("objects/a/.draft-x"), b"half").unwrap();
        fs::write(folder.path().join("secret"), b"secret").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(folder.path().join("secret"), folder.path().join("objects/a/two")).unwrap();
        assert_eq!(store.list(&key("a"), None, 10).await.unwrap(), [key("a/one")]);
        assert!(matches!(store.read(&key("a/two"), 0..10).await, Err(BlobError::NotFound)));
        let names: Vec<_> = fs::read_dir(folder.path().join("objects/a")).unwrap().collect();
        assert_eq!(names.len(), 3, "no draft of our own is left");
    }
}
