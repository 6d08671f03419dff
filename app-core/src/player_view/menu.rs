//! The menus over the bar: audio, subtitles and quality, and speed behind the last. The current choice is marked.

pub(crate) use super::model::Menu;
use super::{
    controls::{self, control_id},
    model::{PlayerMsg, PlayerScreen, SPEEDS, speed_label, track_name},
};
use crate::{
    app::Msg,
    cx::{Cx, say},
    focus::FocusMap,
    icons,
    motion::{self, time},
    theme::Type,
    tokens,
    widgets::{text, toast},
};
use egui::{Align2, CursorIcon, Id, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use player_core::{QualityChoice, manifest::TrackKind};

/// One line of a menu.
#[derive(Clone, Debug, PartialEq)]
struct Item {
    label: String,
    detail: String,
    chosen: bool,
    message: PlayerMsg,
}

/// The menu that a control opens.
pub(crate) fn of_control(name: &str) -> Option<Menu> {
    match name {
        "Audio" => Some(Menu::Audio),
        "Subtitles" => Some(Menu::Subtitles),
        "Quality" => Some(Menu::Quality),
        _ => None,
    }
}

fn title(menu: Menu) -> &'static str {
    match menu {
        Menu::Audio => "Audio",
        Menu::Subtitles => "Subtitles",
        Menu::Quality => "Quality",
        Menu::Speed => "Speed",
        Menu::Quick => "Quick menu",
    }
}

/// The control that a menu hangs on.
fn anchor(menu: Menu) -> &'static str {
    title(if matches!(menu, Menu::Speed | Menu::Quick) { Menu::Quality } else { menu })
}

fn items(player: &PlayerScreen, menu: Menu) -> Vec<Item> {
    let snapshot = &player.snapshot;
    match menu {
        Menu::Audio => player
            .tracks(TrackKind::Audio)
            .iter()
            .map(|track| Item {
                label: track_name(track),
                detail: String::new(),
                chosen: snapshot.selected_audio == Some(track.id),
                message: PlayerMsg::ChooseAudio(track.id),
            })
            .collect(),
        Menu::Subtitles => {
            let off = Item {
                label: "Off".to_owned(),
                detail: String::new(),
                chosen: snapshot.selected_text.is_none(),
                message: PlayerMsg::ChooseText(None),
            };
            let tracks = player.tracks(TrackKind::Text);
            std::iter::once(off)
                .chain(tracks.iter().map(|track| Item {
                    label: track_name(track),
                    detail: String::new(),
                    chosen: snapshot.selected_text == Some(track.id),
                    message: PlayerMsg::ChooseText(Some(track.id)),
                }))
                .collect()
        }
        Menu::Quality => {
            let shown = snapshot.shown_rung.and_then(|id| snapshot.rung(id)).map(|rung| rung.label());
            let auto = Item {
                label: "Auto".to_owned(),
                detail: shown.clone().unwrap_or_default(),
                chosen: snapshot.quality == QualityChoice::Auto,
                message: PlayerMsg::ChooseQuality(QualityChoice::Auto),
            };
            let mut rungs = snapshot.rungs.clone();
            rungs.sort_by_key(|rung| std::cmp::Reverse((rung.height, rung.bitrate)));
            let speed = Item {
                label: "Speed".to_owned(),
                detail: speed_label(player.speed),
                chosen: false,
                message: PlayerMsg::ToggleMenu(Menu::Speed),
            };
            std::iter::once(auto)
                .chain(rungs.iter().map(|rung| Item {
                    label: rung.label(),
                    detail: rung.bitrate.to_string(),
                    chosen: snapshot.quality == QualityChoice::Fixed(rung.id),
                    message: PlayerMsg::ChooseQuality(QualityChoice::Fixed(rung.id)),
                }))
                .chain([speed])
                .collect()
        }
        Menu::Quick => quick(player),
        Menu::Speed => SPEEDS
            .iter()
            .map(|speed| Item {
                label: speed_label(*speed),
                detail: if *speed == 1.0 { "Normal".to_owned() } else { String::new() },
                chosen: player.speed == *speed,
                message: PlayerMsg::ChooseSpeed(*speed),
            })
            .collect(),
    }
}

/// What else there is, each with its present choice, so that one press more changes it.
fn quick(player: &PlayerScreen) -> Vec<Item> {
    let chosen = |menu: Menu| items(player, menu).into_iter().find(|item| item.chosen).map(|item| item.label);
    let line = |menu: Menu| Item {
        label: title(menu).to_owned(),
        detail: chosen(menu).unwrap_or_default(),
        chosen: false,
        message: PlayerMsg::ToggleMenu(menu),
    };
    let mut lines = vec![line(Menu::Subtitles), line(Menu::Audio), line(Menu::Quality), line(Menu::Speed)];
    // A menu with nothing to choose from is none.
    lines.retain(|item| match item.message {
        PlayerMsg::ToggleMenu(menu) => items(player, menu).len() > 1,
        _ => true,
    });
    let plain = |label: &str, message| Item { label: label.to_owned(), detail: String::new(), chosen: false, message };
    lines.push(plain("Start over", PlayerMsg::SeekShare(0.0)));
    lines.push(plain("Stats", PlayerMsg::ToggleStats));
    lines
}

fn item_id(menu: Menu, index: usize) -> Id {
    Id::unique(("player-menu", menu, index))
}

/// Only the lines of the open menu, beginning at the current choice.
pub(crate) fn focus_map(player: &PlayerScreen, menu: Menu) -> FocusMap {
    let items = items(player, menu);
    let chosen = items.iter().position(|item| item.chosen).unwrap_or(0);
    FocusMap::default().column((0..items.len()).map(|index| item_id(menu, index))).starting_at(item_id(menu, chosen))
}

/// Shows the menu above its control.
pub(crate) fn view(ui: &Ui, cx: &mut Cx<'_>, area: Rect, player: &PlayerScreen, menu: Menu) {
    let tokens = cx.theme.tokens;
    let tv = cx.theme.density.is_tv();
    let items = items(player, menu);
    let line = if tv { 34.0 } else { 36.0 };
    let heading = if tv { 36.0 } else { 38.0 };
    let width = if tv { 230.0 } else { 248.0 };
    let height = heading + line * items.len() as f32 + 10.0;
    let bottom = area.bottom() - controls::height(cx) - 4.0;
    let right = area.right() - controls::keyline(cx);
    let anchor = ui.read_response(control_id(anchor(menu))).map_or(right, |response| response.rect.center().x);
    let left = (anchor - width / 2.0).min(right - width).max(area.left() + 8.0);
    let opened = motion::follow_from(ui.ctx(), Id::unique(("player-menu", menu)), 0.0, 1.0, time::SHEET);
    let top = (bottom - height).max(area.top() + 8.0) + 8.0 * (1.0 - opened);
    let card = Rect::from_min_size(pos2(left, top), vec2(width, height));

    // Swallows clicks between the lines.
    ui.interact(card, Id::unique("player-menu-card"), Sense::CLICK);
    let painter = ui.painter();
    painter.add(toast::shadow(tokens.shadow).as_shape(card, 14.0));
    painter.rect(card, 14.0, tokens.surface_2, (1.0, tokens.line), egui::StrokeKind::Inside);
    let name = text::line(
        painter,
        &cx.theme,
        (pos2(card.left() + 18.0, card.top() + heading / 2.0 + 3.0), Align2::LEFT_CENTER),
        title(menu),
        (Type::Label, tokens.text_3),
    );
    say(ui, Id::unique(("player-menu-title", menu)), name, title(menu));

    for (index, item) in items.iter().enumerate() {
        let rect = Rect::from_min_size(
            pos2(card.left() + 6.0, card.top() + heading + line * index as f32),
            vec2(width - 12.0, line),
        );
        let spoken =
            if item.detail.is_empty() { item.label.clone() } else { format!("{}, {}", item.label, item.detail) };
        let touch = cx.touch(ui, item_id(menu, index), rect, || {
            WidgetInfo::selected(Role::RadioButton, true, item.chosen, &spoken)
        });
        let (fill, ink, quiet) = if touch.focused {
            (tokens.focus, tokens.on_focus, tokens.on_focus)
        } else if touch.hovered {
            (tokens.control_quiet, tokens.text, tokens.text_2)
        } else {
            (tokens::CLEAR, if item.chosen { tokens.text } else { tokens.text_2 }, tokens.text_3)
        };
        let painter = ui.painter();
        painter.rect_filled(rect, 9.0, fill);
        if item.chosen {
            let mark = if touch.focused { ink } else { tokens.accent };
            text::icon(painter, pos2(rect.left() + 18.0, rect.center().y), icons::CHECK, 16.0, mark);
        }
        let role = if item.chosen { Type::BodyStrong } else { Type::Body };
        let middle = rect.center().y;
        text::line(
            painter,
            &cx.theme,
            (pos2(rect.left() + 36.0, middle), Align2::LEFT_CENTER),
            &item.label,
            (role, ink),
        );
        text::line(
            painter,
            &cx.theme,
            (pos2(rect.right() - 12.0, middle), Align2::RIGHT_CENTER),
            &item.detail,
            (Type::Caption, quiet),
        );
        if touch.hovered {
            ui.set_cursor_icon(CursorIcon::PointingHand);
        }
        if touch.activated {
            if menu == Menu::Quick && !matches!(item.message, PlayerMsg::ToggleMenu(_)) {
                cx.send(Msg::Player(PlayerMsg::ToggleMenu(menu)));
            }
            cx.send(Msg::Player(item.message.clone()));
        }
    }
}
