//! `POST /oauth/introspect` (RFC 7662): what a token is, for who may ask.

use super::{
    client_auth,
    error::{NOT_STORED, OAuthError},
    tokens::TokenState,
};
use crate::{app::Shared, clock::SECOND_MS, gateway::extract::Pairs};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// A client asks about its own tokens, a resource server about all. A public client cannot prove who it is, so it
/// cannot ask at all: the answer would tell whoever found a token whether it is worth stealing.
pub(crate) async fn introspect(
    State(app): State<Shared>,
    headers: HeaderMap,
    form: Result<Pairs, StatusCode>,
) -> Result<Response, OAuthError> {
    let form = client_auth::readable(form)?;
    let client = client_auth::client(&app, &headers, &form).await?;
    if client.is_public() {
        return Err(OAuthError::invalid_client("a public client cannot ask"));
    }
    let token = form.get("token").ok_or_else(OAuthError::missing)?;
    let may_know = |owner: &str| client.document.resource_server || owner == client.id;
    let answer = describe(&app, token, may_know).await?.unwrap_or_else(|| json!({ "active": false }));
    Ok((NOT_STORED, Json(answer)).into_response())
}

async fn describe(app: &Shared, token: &str, may_know: impl Fn(&str) -> bool) -> Result<Option<Value>, OAuthError> {
    let identity = &app.identity;
    if let TokenState::Valid(access) = identity.tokens.authenticate(token).await? {
        if !may_know(&access.client_id) {
            return Ok(None);
        }
        let jkt = &access.details.dpop_jkt;
        let mut answer = json!({
            "active": true,
            "scope": access.scope,
            "client_id": access.client_id,
            "sub": access.account.as_str(),
            "iss": identity.issuer,
            "aud": identity.issuer,
            "iat": access.issued_at_ms / SECOND_MS,
            "exp": access.expires_at_ms / SECOND_MS,
            "token_type": if jkt.is_some() { "DPoP" } else { "Bearer" },
        });
        if let Some(jkt) = jkt {
            answer["cnf"] = json!({ "jkt": jkt });
        }
        return Ok(Some(answer));
    }
    let Some(refresh) = identity.tokens.refresh_state(token).await? else { return Ok(None) };
    if !may_know(&refresh.client_id) {
        return Ok(None);
    }
    let mut answer = json!({
        "active": true,
        "scope": refresh.details.scope(),
        "client_id": refresh.client_id,
        "sub": refresh.account,
        "iss": identity.issuer,
        "exp": refresh.expires_at_ms / SECOND_MS,
    });
    if let Some(jkt) = &refresh.details.dpop_jkt {
        answer["cnf"] = json!({ "jkt": jkt });
    }
    Ok(Some(answer))
}
