//! A controller that writes down what another one says.

use abr::{AbrContext, AbrController, Decision, InFlight, PlaybackPlan, RungId, TransferSample};
use std::time::Duration;

/// A decision as it was made.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Statement {
    /// Segments from the one that it is about to the end.
    pub(super) remaining: usize,
    /// Time since the session began.
    pub(super) at: Duration,
    pub(super) rung: RungId,
    /// The request is to wait until then.
    pub(super) not_before: Option<Duration>,
    /// It ended a transfer.
    pub(super) abandons: bool,
    /// Why, in words.
    pub(super) sentence: String,
}

/// Passes everything on and changes nothing.
#[derive(Debug)]
pub(super) struct Witness {
    controller: Box<dyn AbrController>,
    pub(super) statements: Vec<Statement>,
}

impl Witness {
    pub(super) fn new(controller: Box<dyn AbrController>) -> Self {
        Self { controller, statements: Vec::new() }
    }

    fn hear(&mut self, ctx: &AbrContext<'_>, decision: &Decision, abandons: bool) {
        self.statements.push(Statement {
            remaining: ctx.upcoming.len(),
            at: ctx.now,
            rung: decision.rung,
            not_before: decision.not_before,
            abandons,
            sentence: decision.sentence(ctx.ladder),
        });
    }
}

impl AbrController for Witness {
    fn prepare(&mut self, plan: &PlaybackPlan<'_>) {
        self.controller.prepare(plan);
    }

    fn observe(&mut self, sample: &TransferSample) {
        self.controller.observe(sample);
    }

    fn watches_transfers(&self) -> bool {
        self.controller.watches_transfers()
    }

    fn decide(&mut self, ctx: &AbrContext<'_>) -> Decision {
        let decision = self.controller.decide(ctx);
        self.hear(ctx, &decision, false);
        decision
    }

    fn reconsider(&mut self, ctx: &AbrContext<'_>, in_flight: &InFlight) -> Option<Decision> {
        let decision = self.controller.reconsider(ctx, in_flight)?;
        self.hear(ctx, &decision, true);
        Some(decision)
    }

    fn name(&self) -> &'static str {
        self.controller.name()
    }
}
