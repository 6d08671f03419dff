//! The clock of winding, and what it has to do with key frames: what to fetch, what to show.

use crate::command::MAX_TRICK_SPEED;
use crate::container::{Demuxed, Sample, TrackFormat};
use crate::manifest::{SegmentIndex, TrackKind};
use crate::session::output::TransferId;
use crate::session::timeline::{Timelines, place};
use crate::session::track_loader::TrackLoader;
use abr::{MediaTime, RungId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Pictures follow each other at this distance: over six a second, as many as a viewer can tell apart in passing.
pub(super) const CADENCE: Duration = Duration::from_millis(150);
/// The clock is looked at this often.
const LOOK_EVERY: Duration = Duration::from_millis(40);
/// Transfers at a time: key frames are small, and waiting for one after the other would cost a round trip each.
const ABREAST: usize = 4;
/// How far ahead of the clock pictures are fetched, on the wall.
const HORIZON: Duration = Duration::from_secs(1);
/// A picture that is this late holds the clock.
const LATEST: Duration = Duration::from_millis(1_500);

/// Winding under way.
#[derive(Debug)]
pub(in crate::session) struct TrickPlay {
    /// Media time per time, negative for backwards.
    pub(super) speed: i32,
    /// Where it began, as long as no picture was shown.
    pub(super) start: MediaTime,
    /// Where the clock was at `since`.
    pub(super) anchor: MediaTime,
    pub(super) since: Duration,
    pub(super) looked_at: Duration,
    /// Playlists and initialisations of what key frames are taken from.
    pub(super) source: TrackLoader,
    pub(super) rung: RungId,
    /// Is it a set made for winding?
    pub(super) own_set: bool,
    pub(super) transfers: Vec<(TransferId, Wanted)>,
    /// How long the last one took.
    pub(super) wait: Duration,
    /// Key frames that wait to be shown, by the position of their segment.
    pub(super) held: BTreeMap<usize, Vec<KeyFrame>>,
    pub(super) failed: BTreeSet<usize>,
    pub(super) failures: u32,
    /// Apart from those of playback: a rounded list must not settle the clock of an epoch.
    pub(super) timelines: Timelines,
    /// The newest time for which a picture was asked.
    pub(super) planned: Option<MediaTime>,
    /// On its way through the pipeline, and since when.
    pub(super) showing: Option<(MediaTime, Duration)>,
    pub(super) shown: Option<MediaTime>,
    pub(super) shown_at: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Playlist,
    /// By position in the list.
    Segment(usize),
}

#[derive(Clone, Debug)]
pub(super) struct KeyFrame {
    pub(super) format: Arc<TrackFormat>,
    pub(super) sample: Sample,
}

/// The speed that is wound at for a wish; `None` for none.
pub(super) fn supported(speed: i32) -> Option<i32> {
    let magnitude = speed.unsigned_abs().min(MAX_TRICK_SPEED.unsigned_abs());
    let power = i32::try_from(1u32 << magnitude.checked_ilog2()?).ok()?;
    (power >= 2).then_some(power * speed.signum())
}

impl TrickPlay {
    fn forward(&self) -> bool {
        self.speed > 0
    }

    /// `wall` time further on the way.
    fn onward(&self, from: MediaTime, wall: Duration) -> MediaTime {
        let media = wall * self.speed.unsigned_abs();
        if self.forward() { from + media } else { (from - media).max(MediaTime::ZERO) }
    }

    /// Is `a` further on the way than `b`?
    pub(super) fn is_beyond(&self, a: MediaTime, b: MediaTime) -> bool {
        if self.forward() { a > b } else { a < b }
    }

    pub(super) fn index(&self) -> Option<&Arc<SegmentIndex>> {
        self.source.index(self.rung)
    }

    /// Where the clock is.
    fn due(&self, now: Duration) -> MediaTime {
        let due = self.onward(self.anchor, now.saturating_sub(self.since));
        self.index().map_or(due, |index| due.min(index.duration()))
    }

    pub(super) fn is_at_its_end(&self, now: Duration) -> bool {
        let due = self.due(now);
        if self.forward() { self.index().is_some_and(|index| due >= index.duration()) } else { due <= MediaTime::ZERO }
    }

    /// Another speed, from what is on screen.
    pub(super) fn change(&mut self, speed: i32, now: Duration) {
        self.anchor = self.position();
        (self.speed, self.since, self.planned) = (speed, now, None);
    }

    /// What is on screen.
    pub(super) fn position(&self) -> MediaTime {
        self.shown.unwrap_or(self.start)
    }

    pub(in crate::session) fn awaits(&self, id: TransferId) -> bool {
        self.transfers.iter().any(|(known, _)| *known == id)
    }

    /// Forgets its transfers; they are to be cancelled.
    pub(in crate::session) fn take_transfers(&mut self) -> Vec<TransferId> {
        self.transfers.drain(..).map(|(id, _)| id).collect()
    }

    /// When it is to be looked at again.
    pub(in crate::session) fn next_look(&self, now: Duration) -> Option<Duration> {
        Some(now + LOOK_EVERY)
    }

    /// Holds the clock while nothing is known, and while a picture that it has long passed is on its way.
    pub(super) fn keep_time(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.looked_at);
        self.looked_at = now;
        let latest = self.due(now);
        let late = |wanted: &Wanted| match (wanted, self.index()) {
            (Wanted::Segment(position), Some(index)) => index.segments.get(*position).is_some_and(|segment| {
                self.is_beyond(segment.start, self.position())
                    && self.is_beyond(latest, self.onward(segment.start, LATEST))
            }),
            (Wanted::Playlist, _) | (_, None) => true,
        };
        if self.index().is_none() || self.transfers.iter().any(|(_, wanted)| late(wanted)) {
            self.since += passed;
        }
    }

    /// Positions of the segments to be fetched now.
    pub(super) fn plan(&mut self, now: Duration) -> Vec<usize> {
        let Some(index) = self.index().cloned() else { return Vec::new() };
        let last = index.duration() - Duration::from_millis(1);
        let due = self.due(now);
        let (earliest, horizon) = (self.onward(due, self.wait), self.onward(due, self.wait + HORIZON));
        let mut at = self.planned.map_or(earliest, |planned| self.onward(planned, CADENCE));
        if self.is_beyond(earliest, at) {
            at = earliest;
        }
        let mut wanted = Vec::new();
        while self.transfers.len() + wanted.len() < ABREAST && !self.is_beyond(at, horizon) {
            at = at.clamp(MediaTime::ZERO, last);
            if self.planned == Some(at) {
                break;
            }
            self.planned = Some(at);
            let Some(position) = index.position_at(at) else { break };
            let under_way = self.transfers.iter().any(|(_, wanted)| *wanted == Wanted::Segment(position));
            let known =
                self.held.contains_key(&position) || self.failed.contains(&position) || wanted.contains(&position);
            // What was shown of a segment is behind us; its other key frames were held with it.
            let behind = self.shown.and_then(|shown| index.position_at(shown)) == Some(position);
            if !under_way && !known && !behind && !index.segments[position].gap {
                wanted.push(position);
            }
            at = self.onward(at, CADENCE);
        }
        wanted
    }

    /// The picture that the clock has come to, if it is time for another one.
    pub(super) fn next_picture(&self, now: Duration) -> Option<KeyFrame> {
        let rests = self.shown_at.is_some_and(|at| now < at + CADENCE);
        if rests || self.showing.is_some() {
            return None;
        }
        let (due, from) = (self.due(now), self.position());
        let passed = |frame: &&KeyFrame| {
            let pts = frame.sample.pts;
            !self.is_beyond(pts, due) && (self.is_beyond(pts, from) || self.shown.is_none() && pts == from)
        };
        let frames = self.held.values().flatten().filter(passed);
        let furthest = if self.forward() {
            frames.max_by_key(|frame| frame.sample.pts)
        } else {
            frames.min_by_key(|frame| frame.sample.pts)
        };
        furthest.cloned()
    }

    /// Forgets what lies behind a picture.
    pub(super) fn let_go(&mut self, pts: MediaTime) {
        let forward = self.forward();
        self.held.retain(|_, frames| {
            frames.retain(|frame| if forward { frame.sample.pts > pts } else { frame.sample.pts < pts });
            !frames.is_empty()
        });
    }

    /// Keeps the key frames of a segment.
    pub(super) fn keep(&mut self, position: usize, mut media: Demuxed) {
        let Some(index) = self.index() else { return };
        let Some(segment) = index.segments.get(position).cloned() else { return };
        let extent = index.extent(segment.epoch);
        let shift = self.timelines.shift(&segment, &media, extent);
        let mut frames = Vec::new();
        for stream in media.streams.iter_mut().filter(|stream| stream.kind == TrackKind::Video) {
            place(&mut stream.samples, &segment, shift);
            stream.samples.retain(|sample| !sample.hidden);
            // A set for winding need not flag what all of it is.
            let first_counts = frames.is_empty() && !stream.samples.iter().any(|sample| sample.keyframe);
            let samples = stream.samples.drain(..).enumerate();
            let key = samples.filter(|(at, sample)| sample.keyframe || first_counts && *at == 0);
            frames.extend(key.map(|(_, sample)| KeyFrame { format: stream.format.clone(), sample }));
        }
        if frames.is_empty() {
            self.failed.insert(position);
        } else {
            self.held.insert(position, frames);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::supported;

    #[test]
    fn speeds_are_powers_of_two_in_both_directions() {
        let wishes = [0, 1, -1, 2, 3, -5, 31, 64, 1000, i32::MIN];
        let found = wishes.map(supported);
        assert_eq!(found, [None, None, None, Some(2), Some(2), Some(-4), Some(16), Some(64), Some(64), Some(-64)]);
    }
}
