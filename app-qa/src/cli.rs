//! Command line of `lumen-qa`.

use crate::bench::formats::{self, FormatsArgs};
use crate::bench::{self, BenchArgs};
use crate::decode;
use crate::decode::args::{DecodeArgs, ProbeArgs};
use crate::exit::Exit;
use crate::figures::{self, FiguresArgs};
use crate::play::{PlayOptions, play};
use crate::replay::{self, ReplayArgs};
use crate::shape::Shape;
use crate::sim::{self, SimArgs};
use crate::stats::{self, StatsArgs};
use crate::target::{Account, Target};
use crate::train::{self, TrainArgs};
use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use player_core::drm::{CdmOptions, KeySystems};
use player_core::{MediaTime, PlayerConfig};
use std::path::PathBuf;
use std::time::Duration;
use tokio::task::spawn_blocking;
use url::Url;

/// Plays streams without a window and says what a viewer would have seen.
///
/// Runs the engine of the apps: the same fetching, adaptation, decryption and decoding, at the same pace. Exit codes:
/// 0 pass, 1 playback was not as it should be, 2 usage, 3 something is missing on this machine, 4 crash.
#[derive(Debug, Parser)]
#[command(name = "lumen-qa", version, max_term_width = 120)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Plays a stream or a title and reports.
    Play(Play),
    Decode(DecodeArgs),
    Probe(ProbeArgs),
    Stats(StatsArgs),
    Figures(FiguresArgs),
    Sim(SimArgs),
    Replay(ReplayArgs),
    /// Measures a part of the player over everything there is to measure it with.
    #[command(subcommand)]
    Bench(Bench),
    /// Learns what is compiled into a part of the player.
    #[command(subcommand)]
    Train(Train),
}

#[derive(Debug, Subcommand)]
enum Train {
    Abr(TrainArgs),
}

#[derive(Debug, Subcommand)]
enum Bench {
    Abr(Box<BenchArgs>),
    Formats(FormatsArgs),
}

/// Examples:
///
///   lumen-qa play https://example.org/master.m3u8 --for 30s --report out/
///
///   LUMEN_QA_PASSWORD=… lumen-qa play the-long-tide --server http://127.0.0.1:7800 --account mia@lumen.example
///
///   lumen-qa play URL --shape 0:5000,10:600,25:5000 --allow-stalls 1 --report out/
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
struct Play {
    /// Address of an HLS or DASH stream, or a title's id together with --server.
    target: String,
    /// Stop after this much has been played: `30s`, `2m`, `1.5`. Default: to the end.
    #[arg(long = "for", value_parser = duration)]
    limit: Option<Duration>,
    /// Start here instead of at the beginning.
    #[arg(long, value_parser = duration, default_value = "0")]
    start: Duration,
    /// Folder for report.json, events.jsonl and PNGs of shown frames.
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Server that knows the title.
    #[arg(long, env = "LUMEN_SERVER", value_name = "URL")]
    server: Option<Url>,
    /// E-mail of the account to sign in with.
    #[arg(long, requires = "server")]
    account: Option<String>,
    /// Environment variable that holds the password. Not the password: command lines are public.
    #[arg(long, value_name = "NAME", default_value = "LUMEN_QA_PASSWORD")]
    password_env: String,
    /// Bandwidth in kbit/s, or steps of seconds:kbit/s.
    #[arg(long, value_name = "SHAPE")]
    shape: Option<Shape>,
    /// Hold this quality instead of adapting, such as 720p.
    #[arg(long, value_name = "HEIGHT", value_parser = height)]
    quality: Option<u32>,
    /// Let this many stalls pass; without it, one is a failure.
    #[arg(long, value_name = "COUNT", default_value_t)]
    allow_stalls: u32,
    /// Name of the adaptive controller.
    #[arg(long, value_name = "NAME")]
    controller: Option<String>,
    /// Show subtitles of this language (fetched and timed; there is no picture to draw them on).
    #[arg(long, value_name = "TAG")]
    subtitles: Option<String>,
    /// Print the report as JSON on stdout instead of a summary.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub async fn run(cli: Cli) -> anyhow::Result<Exit> {
    match cli.command {
        Command::Play(arguments) => run_play(arguments).await,
        Command::Decode(arguments) => decode::run(arguments).await,
        Command::Probe(arguments) => decode::probe::run(arguments).await,
        Command::Stats(arguments) => spawn_blocking(move || stats::run(&arguments)).await?,
        Command::Figures(arguments) => spawn_blocking(move || figures::run(&arguments)).await?,
        Command::Replay(arguments) => replay::run(&arguments).await,
        Command::Sim(arguments) => spawn_blocking(move || sim::run(&arguments)).await?,
        Command::Bench(Bench::Abr(arguments)) => spawn_blocking(move || bench::run(&arguments)).await?,
        Command::Bench(Bench::Formats(arguments)) => spawn_blocking(move || formats::run(&arguments)).await?,
        Command::Train(Train::Abr(arguments)) => spawn_blocking(move || train::run(&arguments)).await?,
    }
}

async fn run_play(arguments: Play) -> anyhow::Result<Exit> {
    let mut config = PlayerConfig { text_language: arguments.subtitles, ..PlayerConfig::default() };
    if let Some(controller) = arguments.controller {
        if !abr::CONTROLLER_NAMES.contains(&controller.as_str()) {
            eprintln!("error: no controller named {controller}; there are {}", abr::CONTROLLER_NAMES.join(", "));
            return Ok(Exit::Usage);
        }
        config.abr.controller = controller;
    }
    let mut target = match Url::parse(&arguments.target) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Target::from_url(url),
        _ => {
            let (Some(server), Some(email)) = (&arguments.server, arguments.account) else {
                eprintln!("error: {} is no address; a title needs --server and --account", arguments.target);
                return Ok(Exit::Usage);
            };
            let name = &arguments.password_env;
            let password = std::env::var(name).with_context(|| format!("the variable {name} is not set"))?;
            Target::from_title(server, &arguments.target, &Account { email, password }).await?
        }
    };
    target.key_systems = KeySystems::installed(CdmOptions::from_environment()).await;
    target.start = MediaTime::ZERO + arguments.start;
    let options = PlayOptions {
        limit: arguments.limit,
        config,
        shape: arguments.shape,
        height: arguments.quality,
        allowed_stalls: arguments.allow_stalls,
        report: arguments.report,
    };
    let folder = options.report.clone();
    let report = play(target, options).await?;
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{}", report.summary());
        if let Some(folder) = folder {
            println!("  report {}", folder.join("report.json").display());
            if let Some(frame) = report.frames.last() {
                println!("  picture {}", folder.join(frame).display());
            }
        }
    }
    Ok(report.exit())
}

/// `720p` or `720`.
fn height(text: &str) -> Result<u32, String> {
    text.trim_end_matches('p').parse().map_err(|_| "a height is needed, such as 720p".to_owned())
}

/// `90`, `1.5`, `30s`, `2m`, `500ms`.
fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.find(|character: char| character.is_ascii_alphabetic()) {
        Some(position) => text.split_at(position),
        None => (text, "s"),
    };
    let factor = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return Err(format!("unknown unit `{unit}`: use ms, s, m or h")),
    };
    let seconds: f64 = number.trim().parse().map_err(|_| "a number is needed, such as 30s".to_owned())?;
    Duration::try_from_secs_f64(seconds * factor).map_err(|_| "out of range".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units_or_are_seconds() {
        assert_eq!(duration("1.5"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert!(duration("5 parsecs").is_err() && duration("-1s").is_err() && duration("s").is_err());
    }

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }
}
