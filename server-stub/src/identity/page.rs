//! The sign-in page: one HTML document without script, fonts or pictures from elsewhere.
//!
//! It is the only page that Lumen shows in somebody else's program, a browser, and the one place where a password is
//! typed. So its policy allows nothing but its own style sheet, by hash, and a form that ends here or at the loopback
//! address that was asked for.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use std::{fmt::Write, sync::LazyLock};

const STYLE: &str = include_str!("page/style.css");
const BACKDROP: &str = include_str!("page/backdrop.svg");

const WARNING_ICON: &str = concat!(
    r##"<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" "##,
    r##"aria-hidden="true"><circle cx="12" cy="12" r="9"/><path d="M12 7.5v5M12 16h.01"/></svg>"##
);
const GO_ICON: &str = concat!(
    r##"<svg class="go" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.75" "##,
    r##"stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="m6 3 5 5-5 5"/></svg>"##
);

/// Allows the one inline style sheet.
static STYLE_HASH: LazyLock<String> =
    LazyLock::new(|| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(STYLE.as_bytes()))));

/// What the page says.
#[derive(Clone, Copy)]
pub(crate) struct SignInPage<'a> {
    /// The hidden field.
    pub(crate) token: &'a str,
    /// As typed before; kept, because a wrong password is more likely than a wrong address.
    pub(crate) email: &'a str,
    /// What went wrong and what to do, in whole sentences.
    pub(crate) error: Option<&'a str>,
    /// Accounts to choose from; empty outside of demo mode.
    pub(crate) demo: &'a [DemoEntry],
    /// Where the form may lead besides this server, as an origin.
    pub(crate) redirect_origin: &'a str,
}

/// One demo account on the page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DemoEntry {
    pub(crate) email: &'static str,
    pub(crate) password: &'static str,
    pub(crate) plan: &'static str,
    pub(crate) name: &'static str,
    pub(crate) colour: &'static str,
}

impl SignInPage<'_> {
    /// The page as a response that nothing may store or frame.
    pub(crate) fn into_response(self, status: StatusCode) -> Response {
        let title = if self.error.is_some() { "Error: sign in · Lumen" } else { "Sign in · Lumen" };
        respond(status, document(title, &self.main()), &form_targets(self.redirect_origin))
    }

    fn main(&self) -> String {
        let (token, email) = (escape(self.token), escape(self.email));
        let alert = self.error.map(|error| {
            format!(
                r#"<div class="alert" id="problem" role="alert">{WARNING_ICON}<span>{}</span></div>"#,
                escape(error)
            )
        });
        let alert = alert.unwrap_or_default();
        // After an error the address is there already: the password is what will be typed next.
        let is_retry = self.error.is_some();
        let email_focus = if is_retry && !email.is_empty() { "" } else { " autofocus" };
        let password_state = match (is_retry, email.is_empty()) {
            (true, false) => r#" aria-invalid="true" aria-describedby="problem" autofocus"#,
            (true, true) => r#" aria-invalid="true" aria-describedby="problem""#,
            (false, _) => "",
        };
        let demo = self.demo_section(&token);
        format!(
            r#"<h1>Sign in</h1>
<p class="lead">You will be taken back to the app</p>
{alert}
<form method="post">
<input type="hidden" name="token" value="{token}">
<label for="email">E-mail</label>
<input id="email" name="email" type="email" value="{email}" autocomplete="username" inputmode="email"
 autocapitalize="none" spellcheck="false" maxlength="254" required{email_focus}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="1024"
 required{password_state}>
<button class="primary" type="submit">Sign in</button>
<button class="quiet" type="submit" name="cancel" value="1" formnovalidate>Cancel</button>
</form>
{demo}"#
        )
    }

    fn demo_section(&self, token: &str) -> String {
        let Some(first) = self.demo.first() else { return String::new() };
        let mut people = String::new();
        for entry in self.demo {
            let DemoEntry { email, plan, name, colour, .. } = entry;
            let initial = name.chars().next().unwrap_or(' ');
            // Writing to a String cannot fail.
            let _ = write!(
                people,
                r#"<button class="person" type="submit" name="demo" value="{email}">
<svg class="face" viewBox="0 0 36 36" aria-hidden="true"><circle cx="18" cy="18" r="18" fill="{colour}"/>
<text x="18" y="23.5">{initial}</text></svg>
<span class="who">{name}<span class="mail">{email}</span></span>
<span class="plan">{plan}</span>{GO_ICON}
</button>
"#
            );
        }
        format!(
            r#"<section class="demo" aria-labelledby="demo">
<h2 id="demo">Demo accounts</h2>
<p>Choose one, or type the password <code>{}</code></p>
<form method="post">
<input type="hidden" name="token" value="{token}">
{people}</form>
</section>"#,
            escape(first.password)
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
    respond(status, document("Sign-in problem · Lumen", &main), "'none'")
}

fn document(title: &str, main: &str) -> String {
    format!(
        r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="color-scheme" content="dark">
<meta name="theme-color" content="#0b0d12">
<meta name="robots" content="noindex">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{STYLE}</style>
</head>
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

/// CSP also checks where a sent form is redirected to. Its grammar has no IPv6 addresses; there the scheme must do.
fn form_targets(redirect_origin: &str) -> String {
    if redirect_origin.contains('[') { "'self' http:".to_owned() } else { format!("'self' {redirect_origin}") }
}

fn respond(status: StatusCode, document: String, form_targets: &str) -> Response {
    let policy = format!(
        "default-src 'none'; style-src {}; img-src data:; form-action {form_targets}; base-uri 'none'; \
         frame-ancestors 'none'",
        *STYLE_HASH
    );
    let mut response = (status, Html(document)).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::try_from(policy).expect("a hash and a checked loopback origin are visible ASCII"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("permissions-policy", HeaderValue::from_static("camera=(), geolocation=(), microphone=()"));
    response
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: SignInPage<'_> =
        SignInPage { token: "t0ken", email: "", error: None, demo: &[], redirect_origin: "http://127.0.0.1:1" };

    #[test]
    fn typed_text_cannot_become_markup() {
        let page = SignInPage { email: r#""><script>alert('x')</script>"#, error: Some("a < b"), ..PAGE };
        let main = page.main();
        assert!(!main.contains("<script"));
        assert!(main.contains("&quot;&gt;&lt;script&gt;") && main.contains("a &lt; b"));
    }

    #[test]
    fn page_without_demo_shows_no_account() {
        assert!(!PAGE.main().contains("lumen.example") && !PAGE.main().contains("Demo"));
    }

    #[test]
    fn cursor_waits_where_something_is_to_be_typed() {
        let focused = |page: SignInPage<'_>| {
            let main = page.main();
            let at = main.find("autofocus").unwrap();
            assert_eq!(main.matches("autofocus").count(), 1);
            if main[..at].contains(r#"id="password""#) { "password" } else { "email" }
        };
        assert_eq!(focused(PAGE), "email");
        assert_eq!(focused(SignInPage { error: Some("no"), ..PAGE }), "email");
        assert_eq!(focused(SignInPage { error: Some("no"), email: "mia@lumen.example", ..PAGE }), "password");
    }

    #[test]
    fn nothing_is_styled_or_scripted_inline() {
        // The policy would silently drop it.
        let html = document("x", &PAGE.main());
        let body = &html[html.find("<body>").unwrap()..];
        assert!(!body.contains("style=") && !body.contains("<script"), "{body}");
    }

    #[test]
    fn form_may_lead_to_the_app_and_nowhere_else() {
        assert_eq!(form_targets("http://127.0.0.1:4321"), "'self' http://127.0.0.1:4321");
        assert_eq!(form_targets("http://[::1]:4321"), "'self' http:");
    }
}
