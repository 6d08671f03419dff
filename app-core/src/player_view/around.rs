//! What a viewer of a television finds under the player: chapters, the episodes of the season, what is similar.

use super::model::PlayerScreen;
use crate::density::Density;
use service_api::{
    TitleId,
    catalog::{Season, TitlePage, TitleSummary},
};

/// What is known around the title that plays.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Around {
    /// The series that it is an episode of.
    pub(crate) series: Option<TitleId>,
    /// Was the service asked for that?
    pub(crate) asked: bool,
    /// The season that it belongs to.
    pub(crate) season: Option<Season>,
    pub(crate) more: Vec<TitleSummary>,
}

impl Around {
    /// Takes over what a page tells: the title's own, or that of its series.
    pub(crate) fn learn(&mut self, title: &TitleId, page: &TitlePage) {
        if page.title.summary.id == *title {
            self.more = page.title.more_like_this.clone();
            self.series = page.episode.as_ref().map(|episode| episode.series.clone());
        }
        if self.series.as_ref() == Some(&page.title.summary.id) {
            let has = |season: &&Season| season.episodes.iter().any(|episode| episode.id == *title);
            self.season = page.seasons.iter().find(has).cloned();
        }
    }

    pub(crate) fn episodes(&self) -> &[TitleSummary] {
        self.season.as_ref().map(|season| season.episodes.as_slice()).unwrap_or_default()
    }
}

impl PlayerScreen {
    /// Is there anything under the player?
    pub(crate) fn has_below(&self) -> bool {
        let something = !self.chapters.is_empty() || !self.around.episodes().is_empty() || !self.around.more.is_empty();
        self.density == Density::Tv && something && !self.has_failed()
    }

    /// The chapter that plays, by its place.
    pub(crate) fn chapter_index(&self) -> Option<usize> {
        let here = self.shown_position();
        self.chapters.iter().rposition(|chapter| chapter.start_s <= here)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::fixtures;
    use service_api::catalog::EpisodePlace;

    #[test]
    fn an_episode_finds_its_season_and_a_film_has_none() {
        let mut around = Around::default();
        let episode: TitleId = "episode-5".into();
        around.learn(&episode, &fixtures::series());
        assert_eq!(around, Around::default(), "a series that nobody said it belongs to");
        let mut page = fixtures::page();
        page.title.summary.id = episode.clone();
        let place = EpisodePlace { series: fixtures::series().title.summary.id, season: 2, number: 2, next: None };
        page.episode = Some(place);
        around.learn(&episode, &page);
        assert_eq!((around.more.len(), around.episodes().len()), (6, 0));
        around.learn(&episode, &fixtures::series());
        let names: Vec<&str> = around.episodes().iter().map(|episode| episode.name.as_str()).collect();
        assert_eq!(names, ["Part 4", "Part 5"], "the second season");
    }
}
