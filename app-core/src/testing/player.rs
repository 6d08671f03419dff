//! The player: keys of one's own, single pictures, seeks taken back, subtitles, what comes next, and the corner.

use super::{
    fixtures,
    stage::{Stage, effects, press, press_with, settle, show_video, stage, tell},
};
use crate::{
    app::{Msg, Place},
    density::Density,
    effect::{Effect, Target},
    player_view::{
        model::{Menu, PlayerMsg},
        next_up::Episode,
        skip::SkipChoice,
    },
    settings::Settings,
};
use egui::{Key, Modifiers, pos2};
use egui_kittest::{SnapshotResults, kittest::Queryable as _};
use player_core::{Command, DecoderChoice, ErrorCode, MediaTime, PlaybackError, PlaybackState, PlayerSnapshot};
use service_api::{
    TitleId,
    catalog::{Segment, SegmentKind},
};

const BOTH: [Density; 2] = [Density::Desktop, Density::Tv];

fn player(density: Density) -> Stage {
    let mut stage = stage(fixtures::playing(density, fixtures::snapshot()));
    effects(&mut stage);
    stage
}

fn click(stage: &mut Stage, label: &str) {
    stage.get_by_label(label).click();
    settle(stage);
}

fn commands(effects: &[Effect]) -> Vec<Command> {
    let commands = effects.iter().filter_map(|effect| match effect {
        Effect::Player(command) => Some(command.clone()),
        _ => None,
    });
    commands.filter(|command| !matches!(command, Command::SetViewport { .. })).collect()
}

fn saved(effects: &[Effect]) -> Option<Settings> {
    effects.iter().rev().find_map(|effect| match effect {
        Effect::SaveSettings(settings) => Some(settings.clone()),
        _ => None,
    })
}

fn seek(seconds: f64) -> Command {
    Command::Seek { to: MediaTime::from_secs_f64(seconds) }
}

fn length() -> f64 {
    fixtures::snapshot().duration.unwrap().as_secs_f64()
}

fn place(stage: &Stage) -> Place {
    stage.state().shell.model.place
}

#[test]
fn an_action_gets_another_key_and_a_taken_key_is_swapped() {
    let mut stage = player(Density::Desktop);
    press_with(&mut stage, Modifiers::SHIFT, Key::Questionmark);
    click(&mut stage, "M: Sound on or off");
    stage.get_by_label("Press the new key for “Sound on or off”; Esc keeps the old one");
    press(&mut stage, Key::Enter);
    stage.get_by_label("Enter cannot be changed, press another key");
    press(&mut stage, Key::Z);
    stage.get_by_label("Z: Sound on or off");
    let done = effects(&mut stage);
    assert!(saved(&done).is_some_and(|settings| !settings.keys.is_empty()), "{done:?}");
    assert_eq!(commands(&done), [], "a key that is chosen does nothing yet");
    press(&mut stage, Key::M);
    assert_eq!(commands(&effects(&mut stage)), []);
    press(&mut stage, Key::Z);
    assert_eq!(commands(&effects(&mut stage)), [Command::SetMuted { muted: true }]);

    click(&mut stage, "Z: Sound on or off");
    press(&mut stage, Key::I);
    stage.get_by_label("I is “Stats for nerds and testers”");
    press(&mut stage, Key::Escape);
    stage.get_by_label("Z: Sound on or off");
    click(&mut stage, "Z: Sound on or off");
    press(&mut stage, Key::I);
    click(&mut stage, "Swap the keys");
    stage.get_by_label("I: Sound on or off");
    stage.get_by_label("Z: Stats for nerds and testers");
    click(&mut stage, "Reset all keys");
    stage.get_by_label("M: Sound on or off");
    assert_eq!(saved(&effects(&mut stage)).map(|settings| settings.keys.is_empty()), Some(true));
    press(&mut stage, Key::Escape);
    assert_eq!(place(&stage), Place::Player);
    assert!(stage.query_by_label("M: Sound on or off").is_none());
}

#[test]
fn keys_are_chosen_without_a_pointer() {
    let mut stage = player(Density::Desktop);
    press(&mut stage, Key::F1);
    press(&mut stage, Key::ArrowDown);
    press(&mut stage, Key::Enter);
    stage.get_by_label("Press the new key for “Back 5 seconds”; Esc keeps the old one");
    press(&mut stage, Key::Escape);
    press(&mut stage, Key::Enter);
    press(&mut stage, Key::D);
    stage.get_by_label("D: Back 5 seconds");
    press(&mut stage, Key::Escape);
    effects(&mut stage);
    press(&mut stage, Key::D);
    settle(&mut stage);
    assert_eq!(commands(&effects(&mut stage)), [seek(1147.0)]);
}

#[test]
fn single_pictures_are_stepped_through() {
    let mut stage = player(Density::Desktop);
    press(&mut stage, Key::Period);
    assert_eq!(
        commands(&effects(&mut stage)),
        [Command::Pause, seek(1152.06)],
        "the middle of the next of 25 a second"
    );
    settle(&mut stage);
    let snapshot = PlayerSnapshot {
        state: PlaybackState::Paused,
        wants_play: false,
        position: MediaTime::from_secs_f64(1152.06),
        ..fixtures::snapshot()
    };
    stage.state_mut().shell.model.player.as_mut().unwrap().snapshot = snapshot.into();
    press(&mut stage, Key::Comma);
    settle(&mut stage);
    let done = commands(&effects(&mut stage));
    assert!(matches!(done[..], [Command::Seek { to }] if (to.as_secs_f64() - 1152.04).abs() < 0.011), "{done:?}");
}

#[test]
fn seeks_are_taken_back_one_after_the_other() {
    let mut stage = player(Density::Desktop);
    let at = |stage: &mut Stage, seconds: f64| {
        let snapshot = PlayerSnapshot { position: MediaTime::from_secs_f64(seconds), ..fixtures::snapshot() };
        stage.state_mut().shell.model.player.as_mut().unwrap().snapshot = snapshot.into();
        settle(stage);
    };
    press(&mut stage, Key::L);
    settle(&mut stage);
    at(&mut stage, 1162.0);
    press(&mut stage, Key::Num5);
    settle(&mut stage);
    at(&mut stage, 1556.0);
    assert_eq!(commands(&effects(&mut stage)), [seek(1162.0), seek(1556.0)]);
    press_with(&mut stage, Modifiers::SHIFT, Key::Backspace);
    settle(&mut stage);
    stage.get_by_label("Back at 19:22");
    at(&mut stage, 1162.0);
    press_with(&mut stage, Modifiers::SHIFT, Key::Backspace);
    settle(&mut stage);
    press_with(&mut stage, Modifiers::SHIFT, Key::Backspace);
    assert_eq!(commands(&effects(&mut stage)), [seek(1162.0), seek(1152.0)]);
    stage.get_by_label("There is no seek to undo");
}

#[test]
fn subtitles_are_moved_in_time_and_stay_so_for_the_title() {
    let mut stage = player(Density::Desktop);
    for key in [Key::H, Key::H, Key::G, Key::H] {
        press(&mut stage, key);
    }
    let done = effects(&mut stage);
    let delays = [100, 200, 100, 200].map(|millis| Command::SetTextDelay { millis });
    assert_eq!(commands(&done), delays);
    stage.get_by_label("Subtitles 0.2 s later");
    assert!(saved(&done).is_some());
    press(&mut stage, Key::Escape);
    effects(&mut stage);
    tell(&mut stage, Msg::Play { title: fixtures::title().summary, from: crate::app::PlayFrom::Resume });
    let opened = effects(&mut stage);
    assert!(opened.iter().any(|e| matches!(e, Effect::OpenPlayer(request) if request.text_delay == 200)), "{opened:?}");
    tell(&mut stage, Msg::Play { title: fixtures::summary(4), from: crate::app::PlayFrom::Resume });
    let opened = effects(&mut stage);
    assert!(opened.iter().any(|e| matches!(e, Effect::OpenPlayer(request) if request.text_delay == 0)), "{opened:?}");
}

#[test]
fn the_look_of_subtitles_is_chosen_while_they_are_seen() {
    for density in BOTH {
        let mut stage = player(density);
        tell(&mut stage, Msg::Player(PlayerMsg::ToggleMenu(Menu::Subtitles)));
        settle(&mut stage);
        click(&mut stage, "Style, 100 %");
        stage.get_by_label("This is how subtitles look");
        press(&mut stage, Key::ArrowRight);
        stage.get_by_label("Size, 125 %");
        press(&mut stage, Key::ArrowDown);
        press(&mut stage, Key::ArrowLeft);
        stage.get_by_label("Colour, Blue");
        press(&mut stage, Key::Enter);
        stage.get_by_label("Colour, White");
        let done = effects(&mut stage);
        assert!(saved(&done).is_some_and(|settings| settings.text_look.size.factor() == 1.25), "{done:?}");
        for _ in 0..4 {
            press(&mut stage, Key::ArrowDown);
        }
        press(&mut stage, Key::ArrowLeft);
        stage.get_by_label("Delay, 0.1 s earlier");
        click(&mut stage, "Reset");
        stage.get_by_label("Size, 100 %");
        stage.get_by_label("Delay, on time");
        press(&mut stage, Key::Escape);
        stage.get_by_label("Style, 100 %");
        press(&mut stage, Key::Escape);
        assert_eq!(place(&stage), Place::Player);
    }
}

#[test]
fn a_subtitle_is_three_presses_away() {
    let mut stage = player(Density::Desktop);
    for key in [Key::V, Key::ArrowDown, Key::Enter] {
        press(&mut stage, key);
    }
    assert_eq!(commands(&effects(&mut stage)), [Command::SelectText { track: Some(player_core::TrackId(4)) }]);
}

#[test]
fn what_is_skipped_is_chosen_for_each_profile() {
    for density in BOTH {
        let mut stage = player(density);
        tell(&mut stage, Msg::Player(PlayerMsg::ToggleMenu(Menu::Settings)));
        settle(&mut stage);
        click(&mut stage, "Skipping, Ask");
        click(&mut stage, "Intros, Ask");
        stage.get_by_label("Intros, Skip");
        click(&mut stage, "Next episode, By itself");
        let settings = saved(&effects(&mut stage)).unwrap();
        let mira = settings.viewing(Some(&"mira".into()));
        assert_eq!((mira.skip.intro, mira.autoplay_next), (SkipChoice::Auto, false));
        let jon = settings.viewing(Some(&"jon".into()));
        assert_eq!((jon.skip.intro, jon.autoplay_next), (SkipChoice::Ask, true));
        press(&mut stage, Key::Escape);
        stage.get_by_label("Skipping, By type");
    }
}

/// In the credits of an episode that has a next one, of which name and picture are known.
fn in_credits(density: Density) -> Stage {
    let snapshot = PlayerSnapshot { position: MediaTime::from_secs_f64(length() - 50.0), ..fixtures::snapshot() };
    let mut model = fixtures::playing(density, snapshot);
    let player = model.player.as_mut().unwrap();
    player.skips.segments = vec![Segment { kind: SegmentKind::Credits, start_s: length() - 60.0, end_s: length() }];
    let mut summary = fixtures::summary(4);
    summary.kicker = Some("S1 E4".into());
    player.next_up.episode =
        Some(Episode { summary: Some(Box::new(summary)), ..Episode::unknown("paper-lions".into()) });
    let mut stage = stage(model);
    effects(&mut stage);
    stage
}

fn opened(effects: &[Effect]) -> Option<TitleId> {
    effects.iter().find_map(|effect| match effect {
        Effect::OpenPlayer(request) => match &request.target {
            Target::Title { title, .. } => Some(title.clone()),
            Target::Url(_) => None,
        },
        _ => None,
    })
}

/// Lets seconds pass, a quarter in each frame, with the clock of the picture beside them.
fn wait(stage: &mut Stage, seconds: f64) {
    for _ in 0..(seconds * 4.0) as usize {
        stage.step();
    }
}

#[test]
fn the_next_episode_begins_by_itself_when_it_was_wanted_or_not_at_all() {
    for density in BOTH {
        let next = Some(TitleId::from("paper-lions"));
        // `settle` has let seconds pass already.
        let mut stage = in_credits(density);
        wait(&mut stage, 1.0);
        stage.get_by_label("Next episode: Paper Lions");
        assert_eq!(opened(&effects(&mut stage)), None);
        wait(&mut stage, 10.0);
        assert_eq!(opened(&effects(&mut stage)), next, "by itself");
        assert_eq!(stage.state().shell.model.player.as_ref().unwrap().next_up.unattended, 1);

        let mut stage = in_credits(density);
        press(&mut stage, Key::Enter);
        assert_eq!(opened(&effects(&mut stage)), next, "by Enter");
        assert_eq!(stage.state().shell.model.player.as_ref().unwrap().next_up.unattended, 0);

        let mut stage = in_credits(density);
        press(&mut stage, Key::Escape);
        assert_eq!(place(&stage), Place::Player, "Back takes the card away");
        wait(&mut stage, 20.0);
        assert!(stage.query_by_label("Next episode: Paper Lions").is_none());
        assert_eq!(opened(&effects(&mut stage)), None);
        let ended = PlayerSnapshot { state: PlaybackState::Ended, ..fixtures::snapshot() };
        stage.state_mut().shell.model.player.as_mut().unwrap().snapshot = ended.into();
        settle(&mut stage);
        assert_eq!((place(&stage), opened(&effects(&mut stage))), (Place::Title, None));
    }
}

#[test]
fn after_three_episodes_somebody_must_be_there() {
    for density in BOTH {
        let still = |stage: &mut Stage| {
            let ended = PlayerSnapshot { state: PlaybackState::Ended, ..fixtures::snapshot() };
            let player = stage.state_mut().shell.model.player.as_mut().unwrap();
            player.next_up.unattended = 3;
            player.snapshot = ended.into();
            wait(stage, 30.0);
        };
        let mut stage = in_credits(density);
        still(&mut stage);
        stage.get_by_label("Still watching?: Paper Lions");
        assert_eq!((place(&stage), opened(&effects(&mut stage))), (Place::Player, None), "it waits");
        press(&mut stage, Key::Enter);
        assert_eq!(opened(&effects(&mut stage)), Some("paper-lions".into()));

        let mut stage = in_credits(density);
        still(&mut stage);
        click(&mut stage, "I am done");
        assert_eq!((place(&stage), opened(&effects(&mut stage))), (Place::Title, None));
    }
}

#[test]
fn the_player_plays_on_in_a_corner() {
    let mut stage = player(Density::Desktop);
    press(&mut stage, Key::P);
    settle(&mut stage);
    assert_eq!(place(&stage), Place::Title);
    let mini = stage.get_by_label("Back to the player: The Long Tide").rect();
    assert!(mini.right() < 1280.0 && mini.bottom() < 720.0 && mini.width() < 430.0);
    let done = effects(&mut stage);
    assert!(!done.contains(&Effect::ClosePlayer), "{done:?}");
    let small = done.iter().any(|e| matches!(e, Effect::Player(Command::SetViewport { width: 200..440, .. })));
    assert!(small, "no more is fetched than is seen: {done:?}");
    press(&mut stage, Key::MediaPlayPause);
    assert_eq!(commands(&effects(&mut stage)), [Command::Pause]);
    press(&mut stage, Key::Escape);
    assert_eq!(place(&stage), Place::Home, "keys are the screen's");
    press(&mut stage, Key::P);
    assert_eq!(place(&stage), Place::Player);
    tell(&mut stage, Msg::Player(PlayerMsg::Activity));
    click(&mut stage, "Mini player");
    click(&mut stage, "Back to the player: The Long Tide");
    assert_eq!(place(&stage), Place::Player);
    press(&mut stage, Key::P);
    // By keys alone: the corner is the last thing on the screen.
    for _ in 0..4 {
        press(&mut stage, Key::Tab);
    }
    stage.get_by_label("Back to the player: The Long Tide").hover();
    settle(&mut stage);
    click(&mut stage, "Stop playing");
    assert_eq!((place(&stage), stage.state().shell.model.player.is_some()), (Place::Home, false));
    assert!(effects(&mut stage).contains(&Effect::ClosePlayer));
}

#[test]
fn the_pointer_on_the_corner_raises_no_card_below() {
    let mut stage = player(Density::Desktop);
    press(&mut stage, Key::P);
    tell(&mut stage, Msg::GoHome);
    settle(&mut stage);
    let mini = stage.get_by_label("Back to the player: The Long Tide").rect();
    // A card of the first row that the corner covers in part.
    let cards = stage.query_all_by_label_contains("Paper Lions").map(|card| card.rect());
    let is_beside = |card: &egui::Rect| card.intersect(mini).is_positive() && card.left() + 20.0 < mini.left();
    let card = cards.into_iter().find(is_beside).unwrap();
    let both = card.intersect(mini);
    stage.hover_at(both.center());
    settle(&mut stage);
    assert_eq!(stage.query_all_by_label_contains("my list: ").count(), 0);
    stage.hover_at(pos2(card.left() + 20.0, card.center().y));
    settle(&mut stage);
    assert_eq!(stage.query_all_by_label_contains("my list: Paper Lions").count(), 1);
}

#[test]
fn every_error_is_a_sentence_an_action_and_a_code() {
    let mut stage = player(Density::Desktop);
    for code in ErrorCode::ALL {
        let error = PlaybackError::fatal(*code, "what a log says");
        let failed = PlayerSnapshot { state: PlaybackState::Failed, error: Some(error), ..fixtures::snapshot() };
        stage.state_mut().shell.model.player.as_mut().unwrap().snapshot = failed.into();
        settle(&mut stage);
        stage.get_by_label(code.sentence());
        stage.get_by_label(&format!("Error code E{}", code.number()));
        let action = match code.remedy() {
            player_core::error::Remedy::TryAgain => "Try again",
            player_core::error::Remedy::SignIn => "Sign in",
            player_core::error::Remedy::GoBack => "Back",
        };
        stage.get_by_label(action);
        assert!(stage.query_by_label_contains("what a log says").is_none(), "{code:?}");
        click(&mut stage, "Details");
        click(&mut stage, "Copy details");
        let copied = effects(&mut stage).into_iter().find_map(|effect| match effect {
            Effect::Copy(text) => Some(text),
            _ => None,
        });
        let copied = copied.unwrap();
        assert!(copied.starts_with(&format!("E{} at 19:12\nwhat a log says\nLumen ", code.number())), "{copied}");
        click(&mut stage, "Hide details");
    }
}

#[test]
fn player_next_episode() {
    let mut pictures = SnapshotResults::new();
    for (density, name) in [(Density::Desktop, "desktop"), (Density::Tv, "tv")] {
        let mut stage = in_credits(density);
        show_video(&mut stage, 5);
        stage.snapshot(format!("player_next_{name}"));
        stage.state_mut().shell.model.player.as_mut().unwrap().next_up.unattended = 3;
        settle(&mut stage);
        stage.snapshot(format!("player_still_{name}"));
        pictures.extend(stage.take_snapshot_results());
    }
}

#[test]
fn player_menus() {
    let mut pictures = SnapshotResults::new();
    for (density, name) in [(Density::Desktop, "desktop"), (Density::Tv, "tv")] {
        let mut stage = player(density);
        show_video(&mut stage, 1);
        tell(&mut stage, Msg::Player(PlayerMsg::ToggleMenu(Menu::Settings)));
        settle(&mut stage);
        stage.snapshot(format!("player_settings_{name}"));
        tell(&mut stage, Msg::Player(PlayerMsg::ToggleMenu(Menu::TextLook)));
        press(&mut stage, Key::ArrowDown);
        settle(&mut stage);
        stage.snapshot(format!("player_text_look_{name}"));
        pictures.extend(stage.take_snapshot_results());
    }
}

#[test]
fn player_in_its_corner() {
    let mut stage = player(Density::Desktop);
    show_video(&mut stage, 4);
    press(&mut stage, Key::P);
    tell(&mut stage, Msg::GoHome);
    stage.get_by_label("Back to the player: The Long Tide").hover();
    settle(&mut stage);
    stage.snapshot("player_mini_desktop");
}

#[test]
fn the_decoder_is_chosen_in_the_menu_and_remembered() {
    let mut stage = player(Density::Desktop);
    tell(&mut stage, Msg::Player(PlayerMsg::ToggleMenu(Menu::Settings)));
    settle(&mut stage);
    click(&mut stage, "Decoder, Auto");
    stage.snapshot("player_decoder_desktop");
    click(&mut stage, "openh264dec");
    let named = |name: &str| DecoderChoice::Named(name.to_owned());
    let effects = effects(&mut stage);
    assert_eq!(commands(&effects), [Command::SetDecoder { choice: named("openh264dec") }]);
    assert_eq!(saved(&effects).unwrap().decoder, named("openh264dec"));
    // What is wanted stays in the list where it is not installed.
    stage.state_mut().shell.model.player.as_mut().unwrap().decoder = named("vah264dec");
    tell(&mut stage, Msg::Player(PlayerMsg::ToggleMenu(Menu::Decoder)));
    settle(&mut stage);
    stage.get_by_label("vah264dec, not here");
}
