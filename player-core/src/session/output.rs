//! Everything a session may ask for.

use crate::container::Init;
use crate::drm::KeyId;
use crate::event::PlaybackEvent;
use crate::manifest::{ByteSource, IndexPart, InitSource, SegmentCipher};
use crate::pipeline::PipelineCommand;
use abr::MediaTime;
pub use abr::TransferId;
use std::sync::Arc;
use std::time::Duration;

/// One request to the world, to be carried out in order.
#[derive(Clone, Debug)]
pub enum Output {
    /// Answered by exactly one `Loaded` or `LoadFailed`, unless cancelled.
    Fetch {
        id: TransferId,
        job: Job,
    },
    Cancel(TransferId),
    Pipeline(PipelineCommand),
    /// Answered by one `Licence`.
    RequestLicence {
        key_ids: Vec<KeyId>,
    },
    /// Answered by one `SourceRefreshed`.
    RefreshSource,
    Emit(Emitted),
    /// Asks for a `Wake` at this time; replaces an earlier request.
    WakeAt(Duration),
}

/// An event with what only the session knows about its circumstances.
#[derive(Clone, Debug, PartialEq)]
pub struct Emitted {
    pub since_load: Duration,
    pub position: MediaTime,
    pub buffered: Duration,
    pub event: PlaybackEvent,
}

/// What to fetch and how to read it.
#[derive(Clone, Debug)]
pub enum Job {
    Manifest(ByteSource),
    Playlist(ByteSource),
    /// Reads the lists that files hold, and joins them.
    Index(Arc<[IndexPart]>),
    Media {
        source: ByteSource,
        init: InitNeed,
        cipher: Option<Box<SegmentCipher>>,
    },
    /// As `Media`, of which only the key frames are wanted: a range may end with the first of them.
    KeyFrames {
        source: ByteSource,
        init: InitNeed,
        cipher: Option<Box<SegmentCipher>>,
    },
    Text {
        source: ByteSource,
        init: Option<Box<InitSource>>,
        cipher: Option<Box<SegmentCipher>>,
    },
}

/// A media segment cannot be read without its initialisation.
#[derive(Clone, Debug)]
pub enum InitNeed {
    Known(Arc<Init>),
    /// Fetch it beside the media: one round trip instead of two.
    Fetch(Box<InitSource>),
    /// The playlist names none: the segment itself must hold it.
    Inside,
}
