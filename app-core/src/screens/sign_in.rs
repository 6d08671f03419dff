//! The way in: the system browser for the catalog, or any stream without signing in.

use super::sign_in_code;
use crate::{
    app::{Model, Msg, SignInStep},
    cx::{Cx, say},
    desktop::model::DesktopMsg,
    focus::FocusMap,
    icons,
    language::tr,
    theme::Type,
    tokens,
    widgets::{
        button::{self, Kind, Label},
        gradient::{self, Opaque},
        spinner, text,
    },
};
use egui::{Align2, FontSelection, Id, Margin, Mesh, Rect, Sense, Shape, TextEdit, Ui, UiBuilder, pos2, vec2};

fn id(name: &str) -> Id {
    Id::unique(("sign-in", name))
}

/// Identity of a part of the way in.
pub(crate) fn focus_id(name: &str) -> Id {
    id(name)
}

/// Identity of the screen for the focus: a code is a page of its own.
pub(crate) fn screen_id(model: &Model) -> Id {
    match model.sign_in.step {
        SignInStep::Code { .. } => id("code-screen"),
        _ => id("screen"),
    }
}

/// Identity of the address field.
pub(crate) fn field_id() -> Id {
    id("field")
}

/// The sign-in buttons, then the address field and its button.
pub(crate) fn focus_map(model: &Model) -> FocusMap {
    let buttons = match &model.sign_in.step {
        SignInStep::Idle => vec![id("sign-in")],
        SignInStep::Starting => vec![id("cancel")],
        SignInStep::Waiting(_) => vec![id("copy"), id("again"), id("code"), id("cancel")],
        SignInStep::Code { .. } => return sign_in_code::focus_map(),
    };
    let start = buttons[0];
    let map = FocusMap::default().row(id("buttons"), buttons).row(id("url"), [field_id(), id("watch")]);
    // A television has neither files nor a dialog for them.
    let map = if model.density.is_tv() { map } else { map.row(id("more"), [id("open")]) };
    map.starting_at(start)
}

/// Shows the screen.
pub(crate) fn view(ui: &mut Ui, cx: &mut Cx<'_>, model: &Model) {
    if let SignInStep::Code { code, until } = &model.sign_in.step {
        return sign_in_code::view(ui, cx, model, (code, *until));
    }
    let area = ui.max_rect();
    let tokens = cx.theme.tokens;
    ui.painter().rect_filled(area, 0.0, tokens.ink);
    horizon(ui, cx, area);

    let width = 440.0_f32.min(area.width() - 40.0);
    let left = area.center().x - width / 2.0;
    let tv = cx.theme.density.is_tv();
    // Everything fits into the least window, and into larger ones with large text.
    let is_low = !tv && area.height() < 600.0;
    let space = |ample: f32| if is_low { ample * 0.5 } else { ample };
    let mut top = area.top() + area.height() * if tv { 0.13 } else { space(0.17) - if is_low { 0.03 } else { 0.0 } };
    let logo =
        text::line(ui.painter(), &cx.theme, (pos2(left, top), Align2::LEFT_TOP), "lumen", (Type::Hero, tokens.text));
    say(ui, id("name"), logo, "Lumen");
    top = logo.bottom() + 8.0;
    let line = text::paragraph(
        ui.painter(),
        &cx.theme,
        (pos2(left, top), width, 3),
        tr!("sign-in-why"),
        (Type::Body, tokens.text_2),
    );
    top = line.bottom() + if tv { 20.0 } else { space(28.0) };

    top = match &model.sign_in.step {
        SignInStep::Idle | SignInStep::Code { .. } => idle(ui, cx, model, pos2(left, top), width),
        SignInStep::Starting => starting(ui, cx, model, pos2(left, top), width),
        SignInStep::Waiting(_) => waiting(ui, cx, pos2(left, top), width),
    };
    top += if tv { 26.0 } else { space(44.0) };
    ui.painter().hline(left..=left + width, top, (1.0, tokens.line));
    top += if tv { 18.0 } else { space(28.0) };
    address(ui, cx, model, pos2(left, top), width);
}

/// The icon's sun and hills along the lower edge, so that the first screen is not a black hole.
pub(super) fn horizon(ui: &Ui, cx: &Cx<'_>, area: Rect) {
    let tokens = cx.theme.tokens;
    let painter = ui.painter();
    let glow = Rect::from_min_max(pos2(area.left(), area.top() + area.height() * 0.35), area.max);
    gradient::scrim(painter, glow, Opaque::Bottom, tokens.accent, 0.26);
    let sun = pos2(area.left() + area.width() * 0.85, area.top() + area.height() * 0.70);
    painter.circle_filled(sun, area.height() * 0.11, tokens::mix(tokens.ink, tokens.accent, 0.8));
    for (height, wave, turn, share) in [(0.74, 0.035, 0.4, 0.22), (0.82, 0.03, 2.6, 0.11), (0.90, 0.025, 4.4, 0.0)] {
        let colour = tokens::mix(tokens.ink, tokens.accent, share);
        let mut hills = Mesh::default();
        for step in 0..=64_u32 {
            let t = step as f32 / 64.0;
            let swell = (t * 6.0 + turn).sin() * wave + (t * 13.0 + 2.0 * turn).sin() * wave * 0.35;
            let x = area.left() + area.width() * t;
            hills.colored_vertex(pos2(x, area.top() + area.height() * (height + swell)), colour);
            hills.colored_vertex(pos2(x, area.bottom()), colour);
            if step > 0 {
                let base = 2 * (step - 1);
                hills.add_triangle(base, base + 1, base + 2);
                hills.add_triangle(base + 2, base + 1, base + 3);
            }
        }
        painter.add(Shape::mesh(hills));
    }
}

fn idle(ui: &mut Ui, cx: &mut Cx<'_>, model: &Model, at: egui::Pos2, width: f32) -> f32 {
    let tokens = cx.theme.tokens;
    let mut at = at;
    if let Some(failure) = &model.sign_in.failure {
        let words = text::paragraph(
            ui.painter(),
            &cx.theme,
            (at + vec2(30.0, 0.0), width - 30.0, 3),
            &failure.sentence,
            (Type::Body, tokens.warn),
        );
        text::icon(ui.painter(), at + vec2(10.0, 10.0), icons::WARNING, 20.0, tokens.warn);
        say(ui, id("failure"), words, &failure.sentence);
        let server = format!("{} · {}", model.server.as_str().trim_end_matches('/'), failure.code);
        let line = text::clipped_line(
            ui.painter(),
            &cx.theme,
            (pos2(words.left(), words.bottom() + 3.0), Align2::LEFT_TOP, width - 30.0),
            &server,
            (Type::Caption, tokens.text_3),
        );
        at.y = line.bottom() + 18.0;
    }
    let tv = cx.theme.density.is_tv();
    let label = match model.sign_in.failure {
        Some(_) => Label::new(Kind::Primary, tr!("retry")).icon(icons::FORWARD_10),
        None if tv => Label::new(Kind::Primary, tr!("sign-in")),
        None => Label::new(Kind::Primary, tr!("sign-in")).icon(icons::OPEN_OUTSIDE),
    };
    let (rect, pressed) = button::labelled(ui, cx, id("sign-in"), at, &label);
    if pressed {
        cx.send(Msg::SignIn);
    }
    if model.sign_in.failure.is_some() {
        return rect.bottom();
    }
    let hint = text::line(
        ui.painter(),
        &cx.theme,
        (pos2(rect.right() + 16.0, rect.center().y), Align2::LEFT_CENTER),
        if tv { tr!("sign-in-by-phone") } else { tr!("sign-in-by-browser") },
        (Type::Label, tokens.text_3),
    );
    hint.bottom().max(rect.bottom())
}

fn starting(ui: &mut Ui, cx: &mut Cx<'_>, model: &Model, at: egui::Pos2, width: f32) -> f32 {
    let server = model.server.as_str().trim_end_matches('/').to_owned();
    busy(ui, cx, at, width, &tr!("sign-in-asking", server = server));
    cancel(ui, cx, at + vec2(0.0, 44.0))
}

fn waiting(ui: &mut Ui, cx: &mut Cx<'_>, at: egui::Pos2, width: f32) -> f32 {
    busy(ui, cx, at, width, tr!("sign-in-waiting"));
    let mut at = at + vec2(0.0, 44.0);
    for (name, words, icon, msg) in [
        ("copy", tr!("sign-in-copy-link"), icons::LINK, Msg::CopySignInLink),
        ("again", tr!("sign-in-open-again"), icons::OPEN_OUTSIDE, Msg::OpenBrowserAgain),
        ("code", tr!("sign-in-by-code"), icons::DEVICES, Msg::SignInByCode),
    ] {
        let label = Label::new(Kind::Plain, words).icon(icon);
        let (rect, pressed) = button::labelled(ui, cx, id(name), at, &label);
        if pressed {
            cx.send(msg);
        }
        at.x = rect.right() + 12.0;
    }
    cancel(ui, cx, at)
}

fn busy(ui: &Ui, cx: &Cx<'_>, at: egui::Pos2, width: f32, words: &str) {
    spinner::paint(ui.painter(), at + vec2(11.0, 11.0), 9.0, cx.theme.tokens.accent);
    let line = text::clipped_line(
        ui.painter(),
        &cx.theme,
        (at + vec2(34.0, 11.0), Align2::LEFT_CENTER, width - 34.0),
        words,
        (Type::BodyMedium, cx.theme.tokens.text),
    );
    say(ui, id("busy"), line, words);
}

fn cancel(ui: &Ui, cx: &mut Cx<'_>, at: egui::Pos2) -> f32 {
    let (rect, pressed) = button::labelled(ui, cx, id("cancel"), at, &Label::new(Kind::Quiet, tr!("cancel")));
    if pressed {
        cx.send(Msg::CancelSignIn);
    }
    rect.bottom()
}

/// Address field: any HLS or DASH stream, no account.
fn address(ui: &mut Ui, cx: &mut Cx<'_>, model: &Model, at: egui::Pos2, width: f32) {
    let tokens = cx.theme.tokens;
    let heading = text::line(
        ui.painter(),
        &cx.theme,
        (at, Align2::LEFT_TOP),
        tr!("sign-in-stream"),
        (Type::BodyStrong, tokens.text),
    );
    say(ui, id("url-heading"), heading, tr!("sign-in-stream"));
    let label = Label::new(Kind::Plain, tr!("sign-in-watch")).icon(icons::PLAY);
    let button_width = button::width(ui, cx, &label);
    let height = cx.theme.metrics.button_height;
    let top = heading.bottom() + 12.0;
    let field = Rect::from_min_size(pos2(at.x, top), vec2(width - button_width - 12.0, height));
    let focused = cx.focus.has_ring(field_id()) || ui.memory(|memory| memory.has_focus(field_id()));
    let edge = if focused { (2.0, tokens.focus) } else { (1.0, tokens.line) };
    ui.painter().rect(field, 10.0, tokens.surface_2, edge, egui::StrokeKind::Inside);

    let mut url = model.sign_in.url.clone();
    let inside = field.shrink2(vec2(14.0, 0.0));
    let mut child = ui.new_child(UiBuilder::new().max_rect(field).id_salt("url"));
    let edit = TextEdit::singleline(&mut url)
        .id(field_id())
        .hint_text("https://example.com/master.m3u8")
        .frame(egui::Frame::NONE)
        .background_color(tokens::CLEAR)
        .margin(Margin::ZERO)
        .font(FontSelection::FontId(cx.theme.font(Type::Body)))
        .text_color(tokens.text)
        .char_limit(2048)
        .align(Align2::LEFT_CENTER)
        .desired_width(f32::INFINITY)
        .min_size(inside.size());
    let response = child.put(inside, edit).labelled_by(id("url-heading"));
    cx.focus.note_rect(field_id(), field);
    if response.has_focus() && response.clicked() {
        cx.focus.take(field_id());
    }
    if response.changed() {
        cx.send(Msg::EditUrl(url));
    }
    if cx.focus.is_activated(field_id()) {
        cx.send(Msg::OpenUrl);
    }
    let rect = Rect::from_min_size(pos2(field.right() + 12.0, top), vec2(button_width, height));
    if button::labelled_in(ui, cx, id("watch"), rect, &label) {
        cx.send(Msg::OpenUrl);
    }
    let mut below = field.bottom() + 10.0;
    if !cx.theme.density.is_tv() {
        let label = Label::new(Kind::Quiet, tr!("sign-in-open-file")).icon(icons::FILM);
        let (rect, pressed) = button::labelled(ui, cx, id("open"), pos2(at.x - 13.0, below - 4.0), &label);
        if pressed {
            cx.send(DesktopMsg::ShowOpen.into());
        }
        below = rect.bottom();
    }
    if let Some(problem) = &model.sign_in.url_problem {
        let words = text::paragraph(
            ui.painter(),
            &cx.theme,
            (pos2(at.x, below), width, 2),
            problem,
            (Type::Label, tokens.warn),
        );
        ui.interact(words, id("url-problem-area"), Sense::hover());
        say(ui, id("url-problem"), words, problem);
    }
}
