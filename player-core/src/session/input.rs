//! Everything that can happen to a session.

use crate::chapters::Chapters;
use crate::command::Command;
use crate::container::{ContainerError, Demuxed, Init};
use crate::drm::{DrmError, KeyId, KeySystemId};
use crate::manifest::{ManifestError, Presentation, SegmentIndex};
use crate::net::{FetchError, Progress, Protocol};
use crate::pipeline::PipelineEvent;
use crate::session::output::TransferId;
use crate::text::{TextError, TextSegment};
use std::sync::Arc;
use std::time::Duration;

/// One thing that happened. The time comes beside it.
#[derive(Clone, Debug)]
pub enum Input {
    Command(Command),
    Progress(TransferId, Progress),
    Loaded(TransferId, Loaded),
    LoadFailed(TransferId, LoadFailure),
    /// Media named keys that no playlist had announced.
    KeysNeeded(Vec<KeyId>),
    /// This is what keys are asked for with, and why.
    KeySystemChosen {
        key_system: KeySystemId,
        reason: String,
    },
    /// The licence has arrived and its keys are in the ring, or it has not.
    Licence(Result<usize, DrmError>),
    /// The address was renewed, or could not be.
    SourceRefreshed(Result<(), FetchError>),
    /// Chapters that the manifest only points to have been read.
    Chapters(Chapters),
    Pipeline(PipelineEvent),
    /// The time asked for by `WakeAt` has come.
    Wake,
}

/// The result of a transfer, read and decrypted.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub content: Content,
    pub bytes: u64,
    pub ttfb: Duration,
    pub elapsed: Duration,
    pub cached: bool,
    pub protocol: Option<Protocol>,
}

/// What a transfer brought.
#[derive(Clone, Debug)]
pub enum Content {
    Manifest(Box<Presentation>),
    Playlist(SegmentIndex),
    Media {
        /// As it was named or fetched; `None` where the segment needed none.
        init: Option<Arc<Init>>,
        media: Demuxed,
    },
    Text(TextSegment),
}

/// Why a transfer brought nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadFailure {
    Fetch(FetchError),
    Manifest(ManifestError),
    Container(ContainerError),
    Drm(DrmError),
    Text(TextError),
}
