//! What nobody recorded: networks that are made worse or drawn, and viewers who do not watch everything.

use super::input::InputError;
use abr::sim::{CrossTraffic, MarkovModel, NetworkTrace, Outage, Recording, TraceError, Viewer, ViewerModel};
use clap::ValueEnum;
use std::path::Path;

/// What becomes of the recordings before they are played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Network {
    /// They are played as they are.
    #[default]
    Recorded,
    /// Somebody else loads over the same link half of the time.
    CrossTraffic,
    /// Outages that occur in any of the recordings are put into each, one a minute.
    Outages,
    /// Instead of each, one of the same length is drawn from a chain of five rates between its 5th and 95th percentile.
    Markov,
}

/// Below this rate nothing that is played can be kept up: an outage, in bit/s, if it lasts for a second.
const OUTAGE: (f64, f64) = (50e3, 1.0);

/// Seconds between two outages, on average.
const BETWEEN_OUTAGES: f64 = 60.0;

impl Network {
    /// Changes recordings that lie in `folder`.
    pub fn apply(self, recordings: &mut [Recording], folder: &Path, seed: u64) -> Result<(), InputError> {
        let outages: Vec<Outage> =
            recordings.iter().flat_map(|recording| Outage::all_in(&recording.trace, OUTAGE.0, OUTAGE.1)).collect();
        for recording in recordings {
            let (trace, seed) = (&recording.trace, seed ^ fingerprint(recording));
            let varied = match self {
                Self::Recorded => continue,
                Self::CrossTraffic => CrossTraffic::default().over(trace, seed),
                Self::Outages => Outage::spliced_into(trace, &outages, BETWEEN_OUTAGES, seed),
                Self::Markov => drawn(trace, seed),
            };
            let path = || folder.join(&recording.source).join(&recording.name);
            recording.trace = varied.map_err(|cause| InputError::Trace { path: path(), cause })?;
        }
        Ok(())
    }
}

/// A network of the same spread and length, and latency to begin with.
fn drawn(trace: &NetworkTrace, seed: u64) -> Result<NetworkTrace, TraceError> {
    let (lowest, highest) = (percentile(trace, 0.05), percentile(trace, 0.95));
    // A chain of rates has none that is zero.
    let lowest = lowest.max(highest / 1e3);
    let model = MarkovModel { latency: trace.latency_at(0.0), ..MarkovModel::between(lowest, highest, 5) };
    model.trace(trace.period(), seed)
}

/// The rate that the link does not exceed in that share of the time.
fn percentile(trace: &NetworkTrace, share: f64) -> f64 {
    let mut intervals: Vec<(f64, f64)> = trace.intervals().map(|interval| (interval.rate, interval.seconds)).collect();
    intervals.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut left = share * trace.period();
    let found = intervals.iter().find(|(_, seconds)| {
        left -= seconds;
        left <= 0.0
    });
    found.or(intervals.last()).map_or(0.0, |(rate, _)| *rate)
}

/// Who watches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Viewers {
    /// Somebody who watches everything and waits as long as it takes.
    #[default]
    Patient,
    /// People who jump about, lose interest and do not wait for ever, drawn by the seed.
    Restless,
}

impl Viewers {
    /// Who watches `recording`, if the title lasts for so many seconds.
    pub fn of(self, recording: &Recording, title: f64, seed: u64) -> Viewer {
        match self {
            Self::Patient => Viewer::default(),
            Self::Restless => ViewerModel::default().viewer(title, seed ^ fingerprint(recording)),
        }
    }
}

/// Tells recordings apart, whatever else is played: G. Fowler, L. C. Noll, P. Vo's hash, FNV-1a with 64 bits.
fn fingerprint(recording: &Recording) -> u64 {
    let name = recording.source.bytes().chain([b'/']).chain(recording.name.bytes());
    name.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recordings() -> Vec<Recording> {
        let recording = |name: &str, text| Recording {
            source: "train".into(),
            name: name.into(),
            trace: NetworkTrace::parse(text).unwrap(),
        };
        vec![recording("a", "300000 4000 20\n"), recording("b", "5000 0 20\n195000 2000 40\n")]
    }

    fn varied(network: Network, seed: u64) -> Vec<Recording> {
        let mut recordings = recordings();
        network.apply(&mut recordings, Path::new("dev"), seed).unwrap();
        recordings
    }

    #[test]
    fn networks_are_made_worse_in_the_same_way_for_the_same_seed() {
        let rate = |network, seed| varied(network, seed)[0].trace.mean_rate();
        assert_eq!(rate(Network::Recorded, 1), 4e6);
        for network in [Network::CrossTraffic, Network::Outages] {
            assert!(rate(network, 1) < 4e6, "{network:?}");
            assert_eq!(rate(network, 1), rate(network, 1));
            assert_ne!(rate(network, 1), rate(network, 2), "{network:?}");
        }
        let drawn = varied(Network::Markov, 1);
        assert_eq!(drawn[1].trace.period(), 200.0);
        assert_eq!(drawn[1].trace.latency_at(0.0), 0.02);
    }

    #[test]
    fn restless_viewers_differ_between_recordings_and_repeat() {
        let (recordings, title) = (recordings(), 600.0);
        let viewer = |index: usize| Viewers::Restless.of(&recordings[index], title, 7);
        assert_eq!(viewer(0), viewer(0));
        assert_ne!(viewer(0), viewer(1));
        assert_eq!(Viewers::Patient.of(&recordings[0], title, 7), Viewer::default());
    }
}
