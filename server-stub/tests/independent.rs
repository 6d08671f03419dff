//! Programs that others have written, against this server: a certified OpenID client, a certified provider behind the
//! same driver, a browser with a virtual authenticator, and a checker of accessibility.
//!
//! They are npm packages, installed as `node/package-lock.json` says, and Debian's Node.js and Chromium, which
//! `scripts/setup.sh` installs.
#![allow(clippy::unwrap_used)]

mod common;

use common::{
    TestServer,
    idp::{Flow, Tab, location, param, registration, with_clients},
};
use serde_json::Value;
use server_stub::{ClientDocument, ProviderConfig, SystemClock};
use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
    sync::OnceCell,
};

/// How long a script may take on a busy machine.
const LIMIT: Duration = Duration::from_secs(240);

/// The folder with the scripts and their packages, installed once for all runs of this lock file.
async fn scripts() -> PathBuf {
    static FOLDER: OnceCell<PathBuf> = OnceCell::const_new();
    FOLDER.get_or_init(install).await.clone()
}

async fn install() -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/node");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("node");
    std::fs::create_dir_all(&folder).unwrap();
    for file in ["client.mjs", "pages.mjs", "provider.mjs", "package.json", ".npmrc"] {
        std::fs::copy(source.join(file), folder.join(file)).unwrap();
    }
    let (lock, installed) = (source.join("package-lock.json"), folder.join("package-lock.json"));
    let is_there = folder.join("node_modules/openid-client").exists()
        && std::fs::read(&lock).ok() == std::fs::read(&installed).ok();
    if !is_there {
        std::fs::copy(&lock, &installed).unwrap();
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder).stdout(Stdio::null());
        assert!(npm.status().await.expect("npm is installed by scripts/setup.sh").success(), "npm ci failed");
    }
    folder
}

/// Runs a script and returns what it says, line by line as JSON.
async fn run(script: &str, arguments: &[&str]) -> Vec<Value> {
    let mut node = Command::new("node");
    node.arg(script).args(arguments).current_dir(scripts().await).kill_on_drop(true);
    let output = tokio::time::timeout(LIMIT, node.output()).await.expect("the script ends").unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}: {error}");
    String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The independent provider; ends when dropped.
struct Provider {
    issuer: String,
    _process: Child,
    /// Kept open: it goes on to write there.
    _said: Lines<BufReader<ChildStdout>>,
}

impl Provider {
    async fn start(redirect_uri: &str) -> Self {
        let mut node = Command::new("node");
        node.arg("provider.mjs").arg(redirect_uri).current_dir(scripts().await);
        let mut process = node.stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let issuer = lines.next_line().await.unwrap().expect("the provider says where it is");
        Self { issuer, _process: process, _said: lines }
    }
}

fn now(config: &mut server_stub::ServerConfig) {
    // Others look at the clock on the wall.
    config.clock = Arc::new(SystemClock);
}

#[tokio::test]
async fn openid_client_sees_the_same_of_us_as_of_the_certified_provider() {
    let provider = Provider::start("https://rp.example/other").await;
    let server = TestServer::start_with(|config| {
        now(config);
        config.identity.clients = vec![registration("rp", |it: &mut ClientDocument| it.device_grant = true)];
    })
    .await;
    let targets = [format!("lumen={}", server.issuer), format!("certified={}", provider.issuer)];
    let mut seen = run("client.mjs", &[&targets[0], &targets[1]]).await;
    let (certified, ours) = (seen.pop().unwrap()["seen"].take(), seen.pop().unwrap()["seen"].take());
    // OpenID Connect leaves at_hash to the provider in the code flow; we send it always.
    let mut ours = ours;
    assert_eq!(ours["code"]["claims"]["at_hash"], "string");
    ours["code"]["claims"]["at_hash"] = certified["code"]["claims"]["at_hash"].clone();
    assert_eq!(ours, certified);
    assert_eq!(ours["replayed_refresh"], "invalid_grant", "the comparison is of something");
}

#[tokio::test]
async fn people_sign_in_at_another_provider() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let origin = format!("http://127.0.0.1:{port}");
    let provider = Provider::start(&format!("{origin}/federation/elsewhere/callback")).await;
    let server = TestServer::start_with(|config| {
        now(config);
        with_clients(config);
        config.listen.set_port(port);
        config.identity.providers = vec![ProviderConfig {
            id: "elsewhere".to_owned(),
            name: "Elsewhere".to_owned(),
            issuer: provider.issuer.clone(),
            client_id: "rp".to_owned(),
            client_secret: common::idp::SECRET.to_owned(),
            scopes: "openid email profile".to_owned(),
        }];
    })
    .await;
    let tab = Tab::new(&server);
    let flow = Flow::new("rp");
    let page = tab.page(&flow.path()).await;
    let start = common::between(&page, r#"href="/federation/"#, "\"").replace("&amp;", "&");
    let leave = location(&tab.get(&format!("/federation/{start}")).await);
    assert!(leave.as_str().starts_with(&provider.issuer) && param(&leave, "nonce").is_some());
    let back = elsewhere(&provider, leave.as_str()).await;
    let path = format!("{}?{}", back.path(), back.query().unwrap());
    // An answer in another browser, or with another state or issuer, signs nobody in.
    assert_eq!(Tab::new(&server).get(&path).await.status(), 400);
    assert_eq!(tab.get(&path.replace("state=", "state=x")).await.status(), 400);
    let resumed = location(&tab.get(&path).await);
    assert_eq!(resumed.path(), "/oauth/authorize");
    let consent = tab.page(&format!("{}?{}", resumed.path(), resumed.query().unwrap())).await;
    assert!(consent.contains("ada@elsewhere.example"), "{consent}");
    assert!(tab.page("/account").await.contains("ada@elsewhere.example"));
    let stolen = tab.get(&path).await;
    assert_eq!(stolen.status(), 400, "the cookie is gone: an answer is taken once");
}

/// Signs ada in at the provider and returns where it sends the browser.
async fn elsewhere(provider: &Provider, start: &str) -> url::Url {
    let http = common::http_client();
    let mut cookies: Vec<(String, String)> = Vec::new();
    let (mut url, mut form) = (url::Url::parse(start).unwrap(), None::<Vec<(&str, &str)>>);
    for _ in 0..10 {
        if !url.as_str().starts_with(&provider.issuer) {
            return url;
        }
        let header = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let request = match form.take() {
            Some(form) => http.post(url.clone()).form(&form),
            None => http.get(url.clone()),
        };
        let response = request.header("cookie", header).send().await.unwrap();
        for cookie in response.headers().get_all("set-cookie") {
            let (name, value) = cookie.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            cookies.retain(|(known, _)| known != name);
            cookies.push((name.to_owned(), value.to_owned()));
        }
        if let Some(there) = response.headers().get("location") {
            url = url.join(there.to_str().unwrap()).unwrap();
            continue;
        }
        let page = response.text().await.unwrap();
        url = url.join(common::between(&page, r#"action=""#, "\"")).unwrap();
        let is_login = page.contains(r#"value="login""#);
        form = Some(if is_login {
            vec![("prompt", "login"), ("login", "ada"), ("password", "x")]
        } else {
            vec![("prompt", "consent")]
        });
    }
    panic!("the provider goes round in circles at {url}");
}

#[tokio::test]
async fn pages_work_in_a_browser_and_are_accessible() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = TestServer::start_with(|config| {
        now(config);
        config.listen.set_port(port);
        // Passkeys are bound to a domain, and an address is none.
        config.public_url = Some(format!("http://localhost:{port}").parse().unwrap());
        config.identity.clients = vec![registration("rp", |it: &mut ClientDocument| {
            it.name = "Portal".to_owned();
            it.redirect_uris = vec!["http://127.0.0.1/health/live".to_owned()];
        })];
    })
    .await;
    let form = [("client_id", "lumen-tv"), ("device_name", "Living room")];
    let codes = server.request(reqwest::Method::POST, "/oauth/device_authorization").form(&form);
    let (_, codes) = common::idp::answer(codes).await;
    let issuer = format!("http://localhost:{port}");
    let mut arguments = vec![issuer.as_str(), codes["user_code"].as_str().unwrap()];
    let pictures = std::env::var("LUMEN_TEST_PICTURES").ok();
    arguments.extend(pictures.as_deref());
    let checked = run("pages.mjs", &arguments).await.remove(0);
    for page in ["sign-in", "consent", "device-confirm", "account-passkey", "register", "recover"] {
        assert!(checked.as_array().unwrap().contains(&Value::from(page)), "{page} in {checked}");
    }
}
