use super::*;
use crate::{
    app::{Confirm, Field, Msg, Typed, Wish},
    ask::Told,
    density::Density,
    testing::fixtures::{account_details, at_home, devices, failure},
};

fn wish(model: &mut Model, wish: SettingsWish) -> Vec<Effect> {
    model.update(Msg::Wish(Wish::Settings(wish)), 0.0)
}

fn at(section: Section) -> Model {
    let mut model = at_home(Density::Desktop);
    wish(&mut model, SettingsWish::Open(section));
    model.update(Msg::Told(Told::Account(Ok(Box::new(account_details())))), 0.0);
    model
}

#[test]
fn sections_ask_for_what_they_show() {
    let mut model = at_home(Density::Desktop);
    let asked = wish(&mut model, SettingsWish::Open(Section::Account));
    assert_eq!(asked, [Effect::Ask(Ask::Account)]);
    assert_eq!(wish(&mut model, SettingsWish::Section(Section::Plan)), [], "it is on its way");
    assert_eq!(wish(&mut model, SettingsWish::Section(Section::Devices)), [Effect::Ask(Ask::Devices)]);
    assert_eq!(wish(&mut model, SettingsWish::Section(Section::Playback)), []);
    model.update(Msg::Back, 0.0);
    assert_eq!(model.place, Place::Home);
}

#[test]
fn playback_settings_are_saved_at_once() {
    let mut model = at(Section::Playback);
    let saved = wish(&mut model, SettingsWish::Skip(SegmentKind::Intro, SkipChoice::Auto));
    assert!(matches!(&saved[..], [Effect::SaveSettings(settings)] if settings == &model.settings));
    assert_eq!(model.viewing().skip.intro, SkipChoice::Auto);
    let saved = wish(&mut model, SettingsWish::Autoplay(false));
    assert!(matches!(&saved[..], [Effect::SaveSettings(settings)] if settings == &model.settings));
    assert!(!model.viewing().autoplay_next);
    let mut languages = Vec::new();
    for _ in 0..=LANGUAGES.len() {
        wish(&mut model, SettingsWish::NextLanguage);
        languages.push(model.media().text_language);
    }
    assert_eq!(languages[0].as_deref(), Some("en"));
    assert_eq!(languages.last().unwrap(), &None, "all around, back to none");
}

#[test]
fn device_is_signed_out_once_and_stays_if_that_failed() {
    let mut model = at(Section::Devices);
    model.update(Msg::Told(Told::Devices(Ok(devices()))), 0.0);
    let confirm = Confirm::EndDevice { device: "tv".into(), name: "Living room TV".into() };
    for expected in [vec![Effect::Ask(Ask::EndDevice("tv".into()))], vec![]] {
        model.update(Msg::Wish(Wish::Confirm(confirm.clone())), 0.0);
        assert_eq!(model.update(Msg::Wish(Wish::Confirmed(true)), 0.0), expected);
    }
    model.update(Msg::Told(Told::DeviceEnded { device: "tv".into(), answer: Err(failure()) }), 0.0);
    assert_eq!(model.settings_page.devices.ready().unwrap().len(), 3);
    model.update(Msg::Told(Told::DeviceEnded { device: "tv".into(), answer: Ok(()) }), 0.0);
    assert_eq!(model.settings_page.devices.ready().unwrap().len(), 2);
}

#[test]
fn consent_that_was_not_saved_is_asked_for_again() {
    let mut model = at(Section::Privacy);
    let wanted = Consents { recommendations: false, diagnostics: true };
    assert_eq!(wish(&mut model, SettingsWish::Consent(wanted)), [Effect::Ask(Ask::SetConsents(wanted))]);
    assert_eq!(model.settings_page.account.ready().unwrap().consents, wanted);
    let told = Told::ConsentsSet { consents: wanted, answer: Err(failure()) };
    assert_eq!(model.update(Msg::Told(told), 0.0), [Effect::Ask(Ask::Account)]);
    model.update(Msg::Told(Told::Account(Ok(Box::new(account_details())))), 0.0);
    assert_eq!(model.settings_page.account.ready().unwrap().consents, Consents::default());
    let told = Told::ConsentsSet { consents: wanted, answer: Ok(()) };
    model.update(Msg::Told(told), 0.0);
    assert_eq!(model.home, Loadable::Absent, "suggestions are made anew");
}

#[test]
fn support_gets_only_what_was_shown_and_agreed_to() {
    let mut model = at(Section::Support);
    assert_eq!(wish(&mut model, SettingsWish::SendSupport), [], "an empty message is none");
    model.update(Msg::Wish(Wish::Type(Field::Message, Typed(" It stops ".into()))), 0.0);
    let sent = wish(&mut model, SettingsWish::SendSupport);
    let plain = SupportRequest { topic: SupportTopic::Playback, message: "It stops".into(), diagnostics: None };
    assert_eq!(sent, [Effect::Ask(Ask::Support(plain))]);
    model.update(Msg::Told(Told::Supported(Err(failure()))), 0.0);
    assert_eq!(model.field(Field::Message), " It stops ", "what was written is not lost");
    wish(&mut model, SettingsWish::Attach(true));
    let sent = wish(&mut model, SettingsWish::SendSupport);
    let shown = model.diagnostics();
    assert!(matches!(&sent[..], [Effect::Ask(Ask::Support(request))] if request.diagnostics.as_ref() == Some(&shown)));
    model.update(Msg::Told(Told::Supported(Ok("LM-7Q2X".into()))), 0.0);
    assert_eq!((model.field(Field::Message), &model.settings_page.support), ("", &Errand::Done("LM-7Q2X".into())));
}

#[test]
fn diagnostics_say_nothing_of_who_and_where() {
    let mut model = at(Section::Support);
    model.remember_failure(&failure());
    let text = model.diagnostics();
    assert!(text.contains("unreachable") && text.len() < SupportRequest::DIAGNOSTICS_LIMIT, "{text}");
    for secret in ["mira", "example.com", "127.0.0.1", "/"] {
        assert!(!text.to_lowercase().contains(secret), "{secret} in {text}");
    }
}

#[test]
fn account_is_erased_with_its_password_and_everything_is_forgotten() {
    let mut model = at(Section::Privacy);
    wish(&mut model, SettingsWish::BeginErasing(true));
    let confirm = |model: &mut Model| {
        model.update(Msg::Wish(Wish::Confirm(Confirm::Erase)), 0.0);
        model.update(Msg::Wish(Wish::Confirmed(true)), 0.0)
    };
    assert_eq!(confirm(&mut model), [], "not without the password");
    let typed = Wish::Type(Field::Password, Typed("correct horse".into()));
    assert!(!format!("{typed:?}").contains("horse"));
    model.update(Msg::Wish(typed), 0.0);
    let asked = confirm(&mut model);
    let erase = EraseAccount { password: Some("correct horse".into()) };
    assert_eq!(asked, [Effect::Ask(Ask::Erase(erase))]);
    assert!(!format!("{asked:?} {model:?}").contains("horse"));
    model.update(Msg::Told(Told::Erased(Err(failure()))), 0.0);
    assert_eq!(model.settings_page.erasure, Errand::Failed(failure()));
    assert_eq!(model.field(Field::Password), "", "typed again for each try");
    let effects = model.update(Msg::Told(Told::Erased(Ok(()))), 0.0);
    assert!(effects.contains(&Effect::SignOut));
    assert_eq!((model.place, model.account.is_none()), (Place::SignIn, true));
}

#[test]
fn leaving_the_page_forgets_the_password() {
    let mut model = at(Section::Privacy);
    wish(&mut model, SettingsWish::BeginErasing(true));
    model.update(Msg::Wish(Wish::Type(Field::Password, Typed("secret".into()))), 0.0);
    wish(&mut model, SettingsWish::Section(Section::About));
    assert_eq!((model.field(Field::Password), model.settings_page.is_erasing), ("", false));
}
