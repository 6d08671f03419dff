//! `lumen-qa bench formats`: how fast containers, ciphers and manifests are read on this machine, beside what others
//! make of the same bytes in the same run.
//!
//! Only the ratios travel from one machine to another. [`media`] makes a film in three containers and reads it beside
//! ffmpeg, [`ciphers`] decrypts beside openssl, [`manifests`] reads long manifests beside m3u8-rs.

pub mod ciphers;
pub mod manifests;
pub mod media;

use super::tables::section;
use crate::exit::Exit;
use crate::sim::table::Table;
use anyhow::Context as _;
use clap::Args;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// Each thing is done so often and the fastest run counts: whoever else uses the machine only makes things slower.
const RUNS: usize = 5;

const EXAMPLES: &str = "\
Example, as the figures of docs/formats.md were made (--release: figures of other builds are of no use):
  cargo run --release -p lumen-app-qa -- bench formats";

/// Reads containers, ciphers and manifests, and compares the speed with ffmpeg, openssl and m3u8-rs.
///
/// Media are made with ffmpeg in a folder for temporary files. Takes about a minute.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct FormatsArgs {
    /// Size of the film in megabytes (10^6 bytes), 1 to 100.
    #[arg(long, value_name = "MB", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub size: u32,
    /// Segments of the manifests, 1 to 100000.
    #[arg(long, value_name = "COUNT", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub segments: u32,
}

/// Runs the command. Blocks for about a minute.
///
/// # Errors
/// Media could not be made, or were read wrongly. Without ffmpeg or openssl it is [`Exit::Environment`].
pub fn run(args: &FormatsArgs) -> anyhow::Result<Exit> {
    for (tool, version) in [("ffmpeg", "-version"), ("openssl", "version")] {
        if let Err(error) = Command::new(tool).arg(version).output() {
            eprintln!("error: {tool} cannot be started: {error}");
            return Ok(Exit::Environment);
        }
    }
    let folder = Folder::new()?;
    let text = section("Containers", &media::table(&folder, args.size)?)
        + &section("Ciphers", &ciphers::table(&folder)?)
        + &section(&format!("Manifests of {} segments", args.segments), &manifests::table(args.segments)?);
    print!("{text}");
    if cfg!(debug_assertions) {
        println!("These are figures of a build for development; those of a release are others.");
    }
    Ok(Exit::Pass)
}

/// A folder that is removed in the end.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed stays for whoever cleans up temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Folder {
    fn new() -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("lumen-formats-{}", std::process::id()));
        std::fs::create_dir_all(&path).with_context(|| format!("cannot create {}", path.display()))?;
        Ok(Self(path))
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_string_lossy().into_owned()
    }
}

/// The shortest of several runs.
fn fastest<T>(mut work: impl FnMut() -> anyhow::Result<T>) -> anyhow::Result<Duration> {
    let mut best = Duration::MAX;
    for _ in 0..RUNS {
        let started = Instant::now();
        std::hint::black_box(work()?);
        best = best.min(started.elapsed());
    }
    Ok(best.max(Duration::from_nanos(1)))
}

/// Output of a program that must succeed.
fn output(program: &str, arguments: &[&str]) -> anyhow::Result<Output> {
    let output = Command::new(program).args(arguments).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "{program} {}: {}", arguments.join(" "), said.trim());
    Ok(output)
}

/// Millions of bytes a second.
fn speed(bytes: usize, time: Duration) -> f64 {
    bytes as f64 / 1e6 / time.as_secs_f64()
}

/// A row of two speeds in MB/s and ours as a multiple of the other.
fn compare(table: &mut Table, name: &str, ours: f64, theirs: f64) {
    table.push([name.to_owned(), format!("{ours:.0}"), format!("{theirs:.0}"), format!("{:.2}", ours / theirs)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_ours_by_theirs() {
        let mut table = Table::new(["", "ours", "theirs", "ratio"]);
        compare(&mut table, "x", speed(3_000_000, Duration::from_secs(1)), 2.0);
        assert!(table.markdown().ends_with("| x | 3 | 2 | 1.50 |\n"), "{}", table.markdown());
    }

    #[test]
    fn programs_that_fail_say_why() {
        let error = output("openssl", &["unheard-of"]).map(|_| ()).unwrap_err().to_string();
        assert!(error.starts_with("openssl unheard-of: "), "{error}");
    }
}
