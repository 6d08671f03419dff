//! How each kind of line looks.

use super::{Disc, Line, Pill, Weight, field_id};
use crate::{
    app::{Field, Msg, Typed, Wish},
    cx::{Cx, Touch, say},
    icons,
    language::tr,
    motion::{self, time},
    theme::Type,
    tokens,
    widgets::{
        avatar,
        button::{self, Kind, Label},
        text,
    },
};
use egui::{
    Align2, Color32, CursorIcon, FontSelection, Id, Margin, Rect, Role, TextEdit, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

/// Height of a line of a table.
const TABLE_ROW: f32 = 40.0;
/// Width of the first column of a table.
const NAMES: f32 = 0.4;

/// Height of a line that is `width` wide.
pub(super) fn height(ui: &Ui, cx: &Cx<'_>, line: &Line, width: f32) -> f32 {
    let tv = cx.theme.density.is_tv();
    let wrapped = |words: &str, role: Type, width: f32| {
        text::galley(ui.painter(), &cx.theme, words, (role, cx.theme.tokens.text_2), width, 40).size().y
    };
    let two = if tv { 50.0 } else { 60.0 };
    let one = if tv { 40.0 } else { 48.0 };
    match line {
        Line::Heading(_) => 26.0,
        Line::Text(words) => wrapped(words, Type::Body, width) + 4.0,
        Line::Good(words) | Line::Bad(words) => wrapped(words, Type::BodyMedium, width - 30.0) + 8.0,
        Line::Fact { .. } => 30.0,
        Line::Block(words) => wrapped(words, Type::Caption, width - 32.0) + 28.0,
        Line::Table { rows, .. } => TABLE_ROW * (rows.len() as f32 + 1.0) + 10.0,
        Line::Button { .. } => cx.theme.metrics.button_height,
        Line::Item { detail, .. } | Line::Switch { detail, .. } => {
            if detail.is_empty() {
                one
            } else {
                two
            }
        }
        Line::Pills { .. } => 26.0 + 36.0,
        Line::Discs { .. } => 26.0 + 2.0 * disc_radius(cx) + 10.0,
        Line::Field { rows, .. } => one + f32::from(rows.saturating_sub(1)) * cx.theme.font(Type::Body).size * 1.35,
    }
}

fn disc_radius(cx: &Cx<'_>) -> f32 {
    if cx.theme.density.is_tv() { 17.0 } else { 18.0 }
}

/// Shows a line.
pub(super) fn line(ui: &mut Ui, cx: &mut Cx<'_>, rect: Rect, page: Id, line: &Line) {
    let tokens = cx.theme.tokens;
    let ids = line.ids(page);
    let id = ids.first().copied().unwrap_or(Id::NULL);
    match line {
        Line::Heading(words) => {
            let at = (rect.left_bottom() - vec2(0.0, 3.0), Align2::LEFT_BOTTOM);
            let shown = text::line(ui.painter(), &cx.theme, at, words, (Type::RowTitle, tokens.text));
            say(ui, page.with(("heading", words)), shown, words);
        }
        Line::Text(words) => {
            let place = (rect.min, rect.width(), 40);
            let shown = text::paragraph(ui.painter(), &cx.theme, place, words, (Type::Body, tokens.text_2));
            say(ui, page.with(("text", words)), shown, words);
        }
        Line::Good(words) => told(ui, cx, rect, page, words, (icons::CHECK, tokens.good)),
        Line::Bad(words) => told(ui, cx, rect, page, words, (icons::WARNING, tokens.warn)),
        Line::Fact { name, value } => {
            let middle = rect.center().y;
            let key = (pos2(rect.left(), middle), Align2::LEFT_CENTER);
            text::line(ui.painter(), &cx.theme, key, name, (Type::Body, tokens.text_3));
            let left = rect.left() + rect.width() * 0.34;
            let place = (pos2(left, middle), Align2::LEFT_CENTER, rect.right() - left);
            text::fitted_line(ui.painter(), &cx.theme, place, value, (Type::BodyMedium, tokens.text));
            say(ui, page.with(("fact", name)), rect, &format!("{name}: {value}"));
        }
        Line::Block(words) => {
            ui.painter().rect(rect, 10.0, tokens.surface_1, (1.0, tokens.line), egui::StrokeKind::Inside);
            let place = (rect.min + vec2(16.0, 14.0), rect.width() - 32.0, 40);
            text::paragraph(ui.painter(), &cx.theme, place, words, (Type::Caption, tokens.text_2));
            say(ui, page.with("block"), rect, words);
        }
        Line::Table { columns, rows } => {
            let rect = Rect::from_min_max(rect.min, rect.max - vec2(0.0, 10.0));
            table(ui, cx, rect, page, (columns, rows));
        }
        Line::Button { icon, words, wish, weight, is_enabled } => {
            let kind = if *weight == Weight::Primary { Kind::Primary } else { Kind::Plain };
            let label = Label::new(kind, words).icon(icon).enabled(*is_enabled);
            let size = vec2(button::width(ui, cx, &label), rect.height());
            let rect = Rect::from_min_size(rect.min, size);
            if *weight == Weight::Danger && !cx.focus.has_ring(id) {
                ui.painter().rect_stroke(rect, rect.height() / 2.0, (1.0, tokens.bad), egui::StrokeKind::Outside);
            }
            if button::labelled_in(ui, cx, id, rect, &label) {
                cx.send(Msg::Wish(wish.clone()));
            }
        }
        Line::Item { icon, name, detail, verb, wish } => {
            let spoken = if detail.is_empty() { name.clone() } else { format!("{name}, {detail}") };
            let (touch, ink) = if verb.is_empty() {
                plate(ui, rect, tokens.surface_1);
                say(ui, page.with(("item", name, detail)), rect, &spoken);
                (None, Inks::plain(cx))
            } else {
                let spoken = format!("{verb}: {spoken}");
                let (touch, inks) = ground(ui, cx, id, rect, || WidgetInfo::labeled(Role::Button, true, &spoken));
                (Some(touch), inks)
            };
            text::icon(ui.painter(), pos2(rect.left() + 28.0, rect.center().y), icon, 22.0, ink.second);
            let width =
                text::galley(ui.painter(), &cx.theme, verb, (Type::BodyStrong, ink.first), f32::INFINITY, 1).size().x;
            names(ui, cx, rect, (name, detail), (56.0, width + 40.0), &ink);
            let at = (pos2(rect.right() - 18.0, rect.center().y), Align2::RIGHT_CENTER);
            text::line(ui.painter(), &cx.theme, at, verb, (Type::BodyStrong, ink.first));
            if touch.is_some_and(|touch| touch.activated) {
                cx.send(Msg::Wish(wish.clone()));
            }
        }
        Line::Switch { name, detail, is_on, wish } => {
            let info = || WidgetInfo::selected(Role::Switch, true, *is_on, name);
            let (touch, ink) = ground(ui, cx, id, rect, info);
            names(ui, cx, rect, (name, detail), (18.0, 78.0), &ink);
            switch(ui, cx, id, pos2(rect.right() - 18.0, rect.center().y), (*is_on, touch.focused));
            if touch.activated {
                cx.send(Msg::Wish(wish.clone()));
            }
        }
        Line::Pills { name, pills } => {
            above(ui, cx, rect, page, name);
            pills_row(ui, cx, rect, pills, (&ids, name));
        }
        Line::Discs { name, discs } => {
            above(ui, cx, rect, page, name);
            discs_row(ui, cx, rect, discs, &ids);
        }
        Line::Field { field, text, hint, rows } => edit(ui, cx, rect, *field, (text, hint, *rows)),
    }
}

/// Colours of the texts on a line.
struct Inks {
    first: Color32,
    second: Color32,
}

impl Inks {
    fn plain(cx: &Cx<'_>) -> Self {
        Self { first: cx.theme.tokens.text, second: cx.theme.tokens.text_2 }
    }
}

fn plate(ui: &Ui, rect: Rect, fill: Color32) {
    ui.painter().rect_filled(rect, 10.0, fill);
}

/// The ground of a line that can be touched: inverted by the focus on a television, ringed on a desktop.
fn ground(ui: &Ui, cx: &mut Cx<'_>, id: Id, rect: Rect, info: impl Fn() -> WidgetInfo) -> (Touch, Inks) {
    let tokens = cx.theme.tokens;
    let tv = cx.theme.density.is_tv();
    let touch = cx.touch(ui, id, rect, info);
    let focus = motion::follow(ui.ctx(), id, f32::from(u8::from(touch.focused)), time::FOCUS);
    let base = if touch.hovered { tokens.surface_2 } else { tokens.surface_1 };
    let inverted = if tv { focus } else { 0.0 };
    plate(ui, rect, tokens::mix(base, tokens.focus, inverted));
    if !tv && focus > 0.01 {
        let ring = (2.0, tokens.focus.gamma_multiply(focus));
        ui.painter().rect_stroke(rect.expand(3.0), 13.0, ring, egui::StrokeKind::Inside);
    }
    if touch.hovered {
        ui.set_cursor_icon(CursorIcon::PointingHand);
    }
    let first = tokens::mix(tokens.text, tokens.on_focus, inverted);
    let second = tokens::mix(tokens.text_2, tokens.on_focus, inverted);
    (touch, Inks { first, second })
}

/// Name and detail at the left of a line, `from` its left edge, `room` from its right one.
fn names(ui: &Ui, cx: &Cx<'_>, rect: Rect, (name, detail): (&str, &str), (from, room): (f32, f32), ink: &Inks) {
    let left = rect.left() + from;
    let width = (rect.width() - from - room).max(20.0);
    let middle = rect.center().y;
    if detail.is_empty() {
        let place = (pos2(left, middle), Align2::LEFT_CENTER, width);
        text::fitted_line(ui.painter(), &cx.theme, place, name, (Type::BodyMedium, ink.first));
        return;
    }
    let place = (pos2(left, middle + 1.0), Align2::LEFT_BOTTOM, width);
    text::fitted_line(ui.painter(), &cx.theme, place, name, (Type::BodyMedium, ink.first));
    let place = (pos2(left, middle + 2.0), Align2::LEFT_TOP, width);
    text::fitted_line(ui.painter(), &cx.theme, place, detail, (Type::Caption, ink.second));
}

fn told(ui: &Ui, cx: &Cx<'_>, rect: Rect, page: Id, words: &str, (icon, colour): (&str, Color32)) {
    text::icon(ui.painter(), pos2(rect.left() + 10.0, rect.top() + 13.0), icon, 20.0, colour);
    let place = (rect.min + vec2(30.0, 4.0), rect.width() - 30.0, 40);
    let shown = text::paragraph(ui.painter(), &cx.theme, place, words, (Type::BodyMedium, colour));
    say(ui, page.with(("told", words)), shown, words);
}

/// The name of choices, above them.
fn above(ui: &Ui, cx: &Cx<'_>, rect: Rect, page: Id, name: &str) {
    let at = (rect.min, Align2::LEFT_TOP);
    let shown = text::line(ui.painter(), &cx.theme, at, name, (Type::Label, cx.theme.tokens.text_3));
    say(ui, page.with(("above", name)), shown, name);
}

fn switch(ui: &Ui, cx: &Cx<'_>, id: Id, right_middle: egui::Pos2, (is_on, focused): (bool, bool)) {
    let tokens = cx.theme.tokens;
    let on = motion::follow(ui.ctx(), id.with("switch"), f32::from(u8::from(is_on)), time::FOCUS);
    let size = vec2(42.0, 24.0);
    let rect = Rect::from_min_size(right_middle - vec2(size.x, size.y / 2.0), size);
    let inverted = focused && cx.theme.density.is_tv();
    let off = if inverted { tokens.text_3 } else { tokens.control_hover };
    ui.painter().rect_filled(rect, 12.0, tokens::mix(off, tokens.accent, on));
    let x = rect.left() + 12.0 + 18.0 * on;
    ui.painter().circle_filled(pos2(x, rect.center().y), 9.0, tokens.knob);
}

fn pills_row(ui: &Ui, cx: &mut Cx<'_>, rect: Rect, pills: &[Pill], (ids, name): (&[Id], &str)) {
    let tokens = cx.theme.tokens;
    let mut x = rect.left();
    for (pill, id) in pills.iter().zip(ids) {
        let galley = text::galley(ui.painter(), &cx.theme, &pill.words, (Type::Label, tokens.text), f32::INFINITY, 1);
        let rect = Rect::from_min_size(pos2(x, rect.top() + 24.0), vec2(galley.size().x + 30.0, 34.0));
        x = rect.right() + 8.0;
        let spoken = format!("{name}: {}", pill.words);
        let touch = cx.touch(ui, *id, rect, || WidgetInfo::selected(Role::RadioButton, true, pill.is_chosen, &spoken));
        let (fill, ink) = match (touch.focused, pill.is_chosen) {
            (true, _) => (tokens.focus, tokens.on_focus),
            (false, true) => (tokens.accent, tokens.on_focus),
            (false, false) if touch.hovered => (tokens.control_hover, tokens.text),
            (false, false) => (tokens.surface_2, tokens.text_2),
        };
        ui.painter().rect_filled(rect, 17.0, fill);
        if touch.focused && pill.is_chosen {
            // Which one is chosen stays visible under the focus.
            ui.painter().rect_stroke(rect.expand(3.0), 20.0, (2.0, tokens.accent), egui::StrokeKind::Inside);
        }
        text::line(ui.painter(), &cx.theme, (rect.center(), Align2::CENTER_CENTER), &pill.words, (Type::Label, ink));
        if touch.hovered {
            ui.set_cursor_icon(CursorIcon::PointingHand);
        }
        if touch.activated {
            cx.send(Msg::Wish(pill.wish.clone()));
        }
    }
}

fn discs_row(ui: &Ui, cx: &mut Cx<'_>, rect: Rect, discs: &[Disc], ids: &[Id]) {
    let tokens = cx.theme.tokens;
    let radius = disc_radius(cx);
    // All of them fit: a row that slides would hide what there is to choose.
    let pitch = (2.0 * radius + 10.0).min(rect.width() / discs.len().max(1) as f32);
    let radius = radius.min(pitch / 2.0 - 2.0);
    let mut centre = pos2(rect.left() + radius + 3.0, rect.top() + 26.0 + radius + 3.0);
    for (disc, id) in discs.iter().zip(ids) {
        let area = Rect::from_center_size(centre, vec2(pitch, 2.0 * radius + 8.0));
        let info = || WidgetInfo::selected(Role::RadioButton, true, disc.is_chosen, &disc.name);
        let touch = cx.touch(ui, *id, area, info);
        let lift = motion::follow(ui.ctx(), *id, f32::from(u8::from(touch.is_raised())), time::FOCUS);
        let size = radius * (1.0 + 0.06 * lift);
        avatar::disc(ui.painter(), &cx.theme, (centre, size), &disc.colour, &disc.avatar);
        if disc.is_chosen {
            ui.painter().circle_stroke(centre, size + 3.0, (2.0, tokens.accent));
        }
        if lift > 0.01 {
            ui.painter().circle_stroke(centre, size + 3.0, (2.5, tokens.focus.gamma_multiply(lift)));
        }
        if touch.hovered {
            ui.set_cursor_icon(CursorIcon::PointingHand);
        }
        if touch.activated {
            cx.send(Msg::Wish(disc.wish.clone()));
        }
        centre.x += pitch;
    }
}

type Columns<'a> = (&'a [(String, bool)], &'a [(String, Vec<String>)]);

fn table(ui: &Ui, cx: &Cx<'_>, rect: Rect, page: Id, (columns, rows): Columns<'_>) {
    let tokens = cx.theme.tokens;
    let first = rect.width() * NAMES;
    let width = (rect.width() - first) / columns.len().max(1) as f32;
    let column = |index: usize| rect.left() + first + width * index as f32;
    for (index, (name, is_own)) in columns.iter().enumerate() {
        let area = Rect::from_min_size(pos2(column(index), rect.top()), vec2(width - 6.0, rect.height()));
        if *is_own {
            ui.painter().rect_filled(area, 10.0, tokens.surface_1);
            ui.painter().rect_stroke(area, 10.0, (1.5, tokens.accent), egui::StrokeKind::Inside);
        }
        let at = (pos2(area.center().x, rect.top() + TABLE_ROW / 2.0), Align2::CENTER_CENTER);
        let colour = if *is_own { tokens.accent } else { tokens.text };
        let shown = text::line(ui.painter(), &cx.theme, at, name, (Type::BodyStrong, colour));
        let words = if *is_own { tr!("plan-own", name = name) } else { name.clone() };
        say(ui, page.with(("column", name)), shown, &words);
    }
    for (number, (name, values)) in rows.iter().enumerate() {
        let y = rect.top() + TABLE_ROW * (number as f32 + 1.0);
        ui.painter().hline(rect.left()..=rect.right(), y, (1.0, tokens.line));
        let middle = y + TABLE_ROW / 2.0;
        let place = (pos2(rect.left(), middle), Align2::LEFT_CENTER, first - 8.0);
        text::fitted_line(ui.painter(), &cx.theme, place, name, (Type::Body, tokens.text_2));
        for (index, value) in values.iter().enumerate() {
            let at = (pos2(column(index) + (width - 6.0) / 2.0, middle), Align2::CENTER_CENTER);
            text::line(ui.painter(), &cx.theme, at, value, (Type::BodyMedium, tokens.text));
        }
        let all = values.iter().zip(columns).map(|(value, (column, _))| format!("{column} {value}"));
        let words = format!("{name}: {}", all.collect::<Vec<_>>().join(", "));
        say(ui, page.with(("row", name)), Rect::from_min_size(pos2(rect.left(), y), vec2(first, TABLE_ROW)), &words);
    }
}

/// A field to type in. On a television Enter opens keys on the screen; those of a keyboard work as well.
fn edit(ui: &mut Ui, cx: &mut Cx<'_>, rect: Rect, field: Field, (before, hint, rows): (&str, &str, u8)) {
    let tokens = cx.theme.tokens;
    let id = field_id(field);
    let focused = cx.focus.has_ring(id) || ui.memory(|memory| memory.has_focus(id));
    let edge = if focused { (2.0, tokens.focus) } else { (1.0, tokens.line) };
    ui.painter().rect(rect, 10.0, tokens.surface_2, edge, egui::StrokeKind::Inside);
    let mut text = before.to_owned();
    let inside = rect.shrink2(vec2(14.0, if rows > 1 { 12.0 } else { 0.0 }));
    let mut child = ui.new_child(UiBuilder::new().max_rect(rect).id_salt(id));
    child.set_clip_rect(rect.intersect(ui.clip_rect()));
    let edit = if rows > 1 { TextEdit::multiline(&mut text) } else { TextEdit::singleline(&mut text) };
    let edit = edit
        .id(id)
        .hint_text(hint)
        .password(field.is_secret())
        .frame(egui::Frame::NONE)
        .background_color(tokens::CLEAR)
        .margin(Margin::ZERO)
        .font(FontSelection::FontId(cx.theme.font(Type::Body)))
        .text_color(tokens.text)
        .char_limit(field.limit())
        .desired_width(f32::INFINITY)
        .desired_rows(usize::from(rows))
        .min_size(inside.size());
    let edit = if rows > 1 { edit } else { edit.align(Align2::LEFT_CENTER) };
    let response = child.put(inside, edit);
    cx.focus.note_rect(id, rect);
    if response.has_focus() && response.clicked() {
        cx.focus.take(id);
    }
    if response.changed() {
        cx.send(Msg::Wish(Wish::Type(field, Typed(text))));
    }
    if cx.focus.is_activated(id) && cx.theme.density.is_tv() {
        cx.send(Msg::Wish(Wish::OpenKeys(field)));
    }
}
