//! A selected subtitle track: fetched a little ahead, or read from the picture's samples; shown by the playhead.

use super::output::{Job, TransferId};
use super::track_loader::Retry;
use crate::manifest::{SegmentIndex, SegmentRef, TrackId};
use crate::text::captions::CaptionService;
use crate::text::{Cue, merge_touching};
use abr::MediaTime;
use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

/// How far ahead of the playhead subtitles are fetched.
const AHEAD: Duration = Duration::from_secs(30);
/// Cues kept of one track; the oldest go first.
const MAX_CUES: usize = 50_000;

/// The cues of a track that have been read so far.
#[derive(Debug, Default)]
pub(super) struct CueStore(BTreeSet<Cue>);

impl CueStore {
    /// Takes a segment's cues. Those that reach over several segments are repeated or continued in each.
    pub(super) fn add(&mut self, cues: impl IntoIterator<Item = Cue>) {
        let known = self.0.len();
        self.0.extend(cues);
        if self.0.len() == known {
            return;
        }
        self.0 = merge_touching(std::mem::take(&mut self.0).into_iter().collect()).into_iter().collect();
        while self.0.len() > MAX_CUES {
            self.0.pop_first();
        }
    }

    /// Cues to be seen at a position.
    pub(super) fn active(&self, position: MediaTime) -> impl Iterator<Item = &Cue> {
        self.0.iter().take_while(move |cue| cue.start <= position).filter(move |cue| cue.is_active(position))
    }
}

/// Subtitles being shown.
#[derive(Debug)]
pub(super) struct TextTrack {
    pub(super) track: TrackId,
    /// Inside the picture's samples: nothing is to be fetched for it.
    pub(super) captions: Option<CaptionService>,
    /// How to learn the segments.
    pub(super) playlist: Option<Job>,
    pub(super) index: Option<SegmentIndex>,
    pub(super) transfer: Option<(TransferId, Option<SegmentRef>)>,
    pub(super) retry: Retry,
    loaded: HashSet<u64>,
    pub(super) cues: CueStore,
}

impl TextTrack {
    /// A track with segments of its own.
    pub(super) fn new(track: TrackId, playlist: Option<Job>, index: Option<SegmentIndex>) -> Self {
        Self {
            track,
            captions: None,
            playlist,
            index,
            transfer: None,
            retry: Retry::default(),
            loaded: HashSet::new(),
            cues: CueStore::default(),
        }
    }

    /// Captions inside the picture's samples.
    pub(super) fn of_captions(service: CaptionService) -> Self {
        Self { captions: Some(service), ..Self::new(service.track(), None, None) }
    }

    /// Does this transfer belong to it?
    pub(super) fn awaits(&self, id: TransferId) -> bool {
        self.transfer.as_ref().is_some_and(|(active, _)| *active == id)
    }

    /// The next segment worth fetching at this playhead.
    pub(super) fn due(&self, position: MediaTime) -> Option<&SegmentRef> {
        let index = self.index.as_ref()?;
        let first = index.position_at(position)?;
        let near = index.segments[first..].iter().take_while(|segment| segment.start <= position + AHEAD);
        near.into_iter().find(|segment| !self.loaded.contains(&segment.number))
    }

    /// Takes a segment's cues.
    pub(super) fn add(&mut self, number: u64, cues: Vec<Cue>) {
        self.loaded.insert(number);
        self.cues.add(cues);
    }

    /// Does not ask for this segment again.
    pub(super) fn skip(&mut self, number: u64) {
        self.loaded.insert(number);
    }
}
