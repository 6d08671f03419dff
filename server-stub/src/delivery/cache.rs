//! Published files that were asked for lately: open, and in memory where that pays. Bounded in files and in bytes.

use super::served_file::{ServedFile, identity};
use std::{
    collections::HashMap,
    fs::File,
    io,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

/// Open files at a time.
const MAX_FILES: usize = 512;
/// For how long a file is taken to be what stands in its place, in milliseconds. A title that is made again is another
/// file; some seconds of the old one are what any cache on the way would give as well (playlists may be kept for ten).
const TRUSTED_MS: u64 = 5_000;

/// How an address names a file; also how the answer may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// The token stands in the path.
    Private,
    /// The token travels beside the address.
    Shared,
    /// Pictures, for everybody.
    Artwork,
}

type Files = HashMap<Box<str>, Arc<ServedFile>>;

/// The files, by route and by their name within it.
#[derive(Debug)]
pub(crate) struct FileCache {
    files: [RwLock<Files>; 3],
    held: AtomicU64,
    /// Bytes that may be held in memory.
    limit: u64,
    started: Instant,
}

impl FileCache {
    pub(crate) fn new(limit: u64) -> Self {
        Self { files: Default::default(), held: AtomicU64::new(0), limit, started: Instant::now() }
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The file, if it is known and was compared a moment ago. Does not block.
    pub(crate) fn get(&self, route: Route, name: &str) -> Option<Arc<ServedFile>> {
        let file = self.files[route as usize].read().unwrap_or_else(PoisonError::into_inner).get(name)?.clone();
        let age = self.now_ms().saturating_sub(file.checked_ms.load(Ordering::Relaxed));
        if age > TRUSTED_MS {
            return None;
        }
        file.used.store(true, Ordering::Relaxed);
        Some(file)
    }

    /// The file that `open` has found, from memory if it is the one that is known. Blocking.
    pub(crate) fn resolve(
        &self,
        route: Route,
        name: &str,
        opened: File,
        make: impl FnOnce(File) -> io::Result<Option<ServedFile>>,
        wants_bytes: bool,
    ) -> io::Result<Option<Arc<ServedFile>>> {
        let known = self.files[route as usize].read().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if let Some(known) = known
            && known.identity == identity(&opened.metadata()?)?
            && (known.bytes.is_some() || !wants_bytes)
        {
            known.checked_ms.store(self.now_ms(), Ordering::Relaxed);
            return Ok(Some(known));
        }
        let Some(file) = make(opened)? else { return Ok(None) };
        file.checked_ms.store(self.now_ms(), Ordering::Relaxed);
        let file = Arc::new(file);
        self.insert(route, name, file.clone());
        Ok(Some(file))
    }

    /// Forgets a file that is no longer there.
    pub(crate) fn forget(&self, route: Route, name: &str) {
        let mut files = self.files[route as usize].write().unwrap_or_else(PoisonError::into_inner);
        if let Some(gone) = files.remove(name) {
            self.held.fetch_sub(gone.weight(), Ordering::Relaxed);
        }
    }

    fn insert(&self, route: Route, name: &str, file: Arc<ServedFile>) {
        let weight = file.weight();
        if weight > self.limit {
            return;
        }
        let mut files = self.files[route as usize].write().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = files.insert(name.into(), file) {
            self.held.fetch_sub(before.weight(), Ordering::Relaxed);
        }
        let held = self.held.fetch_add(weight, Ordering::Relaxed) + weight;
        if held > self.limit || files.len() > MAX_FILES {
            self.evict(&mut files);
        }
    }

    /// Forgets what was not used since the last time; if all were, every second one.
    fn evict(&self, files: &mut Files) {
        let before = files.len();
        let drop_file = |file: &Arc<ServedFile>| {
            self.held.fetch_sub(file.weight(), Ordering::Relaxed);
            false
        };
        files.retain(|_, file| file.used.swap(false, Ordering::Relaxed) || drop_file(file));
        let mut number = 0_usize;
        while self.held.load(Ordering::Relaxed) > self.limit && !files.is_empty() || files.len() > MAX_FILES {
            files.retain(|_, file| {
                number += 1;
                number.is_multiple_of(2) || drop_file(file)
            });
            number += 1;
        }
        tracing::trace!(before, after = files.len(), "forgot files");
    }
}

#[cfg(test)]
mod tests {
    use super::super::served_file::Keep;
    use super::*;

    #[test]
    fn memory_is_bounded_and_a_replaced_file_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let cache = FileCache::new(100_000);
        let put = |name: &str, content: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(folder.path().join("draft"), content).unwrap();
            std::fs::rename(folder.path().join("draft"), &path).unwrap();
            let make = |file| ServedFile::of(file, name, Keep::Segment, false);
            cache.resolve(Route::Private, name, File::open(path).unwrap(), make, false).unwrap().unwrap()
        };
        for number in 0..100 {
            put(&format!("{number}.m4s"), &[1; 10_000]);
            assert!(cache.held.load(Ordering::Relaxed) <= 100_000);
        }
        let first = put("same.m4s", b"first");
        assert_eq!(cache.get(Route::Private, "same.m4s").unwrap().bytes.as_deref(), Some(b"first".as_slice()));
        assert!(cache.get(Route::Shared, "same.m4s").is_none());
        let second = put("same.m4s", b"second");
        assert_ne!(first.tag, second.tag);
        assert_eq!(cache.get(Route::Private, "same.m4s").unwrap().bytes.as_deref(), Some(b"second".as_slice()));
        cache.forget(Route::Private, "same.m4s");
        assert!(cache.get(Route::Private, "same.m4s").is_none());
    }

    #[test]
    fn open_files_are_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let cache = FileCache::new(u64::MAX / 2);
        for number in 0..2_000 {
            let name = format!("{number}.m4s");
            let path = folder.path().join(&name);
            std::fs::write(&path, b"x").unwrap();
            let make = |file| ServedFile::of(file, &name, Keep::Segment, false);
            cache.resolve(Route::Private, &name, File::open(path).unwrap(), make, false).unwrap();
        }
        assert!(cache.files[0].read().unwrap().len() <= MAX_FILES);
    }
}
