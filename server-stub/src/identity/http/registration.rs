//! `/register`: an account is made when its address is confirmed and not before, so nobody can take an address that is
//! not his. What is answered does not depend on whether there is an account already.

use super::{
    super::{
        credentials::MAX_EMAIL,
        mail::Job,
        pages::{self, ConfirmPage, MessagePage, RegisterPage},
        passwords::HashRefused,
    },
    failed, nonce, own_form, see_other, with_cookie, with_retry_after,
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

const PURPOSE: &str = "register";
const CONFIRM: &str = "confirm address";
const MAX_NAME: usize = 60;
/// Shortest password, in characters (ASVS 5.0, 6.2.1 asks for eight and recommends fifteen).
pub(super) const MIN_PASSWORD: usize = 10;
pub(super) const BUSY: &str = "Many people are signing in right now. Try again in a moment.";

/// `GET /register`.
pub(crate) async fn show(State(app): State<Shared>, headers: HeaderMap) -> Response {
    page(&app, &headers, StatusCode::OK, ("", ""), None)
}

/// `POST /register`.
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
    if !identity.may_register {
        return closed();
    }
    let name = clean(form.get("name").unwrap_or_default());
    let email: String = form.get("email").unwrap_or_default().trim().chars().take(MAX_EMAIL + 1).collect();
    let refused = |status, text| page(&app, &headers, status, (&name, &email), Some(text));
    let token = form.get("token").unwrap_or_default();
    let now_ms = app.clock.now_ms();
    let is_own = identity
        .forms
        .nonce(&headers)
        .is_some_and(|nonce| identity.forms.is_valid(token, PURPOSE, b"", nonce.as_str(), now_ms));
    if !is_own {
        return refused(StatusCode::UNPROCESSABLE_ENTITY, "This page was open for too long. Please try again.");
    }
    if name.is_empty() {
        return refused(StatusCode::UNPROCESSABLE_ENTITY, "Tell us a name.");
    }
    if !is_address(&email) {
        return refused(StatusCode::UNPROCESSABLE_ENTITY, "That does not look like an e-mail address.");
    }
    let password = form.get("password").unwrap_or_default();
    if let Some(text) = weakness(password, &email) {
        return refused(StatusCode::UNPROCESSABLE_ENTITY, text);
    }
    if !identity.limits.may_cause_mail(address, now_ms) {
        let page = refused(StatusCode::TOO_MANY_REQUESTS, "Too many mails were asked for. Try again in an hour.");
        return with_retry_after(page, Some(3_600));
    }
    let password_hash = match identity.passwords.hash(password.to_owned()).await {
        Ok(hash) => hash,
        Err(HashRefused::Busy | HashRefused::Failed) => {
            return with_retry_after(refused(StatusCode::SERVICE_UNAVAILABLE, BUSY), Some(2));
        }
    };
    let job = Job::Register { email: email.to_lowercase(), name, password_hash };
    if identity.mails.try_send(job).is_err() {
        let page = page(&app, &headers, StatusCode::SERVICE_UNAVAILABLE, ("", &email), Some(BUSY));
        return with_retry_after(page, Some(60));
    }
    let page = MessagePage {
        heading: "Look into your mail",
        text: "We have sent you a mail with a link. Your account is made when you open it.",
        link: None,
    };
    pages::message(StatusCode::OK, page)
}

/// `GET /register/confirm`.
pub(crate) async fn show_confirm(State(app): State<Shared>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let query = Pairs::parse(&query.unwrap_or_default());
    let link = query.get("link").unwrap_or_default();
    match app.identity.mail_links.find("register", link).await {
        Ok(Some(pending)) => {
            let nonce = nonce(&app, &headers);
            let forms = &app.identity.forms;
            let token = &forms.issue(CONFIRM, link.as_bytes(), nonce.as_str(), app.clock.now_ms());
            let page = ConfirmPage { token, link, email: &pending.email };
            with_cookie(page.respond(), forms.cookie(&nonce))
        }
        Ok(None) => gone(),
        Err(error) => failed(&error),
    }
}

/// `POST /register/confirm`.
pub(crate) async fn confirm(
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
    let is_own = identity.forms.nonce(&headers).is_some_and(|nonce| {
        identity.forms.is_valid(token, CONFIRM, link.as_bytes(), nonce.as_str(), app.clock.now_ms())
    });
    if !is_own {
        return gone();
    }
    match identity.mail_links.make_account(link, &identity.accounts).await {
        Ok(true) => see_other(&format!("{}?done=registered", routes::SIGN_IN_PAGE)),
        Ok(false) => gone(),
        Err(error) => failed(&error),
    }
}

fn page(
    app: &Shared,
    headers: &HeaderMap,
    status: StatusCode,
    (name, email): (&str, &str),
    error: Option<&str>,
) -> Response {
    if !app.identity.may_register {
        return closed();
    }
    let nonce = nonce(app, headers);
    let forms = &app.identity.forms;
    let token = &forms.issue(PURPOSE, b"", nonce.as_str(), app.clock.now_ms());
    with_cookie(RegisterPage { token, name, email, error }.respond(status), forms.cookie(&nonce))
}

fn closed() -> Response {
    let page = MessagePage {
        heading: "Not here",
        text: "This server does not make accounts by itself. Ask whoever runs it.",
        link: Some((routes::SIGN_IN_PAGE, "Sign in")),
    };
    pages::message(StatusCode::FORBIDDEN, page)
}

/// For links that were used or are too old.
pub(super) fn gone() -> Response {
    let page = MessagePage {
        heading: "This link does not work any more",
        text: "It was used before, or it is too old. Ask for a new one.",
        link: Some((routes::SIGN_IN_PAGE, "Sign in")),
    };
    pages::message(StatusCode::GONE, page)
}

/// Why a password will not do. Length is what counts; the common ones are those that every list begins with.
pub(super) fn weakness(password: &str, email: &str) -> Option<&'static str> {
    const COMMON: [&str; 12] = [
        "1234567890",
        "12345678910",
        "0123456789",
        "password12",
        "password123",
        "passwort123",
        "qwertyuiop",
        "qwertzuiop",
        "iloveyou12",
        "letmein123",
        "adminadmin",
        "1q2w3e4r5t",
    ];
    let lower = password.to_lowercase();
    let first = password.chars().next();
    if password.chars().count() < MIN_PASSWORD {
        Some("The password is too short: it needs at least 10 characters.")
    } else if password.len() > 1_024 {
        Some("The password is too long.")
    } else if COMMON.contains(&lower.as_str())
        || lower == email.to_lowercase()
        || password.chars().all(|character| Some(character) == first)
    {
        Some("That password is among the first that anybody would try. Choose another.")
    } else {
        None
    }
}

/// Enough to send a mail to: one @, something before it, a domain after it, nothing that a header could trip over.
fn is_address(email: &str) -> bool {
    let is_plain = email.len() <= MAX_EMAIL
        && email.chars().all(|character| !character.is_control() && !character.is_whitespace())
        && !email.contains(['<', '>', '"', ',', ';', ':', '\\', '(', ')']);
    let Some((local, domain)) = email.split_once('@') else { return false };
    is_plain
        && !local.is_empty()
        && domain.split('.').count() > 1
        && domain.split('.').all(|part| !part.is_empty())
        && !domain.contains('@')
}

fn clean(name: &str) -> String {
    let kept = name.trim().chars().filter(|character| !character.is_control());
    kept.take(MAX_NAME).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_for_what_would_break_a_mail() {
        for good in ["mia@lumen.example", "m.i+a@a.b.example", "日本@例え.example"] {
            assert!(is_address(good), "{good}");
        }
        for bad in ["", "mia", "@x.y", "mia@x", "mia@x..y", "a@b@c.d", "a b@c.d", "a@c.d\r\nBcc: x@y.z", "<a@b.c>"] {
            assert!(!is_address(bad), "{bad}");
        }
    }

    #[test]
    fn weak_passwords_are_refused() {
        for bad in ["short", "1234567890", "aaaaaaaaaaaa", "mia@lumen.example", "PASSWORD123"] {
            assert!(weakness(bad, "mia@lumen.example").is_some(), "{bad}");
        }
        assert!(weakness("correct horse", "mia@lumen.example").is_none());
    }
}
