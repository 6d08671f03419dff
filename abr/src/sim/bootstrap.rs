//! How sure a figure is: percentile intervals from resampled recordings.
//!
//! Every figure of the benchmark is a ratio of two sums over recordings (a mean is one whose divisor is the count), so
//! one routine serves all. B. Efron, R. Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13. Recordings
//! are drawn within their source and the sources stay as they are: the interval answers what other recordings from the
//! same networks would have given. It does not answer what other networks would give.

use super::split_mix::SplitMix;

/// A figure and the interval that holds it in 95 of 100 repetitions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// As measured.
    pub value: f64,
    /// 2.5th percentile of the resampled values.
    pub low: f64,
    /// 97.5th percentile.
    pub high: f64,
}

/// How to resample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bootstrap {
    /// How often. More makes the ends of the interval steadier, not narrower.
    pub resamples: u32,
    /// The same seed gives the same intervals; figures that use the same seed are resampled in the same way.
    pub seed: u64,
}

impl Default for Bootstrap {
    /// A thousand resamples: the ends of the intervals then differ by some 3 % of their length between seeds.
    fn default() -> Self {
        Self { resamples: 1_000, seed: 1 }
    }
}

/// What one recording adds to the upper and to the lower sum of a ratio.
pub(super) type Terms = (f64, f64);

impl Bootstrap {
    /// The ratio of sums over all recordings; `strata` holds what the recordings of each source add to the upper and to
    /// the lower sum. `None` where there is
    /// nothing to divide by.
    pub fn ratio(&self, strata: &[Vec<Terms>]) -> Option<Estimate> {
        let value = quotient(strata.iter().flatten().copied().fold((0.0, 0.0), add))?;
        let mut random = SplitMix::new(self.seed);
        let mut values: Vec<f64> =
            (0..self.resamples).filter_map(|_| quotient(resampled(strata, &mut random))).collect();
        values.sort_by(f64::total_cmp);
        let (low, high) = (percentile(&values, 0.025), percentile(&values, 0.975));
        Some(Estimate { value, low: low.unwrap_or(value), high: high.unwrap_or(value) })
    }
}

fn add(sum: Terms, terms: Terms) -> Terms {
    (sum.0 + terms.0, sum.1 + terms.1)
}

fn quotient((upper, lower): Terms) -> Option<f64> {
    (lower > 0.0).then(|| upper / lower).filter(|ratio| ratio.is_finite())
}

/// The sums over as many recordings as there are, each drawn from its source with replacement.
fn resampled(strata: &[Vec<Terms>], random: &mut SplitMix) -> Terms {
    let mut sum = (0.0, 0.0);
    for stratum in strata {
        for _ in 0..stratum.len() {
            sum = add(sum, stratum[random.below(stratum.len())]);
        }
    }
    sum
}

/// Nearest rank; `values` are sorted.
fn percentile(values: &[f64], share: f64) -> Option<f64> {
    let rank = (share * values.len().saturating_sub(1) as f64).round() as usize;
    values.get(rank).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn means(values: impl IntoIterator<Item = f64>) -> Vec<Terms> {
        values.into_iter().map(|value| (value, 1.0)).collect()
    }

    #[test]
    fn the_interval_of_a_mean_is_that_of_the_normal_law() {
        // 400 values of variance 1/12 * 10^2: the mean is known to 1.96 * 2.887 / 20 = 0.283.
        let strata = [means((0..400).map(|i| f64::from((i * 7919) % 400) / 40.0))];
        let Estimate { value, low, high } = Bootstrap::default().ratio(&strata).unwrap();
        assert!((value - 4.9875).abs() < 1e-9);
        assert!((value - low - 0.283).abs() < 0.03 && (high - value - 0.283).abs() < 0.03, "{low} {high}");
    }

    #[test]
    fn differences_between_sources_do_not_widen_it() {
        let strata = [means([1.0; 30]), means([9.0; 30])];
        assert_eq!(Bootstrap::default().ratio(&strata), Some(Estimate { value: 5.0, low: 5.0, high: 5.0 }));
    }

    #[test]
    fn a_seed_repeats_and_nothing_divides_by_zero() {
        let strata = [means((0..50).map(f64::from))];
        let with = |seed| Bootstrap { seed, ..Bootstrap::default() }.ratio(&strata).unwrap();
        assert_eq!(with(3), with(3));
        assert_ne!(with(3), with(4));
        assert_eq!(Bootstrap::default().ratio(&[]), None);
        assert_eq!(Bootstrap::default().ratio(&[vec![(1.0, 0.0)]]), None);
        assert_eq!(Bootstrap { resamples: 0, seed: 0 }.ratio(&[vec![(1.0, 2.0)]]).unwrap().high, 0.5);
    }
}
