//! The program, killed in mid-write again and again: what was answered is there, and what it told nobody about is not
//! half there. Run the long one with `cargo test -p lumen-server-stub --test crash -- --ignored`.
#![allow(clippy::unwrap_used)]

mod common;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use common::{CLEAR, ENCRYPTED, MIA, SignedIn, Site, Tokens, data_folder, json};
use reqwest::{Method, StatusCode};
use service_api::{
    catalog::TitleSummary,
    licence::{ClearKeyLicence, ClearKeyRequest, SessionType},
    playback::{PlaybackGrant, RegisteredDevice},
    profile::Progress,
    routes,
};
use std::{path::Path, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, Command},
};

struct Program {
    child: Child,
    site: Site,
}

impl Program {
    async fn serve(data: &Path, log: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_lumen-server"))
            .args(["serve", "--demo", "--no-make", "--library-profile", "test", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .env("LUMEN_LOG", log)
            .stdout(Stdio::piped())
            .stderr(if log == "off" { Stdio::null() } else { Stdio::piped() })
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).await.unwrap();
        let site = Site::new(line.strip_prefix("listening on ").unwrap().trim_end());
        Self { child, site }
    }
}

async fn kid_of(data: &Path) -> String {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(data.join("lumen.db")).read_only(true);
    let db = sqlx::SqlitePool::connect_with(options).await.unwrap();
    let kid: Vec<u8> = sqlx::query_scalar("SELECT kid FROM licence_keys WHERE title_id = ?")
        .bind(ENCRYPTED)
        .fetch_one(&db)
        .await
        .unwrap();
    URL_SAFE_NO_PAD.encode(kid)
}

/// What was answered.
#[derive(Debug, Default)]
struct Acknowledged {
    position: Option<Progress>,
    listed: Option<bool>,
    licences: usize,
}

/// Writes as fast as it is answered, until it is not.
async fn write_until_killed(mia: &SignedIn<'_>, kid: &str, acknowledged: &mut Acknowledged, from_ms: i64) {
    let profile = mia.profile("Mia").await;
    let progress = routes::fill(routes::PROGRESS, &[("profile", profile.as_str()), ("title", CLEAR)]);
    let listed = routes::fill(routes::MY_LIST_TITLE, &[("profile", profile.as_str()), ("title", CLEAR)]);
    let start = serde_json::json!({ "title": ENCRYPTED, "profile": profile, "device": { "id": "tv" } });
    let grant: PlaybackGrant = json(mia.request(Method::POST, routes::PLAYBACK).json(&start)).await;
    let challenge = ClearKeyRequest { kids: vec![kid.to_owned()], session: SessionType::Temporary };
    for step in 1.. {
        let position =
            Progress { position_s: f64::from(step % 40), duration_s: 40.0, taken_at_ms: from_ms + i64::from(step) };
        let put = mia.request(Method::PUT, &progress).json(&position).send();
        let method = if step % 2 == 0 { Method::DELETE } else { Method::PUT };
        let list = mia.request(method, &listed).send();
        let licence = mia.request(Method::POST, grant.licence.as_deref().unwrap()).json(&challenge).send();
        let (put, list, licence) = tokio::join!(put, list, licence);
        let is_success =
            |answer: &Result<reqwest::Response, reqwest::Error>| answer.as_ref().is_ok_and(|a| a.status().is_success());
        if is_success(&put) {
            acknowledged.position = Some(position);
        }
        // Without an answer it may have happened or not.
        acknowledged.listed = is_success(&list).then_some(step % 2 != 0);
        acknowledged.licences += usize::from(is_success(&licence));
        if put.is_err() || list.is_err() || licence.is_err() {
            return;
        }
    }
}

async fn kill_again_and_again(times: u32) {
    let folder = data_folder().await;
    let mut licences = 0;
    let mut tokens: Option<Tokens> = None;
    for round in 0..times {
        let mut program = Program::serve(folder.path(), "off").await;
        let kid = kid_of(folder.path()).await;
        let site = Site::new(&program.site.issuer);
        let mia = match tokens.take() {
            Some(tokens) => SignedIn { server: &site, tokens },
            None => site.sign_in(MIA).await,
        };
        let mut acknowledged = Acknowledged::default();
        // Somewhere between the first write and the many after it.
        let wait = Duration::from_millis(30 + u64::from(round * 37 % 400));
        let writing = write_until_killed(&mia, &kid, &mut acknowledged, i64::from(round) * 1_000_000);
        let killing = async {
            tokio::time::sleep(wait).await;
            program.child.kill().await.unwrap();
        };
        // Killed before the first answer, the writer fails: that is a round without writes.
        let writing = futures_util::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(writing));
        let (_, ()) = tokio::join!(writing, killing);
        licences += acknowledged.licences;
        let used = mia.tokens.clone();

        let program = Program::serve(folder.path(), "off").await;
        let mia = SignedIn { server: &program.site, tokens: used.clone() };
        let profile = mia.profile("Mia").await;
        if let Some(position) = acknowledged.position {
            let path = routes::fill(routes::PROGRESS, &[("profile", profile.as_str()), ("title", CLEAR)]);
            let held: Progress = json(mia.get(&path)).await;
            assert!(held.taken_at_ms >= position.taken_at_ms, "round {round}: an answered position is lost");
        }
        let path = routes::fill(routes::MY_LIST, &[("profile", profile.as_str())]);
        let list: Vec<TitleSummary> = json(mia.get(&path)).await;
        if let Some(listed) = acknowledged.listed {
            assert_eq!(!list.is_empty(), listed, "round {round}: an answered change of the list is lost");
        }
        // The device of before holds the one stream that it held; nothing leaks into a second one.
        let devices: Vec<RegisteredDevice> = json(mia.get(routes::PLAYBACK_DEVICES)).await;
        assert!(devices.len() <= 1, "round {round}: {devices:?}");
        // A refresh that was answered has used its token up, over the kill as well.
        let fresh = program.site.refresh(&used.refresh_token).await.unwrap();
        if round % 8 == 7 {
            let mut killed = program;
            killed.child.kill().await.unwrap();
            let again = Program::serve(folder.path(), "off").await;
            assert!(again.site.refresh(&used.refresh_token).await.is_err(), "round {round}: a token was used twice");
            assert!(again.site.refresh(&fresh.refresh_token).await.is_err(), "the theft ends the family");
        } else {
            tokens = Some(fresh);
        }
    }
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path().join("lumen.db")).read_only(true);
    let db = sqlx::SqlitePool::connect_with(options).await.unwrap();
    let written: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM licence_audit WHERE outcome = 'granted'")
        .fetch_one(&db)
        .await
        .unwrap();
    assert!(licences > 0 && written >= licences as i64, "{written} entries for {licences} licences");
    let mut verify = Command::new(env!("CARGO_BIN_EXE_lumen-server"));
    verify.args(["keys", "--library-profile", "test", "--data"]).arg(folder.path()).arg("verify-log");
    let output = verify.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn l08_kill_9_ten_times_loses_nothing_that_was_answered() {
    kill_again_and_again(10).await;
}

#[tokio::test]
#[ignore = "minutes"]
async fn l08_kill_9_a_hundred_times_loses_nothing_that_was_answered() {
    kill_again_and_again(100).await;
}

/// Every form in which a key could be written down.
fn forms(key: &[u8]) -> Vec<Vec<u8>> {
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    vec![
        key.to_vec(),
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
        STANDARD.encode(key).into_bytes(),
        URL_SAFE_NO_PAD.encode(key).into_bytes(),
        format!("{key:?}").into_bytes(),
        uuid::Uuid::from_slice(key).unwrap().to_string().into_bytes(),
    ]
}

fn leaks(sinks: &[(String, Vec<u8>)], key: &[u8]) -> Vec<String> {
    let holds = |sink: &[u8]| forms(key).iter().any(|form| sink.windows(form.len()).any(|window| window == form));
    sinks.iter().filter(|(_, sink)| holds(sink)).map(|(name, _)| name.clone()).collect()
}

#[tokio::test]
async fn l12_no_key_in_any_sink_and_a_planted_one_is_found() {
    let folder = data_folder().await;
    let mut program = Program::serve(folder.path(), "trace").await;
    let mut stderr = program.child.stderr.take().unwrap();
    let log = tokio::spawn(async move {
        let mut log = Vec::new();
        stderr.read_to_end(&mut log).await.unwrap();
        log
    });
    let mut sinks = Vec::new();
    let process = format!("/proc/{}", program.child.id().unwrap());
    for file in ["environ", "cmdline"] {
        sinks.push((file.to_owned(), std::fs::read(format!("{process}/{file}")).unwrap_or_default()));
    }
    let mia = program.site.sign_in(MIA).await;
    let kid = kid_of(folder.path()).await;
    let grant = mia.grant(ENCRYPTED).await;
    let licence_path = grant.licence.clone().unwrap();
    let ask = |session| ClearKeyRequest { kids: vec![kid.clone()], session };
    let licence: ClearKeyLicence =
        json(mia.request(Method::POST, &licence_path).json(&ask(SessionType::Temporary))).await;
    json::<ClearKeyLicence>(mia.request(Method::POST, &licence_path).json(&ask(SessionType::PersistentLicense))).await;
    let hls = routes::fill(routes::LICENCE_HLS_KEY, &[("grant", grant.id.as_str()), ("kid", &kid)]);
    let key = mia.get(&hls).send().await.unwrap().bytes().await.unwrap().to_vec();
    assert_eq!(URL_SAFE_NO_PAD.encode(&key), licence.keys[0].k);
    let authorization = routes::fill(routes::LICENCE_AUTHORIZATION, &[("grant", grant.id.as_str())]);
    let token = mia.get(&format!("{authorization}?kids={kid}")).send().await.unwrap().bytes().await.unwrap();
    sinks.push(("token".to_owned(), token.to_vec()));
    for (name, request) in [
        ("refused", mia.request(Method::POST, &licence_path).json(&serde_json::json!({ "kids": ["x"] }))),
        (
            "unknown",
            mia.request(Method::POST, &licence_path)
                .json(&serde_json::json!({ "kids": [URL_SAFE_NO_PAD.encode([9; 16])] })),
        ),
        ("health", mia.get(routes::HEALTH_READY)),
        ("playlist", program.site.get(&grant.manifest)),
        ("grant", mia.playback(ENCRYPTED, &mia.profile("Mia").await)),
    ] {
        let answer = request.send().await.unwrap();
        assert_ne!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let mut text = format!("{:?}", answer.headers()).into_bytes();
        text.extend(answer.bytes().await.unwrap());
        sinks.push((name.to_owned(), text));
    }
    program.child.kill().await.unwrap();
    sinks.push(("log".to_owned(), log.await.unwrap()));
    assert!(sinks.last().unwrap().1.len() > 10_000, "the log is there, and loud");
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            sinks.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    assert_eq!(leaks(&sinks, &key), Vec::<String>::new());
    for form in forms(&key) {
        let mut planted = b"before ".to_vec();
        planted.extend(form);
        sinks.push(("planted".to_owned(), planted));
        assert_eq!(leaks(&sinks, &key), ["planted"], "the search finds what is there");
        sinks.pop();
    }
}
