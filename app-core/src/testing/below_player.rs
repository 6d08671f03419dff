//! The rows under the player of a television, by keys.

use super::{
    fixtures,
    stage::{Stage, effects, press, settle, show_video, stage, tell},
    television::{commands, focused},
};
use crate::{
    app::{Model, Msg, Place},
    density::Density,
    effect::{Effect, Target},
    player_view::model::{Menu, PlayerMsg},
};
use egui::Key;
use egui_kittest::kittest::Queryable as _;
use player_core::{Command, MediaTime};
use service_api::{
    TitleId,
    catalog::{EpisodePlace, TitlePage},
};

/// An episode of the series plays; the viewer came from its page.
fn episode(model: &mut Model) -> TitleId {
    let series = fixtures::series();
    let playing = series.seasons[0].episodes[1].clone();
    model.update(Msg::Play { title: playing.clone(), from: crate::app::PlayFrom::Start }, 0.0);
    let mut page = TitlePage { kind: service_api::catalog::TitleKind::Episode, ..fixtures::page() };
    page.title.summary = playing.clone();
    page.episode = Some(EpisodePlace { series: series.title.summary.id, season: 1, number: 2, next: None });
    model.update(Msg::TitleLoaded { title: playing.id.clone(), answer: Box::new(Ok(page)) }, 0.0);
    let player = model.player.as_mut().unwrap();
    player.opened(Ok(()));
    player.snapshot = fixtures::snapshot().into();
    playing.id
}

fn at_episode() -> Stage {
    let mut model = fixtures::at_series(Density::Tv);
    episode(&mut model);
    let mut stage = stage(model);
    show_video(&mut stage, 4);
    // The controls have gone.
    (0..30).for_each(|_| stage.step());
    effects(&mut stage);
    stage
}

fn is_open(stage: &Stage) -> bool {
    stage.state().shell.model.player.as_ref().is_some_and(|player| player.below)
}

#[test]
fn down_opens_the_rows_where_the_film_is_and_up_and_back_close_them() {
    let mut stage = at_episode();
    press(&mut stage, Key::ArrowDown);
    settle(&mut stage);
    assert!(is_open(&stage));
    assert_eq!(focused(&stage), "Eastward, 11:22", "the chapter that plays");
    assert_eq!(commands(&mut stage), [], "the film goes on");
    stage.snapshot("player_below_tv");
    press(&mut stage, Key::ArrowDown);
    settle(&mut stage);
    stage.get_by_label("Season 1");
    assert!(focused(&stage).starts_with("Part "), "{}", focused(&stage));
    stage.snapshot("player_episodes_tv");
    press(&mut stage, Key::ArrowDown);
    stage.get_by_label("More like this");
    for _ in 0..3 {
        press(&mut stage, Key::ArrowUp);
    }
    assert!(!is_open(&stage), "up from the first row");
    stage.get_by_label("Settings");
    press(&mut stage, Key::ArrowDown);
    assert!(!is_open(&stage), "to the controls under the bar");
    press(&mut stage, Key::ArrowDown);
    settle(&mut stage);
    assert!(is_open(&stage), "and through them");
    press(&mut stage, Key::BrowserBack);
    settle(&mut stage);
    assert!(!is_open(&stage) && stage.query_by_label("Settings").is_none(), "only the film is left");
    press(&mut stage, Key::BrowserBack);
    assert_eq!(stage.state().shell.model.place, Place::Title, "and Back leaves it");
}

#[test]
fn a_chapter_is_sought_and_the_rows_go() {
    let mut stage = at_episode();
    for key in [Key::ArrowDown, Key::ArrowRight, Key::Enter] {
        press(&mut stage, key);
    }
    settle(&mut stage);
    assert!(!is_open(&stage));
    assert_eq!(commands(&mut stage), [Command::Seek { to: MediaTime::from_millis(1_457_000) }]);
}

#[test]
fn another_episode_plays_in_place_and_back_still_leads_to_the_page() {
    let mut stage = at_episode();
    press(&mut stage, Key::ArrowDown);
    press(&mut stage, Key::ArrowDown);
    settle(&mut stage);
    while !focused(&stage).starts_with("Part 3") {
        let before = focused(&stage);
        press(&mut stage, Key::ArrowRight);
        assert_ne!(focused(&stage), before, "the third episode is in the row");
    }
    (0..20).for_each(|_| stage.step());
    let ahead = |effect: &Effect| matches!(effect, Effect::Prefetch { .. });
    assert!(!effects(&mut stage).iter().any(ahead), "its permission would end the stream that plays");
    press(&mut stage, Key::Enter);
    let opened = effects(&mut stage);
    let target = Target::Title { profile: "mira".into(), title: "episode-3".into() };
    let is_opened = |effect: &Effect| matches!(effect, Effect::OpenPlayer(request) if request.target == target);
    assert!(opened.iter().any(is_opened), "{opened:?}");
    assert!(!is_open(&stage));
    while stage.state().shell.model.place == Place::Player {
        press(&mut stage, Key::BrowserBack);
    }
    assert_eq!(stage.state().shell.model.place, Place::Title);
}

#[test]
fn the_episode_that_plays_is_not_begun_again() {
    let mut model = fixtures::at_series(Density::Tv);
    let playing = episode(&mut model);
    model.update(Msg::Player(PlayerMsg::Below(true)), 0.0);
    let title = fixtures::series().seasons[0].episodes[1].clone();
    assert_eq!(title.id, playing);
    assert_eq!(model.update(Msg::Play { title, from: crate::app::PlayFrom::Resume }, 1.0), []);
    assert!(!model.player.as_ref().unwrap().below);
}

#[test]
fn what_is_similar_opens_its_page_and_ends_the_film() {
    let mut stage = at_episode();
    for key in [Key::ArrowDown, Key::ArrowDown, Key::ArrowDown] {
        press(&mut stage, key);
    }
    settle(&mut stage);
    let name = focused(&stage);
    press(&mut stage, Key::Enter);
    settle(&mut stage);
    assert!(effects(&mut stage).contains(&Effect::ClosePlayer));
    let model = &stage.state().shell.model;
    assert_eq!(model.place, Place::Title);
    assert!(name.starts_with(&model.title_page().unwrap().summary.name), "{name}");
    press(&mut stage, Key::BrowserBack);
    assert_eq!(stage.state().shell.model.place, Place::Title, "back to the page of the series");
}

#[test]
fn the_season_is_asked_for_once_and_only_on_a_television() {
    for (density, asks) in [(Density::Tv, 1), (Density::Desktop, 0)] {
        let mut model = fixtures::at_home(density);
        let film = fixtures::summary(3);
        model.update(Msg::Play { title: film.clone(), from: crate::app::PlayFrom::Start }, 0.0);
        let mut page = fixtures::page();
        page.title.summary = film.clone();
        page.episode = Some(EpisodePlace { series: "the-series".into(), season: 1, number: 1, next: None });
        let mut asked = 0;
        for _ in 0..2 {
            let answer = Msg::TitleLoaded { title: film.id.clone(), answer: Box::new(Ok(page.clone())) };
            let series =
                |effect: &&Effect| matches!(effect, Effect::LoadTitle { title, .. } if title.as_str() == "the-series");
            asked += model.update(answer, 0.0).iter().filter(series).count();
        }
        assert_eq!(asked, asks, "{density:?}");
    }
}

#[test]
fn without_anything_below_down_shows_the_controls() {
    let mut model = fixtures::playing(Density::Tv, fixtures::snapshot());
    let player = model.player.as_mut().unwrap();
    player.chapters.clear();
    player.around = Default::default();
    let mut stage = stage(model);
    (0..30).for_each(|_| stage.step());
    press(&mut stage, Key::ArrowDown);
    stage.get_by_label("Settings");
    assert!(!is_open(&stage));
    tell(&mut stage, Msg::Player(PlayerMsg::Below(true)));
    assert!(!is_open(&stage), "there is nothing to be opened");
}

#[test]
fn a_menu_takes_the_place_of_the_rows() {
    let mut stage = at_episode();
    press(&mut stage, Key::ArrowDown);
    tell(&mut stage, Msg::Player(PlayerMsg::ToggleMenu(Menu::Subtitles)));
    assert!(!is_open(&stage));
    press(&mut stage, Key::BrowserBack);
    assert_eq!(stage.state().shell.model.place, Place::Player);
}
