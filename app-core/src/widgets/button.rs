//! Buttons: large pills with text, round ones with an icon, and the quiet ones of the navigation.

use crate::{
    cx::{Cx, Touch},
    icons,
    motion::{self, time},
    theme::Type,
    tokens,
    widgets::text,
};
use egui::{Align2, Color32, CursorIcon, Id, Pos2, Rect, Role, Ui, WidgetInfo, pos2, vec2};

/// Weight of a button among its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// What most viewers want here.
    Primary,
    /// Something else that can be done.
    Plain,
    /// Links and navigation: no ground until touched.
    Quiet,
}

/// What a button says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Label<'a> {
    pub(crate) icon: Option<&'a str>,
    /// Painted, and the accessible name.
    pub(crate) text: &'a str,
    pub(crate) kind: Kind,
    pub(crate) enabled: bool,
}

impl<'a> Label<'a> {
    pub(crate) fn new(kind: Kind, text: &'a str) -> Self {
        Self { icon: None, text, kind, enabled: true }
    }

    pub(crate) fn icon(mut self, icon: &'a str) -> Self {
        self.icon = Some(icon);
        self
    }

    pub(crate) fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }
}

/// Width that a labelled button takes.
pub(crate) fn width(ui: &Ui, cx: &Cx<'_>, label: &Label<'_>) -> f32 {
    let galley =
        text::galley(ui.painter(), &cx.theme, label.text, (Type::BodyStrong, cx.theme.tokens.text), f32::INFINITY, 1);
    let icon = if label.icon.is_some() { cx.theme.metrics.icon * 0.9 + 9.0 } else { 0.0 };
    let padding = if label.kind == Kind::Quiet { 26.0 } else { 40.0 };
    galley.size().x + icon + padding
}

/// A labelled button whose left edge is at `left_top`. Returns its rectangle and whether it was activated.
pub(crate) fn labelled(ui: &Ui, cx: &mut Cx<'_>, id: Id, left_top: Pos2, label: &Label<'_>) -> (Rect, bool) {
    let size = vec2(width(ui, cx, label), cx.theme.metrics.button_height);
    let rect = Rect::from_min_size(left_top, size);
    (rect, labelled_in(ui, cx, id, rect, label))
}

/// A labelled button that fills `rect`.
pub(crate) fn labelled_in(ui: &Ui, cx: &mut Cx<'_>, id: Id, rect: Rect, label: &Label<'_>) -> bool {
    let touch = cx.touch(ui, id, rect, || WidgetInfo::labeled(Role::Button, label.enabled, label.text));
    let ink = ground(ui, cx, id, rect, label, &touch);
    let painter = ui.painter();
    let galley =
        text::galley(painter, &cx.theme, label.text, (Type::BodyStrong, ink), (rect.width() - 16.0).max(8.0), 1);
    let size = cx.theme.metrics.icon * 0.9;
    let icon_width = if label.icon.is_some() { size + 9.0 } else { 0.0 };
    let left = rect.center().x - (galley.size().x + icon_width) / 2.0;
    if let Some(icon) = label.icon {
        let centre = pos2(left + size / 2.0, rect.center().y);
        if icon == icons::PLAY {
            text::icon_filled(painter, centre, icon, size, ink);
        } else {
            text::icon(painter, centre, icon, size, ink);
        }
    }
    text::place(painter, (pos2(left + icon_width, rect.center().y), Align2::LEFT_CENTER), &galley);
    pointed(&touch);
    touch.activated
}

/// A round button with an icon; `name` is its accessible name and tooltip.
pub(crate) fn round(ui: &Ui, cx: &mut Cx<'_>, id: Id, rect: Rect, (icon, name): (&str, &str)) -> bool {
    let label = Label::new(Kind::Plain, name);
    let touch = cx.touch(ui, id, rect, || WidgetInfo::labeled(Role::Button, true, name));
    let ink = ground(ui, cx, id, rect, &label, &touch);
    text::icon(ui.painter(), rect.center(), icon, cx.theme.metrics.icon, ink);
    pointed(&touch);
    let activated = touch.activated;
    touch.response.on_hover_text(name);
    activated
}

/// A round button that is on or off: on, its icon is filled, but for a check mark, which has nothing to fill.
pub(crate) fn toggle(ui: &Ui, cx: &mut Cx<'_>, id: Id, rect: Rect, (icon, name, on): (&str, &str, bool)) -> bool {
    let label = Label::new(Kind::Plain, name);
    let touch = cx.touch(ui, id, rect, || WidgetInfo::selected(Role::Button, true, on, name));
    let ink = ground(ui, cx, id, rect, &label, &touch);
    let size = cx.theme.metrics.icon;
    match on && icon != icons::CHECK {
        true => text::icon_filled(ui.painter(), rect.center(), icon, size, ink),
        false => text::icon(ui.painter(), rect.center(), icon, size, ink),
    };
    pointed(&touch);
    let activated = touch.activated;
    touch.response.on_hover_text(name);
    activated
}

/// Paints the ground of a button and returns the colour of what stands on it.
fn ground(ui: &Ui, cx: &Cx<'_>, id: Id, rect: Rect, label: &Label<'_>, touch: &Touch) -> Color32 {
    let tokens = cx.theme.tokens;
    let tv = cx.theme.density.is_tv();
    let (fill, ink) = match label.kind {
        Kind::Primary if !tv => (tokens.accent, tokens.on_focus),
        Kind::Quiet => (tokens::CLEAR, tokens.text_2),
        _ => (tokens.control, tokens.text),
    };
    let focus = motion::follow(ui.ctx(), id, f32::from(u8::from(touch.focused)), time::FOCUS);
    let hover = motion::follow(ui.ctx(), id.with("hover"), f32::from(u8::from(touch.hovered)), time::FOCUS);
    let hovered = match label.kind {
        Kind::Primary if !tv => tokens::mix(fill, tokens.focus, 0.18),
        Kind::Quiet => tokens.control_quiet,
        _ => tokens.control_hover,
    };
    let fill = tokens::mix(tokens::mix(fill, hovered, hover), tokens.focus, focus);
    let mut ink = tokens::mix(ink, if label.kind == Kind::Primary && !tv { ink } else { tokens.text }, hover);
    ink = tokens::mix(ink, tokens.on_focus, focus);
    let fade = if label.enabled { 1.0 } else { 0.45 };
    let rect = rect.expand(1.5 * focus);
    let radius = if tv || label.kind == Kind::Quiet { rect.height() / 2.0 } else { 10.0 };
    ui.painter().rect_filled(rect, radius, fill.gamma_multiply(fade));
    if focus > 0.01 && !tv {
        let ring = rect.expand(3.0);
        ui.painter().rect_stroke(
            ring,
            radius + 3.0,
            (2.0, tokens.focus.gamma_multiply(focus)),
            egui::StrokeKind::Inside,
        );
    }
    ink.gamma_multiply(fade)
}

fn pointed(touch: &Touch) {
    if touch.response.hovered() {
        touch.response.ctx.set_cursor_icon(CursorIcon::PointingHand);
    }
}
