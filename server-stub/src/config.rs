//! What a server can be told before it starts.

use crate::{
    app::StartError,
    backends::{Backends, Services},
    clock::{Clock, SystemClock},
    delivery::{DeliveryConfig, FaultScript},
    entitlement::{Country, PlaceTable, Plans},
    gateway::{proxies::Network, rate::Rate},
    identity::{ClientRegistration, MailSink, PasswordCost, ProviderConfig},
    ingest::LadderProfile,
    licence::{Encryptors, LicenceProxy, TokenIssuers},
    store::Database,
};
use service_api::TitleId;
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};
use url::Url;

/// Port of the server where nobody says otherwise.
pub const DEFAULT_PORT: u16 = 7800;

/// Everything a server needs to know. [`ServerConfig::new`] gives the defaults of the command line.
#[derive(Clone)]
pub struct ServerConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Folder of the master key, the library and, unless `database` is elsewhere, the database. Created with mode 0700.
    pub data: PathBuf,
    /// Where the database is; `None` is the file `lumen.db` in the data folder.
    pub database: Option<Database>,
    /// File of the master key; `None` is `master.key` in the data folder, made on the first start. Instances that share a
    /// database share the key, and none of them makes it.
    pub master_key: Option<PathBuf>,
    /// Where everything else is kept.
    pub backends: Backends,
    /// What this instance does.
    pub services: Services,
    /// Seeds the demo accounts and shows them on the sign-in page.
    pub demo: bool,
    /// How clients reach the server, if not by the address it listens on (a reverse proxy). Also the OAuth issuer.
    pub public_url: Option<Url>,
    /// How connections are encrypted; `None` is not at all, which is for loopback and for behind a proxy.
    pub tls: Option<TlsConfig>,
    /// Proxies whose word on who asks is taken.
    pub proxies: Vec<Network>,
    /// How media are handed out.
    pub delivery: DeliveryConfig,
    /// File that traces are appended to, as OTLP JSON.
    pub trace_file: Option<PathBuf>,
    /// The titles.
    pub library: LibraryConfig,
    /// Accounts and apps.
    pub identity: IdentityConfig,
    /// How long things stay valid.
    pub lifetimes: Lifetimes,
    /// How much one client may take.
    pub limits: Limits,
    /// What plans include, and where viewers are.
    pub rights: RightsConfig,
    /// Licence services of other systems.
    pub licence_proxies: Vec<Arc<dyn LicenceProxy>>,
    /// The time; tests inject their own.
    pub clock: Arc<dyn Clock>,
    /// Breaks the delivery of media on purpose. Only for tests in the same process: there is no way to set it over
    /// HTTP.
    pub faults: Option<Arc<dyn FaultScript>>,
}

impl std::fmt::Debug for ServerConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the database, whose address may hold a password.
        f.debug_struct("ServerConfig")
            .field("listen", &self.listen)
            .field("data", &self.data)
            .field("demo", &self.demo)
            .field("public_url", &self.public_url)
            .field("tls", &self.tls)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

impl ServerConfig {
    /// Defaults with the data in `data`: loopback, no demo accounts, the full library, made in the background.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, DEFAULT_PORT)),
            data: data.into(),
            database: None,
            master_key: None,
            backends: Backends::default(),
            services: Services::default(),
            demo: false,
            public_url: None,
            tls: None,
            proxies: Vec::new(),
            delivery: DeliveryConfig::default(),
            trace_file: None,
            library: LibraryConfig::default(),
            identity: IdentityConfig::default(),
            lifetimes: Lifetimes::default(),
            limits: Limits::default(),
            rights: RightsConfig::default(),
            licence_proxies: Vec::new(),
            clock: Arc::new(SystemClock),
            faults: None,
        }
    }

    /// Where the database is, with the default written out.
    pub(crate) fn database(&self) -> Result<Database, StartError> {
        let file = || std::path::absolute(self.data.join("lumen.db")).map(Database::File);
        let failed = |source| StartError::DataFolder { path: self.data.clone(), source };
        self.database.clone().map_or_else(file, Ok).map_err(failed)
    }

    /// The master key of a server that shares it with nobody.
    pub(crate) fn own_master_key(&self) -> PathBuf {
        self.data.join("master.key")
    }

    /// Folder of the media, inside the data folder.
    pub fn library_root(&self) -> PathBuf {
        self.data.join("library")
    }
}

/// TLS 1.3, and 1.2 if it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsConfig {
    /// Where the certificate comes from.
    pub source: TlsSource,
    /// Speaks TLS 1.2 as well.
    pub with_1_2: bool,
}

/// Where a certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsSource {
    /// An authority of our own, made in the data folder; browsers must be told to trust `tls/ca.pem`.
    Demo,
    /// PEM files, read again when they change.
    Files {
        /// The certificate and those between it and the root.
        certificate: PathBuf,
        /// Its key.
        key: PathBuf,
    },
}

/// Which titles there are and who makes them.
#[derive(Clone, Debug)]
pub struct LibraryConfig {
    /// How rich the encodings are.
    pub profile: LadderProfile,
    /// Restricts the catalog to these titles.
    pub only: Option<Vec<TitleId>>,
    /// Makes what is missing in the background.
    pub make: bool,
}

impl Default for LibraryConfig {
    fn default() -> Self {
        Self { profile: LadderProfile::Full, only: None, make: true }
    }
}

/// Who may sign in, and how.
#[derive(Clone, Debug)]
pub struct IdentityConfig {
    /// May people make accounts for themselves?
    pub may_register: bool,
    /// Apps of others that are registered at every start.
    pub clients: Vec<ClientRegistration>,
    /// Other providers that people may sign in at.
    pub providers: Vec<ProviderConfig>,
    /// Where mails go; `None` is the folder `mail` in the data folder.
    pub mail: Option<Arc<dyn MailSink>>,
    /// What a password's hash costs.
    pub password_cost: PasswordCost,
}

impl Default for IdentityConfig {
    fn default() -> Self {
        Self {
            may_register: true,
            clients: Vec::new(),
            providers: Vec::new(),
            mail: None,
            password_cost: PasswordCost::default(),
        }
    }
}

/// How long things stay valid. A moment counts as expired when it is reached.
#[derive(Clone, Debug)]
pub struct Lifetimes {
    /// The sign-in page, from being shown to being sent.
    pub sign_in_form: Duration,
    /// Authorization codes: long enough for one redirect.
    pub code: Duration,
    /// Access tokens.
    pub access_token: Duration,
    /// Refresh tokens, counted anew at each rotation: how long a device may stay away without signing in again.
    pub refresh_token: Duration,
    /// Playback grants and their media tokens: longer than the longest title with a dinner in the middle.
    pub grant: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            sign_in_form: Duration::from_secs(15 * 60),
            code: Duration::from_secs(60),
            access_token: Duration::from_secs(10 * 60),
            refresh_token: Duration::from_secs(60 * 24 * 3_600),
            grant: Duration::from_secs(4 * 3_600),
        }
    }
}

/// What plans include, and how it is found out where viewers are.
#[derive(Clone, Debug)]
pub struct RightsConfig {
    /// Limits of the plans.
    pub plans: Plans,
    /// How often a player is to be heard of. A stream that was not, twice in a row, is free for another device.
    pub heartbeat: Duration,
    /// File with networks and their countries; see `docs/rights.md`.
    pub region_table: Option<PathBuf>,
    /// Where addresses are that the table does not know.
    pub home_region: Option<Country>,
    /// Those who may send authorization tokens for licences, besides the server itself; see `docs/rights.md`.
    pub token_issuers: Option<PathBuf>,
    /// Those who may exchange keys over SPEKE; see `docs/rights.md`.
    pub encryptors: Option<PathBuf>,
}

impl Default for RightsConfig {
    fn default() -> Self {
        Self {
            plans: Plans::default(),
            // Long enough to cost nothing, short enough that a television that was switched off is forgotten in a
            // minute.
            heartbeat: Duration::from_secs(30),
            region_table: None,
            home_region: None,
            token_issuers: None,
            encryptors: None,
        }
    }
}

impl RightsConfig {
    /// Do the files that are named hold what they should?
    ///
    /// # Errors
    /// What the server would not start with.
    pub fn check(&self) -> Result<(), StartError> {
        self.region_table.as_deref().map(PlaceTable::read).transpose()?;
        self.token_issuers.as_deref().map(TokenIssuers::read).transpose()?;
        Encryptors::open(self.encryptors.as_deref())?;
        Ok(())
    }
}

/// How much one client, or all of them together, may take.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Largest request body, in bytes. No request of the contract comes near.
    pub body_bytes: usize,
    /// From the first byte of a request to the end of its headers; what a slow-header attack would stretch.
    pub header_read: Duration,
    /// From the connection to the first byte of its first request.
    pub first_byte: Duration,
    /// The whole TLS handshake.
    pub handshake: Duration,
    /// How long an idle connection is kept for the next request. Longer than a player with a full buffer is silent.
    pub keep_alive: Duration,
    /// A client must take 1 KiB per second on average over this long, or its connection is closed.
    pub write_stall: Duration,
    /// From the headers to the answer, for everything but media.
    pub request: Duration,
    /// Connections at a time; further ones are turned away.
    pub connections: usize,
    /// Connections of one address (of IPv6 one /64) at a time.
    pub connections_per_address: usize,
    /// How often one address may ask; media are not counted.
    pub rate_per_address: Rate,
    /// How often one session may ask, from wherever.
    pub rate_per_session: Rate,
    /// Requests being answered at a time; further ones get 503.
    pub concurrent_requests: usize,
    /// How long readiness fails before nothing is accepted any more, when the server stops: a load balancer should
    /// notice first. Only for a server that has one.
    pub lame_duck: Duration,
    /// How long requests in flight may take to finish when the server stops.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 64 * 1024,
            header_read: Duration::from_secs(5),
            first_byte: Duration::from_secs(5),
            handshake: Duration::from_secs(5),
            keep_alive: Duration::from_secs(75),
            // The kernel holds up to 4 MB for a client and says that there is room when a third is taken: a shorter window
            // would close clients that read slowly but steadily.
            write_stall: Duration::from_secs(60),
            request: Duration::from_secs(30),
            connections: 10_000,
            connections_per_address: 512,
            // A household of people who click fast, and a test that signs in all day; not a script that guesses.
            rate_per_address: Rate { per_second: 200.0, burst: 2_000 },
            rate_per_session: Rate { per_second: 100.0, burst: 1_000 },
            concurrent_requests: 512,
            lame_duck: Duration::ZERO,
            drain: Duration::from_secs(8),
        }
    }
}
