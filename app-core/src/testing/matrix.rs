//! Every screen of the desktop at every scale, in both themes, with small and large text: nothing is without a name, cut
//! off or out of reach.

use super::{
    fixtures,
    stage::{Stage, press, settle, show_video, stage_of, tell},
};
use crate::{
    app::{Confirm, Field, HouseholdWish, Model, Msg, SearchMsg, Section, SettingsWish, TasteWish, Typed, Wish},
    ask::Told,
    density::Density,
    desktop::{
        crash::CrashReport,
        model::{Change, DesktopMsg},
    },
    player_view::model::PlayerMsg,
};
use egui::{Key, Rect, Shape, epaint::TextShape, vec2};
use egui_kittest::{SnapshotResults, kittest::NodeT as _};
use player_core::{ErrorCode, PlaybackError, PlaybackState, PlayerSnapshot};
use service_api::catalog::TitleList;

const SCALES: [f32; 4] = [1.0, 1.25, 1.5, 2.0];
/// As factors: the zoom that the setting becomes.
const TEXT_SIZES: [f32; 2] = [1.0, 1.5];
/// Pixels of the window at scale 1.
const WINDOW: egui::Vec2 = vec2(1200.0, 720.0);

/// By their first word.
const PAGES_THAT_SCROLL: [&str; 7] = ["home", "title", "series", "search", "settings", "profile", "player, minimised"];

struct Screen {
    name: String,
    model: Model,
    /// Told after the first frames.
    then: Vec<Msg>,
    plays: bool,
}

fn after(mut model: Model, msgs: impl IntoIterator<Item = Msg>) -> Model {
    for msg in msgs {
        model.update(msg, 0.0);
    }
    model
}

fn household() -> Msg {
    Msg::Told(Told::Household(Ok(Box::new((fixtures::account(), fixtures::household())))))
}

fn report() -> CrashReport {
    let text = "Lumen 0.1.0 on linux x86_64\n\nindex out of bounds: the len is 3 but the index is 4\nat src/a.rs:1:2\n";
    CrashReport { path: "/state/crash-1.txt".into(), text: text.to_owned() }
}

fn screen(name: &str, model: Model, then: impl IntoIterator<Item = Msg>) -> Screen {
    Screen { name: name.to_owned(), model, then: then.into_iter().collect(), plays: false }
}

/// Screens for browsing.
fn pages() -> Vec<Screen> {
    let home = || fixtures::at_home(Density::Desktop);
    let out = || fixtures::signed_out(Density::Desktop);
    let choosing = || after(fixtures::choosing(Density::Desktop), [household()]);
    let url = || "http://127.0.0.1:7800/oauth/authorize?client_id=lumen-app".parse().unwrap();
    let wish = |wish| Msg::Wish(Wish::Household(wish));
    let found = || TitleList { items: fixtures::home().rows[1].items.clone(), next: None };
    let list = Told::List { profile: "mira".into(), answer: Ok([3, 6, 9].map(fixtures::summary).to_vec()) };
    let mut pages = vec![
        screen("sign in", fixtures::signed_out(Density::Desktop), []),
        screen(
            "sign in, waiting",
            fixtures::signed_out(Density::Desktop),
            [Msg::SignIn, Msg::SignInStarted(Ok(url()))],
        ),
        screen(
            "sign in, failed",
            fixtures::signed_out(Density::Desktop),
            [Msg::SignIn, Msg::SignedIn(Err(fixtures::failure()))],
        ),
        screen("profiles", choosing(), []),
        screen("profiles, managed", choosing(), [wish(HouseholdWish::Manage(true))]),
        screen("profile", choosing(), [wish(HouseholdWish::Edit("kids".into()))]),
        screen(
            "profile, removed",
            choosing(),
            [
                wish(HouseholdWish::Edit("kids".into())),
                Msg::Wish(Wish::Confirm(Confirm::RemoveProfile { profile: "kids".into(), name: "Kids".into() })),
            ],
        ),
        screen("home", home(), [household(), Msg::Told(list)]),
        screen("home, profile menu", home(), [Msg::ProfileMenu(true)]),
        screen(
            "home, failed",
            after(fixtures::choosing(Density::Desktop), [Msg::ChooseProfile("mira".into())]),
            [Msg::HomeLoaded { profile: "mira".into(), answer: Box::new(Err(fixtures::failure())) }],
        ),
        screen("title", fixtures::at_title(Density::Desktop), []),
        screen(
            "title, liked",
            fixtures::at_title(Density::Desktop),
            [Msg::Wish(Wish::Taste(TasteWish::Rate(fixtures::title().summary.id, 1)))],
        ),
        screen("series", fixtures::at_series(Density::Desktop), []),
        screen("PIN", fixtures::at_pin(Density::Desktop), []),
        screen(
            "search",
            home(),
            [
                Msg::Search(SearchMsg::Open),
                Msg::Search(SearchMsg::Edit("tide".into())),
                Msg::Found { text: "tide".into(), answer: Ok(found()) },
            ],
        ),
        screen(
            "search, nothing",
            home(),
            [
                Msg::Search(SearchMsg::Open),
                Msg::Search(SearchMsg::Edit("glass harbuor".into())),
                Msg::Found { text: "glass harbuor".into(), answer: Ok(TitleList { items: Vec::new(), next: None }) },
            ],
        ),
        // Above a page that does not scroll: what is below a sheet may lie anywhere.
        screen(
            "open",
            out(),
            [
                DesktopMsg::ShowOpen.into(),
                DesktopMsg::EditAddress("example.com/a".to_owned()).into(),
                DesktopMsg::OpenTyped.into(),
            ],
        ),
        screen("desktop settings", out(), [DesktopMsg::ShowSettings.into()]),
    ];
    let mut crashed = out();
    crashed.desktop.crash = Some(report());
    pages.push(screen("crash", crashed, []));
    for section in Section::all(Density::Desktop).iter().copied() {
        let mut then = vec![
            household(),
            Msg::Wish(Wish::Settings(SettingsWish::Open(section))),
            Msg::Told(Told::Account(Ok(Box::new(fixtures::account_details())))),
            Msg::Told(Told::Devices(Ok(fixtures::devices()))),
        ];
        if section == Section::Privacy {
            then.push(Msg::Wish(Wish::Settings(SettingsWish::BeginErasing(true))));
            then.push(Msg::Wish(Wish::Type(Field::Password, Typed("long enough".into()))));
            then.push(Msg::Told(Told::Erased(Err(fixtures::failure()))));
        }
        pages.push(screen(&format!("settings, {}", section.name()), home(), then));
    }
    pages
}

/// The player and what lies over it, and the player in a corner of home.
fn players() -> Vec<Screen> {
    let playing = |snapshot| fixtures::playing(Density::Desktop, snapshot);
    let player = |name: &str, snapshot, then: Vec<PlayerMsg>| Screen {
        plays: true,
        ..screen(name, playing(snapshot), then.into_iter().chain([PlayerMsg::Activity]).map(Msg::Player))
    };
    let cues = PlayerSnapshot { cues: vec![fixtures::cue()], ..fixtures::snapshot() };
    let error = PlaybackError::fatal(ErrorCode::Unreachable, "no connection: master.m3u8, connection refused");
    let failed = PlayerSnapshot { state: PlaybackState::Failed, error: Some(error), ..fixtures::snapshot() };
    let mut all = vec![
        player("player", cues, vec![]),
        player("player, stats", fixtures::snapshot(), vec![PlayerMsg::ToggleStats]),
        player("player, keys", fixtures::snapshot(), vec![PlayerMsg::ToggleSheet]),
        player("player, failed", failed, vec![PlayerMsg::ToggleDetails]),
        player("player, minimised", fixtures::snapshot(), vec![PlayerMsg::Minimise]),
    ];
    for menu in fixtures::BAR_MENUS {
        all.push(player(&format!("player, {menu:?}"), fixtures::snapshot(), vec![PlayerMsg::ToggleMenu(menu)]));
    }
    all
}

/// How a screen is looked at.
#[derive(Clone, Copy, Debug)]
struct View {
    scale: f32,
    text: f32,
    light: bool,
    high_contrast: bool,
}

impl View {
    fn stage(self, screen: Screen) -> Stage {
        // Text is larger by the zoom of the whole interface: a window has that much less room.
        let mut stage = stage_of(screen.model, WINDOW / self.text, self.scale * self.text);
        for change in [Change::Light(Some(self.light)), Change::HighContrast(Some(self.high_contrast))] {
            tell(&mut stage, DesktopMsg::Set(change).into());
        }
        if screen.plays {
            show_video(&mut stage, 4);
        }
        for msg in screen.then {
            tell(&mut stage, msg);
        }
        settle(&mut stage);
        if screen.plays {
            // The controls have gone by now.
            tell(&mut stage, Msg::Player(PlayerMsg::Activity));
            for _ in 0..8 {
                stage.step();
            }
        }
        stage
    }
}

/// All texts of the frame with what is seen of them.
fn texts(stage: &Stage) -> Vec<(TextShape, Rect)> {
    fn add(shape: &Shape, clip: Rect, out: &mut Vec<(TextShape, Rect)>) {
        match shape {
            Shape::Vec(shapes) => shapes.iter().for_each(|shape| add(shape, clip, out)),
            Shape::Text(text) => out.push((text.clone(), clip)),
            _ => {}
        }
    }
    let mut out = Vec::new();
    for clipped in &stage.output().shapes {
        add(&clipped.shape, clipped.clip_rect, &mut out);
    }
    out
}

/// Controls with their names and places, in points.
fn controls(stage: &Stage) -> Vec<(String, Rect)> {
    let scale = f64::from(stage.ctx.pixels_per_point());
    let nodes = stage.root().children_recursive();
    let controls = nodes.filter_map(|node| {
        let node = node.accesskit_node();
        let (label, at) = (node.label()?, node.bounding_box()?);
        let rect = [at.x0, at.y0, at.x1, at.y1].map(|v| (v / scale) as f32);
        use egui::accesskit::Role::{Button, RadioButton, Slider, Switch, Tab, TextInput};
        let is_control = matches!(node.role(), Button | RadioButton | Slider | Switch | Tab | TextInput);
        is_control.then_some((label, Rect::from_min_max((rect[0], rect[1]).into(), (rect[2], rect[3]).into())))
    });
    controls.collect()
}

/// What is wrong with what is on the stage now. Where nothing scrolls, everything is in the window at once.
fn faults(stage: &Stage, scrolls: bool) -> Vec<String> {
    let window = stage.ctx.content_rect();
    let controls = controls(stage);
    let texts = texts(stage);
    let mut faults = Vec::new();
    for (name, rect) in &controls {
        if !rect.is_positive() {
            faults.push(format!("“{name}” has no size: {rect:?}"));
        }
        if !scrolls && !window.expand(1.0).contains_rect(*rect) {
            faults.push(format!("“{name}” is outside of the window: {rect:?}"));
        }
    }
    for (text, clip) in texts {
        let words = text.galley.text();
        if words.trim().is_empty() {
            continue;
        }
        let rect = Rect::from_min_size(text.pos, text.galley.size()).translate(text.galley.rect.min.to_vec2());
        // The name of a control says what it does; titles and addresses may end in an ellipsis.
        if text.galley.elided && controls.iter().any(|(name, _)| name == words) {
            faults.push(format!("the name “{words}” does not fit into {:.0} points", text.galley.job.wrap.max_width));
        }
        // Cards of a row leave at the edges, with their labels; what scrolls leaves above and below.
        let seen = clip.intersect(window);
        let is_cut = rect.intersects(seen) && (rect.left() < seen.left() - 1.0 || rect.right() > seen.right() + 1.0);
        let leaves = |at: &Rect| at.right() > seen.right() - 1.0 || at.left() < seen.left() + 1.0;
        let is_of_card = || controls.iter().any(|(name, at)| name.contains(words) && leaves(at));
        if is_cut && !is_of_card() {
            faults.push(format!("“{words}” is cut off: {rect:?} in {seen:?}"));
        }
        let is_low = rect.top() < window.top() - 1.0 || rect.bottom() > window.bottom() + 1.0;
        if is_low && !scrolls && clip.contains_rect(window) {
            faults.push(format!("“{words}” is above or below the window: {rect:?}"));
        }
    }
    faults
}

/// Walks through everything that can be reached: each is in the window when the focus is on it.
fn walk(stage: &mut Stage) -> Vec<String> {
    let mut faults = Vec::new();
    let mut seen = Vec::new();
    let count = stage.state().shell.focus.reachable().len();
    // The first may only show where the focus is.
    for _ in 0..count + 2 {
        press(stage, Key::Tab);
        let Some(id) = stage.state().shell.focus.current() else { break };
        if seen.contains(&id) {
            continue;
        }
        seen.push(id);
        for _ in 0..10 {
            stage.step();
        }
        let window = stage.ctx.content_rect();
        match stage.state().shell.focus.rect() {
            Some(rect) if rect.is_positive() && window.expand(1.0).contains_rect(rect) => {}
            rect => faults.push(format!("control {} of {count} has the focus at {rect:?}", seen.len())),
        }
    }
    if seen.len() < count {
        faults.push(format!("Tab reaches {} of {count}", seen.len()));
    }
    faults
}

fn check(view: View, screens: Vec<Screen>, faults: &mut Vec<String>) {
    for screen in screens {
        let name = screen.name.clone();
        let mut stage = view.stage(screen);
        // Missing glyphs are a panic of the stage.
        stage.check_accessibility();
        let scrolls = PAGES_THAT_SCROLL.iter().any(|page| name.starts_with(page));
        assert!(!texts(&stage).is_empty() && !controls(&stage).is_empty(), "{name} shows nothing");
        let mut found = self::faults(&stage, scrolls);
        // Where things are is the same in both themes.
        if !view.light {
            found.extend(walk(&mut stage));
        }
        found.extend(self::faults(&stage, scrolls));
        found.dedup();
        faults.extend(found.into_iter().map(|fault| format!("{name} at {view:?}: {fault}")));
    }
}

#[test]
fn every_screen_is_whole_at_every_scale_text_size_and_theme() {
    let mut faults = Vec::new();
    for scale in SCALES {
        for text in TEXT_SIZES {
            for light in [false, true] {
                let view = View { scale, text, light, high_contrast: false };
                check(view, pages().into_iter().chain(players()).collect(), &mut faults);
            }
        }
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn high_contrast_changes_colours_and_nothing_else() {
    let mut faults = Vec::new();
    for light in [false, true] {
        let view = View { scale: 1.0, text: 1.0, light, high_contrast: true };
        check(view, pages().into_iter().chain(players()).collect(), &mut faults);
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// A handful of pictures: what the checks above cannot judge.
#[test]
fn themes_look_as_they_should() {
    let mut pictures = SnapshotResults::new();
    for (picture, name, text, light, high_contrast) in [
        ("theme_home_light", "home", 1.0, true, false),
        ("theme_title_light_large", "title", 1.5, true, false),
        ("theme_settings_light", "settings, Playback", 1.0, true, false),
        ("theme_minimised_light", "player, minimised", 1.0, true, false),
        ("theme_home_contrast", "home", 1.0, false, true),
    ] {
        let screen = pages().into_iter().chain(players()).find(|screen| screen.name == name).unwrap();
        let mut stage = View { scale: 1.0, text, light, high_contrast }.stage(screen);
        press(&mut stage, Key::ArrowDown);
        settle(&mut stage);
        stage.snapshot(picture);
        pictures.extend(stage.take_snapshot_results());
    }
}
