//! A word about the connection, at the top of every page, as long as there is something to say.

use crate::{
    cx::{Cx, say},
    icons,
    motion::{self, time},
    theme::Type,
    widgets::{text, toast},
};
use egui::{Align2, Id, Rect, Ui, accesskit::Live, pos2, vec2};

/// Shows the words at the upper edge of `area`.
pub(crate) fn view(ui: &Ui, cx: &Cx<'_>, area: Rect, (words, is_away): (&str, bool)) {
    let tokens = cx.theme.tokens;
    let shown = motion::follow_from(ui.ctx(), Id::unique(("link", is_away)), 0.0, 1.0, time::SHEET);
    let painter = ui.painter();
    let ink = tokens.text.gamma_multiply(shown);
    let galley = text::galley(painter, &cx.theme, words, (Type::Label, ink), area.width() * 0.5, 1);
    let size = galley.size() + vec2(50.0, 14.0);
    let centre = pos2(area.center().x, area.top() + cx.theme.metrics.top + cx.theme.metrics.nav_height / 2.0);
    let rect = Rect::from_center_size(centre, size);
    painter.add(toast::shadow(tokens.shadow.gamma_multiply(shown)).as_shape(rect, size.y / 2.0));
    painter.rect(
        rect,
        size.y / 2.0,
        tokens.surface_2.gamma_multiply(shown),
        (1.0, tokens.line.gamma_multiply(shown)),
        egui::StrokeKind::Inside,
    );
    let (icon, colour) = if is_away { (icons::OFFLINE, tokens.warn) } else { (icons::CHECK, tokens.good) };
    text::icon(painter, pos2(rect.left() + 20.0, centre.y), icon, 15.0, colour.gamma_multiply(shown));
    text::place(painter, (pos2(rect.left() + 34.0, centre.y), Align2::LEFT_CENTER), &galley);
    let id = Id::unique("link-words");
    say(ui, id, rect, words);
    ui.ctx().accesskit_node_builder(id, |node| node.set_live(Live::Polite));
}
