//! `lumen-tv`: the ten-foot player.

use app_core::{Density, LaunchArgs};
use clap::Parser;

/// Watch your Lumen library from the sofa.
///
/// The same application as lumen, drawn for three metres and steered with arrows, Enter and Back. It fills the screen
/// unless --windowed-size is given.
#[derive(Debug, Parser)]
#[command(name = "lumen-tv", version, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    args: LaunchArgs,
}

const EXAMPLES: &str = "\
Examples:
  lumen-tv                                     your library on the local server, full screen
  lumen-tv --windowed-size 1280x720            the same in a window
  lumen-tv https://example.com/master.m3u8     any stream

Remote: arrows move, Enter or OK chooses, Escape or Back goes back. In the player left and right seek.";

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    app_core::init_logging();
    app_core::run(Density::Tv, cli.args)
}
