//! What all pages share: one HTML document without fonts or pictures from elsewhere, and its policy.

pub(super) use crate::gateway::markup::escape;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const STYLE: &str = include_str!("assets/style.css");
const BACKDROP: &str = include_str!("assets/backdrop.svg");
/// The one script.
pub(crate) const PASSKEY_SCRIPT: &str = include_str!("assets/passkeys.js");

const WARNING_ICON: &str = concat!(
    r##"<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" "##,
    r##"aria-hidden="true"><circle cx="12" cy="12" r="9"/><path d="M12 7.5v5M12 16h.01"/></svg>"##
);
pub(super) const GO_ICON: &str = concat!(
    r##"<svg class="go" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.75" "##,
    r##"stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="m6 3 5 5-5 5"/></svg>"##
);

/// Allows the one inline style sheet.
static STYLE_HASH: LazyLock<String> =
    LazyLock::new(|| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(STYLE.as_bytes()))));

/// A page before it is sent.
#[derive(Debug)]
pub(super) struct Page<'a> {
    pub(super) title: &'a str,
    /// HTML between `<main>` and `</main>`.
    pub(super) main: String,
    /// Where forms may lead besides this server, as a source expression.
    pub(super) leads_to: Option<&'a str>,
    /// Does it load the script for passkeys?
    pub(super) has_script: bool,
}

impl Page<'_> {
    /// The page as a response that nothing may store or frame.
    pub(super) fn respond(self, status: StatusCode) -> Response {
        let targets = self.leads_to.map_or_else(|| "'self'".to_owned(), form_targets);
        let script = if self.has_script { " script-src 'self'; connect-src 'self';" } else { "" };
        let policy = format!(
            "default-src 'none'; style-src {}; img-src data:;{script} form-action {targets}; base-uri 'none'; \
             frame-ancestors 'none'",
            *STYLE_HASH
        );
        let mut response = (status, Html(self.document())).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::try_from(policy).expect("a hash and a checked address are visible ASCII"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
        headers.insert("permissions-policy", HeaderValue::from_static("camera=(), geolocation=(), microphone=()"));
        response
    }

    fn document(&self) -> String {
        let Self { title, main, .. } = self;
        let script = if self.has_script { "<script src=\"/passkeys/passkeys.js\" defer></script>\n" } else { "" };
        format!(
            r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="color-scheme" content="dark">
<meta name="theme-color" content="#0b0d12">
<meta name="robots" content="noindex">
<title>{title} · Lumen</title>
<link rel="icon" href="data:,">
<style>{STYLE}</style>
{script}</head>
<body>
{BACKDROP}<div class="scrim"></div>
<header><p class="wordmark">lumen</p></header>
<main>
{main}
</main>
</body>
</html>
"##
        )
    }
}

/// A page that says why there is no form, and leads nowhere.
pub(crate) fn refusal(status: StatusCode, reason: &str) -> Response {
    let main = format!(
        r#"<h1>This link does not work</h1>
<p class="lead">{}</p>
<p class="lead">Close this page, go back to the app and choose Sign in again.</p>"#,
        escape(reason)
    );
    Page { title: "Sign-in problem", main, leads_to: None, has_script: false }.respond(status)
}

/// What went wrong, read aloud at once.
pub(super) fn alert(error: Option<&str>) -> String {
    let alert = error.map(|error| {
        format!(r#"<div class="alert" id="problem" role="alert">{WARNING_ICON}<span>{}</span></div>"#, escape(error))
    });
    alert.unwrap_or_default()
}

/// What went well.
pub(super) fn notice(text: Option<&str>) -> String {
    text.map(|text| format!(r#"<p class="notice" role="status">{}</p>"#, escape(text))).unwrap_or_default()
}

/// The hidden field of a form.
pub(super) fn hidden(name: &str, value: &str) -> String {
    format!(r#"<input type="hidden" name="{name}" value="{}">"#, escape(value))
}

/// CSP also checks where a sent form is redirected to. Its grammar has no IPv6 addresses; there the scheme must do.
fn form_targets(leads_to: &str) -> String {
    if leads_to.contains('[') { "'self' http:".to_owned() } else { format!("'self' {leads_to}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_styled_or_scripted_inline() {
        // The policy would silently drop it.
        let page = Page { title: "x", main: String::new(), leads_to: None, has_script: false };
        let html = page.document();
        let body = &html[html.find("<body>").unwrap()..];
        assert!(!body.contains("style=") && !html.contains("<script"), "{body}");
    }

    #[test]
    fn form_may_lead_to_the_app_and_nowhere_else() {
        assert_eq!(form_targets("http://127.0.0.1:4321"), "'self' http://127.0.0.1:4321");
        assert_eq!(form_targets("http://[::1]:4321"), "'self' http:");
    }
}
