//! What each choice gave away, and the network that learns to give away less.

use super::adam::{Adam, Schedule};
use super::gradient::{backward, forward, random, shuffled};
use super::situations::{AS_IT_IS, LONG, STANDSTILL, Situations, TRIES, WORST, reach};
use super::world::{Moment, Transfer, World};
use super::{Progress, TrainOptions};
use crate::engine::advantage::{Advantage, AdvantageNetwork, INPUTS, Outlooks, inputs};
use crate::engine::dense::Network;
use crate::engine::link_state::LinkState;
use crate::engine::policy::{Forecasts, Policy, Running, Scores, Situation};
use crate::engine::title::LOGARITHMIC;
use crate::sim::parallel;
use crate::sim::split_mix::SplitMix;

/// Segments that are played on after a choice; they count in full. What a switch or a thin buffer costs has shown by then.
const HORIZON: usize = 24;
/// Rounds whose moments are learned from together, and how often each is seen in a round.
const KEPT: usize = 10;
const EPOCHS: usize = 4;
const BATCH: usize = 64;
const RATE: f32 = 0.0015;
const DECAY: f32 = 1e-4;
/// By how much the policy follows what was learned last.
const FOLLOW: f32 = 0.5;
/// Size of what is added to scores before anything was learned.
const BEGINNING: f64 = 0.02;
/// How undecided the policy is taken to be while it learns, in utility: choices as close as this are as good.
const TEMPERATURE: f32 = 0.06;
/// What a choice can give away at most: disasters are rare, and one of them shall not undo what thousands taught.
const LARGEST: f32 = 20.0;
/// A candidate whose score is so far behind the best is none.
const HOPELESS: f64 = 4.0;
/// Share of the moments with the utility that the engine uses; the others have one of any blend.
const OUR_BLEND: f64 = 0.6;
/// Segments in which a transfer that might be given up is looked for, the share of those that the policy did not want,
/// and how often the policy ends the search when it would give the transfer up.
const SEARCHED: usize = 40;
const WHIMS: f64 = 0.12;
const OBEDIENT: f64 = 0.7;

/// Candidates of one moment.
#[derive(Clone, Debug)]
struct Choice {
    inputs: Vec<[f32; INPUTS]>,
    /// As the policy has them without the network.
    scores: Vec<f32>,
    /// What followed each.
    returns: Vec<f32>,
}

/// What is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The rung of the next segment.
    Next,
    /// Whether what is coming in is given up, and for what.
    UnderWay,
}

impl Subject {
    fn follow<'a>(self, policy: &Policy<'a>, advantage: Option<&'a Advantage>) -> Policy<'a> {
        match self {
            Self::Next => Policy { advantage, ..*policy },
            Self::UnderWay => Policy { abandonment: advantage, ..*policy },
        }
    }
}

/// Improves `policy` by what its choices give away, [`TrainOptions::rounds`] times.
pub(super) fn learn(
    situations: &Situations<'_>,
    policy: &Policy<'_>,
    (subject, live): (Subject, bool),
    options: &TrainOptions,
    progress: &mut dyn FnMut(Progress),
) -> AdvantageNetwork {
    let mut network = random(options.seed, BEGINNING);
    let mut followed: Option<Advantage> = None;
    let mut kept: Vec<Vec<Choice>> = Vec::new();
    for round in 1..=options.rounds {
        let seed = options.seed.wrapping_add(u64::from(round) << 40).wrapping_add(u64::from(live));
        let now = subject.follow(policy, followed.as_ref());
        let choices = play(situations, &now, (subject, live), options.moments, seed);
        let given_away =
            followed.as_ref().map_or_else(|| regret(&choices, &Network::ZERO), |f| regret(&choices, f.network()));
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push(choices);
        let moments: Vec<&Choice> = kept.iter().flatten().collect();
        teach(&moments, &mut network, seed);
        progress(Progress::Round { subject, live, round, moments: moments.len(), regret: given_away });
        let mut next = followed.map_or_else(|| network.clone(), |followed| followed.network().clone());
        for (weight, learned) in next.parameters_mut().zip(network.parameters()) {
            *weight += FOLLOW * (learned - *weight);
        }
        followed = Some(Advantage::new(next));
    }
    followed.map_or(network, |followed| followed.network().clone())
}

/// Plays to `count` moments and on from each with every candidate.
fn play(
    situations: &Situations<'_>,
    policy: &Policy<'_>,
    (subject, live): (Subject, bool),
    count: usize,
    seed: u64,
) -> Vec<Choice> {
    let seeds: Vec<u64> = {
        let mut random = SplitMix::new(seed);
        (0..count).map(|_| random.next()).collect()
    };
    let found = parallel(&seeds, None, |seed| {
        (0..TRIES).find_map(|attempt| {
            let random = &mut SplitMix::new(seed.wrapping_add(attempt));
            let mut world = if random.happens(AS_IT_IS) {
                situations.plain_world(live, random)?
            } else {
                situations.world(live, random)
            };
            if random.happens(OUR_BLEND) {
                world.reblend(LOGARITHMIC);
            }
            match subject {
                Subject::Next => next(&world, policy, random),
                Subject::UnderWay => under_way(&world, policy, random),
            }
        })
    });
    found.into_iter().flatten().collect()
}

/// The candidates for the next segment of one moment; `None` where it could not be reached or there is no choice.
fn next(world: &World<'_>, policy: &Policy<'_>, random: &mut SplitMix) -> Option<Choice> {
    let mut moment = reach(world, policy, random)?;
    if moment.segment >= world.segments {
        return None;
    }
    world.wait(&mut moment);
    let ahead = world.ahead(moment.segment);
    let situation = world.situation(&moment, &ahead);
    let forecasts = Forecasts::default();
    let scores = policy.search(&situation, moment.rung.unwrap_or(0), &forecasts);
    let outlooks = policy.outlooks(&situation, &scores, &forecasts);
    candidates(&scores, &outlooks, inputs(&situation, &outlooks, None), |rung| {
        let mut moment = moment.clone();
        let worth = world.fetch(policy, &mut moment, rung);
        play_on(world, policy, moment, worth)
    })
}

/// The candidates of one moment at which a transfer might be given up; `None` where none was met.
fn under_way(world: &World<'_>, policy: &Policy<'_>, random: &mut SplitMix) -> Option<Choice> {
    let mut moment = reach(world, policy, random)?;
    for _ in 0..SEARCHED {
        if moment.segment >= world.segments || moment.time > STANDSTILL {
            return None;
        }
        world.wait(&mut moment);
        let ahead = world.ahead(moment.segment);
        let whim = random.happens(WHIMS);
        let rung = if whim { random.below(world.title.rungs) } else { world.decide(policy, &moment) };
        let mut transfer = world.begin(&moment, rung);
        let mut doubted: Vec<(Transfer, Running, LinkState)> = Vec::new();
        let obedient = random.happens(OBEDIENT);
        while let Some(running) = world.look(&moment, &mut transfer) {
            let situation = world.under_way(&moment, &ahead, &transfer);
            if let Some(link) = policy.doubts(&situation, &running) {
                doubted.push((transfer.clone(), running, link));
                if obedient && policy.reconsider(&situation, &running).is_some() {
                    break;
                }
            }
        }
        if doubted.is_empty() {
            world.go_on(policy, &mut moment, transfer);
            continue;
        }
        let (transfer, running, link) = &doubted[random.below(doubted.len())];
        let now = Situation { link, pause: 0.0, ..world.under_way(&moment, &ahead, transfer) };
        let forecasts = Forecasts::under_way();
        let scores = policy.alternatives(&now, running, &forecasts);
        let outlooks = policy.outlooks_under_way(&now, running, &scores, &forecasts);
        return candidates(&scores, &outlooks, inputs(&now, &outlooks, Some(running)), |rung| {
            let (mut moment, mut transfer, mut stalled) = (moment.clone(), transfer.clone(), 0.0);
            if rung != running.rung {
                stalled = world.give_up(&mut moment, &transfer);
                transfer = world.begin(&moment, rung);
            }
            let worth = world.go_on(policy, &mut moment, transfer) - stalled;
            play_on(world, policy, moment, worth)
        });
    }
    None
}

/// What follows on each candidate that is worth a look.
fn candidates(
    scores: &Scores,
    outlooks: &Outlooks,
    inputs: Vec<(usize, [f32; INPUTS])>,
    follow: impl Fn(usize) -> f64,
) -> Option<Choice> {
    let best = outlooks[scores.best]?.score;
    let mut choice = Choice { inputs: Vec::new(), scores: Vec::new(), returns: Vec::new() };
    for (rung, inputs) in inputs {
        let score = outlooks[rung]?.score;
        if best - score < HOPELESS {
            choice.inputs.push(inputs);
            choice.scores.push(score as f32);
            choice.returns.push(follow(rung) as f32);
        }
    }
    (choice.inputs.len() > 1).then_some(choice)
}

/// What a segment of so much worth and those after it are worth, and what is estimated to follow.
fn play_on(world: &World<'_>, policy: &Policy<'_>, mut moment: Moment, worth: f64) -> f64 {
    let begun = moment.time;
    let mut sum = worth;
    for _ in 1..HORIZON {
        if moment.segment >= world.segments || moment.time - begun > LONG {
            return sum.max(2.0 * WORST);
        }
        world.wait(&mut moment);
        let rung = world.decide(policy, &moment);
        sum += world.fetch(policy, &mut moment, rung);
    }
    if let Some(after) = world.after(&moment).filter(|_| moment.segment < world.segments) {
        let state = world.state(&moment);
        sum += policy.worth.of(&world.title, &after, &std::array::from_fn(|_| state))[0];
    }
    sum.max(2.0 * WORST)
}

/// Improves `network`.
fn teach(choices: &[&Choice], network: &mut AdvantageNetwork, seed: u64) {
    let steps = choices.len().div_ceil(BATCH) * EPOCHS;
    let mut adam = Adam::new(Schedule { rate: RATE, decay: DECAY, steps });
    let mut random = SplitMix::new(seed);
    for _ in 0..EPOCHS {
        for batch in shuffled(choices.len(), &mut random).chunks(BATCH) {
            let mut gradient = Network::ZERO;
            batch.iter().for_each(|index| add(choices[*index], network, &mut gradient));
            adam.step(network, &gradient, batch.len());
        }
    }
}

/// Adds to `gradient` how what is given away depends on the weights: candidates are taken with the probabilities of a
/// softmax over their scores, so that the expectation has a slope.
fn add(choice: &Choice, network: &AdvantageNetwork, gradient: &mut AdvantageNetwork) {
    let passes: Vec<_> = choice.inputs.iter().map(|input| forward(network, input)).collect();
    let scores: Vec<f32> = passes.iter().zip(&choice.scores).map(|(pass, score)| score + pass.output[0]).collect();
    let top = scores.iter().copied().fold(f32::MIN, f32::max);
    let weights: Vec<f32> = scores.iter().map(|score| ((score - top) / TEMPERATURE).exp()).collect();
    let sum: f32 = weights.iter().sum();
    let costs = costs(choice);
    let mean: f32 = weights.iter().zip(&costs).map(|(weight, cost)| weight / sum * cost).sum();
    for (((input, pass), weight), cost) in choice.inputs.iter().zip(&passes).zip(&weights).zip(&costs) {
        // Times the temperature, so that the rate of learning does not depend on it.
        backward(network, input, pass, &[weight / sum * (cost - mean)], gradient);
    }
}

/// What each candidate gives away.
fn costs(choice: &Choice) -> Vec<f32> {
    let best = choice.returns.iter().copied().fold(f32::MIN, f32::max);
    choice.returns.iter().map(|value| (best - value).min(LARGEST)).collect()
}

/// What the best scores give away, on average.
fn regret(choices: &[Choice], network: &AdvantageNetwork) -> f64 {
    let of = |choice: &Choice| {
        let scores = choice.inputs.iter().zip(&choice.scores).map(|(input, score)| score + network.eval(input)[0]);
        let picked = scores.zip(costs(choice)).max_by(|(a, _), (b, _)| a.total_cmp(b));
        picked.map_or(0.0, |(_, cost)| f64::from(cost))
    };
    choices.iter().map(of).sum::<f64>() / choices.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_scores_get_wrong_is_learned() {
        // The scores say that all is alike; what follows depends on the first input.
        let mut random_numbers = SplitMix::new(3);
        let choices: Vec<Choice> = (0..3_000)
            .map(|_| {
                let inputs: Vec<[f32; INPUTS]> =
                    (0..4).map(|_| std::array::from_fn(|_| random_numbers.unit() as f32)).collect();
                let returns = inputs.iter().map(|input| 2.0 * input[0]).collect();
                Choice { inputs, scores: vec![0.0; 4], returns }
            })
            .collect();
        let mut network = random(1, BEGINNING);
        let before = regret(&choices, &network);
        teach(&choices.iter().collect::<Vec<_>>(), &mut network, 1);
        let after = regret(&choices, &network);
        assert!(before > 0.3 && after < 0.1, "{before} {after}");
    }
}
