//! What could be read differently by a proxy is refused, and sizes have limits.

use crate::common::{TestServer, raw};
use std::time::Instant;

#[tokio::test]
async fn h09_ambiguous_requests_are_refused_and_the_connection_closed() {
    let server = TestServer::start().await;
    // Behind each stands a second request, which must not be answered.
    let second = "GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n";
    let heads = [
        "POST /oauth/token HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /oauth/token HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n",
        "POST /oauth/token HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nabcd",
        "POST /oauth/token HTTP/1.1\r\nhost: x\r\ncontent-length: 4, 4\r\n\r\nabcd",
        "POST /oauth/token HTTP/1.1\r\nhost: x\r\ncontent-length: 0x4\r\n\r\nabcd",
        "POST /oauth/token HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST /oauth/token HTTP/1.1\r\nhost: x\r\ntransfer-encoding: \tchunked, identity\r\n\r\n0\r\n\r\n",
        "POST /oauth/token HTTP/1.1\r\nhost: x\r\ntransfer-encoding : chunked\r\n\r\n0\r\n\r\n",
        "POST /oauth/token HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n",
        "POST /oauth/token HTTP/1.1\r\nhost: x\r\nx: y\r\n transfer-encoding: chunked\r\n\r\n",
        "GET /health/live HTTP/1.1\nhost: x\n\n",
        "GET /health/live HTTP/1.1\r\nhost: x\nx: y\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nhost: x\r\nhost: y\r\n\r\n",
        "GET /health/live HTTP/1.1\r\n\r\n",
        "GET http://x/health/live HTTP/1.1\r\nhost: x\r\n\r\n",
        "GET /health/live HTTP/1.1\r\nhost: x\r\nx\0y: z\r\n\r\n",
        "GET /health/live HTTP/3.0\r\nhost: x\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];
    for head in heads {
        let answer = raw(server.address(), &format!("{head}{second}")).await;
        assert!(answer.starts_with("HTTP/1.1 400") || answer.starts_with("HTTP/1.1 505"), "{head:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{head:?}: {answer}");
        assert!(answer.contains("connection: close") && answer.contains("application/problem+json"), "{answer}");
    }
}

#[tokio::test]
async fn h09_malformed_chunks_end_the_connection() {
    let server = TestServer::start().await;
    let head = "POST /oauth/token HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n\
                transfer-encoding: chunked\r\n\r\n";
    for body in ["x\r\n", "-1\r\n", "1\nx", "1\r\nxyz\r\n", "5\r\nabcd\r\n\r\n", "0\r\nhost: y\r\n\r\n"] {
        let answer = raw(server.address(), &format!("{head}{body}GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n")).await;
        assert!(!answer.contains("200 OK"), "{body:?}: {answer}");
        assert!(answer.starts_with("HTTP/1.1 400"), "{body:?}: {answer}");
    }
}

#[tokio::test]
async fn requests_in_a_row_are_answered_in_a_row() {
    let server = TestServer::start().await;
    let chunked = "POST /oauth/token HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n\
                   transfer-encoding: chunked\r\n\r\n5\r\ngrant\r\n7;x=y\r\n_type=x\r\n14\r\n&client_id=lumen-app\r\n0\r\n\r\n";
    let get = "GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n";
    let last = "HEAD /health/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let answer = raw(server.address(), &format!("{get}{chunked}{get}{last}")).await;
    let statuses: Vec<_> = answer.match_indices("HTTP/1.1 ").map(|(at, _)| &answer[at + 9..at + 12]).collect();
    assert_eq!(statuses, ["200", "400", "200", "200"], "{answer}");
}

#[tokio::test]
async fn h10_heads_and_addresses_have_limits() {
    let server = TestServer::start().await;
    let long = "x".repeat(100_000);
    let table = [
        (format!("GET /{long} HTTP/1.1\r\nhost: x\r\n\r\n"), "414"),
        (format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", &long[..65_536]), "431"),
        (format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "x: y\r\n".repeat(200)), "431"),
    ];
    for (request, status) in table {
        let answer = raw(server.address(), &request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }
}

#[tokio::test]
async fn h12_compressed_bodies_are_not_unpacked() {
    let server = TestServer::start().await;
    // Nothing of ours is worth compressing, so nothing is unpacked: a bomb is bytes that are no JSON.
    let bomb = "\x1f".repeat(10_000);
    let head = format!(
        "POST /v1/playback HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        bomb.len()
    );
    let started = Instant::now();
    let answer = raw(server.address(), &format!("{head}{bomb}")).await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    assert!(started.elapsed().as_secs() < 5);
}
