//! The rules of dash.js as it is now: several rules, of which the lowest wish is granted.
//!
//! Source: the documentation of dash.js 5 ("Adaptive Bitrate Streaming" and the settings with their defaults).
//!
//! ```text
//! estimate    min of two EWMAs of bits / (time with the wait), half-lives 3 s and 8 s, weight 1.5 times the body's
//!             seconds; 1 Mbit/s for the first segment
//! rate rule   the highest rung within 0.9 of the estimate
//! BOLA rule   instead of it from 12 s of buffer on, until there are less than 6 s           (bola_rule.rs)
//! thin buffer from the third segment on: the highest rung within 0.7 * estimate * buffered / segment; the lowest
//!             while the buffer is empty
//! history     the rung below one that was left downwards too often                          (switch_history.rs)
//! abandon     a transfer that would take more than 1.8 segments in all, after 500 ms of body and six reports, while
//!             less than 18 s are buffered: for the highest rung within 0.9 of the rate seen, if it has fewer bits
//!             than are left
//! ```
//!
//! Dropped frames are not known here. The player's own buffer goals (18 s, or 30 s at the top rung) are not part of the
//! rules; where the buffer is full is the caller's business.

mod bola_rule;
mod switch_history;

use bola_rule::BolaRule;
use switch_history::SwitchHistory;

use super::plain::{self, Choice, Flight};
use crate::controller::{AbrContext, AbrController, InFlight};
use crate::decision::{Decision, Reason};
use crate::throughput::{EwmaPair, TransferSample};

/// Half-lives of the estimate.
const HALF_LIVES: (f64, f64) = (3.0, 8.0);
/// Weight of a second of body.
const WEIGHT: f64 = 1.5;
/// Bit/s for the first segment.
const INITIAL: f64 = 1e6;
/// Share of the estimate that a rung may use.
const SAFETY: f64 = 0.9;
/// Seconds of buffer from which on BOLA decides, and below which it no longer does.
const BOLA_BETWEEN: (f64, f64) = (12.0, 6.0);
/// Share of the estimate that the thin-buffer rule relies upon.
const THIN_SAFETY: f64 = 0.7;
/// Segments before it does.
const THIN_IGNORES: u32 = 2;
/// Segments that a transfer may take in all.
const ABANDON: f64 = 1.8;
/// Seconds of body before anything is abandoned.
const GRACE: f64 = 0.5;
/// And reports of progress.
const REPORTS: u32 = 6;
/// Seconds of buffer above which nothing is: the player's default goal.
const CALM: f64 = 18.0;

/// The rates that the reports of one transfer showed.
#[derive(Clone, Copy, Debug, Default)]
struct Reports {
    count: u32,
    sum: f64,
}

/// Throughput, BOLA and their guards.
#[derive(Clone, Debug)]
pub struct DashJsController {
    rate: EwmaPair,
    bola: BolaRule,
    uses_bola: bool,
    history: SwitchHistory,
    /// Whole transfers so far.
    segments: u32,
    reports: Reports,
    /// Whether the next sample is that of a transfer given up, which does not count.
    given_up: bool,
}

impl DashJsController {
    const NAME: &'static str = "dash.js";

    /// Nothing known.
    pub fn new() -> Self {
        Self {
            rate: EwmaPair::new(HALF_LIVES.0, HALF_LIVES.1),
            bola: BolaRule::new(),
            uses_bola: false,
            history: SwitchHistory::new(),
            segments: 0,
            reports: Reports::default(),
            given_up: false,
        }
    }

    /// The main rule's wish and the wait before it, in seconds.
    fn main_rule(&mut self, ctx: &AbrContext<'_>, safe: f64) -> (Choice, f64) {
        let level = plain::level(ctx);
        self.uses_bola = level > if self.uses_bola { BOLA_BETWEEN.1 } else { BOLA_BETWEEN.0 };
        let sustainable = plain::highest_within(ctx, safe);
        if !self.uses_bola {
            return (Choice::by_rate(sustainable, safe), 0.0);
        }
        let (position, wait) = self.bola.choose(ctx, sustainable);
        (Choice::by_buffer(position, safe), wait)
    }

    /// The highest position that the thin-buffer rule allows.
    fn thin_buffer(&self, ctx: &AbrContext<'_>, rate: f64) -> usize {
        if self.segments < THIN_IGNORES {
            return plain::top(ctx);
        }
        plain::highest_within(ctx, THIN_SAFETY * rate * plain::level(ctx) / plain::segment(ctx))
    }

    fn choose(&mut self, ctx: &AbrContext<'_>) -> (Choice, f64) {
        let Some(rate) = self.rate.lower() else {
            let position = plain::highest_within(ctx, INITIAL);
            return (Choice { position, reason: Reason::Start, safe: INITIAL }, 0.0);
        };
        self.bola.catch_up(ctx);
        let (mut choice, wait) = self.main_rule(ctx, SAFETY * rate);
        for (limit, reason) in [
            (self.thin_buffer(ctx, rate), Reason::InsufficientBuffer),
            (self.history.limit(plain::top(ctx)), Reason::Hysteresis),
        ] {
            if limit < choice.position {
                choice = Choice { position: limit, reason, ..choice };
            }
        }
        if let Some(before) = plain::current(ctx) {
            self.history.push(before, choice.position);
        }
        (choice, wait)
    }

    /// What to fetch instead of a segment that takes too long, if anything.
    fn instead(&mut self, ctx: &AbrContext<'_>, flight: &Flight) -> Option<usize> {
        self.reports.count += 1;
        self.reports.sum += flight.rate();
        if plain::level(ctx) > CALM || flight.body <= GRACE || self.reports.count < REPORTS {
            return None;
        }
        let rate = self.reports.sum / f64::from(self.reports.count);
        if flight.total / rate < ABANDON * flight.segment {
            return None;
        }
        let position = plain::highest_within(ctx, SAFETY * rate);
        (position < flight.position && flight.total_in(ctx, position) < flight.left).then_some(position)
    }
}

impl Default for DashJsController {
    fn default() -> Self {
        Self::new()
    }
}

impl AbrController for DashJsController {
    fn observe(&mut self, sample: &TransferSample) {
        self.reports = Reports::default();
        if std::mem::take(&mut self.given_up) {
            return;
        }
        self.segments = self.segments.saturating_add(1);
        if let Some(rate) = plain::whole_rate(sample) {
            self.rate.add(rate, WEIGHT * sample.body_time().as_secs_f64());
        }
        self.bola.loaded(sample);
    }

    fn decide(&mut self, ctx: &AbrContext<'_>) -> Decision {
        let (choice, wait) = self.choose(ctx);
        let decision = plain::decision(Self::NAME, ctx, choice, |i| {
            if self.uses_bola { self.bola.score(ctx, i) } else { choice.safe - plain::rate(ctx, i) }
        });
        plain::waiting(wait, ctx, decision)
    }

    fn reconsider(&mut self, ctx: &AbrContext<'_>, in_flight: &InFlight) -> Option<Decision> {
        let flight = Flight::new(ctx, in_flight)?;
        let position = self.instead(ctx, &flight)?;
        self.given_up = true;
        self.bola.abandoned(ctx, position);
        plain::abandon(Self::NAME, ctx, &flight, (position, flight.left / flight.rate()))
    }

    fn name(&self) -> &'static str {
        Self::NAME
    }
}

#[cfg(test)]
mod tests {
    use super::super::plain::testing::Session;
    use super::*;

    fn session() -> Session<DashJsController> {
        Session::new(DashJsController::new(), &[500, 900, 2000, 4000])
    }

    #[test]
    fn it_starts_at_a_megabit_and_goes_on_at_nine_tenths() {
        let mut session = session();
        assert_eq!(session.ask(0.0).0, 1);
        session.transfer(2_300, 1.0);
        assert_eq!(session.ask(4.0).0, 2);
        session.transfer(2_200, 60.0);
        session.controller.segments = 0;
        assert_eq!(session.ask(4.0).0, 1);
    }

    #[test]
    fn from_the_third_segment_on_a_thin_buffer_limits() {
        let mut session = session();
        session.transfer(5_000, 1.0);
        assert_eq!(session.ask(2.0).0, 3);
        session.transfer(5_000, 3.0);
        // 0.7 * 5 * 2 / 4 = 1.75 Mbit/s.
        assert_eq!(session.ask(2.0).0, 1);
        session.transfer(5_000, 1.0);
        assert_eq!(session.ask(0.0).0, 0);
    }

    #[test]
    fn bola_decides_between_twelve_and_six_seconds() {
        let mut session = session();
        session.transfer(2_300, 4.0);
        let mut uses = |level| {
            session.ask(level);
            session.controller.uses_bola
        };
        assert!(!uses(12.0) && uses(12.1) && uses(6.1) && !uses(6.0) && !uses(12.0));
    }

    #[test]
    fn late_segments_are_given_up_in_a_thin_buffer_only() {
        let look = |kbps, reports, level| {
            let mut session = session();
            session.current = Some(3);
            let looks = (1..=reports).map(|i| session.look(kbps, 0.2 * f64::from(i), level));
            looks.last().unwrap()
        };
        assert_eq!(look(2_300, 8, 5.0), None, "16 Mbit at 2.3 Mbit/s take 7 s of 7.2");
        assert_eq!(look(2_000, 8, 5.0), Some(1), "8 s");
        assert_eq!(look(2_000, 8, 18.1), None);
        assert_eq!(look(2_000, 2, 5.0), None, "too early");
    }
}
