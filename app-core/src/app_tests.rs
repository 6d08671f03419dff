use super::*;
use crate::{
    settings::Settings,
    testing::fixtures::{account, at_home, at_title, failure, home, launch, page, playing, snapshot, summary},
};
use service_api::identity::Account;

fn restored(launch: Launch, settings: Settings, account: Account) -> (Model, Vec<Effect>) {
    let (mut model, mut effects) = Model::new(Density::Desktop, launch, settings);
    effects.extend(model.update(Msg::Restored(Ok(Some(account))), 0.0));
    (model, effects)
}

#[test]
fn the_start_tries_the_kept_session_first() {
    let (model, effects) = Model::new(Density::Desktop, launch(), Settings::default());
    assert_eq!((model.place, effects), (Place::Starting, vec![Effect::Restore]));
}

#[test]
fn a_server_that_is_away_at_the_start_is_named() {
    let (mut model, _) = Model::new(Density::Desktop, launch(), Settings::default());
    model.update(Msg::Restored(Err(failure())), 0.0);
    assert_eq!(model.place, Place::SignIn);
    assert_eq!(model.sign_in.failure, Some(failure()));
}

#[test]
fn one_profile_goes_straight_home() {
    let mut one = account();
    one.profiles.truncate(1);
    let (model, effects) = restored(launch(), Settings::default(), one);
    assert_eq!(model.place, Place::Home);
    assert!(effects.contains(&Effect::LoadHome("mira".into())));
}

#[test]
fn a_title_on_the_command_line_plays_for_the_last_profile() {
    let launch = Launch { title: Some("paper-lions".into()), start: Some(Duration::from_secs(9)), ..launch() };
    let settings = Settings { last_profile: Some("jon".into()), ..Settings::default() };
    let (model, effects) = restored(launch, settings, account());
    assert_eq!(model.place, Place::Player);
    let request = effects.iter().find_map(|effect| match effect {
        Effect::OpenPlayer(request) => Some(request.clone()),
        _ => None,
    });
    let request = request.expect("playback is asked for");
    assert_eq!(request.target, Target::Title { profile: "jon".into(), title: "paper-lions".into() });
    assert_eq!(request.from, PlayFrom::At(Duration::from_secs(9)));
}

#[test]
fn an_address_on_the_command_line_plays_without_an_account() {
    let url: Url = "https://example.com/m.m3u8".parse().unwrap();
    let launch = Launch { url: Some(url.clone()), ..launch() };
    let (mut model, effects) = Model::new(Density::Desktop, launch, Settings::default());
    assert!(effects.iter().any(|e| matches!(e, Effect::OpenPlayer(r) if r.target == Target::Url(url.clone()))));
    model.update(Msg::Restored(Ok(None)), 0.0);
    assert_eq!(model.place, Place::Player, "the answer does not interrupt");
    model.update(Msg::Player(PlayerMsg::Leave), 0.0);
    assert_eq!(model.place, Place::SignIn);
}

#[test]
fn an_answer_for_another_profile_is_ignored() {
    let mut model = at_home(Density::Desktop);
    let mut other = home();
    other.rows.clear();
    model.update(Msg::HomeLoaded { profile: "jon".into(), answer: Box::new(Ok(other)) }, 1.0);
    assert_eq!(model.home.ready().map(|home| home.rows.len()), Some(4));
}

#[test]
fn a_failed_reload_is_a_toast_and_not_a_page() {
    let mut model = at_home(Density::Desktop);
    let broken = Failure { code: "internal".into(), sentence: "The server has a problem".into(), ..failure() };
    model.update(Msg::HomeLoaded { profile: "mira".into(), answer: Box::new(Err(broken)) }, 1.0);
    assert!(model.home.ready().is_some());
    assert_eq!(model.toast.as_ref().map(|toast| toast.text.as_str()), Some("The server has a problem"));
    model.tick(1.0 + Toast::LIFE);
    assert_eq!(model.toast, None);
}

#[test]
fn an_answer_of_an_attempt_that_was_left_changes_nothing() {
    let mut model = at_title(Density::Desktop);
    model.update(Msg::Play { title: summary(0), from: PlayFrom::Start }, 0.0);
    let attempt = model.player.as_ref().unwrap().attempt;
    model.update(Msg::Player(PlayerMsg::Leave), 0.0);
    model.update(Msg::PlayerOpened { attempt, answer: Err(failure()) }, 0.0);
    assert!(model.player.is_none());
}

#[test]
fn leaving_the_player_shows_at_once_what_was_watched() {
    let mut model = playing(Density::Desktop, snapshot());
    model.update(Msg::Player(PlayerMsg::Leave), 0.0);
    let progress = model.title_page().and_then(|page| page.summary.progress).unwrap();
    assert_eq!(progress.position_s, 1152.0);
}

#[test]
fn chapters_that_come_late_reach_the_player() {
    let mut model = at_home(Density::Desktop);
    let effects = model.update(Msg::Play { title: summary(0), from: PlayFrom::Resume }, 0.0);
    let asked =
        |effect: &Effect| matches!(effect, Effect::LoadTitle { profile: Some(_), title } if *title == summary(0).id);
    assert!(effects.iter().any(asked));
    assert!(model.player.as_ref().unwrap().chapters.is_empty());
    model.update(Msg::TitleLoaded { title: summary(0).id, answer: Box::new(Ok(page())) }, 0.0);
    assert_eq!(model.player.as_ref().unwrap().chapters.len(), 6);
}

#[test]
fn a_wish_for_quality_is_carried_out_when_the_rungs_are_known() {
    let launch =
        Launch { quality: Some(QualityWish::Height(900)), url: Some("http://x/m.m3u8".parse().unwrap()), ..launch() };
    let (mut model, _) = Model::new(Density::Desktop, launch, Settings::default());
    assert_eq!(model.tick(0.0), []);
    model.player.as_mut().unwrap().snapshot = snapshot().into();
    let choice = player_core::QualityChoice::Fixed(player_core::RungId(3));
    let expected = Effect::Player(player_core::Command::SetQuality { choice });
    assert_eq!(model.tick(0.1), [expected], "720p is the best below 900");
    assert_eq!(model.tick(0.2), []);
}

#[test]
fn back_twice_leaves_a_television() {
    let mut model = at_home(Density::Tv);
    assert_eq!(model.update(Msg::Back, 0.0), []);
    assert_eq!(model.update(Msg::Back, 1.0), [Effect::Quit]);
    let mut model = at_home(Density::Tv);
    model.update(Msg::Back, 0.0);
    assert_eq!(model.update(Msg::Back, 60.0), [], "not after a long time");
}

#[test]
fn signing_out_forgets_everything() {
    let mut model = at_title(Density::Desktop);
    let effects = model.update(Msg::SignOut, 0.0);
    assert!(effects.contains(&Effect::SignOut));
    assert_eq!((model.account, model.profile, model.titles.len()), (None, None, 0));
    assert_eq!(model.settings.last_profile, None);
}

#[test]
fn addresses_are_checked_before_they_are_opened() {
    let (mut model, _) = Model::new(Density::Desktop, launch(), Settings::default());
    for wrong in ["", "example.com/a.m3u8", "file:///no/such/file", "javascript:alert(1)", "https://"] {
        model.update(Msg::EditUrl(wrong.to_owned()), 0.0);
        assert_eq!(model.update(Msg::OpenUrl, 0.0), [], "{wrong}");
        assert!(model.sign_in.url_problem.is_some());
    }
    model.update(Msg::EditUrl(" https://example.com/a.m3u8 ".to_owned()), 0.0);
    assert!(model.update(Msg::OpenUrl, 0.0).iter().any(|effect| matches!(effect, Effect::OpenPlayer(_))));
}

#[test]
fn who_wants_less_than_there_is_gets_the_least() {
    let mut model = playing(Density::Desktop, snapshot());
    model.player.as_mut().unwrap().quality_wish = Some(QualityWish::Height(100));
    let choice = player_core::QualityChoice::Fixed(player_core::RungId(0));
    assert!(model.tick(0.1).contains(&Effect::Player(player_core::Command::SetQuality { choice })));
}

#[test]
fn what_is_pressed_while_a_title_is_opened_is_not_lost() {
    let mut model = at_home(Density::Desktop);
    model.update(Msg::Play { title: summary(1), from: PlayFrom::Start }, 0.0);
    let attempt = model.player.as_ref().unwrap().attempt;
    model.update(Msg::Player(PlayerMsg::ToggleMute), 0.1);
    let effects = model.update(Msg::PlayerOpened { attempt, answer: Ok(()) }, 1.0);
    assert!(effects.contains(&Effect::Player(player_core::Command::SetMuted { muted: true })), "{effects:?}");
}

#[test]
fn languages_and_quality_are_those_of_each_profile() {
    let mut model = playing(Density::Desktop, snapshot());
    let german = model.player.as_ref().unwrap().snapshot.tracks.iter();
    let german = german.clone().find(|track| track.kind == player_core::manifest::TrackKind::Audio).cloned().unwrap();
    model.update(Msg::Player(PlayerMsg::ChooseAudio(german.id)), 0.0);
    model.update(Msg::Player(PlayerMsg::ChooseQuality(player_core::QualityChoice::Auto)), 0.0);
    let (mira, jon) = ("mira".into(), "jon".into());
    let own = model.settings.media(Some(&mira));
    assert_eq!((own.audio_language, own.quality), (german.language, Some(QualityWish::Auto)));
    assert_eq!(model.settings.media(Some(&jon)), crate::settings::MediaChoices::default());
    // Asked for with the next title as well.
    let effects = model.update(Msg::Play { title: summary(1), from: PlayFrom::Start }, 0.0);
    let asked = effects.iter().find_map(|effect| match effect {
        Effect::OpenPlayer(request) => request.audio_language.clone(),
        _ => None,
    });
    assert_eq!(asked, model.settings.media(Some(&mira)).audio_language);
    assert!(asked.is_some());
}

#[test]
fn a_home_that_is_made_anew_elsewhere_is_loaded_when_it_is_seen() {
    let mut model = at_home(Density::Desktop);
    assert!(!model.tick(0.0).contains(&Effect::LoadHome("mira".into())));
    model.home = Loadable::Absent;
    assert!(model.tick(0.1).contains(&Effect::LoadHome("mira".into())));
    assert!(!model.tick(0.2).contains(&Effect::LoadHome("mira".into())), "once");
}

#[test]
fn who_signs_in_behind_a_stream_has_a_list_and_a_journal() {
    let launch = Launch { url: Some("https://example.com/m.m3u8".parse().unwrap()), ..launch() };
    let mut one = account();
    one.profiles.truncate(1);
    let (model, effects) = restored(launch, Settings::default(), one);
    assert_eq!(model.place, Place::Player);
    for expected in
        [Effect::Ask(Ask::Household), Effect::Ask(Ask::List("mira".into())), Effect::SendUnsent("mira".into())]
    {
        assert!(effects.contains(&expected), "{expected:?} is not in {effects:?}");
    }
}

#[test]
fn what_is_opened_from_the_player_leads_back_to_where_the_title_before_would_have() {
    let mut model = at_title(Density::Desktop);
    let shown = model.titles.last().unwrap().summary.clone();
    model.update(Msg::Play { title: shown, from: PlayFrom::Start }, 0.0);
    model.play_url("https://example.com/m.m3u8".parse().unwrap(), PlayFrom::Start);
    model.update(Msg::Player(PlayerMsg::Leave), 0.0);
    assert_eq!(model.place, Place::Title);
}

#[test]
fn an_episode_that_is_still_made_ends_the_series_for_now() {
    let mut model = playing(Density::Desktop, snapshot());
    let mut next = summary(4);
    next.state = TitleState::Preparing { percent: 10 };
    let player = model.player.as_mut().unwrap();
    player.next_up.episode =
        Some(crate::player_view::next_up::Episode { id: next.id.clone(), summary: Some(Box::new(next)), asked: true });
    let effects = model.play_next(false, 0.0);
    assert!(effects.contains(&Effect::ClosePlayer) && model.player.is_none(), "{effects:?}");
}
