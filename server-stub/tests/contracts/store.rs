//! The way from a file to PostgreSQL. What both do alike is shown by the suites of `on_postgres`.

use crate::common::{START_MS, postgres::empty_database};
use server_stub::{CopyError, Database, ManualClock, check_database, copy_database, messages::Outbox};
use std::sync::Arc;

async fn fill(database: &Database) {
    let outbox = Outbox::open(database, Arc::new(ManualClock::new(START_MS))).await.unwrap();
    for number in 0..3 {
        outbox.send("a.b", "key", &serde_json::json!({ "number": number, "text": "Zoë's 🎬" })).await.unwrap();
    }
}

#[tokio::test]
async fn household_moves_to_postgres_and_goes_on_counting() {
    let folder = tempfile::tempdir().unwrap();
    let file = Database::File(folder.path().join("lumen.db"));
    fill(&file).await;
    let target = empty_database("moved").await;
    assert!(check_database(&target).await.unwrap().starts_with("PostgreSQL "));
    // The messages, and a guard that every database has.
    assert_eq!(copy_database(&file, &target).await.unwrap(), 3 + 1);
    // Numbers that the database gives do not meet those that were copied.
    fill(&target).await;
    let outbox = Outbox::open(&target, Arc::new(ManualClock::new(START_MS))).await.unwrap();
    assert_eq!(outbox.waiting().await.unwrap(), 6);
    // Whole or not at all, and in one direction.
    let again = copy_database(&file, &target).await;
    assert!(matches!(&again, Err(CopyError::NotEmpty(table)) if table == "messages_outbox"), "{again:?}");
    assert!(matches!(copy_database(&target, &file).await, Err(CopyError::Direction)));
}

#[tokio::test]
async fn password_of_the_database_is_in_no_error() {
    let database = Database::Postgres("postgres://app:canary@127.0.0.1:1/none".to_owned());
    let error = check_database(&database).await.unwrap_err();
    let shown = format!("{database:?} {error:?}");
    let chain = format!("{shown} {:#}", anyhow::Error::from(error));
    assert!(!chain.contains("canary"), "{chain}");
}
