//! What BOLA, BOLA-E and DYNAMIC share: the estimates and the throughput rule of the DASH reference player of 2018.
//!
//! Spiteri, Sitaraman, Sparacio, "From theory to practice: improving bitrate adaptation in the DASH reference player",
//! MMSys 2018, with the constants of its published simulator, Sabre.
//!
//! ```text
//! rate          = min of two EWMAs of the bodies' rates, half-lives 3 s and 8 s of transfer
//! latency       = max of two EWMAs of the waits, half-lives 3 s and 8 s of media
//! sustainable(r)= the highest rung with  latency + segment * bitrate / r <= segment
//!
//! throughput rule: sustainable(0.9 * rate), then the insufficient-buffer rule:
//!     the next segment has at most  safety * (buffered - latency) * rate  bits;
//!     safety falls from 0.9 by a tenth with every decision until it is 0.5
//! abandon where the whole transfer would take more than 1.8 segments, for sustainable(0.9 * rate seen), if that has
//!     fewer bits than are left; not within the first 500 ms
//! ```
//!
//! Sizes are taken from the declared rates, as there. Deviation: until the first transfer of its own the estimate of
//! the context counts, so that what an earlier session learned is not lost.

use super::plain::{self, Choice, Flight};
use crate::controller::AbrContext;
use crate::decision::Reason;
use crate::throughput::{EwmaPair, TransferSample};

/// Half-lives of both estimates in seconds.
const FAST_S: f64 = 3.0;
const SLOW_S: f64 = 8.0;

/// The estimates.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    rate: EwmaPair,
    wait: EwmaPair,
    /// Seconds of media per segment: what one wait weighs.
    segment: f64,
    /// Whole transfers so far.
    segments: u32,
    /// Whether the next sample is that of a transfer given up, which the original leaves out.
    given_up: bool,
}

impl Measured {
    /// Nothing known.
    pub(super) fn new() -> Self {
        let pair = EwmaPair::new(FAST_S, SLOW_S);
        Self { rate: pair, wait: pair, segment: 1.0, segments: 0, given_up: false }
    }

    /// To be called at every decision.
    pub(super) fn look(&mut self, ctx: &AbrContext<'_>) {
        self.segment = plain::segment(ctx);
    }

    /// The transfer in flight was given up.
    pub(super) fn give_up(&mut self) {
        self.given_up = true;
    }

    /// Takes a transfer in; whether it was a whole one.
    pub(super) fn add(&mut self, sample: &TransferSample) -> bool {
        if std::mem::take(&mut self.given_up) {
            return false;
        }
        self.segments = self.segments.saturating_add(1);
        if let Some(rate) = plain::body_rate(sample) {
            self.rate.add(rate, sample.body_time().as_secs_f64());
            self.wait.add(sample.ttfb.as_secs_f64(), self.segment);
        }
        true
    }

    /// How many segments have come.
    pub(super) fn segments(&self) -> u32 {
        self.segments
    }

    /// Bit/s; `None` until there is evidence.
    pub(super) fn rate(&self, ctx: &AbrContext<'_>) -> Option<f64> {
        self.rate.lower().or_else(|| ctx.throughput.map(|estimate| estimate.mean.bps() as f64))
    }

    /// Seconds from request to first byte.
    pub(super) fn latency(&self, ctx: &AbrContext<'_>) -> f64 {
        self.wait.higher().unwrap_or_else(|| ctx.ttfb.unwrap_or_default().as_secs_f64())
    }

    /// Position of the highest rung that a link of `rate` carries, the waits included.
    pub(super) fn sustainable(&self, ctx: &AbrContext<'_>, rate: f64) -> usize {
        let segment = plain::segment(ctx);
        plain::highest_within(ctx, rate * (1.0 - self.latency(ctx) / segment).max(0.0))
    }
}

/// What the insufficient-buffer rule remembers.
#[derive(Clone, Copy, Debug)]
pub(super) struct InsufficientBuffer {
    safety: f64,
}

impl InsufficientBuffer {
    const FIRST_SAFETY: f64 = 0.9;
    const LAST_SAFETY: f64 = 0.5;

    pub(super) fn new() -> Self {
        Self { safety: Self::FIRST_SAFETY }
    }

    /// The highest position up to `position` of which the next segment arrives in time.
    pub(super) fn limit(&mut self, ctx: &AbrContext<'_>, measured: &Measured, rate: f64, position: usize) -> usize {
        let bits = self.safety * (plain::level(ctx) - measured.latency(ctx)) * rate;
        self.safety = (self.safety * Self::FIRST_SAFETY).max(Self::LAST_SAFETY);
        position.min(plain::highest_within(ctx, bits / plain::segment(ctx)))
    }
}

/// The throughput rule.
#[derive(Clone, Copy, Debug)]
pub(super) struct ThroughputRule {
    insufficient: InsufficientBuffer,
}

impl ThroughputRule {
    const SAFETY: f64 = 0.9;
    /// Of the segment's duration: a transfer that takes longer is given up.
    const ABANDON: f64 = 1.8;
    /// Seconds.
    const GRACE: f64 = 0.5;

    pub(super) fn new() -> Self {
        Self { insufficient: InsufficientBuffer::new() }
    }

    /// The rung for the next segment on a link of `rate`.
    pub(super) fn choose(&mut self, ctx: &AbrContext<'_>, measured: &Measured, rate: f64) -> Choice {
        let safe = rate * Self::SAFETY;
        let wish = measured.sustainable(ctx, safe);
        let position = self.insufficient.limit(ctx, measured, rate, wish);
        let reason = if position < wish { Reason::InsufficientBuffer } else { Reason::ThroughputCap };
        Choice { position, reason, safe }
    }

    /// What to fetch instead of a segment that takes too long, and how much longer it would have taken.
    pub(super) fn reconsider(ctx: &AbrContext<'_>, measured: &Measured, flight: &Flight) -> Option<(usize, f64)> {
        let left = flight.left / flight.rate();
        if flight.elapsed < Self::GRACE || flight.elapsed + left <= Self::ABANDON * flight.segment {
            return None;
        }
        let position = measured.sustainable(ctx, flight.rate() * Self::SAFETY);
        let fewer = position < flight.position && flight.total_in(ctx, position) < flight.left;
        fewer.then_some((position, left))
    }
}

/// The abandonment that controllers get here which their papers give none: that of the throughput rule, but only for a
/// segment that would come after the buffer is empty.
///
/// They plan with a buffer that a long transfer may use up, so the rule itself would undo their plans; without any, a
/// single outage outweighs all of their decisions.
pub(super) fn rescue(ctx: &AbrContext<'_>, measured: &Measured, flight: &Flight) -> Option<(usize, f64)> {
    ThroughputRule::reconsider(ctx, measured, flight).filter(|(_, remaining)| *remaining > plain::level(ctx))
}

#[cfg(test)]
mod tests {
    use super::super::plain::testing::Session;
    use super::*;
    use crate::controller::{AbrController, InFlight};
    use crate::decision::Decision;

    /// The throughput rule by itself.
    #[derive(Debug)]
    struct Rule(Measured, ThroughputRule);

    impl AbrController for Rule {
        fn observe(&mut self, sample: &TransferSample) {
            self.0.add(sample);
        }
        fn decide(&mut self, ctx: &AbrContext<'_>) -> Decision {
            let choice = self.0.rate(ctx).map_or(Choice::LOWEST, |rate| self.1.choose(ctx, &self.0, rate));
            plain::decision("rule", ctx, choice, |_| 0.0)
        }
        fn reconsider(&mut self, ctx: &AbrContext<'_>, in_flight: &InFlight) -> Option<Decision> {
            let flight = Flight::new(ctx, in_flight)?;
            let instead = ThroughputRule::reconsider(ctx, &self.0, &flight)?;
            plain::abandon("rule", ctx, &flight, instead)
        }
        fn name(&self) -> &'static str {
            "rule"
        }
    }

    fn session() -> Session<Rule> {
        Session::new(Rule(Measured::new(), ThroughputRule::new()), &[500, 1000, 2000, 4000])
    }

    #[test]
    fn a_tenth_is_left_in_reserve() {
        let mut session = session();
        assert_eq!(session.ask(0.0).0, 0, "nothing known");
        session.transfer(2_300, 4.0);
        assert_eq!(session.ask(30.0).0, 2);
        session.transfer(2_100, 60.0);
        assert_eq!(session.ask(30.0).0, 1);
    }

    #[test]
    fn a_thin_buffer_allows_less_and_ever_less() {
        let mut session = session();
        session.transfer(5_000, 4.0);
        // 4 Mbit/s for 4 s are 16 Mbit; 0.9 * 3.6 s * 5 Mbit/s are 16.2.
        assert_eq!(session.ask(3.6).0, 3);
        assert_eq!(session.ask(3.6).0, 2, "0.81 of them are not enough");
        (0..10).for_each(|_| assert!(session.ask(3.6).0 <= 2));
        assert_eq!(session.ask(3.3).0, 2, "0.5 * 3.3 * 5 = 8.25 of 8");
        assert_eq!(session.ask(3.1).0, 1);
        assert_eq!(session.ask(0.0).0, 0);
    }

    #[test]
    fn late_segments_are_given_up_for_what_the_link_carries() {
        let mut session = session();
        session.transfer(9_000, 4.0);
        session.ask(30.0);
        assert_eq!(session.current, Some(3));
        // 16 Mbit at 2.5 Mbit/s take 6.4 s, within 7.2; at 2 Mbit/s 8.
        assert_eq!(session.look(2_500, 1.0, 30.0), None);
        assert_eq!(session.look(2_000, 0.4, 30.0), None, "too early");
        assert_eq!(session.look(2_000, 1.0, 30.0), Some(1), "0.9 of it carries 1 Mbit/s");
        assert_eq!(session.look(2_000, 7.0, 30.0), None, "what is left is less than what 1 Mbit/s has");
    }
}
