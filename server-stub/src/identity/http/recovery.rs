//! `/recover`: a forgotten password. What is answered does not depend on whether there is such an account.

use super::{
    super::{
        credentials::MAX_EMAIL,
        ending::end_account,
        mail::{Job, PendingLink},
        pages::{self, ListedPasskey, MessagePage, NewPasswordPage, RecoverPage},
    },
    account::listed_passkeys,
    failed, nonce, own_form,
    registration::{BUSY, gone, weakness},
    see_other, with_cookie, with_retry_after,
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
use service_api::{AccountId, routes};

const PURPOSE: &str = "recover";
const SET: &str = "new password";

/// `GET /recover`.
pub(crate) async fn show(State(app): State<Shared>, headers: HeaderMap) -> Response {
    page(&app, &headers, StatusCode::OK, None)
}

/// `POST /recover`.
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
    let identity = &app.identity;
    let now_ms = app.clock.now_ms();
    let token = form.get("token").unwrap_or_default();
    let is_own = identity
        .forms
        .nonce(&headers)
        .is_some_and(|nonce| identity.forms.is_valid(token, PURPOSE, b"", nonce.as_str(), now_ms));
    if !is_own {
        let text = "This page was open for too long. Please try again.";
        return page(&app, &headers, StatusCode::UNPROCESSABLE_ENTITY, Some(text));
    }
    if !identity.limits.may_cause_mail(address, now_ms) {
        let text = "Too many mails were asked for. Try again in an hour.";
        return with_retry_after(page(&app, &headers, StatusCode::TOO_MANY_REQUESTS, Some(text)), Some(3_600));
    }
    let email: String = form.get("email").unwrap_or_default().trim().chars().take(MAX_EMAIL).collect();
    // Whether there is an account is looked up by whoever sends the mail, so that it does not show here.
    if identity.mails.try_send(Job::Recover { email: email.to_lowercase() }).is_err() {
        return with_retry_after(page(&app, &headers, StatusCode::SERVICE_UNAVAILABLE, Some(BUSY)), Some(60));
    }
    let page = MessagePage {
        heading: "Look into your mail",
        text: "If there is an account with that address, we have sent a mail with a link to set a new password.",
        link: Some((routes::SIGN_IN_PAGE, "Back to sign in")),
    };
    pages::message(StatusCode::OK, page)
}

/// `GET /recover/password`.
pub(crate) async fn show_new(State(app): State<Shared>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let query = Pairs::parse(&query.unwrap_or_default());
    let link = query.get("link").unwrap_or_default();
    new_password(&app, &headers, StatusCode::OK, link, None).await
}

/// `POST /recover/password`.
pub(crate) async fn set_new(
    State(app): State<Shared>,
    headers: HeaderMap,
    form: Result<Pairs, StatusCode>,
) -> Response {
    let form = match own_form(&headers, form) {
        Ok(form) => form,
        Err(response) => return *response,
    };
    let (identity, link) = (&app.identity, form.get("link").unwrap_or_default());
    let token = form.get("token").unwrap_or_default();
    let is_own = identity
        .forms
        .nonce(&headers)
        .is_some_and(|nonce| identity.forms.is_valid(token, SET, link.as_bytes(), nonce.as_str(), app.clock.now_ms()));
    if !is_own {
        return gone();
    }
    let password = form.get("password").unwrap_or_default();
    if let Some(text) = weakness(password, "") {
        return new_password(&app, &headers, StatusCode::UNPROCESSABLE_ENTITY, link, Some(text)).await;
    }
    let Ok(hash) = identity.passwords.hash(password.to_owned()).await else {
        let page = new_password(&app, &headers, StatusCode::SERVICE_UNAVAILABLE, link, Some(BUSY)).await;
        return with_retry_after(page, Some(2));
    };
    let kept: Vec<&str> = form.iter().filter(|(name, _)| *name == "keep").map(|(_, id)| id).collect();
    match replace(&app, link, &hash, &kept).await {
        Ok(true) => see_other(&format!("{}?done=password", routes::SIGN_IN_PAGE)),
        Ok(false) => gone(),
        Err(error) => failed(&error),
    }
}

/// Uses the link up, sets the password, ends every sign-in and removes the passkeys that are not kept, all or nothing.
async fn replace(app: &Shared, link: &str, hash: &str, kept: &[&str]) -> Result<bool, sqlx::Error> {
    let now_ms = app.clock.now_ms();
    let mut transaction = app.db.transaction().await?;
    let Some(pending) = app.identity.mail_links.take(&mut transaction, "recover", link).await? else {
        return Ok(false);
    };
    let Some(account) = pending.account_id.map(AccountId) else { return Ok(false) };
    app.identity.accounts.set_password(&mut transaction, &account, hash, now_ms).await?;
    end_account(&mut transaction, &account, None, now_ms).await?;
    app.identity.passkeys.remove_but(&mut transaction, &account, kept).await?;
    transaction.commit().await?;
    // A full queue only costs the notice.
    let _ = app.identity.mails.try_send(Job::PasswordChanged { email: pending.email });
    Ok(true)
}

/// What the link is for, and the passkeys of the account.
async fn pending(app: &Shared, link: &str) -> Result<Option<(PendingLink, Vec<ListedPasskey>)>, sqlx::Error> {
    let Some(pending) = app.identity.mail_links.find("recover", link).await? else { return Ok(None) };
    let passkeys = match &pending.account_id {
        Some(account) => listed_passkeys(app, &AccountId(account.clone())).await?,
        None => Vec::new(),
    };
    Ok(Some((pending, passkeys)))
}

async fn new_password(
    app: &Shared,
    headers: &HeaderMap,
    status: StatusCode,
    link: &str,
    error: Option<&str>,
) -> Response {
    match pending(app, link).await {
        Ok(Some((pending, passkeys))) => {
            let nonce = nonce(app, headers);
            let forms = &app.identity.forms;
            let token = &forms.issue(SET, link.as_bytes(), nonce.as_str(), app.clock.now_ms());
            let page = NewPasswordPage { token, link, email: &pending.email, passkeys: &passkeys, error };
            with_cookie(page.respond(status), forms.cookie(&nonce))
        }
        Ok(None) => gone(),
        Err(error) => failed(&error),
    }
}

fn page(app: &Shared, headers: &HeaderMap, status: StatusCode, error: Option<&str>) -> Response {
    let nonce = nonce(app, headers);
    let forms = &app.identity.forms;
    let token = &forms.issue(PURPOSE, b"", nonce.as_str(), app.clock.now_ms());
    with_cookie(RecoverPage { token, error }.respond(status), forms.cookie(&nonce))
}
