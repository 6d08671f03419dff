//! Painted text in the roles of the type scale.

use crate::{
    theme::{Theme, Type, icon_font},
    tokens::CLEAR,
};
use egui::{Align, Align2, Color32, Galley, Painter, Pos2, Rect, epaint::text::LayoutJob, vec2};
use std::sync::Arc;

/// Text that does not fit may be this much smaller than its role says.
const SMALLEST: f32 = 0.75;

/// One line; returns where it was painted.
pub(crate) fn line(
    painter: &Painter,
    theme: &Theme,
    (pos, align): (Pos2, Align2),
    text: &str,
    (role, colour): (Type, Color32),
) -> Rect {
    let galley = galley(painter, theme, text, (role, colour), f32::INFINITY, 1);
    place(painter, (pos, align), &galley)
}

/// One line that ends in an ellipsis where it does not fit.
pub(crate) fn clipped_line(
    painter: &Painter,
    theme: &Theme,
    (pos, align, width): (Pos2, Align2, f32),
    text: &str,
    (role, colour): (Type, Color32),
) -> Rect {
    let galley = galley(painter, theme, text, (role, colour), width, 1);
    place(painter, (pos, align), &galley)
}

/// One line in a smaller size where it does not fit in its own, down to [`SMALLEST`]; beyond that it ends in an ellipsis.
/// For what the application says itself: in another language it may be half as long again.
pub(crate) fn fitted_line(
    painter: &Painter,
    theme: &Theme,
    (pos, align, width): (Pos2, Align2, f32),
    text: &str,
    (role, colour): (Type, Color32),
) -> Rect {
    let whole = galley(painter, theme, text, (role, colour), f32::INFINITY, 1);
    let share = width / whole.size().x;
    if share >= 1.0 {
        return place(painter, (pos, align), &whole);
    }
    let mut job = job(theme, text, (role, colour), width, 1);
    for section in &mut job.sections {
        // Sizes are rounded to pixels: a little less than the share fits surely.
        let format = &mut section.format;
        format.font_id.size *= (share * 0.98).max(SMALLEST);
        format.extra_letter_spacing *= share.max(SMALLEST);
    }
    place(painter, (pos, align), &painter.layout_job(job))
}

/// Wrapped text from a top left corner, at most `rows` lines.
pub(crate) fn paragraph(
    painter: &Painter,
    theme: &Theme,
    (pos, width, rows): (Pos2, f32, usize),
    text: &str,
    (role, colour): (Type, Color32),
) -> Rect {
    let galley = galley(painter, theme, text, (role, colour), width, rows);
    place(painter, (pos, Align2::LEFT_TOP), &galley)
}

/// Wrapped text centred under a point.
pub(crate) fn centred_paragraph(
    painter: &Painter,
    theme: &Theme,
    (top, width): (Pos2, f32),
    text: &str,
    (role, colour): (Type, Color32),
) -> Rect {
    let mut job = job(theme, text, (role, colour), width, 6);
    job.halign = Align::Center;
    let galley = painter.layout_job(job);
    let rect = Rect::from_min_size(top - vec2(galley.size().x / 2.0, 0.0), galley.size());
    painter.galley(top, galley, colour);
    rect
}

/// Lays text out without painting it.
pub(crate) fn galley(
    painter: &Painter,
    theme: &Theme,
    text: &str,
    style: (Type, Color32),
    width: f32,
    rows: usize,
) -> Arc<Galley> {
    painter.layout_job(job(theme, text, style, width, rows))
}

fn job(theme: &Theme, text: &str, (role, colour): (Type, Color32), width: f32, rows: usize) -> LayoutJob {
    let mut job = LayoutJob::single_section(text.to_owned(), theme.format(role, colour));
    job.wrap.max_width = width.max(0.0);
    job.wrap.max_rows = rows;
    job.wrap.break_anywhere = rows == 1;
    job.break_on_newline = rows != 1;
    job
}

/// Paints a galley by one of its anchor points.
pub(crate) fn place(painter: &Painter, (pos, align): (Pos2, Align2), galley: &Arc<Galley>) -> Rect {
    let rect = align.anchor_size(pos, galley.size());
    painter.galley(rect.min, Arc::clone(galley), CLEAR);
    rect
}

/// An icon, centred.
pub(crate) fn icon(painter: &Painter, centre: Pos2, glyph: &str, size: f32, colour: Color32) -> Rect {
    painter.text(centre, Align2::CENTER_CENTER, glyph, icon_font(size, false), colour)
}

/// The filled weight of an icon, centred: something active.
pub(crate) fn icon_filled(painter: &Painter, centre: Pos2, glyph: &str, size: f32, colour: Color32) -> Rect {
    painter.text(centre, Align2::CENTER_CENTER, glyph, icon_font(size, true), colour)
}

/// A boxed mark such as `1080p`; `left_middle` is the middle of its left edge. Returns its rectangle.
pub(crate) fn badge(painter: &Painter, theme: &Theme, left_middle: Pos2, text: &str) -> Rect {
    let colour = theme.tokens.text_2;
    let galley = galley(painter, theme, text, (Type::Badge, colour), f32::INFINITY, 1);
    let size = vec2(galley.size().x + 10.0, galley.size().y + 4.0);
    let rect = Rect::from_min_size(left_middle - vec2(0.0, size.y / 2.0), size);
    painter.rect_stroke(rect, 3.0, (1.0, colour.gamma_multiply(0.75)), egui::StrokeKind::Inside);
    place(painter, (rect.center(), Align2::CENTER_CENTER), &galley);
    rect
}
