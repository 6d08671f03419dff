//! The context in plain numbers, and a choice as a [`Decision`].
//!
//! The players of others reckon in seconds and bits per second, and so do their rules here. All of it is wall time: at
//! double speed a segment lasts half as long and takes its bits at twice the rate. Every number is finite, whatever
//! the context says.

use std::time::Duration;

use crate::controller::{AbrContext, InFlight};
use crate::decision::{Decision, DecisionTrace, Reason, RungTrace, Verdict};
use crate::throughput::{MAX_RATE, TransferSample};
use crate::units::Bitrate;

/// What is buffered, in seconds.
pub(super) fn level(ctx: &AbrContext<'_>) -> f64 {
    ctx.buffered.as_secs_f64() / speed(ctx)
}

/// Where the buffer is full, in seconds.
pub(super) fn capacity(ctx: &AbrContext<'_>) -> f64 {
    ctx.buffer_target.as_secs_f64() / speed(ctx)
}

/// How long the next segment lasts, in seconds; not zero.
pub(super) fn segment(ctx: &AbrContext<'_>) -> f64 {
    ctx.next_duration().as_secs_f64() / speed(ctx)
}

/// Playback speed.
pub(super) fn speed(ctx: &AbrContext<'_>) -> f64 {
    f64::from(ctx.rate.get())
}

/// The declared rate of the rung at `position`, in bit/s; not zero.
pub(super) fn rate(ctx: &AbrContext<'_>, position: usize) -> f64 {
    ctx.ladder.rungs()[position].bitrate.bps() as f64 * speed(ctx)
}

/// `ln(rate / lowest rate)`, the utility that most rules use.
pub(super) fn utility(ctx: &AbrContext<'_>, position: usize) -> f64 {
    (rate(ctx, position) / rate(ctx, 0)).ln()
}

/// Bits of the next segment in the rung at `position`; known, or the declared rate times its duration.
pub(super) fn next_bits(ctx: &AbrContext<'_>, position: usize) -> f64 {
    bits_ahead(ctx, 0, position)
}

/// Bits of the segment `ahead` of the next one, as [`next_bits`].
pub(super) fn bits_ahead(ctx: &AbrContext<'_>, ahead: usize, position: usize) -> f64 {
    let known = ctx.upcoming.get(ahead).and_then(|segment| segment.size(ctx.ladder.rungs()[position].id));
    known.map_or_else(|| rate(ctx, position) * segment(ctx), |bytes| bytes.bytes() as f64 * 8.0)
}

/// Position of the top rung.
pub(super) fn top(ctx: &AbrContext<'_>) -> usize {
    ctx.ladder.len() - 1
}

/// Position of the rung before, if there was one and it is still allowed.
pub(super) fn current(ctx: &AbrContext<'_>) -> Option<usize> {
    ctx.current.and_then(|id| ctx.ladder.position(id))
}

/// Position of the highest rung that declares at most `limit` bit/s; the lowest where none does.
pub(super) fn highest_within(ctx: &AbrContext<'_>, limit: f64) -> usize {
    (0..ctx.ladder.len()).rev().find(|position| rate(ctx, *position) <= limit).unwrap_or(0)
}

/// The rate of a transfer's body, in bit/s; `None` where it says nothing.
pub(super) fn body_rate(sample: &TransferSample) -> Option<f64> {
    sample.rate().map(|rate| (rate.bps() as f64).min(MAX_RATE)).filter(|rate| *rate > 0.0)
}

/// The rate of a transfer with its wait, in bit/s; `None` where it says nothing.
pub(super) fn whole_rate(sample: &TransferSample) -> Option<f64> {
    body_rate(&TransferSample { ttfb: Duration::ZERO, ..*sample })
}

/// A span in seconds as a [`Duration`]; nonsense is none at all.
pub(super) fn seconds(span: f64) -> Duration {
    Duration::try_from_secs_f64(span.max(0.0)).unwrap_or_default()
}

/// A transfer in flight in plain numbers, once something has come of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flight {
    /// Position of its rung; above the lowest, or there is nothing to change.
    pub(super) position: usize,
    /// Bits in all.
    pub(super) total: f64,
    /// Bits that have not come.
    pub(super) left: f64,
    /// Bits that have come.
    pub(super) received: f64,
    /// Seconds since the request.
    pub(super) elapsed: f64,
    /// Seconds to the first byte.
    pub(super) wait: f64,
    /// Seconds since the first byte.
    pub(super) body: f64,
    /// Seconds that the segment plays.
    pub(super) segment: f64,
}

impl Flight {
    /// `None` where nothing can be said or done yet.
    pub(super) fn new(ctx: &AbrContext<'_>, in_flight: &InFlight) -> Option<Self> {
        let position = ctx.ladder.position(in_flight.rung).filter(|position| *position > 0)?;
        let received = in_flight.received.bytes() as f64 * 8.0;
        let total = in_flight.expected.map_or_else(|| next_bits(ctx, position), |bytes| bytes.bytes() as f64 * 8.0);
        let wait = in_flight.ttfb?.as_secs_f64();
        let elapsed = in_flight.elapsed.as_secs_f64();
        let flight = Self {
            position,
            total,
            left: total - received,
            received,
            elapsed,
            wait,
            body: elapsed - wait,
            segment: in_flight.segment_duration.as_secs_f64() / speed(ctx),
        };
        (flight.received > 0.0 && flight.left > 0.0 && flight.body > 0.0).then_some(flight)
    }

    /// Bit/s since the first byte.
    pub(super) fn rate(&self) -> f64 {
        self.received / self.body
    }

    /// What the segment would have in another rung, by the declared rates.
    pub(super) fn total_in(&self, ctx: &AbrContext<'_>, position: usize) -> f64 {
        self.total * rate(ctx, position) / rate(ctx, self.position)
    }
}

/// What a rule decided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Choice {
    /// The rung's position.
    pub(super) position: usize,
    /// What decided.
    pub(super) reason: Reason,
    /// The rate relied upon, in bit/s; zero where none was.
    pub(super) safe: f64,
}

impl Choice {
    /// The lowest rung, for want of any measurement.
    pub(super) const LOWEST: Self = Self { position: 0, reason: Reason::Start, safe: 0.0 };

    /// By the throughput.
    pub(super) fn by_rate(position: usize, safe: f64) -> Self {
        Self { position, reason: Reason::ThroughputCap, safe }
    }

    /// By the buffer.
    pub(super) fn by_buffer(position: usize, safe: f64) -> Self {
        Self { position, reason: Reason::BufferUtility, safe }
    }
}

/// Writes a choice down, with the controller's own score of every position.
pub(super) fn decision(
    controller: &'static str,
    ctx: &AbrContext<'_>,
    choice: Choice,
    score: impl Fn(usize) -> f64,
) -> Decision {
    let mut trace = DecisionTrace::new(controller, ctx);
    trace.safe = (choice.safe > 0.0).then(|| Bitrate::from_bps(choice.safe as u64));
    let position = choice.position.min(top(ctx));
    let speed = speed(ctx);
    for (i, rung) in ctx.ladder.iter().enumerate() {
        let needed = if speed == 1.0 { rung.bitrate } else { rung.bitrate.scale(speed) };
        let verdict = match trace.safe {
            _ if i == position => Verdict::Chosen,
            Some(safe) if needed > safe => Verdict::AboveSafeRate,
            _ => Verdict::Outscored,
        };
        let score = score(i) as f32;
        let score = if score.is_finite() { score } else { f32::MIN };
        trace.rungs.push(RungTrace { rung: rung.id, needed, score, verdict });
    }
    let reason = match choice.reason {
        abandon @ Reason::Abandon { .. } => abandon,
        _ if ctx.ladder.len() == 1 => Reason::OnlyChoice,
        _ if ctx.current.is_some() && current(ctx).is_none() => Reason::Constrained,
        reason => reason,
    };
    Decision { rung: ctx.ladder.rungs()[position].id, reason, not_before: None, trace }
}

/// The decision with a wait of that many seconds before the request, if any.
pub(super) fn waiting(seconds_to_wait: f64, ctx: &AbrContext<'_>, mut decision: Decision) -> Decision {
    decision.not_before = (seconds_to_wait > 0.0).then(|| ctx.now.saturating_add(seconds(seconds_to_wait)));
    decision
}

/// Gives `flight` up for the rung at `position`, if that is a lower one; the rest would have taken `remaining` seconds.
pub(super) fn abandon(
    controller: &'static str,
    ctx: &AbrContext<'_>,
    flight: &Flight,
    (position, remaining): (usize, f64),
) -> Option<Decision> {
    let reason = Reason::Abandon { remaining: seconds(remaining) };
    let choice = Choice { position, reason, safe: flight.rate() };
    (position < flight.position).then(|| decision(controller, ctx, choice, |i| utility(ctx, i)))
}

#[cfg(test)]
pub(super) mod testing {
    use std::time::Duration;

    use crate::controller::{AbrContext, AbrController, InFlight};
    use crate::history::History;
    use crate::ladder::{Ladder, Rung, RungId};
    use crate::throughput::TransferSample;
    use crate::units::{Bitrate, ByteCount};

    /// A ladder of these rates in kbit/s, ids from zero.
    pub(in crate::rules) fn ladder(kbps: &[u64]) -> Ladder {
        let rungs = kbps.iter().enumerate().map(|(i, kbps)| Rung {
            id: RungId(i as u16),
            bitrate: Bitrate::from_kbps(*kbps),
            average: None,
            width: 0,
            height: 0,
            frame_rate: None,
        });
        Ladder::new(rungs.collect()).unwrap()
    }

    /// A session with a controller: who plays it says what happens.
    pub(in crate::rules) struct Session<C> {
        pub(in crate::rules) controller: C,
        pub(in crate::rules) ladder: Ladder,
        pub(in crate::rules) history: History,
        pub(in crate::rules) now: f64,
        pub(in crate::rules) current: Option<u16>,
        pub(in crate::rules) target: f64,
    }

    impl<C: AbrController> Session<C> {
        /// Segments of 4 s, a buffer of 30 s.
        pub(in crate::rules) fn new(controller: C, kbps: &[u64]) -> Self {
            let ladder = ladder(kbps);
            Self { controller, ladder, history: History::new(), now: 0.0, current: None, target: 30.0 }
        }

        /// What the controller is asked with.
        pub(in crate::rules) fn context(&self, buffered: f64) -> AbrContext<'_> {
            AbrContext {
                now: Duration::from_secs_f64(self.now),
                current: self.current.map(RungId),
                buffered: Duration::from_secs_f64(buffered),
                buffer_target: Duration::from_secs_f64(self.target),
                ..AbrContext::new(&self.ladder, &self.history)
            }
        }

        /// Asks for a rung with that much buffered; the second is the wait it asks for, in seconds.
        pub(in crate::rules) fn ask(&mut self, buffered: f64) -> (u16, f64) {
            // The controller is borrowed apart from what the context borrows.
            let ctx = AbrContext {
                now: Duration::from_secs_f64(self.now),
                current: self.current.map(RungId),
                buffered: Duration::from_secs_f64(buffered),
                buffer_target: Duration::from_secs_f64(self.target),
                ..AbrContext::new(&self.ladder, &self.history)
            };
            let decision = self.controller.decide(&ctx);
            self.current = Some(decision.rung.0);
            let wait = decision.not_before.map_or(0.0, |at| at.as_secs_f64() - self.now);
            (decision.rung.0, wait)
        }

        /// A transfer of `kbps` that took that many seconds, without a wait, ends.
        pub(in crate::rules) fn transfer(&mut self, kbps: u64, took: f64) {
            self.now += took;
            let elapsed = Duration::from_secs_f64(took);
            self.controller.observe(&TransferSample {
                bytes: Bitrate::from_kbps(kbps).bytes_in(elapsed),
                ttfb: Duration::ZERO,
                elapsed,
                finished_at: Duration::from_secs_f64(self.now),
            });
        }

        /// `kbps` have been seen for `took` seconds of a segment of 4 s in the rung before; what instead?
        pub(in crate::rules) fn look(&mut self, kbps: u64, took: f64, buffered: f64) -> Option<u16> {
            let rung = RungId(self.current.unwrap());
            let size = self.ladder.get(rung).unwrap().bitrate.bytes_in(Duration::from_secs(4));
            let in_flight = InFlight {
                rung,
                received: Bitrate::from_kbps(kbps).bytes_in(Duration::from_secs_f64(took)).min(size),
                expected: Some(ByteCount::new(size.bytes())),
                elapsed: Duration::from_secs_f64(took),
                ttfb: Some(Duration::ZERO),
                segment_duration: Duration::from_secs(4),
                current_rate: None,
            };
            let ctx = AbrContext {
                now: Duration::from_secs_f64(self.now + took),
                current: Some(rung),
                buffered: Duration::from_secs_f64(buffered),
                buffer_target: Duration::from_secs_f64(self.target),
                ..AbrContext::new(&self.ladder, &self.history)
            };
            self.controller.reconsider(&ctx, &in_flight).map(|decision| decision.rung.0)
        }
    }
}
