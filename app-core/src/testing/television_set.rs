//! The set itself: its settings, its reset, what it says about its connection, what moves above its rows.

use super::{
    fixtures,
    stage::{Stage, effects, press, settle, show_video, stage, tell},
    television::focused,
};
use crate::{
    app::{Msg, Place, Section, SettingsWish, Wish},
    density::Density,
    effect::Effect,
    remote::RemoteEvent,
};
use egui::Key;
use egui_kittest::kittest::Queryable as _;
use player_core::{PlaybackState, PlayerSnapshot};
use std::sync::Arc;

fn at_this_tv() -> Stage {
    let mut model = fixtures::at_home(Density::Tv);
    model.previews.are_affordable = true;
    model.update(Msg::Wish(Wish::Settings(SettingsWish::Open(Section::Television))), 0.0);
    let mut stage = stage(model);
    settle(&mut stage);
    effects(&mut stage);
    stage
}

/// Goes down to the line, and presses OK.
fn choose(stage: &mut Stage, name: &str) {
    for _ in 0..12 {
        if focused(stage).contains(name) {
            press(stage, Key::Enter);
            settle(stage);
            return;
        }
        press(stage, Key::ArrowDown);
        settle(stage);
    }
    panic!("{name} was not found; at {}", focused(stage));
}

#[test]
fn the_set_has_its_own_settings_and_each_is_kept() {
    let mut stage = at_this_tv();
    stage.snapshot("settings_television_tv");
    stage.get_by_label("Edges of the picture");
    press(&mut stage, Key::ArrowDown);
    // From the tab above the nearest is entered.
    for _ in 0..8 {
        if !focused(&stage).ends_with(": 3 %") {
            press(&mut stage, Key::ArrowLeft);
        }
    }
    assert!(focused(&stage).ends_with(": 3 %"), "{}", focused(&stage));
    press(&mut stage, Key::Enter);
    settle(&mut stage);
    let edges = stage.get_by_label("Edges of the picture").rect();
    let panel = stage.ctx.content_rect();
    assert!((edges.left() - panel.width() * 0.03).abs() < 0.6, "the frame is where the picture ends: {edges:?}");
    choose(&mut stage, "Previews");
    choose(&mut stage, "Ambient mode");
    choose(&mut stage, "Keys on the screen");
    let kept = effects(&mut stage);
    let last = kept.iter().rev().find_map(|effect| match effect {
        Effect::SaveSettings(settings) => Some(settings),
        _ => None,
    });
    let settings = last.unwrap();
    assert_eq!((settings.overscan, settings.ambient), (3, false));
    assert!(!settings.viewing(Some(&"mira".into())).previews, "of this profile");
    assert!(settings.viewing(Some(&"jon".into())).previews, "and of no other");
    assert_eq!(settings.keyboard.unwrap().code(), "DE");
}

#[test]
fn a_reset_is_asked_about_twice_and_ends_at_the_first_start() {
    let mut stage = at_this_tv();
    choose(&mut stage, "Factory reset");
    assert_eq!(focused(&stage), "Cancel");
    press(&mut stage, Key::ArrowRight);
    press(&mut stage, Key::Enter);
    settle(&mut stage);
    stage.get_by_label("Really reset it?");
    assert_eq!(focused(&stage), "Cancel", "the same key twice resets nothing");
    stage.snapshot("settings_reset_tv");
    press(&mut stage, Key::Enter);
    settle(&mut stage);
    let is_reset = |effects: &[Effect]| effects.iter().any(|effect| matches!(effect, Effect::FactoryReset(_)));
    assert!(!is_reset(&effects(&mut stage)));
    assert_eq!(stage.state().shell.model.place, Place::Settings);

    choose(&mut stage, "Factory reset");
    for _ in 0..2 {
        press(&mut stage, Key::ArrowRight);
        press(&mut stage, Key::Enter);
        settle(&mut stage);
    }
    assert!(is_reset(&effects(&mut stage)));
    let model = &stage.state().shell.model;
    assert_eq!((model.place, model.account.is_none(), model.settings.overscan), (Place::Starting, true, 0));
    tell(&mut stage, Msg::WasReset);
    assert_eq!(effects(&mut stage), [Effect::BeginCodeSignIn]);
    assert_eq!(stage.state().shell.model.place, Place::SignIn);
}

#[test]
fn a_desktop_has_no_such_part() {
    let mut model = fixtures::at_home(Density::Desktop);
    model.update(Msg::Wish(Wish::Settings(SettingsWish::Open(Section::About))), 0.0);
    let stage = stage(model);
    assert!(stage.query_by_label("This TV").is_none());
    stage.get_by_label("About");
}

#[test]
fn the_connection_is_spoken_of_until_it_is_back() {
    let mut stage = stage(fixtures::at_home(Density::Tv));
    let before = focused(&stage);
    let failed = || Msg::HomeLoaded { profile: "mira".into(), answer: Box::new(Err(fixtures::failure())) };
    tell(&mut stage, failed());
    let words = |stage: &Stage| {
        let node = stage.query_by_label_contains("onnect").or(stage.query_by_label_contains("Back online"));
        node.is_some()
    };
    assert!(words(&stage));
    (0..2).for_each(|_| stage.step());
    stage.snapshot("home_offline_tv");
    assert_eq!(focused(&stage), before, "it is in nobody's way");
    for _ in 0..12 {
        stage.step();
    }
    assert!(effects(&mut stage).contains(&Effect::LoadHome("mira".into())), "asked again by itself");
    stage.get_by_label("Reconnecting…");
    tell(&mut stage, Msg::HomeLoaded { profile: "mira".into(), answer: Box::new(Ok(fixtures::home())) });
    stage.get_by_label("Back online");
    settle(&mut stage);
    (0..12).for_each(|_| stage.step());
    assert!(!words(&stage));
}

#[test]
fn what_rests_above_the_rows_begins_to_move_and_any_key_ends_it() {
    let mut model = fixtures::at_home(Density::Tv);
    model.previews.are_affordable = true;
    let mut stage = stage(model);
    let opened = effects(&mut stage);
    let is_preview = |effect: &Effect| matches!(effect, Effect::OpenPlayer(request) if request.is_preview);
    assert!(opened.iter().any(is_preview), "{opened:?}");
    let preview = stage.state_mut().shell.model.previews.shown.as_mut().unwrap();
    preview.snapshot = Arc::new(PlayerSnapshot { state: PlaybackState::Playing, ..PlayerSnapshot::initial() });
    show_video(&mut stage, 6);
    stage.snapshot("home_preview_tv");
    let before = focused(&stage);
    press(&mut stage, Key::ArrowRight);
    assert_eq!(effects(&mut stage).first(), Some(&Effect::ClosePlayer));
    assert_ne!(focused(&stage), before, "the key does what it is for as well");
    // Down in the rows it cannot be seen.
    for _ in 0..3 {
        press(&mut stage, Key::ArrowDown);
        settle(&mut stage);
    }
    assert!(!stage.state().shell.model.previews.hero_is_seen);
    effects(&mut stage);
    (0..20).for_each(|_| stage.step());
    assert!(!effects(&mut stage).iter().any(is_preview));
}

#[test]
fn the_battery_of_a_gamepad_gets_a_word() {
    let mut stage = stage(fixtures::at_home(Density::Tv));
    stage.state_mut().shell.remote.push(RemoteEvent::Battery("Pad".to_owned(), 12));
    stage.step();
    stage.step();
    stage.get_by_label("Pad: 12 % of the battery are left");
}
