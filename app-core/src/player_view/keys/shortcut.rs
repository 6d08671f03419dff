//! One key, as it is pressed, written into a file and read by people.

use crate::language::tr;
use egui::Key;
use std::{fmt, str::FromStr};

/// A key, alone or with Shift. Control, Alt and Command belong to the desktop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Shortcut {
    pub(crate) key: Key,
    pub(crate) shift: bool,
}

impl Shortcut {
    /// The key alone.
    pub(crate) const fn plain(key: Key) -> Self {
        Self { key, shift: false }
    }

    /// With Shift.
    pub(crate) const fn shifted(key: Key) -> Self {
        Self { key, shift: true }
    }

    /// Is it on a remote control or a headset rather than among the letters? Such a key stays with its action.
    pub(crate) fn is_media(self) -> bool {
        matches!(
            self.key,
            Key::MediaPlayPause
                | Key::MediaTrackNext
                | Key::MediaTrackPrevious
                | Key::AudioVolumeUp
                | Key::AudioVolumeDown
                | Key::AudioVolumeMute
                | Key::BrowserBack
        )
    }

    /// The key as people read it.
    pub(crate) fn label(self) -> String {
        let name = match (self.key, self.shift) {
            (Key::Comma, true) => return "<".to_owned(),
            (Key::Period, true) => return ">".to_owned(),
            (Key::Slash, true) | (Key::Questionmark, _) => return "?".to_owned(),
            (Key::ArrowLeft, _) => "←",
            (Key::ArrowRight, _) => "→",
            (Key::ArrowUp, _) => "↑",
            (Key::ArrowDown, _) => "↓",
            (Key::PageUp, _) => tr!("key-page-up"),
            (Key::PageDown, _) => tr!("key-page-down"),
            (Key::Escape, _) => tr!("key-escape"),
            (key, _) => key.symbol_or_name(),
        };
        if self.shift { tr!("key-shift", key = name) } else { name.to_owned() }
    }
}

/// `J`, `Shift+J`: what stands in the settings.
impl fmt::Display for Shortcut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.shift { "Shift+" } else { "" }, self.key.name())
    }
}

/// The text names no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoSuchKey;

impl FromStr for Shortcut {
    type Err = NoSuchKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // `+` is a key itself.
        let (shift, name) = match text.strip_prefix("Shift+") {
            Some(name) => (true, name),
            None => (false, text),
        };
        let key = Key::from_name(name).ok_or(NoSuchKey)?;
        Ok(Self { key, shift })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_read_back_from_what_is_written() {
        for key in Key::ALL {
            for shortcut in [Shortcut::plain(*key), Shortcut::shifted(*key)] {
                assert_eq!(shortcut.to_string().parse(), Ok(shortcut), "{shortcut}");
            }
        }
        for wrong in ["", "Shift+", "Ctrl+K", "Shift+Shift+K", "no key", "\0"] {
            assert_eq!(wrong.parse::<Shortcut>(), Err(NoSuchKey), "{wrong}");
        }
    }

    #[test]
    fn labels_are_what_stands_on_the_keys() {
        let table = [
            (Shortcut::plain(Key::ArrowLeft), "←"),
            (Shortcut::shifted(Key::ArrowLeft), "Shift ←"),
            (Shortcut::shifted(Key::Comma), "<"),
            (Shortcut::plain(Key::Period), "."),
            (Shortcut::shifted(Key::Slash), "?"),
            (Shortcut::plain(Key::K), "K"),
            (Shortcut::shifted(Key::Backspace), "Shift Backspace"),
        ];
        for (shortcut, label) in table {
            assert_eq!(shortcut.label(), label);
        }
    }
}
