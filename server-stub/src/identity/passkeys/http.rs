//! What the script of the pages asks for.

use super::{
    check::{self, CheckError, Expected},
    store::Purpose,
};
use crate::{
    app::Shared,
    gateway::{ApiError, ApiJson, PeerAddress},
    identity::{
        grant::Method,
        http::{account::is_own, is_foreign, open_session, resumed, with_cookies},
        mail::Job,
        pages,
        sessions::BrowserSession,
    },
};
use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::json;
use service_api::{AccountId, problem::ProblemCode};

/// `GET /passkeys/passkeys.js`.
pub(crate) async fn script() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8"), (header::CACHE_CONTROL, "max-age=3600")];
    (headers, pages::PASSKEY_SCRIPT).into_response()
}

/// `POST /passkeys/challenge`.
pub(crate) async fn challenge(
    State(app): State<Shared>,
    Extension(PeerAddress(address)): Extension<PeerAddress>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    refuse_foreign(&headers)?;
    if !app.identity.limits.may_ask_challenge(address, app.clock.now_ms()) {
        return Err(ApiError::unexplained(StatusCode::TOO_MANY_REQUESTS).retry_after(60));
    }
    let challenge = app.identity.passkeys.challenge(Purpose::SignIn).await?;
    Ok(Json(json!({ "challenge": challenge, "rp_id": app.identity.rp_id })).into_response())
}

/// What `navigator.credentials.get` gave.
#[derive(Deserialize)]
pub(crate) struct Assertion {
    next: String,
    credential_id: String,
    client_data: String,
    authenticator_data: String,
    signature: String,
}

/// `POST /passkeys/sign-in`.
pub(crate) async fn sign_in(
    State(app): State<Shared>,
    headers: HeaderMap,
    ApiJson(assertion): ApiJson<Assertion>,
) -> Result<Response, ApiError> {
    refuse_foreign(&headers)?;
    let identity = &app.identity;
    let expected = expected(&app, "webauthn.get");
    let client_data = check::decode(&assertion.client_data).map_err(refused)?;
    let challenge = check::challenge(&client_data, expected).map_err(refused)?;
    let id = check::decode(&assertion.credential_id).map_err(refused)?;
    let is_asked = identity.passkeys.take_challenge(&challenge, Purpose::SignIn).await?;
    let (true, Some(known)) = (is_asked, identity.passkeys.find(&id).await?) else {
        return Err(refused(CheckError::Elsewhere));
    };
    let data = check::decode(&assertion.authenticator_data).map_err(refused)?;
    let signature = check::decode(&assertion.signature).map_err(refused)?;
    let count = check::asserted(&known.public_key, &client_data, &data, &signature, expected).map_err(refused)?;
    if !identity.passkeys.used(&known.id, count).await? {
        tracing::warn!(passkey = %known.id, "a passkey has not counted on; it may have been copied");
        return Err(refused(CheckError::Signature));
    }
    let (session, cookies) = open_session(&app, &headers, &AccountId(known.account_id), Method::Passkey).await?;
    let location = resumed(&app, &assertion.next, &session).await;
    Ok(with_cookies(Json(json!({ "location": location })).into_response(), cookies))
}

/// The token of a form of the account page.
#[derive(Deserialize)]
pub(crate) struct OwnForm {
    token: String,
}

/// `POST /passkeys/new`. For who has just signed in: whoever has found a browser open, or stolen its cookie, must not
/// make himself a way in that outlasts it.
pub(crate) async fn new(
    State(app): State<Shared>,
    headers: HeaderMap,
    ApiJson(form): ApiJson<OwnForm>,
) -> Result<Response, ApiError> {
    let session = session(&app, &headers, &form.token).await?;
    let identity = &app.identity;
    if !session.is_recent(app.clock.now_ms()) {
        let title = "Sign in again to add a passkey";
        return Err(ApiError::new(StatusCode::FORBIDDEN, ProblemCode::Forbidden, title));
    }
    let person = identity.accounts.person(&session.account).await?.ok_or_else(|| ApiError::not_found("account"))?;
    let known: Vec<String> = identity
        .passkeys
        .list(&session.account)
        .await?
        .iter()
        .map(|passkey| URL_SAFE_NO_PAD.encode(&passkey.credential_id))
        .collect();
    let answer = json!({
        "challenge": identity.passkeys.challenge(Purpose::Add(&session)).await?,
        "rp_id": identity.rp_id,
        "user": {
            "id": URL_SAFE_NO_PAD.encode(session.account.as_str()),
            "name": person.email,
            "display_name": person.name(),
        },
        "known": known,
    });
    Ok(Json(answer).into_response())
}

/// What `navigator.credentials.create` gave.
#[derive(Deserialize)]
pub(crate) struct Attestation {
    token: String,
    client_data: String,
    attestation: String,
}

/// `POST /passkeys/add`.
pub(crate) async fn add(
    State(app): State<Shared>,
    headers: HeaderMap,
    ApiJson(new): ApiJson<Attestation>,
) -> Result<Response, ApiError> {
    let session = session(&app, &headers, &new.token).await?;
    let expected = expected(&app, "webauthn.create");
    let client_data = check::decode(&new.client_data).map_err(refused)?;
    let challenge = check::challenge(&client_data, expected).map_err(refused)?;
    if !app.identity.passkeys.take_challenge(&challenge, Purpose::Add(&session)).await? {
        return Err(refused(CheckError::Elsewhere));
    }
    let attestation = check::decode(&new.attestation).map_err(refused)?;
    let credential = check::attested(&attestation, expected).map_err(refused)?;
    let label = pages::device_label(&headers, "Passkey");
    if !app.identity.passkeys.add(&session, &credential, &label).await? {
        let title = "The passkey is known already, or there are too many";
        return Err(ApiError::new(StatusCode::CONFLICT, ProblemCode::InvalidRequest, title));
    }
    if let Some(person) = app.identity.accounts.person(&session.account).await? {
        // A full queue only costs the notice.
        let _ = app.identity.mails.try_send(Job::PasskeyAdded { email: person.email, label });
    }
    Ok(Json(json!({})).into_response())
}

fn expected<'a>(app: &'a Shared, kind: &'a str) -> Expected<'a> {
    Expected { kind, origin: &app.identity.issuer, rp_id: &app.identity.rp_id }
}

async fn session(app: &Shared, headers: &HeaderMap, token: &str) -> Result<BrowserSession, ApiError> {
    refuse_foreign(headers)?;
    let session = app.identity.sessions.find(headers).await?;
    let session = session.filter(|session| is_own(app, session, token));
    session.ok_or_else(|| {
        let title = "Open the account page again";
        ApiError::new(StatusCode::FORBIDDEN, ProblemCode::Forbidden, title)
    })
}

fn refuse_foreign(headers: &HeaderMap) -> Result<(), ApiError> {
    if is_foreign(headers) {
        let title = "Asked from another page";
        return Err(ApiError::new(StatusCode::FORBIDDEN, ProblemCode::Forbidden, title));
    }
    Ok(())
}

/// One text for every reason; the log has it.
fn refused(error: CheckError) -> ApiError {
    tracing::info!(%error, "a passkey was refused");
    let title = "The passkey was not accepted";
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, ProblemCode::Forbidden, title)
}
