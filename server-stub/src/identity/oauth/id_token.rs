//! Who the account is, as OpenID Connect says it: in id tokens and at the userinfo endpoint.

use super::super::{
    accounts::Person,
    grant::Grant,
    jose::{Alg, Jws, PublicJwk},
};
use crate::{app::Shared, clock::SECOND_MS};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// How long an id token is good for, in seconds.
const LIFETIME_S: i64 = 600;

/// Claims that we can make.
pub(crate) const CLAIMS: [&str; 12] =
    ["sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "amr", "name", "updated_at", "email", "email_verified"];

/// The id token that goes with an access token.
pub(crate) async fn id_token(
    app: &Shared,
    client_id: &str,
    alg: Alg,
    grant: &Grant,
    person: &Person,
    access_token: &str,
) -> Option<String> {
    let now_s = app.clock.now_ms() / SECOND_MS;
    let half = Sha256::digest(access_token.as_bytes());
    let mut claims = Map::new();
    // What was asked for by name; what a scope means goes to userinfo (OpenID Connect Core, 5.4).
    if let Some(asked) = &grant.claims {
        let known = all(person);
        claims.extend(asked.id_token.keys().filter_map(|name| Some((name.clone(), known.get(name)?.clone()))));
    }
    claims.insert("iss".to_owned(), json!(app.identity.issuer));
    claims.insert("sub".to_owned(), json!(person.id.as_str()));
    claims.insert("aud".to_owned(), json!(client_id));
    claims.insert("iat".to_owned(), json!(now_s));
    claims.insert("exp".to_owned(), json!(now_s + LIFETIME_S));
    claims.insert("auth_time".to_owned(), json!(grant.auth_time_ms / SECOND_MS));
    claims.insert("acr".to_owned(), json!(grant.method.acr()));
    claims.insert("amr".to_owned(), json!(grant.method.amr()));
    claims.insert("at_hash".to_owned(), json!(URL_SAFE_NO_PAD.encode(&half[..16])));
    if let Some(nonce) = &grant.nonce {
        claims.insert("nonce".to_owned(), json!(nonce));
    }
    let key =
        app.identity.keys.signing(alg).await.inspect_err(|error| tracing::error!(%error, "no signing key")).ok()?;
    key.sign("JWT", &claims).ok()
}

/// What userinfo tells.
pub(crate) fn userinfo(grant: &Grant, scope: &str, person: &Person) -> Map<String, Value> {
    let mut told = Map::new();
    told.insert("sub".to_owned(), json!(person.id.as_str()));
    let has = |one: &str| super::super::grant::contains(scope, one);
    for (name, value) in all(person) {
        let by_scope = match name.as_str() {
            "name" | "updated_at" => has("profile"),
            "email" | "email_verified" => has("email"),
            _ => false,
        };
        let by_name = grant.claims.as_ref().is_some_and(|asked| asked.userinfo.contains_key(&name));
        if by_scope || by_name {
            told.insert(name, value);
        }
    }
    told
}

fn all(person: &Person) -> Map<String, Value> {
    let mut all = Map::new();
    all.insert("name".to_owned(), json!(person.name()));
    all.insert("updated_at".to_owned(), json!(person.updated_at_ms / SECOND_MS));
    all.insert("email".to_owned(), json!(person.email));
    all.insert("email_verified".to_owned(), json!(person.is_email_verified));
    all
}

/// The account of an id token that this server has signed, expired or not: that is what a hint is.
pub(crate) fn subject(token: &str, issuer: &str, keys: &[PublicJwk]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Claims {
        iss: String,
        sub: String,
    }
    let jws = Jws::parse(token).ok()?;
    let key = keys.iter().find(|key| key.kid.is_some() && key.kid == jws.header.kid)?;
    let claims: Claims = jws.verify(key).ok()?;
    (claims.iss == issuer).then_some(claims.sub)
}
