//! Leases against a plain model, and against each other.

use super::*;
use crate::{clock::ManualClock, store::Database};
use proptest::prelude::*;
use std::collections::BTreeMap;
use tokio::task::JoinSet;

const HEARTBEAT: Duration = Duration::from_secs(30);

struct Fixture {
    _folder: tempfile::TempDir,
    database: Database,
    clock: Arc<ManualClock>,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::File(folder.path().join("lumen.db"));
        Self { _folder: folder, database, clock: Arc::new(ManualClock::new(1_000_000)) }
    }

    /// As another instance of the server would open it.
    async fn instance(&self) -> Leases {
        Leases::new(Db::open(&self.database).await.unwrap(), self.clock.clone(), HEARTBEAT)
    }
}

async fn hold(leases: &Leases, account: &AccountId, device: &str, streams: u32) -> bool {
    let grant = GrantId(format!("grant of {device}"));
    leases.hold(Holder { account, device, grant: &grant }, streams).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn l06_exactly_two_of_200_parallel_starts_on_three_instances() {
    let fixture = Fixture::new();
    let instances = [fixture.instance().await, fixture.instance().await, fixture.instance().await];
    for round in 0..3 {
        let account = AccountId(format!("account {round}"));
        let mut starts = JoinSet::new();
        for number in 0..200 {
            let (leases, account) = (instances[number % 3].clone(), account.clone());
            starts.spawn(async move { hold(&leases, &account, &format!("device {number}"), 2).await });
        }
        let granted = starts.join_all().await.into_iter().filter(|granted| *granted).count();
        assert_eq!(granted, 2);
        assert_eq!(instances[0].streaming(&account).await.unwrap().len(), 2);
    }
}

async fn watching(leases: &Leases, account: &AccountId) -> Vec<String> {
    leases.streaming(account).await.unwrap().into_iter().map(|stream| stream.device_id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_starts_of_one_device_hold_one_lease() {
    let fixture = Fixture::new();
    let leases = fixture.instance().await;
    let account = AccountId::from("a");
    let mut starts = JoinSet::new();
    for _ in 0..50 {
        let (leases, account) = (leases.clone(), account.clone());
        starts.spawn(async move { hold(&leases, &account, "one", 2).await });
    }
    assert!(starts.join_all().await.into_iter().all(|granted| granted));
    assert_eq!(watching(&leases, &account).await, ["one"]);
}

#[tokio::test]
async fn l07_two_missed_heartbeats_free_the_stream() {
    let fixture = Fixture::new();
    let leases = fixture.instance().await;
    let account = AccountId::from("a");
    assert!(hold(&leases, &account, "one", 1).await);
    fixture.clock.advance(HEARTBEAT);
    assert!(hold(&leases, &account, "one", 1).await, "a heartbeat");
    fixture.clock.advance(2 * HEARTBEAT - Duration::from_millis(1));
    assert!(!hold(&leases, &account, "two", 1).await);
    fixture.clock.advance(Duration::from_millis(1));
    assert!(hold(&leases, &account, "two", 1).await);
    assert!(!hold(&leases, &account, "one", 1).await, "who comes back late finds the place taken");
}

/// What the table is a shared form of.
#[derive(Debug, Default)]
struct Model {
    /// Device to slot and end.
    held: BTreeMap<String, (u32, i64)>,
}

impl Model {
    fn hold(&mut self, device: &str, streams: u32, now_ms: i64) -> bool {
        let end = now_ms + 60_000;
        if let Some((slot, until)) = self.held.get_mut(device)
            && *slot < streams
        {
            *until = end;
            return true;
        }
        self.held.remove(device);
        for slot in 0..streams {
            let holder = self.held.iter().find(|(_, (held, _))| *held == slot);
            match holder.map(|(device, (_, until))| (device.clone(), *until)) {
                Some((_, until)) if until > now_ms => continue,
                Some((late, _)) => self.held.remove(&late),
                None => None,
            };
            self.held.insert(device.to_owned(), (slot, end));
            return true;
        }
        false
    }

    fn streaming(&self, now_ms: i64) -> Vec<String> {
        let mut live: Vec<_> = self.held.iter().filter(|(_, (_, until))| *until > now_ms).collect();
        live.sort_by_key(|(_, (slot, _))| *slot);
        live.into_iter().map(|(device, _)| device.clone()).collect()
    }
}

#[derive(Clone, Debug)]
enum Step {
    Hold { device: u8, streams: u32 },
    Release(u8),
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..5_u8, 1..4_u32).prop_map(|(device, streams)| Step::Hold { device, streams }),
        1 => (0..5_u8).prop_map(Step::Release),
        2 => (1..70_u64).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn leases_behave_like_a_plain_list(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let fixture = Fixture::new();
            let leases = fixture.instance().await;
            let account = AccountId::from("a");
            let mut model = Model::default();
            for step in steps {
                let now_ms = fixture.clock.now_ms();
                match step {
                    Step::Hold { device, streams } => {
                        let device = format!("device {device}");
                        let held = hold(&leases, &account, &device, streams).await;
                        assert_eq!(held, model.hold(&device, streams, now_ms));
                    }
                    Step::Release(device) => {
                        let device = format!("device {device}");
                        leases.release(&GrantId(format!("grant of {device}"))).await.unwrap();
                        if let Some((_, until)) = model.held.get_mut(&device) {
                            *until = 0;
                        }
                    }
                    Step::Wait(seconds) => fixture.clock.advance(Duration::from_secs(seconds)),
                }
                let now_ms = fixture.clock.now_ms();
                assert_eq!(watching(&leases, &account).await, model.streaming(now_ms));
            }
        });
    }
}
