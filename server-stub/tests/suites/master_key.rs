//! Another master key in place of the one before: everything that depends on it still opens.

use crate::common::{ENCRYPTED, MIA, SignedIn, TestServer, expect, json, problem};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{Method, RequestBuilder, StatusCode};
use server_stub::{Rewrap, RewrapError, Server, ServerConfig, rewrap};
use service_api::{
    licence::{ClearKeyLicence, ClearKeyRequest, SessionType},
    problem::ProblemCode,
    routes,
};
use std::{
    fs,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

fn new_key(path: &Path) {
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path).unwrap();
    std::io::Write::write_all(&mut file, &rand::random::<[u8; 32]>()).unwrap();
}

async fn content_key(server: &TestServer, app: &SignedIn<'_>) -> ClearKeyLicence {
    let kid = URL_SAFE_NO_PAD.encode(server.running.key_source().content_key(&ENCRYPTED.into()).unwrap().kid);
    let grant = app.grant(ENCRYPTED).await;
    let challenge = ClearKeyRequest { kids: vec![kid], session: SessionType::Temporary };
    json(app.request(Method::POST, grant.licence.as_deref().unwrap()).json(&challenge)).await
}

async fn published_keys(server: &TestServer) -> serde_json::Value {
    json(server.get(routes::OAUTH_JWKS)).await
}

async fn pin(app: &SignedIn<'_>, route: &str, method: Method, pin: &str) -> RequestBuilder {
    let profile = app.profile("Kids").await;
    let path = routes::fill(route, &[("profile", profile.as_str())]);
    app.request(method, &path).json(&serde_json::json!({ "pin": pin }))
}

async fn change(config: &ServerConfig, previous: Option<&Path>, restart_log: bool) -> Result<u64, RewrapError> {
    let done = rewrap(Rewrap { config, previous, restart_log }).await?;
    assert!(done.is_already || done.data_keys == 1, "{done:?}");
    Ok(if done.is_already { u64::MAX } else { done.log_entries })
}

#[tokio::test]
async fn replaced_master_key_opens_everything_that_is_stored() {
    let server = TestServer::start().await;
    let mia = server.sign_in(MIA).await;
    assert_eq!(pin(&mia, routes::PROFILE_PIN, Method::PUT, "2468").await.send().await.unwrap().status(), 204);
    let (licence, signing) = (content_key(&server, &mia).await, published_keys(&server).await);
    assert!(!signing["keys"].as_array().unwrap().is_empty());
    let tokens = mia.tokens.clone();
    let (mut config, mut folder) = server.stop().await;
    let mut entries = 1;
    for round in 0..2 {
        let (current, old) = (folder.path().join("master.key"), folder.path().join(format!("old-{round}.key")));
        assert_eq!(change(&config, None, false).await.unwrap(), 0, "a new salt");
        fs::rename(&current, &old).unwrap();
        let missing = change(&config, Some(&old), false).await;
        assert!(matches!(missing, Err(RewrapError::MasterKey(_))) && !current.exists(), "no key is made: {missing:?}");
        new_key(&current);
        assert!(Server::start(config.clone()).await.is_err(), "nothing opens yet");
        let mistyped = folder.path().join("mistyped");
        let missing = change(&config, Some(&mistyped), false).await;
        assert!(matches!(missing, Err(RewrapError::MasterKey(_))) && !mistyped.exists(), "{missing:?}");
        new_key(&mistyped);
        assert!(matches!(change(&config, Some(&mistyped), false).await, Err(RewrapError::Foreign)));
        assert!(matches!(change(&config, None, false).await, Err(RewrapError::Foreign)));
        fs::remove_file(&mistyped).unwrap();
        assert_eq!(change(&config, Some(&old), false).await.unwrap(), entries);
        assert_eq!(change(&config, Some(&old), false).await.unwrap(), u64::MAX, "it was done already");
        fs::remove_file(&old).unwrap();

        let server = TestServer::run_on(config, folder).await;
        assert_eq!(published_keys(&server).await, signing);
        assert_eq!(server.running.verify_audit().await.unwrap(), Ok(entries));
        // A sign-in of before goes on: nothing of it depends on the master key.
        assert_eq!(SignedIn { server: &server, tokens: tokens.clone() }.me().await.email, MIA);
        let mia = server.sign_in(MIA).await;
        expect(
            &problem(pin(&mia, routes::PROFILE_UNLOCK, Method::POST, "1357").await).await,
            403,
            ProblemCode::PinWrong,
        );
        let right = pin(&mia, routes::PROFILE_UNLOCK, Method::POST, "2468").await;
        assert_eq!(right.send().await.unwrap().status(), StatusCode::NO_CONTENT);
        assert_eq!(content_key(&server, &mia).await, licence);
        entries += 1;
        assert_eq!(server.running.verify_audit().await.unwrap(), Ok(entries));
        (config, folder) = server.stop().await;
    }
    let mode = fs::metadata(folder.path().join("master.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn g12_log_that_was_tampered_with_is_not_made_good_by_another_master_key() {
    let server = TestServer::start().await;
    let mia = server.sign_in(MIA).await;
    content_key(&server, &mia).await;
    content_key(&server, &mia).await;
    let mut database = server.database().await;
    sqlx::query("UPDATE licence_audit SET outcome = 'refused' WHERE id = 1").execute(&mut database).await.unwrap();
    drop(database);
    let (config, folder) = server.stop().await;
    let (current, old) = (folder.path().join("master.key"), folder.path().join("old.key"));
    fs::rename(&current, &old).unwrap();
    new_key(&current);
    let refused = change(&config, Some(&old), false).await;
    assert!(matches!(&refused, Err(RewrapError::Log(what)) if what.contains("entry 1")), "{refused:?}");
    assert!(Server::start(config.clone()).await.is_err(), "nothing has changed");
    assert_eq!(change(&config, Some(&old), true).await.unwrap(), 0);
    let server = TestServer::run_on(config, folder).await;
    let mia = server.sign_in(MIA).await;
    content_key(&server, &mia).await;
    assert_eq!(server.running.verify_audit().await.unwrap(), Ok(1), "a new chain behind the entries of before");
    let kept: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM licence_audit").fetch_one(&mut server.database().await).await.unwrap();
    assert_eq!(kept, 3);
}
