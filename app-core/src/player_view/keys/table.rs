//! The key table as it is delivered: each action of the player once, with its name in the settings and its help.

use super::shortcut::Shortcut;
use crate::{
    language::{self, key},
    player_view::model::Menu,
};
use egui::Key;

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    TogglePlay,
    /// Seconds, negative for back.
    SeekBy(i32),
    /// Frames, negative for back; pauses.
    StepFrames(i32),
    /// To where the last seek left from.
    UndoSeek,
    /// The digit of the key times ten per cent.
    SeekTenth,
    SeekStart,
    SeekEnd,
    PreviousChapter,
    NextChapter,
    /// Intro, recap or credits, whichever is on.
    Skip,
    NextEpisode,
    /// Per cent of full volume.
    VolumeBy(i32),
    ToggleMute,
    ToggleSubtitles,
    /// Tenths of a second, negative for earlier.
    DelayText(i32),
    OpenMenu(Menu),
    /// The next of the offered speeds.
    Slower,
    Faster,
    ResetSpeed,
    /// Double speed for as long as the key is held.
    HoldSpeed,
    WindBack,
    WindForward,
    ToggleFullScreen,
    MiniPlayer,
    ToggleStats,
    ToggleSheet,
    Back,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) action: Action,
    /// In the settings; never changes.
    pub(crate) name: &'static str,
    /// Any of these, unless the viewer chose another.
    pub(crate) keys: &'static [Shortcut],
    /// Key of what they do.
    help: &'static str,
}

impl Row {
    /// What they do, as an instruction.
    pub(crate) fn help(&self) -> &'static str {
        language::text(self.help)
    }

    /// Has it always the same keys? There must be a way out, and digits are many.
    pub(crate) fn is_fixed(&self) -> bool {
        matches!(self.action, Action::Back | Action::SeekTenth)
    }
}

const fn k(key: Key) -> Shortcut {
    Shortcut::plain(key)
}

const fn s(key: Key) -> Shortcut {
    Shortcut::shifted(key)
}

const fn row(action: Action, name: &'static str, keys: &'static [Shortcut], help: &'static str) -> Row {
    Row { action, name, keys, help }
}

/// All actions that have keys, in the order of the `?` sheet.
pub(crate) const ROWS: &[Row] = &[
    row(Action::TogglePlay, "play", &[k(Key::Space), k(Key::K), k(Key::MediaPlayPause)], key!("help-play")),
    row(Action::SeekBy(-5), "back-5", &[k(Key::ArrowLeft)], key!("help-back-5")),
    row(Action::SeekBy(5), "forward-5", &[k(Key::ArrowRight)], key!("help-forward-5")),
    row(Action::SeekBy(-10), "back-10", &[k(Key::J)], key!("player-back-10")),
    row(Action::SeekBy(10), "forward-10", &[k(Key::L)], key!("player-forward-10")),
    row(Action::SeekBy(-1), "back-1", &[s(Key::ArrowLeft)], key!("help-back-1")),
    row(Action::SeekBy(1), "forward-1", &[s(Key::ArrowRight)], key!("help-forward-1")),
    row(Action::StepFrames(-1), "frame-back", &[k(Key::Comma)], key!("help-frame-back")),
    row(Action::StepFrames(1), "frame-forward", &[k(Key::Period)], key!("help-frame-forward")),
    row(Action::UndoSeek, "undo-seek", &[s(Key::Backspace)], key!("help-undo-seek")),
    row(Action::PreviousChapter, "previous-chapter", &[k(Key::PageUp)], key!("help-previous-chapter")),
    row(Action::NextChapter, "next-chapter", &[k(Key::PageDown)], key!("help-next-chapter")),
    row(Action::Skip, "skip", &[k(Key::S)], key!("help-skip")),
    row(Action::NextEpisode, "next-episode", &[s(Key::N)], key!("next-episode")),
    row(
        Action::SeekTenth,
        "tenth",
        &[
            k(Key::Num0),
            k(Key::Num1),
            k(Key::Num2),
            k(Key::Num3),
            k(Key::Num4),
            k(Key::Num5),
            k(Key::Num6),
            k(Key::Num7),
            k(Key::Num8),
            k(Key::Num9),
        ],
        key!("help-tenth"),
    ),
    row(Action::SeekStart, "start", &[k(Key::Home)], key!("help-start")),
    row(Action::SeekEnd, "end", &[k(Key::End)], key!("help-end")),
    row(Action::VolumeBy(5), "louder", &[k(Key::ArrowUp), k(Key::AudioVolumeUp)], key!("help-louder")),
    row(Action::VolumeBy(-5), "quieter", &[k(Key::ArrowDown), k(Key::AudioVolumeDown)], key!("help-quieter")),
    row(Action::ToggleMute, "mute", &[k(Key::M), k(Key::AudioVolumeMute)], key!("help-mute")),
    row(Action::OpenMenu(Menu::Audio), "audio-menu", &[k(Key::A)], key!("help-audio-menu")),
    row(Action::ToggleSubtitles, "subtitles", &[k(Key::C)], key!("help-subtitles")),
    row(Action::OpenMenu(Menu::Subtitles), "subtitle-menu", &[k(Key::V)], key!("help-subtitle-menu")),
    row(Action::DelayText(-1), "subtitles-earlier", &[k(Key::G)], key!("help-subtitles-earlier")),
    row(Action::DelayText(1), "subtitles-later", &[k(Key::H)], key!("help-subtitles-later")),
    row(Action::OpenMenu(Menu::Settings), "settings-menu", &[k(Key::Q)], key!("help-settings-menu")),
    row(Action::Slower, "slower", &[s(Key::Comma), k(Key::OpenBracket)], key!("help-slower")),
    row(Action::Faster, "faster", &[s(Key::Period), k(Key::CloseBracket)], key!("help-faster")),
    row(Action::ResetSpeed, "normal-speed", &[k(Key::Backspace)], key!("help-normal-speed")),
    row(Action::HoldSpeed, "hold-speed", &[k(Key::X)], key!("help-hold-speed")),
    row(Action::WindBack, "wind-back", &[s(Key::J), k(Key::MediaTrackPrevious)], key!("help-wind-back")),
    row(Action::WindForward, "wind-forward", &[s(Key::L), k(Key::MediaTrackNext)], key!("help-wind-forward")),
    row(Action::ToggleFullScreen, "full-screen", &[k(Key::F), k(Key::F11)], key!("help-full-screen")),
    row(Action::MiniPlayer, "mini-player", &[k(Key::P)], key!("help-mini-player")),
    row(Action::ToggleStats, "stats", &[k(Key::I)], key!("help-stats")),
    row(
        Action::ToggleSheet,
        "keys",
        &[k(Key::Questionmark), s(Key::Questionmark), s(Key::Slash), k(Key::F1)],
        key!("help-keys"),
    ),
    row(Action::Back, "back", &[k(Key::Escape), k(Key::BrowserBack)], key!("help-back")),
];

/// The row of an action.
pub(crate) fn row_of(action: Action) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.action == action)
}

/// The row of a name in the settings.
pub(crate) fn row_named(name: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_key_means_two_things_and_no_action_or_name_is_there_twice() {
        let mut keys = HashSet::new();
        for key in ROWS.iter().flat_map(|row| row.keys) {
            assert!(keys.insert(*key), "{key}");
        }
        let names: HashSet<&str> = ROWS.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), ROWS.len());
        for row in ROWS {
            assert_eq!(row_of(row.action), Some(row), "{}", row.name);
            assert_eq!(row_named(row.name), Some(row));
        }
    }
}
