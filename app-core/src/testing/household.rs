//! Locked profiles, series and searching, key by key.

use super::{
    fixtures,
    stage::{Stage, effects, press, settle, show_focus, stage, tell},
};
use crate::{
    app::{Model, Msg, PinMsg, Place, SearchMsg},
    density::Density,
    effect::{Effect, PlayFrom, Target},
    failure::Failure,
    player_view::model::PlayerMsg,
};
use egui::{Event, Key};
use egui_kittest::kittest::Queryable as _;
use player_core::{PlaybackState, PlayerSnapshot};
use service_api::{ProfileId, TitleId, catalog::EpisodePlace, catalog::TitleList, profile::Pin};

const BOTH: [Density; 2] = [Density::Desktop, Density::Tv];

fn click(stage: &mut Stage, label: &str) {
    stage.get_by_label(label).click();
    settle(stage);
}

fn place(stage: &Stage) -> Place {
    stage.state().shell.model.place
}

fn opened(effects: &[Effect]) -> Option<(TitleId, PlayFrom)> {
    effects.iter().find_map(|effect| match effect {
        Effect::OpenPlayer(request) => match &request.target {
            Target::Title { title, .. } => Some((title.clone(), request.from)),
            Target::Url(_) => None,
        },
        _ => None,
    })
}

#[test]
fn locked_profile_asks_for_its_pin_and_shows_nothing_before() {
    for density in BOTH {
        let mut stage = stage(fixtures::at_pin(density));
        assert_eq!(place(&stage), Place::Pin);
        stage.get_by_label("Enter the PIN of Mira");
        for key in [Key::Num4, Key::Num7, Key::Num1, Key::Num9, Key::Num9, Key::Backspace] {
            press(&mut stage, key);
        }
        stage.get_by_label("4 digits");
        effects(&mut stage);
        press(&mut stage, Key::Enter);
        let mira = ProfileId::from("mira");
        let unlock = Effect::Unlock { profile: mira.clone(), pin: Pin { pin: "4719".into() } };
        assert_eq!(effects(&mut stage), [unlock]);
        let wrong = Failure { sentence: "The PIN is wrong".into(), code: "pin-wrong".into(), ..fixtures::failure() };
        tell(&mut stage, Msg::Unlocked { profile: mira.clone(), answer: Err(wrong) });
        stage.get_by_label("The PIN is wrong");
        for digit in [4, 7, 1, 9] {
            tell(&mut stage, Msg::Pin(PinMsg::Digit(digit)));
        }
        click(&mut stage, "OK");
        tell(&mut stage, Msg::Unlocked { profile: mira.clone(), answer: Ok(()) });
        assert_eq!(place(&stage), Place::Home);
        assert!(effects(&mut stage).contains(&Effect::LoadHome(mira)));
    }
}

#[test]
fn pin_is_entered_with_arrows_and_left_with_back() {
    let mut stage = stage(fixtures::at_pin(Density::Tv));
    press(&mut stage, Key::Enter);
    press(&mut stage, Key::ArrowUp);
    press(&mut stage, Key::Enter);
    stage.get_by_label("2 digits");
    press(&mut stage, Key::Escape);
    assert_eq!(place(&stage), Place::Profiles);
    let text = format!("{:?} {:?}", stage.state().shell.model, PinMsg::Digit(7));
    assert!(text.contains("Digit(..)") && !text.contains("\"52\""));
}

#[test]
fn series_goes_on_where_the_viewer_is_and_then_with_the_next_episode() {
    for density in BOTH {
        let mut stage = stage(fixtures::at_series(density));
        stage.get_by_label("Resume Part 2");
        stage.get_by_label("3 episodes");
        click(&mut stage, "Season 2");
        stage.get_by_label("2 episodes");
        click(&mut stage, "Season 1");
        effects(&mut stage);
        click(&mut stage, "Resume Part 2");
        let done = effects(&mut stage);
        assert_eq!(opened(&done), Some(("episode-2".into(), PlayFrom::Resume)));

        // The page of the episode says what comes after it.
        let mut page = fixtures::page();
        page.title.summary.id = "episode-2".into();
        let next = Some(TitleId::from("episode-3"));
        page.episode = Some(EpisodePlace { series: "the-long-tide".into(), season: 1, number: 2, next });
        tell(&mut stage, Msg::TitleLoaded { title: "episode-2".into(), answer: Box::new(Ok(page)) });
        let player = stage.state_mut().shell.model.player.as_mut().unwrap();
        player.opened(Ok(()));
        player.snapshot = PlayerSnapshot { state: PlaybackState::Ended, ..fixtures::snapshot() }.into();
        settle(&mut stage);
        let done = effects(&mut stage);
        assert_eq!(opened(&done), Some(("episode-3".into(), PlayFrom::Resume)), "{done:?}");
        tell(&mut stage, Msg::Player(PlayerMsg::Leave));
        assert_eq!(place(&stage), Place::Title, "back to the series");
    }
}

#[test]
fn titles_are_found_by_what_is_typed() {
    let mut stage = stage(fixtures::at_home(Density::Desktop));
    click(&mut stage, "Search");
    assert_eq!(place(&stage), Place::Search);
    effects(&mut stage);
    stage.event(Event::Text("tide".into()));
    for _ in 0..30 {
        stage.step();
    }
    let asked = Effect::Search { profile: "mira".into(), text: "tide".into() };
    let searches: Vec<Effect> =
        effects(&mut stage).into_iter().filter(|effect| matches!(effect, Effect::Search { .. })).collect();
    assert_eq!(searches, [asked], "one question for a burst of letters");
    let items = fixtures::home().rows[1].items.clone();
    let name = items[0].name.clone();
    let late = TitleList { items: Vec::new(), next: None };
    tell(&mut stage, Msg::Found { text: "ti".into(), answer: Ok(late) });
    tell(&mut stage, Msg::Found { text: "tide".into(), answer: Ok(TitleList { items, next: None }) });
    stage.get_by_label_contains(&name);
    stage.get_by_label_contains(&name).click();
    settle(&mut stage);
    assert_eq!(place(&stage), Place::Title);
    press(&mut stage, Key::Escape);
    assert_eq!(place(&stage), Place::Search, "back to what was found");
    press(&mut stage, Key::Escape);
    assert_eq!(place(&stage), Place::Home);
}

#[test]
fn television_searches_with_its_arrows() {
    let mut stage = stage(fixtures::at_home(Density::Tv));
    tell(&mut stage, Msg::Search(SearchMsg::Open));
    show_focus(&mut stage);
    press(&mut stage, Key::Enter);
    press(&mut stage, Key::ArrowRight);
    press(&mut stage, Key::Enter);
    assert_eq!(stage.state().shell.model.search.text, "ab");
    click(&mut stage, "Erase");
    for _ in 0..30 {
        stage.step();
    }
    let asked = Effect::Search { profile: "mira".into(), text: "a".into() };
    assert!(effects(&mut stage).contains(&asked));
    tell(&mut stage, Msg::Found { text: "a".into(), answer: Err(fixtures::failure()) });
    stage.get_by_label("The server cannot be reached");
    click(&mut stage, "Try again");
    settle(&mut stage);
    assert!(effects(&mut stage).contains(&asked));
}

#[test]
fn what_one_profile_searched_is_not_shown_to_another() {
    let mut model: Model = fixtures::at_home(Density::Desktop);
    model.update(Msg::Search(SearchMsg::Edit("secret".into())), 0.0);
    model.update(Msg::ShowProfiles, 0.0);
    model.update(Msg::ChooseProfile("kids".into()), 0.0);
    assert_eq!(model.search.text, "");
}
