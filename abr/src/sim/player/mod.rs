//! The clock, the buffer and the meter of one session.
//!
//! `viewing.rs` has what the viewer does to it, `transfer.rs` what the network does.

mod transfer;
mod viewing;

use std::time::Duration;

use crate::bandwidth_meter::{BandwidthMeter, TransferId};
use crate::controller::{AbrContext, AbrController, InFlight, LiveWindow, UpcomingSegment};
use crate::decision::Decision;
use crate::history::{History, Stall, Switch};
use crate::ladder::RungId;
use crate::sim::content::Content;
use crate::sim::scenario::Delivery;
use crate::sim::session::{Fetched, Session};
use crate::sim::trace::NetworkTrace;
use crate::sim::viewer::Viewer;
use crate::units::{Bitrate, ByteCount};
use transfer::Transfer;

/// How often a running transfer may be looked at.
const CHECK_EVERY: f64 = 0.05;
/// How often a segment may be given up.
const MOST_ABANDONS: u8 = 3;
/// A controller that only ever asks to wait is not asked again after this many times.
const MOST_WAITS: u32 = 64;
/// Over which time the rate of a running transfer is taken, as in the player.
const RATE_WINDOW: f64 = 2.0;
/// What rounding leaves of a time is no time.
const MOMENT: f64 = 1e-9;

/// Why what was being fetched is not wanted any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interruption {
    /// The viewer is elsewhere in the title.
    Sought,
    /// The viewer is gone.
    Left,
}

/// What the picture does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Picture {
    /// It moves, or would if there were media.
    Playing {
        /// Since when there is none.
        dry_since: Option<f64>,
    },
    /// There has been none yet.
    Starting,
    /// There has been none since a seek at that time.
    Seeking(f64),
}

pub(super) struct Player<'a> {
    trace: &'a NetworkTrace,
    content: &'a Content,
    delivery: Delivery,
    viewer: &'a Viewer,
    /// How many of the viewer's actions lie behind.
    acted: usize,
    segment: f64,
    now: f64,
    /// The segment that follows those in the buffer.
    next: usize,
    buffered: f64,
    picture: Picture,
    current: Option<RungId>,
    meter: BandwidthMeter,
    history: History,
    transfers: u64,
    session: Session,
}

impl<'a> Player<'a> {
    pub(super) fn new(trace: &'a NetworkTrace, content: &'a Content, delivery: Delivery, viewer: &'a Viewer) -> Self {
        let session = Session { segments: Vec::with_capacity(content.segments()), ..Session::default() };
        Self {
            trace,
            content,
            delivery,
            viewer,
            acted: 0,
            segment: content.segment().as_secs_f64(),
            now: 0.0,
            next: 0,
            buffered: 0.0,
            picture: Picture::Starting,
            current: None,
            meter: BandwidthMeter::new(),
            history: History::new(),
            transfers: 0,
            session,
        }
    }

    /// Index of the segment to be fetched; the number of segments where there is none left.
    pub(super) fn next_segment(&self) -> usize {
        self.next
    }

    /// The most that may be buffered now: in live, from the playhead to the end of what is being published.
    pub(super) fn limit(&self) -> Duration {
        seconds(match self.delivery {
            Delivery::OnDemand { cap } => cap,
            Delivery::Live { behind } => f64::from(behind) * self.segment + self.now - self.playhead(),
        })
    }

    /// Position in the title of what is shown, in seconds.
    fn playhead(&self) -> f64 {
        self.next as f64 * self.segment - self.buffered
    }

    /// What was waited for is there, or nobody waits any more.
    fn end_wait(&mut self) {
        match self.picture {
            Picture::Starting => self.session.startup = self.now,
            Picture::Seeking(since) => self.session.seek_delay += self.now - since,
            Picture::Playing { .. } => {}
        }
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

    /// Lets time pass; the picture stands where there is nothing left to show.
    fn pass(&mut self, time: f64) {
        self.now += time;
        let Picture::Playing { dry_since } = &mut self.picture else { return };
        let stalled = (time - self.buffered).max(0.0);
        self.session.watched += time - stalled;
        self.buffered = (self.buffered - time).max(0.0);
        if stalled > MOMENT {
            let at = self.now - stalled;
            self.session.stalled += stalled;
            // A stall that goes on over an abandoned transfer is one stall.
            self.session.stalls += u32::from(dry_since.is_none());
            dry_since.get_or_insert(at);
            self.history.push_stall(Stall { at: seconds(at), duration: seconds(stalled) });
        }
    }

    /// Lets time pass and the viewer act.
    fn wait(&mut self, time: f64) -> Result<(), Interruption> {
        let end = self.now + time;
        let mut left = time;
        while self.until_action() <= left {
            self.pass(self.until_action());
            self.act()?;
            left = end - self.now;
        }
        self.pass(left);
        Ok(())
    }

    /// Waits until the next segment may be requested.
    fn wait_for_room(&mut self) -> Result<(), Interruption> {
        loop {
            let wait = match self.delivery {
                Delivery::OnDemand { cap } => self.buffered + self.segment - cap,
                Delivery::Live { behind } if self.next >= behind as usize => {
                    (self.next as f64 - f64::from(behind) + 1.0) * self.segment - self.now
                }
                Delivery::Live { .. } => 0.0,
            };
            if self.until_action() > wait.max(0.0) {
                self.pass(wait.max(0.0));
                return Ok(());
            }
            self.pass(self.until_action());
            self.act()?;
        }
    }

    /// Chooses and fetches the next segment; `upcoming` begins with it.
    pub(super) fn fetch(
        &mut self,
        upcoming: &[UpcomingSegment<'_>],
        controller: &mut dyn AbrController,
    ) -> Result<(), Interruption> {
        let stalled_before = self.session.stalled;
        self.wait_for_room()?;
        let mut decision = controller.decide(&self.context(upcoming));
        for _ in 0..MOST_WAITS {
            let Some(until) = decision.not_before.map(|at| at.as_secs_f64()).filter(|at| *at > self.now) else { break };
            self.wait(until - self.now)?;
            decision = controller.decide(&self.context(upcoming));
        }
        let requested = self.now;
        let first = self.picture == Picture::Starting;
        let mut abandoned = 0;
        let mut position = self.choose(&decision);
        loop {
            let watched = !first && abandoned < MOST_ABANDONS && controller.watches_transfers();
            let mut transfer = Transfer::new(self.trace, self.now, self.content.bits(self.next, position));
            match self.run(&mut transfer, position, watched.then_some(upcoming), controller)? {
                None => break,
                Some(decision) => {
                    abandoned += 1;
                    position = self.choose(&decision);
                }
            }
        }
        self.end_wait();
        self.picture = Picture::Playing { dry_since: None };
        self.buffered += self.segment;
        self.session.segments.push(Fetched {
            index: self.next,
            position,
            requested,
            finished: self.now,
            buffered: self.buffered,
            stalled: self.session.stalled - stalled_before,
            abandoned,
        });
        self.next += 1;
        Ok(())
    }

    /// Lets a transfer go on to its end, or until the controller wants something else instead, which is returned. The
    /// controller is asked where there is `upcoming`.
    fn run(
        &mut self,
        transfer: &mut Transfer,
        position: usize,
        upcoming: Option<&[UpcomingSegment<'_>]>,
        controller: &mut dyn AbrController,
    ) -> Result<Option<Decision>, Interruption> {
        loop {
            let action = self.now + self.until_action();
            let until = transfer.finish.min(action);
            let verdict = match upcoming {
                Some(upcoming) => self.watch(transfer, position, until, upcoming, controller),
                None => None,
            };
            let end = verdict.as_ref().map_or(until, |(at, _)| *at);
            self.pass(end - self.now);
            if let Some((_, decision)) = verdict {
                self.give_up(transfer, controller);
                return Ok(Some(decision));
            }
            if transfer.finish < action {
                self.measure(transfer, transfer.finish, transfer.bits, controller);
                return Ok(None);
            }
            if let Err(interruption) = self.act() {
                self.give_up(transfer, controller);
                return Err(interruption);
            }
        }
    }

    /// Plays what is left in the buffer.
    pub(super) fn play_out(&mut self) -> Result<(), Interruption> {
        while self.until_action() <= self.buffered {
            self.pass(self.until_action());
            self.act()?;
        }
        self.pass(self.buffered);
        Ok(())
    }

    /// What happened, now that nothing will any more.
    pub(super) fn into_session(mut self) -> Session {
        self.session.ended = self.now;
        self.session
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

    /// Shows the controller how a transfer goes on `until` a time; when and what it wants instead, if it does.
    fn watch(
        &self,
        transfer: &mut Transfer,
        position: usize,
        until: f64,
        upcoming: &[UpcomingSegment<'_>],
        controller: &mut dyn AbrController,
    ) -> Option<(f64, Decision)> {
        let mut context = self.context(upcoming);
        loop {
            let at = transfer.seen + CHECK_EVERY;
            if at >= until {
                return None;
            }
            transfer.seen = at;
            context.now = seconds(at);
            context.buffered = seconds((self.buffered - (at - self.now)).max(0.0));
            let begun = at >= transfer.first_byte;
            let from = (at - RATE_WINDOW).max(transfer.first_byte);
            let received = transfer.received(self.trace, at);
            let rate = (received - transfer.received(self.trace, from)) / (at - from);
            if begun {
                controller.progressed(&transfer.sample(at, received));
            }
            let in_flight = InFlight {
                rung: self.content.ladder().rungs()[position].id,
                received: ByteCount::new((received / 8.0) as u64),
                expected: Some(ByteCount::new((transfer.bits / 8.0) as u64)),
                elapsed: seconds(at - transfer.requested),
                ttfb: begun.then(|| seconds(transfer.first_byte - transfer.requested)),
                segment_duration: self.content.segment(),
                current_rate: (begun && at - from >= 0.5).then(|| Bitrate::from_bps(rate as u64)),
            };
            if let Some(decision) = controller.reconsider(&context, &in_flight) {
                return Some((at, decision));
            }
        }
    }

    /// Ends a transfer now; what has come of it is of no use.
    fn give_up(&mut self, transfer: &Transfer, controller: &mut dyn AbrController) {
        let received = transfer.received(self.trace, self.now);
        self.session.wasted += received;
        self.measure(transfer, self.now, received, controller);
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
        controller.observe(&transfer.sample(end, bits));
    }
}

fn seconds(value: f64) -> Duration {
    Duration::try_from_secs_f64(value.max(0.0)).unwrap_or(Duration::MAX)
}
