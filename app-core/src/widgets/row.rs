//! A horizontal list of cards with a heading, sliding under the focus.

use crate::{
    app::{Msg, PlayFrom, is_begun},
    cx::{Cx, say},
    icons,
    language::tr,
    motion::{self, time},
    theme::Type,
    widgets::{
        card::{self, Card},
        gradient::{self, Opaque},
        text,
    },
};
use egui::{Align2, CursorIcon, Id, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use service_api::catalog::{CardShape, TitleSummary};
use std::borrow::Cow;

/// From the top of the heading to the top of the cards.
pub(crate) const HEADING: f32 = 31.0;

/// One row to be shown.
#[derive(Clone, Debug)]
pub(crate) struct Row<'a> {
    pub(crate) id: Id,
    pub(crate) heading: Cow<'a, str>,
    pub(crate) shape: CardShape,
    pub(crate) items: &'a [TitleSummary],
    pub(crate) opens: Opens,
}

/// Where a card leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opens {
    /// The title's page.
    Page,
    /// The same, unless it was begun: then it goes on at once.
    PageUnlessBegun,
    /// It plays at once.
    Playback,
}

impl Row<'_> {
    /// Identity of the card at `index`; stable over reloads because it is made from the title's id.
    pub(crate) fn card_id(row: Id, title: &TitleSummary) -> Id {
        row.with(title.id.as_str())
    }

    /// Heading, cards and labels.
    pub(crate) fn height(&self, cx: &Cx<'_>) -> f32 {
        HEADING + card::size(cx, self.shape).y + card::LABEL_HEIGHT
    }

    /// Shows the row with its heading at `top`, over the whole width of `area`.
    pub(crate) fn view(&self, ui: &Ui, cx: &mut Cx<'_>, area: Rect, top: f32) {
        let metrics = cx.theme.metrics;
        let size = card::size(cx, self.shape);
        let pitch = size.x + metrics.gutter;
        let visible = area.width() - 2.0 * metrics.keyline;
        let overflow = (pitch * self.items.len() as f32 - metrics.gutter - visible).max(0.0);
        let focused = cx.focus.row().filter(|(row, _)| *row == self.id).map(|(_, index)| index);
        let offset = self.scroll(ui, cx, Rect::from_x_y_ranges(area.x_range(), top..=top + self.height(cx)), {
            Slide { pitch, overflow, visible, card: size.x, focused }
        });

        // Away from the focus a television dims headings; a desktop has no focus to follow.
        let colour =
            if cx.theme.density.is_tv() && focused.is_none() { cx.theme.tokens.text_2 } else { cx.theme.tokens.text };
        let heading = text::line(
            ui.painter(),
            &cx.theme,
            (pos2(area.left() + metrics.keyline, top), Align2::LEFT_TOP),
            &self.heading,
            (Type::RowTitle, colour),
        );
        say(ui, self.id.with("heading"), heading, &self.heading);

        let left = area.left() + metrics.keyline - offset;
        let mut raised = None;
        for (index, title) in self.items.iter().enumerate() {
            let x = left + pitch * index as f32;
            let is_focused = focused == Some(index) && cx.focus.ring_is_shown();
            if (x > area.right() + 40.0 || x + size.x < area.left() - 40.0) && !is_focused {
                continue;
            }
            let card =
                Card { id: Self::card_id(self.id, title), title, shape: self.shape, left_top: pos2(x, top + HEADING) };
            let touch = card.touch(ui, cx);
            // Where it comes to rest: the focus looks for its neighbours there, however fast the keys are.
            let rest = Rect::from_min_size(card.left_top + vec2(offset - self.target(ui), 0.0), size);
            cx.focus.note_rect(card.id, rest);
            if touch.is_raised() && title.state.is_ready() {
                cx.send(Msg::Rests(title.id.clone()));
            }
            if touch.activated {
                let plays = match self.opens {
                    Opens::Page => false,
                    Opens::PageUnlessBegun => is_begun(title),
                    Opens::Playback => true,
                };
                if plays && title.state.is_ready() {
                    cx.send(Msg::Play { title: title.clone(), from: PlayFrom::Resume });
                } else {
                    cx.send(Msg::ShowTitle(title.clone()));
                }
            }
            if touch.is_raised() {
                raised = Some((card, touch));
            } else {
                card.paint(ui, cx, &touch);
            }
        }
        if let Some((card, touch)) = raised {
            card.paint(ui, cx, &touch);
            if touch.hovered && !cx.theme.density.is_tv() {
                card.list_button(ui, cx);
            }
        }
        if !cx.theme.density.is_tv() {
            self.arrows(
                ui,
                cx,
                Rect::from_min_size(pos2(area.left(), top + HEADING), vec2(area.width(), size.y)),
                Slide { pitch, overflow, visible, card: size.x, focused },
            );
        }
    }

    fn target(&self, ui: &Ui) -> f32 {
        ui.data(|data| data.get_temp::<f32>(self.id.with("target"))).unwrap_or(0.0)
    }

    /// How far the row has slid, towards where the focus, the wheel or the arrows want it.
    fn scroll(&self, ui: &Ui, cx: &Cx<'_>, rect: Rect, slide: Slide) -> f32 {
        let key = self.id.with("target");
        let mut target = ui.data(|data| data.get_temp::<f32>(key)).unwrap_or(0.0);
        if let Some(index) = slide.focused.filter(|_| cx.focus.ring_is_shown()) {
            let at = slide.pitch * index as f32;
            target = if cx.theme.density.is_tv() {
                // The focus stays at the keyline and the row slides under it, until its end is in sight.
                at
            } else {
                target.clamp(at + slide.card - slide.visible, at)
            };
        }
        if ui.rect_contains_pointer(rect) {
            target -= ui.input(|input| input.smooth_scroll_delta().x);
        }
        target = target.clamp(0.0, slide.overflow);
        ui.data_mut(|data| data.insert_temp(key, target));
        motion::follow(ui.ctx(), key, target, time::SLIDE)
    }

    /// Arrows at the edges for those who have a pointer but no horizontal wheel.
    fn arrows(&self, ui: &Ui, cx: &mut Cx<'_>, cards: Rect, slide: Slide) {
        let key = self.id.with("target");
        let target = ui.data(|data| data.get_temp::<f32>(key)).unwrap_or(0.0);
        let hovering = ui.rect_contains_pointer(cards) && !cx.focus.ring_is_shown();
        let shown = motion::follow(ui.ctx(), self.id.with("arrows"), f32::from(u8::from(hovering)), time::FOCUS);
        if shown < 0.01 {
            return;
        }
        let page = (slide.visible / slide.pitch).floor().max(1.0) * slide.pitch;
        let width = cx.theme.metrics.keyline.max(36.0) - 6.0;
        for (is_left, name, icon) in [(true, "earlier", icons::CARET_LEFT), (false, "later", icons::CARET_RIGHT)] {
            let possible = if is_left { target > 1.0 } else { target < slide.overflow - 1.0 };
            if !possible {
                continue;
            }
            let x = if is_left { cards.left() } else { cards.right() - width };
            let rect = Rect::from_min_size(pos2(x, cards.top()), vec2(width, cards.height()));
            let response = ui.interact(rect, self.id.with(name), Sense::CLICK);
            response.widget_info(|| {
                let heading = &*self.heading;
                let words = if is_left { tr!("row-earlier", name = heading) } else { tr!("row-later", name = heading) };
                WidgetInfo::labeled(Role::Button, true, words)
            });
            let opaque = if is_left { Opaque::Left } else { Opaque::Right };
            gradient::scrim(ui.painter(), rect, opaque, cx.theme.tokens.ink, 0.9 * shown);
            let ink = if response.hovered() { cx.theme.tokens.text } else { cx.theme.tokens.text_2 };
            text::icon(ui.painter(), rect.center(), icon, 26.0, ink.gamma_multiply(shown));
            if response.hovered() {
                ui.set_cursor_icon(CursorIcon::PointingHand);
            }
            if response.clicked() {
                let next = if is_left { target - page } else { target + page };
                ui.data_mut(|data| data.insert_temp(key, next.clamp(0.0, slide.overflow)));
            }
        }
    }
}

/// Geometry of a sliding row.
#[derive(Clone, Copy, Debug)]
struct Slide {
    pitch: f32,
    overflow: f32,
    visible: f32,
    card: f32,
    focused: Option<usize>,
}
