//! `lumen`: the desktop player.

use app_core::{Density, Health, LaunchArgs};
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Watch your Lumen library, or any HLS or DASH stream.
///
/// Without a URL, lumen signs in through your browser and shows your library. With a URL it plays that stream at once,
/// signed out, whatever server it is on.
#[derive(Debug, Parser)]
#[command(name = "lumen", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    task: Option<Task>,
    #[command(flatten)]
    args: LaunchArgs,
}

/// What else it can do.
#[derive(Debug, Subcommand)]
enum Task {
    /// Look at what playing needs: decoders, OpenGL, keyring, network, server
    ///
    /// Exit code 0: everything is there, or only what can be done without is missing; 3: films will not play.
    Doctor {
        /// Print the findings as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        args: Box<LaunchArgs>,
    },
}

/// The environment does not work, as lumen-qa says it.
const BROKEN: u8 = 3;

const EXAMPLES: &str = "\
Examples:
  lumen                                          your library on the local server
  lumen --server https://lumen.example           your library on another server
  lumen https://example.com/master.m3u8 --stats  any stream, with the stats overlay
  lumen ~/Videos/film.mp4                        a file; playlists and MPDs as well
  lumen doctor                                   what is missing on this machine, if something is
  lumen --title the-long-tide --start 12:30      one title, from a given time

Ctrl O opens, Ctrl V plays a copied address. A second start hands over to the first.

Keys while playing: Space, arrows, J K L, M, C, F, I; press ? for all of them.
Logs go to standard error and to lumen.log in the state folder; LUMEN_LOG chooses what (for example LUMEN_LOG=debug).";

fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    app_core::init_logging();
    match cli.task {
        Some(Task::Doctor { json, args }) => {
            let found = app_core::diagnose(&args);
            if json {
                println!("{}", found.json());
            } else {
                print!("{}", found.text());
            }
            Ok(if found.health() == Health::Broken { ExitCode::from(BROKEN) } else { ExitCode::SUCCESS })
        }
        None => app_core::run(Density::Desktop, cli.args).map(|()| ExitCode::SUCCESS),
    }
}
