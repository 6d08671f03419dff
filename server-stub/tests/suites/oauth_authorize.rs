//! Attacks on the authorization endpoint: A01 to A14 of the table of cases.

use crate::common::{
    App, Browser, Callback, MIA, PASSWORD, STATE, TestServer,
    idp::{Flow, SECRET, Tab, by, is_active, location, param, registration, token, with_clients},
};
use reqwest::{Method, StatusCode, header};
use server_stub::{ClientAuthentication, Server};
use sqlx::Connection;
use std::time::Duration;

async fn server() -> TestServer {
    TestServer::start_with(with_clients).await
}

#[tokio::test]
async fn a01_redirect_addresses_are_compared_as_text() {
    let server = server().await;
    let tab = Tab::new(&server);
    let bad = [
        "https://rp.example/cb/",
        "https://rp.example/cb/extra",
        "https://rp.example/cb/..",
        "https://rp.example/cb/../cb",
        "https://rp.example/./cb",
        "https://rp.example//cb",
        "https://rp.example/cb?next=x",
        "https://rp.example/cb?",
        "https://rp.example/cb#x",
        "https://rp.example/CB",
        "https://RP.example/cb",
        "HTTPS://rp.example/cb",
        "https://rp.example:443/cb",
        "https://rp.example/%63b",
        "https://rp.example/cb%2e%2e",
        "https://user@rp.example/cb",
        "https://rp.example@evil.example/cb",
        "https://evil.rp.example/cb",
        "https://rp.example.evil.example/cb",
        "https://*.example/cb",
        "http://rp.example/cb",
        "https://rp.example/cb\n",
    ];
    for uri in bad {
        let response = tab.get(&Flow::new("rp").with("redirect_uri", uri).path()).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{uri}");
        assert!(!response.headers().contains_key(header::LOCATION), "{uri}");
    }
    assert_eq!(tab.get(&Flow::new("rp").path()).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a02_loopback_addresses_have_any_port_and_localhost_is_none() {
    let server = server().await;
    let tab = Tab::new(&server);
    let status = async |uri: &str| tab.get(&Flow::new("native").with("redirect_uri", uri).path()).await.status();
    for uri in ["http://127.0.0.1:1/cb", "http://127.0.0.1:65535/cb", "http://127.0.0.1/cb"] {
        assert_eq!(status(uri).await, StatusCode::OK, "{uri}");
    }
    for uri in ["http://localhost:1/cb", "http://[::1]:1/cb", "http://127.0.0.1:1/other", "https://rp.example:8443/cb"]
    {
        assert_eq!(status(uri).await, StatusCode::BAD_REQUEST, "{uri}");
    }
    let app = App::new();
    for uri in ["http://127.0.0.1:9/callback", "http://[::1]:9/callback"] {
        let mut query = app.query();
        query[2].1 = uri.to_owned();
        let response = server.get("/oauth/authorize").query(&query).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{uri}");
    }
}

#[tokio::test]
async fn a03_an_address_belongs_to_one_app() {
    let server = server().await;
    let (mut config, _folder) = server.stop().await;
    let claimed = registration("thief", |it| it.redirect_uris = vec!["https://rp.example/cb".to_owned()]);
    config.identity.clients = vec![claimed];
    assert!(Server::start(config.clone()).await.is_err());
    config.identity.clients = vec![registration("app", |it| it.redirect_uris = vec!["app:/cb".to_owned()])];
    assert!(Server::start(config.clone()).await.is_err());
    config.identity.clients = vec![registration("app", |it| it.redirect_uris = vec!["org.example.a:/cb".to_owned()])];
    Server::start(config).await.unwrap().shutdown().await;
}

#[tokio::test]
async fn a04_every_answer_names_its_issuer() {
    let server = server().await;
    let tab = Tab::new(&server);
    let granted = Flow::new("rp").run(&tab).await;
    assert_eq!(param(&granted, "iss"), Some(server.issuer.clone()));
    let refused = location(&tab.get(&Flow::new("rp").with("response_type", "token").path()).await);
    assert_eq!(param(&refused, "iss"), Some(server.issuer.clone()));
    // That the client refuses a foreign `iss` is tested with the client.
}

#[tokio::test]
async fn a05_code_of_another_session_is_refused_and_burnt() {
    let server = server().await;
    let tab = Tab::new(&server);
    let (mine, theirs) = (Flow::new("rp"), Flow::new("rp"));
    let code = theirs.code(&tab).await;
    let (status, answer) = token(&server, "rp", &mine.exchange_form(&code)).await;
    assert_eq!((status, answer["error"].as_str()), (400, Some("invalid_grant")));
    assert_eq!(token(&server, "rp", &theirs.exchange_form(&code)).await.0, 400, "burnt");
}

#[tokio::test]
async fn a06_second_use_of_a_code_ends_what_the_first_made() {
    let server = server().await;
    let tab = Tab::new(&server);
    for wait in [0, 30] {
        let flow = Flow::new("rp").with("scope", "openid offline_access");
        let code = flow.code(&tab).await;
        let (_, tokens) = token(&server, "rp", &flow.exchange_form(&code)).await;
        let access = tokens["access_token"].as_str().unwrap();
        assert!(is_active(&server, access).await);
        server.clock.advance(Duration::from_secs(wait));
        assert_eq!(token(&server, "rp", &flow.exchange_form(&code)).await.1["error"], "invalid_grant");
        assert!(!is_active(&server, access).await);
        assert!(!is_active(&server, tokens["refresh_token"].as_str().unwrap()).await);
    }
}

#[tokio::test]
async fn a06_of_many_exchanges_at_once_none_leaves_a_working_token() {
    let server = server().await;
    let tab = Tab::new(&server);
    let flow = Flow::new("rp");
    let code = flow.code(&tab).await;
    let form = flow.exchange_form(&code);
    let outcomes = futures_util::future::join_all((0..20).map(|_| token(&server, "rp", &form))).await;
    let won: Vec<_> = outcomes.iter().filter(|(status, _)| *status == 200).collect();
    assert_eq!(won.len(), 1);
    assert!(!is_active(&server, won[0].1["access_token"].as_str().unwrap()).await);
}

#[tokio::test]
async fn a07_code_is_bound_to_its_app_and_address() {
    let server = server().await;
    let tab = Tab::new(&server);
    let flow = Flow::new("rp");
    let code = flow.code(&tab).await;
    assert_eq!(token(&server, "other", &flow.exchange_form(&code)).await.1["error"], "invalid_grant");
    let code = flow.code(&tab).await;
    let mut form = flow.exchange_form(&code);
    form[2].1 = "https://other.example/cb";
    assert_eq!(token(&server, "rp", &form).await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn a08_code_lasts_a_minute() {
    let server = server().await;
    let tab = Tab::new(&server);
    let flow = Flow::new("rp");
    let code = flow.code(&tab).await;
    server.clock.advance(Duration::from_secs(60));
    assert_eq!(token(&server, "rp", &flow.exchange_form(&code)).await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn a09_pkce_is_needed_and_only_s256() {
    let server = server().await;
    let tab = Tab::new(&server);
    let (short, long) = ("a".repeat(42), "a".repeat(129));
    let table = [
        ("code_challenge", ""),
        ("code_challenge_method", ""),
        ("code_challenge_method", "plain"),
        ("code_challenge", short.as_str()),
        ("code_challenge", long.as_str()),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM"),
    ];
    for (name, value) in table {
        let url = location(&tab.get(&Flow::new("rp").with(name, value).path()).await);
        assert_eq!(param(&url, "error").as_deref(), Some("invalid_request"), "{name}={value}");
    }
}

#[tokio::test]
async fn a10_exchange_cannot_do_without_the_verifier() {
    let server = server().await;
    let tab = Tab::new(&server);
    let flow = Flow::new("rp");
    let code = flow.code(&tab).await;
    let mut form = flow.exchange_form(&code);
    form.pop();
    assert_eq!(token(&server, "rp", &form).await.0, 400);
    // Without a challenge there is no code that a verifier could be added to.
    let url = location(&tab.get(&Flow::new("rp").with("code_challenge", "").path()).await);
    assert_eq!(param(&url, "code"), None);
}

#[tokio::test]
async fn a11_forms_have_a_token_and_state_comes_back_unchanged() {
    let server = server().await;
    let tab = Tab::new(&server);
    let long: String = (0..512).map(|index| char::from(0x20 + (index % 95) as u8)).collect();
    for state in [STATE, &long] {
        let url = Flow::new("rp").with("state", state).run(&tab).await;
        assert_eq!(param(&url, "state").as_deref(), Some(state));
    }
    let flow = Flow::new("other");
    let consent = tab.post(&flow.path(), &[("answer", "allow")]).await;
    assert_eq!(consent.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let consent = tab.post(&flow.path(), &[("answer", "allow"), ("token", "AAAA")]).await;
    assert_eq!(consent.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let foreign = server.request(Method::POST, &flow.path()).header("sec-fetch-site", "cross-site");
    assert_eq!(tab.send(foreign.form(&[("answer", "allow")])).await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a12_after_a_form_the_redirect_is_a_get() {
    let server = server().await;
    // `Callback::of` asserts 303.
    Browser::open(&server, &App::new()).await.submit(&[("email", MIA), ("password", PASSWORD)]).await.code();
    let browser = Browser::open(&server, &App::new()).await;
    Callback::of(browser.send(&[("cancel", "1")]).await);
    let tab = Tab::new(&server);
    assert_eq!(tab.sign_in(MIA, PASSWORD).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a13_pages_cannot_be_framed_stored_or_referred_from() {
    let server = server().await;
    let tab = Tab::new(&server);
    let flow = Flow::new("rp");
    let mut pages = vec![tab.get(&flow.path()).await, tab.get("/register").await, tab.get("/recover").await];
    tab.sign_in(MIA, PASSWORD).await;
    pages.push(tab.get(&flow.path()).await);
    pages.push(tab.get("/device").await);
    pages.push(tab.get("/account").await);
    for page in pages {
        let headers = page.headers();
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"));
        assert_eq!(headers[header::X_FRAME_OPTIONS], "DENY");
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        assert_eq!(headers[header::REFERRER_POLICY], "no-referrer");
        assert_eq!(page.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn a14_old_grants_do_not_exist() {
    let server = server().await;
    let tab = Tab::new(&server);
    for kind in ["token", "id_token", "code token", "none"] {
        let url = location(&tab.get(&Flow::new("rp").with("response_type", kind).path()).await);
        assert_eq!(param(&url, "error").as_deref(), Some("unsupported_response_type"), "{kind}");
    }
    for grant in ["password", "client_credentials", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer"] {
        let (status, answer) = token(&server, "rp", &[("grant_type", grant), ("username", MIA)]).await;
        assert_eq!((status, answer["error"].as_str()), (400, Some("unsupported_grant_type")), "{grant}");
    }
    let metadata = server.get("/.well-known/openid-configuration").send().await.unwrap().text().await.unwrap();
    assert!(!metadata.contains("\"password\"") && !metadata.contains("implicit") && !metadata.contains("plain"));
}

#[tokio::test]
async fn pushed_request_is_used_once_by_its_app_and_cannot_be_changed() {
    let server = TestServer::start_with(|config| {
        with_clients(config);
        config.identity.clients.push(registration("strict", |it| it.require_par = true));
    })
    .await;
    let tab = Tab::new(&server);
    let flow = Flow::new("strict");
    assert_eq!(tab.get(&flow.path()).await.status(), StatusCode::BAD_REQUEST, "it must be pushed");
    let form: Vec<(&str, &str)> = flow.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let pushed = by(&server, "strict", "/oauth/par", &form).send().await.unwrap();
    assert_eq!(pushed.status(), StatusCode::CREATED);
    let pushed: serde_json::Value = pushed.json().await.unwrap();
    let uri = pushed["request_uri"].as_str().unwrap();
    let mut short = Flow::new("strict");
    short.query = vec![
        ("client_id".to_owned(), "strict".to_owned()),
        ("request_uri".to_owned(), uri.to_owned()),
        ("redirect_uri".to_owned(), "https://evil.example/cb".to_owned()),
    ];
    let url = short.run(&tab).await;
    assert_eq!(url.host_str(), Some("strict.example"), "what stands beside the reference does not count");
    let code = param(&url, "code").unwrap();
    assert_eq!(token(&server, "strict", &flow.exchange_form(&code)).await.0, 200);
    assert_eq!(tab.get(&short.path()).await.status(), StatusCode::BAD_REQUEST, "used");
    let stolen = short.with("client_id", "rp");
    assert_eq!(tab.get(&stolen.path()).await.status(), StatusCode::BAD_REQUEST);
    let bad = by(&server, "strict", "/oauth/par", &[("client_id", "strict"), ("response_type", "code")]);
    assert_eq!(bad.send().await.unwrap().status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn apps_prove_who_they_are_in_their_own_way_only() {
    let server = server().await;
    let form = [("grant_type", "refresh_token"), ("refresh_token", "x")];
    let send = async |request: reqwest::RequestBuilder| request.send().await.unwrap().status().as_u16();
    let at = || server.request(Method::POST, "/oauth/token");
    assert_eq!(send(at().basic_auth("rp", Some(SECRET)).form(&form)).await, 400, "authenticated");
    assert_eq!(send(at().basic_auth("rp", Some("wrong")).form(&form)).await, 401);
    assert_eq!(send(at().basic_auth("post", Some(SECRET)).form(&form)).await, 401, "not its way");
    let mut with_secret = form.to_vec();
    with_secret.extend([("client_id", "post"), ("client_secret", SECRET)]);
    assert_eq!(send(at().form(&with_secret)).await, 400, "authenticated");
    assert_eq!(send(at().basic_auth("post", Some(SECRET)).form(&with_secret)).await, 400, "two ways");
    let mut unproved = form.to_vec();
    unproved.push(("client_id", "rp"));
    assert_eq!(send(at().form(&unproved)).await, 401);
    assert_eq!(registration("x", |it| it.authentication = ClientAuthentication::None).secret, None);
}

#[tokio::test]
async fn pushed_requests_take_no_more_room_than_they_need() {
    let server = TestServer::start_with(with_clients).await;
    let native = Flow::new("native").with("redirect_uri", "org.example.app:/cb").with("junk", &"x".repeat(20_000));
    let push = async |flow: &Flow| {
        let form: Vec<(&str, &str)> = flow.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        server.request(Method::POST, "/oauth/par").form(&form).send().await.unwrap()
    };
    assert_eq!(push(&native).await.status(), StatusCode::CREATED);
    let mut database = server.database().await;
    let kept: String =
        sqlx::query_scalar("SELECT parameters FROM identity_pushed_requests").fetch_one(&mut database).await.unwrap();
    database.close().await.unwrap();
    assert!(kept.contains("code_challenge=") && !kept.contains("junk") && kept.len() < 512, "{kept}");
    // What is read is limited as well.
    let long = Flow::new("native").with("redirect_uri", "org.example.app:/cb").with("scope", &"openid ".repeat(1_200));
    assert_eq!(push(&long).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    // An app without a secret may be anybody.
    for _ in 2..30 {
        assert_eq!(push(&native).await.status(), StatusCode::CREATED);
    }
    let refused = push(&native).await;
    assert_eq!(
        (refused.status(), &refused.headers()["retry-after"]),
        (StatusCode::TOO_MANY_REQUESTS, &"60".parse().unwrap())
    );
    server.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(push(&native).await.status(), StatusCode::CREATED);
}
