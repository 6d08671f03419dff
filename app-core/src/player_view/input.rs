//! Keys and pointer of the player, before any widget sees them.

use super::{
    below,
    dpad::{DpadMsg, Situation, read as read_dpad},
    keys::{Action, Shortcut},
    menu,
    model::{KeysMsg, PlayerMsg, PlayerScreen, Rebinding},
    next_card,
    view::scrubber_id,
};
use crate::{
    app::{Model, Msg},
    focus::{Focus, Step},
};
use egui::{Context, Event, Key, Modifiers};

/// Turns the events of this frame into messages and takes them out of egui's hands.
///
/// On a desktop arrows always seek and change the volume; Tab visits the controls. On a television the arrows seek
/// (see `dpad.rs`) while the bar has the focus or nothing is shown, and walk through the actions below it otherwise; down
/// leads to the rows under the player. An open menu, those rows and a question get the arrows.
pub(crate) fn read(ctx: &Context, model: &Model, focus: &mut Focus) -> Vec<Msg> {
    let Some(player) = &model.player else { return vec![] };
    let mut out = Vec::new();
    let walks = player.menu.is_some() || player.has_failed() || player.sheet || player.below || player.is_asked();
    let tv = model.density.is_tv();
    let hidden = !player.shows_controls();
    let mut dpad = player.dpad;
    ctx.input_mut(|input| {
        input.events.retain(|event| {
            if let Some(Rebinding::Waiting(_)) = player.rebinding
                && let Event::Key { key, pressed, repeat, modifiers, .. } = event
            {
                if *pressed && !repeat {
                    out.push(Msg::Player(PlayerMsg::Keys(captured(*key, *modifiers))));
                }
                return false;
            }
            match event {
                Event::PointerMoved(_) | Event::PointerButton { .. } => {
                    out.push(Msg::Player(PlayerMsg::Activity));
                    return true;
                }
                Event::MouseWheel { delta, .. } if !walks => {
                    if delta.y != 0.0 {
                        out.push(Msg::Player(PlayerMsg::VolumeBy(0.05 * delta.y.signum())));
                    }
                    return false;
                }
                _ => {}
            }
            if tv && !walks {
                let on_bar = focus.current() == Some(scrubber_id());
                let now = Situation { hidden, on_bar, offers: offers(player, hidden), dpad };
                if let Some(msg) = read_dpad(event, now) {
                    focus.take(scrubber_id());
                    // What opens by a held key shows at once what the next key presses.
                    focus.show_ring();
                    if let Some(PlayerMsg::Dpad(msg)) = msg {
                        dpad.foresee(msg);
                    }
                    out.extend(msg.map(Msg::Player));
                    return false;
                }
            }
            let Some(press) = player.keys.find(event) else {
                let offers = offers(player, tv && hidden);
                return handle_enter(event, focus, (walks, hidden, offers), &mut out);
            };
            if player.has_failed() && !press.works_without_playback() {
                // Space still presses the focused button.
                return arrow_or_space(event);
            }
            let arrow = step_of(event);
            if walks && arrow_or_space(event) {
                let aside = arrow.filter(|_| press.pressed).and_then(|step| match player.below {
                    true => below::leaves(player, focus, step).then_some(PlayerMsg::Below(false)),
                    false => menu::sideways(player, focus.current(), step),
                });
                let keeps = aside.is_none();
                if let Some(msg) = aside {
                    focus.show_ring();
                    out.push(Msg::Player(msg));
                }
                return keeps;
            }
            if tv && let Some(step) = arrow {
                let moved = press.pressed && !hidden && focus.step(step);
                let opens = step == Step::Down && !moved && !is_repeated(event) && player.has_below();
                if press.pressed {
                    focus.show_ring();
                    out.push(Msg::Player(if opens { PlayerMsg::Below(true) } else { PlayerMsg::Activity }));
                }
                return false;
            }
            if press.pressed {
                out.extend(press.message().map(Msg::Player));
            } else {
                out.push(Msg::Player(PlayerMsg::Released));
            }
            false
        });
    });
    if tv && player.dpad.is_held() && !ctx.input(|input| input.focused) {
        out.push(Msg::Player(PlayerMsg::Dpad(DpadMsg::LetGo)));
    }
    out
}

/// The key that was pressed where a new one for an action is waited for. Keys of the desktop are none.
fn captured(key: Key, modifiers: Modifiers) -> KeysMsg {
    let foreign = modifiers.ctrl || modifiers.alt || modifiers.command;
    match key {
        Key::Escape | Key::BrowserBack => KeysMsg::Cancel,
        _ if foreign => KeysMsg::Cancel,
        key => KeysMsg::Pressed(Shortcut { key, shift: modifiers.shift }),
    }
}

/// Is there something that Enter takes although nothing has the ring? `alone` while no controls are in the way.
fn offers(player: &PlayerScreen, alone: bool) -> bool {
    player.next_card().is_some() || (alone && player.pill().is_some())
}

/// The keys of a player in its corner: the one that brings it back, and play on keyboards and headsets that have it.
pub(crate) fn read_mini(ctx: &Context, model: &Model) -> Vec<Msg> {
    let Some(player) = model.mini() else { return vec![] };
    let mut out = Vec::new();
    ctx.input_mut(|input| {
        input.events.retain(|event| {
            let Some(press) = player.keys.find(event) else { return true };
            let msg = match (press.row.action, event) {
                (Action::MiniPlayer, _) => PlayerMsg::Maximise,
                (Action::TogglePlay, Event::Key { key: Key::MediaPlayPause, .. }) => PlayerMsg::TogglePlay,
                _ => return true,
            };
            if press.pressed && press.message().is_some() {
                out.push(Msg::Player(msg));
            }
            false
        });
    });
    out
}

/// Enter presses what has the ring; without a ring it takes what is offered, else it plays or pauses.
fn handle_enter(event: &Event, focus: &Focus, (walks, hidden, offers): (bool, bool, bool), out: &mut Vec<Msg>) -> bool {
    let Event::Key { key: Key::Enter, pressed: true, repeat, .. } = event else { return true };
    if walks {
        return true;
    }
    let seen = !hidden || next_card::has(focus.current());
    let on_control = focus.ring_is_shown() && seen && focus.current() != Some(scrubber_id());
    if on_control {
        out.push(Msg::Player(PlayerMsg::Activity));
        return true;
    }
    if !repeat {
        out.push(Msg::Player(if offers { PlayerMsg::Skip } else { PlayerMsg::TogglePlay }));
    }
    false
}

fn arrow_or_space(event: &Event) -> bool {
    step_of(event).is_some() || matches!(event, Event::Key { key: Key::Space, .. })
}

fn is_repeated(event: &Event) -> bool {
    matches!(event, Event::Key { repeat: true, .. })
}

fn step_of(event: &Event) -> Option<Step> {
    match event {
        Event::Key { key: Key::ArrowUp, .. } => Some(Step::Up),
        Event::Key { key: Key::ArrowDown, .. } => Some(Step::Down),
        Event::Key { key: Key::ArrowLeft, .. } => Some(Step::Left),
        Event::Key { key: Key::ArrowRight, .. } => Some(Step::Right),
        _ => None,
    }
}
