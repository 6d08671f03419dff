//! The player screen put together: what lies over what.

use super::{
    below, controls, error_card,
    keys::Action,
    menu,
    model::{Phase, PlayerMsg, PlayerScreen},
    next_card, sheet, skip_pill, stats, subtitles,
};
use crate::{
    ambient,
    app::Msg,
    cx::{Cx, say},
    focus::FocusMap,
    icons,
    language::{self, tr},
    motion::{self, time},
    theme::Type,
    video_surface::VideoSurface,
    widgets::{
        gradient::{self, Opaque},
        spinner, text,
    },
};
use egui::{Align2, CursorIcon, Id, Rect, Role, Sense, Ui, WidgetInfo, accesskit::Live, pos2, vec2};

/// Identity of the screen for the focus.
pub(crate) fn screen_id() -> Id {
    Id::unique("player")
}

/// Identity of what lies on top: what opens above the player has its own focus, and closing it gives it back.
pub(crate) fn layer_id(player: &PlayerScreen) -> Id {
    let screen = screen_id();
    match player.menu {
        _ if player.has_failed() => screen.with("error"),
        Some(menu) => screen.with(menu),
        None if player.sheet => screen.with(sheet::layer(player)),
        None if player.below => screen.with(("below", player.attempt)),
        None if player.is_asked() => screen.with("next"),
        None => screen,
    }
}

/// Identity of the seek bar.
pub(crate) fn scrubber_id() -> Id {
    Id::unique("player-scrubber")
}

/// Everything the focus can reach. An open menu, the sheet and the error card keep it to themselves.
pub(crate) fn focus_map(player: &PlayerScreen) -> FocusMap {
    if player.has_failed() {
        return error_card::focus_map(player);
    }
    if let Some(open) = player.menu {
        return menu::focus_map(player, open);
    }
    if player.sheet {
        return sheet::focus_map(player);
    }
    if player.below {
        return below::focus_map(player);
    }
    if player.is_asked() {
        return next_card::focus_map(FocusMap::default()).starting_at(next_card::play_id());
    }
    let mut map = FocusMap::default();
    if player.stats && !player.density.is_tv() {
        map = map.row(Id::unique("player-stats-row"), [stats::copy_id()]);
    }
    if player.pill().is_some() {
        map = map.row(Id::unique("player-skip-row"), [skip_pill::pill_id()]);
    }
    if player.next_card().is_some() {
        map = next_card::focus_map(map);
    }
    map.row(Id::unique("player-bar"), [scrubber_id()])
        .nearest_row(Id::unique("player-controls"), controls::ids(player))
        .starting_at(scrubber_id())
}

/// Shows the screen.
pub(crate) fn view(ui: &mut Ui, cx: &mut Cx<'_>, player: &PlayerScreen, full_screen: bool, video: &mut VideoSurface) {
    let area = ui.max_rect();
    let tokens = cx.theme.tokens;
    let tv = cx.theme.density.is_tv();
    // To the edges of the panel, whatever it cuts off.
    let screen = if tv { ui.ctx().content_rect() } else { area };
    ui.painter().rect_filled(screen, 0.0, tokens.letterbox);
    video.paint(ui, screen);
    ground(ui, cx, area, player);

    let shown = player.shows_controls();
    let settle = if shown { time::OSD_IN } else { time::OSD_OUT };
    let osd = motion::follow(ui.ctx(), Id::unique("player-osd"), f32::from(u8::from(shown)), settle);
    let below = motion::follow(ui.ctx(), Id::unique("player-below"), f32::from(u8::from(player.below)), time::SHEET);
    if osd.max(below) > 0.005 {
        let top = Rect::from_min_size(area.min, vec2(area.width(), (area.height() * 0.28).max(120.0)));
        gradient::scrim(ui.painter(), top, Opaque::Top, tokens.scrim, 0.82 * osd.max(below));
    }
    if osd > 0.005 {
        let height = (area.height() * 0.36).max(150.0);
        let bottom = Rect::from_min_max(pos2(area.left(), area.bottom() - height), area.max);
        gradient::scrim(ui.painter(), bottom, Opaque::Bottom, tokens.scrim, 0.9 * osd);
    }
    if !player.below {
        subtitles::view(ui, cx, area, player, osd);
    }
    if osd.max(below) > 0.005 {
        // What stands at the same place for hours burns in.
        let moved = if tv { ambient::shift(ui.ctx().time(), ui.ctx().pixels_per_point()) } else { 0.0 };
        let area = area.translate(vec2(moved, 0.0));
        heading(ui, cx, area, player, osd.max(below));
        if osd > 0.005 {
            controls::view(ui, cx, area, player, full_screen, osd);
        }
    }
    if below > 0.005 {
        below::view(ui, cx, area, player, below);
    }
    skip_pill::view(ui, cx, area, player, osd);
    next_card::view(ui, cx, area, player, osd);
    if player.stats {
        stats::view(ui, cx, area, player, &video.words());
    }
    if player.shows_spinner() {
        let radius = if cx.theme.density.is_tv() { 22.0 } else { 26.0 };
        spinner::paint(ui.painter(), area.center(), radius, tokens.text);
        let words = if player.phase == Phase::Opening { tr!("player-opening") } else { tr!("player-buffering") };
        let id = Id::unique("player-waiting");
        say(ui, id, Rect::from_center_size(area.center(), vec2(60.0, 60.0)), words);
        announce(ui, id, Live::Polite);
    }
    if let Some(delta) = player.dpad.distance().or(player.seek.distance()).filter(|d| d.abs() >= 0.5) {
        seek_hint(ui, cx, area, delta);
    }
    let wound = player.dpad.rate(ui.ctx().time());
    if let Some(speed) = wound.or(player.snapshot.trick_speed).filter(|_| !player.has_failed()) {
        winding_hint(ui, cx, area, speed);
    }
    if let Some(notice) = player.snapshot.notice.as_deref().filter(|_| !player.has_failed()) {
        notice_pill(ui, cx, area, &language::foreign(notice));
    }
    if let Some(open) = player.menu {
        menu::view(ui, cx, area, player, open);
    }
    if player.has_failed() {
        error_card::view(ui, cx, area, player);
    }
    if player.sheet {
        sheet::view(ui, cx, area, player);
    }
    if !shown && !player.has_failed() && !player.sheet && !player.is_asked() && ui.rect_contains_pointer(area) {
        ui.set_cursor_icon(CursorIcon::None);
    }
}

/// The video itself as a control: click plays or pauses, double click fills the screen.
fn ground(ui: &Ui, cx: &mut Cx<'_>, area: Rect, player: &PlayerScreen) {
    let response = ui.interact(area, Id::unique("player-ground"), Sense::CLICK);
    response.widget_info(|| WidgetInfo::labeled(Role::Video, true, player.heading().0));
    if response.double_clicked() {
        cx.send(Msg::Player(PlayerMsg::ToggleFullScreen));
    }
    if response.clicked() {
        if player.sheet {
            cx.send(Msg::Player(PlayerMsg::ToggleSheet));
        } else if let Some(menu) = player.menu {
            cx.send(Msg::Player(PlayerMsg::ToggleMenu(menu)));
        } else if !player.has_failed() {
            cx.send(Msg::Player(PlayerMsg::TogglePlay));
        }
    }
}

/// Has a screen reader say what it is when it changes.
pub(super) fn announce(ui: &Ui, id: Id, urgency: Live) {
    ui.ctx().accesskit_node_builder(id, |node| node.set_live(urgency));
}

fn heading(ui: &Ui, cx: &mut Cx<'_>, area: Rect, player: &PlayerScreen, osd: f32) {
    let tokens = cx.theme.tokens;
    let (name, detail) = player.heading();
    let tv = cx.theme.density.is_tv();
    let keyline = controls::keyline(cx);
    let mut left = area.left() + keyline;
    let top = area.top() + if tv { 28.0 } else { 26.0 };
    if !tv {
        // A way out for those who have no Escape key at hand.
        let rect = Rect::from_center_size(pos2(left + 9.0, top + 17.0), vec2(36.0, 36.0));
        let id = Id::unique("player-leave");
        let response = ui.interact(rect, id, Sense::CLICK);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, tr!("player-leave")));
        let ink = if response.hovered() { tokens.text } else { tokens.text_2 };
        text::icon(ui.painter(), rect.center(), icons::ARROW_LEFT, 20.0, ink.gamma_multiply(osd));
        if response.clicked() {
            cx.send(Msg::Player(PlayerMsg::Leave));
        }
        response.on_hover_text(player.keys.tooltip(tr!("player-leave"), Action::Back));
        left += 36.0;
    }
    let width = area.right() - keyline - left;
    let line = text::clipped_line(
        ui.painter(),
        &cx.theme,
        (pos2(left, top), Align2::LEFT_TOP, width),
        &name,
        (Type::RowTitle, tokens.text.gamma_multiply(osd)),
    );
    say(ui, Id::unique("player-name"), line, &name);
    text::clipped_line(
        ui.painter(),
        &cx.theme,
        (pos2(left, line.bottom() + 1.0), Align2::LEFT_TOP, width),
        &detail,
        (Type::Label, tokens.text_2.gamma_multiply(osd)),
    );
}

/// `+40 s` in the middle while presses add up.
fn seek_hint(ui: &Ui, cx: &Cx<'_>, area: Rect, delta: f64) {
    let tokens = cx.theme.tokens;
    let sign = if delta < 0.0 { "−" } else { "+" };
    let words = format!("{sign}{}", tr!("seconds-short", amount = delta.abs().round() as u32));
    let galley = text::galley(ui.painter(), &cx.theme, &words, (Type::Title, tokens.text), f32::INFINITY, 1);
    let rect = Rect::from_center_size(area.center(), galley.size() + vec2(44.0, 24.0));
    ui.painter().rect_filled(rect, rect.height() / 2.0, tokens.card);
    text::place(ui.painter(), (rect.center(), Align2::CENTER_CENTER), &galley);
}

/// `8×` behind carets that point where it goes, for as long as it goes.
fn winding_hint(ui: &Ui, cx: &Cx<'_>, area: Rect, speed: i32) {
    let tokens = cx.theme.tokens;
    let words = format!("{}×", speed.unsigned_abs());
    let galley = text::galley(ui.painter(), &cx.theme, &words, (Type::Title, tokens.text), f32::INFINITY, 1);
    let size = galley.size() + vec2(84.0, 24.0);
    let rect = Rect::from_center_size(pos2(area.center().x, area.top() + area.height() * 0.2), size);
    ui.painter().rect_filled(rect, rect.height() / 2.0, tokens.card);
    let (icon, spoken) = if speed < 0 {
        (icons::CARET_LEFT, tr!("player-winding-back", speed = &words))
    } else {
        (icons::CARET_RIGHT, tr!("player-winding-forward", speed = &words))
    };
    for offset in [26.0, 36.0] {
        text::icon(ui.painter(), pos2(rect.left() + offset, rect.center().y), icon, 18.0, tokens.text);
    }
    text::place(ui.painter(), (pos2(rect.left() + 54.0, rect.center().y), Align2::LEFT_CENTER), &galley);
    say(ui, Id::unique("player-winding"), rect, &spoken);
}

/// What is being dealt with, at the top.
fn notice_pill(ui: &Ui, cx: &Cx<'_>, area: Rect, notice: &str) {
    let tokens = cx.theme.tokens;
    let galley = text::galley(
        ui.painter(),
        &cx.theme,
        notice,
        (Type::BodyMedium, tokens.text),
        (area.width() - 200.0).clamp(160.0, 560.0),
        2,
    );
    let size = galley.size() + vec2(66.0, 20.0);
    let rect = Rect::from_center_size(pos2(area.center().x, area.top() + 34.0 + size.y / 2.0), size);
    ui.painter().rect_filled(rect, (rect.height() / 2.0).min(22.0), tokens.card);
    text::icon(ui.painter(), pos2(rect.left() + 26.0, rect.center().y), icons::OFFLINE, 18.0, tokens.warn);
    text::place(ui.painter(), (pos2(rect.left() + 46.0, rect.center().y), Align2::LEFT_CENTER), &galley);
    say(ui, Id::unique("player-notice"), rect, notice);
}
