//! The services, put together.

use crate::{
    catalog::Catalog,
    clock::Clock,
    config::{Limits, ServerConfig},
    delivery::{Faults, MediaTokens},
    entitlement::{Grants, Viewer},
    gateway::{ApiError, Principal},
    identity::{FolderSink, Identity, IdentityError, IdentityParts, RegistrationError},
    ingest::{IngestError, Library, LibraryOptions},
    licence::{Audit, KeyStore},
    profiles::Positions,
    store::{Database, Db, MasterKey, MasterKeyError, StoreError},
};
use service_api::{ProfileId, catalog::Protection};
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
    /// A client of the configuration cannot be registered.
    #[error(transparent)]
    Client(RegistrationError),
    /// The library's folder cannot be used.
    #[error("cannot open the library")]
    Library(#[from] IngestError),
}

impl App {
    /// Opens everything in the data folder. `origin` is what clients know the server by, such as
    /// `http://127.0.0.1:7800`.
    pub(crate) async fn open(config: &ServerConfig, origin: String) -> Result<Self, StartError> {
        let set_up = SetUp::begin(&config.data)?;
        let master_key = MasterKey::load_or_create(&config.data.join("master.key"))?;
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
            config: &config.identity,
            issuer: origin,
            demo: config.demo,
            mail_sink: config
                .identity
                .mail
                .clone()
                .unwrap_or_else(|| Arc::new(FolderSink::new(config.data.join("mail")))),
        })
        .await
        .map_err(|error| match error {
            IdentityError::Store(error) => StartError::SetUp(error),
            IdentityError::Registration(error) => StartError::Client(error),
        })?;
        drop(set_up);
        Ok(Self {
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
        self.audit.sweep().await
    }
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
