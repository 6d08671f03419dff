//! How a transfer comes in, as a player sees it.

use crate::engine::flow::Flow;
use crate::sim::NetworkTrace;

/// Seconds before the end at which a player looks: finer towards the end, which is all that is remembered.
const LOOKS: [f64; 9] = [12.0, 6.0, 3.0, 1.5, 0.8, 0.4, 0.2, 0.1, 0.0];

/// Takes in what `factor` times the bandwidth of a recording carries between two times in seconds.
pub(super) fn come(flow: &mut Flow, trace: &NetworkTrace, (from, to): (f64, f64), factor: f64) {
    let (mut seen, mut bits) = (from, trace.bits_until(from));
    for look in LOOKS.into_iter().map(|before| to - before) {
        if look > seen {
            let now = trace.bits_until(look);
            flow.add((now - bits) * factor, look - seen);
            (seen, bits) = (look, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::LinkState;

    #[test]
    fn a_few_looks_say_as_much_as_many() {
        let trace = NetworkTrace::parse("700 1000 20\n1300 6000 20\n300 100 20\n900 3000 20\n").unwrap();
        for end in [0.4, 1.0, 2.2, 5.0, 17.7] {
            let (mut few, mut many) = (*LinkState::EMPTY.flow(), *LinkState::EMPTY.flow());
            come(&mut few, &trace, (0.1, end), 2.0);
            let steps = ((end - 0.1) / 0.01_f64).round() as usize;
            for step in 0..steps {
                let at = |step: usize| trace.bits_until(0.1 + (end - 0.1) * step as f64 / steps as f64);
                many.add((at(step + 1) - at(step)) * 2.0, (end - 0.1) / steps as f64);
            }
            for (few, many) in few.rates(0.0).into_iter().zip(many.rates(0.0)) {
                assert!((few - many).abs() < 0.15, "{end}: {few} {many}");
            }
        }
    }
}
