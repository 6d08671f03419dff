//! The command line of the server.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod cli;

use clap::Parser;
use std::{process::ExitCode, time::Duration};

/// How long threads that still encode may take to notice that the process ends.
const LAST_MOMENT: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    // First of all: nothing secret has been read yet.
    cli::private_memory::keep();
    let cli = cli::Cli::parse();
    cli::start_log();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: cannot start threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(cli.run());
    // Encoders run on threads that cannot be cancelled; what they leave behind is made again at the next start.
    runtime.shutdown_timeout(LAST_MOMENT);
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
