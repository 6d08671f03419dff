//! Objects that were read of late, as files on the local disk.
//!
//! Delivery answers ranges, conditions and slow clients from a file. An instance that serves from a bucket therefore
//! reads each object once, whole, into its place below a folder, and keeps no more bytes there than it may. Two requests
//! for the same object wait for one reading; one that failed or was given up is forgotten.

use super::{BlobError, BlobKey, BlobStore, MAX_READ};
use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, UNIX_EPOCH},
};
use tokio::sync::{OnceCell, Semaphore};

/// Objects that are being read at a time: each needs one piece in memory.
const READINGS: usize = 32;

/// Readings of an object whose file is gone again before it could be opened.
const TRIES: usize = 3;

/// Files with the content of objects.
#[derive(Debug)]
pub(crate) struct BlobCache {
    store: Arc<dyn BlobStore>,
    /// Bytes that may be kept. One object that is larger is kept alone.
    limit: u64,
    entries: Mutex<Entries>,
    readings: Semaphore,
}

#[derive(Debug, Default)]
struct Entries {
    by_key: HashMap<BlobKey, Entry>,
    bytes: u64,
    /// Counts uses; the entry with the smallest number was not used for longest.
    uses: u64,
}

/// Filled by the first who wants the object: its place and length.
type Slot = Arc<OnceCell<(PathBuf, u64)>>;

#[derive(Clone, Debug, Default)]
struct Entry {
    slot: Slot,
    last_use: u64,
    /// Bytes that count; `None` while it is being read.
    counted: Option<u64>,
}

impl BlobCache {
    pub(crate) fn new(store: Arc<dyn BlobStore>, limit: u64) -> Self {
        Self { store, limit, entries: Mutex::default(), readings: Semaphore::new(READINGS) }
    }

    /// The content of the object, from the file `place`, which is read from the bucket if it must be. A key has always
    /// the same place, and a place one key.
    pub(crate) async fn bring(&self, key: &BlobKey, place: &Path) -> Result<File, BlobError> {
        for _ in 0..TRIES {
            let slot = self.entries.lock().unwrap_or_else(PoisonError::into_inner).touch(key);
            let outcome = slot.get_or_try_init(|| self.fetch(key, place)).await;
            let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            match outcome {
                // Opened under the lock: nobody makes room of it meanwhile. Whoever has it open reads on afterwards.
                Ok((path, length)) => match File::open(path) {
                    Ok(file) => {
                        entries.count(key, &slot, *length, self.limit);
                        return Ok(file);
                    }
                    // Others have made room of it since it came, or somebody has removed it by hand.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => entries.forget(key, &slot),
                    Err(error) => return Err(error.into()),
                },
                Err(error) => {
                    entries.forget(key, &slot);
                    // The folder was removed under the reading.
                    let is_gone = matches!(&error, BlobError::Io(cause) if cause.kind() == io::ErrorKind::NotFound);
                    if !is_gone {
                        return Err(error);
                    }
                }
            }
        }
        Err(BlobError::Unavailable("the disk has no room for what is asked for at once".into()))
    }

    /// Forgets every object below `folder`; their files are the caller's.
    pub(crate) fn forget_below(&self, folder: &BlobKey) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let Entries { by_key, bytes, .. } = &mut *entries;
        by_key.retain(|key, entry| {
            let stays = !key.is_below(folder);
            *bytes -= entry.counted.filter(|_| !stays).unwrap_or(0);
            stays
        });
    }

    async fn fetch(&self, key: &BlobKey, place: &Path) -> Result<(PathBuf, u64), BlobError> {
        let _reading = self.readings.acquire().await.map_err(io::Error::other)?;
        let info = self.store.info(key).await?;
        let folder = place.parent().ok_or(BlobError::Key)?;
        tokio::fs::create_dir_all(folder).await?;
        let path = folder.join(format!(".draft-{}", uuid::Uuid::now_v7().simple()));
        // That the folder is gone does not say that the object is.
        let mut draft = Draft { file: Some(File::create_new(&path).map_err(BlobError::Io)?), path };
        let mut first = 0;
        while first < info.length {
            let piece = self.store.read(key, first..info.length.min(first + MAX_READ)).await?;
            if piece.is_empty() {
                return Err(BlobError::Range { length: first });
            }
            first += piece.len() as u64;
            draft.write(piece).await?;
        }
        // Every instance names the same object by the same validators, which come of length and time.
        draft.finish(place, UNIX_EPOCH + Duration::from_secs(info.stored_at_s))?;
        Ok((place.to_owned(), info.length))
    }

    #[cfg(test)]
    fn bytes(&self) -> u64 {
        self.entries.lock().unwrap().bytes
    }
}

/// A file that goes away unless it is finished.
struct Draft {
    path: PathBuf,
    file: Option<File>,
}

impl Draft {
    async fn write(&mut self, piece: axum::body::Bytes) -> Result<(), BlobError> {
        let Some(mut file) = self.file.take() else { return Ok(()) };
        let written = tokio::task::spawn_blocking(move || file.write_all(&piece).map(|()| file));
        self.file = Some(written.await.map_err(io::Error::other)??);
        Ok(())
    }

    fn finish(mut self, place: &Path, modified: std::time::SystemTime) -> Result<(), BlobError> {
        if let Some(file) = self.file.take() {
            file.set_modified(modified)?;
        }
        fs::rename(&self.path, place).map_err(BlobError::Io)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After a rename there is nothing to remove.
        let _ = fs::remove_file(&self.path);
    }
}

impl Entries {
    fn touch(&mut self, key: &BlobKey) -> Slot {
        self.uses += 1;
        let entry = self.by_key.entry(key.clone()).or_default();
        entry.last_use = self.uses;
        entry.slot.clone()
    }

    /// Counts a complete entry, once, and makes room.
    fn count(&mut self, key: &BlobKey, slot: &Slot, length: u64, limit: u64) {
        match self.by_key.get_mut(key) {
            Some(entry) if Arc::ptr_eq(&entry.slot, slot) && entry.counted.is_none() => {
                entry.counted = Some(length);
                self.bytes += length;
            }
            _ => return,
        }
        while self.bytes > limit {
            let idle = self.by_key.iter().filter(|(other, entry)| *other != key && entry.counted.is_some());
            let Some(oldest) = idle.min_by_key(|(_, entry)| entry.last_use).map(|(key, _)| key.clone()) else { break };
            let Some(entry) = self.by_key.remove(&oldest) else { break };
            self.bytes -= entry.counted.unwrap_or(0);
            // Under the lock: a moment later the file could be that of a new reading. Whoever has it open reads on.
            if let Some((path, _)) = entry.slot.get()
                && let Err(error) = fs::remove_file(path)
            {
                tracing::debug!(%error, "a cached object was gone already");
            }
        }
    }

    /// Forgets an entry whose file did not come, or is gone.
    fn forget(&mut self, key: &BlobKey, slot: &Slot) {
        if self.by_key.get(key).is_some_and(|entry| Arc::ptr_eq(&entry.slot, slot))
            && let Some(entry) = self.by_key.remove(key)
        {
            self.bytes -= entry.counted.unwrap_or(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blob::{BlobFault, Counting, Faulty, FolderStore};

    fn key(name: &str) -> BlobKey {
        BlobKey::new(name).unwrap()
    }

    #[tokio::test]
    async fn objects_are_read_once_and_room_is_made_for_new_ones() {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Counting::new(FolderStore::open(folder.path().join("store")).unwrap()));
        for name in ["x/a", "x/b", "x/c"] {
            store.put(&key(name), name.repeat(100).into()).await.unwrap();
        }
        let cache = BlobCache::new(store.clone(), 700);
        let place = |name: &str| folder.path().join("cache").join(name);
        let bring = async |name: &str| drop(cache.bring(&key(name), &place(name)).await.unwrap());
        futures_util::future::join(bring("x/a"), bring("x/a")).await;
        assert_eq!(store.counts().bytes_read, 300);
        bring("x/b").await;
        bring("x/a").await;
        bring("x/c").await;
        assert_eq!(cache.bytes(), 600);
        assert!(!place("x/b").exists(), "it was not used for longest");
        assert_eq!(fs::read(place("x/a")).unwrap(), "x/a".repeat(100).as_bytes());
        assert_eq!(store.counts().bytes_read, 900);
        assert_eq!(fs::read_dir(place("x")).unwrap().count(), 2, "no draft is left");
        cache.forget_below(&key("x"));
        assert_eq!(cache.bytes(), 0);
    }

    #[tokio::test]
    async fn what_is_brought_can_be_read_although_room_is_made_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = FolderStore::open(folder.path().join("store")).unwrap();
        for name in ["x/a", "x/b"] {
            store.put(&key(name), name.repeat(100).into()).await.unwrap();
        }
        let cache = BlobCache::new(Arc::new(store), 300);
        let place = |name: &str| folder.path().join("cache").join(name);
        let mut first = cache.bring(&key("x/a"), &place("x/a")).await.unwrap();
        cache.bring(&key("x/b"), &place("x/b")).await.unwrap();
        assert!(!place("x/a").exists());
        let mut text = String::new();
        io::Read::read_to_string(&mut first, &mut text).unwrap();
        assert_eq!(text, "x/a".repeat(100));
        // A file that went away behind the cache comes again.
        fs::remove_file(place("x/b")).unwrap();
        cache.bring(&key("x/b"), &place("x/b")).await.unwrap();
        assert_eq!((fs::read(place("x/b")).unwrap().len(), cache.bytes()), (300, 300));
    }

    #[tokio::test]
    async fn failure_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let inner = FolderStore::open(folder.path().join("store")).unwrap();
        inner.put(&key("a"), "a".into()).await.unwrap();
        let store = Arc::new(Faulty::new(inner, Arc::new(|call| (call == 2).then_some(BlobFault::Fail))));
        let cache = BlobCache::new(store, 1_000);
        let place = folder.path().join("cache/a");
        assert!(matches!(cache.bring(&key("a"), &place).await, Err(BlobError::Unavailable(_))));
        assert_eq!(fs::read_dir(folder.path().join("cache")).unwrap().count(), 0);
        cache.bring(&key("a"), &place).await.unwrap();
        assert!(matches!(cache.bring(&key("none"), &place).await, Err(BlobError::NotFound)));
    }
}
