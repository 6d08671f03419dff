//! A profile as a coloured disc with its initial or its picture.

use crate::{
    icons,
    theme::{Theme, Type},
    tokens,
    widgets::text,
};
use egui::{Align2, FontId, Painter, Pos2};
use service_api::identity::Profile;

/// Paints the avatar of a profile with the picture of that name; one that is not known here is the initial.
pub(crate) fn paint(painter: &Painter, theme: &Theme, place: (Pos2, f32), profile: &Profile, avatar: &str) {
    let initial: String = profile.name.chars().next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    let known = icons::AVATARS.iter().any(|(name, _)| *name == avatar);
    disc(painter, theme, place, &profile.colour, if known { avatar } else { &initial });
}

/// A disc with a picture by its name, or else with that text.
pub(crate) fn disc(painter: &Painter, theme: &Theme, (centre, radius): (Pos2, f32), colour: &str, avatar: &str) {
    let fill = tokens::parse_hex(colour).unwrap_or(theme.tokens.info);
    painter.circle_filled(centre, radius, fill);
    // The colour is the profile's own, whatever the theme is.
    let inks = tokens::dark();
    let ink = if luminance(fill) > 0.42 { inks.on_focus } else { inks.text };
    if let Some((_, glyph)) = icons::AVATARS.iter().find(|(name, _)| *name == avatar) {
        text::icon_filled(painter, centre, glyph, radius * 1.15, ink);
        return;
    }
    let font = FontId::new(radius * 0.95, theme.font(Type::BodyStrong).family);
    let galley = painter.layout_no_wrap(avatar.to_owned(), font, ink);
    text::place(painter, (centre, Align2::CENTER_CENTER), &galley);
}

fn luminance(colour: egui::Color32) -> f32 {
    (0.299 * f32::from(colour.r()) + 0.587 * f32::from(colour.g()) + 0.114 * f32::from(colour.b())) / 255.0
}
