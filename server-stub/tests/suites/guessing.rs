//! Guessing passwords, device codes and tokens: A22 and A23 of the table of cases, from many places and at once.

use crate::common::{
    self, App, BEN, Browser, MIA, PASSWORD, Site, TestServer,
    idp::{Tab, answer, by, location, with_clients},
};
use futures_util::future::join_all;
use reqwest::{Method, Response, StatusCode};
use server_stub::{Rates, Server, ServerConfig};
use service_api::routes;

fn behind_a_proxy(config: &mut ServerConfig) {
    config.proxies = vec!["127.0.0.1".parse().unwrap()];
}

fn count(answers: &[Response], status: StatusCode) -> usize {
    answers.iter().filter(|answer| answer.status() == status).count()
}

#[tokio::test]
async fn a23_owner_signs_in_at_a_known_browser_while_the_attack_goes_on() {
    let server = TestServer::start_with(behind_a_proxy).await;
    let home = Tab::new(&server);
    home.sign_in(MIA, PASSWORD).await;
    home.cookies.lock().unwrap().remove("lumen_session");
    let of_ben = Tab::new(&server);
    of_ben.sign_in(BEN, PASSWORD).await;
    let attacker = Browser::open(&server, &App::new()).await;
    let attack = async |round: u32| {
        for index in 0..30 {
            // From everywhere, the owner's own network among them.
            let from = if index < 25 { "127.0.0.1".to_owned() } else { format!("192.0.2.{}", round * 30 + index) };
            let form = [("token", attacker.token.as_str()), ("email", MIA), ("password", "guess")];
            attacker.request().header("x-forwarded-for", from).form(&form).send().await.unwrap();
        }
    };
    for round in 0..5 {
        attack(round).await;
        let stranger = attacker.send(&[("email", MIA), ("password", PASSWORD)]).await;
        assert_eq!(stranger.status(), StatusCode::TOO_MANY_REQUESTS, "the attack is slowed down");
        let elsewhere = of_ben.sign_in(MIA, PASSWORD).await;
        assert_eq!(elsewhere.status(), StatusCode::TOO_MANY_REQUESTS, "known to another account is not known");
        let owner = home.sign_in(MIA, PASSWORD).await;
        assert_eq!(location(&owner).path(), "/account");
    }
    // A stolen mark lets nobody in, and gives as few tries as anybody has.
    for _ in 0..5 {
        assert_eq!(home.sign_in(MIA, "guess").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(home.sign_in(MIA, PASSWORD).await.status(), StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn a23_guesses_at_once_are_as_many_as_one_after_the_other() {
    let server = TestServer::start_with(behind_a_proxy).await;
    let browser = Browser::open(&server, &App::new()).await;
    let guesses = (0..66).map(|index| {
        let form = [("token", browser.token.as_str()), ("email", MIA), ("password", "guess")];
        browser.request().header("x-forwarded-for", format!("192.0.2.{index}")).form(&form).send()
    });
    let answers: Vec<Response> = join_all(guesses).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(count(&answers, StatusCode::UNPROCESSABLE_ENTITY), 5, "were looked at");
    assert_eq!(count(&answers, StatusCode::TOO_MANY_REQUESTS), 61);
}

/// Tries a device code that nobody has; how it was answered.
async fn guess_code(tab: &Tab<'_>, page: &str) -> StatusCode {
    tab.fill_page("/device", page, &[("user_code", "BBBB-BBBB"), ("step", "look")]).await.status()
}

#[tokio::test]
async fn a22_codes_tried_at_once_are_as_many_as_one_after_the_other() {
    let server = TestServer::start().await;
    let tab = Tab::new(&server);
    tab.sign_in(MIA, PASSWORD).await;
    let page = tab.page("/device").await;
    let statuses = join_all((0..30).map(|_| guess_code(&tab, &page))).await;
    let looked_at = statuses.iter().filter(|&&status| status == StatusCode::UNPROCESSABLE_ENTITY).count();
    assert_eq!(looked_at, 5, "{statuses:?}");
}

#[tokio::test]
async fn a22_instances_count_wrong_codes_together() {
    let (mut config, folder) = TestServer::start().await.stop().await;
    config.backends.rates = Rates::Database;
    let other = Server::start(config.clone()).await.unwrap();
    let server = TestServer::run_on(config, folder).await;
    let site = Site::new(&format!("http://{}", other.address()));
    let tabs = [Tab::new(&server), Tab::new(&site)];
    let mut statuses = Vec::new();
    for tab in &tabs {
        tab.sign_in(MIA, PASSWORD).await;
        let page = tab.page("/device").await;
        for _ in 0..3 {
            statuses.push(guess_code(tab, &page).await.as_u16());
        }
    }
    assert_eq!(statuses, [422, 422, 422, 422, 422, 429], "five in all");
    other.shutdown().await;
}

#[tokio::test]
async fn a22_right_codes_do_not_count() {
    let server = TestServer::start_with(|config| config.backends.rates = Rates::Database).await;
    let tab = Tab::new(&server);
    tab.sign_in(MIA, PASSWORD).await;
    for _ in 0..8 {
        let form = [("client_id", "lumen-tv")];
        let codes = answer(server.request(Method::POST, "/oauth/device_authorization").form(&form)).await.1;
        let code = codes["user_code"].as_str().unwrap().to_owned();
        let look = tab.fill("/device", &[("user_code", &code), ("step", "look")]).await;
        assert_eq!(look.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn instances_limit_forms_and_wrong_tokens_and_nothing_else() {
    let server = TestServer::start_with(|config| {
        with_clients(config);
        config.backends.rates = Rates::Database;
    })
    .await;
    let home = Tab::new(&server);
    home.sign_in(MIA, PASSWORD).await;
    let mut tokens = server.sign_in(MIA).await.tokens;
    // What apps and resource servers do all day.
    for _ in 0..70 {
        let form = [("token", tokens.access_token.as_str())];
        assert_eq!(answer(by(&server, "rs", "/oauth/introspect", &form)).await.0, 200);
        tokens = server.refresh(&tokens.refresh_token).await.unwrap();
    }
    let form = [("token", "unknown")];
    for _ in 0..70 {
        let revoked = server.request(Method::POST, routes::OAUTH_REVOKE).form(&form).send().await.unwrap();
        assert_eq!(revoked.status(), StatusCode::OK);
    }
    let wrong = [("grant_type", "refresh_token"), ("client_id", routes::CLIENT_ID), ("refresh_token", "lmr_guess")];
    let mut refused = Vec::new();
    for _ in 0..70 {
        refused.push(server.request(Method::POST, routes::OAUTH_TOKEN).form(&wrong).send().await.unwrap());
    }
    // Two sign-ins came before.
    assert_eq!((count(&refused, StatusCode::BAD_REQUEST), count(&refused, StatusCode::TOO_MANY_REQUESTS)), (58, 12));
    let last = refused.pop().unwrap();
    assert_eq!(last.headers()["retry-after"], "2");
    assert_eq!(last.json::<common::OAuthError>().await.unwrap().error, "slow_down", "as OAuth libraries read it");
    tokens = server.refresh(&tokens.refresh_token).await.unwrap();
    assert!(!tokens.access_token.is_empty(), "whoever has the right one does not wait");
    // Forms of a network that has had too many are refused with a page; a browser that is known goes on.
    let page = server.get("/sign-in").send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK, "reading is free");
    let stranger = server.request(Method::POST, "/sign-in").form(&[("email", MIA)]).send().await.unwrap();
    assert_eq!(stranger.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(stranger.headers()["retry-after"], "2");
    assert!(stranger.text().await.unwrap().contains("<h1>Too many attempts</h1>"));
    assert_eq!(location(&home.sign_in(MIA, PASSWORD).await).path(), "/account");
}
