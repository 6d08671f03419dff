//! The client against a strict little service, over real sockets.

use super::{
    Client, ClientError, EncryptedFileStore, MemoryStore, NetworkKind, PICTURE_LIMIT, RefreshSecret, SignIn,
    SignInError, StoreError, StoredSession, TokenStore,
    fake_service::{EMAIL, FakeService, PASSWORD, problem},
    http::Retry,
};
use crate::{
    ProfileId, TitleId,
    account::EraseAccount,
    identity::Account,
    problem::ProblemCode,
    profile::{Progress, Rating},
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Notify,
    task::{JoinHandle, JoinSet},
};
use url::Url;

const UNAVAILABLE: &str = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

fn client_of(service: &FakeService, store: Arc<dyn TokenStore>) -> Client {
    let retry = Retry { tries: 3, pause: Duration::from_millis(1), longest_pause: Duration::from_millis(1500) };
    Client::with_retry(service.origin.clone(), store, retry).unwrap()
}

/// A service, and a client that holds a refresh token of it but no access token yet.
async fn restored() -> (FakeService, Client, Arc<MemoryStore>) {
    let service = FakeService::start().await;
    let store = Arc::new(MemoryStore::default());
    store.save(&kept(&service.issue_refresh())).unwrap();
    let client = client_of(&service, store.clone());
    (service, client, store)
}

fn kept(token: &str) -> StoredSession {
    StoredSession::now(RefreshSecret::new(token.to_owned()))
}

fn stored_token(store: &MemoryStore) -> Option<String> {
    store.load().unwrap().map(|session| session.refresh.expose().to_owned())
}

/// Sends a request as a browser would and returns the whole answer.
async fn visit(address: &Url) -> String {
    let host = format!("127.0.0.1:{}", address.port().unwrap());
    let target = &address[url::Position::BeforePath..];
    exchange(&host, &format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: keep-alive\r\n\r\n")).await
}

async fn exchange(host: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

/// Begins a sign-in and waits for it in the background. Returns its address, redirect URI, state and outcome.
async fn begin(client: &Client) -> (Url, Url, String, JoinHandle<Result<Account, SignInError>>) {
    let sign_in = client.begin_sign_in().await.unwrap();
    let (url, redirect, state) = (sign_in.url().clone(), sign_in.redirect_uri(), sign_in.state().to_owned());
    (url, redirect, state, tokio::spawn(sign_in.finish()))
}

fn with_query(redirect: &Url, pairs: &[(&str, &str)]) -> Url {
    let mut url = redirect.clone();
    url.query_pairs_mut().extend_pairs(pairs);
    url
}

#[tokio::test]
async fn signing_in_through_the_browser_keeps_the_session() {
    let service = FakeService::start().await;
    let store = Arc::new(MemoryStore::default());
    let client = client_of(&service, store.clone());
    assert!(client.restore().await.unwrap().is_none());

    let (url, redirect, _, outcome) = begin(&client).await;
    assert_eq!((redirect.host_str(), redirect.path()), (Some("127.0.0.1"), "/callback"));
    let host = format!("127.0.0.1:{}", redirect.port().unwrap());
    // What browsers and others do besides: a connection ahead of need, an icon, junk.
    let _idle = TcpStream::connect(&host).await.unwrap();
    assert!(visit(&redirect.join("/favicon.ico").unwrap()).await.starts_with("HTTP/1.1 404 "));
    let post = format!("POST /callback HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n");
    assert!(exchange(&host, &post).await.starts_with("HTTP/1.1 405 "));
    assert!(exchange(&host, "\u{16}\u{3}\u{1} nonsense\r\n\r\n").await.starts_with("HTTP/1.1 400 "));
    let huge = format!("GET /callback HTTP/1.1\r\nHost: {host}\r\nX: {}", "x".repeat(17 << 10));
    assert!(exchange(&host, &huge).await.starts_with("HTTP/1.1 431 "));

    let page = visit(&service.approve(&url)).await;
    assert!(page.starts_with("HTTP/1.1 200 ") && page.contains("You are signed in"), "{page}");
    assert!(page.contains("Referrer-Policy: no-referrer") && !page.contains("secret-"));
    assert_eq!(outcome.await.unwrap().unwrap().email, EMAIL);
    assert_eq!(stored_token(&store), service.state().refresh);
    assert!(TcpStream::connect(&host).await.is_err(), "the port is closed");

    // Another start of the app.
    let restarted = client_of(&service, store.clone());
    assert_eq!(restarted.restore().await.unwrap().unwrap().email, EMAIL);
    assert_eq!(service.count("renewal"), 1);
    assert_eq!(stored_token(&store), service.state().refresh);
}

#[tokio::test]
async fn a_foreign_state_changes_nothing() {
    let service = FakeService::start().await;
    let client = client_of(&service, Arc::new(MemoryStore::default()));
    let (url, redirect, _, outcome) = begin(&client).await;
    let foreign = with_query(&redirect, &[("code", "stolen"), ("state", "guessed")]);
    assert!(visit(&foreign).await.contains("This link is not for this sign-in"));
    assert_eq!(service.count("POST /oauth/token"), 0);
    assert!(visit(&service.approve(&url)).await.contains("You are signed in"));
    outcome.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_service_that_loses_the_state_is_reported() {
    let service = FakeService::start().await;
    let client = client_of(&service, Arc::new(MemoryStore::default()));
    let (_, redirect, _, outcome) = begin(&client).await;
    for _ in 0..5 {
        visit(&with_query(&redirect, &[("code", "c"), ("state", "lost")])).await;
    }
    assert!(matches!(outcome.await.unwrap(), Err(SignInError::StateMismatch)));
    assert_eq!(service.count("POST /oauth/token"), 0);
}

#[tokio::test]
async fn a_foreign_or_missing_issuer_ends_the_sign_in_without_using_the_code() {
    for iss in [Some("https://evil.example".to_owned()), None] {
        let service = FakeService::start().await;
        service.state().iss = iss;
        let client = client_of(&service, Arc::new(MemoryStore::default()));
        let (url, _, _, outcome) = begin(&client).await;
        assert!(visit(&service.approve(&url)).await.contains("That did not work"));
        assert!(matches!(outcome.await.unwrap(), Err(SignInError::IssuerMismatch)));
        assert_eq!(service.count("POST /oauth/token"), 0);
    }
}

#[tokio::test]
async fn a_refusal_reaches_the_viewer() {
    let service = FakeService::start().await;
    let client = client_of(&service, Arc::new(MemoryStore::default()));
    let (_, redirect, state, outcome) = begin(&client).await;
    let iss = service.state().iss.clone().unwrap();
    let refusal = [("error", "access_denied"), ("error_description", "no\nthanks"), ("state", &state), ("iss", &iss)];
    assert!(visit(&with_query(&redirect, &refusal)).await.contains("You are not signed in"));
    let error = outcome.await.unwrap().unwrap_err();
    assert_eq!(error.viewer_message(), "Sign-in was cancelled in the browser");
    let SignInError::Refused { code, description } = error else { panic!("{error:?}") };
    assert_eq!((code.as_str(), description.as_deref()), ("access_denied", Some("nothanks")));
}

#[tokio::test]
async fn a_code_that_is_not_accepted_is_an_error_on_both_sides() {
    let service = FakeService::start().await;
    let client = client_of(&service, Arc::new(MemoryStore::default()));
    let (_, redirect, state, outcome) = begin(&client).await;
    let iss = service.state().iss.clone().unwrap();
    let forged = with_query(&redirect, &[("code", "forged"), ("state", &state), ("iss", &iss)]);
    assert!(visit(&forged).await.contains("That did not work"));
    assert!(matches!(outcome.await.unwrap(), Err(SignInError::CodeRefused(_))));
}

#[tokio::test]
async fn nobody_comes_back() {
    let service = FakeService::start().await;
    let client = client_of(&service, Arc::new(MemoryStore::default()));
    let sign_in = client.begin_sign_in().await.unwrap().with_time_limit(Duration::from_millis(30));
    let host = format!("127.0.0.1:{}", sign_in.redirect_uri().port().unwrap());
    let _idle = TcpStream::connect(&host).await.unwrap();
    assert!(matches!(sign_in.finish().await, Err(SignInError::TimedOut)));
    assert!(TcpStream::connect(&host).await.is_err(), "the port is closed");
}

#[tokio::test]
async fn dropping_a_sign_in_frees_the_port() {
    let service = FakeService::start().await;
    let client = client_of(&service, Arc::new(MemoryStore::default()));
    let sign_in: SignIn = client.begin_sign_in().await.unwrap();
    let host = format!("127.0.0.1:{}", sign_in.redirect_uri().port().unwrap());
    drop(sign_in);
    assert!(TcpStream::connect(&host).await.is_err());
}

#[tokio::test]
async fn the_form_is_filled_in_like_a_person_would() {
    let service = FakeService::start().await;
    let store = Arc::new(MemoryStore::default());
    let client = client_of(&service, store.clone());
    let error = client.sign_in_with_form(EMAIL, "wrong").await.unwrap_err();
    assert!(
        matches!(&error, SignInError::CredentialsRefused(text) if text == "E-mail or password is wrong"),
        "{error}"
    );
    assert_eq!(stored_token(&store), None);
    assert_eq!(client.sign_in_with_form(EMAIL, PASSWORD).await.unwrap().plan, "Premium");
    assert_eq!(stored_token(&store), service.state().refresh);
}

#[tokio::test]
async fn ten_calls_share_one_renewal() {
    let (service, client, store) = restored().await;
    for round in 1..=3 {
        let mut calls = JoinSet::new();
        for _ in 0..10 {
            let client = client.clone();
            calls.spawn(async move { client.me().await.map(|account| account.email) });
        }
        while let Some(outcome) = calls.join_next().await {
            assert_eq!(outcome.unwrap().unwrap(), EMAIL);
        }
        assert_eq!(service.count("renewal"), round);
        assert_eq!(stored_token(&store), service.state().refresh);
        // The service forgets the access token: the next ten get 401 first.
        service.expire_access();
    }
}

#[tokio::test]
async fn ten_calls_share_one_failure() {
    let (service, client, store) = restored().await;
    service.state().refresh = None;
    let mut calls = JoinSet::new();
    service.hold_renewals();
    for _ in 0..10 {
        let client = client.clone();
        calls.spawn(async move { client.me().await });
    }
    service.renewal_arrived().await;
    service.release_renewals();
    while let Some(outcome) = calls.join_next().await {
        assert!(matches!(outcome.unwrap(), Err(ClientError::SignedOut)));
    }
    assert_eq!(service.count("renewal"), 1);
    assert_eq!(stored_token(&store), None);
}

#[tokio::test]
async fn a_short_lived_token_is_renewed_before_it_expires_and_not_at_every_call() {
    let (service, client, _) = restored().await;
    service.state().access_life_s = 20;
    client.me().await.unwrap();
    client.me().await.unwrap();
    assert_eq!(service.count("renewal"), 1);
    service.state().access_life_s = 0;
    service.expire_access();
    client.me().await.unwrap();
    assert_eq!(service.count("renewal"), 2);
    client.me().await.unwrap();
    assert_eq!(service.count("renewal"), 3);
}

#[tokio::test]
async fn the_new_refresh_token_is_stored_before_the_access_token_is_used() {
    let (service, client, store) = restored().await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (probed, log) = (Arc::clone(&store), Arc::clone(&seen));
    service.state().on_me = Some(Box::new(move || log.lock().unwrap().push(stored_token(&probed).unwrap())));
    client.me().await.unwrap();
    let current = service.state().refresh.clone().unwrap();
    assert_eq!(*seen.lock().unwrap(), [current]);
}

/// Tells when something was saved.
#[derive(Debug, Default)]
struct WatchedStore {
    memory: MemoryStore,
    saved: Notify,
}

impl TokenStore for WatchedStore {
    fn load(&self) -> Result<Option<StoredSession>, StoreError> {
        self.memory.load()
    }
    fn save(&self, session: &StoredSession) -> Result<(), StoreError> {
        self.memory.save(session)?;
        self.saved.notify_one();
        Ok(())
    }
    fn clear(&self) -> Result<(), StoreError> {
        self.memory.clear()
    }
}

#[tokio::test]
async fn a_caller_that_gives_up_does_not_lose_the_rotated_token() {
    let service = FakeService::start().await;
    let store = Arc::new(WatchedStore::default());
    store.memory.save(&kept(&service.issue_refresh())).unwrap();
    let client = client_of(&service, store.clone());
    service.hold_renewals();
    let call = tokio::spawn({
        let client = client.clone();
        async move { client.me().await }
    });
    service.renewal_arrived().await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    service.release_renewals();
    store.saved.notified().await;
    assert_eq!(stored_token(&store.memory), service.state().refresh);
    client.me().await.unwrap();
    assert_eq!(service.count("renewal"), 1);
}

#[tokio::test]
async fn a_refused_fresh_token_is_not_tried_for_ever() {
    let (service, client, _) = restored().await;
    let refusal = problem(401, "unauthenticated", "Sign in first");
    service.script("GET /v1/me", &[&refusal, &refusal, &refusal]);
    let error = client.me().await.unwrap_err();
    assert!(error.is_signed_out() && !error.is_offline(), "{error}");
    assert_eq!((service.count("GET /v1/me"), service.count("renewal")), (2, 2));
}

#[tokio::test]
async fn a_session_that_the_service_ended_is_forgotten() {
    let (service, client, store) = restored().await;
    client.me().await.unwrap();
    service.state().refresh = None;
    service.expire_access();
    assert!(matches!(client.me().await, Err(ClientError::SignedOut)));
    assert_eq!(stored_token(&store), None);
    assert!(client.restore().await.unwrap().is_none());
    assert_eq!(service.count("renewal"), 2);
}

#[tokio::test]
async fn offline_keeps_the_session() {
    let (service, client, store) = restored().await;
    let token = stored_token(&store);
    service.script("POST /oauth/token", &[UNAVAILABLE]);
    let error = client.restore().await.unwrap_err();
    assert!(error.is_offline(), "{error}");
    assert_eq!(service.count("renewal"), 1, "a refresh token is never sent twice");
    assert_eq!(stored_token(&store), token);
    assert_eq!(client.restore().await.unwrap().unwrap().email, EMAIL);

    drop(service);
    let error = client.title(&TitleId::from("the-long-tide"), None).await.unwrap_err();
    assert!(matches!(&error, ClientError::Network(error) if error.kind == NetworkKind::Connect), "{error}");
    assert!(error.is_offline());
    assert!(stored_token(&store).is_some());
}

#[tokio::test]
async fn signing_out_revokes_and_forgets() {
    let (service, client, store) = restored().await;
    client.me().await.unwrap();
    client.sign_out().await.unwrap();
    assert_eq!((stored_token(&store), service.state().refresh.clone()), (None, None));
    assert!(matches!(client.me().await, Err(ClientError::SignedOut)));
    assert_eq!(service.count("POST /oauth/revoke"), 1);
    client.sign_out().await.unwrap();
    assert_eq!(service.count("POST /oauth/revoke"), 1, "there is nothing left to revoke");
}

#[tokio::test]
async fn signing_out_forgets_even_if_the_service_is_away() {
    let (service, client, store) = restored().await;
    client.me().await.unwrap();
    drop(service);
    client.sign_out().await.unwrap();
    assert_eq!(stored_token(&store), None);
    assert!(matches!(client.me().await, Err(ClientError::SignedOut)));
}

#[tokio::test]
async fn an_altered_token_file_means_signed_out_and_signing_in_repairs_it() {
    let service = FakeService::start().await;
    let folder = tempfile::tempdir().unwrap();
    let store =
        || Arc::new(EncryptedFileStore::in_folders(&service.origin, folder.path(), &folder.path().join("data")));
    let client = client_of(&service, store());
    client.sign_in_with_form(EMAIL, PASSWORD).await.unwrap();

    let sessions = folder.path().join("sessions");
    let file = std::fs::read_dir(&sessions).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&file, bytes).unwrap();
    assert!(matches!(store().load(), Err(StoreError::Corrupt(_))));

    let restarted = client_of(&service, store());
    assert!(restarted.restore().await.unwrap().is_none());
    assert!(!file.exists(), "what cannot be trusted is removed");
    restarted.sign_in_with_form(EMAIL, PASSWORD).await.unwrap();
    assert!(client_of(&service, store()).restore().await.unwrap().is_some());
}

/// A disk that is full.
#[derive(Debug, Default)]
struct FullStore(MemoryStore);

impl TokenStore for FullStore {
    fn load(&self) -> Result<Option<StoredSession>, StoreError> {
        self.0.load()
    }
    fn save(&self, _: &StoredSession) -> Result<(), StoreError> {
        Err(StoreError::Unavailable { store: "disk", reason: "full".to_owned() })
    }
    fn clear(&self) -> Result<(), StoreError> {
        self.0.clear()
    }
}

#[tokio::test]
async fn a_store_that_cannot_be_written_does_not_end_the_session() {
    let service = FakeService::start().await;
    let store = Arc::new(FullStore::default());
    store.0.save(&kept(&service.issue_refresh())).unwrap();
    let client = client_of(&service, store.clone());
    for _ in 0..3 {
        client.me().await.unwrap();
        service.expire_access();
    }
    assert_eq!(service.count("renewal"), 3);
    assert_eq!(stored_token(&store.0), None, "no used token stays behind");
}

#[tokio::test]
async fn reading_is_repeated_while_the_service_is_away_for_a_moment() {
    let (service, client, _) = restored().await;
    service.script("GET /v1/me", &[UNAVAILABLE, "HTTP/1.1 502 Bad\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n"]);
    client.me().await.unwrap();
    assert_eq!(service.count("GET /v1/me"), 3);
    service.script("GET /v1/me", &[UNAVAILABLE; 4]);
    let error = client.me().await.unwrap_err();
    assert!(matches!(error, ClientError::UnexpectedStatus { status: 503, .. }) && error.is_offline());
    assert_eq!(service.count("GET /v1/me"), 6);
}

#[tokio::test]
async fn a_long_retry_after_is_told_and_not_waited_for() {
    let (service, client, _) = restored().await;
    let busy = problem(503, "internal", "Down for maintenance").replacen("\r\n", "\r\nRetry-After: 60\r\n", 1);
    service.script("GET /v1/me", &[&busy]);
    let error = client.me().await.unwrap_err();
    assert_eq!(error.viewer_message(), "Down for maintenance");
    let ClientError::Problem(problem) = error else { panic!("{error:?}") };
    assert_eq!((problem.code, problem.retry_after_s), (ProblemCode::Internal, Some(60)));
    assert_eq!(service.count("GET /v1/me"), 1);
}

#[tokio::test]
async fn asking_for_a_licence_is_not_repeated() {
    let (service, client, _) = restored().await;
    let licence = client.licence("/v1/licences/clearkey/g", br#"{"kids":[]}"#.to_vec()).await.unwrap();
    assert_eq!(licence, br#"{"kids":[]}"#);
    service.script("POST /v1/licences/clearkey/g", &[UNAVAILABLE]);
    client.licence("/v1/licences/clearkey/g", b"{}".to_vec()).await.unwrap_err();
    assert_eq!(service.count("POST /v1/licences/clearkey/g"), 2);
    let foreign = client.licence("https://evil.example/", b"{}".to_vec()).await;
    assert!(matches!(foreign, Err(ClientError::ForeignAddress)));
}

#[tokio::test]
async fn progress_that_does_not_exist_is_none() {
    let (service, client, _) = restored().await;
    let (profile, title) = (ProfileId::from("p"), TitleId::from("t"));
    assert_eq!(client.progress(&profile, &title).await.unwrap(), None);
    service.script(
        "PUT /v1/profiles/p/progress/t",
        &[UNAVAILABLE, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"],
    );
    let progress = Progress { position_s: 1.0, duration_s: 2.0, taken_at_ms: 3 };
    client.save_progress(&profile, &title, &progress).await.unwrap();
    assert_eq!(service.count("PUT /v1/profiles/p/progress/t"), 2);
}

#[tokio::test]
async fn pictures_have_a_limit_and_no_token() {
    let service = FakeService::start().await;
    let client = client_of(&service, Arc::new(MemoryStore::default()));
    let path = "/artwork/t/card.jpg";
    let good = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\njpg";
    let announced = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", PICTURE_LIMIT + 1);
    let endless = format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}", "x".repeat(PICTURE_LIMIT + 1));
    let moved = "HTTP/1.1 302 Found\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n";
    service.script(&format!("GET {path}"), &[good, &announced, &endless, moved]);
    assert_eq!(client.picture(path).await.unwrap(), b"jpg");
    assert!(matches!(client.picture(path).await, Err(ClientError::TooLarge { .. })));
    assert!(matches!(client.picture(path).await, Err(ClientError::TooLarge { .. })));
    assert!(matches!(client.picture(path).await, Err(ClientError::UnexpectedStatus { status: 302, .. })));
    assert!(matches!(client.picture("//evil.example/x").await, Err(ClientError::ForeignAddress)));
}

#[tokio::test]
async fn an_unreadable_answer_is_an_error_without_its_content() {
    let (service, client, _) = restored().await;
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 24\r\nConnection: close\r\n\r\n{\"email\":\"secret-thing\" ";
    service.script("GET /v1/me", &[answer]);
    let error = client.me().await.unwrap_err();
    assert!(matches!(error, ClientError::Malformed { .. }));
    assert!(!format!("{error} {error:?}").contains("secret-thing"));
}

#[tokio::test]
async fn a_truncated_answer_is_a_lost_connection() {
    let (service, client, _) = restored().await;
    service.script("GET /v1/me", &["HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{"]);
    assert!(matches!(client.me().await, Err(ClientError::Network(error)) if error.kind == NetworkKind::Interrupted));
}

#[tokio::test]
async fn debug_output_holds_no_secret() {
    let (service, client, store) = restored().await;
    client.me().await.unwrap();
    let sign_in = client.begin_sign_in().await.unwrap();
    let session = store.load().unwrap();
    let text = format!("{client:?} {:?} {sign_in:?} {store:?} {session:?}", client.inner.session);
    assert!(!text.contains("secret-") && !text.contains(sign_in.state()), "{text}");
    drop(service);
}

#[tokio::test]
async fn what_is_gone_already_was_taken_away_and_what_was_never_said_is_nothing() {
    let (service, client, _) = restored().await;
    let (mia, tide) = (ProfileId::from("mia"), TitleId::from("the long tide"));
    let done = "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let (listed, rated) =
        ("PUT /v1/profiles/mia/list/the%20long%20tide", "PUT /v1/profiles/mia/ratings/the%20long%20tide");
    service.script(listed, &[done]);
    service.script(rated, &[done]);
    client.set_listed(&mia, &tide, true).await.unwrap();
    client.rate(&mia, &tide, Some(Rating { thumbs: -1 })).await.unwrap();
    assert_eq!((service.count(listed), service.count(rated)), (1, 1));
    // The service knows nothing of these.
    client.set_listed(&mia, &tide, false).await.unwrap();
    client.rate(&mia, &tide, None).await.unwrap();
    client.end_signed_in_device("tv").await.unwrap();
    assert_eq!(client.rating(&mia, &tide).await.unwrap(), None);
    assert!(client.my_list(&mia).await.is_err());
}

#[tokio::test]
async fn erasing_is_asked_for_once_whatever_is_answered() {
    let (service, client, _) = restored().await;
    let erase = EraseAccount { password: Some("a secret".to_owned()) };
    let wrong = problem(403, "forbidden", "The password is not right");
    service.script("POST /v1/account/erase", &[&wrong, UNAVAILABLE]);
    let refused = client.erase_account(&erase).await.unwrap_err();
    assert_eq!(refused.viewer_message(), "The password is not right");
    assert!(!format!("{refused:?}{erase:?}").contains("a secret"));
    assert!(client.erase_account(&erase).await.is_err());
    assert_eq!(service.count("POST /v1/account/erase"), 2, "what cannot be undone is not repeated");
}
