//! Streams, devices, regions and licences over HTTP: cases L02 to L15.

use crate::common::{self, BEN, CLEAR, ENCRYPTED, MIA, SignedIn, TestServer, expect, json, problem};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use reqwest::{Method, RequestBuilder, StatusCode};
use server_stub::{LicenceSystem, PlanTerms, Plans, RecordingProxy, Revoked};
use service_api::{
    licence::{ClearKeyLicence, ClearKeyRequest, KeptLicence, SessionType},
    playback::{HeartbeatAnswer, PlaybackGrant, Quality, RegisteredDevice},
    problem::ProblemCode,
    routes,
};
use sha2::{Digest, Sha256};
use std::{sync::Arc, time::Duration};

const HEARTBEAT: Duration = Duration::from_secs(30);

/// Asks for playback as a device of that name.
async fn start_on(app: &SignedIn<'_>, title: &str, device: serde_json::Value) -> RequestBuilder {
    let profile = app.me().await.profiles.remove(0).id;
    let body = serde_json::json!({ "title": title, "profile": profile, "device": device });
    app.request(Method::POST, routes::PLAYBACK).json(&body)
}

async fn start(app: &SignedIn<'_>, device: &str) -> RequestBuilder {
    start_on(app, ENCRYPTED, serde_json::json!({ "id": device })).await
}

fn heartbeat(app: &SignedIn<'_>, grant: &PlaybackGrant) -> RequestBuilder {
    let path = routes::fill(routes::PLAYBACK_HEARTBEAT, &[("grant", grant.id.as_str())]);
    app.request(Method::POST, &path).json(&serde_json::json!({}))
}

fn ask(app: &SignedIn<'_>, grant: &PlaybackGrant, kids: &[&str], session: SessionType) -> RequestBuilder {
    let kids = kids.iter().map(|kid| (*kid).to_owned()).collect();
    app.request(Method::POST, grant.licence.as_deref().unwrap()).json(&ClearKeyRequest { kids, session })
}

fn kid(server: &TestServer) -> String {
    URL_SAFE_NO_PAD.encode(server.running.key_source().content_key(&ENCRYPTED.into()).unwrap().kid)
}

fn kids_of(licence: &ClearKeyLicence) -> Vec<&str> {
    licence.keys.iter().map(|key| key.kid.as_str()).collect()
}

async fn anew<'a>(server: &'a TestServer, app: &SignedIn<'_>) -> SignedIn<'a> {
    SignedIn { server, tokens: server.refresh(&app.tokens.refresh_token).await.unwrap() }
}

/// A catalog file in which the encrypted test picture is offered only in these windows.
fn windows(server: &TestServer, windows: serde_json::Value) -> String {
    let mut file: serde_json::Value = serde_json::from_str(&server.running.export_catalog()).unwrap();
    for title in file["titles"].as_array_mut().unwrap() {
        if title["id"] == ENCRYPTED {
            title["windows"] = windows.clone();
        }
    }
    file.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn l06_as_many_streams_as_the_plan_has_and_one_per_device() {
    let server = TestServer::start_with(|config| {
        config.rights.plans.premium = PlanTerms { streams: 2, devices: 100, ..Plans::default().premium };
    })
    .await;
    let mia = server.sign_in(MIA).await;
    let mut starts = tokio::task::JoinSet::new();
    for number in 0..40 {
        let request = start(&mia, &format!("tv-{number}")).await;
        starts.spawn(async move { request.send().await.unwrap().status() });
    }
    let statuses = starts.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::OK).count(), 2);
    assert!(statuses.iter().all(|status| matches!(*status, StatusCode::OK | StatusCode::FORBIDDEN)), "{statuses:?}");
    expect(&problem(start(&mia, "late").await).await, 403, ProblemCode::StreamLimit);
    let devices: Vec<RegisteredDevice> = json(mia.get(routes::PLAYBACK_DEVICES)).await;
    let watching: Vec<_> = devices.iter().filter(|device| device.streaming).collect();
    assert_eq!(watching.len(), 2);
    let profile = mia.me().await.profiles.remove(0).id;
    assert!(watching.iter().all(|device| device.grant.is_some() && device.profile.as_ref() == Some(&profile)));
    let renamed = serde_json::json!({ "id": watching[0].id, "name": "Living room TV" });
    let again: PlaybackGrant = json(start_on(&mia, ENCRYPTED, renamed).await).await;
    assert_eq!(again.heartbeat_s, Some(30));
    let devices: Vec<RegisteredDevice> = json(mia.get(routes::PLAYBACK_DEVICES)).await;
    let renamed = devices.iter().find(|device| device.name == "Living room TV").unwrap();
    assert_eq!((&renamed.id, renamed.grant.as_ref()), (&watching[0].id, Some(&again.id)));
    let end = routes::fill(routes::PLAYBACK_GRANT, &[("grant", again.id.as_str())]);
    assert_eq!(mia.request(Method::DELETE, &end).send().await.unwrap().status(), StatusCode::NO_CONTENT);
    json::<PlaybackGrant>(start(&mia, "late").await).await;
    expect(&problem(heartbeat(&mia, &again)).await, 403, ProblemCode::Revoked);
}

#[tokio::test]
async fn l07_silent_device_loses_its_stream_everywhere() {
    let server = TestServer::start_with(|config| {
        config.rights.plans.premium = PlanTerms { streams: 1, ..Plans::default().premium };
    })
    .await;
    let mia = server.sign_in(MIA).await;
    let first: PlaybackGrant = json(start(&mia, "first").await).await;
    expect(&problem(start(&mia, "second").await).await, 403, ProblemCode::StreamLimit);
    for _ in 0..3 {
        server.clock.advance(HEARTBEAT);
        let answer: HeartbeatAnswer = json(heartbeat(&mia, &first)).await;
        assert_eq!((answer.next_s, answer.expires_at_ms), (30, first.expires_at_ms));
    }
    // Segments count as heartbeats.
    for _ in 0..3 {
        server.clock.advance(HEARTBEAT);
        assert_eq!(server.get(&first.manifest).send().await.unwrap().status(), StatusCode::OK);
        expect(&problem(start(&mia, "second").await).await, 403, ProblemCode::StreamLimit);
    }
    server.clock.advance(2 * HEARTBEAT);
    let second: PlaybackGrant = json(start(&mia, "second").await).await;
    expect(&problem(heartbeat(&mia, &first)).await, 403, ProblemCode::StreamLimit);
    expect(&problem(server.get(&first.manifest)).await, 403, ProblemCode::StreamLimit);
    expect(&problem(ask(&mia, &first, &[&kid(&server)], SessionType::Temporary)).await, 403, ProblemCode::StreamLimit);
    assert_eq!(server.get(&second.manifest).send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn l05_device_beyond_the_plan_waits_until_one_is_removed() {
    let server = TestServer::start_with(|config| {
        config.rights.plans.premium = PlanTerms { devices: 2, swaps: 1, ..Plans::default().premium };
    })
    .await;
    let (mia, ben) = (server.sign_in(MIA).await, server.sign_in(BEN).await);
    let first: PlaybackGrant = json(start(&mia, "first").await).await;
    json::<PlaybackGrant>(start(&mia, "second").await).await;
    expect(&problem(start(&mia, "third").await).await, 403, ProblemCode::DeviceLimit);
    let remove = |app: &SignedIn<'_>, device: &str| {
        app.request(Method::DELETE, &routes::fill(routes::PLAYBACK_DEVICE, &[("device", device)]))
    };
    expect(&problem(remove(&ben, "first")).await, 404, ProblemCode::NotFound);
    assert_eq!(remove(&mia, "first").send().await.unwrap().status(), StatusCode::NO_CONTENT);
    expect(&problem(heartbeat(&mia, &first)).await, 403, ProblemCode::Revoked);
    json::<PlaybackGrant>(start(&mia, "third").await).await;
    remove(&mia, "second").send().await.unwrap();
    expect(&problem(start(&mia, "fourth").await).await, 403, ProblemCode::DeviceLimit);
    for bad in ["", "a b", &"x".repeat(65)] {
        expect(&problem(start(&mia, bad).await).await, 400, ProblemCode::InvalidRequest);
    }
}

#[tokio::test]
async fn l03_l04_region_decides_and_only_our_proxies_may_tell_it() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("regions");
    std::fs::write(&table, "192.0.2.0/24 NL\n198.51.100.0/24 DE\n203.0.113.0/24 hidden\n").unwrap();
    let server = TestServer::start_with(|config| {
        config.rights.region_table = Some(table.clone());
        config.proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    let file = windows(&server, serde_json::json!([{ "regions": ["NL"] }]));
    server.running.import_catalog(&file).await.unwrap();
    let mia = server.sign_in(MIA).await;
    let from = |request: RequestBuilder, address: &str| request.header("x-forwarded-for", address);
    let dutch: PlaybackGrant = json(from(start(&mia, "tv").await, "192.0.2.7")).await;
    expect(&problem(from(start(&mia, "tv").await, "198.51.100.7")).await, 451, ProblemCode::NotAvailableHere);
    expect(&problem(from(start(&mia, "tv").await, "203.0.113.7")).await, 451, ProblemCode::AddressHidden);
    expect(&problem(start(&mia, "tv").await).await, 451, ProblemCode::NotAvailableHere);
    // The viewer moves: everything that renews is refused.
    let kid = kid(&server);
    json::<HeartbeatAnswer>(from(heartbeat(&mia, &dutch), "192.0.2.7")).await;
    expect(&problem(from(heartbeat(&mia, &dutch), "198.51.100.7")).await, 451, ProblemCode::NotAvailableHere);
    let licence = ask(&mia, &dutch, &[&kid], SessionType::Temporary);
    expect(&problem(from(licence, "203.0.113.7")).await, 451, ProblemCode::AddressHidden);
    expect(&problem(from(server.get(&dutch.manifest), "198.51.100.7")).await, 451, ProblemCode::NotAvailableHere);
    // What the viewer wrote in front of what the proxy wrote is not believed.
    let forged = from(start(&mia, "tv").await, "192.0.2.7, 198.51.100.7");
    expect(&problem(forged).await, 451, ProblemCode::NotAvailableHere);

    let direct = TestServer::start_with(|config| config.rights.region_table = Some(table)).await;
    direct.running.import_catalog(&file).await.unwrap();
    let mia = direct.sign_in(MIA).await;
    let spoofed = from(start(&mia, "tv").await, "192.0.2.7");
    expect(&problem(spoofed).await, 451, ProblemCode::NotAvailableHere);
}

#[tokio::test]
async fn l09_messages_are_answered_once_and_requests_repeated_alike() {
    let server = TestServer::start().await;
    let mia = server.sign_in(MIA).await;
    let key = "a-request-of-mine";
    let first: PlaybackGrant = json(start(&mia, "tv").await.header("idempotency-key", key)).await;
    let again: PlaybackGrant = json(start(&mia, "tv").await.header("idempotency-key", key)).await;
    assert_eq!(first.id, again.id);
    let other = start_on(&mia, CLEAR, serde_json::json!({ "id": "tv" })).await.header("idempotency-key", key);
    expect(&problem(other).await, 409, ProblemCode::Replayed);
    let kid = kid(&server);
    let with_nonce = |nonce: &str| ask(&mia, &first, &[&kid], SessionType::Temporary).header("lumen-nonce", nonce);
    json::<ClearKeyLicence>(with_nonce("0123456789abcdef")).await;
    expect(&problem(with_nonce("0123456789abcdef")).await, 409, ProblemCode::Replayed);
    json::<ClearKeyLicence>(with_nonce("0123456789abcdeg")).await;
    expect(&problem(with_nonce("short")).await, 400, ProblemCode::InvalidRequest);

    // A token is used once.
    let path = routes::fill(routes::LICENCE_AUTHORIZATION, &[("grant", first.id.as_str())]);
    let token = mia.get(&format!("{path}?kids={kid}")).send().await.unwrap().text().await.unwrap();
    let by_token = |token: &str| {
        let request = server.request(Method::POST, routes::LICENCE_CLEARKEY_BY_TOKEN).bearer_auth(token);
        request.json(&serde_json::json!({ "kids": [kid] }))
    };
    assert_eq!(kids_of(&json(by_token(&token)).await), [kid.as_str()]);
    expect(&problem(by_token(&token)).await, 409, ProblemCode::Replayed);
    expect(&problem(by_token(&"x".repeat(5_001))).await, 401, ProblemCode::Unauthenticated);
    expect(&problem(by_token("a.b.c")).await, 401, ProblemCode::Unauthenticated);
    let late = mia.get(&format!("{path}?kids={kid}")).send().await.unwrap().text().await.unwrap();
    server.clock.advance(Duration::from_secs(90));
    expect(&problem(by_token(&late)).await, 401, ProblemCode::Unauthenticated);
}

#[tokio::test]
async fn l02_l10_only_the_keys_that_title_device_and_token_allow() {
    let server = TestServer::start().await;
    let mia = server.sign_in(MIA).await;
    let uuid = |number: u8| uuid_of([number; 16]);
    let keys: String = (1..=3)
        .map(|number| {
            let value = STANDARD.encode([number + 100; 16]);
            format!(
                "<ContentKey kid=\"{}\"><Data><Secret><PlainValue>{value}</PlainValue></Secret></Data></ContentKey>",
                uuid(number)
            )
        })
        .collect();
    let rules: String = [(1, "SD"), (2, "HD"), (3, "UHD")]
        .map(|(number, track)| format!("<ContentKeyUsageRule kid=\"{}\" intendedTrackType=\"{track}\"/>", uuid(number)))
        .concat();
    let cpix = format!(
        "<CPIX contentId=\"{ENCRYPTED}\"><ContentKeyList>{keys}</ContentKeyList>\
         <ContentKeyUsageRuleList>{rules}</ContentKeyUsageRuleList></CPIX>"
    );
    assert_eq!(server.running.import_keys(&cpix).await.unwrap(), 3);
    assert_eq!(server.running.import_keys(&cpix).await.unwrap(), 0, "the same again changes nothing");
    assert!(
        server
            .running
            .import_keys(&cpix.replace(&STANDARD.encode([101; 16]), &STANDARD.encode([9; 16])))
            .await
            .is_err()
    );
    let exported = server.running.export_keys(&ENCRYPTED.into()).await.unwrap();
    assert!(exported.contains(&uuid(3)) && exported.contains(&STANDARD.encode([103; 16])));

    let all = [[1; 16], [2; 16], [3; 16]].map(|kid: [u8; 16]| URL_SAFE_NO_PAD.encode(kid));
    let (own, foreign) = (kid(&server), URL_SAFE_NO_PAD.encode([9; 16]));
    let wanted = [&own, &all[0], &all[1], &all[2], &foreign].map(String::as_str);
    let devices = [
        (serde_json::json!({ "id": "phone" }), 1, Quality::Sd),
        (serde_json::json!({ "id": "desk", "security": "software", "protected_output": true }), 2, Quality::Hd),
        (serde_json::json!({ "id": "tv", "security": "hardware", "protected_output": true }), 3, Quality::Uhd),
    ];
    for (device, count, quality) in devices {
        let grant: PlaybackGrant = json(start_on(&mia, ENCRYPTED, device).await).await;
        assert_eq!(grant.quality, Some(quality));
        let licence: ClearKeyLicence = json(ask(&mia, &grant, &wanted, SessionType::Temporary)).await;
        let mut got = kids_of(&licence);
        got.sort_unstable();
        let mut allowed: Vec<&str> = wanted[..=count].to_vec();
        allowed.sort_unstable();
        assert_eq!(got, allowed);
    }
    let phone: PlaybackGrant = json(start(&mia, "phone").await).await;
    let beyond = ask(&mia, &phone, &[&all[2]], SessionType::Temporary);
    expect(&problem(beyond).await, 403, ProblemCode::UnknownKey);
    // A token for one key gives that one, whatever is asked.
    let path = routes::fill(routes::LICENCE_AUTHORIZATION, &[("grant", phone.id.as_str())]);
    let token = mia.get(&format!("{path}?kids={own},{foreign}")).send().await.unwrap().text().await.unwrap();
    let by_token = server.request(Method::POST, routes::LICENCE_CLEARKEY_BY_TOKEN).bearer_auth(token);
    let licence: ClearKeyLicence = json(by_token.json(&serde_json::json!({ "kids": wanted }))).await;
    assert_eq!(kids_of(&licence), [own.as_str()]);

    let revoked: [u8; 16] = [1; 16];
    assert!(server.running.revoke_key(&revoked).await.unwrap());
    expect(&problem(ask(&mia, &phone, &[&all[0]], SessionType::Temporary)).await, 403, ProblemCode::UnknownKey);
    let path = routes::fill(routes::LICENCE_HLS_KEY, &[("grant", phone.id.as_str()), ("kid", &own)]);
    let key = mia.get(&path).send().await.unwrap();
    assert_eq!(key.headers()["content-type"], "application/octet-stream");
    let expected = server.running.key_source().content_key(&ENCRYPTED.into()).unwrap();
    assert_eq!(key.bytes().await.unwrap(), expected.key.as_slice());
}

fn uuid_of(bytes: [u8; 16]) -> String {
    uuid::Uuid::from_bytes(bytes).to_string()
}

#[tokio::test]
async fn l11_renewals_end_with_the_window_and_kept_licences_with_what_comes_first() {
    let server = TestServer::start().await;
    let (mia, ben) = (server.sign_in(MIA).await, server.sign_in(BEN).await);
    let day_ms = 86_400_000;
    let until = common::START_MS + 10 * day_ms;
    let file = windows(&server, serde_json::json!([{ "until_ms": until }]));
    server.running.import_catalog(&file).await.unwrap();
    let kid = kid(&server);
    let bens: PlaybackGrant = json(start(&ben, "tv").await).await;
    let refused = problem(ask(&ben, &bens, &[&kid], SessionType::PersistentLicense)).await;
    expect(&refused, 403, ProblemCode::OfflineNotAllowed);
    let grant: PlaybackGrant = json(start(&mia, "tv").await).await;
    let kept: ClearKeyLicence = json(ask(&mia, &grant, &[&kid], SessionType::PersistentLicense)).await;
    assert_eq!((kept.session, kept.expires_at_ms), (SessionType::PersistentLicense, Some(until)));
    let path = routes::fill(routes::LICENCE_FIRST_PLAY, &[("licence", kept.licence.as_deref().unwrap())]);
    let played: KeptLicence = json(mia.request(Method::POST, &path)).await;
    assert_eq!(played.expires_at_ms, common::START_MS + 2 * day_ms);
    server.clock.advance(Duration::from_secs(60));
    assert_eq!(json::<KeptLicence>(mia.request(Method::POST, &path)).await, played, "only the first play counts");
    expect(&problem(ben.request(Method::POST, &path)).await, 404, ProblemCode::NotFound);

    let file = windows(&server, serde_json::json!([{ "until_ms": common::START_MS + 120_000 }]));
    server.running.import_catalog(&file).await.unwrap();
    json::<HeartbeatAnswer>(heartbeat(&mia, &grant)).await;
    server.clock.advance(Duration::from_secs(60));
    expect(&problem(heartbeat(&mia, &grant)).await, 403, ProblemCode::NotAvailableNow);
    expect(&problem(ask(&mia, &grant, &[&kid], SessionType::Temporary)).await, 403, ProblemCode::NotAvailableNow);
    expect(&problem(server.get(&grant.manifest)).await, 403, ProblemCode::NotAvailableNow);
}

#[tokio::test]
async fn what_is_taken_back_ends_within_seconds() {
    let server = TestServer::start().await;
    let mia = server.sign_in(MIA).await;
    let account = mia.me().await.id;
    let kid = kid(&server);
    for what in [
        Revoked::Account(account.clone()),
        Revoked::Device(account.clone(), "tv".to_owned()),
        Revoked::Title(ENCRYPTED.into()),
    ] {
        let mia = anew(&server, &server.sign_in(MIA).await).await;
        server.clock.advance(Duration::from_millis(1));
        let grant: PlaybackGrant = json(start(&mia, "tv").await).await;
        assert_eq!(server.get(&grant.manifest).send().await.unwrap().status(), StatusCode::OK);
        server.running.revoke(&what).await.unwrap();
        expect(&problem(ask(&mia, &grant, &[&kid], SessionType::Temporary)).await, 403, ProblemCode::Revoked);
        server.clock.advance(Duration::from_secs(5));
        expect(&problem(server.get(&grant.manifest)).await, 403, ProblemCode::Revoked);
        json::<PlaybackGrant>(start(&mia, "tv").await).await;
    }
    assert!(server.running.verify_audit().await.unwrap().unwrap() >= 3);
}

#[tokio::test]
async fn l15_encryptors_are_known_and_speak_speke() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("encryptors");
    let secret = "a secret of the packager";
    std::fs::write(&list, format!("packager {}\n", URL_SAFE_NO_PAD.encode(Sha256::digest(secret)))).unwrap();
    let server = TestServer::start_with(|config| config.rights.encryptors = Some(list)).await;
    let wanted = uuid_of([5; 16]);
    let body = format!(
        "<CPIX contentId=\"{ENCRYPTED}\"><ContentKeyList><ContentKey kid=\"{wanted}\"/></ContentKeyList>\
        <ContentKeyUsageRuleList><ContentKeyUsageRule kid=\"{wanted}\" intendedTrackType=\"HD\"/></ContentKeyUsageRuleList></CPIX>"
    );
    let send = |secret: &str, body: &str| {
        server.request(Method::POST, routes::SPEKE).bearer_auth(secret).body(body.to_owned())
    };
    let version = |request: RequestBuilder| request.header("x-speke-version", "2.0");
    expect(&problem(version(send("a guess", &body))).await, 401, ProblemCode::Unauthenticated);
    expect(&problem(send(secret, &body)).await, 400, ProblemCode::InvalidRequest);
    for bad in ["", "<x/>", r#"<!DOCTYPE a [<!ENTITY b "c">]><CPIX/>"#, "<CPIX>&b;</CPIX>", "<CPIX/>"] {
        expect(&problem(version(send(secret, bad))).await, 400, ProblemCode::InvalidRequest);
    }
    let answer = version(send(secret, &body)).send().await.unwrap();
    assert_eq!(answer.headers()["x-speke-version"], "2.0");
    let first = answer.text().await.unwrap();
    assert!(first.contains("PlainValue") && first.contains(&wanted));
    assert_eq!(version(send(secret, &body)).send().await.unwrap().text().await.unwrap(), first, "asking again is safe");
}

#[tokio::test]
async fn other_systems_get_what_was_decided_and_nothing_without_it() {
    let proxy = Arc::new(RecordingProxy::new(LicenceSystem::Widevine, *b"a licence"));
    let joined = proxy.clone();
    let server = TestServer::start_with(|config| config.licence_proxies = vec![joined]).await;
    let (mia, ben) = (server.sign_in(MIA).await, server.sign_in(BEN).await);
    let grant: PlaybackGrant = json(start(&mia, "tv").await).await;
    let ask = |app: &SignedIn<'_>, system: &str| {
        let path = routes::fill(routes::LICENCE_PROXY, &[("system", system), ("grant", grant.id.as_str())]);
        app.request(Method::POST, &path).body("a challenge")
    };
    expect(&problem(ask(&ben, "widevine")).await, 404, ProblemCode::NotFound);
    expect(&problem(ask(&mia, "playready")).await, 501, ProblemCode::NotFound);
    expect(&problem(ask(&mia, "other")).await, 404, ProblemCode::NotFound);
    assert!(proxy.asked().is_empty());
    assert_eq!(ask(&mia, "widevine").send().await.unwrap().bytes().await.unwrap(), "a licence");
    let asked = proxy.asked();
    let document: serde_json::Value = serde_json::from_str(&asked[0].to_json()).unwrap();
    assert_eq!(document["payload"], STANDARD.encode("a challenge"));
    assert_eq!(document["policy_overrides"]["license_duration_seconds"], 4 * 3_600);
    let key = server.running.key_source().content_key(&ENCRYPTED.into()).unwrap();
    assert_eq!(document["content_key_specs"][0]["key"], STANDARD.encode(key.key));
    assert!(!format!("{asked:?}").contains(&STANDARD.encode(key.key)));
}

/// `cargo test -p lumen-server-stub --test on_sqlite --release -- --ignored rights:: --nocapture`: licences a second, each written
/// down before it is answered, beside what the same disk does one sync at a time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn goal_13_licences_share_their_syncs() {
    const PARALLEL: usize = 64;
    const EACH: usize = 25;
    let server = TestServer::start().await;
    let mia = server.sign_in(MIA).await;
    let grant: PlaybackGrant = json(start(&mia, "tv").await).await;
    let kid = kid(&server);
    json::<ClearKeyLicence>(ask(&mia, &grant, &[&kid], SessionType::Temporary)).await;
    let syncs = {
        use std::io::Write;
        let mut file = std::fs::File::create(server.data().join("sync")).unwrap();
        let begun = std::time::Instant::now();
        let mut count = 0_u32;
        while begun.elapsed() < Duration::from_secs(2) {
            file.write_all(&[0; 4_096]).unwrap();
            file.sync_data().unwrap();
            count += 1;
        }
        f64::from(count) / begun.elapsed().as_secs_f64()
    };
    let begun = std::time::Instant::now();
    let mut askers = tokio::task::JoinSet::new();
    for _ in 0..PARALLEL {
        let request = ask(&mia, &grant, &[&kid], SessionType::Temporary);
        askers.spawn(async move {
            let mut times = Vec::with_capacity(EACH);
            for _ in 0..EACH {
                let begun = std::time::Instant::now();
                assert_eq!(request.try_clone().unwrap().send().await.unwrap().status(), StatusCode::OK);
                times.push(begun.elapsed());
            }
            times
        });
    }
    let mut times: Vec<Duration> = askers.join_all().await.into_iter().flatten().collect();
    let rate = times.len() as f64 / begun.elapsed().as_secs_f64();
    times.sort_unstable();
    let p99 = times[times.len() * 99 / 100];
    println!("{rate:.0} licences/s, p99 {p99:?}; {syncs:.0} syncs/s; ratio {:.2}", rate / syncs);
}
