//! `lumen-tv`: the ten-foot player.

use app_core::{Density, LaunchArgs, Platform};
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

    /// What the machine can afford: its memory decides if this is not given
    #[arg(long, value_enum, value_name = "CLASS", env = "LUMEN_PLATFORM")]
    platform: Option<Platform>,

    /// Per cent of each edge that the panel cuts off, 0 to 7; remembered
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=7))]
    overscan: Option<u8>,
}

const EXAMPLES: &str = "\
Examples:
  lumen-tv                                     your library on the local server, full screen
  lumen-tv --windowed-size 1280x720            the same in a window
  lumen-tv --platform 1g --overscan 3          on a small box at a panel that cuts its edges off
  lumen-tv https://example.com/master.m3u8     any stream

Remote: arrows move, Enter or OK chooses, Escape or Back goes back. In the player left and right seek, held they wind;
OK pauses, held it opens the quick menu.";

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    app_core::init_logging();
    let args = LaunchArgs { platform: cli.platform, overscan: cli.overscan, ..cli.args };
    app_core::run(Density::Tv, args)
}
