//! Gradient descent with a memory.

use crate::engine::dense::Network;

/// Memory of the gradient and of its square.
const MEAN: f32 = 0.9;
const SQUARE: f32 = 0.999;
const TINY: f32 = 1e-8;

/// D. Kingma, J. Ba, "Adam: a method for stochastic optimization", 2015, with the decay of the weights apart from the
/// gradient (I. Loshchilov, F. Hutter, 2019) and a rate that falls linearly to nearly nothing.
pub(super) struct Adam<const I: usize, const A: usize, const B: usize, const O: usize> {
    mean: Network<I, A, B, O>,
    square: Network<I, A, B, O>,
    schedule: Schedule,
    step: u32,
}

/// How fast to go.
#[derive(Clone, Copy)]
pub(super) struct Schedule {
    /// Rate at the beginning.
    pub(super) rate: f32,
    /// Weights lose this share times the rate in each step.
    pub(super) decay: f32,
    /// Steps in all.
    pub(super) steps: usize,
}

/// Share of the first rate that is left in the end.
const LAST: f32 = 0.03;

impl<const I: usize, const A: usize, const B: usize, const O: usize> Adam<I, A, B, O> {
    pub(super) fn new(schedule: Schedule) -> Self {
        Self { mean: Network::ZERO, square: Network::ZERO, schedule, step: 0 }
    }

    /// Takes a step against the mean of a gradient that was summed over `samples`.
    pub(super) fn step(&mut self, network: &mut Network<I, A, B, O>, gradient: &Network<I, A, B, O>, samples: usize) {
        self.step += 1;
        let done = self.step as f32 / self.schedule.steps.max(1) as f32;
        let rate = self.schedule.rate * (1.0 - done).max(LAST);
        // Both memories begin with zero, which is made up for.
        let (young_mean, young_square) = (1.0 - MEAN.powf(self.step as f32), 1.0 - SQUARE.powf(self.step as f32));
        let memories = self.mean.parameters_mut().zip(self.square.parameters_mut());
        for ((parameter, gradient), (mean, square)) in network.parameters_mut().zip(gradient.parameters()).zip(memories)
        {
            let gradient = gradient / samples as f32;
            *mean += (1.0 - MEAN) * (gradient - *mean);
            *square += (1.0 - SQUARE) * (gradient * gradient - *square);
            let direction = (*mean / young_mean) / ((*square / young_square).sqrt() + TINY);
            *parameter -= rate * (direction + self.schedule.decay * *parameter);
        }
    }
}
