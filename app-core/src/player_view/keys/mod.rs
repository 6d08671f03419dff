//! The key table of the player: one list for the shortcuts, the tooltips, the `?` sheet and what the viewer makes of it.
//!
//! `table.rs` is the list as delivered, `choices.rs` what the viewer chose instead, `shortcut.rs` one key; this file
//! joins them and turns events into messages.

mod choices;
mod shortcut;
mod table;

pub(crate) use self::{
    choices::{Conflict, KeyChoices},
    shortcut::Shortcut,
    table::{Action, ROWS, Row},
};
use super::model::PlayerMsg;
use crate::language::tr;
use egui::Event;

/// The table with the viewer's choices: what each key means now. No key means two things.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bindings {
    /// Keys of each row of [`ROWS`].
    keys: Vec<Vec<Shortcut>>,
    /// Is it another key than was delivered?
    chosen: Vec<bool>,
}

impl Default for Bindings {
    fn default() -> Self {
        Self::new(&KeyChoices::default())
    }
}

impl Bindings {
    /// Where choices overlap, as in a file that was edited by hand, the first row of the table has the key.
    pub(crate) fn new(choices: &KeyChoices) -> Self {
        let mut keys = vec![Vec::new(); ROWS.len()];
        let mut taken: Vec<Shortcut> = Vec::new();
        let rank = |row: &Row| (!row.is_fixed(), !choices.is_chosen(row));
        let mut order: Vec<usize> = (0..ROWS.len()).collect();
        order.sort_by_key(|index| rank(&ROWS[*index]));
        for index in order {
            let free = choices.keys_of(&ROWS[index]).into_iter().filter(|key| !taken.contains(key));
            keys[index] = free.collect();
            taken.extend(&keys[index]);
        }
        Self { keys, chosen: ROWS.iter().map(|row| choices.is_chosen(row)).collect() }
    }

    /// The row that a key event belongs to.
    pub(crate) fn find(&self, event: &Event) -> Option<KeyPress> {
        let Event::Key { key, pressed, repeat, modifiers, .. } = event else { return None };
        if modifiers.ctrl || modifiers.alt || modifiers.command {
            return None;
        }
        let wanted = Shortcut { key: *key, shift: modifiers.shift };
        let index_in = |keys: &Vec<Shortcut>| keys.iter().position(|key| *key == wanted);
        let (row, index) = ROWS.iter().zip(&self.keys).find_map(|(row, keys)| Some((row, index_in(keys)?)))?;
        Some(KeyPress { row, index, pressed: *pressed, repeat: *repeat })
    }

    fn keys_of(&self, row: &Row) -> &[Shortcut] {
        let index = ROWS.iter().position(|other| other == row);
        index.and_then(|index| self.keys.get(index)).map_or(&[], Vec::as_slice)
    }

    /// Was its key chosen by the viewer?
    pub(crate) fn is_chosen(&self, row: &Row) -> bool {
        ROWS.iter().zip(&self.chosen).any(|(other, chosen)| other == row && *chosen)
    }

    /// All keys of a row as people read them; media keys only where it has no others.
    pub(crate) fn label(&self, row: &Row) -> String {
        if row.action == Action::SeekTenth {
            return "0 … 9".to_owned();
        }
        let mut labels: Vec<String> = Vec::new();
        for key in self.keys_of(row).iter().filter(|key| !key.is_media()) {
            let label = key.label();
            if !labels.contains(&label) {
                labels.push(label);
            }
        }
        let words = if labels.is_empty() { "–".to_owned() } else { labels.join("   ") };
        if row.action == Action::HoldSpeed { tr!("keys-hold", keys = words) } else { words }
    }

    /// `Mute (M)`: a control's name with the first key of its action.
    pub(crate) fn tooltip(&self, name: &str, action: Action) -> String {
        let keys = table::row_of(action).map_or(&[][..], |row| self.keys_of(row));
        match keys.iter().find(|key| !key.is_media()) {
            Some(key) => tr!("keys-tooltip", name = name, key = key.label()),
            None => name.to_owned(),
        }
    }
}

/// A key event of a row of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct KeyPress {
    pub(crate) row: &'static Row,
    /// Which of the row's keys.
    index: usize,
    pub(crate) pressed: bool,
    repeat: bool,
}

impl KeyPress {
    /// Does it still make sense when there is nothing to play?
    pub(crate) fn works_without_playback(&self) -> bool {
        matches!(
            self.row.action,
            Action::Back | Action::ResetSpeed | Action::ToggleFullScreen | Action::ToggleStats | Action::ToggleSheet
        )
    }

    /// What to tell the model.
    pub(crate) fn message(&self) -> Option<PlayerMsg> {
        // A held key repeats what moves, and nothing that toggles.
        let repeats = matches!(
            self.row.action,
            Action::SeekBy(_) | Action::VolumeBy(_) | Action::StepFrames(_) | Action::DelayText(_)
        );
        if self.repeat && !repeats {
            return None;
        }
        Some(match self.row.action {
            Action::TogglePlay => PlayerMsg::TogglePlay,
            Action::SeekBy(seconds) => PlayerMsg::SeekBy { seconds: f64::from(seconds), held: self.repeat },
            Action::StepFrames(frames) => PlayerMsg::StepFrames(frames),
            Action::UndoSeek => PlayerMsg::UndoSeek,
            Action::SeekTenth => PlayerMsg::SeekShare(self.index as f64 / 10.0),
            Action::SeekStart => PlayerMsg::SeekShare(0.0),
            Action::SeekEnd => PlayerMsg::SeekShare(1.0),
            Action::PreviousChapter => PlayerMsg::Chapter { forward: false },
            Action::NextChapter => PlayerMsg::Chapter { forward: true },
            Action::Skip => PlayerMsg::Skip,
            Action::NextEpisode => PlayerMsg::NextEpisode,
            Action::VolumeBy(per_cent) => PlayerMsg::VolumeBy(per_cent as f32 / 100.0),
            Action::ToggleMute => PlayerMsg::ToggleMute,
            Action::ToggleSubtitles => PlayerMsg::ToggleSubtitles,
            Action::DelayText(tenths) => PlayerMsg::DelayTextBy(tenths * 100),
            Action::OpenMenu(menu) => PlayerMsg::ToggleMenu(menu),
            Action::Slower => PlayerMsg::SpeedBy { faster: false },
            Action::Faster => PlayerMsg::SpeedBy { faster: true },
            Action::ResetSpeed => PlayerMsg::ResetSpeed,
            Action::HoldSpeed => PlayerMsg::HoldSpeed,
            Action::WindBack => PlayerMsg::Wind { forward: false },
            Action::WindForward => PlayerMsg::Wind { forward: true },
            Action::ToggleFullScreen => PlayerMsg::ToggleFullScreen,
            Action::MiniPlayer => PlayerMsg::Minimise,
            Action::ToggleStats => PlayerMsg::ToggleStats,
            Action::ToggleSheet => PlayerMsg::ToggleSheet,
            Action::Back => PlayerMsg::Back,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::player_view::model::Menu;
    use egui::{Key, Modifiers};
    use std::collections::HashSet;

    const NONE: Modifiers = Modifiers::NONE;
    const SHIFT: Modifiers = Modifiers::SHIFT;

    fn event(key: Key, modifiers: Modifiers) -> Event {
        Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers }
    }

    fn press(key: Key, modifiers: Modifiers) -> Option<PlayerMsg> {
        Bindings::default().find(&event(key, modifiers)).and_then(|press| press.message())
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
            (Key::Comma, NONE, Some(PlayerMsg::StepFrames(-1))),
            (Key::Period, NONE, Some(PlayerMsg::StepFrames(1))),
            (Key::Backspace, SHIFT, Some(PlayerMsg::UndoSeek)),
            (Key::ArrowUp, NONE, Some(PlayerMsg::VolumeBy(0.05))),
            (Key::ArrowDown, NONE, Some(PlayerMsg::VolumeBy(-0.05))),
            (Key::M, NONE, Some(PlayerMsg::ToggleMute)),
            (Key::F, NONE, Some(PlayerMsg::ToggleFullScreen)),
            (Key::F11, NONE, Some(PlayerMsg::ToggleFullScreen)),
            (Key::C, NONE, Some(PlayerMsg::ToggleSubtitles)),
            (Key::G, NONE, Some(PlayerMsg::DelayTextBy(-100))),
            (Key::H, NONE, Some(PlayerMsg::DelayTextBy(100))),
            (Key::A, NONE, Some(PlayerMsg::ToggleMenu(Menu::Audio))),
            (Key::V, NONE, Some(PlayerMsg::ToggleMenu(Menu::Subtitles))),
            (Key::Q, NONE, Some(PlayerMsg::ToggleMenu(Menu::Settings))),
            (Key::Num0, NONE, Some(PlayerMsg::SeekShare(0.0))),
            (Key::Num9, NONE, Some(PlayerMsg::SeekShare(0.9))),
            (Key::Home, NONE, Some(PlayerMsg::SeekShare(0.0))),
            (Key::End, NONE, Some(PlayerMsg::SeekShare(1.0))),
            (Key::PageUp, NONE, Some(PlayerMsg::Chapter { forward: false })),
            (Key::PageDown, NONE, Some(PlayerMsg::Chapter { forward: true })),
            (Key::S, NONE, Some(PlayerMsg::Skip)),
            (Key::N, SHIFT, Some(PlayerMsg::NextEpisode)),
            (Key::I, NONE, Some(PlayerMsg::ToggleStats)),
            (Key::P, NONE, Some(PlayerMsg::Minimise)),
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

    /// People read the table in the README before they have a player to press `?` in.
    #[test]
    fn the_readme_has_the_table_as_it_is() {
        let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
        let bindings = Bindings::default();
        for row in ROWS {
            let line = format!("| {} | {} |", bindings.label(row).replace("   ", " or "), row.help());
            assert!(readme.contains(&line), "missing or changed: {line}");
        }
    }

    #[test]
    fn a_held_key_repeats_only_what_moves() {
        for row in ROWS {
            let repeated = KeyPress { row, index: 0, pressed: true, repeat: true }.message();
            let moves = matches!(
                row.action,
                Action::SeekBy(_) | Action::VolumeBy(_) | Action::StepFrames(_) | Action::DelayText(_)
            );
            assert_eq!(repeated.is_some(), moves, "{}", row.name);
        }
    }

    #[test]
    fn a_chosen_key_replaces_the_delivered_ones_everywhere() {
        let mut choices = KeyChoices::default();
        let row = table::row_of(Action::ToggleMute).unwrap();
        choices.assign(row, Shortcut::plain(Key::Z)).unwrap();
        let bindings = Bindings::new(&choices);
        let mutes = |key: Key| bindings.find(&event(key, NONE)).is_some_and(|press| press.row == row);
        assert!(mutes(Key::Z) && !mutes(Key::M) && mutes(Key::AudioVolumeMute), "media keys stay");
        assert_eq!((bindings.label(row).as_str(), bindings.tooltip("Mute", row.action).as_str()), ("Z", "Mute (Z)"));
        assert!(bindings.is_chosen(row));
    }

    /// Files can say anything: still no key means two things, and there is a way out.
    #[test]
    fn no_key_means_two_things_whatever_the_file_says() {
        let file = r#"{"mute":["J","L","Space"],"skip":["J"],"stats":["Space","L"],"louder":[],"keys":["J"]}"#;
        let bindings = Bindings::new(&serde_json::from_str(file).unwrap());
        let mut seen = HashSet::new();
        for key in bindings.keys.iter().flatten() {
            assert!(seen.insert(*key), "{key}");
        }
        let means = |key: Key| bindings.find(&event(key, NONE)).map(|press| press.row.name);
        assert_eq!((means(Key::J), means(Key::Escape), means(Key::K)), (Some("skip"), Some("back"), Some("play")));
        assert_eq!(bindings.label(table::row_of(Action::VolumeBy(5)).unwrap()), "–");
    }
}
