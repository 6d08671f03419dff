//! What all sheets of the desktop's part have in common: a card above everything else.

use super::model::DesktopMsg;
use crate::{cx::Cx, widgets::toast};
use egui::{Id, Rect, Sense, StrokeKind, Ui, Vec2};

/// A card of this size in the middle, or smaller in a small window. Clicks beside it close it, and nothing below is hit.
pub(crate) fn card(ui: &Ui, cx: &mut Cx<'_>, size: Vec2) -> Rect {
    let tokens = cx.theme.tokens;
    let area = ui.max_rect();
    ui.painter().rect_filled(area, 0.0, tokens.scrim.gamma_multiply(0.62));
    if ui.interact(area, Id::unique("beside-the-sheet"), Sense::click()).clicked() {
        cx.send(DesktopMsg::Close.into());
    }
    let card = Rect::from_center_size(area.center(), size.min(area.size() - Vec2::splat(24.0)));
    ui.interact(card, Id::unique("the-sheet"), Sense::CLICK);
    ui.painter().add(toast::shadow(tokens.shadow).as_shape(card, 16.0));
    ui.painter().rect(card, 16.0, tokens.surface_2, (1.0, tokens.line), StrokeKind::Inside);
    card
}
