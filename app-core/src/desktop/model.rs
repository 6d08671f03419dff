//! What the viewer sees and does of the desktop's part, as values.

use super::{address::Address, appearance::Appearance, crash::CrashReport, now_playing::Remote, recents::Recents};
use crate::{app::Msg, language::Locale};
use url::Url;

/// What can happen.
#[derive(Debug)]
pub(crate) enum DesktopMsg {
    // Wishes of the viewer.
    ShowOpen,
    ShowSettings,
    /// Closes the sheet that is on top.
    Close,
    CopyCrash,
    DeleteCrash,
    EditAddress(String),
    OpenTyped,
    Browse,
    OpenRecent(usize),
    ClearRecents,
    /// Pasted, dropped, or chosen elsewhere.
    Open(Address),
    /// Another start only wants to be seen.
    Raise,
    /// A file hangs over the window.
    Dragging(bool),
    Set(Change),
    // Answers of the desktop.
    /// The dialog for files; `Err` if there is none.
    Chosen(Result<Option<Url>, ()>),
    Appearance(Appearance),
    /// Media controls.
    Remote(Remote),
}

impl From<DesktopMsg> for Msg {
    fn from(msg: DesktopMsg) -> Self {
        Self::Desktop(msg)
    }
}

impl From<Remote> for Msg {
    fn from(remote: Remote) -> Self {
        Self::Desktop(DesktopMsg::Remote(remote))
    }
}

/// A setting of the desktop's part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Change {
    MediaKeys(bool),
    KeepAwake(bool),
    KeepRecents(bool),
    /// In per cent; `None` follows the desktop.
    TextSize(Option<u16>),
    ReducedMotion(Option<bool>),
    /// The light theme; `None` follows the desktop.
    Light(Option<bool>),
    HighContrast(Option<bool>),
    /// `None` follows the system.
    Language(Option<Locale>),
}

/// What is wanted of the world.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum DesktopEffect {
    /// Show the dialog for files.
    Browse,
    SaveRecents(Recents),
    /// Bring the window to the front.
    Raise,
    /// The report of the crash was looked at.
    CrashSeen,
    DeleteCrash,
}

/// The desktop's part of the model.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct DesktopScreen {
    pub(crate) recents: Recents,
    /// Open above whatever is on screen.
    pub(crate) open: Option<OpenSheet>,
    /// Above that.
    pub(crate) shows_settings: bool,
    /// Above all.
    pub(crate) crash: Option<CrashReport>,
    pub(crate) appearance: Appearance,
    /// A file hangs over the window and would be played.
    pub(crate) dragging: bool,
    /// Files that are dropped are delivered here.
    pub(crate) takes_drops: bool,
}

/// The sheet that the viewer sees.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sheet<'a> {
    Open(&'a OpenSheet),
    Settings,
    Crash(&'a CrashReport),
}

impl DesktopScreen {
    /// What is above everything else, if anything is.
    pub(crate) fn top(&self) -> Option<Sheet<'_>> {
        let open = || self.open.as_ref().map(Sheet::Open);
        let settings = || self.shows_settings.then_some(Sheet::Settings);
        self.crash.as_ref().map(Sheet::Crash).or_else(settings).or_else(open)
    }
}

/// Where a viewer says what to open.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct OpenSheet {
    /// As typed.
    pub(crate) text: String,
    pub(crate) problem: Option<String>,
    /// The desktop's dialog is open.
    pub(crate) browsing: bool,
    /// There is no such dialog here.
    pub(crate) no_dialog: bool,
}
