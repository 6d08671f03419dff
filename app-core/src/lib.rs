//! What Lumen's two front-ends share: the application's model, its screens, the player's surface and the design.
//!
//! Three nouns: the **model** is everything the application knows, as a value; a **message** is what happened to it;
//! an **effect** is what it wants from the world. Views draw the model and send messages; services carry effects out
//! and answer with messages. Nothing else is shared and nothing is global.
//!
//! ```text
//!  app.rs        Model, Msg, update            pure, unit-tested
//!  screens/ player_view/ widgets/              draw the model from tokens.rs in two densities
//!  focus/        arrows, Tab, Back             pure, unit-tested
//!  remote/       remote controls, gamepads     a thread for each kind
//!  figures/      what frames and keys cost     only when somebody measures
//!  services.rs   client, player, files         tokio
//!  language/     the words, in the viewer's language
//!  desktop/      what the desktop around it is told and asked: files, media keys, sleep, network
//!  shell.rs      one frame; the window
//! ```
//!
//! What this crate must not know: GStreamer (that is `player-core`'s), HTTP (that is `service-api`'s), and which of the
//! front-ends it is in, apart from the [`Density`].
//!
//! ```no_run
//! use app_core::{Density, LaunchArgs};
//! # fn example(args: LaunchArgs) -> anyhow::Result<()> {
//! app_core::init_logging();
//! app_core::run(Density::Desktop, args)
//! # }
//! ```
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod ambient;
mod app;
mod ask;
mod code;
mod cx;
mod density;
mod desktop;
mod device;
mod effect;
mod failure;
mod figures;
mod focus;
mod format;
mod heartbeat;
mod icons;
mod language;
mod launch;
mod loadable;
mod motion;
mod network_id;
mod networks;
mod permit;
mod pictures;
mod platform;
mod player_view;
mod progress;
mod refusal;
mod remote;
mod screens;
pub mod services;
mod settings;
mod shell;
mod storage;
mod theme;
mod tokens;
mod video_surface;
#[cfg(unix)]
mod watchdog;
mod widgets;
mod window;

#[cfg(test)]
mod testing;

pub use density::{Density, Metrics};
pub use desktop::{
    address::Address,
    doctor::{Diagnosis, Finding, Health, diagnose},
    network::ProxyChoice,
};
pub use figures::{FIGURES_VERSION, Figures, Memory, Quantiles, ScreenFigures};
pub use launch::{DEFAULT_SERVER, LaunchArgs, QualityWish};
pub use platform::Platform;
pub use video_surface::VideoPathWish;
pub use window::{init_logging, run};
