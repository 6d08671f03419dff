//! What a view gets besides its model: how to draw, who has the focus, the pictures, and where wishes go.

use crate::{
    app::{Msg, Taste},
    focus::Focus,
    pictures::Pictures,
    player_view::previews::Previews,
    theme::Theme,
};
use egui::{Id, Rect, Response, Sense, Ui, WidgetInfo};

/// Passed down through all views of one frame.
#[derive(Debug)]
pub(crate) struct Cx<'a> {
    pub(crate) theme: Theme,
    pub(crate) focus: &'a mut Focus,
    pub(crate) pictures: &'a mut Pictures,
    /// Small pictures over the seek bar.
    pub(crate) previews: &'a mut Previews,
    /// The time of day, where it is shown.
    pub(crate) clock: Option<String>,
    /// What is on the viewer's list.
    pub(crate) taste: &'a Taste,
    /// What lies over the page and keeps the pointer from it: the player in its corner.
    pub(crate) covered: Option<Rect>,
    /// Wishes of the viewer, handled after the frame.
    pub(crate) out: &'a mut Vec<Msg>,
}

/// How a control is being touched.
#[derive(Debug)]
pub(crate) struct Touch {
    pub(crate) response: Response,
    /// The focus ring is on it.
    pub(crate) focused: bool,
    pub(crate) hovered: bool,
    /// Clicked, or Enter pressed on it.
    pub(crate) activated: bool,
}

impl Touch {
    /// Does it deserve to stand out?
    pub(crate) fn is_raised(&self) -> bool {
        self.focused || self.hovered
    }
}

impl Cx<'_> {
    /// Is the pointer on something that lies over the page?
    pub(crate) fn is_pointer_covered(&self, ui: &Ui) -> bool {
        let at = ui.ctx().pointer_latest_pos();
        self.covered.zip(at).is_some_and(|(rect, at)| rect.contains(at))
    }

    pub(crate) fn send(&mut self, msg: Msg) {
        self.out.push(msg);
    }

    /// Makes `rect` a control with an accessible name.
    pub(crate) fn touch(&mut self, ui: &Ui, id: Id, rect: Rect, info: impl Fn() -> WidgetInfo) -> Touch {
        let enabled = info().enabled;
        let sense = if enabled { Sense::click() } else { Sense::hover() };
        let response = ui.interact(rect, id, sense);
        response.widget_info(info);
        self.focus.note_rect(id, rect);
        if response.clicked() || response.is_pointer_button_down_on() {
            self.focus.take(id);
        }
        Touch {
            focused: self.focus.has_ring(id),
            hovered: response.hovered() && !self.focus.ring_is_shown(),
            activated: enabled && (response.clicked() || self.focus.is_activated(id)),
            response,
        }
    }
}

/// Puts text that is painted into the accessibility tree.
pub(crate) fn say(ui: &Ui, id: Id, rect: Rect, text: &str) {
    ui.interact(rect, id, Sense::hover()).widget_info(|| WidgetInfo::labeled(egui::Role::Label, true, text));
}
