//! Who is watching?

use crate::{
    app::{HouseholdWish, MAX_PROFILES, Model, Msg, Wish},
    cx::{Cx, say},
    focus::FocusMap,
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
use egui::{Align2, CursorIcon, Id, Rect, Role, Ui, WidgetInfo, pos2, vec2};
use service_api::identity::Profile;

/// Identity of the screen for the focus.
pub(crate) fn screen_id() -> Id {
    Id::unique("profiles")
}

fn profile_id(profile: &Profile) -> Id {
    Id::unique(("profile", profile.id.as_str()))
}

fn add_id() -> Id {
    Id::unique("profiles-add")
}

fn manage_id() -> Id {
    Id::unique("profiles-manage")
}

fn can_add(model: &Model) -> bool {
    let count = model.account.as_ref().map_or(0, |account| account.profiles.len());
    model.household.is_managing && count < MAX_PROFILES
}

fn sign_out_id() -> Id {
    Id::unique("profiles-sign-out")
}

/// The avatars, beginning at who watched last, and signing out below.
pub(crate) fn focus_map(model: &Model) -> FocusMap {
    let profiles = model.account.as_ref().map(|account| account.profiles.as_slice()).unwrap_or_default();
    let add = can_add(model).then(add_id);
    let mut map = FocusMap::default()
        .row(Id::unique("profiles-row"), profiles.iter().map(profile_id).chain(add))
        .row(Id::unique("profiles-more"), [manage_id(), sign_out_id()]);
    let last = model.settings.last_profile.as_ref();
    if let Some(last) = profiles.iter().find(|profile| Some(&profile.id) == last) {
        map = map.starting_at(profile_id(last));
    }
    map
}

/// Shows the screen.
pub(crate) fn view(ui: &mut Ui, cx: &mut Cx<'_>, model: &Model) {
    let area = ui.max_rect();
    let tokens = cx.theme.tokens;
    ui.painter().rect_filled(area, 0.0, tokens.ink);
    let Some(account) = &model.account else { return };
    let tv = cx.theme.density.is_tv();
    let words = if model.household.is_managing { tr!("profiles-whose") } else { tr!("profiles-who") };
    let heading = text::line(
        ui.painter(),
        &cx.theme,
        (pos2(area.center().x, area.top() + area.height() * 0.26), Align2::CENTER_CENTER),
        words,
        (Type::Hero, tokens.text),
    );
    say(ui, Id::unique("profiles-heading"), heading, words);

    let radius: f32 = if tv { 48.0 } else { 58.0 };
    let tiles = account.profiles.len() + usize::from(can_add(model));
    let room = area.width() - 2.0 * cx.theme.metrics.keyline;
    let pitch = (2.0 * radius + if tv { 40.0 } else { 48.0 }).min(room / tiles.max(1) as f32);
    let radius = radius.min(pitch * 0.38);
    let width = pitch * (tiles as f32 - 1.0);
    let y = area.center().y + 8.0;
    let at = |index: usize| pos2(area.center().x - width / 2.0 + pitch * index as f32, y);
    for (index, profile) in account.profiles.iter().enumerate() {
        tile(ui, cx, model, (at(index), radius), profile);
    }
    if can_add(model) {
        add_tile(ui, cx, at(tiles - 1), radius);
    }

    let manage = if model.household.is_managing {
        Label::new(Kind::Quiet, tr!("done")).icon(icons::CHECK)
    } else {
        Label::new(Kind::Quiet, tr!("profiles-manage")).icon(icons::EDIT)
    };
    let sign_out = Label::new(Kind::Quiet, tr!("sign-out")).icon(icons::SIGN_OUT);
    let width = button::width(ui, cx, &manage) + 12.0 + button::width(ui, cx, &sign_out);
    let at = pos2(area.center().x - width / 2.0, area.bottom() - if tv { 84.0 } else { 110.0 });
    let (rect, pressed) = button::labelled(ui, cx, manage_id(), at, &manage);
    if pressed {
        cx.send(Msg::Wish(Wish::Household(HouseholdWish::Manage(!model.household.is_managing))));
    }
    let (rect, pressed) = button::labelled(ui, cx, sign_out_id(), pos2(rect.right() + 12.0, rect.top()), &sign_out);
    if pressed {
        cx.send(Msg::SignOut);
    }
    text::line(
        ui.painter(),
        &cx.theme,
        (pos2(area.center().x, rect.bottom() + 12.0), Align2::CENTER_CENTER),
        &format!("{} · {}", account.email, account.plan),
        (Type::Caption, tokens.text_3),
    );
}

/// Makes another profile.
fn add_tile(ui: &Ui, cx: &mut Cx<'_>, centre: egui::Pos2, radius: f32) {
    let tokens = cx.theme.tokens;
    let rect = Rect::from_center_size(centre + vec2(0.0, 14.0), vec2(2.0 * radius, 2.0 * radius + 34.0));
    let touch = cx.touch(ui, add_id(), rect, || WidgetInfo::labeled(Role::Button, true, tr!("profiles-add")));
    let lift = motion::follow(ui.ctx(), add_id(), f32::from(u8::from(touch.is_raised())), time::FOCUS);
    let radius = radius * (1.0 + 0.08 * lift);
    let painter = ui.painter();
    painter.circle_filled(centre, radius, tokens.surface_2);
    text::icon(painter, centre, icons::PLUS, radius * 0.8, tokens::mix(tokens.text_2, tokens.text, lift));
    if lift > 0.01 {
        painter.circle_stroke(centre, radius + 4.5, (2.5, tokens.focus.gamma_multiply(lift)));
    }
    let role = if lift > 0.5 { Type::BodyStrong } else { Type::BodyMedium };
    let below = (pos2(centre.x, centre.y + radius + 24.0), Align2::CENTER_CENTER);
    text::line(painter, &cx.theme, below, tr!("profiles-add"), (role, tokens::mix(tokens.text_2, tokens.text, lift)));
    if touch.hovered {
        ui.set_cursor_icon(CursorIcon::PointingHand);
    }
    if touch.activated {
        cx.send(Msg::Wish(Wish::Household(HouseholdWish::Add)));
    }
}

fn tile(ui: &Ui, cx: &mut Cx<'_>, model: &Model, (centre, radius): (egui::Pos2, f32), profile: &Profile) {
    let household = &model.household;
    let is_locked = household.is_locked(&profile.id);
    let tokens = cx.theme.tokens;
    let rect = Rect::from_center_size(centre + vec2(0.0, 14.0), vec2(2.0 * radius, 2.0 * radius + 34.0));
    let id = profile_id(profile);
    let touch = cx.touch(ui, id, rect, || {
        let spoken = match (household.is_managing, is_locked) {
            (true, _) => tr!("profiles-change", name = &profile.name),
            (false, true) => tr!("profiles-locked", name = &profile.name),
            (false, false) => profile.name.clone(),
        };
        WidgetInfo::labeled(Role::Button, true, spoken)
    });
    let lift = motion::follow(ui.ctx(), id, f32::from(u8::from(touch.is_raised())), time::FOCUS);
    let radius = radius * (1.0 + 0.08 * lift);
    let painter = ui.painter();
    avatar::paint(painter, &cx.theme, (centre, radius), profile, household.avatar(&profile.id));
    let mark = if household.is_managing {
        Some(icons::EDIT)
    } else if is_locked {
        Some(icons::LOCK)
    } else {
        None
    };
    if let Some(mark) = mark {
        let corner = centre + vec2(radius, radius) * 0.72;
        painter.circle_filled(corner, radius * 0.3, tokens.ink);
        painter.circle_filled(corner, radius * 0.25, tokens.surface_2);
        text::icon(painter, corner, mark, radius * 0.3, tokens.text);
    }
    if lift > 0.01 {
        painter.circle_stroke(centre, radius + 4.5, (2.5, tokens.focus.gamma_multiply(lift)));
    }
    let role = if lift > 0.5 { Type::BodyStrong } else { Type::BodyMedium };
    let ink = tokens::mix(tokens.text_2, tokens.text, lift);
    let below = pos2(centre.x, centre.y + radius + 24.0);
    let name = text::line(painter, &cx.theme, (below, Align2::CENTER_CENTER), &profile.name, (role, ink));
    if let Some(age) = profile.maturity_ceiling {
        let words = if household.is_kids(&profile.id) {
            tr!("profiles-kids", age = age)
        } else {
            tr!("profiles-up-to", age = age)
        };
        let at = pos2(centre.x, name.bottom() + 10.0);
        text::line(painter, &cx.theme, (at, Align2::CENTER_CENTER), &words, (Type::Caption, tokens.text_3));
    }
    if touch.hovered {
        ui.set_cursor_icon(CursorIcon::PointingHand);
    }
    if touch.activated {
        cx.send(Msg::ChooseProfile(profile.id.clone()));
    }
}
