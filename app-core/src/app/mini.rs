//! The player in a corner: it goes on while the viewer looks around, and comes back when it is wanted.
//!
//! ```text
//!  Place::Player ── Minimise ─► any other place, with a player ── Maximise ─► Place::Player
//! ```

use super::{Effect, Model, Place, browsing::load_title};
use crate::player_view::model::PlayerScreen;

impl Model {
    /// The player that is in its corner now.
    pub(crate) fn mini(&self) -> Option<&PlayerScreen> {
        self.player.as_ref().filter(|_| self.place != Place::Player)
    }

    /// Puts the player into its corner. A television has one thing on it.
    pub(super) fn minimise(&mut self) -> Vec<Effect> {
        let Some(player) = &mut self.player else { return vec![] };
        if self.density.is_tv() || self.place != Place::Player || player.has_failed() {
            return vec![];
        }
        player.put_away();
        let returns_to = player.returns_to;
        let mut effects = self.go_behind(returns_to);
        if self.full_screen {
            effects.extend(self.set_full_screen(false));
        }
        effects
    }

    /// Brings it back; leaving it leads to where the viewer has come meanwhile.
    pub(super) fn maximise(&mut self) -> Vec<Effect> {
        if let Some(player) = self.player.as_mut().filter(|_| self.place != Place::Player) {
            player.returns_to = self.place;
            self.profile_menu = false;
            self.place = Place::Player;
        }
        vec![]
    }

    /// A title that plays in its corner ends with the profile that watches it.
    pub(super) fn end_foreign_mini(&mut self) -> Vec<Effect> {
        let watching = self.profile.as_ref().map(|profile| &profile.id);
        let foreign = self.mini().is_some_and(|player| player.profile().is_some_and(|of| Some(of) != watching));
        if foreign { self.leave_player() } else { vec![] }
    }

    /// Shows what was there before the player.
    pub(super) fn go_behind(&mut self, returns_to: Place) -> Vec<Effect> {
        self.settings_page.forget_secrets();
        self.place = match returns_to {
            Place::Title if !self.titles.is_empty() => Place::Title,
            Place::Search if self.profile.is_some() => Place::Search,
            _ if self.profile.is_some() => Place::Home,
            _ if self.account.is_some() => Place::Profiles,
            _ => Place::SignIn,
        };
        match self.place {
            Place::Home => self.load_home(),
            Place::Title => {
                let Some(page) = self.titles.last_mut() else { return vec![] };
                page.document.start();
                let title = page.summary.id.clone();
                vec![load_title(self.profile.as_ref(), title)]
            }
            _ => vec![],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::{Msg, PlayFrom},
        density::Density,
        player_view::model::PlayerMsg,
        testing::fixtures::{playing, snapshot, summary},
    };

    #[test]
    fn the_player_goes_on_in_its_corner_and_comes_back_to_where_the_viewer_is() {
        let mut model = playing(Density::Desktop, snapshot());
        let effects = model.update(Msg::Player(PlayerMsg::Minimise), 0.0);
        assert!(!effects.contains(&Effect::ClosePlayer), "{effects:?}");
        assert_eq!((model.place, model.mini().is_some()), (Place::Title, true));
        model.update(Msg::GoHome, 0.0);
        model.update(Msg::Player(PlayerMsg::Maximise), 1.0);
        assert_eq!((model.place, model.mini().is_some()), (Place::Player, false));
        let effects = model.update(Msg::Player(PlayerMsg::Leave), 2.0);
        assert!(effects.contains(&Effect::ClosePlayer));
        assert_eq!(model.place, Place::Home, "not to the page it came from");
    }

    #[test]
    fn closing_it_in_its_corner_leaves_the_screen_as_it_is() {
        let mut model = playing(Density::Desktop, snapshot());
        model.update(Msg::Player(PlayerMsg::Minimise), 0.0);
        model.update(Msg::GoHome, 0.0);
        let effects = model.update(Msg::Player(PlayerMsg::Leave), 1.0);
        assert_eq!(effects, [Effect::ClosePlayer]);
        assert_eq!((model.place, model.player.is_some()), (Place::Home, false));
    }

    #[test]
    fn another_title_takes_its_place_and_another_profile_ends_it() {
        let mut model = playing(Density::Desktop, snapshot());
        model.update(Msg::Player(PlayerMsg::Minimise), 0.0);
        model.update(Msg::Play { title: summary(3), from: PlayFrom::Start }, 1.0);
        assert_eq!((model.place, model.mini().is_some()), (Place::Player, false));

        let mut model = playing(Density::Desktop, snapshot());
        model.update(Msg::Player(PlayerMsg::Minimise), 0.0);
        model.update(Msg::ShowProfiles, 1.0);
        assert!(!model.tick(1.0).contains(&Effect::ClosePlayer), "nobody else was chosen yet");
        model.update(Msg::ChooseProfile("kids".into()), 2.0);
        assert!(model.tick(2.0).contains(&Effect::ClosePlayer));
        assert!(model.player.is_none());

        let mut model = playing(Density::Desktop, snapshot());
        model.update(Msg::Player(PlayerMsg::Minimise), 0.0);
        model.update(Msg::SignOut, 1.0);
        assert!(model.tick(1.0).contains(&Effect::ClosePlayer));
        assert_eq!(model.place, Place::SignIn);
    }

    #[test]
    fn what_failed_and_what_is_on_a_television_stays_where_it_is() {
        let mut model = playing(Density::Tv, snapshot());
        assert_eq!(model.update(Msg::Player(PlayerMsg::Minimise), 0.0), []);
        assert_eq!(model.place, Place::Player);
    }
}
