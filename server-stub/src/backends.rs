//! What stands behind the services: nothing but a folder, or the engines that several instances share.

use crate::{
    blob::{BlobError, BlobStore, FolderStore, Patience, Patient, S3Config, S3Store},
    clock::Clock,
    ingest::Library,
    messages::{LocalLog, MessageError, MessageLog, NatsConfig, NatsLog, Outbox},
    published::Published,
    shared::{RateStore, RedisConfig, RedisShared, SharedError, SqlShared},
    store::Db,
};
use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

/// Bytes of media that an instance keeps of a bucket unless told otherwise: the first minutes of what many watch.
pub const DEFAULT_CACHE_BYTES: u64 = 10 * 1024 * 1024 * 1024;

/// Where the server keeps what is not in its database. The default needs nothing but the data folder.
#[derive(Clone, Debug, Default)]
pub struct Backends {
    /// Where published media are.
    pub objects: Objects,
    /// Who carries messages.
    pub messages: Messages,
    /// Where instances count together.
    pub rates: Rates,
}

/// Where published media are.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Objects {
    /// In the library below the data folder, made by this instance.
    #[default]
    Folder,
    /// In a folder that all instances see, such as a network drive; otherwise as in a bucket.
    SharedFolder {
        /// The folder.
        folder: PathBuf,
        /// Bytes of copies.
        cache_bytes: u64,
    },
    /// In a bucket; the library's folder holds copies, of so many bytes at most, and what this instance makes.
    Bucket {
        /// Where the bucket is.
        bucket: S3Config,
        /// Bytes of copies.
        cache_bytes: u64,
    },
}

/// Who carries messages.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Messages {
    /// This process.
    #[default]
    Process,
    /// A broker.
    Nats(NatsConfig),
}

/// Where instances count together how often a network signs in.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Rates {
    /// Nowhere: there is one instance.
    #[default]
    Process,
    /// In the database.
    Database,
    /// In a server of the Redis protocol.
    Redis(RedisConfig),
}

/// A part of the server that an instance may leave to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Service {
    /// Sign-in, accounts.
    Identity,
    /// What belongs to a viewer.
    Profiles,
    /// Home screen and title pages.
    Catalog,
    /// Who may watch what.
    Entitlement,
    /// Keys.
    Licence,
    /// Media and pictures.
    Delivery,
    /// Makes titles, and publishes them where there is a bucket.
    Ingest,
}

impl Service {
    /// All, in the order of the documentation, with their names.
    pub const ALL: [(Self, &str); 7] = [
        (Self::Identity, "identity"),
        (Self::Profiles, "profiles"),
        (Self::Catalog, "catalog"),
        (Self::Entitlement, "entitlement"),
        (Self::Licence, "licence"),
        (Self::Delivery, "delivery"),
        (Self::Ingest, "ingest"),
    ];
}

/// The parts of the server that this instance is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Services(BTreeSet<Service>);

impl Default for Services {
    /// Everything.
    fn default() -> Self {
        Service::ALL.iter().map(|(service, _)| *service).collect()
    }
}

impl FromIterator<Service> for Services {
    fn from_iter<I: IntoIterator<Item = Service>>(services: I) -> Self {
        Self(services.into_iter().collect())
    }
}

impl Services {
    /// Is it one of them?
    pub fn has(&self, service: Service) -> bool {
        self.0.contains(&service)
    }
}

/// Why a backend cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// The bucket.
    #[error("cannot use the bucket")]
    Objects(#[from] BlobError),
    /// The broker.
    #[error("cannot use the message broker")]
    Messages(#[from] MessageError),
    /// The Redis server.
    #[error("cannot use the Redis server")]
    Rates(#[from] SharedError),
}

/// The backends, opened.
#[derive(Debug)]
pub(crate) struct OpenBackends {
    pub(crate) published: Option<Published>,
    pub(crate) outbox: Outbox,
    pub(crate) log: Arc<dyn MessageLog>,
    pub(crate) shared_rates: Option<Arc<dyn RateStore>>,
}

impl Backends {
    pub(crate) async fn open(
        &self,
        db: &Db,
        clock: &Arc<dyn Clock>,
        library: &Arc<Library>,
    ) -> Result<OpenBackends, BackendError> {
        let store: Option<(Arc<dyn BlobStore>, u64)> = match &self.objects {
            Objects::Folder => None,
            Objects::SharedFolder { folder, cache_bytes } => {
                Some((Arc::new(Patient::new(FolderStore::open(folder)?, Patience::default())), *cache_bytes))
            }
            Objects::Bucket { bucket, cache_bytes } => {
                Some((Arc::new(Patient::new(S3Store::new(bucket)?, Patience::default())), *cache_bytes))
            }
        };
        let published = match store {
            None => None,
            Some((store, cache_bytes)) => {
                let published = Published::open(store, library.clone(), cache_bytes)?;
                // An instance that cannot see its titles is not ready.
                published.look().await?;
                Some(published)
            }
        };
        let log: Arc<dyn MessageLog> = match &self.messages {
            Messages::Process => Arc::new(LocalLog::new()),
            Messages::Nats(config) => Arc::new(NatsLog::connect(config).await?),
        };
        let shared_rates: Option<Arc<dyn RateStore>> = match &self.rates {
            Rates::Process => None,
            Rates::Database => Some(Arc::new(SqlShared::new(db.clone()))),
            Rates::Redis(config) => Some(Arc::new(RedisShared::connect(config).await?)),
        };
        Ok(OpenBackends { published, outbox: Outbox::new(db.clone(), clock.clone()), log, shared_rates })
    }
}
