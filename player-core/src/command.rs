//! What a viewer may ask for.

use crate::decoding::DecoderChoice;
use crate::manifest::TrackId;
use abr::{MediaTime, RungId};
use serde::{Deserialize, Serialize};

/// Slower than this is a series of stills.
pub const MIN_RATE: f64 = 0.25;
/// Faster than this nobody understands a word, and decoders fall behind.
pub const MAX_RATE: f64 = 4.0;
/// Subtitles are delayed by no more than this, in milliseconds, either way.
pub const MAX_TEXT_DELAY_MS: i32 = 60_000;
/// The fastest winding.
pub const MAX_TRICK_SPEED: i32 = 64;

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
    /// Shows all subtitles this much later than they say, or earlier where it is negative; beyond
    /// [`MAX_TEXT_DELAY_MS`] it is clamped. Holds for the rest of the session, whatever track is chosen.
    SetTextDelay {
        millis: i32,
    },
    /// Speed with pitch kept; 1 is normal. Clamped to [`MIN_RATE`] and [`MAX_RATE`]; what is no number is ignored.
    /// Holds for the rest of the session, through stalls and seeks.
    SetRate {
        rate: f64,
    },
    /// Winds: key frames without sound, `speed` times as fast, negative for backwards. Speeds are 2 to
    /// [`MAX_TRICK_SPEED`] in powers of two; others are rounded towards zero, and below 2 winding ends, as it does by
    /// `Play`, `Pause`, `Seek` and at either end of the title. Playback then goes on with the picture that was shown
    /// last. Ignored before the first picture and where there is no picture.
    TrickPlay {
        speed: i32,
    },
    SetQuality {
        choice: QualityChoice,
    },
    /// Which decoder takes the pictures, at once and for the rest of the session.
    SetDecoder {
        choice: DecoderChoice,
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
