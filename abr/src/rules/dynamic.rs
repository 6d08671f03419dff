//! DYNAMIC as published in 2018: throughput while the buffer is thin, BOLA-E while it is fat.
//!
//! Source and constants as in [`super::reference_2018`]; the default of the DASH reference player of that time.
//!
//! ```text
//! begin with the throughput rule; BOLA-E from 10 s on; the throughput rule again below 5 s
//! abandon by the rule that decides
//! ```
//!
//! Throughput is right while there is no buffer to steer by; the level of the buffer is right once it says more than a
//! noisy estimate does. BOLA-E hears of every segment, so that its placeholder is right when its turn comes.

use super::bola_e::BolaE;
use super::plain::{self, Choice, Flight};
use super::reference_2018::{Measured, ThroughputRule};
use crate::controller::{AbrContext, AbrController, InFlight};
use crate::decision::Decision;
use crate::throughput::TransferSample;

/// Seconds from which on a buffer is fat, and below which it is thin again.
const FAT: (f64, f64) = (10.0, 5.0);

/// Throughput and BOLA-E by turns.
#[derive(Clone, Debug)]
pub struct DynamicController {
    measured: Measured,
    throughput: ThroughputRule,
    bola: BolaE,
    fat: bool,
}

impl DynamicController {
    const NAME: &'static str = "dynamic";

    /// Begins with the throughput rule.
    pub fn new() -> Self {
        Self { measured: Measured::new(), throughput: ThroughputRule::new(), bola: BolaE::new(), fat: false }
    }

    /// The rung and the wait before it, in seconds.
    fn choose(&mut self, ctx: &AbrContext<'_>, rate: f64) -> (Choice, f64) {
        self.bola.catch_up(ctx);
        let level = plain::level(ctx);
        self.fat = if self.fat { level >= FAT.1 } else { level > FAT.0 };
        if self.fat {
            self.bola.choose(ctx, &self.measured, rate)
        } else {
            (self.throughput.choose(ctx, &self.measured, rate), 0.0)
        }
    }
}

impl Default for DynamicController {
    fn default() -> Self {
        Self::new()
    }
}

impl AbrController for DynamicController {
    fn observe(&mut self, sample: &TransferSample) {
        if self.measured.add(sample) {
            self.bola.loaded(sample);
        }
    }

    fn decide(&mut self, ctx: &AbrContext<'_>) -> Decision {
        self.measured.look(ctx);
        let (choice, wait) = match self.measured.rate(ctx) {
            Some(rate) => self.choose(ctx, rate),
            None => (Choice::LOWEST, 0.0),
        };
        let decision = plain::decision(Self::NAME, ctx, choice, |i| {
            if self.fat { self.bola.score(ctx, i) } else { choice.safe - plain::rate(ctx, i) }
        });
        plain::waiting(wait, ctx, decision)
    }

    fn reconsider(&mut self, ctx: &AbrContext<'_>, in_flight: &InFlight) -> Option<Decision> {
        let flight = Flight::new(ctx, in_flight)?;
        let instead = if self.fat {
            self.bola.instead(ctx, &flight).map(|position| (position, flight.left / flight.rate()))
        } else {
            ThroughputRule::reconsider(ctx, &self.measured, &flight)
        };
        let (position, remaining) = instead?;
        self.bola.abandoned(ctx, position);
        self.measured.give_up();
        plain::abandon(Self::NAME, ctx, &flight, (position, remaining))
    }

    fn name(&self) -> &'static str {
        Self::NAME
    }
}

#[cfg(test)]
mod tests {
    use super::super::plain::testing::Session;
    use super::*;

    #[test]
    fn the_buffer_says_which_rule_decides() {
        let mut session = Session::new(DynamicController::new(), &[500, 1000, 2000, 4000]);
        assert_eq!(session.ask(0.0).0, 0, "nothing known");
        session.transfer(2_300, 4.0);
        let mut fat = |level| {
            session.ask(level);
            session.controller.fat
        };
        assert!(!fat(10.0) && fat(10.1) && fat(5.0) && !fat(4.9) && !fat(10.0));
    }

    #[test]
    fn bola_begins_where_the_throughput_rule_was() {
        let mut session = Session::new(DynamicController::new(), &[500, 1000, 2000, 4000]);
        session.ask(0.0);
        session.transfer(2_300, 4.0);
        assert_eq!(session.ask(9.0).0, 2);
        session.transfer(2_300, 3.4);
        assert_eq!(session.ask(10.1).0, 2, "no jump at the change");
        session.transfer(2_300, 3.4);
        assert_eq!(session.ask(10.6).0, 2);
    }
}
