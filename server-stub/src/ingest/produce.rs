//! One title from descriptor to folder.

use super::{
    IngestError, LadderProfile,
    catalogue::TitleDescriptor,
    encode::{self, VideoJob},
    key::ContentKey,
    ladder::Rung,
    lock::LibraryLock,
    package::{self, Plan},
    scene::{Film, SceneKind, counter::Counter},
    sound,
};
use futures_util::future::try_join_all;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

/// Bits per second of the sound, in thousands.
const AUDIO_KBPS: u32 = 128;
/// Seconds between key frames, in every rung.
const KEY_INTERVAL_S: u32 = 2;

/// What to make and where.
pub(crate) struct Production<'a> {
    pub(crate) title: &'a TitleDescriptor,
    pub(crate) profile: LadderProfile,
    /// An empty folder; it is complete when the work is done.
    pub(crate) folder: &'a Path,
    pub(crate) key: Option<ContentKey>,
    pub(crate) background: bool,
    /// Kept by whatever still writes when the work is cancelled.
    pub(crate) lock: Arc<LibraryLock>,
}

impl Production<'_> {
    /// Paints, plays, encodes, packages. `progress` hears percents of 0 to 99.
    pub(crate) async fn run(&self, progress: impl Fn(u8)) -> Result<(), IngestError> {
        let work = self.folder.join("work");
        fs::create_dir_all(&work).map_err(|error| IngestError::file("create", &work, error))?;
        let rungs = self.rungs();
        let outputs: Vec<(Rung, PathBuf)> =
            rungs.iter().map(|rung| (*rung, work.join(format!("{}.mp4", rung.name())))).collect();
        let sound = work.join("audio.mp4");
        tokio::try_join!(self.audio(&sound), self.video(&outputs, &progress))?;

        let plan = Plan {
            title: self.title.clone(),
            key: self.key.clone(),
            video: outputs,
            audio: sound,
            folder: self.folder.to_owned(),
        };
        let lock = Arc::clone(&self.lock);
        let packaging = tokio::task::spawn_blocking(move || {
            let _lock = lock;
            package::package(&plan)
        });
        packaging.await.map_err(|_| IngestError::Worker)??;
        fs::remove_dir_all(&work).map_err(|error| IngestError::file("remove", &work, error))
    }

    /// Test pictures are about switching, not about beauty: they always have the small ladder.
    fn rungs(&self) -> &'static [Rung] {
        if self.title.qa { LadderProfile::Test.rungs() } else { self.profile.rungs() }
    }

    async fn audio(&self, out: &Path) -> Result<(), IngestError> {
        let (score, seconds) = (self.title.score, self.title.duration_s);
        let pcm =
            tokio::task::spawn_blocking(move || sound::play(score, seconds)).await.map_err(|_| IngestError::Worker)?;
        encode::audio(&pcm, AUDIO_KBPS, out, self.background).await
    }

    async fn video(&self, outputs: &[(Rung, PathBuf)], progress: &impl Fn(u8)) -> Result<(), IngestError> {
        let title = self.title;
        let frames = title.frame_count();
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        let job = |what: String| VideoJob {
            what,
            painter: Arc::new(|_: u32, _: &mut super::render::Picture| {}),
            size: (0, 0),
            frames,
            frame_rate: title.frame_rate,
            key_interval: KEY_INTERVAL_S * title.frame_rate,
            outputs: Vec::new(),
            preset: if title.qa { LadderProfile::Test.preset() } else { self.profile.preset() },
            constant_rate: title.qa,
            painters: processors,
            background: self.background,
        };
        if title.scene == SceneKind::Counter {
            // The strip says which rung it is on, so each rung is painted for itself.
            let done = AtomicU32::new(0);
            let total = frames * outputs.len() as u32;
            let runs = outputs.iter().enumerate().map(|(index, (rung, path))| {
                let size = (rung.width as usize, rung.height as usize);
                let counter = Counter::new(size.0, size.1, index as u8, title.frame_rate);
                let job = VideoJob {
                    painter: Arc::new(move |frame: u32, picture: &mut super::render::Picture| {
                        counter.paint(frame, picture);
                    }),
                    size,
                    outputs: vec![(*rung, path.clone())],
                    painters: 1,
                    ..job(format!("{} {}", title.id, rung.name()))
                };
                let done = &done;
                async move {
                    encode::video(&job, |_| progress(percent(done.fetch_add(1, Ordering::Relaxed) + 1, total))).await
                }
            });
            try_join_all(runs).await?;
            return Ok(());
        }
        let film = Film::of(title);
        let job = VideoJob {
            painter: Arc::new(move |frame: u32, picture: &mut super::render::Picture| film.paint(frame, picture)),
            size: outputs.first().map_or((2, 2), |(rung, _)| (rung.width as usize, rung.height as usize)),
            outputs: outputs.to_vec(),
            ..job(title.id.to_string())
        };
        encode::video(&job, |frame| progress(percent(frame, frames))).await
    }
}

/// Packaging is left to do when the last frame is in, so 100 is never reached.
fn percent(done: u32, total: u32) -> u8 {
    (u64::from(done) * 99 / u64::from(total.max(1))).min(99) as u8
}
