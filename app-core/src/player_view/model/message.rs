//! What is played, what viewers wish at the player, and what follows from it.

use crate::{
    app::SettingsChange,
    failure::Failure,
    player_view::{
        dpad::DpadMsg,
        keys::{Row, Shortcut},
        text_style::TextTrait,
        viewing::Viewing,
    },
};
use player_core::{Command, DecoderChoice, QualityChoice, TrackId};
use service_api::{GrantId, ProfileId, catalog::TitleSummary};
use url::Url;

/// What is playing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Source {
    Title { summary: Box<TitleSummary>, profile: ProfileId },
    Url(Url),
}

/// Whether there is a session.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Phase {
    /// Permission is asked for.
    Opening,
    Open,
    /// There will be none.
    Failed(Failure),
}

/// The menus over the bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Menu {
    Audio,
    Subtitles,
    /// Behind a line of `Subtitles`.
    TextLook,
    Settings,
    /// Behind lines of `Settings`.
    Quality,
    Speed,
    Skipping,
    Decoder,
    /// All of them on one page, when OK is held on a remote control.
    Quick,
}

impl Menu {
    /// The menu that it was opened from.
    pub(crate) fn parent(self) -> Option<Self> {
        match self {
            Self::Audio | Self::Subtitles | Self::Settings | Self::Quick => None,
            Self::TextLook => Some(Self::Subtitles),
            Self::Quality | Self::Speed | Self::Skipping | Self::Decoder => Some(Self::Settings),
        }
    }
}

/// Wishes on the sheet of keys.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum KeysMsg {
    /// The next key that is pressed becomes this action's.
    Choose(&'static Row),
    Pressed(Shortcut),
    /// Take the key although it is another's, which gets what this one had.
    Swap,
    Cancel,
    /// All keys as delivered.
    Reset,
}

/// What the sheet of keys waits for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Rebinding {
    /// A key for this action.
    Waiting(&'static Row),
    /// Whether `row` is to have the key of `owner`.
    Asking { row: &'static Row, key: Shortcut, owner: &'static Row },
}

/// Wishes of the viewer at the player.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PlayerMsg {
    /// A key or the pointer moved: the controls are wanted.
    Activity,
    /// The pointer rests on the controls.
    OverControls(bool),
    TogglePlay,
    SeekBy {
        seconds: f64,
        held: bool,
    },
    /// Pictures, negative for back.
    StepFrames(i32),
    /// Back to where the last seek left from.
    UndoSeek,
    /// 0 to 1 of the duration.
    SeekShare(f64),
    /// To this second, at once.
    SeekTo(f64),
    /// The pointer drags the bar to this second.
    Scrub(f64),
    /// Key or pointer released.
    Released,
    Chapter {
        forward: bool,
    },
    /// Opens the rows under the player, or closes them.
    Below(bool),
    /// To the beginning of the chapter at this place.
    ChooseChapter(usize),
    /// Goes behind what is offered to be skipped; where the next episode is offered, to that.
    Skip,
    NextEpisode,
    /// The rest of this one is to be seen.
    CancelNext,
    /// What is skipped, and what begins by itself.
    ChangeViewing(Viewing),
    VolumeBy(f32),
    SetVolume(f32),
    ToggleMute,
    ToggleMenu(Menu),
    ToggleSubtitles,
    /// Milliseconds, negative for earlier.
    DelayTextBy(i32),
    ChangeLook {
        which: TextTrait,
        forward: bool,
    },
    /// The look of subtitles as delivered, and no delay.
    ResetText,
    /// To the next of [`SPEEDS`].
    SpeedBy {
        faster: bool,
    },
    ChooseSpeed(f64),
    ResetSpeed,
    /// Double speed until a key is released.
    HoldSpeed,
    /// Fast forward or backward; again for faster.
    Wind {
        forward: bool,
    },
    ChooseQuality(QualityChoice),
    ChooseDecoder(DecoderChoice),
    ChooseText(Option<TrackId>),
    ChooseAudio(TrackId),
    ToggleStats,
    CopyStats,
    ToggleSheet,
    Keys(KeysMsg),
    ToggleDetails,
    CopyDetails,
    ToggleFullScreen,
    /// Into a corner, so that the viewer can look around.
    Minimise,
    /// Back from there.
    Maximise,
    Retry,
    /// Ends a stream on another device, and tries again.
    StopElsewhere(GrantId),
    SignIn,
    /// The arrows and OK of a remote control.
    Dpad(DpadMsg),
    Back,
    Leave,
}

/// Why the player screen is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Away {
    /// The title is over.
    Ended,
    /// Nothing was open that Back could close.
    Esc,
    /// The next episode is to begin.
    Next { asked: bool },
}

/// What follows from a message.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Reaction {
    pub(crate) commands: Vec<Command>,
    pub(crate) copy: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) settings: Option<SettingsChange>,
    pub(crate) away: Option<Away>,
}
