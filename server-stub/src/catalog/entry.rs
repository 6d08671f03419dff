//! One title as the catalog knows it.

use crate::{
    entitlement::{Terms, Window},
    ingest::{Plan, TitleDescriptor},
};
use serde::{Deserialize, Serialize};
use service_api::{
    TitleId,
    catalog::{Chapter, Credit, Protection, Segment, TitleKind},
};

/// Everything about a title but its media. Also how it is written in a catalog file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Entry {
    pub(crate) id: TitleId,
    #[serde(default)]
    pub(crate) kind: TitleKind,
    pub(crate) name: String,
    /// A short line above the name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) kicker: Option<String>,
    #[serde(default)]
    pub(crate) synopsis: String,
    /// Paragraphs are separated by a blank line.
    #[serde(default)]
    pub(crate) description: String,
    pub(crate) year: u16,
    /// Minimum age in years; absent means suitable for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) maturity: Option<u8>,
    #[serde(default)]
    pub(crate) genres: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) credits: Vec<Credit>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) badges: Vec<String>,
    #[serde(default)]
    pub(crate) protection: Protection,
    #[serde(default)]
    pub(crate) plan: Plan,
    /// Length in seconds.
    #[serde(default)]
    pub(crate) duration_s: f64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) subtitle_languages: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) chapters: Vec<Chapter>,
    /// Intros, recaps and credits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) segments: Vec<Segment>,
    /// A test picture: it has its own row and is never the hero.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) qa: bool,
    /// When and where it is offered; none means always and everywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) windows: Vec<Window>,
    /// May not be kept for offline.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) no_offline: bool,
    /// Of an episode: what it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) episode: Option<EpisodeOf>,
    /// The title that advertises this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) trailer: Option<TitleId>,
}

/// The place of an episode in its series. Both numbers count from one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EpisodeOf {
    pub(crate) series: TitleId,
    pub(crate) season: u16,
    pub(crate) number: u16,
}

impl Entry {
    /// What is wrong with it by itself.
    pub(crate) fn faults(&self) -> Vec<&'static str> {
        let is_slug = (1..=64).contains(&self.id.as_str().len())
            && self.id.as_str().bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let is_open = |window: &Window| match (window.from_ms, window.until_ms) {
            (Some(from), Some(until)) => from < until,
            _ => true,
        };
        let numbers = self.episode.as_ref().is_none_or(|episode| episode.season > 0 && episode.number > 0);
        let checks = [
            (is_slug, "id must be 1 to 64 of a-z 0-9 -"),
            ((1..=200).contains(&self.name.chars().count()), "name must have 1 to 200 characters"),
            (self.synopsis.len() <= 2_000 && self.description.len() <= 20_000, "texts are too long"),
            ((1870..=2200).contains(&self.year), "year is not one of the cinema's"),
            (self.maturity.is_none_or(|age| age <= 21), "maturity must be 0 to 21"),
            (self.genres.len() <= 16 && self.credits.len() <= 500, "at most 16 genres and 500 credits"),
            (self.chapters.windows(2).all(|pair| pair[0].start_s < pair[1].start_s), "chapters must be in order"),
            (
                self.segments.iter().all(|part| part.start_s >= 0.0 && part.start_s < part.end_s),
                "a segment ends before it begins",
            ),
            ((0.0..=864_000.0).contains(&self.duration_s), "duration_s must be 0 to ten days"),
            (self.windows.len() <= 300 && self.windows.iter().all(is_open), "a window ends before it begins"),
            (numbers, "season and number count from one"),
        ];
        checks.into_iter().filter(|(is_good, _)| !is_good).map(|(_, what)| what).collect()
    }

    /// Does it stand for itself on a home screen?
    pub(crate) fn is_listed(&self) -> bool {
        matches!(self.kind, TitleKind::Film | TitleKind::Series)
    }

    /// What it asks of its viewers.
    pub(crate) fn terms(&self) -> Terms<'_> {
        Terms { plan: self.plan, maturity: self.maturity, windows: &self.windows, offline: !self.no_offline }
    }
}

impl From<&TitleDescriptor> for Entry {
    fn from(title: &TitleDescriptor) -> Self {
        Self {
            id: title.id.clone(),
            kind: TitleKind::Film,
            name: title.name.clone(),
            kicker: title.kicker.clone(),
            synopsis: title.synopsis.clone(),
            description: title.description.clone(),
            year: title.year,
            maturity: title.maturity,
            genres: title.genres.clone(),
            credits: title.credits.clone(),
            badges: title.badges.clone(),
            protection: title.protection,
            plan: title.plan,
            duration_s: title.duration_s,
            subtitle_languages: title.subtitle_languages.clone(),
            chapters: title.chapters.clone(),
            segments: title.segments.clone(),
            qa: title.qa,
            windows: Vec::new(),
            no_offline: false,
            episode: None,
            trailer: None,
        }
    }
}
