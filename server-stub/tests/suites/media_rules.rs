//! Who gets which bytes: ranges beside nginx's, tokens wherever they travel, headers, manifests of both kinds.

use crate::common::{self, BEN, CLEAR, ENCRYPTED, MIA, TestServer, expect, problem, raw_get};
use reqwest::{Method, StatusCode, header};
use server_stub::{CdnConfig, Fault, FaultFn, Revoked};
use service_api::{identity::Role, problem::ProblemCode, routes};
use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const SEGMENT: &str = "video/144p/seg-00001.m4s";

async fn prefix(server: &TestServer, title: &str) -> String {
    server.sign_in(MIA).await.grant(title).await.manifest.strip_suffix("master.m3u8").unwrap().to_owned()
}

/// What RFC 9110 prescribes for a header on a file of `length` bytes; nothing where it leaves a choice.
fn prescribed(header: &str, length: u64) -> Option<Result<(u64, u64), ()>> {
    let range = header.strip_prefix("bytes=")?;
    let (first, last) = range.split_once('-')?;
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().unwrap_or(u64::MAX));
    match (first, last) {
        ("", "") => None,
        ("", suffix) => Some(match number(suffix)? {
            0 => Err(()),
            suffix => Ok((length.saturating_sub(suffix), length - 1)),
        }),
        (first, "") => Some(number(first).filter(|first| *first < length).map(|first| (first, length - 1)).ok_or(())),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(if first < length { Ok((first, last.min(length - 1))) } else { Err(()) })
        }
    }
}

#[tokio::test]
async fn h02_five_hundred_ranges_are_what_the_standard_prescribes() {
    let server = TestServer::start().await;
    let path = format!("{}{SEGMENT}", prefix(&server, CLEAR).await);
    let whole = server.get(&path).send().await.unwrap().bytes().await.unwrap();
    let length = whole.len() as u64;
    let points = [0, 1, 2, 99, 4_096, length / 2, length - 2, length - 1, length, length + 1, u64::MAX];
    let mut headers = Vec::new();
    for first in points {
        headers.push(format!("bytes={first}-"));
        headers.push(format!("bytes=-{first}"));
        headers.extend(points.iter().map(|last| format!("bytes={first}-{last}")));
    }
    let odd = [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=1-2-3",
        "bytes=+1-2",
        "items=0-1",
        "bytes=0-1,3-4",
        "bytes=--1",
    ];
    headers.extend(odd.map(str::to_owned));
    headers.extend((0..350_u64).map(|seed| {
        let (first, span) = (seed.wrapping_mul(7_919) % (length + 50), seed.wrapping_mul(104_729) % 3_000);
        format!("bytes={first}-{}", first + span)
    }));
    assert!(headers.len() >= 500, "{}", headers.len());
    for range in headers {
        let response = server.get(&path).header(header::RANGE, &range).send().await.unwrap();
        let status = response.status().as_u16();
        let said = response.headers().get(header::CONTENT_RANGE).map(|value| value.to_str().unwrap().to_owned());
        let body = response.bytes().await.unwrap();
        match prescribed(&range, length) {
            Some(Ok((first, last))) => {
                assert_eq!((status, said), (206, Some(format!("bytes {first}-{last}/{length}"))), "{range}");
                assert!(body == whole[first as usize..=last as usize], "{range}");
            }
            Some(Err(())) => assert_eq!((status, said), (416, Some(format!("bytes */{length}"))), "{range}"),
            // Ignoring is one of the choices, and the one that cannot be wrong.
            None => assert!(status == 200 && body == whole, "{range}: {status}"),
        }
    }
}

#[tokio::test]
async fn h03_ten_thousand_overlapping_ranges_are_one_whole_file() {
    let server = TestServer::start().await;
    let path = format!("{}{SEGMENT}", prefix(&server, CLEAR).await);
    let length = server.get(&path).send().await.unwrap().bytes().await.unwrap().len();
    let ranges = format!("bytes={}", vec!["0-"; 10_000].join(","));
    let started = Instant::now();
    let response = server.get(&path).header(header::RANGE, &ranges).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.bytes().await.unwrap().len(), length);
    assert!(started.elapsed() < Duration::from_secs(2));
    let twice = format!("{ranges},{}", &ranges[6..]);
    let too_long = server.get(&path).header(header::RANGE, &twice).send().await.unwrap();
    assert_eq!(too_long.status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
}

#[tokio::test]
async fn h04_head_get_and_preflight_agree() {
    let server = TestServer::start().await;
    let base = prefix(&server, CLEAR).await;
    let table = [
        ("master.m3u8", "application/vnd.apple.mpegurl"),
        ("manifest.mpd", "application/dash+xml"),
        (SEGMENT, "video/mp4"),
        ("audio/seg-00001.m4s", "audio/mp4"),
        ("audio/init.mp4", "audio/mp4"),
    ];
    for (file, kind) in table {
        let path = format!("{base}{file}");
        // Twice: the long way, and then the quick one.
        for _ in 0..2 {
            let get = server.get(&path).send().await.unwrap();
            let head = server.request(Method::HEAD, &path).send().await.unwrap();
            for name in ["content-type", "content-length", "etag", "cache-control", "access-control-allow-origin"] {
                assert_eq!(head.headers()[name], get.headers()[name], "{file} {name}");
            }
            assert_eq!(get.headers()[header::CONTENT_TYPE], kind);
            assert_eq!(get.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
            assert_eq!(get.headers()["x-request-id"].len(), 32);
            let tag = get.headers()[header::ETAG].clone();
            let again = server.get(&path).header(header::IF_NONE_MATCH, &tag).send().await.unwrap();
            assert_eq!((again.status(), &again.headers()[header::ETAG]), (StatusCode::NOT_MODIFIED, &tag));
            assert!(again.bytes().await.unwrap().is_empty());
        }
        let preflight =
            server.request(Method::OPTIONS, &path).header("origin", "https://player.example").send().await.unwrap();
        assert_eq!(preflight.status(), StatusCode::NO_CONTENT);
        assert!(preflight.headers()["access-control-allow-headers"].to_str().unwrap().contains("range"));
    }
    let stale = server.get(&format!("{base}{SEGMENT}")).header(header::IF_MATCH, "\"other\"");
    expect(&problem(stale).await, 412, ProblemCode::InvalidRequest);
}

#[tokio::test]
async fn h14_what_is_not_asked_for_changes_nothing() {
    let server = TestServer::start().await;
    let path = format!("{}{SEGMENT}", prefix(&server, CLEAR).await);
    let plain = server.get(&path).send().await.unwrap().bytes().await.unwrap();
    let odd = [
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "gopher"),
        ("x-original-url", "/health/live"),
        ("x-rewrite-url", "/health/live"),
        ("x-http-method-override", "DELETE"),
        ("forwarded", "host=evil.example"),
        ("accept-encoding", "gzip, br"),
        ("accept-language", "xx"),
    ];
    for (name, value) in odd {
        let response = server.get(&path).header(name, value).send().await.unwrap();
        assert!(!format!("{:?}", response.headers()).contains("evil"), "{name}");
        assert!(response.bytes().await.unwrap() == plain, "{name}");
    }
    for query in ["?a=b", "?", "?utm=1&x=%00"] {
        let response = server.get(&format!("{path}{query}")).send().await.unwrap();
        assert!(response.bytes().await.unwrap() == plain, "{query}");
    }
}

#[tokio::test]
async fn h16_a_file_that_cannot_be_read_concerns_itself_alone() {
    let server = TestServer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let from = server.data().join("library").canonicalize().unwrap();
    let copied = std::process::Command::new("cp").arg("-r").arg(&from).arg(folder.path()).status().unwrap();
    assert!(copied.success());
    let library = folder.path().join("library");
    std::fs::remove_file(server.data().join("library")).unwrap();
    std::os::unix::fs::symlink(&library, server.data().join("library")).unwrap();
    let base = prefix(&server, CLEAR).await;
    let title = library.join("media").join(CLEAR);
    std::fs::remove_file(title.join(SEGMENT)).unwrap();
    std::fs::remove_file(title.join("video/144p/seg-00002.m4s")).unwrap();
    std::fs::create_dir(title.join("video/144p/seg-00002.m4s")).unwrap();
    for gone in [SEGMENT, "video/144p/seg-00002.m4s"] {
        expect(&problem(server.get(&format!("{base}{gone}"))).await, 404, ProblemCode::NotFound);
    }
    let fine = server.get(&format!("{base}video/144p/seg-00003.m4s")).send().await.unwrap();
    assert_eq!(fine.status(), StatusCode::OK);
}

#[tokio::test]
async fn h01_links_out_of_the_library_lead_nowhere() {
    let server = TestServer::start().await;
    let base = prefix(&server, CLEAR).await;
    let from = server.data().join("library").canonicalize().unwrap();
    let folder = tempfile::tempdir().unwrap();
    assert!(std::process::Command::new("cp").arg("-r").arg(&from).arg(folder.path()).status().unwrap().success());
    let library = folder.path().join("library");
    std::fs::remove_file(server.data().join("library")).unwrap();
    std::os::unix::fs::symlink(&library, server.data().join("library")).unwrap();
    let title = library.join("media").join(CLEAR);
    let canary = "the canary outside";
    std::fs::write(folder.path().join("canary.m4s"), canary).unwrap();
    std::os::unix::fs::symlink(folder.path().join("canary.m4s"), title.join("absolute.m4s")).unwrap();
    std::os::unix::fs::symlink("../../../canary.m4s", title.join("relative.m4s")).unwrap();
    std::os::unix::fs::symlink("/proc/self/environ", title.join("environ.m4s")).unwrap();
    std::os::unix::fs::symlink(folder.path(), title.join("folder")).unwrap();
    for name in ["absolute.m4s", "relative.m4s", "environ.m4s", "folder/canary.m4s"] {
        let answer = raw_get(server.address(), &format!("{base}{name}")).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{name}: {answer}");
        assert!(!answer.contains(canary), "{name}");
    }
}

#[tokio::test]
async fn l16_the_token_travels_in_field_cookie_and_query() {
    let server = TestServer::start().await;
    let base = prefix(&server, CLEAR).await;
    let token = base.split('/').nth(2).unwrap();
    let path = format!("/content/{CLEAR}/{SEGMENT}");
    expect(&problem(server.get(&path)).await, 403, ProblemCode::MediaTokenInvalid);
    let name = "cta-common-access-token";
    let ways = [
        server.get(&path).header(name, token),
        server.get(&path).header(header::COOKIE, format!("a=b; CTA-Common-Access-Token={token}")),
        server.get(&format!("{path}?CAT={token}")),
        server.get(&path).header(name, token),
    ];
    for way in ways {
        let response = way.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CACHE_CONTROL], "private, max-age=3600, immutable");
    }
    let other = format!("/content/{ENCRYPTED}/{SEGMENT}");
    expect(&problem(server.get(&other).header(name, token)).await, 403, ProblemCode::MediaTokenInvalid);
}

#[tokio::test]
async fn a_cache_that_checks_tokens_may_keep_what_has_none_in_its_address() {
    let server = TestServer::start_with(|config| config.delivery.shared_caches = true).await;
    let base = prefix(&server, CLEAR).await;
    let token = base.split('/').nth(2).unwrap();
    for (file, expected) in [(SEGMENT, "public, max-age=31536000, immutable"), ("master.m3u8", "public, max-age=10")] {
        let request = server.get(&format!("/content/{CLEAR}/{file}")).header("cta-common-access-token", token);
        assert_eq!(request.send().await.unwrap().headers()[header::CACHE_CONTROL], expected);
        let private = server.get(&format!("{base}{file}")).send().await.unwrap();
        assert!(private.headers()[header::CACHE_CONTROL].to_str().unwrap().starts_with("private"));
    }
}

#[tokio::test]
async fn the_mpd_names_files_that_are_there() {
    let server = TestServer::start().await;
    for title in [CLEAR, ENCRYPTED] {
        let base = prefix(&server, title).await;
        let mpd = server.get(&format!("{base}manifest.mpd")).send().await.unwrap().text().await.unwrap();
        assert_eq!(mpd.matches("<Representation ").count(), 6, "{mpd}");
        assert_eq!(mpd.contains("cenc:default_KID"), title == ENCRYPTED);
        for part in mpd.split("media=\"").skip(1) {
            let first = part.split('"').next().unwrap().replace("$Number%05d$", "00001");
            let response = server.get(&format!("{base}{first}")).send().await.unwrap();
            assert_eq!(response.status(), StatusCode::OK, "{first}");
        }
        for part in mpd.split("initialization=\"").skip(1) {
            let init = part.split('"').next().unwrap();
            assert_eq!(server.get(&format!("{base}{init}")).send().await.unwrap().status(), StatusCode::OK);
        }
    }
}

#[tokio::test]
async fn playlists_name_keys_in_the_way_that_the_client_reads() {
    let server = TestServer::start().await;
    let base = prefix(&server, ENCRYPTED).await;
    let text = async |name: &str| server.get(&format!("{base}{name}")).send().await.unwrap().text().await.unwrap();
    for name in ["master.m3u8", "video/144p/index.m3u8"] {
        let (boxed, bare) = (text(name).await, text(&format!("k=kid/{name}")).await);
        let data = |text: &str| common::between(text, "data:text/plain;base64,", "\"").len();
        assert_eq!((data(&boxed), data(&bare)), (72, 24), "52 bytes and 16 bytes in base64");
        assert_eq!(boxed.lines().count(), bare.lines().count());
    }
}

#[tokio::test]
async fn steering_moves_clients_between_networks() {
    let server = TestServer::start_with(|config| {
        let cdn = |name: &str| CdnConfig {
            name: name.into(),
            base: format!("https://{name}.example").parse().unwrap(),
            clone_of: None,
        };
        config.delivery.cdns = vec![cdn("a"), cdn("b")];
        config.delivery.steering_ttl_s = 2;
    })
    .await;
    let base = prefix(&server, CLEAR).await;
    let text = async |name: &str| server.get(&format!("{base}{name}")).send().await.unwrap().text().await.unwrap();
    let master = text("master.m3u8").await;
    assert!(master.contains("#EXT-X-CONTENT-STEERING:SERVER-URI=\"steering.hls.json\",PATHWAY-ID=\"a\""), "{master}");
    assert!(master.contains(&format!("https://b.example{base}video/480p/index.m3u8")), "{master}");
    let mpd = text("manifest.mpd").await;
    assert!(mpd.contains(&format!("<BaseURL serviceLocation=\"a\">https://a.example{base}</BaseURL>")), "{mpd}");
    let steer = async |name: &str| serde_json::from_str::<serde_json::Value>(&text(name).await).unwrap();
    let first = steer("steering.hls.json").await;
    assert_eq!((&first["TTL"], &first["PATHWAY-PRIORITY"]), (&2.into(), &serde_json::json!(["a", "b"])));
    let slow = steer("steering.dash.json?_DASH_pathway=a&_DASH_throughput=1000").await;
    assert_eq!(slow["SERVICE-LOCATION-PRIORITY"], serde_json::json!(["b", "a"]));
    // The admin takes one out of service: the next answer says so.
    let form = [("cdn", "a"), ("up", "0")];
    server.set_role(BEN, Role::Admin).await;
    let admin = server.sign_in(BEN).await;
    let switched = admin.request(Method::POST, routes::ADMIN).form(&form);
    assert_eq!(switched.send().await.unwrap().status(), StatusCode::SEE_OTHER);
    assert_eq!(steer("steering.hls.json").await["PATHWAY-PRIORITY"], serde_json::json!(["b", "a"]));
    expect(&problem(server.get("/media/x/y/steering.hls.json")).await, 403, ProblemCode::MediaTokenInvalid);
}

#[tokio::test]
async fn faults_in_the_address_strike_only_a_server_for_qa() {
    let closed = TestServer::start().await;
    let base = prefix(&closed, CLEAR).await;
    let faulty = format!("{base}f=status(503)/master.m3u8");
    expect(&problem(closed.get(&faulty)).await, 403, ProblemCode::Forbidden);

    let server = TestServer::start_with(|config| config.delivery.url_faults = true).await;
    let base = prefix(&server, CLEAR).await;
    let get = async |path: String| server.get(&path).send().await.unwrap().status().as_u16();
    let rule = format!("{base}f=status(503,every=2,rep=144p),down(20s,10s)/");
    assert_eq!(get(format!("{rule}master.m3u8")).await, 200);
    assert_eq!(get(format!("{rule}video/144p/seg-00001.m4s")).await, 200);
    assert_eq!(get(format!("{rule}video/144p/seg-00002.m4s")).await, 503);
    assert_eq!(get(format!("{rule}video/480p/seg-00002.m4s")).await, 200);
    server.clock.advance(Duration::from_secs(21));
    assert_eq!(get(format!("{rule}master.m3u8")).await, 503, "down");
    server.clock.advance(Duration::from_secs(10));
    assert_eq!(get(format!("{rule}master.m3u8")).await, 200, "up again");
    assert_eq!(get(format!("{base}f=explode()/master.m3u8")).await, 400);
    let started = Instant::now();
    let slow = server.get(&format!("{base}f=slow(800kbit)/{SEGMENT}")).send().await.unwrap().bytes().await.unwrap();
    assert!(started.elapsed() >= Duration::from_secs_f64(slow.len() as f64 * 8.0 / 800e3).mul_f64(0.9));
}

#[tokio::test]
async fn scripts_of_tests_still_decide_over_what_is_known() {
    let script = FaultFn::new(|request| (request.attempt == 3).then_some(Fault::Status(503)));
    let server = TestServer::with_faults(script).await;
    let path = format!("{}{SEGMENT}", prefix(&server, CLEAR).await);
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(server.get(&path).send().await.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [200, 200, 503, 200]);
}

#[tokio::test]
async fn l06_what_is_taken_back_ends_on_the_fast_path_too() {
    let server = TestServer::start().await;
    let mia = server.sign_in(MIA).await;
    let grant = mia.grant(CLEAR).await;
    let segment = grant.manifest.replace("master.m3u8", SEGMENT);
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let mut status = async || {
        stream.write_all(format!("HEAD {segment} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        String::from_utf8(head[9..12].to_vec()).unwrap()
    };
    for _ in 0..3 {
        assert_eq!(status().await, "200");
    }
    // By another instance, so that nothing in the memory of this one is told.
    let statement = "UPDATE entitlement_grants SET revoked_at_ms = $1 WHERE id = $2";
    let mut database = server.database().await;
    let revoked =
        sqlx::query(statement).bind(server.clock_ms()).bind(grant.id.as_str()).execute(&mut database).await.unwrap();
    assert_eq!(revoked.rows_affected(), 1);
    server.clock.advance(Duration::from_secs(5));
    assert_eq!(status().await, "403");
    assert_eq!(status().await, "403");
    // By this one: at once.
    let grant = mia.grant(CLEAR).await;
    let segment = grant.manifest.replace("master.m3u8", SEGMENT);
    for _ in 0..3 {
        assert_eq!(server.get(&segment).send().await.unwrap().status(), StatusCode::OK);
    }
    server.running.revoke(&Revoked::Grant(grant.id)).await.unwrap();
    expect(&problem(server.get(&segment)).await, 403, ProblemCode::Revoked);
}
