//! The database: one SQLite file, opened so that an answered write survives a power cut.
//!
//! Each service owns its tables (the migration files say which) and reads no other's. What is here is only the file,
//! its settings and its schema; the statements stand beside the service that owns the table.

mod master_key;

pub use master_key::MasterKeyError;
pub(crate) use master_key::{MasterKey, SubKey};

use sqlx::{
    SqlitePool, SqliteTransaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use std::{fs::OpenOptions, io, path::Path, time::Duration};

/// Reads at a time. SQLite reads are short; more connections than this only cost memory.
const READERS: u32 = 4;

/// How long a statement waits for another process (a backup, a curious developer) to let go of the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The database of the server.
///
/// SQLite has one writer at a time. Saying so here, by a pool of one connection, makes writers queue in order instead
/// of meeting `SQLITE_BUSY`, while readers go on undisturbed (WAL).
#[derive(Clone, Debug)]
pub(crate) struct Db {
    reader: SqlitePool,
    writer: SqlitePool,
}

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file cannot be opened or queried.
    #[error("cannot open the database")]
    Open(#[source] sqlx::Error),
    /// The schema cannot be brought up to date.
    #[error("cannot migrate the database")]
    Migrate(#[source] sqlx::migrate::MigrateError),
}

impl Db {
    /// Opens the file, makes it if it is not there, and brings its schema up to date.
    pub(crate) async fn open(path: &Path) -> Result<Self, StoreError> {
        create_private(path).map_err(|error| StoreError::Open(error.into()))?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(false)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .journal_mode(SqliteJournalMode::Wal)
            // NORMAL may lose answered writes at a power cut; FULL syncs the log before each commit returns.
            .synchronous(SqliteSynchronous::Full);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options.clone())
            .await
            .map_err(StoreError::Open)?;
        sqlx::migrate!("src/store/migrations").run(&writer).await.map_err(StoreError::Migrate)?;
        let reader = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(options.read_only(true))
            .await
            .map_err(StoreError::Open)?;
        Ok(Self { reader, writer })
    }

    /// For statements that only read.
    pub(crate) fn reader(&self) -> &SqlitePool {
        &self.reader
    }

    /// For single statements that write.
    pub(crate) fn writer(&self) -> &SqlitePool {
        &self.writer
    }

    /// For reads and writes that belong together. Takes the write lock at once, so that what was read is still true
    /// when it is written; dropping it without `commit` undoes everything.
    pub(crate) async fn transaction(&self) -> Result<SqliteTransaction<'static>, sqlx::Error> {
        self.writer.begin_with("BEGIN IMMEDIATE").await
    }

    /// Can it still be read?
    pub(crate) async fn is_answering(&self) -> bool {
        sqlx::query_scalar::<_, i64>("SELECT 1").fetch_one(&self.reader).await.is_ok()
    }

    /// Closes every connection; the last one folds the log into the file.
    pub(crate) async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
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
