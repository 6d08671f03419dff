//! Pieces of text: when, where and how they are to be seen.

use super::style::{Span, TextStyle};
use abr::MediaTime;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Cues that are not further apart than this touch: clocks of text count milliseconds.
const TOUCHING: Duration = Duration::from_millis(1);
/// Values of the 33-bit clock of MPEG-2 systems.
const CLOCK_ROUND: i64 = 1 << 33;

/// A piece of text and when it is to be seen, on the presentation's timeline.
///
/// Cues are the same if they look the same; identifiers are not kept, since segments number anew what they repeat.
/// Order is by time, then by place.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Cue {
    pub start: MediaTime,
    pub end: MediaTime,
    /// Where it is to be drawn.
    #[serde(default, skip_serializing_if = "CueSettings::is_default")]
    pub settings: CueSettings,
    /// Lines from top to bottom, without markup.
    pub lines: Vec<String>,
    /// The same lines in pieces of one style; empty where all of it is plain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<Vec<Span>>,
    /// A PNG file in place of text. Event logs do not have it.
    #[serde(skip)]
    pub image: Option<Bytes>,
}

impl Cue {
    /// Plain text at the usual place.
    pub fn plain(start: MediaTime, end: MediaTime, lines: Vec<String>) -> Self {
        Self { start, end, lines, ..Self::default() }
    }

    /// Is it to be seen at `position`?
    pub fn is_active(&self, position: MediaTime) -> bool {
        self.start <= position && position < self.end
    }

    /// Text in one string, lines parted by line feeds.
    pub fn text(&self) -> String {
        self.lines.join("\n")
    }

    /// Takes lines of spans; the plain ones are made from them.
    pub(super) fn with_spans(self, spans: Vec<Vec<Span>>) -> Self {
        let lines = spans.iter().map(|line| line.iter().map(|span| span.text.as_str()).collect()).collect();
        let plain = spans.iter().flatten().all(|span| span.style == TextStyle::default());
        Self { lines, spans: if plain { Vec::new() } else { spans }, ..self }
    }

    /// All but the times.
    fn look(&self) -> (&CueSettings, &[String], &[Vec<Span>], &Option<Bytes>) {
        (&self.settings, &self.lines, &self.spans, &self.image)
    }
}

/// Joins cues that look the same and overlap or touch, as those do that were cut at the borders of segments. The result
/// is in order.
pub fn merge_touching(mut cues: Vec<Cue>) -> Vec<Cue> {
    cues.sort_unstable_by(|a, b| a.look().cmp(&b.look()).then(a.start.cmp(&b.start)));
    let mut merged: Vec<Cue> = Vec::with_capacity(cues.len());
    for cue in cues {
        match merged.last_mut().filter(|last| last.look() == cue.look() && cue.start <= last.end + TOUCHING) {
            Some(last) => last.end = last.end.max(cue.end),
            None => merged.push(cue),
        }
    }
    merged.sort_unstable();
    merged
}

/// Moves cues on the media clock by as many rounds of its 33 bits (26.5 hours) as bring the first of them nearest to
/// `near`: the clock may have begun a new round since, or before, the media was counted through.
pub fn unroll(cues: &mut [Cue], near: MediaTime) {
    let round = MediaTime::from_ticks(CLOCK_ROUND, 90_000).nanos();
    let Some(first) = cues.iter().map(|cue| cue.start).min() else { return };
    let rounds = (near - first).nanos().saturating_add(round / 2).div_euclid(round);
    let shift = MediaTime::from_nanos(rounds.saturating_mul(round));
    for cue in cues {
        cue.start += shift;
        cue.end += shift;
    }
}

/// Hundredths of a percent of the picture's width or height.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Percent(pub i32);

impl Percent {
    /// All of it.
    pub const FULL: Self = Self(10_000);

    /// From percent, rounded; no number and what is out of bounds by far gives a bound.
    pub fn new(percent: f64) -> Self {
        Self((percent.clamp(-1_000.0, 1_000.0) * 100.0).round() as i32)
    }

    /// In percent.
    pub fn get(self) -> f64 {
        f64::from(self.0) / 100.0
    }
}

/// Where a cue is drawn, in the words of WebVTT. The default is at the bottom, centred.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct CueSettings {
    /// The box that it is drawn in; `None` is the whole picture.
    pub region: Option<Region>,
    pub vertical: Vertical,
    /// Where across the lines; `None` is the last free line.
    pub line: Option<Line>,
    pub line_align: LineAlign,
    /// Where along the lines; `None` follows from the alignment.
    pub position: Option<Percent>,
    pub position_align: PositionAlign,
    /// Room along the lines; `None` is all there is.
    pub size: Option<Percent>,
    pub align: TextAlign,
}

impl CueSettings {
    /// Does it say nothing?
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Which way lines run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Vertical {
    #[default]
    Horizontal,
    /// Lines are columns; the second is left of the first.
    RightToLeft,
    /// Lines are columns; the second is right of the first.
    LeftToRight,
}

/// Across the lines: from the top, or for columns from the side where the first one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// In lines of text; negative numbers count from the other side, -1 is the last.
    Number(i32),
    Percent(Percent),
}

/// What of a cue is at its line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineAlign {
    #[default]
    Start,
    Center,
    End,
}

/// What of a cue is at its position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PositionAlign {
    /// As the text is aligned.
    #[default]
    Auto,
    LineLeft,
    Center,
    LineRight,
}

/// How text lies in its box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextAlign {
    #[default]
    Center,
    /// Where the script begins.
    Start,
    End,
    Left,
    Right,
}

/// A box in the picture.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Region {
    pub top: Percent,
    pub left: Percent,
    pub width: Percent,
    pub height: Percent,
    /// Where in the box text gathers.
    pub display_align: DisplayAlign,
    /// Do lines move up when one is added?
    pub scroll: bool,
}

/// Where in a box text gathers, across the lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisplayAlign {
    Before,
    Center,
    #[default]
    After,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cue(start: i64, end: i64, text: &str) -> Cue {
        Cue::plain(MediaTime::from_millis(start), MediaTime::from_millis(end), vec![text.into()])
    }

    #[test]
    fn conformance_09_cues_cut_at_segment_borders_are_joined_again() {
        let cut = vec![cue(2_000, 4_000, "a"), cue(0, 2_000, "a"), cue(1_000, 3_000, "b"), cue(4_500, 5_000, "a")];
        let joined = [cue(0, 4_000, "a"), cue(1_000, 3_000, "b"), cue(4_500, 5_000, "a")];
        assert_eq!(merge_touching(cut), joined);
        let repeated = vec![cue(0, 2_000, "a"), cue(0, 2_000, "a"), cue(500, 1_000, "a")];
        assert_eq!(merge_touching(repeated), [cue(0, 2_000, "a")]);
    }

    #[test]
    fn conformance_09_cues_follow_the_media_over_the_clocks_end() {
        let round = MediaTime::from_ticks(CLOCK_ROUND, 90_000);
        let mut cues = [cue(1_000, 2_000, "a")];
        unroll(&mut cues, round + MediaTime::from_millis(5_000));
        assert_eq!(cues[0].start, round + MediaTime::from_millis(1_000));
        unroll(&mut cues, MediaTime::ZERO);
        assert_eq!(cues[0], cue(1_000, 2_000, "a"));
    }

    #[test]
    fn plain_cues_are_written_as_ever_and_read_again() {
        let json = serde_json::to_string(&cue(1_000, 2_000, "a")).unwrap();
        assert_eq!(json, r#"{"start":1000000000,"end":2000000000,"lines":["a"]}"#);
        assert_eq!(serde_json::from_str::<Cue>(&json).unwrap(), cue(1_000, 2_000, "a"));
    }
}
