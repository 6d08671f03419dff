//! The navigation at the top: where one is, the time on a television, and who one is.

use crate::{
    app::{Model, Msg, Place, SearchMsg, Section, SettingsWish, Wish},
    cx::Cx,
    icons,
    language::tr,
    motion::{self, time},
    theme::Type,
    tokens,
    widgets::{
        avatar,
        button::{self, Kind, Label},
        gradient::{self, Opaque},
        text, toast,
    },
};
use egui::{Align2, CursorIcon, Id, Rect, Role, Ui, Vec2, WidgetInfo, pos2, vec2};

fn id(name: &str) -> Id {
    Id::unique(("nav", name))
}

/// Row of the navigation for the focus.
pub(crate) fn row_id() -> Id {
    id("row")
}

/// Its items from left to right.
pub(crate) fn ids() -> Vec<Id> {
    vec![id("home"), id("search"), id("settings"), id("profile")]
}

/// The open profile menu, which keeps the focus to itself.
pub(crate) fn menu_ids(model: &Model) -> Vec<Id> {
    let mut ids = Vec::new();
    if model.account.as_ref().is_some_and(|account| account.profiles.len() > 1) {
        ids.push(id("switch"));
    }
    ids.push(id("sign-out"));
    ids
}

/// Shows the navigation, `visible` from 0 to 1; `solid` when content has been scrolled under it.
pub(crate) fn view(ui: &Ui, cx: &mut Cx<'_>, area: Rect, model: &Model, (visible, solid): (f32, f32)) {
    if visible < 0.01 {
        return;
    }
    let tokens = cx.theme.tokens;
    let metrics = cx.theme.metrics;
    let tv = cx.theme.density.is_tv();
    let band = Rect::from_min_size(area.min, vec2(area.width(), metrics.top + metrics.nav_height + 44.0));
    gradient::scrim(ui.painter(), band, Opaque::Top, tokens.ink, 0.55);
    if cx.theme.needs_firm_ground() {
        gradient::scrim(ui.painter(), band, Opaque::Top, tokens.ink, 0.95);
    }
    if solid > 0.0 {
        let (plate, fade) = band.split_top_bottom_at_fraction(0.72);
        ui.painter().rect_filled(plate, 0.0, tokens.ink.gamma_multiply(0.94 * solid));
        gradient::scrim(ui.painter(), fade, Opaque::Top, tokens.ink, 0.94 * solid);
    }
    let y = area.top() + metrics.top + metrics.nav_height / 2.0 - 20.0 * (1.0 - visible);
    let logo = text::line(
        ui.painter(),
        &cx.theme,
        (pos2(area.left() + metrics.keyline, y), Align2::LEFT_CENTER),
        "lumen",
        (Type::Logo, tokens.text),
    );
    let wide = |words: &str, least: f32| {
        let ink = (Type::BodyStrong, tokens.text);
        let galley = crate::widgets::text::galley(ui.painter(), &cx.theme, words, ink, f32::INFINITY, 1);
        vec2((galley.size().x + 22.0).max(least), metrics.nav_height)
    };
    let (home, search) = (wide(tr!("nav-home"), 68.0), wide(tr!("search"), 76.0));
    let pill = Rect::from_min_size(pos2(logo.right() + 19.0, y - metrics.nav_height / 2.0), home);
    tab(ui, cx, pill, ("home", tr!("nav-home"), Msg::GoHome), model.place == Place::Home);
    let pill = Rect::from_min_size(pos2(pill.right() + 4.0, pill.top()), search);
    let open = Msg::Search(SearchMsg::Open);
    tab(ui, cx, pill, ("search", tr!("search"), open), model.place == Place::Search);

    let radius = if tv { 12.0 } else { 15.0 };
    let centre = pos2(area.right() - metrics.keyline - radius, y);
    if let Some(profile) = &model.profile {
        let rect = Rect::from_center_size(centre, Vec2::splat(2.0 * radius + 6.0));
        let name = tr!("nav-profile", name = &profile.name);
        let touch = cx.touch(ui, id("profile"), rect, || WidgetInfo::labeled(Role::Button, true, &name));
        let picture = model.household.avatar(&profile.id);
        avatar::paint(ui.painter(), &cx.theme, (centre, radius), profile, picture);
        let lift = motion::follow(ui.ctx(), id("profile"), f32::from(u8::from(touch.is_raised())), time::FOCUS);
        if lift > 0.01 {
            ui.painter().circle_stroke(centre, radius + 4.0, (2.0, tokens.focus.gamma_multiply(lift)));
        }
        if touch.hovered {
            ui.set_cursor_icon(CursorIcon::PointingHand);
        }
        if touch.activated {
            cx.send(Msg::ProfileMenu(!model.profile_menu));
        }
    }
    let gear = Rect::from_center_size(
        pos2(centre.x - radius - 16.0 - metrics.nav_height / 2.0, y),
        Vec2::splat(metrics.nav_height),
    );
    gear_view(ui, cx, gear, model.place == Place::Settings);
    let mut right = gear.left() - 10.0;
    if tv && let Some(clock) = cx.clock.as_deref() {
        let at = (pos2(right, y), Align2::RIGHT_CENTER);
        right = text::line(ui.painter(), &cx.theme, at, clock, (Type::BodyMedium, tokens.text_2)).left() - 20.0;
    }
    library_progress(ui, cx, model, pos2(right, y));
    if model.profile_menu {
        profile_menu(ui, cx, model, pos2(centre.x + radius, y + metrics.nav_height / 2.0 + 10.0));
    }
}

fn tab(ui: &Ui, cx: &mut Cx<'_>, rect: Rect, (name, words, msg): (&str, &str, Msg), here: bool) {
    let tokens = cx.theme.tokens;
    let touch = cx.touch(ui, id(name), rect, || WidgetInfo::selected(Role::Tab, true, here, words));
    let focus = motion::follow(ui.ctx(), id(name), f32::from(u8::from(touch.focused)), time::FOCUS);
    let ground = if here || touch.hovered { tokens.control } else { tokens::CLEAR };
    let fill = tokens::mix(ground, tokens.focus, focus);
    let ink = tokens::mix(if here { tokens.text } else { tokens.text_2 }, tokens.on_focus, focus);
    ui.painter().rect_filled(rect, rect.height() / 2.0, fill);
    let role = if here { Type::BodyStrong } else { Type::BodyMedium };
    text::line(ui.painter(), &cx.theme, (rect.center(), Align2::CENTER_CENTER), words, (role, ink));
    if touch.hovered {
        ui.set_cursor_icon(CursorIcon::PointingHand);
    }
    if touch.activated && !here {
        cx.send(msg);
    }
}

/// The way to the settings.
fn gear_view(ui: &Ui, cx: &mut Cx<'_>, rect: Rect, here: bool) {
    let tokens = cx.theme.tokens;
    let touch =
        cx.touch(ui, id("settings"), rect, || WidgetInfo::selected(Role::Tab, true, here, tr!("nav-open-settings")));
    let focus = motion::follow(ui.ctx(), id("settings"), f32::from(u8::from(touch.focused)), time::FOCUS);
    let ground = if here || touch.hovered { tokens.control } else { tokens::CLEAR };
    ui.painter().circle_filled(rect.center(), rect.width() / 2.0, tokens::mix(ground, tokens.focus, focus));
    let ink = tokens::mix(if here { tokens.text } else { tokens.text_2 }, tokens.on_focus, focus);
    text::icon(ui.painter(), rect.center(), icons::SETTINGS, cx.theme.metrics.icon * 0.95, ink);
    if touch.hovered {
        ui.set_cursor_icon(CursorIcon::PointingHand);
    }
    let activated = touch.activated && !here;
    touch.response.on_hover_text(tr!("settings"));
    if activated {
        cx.send(Msg::Wish(Wish::Settings(SettingsWish::Open(Section::Account))));
    }
}

/// How much of the library is made, discreetly.
fn library_progress(ui: &Ui, cx: &Cx<'_>, model: &Model, right_middle: egui::Pos2) {
    let Some(library) = model.home.ready().and_then(|home| home.library).filter(|_| model.place == Place::Home) else {
        return;
    };
    let tokens = cx.theme.tokens;
    let words = tr!("nav-library", ready = library.ready, total = library.total);
    let line = text::line(
        ui.painter(),
        &cx.theme,
        (right_middle - vec2(0.0, 3.0), Align2::RIGHT_CENTER),
        &words,
        (Type::Caption, tokens.text_3),
    );
    crate::cx::say(ui, id("library"), line, &words);
    let rail = Rect::from_min_size(pos2(line.left(), line.bottom() + 1.0), vec2(line.width(), 2.0));
    ui.painter().rect_filled(rail, 1.0, tokens.control);
    let share = library.ready as f32 / library.total.max(1) as f32;
    let done = Rect::from_min_size(rail.min, vec2(rail.width() * share.clamp(0.0, 1.0), 2.0));
    ui.painter().rect_filled(done, 1.0, tokens.text_3);
}

fn profile_menu(ui: &Ui, cx: &mut Cx<'_>, model: &Model, right_top: egui::Pos2) {
    let tokens = cx.theme.tokens;
    let Some(account) = &model.account else { return };
    let line = 38.0;
    let ids = menu_ids(model);
    let size = vec2(236.0, 60.0 + line * ids.len() as f32 + 8.0);
    let card = Rect::from_min_size(right_top - vec2(size.x, 0.0), size);
    ui.interact(card, id("menu"), egui::Sense::CLICK);
    let painter = ui.painter();
    painter.add(toast::shadow(tokens.shadow).as_shape(card, 14.0));
    painter.rect(card, 14.0, tokens.surface_2, (1.0, tokens.line), egui::StrokeKind::Inside);
    let name = model.profile.as_ref().map(|profile| profile.name.as_str()).unwrap_or_default();
    let left = card.left() + 20.0;
    let heading = text::clipped_line(
        painter,
        &cx.theme,
        (pos2(left, card.top() + 14.0), Align2::LEFT_TOP, size.x - 40.0),
        name,
        (Type::BodyStrong, tokens.text),
    );
    text::clipped_line(
        painter,
        &cx.theme,
        (pos2(left, heading.bottom()), Align2::LEFT_TOP, size.x - 40.0),
        &account.email,
        (Type::Caption, tokens.text_3),
    );
    for (index, item) in ids.into_iter().enumerate() {
        let rect = Rect::from_min_size(
            pos2(card.left() + 8.0, card.top() + 60.0 + line * index as f32),
            vec2(size.x - 16.0, line),
        );
        let (words, icon, msg) = if item == id("switch") {
            (tr!("nav-switch-profile"), icons::PEOPLE, Msg::ShowProfiles)
        } else {
            (tr!("sign-out"), icons::SIGN_OUT, Msg::SignOut)
        };
        let label = Label::new(Kind::Quiet, words).icon(icon);
        if button::labelled_in(ui, cx, item, rect, &label) {
            cx.send(msg);
        }
    }
}
