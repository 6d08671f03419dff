//! How fast the next transfer will be: a distribution, not a number.
//!
//! Fugu (F. Yan et al., "Learning in situ: a randomized experiment in video streaming", NSDI 2020) showed what it is
//! worth to learn the distribution of transfer times from recorded transfers and to decide by all of it: the rate of a
//! link is not normal, its tails are what stalls are made of, and the size of a transfer changes its rate. So here: a
//! network of three layers forecasts quantiles of `ln(bit/s)`, trained by the pinball loss (R. Koenker, G. Bassett,
//! "Regression quantiles", Econometrica 1978). Ours differs in what it sees, which is no list of the last transfers but
//! a [`LinkState`] relative to its own quick average, so that what was learned at 1 Mbit/s holds at 100; and in what it
//! says, which is quantiles instead of a histogram of times, so that no bin limits it.

use super::dense::{ModelError, Network};
use super::link_state::{LinkState, squash, within};
use crate::throughput::{MAX_RATE, ThroughputEstimate};

/// How many quantiles stand for the distribution.
pub(crate) const OUTCOMES: usize = 8;

/// Probability of each outcome, slowest first: finer where it is slow, because that is where stalls are.
pub(crate) const MASS: [f64; OUTCOMES] = [0.02, 0.05, 0.10, 0.18, 0.20, 0.20, 0.15, 0.10];

/// The outcome that a cautious reader relies upon: its quantile is the 12 % one.
pub(crate) const SAFE: usize = 2;
/// The outcome nearest to the median, its quantile is the 45 % one.
pub(crate) const MEDIAN: usize = 4;

/// The quantile that each outcome stands for: the middle of its mass.
#[cfg(feature = "train")]
pub(crate) fn levels() -> [f64; OUTCOMES] {
    let mut below = 0.0;
    MASS.map(|mass| {
        below += mass;
        below - mass / 2.0
    })
}

/// The quantiles of [`levels`] in the normal distribution of mean 0 and deviation 1.
const NORMAL: [f64; OUTCOMES] =
    [-2.326_348, -1.695_398, -1.174_987, -0.643_345, -0.125_661, 0.385_320, 0.934_589, 1.644_854];

/// Of what may be seen in the world, the middle and the spread, for links of which nothing is known: 2.5 Mbit/s, two
/// thirds between 0.8 and 7.5. On the slow side, because a start that is too high stalls and one that is too low ends.
const ANY_LINK: (f64, f64) = (14.731_801, 1.1);
/// The spread around an estimate from an earlier session, at least: networks keep their name and change their state.
const LEAST_SPREAD: f64 = 0.4;
/// `ThroughputEstimate::low` is reached three times out of four: so many deviations below the middle.
const LOW: f64 = 0.674_490;

/// Size relative to what comes in a second, in logarithms, beyond which the network has seen nothing.
const SIZES: (f64, f64) = (-4.0, 4.5);

/// Inputs of the network.
pub(crate) const INPUTS: usize = 16;
/// Units of its hidden layers.
const UNITS: usize = 32;
/// The network.
pub(crate) type RateNetwork = Network<INPUTS, UNITS, UNITS, OUTCOMES>;

/// `ln(bit/s)` of each outcome, slowest first.
pub(crate) type Rates = [f64; OUTCOMES];

/// What is to be fetched.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    /// Its size.
    pub(crate) bits: f64,
    /// Seconds since the transfer before ended: connections cool down, and conditions change.
    pub(crate) pause: f64,
    /// Whether it follows at once on what was just seen: the rest of a running transfer, or what replaces it.
    pub(crate) running: bool,
}

/// Forecasts the rate of a transfer.
#[derive(Clone, Debug)]
pub(crate) struct RateForecast(RateNetwork);

impl RateForecast {
    pub(crate) const fn new(network: RateNetwork) -> Self {
        Self(network)
    }

    /// Reads the file of a network.
    ///
    /// # Errors
    /// [`ModelError`] where it is none.
    pub(crate) const fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        match RateNetwork::from_bytes(bytes) {
            Ok(network) => Ok(Self::new(network)),
            Err(error) => Err(error),
        }
    }

    #[cfg(feature = "train")]
    pub(crate) fn network(&self) -> &RateNetwork {
        &self.0
    }

    /// The rates to expect of a link of which something is known.
    pub(crate) fn rates(&self, link: &LinkState, request: &Request) -> Rates {
        let mut relative = self.0.eval(&inputs(link, request));
        // Each quantile is learned for itself; where they cross, order is the better estimate (Chernozhukov 2010).
        relative.sort_unstable_by(f32::total_cmp);
        relative.map(|rate| (link.quick() + f64::from(rate)).clamp(0.0, MAX_RATE.ln()))
    }
}

/// What the network sees: everything relative to the quick average.
pub(crate) fn inputs(link: &LinkState, request: &Request) -> [f32; INPUTS] {
    let quick = link.quick();
    let [second, seconds, scene, session] = link.averages().map(|average| average - quick);
    let moments = link.moments();
    let size = (request.bits.max(1.0).ln() - quick).clamp(SIZES.0, SIZES.1);
    [
        link.last() - quick,
        second,
        seconds,
        scene,
        session,
        squash(link.volatility(), 0.15),
        size,
        squash(request.pause, 1.0) + 1.0,
        squash(link.age(), 20.0),
        squash(link.last_seconds(), 2.0),
        squash(link.recent_volatility(), 0.15),
        squash(2.0 * link.downward(), 0.15),
        if request.running { 1.0 } else { 0.0 },
        within(moments[0] - quick, 3.0),
        within(moments[1] - quick, 3.0),
        within(moments[2] - quick, 3.0),
    ]
    .map(|input| input as f32)
}

/// The rates to expect of a link on which nothing was measured: around an estimate from an earlier session where there
/// is one, with the spread that the estimate admits, or else those of any link.
pub(crate) fn prior(remembered: Option<&ThroughputEstimate>) -> Rates {
    let (middle, spread) = remembered.map_or(ANY_LINK, |estimate| {
        let log = |bps: u64| (bps as f64).clamp(1.0, MAX_RATE).ln();
        let (middle, low) = (log(estimate.mean.bps()), log(estimate.low.bps()));
        (middle, ((middle - low) / LOW).clamp(LEAST_SPREAD, ANY_LINK.1))
    });
    NORMAL.map(|quantile| (middle + spread * quantile).clamp(0.0, MAX_RATE.ln()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::models::MODELS;
    use crate::units::Bitrate;

    #[test]
    fn masses_are_a_distribution() {
        assert!((MASS.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(NORMAL.is_sorted());
    }

    #[test]
    fn a_steady_link_is_forecast_near_its_rate_and_closer_than_an_unsteady_one() {
        let link = |factors: [f64; 2]| {
            let mut link = LinkState::EMPTY;
            (0..30).for_each(|i| link.observe_body(3e6 * factors[i % 2] * 2.0, 2.0));
            link
        };
        let request = Request { bits: 6e6, pause: 0.0, running: false };
        let (steady, unsteady) = (link([1.0, 1.0]), link([0.5, 1.5]));
        let rates = |link| MODELS.rate.rates(&link, &request);
        assert!((rates(steady)[MEDIAN] - 3e6_f64.ln()).abs() < 0.15, "{:?}", rates(steady));
        let spread = |rates: Rates| rates[OUTCOMES - 1] - rates[0];
        assert!(spread(rates(unsteady)) > 1.5 * spread(rates(steady)));
        assert!(rates(unsteady).is_sorted());
    }

    #[test]
    fn a_remembered_estimate_is_the_centre_of_a_narrower_prior() {
        let spread = |rates: Rates| rates[OUTCOMES - 1] - rates[0];
        let known = prior(Some(&ThroughputEstimate::certain(Bitrate::from_kbps(20_000))));
        assert!((known[MEDIAN] - 2e7_f64.ln()).abs() < 0.1 && spread(known) < spread(prior(None)) / 2.0);
        for bps in [0, u64::MAX] {
            let rates = prior(Some(&ThroughputEstimate::certain(Bitrate::from_bps(bps))));
            assert!(rates.iter().all(|rate| rate.is_finite()));
        }
    }
}
