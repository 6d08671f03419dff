//! The settings: parts as tabs, each a list of lines.

mod parts;

use super::{lines, nav, notice};
use crate::{
    app::{Model, Msg, Section, SettingsWish, Wish},
    cx::{Cx, say},
    failure::Failure,
    focus::FocusMap,
    icons,
    language::tr,
    motion::{self, time},
    theme::Type,
    tokens,
    widgets::{skeleton, text},
};
use egui::{Align2, CursorIcon, Id, Rect, Role, Ui, WidgetInfo, pos2, vec2};

/// Identity of the page for the focus.
pub(crate) fn screen_id() -> Id {
    Id::unique("settings")
}

fn tab_id(section: Section) -> Id {
    Id::unique(("settings-tab", section))
}

/// Identity of the part that is shown: each scrolls by itself.
fn part_id(model: &Model) -> Id {
    Id::unique(("settings-part", model.settings_page.section))
}

fn tabs_id() -> Id {
    Id::unique("settings-tabs")
}

/// What the part that is shown needs and does not have.
fn missing(model: &Model) -> Option<&Failure> {
    let page = &model.settings_page;
    match page.section {
        Section::Account | Section::Plan | Section::Privacy => page.account.failure(),
        Section::Devices => page.devices.failure(),
        Section::Playback | Section::Support | Section::About | Section::Television => None,
    }
}

fn is_waiting(model: &Model) -> bool {
    let page = &model.settings_page;
    match page.section {
        Section::Account | Section::Plan | Section::Privacy => page.account.ready().is_none(),
        Section::Devices => page.devices.ready().is_none(),
        Section::Playback | Section::Support | Section::About | Section::Television => false,
    }
}

/// Navigation, parts, and the lines of the one that is shown.
pub(crate) fn focus_map(model: &Model) -> FocusMap {
    if model.profile_menu {
        return FocusMap::default().column(nav::menu_ids(model));
    }
    let map = FocusMap::default()
        .row(nav::row_id(), nav::ids())
        .row(tabs_id(), Section::all(model.density).iter().map(|section| tab_id(*section)));
    let map = map.starting_at(tab_id(model.settings_page.section));
    if missing(model).is_some() {
        return map.row(notice::action_id(), [notice::action_id()]);
    }
    if is_waiting(model) { map } else { lines::focus_rows(map, part_id(model), &parts::lines(model)) }
}

/// Shows the page.
pub(crate) fn view(ui: &mut Ui, cx: &mut Cx<'_>, model: &Model) {
    let area = ui.max_rect();
    let tokens = cx.theme.tokens;
    ui.painter().rect_filled(area, 0.0, tokens.ink);
    let metrics = cx.theme.metrics;
    let tv = cx.theme.density.is_tv();
    let left = area.left() + metrics.keyline;
    let top = area.top() + metrics.top + metrics.nav_height + if tv { 18.0 } else { 30.0 };
    let at = (pos2(left, top), Align2::LEFT_TOP);
    let heading = text::line(ui.painter(), &cx.theme, at, tr!("settings"), (Type::Title, tokens.text));
    say(ui, Id::unique("settings-heading"), heading, tr!("settings"));
    let below = tabs(ui, cx, model, pos2(left, heading.bottom() + if tv { 10.0 } else { 16.0 }));
    let room = Rect::from_min_max(
        pos2(left, below + if tv { 18.0 } else { 26.0 }),
        pos2(area.right() - metrics.keyline, area.bottom()),
    );
    if let Some(failure) = missing(model) {
        notice::view(ui, cx, room, failure);
    } else if is_waiting(model) {
        for index in 0..5 {
            let rect =
                Rect::from_min_size(room.min + vec2(0.0, 58.0 * index as f32), vec2(room.width().min(680.0), 46.0));
            skeleton::block(ui.painter(), cx, rect, 10.0);
        }
        say(ui, Id::unique("settings-waiting"), room, tr!("loading"));
    } else {
        lines::view(ui, cx, room, part_id(model), &parts::lines(model));
    }
    nav::view(ui, cx, area, model, (1.0, 0.0));
    if model.settings_page.section == Section::Television {
        // The edges as they are now: all of it must be seen on the panel.
        ui.painter().rect_stroke(area, 0.0, (2.0, tokens.accent), egui::StrokeKind::Inside);
        say(ui, Id::unique("settings-edges"), area, tr!("edges"));
    }
}

fn icon(section: Section) -> &'static str {
    match section {
        Section::Account => icons::ACCOUNT,
        Section::Plan => icons::PLAN,
        Section::Devices => icons::DEVICES,
        Section::Playback => icons::PLAYBACK,
        Section::Privacy => icons::PRIVACY,
        Section::Support => icons::SUPPORT,
        Section::About => icons::INFO,
        Section::Television => icons::FULL_SCREEN,
    }
}

/// The parts side by side, on a second line where there is no room for all; returns their lower edge.
fn tabs(ui: &Ui, cx: &mut Cx<'_>, model: &Model, at: egui::Pos2) -> f32 {
    let tokens = cx.theme.tokens;
    let tv = cx.theme.density.is_tv();
    let (height, space) = if tv { (32.0, 4.0) } else { (38.0, 8.0) };
    let right = ui.max_rect().right() - cx.theme.metrics.keyline;
    let (mut x, mut y) = (at.x, at.y);
    for section in Section::all(model.density).iter().copied() {
        let words = section.name();
        let galley = text::galley(ui.painter(), &cx.theme, words, (Type::Label, tokens.text), f32::INFINITY, 1);
        let padding = if tv { 12.0 } else { 16.0 };
        let size = vec2(galley.size().x + 24.0 + 2.0 * padding, height);
        if x + size.x > right && x > at.x {
            (x, y) = (at.x, y + height + space);
        }
        let rect = Rect::from_min_size(pos2(x, y), size);
        x = rect.right() + space;
        let here = section == model.settings_page.section;
        let id = tab_id(section);
        let touch = cx.touch(ui, id, rect, || WidgetInfo::selected(Role::Tab, true, here, words));
        let focus = motion::follow(ui.ctx(), id, f32::from(u8::from(touch.focused)), time::FOCUS);
        let base = if here || touch.hovered { tokens.control } else { tokens.surface_1 };
        ui.painter().rect_filled(rect, height / 2.0, tokens::mix(base, tokens.focus, focus));
        let ink = tokens::mix(if here { tokens.text } else { tokens.text_2 }, tokens.on_focus, focus);
        let middle = rect.center().y;
        text::icon(ui.painter(), pos2(rect.left() + padding + 8.0, middle), icon(section), 17.0, ink);
        let at = (pos2(rect.left() + padding + 24.0, middle), Align2::LEFT_CENTER);
        text::line(ui.painter(), &cx.theme, at, words, (Type::Label, ink));
        if touch.hovered {
            ui.set_cursor_icon(CursorIcon::PointingHand);
        }
        if touch.activated && !here {
            cx.send(Msg::Wish(Wish::Settings(SettingsWish::Section(section))));
        }
    }
    y + height
}
