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

/// File in the data folder.
const TRACES: &str = "traces.jsonl";

struct Program {
    child: Child,
    site: Site,
}

const SERVER: &str = env!("CARGO_BIN_EXE_lumen-server");

impl Program {
    async fn serve(data: &Path, log: &str) -> Self {
        Self::begin(Command::new(SERVER), data, log).await
    }

    /// The same by a command that becomes the server.
    async fn begin(mut command: Command, data: &Path, log: &str) -> Self {
        let mut child = command
            .args(["serve", "--demo", "--no-make", "--library-profile", "test", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(["--trace-file".as_ref(), data.join(TRACES).as_os_str()])
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

/// Every form in which a secret could be written down.
fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let hex: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let uuid = uuid::Uuid::from_slice(secret).ok().map(|uuid| uuid.to_string().into_bytes());
    let forms = [
        secret.to_vec(),
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
        STANDARD.encode(secret).into_bytes(),
        URL_SAFE_NO_PAD.encode(secret).into_bytes(),
        format!("{secret:?}").into_bytes(),
    ];
    forms.into_iter().chain(uuid).collect()
}

fn leaks(sinks: &[(String, Vec<u8>)], secret: &[u8]) -> Vec<String> {
    let forms = forms(secret);
    let holds = |sink: &[u8]| {
        forms.iter().any(|form| {
            // Most bytes are not the first one of what is looked for.
            let starts = sink.iter().enumerate().filter(|(_, byte)| **byte == form[0]);
            starts.into_iter().any(|(at, _)| sink[at..].starts_with(form))
        })
    };
    sinks.iter().filter(|(_, sink)| holds(sink)).map(|(name, _)| name.clone()).collect()
}

/// Every file in a folder and below, but for what links lead to.
fn files_below(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let kind = std::fs::symlink_metadata(&path).unwrap().file_type();
        if kind.is_dir() {
            found.extend(files_below(&path));
        } else if kind.is_file() {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    found
}

/// A shell that allows core dumps of any size and then becomes the server.
fn with_core_dumps(folder: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -c unlimited && exec \"$0\" \"$@\"", SERVER]).current_dir(folder);
    command
}

#[tokio::test]
async fn l12_server_that_crashes_leaves_no_core_dump() {
    use std::os::unix::process::ExitStatusExt;
    let (folder, here) = (data_folder().await, tempfile::tempdir().unwrap());
    // What the shell allows is what a program gets that does nothing about it.
    let mut shell = Command::new("sh");
    let limits = shell.args(["-c", "ulimit -c unlimited && grep core /proc/self/limits"]).output().await.unwrap();
    let allowed = String::from_utf8(limits.stdout).unwrap();
    assert!(allowed.contains("unlimited"), "core dumps cannot be allowed here, so nothing can be shown: {allowed:?}");

    let mut program = Program::begin(with_core_dumps(here.path()), folder.path(), "off").await;
    let id = program.child.id().unwrap();
    let limits = std::fs::read_to_string(format!("/proc/{id}/limits")).unwrap();
    let core: Vec<&str> = limits.lines().find(|line| line.contains("core")).unwrap().split_whitespace().collect();
    assert_eq!(core[core.len() - 3..], ["0", "0", "bytes"], "neither now nor ever again");
    let mia = program.site.sign_in(MIA).await;
    mia.grant(ENCRYPTED).await;
    let abort = std::process::Command::new("kill").args(["-s", "ABRT", &id.to_string()]).status().unwrap();
    assert!(abort.success());
    let status = program.child.wait().await.unwrap();
    assert_eq!((status.signal(), status.core_dumped()), (Some(6), false));
    assert_eq!(files_below(here.path()), []);
    let cores = files_below(folder.path()).into_iter().map(|(name, _)| name).filter(|name| name.contains("core"));
    assert_eq!(cores.collect::<Vec<_>>(), Vec::<String>::new());
}

#[tokio::test]
async fn l12_no_key_and_no_token_in_any_sink_and_a_planted_one_is_found() {
    let (folder, here) = (data_folder().await, tempfile::tempdir().unwrap());
    let mut program = Program::begin(with_core_dumps(here.path()), folder.path(), "trace").await;
    let mut stderr = program.child.stderr.take().unwrap();
    let log = tokio::spawn(async move {
        let mut log = Vec::new();
        stderr.read_to_end(&mut log).await.unwrap();
        log
    });
    let mut sinks = Vec::new();
    let id = program.child.id().unwrap();
    for file in ["environ", "cmdline"] {
        // Without being root, there is nothing to be read of such a process.
        sinks.push((file.to_owned(), std::fs::read(format!("/proc/{id}/{file}")).unwrap_or_default()));
    }
    let first = program.site.sign_in(MIA).await;
    let tokens = program.site.refresh(&first.tokens.refresh_token).await.unwrap();
    let mia = SignedIn { server: &program.site, tokens: tokens.clone() };
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
    let form = [("token", first.tokens.access_token.as_str())];
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
        ("devices", mia.get(routes::ACCOUNT_DEVICES)),
        ("recovery", program.site.request(Method::POST, routes::RECOVER_PAGE).form(&[("email", MIA)])),
        ("in an address", program.site.get(&format!("/v1/me?access_token={}", tokens.access_token))),
        ("revocation", program.site.request(Method::POST, routes::OAUTH_REVOKE).form(&form)),
        ("signed out", program.site.get(routes::ME).bearer_auth(&tokens.access_token)),
        ("metrics", program.site.get(routes::METRICS)),
    ] {
        let answer = request.send().await.unwrap();
        assert_ne!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let mut text = format!("{:?}", answer.headers()).into_bytes();
        text.extend(answer.bytes().await.unwrap());
        sinks.push((name.to_owned(), text));
    }
    let abort = std::process::Command::new("kill").args(["-s", "ABRT", &id.to_string()]).status().unwrap();
    assert!(abort.success());
    program.child.wait().await.unwrap();
    sinks.push(("log".to_owned(), log.await.unwrap()));
    assert!(sinks.last().unwrap().1.len() > 10_000, "the log is there, and loud");
    sinks.extend(files_below(folder.path()));
    sinks.extend(files_below(here.path()));
    for sink in [TRACES, "lumen.db", "master.key"] {
        assert!(sinks.iter().any(|(name, sunk)| name.ends_with(sink) && !sunk.is_empty()), "{sink} was looked at");
    }
    let secrets = [&first.tokens, &tokens].map(|tokens| [&tokens.access_token, &tokens.refresh_token]);
    let secrets = secrets.iter().flatten().map(|token| token.as_bytes()).chain([key.as_slice()]);
    for (number, secret) in secrets.enumerate() {
        assert_eq!(leaks(&sinks, secret), Vec::<String>::new(), "secret {number}");
        for form in forms(secret) {
            let mut planted = b"before ".to_vec();
            planted.extend(form);
            sinks.push(("planted".to_owned(), planted));
            assert_eq!(leaks(&sinks[sinks.len() - 1..], secret), ["planted"], "the search finds what is there");
            sinks.pop();
        }
    }
}
