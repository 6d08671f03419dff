//! The languages there are, and which of them a viewer wants.

use serde::{Deserialize, Serialize};
use unic_langid::LanguageIdentifier;

/// A language of the application.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Locale {
    #[default]
    English,
    German,
    Spanish,
    French,
    Japanese,
    /// English in disguise, for tests: accented, longer and in brackets, so that a sentence that comes from nowhere else is
    /// seen. Nobody can choose it in the settings.
    Pseudo,
}

impl Locale {
    /// Those that the settings offer.
    pub(crate) const ALL: [Self; 5] = [Self::English, Self::German, Self::Spanish, Self::French, Self::Japanese];

    /// With the one for tests, in the order of their numbers.
    pub(crate) const EVERY: [Self; 6] =
        [Self::English, Self::German, Self::Spanish, Self::French, Self::Japanese, Self::Pseudo];

    /// Its tag (BCP 47).
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::Spanish => "es",
            Self::French => "fr",
            Self::Japanese => "ja",
            Self::Pseudo => "en-XA",
        }
    }

    /// Its name in itself, the same in every language.
    pub(crate) fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
            Self::Spanish => "Español",
            Self::French => "Français",
            Self::Japanese => "日本語",
            Self::Pseudo => "[Éñĝļîšĥ]",
        }
    }

    /// The language to speak: the one that was chosen, else the one of the system.
    pub(crate) fn wanted(chosen: Option<Self>) -> Self {
        chosen.unwrap_or_else(|| Self::of_environment(|name| std::env::var(name).ok()))
    }

    /// As the environment says: `LUMEN_LANG`, else what the C library makes of `LANGUAGE`, `LC_ALL`, `LC_MESSAGES` and
    /// `LANG`; English where it says nothing, or a language that there is not.
    pub(crate) fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        if let Some(locale) = set("LUMEN_LANG").and_then(|name| Self::of_tag(&name)) {
            return locale;
        }
        let Some(posix) = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set) else { return Self::English };
        if matches!(posix.as_str(), "C" | "POSIX") {
            // The list counts only where there is a locale at all.
            return Self::English;
        }
        let list = set("LANGUAGE").unwrap_or_default();
        list.split(':').chain([posix.as_str()]).find_map(Self::of_tag).unwrap_or_default()
    }

    /// The language for a tag or the name of a POSIX locale, such as `de-AT`, `es_MX.UTF-8` or `fr@euro`: the region does
    /// not matter, but for the one that is made for tests.
    pub(crate) fn of_tag(name: &str) -> Option<Self> {
        let plain = name.split(['.', '@']).next().unwrap_or_default();
        let tag: LanguageIdentifier = plain.parse().ok()?;
        if tag.region.is_some_and(|region| region.as_str() == "XA") {
            return (tag.language.as_str() == "en").then_some(Self::Pseudo);
        }
        Self::ALL.into_iter().find(|locale| locale.tag() == tag.language.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_of_the_environment_is_found_as_the_c_library_does() {
        for (variables, locale) in [
            (&[][..], Locale::English),
            (&[("LANG", "de_AT.UTF-8")], Locale::German),
            (&[("LANG", "de_DE.UTF-8"), ("LC_MESSAGES", "fr_FR")], Locale::French),
            (&[("LC_MESSAGES", "fr_FR"), ("LC_ALL", "ja_JP.eucJP")], Locale::Japanese),
            (&[("LC_ALL", ""), ("LANG", "es_MX.UTF-8@x")], Locale::Spanish),
            (&[("LANG", "C"), ("LANGUAGE", "de")], Locale::English),
            (&[("LANGUAGE", "de")], Locale::English),
            (&[("LANG", "pt_BR.UTF-8"), ("LANGUAGE", "tlh:gl:es:en")], Locale::Spanish),
            (&[("LANG", "en_US.UTF-8"), ("LANGUAGE", "")], Locale::English),
            (&[("LANG", "C.UTF-8")], Locale::English),
            (&[("LANG", "en_XA.UTF-8")], Locale::Pseudo),
            (&[("LANG", "de_DE.UTF-8"), ("LUMEN_LANG", "en-XA")], Locale::Pseudo),
            (&[("LANG", "de_DE.UTF-8"), ("LUMEN_LANG", "tlh")], Locale::German),
            (&[("LANG", "\u{0}../../etc/passwd")], Locale::English),
        ] {
            let found = Locale::of_environment(|name| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            });
            assert_eq!(found, locale, "{variables:?}");
        }
    }

    #[test]
    fn regions_lead_to_the_language_and_what_is_set_comes_first() {
        for (tag, locale) in [
            ("de-AT", Some(Locale::German)),
            ("ES", Some(Locale::Spanish)),
            ("fr-Latn-CA", Some(Locale::French)),
            ("ja", Some(Locale::Japanese)),
            ("en-GB", Some(Locale::English)),
            ("en-XA", Some(Locale::Pseudo)),
            ("de-XA", None),
            ("it", None),
            ("", None),
        ] {
            assert_eq!(Locale::of_tag(tag), locale, "{tag}");
        }
        assert_eq!(Locale::wanted(Some(Locale::French)), Locale::French);
        for (index, locale) in Locale::EVERY.into_iter().enumerate() {
            assert_eq!(locale as usize, index);
            assert_eq!(Locale::of_tag(locale.tag()), Some(locale));
        }
    }
}
