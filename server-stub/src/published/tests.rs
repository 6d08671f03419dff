use super::*;
use crate::{
    blob::{BlobFault, BlobInfo, Faulty, FolderStore, Put},
    ingest::{LadderProfile, LibraryOptions, MediaState},
};
use async_trait::async_trait;
use axum::body::Bytes;
use std::{
    ops::Range,
    sync::atomic::{AtomicBool, Ordering},
};
use tokio::sync::{Notify, watch};

const TITLE: &str = "qa-counter-clear";

fn title() -> TitleId {
    TitleId::from(TITLE)
}

fn library(root: &Path) -> Arc<Library> {
    let only = Some(vec![title()]);
    let options = LibraryOptions { root: root.to_owned(), profile: LadderProfile::Test, only, background: false };
    Arc::new(Library::open(options).unwrap())
}

/// A library with one title, whose segments say `content`.
fn made(root: &Path, content: &str, key_check: &str) -> Arc<Library> {
    let home = root.join("media").join(TITLE);
    fs::create_dir_all(home.join("video")).unwrap();
    fs::create_dir_all(root.join("artwork").join(TITLE)).unwrap();
    fs::write(home.join("master.m3u8"), format!("#EXTM3U {content}")).unwrap();
    fs::write(home.join("video/seg-00001.m4s"), content).unwrap();
    fs::write(root.join("artwork").join(TITLE).join("card.jpg"), content).unwrap();
    let (generator, ladder) = (crate::ingest::GENERATOR, LadderProfile::Test.name());
    let record = serde_json::json!({ "generator": generator, "ladder": ladder, "key_check": key_check });
    fs::write(home.join("title.json"), record.to_string()).unwrap();
    library(root)
}

fn open(store: impl BlobStore + 'static, library: Arc<Library>) -> Published {
    Published::open(Arc::new(store), library, 1_000_000).unwrap()
}

#[tokio::test]
async fn title_is_seen_whole_by_others_and_its_next_generation_too() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let store = || FolderStore::open(at("store")).unwrap();
    let viewer = open(store(), library(&at("viewer")));
    viewer.look().await.unwrap();
    assert_eq!(viewer.library.state()[&title()].state, MediaState::Absent);

    for (number, content) in ["first", "second", "third"].into_iter().enumerate() {
        let maker = open(store(), made(&at("maker"), content, content));
        assert!(maker.publish(&title()).await.unwrap());
        assert!(!maker.publish(&title()).await.unwrap(), "nothing has changed");
        viewer.look().await.unwrap();
        assert_eq!(viewer.library.state()[&title()].state, MediaState::Ready);
        // The small file is there, the segment comes when it is asked for.
        let playlist = viewer.library.media_file(&title(), "master.m3u8").unwrap();
        assert_eq!(fs::read_to_string(playlist).unwrap(), format!("#EXTM3U {content}"));
        assert_eq!(viewer.library.media_file(&title(), "video/seg-00001.m4s"), None);
        viewer.bring(&title(), "video/seg-00001.m4s").await.unwrap();
        viewer.bring_picture(&title(), "card.jpg").await.unwrap();
        let segment = viewer.library.media_file(&title(), "video/seg-00001.m4s").unwrap();
        assert_eq!(fs::read_to_string(segment).unwrap(), content);
        let picture = viewer.library.artwork_file(&title(), "card.jpg").unwrap();
        assert_eq!(fs::read_to_string(picture).unwrap(), content);
        // What does not exist, or is no name, is no error here and no file there.
        for none in ["video/seg-00002.m4s", "../../../../secret", "title.json", "", ".published"] {
            viewer.bring(&title(), none).await.unwrap();
            assert_eq!(viewer.library.media_file(&title(), none), None, "{none}");
        }
        // This generation and the one before it.
        let generations = fs::read_dir(at("store/media").join(TITLE)).unwrap();
        let kept = generations.filter(|entry| files_below(&entry.as_ref().unwrap().path()).unwrap().len() == 2);
        assert_eq!(kept.count(), (number + 1).min(2));
    }

    // Another process on the same folder begins anew, and sees the same.
    let again = open(store(), library(&at("viewer")));
    assert!(again.library.media_file(&title(), "master.m3u8").is_none());
    again.look().await.unwrap();
    assert!(again.library.media_file(&title(), "master.m3u8").is_some());
}

#[tokio::test]
async fn publication_that_breaks_off_is_not_seen() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let store = || FolderStore::open(at("store")).unwrap();
    let viewer = open(store(), library(&at("viewer")));
    // Each call of the publication fails once, from the first to the last.
    for broken in 1_u64.. {
        let has_failed = Arc::new(AtomicBool::new(false));
        let failed = has_failed.clone();
        let faults = Arc::new(move |call| {
            (call == broken).then(|| {
                failed.store(true, Ordering::Relaxed);
                BlobFault::Fail
            })
        });
        let maker = open(Faulty::new(store(), faults), made(&at("maker"), "content", "key"));
        let outcome = maker.publish(&title()).await;
        viewer.look().await.unwrap();
        let is_seen = viewer.library.state()[&title()].state == MediaState::Ready;
        assert_eq!(is_seen, outcome.is_ok(), "call {broken}");
        if !has_failed.load(Ordering::Relaxed) {
            assert!(broken > 4, "document, three files, document");
            break;
        }
    }
}

/// A store that keeps readings of one object waiting until it is told to go on.
#[derive(Debug)]
struct Slow {
    inner: FolderStore,
    what: &'static str,
    arrived: Notify,
    may_go_on: watch::Sender<bool>,
}

#[async_trait]
impl BlobStore for Slow {
    async fn put(&self, key: &BlobKey, content: Bytes) -> Result<Put, BlobError> {
        self.inner.put(key, content).await
    }

    async fn replace(&self, key: &BlobKey, content: Bytes) -> Result<(), BlobError> {
        self.inner.replace(key, content).await
    }

    async fn put_file(&self, key: &BlobKey, file: &Path) -> Result<Put, BlobError> {
        self.inner.put_file(key, file).await
    }

    async fn info(&self, key: &BlobKey) -> Result<BlobInfo, BlobError> {
        self.inner.info(key).await
    }

    async fn read(&self, key: &BlobKey, range: Range<u64>) -> Result<Bytes, BlobError> {
        let content = self.inner.read(key, range).await;
        if key.as_str().ends_with(self.what) {
            self.arrived.notify_one();
            self.may_go_on.subscribe().wait_for(|may_go_on| *may_go_on).await.unwrap();
        }
        content
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        self.inner.delete(key).await
    }

    async fn list(&self, folder: &BlobKey, after: Option<&BlobKey>, limit: usize) -> Result<Vec<BlobKey>, BlobError> {
        self.inner.list(folder, after, limit).await
    }
}

#[tokio::test]
async fn what_is_on_its_way_when_a_title_changes_is_not_taken_for_the_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let segment = "video/seg-00001.m4s";
    let store = Arc::new(Slow {
        inner: FolderStore::open(at("store")).unwrap(),
        what: segment,
        arrived: Notify::new(),
        may_go_on: watch::Sender::new(false),
    });
    let maker = |content| open(FolderStore::open(at("store")).unwrap(), made(&at("maker"), content, content));
    maker("first").publish(&title()).await.unwrap();
    let viewer = Published::open(store.clone(), library(&at("viewer")), 1_000_000).unwrap();
    viewer.look().await.unwrap();
    let read = |mut file: File| {
        let mut text = String::new();
        io::Read::read_to_string(&mut file, &mut text).unwrap();
        text
    };
    // The reading of the first generation hangs while the second is published and learned.
    let id = title();
    let late = viewer.bring(&id, segment);
    let change = async {
        store.arrived.notified().await;
        maker("second").publish(&title()).await.unwrap();
        viewer.look().await.unwrap();
        store.may_go_on.send_replace(true);
    };
    let (late, ()) = tokio::join!(late, change);
    assert_eq!(read(late.unwrap().unwrap()), "first");
    assert_eq!(read(viewer.bring(&title(), segment).await.unwrap().unwrap()), "second");
    let served = viewer.library.media_file(&title(), segment).unwrap();
    assert_eq!(fs::read_to_string(served).unwrap(), "second");
}
