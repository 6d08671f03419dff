//! The `?` sheet: the key table, as it is.

use super::keys::BINDINGS;
use crate::{
    cx::{Cx, say},
    icons,
    motion::{self, time},
    theme::Type,
    widgets::{text, toast},
};
use egui::{Align2, Id, Rect, Ui, pos2, vec2};

/// Shows all shortcuts in two columns.
pub(crate) fn view(ui: &Ui, cx: &Cx<'_>, area: Rect) {
    let tokens = cx.theme.tokens;
    let shown = motion::follow_from(ui.ctx(), Id::unique("player-sheet"), 0.0, 1.0, time::SHEET);
    let painter = ui.painter();
    painter.rect_filled(area, 0.0, tokens.scrim.gamma_multiply(0.55 * shown));
    let line = 27.0;
    let per_column = BINDINGS.len().div_ceil(2);
    let size = vec2(720.0_f32.min(area.width() - 32.0), 74.0 + line * per_column as f32 + 18.0);
    let card = Rect::from_center_size(area.center() + vec2(0.0, 10.0 * (1.0 - shown)), size);
    painter.add(toast::shadow(tokens.shadow).as_shape(card, 16.0));
    painter.rect(card, 16.0, tokens.surface_2, (1.0, tokens.line), egui::StrokeKind::Inside);
    text::icon(painter, card.left_top() + vec2(34.0, 36.0), icons::KEYBOARD, 22.0, tokens.text_2);
    let heading = text::line(
        painter,
        &cx.theme,
        (card.left_top() + vec2(56.0, 36.0), Align2::LEFT_CENTER),
        "Keyboard",
        (Type::RowTitle, tokens.text),
    );
    say(ui, Id::unique("player-sheet-title"), heading, "Keyboard");
    let column = (size.x - 48.0) / 2.0;
    for (index, binding) in BINDINGS.iter().enumerate() {
        let left = card.left() + 24.0 + column * (index / per_column) as f32;
        let y = card.top() + 74.0 + line * ((index % per_column) as f32 + 0.5);
        let keys = text::line(
            painter,
            &cx.theme,
            (pos2(left, y), Align2::LEFT_CENTER),
            binding.label,
            (Type::LabelStrong, tokens.text),
        );
        let help = text::clipped_line(
            painter,
            &cx.theme,
            (pos2(left + 92.0, y), Align2::LEFT_CENTER, column - 100.0),
            binding.help,
            (Type::Label, tokens.text_2),
        );
        say(ui, Id::unique(("player-sheet", index)), keys.union(help), &format!("{}: {}", binding.label, binding.help));
    }
}
