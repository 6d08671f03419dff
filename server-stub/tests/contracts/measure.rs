//! The figures of docs/scale.md: what a backend takes on this machine, printed.
//!
//! `cargo test -p lumen-server-stub --test contracts measure -- --ignored --nocapture`

use crate::common::{
    START_MS,
    backends::{DurablePostgres, nats, redis, s3},
};
use futures_util::{StreamExt, stream};
use server_stub::{
    Database, ManualClock,
    blob::{BlobKey, BlobStore, FolderStore, S3Config, S3Store},
    messages::{Message, MessageLog, NatsConfig, NatsLog, Outbox},
    shared::{LeaseRequest, LeaseStore, Rate, RateStore, RedisConfig, RedisShared, SqlShared},
};
use sqlx::{Connection, Executor};
use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

/// Runs an operation for a while, `side_by_side` at a time, and prints how often it was done in a second.
async fn measure<F: Future<Output = ()>>(what: &str, side_by_side: usize, operation: impl Fn(usize) -> F) {
    const FOR: Duration = Duration::from_secs(3);
    let begun = Instant::now();
    let numbers = stream::iter(0..).take_while(|_| std::future::ready(begun.elapsed() < FOR));
    let done = numbers.map(&operation).buffer_unordered(side_by_side).count().await;
    let rate = done as f64 / begun.elapsed().as_secs_f64();
    println!("{what:<60} {side_by_side:>3} at a time {rate:>9.0} /s");
}

async fn database(name: &str, database: &Database) {
    let outbox = Outbox::open(database, Arc::new(ManualClock::new(START_MS))).await.unwrap();
    let shared = SqlShared::open(database).await.unwrap();
    let (outbox, shared) = (&outbox, &shared);
    for side_by_side in [1, 64] {
        measure(&format!("{name}: durable commits of a row"), side_by_side, |number| async move {
            outbox.send("a.b", "key", &serde_json::json!(number)).await.unwrap();
        })
        .await;
    }
    measure(&format!("{name}: leases of 1,000 accounts"), 64, |number| async move {
        let (name, holder) = (format!("account {}", number % 1_000), number.to_string());
        let request = LeaseRequest {
            name: &name,
            holder: &holder,
            slots: 2,
            lifetime: Duration::from_millis(1),
            now_ms: START_MS + i64::try_from(number).unwrap(),
        };
        shared.acquire(request).await.unwrap();
    })
    .await;
    rates(name, shared).await;
}

async fn rates(name: &str, store: &dyn RateStore) {
    let rate = Rate { burst: 1_000_000, every: Duration::from_millis(1) };
    measure(&format!("{name}: rate limit of 1,000 addresses"), 64, |number| async move {
        store.take(&format!("{}", number % 1_000), rate, START_MS).await.unwrap();
    })
    .await;
}

async fn objects(name: &str, store: &dyn BlobStore) {
    let key = BlobKey::new("segment").unwrap();
    store.put(&key, vec![7; 1024 * 1024].into()).await.unwrap();
    let key = &key;
    measure(&format!("{name}: reading 1 MiB"), 16, |_| async move {
        assert_eq!(store.read(key, 0..1024 * 1024).await.unwrap().len(), 1024 * 1024);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures, for half a minute"]
async fn figures_of_the_documentation() {
    // On a disk: the folder for temporary files is memory on some systems.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    database("SQLite", &Database::File(folder.path().join("lumen.db"))).await;
    let postgres = DurablePostgres::primary();
    let mut admin = sqlx::PgConnection::connect(&postgres.url("postgres")).await.unwrap();
    admin.execute("CREATE DATABASE lumen").await.unwrap();
    database("PostgreSQL", &Database::Postgres(postgres.url("lumen"))).await;

    let backend = redis();
    let config = RedisConfig { address: format!("redis://{}", backend.address()), prefix: "x".to_owned() };
    rates("Redis", &RedisShared::connect(&config).await.unwrap()).await;

    let (backend, _) = nats();
    let config = NatsConfig { address: format!("nats://{}", backend.address()), user: None, replicas: 1 };
    let log = NatsLog::connect(&config).await.unwrap();
    let log = &log;
    measure("NATS, sync_interval: always: messages", 64, |number| async move {
        let message =
            Message { id: number.to_string(), topic: "a.b".to_owned(), key: "key".to_owned(), body: "1".to_owned() };
        log.publish(&message).await.unwrap();
    })
    .await;

    objects("Folder", &FolderStore::open(folder.path().join("objects")).unwrap()).await;
    let backend = s3().await;
    let store = S3Store::new(&S3Config {
        endpoint: format!("http://{}", backend.address()).parse().unwrap(),
        bucket: "media".to_owned(),
        region: "us-east-1".to_owned(),
        access_key: "test".to_owned(),
        secret_key: "testtest".to_owned(),
        allow_http: false,
    })
    .unwrap();
    objects("moto (a stand-in for tests, in Python)", &store).await;
}
