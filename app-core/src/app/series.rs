//! Series: which episode is next, and which season is looked at.

use super::{Effect, Model, PlayFrom, Source, TitleScreen, browsing::load_title, placeholder};
use crate::language::tr;
use service_api::catalog::{Season, TitleKind, TitlePage, TitleSummary};

/// Was it begun and not seen to its end?
pub(crate) fn is_begun(title: &TitleSummary) -> bool {
    title.progress.is_some_and(|progress| progress.position_s > 0.0 && !progress.is_finished())
}

/// The episode that comes next for this viewer, by season and place: one that was begun, else the one after the last
/// that was finished, else the first. After the last of all it is the first again.
pub(crate) fn next_up(seasons: &[Season]) -> Option<(usize, usize)> {
    let all: Vec<((usize, usize), &TitleSummary)> = seasons
        .iter()
        .enumerate()
        .flat_map(|(season, of)| of.episodes.iter().enumerate().map(move |(index, episode)| ((season, index), episode)))
        .collect();
    let begun = all.iter().rposition(|(_, episode)| is_begun(episode));
    let finished = all.iter().rposition(|(_, episode)| episode.progress.is_some_and(|progress| progress.is_finished()));
    let index = match (begun, finished) {
        (Some(begun), Some(finished)) if finished > begun => finished + 1,
        (Some(begun), _) => begun,
        (None, Some(finished)) => finished + 1,
        (None, None) => 0,
    };
    all.get(index).or(all.first()).map(|(at, _)| *at)
}

impl TitleScreen {
    /// The page as the service told it.
    pub(crate) fn page(&self) -> Option<&TitlePage> {
        self.document.ready()
    }

    pub(crate) fn is_series(&self) -> bool {
        self.page().is_some_and(|page| page.kind == TitleKind::Series)
    }

    /// The season that is looked at: the one that was chosen, or else that of the episode that comes next.
    pub(crate) fn season(&self) -> usize {
        let Some(page) = self.page() else { return 0 };
        let last = page.seasons.len().saturating_sub(1);
        let next = || next_up(&page.seasons).map_or(0, |(season, _)| season);
        self.chosen_season.unwrap_or_else(next).min(last)
    }

    /// What the page's main button plays: the title itself, or an episode of the series.
    pub(crate) fn to_play(&self) -> Option<&TitleSummary> {
        match self.page() {
            Some(page) if page.kind == TitleKind::Series => {
                let (season, index) = next_up(&page.seasons)?;
                page.seasons.get(season)?.episodes.get(index)
            }
            _ => Some(&self.summary),
        }
    }
}

impl Model {
    pub(super) fn choose_season(&mut self, season: usize) -> Vec<Effect> {
        if let Some(page) = self.titles.last_mut() {
            page.chosen_season = Some(season);
        }
        vec![]
    }

    /// After the last picture: the next episode, or back to where the viewer came from.
    pub(super) fn after_end(&mut self, now: f64) -> Vec<Effect> {
        let Some(player) = &self.player else { return vec![] };
        let goes_on = player.next_up.goes_on().is_some() && self.profile.is_some();
        if goes_on { self.play_next(false, now) } else { self.leave_player() }
    }

    /// Begins the next episode where this one is shown; `asked` when somebody wants it.
    pub(super) fn play_next(&mut self, asked: bool, now: f64) -> Vec<Effect> {
        let Some(player) = &self.player else { return vec![] };
        let Some(next) = player.next_up.episode.clone().filter(|_| self.profile.is_some()) else {
            return self.leave_player();
        };
        if next.summary.as_ref().is_some_and(|summary| !summary.state.is_ready()) {
            // It is still being made: there is nothing that could go on.
            return self.leave_player();
        }
        let (place, returns_to) = (self.place, player.returns_to);
        let unattended = if asked { 0 } else { player.next_up.unattended.saturating_add(1) };
        self.notify(tr!("next-episode"), now);
        let summary = next.summary.map_or_else(|| placeholder(&next.id), |summary| *summary);
        let effects = self.play_title(summary, PlayFrom::Resume);
        if let Some(player) = &mut self.player {
            player.returns_to = returns_to;
            player.next_up.unattended = unattended;
        }
        self.place = place;
        effects
    }

    /// Another title takes the place of the one that plays; leaving it leads to where that would have led.
    pub(super) fn play_instead(&mut self, title: TitleSummary, from: PlayFrom) -> Vec<Effect> {
        let Some(player) = &mut self.player else { return vec![] };
        if player.plays(&title.id) {
            player.below = false;
            return vec![];
        }
        self.play_title(title, from)
    }

    /// The season of an episode that plays on a television: from a page that is here, else from the service, once.
    pub(super) fn learn_season(&mut self) -> Vec<Effect> {
        if !self.density.is_tv() {
            return vec![];
        }
        let Some(player) = &mut self.player else { return vec![] };
        let Source::Title { summary, .. } = &player.source else { return vec![] };
        let Some(series) = player.around.series.clone().filter(|_| player.around.season.is_none()) else {
            return vec![];
        };
        let known = self.titles.iter().filter_map(TitleScreen::page).find(|page| page.title.summary.id == series);
        match known {
            Some(page) => player.around.learn(&summary.id.clone(), page),
            None if !player.around.asked => {
                player.around.asked = true;
                return vec![load_title(self.profile.as_ref(), series)];
            }
            None => {}
        }
        vec![]
    }

    /// What the player should show of the episode that comes next: from a page that is here, else from the service.
    pub(super) fn learn_next(&mut self, answer: Option<&TitlePage>) -> Vec<Effect> {
        let Some(next) = self.player.as_mut().and_then(|player| player.next_up.episode.as_mut()) else { return vec![] };
        if next.summary.is_some() {
            return vec![];
        }
        if let Some(page) = answer.filter(|page| page.title.summary.id == next.id) {
            next.summary = Some(Box::new(page.title.summary.clone()));
            return vec![];
        }
        let pages = self.titles.iter().filter_map(TitleScreen::page);
        let known = pages.flat_map(|page| &page.seasons).flat_map(|season| &season.episodes);
        match known.into_iter().find(|episode| episode.id == next.id) {
            Some(known) => next.summary = Some(Box::new(known.clone())),
            None if !next.asked => {
                next.asked = true;
                return vec![load_title(self.profile.as_ref(), next.id.clone())];
            }
            None => {}
        }
        vec![]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use service_api::profile::Progress;

    /// Two seasons of two; each watched share, in order.
    fn seasons(shares: [Option<f64>; 4]) -> Vec<Season> {
        let episode = |share: Option<f64>| TitleSummary {
            progress: share.map(|share| Progress { position_s: share * 100.0, duration_s: 100.0, taken_at_ms: 0 }),
            ..placeholder(&"episode".into())
        };
        let episodes: Vec<TitleSummary> = shares.into_iter().map(episode).collect();
        let season = |number, episodes: &[TitleSummary]| Season { number, episodes: episodes.to_vec() };
        vec![season(1, &episodes[..2]), season(2, &episodes[2..])]
    }

    #[test]
    fn next_episode_is_where_the_viewer_is() {
        for (shares, expected) in [
            ([None, None, None, None], (0, 0)),
            ([Some(0.5), None, None, None], (0, 0)),
            ([Some(1.0), None, None, None], (0, 1)),
            ([Some(1.0), Some(1.0), None, None], (1, 0)),
            ([Some(1.0), Some(0.3), None, None], (0, 1)),
            ([Some(0.3), Some(1.0), None, None], (1, 0)),
            ([Some(1.0), Some(1.0), Some(1.0), Some(1.0)], (0, 0)),
        ] {
            assert_eq!(next_up(&seasons(shares)), Some(expected), "{shares:?}");
        }
        assert_eq!(next_up(&[]), None);
    }
}
