//! Subtitles as data. Drawing is the surface's business.

pub mod webvtt;

use abr::MediaTime;
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
