//! Titles to learn with: the given ones, and others so that no ladder is learned by heart.

use crate::ladder::{Rung, RungId};
use crate::sim::Content;
use crate::sim::split_mix::SplitMix;
use crate::units::Bitrate;
use std::time::Duration;

/// How often each given title stands among the drawn ones, and how many are drawn.
pub(super) const GIVEN: usize = 4;
const DRAWN: usize = 24;
/// Segments of a drawn title.
const SEGMENTS: usize = 150;
/// Common durations of a segment, in milliseconds; four seconds are the most common.
const DURATIONS: [u64; 5] = [2_000, 3_000, 4_000, 4_000, 6_000];

/// Given and drawn titles, to choose from evenly.
pub(super) fn draw(given: &[Content], seed: u64) -> Vec<Content> {
    let mut random = SplitMix::new(seed);
    let given = given.iter().flat_map(|title| std::iter::repeat_n(title.clone(), GIVEN));
    let drawn = (0..DRAWN).filter_map(|_| title(&mut random));
    given.chain(drawn).collect()
}

/// Three to twelve rungs from 150 kbit/s to some 90 Mbit/s, with sizes that vary from scene to scene.
fn title(random: &mut SplitMix) -> Option<Content> {
    let duration = DURATIONS[random.below(DURATIONS.len())];
    let rates = rates(random);
    let seconds = duration as f64 / 1e3;
    let variation = 0.35 * random.unit();
    let mut scene = 0.0;
    let bits: Vec<Vec<f64>> = (0..SEGMENTS)
        .map(|_| {
            scene = 0.8 * scene + 0.6 * random.normal();
            let mut size = |rate: &f64| {
                let exponent = variation * scene + 0.05 * random.normal() - 0.5 * variation * variation;
                (rate * seconds * exponent.exp()).max(8.0)
            };
            rates.iter().map(&mut size).collect()
        })
        .collect();
    let rungs = rates.iter().enumerate().map(|(i, rate)| {
        let bitrate = Bitrate::from_bps(*rate as u64);
        Rung { id: RungId(i as u16), bitrate, average: Some(bitrate), width: 0, height: 0, frame_rate: None }
    });
    Content::new(Duration::from_millis(duration), rungs.collect(), &bits).ok()
}

/// Bit/s of the rungs: about a constant factor apart.
fn rates(random: &mut SplitMix) -> Vec<f64> {
    let rungs = 3 + random.below(10);
    let lowest = 150e3 * (2.2 * random.unit()).exp();
    let range = 6.0 + 60.0 * random.unit();
    let step = range.powf(1.0 / (rungs - 1) as f64);
    let mut rates: Vec<f64> =
        (0..rungs).map(|rung| lowest * step.powi(rung as i32) * (0.15 * random.normal()).exp()).collect();
    rates.sort_by(f64::total_cmp);
    rates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_drawn_title_is_one() {
        let titles = draw(&[], 3);
        assert_eq!(titles.len(), DRAWN);
        assert!(titles.iter().all(|title| (3..=12).contains(&title.ladder().len())));
    }
}
