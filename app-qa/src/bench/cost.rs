//! What a decision and a session cost on this machine.

use super::Round;
use super::tables::section;
use crate::sim::contestant::Contestant;
use crate::sim::experiment::Setting;
use crate::sim::table::Table;
use abr::sim::SizeKnowledge;
use abr::{AbrContext, AbrController, Decision, InFlight, PlaybackPlan, TransferSample};
use std::time::{Duration, Instant};

/// Recordings per scenario on which decisions are timed: some forty thousand decisions of each controller.
const TIMED: usize = 40;

/// Sessions are counted for at least this long.
const LEAST: Duration = Duration::from_millis(1_500);

/// Tables of the cost of decisions and of sessions, as Markdown.
pub fn text(rounds: &[Round<'_>], contestants: &[Contestant]) -> String {
    let mut decisions = Table::new([
        "controller",
        "decide p50 µs",
        "p99 µs",
        "reconsider p50 µs",
        "p99 µs",
        "prepare at most ms",
        "state in place, bytes",
    ]);
    for contestant in contestants {
        if let Some(cost) = cost(rounds, *contestant) {
            decisions.push([
                contestant.to_string(),
                micros(&cost.decide, 0.5),
                micros(&cost.decide, 0.99),
                micros(&cost.reconsider, 0.5),
                micros(&cost.reconsider, 0.99),
                format!("{:.2}", cost.prepare.iter().max().copied().unwrap_or_default().as_secs_f64() * 1e3),
                cost.bytes.to_string(),
            ]);
        }
    }
    let mut sessions = Table::new(["scenario", "segments", "sessions per second and core, throughput rule"]);
    for round in rounds {
        if let Some(speed) = speed(&round.setting) {
            let Setting { scenario, content, .. } = &round.setting;
            sessions.push([scenario.name.to_owned(), content.segments().to_string(), format!("{speed:.0}")]);
        }
    }
    section("Cost of a decision", &decisions) + &section("Speed of the simulator", &sessions)
}

/// Times of one controller, each list in rising order.
#[derive(Debug, Default)]
struct Cost {
    prepare: Vec<Duration>,
    decide: Vec<Duration>,
    reconsider: Vec<Duration>,
    bytes: usize,
}

/// Plays some recordings of each scenario one after another, so that nothing else runs meanwhile.
fn cost(rounds: &[Round<'_>], contestant: Contestant) -> Option<Cost> {
    let mut cost = Cost { bytes: size_of_val(contestant.controller()?.as_ref()), ..Cost::default() };
    for Round { setting, .. } in rounds {
        let step = setting.recordings.len().div_ceil(TIMED).max(1);
        for recording in setting.recordings.iter().step_by(step) {
            let mut watch = Stopwatch { controller: setting.controller(contestant)?, cost: &mut cost };
            setting.session_of(recording, &mut watch, SizeKnowledge::Known);
        }
    }
    for times in [&mut cost.prepare, &mut cost.decide, &mut cost.reconsider] {
        times.sort_unstable();
    }
    Some(cost)
}

/// Sessions per second of the throughput rule on one core.
fn speed(setting: &Setting<'_>) -> Option<f64> {
    let rule: Contestant = "throughput".parse().ok()?;
    let started = Instant::now();
    let mut sessions = 0;
    while started.elapsed() < LEAST && !setting.recordings.is_empty() {
        for recording in &setting.recordings {
            setting.session_of(recording, rule.controller()?.as_mut(), SizeKnowledge::Known);
            sessions += 1;
        }
    }
    (sessions > 0).then(|| f64::from(sessions) / started.elapsed().as_secs_f64())
}

/// A share of the times is not above this many microseconds.
fn micros(times: &[Duration], share: f64) -> String {
    let rank = (share * times.len().saturating_sub(1) as f64).round() as usize;
    times.get(rank).map_or_else(|| "–".to_owned(), |time| format!("{:.1}", time.as_secs_f64() * 1e6))
}

/// Times what a controller does. Reading the clock is part of each time, some 0.03 µs.
#[derive(Debug)]
struct Stopwatch<'a> {
    controller: Box<dyn AbrController>,
    cost: &'a mut Cost,
}

fn timed<T>(times: &mut Vec<Duration>, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = work();
    times.push(started.elapsed());
    result
}

impl AbrController for Stopwatch<'_> {
    fn prepare(&mut self, plan: &PlaybackPlan<'_>) {
        timed(&mut self.cost.prepare, || self.controller.prepare(plan));
    }

    fn observe(&mut self, sample: &TransferSample) {
        self.controller.observe(sample);
    }

    fn watches_transfers(&self) -> bool {
        self.controller.watches_transfers()
    }

    fn decide(&mut self, ctx: &AbrContext<'_>) -> Decision {
        timed(&mut self.cost.decide, || self.controller.decide(ctx))
    }

    fn reconsider(&mut self, ctx: &AbrContext<'_>, in_flight: &InFlight) -> Option<Decision> {
        timed(&mut self.cost.reconsider, || self.controller.reconsider(ctx, in_flight))
    }

    fn name(&self) -> &'static str {
        self.controller.name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_ranks() {
        let times: Vec<Duration> = (1..=101).map(Duration::from_micros).collect();
        assert_eq!((micros(&times, 0.5), micros(&times, 0.99)), ("51.0".to_owned(), "100.0".to_owned()));
        assert_eq!(micros(&[], 0.5), "–");
    }
}
