//! Signing in through the real pages, and what the pages refuse.

use crate::common::{self, App, BEN, Browser, CALLBACK, Callback, MIA, PASSWORD, STATE, TestServer, json};
use reqwest::{StatusCode, header};
use server_stub::Server;
use service_api::{identity::AuthorizationServer, routes};
use std::time::Duration;

#[tokio::test]
async fn viewer_signs_in_through_the_page() {
    let server = TestServer::start().await;
    let app = App::new();
    let browser = Browser::open(&server, &app).await;
    let callback = browser.submit(&[("email", " MIA@lumen.example "), ("password", PASSWORD)]).await;
    assert_eq!(callback.get("iss"), Some(server.issuer.clone()));
    let tokens = server.exchange(&app, &callback.code()).await.unwrap();
    assert_eq!((tokens.token_type.as_str(), tokens.expires_in), ("Bearer", 600));
    let me = common::SignedIn { server: &server, tokens }.me().await;
    assert_eq!((me.email.as_str(), me.plan.as_str()), (MIA, "Premium"));
    let profiles: Vec<_> = me.profiles.iter().map(|it| (it.name.as_str(), it.maturity_ceiling)).collect();
    assert_eq!(profiles, [("Mia", None), ("Noah", None), ("Kids", Some(7))]);
}

#[tokio::test]
async fn metadata_names_what_there_is_and_nothing_else() {
    let server = TestServer::start().await;
    let metadata: AuthorizationServer = json(server.get(routes::OAUTH_METADATA)).await;
    assert_eq!(metadata.issuer, server.issuer.clone());
    assert_eq!(metadata.authorization_endpoint, format!("{}/oauth/authorize", server.issuer.clone()));
    assert_eq!(metadata.response_types_supported, ["code"]);
    let device = "urn:ietf:params:oauth:grant-type:device_code";
    assert_eq!(metadata.grant_types_supported, ["authorization_code", "refresh_token", device]);
    assert_eq!(metadata.code_challenge_methods_supported, ["S256"]);
    let methods = ["none", "client_secret_basic", "client_secret_post"];
    assert_eq!(metadata.token_endpoint_auth_methods_supported, methods);
    assert!(metadata.authorization_response_iss_parameter_supported);
}

#[tokio::test]
async fn wrong_password_comes_back_with_the_address_and_an_error_in_place() {
    let server = TestServer::start().await;
    let browser = Browser::open(&server, &App::new()).await;
    let mut pages = Vec::new();
    for email in [MIA, "nobody@lumen.example"] {
        let response = browser.send(&[("email", email), ("password", "wrong")]).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
        let page = response.text().await.unwrap();
        assert!(page.contains(&format!(r#"value="{email}""#)) && page.contains(r#"role="alert""#));
        assert!(!page.contains("wrong"), "a password is never sent back");
        pages.push(common::between(&page, r#"role="alert">"#, "</div>").to_owned());
    }
    assert_eq!(pages[0], pages[1], "an account that does not exist looks like one that does");
    // The form that came back works.
    let callback = browser.submit(&[("email", MIA), ("password", PASSWORD)]).await;
    callback.code();
}

#[tokio::test]
async fn demo_button_signs_in_and_exists_only_in_demo_mode() {
    let server = TestServer::start().await;
    let browser = Browser::open(&server, &App::new()).await;
    assert!(browser.page.contains(PASSWORD) && browser.page.contains(BEN));
    browser.submit(&[("demo", BEN)]).await.code();
    let stranger = browser.send(&[("demo", "someone@lumen.example")]).await;
    assert_eq!(stranger.status(), StatusCode::UNPROCESSABLE_ENTITY);

    // The same database without demo mode: accounts whose password everybody knows are gone, and so are their tokens.
    let tokens = server.sign_in(MIA).await.tokens;
    let (mut config, folder) = server.stop().await;
    config.demo = false;
    let running = Server::start(config).await.unwrap();
    let http = common::http_client();
    let me = http.get(format!("{}v1/me", running.origin())).bearer_auth(tokens.access_token);
    assert_eq!(me.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let url = format!("{}oauth/authorize", running.origin());
    let response = http.get(&url).query(&App::new().query()).send().await.unwrap();
    let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap().to_owned();
    let page = response.text().await.unwrap();
    assert!(!page.contains("lumen.example") && !page.contains(PASSWORD));
    let token = common::between(&page, r#"name="token" value=""#, "\"");
    for form in
        [[("token", token), ("demo", MIA), ("", "")], [("token", token), ("email", MIA), ("password", PASSWORD)]]
    {
        let request = http.post(&url).query(&App::new().query()).header(header::COOKIE, &cookie).form(&form);
        assert_eq!(request.send().await.unwrap().status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
    running.shutdown().await;
    drop(folder);
}

#[tokio::test]
async fn cancelling_tells_the_app() {
    let server = TestServer::start().await;
    let callback = Browser::open(&server, &App::new()).await.submit(&[("cancel", "1")]).await;
    assert_eq!(callback.get("error").as_deref(), Some("access_denied"));
    assert_eq!(callback.get("state").as_deref(), Some(STATE));
    assert_eq!(callback.get("iss"), Some(server.issuer.clone()));
    assert_eq!(callback.get("code"), None);
}

#[tokio::test]
async fn requests_that_are_not_ours_are_shown_a_page_and_never_redirected() {
    let server = TestServer::start().await;
    let table = [
        ("client_id", "someone-else"),
        ("client_id", ""),
        ("redirect_uri", ""),
        ("redirect_uri", "http://127.0.0.1:4321/callback/"),
        ("redirect_uri", "http://127.0.0.1:4321/callback?next=x"),
        ("redirect_uri", "http://localhost:4321/callback"),
        ("redirect_uri", "https://127.0.0.1:4321/callback"),
        ("redirect_uri", "http://127.0.0.1:4321@evil.example/callback"),
        ("redirect_uri", "http://evil.example/callback"),
        ("redirect_uri", "javascript:alert(1)//callback"),
    ];
    for (name, value) in table {
        let mut query = App::new().query();
        query.retain(|(known, _)| *known != name);
        query.push((name, value.to_owned()));
        let response = server.get(routes::OAUTH_AUTHORIZE).query(&query).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{name}={value}");
        assert!(!response.headers().contains_key(header::LOCATION), "{name}={value}");
        assert!(!response.text().await.unwrap().contains("<form"), "{name}={value}");
    }
    let mut doubled = App::new().query();
    doubled.push(("redirect_uri", "http://evil.example/callback".to_owned()));
    let response = server.get(routes::OAUTH_AUTHORIZE).query(&doubled).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn mistakes_in_the_request_are_returned_to_the_app() {
    let server = TestServer::start().await;
    let challenge = App::new().challenge();
    let long = "x".repeat(513);
    let table = [
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "", "invalid_request"),
        ("state", "", "invalid_request"),
        ("state", long.as_str(), "invalid_request"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge", &challenge[..42], "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
    ];
    for (name, value, expected) in table {
        let mut query = App::new().query();
        query.retain(|(known, _)| *known != name);
        query.push((name, value.to_owned()));
        let callback = Callback::of(server.get(routes::OAUTH_AUTHORIZE).query(&query).send().await.unwrap());
        assert!(callback.0.as_str().starts_with(CALLBACK));
        assert_eq!(callback.get("error").as_deref(), Some(expected), "{name}={value}");
        assert_eq!(callback.get("iss"), Some(server.issuer.clone()));
        assert_eq!(callback.get("state").is_some(), name != "state", "{name}={value}");
    }
    let mut doubled = App::new().query();
    doubled.push(("state", "another".to_owned()));
    let callback = Callback::of(server.get(routes::OAUTH_AUTHORIZE).query(&doubled).send().await.unwrap());
    assert_eq!(callback.get("error").as_deref(), Some("invalid_request"));
}

#[tokio::test]
async fn form_from_elsewhere_or_long_ago_signs_nobody_in() {
    let server = TestServer::start().await;
    let app = App::new();
    let own = Browser::open(&server, &app).await;
    let credentials = [("email", MIA), ("password", PASSWORD)];
    let refused = StatusCode::UNPROCESSABLE_ENTITY;

    let no_token = own.request().form(&credentials).send().await.unwrap();
    assert_eq!(no_token.status(), refused);
    let no_cookie = Browser { cookie: "other=1".to_owned(), ..own.duplicate() };
    assert_eq!(no_cookie.send(&credentials).await.status(), refused);
    let other_browser = Browser::open(&server, &app).await;
    let stolen = Browser { token: other_browser.token.clone(), ..own.duplicate() };
    assert_eq!(stolen.send(&credentials).await.status(), refused);
    let mut other_request = own.duplicate();
    other_request.query[2].1 = "http://127.0.0.1:4322/callback".to_owned();
    assert_eq!(other_request.send(&credentials).await.status(), refused);
    let mut changed = own.token.clone();
    changed.replace_range(0..1, if changed.starts_with('A') { "B" } else { "A" });
    assert_eq!(Browser { token: changed, ..own.duplicate() }.send(&credentials).await.status(), refused);
    let foreign = own.request().header("sec-fetch-site", "cross-site").form(&[("token", own.token.as_str())]);
    assert_eq!(foreign.send().await.unwrap().status(), StatusCode::FORBIDDEN);

    own.submit(&credentials).await.code();
    server.clock.advance(Duration::from_secs(15 * 60));
    let late = own.send(&credentials).await;
    assert_eq!(late.status(), refused);
    assert!(late.text().await.unwrap().contains("open for too long"));
}

#[tokio::test]
async fn guessing_is_slowed_down_and_the_owner_gets_in_again() {
    let server = TestServer::start().await;
    let browser = Browser::open(&server, &App::new()).await;
    for _ in 0..5 {
        let response = browser.send(&[("email", MIA), ("password", "guess")]).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
    let blocked = browser.send(&[("email", MIA), ("password", PASSWORD)]).await;
    assert_eq!(blocked.status(), StatusCode::TOO_MANY_REQUESTS, "even with the right password");
    assert_eq!(blocked.headers()[header::RETRY_AFTER], "1");
    assert!(blocked.text().await.unwrap().contains("Try again in one second"));
    browser.submit(&[("email", BEN), ("password", PASSWORD)]).await.code();
    server.clock.advance(Duration::from_secs(1));
    browser.submit(&[("email", MIA), ("password", PASSWORD)]).await.code();
}

#[tokio::test]
async fn page_is_locked_down() {
    let server = TestServer::start().await;
    let response = server.get(routes::OAUTH_AUTHORIZE).query(&App::new().query()).send().await.unwrap();
    let headers = response.headers().clone();
    let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    for part in ["form-action 'self' http://127.0.0.1:4321;", "base-uri 'none'", "frame-ancestors 'none'"] {
        assert!(policy.contains(part), "{part} in {policy}");
    }
    assert!(!policy.contains("unsafe") && policy.contains("script-src 'self';"));
    assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(headers[header::X_FRAME_OPTIONS], "DENY");
    assert_eq!(headers[header::REFERRER_POLICY], "no-referrer");
    assert_eq!(headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    let cookie = headers[header::SET_COOKIE].to_str().unwrap();
    for attribute in ["; Path=/;", "; HttpOnly", "; SameSite=Strict", "; Max-Age=900"] {
        assert!(cookie.contains(attribute), "{attribute} in {cookie}");
    }
    let page = response.text().await.unwrap();
    assert!(page.contains(r#"<html lang="en">"#));
    assert_eq!(page.matches("<script").count(), 1);
    assert!(page.contains(r#"<script src="/passkeys/passkeys.js" defer></script>"#));
    for field in ["email", "password"] {
        assert!(page.contains(&format!(r#"<label for="{field}">"#)) && page.contains(&format!(r#"id="{field}""#)));
    }
}

#[tokio::test]
async fn typed_markup_is_shown_as_text() {
    let server = TestServer::start().await;
    let browser = Browser::open(&server, &App::new()).await;
    let response = browser.send(&[("email", r#""><img src=x onerror=alert(1)>"#), ("password", "x")]).await;
    assert!(!response.text().await.unwrap().contains("<img"));
}
