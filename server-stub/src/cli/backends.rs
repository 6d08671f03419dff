//! The settings of the scaled-out profile.
//!
//! Whatever is secret comes from a file: arguments and environments can be read by others on the machine.

use super::settings::Settings;
use anyhow::{Context, bail, ensure};
use clap::{Args, ValueEnum};
use serde::Deserialize;
use server_stub::{
    Backends, DEFAULT_CACHE_BYTES, Database, Messages, Objects, Rates, ServerConfig, Service, Services, blob::S3Config,
    messages::NatsConfig, shared::RedisConfig,
};
use std::{
    fs,
    path::{Path, PathBuf},
};
use url::Url;

/// Longest file of a setting, in bytes.
const MAX_SETTING: u64 = 16 * 1024;

/// What the server needs around it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Profile {
    /// Nothing: SQLite and a folder
    #[default]
    Embedded,
    /// PostgreSQL, a bucket, Redis and NATS, shared by several instances
    ScaleOut,
}

/// On the command line, or as `[scale]` in the file of settings.
#[derive(Clone, Debug, Default, Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct BackendArgs {
    /// embedded needs nothing around it; scale-out wants every backend below to be named, and shared
    /// [default: embedded]
    #[arg(long, value_enum, value_name = "PROFILE", env = "LUMEN_PROFILE", hide_env = true)]
    pub(super) profile: Option<Profile>,
    /// What this instance does, with commas: identity, profiles, catalog, entitlement, licence, delivery, ingest
    /// [default: all]
    #[arg(long, value_name = "SERVICE", value_delimiter = ',')]
    services: Option<Vec<String>>,
    /// File with the master key that all instances share; in the embedded profile it is made in the data folder
    #[arg(long, value_name = "FILE", env = "LUMEN_MASTER_KEY_FILE", hide_env = true)]
    master_key_file: Option<PathBuf>,
    /// File with the address of the database: postgres://user:password@host/name
    #[arg(long, value_name = "FILE", env = "LUMEN_DATABASE_URL_FILE", hide_env = true)]
    pub(super) database_url_file: Option<PathBuf>,
    /// Folder that all instances see, such as a network drive, in the place of a bucket
    #[arg(long, value_name = "DIR", env = "LUMEN_SHARED_FOLDER", hide_env = true, conflicts_with = "s3_endpoint")]
    shared_folder: Option<PathBuf>,
    /// Address of the S3-compatible server that media are published on
    #[arg(long, value_name = "URL", env = "LUMEN_S3_ENDPOINT", hide_env = true)]
    s3_endpoint: Option<Url>,
    /// Its bucket [default: lumen]
    #[arg(long, value_name = "NAME", env = "LUMEN_S3_BUCKET", hide_env = true)]
    s3_bucket: Option<String>,
    /// Its region [default: us-east-1]
    #[arg(long, value_name = "NAME", env = "LUMEN_S3_REGION", hide_env = true)]
    s3_region: Option<String>,
    /// File with access key and secret key, one in a line
    #[arg(long, value_name = "FILE", env = "LUMEN_S3_CREDENTIALS_FILE", hide_env = true)]
    s3_credentials_file: Option<PathBuf>,
    /// The network to the bucket is trusted: it may be spoken to without TLS
    #[arg(long)]
    s3_allow_http: bool,
    /// Gigabytes of media that are kept of the bucket
    #[arg(long, value_name = "GB", env = "LUMEN_CACHE_GB", hide_env = true)]
    cache_gb: Option<u64>,
    /// File with the address of the Redis server: redis://user:password@host:port, or rediss:// with TLS
    #[arg(long, value_name = "FILE", env = "LUMEN_REDIS_URL_FILE", hide_env = true)]
    redis_url_file: Option<PathBuf>,
    /// Address of the NATS broker: nats://host:4222, or tls://; several with commas
    #[arg(long, value_name = "URL", env = "LUMEN_NATS_URL", hide_env = true)]
    nats_url: Option<String>,
    /// File with user and password for the broker, one in a line
    #[arg(long, value_name = "FILE", env = "LUMEN_NATS_CREDENTIALS_FILE", hide_env = true)]
    nats_credentials_file: Option<PathBuf>,
    /// HOST:PORT of the broker's monitoring; `doctor` sees there whether it syncs each write
    #[arg(long, value_name = "ADDRESS", env = "LUMEN_NATS_MONITOR", hide_env = true)]
    pub(super) nats_monitor: Option<String>,
    /// Brokers that keep each message [default: 1]
    #[arg(long, value_name = "NUMBER")]
    nats_replicas: Option<usize>,
    /// There is no server that clients must reach.
    #[arg(skip)]
    #[serde(skip)]
    pub(super) is_checked_only: bool,
}

/// Where the stores are that a command works on. Whatever tells `serve` tells these commands: the options, the
/// environment, the file of settings.
#[derive(Clone, Debug, Args)]
pub(super) struct StoreArgs {
    /// File of settings (TOML) [default: lumen.toml in the data folder, if it is there]
    #[arg(long, value_name = "FILE", env = "LUMEN_CONFIG", hide_env = true)]
    config: Option<PathBuf>,
    /// As for serve; with scale-out the database and the master key must be named [default: embedded]
    #[arg(long, value_enum, value_name = "PROFILE", env = "LUMEN_PROFILE", hide_env = true)]
    profile: Option<Profile>,
    /// File with the master key that all instances share [default: master.key in the data folder]
    #[arg(long, value_name = "FILE", env = "LUMEN_MASTER_KEY_FILE", hide_env = true)]
    master_key_file: Option<PathBuf>,
    /// File with the address of the database [default: the file lumen.db in the data folder]
    #[arg(long, value_name = "FILE", env = "LUMEN_DATABASE_URL_FILE", hide_env = true)]
    database_url_file: Option<PathBuf>,
}

impl StoreArgs {
    /// Adds the stores to a configuration whose data folder is known.
    pub(super) fn apply(&self, config: &mut ServerConfig) -> anyhow::Result<()> {
        let said = BackendArgs {
            profile: self.profile,
            master_key_file: self.master_key_file.clone(),
            database_url_file: self.database_url_file.clone(),
            ..BackendArgs::default()
        };
        said.or(Settings::read(self.config.as_deref(), &config.data)?.scale()).apply_stores(config)
    }
}

impl BackendArgs {
    /// What is said here, and where nothing is, what is said there.
    pub(super) fn or(self, file: Self) -> Self {
        // A bucket that is named takes the place of a folder, and the other way round.
        let names_objects = self.shared_folder.is_some() || self.s3_endpoint.is_some();
        let (shared_folder, s3_endpoint) =
            if names_objects { (self.shared_folder, self.s3_endpoint) } else { (file.shared_folder, file.s3_endpoint) };
        Self {
            profile: self.profile.or(file.profile),
            services: self.services.or(file.services),
            master_key_file: self.master_key_file.or(file.master_key_file),
            database_url_file: self.database_url_file.or(file.database_url_file),
            shared_folder,
            s3_endpoint,
            s3_bucket: self.s3_bucket.or(file.s3_bucket),
            s3_region: self.s3_region.or(file.s3_region),
            s3_credentials_file: self.s3_credentials_file.or(file.s3_credentials_file),
            s3_allow_http: self.s3_allow_http || file.s3_allow_http,
            cache_gb: self.cache_gb.or(file.cache_gb),
            redis_url_file: self.redis_url_file.or(file.redis_url_file),
            nats_url: self.nats_url.or(file.nats_url),
            nats_credentials_file: self.nats_credentials_file.or(file.nats_credentials_file),
            nats_monitor: self.nats_monitor.or(file.nats_monitor),
            nats_replicas: self.nats_replicas.or(file.nats_replicas),
            is_checked_only: self.is_checked_only,
        }
    }

    /// Adds the backends to a configuration.
    pub(super) fn apply(&self, config: &mut ServerConfig) -> anyhow::Result<()> {
        if let Some(names) = &self.services {
            config.services = names.iter().map(|name| service(name)).collect::<anyhow::Result<Services>>()?;
        }
        self.stores(config)?;
        config.backends = Backends { objects: self.objects()?, messages: self.messages()?, rates: self.rates()? };
        if self.profile == Some(Profile::ScaleOut) {
            self.check_complete(config)?;
        }
        Ok(())
    }

    /// Adds what must not be lost, for commands that need no more than that.
    pub(super) fn apply_stores(&self, config: &mut ServerConfig) -> anyhow::Result<()> {
        let is_named = self.database_url_file.is_some() && self.master_key_file.is_some();
        ensure!(
            self.profile != Some(Profile::ScaleOut) || is_named,
            "the profile scale-out has its database and its master key elsewhere; name them with --database-url-file \
             and --master-key-file"
        );
        self.stores(config)
    }

    fn stores(&self, config: &mut ServerConfig) -> anyhow::Result<()> {
        config.master_key = self.master_key_file.clone();
        if let Some(file) = &self.database_url_file {
            config.database = Some(Database::Postgres(secret_line(file)?));
        }
        Ok(())
    }

    /// Instances that do not share everything would answer differently, now and then.
    fn check_complete(&self, config: &ServerConfig) -> anyhow::Result<()> {
        let needed = [
            (self.database_url_file.is_some(), "--database-url-file"),
            (self.master_key_file.is_some(), "--master-key-file"),
            (self.s3_endpoint.is_some() || self.shared_folder.is_some(), "--s3-endpoint"),
            (self.redis_url_file.is_some(), "--redis-url-file"),
            (self.nats_url.is_some(), "--nats-url"),
            (config.public_url.is_some() || self.is_checked_only, "--public-url"),
        ];
        let missing: Vec<&str> = needed.iter().filter(|(is_there, _)| !is_there).map(|(_, name)| *name).collect();
        ensure!(missing.is_empty(), "the profile scale-out also needs {}; see docs/scale.md", missing.join(", "));
        Ok(())
    }

    fn objects(&self) -> anyhow::Result<Objects> {
        let cache_bytes = self.cache_gb.map_or(DEFAULT_CACHE_BYTES, |gb| gb.saturating_mul(1_000_000_000));
        ensure!(
            self.shared_folder.is_none() || self.s3_endpoint.is_none(),
            "media are published in a shared folder or in a bucket, not in both"
        );
        if let Some(folder) = self.shared_folder.clone() {
            return Ok(Objects::SharedFolder { folder, cache_bytes });
        }
        let Some(endpoint) = &self.s3_endpoint else { return Ok(Objects::Folder) };
        let file = self.s3_credentials_file.as_deref().context("--s3-endpoint needs --s3-credentials-file")?;
        let (access_key, secret_key) = secret_pair(file)?;
        let bucket = S3Config {
            endpoint: endpoint.clone(),
            bucket: self.s3_bucket.clone().unwrap_or_else(|| "lumen".to_owned()),
            region: self.s3_region.clone().unwrap_or_else(|| "us-east-1".to_owned()),
            access_key,
            secret_key,
            allow_http: self.s3_allow_http,
        };
        Ok(Objects::Bucket { bucket, cache_bytes })
    }

    fn messages(&self) -> anyhow::Result<Messages> {
        let Some(address) = &self.nats_url else { return Ok(Messages::Process) };
        ensure!(
            !address.contains('@'),
            "the broker's password belongs into --nats-credentials-file, not into its address"
        );
        let user = self.nats_credentials_file.as_deref().map(secret_pair).transpose()?;
        let config = NatsConfig { address: address.clone(), user, replicas: self.nats_replicas.unwrap_or(1) };
        Ok(Messages::Nats(config))
    }

    fn rates(&self) -> anyhow::Result<Rates> {
        match &self.redis_url_file {
            Some(file) => Ok(Rates::Redis(RedisConfig { address: secret_line(file)?, prefix: "lumen".to_owned() })),
            // Several instances may share a database without sharing more.
            None if self.database_url_file.is_some() => Ok(Rates::Database),
            None => Ok(Rates::Process),
        }
    }
}

fn service(name: &str) -> anyhow::Result<Service> {
    let found = Service::ALL.iter().find(|(_, known)| *known == name).map(|(service, _)| *service);
    let names: Vec<&str> = Service::ALL.iter().map(|(_, name)| *name).collect();
    found.with_context(|| format!("there is no service {name}; choose from {}", names.join(", ")))
}

/// The first line of a file that others must not read.
pub(super) fn secret_line(path: &Path) -> anyhow::Result<String> {
    let text = secret_text(path)?;
    let line = text.lines().next().map(str::trim).filter(|line| !line.is_empty());
    line.map(str::to_owned).with_context(|| format!("the file {} is empty", path.display()))
}

/// Its first two lines.
fn secret_pair(path: &Path) -> anyhow::Result<(String, String)> {
    let text = secret_text(path)?;
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned);
    match (lines.next(), lines.next()) {
        (Some(first), Some(second)) => Ok((first, second)),
        _ => bail!("the file {} must have two lines", path.display()),
    }
}

fn secret_text(path: &Path) -> anyhow::Result<String> {
    let metadata = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    ensure!(metadata.len() <= MAX_SETTING, "the file {} is too long for a setting", path.display());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Secrets that an orchestrator mounts belong to a group of their own.
        ensure!(
            metadata.permissions().mode() & 0o007 == 0,
            "the file {} can be read by everybody; run chmod o= on it",
            path.display()
        );
    }
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
