//! Lumen's own engine: forecast a distribution, know what each outcome is worth, choose the best expectation.
//!
//! ```text
//! transfers ─► LinkState ──► RateForecast ──► 8 rates with probabilities ─┐
//!                                                                         ├─► scores ─► + Advantage ─► Decision
//! ladder, segments ahead ─► Title ──────────► Worth of the state after ───┘   (Policy)
//! ```
//!
//! - [`LinkState`] keeps what transfers told of the network, in some thirty numbers; it can outlive the session.
//! - `RateForecast`, a network of 1,864 weights, turns it into quantiles of the next transfer's rate.
//! - `Worth`, a network of 4,161 weights for live and one for titles on demand, says what the state after each outcome
//!   is worth: buffer, rung, room, link, ladder, segments left.
//! - `Advantage`, a network of 5,505 weights for either, adds to the scores what they were found to lack; another one for
//!   either does so where a transfer might be given up.
//! - `Policy` adds up, walks the ladder from the current rung, and gives transfers up by the same sums.
//!
//! Rules of thumb have thresholds for all this, each right for one ladder, one buffer and one kind of network. What was
//! learned is no threshold: nothing in it is a bitrate or a number of rungs, all rates are relative to the link's, all
//! utilities to the ladder's top. The sources are named where each is used; `models/README.md` says from what the
//! networks were learned and by which command, and feature `train` has the trainer, which uses these very files.
//!
//! No clock, no I/O, no allocation, no panic: arithmetic on fixed arrays, some microseconds per rung.

pub(crate) mod advantage;
pub(crate) mod dense;
pub(crate) mod flow;
pub(crate) mod link_state;
mod lumen;
pub(crate) mod models;
pub(crate) mod policy;
pub(crate) mod rate_forecast;
pub(crate) mod title;
pub(crate) mod worth;

pub use dense::ModelError;
pub use link_state::{LinkState, LinkStateError};
pub use lumen::LumenController;
pub use models::{ModelFiles, Models};
