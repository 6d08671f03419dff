//! `POST /oauth/token` and `POST /oauth/revoke`.

use super::{
    super::{clients::Client, jose::Alg},
    client_auth,
    codes::CodeProof,
    device::Poll,
    dpop::DpopError,
    error::{DPOP_NONCE, NOT_STORED, OAuthError},
    id_token,
    metadata::DEVICE_GRANT,
    tokens::{Rotation, RotationError, TokenPair},
};
use crate::{app::Shared, gateway::extract::Pairs};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, Method, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use service_api::routes;

/// RFC 6749, 5.1.
#[derive(Serialize)]
struct TokenAnswer {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
}

/// Thumbprint of the key that the request proves, if it brings a proof.
pub(crate) async fn proof(
    app: &Shared,
    headers: &HeaderMap,
    method: &Method,
    path: &str,
) -> Result<Option<String>, OAuthError> {
    app.identity.dpop.check(headers, method, path, None).await.map_err(|error| match error {
        DpopError::Nonce => OAuthError::use_dpop_nonce(app.identity.dpop.nonce()),
        DpopError::Invalid(_) => OAuthError::bad("invalid_dpop_proof", "the DPoP proof is not valid"),
        DpopError::Store(error) => error.into(),
    })
}

/// Exchanges a code or a refresh token.
pub(crate) async fn token(
    State(app): State<Shared>,
    headers: HeaderMap,
    form: Result<Pairs, StatusCode>,
) -> Result<Response, OAuthError> {
    let form = client_auth::readable(form)?;
    let client = client_auth::client(&app, &headers, &form).await?;
    let required = |name| form.get(name).ok_or_else(OAuthError::missing);
    let grant_type = required("grant_type")?;
    let jkt = proof(&app, &headers, &Method::POST, routes::OAUTH_TOKEN).await?;
    if jkt.is_none() && client.document.require_dpop {
        return Err(OAuthError::bad("invalid_dpop_proof", "the client must prove possession of a key"));
    }
    let identity = &app.identity;
    let pair = match grant_type {
        "authorization_code" => {
            let proof = CodeProof {
                code: required("code")?,
                client_id: &client.id,
                is_first_party: client.document.first_party,
                redirect_uri: required("redirect_uri")?,
                verifier: required("code_verifier")?,
                dpop_jkt: jkt.as_deref(),
            };
            identity.codes.exchange(proof, &identity.tokens).await?.ok_or_else(OAuthError::invalid_grant)?
        }
        "refresh_token" => {
            let rotation = Rotation {
                refresh: required("refresh_token")?,
                client_id: &client.id,
                scope: form.get("scope"),
                dpop_jkt: jkt.as_deref(),
                must_be_bound: client.document.require_dpop,
            };
            if rotation
                .scope
                .is_some_and(|scope| scope.split(' ').any(|one| !client.document.scopes.iter().any(|it| it == one)))
            {
                return Err(OAuthError::bad("invalid_scope", "a refresh cannot widen the scope"));
            }
            identity.tokens.rotate(rotation).await.map_err(|error| match error {
                RotationError::Invalid => OAuthError::invalid_grant(),
                RotationError::Scope => OAuthError::bad("invalid_scope", "a refresh cannot widen the scope"),
                RotationError::Store(error) => error.into(),
            })?
        }
        DEVICE_GRANT if client.document.device_grant => {
            let code = required("device_code")?;
            match identity.devices.poll(code, &client.id, jkt.as_deref(), &identity.tokens).await? {
                Poll::Granted(pair) => *pair,
                Poll::Pending => return Err(OAuthError::bad("authorization_pending", "nobody has answered yet")),
                Poll::SlowDown => return Err(OAuthError::bad("slow_down", "ask five seconds less often")),
                Poll::Denied => return Err(OAuthError::bad("access_denied", "the sign-in was refused")),
                Poll::Expired => return Err(OAuthError::bad("expired_token", "the code has expired; begin again")),
                Poll::Invalid => return Err(OAuthError::invalid_grant()),
            }
        }
        DEVICE_GRANT => return Err(OAuthError::bad("unauthorized_client", "the client may not use this grant")),
        _ => {
            let text = "use authorization_code, refresh_token or the device grant";
            return Err(OAuthError::bad("unsupported_grant_type", text));
        }
    };
    answer(&app, &client, pair).await
}

/// Ends a sign-in. Also 200 for tokens that mean nothing to us: they are not valid, which is what was asked for
/// (RFC 7009, 2.2). Whoever holds a token may end it without naming an app: a public client could not prove more.
pub(crate) async fn revoke(
    State(app): State<Shared>,
    headers: HeaderMap,
    form: Result<Pairs, StatusCode>,
) -> Result<Response, OAuthError> {
    let form = client_auth::readable(form)?;
    let is_named = form.get("client_id").is_some() || headers.contains_key(axum::http::header::AUTHORIZATION);
    let client = if is_named { Some(client_auth::client(&app, &headers, &form).await?) } else { None };
    let token = form.get("token").ok_or_else(|| OAuthError::bad("invalid_request", "token is missing"))?;
    if let (Some(client), Some(owner)) = (&client, app.identity.tokens.owner(token).await?)
        && client.id != owner
    {
        return Err(OAuthError::bad("invalid_request", "the token was issued to another client"));
    }
    app.identity.tokens.revoke(token).await?;
    Ok((StatusCode::OK, NOT_STORED).into_response())
}

async fn answer(app: &Shared, client: &Client, pair: TokenPair) -> Result<Response, OAuthError> {
    // A proof that came with the refresh of tokens that are not bound does not bind them.
    let is_bound = pair.details.dpop_jkt.is_some();
    let is_openid = super::super::grant::contains(&pair.scope, "openid");
    let access_token = pair.access.into_text();
    let mut id_token = None;
    if is_openid {
        let person = app.identity.accounts.person(&pair.account).await?.ok_or_else(OAuthError::invalid_grant)?;
        let alg = Alg::from_name(&client.document.id_token_alg).unwrap_or(Alg::RS256);
        let token = id_token::id_token(app, &client.id, alg, &pair.details, &person, &access_token).await;
        let failed = || {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            OAuthError::with_status(status, "server_error", "the id token cannot be signed")
        };
        id_token = Some(token.ok_or_else(failed)?);
    }
    let body = TokenAnswer {
        access_token,
        token_type: if is_bound { "DPoP" } else { "Bearer" },
        expires_in: pair.expires_in.as_secs(),
        refresh_token: pair.refresh.map(super::super::secret::Secret::into_text),
        scope: pair.scope,
        id_token,
    };
    let mut response = (NOT_STORED, Json(body)).into_response();
    if is_bound && let Ok(nonce) = HeaderValue::try_from(app.identity.dpop.nonce()) {
        response.headers_mut().insert(&DPOP_NONCE, nonce);
    }
    Ok(response)
}
