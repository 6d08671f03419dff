//! Profiles over HTTP: cases B02 to B05, lists and ratings.

use crate::common::{BEN, CLEAR, ENCRYPTED, MIA, SignedIn, TestServer, expect, json, problem};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{Method, RequestBuilder, StatusCode, header};
use service_api::{
    ProfileId,
    catalog::{Home, TitleList, TitleSummary},
    identity::Device,
    licence::ClearKeyLicence,
    playback::{HeartbeatAnswer, PlaybackGrant},
    problem::ProblemCode,
    profile::{ProfileDetails, Rating},
    routes,
};
use std::time::Duration;

fn path(route: &str, profile: &ProfileId) -> String {
    routes::fill(route, &[("profile", profile.as_str())])
}

fn of_title(route: &str, profile: &ProfileId, title: &str) -> String {
    routes::fill(route, &[("profile", profile.as_str()), ("title", title)])
}

fn send(app: &SignedIn<'_>, method: Method, path: &str, body: &str) -> RequestBuilder {
    app.request(method, path).header(header::CONTENT_TYPE, "application/json").body(body.to_owned())
}

async fn status(request: RequestBuilder) -> StatusCode {
    request.send().await.unwrap().status()
}

/// A title that is for adults.
fn adult() -> String {
    let titles = server_stub::ingest::catalogue();
    titles.into_iter().find(|title| title.maturity.is_some_and(|age| age > 7)).unwrap().id.0
}

#[tokio::test]
async fn profiles_are_made_changed_and_removed_within_limits() {
    let server = TestServer::start().await;
    let mia = server.sign_in(MIA).await;
    let made: ProfileDetails = json(send(
        &mia,
        Method::POST,
        routes::PROFILES,
        r##"{"name":"Zoë","colour":"#AA00FF","avatar":"otter","language":"nl","kids":true}"##,
    ))
    .await;
    assert_eq!((made.profile.name.as_str(), made.profile.maturity_ceiling, made.kids), ("Zoë", Some(7), true));
    let id = made.profile.id.clone();
    let changed: ProfileDetails =
        json(send(&mia, Method::PATCH, &path(routes::PROFILE, &id), r#"{"kids":false,"maturity_ceiling":99}"#)).await;
    assert_eq!((changed.profile.maturity_ceiling, changed.kids, changed.avatar.as_str()), (None, false, "otter"));
    for number in 0..4 {
        let body = format!(r#"{{"name":"Guest {number}"}}"#);
        assert_eq!(status(send(&mia, Method::POST, routes::PROFILES, &body)).await, StatusCode::CREATED);
    }
    let ninth = send(&mia, Method::POST, routes::PROFILES, r#"{"name":"Ninth"}"#);
    expect(&problem(ninth).await, 409, ProblemCode::LimitReached);
    for profile in mia.me().await.profiles.iter().skip(1) {
        let gone = mia.request(Method::DELETE, &path(routes::PROFILE, &profile.id));
        assert_eq!(status(gone).await, StatusCode::NO_CONTENT);
    }
    let last = mia.me().await.profiles.remove(0).id;
    expect(&problem(mia.request(Method::DELETE, &path(routes::PROFILE, &last))).await, 409, ProblemCode::LimitReached);
}

#[tokio::test]
async fn b05_nothing_but_what_may_be_changed_is_changed() {
    let server = TestServer::start().await;
    let ben = server.sign_in(BEN).await;
    let before = ben.me().await;
    let profile = path(routes::PROFILE, &before.profiles[0].id);
    for body in [
        r#"{"name":"X","role":"admin"}"#,
        r#"{"plan":"premium"}"#,
        r#"{"is_admin":true}"#,
        r#"{"price":0}"#,
        r#"{"id":"other"}"#,
        r#"{"account_id":"other"}"#,
        r#"{"name":""}"#,
        r#"{"name":"a\u0000b"}"#,
        r#"{"colour":"red"}"#,
        r#"{"maturity_ceiling":100}"#,
        r#"{"maturity_ceiling":-1}"#,
        r#"{"avatar":"../../etc"}"#,
    ] {
        expect(&problem(send(&ben, Method::PATCH, &profile, body)).await, 400, ProblemCode::InvalidRequest);
    }
    assert_eq!(ben.me().await, before);
}

#[tokio::test]
async fn b02_ids_of_another_account_are_unknown() {
    let server = TestServer::start().await;
    let (mia, ben) = (server.sign_in(MIA).await, server.sign_in(BEN).await);
    let profile = mia.profile("Mia").await;
    let rating = of_title(routes::RATING, &profile, CLEAR);
    let listed = of_title(routes::MY_LIST_TITLE, &profile, CLEAR);
    let progress = of_title(routes::PROGRESS, &profile, CLEAR);
    let start = format!(r#"{{"title":"{ENCRYPTED}","profile":"{profile}","device":{{"id":"tv"}}}}"#);
    let grant: PlaybackGrant = json(send(&mia, Method::POST, routes::PLAYBACK, &start)).await;
    let of_grant = |route: &str| routes::fill(route, &[("grant", grant.id.as_str())]);
    let key = server.running.key_source().content_key(&ENCRYPTED.into()).unwrap();
    let kid = URL_SAFE_NO_PAD.encode(key.kid);
    let challenge = |session: &str| format!(r#"{{"kids":["{kid}"],"type":"{session}"}}"#);
    let clear_key = of_grant(routes::LICENCE_CLEARKEY);
    let kept: ClearKeyLicence = json(send(&mia, Method::POST, &clear_key, &challenge("persistent-license"))).await;
    let kept = routes::fill(routes::LICENCE_FIRST_PLAY, &[("licence", kept.licence.as_deref().unwrap())]);
    let sign_ins: Vec<Device> = json(mia.get(routes::ACCOUNT_DEVICES)).await;
    let calls = [
        ben.request(Method::DELETE, &routes::fill(routes::ACCOUNT_DEVICE, &[("device", &sign_ins[0].id)])),
        ben.request(Method::DELETE, &routes::fill(routes::PLAYBACK_DEVICE, &[("device", "tv")])),
        send(&ben, Method::POST, routes::PLAYBACK, &start),
        send(&ben, Method::POST, &of_grant(routes::PLAYBACK_HEARTBEAT), "{}"),
        ben.request(Method::DELETE, &of_grant(routes::PLAYBACK_GRANT)),
        send(&ben, Method::POST, &clear_key, &challenge("temporary")),
        ben.get(&format!("{}?kids={kid}", of_grant(routes::LICENCE_AUTHORIZATION))),
        ben.get(&routes::fill(routes::LICENCE_HLS_KEY, &[("grant", grant.id.as_str()), ("kid", &kid)])),
        ben.request(Method::POST, &kept),
        ben.get(&progress),
        send(&ben, Method::PUT, &progress, r#"{"position_s":1,"duration_s":40,"taken_at_ms":1}"#),
        ben.get(&path(routes::HOME, &profile)),
        ben.get(&format!("{}?profile={profile}", routes::fill(routes::TITLE, &[("title", CLEAR)]))),
        ben.get(&path(routes::PROFILE, &profile)),
        send(&ben, Method::PATCH, &path(routes::PROFILE, &profile), r#"{"name":"Mine"}"#),
        ben.request(Method::DELETE, &path(routes::PROFILE, &profile)),
        send(&ben, Method::PUT, &path(routes::PROFILE_PIN, &profile), r#"{"pin":"1234"}"#),
        send(&ben, Method::POST, &path(routes::PROFILE_UNLOCK, &profile), r#"{"pin":"1234"}"#),
        ben.get(&path(routes::MY_LIST, &profile)),
        ben.request(Method::PUT, &listed),
        ben.request(Method::DELETE, &listed),
        send(&ben, Method::PUT, &rating, r#"{"thumbs":1}"#),
        ben.get(&rating),
        ben.request(Method::DELETE, &rating),
        ben.get(&path(routes::SEARCH, &profile)),
        ben.get(&path(routes::BROWSE, &profile)),
    ];
    for call in calls {
        let request = call.try_clone().unwrap().build().unwrap();
        let refused = problem(call).await;
        let asked = format!("{} {}", request.method(), request.url().path());
        assert_eq!((refused.status, refused.code), (404, ProblemCode::NotFound), "{asked}");
    }
    // What is Mia's is as it was, and who asked for her keys is in the licence log.
    json::<HeartbeatAnswer>(send(&mia, Method::POST, &of_grant(routes::PLAYBACK_HEARTBEAT), "{}")).await;
    let foreign: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM licence_audit WHERE outcome = 'foreign'")
        .fetch_one(&mut server.database().await)
        .await
        .unwrap();
    assert_eq!(foreign, 2);
}

#[tokio::test]
async fn b03_child_meets_no_adult_title_at_any_layer() {
    let server = TestServer::start().await;
    let mia = server.sign_in(MIA).await;
    let (kids, film) = (mia.profile("Kids").await, adult());
    let shown = |items: &[TitleSummary]| items.iter().all(|item| item.maturity.is_none_or(|age| age <= 7));
    let home: Home = json(mia.get(&path(routes::HOME, &kids))).await;
    assert!(home.rows.iter().all(|row| shown(&row.items)));
    let name = server_stub::ingest::catalogue().into_iter().find(|title| title.id.as_str() == film).unwrap().name;
    let found: TitleList = json(mia.get(&path(routes::SEARCH, &kids)).query(&[("q", &name)])).await;
    assert!(shown(&found.items) && found.items.iter().all(|item| item.id.as_str() != film));
    let everything: TitleList = json(mia.get(&path(routes::BROWSE, &kids)).query(&[("limit", "100")])).await;
    assert!(!everything.items.is_empty() && shown(&everything.items));
    for call in [
        mia.get(&format!("{}?profile={kids}", routes::fill(routes::TITLE, &[("title", &film)]))),
        mia.playback(&film, &kids),
        mia.request(Method::PUT, &of_title(routes::MY_LIST_TITLE, &kids, &film)),
        send(&mia, Method::PUT, &of_title(routes::RATING, &kids, &film), r#"{"thumbs":1}"#),
    ] {
        expect(&problem(call).await, 404, ProblemCode::NotFound);
    }
    // What was listed before the ceiling came is not shown.
    let adult_profile = mia.profile("Noah").await;
    assert_eq!(
        status(mia.request(Method::PUT, &of_title(routes::MY_LIST_TITLE, &adult_profile, &film))).await,
        StatusCode::NO_CONTENT
    );
    assert_eq!(json::<Vec<TitleSummary>>(mia.get(&path(routes::MY_LIST, &adult_profile))).await.len(), 1);
    json::<ProfileDetails>(send(
        &mia,
        Method::PATCH,
        &path(routes::PROFILE, &adult_profile),
        r#"{"maturity_ceiling":7}"#,
    ))
    .await;
    assert!(json::<Vec<TitleSummary>>(mia.get(&path(routes::MY_LIST, &adult_profile))).await.is_empty());
}

#[tokio::test]
async fn b04_pin_has_five_tries_then_a_quarter_of_an_hour() {
    let server = TestServer::start().await;
    let mia = server.sign_in(MIA).await;
    let profile = mia.profile("Mia").await;
    let (pin, unlock) = (path(routes::PROFILE_PIN, &profile), path(routes::PROFILE_UNLOCK, &profile));
    for bad in ["123", "123456789", "abcd", "12 4"] {
        let body = format!(r#"{{"pin":"{bad}"}}"#);
        expect(&problem(send(&mia, Method::PUT, &pin, &body)).await, 400, ProblemCode::InvalidRequest);
    }
    assert_eq!(status(send(&mia, Method::PUT, &pin, r#"{"pin":"2580"}"#)).await, StatusCode::NO_CONTENT);
    assert_eq!(status(mia.get(&path(routes::HOME, &profile))).await, StatusCode::OK, "who has set it knows it");

    // Another device of the household.
    let other = server.sign_in(MIA).await;
    expect(&problem(other.get(&path(routes::HOME, &profile))).await, 403, ProblemCode::PinRequired);
    expect(&problem(other.playback(CLEAR, &profile)).await, 403, ProblemCode::PinRequired);
    let kids = path(routes::PROFILE, &other.profile("Kids").await);
    let lift = send(&other, Method::PATCH, &kids, r#"{"maturity_ceiling":99}"#);
    expect(&problem(lift).await, 403, ProblemCode::PinRequired);
    expect(&problem(send(&other, Method::PUT, &pin, r#"{"pin":""}"#)).await, 403, ProblemCode::PinRequired);
    for _ in 0..5 {
        expect(&problem(send(&other, Method::POST, &unlock, r#"{"pin":"0000"}"#)).await, 403, ProblemCode::PinWrong);
    }
    let locked = problem(send(&other, Method::POST, &unlock, r#"{"pin":"2580"}"#)).await;
    expect(&locked, 429, ProblemCode::PinWrong);
    assert_eq!(locked.retry_after_s, Some(900));
    server.clock.advance(Duration::from_secs(15 * 60 - 1));
    let other = SignedIn { server: &server, tokens: server.refresh(&other.tokens.refresh_token).await.unwrap() };
    expect(&problem(send(&other, Method::POST, &unlock, r#"{"pin":"2580"}"#)).await, 429, ProblemCode::PinWrong);
    server.clock.advance(Duration::from_secs(1));
    assert_eq!(status(send(&other, Method::POST, &unlock, r#"{"pin":"2580"}"#)).await, StatusCode::NO_CONTENT);
    assert_eq!(status(other.get(&path(routes::HOME, &profile))).await, StatusCode::OK);
    let mut database = server.database().await;
    let stored: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT tag FROM profiles_pins").fetch_all(&mut database).await.unwrap();
    let is_tag = |tag: &Vec<u8>| tag.len() == 32 && !tag.windows(4).any(|window| window == b"2580");
    assert!(!stored.is_empty() && stored.iter().all(is_tag), "the PIN is not in the database: {stored:?}");
}

#[tokio::test]
async fn list_and_ratings_belong_to_a_profile() {
    let server = TestServer::start().await;
    let mia = server.sign_in(MIA).await;
    let (one, two) = (mia.profile("Mia").await, mia.profile("Noah").await);
    let listed = of_title(routes::MY_LIST_TITLE, &one, CLEAR);
    for _ in 0..2 {
        assert_eq!(status(mia.request(Method::PUT, &listed)).await, StatusCode::NO_CONTENT);
    }
    let list: Vec<TitleSummary> = json(mia.get(&path(routes::MY_LIST, &one))).await;
    assert_eq!(list.iter().map(|title| title.id.as_str()).collect::<Vec<_>>(), [CLEAR]);
    assert!(json::<Vec<TitleSummary>>(mia.get(&path(routes::MY_LIST, &two))).await.is_empty());
    assert_eq!(status(mia.request(Method::DELETE, &listed)).await, StatusCode::NO_CONTENT);
    assert!(json::<Vec<TitleSummary>>(mia.get(&path(routes::MY_LIST, &one))).await.is_empty());

    let rating = of_title(routes::RATING, &one, CLEAR);
    expect(&problem(mia.get(&rating)).await, 404, ProblemCode::NotFound);
    for thumbs in [1, 2, -1] {
        let put = send(&mia, Method::PUT, &rating, &format!(r#"{{"thumbs":{thumbs}}}"#));
        assert_eq!(status(put).await, StatusCode::NO_CONTENT);
        assert_eq!(json::<Rating>(mia.get(&rating)).await.thumbs, thumbs);
    }
    expect(&problem(send(&mia, Method::PUT, &rating, r#"{"thumbs":5}"#)).await, 400, ProblemCode::InvalidRequest);
    expect(&problem(mia.get(&of_title(routes::RATING, &two, CLEAR))).await, 404, ProblemCode::NotFound);
}
