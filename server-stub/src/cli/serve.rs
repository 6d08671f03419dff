//! `lumen-server serve`.

use super::{ServeArgs, settings::Settings};
use server_stub::{RunningServer, Server};
use std::{
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};
use tokio::signal::unix::{SignalKind, signal};

/// How often the making of the library is reported on.
const REPORT_EVERY: Duration = Duration::from_secs(5);

/// Files that are open beside connections: the database, the library, logs.
const SPARE_FILES: u64 = 1_024;

/// Lets as many files be open as the system allows this user; each connection is one. Returns how many that are.
pub(super) fn raise_open_files() -> u64 {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let now = if setrlimit(Resource::Nofile, raised).is_ok() { limit.maximum } else { limit.current };
    now.unwrap_or(u64::MAX)
}

pub(crate) async fn run(args: ServeArgs) -> anyhow::Result<ExitCode> {
    let mut config = args.library.config()?;
    Settings::read(args.listen.config.as_deref(), &config.data)?.apply(&args, &mut config)?;
    config.library.make = !args.no_make;
    let files = raise_open_files();
    if files < config.limits.connections as u64 + SPARE_FILES {
        tracing::warn!(
            files,
            connections = config.limits.connections,
            "fewer files may be open than connections: ulimit -n"
        );
    }
    if config.demo && !config.listen.ip().is_loopback() {
        tracing::warn!("demo mode on an address that others can reach: everybody knows the demo accounts' password");
    }
    // Before the start: a signal during it must not be lost.
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut either = async || {
        tokio::select! {
            _ = interrupt.recv() => {},
            _ = terminate.recv() => {},
        }
    };
    let (data, demo) = (config.data.clone(), config.demo);
    let server = tokio::select! {
        started = Server::start(config) => started?,
        () = either() => return Ok(ExitCode::SUCCESS),
    };
    announce(&server)?;
    tracing::info!(data = %data.display(), demo, "ready");
    tokio::select! {
        () = either() => {}
        () = report(&server) => {}
    }
    tracing::info!("stopping");
    tokio::select! {
        () = server.shutdown() => {}
        () = either() => tracing::warn!("stopped without waiting"),
    }
    Ok(ExitCode::SUCCESS)
}

/// The one line on stdout. A reader that has gone away is no reason to stop.
fn announce(server: &RunningServer) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let written = writeln!(stdout, "listening on {}://{}", server.origin().scheme(), server.address())
        .and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Says how far the library is, whenever that has changed. Never ends.
async fn report(server: &RunningServer) {
    let mut said = None;
    let mut every = tokio::time::interval(REPORT_EVERY);
    loop {
        every.tick().await;
        let progress = server.library_progress();
        if said != Some(progress) {
            tracing::info!(ready = progress.ready, total = progress.total, "titles");
            said = Some(progress);
        }
    }
}
