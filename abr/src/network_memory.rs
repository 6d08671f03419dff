//! What earlier sessions learnt of the networks they ran over, so that the first segment of the next one is well chosen.
//!
//! Rates of one network are spread by factors and not by differences, so a network is kept as the mean and the variance
//! of the logarithm of its rate, over sessions weighted by age:
//!
//! ```text
//! x   = ln(mean)             what a session saw in the middle
//! s   = ln(mean / low) / z   its own spread; `low` is a lower quartile, and z = 0.674 is that of the normal law
//! w   = w * 2^(-age / half-life)            what was known before, by now
//! mean', variance'                          of the mixture of both, weights w and the session's
//! ```
//!
//! Recalled after a while, a memory is worth less: its confidence halves with each [`NetworkMemory::HALF_LIFE`], and its
//! lower estimate spreads away from the mean as if the missing confidence were spread. A network that was not used for
//! [`NetworkMemory::FORGOTTEN`] is unknown again.
//!
//! Who keeps the memory chooses the names of networks: any text that says "the same network as then" and nothing about
//! where that is. They are never printed.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::serde_seconds;
use crate::throughput::{MAX_RATE, ThroughputEstimate};
use crate::units::Bitrate;

/// What may be expected of a network that was used before.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RememberedNetwork {
    /// Its rate.
    pub estimate: ThroughputEstimate,
    /// Time from request to first byte.
    #[serde(with = "serde_seconds::option", default)]
    pub ttfb: Option<Duration>,
}

impl RememberedNetwork {
    /// A network of which only the rate is known, as from a setting.
    pub fn of_rate(rate: Bitrate) -> Self {
        Self { estimate: ThroughputEstimate::certain(rate), ttfb: None }
    }
}

/// Why stored memory was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkMemoryError {
    /// Written by another version.
    #[error("the memory of networks has version {0}, not {VERSION}")]
    Version(u32),
}

/// A few networks and what they carried.
///
/// Serialises with its version. Whatever is read back is brought into range or left out, so a damaged file costs its
/// contents and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct NetworkMemory {
    /// The one used last at the end.
    networks: Vec<Network>,
}

/// Version of the layout.
const VERSION: u32 = 1;
/// Of the normal law: a quarter lies below the mean less this many standard deviations.
const QUARTILE: f64 = 0.674;

#[derive(Clone, PartialEq, Serialize, Deserialize)]
struct Network {
    id: String,
    /// Of the rate in bit/s.
    log_mean: f64,
    log_variance: f64,
    /// In sessions of full confidence, as of `seen`.
    weight: f64,
    /// Seconds.
    ttfb: Option<f64>,
    /// Seconds since the epoch.
    seen: u64,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").field("weight", &self.weight).field("seen", &self.seen).finish_non_exhaustive()
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    #[serde(default)]
    networks: Vec<Network>,
}

impl From<NetworkMemory> for Stored {
    fn from(memory: NetworkMemory) -> Self {
        Self { version: VERSION, networks: memory.networks }
    }
}

impl TryFrom<Stored> for NetworkMemory {
    type Error = NetworkMemoryError;

    fn try_from(stored: Stored) -> Result<Self, NetworkMemoryError> {
        if stored.version != VERSION {
            return Err(NetworkMemoryError::Version(stored.version));
        }
        let mut memory = Self::default();
        for network in stored.networks.into_iter().filter_map(Network::in_range) {
            memory.put(network);
        }
        Ok(memory)
    }
}

impl NetworkMemory {
    /// Networks kept; the one that was not used for longest goes first. Home, work, a phone and two dozen hotels.
    pub const CAPACITY: usize = 32;
    /// Longest name of a network, in bytes: twice a SHA-256 in hexadecimal.
    pub const LONGEST_ID: usize = 128;
    /// A memory is worth half after this long. The same line differs from evening to evening by as much as it is worth
    /// to know it; after a week little is left.
    pub const HALF_LIFE: Duration = Duration::from_secs(48 * 3600);
    /// After this long a network is unknown: some router, some contract has changed.
    pub const FORGOTTEN: Duration = Duration::from_secs(60 * 24 * 3600);
    /// In sessions: what was learnt before weighs at most this much against one more.
    const MOST_WEIGHT: f64 = 4.0;
    /// A session counts at least this much of a full one: it was there more recently than any other.
    const LEAST_CONFIDENCE: f64 = 0.25;

    /// Knows nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many networks are known.
    pub fn len(&self) -> usize {
        self.networks.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty()
    }

    /// Takes in what one session learnt of the network called `id`. `now` is seconds since the epoch; a clock that went
    /// back is taken for one that stood still. An estimate of nothing, or a name too long, is left out.
    pub fn remember(&mut self, id: &str, estimate: &ThroughputEstimate, ttfb: Option<Duration>, now: u64) {
        let Some(session) = Network::of_session(id, estimate, ttfb, now) else { return };
        let known = self.networks.iter().find(|network| network.id == id);
        let network = match known {
            Some(known) => known.with(&session),
            None => session,
        };
        self.put(network);
    }

    /// What to expect of the network called `id`; `None` where nothing is known or it was long ago.
    pub fn recall(&self, id: &str, now: u64) -> Option<RememberedNetwork> {
        let network = self.networks.iter().find(|network| network.id == id)?;
        let age = network.age(now);
        (age <= Self::FORGOTTEN).then(|| network.remembered(age))
    }

    /// Puts a network in, in place of what was known of it; the oldest makes room.
    fn put(&mut self, network: Network) {
        self.networks.retain(|known| known.id != network.id);
        if self.networks.len() == Self::CAPACITY {
            self.networks.remove(0);
        }
        self.networks.push(network);
    }
}

impl Network {
    fn of_session(id: &str, estimate: &ThroughputEstimate, ttfb: Option<Duration>, now: u64) -> Option<Self> {
        let (mean, low) = (estimate.mean.bps() as f64, estimate.low.bps() as f64);
        let deviation = (mean / low.clamp(mean / 16.0, mean)).ln() / QUARTILE;
        let confidence = f64::from(estimate.confidence).clamp(NetworkMemory::LEAST_CONFIDENCE, 1.0);
        let session = Self {
            id: id.to_owned(),
            log_mean: mean.ln(),
            log_variance: deviation * deviation,
            weight: confidence,
            ttfb: ttfb.map(|ttfb| ttfb.as_secs_f64()),
            seen: now,
        };
        session.in_range()
    }

    /// `None` where it makes no sense; what is only too large is cut.
    fn in_range(mut self) -> Option<Self> {
        let named = !self.id.is_empty() && self.id.len() <= NetworkMemory::LONGEST_ID;
        let numbers = [self.log_mean, self.log_variance, self.weight].iter().all(|number| number.is_finite());
        // One kilobit per second is no network.
        if !named || !numbers || self.log_mean < 1e3_f64.ln() || self.weight <= 0.0 {
            return None;
        }
        self.log_mean = self.log_mean.min(MAX_RATE.ln());
        self.log_variance = self.log_variance.clamp(0.0, 16.0);
        self.weight = self.weight.min(NetworkMemory::MOST_WEIGHT);
        self.ttfb = self.ttfb.filter(|ttfb| ttfb.is_finite() && (0.0..60.0).contains(ttfb));
        Some(self)
    }

    fn age(&self, now: u64) -> Duration {
        Duration::from_secs(now.saturating_sub(self.seen))
    }

    /// What is left of anything after `age`.
    fn left_after(age: Duration) -> f64 {
        (-age.as_secs_f64() / NetworkMemory::HALF_LIFE.as_secs_f64()).exp2()
    }

    /// This, and one more session on top.
    fn with(&self, session: &Self) -> Self {
        let weight = self.weight * Self::left_after(self.age(session.seen));
        let total = weight + session.weight;
        let blend = |before: f64, new: f64| (before * weight + new * session.weight) / total;
        let log_mean = blend(self.log_mean, session.log_mean);
        let square = |network: &Self| network.log_variance + (network.log_mean - log_mean).powi(2);
        Self {
            id: self.id.clone(),
            log_mean,
            log_variance: blend(square(self), square(session)).min(16.0),
            weight: total.min(NetworkMemory::MOST_WEIGHT),
            ttfb: match (self.ttfb, session.ttfb) {
                (Some(before), Some(new)) => Some(blend(before, new)),
                (before, new) => new.or(before),
            },
            seen: session.seen.max(self.seen),
        }
    }

    fn remembered(&self, age: Duration) -> RememberedNetwork {
        let left = Self::left_after(age);
        let confidence = self.weight.min(1.0) * left;
        let deviation = self.log_variance.sqrt() + (1.0 - confidence);
        let rate = |log: f64| Bitrate::from_bps(log.exp().min(MAX_RATE) as u64);
        let estimate = ThroughputEstimate {
            mean: rate(self.log_mean),
            low: rate(self.log_mean - QUARTILE * deviation),
            confidence: confidence as f32,
            samples: (self.weight * left).round().max(1.0) as u32,
        };
        RememberedNetwork { estimate, ttfb: self.ttfb.map(Duration::from_secs_f64) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3600;
    const NOW: u64 = 1_700_000_000;

    fn estimate(mean_kbps: u64, low_kbps: u64) -> ThroughputEstimate {
        let (mean, low) = (Bitrate::from_kbps(mean_kbps), Bitrate::from_kbps(low_kbps));
        ThroughputEstimate { mean, low, confidence: 1.0, samples: 20 }
    }

    fn mean_kbps(memory: &NetworkMemory, id: &str, now: u64) -> Option<u64> {
        memory.recall(id, now).map(|known| (known.estimate.mean.bps() + 500) / 1000)
    }

    #[test]
    fn what_was_learnt_comes_back_per_network() {
        let mut memory = NetworkMemory::new();
        memory.remember("home", &estimate(20_000, 15_000), Some(Duration::from_millis(30)), NOW);
        memory.remember("train", &estimate(900, 300), None, NOW);
        let home = memory.recall("home", NOW).unwrap();
        assert_eq!(mean_kbps(&memory, "home", NOW), Some(20_000));
        assert!(home.estimate.low.bps().abs_diff(15_000_000) < 20_000, "{home:?}");
        assert_eq!((home.estimate.confidence, home.ttfb), (1.0, Some(Duration::from_millis(30))));
        assert_eq!(mean_kbps(&memory, "train", NOW), Some(900));
        assert_eq!(memory.recall("hotel", NOW), None);
    }

    #[test]
    fn confidence_halves_with_the_half_life_and_caution_grows() {
        let mut memory = NetworkMemory::new();
        memory.remember("home", &estimate(20_000, 15_000), None, NOW);
        let fresh = memory.recall("home", NOW).unwrap().estimate;
        let later = memory.recall("home", NOW + NetworkMemory::HALF_LIFE.as_secs()).unwrap().estimate;
        assert!((later.confidence - 0.5).abs() < 1e-6 && later.mean == fresh.mean, "{later:?}");
        assert!(later.low < fresh.low && later.low.bps() > 5_000_000, "{later:?}");
        assert_eq!(memory.recall("home", NOW + NetworkMemory::FORGOTTEN.as_secs() + 1), None);
        assert_eq!(memory.recall("home", NOW - HOUR).unwrap().estimate, fresh, "a clock that went back");
    }

    #[test]
    fn the_newer_session_counts_more_the_older_the_other_is() {
        let blended = |age: u64| {
            let mut memory = NetworkMemory::new();
            memory.remember("home", &estimate(20_000, 20_000), None, NOW);
            memory.remember("home", &estimate(5_000, 5_000), None, NOW + age);
            mean_kbps(&memory, "home", NOW + age).unwrap()
        };
        assert_eq!(blended(0), 10_000, "the geometric mean");
        assert!(blended(48 * HOUR) < 8_500 && blended(14 * 24 * HOUR) < 5_200);
        let mut memory = NetworkMemory::new();
        (0..100).for_each(|_| memory.remember("home", &estimate(20_000, 20_000), None, NOW));
        memory.remember("home", &estimate(5_000, 5_000), None, NOW);
        let known = memory.recall("home", NOW).unwrap().estimate;
        assert!(known.mean.bps() < 16_000_000, "a hundred evenings do not silence the next: {known:?}");
        assert!(known.low.bps() * 4 < known.mean.bps() * 3, "and two rates are a spread: {known:?}");
    }

    #[test]
    fn the_network_used_longest_ago_makes_room() {
        let mut memory = NetworkMemory::new();
        for index in 0..40 {
            memory.remember(&format!("n{index}"), &estimate(1000, 500), None, NOW + index);
            memory.remember("home", &estimate(1000, 500), None, NOW + index);
        }
        assert_eq!(memory.len(), NetworkMemory::CAPACITY);
        assert!(memory.recall("home", NOW).is_some() && memory.recall("n39", NOW).is_some());
        assert!(memory.recall("n3", NOW).is_none());
    }

    #[test]
    fn it_survives_being_written_down() {
        let mut memory = NetworkMemory::new();
        memory.remember("home", &estimate(20_000, 15_000), Some(Duration::from_millis(30)), NOW);
        memory.remember("train", &estimate(900, 300), None, NOW);
        let text = serde_json::to_string(&memory).unwrap();
        assert!(text.starts_with(r#"{"version":1,"#), "{text}");
        let back: NetworkMemory = serde_json::from_str(&text).unwrap();
        assert_eq!((back.len(), mean_kbps(&back, "home", NOW)), (2, Some(20_000)));
    }

    #[test]
    fn hostile_files_give_an_error_or_less_but_never_nonsense() {
        for bad in ["", "[]", r#"{"networks":[]}"#, r#"{"version":2}"#, r#"{"version":1,"networks":[{"id":1}]}"#] {
            assert!(serde_json::from_str::<NetworkMemory>(bad).is_err(), "{bad}");
        }
        let entry = |id: &str, log_mean: f64, variance: f64, weight: f64, ttfb: f64, seen: u64| {
            format!(
                r#"{{"id":"{id}","log_mean":{log_mean:?},"log_variance":{variance:?},"weight":{weight:?},"ttfb":{ttfb:?},"seen":{seen}}}"#
            )
        };
        let mut entries: Vec<String> = (0..200).map(|i| entry(&format!("n{i}"), 15.0, 0.1, 1.0, 0.1, NOW)).collect();
        entries.push(entry("", 15.0, 0.1, 1.0, 0.1, NOW));
        entries.push(entry(&"x".repeat(129), 15.0, 0.1, 1.0, 0.1, NOW));
        entries.push(entry("zero", -1e300, 0.1, 1.0, 0.1, NOW));
        entries.push(entry("nothing", 15.0, 0.1, -1.0, 0.1, NOW));
        entries.push(entry("huge", 1e300, 1e300, 1e300, 1e300, u64::MAX));
        let text = format!(r#"{{"version":1,"networks":[{}]}}"#, entries.join(","));
        let memory: NetworkMemory = serde_json::from_str(&text).unwrap();
        assert_eq!(memory.len(), NetworkMemory::CAPACITY);
        assert!(memory.recall("zero", NOW).is_none() && memory.recall("nothing", NOW).is_none());
        let huge = memory.recall("huge", NOW).unwrap();
        assert!(huge.estimate.low <= huge.estimate.mean && huge.ttfb.is_none(), "{huge:?}");
        assert!((0.0..=1.0).contains(&huge.estimate.confidence));
    }

    #[test]
    fn estimates_of_nothing_are_left_out_and_names_are_not_printed() {
        let mut memory = NetworkMemory::new();
        memory.remember("home", &estimate(0, 0), None, NOW);
        memory.remember("", &estimate(1000, 500), None, NOW);
        let odd = ThroughputEstimate { confidence: f32::NAN, ..estimate(1000, 0) };
        memory.remember("odd", &odd, Some(Duration::MAX), NOW);
        assert!(memory.len() <= 1, "{memory:?}");
        memory.remember("secret-router", &estimate(1000, 500), None, NOW);
        assert!(!format!("{memory:?}").contains("secret"));
    }
}
