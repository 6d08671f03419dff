//! The server that Lumen is used and tested with: sign-in, catalog, licences and segments in one process.
//!
//! Three nouns. A [`ServerConfig`] says everything that can be said before the start. A [`RunningServer`] listens until it
//! is shut down. A **service** is one folder with one job, its own tables and its own routes; the gateway joins them:
//!
//! ```text
//! gateway      sockets, limits, who may what, problems, logs
//!   identity     accounts, profiles, OAuth 2.1 with PKCE        tables identity_*
//!   catalog      home screen, title pages, search, files        tables catalog_*
//!   profiles     positions, list, ratings, PIN                  tables profiles_*
//!   privacy      consents, export, erasure                      tables privacy_*
//!   support      requests for help                              tables support_*
//!   entitlement  who may watch what, grants, devices, streams   tables entitlement_*
//!   licence      content keys, licences, audit log              tables licence_*
//!   delivery     access tokens, manifests, segments, artwork    tables delivery_*
//!   ingest       makes the demo library
//! store        SQLite or PostgreSQL, master key
//! operator     the stores without a server: catalog and keys from the command line
//! backends     what several instances share: a choice for each of
//!   blob         objects: a folder or a bucket
//!   published    titles in a bucket
//!   messages     outbox, relay, consumers or NATS               tables messages_*
//!   shared       leases and rates: the database or Redis        tables shared_*
//! ```
//!
//! ```no_run
//! # async fn run() -> Result<(), server_stub::StartError> {
//! use server_stub::{Server, ServerConfig};
//!
//! let mut config = ServerConfig::new("/tmp/lumen");
//! config.listen.set_port(0);
//! config.demo = true;
//! let server = Server::start(config).await?;
//! println!("{}", server.origin());
//! server.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! What this crate must not know: GStreamer, the player, the apps. It shares with them the wire contract of
//! `service-api` and nothing else.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod app;
mod backends;
pub mod blob;
mod catalog;
mod clock;
mod config;
mod delivery;
mod entitlement;
mod gateway;
mod identity;
pub mod ingest;
mod licence;
pub mod messages;
mod operator;
mod privacy;
mod profiles;
mod published;
mod server;
pub mod shared;
mod store;
mod support;

pub use app::StartError;
pub use backends::{BackendError, Backends, DEFAULT_CACHE_BYTES, Messages, Objects, Rates, Service, Services};
pub use catalog::CatalogError;
pub use clock::{Clock, ManualClock, SystemClock};
pub use config::{
    DEFAULT_PORT, IdentityConfig, LibraryConfig, Lifetimes, Limits, RightsConfig, ServerConfig, TlsConfig, TlsSource,
};
pub use delivery::{CdnConfig, DeliveryConfig, DeliveryRequest, Fault, FaultFn, FaultScript};
pub use entitlement::{Country, PlaceError, PlanTerms, Plans, Revoked};
pub use gateway::{TlsError, access::access_table, proxies::Network, rate::Rate};
pub use identity::{
    Admin, AdminError, ClientAuthentication, ClientDocument, ClientRegistration, FolderSink, Mail, MailError, MailSink,
    PasswordCost, ProviderConfig, RegistrationError, RelaySink,
};
pub use licence::{
    KeySpec, LicenceProxy, LicenceSystem, PartnersError, Policy, ProxyError, ProxyRequest, RecordingProxy, Rewrap,
    RewrapError, Rewrapped, operate::KeysError, rewrap,
};
pub use operator::Operator;
pub use server::{RunningServer, Server};
pub use store::{CopyError, Database, MasterKeyError, StoreError, check_database, copy_database};
