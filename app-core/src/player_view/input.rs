//! Keys and pointer of the player, before any widget sees them.

use super::{
    dpad::{DpadMsg, Situation, read as read_dpad},
    keys,
    model::PlayerMsg,
    view::scrubber_id,
};
use crate::{
    app::{Model, Msg},
    focus::{Focus, Step},
};
use egui::{Context, Event, Key};

/// Turns the events of this frame into messages and takes them out of egui's hands.
///
/// On a desktop arrows always seek and change the volume; Tab visits the controls. On a television the arrows seek
/// (see `dpad.rs`) while the bar has the focus or nothing is shown, and walk through the actions below it otherwise. An
/// open menu gets the arrows on both.
pub(crate) fn read(ctx: &Context, model: &Model, focus: &mut Focus) -> Vec<Msg> {
    let Some(player) = &model.player else { return vec![] };
    let mut out = Vec::new();
    let walks = player.menu.is_some() || player.has_failed();
    let tv = model.density.is_tv();
    let hidden = !player.shows_controls();
    let mut dpad = player.dpad;
    ctx.input_mut(|input| {
        input.events.retain(|event| {
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
                let now = Situation { hidden, on_bar, offers: player.pill().is_some(), dpad };
                if let Some(msg) = read_dpad(event, now) {
                    focus.take(scrubber_id());
                    if let Some(PlayerMsg::Dpad(msg)) = msg {
                        dpad.foresee(msg);
                    }
                    out.extend(msg.map(Msg::Player));
                    return false;
                }
            }
            let Some((binding, press)) = keys::find(event) else {
                return handle_enter(event, focus, (walks, hidden), &mut out);
            };
            if player.has_failed() && !binding.works_without_playback() {
                // Space still presses the focused button.
                return arrow_or_space(event);
            }
            let arrow = step_of(event);
            if walks && arrow_or_space(event) {
                return true;
            }
            if tv && let Some(step) = arrow {
                if press.pressed {
                    out.push(Msg::Player(PlayerMsg::Activity));
                }
                if press.pressed && !hidden {
                    focus.step(step);
                }
                return false;
            }
            if press.pressed {
                out.extend(binding.message(press).map(Msg::Player));
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

/// Enter presses what has the ring; without a ring it plays or pauses.
fn handle_enter(event: &Event, focus: &Focus, (walks, hidden): (bool, bool), out: &mut Vec<Msg>) -> bool {
    let Event::Key { key: Key::Enter, pressed: true, repeat, .. } = event else { return true };
    if walks {
        return true;
    }
    let on_control = focus.ring_is_shown() && !hidden && focus.current() != Some(scrubber_id());
    if on_control {
        out.push(Msg::Player(PlayerMsg::Activity));
        return true;
    }
    if !repeat {
        out.push(Msg::Player(PlayerMsg::TogglePlay));
    }
    false
}

fn arrow_or_space(event: &Event) -> bool {
    step_of(event).is_some() || matches!(event, Event::Key { key: Key::Space, .. })
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
