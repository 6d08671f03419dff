//! Exponentially weighted means that remember by half-lives.
//!
//! ```text
//! a(w)   = 1 - 2^(-w / half_life)             w: weight of the value, usually seconds of transfer
//! m      = m + a(w) * (value - m)             starting at 0
//! known  = known + a(w) * (1 - known)         starting at 0
//! mean   = m / known                          takes the start at 0 out again
//! ```
//!
//! Players that estimate the link this way keep two of them and trust the lower ([`EwmaPair`]): the fast one follows
//! a fall at once, the slow one holds a rise back until it has lasted.

/// One mean.
#[derive(Clone, Copy, Debug)]
pub struct Ewma {
    half_life: f64,
    biased: f64,
    known: f64,
}

impl Ewma {
    /// With a half-life in the unit of the weights.
    pub fn new(half_life: f64) -> Self {
        // A half-life of nothing would divide by zero; a thousandth already means "the last value".
        Self { half_life: half_life.max(0.001), biased: 0.0, known: 0.0 }
    }

    /// Takes a value in. Weights below zero and values that are not numbers say nothing.
    pub fn add(&mut self, value: f64, weight: f64) {
        self.add_share(value, self.share(weight));
    }

    /// The mean; `None` until something of weight was added.
    pub fn get(&self) -> Option<f64> {
        (self.known > 0.0).then(|| self.biased / self.known)
    }

    /// The share of the mean that a value of this weight will have.
    pub(super) fn share(&self, weight: f64) -> f64 {
        1.0 - (-weight.max(0.0) / self.half_life).exp2()
    }

    /// As [`Self::add`], by a share that is known already.
    pub(super) fn add_share(&mut self, value: f64, share: f64) {
        if value.is_finite() {
            self.biased += share * (value - self.biased);
            self.known += share * (1.0 - self.known);
        }
    }
}

/// A fast and a slow mean of the same values.
#[derive(Clone, Copy, Debug)]
pub struct EwmaPair {
    fast: Ewma,
    slow: Ewma,
}

impl EwmaPair {
    /// With half-lives in the unit of the weights.
    pub fn new(fast: f64, slow: f64) -> Self {
        Self { fast: Ewma::new(fast), slow: Ewma::new(slow) }
    }

    /// Takes a value in.
    pub fn add(&mut self, value: f64, weight: f64) {
        self.fast.add(value, weight);
        self.slow.add(value, weight);
    }

    /// The lower of both, the caution for rates; `None` until there is evidence.
    pub fn lower(&self) -> Option<f64> {
        Some(self.fast.get()?.min(self.slow.get()?))
    }

    /// The higher of both, the caution for waits; `None` until there is evidence.
    pub fn higher(&self) -> Option<f64> {
        Some(self.fast.get()?.max(self.slow.get()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_life_halves() {
        let mut mean = Ewma::new(3.0);
        assert_eq!(mean.get(), None);
        mean.add(8.0, 0.1);
        assert!((mean.get().unwrap() - 8.0).abs() < 1e-9, "the first value is the mean");
        mean.add(8.0, 1e9);
        mean.add(0.0, 3.0);
        assert!((mean.get().unwrap() - 4.0).abs() < 1e-9);
        mean.add(0.0, 3.0);
        assert!((mean.get().unwrap() - 2.0).abs() < 1e-9);
    }

    #[test]
    fn the_pair_is_quick_to_fall_and_slow_to_rise() {
        let mut pair = EwmaPair::new(2.0, 5.0);
        pair.add(10.0, 100.0);
        pair.add(1.0, 2.0);
        let (low, high) = (pair.lower().unwrap(), pair.higher().unwrap());
        assert!((low - 5.5).abs() < 1e-6 && high > 7.0, "the fast one fell: {low} {high}");
        pair.add(1.0, 100.0);
        pair.add(10.0, 2.0);
        assert!(pair.lower().unwrap() < 3.5, "the slow one holds back");
    }

    #[test]
    fn nonsense_says_nothing() {
        let mut mean = Ewma::new(f64::NAN);
        for (value, weight) in [(f64::NAN, 1.0), (f64::INFINITY, 1.0), (5.0, -1.0), (5.0, 0.0)] {
            mean.add(value, weight);
            assert_eq!(mean.get(), None, "{value} {weight}");
        }
        mean.add(5.0, f64::NAN);
        mean.add(5.0, 1.0);
        assert_eq!(mean.get(), Some(5.0));
    }
}
