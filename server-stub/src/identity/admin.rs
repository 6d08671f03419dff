//! Administration from the server's own machine: whoever can read the data folder needs no password.

use super::{
    accounts::Accounts,
    clients::{ClientRegistration, Clients, RegistrationError},
    jose::SigningKeys,
    roles::{RoleOutcome, Roles},
    seal::Seal,
    secret::Secret,
};
use crate::{app::StartError, clock::Clock, config::ServerConfig, operator, store::Db};
use service_api::identity::Role;
use std::sync::Arc;

/// The accounts, apps and keys of a data folder, with or without a server that runs on it.
#[derive(Debug)]
pub struct Admin {
    db: Db,
    clock: Arc<dyn Clock>,
    accounts: Accounts,
    clients: Clients,
    roles: Roles,
    keys: SigningKeys,
}

/// Why something could not be administered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdminError {
    /// The registration was refused or not stored.
    #[error(transparent)]
    Registration(#[from] RegistrationError),
    /// The database failed.
    #[error("the database cannot be used")]
    Store(#[from] sqlx::Error),
    /// No account has the address.
    #[error("there is no account with that address")]
    NoAccount,
    /// The account is the last admin.
    #[error("somebody must stay admin: make another account admin first")]
    LastAdmin,
    /// The signing keys cannot be used.
    #[error("the signing keys cannot be rotated")]
    Keys,
}

impl Admin {
    /// Opens the database and the master key that a configuration names.
    ///
    /// # Errors
    /// [`StartError::NotSetUp`] if no server has used them yet, [`StartError`] if they cannot be used.
    pub async fn open(config: &ServerConfig) -> Result<Self, StartError> {
        let (db, master_key) = operator::open_stores(config).await?;
        let clock = config.clock.clone();
        let seal = Seal::new(master_key.derive("identity: signing keys"));
        Ok(Self {
            accounts: Accounts::new(db.clone(), true),
            clients: Clients::new(db.clone(), clock.clone()),
            roles: Roles::new(db.clone()),
            keys: SigningKeys::new(db.clone(), clock.clone(), seal),
            clock,
            db,
        })
    }

    /// A secret for a client: 256 random bits. It is shown once; the server keeps a hash.
    pub fn new_secret() -> String {
        Secret::random("").into_text()
    }

    /// Registers an app, or replaces its registration.
    ///
    /// # Errors
    /// [`AdminError::Registration`].
    pub async fn add_client(&self, client: &ClientRegistration) -> Result<(), AdminError> {
        Ok(self.clients.register(client).await?)
    }

    /// Identifiers and names of the registered apps.
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub async fn clients(&self) -> Result<Vec<(String, String)>, AdminError> {
        Ok(self.clients.list().await?)
    }

    /// Removes an app; says whether it was there.
    ///
    /// # Errors
    /// [`AdminError::Store`].
    pub async fn remove_client(&self, id: &str) -> Result<bool, AdminError> {
        Ok(self.clients.remove(id).await?)
    }

    /// Gives the account with this address a role; it is signed out everywhere.
    ///
    /// # Errors
    /// [`AdminError::NoAccount`], [`AdminError::LastAdmin`], [`AdminError::Store`].
    pub async fn set_role(&self, email: &str, role: Role) -> Result<(), AdminError> {
        let known = self.accounts.credentials(email).await?.ok_or(AdminError::NoAccount)?;
        match self.roles.set(&known.account, role, self.clock.now_ms()).await? {
            RoleOutcome::Changed => Ok(()),
            RoleOutcome::Unknown => Err(AdminError::NoAccount),
            RoleOutcome::LastAdmin => Err(AdminError::LastAdmin),
        }
    }

    /// Begins new signing keys: published at once, used after a day, the old ones are forgotten a day later.
    ///
    /// # Errors
    /// [`AdminError::Keys`].
    pub async fn rotate_keys(&self) -> Result<(), AdminError> {
        self.keys.rotate().await.map_err(|error| {
            tracing::error!(%error, "signing keys cannot be rotated");
            AdminError::Keys
        })
    }

    /// Closes the database.
    pub async fn close(self) {
        self.db.close().await;
    }
}
