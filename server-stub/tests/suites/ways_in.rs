//! What opens an account, and what ends with it: the rest of A26, passkeys, first passwords, links, other providers.

use crate::common::{
    self, App, BEN, Browser, MIA, PASSWORD, Site, TestServer,
    idp::{
        Flow, Tab, answer, is_active, link_of, location, param, register, registration, sql, token, token_of,
        with_clients, with_inbox,
    },
    json,
};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json as document};
use server_stub::{Admin, Mail, ProviderConfig, ServerConfig};
use service_api::{identity::AccountSummary, routes};
use sha2::{Digest, Sha256};
use std::time::Duration;
use tokio::{net::TcpListener, sync::mpsc};

const ADA: &str = "ada@lumen.example";
const OLD_PASSWORD: &str = "an old correct horse";
const NEW_PASSWORD: &str = "a new correct horse";
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What somebody who is signed in may have in his hands that is not a sign-in yet.
struct InHand {
    app: App,
    code: String,
    device: String,
}

impl InHand {
    async fn take(tab: &Tab<'_>, (email, password): (&str, &str)) -> Self {
        let app = App::new();
        let browser = Browser::open(tab.site, &app).await;
        let code = browser.submit(&[("email", email), ("password", password)]).await.code();
        let form = [("client_id", "lumen-tv")];
        let codes = answer(tab.site.request(Method::POST, "/oauth/device_authorization").form(&form)).await.1;
        let user = codes["user_code"].as_str().unwrap();
        let page = tab.fill("/device", &[("user_code", user), ("step", "look")]).await.text().await.unwrap();
        let allowed = tab.fill_page("/device", &page, &[("user_code", user), ("step", "allow")]).await;
        assert!(allowed.text().await.unwrap().contains("signed in"));
        Self { app, code, device: codes["device_code"].as_str().unwrap().to_owned() }
    }

    async fn is_worth_nothing(&self, site: &Site) {
        assert_eq!(site.exchange(&self.app, &self.code).await.unwrap_err().error, "invalid_grant");
        let form = [("grant_type", DEVICE_GRANT), ("client_id", "lumen-tv"), ("device_code", self.device.as_str())];
        let refused = answer(site.request(Method::POST, routes::OAUTH_TOKEN).form(&form)).await.1;
        assert_eq!(refused["error"], "access_denied");
    }
}

/// Asks for a mail with a link to set a new password.
async fn recovery_link(server: &TestServer, mails: &mut mpsc::UnboundedReceiver<Mail>) -> String {
    Tab::new(server).fill("/recover", &[("email", ADA)]).await;
    link_of(&mails.recv().await.unwrap(), server)
}

/// Sets a new password with a link; these passkeys are kept.
async fn recover(tab: &Tab<'_>, path: &str, kept: &[&str]) {
    let page = tab.page(path).await;
    let link = common::between(&page, r#"name="link" value=""#, "\"").to_owned();
    let mut form = vec![("link", link.as_str()), ("password", NEW_PASSWORD)];
    form.extend(kept.iter().map(|id| ("keep", *id)));
    assert_eq!(location(&tab.fill_page("/recover/password", &page, &form).await).query(), Some("done=password"));
}

#[tokio::test]
async fn a26_change_of_password_ends_what_could_still_become_a_sign_in() {
    let (server, mut mails) = with_inbox().await;
    register(&server, &mut mails, ADA, OLD_PASSWORD).await;
    let here = Tab::new(&server);
    here.sign_in(ADA, OLD_PASSWORD).await;
    let in_hand = InHand::take(&here, (ADA, OLD_PASSWORD)).await;
    let link = recovery_link(&server, &mut mails).await;
    let form = [("current", OLD_PASSWORD), ("password", NEW_PASSWORD)];
    let page = here.page("/account").await;
    assert_eq!(location(&here.fill_page("/account/password", &page, &form).await).query(), Some("done=password"));
    in_hand.is_worth_nothing(&server).await;
    assert_eq!(here.get(&link).await.status(), StatusCode::GONE);
}

#[tokio::test]
async fn a26_recovery_and_signing_out_everywhere_end_it_as_well() {
    let (server, mut mails) = with_inbox().await;
    register(&server, &mut mails, ADA, OLD_PASSWORD).await;
    let here = Tab::new(&server);
    here.sign_in(ADA, OLD_PASSWORD).await;
    let in_hand = InHand::take(&here, (ADA, OLD_PASSWORD)).await;
    let page = here.page("/account").await;
    here.fill_page("/account/end-others", &page, &[]).await;
    in_hand.is_worth_nothing(&server).await;

    let in_hand = InHand::take(&here, (ADA, OLD_PASSWORD)).await;
    let links = [recovery_link(&server, &mut mails).await, recovery_link(&server, &mut mails).await];
    recover(&here, &links[1], &[]).await;
    in_hand.is_worth_nothing(&server).await;
    assert_eq!(here.get(&links[0]).await.status(), StatusCode::GONE, "the other mail's");
}

#[tokio::test]
async fn a26_change_of_role_and_removal_end_it_as_well() {
    let server = TestServer::start().await;
    sql(&server, "UPDATE identity_accounts SET role = 'admin' WHERE email = 'ben@lumen.example'").await;
    let admin = server.sign_in(BEN).await;
    let found: Vec<AccountSummary> = json(admin.get("/v1/admin/accounts?email=mia@")).await;
    let tab = Tab::new(&server);
    let id = [("account", found[0].id.as_str())];
    for removes in [false, true] {
        tab.sign_in(MIA, PASSWORD).await;
        let in_hand = InHand::take(&tab, (MIA, PASSWORD)).await;
        let request = if removes {
            admin.request(Method::DELETE, &routes::fill(routes::ADMIN_ACCOUNT, &id))
        } else {
            let path = routes::fill(routes::ADMIN_ACCOUNT_ROLE, &id);
            admin.request(Method::PUT, &path).json(&document!({ "role": "qa" }))
        };
        assert_eq!(request.send().await.unwrap().status(), StatusCode::NO_CONTENT);
        in_hand.is_worth_nothing(&server).await;
    }
}

#[tokio::test]
async fn removed_app_keeps_nothing_even_if_it_comes_back() {
    let server = TestServer::start_with(with_clients).await;
    let tab = Tab::new(&server);
    let tokens = Flow::new("rp").with("scope", "openid offline_access").tokens(&tab).await;
    let flow = Flow::new("rp");
    let code = flow.code(&tab).await;
    let mut config = ServerConfig::new(server.data());
    config.database = common::postgres::database_of(server.data());
    let admin = Admin::open(&config).await.unwrap();
    assert!(is_active(&server, tokens["access_token"].as_str().unwrap()).await);
    assert!(admin.remove_client("rp").await.unwrap() && !admin.remove_client("rp").await.unwrap());
    admin.add_client(&registration("rp", |_| {})).await.unwrap();
    for kind in ["access_token", "refresh_token"] {
        assert!(!is_active(&server, tokens[kind].as_str().unwrap()).await, "{kind}");
    }
    assert_eq!(token(&server, "rp", &flow.exchange_form(&code)).await.1["error"], "invalid_grant");
    let silent = tab.get(&Flow::new("rp").with("prompt", "none").path()).await;
    assert_eq!(param(&location(&silent), "error").as_deref(), Some("consent_required"));
    admin.close().await;
}

/// What a browser makes of a challenge: its data, and a new key.
fn credential(site: &Site, challenge: &str) -> (String, String) {
    let bytes = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new()).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, bytes.as_ref()).unwrap();
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let client_data = document!({ "type": "webauthn.create", "challenge": challenge, "origin": site.issuer });
    let mut data = Sha256::digest(b"127.0.0.1").to_vec();
    // Present, verified, with a credential; never counted; no model; an id of 16 bytes.
    data.extend([0x45, 0, 0, 0, 0].into_iter().chain([0; 16]).chain([0, 16]).chain(rand::random::<[u8; 16]>()));
    data.extend([&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32], x, &[0x22, 0x58, 32], y].concat());
    let length = u8::try_from(data.len()).unwrap();
    let object = [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".as_slice(), &[length], &data].concat();
    (URL_SAFE_NO_PAD.encode(client_data.to_string()), URL_SAFE_NO_PAD.encode(object))
}

async fn post_json(tab: &Tab<'_>, path: &str, body: &Value) -> (StatusCode, Value) {
    let response = tab.send(tab.site.request(Method::POST, path).json(body)).await;
    (response.status(), response.json().await.unwrap())
}

/// Adds a passkey with a challenge; how that was answered.
async fn add_passkey(tab: &Tab<'_>, page: &str, challenge: &Value) -> StatusCode {
    let (client_data, attestation) = credential(tab.site, challenge.as_str().unwrap());
    let body = document!({ "token": token_of(page), "client_data": client_data, "attestation": attestation });
    post_json(tab, "/passkeys/add", &body).await.0
}

#[tokio::test]
async fn passkey_is_added_by_who_has_just_signed_in_and_its_owner_is_told() {
    let (server, mut mails) = with_inbox().await;
    register(&server, &mut mails, ADA, OLD_PASSWORD).await;
    let tab = Tab::new(&server);
    tab.sign_in(ADA, OLD_PASSWORD).await;
    server.clock.advance(Duration::from_secs(300));
    let page = tab.page("/account").await;
    assert!(page.contains("Sign in again") && !page.contains("passkey-add"));
    let (status, refused) = post_json(&tab, "/passkeys/new", &document!({ "token": token_of(&page) })).await;
    assert_eq!((status, refused["title"].as_str()), (StatusCode::FORBIDDEN, Some("Sign in again to add a passkey")));
    // Nor with a challenge that anybody gets.
    let (_, anybodys) = post_json(&tab, "/passkeys/challenge", &document!({})).await;
    assert_eq!(add_passkey(&tab, &page, &anybodys["challenge"]).await, StatusCode::UNPROCESSABLE_ENTITY);

    tab.sign_in(ADA, OLD_PASSWORD).await;
    let page = tab.page("/account").await;
    assert!(page.contains("passkey-add"));
    let (status, new) = post_json(&tab, "/passkeys/new", &document!({ "token": token_of(&page) })).await;
    assert_eq!(status, StatusCode::OK, "{new}");
    // Nor in another browser.
    let other = Tab::new(&server);
    other.sign_in(ADA, OLD_PASSWORD).await;
    let others = other.page("/account").await;
    assert_eq!(add_passkey(&other, &others, &new["challenge"]).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(add_passkey(&tab, &page, &new["challenge"]).await, StatusCode::OK);
    let mail = mails.recv().await.unwrap();
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), (ADA, "A passkey was added"));
}

#[tokio::test]
async fn recovery_removes_passkeys_that_are_not_kept() {
    let (server, mut mails) = with_inbox().await;
    register(&server, &mut mails, ADA, OLD_PASSWORD).await;
    let tab = Tab::new(&server);
    tab.sign_in(ADA, OLD_PASSWORD).await;
    for _ in 0..2 {
        let page = tab.page("/account").await;
        let (_, new) = post_json(&tab, "/passkeys/new", &document!({ "token": token_of(&page) })).await;
        assert_eq!(add_passkey(&tab, &page, &new["challenge"]).await, StatusCode::OK);
        mails.recv().await.unwrap();
    }
    let ids = async || -> Vec<String> {
        let page = tab.page("/account").await;
        let forms = page.split(r#"action="/account/remove-passkey""#).skip(1);
        forms.map(|form| common::between(form, r#"name="id" value=""#, "\"").to_owned()).collect()
    };
    let added = ids().await;
    assert_eq!(added.len(), 2);
    let link = recovery_link(&server, &mut mails).await;
    let page = tab.page(&link).await;
    assert!(added.iter().all(|id| page.contains(&format!(r#"name="keep" value="{id}""#))), "the owner sees them");
    recover(&tab, &link, &[&added[1], "somebody else's"]).await;
    assert_eq!(mails.recv().await.unwrap().subject, "Your password was changed");
    tab.sign_in(ADA, NEW_PASSWORD).await;
    assert_eq!(ids().await, added[1..]);
    let link = recovery_link(&server, &mut mails).await;
    recover(&tab, &link, &[]).await;
    tab.sign_in(ADA, NEW_PASSWORD).await;
    assert!(ids().await.is_empty());
}

#[tokio::test]
async fn first_password_is_set_by_who_has_just_signed_in() {
    let (server, mut mails) = with_inbox().await;
    register(&server, &mut mails, ADA, OLD_PASSWORD).await;
    let (late, fresh) = (Tab::new(&server), Tab::new(&server));
    late.sign_in(ADA, OLD_PASSWORD).await;
    server.clock.advance(Duration::from_secs(300));
    fresh.sign_in(ADA, OLD_PASSWORD).await;
    // As somebody who signs in at another provider.
    sql(&server, "UPDATE identity_accounts SET password_hash = '' WHERE email = 'ada@lumen.example'").await;
    let set = async |tab: &Tab<'_>| {
        let page = tab.page("/account").await;
        let asked = tab.fill_page("/account/password", &page, &[("password", NEW_PASSWORD)]).await;
        (page.contains("to set a password"), asked.status())
    };
    assert_eq!(set(&late).await, (true, StatusCode::UNPROCESSABLE_ENTITY));
    assert_eq!(set(&fresh).await, (false, StatusCode::SEE_OTHER));
    assert_eq!(fresh.sign_in(ADA, NEW_PASSWORD).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn link_works_again_if_the_account_could_not_be_made() {
    let (server, mut mails) = with_inbox().await;
    let tab = Tab::new(&server);
    tab.fill("/register", &[("name", "Ada"), ("email", ADA), ("password", OLD_PASSWORD)]).await;
    let path = link_of(&mails.recv().await.unwrap(), &server);
    let page = tab.page(&path).await;
    let link = common::between(&page, r#"name="link" value=""#, "\"").to_owned();
    let confirm = async || tab.fill_page("/register/confirm", &page, &[("link", &link)]).await;
    sql(&server, "ALTER TABLE identity_profiles RENAME TO identity_profiles_away").await;
    assert_eq!(confirm().await.status(), StatusCode::INTERNAL_SERVER_ERROR);
    sql(&server, "ALTER TABLE identity_profiles_away RENAME TO identity_profiles").await;
    assert_eq!(location(&confirm().await).path(), "/sign-in");
    assert_eq!(tab.sign_in(ADA, OLD_PASSWORD).await.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn provider_that_does_not_answer_keeps_nobody_from_another() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let provider = TestServer::start().await;
    let good_issuer = provider.issuer.clone();
    let silent_issuer = format!("http://{}", silent.local_addr().unwrap());
    let server = TestServer::start_with(|config| {
        let provider = |id: &str, issuer: &str| ProviderConfig {
            id: id.to_owned(),
            name: id.to_owned(),
            issuer: issuer.to_owned(),
            client_id: "lumen".to_owned(),
            client_secret: "x".to_owned(),
            scopes: "openid".to_owned(),
        };
        config.identity.providers = vec![provider("silent", &silent_issuer), provider("good", &good_issuer)];
    })
    .await;
    let start = |id: &str| server.get(&routes::fill(routes::FEDERATION_START, &[("provider", id)])).send();
    let waiting = start("silent");
    tokio::pin!(waiting);
    // The server has asked it, and will be waiting until this connection is closed.
    let asked = tokio::select! {
        accepted = silent.accept() => accepted.unwrap(),
        answer = &mut waiting => panic!("{answer:?}"),
    };
    let good = tokio::select! {
        answer = start("good") => answer.unwrap(),
        answer = &mut waiting => panic!("{answer:?} came first"),
    };
    assert!(location(&good).as_str().starts_with(&provider.issuer), "{}", location(&good));
    drop((asked, silent));
    assert_eq!(waiting.await.unwrap().status(), StatusCode::BAD_GATEWAY);
}
