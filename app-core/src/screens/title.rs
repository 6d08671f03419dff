//! The page of one title: what it is, who made it, and the ways to watch it.

mod actions;

use super::{home, nav, notice};
use crate::{
    app::{Model, Msg, PlayFrom, TitleScreen, is_begun},
    cx::{Cx, say},
    focus::FocusMap,
    format, icons,
    language::tr,
    loadable::Loadable,
    motion::{self, time},
    theme::Type,
    widgets::{
        card,
        row::{HEADING, Opens, Row},
        skeleton, text,
    },
};
use egui::{Align2, Id, Rect, Role, Ui, UiBuilder, WidgetInfo, pos2, vec2};
use service_api::catalog::{CardShape, Protection, Title};
use std::time::Duration;

/// Identity of the page for the focus: each title has its own memory.
pub(crate) fn screen_id(page: &TitleScreen) -> Id {
    Id::unique(("title", page.summary.id.as_str()))
}

fn play_id() -> Id {
    Id::unique("title-play")
}

fn restart_id() -> Id {
    Id::unique("title-restart")
}

fn list_id() -> Id {
    Id::unique("title-list")
}

fn up_id() -> Id {
    Id::unique("title-thumbs-up")
}

fn down_id() -> Id {
    Id::unique("title-thumbs-down")
}

fn back_id() -> Id {
    Id::unique("title-back")
}

fn more_id() -> Id {
    Id::unique("title-more")
}

fn episodes_id() -> Id {
    Id::unique("title-episodes")
}

fn season_id(index: usize) -> Id {
    Id::unique(("title-season", index))
}

fn chapter_id(index: usize) -> Id {
    Id::unique(("title-chapter", index))
}

/// Back and profile, the ways to watch, chapters, and what is similar.
pub(crate) fn focus_map(model: &Model) -> FocusMap {
    if model.profile_menu {
        return FocusMap::default().column(nav::menu_ids(model));
    }
    let Some(page) = model.title_page() else { return FocusMap::default() };
    let mut map = FocusMap::default().nav(nav::row_id(), nav::ids());
    if matches!(page.document, Loadable::Failed(_)) {
        return map.row(notice::action_id(), [notice::action_id()]).starting_at(notice::action_id());
    }
    let mut actions = Vec::new();
    if page.to_play().is_some() {
        actions.push(play_id());
    }
    if begun(page) && actions::other_plan(model, page).is_none() {
        actions.push(restart_id());
    }
    actions.extend([list_id(), up_id(), down_id(), back_id()]);
    map = map.row(Id::unique("title-actions"), actions).starting_at(play_id());
    if let Some(told) = page.page() {
        let title = &told.title;
        if page.is_series() {
            map = map.row(Id::unique("title-seasons"), (0..told.seasons.len()).map(season_id));
            let episodes = told.seasons.get(page.season()).map(|season| season.episodes.as_slice()).unwrap_or_default();
            map = map.row(episodes_id(), episodes.iter().map(|episode| Row::card_id(episodes_id(), episode)));
        }
        map = map.row(Id::unique("title-chapters"), (0..title.chapters.len()).map(chapter_id));
        map = map.row(more_id(), title.more_like_this.iter().map(|title| Row::card_id(more_id(), title)));
    }
    map
}

fn begun(page: &TitleScreen) -> bool {
    page.to_play().is_some_and(is_begun)
}

/// Shows the page.
pub(crate) fn view(ui: &mut Ui, cx: &mut Cx<'_>, model: &Model) {
    let area = ui.max_rect();
    ui.painter().rect_filled(area, 0.0, cx.theme.tokens.ink);
    let Some(page) = model.title_page() else { return };
    if let Loadable::Failed(failure) = &page.document {
        notice::view(ui, cx, area, failure);
        nav::view(ui, cx, area, model, (1.0, 0.0));
        return;
    }
    let offset = scroll(ui, cx, area, page);
    let hero = hero_height(cx, area);
    let shade = 1.0 - (offset / (hero * 0.55)).clamp(0.0, 1.0);
    home::backdrop(ui, cx, (area, hero + 24.0), &page.summary, (offset, shade));
    let metrics = cx.theme.metrics;
    let left = area.left() + metrics.keyline;
    let tv = cx.theme.density.is_tv();
    let width = (area.width() * 0.5).clamp(280.0, if tv { 420.0 } else { 560.0 });
    let buttons = area.top() + hero - metrics.button_height - if tv { 20.0 } else { 30.0 } - offset;
    {
        let mut faded = ui.new_child(UiBuilder::new().max_rect(area).id_salt("title-hero"));
        faded.multiply_opacity(1.0 - (offset / (hero * 0.5)).clamp(0.0, 1.0));
        home::facts(&faded, cx, &page.summary, (left, buttons - if tv { 18.0 } else { 24.0 }, width));
        actions::view(&faded, cx, model, page, pos2(left, buttons));
    }
    let top = area.top() + hero - offset;
    match page.page() {
        Some(told) => {
            let episodes = if page.is_series() { episodes(ui, cx, area, page, top) } else { 0.0 };
            details(ui, cx, area, &told.title, top + episodes);
        }
        None => waiting(ui, cx, area, top),
    }
    let scrolled = (offset / 80.0).clamp(0.0, 1.0);
    let visible = if tv && !model.profile_menu { 1.0 - scrolled } else { 1.0 };
    nav::view(ui, cx, area, model, (visible, scrolled));
}

fn hero_height(cx: &Cx<'_>, area: Rect) -> f32 {
    if cx.theme.density.is_tv() { 330.0 } else { (area.height() * 0.58).clamp(380.0, 560.0) }
}

/// Where the parts below the hero begin, relative to its lower edge.
struct Parts {
    chapters: f32,
    more: f32,
    end: f32,
}

fn parts(cx: &Cx<'_>, area: Rect, title: &Title) -> Parts {
    let metrics = cx.theme.metrics;
    let tv = cx.theme.density.is_tv();
    let paragraphs = title.description.len() as f32;
    let column = description_width(cx, area);
    let line = cx.theme.font(Type::Body).size * 1.3;
    let text_height =
        ((paragraphs * 7.4 / column).ceil() + title.description.matches("\n\n").count() as f32 * 2.0) * line;
    let facts_height = 26.0 * (4 + title.credits.len().min(6)) as f32;
    let chapters = text_height.max(facts_height).max(60.0) + if tv { 22.0 } else { 34.0 };
    let more = chapters + if title.chapters.is_empty() { 0.0 } else { 92.0 };
    let row = if title.more_like_this.is_empty() {
        0.0
    } else {
        31.0 + card::size(cx, CardShape::Wide).y + card::LABEL_HEIGHT + metrics.row_gap
    };
    Parts { chapters, more, end: more + row + 20.0 }
}

fn description_width(cx: &Cx<'_>, area: Rect) -> f32 {
    let content = area.width() - 2.0 * cx.theme.metrics.keyline;
    (content * 0.55).min(640.0)
}

fn scroll(ui: &Ui, cx: &Cx<'_>, area: Rect, page: &TitleScreen) -> f32 {
    let key = screen_id(page).with("scroll");
    let mut target = ui.data(|data| data.get_temp::<f32>(key)).unwrap_or(0.0);
    let hero = hero_height(cx, area);
    let (mut end, mut wanted) = (0.0, None);
    if let Some(told) = page.page() {
        let parts = parts(cx, area, &told.title);
        let above = if page.is_series() { episodes_height(cx) } else { 0.0 };
        end = (hero + above + parts.end - area.height()).max(0.0);
        if cx.focus.ring_is_shown()
            && let Some((row, _)) = cx.focus.row()
        {
            wanted = Some(if row == more_id() {
                end
            } else if row == episodes_id() || row == Id::unique("title-seasons") {
                (hero + above - area.height() + 8.0).clamp(0.0, end)
            } else if row == Id::unique("title-chapters") {
                (hero + above + parts.chapters + 130.0 - area.height()).clamp(0.0, end)
            } else {
                0.0
            });
        }
    }
    target = wanted.unwrap_or(target - ui.input(|input| input.smooth_scroll_delta().y)).clamp(0.0, end);
    ui.data_mut(|data| data.insert_temp(key, target));
    motion::follow(ui.ctx(), key, target, time::SLIDE)
}

const SEASON_HEIGHT: f32 = 34.0;

fn episodes_height(cx: &Cx<'_>) -> f32 {
    let row = HEADING + card::size(cx, CardShape::Wide).y + card::LABEL_HEIGHT;
    SEASON_HEIGHT + 16.0 + row + cx.theme.metrics.row_gap
}

/// The seasons as pills and the episodes of the one that is looked at. Returns their height.
fn episodes(ui: &Ui, cx: &mut Cx<'_>, area: Rect, page: &TitleScreen, top: f32) -> f32 {
    let Some(told) = page.page() else { return 0.0 };
    let tokens = cx.theme.tokens;
    let shown = page.season();
    let mut x = area.left() + cx.theme.metrics.keyline;
    for (index, season) in told.seasons.iter().enumerate() {
        let words = tr!("title-season", number = season.number);
        let galley = text::galley(ui.painter(), &cx.theme, &words, (Type::Label, tokens.text_2), f32::INFINITY, 1);
        let rect = Rect::from_min_size(pos2(x, top), vec2(galley.size().x + 28.0, SEASON_HEIGHT));
        x = rect.right() + 10.0;
        let here = index == shown;
        let touch = cx.touch(ui, season_id(index), rect, || WidgetInfo::selected(Role::Tab, true, here, &words));
        let (fill, ink) = if touch.focused {
            (tokens.focus, tokens.on_focus)
        } else if touch.hovered || here {
            (tokens.control, tokens.text)
        } else {
            (tokens.surface_2, tokens.text_2)
        };
        ui.painter().rect_filled(rect, SEASON_HEIGHT / 2.0, fill);
        text::line(ui.painter(), &cx.theme, (rect.center(), Align2::CENTER_CENTER), &words, (Type::Label, ink));
        if touch.activated && !here {
            cx.send(Msg::ChooseSeason(index));
        }
    }
    if let Some(season) = told.seasons.get(shown) {
        let heading = tr!("episodes", count = season.episodes.len());
        let row = Row {
            id: episodes_id(),
            heading: heading.as_str().into(),
            shape: CardShape::Wide,
            items: &season.episodes,
            opens: Opens::Playback,
        };
        row.view(ui, cx, area, top + SEASON_HEIGHT + 16.0);
    }
    episodes_height(cx)
}

fn details(ui: &mut Ui, cx: &mut Cx<'_>, area: Rect, title: &Title, top: f32) {
    let tokens = cx.theme.tokens;
    let metrics = cx.theme.metrics;
    let left = area.left() + metrics.keyline;
    let width = description_width(cx, area);
    let words = if title.description.is_empty() { &title.summary.synopsis } else { &title.description };
    let rect =
        text::paragraph(ui.painter(), &cx.theme, (pos2(left, top), width, 24), words, (Type::Body, tokens.text_2));
    say(ui, Id::unique("title-description"), rect, words);
    facts(ui, cx, title, pos2(left + width + 48.0, top), area.right() - metrics.keyline);

    let parts = parts(cx, area, title);
    if !title.chapters.is_empty() {
        chapters(ui, cx, area, title, top + parts.chapters);
    }
    if !title.more_like_this.is_empty() {
        let row = Row {
            id: more_id(),
            heading: tr!("title-more-like").into(),
            shape: CardShape::Wide,
            items: &title.more_like_this,
            opens: Opens::Page,
        };
        row.view(ui, cx, area, top + parts.more);
    }
}

/// Credits, languages and protection as a table.
fn facts(ui: &Ui, cx: &Cx<'_>, title: &Title, at: egui::Pos2, right: f32) {
    let tokens = cx.theme.tokens;
    let mut rows: Vec<(String, String)> =
        title.credits.iter().take(6).map(|credit| (credit.part.clone(), credit.name.clone())).collect();
    rows.push((tr!("title-genres").into(), title.summary.genres.join(", ")));
    rows.push((tr!("audio").into(), format::languages(&title.audio_languages)));
    rows.push((tr!("subtitles").into(), format::languages(&title.subtitle_languages)));
    let protection = match title.protection {
        Protection::Clear => tr!("title-clear").to_owned(),
        Protection::Cenc => tr!("title-encrypted", scheme = "cenc"),
        Protection::Cbcs => tr!("title-encrypted", scheme = "cbcs"),
    };
    rows.push((tr!("title-protection").into(), protection));
    let mut y = at.y;
    for (name, value) in rows.iter().filter(|(_, value)| !value.is_empty()) {
        let middle = y + 10.0;
        let key = (pos2(at.x, middle), Align2::LEFT_CENTER, 108.0);
        text::fitted_line(ui.painter(), &cx.theme, key, name, (Type::Label, tokens.text_3));
        let mut x = at.x + 116.0;
        if name == tr!("title-protection") && title.protection != Protection::Clear {
            text::icon(ui.painter(), pos2(x + 7.0, middle), icons::LOCK, 15.0, tokens.good);
            x += 20.0;
        }
        let place = (pos2(x, middle), Align2::LEFT_CENTER, (right - x).max(40.0));
        let rect = text::fitted_line(ui.painter(), &cx.theme, place, value, (Type::Label, tokens.text_2));
        say(ui, Id::unique(("title-fact", name.as_str(), value.as_str())), rect, &format!("{name}: {value}"));
        y += 26.0;
    }
}

/// Chapters as pills: each starts playing there.
fn chapters(ui: &Ui, cx: &mut Cx<'_>, area: Rect, title: &Title, top: f32) {
    let tokens = cx.theme.tokens;
    let metrics = cx.theme.metrics;
    let left = area.left() + metrics.keyline;
    let heading = text::line(
        ui.painter(),
        &cx.theme,
        (pos2(left, top), Align2::LEFT_TOP),
        tr!("title-chapters"),
        (Type::RowTitle, tokens.text),
    );
    say(ui, Id::unique("title-chapters-heading"), heading, tr!("title-chapters"));
    let y = heading.bottom() + 10.0;
    let mut widths = Vec::new();
    for chapter in &title.chapters {
        let words = chapter_words(chapter.start_s, &chapter.name);
        let galley = text::galley(ui.painter(), &cx.theme, &words, (Type::Label, tokens.text_2), f32::INFINITY, 1);
        widths.push(galley.size().x + 28.0);
    }
    let overflow =
        (widths.iter().sum::<f32>() + 10.0 * widths.len() as f32 - (area.width() - 2.0 * metrics.keyline)).max(0.0);
    let focused = cx.focus.row().filter(|(row, _)| *row == Id::unique("title-chapters")).map(|(_, index)| index);
    let wanted = focused
        .filter(|_| cx.focus.ring_is_shown())
        .map_or(0.0, |index| widths.iter().take(index.saturating_sub(1)).map(|w| w + 10.0).sum::<f32>().min(overflow));
    let slide = motion::follow(ui.ctx(), Id::unique("title-chapters-slide"), wanted, time::SLIDE);
    let mut x = left - slide;
    for (index, chapter) in title.chapters.iter().enumerate() {
        let rect = Rect::from_min_size(pos2(x, y), vec2(widths[index], 34.0));
        x = rect.right() + 10.0;
        let words = chapter_words(chapter.start_s, &chapter.name);
        let touch = cx.touch(ui, chapter_id(index), rect, || {
            WidgetInfo::labeled(Role::Button, true, tr!("title-play-from", place = &words))
        });
        let (fill, ink) = if touch.focused {
            (tokens.focus, tokens.on_focus)
        } else if touch.hovered {
            (tokens.control, tokens.text)
        } else {
            (tokens.surface_2, tokens.text_2)
        };
        ui.painter().rect_filled(rect, 17.0, fill);
        text::line(ui.painter(), &cx.theme, (rect.center(), Align2::CENTER_CENTER), &words, (Type::Label, ink));
        if touch.activated && title.summary.state.is_ready() {
            let start = Duration::try_from_secs_f64(chapter.start_s).unwrap_or_default();
            cx.send(Msg::Play { title: title.summary.clone(), from: PlayFrom::At(start) });
        }
    }
}

fn chapter_words(start_s: f64, name: &str) -> String {
    format!("{}  {name}", format::clock(Duration::try_from_secs_f64(start_s.max(0.0)).unwrap_or_default()))
}

fn waiting(ui: &Ui, cx: &Cx<'_>, area: Rect, top: f32) {
    let left = area.left() + cx.theme.metrics.keyline;
    let width = description_width(cx, area);
    for (index, share) in [1.0, 0.96, 0.6].into_iter().enumerate() {
        let rect = Rect::from_min_size(pos2(left, top + 26.0 * index as f32), vec2(width * share, 13.0));
        skeleton::block(ui.painter(), cx, rect, 4.0);
    }
    for index in 0..3 {
        let rect = Rect::from_min_size(pos2(left + width + 48.0, top + 26.0 * index as f32), vec2(180.0, 13.0));
        skeleton::block(ui.painter(), cx, rect, 4.0);
    }
    say(ui, Id::unique("title-waiting"), Rect::from_min_size(pos2(left, top), vec2(width, 60.0)), tr!("title-loading"));
}
