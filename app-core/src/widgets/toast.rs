//! Short messages that come and go.

use crate::{
    cx::{Cx, say},
    motion::{self, time},
    theme::Type,
    widgets::text,
};
use egui::{Align2, Id, Rect, Ui, pos2, vec2};

/// A message and when it was posted, in seconds of the interface's clock.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Toast {
    pub(crate) text: String,
    pub(crate) posted_at: f64,
}

impl Toast {
    /// Long enough to read two lines, short enough not to be in the way.
    pub(crate) const LIFE: f64 = 5.0;

    pub(crate) fn is_over(&self, now: f64) -> bool {
        now >= self.posted_at + Self::LIFE
    }
}

/// Paints the toast at the lower edge of `area`.
pub(crate) fn view(ui: &Ui, cx: &Cx<'_>, area: Rect, toast: &Toast) {
    let tokens = cx.theme.tokens;
    let id = Id::unique(("toast", toast.text.as_str(), toast.posted_at.to_bits()));
    let shown = motion::follow_from(ui.ctx(), id, 0.0, 1.0, time::SHEET);
    let painter = ui.painter();
    let galley =
        text::galley(painter, &cx.theme, &toast.text, (Type::Body, tokens.text), (area.width() - 120.0).min(520.0), 3);
    let size = galley.size() + vec2(36.0, 22.0);
    let centre = pos2(area.center().x, area.bottom() - 36.0 - size.y / 2.0 + 12.0 * (1.0 - shown));
    let rect = Rect::from_center_size(centre, size);
    painter.add(shadow(tokens.shadow).as_shape(rect, 10.0));
    painter.rect(
        rect,
        10.0,
        tokens.surface_2.gamma_multiply(shown),
        (1.0, tokens.line.gamma_multiply(shown)),
        egui::StrokeKind::Inside,
    );
    text::place(painter, (rect.center(), Align2::CENTER_CENTER), &galley);
    say(ui, id, rect, &toast.text);
}

/// The soft shadow under raised things.
pub(crate) fn shadow(colour: egui::Color32) -> egui::epaint::Shadow {
    egui::epaint::Shadow { offset: [0, 10], blur: 28, spread: 0, color: colour }
}
