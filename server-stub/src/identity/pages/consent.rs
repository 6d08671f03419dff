//! The page that asks somebody who is signed in whether an app may go on in his name.

use super::layout::{Page, escape, hidden};
use axum::{http::StatusCode, response::Response};

/// What the page says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConsentPage<'a> {
    pub(crate) token: &'a str,
    pub(crate) app: &'a str,
    pub(crate) email: &'a str,
    /// Where the answer goes, as host or scheme, for apps of somebody else.
    pub(crate) leads_to: &'a str,
    /// Space-separated.
    pub(crate) scope: &'a str,
    /// An app of ours is not asked about, only whom it is for.
    pub(crate) is_first_party: bool,
}

impl ConsentPage<'_> {
    pub(crate) fn respond(self) -> Response {
        let title = if self.is_first_party { "Continue" } else { "Allow access" };
        Page { title, main: self.main(), leads_to: Some(self.leads_to), has_script: false }.respond(StatusCode::OK)
    }

    fn main(&self) -> String {
        let (app, email, token) = (escape(self.app), escape(self.email), hidden("token", self.token));
        if self.is_first_party {
            return format!(
                r#"<h1>Continue to {app}</h1>
<p class="lead">You are signed in as <strong>{email}</strong></p>
<form method="post">
{token}
<button class="primary" type="submit" name="answer" value="allow">Continue</button>
<button class="secondary" type="submit" name="answer" value="switch">Use another account</button>
<button class="quiet" type="submit" name="cancel" value="1">Cancel</button>
</form>"#
            );
        }
        let mut asked = String::new();
        for scope in self.scope.split(' ') {
            let text = match scope {
                "openid" => "Know that you are you, by a number that stays the same",
                "profile" => "See your name",
                "email" => "See your e-mail address",
                "offline_access" => "Keep this access until you take it back",
                "watch" => "Use the catalog and play titles as you",
                _ => continue,
            };
            asked.push_str("<li>");
            asked.push_str(text);
            asked.push_str("</li>\n");
        }
        let place = escape(self.leads_to);
        format!(
            r#"<h1>{app} wants access</h1>
<p class="lead">You are signed in as <strong>{email}</strong></p>
<section class="card" aria-labelledby="asked">
<h2 id="asked">{app} will be able to</h2>
<ul class="asked">
{asked}</ul>
<p class="small">The answer goes to {place}. You can take the access back on your account page.</p>
</section>
<form method="post">
{token}
<button class="primary" type="submit" name="answer" value="allow">Allow</button>
<button class="secondary" type="submit" name="cancel" value="1">Do not allow</button>
<button class="quiet" type="submit" name="answer" value="switch">Use another account</button>
</form>"#
        )
    }
}
