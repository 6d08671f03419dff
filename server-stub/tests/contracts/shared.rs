//! What every store of leases and rates promises: in SQLite, in PostgreSQL, in Redis.

use crate::common::{START_MS, backends::redis, postgres::empty_database};
use futures_util::future::join_all;
use server_stub::{
    Database,
    shared::{LeaseRequest, LeaseStore, Rate, RateStore, RedisConfig, RedisShared, SharedError, SqlShared, Verdict},
};
use std::time::Duration;

fn request<'a>(name: &'a str, holder: &'a str, slots: u32, now_ms: i64) -> LeaseRequest<'a> {
    LeaseRequest { name, holder, slots, lifetime: Duration::from_secs(10), now_ms }
}

/// `stores` are several instances of one store.
async fn lease_contract(stores: &[&dyn LeaseStore]) {
    let (one, other) = (stores[0], stores[stores.len() - 1]);
    let now = START_MS;
    // As many holders as slots, whoever asks where.
    let a = one.acquire(request("films", "a", 2, now)).await.unwrap().unwrap();
    let b = other.acquire(request("films", "b", 2, now)).await.unwrap().unwrap();
    assert_eq!(a.expires_at_ms, now + 10_000);
    assert_eq!(one.acquire(request("films", "c", 2, now)).await.unwrap(), None);
    assert!(one.acquire(request("others", "c", 2, now)).await.unwrap().is_some(), "another name is another matter");
    // Whoever has one keeps it, under the same fence.
    let renewed = other.acquire(request("films", "a", 2, now + 5_000)).await.unwrap().unwrap();
    assert_eq!((renewed.fence, renewed.expires_at_ms), (a.fence, now + 15_000));
    // At its last moment it is over, and the next holder is told from the one before.
    assert_eq!(one.acquire(request("films", "c", 2, now + 9_999)).await.unwrap(), None);
    let c = one.acquire(request("films", "c", 2, now + 10_000)).await.unwrap().unwrap();
    assert!(c.fence > a.fence || c.fence > b.fence);
    let again = other.acquire(request("films", "b", 2, now + 10_000)).await.unwrap();
    assert_eq!(again, None, "b was away too long");
    // Given back; twice is no error, and a holder that is none gives nothing back.
    one.release("films", "nobody").await.unwrap();
    assert_eq!(other.acquire(request("films", "b", 2, now + 10_000)).await.unwrap(), None);
    other.release("films", "a").await.unwrap();
    one.release("films", "a").await.unwrap();
    assert!(other.acquire(request("films", "b", 2, now + 10_000)).await.unwrap().is_some());

    // Of two hundred at once, on all instances, exactly as many as there are slots.
    for round in 0..3 {
        let name = format!("race {round}");
        let holders: Vec<String> = (0..200).map(|number| number.to_string()).collect();
        let tries = holders.iter().enumerate().map(|(index, holder)| {
            let store = stores[index % stores.len()];
            store.acquire(request(&name, holder, 2, now))
        });
        let held: Vec<_> = join_all(tries).await.into_iter().filter_map(Result::unwrap).collect();
        assert_eq!(held.len(), 2);
    }
}

async fn rate_contract(stores: &[&dyn RateStore]) {
    let (one, other) = (stores[0], stores[stores.len() - 1]);
    let rate = Rate { burst: 3, every: Duration::from_secs(2) };
    let wait = |ms| Verdict::Wait(Duration::from_millis(ms));
    let now = START_MS;
    for store in [one, other, one] {
        assert_eq!(store.take("mia", rate, now).await.unwrap(), Verdict::Allowed);
    }
    assert_eq!(other.take("mia", rate, now).await.unwrap(), wait(2_000));
    assert_eq!(other.take("mia", rate, now + 500).await.unwrap(), wait(1_500), "what is refused is not counted");
    assert_eq!(other.take("ben", rate, now).await.unwrap(), Verdict::Allowed);
    assert_eq!(one.take("mia", rate, now + 2_000).await.unwrap(), Verdict::Allowed);
    assert_eq!(one.take("mia", rate, now + 2_000).await.unwrap(), wait(2_000));
    // After a rest the whole burst is there, and no more than that.
    for _ in 0..3 {
        assert_eq!(one.take("mia", rate, now + 60_000).await.unwrap(), Verdict::Allowed);
    }
    assert_eq!(other.take("mia", rate, now + 60_000).await.unwrap(), wait(2_000));
    // What is given back can be taken again, and once.
    other.give_back("mia", rate).await.unwrap();
    assert_eq!(one.take("mia", rate, now + 60_000).await.unwrap(), Verdict::Allowed);
    assert_eq!(other.take("mia", rate, now + 60_000).await.unwrap(), wait(2_000));
    one.give_back("nobody", rate).await.unwrap();
    assert_eq!(one.take("nobody", rate, now).await.unwrap(), Verdict::Allowed);
    // Of many at once, on all instances, exactly the burst.
    let takes = (0..60).map(|number| stores[number % stores.len()].take("race", rate, now));
    let allowed = join_all(takes).await.into_iter().filter(|verdict| matches!(verdict, Ok(Verdict::Allowed))).count();
    assert_eq!(allowed, 3);
}

async fn in_database(database: &Database) {
    let instances = [SqlShared::open(database).await.unwrap(), SqlShared::open(database).await.unwrap()];
    lease_contract(&[&instances[0], &instances[1]]).await;
    rate_contract(&[&instances[0], &instances[1]]).await;
}

#[tokio::test]
async fn sqlite_keeps_its_promises() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::File(folder.path().join("lumen.db"));
    let shared = SqlShared::open(&database).await.unwrap();
    lease_contract(&[&shared]).await;
    rate_contract(&[&shared]).await;
}

#[tokio::test]
async fn postgres_keeps_its_promises() {
    in_database(&empty_database("shared").await).await;
}

#[tokio::test]
async fn redis_keeps_its_promises_and_comes_back() {
    let mut backend = redis();
    let config = RedisConfig { address: format!("redis://{}", backend.address()), prefix: "test".to_owned() };
    let instances = [RedisShared::connect(&config).await.unwrap(), RedisShared::connect(&config).await.unwrap()];
    lease_contract(&[&instances[0], &instances[1]]).await;
    rate_contract(&[&instances[0], &instances[1]]).await;
    // Away, it says so and does not hang; back, it works without a new start of ours.
    backend.kill();
    let rate = Rate { burst: 1, every: Duration::from_secs(1) };
    assert!(matches!(instances[0].take("x", rate, START_MS).await, Err(SharedError::Unavailable(_))));
    backend.revive();
    let mut verdict = instances[0].take("x", rate, START_MS).await;
    for _ in 0..100 {
        if verdict.is_ok() {
            break;
        }
        // The connection is made again in the background; only trying shows when.
        tokio::time::sleep(Duration::from_millis(50)).await;
        verdict = instances[0].take("x", rate, START_MS).await;
    }
    assert_eq!(verdict.unwrap(), Verdict::Allowed);
}

#[tokio::test]
async fn address_with_a_password_is_not_shown() {
    let config = RedisConfig { address: "http://user:canary@127.0.0.1".to_owned(), prefix: "x".to_owned() };
    let error = RedisShared::connect(&config).await.unwrap_err();
    assert!(!format!("{config:?} {error:?} {error}").contains("canary"));
}
