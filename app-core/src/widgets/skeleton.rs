//! The shape of what is coming, so that nothing jumps when it comes.

use crate::{cx::Cx, theme::wake};
use egui::{CornerRadius, Painter, Rect, pos2, vec2};

/// A block that breathes slowly.
pub(crate) fn block(painter: &Painter, cx: &Cx<'_>, rect: Rect, radius: f32) {
    let ctx = painter.ctx();
    let still = ctx.global_style().animation_time == 0.0;
    let breath = if still { 0.5 } else { 0.5 + 0.5 * (ctx.time() * 2.4).sin() as f32 };
    let fill = crate::tokens::mix(cx.theme.tokens.surface_1, cx.theme.tokens.surface_2, breath);
    painter.rect_filled(rect, CornerRadius::same(radius as u8), fill);
    if !still {
        wake(ctx);
    }
}

/// A row of cards with its heading.
pub(crate) fn row(painter: &Painter, cx: &Cx<'_>, top: f32, width: f32, card: egui::Vec2) {
    let metrics = cx.theme.metrics;
    let mut left = metrics.keyline;
    block(painter, cx, Rect::from_min_size(pos2(left, top), vec2(170.0, 14.0)), 4.0);
    while left < width {
        block(painter, cx, Rect::from_min_size(pos2(left, top + 30.0), card), metrics.card_radius);
        left += card.x + metrics.gutter;
    }
}
