//! What every message log promises, behind the outbox of either database: in the process, and by a real NATS broker.

use crate::common::{
    START_MS,
    backends::{Backend, nats},
    postgres::empty_database,
};
use server_stub::{
    Database, ManualClock,
    messages::{
        Delivery, LocalLog, MAX_BODY, Message, MessageError, MessageLog, NatsConfig, NatsLog, Outbox, Relay,
        Subscription, check_durability,
    },
};
use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::task::JoinSet;

/// Longer than anything here takes on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(60);

async fn outbox(database: &Database) -> Outbox {
    Outbox::open(database, Arc::new(ManualClock::new(START_MS))).await.unwrap()
}

fn file() -> (TempDir, Database) {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::File(folder.path().join("lumen.db"));
    (folder, database)
}

fn relay(outbox: &Outbox, log: &Arc<dyn MessageLog>) -> Arc<Relay> {
    Arc::new(Relay::new(outbox.clone(), log.clone()))
}

fn run(tasks: &mut JoinSet<()>, relay: &Arc<Relay>) {
    let relay = relay.clone();
    tasks.spawn(async move { relay.run().await });
}

async fn next(subscription: &mut Box<dyn Subscription>) -> Delivery {
    tokio::time::timeout(PATIENCE, subscription.next()).await.expect("nothing is delivered").unwrap()
}

/// The next delivery of the message `id`; the only others that may come are those that were handled.
async fn next_of(subscription: &mut Box<dyn Subscription>, id: &str, handled: &HashSet<String>) -> Delivery {
    loop {
        let delivery = next(subscription).await;
        if delivery.message.id == id {
            return delivery;
        }
        assert!(handled.contains(&delivery.message.id));
        let _ = delivery.done().await;
    }
}

fn number(message: &Message) -> u64 {
    serde_json::from_str::<serde_json::Value>(&message.body).unwrap()["number"].as_u64().unwrap()
}

async fn send(outbox: &Outbox, key: &str, number: u64) -> String {
    outbox.send("title.watched", key, &serde_json::json!({ "number": number })).await.unwrap()
}

/// The suite.
async fn contract(outbox: &Outbox, log: &Arc<dyn MessageLog>) {
    let mut tasks = JoinSet::new();
    let mut subscription = log.subscribe("counter").await.unwrap();
    // Two instances; one of them has the lease, and the other changes nothing.
    let relays = [relay(outbox, log), relay(outbox, log)];
    relays.iter().for_each(|relay| run(&mut tasks, relay));

    // Everything arrives, each key in its order, with what was written; every seventh is handled only when it comes
    // again, and no later one of its key overtakes it.
    let mut sent = HashSet::new();
    for index in 0..60_u64 {
        sent.insert(send(outbox, &format!("key {}", index % 3), index).await);
    }
    let mut seen: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let (mut handled, mut refused) = (HashSet::new(), HashSet::new());
    while handled.len() < sent.len() {
        let delivery = next(&mut subscription).await;
        let message = delivery.message.clone();
        assert_eq!(message.topic, "title.watched");
        if number(&message).is_multiple_of(7) && refused.insert(message.id.clone()) {
            delivery.again(Duration::from_millis(5)).await.unwrap();
            continue;
        }
        assert!(outbox.is_first_time("counter", &message).await.unwrap(), "handled twice");
        assert!(!outbox.is_first_time("counter", &message).await.unwrap());
        assert!(outbox.is_first_time("another", &message).await.unwrap(), "consumers are counted apart");
        delivery.done().await.unwrap();
        seen.entry(message.key.clone()).or_default().push(number(&message));
        handled.insert(message.id);
    }
    assert_eq!(handled, sent);
    for (key, numbers) in &seen {
        assert!(numbers.is_sorted() && numbers.len() == 20, "{key} {numbers:?}");
    }

    // The relays stop in the middle, and one that gave its lease up in good order is followed at once.
    let id = send(outbox, "crash", 100).await;
    tasks.shutdown().await;
    for relay in &relays {
        relay.release().await;
    }
    run(&mut tasks, &relay(outbox, log));
    // Not handled, it comes again. What the relays had sent and not yet removed when they stopped comes again too.
    let delivery = next_of(&mut subscription, &id, &sent).await;
    // It may be from before the stop, and then nobody hears the answer.
    let _ = delivery.again(Duration::ZERO).await;
    next_of(&mut subscription, &id, &sent).await.done().await.unwrap();

    // What cannot be a message is refused before it is written.
    for topic in ["", "UPPER.case", "a..b", "a b", "a.*", "a.>", &"x".repeat(65)] {
        let outcome = outbox.send(topic, "key", &serde_json::json!(1)).await;
        assert!(matches!(outcome, Err(MessageError::Invalid)), "{topic:?}");
    }
    let large = serde_json::json!("x".repeat(MAX_BODY));
    assert!(matches!(outbox.send("a.b", "key", &large).await, Err(MessageError::Invalid)));
    until_empty(outbox).await;
}

/// The relay removes what it has sent after the consumer has it.
async fn until_empty(outbox: &Outbox) {
    let begun = Instant::now();
    while outbox.waiting().await.unwrap() > 0 {
        assert!(begun.elapsed() < PATIENCE, "messages stay in the outbox");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn connect(backend: &Backend) -> Arc<dyn MessageLog> {
    let config = NatsConfig { address: format!("nats://{}", backend.address()), user: None, replicas: 1 };
    Arc::new(NatsLog::connect(&config).await.unwrap())
}

#[tokio::test]
async fn process_with_sqlite_keeps_its_promises() {
    let (_folder, database) = file();
    let log: Arc<dyn MessageLog> = Arc::new(LocalLog::new());
    contract(&outbox(&database).await, &log).await;
}

#[tokio::test]
async fn process_with_postgres_keeps_its_promises() {
    let log: Arc<dyn MessageLog> = Arc::new(LocalLog::new());
    contract(&outbox(&empty_database("messages_local").await).await, &log).await;
}

#[tokio::test]
async fn nats_with_postgres_keeps_its_promises() {
    let (backend, monitor) = nats();
    assert!(check_durability(&monitor).await.is_ok());
    contract(&outbox(&empty_database("messages_nats").await).await, &connect(&backend).await).await;
}

/// The broker is killed in the middle and is away for longer than any election takes; the outbox rides over it. What
/// was published twice is recognised, and nothing is lost.
#[tokio::test]
async fn nothing_is_lost_or_doubled_when_the_broker_is_killed() {
    let (mut backend, _) = nats();
    let (_folder, database) = file();
    let outbox = outbox(&database).await;
    let log = connect(&backend).await;
    let mut subscription = log.subscribe("counter").await.unwrap();
    let mut tasks = JoinSet::new();
    run(&mut tasks, &relay(&outbox, &log));
    let mut sent = Vec::new();
    for number in 0..50 {
        sent.push(send(&outbox, "one", number).await);
    }
    // One of them has arrived: the relay is in the middle.
    let first = next(&mut subscription).await;
    assert_eq!(number(&first.message), 0);
    first.done().await.unwrap();
    backend.kill();
    for number in 50..60 {
        sent.push(send(&outbox, "one", number).await);
    }
    // An outage is time that passes, and the relay's own time-outs are part of what is tested.
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(outbox.waiting().await.unwrap() >= 10, "messages wait where they are safe");
    backend.revive();
    let mut got = vec![sent[0].clone()];
    while got.len() < sent.len() {
        let delivery = next(&mut subscription).await;
        let id = delivery.message.id.clone();
        let _ = delivery.done().await;
        // An answer that was lost with the broker brings the same message again.
        if got.last() != Some(&id) {
            got.push(id);
        }
    }
    assert!(got == sent, "in order, each once");
    until_empty(&outbox).await;
}

/// The relay may lose the answer of the broker and send again; consumers see the message once.
#[tokio::test]
async fn message_that_is_published_twice_is_kept_once() {
    let (backend, _) = nats();
    let log = connect(&backend).await;
    let mut subscription = log.subscribe("counter").await.unwrap();
    let message = |id: &str| Message {
        id: id.to_owned(),
        topic: "a.b".to_owned(),
        key: "key".to_owned(),
        body: r#"{"number":1}"#.to_owned(),
    };
    for id in ["1", "1", "1", "2"] {
        log.publish(&message(id)).await.unwrap();
    }
    for id in ["1", "2"] {
        let delivery = next(&mut subscription).await;
        assert_eq!(delivery.message.id, id);
        delivery.done().await.unwrap();
    }
}

#[tokio::test]
async fn broker_that_would_lose_messages_is_named() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let mut answers = JoinSet::new();
    answers.spawn(async move {
        for body in [
            r#"{"version":"2.15.1","jetstream":{"config":{"sync_interval":120000000000}}}"#,
            r#"{"version":"2.9.10","jetstream":{"config":{"sync_always":true}}}"#,
            r#"{"version":"2.15.1","jetstream":{}}"#,
            "no JSON",
        ] {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut head = [0; 512];
            let _ = socket.read(&mut head).await.unwrap();
            socket.write_all(format!("HTTP/1.0 200 OK\r\n\r\n{body}").as_bytes()).await.unwrap();
        }
    });
    for advice in ["sync_interval: always", "2.10.23", "JetStream is off", "JSON"] {
        let error = check_durability(&address).await.unwrap_err().to_string();
        assert!(error.contains(advice), "{error}");
    }
}
