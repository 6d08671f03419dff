//! The seek bar and what hangs on it: pictures, chapters, and the button that skips.

use super::{
    fixtures,
    stage::{Stage, effects, press, settle, show_video, stage, tell},
};
use crate::{
    app::{Msg, Place},
    density::Density,
    effect::Effect,
    player_view::{model::PlayerMsg, skip::SkipChoice},
};
use egui::{Event, Key, pos2};
use egui_kittest::kittest::Queryable as _;
use player_core::{Command, MediaTime, PlaybackState, PlayerSnapshot, Thumbnail, Thumbnails};
use service_api::catalog::{Segment, SegmentKind};

fn playing_at(density: Density, seconds: f64, segments: &[Segment]) -> Stage {
    let snapshot = PlayerSnapshot { position: MediaTime::from_secs_f64(seconds), ..fixtures::snapshot() };
    let mut model = fixtures::playing(density, snapshot);
    model.player.as_mut().unwrap().skips.segments = segments.to_vec();
    stage(model)
}

fn duration() -> f64 {
    fixtures::snapshot().duration.unwrap().as_secs_f64()
}

fn intro() -> Segment {
    Segment { kind: SegmentKind::Intro, start_s: 1140.0, end_s: 1200.0 }
}

fn seeks(stage: &mut Stage) -> Vec<f64> {
    let effects = effects(stage).into_iter();
    let seeks = effects.filter_map(|effect| match effect {
        Effect::Player(Command::Seek { to }) => Some(to.as_secs_f64()),
        _ => None,
    });
    seeks.collect()
}

/// One picture for the whole title.
fn pictures() -> Thumbnails {
    let image = fixtures::landscape(160, 90, 3);
    let pixels = image.pixels.iter().flat_map(|pixel| pixel.to_array()).collect();
    let span = (MediaTime::ZERO, MediaTime::from_secs_f64(1e6));
    Thumbnails::of_known(vec![Thumbnail::new(span, (160, 90), pixels).unwrap()])
}

/// Where the bar is on a desktop.
fn point_at_bar(stage: &mut Stage, x: f32) {
    stage.event(Event::PointerMoved(pos2(x, 720.0 - 74.0)));
    settle(stage);
}

#[test]
fn pointing_at_the_bar_shows_the_picture_of_the_time_and_the_time_alone_until_it_is_there() {
    let mut stage = playing_at(Density::Desktop, 1152.0, &[]);
    show_video(&mut stage, 4);
    stage.state_mut().shell.previews.attach(Thumbnails::of_known(Vec::new()));
    point_at_bar(&mut stage, 640.0);
    assert!(stage.query_by_label_contains("Picture at").is_none(), "nothing is loaded");
    stage.state_mut().shell.previews.attach(pictures());
    settle(&mut stage);
    // Half of the title: the chapter is named as well.
    stage.get_by_label_contains("Picture at 25:56 · The ledger");
    stage.event(Event::PointerMoved(pos2(640.0, 200.0)));
    settle(&mut stage);
    assert!(stage.query_by_label_contains("Picture at").is_none(), "nobody points at it any more");
}

#[test]
fn seeking_by_keys_shows_the_picture_of_the_target_on_a_television_too() {
    let mut stage = playing_at(Density::Tv, 1152.0, &[]);
    stage.state_mut().shell.previews.attach(pictures());
    tell(&mut stage, Msg::Player(PlayerMsg::Scrub(2200.0)));
    stage.get_by_label_contains("Picture at 36:40 · Noon");
}

#[test]
fn an_intro_is_skipped_by_key_by_click_and_by_the_middle_of_a_remote() {
    let mut stage = playing_at(Density::Desktop, 1152.0, &[intro()]);
    stage.get_by_label("Skip intro");
    press(&mut stage, Key::S);
    assert_eq!(seeks(&mut stage), [1200.0]);

    let mut stage = playing_at(Density::Desktop, 1152.0, &[intro()]);
    stage.get_by_label("Skip intro").click();
    settle(&mut stage);
    assert_eq!(seeks(&mut stage), [1200.0]);

    let mut stage = playing_at(Density::Tv, 1152.0, &[intro()]);
    assert!(!stage.state().shell.model.player.as_ref().unwrap().shows_controls());
    press(&mut stage, Key::Enter);
    assert_eq!(seeks(&mut stage), [1200.0]);
}

#[test]
fn the_offer_goes_after_eight_seconds_and_comes_back_with_the_controls() {
    let mut stage = playing_at(Density::Desktop, 1152.0, &[intro()]);
    for _ in 0..40 {
        stage.step();
    }
    assert!(stage.query_by_label("Skip intro").is_none());
    tell(&mut stage, Msg::Player(PlayerMsg::Activity));
    stage.get_by_label("Skip intro");
}

#[test]
fn a_seek_into_the_middle_is_not_answered_with_an_offer() {
    let mut stage = playing_at(Density::Desktop, 600.0, &[intro()]);
    tell(&mut stage, Msg::Player(PlayerMsg::Scrub(1170.0)));
    tell(&mut stage, Msg::Player(PlayerMsg::Released));
    let player = stage.state_mut().shell.model.player.as_mut().unwrap();
    player.snapshot = PlayerSnapshot { position: MediaTime::from_secs_f64(1170.0), ..fixtures::snapshot() }.into();
    // The controls that came with the seek go first.
    for _ in 0..20 {
        stage.step();
    }
    assert!(!stage.state().shell.model.player.as_ref().unwrap().shows_controls());
    assert!(stage.query_by_label("Skip intro").is_none());
    assert_eq!(seeks(&mut stage), [1170.0]);
}

#[test]
fn credits_at_the_end_finish_the_title_and_what_goes_by_itself_does() {
    let credits = Segment { kind: SegmentKind::Credits, start_s: duration() - 60.0, end_s: duration() };
    let mut stage = playing_at(Density::Desktop, duration() - 40.0, &[credits]);
    stage.get_by_label("Finish").click();
    settle(&mut stage);
    assert!(effects(&mut stage).contains(&Effect::ClosePlayer));
    assert_ne!(stage.state().shell.model.place, Place::Player);

    let snapshot = PlayerSnapshot { position: MediaTime::from_millis(1_150_000), ..fixtures::snapshot() };
    let mut model = fixtures::playing(Density::Desktop, snapshot);
    let skips = &mut model.player.as_mut().unwrap().skips;
    skips.segments = vec![intro()];
    skips.choices.intro = SkipChoice::Auto;
    let mut stage = super::stage::stage(model);
    assert_eq!(seeks(&mut stage), [1200.0]);
}

#[test]
fn nothing_is_offered_before_there_is_a_picture_or_under_a_menu() {
    let snapshot = PlayerSnapshot {
        state: PlaybackState::Loading,
        position: MediaTime::from_millis(1_150_000),
        ..fixtures::snapshot()
    };
    let mut model = fixtures::playing(Density::Desktop, snapshot);
    model.player.as_mut().unwrap().skips.segments = vec![intro()];
    let stage = super::stage::stage(model);
    assert!(stage.query_by_label("Skip intro").is_none());
    let mut stage = playing_at(Density::Desktop, 1152.0, &[intro()]);
    tell(&mut stage, Msg::Player(PlayerMsg::ToggleSheet));
    assert!(stage.query_by_label("Skip intro").is_none());
}

#[test]
fn a_streams_own_chapters_are_those_of_the_bar() {
    use player_core::chapters::{Chapter, Chapters};
    let chapter = |seconds: i64, title: &str| Chapter::named(MediaTime::from_millis(seconds * 1_000), title);
    let chapters = Chapters::new(vec![chapter(0, "Calm"), chapter(1_000, "Storm"), chapter(2_000, "Rain")]);
    let mut model = fixtures::playing(Density::Desktop, PlayerSnapshot { chapters, ..fixtures::snapshot() });
    model.player.as_mut().unwrap().chapters.clear();
    let mut stage = super::stage::stage(model);
    press(&mut stage, Key::PageDown);
    assert_eq!(seeks(&mut stage), [2_000.0]);
}

#[test]
fn player_seek_bar() {
    let credits = Segment { kind: SegmentKind::Credits, start_s: duration() - 260.0, end_s: duration() };
    let mut stage = playing_at(Density::Desktop, 1152.0, &[intro(), credits]);
    show_video(&mut stage, 4);
    stage.state_mut().shell.previews.attach(pictures());
    point_at_bar(&mut stage, 640.0);
    stage.snapshot("player_seek_bar_desktop");
}
