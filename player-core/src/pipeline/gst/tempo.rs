//! Which media time is due when, at the speeds that were asked for.
//!
//! Decoders know nothing of speed: they work on media time. Behind them each branch announces segments that say how
//! fast media time passes ([`Retimer`]); sinks wait by these, and `scaletempo` stretches sound by them. All branches
//! follow one [`Tempo`], so that picture and sound change speed at the same media time: a little ahead of what has left
//! the decoders, without a flush. Nothing is lost or repeated, and positions go on where they were.

use gstreamer as gst;
use gstreamer::prelude::*;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What has been played this long ago needs no mapping any more, in nanoseconds.
const KEPT: u64 = 10_000_000_000;

/// From this media time on, time passes at this rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Piece {
    /// Nanoseconds on the presentation's timeline.
    media: u64,
    /// The pipeline's running time that belongs to it, in nanoseconds.
    running: u64,
    rate: f64,
}

impl Piece {
    fn running_at(&self, media: u64) -> u64 {
        self.running + (media.saturating_sub(self.media) as f64 / self.rate) as u64
    }

    fn media_at(&self, running: u64) -> u64 {
        self.media + (running.saturating_sub(self.running) as f64 * self.rate) as u64
    }
}

/// Media time as a function of running time since the last flush.
#[derive(Debug)]
pub(super) struct Tempo {
    /// By time; never empty.
    pieces: VecDeque<Piece>,
    /// Newest media time that has left a decoder; its place is settled.
    passed: Option<u64>,
}

impl Default for Tempo {
    fn default() -> Self {
        Self { pieces: VecDeque::from([Piece { media: 0, running: 0, rate: 1.0 }]), passed: None }
    }
}

impl Tempo {
    fn last(&self) -> Piece {
        self.pieces.back().copied().unwrap_or(Piece { media: 0, running: 0, rate: 1.0 })
    }

    /// After a flush: running time begins at zero, with this media time.
    pub(super) fn restart(&mut self, media: u64) {
        let rate = self.last().rate;
        self.pieces = VecDeque::from([Piece { media, running: 0, rate }]);
        self.passed = None;
    }

    /// Another speed from the next picture and sound on that leave their decoders. `running` is the running time now.
    pub(super) fn set_rate(&mut self, rate: f64, running: u64) {
        let last = self.last();
        let media = self.passed.map_or(last.media, |passed| last.media.max(passed + 1));
        if media == last.media {
            self.pieces.pop_back();
        }
        self.pieces.push_back(Piece { media, running: last.running_at(media), rate });
        while self.pieces.get(1).is_some_and(|next| next.running + KEPT < running) {
            self.pieces.pop_front();
        }
    }

    /// Where what begins at this media time belongs.
    fn piece(&self, media: u64) -> Piece {
        let found = self.pieces.iter().rev().find(|piece| piece.media <= media);
        found.or(self.pieces.front()).copied().unwrap_or_else(|| self.last())
    }

    /// The same for something that goes its way with that.
    fn pass(&mut self, media: u64) -> Piece {
        self.passed = self.passed.max(Some(media));
        self.piece(media)
    }

    /// What is due at a running time.
    pub(super) fn media_at(&self, running: u64) -> u64 {
        let found = self.pieces.iter().rev().find(|piece| piece.running <= running);
        found.or(self.pieces.front()).map_or(0, |piece| piece.media_at(running))
    }
}

/// A tempo that several streaming threads follow.
pub(super) type SharedTempo = Arc<Mutex<Tempo>>;

/// Announces the tempo on one branch.
#[derive(Debug)]
struct Retimer {
    tempo: SharedTempo,
    incoming: Option<Incoming>,
    sent: Option<Piece>,
    /// The event under way is one of ours.
    own: bool,
}

#[derive(Clone, Debug)]
struct Incoming {
    segment: gst::FormattedSegment<gst::ClockTime>,
    seqnum: gst::Seqnum,
}

impl Incoming {
    fn stream_time(&self, pts: gst::ClockTime) -> Option<u64> {
        self.segment.to_stream_time(pts).map(gst::ClockTime::nseconds)
    }

    /// The same stretch of buffers, in the time of a piece.
    fn retimed(&self, piece: Piece) -> gst::Event {
        let segment = &self.segment;
        let first = segment.start().unwrap_or(gst::ClockTime::ZERO);
        let begins = segment.position_from_stream_time(gst::ClockTime::from_nseconds(piece.media));
        let start = begins.map_or(first, |begins| begins.max(first));
        let media = self.stream_time(start).unwrap_or(piece.media);
        let mut own = gst::FormattedSegment::<gst::ClockTime>::new();
        own.set_rate(piece.rate);
        own.set_start(start);
        own.set_stop(segment.stop());
        own.set_position(start);
        own.set_time(gst::ClockTime::from_nseconds(media));
        own.set_base(gst::ClockTime::from_nseconds(piece.running_at(media)));
        gst::event::Segment::builder(&own).seqnum(self.seqnum).build()
    }
}

/// Has everything that leaves this pad carry the times of the tempo.
pub(super) fn follow(pad: &gst::Pad, tempo: SharedTempo) {
    let retimer = Arc::new(Mutex::new(Retimer { tempo, incoming: None, sent: None, own: false }));
    let kinds = gst::PadProbeType::BUFFER | gst::PadProbeType::EVENT_DOWNSTREAM | gst::PadProbeType::EVENT_UPSTREAM;
    pad.add_probe(kinds, move |pad, info| {
        match &mut info.data {
            Some(gst::PadProbeData::Buffer(buffer)) => {
                if let Some(event) = buffer.pts().and_then(|pts| lock(&retimer).buffer(pts)) {
                    // Not under the lock: it comes by here again.
                    pad.push_event(event);
                    lock(&retimer).own = false;
                }
            }
            Some(gst::PadProbeData::Event(event)) => {
                if let Some(changed) = lock(&retimer).event(event) {
                    *event = changed;
                }
            }
            _ => {}
        }
        gst::PadProbeReturn::Ok
    });
}

impl Retimer {
    /// The segment that must be announced before a buffer.
    fn buffer(&mut self, pts: gst::ClockTime) -> Option<gst::Event> {
        let incoming = self.incoming.as_ref()?;
        let piece = lock(&self.tempo).pass(incoming.stream_time(pts)?);
        let event = (self.sent != Some(piece)).then(|| incoming.retimed(piece))?;
        (self.sent, self.own) = (Some(piece), true);
        Some(event)
    }

    /// What takes an event's place.
    fn event(&mut self, event: &gst::Event) -> Option<gst::Event> {
        match event.view() {
            gst::EventView::Segment(announced) if !self.own => {
                let segment = announced.segment().downcast_ref::<gst::ClockTime>()?.clone();
                let incoming = Incoming { segment, seqnum: announced.seqnum() };
                let first = incoming.segment.start().and_then(|start| incoming.stream_time(start)).unwrap_or_default();
                let piece = lock(&self.tempo).piece(first);
                let retimed = incoming.retimed(piece);
                (self.sent, self.incoming) = (Some(piece), Some(incoming));
                Some(retimed)
            }
            gst::EventView::Qos(qos) => self.quality(qos),
            _ => None,
        }
    }

    /// Decoders compare what sinks say of being late with times of their own.
    fn quality(&self, qos: &gst::event::Qos) -> Option<gst::Event> {
        let (kind, proportion, late, at) = qos.get();
        let media = lock(&self.tempo).media_at(at?.nseconds());
        let rate = lock(&self.tempo).piece(media).rate;
        let segment = &self.incoming.as_ref()?.segment;
        let position = segment.position_from_stream_time(gst::ClockTime::from_nseconds(media))?;
        let theirs = segment.to_running_time(position)?;
        Some(gst::event::Qos::builder(kind, proportion, (late as f64 * rate) as i64).timestamp(theirs).build())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn media_time_goes_on_where_it_was_when_the_rate_changes() {
        let mut tempo = Tempo::default();
        tempo.restart(30 * SECOND);
        tempo.pass(32 * SECOND);
        tempo.set_rate(2.0, SECOND);
        assert_eq!(tempo.media_at(2 * SECOND), 32 * SECOND, "what has left the decoder keeps its time");
        assert_eq!(tempo.media_at(3 * SECOND), 34 * SECOND - 1);
        tempo.pass(36 * SECOND);
        tempo.set_rate(0.5, 3 * SECOND);
        assert!(tempo.media_at(4 * SECOND).abs_diff(36 * SECOND) <= 1);
        assert!(tempo.media_at(6 * SECOND).abs_diff(37 * SECOND) <= 1);
        assert_eq!(tempo.piece(31 * SECOND).rate, 1.0);
        assert_eq!(tempo.piece(35 * SECOND).rate, 2.0);
    }

    #[test]
    fn the_last_of_many_wishes_in_a_row_holds_and_old_ones_are_forgotten() {
        let mut tempo = Tempo::default();
        for rate in [0.5, 2.0, 4.0] {
            tempo.set_rate(rate, 0);
        }
        assert_eq!((tempo.pieces.len(), tempo.media_at(SECOND)), (1, 4 * SECOND));
        for second in 1..1000 {
            tempo.pass(second * SECOND);
            tempo.set_rate(if second % 2 == 0 { 1.0 } else { 2.0 }, tempo.last().running);
        }
        assert!(tempo.pieces.len() < 40, "{}", tempo.pieces.len());
        tempo.restart(5);
        assert_eq!((tempo.media_at(0), tempo.last().rate), (5, 2.0), "a seek keeps the rate");
    }
}
