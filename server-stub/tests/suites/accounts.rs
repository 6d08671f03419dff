//! Accounts: A23 to A26 and B08 of the table of cases, registration, recovery, devices, passwords.

use crate::common::{
    self, App, BEN, Browser, MIA, PASSWORD, TestServer, expect,
    idp::{Flow, Inbox, Tab, answer, is_active, link_of, location, register, sql, token_of, with_clients, with_inbox},
    json, problem,
};
use reqwest::{Method, StatusCode, header};
use server_stub::PasswordCost;
use service_api::{
    identity::{AccountSummary, Device, DeviceKind, Role},
    problem::ProblemCode,
    routes,
};
use std::time::Duration;

const NEW_PASSWORD: &str = "a new correct horse";

#[tokio::test]
async fn account_is_made_when_its_address_is_confirmed() {
    let (server, mut mails) = with_inbox().await;
    let tab = Tab::new(&server);
    register(&server, &mut mails, "Ada@lumen.example", NEW_PASSWORD).await;
    assert_eq!(location(&tab.sign_in("ada@lumen.example", NEW_PASSWORD).await).path(), "/account");
    let page = tab.page("/account").await;
    assert!(page.contains("Ada") && page.contains("ada@lumen.example") && page.contains("This browser"));
    for (name, email, password) in [
        ("", "x@lumen.example", NEW_PASSWORD),
        ("Eve", "not an address", NEW_PASSWORD),
        ("Eve", "x@lumen.example", "short"),
        ("Eve", "x@lumen.example\r\nbcc: y@lumen.example", NEW_PASSWORD),
    ] {
        let form = [("name", name), ("email", email), ("password", password)];
        let refused = Tab::new(&server).fill("/register", &form).await;
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "{name} {email:?}");
    }
}

#[tokio::test]
async fn server_without_registration_makes_no_accounts() {
    let server = TestServer::start_with(|config| config.identity.may_register = false).await;
    assert_eq!(server.get("/register").send().await.unwrap().status(), StatusCode::FORBIDDEN);
    let page = Browser::open(&server, &App::new()).await.page;
    assert!(!page.contains("/register"));
}

#[tokio::test]
async fn forgotten_password_is_replaced_once_and_every_device_signed_out() {
    let (server, mut mails) = with_inbox().await;
    register(&server, &mut mails, "ada@lumen.example", "an old correct horse").await;
    let here = Tab::new(&server);
    here.sign_in("ada@lumen.example", "an old correct horse").await;
    let tab = Tab::new(&server);
    tab.fill("/recover", &[("email", "ADA@lumen.example")]).await;
    let path = link_of(&mails.recv().await.unwrap(), &server);
    let page = tab.page(&path).await;
    let link = common::between(&page, r#"name="link" value=""#, "\"").to_owned();
    let weak = tab.fill_page("/recover/password", &page, &[("link", &link), ("password", "short")]).await;
    assert_eq!(weak.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let done = tab.fill_page("/recover/password", &page, &[("link", &link), ("password", NEW_PASSWORD)]).await;
    assert_eq!(location(&done).path(), "/sign-in");
    let again = tab.fill_page("/recover/password", &page, &[("link", &link), ("password", "another password")]).await;
    assert_eq!(again.status(), StatusCode::GONE);
    assert_eq!(location(&here.get("/account").await).path(), "/sign-in");
    assert_eq!(tab.sign_in("ada@lumen.example", "an old correct horse").await.status(), 422);
    assert_eq!(tab.sign_in("ada@lumen.example", NEW_PASSWORD).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(mails.recv().await.unwrap().subject, "Your password was changed");
    tab.fill("/recover", &[("email", "ada@lumen.example")]).await;
    let path = link_of(&mails.recv().await.unwrap(), &server);
    server.clock.advance(Duration::from_secs(3_600));
    assert_eq!(tab.get(&path).await.status(), StatusCode::GONE, "an hour");
}

#[tokio::test]
async fn a23_guessing_slows_down_and_never_locks_the_owner_out() {
    let server = TestServer::start().await;
    let browser = Browser::open(&server, &App::new()).await;
    let mut refused = 0;
    for _ in 0..1_000 {
        let response = browser.send(&[("email", MIA), ("password", "guess")]).await;
        match response.status() {
            StatusCode::UNPROCESSABLE_ENTITY => {}
            StatusCode::TOO_MANY_REQUESTS => refused += 1,
            other => panic!("{other}"),
        }
    }
    assert!(refused > 990, "{refused} of 1000 were not even looked at");
    // The longest wait for one account is a minute, however long the attack.
    server.clock.advance(Duration::from_secs(300));
    browser.submit(&[("email", MIA), ("password", PASSWORD)]).await.code();
}

#[tokio::test]
async fn a24_answers_do_not_tell_whether_there_is_an_account() {
    let (server, mut mails) = with_inbox().await;
    let body = async |path: &str, form: &[(&str, &str)]| {
        let tab = Tab::new(&server);
        let response = tab.fill(path, form).await;
        (response.status(), response.text().await.unwrap())
    };
    let known = body("/recover", &[("email", MIA)]).await;
    assert_eq!(known, body("/recover", &[("email", "nobody@lumen.example")]).await);
    let form = |email| [("name", "Ada"), ("email", email), ("password", NEW_PASSWORD)];
    assert_eq!(body("/register", &form(MIA)).await, body("/register", &form("nobody@lumen.example")).await);
    // What differs goes to the owner of the address alone: recovery, notice, confirmation.
    let subjects = [mails.recv().await.unwrap(), mails.recv().await.unwrap(), mails.recv().await.unwrap()];
    let subjects = subjects.map(|mail| mail.subject);
    assert_eq!(subjects, ["Set a new password", "You have a Lumen account", "Confirm your address"]);
}

#[tokio::test]
async fn a24_unknown_account_costs_as_much_time() {
    let server = TestServer::start().await;
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..15 {
        for (which, email) in [MIA, "nobody@lumen.example"].into_iter().enumerate() {
            let browser = Browser::open(&server, &App::new()).await;
            let started = std::time::Instant::now();
            assert_eq!(browser.send(&[("email", email), ("password", "x")]).await.status(), 422);
            if round > 0 {
                times[which].push(started.elapsed());
            }
            server.clock.advance(Duration::from_secs(3_600));
        }
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times[times.len() / 2].as_secs_f64()
    };
    let [known, unknown] = &mut times;
    let ratio = median(known) / median(unknown);
    // Shared machines are noisy; without the stand-in hash the ratio is above ten.
    assert!((0.5..2.0).contains(&ratio), "{ratio}");
}

#[tokio::test]
async fn a25_flood_of_sign_ins_is_answered_and_the_rest_goes_on() {
    let server = TestServer::start_with(|config| {
        config.limits.concurrent_requests = 2_000;
        config.proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    let signed_in = server.sign_in(MIA).await;
    let browser = Browser::open(&server, &App::new()).await;
    let attempts = (0..500).map(|index| {
        let browser = &browser;
        async move {
            // From everywhere: one network alone would be slowed down.
            let (email, from) = (format!("{index}@lumen.example"), format!("192.0.{}.{}", index / 250, index % 250));
            let form = [("token", browser.token.as_str()), ("email", &email), ("password", "x")];
            browser.request().header("x-forwarded-for", from).form(&form).send().await.unwrap()
        }
    });
    let flood = futures_util::future::join_all(attempts);
    let watching = async {
        for _ in 0..20 {
            signed_in.me().await;
        }
    };
    let (answers, ()) = tokio::join!(flood, watching);
    let count = |status: StatusCode| answers.iter().filter(|answer| answer.status() == status).count();
    let (busy, wrong) = (count(StatusCode::SERVICE_UNAVAILABLE), count(StatusCode::UNPROCESSABLE_ENTITY));
    let slow = count(StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(busy + wrong + slow, 500);
    assert!(busy > 0 && wrong > 0, "{busy} busy, {wrong} wrong, {slow} slowed down");
    assert!(
        answers
            .iter()
            .filter(|answer| answer.status() == 503)
            .all(|answer| answer.headers().contains_key("retry-after"))
    );
}

#[tokio::test]
async fn a26_session_is_new_after_every_sign_in_and_gone_after_signing_out() {
    let server = TestServer::start().await;
    let tab = Tab::new(&server);
    tab.cookies.lock().unwrap().insert("lumen_session".to_owned(), "lms_planted".to_owned());
    tab.sign_in(MIA, PASSWORD).await;
    let first = tab.session().unwrap();
    assert_ne!(first, "lms_planted");
    tab.sign_in(MIA, PASSWORD).await;
    let second = tab.session().unwrap();
    assert_ne!(first, second);
    let old = server.get("/account").header(header::COOKIE, format!("lumen_session={first}")).send().await.unwrap();
    assert_eq!(old.status(), StatusCode::SEE_OTHER, "the old one has ended");
    let page = tab.page("/account").await;
    assert_eq!(location(&tab.post("/sign-out", &[("token", "x")]).await).path(), "/account", "not without its token");
    let out = tab.post("/sign-out", &[("token", token_of(&page))]).await;
    assert_eq!(location(&out).path(), "/sign-in");
    let stolen = server.get("/account").header(header::COOKIE, format!("lumen_session={second}")).send().await.unwrap();
    assert_eq!(stolen.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a26_change_of_password_ends_every_other_sign_in() {
    let (server, mut mails) = with_inbox().await;
    register(&server, &mut mails, "ada@lumen.example", "an old correct horse").await;
    let (here, elsewhere) = (Tab::new(&server), Tab::new(&server));
    here.sign_in("ada@lumen.example", "an old correct horse").await;
    elsewhere.sign_in("ada@lumen.example", "an old correct horse").await;
    let app = App::new();
    let browser = Browser::open(&server, &app).await;
    let form = [("email", "ada@lumen.example"), ("password", "an old correct horse")];
    let tokens = server.exchange(&app, &browser.submit(&form).await.code()).await.unwrap();
    assert!(is_active(&server, &tokens.access_token).await);
    let page = here.page("/account").await;
    let change = async |current: &str| {
        let form = [("current", current), ("password", NEW_PASSWORD)];
        here.fill_page("/account/password", &page, &form).await
    };
    assert_eq!(change("wrong").await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(is_active(&server, &tokens.access_token).await);
    assert_eq!(location(&change("an old correct horse").await).query(), Some("done=password"));
    assert!(!is_active(&server, &tokens.access_token).await && !is_active(&server, &tokens.refresh_token).await);
    assert_eq!(here.get("/account").await.status(), StatusCode::OK);
    assert_eq!(elsewhere.get("/account").await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a26_change_of_role_ends_every_sign_in() {
    let server = TestServer::start_with(with_clients).await;
    sql(&server, "UPDATE identity_accounts SET role = 'admin' WHERE email = 'ben@lumen.example'").await;
    let admin = server.sign_in(BEN).await;
    let mia = server.sign_in(MIA).await;
    let tab = Tab::new(&server);
    tab.sign_in(MIA, PASSWORD).await;
    let found: Vec<AccountSummary> = json(admin.get("/v1/admin/accounts?email=mia@")).await;
    assert_eq!(found[0].role, Role::Owner);
    let path = routes::fill(routes::ADMIN_ACCOUNT_ROLE, &[("account", found[0].id.as_str())]);
    let change = admin.request(Method::PUT, &path).json(&serde_json::json!({ "role": "qa" }));
    assert_eq!(change.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    assert!(!is_active(&server, &mia.tokens.access_token).await);
    assert_eq!(tab.get("/account").await.status(), StatusCode::SEE_OTHER);
    let mass = admin.request(Method::PUT, &path).json(&serde_json::json!({ "role": "qa", "plan": "premium" }));
    expect(&problem(mass).await, 400, ProblemCode::InvalidRequest);
}

#[tokio::test]
async fn b08_last_admin_cannot_go() {
    let server = TestServer::start().await;
    sql(&server, "UPDATE identity_accounts SET role = 'admin'").await;
    let (mia, ben) = (server.sign_in(MIA).await, server.sign_in(BEN).await);
    let mia_id = mia.me().await.id;
    let path = |id: &str| routes::fill(routes::ADMIN_ACCOUNT_ROLE, &[("account", id)]);
    let ben_id = ben.me().await.id;
    let demote = |who: &common::SignedIn<'_>, id: &str| {
        who.request(Method::PUT, &path(id)).json(&serde_json::json!({ "role": "owner" })).send()
    };
    // Both demote each other at once: one of them stays.
    let (one, other) = tokio::join!(demote(&mia, ben_id.as_str()), demote(&ben, mia_id.as_str()));
    let statuses = [one.unwrap().status().as_u16(), other.unwrap().status().as_u16()];
    assert!(statuses.contains(&204) && !statuses.iter().all(|status| *status == 204), "{statuses:?}");
    let (left, id) = if statuses[0] == 204 { (&mia, &mia_id) } else { (&ben, &ben_id) };
    assert_eq!(demote(left, id.as_str()).await.unwrap().status(), StatusCode::CONFLICT);
    let path = routes::fill(routes::ADMIN_ACCOUNT, &[("account", id.as_str())]);
    assert_eq!(left.request(Method::DELETE, &path).send().await.unwrap().status(), StatusCode::CONFLICT);
    let nobody = routes::fill(routes::ADMIN_ACCOUNT, &[("account", "nobody")]);
    assert_eq!(left.request(Method::DELETE, &nobody).send().await.unwrap().status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn devices_are_listed_and_signed_out_by_their_owner_only() {
    let server = TestServer::start_with(with_clients).await;
    let (here, there) = (server.sign_in(MIA).await, server.sign_in(MIA).await);
    let devices: Vec<Device> = json(here.get(routes::ACCOUNT_DEVICES)).await;
    let apps: Vec<_> = devices.iter().filter(|device| device.kind == DeviceKind::App).collect();
    assert_eq!((apps.len(), devices.len() - apps.len()), (2, 2));
    assert_eq!(apps.iter().filter(|device| device.is_current).count(), 1);
    let other = apps.iter().find(|device| !device.is_current).unwrap();
    let path = routes::fill(routes::ACCOUNT_DEVICE, &[("device", &other.id)]);
    let ben = server.sign_in(BEN).await;
    expect(&problem(ben.request(Method::DELETE, &path)).await, 404, ProblemCode::NotFound);
    assert!(is_active(&server, &there.tokens.access_token).await);
    assert_eq!(here.request(Method::DELETE, &path).send().await.unwrap().status(), StatusCode::NO_CONTENT);
    assert!(!is_active(&server, &there.tokens.access_token).await);
    expect(&problem(here.request(Method::DELETE, &path)).await, 404, ProblemCode::NotFound);

    let tab = Tab::new(&server);
    tab.sign_in(MIA, PASSWORD).await;
    let page = tab.page("/account").await;
    tab.fill_page("/account/end-others", &page, &[]).await;
    assert!(!is_active(&server, &here.tokens.access_token).await);
    assert_eq!(tab.get("/account").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn app_of_somebody_else_asks_again_after_it_was_signed_out() {
    let server = TestServer::start_with(with_clients).await;
    let tab = Tab::new(&server);
    let tokens = Flow::new("rp").tokens(&tab).await;
    let silent = Flow::new("rp").with("prompt", "none");
    let error = async || common::idp::param(&location(&tab.get(&silent.path()).await), "error");
    assert_eq!(error().await, None);
    let page = tab.page("/account").await;
    let at = page.find("App rp").unwrap();
    let id = common::between(&page[at..], r#"name="id" value=""#, "\"").to_owned();
    tab.fill_page("/account/end-device", &page, &[("id", &id)]).await;
    assert!(!is_active(&server, tokens["access_token"].as_str().unwrap()).await);
    assert_eq!(error().await.as_deref(), Some("consent_required"));
}

#[tokio::test]
async fn cheap_hash_is_replaced_at_the_next_sign_in() {
    let server = TestServer::start_with(|config| config.identity.may_register = true).await;
    let (inbox, mut mails) = Inbox::new();
    let (mut config, folder) = server.stop().await;
    config.identity.password_cost = PasswordCost { memory_kib: 8_192, passes: 1 };
    config.identity.mail = Some(inbox);
    let server = TestServer::run_on(config.clone(), folder).await;
    register(&server, &mut mails, "ada@lumen.example", NEW_PASSWORD).await;
    let hash = async |server: &TestServer| -> String {
        let mut connection = server.database().await;
        sqlx::query_scalar("SELECT password_hash FROM identity_accounts WHERE email = 'ada@lumen.example'")
            .fetch_one(&mut connection)
            .await
            .unwrap()
    };
    assert!(hash(&server).await.contains("m=8192,t=1"));
    let server = server.restart().await;
    let tab = Tab::new(&server);
    assert_eq!(tab.sign_in("ada@lumen.example", NEW_PASSWORD).await.status(), StatusCode::SEE_OTHER);
    assert!(hash(&server).await.contains("m=19456,t=2"));
    assert_eq!(tab.sign_in("ada@lumen.example", NEW_PASSWORD).await.status(), StatusCode::SEE_OTHER);
    let (status, _) = answer(server.get("/oauth/jwks")).await;
    assert_eq!(status, 200);
}
