//! How subtitles look: chosen by the viewer, kept in the settings, seen at once.

use crate::language::tr;
use serde::{Deserialize, Serialize};

/// The look of subtitles. What an author chose for single words stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct TextLook {
    pub(crate) size: TextSize,
    pub(crate) colour: TextColour,
    pub(crate) edge: TextEdge,
    pub(crate) ground: TextGround,
    pub(crate) place: TextPlace,
}

/// What of the look is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum TextTrait {
    Size,
    Colour,
    Edge,
    Ground,
    Place,
}

impl TextTrait {
    /// In the order of the menu.
    pub(crate) const ALL: [Self; 5] = [Self::Size, Self::Colour, Self::Edge, Self::Ground, Self::Place];

    /// What it is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Size => tr!("subtitle-size"),
            Self::Colour => tr!("subtitle-colour"),
            Self::Edge => tr!("subtitle-edge"),
            Self::Ground => tr!("subtitle-background"),
            Self::Place => tr!("subtitle-position"),
        }
    }
}

macro_rules! choices {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = tr!($words:literal),)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            const ALL: &[Self] = &[$(Self::$variant,)*];

            fn words(self) -> &'static str {
                match self { $(Self::$variant => tr!($words),)* }
            }
        }
    };
}

choices! {
    /// Of letters, beside the usual one.
    TextSize {
        Small = tr!("subtitle-size-small"),
        #[default]
        Normal = tr!("subtitle-size-normal"),
        Large = tr!("subtitle-size-large"),
        Larger = tr!("subtitle-size-larger"),
        Largest = tr!("subtitle-size-largest"),
    }
}

choices! {
    /// Of letters that have none of their own.
    TextColour {
        #[default]
        White = tr!("subtitle-white"),
        Yellow = tr!("subtitle-yellow"),
        Green = tr!("subtitle-green"),
        Blue = tr!("subtitle-blue"),
    }
}

choices! {
    /// What sets letters off from the picture.
    TextEdge {
        #[default]
        Outline = tr!("subtitle-outline"),
        Shadow = tr!("subtitle-shadow"),
        None = tr!("subtitle-edge-none"),
    }
}

choices! {
    /// Behind the lines.
    TextGround {
        #[default]
        None = tr!("subtitle-ground-none"),
        Shaded = tr!("subtitle-shaded"),
        Solid = tr!("subtitle-solid"),
    }
}

choices! {
    /// Where lines go that do not say where.
    TextPlace {
        #[default]
        Bottom = tr!("subtitle-bottom"),
        Higher = tr!("subtitle-higher"),
        Top = tr!("subtitle-top"),
    }
}

impl TextSize {
    /// Beside the usual size.
    pub(crate) fn factor(self) -> f32 {
        match self {
            Self::Small => 0.75,
            Self::Normal => 1.0,
            Self::Large => 1.25,
            Self::Larger => 1.5,
            Self::Largest => 2.0,
        }
    }
}

impl TextLook {
    /// The current choice in words.
    pub(crate) fn words(&self, which: TextTrait) -> &'static str {
        match which {
            TextTrait::Size => self.size.words(),
            TextTrait::Colour => self.colour.words(),
            TextTrait::Edge => self.edge.words(),
            TextTrait::Ground => self.ground.words(),
            TextTrait::Place => self.place.words(),
        }
    }

    /// The same with the next choice, around the end.
    pub(crate) fn stepped(mut self, which: TextTrait, forward: bool) -> Self {
        match which {
            TextTrait::Size => self.size = next(TextSize::ALL, self.size, forward),
            TextTrait::Colour => self.colour = next(TextColour::ALL, self.colour, forward),
            TextTrait::Edge => self.edge = next(TextEdge::ALL, self.edge, forward),
            TextTrait::Ground => self.ground = next(TextGround::ALL, self.ground, forward),
            TextTrait::Place => self.place = next(TextPlace::ALL, self.place, forward),
        }
        self
    }
}

/// The neighbour of a choice, around the ends.
pub(crate) fn next<T: Copy + PartialEq>(all: &[T], current: T, forward: bool) -> T {
    let index = all.iter().position(|choice| *choice == current).unwrap_or(0);
    let by = if forward { 1 } else { all.len().saturating_sub(1) };
    all.get((index + by) % all.len().max(1)).copied().unwrap_or(current)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_choice_is_reached_both_ways_and_has_a_name_of_its_own() {
        for which in TextTrait::ALL {
            let mut look = TextLook::default();
            let mut names = HashSet::new();
            while names.insert(look.words(which)) {
                assert_eq!(look.stepped(which, true).stepped(which, false), look, "{which:?}");
                look = look.stepped(which, true);
            }
            assert_eq!(look, TextLook::default(), "{which:?} comes around");
            assert!(names.len() >= 3);
        }
    }

    #[test]
    fn a_look_survives_the_file() {
        let mut look = TextLook::default();
        for which in TextTrait::ALL {
            look = look.stepped(which, true);
        }
        let text = serde_json::to_string(&look).unwrap();
        assert_eq!(serde_json::from_str::<TextLook>(&text).unwrap(), look);
        assert_eq!(serde_json::from_str::<TextLook>("{}").unwrap(), TextLook::default());
    }
}
