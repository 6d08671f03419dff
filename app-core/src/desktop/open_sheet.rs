//! The sheet that asks what to open: an address or a path, the desktop's dialog, and what was opened lately.

use super::{
    address,
    model::{DesktopMsg, OpenSheet},
    sheet,
};
use crate::{
    app::Model,
    cx::{Cx, say},
    focus::FocusMap,
    icons,
    language::tr,
    theme::Type,
    tokens,
    widgets::{
        button::{self, Kind, Label},
        text,
    },
};
use egui::{
    Align2, CursorIcon, FontSelection, Id, Margin, Rect, Role, StrokeKind, TextEdit, Ui, UiBuilder, WidgetInfo, pos2,
    vec2,
};

/// Of the list, as many as are shown; the rest is history.
const SHOWN: usize = 6;
const WIDTH: f32 = 620.0;
const LINE: f32 = 46.0;
const EDGE: f32 = 28.0;

fn id(name: &str) -> Id {
    Id::unique(("open", name))
}

fn recent_id(index: usize) -> Id {
    Id::unique(("open-recent", index))
}

/// Identity of the sheet for the focus.
pub(crate) fn screen_id() -> Id {
    id("sheet")
}

/// Identity of the address field.
pub(crate) fn field_id() -> Id {
    id("field")
}

/// The field and its button, the dialog, then what was opened lately. It traps the focus.
pub(crate) fn focus_map(model: &Model) -> FocusMap {
    let recents = model.desktop.recents.iter().take(SHOWN).count();
    let mut buttons = vec![id("browse")];
    if recents > 0 {
        buttons.push(id("clear"));
    }
    buttons.extend([id("settings"), id("close")]);
    FocusMap::default()
        .row(id("address"), [field_id(), id("play")])
        .grid(id("recents"), 1, (0..recents).map(recent_id))
        .row(id("buttons"), buttons)
        .starting_at(field_id())
}

/// Shows the sheet above everything else.
pub(crate) fn view(ui: &mut Ui, cx: &mut Cx<'_>, model: &Model, open: &OpenSheet) {
    let tokens = cx.theme.tokens;
    let recents = model.desktop.recents.iter().take(SHOWN).count();
    let list = if recents > 0 { 40.0 + LINE * recents as f32 } else { 0.0 };
    let problem = if open.problem.is_some() { 30.0 } else { 0.0 };
    let card = sheet::card(ui, cx, vec2(WIDTH, 206.0 + list + problem));

    let (left, width) = (card.left() + EDGE, card.width() - 2.0 * EDGE);
    let heading = text::line(
        ui.painter(),
        &cx.theme,
        (pos2(left, card.top() + 24.0), Align2::LEFT_TOP),
        tr!("open"),
        (Type::Title, tokens.text),
    );
    say(ui, id("heading"), heading, tr!("open"));
    let hint = if model.desktop.takes_drops { tr!("open-hint-drop") } else { tr!("open-hint-paste") };
    let line = text::line(
        ui.painter(),
        &cx.theme,
        (pos2(heading.right() + 16.0, heading.bottom() - 4.0), Align2::LEFT_BOTTOM),
        hint,
        (Type::Label, tokens.text_3),
    );
    say(ui, id("hint"), line, hint);
    let mut top = address_line(ui, cx, open, pos2(left, heading.bottom() + 16.0), width);
    if let Some(problem) = &open.problem {
        let words = text::fitted_line(
            ui.painter(),
            &cx.theme,
            (pos2(left, top + 10.0), Align2::LEFT_TOP, width),
            problem,
            (Type::Label, tokens.warn),
        );
        say(ui, id("problem"), words, problem);
        top += 30.0;
    }
    if recents > 0 {
        top = recent_list(ui, cx, model, pos2(left, top + 18.0), width);
    }
    buttons(ui, cx, open, !model.desktop.recents.is_empty(), (pos2(left, top + 18.0), card.right() - EDGE));
}

fn address_line(ui: &mut Ui, cx: &mut Cx<'_>, open: &OpenSheet, at: egui::Pos2, width: f32) -> f32 {
    let tokens = cx.theme.tokens;
    let label = Label::new(Kind::Primary, tr!("play")).icon(icons::PLAY);
    let button_width = button::width(ui, cx, &label);
    let height = cx.theme.metrics.button_height;
    let field = Rect::from_min_size(at, vec2(width - button_width - 12.0, height));
    let focused = cx.focus.current() == Some(field_id());
    let edge = if focused { (2.0, tokens.focus) } else { (1.0, tokens.line) };
    ui.painter().rect(field, 10.0, tokens.ink, edge, StrokeKind::Inside);
    let mut typed = open.text.clone();
    let inside = field.shrink2(vec2(14.0, 0.0));
    let mut child = ui.new_child(UiBuilder::new().max_rect(field).id_salt("open-field"));
    let edit = TextEdit::singleline(&mut typed)
        .id(field_id())
        .hint_text(tr!("open-example"))
        .frame(egui::Frame::NONE)
        .background_color(tokens::CLEAR)
        .margin(Margin::ZERO)
        .font(FontSelection::FontId(cx.theme.font(Type::Body)))
        .text_color(tokens.text)
        .char_limit(4096)
        .align(Align2::LEFT_CENTER)
        .desired_width(f32::INFINITY)
        .min_size(inside.size());
    let response = child.put(inside, edit).labelled_by(id("heading"));
    cx.focus.note_rect(field_id(), field);
    if response.clicked() {
        cx.focus.take(field_id());
    }
    if response.changed() {
        cx.send(DesktopMsg::EditAddress(typed).into());
    }
    let rect = Rect::from_min_size(pos2(field.right() + 12.0, at.y), vec2(button_width, height));
    let pressed = button::labelled_in(ui, cx, id("play"), rect, &label);
    if pressed || cx.focus.is_activated(field_id()) {
        cx.send(DesktopMsg::OpenTyped.into());
    }
    field.bottom()
}

fn recent_list(ui: &Ui, cx: &mut Cx<'_>, model: &Model, at: egui::Pos2, width: f32) -> f32 {
    let tokens = cx.theme.tokens;
    let heading = text::line(
        ui.painter(),
        &cx.theme,
        (at, Align2::LEFT_TOP),
        tr!("open-lately"),
        (Type::LabelStrong, tokens.text_2),
    );
    say(ui, id("lately"), heading, tr!("open-lately"));
    let mut top = at.y + 22.0;
    for (index, url) in model.desktop.recents.iter().take(SHOWN).enumerate() {
        let (name, place) = address::name_of(url);
        let rect = Rect::from_min_size(pos2(at.x - 10.0, top), vec2(width + 20.0, LINE));
        let spoken = format!("{name}, {place}");
        let touch = cx.touch(ui, recent_id(index), rect, || WidgetInfo::labeled(Role::Button, true, &spoken));
        if touch.is_raised() {
            ui.painter().rect_filled(rect, 8.0, tokens.control_quiet);
        }
        if touch.focused {
            ui.painter().rect_stroke(rect, 8.0, (2.0, tokens.focus), StrokeKind::Inside);
        }
        if touch.hovered {
            ui.set_cursor_icon(CursorIcon::PointingHand);
        }
        let icon = if url.scheme() == "file" { icons::FILM } else { icons::LINK };
        text::icon(ui.painter(), pos2(rect.left() + 22.0, rect.center().y), icon, 20.0, tokens.text_2);
        let (x, room) = (rect.left() + 44.0, rect.width() - 60.0);
        let upper = (pos2(x, rect.top() + 6.0), Align2::LEFT_TOP, room);
        text::clipped_line(ui.painter(), &cx.theme, upper, &name, (Type::BodyMedium, tokens.text));
        let lower = (pos2(x, rect.bottom() - 6.0), Align2::LEFT_BOTTOM, room);
        text::clipped_line(ui.painter(), &cx.theme, lower, &place, (Type::Caption, tokens.text_3));
        if touch.activated {
            cx.send(DesktopMsg::OpenRecent(index).into());
        }
        top = rect.bottom();
    }
    top
}

fn buttons(ui: &Ui, cx: &mut Cx<'_>, open: &OpenSheet, clears: bool, (at, right): (egui::Pos2, f32)) {
    let words = if open.browsing { tr!("open-choosing") } else { tr!("open-choose") };
    let browse = Label::new(Kind::Plain, words).icon(icons::FILM).enabled(!open.browsing && !open.no_dialog);
    let (rect, pressed) = button::labelled(ui, cx, id("browse"), at, &browse);
    if pressed {
        cx.send(DesktopMsg::Browse.into());
    }
    if clears {
        let label = Label::new(Kind::Quiet, tr!("open-clear"));
        let (_, pressed) = button::labelled(ui, cx, id("clear"), pos2(rect.right() + 12.0, at.y), &label);
        if pressed {
            cx.send(DesktopMsg::ClearRecents.into());
        }
    }
    let mut right = right;
    for (name, words, msg) in
        [("close", tr!("close"), DesktopMsg::Close), ("settings", tr!("settings"), DesktopMsg::ShowSettings)]
    {
        let label = Label::new(Kind::Quiet, words);
        let left = right - button::width(ui, cx, &label);
        if button::labelled(ui, cx, id(name), pos2(left, at.y), &label).1 {
            cx.send(msg.into());
        }
        right = left - 4.0;
    }
}

/// A file hangs over the window: says that it will be played.
pub(crate) fn drop_hint(ui: &Ui, cx: &Cx<'_>) {
    // On a scrim, which is dark in every theme.
    let theme = cx.theme.over_video();
    let tokens = theme.tokens;
    let area = ui.max_rect();
    ui.painter().rect_filled(area, 0.0, tokens.scrim.gamma_multiply(0.7));
    ui.painter().rect_stroke(area.shrink(16.0), 20.0, (3.0, tokens.accent), StrokeKind::Inside);
    let at = (area.center(), Align2::CENTER_CENTER);
    let words = text::line(ui.painter(), &theme, at, tr!("open-drop"), (Type::Title, tokens.text));
    say(ui, id("drop"), words, tr!("open-drop"));
}
