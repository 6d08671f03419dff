//! Pushed authorization requests (RFC 9126): the browser carries a reference instead of the request, so nobody on the
//! way can change it.

use super::{
    super::secret::{Secret, SecretHash},
    authorize::{AuthorizationRequest, AuthorizeError, PARAMETERS},
    client_auth,
    error::{NOT_STORED, OAuthError},
    tokens,
};
use crate::{
    app::Shared,
    clock::Clock,
    gateway::{PeerAddress, extract::Pairs},
    store::Db,
};
use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use service_api::routes;
use std::{sync::Arc, time::Duration};
use url::form_urlencoded;

const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// How long a reference may be used: as long as the sign-in page that it opens, for the page is sent back to it.
const LIFETIME: Duration = Duration::from_secs(600);

/// Longest request that is kept, in bytes: one document at its limit, and room for the rest.
const MAX_KEPT: usize = 8 * 1_024;

/// Requests that were pushed.
#[derive(Debug)]
pub(crate) struct PushedRequests {
    db: Db,
    clock: Arc<dyn Clock>,
}

/// Is it one of our references?
pub(crate) fn is_ours(uri: &str) -> bool {
    uri.starts_with(PREFIX)
}

impl PushedRequests {
    pub(crate) fn new(db: Db, clock: Arc<dyn Clock>) -> Self {
        Self { db, clock }
    }

    async fn add(&self, client_id: &str, parameters: &str) -> Result<String, sqlx::Error> {
        let reference = Secret::random("");
        sqlx::query(
            "INSERT INTO identity_pushed_requests (hash, client_id, parameters, expires_at_ms) VALUES ($1, $2, $3, $4)",
        )
        .bind(reference.hash().as_bytes())
        .bind(client_id)
        .bind(parameters)
        .bind(self.clock.now_ms() + tokens::in_ms(LIFETIME))
        .execute(self.db.writer())
        .await?;
        Ok(format!("{PREFIX}{}", reference.into_text()))
    }

    /// The request behind a reference, if it is this client's and no code was issued for it yet.
    pub(crate) async fn find(&self, uri: &str, client_id: &str) -> Result<Option<String>, sqlx::Error> {
        sqlx::query_scalar(
            "SELECT parameters FROM identity_pushed_requests \
             WHERE hash = $1 AND client_id = $2 AND expires_at_ms > $3 AND used_at_ms IS NULL",
        )
        .bind(hash(uri).as_bytes())
        .bind(client_id)
        .bind(self.clock.now_ms())
        .fetch_optional(self.db.reader())
        .await
    }

    /// Uses a reference up; `false` if somebody else was first.
    pub(crate) async fn take(&self, uri: &str) -> Result<bool, sqlx::Error> {
        let now_ms = self.clock.now_ms();
        let taken = sqlx::query(
            "UPDATE identity_pushed_requests SET used_at_ms = $1 \
             WHERE hash = $2 AND used_at_ms IS NULL AND expires_at_ms > $1",
        )
        .bind(now_ms)
        .bind(hash(uri).as_bytes())
        .execute(self.db.writer())
        .await?;
        Ok(taken.rows_affected() == 1)
    }

    pub(crate) async fn sweep(&self) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM identity_pushed_requests WHERE expires_at_ms < $1")
            .bind(self.clock.now_ms())
            .execute(self.db.writer())
            .await
            .map(drop)
    }
}

fn hash(uri: &str) -> SecretHash {
    SecretHash::of(uri.strip_prefix(PREFIX).unwrap_or_default())
}

#[derive(Serialize)]
struct Pushed {
    request_uri: String,
    expires_in: u64,
}

/// `POST /oauth/par`.
pub(crate) async fn push(
    State(app): State<Shared>,
    Extension(PeerAddress(address)): Extension<PeerAddress>,
    headers: HeaderMap,
    form: Result<Pairs, StatusCode>,
) -> Result<Response, OAuthError> {
    let form = client_auth::readable(form)?;
    let client = client_auth::client(&app, &headers, &form).await?;
    if form.get("request_uri").is_some() {
        return Err(OAuthError::bad("invalid_request", "a pushed request has no request_uri"));
    }
    // What proves which one it is answers for what it keeps here; of the others everybody may be one.
    if client.is_public() && !app.identity.limits.may_push(address, app.clock.now_ms()) {
        return Err(OAuthError::too_often("too many requests are pushed from there", 60));
    }
    let id = client.id.clone();
    let proved = super::token_endpoint::proof(&app, &headers, &Method::POST, routes::OAUTH_PAR).await?;
    let request = AuthorizationRequest::read(&app, &form, client).await.map_err(|error| match error {
        AuthorizeError::Refused(_) => OAuthError::bad("invalid_request", "redirect_uri is not one of the client's"),
        AuthorizeError::Returned { error, description, .. } => OAuthError::bad(error, description),
        AuthorizeError::Failed(error) => error.into(),
    })?;
    if proved.is_some() && request.dpop_jkt.is_some() && proved != request.dpop_jkt {
        return Err(OAuthError::bad("invalid_dpop_proof", "the proof is of another key than dpop_jkt"));
    }
    let kept = kept(&form, proved.as_deref());
    if kept.len() > MAX_KEPT {
        let text = "the request is too long";
        return Err(OAuthError::with_status(StatusCode::PAYLOAD_TOO_LARGE, "invalid_request", text));
    }
    let request_uri = app.identity.pushed.add(&id, &kept).await?;
    let answer = Pushed { request_uri, expires_in: LIFETIME.as_secs() };
    Ok((StatusCode::CREATED, NOT_STORED, Json(answer)).into_response())
}

/// The parameters that will be read, and nothing else: not what proves the client's identity, not what nobody asked for.
/// A proved key counts as asked for.
fn kept(form: &Pairs, proved: Option<&str>) -> String {
    let mut kept = form_urlencoded::Serializer::new(String::new());
    kept.extend_pairs(form.iter().filter(|(name, _)| PARAMETERS.contains(name)));
    if let (Some(jkt), None) = (proved, form.get("dpop_jkt")) {
        kept.append_pair("dpop_jkt", jkt);
    }
    kept.finish()
}
