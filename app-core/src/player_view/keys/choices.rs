//! Keys that the viewer chose instead of those of the table.

use super::{
    shortcut::Shortcut,
    table::{ROWS, Row, row_named},
};
use egui::Key;
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeMap};
use std::collections::BTreeMap;

/// Keys of one action that are kept; more are noise in the file.
const MOST_KEYS: usize = 16;

/// Chosen keys by the name of their action. In a file it is `{"back-10": ["Shift+A"]}`; what is unknown there is left
/// out with a warning, for a newer or damaged file must not cost the viewer the rest of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct KeyChoices(BTreeMap<&'static str, Vec<Shortcut>>);

/// Why a key cannot be an action's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Conflict {
    /// It means this already.
    Taken(&'static Row),
    /// The interface needs it: digits, Enter, Tab and the way out.
    Reserved,
}

impl KeyChoices {
    /// The keys of a row: those that were chosen, and its media keys.
    pub(super) fn keys_of(&self, row: &Row) -> Vec<Shortcut> {
        match self.0.get(row.name) {
            Some(chosen) => {
                let media = row.keys.iter().copied().filter(|key| key.is_media());
                chosen.iter().copied().chain(media).collect()
            }
            None => row.keys.to_vec(),
        }
    }

    /// Was another key chosen for it?
    pub(super) fn is_chosen(&self, row: &Row) -> bool {
        self.0.contains_key(row.name)
    }

    /// Is anything chosen?
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Makes a key the only one of a row, beside its media keys.
    ///
    /// # Errors
    /// If the key is another's or the interface's; nothing is changed then.
    pub(crate) fn assign(&mut self, row: &'static Row, key: Shortcut) -> Result<(), Conflict> {
        if is_reserved(key) || row.is_fixed() {
            return Err(Conflict::Reserved);
        }
        let owner = ROWS.iter().find(|other| *other != row && self.keys_of(other).contains(&key));
        if let Some(owner) = owner {
            return Err(if owner.is_fixed() || key.is_media() { Conflict::Reserved } else { Conflict::Taken(owner) });
        }
        self.set(row, vec![key]);
        Ok(())
    }

    /// Gives a row the key of another, which gets the keys that the row had.
    pub(crate) fn swap(&mut self, row: &'static Row, key: Shortcut, owner: &'static Row) {
        let typed = |keys: Vec<Shortcut>| keys.into_iter().filter(|key| !key.is_media());
        let given: Vec<Shortcut> = typed(self.keys_of(row)).collect();
        let left = typed(self.keys_of(owner)).filter(|other| *other != key).chain(given).collect();
        self.set(owner, left);
        self.set(row, vec![key]);
    }

    fn set(&mut self, row: &'static Row, mut keys: Vec<Shortcut>) {
        keys.truncate(MOST_KEYS);
        let delivered: Vec<Shortcut> = row.keys.iter().copied().filter(|key| !key.is_media()).collect();
        // What is as delivered is not written down: it follows the table of later versions.
        if keys == delivered {
            self.0.remove(row.name);
        } else {
            self.0.insert(row.name, keys);
        }
    }

    fn read(value: serde_json::Value) -> Self {
        let serde_json::Value::Object(actions) = value else {
            if !value.is_null() {
                tracing::warn!("the keys in the settings cannot be read, starting with the delivered ones");
            }
            return Self::default();
        };
        let mut choices = Self::default();
        for (name, keys) in actions {
            let Some(row) = row_named(&name).filter(|row| !row.is_fixed()) else {
                tracing::warn!(action = name, "an unknown action in the settings has no key");
                continue;
            };
            let Some(texts) = keys.as_array() else {
                tracing::warn!(action = name, "the keys of an action in the settings are no list");
                continue;
            };
            let mut keys: Vec<Shortcut> = Vec::new();
            for text in texts.iter().take(MOST_KEYS) {
                match text.as_str().and_then(|text| text.parse::<Shortcut>().ok()) {
                    Some(key) if !is_reserved(key) && !key.is_media() && !keys.contains(&key) => keys.push(key),
                    _ => tracing::warn!(action = name, key = %text, "a key in the settings cannot be used"),
                }
            }
            // An action whose keys are all unknown keeps those it has.
            if !keys.is_empty() || texts.is_empty() {
                choices.set(row, keys);
            }
        }
        choices
    }
}

/// Keys that move through the interface, and those of fixed rows.
fn is_reserved(key: Shortcut) -> bool {
    let moves = matches!(key.key, Key::Enter | Key::Tab);
    moves || ROWS.iter().any(|row| row.is_fixed() && row.keys.iter().any(|fixed| fixed.key == key.key && !key.shift))
}

impl Serialize for KeyChoices {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, keys) in &self.0 {
            let texts: Vec<String> = keys.iter().map(ToString::to_string).collect();
            map.serialize_entry(name, &texts)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for KeyChoices {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_json::Value::deserialize(deserializer).map(Self::read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::player_view::keys::{Action, table::row_of};

    fn named(name: &str) -> &'static Row {
        row_named(name).unwrap()
    }

    fn read(text: &str) -> KeyChoices {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn choices_survive_the_file_and_what_is_unknown_is_left_out() {
        let mut choices = KeyChoices::default();
        choices.assign(named("mute"), Shortcut::shifted(Key::M)).unwrap();
        choices.assign(named("skip"), Shortcut::plain(Key::N)).unwrap();
        let text = serde_json::to_string(&choices).unwrap();
        assert_eq!(text, r#"{"mute":["Shift+M"],"skip":["N"]}"#);
        assert_eq!(read(&text), choices);
        let odd = r#"{"mute":["Shift+M","Hyper+Q",7,"Escape"],"fly":["F"],"skip":["N"],"stats":5,"play":["?!"],"back":["B"]}"#;
        assert_eq!(read(odd), choices);
        for damaged in ["null", "5", "[]", r#""text""#, "{}"] {
            assert_eq!(read(damaged), KeyChoices::default(), "{damaged}");
        }
    }

    #[test]
    fn a_taken_key_names_its_owner_and_can_be_swapped() {
        let mut choices = KeyChoices::default();
        let (mute, stats) = (named("mute"), named("stats"));
        let i = Shortcut::plain(Key::I);
        assert_eq!(choices.assign(mute, i), Err(Conflict::Taken(stats)));
        assert!(choices.is_empty(), "nothing was changed");
        choices.swap(mute, i, stats);
        assert_eq!(choices.keys_of(mute), [i, Shortcut::plain(Key::AudioVolumeMute)]);
        assert_eq!(choices.keys_of(stats), [Shortcut::plain(Key::M)]);
        choices.swap(mute, Shortcut::plain(Key::M), stats);
        assert!(choices.is_empty(), "as delivered");
    }

    #[test]
    fn keys_of_the_interface_stay_with_it() {
        let mut choices = KeyChoices::default();
        for key in [Key::Enter, Key::Tab, Key::Escape, Key::Num5, Key::MediaPlayPause, Key::BrowserBack] {
            assert_eq!(choices.assign(named("mute"), Shortcut::plain(key)), Err(Conflict::Reserved), "{key:?}");
        }
        let back = row_of(Action::Back).unwrap();
        assert_eq!(choices.assign(back, Shortcut::plain(Key::B)), Err(Conflict::Reserved), "there is always a way out");
        assert_eq!(choices.assign(named("mute"), Shortcut::shifted(Key::Num5)), Ok(()));
    }
}
