//! One session: a controller on a trace.

use std::time::Duration;

use super::content::Content;
use super::scenario::Delivery;
use super::trace::NetworkTrace;
use crate::bandwidth_meter::{BandwidthMeter, TransferId};
use crate::controller::{AbrContext, AbrController, InFlight, LiveWindow, PlaybackPlan, UpcomingSegment};
use crate::decision::Decision;
use crate::history::{History, Stall, Switch};
use crate::ladder::RungId;
use crate::throughput::TransferSample;
use crate::units::{Bitrate, ByteCount};

/// Whether controllers are told the sizes of coming segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeKnowledge {
    /// All of them, as from a segment index.
    Known,
    /// None: average bitrate times duration must do.
    Unknown,
}

/// A segment that was played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fetched {
    /// Its rung's position in the ladder.
    pub position: usize,
    /// When its first request was made, in seconds since the session began.
    pub requested: f64,
    /// When it was complete.
    pub finished: f64,
    /// Media buffered at that moment, the segment included.
    pub buffered: f64,
    /// Seconds of stall before it was complete, without the start.
    pub stalled: f64,
    /// How often a transfer of it was given up.
    pub abandoned: u8,
}

/// What happened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Session {
    /// In the order of media.
    pub segments: Vec<Fetched>,
    /// Seconds until the first segment was complete and playback began.
    pub startup: f64,
    /// Seconds of stalls, without the start.
    pub stalled: f64,
    /// How many.
    pub stalls: u32,
    /// Bits received.
    pub bits: f64,
    /// Of these, bits of transfers that were given up.
    pub wasted: f64,
}

/// How often a running transfer may be looked at.
const CHECK_EVERY: f64 = 0.05;
/// How often a segment may be given up.
const MOST_ABANDONS: u8 = 3;
/// A controller that only ever asks to wait is not asked again after this many times.
const MOST_WAITS: u32 = 64;
/// Over which time the rate of a running transfer is taken, as in the player.
const RATE_WINDOW: f64 = 2.0;

/// Plays `content` over `trace` with the choices of `controller`.
pub fn play(
    trace: &NetworkTrace,
    content: &Content,
    delivery: Delivery,
    sizes: SizeKnowledge,
    controller: &mut dyn AbrController,
) -> Session {
    let mut player = Player::new(trace, content, delivery, sizes);
    let live = matches!(delivery, Delivery::Live { .. });
    controller.prepare(&PlaybackPlan {
        ladder: content.ladder(),
        segment_duration: content.segment(),
        buffer_target: player.limit(),
        live,
    });
    let sizes: Vec<UpcomingSegment<'_>> = (0..content.segments())
        .map(|index| UpcomingSegment {
            duration: content.segment(),
            bytes: if sizes == SizeKnowledge::Known { content.sizes(index) } else { &[] },
        })
        .collect();
    for index in 0..content.segments() {
        player.fetch(index, &sizes[index..], controller);
    }
    player.session
}

/// The clock, the buffer and the meter of one session.
struct Player<'a> {
    trace: &'a NetworkTrace,
    content: &'a Content,
    delivery: Delivery,
    segment: f64,
    now: f64,
    buffered: f64,
    playing: bool,
    current: Option<RungId>,
    meter: BandwidthMeter,
    history: History,
    transfers: u64,
    session: Session,
}

impl<'a> Player<'a> {
    fn new(trace: &'a NetworkTrace, content: &'a Content, delivery: Delivery, _sizes: SizeKnowledge) -> Self {
        let session = Session { segments: Vec::with_capacity(content.segments()), ..Session::default() };
        Self {
            trace,
            content,
            delivery,
            segment: content.segment().as_secs_f64(),
            now: 0.0,
            buffered: 0.0,
            playing: false,
            current: None,
            meter: BandwidthMeter::new(),
            history: History::new(),
            transfers: 0,
            session,
        }
    }

    /// The most that may be buffered now.
    fn limit(&self) -> Duration {
        let stood = self.session.startup + self.session.stalled;
        // Before playback begins the edge moves away with every moment.
        let stood = if self.playing { stood } else { self.now };
        seconds(match self.delivery {
            Delivery::OnDemand { cap } => cap,
            Delivery::Live { behind } => f64::from(behind) * self.segment + stood,
        })
    }

    fn context<'c>(&'c self, upcoming: &'c [UpcomingSegment<'c>]) -> AbrContext<'c> {
        let live = matches!(self.delivery, Delivery::Live { .. });
        AbrContext {
            now: seconds(self.now),
            current: self.current,
            buffered: seconds(self.buffered),
            buffer_target: self.limit(),
            throughput: self.meter.estimate(),
            ttfb: self.meter.ttfb(),
            segment_duration: self.content.segment(),
            upcoming,
            remaining: (!live).then_some(upcoming.len() as u32),
            live: live.then(|| LiveWindow { latency: self.limit() }),
            ..AbrContext::new(self.content.ladder(), &self.history)
        }
    }

    /// Lets time pass; the picture stands where there is nothing left to show. Returns the seconds it stood.
    fn pass(&mut self, time: f64) -> f64 {
        let from = self.now;
        self.now += time;
        if !self.playing {
            return 0.0;
        }
        let stalled = (time - self.buffered).max(0.0);
        self.buffered = (self.buffered - time).max(0.0);
        // What rounding leaves is no stall.
        if stalled > 1e-9 {
            self.session.stalled += stalled;
            self.session.stalls += 1;
            self.history.push_stall(Stall { at: seconds(from), duration: seconds(stalled) });
        }
        stalled
    }

    /// Waits until `index` may be requested.
    fn wait_for_room(&mut self, index: usize) -> f64 {
        let wait = match self.delivery {
            Delivery::OnDemand { cap } => self.buffered + self.segment - cap,
            Delivery::Live { behind } => (index as f64 - f64::from(behind) + 1.0) * self.segment * available(index, behind) - self.now,
        };
        if wait > 0.0 { self.pass(wait) } else { 0.0 }
    }

    fn fetch(&mut self, index: usize, upcoming: &[UpcomingSegment<'_>], controller: &mut dyn AbrController) {
        let mut stalled = self.wait_for_room(index);
        let mut decision = controller.decide(&self.context(upcoming));
        for _ in 0..MOST_WAITS {
            let Some(until) = decision.not_before.map(|at| at.as_secs_f64()).filter(|at| *at > self.now) else { break };
            stalled += self.pass(until - self.now);
            decision = controller.decide(&self.context(upcoming));
        }
        let requested = self.now;
        let mut abandoned = 0;
        let mut position = self.choose(&decision);
        loop {
            let may_abandon = index > 0 && abandoned < MOST_ABANDONS && controller.watches_transfers();
            let transfer = Transfer::new(self.trace, self.now, self.content.bits(index, position));
            let verdict = if may_abandon { self.watch(&transfer, position, upcoming, controller) } else { None };
            let (end, received) = match &verdict {
                Some((at, _)) => (*at, transfer.received(self.trace, *at)),
                None => (transfer.finish, transfer.bits),
            };
            // A stall that goes on over an abandoned transfer is one stall.
            let resumed = stalled > 0.0;
            let stood = self.pass(end - self.now);
            if resumed && stood > 0.0 {
                self.session.stalls -= 1;
            }
            stalled += stood;
            self.measure(&transfer, end, received, controller);
            match verdict {
                None => break,
                Some((_, decision)) => {
                    self.session.wasted += received;
                    abandoned += 1;
                    position = self.choose(&decision);
                }
            }
        }
        if !self.playing {
            self.playing = true;
            self.session.startup = self.now;
        }
        self.buffered += self.segment;
        self.session.segments.push(Fetched {
            position,
            requested,
            finished: self.now,
            buffered: self.buffered,
            stalled,
            abandoned,
        });
    }

    fn choose(&mut self, decision: &Decision) -> usize {
        let ladder = self.content.ladder();
        let position = ladder.position(decision.rung).unwrap_or(0);
        let rung = ladder.rungs()[position].id;
        if let Some(from) = self.current.filter(|from| *from != rung) {
            let up = ladder.position(from) < Some(position);
            self.history.push_switch(Switch { at: seconds(self.now), from, to: rung, up });
        }
        self.current = Some(rung);
        position
    }

    /// Shows the controller how a transfer goes on; when and what it wants instead, if it does.
    fn watch(
        &self,
        transfer: &Transfer,
        position: usize,
        upcoming: &[UpcomingSegment<'_>],
        controller: &mut dyn AbrController,
    ) -> Option<(f64, Decision)> {
        let mut context = self.context(upcoming);
        let mut at = transfer.requested;
        loop {
            at += CHECK_EVERY;
            if at >= transfer.finish {
                return None;
            }
            let elapsed = at - transfer.requested;
            context.now = seconds(at);
            context.buffered = seconds((self.buffered - elapsed).max(0.0));
            let begun = at >= transfer.first_byte;
            let from = (at - RATE_WINDOW).max(transfer.first_byte);
            let rate = (transfer.received(self.trace, at) - transfer.received(self.trace, from)) / (at - from);
            let in_flight = InFlight {
                rung: self.content.ladder().rungs()[position].id,
                received: ByteCount::new((transfer.received(self.trace, at) / 8.0) as u64),
                expected: Some(ByteCount::new((transfer.bits / 8.0) as u64)),
                elapsed: seconds(elapsed),
                ttfb: begun.then(|| seconds(transfer.first_byte - transfer.requested)),
                segment_duration: self.content.segment(),
                current_rate: (begun && at - from >= 0.5).then(|| Bitrate::from_bps(rate as u64)),
            };
            if let Some(decision) = controller.reconsider(&context, &in_flight) {
                return Some((at, decision));
            }
        }
    }

    /// Tells meter and controller of a transfer that has ended.
    fn measure(&mut self, transfer: &Transfer, end: f64, bits: f64, controller: &mut dyn AbrController) {
        self.transfers += 1;
        self.session.bits += bits;
        let (id, bytes) = (TransferId(self.transfers), ByteCount::new((bits / 8.0) as u64));
        let first_byte = transfer.first_byte.min(end);
        self.meter.started(id, seconds(transfer.requested));
        if bytes > ByteCount::ZERO {
            // One byte ends the wait; what the meter takes for the body then came while it was looking.
            self.meter.progressed(id, ByteCount::new(1), seconds(first_byte));
            self.meter.progressed(id, bytes, seconds(end));
        }
        self.meter.finished(id, seconds(end));
        controller.observe(&TransferSample {
            bytes,
            ttfb: seconds(first_byte - transfer.requested),
            elapsed: seconds(end - transfer.requested),
            finished_at: seconds(end),
        });
    }
}

/// One when a segment's publication must be waited for, zero when it is there from the beginning.
fn available(index: usize, behind: u32) -> f64 {
    if index >= behind as usize { 1.0 } else { 0.0 }
}

/// A transfer on a quiet link, known to its end.
struct Transfer {
    requested: f64,
    first_byte: f64,
    finish: f64,
    bits: f64,
    /// Bits that the trace could have carried before the first one of this.
    before: f64,
}

impl Transfer {
    fn new(trace: &NetworkTrace, requested: f64, bits: f64) -> Self {
        let first_byte = requested + trace.latency_at(requested);
        let before = trace.bits_until(first_byte);
        // Bits and times are inverse up to rounding only.
        let finish = trace.time_of(before + bits).max(first_byte);
        Self { requested, first_byte, finish, bits, before }
    }

    fn received(&self, trace: &NetworkTrace, at: f64) -> f64 {
        if at <= self.first_byte { 0.0 } else { (trace.bits_until(at) - self.before).clamp(0.0, self.bits) }
    }
}

fn seconds(value: f64) -> Duration {
    Duration::try_from_secs_f64(value.max(0.0)).unwrap_or(Duration::MAX)
}
