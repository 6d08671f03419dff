//! The player in the corner of another screen.

use super::{
    keys::Action,
    model::{PlayerMsg, PlayerScreen},
    next_up::Card,
};
use crate::{
    app::Msg,
    cx::{Cx, say},
    icons,
    language::tr,
    motion::{self, time},
    theme::Type,
    video_surface::VideoSurface,
    widgets::{
        button,
        gradient::{self, Opaque},
        spinner, text, toast,
    },
};
use egui::{Align2, CursorIcon, Id, Rect, Role, Ui, Vec2, WidgetInfo, pos2, vec2};

/// Distance to the edges of the window, in points.
const MARGIN: f32 = 20.0;

fn id(name: &str) -> Id {
    Id::unique(("mini-player", name))
}

/// Identity of its row for the focus, below everything on the screen.
pub(crate) fn row_id() -> Id {
    id("row")
}

/// What the focus can reach, from left to right.
pub(crate) fn ids() -> [Id; 3] {
    [id("ground"), id("play"), id("close")]
}

/// How large it is in a window of this size, in points: a quarter of its width, within reason.
pub(crate) fn size(window: Vec2) -> Vec2 {
    let width = (window.x * 0.26).clamp(200.0, 420.0).min((window.x - 2.0 * MARGIN).max(80.0));
    vec2(width, (width * 9.0 / 16.0).round())
}

/// Where it is in a window that fills `area`, once it has come in.
pub(crate) fn place(area: Rect) -> Rect {
    let corner = area.max - Vec2::splat(MARGIN);
    Rect::from_min_max(corner - size(area.size()), corner)
}

/// Shows it above whatever is there.
pub(crate) fn view(ui: &Ui, cx: &mut Cx<'_>, player: &PlayerScreen, video: &mut VideoSurface) {
    let area = ui.max_rect();
    let tokens = cx.theme.tokens;
    let shown = motion::follow_from(ui.ctx(), id("shown"), 0.0, 1.0, time::SHEET);
    let rect = place(area).translate(vec2(0.0, 14.0 * (1.0 - shown)));
    let (name, _) = player.heading();

    let touch =
        cx.touch(ui, id("ground"), rect, || WidgetInfo::labeled(Role::Button, true, tr!("mini-back-to", name = &name)));
    let painter = ui.painter();
    painter.add(toast::shadow(cx.theme.page.shadow).as_shape(rect, 10.0));
    painter.rect_filled(rect, 2.0, tokens.letterbox);
    video.paint(ui, rect);
    if player.shows_spinner() {
        spinner::paint(painter, rect.center(), 16.0, tokens.text);
    }
    if let Some(words) = state(player) {
        painter.rect_filled(rect, 2.0, tokens.scrim.gamma_multiply(0.6));
        let centre = (rect.center(), Align2::CENTER_CENTER);
        let line = text::line(painter, &cx.theme, centre, words, (Type::BodyStrong, tokens.text));
        say(ui, id("state"), line, words);
    }
    let over = ui.rect_contains_pointer(rect) && !cx.focus.ring_is_shown();
    let steered = ids().iter().any(|id| cx.focus.has_ring(*id));
    let chrome = motion::follow(ui.ctx(), id("chrome"), f32::from(u8::from(over || steered)), time::OSD_IN);
    if chrome > 0.005 {
        let half = vec2(rect.width(), rect.height() * 0.5);
        gradient::scrim(painter, Rect::from_min_size(rect.min, half), Opaque::Top, tokens.scrim, 0.75 * chrome);
        gradient::scrim(
            painter,
            Rect::from_min_max(rect.max - half, rect.max),
            Opaque::Bottom,
            tokens.scrim,
            0.8 * chrome,
        );
        let at = (pos2(rect.left() + 12.0, rect.bottom() - 20.0), Align2::LEFT_CENTER, rect.width() - 64.0);
        text::clipped_line(painter, &cx.theme, at, &name, (Type::LabelStrong, tokens.text.gamma_multiply(chrome)));
    }
    progress(ui, cx, rect, player);
    // The ring stands on the page around.
    let page = cx.theme.page;
    let ring = if touch.focused { (2.5, page.focus) } else { (1.0, page.line) };
    ui.painter().rect_stroke(rect.expand(if touch.focused { 3.0 } else { 0.0 }), 3.0, ring, egui::StrokeKind::Inside);
    if touch.hovered {
        ui.set_cursor_icon(CursorIcon::PointingHand);
    }
    // The buttons lie on it: what they take is not for the ground.
    let pressed = if chrome > 0.5 { buttons(ui, cx, rect, player) } else { false };
    if touch.activated && !pressed {
        cx.send(Msg::Player(PlayerMsg::Maximise));
    }
    touch.response.on_hover_text(player.keys.tooltip(tr!("mini-back"), Action::MiniPlayer));
}

/// What the viewer should come back for.
fn state(player: &PlayerScreen) -> Option<&'static str> {
    match player.next_card() {
        _ if player.has_failed() => Some(tr!("playback-stopped")),
        Some(Card::StillWatching) => Some(tr!("still-watching")),
        Some(Card::Offer { left: Some(_) }) => Some(tr!("mini-next-soon")),
        Some(Card::Offer { left: None }) | None => None,
    }
}

fn progress(ui: &Ui, cx: &Cx<'_>, rect: Rect, player: &PlayerScreen) {
    let Some(duration) = player.duration() else { return };
    let share = (player.shown_position() / duration).clamp(0.0, 1.0) as f32;
    let rail = Rect::from_min_max(pos2(rect.left(), rect.bottom() - 3.0), rect.max);
    ui.painter().rect_filled(rail, 0.0, cx.theme.tokens.bar);
    let done = Rect::from_min_size(rail.min, vec2(rail.width() * share, rail.height()));
    ui.painter().rect_filled(done, 0.0, cx.theme.tokens.accent);
}

/// Play and close. Says whether one of them was pressed.
fn buttons(ui: &Ui, cx: &mut Cx<'_>, rect: Rect, player: &PlayerScreen) -> bool {
    let plays = player.snapshot.wants_play;
    // Not in the middle: a click there goes back to the player.
    let play = Rect::from_center_size(rect.right_bottom() + vec2(-24.0, -24.0), Vec2::splat(32.0));
    let (icon, name) = if plays { (icons::PAUSE, tr!("pause")) } else { (icons::PLAY, tr!("play")) };
    let mut pressed = false;
    if !player.has_failed() && button::round(ui, cx, id("play"), play, (icon, name)) {
        cx.send(Msg::Player(PlayerMsg::TogglePlay));
        pressed = true;
    }
    let close = Rect::from_center_size(rect.right_top() + vec2(-24.0, 24.0), Vec2::splat(32.0));
    if button::round(ui, cx, id("close"), close, (icons::CLOSE, tr!("mini-stop"))) {
        cx.send(Msg::Player(PlayerMsg::Leave));
        pressed = true;
    }
    pressed
}
