//! The selected subtitle track: fetched a little ahead, shown by the playhead.

use super::output::{Job, TransferId};
use super::track_loader::Retry;
use crate::manifest::{SegmentIndex, SegmentRef};
use crate::text::{Cue, merge_touching};
use abr::MediaTime;
use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

/// How far ahead of the playhead subtitles are fetched.
const AHEAD: Duration = Duration::from_secs(30);
/// Cues kept of one track; the oldest go first.
const MAX_CUES: usize = 50_000;

/// Subtitles being shown.
#[derive(Debug)]
pub(super) struct TextTrack {
    /// How to learn the segments.
    pub(super) playlist: Option<Job>,
    pub(super) index: Option<SegmentIndex>,
    pub(super) transfer: Option<(TransferId, Option<SegmentRef>)>,
    pub(super) retry: Retry,
    loaded: HashSet<u64>,
    cues: BTreeSet<Cue>,
    shown: Vec<Cue>,
}

impl TextTrack {
    pub(super) fn new(playlist: Option<Job>, index: Option<SegmentIndex>) -> Self {
        Self {
            playlist,
            index,
            transfer: None,
            retry: Retry::default(),
            loaded: HashSet::new(),
            cues: BTreeSet::new(),
            shown: Vec::new(),
        }
    }

    /// The next segment worth fetching at this playhead.
    pub(super) fn due(&self, position: MediaTime) -> Option<&SegmentRef> {
        let index = self.index.as_ref()?;
        let first = index.position_at(position)?;
        let near = index.segments[first..].iter().take_while(|segment| segment.start <= position + AHEAD);
        near.into_iter().find(|segment| !self.loaded.contains(&segment.number))
    }

    /// Takes a segment's cues. Those that reach over several segments are repeated or continued in each.
    pub(super) fn add(&mut self, number: u64, cues: Vec<Cue>) {
        self.loaded.insert(number);
        self.cues.extend(cues);
        self.cues = merge_touching(std::mem::take(&mut self.cues).into_iter().collect()).into_iter().collect();
        while self.cues.len() > MAX_CUES {
            self.cues.pop_first();
        }
    }

    /// Does not ask for this segment again.
    pub(super) fn skip(&mut self, number: u64) {
        self.loaded.insert(number);
    }

    /// What is to be seen now, if that has changed.
    pub(super) fn changed(&mut self, position: MediaTime) -> Option<Vec<Cue>> {
        let started = self.cues.iter().take_while(|cue| cue.start <= position);
        let active: Vec<Cue> = started.filter(|cue| cue.is_active(position)).cloned().collect();
        (active != self.shown).then(|| {
            self.shown.clone_from(&active);
            active
        })
    }
}
