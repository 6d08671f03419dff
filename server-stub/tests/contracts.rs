//! What each kind of backend promises, on the embedded one and on the real engines.
#![allow(clippy::unwrap_used)]

mod common;

#[path = "contracts/blob.rs"]
mod blob;
#[path = "contracts/deploy.rs"]
mod deploy;
#[path = "contracts/measure.rs"]
mod measure;
#[path = "contracts/messages.rs"]
mod messages;
#[path = "contracts/shared.rs"]
mod shared;
#[path = "contracts/store.rs"]
mod store;
