//! Search: a field and what was found. What a television shows instead is in `search_tv.rs`.

use super::{nav, notice, search_tv};
use crate::{
    app::{Confirm, Model, Msg, Place, SearchMsg, Wish},
    cx::{Cx, say},
    focus::FocusMap,
    icons,
    language::tr,
    loadable::Loadable,
    theme::Type,
    tokens,
    widgets::{
        button::{self, Kind, Label},
        card,
        row::{Opens, Row},
        text,
    },
};
use egui::text::{CCursor, CCursorRange};
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

/// Do these letters begin a search, typed where there is no field? On a television they are keys of a remote control.
pub(crate) fn begins(model: &Model, letters: &str) -> bool {
    let is_open = model.confirm.is_some() || model.profile_menu || model.profile.is_none();
    let is_place = matches!(model.place, Place::Home | Place::Title | Place::Search);
    !is_open && is_place && !model.density.is_tv() && letters.chars().next().is_some_and(char::is_alphanumeric)
}

fn past_id(index: usize) -> Id {
    Id::unique(("search-past", index))
}

fn forget_id() -> Id {
    Id::unique("search-forget")
}

fn meant_id() -> Id {
    Id::unique("search-meant")
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
        Loadable::Ready { value, .. } if value.items.is_empty() => {
            map.row(Id::unique("search-meant-row"), model.search.meant.iter().map(|_| meant_id()))
        }
        Loadable::Ready { value, .. } => {
            map.row(found_id(), value.items.iter().map(|title| Row::card_id(found_id(), title)))
        }
        Loadable::Absent if !model.searches().is_empty() => {
            let past = (0..model.searches().len()).map(past_id);
            map.row(Id::unique("search-past-row"), past).row(Id::unique("search-forget-row"), [forget_id()])
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
            let below = hint(ui, cx, pos2(left, room.top()), &tr!("search-nothing", words = model.search.text.trim()));
            if let Some(meant) = &model.search.meant {
                let words = tr!("search-meant", words = meant);
                let label = Label::new(Kind::Plain, &words);
                if button::labelled(ui, cx, meant_id(), pos2(left, below + 16.0), &label).1 {
                    cx.send(Msg::Search(SearchMsg::Take(meant.clone())));
                }
            }
        }
        Loadable::Ready { value, .. } => {
            let heading = match (value.items.len(), &value.next) {
                (count, None) => tr!("search-count", count = count),
                (count, Some(_)) => tr!("search-count-more", count = count),
            };
            let row = Row {
                id: found_id(),
                heading: heading.as_str().into(),
                shape: CardShape::Wide,
                items: &value.items,
                opens: Opens::Page,
            };
            row.view(ui, cx, area, room.top());
            if model.search.wants_more() && is_near_end(ui, cx, area, value.items.len()) {
                cx.send(Msg::Search(SearchMsg::More));
            }
        }
        Loadable::Failed(failure) => notice::view(ui, cx, room, failure),
        Loadable::Loading => {
            hint(ui, cx, pos2(left, room.top()), tr!("search-searching"));
        }
        Loadable::Absent if !model.searches().is_empty() => past(ui, cx, model, pos2(left, room.top())),
        Loadable::Absent => {
            hint(ui, cx, pos2(left, room.top()), tr!("search-what"));
        }
    }
    nav::view(ui, cx, area, model, (1.0, 0.0));
}

/// Are the last of what was found on the screen, or about to be?
fn is_near_end(ui: &Ui, cx: &Cx<'_>, area: Rect, count: usize) -> bool {
    const AHEAD: usize = 5;
    if let Some((row, index)) = cx.focus.row().filter(|_| cx.focus.ring_is_shown())
        && row == found_id()
        && index + AHEAD >= count
    {
        return true;
    }
    let pitch = card::size(cx, CardShape::Wide).x + cx.theme.metrics.gutter;
    let slid = ui.data(|data| data.get_temp::<f32>(found_id().with("target"))).unwrap_or(0.0);
    slid + area.width() + 2.0 * pitch >= pitch * count as f32
}

/// What was searched before, to be taken again, and a way to forget it.
fn past(ui: &Ui, cx: &mut Cx<'_>, model: &Model, at: egui::Pos2) {
    let below = hint(ui, cx, at, tr!("search-before"));
    let right = ui.max_rect().right() - cx.theme.metrics.keyline;
    let mut place = pos2(at.x, below + 12.0);
    for (index, text) in model.searches().iter().enumerate() {
        let label = Label::new(Kind::Plain, text).icon(icons::HISTORY);
        let width = button::width(ui, cx, &label);
        if place.x + width > right && place.x > at.x {
            place = pos2(at.x, place.y + cx.theme.metrics.button_height + 10.0);
        }
        let (rect, pressed) = button::labelled(ui, cx, past_id(index), place, &label);
        place.x = rect.right() + 10.0;
        if pressed {
            cx.send(Msg::Search(SearchMsg::Take(text.clone())));
        }
    }
    let label = Label::new(Kind::Quiet, tr!("search-forget")).icon(icons::REMOVE);
    let at = pos2(at.x, place.y + cx.theme.metrics.button_height + 12.0);
    if button::labelled(ui, cx, forget_id(), at, &label).1 {
        cx.send(Msg::Wish(Wish::Confirm(Confirm::ForgetSearches)));
    }
}

/// Returns its lower edge.
pub(super) fn hint(ui: &Ui, cx: &Cx<'_>, at: egui::Pos2, words: &str) -> f32 {
    let style = (Type::Body, cx.theme.tokens.text_2);
    let rect = text::line(ui.painter(), &cx.theme, (at, Align2::LEFT_TOP), words, style);
    say(ui, Id::unique("search-hint"), rect, words);
    rect.bottom()
}

/// A field to type in; returns its lower edge.
fn field(ui: &mut Ui, cx: &mut Cx<'_>, model: &Model, at: egui::Pos2) -> f32 {
    let tokens = cx.theme.tokens;
    let field = Rect::from_min_size(at, vec2(480.0_f32.min(ui.max_rect().width() - 80.0), 46.0));
    let focused = cx.focus.has_ring(field_id()) || ui.memory(|memory| memory.has_focus(field_id()));
    let edge = if focused { (2.0, tokens.focus) } else { (1.0, tokens.line) };
    ui.painter().rect(field, 10.0, tokens.surface_2, edge, egui::StrokeKind::Inside);
    let mut text = model.search.text.clone();
    let shown = field_id().with("shown");
    if ui.data(|data| data.get_temp::<String>(shown)).as_ref() != Some(&text) {
        // Changed elsewhere: the next letter belongs at its end.
        let mut state = TextEdit::load_state(ui.ctx(), field_id()).unwrap_or_default();
        let end = CCursor::new(text.chars().count());
        state.cursor.set_char_range(Some(CCursorRange::one(end)));
        TextEdit::store_state(ui.ctx(), field_id(), state);
    }
    let inside = field.shrink2(vec2(14.0, 0.0));
    let mut child = ui.new_child(UiBuilder::new().max_rect(field).id_salt("search"));
    let edit = TextEdit::singleline(&mut text)
        .id(field_id())
        .hint_text(tr!("search"))
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
    ui.data_mut(|data| data.insert_temp(shown, text.clone()));
    if response.changed() {
        cx.send(Msg::Search(SearchMsg::Edit(text)));
    }
    field.bottom()
}
