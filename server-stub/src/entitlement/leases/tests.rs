//! Leases against a plain model, and against each other.

use super::{super::gate::Step as Right, *};
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
    by(leases, account, device, &format!("grant of {device}"), streams, Right::Begin).await
}

async fn by(leases: &Leases, account: &AccountId, device: &str, grant: &str, streams: u32, step: Right) -> bool {
    leases.hold(Holder { account, device, grant: &grant.into() }, streams, step).await.unwrap()
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

#[tokio::test]
async fn l06_two_grants_of_one_device_share_no_lease() {
    let fixture = Fixture::new();
    let (leases, other) = (fixture.instance().await, fixture.instance().await);
    let account = AccountId::from("a");
    let (go_on, begin) = (Right::GoOn, Right::Begin);
    let held = async |grant: &str| {
        let grant = GrantId::from(grant);
        leases.is_held(Holder { account: &account, device: "x", grant: &grant }).await.unwrap()
    };
    for streams in [1, 3] {
        assert!(by(&leases, &account, "x", "first", streams, begin).await);
        assert!(by(&other, &account, "x", "second", streams, begin).await, "a new start takes it over");
        assert!(!by(&leases, &account, "x", "first", streams, go_on).await, "{streams}");
        assert!(held("second").await && !held("first").await);
        fixture.clock.advance(HEARTBEAT);
        assert!(by(&other, &account, "x", "second", streams, go_on).await);
        assert!(!by(&leases, &account, "x", "first", streams, go_on).await, "{streams}");
        let streaming = leases.streaming(&account).await.unwrap();
        assert!(matches!(&streaming[..], [one] if one.device_id == "x" && one.grant_id == "second"), "{streaming:?}");
        leases.release(&"second".into()).await.unwrap();
        assert!(by(&leases, &account, "x", "first", streams, go_on).await, "what nobody holds may be had again");
        leases.release(&"first".into()).await.unwrap();
    }
    // A smaller plan does not let the one in through the other's slot.
    assert!(by(&leases, &account, "y", "y", 2, begin).await && by(&leases, &account, "x", "second", 2, begin).await);
    assert!(!by(&leases, &account, "x", "first", 1, go_on).await);
    assert!(held("second").await);
}

/// What the table is a shared form of.
#[derive(Debug, Default)]
struct Model {
    /// Device to slot, end and grant.
    held: BTreeMap<String, (u32, i64, u8)>,
}

impl Model {
    fn hold(&mut self, device: &str, grant: u8, streams: u32, step: Right, now_ms: i64) -> bool {
        let end = now_ms + 60_000;
        if let Some((slot, until, holder)) = self.held.get_mut(device) {
            if step != Right::Begin && *holder != grant && *until > now_ms {
                return false;
            }
            if *slot < streams {
                (*until, *holder) = (end, grant);
                return true;
            }
        }
        self.held.remove(device);
        for slot in 0..streams {
            let holder = self.held.iter().find(|(_, (held, ..))| *held == slot);
            match holder.map(|(device, (_, until, _))| (device.clone(), *until)) {
                Some((_, until)) if until > now_ms => continue,
                Some((late, _)) => self.held.remove(&late),
                None => None,
            };
            self.held.insert(device.to_owned(), (slot, end, grant));
            return true;
        }
        false
    }

    fn release(&mut self, released: u8) {
        for (_, until, _) in self.held.values_mut().filter(|(.., grant)| *grant == released) {
            *until = 0;
        }
    }

    fn streaming(&self, now_ms: i64) -> Vec<String> {
        let mut live: Vec<_> = self.held.iter().filter(|(_, (_, until, _))| *until > now_ms).collect();
        live.sort_by_key(|(_, (slot, ..))| *slot);
        live.into_iter().map(|(device, _)| device.clone()).collect()
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// Each device has two grants: the second one's number is greater by ten.
    Hold {
        grant: u8,
        streams: u32,
        begins: bool,
    },
    Release(u8),
    Wait(u64),
}

fn grant() -> impl Strategy<Value = u8> {
    prop_oneof![0..5_u8, 10..15_u8]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (grant(), 1..4_u32, any::<bool>())
            .prop_map(|(grant, streams, begins)| Step::Hold { grant, streams, begins }),
        1 => grant().prop_map(Step::Release),
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
                    Step::Hold { grant, streams, begins } => {
                        let device = format!("device {}", grant % 10);
                        let right = if begins { Right::Begin } else { Right::GoOn };
                        let held = by(&leases, &account, &device, &grant.to_string(), streams, right).await;
                        assert_eq!(held, model.hold(&device, grant, streams, right, now_ms));
                    }
                    Step::Release(grant) => {
                        leases.release(&GrantId(grant.to_string())).await.unwrap();
                        model.release(grant);
                    }
                    Step::Wait(seconds) => fixture.clock.advance(Duration::from_secs(seconds)),
                }
                let now_ms = fixture.clock.now_ms();
                assert_eq!(watching(&leases, &account).await, model.streaming(now_ms));
            }
        });
    }
}
