//! A server of our own for each test, and a browser and an app to use it with.

// Each test binary uses a part of this.
#![allow(dead_code, unreachable_pub)]
#![allow(clippy::unwrap_used)]

pub mod backends;
pub mod idp;
pub mod postgres;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, header};
use serde::de::DeserializeOwned;
use server_stub::{Database, FaultScript, ManualClock, RunningServer, Server, ServerConfig, ingest::LadderProfile};
use service_api::{
    ProfileId, TitleId,
    identity::{Account, Role},
    playback::{PlaybackGrant, PlaybackRequest},
    problem::{self, Problem, ProblemCode},
    routes,
};
use sha2::{Digest, Sha256};
use sqlx::Connection;
use std::{
    fs::{self, File},
    net::SocketAddr,
    ops::Deref,
    path::{Path, PathBuf},
    sync::Arc,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::OnceCell,
};
use url::Url;

/// A clear test picture, ready to be watched.
pub const CLEAR: &str = "qa-counter-clear";
/// An encrypted test picture, ready to be watched.
pub const ENCRYPTED: &str = "qa-counter-cenc";
/// A film that is in the catalog and never made here.
pub const NOT_MADE: &str = "the-long-tide";

pub const MIA: &str = "mia@lumen.example";
pub const BEN: &str = "ben@lumen.example";
pub const PASSWORD: &str = "lumen-demo";
/// Nobody listens there; the browser's last step is not taken.
pub const CALLBACK: &str = "http://127.0.0.1:4321/callback";
pub const STATE: &str = "st a+te/%&=?#";
/// When every test begins, in milliseconds since 1970.
pub const START_MS: i64 = 1_780_000_000_000;

/// A server as clients see it.
pub struct Site {
    pub http: Client,
    /// Origin without a slash.
    pub issuer: String,
}

/// A server on a free port, with a clock that stands still and a folder that goes away with it.
pub struct TestServer {
    pub running: RunningServer,
    pub clock: Arc<ManualClock>,
    site: Site,
    folder: TempDir,
    demo: bool,
}

impl Deref for TestServer {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

impl TestServer {
    /// Demo accounts, the whole catalog, [`CLEAR`] and [`ENCRYPTED`] made.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    pub async fn with_faults(script: Arc<dyn FaultScript>) -> Self {
        Self::start_with(|config| config.faults = Some(script)).await
    }

    pub async fn start_with(change: impl FnOnce(&mut ServerConfig)) -> Self {
        let folder = data_folder().await;
        let clock = Arc::new(ManualClock::new(START_MS));
        let mut config = config(folder.path(), &clock);
        change(&mut config);
        Self::run(config, clock, folder).await
    }

    async fn run(config: ServerConfig, clock: Arc<ManualClock>, folder: TempDir) -> Self {
        let demo = config.demo;
        let running = Server::start(config).await.unwrap();
        let site = Site::new(&format!("http://{}", running.address()));
        Self { running, clock, site, folder, demo }
    }

    /// Starts on a folder that was left by another.
    pub async fn run_on(mut config: ServerConfig, folder: TempDir) -> Self {
        let clock = Arc::new(ManualClock::new(START_MS));
        config.clock = clock.clone();
        Self::run(config, clock, folder).await
    }

    /// Stops, and starts again on the same folder with another port.
    pub async fn restart(self) -> Self {
        let Self { running, clock, folder, demo, .. } = self;
        running.shutdown().await;
        let mut config = config(folder.path(), &clock);
        config.demo = demo;
        Self::run(config, clock, folder).await
    }

    /// For another server on the same folder and clock.
    pub fn config(&self) -> ServerConfig {
        config(self.folder.path(), &self.clock)
    }

    /// Stops; the same folder and clock as a configuration to change.
    pub async fn stop(self) -> (ServerConfig, TempDir) {
        self.running.shutdown().await;
        (config(self.folder.path(), &self.clock), self.folder)
    }

    /// Milliseconds since 1970, as the server sees it.
    pub fn clock_ms(&self) -> i64 {
        server_stub::Clock::now_ms(&*self.clock)
    }

    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    pub fn address(&self) -> SocketAddr {
        self.running.address()
    }

    /// Everything that the server has stored, as a thief of the disk finds it.
    pub async fn bytes_on_disk(&self) -> Vec<u8> {
        let mut folders = vec![self.data().to_owned()];
        if postgres::IS_WANTED {
            folders.push(postgres::folder_of(&mut self.database().await).await);
        }
        let files = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap()).map(|file| file.unwrap().path());
        files.filter(|path| path.is_file()).flat_map(|path| fs::read(path).unwrap()).collect()
    }

    /// Gives an account another role, behind the API.
    pub async fn set_role(&self, email: &str, role: Role) {
        let statement = "UPDATE identity_accounts SET role = $1 WHERE email = $2";
        let mut database = self.database().await;
        let changed = sqlx::query(statement).bind(role.name()).bind(email).execute(&mut database).await.unwrap();
        assert_eq!(changed.rows_affected(), 1);
        database.close().await.unwrap();
    }

    /// The server's database, of whichever kind, for looking behind the API.
    pub async fn database(&self) -> sqlx::AnyConnection {
        sqlx::any::install_default_drivers();
        let address = match postgres::database_of(self.data()) {
            Some(Database::Postgres(url)) => url,
            _ => format!("sqlite://{}", self.data().join("lumen.db").display()),
        };
        sqlx::AnyConnection::connect(&address).await.unwrap()
    }
}

impl Site {
    pub fn new(issuer: &str) -> Self {
        Self { http: http_client(), issuer: issuer.to_owned() }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.issuer))
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    /// Signs in through the pages and exchanges the code, as the app does.
    pub async fn sign_in(&self, email: &str) -> SignedIn<'_> {
        let app = App::new();
        let callback = Browser::open(self, &app).await.submit(&[("email", email), ("password", PASSWORD)]).await;
        let code = callback.code();
        let tokens = self.exchange(&app, &code).await;
        SignedIn { server: self, tokens: tokens.unwrap() }
    }

    /// `POST /oauth/token` with a code.
    pub async fn exchange(&self, app: &App, code: &str) -> Result<Tokens, OAuthError> {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", routes::CLIENT_ID),
            ("redirect_uri", CALLBACK),
            ("code", code),
            ("code_verifier", &app.verifier),
        ];
        self.token_request(&form).await
    }

    /// `POST /oauth/token` with a refresh token.
    pub async fn refresh(&self, refresh_token: &str) -> Result<Tokens, OAuthError> {
        let form =
            [("grant_type", "refresh_token"), ("client_id", routes::CLIENT_ID), ("refresh_token", refresh_token)];
        self.token_request(&form).await
    }

    pub async fn token_request(&self, form: &[(&str, &str)]) -> Result<Tokens, OAuthError> {
        let response = self.request(Method::POST, routes::OAUTH_TOKEN).form(form).send().await.unwrap();
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        if response.status() == StatusCode::OK {
            return Ok(response.json().await.unwrap());
        }
        Err(response.json().await.unwrap())
    }
}

fn config(data: &Path, clock: &Arc<ManualClock>) -> ServerConfig {
    let mut config = ServerConfig::new(data);
    config.listen.set_port(0);
    config.demo = true;
    config.library.profile = LadderProfile::Test;
    config.library.make = false;
    config.clock = clock.clone();
    config.database = postgres::database_of(data);
    config
}

pub fn http_client() -> Client {
    let redirects = reqwest::redirect::Policy::none();
    Client::builder().no_proxy().redirect(redirects).tls_certs_only([]).build().unwrap()
}

/// A data folder of one's own, with two made titles.
pub async fn data_folder() -> TempDir {
    let template = template().await;
    let folder = tempfile::tempdir().unwrap();
    fs::copy(template.join("master.key"), folder.path().join("master.key")).unwrap();
    if postgres::IS_WANTED {
        postgres::new_database(&template, folder.path()).await;
    } else {
        fs::copy(template.join("lumen.db"), folder.path().join("lumen.db")).unwrap();
    }
    std::os::unix::fs::symlink(template.join("library"), folder.path().join("library")).unwrap();
    folder
}

/// A data folder with two made titles, kept between runs: encoding is the slow part of these tests.
async fn template() -> PathBuf {
    static TEMPLATE: OnceCell<PathBuf> = OnceCell::const_new();
    TEMPLATE.get_or_init(make_template).await.clone()
}

async fn make_template() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("server-tests");
    fs::create_dir_all(&folder).unwrap();
    let lock = File::create(folder.join("template.lock")).unwrap();
    // Test binaries may run side by side. The wait blocks one thread of a runtime that has nothing else to do.
    lock.lock().unwrap();
    let mut config = config(&folder, &Arc::new(ManualClock::new(START_MS)));
    config.library.only = Some([CLEAR, ENCRYPTED].map(TitleId::from).to_vec());
    let server = Server::start(config).await.unwrap();
    server.library().make(server.key_source()).await.unwrap();
    server.shutdown().await;
    folder
}

/// What the app keeps between opening the browser and the callback.
pub struct App {
    pub verifier: String,
}

impl App {
    pub fn new() -> Self {
        let bytes: [u8; 32] = rand::random();
        Self { verifier: URL_SAFE_NO_PAD.encode(bytes) }
    }

    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_bytes()))
    }

    /// The query of a correct authorization request.
    pub fn query(&self) -> Vec<(&'static str, String)> {
        vec![
            ("response_type", "code".to_owned()),
            ("client_id", routes::CLIENT_ID.to_owned()),
            ("redirect_uri", CALLBACK.to_owned()),
            ("state", STATE.to_owned()),
            ("code_challenge", self.challenge()),
            ("code_challenge_method", "S256".to_owned()),
        ]
    }
}

/// One tab with the sign-in page.
pub struct Browser<'a> {
    pub server: &'a Site,
    pub query: Vec<(&'static str, String)>,
    pub cookie: String,
    pub token: String,
    pub page: String,
}

impl<'a> Browser<'a> {
    pub async fn open(server: &'a Site, app: &App) -> Self {
        let query = app.query();
        let response = server.get(routes::OAUTH_AUTHORIZE).query(&query).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        Self { server, query, cookie: cookie(&response), token: String::new(), page: String::new() }
            .show(response)
            .await
    }

    async fn show(mut self, response: Response) -> Self {
        self.page = response.text().await.unwrap();
        self.token = between(&self.page, r#"name="token" value=""#, "\"").to_owned();
        self
    }

    /// Another tab in the same state.
    pub fn duplicate(&self) -> Self {
        let (query, cookie, token, page) =
            (self.query.clone(), self.cookie.clone(), self.token.clone(), self.page.clone());
        Self { server: self.server, query, cookie, token, page }
    }

    /// Sends the form with the hidden field.
    pub async fn submit(&self, fields: &[(&str, &str)]) -> Callback {
        Callback::of(self.send(fields).await)
    }

    /// The same, whatever comes back.
    pub async fn send(&self, fields: &[(&str, &str)]) -> Response {
        let mut form = vec![("token", self.token.as_str())];
        form.extend(fields);
        self.request().form(&form).send().await.unwrap()
    }

    pub fn request(&self) -> RequestBuilder {
        let request = self.server.request(Method::POST, routes::OAUTH_AUTHORIZE).query(&self.query);
        request.header(header::COOKIE, &self.cookie)
    }
}

fn cookie(response: &Response) -> String {
    let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// Where the browser was sent.
#[derive(Debug)]
pub struct Callback(pub Url);

impl Callback {
    pub fn of(response: Response) -> Self {
        assert_eq!(response.status(), StatusCode::SEE_OTHER, "a redirect after a form must be 303");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        Self(Url::parse(response.headers()[header::LOCATION].to_str().unwrap()).unwrap())
    }

    pub fn get(&self, name: &str) -> Option<String> {
        self.0.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    pub fn code(&self) -> String {
        assert!(self.0.as_str().starts_with(CALLBACK), "{}", self.0);
        assert_eq!(self.get("state").as_deref(), Some(STATE));
        self.get("code").unwrap()
    }
}

#[derive(Clone, Debug, serde::Deserialize)]
pub struct Tokens {
    pub access_token: String,
    pub refresh_token: String,
    pub token_type: String,
    pub expires_in: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct OAuthError {
    pub error: String,
}

/// An app with tokens.
pub struct SignedIn<'a> {
    pub server: &'a Site,
    pub tokens: Tokens,
}

impl SignedIn<'_> {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.server.request(method, path).bearer_auth(&self.tokens.access_token)
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    pub async fn me(&self) -> Account {
        json(self.get(routes::ME)).await
    }

    pub async fn profile(&self, name: &str) -> ProfileId {
        self.me().await.profiles.into_iter().find(|profile| profile.name == name).unwrap().id
    }

    pub fn playback(&self, title: &str, profile: &ProfileId) -> RequestBuilder {
        let request = PlaybackRequest { title: title.into(), profile: profile.clone() };
        self.request(Method::POST, routes::PLAYBACK).json(&request)
    }

    /// A grant for a device of its own, which may stream beside others.
    pub async fn grant_on(&self, title: &str, device: &str) -> PlaybackGrant {
        let profile = self.me().await.profiles.remove(0).id;
        let body = serde_json::json!({ "title": title, "profile": profile, "device": { "id": device } });
        json(self.request(Method::POST, routes::PLAYBACK).json(&body)).await
    }

    /// A grant for a title that can be watched.
    pub async fn grant(&self, title: &str) -> PlaybackGrant {
        let profile = self.me().await.profiles.remove(0).id;
        json(self.playback(title, &profile)).await
    }
}

/// Sends and reads the document.
pub async fn json<T: DeserializeOwned>(request: RequestBuilder) -> T {
    let response = request.send().await.unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    assert!(status.is_success(), "{status}: {text}");
    serde_json::from_str(&text).unwrap()
}

/// Sends and reads the problem, whose status must be the answer's.
pub async fn problem(request: RequestBuilder) -> Problem {
    problem_of(request.send().await.unwrap()).await
}

pub async fn problem_of(response: Response) -> Problem {
    let status = response.status();
    assert_eq!(response.headers()[header::CONTENT_TYPE], problem::CONTENT_TYPE, "{status}");
    let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let problem: Problem = response.json().await.unwrap();
    assert_eq!(problem.status, status.as_u16());
    assert_eq!(problem.request_id, Some(id));
    problem
}

pub fn expect(problem: &Problem, status: u16, code: ProblemCode) {
    assert_eq!((problem.status, problem.code), (status, code), "{problem:?}");
}

/// Sends bytes as they are and reads until the server closes.
pub async fn raw(address: SocketAddr, request: &str) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    // A server that has read enough may answer and close before everything is sent.
    let _ = socket.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    // A connection that is reset ends the answer too.
    let _ = socket.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// A GET for exactly this path.
pub async fn raw_get(address: SocketAddr, path: &str) -> String {
    raw(address, &format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")).await
}

pub fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let start = text.find(before).unwrap_or_else(|| panic!("{before:?} in {text}")) + before.len();
    &text[start..start + text[start..].find(after).unwrap()]
}
