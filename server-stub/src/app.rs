//! The services, put together.

use crate::{
    backends::{BackendError, OpenBackends, Service, Services},
    blob::BlobError,
    catalog::Catalog,
    clock::Clock,
    config::{Limits, ServerConfig},
    delivery::{AccessTokens, DeliveryConfig, Faults, FileCache, Pathways, Switches},
    entitlement::{Entitlement, PlaceError, PlaceTable, Viewer},
    gateway::{
        ApiError, Principal, TlsError, metrics::Metrics, proxies::Proxies, rate::RateLimits, request_id::RequestIds,
        request_log::RequestLog, spans::Spans,
    },
    identity::{FolderSink, Identity, IdentityError, IdentityParts, RegistrationError},
    ingest::{IngestError, Library, LibraryOptions},
    licence::{
        Audit, Encryptors, KeptLicences, KeyStore, KeyStoreError, LicenceProxy, PartnersError, TokenIssuers, carried,
        operate::KeyDesk,
    },
    messages::{Outbox, Relay},
    privacy::ConsentStore,
    profiles::{self, Details, Pins, Positions, Taste},
    published::Published,
    server::Chain,
    shared::{RateStore, SqlShared},
    store::{Db, MasterKey, MasterKeyError, StoreError},
    support::SupportRequests,
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
    /// What clients know the server by, without a slash at its end.
    pub(crate) origin: String,
    /// May browsers be told never to come without TLS?
    pub(crate) is_by_https_alone: bool,
    pub(crate) identity: Identity,
    pub(crate) catalog: Catalog,
    pub(crate) positions: Positions,
    pub(crate) details: Details,
    pub(crate) pins: Pins,
    pub(crate) taste: Taste,
    pub(crate) consents: ConsentStore,
    pub(crate) support: SupportRequests,
    pub(crate) entitlement: Entitlement,
    pub(crate) keys: Arc<KeyStore>,
    pub(crate) audit: Audit,
    pub(crate) kept: KeptLicences,
    pub(crate) token_issuers: TokenIssuers,
    pub(crate) encryptors: Encryptors,
    pub(crate) licence_proxies: Vec<Arc<dyn LicenceProxy>>,
    pub(crate) access_tokens: AccessTokens,
    pub(crate) files: FileCache,
    pub(crate) delivery: DeliveryConfig,
    pub(crate) pathways: Pathways,
    pub(crate) switches: Switches,
    pub(crate) proxies: Proxies,
    pub(crate) metrics: Metrics,
    pub(crate) rates: RateLimits,
    pub(crate) request_ids: RequestIds,
    pub(crate) request_log: RequestLog,
    pub(crate) spans: Option<Spans>,
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
    /// Cancelled when readiness is to fail.
    pub(crate) draining: CancellationToken,
    /// Cancelled when nothing new is to be begun.
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
    /// A file that was asked for cannot be used.
    #[error("cannot use {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// TLS cannot be spoken.
    #[error("cannot set up TLS")]
    Tls(#[from] TlsError),
    /// No server has used the folder or the database yet.
    #[error("there is no server in {0}; start it once")]
    NotSetUp(String),
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
    /// The table of regions cannot be used.
    #[error("cannot use the table of regions")]
    Places(#[from] PlaceError),
    /// The file of token issuers or of encryptors cannot be used.
    #[error("cannot use a list of partners")]
    Partners(#[from] PartnersError),
    /// The content keys cannot be opened.
    #[error("cannot open the content keys")]
    Keys(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A client of the configuration cannot be registered.
    #[error(transparent)]
    Client(RegistrationError),
    /// The library's folder cannot be used.
    #[error("cannot open the library")]
    Library(#[from] IngestError),
}

impl From<KeyStoreError> for StartError {
    fn from(error: KeyStoreError) -> Self {
        Self::Keys(Box::new(error))
    }
}

impl App {
    /// Opens everything in the data folder. `origin` is what clients know the server by, such as
    /// `http://127.0.0.1:7800`.
    pub(crate) async fn open(config: &ServerConfig, origin: String) -> Result<Self, StartError> {
        let set_up = SetUp::begin(&config.data)?;
        let master_key = match &config.master_key {
            // Whoever shares a key must not make one: the others would not know it.
            Some(path) => MasterKey::load(path)?,
            None => MasterKey::load_or_create(&config.own_master_key())?,
        };
        let places = config.rights.region_table.as_deref().map(PlaceTable::read).transpose()?.unwrap_or_default();
        let db = Db::open(&config.database()?).await?;
        let clock = config.clock.clone();
        let library = Arc::new(Library::open(LibraryOptions {
            root: config.library_root(),
            profile: config.library.profile,
            only: config.library.only.clone(),
            background: true,
        })?);
        let encrypted = library.descriptors().iter().filter(|title| title.protection != Protection::Clear);
        let encrypted: Vec<_> = encrypted.map(|title| &title.id).collect();
        let keys = KeyStore::open(db.clone(), clock.clone(), &master_key, encrypted).await?;
        let pin_key = carried::key(&db, &master_key, carried::PINS).await.map_err(KeyStoreError::from)?;
        let identity = Identity::open(IdentityParts {
            db: &db,
            clock: &clock,
            master_key: &master_key,
            lifetimes: &config.lifetimes,
            config: &config.identity,
            issuer: origin.clone(),
            demo: config.demo,
            is_served: config.services.has(Service::Identity),
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
        let spans = match &config.trace_file {
            Some(path) => Some(Spans::open(path).map_err(|source| StartError::File { path: path.clone(), source })?),
            None => None,
        };
        let OpenBackends { published, outbox, log, shared_rates } = config.backends.open(&db, &clock, &library).await?;
        drop(set_up);
        Ok(Self {
            is_by_https_alone: is_by_https_alone(&origin),
            origin,
            published,
            relay: Relay::new(outbox.clone(), log),
            outbox,
            shared_rates,
            services: config.services.clone(),
            identity,
            catalog: Catalog::open(db.clone(), library.clone()).await?,
            positions: Positions::new(db.clone(), clock.clone()),
            details: Details::new(db.clone()),
            pins: Pins::new(db.clone(), clock.clone(), pin_key),
            taste: Taste::new(db.clone(), clock.clone()),
            consents: ConsentStore::new(db.clone(), clock.clone()),
            support: SupportRequests::new(db.clone(), clock.clone()),
            entitlement: Entitlement::new(&db, &clock, &config.rights, config.lifetimes.grant, places),
            keys: Arc::new(keys),
            audit: Audit::open(db.clone(), clock.clone(), &master_key).await?,
            kept: KeptLicences::new(db.clone(), clock.clone()),
            token_issuers: TokenIssuers::open(&master_key, config.rights.token_issuers.as_deref())?,
            encryptors: Encryptors::open(config.rights.encryptors.as_deref())?,
            licence_proxies: config.licence_proxies.clone(),
            access_tokens: AccessTokens::new(master_key.derive("delivery: access tokens"), clock.clone()),
            files: FileCache::new(config.delivery.cache_bytes),
            delivery: config.delivery.clone(),
            pathways: Pathways::new(config.delivery.cdns.clone()),
            switches: Switches::new(db.clone(), clock.clone(), config.delivery.url_faults),
            proxies: Proxies::new(&config.proxies),
            metrics: Metrics::default(),
            rates: RateLimits::new(config.limits.rate_per_address, config.limits.rate_per_session),
            request_ids: RequestIds::new(),
            request_log: RequestLog::new(),
            spans,
            library,
            faults: config.faults.clone().map(Faults::new),
            request_slots: Semaphore::new(config.limits.concurrent_requests),
            draining: CancellationToken::new(),
            stopping: CancellationToken::new(),
            limits: config.limits.clone(),
            clock,
            db,
        })
    }

    /// Where an operator works with keys.
    pub(crate) fn key_desk(&self) -> KeyDesk<'_> {
        KeyDesk { catalog: &self.catalog, keys: &self.keys }
    }

    /// Is the server about to stop?
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// Is the server on its way down?
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.is_cancelled()
    }

    /// Who is watching, if the profile is the account's. Somebody else's is not told from one that does not exist.
    pub(crate) async fn viewer(&self, who: &Principal, profile: &ProfileId) -> Result<Viewer, ApiError> {
        let viewer = self.viewer_of(&who.account, profile, who.address).await?;
        if !self.pins.may_use(profile, &who.family).await? {
            return Err(profiles::pin_required());
        }
        Ok(viewer)
    }

    /// The account as its least restricted profile.
    pub(crate) async fn least_restricted_viewer(&self, who: &Principal) -> Result<Viewer, ApiError> {
        let accounts = &self.identity.accounts;
        let plan = accounts.plan(&who.account).await?.ok_or_else(|| ApiError::not_found("account"))?;
        let profiles = accounts.profiles(&who.account).await?;
        let mut usable = Vec::new();
        for profile in profiles {
            if self.pins.may_use(&profile.id, &who.family).await? {
                usable.push(profile);
            }
        }
        // No ceiling ranks above every ceiling.
        let freest = usable.iter().max_by_key(|profile| profile.maturity_ceiling.map_or(u16::MAX, u16::from));
        let (place, now_ms) = (self.entitlement.place(who.address), self.clock.now_ms());
        freest.map(|profile| Viewer::new(plan, profile, place, now_ms)).ok_or_else(|| ApiError::not_found("profile"))
    }

    /// Takes over what operators have switched, here or at another instance.
    pub(crate) async fn refresh_switches(&self) -> Result<(), sqlx::Error> {
        self.switches.refresh(&self.pathways).await
    }

    /// Forgets what nobody can use any more.
    pub(crate) async fn sweep(&self) -> Result<(), sqlx::Error> {
        self.identity.sweep().await?;
        self.entitlement.sweep().await?;
        self.pins.sweep().await?;
        self.sweep_nonces().await?;
        self.kept.sweep().await?;
        self.support.sweep().await?;
        self.audit.sweep().await?;
        self.outbox.sweep().await?;
        SqlShared::new(self.db.clone()).sweep(self.clock.now_ms()).await
    }

    /// A file of a title that is in a bucket. Call it when it is known that the client may have the file.
    pub(crate) async fn bring(&self, title: &TitleId, file: &str) -> Result<Option<File>, ApiError> {
        let Some(published) = &self.published else { return Ok(None) };
        published.bring(title, file).await.map_err(|error| unavailable(&error))
    }

    /// Makes all files that a title's manifests are made of be in the library's folder.
    pub(crate) async fn bring_manifests(&self, title: &TitleId) -> Result<(), ApiError> {
        let Some(published) = &self.published else { return Ok(()) };
        published.bring_small(title).await.map_err(|error| unavailable(&error))
    }

    /// A picture of a title that is in a bucket.
    pub(crate) async fn bring_picture(&self, title: &TitleId, name: &str) -> Result<Option<File>, ApiError> {
        let Some(published) = &self.published else { return Ok(None) };
        published.bring_picture(title, name).await.map_err(|error| unavailable(&error))
    }
}

/// Is the origin a name on the web, by https? An address or `localhost` is shared with whatever else is tried out there.
fn is_by_https_alone(origin: &str) -> bool {
    let Ok(url) = url::Url::parse(origin) else { return false };
    let is_name =
        matches!(url.host(), Some(url::Host::Domain(name)) if name != "localhost" && !name.ends_with(".localhost"));
    url.scheme() == "https" && is_name
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
