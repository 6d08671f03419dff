//! Command line of `lumen-qa bench abr`.

use crate::sim::args::{CommonArgs, Scenarios};
use crate::sim::contestant::Contestants;
use clap::Args;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Example, as docs/abr.md was made:
  lumen-qa bench abr --traces traces/dev --out docs/abr-bench";

/// Plays every scenario with every controller, with and without known sizes, and makes the tables and plots of
/// docs/abr.md.
///
/// To find the optima takes about an hour on two cores; they are kept, and the next run takes minutes.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct BenchArgs {
    /// Scenarios of docs/abr.md: `A`, `A,C`, `A..F`, `B-bbb10-vod30`.
    #[arg(long, value_name = "LIST", default_value = "A..F")]
    pub scenario: Scenarios,
    /// Names, separated by commas; `offline` for the optimum, `all` for everything there is.
    #[arg(long, value_name = "NAMES", default_value = "all")]
    pub controller: Contestants,
    /// Folder for tables.md, the figures as JSON, and plots.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// The recording that is drawn in detail. Default: one on which ours and the best of the
    /// others reach what they reach overall.
    #[arg(long, value_name = "SOURCE/RECORDING")]
    pub session: Option<String>,
    #[command(flatten)]
    pub common: CommonArgs,
}
