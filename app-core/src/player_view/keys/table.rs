//! The key table as it is delivered: each action of the player once, with its name in the settings and its help.

use super::shortcut::Shortcut;
use crate::player_view::model::Menu;
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
    /// What they do, as an instruction.
    pub(crate) help: &'static str,
}

impl Row {
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
    row(Action::TogglePlay, "play", &[k(Key::Space), k(Key::K), k(Key::MediaPlayPause)], "Play or pause"),
    row(Action::SeekBy(-5), "back-5", &[k(Key::ArrowLeft)], "Back 5 seconds"),
    row(Action::SeekBy(5), "forward-5", &[k(Key::ArrowRight)], "Forward 5 seconds"),
    row(Action::SeekBy(-10), "back-10", &[k(Key::J)], "Back 10 seconds"),
    row(Action::SeekBy(10), "forward-10", &[k(Key::L)], "Forward 10 seconds"),
    row(Action::SeekBy(-1), "back-1", &[s(Key::ArrowLeft)], "Back 1 second"),
    row(Action::SeekBy(1), "forward-1", &[s(Key::ArrowRight)], "Forward 1 second"),
    row(Action::StepFrames(-1), "frame-back", &[k(Key::Comma)], "Back one picture"),
    row(Action::StepFrames(1), "frame-forward", &[k(Key::Period)], "Forward one picture"),
    row(Action::UndoSeek, "undo-seek", &[s(Key::Backspace)], "Undo the last seek"),
    row(Action::PreviousChapter, "previous-chapter", &[k(Key::PageUp)], "Previous chapter"),
    row(Action::NextChapter, "next-chapter", &[k(Key::PageDown)], "Next chapter"),
    row(Action::Skip, "skip", &[k(Key::S)], "Skip intro, recap or credits"),
    row(Action::NextEpisode, "next-episode", &[s(Key::N)], "Next episode"),
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
        "Go to 0 … 90 %",
    ),
    row(Action::SeekStart, "start", &[k(Key::Home)], "Go to the start"),
    row(Action::SeekEnd, "end", &[k(Key::End)], "Go to the end"),
    row(Action::VolumeBy(5), "louder", &[k(Key::ArrowUp), k(Key::AudioVolumeUp)], "Louder"),
    row(Action::VolumeBy(-5), "quieter", &[k(Key::ArrowDown), k(Key::AudioVolumeDown)], "Quieter"),
    row(Action::ToggleMute, "mute", &[k(Key::M), k(Key::AudioVolumeMute)], "Sound on or off"),
    row(Action::OpenMenu(Menu::Audio), "audio-menu", &[k(Key::A)], "Choose the sound"),
    row(Action::ToggleSubtitles, "subtitles", &[k(Key::C)], "Subtitles on or off"),
    row(Action::OpenMenu(Menu::Subtitles), "subtitle-menu", &[k(Key::V)], "Choose subtitles"),
    row(Action::DelayText(-1), "subtitles-earlier", &[k(Key::G)], "Subtitles earlier"),
    row(Action::DelayText(1), "subtitles-later", &[k(Key::H)], "Subtitles later"),
    row(Action::OpenMenu(Menu::Settings), "settings-menu", &[k(Key::Q)], "Quality, speed, skipping"),
    row(Action::Slower, "slower", &[s(Key::Comma), k(Key::OpenBracket)], "Slower"),
    row(Action::Faster, "faster", &[s(Key::Period), k(Key::CloseBracket)], "Faster"),
    row(Action::ResetSpeed, "normal-speed", &[k(Key::Backspace)], "Normal speed; on a TV, back"),
    row(Action::HoldSpeed, "hold-speed", &[k(Key::X)], "Double speed while held"),
    row(Action::WindBack, "wind-back", &[s(Key::J), k(Key::MediaTrackPrevious)], "Wind back; again for faster"),
    row(Action::WindForward, "wind-forward", &[s(Key::L), k(Key::MediaTrackNext)], "Wind forward; again for faster"),
    row(Action::ToggleFullScreen, "full-screen", &[k(Key::F), k(Key::F11)], "Full screen, also by double click"),
    row(Action::MiniPlayer, "mini-player", &[k(Key::P)], "Small in a corner, and back"),
    row(Action::ToggleStats, "stats", &[k(Key::I)], "Stats for nerds and testers"),
    row(
        Action::ToggleSheet,
        "keys",
        &[k(Key::Questionmark), s(Key::Questionmark), s(Key::Slash), k(Key::F1)],
        "This list",
    ),
    row(Action::Back, "back", &[k(Key::Escape), k(Key::BrowserBack)], "Close, leave full screen, go back"),
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
