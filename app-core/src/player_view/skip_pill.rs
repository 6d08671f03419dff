//! The button that skips: at the lower right, above the controls, with a line that runs out.

use super::{
    controls,
    keys::Action,
    model::{PlayerMsg, PlayerScreen},
    skip::Pill,
};
use crate::{
    app::Msg,
    cx::Cx,
    motion::{self, time},
    theme::{Type, wake},
    tokens,
    widgets::text,
};
use egui::{Align2, CursorIcon, Id, Rect, Role, Ui, WidgetInfo, pos2, vec2};

/// Identity of the button.
pub(crate) fn pill_id() -> Id {
    Id::unique("player-skip")
}

/// Shows the button; `osd` is how visible the controls are, which it makes room for.
pub(crate) fn view(ui: &Ui, cx: &mut Cx<'_>, area: Rect, player: &PlayerScreen, osd: f32) {
    let Some(pill) = player.pill() else { return };
    let tokens = cx.theme.tokens;
    let tv = cx.theme.density.is_tv();
    let words = pill.words();
    let galley = text::galley(ui.painter(), &cx.theme, words, (Type::BodyStrong, tokens.text), f32::INFINITY, 1);
    let size = galley.size() + vec2(44.0, if tv { 18.0 } else { 22.0 });
    // Where it stands does not depend on the controls while they are not there: it does not jump into the way.
    let bottom = area.bottom() - 28.0 - (controls::height(cx) - 12.0) * osd;
    let right = area.right() - controls::keyline(cx);
    let rect = Rect::from_min_max(pos2(right - size.x, bottom - size.y), pos2(right, bottom));
    let touch = cx.touch(ui, pill_id(), rect, || WidgetInfo::labeled(Role::Button, true, words));
    let shown = motion::follow_from(ui.ctx(), pill_id().with(words), 0.0, 1.0, time::OSD_IN);
    let focus = motion::follow(ui.ctx(), pill_id(), f32::from(u8::from(touch.focused)), time::FOCUS);
    let hover = motion::follow(ui.ctx(), pill_id().with("hover"), f32::from(u8::from(touch.hovered)), time::FOCUS);
    paint(ui, cx, rect, &pill, (shown, focus.max(hover)));
    if touch.hovered {
        ui.set_cursor_icon(CursorIcon::PointingHand);
    }
    if touch.activated {
        cx.send(Msg::Player(PlayerMsg::Skip));
    }
    if !tv {
        touch.response.on_hover_text(player.keys.tooltip(words, Action::Skip));
    }
    if pill.left.is_some() {
        // The line runs; the picture may be paused and ask for no frames.
        wake(ui.ctx());
    }
}

fn paint(ui: &Ui, cx: &Cx<'_>, rect: Rect, pill: &Pill, (shown, raised): (f32, f32)) {
    let tokens = cx.theme.tokens;
    let radius = rect.height() / 2.0;
    let painter = ui.painter();
    let fill = tokens::mix(tokens.surface_2, tokens.focus, raised).gamma_multiply(shown);
    let ink = tokens::mix(tokens.text, tokens.on_focus, raised).gamma_multiply(shown);
    painter.rect(rect, radius, fill, (1.0, tokens.line.gamma_multiply(shown)), egui::StrokeKind::Inside);
    text::line(painter, &cx.theme, (rect.center(), Align2::CENTER_CENTER), pill.words(), (Type::BodyStrong, ink));
    if let Some(left) = pill.left {
        let length = (rect.width() - 2.0 * radius) * left;
        let line = Rect::from_min_size(pos2(rect.left() + radius, rect.bottom() - 5.0), vec2(length, 2.5));
        painter.rect_filled(line, 1.25, tokens.accent.gamma_multiply(shown));
    }
}
