//! The admin page: what it shows, to whom, and what can be switched there.

use crate::common::{
    BEN, CLEAR, ENCRYPTED, MIA, PASSWORD, Site, TestServer,
    idp::{Tab, location},
    problem,
};
use reqwest::{Method, StatusCode, header};
use server_stub::{CdnConfig, Server, ServerConfig};
use service_api::{identity::Role, routes};
use std::time::{Duration, Instant};

#[tokio::test]
async fn the_admin_page_opens_for_operators_and_shows_no_secret() {
    let server = TestServer::start_with(|config| {
        config.delivery.cdns =
            vec![CdnConfig { name: "near".into(), base: "http://127.0.0.1:1".parse().unwrap(), clone_of: None }];
    })
    .await;
    let stranger = server.get(routes::ADMIN).send().await.unwrap();
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
    assert!(stranger.text().await.unwrap().contains("/sign-in?next=/admin"));
    let viewer = Tab::new(&server);
    viewer.sign_in(MIA, PASSWORD).await;
    assert_eq!(viewer.get(routes::ADMIN).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(problem(server.sign_in(MIA).await.get(routes::ADMIN)).await.status, 403);

    server.set_role(BEN, Role::Qa).await;
    let mia = server.sign_in(MIA).await;
    let tab = Tab::new(&server);
    assert_eq!(location(&tab.sign_in(BEN, PASSWORD).await).path(), routes::ACCOUNT_PAGE);
    let page = tab.page(routes::ADMIN).await;
    assert!(page.contains(mia.me().await.id.as_str()) && page.contains("/oauth/token"), "{page}");
    for secret in
        [MIA, BEN, mia.tokens.access_token.as_str(), mia.tokens.refresh_token.as_str(), &tab.session().unwrap()]
    {
        assert!(!page.contains(secret));
    }
    // The switch needs the token of the page: another site can make the browser send the rest.
    let foreign = tab.post(routes::ADMIN, &[("cdn", "near"), ("up", "0")]).await;
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
    let switched = tab.fill_page(routes::ADMIN, &page, &[("cdn", "near"), ("up", "0")]).await;
    assert_eq!(switched.status(), StatusCode::SEE_OTHER);
    assert!(tab.page(routes::ADMIN).await.contains("<td>out</td>"));
}

#[tokio::test]
async fn the_live_log_tells_of_requests_as_they_come() {
    let server = TestServer::start().await;
    server.set_role(BEN, Role::Admin).await;
    let admin = server.sign_in(BEN).await;
    let mut log = admin.get("/admin?view=log").send().await.unwrap();
    assert_eq!(log.headers()[header::CONTENT_TYPE], "text/event-stream");
    server.get(routes::ME).send().await.unwrap();
    let mut events = String::new();
    while !events.contains("\"route\":\"/v1/me\"") {
        events.push_str(std::str::from_utf8(&log.chunk().await.unwrap().expect("the log goes on")).unwrap());
    }
    assert!(events.starts_with("data: ") && events.contains("\"status\":401"), "{events}");
}

#[tokio::test]
async fn the_admin_page_shows_keys_devices_and_living_sessions() {
    let server = TestServer::start().await;
    server.set_role(BEN, Role::Admin).await;
    let admin = server.sign_in(BEN).await;
    let (mia, gone) = (server.sign_in(MIA).await, server.sign_in(MIA).await);
    mia.grant(CLEAR).await;
    let form = [("token", gone.tokens.refresh_token.as_str()), ("client_id", routes::CLIENT_ID)];
    server.request(Method::POST, routes::OAUTH_REVOKE).form(&form).send().await.unwrap();
    let page = admin.get(routes::ADMIN).send().await.unwrap().text().await.unwrap();
    let section = |title: &str| {
        let (_, rest) = page.split_once(&format!("<h2>{title}</h2>")).unwrap_or_else(|| panic!("{title} in {page}"));
        rest.split_once("</table>").unwrap().0.to_owned()
    };
    assert!(section("Keys").contains(&format!("<td>{ENCRYPTED}</td><td>any</td><td>in use</td>")), "{page}");
    let mia_id = mia.me().await.id;
    assert!(section("Devices").contains(&format!("<td>{mia_id}</td>")), "{page}");
    assert_eq!(section("Sessions").matches(mia_id.as_str()).count(), 1, "the one that was revoked is not there");
    assert!(section("Accounts").contains(&format!("<td>{mia_id}</td><td>owner</td>")), "{page}");
}

#[tokio::test]
async fn operators_break_titles_and_mend_them_at_every_instance() {
    let qa = |config: &mut ServerConfig| {
        config.delivery.url_faults = true;
        config.delivery.cdns = ["near", "far"]
            .map(|name| CdnConfig {
                name: name.into(),
                base: format!("https://{name}.example").parse().unwrap(),
                clone_of: None,
            })
            .to_vec();
    };
    let server = TestServer::start_with(qa).await;
    let mut config = server.config();
    qa(&mut config);
    let other = Server::start(config).await.unwrap();
    let site = Site::new(&format!("http://{}", other.address()));
    server.set_role(BEN, Role::Qa).await;
    let admin = server.sign_in(BEN).await;
    let change = async |form: &[(&str, &str)]| {
        admin.request(Method::POST, routes::ADMIN).form(form).send().await.unwrap().status().as_u16()
    };
    let manifest = server.sign_in(MIA).await.grant(CLEAR).await.manifest;
    let segment = manifest.replace("master.m3u8", "video/480p/seg-00001.m4s");
    let steering = manifest.replace("master.m3u8", "steering.hls.json");
    // In memory at both, where nobody asks.
    for site in [&*server, &site] {
        assert_eq!(site.get(&segment).send().await.unwrap().status(), StatusCode::OK);
        assert_eq!(site.get(&segment).send().await.unwrap().status(), StatusCode::OK);
    }
    let until = async |site: &Site, status: u16| {
        let begun = Instant::now();
        while site.get(&segment).send().await.unwrap().status() != status {
            assert!(begun.elapsed() < Duration::from_secs(60), "the other instance does not look");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    assert_eq!(change(&[("title", CLEAR), ("faults", "explode()")]).await, 400);
    assert_eq!(change(&[("title", "no-such-title"), ("faults", "status(503)")]).await, 404);
    assert_eq!(change(&[("title", CLEAR), ("faults", "status(503)")]).await, 303);
    assert_eq!(server.get(&segment).send().await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE, "here at once");
    until(&site, 503).await;
    let page = admin.get(routes::ADMIN).send().await.unwrap().text().await.unwrap();
    assert!(page.contains(&format!("<td>{CLEAR}</td><td>status(503)</td>")), "{page}");
    let form = admin.get("/admin?view=faults").send().await.unwrap().text().await.unwrap();
    assert!(
        form.contains(&format!("<option value=\"{CLEAR}\">")) && !form.contains("http-equiv=\"refresh\""),
        "{form}"
    );
    assert_eq!(change(&[("title", CLEAR), ("faults", "")]).await, 303);
    assert_eq!(server.get(&segment).send().await.unwrap().status(), StatusCode::OK);
    until(&site, 200).await;

    // A network that one instance takes out is out at the other, and after a restart.
    assert_eq!(change(&[("cdn", "nowhere"), ("up", "0")]).await, 404);
    assert_eq!(change(&[("cdn", "near"), ("up", "0")]).await, 303);
    let order = async |site: &Site| {
        let text = site.get(&steering).send().await.unwrap().text().await.unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap()["PATHWAY-PRIORITY"].clone()
    };
    let moved = serde_json::json!(["far", "near"]);
    assert_eq!(order(&server).await, moved);
    let begun = Instant::now();
    while order(&site).await != moved {
        assert!(begun.elapsed() < Duration::from_secs(60), "the other instance does not look");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    other.shutdown().await;
    let mut config = server.config();
    qa(&mut config);
    let third = Server::start(config).await.unwrap();
    assert_eq!(order(&Site::new(&format!("http://{}", third.address()))).await, moved);
    third.shutdown().await;
}

#[tokio::test]
async fn faults_of_titles_are_for_servers_of_qa() {
    let server = TestServer::start().await;
    server.set_role(BEN, Role::Qa).await;
    let admin = server.sign_in(BEN).await;
    let set = admin.request(Method::POST, routes::ADMIN).form(&[("title", CLEAR), ("faults", "status(503)")]);
    assert_eq!(problem(set).await.status, 403);
}

#[tokio::test]
async fn the_live_log_ends_when_the_role_does() {
    let server = TestServer::start().await;
    server.set_role(BEN, Role::Admin).await;
    let (admin, tab) = (server.sign_in(BEN).await, Tab::new(&server));
    tab.sign_in(BEN, PASSWORD).await;
    let mut logs = [admin.get("/admin?view=log").send().await.unwrap(), tab.get("/admin?view=log").await];
    server.set_role(BEN, Role::Viewer).await;
    for log in &mut logs {
        let ended = async { while log.chunk().await.unwrap().is_some() {} };
        tokio::time::timeout(Duration::from_secs(60), ended).await.expect("the log goes on");
    }
}
