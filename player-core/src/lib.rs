//! Playback: from a manifest to samples to a picture.
//!
//! Three nouns: a [`session::Session`] decides (a sans-IO state machine: inputs and a time in, outputs out), a
//! [`net::Fetcher`] brings bytes, a [`pipeline::MediaPipeline`] shows samples. The [`driver`] ties them together on
//! tokio, and [`player::Player`] is the door: spawn one per title, send it [`Command`]s, read its [`PlayerSnapshot`].
//!
//! ```text
//!   Command ─┐                     ┌─► Fetch ──► Fetcher ──► demux, decrypt ─┐
//!            ├─► Session::handle ──┼─► Licence ► LicenseTransport ───────────┤
//!   (time) ──┘        ▲            ├─► Feed ───► MediaPipeline ─► frames     │
//!                     └────────────┴─► Emit ───► PlaybackEvent ─► snapshot   │
//!                     └──────────────────────────────────────────────────────┘
//! ```
//!
//! Reading order: `session/mod.rs`, `session/output.rs`, `event.rs`, `driver.rs`, `pipeline/mod.rs`,
//! `pipeline/gst/worker.rs`.
//!
//! What this crate must not know: accounts, tokens, catalogs and windows. Licences and fresh addresses come through
//! the traits [`drm::LicenseTransport`] (vendors' keys by [`drm::KeySystem`]) and [`net::SourceRefresh`], pictures leave through a [`frame::FrameSlot`].
//! GStreamer is named only under `pipeline/gst` (feature `gst`); everything else builds and is tested without it.
//!
//! ```no_run
//! use player_core::{Player, PlayerOptions, Command, net::HttpFetcher, pipeline::gst::GstPipeline};
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let options = PlayerOptions::new(
//!     "http://127.0.0.1:8080/title/master.m3u8".parse()?,
//!     std::sync::Arc::new(HttpFetcher::new(&Default::default())?),
//!     GstPipeline::factory(Default::default()),
//! );
//! let player = Player::spawn(&tokio::runtime::Handle::current(), options);
//! player.send(Command::Play);
//! # Ok(()) }
//! ```
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod chapters;
pub mod colour;
pub mod command;
pub mod config;
pub mod container;
pub mod decoding;
pub mod driver;
pub mod drm;
pub mod error;
pub mod event;
pub mod frame;
mod loader;
pub mod manifest;
pub mod net;
pub mod pipeline;
pub mod player;
pub mod preload;
pub mod reader;
pub mod session;
pub mod snapshot;
pub mod telemetry;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod text;
pub mod thumbnails;
pub mod tone_map;

pub use abr::{Bitrate, ByteCount, MediaTime, RungId};
pub use command::{Command, MAX_RATE, MAX_TEXT_DELAY_MS, MAX_TRICK_SPEED, MIN_RATE, QualityChoice};
pub use config::PlayerConfig;
pub use decoding::{ChosenDecoder, DecoderChoice, DecoderReason, InstalledDecoder};
pub use drm::LicenseTransport;
pub use error::{ErrorCode, PlaybackError, Severity};
pub use event::{EventEnvelope, PlaybackEvent};
pub use frame::{FrameSlot, VideoFrame};
pub use manifest::TrackId;
pub use net::SourceRefresh;
pub use player::{Player, PlayerHandle, PlayerOptions};
pub use preload::Preloader;
pub use snapshot::{PlaybackState, PlayerSnapshot};
pub use thumbnails::{Thumbnail, Thumbnails};
