//! The pages that make an account and that get one back.

use super::{
    account::ListedPasskey,
    layout::{Page, alert, escape, hidden},
};
use axum::{http::StatusCode, response::Response};
use std::fmt::Write;

/// Makes an account.
#[derive(Clone, Copy)]
pub(crate) struct RegisterPage<'a> {
    pub(crate) token: &'a str,
    pub(crate) name: &'a str,
    pub(crate) email: &'a str,
    pub(crate) error: Option<&'a str>,
}

impl RegisterPage<'_> {
    pub(crate) fn respond(self, status: StatusCode) -> Response {
        let (token, name, email) = (hidden("token", self.token), escape(self.name), escape(self.email));
        let alert = alert(self.error);
        let main = format!(
            r#"<h1>Create an account</h1>
<p class="lead">We will send you a mail to confirm the address</p>
{alert}
<form method="post">
{token}
<label for="name">Your name</label>
<input id="name" name="name" type="text" value="{name}" autocomplete="name" maxlength="60" required autofocus>
<label for="email">E-mail</label>
<input id="email" name="email" type="email" value="{email}" autocomplete="username" inputmode="email"
 autocapitalize="none" spellcheck="false" maxlength="254" required>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="new-password" minlength="10" maxlength="1024"
 required aria-describedby="rule">
<p class="small" id="rule">At least 10 characters. A few words are better than one with signs in it.</p>
<button class="primary" type="submit">Create account</button>
</form>
<p class="links"><a href="/sign-in">I have an account</a></p>"#
        );
        Page { title: "Create an account", main, leads_to: None, has_script: false }.respond(status)
    }
}

/// Confirms an address: a button, because mail programs follow links by themselves.
#[derive(Clone, Copy)]
pub(crate) struct ConfirmPage<'a> {
    pub(crate) token: &'a str,
    pub(crate) link: &'a str,
    pub(crate) email: &'a str,
}

impl ConfirmPage<'_> {
    pub(crate) fn respond(self) -> Response {
        let (token, link, email) = (hidden("token", self.token), hidden("link", self.link), escape(self.email));
        let main = format!(
            r#"<h1>One more step</h1>
<p class="lead">Confirm that <strong>{email}</strong> is yours</p>
<form method="post">
{token}{link}
<button class="primary" type="submit">Confirm and create the account</button>
</form>"#
        );
        Page { title: "Confirm your address", main, leads_to: None, has_script: false }.respond(StatusCode::OK)
    }
}

/// Asks whose password is forgotten.
#[derive(Clone, Copy)]
pub(crate) struct RecoverPage<'a> {
    pub(crate) token: &'a str,
    pub(crate) error: Option<&'a str>,
}

impl RecoverPage<'_> {
    pub(crate) fn respond(self, status: StatusCode) -> Response {
        let (token, alert) = (hidden("token", self.token), alert(self.error));
        let main = format!(
            r#"<h1>Forgot your password?</h1>
<p class="lead">We will send you a mail with a link to set a new one</p>
{alert}
<form method="post">
{token}
<label for="email">E-mail</label>
<input id="email" name="email" type="email" autocomplete="username" inputmode="email" autocapitalize="none"
 spellcheck="false" maxlength="254" required autofocus>
<button class="primary" type="submit">Send the mail</button>
</form>
<p class="links"><a href="/sign-in">Back to sign in</a></p>"#
        );
        Page { title: "Forgot your password?", main, leads_to: None, has_script: false }.respond(status)
    }
}

/// Sets a new password.
#[derive(Clone, Copy)]
pub(crate) struct NewPasswordPage<'a> {
    pub(crate) token: &'a str,
    pub(crate) link: &'a str,
    pub(crate) email: &'a str,
    pub(crate) passkeys: &'a [ListedPasskey],
    pub(crate) error: Option<&'a str>,
}

impl NewPasswordPage<'_> {
    pub(crate) fn respond(self, status: StatusCode) -> Response {
        let (token, link, email) = (hidden("token", self.token), hidden("link", self.link), escape(self.email));
        let alert = alert(self.error);
        let passkeys = keep_passkeys(self.passkeys);
        let main = format!(
            r#"<h1>New password</h1>
<p class="lead">Every device will have to sign in again</p>
{alert}
<form method="post">
{token}{link}
<label for="email">E-mail</label>
<input id="email" type="email" value="{email}" autocomplete="username" readonly>
<label for="password">New password</label>
<input id="password" name="password" type="password" autocomplete="new-password" minlength="10" maxlength="1024"
 required autofocus aria-describedby="rule">
<p class="small" id="rule">At least 10 characters. A few words are better than one with signs in it.</p>
{passkeys}<button class="primary" type="submit">Set password</button>
</form>"#
        );
        Page { title: "New password", main, leads_to: None, has_script: false }.respond(status)
    }
}

/// Which passkeys stay: none, unless the owner knows them.
fn keep_passkeys(passkeys: &[ListedPasskey]) -> String {
    if passkeys.is_empty() {
        return String::new();
    }
    let mut choice = r#"<fieldset class="choices">
<legend>Your passkeys are removed. Keep only those that you have added yourself:</legend>
"#
    .to_owned();
    for ListedPasskey { id, name, note } in passkeys {
        // Writing to a String cannot fail.
        let _ = writeln!(
            choice,
            r#"<label><input type="checkbox" name="keep" value="{}"> {} <span class="mail">{}</span></label>"#,
            escape(id),
            escape(name),
            escape(note)
        );
    }
    choice.push_str("</fieldset>\n");
    choice
}
