//! Learning the networks of [`crate::engine`] from recordings (feature `train`).
//!
//! ```text
//! recordings ─► transfers ─► quantiles ─────────────► RateForecast ─┐
//!                                                                   ▼
//! recordings, titles ─► situations played on from ─► returns ─► Worth ─┐   once for live, once for on demand
//!                              ▲                                       │
//!                              ├────────── the next iteration ─────────┘
//!                              ▼
//!                    candidates played on ─► what each gave away ─► Advantage   once for live, once for on demand
//! ```
//!
//! First the forecast, by the pinball loss over transfers drawn from all recordings. Then, in each iteration, thousands
//! of sessions are played with the policy so far to a random point; from there the same situation is played on with
//! eight buffers and rungs, and the returns that were seen (a dozen segments and the worth of what comes after) are what
//! the next value network learns. Everything that decides, forecasts or measures in here is the code of the engine;
//! what is new is random situations, gradients and nothing else.
//!
//! The same seed gives the same networks on the same machine, on any number of cores.

mod adam;
mod advantages;
mod coming;
mod gradient;
mod links;
mod quantiles;
mod returns;
mod situations;
mod titles;
mod transfers;
mod world;

use crate::engine::advantage::{Advantage, AdvantageNetwork};
use crate::engine::models::{COMPILED_IN, MODELS, ModelFiles};
use crate::engine::policy::Policy;
use crate::engine::rate_forecast::RateForecast;
use crate::engine::worth::{ValueNetwork, Worth};
use crate::sim::{Content, Recording};
pub use advantages::Subject;
use returns::Returns;
use situations::Situations;
use std::fmt;

/// Iterations whose returns are learned from together: the newest, and some before against forgetting.
const KEPT: usize = 4;

/// How much to learn from what.
#[derive(Clone, Debug)]
pub struct TrainOptions {
    /// Iterations of either value network. After eighteen, the scores on the development recordings move by less than
    /// their noise.
    pub iterations: u32,
    /// Situations played on from in each iteration.
    pub situations: usize,
    /// Transfers drawn from each source.
    pub transfers: usize,
    /// Rounds of either advantage network; in each, moments whose candidates are played on.
    pub rounds: u32,
    /// How many.
    pub moments: usize,
    /// Sources that are left out, to see what networks are worth on a network they never saw.
    pub without: Vec<String>,
    /// Of everything random.
    pub seed: u64,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self {
            iterations: 18,
            situations: 20_000,
            transfers: 80_000,
            rounds: 8,
            moments: 16_000,
            without: Vec::new(),
            seed: 7,
        }
    }
}

/// Why nothing can be learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// There are none, or all were left out.
    #[error("there are no recordings to learn from")]
    NoRecordings,
    /// There are none.
    #[error("there are no ladders to learn with")]
    NoLadders,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Progress {
    /// The forecast was learned.
    Forecast {
        /// From how many transfers.
        transfers: usize,
        /// Mean pinball loss over the quantiles' sum, in natural logarithms.
        loss: f64,
    },
    /// A value network was improved once more.
    Iteration {
        /// Which network.
        live: bool,
        /// Counted from one.
        iteration: u32,
        /// From how many returns.
        returns: usize,
        /// Root of the mean squared error between the states of one situation: what decisions depend on.
        error: f64,
    },
    /// An advantage network was improved once more.
    Round {
        /// What it chooses.
        subject: Subject,
        /// Which network.
        live: bool,
        /// Counted from one.
        round: u32,
        /// From how many moments.
        moments: usize,
        /// What the policy gave away at a moment that it had not seen before, on average, by hindsight.
        regret: f64,
    },
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forecast { transfers, loss } => write!(f, "forecast: {transfers} transfers, loss {loss:.4}"),
            Self::Iteration { live, iteration, returns, error } => {
                let name = if *live { "live" } else { "on demand" };
                write!(f, "{name} {iteration}: {returns} returns, error {error:.3}")
            }
            Self::Round { subject, live, round, moments, regret } => {
                let name = if *live { "live" } else { "on demand" };
                let of = match subject {
                    Subject::Next => "choices",
                    Subject::UnderWay => "abandonments",
                };
                write!(f, "{of} {name} {round}: {moments} moments, regret {regret:.3}")
            }
        }
    }
}

/// Learns all networks; minutes on all cores.
///
/// # Errors
/// [`TrainError`] where there is nothing to learn from.
pub fn train(
    recordings: &[Recording],
    ladders: &[Content],
    options: &TrainOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<ModelFiles, TrainError> {
    let sources = sources(recordings, ladders, options)?;
    let titles = titles::draw(ladders, options.seed);
    let situations = Situations { sources: &sources, titles: &titles, given: ladders.len() * titles::GIVEN };
    let transfers = transfers::draw(&sources, options.transfers, options.seed);
    let (network, loss) = quantiles::learn(&transfers, options.seed);
    progress(Progress::Forecast { transfers: transfers.len(), loss });
    let rate = RateForecast::new(network);
    let live = iterate(&situations, &rate, true, options, progress);
    let on_demand = iterate(&situations, &rate, false, options, progress);
    let values = [rate.network().to_bytes(), live.network().to_bytes(), on_demand.network().to_bytes()];
    let policies = [&live, &on_demand].map(|worth| Policy { rate: &rate, worth, advantage: None, abandonment: None });
    Ok(choose(values, &policies, &situations, options, progress))
}

/// Learns the advantages alone, for the forecast and the values that are compiled in.
///
/// # Errors
/// [`TrainError`] where there is nothing to learn from.
pub fn refine(
    recordings: &[Recording],
    ladders: &[Content],
    options: &TrainOptions,
    progress: &mut dyn FnMut(Progress),
) -> Result<ModelFiles, TrainError> {
    let sources = sources(recordings, ladders, options)?;
    let titles = titles::draw(ladders, options.seed);
    let situations = Situations { sources: &sources, titles: &titles, given: ladders.len() * titles::GIVEN };
    let [rate, live, on_demand, ..] = COMPILED_IN;
    let policies = [true, false].map(|live| Policy { advantage: None, abandonment: None, ..MODELS.policy(live) });
    Ok(choose([rate, live, on_demand].map(<[u8]>::to_vec), &policies, &situations, options, progress))
}

/// Learns what the policies of both worlds lack, live first; returns it with what they are made of.
fn choose(
    [rate, worth_live, worth_on_demand]: [Vec<u8>; 3],
    policies: &[Policy<'_>; 2],
    situations: &Situations<'_>,
    options: &TrainOptions,
    progress: &mut dyn FnMut(Progress),
) -> ModelFiles {
    let links = links::draw(options.seed);
    let sources = with_links(situations.sources.to_vec(), &links);
    let situations = Situations { sources: &sources, ..*situations };
    let mut improve = |policy, live| improve(&situations, policy, live, options, progress).map(|n| n.to_bytes());
    let [live, on_demand] = policies;
    let [advantage_live, abandonment_live] = improve(live, true);
    let [advantage_on_demand, abandonment_on_demand] = improve(on_demand, false);
    ModelFiles([
        rate,
        worth_live,
        worth_on_demand,
        advantage_live,
        advantage_on_demand,
        abandonment_live,
        abandonment_on_demand,
    ])
}

/// Learns to choose, then to give up as whoever chooses so should. To choose again after that would be the next step of the
/// iteration, but made worse what it was to improve.
fn improve(
    situations: &Situations<'_>,
    policy: &Policy<'_>,
    live: bool,
    options: &TrainOptions,
    progress: &mut dyn FnMut(Progress),
) -> [AdvantageNetwork; 2] {
    let mut learn =
        |policy: &Policy<'_>, subject| advantages::learn(situations, policy, (subject, live), options, progress);
    let advantage = learn(policy, Subject::Next);
    let chosen = Advantage::new(advantage.clone());
    let abandonment = learn(&Policy { advantage: Some(&chosen), ..*policy }, Subject::UnderWay);
    [advantage, abandonment]
}

/// The recordings to learn from, by source.
fn sources<'a>(
    recordings: &'a [Recording],
    ladders: &[Content],
    options: &TrainOptions,
) -> Result<Vec<Vec<&'a Recording>>, TrainError> {
    let sources = by_source(recordings, &options.without);
    if sources.is_empty() {
        return Err(TrainError::NoRecordings);
    }
    if ladders.is_empty() {
        return Err(TrainError::NoLadders);
    }
    Ok(sources)
}

/// The sources and, as one more, made links.
fn with_links<'a>(mut sources: Vec<Vec<&'a Recording>>, links: &'a [Recording]) -> Vec<Vec<&'a Recording>> {
    sources.push(links.iter().collect());
    sources
}

/// How much is learned in a part of the iterations.
struct Stage {
    /// In situations, relative to [`TrainOptions::situations`], and segments.
    situations: f64,
    horizon: usize,
    epochs: usize,
    rate: f32,
    /// By how much the policy follows what was learned last.
    follow: f32,
}

/// First quickly to something sensible, from a policy that sees no further than the next segment; then, with more of
/// everything, to what the noise allows.
const ROUGH: Stage = Stage { situations: 0.4, horizon: 10, epochs: 8, rate: 0.003, follow: 0.6 };
const FINE: Stage = Stage { situations: 1.0, horizon: 12, epochs: 5, rate: 0.002, follow: 0.4 };
/// Share of the iterations that are rough.
const ROUGH_SHARE: f64 = 0.35;

/// Approximate policy iteration.
///
/// The policy that plays, and that comes out, follows the learned network at a distance: a moving average over the
/// iterations. Each network fits the luck of its own sessions, and a policy that jumps after it swings between daring
/// and fear without end.
fn iterate(
    situations: &Situations<'_>,
    rate: &RateForecast,
    live: bool,
    options: &TrainOptions,
    progress: &mut dyn FnMut(Progress),
) -> Worth {
    let mut worth = Worth::new(ValueNetwork::ZERO);
    let mut network = gradient::random(options.seed, 0.3);
    let mut followed: Option<ValueNetwork> = None;
    let mut kept: Vec<Returns> = Vec::new();
    let rough = (f64::from(options.iterations) * ROUGH_SHARE).round() as u32;
    for iteration in 1..=options.iterations {
        let seed = options.seed.wrapping_add(u64::from(iteration) << 32).wrapping_add(u64::from(live));
        let stage = if iteration <= rough { ROUGH } else { FINE };
        let policy = Policy { rate, worth: &worth, advantage: None, abandonment: None };
        if kept.len() == KEPT {
            kept.remove(0);
        }
        let count = (options.situations as f64 * stage.situations).ceil() as usize;
        kept.push(situations.play(&policy, live, (count, stage.horizon), seed));
        let returns = Returns::concatenated(&kept);
        let error = returns.teach(&mut network, stage.epochs, stage.rate, seed);
        progress(Progress::Iteration { live, iteration, returns: returns.len(), error });
        let mut next = followed.unwrap_or_else(|| network.clone());
        for (weight, learned) in next.parameters_mut().zip(network.parameters()) {
            *weight += stage.follow * (learned - *weight);
        }
        worth = Worth::new(next.clone());
        followed = Some(next);
    }
    worth
}

/// Recordings by source, without some sources, in the order in which they come.
fn by_source<'a>(recordings: &'a [Recording], without: &[String]) -> Vec<Vec<&'a Recording>> {
    let mut sources: Vec<Vec<&Recording>> = Vec::new();
    for recording in recordings.iter().filter(|recording| !without.contains(&recording.source)) {
        match sources.iter_mut().find(|source| source[0].source == recording.source) {
            Some(source) => source.push(recording),
            None => sources.push(vec![recording]),
        }
    }
    sources
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::models::Models;
    use crate::sim::{Interval, NetworkTrace};

    fn recording(source: &str, rates: &[f64]) -> Recording {
        let intervals = rates.iter().map(|rate| Interval { seconds: 7.0, rate: *rate, latency: 0.05 });
        Recording { source: source.into(), name: "one".into(), trace: NetworkTrace::new(intervals).unwrap() }
    }

    fn options() -> TrainOptions {
        TrainOptions {
            iterations: 1,
            situations: 40,
            transfers: 200,
            rounds: 1,
            moments: 40,
            ..TrainOptions::default()
        }
    }

    const LADDER: &str = "seg_ms 4000\nkbps 300 750 2000\n1200000 3000000 8000000\n1300000 2900000 7000000\n";

    #[test]
    fn the_same_seed_learns_the_same_and_files_can_be_read() {
        let recordings = [recording("a", &[1e6, 3e6, 5e5]), recording("b", &[4e6, 2e6])];
        let ladders = [Content::parse(LADDER).unwrap()];
        let mut steps = Vec::new();
        let trained = train(&recordings, &ladders, &options(), &mut |step| steps.push(step.to_string())).unwrap();
        assert_eq!(steps.len(), 7, "{steps:?}");
        assert_eq!(train(&recordings, &ladders, &options(), &mut |_| ()).unwrap(), trained);
        assert!(Models::new(&trained).is_ok());
        let refined = refine(&recordings, &ladders, &options(), &mut |_| ()).unwrap();
        assert_ne!(refined.0[3..], trained.0[3..], "those that are compiled in are other values");
        assert!(refined.iter().zip(COMPILED_IN).take(3).all(|((_, kept), compiled_in)| kept == compiled_in));
        let without = TrainOptions { without: vec!["b".into()], ..options() };
        assert_ne!(train(&recordings, &ladders, &without, &mut |_| ()).unwrap(), trained);
    }

    #[test]
    fn nothing_to_learn_from_is_said() {
        let recordings = [recording("a", &[1e6])];
        let without = TrainOptions { without: vec!["a".into()], ..options() };
        let ladders = [Content::parse(LADDER).unwrap()];
        assert_eq!(train(&recordings, &ladders, &without, &mut |_| ()), Err(TrainError::NoRecordings));
        assert_eq!(train(&recordings, &[], &options(), &mut |_| ()), Err(TrainError::NoLadders));
    }
}
