//! `/device`: a person says what becomes of a device that waits with a code.

use super::{
    super::{
        limits::network_of,
        pages::{self, ConfirmDevicePage, EnterCodePage, MessagePage},
        sessions::BrowserSession,
    },
    failed, own_form, see_other,
};
use crate::{
    app::Shared,
    gateway::{PeerAddress, extract::Pairs},
};
use axum::{
    Extension,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use service_api::routes;
use std::net::IpAddr;
use url::form_urlencoded;

const PURPOSE: &str = "device";
const WRONG: &str = "There is no such code, or it has expired. Look at your device again.";

/// `GET /device`. A code in the address is only filled in: whoever was sent the link still has to look and confirm.
pub(crate) async fn show(State(app): State<Shared>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let query = Pairs::parse(&query.unwrap_or_default());
    let code: String = query.get("user_code").unwrap_or_default().chars().take(12).collect();
    match app.identity.sessions.find(&headers).await {
        Ok(Some(session)) => enter(&app, &session, StatusCode::OK, &code, None),
        Ok(None) => {
            let mut next = routes::DEVICE_PAGE.to_owned();
            if !code.is_empty() {
                let code: String = form_urlencoded::byte_serialize(code.as_bytes()).collect();
                next = format!("{next}?user_code={code}");
            }
            let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", &next).finish();
            see_other(&format!("{}?{query}", routes::SIGN_IN_PAGE))
        }
        Err(error) => failed(&error),
    }
}

/// `POST /device`.
pub(crate) async fn answer(
    State(app): State<Shared>,
    Extension(PeerAddress(address)): Extension<PeerAddress>,
    headers: HeaderMap,
    form: Result<Pairs, StatusCode>,
) -> Response {
    let form = match own_form(&headers, form) {
        Ok(form) => form,
        Err(response) => return *response,
    };
    match step(&app, &headers, &form, address).await {
        Ok(response) => response,
        Err(error) => failed(&error),
    }
}

async fn step(app: &Shared, headers: &HeaderMap, form: &Pairs, address: IpAddr) -> Result<Response, sqlx::Error> {
    let identity = &app.identity;
    let Some(session) = identity.sessions.find(headers).await? else {
        return Ok(see_other(&format!("{}?next={}", routes::SIGN_IN_PAGE, routes::DEVICE_PAGE)));
    };
    let code = form.get("user_code").unwrap_or_default();
    let shown: String = code.chars().take(12).collect();
    let now_ms = app.clock.now_ms();
    let step = form.get("step").unwrap_or("look");
    // What may be confirmed is what was shown: the second page's token is bound to its code.
    let (purpose, about) = if step == "look" { (PURPOSE, "") } else { ("confirm device", code) };
    let token = form.get("token").unwrap_or_default();
    if !identity.forms.is_valid(token, purpose, about.as_bytes(), &session.id, now_ms) {
        let text = "This page was open for too long. Please enter the code again.";
        return Ok(enter(app, &session, StatusCode::UNPROCESSABLE_ENTITY, &shown, Some(text)));
    }
    let shared = app.shared_rates.as_deref();
    let Some(tried) = identity.limits.try_code(shared, address, now_ms).await else {
        let text = "Too many wrong codes. Wait a minute and try again.";
        let page = enter(app, &session, StatusCode::TOO_MANY_REQUESTS, "", Some(text));
        return Ok(super::with_retry_after(page, Some(60)));
    };
    let Some(pending) = identity.devices.pending(code).await? else {
        return Ok(enter(app, &session, StatusCode::UNPROCESSABLE_ENTITY, &shown, Some(WRONG)));
    };
    identity.limits.code_was_right(shared, tried).await;
    if step == "look" {
        let client = identity.clients.find(&pending.client_id).await?;
        let person = identity.accounts.person(&session.account).await?;
        let from = pending.details.address.unwrap_or_default();
        let page = ConfirmDevicePage {
            token: &identity.forms.issue("confirm device", code.as_bytes(), &session.id, now_ms),
            code,
            app: client.as_ref().map_or("an app", |client| client.document.name.as_str()),
            device: pending.details.device.as_deref().unwrap_or("a device"),
            is_same_place: from.parse::<IpAddr>().is_ok_and(|from| network_of(from) == network_of(address)),
            address: &from,
            email: person.as_ref().map_or("", |person| person.email.as_str()),
        };
        return Ok(page.respond());
    }
    if !identity.devices.decide(code, &session, step == "allow").await? {
        return Ok(enter(app, &session, StatusCode::UNPROCESSABLE_ENTITY, &shown, Some(WRONG)));
    }
    let page = if step == "allow" {
        MessagePage {
            heading: "Your device is signed in",
            text: "It goes on by itself. You can close this page.",
            link: Some((routes::ACCOUNT_PAGE, "See your devices")),
        }
    } else {
        MessagePage {
            heading: "Refused",
            text: "The device was not signed in. If you did not expect this, somebody may have tried to get in.",
            link: Some((routes::ACCOUNT_PAGE, "See your devices")),
        }
    };
    Ok(pages::message(StatusCode::OK, page))
}

fn enter(app: &Shared, session: &BrowserSession, status: StatusCode, code: &str, error: Option<&str>) -> Response {
    let token = &app.identity.forms.issue(PURPOSE, b"", &session.id, app.clock.now_ms());
    EnterCodePage { token, code, error }.respond(status)
}
