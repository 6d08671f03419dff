//! The chain, and what it notices.

use super::*;
use crate::{clock::ManualClock, store::Database};
use std::time::Duration;
use tokio::task::JoinSet;

struct Fixture {
    folder: tempfile::TempDir,
    clock: Arc<ManualClock>,
}

impl Fixture {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), clock: Arc::new(ManualClock::new(1_780_000_000_000)) }
    }

    async fn open(&self) -> Audit {
        let db = Db::open(&Database::File(self.folder.path().join("lumen.db"))).await.unwrap();
        let master_key = MasterKey::load_or_create(&self.folder.path().join("master.key")).unwrap();
        Audit::open(db, self.clock.clone(), &master_key).await.unwrap()
    }
}

async fn write(audit: &Audit, number: usize) {
    let (account, grant_id) = (AccountId(format!("account {number}")), GrantId::from("grant"));
    audit.record(Entry { account: &account, grant_id: &grant_id, grant: None, outcome: "granted" }).await.unwrap();
}

async fn run(audit: &Audit, statement: &'static str) {
    sqlx::query(statement).execute(audit.log.db.writer()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn entries_of_two_instances_make_one_chain() {
    let fixture = Fixture::new();
    let instances = [fixture.open().await, fixture.open().await];
    let mut writers = JoinSet::new();
    for number in 0..100 {
        let audit = instances[number % 2].clone();
        writers.spawn(async move { write(&audit, number).await });
    }
    writers.join_all().await;
    assert_eq!(instances[0].verify().await.unwrap(), Ok(100));
}

#[tokio::test]
async fn g12_edits_deletions_and_cuts_are_found_with_their_place() {
    let cases = [
        ("UPDATE licence_audit SET outcome = 'forbidden' WHERE id = 3", Tampered::Changed(3)),
        ("UPDATE licence_audit SET title_id = '' WHERE id = 2", Tampered::Changed(2)),
        ("UPDATE licence_audit SET at_ms = at_ms + 1 WHERE id = 5", Tampered::Changed(5)),
        ("DELETE FROM licence_audit WHERE id = 2", Tampered::Missing(2)),
        ("DELETE FROM licence_audit WHERE id >= 4", Tampered::Missing(4)),
        (
            "UPDATE licence_audit_head SET last = 3, last_chain = (SELECT chain FROM licence_audit WHERE id = 3)",
            Tampered::Head,
        ),
    ];
    for (statement, expected) in cases {
        let fixture = Fixture::new();
        let audit = fixture.open().await;
        for number in 0..5 {
            write(&audit, number).await;
        }
        assert_eq!(audit.verify().await.unwrap(), Ok(5));
        run(&audit, statement).await;
        assert_eq!(audit.verify().await.unwrap(), Err(expected), "{statement}");
    }
}

#[tokio::test]
async fn g12_nothing_is_written_behind_a_head_that_was_changed() {
    let fixture = Fixture::new();
    let audit = fixture.open().await;
    for number in 0..5 {
        write(&audit, number).await;
    }
    run(&audit, "DELETE FROM licence_audit WHERE id >= 4").await;
    let cut = "UPDATE licence_audit_head SET last = 3, last_chain = (SELECT chain FROM licence_audit WHERE id = 3)";
    run(&audit, cut).await;
    let (account, grant_id) = (AccountId::from("a"), GrantId::from("g"));
    let entry = Entry { account: &account, grant_id: &grant_id, grant: None, outcome: "granted" };
    assert!(audit.record(entry).await.is_err(), "it would make the cut good");
    assert!(audit.sweep().await.is_err());
    assert_eq!(audit.verify().await.unwrap(), Err(Tampered::Head));
}

#[tokio::test]
async fn old_entries_go_and_the_rest_still_holds() {
    let fixture = Fixture::new();
    let audit = fixture.open().await;
    run(
        &audit,
        "INSERT INTO licence_audit (id, at_ms, account_id, grant_id, outcome) VALUES (7, 1, 'a', 'g', 'granted')",
    )
    .await;
    // A log of before the chain: it begins after its last entry.
    run(&audit, "DELETE FROM licence_audit_head").await;
    let audit = fixture.open().await;
    write(&audit, 1).await;
    fixture.clock.advance(Duration::from_millis(RETENTION_MS as u64 + 1));
    write(&audit, 2).await;
    write(&audit, 3).await;
    assert_eq!(audit.verify().await.unwrap(), Ok(3));
    audit.sweep().await.unwrap();
    assert_eq!(audit.verify().await.unwrap(), Ok(2));
    let left: Vec<i64> =
        sqlx::query_scalar("SELECT id FROM licence_audit ORDER BY id").fetch_all(audit.log.db.reader()).await.unwrap();
    assert_eq!(left, [9, 10]);
}
