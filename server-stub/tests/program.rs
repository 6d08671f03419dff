//! The program itself: what it prints, what it never prints, and how it ends.
#![allow(clippy::unwrap_used)]

mod common;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use common::{App, Browser, CLEAR, ENCRYPTED, MIA, PASSWORD, SignedIn, Site, data_folder, json};
use reqwest::{Method, StatusCode};
use service_api::{
    licence::{ClearKeyLicence, ClearKeyRequest, SessionType},
    profile::Progress,
    routes,
};
use std::{path::Path, process::Stdio};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::{Child, Command},
};

struct Program {
    child: Child,
    stdout: BufReader<tokio::process::ChildStdout>,
    site: Site,
}

impl Program {
    /// Runs `serve` on a free port and waits for its line.
    async fn serve(data: &Path, log: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_lumen-server"))
            .args(["serve", "--demo", "--no-make", "--library-profile", "test", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .env("LUMEN_LOG", log)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).await.unwrap();
        let origin = line.strip_prefix("listening on ").unwrap_or_else(|| panic!("{line:?}")).trim_end();
        let site = Site::new(origin);
        Self { child, stdout, site }
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }
}

#[tokio::test]
async fn one_line_on_stdout_and_a_clean_end_on_sigterm() {
    let folder = data_folder().await;
    for signal in ["TERM", "INT"] {
        let mut program = Program::serve(folder.path(), "info").await;
        let health = program.site.get(routes::HEALTH_READY).send().await.unwrap();
        assert_eq!(health.status(), StatusCode::OK);
        program.signal(signal);
        assert!(program.child.wait().await.unwrap().success(), "{signal}");
        let mut rest = String::new();
        program.stdout.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest, "");
    }
}

#[tokio::test]
async fn saved_position_survives_kill_9() {
    let folder = data_folder().await;
    let mut program = Program::serve(folder.path(), "info").await;
    let mia = program.site.sign_in(MIA).await;
    let profile = mia.profile("Mia").await;
    let path = routes::fill(routes::PROGRESS, &[("profile", profile.as_str()), ("title", CLEAR)]);
    let mut saved = Progress { position_s: 0.0, duration_s: 40.0, taken_at_ms: 0 };
    for second in 1..20_u8 {
        saved = Progress { position_s: second.into(), taken_at_ms: second.into(), ..saved };
        json::<Progress>(mia.request(Method::PUT, &path).json(&saved)).await;
    }
    let tokens = mia.tokens.clone();
    program.child.kill().await.unwrap();
    let program = Program::serve(folder.path(), "info").await;
    let mia = SignedIn { server: &program.site, tokens };
    assert_eq!(json::<Progress>(mia.get(&path)).await, saved);
}

/// Everything that happens is logged as loudly as can be, and none of it is a secret.
#[tokio::test]
async fn no_secret_reaches_the_log() {
    let folder = data_folder().await;
    let mut program = Program::serve(folder.path(), "trace").await;
    let mut stderr = program.child.stderr.take().unwrap();
    let log = tokio::spawn(async move {
        let mut log = Vec::new();
        stderr.read_to_end(&mut log).await.unwrap();
        String::from_utf8_lossy(&log).into_owned()
    });
    let site = &program.site;
    let app = App::new();
    let browser = Browser::open(site, &app).await;
    let typo = "a-mistyped-password";
    browser.send(&[("email", MIA), ("password", typo)]).await;
    let code = browser.submit(&[("email", MIA), ("password", PASSWORD)]).await.code();
    let first = site.exchange(&app, &code).await.unwrap();
    let tokens = site.refresh(&first.refresh_token).await.unwrap();
    let mia = SignedIn { server: site, tokens: tokens.clone() };
    let grant = mia.grant(ENCRYPTED).await;
    let media_token = grant.manifest.split('/').nth(2).unwrap().to_owned();
    assert_eq!(site.get(&grant.manifest).send().await.unwrap().status(), StatusCode::OK);
    let kid = kid_of(folder.path()).await;
    let challenge = ClearKeyRequest { kids: vec![kid], session: SessionType::Temporary };
    let licence: ClearKeyLicence =
        json(mia.request(Method::POST, grant.licence.as_deref().unwrap()).json(&challenge)).await;
    let key = licence.keys[0].k.clone();
    let key_bytes = URL_SAFE_NO_PAD.decode(&key).unwrap();
    let master_key = std::fs::read(folder.path().join("master.key")).unwrap();
    program.signal("TERM");
    assert!(program.child.wait().await.unwrap().success());
    let log = log.await.unwrap();

    assert!(log.contains("/oauth/authorize") && log.contains("DEBUG"), "the log is there, and loud");
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let secrets = [
        typo.to_owned(),
        PASSWORD.to_owned(),
        app.verifier.clone(),
        code,
        first.access_token,
        first.refresh_token,
        tokens.access_token,
        tokens.refresh_token,
        media_token,
        browser.token.clone(),
        browser.cookie.split('=').nth(1).unwrap().to_owned(),
        hex(&key_bytes),
        STANDARD.encode(&key_bytes),
        format!("{key_bytes:?}"),
        key,
        hex(&master_key),
        URL_SAFE_NO_PAD.encode(&master_key),
        format!("{master_key:?}"),
    ];
    for (number, secret) in secrets.iter().enumerate() {
        // Not with the secret in the message.
        assert!(!log.contains(secret.as_str()), "secret {number} is in the log");
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

#[tokio::test]
async fn doctor_names_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let doctor = async |listen: &str, data: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lumen-server"));
        let output = command.args(["doctor", "--listen", listen, "--data"]).arg(data).output().await.unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    let (is_well, report) = doctor("127.0.0.1:0", folder.path()).await;
    assert!(is_well && report.lines().count() == 6, "{report}");
    std::fs::write(folder.path().join("lumen.toml"), "[limits]\nconections = 1\n").unwrap();
    let (is_well, report) = doctor("127.0.0.1:0", folder.path()).await;
    assert!(!is_well && report.contains("conections"), "{report}");
    std::fs::write(folder.path().join("lumen.toml"), "public_url = \"https://lumen.example\"\n").unwrap();
    let (is_well, report) = doctor("127.0.0.1:0", folder.path()).await;
    assert!(!is_well && report.contains("--trusted-proxy"), "{report}");
    std::fs::write(
        folder.path().join("lumen.toml"),
        "public_url = \"https://lumen.example\"\nproxies = [\"127.0.0.1\"]\n",
    )
    .unwrap();
    let (is_well, report) = doctor("127.0.0.1:0", folder.path()).await;
    assert!(is_well && report.contains("proxies: 1 believed"), "{report}");
    let (is_well, report) = doctor(&address, Path::new("/proc/nowhere")).await;
    assert!(!is_well);
    assert!(report.contains(&format!("{address} is taken")) && report.contains("cannot write in /proc"), "{report}");
}

#[tokio::test]
async fn wrong_title_is_refused_with_the_right_ones() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lumen-server"));
    let folder = tempfile::tempdir().unwrap();
    let output =
        command.args(["serve", "--only", "no-such-title", "--data"]).arg(folder.path()).output().await.unwrap();
    assert!(!output.status.success() && output.stdout.is_empty());
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("no-such-title") && text.contains(CLEAR), "{text}");
}

#[tokio::test]
async fn master_key_is_replaced_by_hand() {
    let folder = data_folder().await;
    let run = async |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lumen-server"));
        command.args(["keys", "--library-profile", "test", "--data"]).arg(folder.path()).args(arguments);
        let output = command.output().await.unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    let (current, old) = (folder.path().join("master.key"), folder.path().join("old.key"));
    std::fs::copy(&current, &old).unwrap();
    std::fs::write(&current, [7; 32]).unwrap();
    assert!(!run(&["verify-log"]).await.0, "nothing opens");
    let (is_done, text) = run(&["rewrap"]).await;
    assert!(!is_done && text.contains("--previous"), "{text}");
    let (is_done, text) = run(&["rewrap", "--previous", "no-such-file"]).await;
    assert!(!is_done && text.contains("no-such-file") && !Path::new("no-such-file").exists(), "{text}");
    let old = old.to_str().unwrap();
    let (is_done, text) = run(&["rewrap", "--previous", old]).await;
    assert!(is_done && text.contains("1 data keys"), "{text}");
    let (is_done, text) = run(&["rewrap", "--previous", old]).await;
    assert!(is_done && text.contains("already"), "{text}");
    let (is_done, text) = run(&["verify-log"]).await;
    assert!(is_done && text.contains("unbroken"), "{text}");
    // A folder that is none is left alone.
    let nowhere = tempfile::tempdir().unwrap();
    std::fs::copy(&current, nowhere.path().join("master.key")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_lumen-server"));
    command.args(["keys", "--data"]).arg(nowhere.path()).args(["rewrap", "--previous", old]);
    let output = command.output().await.unwrap();
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("no database"));
    assert_eq!(std::fs::read_dir(nowhere.path()).unwrap().count(), 1);
}
