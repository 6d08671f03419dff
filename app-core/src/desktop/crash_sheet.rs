//! Shows the report of a crash. It is not sent anywhere: who wants to pass it on copies it.

use super::{crash::CrashReport, model::DesktopMsg, sheet};
use crate::{
    cx::{Cx, say},
    focus::FocusMap,
    icons,
    language::tr,
    theme::Type,
    widgets::{
        button::{self, Kind, Label},
        text,
    },
};
use egui::{Align2, Id, Rect, ScrollArea, StrokeKind, Ui, UiBuilder, pos2, vec2};

fn id(name: &str) -> Id {
    Id::unique(("crash", name))
}

/// Identity of the sheet for the focus.
pub(crate) fn screen_id() -> Id {
    id("sheet")
}

/// It traps the focus.
pub(crate) fn focus_map() -> FocusMap {
    FocusMap::default().row(id("buttons"), [id("copy"), id("delete"), id("keep")])
}

/// Shows the sheet above everything else.
pub(crate) fn view(ui: &mut Ui, cx: &mut Cx<'_>, report: &CrashReport) {
    let tokens = cx.theme.tokens;
    let card = sheet::card(ui, cx, vec2(760.0, 560.0));
    let (left, width) = (card.left() + 28.0, card.width() - 56.0);
    let heading = text::line(
        ui.painter(),
        &cx.theme,
        (pos2(left, card.top() + 24.0), Align2::LEFT_TOP),
        tr!("crash-heading"),
        (Type::Title, tokens.text),
    );
    say(ui, id("heading"), heading, tr!("crash-heading"));
    let words = tr!("crash-what");
    let at = (pos2(left, heading.bottom() + 8.0), width, 3);
    let line = text::paragraph(ui.painter(), &cx.theme, at, words, (Type::Body, tokens.text_2));
    say(ui, id("words"), line, words);

    let buttons = card.bottom() - 24.0 - cx.theme.metrics.button_height;
    let frame = Rect::from_min_max(pos2(left, line.bottom() + 14.0), pos2(left + width, buttons - 16.0));
    ui.painter().rect(frame, 8.0, tokens.ink, (1.0, tokens.line), StrokeKind::Inside);
    let mut inside = ui.new_child(UiBuilder::new().max_rect(frame.shrink(12.0)).id_salt("crash-report"));
    inside.set_clip_rect(frame);
    ScrollArea::both().id_salt("crash-report").auto_shrink(false).show(&mut inside, |ui| {
        let font = egui::FontId::monospace(12.0);
        let galley = ui.painter().layout_no_wrap(report.text.clone(), font, tokens.text_2);
        let (rect, response) = ui.allocate_exact_size(galley.size(), egui::Sense::hover());
        ui.painter().galley(rect.min, galley, tokens.text_2);
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &report.text));
    });

    let mut x = left;
    for (name, label, msg) in [
        ("copy", Label::new(Kind::Primary, tr!("crash-copy")).icon(icons::COPY), DesktopMsg::CopyCrash),
        ("delete", Label::new(Kind::Plain, tr!("crash-delete")), DesktopMsg::DeleteCrash),
        ("keep", Label::new(Kind::Quiet, tr!("close")), DesktopMsg::Close),
    ] {
        let (rect, pressed) = button::labelled(ui, cx, id(name), pos2(x, buttons), &label);
        x = rect.right() + 12.0;
        if pressed {
            cx.send(msg.into());
        }
    }
}
