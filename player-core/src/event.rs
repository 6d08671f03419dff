//! Everything that happens in a session, in order. The user interface, analytics and the QA log read this one stream.
//!
//! Intent and effect are different events: `SeekRequested` is a key pressed, `SeekCompleted` a picture shown.

use crate::chapters::Chapters;
use crate::command::{Command, QualityChoice};
use crate::decoding::ChosenDecoder;
use crate::error::PlaybackError;
use crate::manifest::{TrackId, TrackKind};
use crate::net::Protocol;
use crate::text::Cue;
use abr::{Bitrate, ByteCount, Decision, MediaTime, PlaybackRate, RememberedNetwork, RungId};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Version of the event schema. Raised when a reader of old logs would misunderstand a new one.
pub const SCHEMA_VERSION: u16 = 1;

/// An event with its circumstances. One JSON object per line in a log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventEnvelope {
    /// [`SCHEMA_VERSION`].
    pub v: u16,
    /// Random, one per load.
    pub session: uuid::Uuid,
    /// Counts from 0 without gaps within a session.
    pub seq: u64,
    /// Wall clock in milliseconds since 1970.
    pub wall_ms: u64,
    /// Since the load was asked for.
    #[serde(with = "millis")]
    pub since_load: Duration,
    /// Playhead.
    pub position: MediaTime,
    /// Media ahead of the playhead, of the track that has least.
    #[serde(with = "millis")]
    pub buffered: Duration,
    pub event: PlaybackEvent,
}

/// Durations in logs: milliseconds with three decimals.
pub(crate) mod millis {
    use serde::{Deserialize, Deserializer, Serializer};
    use std::time::Duration;

    pub(crate) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64((duration.as_secs_f64() * 1e6).round() / 1e3)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let millis = f64::deserialize(deserializer)?;
        Duration::try_from_secs_f64(millis / 1e3).map_err(serde::de::Error::custom)
    }
}

/// As [`millis`], where there may be none.
pub(crate) mod optional_millis {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::time::Duration;

    #[derive(Serialize, Deserialize)]
    struct Millis(#[serde(with = "super::millis")] Duration);

    pub(crate) fn serialize<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        duration.map(Millis).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<Millis>::deserialize(deserializer)?.map(|Millis(duration)| duration))
    }
}

/// What a rung looks like to people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RungInfo {
    pub id: RungId,
    pub bitrate: Bitrate,
    pub width: u32,
    pub height: u32,
    /// RFC 6381, as the manifest says.
    pub codecs: String,
}

impl RungInfo {
    /// Short name for menus, such as `720p`.
    pub fn label(&self) -> String {
        if self.height > 0 { format!("{}p", self.height) } else { self.bitrate.to_string() }
    }
}

/// What a track looks like to people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackInfo {
    pub id: TrackId,
    pub kind: TrackKind,
    /// BCP 47, where the manifest says so.
    pub language: Option<String>,
    pub name: String,
}

/// What was fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceKind {
    Manifest,
    Playlist,
    Segment,
    Text,
}

/// Something that happened. Names are stable: they are the `type` in logs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PlaybackEvent {
    /// First event of each session.
    LoadRequested {
        /// Scheme, host and last path part only: tokens stand in between.
        source: String,
        start: MediaTime,
    },
    ManifestLoaded {
        duration: Option<MediaTime>,
        rungs: Vec<RungInfo>,
        tracks: Vec<TrackInfo>,
    },
    /// Named stretches of the presentation.
    ChaptersLoaded {
        chapters: Chapters,
    },
    /// A viewer's wish, as it came.
    CommandReceived {
        command: Command,
    },
    StateChanged {
        state: crate::snapshot::PlaybackState,
    },
    /// The first picture of the session is on its way to the surface.
    FirstFrame,
    StallStarted,
    StallEnded {
        #[serde(with = "millis")]
        lasted: Duration,
    },
    SeekStarted {
        from: MediaTime,
        to: MediaTime,
        /// Was everything needed already here?
        in_buffer: bool,
    },
    SeekCompleted {
        to: MediaTime,
        #[serde(with = "millis")]
        took: Duration,
    },
    /// Regular heartbeat of the playhead while playing.
    PositionReport,
    QualityDecided {
        decision: Box<Decision>,
        /// The decision in words.
        sentence: String,
    },
    /// The first picture of another rung has reached the surface.
    QualityShown {
        rung: RungId,
    },
    QualityRequested {
        choice: QualityChoice,
    },
    TrackSelected {
        kind: TrackKind,
        track: Option<TrackId>,
    },
    SegmentStarted {
        track: TrackKind,
        rung: Option<RungId>,
        number: u64,
    },
    SegmentLoaded {
        track: TrackKind,
        rung: Option<RungId>,
        number: u64,
        bytes: ByteCount,
        #[serde(with = "millis")]
        ttfb: Duration,
        #[serde(with = "millis")]
        elapsed: Duration,
        /// Came from memory; says nothing about the network.
        cached: bool,
        /// By what it came, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        protocol: Option<Protocol>,
        /// Estimate after this segment.
        throughput: Option<Bitrate>,
    },
    SegmentAbandoned {
        rung: RungId,
        number: u64,
        received: ByteCount,
        sentence: String,
    },
    /// Segments that waited in the buffer were thrown away, to be fetched again in a clearly higher rung.
    SegmentsReplaced {
        rung: RungId,
        /// The first of them.
        number: u64,
        count: usize,
    },
    /// A segment could not be had in any version; playback goes on behind it.
    SegmentSkipped {
        track: TrackKind,
        number: u64,
    },
    /// A segment came, but not all that it stands for: playback goes on over the hole.
    MediaMissing {
        track: TrackKind,
        number: u64,
        /// Where the hole begins.
        at: MediaTime,
        /// How long it is, as far as that is known.
        #[serde(with = "millis")]
        lasts: Duration,
    },
    LoadFailed {
        resource: ResourceKind,
        error: PlaybackError,
        /// What the player does now, in words.
        recovery: String,
    },
    /// A failure is over.
    Recovered,
    /// The address was renewed because its permission had run out.
    SourceRefreshed,
    /// What the session has learnt of the network so far: every few seconds, and at the end. For the next session.
    NetworkMeasured {
        network: RememberedNetwork,
    },
    LicenceRequested {
        keys: usize,
    },
    /// What keys are asked for with, before they are.
    KeySystemChosen {
        /// As `org.w3.clearkey`.
        key_system: String,
        /// Why this one, in words.
        reason: String,
    },
    LicenceLoaded {
        keys: usize,
        #[serde(with = "millis")]
        took: Duration,
    },
    /// Counters of the surface, every few seconds and at the end.
    FramesReport {
        shown: u64,
        dropped: u64,
    },
    DecoderChosen {
        kind: TrackKind,
        /// Common name in small letters, as `h264`.
        #[serde(default)]
        codec: String,
        decoder: String,
        /// Why it is this one; pictures alone have a choice.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        chosen: Option<ChosenDecoder>,
    },
    SecondTextSelected {
        track: Option<TrackId>,
    },
    /// What is to be seen of all selected subtitles: those of the first track, then those of the second.
    CuesShown {
        cues: Vec<Cue>,
    },
    /// A mark in the stream: a date range, an event of an event stream, an `emsg`, an ID3 tag. Told once, as soon as it
    /// is known; `start` says when it is due and may lie in the past.
    TimedEvent {
        /// Scheme or class, as `urn:scte:scte35:2013:bin`.
        scheme: String,
        value: String,
        id: String,
        start: MediaTime,
        #[serde(with = "optional_millis")]
        duration: Option<Duration>,
        /// How much it carries. Logs do not have it.
        payload: ByteCount,
    },
    /// The viewer wants another speed.
    RateChanged {
        rate: PlaybackRate,
    },
    /// Winding began, changed its speed, or is over: then there is none. Positions go back while it is negative.
    TrickPlayChanged {
        speed: Option<i32>,
    },
    VolumeChanged {
        volume: f32,
        muted: bool,
    },
    Ended,
    /// Last event of a session that failed.
    Failed {
        error: PlaybackError,
    },
}
