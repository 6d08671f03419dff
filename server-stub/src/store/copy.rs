//! Moves everything from a SQLite file to a PostgreSQL server: how a household that has outgrown its file goes on.

use super::{Database, Db, StoreError, Transaction};
use futures_util::TryStreamExt;
use futures_util::future::BoxFuture;
use sqlx::{AssertSqlSafe, Row, any::AnyRow};

/// Why a database was not copied. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// One of the two cannot be opened.
    #[error(transparent)]
    Open(#[from] StoreError),
    /// Only a file can be copied, and only to PostgreSQL.
    #[error("a database is copied from a file to a PostgreSQL server and in no other direction")]
    Direction,
    /// There is something in the target already. Copies are whole or not at all.
    #[error("the target is in use: there are rows in its table {0}")]
    NotEmpty(String),
    /// A table of the file is unknown to the target.
    #[error("the target has no table {0}")]
    Missing(String),
    /// A row cannot be read or written.
    #[error("cannot copy the table {table}")]
    Table {
        /// Which.
        table: String,
        /// What the database says.
        #[source]
        source: sqlx::Error,
    },
    /// The list of tables cannot be read, or the copy cannot be committed.
    #[error("cannot copy the database")]
    Query(#[from] sqlx::Error),
}

/// Tables that are not empty in a fresh database: migrations put rows there. What the file says replaces them.
const FILLED_BY_MIGRATIONS: [&str; 1] = ["identity_guards"];

/// How a column is bound: PostgreSQL wants to know, even of a NULL.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Integer,
    Real,
    Text,
    Blob,
}

struct Column {
    name: String,
    kind: Kind,
    /// Counted by the database where nobody gives a number.
    is_identity: bool,
}

/// Copies every row of `from`, a file that no server is using, to `to`, a PostgreSQL database that holds no rows yet.
/// Both are brought to the current schema first. Returns the number of rows.
///
/// # Errors
/// [`CopyError`]; the target is then as empty as before.
pub fn copy_database<'a>(from: &'a Database, to: &'a Database) -> BoxFuture<'a, Result<u64, CopyError>> {
    Box::pin(open_and_copy(from, to))
}

async fn open_and_copy(from: &Database, to: &Database) -> Result<u64, CopyError> {
    let (Database::File(_), Database::Postgres(_)) = (from, to) else { return Err(CopyError::Direction) };
    let (source, target) = (Db::open(from).await?, Db::open(to).await?);
    let copied = copy(&source, &target).await;
    source.close().await;
    target.close().await;
    copied
}

async fn copy(source: &Db, target: &Db) -> Result<u64, CopyError> {
    let mut transaction = target.transaction().await?;
    let mut rows = 0;
    for table in tables(source).await? {
        rows += copy_table(source, &mut transaction, &table).await?;
    }
    transaction.commit().await?;
    Ok(rows)
}

/// In the order in which they were made: what a foreign key points to is older than the key.
async fn tables(source: &Db) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
         AND name <> '_sqlx_migrations' ORDER BY rowid",
    )
    .fetch_all(source.reader())
    .await
}

async fn copy_table(source: &Db, target: &mut Transaction, table: &str) -> Result<u64, CopyError> {
    let failed = |source| CopyError::Table { table: table.to_owned(), source };
    let columns = columns(target, table).await.map_err(failed)?;
    if columns.is_empty() {
        return Err(CopyError::Missing(table.to_owned()));
    }
    let names: Vec<String> = columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
    let names = names.join(", ");
    let places: Vec<String> = (1..=columns.len()).map(|number| format!("${number}")).collect();
    if FILLED_BY_MIGRATIONS.contains(&table) {
        sqlx::query(AssertSqlSafe(format!("DELETE FROM \"{table}\""))).execute(&mut **target).await.map_err(failed)?;
    }
    let any: Option<AnyRow> = sqlx::query(AssertSqlSafe(format!("SELECT 1 FROM \"{table}\" LIMIT 1")))
        .fetch_optional(&mut **target)
        .await
        .map_err(failed)?;
    if any.is_some() {
        return Err(CopyError::NotEmpty(table.to_owned()));
    }
    let insert = format!("INSERT INTO \"{table}\" ({names}) VALUES ({})", places.join(", "));
    let mut rows = sqlx::query(AssertSqlSafe(format!("SELECT {names} FROM \"{table}\""))).fetch(source.reader());
    let mut count = 0;
    while let Some(row) = rows.try_next().await.map_err(failed)? {
        let mut query = sqlx::query(AssertSqlSafe(insert.clone()));
        for (index, column) in columns.iter().enumerate() {
            query = match column.kind {
                Kind::Integer => query.bind(row.try_get::<Option<i64>, _>(index).map_err(failed)?),
                Kind::Real => query.bind(row.try_get::<Option<f64>, _>(index).map_err(failed)?),
                Kind::Text => query.bind(row.try_get::<Option<String>, _>(index).map_err(failed)?),
                Kind::Blob => query.bind(row.try_get::<Option<Vec<u8>>, _>(index).map_err(failed)?),
            };
        }
        query.execute(&mut **target).await.map_err(failed)?;
        count += 1;
    }
    drop(rows);
    for column in columns.iter().filter(|column| column.is_identity) {
        count_on(target, table, &column.name).await.map_err(failed)?;
    }
    Ok(count)
}

async fn columns(target: &mut Transaction, table: &str) -> Result<Vec<Column>, sqlx::Error> {
    let rows: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT CAST(column_name AS TEXT), CAST(data_type AS TEXT), CAST(is_identity AS TEXT) \
         FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1 \
         ORDER BY ordinal_position",
    )
    .bind(table)
    .fetch_all(&mut **target)
    .await?;
    let column = |(name, kind, is_identity): (String, String, String)| Column {
        name,
        kind: match kind.as_str() {
            "bigint" => Kind::Integer,
            "double precision" => Kind::Real,
            "bytea" => Kind::Blob,
            _ => Kind::Text,
        },
        is_identity: is_identity == "YES",
    };
    Ok(rows.into_iter().map(column).collect())
}

/// The next number is one that no copied row has.
async fn count_on(target: &mut Transaction, table: &str, column: &str) -> Result<(), sqlx::Error> {
    let next: i64 =
        sqlx::query_scalar(AssertSqlSafe(format!("SELECT COALESCE(MAX(\"{column}\"), 0) + 1 FROM \"{table}\"")))
            .fetch_one(&mut **target)
            .await?;
    sqlx::query(AssertSqlSafe(format!("ALTER TABLE \"{table}\" ALTER COLUMN \"{column}\" RESTART WITH {next}")))
        .execute(&mut **target)
        .await
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn migrations_fill_the_tables_that_are_named_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&Database::File(folder.path().join("lumen.db"))).await.unwrap();
        let mut filled = Vec::new();
        for table in tables(&db).await.unwrap() {
            let count = AssertSqlSafe(format!("SELECT COUNT(*) FROM \"{table}\""));
            if sqlx::query_scalar::<_, i64>(count).fetch_one(db.reader()).await.unwrap() > 0 {
                filled.push(table);
            }
        }
        assert_eq!(filled, FILLED_BY_MIGRATIONS);
    }
}
