//! What the demo library consists of: texts from `assets/catalogue/titles.json`, in the order in which it is made.

use super::{scene::SceneKind, sound::ScoreKind};
use serde::{Deserialize, Serialize};
use service_api::{
    TitleId,
    catalog::{Chapter, Credit, Protection, Segment},
};
use std::collections::BTreeMap;

/// The lowest subscription that includes a title.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Plan {
    #[default]
    Basic,
    Premium,
}

/// A line of dialogue or narration in several languages.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cue {
    pub start_s: f64,
    pub end_s: f64,
    /// Text by language tag.
    pub text: BTreeMap<String, String>,
}

/// All that is known about a title before it is made.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TitleDescriptor {
    pub id: TitleId,
    pub name: String,
    /// A short line above the name.
    #[serde(default)]
    pub kicker: Option<String>,
    pub synopsis: String,
    /// Paragraphs are separated by a blank line.
    pub description: String,
    pub year: u16,
    /// Minimum age in years; absent means suitable for all.
    #[serde(default)]
    pub maturity: Option<u8>,
    pub genres: Vec<String>,
    #[serde(default)]
    pub credits: Vec<Credit>,
    pub badges: Vec<String>,
    #[serde(default)]
    pub protection: Protection,
    #[serde(default)]
    pub plan: Plan,
    /// Length in seconds; a multiple of the segment length.
    pub duration_s: f64,
    /// Frames per second.
    pub frame_rate: u32,
    /// Seconds of video per segment.
    pub segment_s: u32,
    #[serde(default)]
    pub subtitle_languages: Vec<String>,
    #[serde(default)]
    pub chapters: Vec<Chapter>,
    #[serde(default)]
    pub segments: Vec<Segment>,
    /// A test picture: it has its own row and is never the hero.
    #[serde(default)]
    pub qa: bool,
    /// What is painted.
    pub scene: SceneKind,
    /// What is played.
    pub score: ScoreKind,
    #[serde(default)]
    pub cues: Vec<Cue>,
}

impl TitleDescriptor {
    /// Frames of the whole title.
    pub(crate) fn frame_count(&self) -> u32 {
        (self.duration_s * f64::from(self.frame_rate)).round() as u32
    }

    /// Frames of a segment.
    pub(crate) fn frames_per_segment(&self) -> u32 {
        self.segment_s * self.frame_rate
    }
}

/// The whole demo catalogue in the order in which it is made.
pub fn catalogue() -> Vec<TitleDescriptor> {
    serde_json::from_str(include_str!("../../../assets/catalogue/titles.json"))
        .expect("the catalogue is part of the program and a test reads it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::paths::is_slug;
    use service_api::catalog::SegmentKind;
    use std::collections::BTreeSet;

    #[test]
    fn has_films_in_several_genres_and_every_protection() {
        let titles = catalogue();
        let films: Vec<_> = titles.iter().filter(|title| !title.qa).collect();
        assert!(films.len() >= 8);
        assert!(films.iter().flat_map(|film| &film.genres).collect::<BTreeSet<_>>().len() >= 5);
        for protection in [Protection::Clear, Protection::Cenc, Protection::Cbcs] {
            assert!(films.iter().any(|film| film.protection == protection), "{protection:?}");
        }
        assert!(films.iter().any(|film| film.plan == Plan::Premium));
        assert!(films.iter().filter(|film| film.subtitle_languages.len() >= 2).count() >= 3);
        assert_eq!(films[0].id.as_str(), "the-long-tide");
        let qa: Vec<_> = titles.iter().filter(|title| title.qa).map(|title| title.id.as_str()).collect();
        assert_eq!(qa, ["qa-counter-clear", "qa-counter-cenc"]);
    }

    #[test]
    fn every_title_is_consistent() {
        let titles = catalogue();
        assert_eq!(titles.iter().map(|title| &title.id).collect::<BTreeSet<_>>().len(), titles.len());
        assert_eq!(titles.iter().map(|title| title.scene).collect::<BTreeSet<_>>().len(), titles.len() - 1);
        for title in &titles {
            let id = &title.id;
            assert!(is_slug(id.as_str()), "{id}");
            assert!(title.duration_s >= 40.0, "{id}");
            assert!([24, 25].contains(&title.frame_rate), "{id}");
            assert!([2, 4].contains(&title.segment_s), "{id}");
            assert_eq!(title.frame_count() % title.frames_per_segment(), 0, "{id}: segments of one length");
            assert!(!title.synopsis.is_empty() && title.synopsis.len() < 200, "{id}");
            assert!(title.description.len() > title.synopsis.len(), "{id}");
            assert!(title.chapters.windows(2).all(|pair| pair[0].start_s < pair[1].start_s), "{id}");
            assert!(title.chapters.first().is_none_or(|chapter| chapter.start_s == 0.0), "{id}");
            assert!(title.chapters.last().is_none_or(|chapter| chapter.start_s < title.duration_s), "{id}");
            assert!(title.qa || title.chapters.len() == title.scene.shot_count(), "{id}: a chapter for each shot");
            assert_eq!(title.qa, title.segments.is_empty(), "{id}: every film has something to skip");
            assert!(title.segments.windows(2).all(|pair| pair[0].start_s <= pair[1].start_s), "{id}");
            for segment in &title.segments {
                assert!(segment.end_s - segment.start_s >= 3.0 && segment.end_s <= title.duration_s, "{id}");
                assert_ne!(segment.kind, SegmentKind::Unknown, "{id}");
            }
            assert!(title.cues.windows(2).all(|pair| pair[0].end_s <= pair[1].start_s), "{id}");
            for cue in &title.cues {
                assert!(cue.start_s < cue.end_s && cue.end_s <= title.duration_s, "{id}");
                assert_eq!(
                    cue.text.keys().collect::<BTreeSet<_>>(),
                    title.subtitle_languages.iter().collect::<BTreeSet<_>>(),
                    "{id}"
                );
            }
        }
    }
}
