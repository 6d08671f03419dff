//! Offline optima on disk: they take minutes, and change only with what they are made from.
//!
//! One file for each ladder, delivery, option and version of the search, with one line of JSON per recording. Lines are
//! appended as they are found, so a run that is interrupted goes on where it was. Lines that are not understood are
//! those of another version and are ignored.

use abr::sim::{Content, Delivery, NetworkTrace, OPTIMUM_VERSION, OfflineOptions, Score};
use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// What was found for the recordings of one setting.
#[derive(Debug)]
pub struct OptimumCache {
    known: HashMap<String, Score>,
    file: Mutex<File>,
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Line {
    trace: String,
    score: Score,
}

impl OptimumCache {
    /// Where it lies unless told otherwise; `None` on a system without such a place.
    pub fn default_folder() -> Option<PathBuf> {
        directories::ProjectDirs::from("", "", "lumen").map(|places| places.cache_dir().join("abr-optimum"))
    }

    /// Opens or creates the file of a setting.
    pub fn open(
        folder: &Path,
        content: &Content,
        delivery: Delivery,
        options: &OfflineOptions,
    ) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        // All that was read from a ladder is in its debug output, numbers to the last digit.
        let setting = digest(format!("{OPTIMUM_VERSION} {content:?} {delivery:?} {options:?}").as_bytes());
        let path = folder.join(setting).with_extension("jsonl");
        let unreadable = || format!("cannot use {}", path.display());
        let file = File::options().create(true).append(true).read(true).open(&path).with_context(unreadable)?;
        let text = std::fs::read(&path).with_context(unreadable)?;
        let lines = text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Line>(line).ok());
        let known = lines.map(|line| (line.trace, line.score)).collect();
        Ok(Self { known, file: Mutex::new(file), path })
    }

    /// What is known of a recording.
    pub fn get(&self, trace: &NetworkTrace) -> Option<Score> {
        self.known.get(&fingerprint(trace)).copied()
    }

    /// Writes down what was found. It is read by the next run.
    pub fn put(&self, trace: &NetworkTrace, score: Score) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(&Line { trace: fingerprint(trace), score })?;
        line.push(b'\n');
        // One write of one line: two runs at once do not cut each other's lines.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&line).with_context(|| format!("cannot write {}", self.path.display()))
    }
}

/// Names a recording by what is in it.
fn fingerprint(trace: &NetworkTrace) -> String {
    let numbers = trace.intervals().flat_map(|interval| [interval.seconds, interval.rate, interval.latency]);
    digest(&numbers.flat_map(f64::to_le_bytes).collect::<Vec<u8>>())
}

/// 128 bits in hexadecimal: nobody tries to make two recordings collide.
fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use abr::sim::ScenarioId;

    const LADDER: &str = "seg_ms 2000\nkbps 300 900\n600000 1800000\n600000 1800000\n";

    #[test]
    fn what_was_found_is_known_to_the_next_run_and_to_no_other_setting() {
        let folder = tempfile::tempdir().unwrap();
        let (content, options) = (Content::parse(LADDER).unwrap(), OfflineOptions::default());
        let open =
            |id: ScenarioId| OptimumCache::open(folder.path(), &content, id.scenario().delivery, &options).unwrap();
        let trace = NetworkTrace::parse("1000 700 20\n").unwrap();
        let score = Score { qoe_lin: 0.1 + 0.2, stalls: 3, ..Score::default() };
        let cache = open(ScenarioId::A);
        assert_eq!(cache.get(&trace), None);
        cache.put(&trace, score).unwrap();
        assert_eq!(open(ScenarioId::A).get(&trace), Some(score), "to the last digit");
        assert_eq!(open(ScenarioId::B).get(&trace), None);
        assert_eq!(open(ScenarioId::A).get(&NetworkTrace::parse("1000 700 21\n").unwrap()), None);
    }

    #[test]
    fn damage_costs_what_it_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let (content, options) = (Content::parse(LADDER).unwrap(), OfflineOptions::default());
        let open = || OptimumCache::open(folder.path(), &content, ScenarioId::A.scenario().delivery, &options).unwrap();
        let trace = NetworkTrace::parse("1000 700 20\n").unwrap();
        let cache = open();
        std::fs::write(&cache.path, b"\xff\xfe\n{\"trace\":\"00\",\"score\":null}\n").unwrap();
        cache.put(&trace, Score::default()).unwrap();
        assert_eq!(open().get(&trace), Some(Score::default()));
    }
}
