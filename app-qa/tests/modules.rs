//! Films whose only protection is a content decryption module: a stand-in with the OpenCDM interface, loaded by the
//! player that ships.
#![allow(clippy::unwrap_used)]
#![cfg(target_os = "linux")]

mod support;

use app_qa::decode::args::{CdmArgs, DecodeArgs, GivenSystem, WantedRung};
use app_qa::decode::decode;
use app_qa::decode::report::DecodeReport;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use player_core::drm::{ContentKey, KeyId, SystemId};
use player_core::testing::stand_in::film::{self, ID, KEY, manifest, uuid};
use player_core::testing::stand_in::{self, StandIn};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use support::files::{hashes_of, serve};
use support::{CBCS, Service};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// A licence server: one answer for everybody, and all that it was asked.
struct Licences {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Licences {
    async fn answering(status: u16, answer: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
        let keeps = asked.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = Vec::new();
                let body = loop {
                    let whole = String::from_utf8_lossy(&request).to_ascii_lowercase();
                    let head = request.windows(4).position(|bytes| bytes == b"\r\n\r\n").map(|at| at + 4);
                    let length = whole.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next());
                    let length: usize = length.and_then(|length| length.parse().ok()).unwrap_or(0);
                    if let Some(head) = head.filter(|head| request.len() >= head + length) {
                        break request[head..].to_vec();
                    }
                    if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
                        break Vec::new();
                    }
                };
                keeps.lock().unwrap().push(body);
                let head = format!(
                    "HTTP/1.1 {status} Answer\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    answer.len()
                );
                let _ = stream.write_all(head.as_bytes()).await;
                let _ = stream.write_all(&answer).await;
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<Vec<u8>> {
        self.asked.lock().unwrap().clone()
    }
}

fn with_module(library: &Path) -> CdmArgs {
    let system = GivenSystem(stand_in::KEY_SYSTEM.to_owned(), SystemId::Uuid(stand_in::SYSTEM));
    CdmArgs { ocdm: Some(library.to_owned()), ocdm_system: vec![system] }
}

async fn decoded(server: SocketAddr, entry: &str, licences: SocketAddr, cdm: CdmArgs, hashes: &Path) -> DecodeReport {
    let arguments = DecodeArgs {
        url: format!("http://{server}/{entry}").parse().unwrap(),
        key: Vec::new(),
        licence: Some(format!("http://{licences}/licence").parse().unwrap()),
        header: Vec::new(),
        cdm,
        rung: WantedRung::Highest,
        frame_hashes: Some(hashes.to_owned()),
        json: None,
    };
    decode(&arguments).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_film_for_a_module_alone_plays_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    film::make(folder);
    film::ffmpeg(folder, "-i clear.mkv -map 0:v:0 -fps_mode passthrough -f framemd5 wanted.md5");
    let wanted = hashes_of(&folder.join("wanted.md5"));
    let module = StandIn::build(folder, "libocdm.so", &[]);
    let server = serve(folder.to_owned()).await;
    let licences = Licences::answering(200, stand_in::licence(&[(ID, KEY)], 0, "")).await;
    let hashes = folder.join("found.md5");
    let report = decoded(server, "film.mpd", licences.address, with_module(&module.library), &hashes).await;
    assert!(report.ok, "{:?}", report.errors);
    assert!(wanted.len() == 50 && hashes_of(&hashes) == wanted, "each frame is that of the clear film");
    assert!(report.audio.unwrap().samples > 90_000);
    let chosen = report.key_system.unwrap();
    assert_eq!(chosen.name, stand_in::KEY_SYSTEM);
    // The module's own bytes, and nothing around them.
    let challenge = [&b"standin-challenge\n"[..], &stand_in::init_data("film")].concat();
    assert_eq!(licences.asked(), [challenge]);
    comes_to_rest(&module).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cbcs_title_of_the_server_plays_with_a_module_alone() {
    let service = Service::start().await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for_the_module(&service.media_folder(CBCS), folder);
    let module = StandIn::build(folder, "libocdm.so", &[]);
    let (kid, key) = service.key(CBCS);
    let licences = Licences::answering(200, stand_in::licence(&[(KeyId(kid), ContentKey(key))], 0, "")).await;
    let server = serve(folder.to_owned()).await;
    let hashes = folder.join("found.md5");
    let report = decoded(server, "master.m3u8", licences.address, with_module(&module.library), &hashes).await;
    assert!(report.ok, "{:?}", report.errors);
    assert_eq!(report.key_system.unwrap().name, stand_in::KEY_SYSTEM);
    let wanted = service.frame_hashes(CBCS, report.video.unwrap().height).await;
    let found = hashes_of(&hashes);
    assert!(wanted.len() > 500 && found == wanted, "{} and {} frames", wanted.len(), found.len());
    comes_to_rest(&module).await;
}

/// Nothing that was made of it is left, as soon as what is being decrypted is done.
async fn comes_to_rest(module: &StandIn) {
    let begun = Instant::now();
    while !module.is_at_rest() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", module.log());
        tokio::task::yield_now().await;
    }
}

/// A copy of a title in which the stand-in's system takes the place of the common one: in playlists and in boxes.
fn for_the_module(title: &Path, folder: &Path) {
    let SystemId::Uuid(common) = SystemId::COMMON else { unreachable!("it has a UUID") };
    for entry in std::fs::read_dir(title).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        let to = folder.join(path.file_name().unwrap());
        if path.is_dir() {
            std::fs::create_dir_all(&to).unwrap();
            for_the_module(&path, &to);
        } else if path.extension().is_some_and(|extension| extension == "m3u8") {
            let format = format!("KEYFORMAT=\"urn:uuid:{}\"", uuid(stand_in::SYSTEM));
            let text = std::fs::read_to_string(&path).unwrap().replace("KEYFORMAT=\"org.w3.clearkey\"", &format);
            let pssh =
                |text: &str| text.split("base64,").nth(1).and_then(|rest| rest.split('"').next()).map(str::to_owned);
            let text = match pssh(&text) {
                None => text,
                Some(old) => text.replace(&old, &STANDARD.encode(swapped(&STANDARD.decode(&old).unwrap(), &common))),
            };
            std::fs::write(to, text).unwrap();
        } else if path.file_name().is_some_and(|name| name == "init.mp4") {
            std::fs::write(to, swapped(&std::fs::read(&path).unwrap(), &common)).unwrap();
        } else {
            std::fs::copy(&path, to).unwrap();
        }
    }
}

/// With the stand-in's system id where another was.
fn swapped(bytes: &[u8], other: &[u8; 16]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    while let Some(at) = bytes.windows(16).position(|window| window == other) {
        bytes[at..at + 16].copy_from_slice(&stand_in::SYSTEM);
    }
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_goes_wrong_has_a_name_and_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    film::make(folder);
    for how in ["mute", "error", "refuse"] {
        std::fs::write(folder.join(format!("{how}.mpd")), manifest(how)).unwrap();
    }
    let server = serve(folder.to_owned()).await;
    let module = StandIn::build(folder, "libocdm.so", &[]);
    let lacking = StandIn::build(folder, "liblacking.so", &["LACKS_UPDATE"]);
    let absent = folder.join("libabsent.so");
    let with = |status, more: &str| stand_in::licence(&[(ID, KEY)], status, more);
    let wrong = stand_in::licence(&[(ID, ContentKey([1; 16]))], 0, "");
    let expiring = with(0, &format!("until 20 {ID} 1\n"));
    let here = &module.library;
    for (entry, library, status, answer, code) in [
        ("film.mpd", here, 403, Vec::new(), "licence_refused"),
        ("film.mpd", here, 401, Vec::new(), "licence_unauthorised"),
        ("film.mpd", here, 200, b"<html>".to_vec(), "licence_invalid"),
        ("film.mpd", here, 200, Vec::new(), "licence_invalid"),
        ("film.mpd", here, 200, with(1, ""), "licence_expired"),
        ("film.mpd", here, 200, with(3, ""), "output_restricted"),
        ("film.mpd", here, 200, with(7, ""), "cdm_failed"),
        ("film.mpd", here, 200, with(0, "error no decryption today"), "cdm_failed"),
        ("film.mpd", here, 200, expiring, "licence_expired"),
        ("film.mpd", here, 200, wrong, "wrong_key"),
        ("error.mpd", here, 200, with(0, ""), "cdm_failed"),
        ("refuse.mpd", here, 200, with(0, ""), "cdm_failed"),
        ("mute.mpd", here, 200, with(0, ""), "cdm_failed"),
        ("film.mpd", &lacking.library, 200, with(0, ""), "scheme_unsupported"),
        ("film.mpd", &absent, 200, with(0, ""), "scheme_unsupported"),
    ] {
        let begun = Instant::now();
        let licences = Licences::answering(status, answer).await;
        let report = decoded(server, entry, licences.address, with_module(library), &folder.join("found.md5")).await;
        let took = begun.elapsed();
        let codes: Vec<&str> = report.errors.iter().map(|error| error.code.as_str()).collect();
        assert!(!report.ok && codes.first() == Some(&code), "{entry}, {code}: {:?}", report.errors);
        assert!(took < Duration::from_secs(18), "{entry}, {code}: {took:?}");
        comes_to_rest(&module).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probe_says_what_a_film_would_be_played_with() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("film.mpd"), manifest("film")).unwrap();
    let module = StandIn::build(folder, "libocdm.so", &[]);
    let server = serve(folder.to_owned()).await;
    let system = uuid(stand_in::SYSTEM);
    let protection = async |library: &Path| {
        let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_lumen-qa"))
            .args(["probe", "--json", "--ocdm-system", &format!("{}={system}", stand_in::KEY_SYSTEM)])
            .arg(format!("http://{server}/film.mpd"))
            .env("LUMEN_OCDM", library)
            .output()
            .await
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()["protection"].take()
    };
    let here = protection(&module.library).await;
    assert_eq!(here["key_system"], stand_in::KEY_SYSTEM);
    assert_eq!(here["offered"], serde_json::json!([format!("urn:uuid:{system}")]));
    let absent = protection(&folder.join("libabsent.so")).await;
    assert!(absent["key_system"].is_null() && absent["reason"].as_str().unwrap().contains("libabsent.so"), "{absent}");
}
