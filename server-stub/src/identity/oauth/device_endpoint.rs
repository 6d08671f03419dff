//! `POST /oauth/device_authorization`.

use super::{
    super::{grant::Grant, pages::device_label},
    client_auth, device,
    error::{NOT_STORED, OAuthError},
};
use crate::{
    app::Shared,
    gateway::{PeerAddress, extract::Pairs},
};
use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use service_api::routes;

/// Longest name that a device may give itself, in characters.
const MAX_NAME: usize = 60;

/// RFC 8628, 3.2.
#[derive(Serialize)]
struct Answer {
    device_code: String,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: String,
    expires_in: u64,
    interval: u64,
}

pub(crate) async fn authorize(
    State(app): State<Shared>,
    Extension(PeerAddress(address)): Extension<PeerAddress>,
    headers: HeaderMap,
    form: Result<Pairs, StatusCode>,
) -> Result<Response, OAuthError> {
    let form = client_auth::readable(form)?;
    let client = client_auth::client(&app, &headers, &form).await?;
    if !client.document.device_grant {
        return Err(OAuthError::bad("unauthorized_client", "the client may not use the device grant"));
    }
    if !app.identity.limits.may_begin_device(address, app.clock.now_ms()) {
        return Err(OAuthError::too_often("too many devices are asking", 60));
    }
    let scope = client.allowed_scope(form.get("scope"));
    if scope.is_empty() {
        return Err(OAuthError::bad("invalid_scope", "none of the scopes can be granted"));
    }
    let named: Option<String> = form
        .get("device_name")
        .map(|name| name.chars().filter(|character| !character.is_control()).take(MAX_NAME).collect());
    let details = Grant {
        scope: Some(scope),
        device: Some(named.unwrap_or_else(|| device_label(&headers, &client.document.name))),
        address: Some(address.to_canonical().to_string()),
        is_third_party: !client.document.first_party,
        ..Grant::default()
    };
    let code = app.identity.devices.issue(&client.id, &details).await?;
    let page = format!("{}{}", app.identity.issuer, routes::DEVICE_PAGE);
    let answer = Answer {
        device_code: code.device_code.into_text(),
        verification_uri_complete: format!("{page}?user_code={}", code.user_code),
        user_code: code.user_code,
        verification_uri: page,
        expires_in: device::LIFETIME.as_secs(),
        interval: device::INTERVAL.as_secs(),
    };
    Ok((NOT_STORED, Json(answer)).into_response())
}
