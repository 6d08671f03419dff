//! What every object store promises, on a folder and on a real S3-compatible server, bare and decorated.

use crate::common::backends::{Backend, s3};
use futures_util::future::join_all;
use server_stub::blob::{
    BlobError, BlobFault, BlobKey, BlobStore, Counting, Counts, Faulty, FolderStore, MAX_PUT, MAX_READ, Patience,
    Patient, Put, S3Config, S3Store,
};
use std::{sync::Arc, time::Duration};
use tempfile::TempDir;
use url::Url;

fn key(name: &str) -> BlobKey {
    BlobKey::new(name).unwrap()
}

fn noise(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index * 131 % 251) as u8).collect()
}

/// The suite. Keys are below `name`, so that stores can share a bucket.
async fn contract(store: &dyn BlobStore, name: &str) {
    let at = |rest: &str| key(&format!("{name}/{rest}"));

    // Written once.
    assert_eq!(store.put(&at("one"), "first".into()).await.unwrap(), Put::Stored);
    assert_eq!(store.put(&at("one"), "second".into()).await.unwrap(), Put::Present);
    assert_eq!(store.read(&at("one"), 0..100).await.unwrap(), "first");
    let info = store.info(&at("one")).await.unwrap();
    assert_eq!(info.length, 5);
    assert!(info.stored_at_s > 1_700_000_000);

    // Of many at once, one stores, and its content is there whole.
    let race = at("race");
    let puts = (0..20).map(|number| store.put(&race, format!("{number:04}").repeat(500).into()));
    let stored = join_all(puts).await.into_iter().filter(|put| matches!(put, Ok(Put::Stored))).count();
    assert_eq!(stored, 1);
    let content = store.read(&race, 0..10_000).await.unwrap();
    assert!(content.len() == 2_000 && content.chunks(4).all(|part| part == &content[..4]));

    // Replaced.
    store.replace(&at("document"), "one".into()).await.unwrap();
    store.replace(&at("document"), "three".into()).await.unwrap();
    assert_eq!(store.read(&at("document"), 0..9).await.unwrap(), "three");

    // Ranges.
    let content = noise(300_000);
    store.put(&at("long"), content.clone().into()).await.unwrap();
    for (first, end) in [(0, 1), (0, 300_000), (299_999, 300_000), (17, 70_001), (299_990, 400_000), (0, u64::MAX)] {
        let expected = &content[first as usize..end.min(300_000) as usize];
        assert_eq!(store.read(&at("long"), first..end).await.unwrap(), expected, "{first}..{end}");
    }
    for (first, end) in [(300_000, 300_001), (u64::MAX - 1, u64::MAX), (5, 5)] {
        let outcome = store.read(&at("long"), first..end).await;
        assert!(matches!(outcome, Err(BlobError::Range { length: 300_000 })), "{first}..{end} {outcome:?}");
    }
    store.put(&at("empty"), Vec::new().into()).await.unwrap();
    assert_eq!(store.read(&at("empty"), 0..10).await.unwrap(), "");

    // Files, small ones and such as are sent in pieces; reading is bounded.
    let folder = tempfile::tempdir().unwrap();
    for (file, length) in [("small", 70_000), ("large", MAX_PUT + 3)] {
        let content = noise(length);
        std::fs::write(folder.path().join(file), &content).unwrap();
        assert_eq!(store.put_file(&at(file), &folder.path().join(file)).await.unwrap(), Put::Stored);
        assert_eq!(store.put_file(&at(file), &folder.path().join(file)).await.unwrap(), Put::Present);
        let mut got = Vec::new();
        while got.len() < length {
            let piece = store.read(&at(file), got.len() as u64..u64::MAX).await.unwrap();
            assert!(piece.len() as u64 <= MAX_READ);
            got.extend_from_slice(&piece);
        }
        assert!(got == content, "{file}");
    }
    let outcome = store.put(&at("too-large"), vec![0; MAX_PUT + 1].into()).await;
    assert!(matches!(outcome, Err(BlobError::TooLarge { .. })), "{outcome:?}");

    // Listed in order, in pieces, and only what is below.
    for name in ["list/b", "list/a/2", "list/a/1", "list/c", "listless"] {
        store.put(&at(name), "x".into()).await.unwrap();
    }
    let all: Vec<BlobKey> = ["list/a/1", "list/a/2", "list/b", "list/c"].map(at).into();
    assert_eq!(store.list(&at("list"), None, 100).await.unwrap(), all);
    assert_eq!(store.list(&at("list"), None, 2).await.unwrap(), all[..2]);
    assert_eq!(store.list(&at("list"), Some(&all[1]), 100).await.unwrap(), all[2..]);
    assert_eq!(store.list(&at("nowhere"), None, 100).await.unwrap(), []);

    // Gone.
    store.delete(&at("one")).await.unwrap();
    store.delete(&at("one")).await.unwrap();
    for outcome in [store.read(&at("one"), 0..1).await.map(drop), store.info(&at("one")).await.map(drop)] {
        assert!(matches!(outcome, Err(BlobError::NotFound)), "{outcome:?}");
    }
    assert_eq!(store.put(&at("one"), "again".into()).await.unwrap(), Put::Stored);
}

fn folder() -> (TempDir, FolderStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::open(folder.path()).unwrap();
    (folder, store)
}

fn bucket(backend: &Backend, name: &str) -> S3Store {
    S3Store::new(&S3Config {
        endpoint: Url::parse(&format!("http://{}", backend.address())).unwrap(),
        bucket: name.to_owned(),
        region: "us-east-1".to_owned(),
        access_key: "test".to_owned(),
        secret_key: "testtest".to_owned(),
        allow_http: false,
    })
    .unwrap()
}

/// Tests want to wait no longer than they must.
fn patience() -> Patience {
    Patience { timeout: Duration::from_secs(20), pause: Duration::from_millis(1), ..Patience::default() }
}

#[tokio::test]
async fn folder_keeps_its_promises() {
    let (_folder, store) = folder();
    contract(&store, "bare").await;
}

#[tokio::test]
async fn bucket_keeps_its_promises() {
    let backend = s3().await;
    contract(&bucket(&backend, "media"), "bare").await;
    // Counting changes nothing, and patience makes up for a store that fails every third call before it begins.
    let faults = Arc::new(|call: u64| call.is_multiple_of(3).then_some(BlobFault::Fail));
    let store = Counting::new(Patient::new(Faulty::new(bucket(&backend, "media"), faults), patience()));
    contract(&store, "decorated").await;
    assert!(store.counts().failures > 0 && store.counts().bytes_read > 300_000, "{:?}", store.counts());
    // A bucket that is not there, and a server that has gone away.
    let missing = bucket(&backend, "no-such-bucket").put(&key("x"), "x".into()).await;
    assert!(matches!(missing, Err(BlobError::NotFound | BlobError::Unavailable(_))), "{missing:?}");
    let store = bucket(&backend, "media");
    drop(backend);
    assert!(matches!(store.info(&key("x")).await, Err(BlobError::Unavailable(_))));
}

#[tokio::test]
async fn decorated_folder_keeps_its_promises() {
    let (_folder, inner) = folder();
    let faults = Arc::new(|call: u64| call.is_multiple_of(2).then_some(BlobFault::Fail));
    contract(&Counting::new(Patient::new(Faulty::new(inner, faults), patience())), "decorated").await;
}

#[tokio::test]
async fn patience_ends_and_answers_that_are_lost_do_no_harm() {
    let (_folder, inner) = folder();
    let counted = Arc::new(Counting::new(inner));
    let around = |faults: server_stub::blob::BlobFaults, patience| {
        Patient::new(Faulty::new(Shared(counted.clone()), faults), patience)
    };
    // Always failing: as many tries as were promised, and then the failure.
    let store = around(Arc::new(|_| Some(BlobFault::LoseAnswer)), patience());
    assert!(matches!(store.put(&key("a"), "a".into()).await, Err(BlobError::Unavailable(_))));
    assert_eq!(counted.counts(), Counts { writes: 4, ..Counts::default() });
    // Lost once: it was stored, and the second try says that it is there.
    let store = around(Arc::new(|call| (call == 1).then_some(BlobFault::LoseAnswer)), patience());
    assert_eq!(store.put(&key("b"), "b".into()).await.unwrap(), Put::Present);
    assert_eq!(store.read(&key("b"), 0..1).await.unwrap(), "b");
    // Hanging: given up, then asked again.
    let hasty = Patience { timeout: Duration::from_millis(300), ..patience() };
    let store = around(Arc::new(|call| (call == 1).then_some(BlobFault::Hang)), hasty);
    assert_eq!(store.read(&key("b"), 0..1).await.unwrap(), "b");
    // What cannot get better is not tried again.
    let before = counted.counts().reads;
    let store = around(Arc::new(|_| None), patience());
    assert!(matches!(store.read(&key("none"), 0..1).await, Err(BlobError::NotFound)));
    assert_eq!(counted.counts().reads, before + 1);
}

/// A store that several decorators stand around.
#[derive(Debug)]
struct Shared(Arc<Counting<FolderStore>>);

#[async_trait::async_trait]
impl BlobStore for Shared {
    async fn put(&self, key: &BlobKey, content: axum::body::Bytes) -> Result<Put, BlobError> {
        self.0.put(key, content).await
    }
    async fn replace(&self, key: &BlobKey, content: axum::body::Bytes) -> Result<(), BlobError> {
        self.0.replace(key, content).await
    }
    async fn put_file(&self, key: &BlobKey, file: &std::path::Path) -> Result<Put, BlobError> {
        self.0.put_file(key, file).await
    }
    async fn info(&self, key: &BlobKey) -> Result<server_stub::blob::BlobInfo, BlobError> {
        self.0.info(key).await
    }
    async fn read(&self, key: &BlobKey, range: std::ops::Range<u64>) -> Result<axum::body::Bytes, BlobError> {
        self.0.read(key, range).await
    }
    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        self.0.delete(key).await
    }
    async fn list(&self, folder: &BlobKey, after: Option<&BlobKey>, limit: usize) -> Result<Vec<BlobKey>, BlobError> {
        self.0.list(folder, after, limit).await
    }
}
