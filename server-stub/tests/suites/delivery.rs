//! Media and artwork: tokens, ranges, validators, hostile paths, and faults on purpose.

use crate::common::{self, CLEAR, ENCRYPTED, MIA, TestServer, expect, problem, raw_get};
use reqwest::{Method, Response, StatusCode, header};
use server_stub::{Fault, FaultFn};
use service_api::problem::ProblemCode;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use url::Url;

/// A title as a player finds it: from the manifest to the first segment.
struct Media {
    manifest: String,
    playlist: String,
    segment: String,
    bytes: Vec<u8>,
}

impl Media {
    /// Follows the playlists of `title`.
    async fn find(server: &TestServer, title: &str) -> Self {
        let manifest = server.sign_in(MIA).await.grant(title).await.manifest;
        let playlist = relative(&manifest, &first_uri(server, &manifest, "#EXT-X-STREAM-INF").await);
        let segment = relative(&playlist, &first_uri(server, &playlist, "#EXTINF").await);
        let response = server.get(&segment).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{segment}");
        let bytes = response.bytes().await.unwrap().to_vec();
        assert!(bytes.len() > 1_000);
        Self { manifest, playlist, segment, bytes }
    }
}

/// The line after the first that begins with `tag`.
async fn first_uri(server: &TestServer, playlist: &str, tag: &str) -> String {
    let text = server.get(playlist).send().await.unwrap().text().await.unwrap();
    let mut lines = text.lines().skip_while(|line| !line.starts_with(tag));
    lines.find(|line| !line.starts_with('#')).unwrap_or_else(|| panic!("{tag} in {text}")).to_owned()
}

fn relative(base: &str, uri: &str) -> String {
    let base = Url::parse("http://host").unwrap().join(base).unwrap();
    base.join(uri).unwrap().path().to_owned()
}

fn text(response: &Response, name: header::HeaderName) -> &str {
    response.headers()[name].to_str().unwrap()
}

#[tokio::test]
async fn token_in_the_manifest_carries_to_every_file() {
    let server = TestServer::start().await;
    for title in [CLEAR, ENCRYPTED] {
        let media = Media::find(&server, title).await;
        let manifest = server.get(&media.manifest).send().await.unwrap();
        assert_eq!(text(&manifest, header::CONTENT_TYPE), "application/vnd.apple.mpegurl");
        assert_eq!(text(&manifest, header::CACHE_CONTROL), "private, max-age=10");
        let segment = server.get(&media.segment).send().await.unwrap();
        assert_eq!(text(&segment, header::CONTENT_TYPE), "video/mp4");
        assert_eq!(text(&segment, header::CACHE_CONTROL), "private, max-age=3600, immutable");
        assert_eq!(text(&segment, header::ACCEPT_RANGES), "bytes");
    }
}

#[tokio::test]
async fn ranges_follow_the_standard() {
    let server = TestServer::start().await;
    let media = Media::find(&server, CLEAR).await;
    let length = media.bytes.len();
    let (last, beyond) = (length - 1, length + 10);
    let table = [
        ("bytes=0-0".to_owned(), Some((0, 0))),
        ("bytes=0-99".to_owned(), Some((0, 99))),
        ("bytes=100-".to_owned(), Some((100, last))),
        ("bytes=-100".to_owned(), Some((length - 100, last))),
        (format!("bytes=-{beyond}"), Some((0, last))),
        (format!("bytes=10-{beyond}"), Some((10, last))),
        ("bytes=10-9".to_owned(), None),
        ("bytes=0-1,5-6".to_owned(), None),
        ("bytes=x".to_owned(), None),
        ("items=0-1".to_owned(), None),
    ];
    for (range, expected) in table {
        let response = server.get(&media.segment).header(header::RANGE, &range).send().await.unwrap();
        match expected {
            Some((first, end)) => {
                assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT, "{range}");
                assert_eq!(text(&response, header::CONTENT_RANGE), format!("bytes {first}-{end}/{length}"));
                assert!(response.bytes().await.unwrap() == media.bytes[first..=end], "{range}");
            }
            None => {
                assert_eq!(response.status(), StatusCode::OK, "{range}");
                assert!(response.bytes().await.unwrap() == media.bytes, "{range}");
            }
        }
    }
    for range in [format!("bytes={length}-"), "bytes=-0".to_owned(), format!("bytes={}-", u128::MAX)] {
        let response = server.get(&media.segment).header(header::RANGE, &range).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::RANGE_NOT_SATISFIABLE, "{range}");
        assert_eq!(text(&response, header::CONTENT_RANGE), format!("bytes */{length}"));
    }
}

#[tokio::test]
async fn conditions_follow_the_standard() {
    let server = TestServer::start().await;
    let media = Media::find(&server, CLEAR).await;
    let first = server.get(&media.segment).send().await.unwrap();
    let tag = text(&first, header::ETAG).to_owned();
    let date = text(&first, header::LAST_MODIFIED).to_owned();
    assert!(tag.starts_with('"'), "strong");
    let long_ago = "Sun, 06 Nov 1994 08:49:37 GMT".to_owned();
    let weak = format!("W/{tag}");
    let other = "\"other\"".to_owned();

    let none_match = [(&tag, 304), (&weak, 304), (&other, 200)];
    for (value, status) in none_match {
        let request = server.get(&media.segment).header(header::IF_NONE_MATCH, value);
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{value}");
        assert_eq!(text(&response, header::ETAG), tag);
    }
    for (value, status) in [(&date, 304), (&long_ago, 200)] {
        let request = server.get(&media.segment).header(header::IF_MODIFIED_SINCE, value);
        assert_eq!(request.send().await.unwrap().status().as_u16(), status, "{value}");
    }
    let both =
        server.get(&media.segment).header(header::IF_NONE_MATCH, &other).header(header::IF_MODIFIED_SINCE, &date);
    assert_eq!(both.send().await.unwrap().status(), StatusCode::OK, "the tag decides");

    for (value, status) in [(&tag, 206), (&date, 206), (&weak, 200), (&other, 200), (&long_ago, 200)] {
        let request = server.get(&media.segment).header(header::RANGE, "bytes=0-9").header(header::IF_RANGE, value);
        assert_eq!(request.send().await.unwrap().status().as_u16(), status, "{value}");
    }
}

#[tokio::test]
async fn head_tells_what_get_would_bring() {
    let server = TestServer::start().await;
    let media = Media::find(&server, CLEAR).await;
    for path in [&media.manifest, &media.playlist, &media.segment] {
        let get = server.get(path).send().await.unwrap();
        let head = server.request(Method::HEAD, path).send().await.unwrap();
        assert_eq!(head.status(), StatusCode::OK);
        for name in [header::CONTENT_LENGTH, header::CONTENT_TYPE, header::ETAG, header::LAST_MODIFIED] {
            assert_eq!(head.headers()[&name], get.headers()[&name], "{path} {name}");
        }
        assert!(head.bytes().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn altered_foreign_and_expired_tokens_are_refused() {
    let server = TestServer::start().await;
    let media = Media::find(&server, CLEAR).await;
    let token = media.manifest.split('/').nth(2).unwrap().to_owned();
    let with = |token: &str| media.segment.replacen(&media.manifest.split('/').nth(2).unwrap().to_owned(), token, 1);
    for place in [0, 1, 10, 40, token.len() - 1] {
        let mut changed = token.clone();
        changed.replace_range(place..=place, if &token[place..=place] == "A" { "B" } else { "A" });
        expect(&problem(server.get(&with(&changed))).await, 403, ProblemCode::MediaTokenInvalid);
    }
    for text in ["x", &token[..75], &format!("{token}A")] {
        expect(&problem(server.get(&with(text))).await, 403, ProblemCode::MediaTokenInvalid);
    }
    let other_title = media.segment.replacen(CLEAR, ENCRYPTED, 1);
    expect(&problem(server.get(&other_title)).await, 403, ProblemCode::MediaTokenInvalid);
    let nothing_there = with("x").replace(".m4s", ".none");
    expect(&problem(server.get(&nothing_there)).await, 403, ProblemCode::MediaTokenInvalid);

    server.clock.advance(Duration::from_millis(4 * 3_600_000 - 1));
    assert_eq!(server.get(&media.segment).send().await.unwrap().status(), StatusCode::OK);
    server.clock.advance(Duration::from_millis(1));
    expect(&problem(server.get(&media.segment)).await, 403, ProblemCode::MediaTokenInvalid);
}

#[tokio::test]
async fn no_path_leads_out_of_the_title() {
    let server = TestServer::start().await;
    let media = Media::find(&server, CLEAR).await;
    let canary = "the canary of the data folder";
    std::fs::write(server.data().join("canary.txt"), canary).unwrap();
    let base = media.manifest.strip_suffix("master.m3u8").unwrap().to_owned();
    let mut attempts = Vec::new();
    for target in ["canary.txt", "../canary.txt", "lumen.db", "master.key", "etc/passwd", "proc/self/environ"] {
        for step in ["../", "..%2f", "..%2F", "%2e%2e/", "%2e%2e%2f", "..\\", "..%5c", ".%2e/", "..;/", "..%00/"] {
            for depth in [1, 2, 3, 8] {
                attempts.push(format!("{base}{}{target}", step.repeat(depth)));
                attempts.push(format!("{base}video/{}{target}", step.repeat(depth)));
            }
        }
        for step in ["%252e%252e%252f", "%c0%ae%c0%ae/", "%ff/", "//", "/./", "%2f", "file:///"] {
            attempts.push(format!("{base}{step}{target}"));
            attempts.push(format!("/artwork/{CLEAR}/{step}{target}"));
        }
        attempts.push(format!("/artwork/..%2f{target}"));
        attempts.push(format!("/artwork/../{target}"));
        attempts.push(format!("/artwork/..%2f..%2f..%2f/{target}"));
    }
    attempts.push(format!("{base}{}", "a/".repeat(5_000)));
    attempts.push(base.clone());
    assert!(attempts.len() > 400);
    for path in attempts {
        let answer = raw_get(server.address(), &path).await;
        let status = answer.split(' ').nth(1).unwrap_or_default();
        assert!(matches!(status, "400" | "403" | "404" | "414"), "{path}: {answer}");
        assert!(!answer.contains(canary) && !answer.contains("SQLite") && !answer.contains("root:"), "{path}");
    }
}

#[tokio::test]
async fn artwork_is_public_and_kept() {
    let server = TestServer::start().await;
    let mia = server.sign_in(MIA).await;
    let title: service_api::catalog::Title = common::json(mia.get(&format!("/v1/titles/{CLEAR}"))).await;
    let artwork = title.summary.artwork;
    for path in [artwork.card, artwork.poster, artwork.backdrop].into_iter().flatten() {
        let response = server.get(&path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(text(&response, header::CACHE_CONTROL), "public, max-age=31536000, immutable");
        assert!(text(&response, header::CONTENT_TYPE).starts_with("image/"));
        let tag = response.headers()[header::ETAG].clone();
        let again = server.get(&path).header(header::IF_NONE_MATCH, tag).send().await.unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    }
    expect(&problem(server.get(&format!("/artwork/{CLEAR}/none.jpg"))).await, 404, ProblemCode::NotFound);
    expect(&problem(server.get("/artwork/no-such-title/card.jpg")).await, 404, ProblemCode::NotFound);
}

/// A fault for every request of a segment from the second on: the first is how the test learns what is right.
fn from_the_second(fault: Fault) -> Arc<dyn server_stub::FaultScript> {
    FaultFn::new(move |request| (!request.path.ends_with(".m3u8") && request.attempt > 1).then(|| fault.clone()))
}

#[tokio::test]
async fn status_faults_are_answered() {
    for status in [404, 503] {
        let server = TestServer::with_faults(from_the_second(Fault::Status(status))).await;
        let media = Media::find(&server, CLEAR).await;
        assert_eq!(problem(server.get(&media.segment)).await.status, status);
    }
}

#[tokio::test]
async fn truncated_body_breaks_the_connection_after_its_promise() {
    let server = TestServer::with_faults(from_the_second(Fault::TruncateBody { at: 500 })).await;
    let media = Media::find(&server, CLEAR).await;
    let response = server.get(&media.segment).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(text(&response, header::CONTENT_LENGTH), media.bytes.len().to_string());
    assert!(response.bytes().await.is_err());
}

#[tokio::test]
async fn corrupted_body_looks_right_from_outside() {
    let wrong = vec![0xde, 0xad, 0xbe, 0xef];
    let server = TestServer::with_faults(from_the_second(Fault::Corrupt { offset: 20, bytes: wrong.clone() })).await;
    let media = Media::find(&server, CLEAR).await;
    let bytes = server.get(&media.segment).send().await.unwrap().bytes().await.unwrap();
    let mut expected = media.bytes.clone();
    expected[20..24].copy_from_slice(&wrong);
    assert!(bytes == expected);
}

#[tokio::test]
async fn hung_server_answers_nobody_until_it_is_well_again() {
    let is_dead = Arc::new(AtomicBool::new(false));
    let flag = is_dead.clone();
    let script = FaultFn::new(move |_| flag.load(Ordering::SeqCst).then_some(Fault::Hang));
    let server = TestServer::with_faults(script).await;
    let media = Media::find(&server, CLEAR).await;
    is_dead.store(true, Ordering::SeqCst);
    let patience = Duration::from_millis(200);
    let asked = server.get(&media.segment).timeout(patience).send().await;
    assert!(asked.unwrap_err().is_timeout());
    is_dead.store(false, Ordering::SeqCst);
    assert_eq!(server.get(&media.segment).send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn throttled_body_takes_its_time() {
    let server = TestServer::with_faults(from_the_second(Fault::Throttle { bits_per_second: 4_000_000 })).await;
    let media = Media::find(&server, CLEAR).await;
    let started = std::time::Instant::now();
    let bytes = server.get(&media.segment).send().await.unwrap().bytes().await.unwrap();
    let expected = Duration::from_secs_f64(bytes.len() as f64 * 8.0 / 4e6);
    assert!(bytes == media.bytes && started.elapsed() >= expected.mul_f64(0.9));
}
