//! Gamepads, by gilrs, which knows hundreds of them.

use super::{Ear, RemoteEvent, RemoteKey, key::Stick};
use gilrs::{EventType, GamepadId, GilrsBuilder, PowerInfo};
use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    time::{Duration, Instant},
};

/// The longest wait before the thread looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(500);
/// Batteries are asked this often: they last for days.
const BATTERIES: Duration = Duration::from_secs(60);
/// Per cent at which it is time to say so, and those of a battery that was charged meanwhile.
const LOW: u8 = 15;
const CHARGED: u8 = 30;

/// Whose battery was said to be low; once is enough until it was charged.
#[derive(Debug)]
struct Batteries<Pad> {
    low: HashSet<Pad>,
}

impl<Pad: Eq + Hash> Batteries<Pad> {
    /// What a battery tells; per cent if that is worth a word.
    fn told(&mut self, pad: Pad, power: PowerInfo) -> Option<u8> {
        match power {
            PowerInfo::Discharging(left) if left <= LOW => self.low.insert(pad).then_some(left),
            PowerInfo::Discharging(left) if left < CHARGED => None,
            // What cannot be asked now says nothing new.
            PowerInfo::Unknown => None,
            _ => {
                self.low.remove(&pad);
                None
            }
        }
    }
}

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
    let mut batteries = Batteries { low: HashSet::new() };
    let mut asked: Option<Instant> = None;
    while !ear.stops() {
        if asked.is_none_or(|asked| asked.elapsed() >= BATTERIES) {
            asked = Some(Instant::now());
            for (id, pad) in gilrs.gamepads() {
                if let Some(left) = batteries.told(id, pad.power_info()) {
                    ear.hear(RemoteEvent::Battery(pad.name().to_owned(), left));
                }
            }
        }
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
    fn a_battery_is_said_to_be_low_once_until_it_was_charged() {
        let mut batteries = Batteries { low: HashSet::new() };
        let told: Vec<Option<u8>> = [
            PowerInfo::Discharging(40),
            PowerInfo::Discharging(15),
            PowerInfo::Discharging(9),
            PowerInfo::Unknown,
            PowerInfo::Discharging(16),
            PowerInfo::Discharging(14),
            PowerInfo::Charging(10),
            PowerInfo::Discharging(10),
            PowerInfo::Wired,
        ]
        .into_iter()
        .map(|power| batteries.told("pad", power))
        .collect();
        assert_eq!(told, [None, Some(15), None, None, None, None, None, Some(10), None]);
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
