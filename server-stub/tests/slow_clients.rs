//! Clients that are slow, many, or both: everybody else is served, memory stays bounded, and they are got rid of.
#![allow(clippy::unwrap_used)]

mod common;

use common::{CLEAR, MIA, TestServer, raw};
use reqwest::StatusCode;
use service_api::routes;
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Longer than a busy machine stands still; only a server that is wrong lets it pass.
const AGES: Duration = Duration::from_secs(60);
/// The short limit of these tests.
const LIMIT: Duration = Duration::from_secs(2);

/// Connections that each have sent `beginning`.
async fn crowd(address: SocketAddr, count: usize, beginning: &[u8]) -> Vec<TcpStream> {
    let mut sockets = Vec::with_capacity(count);
    for _ in 0..count {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(beginning).await.unwrap();
        sockets.push(socket);
    }
    sockets
}

/// Waits until the server has closed every one of them.
async fn all_closed(sockets: Vec<TcpStream>) {
    for mut socket in sockets {
        let mut rest = Vec::new();
        // A reset closes as well as an end does.
        let _ = timeout(AGES, socket.read_to_end(&mut rest)).await.expect("a connection stays open");
        assert!(!String::from_utf8_lossy(&rest).contains("200 OK"));
    }
}

/// How long the slowest of some requests takes.
async fn worst(server: &TestServer) -> Duration {
    let mut worst = Duration::ZERO;
    for _ in 0..20 {
        let started = Instant::now();
        let response = server.get(routes::HEALTH_LIVE).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        worst = worst.max(started.elapsed());
    }
    worst
}

fn roomy(config: &mut server_stub::ServerConfig) {
    config.limits.connections_per_address = 10_000;
    config.limits.header_read = LIMIT;
    config.limits.first_byte = LIMIT;
    config.limits.handshake = LIMIT;
}

#[tokio::test(flavor = "multi_thread")]
async fn h05_two_thousand_slow_heads_delay_nobody_and_end() {
    let server = TestServer::start_with(roomy).await;
    worst(&server).await;
    let before = memory_kb();
    let started = Instant::now();
    let sockets = crowd(server.address(), 1_000, b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ").await;
    let idle = crowd(server.address(), 1_000, b"").await;
    let during = worst(&server).await;
    // The clients' ends are in the same process: 2,000 connections twice.
    assert!(memory_kb().saturating_sub(before) < 64 * 1024, "memory grows");
    assert!(during < Duration::from_secs(1), "others wait {during:?}");
    all_closed(sockets).await;
    all_closed(idle).await;
    assert!(started.elapsed() >= LIMIT, "too early");
    worst(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h07_idle_connections_and_half_handshakes_end() {
    let server = TestServer::start_with(|config| {
        roomy(config);
        config.tls = Some(server_stub::TlsConfig { source: server_stub::TlsSource::Demo, with_1_2: false });
    })
    .await;
    let sockets = crowd(server.address(), 500, b"").await;
    // The beginning of a client hello that never ends.
    let half = crowd(server.address(), 500, &[0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00]).await;
    all_closed(sockets).await;
    all_closed(half).await;
}

#[tokio::test]
async fn h06_a_client_that_does_not_read_is_closed() {
    let server = TestServer::start_with(|config| config.limits.write_stall = Duration::from_secs(1)).await;
    let manifest = server.sign_in(MIA).await.grant(CLEAR).await.manifest;
    let segment = manifest.replace("master.m3u8", "video/480p/seg-00001.m4s");
    let request = format!("GET {segment} HTTP/1.1\r\nhost: x\r\n\r\n");
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    // Asks for much more than the kernel's buffers hold, and reads nothing. The server stops reading too, so the client
    // may not get rid of all of its requests.
    let closed = async {
        loop {
            if socket.write_all(request.as_bytes()).await.is_err() {
                break;
            }
        }
    };
    timeout(AGES, closed).await.expect("the connection is given up");
}

#[tokio::test]
async fn h06_a_body_that_trickles_is_given_up() {
    let server = TestServer::start_with(|config| config.limits.request = AGES).await;
    let head = "POST /oauth/token HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n\
                content-length: 60000\r\n\r\ngrant_type=";
    let started = Instant::now();
    let answer = timeout(AGES, raw(server.address(), head)).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    let grace = Duration::from_secs(10);
    assert!(started.elapsed() >= grace && started.elapsed() < grace * 3);
}

#[tokio::test]
async fn h08_connections_beyond_the_cap_are_turned_away_and_places_come_back() {
    let server = TestServer::start_with(|config| config.limits.connections = 8).await;
    let mut sockets = Vec::new();
    for _ in 0..8 {
        let mut socket = TcpStream::connect(server.address()).await.unwrap();
        socket.write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut answer = [0; 15];
        socket.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 200 OK");
        sockets.push(socket);
    }
    let refused = raw(server.address(), "").await;
    assert!(refused.is_empty() || refused.starts_with("HTTP/1.1 503"), "{refused}");
    sockets.clear();
    let again = async {
        loop {
            let answer =
                raw(server.address(), "GET /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
            if answer.starts_with("HTTP/1.1 200") {
                break;
            }
        }
    };
    timeout(AGES, again).await.expect("the server recovers");
}

#[tokio::test]
async fn h08_one_address_has_its_own_cap() {
    let server = TestServer::start_with(|config| config.limits.connections_per_address = 2).await;
    let mut sockets = crowd(server.address(), 2, b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n").await;
    for socket in &mut sockets {
        let mut answer = [0; 15];
        socket.read_exact(&mut answer).await.unwrap();
    }
    assert_eq!(raw(server.address(), "GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n").await, "");
}

/// Resident memory of this process, which holds both the server and its clients.
fn memory_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
