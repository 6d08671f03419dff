//! The server that Lumen is used and tested with: sign-in, catalog, licences and segments in one process.
//!
//! Three nouns. A [`ServerConfig`] says everything that can be said before the start. A [`RunningServer`] listens until it
//! is shut down. A **service** is one folder with one job, its own tables and its own routes; the gateway joins them:
//!
//! ```text
//! gateway      sockets, limits, problems, logs
//!   identity     accounts, profiles, OAuth 2.1 with PKCE        tables identity_*
//!   catalog      home screen, title pages
//!   profiles     how far each title was watched                 tables profiles_*
//!   entitlement  who may watch what, grants                     tables entitlement_*
//!   licence      content keys, Clear Key licences, audit        tables licence_*
//!   delivery     media tokens, playlists, segments, artwork
//!   ingest       makes the demo library
//! store        SQLite or PostgreSQL, master key
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
mod catalog;
mod clock;
mod config;
mod delivery;
mod entitlement;
mod gateway;
mod identity;
pub mod ingest;
mod licence;
mod profiles;
mod server;
mod store;

pub use app::StartError;
pub use clock::{Clock, ManualClock, SystemClock};
pub use config::{DEFAULT_PORT, IdentityConfig, LibraryConfig, Lifetimes, Limits, ServerConfig};
pub use delivery::{DeliveryRequest, Fault, FaultFn, FaultScript};
pub use gateway::access::access_table;
pub use identity::{
    Admin, AdminError, ClientAuthentication, ClientDocument, ClientRegistration, FolderSink, Mail, MailError, MailSink,
    PasswordCost, ProviderConfig, RegistrationError, RelaySink,
};
pub use server::{RunningServer, Server};
pub use store::{Database, MasterKeyError, StoreError};
