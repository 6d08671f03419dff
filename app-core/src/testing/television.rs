//! What viewers do with a remote control: five keys, held keys, keys that no keyboard has.

use super::{
    fixtures,
    stage::{Stage, effects, press, settle, stage, tell},
};
use crate::{
    ambient::Ambient,
    app::{Msg, Place, SearchMsg},
    density::Density,
    effect::{Effect, Target},
    focus::{Focus, Step},
    player_view::model::{Menu, PlayerMsg},
    remote::{RemoteEvent, RemoteKey},
};
use egui::{Event, Id, Key, Modifiers, accesskit::Role};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use player_core::{Command, MediaTime, PlaybackState, PlayerSnapshot, TrackId};
use service_api::catalog::TitleList;
use std::collections::{HashSet, VecDeque};

pub(super) fn focused(stage: &Stage) -> String {
    let node = stage.query_by(|node| node.is_focused() && node.role() != Role::Window);
    node.and_then(|node| node.accesskit_node().label()).unwrap_or_default()
}

pub(super) fn commands(stage: &mut Stage) -> Vec<Command> {
    let commands = effects(stage).into_iter().filter_map(|effect| match effect {
        Effect::Player(command) => Some(command),
        _ => None,
    });
    commands.filter(|command| !matches!(command, Command::SetViewport { .. })).collect()
}

fn key(stage: &mut Stage, key: Key, pressed: bool) {
    stage.event(Event::Key { key, physical_key: None, pressed, repeat: false, modifiers: Modifiers::NONE });
    stage.step();
}

/// Holds a key for a while; each frame takes a quarter of a second.
fn hold(stage: &mut Stage, of: Key, frames: usize) {
    key(stage, of, true);
    (0..frames).for_each(|_| stage.step());
}

fn player() -> Stage {
    let mut stage = stage(fixtures::playing(Density::Tv, fixtures::snapshot()));
    // The controls have gone.
    (0..30).for_each(|_| stage.step());
    assert!(stage.query_by_label("Quality").is_none());
    effects(&mut stage);
    stage
}

fn remote(stage: &mut Stage, key: RemoteKey, pressed: bool) {
    stage.state_mut().shell.remote.push(RemoteEvent::Key(key, pressed));
    stage.step();
    stage.step();
}

#[test]
fn arrows_without_controls_seek_at_once_and_once() {
    let mut stage = player();
    for _ in 0..3 {
        // Faster than any frame: fingers do not wait.
        for pressed in [true, false] {
            let modifiers = Modifiers::NONE;
            stage.event(Event::Key { key: Key::ArrowRight, physical_key: None, pressed, repeat: false, modifiers });
        }
    }
    stage.step();
    stage.get_by_label("Seek");
    assert_eq!(stage.state().shell.model.player.as_ref().unwrap().shown_position(), 1182.0, "the bar is there already");
    settle(&mut stage);
    assert_eq!(commands(&mut stage), [Command::Seek { to: MediaTime::from_millis(1_182_000) }]);
}

#[test]
fn a_held_arrow_winds_the_bar_and_back_ends_it_where_it_began() {
    let mut stage = player();
    hold(&mut stage, Key::ArrowRight, 8);
    stage.get_by(|node| node.value().is_some_and(|words| words.starts_with("Winding forward")));
    assert_eq!(commands(&mut stage), [Command::Pause], "the picture stands still");
    assert!(stage.state().shell.model.player.as_ref().unwrap().shown_position() > 1170.0);
    key(&mut stage, Key::Escape, true);
    assert_eq!(commands(&mut stage), [Command::Play]);
    assert_eq!(stage.state().shell.model.place, Place::Player);
    assert_eq!(stage.state().shell.model.player.as_ref().unwrap().shown_position(), 1152.0);
    key(&mut stage, Key::ArrowRight, false);
    settle(&mut stage);
    assert_eq!(commands(&mut stage), [], "nothing was sought");
}

#[test]
fn releasing_a_held_arrow_seeks_and_goes_on() {
    let mut stage = player();
    hold(&mut stage, Key::ArrowLeft, 8);
    key(&mut stage, Key::ArrowLeft, false);
    settle(&mut stage);
    let done = commands(&mut stage);
    let [Command::Pause, Command::Seek { to }, Command::Play] = done.as_slice() else { panic!("{done:?}") };
    assert!(to.as_secs_f64() < 1142.0, "{to:?}");
}

#[test]
fn ok_pauses_and_a_held_ok_opens_the_quick_menu() {
    let mut stage = player();
    press(&mut stage, Key::Enter);
    assert_eq!(commands(&mut stage), [Command::Pause]);
    stage.get_by_label("Settings");
    hold(&mut stage, Key::Enter, 4);
    key(&mut stage, Key::Enter, false);
    settle(&mut stage);
    assert_eq!(commands(&mut stage), [], "it was held and not pressed");
    assert_eq!(focused(&stage), "Subtitles, English");
    press(&mut stage, Key::Enter);
    settle(&mut stage);
    press(&mut stage, Key::ArrowDown);
    press(&mut stage, Key::Enter);
    assert_eq!(commands(&mut stage), [Command::SelectText { track: Some(TrackId(4)) }]);
}

#[test]
fn play_pause_only_ever_plays_and_pauses() {
    let mut stage = player();
    for menu in [None, Some(Menu::Quality), Some(Menu::Quick)] {
        if let Some(menu) = menu {
            tell(&mut stage, Msg::Player(PlayerMsg::ToggleMenu(menu)));
        }
        press(&mut stage, Key::MediaPlayPause);
        assert_eq!(commands(&mut stage), [Command::Pause], "{menu:?}");
        assert_eq!(stage.state().shell.model.player.as_ref().unwrap().menu, menu);
    }
}

#[test]
fn back_hides_the_controls_and_then_leaves() {
    let mut stage = player();
    press(&mut stage, Key::ArrowUp);
    stage.get_by_label("Settings");
    press(&mut stage, Key::BrowserBack);
    settle(&mut stage);
    assert!(stage.query_by_label("Quality").is_none());
    assert_eq!(stage.state().shell.model.place, Place::Player);
    press(&mut stage, Key::BrowserBack);
    assert_eq!(stage.state().shell.model.place, Place::Title);
    assert!(effects(&mut stage).contains(&Effect::ClosePlayer));
}

#[test]
fn keys_of_the_remote_lead_where_they_say() {
    let mut stage = player();
    remote(&mut stage, RemoteKey::Subtitles, true);
    assert_eq!(focused(&stage), "English", "the subtitle in use");
    press(&mut stage, Key::BrowserBack);
    remote(&mut stage, RemoteKey::FastForward, true);
    (0..8).for_each(|_| stage.step());
    remote(&mut stage, RemoteKey::FastForward, false);
    settle(&mut stage);
    let done = commands(&mut stage);
    assert!(matches!(done[..], [Command::Pause, Command::Seek { .. }, Command::Play]), "{done:?}");
    remote(&mut stage, RemoteKey::Stop, true);
    assert_eq!(stage.state().shell.model.place, Place::Title);
    stage.state_mut().shell.remote.push(RemoteEvent::Gone("Pad".to_owned()));
    stage.step();
    stage.step();
    stage.get_by_label("Pad is disconnected");
}

#[test]
fn back_at_home_climbs_and_asks_before_it_leaves() {
    let mut stage = stage(fixtures::at_home(Density::Tv));
    for key in [Key::ArrowDown, Key::ArrowRight, Key::ArrowRight] {
        press(&mut stage, key);
    }
    settle(&mut stage);
    effects(&mut stage);
    let card = focused(&stage);
    press(&mut stage, Key::BrowserBack);
    assert_ne!(focused(&stage), card, "the start of the row");
    press(&mut stage, Key::BrowserBack);
    assert_eq!(focused(&stage), "Home", "the navigation");
    assert!(!effects(&mut stage).contains(&Effect::Quit));
    press(&mut stage, Key::BrowserBack);
    stage.get_by_label("Press Back again to leave");
    assert!(!effects(&mut stage).contains(&Effect::Quit));
    press(&mut stage, Key::BrowserBack);
    assert!(effects(&mut stage).contains(&Effect::Quit));
}

#[test]
fn a_held_arrow_goes_on_by_itself_and_stops_with_its_key() {
    let mut stage = stage(fixtures::at_home(Density::Tv));
    press(&mut stage, Key::ArrowDown);
    press(&mut stage, Key::ArrowDown);
    let begun = stage.state().shell.focus.row().unwrap().1;
    hold(&mut stage, Key::ArrowRight, 4);
    let there = stage.state().shell.focus.row().unwrap().1;
    assert!(there >= begun + 4, "{begun} {there}");
    key(&mut stage, Key::ArrowRight, false);
    let stopped = stage.state().shell.focus.row().unwrap().1;
    (0..8).for_each(|_| stage.step());
    assert_eq!(stage.state().shell.focus.row().unwrap().1, stopped);
}

#[test]
fn while_home_is_loaded_its_first_slot_has_the_focus_and_gives_it_to_the_hero() {
    let mut model = fixtures::choosing(Density::Tv);
    model.update(Msg::ChooseProfile("mira".into()), 0.0);
    let mut stage = stage(model);
    assert_eq!(focused(&stage), "Loading");
    tell(&mut stage, Msg::HomeLoaded { profile: "mira".into(), answer: Box::new(Ok(fixtures::home())) });
    assert_eq!(focused(&stage), "Resume");
}

#[test]
fn what_stands_above_the_rows_follows_the_focus_when_it_rests() {
    let mut stage = stage(fixtures::at_home(Density::Tv));
    let home = fixtures::home();
    let first = home.hero.unwrap();
    let second = home.rows[0].items[1].clone();
    stage.get_by_label(&first.synopsis);
    for key in [Key::ArrowDown, Key::ArrowRight] {
        press(&mut stage, key);
    }
    settle(&mut stage);
    stage.get_by_label(&second.synopsis);
    // Up again: the buttons are those of the title that is shown.
    press(&mut stage, Key::ArrowUp);
    settle(&mut stage);
    effects(&mut stage);
    press(&mut stage, Key::Enter);
    let target = Target::Title { profile: "mira".into(), title: second.id.clone() };
    let opened = effects(&mut stage);
    assert!(
        opened.iter().any(|effect| matches!(effect, Effect::OpenPlayer(request) if request.target == target)),
        "{opened:?}"
    );
}

#[test]
fn a_screen_that_stands_still_is_dimmed_and_the_first_key_only_wakes_it() {
    let mut stage = stage(fixtures::at_home(Density::Tv));
    let before = focused(&stage);
    stage.state_mut().shell.ambient = Ambient::still_since(-700.0);
    stage.step();
    stage.get_by_label("20:41");
    press(&mut stage, Key::ArrowDown);
    assert_eq!(focused(&stage), before, "the key did nothing but wake");
    settle(&mut stage);
    press(&mut stage, Key::ArrowDown);
    assert_ne!(focused(&stage), before);
}

#[test]
fn a_hidden_combination_opens_the_diagnostics() {
    let mut stage = stage(fixtures::at_home(Density::Tv));
    for of in [Key::ArrowLeft, Key::ArrowLeft, Key::ArrowRight, Key::ArrowRight, Key::Enter] {
        for pressed in [true, false] {
            let modifiers = Modifiers::NONE;
            stage.event(Event::Key { key: of, physical_key: None, pressed, repeat: false, modifiers });
        }
        stage.step();
    }
    settle(&mut stage);
    assert_eq!(focused(&stage), "Close");
    stage.get_by_label("Picture of these lines, for a phone");
    effects(&mut stage);
    for key in [Key::ArrowRight, Key::ArrowRight, Key::Enter, Key::Enter] {
        press(&mut stage, key);
    }
    assert_eq!(stage.state().shell.model.settings.overscan, 2);
    assert!(effects(&mut stage).iter().any(|effect| matches!(effect, Effect::SaveSettings(s) if s.overscan > 0)));
    press(&mut stage, Key::BrowserBack);
    assert_eq!(focused(&stage), "More info", "back where it was");
    assert_eq!(stage.state().shell.model.place, Place::Home);
}

#[test]
fn search_has_keys_suggestions_and_results_at_once() {
    let mut stage = stage(fixtures::at_home(Density::Tv));
    tell(&mut stage, Msg::Search(SearchMsg::Open));
    settle(&mut stage);
    assert_eq!(focused(&stage), "a");
    // A keyboard types at once, wherever the focus is.
    for text in ["t", "i", "d"] {
        stage.event(Event::Text(text.into()));
    }
    settle(&mut stage);
    assert_eq!(stage.state().shell.model.search.text, "tid");
    press(&mut stage, Key::Backspace);
    press(&mut stage, Key::Enter);
    assert_eq!(stage.state().shell.model.search.text, "tia", "OK presses the key that has the focus");
    tell(&mut stage, Msg::Search(SearchMsg::Edit("tid".into())));
    settle(&mut stage);
    let items = fixtures::home().rows[1].items.clone();
    tell(&mut stage, Msg::Found { text: "tid".into(), answer: Ok(TitleList { items: items.clone(), next: None }) });
    settle(&mut stage);
    assert_eq!(focused(&stage), "a", "the keyboard stays");
    // Across to what was found, down beyond the edge, and back to the key.
    for _ in 0..6 {
        press(&mut stage, Key::ArrowRight);
    }
    for _ in 0..6 {
        press(&mut stage, Key::ArrowDown);
        settle(&mut stage);
    }
    let last = items.last().unwrap().name.clone();
    let line: Vec<&str> = items.iter().rev().take(3).map(|title| title.name.as_str()).collect();
    let at = focused(&stage);
    assert!(line.iter().any(|name| at.starts_with(name)), "{at} of {last}");
    let room = stage.ctx.content_rect();
    assert!(room.contains_rect(stage.state().shell.focus.rect().unwrap()), "the focused card is on the screen");
    press(&mut stage, Key::Enter);
    assert_eq!(stage.state().shell.model.place, Place::Title);
    press(&mut stage, Key::BrowserBack);
    assert_eq!(focused(&stage), at, "Back returns to the same card");
    tell(&mut stage, Msg::Search(SearchMsg::Edit(String::new())));
    settle(&mut stage);
    stage.get_by_label("Search for tid");
}

#[test]
fn the_keyboard_has_digits_and_other_letters() {
    let mut stage = stage(fixtures::at_home(Density::Tv));
    tell(&mut stage, Msg::Search(SearchMsg::Open));
    settle(&mut stage);
    stage.get_by_label("English keys, change language").click();
    settle(&mut stage);
    stage.get_by_label("ß").click();
    settle(&mut stage);
    stage.get_by_label("Digits").click();
    settle(&mut stage);
    stage.get_by_label("7").click();
    settle(&mut stage);
    stage.get_by_label("Letters");
    assert_eq!(stage.state().shell.model.search.text, "ß7");
    stage.get_by_label("Clear").click();
    settle(&mut stage);
    assert_eq!(stage.state().shell.model.search.text, "");
    assert!(effects(&mut stage).iter().any(|effect| matches!(effect, Effect::SaveSettings(s) if s.keyboard.is_some())));
}

/// Wherever a viewer may be, five keys lead on and back, and what has the focus can be seen.
#[test]
fn five_keys_reach_and_leave_every_screen() {
    let stalled = PlayerSnapshot { state: PlaybackState::Paused, ..fixtures::snapshot() };
    let screens = [
        ("sign in", fixtures::signed_out(Density::Tv)),
        ("profiles", fixtures::choosing(Density::Tv)),
        ("pin", fixtures::at_pin(Density::Tv)),
        ("home", fixtures::at_home(Density::Tv)),
        ("title", fixtures::at_title(Density::Tv)),
        ("series", fixtures::at_series(Density::Tv)),
        ("player", fixtures::playing(Density::Tv, stalled)),
    ];
    for (name, model) in screens {
        let mut stage = stage(model);
        walk(&mut stage, name);
        // Out by Back.
        let start = stage.state().shell.model.place;
        let mut left = false;
        for _ in 0..6 {
            press(&mut stage, Key::BrowserBack);
            settle(&mut stage);
            let asked = stage.query_by_label("Press Back again to leave").is_some();
            left = left || asked || stage.state().shell.model.place != start;
        }
        assert!(left, "{name} is left by Back");
    }
    let mut stage = stage(fixtures::at_home(Density::Tv));
    for key in [Key::ArrowUp, Key::ArrowRight, Key::Enter] {
        press(&mut stage, key);
    }
    assert_eq!(stage.state().shell.model.place, Place::Search);
    walk(&mut stage, "search");
    press(&mut stage, Key::BrowserBack);
    assert_eq!(stage.state().shell.model.place, Place::Home);
    // Past "Play" and the list to "More info".
    for key in [Key::ArrowDown, Key::ArrowRight, Key::ArrowRight, Key::Enter] {
        press(&mut stage, key);
    }
    assert_eq!(stage.state().shell.model.place, Place::Title);
    press(&mut stage, Key::Enter);
    assert_eq!(stage.state().shell.model.place, Place::Player);
}

/// Visits every item of a screen by arrows; each must have been drawn where it can be seen.
fn walk(stage: &mut Stage, name: &str) {
    settle(stage);
    let all = stage.state().shell.focus.reachable();
    let mut seen = HashSet::new();
    for _ in 0..8 * all.len() + 40 {
        let current = stage.state().shell.focus.current().unwrap_or_else(|| panic!("{name}: nothing has the focus"));
        if seen.insert(current) {
            settle(stage);
            assert!(stage.state().shell.focus.has_ring(current), "{name}: {} has no ring", focused(stage));
            let rect = stage.state().shell.focus.rect();
            let room = stage.ctx.content_rect().expand(4.0);
            assert!(rect.is_some_and(|rect| room.contains_rect(rect)), "{name}: {} is at {rect:?}", focused(stage));
        }
        let Some(key) = towards(&stage.state().shell.focus, &seen) else { break };
        press(stage, key);
    }
    let missed = all.iter().filter(|id| !seen.contains(*id)).count();
    assert_eq!(missed, 0, "{name}: so many of {} items were not reached", all.len());
}

/// The first arrow of the shortest way to an item that was not seen.
fn towards(focus: &Focus, seen: &HashSet<Id>) -> Option<Key> {
    const ARROWS: [(Key, Step); 4] = [
        (Key::ArrowUp, Step::Up),
        (Key::ArrowDown, Step::Down),
        (Key::ArrowLeft, Step::Left),
        (Key::ArrowRight, Step::Right),
    ];
    let mut known = HashSet::from([focus.current()?]);
    let mut open: VecDeque<(Focus, Option<Key>)> = VecDeque::from([(focus.clone(), None)]);
    while let Some((from, first)) = open.pop_front() {
        for (key, step) in ARROWS {
            let mut there = from.clone();
            there.step(step);
            let current = there.current()?;
            if !seen.contains(&current) {
                return Some(first.unwrap_or(key));
            }
            if known.insert(current) {
                open.push_back((there, Some(first.unwrap_or(key))));
            }
        }
    }
    None
}
