//! What the menus offer, and what each line does.

use crate::{
    format,
    language::tr,
    player_view::{
        model::{Menu, PlayerMsg, PlayerScreen, SPEEDS, delay_label, speed_label, track_name},
        skip::SkipChoice,
        text_style::{TextTrait, next},
        viewing::Viewing,
    },
};
use player_core::{DecoderChoice, QualityChoice, manifest::TrackKind};
use service_api::catalog::SegmentKind;

/// A tenth of a second: what one step changes a delay of subtitles by, in milliseconds.
const DELAY_STEP: i32 = 100;

/// One line of a menu.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Item {
    pub(super) label: String,
    /// The current value, or what there is to know.
    pub(super) detail: String,
    pub(super) kind: Kind,
    pub(super) message: PlayerMsg,
}

/// What pressing a line means.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// One of several; the current one is marked.
    Choice { chosen: bool },
    /// Leads to another menu.
    Link,
    /// Goes to the next value, and to the one before by this.
    Value { back: PlayerMsg },
    /// Does it.
    Button,
}

impl Item {
    fn choice(label: String, detail: String, chosen: bool, message: PlayerMsg) -> Self {
        Self { label, detail, kind: Kind::Choice { chosen }, message }
    }

    fn link(label: &str, detail: String, to: Menu) -> Self {
        Self { label: label.to_owned(), detail, kind: Kind::Link, message: PlayerMsg::ToggleMenu(to) }
    }

    fn value(label: &str, detail: &str, back: PlayerMsg, forward: PlayerMsg) -> Self {
        Self { label: label.to_owned(), detail: detail.to_owned(), kind: Kind::Value { back }, message: forward }
    }

    pub(super) fn is_chosen(&self) -> bool {
        self.kind == Kind::Choice { chosen: true }
    }
}

pub(super) fn title(menu: Menu) -> &'static str {
    match menu {
        Menu::Audio => tr!("audio"),
        Menu::Subtitles => tr!("subtitles"),
        Menu::TextLook => tr!("menu-subtitle-style"),
        Menu::Settings => tr!("settings"),
        Menu::Quality => tr!("quality"),
        Menu::Speed => tr!("speed"),
        Menu::Skipping => tr!("menu-skipping"),
        Menu::Decoder => tr!("decoder"),
        Menu::Quick => tr!("menu-quick"),
    }
}

/// The lines of a menu. None is ever empty.
pub(super) fn items(player: &PlayerScreen, menu: Menu) -> Vec<Item> {
    match menu {
        Menu::Audio => audio(player),
        Menu::Subtitles => subtitles(player),
        Menu::TextLook => text_look(player),
        Menu::Settings => settings(player),
        Menu::Quality => quality(player),
        Menu::Speed => speed(player),
        Menu::Skipping => skipping(player),
        Menu::Decoder => decoder(player),
        Menu::Quick => quick(player),
    }
}

fn audio(player: &PlayerScreen) -> Vec<Item> {
    let selected = player.snapshot.selected_audio;
    let tracks = player.tracks(TrackKind::Audio).into_iter().map(|track| {
        let message = PlayerMsg::ChooseAudio(track.id);
        Item::choice(track_name(&track), String::new(), selected == Some(track.id), message)
    });
    let tracks: Vec<Item> = tracks.collect();
    if !tracks.is_empty() {
        return tracks;
    }
    vec![Item::choice(tr!("menu-no-sound").to_owned(), String::new(), true, PlayerMsg::ToggleMenu(Menu::Audio))]
}

fn subtitles(player: &PlayerScreen) -> Vec<Item> {
    let selected = player.snapshot.selected_text;
    let off = Item::choice(tr!("off").to_owned(), String::new(), selected.is_none(), PlayerMsg::ChooseText(None));
    let tracks = player.tracks(TrackKind::Text).into_iter().map(|track| {
        let message = PlayerMsg::ChooseText(Some(track.id));
        Item::choice(track_name(&track), String::new(), selected == Some(track.id), message)
    });
    let style = Item::link(tr!("menu-style"), player.look.words(TextTrait::Size).to_owned(), Menu::TextLook);
    std::iter::once(off).chain(tracks).chain([style]).collect()
}

fn text_look(player: &PlayerScreen) -> Vec<Item> {
    let change = |which, forward| PlayerMsg::ChangeLook { which, forward };
    let traits = TextTrait::ALL
        .into_iter()
        .map(|which| Item::value(which.name(), player.look.words(which), change(which, false), change(which, true)));
    let delay = delay_label(player.text_delay);
    let delay =
        Item::value(tr!("menu-delay"), &delay, PlayerMsg::DelayTextBy(-DELAY_STEP), PlayerMsg::DelayTextBy(DELAY_STEP));
    let reset = Item {
        label: tr!("menu-reset").to_owned(),
        detail: String::new(),
        kind: Kind::Button,
        message: PlayerMsg::ResetText,
    };
    traits.chain([delay, reset]).collect()
}

fn settings(player: &PlayerScreen) -> Vec<Item> {
    let mut items = vec![
        Item::link(tr!("quality"), quality_words(player), Menu::Quality),
        Item::link(tr!("speed"), speed_label(player.speed), Menu::Speed),
    ];
    if player.profile().is_some() {
        let skip = player.viewing.skip;
        let same = skip.intro == skip.recap && skip.recap == skip.credits;
        let words = if same { skip_words(skip.intro) } else { tr!("menu-by-type") };
        items.push(Item::link(tr!("menu-skipping"), words.to_owned(), Menu::Skipping));
    }
    items.push(Item::link(tr!("decoder"), decoder_words(player), Menu::Decoder));
    items
}

/// What else there is, each with its present choice, so that one press more changes it.
fn quick(player: &PlayerScreen) -> Vec<Item> {
    let chosen = |menu: Menu| items(player, menu).into_iter().find(Item::is_chosen).map(|item| item.label);
    let mut lines: Vec<Item> = [Menu::Subtitles, Menu::Audio, Menu::Quality, Menu::Speed]
        .into_iter()
        // A menu with nothing to choose from is none.
        .filter(|menu| items(player, *menu).len() > 1)
        .map(|menu| Item::link(title(menu), chosen(menu).unwrap_or_default(), menu))
        .collect();
    let button =
        |label: &str, message| Item { label: label.to_owned(), detail: String::new(), kind: Kind::Button, message };
    lines.push(button(tr!("start-over"), PlayerMsg::SeekShare(0.0)));
    lines.push(button(tr!("stats"), PlayerMsg::ToggleStats));
    lines
}

/// `Auto · 720p`: the choice, and what came of it.
fn quality_words(player: &PlayerScreen) -> String {
    let snapshot = &player.snapshot;
    let label = |id| snapshot.rung(id).map(|rung| rung.label());
    match (snapshot.quality, snapshot.shown_rung.and_then(label)) {
        (QualityChoice::Auto, Some(shown)) => tr!("menu-auto-is", shown = shown),
        (QualityChoice::Auto, None) => tr!("menu-auto").to_owned(),
        (QualityChoice::Fixed(rung), _) => label(rung).unwrap_or_else(|| tr!("menu-fixed").to_owned()),
    }
}

fn quality(player: &PlayerScreen) -> Vec<Item> {
    let snapshot = &player.snapshot;
    let shown = snapshot.shown_rung.and_then(|id| snapshot.rung(id)).map(|rung| rung.label());
    let is_auto = snapshot.quality == QualityChoice::Auto;
    let message = PlayerMsg::ChooseQuality(QualityChoice::Auto);
    let auto = Item::choice(tr!("menu-auto").to_owned(), shown.unwrap_or_default(), is_auto, message);
    let mut rungs = snapshot.rungs.clone();
    rungs.sort_by_key(|rung| std::cmp::Reverse((rung.height, rung.bitrate)));
    let rungs = rungs.iter().map(|rung| {
        let choice = QualityChoice::Fixed(rung.id);
        let chosen = snapshot.quality == choice;
        Item::choice(rung.label(), format::decimal(&rung.bitrate.to_string()), chosen, PlayerMsg::ChooseQuality(choice))
    });
    std::iter::once(auto).chain(rungs).collect()
}

fn speed(player: &PlayerScreen) -> Vec<Item> {
    let lines = SPEEDS.iter().map(|speed| {
        let detail = if *speed == 1.0 { tr!("menu-normal").to_owned() } else { String::new() };
        Item::choice(speed_label(*speed), detail, player.speed == *speed, PlayerMsg::ChooseSpeed(*speed))
    });
    lines.collect()
}

/// What was chosen; the stats say what came of it.
fn decoder_words(player: &PlayerScreen) -> String {
    match &player.decoder {
        DecoderChoice::Auto => tr!("menu-auto").to_owned(),
        DecoderChoice::Software => tr!("decoder-software").to_owned(),
        DecoderChoice::Named(name) => name.clone(),
    }
}

/// By itself, the processor, and each that is installed for what plays. One that was wanted and is not there stays
/// in the list, so that it can be seen what is wanted.
fn decoder(player: &PlayerScreen) -> Vec<Item> {
    let stats = &player.snapshot.stats;
    let item = |label: String, detail: String, choice: DecoderChoice| {
        Item::choice(label, detail, player.decoder == choice, PlayerMsg::ChooseDecoder(choice))
    };
    let taken = stats.video_decoder.clone().filter(|_| player.decoder == DecoderChoice::Auto);
    let mut items = vec![
        item(tr!("menu-auto").to_owned(), taken.unwrap_or_default(), DecoderChoice::Auto),
        item(tr!("decoder-software").to_owned(), String::new(), DecoderChoice::Software),
    ];
    let installed = stats.video_decoder_chosen.iter().flat_map(|chosen| &chosen.installed);
    items.extend(installed.map(|decoder| {
        let kind = if decoder.is_hardware { tr!("decoder-in-hardware") } else { "" };
        item(decoder.name.clone(), kind.to_owned(), DecoderChoice::Named(decoder.name.clone()))
    }));
    if let DecoderChoice::Named(name) = &player.decoder
        && !items.iter().any(Item::is_chosen)
    {
        items.push(item(name.clone(), tr!("decoder-not-here").to_owned(), player.decoder.clone()));
    }
    items
}

fn skip_words(choice: SkipChoice) -> &'static str {
    match choice {
        SkipChoice::None => tr!("menu-show"),
        SkipChoice::Ask => tr!("menu-ask"),
        SkipChoice::Auto => tr!("menu-skip"),
    }
}

fn skipping(player: &PlayerScreen) -> Vec<Item> {
    const CHOICES: [SkipChoice; 3] = [SkipChoice::None, SkipChoice::Ask, SkipChoice::Auto];
    let viewing = player.viewing;
    let kinds = [
        (tr!("intros"), SegmentKind::Intro, viewing.skip.intro),
        (tr!("recaps"), SegmentKind::Recap, viewing.skip.recap),
        (tr!("credits"), SegmentKind::Credits, viewing.skip.credits),
    ];
    let lines = kinds.into_iter().map(|(name, kind, choice)| {
        let stepped = |forward| PlayerMsg::ChangeViewing(viewing.with_skip(kind, next(&CHOICES, choice, forward)));
        Item::value(name, skip_words(choice), stepped(false), stepped(true))
    });
    let autoplay = Viewing { autoplay_next: !viewing.autoplay_next, ..viewing };
    let toggle = PlayerMsg::ChangeViewing(autoplay);
    let words = if viewing.autoplay_next { tr!("menu-by-itself") } else { tr!("menu-when-i-say") };
    lines.chain([Item::value(tr!("next-episode"), words, toggle.clone(), toggle)]).collect()
}
