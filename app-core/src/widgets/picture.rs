//! Pictures that fill their rectangle, and what stands there until they come.

use crate::{
    cx::Cx,
    motion::{self, time},
    tokens,
    widgets::gradient::{self, Opaque},
};
use egui::{Color32, CornerRadius, Id, Painter, Rect, TextureHandle, Ui, epaint::RectShape, pos2, vec2};

/// What to show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Art<'a> {
    /// Path at the server; `None` while it is being made.
    pub(crate) path: Option<&'a str>,
    /// Average colour, `#RRGGBB`.
    pub(crate) colour: Option<&'a str>,
    pub(crate) radius: CornerRadius,
    /// 1 for normal, less for what cannot be watched yet.
    pub(crate) brightness: f32,
    /// Which part of a picture of another shape to keep: 0 left and top, 0.5 the middle, 1 right and bottom.
    pub(crate) keep: egui::Vec2,
}

/// Paints the picture, or its colour until it is there.
pub(crate) fn paint(ui: &Ui, cx: &mut Cx<'_>, painter: &Painter, rect: Rect, art: &Art<'_>) {
    let ground = ground(cx, art);
    let texture = art.path.and_then(|path| cx.pictures.get(ui.ctx(), path, rect.size()));
    let shown = match (&texture, art.path) {
        (Some(_), Some(path)) => {
            motion::follow_from(ui.ctx(), Id::unique(("picture", path)), 0.0, 1.0, time::CROSS_FADE)
        }
        _ => 0.0,
    };
    if shown < 0.999 {
        painter.rect_filled(rect, art.radius, ground);
    }
    if let Some(texture) = texture {
        let tint = dim(tokens::UNTINTED, art.brightness).gamma_multiply(shown);
        let uv = cover(&texture, rect, art.keep);
        painter.add(RectShape::filled(rect, art.radius, tint).with_texture(texture.id(), uv));
    } else {
        // A hint of light from above, so that an empty card does not look like a hole.
        let upper = Rect::from_min_max(rect.min, pos2(rect.right(), rect.center().y));
        let inset = upper.shrink2(vec2(f32::from(art.radius.nw), 0.0));
        gradient::scrim(painter, inset, Opaque::Top, cx.theme.tokens.text, 0.03);
    }
}

fn ground(cx: &Cx<'_>, art: &Art<'_>) -> Color32 {
    let tokens = cx.theme.tokens;
    let own = art.colour.and_then(tokens::parse_hex);
    own.map_or(tokens.surface_1, |own| tokens::mix(tokens.surface_1, dim(own, art.brightness), 0.55))
}

/// A tint can only darken: in a light theme as well.
fn dim(colour: Color32, brightness: f32) -> Color32 {
    tokens::mix(tokens::dark().ink, colour, brightness)
}

/// The part of the texture that has the shape of `rect`.
fn cover(texture: &TextureHandle, rect: Rect, keep: egui::Vec2) -> Rect {
    let size = texture.size_vec2();
    let scale = (rect.width() / size.x).max(rect.height() / size.y);
    let share = vec2(rect.width() / (size.x * scale), rect.height() / (size.y * scale));
    let min = (vec2(1.0, 1.0) - share) * keep;
    Rect::from_min_size(min.to_pos2(), share)
}
