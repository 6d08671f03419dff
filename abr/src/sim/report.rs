//! What many sessions come to: the lines of a benchmark table.

use std::collections::BTreeMap;

use super::bootstrap::{Bootstrap, Estimate, Terms};
use super::score::{Score, Utility};

/// A session beside what it could have been.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Where the recording comes from.
    pub source: String,
    /// Its name within the source.
    pub name: String,
    /// What the session was worth.
    pub score: Score,
    /// What the best session would have been worth.
    pub best: Best,
}

/// QoE of the offline optimum on one recording, for each utility the session that maximises it; `None` where it was
/// not looked for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Best {
    /// The most that [`Score::qoe_lin`] can be.
    pub lin: Option<f64>,
    /// The most that [`Score::qoe_log`] can be.
    pub log: Option<f64>,
    /// The most that [`Score::qoe_ssim`] can be.
    pub ssim: Option<f64>,
}

impl Best {
    /// The most that the QoE of `utility` can be.
    pub fn of(&self, utility: Utility) -> Option<f64> {
        match utility {
            Utility::Linear => self.lin,
            Utility::Log => self.log,
            Utility::Ssim => self.ssim,
        }
    }

    /// Notes the optimum of one utility.
    pub fn set(&mut self, utility: Utility, qoe: f64) {
        match utility {
            Utility::Linear => self.lin = Some(qoe),
            Utility::Log => self.log = Some(qoe),
            Utility::Ssim => self.ssim = Some(qoe),
        }
    }
}

/// A column of the tables: what is summed over the recordings, and by what the sum is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Figure {
    /// Mean of the sessions' QoE per segment.
    Qoe(Utility),
    /// Mean QoE over mean QoE of the optimum: not the mean of the ratios, which recordings near zero would rule.
    Share(Utility),
    /// Mean of the chosen bitrates, kbit/s.
    Kbps,
    /// Time stalled over time played and stalled, the start excluded.
    StallRatio,
    /// Stalls per hour of media played.
    StallsPerHour,
    /// Changes of rung per minute of media played.
    SwitchesPerMinute,
    /// Mean of the seconds until playback began.
    Startup,
    /// Bits of abandoned transfers over all bits received.
    WastedRatio,
}

impl Figure {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 12] = [
        Self::Qoe(Utility::Linear),
        Self::Qoe(Utility::Log),
        Self::Qoe(Utility::Ssim),
        Self::Share(Utility::Linear),
        Self::Share(Utility::Log),
        Self::Share(Utility::Ssim),
        Self::Kbps,
        Self::StallRatio,
        Self::StallsPerHour,
        Self::SwitchesPerMinute,
        Self::Startup,
        Self::WastedRatio,
    ];

    /// Its name in files, with the unit where there is one.
    pub fn key(self) -> &'static str {
        match self {
            Self::Qoe(Utility::Linear) => "qoe_lin",
            Self::Qoe(Utility::Log) => "qoe_log",
            Self::Qoe(Utility::Ssim) => "qoe_ssim",
            Self::Share(Utility::Linear) => "share_of_optimum",
            Self::Share(Utility::Log) => "share_log",
            Self::Share(Utility::Ssim) => "share_ssim",
            Self::Kbps => "kbps",
            Self::StallRatio => "stall_ratio",
            Self::StallsPerHour => "stalls_per_hour",
            Self::SwitchesPerMinute => "switches_per_minute",
            Self::Startup => "startup_s",
            Self::WastedRatio => "wasted_ratio",
        }
    }

    /// What `outcome` adds to both sums; `None` where it was not measured.
    fn terms(self, outcome: &Outcome) -> Option<Terms> {
        let score = &outcome.score;
        Some(match self {
            Self::Qoe(utility) => (score.qoe(utility), 1.0),
            Self::Share(utility) => (score.qoe(utility), outcome.best.of(utility)?),
            Self::Kbps => (score.kbps, 1.0),
            Self::StallRatio => (score.stalled, score.played + score.stalled),
            Self::StallsPerHour => (f64::from(score.stalls), score.played / 3600.0),
            Self::SwitchesPerMinute => (f64::from(score.switches), score.played / 60.0),
            Self::Startup => (score.startup, 1.0),
            Self::WastedRatio => (score.wasted, score.bits),
        })
    }
}

/// Figures over a set of recordings.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// How many recordings.
    pub n: usize,
    estimates: BTreeMap<Figure, Estimate>,
}

impl Summary {
    /// Sums up; `strata` holds the recordings of each source.
    fn of(strata: &[Vec<&Outcome>], bootstrap: &Bootstrap) -> Self {
        let estimate = |figure: Figure| {
            let terms = |stratum: &Vec<&Outcome>| stratum.iter().map(|outcome| figure.terms(outcome)).collect();
            let terms: Vec<Vec<Terms>> = strata.iter().map(terms).collect::<Option<_>>()?;
            Some((figure, bootstrap.ratio(&terms)?))
        };
        Self { n: strata.iter().map(Vec::len).sum(), estimates: Figure::ALL.into_iter().filter_map(estimate).collect() }
    }

    /// One figure; `None` where it was not measured or means nothing, such as the share of an optimum below zero.
    pub fn get(&self, figure: Figure) -> Option<Estimate> {
        self.estimates.get(&figure).copied()
    }
}

/// Figures over all recordings, and over those of each source.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Over all recordings: each counts the same, so a source counts as much as it has recordings.
    pub overall: Summary,
    /// By the source's name, in order.
    pub sources: Vec<(String, Summary)>,
}

impl Report {
    /// Sums up the outcomes of one controller in one scenario.
    pub fn of(outcomes: &[Outcome], bootstrap: &Bootstrap) -> Self {
        let strata = by_source(outcomes);
        let sources = strata.iter().map(|stratum| {
            let name = stratum.first().map_or_else(String::new, |outcome| outcome.source.clone());
            (name, Summary::of(std::slice::from_ref(stratum), bootstrap))
        });
        Self { sources: sources.collect(), overall: Summary::of(&strata, bootstrap) }
    }
}

/// By how much of the optimum `outcomes` are ahead of `others`: the difference of their shares, resampled in pairs, so
/// that a recording that is hard for both widens nothing. Both must be of the same recordings in the same order; `None`
/// where they are not, or the optimum is not known.
pub fn lead(outcomes: &[Outcome], others: &[Outcome], utility: Utility, bootstrap: &Bootstrap) -> Option<Estimate> {
    let mut strata: BTreeMap<&str, Vec<Terms>> = BTreeMap::new();
    if outcomes.len() != others.len() {
        return None;
    }
    for (own, other) in outcomes.iter().zip(others) {
        if (&own.source, &own.name) != (&other.source, &other.name) {
            return None;
        }
        let terms = (own.score.qoe(utility) - other.score.qoe(utility), own.best.of(utility)?);
        strata.entry(&own.source).or_default().push(terms);
    }
    bootstrap.ratio(&strata.into_values().collect::<Vec<_>>())
}

fn by_source(outcomes: &[Outcome]) -> Vec<Vec<&Outcome>> {
    let mut strata: BTreeMap<&str, Vec<&Outcome>> = BTreeMap::new();
    for outcome in outcomes {
        strata.entry(&outcome.source).or_default().push(outcome);
    }
    strata.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(source: &str, name: &str, qoe_lin: f64, best: f64) -> Outcome {
        let score = Score {
            qoe_lin,
            kbps: 1_000.0 * qoe_lin,
            startup: 0.5,
            stalled: 6.0,
            stalls: 2,
            switches: 4,
            played: 114.0,
            bits: 8e6,
            wasted: 1e6,
            ..Score::default()
        };
        Outcome { source: source.into(), name: name.into(), score, best: Best { lin: Some(best), ..Best::default() } }
    }

    fn value(summary: &Summary, figure: Figure) -> f64 {
        summary.get(figure).unwrap().value
    }

    #[test]
    fn shares_are_ratios_of_means_and_sources_are_apart() {
        let outcomes =
            [outcome("cable", "a", 3.0, 4.0), outcome("train", "b", 1.0, 1.0), outcome("cable", "c", 2.0, 3.0)];
        let report = Report::of(&outcomes, &Bootstrap::default());
        let share = Figure::Share(Utility::Linear);
        assert_eq!((report.overall.n, value(&report.overall, share)), (3, 0.75));
        let sources: Vec<(&str, usize, f64)> =
            report.sources.iter().map(|(name, summary)| (name.as_str(), summary.n, value(summary, share))).collect();
        assert_eq!(sources, [("cable", 2, 5.0 / 7.0), ("train", 1, 1.0)]);
        assert_eq!(report.overall.get(Figure::Share(Utility::Log)), None, "it was not looked for");
    }

    #[test]
    fn figures_have_the_units_of_their_names() {
        let report = Report::of(&[outcome("cable", "a", 3.0, 4.0)], &Bootstrap::default());
        let figures = [
            (Figure::Kbps, 3_000.0),
            (Figure::StallRatio, 0.05),
            (Figure::StallsPerHour, 2.0 / (114.0 / 3600.0)),
            (Figure::SwitchesPerMinute, 4.0 / 1.9),
            (Figure::Startup, 0.5),
            (Figure::WastedRatio, 0.125),
        ];
        for (figure, expected) in figures {
            assert!((value(&report.overall, figure) - expected).abs() < 1e-12, "{figure:?}");
        }
    }

    #[test]
    fn a_lead_is_resampled_in_pairs() {
        let own: Vec<Outcome> = (0..40).map(|i| outcome("cable", &i.to_string(), f64::from(i) + 1.0, 40.0)).collect();
        let others: Vec<Outcome> = (0..40).map(|i| outcome("cable", &i.to_string(), f64::from(i), 40.0)).collect();
        let lead_of = |own: &[Outcome], others: &[Outcome]| lead(own, others, Utility::Linear, &Bootstrap::default());
        assert_eq!(lead_of(&own, &others), Some(Estimate { value: 0.025, low: 0.025, high: 0.025 }));
        assert_eq!(lead_of(&own, &others[1..]), None);
        assert_eq!(lead_of(&own[..39], &others[1..]), None, "not the same recordings");
    }

    #[test]
    fn nothing_played_is_nothing_measured() {
        let report = Report::of(&[], &Bootstrap::default());
        assert_eq!((report.overall.n, report.overall.get(Figure::Kbps)), (0, None));
    }
}
