//! Devices without a browser: A21 and A22 of the table of cases.

use crate::common::{
    BEN, MIA, PASSWORD, TestServer,
    idp::{Tab, answer, location, token_of, with_clients},
};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::time::Duration;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn begin(server: &TestServer) -> (String, String) {
    let form = [("client_id", "lumen-tv"), ("device_name", "Living room <TV>")];
    let (status, codes) = answer(server.request(Method::POST, "/oauth/device_authorization").form(&form)).await;
    assert_eq!(status, 200, "{codes}");
    assert_eq!((codes["expires_in"].as_u64(), codes["interval"].as_u64()), (Some(600), Some(5)));
    let text = |name: &str| codes[name].as_str().unwrap().to_owned();
    assert_eq!(text("verification_uri"), format!("{}/device", server.issuer));
    assert_eq!(text("verification_uri_complete"), format!("{}/device?user_code={}", server.issuer, text("user_code")));
    (text("device_code"), text("user_code"))
}

async fn poll(server: &TestServer, code: &str) -> Value {
    let form = [("grant_type", GRANT), ("client_id", "lumen-tv"), ("device_code", code)];
    answer(server.request(Method::POST, "/oauth/token").form(&form)).await.1
}

/// Looks at a code and says yes or no.
async fn decide(tab: &Tab<'_>, code: &str, step: &str) -> String {
    let page = tab.fill("/device", &[("user_code", code), ("step", "look")]).await.text().await.unwrap();
    let response = tab.fill_page("/device", &page, &[("user_code", code), ("step", step)]).await;
    assert_eq!(response.status(), StatusCode::OK);
    response.text().await.unwrap()
}

#[tokio::test]
async fn a21_device_is_told_to_wait_to_slow_down_and_what_came_of_it() {
    let server = TestServer::start().await;
    let tab = Tab::new(&server);
    tab.sign_in(MIA, PASSWORD).await;
    let (device, user) = begin(&server).await;
    let error = async || poll(&server, &device).await["error"].as_str().unwrap_or("none").to_owned();
    assert_eq!(error().await, "authorization_pending");
    server.clock.advance(Duration::from_millis(4_999));
    assert_eq!(error().await, "slow_down", "5 s");
    server.clock.advance(Duration::from_millis(9_999));
    assert_eq!(error().await, "slow_down", "10 s");
    server.clock.advance(Duration::from_secs(15));
    assert_eq!(error().await, "authorization_pending", "15 s");
    assert!(decide(&tab, &user, "allow").await.contains("Your device is signed in"));
    server.clock.advance(Duration::from_secs(15));
    let tokens = poll(&server, &device).await;
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(server.get("/v1/me").bearer_auth(access).send().await.unwrap().status(), StatusCode::OK);
    assert!(tokens["refresh_token"].is_string());
    server.clock.advance(Duration::from_secs(15));
    assert_eq!(error().await, "invalid_grant", "once");

    let (device, user) = begin(&server).await;
    assert!(decide(&tab, &user, "deny").await.contains("Refused"));
    assert_eq!(poll(&server, &device).await["error"], "access_denied");

    let (device, user) = begin(&server).await;
    server.clock.advance(Duration::from_secs(600));
    assert_eq!(poll(&server, &device).await["error"], "expired_token");
    let late = tab.fill("/device", &[("user_code", &user), ("step", "look")]).await;
    assert_eq!(late.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(poll(&server, "lmd_guessed").await["error"], "invalid_grant");
    let foreign = [("grant_type", GRANT), ("client_id", "lumen-app"), ("device_code", device.as_str())];
    let (_, refused) = answer(server.request(Method::POST, "/oauth/token").form(&foreign)).await;
    assert_eq!(refused["error"], "invalid_grant", "another app's");
}

#[tokio::test]
async fn a21_app_without_the_grant_cannot_begin() {
    let server = TestServer::start_with(with_clients).await;
    let form = [("client_id", "native")];
    let (status, refused) = answer(server.request(Method::POST, "/oauth/device_authorization").form(&form)).await;
    assert_eq!((status, refused["error"].as_str()), (400, Some("unauthorized_client")));
}

#[tokio::test]
async fn a22_code_is_short_and_hard_to_guess() {
    let server = TestServer::start().await;
    let (_, user) = begin(&server).await;
    let (left, right) = user.split_once('-').unwrap();
    let is_part = |part: &str| part.len() == 4 && part.bytes().all(|byte| b"BCDFGHJKLMNPQRSTVWXZ".contains(&byte));
    assert!(is_part(left) && is_part(right), "{user}");
    let tab = Tab::new(&server);
    tab.sign_in(MIA, PASSWORD).await;
    for _ in 0..5 {
        let wrong = tab.fill("/device", &[("user_code", "BBBB-BBBB"), ("step", "look")]).await;
        assert_eq!(wrong.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
    let blocked = tab.fill("/device", &[("user_code", &user), ("step", "look")]).await;
    assert_eq!(blocked.status(), StatusCode::TOO_MANY_REQUESTS, "even the right one");
    assert_eq!(blocked.headers()["retry-after"], "60");
    server.clock.advance(Duration::from_secs(60));
    assert!(decide(&tab, &user, "allow").await.contains("signed in"));
}

#[tokio::test]
async fn a22_page_shows_what_asks_and_a_link_alone_confirms_nothing() {
    let server = TestServer::start().await;
    let (device, user) = begin(&server).await;
    let tab = Tab::new(&server);
    let complete = format!("/device?user_code={user}");
    let first = location(&tab.get(&complete).await);
    assert_eq!(first.path(), "/sign-in", "somebody has to be signed in");
    let next = format!("/sign-in?{}", first.query().unwrap());
    let back = location(&tab.fill(&next, &[("email", MIA), ("password", PASSWORD)]).await);
    assert_eq!(format!("{}?{}", back.path(), back.query().unwrap()), complete);
    let page = tab.page(&complete).await;
    assert!(page.contains(&format!(r#"value="{user}""#)));
    assert_eq!(poll(&server, &device).await["error"], "authorization_pending", "the link confirms nothing");
    // The token of the first page does not confirm either.
    let skipped = tab.fill_page("/device", &page, &[("user_code", &user), ("step", "allow")]).await;
    assert_eq!(skipped.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let page = tab.fill("/device", &[("user_code", &user), ("step", "look")]).await.text().await.unwrap();
    for shown in [user.as_str(), "Lumen for TV", "Living room &lt;TV&gt;", "127.0.0.1", MIA, "in front of you"] {
        assert!(page.contains(shown), "{shown}");
    }
    // Nor does another person's page.
    let other = Tab::new(&server);
    other.sign_in(BEN, PASSWORD).await;
    let form = [("token", token_of(&page)), ("user_code", user.as_str()), ("step", "allow")];
    assert_eq!(other.post("/device", &form).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(tab.post("/device", &form).await.text().await.unwrap().contains("signed in"));
    let again = tab.post("/device", &form).await;
    assert_eq!(again.status(), StatusCode::UNPROCESSABLE_ENTITY, "one answer");
}
