use super::*;
use crate::{
    app::{Confirm, Field, Msg, PinMsg, Typed, Wish},
    ask::Told,
    density::Density,
    testing::fixtures::{account, at_home, choosing, failure, household},
};

fn wish(model: &mut Model, wish: HouseholdWish) -> Vec<Effect> {
    model.update(Msg::Wish(Wish::Household(wish)), 0.0)
}

fn managing() -> Model {
    let mut model = choosing(Density::Desktop);
    model.update(Msg::Told(Told::Household(Ok(Box::new((account(), household()))))), 0.0);
    wish(&mut model, HouseholdWish::Manage(true));
    model
}

fn type_name(model: &mut Model, name: &str) {
    model.update(Msg::Wish(Wish::Type(Field::ProfileName, Typed(name.into()))), 0.0);
}

#[test]
fn choosing_while_managing_changes_the_profile() {
    let mut model = managing();
    model.update(Msg::ChooseProfile("kids".into()), 0.0);
    assert_eq!(model.place, Place::EditProfile);
    let editor = model.household.editor.clone().unwrap();
    assert_eq!((editor.name.as_str(), editor.is_kids, editor.ceiling, editor.has_pin), ("Kids", true, Some(6), false));
    model.update(Msg::Back, 0.0);
    assert_eq!((model.place, model.household.editor.is_none()), (Place::Profiles, true));
}

#[test]
fn new_profile_is_sent_whole_and_shown_when_it_is_kept() {
    let mut model = managing();
    wish(&mut model, HouseholdWish::Add);
    assert_eq!(wish(&mut model, HouseholdWish::Save), [], "without a name there is nothing to save");
    type_name(&mut model, "  Zoë ");
    wish(&mut model, HouseholdWish::Avatar("cat".into()));
    wish(&mut model, HouseholdWish::Kids(true));
    let saved = wish(&mut model, HouseholdWish::Save);
    let change = ProfileChange {
        name: Some("Zoë".into()),
        colour: Some("#2FA36B".into()),
        avatar: Some("cat".into()),
        language: None,
        kids: Some(true),
        maturity_ceiling: Some(KIDS_AGE),
    };
    assert_eq!(saved, [Effect::Ask(Ask::SaveProfile { profile: None, change })]);
    assert_eq!(wish(&mut model, HouseholdWish::Save), [], "once is enough");
    model.update(Msg::Told(Told::ProfileSaved(Err(failure()))), 0.0);
    assert_eq!(model.household.editor.as_ref().unwrap().failure, Some(failure()));
    wish(&mut model, HouseholdWish::Save);
    let asked = model.update(Msg::Told(Told::ProfileSaved(Ok(Box::new(household().remove(0))))), 0.0);
    assert_eq!((model.place, asked), (Place::Profiles, vec![Effect::Ask(Ask::Household)]));
}

#[test]
fn names_have_a_limit_of_the_service() {
    let mut model = managing();
    wish(&mut model, HouseholdWish::Add);
    type_name(&mut model, &"ä".repeat(50));
    assert_eq!(model.field(Field::ProfileName).chars().count(), 32);
}

#[test]
fn pin_is_chosen_twice_and_never_printed() {
    let mut model = managing();
    wish(&mut model, HouseholdWish::Edit("mira".into()));
    wish(&mut model, HouseholdWish::ChoosePin);
    let mut enter = |digits: [u8; 4]| {
        for digit in digits {
            model.update(Msg::Pin(PinMsg::Digit(digit)), 0.0);
        }
        let done = model.update(Msg::Pin(PinMsg::Submit), 0.0);
        let text = format!("{model:?}");
        assert!(!text.contains("4719") && !text.contains("4718"), "{text}");
        done
    };
    assert_eq!(enter([4, 7, 1, 9]), []);
    assert_eq!(enter([4, 7, 1, 8]), [], "not the same: from the beginning");
    assert_eq!(enter([4, 7, 1, 9]), []);
    let set = Ask::SetPin { profile: "mira".into(), pin: Pin { pin: "4719".into() } };
    assert_eq!(enter([4, 7, 1, 9]), [Effect::Ask(set)]);
    model.update(Msg::Told(Told::PinSet { profile: "mira".into(), is_set: true, answer: Ok(()) }), 0.0);
    assert_eq!(model.place, Place::EditProfile);
    assert!(model.household.is_locked(&"mira".into()) && model.household.editor.as_ref().unwrap().has_pin);
}

#[test]
fn profile_is_removed_after_a_question_and_its_viewer_chooses_again() {
    let mut model = at_home(Density::Desktop);
    model.update(Msg::Told(Told::Household(Ok(Box::new((account(), household()))))), 0.0);
    model.update(Msg::ShowProfiles, 0.0);
    wish(&mut model, HouseholdWish::Edit("mira".into()));
    let confirm = Confirm::RemoveProfile { profile: "mira".into(), name: "Mira".into() };
    model.update(Msg::Wish(Wish::Confirm(confirm.clone())), 0.0);
    assert_eq!(model.update(Msg::Back, 0.0), [], "Back is no");
    assert_eq!((model.confirm.clone(), model.place), (None, Place::EditProfile));
    model.update(Msg::Wish(Wish::Confirm(confirm)), 0.0);
    let asked = model.update(Msg::Wish(Wish::Confirmed(true)), 0.0);
    assert_eq!(asked, [Effect::Ask(Ask::RemoveProfile("mira".into()))]);
    model.update(Msg::Told(Told::ProfileRemoved { profile: "mira".into(), answer: Ok(()) }), 0.0);
    assert_eq!((model.place, model.profile.is_none()), (Place::Profiles, true));
    assert_eq!(model.account.as_ref().unwrap().profiles.len(), 2);
}

#[test]
fn new_ceiling_of_who_watches_makes_home_anew() {
    let mut model = at_home(Density::Desktop);
    let mut changed = account();
    changed.profiles[0].maturity_ceiling = Some(12);
    model.update(Msg::Told(Told::Household(Ok(Box::new((changed, household()))))), 0.0);
    assert_eq!(model.home, Loadable::Absent);
}
