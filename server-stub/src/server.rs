//! A server that runs.

use crate::{
    app::{App, Shared, StartError},
    config::ServerConfig,
    gateway, identity,
    ingest::{KeySource, Library},
};
use service_api::catalog::LibraryProgress;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, task::JoinSet};
use url::Url;

/// How often expired rows are thrown away.
const SWEEP_EVERY: Duration = Duration::from_secs(3_600);

/// Starts servers.
#[derive(Clone, Copy, Debug)]
pub struct Server;

/// A running server and everything it has started. Dropping it stops it at once; [`RunningServer::shutdown`] stops it
/// well.
#[derive(Debug)]
pub struct RunningServer {
    address: SocketAddr,
    origin: Url,
    app: Shared,
    /// The accept loop alone: what shutdown waits for.
    serving: JoinSet<()>,
    /// What may be cut off at any time.
    background: JoinSet<()>,
}

impl Server {
    /// Opens the data folder, listens, and serves in the background. When this returns, connections are accepted.
    ///
    /// # Errors
    /// [`StartError`], with everything undone.
    pub async fn start(config: ServerConfig) -> Result<RunningServer, StartError> {
        let failed = |source| StartError::Listen { address: config.listen, source };
        // First, so that a second server on the same port fails before it touches anything.
        let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let origin = origin(&config, address)?;
        // `Url` shows an origin with a slash; an issuer has none.
        let app = Arc::new(App::open(&config, origin.as_str().trim_end_matches('/').to_owned()).await?);
        let router = gateway::router::build(app.clone());
        let mut serving = JoinSet::new();
        serving.spawn(gateway::serve::serve(listener, router, app.clone()));
        let mut background = JoinSet::new();
        background.spawn(sweep(app.clone()));
        if let Some(jobs) = app.identity.take_mail_jobs() {
            background.spawn(identity::send_mails(app.clone(), jobs));
        }
        if config.library.make {
            background.spawn(make_library(app.clone()));
        }
        Ok(RunningServer { address, origin, app, serving, background })
    }
}

impl RunningServer {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What clients begin their URLs with.
    pub fn origin(&self) -> &Url {
        &self.origin
    }

    /// The titles.
    pub fn library(&self) -> &Arc<Library> {
        &self.app.library
    }

    /// How many titles can be watched.
    pub fn library_progress(&self) -> LibraryProgress {
        self.app.catalog.library_progress()
    }

    /// The keys of the server's data folder, for who makes the library in the same process.
    pub fn key_source(&self) -> Arc<dyn KeySource> {
        self.app.keys.clone()
    }

    /// Stops: readiness fails, nothing new is accepted, requests in flight get the drain time to finish, then the rest
    /// is cut off and the database closed.
    pub async fn shutdown(mut self) {
        self.app.stopping.cancel();
        self.background.shutdown().await;
        while self.serving.join_next().await.is_some() {}
        self.app.db.close().await;
    }
}

/// What clients know the server by.
fn origin(config: &ServerConfig, address: SocketAddr) -> Result<Url, StartError> {
    let Some(url) = &config.public_url else {
        // Listening everywhere is no address to be reached at; loopback always is one of them.
        let reachable = match address {
            SocketAddr::V4(v4) if v4.ip().is_unspecified() => {
                SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, v4.port()))
            }
            SocketAddr::V6(v6) if v6.ip().is_unspecified() => {
                SocketAddr::from((std::net::Ipv6Addr::LOCALHOST, v6.port()))
            }
            other => other,
        };
        return Url::parse(&format!("http://{reachable}")).map_err(|_| StartError::PublicUrl);
    };
    let is_origin = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if is_origin { Ok(url.clone()) } else { Err(StartError::PublicUrl) }
}

async fn sweep(app: Shared) {
    let mut every = tokio::time::interval(SWEEP_EVERY);
    loop {
        every.tick().await;
        if let Err(error) = app.sweep().await {
            tracing::warn!(%error, "cannot throw expired rows away");
        }
    }
}

async fn make_library(app: Shared) {
    match app.library.make(app.keys.clone()).await {
        Ok(()) => {
            let progress = app.catalog.library_progress();
            tracing::info!(ready = progress.ready, total = progress.total, "the library is made");
        }
        // The server goes on with what there is.
        Err(error) => tracing::error!(error = %Chain(&error), "the library could not be made"),
    }
}

/// An error with its causes on one line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Chain<'a>(pub(crate) &'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
