//! What viewers do, key by key and click by click, and what the application wants from the world because of it.

use super::{
    fixtures,
    stage::{Stage, effects, press, press_with, settle, show_focus, stage, tell},
};
use crate::{
    app::{Model, Msg, Place, PlayFrom, SignInStep},
    density::Density,
    effect::{Effect, Target},
    player_view::model::{Menu, PlayerMsg},
    settings::Settings,
};
use egui::{Event, Key, Modifiers, accesskit::Role};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use player_core::{Command, MediaTime, PlaybackState, PlayerSnapshot, QualityChoice, RungId, TrackId};
use service_api::{ProfileId, TitleId};

const BOTH: [Density; 2] = [Density::Desktop, Density::Tv];

fn click(stage: &mut Stage, label: &str) {
    stage.get_by_label(label).click();
    settle(stage);
}

fn commands(stage: &mut Stage) -> Vec<Command> {
    let commands = effects(stage).into_iter().filter_map(|effect| match effect {
        Effect::Player(command) => Some(command),
        _ => None,
    });
    commands.filter(|command| !matches!(command, Command::SetViewport { .. })).collect()
}

fn snapshot_of(stage: &Stage) -> PlayerSnapshot {
    (*stage.state().shell.model.player.as_ref().unwrap().snapshot).clone()
}

fn set_snapshot(stage: &mut Stage, snapshot: PlayerSnapshot) {
    stage.state_mut().shell.model.player.as_mut().unwrap().snapshot = snapshot.into();
    stage.step();
}

#[test]
fn signing_in_opens_the_browser_and_says_so() {
    {
        let mut stage = stage(fixtures::signed_out(Density::Desktop));
        press(&mut stage, Key::Enter);
        assert!(effects(&mut stage).contains(&Effect::BeginSignIn));
        let url: url::Url = "http://127.0.0.1:7800/oauth/authorize".parse().unwrap();
        tell(&mut stage, Msg::SignInStarted(Ok(url.clone())));
        assert_eq!(effects(&mut stage), [Effect::OpenBrowser(url.clone())]);
        stage.get_by_label("Waiting for your browser…");
        click(&mut stage, "Copy link");
        assert_eq!(effects(&mut stage), [Effect::Copy(url.to_string())]);
        click(&mut stage, "Open again");
        assert_eq!(effects(&mut stage), [Effect::OpenBrowser(url)]);
        press(&mut stage, Key::Escape);
        assert_eq!(effects(&mut stage), [Effect::CancelSignIn]);
        stage.get_by_label("Sign in");
    }
}

#[test]
fn television_shows_a_code_at_once_and_the_next_when_it_has_expired() {
    let (mut model, begun) = Model::new(Density::Tv, fixtures::launch(), Settings::default());
    assert_eq!(begun, [Effect::Restore]);
    assert_eq!(model.update(Msg::Restored(Ok(None)), 0.0), [Effect::BeginCodeSignIn]);
    assert_eq!(model.update(Msg::CodeGiven(fixtures::code("BCDF-GHJK")), 0.0), []);
    let mut stage = stage(model);
    stage.get_by_label("Code B C D F - G H J K");
    stage.get_by_label("https://tv.lumen.example/device".trim_start_matches("https://"));
    stage.get_by_label("Picture of the address with the code, for a phone");
    assert!(stage.state().shell.model.next_tick(0.5).is_some_and(|after| after <= 1.0), "the seconds are counted");
    tell(&mut stage, Msg::CodeGiven(fixtures::code("LMNP-QRST")));
    stage.get_by_label("Code L M N P - Q R S T");

    // With the remote: another code, or not now.
    press(&mut stage, Key::ArrowRight);
    press(&mut stage, Key::Enter);
    assert_eq!(effects(&mut stage), [Effect::BeginCodeSignIn]);
    tell(&mut stage, Msg::CodeGiven(fixtures::code("VWXZ-BCDF")));
    press(&mut stage, Key::Escape);
    assert_eq!(effects(&mut stage), [Effect::CancelSignIn]);
    stage.get_by_label("Watch a stream without signing in");
    // A code that was on its way is not wanted any more.
    tell(&mut stage, Msg::CodeGiven(fixtures::code("BCDF-GHJK")));
    assert_eq!(effects(&mut stage), [Effect::CancelSignIn]);
    assert_eq!(stage.state().shell.model.sign_in.step, SignInStep::Idle);

    click(&mut stage, "Sign in");
    tell(&mut stage, Msg::CodeGiven(fixtures::code("BCDF-GHJK")));
    tell(&mut stage, Msg::SignedIn(Err(fixtures::failure())));
    stage.get_by_label("The server cannot be reached");
    press(&mut stage, Key::Enter);
    tell(&mut stage, Msg::CodeGiven(fixtures::code("BCDF-GHJK")));
    tell(&mut stage, Msg::SignedIn(Ok(fixtures::account())));
    assert_eq!(stage.state().shell.model.place, Place::Profiles);
}

#[test]
fn lost_stream_says_who_is_watching_and_can_be_taken_back() {
    for density in BOTH {
        let mut stage = stage(fixtures::playing(density, fixtures::snapshot()));
        effects(&mut stage);
        let attempt = |stage: &Stage| stage.state().shell.model.player.as_ref().unwrap().attempt;
        let first = attempt(&stage);
        tell(&mut stage, Msg::StreamLost { attempt: first + 1, failure: fixtures::failure() });
        assert_eq!(effects(&mut stage), [], "what belongs to another attempt says nothing");
        tell(&mut stage, Msg::StreamLost { attempt: first, failure: fixtures::occupied() });
        assert_eq!(effects(&mut stage), [Effect::ClosePlayer], "nothing is fetched any more");
        stage.get_by_label("Jon is watching on Living room TV – stop there to watch here, or upgrade your plan");
        if density.is_tv() {
            press(&mut stage, Key::ArrowUp);
            press(&mut stage, Key::Enter);
        } else {
            click(&mut stage, "Stop Living room TV");
        }
        let stopped = Effect::StopElsewhere { attempt: first, grant: "grant".into() };
        assert_eq!(effects(&mut stage), [stopped]);
        tell(&mut stage, Msg::StoppedElsewhere { attempt: first, answer: Ok(()) });
        let opened = effects(&mut stage);
        let position = fixtures::snapshot().position.as_secs_f64();
        assert!(
            matches!(&opened[..], [Effect::ClosePlayer, Effect::OpenPlayer(request)]
                if request.attempt == first + 1 && matches!(request.from, PlayFrom::At(at) if (at.as_secs_f64() - position).abs() < 0.01)),
            "{opened:?}"
        );
        let next = attempt(&stage);
        tell(&mut stage, Msg::PlayerOpened { attempt: next, answer: Err(fixtures::occupied()) });
        click(&mut stage, "Try again");
        assert!(effects(&mut stage).iter().any(|effect| matches!(effect, Effect::OpenPlayer(_))));
    }
}

#[test]
fn a_server_that_is_away_can_be_tried_again() {
    let mut stage = stage(fixtures::signed_out(Density::Desktop));
    click(&mut stage, "Sign in");
    tell(&mut stage, Msg::SignInStarted(Err(fixtures::failure())));
    stage.get_by_label("The server cannot be reached");
    effects(&mut stage);
    click(&mut stage, "Retry");
    assert_eq!(effects(&mut stage), [Effect::BeginSignIn]);
}

#[test]
fn any_stream_can_be_watched_signed_out() {
    let mut stage = stage(fixtures::signed_out(Density::Desktop));
    press(&mut stage, Key::Tab);
    stage.event(Event::Text("not an address".into()));
    settle(&mut stage);
    press(&mut stage, Key::Enter);
    stage.get_by_label("There is no file of this name; a complete address begins with https://");
    assert_eq!(effects(&mut stage), []);
    tell(&mut stage, Msg::EditUrl(String::new()));
    stage.event(Event::Text("https://example.com/a/master.m3u8".into()));
    settle(&mut stage);
    press(&mut stage, Key::Enter);
    let opened = effects(&mut stage);
    assert!(
        opened.iter().any(|effect| matches!(effect, Effect::OpenPlayer(request)
            if request.target == Target::Url("https://example.com/a/master.m3u8".parse().unwrap())
            && request.from == PlayFrom::Resume)),
        "{opened:?}"
    );
    press(&mut stage, Key::Escape);
    assert_eq!(stage.state().shell.model.place, Place::SignIn);
}

#[test]
fn pasting_half_an_address_fills_the_field() {
    let mut stage = stage(fixtures::signed_out(Density::Desktop));
    stage.event(Event::Paste(" example.com/x.m3u8 ".into()));
    settle(&mut stage);
    assert_eq!(stage.state().shell.model.sign_in.url, "example.com/x.m3u8");
}

#[test]
fn a_profile_is_chosen_and_remembered() {
    for density in BOTH {
        let mut stage = stage(fixtures::choosing(density));
        press(&mut stage, Key::Tab);
        press(&mut stage, Key::Enter);
        let done = effects(&mut stage);
        assert!(done.contains(&Effect::LoadHome(ProfileId::from("jon"))), "{done:?}");
        assert!(done.contains(&Effect::SendUnsent(ProfileId::from("jon"))));
        let saved = done.iter().any(|e| matches!(e, Effect::SaveSettings(s) if s.last_profile == Some("jon".into())));
        assert!(saved);
    }
}

#[test]
fn home_is_walked_with_arrows_and_remembers_its_place() {
    for density in BOTH {
        let mut stage = stage(fixtures::at_home(density));
        show_focus(&mut stage);
        assert_eq!(focused_label(&stage), "Resume");
        press(&mut stage, Key::ArrowDown);
        press(&mut stage, Key::ArrowRight);
        press(&mut stage, Key::ArrowDown);
        press(&mut stage, Key::ArrowRight);
        settle(&mut stage);
        let card = focused_label(&stage);
        // On a television the upper row has slid under its focus, so the first poster is below; a desktop's row has not.
        let below = if density.is_tv() { "Glass Harbour" } else { "Low Country" };
        assert!(card.starts_with(below), "{card}");
        press(&mut stage, Key::ArrowUp);
        assert!(focused_label(&stage).starts_with("Orbit Kitchen"), "{}", focused_label(&stage));
        press(&mut stage, Key::ArrowDown);
        press(&mut stage, Key::Enter);
        assert_eq!(stage.state().shell.model.place, Place::Title);
        press(&mut stage, Key::Escape);
        assert_eq!(stage.state().shell.model.place, Place::Home);
        assert_eq!(focused_label(&stage), card, "Back returns to the same card");
    }
}

fn focused_label(stage: &Stage) -> String {
    let focused = stage.query_by(|node| node.is_focused() && node.role() != Role::Window);
    focused.and_then(|node| node.accesskit_node().label()).unwrap_or_default()
}

#[test]
fn a_reload_keeps_the_focused_card() {
    let mut stage = stage(fixtures::at_home(Density::Tv));
    for key in [Key::ArrowDown, Key::ArrowRight, Key::ArrowRight] {
        press(&mut stage, key);
    }
    let before = focused_label(&stage);
    let mut home = fixtures::home();
    home.rows[0].items.remove(0);
    tell(&mut stage, Msg::HomeLoaded { profile: "mira".into(), answer: Box::new(Ok(home)) });
    assert_eq!(focused_label(&stage), before);
}

#[test]
fn resting_on_a_card_fetches_its_beginning_once() {
    let mut stage = stage(fixtures::at_home(Density::Tv));
    for key in [Key::ArrowDown, Key::ArrowRight] {
        press(&mut stage, key);
    }
    settle(&mut stage);
    let prefetched: Vec<_> = effects(&mut stage).into_iter().filter(|e| matches!(e, Effect::Prefetch { .. })).collect();
    let last = Effect::Prefetch { profile: "mira".into(), title: TitleId::from("orbit-kitchen") };
    assert_eq!(prefetched.iter().filter(|effect| **effect == last).count(), 1, "{prefetched:?}");
}

#[test]
fn titles_in_preparation_cannot_be_played_and_are_looked_at_again() {
    let mut stage = stage(fixtures::at_home(Density::Desktop));
    for key in [Key::ArrowDown, Key::ArrowDown, Key::ArrowDown] {
        press(&mut stage, key);
    }
    settle(&mut stage);
    click(&mut stage, "Orbit Kitchen, Preparing 42 %");
    assert_eq!(stage.state().shell.model.place, Place::Title);
    settle(&mut stage);
    effects(&mut stage);
    click(&mut stage, "Preparing…");
    assert!(!effects(&mut stage).iter().any(|effect| matches!(effect, Effect::OpenPlayer(_))));
}

#[test]
fn home_refreshes_itself_while_the_library_is_made() {
    let mut stage = stage(fixtures::at_home(Density::Desktop));
    for _ in 0..20 {
        stage.step();
    }
    let loads = effects(&mut stage).into_iter().filter(|e| matches!(e, Effect::LoadHome(_))).count();
    assert_eq!(loads, 1, "one request at a time");
    let mut home = fixtures::home();
    home.library = None;
    home.rows.iter_mut().flat_map(|row| &mut row.items).for_each(|t| t.state = service_api::catalog::TitleState::Ready);
    tell(&mut stage, Msg::HomeLoaded { profile: "mira".into(), answer: Box::new(Ok(home)) });
    for _ in 0..40 {
        stage.step();
    }
    assert!(!effects(&mut stage).iter().any(|e| matches!(e, Effect::LoadHome(_))), "nothing to wait for");
}

#[test]
fn an_idle_home_costs_no_repaints() {
    for density in BOTH {
        let mut model = fixtures::at_home(density);
        let mut home = fixtures::home();
        home.library = None;
        home.rows.iter_mut().flat_map(|row| &mut row.items).for_each(|t| {
            t.state = service_api::catalog::TitleState::Ready;
        });
        model.update(Msg::HomeLoaded { profile: "mira".into(), answer: Box::new(Ok(home)) }, 0.0);
        let mut stage = stage(model);
        settle(&mut stage);
        stage.step();
        let delay = stage.output().viewport_output.values().map(|viewport| viewport.repaint_delay).min().unwrap();
        // A television is dimmed after five minutes.
        let least = std::time::Duration::from_secs(if density.is_tv() { 240 } else { u64::MAX });
        assert!(delay >= least, "{delay:?}: {:?}", stage.ctx.repaint_causes());
    }
}

#[test]
fn the_title_page_resumes_and_starts_over() {
    for density in BOTH {
        let mut stage = stage(fixtures::at_title(density));
        stage.get_by_label("Protection: Encrypted (cbcs)");
        click(&mut stage, "Start over");
        let opened = effects(&mut stage);
        let start = |wanted: PlayFrom| move |effect: &Effect| matches!(effect, Effect::OpenPlayer(request) if request.from == wanted);
        assert!(opened.iter().any(start(PlayFrom::Start)), "{opened:?}");
        press(&mut stage, Key::Escape);
        assert_eq!(stage.state().shell.model.place, Place::Title);
        effects(&mut stage);
        press(&mut stage, Key::Tab);
        let resume = stage
            .get_all_by_role(Role::Button)
            .find(|n| n.accesskit_node().label().is_some_and(|label| label.starts_with("Resume at")));
        resume.unwrap().click();
        settle(&mut stage);
        assert!(effects(&mut stage).iter().any(start(PlayFrom::Resume)));
    }
}

#[test]
fn signing_out_is_in_the_profile_menu() {
    let mut stage = stage(fixtures::at_home(Density::Desktop));
    click(&mut stage, "Profile: Mira");
    click(&mut stage, "Sign out");
    assert!(effects(&mut stage).contains(&Effect::SignOut));
    assert_eq!(stage.state().shell.model.place, Place::SignIn);
}

#[test]
fn an_ended_session_asks_to_sign_in_again() {
    let mut stage = stage(fixtures::at_home(Density::Desktop));
    let mut failure = fixtures::failure();
    failure.remedy = crate::failure::Remedy::SignIn;
    failure.sentence = "Sign in to continue".into();
    tell(&mut stage, Msg::HomeLoaded { profile: "mira".into(), answer: Box::new(Err(failure)) });
    assert_eq!(stage.state().shell.model.place, Place::SignIn);
    stage.get_by_label("Sign in to continue");
}

fn player(density: Density) -> Stage {
    let mut stage = stage(fixtures::playing(density, fixtures::snapshot()));
    effects(&mut stage);
    stage
}

#[test]
fn the_keys_of_the_player_send_its_commands() {
    let mut stage = player(Density::Desktop);
    press(&mut stage, Key::Space);
    assert_eq!(commands(&mut stage), [Command::Pause]);
    press(&mut stage, Key::K);
    assert_eq!(commands(&mut stage), [Command::Pause]);
    press(&mut stage, Key::ArrowDown);
    assert_eq!(commands(&mut stage), [Command::SetVolume { volume: 0.95 }]);
    press(&mut stage, Key::M);
    assert_eq!(commands(&mut stage), [Command::SetMuted { muted: true }]);
    press(&mut stage, Key::ArrowUp);
    assert_eq!(
        commands(&mut stage),
        [Command::SetVolume { volume: 0.05 }, Command::SetMuted { muted: false }],
        "louder after mute begins low"
    );
    press(&mut stage, Key::C);
    assert_eq!(commands(&mut stage), [Command::SelectText { track: None }]);
    press(&mut stage, Key::Num5);
    settle(&mut stage);
    assert_eq!(commands(&mut stage), [Command::Seek { to: MediaTime::from_millis(1_556_000) }]);
    press(&mut stage, Key::F);
    assert!(effects(&mut stage).contains(&Effect::FullScreen(true)));
    press(&mut stage, Key::Escape);
    assert_eq!(effects(&mut stage), [Effect::FullScreen(false)], "Escape first leaves full screen");
    press(&mut stage, Key::Escape);
    assert!(effects(&mut stage).contains(&Effect::ClosePlayer));
    assert_eq!(stage.state().shell.model.place, Place::Title);
}

#[test]
fn speed_is_stepped_reset_held_and_kept_for_the_next_title() {
    let mut stage = player(Density::Desktop);
    let rate = |rate: f64| [Command::SetRate { rate }];
    press_with(&mut stage, Modifiers::SHIFT, Key::Period);
    assert_eq!(commands(&mut stage), rate(1.25));
    stage.get_by_label("Speed 1.25×");
    press(&mut stage, Key::OpenBracket);
    press_with(&mut stage, Modifiers::SHIFT, Key::Comma);
    assert_eq!(commands(&mut stage), [rate(1.0), rate(0.75)].concat());
    press(&mut stage, Key::Backspace);
    assert_eq!(commands(&mut stage), rate(1.0));
    for _ in 0..9 {
        press(&mut stage, Key::CloseBracket);
    }
    assert_eq!(commands(&mut stage).last(), rate(4.0).last());

    tell(&mut stage, Msg::Player(PlayerMsg::HoldSpeed));
    tell(&mut stage, Msg::Player(PlayerMsg::Released));
    tell(&mut stage, Msg::Player(PlayerMsg::Released));
    assert_eq!(commands(&mut stage), [rate(2.0), rate(4.0)].concat());
    press(&mut stage, Key::Escape);
    effects(&mut stage);
    tell(&mut stage, Msg::EditUrl("https://example.com/next.m3u8".into()));
    tell(&mut stage, Msg::OpenUrl);
    let opened = effects(&mut stage);
    assert!(opened.iter().any(|e| matches!(e, Effect::OpenPlayer(request) if request.speed == 4.0)), "{opened:?}");
}

#[test]
fn speed_is_a_line_of_the_gear_menu() {
    for density in BOTH {
        let mut stage = player(density);
        tell(&mut stage, Msg::Player(PlayerMsg::ToggleMenu(Menu::Settings)));
        settle(&mut stage);
        click(&mut stage, "Speed, 1×");
        settle(&mut stage);
        stage.get_by_label("1×, Normal");
        press(&mut stage, Key::Escape);
        stage.get_by_label("Speed, 1×");
        click(&mut stage, "Speed, 1×");
        click(&mut stage, "1.5×");
        assert_eq!(commands(&mut stage), [Command::SetRate { rate: 1.5 }]);
        tell(&mut stage, Msg::Player(PlayerMsg::ToggleMenu(Menu::Settings)));
        settle(&mut stage);
        stage.get_by_label("Speed, 1.5×");
    }
}

#[test]
fn winding_gets_faster_with_each_press_turns_and_ends_with_play_or_back() {
    for density in BOTH {
        let mut stage = player(density);
        let wound = |speed: i32| [Command::TrickPlay { speed }];
        let at_speed = |stage: &mut Stage, speed: Option<i32>| {
            let snapshot = PlayerSnapshot { trick_speed: speed, ..snapshot_of(stage) };
            set_snapshot(stage, snapshot);
        };
        press_with(&mut stage, Modifiers::SHIFT, Key::L);
        assert_eq!(commands(&mut stage), wound(2));
        at_speed(&mut stage, Some(2));
        stage.get_by_label("Winding forward 2×");
        press(&mut stage, Key::MediaTrackNext);
        assert_eq!(commands(&mut stage), wound(4));
        at_speed(&mut stage, Some(64));
        press_with(&mut stage, Modifiers::SHIFT, Key::L);
        assert_eq!(commands(&mut stage), wound(64));
        press_with(&mut stage, Modifiers::SHIFT, Key::J);
        assert_eq!(commands(&mut stage), wound(-2));
        at_speed(&mut stage, Some(-2));
        stage.get_by_label("Winding back 2×");
        press(&mut stage, Key::Space);
        assert_eq!(commands(&mut stage), [Command::Play]);
        press(&mut stage, Key::Escape);
        assert_eq!(commands(&mut stage), wound(0));
        assert_eq!(stage.state().shell.model.place, Place::Player, "Back ends winding first");
    }
}

#[test]
fn ten_presses_of_an_arrow_make_one_seek() {
    let mut stage = player(Density::Desktop);
    for _ in 0..10 {
        // Without the time that settling takes: fingers are faster than that.
        stage.state_mut().shell.model.update(Msg::Player(PlayerMsg::SeekBy { seconds: 5.0, held: false }), 0.0);
    }
    for _ in 0..4 {
        stage.step();
    }
    assert_eq!(commands(&mut stage), [Command::Seek { to: MediaTime::from_millis(1_202_000) }]);
}

#[test]
fn clicks_on_the_controls_send_their_commands() {
    let mut stage = player(Density::Desktop);
    tell(&mut stage, Msg::Player(PlayerMsg::Activity));
    stage.get_by_label("Pause").click();
    stage.step();
    stage.run();
    assert_eq!(commands(&mut stage), [Command::Pause]);
    stage.get_by_label("Forward 10 seconds").click();
    settle(&mut stage);
    assert_eq!(commands(&mut stage), [Command::Seek { to: MediaTime::from_millis(1_162_000) }]);
    tell(&mut stage, Msg::Player(PlayerMsg::Activity));
    stage.get_by_label("Settings").click();
    settle(&mut stage);
    stage.get_by_label("Quality, Auto · 720p").click();
    settle(&mut stage);
    stage.get_by_label("480p, 1.6 Mbit/s").click();
    settle(&mut stage);
    assert_eq!(commands(&mut stage), [Command::SetQuality { choice: QualityChoice::Fixed(RungId(2)) }]);
}

#[test]
fn menus_are_walked_with_arrows_and_closed_with_escape() {
    for density in BOTH {
        let mut stage = player(density);
        tell(&mut stage, Msg::Player(PlayerMsg::ToggleMenu(Menu::Subtitles)));
        settle(&mut stage);
        assert_eq!(focused_label(&stage), "English", "begins at what is chosen");
        press(&mut stage, Key::ArrowDown);
        press(&mut stage, Key::Enter);
        assert_eq!(commands(&mut stage), [Command::SelectText { track: Some(TrackId(4)) }]);
        tell(&mut stage, Msg::Player(PlayerMsg::ToggleMenu(Menu::Quality)));
        press(&mut stage, Key::Escape);
        assert!(stage.query_by_label("Auto, 720p").is_none());
        assert_eq!(stage.state().shell.model.place, Place::Player);
    }
}

#[test]
fn a_television_seeks_on_the_bar_and_walks_below_it() {
    let mut stage = player(Density::Tv);
    press(&mut stage, Key::ArrowRight);
    settle(&mut stage);
    assert_eq!(commands(&mut stage), [Command::Seek { to: MediaTime::from_millis(1_162_000) }]);
    // The first key shows the controls again, the next ones walk.
    tell(&mut stage, Msg::Player(PlayerMsg::Activity));
    press(&mut stage, Key::ArrowDown);
    let first = focused_label(&stage);
    assert_ne!(first, "Seek");
    press(&mut stage, Key::ArrowRight);
    assert_ne!(focused_label(&stage), first);
    assert_eq!(commands(&mut stage), [], "walking does not seek");
    press(&mut stage, Key::ArrowUp);
    assert_eq!(focused_label(&stage), "Seek");
    press(&mut stage, Key::Enter);
    assert_eq!(commands(&mut stage), [Command::Pause]);
}

#[test]
fn the_seek_bar_speaks_and_can_be_stepped_by_a_screen_reader() {
    let mut stage = player(Density::Desktop);
    tell(&mut stage, Msg::Player(PlayerMsg::Activity));
    let bar = stage.get_by_label("Seek");
    assert_eq!(bar.value().as_deref(), Some("19 min 12 s of 51 min 52 s"));
    bar.increment_accesskit();
    settle(&mut stage);
    assert_eq!(commands(&mut stage), [Command::Seek { to: MediaTime::from_millis(1_157_000) }]);
}

#[test]
fn a_click_on_the_bar_seeks_there() {
    let mut stage = player(Density::Desktop);
    tell(&mut stage, Msg::Player(PlayerMsg::Activity));
    let rect = stage.get_by_label("Seek").rect();
    stage.get_by_label("Seek").click();
    settle(&mut stage);
    let seeks = commands(&mut stage);
    let [Command::Seek { to }] = seeks.as_slice() else { panic!("{seeks:?}") };
    assert!((to.as_secs_f64() - 1556.0).abs() < 3112.0 / f64::from(rect.width()), "{to:?}");
}

#[test]
fn a_failed_title_names_one_action_and_retries_where_it_stopped() {
    let mut stage = player(Density::Desktop);
    let error = player_core::PlaybackError::fatal(player_core::ErrorCode::Unreachable, "connection refused");
    let failed = PlayerSnapshot { state: PlaybackState::Failed, error: Some(error), ..snapshot_of(&stage) };
    set_snapshot(&mut stage, failed);
    settle(&mut stage);
    stage.get_by_label("Error code E1001");
    for key in [Key::C, Key::K, Key::Num5, Key::ArrowUp] {
        press(&mut stage, key);
    }
    assert_eq!(commands(&mut stage), [], "there is nothing to command");
    click(&mut stage, "Details");
    click(&mut stage, "Copy details");
    assert!(effects(&mut stage).iter().any(|e| matches!(e, Effect::Copy(text) if text.contains("connection refused"))));
    click(&mut stage, "Try again");
    let done = effects(&mut stage);
    assert_eq!(done[0], Effect::ClosePlayer);
    let again =
        matches!(&done[1], Effect::OpenPlayer(r) if r.from == PlayFrom::At(std::time::Duration::from_secs(1152)));
    assert!(again, "{done:?}");
}

#[test]
fn the_end_of_a_title_leads_back_to_its_page() {
    let mut stage = player(Density::Tv);
    let ended = PlayerSnapshot { state: PlaybackState::Ended, ..snapshot_of(&stage) };
    set_snapshot(&mut stage, ended);
    settle(&mut stage);
    assert_eq!(stage.state().shell.model.place, Place::Title);
    assert!(effects(&mut stage).contains(&Effect::ClosePlayer));
    stage.get_by_label("Play");
}

#[test]
fn stats_say_why_and_can_be_copied() {
    let mut stage = player(Density::Desktop);
    press(&mut stage, Key::I);
    stage.get_by(|node| node.value().is_some_and(|words| words.starts_with("Why: 1080p → 720p")));
    click(&mut stage, "Copy stats as JSON");
    let copied = effects(&mut stage).into_iter().find_map(|effect| match effect {
        Effect::Copy(text) => Some(text),
        _ => None,
    });
    let read: PlayerSnapshot = serde_json::from_str(&copied.unwrap()).unwrap();
    assert_eq!(read.stats, fixtures::snapshot().stats);
}

#[test]
fn the_key_sheet_lists_the_keys() {
    let mut stage = player(Density::Desktop);
    press_with(&mut stage, Modifiers::SHIFT, Key::Questionmark);
    stage.get_by_label("M: Sound on or off");
    press(&mut stage, Key::Escape);
    assert!(stage.query_by_label("M: Sound on or off").is_none());
    assert_eq!(stage.state().shell.model.place, Place::Player);
}

#[test]
fn controls_go_when_nothing_happens_and_come_back_with_a_key() {
    let mut stage = player(Density::Desktop);
    tell(&mut stage, Msg::Player(PlayerMsg::Activity));
    assert!(stage.query_by_label("Pause").is_some());
    for _ in 0..20 {
        stage.step();
    }
    assert!(stage.query_by_label("Pause").is_none());
    press(&mut stage, Key::ArrowUp);
    assert!(stage.query_by_label("Pause").is_some());
}
