//! The account's own routes: plan, consents, export, erasure, support, and pages of a search.

use crate::common::{BEN, CLEAR, MIA, PASSWORD, SignedIn, TestServer, expect, idp::sql, json, problem};
use reqwest::{Method, RequestBuilder, StatusCode, header};
use service_api::{
    ProfileId,
    account::{AccountDetails, AccountExport, Consents, SupportCase, SupportReceipt},
    catalog::{Home, TitleList},
    identity::Role,
    problem::ProblemCode,
    routes,
};
use std::{collections::BTreeSet, time::Duration};

fn send(app: &SignedIn<'_>, method: Method, path: &str, body: &str) -> RequestBuilder {
    app.request(method, path).header(header::CONTENT_TYPE, "application/json").body(body.to_owned())
}

async fn status(request: RequestBuilder) -> StatusCode {
    request.send().await.unwrap().status()
}

fn of(route: &str, profile: &ProfileId) -> String {
    routes::fill(route, &[("profile", profile.as_str()), ("title", CLEAR)])
}

/// Mia watches, lists, rates and asks for help.
async fn leave_traces(mia: &SignedIn<'_>) -> ProfileId {
    let profile = mia.profile("Mia").await;
    let position = r#"{"position_s":12,"duration_s":40,"taken_at_ms":1}"#;
    for (method, route, body) in [
        (Method::PUT, routes::PROGRESS, position),
        (Method::PUT, routes::MY_LIST_TITLE, ""),
        (Method::PUT, routes::RATING, r#"{"thumbs":2}"#),
    ] {
        assert!(status(send(mia, method, &of(route, &profile), body)).await.is_success(), "{route}");
    }
    let start = format!(r#"{{"title":"{CLEAR}","profile":"{profile}","device":{{"id":"tv","name":"Kitchen"}}}}"#);
    assert!(status(send(mia, Method::POST, routes::PLAYBACK, &start)).await.is_success());
    let asked = r#"{"topic":"playback","message":"It stops","diagnostics":"Lumen 0"}"#;
    assert_eq!(status(send(mia, Method::POST, routes::SUPPORT, asked)).await, StatusCode::CREATED);
    let consents = r#"{"recommendations":false,"diagnostics":true}"#;
    assert!(status(send(mia, Method::PUT, routes::ACCOUNT_CONSENTS, consents)).await.is_success());
    profile
}

#[tokio::test]
async fn account_tells_its_plan_and_what_else_there_is() {
    let server = TestServer::start().await;
    let (mia, ben) = (server.sign_in(MIA).await, server.sign_in(BEN).await);
    let account: AccountDetails = json(mia.get(routes::ACCOUNT)).await;
    assert_eq!((account.email.as_str(), account.plan.name.as_str()), (MIA, "Premium"));
    assert!(account.has_password && !account.name.is_empty());
    assert_eq!(account.consents, Consents::default());
    let names: Vec<&str> = account.plans.iter().map(|plan| plan.name.as_str()).collect();
    assert_eq!(names, ["Basic", "Premium"]);
    assert!(account.plans[0].streams < account.plans[1].streams);
    let other: AccountDetails = json(ben.get(routes::ACCOUNT)).await;
    assert_eq!(other.plan, account.plans[0]);
}

#[tokio::test]
async fn suggestions_end_with_the_consent_to_them() {
    let server = TestServer::start().await;
    let mia = server.sign_in(MIA).await;
    let profile = mia.profile("Mia").await;
    let film = server_stub::ingest::catalogue().into_iter().find(|title| !title.qa).unwrap().id.0;
    let progress = routes::fill(routes::PROGRESS, &[("profile", profile.as_str()), ("title", &film)]);
    let position = r#"{"position_s":12,"duration_s":40,"taken_at_ms":1}"#;
    assert!(status(send(&mia, Method::PUT, &progress, position)).await.is_success());
    let suggested = async || {
        let home: Home = json(mia.get(&of(routes::HOME, &profile))).await;
        let rows: Vec<String> = home.rows.into_iter().map(|row| row.id).collect();
        assert!(rows.iter().any(|row| row == "continue-watching"), "{rows:?}");
        rows.iter().any(|row| row.starts_with("because-"))
    };
    assert!(suggested().await);
    for (body, expected) in [
        (r#"{"recommendations":false,"diagnostics":false}"#, false),
        (r#"{"recommendations":true,"diagnostics":false}"#, true),
    ] {
        let set = status(send(&mia, Method::PUT, routes::ACCOUNT_CONSENTS, body)).await;
        assert_eq!(set, StatusCode::NO_CONTENT);
        assert_eq!(suggested().await, expected);
    }
    let unknown = send(&mia, Method::PUT, routes::ACCOUNT_CONSENTS, r#"{"everything":true}"#);
    expect(&problem(unknown).await, 400, ProblemCode::InvalidRequest);
}

#[tokio::test]
async fn export_has_everything_of_the_account_and_nothing_of_others() {
    let server = TestServer::start().await;
    let (mia, ben) = (server.sign_in(MIA).await, server.sign_in(BEN).await);
    let profile = leave_traces(&mia).await;
    let export: AccountExport = json(mia.get(routes::ACCOUNT_EXPORT)).await;
    let own = export.profiles.iter().find(|known| known.profile.profile.id == profile).unwrap();
    assert_eq!((own.watched[0].title.as_str(), own.watched[0].progress.position_s), (CLEAR, 12.0));
    assert_eq!((own.list[0].as_str(), own.ratings[0].rating.thumbs), (CLEAR, 2));
    assert_eq!(export.account.consents, Consents { recommendations: false, diagnostics: true });
    assert_eq!(export.playback_devices[0].name, "Kitchen");
    assert_eq!(export.support[0].request.diagnostics.as_deref(), Some("Lumen 0"));
    assert!(export.sign_ins.iter().any(|device| device.is_current));
    let other = ben.get(routes::ACCOUNT_EXPORT).send().await.unwrap();
    assert_eq!(other.headers()[header::CACHE_CONTROL], "no-store");
    let text = other.text().await.unwrap();
    assert!(!text.contains("mia") && !text.contains("Kitchen") && !text.contains("It stops"), "{text}");
    for secret in ["password_hash", "$argon2", "tag"] {
        assert!(!text.contains(&format!("\"{secret}")), "{secret}");
    }
}

#[tokio::test]
async fn child_with_the_same_sign_in_changes_and_exports_nothing() {
    let server = TestServer::start().await;
    let mia = server.sign_in(MIA).await;
    let profile = mia.profile("Mia").await;
    let set = send(&mia, Method::PUT, &of(routes::PROFILE_PIN, &profile), r#"{"pin":"4719"}"#);
    assert_eq!(status(set).await, StatusCode::NO_CONTENT);
    let tablet = server.sign_in(MIA).await;
    expect(&problem(tablet.get(routes::ACCOUNT_EXPORT)).await, 403, ProblemCode::PinRequired);
    let consents = r#"{"recommendations":false,"diagnostics":false}"#;
    let refused = problem(send(&tablet, Method::PUT, routes::ACCOUNT_CONSENTS, consents)).await;
    expect(&refused, 403, ProblemCode::PinRequired);
    json::<AccountExport>(mia.get(routes::ACCOUNT_EXPORT)).await;
}

#[tokio::test]
async fn erasing_needs_the_password_ends_every_session_and_leaves_nothing() {
    let server = TestServer::start().await;
    let (here, tv) = (server.sign_in(MIA).await, server.sign_in(MIA).await);
    let ben = server.sign_in(BEN).await;
    leave_traces(&here).await;
    let ids: Vec<String> = {
        let me = here.me().await;
        me.profiles.iter().map(|profile| profile.id.0.clone()).chain([me.id.0.clone()]).collect()
    };
    let with = |password: &str| format!(r#"{{"password":"{password}"}}"#);
    let demo = problem(send(&here, Method::POST, routes::ACCOUNT_ERASE, &with(PASSWORD))).await;
    expect(&demo, 403, ProblemCode::Forbidden);
    sql(&server, "UPDATE identity_accounts SET is_demo = 0 WHERE email = 'mia@lumen.example'").await;
    for body in ["{}".to_owned(), with("guess")] {
        let refused = problem(send(&here, Method::POST, routes::ACCOUNT_ERASE, &body)).await;
        expect(&refused, 403, ProblemCode::Forbidden);
        server.clock.advance(Duration::from_secs(60));
    }
    assert_eq!(here.me().await.email, MIA, "nothing has happened");
    let erased = status(send(&here, Method::POST, routes::ACCOUNT_ERASE, &with(PASSWORD))).await;
    assert_eq!(erased, StatusCode::NO_CONTENT);
    for app in [&here, &tv] {
        assert_eq!(status(app.get(routes::ME)).await, StatusCode::UNAUTHORIZED);
    }
    // No table knows the account or its profiles any more, but what says that its grants are void and the licence log.
    let mut database = server.database().await;
    for (table, column) in [
        ("identity_accounts", "id"),
        ("identity_profiles", "account_id"),
        ("identity_token_families", "account_id"),
        ("profiles_progress", "profile_id"),
        ("profiles_list", "profile_id"),
        ("profiles_ratings", "profile_id"),
        ("profiles_details", "profile_id"),
        ("entitlement_grants", "account_id"),
        ("entitlement_leases", "account_id"),
        ("entitlement_devices", "account_id"),
        ("licence_kept", "account_id"),
        ("privacy_consents", "account_id"),
        ("support_requests", "account_id"),
    ] {
        let found: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT {column} FROM {table}")))
            .fetch_all(&mut database)
            .await
            .unwrap();
        assert!(found.iter().all(|id| !ids.contains(id)), "{table}");
    }
    assert_eq!(ben.me().await.email, BEN, "others stay");
}

#[tokio::test]
async fn requests_to_support_are_kept_within_limits_and_seen_by_support() {
    let server = TestServer::start().await;
    let mia = server.sign_in(MIA).await;
    let body = r#"{"topic":"feedback","message":"More series"}"#;
    let ask = || send(&mia, Method::POST, routes::SUPPORT, body);
    let mut references = BTreeSet::new();
    for _ in 0..20 {
        references.insert(json::<SupportReceipt>(ask()).await.reference);
    }
    assert_eq!(references.len(), 20);
    expect(&problem(ask()).await, 429, ProblemCode::RateLimited);
    server.clock.advance(Duration::from_secs(86_401));
    let mia = server.sign_in(MIA).await;
    json::<SupportReceipt>(send(&mia, Method::POST, routes::SUPPORT, body)).await;
    for wrong in [r#"{"topic":"feedback","message":" "}"#, r#"{"topic":"other","message":"x"}"#, r#"{"message":"x"}"#] {
        let refused = problem(send(&mia, Method::POST, routes::SUPPORT, wrong)).await;
        expect(&refused, 400, ProblemCode::InvalidRequest);
    }
    expect(&problem(mia.get(routes::ADMIN_SUPPORT)).await, 403, ProblemCode::Forbidden);
    server.set_role(BEN, Role::Support).await;
    let ben = server.sign_in(BEN).await;
    let cases: Vec<SupportCase> = json(ben.get(routes::ADMIN_SUPPORT)).await;
    assert_eq!(cases.len(), 21);
    assert_eq!(cases[0].record.request.message, "More series");
    assert_eq!(cases[0].account, mia.me().await.id);
}

#[tokio::test]
async fn search_comes_in_pages_that_neither_repeat_nor_leave_out() {
    let server = TestServer::start().await;
    let mia = server.sign_in(MIA).await;
    let search = of(routes::SEARCH, &mia.profile("Mia").await);
    // Letters that many words begin with.
    let whole: TitleList = json(mia.get(&format!("{search}?q=s&limit=100"))).await;
    assert!(whole.items.len() > 4 && whole.next.is_none(), "{}", whole.items.len());
    let mut found = Vec::new();
    let mut cursor = None::<String>;
    loop {
        let more = cursor.as_ref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let page: TitleList = json(mia.get(&format!("{search}?q=s&limit=2{more}"))).await;
        assert!(page.items.len() <= 2);
        found.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(found, whole.items);
    for wrong in ["limit=0", "limit=101", "cursor=%21", "cursor=bm9uZQ"] {
        let refused = problem(mia.get(&format!("{search}?q=s&{wrong}"))).await;
        expect(&refused, 400, ProblemCode::InvalidRequest);
    }
}
