//! Commands of one service.

use super::charset;
use super::window::Window;
use crate::text::{Colour, Cue};
use abr::MediaTime;

/// Cues that one call may make.
const MAX_CUES: usize = 20_000;

/// Windows, which of them is written to, and what was seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Service {
    windows: [Option<Window>; 8],
    current: usize,
    cues: Vec<Cue>,
}

impl Service {
    /// Cues up to now. What is shown goes on.
    pub(super) fn finish(&mut self, until: MediaTime) -> Vec<Cue> {
        self.close(0xff, until);
        std::mem::take(&mut self.cues)
    }

    /// Carries out a block. Commands do not reach from one block into the next; one that is cut off is lost.
    pub(super) fn carry_out(&mut self, now: MediaTime, block: &[u8]) {
        let mut rest = block;
        while let Some((code, after)) = rest.split_first() {
            let length = if *code == EXTENSION { extension_length(after) } else { parameters(*code) };
            let Some(arguments) = after.get(..length) else { return };
            rest = &after[length..];
            match *code {
                EXTENSION => {
                    if let Some(letter @ (0x20..=0x7f | 0xa0..=0xff)) = arguments.first() {
                        self.write(now, charset::extended(*letter));
                    }
                }
                0x20..=0x7f | 0xa0..=0xff => self.write(now, charset::basic(*code)),
                0x80..=0x9f => self.command(now, *code, arguments),
                _ => self.control(now, *code, arguments),
            }
        }
    }

    fn window(&mut self) -> Option<&mut Window> {
        self.windows[self.current].as_mut()
    }

    fn write(&mut self, now: MediaTime, letter: char) {
        if let Some(window) = self.window() {
            window.write(now, letter);
        }
    }

    /// Makes cues of what is seen in windows that are about to change, by their bits.
    fn close(&mut self, windows: u8, now: MediaTime) {
        for window in chosen(&mut self.windows, windows).flatten() {
            let cue = window.close(now);
            if self.cues.len() < MAX_CUES {
                self.cues.extend(cue);
            }
        }
    }

    fn control(&mut self, now: MediaTime, code: u8, arguments: &[u8]) {
        let current = 1u8 << self.current;
        match code {
            0x08 => {
                self.close(current, now);
                self.window().map(Window::backspace);
            }
            0x0c => {
                self.close(current, now);
                self.window().map(Window::clear);
            }
            0x0d => {
                self.close(current, now);
                self.window().map(Window::carriage_return);
            }
            0x0e => {
                self.close(current, now);
                self.window().map(Window::clear_row);
            }
            // A character of sixteen bits.
            0x18 => {
                let letter = arguments.iter().fold(0u32, |code, byte| code << 8 | u32::from(*byte));
                let letter = char::from_u32(letter).filter(|letter| !letter.is_control());
                self.write(now, letter.unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            _ => {}
        }
    }

    fn command(&mut self, now: MediaTime, code: u8, arguments: &[u8]) {
        let bits = arguments.first().copied().unwrap_or_default();
        match code {
            0x80..=0x87 => self.current = usize::from(code & 7),
            0x88 => self.change(bits, now, |window| window.clear()),
            0x89 => self.change(bits, now, |window| window.visible = true),
            0x8a => self.change(bits, now, |window| window.visible = false),
            0x8b => self.change(bits, now, |window| window.visible = !window.visible),
            0x8c => {
                self.close(bits, now);
                chosen(&mut self.windows, bits).for_each(|window| *window = None);
            }
            0x8f => {
                self.close(0xff, now);
                self.windows = Default::default();
                self.current = 0;
            }
            0x90 => {
                if let (Some(window), [_, attributes]) = (self.window(), arguments) {
                    window.pen.italic = attributes & 0x80 != 0;
                    window.pen.underline = attributes & 0x40 != 0;
                }
            }
            0x91 => {
                if let (Some(window), [foreground, background, _]) = (self.window(), arguments) {
                    // White on the surface's own background is what text is anyway.
                    window.pen.colour =
                        Some(colour(*foreground)).filter(|colour| *colour != Colour::rgb(255, 255, 255));
                    window.pen.background = Some(colour(*background)).filter(|colour| *colour != Colour::rgb(0, 0, 0));
                }
            }
            0x92 => {
                if let (Some(window), [row, column]) = (self.window(), arguments) {
                    window.locate(*row, *column);
                }
            }
            0x97 => {
                if let (Some(window), [_, _, attributes, _]) = (self.window(), arguments) {
                    window.justify(*attributes);
                }
            }
            0x98..=0x9f => {
                if let Ok(definition) = arguments.try_into() {
                    self.current = usize::from(code & 7);
                    self.close(1 << self.current, now);
                    self.windows[self.current].get_or_insert_with(|| Window::new(now)).define(definition);
                }
            }
            // Delays, which only live decoders can keep, and what is reserved.
            _ => {}
        }
    }

    /// Changes windows by their bits, after what was seen in them has become cues.
    fn change(&mut self, bits: u8, now: MediaTime, change: impl Fn(&mut Window)) {
        self.close(bits, now);
        chosen(&mut self.windows, bits).flatten().for_each(change);
    }
}

/// Windows of which the bit is set.
fn chosen(windows: &mut [Option<Window>; 8], bits: u8) -> impl Iterator<Item = &mut Option<Window>> {
    windows.iter_mut().enumerate().filter(move |(index, _)| bits >> index & 1 != 0).map(|(_, window)| window)
}

/// What follows is of the second set of tables.
const EXTENSION: u8 = 0x10;

/// Bytes that follow a code.
fn parameters(code: u8) -> usize {
    match code {
        0x11..=0x17 | 0x88..=0x8d => 1,
        0x18..=0x1f | 0x90 | 0x92 => 2,
        0x91 => 3,
        0x97 => 4,
        0x98..=0x9f => 6,
        _ => 0,
    }
}

/// Bytes that follow the extension, the second code among them.
fn extension_length(after: &[u8]) -> usize {
    1 + match after.first() {
        Some(0x08..=0x0f) => 1,
        Some(0x10..=0x17) => 2,
        Some(0x18..=0x1f) => 3,
        Some(0x80..=0x87) => 4,
        Some(0x88..=0x8f) => 5,
        // The length is in the next byte.
        Some(0x90..=0x9f) => 1 + usize::from(after.get(1).copied().unwrap_or_default() & 0x3f),
        _ => 0,
    }
}

/// Opacity, red, green and blue, two bits each.
fn colour(bits: u8) -> Colour {
    let part = |shift: u8| (bits >> shift & 3) * 85;
    let opacity = match bits >> 6 {
        2 => 128,
        3 => 0,
        // Flashing is not done.
        _ => 255,
    };
    Colour([part(4), part(2), part(0), opacity])
}
