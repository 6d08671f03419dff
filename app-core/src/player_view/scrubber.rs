//! The seek bar: played, loaded and missing media, chapters as gaps, and a bubble with time and picture under
//! the pointer.

use super::{
    controls::describe_slider,
    model::{PlayerMsg, PlayerScreen},
    view::scrubber_id,
};
use crate::{
    app::Msg,
    cx::{Cx, say},
    format,
    language::tr,
    motion::{self, time},
    theme::Type,
    tokens,
    widgets::text,
};
use egui::{Align2, CursorIcon, Id, Rect, Sense, Ui, Vec2, WidgetInfo, accesskit, epaint::RectShape, pos2, vec2};
use std::time::Duration;

/// Space between two chapters on the bar.
const GAP: f32 = 3.0;

/// Shows the bar on `rail`.
pub(crate) fn view(ui: &Ui, cx: &mut Cx<'_>, rail: Rect, player: &PlayerScreen, osd: f32) {
    let tokens = cx.theme.tokens;
    let id = scrubber_id();
    let duration = player.duration();
    let zone = rail.expand2(vec2(0.0, 11.0));
    let response = ui.interact(zone, id, Sense::click_and_drag());
    cx.focus.note_rect(id, rail);
    let position = player.shown_position();
    response.widget_info(|| WidgetInfo::slider(duration.is_some(), position, tr!("player-seek")));
    describe_slider(ui, id, &spoken(position, duration), (0.0, duration.unwrap_or(0.0)));

    let Some(duration) = duration else {
        ui.painter().rect_filled(rail, 2.5, tokens.bar.gamma_multiply(osd));
        return;
    };
    let time_at = |x: f32| f64::from(((x - rail.left()) / rail.width()).clamp(0.0, 1.0)) * duration;
    if let Some(pos) = response.interact_pointer_pos()
        && (response.is_pointer_button_down_on() || response.clicked())
    {
        cx.send(Msg::Player(PlayerMsg::Scrub(time_at(pos.x))));
    }
    if response.drag_stopped() || response.clicked() {
        cx.send(Msg::Player(PlayerMsg::Released));
    }
    accessible_steps(ui, cx, id, position);

    let hover = response.hover_pos().filter(|_| !cx.focus.ring_is_shown());
    let swollen = hover.is_some() || response.dragged() || cx.focus.has_ring(id);
    let swell = motion::follow(ui.ctx(), id, f32::from(u8::from(swollen)), time::FOCUS);
    let thick = rail.expand2(vec2(0.0, 1.5 * swell));
    paint_rail(ui, cx, thick, player, duration, hover.map(|pos| time_at(pos.x)), osd);

    let x = rail.left() + rail.width() * (position / duration).clamp(0.0, 1.0) as f32;
    let knob = pos2(x, rail.center().y);
    let painter = ui.painter();
    if cx.focus.has_ring(id) {
        painter.circle_filled(knob, 11.0, tokens.focus.gamma_multiply(osd));
    }
    painter.circle_filled(knob, 7.0 + 1.5 * swell, tokens.accent.gamma_multiply(osd));
    painter.circle_filled(knob, 2.6 + 0.6 * swell, tokens.text.gamma_multiply(osd));

    if let Some(pos) = hover {
        ui.set_cursor_icon(CursorIcon::PointingHand);
        painter.vline(pos.x, thick.expand(4.0).y_range(), (1.5, tokens.text.gamma_multiply(osd)));
        bubble(ui, cx, rail, (pos.x, time_at(pos.x)), player, osd);
    } else if player.dpad.is_active() || player.seek.shown().is_some() {
        // Keys have no pointer: the target is shown until the picture itself is there.
        bubble(ui, cx, rail, (x, position), player, osd);
    }
}

/// Screen readers move the slider by steps of five seconds.
fn accessible_steps(ui: &Ui, cx: &mut Cx<'_>, id: Id, position: f64) {
    ui.ctx().accesskit_node_builder(id, |node| {
        node.add_action(accesskit::Action::Increment);
        node.add_action(accesskit::Action::Decrement);
        node.add_action(accesskit::Action::SetValue);
    });
    let (up, down, set) = ui.input(|input| {
        let set =
            input.accesskit_action_requests(id, accesskit::Action::SetValue).find_map(|request| match request.data {
                Some(accesskit::ActionData::NumericValue(value)) => Some(value),
                _ => None,
            });
        (
            input.num_accesskit_action_requests(id, accesskit::Action::Increment),
            input.num_accesskit_action_requests(id, accesskit::Action::Decrement),
            set,
        )
    });
    let steps = up as f64 - down as f64;
    if steps != 0.0 {
        cx.send(Msg::Player(PlayerMsg::SeekBy { seconds: 5.0 * steps, held: false }));
    }
    if let Some(value) = set.filter(|value| (value - position).abs() > 0.5) {
        cx.send(Msg::Player(PlayerMsg::Scrub(value)));
        cx.send(Msg::Player(PlayerMsg::Released));
    }
}

fn paint_rail(ui: &Ui, cx: &Cx<'_>, rail: Rect, player: &PlayerScreen, duration: f64, hover: Option<f64>, osd: f32) {
    let tokens = cx.theme.tokens;
    let position = player.shown_position();
    let buffered = (player.position(), player.position() + player.snapshot.buffered.as_secs_f64());
    let x = |time: f64| rail.left() + rail.width() * (time / duration).clamp(0.0, 1.0) as f32;
    let painter = ui.painter();
    for (start, end) in spans(player, duration) {
        let from = x(start) + if start > 0.0 { GAP / 2.0 } else { 0.0 };
        let to = x(end) - if end < duration { GAP / 2.0 } else { 0.0 };
        if to <= from {
            continue;
        }
        // The chapter under the pointer rises a little.
        let pointed = hover.is_some_and(|time| time >= start && time < end);
        let span = Rect::from_x_y_ranges(from..=to, rail.y_range()).expand2(vec2(0.0, if pointed { 1.5 } else { 0.0 }));
        let piece = |a: f64, b: f64| {
            let range = x(a).max(from)..=x(b).min(to);
            (range.start() < range.end()).then(|| Rect::from_x_y_ranges(range, span.y_range()))
        };
        painter.rect_filled(span, 2.5, tokens.bar.gamma_multiply(osd));
        for segment in &player.skips.segments {
            if let Some(rect) = piece(segment.start_s, segment.end_s) {
                painter.rect_filled(rect, 2.5, tokens.info.gamma_multiply(0.35 * osd));
            }
        }
        if let Some(rect) = piece(buffered.0, buffered.1) {
            painter.rect_filled(rect, 2.5, tokens.bar_buffered.gamma_multiply(osd));
        }
        if let Some(rect) = piece(start, position) {
            painter.rect_filled(rect, 2.5, tokens.accent.gamma_multiply(osd));
        }
    }
}

/// Chapters as stretches of time; the whole title if it has none.
fn spans(player: &PlayerScreen, duration: f64) -> Vec<(f64, f64)> {
    let mut starts: Vec<f64> = player.chapters.iter().map(|chapter| chapter.start_s).collect();
    starts.retain(|start| *start > 0.5 && *start < duration - 0.5);
    starts.sort_by(f64::total_cmp);
    starts.insert(0, 0.0);
    let ends = starts.iter().skip(1).copied().chain([duration]);
    starts.iter().copied().zip(ends).collect()
}

/// Time and chapter under the pointer, and above them the picture as soon as it is there.
fn bubble(ui: &Ui, cx: &mut Cx<'_>, rail: Rect, (x, time): (f32, f64), player: &PlayerScreen, osd: f32) {
    let tokens = cx.theme.tokens;
    let picture = cx.previews.at(ui.ctx(), time);
    let widest = if cx.theme.density.is_tv() { 176.0 } else { 224.0 };
    let picture = picture.map(|picture| (fitting(picture.size_vec2(), widest), picture));
    let width = picture.as_ref().map_or(rail.width(), |(size, _)| size.x.max(160.0));
    let mut words = format::clock(Duration::try_from_secs_f64(time.max(0.0)).unwrap_or_default());
    if let Some(chapter) = player.chapter_at(time).filter(|chapter| !chapter.name.is_empty()) {
        words = format!("{words} · {}", chapter.name);
    }
    let ink = tokens.text.gamma_multiply(osd);
    let galley = text::galley(ui.painter(), &cx.theme, &words, (Type::LabelStrong, ink), width, 1);
    let label = galley.size() + vec2(20.0, 10.0);
    let frame = 3.0;
    let size = match &picture {
        Some((size, _)) => vec2(size.x.max(label.x - 2.0 * frame), size.y + label.y) + vec2(2.0 * frame, frame),
        None => label,
    };
    let centre = x.clamp(rail.left() + size.x / 2.0, (rail.right() - size.x / 2.0).max(rail.left() + size.x / 2.0));
    let rect = Rect::from_center_size(pos2(centre, rail.top() - 14.0 - size.y / 2.0), size);
    let painter = ui.painter();
    painter.rect_filled(rect, if picture.is_some() { 9.0 } else { 6.0 }, tokens.card.gamma_multiply(osd));
    let foot = pos2(rect.center().x, rect.bottom() - label.y / 2.0);
    text::place(painter, (foot, Align2::CENTER_CENTER), &galley);
    if let Some((size, texture)) = picture {
        let top = pos2(rect.center().x - size.x / 2.0, rect.top() + frame);
        let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        let shape = RectShape::filled(Rect::from_min_size(top, size), 7.0, tokens::UNTINTED.gamma_multiply(osd));
        painter.add(shape.with_texture(texture.id(), whole));
        say(
            ui,
            Id::unique("player-preview"),
            Rect::from_min_size(top, size),
            &tr!("player-picture-at", place = &words),
        );
    }
}

/// A picture's size on screen: as wide as can be, its shape kept, and not higher than wide.
fn fitting(size: Vec2, widest: f32) -> Vec2 {
    let scale = (widest / size.x.max(1.0)).min(widest / size.y.max(1.0));
    size * scale
}

/// `19 min 12 s of 51 min 52 s`.
fn spoken(position: f64, duration: Option<f64>) -> String {
    let words = |seconds: f64| format::spoken(Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default());
    match duration {
        Some(duration) => tr!("time-of", time = words(position), whole = words(duration)),
        None => words(position),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{density::Density, testing::fixtures};
    use service_api::catalog::Chapter;

    #[test]
    fn chapters_part_the_bar_and_those_at_its_edges_do_not() {
        let mut model = fixtures::playing(Density::Desktop, fixtures::snapshot());
        let player = model.player.as_mut().unwrap();
        player.chapters =
            [0.0, 99.8, 40.0, 0.2, 70.0, 500.0].map(|start_s| Chapter { start_s, name: String::new() }).to_vec();
        assert_eq!(spans(player, 100.0), [(0.0, 40.0), (40.0, 70.0), (70.0, 100.0)]);
        player.chapters.clear();
        assert_eq!(spans(player, 100.0), [(0.0, 100.0)]);
    }

    #[test]
    fn pictures_keep_their_shape() {
        assert_eq!(fitting(vec2(320.0, 180.0), 224.0), vec2(224.0, 126.0));
        assert_eq!(fitting(vec2(90.0, 160.0), 160.0), vec2(90.0, 160.0));
    }
}
