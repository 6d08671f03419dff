//! The services, put together.

use crate::{
    backends::{BackendError, OpenBackends, Services},
    blob::BlobError,
    catalog::Catalog,
    clock::Clock,
    config::{Limits, ServerConfig},
    delivery::{Faults, MediaTokens},
    entitlement::{Grants, Viewer},
    gateway::{ApiError, Principal},
    identity::{Identity, IdentityParts},
    ingest::{IngestError, Library, LibraryOptions},
    licence::{Audit, KeyStore},
    messages::{Outbox, Relay},
    profiles::Positions,
    published::Published,
    server::Chain,
    shared::{RateStore, SqlShared},
    store::{Database, Db, MasterKey, MasterKeyError, StoreError},
};
use axum::http::StatusCode;
use service_api::{ProfileId, TitleId, catalog::Protection};
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// The state of every handler.
pub(crate) type Shared = Arc<App>;

/// Every service of the server. A service reaches another only through what stands here.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limits: Limits,
    pub(crate) identity: Identity,
    pub(crate) catalog: Catalog,
    pub(crate) positions: Positions,
    pub(crate) grants: Grants,
    pub(crate) keys: Arc<KeyStore>,
    pub(crate) audit: Audit,
    pub(crate) media_tokens: MediaTokens,
    pub(crate) library: Arc<Library>,
    /// Where titles come from that are not made here.
    pub(crate) published: Option<Published>,
    pub(crate) outbox: Outbox,
    pub(crate) relay: Relay,
    /// Counts that all instances share, where there are several.
    pub(crate) shared_rates: Option<Arc<dyn RateStore>>,
    pub(crate) services: Services,
    pub(crate) faults: Option<Faults>,
    pub(crate) request_slots: Semaphore,
    /// Cancelled when the server begins to stop.
    pub(crate) stopping: CancellationToken,
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address cannot be listened on, most often because another program does.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The data folder cannot be made or written.
    #[error("cannot use the data folder {path}")]
    DataFolder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The public address is not one that OAuth could name as its issuer.
    #[error("the public address must be http or https with a host and nothing after it")]
    PublicUrl,
    /// The master key cannot be used.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// The database cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database can be opened but not used.
    #[error("cannot set up the database")]
    SetUp(#[from] sqlx::Error),
    /// What several instances share cannot be used.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The library's folder cannot be used.
    #[error("cannot open the library")]
    Library(#[from] IngestError),
}

impl App {
    /// Opens everything in the data folder. `origin` is what clients know the server by, such as
    /// `http://127.0.0.1:7800`.
    pub(crate) async fn open(config: &ServerConfig, origin: String) -> Result<Self, StartError> {
        let set_up = SetUp::begin(&config.data)?;
        let master_key = match &config.master_key {
            // Whoever shares a key must not make one: the others would not know it.
            Some(path) => MasterKey::load(path)?,
            None => MasterKey::load_or_create(&config.data.join("master.key"))?,
        };
        let file = || std::path::absolute(config.data.join("lumen.db")).map(Database::File);
        let database = config
            .database
            .clone()
            .map_or_else(file, Ok)
            .map_err(|source| StartError::DataFolder { path: config.data.clone(), source })?;
        let db = Db::open(&database).await?;
        let clock = config.clock.clone();
        let library = Arc::new(Library::open(LibraryOptions {
            root: config.library_root(),
            profile: config.library.profile,
            only: config.library.only.clone(),
            background: true,
        })?);
        let encrypted = library.descriptors().iter().filter(|title| title.protection != Protection::Clear);
        let keys = KeyStore::open(db.clone(), clock.clone(), &master_key, encrypted.map(|title| &title.id)).await?;
        let identity = Identity::open(IdentityParts {
            db: &db,
            clock: &clock,
            master_key: &master_key,
            lifetimes: &config.lifetimes,
            issuer: origin,
            demo: config.demo,
        })
        .await?;
        let OpenBackends { published, outbox, log, shared_rates } = config.backends.open(&db, &clock, &library).await?;
        drop(set_up);
        Ok(Self {
            published,
            relay: Relay::new(outbox.clone(), log),
            outbox,
            shared_rates,
            services: config.services.clone(),
            identity,
            catalog: Catalog::new(library.clone()),
            positions: Positions::new(db.clone(), clock.clone()),
            grants: Grants::new(db.clone(), clock.clone(), config.lifetimes.grant),
            keys: Arc::new(keys),
            audit: Audit::new(db.clone(), clock.clone()),
            media_tokens: MediaTokens::new(master_key.derive("delivery: media tokens"), clock.clone()),
            library,
            faults: config.faults.clone().map(Faults::new),
            request_slots: Semaphore::new(config.limits.concurrent_requests),
            stopping: CancellationToken::new(),
            limits: config.limits.clone(),
            clock,
            db,
        })
    }

    /// Is the server on its way down?
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.is_cancelled()
    }

    /// Who is watching, if the profile is the account's. Somebody else's is not told from one that does not exist.
    pub(crate) async fn viewer(&self, who: &Principal, profile: &ProfileId) -> Result<Viewer, ApiError> {
        let accounts = &self.identity.accounts;
        let profile = accounts.profile(&who.account, profile).await?.ok_or_else(|| ApiError::not_found("profile"))?;
        let plan = accounts.plan(&who.account).await?.ok_or_else(|| ApiError::not_found("account"))?;
        Ok(Viewer::new(plan, &profile))
    }

    /// The account as its least restricted profile.
    pub(crate) async fn least_restricted_viewer(&self, who: &Principal) -> Result<Viewer, ApiError> {
        let accounts = &self.identity.accounts;
        let plan = accounts.plan(&who.account).await?.ok_or_else(|| ApiError::not_found("account"))?;
        let profiles = accounts.profiles(&who.account).await?;
        // No ceiling ranks above every ceiling.
        let freest = profiles.iter().max_by_key(|profile| profile.maturity_ceiling.map_or(u16::MAX, u16::from));
        freest.map(|profile| Viewer::new(plan, profile)).ok_or_else(|| ApiError::not_found("profile"))
    }

    /// Forgets what nobody can use any more.
    pub(crate) async fn sweep(&self) -> Result<(), sqlx::Error> {
        self.identity.sweep().await?;
        self.grants.sweep().await?;
        self.audit.sweep().await?;
        self.outbox.sweep().await?;
        SqlShared::new(self.db.clone()).sweep(self.clock.now_ms()).await
    }

    /// Makes a file of a title be in the library's folder, if it is in a bucket. Call it before the file is looked for,
    /// and after it is known that the client may have it.
    pub(crate) async fn bring(&self, title: &TitleId, file: &str) -> Result<(), ApiError> {
        let Some(published) = &self.published else { return Ok(()) };
        published.bring(title, file).await.map_err(|error| unavailable(&error))
    }

    /// The same for a picture.
    pub(crate) async fn bring_picture(&self, title: &TitleId, name: &str) -> Result<(), ApiError> {
        let Some(published) = &self.published else { return Ok(()) };
        published.bring_picture(title, name).await.map_err(|error| unavailable(&error))
    }
}

/// The bucket is away, or the disk is full: another instance may do better.
fn unavailable(error: &BlobError) -> ApiError {
    tracing::error!(error = %Chain(error), "a published file cannot be brought");
    ApiError::unexplained(StatusCode::SERVICE_UNAVAILABLE).retry_after(1)
}

/// Holds other servers off while this one sets the data folder up: two must not make two master keys.
#[derive(Debug)]
struct SetUp {
    _lock: File,
}

impl SetUp {
    fn begin(folder: &Path) -> Result<Self, StartError> {
        let failed = |source| StartError::DataFolder { path: folder.to_owned(), source };
        create_private(folder).map_err(failed)?;
        let lock = File::create(folder.join("setup.lock")).map_err(failed)?;
        lock.lock().map_err(failed)?;
        Ok(Self { _lock: lock })
    }
}

/// Makes the folder for its owner alone: password hashes and sealed keys are in it.
fn create_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(folder)
}
