//! What came over the link in the last moments, also while a transfer runs: the rate of a whole transfer of some seconds
//! says little of the one at its end, where the next begins.

use serde::{Deserialize, Serialize};

use super::link_state::{INSTANT, SHORTEST, log_rate_of};
use crate::throughput::MAX_RATE;

/// Time constants of what came last, in seconds during which something was to come.
const MOMENTS: [f64; 3] = [0.25, 1.0, 4.0];

/// Bits and the seconds that they took, fading with [`MOMENTS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Flow([[f64; 2]; 3]);

impl Flow {
    pub(super) const NONE: Self = Self([[0.0; 2]; 3]);

    /// This many bits came in the next `seconds`, evenly.
    pub(crate) fn add(&mut self, bits: f64, seconds: f64) {
        if seconds < INSTANT {
            return;
        }
        for ([came, time], span) in self.0.iter_mut().zip(MOMENTS) {
            let kept = (-seconds / span).exp();
            let counted = span * (1.0 - kept);
            *came = *came * kept + (bits / seconds).min(MAX_RATE) * counted;
            *time = *time * kept + counted;
        }
    }

    /// `ln(bit/s)` over [`MOMENTS`]; `otherwise` where nothing has come yet.
    pub(crate) fn rates(&self, otherwise: f64) -> [f64; 3] {
        self.0.map(|[bits, time]| if time > 0.0 { log_rate_of(bits / time) } else { otherwise })
    }

    /// The link was not used, so that only the share `kept` of the difference to `slow`, in `ln(bit/s)`, is left.
    pub(super) fn fade(&mut self, kept: f64, slow: f64) {
        for [bits, time] in self.0.iter_mut().filter(|[_, time]| *time > 0.0) {
            let rate = log_rate_of(*bits / *time);
            // Nothing is left but a rate, for the next moment to replace.
            *time *= kept.max(SHORTEST);
            *bits = (slow + (rate - slow) * kept).exp() * *time;
        }
    }

    /// Everything that it keeps.
    pub(super) fn amounts(&self) -> impl Iterator<Item = &f64> {
        self.0.as_flattened().iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_moments_outweigh_all_before_them() {
        let mut flow = Flow::NONE;
        assert_eq!(flow.rates(7.0), [7.0; 3], "nothing has come");
        flow.add(8e6, 4.0);
        flow.add(1e6, 0.0);
        assert!(flow.rates(7.0).iter().all(|rate| (rate.exp() - 2e6).abs() < 1.0));
        flow.add(1e5, 1.0);
        let [quarter, second, seconds] = flow.rates(7.0).map(f64::exp);
        assert!(quarter < 1.5e5 && (4e5..1e6).contains(&second) && seconds > 1.2e6, "{quarter} {second} {seconds}");
    }

    #[test]
    fn an_unused_link_is_taken_to_be_what_it_usually_is() {
        let mut flow = Flow::NONE;
        flow.fade(0.5, 14.0);
        assert_eq!(flow, Flow::NONE);
        flow.add(1e6, 1.0);
        flow.fade(0.5, 8e6_f64.ln());
        assert!(flow.rates(0.0).iter().all(|rate| (rate - 8e6_f64.ln() + 0.5 * 8.0_f64.ln()).abs() < 1e-9));
    }
}
