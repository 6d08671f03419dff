//! The rules of hls.js: two EWMAs, a margin for rises, and starvation as the limit.
//!
//! Source: the documented settings and behaviour of hls.js 1.6 with its defaults.
//!
//! ```text
//! estimate   min of two EWMAs, half-lives 3 s and 9 s, over bits / (time - min(ttfb, usual ttfb)), weight that time;
//!            500 kbit/s before the first transfer
//! start      the highest rung within the estimate
//! best(d)    the highest rung with  bitrate <= f * estimate  and  ttfb + segment * bitrate / (f * estimate) < d,
//!            f = 0.95 up to the rung before and 0.7 above it; in live the time does not count
//! choose     best(buffered); else best(buffered + min(segment, 4 s)), stalling a little; else the lowest
//! abandon    after half a segment, if the rest takes longer than the buffer lasts: for the highest lower rung that
//!            arrives in time at the rate seen, if that is sooner than the rest of this one; for the lowest if it is
//!            sooner by half
//! ```
//!
//! After an abandonment an estimate that would go back up at once begins anew, at the rate of the rung that was chosen.
//! Left out: playlists that have to be loaded before a switch, codecs and ranges, and a choice before any byte has
//! come.

use super::plain::{self, Choice, Flight};
use crate::controller::{AbrContext, AbrController, InFlight};
use crate::decision::{Decision, Reason};
use crate::ladder::RungId;
use crate::throughput::{Ewma, EwmaPair, TransferSample};

/// Bit/s before anything was measured.
const DEFAULT_ESTIMATE: f64 = 500e3;
/// Half-lives in seconds of transfer.
const FAST: f64 = 3.0;
const SLOW: f64 = 9.0;
/// Share of the estimate that the rung before and those below may use.
const FACTOR: f64 = 0.95;
/// And those above.
const UP_FACTOR: f64 = 0.7;
/// Seconds of stall that are put up with for quality, at most.
const MAX_STARVATION: f64 = 4.0;
/// Seconds to the first byte before any was measured.
const DEFAULT_TTFB: f64 = 0.1;
/// A transfer counts as at least this long, in seconds.
const MIN_TIME: f64 = 0.05;
/// Segments: what takes longer than this is no way out.
const UNREASONABLE: f64 = 10.0;

/// The estimates.
#[derive(Clone, Copy, Debug)]
struct Estimates {
    rate: EwmaPair,
    wait: Ewma,
    default: f64,
}

impl Estimates {
    fn new() -> Self {
        Self { rate: EwmaPair::new(FAST, SLOW), wait: Ewma::new(SLOW), default: DEFAULT_ESTIMATE }
    }

    fn rate(&self) -> f64 {
        self.rate.lower().unwrap_or(self.default).max(1.0)
    }

    fn ttfb(&self) -> f64 {
        self.wait.get().unwrap_or(DEFAULT_TTFB)
    }

    fn add_wait(&mut self, seconds: f64) {
        // Long waits weigh little: they are congestion or a slow server more often than distance.
        let weight = 2_f64.sqrt() * (-seconds * seconds / 2.0).exp();
        self.wait.add(seconds.max(0.005), weight);
    }

    fn add(&mut self, bits: f64, elapsed: f64, wait: f64) {
        let time = (elapsed - wait.min(self.ttfb())).max(MIN_TIME);
        self.rate.add(bits / time, time);
    }

    /// Forgets the rates; until a new one is measured the link is taken to be of `rate`.
    fn reset(&mut self, rate: f64) {
        (self.rate, self.default) = (EwmaPair::new(FAST, SLOW), rate);
    }
}

/// What a rung must satisfy.
#[derive(Clone, Copy, Debug)]
struct Terms {
    /// Bit/s.
    rate: f64,
    /// Seconds within which a segment must arrive.
    within: f64,
    /// Positions above this one are a rise.
    base: usize,
    /// Shares of the rate for the others and for a rise.
    factors: (f64, f64),
}

/// The way out of a transfer that is late.
#[derive(Clone, Copy, Debug)]
struct Instead {
    position: usize,
    /// Whether it takes less than half of what the rest would.
    by_half: bool,
}

/// Rate first, with the buffer as a limit.
#[derive(Clone, Debug)]
pub struct HlsJsController {
    estimates: Estimates,
    /// The rung of the last segment that was complete.
    loaded: Option<RungId>,
    /// The rung in flight.
    loading: Option<RungId>,
    /// Whether the next sample is that of a transfer given up, which was counted then.
    given_up: bool,
}

impl HlsJsController {
    const NAME: &'static str = "hls.js";

    /// Nothing known.
    pub fn new() -> Self {
        Self { estimates: Estimates::new(), loaded: None, loading: None, given_up: false }
    }

    /// The highest rung up to `highest` that satisfies the terms.
    fn best(&self, ctx: &AbrContext<'_>, highest: usize, terms: &Terms) -> Option<usize> {
        let (segment, ttfb) = (plain::segment(ctx), self.estimates.ttfb());
        (0..=highest).rev().find(|position| {
            let factor = if *position > terms.base { terms.factors.1 } else { terms.factors.0 };
            let (bitrate, rate) = (plain::rate(ctx, *position), terms.rate * factor);
            let time = ttfb + segment * bitrate / rate;
            rate >= bitrate && (ctx.live.is_some() || time < terms.within)
        })
    }

    fn choose(&self, ctx: &AbrContext<'_>) -> Choice {
        let top = plain::top(ctx);
        let rate = self.estimates.rate();
        let Some(base) = self.loaded.and_then(|rung| ctx.ladder.position(rung)) else {
            return Choice { position: plain::highest_within(ctx, rate), reason: Reason::Start, safe: rate };
        };
        let level = plain::level(ctx);
        let terms = Terms { rate, within: level, base, factors: (FACTOR, UP_FACTOR) };
        if let Some(position) = self.best(ctx, top, &terms).filter(|_| level > 0.0) {
            return Choice::by_rate(position, rate);
        }
        let within = level + plain::segment(ctx).min(MAX_STARVATION);
        let position = self.best(ctx, top, &Terms { within, ..terms }).unwrap_or(0);
        Choice { position, reason: Reason::InsufficientBuffer, safe: rate }
    }

    /// What to fetch instead, if anything.
    fn instead(&self, ctx: &AbrContext<'_>, flight: &Flight) -> Option<Instead> {
        let (level, ttfb) = (plain::level(ctx), self.estimates.ttfb());
        if flight.elapsed <= ttfb.max(flight.segment / 2.0) {
            return None;
        }
        // The declared rate and not the length of the response counts.
        let expected = flight.received.max(plain::rate(ctx, flight.position) * flight.segment);
        let remaining = (expected - flight.received) / flight.rate();
        if remaining <= level {
            return None;
        }
        let time = |position: usize| ttfb + flight.segment * plain::rate(ctx, position) / flight.rate();
        let in_time = level.min(flight.segment + ttfb);
        let lower = (1..flight.position).rev().find(|position| time(*position) < in_time);
        // Where none is in time it will be the lowest, but what is compared is the one above it.
        let shortest = time(lower.unwrap_or(1));
        let sooner = flight.position > 1 && shortest < remaining && shortest <= UNREASONABLE * flight.segment;
        sooner.then(|| Instead { position: lower.unwrap_or(0), by_half: remaining > 2.0 * shortest })
    }

    /// Accounts for the transfer given up; the rung to fetch.
    fn give_up(&mut self, ctx: &AbrContext<'_>, flight: &Flight, instead: Instead) -> usize {
        self.given_up = true;
        self.estimates.add(flight.received, flight.elapsed, flight.wait);
        if instead.by_half {
            self.estimates.reset(plain::rate(ctx, 0));
            return 0;
        }
        let bitrate = plain::rate(ctx, instead.position);
        if self.estimates.rate() * UP_FACTOR > bitrate {
            self.estimates.reset(bitrate);
        }
        let (within, base) = (plain::level(ctx), instead.position);
        let terms = Terms { rate: bitrate, within, base, factors: (1.0, 1.0) };
        self.best(ctx, instead.position, &terms).unwrap_or(instead.position)
    }
}

impl Default for HlsJsController {
    fn default() -> Self {
        Self::new()
    }
}

impl AbrController for HlsJsController {
    fn observe(&mut self, sample: &TransferSample) {
        if std::mem::take(&mut self.given_up) {
            return;
        }
        let wait = sample.ttfb.as_secs_f64();
        self.estimates.add_wait(wait);
        self.estimates.add(sample.bytes.bytes() as f64 * 8.0, sample.elapsed.as_secs_f64(), wait);
        self.loaded = self.loading;
    }

    fn decide(&mut self, ctx: &AbrContext<'_>) -> Decision {
        let choice = self.choose(ctx);
        let decision = plain::decision(Self::NAME, ctx, choice, |i| choice.safe - plain::rate(ctx, i));
        self.loading = Some(decision.rung);
        decision
    }

    fn reconsider(&mut self, ctx: &AbrContext<'_>, in_flight: &InFlight) -> Option<Decision> {
        let flight = Flight::new(ctx, in_flight)?;
        let instead = self.instead(ctx, &flight)?;
        let position = self.give_up(ctx, &flight, instead);
        let decision = plain::abandon(Self::NAME, ctx, &flight, (position, flight.left / flight.rate()))?;
        self.loading = Some(decision.rung);
        Some(decision)
    }

    fn name(&self) -> &'static str {
        Self::NAME
    }
}

#[cfg(test)]
mod tests {
    use super::super::plain::testing::Session;
    use super::*;

    fn session() -> Session<HlsJsController> {
        Session::new(HlsJsController::new(), &[300, 480, 1000, 2000, 4000])
    }

    #[test]
    fn it_starts_at_half_a_megabit() {
        assert_eq!(session().ask(0.0).0, 1);
        assert_eq!(Session::new(HlsJsController::new(), &[800, 1600]).ask(0.0).0, 0);
    }

    #[test]
    fn a_rise_needs_more_than_staying() {
        let mut session = session();
        session.ask(0.0);
        session.transfer(2_500, 60.0);
        assert_eq!(session.ask(20.0).0, 2, "0.7 of 2.5 carry 1");
        session.transfer(3_000, 60.0);
        assert_eq!(session.ask(20.0).0, 3);
        session.transfer(2_150, 200.0);
        assert_eq!(session.ask(20.0).0, 3, "0.95 of 2.15 carry 2");
        session.transfer(2_050, 200.0);
        assert_eq!(session.ask(20.0).0, 2);
    }

    #[test]
    fn a_thin_buffer_accepts_a_little_stall() {
        let mut session = session();
        session.ask(0.0);
        session.transfer(2_500, 60.0);
        // A segment of 1 Mbit/s takes 0.1 + 4 / (0.7 * 2.5) = 2.4 s.
        assert_eq!(session.ask(2.5).0, 2);
        session.transfer(2_500, 2.0);
        session.current = Some(1);
        assert_eq!(session.ask(0.0).0, 2, "within four seconds is good enough for an empty buffer");
    }

    #[test]
    fn the_lower_mean_counts() {
        let mut session = session();
        session.ask(0.0);
        session.transfer(8_000, 60.0);
        session.transfer(500, 6.0);
        let rate = session.controller.estimates.rate();
        assert!((rate / 1e6 - 2.375).abs() < 0.01, "two of the fast half-lives: {rate}");
    }

    #[test]
    fn a_late_segment_is_given_up_after_half_of_its_time() {
        let mut session = session();
        session.ask(0.0);
        session.transfer(9_000, 60.0);
        session.ask(20.0);
        session.transfer(9_000, 1.8);
        assert_eq!(session.ask(20.0).0, 4);
        assert_eq!(session.look(1_500, 2.0, 5.0), None, "not before");
        assert_eq!(session.look(1_500, 2.1, 9.0), None, "the rest is here in 8.6 s");
        assert_eq!(session.look(1_500, 2.1, 5.0), Some(0), "1 Mbit/s takes 2.8 s, less than half");
        assert!((session.controller.estimates.rate() - 300e3).abs() < 1.0, "and caution begins anew");
        let mut session = self::session();
        session.ask(0.0);
        session.transfer(9_000, 60.0);
        session.ask(20.0);
        session.transfer(9_000, 1.8);
        session.ask(20.0);
        assert_eq!(
            session.look(2_600, 2.1, 3.9),
            Some(2),
            "2 Mbit/s takes 3.2 s, the rest 4.1; and caution takes one more"
        );
        assert!((session.controller.estimates.rate() - 2e6).abs() < 1.0, "the link is taken for what was just enough");
    }
}
