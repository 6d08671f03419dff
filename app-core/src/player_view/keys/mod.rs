//! The key table of the player: one list for the shortcuts, the tooltips and the `?` sheet.

use super::model::PlayerMsg;
use egui::{Event, Key, Modifiers};

/// What a key does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Action {
    TogglePlay,
    /// Seconds, negative for back.
    SeekBy(i32),
    /// The digit of the key times ten per cent.
    SeekTenth,
    SeekStart,
    SeekEnd,
    PreviousChapter,
    NextChapter,
    /// Intro, recap or credits, whichever is on.
    Skip,
    /// Per cent of full volume.
    VolumeBy(i32),
    ToggleMute,
    ToggleSubtitles,
    /// The next of the offered speeds.
    Slower,
    Faster,
    ResetSpeed,
    /// Double speed for as long as the key is held.
    HoldSpeed,
    WindBack,
    WindForward,
    ToggleFullScreen,
    ToggleStats,
    ToggleSheet,
    Back,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Binding {
    /// Any of these.
    pub(crate) keys: &'static [(Modifiers, Key)],
    pub(crate) action: Action,
    /// The keys as people read them.
    pub(crate) label: &'static str,
    /// What they do, as an instruction.
    pub(crate) help: &'static str,
}

const NONE: Modifiers = Modifiers::NONE;
const SHIFT: Modifiers = Modifiers::SHIFT;

/// All shortcuts of the player.
pub(crate) const BINDINGS: &[Binding] = &[
    Binding {
        keys: &[(NONE, Key::Space), (NONE, Key::K), (NONE, Key::MediaPlayPause)],
        action: Action::TogglePlay,
        label: "Space   K",
        help: "Play or pause",
    },
    Binding { keys: &[(NONE, Key::ArrowLeft)], action: Action::SeekBy(-5), label: "←", help: "Back 5 seconds" },
    Binding { keys: &[(NONE, Key::ArrowRight)], action: Action::SeekBy(5), label: "→", help: "Forward 5 seconds" },
    Binding { keys: &[(NONE, Key::J)], action: Action::SeekBy(-10), label: "J", help: "Back 10 seconds" },
    Binding { keys: &[(NONE, Key::L)], action: Action::SeekBy(10), label: "L", help: "Forward 10 seconds" },
    Binding { keys: &[(SHIFT, Key::ArrowLeft)], action: Action::SeekBy(-1), label: "Shift ←", help: "Back 1 second" },
    Binding {
        keys: &[(SHIFT, Key::ArrowRight)],
        action: Action::SeekBy(1),
        label: "Shift →",
        help: "Forward 1 second",
    },
    Binding {
        keys: &[(NONE, Key::PageUp)],
        action: Action::PreviousChapter,
        label: "Page up",
        help: "Previous chapter",
    },
    Binding { keys: &[(NONE, Key::PageDown)], action: Action::NextChapter, label: "Page down", help: "Next chapter" },
    Binding { keys: &[(NONE, Key::S)], action: Action::Skip, label: "S", help: "Skip intro, recap or credits" },
    Binding {
        keys: &[
            (NONE, Key::Num0),
            (NONE, Key::Num1),
            (NONE, Key::Num2),
            (NONE, Key::Num3),
            (NONE, Key::Num4),
            (NONE, Key::Num5),
            (NONE, Key::Num6),
            (NONE, Key::Num7),
            (NONE, Key::Num8),
            (NONE, Key::Num9),
        ],
        action: Action::SeekTenth,
        label: "0 … 9",
        help: "Go to 0 … 90 %",
    },
    Binding { keys: &[(NONE, Key::Home)], action: Action::SeekStart, label: "Home", help: "Go to the start" },
    Binding { keys: &[(NONE, Key::End)], action: Action::SeekEnd, label: "End", help: "Go to the end" },
    Binding {
        keys: &[(NONE, Key::ArrowUp), (NONE, Key::AudioVolumeUp)],
        action: Action::VolumeBy(5),
        label: "↑",
        help: "Louder",
    },
    Binding {
        keys: &[(NONE, Key::ArrowDown), (NONE, Key::AudioVolumeDown)],
        action: Action::VolumeBy(-5),
        label: "↓",
        help: "Quieter",
    },
    Binding {
        keys: &[(NONE, Key::M), (NONE, Key::AudioVolumeMute)],
        action: Action::ToggleMute,
        label: "M",
        help: "Sound on or off",
    },
    Binding { keys: &[(NONE, Key::C)], action: Action::ToggleSubtitles, label: "C", help: "Subtitles on or off" },
    Binding {
        keys: &[(SHIFT, Key::Comma), (NONE, Key::OpenBracket)],
        action: Action::Slower,
        label: "<   [",
        help: "Slower",
    },
    Binding {
        keys: &[(SHIFT, Key::Period), (NONE, Key::CloseBracket)],
        action: Action::Faster,
        label: ">   ]",
        help: "Faster",
    },
    Binding {
        keys: &[(NONE, Key::Backspace)],
        action: Action::ResetSpeed,
        label: "Backspace",
        help: "Normal speed; on a television, back",
    },
    Binding { keys: &[(NONE, Key::X)], action: Action::HoldSpeed, label: "X (hold)", help: "Double speed while held" },
    Binding {
        keys: &[(SHIFT, Key::J), (NONE, Key::MediaTrackPrevious)],
        action: Action::WindBack,
        label: "Shift J",
        help: "Wind back; again for faster",
    },
    Binding {
        keys: &[(SHIFT, Key::L), (NONE, Key::MediaTrackNext)],
        action: Action::WindForward,
        label: "Shift L",
        help: "Wind forward; again for faster",
    },
    Binding {
        keys: &[(NONE, Key::F), (NONE, Key::F11)],
        action: Action::ToggleFullScreen,
        label: "F   F11",
        help: "Full screen, also by double click",
    },
    Binding { keys: &[(NONE, Key::I)], action: Action::ToggleStats, label: "I", help: "Stats for nerds and testers" },
    Binding {
        keys: &[(NONE, Key::Questionmark), (SHIFT, Key::Questionmark), (SHIFT, Key::Slash), (NONE, Key::F1)],
        action: Action::ToggleSheet,
        label: "?   F1",
        help: "This list",
    },
    Binding {
        keys: &[(NONE, Key::Escape), (NONE, Key::BrowserBack)],
        action: Action::Back,
        label: "Esc",
        help: "Close, leave full screen, go back",
    },
];

/// The row that a key event belongs to.
pub(crate) fn find(event: &Event) -> Option<(&'static Binding, KeyPress)> {
    let Event::Key { key, pressed, repeat, modifiers, .. } = event else { return None };
    // Control, Alt and Command belong to the desktop.
    if modifiers.ctrl || modifiers.alt || modifiers.command {
        return None;
    }
    let index_of =
        |binding: &Binding| binding.keys.iter().position(|(wanted, k)| k == key && wanted.shift == modifiers.shift);
    let (binding, index) = BINDINGS.iter().find_map(|binding| index_of(binding).map(|index| (binding, index)))?;
    Some((binding, KeyPress { index, pressed: *pressed, repeat: *repeat }))
}

/// A key event of a row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyPress {
    /// Which of the row's keys.
    index: usize,
    pub(crate) pressed: bool,
    repeat: bool,
}

impl Binding {
    /// Does it still make sense when there is nothing to play?
    pub(crate) fn works_without_playback(&self) -> bool {
        matches!(
            self.action,
            Action::Back | Action::ResetSpeed | Action::ToggleFullScreen | Action::ToggleStats | Action::ToggleSheet
        )
    }

    /// What to tell the model.
    pub(crate) fn message(&self, press: KeyPress) -> Option<PlayerMsg> {
        // A held key repeats what moves, and nothing that toggles.
        let repeats = matches!(self.action, Action::SeekBy(_) | Action::VolumeBy(_));
        if press.repeat && !repeats {
            return None;
        }
        Some(match self.action {
            Action::TogglePlay => PlayerMsg::TogglePlay,
            Action::SeekBy(seconds) => PlayerMsg::SeekBy { seconds: f64::from(seconds), held: press.repeat },
            Action::SeekTenth => PlayerMsg::SeekShare(press.index as f64 / 10.0),
            Action::SeekStart => PlayerMsg::SeekShare(0.0),
            Action::SeekEnd => PlayerMsg::SeekShare(1.0),
            Action::PreviousChapter => PlayerMsg::Chapter { forward: false },
            Action::NextChapter => PlayerMsg::Chapter { forward: true },
            Action::Skip => PlayerMsg::Skip,
            Action::VolumeBy(per_cent) => PlayerMsg::VolumeBy(per_cent as f32 / 100.0),
            Action::ToggleMute => PlayerMsg::ToggleMute,
            Action::ToggleSubtitles => PlayerMsg::ToggleSubtitles,
            Action::Slower => PlayerMsg::SpeedBy { faster: false },
            Action::Faster => PlayerMsg::SpeedBy { faster: true },
            Action::ResetSpeed => PlayerMsg::ResetSpeed,
            Action::HoldSpeed => PlayerMsg::HoldSpeed,
            Action::WindBack => PlayerMsg::Wind { forward: false },
            Action::WindForward => PlayerMsg::Wind { forward: true },
            Action::ToggleFullScreen => PlayerMsg::ToggleFullScreen,
            Action::ToggleStats => PlayerMsg::ToggleStats,
            Action::ToggleSheet => PlayerMsg::ToggleSheet,
            Action::Back => PlayerMsg::Back,
        })
    }
}

/// `Mute (M)`: a control's name with its first shortcut.
pub(crate) fn tooltip(name: &str, action: Action) -> String {
    match BINDINGS.iter().find(|binding| binding.action == action) {
        Some(binding) => format!("{name} ({})", binding.label.split("   ").next().unwrap_or(binding.label)),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn press(key: Key, modifiers: Modifiers) -> Option<PlayerMsg> {
        let event = Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers };
        find(&event).and_then(|(binding, press)| binding.message(press))
    }

    #[test]
    fn no_key_means_two_things() {
        let mut seen = HashSet::new();
        for (modifiers, key) in BINDINGS.iter().flat_map(|binding| binding.keys) {
            assert!(seen.insert((modifiers.shift, *key)), "{key:?}");
        }
    }

    #[test]
    fn every_key_does_what_its_row_says() {
        let seek = |seconds: f64| Some(PlayerMsg::SeekBy { seconds, held: false });
        let table = [
            (Key::Space, NONE, Some(PlayerMsg::TogglePlay)),
            (Key::K, NONE, Some(PlayerMsg::TogglePlay)),
            (Key::ArrowLeft, NONE, seek(-5.0)),
            (Key::ArrowRight, NONE, seek(5.0)),
            (Key::J, NONE, seek(-10.0)),
            (Key::L, NONE, seek(10.0)),
            (Key::ArrowLeft, SHIFT, seek(-1.0)),
            (Key::ArrowRight, SHIFT, seek(1.0)),
            (Key::ArrowUp, NONE, Some(PlayerMsg::VolumeBy(0.05))),
            (Key::ArrowDown, NONE, Some(PlayerMsg::VolumeBy(-0.05))),
            (Key::M, NONE, Some(PlayerMsg::ToggleMute)),
            (Key::F, NONE, Some(PlayerMsg::ToggleFullScreen)),
            (Key::F11, NONE, Some(PlayerMsg::ToggleFullScreen)),
            (Key::C, NONE, Some(PlayerMsg::ToggleSubtitles)),
            (Key::Num0, NONE, Some(PlayerMsg::SeekShare(0.0))),
            (Key::Num9, NONE, Some(PlayerMsg::SeekShare(0.9))),
            (Key::Home, NONE, Some(PlayerMsg::SeekShare(0.0))),
            (Key::End, NONE, Some(PlayerMsg::SeekShare(1.0))),
            (Key::PageUp, NONE, Some(PlayerMsg::Chapter { forward: false })),
            (Key::PageDown, NONE, Some(PlayerMsg::Chapter { forward: true })),
            (Key::S, NONE, Some(PlayerMsg::Skip)),
            (Key::I, NONE, Some(PlayerMsg::ToggleStats)),
            (Key::Questionmark, SHIFT, Some(PlayerMsg::ToggleSheet)),
            (Key::Comma, SHIFT, Some(PlayerMsg::SpeedBy { faster: false })),
            (Key::Period, SHIFT, Some(PlayerMsg::SpeedBy { faster: true })),
            (Key::Backspace, NONE, Some(PlayerMsg::ResetSpeed)),
            (Key::X, NONE, Some(PlayerMsg::HoldSpeed)),
            (Key::J, SHIFT, Some(PlayerMsg::Wind { forward: false })),
            (Key::L, SHIFT, Some(PlayerMsg::Wind { forward: true })),
            (Key::MediaTrackNext, NONE, Some(PlayerMsg::Wind { forward: true })),
            (Key::Escape, NONE, Some(PlayerMsg::Back)),
            (Key::K, Modifiers::CTRL, None),
            (Key::Z, NONE, None),
        ];
        for (key, modifiers, expected) in table {
            assert_eq!(press(key, modifiers), expected, "{key:?}");
        }
    }

    #[test]
    fn a_held_key_repeats_only_what_moves() {
        for binding in BINDINGS {
            let repeated = binding.message(KeyPress { index: 0, pressed: true, repeat: true });
            let moves = matches!(binding.action, Action::SeekBy(_) | Action::VolumeBy(_));
            assert_eq!(repeated.is_some(), moves, "{}", binding.label);
        }
    }
}
