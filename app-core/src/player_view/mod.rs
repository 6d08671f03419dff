//! The player: video, and everything laid over it, as functions of a [`player_core::PlayerSnapshot`].
//!
//! `model/` is the state that is not the player's own (menus, gestures, what is shown for how long), `keys/` the
//! one table of shortcuts, `seek.rs` the accumulation of presses into one seek, `skip.rs` what is offered to be skipped,
//! `next_up.rs` what comes after an episode, `text_style.rs` and `text_delay.rs` how and when subtitles are seen,
//! `viewing.rs` what a profile chose, `previews.rs` the pictures over the seek bar, `dpad.rs` how a television's remote
//! seeks, `around.rs` and `below.rs` what lies under the player there. The rest draws.

pub(crate) mod around;
mod below;
mod controls;
mod cue_image;
mod cue_place;
pub(crate) mod dpad;
mod error_card;
mod frame_clock;
pub(crate) mod input;
pub(crate) mod keys;
mod menu;
pub(crate) mod mini;
pub(crate) mod model;
mod next_card;
pub(crate) mod next_up;
pub(crate) mod previews;
mod scrubber;
mod seek;
mod sheet;
pub(crate) mod skip;
mod skip_pill;
mod stats;
mod subtitles;
pub(crate) mod text_delay;
pub(crate) mod text_style;
mod view;
pub(crate) mod viewing;

pub(crate) use view::{focus_map, layer_id, screen_id, view};
