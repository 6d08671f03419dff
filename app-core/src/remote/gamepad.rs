//! Gamepads, by gilrs, which knows hundreds of them.

use super::{Ear, RemoteEvent, RemoteKey, key::Stick};
use gilrs::{EventType, GamepadId, GilrsBuilder};
use std::{collections::HashMap, time::Duration};

/// The longest wait before the thread looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(500);

/// Hears all gamepads until nobody listens any more.
pub(super) fn listen(ear: &Ear) {
    let mut gilrs = match GilrsBuilder::new().with_force_feedback(false).build() {
        Ok(gilrs) => gilrs,
        Err(error) => {
            tracing::info!(%error, "gamepads are not read");
            return;
        }
    };
    let mut sticks: HashMap<GamepadId, Stick> = HashMap::new();
    while !ear.stops() {
        let Some(event) = gilrs.next_event_blocking(Some(LOOK)) else { continue };
        let name = gilrs.gamepad(event.id).name().to_owned();
        let stick = sticks.entry(event.id).or_default();
        for heard in heard(event.event, stick, &name) {
            ear.hear(heard);
        }
        if event.event == EventType::Disconnected {
            sticks.remove(&event.id);
        }
    }
}

/// What an event of a gamepad means.
fn heard(event: EventType, stick: &mut Stick, name: &str) -> Vec<RemoteEvent> {
    let key = |key: Option<RemoteKey>, pressed| key.map(|key| RemoteEvent::Key(key, pressed)).into_iter().collect();
    match event {
        EventType::ButtonPressed(button, _) => key(RemoteKey::of_button(button), true),
        EventType::ButtonReleased(button, _) => key(RemoteKey::of_button(button), false),
        EventType::AxisChanged(axis, value, _) => {
            stick.moved(axis, value).into_iter().map(|(key, pressed)| RemoteEvent::Key(key, pressed)).collect()
        }
        EventType::Disconnected => {
            // A thumb that was on the stick is on nothing now.
            let mut all = heard_centred(stick);
            all.push(RemoteEvent::Gone(name.to_owned()));
            all
        }
        EventType::Connected => {
            tracing::info!(name, "a gamepad");
            vec![]
        }
        _ => vec![],
    }
}

fn heard_centred(stick: &mut Stick) -> Vec<RemoteEvent> {
    let axes = [gilrs::Axis::LeftStickX, gilrs::Axis::LeftStickY];
    let released = axes.into_iter().flat_map(|axis| stick.moved(axis, 0.0));
    released.map(|(key, pressed)| RemoteEvent::Key(key, pressed)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gamepad_that_goes_lets_go_of_its_stick_and_says_so() {
        let mut stick = Stick::default();
        stick.moved(gilrs::Axis::LeftStickX, 1.0);
        let told = heard(EventType::Disconnected, &mut stick, "Pad");
        assert_eq!(told, [RemoteEvent::Key(RemoteKey::Right, false), RemoteEvent::Gone("Pad".into())]);
        assert_eq!(heard(EventType::Dropped, &mut stick, "Pad"), []);
    }

    #[test]
    fn every_button_that_a_pad_has_does_something() {
        use gilrs::Button::*;
        let buttons = [
            South,
            East,
            North,
            West,
            LeftTrigger,
            LeftTrigger2,
            RightTrigger,
            RightTrigger2,
            Select,
            Start,
            Mode,
            LeftThumb,
            RightThumb,
            DPadUp,
            DPadDown,
            DPadLeft,
            DPadRight,
        ];
        let meant: std::collections::HashSet<_> = buttons.into_iter().map(RemoteKey::of_button).collect();
        assert!(!meant.contains(&None));
        assert_eq!(meant.len(), buttons.len(), "no two the same");
    }
}
