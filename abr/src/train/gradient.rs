//! How the outputs of a network depend on its weights.

use crate::engine::dense::{Dense, Network, rectify, slope};
use crate::sim::split_mix::SplitMix;

/// One evaluation, with what is needed to go back through it.
pub(super) struct Pass<const A: usize, const B: usize, const O: usize> {
    /// Sums before the rectifiers.
    first: [f32; A],
    second: [f32; B],
    pub(super) output: [f32; O],
}

/// Evaluates.
pub(super) fn forward<const I: usize, const A: usize, const B: usize, const O: usize>(
    network: &Network<I, A, B, O>,
    input: &[f32; I],
) -> Pass<A, B, O> {
    let first = network.first.apply(input);
    let second = network.second.apply(&first.map(rectify));
    let output = network.third.apply(&second.map(rectify));
    Pass { first, second, output }
}

/// Adds to `gradient` what the weights did to a loss that changes with the outputs by `by_output`.
pub(super) fn backward<const I: usize, const A: usize, const B: usize, const O: usize>(
    network: &Network<I, A, B, O>,
    input: &[f32; I],
    pass: &Pass<A, B, O>,
    by_output: &[f32; O],
    gradient: &mut Network<I, A, B, O>,
) {
    let by_second = back(&network.third, &pass.second.map(rectify), by_output, &mut gradient.third);
    let by_second = std::array::from_fn(|unit| by_second[unit] * slope(pass.second[unit]));
    let by_first = back(&network.second, &pass.first.map(rectify), &by_second, &mut gradient.second);
    let by_first = std::array::from_fn(|unit| by_first[unit] * slope(pass.first[unit]));
    add(&mut gradient.first, input, &by_first);
}

/// Through one layer; returns how the loss changes with its inputs.
fn back<const I: usize, const O: usize>(
    layer: &Dense<I, O>,
    input: &[f32; I],
    by_output: &[f32; O],
    gradient: &mut Dense<I, O>,
) -> [f32; I] {
    add(gradient, input, by_output);
    std::array::from_fn(|i| layer.weights[i].iter().zip(by_output).map(|(weight, by)| weight * by).sum())
}

fn add<const I: usize, const O: usize>(gradient: &mut Dense<I, O>, input: &[f32; I], by_output: &[f32; O]) {
    for (row, x) in gradient.weights.iter_mut().zip(input) {
        for (weight, by) in row.iter_mut().zip(by_output) {
            *weight += x * by;
        }
    }
    for (bias, by) in gradient.bias.iter_mut().zip(by_output) {
        *bias += by;
    }
}

/// A network to begin with: sums of about the size of their inputs in the hidden layers, outputs of about `output`.
pub(super) fn random<const I: usize, const A: usize, const B: usize, const O: usize>(
    seed: u64,
    output: f64,
) -> Network<I, A, B, O> {
    let mut random = SplitMix::new(seed);
    let mut fill = |weights: &mut [f32], inputs: usize, scale: f64| {
        let spread = scale / (inputs as f64).sqrt();
        weights.iter_mut().for_each(|weight| *weight = (random.normal() * spread) as f32);
    };
    let mut network = Network::ZERO;
    fill(network.first.weights.as_flattened_mut(), I, 1.2);
    fill(network.second.weights.as_flattened_mut(), A, 1.2);
    fill(network.third.weights.as_flattened_mut(), B, output);
    network
}

/// The numbers below `length`, shuffled.
pub(super) fn shuffled(length: usize, random: &mut SplitMix) -> Vec<usize> {
    let mut order: Vec<usize> = (0..length).collect();
    for last in (1..length).rev() {
        order.swap(last, random.below(last + 1));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gradient_is_what_small_changes_do() {
        let network: Network<3, 5, 4, 2> = random(3, 1.0);
        let (input, by_output) = ([0.3, -0.8, 0.5], [0.7, -0.4]);
        let loss = |network: &Network<3, 5, 4, 2>| -> f64 {
            let output = network.eval(&input);
            output.iter().zip(by_output).map(|(output, by)| f64::from(output * by)).sum()
        };
        let mut gradient = Network::ZERO;
        backward(&network, &input, &forward(&network, &input), &by_output, &mut gradient);
        let expected: Vec<f32> = gradient.parameters().copied().collect();
        for (index, expected) in expected.into_iter().enumerate() {
            let changed = |by: f32| {
                let mut network = network.clone();
                *network.parameters_mut().nth(index).unwrap() += by;
                loss(&network)
            };
            let seen = (changed(1e-2) - changed(-1e-2)) / 2e-2;
            assert!((seen - f64::from(expected)).abs() < 1e-3, "{index}: {seen} {expected}");
        }
    }
}
