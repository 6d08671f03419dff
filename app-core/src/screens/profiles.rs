//! Who is watching?

use crate::{
    app::{Model, Msg},
    cx::{Cx, say},
    focus::FocusMap,
    icons,
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

fn sign_out_id() -> Id {
    Id::unique("profiles-sign-out")
}

/// The avatars, beginning at who watched last, and signing out below.
pub(crate) fn focus_map(model: &Model) -> FocusMap {
    let profiles = model.account.as_ref().map(|account| account.profiles.as_slice()).unwrap_or_default();
    let mut map = FocusMap::default()
        .row(Id::unique("profiles-row"), profiles.iter().map(profile_id))
        .row(Id::unique("profiles-more"), [sign_out_id()]);
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
    let heading = text::line(
        ui.painter(),
        &cx.theme,
        (pos2(area.center().x, area.top() + area.height() * 0.26), Align2::CENTER_CENTER),
        "Who is watching?",
        (Type::Hero, tokens.text),
    );
    say(ui, Id::unique("profiles-heading"), heading, "Who is watching?");

    let radius = if tv { 48.0 } else { 58.0 };
    let pitch = 2.0 * radius + if tv { 40.0 } else { 48.0 };
    let width = pitch * (account.profiles.len() as f32 - 1.0);
    let y = area.center().y + 8.0;
    for (index, profile) in account.profiles.iter().enumerate() {
        let centre = pos2(area.center().x - width / 2.0 + pitch * index as f32, y);
        tile(ui, cx, centre, radius, profile);
    }

    let label = Label::new(Kind::Quiet, "Sign out").icon(icons::SIGN_OUT);
    let width = button::width(ui, cx, &label);
    let at = pos2(area.center().x - width / 2.0, area.bottom() - if tv { 84.0 } else { 110.0 });
    let (rect, pressed) = button::labelled(ui, cx, sign_out_id(), at, &label);
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

fn tile(ui: &Ui, cx: &mut Cx<'_>, centre: egui::Pos2, radius: f32, profile: &Profile) {
    let tokens = cx.theme.tokens;
    let rect = Rect::from_center_size(centre + vec2(0.0, 14.0), vec2(2.0 * radius, 2.0 * radius + 34.0));
    let id = profile_id(profile);
    let touch = cx.touch(ui, id, rect, || WidgetInfo::labeled(Role::Button, true, &profile.name));
    let lift = motion::follow(ui.ctx(), id, f32::from(u8::from(touch.is_raised())), time::FOCUS);
    let radius = radius * (1.0 + 0.08 * lift);
    let painter = ui.painter();
    avatar::paint(painter, &cx.theme, centre, radius, profile);
    if lift > 0.01 {
        painter.circle_stroke(centre, radius + 4.5, (2.5, tokens.focus.gamma_multiply(lift)));
    }
    let role = if lift > 0.5 { Type::BodyStrong } else { Type::BodyMedium };
    let ink = tokens::mix(tokens.text_2, tokens.text, lift);
    let below = pos2(centre.x, centre.y + radius + 24.0);
    let name = text::line(painter, &cx.theme, (below, Align2::CENTER_CENTER), &profile.name, (role, ink));
    if let Some(age) = profile.maturity_ceiling {
        let words = format!("up to {age}");
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
