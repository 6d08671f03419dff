//! Figures for QA engineers: what frames cost, how soon a key is seen, how long the start takes, what memory is used.
//!
//! ```text
//!  events, frames --watch.rs--> Recorder (pure: times come in) --every 5 s, and at the end--> FILE as JSON
//!                                   |                                                          |
//!                              spread.rs (percentiles)      memory.rs (/proc)       lumen-qa figures FILE
//! ```
//!
//! Without `--figures` nothing of this runs: the window is opened in another way, and there is no recorder to ask.

mod memory;
mod recorder;
mod spread;
mod watch;

pub(crate) use self::{
    recorder::Seen,
    watch::{Meter, run},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The file's layout; a newer one may have more members.
pub const FIGURES_VERSION: u32 = 1;

/// What is written. Times in milliseconds unless a name says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// [`FIGURES_VERSION`] of the writer.
    pub version: u32,
    /// `lumen` or `lumen-tv`.
    pub app: String,
    /// Seconds since the process began, to ten milliseconds.
    pub uptime_s: f64,
    /// Frames painted so far.
    pub frames: u64,
    /// From the beginning of the process to the end of the first frame.
    #[serde(default)]
    pub first_frame_ms: Option<f64>,
    /// From there to the end of the first frame in which a control has the focus.
    #[serde(default)]
    pub first_focus_ms: Option<f64>,
    /// By what was on screen.
    pub screens: BTreeMap<String, ScreenFigures>,
    pub memory: Memory,
}

/// Of the frames of one screen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScreenFigures {
    /// From the beginning of the process to the end of its first frame.
    #[serde(default)]
    pub first_ms: f64,
    /// CPU time of the interface's own work, on its thread: taking messages, layout, shapes.
    pub pass: Quantiles,
    /// CPU time of that thread for the whole frame, with tessellation and the OpenGL driver.
    pub frame_cpu: Quantiles,
    /// Wall time of the whole frame, to the end of the swap.
    pub frame: Quantiles,
    /// From a key's or button's arrival in the application to the end of the first frame that shows what followed.
    pub input: Quantiles,
}

/// Of many times, in milliseconds. Never below what was measured, and at most 1.6 % above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    pub count: u64,
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
    pub max: f64,
}

/// Resident memory, in KiB; what a part of the whole is counts in one line only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// All of it.
    pub resident_kib: u64,
    /// The program, its libraries, fonts: mapped from files.
    pub files_kib: u64,
    /// Files of the OpenGL driver, which a GPU would not need: software rasteriser and compiler.
    pub driver_kib: u64,
    /// Heap and stacks. A software rasteriser keeps its textures here too.
    pub anonymous_kib: u64,
    /// Shared with the display.
    pub shared_kib: u64,
    /// Pictures of titles as textures, a part of the anonymous memory where OpenGL is software.
    pub textures_kib: u64,
    /// The most that was ever resident.
    pub peak_kib: u64,
}
