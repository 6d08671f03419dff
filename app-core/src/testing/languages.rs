//! Every screen in the pseudo-locale and in the languages there are: nothing is said that comes from no file, and
//! nothing is cut off for being longer than in English.

use super::{
    fixtures,
    stage::{Stage, press, press_with, settle, show_focus, show_video, stage, tell},
};
use crate::{
    app::{Confirm, Field, HouseholdWish, Model, Msg, SearchMsg, Section, SettingsWish, Typed, Wish},
    ask::Told,
    density::Density,
    desktop::{
        crash::CrashReport,
        model::{Change, DesktopMsg},
    },
    effect::Effect,
    language::{Locale, speak},
    player_view::{
        model::{Menu, PlayerMsg},
        next_up::Episode,
    },
    widgets::keyboard::Layout,
};
use egui::{Key, Modifiers, Rect, Shape, accesskit::Role};
use egui_kittest::{
    SnapshotResults,
    kittest::{NodeT as _, Queryable as _},
};
use player_core::{ErrorCode, PlaybackError, PlaybackState, PlayerSnapshot};
use service_api::{account::SupportTopic, catalog::TitleList, playback::Quality};
use std::collections::BTreeSet;

const BOTH: [Density; 2] = [Density::Desktop, Density::Tv];

/// The stage of a model in a language.
fn spoken(locale: Locale, model: impl FnOnce() -> Model) -> Stage {
    speak(locale);
    let mut model = model();
    model.settings.language = Some(locale);
    stage(model)
}

fn household() -> Msg {
    Msg::Told(Told::Household(Ok(Box::new((fixtures::account(), fixtures::household())))))
}

fn after(mut model: Model, msgs: impl IntoIterator<Item = Msg>) -> Model {
    for msg in msgs {
        model.update(msg, 0.0);
    }
    model
}

fn settings(density: Density, section: Section) -> Model {
    let open = Msg::Wish(Wish::Settings(SettingsWish::Open(section)));
    let account = Msg::Told(Told::Account(Ok(Box::new(fixtures::account_details()))));
    let devices = Msg::Told(Told::Devices(Ok(fixtures::devices())));
    after(fixtures::at_home(density), [household(), open, account, devices])
}

/// Visits every screen and hands it to `look` with its name.
fn visit(locale: Locale, density: Density, look: &mut dyn FnMut(&str, &mut Stage)) {
    // Signing in.
    let mut out = spoken(locale, || fixtures::signed_out(density));
    look("sign-in", &mut out);
    tell(&mut out, Msg::SignIn);
    look("sign-in asking", &mut out);
    if density.is_tv() {
        tell(&mut out, Msg::CodeGiven(fixtures::code("BCDF-GHJK")));
        look("code", &mut out);
    } else {
        tell(&mut out, Msg::SignInStarted(Ok("http://127.0.0.1:7800/oauth/authorize".parse().unwrap())));
        look("sign-in waiting", &mut out);
    }
    // Profiles.
    let mut profiles = spoken(locale, || after(fixtures::choosing(density), [household()]));
    look("profiles", &mut profiles);
    tell(&mut profiles, Msg::Wish(Wish::Household(HouseholdWish::Manage(true))));
    look("profiles managed", &mut profiles);
    for id in ["kids", "jon"] {
        tell(&mut profiles, Msg::Wish(Wish::Household(HouseholdWish::Edit(id.into()))));
        look("profile", &mut profiles);
        if density.is_tv() {
            tell(&mut profiles, Msg::Wish(Wish::OpenKeys(Field::ProfileName)));
            look("keys", &mut profiles);
            tell(&mut profiles, Msg::Wish(Wish::CloseKeys));
        }
        let confirm = Confirm::RemoveProfile { profile: id.into(), name: "Kids".into() };
        tell(&mut profiles, Msg::Wish(Wish::Confirm(confirm)));
        look("confirm", &mut profiles);
        tell(&mut profiles, Msg::Wish(Wish::Confirmed(false)));
    }
    look("pin", &mut spoken(locale, || fixtures::at_pin(density)));
    // Home, titles, search.
    let mut home = spoken(locale, || after(fixtures::at_home(density), [household()]));
    look("home", &mut home);
    show_focus(&mut home);
    for _ in 0..4 {
        press(&mut home, Key::ArrowDown);
        look("home rows", &mut home);
    }
    tell(&mut home, Msg::ProfileMenu(true));
    look("profile menu", &mut home);
    for make in [fixtures::at_title, fixtures::at_series] {
        let mut title = spoken(locale, || make(density));
        look("title", &mut title);
        show_focus(&mut title);
        for _ in 0..3 {
            press(&mut title, Key::ArrowDown);
            look("title below", &mut title);
        }
    }
    let mut search = spoken(locale, || {
        let mut model = fixtures::at_home(density);
        model.settings.searches.insert("mira".into(), vec!["tide".to_owned()]);
        after(model, [Msg::Search(SearchMsg::Open)])
    });
    look("search", &mut search);
    for items in [Vec::new(), fixtures::home().rows[1].items.clone()] {
        tell(&mut search, Msg::Search(SearchMsg::Edit("glass harbuor".into())));
        settle(&mut search);
        tell(&mut search, Msg::Found { text: "glass harbuor".into(), answer: Ok(TitleList { items, next: None }) });
        look("found", &mut search);
    }
    // Settings.
    for &section in Section::all(density) {
        let mut page = spoken(locale, || settings(density, section));
        look(&format!("settings {section:?}"), &mut page);
        show_focus(&mut page);
        for _ in 0..6 {
            press(&mut page, Key::ArrowDown);
        }
        look(&format!("settings {section:?} below"), &mut page);
    }
    let mut support = spoken(locale, || settings(density, Section::Support));
    tell(&mut support, Msg::Wish(Wish::Settings(SettingsWish::Topic(SupportTopic::Account))));
    tell(&mut support, Msg::Told(Told::Supported(Ok("LU-1234".into()))));
    look("support", &mut support);
    let mut leaving = spoken(locale, || settings(density, Section::Privacy));
    tell(&mut leaving, Msg::Wish(Wish::Settings(SettingsWish::BeginErasing(true))));
    tell(&mut leaving, Msg::Wish(Wish::Type(Field::Password, Typed("long enough".into()))));
    look("erasing", &mut leaving);
    let mut basic = spoken(locale, || settings(density, Section::Plan));
    let mut details = fixtures::account_details();
    details.plan = details.plans[0].clone();
    details.plan.quality = Quality::Hd;
    tell(&mut basic, Msg::Told(Told::Account(Ok(Box::new(details)))));
    look("plan", &mut basic);
    player(locale, density, look);
    if density.is_tv() {
        tell(&mut home, Msg::Diagnostics(true));
        look("diagnostics", &mut home);
    } else {
        sheets(locale, look);
    }
}

fn player(locale: Locale, density: Density, look: &mut dyn FnMut(&str, &mut Stage)) {
    let mut playing = spoken(locale, || fixtures::playing(density, fixtures::snapshot()));
    show_video(&mut playing, 4);
    tell(&mut playing, Msg::Player(PlayerMsg::Activity));
    look("player", &mut playing);
    for menu in fixtures::BAR_MENUS.into_iter().chain([Menu::Quick]) {
        tell(&mut playing, Msg::Player(PlayerMsg::ToggleMenu(menu)));
        look(&format!("menu {menu:?}"), &mut playing);
        tell(&mut playing, Msg::Player(PlayerMsg::ToggleMenu(menu)));
    }
    tell(&mut playing, Msg::Player(PlayerMsg::ToggleStats));
    look("stats", &mut playing);
    tell(&mut playing, Msg::Player(PlayerMsg::ToggleStats));
    for msg in [PlayerMsg::DelayTextBy(500), PlayerMsg::ChooseSpeed(1.25), PlayerMsg::UndoSeek] {
        tell(&mut playing, Msg::Player(msg));
        look("note", &mut playing);
    }
    if !density.is_tv() {
        press_with(&mut playing, Modifiers::SHIFT, Key::Questionmark);
        look("key sheet", &mut playing);
        press(&mut playing, Key::ArrowDown);
        press(&mut playing, Key::Enter);
        look("key sheet waiting", &mut playing);
    }
    let mut series = spoken(locale, || fixtures::playing(density, fixtures::snapshot()));
    let episode = Episode { id: "next".into(), summary: Some(Box::new(fixtures::summary(3))), asked: true };
    series.state_mut().shell.model.player.as_mut().unwrap().next_up.episode = Some(episode);
    let ended = PlayerSnapshot { state: PlaybackState::Ended, ..fixtures::snapshot() };
    series.state_mut().shell.model.player.as_mut().unwrap().snapshot = ended.into();
    series.step();
    look("next episode", &mut series);
    let mut failed = spoken(locale, || fixtures::playing(density, fixtures::snapshot()));
    let error = PlaybackError::fatal(ErrorCode::Unreachable, "no connection");
    let stalled = PlayerSnapshot {
        state: PlaybackState::Stalled,
        notice: Some("Connection lost. Trying again…".into()),
        ..fixtures::snapshot()
    };
    failed.state_mut().shell.model.player.as_mut().unwrap().snapshot = stalled.into();
    look("stalled", &mut failed);
    let broken = PlayerSnapshot { state: PlaybackState::Failed, error: Some(error), ..fixtures::snapshot() };
    failed.state_mut().shell.model.player.as_mut().unwrap().snapshot = broken.into();
    look("failed", &mut failed);
    let mut mini = spoken(locale, || fixtures::playing(density, fixtures::snapshot()));
    tell(&mut mini, Msg::Player(PlayerMsg::Minimise));
    look("mini player", &mut mini);
}

fn sheets(locale: Locale, look: &mut dyn FnMut(&str, &mut Stage)) {
    let mut open = spoken(locale, || {
        let mut model = fixtures::at_home(Density::Desktop);
        model.desktop.recents.add(&"https://media.example/live/master.m3u8".parse().unwrap());
        model
    });
    press_with(&mut open, Modifiers::COMMAND, Key::O);
    look("open", &mut open);
    tell(&mut open, DesktopMsg::EditAddress("example.com/a".to_owned()).into());
    tell(&mut open, DesktopMsg::OpenTyped.into());
    look("open problem", &mut open);
    tell(&mut open, DesktopMsg::ShowSettings.into());
    look("desktop settings", &mut open);
    let mut crash = spoken(locale, || {
        let mut model = fixtures::at_home(Density::Desktop);
        model.desktop.crash = Some(CrashReport { path: "/state/crash-1.txt".into(), text: "index out".to_owned() });
        model
    });
    look("crash", &mut crash);
}

/// Every text of a document.
fn strings(value: &serde_json::Value, out: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::String(text) => {
            out.insert(text.clone());
        }
        serde_json::Value::Array(values) => values.iter().for_each(|value| strings(value, out)),
        serde_json::Value::Object(fields) => fields.values().for_each(|value| strings(value, out)),
        _ => {}
    }
}

/// What is no sentence of the application: names of titles, people, devices and tracks, and what the decoder and the
/// simulator of decisions call themselves. The longest first.
fn data() -> Vec<String> {
    let mut all = BTreeSet::new();
    for document in [
        serde_json::to_value(fixtures::home()),
        serde_json::to_value(fixtures::page()),
        serde_json::to_value(fixtures::series()),
        serde_json::to_value(fixtures::account_details()),
        serde_json::to_value(fixtures::devices()),
        serde_json::to_value(fixtures::account()),
    ] {
        strings(&document.unwrap(), &mut all);
    }
    for paragraph in fixtures::title().description.split("\n\n") {
        all.insert(paragraph.to_owned());
    }
    all.extend(fixtures::cue().lines.iter().map(|line| (**line).to_owned()));
    all.extend(fixtures::snapshot().decisions.iter().map(|note| note.sentence.clone()));
    all.extend(Locale::EVERY.iter().map(|locale| locale.own_name().to_owned()));
    let more = [
        "NEW SEASON",
        // The key that changes the letters.
        "EN",
        "German",
        "S1 E3 · The pilot's ledger",
        // The product, and what it is made with.
        "Lumen",
        "lumen",
        "Inter",
        "Phosphor",
        "egui",
        "GStreamer",
        // Addresses, codes and codecs.
        "http://127.0.0.1:7800",
        "tv.lumen.example/device",
        "BCDF-GHJK",
        "B C D F - G H J K",
        "https://example.com/master.m3u8",
        "example.com/a",
        "https://media.example/live/master.m3u8",
        "media.example",
        "master.m3u8",
        "avdec_h264",
        "openh264dec",
        "avdec_aac",
        "avc1.640028",
        "unreachable",
        "E1001",
        "no connection at /v1/me",
        "no connection",
        "index out",
        "LU-1234",
        "glass harbuor",
        "glass harbour",
        "tide",
        "x86_64",
        "aarch64",
        "The server cannot be reached",
        // Units.
        "Mbit/s",
        "kbit/s",
        "HTTP/2",
        "MiB",
        "MB",
        "ms",
        "min",
    ];
    all.extend(more.map(str::to_owned));
    let mut all: Vec<String> = all.into_iter().filter(|text| text.chars().count() > 1).collect();
    all.sort_by_key(|text| std::cmp::Reverse(text.len()));
    all
}

/// What of a text stands in no brackets and is no data: words of two letters and more.
fn hard_coded(text: &str, data: &[String]) -> Vec<String> {
    let mut open = 0usize;
    let mut rest = String::new();
    for letter in text.chars() {
        match letter {
            '[' => open += 1,
            ']' => open = open.saturating_sub(1),
            _ if open == 0 => rest.push(letter),
            _ => {}
        }
    }
    // What was cut off has lost its bracket; it is the other test that it is not.
    for known in data {
        rest = rest.replace(known, " ");
    }
    let words = rest.split(|letter: char| !letter.is_alphabetic());
    words.filter(|word| word.chars().count() > 1).map(str::to_owned).collect()
}

/// Texts as they are painted: the text, where, what of it can be seen, and whether it was cut off.
fn painted(stage: &Stage) -> Vec<(String, Rect, Rect, bool)> {
    fn collect(shape: &Shape, clip: Rect, out: &mut Vec<(String, Rect, Rect, bool)>) {
        match shape {
            Shape::Text(text) if text.opacity_factor > 0.0 => {
                let rect = text.galley.rect.translate(text.pos.to_vec2());
                out.push((text.galley.job.text.clone(), rect, clip, text.galley.elided));
            }
            Shape::Vec(shapes) => shapes.iter().for_each(|shape| collect(shape, clip, out)),
            _ => {}
        }
    }
    let mut out = Vec::new();
    for clipped in &stage.output().shapes {
        collect(&clipped.shape, clipped.clip_rect, &mut out);
    }
    out
}

/// Texts as a screen reader gets them.
fn told(stage: &Stage) -> Vec<String> {
    let mut out = Vec::new();
    for node in stage.root().children_recursive() {
        let node = node.accesskit_node();
        out.extend(node.label());
        out.extend(node.value());
    }
    out
}

#[test]
fn nothing_is_said_that_comes_from_no_file() {
    let data = data();
    for density in BOTH {
        let mut wrong = BTreeSet::new();
        let mut seen = 0;
        visit(Locale::Pseudo, density, &mut |screen, stage| {
            settle(stage);
            let painted = painted(stage).into_iter().map(|(text, ..)| text);
            for text in painted.chain(told(stage)) {
                // Letters to press, and the text that is being sent or copied for people who read English.
                if text.chars().count() < 2 || is_for_support(screen, &text) {
                    continue;
                }
                seen += usize::from(text.contains('['));
                let words = hard_coded(&text, &data);
                if !words.is_empty() {
                    wrong.insert(format!("{screen}: {words:?} in “{text}”"));
                }
            }
        });
        assert!(wrong.is_empty(), "{density:?}:\n{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
        assert!(seen > 500, "{density:?}: {seen} sentences were seen");
    }
}

/// Lines of the log, and keys by the names that stand on them.
fn is_for_support(screen: &str, text: &str) -> bool {
    match screen {
        "diagnostics" => !text.contains('['),
        "key sheet" | "key sheet waiting" => Key::ALL.iter().any(|key| text.starts_with(key.symbol_or_name())),
        _ => false,
    }
}

#[test]
fn nothing_is_cut_off_for_being_longer_than_in_english() {
    for density in BOTH {
        let mut wrong = BTreeSet::new();
        visit(Locale::Pseudo, density, &mut |screen, stage| {
            settle(stage);
            let window = stage.ctx.content_rect();
            for (text, rect, clip, elided) in painted(stage) {
                let room = clip.intersect(window);
                let is_seen = rect.intersects(room);
                if !text.contains('[') || !is_seen {
                    continue;
                }
                let is_cut = rect.left() < room.left() - 1.0 || rect.right() > room.right() + 1.0;
                if elided || is_cut {
                    wrong
                        .insert(format!("{screen}: “{text}” {}", if elided { "is elided" } else { "leaves its room" }));
                }
            }
        });
        assert!(wrong.is_empty(), "{density:?}:\n{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
    }
}

/// What has the focus, in the words of a screen reader.
fn focused(stage: &Stage) -> String {
    let node = stage.query_by(|node| node.is_focused() && node.role() != Role::Window);
    node.and_then(|node| node.accesskit_node().label()).unwrap_or_default()
}

#[test]
fn another_language_is_spoken_at_once_and_the_keys_on_the_screen_follow() {
    for density in BOTH {
        let mut stage = stage(settings(density, Section::Playback));
        stage.get_by_label("Off: Subtitles, Shown from the start, where a title has them");
        show_focus(&mut stage);
        for _ in 0..7 {
            press(&mut stage, Key::ArrowDown);
        }
        assert_eq!(focused(&stage), "Language: As the system");
        for _ in 0..2 {
            press(&mut stage, Key::ArrowRight);
        }
        stage.state_mut().effects.clear();
        press(&mut stage, Key::Enter);
        assert_eq!(focused(&stage), "Sprache: Deutsch", "the focus stays where it was");
        stage.get_by_label("Aus: Untertitel, Von Anfang an, wenn ein Titel welche hat");
        let saved = stage.state().effects.iter().rev().find_map(|effect| match effect {
            Effect::SaveSettings(settings) => Some((settings.language, settings.keyboard)),
            _ => None,
        });
        assert_eq!(saved, Some((Some(Locale::German), Some(Layout::German))));
        // Back to what the system says.
        for _ in 0..2 {
            press(&mut stage, Key::ArrowLeft);
        }
        press(&mut stage, Key::Enter);
        assert_eq!(focused(&stage), "Language: As the system");
    }
}

/// Fonts of the system are not there in tests: with nothing to draw Japanese with, English is spoken, and settings say why.
#[test]
fn japanese_without_its_letters_is_said_in_english() {
    for density in BOTH {
        let mut stage = stage(settings(density, Section::Playback));
        tell(&mut stage, Msg::Wish(Wish::Settings(SettingsWish::Language(Some(Locale::Japanese)))));
        settle(&mut stage);
        show_focus(&mut stage);
        for _ in 0..7 {
            press(&mut stage, Key::ArrowDown);
        }
        assert_eq!(focused(&stage), "Language: As the system");
        assert!(stage.query_by_label_contains("fonts-noto-cjk").is_some(), "{density:?}");
        assert_eq!(
            stage.state().shell.model.settings.language,
            Some(Locale::Japanese),
            "it is kept for when there is one"
        );
    }
    let mut desktop = stage(fixtures::signed_out(Density::Desktop));
    tell(&mut desktop, DesktopMsg::ShowSettings.into());
    tell(&mut desktop, DesktopMsg::Set(Change::Language(Some(Locale::Japanese))).into());
    settle(&mut desktop);
    assert!(desktop.query_by_label_contains("fonts-noto-cjk").is_some());
}

#[test]
fn screens_look_as_they_should_in_other_languages() {
    let mut pictures = SnapshotResults::new();
    for (locale, name) in [(Locale::German, "de"), (Locale::Pseudo, "xa")] {
        for (density, on) in [(Density::Desktop, "desktop"), (Density::Tv, "tv")] {
            let mut home = spoken(locale, || after(fixtures::at_home(density), [household()]));
            home.snapshot(format!("home_{name}_{on}"));
            let mut page = spoken(locale, || settings(density, Section::Playback));
            page.snapshot(format!("settings_{name}_{on}"));
            pictures.extend(home.take_snapshot_results());
            pictures.extend(page.take_snapshot_results());
        }
    }
}
