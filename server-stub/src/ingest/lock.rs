//! One at a time: two runs that make the same library would delete each other's work.

use super::IngestError;
use std::{
    fs::{File, TryLockError},
    path::Path,
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// How long a run waits for the one before it to end: threads of a cancelled run write their last file, and a process
/// that was killed takes a moment to die. Longer would keep a person waiting who starts a second one by mistake.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);
/// Pause between two attempts. The system call that waits cannot be given a limit.
const PAUSE: Duration = Duration::from_millis(20);

/// The right to write below a library's folder. Whatever writes there, on any thread, holds a share of it; the system
/// takes it back when the process dies.
#[derive(Debug)]
pub(crate) struct LibraryLock {
    file: File,
}

impl LibraryLock {
    /// Waits up to `patience` for the lock of the library in `root`.
    ///
    /// # Errors
    /// [`IngestError::Busy`] if another run still has it then.
    pub(crate) async fn acquire(root: &Path, patience: Duration) -> Result<Self, IngestError> {
        let path = root.join(".lock");
        let file = File::create(&path).map_err(|error| IngestError::file("create", &path, error))?;
        let deadline = Instant::now() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { file }),
                Err(TryLockError::Error(error)) => return Err(IngestError::file("lock", path, error)),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                    return Err(IngestError::Busy { path: root.to_owned() });
                }
                Err(TryLockError::WouldBlock) => sleep(PAUSE).await,
            }
        }
    }
}

impl Drop for LibraryLock {
    fn drop(&mut self) {
        // Closing the file is not enough. A process that another thread is just starting, an encoder perhaps, has a copy
        // of every open file until its own program runs, and a lock lasts as long as any copy. Unlocking ends it for all.
        if let Err(error) = self.file.unlock() {
            tracing::warn!(%error, "the library cannot be unlocked");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Longer than any machine stands still.
    const AGES: Duration = Duration::from_secs(60);

    async fn is_busy(root: &Path) -> bool {
        match LibraryLock::acquire(root, Duration::ZERO).await {
            Ok(_) => false,
            Err(IngestError::Busy { path }) => path == root,
            Err(error) => panic!("{error:?}"),
        }
    }

    #[tokio::test]
    async fn there_is_one_lock_for_each_library() {
        let (root, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let _lock = LibraryLock::acquire(root.path(), Duration::ZERO).await.unwrap();
        assert!(is_busy(root.path()).await);
        assert!(!is_busy(other.path()).await);
    }

    #[tokio::test]
    async fn a_dropped_lock_is_free_although_a_child_process_has_inherited_its_file() {
        let root = tempfile::tempdir().unwrap();
        let lock = LibraryLock::acquire(root.path(), Duration::ZERO).await.unwrap();
        // What a fork does to open files.
        let _inherited = lock.file.try_clone().unwrap();
        drop(lock);
        assert!(!is_busy(root.path()).await);
    }

    #[tokio::test]
    async fn a_successor_waits_until_its_predecessor_is_gone() {
        let root = tempfile::tempdir().unwrap();
        let predecessor = LibraryLock::acquire(root.path(), Duration::ZERO).await.unwrap();
        let (successor, ()) = tokio::join!(LibraryLock::acquire(root.path(), AGES), async { drop(predecessor) });
        assert!(successor.is_ok());
    }
}
