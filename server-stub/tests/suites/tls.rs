//! TLS, and what can be done with HTTP/2 over it that a server should not put up with.

use crate::common::{CLEAR, MIA, Site, TestServer};
use reqwest::{Certificate, StatusCode, Version};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use server_stub::{TlsConfig, TlsSource};
use service_api::routes;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

const AGES: Duration = Duration::from_secs(60);

async fn demo(with_1_2: bool) -> TestServer {
    TestServer::start_with(|config| config.tls = Some(TlsConfig { source: TlsSource::Demo, with_1_2 })).await
}

fn authority(data: &Path) -> PathBuf {
    data.join("tls/ca.pem")
}

/// An HTTP client that trusts the demo's authority alone.
fn client(ca: &Path, http1: bool) -> reqwest::Client {
    let ca = Certificate::from_pem(&std::fs::read(ca).unwrap()).unwrap();
    let builder =
        reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).tls_certs_only([ca]);
    if http1 { builder.http1_only() } else { builder }.build().unwrap()
}

/// A handshake with these versions and protocols.
async fn handshake(
    server: &TestServer,
    versions: &[&'static rustls::SupportedProtocolVersion],
    alpn: &[&[u8]],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(authority(server.data())).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    let socket = TcpStream::connect(server.address()).await?;
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from("localhost").unwrap(), socket).await
}

#[tokio::test]
async fn h13_versions_and_protocols_are_agreed_on() {
    let server = demo(false).await;
    let stream = handshake(&server, &[&rustls::version::TLS13], &[b"h2", b"http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    let suite = stream.get_ref().1.negotiated_cipher_suite().unwrap().suite();
    assert_eq!(suite, rustls::CipherSuite::TLS13_AES_128_GCM_SHA256);
    assert!(handshake(&server, &[&rustls::version::TLS12], &[]).await.is_err(), "1.2 is opt-in");
    assert!(handshake(&server, &[&rustls::version::TLS13], &[b"gopher"]).await.is_err());
    // A client hello of TLS 1.1, which this rustls could not even make: an alert, and no answer.
    let mut socket = TcpStream::connect(server.address()).await.unwrap();
    let mut hello = vec![0x16, 3, 1, 0, 45, 1, 0, 0, 41, 3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0, 2, 0x00, 0x2f, 1, 0]);
    socket.write_all(&hello).await.unwrap();
    let mut answer = Vec::new();
    timeout(AGES, socket.read_to_end(&mut answer)).await.unwrap().unwrap();
    assert_eq!(answer.first(), Some(&0x15), "an alert");

    let older = demo(true).await;
    assert!(handshake(&older, &[&rustls::version::TLS12], &[]).await.is_ok());
}

#[tokio::test]
async fn media_come_by_both_protocols() {
    let server = demo(false).await;
    let origin = format!("https://localhost:{}", server.address().port());
    for (http1, version) in [(true, Version::HTTP_11), (false, Version::HTTP_2)] {
        let mut site = Site::new(&origin);
        site.http = client(&authority(server.data()), http1);
        let grant = site.sign_in(MIA).await.grant(CLEAR).await;
        let segment = grant.manifest.replace("master.m3u8", "video/480p/seg-00001.m4s");
        let expected =
            std::fs::read(server.data().join(format!("library/media/{CLEAR}/video/480p/seg-00001.m4s"))).unwrap();
        for _ in 0..3 {
            let response = site.get(&segment).send().await.unwrap();
            assert_eq!((response.status(), response.version()), (StatusCode::OK, version));
            assert!(response.bytes().await.unwrap() == expected);
        }
        let part = site.get(&segment).header("range", "bytes=100-299").send().await.unwrap();
        assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
        assert!(part.bytes().await.unwrap() == expected[100..300]);
    }
}

#[tokio::test]
async fn h13_a_changed_certificate_is_taken_without_losing_a_request() {
    let made = demo(false).await;
    let folder = tempfile::tempdir().unwrap();
    let copy = |from: &Path| {
        for (from, to) in [(from.join("tls/server.pem"), "cert.pem"), (from.join("tls/server.key.pem"), "key.pem")] {
            std::fs::copy(from, folder.path().join(to)).unwrap();
        }
    };
    copy(made.data());
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let source = TlsSource::Files { certificate, key };
    let server = TestServer::start_with(|config| config.tls = Some(TlsConfig { source, with_1_2: false })).await;
    let url = format!("https://localhost:{}{}", server.address().port(), routes::HEALTH_LIVE);
    let old = authority(made.data());
    assert_eq!(client(&old, true).get(&url).send().await.unwrap().status(), StatusCode::OK);
    // Another authority's certificate; first the certificate alone, which does not fit its key.
    let other = demo(false).await;
    let new = authority(other.data());
    std::fs::copy(other.data().join("tls/server.pem"), folder.path().join("cert.pem")).unwrap();
    assert_eq!(client(&old, true).get(&url).send().await.unwrap().status(), StatusCode::OK);
    copy(other.data());
    let kept = client(&old, true);
    let changed = async {
        loop {
            // A connection that is there goes on; each new one gets the one or the other, and none is lost.
            let (by_old, by_new) =
                (client(&old, true).get(&url).send().await, client(&new, true).get(&url).send().await);
            assert!(by_old.is_ok() || by_new.is_ok());
            if by_old.is_err() {
                break;
            }
            assert_eq!(kept.get(&url).send().await.unwrap().status(), StatusCode::OK);
        }
    };
    timeout(AGES, changed).await.expect("the certificate is read again");
}

/// A connection with the preface and empty settings sent.
async fn h2(server: &TestServer) -> TlsStream<TcpStream> {
    let mut stream = handshake(server, &[&rustls::version::TLS13], &[b"h2"]).await.unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    stream.write_all(&frame(4, 0, 0, &[])).await.unwrap();
    stream
}

fn frame(kind: u8, flags: u8, stream: u32, content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), content].concat()
}

/// `GET /health/live` in HPACK: indexed method and scheme, the rest literal.
fn get_live() -> Vec<u8> {
    let mut block = vec![0x82, 0x87, 0x04, 12];
    block.extend(b"/health/live");
    block.extend([0x01, 1, b'x']);
    block
}

/// Sends until the server has enough; how much it took.
async fn flood(stream: &mut TlsStream<TcpStream>, mut next: impl FnMut(u32) -> Vec<u8>) -> usize {
    let mut sent = 0;
    let work = async {
        let mut drain = vec![0; 65_536];
        for number in 0.. {
            let bytes = next(number);
            tokio::select! {
                written = stream.write_all(&bytes) => {
                    if written.is_err() {
                        break;
                    }
                    sent += bytes.len();
                }
            }
            // The server's answers must not fill up, or it would wait rather than refuse.
            let read = timeout(Duration::from_micros(50), stream.read(&mut drain)).await;
            if matches!(read, Ok(Ok(0) | Err(_))) {
                break;
            }
        }
    };
    timeout(AGES, work).await.expect("the flood is stopped");
    sent
}

#[tokio::test(flavor = "multi_thread")]
async fn h11_floods_end_the_connection_and_nothing_else() {
    let server = demo(false).await;
    let live = format!("https://localhost:{}{}", server.address().port(), routes::HEALTH_LIVE);
    let http = client(&authority(server.data()), false);
    let before = memory_kb();
    let settings = frame(4, 0, 0, &[0, 3, 0, 0, 0, 100]).repeat(100);
    let pings = frame(6, 0, 0, &[1; 8]).repeat(100);
    let windows = frame(8, 0, 0, &[0, 0, 0, 1]).repeat(100);
    for part in [settings, pings, windows] {
        let sent = flood(&mut h2(&server).await, |_| part.clone()).await;
        assert!(sent < 64 << 20, "{sent}");
    }
    // Rapid reset.
    let reset = |number: u32| {
        let streams = (0..50).map(|index| (number * 50 + index) * 2 + 1);
        let cancel = 8_u32.to_be_bytes();
        streams.flat_map(|id| [frame(1, 5, id, &get_live()), frame(3, 0, id, &cancel)].concat()).collect()
    };
    flood(&mut h2(&server).await, reset).await;
    // Headers that never end.
    let endless = |number: u32| {
        if number == 0 { frame(1, 0, 1, &get_live()) } else { frame(9, 0, 1, &[0x40, 1, b'a', 1, b'b'].repeat(1_000)) }
    };
    flood(&mut h2(&server).await, endless).await;
    // A body of nothing.
    let mut post = vec![0x83, 0x87, 0x04, 12];
    post.extend(b"/oauth/token");
    post.extend([0x01, 1, b'x']);
    let empty = |number: u32| if number == 0 { frame(1, 4, 1, &post) } else { frame(0, 0, 1, &[]).repeat(100) };
    flood(&mut h2(&server).await, empty).await;
    let growth = memory_kb().saturating_sub(before);
    assert!(growth < 64 * 1024, "memory has grown by {growth} KiB");
    assert_eq!(http.get(&live).send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn h11_ten_thousand_streams_and_a_window_that_never_opens() {
    let server = TestServer::start_with(|config| {
        config.tls = Some(TlsConfig { source: TlsSource::Demo, with_1_2: false });
        config.limits.write_stall = Duration::from_secs(1);
        config.limits.request = Duration::from_secs(1);
    })
    .await;
    // No room for a byte of any body, and the answers are never taken.
    let mut stream = handshake(&server, &[&rustls::version::TLS13], &[b"h2"]).await.unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
    stream.write_all(&frame(4, 0, 0, &[0, 4, 0, 0, 0, 0])).await.unwrap();
    for number in 0..10_000_u32 {
        if stream.write_all(&frame(1, 5, number * 2 + 1, &get_live())).await.is_err() {
            break;
        }
    }
    let started = Instant::now();
    let mut rest = Vec::new();
    let _ = timeout(AGES, stream.read_to_end(&mut rest)).await.expect("the connection is given up");
    assert!(started.elapsed() < Duration::from_secs(30));
    let live = format!("https://localhost:{}{}", server.address().port(), routes::HEALTH_LIVE);
    let response = client(&authority(server.data()), false).get(&live).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
}

/// Reads until so many answers have begun; what each one's fields begin with is its status, in HPACK.
async fn statuses(stream: &mut TlsStream<TcpStream>, count: usize) -> Vec<u8> {
    let mut statuses = Vec::new();
    while statuses.len() < count {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.expect("the connection is cut");
        let mut content = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        stream.read_exact(&mut content).await.expect("the connection is cut");
        if head[3] == 1 {
            statuses.push(content[0]);
        }
    }
    statuses
}

#[tokio::test]
async fn h11_answers_without_a_body_are_not_taken_for_requests_that_were_taken_back() {
    const OK: u8 = 0x88;
    const NOT_MODIFIED: u8 = 0x8b;
    let server = demo(false).await;
    let mut stream = h2(&server).await;
    let literal = |text: &str| [&[text.len() as u8], text.as_bytes()].concat();
    let picture = format!("/artwork/{CLEAR}/card.jpg");
    // HEAD of the probe; GET of a picture that the client has, whichever it is.
    let head =
        [&[0x02], &*literal("HEAD"), &[0x87, 0x04], &*literal(routes::HEALTH_LIVE), &[0x01], &*literal("x")].concat();
    let known =
        [&[0x82, 0x87, 0x04], &*literal(&picture), &[0x01], &*literal("x"), &[0x0f, 0x1a], &*literal("*")].concat();
    let work = async {
        for (round, (request, status)) in [(&head, OK), (&known, NOT_MODIFIED)].repeat(6).into_iter().enumerate() {
            for index in 0..50 {
                let id = (round as u32 * 50 + index) * 2 + 1;
                stream.write_all(&frame(1, 5, id, request)).await.unwrap();
            }
            assert_eq!(statuses(&mut stream, 50).await, [status; 50], "round {round}");
        }
    };
    timeout(AGES, work).await.unwrap();
}

#[tokio::test]
async fn h06_a_client_of_tls_that_reads_nothing_is_closed() {
    let server = TestServer::start_with(|config| {
        config.tls = Some(TlsConfig { source: TlsSource::Demo, with_1_2: false });
        config.limits.write_stall = Duration::from_secs(1);
        config.limits.connections_per_address = 1;
    })
    .await;
    let mut stream = handshake(&server, &[&rustls::version::TLS13], &[b"http/1.1"]).await.unwrap();
    // Many answers that nobody reads, the last of which ends the connection.
    let one = format!("GET {} HTTP/1.1\r\nhost: x\r\n\r\n", routes::OPENAPI);
    let last = format!("GET {} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", routes::OPENAPI);
    let all = [one.repeat(200), last].concat();
    let _ = timeout(AGES, stream.write_all(all.as_bytes())).await.expect("the server reads or closes");
    let place_is_free = async {
        while handshake(&server, &[&rustls::version::TLS13], &[b"http/1.1"]).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(AGES, place_is_free).await.expect("the connection is given up");
    drop(stream);
}

fn memory_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
