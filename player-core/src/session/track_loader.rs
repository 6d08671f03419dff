//! What is known and under way for one fetched track: its playlists, the next segment, the transfer, its failures.

use super::hold::Hold;
use super::output::{InitNeed, Job, TransferId};
use crate::container::Init;
use crate::manifest::{
    ByteSource, IndexSource, InitSource, Representation, SegmentIndex, SegmentRef, TrackGroup, TrackId,
};
use crate::net::Progress;
use abr::{Bitrate, ByteCount, InFlight, MediaTime, RungId};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// Loads one track.
#[derive(Debug)]
pub(super) struct TrackLoader {
    pub(super) group: TrackGroup,
    indexes: BTreeMap<RungId, Arc<SegmentIndex>>,
    inits: HashMap<InitSource, Arc<Init>>,
    /// Where the next segment must begin (after another one) or what it must contain (after a seek).
    next: MediaTime,
    contiguous: bool,
    /// The segment that is due is the one before that which the list names for the wanted time.
    stepped_back: bool,
    last_rung: Option<RungId>,
    pub(super) transfer: Option<Active>,
    pub(super) retry: Retry,
    /// Rungs that have failed for the segment that is due.
    pub(super) barred: Vec<RungId>,
    /// Rungs whose keys may not be used: barred for good.
    pub(super) withheld: Vec<RungId>,
    /// How often the segment that is due was given up.
    pub(super) abandoned: u8,
    /// The controller's wish to wait.
    pub(super) hold: Hold,
    /// Whether loading was going on when it was last asked; the buffer policy has hysteresis.
    pub(super) loading: bool,
}

/// How to learn what an index source stands for; `None` where it is known.
pub(crate) fn index_job(source: &IndexSource) -> Option<Job> {
    match source {
        IndexSource::Playlist(url) => Some(Job::Playlist(ByteSource { url: url.clone(), range: None })),
        IndexSource::Parts(parts) => Some(Job::Index(parts.clone())),
        IndexSource::Known(_) => None,
    }
}

/// A transfer under way.
#[derive(Clone, Debug)]
pub(super) struct Active {
    pub(super) id: TransferId,
    pub(super) rung: RungId,
    pub(super) fetching: Fetching,
    pub(super) since: Duration,
    pub(super) progress: Option<Progress>,
    /// When it was last asked whether to give it up.
    looked_at: Option<Duration>,
    /// Bytes received at recent times, oldest first: what the link gives now, not since the start.
    recent: VecDeque<(Duration, u64)>,
}

/// The span over which the rate of a running transfer is taken.
const RECENT: Duration = Duration::from_secs(2);
/// Over less than this it is no rate: one lost packet looks like the end.
const SHORTEST_SPAN: Duration = Duration::from_millis(500);
/// A fetcher reports at least this often while bytes come, its own delays included.
const REPORTED_EVERY: Duration = Duration::from_millis(200);
/// A running transfer is looked at this often at most. Reports come by the hundred a second on a fast link, and nothing
/// that is decided in less time saves a viewer any.
const LOOK_EVERY: Duration = Duration::from_millis(50);

impl Active {
    pub(super) fn new(id: TransferId, rung: RungId, fetching: Fetching, now: Duration) -> Self {
        Self { id, rung, fetching, since: now, progress: None, looked_at: None, recent: VecDeque::new() }
    }

    /// The segment that it fetches.
    pub(super) fn segment(&self) -> Option<&SegmentRef> {
        match &self.fetching {
            Fetching::Segment(segment) => Some(segment),
            Fetching::Playlist => None,
        }
    }

    /// Notes how much has arrived.
    pub(super) fn note(&mut self, progress: Progress, now: Duration) {
        // The clock starts with the first byte: before it the link is not what keeps us waiting.
        if self.recent.is_empty() {
            self.recent.push_back((self.since + progress.ttfb, 0));
        }
        self.recent.push_back((now, progress.received));
        self.progress = Some(progress);
    }

    /// Is it time to look at it again? Notes that it is done.
    pub(super) fn is_looked_at(&mut self, now: Duration) -> bool {
        let due = self.looked_at.is_none_or(|at| at + LOOK_EVERY <= now);
        if due {
            self.looked_at = Some(now);
        }
        due
    }

    /// Rate over the last moments, also when nothing has arrived since; `None` in the first moments of a body.
    fn current_rate(&mut self, now: Duration) -> Option<Bitrate> {
        while self.recent.get(1).is_some_and(|(at, _)| *at + RECENT <= now) {
            self.recent.pop_front();
        }
        let (since, before) = *self.recent.front()?;
        let received = self.progress?.received;
        let span = now.saturating_sub(since);
        let rate = Bitrate::from_transfer(ByteCount::new(received.saturating_sub(before)), span);
        rate.filter(|_| span >= SHORTEST_SPAN)
    }

    /// The time at which what is known of it was true. Reports come every [`REPORTED_EVERY`] while bytes come: until the
    /// next is overdue, bytes and time are those of the last one, or the link would look slower between them than it is.
    fn as_of(&self, now: Duration) -> Duration {
        let reported = self.recent.back().map(|(at, _)| *at);
        reported.filter(|at| now.saturating_sub(*at) <= REPORTED_EVERY).unwrap_or(now)
    }
}

/// A segment is given up this often at most; what is chosen after that has to do. As in the simulator.
const MOST_ABANDONS: u8 = 3;

#[derive(Clone, Debug)]
pub(super) enum Fetching {
    Playlist,
    Segment(Box<SegmentRef>),
}

/// Failures in a row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Retry {
    pub(super) failures: u32,
    pub(super) since: Option<Duration>,
    pub(super) not_before: Option<Duration>,
}

impl Retry {
    /// Counts a failure; returns how many there were in a row and for how long.
    pub(super) fn failed(&mut self, now: Duration) -> (u32, Duration) {
        self.failures += 1;
        (self.failures, now.saturating_sub(*self.since.get_or_insert(now)))
    }
}

impl TrackLoader {
    pub(super) fn new(group: TrackGroup, start: MediaTime) -> Self {
        let known = |representation: &Representation| match &representation.index {
            IndexSource::Known(index) => Some((representation.id, index.clone())),
            IndexSource::Playlist(_) | IndexSource::Parts(_) => None,
        };
        let indexes = group.representations.iter().filter_map(known).collect();
        Self {
            group,
            indexes,
            inits: HashMap::new(),
            next: start,
            contiguous: false,
            stepped_back: false,
            last_rung: None,
            transfer: None,
            retry: Retry::default(),
            barred: Vec::new(),
            withheld: Vec::new(),
            abandoned: 0,
            hold: Hold::default(),
            loading: true,
        }
    }

    pub(super) fn track(&self) -> TrackId {
        self.group.id
    }

    pub(super) fn index(&self, rung: RungId) -> Option<&Arc<SegmentIndex>> {
        self.indexes.get(&rung)
    }

    pub(super) fn add_index(&mut self, rung: RungId, index: SegmentIndex) {
        self.indexes.insert(rung, Arc::new(index));
    }

    /// How to learn a rung's segments.
    pub(super) fn index_job(&self, rung: RungId) -> Option<Job> {
        let representation = self.group.representations.iter().find(|representation| representation.id == rung)?;
        index_job(&representation.index)
    }

    /// A rung whose playlist is still to be read.
    pub(super) fn unread_playlist(&self) -> Option<RungId> {
        let unread = |rung: &RungId| !self.indexes.contains_key(rung) && !self.barred.contains(rung);
        self.group.representations.iter().map(|representation| representation.id).find(unread)
    }

    /// Is there a rung beside this one that has not failed for the segment that is due?
    pub(super) fn has_other(&self, rung: RungId) -> bool {
        let others = self.group.representations.iter().map(|representation| representation.id);
        others.filter(|other| *other != rung).any(|other| !self.barred.contains(&other))
    }

    /// How long the track is, as far as its playlists have said.
    pub(super) fn duration(&self) -> Option<MediaTime> {
        self.indexes.values().map(|index| index.duration()).max()
    }

    /// The segment that is due, from this rung; `None` behind the last one.
    pub(super) fn due(&self, rung: RungId) -> Option<&SegmentRef> {
        let index = self.indexes.get(&rung)?;
        index.segments.get(self.due_position(index)?)
    }

    /// The segment that will come next: the one under way, or the one that is due as far as a list is known.
    pub(super) fn next_segment(&self) -> Option<&SegmentRef> {
        let under_way = self.transfer.as_ref().and_then(Active::segment);
        let known = || self.last_rung.or(self.indexes.keys().next().copied());
        under_way.or_else(|| self.due(known()?)).filter(|segment| !segment.gap)
    }

    fn due_position(&self, index: &SegmentIndex) -> Option<usize> {
        let position = index.position_at(self.next)?;
        if !self.contiguous {
            return Some(position);
        }
        // Rungs may differ by rounding: what begins within half a segment of the wanted time is the one.
        let wanted = self.next + index.segments[position].duration.min(Duration::from_millis(500)) / 2;
        let position = index.position_at(wanted)?;
        (wanted < index.duration()).then_some(position)
    }

    /// What is still to come, from the segment that is due on, in each rung whose playlist has been read.
    pub(super) fn ahead(&self) -> impl Iterator<Item = (RungId, &[SegmentRef])> {
        self.indexes
            .iter()
            .filter_map(|(rung, index)| self.due_position(index).map(|position| (*rung, &index.segments[position..])))
    }

    /// Are all segments fetched? Only known once a playlist is. Rungs may differ in length by a segment: the one that
    /// was fetched last decides.
    pub(super) fn is_complete(&self) -> bool {
        let first = self.indexes.keys().next().copied();
        self.last_rung.or(first).is_some_and(|rung| self.indexes.contains_key(&rung) && self.due(rung).is_none())
    }

    /// Nominal length of segments around the due one.
    pub(super) fn segment_duration(&self) -> Duration {
        let due = self.indexes.keys().next().and_then(|rung| self.due(*rung));
        due.map_or(Duration::from_secs(4), |segment| segment.duration)
    }

    /// Goes on behind this segment.
    pub(super) fn advance(&mut self, rung: RungId, segment: &SegmentRef) {
        self.last_rung = Some(rung);
        self.next = segment.end();
        self.contiguous = true;
        self.begin_segment();
    }

    /// Another segment is due: what was said about the one before is over.
    fn begin_segment(&mut self) {
        self.barred.clone_from(&self.withheld);
        self.abandoned = 0;
        self.hold = Hold::default();
    }

    /// Takes this rung's end for the track's.
    pub(super) fn end_with(&mut self, rung: RungId) {
        self.last_rung = Some(rung);
    }

    /// Goes on with the segment that contains `time`.
    pub(super) fn jump(&mut self, time: MediaTime) {
        self.next = time;
        self.contiguous = false;
        self.stepped_back = false;
        self.begin_segment();
        self.retry = Retry::default();
        self.loading = true;
    }

    /// Goes on with the segment before this one, which was entered by a seek and begins later than its list says. `false`
    /// where there is none, where that was done, or where it was not entered by a seek.
    pub(super) fn step_back(&mut self, rung: RungId, segment: &SegmentRef) -> bool {
        let before = |index: &Arc<SegmentIndex>| {
            let earlier = index.segments.iter().rev().find(|earlier| earlier.start < segment.start)?;
            (!earlier.gap && earlier.epoch == segment.epoch).then_some(earlier.start)
        };
        let entered = !self.contiguous && !self.stepped_back;
        let Some(start) = self.indexes.get(&rung).filter(|_| entered).and_then(before) else { return false };
        self.jump(start);
        self.stepped_back = true;
        true
    }

    /// Goes on with the segment that begins at `time`.
    pub(super) fn continue_from(&mut self, time: MediaTime) {
        self.jump(time);
        self.contiguous = true;
    }

    /// The segment under way and how it comes along, for a controller; `None` where there is none, where it was looked
    /// at a moment ago, or where the segment was given up so often that this one has to do.
    pub(super) fn in_flight(&mut self, now: Duration) -> Option<(TransferId, u64, InFlight)> {
        let active = self.transfer.as_mut().filter(|_| self.abandoned < MOST_ABANDONS)?;
        let Fetching::Segment(segment) = &active.fetching else { return None };
        let (id, number, segment_duration) = (active.id, segment.number, segment.duration);
        let stated = segment.source.stated_length();
        if !active.is_looked_at(now) {
            return None;
        }
        let as_of = active.as_of(now);
        let expected = active.progress.and_then(|progress| progress.expected).or(stated);
        let in_flight = InFlight {
            rung: active.rung,
            received: ByteCount::new(active.progress.map_or(0, |progress| progress.received)),
            expected: expected.map(ByteCount::new),
            elapsed: as_of.saturating_sub(active.since),
            ttfb: active.progress.map(|progress| progress.ttfb),
            segment_duration,
            current_rate: active.current_rate(as_of),
        };
        Some((id, number, in_flight))
    }

    /// How to get the initialisation of a segment.
    pub(super) fn init_need(&self, segment: &SegmentRef) -> InitNeed {
        match &segment.init {
            None => InitNeed::Inside,
            Some(source) => match self.inits.get(source) {
                Some(init) => InitNeed::Known(init.clone()),
                None => InitNeed::Fetch(Box::new(source.clone())),
            },
        }
    }

    pub(super) fn keep_init(&mut self, source: Option<&InitSource>, init: Option<&Arc<Init>>) {
        if let (Some(source), Some(init)) = (source, init) {
            self.inits.entry(source.clone()).or_insert_with(|| init.clone());
        }
    }
}
