//! Whole sessions without a network, a decoder or a wait: recordings in, scores out (feature `sim`).
//!
//! The semantics are those of the public benchmarks, written down in `docs/abr.md`: segments are fetched one after
//! another; a request waits for the trace's latency and is then served at the trace's bandwidth; the player waits where
//! its buffer is full or, in live, where the segment does not exist yet. Between events nothing happens, so a session
//! of ten minutes takes microseconds and gives the same result every time, on every machine.
//!
//! ```text
//! NetworkTrace ─┐
//! Content ──────┼─► play(controller) ─► Session ─► Score
//! Scenario ─────┘                          ▲
//!                 optimum() ───────────────┘   the same for whoever knows the future
//! ```

mod bootstrap;
mod content;
pub mod formats;
mod network_model;
mod offline;
mod player;
mod report;
mod runner;
mod scenario;
mod score;
mod session;
pub(crate) mod split_mix;
mod ssim;
mod trace;
mod viewer;

pub use bootstrap::{Bootstrap, Estimate};
pub use content::{Content, ContentError};
pub use formats::TraceFormat;
pub use network_model::{CrossTraffic, Level, MarkovModel, Outage};
pub use offline::{OPTIMUM_VERSION, OfflineOptions, optimum};
pub use report::{Best, Figure, Outcome, Report, Summary, lead};
pub use runner::{Recording, parallel};
pub use scenario::{Delivery, Scenario, ScenarioId};
pub use score::{Score, Utility};
pub use session::{Fetched, Session, SizeKnowledge, play, play_with};
pub use trace::{Interval, NetworkTrace, TraceError};
pub use viewer::{Action, ActionKind, Viewer, ViewerModel};
