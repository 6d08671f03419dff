//! What the rest of the server may know about a title while it is being made.

use service_api::{TitleId, catalog::Artwork};
use std::collections::BTreeMap;

/// Every title of the library and how far it is.
pub type LibraryState = BTreeMap<TitleId, TitleMedia>;

/// Are the media there?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MediaState {
    /// Not begun, or given up until the next start.
    #[default]
    Absent,
    /// Being made.
    Making {
        /// 0 to 99, of the frames of the title.
        percent: u8,
    },
    /// Complete and served.
    Ready,
}

/// Media and pictures of one title.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TitleMedia {
    pub state: MediaState,
    /// Paths such as `/artwork/the-long-tide/card.jpg?v=1f2e3d4c`; empty until the pictures are made.
    pub artwork: Artwork,
    /// Length of the video track in seconds.
    pub duration_s: f64,
}
