//! The page where a password is typed.

use super::layout::{GO_ICON, Page, alert, escape, hidden, notice};
use axum::{http::StatusCode, response::Response};
use std::fmt::Write;

/// What the page says.
#[derive(Clone, Copy)]
pub(crate) struct SignInPage<'a> {
    /// The hidden field.
    pub(crate) token: &'a str,
    /// As typed before; kept, because a wrong password is more likely than a wrong address.
    pub(crate) email: &'a str,
    /// What went wrong and what to do, in whole sentences.
    pub(crate) error: Option<&'a str>,
    /// What went well before, such as a new password.
    pub(crate) notice: Option<&'a str>,
    /// Accounts to choose from; empty outside of demo mode.
    pub(crate) demo: &'a [DemoEntry],
    /// Where the form may lead besides this server.
    pub(crate) leads_to: Option<&'a str>,
    /// What the person comes for: an app's name, if it is not ours.
    pub(crate) app: Option<&'a str>,
    pub(crate) entrance: Entrance<'a>,
}

/// The other ways in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entrance<'a> {
    /// Path of this server to go on at.
    pub(crate) next: &'a str,
    /// Identifier and name of other providers.
    pub(crate) providers: &'a [(String, String)],
    /// May people make accounts?
    pub(crate) may_register: bool,
    /// Is this a sign-in for an app, which can be told that nobody wants it?
    pub(crate) may_cancel: bool,
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
    pub(crate) fn respond(self, status: StatusCode) -> Response {
        let title = if self.error.is_some() { "Error: sign in" } else { "Sign in" };
        Page { title, main: self.main(), leads_to: self.leads_to, has_script: true }.respond(status)
    }

    fn main(&self) -> String {
        let (token, email) = (escape(self.token), escape(self.email));
        let (alert, notice) = (alert(self.error), notice(self.notice));
        // After an error the address is there already: the password is what will be typed next.
        let is_retry = self.error.is_some();
        let email_focus = if is_retry && !email.is_empty() { "" } else { " autofocus" };
        let password_state = match (is_retry, email.is_empty()) {
            (true, false) => r#" aria-invalid="true" aria-describedby="problem" autofocus"#,
            (true, true) => r#" aria-invalid="true" aria-describedby="problem""#,
            (false, _) => "",
        };
        let lead = match (self.app, self.entrance.may_cancel) {
            (Some(app), _) => format!("to go on to {}", escape(app)),
            (None, true) => "You will be taken back to the app".to_owned(),
            (None, false) => "to your Lumen account".to_owned(),
        };
        let cancel = if self.entrance.may_cancel {
            "<button class=\"quiet\" type=\"submit\" name=\"cancel\" value=\"1\" formnovalidate>Cancel</button>\n"
        } else {
            ""
        };
        let (others, links, demo) = (self.others(), self.links(), self.demo_section(&token));
        format!(
            r#"<h1>Sign in</h1>
<p class="lead">{lead}</p>
{notice}{alert}
<form method="post">
<input type="hidden" name="token" value="{token}">
<label for="email">E-mail</label>
<input id="email" name="email" type="email" value="{email}" autocomplete="username webauthn" inputmode="email"
 autocapitalize="none" spellcheck="false" maxlength="254" required{email_focus}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="1024"
 required{password_state}>
<button class="primary" type="submit">Sign in</button>
{cancel}</form>
{others}{links}{demo}"#
        )
    }

    fn others(&self) -> String {
        let next = escape(self.entrance.next);
        let mut others = format!(
            r#"<div class="others">
<button class="secondary" type="button" id="passkey-sign-in" data-next="{next}" hidden>Sign in with a passkey</button>
<p class="alert" id="passkey-problem" role="alert" hidden></p>
"#
        );
        let query: String = url::form_urlencoded::byte_serialize(self.entrance.next.as_bytes()).collect();
        for (id, name) in self.entrance.providers {
            // Writing to a String cannot fail.
            let _ = writeln!(
                others,
                r#"<a class="secondary" href="/federation/{}?next={query}">Sign in with {}</a>"#,
                escape(id),
                escape(name)
            );
        }
        others + "</div>\n"
    }

    fn links(&self) -> String {
        let register = if self.entrance.may_register { r#"<a href="/register">Create an account</a>"# } else { "" };
        format!("<p class=\"links\"><a href=\"/recover\">Forgot your password?</a>{register}</p>\n")
    }

    fn demo_section(&self, token: &str) -> String {
        let Some(first) = self.demo.first() else { return String::new() };
        let mut people = String::new();
        for entry in self.demo {
            let DemoEntry { email, plan, name, colour, .. } = entry;
            let initial = name.chars().next().unwrap_or(' ');
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
{}
{people}</form>
</section>"#,
            escape(first.password),
            hidden("token", token)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: SignInPage<'_> = SignInPage {
        token: "t0ken",
        email: "",
        error: None,
        notice: None,
        demo: &[],
        leads_to: Some("http://127.0.0.1:1"),
        app: None,
        entrance: Entrance { next: "/account", providers: &[], may_register: true, may_cancel: true },
    };

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
}
