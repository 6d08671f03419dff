//! Command line of `lumen-qa sim` and `lumen-qa bench abr`.

use super::cache::OptimumCache;
use super::contestant::{Contestant, Contestants, distinct};
use super::experiment::Experiment;
use super::input::{InputError, read_models};
use super::ladders::Ladders;
use super::recordings::Recordings;
use super::variation::{Network, Viewers};
use abr::sim::{Bootstrap, ScenarioId, SizeKnowledge, Utility};
use clap::{Args, ValueEnum};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

const EXAMPLES: &str = "\
Examples:
  Every controller in every scenario, as tables and as JSON:
    lumen-qa sim --traces traces/dev --scenario A..F --controller all --json sim.json

  Two controllers with a ladder of your own:
    lumen-qa sim --traces traces/dev/oboe --ladder mine.txt --scenario B --controller bola,throughput

  One session, segment by segment, with the reason of each decision:
    lumen-qa sim --traces traces/dev --scenario C --controller bola --session oboe/trace_0.txt";

/// Plays recordings of networks with any controller, without waiting, and says what viewers would have seen.
///
/// The rules of the game are in docs/abr.md; the same input gives the same figures on every machine. All is measured by
/// the best that was possible. To find that takes minutes per scenario, so it is done once and kept.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct SimArgs {
    /// Scenarios of docs/abr.md: `A`, `A,C`, `A..F`, `B-bbb10-vod30`.
    #[arg(long, value_name = "LIST", default_value = "A..F")]
    pub scenario: Scenarios,
    /// Names, separated by commas; `offline` for the optimum, `all` for everything there is.
    #[arg(long, value_name = "NAMES", default_value = Contestant::OURS.name())]
    pub controller: Contestants,
    /// Whether controllers are told the sizes of coming segments.
    #[arg(long, value_enum, default_value_t)]
    pub sizes: Sizes,
    /// Whose optima are looked for besides that of QoE_lin: `log,ssim`. Each takes as long as the first.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "LIST")]
    pub share: Vec<UtilityName>,
    /// Write the figures as JSON; `-` for standard output, in place of the table.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Do not look for the optimum: figures without shares, at once.
    #[arg(long, conflicts_with = "share")]
    pub no_share: bool,
    /// Who watches. The optimum is known for patient viewers only, so that with others there are no shares of it.
    #[arg(long, value_enum, default_value_t)]
    pub viewers: Viewers,
    /// Show one recording in detail instead.
    #[arg(long, value_name = "SOURCE/RECORDING")]
    pub session: Option<String>,
    #[command(flatten)]
    pub common: CommonArgs,
}

/// What both commands read and how they compute.
#[derive(Debug, Args)]
#[command(next_help_heading = "What is played, and how it is computed")]
pub struct CommonArgs {
    /// Folder with one folder per source and one file per recording, or with the recordings of one source.
    #[arg(long, value_name = "DIR")]
    pub traces: PathBuf,
    /// A ladder for all scenarios, or a folder with the ladder of each. Default: `ladders` beside the recordings.
    #[arg(long, value_name = "FILE")]
    pub ladder: Option<PathBuf>,
    /// Play also what a scenario leaves out: sources that its ladder cannot tell apart.
    #[arg(long)]
    pub all_sources: bool,
    /// What is played: the recordings, or networks made from them.
    #[arg(long, value_enum, default_value_t)]
    pub network: Network,
    /// Seed of all that is drawn: networks, viewers, and the samples of the intervals.
    #[arg(long, value_name = "NUMBER", default_value_t = Bootstrap::default().seed)]
    pub seed: u64,
    /// How many sessions are played at once. Default: one per core.
    #[arg(long, value_name = "COUNT")]
    pub threads: Option<NonZeroUsize>,
    /// Folder where optima are kept. Default: in the user's cache folder.
    #[arg(long, value_name = "DIR", conflicts_with = "no_cache")]
    pub cache: Option<PathBuf>,
    /// Find optima anew and do not keep them.
    #[arg(long)]
    pub no_cache: bool,
    /// Folder with networks for `lumen`, as `lumen-qa train abr` writes them, in place of those that are built in.
    #[arg(long, value_name = "DIR")]
    pub models: Option<PathBuf>,
}

impl CommonArgs {
    /// Reads the recordings and finds the ladders.
    pub fn experiment(&self, utilities: Vec<Utility>, viewers: Viewers) -> Result<Experiment, InputError> {
        let recordings = Recordings::read(&self.traces)?.varied(self.network, self.seed)?;
        let ladders = Ladders::find(self.ladder.as_deref(), recordings.folder())?;
        let cache = self.cache.clone().or_else(OptimumCache::default_folder);
        Ok(Experiment {
            ladders,
            recordings,
            every_source: self.all_sources,
            threads: self.threads.map(NonZeroUsize::get),
            cache: cache.filter(|_| !self.no_cache),
            utilities,
            viewers,
            seed: self.seed,
            models: self.models.as_deref().map(read_models).transpose()?.map(Arc::new),
        })
    }

    /// How intervals are made.
    pub fn bootstrap(&self) -> Bootstrap {
        Bootstrap { seed: self.seed, ..Bootstrap::default() }
    }
}

impl SimArgs {
    /// Reads the recordings and finds the ladders, for figures of the given utilities.
    pub fn experiment(&self, utilities: Vec<Utility>) -> Result<Experiment, InputError> {
        if self.viewers != Viewers::Patient && self.controller.0.contains(&Contestant::OFFLINE) {
            return Err(InputError::NoOptimum);
        }
        self.common.experiment(utilities, self.viewers)
    }

    /// QoE_lin, and what else was asked for; nothing where there is no optimum.
    pub fn utilities(&self) -> Vec<Utility> {
        if self.viewers != Viewers::Patient || self.no_share {
            return Vec::new();
        }
        distinct(std::iter::once(Utility::Linear).chain(self.share.iter().map(|name| name.utility())).collect())
    }
}

/// Whether controllers know sizes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Sizes {
    /// As from a segment index.
    #[default]
    Known,
    /// Average bitrate times duration must do.
    Unknown,
}

impl Sizes {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Unknown => "unknown",
        }
    }
}

impl From<Sizes> for SizeKnowledge {
    fn from(sizes: Sizes) -> Self {
        match sizes {
            Sizes::Known => Self::Known,
            Sizes::Unknown => Self::Unknown,
        }
    }
}

/// What a viewer gets from a rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum UtilityName {
    /// Bitrate.
    Lin,
    /// Logarithm of the bitrate.
    Log,
    /// Structural similarity in decibels.
    Ssim,
}

impl UtilityName {
    fn utility(self) -> Utility {
        match self {
            Self::Lin => Utility::Linear,
            Self::Log => Utility::Log,
            Self::Ssim => Utility::Ssim,
        }
    }
}

/// One or more scenarios, as on a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenarios(pub Vec<ScenarioId>);

impl FromStr for Scenarios {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut all = Vec::new();
        for part in text.split(',').map(str::trim) {
            match part.split_once("..") {
                Some((first, last)) => {
                    let (first, last): (ScenarioId, ScenarioId) = (first.parse()?, last.parse()?);
                    all.extend(ScenarioId::ALL.into_iter().filter(|id| (first..=last).contains(id)));
                }
                None => all.push(part.parse()?),
            }
        }
        if all.is_empty() { Err(format!("`{text}` has no scenario in it")) } else { Ok(Self(distinct(all))) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenarios_are_letters_names_lists_and_ranges() {
        let letters = |text: &str| -> Option<String> {
            text.parse::<Scenarios>().ok().map(|Scenarios(list)| list.iter().map(ToString::to_string).collect())
        };
        assert_eq!(letters("A..F").as_deref(), Some("ABCDEF"));
        assert_eq!(letters("c, a,c").as_deref(), Some("CA"));
        assert_eq!(letters("B-bbb10-vod30,D..E").as_deref(), Some("BDE"));
        for bad in ["", "G", "F..A", "A..", "A..Z"] {
            assert_eq!(letters(bad), None, "{bad}");
        }
    }
}
