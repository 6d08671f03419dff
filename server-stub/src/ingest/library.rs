//! The folder of titles: what is ready, what is missing, and making the latter.

use super::{
    IngestError, LadderProfile, LibraryState, MediaState, TitleDescriptor, TitleMedia, artwork, catalogue,
    key::{ContentKey, KeySource},
    lock::{self, LibraryLock},
    paths,
    produce::Production,
};
use serde::{Deserialize, Serialize};
use service_api::{
    TitleId,
    catalog::{Artwork, Protection},
};
use std::sync::atomic::{AtomicU8, Ordering};
use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};
use tokio::{sync::watch, task::JoinSet};

/// Rises when media would come out different; older ones are made again.
pub(crate) const GENERATOR: u32 = 3;
/// Files that a player may ask for. `title.json` is not one of them.
const SERVED: [&str; 5] = ["m3u8", "mp4", "m4s", "vtt", "jpg"];

/// What [`Library::open`] needs to know.
#[derive(Clone, Debug)]
pub struct LibraryOptions {
    /// Folder of the library; created if absent.
    pub root: PathBuf,
    pub profile: LadderProfile,
    /// The titles to have; absent means all.
    pub only: Option<Vec<TitleId>>,
    /// Lowers the priority of the encoders, so that a player on the same machine does not stutter.
    pub background: bool,
}

/// The demo titles on disk.
#[derive(Debug)]
pub struct Library {
    options: LibraryOptions,
    descriptors: Vec<TitleDescriptor>,
    state: watch::Sender<LibraryState>,
    /// Titles that were made elsewhere, with the folder of their generation.
    adopted: RwLock<HashMap<TitleId, String>>,
}

/// `title.json`, written last: a folder without it is not served.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Record {
    generator: u32,
    ladder: String,
    /// [`ContentKey::check_value`] of the key that the media are encrypted with.
    key_check: Option<String>,
}

impl Library {
    /// Looks at what is there. Nothing is made yet.
    ///
    /// # Errors
    /// The folder cannot be created.
    pub fn open(options: LibraryOptions) -> Result<Self, IngestError> {
        Self::with_titles(options, catalogue())
    }

    fn with_titles(options: LibraryOptions, mut descriptors: Vec<TitleDescriptor>) -> Result<Self, IngestError> {
        let media = options.root.join("media");
        fs::create_dir_all(&media).map_err(|error| IngestError::file("create", &media, error))?;
        if let Some(only) = &options.only {
            descriptors.retain(|title| only.contains(&title.id));
        }
        let library =
            Self { options, descriptors, state: watch::Sender::new(LibraryState::new()), adopted: RwLock::default() };
        let state = library.descriptors.iter().map(|title| {
            let ready = library.record(title).is_some_and(|record| library.is_current(&record));
            let media = TitleMedia {
                state: if ready { MediaState::Ready } else { MediaState::Absent },
                artwork: artwork::existing(&library.options.root, &title.id).unwrap_or_default(),
                duration_s: title.duration_s,
            };
            (title.id.clone(), media)
        });
        library.state.send_replace(state.collect());
        Ok(library)
    }

    /// The titles of this library, in the order in which they are made.
    pub fn descriptors(&self) -> &[TitleDescriptor] {
        &self.descriptors
    }

    /// How far every title is.
    pub fn state(&self) -> LibraryState {
        self.state.borrow().clone()
    }

    /// Hears every change of [`Library::state`].
    pub fn watch(&self) -> watch::Receiver<LibraryState> {
        self.state.subscribe()
    }

    /// The file `relative` (such as `master.m3u8`) of a title that is ready.
    pub fn media_file(&self, title: &TitleId, relative: &str) -> Option<PathBuf> {
        self.is_served(title, relative).then(|| paths::file_below(&self.served_folder(title), relative)).flatten()
    }

    /// Opens the file `relative` of a title that is ready; nothing if there is none. Blocking.
    pub(crate) fn open_media(&self, title: &TitleId, relative: &str) -> io::Result<Option<fs::File>> {
        if !self.is_served(title, relative) {
            return Ok(None);
        }
        paths::open_below(&self.served_folder(title), relative)
    }

    /// May a player ask for the file `relative` of this title?
    pub(crate) fn is_served(&self, title: &TitleId, relative: &str) -> bool {
        let ready = self.state.borrow().get(title).is_some_and(|media| media.state == MediaState::Ready);
        ready && relative.rsplit_once('.').is_some_and(|(_, suffix)| SERVED.contains(&suffix))
    }

    /// Opens the file behind `/artwork/{title}/{name}`; nothing if there is none. Blocking.
    pub(crate) fn open_artwork(&self, title: &TitleId, name: &str) -> io::Result<Option<fs::File>> {
        self.artwork_file(title, name).map(fs::File::open).transpose()
    }

    /// The file behind `/artwork/{title}/{name}`.
    pub fn artwork_file(&self, title: &TitleId, name: &str) -> Option<PathBuf> {
        if !self.has_picture(title, name) {
            return None;
        }
        let folder = self.artwork_folder(title);
        let of_generation = self.generation(title).and_then(|own| artwork::file(&folder.join(own), name));
        of_generation.or_else(|| artwork::file(&folder, name))
    }

    /// Is it the name of a picture of a title that is known?
    pub(crate) fn has_picture(&self, title: &TitleId, name: &str) -> bool {
        let is_name = artwork::is_picture(name) && paths::is_slug(title.as_str());
        is_name && self.descriptors.iter().any(|descriptor| descriptor.id == *title)
    }

    /// Folder of a title's media.
    pub(crate) fn title_folder(&self, title: &TitleId) -> PathBuf {
        self.folder(title)
    }

    /// Folder of a title's pictures.
    pub(crate) fn artwork_folder(&self, title: &TitleId) -> PathBuf {
        artwork::folder(&self.options.root, title)
    }

    /// Are the media complete and our own? Blocking, for a moment.
    pub(crate) fn is_made_here(&self, title: &TitleId) -> bool {
        self.descriptors
            .iter()
            .find(|descriptor| descriptor.id == *title)
            .and_then(|descriptor| self.record(descriptor))
            .is_some_and(|record| self.is_current(&record))
    }

    /// The media of a title that was made elsewhere can be had: in a folder of this name within the title's own.
    pub(crate) fn adopt(&self, title: &TitleId, generation: &str, pictures: Artwork) {
        let mut adopted = self.adopted.write().unwrap_or_else(PoisonError::into_inner);
        adopted.insert(title.clone(), generation.to_owned());
        drop(adopted);
        self.update(title, |media| {
            media.state = MediaState::Ready;
            media.artwork = pictures;
        });
    }

    /// Makes what is missing: all pictures for the catalogue, then one title after the other.
    ///
    /// Dropping the future cancels: encoders are killed, and what is not complete is made anew next time. A title that
    /// fails does not keep the others from being made.
    ///
    /// # Errors
    /// [`IngestError::Busy`] if another process is at it and does not end within seconds, [`IngestError::MissingTool`]
    /// and [`IngestError::DiskFull`] as soon as they happen, [`IngestError::Titles`] at the end if single titles failed.
    pub async fn make(&self, keys: Arc<dyn KeySource>) -> Result<(), IngestError> {
        let lock = Arc::new(LibraryLock::acquire(&self.options.root, lock::PATIENCE).await?);
        self.make_artwork(&lock).await?;
        let mut failures = Vec::new();
        for title in &self.descriptors {
            if let Err(error) = self.make_title(title, &keys, &lock).await {
                if error.ends_everything() {
                    return Err(error);
                }
                tracing::warn!(title = %title.id, %error, "a title cannot be made");
                failures.push((title.id.clone(), error));
            }
        }
        let failed = failures.len();
        match failures.into_iter().next() {
            None => Ok(()),
            Some((title, source)) => {
                Err(IngestError::Titles { failed, total: self.descriptors.len(), title, source: Box::new(source) })
            }
        }
    }

    async fn make_artwork(&self, lock: &Arc<LibraryLock>) -> Result<(), IngestError> {
        let missing = self.descriptors.iter().filter(|title| self.state.borrow()[&title.id].artwork.card.is_none());
        let mut waiting: Vec<TitleDescriptor> = missing.cloned().collect();
        // The first of the catalogue is shown largest, so it comes first.
        waiting.reverse();
        let mut running = JoinSet::new();
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        loop {
            while running.len() < processors
                && let Some(title) = waiting.pop()
            {
                let (root, lock) = (self.options.root.clone(), Arc::clone(lock));
                running.spawn_blocking(move || {
                    let _lock = lock;
                    artwork::make(&root, &title).map(|artwork| (title.id, artwork))
                });
            }
            let Some(done) = running.join_next().await else { return Ok(()) };
            let (title, artwork) = done.map_err(|_| IngestError::Worker)??;
            self.update(&title, |media| media.artwork = artwork);
        }
    }

    async fn make_title(
        &self,
        title: &TitleDescriptor,
        keys: &Arc<dyn KeySource>,
        lock: &Arc<LibraryLock>,
    ) -> Result<(), IngestError> {
        let key = self.key_of(title, keys).await?;
        let wanted = Record {
            generator: GENERATOR,
            ladder: self.options.profile.name().to_owned(),
            key_check: key.as_ref().map(ContentKey::check_value),
        };
        if self.record(title).as_ref() == Some(&wanted) {
            return Ok(());
        }
        let folder = self.folder(&title.id);
        let partial = self.options.root.join("media").join(format!("{}.partial", title.id));
        self.update(&title.id, |media| media.state = MediaState::Making { percent: 0 });
        self.adopted.write().unwrap_or_else(PoisonError::into_inner).remove(&title.id);
        // If this future is dropped or fails, the title is absent again.
        let mut outcome = Outcome { library: self, title: &title.id, state: MediaState::Absent };
        for stale in [&folder, &partial] {
            discard(stale).map_err(|error| IngestError::file("remove", stale, error))?;
        }
        let LibraryOptions { profile, background, .. } = self.options;
        let production = Production { title, profile, folder: &partial, key, background, lock: Arc::clone(lock) };
        if let Err(error) = self.make_in(&production, &wanted).await {
            // Half a title is of no use and may be what fills the disk.
            let _ = fs::remove_dir_all(&partial);
            return Err(error);
        }
        fs::rename(&partial, &folder).map_err(|error| IngestError::file("rename", &partial, error))?;
        outcome.state = MediaState::Ready;
        drop(outcome);
        tracing::info!(title = %title.id, "a title is ready");
        Ok(())
    }

    async fn make_in(&self, production: &Production<'_>, record: &Record) -> Result<(), IngestError> {
        let title = &production.title.id;
        let last = AtomicU8::new(0);
        production
            .run(|percent| {
                if last.swap(percent, Ordering::Relaxed) != percent {
                    self.update(title, |media| media.state = MediaState::Making { percent });
                }
            })
            .await?;
        let path = production.folder.join("title.json");
        let text = serde_json::to_vec_pretty(record).expect("a record of texts and numbers is always JSON");
        fs::write(&path, text).map_err(|error| IngestError::file("write", &path, error))
    }

    async fn key_of(
        &self,
        title: &TitleDescriptor,
        keys: &Arc<dyn KeySource>,
    ) -> Result<Option<ContentKey>, IngestError> {
        if title.protection == Protection::Clear {
            return Ok(None);
        }
        let (keys, id) = (Arc::clone(keys), title.id.clone());
        let key = tokio::task::spawn_blocking(move || keys.content_key(&id)).await.map_err(|_| IngestError::Worker)?;
        key.map(Some).map_err(|source| IngestError::Key { title: title.id.clone(), source })
    }

    /// Where the files are that players get.
    fn served_folder(&self, title: &TitleId) -> PathBuf {
        let folder = self.folder(title);
        match self.generation(title) {
            Some(generation) => folder.join(generation),
            None => folder,
        }
    }

    /// Of a title that was made elsewhere.
    fn generation(&self, title: &TitleId) -> Option<String> {
        self.adopted.read().unwrap_or_else(PoisonError::into_inner).get(title).cloned()
    }

    fn folder(&self, title: &TitleId) -> PathBuf {
        self.options.root.join("media").join(title.as_str())
    }

    fn record(&self, title: &TitleDescriptor) -> Option<Record> {
        serde_json::from_slice(&fs::read(self.folder(&title.id).join("title.json")).ok()?).ok()
    }

    /// May media with this record be served? Whether their key still exists is found out by [`Library::make`].
    fn is_current(&self, record: &Record) -> bool {
        record.generator == GENERATOR && record.ladder == self.options.profile.name()
    }

    fn update(&self, title: &TitleId, change: impl FnOnce(&mut TitleMedia)) {
        self.state.send_modify(|state| change(state.entry(title.clone()).or_default()));
    }
}

/// Says how the making of a title has ended, however it ends.
struct Outcome<'a> {
    library: &'a Library,
    title: &'a TitleId,
    state: MediaState,
}

impl Drop for Outcome<'_> {
    fn drop(&mut self) {
        self.library.update(self.title, |media| media.state = self.state);
    }
}

/// Removes what a run before has left behind.
fn discard(folder: &Path) -> io::Result<()> {
    let removed = match fs::remove_dir_all(folder) {
        // An encoder that was killed just now may finish the one call it was in, and that may be making a file here.
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => fs::remove_dir_all(folder),
        removed => removed,
    };
    removed.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::key::KeyError;
    use std::time::Duration;

    struct Keys([u8; 16]);

    impl KeySource for Keys {
        fn content_key(&self, _: &TitleId) -> Result<ContentKey, KeyError> {
            Ok(ContentKey { kid: [7; 16], key: self.0 })
        }
    }

    struct NoKeys;

    impl KeySource for NoKeys {
        fn content_key(&self, _: &TitleId) -> Result<ContentKey, KeyError> {
            Err("the key store is locked".into())
        }
    }

    /// The two counters, shortened.
    fn library(root: &Path, seconds: f64) -> Library {
        let mut titles: Vec<_> = catalogue().into_iter().filter(|title| title.qa).collect();
        titles.iter_mut().for_each(|title| title.duration_s = seconds);
        titles.reverse();
        let options =
            LibraryOptions { root: root.to_owned(), profile: LadderProfile::Test, only: None, background: false };
        Library::with_titles(options, titles).unwrap()
    }

    fn clear() -> TitleId {
        TitleId::from("qa-counter-clear")
    }

    fn cenc() -> TitleId {
        TitleId::from("qa-counter-cenc")
    }

    fn written(library: &Library, title: &TitleId) -> std::time::SystemTime {
        fs::metadata(library.media_file(title, "master.m3u8").unwrap()).unwrap().modified().unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_title_is_made_once_served_when_complete_and_made_again_for_another_key() {
        let root = tempfile::tempdir().unwrap();
        let first = library(root.path(), 2.0);
        assert!(first.state().values().all(|media| media.state == MediaState::Absent));
        assert!(first.media_file(&clear(), "master.m3u8").is_none());
        first.make(Arc::new(Keys([1; 16]))).await.unwrap();
        assert!(first.state().values().all(|media| media.state == MediaState::Ready && media.artwork.card.is_some()));
        assert!(first.media_file(&clear(), "video/144p/seg-00001.m4s").is_some());
        assert!(first.media_file(&clear(), "audio/init.mp4").is_some());
        assert!(first.media_file(&clear(), "thumbnails/sheet-001.jpg").is_some());
        for hidden in ["title.json", "../qa-counter-clear/master.m3u8", "/etc/hosts", "video", "work/audio.mp4"] {
            assert!(first.media_file(&clear(), hidden).is_none(), "{hidden}");
        }
        assert!(first.media_file(&TitleId::from("../media/qa-counter-clear"), "master.m3u8").is_none());
        assert!(first.artwork_file(&clear(), "poster.jpg").is_some());
        let times = (written(&first, &clear()), written(&first, &cenc()));

        let second = library(root.path(), 2.0);
        assert!(second.state().values().all(|media| media.state == MediaState::Ready));
        second.make(Arc::new(Keys([1; 16]))).await.unwrap();
        assert_eq!((written(&second, &clear()), written(&second, &cenc())), times);

        second.make(Arc::new(Keys([2; 16]))).await.unwrap();
        assert_eq!(written(&second, &clear()), times.0);
        assert_ne!(written(&second, &cenc()), times.1);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_title_without_a_key_does_not_keep_the_others_away() {
        let root = tempfile::tempdir().unwrap();
        let library = library(root.path(), 2.0);
        let error = library.make(Arc::new(NoKeys)).await.unwrap_err();
        assert!(matches!(error, IngestError::Titles { failed: 1, total: 2, .. }), "{error:?}");
        assert_eq!(library.state()[&cenc()].state, MediaState::Absent);
        assert_eq!(library.state()[&clear()].state, MediaState::Ready);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_interrupted_title_is_never_served_and_is_made_anew() {
        let root = tempfile::tempdir().unwrap();
        let long = library(root.path(), 60.0);
        let mut states = long.watch();
        // The guard that `wait_for` returns locks the state; it must be gone before the library changes it.
        let begun = async {
            let begun =
                |state: &LibraryState| matches!(state[&cenc()].state, MediaState::Making { percent } if percent > 0);
            states.wait_for(begun).await.map(drop)
        };
        let keys: Arc<dyn KeySource> = Arc::new(Keys([1; 16]));
        tokio::select! {
            made = long.make(Arc::clone(&keys)) => panic!("a minute of video cannot be made at once: {made:?}"),
            begun = begun => begun.unwrap(),
        }
        assert_eq!(long.state()[&cenc()].state, MediaState::Absent);
        assert!(long.media_file(&cenc(), "master.m3u8").is_none());

        let short = library(root.path(), 2.0);
        assert_eq!(short.state()[&cenc()].state, MediaState::Absent);
        short.make(keys).await.unwrap();
        assert_eq!(short.state()[&cenc()].state, MediaState::Ready);
        assert!(!root.path().join("media/qa-counter-cenc.partial").exists());
    }

    #[tokio::test]
    async fn a_library_is_made_by_one_at_a_time() {
        let root = tempfile::tempdir().unwrap();
        let library = library(root.path(), 2.0);
        let _other = LibraryLock::acquire(root.path(), Duration::ZERO).await.unwrap();
        assert!(matches!(library.make(Arc::new(NoKeys)).await, Err(IngestError::Busy { .. })));
    }

    #[test]
    fn only_the_wanted_titles_are_in_it() {
        let root = tempfile::tempdir().unwrap();
        let library = Library::open(LibraryOptions {
            root: root.path().to_owned(),
            profile: LadderProfile::Full,
            only: Some(vec![clear()]),
            background: true,
        });
        let library = library.unwrap();
        assert_eq!(library.descriptors().len(), 1);
        assert!(library.artwork_file(&cenc(), "card.jpg").is_none());
    }
}
