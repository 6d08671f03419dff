//! Percentiles of any number of times in bounded memory.

use super::Quantiles;
use std::{collections::BTreeMap, time::Duration};

/// Buckets of each doubling: one is 1.6 % wide.
const PARTS: u32 = 64;
const BITS: u32 = PARTS.ilog2();

/// How often each time was seen, in buckets that are as wide as their place deserves.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Spread {
    /// By bucket; there are less than four thousand.
    counts: BTreeMap<u32, u64>,
    count: u64,
    longest: u64,
}

impl Spread {
    pub(super) fn add(&mut self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        *self.counts.entry(bucket(micros)).or_default() += 1;
        self.count += 1;
        self.longest = self.longest.max(micros);
    }

    pub(super) fn quantiles(&self) -> Quantiles {
        let of = |share| self.quantile(share) as f64 / 1e3;
        Quantiles { count: self.count, p50: of(0.50), p95: of(0.95), p99: of(0.99), max: self.longest as f64 / 1e3 }
    }

    /// The shortest time, in microseconds, that at least this share of all did not exceed; by its bucket's upper edge.
    fn quantile(&self, share: f64) -> u64 {
        let wanted = ((self.count as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        for (bucket, count) in &self.counts {
            seen += count;
            if seen >= wanted {
                return upper_edge(*bucket).min(self.longest);
            }
        }
        0
    }
}

/// Each microsecond below [`PARTS`] has its own; above, each doubling has [`PARTS`] of them.
fn bucket(micros: u64) -> u32 {
    let exponent = micros.max(1).ilog2().saturating_sub(BITS);
    exponent * PARTS + (micros >> exponent) as u32
}

/// The longest time of a bucket.
fn upper_edge(bucket: u32) -> u64 {
    let exponent = (bucket / PARTS).saturating_sub(1);
    let within = u64::from(bucket - exponent * PARTS);
    ((u128::from(within + 1) << exponent) - 1).try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_is_in_a_bucket_that_is_hardly_longer() {
        for micros in (0..200_000).chain((0..44).map(|bits| (1 << bits) + bits)).chain([u64::MAX - 1, u64::MAX]) {
            let edge = upper_edge(bucket(micros));
            assert!(edge >= micros && edge - micros <= micros / u64::from(PARTS / 2), "{micros} {edge}");
            assert!(bucket(micros) <= bucket(micros.saturating_add(1)), "{micros}");
        }
    }

    #[test]
    fn percentiles_are_those_of_the_sorted_list() {
        let mut spread = Spread::default();
        assert_eq!(spread.quantiles(), Quantiles::default());
        // In no order: every number from 1 to 1000, once.
        for step in 0..1000_u64 {
            spread.add(Duration::from_millis(1 + step * 387 % 1000));
        }
        let found = spread.quantiles();
        assert_eq!((found.count, found.max), (1000, 1000.0));
        for (value, exact) in [(found.p50, 500.0), (found.p95, 950.0), (found.p99, 990.0)] {
            assert!(value >= exact && value <= exact * 1.017, "{value} for {exact}");
        }
    }

    #[test]
    fn one_time_is_all_its_percentiles() {
        let mut spread = Spread::default();
        spread.add(Duration::from_micros(12_345));
        let found = spread.quantiles();
        assert_eq!((found.p50, found.p99, found.max), (12.345, 12.345, 12.345));
        spread.add(Duration::MAX);
        assert!(spread.quantiles().max > 1e12, "and nothing overflows");
    }
}
