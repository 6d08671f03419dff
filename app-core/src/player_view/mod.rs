//! The player: video, and everything laid over it, as functions of a [`player_core::PlayerSnapshot`].
//!
//! `model.rs` is the state that is not the player's own (menus, gestures, what is shown for how long), `keys.rs` the
//! one table of shortcuts, `seek.rs` the accumulation of presses into one seek, `skip.rs` what is offered to be skipped,
//! `previews.rs` the pictures over the seek bar, `dpad.rs` how a television's remote seeks. The rest draws.

mod controls;
mod cue_image;
mod cue_place;
pub(crate) mod dpad;
mod error_card;
pub(crate) mod input;
mod keys;
mod menu;
pub(crate) mod model;
pub(crate) mod previews;
mod scrubber;
mod seek;
mod sheet;
pub(crate) mod skip;
mod skip_pill;
mod stats;
mod subtitles;
mod view;

pub(crate) use view::{focus_map, screen_id, view};
