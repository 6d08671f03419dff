//! A quiet sign that something is being waited for.

use crate::theme::wake;
use egui::{Color32, Painter, Pos2, Stroke, vec2};
use std::f32::consts::TAU;

/// An arc that turns once a second and a quarter. Keeps the frame going while it is painted.
pub(crate) fn paint(painter: &Painter, centre: Pos2, radius: f32, colour: Color32) {
    let ctx = painter.ctx();
    let still = ctx.global_style().animation_time == 0.0;
    let turn = if still { 0.0 } else { (ctx.time() / 1.25).fract() as f32 };
    let width = (radius * 0.16).max(1.5);
    painter.circle_stroke(centre, radius, Stroke::new(width, colour.gamma_multiply(0.18)));
    let points = (0..=24)
        .map(|i| {
            let angle = (turn + i as f32 / 24.0 * 0.28) * TAU;
            centre + radius * vec2(angle.cos(), angle.sin())
        })
        .collect();
    painter.line(points, Stroke::new(width, colour));
    if !still {
        wake(ctx);
    }
}
