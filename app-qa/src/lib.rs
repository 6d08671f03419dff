//! The third front-end: QA engineers and CI. Runs the shipping engine without a window and says what a viewer would
//! have seen.
//!
//! Three nouns: a [`target`] is what to play and with whose permission, a [`play::Run`] plays it and watches, a
//! [`report::Report`] is the verdict. [`picture::PictureCheck`] reads the counter that QA titles burn into each frame:
//! it proves what was shown instead of believing what was claimed.
//!
//! Beside it, in virtual time and without a decoder: [`sim`] plays recordings of networks with any controller, [`mod@bench`]
//! makes the tables and plots of docs/abr.md from that, and measures how fast media and manifests are read
//! (docs/formats.md). [`replay`] plays the same recordings over real connections with
//! the player's own session, to see whether both agree.
//!
//! What this crate must not do: decide anything about playback. It uses the same doors as the apps.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod bench;
pub mod cli;
pub mod decode;
pub mod exit;
pub mod expectation;
pub mod figures;
pub mod picture;
pub mod play;
pub mod plot;
pub mod replay;
pub mod report;
pub mod shape;
pub mod sim;
pub mod stats;
pub mod target;
pub mod train;
