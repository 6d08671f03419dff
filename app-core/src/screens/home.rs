//! Home: a hero, then rows. "Continue watching" is the server's first row; nothing moves when it is loaded again.

use super::{nav, notice};
use crate::{
    app::{Model, Msg, PlayFrom, Preview, Taste, TasteWish, Wish},
    cx::{Cx, say},
    focus::FocusMap,
    format, icons,
    language::{self, tr},
    loadable::Loadable,
    motion::{self, time},
    theme::Type,
    video_surface::VideoSurface,
    widgets::{
        button::{self, Kind, Label},
        card,
        gradient::{self, Opaque},
        picture::{self, Art},
        row::{Opens, Row},
        skeleton, text,
    },
};
use egui::{Align2, CornerRadius, Id, Rect, Role, StrokeKind, Ui, UiBuilder, WidgetInfo, pos2, vec2};
use service_api::catalog::{CardShape, Home, Row as HomeRow, TitleState, TitleSummary};

/// What moves comes up behind its picture in this time, in seconds.
const PREVIEW_FADE: f32 = 0.8;

/// Identity of the screen for the focus.
pub(crate) fn screen_id() -> Id {
    Id::unique("home")
}

fn row_id(row: &HomeRow) -> Id {
    Id::unique(("home-row", row.id.as_str()))
}

fn hero_row_id() -> Id {
    Id::unique("home-hero")
}

/// The hero's main action.
pub(crate) fn play_id() -> Id {
    Id::unique("home-play")
}

/// Puts the hero on the list, or takes it off.
fn list_id() -> Id {
    Id::unique("home-list")
}

/// The hero's way to the title page.
pub(crate) fn info_id() -> Id {
    Id::unique("home-info")
}

/// Where the focus waits for the content.
fn waiting_id() -> Id {
    Id::unique("home-waiting")
}

/// Navigation, the hero's buttons and the rows; or what is open above them.
pub(crate) fn focus_map(model: &Model) -> FocusMap {
    if model.profile_menu {
        return FocusMap::default().column(nav::menu_ids(model));
    }
    let mut map = FocusMap::default().nav(nav::row_id(), nav::ids());
    match &model.home {
        Loadable::Ready { value, .. } => {
            if value.hero.is_some() {
                map = map.row(hero_row_id(), [play_id(), list_id(), info_id()]).starting_at(play_id());
            }
            for row in model.home_rows() {
                map = map.row(row_id(row), row.items.iter().map(|title| Row::card_id(row_id(row), title)));
            }
            map
        }
        Loadable::Failed(_) => map.row(notice::action_id(), [notice::action_id()]).starting_at(notice::action_id()),
        _ => map.skeleton(Id::unique("home-waiting-row"), waiting_id()),
    }
}

/// Shows the screen.
pub(crate) fn view(ui: &mut Ui, cx: &mut Cx<'_>, model: &Model, video: &mut VideoSurface) {
    let area = ui.max_rect();
    ui.painter().rect_filled(area, 0.0, cx.theme.tokens.ink);
    let offset = match &model.home {
        Loadable::Ready { value, .. } => {
            let hero = Hero { title: model.hero(value), preview: model.previews.shown.as_ref(), video };
            content(ui, cx, area, (value, &model.home_rows()), hero)
        }
        Loadable::Failed(failure) => {
            notice::view(ui, cx, area, failure);
            0.0
        }
        _ => {
            waiting(ui, cx, area);
            0.0
        }
    };
    let scrolled = (offset / 80.0).clamp(0.0, 1.0);
    if cx.theme.density.is_tv() && (scrolled < 0.5) != model.previews.hero_is_seen {
        cx.send(Msg::HeroSeen(scrolled < 0.5));
    }
    // A television has no pointer to reach the navigation with, so it may go out of the way.
    let visible = if cx.theme.density.is_tv() && !model.profile_menu { 1.0 - scrolled } else { 1.0 };
    nav::view(ui, cx, area, model, (visible, scrolled));
}

/// Heights of the page's parts.
struct Layout {
    hero: f32,
    /// Upper edge of each row within the page.
    rows: Vec<f32>,
    height: f32,
}

/// Home and its rows, with those that are not the service's.
type Content<'a> = (&'a Home, &'a [&'a HomeRow]);

fn layout(cx: &Cx<'_>, area: Rect, (home, shown): Content<'_>) -> Layout {
    let metrics = cx.theme.metrics;
    let hero = match &home.hero {
        None => metrics.top + metrics.nav_height + 40.0,
        Some(_) if cx.theme.density.is_tv() => 338.0,
        Some(_) => (area.height() * 0.62).clamp(400.0, 620.0),
    };
    let mut top = hero;
    let mut rows = Vec::new();
    for row in shown {
        rows.push(top);
        top += row_view(row).height(cx) + metrics.row_gap - 6.0;
    }
    Layout { hero, rows, height: top + 36.0 }
}

/// What a row is called: those that every household has in the viewer's language, the editors' as they were written.
fn heading(row: &HomeRow) -> String {
    match row.heading.strip_prefix("Because you watched ") {
        Some(name) if row.id.starts_with("because") => tr!("row-because", name = name),
        _ if row.id == Taste::ROW => tr!("list-mine").to_owned(),
        _ => language::foreign(&row.heading),
    }
}

fn row_view(row: &HomeRow) -> Row<'_> {
    Row {
        id: row_id(row),
        heading: heading(row).into(),
        shape: row.shape,
        items: &row.items,
        opens: if row.shape == CardShape::Wide { Opens::PageUnlessBegun } else { Opens::Page },
    }
}

/// What stands above the rows, and what moves there.
struct Hero<'a> {
    title: Option<&'a TitleSummary>,
    preview: Option<&'a Preview>,
    video: &'a mut VideoSurface,
}

fn content(ui: &mut Ui, cx: &mut Cx<'_>, area: Rect, (home, rows): Content<'_>, hero: Hero<'_>) -> f32 {
    let layout = layout(cx, area, (home, rows));
    let offset = scroll(ui, cx, area, (home, rows), &layout);
    if let Some(title) = hero.title {
        let moving = hero.preview.filter(|preview| preview.is_seen() && preview.title == title.id);
        hero_view(ui, cx, area, (title, moving.map(|_| hero.video)), (layout.hero, offset));
    }
    let focused_row = cx.focus.row().map(|(row, _)| row);
    // The focused row last: its raised card may reach into its neighbours.
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|index| Some(row_id(rows[*index])) == focused_row);
    for index in order {
        let row = row_view(rows[index]);
        let top = area.top() + layout.rows[index] - offset;
        let is_focused = Some(row.id) == focused_row && cx.focus.ring_is_shown();
        let visible = top < area.bottom() + 30.0 && top + row.height(cx) > area.top() - 30.0;
        if visible || is_focused {
            row.view(ui, cx, area, top);
        }
    }
    if home.hero.is_none() && rows.is_empty() {
        empty(ui, cx, area, home);
    }
    offset
}

/// Nothing is ready yet: say what is going on instead of showing a void.
fn empty(ui: &Ui, cx: &Cx<'_>, area: Rect, home: &Home) {
    let words = match home.library {
        Some(library) => tr!("home-being-made", ready = library.ready, total = library.total),
        None => tr!("home-nothing").to_owned(),
    };
    let tokens = cx.theme.tokens;
    text::icon(ui.painter(), area.center() - vec2(0.0, 44.0), icons::FILM, 44.0, tokens.text_3);
    let line = text::line(
        ui.painter(),
        &cx.theme,
        (area.center(), Align2::CENTER_CENTER),
        &words,
        (Type::BodyMedium, tokens.text_2),
    );
    say(ui, Id::unique("home-empty"), line, &words);
}

/// How far the page is scrolled: where the focus or the wheel want it.
fn scroll(ui: &Ui, cx: &Cx<'_>, area: Rect, (home, rows): Content<'_>, layout: &Layout) -> f32 {
    let key = Id::unique("home-scroll");
    let mut target = ui.data(|data| data.get_temp::<f32>(key)).unwrap_or(0.0);
    let end = (layout.height - area.height()).max(0.0);
    if cx.focus.ring_is_shown()
        && let Some((focused, _)) = cx.focus.row()
    {
        match rows.iter().position(|row| row_id(row) == focused) {
            // The first row is read together with the hero.
            Some(0) if cx.theme.density.is_tv() && home.hero.is_some() => {
                let fits = layout.rows[0] + row_view(rows[0]).height(cx) <= area.height();
                target = if fits { 0.0 } else { layout.rows[0] - 28.0 };
            }
            Some(index) if cx.theme.density.is_tv() => target = layout.rows[index] - 28.0,
            Some(index) => {
                let top = layout.rows[index] - 96.0;
                let bottom = layout.rows[index] + row_view(rows[index]).height(cx) + 24.0 - area.height();
                target = target.min(top).max(bottom.min(top));
            }
            None => target = 0.0,
        }
    }
    target -= ui.input(|input| input.smooth_scroll_delta().y);
    // The last row of a television may come to the top like any other.
    let end = if cx.theme.density.is_tv() { end.max(layout.rows.last().map_or(0.0, |top| top - 28.0)) } else { end };
    target = target.clamp(0.0, end);
    ui.data_mut(|data| data.insert_temp(key, target));
    motion::follow(ui.ctx(), key, target, time::SLIDE)
}

fn hero_view(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    area: Rect,
    (hero, video): (&TitleSummary, Option<&mut VideoSurface>),
    (height, offset): (f32, f32),
) {
    let tv = cx.theme.density.is_tv();
    let shade = 1.0 - (offset / (height * 0.62)).clamp(0.0, 1.0);
    let picture = if tv { area.height() } else { area.height() * 0.94 };
    let fade = cross_fade(ui, cx, (area, picture), (hero, video), (offset, shade));
    if offset > height {
        return;
    }
    // Fades on its way under the navigation.
    let mut faded = ui.new_child(UiBuilder::new().max_rect(area).id_salt("hero"));
    faded.multiply_opacity(1.0 - (offset / (height * 0.5)).clamp(0.0, 1.0));
    let metrics = cx.theme.metrics;
    let left = area.left() + metrics.keyline;
    let width = (area.width() * 0.45).clamp(280.0, if tv { 390.0 } else { 520.0 });
    let buttons = if tv { 280.0 } else { height - metrics.button_height - 52.0 } + area.top() - offset;
    let mut fading = faded.new_child(UiBuilder::new().max_rect(area).id_salt("hero-facts"));
    fading.multiply_opacity(fade);
    facts(&fading, cx, hero, (left, buttons - if tv { 18.0 } else { 24.0 }, width));
    hero_buttons(&faded, cx, hero, pos2(left, buttons));
}

/// What stands above the rows, and what stood there before.
#[derive(Clone, Debug)]
struct Shown {
    now: TitleSummary,
    before: Option<TitleSummary>,
    changes: u64,
}

/// The backdrop, laid over the one before it. Returns how visible the new one is.
fn cross_fade(
    ui: &mut Ui,
    cx: &mut Cx<'_>,
    place: (Rect, f32),
    (hero, video): (&TitleSummary, Option<&mut VideoSurface>),
    (offset, shade): (f32, f32),
) -> f32 {
    let key = Id::unique("home-hero-shown");
    let known = ui.data(|data| data.get_temp::<Shown>(key));
    let mut shown = known.unwrap_or_else(|| Shown { now: hero.clone(), before: None, changes: 0 });
    if shown.now.id != hero.id {
        shown.before = Some(std::mem::replace(&mut shown.now, hero.clone()));
        shown.changes += 1;
    }
    let start = if shown.before.is_some() { 0.0 } else { 1.0 };
    let fade = motion::follow_from(ui.ctx(), key.with(shown.changes), start, 1.0, time::CROSS_FADE);
    if fade >= 0.999 {
        shown.before = None;
    }
    if let Some(before) = &shown.before {
        backdrop(ui, cx, place, before, (offset, shade));
    }
    let moves = f32::from(u8::from(video.is_some()));
    let moves = motion::follow(ui.ctx(), key.with("moves"), moves, PREVIEW_FADE);
    let mut over = ui.new_child(UiBuilder::new().max_rect(place.0).id_salt("hero-backdrop"));
    match video {
        // The picture goes, and what moves is behind it.
        Some(video) if moves > 0.0 => {
            video.paint(ui, backdrop_rect(place, offset));
            over.multiply_opacity(fade * (1.0 - moves));
            backdrop_picture(&over, cx, place, hero, offset);
            backdrop_shade(ui, cx, place, (offset, shade));
        }
        _ => {
            over.multiply_opacity(fade);
            backdrop(&over, cx, place, hero, (offset, shade));
        }
    }
    ui.data_mut(|data| data.insert_temp(key, shown));
    fade
}

/// Backdrop with its scrims: the picture stands at the right, the text on ink at the left.
///
/// `height` is where the picture has faded into ink; `shade` dims it on its way out.
pub(crate) fn backdrop(
    ui: &Ui,
    cx: &mut Cx<'_>,
    place: (Rect, f32),
    title: &TitleSummary,
    (offset, shade): (f32, f32),
) {
    backdrop_picture(ui, cx, place, title, offset);
    backdrop_shade(ui, cx, place, (offset, shade));
}

fn backdrop_rect((area, height): (Rect, f32), offset: f32) -> Rect {
    let size = vec2(area.width(), height.min(area.width() * 9.0 / 16.0));
    Rect::from_min_size(area.min - vec2(0.0, offset * 0.35), size)
}

fn backdrop_picture(ui: &Ui, cx: &mut Cx<'_>, place: (Rect, f32), title: &TitleSummary, offset: f32) {
    let rect = backdrop_rect(place, offset);
    let painter = ui.painter().with_clip_rect(place.0);
    let art = Art {
        path: title.artwork.backdrop.as_deref().or(title.artwork.card.as_deref()),
        colour: title.artwork.colour.as_deref(),
        radius: CornerRadius::ZERO,
        brightness: 1.0,
        keep: vec2(1.0, 0.42),
    };
    picture::paint(ui, cx, &painter, rect, &art);
}

fn backdrop_shade(ui: &Ui, cx: &Cx<'_>, place: (Rect, f32), (offset, shade): (f32, f32)) {
    let tokens = cx.theme.tokens;
    let rect = backdrop_rect(place, offset);
    let painter = ui.painter().with_clip_rect(place.0);
    let half = Rect::from_min_size(rect.min, vec2(rect.width() * 0.66, rect.height()));
    gradient::scrim(&painter, half, Opaque::Left, tokens.ink, 1.0);
    if cx.theme.needs_firm_ground() {
        gradient::scrim(&painter, rect, Opaque::Left, tokens.ink, 1.0);
    }
    let left = Rect::from_min_size(rect.min, vec2(rect.width() * 0.34, rect.height()));
    gradient::scrim(&painter, left, Opaque::Left, tokens.ink, 0.75);
    let low = Rect::from_min_max(pos2(rect.left(), rect.bottom() - rect.height() * 0.55), rect.max);
    gradient::scrim(&painter, low, Opaque::Bottom, tokens.ink, 1.0);
    let edge = Rect::from_min_max(pos2(rect.left(), rect.bottom() - rect.height() * 0.22), rect.max);
    gradient::scrim(&painter, edge, Opaque::Bottom, tokens.ink, 0.8);
    painter.rect_filled(rect, 0.0, tokens.ink.gamma_multiply(1.0 - shade));
}

/// Kicker, name, facts and synopsis, from `bottom` upwards so that the buttons never move.
pub(crate) fn facts(ui: &Ui, cx: &Cx<'_>, title: &TitleSummary, (left, bottom, width): (f32, f32, f32)) {
    let tokens = cx.theme.tokens;
    let painter = ui.painter();
    let tv = cx.theme.density.is_tv();
    let mut bottom = bottom;
    let place = |galley: &std::sync::Arc<egui::Galley>, bottom: f32| {
        text::place(painter, (pos2(left, bottom), Align2::LEFT_BOTTOM), galley)
    };
    if !title.synopsis.is_empty() {
        let body = crate::tokens::mix(tokens.text_2, tokens.text, 0.5);
        let galley = text::galley(painter, &cx.theme, &title.synopsis, (Type::Body, body), width, 3);
        let rect = place(&galley, bottom);
        say(ui, Id::unique("facts-synopsis"), rect, &title.synopsis);
        bottom = rect.top() - if tv { 9.0 } else { 14.0 };
    }
    let line_height = cx.theme.font(Type::BodyMedium).size * 1.25;
    facts_line(ui, cx, title, pos2(left, bottom - line_height / 2.0));
    bottom -= line_height + if tv { 6.0 } else { 10.0 };
    let galley = text::galley(painter, &cx.theme, &title.name, (Type::Hero, tokens.text), width + 120.0, 2);
    let name = place(&galley, bottom);
    say(ui, Id::unique("facts-name"), name, &title.name);
    bottom = name.top() - if tv { 6.0 } else { 10.0 };
    if let Some(kicker) = &title.kicker {
        let words = kicker.to_uppercase();
        let galley = text::galley(painter, &cx.theme, &words, (Type::LabelStrong, tokens.accent), width, 1);
        let rect = place(&galley, bottom);
        say(ui, Id::unique("facts-kicker"), rect, kicker);
    }
}

/// Year, length, age and badges in one line around `left_middle`.
fn facts_line(ui: &Ui, cx: &Cx<'_>, title: &TitleSummary, left_middle: egui::Pos2) {
    let tokens = cx.theme.tokens;
    let painter = ui.painter();
    let mut x = left_middle.x;
    let mut spoken = Vec::new();
    let mut word = |x: &mut f32, words: String, colour| {
        let at = (pos2(*x, left_middle.y), Align2::LEFT_CENTER);
        let rect = text::line(painter, &cx.theme, at, &words, (Type::BodyMedium, colour));
        *x = rect.right() + 12.0;
        spoken.push(words);
    };
    if let Some(progress) = title.progress.filter(|p| p.position_s > 0.0 && !p.is_finished()) {
        let left = format::length(progress.duration_s - progress.position_s);
        word(&mut x, tr!("time-left", time = left), tokens.good);
    }
    if let TitleState::Preparing { percent } = title.state {
        word(&mut x, tr!("title-preparing", percent = percent), tokens.warn);
    }
    for words in [
        title.year.map(|year| year.to_string()),
        title.runtime_s.map(format::length),
        title.genres.first().cloned(),
        title.maturity.map(|age| format!("{age}+")),
    ]
    .into_iter()
    .flatten()
    {
        word(&mut x, words, tokens.text_2);
    }
    x += 2.0;
    for mark in title.badges.iter().take(5) {
        x = text::badge(painter, &cx.theme, pos2(x, left_middle.y), mark).right() + 7.0;
        spoken.push(mark.clone());
    }
    let rect = Rect::from_min_max(left_middle - vec2(0.0, 9.0), pos2(x, left_middle.y + 9.0));
    say(ui, Id::unique("facts-line"), rect, &spoken.join(", "));
}

fn hero_buttons(ui: &Ui, cx: &mut Cx<'_>, hero: &TitleSummary, at: egui::Pos2) {
    let begun = hero.progress.is_some_and(|p| p.position_s > 0.0 && !p.is_finished());
    let ready = hero.state.is_ready();
    let label =
        Label::new(Kind::Primary, if begun { tr!("resume") } else { tr!("play") }).icon(icons::PLAY).enabled(ready);
    let (rect, pressed) = button::labelled(ui, cx, play_id(), at, &label);
    if pressed {
        cx.send(Msg::Play { title: hero.clone(), from: PlayFrom::Resume });
    }
    let raised = cx.focus.has_ring(play_id()) || ui.rect_contains_pointer(rect);
    if raised && ready {
        cx.send(Msg::Rests(hero.id.clone()));
    }
    let list = Rect::from_min_size(pos2(rect.right() + 12.0, rect.top()), vec2(rect.height(), rect.height()));
    let is_listed = cx.taste.is_listed(&hero.id);
    let (icon, name) = if is_listed { (icons::CHECK, tr!("list-remove")) } else { (icons::PLUS, tr!("list-add")) };
    if button::toggle(ui, cx, list_id(), list, (icon, name, is_listed)) {
        cx.send(Msg::Wish(Wish::Taste(TasteWish::Toggle(Box::new(hero.clone())))));
    }
    let next = pos2(list.right() + 12.0, rect.top());
    let pressed = if cx.theme.density.is_tv() {
        let round = Rect::from_min_size(next, vec2(rect.height(), rect.height()));
        button::round(ui, cx, info_id(), round, (icons::INFO, tr!("title-more-info")))
    } else {
        button::labelled(ui, cx, info_id(), next, &Label::new(Kind::Plain, tr!("title-more-info")).icon(icons::INFO)).1
    };
    if pressed {
        cx.send(Msg::ShowTitle(hero.clone()));
    }
}

/// The page's shape before its content.
fn waiting(ui: &Ui, cx: &mut Cx<'_>, area: Rect) {
    let metrics = cx.theme.metrics;
    let tv = cx.theme.density.is_tv();
    let hero = if tv { 338.0 } else { (area.height() * 0.62).clamp(400.0, 620.0) };
    let painter = ui.painter();
    let left = area.left() + metrics.keyline;
    let base = area.top() + hero - if tv { 58.0 } else { 96.0 };
    let slot = Rect::from_min_size(pos2(left, base), vec2(150.0, metrics.button_height));
    let touch = cx.touch(ui, waiting_id(), slot, || WidgetInfo::labeled(Role::Button, true, tr!("loading")));
    let block = |x: f32, y: f32, w: f32, h: f32, r: f32| {
        skeleton::block(painter, cx, Rect::from_min_size(pos2(left + x, base + y), vec2(w, h)), r);
    };
    block(0.0, -170.0, 90.0, 13.0, 4.0);
    block(0.0, -146.0, 330.0, 42.0, 8.0);
    block(0.0, -92.0, 240.0, 15.0, 4.0);
    block(0.0, -64.0, 380.0, 13.0, 4.0);
    block(0.0, -44.0, 320.0, 13.0, 4.0);
    let radius = if tv { metrics.button_height / 2.0 } else { 10.0 };
    block(0.0, 0.0, 150.0, metrics.button_height, radius);
    if touch.focused {
        let ring = (slot.expand(3.0), radius + 3.0);
        painter.rect_stroke(ring.0, ring.1, (2.5, cx.theme.tokens.focus), StrokeKind::Inside);
    }
    let size = card::size(cx, CardShape::Wide);
    skeleton::row(painter, cx, area.top() + hero, area.right(), size);
    skeleton::row(
        painter,
        cx,
        area.top() + hero + size.y + 31.0 + card::LABEL_HEIGHT + metrics.row_gap,
        area.right(),
        card::size(cx, CardShape::Poster),
    );
    say(ui, Id::unique("home-waiting"), area, tr!("home-loading"));
}
