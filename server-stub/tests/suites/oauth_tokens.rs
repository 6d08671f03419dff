//! Attacks on tokens: A15 to A20 of the table of cases, and what DPoP, introspection and id tokens promise.

use crate::common::{
    self, MIA, OAuthError, TestServer,
    idp::{Flow, ProofKey, Tab, answer, by, claims, is_active, location, param, registration, token, with_clients},
};
use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use server_stub::{Admin, ServerConfig};
use service_api::routes;
use std::time::Duration;

async fn server() -> TestServer {
    TestServer::start_with(with_clients).await
}

fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_else(|| panic!("{name} in {answer}"))
}

#[tokio::test]
async fn a15_replayed_refresh_token_ends_the_family() {
    let server = server().await;
    let first = server.sign_in(MIA).await.tokens;
    let second = server.refresh(&first.refresh_token).await.unwrap();
    assert!(is_active(&server, &second.access_token).await);
    assert_eq!(server.refresh(&first.refresh_token).await.unwrap_err().error, "invalid_grant");
    assert!(!is_active(&server, &second.access_token).await && !is_active(&server, &second.refresh_token).await);
    assert_eq!(server.refresh(&second.refresh_token).await.unwrap_err().error, "invalid_grant");
}

#[tokio::test]
async fn a16_of_fifty_refreshes_at_once_one_wins_and_the_family_ends() {
    let server = server().await;
    let tokens = server.sign_in(MIA).await.tokens;
    let outcomes = futures_util::future::join_all((0..50).map(|_| server.refresh(&tokens.refresh_token))).await;
    let won: Vec<_> = outcomes.into_iter().filter_map(Result::ok).collect();
    assert_eq!(won.len(), 1);
    assert!(!is_active(&server, &won[0].access_token).await);
    assert!(!is_active(&server, &won[0].refresh_token).await);
}

#[tokio::test]
async fn a17_refresh_cannot_be_widened_or_used_by_another_app() {
    let server = server().await;
    let tab = Tab::new(&server);
    let tokens = Flow::new("rp").with("scope", "openid email offline_access").tokens(&tab).await;
    let refresh = text(&tokens, "refresh_token");
    let form = |scope| [("grant_type", "refresh_token"), ("refresh_token", refresh), ("scope", scope)];
    assert_eq!(token(&server, "rp", &form("openid profile")).await.1["error"], "invalid_scope");
    assert_eq!(token(&server, "other", &form("openid")).await.1["error"], "invalid_grant");
    let mine = OAuthError { error: "invalid_grant".to_owned() };
    assert_eq!(server.refresh(refresh).await.unwrap_err(), mine);
    let (status, narrowed) = token(&server, "rp", &form("openid")).await;
    assert_eq!((status, narrowed["scope"].as_str()), (200, Some("openid")), "it was not used up by the others");
    let info = server.get("/oauth/userinfo").bearer_auth(text(&narrowed, "access_token"));
    assert_eq!(answer(info).await.1["email"], Value::Null);
}

/// Signs in with a key and returns the key and the access token.
async fn bound(server: &TestServer) -> (ProofKey, Value) {
    let tab = Tab::new(server);
    let flow = Flow::new("rp").with("scope", "openid offline_access watch");
    let code = flow.code(&tab).await;
    let key = ProofKey::new();
    let url = format!("{}/oauth/token", server.issuer);
    let now_ms = server.clock_ms();
    let without = ProofKey::claims("POST", &url, "", now_ms);
    let form = flow.exchange_form(&code);
    let asked = by(server, "rp", "/oauth/token", &form).header("dpop", key.sign(&key.header(), &without));
    let asked = asked.send().await.unwrap();
    assert_eq!(asked.status(), StatusCode::BAD_REQUEST);
    let nonce = asked.headers()["dpop-nonce"].to_str().unwrap().to_owned();
    assert_eq!(asked.json::<Value>().await.unwrap()["error"], "use_dpop_nonce");
    let with = ProofKey::claims("POST", &url, &nonce, now_ms);
    let request = by(server, "rp", "/oauth/token", &form).header("dpop", key.sign(&key.header(), &with));
    let (status, mut tokens) = answer(request).await;
    assert_eq!((status, tokens["token_type"].as_str()), (200, Some("DPoP")), "{tokens}");
    tokens["nonce"] = json!(nonce);
    (key, tokens)
}

fn ath(token: &str) -> String {
    use sha2::{Digest, Sha256};
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}

#[tokio::test]
async fn a18_every_mutation_of_a_proof_is_refused() {
    let server = server().await;
    let (key, tokens) = bound(&server).await;
    let access = text(&tokens, "access_token");
    let url = format!("{}{}", server.issuer, routes::ME);
    let now_ms = server.clock_ms();
    let claims = || {
        let mut claims = ProofKey::claims("GET", &url, text(&tokens, "nonce"), now_ms);
        claims["ath"] = json!(ath(access));
        claims
    };
    let send = async |proof: Option<String>| {
        let mut request = server.get(routes::ME).header("authorization", format!("DPoP {access}"));
        if let Some(proof) = proof {
            request = request.header("dpop", proof);
        }
        request.send().await.unwrap()
    };
    let good = key.sign(&key.header(), &claims());
    assert_eq!(send(Some(good.clone())).await.status(), StatusCode::OK);
    let with = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        key.sign(&key.header(), &claims)
    };
    let header = |name: &str, value: Value| {
        let mut header = key.header();
        header[name] = value;
        key.sign(&header, &claims())
    };
    let mut private = key.jwk();
    private["d"] = json!("AAAA");
    let hmac_key = hmac::Key::new(hmac::HMAC_SHA256, key.jwk().to_string().as_bytes());
    let unsigned = header("alg", json!("HS256"));
    let (message, _) = unsigned.rsplit_once('.').unwrap();
    let shared = format!("{message}.{}", URL_SAFE_NO_PAD.encode(hmac::sign(&hmac_key, message.as_bytes())));
    let other = ProofKey::new();
    let refused = [
        None,
        Some(good),
        Some(with("htm", json!("POST"))),
        Some(with("htu", json!(format!("{}/v1/profiles", server.issuer)))),
        Some(with("ath", json!(ath("other")))),
        Some(with("iat", json!(now_ms / 1_000 - 60))),
        Some(with("iat", json!(now_ms / 1_000 + 60))),
        Some(with("jti", json!(""))),
        Some(header("alg", json!("none"))),
        Some(shared),
        Some(header("jwk", private)),
        Some(header("typ", json!("JWT"))),
        Some(other.sign(&other.header(), &claims())),
        Some(with("nonce", json!("guessed"))),
    ];
    for (index, proof) in refused.into_iter().enumerate() {
        let response = send(proof).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "mutation {index}");
        assert!(response.headers().contains_key("dpop-nonce"), "mutation {index}");
    }
    let mut stale = claims();
    stale["nonce"] = tokens["nonce"].clone();
    server.clock.advance(Duration::from_secs(330));
    stale["iat"] = json!(server.clock_ms() / 1_000);
    assert_eq!(send(Some(key.sign(&key.header(), &stale))).await.status(), StatusCode::UNAUTHORIZED, "an old nonce");
}

#[tokio::test]
async fn a19_bound_token_is_no_bearer_token() {
    let server = server().await;
    let (key, tokens) = bound(&server).await;
    let access = text(&tokens, "access_token");
    for path in [routes::ME, "/oauth/userinfo"] {
        let stolen = server.get(path).bearer_auth(access).send().await.unwrap();
        assert_eq!(stolen.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    let in_form = server.request(Method::POST, "/oauth/userinfo").form(&[("access_token", access)]);
    assert_eq!(in_form.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    // The refresh token is bound, too: without the proof, and with another key.
    let form = [("grant_type", "refresh_token"), ("refresh_token", text(&tokens, "refresh_token"))];
    assert_eq!(token(&server, "rp", &form).await.1["error"], "invalid_grant");
    let url = format!("{}/oauth/token", server.issuer);
    let proof = |key: &ProofKey| {
        key.sign(&key.header(), &ProofKey::claims("POST", &url, text(&tokens, "nonce"), server.clock_ms()))
    };
    let other = by(&server, "rp", "/oauth/token", &form).header("dpop", proof(&ProofKey::new()));
    assert_eq!(answer(other).await.1["error"], "invalid_grant");
    let own = by(&server, "rp", "/oauth/token", &form).header("dpop", proof(&key));
    assert_eq!(answer(own).await.0, 200);
}

#[tokio::test]
async fn a19_proof_with_a_refresh_binds_nothing_that_was_not_bound() {
    let server = server().await;
    let tab = Tab::new(&server);
    let tokens = Flow::new("rp").with("scope", "openid offline_access").tokens(&tab).await;
    let key = ProofKey::new();
    let url = format!("{}/oauth/token", server.issuer);
    let refresh = async |tokens: &Value| {
        let form = [("grant_type", "refresh_token"), ("refresh_token", text(tokens, "refresh_token"))];
        let request = || by(&server, "rp", "/oauth/token", &form);
        let proof = |nonce: &str| key.sign(&key.header(), &ProofKey::claims("POST", &url, nonce, server.clock_ms()));
        let asked = request().header("dpop", proof("")).send().await.unwrap();
        let nonce = asked.headers()["dpop-nonce"].to_str().unwrap().to_owned();
        answer(request().header("dpop", proof(&nonce))).await
    };
    let (status, refreshed) = refresh(&tokens).await;
    assert_eq!((status, refreshed["token_type"].as_str()), (200, Some("Bearer")), "it says what they are");
    let info = server.get("/oauth/userinfo").bearer_auth(text(&refreshed, "access_token"));
    assert_eq!(answer(info).await.0, 200);
    // An app whose tokens must be bound from now on has to begin anew.
    let mut config = ServerConfig::new(server.data());
    config.database = common::postgres::database_of(server.data());
    let admin = Admin::open(&config).await.unwrap();
    admin.add_client(&registration("rp", |it| it.require_dpop = true)).await.unwrap();
    assert_eq!(refresh(&refreshed).await.1["error"], "invalid_grant");
    admin.close().await;
}

#[tokio::test]
async fn a20_forged_statements_are_refused() {
    let server = server().await;
    let tab = Tab::new(&server);
    let tokens = Flow::new("rp").tokens(&tab).await;
    let good = text(&tokens, "id_token").to_owned();
    let jwks: Value = answer(server.get("/oauth/jwks")).await.1;
    let parts: Vec<&str> = good.split('.').collect();
    let decode = |part: &str| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap() };
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let header = decode(parts[0]);
    let kid = text(&header, "kid");
    let with_header = |header: String| format!("{}.{}.{}", encode(&header), parts[1], parts[2]);
    let public = jwks["keys"].as_array().unwrap().iter().find(|key| key["kid"] == kid).unwrap().to_string();
    let hs = format!("{}.{}", encode(&format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#)), parts[1]);
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, public.as_bytes()), hs.as_bytes());
    let own = ProofKey::new();
    let forged_claims = decode(parts[1]);
    let forged_header = json!({ "alg": "ES256", "kid": kid, "jwk": own.jwk() });
    let mut altered = parts[1].to_owned();
    altered.replace_range(10..11, if &altered[10..11] == "A" { "B" } else { "A" });
    let forged = [
        format!("{}.{}.", encode(&format!(r#"{{"alg":"none","kid":"{kid}"}}"#)), parts[1]),
        format!("{hs}.{}", URL_SAFE_NO_PAD.encode(mac)),
        own.sign(&forged_header, &forged_claims),
        with_header(r#"{"alg":"RS256","kid":"../../master.key"}"#.to_owned()),
        with_header(r#"{"alg":"RS256","kid":"' OR 1=1 --"}"#.to_owned()),
        with_header(r#"{"alg":"RS256","kid":"http://127.0.0.1:9/key"}"#.to_owned()),
        with_header(r#"{"alg":"RS256","jku":"http://127.0.0.1:9/keys","x5u":"http://127.0.0.1:9/c"}"#.to_owned()),
        with_header(format!(r#"{{"alg":"RS256","kid":"{kid}","crit":["exp"]}}"#)),
        with_header(format!(r#"{{"alg":"RS256","kid":"{kid}","kid":"{kid}"}}"#)),
        format!("{}.{altered}.{}", parts[0], parts[2]),
        "x.y.z".to_owned(),
        "x".repeat(5_000),
    ];
    let hint = async |token: &str| {
        let url = location(&tab.get(&Flow::new("rp").with("prompt", "none").with("id_token_hint", token).path()).await);
        param(&url, "error")
    };
    assert_eq!(hint(&good).await, None, "the real one is taken");
    for token in &forged {
        assert_eq!(hint(token).await.as_deref(), Some("invalid_request"), "{token}");
        // None of them is an access token either.
        let response = server.get(routes::ME).bearer_auth(token).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    }
    assert_eq!(server.get(routes::ME).bearer_auth(&good).send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn introspection_is_for_who_may_know() {
    let server = server().await;
    let tab = Tab::new(&server);
    let tokens = Flow::new("rp").with("scope", "openid email offline_access").tokens(&tab).await;
    let access = text(&tokens, "access_token");
    let ask =
        async |client: &str, token: &str| answer(by(&server, client, "/oauth/introspect", &[("token", token)])).await.1;
    let known = ask("rp", access).await;
    assert_eq!((known["active"].as_bool(), known["client_id"].as_str()), (Some(true), Some("rp")));
    assert_eq!(known["scope"], "openid email offline_access");
    assert_eq!(known["iss"], server.issuer);
    assert_eq!(known["exp"].as_i64().unwrap(), server.clock_ms() / 1_000 + 600);
    assert_eq!(ask("rs", access).await["active"], true);
    assert_eq!(ask("rs", text(&tokens, "refresh_token")).await["active"], true);
    assert_eq!(ask("other", access).await, json!({ "active": false }));
    assert_eq!(ask("rs", "never made").await, json!({ "active": false }));
    let public = [("client_id", "lumen-app"), ("token", access)];
    let refused = server.request(Method::POST, "/oauth/introspect").form(&public).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(answer(by(&server, "other", "/oauth/revoke", &[("token", access)])).await.0, 400, "not its token");
    assert_eq!(ask("rp", access).await["active"], true);
    assert_eq!(by(&server, "rp", "/oauth/revoke", &[("token", access)]).send().await.unwrap().status(), 200);
    assert_eq!(ask("rp", access).await, json!({ "active": false }));
    server.clock.advance(Duration::from_secs(600));
    assert_eq!(ask("rs", access).await, json!({ "active": false }));
}

#[tokio::test]
async fn apps_of_others_reach_the_api_only_with_its_scope_and_never_as_staff() {
    let server = server().await;
    let tab = Tab::new(&server);
    let without = Flow::new("rp").tokens(&tab).await;
    assert_eq!(without["refresh_token"], Value::Null, "offline_access was not asked for");
    let status = async |tokens: &Value, path: &str| {
        server.get(path).bearer_auth(text(tokens, "access_token")).send().await.unwrap().status().as_u16()
    };
    assert_eq!(status(&without, routes::ME).await, 403);
    let with = Flow::new("rp").with("scope", "openid watch").with("prompt", "consent").tokens(&tab).await;
    assert_eq!(status(&with, routes::ME).await, 200);
    assert_eq!(claims(text(&with, "id_token"))["aud"], "rp");
}
