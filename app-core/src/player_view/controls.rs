//! The bar of controls at the lower edge.

use super::{
    keys::Action,
    menu::{self, Menu},
    model::{PlayerMsg, PlayerScreen},
    scrubber,
};
use crate::{
    app::Msg,
    cx::{Cx, say},
    format, icons,
    language::tr,
    motion::{self, time},
    theme::Type,
    tokens,
    widgets::text,
};
use egui::{
    Align2, CursorIcon, Id, Rect, Role, Sense, Ui, WidgetInfo,
    accesskit::{Orientation, Role as NodeRole},
    pos2, vec2,
};
use player_core::manifest::TrackKind;
use std::time::Duration;

/// One control with an icon.
#[derive(Clone, Copy, Debug)]
struct Control {
    name: &'static str,
    icon: &'static str,
    action: Action,
    message: fn() -> PlayerMsg,
    /// Something of it is open or on: the icon is filled.
    active: bool,
}

/// Identity of a control; also what menus hang on.
pub(crate) fn control_id(name: &str) -> Id {
    Id::unique(("player-control", name))
}

/// What a control is called on the screen; its name is only told apart by.
fn words_of(name: &str) -> &'static str {
    match name {
        "Play" => tr!("play"),
        "Back 10 seconds" => tr!("player-back-10"),
        "Forward 10 seconds" => tr!("player-forward-10"),
        "Next episode" => tr!("next-episode"),
        "Mute" => tr!("player-mute"),
        "Audio" => tr!("audio"),
        "Subtitles" => tr!("subtitles"),
        "Settings" => tr!("settings"),
        "Stats" => tr!("stats"),
        "Mini player" => tr!("player-mini"),
        _ => tr!("player-full-screen"),
    }
}

/// Left and right edge of the controls.
pub(crate) fn keyline(cx: &Cx<'_>) -> f32 {
    if cx.theme.density.is_tv() { cx.theme.metrics.keyline } else { 28.0 }
}

/// How much of the lower edge the controls take.
pub(crate) fn height(cx: &Cx<'_>) -> f32 {
    if cx.theme.density.is_tv() { 106.0 } else { 96.0 }
}

/// The controls that the focus can reach, from left to right.
pub(crate) fn ids(player: &PlayerScreen) -> Vec<Id> {
    let mut ids = Vec::new();
    if !player.density.is_tv() {
        let next = player.next_up.episode.is_some().then_some("Next episode");
        let names = ["Play", "Back 10 seconds", "Forward 10 seconds"].into_iter().chain(next).chain(["Mute"]);
        ids.extend(names.map(control_id));
    }
    ids.extend(right(player, false).iter().map(|control| control_id(control.name)));
    ids
}

fn right(player: &PlayerScreen, full_screen: bool) -> Vec<Control> {
    let mut controls = Vec::new();
    let opened = player.menu.map(|menu| menu.parent().unwrap_or(menu));
    let has_text = player.snapshot.tracks_of(TrackKind::Text).next().is_some();
    let audio_tracks = player.snapshot.tracks_of(TrackKind::Audio).count();
    controls.push(Control {
        name: "Audio",
        icon: icons::AUDIO,
        action: Action::OpenMenu(Menu::Audio),
        message: || PlayerMsg::ToggleMenu(Menu::Audio),
        active: player.menu == Some(Menu::Audio),
    });
    controls.push(Control {
        name: "Subtitles",
        icon: icons::SUBTITLES,
        action: Action::OpenMenu(Menu::Subtitles),
        message: || PlayerMsg::ToggleMenu(Menu::Subtitles),
        active: opened == Some(Menu::Subtitles) || player.snapshot.selected_text.is_some(),
    });
    controls.push(Control {
        name: "Settings",
        icon: icons::SETTINGS,
        action: Action::OpenMenu(Menu::Settings),
        message: || PlayerMsg::ToggleMenu(Menu::Settings),
        active: opened == Some(Menu::Settings),
    });
    controls.push(Control {
        name: "Stats",
        icon: icons::STATS,
        action: Action::ToggleStats,
        message: || PlayerMsg::ToggleStats,
        active: player.stats,
    });
    controls.retain(|control| match control.name {
        "Audio" => audio_tracks > 1,
        "Subtitles" => has_text,
        _ => true,
    });
    if !player.density.is_tv() {
        controls.push(Control {
            name: "Mini player",
            icon: icons::MINI_PLAYER,
            action: Action::MiniPlayer,
            message: || PlayerMsg::Minimise,
            active: false,
        });
        controls.push(Control {
            name: "Full screen",
            icon: if full_screen { icons::LEAVE_FULL_SCREEN } else { icons::FULL_SCREEN },
            action: Action::ToggleFullScreen,
            message: || PlayerMsg::ToggleFullScreen,
            active: false,
        });
    }
    controls
}

/// Shows the bar; `osd` is how visible it is.
pub(crate) fn view(ui: &Ui, cx: &mut Cx<'_>, area: Rect, player: &PlayerScreen, full_screen: bool, osd: f32) {
    let tv = cx.theme.density.is_tv();
    let keyline = keyline(cx);
    let bottom = area.bottom() + 10.0 * (1.0 - osd);
    let bar_y = bottom - if tv { 84.0 } else { 74.0 };
    let icon_y = bottom - if tv { 46.0 } else { 37.0 };
    let rail = Rect::from_min_max(pos2(area.left() + keyline, bar_y - 2.5), pos2(area.right() - keyline, bar_y + 2.5));

    let zone = Rect::from_min_max(pos2(area.left(), bar_y - 16.0), area.max);
    let over = ui.rect_contains_pointer(zone) && !cx.focus.ring_is_shown();
    if over != player.over_controls {
        cx.send(Msg::Player(PlayerMsg::OverControls(over)));
    }

    scrubber::view(ui, cx, rail, player, osd);
    let pitch = if tv { 44.0 } else { 40.0 };
    let mut x = rail.left() + if tv { 0.0 } else { 8.0 };
    if !tv {
        x = transport(ui, cx, player, pos2(x, icon_y), pitch, osd);
    }
    clock(ui, cx, player, pos2(x, icon_y), osd);

    let mut x = rail.right() - 8.0;
    for control in right(player, full_screen).iter().rev() {
        icon_button(ui, cx, player, (pos2(x, icon_y), osd), control);
        x -= pitch;
    }
}

/// Play, jumps and volume; returns where the clock begins.
fn transport(ui: &Ui, cx: &mut Cx<'_>, player: &PlayerScreen, at: egui::Pos2, pitch: f32, osd: f32) -> f32 {
    let playing = player.snapshot.wants_play;
    let muted = player.muted || player.volume == 0.0;
    let speaker = match player.volume {
        _ if muted => icons::SPEAKER_MUTED,
        v if v < 0.5 => icons::SPEAKER_LOW,
        _ => icons::SPEAKER_HIGH,
    };
    let controls = [
        Control {
            name: "Play",
            icon: if playing { icons::PAUSE } else { icons::PLAY },
            action: Action::TogglePlay,
            message: || PlayerMsg::TogglePlay,
            active: true,
        },
        Control {
            name: "Back 10 seconds",
            icon: icons::BACK_10,
            action: Action::SeekBy(-10),
            message: || PlayerMsg::SeekBy { seconds: -10.0, held: false },
            active: false,
        },
        Control {
            name: "Forward 10 seconds",
            icon: icons::FORWARD_10,
            action: Action::SeekBy(10),
            message: || PlayerMsg::SeekBy { seconds: 10.0, held: false },
            active: false,
        },
        Control {
            name: "Next episode",
            icon: icons::NEXT,
            action: Action::NextEpisode,
            message: || PlayerMsg::NextEpisode,
            active: false,
        },
        Control {
            name: "Mute",
            icon: speaker,
            action: Action::ToggleMute,
            message: || PlayerMsg::ToggleMute,
            active: false,
        },
    ];
    let mut x = at.x;
    let has_next = player.next_up.episode.is_some();
    for control in controls.iter().filter(|control| control.name != "Next episode" || has_next) {
        icon_button(ui, cx, player, (pos2(x, at.y), osd), control);
        x += pitch;
    }
    x - pitch + 18.0 + volume(ui, cx, player, pos2(x - pitch + 18.0, at.y), osd)
}

/// The volume slider, which unfolds beside the speaker; returns the width it takes.
fn volume(ui: &Ui, cx: &mut Cx<'_>, player: &PlayerScreen, left: egui::Pos2, osd: f32) -> f32 {
    const WIDTH: f32 = 78.0;
    let id = Id::unique("player-volume");
    let speaker = Rect::from_min_max(pos2(left.x - 38.0, left.y - 18.0), pos2(left.x + WIDTH + 8.0, left.y + 18.0));
    let dragged = ui.read_response(id).is_some_and(|r| r.dragged());
    let was_open = ui.data(|data| data.get_temp::<bool>(id.with("open"))).unwrap_or(false);
    let zone = if was_open { speaker } else { Rect::from_min_max(speaker.min, pos2(left.x, speaker.bottom())) };
    let open = (ui.rect_contains_pointer(zone) && !cx.focus.ring_is_shown()) || dragged || player.shows_volume();
    ui.data_mut(|data| data.insert_temp(id.with("open"), open));
    let unfolded = motion::follow(ui.ctx(), id, f32::from(u8::from(open)), time::SHEET);
    if unfolded < 0.02 {
        return 12.0;
    }
    let tokens = cx.theme.tokens;
    let rail = Rect::from_min_size(pos2(left.x + 4.0, left.y - 2.0), vec2(WIDTH * unfolded, 4.0));
    let response = ui.interact(rail.expand2(vec2(6.0, 12.0)), id, Sense::click_and_drag());
    let level = if player.muted { 0.0 } else { player.volume };
    response.widget_info(|| WidgetInfo::slider(true, f64::from(level * 100.0), tr!("player-volume")));
    describe_slider(ui, id, &format::percent(level), (0.0, 100.0));
    if let Some(pos) = response.interact_pointer_pos().filter(|_| response.dragged() || response.clicked()) {
        let share = (pos.x - rail.left()) / rail.width().max(1.0);
        cx.send(Msg::Player(PlayerMsg::SetVolume(share.clamp(0.0, 1.0))));
    }
    let painter = ui.painter();
    painter.rect_filled(rail, 2.0, tokens.bar.gamma_multiply(osd * unfolded));
    let done = Rect::from_min_size(rail.min, vec2(rail.width() * level, rail.height()));
    painter.rect_filled(done, 2.0, tokens.text.gamma_multiply(osd * unfolded));
    painter.circle_filled(pos2(done.right(), rail.center().y), 5.0, tokens.text.gamma_multiply(osd * unfolded));
    12.0 + (WIDTH + 12.0) * unfolded
}

/// Value and range of a slider in words, for screen readers.
pub(crate) fn describe_slider(ui: &Ui, id: Id, words: &str, (min, max): (f64, f64)) {
    ui.ctx().accesskit_node_builder(id, |node| {
        node.set_role(NodeRole::Slider);
        node.set_orientation(Orientation::Horizontal);
        node.set_value(words);
        node.set_min_numeric_value(min);
        node.set_max_numeric_value(max);
    });
}

fn clock(ui: &Ui, cx: &Cx<'_>, player: &PlayerScreen, left: egui::Pos2, osd: f32) {
    let tokens = cx.theme.tokens;
    let time = |seconds: f64| format::clock(Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default());
    let position = text::line(
        ui.painter(),
        &cx.theme,
        (left, Align2::LEFT_CENTER),
        &time(player.shown_position()),
        (Type::BodyStrong, tokens.text.gamma_multiply(osd)),
    );
    let mut right = position.right();
    if let Some(duration) = player.duration() {
        right = text::line(
            ui.painter(),
            &cx.theme,
            (pos2(position.right() + 7.0, left.y), Align2::LEFT_CENTER),
            &format!("/ {}", time(duration)),
            (Type::Body, tokens.text_3.gamma_multiply(osd)),
        )
        .right();
    }
    if player.shows_volume() {
        let words = if player.muted {
            tr!("player-muted").to_owned()
        } else {
            tr!("player-volume-is", percent = (player.volume * 100.0).round() as u32)
        };
        let rect = text::line(
            ui.painter(),
            &cx.theme,
            (pos2(right + 18.0, left.y), Align2::LEFT_CENTER),
            &words,
            (Type::Label, tokens.text_2.gamma_multiply(osd)),
        );
        say(ui, Id::unique("player-volume-words"), rect, &words);
    }
}

fn icon_button(ui: &Ui, cx: &mut Cx<'_>, player: &PlayerScreen, (centre, osd): (egui::Pos2, f32), control: &Control) {
    let tokens = cx.theme.tokens;
    let tv = cx.theme.density.is_tv();
    let id = control_id(control.name);
    let rect = Rect::from_center_size(centre, egui::Vec2::splat(if tv { 40.0 } else { 36.0 }));
    let toggles = matches!(control.name, "Stats" | "Subtitles");
    let touch = cx.touch(ui, id, rect, || {
        let name = match (control.name, control.icon) {
            ("Play", icons::PAUSE) => tr!("pause"),
            ("Mute", icons::SPEAKER_MUTED) => tr!("player-unmute"),
            (name, _) => words_of(name),
        };
        if toggles {
            WidgetInfo::selected(Role::Button, true, control.active, name)
        } else {
            WidgetInfo::labeled(Role::Button, true, name)
        }
    });
    let focus = motion::follow(ui.ctx(), id, f32::from(u8::from(touch.focused)), time::FOCUS);
    let hover = motion::follow(ui.ctx(), id.with("hover"), f32::from(u8::from(touch.hovered)), time::FOCUS);
    let painter = ui.painter();
    if focus > 0.01 {
        painter.circle_filled(centre, rect.width() / 2.0, tokens.focus.gamma_multiply(focus * osd));
    }
    let rest = tokens::mix(tokens.text, tokens.text_2, 0.15);
    let ink = tokens::mix(tokens::mix(rest, tokens.text, hover), tokens.on_focus, focus).gamma_multiply(osd);
    let size = cx.theme.metrics.icon * (1.0 + 0.1 * hover) * if control.name == "Play" { 1.12 } else { 1.0 };
    if control.active {
        text::icon_filled(painter, centre, control.icon, size, ink);
    } else {
        text::icon(painter, centre, control.icon, size, ink);
    }
    if touch.hovered {
        ui.set_cursor_icon(CursorIcon::PointingHand);
    }
    if touch.activated {
        cx.send(Msg::Player((control.message)()));
    }
    let opens_menu = menu::of_control(control.name).is_some();
    // A menu that is open says enough, and a hint would lie over it.
    let says_enough = opens_menu && player.menu.is_some();
    if !tv && !says_enough {
        touch.response.on_hover_text(player.keys.tooltip(words_of(control.name), control.action));
    }
}
