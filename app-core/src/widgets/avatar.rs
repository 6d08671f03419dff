//! A profile as a coloured disc with its initial.

use crate::{
    theme::{Theme, Type},
    tokens,
    widgets::text,
};
use egui::{Align2, FontId, Painter, Pos2};
use service_api::identity::Profile;

/// Paints the avatar of a profile.
pub(crate) fn paint(painter: &Painter, theme: &Theme, centre: Pos2, radius: f32, profile: &Profile) {
    let fill = tokens::parse_hex(&profile.colour).unwrap_or(theme.tokens.info);
    painter.circle_filled(centre, radius, fill);
    let initial: String = profile.name.chars().next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    let font = FontId::new(radius * 0.95, theme.font(Type::BodyStrong).family);
    let ink = if luminance(fill) > 0.42 { theme.tokens.on_focus } else { theme.tokens.text };
    let galley = painter.layout_no_wrap(initial, font, ink);
    text::place(painter, (centre, Align2::CENTER_CENTER), &galley);
}

fn luminance(colour: egui::Color32) -> f32 {
    (0.299 * f32::from(colour.r()) + 0.587 * f32::from(colour.g()) + 0.114 * f32::from(colour.b())) / 255.0
}
