//! The menus over the bar: audio, subtitles, and the gear with quality, speed and skipping; none is deeper than two.
//!
//! A closed line shows its current value. The current choice is marked; a line with carets goes through its values.

mod items;

use self::items::{Item, Kind, items, title};
pub(crate) use super::model::Menu;
use super::{
    controls::{self, control_id},
    model::{PlayerMsg, PlayerScreen},
};
use crate::{
    app::Msg,
    cx::{Cx, Touch, say},
    focus::{FocusMap, Step},
    icons,
    language::tr,
    motion::{self, time},
    theme::Type,
    tokens,
    widgets::{text, toast},
};
use egui::{Align2, CursorIcon, Id, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

/// The menu that a control opens.
pub(crate) fn of_control(name: &str) -> Option<Menu> {
    match name {
        "Audio" => Some(Menu::Audio),
        "Subtitles" => Some(Menu::Subtitles),
        "Settings" => Some(Menu::Settings),
        _ => None,
    }
}

/// Name of the control that a menu hangs on.
fn anchor(menu: Menu) -> &'static str {
    match menu {
        Menu::Audio => "Audio",
        Menu::Subtitles | Menu::TextLook => "Subtitles",
        Menu::Settings | Menu::Quality | Menu::Speed | Menu::Skipping | Menu::Decoder | Menu::Quick => "Settings",
    }
}

fn item_id(menu: Menu, index: usize) -> Id {
    Id::unique(("player-menu", menu, index))
}

fn back_id(menu: Menu) -> Id {
    Id::unique(("player-menu-back", menu))
}

/// Only the lines of the open menu, beginning at the current choice.
pub(crate) fn focus_map(player: &PlayerScreen, menu: Menu) -> FocusMap {
    let items = items(player, menu);
    let chosen = items.iter().position(Item::is_chosen).unwrap_or(0);
    let back = menu.parent().map(|_| back_id(menu));
    let lines = back.into_iter().chain((0..items.len()).map(|index| item_id(menu, index)));
    FocusMap::default().column(lines).starting_at(item_id(menu, chosen))
}

/// What an arrow to the side means on the line that has the focus.
pub(crate) fn sideways(player: &PlayerScreen, current: Option<Id>, step: Step) -> Option<PlayerMsg> {
    let menu = player.menu?;
    let items = items(player, menu);
    let item = items.into_iter().enumerate().find(|(index, _)| Some(item_id(menu, *index)) == current)?.1;
    match (item.kind, step) {
        (Kind::Value { .. }, Step::Right) | (Kind::Link, Step::Right) => Some(item.message),
        (Kind::Value { back }, Step::Left) => Some(back),
        (_, Step::Left) => menu.parent().map(PlayerMsg::ToggleMenu),
        _ => None,
    }
}

/// Shows the menu above its control.
pub(crate) fn view(ui: &Ui, cx: &mut Cx<'_>, area: Rect, player: &PlayerScreen, menu: Menu) {
    let tokens = cx.theme.tokens;
    let tv = cx.theme.density.is_tv();
    let items = items(player, menu);
    let line = if tv { 34.0 } else { 36.0 };
    let heading = if tv { 36.0 } else { 38.0 };
    let width = 264.0;
    let bottom = area.bottom() - controls::height(cx) - 4.0;
    let room = ((bottom - area.top() - 8.0 - heading - 10.0) / line).floor().max(1.0) as usize;
    let seen = items.len().min(room);
    let height = heading + line * seen as f32 + 10.0;
    let right = area.right() - controls::keyline(cx);
    let anchor = ui.read_response(control_id(anchor(menu))).map_or(right, |response| response.rect.center().x);
    let left = (anchor - width / 2.0).min(right - width).max(area.left() + 8.0);
    let opened = motion::follow_from(ui.ctx(), Id::unique(("player-menu", menu)), 0.0, 1.0, time::SHEET);
    let top = (bottom - height).max(area.top() + 8.0) + 8.0 * (1.0 - opened);
    let card = Rect::from_min_size(pos2(left, top), vec2(width, height));

    // Swallows clicks between the lines.
    ui.interact(card, Id::unique("player-menu-card"), Sense::CLICK);
    let painter = ui.painter();
    painter.add(toast::shadow(tokens.shadow).as_shape(card, 14.0));
    painter.rect(card, 14.0, tokens.surface_2, (1.0, tokens.line), egui::StrokeKind::Inside);
    name(ui, cx, Rect::from_min_size(card.min, vec2(width, heading + 4.0)), menu);
    let first = first_seen(ui, cx, card, (menu, items.len(), seen), line);
    for (index, item) in items.iter().enumerate().skip(first).take(seen) {
        let place = line * (index - first) as f32;
        let rect = Rect::from_min_size(pos2(card.left() + 6.0, card.top() + heading + place), vec2(width - 12.0, line));
        row(ui, cx, rect, (menu, index), item);
    }
}

/// The heading; in a menu behind another it leads back.
fn name(ui: &Ui, cx: &mut Cx<'_>, rect: Rect, menu: Menu) {
    let tokens = cx.theme.tokens;
    let words = title(menu);
    let mut left = rect.left() + 18.0;
    let mut ink = tokens.text_3;
    if let Some(parent) = menu.parent() {
        let zone = rect.shrink2(vec2(6.0, 4.0));
        let touch = cx.touch(ui, back_id(menu), zone, || {
            WidgetInfo::labeled(Role::Button, true, tr!("menu-back-to", menu = title(parent)))
        });
        if touch.focused {
            ui.painter().rect_filled(zone, 9.0, tokens.focus);
            ink = tokens.on_focus;
        } else if touch.hovered {
            ink = tokens.text;
            ui.set_cursor_icon(CursorIcon::PointingHand);
        }
        if touch.activated {
            cx.send(Msg::Player(PlayerMsg::ToggleMenu(parent)));
        }
        text::icon(ui.painter(), pos2(left, rect.center().y + 1.0), icons::CARET_LEFT, 14.0, ink);
        left += 14.0;
    }
    let at = (pos2(left, rect.center().y + 1.0), Align2::LEFT_CENTER);
    let line = text::line(ui.painter(), &cx.theme, at, words, (Type::Label, ink));
    say(ui, Id::unique(("player-menu-title", menu)), line, words);
}

/// The first line that is seen where there are more than fit: follows the focus, and the wheel.
fn first_seen(ui: &Ui, cx: &Cx<'_>, card: Rect, (menu, count, seen): (Menu, usize, usize), line: f32) -> usize {
    if seen >= count {
        return 0;
    }
    let id = Id::unique(("player-menu-scroll", menu));
    let mut scroll: f32 = ui.data(|data| data.get_temp(id)).unwrap_or(0.0);
    if ui.rect_contains_pointer(card) {
        scroll -= ui.input(|input| input.smooth_scroll_delta.y) / line;
    }
    if cx.focus.ring_is_shown()
        && let Some(focused) = (0..count).find(|index| cx.focus.current() == Some(item_id(menu, *index)))
    {
        scroll = scroll.clamp((focused + 1).saturating_sub(seen) as f32, focused as f32);
    }
    let scroll = scroll.clamp(0.0, (count - seen) as f32);
    ui.data_mut(|data| data.insert_temp(id, scroll));
    scroll.round() as usize
}

fn row(ui: &Ui, cx: &mut Cx<'_>, rect: Rect, (menu, index): (Menu, usize), item: &Item) {
    let tokens = cx.theme.tokens;
    let spoken = if item.detail.is_empty() { item.label.clone() } else { format!("{}, {}", item.label, item.detail) };
    let chosen = item.is_chosen();
    let touch = cx.touch(ui, item_id(menu, index), rect, || match item.kind {
        Kind::Choice { chosen } => WidgetInfo::selected(Role::RadioButton, true, chosen, &spoken),
        _ => WidgetInfo::labeled(Role::Button, true, &spoken),
    });
    let (fill, ink, quiet) = if touch.focused {
        (tokens.focus, tokens.on_focus, tokens.on_focus)
    } else if touch.hovered {
        (tokens.control_quiet, tokens.text, tokens.text_2)
    } else {
        (tokens::CLEAR, if chosen { tokens.text } else { tokens.text_2 }, tokens.text_3)
    };
    let painter = ui.painter();
    painter.rect_filled(rect, 9.0, fill);
    let middle = rect.center().y;
    if chosen {
        let mark = if touch.focused { ink } else { tokens.accent };
        text::icon(painter, pos2(rect.left() + 18.0, middle), icons::CHECK, 16.0, mark);
    }
    // Only where something can be marked is there room for it.
    let indent = if matches!(item.kind, Kind::Choice { .. }) || menu == Menu::Subtitles { 36.0 } else { 14.0 };
    let role = if chosen { Type::BodyStrong } else { Type::Body };
    let right = match item.kind {
        Kind::Link | Kind::Value { .. } => rect.right() - 26.0,
        Kind::Choice { .. } | Kind::Button => rect.right() - 12.0,
    };
    let detail = text::line(
        painter,
        &cx.theme,
        (pos2(right, middle), Align2::RIGHT_CENTER),
        &item.detail,
        (Type::Caption, quiet),
    );
    let carets = (detail.left() - 9.0, rect.right() - 16.0);
    match item.kind {
        Kind::Link => {
            text::icon(painter, pos2(carets.1, middle), icons::CARET_RIGHT, 13.0, quiet);
        }
        Kind::Value { .. } => {
            text::icon(painter, pos2(carets.0, middle), icons::CARET_LEFT, 13.0, quiet);
            text::icon(painter, pos2(carets.1, middle), icons::CARET_RIGHT, 13.0, quiet);
        }
        Kind::Choice { .. } | Kind::Button => {}
    }
    let room = (detail.left() - 18.0 - rect.left() - indent).max(8.0);
    let at = (pos2(rect.left() + indent, middle), Align2::LEFT_CENTER, room);
    text::fitted_line(painter, &cx.theme, at, &item.label, (role, ink));
    if touch.hovered {
        ui.set_cursor_icon(CursorIcon::PointingHand);
    }
    if touch.activated {
        if menu == Menu::Quick && item.kind == Kind::Button {
            cx.send(Msg::Player(PlayerMsg::ToggleMenu(menu)));
        }
        cx.send(Msg::Player(pressed(item, &touch, carets.0)));
    }
}

/// A click on the left caret goes back; everything else goes on.
fn pressed(item: &Item, touch: &Touch, left_caret: f32) -> PlayerMsg {
    let at = touch.response.interact_pointer_pos().filter(|_| touch.response.clicked());
    match (&item.kind, at) {
        (Kind::Value { back }, Some(at)) if (at.x - left_caret).abs() <= 12.0 => back.clone(),
        _ => item.message.clone(),
    }
}
