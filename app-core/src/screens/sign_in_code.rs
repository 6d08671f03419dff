//! The way in without a browser: a code that is entered on a phone, as text and as a picture.

use super::sign_in::{focus_id as id, horizon};
use crate::{
    app::{Model, Msg},
    code::{SignInCode, Squares},
    cx::{Cx, say},
    focus::FocusMap,
    format,
    language::tr,
    theme::Type,
    widgets::{
        button::{self, Kind, Label},
        text,
    },
};
use egui::{Align2, Id, Pos2, Rect, Ui, pos2, vec2};
use std::time::Duration;

/// The way back, and another code.
pub(crate) fn focus_map() -> FocusMap {
    FocusMap::default().row(id("buttons"), [id("cancel"), id("new-code")]).starting_at(id("cancel"))
}

/// Shows the screen.
pub(crate) fn view(ui: &Ui, cx: &mut Cx<'_>, model: &Model, (code, until): (&SignInCode, f64)) {
    let area = ui.max_rect();
    let tokens = cx.theme.tokens;
    ui.painter().rect_filled(area, 0.0, tokens.ink);
    horizon(ui, cx, area);

    // The picture is as large as the room allows: it is read across the room.
    let side = (area.height() * 0.46).min(area.width() * 0.30);
    let gap = area.width() * 0.06;
    let words = (area.width() * 0.46).min(560.0);
    let picture = if code.picture.is_some() { gap + side } else { 0.0 };
    let left = area.center().x - (words + picture) / 2.0;
    let mut top = area.top() + area.height() * 0.16;
    let logo =
        text::line(ui.painter(), &cx.theme, (pos2(left, top), Align2::LEFT_TOP), "lumen", (Type::Logo, tokens.accent));
    say(ui, id("name"), logo, "Lumen");
    top = logo.bottom() + 10.0;
    if let Some(squares) = &code.picture {
        let at = pos2(left + words + gap, top + 6.0);
        let words = (tr!("code-picture"), id("picture"));
        paint(ui, cx, Rect::from_min_size(at, vec2(side, side)), squares, words);
    }
    let line = |top: f32, name: &str, words_: &str, role, colour| {
        let rect = text::paragraph(ui.painter(), &cx.theme, (pos2(left, top), words, 3), words_, (role, colour));
        say(ui, id(name), rect, words_);
        rect.bottom()
    };
    top = line(top, "heading", tr!("code-heading"), Type::Title, tokens.text) + 16.0;
    let how = if code.picture.is_some() { tr!("code-scan-or-open") } else { tr!("code-open") };
    top = line(top, "how", how, Type::Body, tokens.text_2) + 4.0;
    top = line(top, "page", &code.address(), Type::RowTitle, tokens.text) + 16.0;
    top = line(top, "enter", tr!("code-enter"), Type::Body, tokens.text_2) + 2.0;
    let shown =
        text::line(ui.painter(), &cx.theme, (pos2(left, top), Align2::LEFT_TOP), &code.text, (Type::Code, tokens.text));
    // Letter by letter: a screen reader would make a word of it.
    let spelled: Vec<String> = code.text.chars().map(String::from).collect();
    say(ui, id("code"), shown, &tr!("code-spelled", letters = spelled.join(" ")));
    top = shown.bottom() + 8.0;
    let left_s = (until - ui.ctx().time()).max(0.0);
    let rest = if left_s >= 1.0 {
        let clock = format::clock(Duration::from_secs_f64(left_s.ceil()));
        tr!("code-good-for", time = clock)
    } else {
        tr!("code-expired").to_owned()
    };
    let rest =
        text::line(ui.painter(), &cx.theme, (pos2(left, top), Align2::LEFT_TOP), &rest, (Type::Label, tokens.text_2));
    buttons(ui, cx, pos2(left, rest.bottom() + 22.0));
    let server = model.server.as_str().trim_end_matches('/');
    let foot = pos2(left, area.bottom() - area.height() * 0.06);
    text::line(ui.painter(), &cx.theme, (foot, Align2::LEFT_BOTTOM), server, (Type::Caption, tokens.text_3));
}

fn buttons(ui: &Ui, cx: &mut Cx<'_>, at: Pos2) {
    let mut at = at;
    for (name, words, msg) in
        [("cancel", tr!("code-not-now"), Msg::CancelSignIn), ("new-code", tr!("code-new"), Msg::SignInByCode)]
    {
        let (rect, pressed) = button::labelled(ui, cx, id(name), at, &Label::new(Kind::Plain, words));
        if pressed {
            cx.send(msg);
        }
        at.x = rect.right() + 12.0;
    }
}

/// Dark squares on a light ground, whatever the theme: many readers take nothing else.
pub(super) fn paint(ui: &Ui, cx: &Cx<'_>, rect: Rect, squares: &Squares, (words, name): (&str, Id)) {
    let tokens = cx.theme.over_video().tokens;
    let painter = ui.painter();
    let scale = ui.ctx().pixels_per_point();
    let count = (squares.side() + 2 * Squares::QUIET) as f32;
    // Whole pixels, or the squares would have seams.
    let square = ((rect.width() * scale / count).floor().max(1.0)) / scale;
    let ground =
        Rect::from_min_size((rect.min.to_vec2() * scale).round().to_pos2() / scale, vec2(1.0, 1.0) * square * count);
    painter.rect_filled(ground, 6.0, tokens.focus);
    let origin = ground.min + vec2(1.0, 1.0) * (square * Squares::QUIET as f32);
    for (column, row) in squares.dark() {
        let at = origin + vec2(column as f32, row as f32) * square;
        painter.rect_filled(Rect::from_min_size(at, vec2(square, square)), 0.0, tokens.ink);
    }
    say(ui, name, ground, words);
}
