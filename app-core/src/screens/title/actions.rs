//! What can be done with a title: playing it, keeping it, saying what one thinks of it.

use super::{back_id, begun, down_id, list_id, play_id, restart_id, up_id};
use crate::{
    app::{Model, Msg, PlayFrom, Section, SettingsWish, TasteWish, TitleScreen, Wish},
    cx::Cx,
    format, icons,
    language::tr,
    widgets::button::{self, Kind, Label},
};
use egui::{Rect, Ui, pos2, vec2};
use std::time::Duration;

/// The mark of titles that the viewer's plan leaves out.
const LARGER_PLAN: &str = "Premium";

/// Does another plan include it? The service says so by the plan's name as the first mark.
pub(super) fn other_plan<'a>(model: &Model, page: &'a TitleScreen) -> Option<&'a str> {
    let own = model.account.as_ref().map(|account| account.plan.as_str());
    let mark = page.summary.badges.first().map(String::as_str).filter(|mark| *mark == LARGER_PLAN);
    mark.filter(|mark| own.is_some_and(|own| own != *mark))
}

/// List, thumbs and the way back, which every title has. Returns their right edge.
fn opinions(ui: &Ui, cx: &mut Cx<'_>, model: &Model, page: &TitleScreen, at: egui::Pos2) {
    let side = cx.theme.metrics.button_height;
    let mut rect = Rect::from_min_size(at, vec2(side, side));
    let title = &page.summary;
    let is_listed = model.taste.is_listed(&title.id);
    let (icon, name) = if is_listed { (icons::CHECK, tr!("list-remove")) } else { (icons::PLUS, tr!("list-add")) };
    if button::toggle(ui, cx, list_id(), rect, (icon, name, is_listed)) {
        cx.send(Msg::Wish(Wish::Taste(TasteWish::Toggle(Box::new(title.clone())))));
    }
    let thumbs = model.taste.thumbs(&title.id);
    for (id, icon, name, worth) in
        [(up_id(), icons::THUMBS_UP, tr!("title-like"), 1), (down_id(), icons::THUMBS_DOWN, tr!("title-dislike"), -1)]
    {
        rect = rect.translate(vec2(side + 10.0, 0.0));
        if button::toggle(ui, cx, id, rect, (icon, name, thumbs.is_some_and(|thumbs| thumbs.signum() == worth))) {
            // Great is good as well: the same thumb takes it back.
            let worth = thumbs.filter(|thumbs| thumbs.signum() == worth).unwrap_or(worth);
            cx.send(Msg::Wish(Wish::Taste(TasteWish::Rate(title.id.clone(), worth))));
        }
    }
    let label = Label::new(Kind::Plain, tr!("back")).icon(icons::ARROW_LEFT);
    if button::labelled(ui, cx, back_id(), pos2(rect.right() + 10.0, rect.top()), &label).1 {
        cx.send(Msg::Back);
    }
}

/// Shows what can be done with the title.
pub(super) fn view(ui: &Ui, cx: &mut Cx<'_>, model: &Model, page: &TitleScreen, at: egui::Pos2) {
    let Some(title) = page.to_play() else {
        opinions(ui, cx, model, page, at);
        return;
    };
    if let Some(plan) = other_plan(model, page) {
        let words = tr!("title-in-plan", plan = plan);
        let label = Label::new(Kind::Primary, &words).icon(icons::PLAN);
        let (rect, pressed) = button::labelled(ui, cx, play_id(), at, &label);
        if pressed {
            cx.send(Msg::Wish(Wish::Settings(SettingsWish::Open(Section::Plan))));
        }
        opinions(ui, cx, model, page, pos2(rect.right() + 12.0, rect.top()));
        return;
    }
    let ready = title.state.is_ready();
    let begun = begun(page);
    let words = match (ready, begun) {
        (false, _) => tr!("title-preparing-plain").to_owned(),
        (true, _) if page.is_series() => {
            let name = short(&title.name);
            if begun { tr!("title-resume-episode", name = name) } else { tr!("title-play-episode", name = name) }
        }
        (true, false) => tr!("play").to_owned(),
        (true, true) => {
            let at = title.progress.map_or(0.0, |progress| progress.resume_at_s());
            tr!("title-resume-at", time = format::clock(Duration::try_from_secs_f64(at).unwrap_or_default()))
        }
    };
    let icon = if ready { icons::PLAY } else { icons::PREPARING };
    let label = Label::new(Kind::Primary, &words).icon(icon).enabled(ready);
    let (mut rect, pressed) = button::labelled(ui, cx, play_id(), at, &label);
    if pressed {
        cx.send(Msg::Play { title: title.clone(), from: PlayFrom::Resume });
    }
    let raised = cx.focus.has_ring(play_id()) || ui.rect_contains_pointer(rect);
    if raised && ready {
        cx.send(Msg::Rests(title.id.clone()));
    }
    if begun {
        let label = Label::new(Kind::Plain, tr!("start-over")).icon(icons::RESTART).enabled(ready);
        let (next, pressed) = button::labelled(ui, cx, restart_id(), pos2(rect.right() + 12.0, rect.top()), &label);
        if pressed {
            cx.send(Msg::Play { title: title.clone(), from: PlayFrom::Start });
        }
        rect = next;
    }
    opinions(ui, cx, model, page, pos2(rect.right() + 12.0, rect.top()));
}

/// A name that fits on a button.
fn short(name: &str) -> String {
    const LETTERS: usize = 28;
    if name.chars().count() <= LETTERS {
        return name.to_owned();
    }
    format!("{}…", name.chars().take(LETTERS - 1).collect::<String>().trim_end())
}
