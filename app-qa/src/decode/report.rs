//! What `decode` says in the end.

use super::frames::Gap;
use player_core::PlaybackError;
use player_core::manifest::TimedEvent;
use player_core::text::Cue;
use serde::Serialize;

/// Everything that came through, and what did not.
#[derive(Debug, Default, Serialize)]
pub struct DecodeReport {
    /// The whole presentation came through.
    pub ok: bool,
    pub errors: Vec<ReportedError>,
    /// End of what was decoded, or of the last cue.
    pub duration_s: f64,
    pub video: Option<VideoReport>,
    pub audio: Option<AudioReport>,
    /// Captions inside the picture's samples included.
    pub text: Vec<TextReport>,
    /// Marks in the stream and in the manifest, by their start.
    pub events: Vec<EventReport>,
    /// Tracks of small pictures for the scrubber.
    pub thumbnails: usize,
    /// What keys were asked for with, and why; `None` if nobody was asked.
    pub key_system: Option<KeySystemReport>,
    /// Ids of the keys that the media needed.
    pub keys_used: Vec<String>,
    /// What the manifest offers and was not considered, and why.
    pub excluded: Vec<Excluded>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportedError {
    /// Stable name; the number is `E` and four digits.
    pub code: String,
    pub number: u16,
    pub message: String,
}

impl From<&PlaybackError> for ReportedError {
    fn from(error: &PlaybackError) -> Self {
        let code = serde_json::to_value(error.code).ok().and_then(|code| code.as_str().map(str::to_owned));
        Self { code: code.unwrap_or_default(), number: error.code.number(), message: error.detail.clone() }
    }
}

/// The key system that was chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeySystemReport {
    /// As `org.w3.clearkey`.
    pub name: String,
    /// Why this one, in words.
    pub reason: String,
}

#[derive(Debug, Serialize)]
pub struct VideoReport {
    pub codec: String,
    pub width: u32,
    pub height: u32,
    pub pixel_format: Option<&'static str>,
    pub frames: usize,
    pub first_pts_s: f64,
    pub last_pts_s: f64,
    pub gaps: Vec<Gap>,
}

#[derive(Debug, Serialize)]
pub struct AudioReport {
    pub codec: String,
    pub channels: u32,
    pub rate: u32,
    pub samples: u64,
    pub first_pts_s: f64,
    pub end_s: f64,
    pub gaps: Vec<Gap>,
}

#[derive(Debug, Serialize)]
pub struct TextReport {
    pub lang: Option<String>,
    pub name: String,
    pub cues: Vec<CueReport>,
}

#[derive(Debug, Serialize)]
pub struct CueReport {
    pub start_s: f64,
    pub end_s: f64,
    pub text: String,
}

impl From<&Cue> for CueReport {
    fn from(cue: &Cue) -> Self {
        Self { start_s: cue.start.as_secs_f64(), end_s: cue.end.as_secs_f64(), text: cue.lines.join("\n") }
    }
}

/// A date range, an event of an event stream, an `emsg`, an ID3 tag.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventReport {
    pub scheme: String,
    pub value: String,
    pub id: String,
    pub start_s: f64,
    pub duration_s: Option<f64>,
    pub payload_bytes: u64,
}

impl From<&TimedEvent> for EventReport {
    fn from(event: &TimedEvent) -> Self {
        Self {
            scheme: event.scheme.clone(),
            value: event.value.clone(),
            id: event.id.clone(),
            start_s: event.start.as_secs_f64(),
            duration_s: event.duration.map(|duration| duration.as_secs_f64()),
            payload_bytes: event.payload.len() as u64,
        }
    }
}

#[derive(Debug, Serialize)]
pub struct Excluded {
    pub what: String,
    pub why: String,
}

impl DecodeReport {
    /// For people.
    pub fn summary(&self) -> String {
        let mut lines =
            vec![format!("{}, {:.3} s", if self.ok { "complete" } else { "not complete" }, self.duration_s)];
        if let Some(video) = &self.video {
            let VideoReport { codec, width, height, frames, gaps, .. } = video;
            lines.push(format!("  picture {codec} {width}x{height}, {frames} frames, {} gaps", gaps.len()));
        }
        if let Some(audio) = &self.audio {
            let AudioReport { codec, channels, rate, samples, gaps, .. } = audio;
            lines.push(format!(
                "  sound {codec}, {channels} channels, {samples} samples at {rate} Hz, {} gaps",
                gaps.len()
            ));
        }
        if let Some(KeySystemReport { name, reason }) = &self.key_system {
            lines.push(format!("  keys by {name}, {reason}"));
        }
        for text in &self.text {
            lines.push(format!("  text {}, {} cues", text.lang.as_deref().unwrap_or("?"), text.cues.len()));
        }
        if !self.events.is_empty() {
            lines.push(format!("  {} events", self.events.len()));
        }
        for excluded in &self.excluded {
            lines.push(format!("  left out {}: {}", excluded.what, excluded.why));
        }
        for error in &self.errors {
            lines.push(format!("  error E{} {}: {}", error.number, error.code, error.message));
        }
        lines.join("\n") + "\n"
    }
}
