//! What holds for every request: limits, problems, headers, health, stopping.

use crate::common::{self, CLEAR, MIA, TestServer, expect, json, problem, raw};
use reqwest::{Method, StatusCode, header};
use server_stub::{Fault, FaultFn};
use service_api::{problem::ProblemCode, routes};
use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Longer than a busy machine stands still; only a server that is wrong lets it pass.
const AGES: Duration = Duration::from_secs(60);

#[tokio::test]
async fn unknown_addresses_and_methods_are_problems() {
    let server = TestServer::start().await;
    for path in ["/", "/v1", "/v1/nothing", "/media", "/artwork/x", "/health", "/v1/me/"] {
        expect(&problem(server.get(path)).await, 404, ProblemCode::NotFound);
    }
    for (method, path) in [(Method::DELETE, "/v1/me"), (Method::POST, "/health/live"), (Method::GET, "/oauth/token")] {
        let response = server.request(method, path).send().await.unwrap();
        assert!(response.headers().contains_key(header::ALLOW), "{path}");
        expect(&common::problem_of(response).await, 405, ProblemCode::InvalidRequest);
    }
    // Bytes that are no UTF-8 where an identifier should be.
    let mia = server.sign_in(MIA).await;
    expect(&problem(mia.get("/v1/titles/%ff%fe")).await, 400, ProblemCode::InvalidRequest);
}

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let server = TestServer::start().await;
    for path in [routes::HEALTH_LIVE, routes::ME, "/nothing", routes::OAUTH_AUTHORIZE] {
        let response = server.get(path).send().await.unwrap();
        let headers = response.headers();
        assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff", "{path}");
        assert_eq!(headers[header::REFERRER_POLICY], "no-referrer", "{path}");
        assert!(headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("frame-ancestors 'none'"));
        assert_eq!(headers["x-request-id"].len(), 32, "{path}");
        assert!(!headers.contains_key(header::SERVER));
    }
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..3 {
        let sent = server.get(routes::HEALTH_LIVE).header("x-request-id", "chosen-by-client");
        ids.insert(sent.send().await.unwrap().headers()["x-request-id"].clone().to_str().unwrap().to_owned());
    }
    assert_eq!(ids.len(), 3, "a client cannot choose the id");
}

#[tokio::test]
async fn a_name_on_the_web_is_come_to_by_https_alone() {
    for (url, is_said) in [
        ("https://lumen.example", true),
        ("http://lumen.example", false),
        ("https://localhost:1", false),
        ("https://192.0.2.1", false),
    ] {
        let server = TestServer::start_with(|config| config.public_url = Some(url.parse().unwrap())).await;
        for path in [routes::HEALTH_LIVE, routes::SIGN_IN_PAGE, "/nothing"] {
            let response = server.get(path).send().await.unwrap();
            let said = response.headers().get(header::STRICT_TRANSPORT_SECURITY).is_some();
            assert_eq!(said, is_said, "{url} {path}");
        }
    }
}

#[tokio::test]
async fn bodies_have_a_limit() {
    let server = TestServer::start().await;
    let mia = server.sign_in(MIA).await;
    let large = format!(r#"{{"title":"{}"}}"#, "x".repeat(70_000));
    let sent = mia.request(Method::POST, routes::PLAYBACK).header(header::CONTENT_TYPE, "application/json");
    expect(&problem(sent.body(large.clone())).await, 413, ProblemCode::TooLarge);
    // Without a length in front: chunked.
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter(
        (0..100).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1_000])),
    ));
    let sent = mia.request(Method::POST, routes::PLAYBACK).header(header::CONTENT_TYPE, "application/json");
    expect(&problem(sent.body(body)).await, 413, ProblemCode::TooLarge);
    let form = [("token", large.as_str())];
    let sent = server.request(Method::POST, routes::OAUTH_TOKEN).form(&form).send().await.unwrap();
    assert_eq!(sent.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let wrong_type = mia.request(Method::POST, routes::PLAYBACK).body("{}");
    expect(&problem(wrong_type).await, 400, ProblemCode::InvalidRequest);
}

#[tokio::test]
async fn heads_have_a_limit() {
    let server = TestServer::start().await;
    let long = "x".repeat(100_000);
    let many = (0..200).map(|number| format!("x-{number}: y\r\n")).collect::<String>();
    for head in [format!("x: {long}\r\n"), many] {
        let request = format!("GET /health/live HTTP/1.1\r\nhost: x\r\n{head}\r\n");
        let answer = raw(server.address(), &request).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
    let answer = raw(server.address(), &format!("GET /{long} HTTP/1.1\r\nhost: x\r\n\r\n")).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 414") || answer.starts_with("HTTP/1.1 431"), "{answer}");
    let health = server.get(routes::HEALTH_LIVE).send().await.unwrap();
    assert_eq!(health.status(), StatusCode::OK);
}

#[tokio::test]
async fn slow_heads_are_closed_and_idle_connections_are_not() {
    let limit = Duration::from_millis(300);
    let server = TestServer::start_with(|config| config.limits.header_read = limit).await;

    // One byte now and then: the limit counts from the first, not from the last.
    let mut slow = TcpStream::connect(server.address()).await.unwrap();
    slow.set_nodelay(true).unwrap();
    let (mut from_server, mut to_server) = slow.split();
    let started = Instant::now();
    let dribble = async {
        let mut every = tokio::time::interval(limit / 6);
        for byte in "GET /health/live HTTP/1.1\r\nhost: x\r\nx-and-so-on: ".bytes().cycle() {
            every.tick().await;
            if to_server.write_all(&[byte]).await.is_err() {
                break;
            }
        }
    };
    let mut answer = Vec::new();
    let closed = async {
        tokio::select! {
            _ = from_server.read_to_end(&mut answer) => {}
            () = dribble => {}
        }
    };
    timeout(AGES, closed).await.expect("the limit does not begin anew with each byte");
    assert!(started.elapsed() >= limit, "too early");
    assert!(!String::from_utf8_lossy(&answer).contains("200 OK"));

    // A connection that is only idle, before and between requests, outlives the limit several times.
    let mut idle = TcpStream::connect(server.address()).await.unwrap();
    for _ in 0..2 {
        tokio::time::sleep(limit * 2).await;
        idle.write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut answer = [0; 1_024];
        let read = idle.read(&mut answer).await.unwrap();
        assert!(answer[..read].starts_with(b"HTTP/1.1 200 OK"));
    }
}

#[tokio::test]
async fn slow_body_is_given_up() {
    let server = TestServer::start_with(|config| config.limits.request = Duration::from_millis(300)).await;
    // A request that needs no sign-in: signing in may itself take longer than the limit on a busy machine.
    let head = "POST /oauth/token HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n\
                content-length: 100\r\nconnection: close\r\n\r\ngrant_type=";
    let answer = raw(server.address(), head).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
}

#[tokio::test]
async fn too_many_requests_at_once_are_refused_at_once() {
    let script = FaultFn::new(|request| request.path.ends_with(".m3u8").then_some(Fault::Hang));
    let server = TestServer::start_with(|config| {
        config.faults = Some(script);
        config.limits.concurrent_requests = 1;
    })
    .await;
    let mia = server.sign_in(MIA).await;
    let manifest = mia.grant(CLEAR).await.manifest;
    let mut holder = TcpStream::connect(server.address()).await.unwrap();
    holder.write_all(format!("GET {manifest} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
    // The hanging request takes the only slot as soon as the server has read it.
    let refused = loop {
        let response = mia.get(routes::ME).send().await.unwrap();
        if response.status() != StatusCode::OK {
            break common::problem_of(response).await;
        }
        tokio::task::yield_now().await;
    };
    expect(&refused, 503, ProblemCode::RateLimited);
    let health = server.get(routes::HEALTH_READY).send().await.unwrap();
    assert_eq!(health.status(), StatusCode::OK, "busy is not down");
}

#[tokio::test]
async fn health_says_how_many_titles_there_are() {
    let server = TestServer::start().await;
    let live: serde_json::Value = json(server.get(routes::HEALTH_LIVE)).await;
    assert_eq!(live["live"], true);
    let ready: serde_json::Value = json(server.get(routes::HEALTH_READY)).await;
    assert_eq!((&ready["ready"], &ready["titles_ready"]), (&true.into(), &2.into()));
    assert!(ready["titles_total"].as_u64().unwrap() >= 10);
}

#[tokio::test]
async fn stopping_lets_requests_finish_and_accepts_no_more() {
    // The answer is held back for a moment, in which the server is told to stop.
    let (has_arrived, mut arrival) = tokio::sync::mpsc::unbounded_channel();
    let script = FaultFn::new(move |request| {
        let is_manifest = request.path.ends_with(".m3u8");
        is_manifest.then(|| has_arrived.send(()).unwrap()).map(|()| Fault::Delay(Duration::from_millis(300)))
    });
    let server = TestServer::start_with(|config| {
        config.faults = Some(script);
        config.limits.drain = AGES;
    })
    .await;
    let manifest = server.sign_in(MIA).await.grant(CLEAR).await.manifest;
    let address = server.address();
    let in_flight = tokio::spawn(server.get(&manifest).send());
    arrival.recv().await.unwrap();
    let (_config, _folder) = server.stop().await;
    let response = in_flight.await.unwrap().unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn second_server_on_a_port_fails_with_a_reason() {
    let server = TestServer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let mut config = server_stub::ServerConfig::new(folder.path());
    config.listen = server.address();
    let error = server_stub::Server::start(config).await.unwrap_err();
    assert!(error.to_string().contains(&server.address().to_string()), "{error}");
    assert!(!folder.path().join("lumen.db").exists(), "nothing was touched");
}
