//! What states turned out to be worth, and the network that learns it.

use super::adam::{Adam, Schedule};
use super::gradient::{backward, forward, shuffled};
use crate::engine::dense::Network;
use crate::engine::worth::{INPUTS, ValueNetwork};
use crate::sim::parallel;
use crate::sim::split_mix::SplitMix;

/// States of one situation, which differ in buffer and rung and met the same network afterwards.
pub(super) const GROUP: usize = 8;

/// Groups that make a step.
const BATCH: usize = 32;
const DECAY: f32 = 1e-5;
/// How much the common part of a group counts. Most of it is luck: what the network did next. Decisions compare states
/// of one situation, and only the value of a link that turned out differently needs the common part at all.
const COMMON: f32 = 0.15;
/// Errors beyond these count no more than they do: disasters are rare, and learned all the same.
const LARGEST: f32 = 15.0;
const LARGEST_COMMON: f32 = 15.0;

/// States and their returns, in groups of [`GROUP`].
#[derive(Clone, Debug, Default)]
pub(super) struct Returns {
    states: Vec<[f32; INPUTS]>,
    returns: Vec<f32>,
}

impl Returns {
    pub(super) fn push(&mut self, state: [f32; INPUTS], value: f32) {
        self.states.push(state);
        self.returns.push(value);
    }

    pub(super) fn append(&mut self, other: &Self) {
        self.states.extend_from_slice(&other.states);
        self.returns.extend_from_slice(&other.returns);
    }

    pub(super) fn concatenated(parts: &[Self]) -> Self {
        let mut whole = Self::default();
        parts.iter().for_each(|part| whole.append(part));
        whole
    }

    pub(super) fn len(&self) -> usize {
        self.returns.len()
    }

    /// Improves `network`; returns the root of the mean squared error within groups in the last epoch.
    pub(super) fn teach(&self, network: &mut ValueNetwork, epochs: usize, rate: f32, seed: u64) -> f64 {
        let groups = self.len() / GROUP;
        let steps = groups.div_ceil(BATCH) * epochs;
        let mut adam = Adam::new(Schedule { rate, decay: DECAY, steps });
        let mut random = SplitMix::new(seed);
        let mut squares = 0.0;
        for _ in 0..epochs {
            squares = 0.0;
            for batch in shuffled(groups, &mut random).chunks(BATCH) {
                let mut gradient = Network::ZERO;
                // Two halves in a fixed order: as quick as two cores are, and the same on any number of them.
                let (left, right) = batch.split_at(batch.len() / 2);
                let shared = &*network;
                let halves = parallel(&[left, right], Some(2), |part| self.learn_all(shared, part));
                for (part, error) in halves {
                    gradient.parameters_mut().zip(part.parameters()).for_each(|(sum, value)| *sum += value);
                    squares += error;
                }
                adam.step(network, &gradient, batch.len() * GROUP);
            }
        }
        (squares / self.len().max(1) as f64).sqrt()
    }

    /// What some groups teach, and their squared errors.
    fn learn_all(&self, network: &ValueNetwork, groups: &[usize]) -> (ValueNetwork, f64) {
        let mut gradient = Network::ZERO;
        let errors = groups.iter().map(|group| self.learn(network, *group, &mut gradient)).sum();
        (gradient, errors)
    }

    /// Adds what one group teaches to `gradient`; returns its squared errors without the common part.
    fn learn(&self, network: &ValueNetwork, group: usize, gradient: &mut ValueNetwork) -> f64 {
        let members = group * GROUP..(group + 1) * GROUP;
        let (states, returns) = (&self.states[members.clone()], &self.returns[members]);
        let passes: Vec<_> = states.iter().map(|state| forward(network, state)).collect();
        let errors: Vec<f32> = passes.iter().zip(returns).map(|(pass, value)| pass.output[0] - value).collect();
        let common = errors.iter().sum::<f32>() / GROUP as f32;
        for ((state, pass), error) in states.iter().zip(&passes).zip(&errors) {
            let own = (error - common).clamp(-LARGEST, LARGEST);
            let by_output = own + COMMON * common.clamp(-LARGEST_COMMON, LARGEST_COMMON);
            backward(network, state, pass, &[by_output], gradient);
        }
        errors.iter().map(|error| f64::from(error - common).powi(2)).sum()
    }
}
