//! Controllers by name, and the rules they are made of.
//!
//! A rule is a pure function of the context that answers one question ("what does the throughput carry?", "what would
//! arrive in time?"). A controller asks several rules and names the one that decided. To add a controller, implement
//! [`AbrController`] in a file here and add one line to [`controller_by_name`] and [`CONTROLLER_NAMES`].

mod abandon;
mod bola;
mod dynamic;
mod insufficient_buffer;
mod switch_history;
mod throughput;

pub use bola::BolaController;
pub use dynamic::DynamicController;
pub use throughput::ThroughputController;

use crate::controller::{AbrContext, AbrController};
use crate::decision::{Decision, DecisionTrace, Reason, RungTrace, Verdict};
use crate::units::Bitrate;

/// The rate assumed before anything was measured. About a 480p rung: a picture that is watchable at once, and whose
/// first four seconds (750 kB) arrive within two seconds on a 3 Mbit/s link. A caller that knows better, say from the
/// session before, puts what it knows into [`AbrContext::throughput`].
pub const START_RATE: Bitrate = Bitrate::from_kbps(1_500);

/// The names that [`controller_by_name`] knows; the first is the default.
pub const CONTROLLER_NAMES: [&str; 3] = ["dynamic", "throughput", "bola"];

/// A fresh controller of that name; `None` where there is none.
pub fn controller_by_name(name: &str) -> Option<Box<dyn AbrController>> {
    match name {
        "dynamic" => Some(Box::new(DynamicController::new())),
        "throughput" => Some(Box::new(ThroughputController::new())),
        "bola" => Some(Box::new(BolaController::new())),
        _ => None,
    }
}

/// Decisions that need no rule at all: one rung, or nothing measured.
fn without_evidence(controller: &'static str, ctx: &AbrContext<'_>) -> Option<Decision> {
    if ctx.ladder.len() == 1 {
        return Some(decide(controller, ctx, 0, Reason::OnlyChoice, throughput::hold_rate(ctx), |_| Scored::new(0.0)));
    }
    if ctx.throughput.is_some() {
        return None;
    }
    let start = throughput::highest_within(ctx, START_RATE).unwrap_or(0);
    // A rung that is already playing was found good by someone; without evidence there is none against it either.
    let position = ctx.current.and_then(|id| ctx.ladder.position(id)).unwrap_or(start);
    Some(decide(controller, ctx, position, Reason::Start, None, |_| Scored::new(0.0)))
}

/// What a controller says about one rung for the trace.
struct Scored {
    score: f64,
    verdict: Verdict,
}

impl Scored {
    fn new(score: f64) -> Self {
        Self { score, verdict: Verdict::Outscored }
    }
}

/// Puts a decision together: `position` is chosen, `score` says what to write about each position.
fn decide(
    controller: &'static str,
    ctx: &AbrContext<'_>,
    position: usize,
    reason: Reason,
    safe: Option<Bitrate>,
    score: impl Fn(usize) -> Scored,
) -> Decision {
    let mut trace = DecisionTrace::new(controller, ctx);
    trace.safe = safe;
    let position = position.min(ctx.ladder.len() - 1);
    for (i, rung) in ctx.ladder.iter().enumerate() {
        let Scored { score, verdict } = score(i);
        trace.rungs.push(RungTrace {
            rung: rung.id,
            needed: throughput::needed(ctx, rung),
            score: if score.is_finite() { score as f32 } else { f32::MIN },
            verdict: if i == position { Verdict::Chosen } else { verdict },
        });
    }
    Decision { rung: ctx.ladder.rungs()[position].id, reason, not_before: None, trace }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_makes_its_controller() {
        for name in CONTROLLER_NAMES {
            assert_eq!(controller_by_name(name).unwrap().name(), name);
        }
        assert!(controller_by_name("oracle").is_none());
    }
}
