//! Signing in through the system browser, as RFC 8252 asks of an installed app.
//!
//! 1. [`Client::begin_sign_in`] opens a port on 127.0.0.1 and makes the address with PKCE challenge and `state`.
//! 2. The caller opens the address in the system browser: never in a window of its own, which could read passwords.
//! 3. The server sends the browser back to the port; [`SignIn::finish`] checks `state` and `iss`, exchanges the code
//!    and stores the tokens, and only then tells the browser that it worked.

use super::{
    Client, ClientError, SignInError,
    loopback::{Loopback, Redirect, RedirectOutcome},
    oauth::{Authorization, TokenError},
    page::Page,
};
use crate::identity::Account;
use oauth2::PkceCodeVerifier;
use std::{fmt, sync::Arc, time::Duration};
use tokio::{sync::mpsc, time::timeout};
use url::Url;

/// How long [`SignIn::finish`] waits for the browser. Long enough to look up a password.
pub const SIGN_IN_TIME_LIMIT: Duration = Duration::from_secs(600);
/// Redirects with a foreign `state` that are ignored. One may come from an old tab; more is no accident, and a server
/// that loses the state should be reported and not waited for.
const FOREIGN_REDIRECTS: usize = 5;

/// One attempt to sign in. Dropping it, or the future of [`SignIn::finish`], frees the port.
pub struct SignIn {
    client: Client,
    loopback: Loopback,
    authorization: Authorization,
    time_limit: Duration,
}

impl Client {
    /// Begins a sign-in: open [`SignIn::url`] in the system browser, then wait for [`SignIn::finish`].
    ///
    /// # Errors
    /// [`SignInError::Client`] if the service cannot be asked for its endpoints, [`SignInError::Metadata`] if they are
    /// not acceptable, [`SignInError::Listener`] if no port can be opened.
    pub async fn begin_sign_in(&self) -> Result<SignIn, SignInError> {
        let loopback = Loopback::bind().await.map_err(|error| SignInError::Listener(Arc::new(error)))?;
        let authorization = self.inner.session.oauth().authorization(loopback.redirect_uri()).await?;
        Ok(SignIn { client: self.clone(), loopback, authorization, time_limit: SIGN_IN_TIME_LIMIT })
    }

    /// Signs in silently with the kept session; `None` if there is none, or if the service has ended it.
    ///
    /// # Errors
    /// [`ClientError::Network`] when the service is away: the session is kept, try again later.
    /// [`ClientError::Store`] if the store cannot be read now.
    pub async fn restore(&self) -> Result<Option<Account>, ClientError> {
        if !self.inner.session.is_kept().await? {
            return Ok(None);
        }
        match self.me().await {
            Ok(account) => Ok(Some(account)),
            Err(error) if error.is_signed_out() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Signs out: forgets the session on this device, then revokes it at the service. If the service is away, the
    /// session is forgotten here all the same, and ends there when it expires.
    ///
    /// # Errors
    /// [`ClientError::Store`] if the kept session could not be removed from this device.
    pub async fn sign_out(&self) -> Result<(), ClientError> {
        self.inner.session.end().await
    }
}

impl SignIn {
    /// The address for the system browser.
    pub fn url(&self) -> &Url {
        &self.authorization.url
    }

    /// Waits for the browser to come back, at most [`SIGN_IN_TIME_LIMIT`], and returns who is signed in.
    ///
    /// # Errors
    /// What the service or the viewer decided ([`SignInError::Refused`]), a redirect that does not belong to this
    /// sign-in, no answer in time, or a service that is away at the end.
    pub async fn finish(self) -> Result<Account, SignInError> {
        let time_limit = self.time_limit;
        timeout(time_limit, self.wait()).await.unwrap_or(Err(SignInError::TimedOut))
    }

    /// Where the server will send the browser.
    pub(super) fn redirect_uri(&self) -> Url {
        self.authorization.redirect.clone()
    }

    async fn wait(self) -> Result<Account, SignInError> {
        let (sender, receiver) = mpsc::channel(1);
        let Self { client, loopback, authorization, .. } = self;
        // Both run in this future and nowhere else, so dropping it ends them. The server goes on until the browser
        // has its page, which is sent when the exchange has dropped its end of the channel.
        let serve = loopback.serve(sender);
        let exchange = exchange(&client, authorization, receiver);
        let (_, outcome) = tokio::join!(serve, exchange);
        outcome
    }
}

/// Waits for the redirect of this sign-in and turns it into a session.
async fn exchange(
    client: &Client,
    authorization: Authorization,
    mut redirects: mpsc::Receiver<Redirect>,
) -> Result<Account, SignInError> {
    let Authorization { state, verifier, redirect: redirect_uri, .. } = authorization;
    let mut foreign = 0;
    let (redirect, answer) = loop {
        // The server holds the other end as long as we hold this one.
        let redirect = redirects.recv().await.ok_or(SignInError::TimedOut)?;
        if redirect.state == *state.secret() {
            break (redirect.outcome, (redirect.iss, redirect.answer));
        }
        let _ = redirect.answer.send(Page::Foreign);
        foreign += 1;
        tracing::warn!(foreign, "a redirect with a foreign state was ignored");
        if foreign >= FOREIGN_REDIRECTS {
            return Err(SignInError::StateMismatch);
        }
    };
    let (iss, answer) = answer;
    let outcome = accept(client, redirect, iss, verifier, redirect_uri).await;
    let page = match &outcome {
        Ok(_) => Page::SignedIn,
        Err(SignInError::Refused { .. }) => Page::Refused,
        Err(_) => Page::Failed,
    };
    let _ = answer.send(page);
    outcome
}

async fn accept(
    client: &Client,
    outcome: RedirectOutcome,
    iss: Option<String>,
    verifier: PkceCodeVerifier,
    redirect_uri: Url,
) -> Result<Account, SignInError> {
    let session = &client.inner.session;
    let endpoints = session.oauth().endpoints().await?;
    let is_from_our_server = match iss {
        Some(iss) => iss == endpoints.issuer,
        None => !endpoints.sends_iss,
    };
    if !is_from_our_server {
        return Err(SignInError::IssuerMismatch);
    }
    let code = match outcome {
        RedirectOutcome::Code(code) => code,
        RedirectOutcome::Error { code, description } => {
            return Err(SignInError::Refused {
                code: printable(&code),
                description: description.as_deref().map(printable),
            });
        }
    };
    let tokens = session.oauth().exchange_code(code, verifier, redirect_uri).await.map_err(|error| match error {
        TokenError::InvalidGrant => SignInError::CodeRefused("invalid_grant".to_owned()),
        TokenError::Refused(code) => SignInError::CodeRefused(printable(&code)),
        TokenError::Client(error) => SignInError::Client(error),
    })?;
    session.adopt(tokens).await?;
    Ok(client.me().await?)
}

/// Text from a redirect, fit for a log and a screen: short, one line.
fn printable(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(200).collect()
}

impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the address: its state is the secret that redirects are recognised by.
        f.debug_struct("SignIn").field("redirect", &self.authorization.redirect.as_str()).finish_non_exhaustive()
    }
}

#[cfg(test)]
impl SignIn {
    pub(crate) fn with_time_limit(mut self, time_limit: Duration) -> Self {
        self.time_limit = time_limit;
        self
    }

    pub(crate) fn state(&self) -> &str {
        self.authorization.state.secret()
    }
}
