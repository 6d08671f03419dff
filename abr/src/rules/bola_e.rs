//! BOLA-E: BOLA with a buffer that is partly imagined.
//!
//! Source and constants as in [`super::reference_2018`]. The level of a buffer says how the network did, except where
//! it is low or high for another reason: at the start, after a wait for a full buffer, in live. A placeholder is added
//! to the level that stands for what the buffer would be, so that BOLA can begin at the rung that the link carries:
//!
//! ```text
//! V, g          such that the lowest rung ends at 10 s and the top begins at max(cap, 10 s + 2 s per rung)
//! start         sustainable(rate);  placeholder = least level of that rung - buffered
//! idle time     is added to the placeholder
//! a transfer    clips it: at request, buffered + placeholder lay between the least and the most level of its rung
//! an abandon    clips it to the least level of the new rung
//! then          BOLA at buffered + placeholder, with its brake on rises
//! too high      for the rung: first the placeholder shrinks, then the player waits
//! ```
//!
//! What is imagined cannot be played, so the insufficient-buffer rule looks at the real buffer and takes the
//! placeholder down with it.

use std::time::Duration;

use super::bola::{Bola, limited_rise};
use super::plain::{self, Choice, Flight};
use super::reference_2018::{InsufficientBuffer, Measured};
use crate::controller::{AbrContext, AbrController, InFlight};
use crate::decision::{Decision, Reason};
use crate::ladder::RungId;
use crate::throughput::TransferSample;

/// Seconds up to which the lowest rung is preferred.
const MINIMUM: f64 = 10.0;
/// Seconds by which each rung extends the range.
const PER_RUNG: f64 = 2.0;

/// A transfer that the next decision has to take into account.
#[derive(Clone, Copy, Debug)]
struct Finished {
    at: Duration,
    took: f64,
}

/// The rule, without estimates of its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct BolaE {
    insufficient: InsufficientBuffer,
    started: bool,
    placeholder: f64,
    finished: Option<Finished>,
    /// The rung that was decided together with a wait: the next call is about the same segment.
    postponed: Option<(RungId, Duration)>,
}

impl BolaE {
    pub(super) fn new() -> Self {
        let insufficient = InsufficientBuffer::new();
        Self { insufficient, started: false, placeholder: 0.0, finished: None, postponed: None }
    }

    fn parameters(ctx: &AbrContext<'_>) -> Bola {
        let full = plain::capacity(ctx).max(MINIMUM + PER_RUNG * ctx.ladder.len() as f64);
        // With one rung, or several of one rate, there is nothing to choose and any V will do.
        let v = (full - MINIMUM) / plain::utility(ctx, plain::top(ctx)).max(1e-3);
        // The paper's utilities begin at one.
        Bola { v, g: MINIMUM / v + 1.0 }
    }

    /// A whole transfer has ended.
    pub(super) fn loaded(&mut self, sample: &TransferSample) {
        self.postponed = None;
        self.finished = Some(Finished { at: sample.finished_at, took: sample.elapsed.as_secs_f64() });
    }

    /// What the last transfer and the time since say about the placeholder; at every decision, whoever makes it.
    pub(super) fn catch_up(&mut self, ctx: &AbrContext<'_>) {
        let Some(finished) = self.finished.take() else { return };
        let bola = Self::parameters(ctx);
        let idle = ctx.now.saturating_sub(finished.at).as_secs_f64();
        if let Some(position) = plain::current(ctx) {
            let level = plain::level(ctx) + idle;
            let at_request = level + finished.took;
            self.placeholder = self.placeholder.min((bola.most_level(ctx, position) - at_request).max(0.0));
            // An empty buffer is not made up for.
            if level > 0.0 {
                self.placeholder = self.placeholder.max(bola.least_level(ctx, position) - at_request);
            }
        }
        self.placeholder += idle;
    }

    /// The rung to take and the wait before it, in seconds, on a link of `rate`.
    pub(super) fn choose(&mut self, ctx: &AbrContext<'_>, measured: &Measured, rate: f64) -> (Choice, f64) {
        if let Some(position) = self.postponed(ctx) {
            return (Choice::by_buffer(position, rate), 0.0);
        }
        let bola = Self::parameters(ctx);
        let level = plain::level(ctx);
        let sustainable = measured.sustainable(ctx, rate);
        if !self.started {
            self.started = true;
            self.placeholder = (bola.least_level(ctx, sustainable) - level).max(0.0);
            return (Choice::by_rate(sustainable, rate), 0.0);
        }
        let mut choice = self.steady(ctx, &bola, (sustainable, rate));
        let mut wait = self.shrink(level, bola.most_level(ctx, choice.position));
        if choice.position == plain::top(ctx) {
            wait = 0.0;
        }
        let in_time = self.insufficient.limit(ctx, measured, rate, choice.position);
        if in_time < choice.position {
            choice = Choice { position: in_time, reason: Reason::InsufficientBuffer, safe: rate };
            wait = 0.0;
            self.clip(level, bola.least_level(ctx, in_time));
        }
        if wait > 0.0 {
            let until = ctx.now.saturating_add(plain::seconds(wait));
            self.postponed = Some((ctx.ladder.rungs()[choice.position].id, until));
        }
        (choice, wait)
    }

    /// BOLA's wish, as far as the link sustains it.
    fn steady(&self, ctx: &AbrContext<'_>, bola: &Bola, (sustainable, rate): (usize, f64)) -> Choice {
        let before = plain::current(ctx).unwrap_or(0);
        let wish = bola.best(ctx, plain::level(ctx) + self.placeholder);
        match limited_rise(before, wish, sustainable) {
            limited if limited < wish => Choice::by_rate(limited, rate),
            _ => Choice::by_buffer(wish, rate),
        }
    }

    /// Takes from the placeholder what lies above `most`; what it cannot give is the wait, in seconds.
    fn shrink(&mut self, level: f64, most: f64) -> f64 {
        let excess = (level + self.placeholder - most).max(0.0);
        let wait = (excess - self.placeholder).max(0.0);
        self.placeholder -= excess - wait;
        wait
    }

    /// Keeps level and placeholder together within `most`.
    fn clip(&mut self, level: f64, most: f64) {
        self.placeholder = self.placeholder.min((most - level).max(0.0));
    }

    /// The rung that was postponed, if this is the call that it was postponed to.
    fn postponed(&mut self, ctx: &AbrContext<'_>) -> Option<usize> {
        let (rung, until) = self.postponed.take()?;
        ctx.ladder.position(rung).filter(|_| ctx.now >= until)
    }

    /// What to fetch instead of the segment in flight, if anything.
    pub(super) fn instead(&self, ctx: &AbrContext<'_>, flight: &Flight) -> Option<usize> {
        // Another request waits again: as long as this one did, in which the buffer drains and this one would go on.
        let level = (plain::level(ctx) + self.placeholder - flight.wait).max(0.0);
        let left = flight.left - flight.wait * flight.rate();
        (left > 0.0).then(|| Self::parameters(ctx).instead(ctx, flight, left, level)).flatten()
    }

    /// A segment is fetched again in the rung at `position`.
    pub(super) fn abandoned(&mut self, ctx: &AbrContext<'_>, position: usize) {
        let least = if position > 0 { Self::parameters(ctx).least_level(ctx, position) } else { MINIMUM };
        self.clip(plain::level(ctx), least);
    }

    /// The score of a rung, for the trace.
    pub(super) fn score(&self, ctx: &AbrContext<'_>, position: usize) -> f64 {
        Self::parameters(ctx).score(ctx, position, plain::level(ctx) + self.placeholder)
    }
}

/// BOLA with placeholder buffer and insufficient-buffer rule.
#[derive(Clone, Debug)]
pub struct BolaEController {
    measured: Measured,
    rule: BolaE,
}

impl BolaEController {
    const NAME: &'static str = "bola-e";

    /// Nothing known.
    pub fn new() -> Self {
        Self { measured: Measured::new(), rule: BolaE::new() }
    }
}

impl Default for BolaEController {
    fn default() -> Self {
        Self::new()
    }
}

impl AbrController for BolaEController {
    fn observe(&mut self, sample: &TransferSample) {
        if self.measured.add(sample) {
            self.rule.loaded(sample);
        }
    }

    fn decide(&mut self, ctx: &AbrContext<'_>) -> Decision {
        self.measured.look(ctx);
        self.rule.catch_up(ctx);
        let (choice, wait) = match self.measured.rate(ctx) {
            Some(rate) => self.rule.choose(ctx, &self.measured, rate),
            None => (Choice::LOWEST, 0.0),
        };
        plain::waiting(wait, ctx, plain::decision(Self::NAME, ctx, choice, |i| self.rule.score(ctx, i)))
    }

    fn reconsider(&mut self, ctx: &AbrContext<'_>, in_flight: &InFlight) -> Option<Decision> {
        let flight = Flight::new(ctx, in_flight)?;
        let position = self.rule.instead(ctx, &flight)?;
        self.rule.abandoned(ctx, position);
        self.measured.give_up();
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

    const LADDER: [u64; 4] = [500, 1000, 2000, 4000];

    fn started(kbps: u64) -> Session<BolaEController> {
        let mut session = Session::new(BolaEController::new(), &LADDER);
        assert_eq!(session.ask(0.0).0, 0, "nothing known");
        session.transfer(kbps, 1.0);
        session
    }

    #[test]
    fn it_begins_at_what_the_link_carries() {
        let mut session = started(2_500);
        assert_eq!(session.ask(4.0).0, 2);
        let bola = BolaE::parameters(&session.context(4.0));
        let least = bola.least_level(&session.context(4.0), 2);
        assert!((session.controller.rule.placeholder + 4.0 - least).abs() < 1e-9, "as if the buffer had grown to it");
        // Segments of that rung in 3.2 s each: the real buffer grows, the rung stays.
        for _ in 0..5 {
            session.transfer(2_500, 3.2);
            assert_eq!(session.ask(6.0).0, 2);
        }
    }

    #[test]
    fn waiting_for_room_is_no_news_about_the_link() {
        let mut session = started(50_000);
        session.ask(28.0);
        session.current = Some(3);
        session.transfer(50_000, 0.5);
        let (before, _) = session.ask(28.0);
        session.transfer(50_000, 0.5);
        // The player slept while 20 s were played.
        session.now += 20.0;
        assert_eq!(session.ask(8.0).0, before, "only the real buffer limits it: 0.59 * 8 s * 50 Mbit/s");
        assert!(session.controller.rule.placeholder >= 15.0, "{}", session.controller.rule.placeholder);
    }

    #[test]
    fn the_real_buffer_has_the_last_word() {
        let mut session = started(4_500);
        assert_eq!(session.ask(4.0).0, 3);
        session.transfer(4_500, 3.0);
        // 0.9 * 1 s * 4.5 Mbit/s hold one segment of 1 Mbit/s, and no more.
        assert_eq!(session.ask(1.0).0, 1);
        let bola = BolaE::parameters(&session.context(1.0));
        assert!(session.controller.rule.placeholder + 1.0 <= bola.least_level(&session.context(1.0), 1) + 1e-9);
    }

    #[test]
    fn a_wait_is_asked_for_once_and_kept_to() {
        let mut session = started(800);
        session.target = 60.0;
        session.ask(30.0);
        session.transfer(800, 2.0);
        let (rung, wait) = session.ask(56.0);
        assert!(rung == 1 && wait > 1.0, "1 Mbit/s is not worth it at 56 s: {rung} {wait}");
        session.now += wait;
        assert_eq!(session.ask(56.0 - wait), (1, 0.0));
    }

    #[test]
    fn a_segment_that_comes_slowly_is_given_up_and_takes_the_placeholder_along() {
        let mut session = started(4_500);
        session.ask(4.0);
        let placeholder = session.controller.rule.placeholder;
        assert_eq!(session.look(4_000, 1.0, 3.0), None);
        assert_eq!(session.look(300, 3.0, 1.0), Some(2), "the placeholder still makes it bold");
        assert!(session.controller.rule.placeholder < placeholder);
    }
}
