//! Small pictures of any time of a presentation, for the seek bar.
//!
//! A [`Thumbnails`] belongs to a running player. It is told which time somebody points at ([`Thumbnails::want`]), and
//! gives what it has ([`Thumbnails::get`]); whoever has time waits for the picture ([`Thumbnails::at`]). The newest
//! request is the one that counts.
//!
//! ```text
//!  want(time) ─► worker ─► plan: which unit has the time ─► fetch ─► decode, cut, scale ─► cache ─► get(time)
//!                  ▲                                                    (images, or one key frame)
//!                  └── hold: playback needs the link
//! ```
//!
//! Where pictures come from, the first of these that can be had (`source`): pictures in a grid (HLS image playlists,
//! DASH tiles), a WebVTT list of sprites, key frames of a trick-play track, key frames of the lowest rung. A source
//! that turns out to be of no use is passed over. `plan` finds the place of a time, `picture` reads images, `fetch`
//! gets the bytes, `worker` decides what is done when.

mod cache;
mod fetch;
mod picture;
mod plan;
mod source;
mod sprites;
#[cfg(test)]
mod tests;
mod worker;

pub use sprites::is_sprite_list;
pub(crate) use worker::{Feed, Tools, start};

use crate::manifest::ManifestError;
use crate::pipeline::{PipelineError, StillDecoder};
use crate::session::LoadFailure;
use abr::MediaTime;
use cache::Cache;
use plan::{Plan, Slot};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{Notify, watch};
use url::Url;

/// Bytes of pictures kept: two hundred and more of the largest.
pub const DEFAULT_CACHE_BYTES: usize = 32 << 20;
/// Pictures are made no wider and no higher than this, in pixels: a bubble over a seek bar has 240 points, on a
/// display of twice the density twice that, and more detail than this is lost on it.
pub const MAX_SIDE: u32 = 320;

/// How thumbnails are made.
#[derive(Clone, Debug)]
pub struct ThumbnailOptions {
    /// Decodes key frames; without it only pictures that are there as such are used.
    pub stills: Option<Arc<dyn StillDecoder>>,
    /// Address of a WebVTT list of sprites that the manifest does not name.
    pub list: Option<Url>,
    /// Bytes of pictures kept.
    pub cache_bytes: usize,
}

impl Default for ThumbnailOptions {
    fn default() -> Self {
        Self { stills: None, list: None, cache_bytes: DEFAULT_CACHE_BYTES }
    }
}

/// A picture of the presentation.
#[derive(Clone, PartialEq, Eq)]
pub struct Thumbnail {
    /// The time it shows, on the presentation's timeline. Of a key frame its own; of pictures in a grid the beginning
    /// of what it stands for.
    pub time: MediaTime,
    /// Until when it is the one to be shown.
    pub until: MediaTime,
    /// In pixels, at most [`MAX_SIDE`] each.
    pub width: u32,
    pub height: u32,
    rgba: Vec<u8>,
}

impl Thumbnail {
    /// From packed rows of RGBA, as long as the size says; `None` otherwise, and for a size of zero.
    pub fn new((time, until): (MediaTime, MediaTime), (width, height): (u32, u32), rgba: Vec<u8>) -> Option<Self> {
        let bytes = (width as usize).checked_mul(height as usize)?.checked_mul(4)?;
        (bytes > 0 && bytes == rgba.len()).then_some(Self { time, until, width, height, rgba })
    }

    /// Packed rows, four bytes a pixel, from the top.
    pub fn rgba(&self) -> &[u8] {
        &self.rgba
    }
}

impl fmt::Debug for Thumbnail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { time, until, width, height, .. } = self;
        f.debug_struct("Thumbnail")
            .field("time", time)
            .field("until", until)
            .field("size", &(width, height))
            .finish_non_exhaustive()
    }
}

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ThumbnailError {
    #[error("nothing that pictures could come from")]
    NoSource,
    #[error("a newer request has taken its place")]
    Superseded,
    #[error("the player has ended")]
    Closed,
    #[error("there is no picture at this time")]
    NothingThere,
    #[error("limit exceeded: {what} > {max}")]
    LimitExceeded { what: &'static str, max: u64 },
    #[error("not a picture that can be read: {0}")]
    Picture(String),
    #[error("the part to be shown lies outside the picture")]
    OutsidePicture,
    #[error("{0}")]
    Load(String),
    #[error(transparent)]
    Decode(#[from] PipelineError),
}

impl From<LoadFailure> for ThumbnailError {
    fn from(failure: LoadFailure) -> Self {
        Self::Load(failure.error().detail)
    }
}

impl From<ManifestError> for ThumbnailError {
    fn from(error: ManifestError) -> Self {
        Self::Load(error.to_string())
    }
}

/// Asks for pictures, from any thread. Cheap to clone.
#[derive(Clone)]
pub struct Thumbnails {
    shared: Arc<Shared>,
}

impl fmt::Debug for Thumbnails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Thumbnails").finish_non_exhaustive()
    }
}

/// What handles and the worker share.
struct Shared {
    state: Mutex<State>,
    /// There is something to be done.
    wake: Notify,
    /// Counts changes of the state; closed with the worker.
    changes: watch::Sender<u64>,
}

struct State {
    cache: Cache,
    /// Of the source in use, once it is known.
    plan: Option<Arc<Plan>>,
    wanted: Option<Wanted>,
    requests: u64,
    /// Of the newest request.
    failure: Option<ThumbnailError>,
    /// Playback needs the link for itself.
    held: bool,
    closed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wanted {
    time: MediaTime,
    request: u64,
}

impl Shared {
    fn new(cache_bytes: usize) -> Arc<Self> {
        let state = State {
            cache: Cache::new(cache_bytes),
            plan: None,
            wanted: None,
            requests: 0,
            failure: None,
            held: true,
            closed: false,
        };
        Arc::new(Self { state: Mutex::new(state), wake: Notify::new(), changes: watch::Sender::new(0) })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

impl State {
    fn slot(&self, time: MediaTime) -> Option<Slot> {
        self.plan.as_ref()?.slot(time)
    }
}

impl Thumbnails {
    /// Wishes for the picture of a time; a newer wish takes the place of an older one. Returns at once. Times outside the
    /// presentation mean its beginning or its end.
    pub fn want(&self, time: MediaTime) {
        self.request(time);
    }

    fn request(&self, time: MediaTime) -> u64 {
        let mut state = self.shared.lock();
        let same = state.wanted.filter(|wanted| wanted.time == time && state.failure.is_none());
        if let Some(wanted) = same {
            return wanted.request;
        }
        state.requests += 1;
        let request = state.requests;
        state.wanted = Some(Wanted { time, request });
        state.failure = None;
        drop(state);
        self.shared.wake.notify_one();
        self.shared.changed();
        request
    }

    /// Nobody points at anything any more: nothing more is fetched.
    pub fn rest(&self) {
        if self.shared.lock().wanted.take().is_some() {
            self.shared.wake.notify_one();
            self.shared.changed();
        }
    }

    /// The picture of a time, if it is here already. Asks for nothing.
    pub fn get(&self, time: MediaTime) -> Option<Arc<Thumbnail>> {
        let mut state = self.shared.lock();
        let slot = state.slot(time)?;
        state.cache.get(slot)
    }

    /// Wishes for the picture of a time and waits for it, however long playback needs the link for itself.
    ///
    /// # Errors
    /// [`ThumbnailError::Superseded`] as soon as something else is wished for; otherwise why there is none.
    pub async fn at(&self, time: MediaTime) -> Result<Arc<Thumbnail>, ThumbnailError> {
        let mut changes = self.shared.changes.subscribe();
        let request = self.request(time);
        loop {
            changes.mark_unchanged();
            if let Some(found) = self.get(time) {
                return Ok(found);
            }
            {
                let state = self.shared.lock();
                if state.closed {
                    return Err(ThumbnailError::Closed);
                }
                if state.wanted.is_none_or(|wanted| wanted.request != request) {
                    return Err(ThumbnailError::Superseded);
                }
                if let Some(failure) = &state.failure {
                    return Err(failure.clone());
                }
            }
            if changes.changed().await.is_err() {
                return Err(ThumbnailError::Closed);
            }
        }
    }

    /// Bytes of pictures held now.
    pub fn held(&self) -> usize {
        self.shared.lock().cache.bytes()
    }

    /// Pictures that are known from the beginning, and none besides.
    pub fn of_known(mut pictures: Vec<Thumbnail>) -> Self {
        pictures.sort_by_key(|picture| picture.time);
        let shared = Shared::new(DEFAULT_CACHE_BYTES);
        {
            let mut state = shared.lock();
            state.plan = Some(Arc::new(Plan::of_times(pictures.iter().map(|known| (known.time, known.until)))));
            for (unit, picture) in pictures.into_iter().enumerate() {
                state.cache.insert(Slot { unit: unit as u32, part: 0 }, Arc::new(picture));
            }
        }
        Self { shared }
    }
}
