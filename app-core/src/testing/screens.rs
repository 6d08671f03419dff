//! Pictures of every screen in both densities, kept as PNG under `tests/snapshots`.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test -p lumen-app-core` writes new ones; look at them before keeping them.

use super::{
    fixtures,
    stage::{press, press_with, settle, show_focus, show_video, stage, tell},
};
use crate::{
    app::{Msg, SearchMsg},
    density::Density,
    player_view::model::{Menu, PlayerMsg},
};
use egui::{Key, Modifiers};
use egui_kittest::{SnapshotResults, kittest::Queryable as _};
use player_core::{ErrorCode, PlaybackError, PlaybackState, PlayerSnapshot};
use service_api::catalog::TitleList;

const DENSITIES: [(Density, &str); 2] = [(Density::Desktop, "desktop"), (Density::Tv, "tv")];

#[test]
fn sign_in() {
    let mut pictures = SnapshotResults::new();
    for (density, name) in DENSITIES {
        let mut stage = stage(fixtures::signed_out(density));
        if density.is_tv() {
            tell(&mut stage, Msg::CodeGiven(fixtures::code("BCDF-GHJK")));
            stage.snapshot("sign_in_code_tv");
            tell(&mut stage, Msg::CancelSignIn);
        }
        stage.snapshot(format!("sign_in_{name}"));
        tell(&mut stage, Msg::SignIn);
        if density.is_tv() {
            tell(&mut stage, Msg::CodeGiven(fixtures::code("BCDF-GHJK")));
            tell(&mut stage, Msg::SignedIn(Err(fixtures::failure())));
            stage.snapshot("sign_in_failed_tv");
            pictures.extend(stage.take_snapshot_results());
            continue;
        }
        let url = "http://127.0.0.1:7800/oauth/authorize?client_id=lumen-app".parse().unwrap();
        tell(&mut stage, Msg::SignInStarted(Ok(url)));
        stage.snapshot(format!("sign_in_waiting_{name}"));
        tell(&mut stage, Msg::SignedIn(Err(fixtures::failure())));
        stage.snapshot(format!("sign_in_failed_{name}"));
        pictures.extend(stage.take_snapshot_results());
    }
}

#[test]
fn profiles() {
    let mut pictures = SnapshotResults::new();
    for (density, name) in DENSITIES {
        let mut stage = stage(fixtures::choosing(density));
        show_focus(&mut stage);
        stage.snapshot(format!("profiles_{name}"));
        pictures.extend(stage.take_snapshot_results());
    }
}

#[test]
fn home() {
    let mut pictures = SnapshotResults::new();
    for (density, name) in DENSITIES {
        let mut stage = stage(fixtures::at_home(density));
        stage.snapshot(format!("home_{name}"));
        show_focus(&mut stage);
        for key in [Key::ArrowDown, Key::ArrowRight] {
            press(&mut stage, key);
        }
        settle(&mut stage);
        stage.snapshot(format!("home_focused_{name}"));
        for key in [Key::ArrowDown, Key::ArrowRight, Key::ArrowRight, Key::ArrowRight] {
            press(&mut stage, key);
        }
        settle(&mut stage);
        stage.snapshot(format!("home_posters_{name}"));
        pictures.extend(stage.take_snapshot_results());
    }
}

#[test]
fn home_while_loading_and_without_a_server() {
    let mut pictures = SnapshotResults::new();
    for (density, name) in DENSITIES {
        let mut model = fixtures::choosing(density);
        model.update(Msg::ChooseProfile("mira".into()), 0.0);
        let mut stage = stage(model);
        stage.snapshot(format!("home_loading_{name}"));
        let answer = Box::new(Err(fixtures::failure()));
        tell(&mut stage, Msg::HomeLoaded { profile: "mira".into(), answer });
        stage.snapshot(format!("home_failed_{name}"));
        pictures.extend(stage.take_snapshot_results());
    }
}

#[test]
fn profile_menu() {
    let mut stage = stage(fixtures::at_home(Density::Desktop));
    tell(&mut stage, Msg::ProfileMenu(true));
    stage.snapshot("profile_menu_desktop");
}

#[test]
fn title() {
    let mut pictures = SnapshotResults::new();
    for (density, name) in DENSITIES {
        let mut stage = stage(fixtures::at_title(density));
        stage.snapshot(format!("title_{name}"));
        show_focus(&mut stage);
        for key in [Key::ArrowDown, Key::ArrowDown] {
            press(&mut stage, key);
        }
        settle(&mut stage);
        stage.snapshot(format!("title_more_{name}"));
        pictures.extend(stage.take_snapshot_results());
    }
}

#[test]
fn series() {
    let mut pictures = SnapshotResults::new();
    for (density, name) in DENSITIES {
        let mut stage = stage(fixtures::at_series(density));
        show_focus(&mut stage);
        for key in [Key::ArrowDown, Key::ArrowDown] {
            press(&mut stage, key);
        }
        settle(&mut stage);
        stage.snapshot(format!("series_{name}"));
        pictures.extend(stage.take_snapshot_results());
    }
}

#[test]
fn pin() {
    let mut pictures = SnapshotResults::new();
    for (density, name) in DENSITIES {
        let mut stage = stage(fixtures::at_pin(density));
        for key in [Key::Num1, Key::Num2, Key::Num3] {
            press(&mut stage, key);
        }
        settle(&mut stage);
        stage.snapshot(format!("pin_{name}"));
        pictures.extend(stage.take_snapshot_results());
    }
}

#[test]
fn search() {
    let mut pictures = SnapshotResults::new();
    for (density, name) in DENSITIES {
        let mut stage = stage(fixtures::at_home(density));
        tell(&mut stage, Msg::Search(SearchMsg::Open));
        tell(&mut stage, Msg::Search(SearchMsg::Edit("tide".into())));
        settle(&mut stage);
        let items = fixtures::home().rows[1].items.clone();
        tell(&mut stage, Msg::Found { text: "tide".into(), answer: Ok(TitleList { items, next: None }) });
        settle(&mut stage);
        stage.snapshot(format!("search_{name}"));
        pictures.extend(stage.take_snapshot_results());
    }
}

#[test]
fn player() {
    let mut pictures = SnapshotResults::new();
    for (density, name) in DENSITIES {
        let mut model = fixtures::playing(density, fixtures::snapshot());
        model.update(Msg::Player(PlayerMsg::ToggleStats), 0.0);
        model.update(Msg::Player(PlayerMsg::Activity), 0.0);
        let mut stage = stage(model);
        show_video(&mut stage, 4);
        tell(&mut stage, Msg::Player(PlayerMsg::Activity));
        stage.snapshot(format!("player_{name}"));
        pictures.extend(stage.take_snapshot_results());
    }
}

#[test]
fn player_with_subtitles() {
    let mut pictures = SnapshotResults::new();
    for (density, name) in DENSITIES {
        let snapshot = PlayerSnapshot { cues: vec![fixtures::cue()], ..fixtures::snapshot() };
        let mut stage = stage(fixtures::playing(density, snapshot));
        show_video(&mut stage, 1);
        stage.snapshot(format!("player_subtitles_{name}"));
        tell(&mut stage, Msg::Player(PlayerMsg::ToggleMenu(Menu::Quality)));
        stage.snapshot(format!("player_menu_{name}"));
        pictures.extend(stage.take_snapshot_results());
    }
}

#[test]
fn player_with_styled_cues() {
    let mut pictures = SnapshotResults::new();
    for (density, name) in DENSITIES {
        let snapshot = PlayerSnapshot { cues: fixtures::styled_cues(), ..fixtures::snapshot() };
        let mut stage = stage(fixtures::playing(density, snapshot));
        show_video(&mut stage, 1);
        stage.get_by_label("and that somebody\nGONE OUT\nred, bold and slanted");
        stage.snapshot(format!("player_styled_{name}"));
        pictures.extend(stage.take_snapshot_results());
    }
}

#[test]
fn player_key_sheet() {
    let mut stage = stage(fixtures::playing(Density::Desktop, fixtures::snapshot()));
    show_video(&mut stage, 4);
    press_with(&mut stage, Modifiers::SHIFT, Key::Questionmark);
    settle(&mut stage);
    stage.snapshot("player_keys_desktop");
}

#[test]
fn player_in_trouble() {
    let mut pictures = SnapshotResults::new();
    for (density, name) in DENSITIES {
        let snapshot = PlayerSnapshot {
            state: PlaybackState::Stalled,
            notice: Some("Connection lost, trying again…".into()),
            ..fixtures::snapshot()
        };
        let mut stage = stage(fixtures::playing(density, snapshot));
        show_video(&mut stage, 3);
        stage.snapshot(format!("player_stalled_{name}"));
        let error = PlaybackError::fatal(ErrorCode::Unreachable, "no connection: master.m3u8, connection refused");
        let snapshot = PlayerSnapshot { state: PlaybackState::Failed, error: Some(error), ..fixtures::snapshot() };
        stage.state_mut().shell.model.player.as_mut().unwrap().snapshot = snapshot.into();
        tell(&mut stage, Msg::Player(PlayerMsg::ToggleDetails));
        stage.snapshot(format!("player_error_{name}"));
        tell(&mut stage, Msg::Player(PlayerMsg::ToggleDetails));
        let attempt = stage.state().shell.model.player.as_ref().unwrap().attempt;
        tell(&mut stage, Msg::StreamLost { attempt, failure: fixtures::occupied() });
        stage.snapshot(format!("player_occupied_{name}"));
        pictures.extend(stage.take_snapshot_results());
    }
}
