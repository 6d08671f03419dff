//! What stands on remote controls and gamepads, and which key codes mean it.

use egui::Key;
use gilrs::{Axis, Button};

/// A key, whatever device it is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum RemoteKey {
    Up,
    Down,
    Left,
    Right,
    Ok,
    Back,
    PlayPause,
    Play,
    Pause,
    Stop,
    Rewind,
    FastForward,
    /// A page up in lists; the next chapter of a title.
    ChannelUp,
    ChannelDown,
    Info,
    Subtitles,
    Audio,
    Menu,
    Search,
    Home,
    Red,
    Green,
    Yellow,
    Blue,
}

/// Kernel codes (`linux/input-event-codes.h`) that no window system hands on: X11 ends at 247, and of the others many have
/// no name in its tables. Whatever it does hand on must not stand here, or it would be heard twice.
const KERNEL: [(u16, RemoteKey); 21] = [
    (0x160, RemoteKey::Ok),          // KEY_OK
    (0x161, RemoteKey::Ok),          // KEY_SELECT
    (0x0ac, RemoteKey::Home),        // KEY_HOMEPAGE
    (0x166, RemoteKey::Info),        // KEY_INFO
    (0x16d, RemoteKey::Info),        // KEY_EPG
    (0x172, RemoteKey::Subtitles),   // KEY_SUBTITLE
    (0x188, RemoteKey::Audio),       // KEY_AUDIO
    (0x18e, RemoteKey::Red),         // KEY_RED
    (0x18f, RemoteKey::Green),       // KEY_GREEN
    (0x190, RemoteKey::Yellow),      // KEY_YELLOW
    (0x191, RemoteKey::Blue),        // KEY_BLUE
    (0x192, RemoteKey::ChannelUp),   // KEY_CHANNELUP
    (0x193, RemoteKey::ChannelDown), // KEY_CHANNELDOWN
    (0x1b6, RemoteKey::Menu),        // KEY_CONTEXT_MENU
    (0x080, RemoteKey::Stop),        // KEY_STOP
    (0x0a8, RemoteKey::Rewind),      // KEY_REWIND
    (0x0d0, RemoteKey::FastForward), // KEY_FASTFORWARD
    (0x0cf, RemoteKey::Play),        // KEY_PLAY
    (0x077, RemoteKey::Pause),       // KEY_PAUSE
    (0x0d9, RemoteKey::Search),      // KEY_SEARCH
    (0x08b, RemoteKey::Menu),        // KEY_MENU
];

impl RemoteKey {
    /// The meaning of a kernel code that is read past the window system.
    pub(crate) fn of_kernel(code: u16) -> Option<Self> {
        KERNEL.iter().find(|(known, _)| *known == code).map(|(_, key)| *key)
    }

    /// Codes that are read past the window system.
    pub(crate) fn kernel_codes() -> impl Iterator<Item = u16> {
        KERNEL.iter().map(|(code, _)| *code)
    }

    /// The meaning of a gamepad's button.
    pub(crate) fn of_button(button: Button) -> Option<Self> {
        Some(match button {
            Button::South => Self::Ok,
            Button::East => Self::Back,
            Button::West => Self::Info,
            Button::North => Self::Search,
            Button::Start => Self::PlayPause,
            Button::Select => Self::Menu,
            Button::Mode => Self::Home,
            Button::LeftTrigger => Self::ChannelDown,
            Button::RightTrigger => Self::ChannelUp,
            Button::LeftTrigger2 => Self::Rewind,
            Button::RightTrigger2 => Self::FastForward,
            Button::LeftThumb => Self::Subtitles,
            Button::RightThumb => Self::Audio,
            Button::DPadUp => Self::Up,
            Button::DPadDown => Self::Down,
            Button::DPadLeft => Self::Left,
            Button::DPadRight => Self::Right,
            Button::C | Button::Z | Button::Unknown => return None,
        })
    }

    /// The key of a keyboard that does the same, if there is one: it goes the keyboard's way then.
    pub(crate) fn keyboard(self) -> Option<Key> {
        Some(match self {
            Self::Up => Key::ArrowUp,
            Self::Down => Key::ArrowDown,
            Self::Left => Key::ArrowLeft,
            Self::Right => Key::ArrowRight,
            Self::Ok => Key::Enter,
            Self::Back => Key::BrowserBack,
            Self::PlayPause => Key::MediaPlayPause,
            _ => return None,
        })
    }
}

/// A stick of a gamepad as a pair of keys. Between pressing and releasing there is a gap, so that a trembling thumb
/// presses once.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Stick {
    x: Option<RemoteKey>,
    y: Option<RemoteKey>,
}

const PRESSED: f32 = 0.6;
const RELEASED: f32 = 0.4;

impl Stick {
    /// An axis has another value, -1 to 1. Returns keys that were released and pressed by it, in this order.
    pub(crate) fn moved(&mut self, axis: Axis, value: f32) -> Vec<(RemoteKey, bool)> {
        let (held, negative, positive) = match axis {
            Axis::LeftStickX => (&mut self.x, RemoteKey::Left, RemoteKey::Right),
            Axis::LeftStickY => (&mut self.y, RemoteKey::Down, RemoteKey::Up),
            _ => return vec![],
        };
        let wanted = match value {
            _ if !value.is_finite() => None,
            v if v >= PRESSED => Some(positive),
            v if v <= -PRESSED => Some(negative),
            v if v.abs() > RELEASED => held.filter(|key| (*key == positive) == (v > 0.0)),
            _ => None,
        };
        let before = std::mem::replace(held, wanted);
        if before == wanted {
            return vec![];
        }
        before.map(|key| (key, false)).into_iter().chain(wanted.map(|key| (key, true))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_code_means_two_things() {
        let codes: HashSet<u16> = RemoteKey::kernel_codes().collect();
        assert_eq!(codes.len(), KERNEL.len());
    }

    #[test]
    fn codes_have_the_meaning_of_their_names() {
        for (code, key) in [
            (352, RemoteKey::Ok),
            (353, RemoteKey::Ok),
            (358, RemoteKey::Info),
            (370, RemoteKey::Subtitles),
            (392, RemoteKey::Audio),
            (208, RemoteKey::FastForward),
            (168, RemoteKey::Rewind),
            (402, RemoteKey::ChannelUp),
            (403, RemoteKey::ChannelDown),
            (398, RemoteKey::Red),
            (399, RemoteKey::Green),
            (400, RemoteKey::Yellow),
            (401, RemoteKey::Blue),
        ] {
            assert_eq!(RemoteKey::of_kernel(code), Some(key), "{code}");
        }
    }

    #[test]
    fn what_the_window_system_hands_on_is_not_read_a_second_time() {
        // Arrows, Enter, Escape, Space, letters, play/pause, volume, back, page up and down.
        for code in [103, 108, 105, 106, 28, 1, 57, 30, 164, 113, 114, 115, 158, 104, 109] {
            assert_eq!(RemoteKey::of_kernel(code), None, "{code}");
        }
    }

    #[test]
    fn a_trembling_stick_presses_once() {
        let mut stick = Stick::default();
        let mut heard = Vec::new();
        for value in [0.1, 0.61, 0.55, 0.7, 0.45, 0.62, 0.39, 0.0, -0.9, 0.9, f32::NAN] {
            heard.extend(stick.moved(Axis::LeftStickX, value));
        }
        let (left, right) = (RemoteKey::Left, RemoteKey::Right);
        assert_eq!(heard, [(right, true), (right, false), (left, true), (left, false), (right, true), (right, false)]);
        assert_eq!(stick.moved(Axis::LeftStickY, 1.0), [(RemoteKey::Up, true)]);
        assert_eq!(stick.moved(Axis::RightStickX, 1.0), []);
    }
}
