//! Where viewers stopped: kept here first, at the server as soon as it answers.
//!
//! The journal is one small file, replaced atomically every few seconds, so that neither `kill -9` nor a server that
//! is away costs anybody their place. On the next start the newer of journal and server counts, and what was never
//! sent is sent.

use crate::storage;
use player_core::{PlaybackState, PlayerSnapshot};
use serde::{Deserialize, Serialize};
use service_api::{ProfileId, TitleId, profile::Progress};
use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};
use url::Url;

/// Entries kept; the oldest go first.
const ENTRIES: usize = 300;

/// What a position belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Title(ProfileId, TitleId),
    /// A stream watched signed out. User, query and fragment are left out: they may be secrets.
    Stream(Url),
}

impl Key {
    fn text(&self) -> String {
        match self {
            Self::Title(profile, title) => format!("title {profile} {title}"),
            Self::Stream(url) => {
                let mut url = url.clone();
                url.set_query(None);
                url.set_fragment(None);
                // Fails only for addresses without a host, which carry no user either.
                let _ = url.set_username("").and_then(|()| url.set_password(None));
                format!("stream {url}")
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    progress: Progress,
    /// The server has it.
    sent: bool,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Contents {
    version: u32,
    positions: BTreeMap<String, Entry>,
}

/// The positions on this device.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    contents: Mutex<Contents>,
}

impl Journal {
    /// Opens the journal; an unreadable one is put aside in memory and replaced at the next write.
    pub(crate) fn open(path: PathBuf) -> Self {
        let contents = Self::read(&path);
        Self { path, contents: Mutex::new(contents) }
    }

    fn read(path: &std::path::Path) -> Contents {
        match storage::read(path) {
            Ok(None) => Contents::default(),
            Ok(Some(bytes)) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
                tracing::warn!(%error, "the journal of positions cannot be read");
                Contents::default()
            }),
            Err(error) => {
                tracing::warn!(%error, "the journal of positions cannot be opened");
                Contents::default()
            }
        }
    }

    /// The position known here.
    pub(crate) fn latest(&self, key: &Key) -> Option<Progress> {
        self.lock().positions.get(&key.text()).map(|entry| entry.progress).filter(is_sane)
    }

    /// Notes a position and writes the file. Blocks on the disk.
    pub(crate) fn record(&self, key: &Key, progress: Progress) {
        self.change(|contents| {
            contents.positions.insert(key.text(), Entry { progress, sent: false });
        });
    }

    /// The server has a position, unless a newer one was noted meanwhile. Blocks on the disk.
    pub(crate) fn mark_sent(&self, key: &Key, taken_at_ms: i64) {
        self.change(|contents| {
            if let Some(entry) = contents.positions.get_mut(&key.text())
                && entry.progress.taken_at_ms <= taken_at_ms
            {
                entry.sent = true;
            }
        });
    }

    /// Positions of a profile that the server does not have.
    pub(crate) fn unsent(&self, profile: &ProfileId) -> Vec<(TitleId, Progress)> {
        let prefix = format!("title {profile} ");
        let contents = self.lock();
        let of_profile = contents.positions.iter().filter(|(_, entry)| !entry.sent && is_sane(&entry.progress));
        of_profile
            .filter_map(|(key, entry)| key.strip_prefix(&prefix).map(|title| (TitleId::from(title), entry.progress)))
            .collect()
    }

    /// Forgets all positions. The file is not touched.
    pub(crate) fn clear(&self) {
        *self.lock() = Contents::default();
    }

    fn change(&self, change: impl FnOnce(&mut Contents)) {
        let mut contents = self.lock();
        // A second window may have written meanwhile: the newer of each entry stays.
        for (key, entry) in Self::read(&self.path).positions {
            let newer =
                contents.positions.get(&key).is_none_or(|own| own.progress.taken_at_ms < entry.progress.taken_at_ms);
            if newer {
                contents.positions.insert(key, entry);
            }
        }
        change(&mut contents);
        contents.version = 1;
        while contents.positions.len() > ENTRIES {
            let oldest = contents.positions.iter().min_by_key(|(_, entry)| entry.progress.taken_at_ms);
            let Some(key) = oldest.map(|(key, _)| key.clone()) else { break };
            contents.positions.remove(&key);
        }
        let written = serde_json::to_vec(&*contents)
            .map_err(std::io::Error::other)
            .and_then(|bytes| storage::write_atomically(&self.path, &bytes));
        if let Err(error) = written {
            tracing::warn!(%error, "a position could not be kept");
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_sane(progress: &Progress) -> bool {
    progress.position_s.is_finite() && progress.duration_s.is_finite() && progress.position_s >= 0.0
}

/// The position to resume from: the newer of what is known here and at the server.
pub(crate) fn newer(local: Option<Progress>, server: Option<Progress>) -> Option<Progress> {
    match (local, server) {
        (Some(local), Some(server)) if local.taken_at_ms >= server.taken_at_ms => Some(local),
        (local, server) => server.or(local),
    }
}

/// What should be done with the position now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) journal: bool,
    pub(crate) send: bool,
}

/// Decides when a position is worth keeping: every few seconds while it moves, and at each turn of events.
#[derive(Debug, Default)]
pub(crate) struct Keeper {
    last_state: Option<PlaybackState>,
    journalled_at: Option<f64>,
    sent_at: Option<f64>,
    last_position: Option<f64>,
    begun: bool,
}

impl Keeper {
    /// Between two entries in the journal, in seconds: what `kill -9` may cost.
    pub(crate) const JOURNAL_EVERY: f64 = 5.0;
    /// Between two reports to the server, in seconds.
    pub(crate) const SEND_EVERY: f64 = 10.0;

    /// Looks at the player, about twice a second; `now` in seconds of any steady clock.
    pub(crate) fn observe(&mut self, snapshot: &PlayerSnapshot, now: f64) -> Due {
        let state = snapshot.state;
        let before = self.last_state.replace(state);
        // Until the first picture the position is a plan, not a fact.
        self.begun |= matches!(state, PlaybackState::Playing | PlaybackState::Paused);
        if !self.begun || snapshot.duration.is_none() {
            return Due::default();
        }
        let turned = before.is_some_and(|before| before != state)
            && (matches!(state, PlaybackState::Paused | PlaybackState::Ended | PlaybackState::Failed)
                || before == Some(PlaybackState::Seeking));
        let position = snapshot.position.as_secs_f64();
        let moved = self.last_position.is_none_or(|last| (last - position).abs() > 0.2);
        let since = |at: Option<f64>| at.map_or(f64::MAX, |at| now - at);
        let journal = turned || (moved && since(self.journalled_at) >= Self::JOURNAL_EVERY);
        let send = turned || (moved && since(self.sent_at) >= Self::SEND_EVERY);
        if journal {
            self.journalled_at = Some(now);
            self.last_position = Some(position);
        }
        if send {
            self.sent_at = Some(now);
        }
        Due { journal, send }
    }

    /// Is there anything to keep at the end?
    pub(crate) fn has_begun(&self) -> bool {
        self.begun
    }
}

/// The position of a player as it is kept. Who has come to the last credits, which begin at `credits_s`, has seen it.
pub(crate) fn progress_of(snapshot: &PlayerSnapshot, credits_s: Option<f64>, taken_at_ms: i64) -> Option<Progress> {
    let duration_s = snapshot.duration?.as_secs_f64();
    let position_s = snapshot.position.as_secs_f64().clamp(0.0, duration_s.max(0.0));
    let is_seen = snapshot.state == PlaybackState::Ended || credits_s.is_some_and(|credits| position_s >= credits);
    let position_s = if is_seen { duration_s } else { position_s };
    Some(Progress { position_s, duration_s, taken_at_ms })
}

#[cfg(test)]
mod tests {
    use super::*;
    use player_core::MediaTime;

    fn at(position_s: f64, taken_at_ms: i64) -> Progress {
        Progress { position_s, duration_s: 100.0, taken_at_ms }
    }

    fn key(title: &str) -> Key {
        Key::Title(ProfileId::from("p"), TitleId::from(title))
    }

    #[test]
    fn positions_survive_a_restart_and_know_whether_they_were_sent() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("positions.json");
        let journal = Journal::open(path.clone());
        journal.record(&key("a"), at(10.0, 1));
        journal.record(&key("b"), at(20.0, 2));
        journal.mark_sent(&key("a"), 1);
        journal.mark_sent(&key("b"), 1);
        let again = Journal::open(path);
        assert_eq!(again.latest(&key("a")), Some(at(10.0, 1)));
        assert_eq!(again.unsent(&ProfileId::from("p")), [(TitleId::from("b"), at(20.0, 2))]);
        assert_eq!(again.unsent(&ProfileId::from("q")), []);
    }

    #[test]
    fn two_windows_do_not_overwrite_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("positions.json");
        let (one, two) = (Journal::open(path.clone()), Journal::open(path.clone()));
        one.record(&key("a"), at(1.0, 1));
        two.record(&key("b"), at(2.0, 2));
        one.record(&key("c"), at(3.0, 3));
        let all = Journal::open(path);
        assert!(["a", "b", "c"].iter().all(|title| all.latest(&key(title)).is_some()));
    }

    #[test]
    fn the_journal_stays_small_and_reads_anything() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("positions.json");
        std::fs::write(&path, "{\"positions\": 3}").unwrap();
        let journal = Journal::open(path.clone());
        let mut contents = Contents::default();
        for i in 0..ENTRIES as i64 + 5 {
            contents.positions.insert(key(&format!("t{i}")).text(), Entry { progress: at(1.0, i), sent: true });
        }
        *journal.lock() = contents;
        journal.record(&key("new"), at(5.0, 10_000));
        let again = Journal::open(path);
        assert_eq!(again.lock().positions.len(), ENTRIES);
        assert_eq!(again.latest(&key("t0")), None);
        assert_eq!(again.latest(&key("new")), Some(at(5.0, 10_000)));
    }

    #[test]
    fn secrets_in_addresses_are_not_written_down() {
        let url = Url::parse("https://me:pw@example.com/a/b.m3u8?token=secret#x").unwrap();
        assert_eq!(Key::Stream(url).text(), "stream https://example.com/a/b.m3u8");
    }

    #[test]
    fn the_newer_position_counts() {
        assert_eq!(newer(Some(at(1.0, 5)), Some(at(2.0, 4))), Some(at(1.0, 5)));
        assert_eq!(newer(Some(at(1.0, 4)), Some(at(2.0, 5))), Some(at(2.0, 5)));
        assert_eq!(newer(None, Some(at(2.0, 5))), Some(at(2.0, 5)));
        assert_eq!(newer(None, None), None);
    }

    #[test]
    fn positions_are_kept_while_they_move_and_at_each_turn() {
        let mut keeper = Keeper::default();
        let mut snapshot =
            PlayerSnapshot { duration: Some(MediaTime::from_millis(100_000)), ..PlayerSnapshot::initial() };
        assert_eq!(keeper.observe(&snapshot, 0.0), Due::default(), "nothing before the first picture");
        snapshot.state = PlaybackState::Playing;
        let (mut journalled, mut sent) = (0, 0);
        for half_second in 0..60 {
            let now = f64::from(half_second) / 2.0;
            snapshot.position = MediaTime::from_secs_f64(now);
            let due = keeper.observe(&snapshot, now);
            journalled += u32::from(due.journal);
            sent += u32::from(due.send);
        }
        assert_eq!((journalled, sent), (6, 3));
        snapshot.state = PlaybackState::Paused;
        assert_eq!(keeper.observe(&snapshot, 30.0), Due { journal: true, send: true });
        assert_eq!(keeper.observe(&snapshot, 90.0), Due::default(), "a pause is kept once");
        snapshot.state = PlaybackState::Seeking;
        keeper.observe(&snapshot, 91.0);
        snapshot.state = PlaybackState::Paused;
        assert_eq!(keeper.observe(&snapshot, 92.0), Due { journal: true, send: true });
        snapshot.state = PlaybackState::Ended;
        assert!(keeper.observe(&snapshot, 93.0).send);
        assert_eq!(progress_of(&snapshot, None, 7).map(|p| p.is_finished()), Some(true));
    }

    #[test]
    fn who_has_come_to_the_credits_has_seen_it() {
        let snapshot = PlayerSnapshot {
            duration: Some(MediaTime::from_millis(100_000)),
            position: MediaTime::from_millis(86_000),
            state: PlaybackState::Playing,
            ..PlayerSnapshot::initial()
        };
        let is_finished = |credits| progress_of(&snapshot, credits, 7).map(|progress| progress.is_finished());
        assert_eq!(
            (is_finished(None), is_finished(Some(90.0)), is_finished(Some(85.0))),
            (Some(false), Some(false), Some(true))
        );
    }
}
