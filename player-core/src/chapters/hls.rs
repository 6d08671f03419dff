//! The document behind `DATA-ID="com.apple.hls.chapters"` (HLS Authoring Specification, "Chapters").

use super::{Chapter, ChapterTitle, Chapters};
use abr::MediaTime;
use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

/// Languages of one title.
const MAX_TITLES: usize = 64;

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "start-time")]
    start_time: f64,
    duration: Option<f64>,
    #[serde(default)]
    titles: Vec<Title>,
    #[serde(default)]
    images: Vec<Image>,
}

#[derive(Deserialize)]
struct Title {
    language: Option<String>,
    title: String,
}

#[derive(Deserialize)]
struct Image {
    url: String,
}

/// Reads the document; `base` is its address. Entries that make no sense are left out, and so is everything of a
/// document that is no list: chapters are a help and not a condition.
pub fn read(document: &[u8], base: &Url) -> Chapters {
    // As text, and then one by one: trees of whatever else is in a document would take a hundred times its size.
    let entries = serde_json::from_slice::<Vec<&RawValue>>(document).unwrap_or_default();
    let chapters = entries.into_iter().take(super::MAX_CHAPTERS).filter_map(|entry| {
        let entry: Entry = serde_json::from_str(entry.get()).ok()?;
        let start = time(entry.start_time)?;
        let end = entry.duration.filter(|duration| *duration > 0.0).and_then(|length| time(entry.start_time + length));
        let titles = entry.titles.iter().take(MAX_TITLES);
        let titles = titles.filter_map(|title| ChapterTitle::of(title.language.as_deref(), &title.title)).collect();
        let image = entry.images.first().and_then(|image| base.join(&image.url).ok());
        let image = image.filter(|url| matches!(url.scheme(), "http" | "https"));
        Some(Chapter { start, end, titles, image })
    });
    Chapters::new(chapters.collect())
}

fn time(seconds: f64) -> Option<MediaTime> {
    (seconds.is_finite() && (0.0..1e8).contains(&seconds)).then(|| MediaTime::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chapters_have_times_titles_in_languages_and_pictures() {
        let document = r#"[
            {"chapter": 2, "start-time": 60.5, "titles": [{"language": "en", "title": "The storm"}]},
            {"chapter": 1, "start-time": 0, "duration": 60.5,
             "titles": [{"language": "en", "title": "Calm"}, {"language": "de", "title": "Ruhe"}],
             "images": [{"image-category": "chapter", "pixel-width": 320, "url": "1.jpg"}], "metadata": []},
            {"start-time": -4, "titles": []}, {"start-time": 1e300}, {"start-time": "soon"}, 7
        ]"#;
        let chapters = read(document.as_bytes(), &"https://a.example/x/chapters.json".parse().unwrap());
        let [first, second] = chapters.as_slice() else { panic!("{chapters:?}") };
        assert_eq!((first.title(Some("de")), first.end), ("Ruhe", Some(MediaTime::from_millis(60_500))));
        assert_eq!(first.image.as_ref().unwrap().as_str(), "https://a.example/x/1.jpg");
        assert_eq!((second.start, second.title(None)), (MediaTime::from_millis(60_500), "The storm"));
        for nonsense in ["", "{}", "[[[[", "null", "\u{feff}[]"] {
            assert!(read(nonsense.as_bytes(), &"https://a.example/".parse().unwrap()).is_empty());
        }
    }
}
