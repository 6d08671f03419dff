//! Codes and tokens: how long they live and what ends them.

use crate::common::{App, Browser, CALLBACK, MIA, OAuthError, PASSWORD, TestServer, expect, json, problem};
use reqwest::{Method, StatusCode, header};
use service_api::{identity::Account, problem::ProblemCode, routes};
use std::time::Duration;

async fn code(server: &TestServer, app: &App) -> String {
    Browser::open(server, app).await.submit(&[("email", MIA), ("password", PASSWORD)]).await.code()
}

fn invalid_grant() -> OAuthError {
    OAuthError { error: "invalid_grant".to_owned() }
}

async fn is_signed_in(server: &TestServer, access_token: &str) -> bool {
    server.get(routes::ME).bearer_auth(access_token).send().await.unwrap().status() == StatusCode::OK
}

#[tokio::test]
async fn replayed_code_is_refused_and_revokes_what_came_of_it() {
    let server = TestServer::start().await;
    let app = App::new();
    let code = code(&server, &app).await;
    let tokens = server.exchange(&app, &code).await.unwrap();
    let rotated = server.refresh(&tokens.refresh_token).await.unwrap();
    assert!(is_signed_in(&server, &rotated.access_token).await);
    assert_eq!(server.exchange(&app, &code).await.unwrap_err(), invalid_grant());
    assert!(!is_signed_in(&server, &tokens.access_token).await);
    assert!(!is_signed_in(&server, &rotated.access_token).await);
    assert_eq!(server.refresh(&rotated.refresh_token).await.unwrap_err(), invalid_grant());
}

#[tokio::test]
async fn code_in_the_wrong_hands_is_burnt() {
    let server = TestServer::start().await;
    let app = App::new();
    let wrong_verifier = code(&server, &app).await;
    assert_eq!(server.exchange(&App::new(), &wrong_verifier).await.unwrap_err(), invalid_grant());
    assert_eq!(server.exchange(&app, &wrong_verifier).await.unwrap_err(), invalid_grant());

    let wrong_redirect = code(&server, &app).await;
    let form = |redirect_uri| {
        [
            ("grant_type", "authorization_code"),
            ("client_id", routes::CLIENT_ID),
            ("redirect_uri", redirect_uri),
            ("code", wrong_redirect.as_str()),
            ("code_verifier", app.verifier.as_str()),
        ]
    };
    assert_eq!(server.token_request(&form("http://127.0.0.1:9/callback")).await.unwrap_err(), invalid_grant());
    assert_eq!(server.token_request(&form(CALLBACK)).await.unwrap_err(), invalid_grant());
    assert_eq!(server.exchange(&app, "lmc_never-made").await.unwrap_err(), invalid_grant());
}

#[tokio::test]
async fn code_lasts_a_minute() {
    let server = TestServer::start().await;
    let app = App::new();
    let (early, late) = (code(&server, &app).await, code(&server, &app).await);
    server.clock.advance(Duration::from_millis(59_999));
    assert!(server.exchange(&app, &early).await.is_ok());
    server.clock.advance(Duration::from_millis(1));
    assert_eq!(server.exchange(&app, &late).await.unwrap_err(), invalid_grant());
}

#[tokio::test]
async fn token_requests_that_are_not_oauth_are_refused_in_its_words() {
    let server = TestServer::start().await;
    let table: [(&[(&str, &str)], &str); 8] = [
        (&[], "invalid_client"),
        (&[("client_id", "other"), ("grant_type", "refresh_token")], "invalid_client"),
        (&[("client_id", "lumen-app")], "invalid_request"),
        (&[("client_id", "lumen-app"), ("grant_type", "password")], "unsupported_grant_type"),
        (&[("client_id", "lumen-app"), ("grant_type", "client_credentials")], "unsupported_grant_type"),
        (&[("client_id", "lumen-app"), ("grant_type", "authorization_code"), ("code", "x")], "invalid_request"),
        (&[("client_id", "lumen-app"), ("grant_type", "refresh_token"), ("grant_type", "x")], "invalid_request"),
        (
            &[
                ("client_id", "lumen-app"),
                ("grant_type", "refresh_token"),
                ("refresh_token", "x"),
                ("scope", "watch admin"),
            ],
            "invalid_scope",
        ),
    ];
    for (form, expected) in table {
        assert_eq!(server.token_request(form).await.unwrap_err().error, expected, "{form:?}");
    }
    let not_a_form = server.request(Method::POST, routes::OAUTH_TOKEN).body("{}");
    let response = not_a_form.header(header::CONTENT_TYPE, "application/json").send().await.unwrap();
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(response.json::<OAuthError>().await.unwrap().error, "invalid_request");
}

#[tokio::test]
async fn refresh_rotates_and_a_replay_ends_the_family() {
    let server = TestServer::start().await;
    let first = server.sign_in(MIA).await.tokens;
    let bystander = server.sign_in(MIA).await.tokens;
    let second = server.refresh(&first.refresh_token).await.unwrap();
    assert_ne!(first.refresh_token, second.refresh_token);
    let third = server.refresh(&second.refresh_token).await.unwrap();
    assert!(is_signed_in(&server, &third.access_token).await);
    assert_eq!(server.refresh(&first.refresh_token).await.unwrap_err(), invalid_grant());
    for tokens in [&first, &second, &third] {
        assert!(!is_signed_in(&server, &tokens.access_token).await);
    }
    assert_eq!(server.refresh(&third.refresh_token).await.unwrap_err(), invalid_grant());
    assert!(is_signed_in(&server, &bystander.access_token).await, "another device is not concerned");
}

#[tokio::test]
async fn of_many_uses_at_once_one_succeeds_and_the_rest_are_a_replay() {
    let server = TestServer::start().await;
    let tokens = server.sign_in(MIA).await.tokens;
    let attempts = (0..20).map(|_| server.refresh(&tokens.refresh_token));
    let outcomes = futures_util::future::join_all(attempts).await;
    let won: Vec<_> = outcomes.into_iter().filter_map(Result::ok).collect();
    assert_eq!(won.len(), 1);
    assert!(!is_signed_in(&server, &won[0].access_token).await);
}

#[tokio::test]
async fn signing_out_revokes_every_token_of_the_device() {
    let server = TestServer::start().await;
    for use_refresh_token in [true, false] {
        let old = server.sign_in(MIA).await.tokens;
        let new = server.refresh(&old.refresh_token).await.unwrap();
        let token = if use_refresh_token { &new.refresh_token } else { &new.access_token };
        let form = [("token", token.as_str()), ("client_id", routes::CLIENT_ID)];
        let response = server.request(Method::POST, routes::OAUTH_REVOKE).form(&form).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert!(!is_signed_in(&server, &old.access_token).await && !is_signed_in(&server, &new.access_token).await);
        assert_eq!(server.refresh(&new.refresh_token).await.unwrap_err(), invalid_grant());
    }
    let unknown = server.request(Method::POST, routes::OAUTH_REVOKE).form(&[("token", "x")]).send().await.unwrap();
    assert_eq!(unknown.status(), StatusCode::OK, "RFC 7009: nothing to revoke is no error");
    let nothing = server.request(Method::POST, routes::OAUTH_REVOKE).form(&[("x", "y")]).send().await.unwrap();
    assert_eq!(nothing.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn access_token_expires_and_refreshing_goes_on_for_sixty_days_at_a_time() {
    let server = TestServer::start().await;
    let tokens = server.sign_in(MIA).await.tokens;
    server.clock.advance(Duration::from_millis(599_999));
    assert!(is_signed_in(&server, &tokens.access_token).await);
    server.clock.advance(Duration::from_millis(1));
    let expired = problem(server.get(routes::ME).bearer_auth(&tokens.access_token)).await;
    expect(&expired, 401, ProblemCode::TokenExpired);

    server.clock.advance(Duration::from_secs(59 * 86_400));
    let second = server.refresh(&tokens.refresh_token).await.unwrap();
    server.clock.advance(Duration::from_secs(59 * 86_400));
    let third = server.refresh(&second.refresh_token).await.unwrap();
    assert!(is_signed_in(&server, &third.access_token).await);
    server.clock.advance(Duration::from_secs(60 * 86_400));
    assert_eq!(server.refresh(&third.refresh_token).await.unwrap_err(), invalid_grant());
}

#[tokio::test]
async fn sign_in_survives_a_restart_and_only_hashes_are_on_disk() {
    let server = TestServer::start().await;
    let app = App::new();
    let code = code(&server, &app).await;
    let tokens = server.exchange(&app, &code).await.unwrap();
    let server = server.restart().await;
    let me: Account = json(server.get(routes::ME).bearer_auth(&tokens.access_token)).await;
    assert_eq!(me.email, MIA);
    let bytes = server.bytes_on_disk().await;
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(MIA), "the test looks at the right files");
    for secret in [&code, &tokens.access_token, &tokens.refresh_token, &PASSWORD.to_owned()] {
        assert!(!holds(secret), "a secret is on disk");
    }
}

#[tokio::test]
async fn nothing_is_answered_without_a_token() {
    let server = TestServer::start().await;
    let calls = [
        (Method::GET, "/v1/me"),
        (Method::GET, "/v1/profiles"),
        (Method::GET, "/v1/profiles/x/home"),
        (Method::GET, "/v1/profiles/x/progress/y"),
        (Method::PUT, "/v1/profiles/x/progress/y"),
        (Method::GET, "/v1/titles/the-long-tide"),
        (Method::POST, "/v1/playback"),
        (Method::POST, "/v1/licences/clearkey/x"),
    ];
    for (method, path) in calls {
        let request = || server.request(method.clone(), path);
        expect(&problem(request()).await, 401, ProblemCode::Unauthenticated);
        for value in ["Bearer", "Bearer ", "Bearer x", "Basic bWlhOng=", "lma_x"] {
            let refused = problem(request().header(header::AUTHORIZATION, value)).await;
            expect(&refused, 401, ProblemCode::Unauthenticated);
        }
    }
    let response = server.get(routes::ME).send().await.unwrap();
    assert_eq!(response.headers()[header::WWW_AUTHENTICATE], r#"Bearer realm="lumen""#);
}
