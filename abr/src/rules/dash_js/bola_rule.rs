//! BOLA as dash.js has it: with a placeholder that fades.
//!
//! ```text
//! u(i) = ln(rate i / lowest)         full = max(18 s, 10 s + 2 s per rung)         V = (full - 10 s) / u(top), g = 10 s / V
//! score(i) = (V * (u(i) + g) - (buffered + placeholder)) / rate i; the higher of equals
//! start    what the rate rule takes; placeholder = least(i) - buffered; over once a segment has come and is buffered
//! steady   time since the last transfer, or the last call, is added to the placeholder;
//!          no rise above what the rate rule takes; too much for most(i): first the placeholder shrinks, then wait
//! a segment that came: placeholder * 0.99, and not more than most(its rung) - what was buffered at its request
//! abandoned: not more than least(new rung) - buffered; an empty buffer: none
//! ```
//!
//! `least` and `most` reckon with utilities that are higher by one than those of the score, as the original does: both
//! levels are by `V` above those where the score changes.

use std::time::Duration;

use super::super::bola::Bola;
use super::super::plain;
use crate::controller::AbrContext;
use crate::throughput::TransferSample;

/// The player's default buffer goal in seconds.
const DEFAULT_GOAL: f64 = 18.0;
/// Seconds at which the lowest rung gives way, and what each rung adds to the range.
const MINIMUM: f64 = 10.0;
const PER_RUNG: f64 = 2.0;
/// What a segment leaves of the placeholder.
const FADING: f64 = 0.99;

/// A segment that has come and that the placeholder does not know of.
#[derive(Clone, Copy, Debug)]
struct Loaded {
    at: Duration,
    took: f64,
}

/// Its state; the rule is asked only while the buffer is fat, but hears of every segment from its first call on.
#[derive(Clone, Debug)]
pub(super) struct BolaRule {
    /// The last call; `None` before the first.
    called: Option<Duration>,
    steady: bool,
    placeholder: f64,
    loaded: Option<Loaded>,
    /// Since when idle time is to be added: the last segment or the last call.
    idle_since: Duration,
}

impl BolaRule {
    pub(super) fn new() -> Self {
        Self { called: None, steady: false, placeholder: 0.0, loaded: None, idle_since: Duration::ZERO }
    }

    /// The parameters of the score.
    fn score_parameters(ctx: &AbrContext<'_>) -> Bola {
        let full = DEFAULT_GOAL.max(MINIMUM + PER_RUNG * ctx.ladder.len() as f64);
        // With rungs of one rate there is nothing to choose and any V will do.
        let v = (full - MINIMUM) / plain::utility(ctx, plain::top(ctx)).max(1e-3);
        Bola { v, g: MINIMUM / v }
    }

    /// The parameters of the levels.
    fn level_parameters(ctx: &AbrContext<'_>) -> Bola {
        let Bola { v, g } = Self::score_parameters(ctx);
        Bola { v, g: g + 1.0 }
    }

    /// A segment has come.
    pub(super) fn loaded(&mut self, sample: &TransferSample) {
        if self.called.is_some() {
            self.loaded = Some(Loaded { at: sample.finished_at, took: sample.elapsed.as_secs_f64() });
        }
    }

    /// A segment is fetched again in the rung at `position`.
    pub(super) fn abandoned(&mut self, ctx: &AbrContext<'_>, position: usize) {
        let least = if position > 0 { Self::level_parameters(ctx).least_level(ctx, position) } else { MINIMUM };
        self.placeholder = self.placeholder.min((least - plain::level(ctx)).max(0.0));
    }

    /// What the last segment says about the placeholder; at every decision, whoever makes it.
    pub(super) fn catch_up(&mut self, ctx: &AbrContext<'_>) {
        if plain::level(ctx) <= 0.0 && self.steady {
            self.placeholder = 0.0;
        }
        let Some(loaded) = self.loaded.take() else { return };
        self.idle_since = loaded.at;
        self.placeholder *= FADING;
        if let Some(position) = plain::current(ctx) {
            let idle = ctx.now.saturating_sub(loaded.at).as_secs_f64();
            let at_request = plain::level(ctx) + idle + loaded.took;
            let most = Self::level_parameters(ctx).most_level(ctx, position) - at_request;
            self.placeholder = self.placeholder.min(most.max(0.0));
        }
        // A segment has come since the first call.
        self.steady |= self.called.is_some_and(|called| loaded.at > called);
    }

    /// The rung to take and the wait before it, in seconds; the link sustains the rung at `sustainable`.
    pub(super) fn choose(&mut self, ctx: &AbrContext<'_>, sustainable: usize) -> (usize, f64) {
        let level = plain::level(ctx);
        let levels = Self::level_parameters(ctx);
        if self.called.replace(ctx.now).is_none() || !self.steady {
            self.idle_since = ctx.now;
            self.placeholder = (levels.least_level(ctx, sustainable) - level).max(0.0);
            return (sustainable, 0.0);
        }
        self.placeholder += ctx.now.saturating_sub(self.idle_since).as_secs_f64();
        self.idle_since = ctx.now;
        let before = plain::current(ctx).unwrap_or(0);
        let mut position = self.best(ctx);
        if position > before && position > sustainable {
            position = sustainable.max(before);
        }
        let excess = (level + self.placeholder - levels.most_level(ctx, position)).max(0.0);
        let wait = (excess - self.placeholder).max(0.0);
        self.placeholder -= excess - wait;
        // At the top rung the player decides how far to fill the buffer.
        (position, if position == plain::top(ctx) { 0.0 } else { wait })
    }

    fn best(&self, ctx: &AbrContext<'_>) -> usize {
        let best = (0..ctx.ladder.len()).max_by(|a, b| self.score(ctx, *a).total_cmp(&self.score(ctx, *b)));
        best.unwrap_or(0)
    }

    /// The score of the rung at `position`.
    pub(super) fn score(&self, ctx: &AbrContext<'_>, position: usize) -> f64 {
        Self::score_parameters(ctx).score(ctx, position, plain::level(ctx) + self.placeholder)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::plain::testing::Session;
    use super::super::DashJsController;
    use super::*;

    #[test]
    fn rungs_change_where_the_documented_formula_says() {
        let session = Session::new(DashJsController::new(), &[300, 750, 1200, 1850, 2850, 4300]);
        let bola = BolaRule::score_parameters(&session.context(0.0));
        assert!((bola.v - 4.507).abs() < 0.001 && (bola.g - 2.219).abs() < 0.001, "{bola:?}");
        for (position, level) in [(1, 7.25), (2, 10.60), (3, 12.65), (4, 14.60), (5, 16.51)] {
            let least = bola.least_level(&session.context(0.0), position);
            assert!((least - level).abs() < 0.01, "{position}: {least}");
        }
    }

    #[test]
    fn the_start_takes_what_the_link_sustains_and_imagines_the_rest() {
        let session = Session::new(DashJsController::new(), &[500, 1000, 2000, 4000]);
        let mut rule = BolaRule::new();
        assert_eq!(rule.choose(&session.context(13.0), 2), (2, 0.0));
        let least = BolaRule::level_parameters(&session.context(0.0)).least_level(&session.context(0.0), 2);
        assert!((rule.placeholder - (least - 13.0).max(0.0)).abs() < 1e-9);
        assert!(!rule.steady);
    }

    #[test]
    fn an_empty_buffer_imagines_nothing() {
        let session = Session::new(DashJsController::new(), &[500, 1000, 2000, 4000]);
        let mut rule = BolaRule { steady: true, placeholder: 9.0, ..BolaRule::new() };
        rule.catch_up(&session.context(0.1));
        assert_eq!(rule.placeholder, 9.0);
        rule.catch_up(&session.context(0.0));
        assert_eq!(rule.placeholder, 0.0);
    }
}
