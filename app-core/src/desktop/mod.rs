//! The application as a citizen of its desktop: what it opens, how it is seen and steered from outside, what it keeps
//! awake, how it reaches the network, and what it says of itself when something does not work.
//!
//! Three nouns: an [`address::Address`] is something that can be opened; a [`host::Host`] is the running desktop, told
//! what is playing and telling what it wants in return; a [`model::DesktopScreen`] is what the viewer sees of all that.
//!
//! ```text
//!  command line, paste, drop, dialog, links, other starts ──► Address ──► Model
//!  Model ──► NowPlaying ──► Host ──► media controls, the screen that stays on        (linux/, by D-Bus)
//!            Remote, Appearance ◄── Host
//! ```
//!
//! What is of one system stands in a folder of its name; on the others the host does nothing.
#![cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "what is told to the desktop is not read where there is no way to tell it yet")
)]

pub(crate) mod address;
pub(crate) mod appearance;
pub(crate) mod crash;
pub(crate) mod crash_sheet;
pub(crate) mod doctor;
pub(crate) mod host;
pub(crate) mod instance;
pub(crate) mod log_file;
pub(crate) mod model;
pub(crate) mod network;
pub(crate) mod now_playing;
pub(crate) mod open_sheet;
pub(crate) mod recents;
pub(crate) mod section;
mod sheet;

#[cfg(target_os = "linux")]
mod linux;

/// What can be opened, for the lists of the desktop; packaging/ names the same.
pub(crate) const MIME_TYPES: [&str; 8] = [
    "application/vnd.apple.mpegurl",
    "application/x-mpegurl",
    "application/dash+xml",
    "video/mp4",
    "video/webm",
    "video/mp2t",
    "audio/mp4",
    "audio/flac",
];

/// Are files that are dropped on a window delivered here? Not by Wayland (winit has no such event there yet).
pub(crate) fn drops_are_delivered() -> bool {
    let on_wayland =
        ["WAYLAND_DISPLAY", "WAYLAND_SOCKET"].iter().any(|name| std::env::var_os(name).is_some_and(|v| !v.is_empty()));
    cfg!(not(target_os = "linux")) || !on_wayland
}
