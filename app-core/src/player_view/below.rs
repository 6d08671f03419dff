//! The rows under the player of a television. Down opens them, Up from the first one and Back close them; the film goes on
//! above.

use super::{
    controls,
    model::{PlayerMsg, PlayerScreen},
};
use crate::{
    app::Msg,
    cx::{Cx, say},
    focus::{Focus, FocusMap, Step},
    format,
    language::tr,
    motion::{self, time},
    theme::Type,
    tokens,
    widgets::{
        card,
        gradient::{self, Opaque},
        row::{HEADING, Opens, Row},
        text, toast,
    },
};
use egui::{
    Align2, CornerRadius, Id, Rect, Role, StrokeKind, Ui, UiBuilder, WidgetInfo, epaint::RectShape, pos2, vec2,
};
use service_api::catalog::{CardShape, Chapter};
use std::time::Duration;

/// From the lower edge to the top of the row that has the focus: the heading of the next one peeks out below.
const ROOM: f32 = 232.0;
/// How far into a chapter its picture is taken, in seconds: many begin in the dark, or with the end of the one before.
const INTO_CHAPTER: f64 = 3.0;
/// Between two rows.
const GAP: f32 = 16.0;

fn chapters_id() -> Id {
    Id::unique("below-chapters")
}

fn chapter_id(index: usize) -> Id {
    Id::unique(("below-chapter", index))
}

fn episodes_id() -> Id {
    Id::unique("below-episodes")
}

fn more_id() -> Id {
    Id::unique("below-more")
}

/// The rows that there are, from top to bottom.
fn rows(player: &PlayerScreen) -> Vec<Id> {
    let around = &player.around;
    [
        (chapters_id(), player.chapters.is_empty()),
        (episodes_id(), around.episodes().is_empty()),
        (more_id(), around.more.is_empty()),
    ]
    .into_iter()
    .filter_map(|(id, is_empty)| (!is_empty).then_some(id))
    .collect()
}

/// The rows, beginning where the film is: at its chapter, or its episode.
pub(super) fn focus_map(player: &PlayerScreen) -> FocusMap {
    let around = &player.around;
    let mut map = FocusMap::default()
        .row(chapters_id(), (0..player.chapters.len()).map(chapter_id))
        .row(episodes_id(), around.episodes().iter().map(|episode| Row::card_id(episodes_id(), episode)))
        .row(more_id(), around.more.iter().map(|title| Row::card_id(more_id(), title)));
    let playing = around.episodes().iter().find(|episode| player.plays(&episode.id));
    if let Some(index) = player.chapter_index() {
        map = map.starting_at(chapter_id(index));
    } else if let Some(episode) = playing {
        map = map.starting_at(Row::card_id(episodes_id(), episode));
    }
    map
}

/// Does this step lead out of the rows, to the player above them?
pub(super) fn leaves(player: &PlayerScreen, focus: &Focus, step: Step) -> bool {
    step == Step::Up && focus.row().map(|(row, _)| row) == rows(player).first().copied()
}

/// Shows the rows; `shown` is how far they have come.
pub(super) fn view(ui: &mut Ui, cx: &mut Cx<'_>, area: Rect, player: &PlayerScreen, shown: f32) {
    let screen = ui.ctx().content_rect();
    let dark = Rect::from_min_max(pos2(screen.left(), screen.bottom() - screen.height() * 0.78), screen.max);
    gradient::scrim(ui.painter(), dark, Opaque::Bottom, cx.theme.tokens.scrim, 0.96 * shown);
    let rows = rows(player);
    let height = HEADING + card::size(cx, CardShape::Wide).y + card::LABEL_HEIGHT;
    let focused = cx.focus.row().and_then(|(row, _)| rows.iter().position(|id| *id == row)).unwrap_or(0);
    let slid = motion::follow(ui.ctx(), Id::unique("below-scroll"), (height + GAP) * focused as f32, time::SLIDE);
    let top = area.bottom() - ROOM + 24.0 * (1.0 - shown);
    let mut child = ui.new_child(UiBuilder::new().max_rect(area).id_salt("below"));
    // What has slid away upwards is not to lie over the picture.
    child.set_clip_rect(Rect::from_min_max(pos2(screen.left(), top - 8.0), screen.max));
    child.multiply_opacity(shown);
    for (index, row) in rows.iter().enumerate() {
        let at = top + (height + GAP) * index as f32 - slid;
        if at > screen.bottom() || (at + height < top && index != focused) {
            continue;
        }
        let around = &player.around;
        if *row == chapters_id() {
            chapters(&child, cx, area, player, at);
        } else if *row == episodes_id() {
            let heading = around.season.as_ref().map(|season| tr!("title-season", number = season.number));
            let heading = heading.unwrap_or_default().into();
            let items = around.episodes();
            let row = Row { id: *row, heading, shape: CardShape::Wide, items, opens: Opens::Playback };
            row.view(&child, cx, area, at);
        } else {
            let (heading, items) = (tr!("title-more-like").into(), around.more.as_slice());
            let row = Row { id: *row, heading, shape: CardShape::Wide, items, opens: Opens::Page };
            row.view(&child, cx, area, at);
        }
    }
}

/// The chapters as a row that slides under the focus.
fn chapters(ui: &Ui, cx: &mut Cx<'_>, area: Rect, player: &PlayerScreen, top: f32) {
    let metrics = cx.theme.metrics;
    let size = card::size(cx, CardShape::Wide);
    let pitch = size.x + metrics.gutter;
    let keyline = controls::keyline(cx);
    let focused = cx.focus.row().filter(|(row, _)| *row == chapters_id()).map(|(_, index)| index);
    let key = chapters_id().with("target");
    let known = ui.data(|data| data.get_temp::<f32>(key)).unwrap_or(0.0);
    let overflow = pitch * player.chapters.len() as f32 - metrics.gutter - (area.width() - 2.0 * keyline);
    let target = focused.map_or(known, |index| pitch * index as f32).clamp(0.0, overflow.max(0.0));
    ui.data_mut(|data| data.insert_temp(key, target));
    let offset = motion::follow(ui.ctx(), key, target, time::SLIDE);
    let ink = if focused.is_some() { cx.theme.tokens.text } else { cx.theme.tokens.text_2 };
    let left = area.left() + keyline;
    let place = (pos2(left, top), Align2::LEFT_TOP);
    let heading = text::line(ui.painter(), &cx.theme, place, tr!("title-chapters"), (Type::RowTitle, ink));
    say(ui, chapters_id().with("heading"), heading, tr!("title-chapters"));
    let seen = |index: usize| {
        let x = left + pitch * index as f32 - offset;
        x < area.right() + 40.0 && x + size.x > area.left() - 40.0
    };
    let visible: Vec<usize> =
        (0..player.chapters.len()).filter(|index| seen(*index) || focused == Some(*index)).collect();
    let times: Vec<f64> = visible.iter().map(|index| player.chapters[*index].start_s + INTO_CHAPTER).collect();
    let pictures = cx.previews.of(ui.ctx(), &times);
    let mut last = None;
    for (index, picture) in visible.into_iter().zip(pictures) {
        let x = left + pitch * index as f32 - offset;
        let rest = Rect::from_min_size(pos2(x + offset - target, top + HEADING), size);
        let shown = Shown { index, rect: rest.translate(vec2(target - offset, 0.0)), rest, picture };
        if focused == Some(index) {
            last = Some(shown);
        } else {
            chapter(ui, cx, player, &shown);
        }
    }
    // What has the focus is larger than its neighbours, and lies over them.
    if let Some(shown) = last {
        chapter(ui, cx, player, &shown);
    }
}

/// One card of a chapter.
struct Shown {
    index: usize,
    rect: Rect,
    /// Where it comes to rest.
    rest: Rect,
    picture: Option<egui::TextureHandle>,
}

fn chapter(ui: &Ui, cx: &mut Cx<'_>, player: &PlayerScreen, shown: &Shown) {
    let tokens = cx.theme.tokens;
    let metrics = cx.theme.metrics;
    let Some(told) = player.chapters.get(shown.index) else { return };
    let (name, at) = words(told, shown.index);
    let id = chapter_id(shown.index);
    let touch = cx.touch(ui, id, shown.rect, || WidgetInfo::labeled(Role::Button, true, format!("{name}, {at}")));
    cx.focus.note_rect(id, shown.rest);
    let lift = motion::follow(ui.ctx(), id, f32::from(u8::from(touch.is_raised())), time::FOCUS);
    let rect = Rect::from_center_size(shown.rect.center(), shown.rect.size() * (1.0 + 0.08 * lift));
    let radius = CornerRadius::same(metrics.card_radius as u8);
    let painter = ui.painter();
    if lift > 0.01 {
        painter.add(toast::shadow(tokens.shadow.gamma_multiply(lift)).as_shape(rect, radius));
    }
    painter.rect_filled(rect, radius, tokens.surface_2);
    match &shown.picture {
        Some(texture) => {
            let whole = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
            painter.add(RectShape::filled(rect, radius, tokens::UNTINTED).with_texture(texture.id(), whole));
        }
        None => {
            let number = (shown.index + 1).to_string();
            let ink = (Type::Title, tokens.text_3);
            text::line(painter, &cx.theme, (rect.center(), Align2::CENTER_CENTER), &number, ink);
        }
    }
    if let Some(share) = progress(player, shown.index) {
        let rail = Rect::from_min_max(
            pos2(rect.left() + 8.0, rect.bottom() - 11.0),
            pos2(rect.right() - 8.0, rect.bottom() - 8.0),
        );
        painter.rect_filled(rail, 1.5, tokens.bar_buffered);
        let done = Rect::from_min_size(rail.min, vec2(rail.width() * share, rail.height()));
        painter.rect_filled(done, 1.5, tokens.accent);
    }
    if lift > 0.01 {
        let ring = (rect.expand(3.0), metrics.card_radius + 3.0);
        painter.rect_stroke(ring.0, ring.1, (2.5, tokens.focus.gamma_multiply(lift)), StrokeKind::Inside);
    }
    let (left, width) = (rect.left() + 2.0, rect.width() - 4.0);
    let role = if lift > 0.5 { Type::LabelStrong } else { Type::Label };
    let ink = tokens::mix(tokens.text_2, tokens.text, lift);
    let place = (pos2(left, rect.bottom() + 7.0), Align2::LEFT_TOP, width);
    let line = text::clipped_line(painter, &cx.theme, place, &name, (role, ink));
    let place = (pos2(left, line.bottom()), Align2::LEFT_TOP, width);
    text::clipped_line(painter, &cx.theme, place, &at, (Type::Caption, tokens.text_3));
    if touch.activated {
        cx.send(Msg::Player(PlayerMsg::ChooseChapter(shown.index)));
    }
}

/// What a chapter is called, and when it begins.
fn words(chapter: &Chapter, index: usize) -> (String, String) {
    let name = match chapter.name.trim() {
        "" => tr!("chapter", number = index + 1),
        name => name.to_owned(),
    };
    let at = format::clock(Duration::try_from_secs_f64(chapter.start_s.max(0.0)).unwrap_or_default());
    (name, at)
}

/// How much of the chapter was seen, if it is the one that plays.
fn progress(player: &PlayerScreen, index: usize) -> Option<f32> {
    if player.chapter_index() != Some(index) {
        return None;
    }
    let start = player.chapters.get(index)?.start_s;
    let end = player.chapters.get(index + 1).map(|next| next.start_s).or(player.duration())?;
    let share = (player.shown_position() - start) / (end - start);
    share.is_finite().then_some(share.clamp(0.0, 1.0) as f32)
}
