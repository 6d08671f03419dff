//! The interface as a whole: its description, its limits, and what comes of nonsense.

use crate::common::{self, BEN, CLEAR, MIA, TestServer, json, problem, raw};
use reqwest::{Method, StatusCode, header};
use server_stub::{Fault, FaultFn, Rate};
use service_api::{identity::Role, problem::ProblemCode, routes};
use std::time::{Duration, Instant};

#[tokio::test]
async fn what_is_described_is_answered_and_nothing_else() {
    let server = TestServer::start().await;
    let document: serde_json::Value = json(server.get(routes::OPENAPI)).await;
    assert_eq!(document["openapi"], "3.1.0");
    for (template, item) in document["paths"].as_object().unwrap() {
        let mut path = template.clone();
        while let (Some(open), Some(close)) = (path.find('{'), path.find('}')) {
            path.replace_range(open..=close, "x");
        }
        for method in ["get", "post", "put", "delete", "patch"] {
            let request = server.request(method.to_uppercase().parse().unwrap(), &path);
            let status = request.send().await.unwrap().status();
            let is_described = item.get(method).is_some();
            assert_eq!(status != StatusCode::METHOD_NOT_ALLOWED, is_described, "{method} {path}: {status}");
            assert!(!status.is_server_error(), "{method} {path}: {status}");
        }
    }
}

#[tokio::test]
async fn every_code_has_a_page() {
    let server = TestServer::start().await;
    let response = server.get("/problems/rate-limited").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.text().await.unwrap().contains("Too many requests"));
    assert_eq!(problem(server.get("/problems/no-such-code")).await.code, ProblemCode::NotFound);
    assert_eq!(problem(server.get("/problems/<script>")).await.code, ProblemCode::NotFound);
}

#[tokio::test]
async fn b06_hostile_strings_are_refused_or_kept_as_they_are() {
    let server = TestServer::start().await;
    let mia = server.sign_in(MIA).await;
    let profile = mia.profile("Mia").await;
    let corpus = [
        "' OR '1'='1",
        "'; DROP TABLE identity_accounts; --",
        "\" OR \"\"=\"",
        "1 UNION SELECT password_hash FROM identity_accounts",
        "{\"$ne\": null}",
        "*)(uid=*))(|(uid=*",
        "a\r\nSet-Cookie: x=y",
        "{{7*7}}",
        "${jndi:ldap://127.0.0.1/a}",
        "<script>alert(1)</script>",
        "../../etc/passwd",
        "\u{0}",
        "\u{202e}txt",
        "%s%n%x",
        "🏴‍☠️",
    ];
    for text in corpus {
        let attempts = [
            mia.request(Method::POST, routes::PLAYBACK).json(&serde_json::json!({ "title": text, "profile": profile })),
            mia.request(Method::POST, routes::PLAYBACK).json(&serde_json::json!({ "title": CLEAR, "profile": text })),
            mia.get(&routes::fill(routes::TITLE, &[("title", text)])),
            mia.get(&routes::fill(routes::HOME, &[("profile", text)])),
            mia.get(&routes::fill(routes::TITLE, &[("title", CLEAR)])).query(&[("profile", text)]),
            mia.request(Method::POST, &routes::fill(routes::LICENCE_CLEARKEY, &[("grant", text)]))
                .json(&serde_json::json!({ "kids": [text] })),
            server.get(routes::OAUTH_AUTHORIZE).query(&[("client_id", text), ("state", text), ("redirect_uri", text)]),
            server.request(Method::POST, routes::OAUTH_TOKEN).form(&[("grant_type", text), ("code", text)]),
            server.get(routes::ME).header(header::AUTHORIZATION, format!("Bearer {}", text.escape_default())),
        ];
        for (number, attempt) in attempts.into_iter().enumerate() {
            let response = attempt.send().await.unwrap();
            assert!(response.status().is_client_error(), "{text:?} in {number}: {}", response.status());
            assert!(!response.headers().contains_key("set-cookie") || number == 6, "{text:?}");
            assert!(!response.text().await.unwrap().contains("<script>alert"), "{text:?} in {number}");
        }
    }
    assert_eq!(mia.me().await.email, MIA, "the accounts are there");
}

#[tokio::test]
async fn b07_hostile_json_is_refused_at_once() {
    let server = TestServer::start().await;
    let mia = server.sign_in(MIA).await;
    let depth = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let bodies = [
        depth.clone(),
        format!("{{\"title\":{depth}}}"),
        r#"{"title":"a","title":"b","profile":"c"}"#.to_owned(),
        r#"{"title":NaN,"profile":"c"}"#.to_owned(),
        r#"{"title":1e400,"profile":"c"}"#.to_owned(),
        r#"{"title":"\ud800","profile":"c"}"#.to_owned(),
        "{".to_owned(),
        String::new(),
    ];
    for body in bodies {
        let sent = mia.request(Method::POST, routes::PLAYBACK).header(header::CONTENT_TYPE, "application/json");
        let started = Instant::now();
        assert_eq!(problem(sent.body(body.clone())).await.status, 400, "{}", &body[..body.len().min(60)]);
        assert!(started.elapsed() < Duration::from_secs(1));
    }
    // A hundred megabytes are not waited for: the length alone is the reason.
    let head = format!(
        "POST /v1/playback HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
         content-length: 104857600\r\n\r\n{{",
        mia.tokens.access_token
    );
    let started = Instant::now();
    let answer = raw(server.address(), &head).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("connection: close") && started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_back() {
    let server = TestServer::start_with(|config| {
        config.limits.rate_per_address = Rate { per_second: 0.01, burst: 5 };
    })
    .await;
    let get = async || server.get(routes::ME).send().await.unwrap();
    for left in (0..5).rev() {
        let response = get().await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(response.headers()["ratelimit-remaining"], left.to_string().as_str());
        assert_eq!(response.headers()["ratelimit-limit"], "5");
    }
    let response = get().await;
    let wait: u32 = response.headers()[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!(wait > 10 && wait <= 100, "{wait}");
    let problem = common::problem_of(response).await;
    assert_eq!((problem.status, problem.code, problem.retry_after_s), (429, ProblemCode::RateLimited, Some(wait)));
    let health = server.get(routes::HEALTH_LIVE).send().await.unwrap();
    assert_eq!(health.status(), StatusCode::OK, "a balancer is not limited");
}

#[tokio::test]
async fn l04_forwarding_fields_are_believed_from_our_own_proxies_only() {
    for (trusted, expected) in [(true, 5), (false, 1)] {
        let server = TestServer::start_with(|config| {
            config.limits.rate_per_address = Rate { per_second: 0.01, burst: 1 };
            if trusted {
                config.proxies = vec!["127.0.0.0/8".parse().unwrap()];
            }
        })
        .await;
        let mut allowed = 0;
        for number in 0..5 {
            let request = server.get(routes::ME).header("x-forwarded-for", format!("192.0.2.{number}"));
            let response = request.header("x-request-id", "named-by-the-proxy").send().await.unwrap();
            assert_eq!(response.headers()["x-request-id"] == "named-by-the-proxy", trusted);
            allowed += u32::from(response.status() == StatusCode::UNAUTHORIZED);
        }
        assert_eq!(allowed, expected);
    }
}

#[tokio::test]
async fn metrics_count_by_template_and_never_by_address() {
    let server = TestServer::start().await;
    let manifest = server.sign_in(MIA).await.grant(CLEAR).await.manifest;
    for _ in 0..3 {
        server.get(&manifest).send().await.unwrap();
    }
    let text = server.get(routes::METRICS).send().await.unwrap().text().await.unwrap();
    assert!(
        text.contains("lumen_request_seconds_count{route=\"/v1/playback\",method=\"POST\",status=\"200\"} 1"),
        "{text}"
    );
    assert!(text.contains("lumen_media_answers_total{status=\"200\"} 2"), "{text}");
    assert!(!text.contains(manifest.split('/').nth(2).unwrap()));
}

#[tokio::test]
async fn metrics_are_for_this_machine_and_for_operators() {
    let server = TestServer::start_with(|config| config.proxies = vec!["127.0.0.0/8".parse().unwrap()]).await;
    let from = |request: reqwest::RequestBuilder, address: &str| request.header("x-forwarded-for", address);
    assert_eq!(server.get(routes::METRICS).send().await.unwrap().status(), StatusCode::OK);
    let far = "192.0.2.1";
    assert_eq!(problem(from(server.get(routes::METRICS), far)).await.status, 404);
    assert_eq!(problem(from(server.sign_in(MIA).await.get(routes::METRICS), far)).await.status, 404);
    server.set_role(BEN, Role::Qa).await;
    let ben = server.sign_in(BEN).await;
    assert_eq!(from(ben.get(routes::METRICS), far).send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn metrics_are_closed_behind_a_proxy_on_this_machine_that_nobody_has_declared() {
    let server = TestServer::start().await;
    assert_eq!(server.get(routes::METRICS).send().await.unwrap().status(), StatusCode::OK);
    for (name, value) in [("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=192.0.2.1"), ("x-forwarded-for", "")] {
        assert_eq!(problem(server.get(routes::METRICS).header(name, value)).await.status, 404, "{name}: {value}");
    }
    server.set_role(BEN, Role::Qa).await;
    let metrics = server.sign_in(BEN).await.get(routes::METRICS).header("x-forwarded-for", "192.0.2.1");
    assert_eq!(metrics.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn h15_readiness_fails_first_and_no_answer_is_cut() {
    let (has_arrived, mut arrival) = tokio::sync::mpsc::unbounded_channel();
    let script = FaultFn::new(move |request| {
        let is_segment = request.path.ends_with(".m4s");
        is_segment.then(|| has_arrived.send(()).unwrap()).map(|()| Fault::Throttle { bits_per_second: 1_000_000 })
    });
    let server = TestServer::start_with(|config| {
        config.faults = Some(script);
        config.limits.lame_duck = Duration::from_millis(500);
        config.limits.drain = Duration::from_secs(60);
    })
    .await;
    let manifest = server.sign_in(MIA).await.grant(CLEAR).await.manifest;
    let segment = manifest.replace("master.m3u8", "video/480p/seg-00001.m4s");
    let expected =
        std::fs::read(server.data().join(format!("library/media/{CLEAR}/video/480p/seg-00001.m4s"))).unwrap();
    let in_flight: Vec<_> = (0..8)
        .map(|_| {
            let request = server.get(&segment).send();
            tokio::spawn(async move { request.await.unwrap().bytes().await.unwrap() })
        })
        .collect();
    for _ in 0..8 {
        arrival.recv().await.unwrap();
    }
    let ready = server.get(routes::HEALTH_READY);
    let live = server.get(routes::ME);
    let stopping = tokio::spawn(server.stop());
    // The first thing that is noticed from outside: not ready any more, but still answering.
    let failed = loop {
        let response = ready.try_clone().unwrap().send().await.expect("readiness fails before the door is closed");
        if response.status() == StatusCode::SERVICE_UNAVAILABLE {
            break response;
        }
    };
    assert_eq!(failed.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(live.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    for request in in_flight {
        assert!(request.await.unwrap() == expected, "cut");
    }
    stopping.await.unwrap();
}
