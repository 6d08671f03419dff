//! A server that runs.

use crate::{
    app::{App, Shared, StartError},
    backends::Service,
    catalog::CatalogError,
    config::ServerConfig,
    entitlement::Revoked,
    gateway::{self, Tls},
    identity,
    ingest::{KeySource, Library},
    licence::operate::KeysError,
};
use futures_util::future::BoxFuture;
use service_api::{TitleId, catalog::LibraryProgress, playback::Quality};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{net::TcpListener, task::JoinSet};
use url::Url;

/// How often expired rows are thrown away.
const SWEEP_EVERY: Duration = Duration::from_secs(3_600);
/// The same for rows that last for minutes, and that anybody can make.
const SWEEP_SHORT_LIVED_EVERY: Duration = Duration::from_secs(60);

/// How often it is looked for a catalog that another instance has imported.
const REFRESH_EVERY: Duration = Duration::from_secs(5);

/// How often it is looked what operators have switched. A network that is taken out is down already: clients learn of
/// it by the steering manifest, whose time to live is longer than this.
const SWITCHES_EVERY: Duration = Duration::from_secs(2);

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
    pub fn start(config: ServerConfig) -> BoxFuture<'static, Result<RunningServer, StartError>> {
        // Boxed, so that the whole server is compiled once, here, and not again in each program that starts one.
        Box::pin(start(config))
    }
}

async fn start(config: ServerConfig) -> Result<RunningServer, StartError> {
    let failed = |source| StartError::Listen { address: config.listen, source };
    // First, so that a second server on the same port fails before it touches anything.
    let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let origin = origin(&config, address)?;
    // `Url` shows an origin with a slash; an issuer has none.
    let app = Arc::new(App::open(&config, origin.as_str().trim_end_matches('/').to_owned()).await?);
    app.refresh_switches().await?;
    let router = gateway::router::build(app.clone());
    let mut background = JoinSet::new();
    let tls = match &config.tls {
        Some(tls) => Some(Arc::new(Tls::open(tls, &config.data, origin.host_str())?)),
        None => None,
    };
    if let Some(tls) = &tls {
        background.spawn(tls.clone().watch());
    }
    let mut serving = JoinSet::new();
    serving.spawn(gateway::listener::serve(listener, router, app.clone(), tls));
    background.spawn(sweep(app.clone()));
    background.spawn(sweep_short_lived(app.clone()));
    background.spawn(refresh_catalog(app.clone()));
    background.spawn(refresh_switches(app.clone()));
    if let Some(jobs) = app.identity.take_mail_jobs() {
        background.spawn(identity::send_mails(app.clone(), jobs));
    }
    let makes = app.services.has(Service::Ingest);
    if config.library.make && makes {
        background.spawn(make_library(app.clone()));
    }
    background.spawn(relay(app.clone()));
    if app.published.is_some() {
        background.spawn(follow(app.clone()));
        if makes {
            background.spawn(publish(app.clone()));
        }
    }
    Ok(RunningServer { address, origin, app, serving, background })
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

    /// The title's keys as a CPIX 2.3 document, in the clear: for a file that nobody else can read.
    ///
    /// # Errors
    /// [`KeysError`] if there is no such title or its keys do not open.
    pub async fn export_keys(&self, title: &TitleId) -> Result<zeroize::Zeroizing<String>, KeysError> {
        self.app.key_desk().export_keys(title).await
    }

    /// Brings the keys of a CPIX document in; returns how many are new.
    ///
    /// # Errors
    /// [`KeysError`], with nothing but the keys before the one at fault brought in.
    pub async fn import_keys(&self, document: &str) -> Result<usize, KeysError> {
        self.app.key_desk().import_keys(document).await
    }

    /// A new key for what is made of the title from now on; the one before still opens what was made with it.
    ///
    /// # Errors
    /// [`KeysError`] if the title has no key for this quality.
    pub async fn rotate_key(&self, title: &TitleId, quality: Quality) -> Result<(), KeysError> {
        self.app.key_desk().rotate_key(title, quality).await
    }

    /// Gives a key to nobody any more; says whether there was one.
    ///
    /// # Errors
    /// [`KeysError`] if the database does not answer.
    pub async fn revoke_key(&self, kid: &[u8; 16]) -> Result<bool, KeysError> {
        self.app.key_desk().revoke_key(kid).await
    }

    /// Takes permissions back, from now on and for whatever was granted until now. Segments end within five seconds.
    ///
    /// # Errors
    /// That of the database.
    pub async fn revoke(&self, what: &Revoked) -> Result<(), sqlx::Error> {
        self.app.revoke(what).await
    }

    /// Checks the chain of the licence log: how many entries there are, or in words what is wrong and where.
    ///
    /// # Errors
    /// That of the database.
    pub async fn verify_audit(&self) -> Result<Result<u64, String>, sqlx::Error> {
        Ok(self.app.audit.verify().await?.map_err(|tampered| tampered.to_string()))
    }

    /// Checks a catalog file and puts it in place of the one before; returns how many titles are in it.
    ///
    /// # Errors
    /// [`CatalogError`], with the catalog as it was.
    pub async fn import_catalog(&self, document: &str) -> Result<usize, CatalogError> {
        self.app.catalog.import(document).await
    }

    /// The whole catalog as a file.
    pub fn export_catalog(&self) -> String {
        self.app.catalog.export()
    }

    /// Stops: readiness fails, nothing new is accepted, requests in flight get the drain time to finish, then the rest
    /// is cut off and the database closed.
    pub fn shutdown(mut self) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            self.app.draining.cancel();
            tokio::time::sleep(self.app.limits.lame_duck).await;
            self.app.stopping.cancel();
            self.background.shutdown().await;
            while self.serving.join_next().await.is_some() {}
            self.app.relay.release().await;
            self.app.db.close().await;
        })
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
        let scheme = if config.tls.is_some() { "https" } else { "http" };
        return Url::parse(&format!("{scheme}://{reachable}")).map_err(|_| StartError::PublicUrl);
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

async fn sweep_short_lived(app: Shared) {
    let mut every = tokio::time::interval(SWEEP_SHORT_LIVED_EVERY);
    loop {
        every.tick().await;
        if let Err(error) = app.identity.sweep_short_lived().await {
            tracing::warn!(%error, "cannot throw expired requests away");
        }
    }
}

/// Takes over what other instances have imported.
async fn refresh_catalog(app: Shared) {
    let mut every = tokio::time::interval(REFRESH_EVERY);
    loop {
        every.tick().await;
        if let Err(error) = app.catalog.refresh().await {
            tracing::warn!(%error, "cannot look for a new catalog");
        }
    }
}

/// Takes over what operators have switched at other instances.
async fn refresh_switches(app: Shared) {
    let mut every = tokio::time::interval(SWITCHES_EVERY);
    loop {
        every.tick().await;
        if let Err(error) = app.refresh_switches().await {
            tracing::warn!(%error, "cannot look what is switched");
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

async fn relay(app: Shared) {
    app.relay.run().await;
}

async fn follow(app: Shared) {
    if let Some(published) = &app.published {
        published.follow().await;
    }
}

async fn publish(app: Shared) {
    if let Some(published) = &app.published {
        published.publish_as_made().await;
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
