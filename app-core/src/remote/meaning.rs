//! What the keys mean that no keyboard has, by where the viewer is.

use super::RemoteKey;
use crate::{
    app::{Model, Msg, Place, SearchMsg},
    focus::Step,
    language::tr,
    player_view::{
        dpad::{DpadMsg, Way},
        model::{Menu, PlayerMsg, PlayerScreen},
    },
};
use player_core::manifest::TrackKind;

/// Rows that a page has.
const PAGE: usize = 3;

/// What a key is for.
#[derive(Debug)]
pub(crate) enum Meaning {
    Tell(Box<Msg>),
    /// The focus moves by so many steps.
    Walk(Step, usize),
}

/// What a key means now; `None` if nothing.
pub(crate) fn meaning(model: &Model, key: RemoteKey, pressed: bool) -> Option<Meaning> {
    match (model.place, &model.player) {
        (Place::Player, Some(player)) => in_player(player, key, pressed).map(|msg| Meaning::Tell(Box::new(msg))),
        _ if pressed => browsing(model, key),
        _ => None,
    }
}

fn in_player(player: &PlayerScreen, key: RemoteKey, pressed: bool) -> Option<Msg> {
    let way = match key {
        RemoteKey::Rewind => Some(Way::Back),
        RemoteKey::FastForward => Some(Way::Forward),
        _ => None,
    };
    if player.has_failed() {
        return (pressed && key == RemoteKey::Stop).then_some(Msg::Player(PlayerMsg::Leave));
    }
    if let Some(way) = way {
        return Some(Msg::Player(PlayerMsg::Dpad(if pressed { DpadMsg::Press(way) } else { DpadMsg::Release(way) })));
    }
    if !pressed {
        return None;
    }
    let plays = player.snapshot.wants_play;
    let tracks = |kind| player.snapshot.tracks_of(kind).count();
    Some(Msg::Player(match key {
        RemoteKey::Subtitles | RemoteKey::Yellow if tracks(TrackKind::Text) == 0 => {
            return Some(Msg::Note(tr!("note-no-subtitles").to_owned()));
        }
        RemoteKey::Subtitles | RemoteKey::Yellow => PlayerMsg::ToggleMenu(Menu::Subtitles),
        RemoteKey::Audio | RemoteKey::Green if tracks(TrackKind::Audio) < 2 => {
            return Some(Msg::Note(tr!("note-one-sound").to_owned()));
        }
        RemoteKey::Audio | RemoteKey::Green => PlayerMsg::ToggleMenu(Menu::Audio),
        RemoteKey::Menu | RemoteKey::Blue => PlayerMsg::ToggleMenu(Menu::Quick),
        RemoteKey::Red => PlayerMsg::ToggleStats,
        RemoteKey::Info => PlayerMsg::Activity,
        RemoteKey::ChannelUp => PlayerMsg::Chapter { forward: true },
        RemoteKey::ChannelDown => PlayerMsg::Chapter { forward: false },
        RemoteKey::Play if !plays => PlayerMsg::TogglePlay,
        RemoteKey::Pause if plays => PlayerMsg::TogglePlay,
        RemoteKey::Stop | RemoteKey::Home => PlayerMsg::Leave,
        _ => return None,
    }))
}

fn browsing(model: &Model, key: RemoteKey) -> Option<Meaning> {
    let tell = |msg| Meaning::Tell(Box::new(msg));
    let inside = matches!(model.place, Place::Home | Place::Search | Place::Title);
    Some(match key {
        RemoteKey::ChannelUp => Meaning::Walk(Step::Up, PAGE),
        RemoteKey::ChannelDown => Meaning::Walk(Step::Down, PAGE),
        RemoteKey::Search | RemoteKey::Blue if inside && model.place != Place::Search => {
            tell(Msg::Search(SearchMsg::Open))
        }
        RemoteKey::Menu if inside => tell(Msg::ProfileMenu(!model.profile_menu)),
        RemoteKey::Home if inside && model.place != Place::Home => tell(Msg::GoHome),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{density::Density, testing::fixtures};

    fn told(model: &Model, key: RemoteKey, pressed: bool) -> String {
        format!("{:?}", meaning(model, key, pressed))
    }

    #[test]
    fn subtitles_and_audio_are_one_press_away() {
        let model = fixtures::playing(Density::Tv, fixtures::snapshot());
        assert!(told(&model, RemoteKey::Subtitles, true).contains("ToggleMenu(Subtitles)"));
        assert!(told(&model, RemoteKey::Yellow, true).contains("ToggleMenu(Subtitles)"));
        assert!(told(&model, RemoteKey::Menu, true).contains("ToggleMenu(Quick)"));
        assert_eq!(told(&model, RemoteKey::Subtitles, false), "None", "its release is nothing");
        let mut snapshot = fixtures::snapshot();
        snapshot.tracks.clear();
        let bare = fixtures::playing(Density::Tv, snapshot);
        assert!(told(&bare, RemoteKey::Subtitles, true).contains("no subtitles"));
        assert!(told(&bare, RemoteKey::Audio, true).contains("one sound track"));
    }

    #[test]
    fn winding_keys_are_held_like_arrows() {
        let model = fixtures::playing(Density::Tv, fixtures::snapshot());
        assert!(told(&model, RemoteKey::FastForward, true).contains("Dpad(Press(Forward))"));
        assert!(told(&model, RemoteKey::Rewind, false).contains("Dpad(Release(Back))"));
        assert_eq!(told(&model, RemoteKey::Play, true), "None", "it plays already");
        assert!(told(&model, RemoteKey::Pause, true).contains("TogglePlay"));
    }

    #[test]
    fn keys_of_the_player_do_nothing_elsewhere() {
        let home = fixtures::at_home(Density::Tv);
        for key in [RemoteKey::Subtitles, RemoteKey::Audio, RemoteKey::FastForward, RemoteKey::Red, RemoteKey::Stop] {
            assert_eq!(told(&home, key, true), "None", "{key:?}");
        }
        assert!(told(&home, RemoteKey::ChannelDown, true).contains("Walk(Down"));
        assert!(told(&home, RemoteKey::Search, true).contains("Open"));
        assert_eq!(told(&fixtures::signed_out(Density::Tv), RemoteKey::Search, true), "None");
    }
}
