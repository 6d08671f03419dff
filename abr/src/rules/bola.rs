//! BOLA: choose by the buffer level alone, with a guarantee.
//!
//! Spiteri, Urgaonkar, Sitaraman, "BOLA: Near-optimal bitrate adaptation for online videos", INFOCOM 2016. The rung
//! with the most utility per bit, where the buffer level is the price of downloading:
//!
//! ```text
//! u(m)        = ln(S(m) / S(0))                        S: declared rate of rung m
//! score(m, Q) = (V * (u(m) + g) - Q) / S(m)            Q: buffer in seconds
//! choose the rung of the highest score
//! ```
//!
//! `V` weighs quality against the buffer and `g` a moving picture against quality. This is the variant for titles of
//! finite length (BOLA-FINITE), which begins and ends with a smaller buffer, with the brake on rises that costs no
//! utility (BOLA-U) and with the paper's abandonment, all with the paper's `g`:
//!
//! ```text
//! Qd = min(cap, max(min(played, to come) / 2, 3 segments))         V = (Qd - segment) / (u(top) + g),   g = 5
//! a rise above what the link sustains ends one rung above that, or does not happen
//! while a segment comes in: take the lower rung with the highest score per bit, if that beats the rest of this one
//! ```
//!
//! The other brake of the paper, BOLA-O, ends a rise at what the link sustains and waits. It changes less and is worth
//! less; BOLA-U is what the authors' simulator does unless told otherwise, so it is the yardstick here.
//!
//! Deviation, as in the authors' simulator: the throughput is the estimate of [`super::reference_2018`], not the last
//! transfer's rate. In live there is no end, so only what was played counts.

use super::plain::{self, Choice, Flight};
use super::reference_2018::Measured;
use crate::controller::{AbrContext, AbrController, InFlight};
use crate::decision::Decision;
use crate::throughput::TransferSample;

/// The parameters for one ladder and buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bola {
    /// Seconds per unit of utility.
    pub(super) v: f64,
    /// The utility of a moving picture.
    pub(super) g: f64,
}

impl Bola {
    /// Utility per bit of the rung at `position`, in units of the lowest rung's bits; positive while a segment of it is
    /// worth downloading.
    pub(super) fn score(&self, ctx: &AbrContext<'_>, position: usize, level: f64) -> f64 {
        let utility = plain::utility(ctx, position);
        (self.v * (utility + self.g) - level) / utility.exp()
    }

    /// Position of the best rung; the lower one where two are equal.
    pub(super) fn best(&self, ctx: &AbrContext<'_>, level: f64) -> usize {
        let mut best = (0, self.score(ctx, 0, level));
        for position in 1..ctx.ladder.len() {
            let score = self.score(ctx, position, level);
            if score > best.1 {
                best = (position, score);
            }
        }
        best.0
    }

    /// From this level on the rung at `position` is better than every lower one.
    pub(super) fn least_level(&self, ctx: &AbrContext<'_>, position: usize) -> f64 {
        let (rate, utility) = (plain::rate(ctx, position), plain::utility(ctx, position));
        let crossing = |lower: usize| {
            let (less, worse) = (plain::rate(ctx, lower), plain::utility(ctx, lower));
            // Rungs of one rate are equally good at every level.
            if less < rate { self.v * (self.g + (rate * worse - less * utility) / (rate - less)) } else { 0.0 }
        };
        (0..position).map(crossing).fold(0.0, f64::max)
    }

    /// Up to this level a segment of the rung at `position` is worth downloading.
    pub(super) fn most_level(&self, ctx: &AbrContext<'_>, position: usize) -> f64 {
        self.v * (plain::utility(ctx, position) + self.g)
    }

    /// The lower rung that promises more per bit than the rest of the segment in flight, at this level.
    pub(super) fn instead(&self, ctx: &AbrContext<'_>, flight: &Flight, left: f64, level: f64) -> Option<usize> {
        let worth = |position: usize| self.most_level(ctx, position) - level;
        let mut best = (None, worth(flight.position) / left);
        for position in 0..flight.position {
            let total = flight.total_in(ctx, position);
            // A larger download than the rest of this one is never worth it, though a high level could make it seem so.
            if total < left && worth(position) / total > best.1 {
                best = (Some(position), worth(position) / total);
            }
        }
        best.0
    }
}

/// How far a rise from `before` to `wish` may go where the link sustains the rung at `sustainable`.
pub(super) fn limited_rise(before: usize, wish: usize, sustainable: usize) -> usize {
    match wish {
        wish if wish <= before || wish <= sustainable => wish,
        _ if sustainable < before => before,
        _ => sustainable + 1,
    }
}

/// BOLA-FINITE with the brake of BOLA-U.
#[derive(Clone, Debug)]
pub struct BolaController {
    measured: Measured,
    /// As of the last decision.
    bola: Bola,
}

impl BolaController {
    const NAME: &'static str = "bola";
    /// The paper's `gamma * p`.
    const G: f64 = 5.0;
    /// Segments; the smallest buffer that the finite variant reckons with.
    const LEAST_SEGMENTS: f64 = 3.0;

    /// Nothing known.
    pub fn new() -> Self {
        Self { measured: Measured::new(), bola: Bola { v: 1.0, g: Self::G } }
    }

    /// The parameters for the segment to come, after that many.
    fn parameters(ctx: &AbrContext<'_>, played: u32) -> Bola {
        let played = f64::from(played);
        let to_come = ctx.remaining.map_or(played, f64::from);
        let segments = (played.min(to_come) / 2.0).max(Self::LEAST_SEGMENTS);
        let segment = plain::segment(ctx);
        let level = (segments * segment).min(plain::capacity(ctx));
        // A buffer of less than two segments leaves nothing to steer by; the highest rung is then at one segment.
        let v = (level - segment).max(segment) / (plain::utility(ctx, plain::top(ctx)) + Self::G);
        Bola { v, g: Self::G }
    }

    /// The rung to take on a link of `rate`.
    fn choose(&mut self, ctx: &AbrContext<'_>, measured: &Measured, rate: f64) -> Choice {
        self.bola = Self::parameters(ctx, measured.segments());
        let wish = self.bola.best(ctx, plain::level(ctx));
        match limited_rise(plain::current(ctx).unwrap_or(0), wish, measured.sustainable(ctx, rate)) {
            limited if limited < wish => Choice::by_rate(limited, rate),
            _ => Choice::by_buffer(wish, rate),
        }
    }
}

impl Default for BolaController {
    fn default() -> Self {
        Self::new()
    }
}

impl AbrController for BolaController {
    fn observe(&mut self, sample: &TransferSample) {
        self.measured.add(sample);
    }

    fn decide(&mut self, ctx: &AbrContext<'_>) -> Decision {
        self.measured.look(ctx);
        let measured = self.measured;
        let choice = measured.rate(ctx).map_or(Choice::LOWEST, |rate| self.choose(ctx, &measured, rate));
        let level = plain::level(ctx);
        plain::decision(Self::NAME, ctx, choice, |i| self.bola.score(ctx, i, level))
    }

    fn reconsider(&mut self, ctx: &AbrContext<'_>, in_flight: &InFlight) -> Option<Decision> {
        let flight = Flight::new(ctx, in_flight)?;
        let level = plain::level(ctx);
        if self.bola.most_level(ctx, flight.position) < level {
            return None;
        }
        let position = self.bola.instead(ctx, &flight, flight.left, level)?;
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

    #[test]
    fn levels_mean_what_they_say() {
        let session = Session::new(BolaController::new(), &LADDER);
        // As for a cap of 30 s and segments of 4 s.
        let bola = Bola { v: 26.0 / (8_f64.ln() + 5.0), g: 5.0 };
        for position in 1..4 {
            let least = bola.least_level(&session.context(0.0), position);
            assert_eq!(bola.best(&session.context(0.0), least - 0.01), position - 1);
            assert_eq!(bola.best(&session.context(0.0), least + 0.01), position);
        }
        let most = bola.most_level(&session.context(0.0), 3);
        assert!((most - 26.0).abs() < 1e-9, "the top rung is worth nothing where no further segment fits: {most}");
        assert!(bola.score(&session.context(0.0), 3, most).abs() < 1e-9);
    }

    #[test]
    fn more_buffer_never_means_less_quality() {
        for kbps in [vec![400, 800, 1600, 3200], vec![100, 101, 5000], vec![500, 500, 500], vec![1, 20_000]] {
            let session = Session::new(BolaController::new(), &kbps);
            let bola = Bola { v: 4.0, g: 5.0 };
            let positions: Vec<usize> =
                (0..400).map(|s| bola.best(&session.context(0.0), f64::from(s) / 10.0)).collect();
            assert!(positions.is_sorted(), "{kbps:?}: {positions:?}");
        }
    }

    /// Played for long enough to use the whole buffer.
    fn long_played(kbps: u64) -> Session<BolaController> {
        let mut session = Session::new(BolaController::new(), &LADDER);
        (0..20).for_each(|_| session.transfer(kbps, 10.0));
        session
    }

    #[test]
    fn a_rise_ends_one_rung_above_what_the_link_sustains() {
        let mut session = long_played(900);
        session.current = Some(0);
        assert_eq!(session.ask(26.0), (1, 0.0));
        session.current = Some(1);
        assert_eq!(session.ask(26.0), (1, 0.0), "and goes no further from there");
        session.current = Some(2);
        assert_eq!(session.ask(26.0), (2, 0.0), "what plays is not given up for that");
        assert_eq!(session.ask(10.0), (0, 0.0), "but for the buffer");
    }

    #[test]
    fn the_buffer_grows_with_what_was_played() {
        let mut session = Session::new(BolaController::new(), &LADDER);
        session.transfer(50_000, 4.0);
        assert_eq!(session.ask(7.9).0, 3, "at first three segments are a full buffer");
        (0..20).for_each(|_| session.transfer(50_000, 0.1));
        assert_eq!(session.ask(7.9).0, 0, "later it is a thin one");
    }

    #[test]
    fn a_segment_that_comes_slowly_is_given_up() {
        let mut session = long_played(50_000);
        session.current = Some(3);
        session.ask(25.0);
        assert_eq!(session.current, Some(3));
        assert_eq!(session.look(4_000, 1.0, 24.0), None);
        assert_eq!(session.look(300, 8.0, 17.0), Some(1), "3.9 s above the price for 4 Mbit, 9 s for 13.6");
        assert_eq!(session.look(1_950, 8.0, 1.0), None, "what is left is no more than the lowest rung has");
    }
}
