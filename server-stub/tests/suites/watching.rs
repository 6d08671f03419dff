//! Catalog, progress, playback grants and licences, as a signed-in app sees them.

use crate::common::{
    self, BEN, CLEAR, ENCRYPTED, MIA, NOT_MADE, START_MS, SignedIn, TestServer, expect, json, problem,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{Method, RequestBuilder, StatusCode, header};
use server_stub::ingest::{Plan, catalogue};
use service_api::{
    ProfileId,
    catalog::{Home, Protection, Title, TitleState},
    licence::{ClearKeyLicence, ClearKeyRequest, SessionType},
    playback::PlaybackGrant,
    problem::ProblemCode,
    profile::Progress,
    routes,
};
use std::time::Duration;

fn home(profile: &ProfileId) -> String {
    routes::fill(routes::HOME, &[("profile", profile.as_str())])
}

fn title(id: &str) -> String {
    routes::fill(routes::TITLE, &[("title", id)])
}

fn position(profile: &ProfileId, title: &str) -> String {
    routes::fill(routes::PROGRESS, &[("profile", profile.as_str()), ("title", title)])
}

fn at(position_s: f64, taken_at_ms: i64) -> Progress {
    Progress { position_s, duration_s: 40.0, taken_at_ms }
}

/// An id of the catalog with a property.
fn find(wanted: impl Fn(&server_stub::ingest::TitleDescriptor) -> bool) -> String {
    catalogue().into_iter().find(wanted).unwrap().id.0
}

#[tokio::test]
async fn home_lists_everything_and_says_how_far_it_is() {
    let server = TestServer::start().await;
    let mia = server.sign_in(MIA).await;
    let profile = mia.profile("Mia").await;
    let document: Home = json(mia.get(&home(&profile))).await;
    let library = document.library.unwrap();
    assert_eq!((library.ready, library.total as usize), (2, catalogue().len()));
    assert_eq!(document.hero, None, "nothing but test pictures is made here");
    assert_eq!(document.rows.last().unwrap().id, "test-pictures");
    let cards: Vec<_> = document.rows.iter().flat_map(|row| &row.items).collect();
    let state = |id: &str| cards.iter().find(|card| card.id.as_str() == id).unwrap().state;
    assert_eq!(state(CLEAR), TitleState::Ready);
    assert_eq!(state(NOT_MADE), TitleState::Preparing { percent: 0 });
}

#[tokio::test]
async fn unchanged_documents_are_not_sent_again() {
    let server = TestServer::start().await;
    let mia = server.sign_in(MIA).await;
    let profile = mia.profile("Mia").await;
    for path in [home(&profile), title(CLEAR), format!("{}?profile={profile}", title(CLEAR))] {
        let first = mia.get(&path).send().await.unwrap();
        let tag = first.headers()[header::ETAG].clone();
        assert_eq!(first.headers()[header::CACHE_CONTROL], "private, no-cache");
        let again = mia.get(&path).header(header::IF_NONE_MATCH, &tag).send().await.unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(again.headers()[header::ETAG], tag);
        assert!(again.text().await.unwrap().is_empty());
    }
    let tag = mia.get(&home(&profile)).send().await.unwrap().headers()[header::ETAG].clone();
    save(&mia, &profile, CLEAR, at(10.0, 1)).await;
    let changed = mia.get(&home(&profile)).header(header::IF_NONE_MATCH, &tag).send().await.unwrap();
    assert_eq!(changed.status(), StatusCode::OK);
    let document: Home = changed.json().await.unwrap();
    assert_eq!(document.rows[0].id, "continue-watching");
    assert_eq!(document.rows[0].items[0].progress, Some(at(10.0, 1)));
}

#[tokio::test]
async fn ceiling_of_a_profile_holds_at_every_layer() {
    let server = TestServer::start().await;
    let mia = server.sign_in(MIA).await;
    let (kids, adult) = (mia.profile("Kids").await, mia.profile("Mia").await);
    let film = find(|title| title.maturity.is_some_and(|age| age > 7));
    let document: Home = json(mia.get(&home(&kids))).await;
    assert!(document.rows.iter().flat_map(|row| &row.items).all(|card| card.maturity.is_none_or(|age| age <= 7)));
    let page = |profile: &ProfileId| mia.get(&format!("{}?profile={profile}", title(&film)));
    expect(&problem(page(&kids)).await, 404, ProblemCode::NotFound);
    assert_eq!(json::<Title>(page(&adult)).await.summary.id.as_str(), film);
    assert_eq!(json::<Title>(mia.get(&title(&film))).await.summary.id.as_str(), film);
    expect(&problem(mia.playback(&film, &kids)).await, 404, ProblemCode::NotFound);
    expect(&problem(mia.playback(&film, &adult)).await, 409, ProblemCode::NotReady);
    let save = mia.request(Method::PUT, &position(&kids, &film)).json(&at(1.0, 1));
    expect(&problem(save).await, 404, ProblemCode::NotFound);
    let neighbours = json::<Title>(mia.get(&format!("{}?profile={kids}", title(CLEAR)))).await.more_like_this;
    assert!(neighbours.iter().all(|card| card.maturity.is_none_or(|age| age <= 7)));
}

#[tokio::test]
async fn nobody_reaches_into_another_account() {
    let server = TestServer::start().await;
    let (mia, ben) = (server.sign_in(MIA).await, server.sign_in(BEN).await);
    let profile = mia.profile("Mia").await;
    save(&mia, &profile, CLEAR, at(10.0, 1)).await;
    let calls = [
        ben.get(&home(&profile)),
        ben.get(&position(&profile, CLEAR)),
        ben.request(Method::PUT, &position(&profile, CLEAR)).json(&at(20.0, 2)),
        ben.get(&format!("{}?profile={profile}", title(CLEAR))),
        ben.playback(CLEAR, &profile),
    ];
    for call in calls {
        expect(&problem(call).await, 404, ProblemCode::NotFound);
    }
    assert_eq!(json::<Progress>(mia.get(&position(&profile, CLEAR))).await, at(10.0, 1));
}

#[tokio::test]
async fn newest_position_wins_whatever_the_order() {
    let server = TestServer::start().await;
    let mia = server.sign_in(MIA).await;
    let profile = mia.profile("Mia").await;
    expect(&problem(mia.get(&position(&profile, CLEAR))).await, 404, ProblemCode::NotFound);
    assert_eq!(save(&mia, &profile, CLEAR, at(10.0, 1_000)).await, at(10.0, 1_000));
    assert_eq!(save(&mia, &profile, CLEAR, at(30.0, 3_000)).await, at(30.0, 3_000));
    assert_eq!(save(&mia, &profile, CLEAR, at(20.0, 2_000)).await, at(30.0, 3_000), "a late retry changes nothing");
    assert_eq!(save(&mia, &profile, CLEAR, at(5.0, 4_000)).await, at(5.0, 4_000), "going back is a newer position");
    let saved = async |server: &TestServer, tokens: &common::Tokens| {
        json::<Progress>(server.get(&position(&profile, CLEAR)).bearer_auth(&tokens.access_token)).await
    };
    let tokens = mia.tokens.clone();
    let server = server.restart().await;
    assert_eq!(saved(&server, &tokens).await, at(5.0, 4_000));

    // A clock that is far ahead keeps its place for a day, not for ever.
    let mia = SignedIn { server: &server, tokens };
    let day_ms = 86_400_000;
    let held = save(&mia, &profile, CLEAR, at(7.0, i64::MAX)).await;
    assert_eq!(held.taken_at_ms, START_MS + day_ms);
}

#[tokio::test]
async fn impossible_positions_are_refused() {
    let server = TestServer::start().await;
    let mia = server.sign_in(MIA).await;
    let profile = mia.profile("Mia").await;
    let put = |body: &'static str| {
        let request = mia.request(Method::PUT, &position(&profile, CLEAR));
        request.header(header::CONTENT_TYPE, "application/json").body(body)
    };
    let bodies = [
        "",
        "{}",
        "[]",
        r#"{"position_s":-1,"duration_s":40,"taken_at_ms":1}"#,
        r#"{"position_s":1e400,"duration_s":40,"taken_at_ms":1}"#,
        r#"{"position_s":1000,"duration_s":40,"taken_at_ms":1}"#,
        r#"{"position_s":1,"duration_s":0,"taken_at_ms":1}"#,
        r#"{"position_s":NaN,"duration_s":40,"taken_at_ms":1}"#,
        r#"{"position_s":"1","duration_s":40,"taken_at_ms":1}"#,
        r#"{"position_s":1,"duration_s":40,"taken_at_ms":-1}"#,
    ];
    for body in bodies {
        expect(&problem(put(body)).await, 400, ProblemCode::InvalidRequest);
    }
    let unknown = mia.request(Method::PUT, &position(&profile, "no-such-title")).json(&at(1.0, 1));
    expect(&problem(unknown).await, 404, ProblemCode::NotFound);
}

#[tokio::test]
async fn playback_is_granted_for_what_is_ready_and_included() {
    let server = TestServer::start().await;
    let (mia, ben) = (server.sign_in(MIA).await, server.sign_in(BEN).await);
    let profile = mia.profile("Mia").await;
    save(&mia, &profile, ENCRYPTED, at(12.0, 5)).await;
    let grant: PlaybackGrant = json(mia.playback(ENCRYPTED, &profile)).await;
    assert_eq!(grant.protection, Protection::Cenc);
    assert_eq!(grant.expires_at_ms, START_MS + 4 * 3_600_000);
    assert_eq!(grant.progress, Some(at(12.0, 5)));
    assert!(grant.licence.unwrap().ends_with(grant.id.as_str()));
    let clear = mia.grant(CLEAR).await;
    assert_eq!((clear.licence, clear.protection), (None, Protection::Clear));

    let not_ready = problem(mia.playback(NOT_MADE, &profile)).await;
    expect(&not_ready, 409, ProblemCode::NotReady);
    assert_eq!(not_ready.retry_after_s, Some(5));
    let premium = find(|title| title.plan == Plan::Premium);
    let bens = ben.profile("Ben").await;
    expect(&problem(ben.playback(&premium, &bens)).await, 403, ProblemCode::NotEntitled);
    expect(&problem(mia.playback("no-such-title", &profile)).await, 404, ProblemCode::NotFound);
    let unknown_profile = ProfileId::from("no-such-profile");
    expect(&problem(mia.playback(CLEAR, &unknown_profile)).await, 404, ProblemCode::NotFound);
}

#[tokio::test]
async fn licence_has_the_key_of_the_title_and_stays_the_same() {
    let server = TestServer::start().await;
    let mia = server.sign_in(MIA).await;
    let kid = kid(&server, ENCRYPTED);
    let mut keys = Vec::new();
    for _ in 0..2 {
        let grant = mia.grant(ENCRYPTED).await;
        let response = ask(&mia, &grant, &[&kid]).send().await.unwrap();
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
        let licence: ClearKeyLicence = response.json().await.unwrap();
        assert_eq!((licence.session, licence.keys.len()), (SessionType::Temporary, 1));
        let key = licence.keys.into_iter().next().unwrap();
        assert_eq!((key.kty.as_str(), &key.kid), ("oct", &kid));
        assert_eq!(URL_SAFE_NO_PAD.decode(&key.k).unwrap().len(), 16);
        keys.push(key.k);
    }
    assert_eq!(keys[0], keys[1]);
}

#[tokio::test]
async fn licence_is_refused_to_everybody_else() {
    let server = TestServer::start().await;
    let (mia, ben) = (server.sign_in(MIA).await, server.sign_in(BEN).await);
    let grant = mia.grant(ENCRYPTED).await;
    let path = grant.licence.clone().unwrap();
    let kid = kid(&server, ENCRYPTED);
    let challenge = ClearKeyRequest { kids: vec![kid.clone()], session: SessionType::Temporary };

    let no_token = server.request(Method::POST, &path).json(&challenge);
    expect(&problem(no_token).await, 401, ProblemCode::Unauthenticated);
    expect(&problem(ask(&ben, &grant, &[&kid])).await, 404, ProblemCode::NotFound);
    let unknown = routes::fill(routes::LICENCE_CLEARKEY, &[("grant", "no-such-grant")]);
    let unknown = mia.request(Method::POST, &unknown).json(&challenge);
    expect(&problem(unknown).await, 404, ProblemCode::NotFound);
    let foreign = URL_SAFE_NO_PAD.encode([9; 16]);
    expect(&problem(ask(&mia, &grant, &[&foreign])).await, 403, ProblemCode::UnknownKey);
    let mixed: ClearKeyLicence = json(ask(&mia, &grant, &[&kid, &foreign])).await;
    assert_eq!(mixed.keys.iter().map(|key| &key.kid).collect::<Vec<_>>(), [&kid], "only what is allowed");
    let clear = mia.grant(CLEAR).await;
    let path_of_clear = routes::fill(routes::LICENCE_CLEARKEY, &[("grant", clear.id.as_str())]);
    let key_by_clear_grant = mia.request(Method::POST, &path_of_clear).json(&challenge);
    expect(&problem(key_by_clear_grant).await, 403, ProblemCode::UnknownKey);

    for body in [
        r#"{"kids":[]}"#.to_owned(),
        r#"{"kids":["short"]}"#.to_owned(),
        format!(r#"{{"kids":["{kid}=="]}}"#),
        format!(r#"{{"kids":["{kid}"],"type":"for-ever"}}"#),
        format!(r#"{{"kids":[{}]}}"#, vec![format!("\"{kid}\""); 33].join(",")),
        "{".to_owned(),
        format!("{}{}", "[".repeat(5_000), "]".repeat(5_000)),
    ] {
        let request = mia.request(Method::POST, &path).header(header::CONTENT_TYPE, "application/json").body(body);
        expect(&problem(request).await, 400, ProblemCode::InvalidRequest);
    }

    server.clock.advance(Duration::from_secs(4 * 3_600));
    let tokens = server.refresh(&mia.tokens.refresh_token).await.unwrap();
    let mia = SignedIn { server: &server, tokens };
    expect(&problem(ask(&mia, &grant, &[&kid])).await, 410, ProblemCode::GrantExpired);

    let outcomes: Vec<String> = sqlx::query_scalar("SELECT outcome FROM licence_audit ORDER BY id")
        .fetch_all(&mut server.database().await)
        .await
        .unwrap();
    let expected = ["foreign", "not-found", "unknown-key", "granted", "unknown-key", "grant-expired"];
    assert_eq!(outcomes, expected, "every decision about a signed-in account is written down");
}

#[tokio::test]
async fn licence_is_decided_anew_for_each_request() {
    let server = TestServer::start().await;
    let mia = server.sign_in(MIA).await;
    let grant = mia.grant(ENCRYPTED).await;
    let kid = kid(&server, ENCRYPTED);
    assert_eq!(ask(&mia, &grant, &[&kid]).send().await.unwrap().status(), StatusCode::OK);
    // The profile that the grant was made for is removed from the household.
    let mut database = server.database().await;
    sqlx::query("DELETE FROM identity_profiles WHERE name = 'Mia'").execute(&mut database).await.unwrap();
    expect(&problem(ask(&mia, &grant, &[&kid])).await, 404, ProblemCode::NotFound);
}

async fn save(app: &SignedIn<'_>, profile: &ProfileId, title: &str, progress: Progress) -> Progress {
    json(app.request(Method::PUT, &position(profile, title)).json(&progress)).await
}

fn ask(app: &SignedIn<'_>, grant: &PlaybackGrant, kids: &[&str]) -> RequestBuilder {
    let path = routes::fill(routes::LICENCE_CLEARKEY, &[("grant", grant.id.as_str())]);
    let kids = kids.iter().map(|kid| (*kid).to_owned()).collect();
    app.request(Method::POST, &path).json(&ClearKeyRequest { kids, session: SessionType::Temporary })
}

/// The key id, as a player would read it from the media.
fn kid(server: &TestServer, title: &str) -> String {
    let key = server.running.key_source().content_key(&title.into()).unwrap();
    URL_SAFE_NO_PAD.encode(key.kid)
}
