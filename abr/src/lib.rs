//! Which quality to fetch next, and why.
//!
//! Three nouns: a [`BandwidthMeter`] turns transfers into an estimate of the link, a [`Ladder`] holds what there is to
//! choose from, and an [`AbrController`] chooses. The crate has no clock, no I/O and no threads: time is passed in as
//! the [`Duration`](std::time::Duration) since the session began, so a test, a simulator and the player drive the very
//! same code.
//!
//! # The loop
//!
//! ```text
//!            manifest                viewport, decoder, plan, …
//!               │                            │
//!            Ladder ── constrained(&[Constraint]) ──► Ladder   (+ the reasons that applied)
//!                                                       │
//!  requests ─► BandwidthMeter ─ estimate, ttfb ─► AbrContext ◄─ buffer level, speed, History
//!                                                       │
//!                     AbrController::decide ◄───────────┤
//!                               │                       │
//!                            Decision         reconsider, while the segment comes in
//!                               │                       │
//!                     fetch that rung         Some: cancel, fetch the smaller one
//! ```
//!
//! For every segment of the video track the session
//! 1. asks [`BufferPolicy::should_load`] whether to load at all,
//! 2. builds an [`AbrContext`], a snapshot of what is known,
//! 3. calls [`AbrController::decide`] and requests the rung of the [`Decision`],
//! 4. reports the request to the meter: `started`, `progressed` …, `finished`,
//! 5. at each progress report asks [`AbrController::reconsider`]; on `Some` it cancels and requests that rung instead,
//! 6. writes the decision to its event log and, if it was a switch or a stall, to the [`History`].
//!
//! When a transfer has ended, [`AbrController::observe`] gets one sample of it, measured over the whole link
//! ([`BandwidthMeter::link_sample`]). [`segments_to_keep`] says which segments in the buffer are worth fetching again,
//! and a [`NetworkMemory`] carries what was learnt from one session to the next.
//!
//! [`BufferPolicy::may_start`] and [`BufferPolicy::may_resume`] say when the picture moves, and a [`QoeAccumulator`] is
//! told what was shown. A decision carries its [`Reason`] for machines, the [`DecisionTrace`] with every rung that was
//! considered, and [`Decision::sentence`] for people.
//!
//! # Vocabulary
//!
//! | Word | Means |
//! |---|---|
//! | rung | one representation, as far as a decision needs to know it |
//! | demand, needed | the rate at which a rung takes from the network; the same at the playback speed of the moment |
//! | low, mean | the cautious and the central estimate of the link |
//! | safe | what of the estimate a decision relies upon |
//! | thin, fat | a buffer too short, or long enough, to steer by |
//! | hold | to stay at the current rung |
//!
//! # Example
//!
//! ```
//! use std::time::Duration;
//! use abr::{AbrContext, BandwidthMeter, Bitrate, ByteCount, History, Ladder, Rung, RungId, TransferId};
//!
//! let rungs = [(0, 800, 360), (1, 2_500, 720), (2, 5_000, 1080)].map(|(id, kbps, height)| Rung {
//!     id: RungId(id),
//!     bitrate: Bitrate::from_kbps(kbps),
//!     average: None,
//!     width: height * 16 / 9,
//!     height,
//!     frame_rate: Some(25.0),
//! });
//! let ladder = Ladder::new(rungs.to_vec())?;
//!
//! // One segment: 50 ms to the first byte, then 2 MB in four seconds. The wait takes its share of the 4 Mbit/s.
//! let (mut meter, segment) = (BandwidthMeter::new(), TransferId(1));
//! meter.started(segment, Duration::ZERO);
//! for tick in 0..=40 {
//!     meter.progressed(segment, ByteCount::new(1 + tick * 50_000), Duration::from_millis(50 + tick * 100));
//! }
//! meter.finished(segment, Duration::from_millis(4_050));
//!
//! let history = History::new();
//! let mut controller = abr::controller_by_name("throughput").expect("it is in the list");
//! let decision = controller.decide(&AbrContext {
//!     now: Duration::from_millis(4_050),
//!     current: Some(RungId(2)),
//!     buffered: Duration::from_millis(6_400),
//!     throughput: meter.estimate(),
//!     ttfb: meter.ttfb(),
//!     ..AbrContext::new(&ladder, &history)
//! });
//! assert_eq!(decision.rung, RungId(1));
//! assert_eq!(
//!     decision.sentence(&ladder),
//!     "1080p to 720p: safe estimate 3.6 Mbit/s is below the 5.0 needed, 6.4 s buffered"
//! );
//! # Ok::<(), abr::LadderError>(())
//! ```
//!
//! # What this crate must not know
//!
//! Manifests, HTTP, decoders, the clock, the disk. Whoever needs one of them here is in the wrong crate.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod bandwidth_meter;
mod buffer_policy;
mod constraint;
mod controller;
mod decision;
pub mod engine;
mod history;
mod ladder;
mod link_totals;
mod network_memory;
mod qoe;
mod replace;
pub mod rules;
mod serde_seconds;
#[cfg(feature = "sim")]
pub mod sim;
pub mod throughput;
#[cfg(feature = "train")]
pub mod train;
mod units;

pub use bandwidth_meter::{BandwidthMeter, TransferId};
pub use buffer_policy::{BufferPolicy, BufferState, LoadVerdict};
pub use constraint::{Constraint, ConstraintReason};
pub use controller::{AbrContext, AbrController, InFlight, LiveWindow, PlaybackPlan, UpcomingSegment};
pub use decision::{Decision, DecisionTrace, Reason, RungTrace, RungTraces, Verdict};
pub use history::{History, Stall, Switch};
pub use ladder::{Ladder, LadderError, Rung, RungId};
pub use network_memory::{NetworkMemory, NetworkMemoryError, RememberedNetwork};
pub use qoe::{QoeAccumulator, QoeReport};
pub use replace::{Replacement, WaitingSegment, segments_to_keep};
pub use rules::{CONTROLLER_NAMES, controller_by_name};
pub use throughput::{ThroughputEstimate, ThroughputEstimator, TransferSample};
pub use units::{Bitrate, ByteCount, MediaTime, PlaybackRate, PlaybackRateError};
