//! What there is to watch.

use crate::{TitleId, profile::Progress};
use serde::{Deserialize, Serialize};

/// `GET /v1/profiles/{profile}/home`. Rows come in the order to be shown; an empty row is never sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Home {
    /// Absent only while no title is ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hero: Option<TitleSummary>,
    pub rows: Vec<Row>,
    /// How far the library is made; absent when it is complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub library: Option<LibraryProgress>,
}

/// The library while it is being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LibraryProgress {
    pub ready: u32,
    pub total: u32,
}

/// A horizontal list of titles with a heading.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Row {
    /// Stable within the profile, so that focus and scroll survive a reload.
    pub id: String,
    pub heading: String,
    #[serde(default)]
    pub shape: CardShape,
    pub items: Vec<TitleSummary>,
}

/// Shape of the cards of a row; never mixed within one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CardShape {
    /// 16:9, for continue watching and episodes.
    #[default]
    Wide,
    /// 2:3, for the catalog.
    Poster,
}

/// What a card and a hero show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TitleSummary {
    pub id: TitleId,
    pub name: String,
    /// A short line above the name, such as `New season`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kicker: Option<String>,
    #[serde(default)]
    pub synopsis: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime_s: Option<f64>,
    /// Minimum age in years; absent means suitable for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maturity: Option<u8>,
    #[serde(default)]
    pub genres: Vec<String>,
    /// Short technical or editorial marks: `1080p`, `AAC 2.0`, `CC`.
    #[serde(default)]
    pub badges: Vec<String>,
    pub state: TitleState,
    #[serde(default)]
    pub artwork: Artwork,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

/// What a title is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum TitleKind {
    #[default]
    Film,
    /// Has seasons, and is itself not played.
    Series,
    Episode,
    /// A few minutes of another title.
    Trailer,
}

/// `GET /v1/titles/{title}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Title {
    #[serde(flatten)]
    pub summary: TitleSummary,
    /// Longer text for the title page; paragraphs are separated by a blank line.
    #[serde(default)]
    pub description: String,
    /// People and their part, in billing order.
    #[serde(default)]
    pub credits: Vec<Credit>,
    #[serde(default)]
    pub audio_languages: Vec<String>,
    #[serde(default)]
    pub subtitle_languages: Vec<String>,
    #[serde(default)]
    pub protection: Protection,
    #[serde(default)]
    pub chapters: Vec<Chapter>,
    /// What can be skipped, in the order of its beginning; stretches may overlap.
    #[serde(default)]
    pub segments: Vec<Segment>,
    #[serde(default)]
    pub more_like_this: Vec<TitleSummary>,
}

/// The answer of `GET /v1/titles/{title}`: a [`Title`] and where it stands among others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TitlePage {
    #[serde(flatten)]
    pub title: Title,
    #[serde(default)]
    pub kind: TitleKind,
    /// Of a series; those without an episode that may be seen are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seasons: Vec<Season>,
    /// Of an episode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub episode: Option<EpisodePlace>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trailer: Option<TitleSummary>,
}

/// The episodes of a season, in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Season {
    /// Counted from one.
    pub number: u16,
    pub episodes: Vec<TitleSummary>,
}

/// Where an episode belongs. Numbers count from one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EpisodePlace {
    pub series: TitleId,
    pub season: u16,
    pub number: u16,
    /// What comes after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<TitleId>,
}

/// Some titles of many. `GET /v1/profiles/{profile}/titles` and `/search`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TitleList {
    pub items: Vec<TitleSummary>,
    /// What to send as `cursor` for the next ones; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// One line of the credits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Credit {
    pub part: String,
    pub name: String,
}

/// A named stretch of the title; it ends where the next begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Chapter {
    pub start_s: f64,
    pub name: String,
}

/// A stretch that a viewer may want to skip.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Segment {
    pub kind: SegmentKind,
    pub start_s: f64,
    pub end_s: f64,
}

/// What a [`Segment`] is. Buttons go by this, never by words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum SegmentKind {
    Intro,
    Recap,
    Credits,
    /// Of a newer server; not to be skipped.
    #[serde(other)]
    Unknown,
}

/// Can it be watched yet?
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum TitleState {
    Ready,
    /// Being made; `percent` is 0 to 99.
    Preparing {
        percent: u8,
    },
}

impl TitleState {
    /// May `POST /v1/playback` succeed?
    pub fn is_ready(self) -> bool {
        matches!(self, Self::Ready)
    }
}

/// How the media are encrypted (ISO/IEC 23001-7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Protection {
    #[default]
    Clear,
    /// AES-128 in counter mode.
    Cenc,
    /// AES-128 in CBC mode with the 1:9 pattern.
    Cbcs,
}

/// Paths of pictures relative to the server's origin; absent while they are being made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Artwork {
    /// 16:9, 640 wide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
    /// 2:3, 480 wide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poster: Option<String>,
    /// 16:9, 1920 wide, composed for text on the left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backdrop: Option<String>,
    /// Average colour as `#RRGGBB`, shown until the picture is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<String>,
}
