//! Chapters: named stretches of a presentation, wherever they are written down.
//!
//! HLS has them in a document that `EXT-X-SESSION-DATA` names (`hls`); MP4 files in Nero's list or in a text track
//! (`crate::container::bmff`), Matroska files in an element of their own (`crate::container::webm`); `fetch` gets the
//! bytes. A catalog's chapters are the application's business.

mod fetch;
mod hls;

pub use hls::read as read_hls;

use abr::MediaTime;
use serde::{Deserialize, Serialize};
use std::fmt;
use url::Url;

/// Chapters of one presentation; a book of the Bible has fewer.
pub const MAX_CHAPTERS: usize = 2_000;
/// Bytes of a title.
const MAX_TITLE: usize = 1_024;

/// A named stretch.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chapter {
    pub start: MediaTime,
    /// Absent: where the next one begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<MediaTime>,
    /// In the order of the document; may be empty.
    pub titles: Vec<ChapterTitle>,
    /// Address of a picture. Neither logs nor `Debug` have it, since tokens stand in addresses.
    #[serde(skip)]
    pub image: Option<Url>,
}

impl fmt::Debug for Chapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { start, end, titles, image } = self;
        f.debug_struct("Chapter")
            .field("start", start)
            .field("end", end)
            .field("titles", titles)
            .field("has_image", &image.is_some())
            .finish()
    }
}

/// What a chapter is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChapterTitle {
    /// BCP 47, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    pub text: String,
}

impl Chapter {
    /// With one title, of no known language.
    pub fn named(start: MediaTime, title: &str) -> Self {
        Self { start, titles: ChapterTitle::of(None, title).into_iter().collect(), ..Self::default() }
    }

    /// Its title in a language, else in none in particular, else in the first that there is; may be empty.
    pub fn title(&self, language: Option<&str>) -> &str {
        let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let by = |wanted: Option<&str>| {
            self.titles.iter().find(|title| title.language.as_deref().map(primary) == wanted.map(primary))
        };
        let title = language.and_then(|language| by(Some(language))).or_else(|| by(None)).or(self.titles.first());
        title.map_or("", |title| &title.text)
    }
}

impl ChapterTitle {
    /// Without white space around it; `None` if nothing is left.
    fn of(language: Option<&str>, text: &str) -> Option<Self> {
        let text = text.trim();
        let cut = text.floor_char_boundary(MAX_TITLE);
        let language = language.map(str::trim).filter(|tag| !tag.is_empty() && *tag != "und");
        (!text.is_empty()).then(|| Self { language: language.map(str::to_owned), text: text[..cut].to_owned() })
    }
}

/// Chapters in the order of their time, no two at the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Chapters(Vec<Chapter>);

impl Chapters {
    /// Sorts; of several at one time the first counts, and at most [`MAX_CHAPTERS`] are kept.
    pub fn new(mut chapters: Vec<Chapter>) -> Self {
        chapters.retain(|chapter| chapter.start >= MediaTime::ZERO);
        chapters.sort_by_key(|chapter| chapter.start);
        chapters.dedup_by_key(|chapter| chapter.start);
        chapters.truncate(MAX_CHAPTERS);
        Self(chapters)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn as_slice(&self) -> &[Chapter] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_chosen_by_language_and_something_is_better_than_nothing() {
        let title = |language: Option<&str>, text: &str| ChapterTitle::of(language, text).unwrap();
        let chapter =
            Chapter { titles: vec![title(Some("en"), "One"), title(Some("de-AT"), "Eins")], ..Chapter::default() };
        assert_eq!((chapter.title(Some("de")), chapter.title(Some("fr")), chapter.title(None)), ("Eins", "One", "One"));
        assert_eq!(Chapter::default().title(Some("de")), "");
        assert_eq!(ChapterTitle::of(Some("und"), " \n"), None);
        let long = "ä".repeat(MAX_TITLE);
        assert_eq!(Chapter::named(MediaTime::ZERO, &long).title(None).len(), MAX_TITLE);
    }

    #[test]
    fn they_are_in_order_and_bounded() {
        let at = |ms: i64| Chapter::named(MediaTime::from_millis(ms), &ms.to_string());
        let chapters = Chapters::new(vec![at(5), at(-1), at(0), at(5)]);
        assert_eq!(chapters.as_slice(), [at(0), at(5)]);
        assert_eq!(Chapters::new((0..5_000).map(at).collect()).as_slice().len(), MAX_CHAPTERS);
    }

    #[test]
    fn addresses_of_pictures_do_not_print() {
        let image = Some("https://cdn.example/secret-token/1.jpg".parse().unwrap());
        let chapter = Chapter { image, ..Chapter::named(MediaTime::ZERO, "One") };
        assert!(!format!("{chapter:?}").contains("secret"));
        assert!(!serde_json::to_string(&chapter).unwrap().contains("secret"));
    }
}
