//! `lumen`: the desktop player.

use app_core::{Density, LaunchArgs};
use clap::Parser;

/// Watch your Lumen library, or any HLS or DASH stream.
///
/// Without a URL, lumen signs in through your browser and shows your library. With a URL it plays that stream at once,
/// signed out, whatever server it is on.
#[derive(Debug, Parser)]
#[command(name = "lumen", version, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    args: LaunchArgs,
}

const EXAMPLES: &str = "\
Examples:
  lumen                                          your library on the local server
  lumen --server https://lumen.example           your library on another server
  lumen https://example.com/master.m3u8 --stats  any stream, with the stats overlay
  lumen --title the-long-tide --start 12:30      one title, from a given time

Keys while playing: Space, arrows, J K L, M, C, F, I; press ? for all of them.
Logs go to standard error; LUMEN_LOG chooses what (for example LUMEN_LOG=debug).";

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    app_core::init_logging();
    app_core::run(Density::Desktop, cli.args)
}
