//! `lumen-server serve`.

use super::{IdentityArgs, ServeArgs};
use anyhow::Context;
use server_stub::{IdentityConfig, RelaySink, RunningServer, Server};
use std::{
    io::{self, Write},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use tokio::signal::unix::{SignalKind, signal};

/// How often the making of the library is reported on.
const REPORT_EVERY: Duration = Duration::from_secs(5);

pub(crate) async fn run(args: ServeArgs) -> anyhow::Result<ExitCode> {
    let mut config = args.library.config()?;
    config.listen = args.listen.listen;
    config.demo = args.demo;
    config.library.make = !args.no_make;
    config.public_url = args.public_url;
    args.backends.apply(&mut config)?;
    config.rights.region_table = args.rights.region_table;
    config.rights.home_region = args.rights.home_region;
    config.rights.trusted_proxies = args.rights.trusted_proxy;
    config.rights.token_issuers = args.rights.token_issuers;
    config.rights.encryptors = args.rights.encryptors;
    args.identity.apply(&mut config.identity)?;
    if args.demo && !config.listen.ip().is_loopback() {
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
    let data = config.data.clone();
    let server = tokio::select! {
        started = Server::start(config) => started?,
        () = either() => return Ok(ExitCode::SUCCESS),
    };
    announce(&server)?;
    tracing::info!(data = %data.display(), demo = args.demo, "ready");
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

impl IdentityArgs {
    fn apply(&self, identity: &mut IdentityConfig) -> anyhow::Result<()> {
        identity.may_register = !self.no_registration;
        if let (Some(relay), Some(from)) = (self.mail_relay, &self.mail_from) {
            identity.mail = Some(Arc::new(RelaySink::new(relay, from)?));
        }
        if let Some(file) = &self.identity_providers {
            let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
            // Says where, and not what: the file holds secrets.
            identity.providers = serde_json::from_str(&text).map_err(|error| {
                let (line, column) = (error.line(), error.column());
                anyhow::anyhow!("{} is not a list of providers (line {line}, column {column})", file.display())
            })?;
        }
        Ok(())
    }
}

/// The one line on stdout. A reader that has gone away is no reason to stop.
fn announce(server: &RunningServer) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let written = writeln!(stdout, "listening on http://{}", server.address()).and_then(|()| stdout.flush());
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
