//! The pages for devices without a browser: enter the code that the device shows, look what it is, say yes or no.

use super::layout::{Page, alert, escape, hidden};
use axum::{http::StatusCode, response::Response};

/// Asks for the code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EnterCodePage<'a> {
    pub(crate) token: &'a str,
    pub(crate) code: &'a str,
    pub(crate) error: Option<&'a str>,
}

impl EnterCodePage<'_> {
    pub(crate) fn respond(self, status: StatusCode) -> Response {
        let (token, code, alert) = (hidden("token", self.token), escape(self.code), alert(self.error));
        let state = if self.error.is_some() { r#" aria-invalid="true" aria-describedby="problem""# } else { "" };
        let main = format!(
            r#"<h1>Connect a device</h1>
<p class="lead">Type the code that your device shows</p>
{alert}
<form method="post">
{token}
<label for="code">Code</label>
<input class="code" id="code" name="user_code" type="text" value="{code}" autocomplete="one-time-code"
 autocapitalize="characters" spellcheck="false" maxlength="12" placeholder="XXXX-XXXX" required autofocus{state}>
<button class="primary" type="submit" name="step" value="look">Continue</button>
</form>"#
        );
        Page { title: "Connect a device", main, leads_to: None, has_script: false }.respond(status)
    }
}

/// Shows what asks, and asks back. Whoever was sent a link by somebody else reads here what it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConfirmDevicePage<'a> {
    pub(crate) token: &'a str,
    /// As the device shows it.
    pub(crate) code: &'a str,
    pub(crate) app: &'a str,
    pub(crate) device: &'a str,
    /// Where the device asked from.
    pub(crate) address: &'a str,
    /// Is that where the browser is, too?
    pub(crate) is_same_place: bool,
    pub(crate) email: &'a str,
}

impl ConfirmDevicePage<'_> {
    pub(crate) fn respond(self) -> Response {
        let Self { token, code, app, device, address, is_same_place, email } = self;
        let place = if is_same_place {
            format!("{}, the network that you are on", escape(address))
        } else {
            format!("{}, <strong>another network than yours</strong>", escape(address))
        };
        let (app, device, email, shown) = (escape(app), escape(device), escape(email), escape(code));
        let (token, code) = (hidden("token", token), hidden("user_code", code));
        let main = format!(
            r#"<h1>Is this your device?</h1>
<p class="lead">It will be signed in as <strong>{email}</strong></p>
<section class="card" aria-labelledby="what">
<h2 id="what">What asks</h2>
<dl class="facts">
<div><dt>Code</dt><dd class="shown">{shown}</dd></div>
<div><dt>App</dt><dd>{app}</dd></div>
<div><dt>Device</dt><dd>{device}</dd></div>
<div><dt>From</dt><dd>{place}</dd></div>
</dl>
</section>
<p class="warning"><strong>Only go on if you see this code on a device in front of you.</strong>
If somebody sent you this link or code, or told you to open this page, choose Refuse: they would get into your
account.</p>
<form method="post">
{token}{code}
<button class="primary" type="submit" name="step" value="allow">Yes, sign it in</button>
<button class="secondary" type="submit" name="step" value="deny">Refuse</button>
</form>"#
        );
        Page { title: "Is this your device?", main, leads_to: None, has_script: false }.respond(StatusCode::OK)
    }
}
