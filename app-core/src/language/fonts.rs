//! Letters that the built-in fonts lack come from fonts of the system, found when they are needed.

use super::Locale;
use egui::{
    Context, FontId, FontProvider,
    epaint::text::{FallbackRequest, FontInsert},
};
use egui_system_font_provider::SystemFontProvider;
use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

/// What the letters of Japanese are tried with: kana, and a character that Chinese fonts have as well.
const JAPANESE: &str = "あア日";

/// Asks the system for fonts, in the language that is spoken: Chinese and Japanese share characters that are drawn
/// differently.
pub(crate) struct Fonts(Mutex<(Locale, SystemFontProvider)>);

impl Fonts {
    /// Begins to list the fonts of the system, on a thread.
    pub(crate) fn begin() -> Self {
        let locale = super::current();
        Self(Mutex::new((locale, of_system(locale))))
    }
}

impl fmt::Debug for Fonts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fonts")
    }
}

/// Called while text is laid out, once for each letter that no font has so far; may wait for the list.
impl FontProvider for Fonts {
    fn font_for(&self, request: &FallbackRequest<'_>) -> Option<FontInsert> {
        let locale = super::current();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0 != locale {
            *known = (locale, of_system(locale));
        }
        known.1.font_for(request)
    }
}

/// The fonts as the system prefers them; for Japanese as those prefer them who read it.
fn of_system(locale: Locale) -> SystemFontProvider {
    let fonts = SystemFontProvider::new();
    if locale == Locale::Japanese { fonts.with_locale(Some(locale.tag())) } else { fonts }
}

/// Can the letters of a language be drawn here? Looks through the fonts of the system at the first call for a language
/// that needs them.
pub(crate) fn has_letters(ctx: &Context, font: &FontId, locale: Locale) -> bool {
    locale != Locale::Japanese || ctx.fonts_mut(|fonts| fonts.has_glyphs(font, JAPANESE))
}
