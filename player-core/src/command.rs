//! What a viewer may ask for.

use crate::manifest::TrackId;
use abr::{MediaTime, RungId};
use serde::{Deserialize, Serialize};

/// One request to a player. Never fails at the door: what cannot be done shows up as an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Play as soon as there is enough media; after the end, play again from the start.
    Play,
    Pause,
    /// Go to a position of the presentation, exactly. Out-of-range positions are clamped; the newest seek wins.
    Seek {
        to: MediaTime,
    },
    /// Linear gain, 0 to 1.
    SetVolume {
        volume: f32,
    },
    SetMuted {
        muted: bool,
    },
    SelectAudio {
        track: TrackId,
    },
    /// `None` switches subtitles off.
    SelectText {
        track: Option<TrackId>,
    },
    /// Subtitles beside those of `SelectText`, in another language; `None` switches them off.
    SelectSecondText {
        track: Option<TrackId>,
    },
    SetQuality {
        choice: QualityChoice,
    },
    /// The surface in physical pixels: pictures far above it are not fetched.
    SetViewport {
        width: u32,
        height: u32,
    },
    /// Ends the session and frees everything.
    Stop,
}

/// Who chooses the rung.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "choice", content = "rung", rename_all = "snake_case")]
pub enum QualityChoice {
    /// The adaptive controller.
    #[default]
    Auto,
    /// The viewer: this rung and no other while it can be had.
    Fixed(RungId),
}
