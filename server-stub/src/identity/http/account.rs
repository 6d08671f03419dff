//! `/account`: the page and its forms.

use super::{
    super::{
        ending::end_account,
        mail::Job,
        pages::{AccountPage, ListedDevice, ListedPasskey},
        passwords::HashRefused,
        sessions::BrowserSession,
        throttle::Attempt,
    },
    failed, own_form,
    registration::{BUSY, weakness},
    see_other,
};
use crate::{
    app::Shared,
    clock::{DAY_MS, SECOND_MS},
    gateway::{PeerAddress, extract::Pairs},
};
use axum::{
    Extension,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use service_api::{AccountId, routes};
use std::net::IpAddr;

/// Purpose of the form tokens.
pub(super) const PURPOSE: &str = "account";

/// `GET /account`.
pub(crate) async fn show(State(app): State<Shared>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let query = Pairs::parse(&query.unwrap_or_default());
    let said = match query.get("done") {
        Some("ended") => Some("Signed out."),
        Some("password") => Some("Your password is changed. Every other device has to sign in again."),
        Some("passkey") => Some("Your passkey is ready."),
        Some("removed") => Some("The passkey is removed."),
        _ => None,
    };
    match app.identity.sessions.find(&headers).await {
        Ok(Some(session)) => page(&app, &session, StatusCode::OK, None, said).await,
        Ok(None) => see_other(routes::SIGN_IN_PAGE),
        Err(error) => failed(&error),
    }
}

/// `POST /account/{action}`.
pub(crate) async fn answer(
    State(app): State<Shared>,
    Extension(PeerAddress(address)): Extension<PeerAddress>,
    Path(action): Path<String>,
    headers: HeaderMap,
    form: Result<Pairs, StatusCode>,
) -> Response {
    let form = match own_form(&headers, form) {
        Ok(form) => form,
        Err(response) => return *response,
    };
    let session = match app.identity.sessions.find(&headers).await {
        Ok(Some(session)) => session,
        Ok(None) => return see_other(routes::SIGN_IN_PAGE),
        Err(error) => return failed(&error),
    };
    if !is_own(&app, &session, form.get("token").unwrap_or_default()) {
        let text = "This page was open for too long. Please try again.";
        return page(&app, &session, StatusCode::UNPROCESSABLE_ENTITY, Some(text), None).await;
    }
    act(&app, &session, &action, &form, address).await.unwrap_or_else(|error| failed(&error))
}

/// Was the token made for a form of this account page?
pub(crate) fn is_own(app: &Shared, session: &BrowserSession, token: &str) -> bool {
    app.identity.forms.is_valid(token, PURPOSE, b"", &session.id, app.clock.now_ms())
}

async fn act(
    app: &Shared,
    session: &BrowserSession,
    action: &str,
    form: &Pairs,
    address: IpAddr,
) -> Result<Response, sqlx::Error> {
    let identity = &app.identity;
    let id = form.get("id").unwrap_or_default();
    let done = |what: &str| see_other(&format!("{}?done={what}", routes::ACCOUNT_PAGE));
    Ok(match action {
        "end-device" => {
            identity.signed_in.end(&session.account, id).await?;
            done("ended")
        }
        "end-others" => {
            identity.signed_in.end_others(&session.account, &session.id).await?;
            done("ended")
        }
        "remove-passkey" => {
            identity.passkeys.remove(&session.account, id).await?;
            done("removed")
        }
        "password" => match change_password(app, session, form, address).await? {
            None => done("password"),
            Some((status, text)) => page(app, session, status, Some(&text), None).await,
        },
        _ => see_other(routes::ACCOUNT_PAGE),
    })
}

/// `None` if it is changed; otherwise why not.
async fn change_password(
    app: &Shared,
    session: &BrowserSession,
    form: &Pairs,
    address: IpAddr,
) -> Result<Option<(StatusCode, String)>, sqlx::Error> {
    let identity = &app.identity;
    let refused = |text: &str| Ok(Some((StatusCode::UNPROCESSABLE_ENTITY, text.to_owned())));
    let Some(person) = identity.accounts.person(&session.account).await? else { return refused("No such account.") };
    if identity.accounts.is_demo(&session.account).await? {
        return refused("The password of a demo account cannot be changed.");
    }
    if !person.has_password && !session.is_recent(app.clock.now_ms()) {
        return refused("Sign in again to set a password.");
    }
    if person.has_password {
        // Somebody has signed in in this browser, so its tries count by themselves.
        let attempt = Attempt { email: &person.email, address, known: Some(&session.id) };
        let current = form.get("current").unwrap_or_default();
        if let Err(refusal) = super::super::credentials::check(app, attempt, current).await {
            use super::super::credentials::Refusal;
            if let Refusal::Failed(error) = refusal {
                return Err(error);
            }
            if matches!(refusal, Refusal::WrongCredentials) {
                return refused("The current password is not right.");
            }
            let (status, text, _) = refusal.explained();
            return Ok(Some((status, text)));
        }
    }
    let password = form.get("password").unwrap_or_default();
    if let Some(text) = weakness(password, &person.email) {
        return refused(text);
    }
    let hash = match identity.passwords.hash(password.to_owned()).await {
        Ok(hash) => hash,
        Err(HashRefused::Busy | HashRefused::Failed) => {
            return Ok(Some((StatusCode::SERVICE_UNAVAILABLE, BUSY.to_owned())));
        }
    };
    let now_ms = app.clock.now_ms();
    let mut transaction = app.db.transaction().await?;
    identity.accounts.set_password(&mut transaction, &session.account, &hash, now_ms).await?;
    end_account(&mut transaction, &session.account, Some(&session.id), now_ms).await?;
    transaction.commit().await?;
    // A full queue only costs the notice.
    let _ = identity.mails.try_send(Job::PasswordChanged { email: person.email });
    Ok(None)
}

async fn page(
    app: &Shared,
    session: &BrowserSession,
    status: StatusCode,
    error: Option<&str>,
    notice: Option<&str>,
) -> Response {
    render(app, session, status, error, notice).await.unwrap_or_else(|error| failed(&error))
}

async fn render(
    app: &Shared,
    session: &BrowserSession,
    status: StatusCode,
    error: Option<&str>,
    notice: Option<&str>,
) -> Result<Response, sqlx::Error> {
    let identity = &app.identity;
    let (Some(person), Some(account)) =
        (identity.accounts.person(&session.account).await?, identity.accounts.account(&session.account).await?)
    else {
        return Ok(see_other(routes::SIGN_IN_PAGE));
    };
    let now_ms = app.clock.now_ms();
    let devices: Vec<ListedDevice> = identity
        .signed_in
        .list(&session.account, &session.id)
        .await?
        .into_iter()
        .map(|device| ListedDevice {
            note: format!("Last used {}", ago(now_ms - (device.last_used_at_s * SECOND_MS as f64) as i64)),
            id: device.id,
            name: device.name,
            is_current: device.is_current,
        })
        .collect();
    let passkeys = listed_passkeys(app, &session.account).await?;
    let page = AccountPage {
        token: &identity.forms.issue(PURPOSE, b"", &session.id, now_ms),
        name: person.name(),
        email: &person.email,
        plan: &account.plan,
        has_password: person.has_password,
        is_recent: session.is_recent(now_ms),
        devices: &devices,
        passkeys: &passkeys,
        error,
        notice,
    };
    Ok(page.respond(status))
}

/// The account's passkeys in words.
pub(super) async fn listed_passkeys(app: &Shared, account: &AccountId) -> Result<Vec<ListedPasskey>, sqlx::Error> {
    let now_ms = app.clock.now_ms();
    let listed = |passkey: super::super::passkeys::ListedPasskey| ListedPasskey {
        note: format!("Added {}", ago(now_ms - passkey.created_at_ms)),
        id: passkey.id,
        name: passkey.label,
    };
    Ok(app.identity.passkeys.list(account).await?.into_iter().map(listed).collect())
}

fn ago(elapsed_ms: i64) -> String {
    match elapsed_ms / DAY_MS {
        ..=0 => "today".to_owned(),
        1 => "yesterday".to_owned(),
        days => format!("{days} days ago"),
    }
}
