//! The `?` sheet: the key table as it is now, and where an action is given another key.

use super::{
    keys::{ROWS, Row},
    model::{KeysMsg, PlayerMsg, PlayerScreen, Rebinding},
    view::announce,
};
use crate::{
    app::Msg,
    cx::{Cx, say},
    density::Density,
    focus::FocusMap,
    icons,
    language::tr,
    motion::{self, time},
    theme::Type,
    widgets::{
        button::{self, Kind, Label},
        text, toast,
    },
};
use egui::{Align2, CursorIcon, Id, Rect, Role, Sense, Ui, WidgetInfo, accesskit::Live, pos2, vec2};

fn id(name: &str) -> Id {
    Id::unique(("player-sheet", name))
}

/// What has the focus to itself: the list, or the question about a key.
pub(crate) fn layer(player: &PlayerScreen) -> &'static str {
    match player.rebinding {
        Some(Rebinding::Asking { .. }) => "sheet-question",
        _ => "sheet",
    }
}

fn columns(density: Density) -> usize {
    if density.is_tv() { 2 } else { 3 }
}

/// The lines, as they stand on the screen, and the button above them.
pub(crate) fn focus_map(player: &PlayerScreen) -> FocusMap {
    if matches!(player.rebinding, Some(Rebinding::Asking { .. })) {
        return FocusMap::default().row(id("question"), [id("swap"), id("cancel")]);
    }
    let per_column = ROWS.len().div_ceil(columns(player.density));
    let mut map = FocusMap::default();
    if !player.key_choices.is_empty() {
        map = map.row(id("top"), [id("reset")]);
    }
    for line in 0..per_column {
        let rows = ROWS.iter().skip(line).step_by(per_column).filter(|row| !row.is_fixed());
        map = map.nearest_row(Id::unique(("player-sheet-line", line)), rows.map(|row| id(row.name)));
    }
    map.starting_at(id(ROWS[0].name))
}

/// Shows all shortcuts.
pub(crate) fn view(ui: &Ui, cx: &mut Cx<'_>, area: Rect, player: &PlayerScreen) {
    let tokens = cx.theme.tokens;
    let shown = motion::follow_from(ui.ctx(), id("shown"), 0.0, 1.0, time::SHEET);
    let painter = ui.painter();
    painter.rect_filled(area, 0.0, tokens.scrim.gamma_multiply(0.55 * shown));
    let columns = columns(player.density);
    let per_column = ROWS.len().div_ceil(columns);
    let frame = 74.0 + 46.0;
    let line = ((area.height() - 24.0 - frame) / per_column as f32).clamp(14.0, 27.0);
    let width = (350.0 * columns as f32 + 48.0).min(area.width() - 32.0);
    let size = vec2(width, frame + line * per_column as f32);
    let card = Rect::from_center_size(area.center() + vec2(0.0, 10.0 * (1.0 - shown)), size);
    // Swallows clicks between the lines.
    ui.interact(card, id("card"), Sense::CLICK);
    painter.add(toast::shadow(tokens.shadow).as_shape(card, 16.0));
    painter.rect(card, 16.0, tokens.surface_2, (1.0, tokens.line), egui::StrokeKind::Inside);
    text::icon(painter, card.left_top() + vec2(34.0, 36.0), icons::KEYBOARD, 22.0, tokens.text_2);
    let heading = text::line(
        painter,
        &cx.theme,
        (card.left_top() + vec2(56.0, 36.0), Align2::LEFT_CENTER),
        tr!("keys-heading"),
        (Type::RowTitle, tokens.text),
    );
    say(ui, id("title"), heading, tr!("keys-heading"));
    if !player.key_choices.is_empty() {
        let label = Label::new(Kind::Quiet, tr!("keys-reset"));
        let size = vec2(button::width(ui, cx, &label), 32.0);
        let rect = Rect::from_min_size(pos2(card.right() - 20.0 - size.x, card.top() + 20.0), size);
        if button::labelled_in(ui, cx, id("reset"), rect, &label) {
            cx.send(Msg::Player(PlayerMsg::Keys(KeysMsg::Reset)));
        }
    }
    let column = (size.x - 48.0) / columns as f32;
    for (index, row) in ROWS.iter().enumerate() {
        let left = card.left() + 24.0 + column * (index / per_column) as f32;
        let top = card.top() + 70.0 + line * (index % per_column) as f32;
        let rect = Rect::from_min_size(pos2(left - 8.0, top), vec2(column - 6.0, line));
        shortcut(ui, cx, rect, row, player);
    }
    let foot = Rect::from_min_max(pos2(card.left() + 24.0, card.bottom() - 48.0), card.max - vec2(24.0, 0.0));
    footer(ui, cx, foot, player);
}

/// One line: its keys and what they do. Pressing it changes them.
fn shortcut(ui: &Ui, cx: &mut Cx<'_>, rect: Rect, row: &'static Row, player: &PlayerScreen) {
    let tokens = cx.theme.tokens;
    let keys = player.keys.label(row);
    let spoken = format!("{keys}: {}", row.help());
    let waits = matches!(player.rebinding, Some(Rebinding::Waiting(of)) if of == row);
    let mut ink = (if player.keys.is_chosen(row) { tokens.accent } else { tokens.text }, tokens.text_2);
    if row.is_fixed() {
        say(ui, id(row.name), rect, &spoken);
    } else {
        let touch = cx.touch(ui, id(row.name), rect, || WidgetInfo::labeled(Role::Button, true, &spoken));
        if touch.focused {
            ui.painter().rect_filled(rect, 7.0, tokens.focus);
            ink = (tokens.on_focus, tokens.on_focus);
        } else if touch.hovered || waits {
            ui.painter().rect_filled(rect, 7.0, tokens.control_quiet);
        }
        if touch.hovered {
            ui.set_cursor_icon(CursorIcon::PointingHand);
        }
        if touch.activated {
            cx.send(Msg::Player(PlayerMsg::Keys(KeysMsg::Choose(row))));
        }
    }
    let (left, y) = (rect.left() + 8.0, rect.center().y);
    let at = (pos2(left, y), Align2::LEFT_CENTER, 112.0);
    let (words, colour) = if waits {
        (tr!("keys-press"), if ink.0 == tokens.text { tokens.accent } else { ink.0 })
    } else {
        (keys.as_str(), ink.0)
    };
    text::fitted_line(ui.painter(), &cx.theme, at, words, (Type::LabelStrong, colour));
    let at = (pos2(left + 118.0, y), Align2::LEFT_CENTER, rect.width() - 130.0);
    text::fitted_line(ui.painter(), &cx.theme, at, row.help(), (Type::Label, ink.1));
}

/// What can be done here, or the question whether a key may be taken from another action.
fn footer(ui: &Ui, cx: &mut Cx<'_>, rect: Rect, player: &PlayerScreen) {
    let tokens = cx.theme.tokens;
    let (words, asks) = match &player.rebinding {
        None => (tr!("keys-choose").to_owned(), false),
        Some(Rebinding::Waiting(row)) => (tr!("keys-press-new", help = row.help()), false),
        Some(Rebinding::Asking { key, owner, .. }) => (tr!("keys-taken", key = key.label(), help = owner.help()), true),
    };
    let colour = if asks { tokens.text } else { tokens.text_3 };
    let at = (pos2(rect.left(), rect.center().y), Align2::LEFT_CENTER, rect.width() - if asks { 300.0 } else { 0.0 });
    let line = text::fitted_line(ui.painter(), &cx.theme, at, &words, (Type::Label, colour));
    say(ui, id("footer"), line, &words);
    announce(ui, id("footer"), Live::Polite);
    if !asks {
        return;
    }
    let mut right = rect.right();
    for (name, words, kind, msg) in [
        ("cancel", tr!("keys-keep"), Kind::Plain, KeysMsg::Cancel),
        ("swap", tr!("keys-swap"), Kind::Primary, KeysMsg::Swap),
    ] {
        let label = Label::new(kind, words);
        let size = vec2(button::width(ui, cx, &label), 34.0);
        let place = Rect::from_min_size(pos2(right - size.x, rect.center().y - size.y / 2.0), size);
        if button::labelled_in(ui, cx, id(name), place, &label) {
            cx.send(Msg::Player(PlayerMsg::Keys(msg)));
        }
        right = place.left() - 10.0;
    }
}
