//! Reverberation: four delays that feed each other through a rotation, so that energy is spread and never grows.

struct Delay {
    line: Vec<f32>,
    at: usize,
    /// State of the filter that makes later echoes darker.
    dull: f32,
}

pub(super) struct Room {
    delays: [Delay; 4],
    feedback: f32,
    level: f32,
}

impl Room {
    /// `size` from 0 (a cupboard) to 1 (a cathedral).
    pub(super) fn new(size: f32) -> Self {
        let delay = |length: usize| Delay { line: vec![0.0; length], at: 0, dull: 0.0 };
        // Lengths without common factors: no ringing pitch.
        Self { delays: [1979, 2549, 3191, 3907].map(delay), feedback: 0.62 + 0.30 * size, level: 0.28 + 0.22 * size }
    }

    pub(super) fn step(&mut self, input: [f32; 2]) -> [f32; 2] {
        let out: [f32; 4] = std::array::from_fn(|n| self.delays[n].line[self.delays[n].at]);
        let [a, b, c, d] = out;
        let turned = [a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d].map(|sum| sum * 0.5 * self.feedback);
        for (n, delay) in self.delays.iter_mut().enumerate() {
            delay.dull += (turned[n] - delay.dull) * 0.42;
            delay.line[delay.at] = input[n % 2] * 0.5 + delay.dull;
            delay.at = (delay.at + 1) % delay.line.len();
        }
        [(a + c) * self.level, (b + d) * self.level]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_dies_away() {
        let mut room = Room::new(1.0);
        room.step([1.0, 1.0]);
        let energy = |room: &mut Room| (0..48_000).map(|_| room.step([0.0; 2])[0].powi(2)).sum::<f32>();
        let (first, _, third) = (energy(&mut room), energy(&mut room), energy(&mut room));
        assert!(first > 0.0 && third < first * 0.2);
    }
}
