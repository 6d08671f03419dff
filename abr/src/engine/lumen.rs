//! Lumen's own controller.

use std::sync::Arc;
use std::time::Duration;

use super::flow::Flow;
use super::link_state::LinkState;
use super::models::{MODELS, Models};
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
/// How a transfer comes in is noted this often, in seconds.
const NOTED_EVERY: f64 = 0.04;
/// Where no byte has come, the body should have begun after this many usual waits, and not before a second.
const PATIENT_WAITS: f64 = 3.0;
const PATIENCE: f64 = 1.0;
/// Seconds that are for ever, for a picture.
const LONGEST: f64 = 1e6;

/// Decides by what was learned from recordings and what this link has shown: see [`crate::engine`].
///
/// Some three hundred bytes of state. It needs to hear of transfers ([`AbrController::observe`]); where it does not, it
/// takes the estimate of the context for what is known. Where it hears how they come in ([`AbrController::progressed`]), it
/// knows the link as it is at their end.
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
    /// What has come of it.
    coming: Option<Coming>,
    /// Those that are compiled in where `None`.
    models: Option<Arc<Models>>,
}

/// How the transfer in flight comes in.
#[derive(Clone, Copy, Debug)]
struct Coming {
    /// Bits and seconds of its body.
    bits: f64,
    seconds: f64,
    /// After what came before it.
    flow: Flow,
}

impl Coming {
    fn after(link: &LinkState) -> Self {
        Self { bits: 0.0, seconds: 0.0, flow: *link.flow() }
    }

    /// As much as that has come.
    fn until(mut self, bits: f64, seconds: f64, link: &LinkState) -> Self {
        if bits < self.bits || seconds < self.seconds {
            // What was known of it was measured otherwise.
            self = Self::after(link);
        }
        self.flow.add(bits - self.bits, seconds - self.seconds);
        (self.bits, self.seconds) = (bits, seconds);
        self
    }
}

impl LumenController {
    const NAME: &'static str = "lumen";

    /// Knows nothing of the network.
    pub fn new() -> Self {
        Self::with_link(LinkState::EMPTY)
    }

    /// Begins with what an earlier session learned of this network; [`LinkState::age_by`] the time since then.
    pub fn with_link(link: LinkState) -> Self {
        Self { link, latency: None, ended: Duration::ZERO, before: None, looked: 0.0, coming: None, models: None }
    }

    /// Decides by other networks than those that are compiled in.
    pub fn with_models(models: Arc<Models>) -> Self {
        Self { models: Some(models), ..Self::new() }
    }

    /// What is known of the network, to be remembered.
    pub fn link(&self) -> &LinkState {
        &self.link
    }

    /// What has come, when the link has carried `sample`.
    fn coming(&self, sample: &TransferSample) -> Coming {
        let coming = self.coming.unwrap_or_else(|| Coming::after(&self.link));
        coming.until(sample.bytes.bytes() as f64 * 8.0, sample.body_time().as_secs_f64(), &self.link)
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
    fn progressed(&mut self, so_far: &TransferSample) {
        let known = self.coming.map_or(0.0, |coming| coming.seconds);
        let seconds = so_far.body_time().as_secs_f64();
        if !(known..known + NOTED_EVERY).contains(&seconds) {
            self.coming = Some(self.coming(so_far));
        }
    }

    fn observe(&mut self, sample: &TransferSample) {
        let Coming { bits, seconds, flow } = self.coming(sample);
        self.coming = None;
        self.link.observe_flow(bits, seconds, &flow);
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
        (self.before, self.looked, self.coming) = (ctx.current, 0.0, None);
        let (title, ahead) = title(ctx, from);
        let situation = self.situation(ctx, &title, &ahead);
        let policy = self.models.as_deref().unwrap_or(&MODELS).policy(title.live);
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
        let (received, seconds) = (in_flight.received.bytes() as f64 * 8.0, elapsed - wait);
        let mut flow = self.coming.map_or(*self.link.flow(), |coming| coming.flow);
        if self.coming.is_none() {
            flow.add(received, seconds);
        }
        let running = Running {
            rung,
            bits: in_flight.expected.map_or(ahead.bits[rung], |bytes| bytes.bytes() as f64 * 8.0),
            received,
            seconds,
            flow,
        };
        let situation = self.situation(ctx, &title, &ahead);
        let policy = self.models.as_deref().unwrap_or(&MODELS).policy(title.live);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::ByteCount;

    fn sample(bytes: u64, seconds: f64) -> TransferSample {
        let elapsed = Duration::from_secs_f64(0.1 + seconds);
        TransferSample { bytes: ByteCount::new(bytes), ttfb: Duration::from_millis(100), elapsed, finished_at: elapsed }
    }

    #[test]
    fn what_came_at_the_end_of_a_transfer_is_known_if_it_was_watched() {
        let mut watched = LumenController::new();
        for tenth in 1..=40 {
            watched.progressed(&sample(tenth * 100_000, 0.1 * tenth as f64));
        }
        watched.observe(&sample(4_050_000, 6.0));
        let mut unwatched = LumenController::new();
        unwatched.observe(&sample(4_050_000, 6.0));
        let mbps = |controller: &LumenController| controller.link().moments()[0].exp() / 1e6;
        assert!((mbps(&unwatched) - 5.4).abs() < 0.01, "{}", mbps(&unwatched));
        assert!(mbps(&watched) < 0.25, "50 kB in the last two seconds: {}", mbps(&watched));
        assert_eq!(watched.link().last(), unwatched.link().last());
    }

    #[test]
    fn reports_that_contradict_each_other_do_no_harm() {
        let mut controller = LumenController::new();
        for (bytes, seconds) in [(500_000, 1.0), (400_000, 2.0), (900_000, 1.5), (0, 9.0), (u64::MAX, 9.1), (1, 20.0)] {
            controller.progressed(&sample(bytes, seconds));
        }
        controller.observe(&sample(1_000_000, 3.0));
        let rates = controller.link().moments();
        assert!(rates.iter().all(|rate| rate.is_finite() && *rate < 30.0), "{rates:?}");
    }
}
