//! Lists, profiles and settings, key by key, with five keys.

use super::{
    fixtures,
    stage::{Stage, effects, press, settle, show_focus, stage, tell},
};
use crate::{
    app::{Confirm, Field, HouseholdWish, Msg, PinMsg, Place, SearchMsg, Section, SettingsWish, Typed, Wish},
    ask::{Ask, Told},
    density::Density,
    effect::Effect,
    failure::{Failure, Remedy},
    focus::Step,
    shell::Shell,
};
use egui::{Event, Key, accesskit::Role};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use service_api::catalog::TitleList;
use std::collections::HashSet;

const BOTH: [Density; 2] = [Density::Desktop, Density::Tv];

fn place(stage: &Stage) -> Place {
    stage.state().shell.model.place
}

fn focused(stage: &Stage) -> String {
    let focused = stage.query_by(|node| node.is_focused() && node.role() != Role::Window);
    focused.and_then(|node| node.accesskit_node().label()).unwrap_or_default()
}

fn click(stage: &mut Stage, label: &str) {
    stage.get_by_label(label).click();
    settle(stage);
}

fn asks(stage: &mut Stage) -> Vec<Ask> {
    let all = effects(stage).into_iter();
    all.filter_map(|effect| if let Effect::Ask(ask) = effect { Some(ask) } else { None }).collect()
}

fn household() -> Msg {
    Msg::Told(Told::Household(Ok(Box::new((fixtures::account(), fixtures::household())))))
}

fn at_settings(density: Density, section: Section) -> Stage {
    let mut stage = stage(fixtures::at_home(density));
    tell(&mut stage, Msg::Wish(Wish::Settings(SettingsWish::Open(section))));
    tell(&mut stage, Msg::Told(Told::Account(Ok(Box::new(fixtures::account_details())))));
    tell(&mut stage, Msg::Told(Told::Devices(Ok(fixtures::devices()))));
    settle(&mut stage);
    stage
}

/// Walks with arrows until the focus has the label: each row to its end, downwards and then upwards, as a viewer would
/// who does not know the page.
fn walk_to(stage: &mut Stage, label: &str) {
    show_focus(stage);
    for along in [Key::ArrowDown, Key::ArrowUp] {
        loop {
            // A line is entered where it is nearest, and walked from its beginning.
            loop {
                let before = focused(stage);
                press(stage, Key::ArrowLeft);
                if focused(stage) == before {
                    break;
                }
            }
            loop {
                let before = focused(stage);
                if before == label {
                    return;
                }
                press(stage, Key::ArrowRight);
                if focused(stage) == before {
                    break;
                }
            }
            let before = focused(stage);
            press(stage, along);
            if focused(stage) == before {
                break;
            }
        }
    }
    panic!("“{label}” is not reached; the focus is on “{}”", focused(stage));
}

#[test]
fn title_goes_on_the_list_and_comes_back_when_refused() {
    for density in BOTH {
        let mut stage = stage(fixtures::at_title(density));
        let title = fixtures::title().summary.id;
        effects(&mut stage);
        walk_to(&mut stage, "Add to my list");
        press(&mut stage, Key::Enter);
        let ask = Ask::SetListed { profile: "mira".into(), title: title.clone(), listed: true };
        assert_eq!(asks(&mut stage), [ask]);
        assert_eq!(focused(&stage), "Remove from my list", "shown at once");
        tell(&mut stage, Msg::Told(Told::Listed { profile: "mira".into(), title, answer: Err(fixtures::failure()) }));
        assert_eq!(focused(&stage), "Add to my list", "taken back");
        stage.get_by_label("Your list could not be changed: the server cannot be reached");
    }
}

#[test]
fn thumbs_are_reached_with_arrows() {
    for density in BOTH {
        let mut stage = stage(fixtures::at_title(density));
        effects(&mut stage);
        walk_to(&mut stage, "Not for me");
        press(&mut stage, Key::Enter);
        let title = fixtures::title().summary.id;
        let down = Ask::Rate { profile: "mira".into(), title: title.clone(), thumbs: Some(-1) };
        assert_eq!(asks(&mut stage), [down]);
        tell(&mut stage, Msg::Told(Told::Rated { profile: "mira".into(), title: title.clone(), answer: Ok(()) }));
        press(&mut stage, Key::Enter);
        assert_eq!(asks(&mut stage), [Ask::Rate { profile: "mira".into(), title, thumbs: None }]);
    }
}

#[test]
fn pointer_puts_a_card_on_the_list_and_a_key_takes_it_off() {
    let mut stage = stage(fixtures::at_home(Density::Desktop));
    let card = stage.get_by_label("Orbit Kitchen, 36 min left").rect();
    stage.hover_at(card.center());
    settle(&mut stage);
    click(&mut stage, "Add to my list: Orbit Kitchen");
    let asked = asks(&mut stage);
    assert!(matches!(&asked[..], [Ask::SetListed { listed: true, .. }]), "{asked:?}");
    assert_eq!(place(&stage), Place::Home, "the card was not opened");
    stage.get_by_label("My list");
    let title = stage.state().shell.model.taste.list()[0].id.clone();
    tell(&mut stage, Msg::Told(Told::Listed { profile: "mira".into(), title, answer: Ok(()) }));
    press(&mut stage, Key::Plus);
    settle(&mut stage);
    assert!(matches!(&asks(&mut stage)[..], [Ask::SetListed { listed: false, .. }]));
}

#[test]
fn profile_is_made_with_five_keys() {
    let mut stage = stage(fixtures::choosing(Density::Tv));
    tell(&mut stage, household());
    walk_to(&mut stage, "Manage profiles");
    press(&mut stage, Key::Enter);
    walk_to(&mut stage, "Add profile");
    press(&mut stage, Key::Enter);
    assert_eq!(place(&stage), Place::EditProfile);
    // The field opens its keys.
    press(&mut stage, Key::Enter);
    settle(&mut stage);
    assert_eq!(focused(&stage), "a");
    press(&mut stage, Key::Enter);
    press(&mut stage, Key::ArrowDown);
    press(&mut stage, Key::Enter);
    assert_eq!(stage.state().shell.model.field(Field::ProfileName), "an");
    press(&mut stage, Key::Escape);
    settle(&mut stage);
    walk_to(&mut stage, "Picture: rabbit");
    press(&mut stage, Key::Enter);
    walk_to(&mut stage, "For a child");
    press(&mut stage, Key::Enter);
    effects(&mut stage);
    walk_to(&mut stage, "Save");
    press(&mut stage, Key::Enter);
    let asked = asks(&mut stage);
    let is_right = |ask: &Ask| {
        matches!(ask, Ask::SaveProfile { profile: None, change }
            if change.name.as_deref() == Some("an") && change.avatar.as_deref() == Some("rabbit")
                && change.kids == Some(true) && change.maturity_ceiling == Some(6))
    };
    assert!(asked.iter().any(is_right), "{asked:?}");
}

#[test]
fn locked_profile_is_marked_and_its_pin_can_be_removed() {
    for density in BOTH {
        let mut stage = stage(fixtures::choosing(density));
        tell(&mut stage, household());
        stage.get_by_label("Jon, locked");
        tell(&mut stage, Msg::Wish(Wish::Household(HouseholdWish::Edit("jon".into()))));
        settle(&mut stage);
        effects(&mut stage);
        walk_to(&mut stage, "Remove PIN");
        press(&mut stage, Key::Enter);
        settle(&mut stage);
        stage.get_by_label("Remove the PIN of Jon?");
        assert_eq!(focused(&stage), "Cancel", "what cannot be undone is not one key away");
        press(&mut stage, Key::ArrowRight);
        press(&mut stage, Key::Enter);
        let pin = service_api::profile::Pin { pin: String::new() };
        assert_eq!(asks(&mut stage), [Ask::SetPin { profile: "jon".into(), pin }]);
        tell(&mut stage, Msg::Told(Told::PinSet { profile: "jon".into(), is_set: false, answer: Ok(()) }));
        press(&mut stage, Key::Escape);
        settle(&mut stage);
        stage.get_by_label("Jon");
    }
}

#[test]
fn pin_is_chosen_on_the_keypad() {
    let mut stage = stage(fixtures::choosing(Density::Tv));
    tell(&mut stage, household());
    tell(&mut stage, Msg::Wish(Wish::Household(HouseholdWish::Edit("mira".into()))));
    settle(&mut stage);
    walk_to(&mut stage, "Choose: PIN, Nobody is asked for one");
    press(&mut stage, Key::Enter);
    settle(&mut stage);
    stage.get_by_label("Choose a PIN for Mira: four to eight digits");
    for _ in 0..2 {
        for digit in [1, 2, 3, 4] {
            tell(&mut stage, Msg::Pin(PinMsg::Digit(digit)));
        }
        tell(&mut stage, Msg::Pin(PinMsg::Submit));
    }
    let asked = asks(&mut stage);
    assert!(matches!(asked.last(), Some(Ask::SetPin { .. })), "{asked:?}");
    press(&mut stage, Key::Escape);
    assert_eq!(place(&stage), Place::EditProfile, "back to the profile");
}

/// From wherever the focus is, arrows reach whatever can have it.
#[test]
fn arrows_reach_everything() {
    for density in BOTH {
        for section in Section::all(density).iter().copied() {
            let mut stage = at_settings(density, section);
            if section == Section::Privacy {
                tell(&mut stage, Msg::Wish(Wish::Settings(SettingsWish::BeginErasing(true))));
            }
            if section == Section::Support {
                tell(&mut stage, Msg::Wish(Wish::Settings(SettingsWish::Attach(true))));
            }
            assert_reaches_all(&mut stage, section.name());
        }
        let mut editor = stage(fixtures::choosing(density));
        tell(&mut editor, household());
        tell(&mut editor, Msg::Wish(Wish::Household(HouseholdWish::Edit("jon".into()))));
        assert_reaches_all(&mut editor, "profile");
    }
}

fn assert_reaches_all(stage: &mut Stage, name: &str) {
    settle(stage);
    show_focus(stage);
    let all: HashSet<egui::Id> = stage.state().shell.focus_map().all().into_iter().collect();
    let mut seen = HashSet::new();
    let shell = &mut stage.state_mut().shell;
    // To the top, then row by row, each to both of its ends.
    let step = |shell: &mut Shell, step: Step, seen: &mut HashSet<egui::Id>| {
        let moved = shell.focus.step(step);
        seen.extend(shell.focus.current());
        moved
    };
    while step(shell, Step::Up, &mut seen) {}
    loop {
        while step(shell, Step::Left, &mut seen) {}
        while step(shell, Step::Right, &mut seen) {}
        if !step(shell, Step::Down, &mut seen) {
            break;
        }
    }
    assert_eq!(seen, all, "{name}");
}

#[test]
fn settings_open_from_the_navigation_and_back_leads_home() {
    for density in BOTH {
        let mut stage = stage(fixtures::at_home(density));
        effects(&mut stage);
        show_focus(&mut stage);
        press(&mut stage, Key::ArrowUp);
        walk_to(&mut stage, "Open settings");
        press(&mut stage, Key::Enter);
        settle(&mut stage);
        assert_eq!((place(&stage), asks(&mut stage)), (Place::Settings, vec![Ask::Account]));
        stage.get_by_label("Loading");
        tell(&mut stage, Msg::Told(Told::Account(Err(fixtures::failure()))));
        settle(&mut stage);
        click(&mut stage, "Try again");
        assert_eq!(asks(&mut stage), [Ask::Account]);
        tell(&mut stage, Msg::Told(Told::Account(Ok(Box::new(fixtures::account_details())))));
        settle(&mut stage);
        stage.get_by_label("E-mail: mira@example.com");
        press(&mut stage, Key::Escape);
        assert_eq!(place(&stage), Place::Home);
    }
}

#[test]
fn device_is_signed_out_after_a_question() {
    for density in BOTH {
        let mut stage = at_settings(density, Section::Devices);
        effects(&mut stage);
        let device = stage.get_by_label_contains("Sign out: Living room TV");
        device.click();
        settle(&mut stage);
        stage.get_by_label("Sign out Living room TV?");
        click(&mut stage, "Sign out");
        assert_eq!(asks(&mut stage), [Ask::EndDevice("tv".into())]);
        tell(&mut stage, Msg::Told(Told::DeviceEnded { device: "tv".into(), answer: Ok(()) }));
        settle(&mut stage);
        assert!(stage.query_by_label_contains("Living room TV").is_none());
    }
}

#[test]
fn other_plan_is_one_key_away_from_its_title() {
    for density in BOTH {
        let mut model = fixtures::at_title(density);
        model.account.as_mut().unwrap().plan = "Basic".into();
        let mut page = fixtures::page();
        page.title.summary.badges.insert(0, "Premium".into());
        let title = page.title.summary.id.clone();
        model.update(Msg::TitleLoaded { title, answer: Box::new(Ok(page)) }, 0.0);
        let mut stage = stage(model);
        click(&mut stage, "Included in Premium");
        assert_eq!(place(&stage), Place::Settings);
        assert_eq!(stage.state().shell.model.settings_page.section, Section::Plan);
    }
}

#[test]
fn refusal_while_opening_leads_to_the_plans() {
    let mut stage = stage(fixtures::playing(Density::Desktop, fixtures::snapshot()));
    let attempt = stage.state().shell.model.player.as_ref().unwrap().attempt;
    let failure = Failure {
        sentence: "This title is not in your plan".into(),
        remedy: Remedy::SeePlans,
        code: "not-entitled".into(),
        ..fixtures::failure()
    };
    tell(&mut stage, Msg::PlayerOpened { attempt, answer: Err(failure) });
    settle(&mut stage);
    effects(&mut stage);
    click(&mut stage, "See plans");
    assert_eq!(place(&stage), Place::Settings);
    assert!(effects(&mut stage).contains(&Effect::ClosePlayer));
}

#[test]
fn password_is_typed_and_asked_about_before_anything_is_erased() {
    let mut stage = at_settings(Density::Desktop, Section::Privacy);
    tell(&mut stage, Msg::Wish(Wish::Settings(SettingsWish::BeginErasing(true))));
    settle(&mut stage);
    effects(&mut stage);
    let field = crate::screens::lines::field_id(Field::Password);
    show_focus(&mut stage);
    for _ in 0..20 {
        if stage.state().shell.focus.current() == Some(field) {
            break;
        }
        press(&mut stage, Key::ArrowDown);
    }
    assert_eq!(stage.state().shell.focus.current(), Some(field));
    stage.event(Event::Text("long enough".into()));
    settle(&mut stage);
    assert_eq!(stage.state().shell.model.field(Field::Password), "long enough");
    walk_to(&mut stage, "Erase for ever");
    press(&mut stage, Key::Enter);
    settle(&mut stage);
    assert_eq!(stage.state().shell.model.confirm, Some(Confirm::Erase));
    assert_eq!(asks(&mut stage), []);
    press(&mut stage, Key::Escape);
    assert_eq!(place(&stage), Place::Settings);
    press(&mut stage, Key::Enter);
    settle(&mut stage);
    press(&mut stage, Key::ArrowRight);
    press(&mut stage, Key::Enter);
    assert!(matches!(&asks(&mut stage)[..], [Ask::Erase(_)]));
}

#[test]
fn letters_at_home_search_and_the_next_page_comes_by_itself() {
    let mut stage = stage(fixtures::at_home(Density::Desktop));
    for letter in ["t", "i"] {
        stage.event(Event::Text(letter.into()));
        settle(&mut stage);
    }
    stage.event(Event::Text("de".into()));
    settle(&mut stage);
    assert_eq!((place(&stage), stage.state().shell.model.search.text.as_str()), (Place::Search, "tide"));
    settle(&mut stage);
    let items = (0..8).map(fixtures::summary).collect();
    let answer = Ok(TitleList { items, next: Some("eight".into()) });
    tell(&mut stage, Msg::Found { text: "tide".into(), answer });
    settle(&mut stage);
    stage.get_by_label("8 titles and more");
    effects(&mut stage);
    show_focus(&mut stage);
    press(&mut stage, Key::ArrowDown);
    for _ in 0..4 {
        press(&mut stage, Key::ArrowRight);
    }
    settle(&mut stage);
    let more = Ask::MoreFound { profile: "mira".into(), text: "tide".into(), cursor: "eight".into() };
    assert_eq!(asks(&mut stage), [more], "once");
    let answer = Ok(TitleList { items: (8..12).map(fixtures::summary).collect(), next: None });
    tell(&mut stage, Msg::Told(Told::MoreFound { text: "tide".into(), answer }));
    settle(&mut stage);
    stage.get_by_label("12 titles");
    // Letters still reach the text, wherever the focus is.
    stage.event(Event::Text("s".into()));
    settle(&mut stage);
    assert_eq!(stage.state().shell.model.search.text, "tides");
}

#[test]
fn what_was_meant_is_one_key_away() {
    for density in BOTH {
        let mut stage = stage(fixtures::at_home(density));
        tell(&mut stage, Msg::Search(SearchMsg::Open));
        tell(&mut stage, Msg::Search(SearchMsg::Edit("glass harbuor".into())));
        settle(&mut stage);
        let answer = Ok(TitleList { items: Vec::new(), next: None });
        tell(&mut stage, Msg::Found { text: "glass harbuor".into(), answer });
        settle(&mut stage);
        effects(&mut stage);
        let tv = density.is_tv();
        walk_to(&mut stage, if tv { "Search for Glass Harbour" } else { "Did you mean Glass Harbour?" });
        press(&mut stage, Key::Enter);
        settle(&mut stage);
        let asked = Effect::Search { profile: "mira".into(), text: "Glass Harbour".into() };
        assert!(effects(&mut stage).contains(&asked));
    }
}

#[test]
fn typed_text_is_not_in_debug_output() {
    assert_eq!(format!("{:?}", Typed("secret".into())), "Typed(..)");
}
