//! The rules of Shaka Player: the rate decides, every eight seconds.
//!
//! Source: the documented configuration and behaviour of Shaka Player 4 with its defaults.
//!
//! ```text
//! estimate   min of two EWMAs of bits / time, half-lives 2 s and 5 s of transfer; transfers below 16 kB do not
//!            count, and below 128 kB in all the link is taken for 1 Mbit/s
//! choose     the last rung of which the estimate lies in [bitrate / 0.95, next bitrate / 0.85]; else the lowest
//! when       at first, as soon as there is an estimate, and then not sooner than 8 s after the choice before
//! abort      a transfer when a choice falls below it, if the lower segment takes less time than the buffer lasts or
//!            has fewer bits than are left
//! ```
//!
//! Because the bands overlap, the choice comes to the highest rung within 0.95 of the estimate. Choices fall between
//! two progress reports there; here they fall on a decision, or on a progress report if they go down. Aborting for a
//! higher rung is left out: a session here gives up for lower ones only.

use std::time::Duration;

use super::plain::{self, Choice, Flight};
use crate::controller::{AbrContext, AbrController, InFlight};
use crate::decision::{Decision, Reason};
use crate::ladder::RungId;
use crate::throughput::{EwmaPair, TransferSample};
use crate::units::ByteCount;

/// Half-lives in seconds of transfer.
const HALF_LIVES: (f64, f64) = (2.0, 5.0);
/// Transfers below do not count.
const MIN_BYTES: ByteCount = ByteCount::new(16_000);
/// Before this much has come there is no estimate.
const MIN_TOTAL: ByteCount = ByteCount::new(128_000);
/// What the link is taken for until then, in bit/s.
const DEFAULT_ESTIMATE: f64 = 1e6;
/// Choices are this far apart.
const INTERVAL: Duration = Duration::from_secs(8);
/// Share of the estimate at which a rung is good enough to stay at.
const DOWNGRADE: f64 = 0.95;
/// Share of the estimate at which the next rung is worth a rise.
const UPGRADE: f64 = 0.85;

/// The link as Shaka sees it.
#[derive(Clone, Copy, Debug)]
struct Estimate {
    rate: EwmaPair,
    total: ByteCount,
}

impl Estimate {
    fn new() -> Self {
        Self { rate: EwmaPair::new(HALF_LIVES.0, HALF_LIVES.1), total: ByteCount::ZERO }
    }

    fn add(&mut self, bytes: ByteCount, seconds: f64) {
        if bytes >= MIN_BYTES && seconds > 0.0 {
            self.total += bytes;
            self.rate.add(bytes.bytes() as f64 * 8.0 / seconds, seconds);
        }
    }

    fn is_good(&self) -> bool {
        self.total >= MIN_TOTAL
    }

    fn rate(&self) -> f64 {
        self.rate.lower().filter(|_| self.is_good()).unwrap_or(DEFAULT_ESTIMATE)
    }

    /// The position that suits the estimate.
    fn position(&self, ctx: &AbrContext<'_>) -> usize {
        let (rate, top) = (self.rate(), plain::top(ctx));
        let suits = |position: &usize| {
            let below_next = *position == top || rate <= plain::rate(ctx, position + 1) / UPGRADE;
            rate >= plain::rate(ctx, *position) / DOWNGRADE && below_next
        };
        (0..=top).rev().find(suits).unwrap_or(0)
    }
}

/// A rate-based choice, held for eight seconds.
#[derive(Clone, Debug)]
pub struct ShakaController {
    estimate: Estimate,
    /// The last choice and its time; `None` at first.
    chosen: Option<(RungId, Duration)>,
    /// Whether a choice was made from an estimate.
    started: bool,
}

impl ShakaController {
    const NAME: &'static str = "shaka";

    /// Nothing known.
    pub fn new() -> Self {
        Self { estimate: Estimate::new(), chosen: None, started: false }
    }

    /// Whether it is time for another choice.
    fn is_due(&self, now: Duration, estimate: &Estimate) -> bool {
        match self.chosen {
            None => true,
            Some(_) if !self.started => estimate.is_good(),
            Some((_, at)) => now.saturating_sub(at) >= INTERVAL,
        }
    }

    /// Whether the transfer in flight is worth less than its replacement.
    fn is_worth_it(ctx: &AbrContext<'_>, flight: &Flight, rate: f64, position: usize) -> bool {
        let bits = flight.total_in(ctx, position);
        bits / rate < plain::level(ctx) || bits < flight.left
    }
}

impl Default for ShakaController {
    fn default() -> Self {
        Self::new()
    }
}

impl AbrController for ShakaController {
    fn observe(&mut self, sample: &TransferSample) {
        self.estimate.add(sample.bytes, sample.body_time().as_secs_f64());
    }

    fn decide(&mut self, ctx: &AbrContext<'_>) -> Decision {
        let held = self.chosen.filter(|_| !self.is_due(ctx.now, &self.estimate));
        let rate = self.estimate.rate();
        let choice = match held.and_then(|(rung, _)| ctx.ladder.position(rung)) {
            Some(position) => Choice { position, reason: Reason::Hysteresis, safe: rate },
            None if !self.estimate.is_good() => {
                Choice { position: self.estimate.position(ctx), reason: Reason::Start, safe: rate }
            }
            None => Choice::by_rate(self.estimate.position(ctx), rate),
        };
        let decision = plain::decision(Self::NAME, ctx, choice, |i| rate - plain::rate(ctx, i));
        if choice.reason != Reason::Hysteresis {
            self.started |= self.estimate.is_good();
            self.chosen = Some((decision.rung, ctx.now));
        }
        decision
    }

    fn reconsider(&mut self, ctx: &AbrContext<'_>, in_flight: &InFlight) -> Option<Decision> {
        let flight = Flight::new(ctx, in_flight)?;
        let mut estimate = self.estimate;
        estimate.add(in_flight.received, flight.body);
        let position = estimate.position(ctx);
        if position >= flight.position || !self.is_due(ctx.now, &estimate) {
            return None;
        }
        self.started |= estimate.is_good();
        self.chosen = Some((ctx.ladder.rungs()[position].id, ctx.now));
        let worth = Self::is_worth_it(ctx, &flight, estimate.rate(), position);
        worth.then(|| plain::abandon(Self::NAME, ctx, &flight, (position, flight.left / flight.rate()))).flatten()
    }

    fn name(&self) -> &'static str {
        Self::NAME
    }
}

#[cfg(test)]
mod tests {
    use super::super::plain::testing::Session;
    use super::*;

    fn session() -> Session<ShakaController> {
        Session::new(ShakaController::new(), &[400, 900, 2000, 4000])
    }

    #[test]
    fn it_starts_at_a_megabit_and_corrects_that_at_once() {
        let mut session = session();
        assert_eq!(session.ask(0.0).0, 1);
        session.transfer(5_000, 0.1);
        assert_eq!(session.ask(4.0).0, 1, "62 kB are not enough");
        session.transfer(5_000, 0.4);
        assert_eq!(session.ask(4.0).0, 3);
    }

    #[test]
    fn bands_overlap_so_that_the_higher_rung_wins() {
        let mut estimate = Estimate::new();
        let session = session();
        for (kbps, position) in [(300, 0), (500, 0), (940, 0), (950, 1), (2_100, 1), (2_110, 2), (9_000, 3)] {
            estimate.rate = EwmaPair::new(2.0, 5.0);
            estimate.add(ByteCount::new(kbps * 125 * 10), 10.0);
            assert_eq!(estimate.position(&session.context(9.0)), position, "{kbps}");
        }
    }

    #[test]
    fn a_choice_is_held_for_eight_seconds() {
        let mut session = session();
        session.ask(0.0);
        session.transfer(5_000, 1.0);
        assert_eq!(session.ask(4.0).0, 3);
        session.transfer(500, 7.9);
        assert_eq!(session.ask(4.0).0, 3);
        session.transfer(500, 0.4);
        assert_eq!(session.ask(4.0).0, 0);
    }

    #[test]
    fn a_fall_aborts_what_would_be_slower() {
        let mut session = session();
        session.ask(0.0);
        session.transfer(5_000, 1.0);
        session.ask(4.0);
        assert_eq!(session.look(1_000, 7.0, 3.0), None, "not yet");
        assert_eq!(session.look(1_000, 9.0, 0.0), Some(1), "7 Mbit are left, a segment of 900 kbit/s has 3.6");
    }
}
