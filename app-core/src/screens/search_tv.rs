//! Searching with a remote control: keys at the left, suggestions and what was found at the right, all at once. The
//! keyboard stays where it is while the results change.

use super::{
    notice,
    search::{found_id, hint},
};
use crate::{
    app::{Model, Msg, SearchMsg},
    cx::{Cx, say},
    focus::FocusMap,
    language::tr,
    loadable::Loadable,
    theme::Type,
    tokens,
    widgets::{
        card,
        grid::Grid,
        keyboard::{self, Keys},
        row::Row,
        text,
    },
};
use egui::{Align2, Id, Rect, Role, Ui, WidgetInfo, pos2, vec2};
use service_api::catalog::CardShape;

/// Between the keyboard and the results.
const GAP: f32 = 44.0;
/// Height of a suggestion.
const CHIP: f32 = 30.0;

fn keyboard_id() -> Id {
    Id::unique("search-keyboard")
}

fn chips_id() -> Id {
    Id::unique("search-chips")
}

fn chip_id(words: &str) -> Id {
    chips_id().with(words)
}

fn keys(model: &Model) -> Keys {
    Keys { layout: model.settings.keyboard.unwrap_or_default(), others: model.search.others }
}

/// Cards in a line.
fn columns(cx_width: f32, keyline: f32, card: f32, gutter: f32) -> usize {
    let room = cx_width - 2.0 * keyline - keyboard::WIDTH - GAP;
    (((room + gutter) / (card + gutter)).floor() as usize).max(1)
}

/// Adds the keyboard and, beside it, the suggestions above the results.
pub(super) fn focus_map(model: &Model, map: FocusMap) -> FocusMap {
    let right = FocusMap::default().row(chips_id(), model.suggestions().iter().map(|words| chip_id(words)));
    let right = match &model.search.found {
        Loadable::Ready { value, .. } => {
            // The canvas of a television has one size.
            let width = crate::density::Density::TV_HEIGHT * 16.0 / 9.0;
            let metrics = model.density.metrics(width);
            let columns = columns(width, metrics.keyline, metrics.wide_card, metrics.gutter);
            right.grid(found_id(), columns, value.items.iter().map(|title| Row::card_id(found_id(), title)))
        }
        Loadable::Failed(_) => right.row(notice::action_id(), [notice::action_id()]),
        _ => right,
    };
    map.beside([keyboard::focus_map(keyboard_id(), keys(model)), right])
}

/// Shows everything but the navigation.
pub(super) fn view(ui: &mut Ui, cx: &mut Cx<'_>, model: &Model) {
    let area = ui.max_rect();
    let tokens = cx.theme.tokens;
    let metrics = cx.theme.metrics;
    let left = area.left() + metrics.keyline;
    let top = area.top() + metrics.top + metrics.nav_height + 22.0;
    let (shown, colour) = match model.search.text.as_str() {
        "" => (tr!("search"), tokens.text_3),
        text => (text, tokens.text),
    };
    let place = (pos2(left, top), Align2::LEFT_TOP, keyboard::WIDTH - 8.0);
    let line = text::clipped_line(ui.painter(), &cx.theme, place, shown, (Type::Title, colour));
    say(ui, Id::unique("search-text"), line, shown);
    if !model.search.text.is_empty() {
        let caret = pos2(line.right() + 3.0, line.center().y);
        ui.painter().vline(caret.x, caret.y - 12.0..=caret.y + 12.0, (2.0, tokens.accent));
    }
    let (pressed, _) = keyboard::view(ui, cx, keyboard_id(), keys(model), pos2(left, line.bottom() + 12.0));
    if let Some(cap) = pressed {
        cx.send(Msg::Search(SearchMsg::Key(cap)));
    }

    let right = Rect::from_min_max(pos2(left + keyboard::WIDTH + GAP, top), pos2(area.right(), area.bottom()));
    let below = chips(ui, cx, model, right);
    let room = Rect::from_min_max(pos2(right.left(), below + 14.0), area.max);
    match &model.search.found {
        Loadable::Ready { value, .. } if value.items.is_empty() => {
            hint(ui, cx, room.min, &tr!("search-nothing", words = model.search.text.trim()));
        }
        Loadable::Ready { value, .. } => {
            let heading = match (value.items.len(), &value.next) {
                (count, None) => tr!("search-count", count = count),
                (count, Some(_)) => tr!("search-count-more", count = count),
            };
            let style = (Type::RowTitle, tokens.text);
            let rect = text::line(ui.painter(), &cx.theme, (room.min, Align2::LEFT_TOP), &heading, style);
            say(ui, found_id().with("heading"), rect, &heading);
            let size = card::size(cx, CardShape::Wide);
            let columns = columns(area.width(), metrics.keyline, size.x, metrics.gutter);
            let room = Rect::from_min_max(pos2(room.left(), rect.bottom() + 10.0), room.max);
            Grid { id: found_id(), columns, items: &value.items }.view(ui, cx, room);
            // Two lines ahead of the focus.
            let ahead = cx.focus.current().and_then(|id| {
                let mut ids = value.items.iter().map(|title| Row::card_id(found_id(), title));
                ids.position(|card| card == id)
            });
            if model.search.wants_more() && ahead.unwrap_or(0) + 3 * columns >= value.items.len() {
                cx.send(Msg::Search(SearchMsg::More));
            }
        }
        Loadable::Failed(failure) => notice::view(ui, cx, room, failure),
        Loadable::Loading => {
            hint(ui, cx, room.min, tr!("search-searching"));
        }
        Loadable::Absent => {
            hint(ui, cx, room.min, tr!("search-what"));
        }
    }
}

/// Suggestions in one line, as far as they fit; returns its lower edge.
fn chips(ui: &Ui, cx: &mut Cx<'_>, model: &Model, room: Rect) -> f32 {
    let tokens = cx.theme.tokens;
    let right = room.right() - cx.theme.metrics.keyline;
    let suggestions = model.suggestions();
    let count = suggestions.len().max(1) as f32;
    let most = ((right - room.left() - 10.0 * (count - 1.0)) / count).max(60.0);
    let mut x = room.left();
    for words in &suggestions {
        let style = (Type::Label, tokens.text_2);
        let galley = text::galley(ui.painter(), &cx.theme, words, style, most - 24.0, 1);
        let rect = Rect::from_min_size(pos2(x, room.top() + 2.0), vec2(galley.size().x + 24.0, CHIP));
        x = rect.right() + 10.0;
        let spoken = tr!("search-for", words = words);
        let touch = cx.touch(ui, chip_id(words), rect, || WidgetInfo::labeled(Role::Button, true, &spoken));
        let (fill, ink) = match (touch.focused, touch.hovered) {
            (true, _) => (tokens.focus, tokens.on_focus),
            (_, true) => (tokens.control, tokens.text),
            _ => (tokens.surface_2, tokens.text_2),
        };
        ui.painter().rect(
            rect,
            CHIP / 2.0,
            fill,
            (1.0, tokens::mix(fill, tokens.text, 0.08)),
            egui::StrokeKind::Inside,
        );
        let place = (rect.center(), Align2::CENTER_CENTER);
        let galley = text::galley(ui.painter(), &cx.theme, words, (Type::Label, ink), most - 24.0, 1);
        text::place(ui.painter(), place, &galley);
        if touch.activated {
            cx.send(Msg::Search(SearchMsg::Take(words.clone())));
        }
    }
    room.top() + 2.0 + CHIP
}
