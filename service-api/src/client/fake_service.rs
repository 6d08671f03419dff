//! A service of a few routes on a loopback port, strict about OAuth, for this crate's tests. (The real server cannot be
//! used here: it depends on this crate.)

use crate::{
    AccountId, ProfileId,
    identity::{Account, AuthorizationServer, Profile},
    routes,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use std::{
    collections::{HashMap, HashSet, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, Semaphore},
    task::{JoinHandle, JoinSet},
};
use url::{Url, form_urlencoded};

pub(crate) const EMAIL: &str = "mia@lumen.example";
pub(crate) const PASSWORD: &str = "a password & more";

/// Stops when dropped.
pub(crate) struct FakeService {
    pub(crate) origin: Url,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    origin: String,
    state: Mutex<State>,
    /// A renewal has arrived and waits for `renewals`.
    renewal_arrived: Notify,
    renewals: Semaphore,
}

type Probe = Box<dyn Fn() + Send>;

/// What tests read and change.
pub(crate) struct State {
    /// Every request as `METHOD path`, in order of arrival.
    pub(crate) log: Vec<String>,
    /// Answers that come before the real ones, by `METHOD path`: status line, headers and body.
    pub(crate) scripted: HashMap<String, VecDeque<String>>,
    pub(crate) access_life_s: u64,
    /// What the redirect carries as `iss`; `None` leaves it out.
    pub(crate) iss: Option<String>,
    /// The refresh token that works now; `None` if the family is dead.
    pub(crate) refresh: Option<String>,
    /// Called at every accepted `GET /v1/me`.
    pub(crate) on_me: Option<Probe>,
    /// Do the metadata name an endpoint for devices without a browser?
    offers_devices: bool,
    used_refresh: HashSet<String>,
    access: HashSet<String>,
    codes: HashMap<String, (String, String)>,
    serial: u32,
}

impl FakeService {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let state = State {
            log: Vec::new(),
            scripted: HashMap::new(),
            access_life_s: 3600,
            iss: Some(origin.clone()),
            refresh: None,
            on_me: None,
            offers_devices: false,
            used_refresh: HashSet::new(),
            access: HashSet::new(),
            codes: HashMap::new(),
            serial: 0,
        };
        let shared = Arc::new(Shared {
            origin: origin.clone(),
            state: Mutex::new(state),
            renewal_arrived: Notify::new(),
            renewals: Semaphore::new(Semaphore::MAX_PERMITS),
        });
        let task = tokio::spawn(accept_all(listener, Arc::clone(&shared)));
        Self { origin: Url::parse(&origin).unwrap(), shared, task }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap()
    }

    /// Gives out a refresh token as if somebody had signed in before.
    pub(crate) fn issue_refresh(&self) -> String {
        let mut state = self.state();
        let token = state.name("refresh");
        state.refresh = Some(token.clone());
        token
    }

    /// From now on, devices without a browser may sign in; what they are answered is scripted.
    pub(crate) fn offer_devices(&self) {
        self.state().offers_devices = true;
    }

    /// Gives out an access token.
    pub(crate) fn issue_access(&self) -> String {
        let mut state = self.state();
        let token = state.name("access");
        state.access.insert(token.clone());
        token
    }

    /// Makes all access tokens invalid.
    pub(crate) fn expire_access(&self) {
        self.state().access.clear();
    }

    /// Answers the next such requests with these instead.
    pub(crate) fn script(&self, request: &str, responses: &[&str]) {
        let responses = responses.iter().map(|response| (*response).to_owned()).collect();
        self.state().scripted.insert(request.to_owned(), responses);
    }

    /// How often this request has arrived.
    pub(crate) fn count(&self, request: &str) -> usize {
        self.state().log.iter().filter(|logged| *logged == request).count()
    }

    /// Lets renewals arrive but not be answered, until [`FakeService::release_renewals`].
    pub(crate) fn hold_renewals(&self) {
        self.shared.renewals.forget_permits(Semaphore::MAX_PERMITS);
    }

    pub(crate) async fn renewal_arrived(&self) {
        self.shared.renewal_arrived.notified().await;
    }

    pub(crate) fn release_renewals(&self) {
        self.shared.renewals.add_permits(1000);
    }

    /// What the person in the browser does: returns where the browser is sent.
    pub(crate) fn approve(&self, authorize: &Url) -> Url {
        self.state().approve(&query(authorize.query().unwrap()))
    }
}

impl Drop for FakeService {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for FakeService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeService").field("origin", &self.origin.as_str()).finish_non_exhaustive()
    }
}

async fn accept_all(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, Arc::clone(&shared)));
    }
}

struct Request {
    method: String,
    path: String,
    query: HashMap<String, String>,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

impl Request {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    fn form(&self) -> HashMap<String, String> {
        query(std::str::from_utf8(&self.body).unwrap())
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let Some(request) = read_request(&mut stream).await else { return };
    let response = respond(&request, &shared).await;
    let _ = stream.write_all(response.as_bytes()).await;
    let _ = stream.shutdown().await;
}

async fn read_request(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    let head_end = loop {
        let count = stream.read(&mut chunk).await.ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&chunk[..count]);
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let headers: HashMap<_, _> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length: usize = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = bytes.split_off(head_end + 4);
    while body.len() < length {
        let count = stream.read(&mut chunk).await.ok().filter(|count| *count > 0)?;
        body.extend_from_slice(&chunk[..count]);
    }
    let (path, text) = target.split_once('?').unwrap_or((&target, ""));
    Some(Request { method, path: path.to_owned(), query: query(text), headers, body })
}

async fn respond(request: &Request, shared: &Shared) -> String {
    let name = request.name();
    let is_renewal =
        name == "POST /oauth/token" && request.form().get("grant_type").is_some_and(|kind| kind == "refresh_token");
    {
        let mut state = shared.state.lock().unwrap();
        state.log.push(if is_renewal { "renewal".to_owned() } else { name.clone() });
        if let Some(response) = state.scripted.get_mut(&name).and_then(VecDeque::pop_front) {
            return response;
        }
    }
    if is_renewal {
        shared.renewal_arrived.notify_one();
        shared.renewals.acquire().await.unwrap().forget();
    }
    let mut state = shared.state.lock().unwrap();
    match name.as_str() {
        "GET /.well-known/oauth-authorization-server" => {
            json("200 OK", &metadata(&shared.origin, state.offers_devices))
        }
        "GET /oauth/authorize" => sign_in_page(&request.query, None),
        "POST /oauth/authorize" => {
            let form = request.form();
            let field = |name: &str| form.get(name).map(String::as_str);
            let has_cookie = request.headers.get("cookie").is_some_and(|cookie| cookie.contains("csrf=c&<1"));
            if field("csrf") != Some("c&<1") || !has_cookie {
                return json("403 Forbidden", &serde_json::json!({}));
            }
            if field("email") != Some(EMAIL) || field("password") != Some(PASSWORD) {
                return sign_in_page(&form, Some("E-mail or password is wrong"));
            }
            let location = state.approve(&form);
            format!("HTTP/1.1 303 See Other\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        }
        "POST /oauth/token" => state.token(&request.form()),
        "POST /oauth/revoke" => {
            if request.form().get("token") == state.refresh.as_ref() {
                state.refresh = None;
                state.access.clear();
            }
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned()
        }
        _ if !state.is_authorised(request) => problem(401, "token-expired", "Your session has expired"),
        "GET /v1/me" => {
            if let Some(probe) = &state.on_me {
                probe();
            }
            json("200 OK", &account())
        }
        "POST /v1/licences/clearkey/g" => {
            json("200 OK", &serde_json::from_slice::<serde_json::Value>(&request.body).unwrap())
        }
        _ => problem(404, "not-found", "No such thing"),
    }
}

impl State {
    fn name(&mut self, kind: &str) -> String {
        self.serial += 1;
        format!("secret-{kind}-{}", self.serial)
    }

    fn is_authorised(&self, request: &Request) -> bool {
        let token = request.headers.get("authorization").and_then(|value| value.strip_prefix("Bearer "));
        token.is_some_and(|token| self.access.contains(token))
    }

    fn approve(&mut self, parameters: &HashMap<String, String>) -> Url {
        assert_eq!(parameters["response_type"], "code");
        assert_eq!(parameters["client_id"], routes::CLIENT_ID);
        assert_eq!(parameters["code_challenge_method"], "S256");
        let code = self.name("code");
        let redirect = &parameters["redirect_uri"];
        self.codes.insert(code.clone(), (parameters["code_challenge"].clone(), redirect.clone()));
        let mut url = Url::parse(redirect).unwrap();
        url.query_pairs_mut().append_pair("code", &code).append_pair("state", &parameters["state"]);
        if let Some(iss) = &self.iss {
            url.query_pairs_mut().append_pair("iss", iss);
        }
        url
    }

    fn token(&mut self, form: &HashMap<String, String>) -> String {
        let invalid_grant = || json("400 Bad Request", &serde_json::json!({"error": "invalid_grant"}));
        assert_eq!(form["client_id"], routes::CLIENT_ID);
        match form["grant_type"].as_str() {
            "authorization_code" => {
                let Some((challenge, redirect)) = self.codes.remove(&form["code"]) else { return invalid_grant() };
                let digest = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(form["code_verifier"].as_bytes()));
                if digest != challenge || form["redirect_uri"] != redirect {
                    return invalid_grant();
                }
            }
            _ => {
                let token = &form["refresh_token"];
                if self.used_refresh.contains(token) {
                    // Replay: the family dies.
                    self.refresh = None;
                    self.access.clear();
                }
                if self.refresh.as_ref() != Some(token) {
                    return invalid_grant();
                }
                self.used_refresh.insert(token.clone());
            }
        }
        let (access, refresh) = (self.name("access"), self.name("refresh"));
        self.access.insert(access.clone());
        self.refresh = Some(refresh.clone());
        json(
            "200 OK",
            &serde_json::json!({
                "access_token": access,
                "token_type": "Bearer",
                "expires_in": self.access_life_s,
                "refresh_token": refresh,
            }),
        )
    }
}

fn sign_in_page(parameters: &HashMap<String, String>, alert: Option<&str>) -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let mut page = "<!doctype html><title>Sign in</title><form method=\"post\" action=\"/oauth/authorize\">".to_owned();
    for (name, value) in parameters.iter().filter(|(name, _)| !matches!(name.as_str(), "csrf" | "email" | "password")) {
        page += &format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value));
    }
    page += &format!("<input type=\"hidden\" name=\"csrf\" value=\"{}\">", escape("c&<1"));
    page += "<input type=\"email\" name=\"email\"><input type=\"password\" name=\"password\"></form>";
    if let Some(alert) = alert {
        page += &format!("<p role=\"alert\">{alert}</p>");
    }
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: csrf=c&<1; HttpOnly; Path=/oauth\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{page}",
        page.len()
    )
}

fn metadata(origin: &str, offers_devices: bool) -> AuthorizationServer {
    AuthorizationServer {
        issuer: origin.to_owned(),
        authorization_endpoint: format!("{origin}{}", routes::OAUTH_AUTHORIZE),
        token_endpoint: format!("{origin}{}", routes::OAUTH_TOKEN),
        revocation_endpoint: format!("{origin}{}", routes::OAUTH_REVOKE),
        response_types_supported: vec!["code".to_owned()],
        grant_types_supported: vec!["authorization_code".to_owned(), "refresh_token".to_owned()],
        code_challenge_methods_supported: vec!["S256".to_owned()],
        token_endpoint_auth_methods_supported: vec!["none".to_owned()],
        authorization_response_iss_parameter_supported: true,
        device_authorization_endpoint: offers_devices.then(|| format!("{origin}/oauth/device_authorization")),
    }
}

fn account() -> Account {
    Account {
        id: AccountId::from("0198c0de-0000-7000-8000-000000000001"),
        email: EMAIL.to_owned(),
        plan: "Premium".to_owned(),
        profiles: vec![Profile {
            id: ProfileId::from("0198c0de-0000-7000-8000-000000000002"),
            name: "Mia".to_owned(),
            colour: "#FF6B4A".to_owned(),
            maturity_ceiling: None,
        }],
    }
}

fn json(status: &str, value: &impl serde::Serialize) -> String {
    let body = serde_json::to_string(value).unwrap();
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

pub(crate) fn problem(status: u16, code: &str, title: &str) -> String {
    let body = serde_json::json!({"code": code, "title": title, "status": status}).to_string();
    let length = body.len();
    format!(
        "HTTP/1.1 {status} Problem\r\nContent-Type: application/problem+json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )
}

fn query(text: &str) -> HashMap<String, String> {
    form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}
