//! Who is signed in: accounts, profiles, browsers and apps; an OAuth 2.1 authorization server and OpenID provider.
//!
//! Owns the tables `identity_*`. Our own apps are public: what proves their identity is that only a program on the
//! viewer's machine can listen on the loopback address that the code is sent to, and that only the program which asked
//! knows the PKCE verifier. Apps of others are registered ([`clients`]) and people are asked about them.
//!
//! ```text
//! http, pages    what people see in a browser
//! oauth          what apps send: authorization, codes, tokens, devices, proofs
//! jose           signed statements and our keys
//! passkeys, federation, mail    other ways in, and the way back
//! sessions, devices, roles      who is in, where, and what he may do
//! throttle, limits, sign_in_limit    how often anything may be tried
//! ```
//!
//! **Access tokens are opaque**, 256 random bits looked up by their hash, and not signed statements. Every instance
//! shares one database, so a look-up costs one read of a warm page, less than verifying a signature; sign-out takes
//! effect at once instead of after ten minutes; and no signing key could forge every account. Resource servers that must
//! not reach the database ask by introspection. Id tokens are signed, because apps check them by themselves.
//!
//! What this service must never do: print, log or store a password, code or token; answer differently for an account
//! that does not exist; redirect to an address that it has not checked.

mod accounts;
mod admin;
mod browser;
mod clients;
mod consents;
mod cookies;
mod credentials;
mod demo;
mod devices;
mod ending;
mod erasure;
mod federation;
mod form_token;
mod grant;
mod http;
mod jose;
mod known_devices;
mod limits;
mod mail;
mod oauth;
mod pages;
mod passkeys;
mod passwords;
mod roles;
mod routes;
mod seal;
mod secret;
mod sessions;
mod sign_in_limit;
mod throttle;

pub(crate) use accounts::{Accounts, ProfileFields, plan_name};
pub use admin::{Admin, AdminError};
pub(crate) use browser::Browser;
pub use clients::{ClientAuthentication, ClientDocument, ClientRegistration, RegistrationError};
pub use federation::ProviderConfig;
pub(crate) use grant::{Grant, contains as contains_scope};
pub(crate) use mail::work as send_mails;
pub use mail::{FolderSink, Mail, MailError, MailSink, RelaySink};
pub(crate) use oauth::{
    dpop::DpopError,
    tokens::{TokenRefused, TokenState, Tokens},
};
pub use passwords::PasswordCost;
pub(crate) use routes::routes;
pub(crate) use sign_in_limit::limit_sign_in;

use crate::{
    clock::Clock,
    config::{IdentityConfig, Lifetimes},
    store::{Db, MasterKey, Transaction},
};
use clients::Clients;
use consents::Consents;
use devices::Devices;
use federation::Federation;
use form_token::FormTokens;
use jose::SigningKeys;
use known_devices::KnownDevices;
use limits::Limits;
use mail::{Job, MailLinks};
use oauth::{codes::Codes, device::DeviceCodes, dpop::Dpop, par::PushedRequests};
use passkeys::Passkeys;
use passwords::Passwords;
use roles::Roles;
use seal::Seal;
use sessions::Sessions;
use std::sync::{Arc, Mutex, PoisonError};
use throttle::Throttle;
use tokio::sync::mpsc;
use url::Url;

/// The service.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) accounts: Accounts,
    pub(crate) tokens: Tokens,
    pub(crate) dpop: Dpop,
    pub(crate) roles: Roles,
    clients: Clients,
    codes: Codes,
    devices: DeviceCodes,
    pushed: PushedRequests,
    keys: SigningKeys,
    sessions: Sessions,
    signed_in: Devices,
    consents: Consents,
    passkeys: Passkeys,
    federation: Federation,
    mail_links: MailLinks,
    mails: mpsc::Sender<Job>,
    /// For the worker, once.
    mail_jobs: Mutex<Option<mpsc::Receiver<Job>>>,
    mail_sink: Arc<dyn MailSink>,
    passwords: Passwords,
    forms: FormTokens,
    seal: Seal,
    throttle: Throttle,
    known_devices: KnownDevices,
    limits: Limits,
    /// Origin without a trailing slash, as in the metadata and in `iss`.
    issuer: String,
    /// Domain that passkeys are bound to.
    rp_id: String,
    /// Is the issuer `https`?
    is_secure: bool,
    may_register: bool,
    demo: bool,
    clock: Arc<dyn Clock>,
}

/// What the service is made of.
#[derive(Debug)]
pub(crate) struct IdentityParts<'a> {
    pub(crate) db: &'a Db,
    pub(crate) clock: &'a Arc<dyn Clock>,
    pub(crate) master_key: &'a MasterKey,
    pub(crate) lifetimes: &'a Lifetimes,
    pub(crate) config: &'a IdentityConfig,
    pub(crate) issuer: String,
    pub(crate) demo: bool,
    /// Does this instance sign people in? Otherwise sign-ins are another one's business.
    pub(crate) is_served: bool,
    /// Where mails go.
    pub(crate) mail_sink: Arc<dyn MailSink>,
}

/// Why the service does not open.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IdentityError {
    #[error(transparent)]
    Store(#[from] sqlx::Error),
    #[error(transparent)]
    Registration(#[from] RegistrationError),
}

/// What signing keys are sealed under.
const SIGNING_KEYS: &str = "identity: signing keys";

/// Seals the signing keys under another master key; returns how many there are, `None` if one does not open.
pub(crate) async fn reseal_signing_keys(
    transaction: &mut Transaction,
    from: &MasterKey,
    to: &MasterKey,
) -> Result<Option<usize>, sqlx::Error> {
    let seal = |master_key: &MasterKey| Seal::new(master_key.derive(SIGNING_KEYS));
    jose::reseal(transaction, &seal(from), &seal(to)).await
}

impl Identity {
    /// Opens the service; in demo mode the demo accounts exist afterwards, otherwise nobody can use them at an
    /// instance that signs people in.
    pub(crate) async fn open(parts: IdentityParts<'_>) -> Result<Self, IdentityError> {
        let IdentityParts { db, clock, master_key, lifetimes, config, issuer, demo, is_served, mail_sink } = parts;
        let is_secure = issuer.starts_with("https:");
        let host = Url::parse(&issuer).ok().and_then(|url| url.host_str().map(str::to_owned));
        let sessions = Sessions::new(db.clone(), clock.clone(), is_secure);
        let consents = Consents::new(db.clone());
        let (mails, jobs) = mpsc::channel(mail::QUEUE);
        let key = |purpose| master_key.derive(purpose);
        let identity = Self {
            accounts: Accounts::new(db.clone(), demo),
            tokens: Tokens::new(db.clone(), clock.clone(), lifetimes),
            dpop: Dpop::new(db.clone(), clock.clone(), key("identity: dpop nonces"), issuer.clone()),
            roles: Roles::new(db.clone()),
            clients: Clients::new(db.clone(), clock.clone()),
            codes: Codes::new(db.clone(), clock.clone(), lifetimes.code),
            devices: DeviceCodes::new(db.clone(), clock.clone(), key("identity: user codes")),
            pushed: PushedRequests::new(db.clone(), clock.clone()),
            keys: SigningKeys::new(db.clone(), clock.clone(), Seal::new(key(SIGNING_KEYS))),
            signed_in: Devices::new(db.clone(), clock.clone(), sessions.clone(), consents.clone()),
            sessions,
            consents,
            passkeys: Passkeys::new(db.clone(), clock.clone()),
            federation: Federation::new(config.providers.clone(), clock.clone(), issuer.clone()),
            mail_links: MailLinks::new(db.clone(), clock.clone()),
            mails,
            mail_jobs: Mutex::new(Some(jobs)),
            mail_sink,
            passwords: Passwords::new(config.password_cost),
            forms: FormTokens::new(key("identity: sign-in form"), lifetimes.sign_in_form, is_secure),
            seal: Seal::new(key("identity: cookies")),
            throttle: Throttle::default(),
            known_devices: KnownDevices::new(key("identity: known devices"), is_secure),
            limits: Limits::default(),
            rp_id: host.unwrap_or_default(),
            is_secure,
            issuer,
            may_register: config.may_register,
            demo,
            clock: clock.clone(),
        };
        for client in &config.clients {
            identity.clients.register(client).await?;
        }
        if demo {
            demo::seed(&identity.accounts, &identity.passwords, clock.now_ms()).await?;
        } else if is_served {
            identity.tokens.revoke_demo_accounts().await?;
        }
        Ok(identity)
    }

    /// Forgets what nobody can use any more, and rotates the signing keys that are due.
    pub(crate) async fn sweep(&self) -> Result<(), sqlx::Error> {
        self.codes.sweep().await?;
        self.tokens.sweep().await?;
        self.devices.sweep().await?;
        self.sessions.sweep().await?;
        self.mail_links.sweep().await?;
        if let Err(error) = self.keys.sweep().await {
            tracing::warn!(%error, "signing keys could not be rotated");
        }
        Ok(())
    }

    /// Forgets what lasts for minutes and what anybody can make the server keep. Call it each minute.
    pub(crate) async fn sweep_short_lived(&self) -> Result<(), sqlx::Error> {
        self.pushed.sweep().await?;
        self.dpop.sweep().await?;
        self.passkeys.sweep().await
    }

    /// What the mail worker works on; `None` the second time.
    pub(crate) fn take_mail_jobs(&self) -> Option<mpsc::Receiver<Job>> {
        self.mail_jobs.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The account that an id token of ours names, expired or not.
    async fn subject_of_own_token(&self, token: &str) -> Option<String> {
        let keys = self.keys.public().await.inspect_err(|error| tracing::error!(%error, "no signing keys")).ok()?;
        oauth::id_token::subject(token, &self.issuer, &keys)
    }
}
