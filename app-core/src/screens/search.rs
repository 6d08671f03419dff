//! Search: a field and what was found. What a television shows instead is in `search_tv.rs`.

use super::{nav, notice, search_tv};
use crate::{
    app::{Model, Msg, SearchMsg},
    cx::{Cx, say},
    focus::FocusMap,
    loadable::Loadable,
    theme::Type,
    tokens,
    widgets::{
        row::{Opens, Row},
        text,
    },
};
use egui::{Align2, FontSelection, Id, Margin, Rect, TextEdit, Ui, UiBuilder, pos2, vec2};
use service_api::catalog::CardShape;

/// Identity of the screen for the focus.
pub(crate) fn screen_id() -> Id {
    Id::unique("search")
}

/// Identity of the field.
pub(crate) fn field_id() -> Id {
    Id::unique("search-field")
}

pub(super) fn found_id() -> Id {
    Id::unique("search-found")
}

/// Navigation, the field or the keys, and what was found.
pub(crate) fn focus_map(model: &Model) -> FocusMap {
    if model.profile_menu {
        return FocusMap::default().column(nav::menu_ids(model));
    }
    let map = FocusMap::default().nav(nav::row_id(), nav::ids());
    if model.density.is_tv() {
        return search_tv::focus_map(model, map);
    }
    let map = map.row(Id::unique("search-field-row"), [field_id()]).starting_at(field_id());
    match &model.search.found {
        Loadable::Ready { value, .. } => {
            map.row(found_id(), value.items.iter().map(|title| Row::card_id(found_id(), title)))
        }
        Loadable::Failed(_) => map.row(notice::action_id(), [notice::action_id()]),
        _ => map,
    }
}

/// Shows the screen.
pub(crate) fn view(ui: &mut Ui, cx: &mut Cx<'_>, model: &Model) {
    let area = ui.max_rect();
    let tokens = cx.theme.tokens;
    ui.painter().rect_filled(area, 0.0, tokens.ink);
    if cx.theme.density.is_tv() {
        search_tv::view(ui, cx, model);
        nav::view(ui, cx, area, model, (1.0, 0.0));
        return;
    }
    let metrics = cx.theme.metrics;
    let left = area.left() + metrics.keyline;
    let top = area.top() + metrics.top + metrics.nav_height + 22.0;
    let below = field(ui, cx, model, pos2(left, top));
    let room = Rect::from_min_max(pos2(area.left(), below + 26.0), area.max);
    match &model.search.found {
        Loadable::Ready { value, .. } if value.items.is_empty() => {
            hint(ui, cx, pos2(left, room.top()), &format!("Nothing fits “{}”", model.search.text.trim()));
        }
        Loadable::Ready { value, .. } => {
            let heading = match value.items.len() {
                1 => "One title".to_owned(),
                count => format!("{count} titles"),
            };
            let row = Row {
                id: found_id(),
                heading: &heading,
                shape: CardShape::Wide,
                items: &value.items,
                opens: Opens::Page,
            };
            row.view(ui, cx, area, room.top());
        }
        Loadable::Failed(failure) => notice::view(ui, cx, room, failure),
        Loadable::Loading => hint(ui, cx, pos2(left, room.top()), "Searching…"),
        Loadable::Absent => hint(ui, cx, pos2(left, room.top()), "Titles, people and genres"),
    }
    nav::view(ui, cx, area, model, (1.0, 0.0));
}

pub(super) fn hint(ui: &Ui, cx: &Cx<'_>, at: egui::Pos2, words: &str) {
    let style = (Type::Body, cx.theme.tokens.text_2);
    let rect = text::line(ui.painter(), &cx.theme, (at, Align2::LEFT_TOP), words, style);
    say(ui, Id::unique("search-hint"), rect, words);
}

/// A field to type in; returns its lower edge.
fn field(ui: &mut Ui, cx: &mut Cx<'_>, model: &Model, at: egui::Pos2) -> f32 {
    let tokens = cx.theme.tokens;
    let field = Rect::from_min_size(at, vec2(480.0_f32.min(ui.max_rect().width() - 80.0), 46.0));
    let focused = cx.focus.has_ring(field_id()) || ui.memory(|memory| memory.has_focus(field_id()));
    let edge = if focused { (2.0, tokens.focus) } else { (1.0, tokens.line) };
    ui.painter().rect(field, 10.0, tokens.surface_2, edge, egui::StrokeKind::Inside);
    let mut text = model.search.text.clone();
    let inside = field.shrink2(vec2(14.0, 0.0));
    let mut child = ui.new_child(UiBuilder::new().max_rect(field).id_salt("search"));
    let edit = TextEdit::singleline(&mut text)
        .id(field_id())
        .hint_text("Search")
        .frame(egui::Frame::NONE)
        .background_color(tokens::CLEAR)
        .margin(Margin::ZERO)
        .font(FontSelection::FontId(cx.theme.font(Type::Body)))
        .text_color(tokens.text)
        .char_limit(64)
        .align(Align2::LEFT_CENTER)
        .desired_width(f32::INFINITY)
        .min_size(inside.size());
    let response = child.put(inside, edit);
    cx.focus.note_rect(field_id(), field);
    if response.has_focus() && response.clicked() {
        cx.focus.take(field_id());
    }
    if response.changed() {
        cx.send(Msg::Search(SearchMsg::Edit(text)));
    }
    field.bottom()
}
