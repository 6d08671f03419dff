//! What the model wants from the world. Executed by [`crate::services`] or, for the window, by [`crate::shell`].

use crate::{ask::Ask, desktop::model::DesktopEffect, pictures::PictureRequest, settings::Settings};
use player_core::{Command, DecoderChoice};
use service_api::{GrantId, ProfileId, TitleId, profile::Pin};
use std::time::Duration;
use url::Url;

/// One side effect. Answers come back as messages.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// Try the session kept on this device.
    Restore,
    /// Begin to sign in; answered with the address, then with the account.
    BeginSignIn,
    /// The same on a device without a browser; answered with a code, with another when that has expired, and with the
    /// account.
    BeginCodeSignIn,
    CancelSignIn,
    OpenBrowser(Url),
    SignOut,
    LoadHome(ProfileId),
    LoadTitle {
        profile: Option<ProfileId>,
        title: TitleId,
    },
    /// Give the PIN of a profile.
    Unlock {
        profile: ProfileId,
        pin: Pin,
    },
    /// Find titles by what was typed.
    Search {
        profile: ProfileId,
        text: String,
    },
    /// Get the first segment of a title before anybody asks for it.
    Prefetch {
        profile: ProfileId,
        title: TitleId,
    },
    /// Send the positions that could not be sent before.
    SendUnsent(ProfileId),
    FetchPicture(PictureRequest),
    OpenPlayer(OpenRequest),
    Player(Command),
    /// The last credits of what plays begin there: who has come that far has seen it.
    Credits {
        attempt: u64,
        from_s: f64,
    },
    /// Save the position and end the session.
    ClosePlayer,
    /// End a stream on another device.
    StopElsewhere {
        attempt: u64,
        grant: GrantId,
    },
    SaveSettings(Settings),
    /// Forget everything on this device; these settings are what is left.
    FactoryReset(Settings),
    /// About lists, profiles and the account.
    Ask(Ask),
    Copy(String),
    FullScreen(bool),
    Quit,
    /// Of the desktop around the application.
    Desktop(DesktopEffect),
}

/// What to play, from where, and how.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OpenRequest {
    /// Tells a late answer from the one that is waited for.
    pub(crate) attempt: u64,
    pub(crate) target: Target,
    pub(crate) from: PlayFrom,
    /// Of playback; 1 is normal.
    pub(crate) speed: f64,
    pub(crate) volume: f32,
    pub(crate) muted: bool,
    /// BCP 47; `None` takes what the title says is its own.
    pub(crate) audio_language: Option<String>,
    /// BCP 47; `None` starts without subtitles.
    pub(crate) text_language: Option<String>,
    /// Milliseconds by which subtitles come later than they say.
    pub(crate) text_delay: i32,
    /// Of pictures.
    pub(crate) decoder: DecoderChoice,
    /// Without sound, small, and without leaving a trace.
    pub(crate) is_preview: bool,
}

/// Media to play.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Target {
    /// A title of the catalog, for a profile.
    Title { profile: ProfileId, title: TitleId },
    /// Any stream, signed in or not.
    Url(Url),
}

/// Where playback starts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum PlayFrom {
    /// Where it was left, by the newest position known here or at the server.
    Resume,
    /// The beginning.
    Start,
    /// This long after the beginning.
    At(Duration),
}
