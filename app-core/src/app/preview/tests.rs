use super::*;
use crate::{
    app::{Msg, SettingsWish, Wish},
    density::Density,
    testing::fixtures,
};

/// At home on a television that can afford previews, with the hero in sight.
fn at_home() -> Model {
    let mut model = fixtures::at_home(Density::Tv);
    model.previews.are_affordable = true;
    model.previews.hero_is_seen = true;
    model
}

fn opened(effects: &[Effect]) -> Option<&OpenRequest> {
    effects.iter().find_map(|effect| match effect {
        Effect::OpenPlayer(request) => Some(request),
        _ => None,
    })
}

/// Lets it begin, and play.
fn playing(model: &mut Model) -> f64 {
    assert!(opened(&model.tick(REST)).is_some());
    let shown = model.previews.shown.as_mut().unwrap();
    shown.snapshot = Arc::new(PlayerSnapshot { state: PlaybackState::Playing, ..PlayerSnapshot::initial() });
    model.tick(REST + 1.0);
    assert!(model.previews.shown.as_ref().unwrap().is_seen());
    REST + 1.0
}

#[test]
fn it_begins_when_the_focus_rests_and_makes_no_sound() {
    let mut model = at_home();
    assert_eq!(model.preview_due(0.0), Some(REST));
    assert_eq!(opened(&model.tick(REST - 0.1)), None);
    let effects = model.tick(REST);
    let request = opened(&effects).unwrap();
    assert!(request.is_preview && request.muted && request.volume == 0.0);
    assert_eq!(request.from, PlayFrom::Resume, "the hero was begun");
    assert!(opened(&model.tick(REST + 0.1)).is_none(), "one is enough");
}

#[test]
fn any_key_ends_it_before_it_does_anything_else() {
    let mut model = at_home();
    let now = playing(&mut model);
    assert_eq!(model.touched(now), [Effect::ClosePlayer]);
    assert_eq!(model.touched(now), []);
    assert!(opened(&model.tick(now + 100.0)).is_none(), "the same is not shown again and again");
}

#[test]
fn it_ends_by_itself_and_with_everything_that_covers_it() {
    let mut model = at_home();
    let now = playing(&mut model);
    assert!(!model.tick(now + LASTS - 1.0).contains(&Effect::ClosePlayer));
    assert!(model.tick(now + LASTS).contains(&Effect::ClosePlayer));

    let covers: [fn(&mut Model); 6] = [
        |model| model.profile_menu = true,
        |model| model.diagnostics = true,
        |model| model.place = Place::Search,
        |model| model.previews.hero_is_seen = false,
        |model| model.settings.desktop.look.reduced_motion = Some(true),
        |model| model.hero = Some(fixtures::home().rows[0].items[2].id.clone()),
    ];
    for (index, cover) in covers.into_iter().enumerate() {
        let mut model = at_home();
        let now = playing(&mut model);
        cover(&mut model);
        assert!(model.tick(now + 0.1).contains(&Effect::ClosePlayer), "{index}");
    }
}

#[test]
fn what_cannot_be_played_is_no_preview_and_nobody_is_told() {
    let mut model = at_home();
    model.tick(REST);
    let attempt = model.previews.shown.as_ref().unwrap().attempt;
    let effects = model.update(Msg::PlayerOpened { attempt, answer: Err(fixtures::occupied()) }, 2.0);
    assert_eq!((effects, model.previews.shown.is_some()), (vec![Effect::ClosePlayer], false));
    assert_eq!((&model.toast, model.place), (&None, Place::Home));

    let mut slow = at_home();
    slow.tick(REST);
    assert!(slow.tick(REST + OPENS_WITHIN).contains(&Effect::ClosePlayer));
}

#[test]
fn there_is_none_where_it_costs_too_much_or_is_not_wanted() {
    let spoils: [fn(&mut Model); 6] = [
        |model| model.previews.are_affordable = false,
        |model| model.density = Density::Desktop,
        |model| model.settings.quality = Some(QualityWish::Height(480)),
        |model| model.settings.desktop.look.reduced_motion = Some(true),
        |model| {
            model.update(Msg::Wish(Wish::Settings(SettingsWish::Previews(false))), 0.0);
        },
        |model| {
            let answer = Box::new(Err(fixtures::failure()));
            model.update(Msg::HomeLoaded { profile: "mira".into(), answer }, REST);
        },
    ];
    for (index, spoil) in spoils.into_iter().enumerate() {
        let mut model = at_home();
        spoil(&mut model);
        assert!(opened(&model.tick(REST)).is_none() && model.preview_due(REST).is_none(), "{index}");
    }
    let mut better = at_home();
    better.settings.quality = Some(QualityWish::Height(720));
    assert!(opened(&better.tick(REST)).is_some());
}

#[test]
fn who_presses_play_gets_one_player_after_the_other() {
    let mut model = at_home();
    let now = playing(&mut model);
    let first = model.previews.shown.as_ref().unwrap().attempt;
    let mut effects = model.touched(now);
    effects.extend(model.update(Msg::Play { title: fixtures::summary(0), from: PlayFrom::Resume }, now));
    let closes = effects.iter().position(|effect| *effect == Effect::ClosePlayer).unwrap();
    let opens = effects.iter().position(|effect| matches!(effect, Effect::OpenPlayer(_))).unwrap();
    assert!(closes < opens);
    assert!(opened(&effects).unwrap().attempt > first && !opened(&effects).unwrap().is_preview);
}
