//! A question before something that cannot be undone.

use crate::{
    app::{Confirm, Msg, Wish},
    cx::{Cx, say},
    focus::FocusMap,
    language::tr,
    theme::Type,
    widgets::{
        button::{self, Kind, Label},
        text, toast,
    },
};
use egui::{Align2, Id, Rect, Sense, Ui, pos2, vec2};

fn id(name: &str) -> Id {
    Id::unique(("dialog", name))
}

/// Its two answers; "no" has the focus first.
pub(crate) fn focus_map() -> FocusMap {
    FocusMap::default().row(id(tr!("doctor-answers")), [id("no"), id("yes")]).starting_at(id("no"))
}

/// Shows the question above everything.
pub(crate) fn view(ui: &Ui, cx: &mut Cx<'_>, area: Rect, confirm: &Confirm) {
    let tokens = cx.theme.tokens;
    // Nothing below it can be touched.
    ui.interact(area, id("ground"), Sense::CLICK);
    ui.painter().rect_filled(area, 0.0, tokens.ink.gamma_multiply(0.72));
    let width = 440.0_f32.min(area.width() - 40.0);
    let inner = width - 56.0;
    let question = text::galley(ui.painter(), &cx.theme, &confirm.question(), (Type::RowTitle, tokens.text), inner, 3);
    let meaning = text::galley(ui.painter(), &cx.theme, confirm.consequence(), (Type::Body, tokens.text_2), inner, 6);
    let button_height = cx.theme.metrics.button_height;
    let height = 28.0 + question.size().y + 10.0 + meaning.size().y + 24.0 + button_height + 28.0;
    let card = Rect::from_center_size(area.center(), vec2(width, height));
    let painter = ui.painter();
    painter.add(toast::shadow(tokens.shadow).as_shape(card, 16.0));
    painter.rect(card, 16.0, tokens.surface_2, (1.0, tokens.line), egui::StrokeKind::Inside);
    let left = card.left() + 28.0;
    let rect = text::place(painter, (pos2(left, card.top() + 28.0), Align2::LEFT_TOP), &question);
    say(ui, id("question"), rect, &confirm.question());
    let rect = text::place(painter, (pos2(left, rect.bottom() + 10.0), Align2::LEFT_TOP), &meaning);
    say(ui, id("meaning"), rect, confirm.consequence());
    let top = rect.bottom() + 24.0;
    let no = Label::new(Kind::Plain, tr!("cancel"));
    let (rect, cancelled) = button::labelled(ui, cx, id("no"), pos2(left, top), &no);
    let yes = Label::new(Kind::Primary, confirm.verb());
    let (_, agreed) = button::labelled(ui, cx, id("yes"), pos2(rect.right() + 12.0, top), &yes);
    if agreed || cancelled {
        cx.send(Msg::Wish(Wish::Confirmed(agreed)));
    }
}
