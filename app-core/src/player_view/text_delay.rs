//! Delays of subtitles that viewers set because a title's text does not fit its sound; kept by title.

use super::model::Source;
use player_core::MAX_TEXT_DELAY_MS;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use url::Position;

/// Titles that are remembered; the oldest go first.
const MOST_TITLES: usize = 100;

/// One title and its delay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Delay {
    /// An identifier of the catalog, or a fingerprint of an address, which may hold secrets.
    title: String,
    millis: i32,
}

/// Delays by title, newest last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct TextDelays(VecDeque<Delay>);

impl TextDelays {
    /// Milliseconds by which text comes later than it says; negative for earlier.
    pub(crate) fn of(&self, source: &Source) -> i32 {
        let title = name(source);
        let found = self.0.iter().rev().find(|delay| delay.title == title);
        found.map_or(0, |delay| delay.millis.clamp(-MAX_TEXT_DELAY_MS, MAX_TEXT_DELAY_MS))
    }

    /// Remembers a delay; none is not worth remembering.
    pub(crate) fn set(&mut self, source: &Source, millis: i32) {
        let title = name(source);
        self.0.retain(|delay| delay.title != title);
        if millis != 0 {
            self.0.push_back(Delay { title, millis });
        }
        while self.0.len() > MOST_TITLES {
            self.0.pop_front();
        }
    }
}

fn name(source: &Source) -> String {
    match source {
        Source::Title { summary, .. } => format!("title {}", summary.id),
        // Tokens stand behind the path; what is before them names the stream.
        Source::Url(url) => {
            let digest = Sha256::digest(&url[..Position::AfterPath]);
            digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(text: &str) -> Source {
        Source::Url(text.parse().unwrap())
    }

    #[test]
    fn a_delay_belongs_to_its_title_whatever_token_comes_with_it() {
        let mut delays = TextDelays::default();
        delays.set(&stream("https://example.com/a.m3u8?token=secret"), -300);
        assert_eq!(delays.of(&stream("https://example.com/a.m3u8?token=other#t")), -300);
        assert_eq!(delays.of(&stream("https://example.com/b.m3u8")), 0);
        let text = serde_json::to_string(&delays).unwrap();
        assert!(!text.contains("secret") && !text.contains("example"), "{text}");
        delays.set(&stream("https://example.com/a.m3u8"), 0);
        assert_eq!(delays, TextDelays::default());
    }

    #[test]
    fn there_is_an_end_to_what_is_remembered() {
        let mut delays = TextDelays::default();
        for index in 0..500 {
            delays.set(&stream(&format!("https://example.com/{index}")), 100);
        }
        assert_eq!(delays.0.len(), MOST_TITLES);
        assert_eq!(
            (delays.of(&stream("https://example.com/499")), delays.of(&stream("https://example.com/0"))),
            (100, 0)
        );
        let wild: TextDelays = serde_json::from_str(r#"[{"title":"title x","millis":2147483647}]"#).unwrap();
        let title = crate::testing::fixtures::summary(0);
        let title = service_api::catalog::TitleSummary { id: "x".into(), ..title };
        let source = Source::Title { summary: Box::new(title), profile: "mira".into() };
        assert_eq!(wild.of(&source), MAX_TEXT_DELAY_MS);
    }
}
