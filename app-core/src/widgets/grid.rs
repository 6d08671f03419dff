//! Lines of cards that slide up under the focus.

use crate::{
    app::Msg,
    cx::Cx,
    motion::{self, time},
    widgets::{
        card::{self, Card},
        row::Row,
    },
};
use egui::{Id, Rect, Ui, UiBuilder, pos2, vec2};
use service_api::catalog::{CardShape, TitleSummary};

/// What a raised card needs around it, so that the clipped edge does not cut its ring.
const MARGIN: f32 = 12.0;

/// Cards of titles, each leading to its page. Their identities are those of a row with the same id.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grid<'a> {
    pub(crate) id: Id,
    /// At least one.
    pub(crate) columns: usize,
    pub(crate) items: &'a [TitleSummary],
}

impl Grid<'_> {
    /// Shows what fits into `room`; only that is drawn.
    pub(crate) fn view(&self, ui: &mut Ui, cx: &mut Cx<'_>, room: Rect) {
        let size = card::size(cx, CardShape::Wide);
        let pitch = vec2(size.x + cx.theme.metrics.gutter, size.y + card::LABEL_HEIGHT + 14.0);
        let columns = self.columns.max(1);
        let focused = cx.focus.row().filter(|(group, _)| *group == self.id).map(|(_, index)| index);
        let lines = self.items.len().div_ceil(columns);
        let height = lines as f32 * pitch.y;
        let key = self.id.with("scroll");
        let mut target = ui.data(|data| data.get_temp::<f32>(key)).unwrap_or(0.0);
        if let Some(index) = focused.filter(|_| cx.focus.ring_is_shown()) {
            // The line before stays in sight as long as there is room.
            target = ((index / columns) as f32 * pitch.y).min((height - room.height() + MARGIN).max(0.0));
        }
        if ui.rect_contains_pointer(room) {
            target -= ui.input(|input| input.smooth_scroll_delta().y);
        }
        target = target.clamp(0.0, (height - room.height() + MARGIN).max(0.0));
        ui.data_mut(|data| data.insert_temp(key, target));
        let offset = motion::follow(ui.ctx(), key, target, time::SLIDE);

        let mut clipped = ui.new_child(UiBuilder::new().max_rect(room).id_salt(self.id));
        clipped.set_clip_rect(Rect::from_min_max(room.min - vec2(MARGIN, MARGIN), room.max + vec2(MARGIN, 0.0)));
        let mut raised = None;
        for (index, title) in self.items.iter().enumerate() {
            let place = vec2((index % columns) as f32, (index / columns) as f32) * pitch;
            let left_top = pos2(room.left() + place.x, room.top() + place.y - offset);
            if left_top.y > room.bottom() + pitch.y || left_top.y + pitch.y < room.top() - pitch.y {
                continue;
            }
            let id = Row::card_id(self.id, title);
            let card = Card { id, title, shape: CardShape::Wide, left_top };
            let touch = card.touch(&clipped, cx);
            // Where it comes to rest: the focus looks for its neighbours there.
            cx.focus.note_rect(id, Rect::from_min_size(left_top + vec2(0.0, offset - target), size));
            if touch.is_raised() && title.state.is_ready() {
                cx.send(Msg::Rests(title.id.clone()));
            }
            if touch.activated {
                cx.send(Msg::ShowTitle(title.clone()));
            }
            if touch.is_raised() {
                raised = Some((card, touch));
            } else {
                card.paint(&clipped, cx, &touch);
            }
        }
        if let Some((card, touch)) = raised {
            card.paint(&clipped, cx, &touch);
        }
    }
}
