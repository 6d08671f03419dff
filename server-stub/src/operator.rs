//! What is done to the stores of a server from its own machine, whether or not a server runs on them.
//!
//! Nothing is listened on, nobody is signed in or out, and nothing is made: a folder or a database that no server has
//! set up is an error, and so is a master key that is not there. A command that made its own would change nothing and
//! call it done.

use crate::{
    app::StartError,
    catalog::{Catalog, CatalogError},
    config::ServerConfig,
    entitlement::{Entitlement, PlaceTable, Revoked},
    ingest::{Library, LibraryOptions},
    licence::{
        Audit, KeyStore,
        operate::{KeyDesk, KeysError},
    },
    store::{Database, Db, MasterKey},
};
use futures_util::future::BoxFuture;
use service_api::{TitleId, playback::Quality};
use std::sync::Arc;

/// The catalog and the keys of a server.
#[derive(Debug)]
pub struct Operator {
    db: Db,
    catalog: Catalog,
    keys: KeyStore,
    entitlement: Entitlement,
    audit: Audit,
}

impl Operator {
    /// Opens the database and the library that a configuration names.
    ///
    /// # Errors
    /// [`StartError::NotSetUp`] if no server has used them yet, [`StartError`] if they cannot be used.
    pub fn open(config: &ServerConfig) -> BoxFuture<'_, Result<Self, StartError>> {
        Box::pin(Self::open_all(config))
    }

    async fn open_all(config: &ServerConfig) -> Result<Self, StartError> {
        let (db, master_key) = open_stores(config).await?;
        let clock = config.clock.clone();
        let library = Arc::new(Library::open(LibraryOptions {
            root: config.library_root(),
            profile: config.library.profile,
            only: config.library.only.clone(),
            background: true,
        })?);
        Ok(Self {
            catalog: Catalog::open(db.clone(), library).await?,
            // Keys for new titles are the server's to make.
            keys: KeyStore::open(db.clone(), clock.clone(), &master_key, []).await?,
            entitlement: Entitlement::new(&db, &clock, &config.rights, config.lifetimes.grant, PlaceTable::default()),
            audit: Audit::open(db.clone(), clock, &master_key).await?,
            db,
        })
    }

    fn key_desk(&self) -> KeyDesk<'_> {
        KeyDesk { catalog: &self.catalog, keys: &self.keys }
    }

    /// The title's keys as a CPIX 2.3 document, in the clear: for a file that nobody else can read.
    ///
    /// # Errors
    /// [`KeysError`] if there is no such title or its keys do not open.
    pub async fn export_keys(&self, title: &TitleId) -> Result<zeroize::Zeroizing<String>, KeysError> {
        self.key_desk().export_keys(title).await
    }

    /// Brings the keys of a CPIX document in; returns how many are new.
    ///
    /// # Errors
    /// [`KeysError`], with nothing but the keys before the one at fault brought in.
    pub async fn import_keys(&self, document: &str) -> Result<usize, KeysError> {
        self.key_desk().import_keys(document).await
    }

    /// A new key for what is made of the title from now on; the one before still opens what was made with it.
    ///
    /// # Errors
    /// [`KeysError`] if the title has no key for this quality.
    pub async fn rotate_key(&self, title: &TitleId, quality: Quality) -> Result<(), KeysError> {
        self.key_desk().rotate_key(title, quality).await
    }

    /// Takes permissions back, from now on and for whatever was granted until now. Running servers end segments within
    /// ten seconds.
    ///
    /// # Errors
    /// That of the database.
    pub async fn revoke(&self, what: &Revoked) -> Result<(), sqlx::Error> {
        self.entitlement.revoke(what).await
    }

    /// Checks the chain of the licence log: how many entries there are, or in words what is wrong and where.
    ///
    /// # Errors
    /// That of the database.
    pub async fn verify_audit(&self) -> Result<Result<u64, String>, sqlx::Error> {
        Ok(self.audit.verify().await?.map_err(|tampered| tampered.to_string()))
    }

    /// Checks a catalog file and puts it in place of the one before; returns how many titles are in it.
    ///
    /// # Errors
    /// [`CatalogError`], with the catalog as it was.
    pub async fn import_catalog(&self, document: &str) -> Result<usize, CatalogError> {
        self.catalog.import(document).await
    }

    /// The whole catalog as a file.
    pub fn export_catalog(&self) -> String {
        self.catalog.export()
    }

    /// Closes the database.
    pub async fn close(self) {
        self.db.close().await;
    }
}

/// The database and the master key that are there. Makes neither.
pub(crate) async fn open_stores(config: &ServerConfig) -> Result<(Db, MasterKey), StartError> {
    let database = config.database()?;
    if let Database::File(path) = &database
        && !path.is_file()
    {
        return Err(StartError::NotSetUp(config.data.display().to_string()));
    }
    let master_key = match &config.master_key {
        Some(path) => MasterKey::load(path)?,
        None => MasterKey::load_own(&config.own_master_key())?,
    };
    let db = Db::open_existing(&database).await?;
    Ok((db, master_key))
}
