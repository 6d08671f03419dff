//! The seam: a snapshot of the session goes in, a decision comes out.
//!
//! Everything that a controller may know is in [`AbrContext`]; the session, a simulator and tests build it in the same
//! way. A controller is replaced by implementing [`AbrController`] and naming it in [`crate::rules`]; nothing else moves.

use std::fmt::Debug;
use std::time::Duration;

use crate::decision::Decision;
use crate::history::History;
use crate::ladder::{Ladder, Rung, RungId};
use crate::throughput::{ThroughputEstimate, TransferSample};
use crate::units::{Bitrate, ByteCount, PlaybackRate};

/// A segment that will be fetched soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpcomingSegment<'a> {
    /// Media time it lasts.
    pub duration: Duration,
    /// Its size in each rung where the container tells (byte ranges, `sidx`); empty where it does not. Any order, any
    /// subset of the ladder.
    pub bytes: &'a [(RungId, ByteCount)],
}

impl UpcomingSegment<'_> {
    /// Its size in `rung` where known and not zero.
    pub fn size(&self, rung: RungId) -> Option<ByteCount> {
        self.bytes.iter().find(|(id, bytes)| *id == rung && *bytes > ByteCount::ZERO).map(|(_, bytes)| *bytes)
    }
}

/// What a controller may know.
///
/// Build it from [`AbrContext::new`] with the struct-update syntax, so that a field that is added later keeps older
/// callers compiling:
///
/// ```
/// # use abr::{AbrContext, Bitrate, History, Ladder, Rung, RungId};
/// # use std::time::Duration;
/// # let rung = Rung { id: RungId(0), bitrate: Bitrate::from_kbps(800), average: None, width: 640, height: 360, frame_rate: None };
/// # let (ladder, history) = (Ladder::new(vec![rung]).unwrap(), History::new());
/// let context = AbrContext { buffered: Duration::from_secs(6), ..AbrContext::new(&ladder, &history) };
/// ```
#[derive(Clone, Copy, Debug)]
pub struct AbrContext<'a> {
    /// Time since the session began. Passed in, never read: virtual in tests.
    pub now: Duration,
    /// What may be chosen, already constrained.
    pub ladder: &'a Ladder,
    /// The rung of the last fetched segment; `None` before the first. May have been constrained out of the ladder.
    pub current: Option<RungId>,
    /// Media ahead of the playhead, at normal rate.
    pub buffered: Duration,
    /// Where the buffer is full and loading pauses ([`crate::BufferPolicy::target`], scaled by `rate`).
    pub buffer_target: Duration,
    /// Playback speed.
    pub rate: PlaybackRate,
    /// Measured throughput; `None` until there is evidence.
    pub throughput: Option<ThroughputEstimate>,
    /// Measured time from request to first byte; `None` until there is evidence.
    pub ttfb: Option<Duration>,
    /// Nominal segment duration of the track, used where `upcoming` does not tell.
    pub segment_duration: Duration,
    /// The next segments, the one to decide about first; may be empty.
    pub upcoming: &'a [UpcomingSegment<'a>],
    /// Segments from the one to decide about to the end of the presentation; `None` where it has no known end. Sizes
    /// of those beyond `upcoming` are simply unknown.
    pub remaining: Option<u32>,
    /// Where the presentation is live: how far behind the edge playback is.
    pub live: Option<LiveWindow>,
    /// Recent switches and stalls.
    pub history: &'a History,
}

/// The moving end of a live presentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveWindow {
    /// Media time between the playhead and the end of what has been published, once the segment being published is
    /// complete: the most that could ever be buffered. It grows with every stall.
    pub latency: Duration,
}

impl<'a> AbrContext<'a> {
    /// A session that has just begun: nothing measured, nothing buffered, segments of 4 s, a target of 30 s.
    pub fn new(ladder: &'a Ladder, history: &'a History) -> Self {
        Self {
            now: Duration::ZERO,
            ladder,
            current: None,
            buffered: Duration::ZERO,
            buffer_target: Duration::from_secs(30),
            rate: PlaybackRate::NORMAL,
            throughput: None,
            ttfb: None,
            segment_duration: Duration::from_secs(4),
            upcoming: &[],
            remaining: None,
            live: None,
            history,
        }
    }

    /// Segments over which [`Self::demand`] looks: a scene, not the film.
    const NEAR_FUTURE: usize = 5;

    /// Media time of the segment to decide about; never zero.
    pub fn next_duration(&self) -> Duration {
        let stated = self.upcoming.first().map_or(self.segment_duration, |segment| segment.duration);
        stated.max(Duration::from_millis(1))
    }

    /// Size of the next segment in `rung`: known, or planned from the declared rates.
    pub fn next_size(&self, rung: &Rung) -> ByteCount {
        let known = self.upcoming.first().and_then(|segment| segment.size(rung.id));
        known.unwrap_or_else(|| rung.planning_rate().bytes_in(self.next_duration()))
    }

    /// The rate at which `rung` consumes the network over the known near future, at playback rate 1.
    ///
    /// The mean over the upcoming segments whose sizes are known, or the planning rate. It is a mean so that one
    /// large segment changes nothing but its own arrival, which the buffer rules look at by themselves.
    pub fn demand(&self, rung: &Rung) -> Bitrate {
        let (mut bytes, mut time) = (ByteCount::ZERO, Duration::ZERO);
        for segment in self.upcoming.iter().take(Self::NEAR_FUTURE) {
            let Some(size) = segment.size(rung.id) else { break };
            bytes += size;
            time = time.saturating_add(segment.duration);
        }
        Bitrate::from_transfer(bytes, time).filter(|r| *r > Bitrate::ZERO).unwrap_or_else(|| rung.planning_rate())
    }
}

/// A segment that is being fetched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InFlight {
    /// The rung being fetched.
    pub rung: RungId,
    /// Body bytes so far.
    pub received: ByteCount,
    /// Body bytes in all, where the response told.
    pub expected: Option<ByteCount>,
    /// Wall time since the request.
    pub elapsed: Duration,
    /// Time from request to first body byte; `None` while nothing has come.
    pub ttfb: Option<Duration>,
    /// Media time of the segment.
    pub segment_duration: Duration,
    /// The rate over the last moments where the caller measures it; over half a second at least, or one lost packet
    /// looks like the end.
    pub current_rate: Option<Bitrate>,
}

/// What is known of a presentation before its first segment.
#[derive(Clone, Copy, Debug)]
pub struct PlaybackPlan<'a> {
    /// Everything that may be chosen.
    pub ladder: &'a Ladder,
    /// Nominal segment duration.
    pub segment_duration: Duration,
    /// Where the buffer is full; in live, how far playback starts behind the edge.
    pub buffer_target: Duration,
    /// Whether segments appear as time goes by.
    pub live: bool,
}

/// Chooses rungs.
///
/// Called by the session on its own thread: `decide` once per segment before it is requested, `reconsider` at every
/// progress report of a transfer (some ten times a second). Both must return at once, without locks or I/O, and must
/// not allocate once warm.
pub trait AbrController: Send + Debug {
    /// What will be chosen from, as soon as it is known: the place for tables that take time to make.
    ///
    /// A controller must also work without having been told, and with a ladder that was constrained since.
    fn prepare(&mut self, plan: &PlaybackPlan<'_>) {
        let _ = plan;
    }

    /// A segment's transfer has ended, complete or abandoned. The sample is that of the whole transfer and of the whole
    /// link while it ran.
    fn observe(&mut self, sample: &TransferSample) {
        let _ = sample;
    }

    /// A segment's transfer goes on: what [`Self::observe`] would be told if it ended now. At most progress reports, before
    /// [`Self::reconsider`].
    fn progressed(&mut self, so_far: &TransferSample) {
        let _ = so_far;
    }

    /// Whether [`Self::reconsider`] is worth calling at all.
    fn watches_transfers(&self) -> bool {
        true
    }

    /// The rung for the next segment, always one of `ctx.ladder`.
    fn decide(&mut self, ctx: &AbrContext<'_>) -> Decision;

    /// While a segment downloads: `Some` asks the session to cancel it and fetch that rung instead.
    ///
    /// The context is as of now: the buffer has drained since the request, `upcoming` begins with the segment in flight
    /// (it is what would be fetched again), and `current` is its rung. The rung of the decision is always a lower one.
    fn reconsider(&mut self, ctx: &AbrContext<'_>, in_flight: &InFlight) -> Option<Decision>;

    /// The name under which the registry knows it.
    fn name(&self) -> &'static str;
}
