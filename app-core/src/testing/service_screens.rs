//! Pictures of what a household keeps: lists, profiles, settings.

use super::{
    fixtures,
    stage::{Stage, press, settle, show_focus, stage, tell},
};
use crate::{
    app::{Confirm, Field, HouseholdWish, Model, Msg, SearchMsg, Section, SettingsWish, TasteWish, Typed, Wish},
    ask::Told,
    density::Density,
};
use egui::Key;
use egui_kittest::SnapshotResults;
use service_api::{account::SupportTopic, catalog::TitleList};

const DENSITIES: [(Density, &str); 2] = [(Density::Desktop, "desktop"), (Density::Tv, "tv")];

/// Tells a model and returns it.
fn after(mut model: Model, msgs: impl IntoIterator<Item = Msg>) -> Model {
    for msg in msgs {
        model.update(msg, 0.0);
    }
    model
}

fn household() -> Msg {
    Msg::Told(Told::Household(Ok(Box::new((fixtures::account(), fixtures::household())))))
}

fn list() -> Msg {
    let answer = Ok([3, 6, 9].map(fixtures::summary).to_vec());
    Msg::Told(Told::List { profile: "mira".into(), answer })
}

fn settings(density: Density, section: Section) -> Model {
    let open = Msg::Wish(Wish::Settings(SettingsWish::Open(section)));
    let account = Msg::Told(Told::Account(Ok(Box::new(fixtures::account_details()))));
    let devices = Msg::Told(Told::Devices(Ok(fixtures::devices())));
    after(fixtures::at_home(density), [household(), open, account, devices])
}

fn down(stage: &mut Stage, times: usize) {
    show_focus(stage);
    for _ in 0..times {
        press(stage, Key::ArrowDown);
    }
    settle(stage);
}

#[test]
fn my_list_is_a_row_of_home() {
    let mut pictures = SnapshotResults::new();
    for (density, name) in DENSITIES {
        let mut stage = stage(after(fixtures::at_home(density), [household(), list()]));
        down(&mut stage, 2);
        stage.snapshot(format!("home_my_list_{name}"));
        down(&mut stage, 3);
        stage.snapshot(format!("home_because_{name}"));
        pictures.extend(stage.take_snapshot_results());
    }
}

#[test]
fn title_with_an_opinion() {
    let mut pictures = SnapshotResults::new();
    for (density, name) in DENSITIES {
        let title = fixtures::title().summary;
        let wishes = [
            Msg::Wish(Wish::Taste(TasteWish::Toggle(Box::new(title.clone())))),
            Msg::Wish(Wish::Taste(TasteWish::Rate(title.id, 1))),
        ];
        let mut stage = stage(after(fixtures::at_title(density), wishes));
        show_focus(&mut stage);
        for _ in 0..2 {
            press(&mut stage, Key::ArrowRight);
        }
        stage.state_mut().shell.model.toast = None;
        settle(&mut stage);
        stage.snapshot(format!("title_liked_{name}"));
        pictures.extend(stage.take_snapshot_results());
    }
}

#[test]
fn title_of_another_plan() {
    let mut pictures = SnapshotResults::new();
    for (density, name) in DENSITIES {
        let mut model = fixtures::at_title(density);
        model.account.as_mut().unwrap().plan = "Basic".into();
        let mut page = fixtures::page();
        page.title.summary.badges.insert(0, "Premium".into());
        let title = page.title.summary.id.clone();
        let mut stage = stage(after(model, [Msg::TitleLoaded { title, answer: Box::new(Ok(page)) }]));
        stage.snapshot(format!("title_other_plan_{name}"));
        pictures.extend(stage.take_snapshot_results());
    }
}

#[test]
fn profile_gate_shows_locks_and_can_be_managed() {
    let mut pictures = SnapshotResults::new();
    for (density, name) in DENSITIES {
        let mut stage = stage(after(fixtures::choosing(density), [household()]));
        show_focus(&mut stage);
        stage.snapshot(format!("profiles_locked_{name}"));
        tell(&mut stage, Msg::Wish(Wish::Household(HouseholdWish::Manage(true))));
        settle(&mut stage);
        stage.snapshot(format!("profiles_managed_{name}"));
        pictures.extend(stage.take_snapshot_results());
    }
}

#[test]
fn profile_editor() {
    let mut pictures = SnapshotResults::new();
    for (density, name) in DENSITIES {
        let edit = Msg::Wish(Wish::Household(HouseholdWish::Edit("kids".into())));
        let mut stage = stage(after(fixtures::choosing(density), [household(), edit]));
        down(&mut stage, 1);
        stage.snapshot(format!("profile_editor_{name}"));
        down(&mut stage, 6);
        stage.snapshot(format!("profile_editor_end_{name}"));
        let confirm = Confirm::RemoveProfile { profile: "kids".into(), name: "Kids".into() };
        tell(&mut stage, Msg::Wish(Wish::Confirm(confirm)));
        settle(&mut stage);
        stage.snapshot(format!("profile_remove_{name}"));
        pictures.extend(stage.take_snapshot_results());
    }
}

#[test]
fn television_types_with_keys_on_the_screen() {
    let add = Msg::Wish(Wish::Household(HouseholdWish::Add));
    let typed = Msg::Wish(Wish::Type(Field::ProfileName, Typed("Zoe".into())));
    let keys = Msg::Wish(Wish::OpenKeys(Field::ProfileName));
    let mut stage = stage(after(fixtures::choosing(Density::Tv), [household(), add, typed, keys]));
    stage.snapshot("keys_tv");
}

#[test]
fn settings_parts() {
    let mut pictures = SnapshotResults::new();
    for (density, name) in DENSITIES {
        // What only a television has is looked at in `television_set`.
        for section in Section::all(Density::Desktop).iter().copied() {
            let mut stage = stage(settings(density, section));
            if section == Section::Devices || section == Section::Playback {
                down(&mut stage, if density.is_tv() { 2 } else { 1 });
            }
            stage.snapshot(format!("settings_{}_{name}", section.name().to_lowercase()));
            pictures.extend(stage.take_snapshot_results());
        }
    }
}

#[test]
fn support_shows_what_it_sends_and_erasing_asks_for_the_password() {
    let mut pictures = SnapshotResults::new();
    for (density, name) in DENSITIES {
        let support = [
            Msg::Wish(Wish::Settings(SettingsWish::Topic(SupportTopic::Feedback))),
            Msg::Wish(Wish::Settings(SettingsWish::Attach(true))),
            Msg::Wish(Wish::Type(Field::Message, Typed("The second season begins with the third episode.".into()))),
        ];
        let mut asking = stage(after(settings(density, Section::Support), support));
        asking.snapshot(format!("settings_support_filled_{name}"));
        pictures.extend(asking.take_snapshot_results());

        let erasing = [
            Msg::Told(Told::Exported(Ok("/home/mira/Downloads/lumen-export-2026-11-22.json".into()))),
            Msg::Wish(Wish::Settings(SettingsWish::BeginErasing(true))),
            Msg::Wish(Wish::Type(Field::Password, Typed("long enough".into()))),
            Msg::Told(Told::Erased(Err(fixtures::failure()))),
        ];
        let mut leaving = stage(after(settings(density, Section::Privacy), erasing));
        down(&mut leaving, 5);
        leaving.snapshot(format!("settings_erase_{name}"));
        pictures.extend(leaving.take_snapshot_results());
    }
}

#[test]
fn search_remembers_and_suggests() {
    let mut pictures = SnapshotResults::new();
    for (density, name) in DENSITIES {
        let mut model = fixtures::at_home(density);
        let past = ["tide", "harbour", "documentary 2026"].map(str::to_owned).to_vec();
        model.settings.searches.insert("mira".into(), past);
        let mut stage = stage(after(model, [Msg::Search(SearchMsg::Open)]));
        settle(&mut stage);
        stage.snapshot(format!("search_past_{name}"));
        tell(&mut stage, Msg::Search(SearchMsg::Edit("glass harbuor".into())));
        settle(&mut stage);
        let answer = Ok(TitleList { items: Vec::new(), next: None });
        tell(&mut stage, Msg::Found { text: "glass harbuor".into(), answer });
        settle(&mut stage);
        stage.snapshot(format!("search_meant_{name}"));
        pictures.extend(stage.take_snapshot_results());
    }
}
