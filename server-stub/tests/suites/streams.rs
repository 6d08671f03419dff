//! Streams against those who would share one, and what becomes of a stream when its sign-in ends: cases L05, L06, L09,
//! L11 and A26.

use crate::common::{
    self, App, BEN, Browser, CLEAR, ENCRYPTED, MIA, SignedIn, TestServer, expect,
    idp::{Inbox, Tab, link_of, with_clients},
    json, problem,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{Method, RequestBuilder, StatusCode};
use server_stub::{PlanTerms, Plans, Revoked};
use service_api::{
    identity::{Device, DeviceKind, Role},
    licence::{ClearKeyLicence, ClearKeyRequest, KeptLicence, SessionType},
    playback::{HeartbeatAnswer, PlaybackGrant, RegisteredDevice},
    problem::ProblemCode,
    routes,
};
use std::time::Duration;

const HEARTBEAT: Duration = Duration::from_secs(30);
/// How soon what is taken back has to end.
const SOON: Duration = Duration::from_secs(10);

async fn start(app: &SignedIn<'_>, title: &str, device: &str) -> RequestBuilder {
    let profile = app.me().await.profiles.remove(0).id;
    let body = serde_json::json!({ "title": title, "profile": profile, "device": { "id": device } });
    app.request(Method::POST, routes::PLAYBACK).json(&body)
}

async fn started(app: &SignedIn<'_>, title: &str, device: &str) -> PlaybackGrant {
    json(start(app, title, device).await).await
}

fn heartbeat(app: &SignedIn<'_>, grant: &PlaybackGrant) -> RequestBuilder {
    let path = routes::fill(routes::PLAYBACK_HEARTBEAT, &[("grant", grant.id.as_str())]);
    app.request(Method::POST, &path).json(&serde_json::json!({}))
}

fn end(app: &SignedIn<'_>, grant: &PlaybackGrant) -> RequestBuilder {
    app.request(Method::DELETE, &routes::fill(routes::PLAYBACK_GRANT, &[("grant", grant.id.as_str())]))
}

async fn status(request: RequestBuilder) -> StatusCode {
    request.send().await.unwrap().status()
}

fn ask(server: &TestServer, app: &SignedIn<'_>, grant: &PlaybackGrant, session: SessionType) -> RequestBuilder {
    let kid = URL_SAFE_NO_PAD.encode(server.running.key_source().content_key(&ENCRYPTED.into()).unwrap().kid);
    let path = routes::fill(routes::LICENCE_CLEARKEY, &[("grant", grant.id.as_str())]);
    app.request(Method::POST, &path).json(&ClearKeyRequest { kids: vec![kid], session })
}

async fn with_streams(streams: u32) -> TestServer {
    TestServer::start_with(|config| {
        config.rights.plans.premium = PlanTerms { streams, ..Plans::default().premium };
    })
    .await
}

#[tokio::test]
async fn l06_machines_that_say_they_are_one_device_share_no_stream() {
    let server = with_streams(2).await;
    let mia = server.sign_in(MIA).await;
    // With one sign-in: each start takes the stream from the one before.
    let mut grants = Vec::new();
    for _ in 0..5 {
        grants.push(started(&mia, ENCRYPTED, "x").await);
    }
    let newest = grants.pop().unwrap();
    server.clock.advance(SOON);
    for late in &grants {
        expect(&problem(heartbeat(&mia, late)).await, 403, ProblemCode::StreamLimit);
        expect(&problem(server.get(&late.manifest)).await, 403, ProblemCode::StreamLimit);
        let licence = ask(&server, &mia, late, SessionType::Temporary);
        expect(&problem(licence).await, 403, ProblemCode::StreamLimit);
    }
    json::<HeartbeatAnswer>(heartbeat(&mia, &newest)).await;
    assert_eq!(status(server.get(&newest.manifest)).await, StatusCode::OK);
    let devices: Vec<RegisteredDevice> = json(mia.get(routes::PLAYBACK_DEVICES)).await;
    assert_eq!((devices.len(), devices[0].streaming), (1, true));

    // With sign-ins of their own they are devices of their own, however they call themselves.
    let other = server.sign_in(MIA).await;
    let theirs = started(&other, ENCRYPTED, "x").await;
    expect(&problem(heartbeat(&mia, &newest)).await, 403, ProblemCode::StreamLimit);
    let again = started(&mia, ENCRYPTED, "x").await;
    json::<HeartbeatAnswer>(heartbeat(&other, &theirs)).await;
    json::<HeartbeatAnswer>(heartbeat(&mia, &again)).await;
    let third = server.sign_in(MIA).await;
    started(&third, ENCRYPTED, "x").await;
    expect(&problem(start(&other, ENCRYPTED, "x").await).await, 403, ProblemCode::StreamLimit);
    let devices: Vec<RegisteredDevice> = json(mia.get(routes::PLAYBACK_DEVICES)).await;
    assert_eq!(devices.iter().filter(|device| device.streaming).count(), 2);
}

#[tokio::test]
async fn l07_player_keeps_its_stream_over_pauses_and_from_title_to_title() {
    let server = with_streams(1).await;
    let mia = server.sign_in(MIA).await;
    let first = started(&mia, ENCRYPTED, "tv").await;
    // So long paused that the lease has ended; nobody else has wanted it.
    server.clock.advance(4 * HEARTBEAT);
    assert_eq!(status(server.get(&first.manifest)).await, StatusCode::OK);
    server.clock.advance(4 * HEARTBEAT);
    json::<HeartbeatAnswer>(heartbeat(&mia, &first)).await;
    // Another title is got ahead and given back.
    let ahead = started(&mia, CLEAR, "tv").await;
    assert_eq!(status(end(&mia, &ahead)).await, StatusCode::NO_CONTENT);
    json::<HeartbeatAnswer>(heartbeat(&mia, &first)).await;
    // It is watched.
    let second = started(&mia, CLEAR, "tv").await;
    json::<HeartbeatAnswer>(heartbeat(&mia, &second)).await;
    // The end of the one before, told late, does not end it.
    assert_eq!(status(end(&mia, &first)).await, StatusCode::NO_CONTENT);
    server.clock.advance(SOON);
    json::<HeartbeatAnswer>(heartbeat(&mia, &second)).await;
    assert_eq!(status(server.get(&second.manifest)).await, StatusCode::OK);
    expect(&problem(start(&mia, CLEAR, "phone").await).await, 403, ProblemCode::StreamLimit);
    // Whoever signs in again on the same device is the same device.
    let again = server.sign_in(MIA).await;
    started(&again, ENCRYPTED, "tv").await;
    let devices: Vec<RegisteredDevice> = json(mia.get(routes::PLAYBACK_DEVICES)).await;
    assert_eq!(devices.len(), 2, "the phone was refused a stream, not its place");
}

#[tokio::test]
async fn l09_repeated_request_never_gives_what_has_ended() {
    let server = with_streams(1).await;
    let mia = server.sign_in(MIA).await;
    let repeat = async |key: &'static str| start(&mia, ENCRYPTED, "tv").await.header("idempotency-key", key);
    let first: PlaybackGrant = json(repeat("one").await).await;
    assert_eq!(json::<PlaybackGrant>(repeat("one").await).await.id, first.id);
    assert_eq!(status(end(&mia, &first)).await, StatusCode::NO_CONTENT);
    expect(&problem(repeat("one").await).await, 403, ProblemCode::Revoked);
    // And has taken no stream.
    let phone = started(&mia, ENCRYPTED, "phone").await;

    // A start that was refused may be tried again under the same name.
    expect(&problem(repeat("two").await).await, 403, ProblemCode::StreamLimit);
    assert_eq!(status(end(&mia, &phone)).await, StatusCode::NO_CONTENT);
    let second: PlaybackGrant = json(repeat("two").await).await;
    json::<HeartbeatAnswer>(heartbeat(&mia, &second)).await;

    server.clock.advance(Duration::from_secs(4 * 3_600));
    let mia = SignedIn { server: &server, tokens: server.refresh(&mia.tokens.refresh_token).await.unwrap() };
    let late = start(&mia, ENCRYPTED, "tv").await.header("idempotency-key", "two");
    expect(&problem(late).await, 410, ProblemCode::GrantExpired);
    started(&mia, ENCRYPTED, "phone").await;
}

#[tokio::test]
async fn l11_kept_licence_can_be_taken_back() {
    let server = TestServer::start().await;
    let mia = server.sign_in(MIA).await;
    let account = mia.me().await.id;
    let keep = async || {
        server.clock.advance(Duration::from_millis(1));
        let grant = started(&mia, ENCRYPTED, "tv").await;
        let licence: ClearKeyLicence = json(ask(&server, &mia, &grant, SessionType::PersistentLicense)).await;
        licence.licence.unwrap()
    };
    let play =
        |licence: &str| mia.request(Method::POST, &routes::fill(routes::LICENCE_FIRST_PLAY, &[("licence", licence)]));
    let mut before = keep().await;
    json::<KeptLicence>(play(&before)).await;
    for what in [
        Revoked::Account(account.clone()),
        Revoked::Device(account.clone(), "tv".to_owned()),
        Revoked::Title(ENCRYPTED.into()),
    ] {
        server.running.revoke(&what).await.unwrap();
        expect(&problem(play(&before)).await, 403, ProblemCode::Revoked);
        let licence = keep().await;
        json::<KeptLicence>(play(&licence)).await;
        // A device keeps one licence of a title.
        expect(&problem(play(&before)).await, 404, ProblemCode::NotFound);
        before = licence;
    }
    let remove = mia.request(Method::DELETE, &routes::fill(routes::PLAYBACK_DEVICE, &[("device", "tv")]));
    assert_eq!(status(remove).await, StatusCode::NO_CONTENT);
    expect(&problem(play(&before)).await, 403, ProblemCode::Revoked);
}

/// What ends a sign-in of Ada's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Revocation,
    ReplayedRefresh,
    ReplayedCode,
    ListOfDevices,
    Others,
    Password,
    Recovery,
    Role,
    Removal,
}

#[tokio::test]
async fn a26_whatever_ends_a_sign_in_ends_what_it_plays() {
    use Ending as E;
    let endings = [
        E::Revocation,
        E::ReplayedRefresh,
        E::ReplayedCode,
        E::ListOfDevices,
        E::Others,
        E::Password,
        E::Recovery,
        E::Role,
        E::Removal,
    ];
    let (inbox, mut mails) = Inbox::new();
    let server = TestServer::start_with(|config| {
        with_clients(config);
        config.identity.mail = Some(inbox);
        config.rights.plans.basic = PlanTerms { streams: 1, ..Plans::default().basic };
    })
    .await;
    server.set_role(BEN, Role::Admin).await;
    let mut password = "an old correct horse".to_owned();
    let ada = "ada@lumen.example";
    let tab = Tab::new(&server);
    tab.fill("/register", &[("name", "Ada"), ("email", ada), ("password", &password)]).await;
    let page = tab.page(&link_of(&mails.recv().await.unwrap(), &server)).await;
    let link = common::between(&page, r#"name="link" value=""#, "\"").to_owned();
    tab.fill_page("/register/confirm", &page, &[("link", &link)]).await;
    for ending in endings {
        // Guesses and mails are limited in number, by the hour.
        server.clock.advance(Duration::from_secs(7_200));
        let app = App::new();
        let browser = Browser::open(&server, &app).await;
        let code = browser.submit(&[("email", ada), ("password", &password)]).await.code();
        let tv = SignedIn { server: &server, tokens: server.exchange(&app, &code).await.unwrap() };
        let grant = started(&tv, ENCRYPTED, "tv").await;
        assert_eq!(status(server.get(&grant.manifest)).await, StatusCode::OK, "{ending:?}");
        let authorization = routes::fill(routes::LICENCE_AUTHORIZATION, &[("grant", grant.id.as_str())]);
        let kid = URL_SAFE_NO_PAD.encode(server.running.key_source().content_key(&ENCRYPTED.into()).unwrap().kid);
        let token = tv.get(&format!("{authorization}?kids={kid}")).send().await.unwrap().text().await.unwrap();
        let tab = Tab::new(&server);
        if matches!(ending, E::Others | E::Password) {
            tab.sign_in(ada, &password).await;
        }
        let id = tv.me().await.id;
        match ending {
            E::Revocation => {
                let form = [("token", tv.tokens.refresh_token.as_str())];
                assert_eq!(status(server.request(Method::POST, routes::OAUTH_REVOKE).form(&form)).await, 200);
            }
            E::ReplayedRefresh => {
                server.refresh(&tv.tokens.refresh_token).await.unwrap();
                server.refresh(&tv.tokens.refresh_token).await.unwrap_err();
            }
            E::ReplayedCode => drop(server.exchange(&app, &code).await.unwrap_err()),
            E::ListOfDevices => {
                let devices: Vec<Device> = json(tv.get(routes::ACCOUNT_DEVICES)).await;
                let app = devices.iter().find(|device| device.kind == DeviceKind::App && device.is_current).unwrap();
                let path = routes::fill(routes::ACCOUNT_DEVICE, &[("device", &app.id)]);
                assert_eq!(status(tv.request(Method::DELETE, &path)).await, StatusCode::NO_CONTENT);
            }
            E::Others => {
                let page = tab.page("/account").await;
                tab.fill_page("/account/end-others", &page, &[]).await;
            }
            E::Password => {
                let page = tab.page("/account").await;
                let new = "a newer correct horse";
                tab.fill_page("/account/password", &page, &[("current", &password), ("password", new)]).await;
                new.clone_into(&mut password);
            }
            E::Recovery => {
                tab.fill("/recover", &[("email", ada)]).await;
                let path = loop {
                    let mail = mails.recv().await.unwrap();
                    if mail.subject == "Set a new password" {
                        break link_of(&mail, &server);
                    }
                };
                let page = tab.page(&path).await;
                let link = common::between(&page, r#"name="link" value=""#, "\"").to_owned();
                let new = "the newest correct horse";
                tab.fill_page("/recover/password", &page, &[("link", &link), ("password", new)]).await;
                new.clone_into(&mut password);
            }
            E::Role => {
                let path = routes::fill(routes::ADMIN_ACCOUNT_ROLE, &[("account", id.as_str())]);
                let ben = server.sign_in(BEN).await;
                let change = ben.request(Method::PUT, &path).json(&serde_json::json!({ "role": "qa" }));
                assert_eq!(status(change).await, StatusCode::NO_CONTENT);
            }
            E::Removal => {
                let path = routes::fill(routes::ADMIN_ACCOUNT, &[("account", id.as_str())]);
                let ben = server.sign_in(BEN).await;
                assert_eq!(status(ben.request(Method::DELETE, &path)).await, StatusCode::NO_CONTENT);
            }
        }
        let by_token = server.request(Method::POST, routes::LICENCE_CLEARKEY_BY_TOKEN).bearer_auth(&token);
        let by_token = by_token.json(&serde_json::json!({ "kids": [kid] }));
        assert_eq!(problem(by_token).await.code, ProblemCode::Revoked, "{ending:?}");
        if ending != E::Removal {
            // Its stream is free at once: the plan has one.
            let app = App::new();
            let browser = Browser::open(&server, &app).await;
            let code = browser.submit(&[("email", ada), ("password", &password)]).await.code();
            let phone = SignedIn { server: &server, tokens: server.exchange(&app, &code).await.unwrap() };
            let other = started(&phone, ENCRYPTED, "phone").await;
            assert_eq!(status(end(&phone, &other)).await, StatusCode::NO_CONTENT);
        }
        server.clock.advance(SOON);
        let segment = problem(server.get(&grant.manifest)).await;
        assert_eq!((segment.status, segment.code), (403, ProblemCode::Revoked), "{ending:?}");
    }
}
