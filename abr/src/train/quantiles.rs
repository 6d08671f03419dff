//! Quantile regression: the network of the forecast.

use super::adam::{Adam, Schedule};
use super::gradient::{backward, forward, random, shuffled};
use super::transfers::Transfer;
use crate::engine::dense::Network;
use crate::engine::rate_forecast::{OUTCOMES, RateNetwork, levels};
use crate::sim::split_mix::SplitMix;

const EPOCHS: usize = 10;
const BATCH: usize = 64;
const RATE: f32 = 0.004;
/// Within this distance, in logarithms, the kink of the pinball loss is rounded off: 2 % is as good as met.
const ROUNDED: f32 = 0.02;

/// Learns the quantiles of the transfers' rates; returns the mean loss of the last epoch as well.
pub(super) fn learn(transfers: &[Transfer], seed: u64) -> (RateNetwork, f64) {
    let levels = levels().map(|level| level as f32);
    let mut network: RateNetwork = random(seed, 0.1);
    network.third.bias = levels.map(|level| level - 0.5);
    let steps = transfers.len().div_ceil(BATCH) * EPOCHS;
    let mut adam = Adam::new(Schedule { rate: RATE, decay: 0.0, steps });
    let mut random = SplitMix::new(seed);
    let mut loss = 0.0;
    for _ in 0..EPOCHS {
        loss = 0.0;
        for batch in shuffled(transfers.len(), &mut random).chunks(BATCH) {
            let mut gradient = Network::ZERO;
            for transfer in batch.iter().map(|index| &transfers[*index]) {
                let pass = forward(&network, &transfer.inputs);
                let errors = pass.output.map(|output| transfer.rate - output);
                loss += pinball(&levels, &errors);
                backward(&network, &transfer.inputs, &pass, &by_output(&levels, &errors), &mut gradient);
            }
            adam.step(&mut network, &gradient, batch.len());
        }
    }
    (network, loss / transfers.len().max(1) as f64)
}

/// A quantile at `level` errs by `level` times what was above it, or by `1 - level` times what was below.
fn pinball(levels: &[f32; OUTCOMES], errors: &[f32; OUTCOMES]) -> f64 {
    let each = levels.iter().zip(errors).map(|(level, error)| (level * error).max((level - 1.0) * error));
    each.map(f64::from).sum()
}

fn by_output(levels: &[f32; OUTCOMES], errors: &[f32; OUTCOMES]) -> [f32; OUTCOMES] {
    std::array::from_fn(|i| 0.5 - levels[i] - 0.5 * (errors[i] / ROUNDED).clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rate_forecast::INPUTS;

    #[test]
    fn quantiles_of_a_known_distribution_are_found() {
        // Rates evenly spread between 0 and 1, whatever the inputs say.
        let mut random = SplitMix::new(5);
        let transfers: Vec<Transfer> = (0..12_000)
            .map(|_| Transfer {
                inputs: std::array::from_fn::<f32, INPUTS, _>(|_| random.unit() as f32),
                rate: random.unit() as f32,
            })
            .collect();
        let (network, _) = learn(&transfers, 1);
        let found = network.eval(&[0.5; INPUTS]);
        for (found, level) in found.iter().zip(levels()) {
            assert!((f64::from(*found) - level).abs() < 0.06, "{found} {level}");
        }
    }
}
