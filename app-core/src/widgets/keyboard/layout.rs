//! What stands on the keys, for each language.

use crate::language::{self, tr};
use serde::{Deserialize, Serialize};

/// Keys in a line: five presses at most lead from any key to any other of its line.
pub(crate) const COLUMNS: usize = 6;

/// Whose letters are offered. In the order of the alphabet: the keys are walked, not typed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Layout {
    #[default]
    English,
    German,
    Spanish,
    French,
    /// Japanese in Latin letters.
    Romaji,
}

impl Layout {
    const ALL: [Self; 5] = [Self::English, Self::German, Self::Spanish, Self::French, Self::Romaji];

    /// The layout for a language tag or a locale, such as `de`, `es-MX` or `fr_FR.UTF-8`; English for all others.
    pub(crate) fn of_tag(tag: &str) -> Self {
        let language = tag.split(['-', '_', '.', '@']).next().unwrap_or_default();
        match language.to_ascii_lowercase().as_str() {
            "de" => Self::German,
            "es" => Self::Spanish,
            "fr" => Self::French,
            "ja" => Self::Romaji,
            _ => Self::English,
        }
    }

    /// The layout for the language that is spoken.
    pub(crate) fn of_language() -> Self {
        Self::of_tag(language::current().tag())
    }

    /// On the key that changes it.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::English => "EN",
            Self::German => "DE",
            Self::Spanish => "ES",
            Self::French => "FR",
            Self::Romaji => "JA",
        }
    }

    /// For a screen reader.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::English => tr!("language-english"),
            Self::German => tr!("language-german"),
            Self::Spanish => tr!("language-spanish"),
            Self::French => tr!("language-french"),
            Self::Romaji => tr!("language-japanese"),
        }
    }

    /// The one after it, around the end.
    pub(crate) fn next(self) -> Self {
        let here = Self::ALL.iter().position(|layout| *layout == self).unwrap_or(0);
        Self::ALL[(here + 1) % Self::ALL.len()]
    }

    fn letters(self) -> &'static str {
        match self {
            Self::English => "abcdefghijklmnopqrstuvwxyz'-&.",
            Self::German => "abcdefghijklmnopqrstuvwxyzäöüß",
            Self::Spanish => "abcdefghijklmnñopqrstuvwxyzáéíóúü'-.",
            Self::French => "abcdefghijklmnopqrstuvwxyzàâçéèêîôû'",
            Self::Romaji => "abcdefghijklmnopqrstuvwxyzāēīōū'",
        }
    }
}

/// Digits, and what stands in names.
const OTHERS: &str = "1234567890&'-.,:!?/@+#()";

/// One key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum KeyCap {
    Letter(char),
    Space,
    /// Takes the last letter away.
    Erase,
    /// Takes everything away.
    Clear,
    /// Letters to digits and back.
    Page,
    /// The next language.
    Language,
}

/// Which keys are offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Keys {
    pub(crate) layout: Layout,
    /// Digits and marks instead of letters.
    pub(crate) others: bool,
}

impl Keys {
    /// The lines of the keyboard, from left to right and from top to bottom.
    pub(crate) fn lines(self) -> Vec<Vec<KeyCap>> {
        let letters: Vec<char> = if self.others { OTHERS } else { self.layout.letters() }.chars().collect();
        let mut lines: Vec<Vec<KeyCap>> =
            letters.chunks(COLUMNS).map(|line| line.iter().map(|letter| KeyCap::Letter(*letter)).collect()).collect();
        lines.push(vec![KeyCap::Space, KeyCap::Erase, KeyCap::Clear]);
        lines.push(vec![KeyCap::Page, KeyCap::Language]);
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_layout_has_the_alphabet_and_its_own_letters_once() {
        for (layout, own) in [
            (Layout::English, "'"),
            (Layout::German, "äöüß"),
            (Layout::Spanish, "ñáéíóúü"),
            (Layout::French, "çéèêàâîôû"),
            (Layout::Romaji, "āēīōū"),
        ] {
            let keys: Vec<KeyCap> = Keys { layout, others: false }.lines().concat();
            let seen: HashSet<KeyCap> = keys.iter().copied().collect();
            assert_eq!(seen.len(), keys.len(), "{layout:?}");
            for letter in ('a'..='z').chain(own.chars()) {
                assert!(seen.contains(&KeyCap::Letter(letter)), "{layout:?} {letter}");
            }
            let digits: HashSet<KeyCap> = Keys { layout, others: true }.lines().concat().into_iter().collect();
            assert!(('0'..='9').all(|digit| digits.contains(&KeyCap::Letter(digit))));
            for cap in [KeyCap::Space, KeyCap::Erase, KeyCap::Clear, KeyCap::Page, KeyCap::Language] {
                assert!(seen.contains(&cap) && digits.contains(&cap), "{layout:?} {cap:?}");
            }
        }
    }

    #[test]
    fn no_line_is_wider_than_the_keyboard() {
        for layout in Layout::ALL {
            for others in [false, true] {
                assert!(Keys { layout, others }.lines().iter().all(|line| (1..=COLUMNS).contains(&line.len())));
            }
        }
    }

    #[test]
    fn locales_have_their_layout_and_all_layouts_are_gone_through() {
        for (tag, layout) in [
            ("de_AT.UTF-8", Layout::German),
            ("es-MX", Layout::Spanish),
            ("FR", Layout::French),
            ("ja_JP", Layout::Romaji),
            ("C.UTF-8", Layout::English),
            ("", Layout::English),
        ] {
            assert_eq!(Layout::of_tag(tag), layout, "{tag}");
        }
        let gone: Vec<Layout> =
            std::iter::successors(Some(Layout::default()), |layout| Some(layout.next())).take(6).collect();
        assert_eq!((gone[..5].iter().collect::<HashSet<_>>().len(), gone[5]), (5, Layout::default()));
    }
}
