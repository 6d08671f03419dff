//! A lock between processes, held on a file.

use super::file_stem;
use directories::ProjectDirs;
use std::{
    fs::{File, TryLockError},
    io,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};
use url::Url;

/// How long to wait for another process: its renewal ends within the time-out of one exchange.
const PATIENCE: Duration = Duration::from_secs(20);
/// Pause between two attempts. The system call that waits cannot be given a limit.
const PAUSE: Duration = Duration::from_millis(20);

/// Held while one process renews a session; released when dropped, and by the system when the process dies.
#[derive(Debug)]
pub struct ProcessLock {
    file: File,
}

impl ProcessLock {
    /// Waits for the lock of `service`; `None` if it cannot be had.
    pub(super) fn of(service: &Url) -> Option<Self> {
        let folder = lock_folder()?;
        match Self::acquire(folder.join(format!("{}.lock", file_stem(service))), PATIENCE) {
            Ok(lock) => lock,
            Err(error) => {
                tracing::warn!(%error, "the lock of the token store cannot be used");
                None
            }
        }
    }

    pub(super) fn acquire(path: PathBuf, patience: Duration) -> io::Result<Option<Self>> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = File::options().create(true).truncate(false).write(true).open(path)?;
        let deadline = Instant::now() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Self { file })),
                Err(TryLockError::Error(error)) => return Err(error),
                Err(TryLockError::WouldBlock) if Instant::now() >= deadline => return Ok(None),
                Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
            }
        }
    }
}

impl Drop for ProcessLock {
    fn drop(&mut self) {
        // Closing the file is not enough: a process that another thread is just starting, such as a browser, has a copy
        // of it until its own program runs, and the lock lasts as long as any copy. Unlocking ends it for all.
        if let Err(error) = self.file.unlock() {
            tracing::warn!(%error, "the token store cannot be unlocked");
        }
    }
}

/// The run-time folder disappears with the login session, which suits a lock; not every system has one.
fn lock_folder() -> Option<PathBuf> {
    let folders = ProjectDirs::from("", "", "lumen")?;
    Some(folders.runtime_dir().or(folders.state_dir()).unwrap_or(folders.data_local_dir()).join("locks"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn second_holder_waits_until_the_first_lets_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("locks").join("one.lock");
        let first = ProcessLock::acquire(path.clone(), Duration::ZERO).unwrap().unwrap();
        assert!(ProcessLock::acquire(path.clone(), Duration::ZERO).unwrap().is_none());
        drop(first);
        assert!(ProcessLock::acquire(path, Duration::ZERO).unwrap().is_some());
    }

    #[test]
    fn a_dropped_lock_is_free_although_a_child_process_has_inherited_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("one.lock");
        let lock = ProcessLock::acquire(path.clone(), Duration::ZERO).unwrap().unwrap();
        // What a fork does to open files.
        let _inherited = lock.file.try_clone().unwrap();
        drop(lock);
        assert!(ProcessLock::acquire(path, Duration::ZERO).unwrap().is_some());
    }
}
