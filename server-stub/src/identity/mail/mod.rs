//! Mails to people: confirm an address, set a new password, notice that one was changed or a passkey added.
//!
//! Three nouns. A [`Job`] is what a page asks for; it says nothing of whether there is an account. The worker
//! ([`work`]) finds out and writes a [`Mail`]. A [`MailSink`] delivers it: into a folder by default, or to a relay.

mod links;
mod sinks;

pub(crate) use links::{MailLinks, PendingLink};
pub use sinks::{FolderSink, MailError, MailSink, RelaySink};

use crate::{app::Shared, server::Chain};
use service_api::routes;
use std::fmt;
use tokio::sync::mpsc;

/// Jobs that wait. More than a minute of work for a slow relay; beyond, pages say that they are busy.
pub(crate) const QUEUE: usize = 256;

/// A mail to be sent. Never printed: its text holds a link that is as good as a password.
#[derive(Clone)]
pub struct Mail {
    /// Address of the receiver.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// Body, as plain text.
    pub text: String,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("subject", &self.subject).finish_non_exhaustive()
    }
}

/// What a page asks for.
pub(crate) enum Job {
    /// Somebody wants an account.
    Register { email: String, name: String, password_hash: String },
    /// Somebody has forgotten his password.
    Recover { email: String },
    /// A password was changed.
    PasswordChanged { email: String },
    /// A passkey was added, in a browser of this kind.
    PasskeyAdded { email: String, label: String },
}

/// Sends mails until the server ends.
pub(crate) async fn work(app: Shared, mut jobs: mpsc::Receiver<Job>) {
    while let Some(job) = jobs.recv().await {
        let mail = match write(&app, job).await {
            Ok(Some(mail)) => mail,
            Ok(None) => continue,
            Err(error) => {
                tracing::error!(%error, "a mail could not be written");
                continue;
            }
        };
        if let Err(error) = app.identity.mail_sink.deliver(mail).await {
            tracing::error!(error = %Chain(&error), "a mail could not be sent");
        }
    }
}

async fn write(app: &Shared, job: Job) -> Result<Option<Mail>, sqlx::Error> {
    let identity = &app.identity;
    let origin = &identity.issuer;
    Ok(match job {
        Job::Register { email, name, password_hash } => {
            if identity.accounts.is_taken(&email).await? {
                let text = format!(
                    "Hello,\n\nsomebody, probably you, wanted to create a Lumen account with this address. You have \
                     one already.\n\nSign in:\n{origin}{}\n\nForgot your password?\n{origin}{}\n",
                    routes::SIGN_IN_PAGE,
                    routes::RECOVER_PAGE
                );
                return Ok(Some(Mail { to: email, subject: "You have a Lumen account".to_owned(), text }));
            }
            let link = identity.mail_links.add_registration(&email, &name, &password_hash).await?.into_text();
            let text = format!(
                "Hello {name},\n\nconfirm that this address is yours, and your Lumen account is ready:\n\
                 {origin}{}?link={link}\n\nThe link works for a day. If you did not ask for this, do nothing.\n",
                routes::CONFIRM_PAGE
            );
            Some(Mail { to: email, subject: "Confirm your address".to_owned(), text })
        }
        Job::Recover { email } => {
            let Some(known) = identity.accounts.credentials(&email).await? else { return Ok(None) };
            let link = identity.mail_links.add_recovery(&known.account, &email).await?.into_text();
            let text = format!(
                "Hello,\n\nset a new password for your Lumen account here:\n{origin}{}?link={link}\n\n\
                 The link works for an hour and once. If you did not ask for this, do nothing: your password stays.\n",
                routes::NEW_PASSWORD_PAGE
            );
            Some(Mail { to: email, subject: "Set a new password".to_owned(), text })
        }
        Job::PasswordChanged { email } => {
            let text = format!(
                "Hello,\n\nthe password of your Lumen account was changed, and every other device was signed out.\n\n\
                 If that was not you, set a new one now:\n{origin}{}\n",
                routes::RECOVER_PAGE
            );
            Some(Mail { to: email, subject: "Your password was changed".to_owned(), text })
        }
        Job::PasskeyAdded { email, label } => {
            let text = format!(
                "Hello,\n\na passkey was added to your Lumen account ({label}). It opens your account without the \
                 password.\n\nIf that was not you, set a new password now, and do not keep the passkey:\n{origin}{}\n",
                routes::RECOVER_PAGE
            );
            Some(Mail { to: email, subject: "A passkey was added".to_owned(), text })
        }
    })
}
