//! Browsers with cookies, apps with secrets, and keys to prove possession of.

use super::{MIA, PASSWORD, STATE, Site, TestServer, between};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{Method, RequestBuilder, Response, StatusCode, header};
use serde_json::{Value, json};
use server_stub::{ClientAuthentication, ClientDocument, ClientRegistration, Mail, MailError, MailSink, ServerConfig};
use sha2::{Digest, Sha256};
use sqlx::Connection;
use std::{collections::BTreeMap, sync::Mutex};
use tokio::sync::mpsc;
use url::Url;

pub const SECRET: &str = "a-secret-of-at-least-thirty-two-characters";
pub const RP_CALLBACK: &str = "https://rp.example/cb";

/// An app of somebody else.
pub fn registration(id: &str, change: impl FnOnce(&mut ClientDocument)) -> ClientRegistration {
    let mut document = ClientDocument::new(format!("App {id}"), vec![format!("https://{id}.example/cb")]);
    change(&mut document);
    let is_public = document.authentication == ClientAuthentication::None;
    ClientRegistration { id: id.to_owned(), secret: (!is_public).then(|| SECRET.to_owned()), document }
}

/// A server that knows `rp` (Basic), `post` (in the form), `other`, and `rs`, a resource server.
pub fn with_clients(config: &mut ServerConfig) {
    config.identity.clients = vec![
        registration("rp", |_| {}),
        registration("other", |_| {}),
        registration("post", |it| it.authentication = ClientAuthentication::ClientSecretPost),
        registration("rs", |it| it.resource_server = true),
        registration("native", |it| {
            it.authentication = ClientAuthentication::None;
            it.redirect_uris = vec!["http://127.0.0.1/cb".to_owned(), "org.example.app:/cb".to_owned()];
        }),
    ];
}

/// A browser: cookies are kept, redirects are looked at.
pub struct Tab<'a> {
    pub site: &'a Site,
    pub cookies: Mutex<BTreeMap<String, String>>,
}

impl<'a> Tab<'a> {
    pub fn new(site: &'a Site) -> Self {
        Self { site, cookies: Mutex::default() }
    }

    pub async fn send(&self, request: RequestBuilder) -> Response {
        let cookies: Vec<String> =
            self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        let response = request.header(header::COOKIE, cookies.join("; ")).send().await.unwrap();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
        }
        response
    }

    pub async fn get(&self, path: &str) -> Response {
        self.send(self.site.get(path)).await
    }

    pub async fn page(&self, path: &str) -> String {
        let response = self.get(path).await;
        assert!(response.status().is_success(), "{path}: {}", response.status());
        response.text().await.unwrap()
    }

    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Response {
        self.send(self.site.request(Method::POST, path).form(form)).await
    }

    /// Opens a page, and sends the first form of it with these fields.
    pub async fn fill(&self, path: &str, form: &[(&str, &str)]) -> Response {
        let page = self.page(path).await;
        self.fill_page(path, &page, form).await
    }

    pub async fn fill_page(&self, path: &str, page: &str, form: &[(&str, &str)]) -> Response {
        let mut all = vec![("token", token_of(page))];
        all.extend(form);
        self.post(path, &all).await
    }

    pub async fn sign_in(&self, email: &str, password: &str) -> Response {
        self.fill("/sign-in", &[("email", email), ("password", password)]).await
    }

    pub fn session(&self) -> Option<String> {
        self.cookies.lock().unwrap().get("lumen_session").cloned()
    }
}

pub fn token_of(page: &str) -> &str {
    between(page, r#"name="token" value=""#, "\"")
}

pub fn location(response: &Response) -> Url {
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    Url::parse("http://here").unwrap().join(response.headers()[header::LOCATION].to_str().unwrap()).unwrap()
}

pub fn param(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// One authorization request of an app.
pub struct Flow {
    pub client: String,
    pub verifier: String,
    pub query: Vec<(String, String)>,
}

impl Flow {
    pub fn new(client: &str) -> Self {
        let verifier = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        let query = [
            ("response_type", "code"),
            ("client_id", client),
            ("redirect_uri", &format!("https://{client}.example/cb")),
            ("scope", "openid"),
            ("state", STATE),
            ("nonce", "n-0S6_WzA2Mj"),
            ("code_challenge", &URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))),
            ("code_challenge_method", "S256"),
        ];
        let query = query.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        Self { client: client.to_owned(), verifier, query }
    }

    /// Replaces a parameter; an empty one is left out.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.query.retain(|(known, _)| known != name);
        if !value.is_empty() {
            self.query.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    pub fn path(&self) -> String {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.query).finish();
        format!("/oauth/authorize?{query}")
    }

    fn redirect_uri(&self) -> &str {
        &self.query.iter().find(|(name, _)| name == "redirect_uri").unwrap().1
    }

    /// Where a browser ends up after signing in (if asked) and allowing (if asked).
    pub async fn run(&self, tab: &Tab<'_>) -> Url {
        let path = self.path();
        let mut response = tab.get(&path).await;
        for _ in 0..3 {
            if response.status() == StatusCode::SEE_OTHER {
                return location(&response);
            }
            let page = response.text().await.unwrap();
            let form: &[(&str, &str)] = if page.contains(r#"id="password""#) {
                &[("email", MIA), ("password", PASSWORD)]
            } else {
                &[("answer", "allow")]
            };
            response = tab.fill_page(&path, &page, form).await;
        }
        location(&response)
    }

    pub async fn code(&self, tab: &Tab<'_>) -> String {
        let url = self.run(tab).await;
        param(&url, "code").unwrap_or_else(|| panic!("{url}"))
    }

    pub fn exchange_form<'f>(&'f self, code: &'f str) -> Vec<(&'f str, &'f str)> {
        vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.redirect_uri()),
            ("code_verifier", &self.verifier),
        ]
    }

    pub async fn tokens(&self, tab: &Tab<'_>) -> Value {
        let code = self.code(tab).await;
        let (status, answer) = token(tab.site, &self.client, &self.exchange_form(&code)).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }
}

/// `POST` of a form by a confidential app.
pub fn by(site: &Site, client: &str, path: &str, form: &[(&str, &str)]) -> RequestBuilder {
    site.request(Method::POST, path).basic_auth(client, Some(SECRET)).form(form)
}

pub async fn token(site: &Site, client: &str, form: &[(&str, &str)]) -> (u16, Value) {
    answer(by(site, client, "/oauth/token", form)).await
}

pub async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

pub async fn is_active(server: &TestServer, token: &str) -> bool {
    let (status, answer) = answer(by(server, "rs", "/oauth/introspect", &[("token", token)])).await;
    assert_eq!(status, 200);
    answer["active"].as_bool().unwrap()
}

/// Claims of a JWT, unchecked.
pub fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// A key and what is proved with it.
pub struct ProofKey {
    pair: EcdsaKeyPair,
}

impl ProofKey {
    pub fn new() -> Self {
        let bytes = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        Self { pair: EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, bytes.as_ref()).unwrap() }
    }

    pub fn jwk(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({ "kty": "EC", "crv": "P-256", "x": encode(&point[1..33]), "y": encode(&point[33..65]) })
    }

    pub fn header(&self) -> Value {
        json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk() })
    }

    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", encode(header), encode(claims));
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    pub fn claims(method: &str, url: &str, nonce: &str, now_ms: i64) -> Value {
        let jti = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>());
        json!({ "jti": jti, "htm": method, "htu": url, "iat": now_ms / 1_000, "nonce": nonce })
    }
}

/// Where mails arrive.
#[derive(Debug)]
pub struct Inbox(mpsc::UnboundedSender<Mail>);

impl Inbox {
    pub fn new() -> (std::sync::Arc<Self>, mpsc::UnboundedReceiver<Mail>) {
        // As many as a test causes.
        let (sender, receiver) = mpsc::unbounded_channel();
        (std::sync::Arc::new(Self(sender)), receiver)
    }
}

#[async_trait::async_trait]
impl MailSink for Inbox {
    async fn deliver(&self, mail: Mail) -> Result<(), MailError> {
        self.0.send(mail).map_err(|_| MailError::Address)
    }
}

/// The path of the link in a mail.
pub fn link_of(mail: &Mail, site: &Site) -> String {
    let start = mail.text.find(&format!("{}/re", site.issuer)).unwrap() + site.issuer.len();
    mail.text[start..].split_whitespace().next().unwrap().to_owned()
}

/// A server with [`with_clients`] whose mails arrive here.
pub async fn with_inbox() -> (TestServer, mpsc::UnboundedReceiver<Mail>) {
    let (inbox, mails) = Inbox::new();
    let server = TestServer::start_with(|config| {
        with_clients(config);
        config.identity.mail = Some(inbox);
    })
    .await;
    (server, mails)
}

/// Makes an account through the pages and the mail.
pub async fn register(server: &TestServer, mails: &mut mpsc::UnboundedReceiver<Mail>, email: &str, password: &str) {
    let tab = Tab::new(server);
    let sent = tab.fill("/register", &[("name", "Ada"), ("email", email), ("password", password)]).await;
    assert_eq!(sent.status(), StatusCode::OK);
    let path = link_of(&mails.recv().await.unwrap(), server);
    let page = tab.page(&path).await;
    let link = between(&page, r#"name="link" value=""#, "\"").to_owned();
    let done = tab.fill_page("/register/confirm", &page, &[("link", &link)]).await;
    assert_eq!(location(&done).path(), "/sign-in");
    assert_eq!(tab.get(&path).await.status(), StatusCode::GONE, "the link works once");
}

/// Runs a statement on the server's database.
pub async fn sql(server: &TestServer, statement: &'static str) {
    let mut connection = server.database().await;
    sqlx::query(statement).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
