//! One title as a card: art, progress, name, and what there is to say about it when it is raised.

use crate::{
    app::{Msg, TasteWish, Wish},
    cx::{Cx, Touch},
    format, icons,
    language::tr,
    motion::{self, time},
    theme::Type,
    tokens,
    widgets::{
        picture::{self, Art},
        text, toast,
    },
};
use egui::{
    Align2, CornerRadius, CursorIcon, Id, Pos2, Rect, Role, Sense, StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2,
};
use service_api::catalog::{CardShape, TitleState, TitleSummary};

/// How much larger a raised card is.
const RAISED: f32 = 0.08;

/// Size of a card's art.
pub(crate) fn size(cx: &Cx<'_>, shape: CardShape) -> Vec2 {
    match shape {
        CardShape::Wide => vec2(cx.theme.metrics.wide_card, (cx.theme.metrics.wide_card * 9.0 / 16.0).round()),
        CardShape::Poster => vec2(cx.theme.metrics.poster_card, (cx.theme.metrics.poster_card * 1.5).round()),
    }
}

/// Space under the art for two lines of text.
pub(crate) const LABEL_HEIGHT: f32 = 42.0;

/// One card of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Card<'a> {
    pub(crate) id: Id,
    pub(crate) title: &'a TitleSummary,
    pub(crate) shape: CardShape,
    pub(crate) left_top: Pos2,
}

impl Card<'_> {
    /// Registers the card as a control.
    pub(crate) fn touch(&self, ui: &Ui, cx: &mut Cx<'_>) -> Touch {
        let rect = Rect::from_min_size(self.left_top, size(cx, self.shape));
        let touch = cx.touch(ui, self.id, rect, || WidgetInfo::labeled(Role::Button, true, self.spoken()));
        let mut touch = touch;
        // Also while the pointer is on what is over the card.
        let points = touch.response.contains_pointer() && !cx.is_pointer_covered(ui);
        touch.hovered = points && !cx.focus.ring_is_shown();
        if touch.hovered {
            touch.response.ctx.set_cursor_icon(CursorIcon::PointingHand);
        }
        touch
    }

    /// Name for screen readers: what sighted viewers see on the raised card.
    fn spoken(&self) -> String {
        let detail = detail(self.title);
        if detail.is_empty() { self.title.name.clone() } else { format!("{}, {detail}", self.title.name) }
    }

    /// Paints the card; raised cards are painted after their neighbours.
    pub(crate) fn paint(&self, ui: &Ui, cx: &mut Cx<'_>, touch: &Touch) {
        let tokens = cx.theme.tokens;
        let metrics = cx.theme.metrics;
        let raised = f32::from(u8::from(touch.is_raised()));
        let lift = motion::follow(ui.ctx(), self.id, raised, time::FOCUS);
        let rect = Rect::from_min_size(self.left_top, size(cx, self.shape));
        let rect = Rect::from_center_size(rect.center(), rect.size() * (1.0 + RAISED * lift));
        let radius = CornerRadius::same(metrics.card_radius as u8);
        let painter = ui.painter().clone();
        if lift > 0.01 {
            let shadow = toast::shadow(tokens.shadow.gamma_multiply(lift));
            painter.add(shadow.as_shape(rect, radius));
        }
        let preparing = match self.title.state {
            TitleState::Preparing { percent } => Some(percent),
            TitleState::Ready => None,
        };
        let art = Art {
            path: match self.shape {
                CardShape::Wide => self.title.artwork.card.as_deref(),
                CardShape::Poster => self.title.artwork.poster.as_deref(),
            },
            colour: self.title.artwork.colour.as_deref(),
            radius,
            brightness: if preparing.is_some() { 0.4 } else { 1.0 },
            keep: Vec2::splat(0.5),
        };
        picture::paint(ui, cx, &painter, rect, &art);
        if let Some(percent) = preparing {
            // On a dimmed picture, which is dark in every theme.
            let ink = tokens::dark().text_2;
            text::icon(&painter, rect.center(), icons::PREPARING, metrics.icon * 1.3, ink);
            bar(&painter, cx, rect, f32::from(percent) / 100.0, ink);
        } else if let Some(progress) = self.title.progress.filter(|p| p.position_s > 0.0 && !p.is_finished()) {
            bar(&painter, cx, rect, progress.share() as f32, tokens.accent);
        }
        if lift > 0.01 {
            let ring = rect.expand(3.0);
            painter.rect_stroke(
                ring,
                metrics.card_radius + 3.0,
                (2.5, tokens.focus.gamma_multiply(lift)),
                StrokeKind::Inside,
            );
        }
        self.paint_label(ui, cx, rect, lift, preparing);
    }

    /// Puts the title on the list, or takes it off: for pointers, on the raised card. Others have it on the title's page.
    pub(crate) fn list_button(&self, ui: &Ui, cx: &mut Cx<'_>) {
        let tokens = cx.theme.tokens;
        let art = Rect::from_min_size(self.left_top, size(cx, self.shape));
        let rect = Rect::from_center_size(art.right_top() + vec2(-14.0, 14.0), Vec2::splat(30.0));
        let is_listed = cx.taste.is_listed(&self.title.id);
        let response = ui.interact(rect, self.id.with("list"), Sense::CLICK);
        response.widget_info(|| {
            WidgetInfo::selected(
                Role::Button,
                true,
                is_listed,
                if is_listed {
                    tr!("list-remove-title", name = &self.title.name)
                } else {
                    tr!("list-add-title", name = &self.title.name)
                },
            )
        });
        let fill = if response.hovered() { tokens.focus } else { tokens.card };
        let ink = if response.hovered() { tokens.on_focus } else { tokens.text };
        ui.painter().circle_filled(rect.center(), 15.0, fill);
        text::icon(ui.painter(), rect.center(), if is_listed { icons::CHECK } else { icons::PLUS }, 17.0, ink);
        if response.clicked() {
            cx.send(Msg::Wish(Wish::Taste(TasteWish::Toggle(Box::new(self.title.clone())))));
        }
        response.on_hover_text(if is_listed { tr!("list-remove") } else { tr!("list-add") });
    }

    fn paint_label(&self, ui: &Ui, cx: &Cx<'_>, rect: Rect, lift: f32, preparing: Option<u8>) {
        let tokens = cx.theme.tokens;
        let painter = ui.painter();
        let role = if lift > 0.5 { Type::LabelStrong } else { Type::Label };
        let colour = if preparing.is_some() { tokens.text_3 } else { tokens.text_2 };
        let colour = tokens::mix(colour, tokens.text, lift);
        let left = rect.left() + 2.0;
        let width = rect.width() - 4.0;
        let top = rect.bottom() + 7.0 + 2.0 * lift;
        let name = text::clipped_line(
            painter,
            &cx.theme,
            (pos2(left, top), Align2::LEFT_TOP, width),
            &self.title.name,
            (role, colour),
        );
        // Titles being made always say how far they are; others say more when raised.
        let shown = if preparing.is_some() { 1.0 } else { lift };
        if shown > 0.01 {
            let detail = detail(self.title);
            let colour = tokens.text_2.gamma_multiply(shown * if preparing.is_some() { 0.8 } else { 1.0 });
            text::fitted_line(
                painter,
                &cx.theme,
                (pos2(left, name.bottom()), Align2::LEFT_TOP, width),
                &detail,
                (Type::Caption, colour),
            );
        }
    }
}

/// The second line: how far it is made, how much is left, or what it is.
pub(crate) fn detail(title: &TitleSummary) -> String {
    if let TitleState::Preparing { percent } = title.state {
        return tr!("title-preparing", percent = percent);
    }
    if let Some(progress) = title.progress.filter(|p| p.position_s > 0.0) {
        if progress.is_finished() {
            return tr!("title-watched").to_owned();
        }
        return tr!("time-left", time = format::length(progress.duration_s - progress.position_s));
    }
    let mut parts = Vec::new();
    parts.extend(title.year.map(|year| year.to_string()));
    parts.extend(title.runtime_s.map(format::length));
    parts.extend(title.genres.first().cloned());
    parts.join(" · ")
}

fn bar(painter: &egui::Painter, cx: &Cx<'_>, card: Rect, share: f32, colour: egui::Color32) {
    let inset = 8.0;
    let rail = Rect::from_min_max(
        pos2(card.left() + inset, card.bottom() - inset - 3.0),
        pos2(card.right() - inset, card.bottom() - inset),
    );
    painter.rect_filled(rail, 1.5, cx.theme.tokens.bar_buffered);
    let done = Rect::from_min_max(rail.min, pos2(rail.left() + rail.width() * share.clamp(0.0, 1.0), rail.bottom()));
    painter.rect_filled(done, 1.5, colour);
}
