//! Lumen's own controller.

use std::time::Duration;

use super::link_state::LinkState;
use super::models::MODELS;
use super::policy::{Policy, Running, Scores, Situation};
use super::rate_forecast::{MEDIAN, Rates, SAFE, prior};
use super::title::{Ahead, Title};
use crate::controller::{AbrContext, AbrController, InFlight};
use crate::decision::{Decision, DecisionTrace, Reason, RungTrace, Verdict};
use crate::ladder::RungId;
use crate::throughput::TransferSample;
use crate::units::Bitrate;

/// Seconds to the first byte before any was seen: a good connection to a near server.
const USUAL_LATENCY: f64 = 0.05;
/// Seconds above which a wait says something of a server and nothing of the next request.
const MOST_LATENCY: f64 = 10.0;
/// Share of the newest wait in their average.
const NEWEST: f64 = 0.2;
/// A transfer is looked at this often, in seconds: a tenth of it would say the same at ten times the cost.
const LOOK_EVERY: f64 = 0.2;
/// Where no byte has come, the body should have begun after this many usual waits, and not before a second.
const PATIENT_WAITS: f64 = 3.0;
const PATIENCE: f64 = 1.0;
/// Seconds that are for ever, for a picture.
const LONGEST: f64 = 1e6;

/// Decides by what was learned from recordings and what this link has shown: see [`crate::engine`].
///
/// Some two hundred bytes of state. It needs to hear of transfers ([`AbrController::observe`]); where it does not, it
/// takes the estimate of the context for what is known.
#[derive(Clone, Debug)]
pub struct LumenController {
    link: LinkState,
    /// Seconds from request to first byte, averaged.
    latency: Option<f64>,
    /// When the last transfer ended.
    ended: Duration,
    /// The rung before the one in flight.
    before: Option<RungId>,
    /// Seconds since the request at which the transfer in flight was last looked at.
    looked: f64,
}

impl LumenController {
    const NAME: &'static str = "lumen";

    /// Knows nothing of the network.
    pub fn new() -> Self {
        Self::with_link(LinkState::EMPTY)
    }

    /// Begins with what an earlier session learned of this network; [`LinkState::age_by`] the time since then.
    pub fn with_link(link: LinkState) -> Self {
        Self { link, latency: None, ended: Duration::ZERO, before: None, looked: 0.0 }
    }

    /// What is known of the network, to be remembered.
    pub fn link(&self) -> &LinkState {
        &self.link
    }

    fn latency(&self, ctx: &AbrContext<'_>) -> f64 {
        let told = ctx.ttfb.map(|wait| wait.as_secs_f64());
        self.latency.or(told).unwrap_or(USUAL_LATENCY).min(MOST_LATENCY)
    }

    /// Everything in plain numbers. `title` and `ahead` are those of the context.
    fn situation<'a>(&'a self, ctx: &AbrContext<'_>, title: &'a Title, ahead: &'a Ahead) -> Situation<'a> {
        let speed = f64::from(ctx.rate.get());
        let limit = ctx.live.map_or(ctx.buffer_target, |live| live.latency);
        let index = |id| ctx.ladder.position(id).and_then(|position| title.index(position));
        Situation {
            title,
            ahead,
            link: &self.link,
            guess: prior(ctx.throughput.as_ref()),
            buffered: ctx.buffered.as_secs_f64() / speed,
            limit: limit.as_secs_f64() / speed,
            remaining: ctx.remaining.map(|segments| segments.saturating_sub(1)),
            latency: self.latency(ctx),
            pause: ctx.now.saturating_sub(self.ended).as_secs_f64(),
            before: self.before.and_then(index),
        }
    }
}

/// The ladder around `position`, as the context has it.
fn title(ctx: &AbrContext<'_>, position: usize) -> (Title, Ahead) {
    let speed = f64::from(ctx.rate.get());
    let title = Title::new(ctx.ladder, position, ctx.next_duration().as_secs_f64(), ctx.live.is_some(), speed);
    let ahead = Ahead::new(ctx, &title, speed);
    (title, ahead)
}

impl Default for LumenController {
    fn default() -> Self {
        Self::new()
    }
}

impl AbrController for LumenController {
    fn observe(&mut self, sample: &TransferSample) {
        self.link.observe(sample);
        self.ended = sample.finished_at;
        let wait = sample.ttfb.as_secs_f64();
        if wait > 0.0 {
            let before = self.latency.unwrap_or(wait);
            self.latency = Some(before + NEWEST * (wait - before));
        }
    }

    fn decide(&mut self, ctx: &AbrContext<'_>) -> Decision {
        let position = ctx.current.and_then(|id| ctx.ladder.position(id));
        // What was taken away was above what is left, and a session begins at the bottom.
        let from = position.unwrap_or_else(|| ctx.current.map_or(0, |_| ctx.ladder.len() - 1));
        (self.before, self.looked) = (ctx.current, 0.0);
        let (title, ahead) = title(ctx, from);
        let situation = self.situation(ctx, &title, &ahead);
        let policy = MODELS.policy(title.live);
        let scores = policy.choose(&situation, from - title.first);
        let rates = policy.rates(&situation, ahead.bits[scores.best], false);
        let reason = match position {
            _ if ctx.ladder.len() == 1 => Reason::OnlyChoice,
            None if ctx.current.is_some() => Reason::Constrained,
            _ if self.link.is_empty() && ctx.throughput.is_none() => Reason::Start,
            _ => {
                // A change downwards is explained by what it avoids.
                let risky = situation.before.map_or(scores.best, |before| before.max(scores.best));
                let rates = policy.rates(&situation, ahead.bits[risky], false);
                let stall_risk = Policy::stall_risk(&situation, risky, &rates);
                Reason::ExpectedQuality { stall_risk: percent(stall_risk), expected: bitrate(rates[MEDIAN]) }
            }
        };
        explain(ctx, &title, &scores, reason, &rates)
    }

    fn reconsider(&mut self, ctx: &AbrContext<'_>, in_flight: &InFlight) -> Option<Decision> {
        let elapsed = in_flight.elapsed.as_secs_f64();
        if elapsed < self.looked + LOOK_EVERY {
            return None;
        }
        self.looked = elapsed;
        let position = ctx.ladder.position(in_flight.rung).filter(|position| *position > 0)?;
        let patience = (PATIENT_WAITS * self.latency(ctx)).max(PATIENCE);
        let wait = in_flight.ttfb.map_or(patience, |wait| wait.as_secs_f64());
        let (title, ahead) = title(ctx, position);
        let rung = title.index(position)?;
        let running = Running {
            rung,
            bits: in_flight.expected.map_or(ahead.bits[rung], |bytes| bytes.bytes() as f64 * 8.0),
            received: in_flight.received.bytes() as f64 * 8.0,
            seconds: elapsed - wait,
        };
        let situation = self.situation(ctx, &title, &ahead);
        let policy = MODELS.policy(title.live);
        let scores = policy.reconsider(&situation, &running)?;
        let rates = policy.rates(&situation, ahead.bits[scores.best], true);
        self.looked = 0.0;
        let remaining = Duration::from_secs_f64(running.left().clamp(0.0, LONGEST));
        Some(explain(ctx, &title, &scores, Reason::Abandon { remaining }, &rates))
    }

    fn name(&self) -> &'static str {
        Self::NAME
    }
}

/// The best of `scores` as a decision.
fn explain(ctx: &AbrContext<'_>, title: &Title, scores: &Scores, reason: Reason, rates: &Rates) -> Decision {
    let mut trace = DecisionTrace::new(LumenController::NAME, ctx);
    trace.safe = (reason != Reason::Start).then(|| bitrate(rates[SAFE]));
    let rungs = &ctx.ladder.rungs()[title.first..];
    for (index, (rung, score)) in rungs.iter().zip(scores.scores).enumerate() {
        let Some(score) = score else { continue };
        trace.rungs.push(RungTrace {
            rung: rung.id,
            needed: ctx.demand(rung).scale(f64::from(ctx.rate.get())),
            score: score.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32,
            verdict: if index == scores.best { Verdict::Chosen } else { Verdict::Outscored },
        });
    }
    Decision { rung: rungs[scores.best].id, reason, not_before: None, trace }
}

fn bitrate(log_rate: f64) -> Bitrate {
    Bitrate::from_bps(log_rate.exp() as u64)
}

/// A probability in whole percent.
fn percent(probability: f64) -> u8 {
    (100.0 * probability).round() as u8
}
