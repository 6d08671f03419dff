use super::*;
use crate::{
    blob::{BlobFault, Faulty, FolderStore},
    ingest::{LadderProfile, LibraryOptions, MediaState},
};
use std::sync::atomic::{AtomicBool, Ordering};

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
