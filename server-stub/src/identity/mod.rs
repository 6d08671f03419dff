//! Who is signed in: accounts, profiles, and the OAuth 2.1 authorization server for our own installed apps.
//!
//! Owns the tables `identity_*`. Knows one client, `lumen-app`, which is public: what proves its identity is that only
//! a program on the viewer's machine can listen on the loopback address that the code is sent to, and that only the
//! program which asked knows the PKCE verifier.
//!
//! **Access tokens are opaque**, 256 random bits looked up by their hash, and not signed statements. One process
//! answers every request, so a look-up costs one read of a warm page, less than verifying a signature; sign-out takes
//! effect at once instead of after ten minutes; and there is no signing key whose loss would forge every account.
//! Signed tokens become worth their price when a service that must not reach this database checks them.
//!
//! What this service must never do: print, log or store a password, code or token; answer differently for an account
//! that does not exist; redirect to an address that it has not checked.

mod accounts;
mod authorize;
mod codes;
mod demo;
mod form_token;
mod http;
mod page;
mod passwords;
mod secret;
mod throttle;
mod token_endpoint;
mod tokens;

pub(crate) use accounts::{Accounts, ProfileFields};
pub(crate) use tokens::{TokenRefused, TokenState, Tokens};

use crate::{
    app::Shared,
    clock::Clock,
    config::Lifetimes,
    store::{Db, MasterKey},
};
use axum::{
    Router,
    routing::{get, post},
};
use codes::Codes;
use form_token::FormTokens;
use passwords::Passwords;
use service_api::routes as paths;
use std::sync::Arc;
use throttle::Throttle;

/// The service.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) accounts: Accounts,
    pub(crate) tokens: Tokens,
    codes: Codes,
    passwords: Passwords,
    forms: FormTokens,
    throttle: Throttle,
    /// Origin without a trailing slash, as in the metadata and in `iss`.
    issuer: String,
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
    pub(crate) issuer: String,
    pub(crate) demo: bool,
}

impl Identity {
    /// Opens the service; in demo mode the demo accounts exist afterwards, otherwise nobody can use them.
    pub(crate) async fn open(parts: IdentityParts<'_>) -> Result<Self, sqlx::Error> {
        let IdentityParts { db, clock, master_key, lifetimes, issuer, demo } = parts;
        let identity = Self {
            accounts: Accounts::new(db.clone(), demo),
            tokens: Tokens::new(db.clone(), clock.clone(), lifetimes),
            codes: Codes::new(db.clone(), clock.clone(), lifetimes.code),
            passwords: Passwords::new(),
            forms: FormTokens::new(master_key.derive("identity: sign-in form"), lifetimes.sign_in_form),
            throttle: Throttle::default(),
            issuer,
            demo,
            clock: clock.clone(),
        };
        if demo {
            demo::seed(&identity.accounts, &identity.passwords, clock.now_ms()).await?;
        } else {
            identity.tokens.revoke_demo_accounts().await?;
        }
        Ok(identity)
    }

    /// Forgets what nobody can use any more.
    pub(crate) async fn sweep(&self) -> Result<(), sqlx::Error> {
        self.codes.sweep().await?;
        self.tokens.sweep().await
    }
}

/// The routes of the service.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route(paths::OAUTH_METADATA, get(http::metadata))
        .route(paths::OAUTH_AUTHORIZE, get(http::show_sign_in).post(http::sign_in))
        .route(paths::OAUTH_TOKEN, post(token_endpoint::token))
        .route(paths::OAUTH_REVOKE, post(token_endpoint::revoke))
        .route(paths::ME, get(http::me))
        .route(paths::PROFILES, get(http::profiles))
}
