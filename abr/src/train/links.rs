//! Links that nobody records: those that keep their rate, and those that change it once in a while.
//!
//! Recordings are made where networks are interesting, so what was learned from them alone sees a change coming on every
//! link, and goes up and down on one that has none.

use crate::sim::split_mix::SplitMix;
use crate::sim::{Interval, NetworkTrace, Recording};

/// How many there are.
const LINKS: usize = 80;
/// Share of those that keep their rate.
const STEADY: f64 = 0.6;
/// Seconds of each, and of an interval of one rate.
const LENGTH: f64 = 900.0;
const INTERVAL: (f64, f64) = (1.0, 5.0);
/// Most that the rate of an interval deviates, in logarithms: a broadband line with its neighbours.
const NOISE: f64 = 0.06;
/// Seconds between two changes, and how far they go, in logarithms.
const LEVEL: (f64, f64) = (15.0, 150.0);
const CHANGE: (f64, f64) = (-2.4, 1.2);
/// bit/s around which a link lies, in logarithms; most are then brought near a ladder.
const RATES: (f64, f64) = (13.0, 17.0);

/// Made links, as recordings of one source.
pub(super) fn draw(seed: u64) -> Vec<Recording> {
    let mut random = SplitMix::new(seed);
    (0..LINKS).filter_map(|index| link(index, &mut random)).collect()
}

fn link(index: usize, random: &mut SplitMix) -> Option<Recording> {
    let steady = random.happens(STEADY);
    let noise = NOISE * random.unit() * random.unit();
    let base = between(RATES, random);
    let latency = 0.01 + 0.1 * random.unit() * random.unit();
    let (mut level, mut until) = (base, between(LEVEL, random));
    let (mut intervals, mut time) = (Vec::new(), 0.0);
    while time < LENGTH {
        if !steady && time > until {
            level = base + between(CHANGE, random);
            until = time + between(LEVEL, random);
        }
        let seconds = between(INTERVAL, random);
        intervals.push(Interval { seconds, rate: (level + noise * random.normal()).exp(), latency });
        time += seconds;
    }
    let trace = NetworkTrace::new(intervals).ok()?;
    Some(Recording { source: "made".to_owned(), name: index.to_string(), trace })
}

fn between((low, high): (f64, f64), random: &mut SplitMix) -> f64 {
    low + (high - low) * random.unit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_made_and_the_same_for_a_seed() {
        let links = draw(5);
        assert_eq!(links.len(), LINKS);
        assert!(links.iter().all(|link| link.trace.mean_rate() > 1e5 && link.trace.period() > LENGTH));
        let rates = |links: &[Recording]| links.iter().map(|link| link.trace.mean_rate()).collect::<Vec<_>>();
        assert_eq!(rates(&links), rates(&draw(5)));
        assert_ne!(rates(&links), rates(&draw(6)));
    }
}
