//! The database: one SQLite file, opened so that an answered write survives a power cut, or a PostgreSQL server.
//!
//! Each service owns its tables (the migration files say which) and reads no other's. What is here is only the
//! connection, its settings and its schema; the statements stand beside the service that owns the table.

mod copy;
mod master_key;

pub use copy::{CopyError, copy_database};
pub use master_key::MasterKeyError;
pub(crate) use master_key::{MasterKey, SubKey};

use sqlx::{
    Any, AnyPool, SqlSafeStr,
    any::{AnyConnectOptions, AnyPoolOptions},
    migrate::{Migration, MigrationType, Migrator},
};
use std::{
    fmt,
    fs::OpenOptions,
    io,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

/// Reads at a time in SQLite. They are short; more connections than this only cost memory.
const READERS: u32 = 4;

/// Connections to PostgreSQL, of one instance.
const CONNECTIONS: u32 = 16;

/// How long a request waits for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// The schema, in SQLite's words.
static SCHEMA: Migrator = sqlx::migrate!("src/store/migrations");

/// Where the database is.
#[derive(Clone)]
#[non_exhaustive]
pub enum Database {
    /// A SQLite file, made if it is not there.
    File(PathBuf),
    /// A PostgreSQL server, as `postgres://user:password@host/name`.
    Postgres(String),
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            // The address holds a password.
            Self::Postgres(_) => f.write_str("Postgres(..)"),
        }
    }
}

/// A transaction of either database.
pub(crate) type Transaction = sqlx::Transaction<'static, Any>;

/// A row of either database.
pub(crate) type Row = sqlx::any::AnyRow;

/// The database of the server.
///
/// SQLite has one writer at a time. Saying so here, by a pool of one connection, makes writers queue in order instead
/// of meeting `SQLITE_BUSY`, while readers go on undisturbed (WAL). With PostgreSQL both pools are the same.
///
/// Statements are written in what both understand: parameters as `$1`, no functions of one of them, upserts with
/// `ON CONFLICT`. A race is decided by one conditional statement or a unique constraint and never by reading first:
/// PostgreSQL runs transactions side by side, and several instances may share it.
#[derive(Clone, Debug)]
pub(crate) struct Db {
    reader: AnyPool,
    writer: AnyPool,
    begin: &'static str,
}

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database cannot be opened or queried.
    #[error("cannot open the database")]
    Open(#[source] sqlx::Error),
    /// No server has used the database yet.
    #[error("no server has used this database yet; start one, or copy a household to it with copy-database")]
    Empty,
    /// The schema cannot be brought up to date.
    #[error("cannot migrate the database")]
    Migrate(#[source] sqlx::migrate::MigrateError),
}

impl Db {
    /// Opens the database, makes the file if there is to be one and is none, and brings the schema up to date.
    pub(crate) async fn open(database: &Database) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        match database {
            Database::File(path) => Self::open_file(path).await,
            Database::Postgres(url) => Self::connect(url).await,
        }
    }

    /// Opens a database that a server has set up, and brings its schema up to date. An empty one is left empty.
    pub(crate) async fn open_existing(database: &Database) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        if let Database::Postgres(url) = database {
            let options = AnyConnectOptions::from_str(url).map_err(StoreError::Open)?;
            let pool = AnyPoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE_TIMEOUT);
            let pool = pool.connect_with(options).await.map_err(StoreError::Open)?;
            let found = sqlx::query("SELECT 1 FROM licence_data_keys").fetch_optional(&pool).await;
            pool.close().await;
            match found {
                Ok(Some(_)) => {}
                Ok(None) | Err(sqlx::Error::Database(_)) => return Err(StoreError::Empty),
                Err(error) => return Err(StoreError::Open(error)),
            }
        }
        Self::open(database).await
    }

    async fn open_file(path: &Path) -> Result<Self, StoreError> {
        create_private(path).map_err(|error| StoreError::Open(error.into()))?;
        let pool = |mode: &str, connections: u32| {
            let mut address = url::Url::from_file_path(path)
                .map_err(|()| StoreError::Open(sqlx::Error::Configuration("the path is not absolute".into())))?;
            address.set_query(Some(&format!("mode={mode}")));
            let address = format!("sqlite{}", address.as_str().trim_start_matches("file"));
            let options = AnyConnectOptions::from_str(&address).map_err(StoreError::Open)?;
            let pool = AnyPoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE_TIMEOUT);
            Ok::<_, StoreError>((pool, options))
        };
        let (writer, options) = pool("rw", 1)?;
        let writer = writer
            .after_connect(|connection, _| {
                Box::pin(async move {
                    sqlx::query("PRAGMA journal_mode = WAL").execute(&mut *connection).await?;
                    // NORMAL may lose answered writes at a power cut; FULL syncs the log before each commit returns.
                    sqlx::query("PRAGMA synchronous = FULL").execute(&mut *connection).await?;
                    sqlx::query("PRAGMA foreign_keys = ON").execute(&mut *connection).await.map(drop)
                })
            })
            .connect_with(options)
            .await
            .map_err(StoreError::Open)?;
        SCHEMA.run(&writer).await.map_err(StoreError::Migrate)?;
        let (reader, options) = pool("ro", READERS)?;
        let reader = reader.connect_with(options).await.map_err(StoreError::Open)?;
        // Takes the write lock at once, so that what was read is still true when it is written.
        Ok(Self { reader, writer, begin: "BEGIN IMMEDIATE" })
    }

    async fn connect(url: &str) -> Result<Self, StoreError> {
        let options = AnyConnectOptions::from_str(url).map_err(StoreError::Open)?;
        let pool = AnyPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_with(options)
            .await
            .map_err(StoreError::Open)?;
        schema_of_postgres().run(&pool).await.map_err(StoreError::Migrate)?;
        Ok(Self { reader: pool.clone(), writer: pool, begin: "BEGIN" })
    }

    /// For statements that only read.
    pub(crate) fn reader(&self) -> &AnyPool {
        &self.reader
    }

    /// For single statements that write.
    pub(crate) fn writer(&self) -> &AnyPool {
        &self.writer
    }

    /// For writes that belong together; dropping it without `commit` undoes everything.
    pub(crate) async fn transaction(&self) -> Result<Transaction, sqlx::Error> {
        self.writer.begin_with(self.begin).await
    }

    /// Can it still be read?
    pub(crate) async fn is_answering(&self) -> bool {
        sqlx::query("SELECT 1").execute(&self.reader).await.is_ok()
    }

    /// Closes every connection; the last one folds SQLite's log into the file.
    pub(crate) async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}

/// Does a database server answer? Changes nothing. Returns its version.
///
/// # Errors
/// [`StoreError::Open`]
pub async fn check_database(database: &Database) -> Result<String, StoreError> {
    let Database::Postgres(url) = database else { return Ok("SQLite".to_owned()) };
    sqlx::any::install_default_drivers();
    let options = AnyConnectOptions::from_str(url).map_err(StoreError::Open)?;
    let pool = AnyPoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE_TIMEOUT).connect_lazy_with(options);
    let version = sqlx::query_scalar("SELECT current_setting('server_version')").fetch_one(&pool).await;
    pool.close().await;
    version.map(|version: String| format!("PostgreSQL {version}")).map_err(StoreError::Open)
}

/// The schema in PostgreSQL's words. One set of files keeps both databases the same; they use these types and no others.
fn schema_of_postgres() -> Migrator {
    const WORDS: [(&str, &str); 6] = [
        (" COLLATE NOCASE", ""),
        ("INTEGER NOT NULL PRIMARY KEY", "BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY"),
        (" INTEGER", " BIGINT"),
        (" BLOB", " BYTEA"),
        (" REAL", " DOUBLE PRECISION"),
        (") STRICT, WITHOUT ROWID;", ");"),
    ];
    let translate = |sql: &str| {
        let words = WORDS.iter().fold(sql.to_owned(), |sql, (ours, theirs)| sql.replace(ours, theirs));
        words.replace(") STRICT;", ");")
    };
    let migrations: Vec<Migration> = SCHEMA
        .iter()
        .map(|step| {
            let sql = sqlx::AssertSqlSafe(translate(step.sql.as_str()));
            Migration::new(
                step.version,
                step.description.clone(),
                MigrationType::Simple,
                sql.into_sql_str(),
                step.no_tx,
            )
        })
        .collect();
    Migrator::with_migrations(migrations)
}

/// Makes an empty file that only its owner may read, unless there is one; SQLite gives its log the same mode. The
/// folder may be somebody's own choice and open to others.
fn create_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path).map(drop)
}
