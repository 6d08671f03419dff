//! What players have learnt of networks, kept from title to title and from start to start.
//!
//! A session's knowledge is put on top of what was known before the session, and not on top of what it said a moment
//! ago: told ten times, it still counts once.

use crate::{network_id, storage};
use abr::{NetworkMemory, RememberedNetwork};
use std::{
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Largest file read back; thirty-two networks have some eight kilobytes.
const LIMIT: usize = 64 << 10;

/// The memory and its file.
#[derive(Debug)]
pub(crate) struct Networks {
    path: PathBuf,
    memory: Mutex<NetworkMemory>,
}

/// One session's part: the network it began on, and what was known before it.
#[derive(Debug)]
pub(crate) struct Lesson {
    network: String,
    before: NetworkMemory,
}

impl Networks {
    /// Reads the file; a missing or damaged one (which is logged) is an empty memory.
    pub(crate) fn open(path: PathBuf) -> Self {
        let memory = match storage::read(&path) {
            Ok(None) => NetworkMemory::new(),
            Ok(Some(bytes)) if bytes.len() <= LIMIT => serde_json::from_slice(&bytes).unwrap_or_else(|_| {
                // The error could quote the file.
                tracing::warn!("the memory of networks cannot be read, starting anew");
                NetworkMemory::new()
            }),
            Ok(Some(_)) => {
                tracing::warn!("the memory of networks is far too large, starting anew");
                NetworkMemory::new()
            }
            Err(error) => {
                tracing::warn!(%error, "the memory of networks cannot be opened, starting anew");
                NetworkMemory::new()
            }
        };
        Self { path, memory: Mutex::new(memory) }
    }

    /// A session begins: what to expect of the network, and the place for what will be learnt. Reads two small files
    /// of the system.
    pub(crate) fn begin(&self, now_s: u64) -> (Option<RememberedNetwork>, Lesson) {
        let lesson = Lesson { network: network_id::current(), before: self.lock().clone() };
        (lesson.before.recall(&lesson.network, now_s), lesson)
    }

    /// What to expect of the network now.
    pub(crate) fn expected(&self, now_s: u64) -> Option<RememberedNetwork> {
        self.lock().recall(&network_id::current(), now_s)
    }

    /// Takes in what a session has learnt so far, in memory.
    pub(crate) fn learn(&self, lesson: &Lesson, learnt: &RememberedNetwork, now_s: u64) {
        let mut memory = lesson.before.clone();
        memory.remember(&lesson.network, &learnt.estimate, learnt.ttfb, now_s);
        *self.lock() = memory;
    }

    /// Forgets all networks. The file is not touched.
    pub(crate) fn clear(&self) {
        *self.lock() = NetworkMemory::new();
    }

    /// Writes the file. Blocks for the disk.
    ///
    /// # Errors
    /// As the file system reports.
    pub(crate) fn save(&self) -> std::io::Result<()> {
        let bytes = serde_json::to_vec(&*self.lock()).map_err(std::io::Error::other)?;
        storage::write_atomically(&self.path, &bytes)
    }

    fn lock(&self) -> MutexGuard<'_, NetworkMemory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use abr::Bitrate;

    const NOW: u64 = 1_700_000_000;

    fn learnt(kbps: u64) -> RememberedNetwork {
        RememberedNetwork::of_rate(Bitrate::from_kbps(kbps))
    }

    fn kbps(network: Option<RememberedNetwork>) -> Option<u64> {
        network.map(|network| (network.estimate.mean.bps() + 500) / 1000)
    }

    #[test]
    fn what_one_title_learnt_the_next_one_knows_and_so_does_the_next_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("networks.json");
        let networks = Networks::open(path.clone());
        let (nothing, lesson) = networks.begin(NOW);
        assert_eq!(nothing, None);
        networks.learn(&lesson, &learnt(4_000), NOW + 10);
        let (known, _) = networks.begin(NOW + 20);
        assert_eq!(kbps(known), Some(4_000));
        networks.save().unwrap();
        assert_eq!(kbps(Networks::open(path).expected(NOW + 30)), Some(4_000));
    }

    #[test]
    fn a_session_that_tells_ten_times_counts_once() {
        let folder = tempfile::tempdir().unwrap();
        let networks = Networks::open(folder.path().join("networks.json"));
        let (_, first) = networks.begin(NOW);
        networks.learn(&first, &learnt(16_000), NOW);
        let (_, second) = networks.begin(NOW);
        (0..10).for_each(|_| networks.learn(&second, &learnt(1_000), NOW));
        assert_eq!(kbps(networks.expected(NOW)), Some(4_000), "the geometric mean of both");
    }

    #[test]
    fn a_damaged_file_is_an_empty_memory() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("networks.json");
        for content in [Vec::new(), b"{".to_vec(), br#"{"version":9}"#.to_vec(), vec![b' '; LIMIT + 1]] {
            std::fs::write(&path, content).unwrap();
            assert_eq!(Networks::open(path.clone()).expected(NOW), None);
        }
    }
}
