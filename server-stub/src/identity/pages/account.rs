//! The page of the account: who it is, where it is signed in, how one gets in.

use super::layout::{Page, alert, escape, hidden, notice};
use axum::{http::StatusCode, response::Response};
use std::fmt::Write;

/// What the page says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AccountPage<'a> {
    pub(crate) token: &'a str,
    pub(crate) name: &'a str,
    pub(crate) email: &'a str,
    pub(crate) plan: &'a str,
    pub(crate) has_password: bool,
    /// Has the person just signed in? Otherwise no way in is added.
    pub(crate) is_recent: bool,
    /// Apps and browsers.
    pub(crate) devices: &'a [ListedDevice],
    pub(crate) passkeys: &'a [ListedPasskey],
    pub(crate) error: Option<&'a str>,
    pub(crate) notice: Option<&'a str>,
}

/// One that is signed in.
#[derive(Clone, Debug)]
pub(crate) struct ListedDevice {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Such as `last used today`.
    pub(crate) note: String,
    pub(crate) is_current: bool,
}

/// One passkey.
#[derive(Clone, Debug)]
pub(crate) struct ListedPasskey {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) note: String,
}

impl AccountPage<'_> {
    pub(crate) fn respond(self, status: StatusCode) -> Response {
        Page { title: "Your account", main: self.main(), leads_to: None, has_script: true }.respond(status)
    }

    fn main(&self) -> String {
        let token = hidden("token", self.token);
        let (name, email, plan) = (escape(self.name), escape(self.email), escape(self.plan));
        let (alert, notice) = (alert(self.error), notice(self.notice));
        let devices = self.devices.iter().map(|it| {
            let button = if it.is_current {
                r#"<span class="plan">This browser</span>"#.to_owned()
            } else {
                remove_button("end-device", "Sign out", &it.name, &it.id, &token)
            };
            row(&it.name, &it.note, &button)
        });
        let devices: String = devices.collect();
        let passkeys = self
            .passkeys
            .iter()
            .map(|it| row(&it.name, &it.note, &remove_button("remove-passkey", "Remove", &it.name, &it.id, &token)));
        let mut passkeys: String = passkeys.collect();
        if passkeys.is_empty() {
            passkeys =
                r#"<li class="none">None yet. With a passkey you sign in by finger, face or PIN.</li>"#.to_owned();
        }
        let again = |what: &str| {
            format!(r#"<p class="small"><a href="/sign-in?next=%2Faccount">Sign in again</a> to {what}.</p>"#)
        };
        let add_passkey = if self.is_recent {
            let token = escape(self.token);
            format!(
                r#"<button class="secondary" type="button" id="passkey-add" data-token="{token}" hidden>Add a passkey</button>
<p class="alert" id="passkey-problem" role="alert" hidden></p>"#
            )
        } else {
            again("add a passkey")
        };
        let mut main = format!(
            r#"<h1>{name}</h1>
<p class="lead">{email} · {plan}</p>
{notice}{alert}
<section class="card" aria-labelledby="devices">
<h2 id="devices">Signed in</h2>
<ul class="rows">
{devices}</ul>
<form method="post" action="/account/end-others">
{token}<button class="secondary" type="submit">Sign out everywhere else</button>
</form>
</section>
<section class="card" aria-labelledby="passkeys">
<h2 id="passkeys">Passkeys</h2>
<ul class="rows">
{passkeys}</ul>
{add_passkey}
</section>
"#
        );
        let current = if self.has_password {
            r#"<label for="current">Current password</label>
<input id="current" name="current" type="password" autocomplete="current-password" maxlength="1024" required>
"#
        } else {
            ""
        };
        let change = if self.has_password || self.is_recent {
            format!(
                r#"<form method="post" action="/account/password">
{token}<input type="hidden" name="username" value="{email}" autocomplete="username">
{current}<label for="password">New password</label>
<input id="password" name="password" type="password" autocomplete="new-password" minlength="10" maxlength="1024"
 required aria-describedby="rule">
<p class="small" id="rule">At least 10 characters. Every other device will have to sign in again.</p>
<button class="secondary" type="submit">Change password</button>
</form>"#
            )
        } else {
            again("set a password")
        };
        // Writing to a String cannot fail.
        let _ = write!(
            main,
            r#"<section class="card" aria-labelledby="password-title">
<h2 id="password-title">Password</h2>
{change}
</section>
<form method="post" action="/sign-out">
{token}<button class="quiet" type="submit">Sign out</button>
</form>"#
        );
        main
    }
}

fn row(name: &str, note: &str, button: &str) -> String {
    format!(
        r#"<li class="row"><span class="who">{}<span class="mail">{}</span></span>{button}</li>
"#,
        escape(name),
        escape(note)
    )
}

fn remove_button(action: &str, label: &str, name: &str, id: &str, token: &str) -> String {
    format!(
        r#"<form method="post" action="/account/{action}">{token}{}<button class="small-button" type="submit">{label}<span
 class="unseen"> {}</span></button></form>"#,
        hidden("id", id),
        escape(name)
    )
}
