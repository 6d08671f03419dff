//! The door to a session: one player per title.

use crate::command::Command;
use crate::config::PlayerConfig;
use crate::driver;
use crate::drm::{ContentKey, KeyId, KeySystems, LicenseTransport};
use crate::error::{ErrorCode, PlaybackError};
use crate::event::EventEnvelope;
use crate::frame::FrameSlot;
use crate::manifest::Presentation;
use crate::net::{Fetcher, SourceRefresh};
use crate::pipeline::PipelineFactory;
use crate::snapshot::{PlaybackState, PlayerSnapshot};
use crate::thumbnails::{self, ThumbnailOptions, Thumbnails, Tools};
use abr::MediaTime;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{mpsc, watch};
use url::Url;

/// Commands waiting for the driver. A viewer presses no sixty-four keys in the milliseconds it takes to get there.
const COMMANDS: usize = 64;

/// Told of each event, in order, on a tokio worker. Must return at once.
pub type EventObserver = Arc<dyn Fn(&EventEnvelope) + Send + Sync>;
/// Told that snapshot or picture have changed; wakes a window. Must return at once.
pub type ChangeObserver = Arc<dyn Fn() + Send + Sync>;

/// Changes what a manifest offers before anything is chosen from it: leaves out what cannot or shall not be played.
pub type Arranger = Arc<dyn Fn(&mut Presentation) + Send + Sync>;

/// What to play and with what.
#[derive(Clone)]
pub struct PlayerOptions {
    pub source: Url,
    /// Where to start.
    pub start: MediaTime,
    pub config: PlayerConfig,
    pub fetcher: Arc<dyn Fetcher>,
    pub pipeline: PipelineFactory,
    /// Without it protected media cannot be played.
    pub licences: Option<Arc<dyn LicenseTransport>>,
    /// Who can get keys and decrypt; Clear Key alone unless said otherwise.
    pub key_systems: KeySystems,
    /// Keys that are known without a licence.
    pub keys: Vec<(KeyId, ContentKey)>,
    pub arrange: Option<Arranger>,
    /// How pictures for the seek bar are made.
    pub thumbnails: ThumbnailOptions,
    /// What `source` leads to, where that has been read already.
    pub presentation: Option<Presentation>,
    /// Without it an address that expires ends the session.
    pub refresh: Option<Arc<dyn SourceRefresh>>,
    pub on_event: Option<EventObserver>,
    pub on_change: Option<ChangeObserver>,
    /// When the viewer asked; times are measured from here.
    pub requested_at: Instant,
}

impl PlayerOptions {
    /// Plays a clear stream from its start with default settings.
    pub fn new(source: Url, fetcher: Arc<dyn Fetcher>, pipeline: PipelineFactory) -> Self {
        Self {
            source,
            start: MediaTime::ZERO,
            config: PlayerConfig::default(),
            fetcher,
            pipeline,
            licences: None,
            key_systems: KeySystems::default(),
            keys: Vec::new(),
            arrange: None,
            thumbnails: ThumbnailOptions::default(),
            presentation: None,
            refresh: None,
            on_event: None,
            on_change: None,
            requested_at: Instant::now(),
        }
    }
}

impl fmt::Debug for PlayerOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlayerOptions")
            .field("source", &crate::net::loggable(&self.source))
            .field("start", &self.start)
            .finish_non_exhaustive()
    }
}

/// Starts players.
#[derive(Debug)]
pub enum Player {}

impl Player {
    /// Starts loading; playback begins with [`Command::Play`]. The player ends with [`Command::Stop`] or when the last
    /// handle is dropped.
    pub fn spawn(runtime: &tokio::runtime::Handle, options: PlayerOptions) -> PlayerHandle {
        let (commands, received) = mpsc::channel(COMMANDS);
        let frames = FrameSlot::default();
        if let Some(wake) = options.on_change.clone() {
            frames.observe(Arc::new(move |_| wake()));
        }
        let (published, snapshot) = Published::new(frames.clone());
        let (running, closed) = watch::channel(());
        let lost = published.lost();
        let wake = options.on_change.clone();
        let ThumbnailOptions { stills, list, cache_bytes } = options.thumbnails.clone();
        let tools = Tools { stills, list, on_change: options.on_change.clone(), cache_bytes };
        let (thumbnails, feed, work) = thumbnails::start(tools);
        // Ends with the driver, which holds the feed.
        runtime.spawn(work);
        let driver = runtime.spawn(driver::run(options, published, feed, received));
        runtime.spawn(async move {
            // A panic is our mistake; the viewer must not sit before a frozen picture for it.
            if driver.await.is_err() {
                lost();
                if let Some(wake) = wake {
                    wake();
                }
            }
            drop(running);
        });
        PlayerHandle { commands, snapshot, frames, thumbnails, closed }
    }
}

/// Controls a player from any thread.
#[derive(Clone, Debug)]
pub struct PlayerHandle {
    commands: mpsc::Sender<Command>,
    snapshot: watch::Receiver<Arc<PlayerSnapshot>>,
    frames: FrameSlot,
    thumbnails: Thumbnails,
    closed: watch::Receiver<()>,
}

impl PlayerHandle {
    /// Sends a command. Returns at once; a player that has ended ignores it.
    pub fn send(&self, command: Command) {
        if let Err(mpsc::error::TrySendError::Full(command)) = self.commands.try_send(command) {
            tracing::warn!(?command, "the player is behind, a command was dropped");
        }
    }

    /// The state now.
    pub fn snapshot(&self) -> Arc<PlayerSnapshot> {
        self.snapshot.borrow().clone()
    }

    /// The state and its changes.
    pub fn subscribe(&self) -> watch::Receiver<Arc<PlayerSnapshot>> {
        self.snapshot.clone()
    }

    /// Pictures.
    pub fn frames(&self) -> FrameSlot {
        self.frames.clone()
    }

    /// Small pictures of any time, for the seek bar.
    pub fn thumbnails(&self) -> Thumbnails {
        self.thumbnails.clone()
    }

    /// Ends when the player has stopped and freed its outputs.
    pub async fn closed(&self) {
        let mut closed = self.closed.clone();
        while closed.changed().await.is_ok() {}
    }
}

/// The driver's end of what handles read.
pub(crate) struct Published {
    folded: PlayerSnapshot,
    snapshot: watch::Sender<Arc<PlayerSnapshot>>,
    pub(crate) frames: FrameSlot,
}

impl Published {
    fn new(frames: FrameSlot) -> (Self, watch::Receiver<Arc<PlayerSnapshot>>) {
        let folded = PlayerSnapshot::initial();
        let (snapshot, receiver) = watch::channel(Arc::new(folded.clone()));
        (Self { folded, snapshot, frames }, receiver)
    }

    /// What to do if the driver is no more: shows an internal error over the last state.
    fn lost(&self) -> impl FnOnce() + Send + 'static + use<> {
        let snapshot = self.snapshot.clone();
        move || {
            snapshot.send_modify(|last| {
                let error = PlaybackError::fatal(ErrorCode::Internal, "the player's task has panicked");
                let failed = PlayerSnapshot { state: PlaybackState::Failed, error: Some(error), ..(**last).clone() };
                *last = Arc::new(failed);
            });
        }
    }

    pub(crate) fn apply(&mut self, envelope: &EventEnvelope) {
        self.folded.apply(envelope);
    }

    pub(crate) fn publish(&self) {
        self.snapshot.send_replace(Arc::new(self.folded.clone()));
    }
}
