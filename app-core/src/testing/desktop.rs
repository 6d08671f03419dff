//! The sheets of the desktop's part, key by key, and their pictures.

use super::{
    fixtures::{self, at_home, playing, snapshot},
    stage::{Stage, effects, press, press_with, settle, stage, stage_of, tell},
};
use crate::{
    app::Place,
    density::Density,
    desktop::{
        crash::CrashReport,
        model::{Change, DesktopEffect, DesktopMsg, Sheet},
    },
    effect::{Effect, Target},
};
use egui::{Event, Key, Modifiers, Vec2};
use egui_kittest::{SnapshotResults, kittest::Queryable as _};
use url::Url;

const STREAM: &str = "https://example.com/master.m3u8?sig=1";

fn paste(stage: &mut Stage, text: &str) {
    stage.event(Event::Paste(text.to_owned()));
    stage.step();
    stage.run();
}

fn opened(stage: &mut Stage) -> Option<Url> {
    effects(stage).into_iter().find_map(|effect| match effect {
        Effect::OpenPlayer(request) => match request.target {
            Target::Url(url) => Some(url),
            Target::Title { .. } => None,
        },
        _ => None,
    })
}

fn with_recents(density: Density) -> crate::app::Model {
    let mut model = at_home(density);
    for url in ["https://media.example/live/stadium/master.m3u8", "file:///home/mira/Videos/Harbour%20day.mp4", STREAM]
    {
        model.desktop.recents.add(&url.parse().unwrap());
    }
    model
}

fn report() -> CrashReport {
    let text = "Lumen 0.1.0 on linux x86_64\n\nindex out of bounds: the len is 3 but the index is 4\nat src/a.rs:1:2, on the thread \
                pipeline\n\nLast log lines:\nINFO app_core: opened\n\nBacktrace:\n   0: std::panicking::begin_panic\n   1: main\n";
    CrashReport { path: "/state/crash-1.txt".into(), text: text.to_owned() }
}

#[test]
fn a_pasted_address_plays_wherever_nobody_types() {
    let (home, out) = (at_home(Density::Desktop), fixtures::signed_out(Density::Desktop));
    for model in [home, out, playing(Density::Desktop, snapshot())] {
        let mut stage = stage(model);
        paste(&mut stage, &format!("  {STREAM}\n"));
        assert_eq!(opened(&mut stage).as_ref().map(Url::as_str), Some(STREAM));
        assert_eq!(stage.state().shell.model.place, Place::Player);
        paste(&mut stage, "not an address");
        assert_eq!(opened(&mut stage), None);
    }
}

#[test]
fn the_sheet_opens_by_key_takes_an_address_and_keeps_the_focus() {
    let mut stage = stage(with_recents(Density::Desktop));
    press_with(&mut stage, Modifiers::COMMAND, Key::O);
    stage.get_by_label("Opened lately");
    // Typing goes to the field at once; letters are no shortcuts here.
    stage.event(Event::Text("example.com/a".to_owned()));
    stage.step();
    press(&mut stage, Key::Enter);
    stage.get_by_label_contains("begins with https://");
    paste(&mut stage, "x");
    assert_eq!(opened(&mut stage), None);
    // The third line from above is the oldest of the three.
    for _ in 0..3 {
        press(&mut stage, Key::ArrowDown);
    }
    press(&mut stage, Key::Enter);
    assert_eq!(opened(&mut stage).unwrap().path(), "/live/stadium/master.m3u8");
    assert!(stage.state().shell.model.desktop.top().is_none());
}

#[test]
fn the_dialog_the_list_and_the_settings_are_reached_from_the_sheet() {
    let mut stage = stage(with_recents(Density::Desktop));
    press_with(&mut stage, Modifiers::COMMAND, Key::O);
    stage.get_by_label("Choose a file…").click();
    settle(&mut stage);
    assert!(effects(&mut stage).contains(&Effect::Desktop(DesktopEffect::Browse)));
    tell(&mut stage, DesktopMsg::Chosen(Ok(None)).into());
    stage.get_by_label("Clear the list").click();
    settle(&mut stage);
    assert!(stage.query_by_label("Opened lately").is_none());
    stage.get_by_label("Settings").click();
    settle(&mut stage);
    stage.get_by_label("Media keys: Off").click();
    settle(&mut stage);
    assert!(!stage.state().shell.model.settings.desktop.media_keys);
    press(&mut stage, Key::Escape);
    assert!(matches!(stage.state().shell.model.desktop.top(), Some(Sheet::Open(_))));
    press(&mut stage, Key::Escape);
    assert!(stage.state().shell.model.desktop.top().is_none());
    assert_eq!(stage.state().shell.model.place, Place::Home);
}

#[test]
fn keys_of_the_player_are_not_heard_below_a_sheet() {
    let mut stage = stage(playing(Density::Desktop, snapshot()));
    press_with(&mut stage, Modifiers::COMMAND, Key::O);
    effects(&mut stage);
    for key in [Key::Space, Key::M, Key::ArrowRight] {
        press(&mut stage, key);
    }
    assert!(!effects(&mut stage).iter().any(|effect| matches!(effect, Effect::Player(_))));
}

#[test]
fn sheets_look_as_they_should() {
    let mut pictures = SnapshotResults::new();
    let mut open = stage(with_recents(Density::Desktop));
    press_with(&mut open, Modifiers::COMMAND, Key::O);
    tell(&mut open, DesktopMsg::EditAddress("example.com/a".to_owned()).into());
    tell(&mut open, DesktopMsg::OpenTyped.into());
    settle(&mut open);
    open.snapshot("open_desktop");
    tell(&mut open, DesktopMsg::ShowSettings.into());
    settle(&mut open);
    open.snapshot("desktop_settings");
    pictures.extend(open.take_snapshot_results());
    let mut model = at_home(Density::Desktop);
    model.desktop.crash = Some(report());
    let mut crash = stage(model);
    crash.snapshot("crash_desktop");
    pictures.extend(crash.take_snapshot_results());
}

/// A window of the least size at the largest text: everything is there, named, and inside.
#[test]
fn sheets_fit_into_small_windows_with_large_text() {
    for scale in [1.0, 1.25, 1.5, 2.0] {
        let size = Vec2::new(640.0, 480.0);
        let mut model = with_recents(Density::Desktop);
        model.desktop.crash = Some(report());
        let mut stage = stage_of(model, size, scale);
        for label in ["Copy the report", "Delete it", "Close"] {
            let rect = stage.get_by_label(label).rect();
            assert!(rect.max.x <= size.x && rect.max.y <= size.y, "{label} at {rect:?}");
        }
        press(&mut stage, Key::Escape);
        tell(&mut stage, DesktopMsg::ShowSettings.into());
        for label in ["Media keys: On", "Text size: 150 %", "Movement: Full", "Done"] {
            let rect = stage.get_by_label(label).rect();
            assert!(rect.min.x >= 0.0 && rect.max.x <= size.x && rect.max.y <= size.y, "{label} at {rect:?}");
        }
        tell(&mut stage, DesktopMsg::Set(Change::ReducedMotion(Some(true))).into());
    }
}
