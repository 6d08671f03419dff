//! `lumen-server make-library`.

use super::{LibraryArgs, StoreArgs};
use server_stub::{
    RunningServer, Server, Service,
    ingest::{MediaState, TitleDescriptor},
};
use std::{
    io::{self, IsTerminal, Write},
    process::ExitCode,
    time::{Duration, Instant},
};

/// How often the line is drawn on a terminal.
const DRAW_EVERY: Duration = Duration::from_millis(250);
/// How often a line is printed where there is no terminal, if anything has changed.
const PRINT_EVERY: Duration = Duration::from_secs(5);

/// Opens the data folder as a server would, on a port that nobody knows, because the keys are the server's.
pub(crate) async fn run(args: &LibraryArgs, stores: &StoreArgs) -> anyhow::Result<ExitCode> {
    let mut config = args.config()?;
    stores.apply(&mut config)?;
    config.listen.set_port(0);
    config.library.make = false;
    // Whoever is signed in at a server that runs meanwhile is none of its business.
    config.services = [Service::Ingest].into_iter().collect();
    let server = Server::start(config).await?;
    let library = server.library().clone();
    let started = Instant::now();
    let outcome = tokio::select! {
        outcome = library.make(server.key_source()) => Some(outcome),
        () = show(&server) => None,
        interrupted = tokio::signal::ctrl_c() => {
            interrupted?;
            None
        }
    };
    let progress = server.library_progress();
    server.shutdown().await;
    let Some(outcome) = outcome else {
        eprintln!("\nstopped; the next start goes on from here");
        return Ok(ExitCode::FAILURE);
    };
    eprintln!("\r\x1b[K{} of {} titles, {:.0} s", progress.ready, progress.total, started.elapsed().as_secs_f64());
    outcome?;
    Ok(ExitCode::SUCCESS)
}

/// Draws progress on stderr. Never ends.
async fn show(server: &RunningServer) {
    let is_terminal = io::stderr().is_terminal();
    let mut every = tokio::time::interval(if is_terminal { DRAW_EVERY } else { PRINT_EVERY });
    let mut said = String::new();
    loop {
        every.tick().await;
        let line = line(server);
        if line == said {
            continue;
        }
        let mut stderr = io::stderr().lock();
        // A closed stderr takes the progress with it, not the work.
        let _ = if is_terminal { write!(stderr, "\r\x1b[K{line}") } else { writeln!(stderr, "{line}") };
        let _ = stderr.flush();
        said = line;
    }
}

fn line(server: &RunningServer) -> String {
    let state = server.library().state();
    let being_made =
        server.library().descriptors().iter().filter_map(|title: &TitleDescriptor| match state.get(&title.id)?.state {
            MediaState::Making { percent } => Some(format!("{} {percent} %", title.name)),
            MediaState::Absent | MediaState::Ready => None,
        });
    let being_made: Vec<String> = being_made.collect();
    let progress = server.library_progress();
    format!("{} of {} titles   {}", progress.ready, progress.total, being_made.join("   "))
}
