//! What the balancer asks again when an instance goes down over a request, and what it must not.

use super::{PATIENCE, Site, balancer, until_ready};
use crate::common::backends as real;
use reqwest::{Method, StatusCode};
use service_api::routes;
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinSet,
};

/// An instance that is well, and is killed by every request that is not a probe. Counts these.
async fn dying(requests: Arc<AtomicU32>, tasks: &mut JoinSet<()>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tasks.spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                if socket.read_buf(&mut head).await.unwrap_or(0) == 0 {
                    break;
                }
            }
            if String::from_utf8_lossy(&head).contains(routes::HEALTH_READY) {
                let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                let _ = socket.write_all(answer).await;
            } else if !head.is_empty() {
                requests.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    port
}

#[tokio::test]
async fn a_request_that_changes_something_is_not_asked_again() {
    let requests = Arc::new(AtomicU32::new(0));
    let mut tasks = JoinSet::new();
    let ports = [dying(requests.clone(), &mut tasks).await, dying(requests.clone(), &mut tasks).await];
    let public = real::free_port();
    let _balancer = balancer(public, &ports);
    // A connection each: of a later request on a connection HAProxy says nothing, it closes.
    let site = || Site::new(&format!("http://127.0.0.1:{public}"));
    until_ready(&site()).await;
    let send = async |method: Method, path: &str| {
        let before = requests.load(Ordering::Relaxed);
        let request = site().request(method, path).form(&[("grant_type", "refresh_token")]);
        let answer = tokio::time::timeout(PATIENCE, request.send()).await.unwrap().unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
        requests.load(Ordering::Relaxed) - before
    };
    assert!(send(Method::GET, routes::ME).await > 1, "what changes nothing is asked again");
    for (method, path) in
        [(Method::POST, routes::OAUTH_TOKEN), (Method::PUT, routes::PROGRESS), (Method::DELETE, routes::PLAYBACK_GRANT)]
    {
        assert_eq!(send(method.clone(), path).await, 1, "{method}");
    }
}
