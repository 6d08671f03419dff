//! What the gateway's own pages ask about a browser: who is signed in there, and whether a form came from a page of ours.

use super::{Identity, sessions::BrowserSession};
use axum::http::HeaderMap;
use service_api::identity::Role;

/// A signed-in browser, with what its account may do.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    session: BrowserSession,
    pub(crate) role: Role,
}

impl Identity {
    /// The signed-in browser that asks.
    pub(crate) async fn browser(&self, headers: &HeaderMap) -> Result<Option<Browser>, sqlx::Error> {
        let Some(session) = self.sessions.find(headers).await? else { return Ok(None) };
        let role = self.accounts.role(&session.account).await?;
        Ok(role.map(|role| Browser { session, role }))
    }

    /// The hidden field of a form that only this browser can send.
    pub(crate) fn form_token(&self, purpose: &str, browser: &Browser) -> String {
        self.forms.issue(purpose, b"", &browser.session.id, self.clock.now_ms())
    }

    /// Was the field made for this purpose and browser?
    pub(crate) fn is_form_token(&self, token: &str, purpose: &str, browser: &Browser) -> bool {
        self.forms.is_valid(token, purpose, b"", &browser.session.id, self.clock.now_ms())
    }
}
