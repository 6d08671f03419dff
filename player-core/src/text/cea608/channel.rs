//! One channel: a pen, a mode, a screen that is shown and one that is not.

use super::charset;
use super::screen::{COLUMNS, ROWS, Screen};
use crate::text::{Colour, Cue, TextStyle};
use abr::MediaTime;

/// Cues that one call may make; a pair makes fifteen at most.
const MAX_CUES: usize = 20_000;

/// What writing means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    /// Nothing was said yet; whatever comes is lost.
    #[default]
    None,
    /// To the hidden screen.
    PopOn,
    /// To the lowest of so many rows.
    RollUp(usize),
    PaintOn,
    /// Not captions but pages of text.
    Text,
}

#[derive(Clone, Debug)]
pub(super) struct Channel {
    mode: Mode,
    shown: Screen,
    hidden: Screen,
    row: usize,
    column: usize,
    pen: TextStyle,
    cues: Vec<Cue>,
}

impl Default for Channel {
    fn default() -> Self {
        Self {
            mode: Mode::None,
            shown: Screen::default(),
            hidden: Screen::default(),
            row: ROWS - 1,
            column: 0,
            pen: TextStyle::default(),
            cues: Vec::new(),
        }
    }
}

const COLOURS: [Colour; 7] = [
    Colour::rgb(255, 255, 255),
    Colour::rgb(0, 255, 0),
    Colour::rgb(0, 0, 255),
    Colour::rgb(0, 255, 255),
    Colour::rgb(255, 0, 0),
    Colour::rgb(255, 255, 0),
    Colour::rgb(255, 0, 255),
];

impl Channel {
    /// Cues up to now. What is shown goes on.
    pub(super) fn finish(&mut self, until: MediaTime) -> Vec<Cue> {
        self.shown.close(0..ROWS, until, &mut self.cues);
        std::mem::take(&mut self.cues)
    }

    /// `first` is that of channel 1 and field 1 or 2: 0x10 to 0x17.
    pub(super) fn control(&mut self, now: MediaTime, first: u8, second: u8) {
        match (first, second) {
            (_, 0x40..=0x7f) => self.address(now, first, second),
            (0x10, 0x20..=0x2f) => self.background(second),
            (0x11, 0x20..=0x2f) => self.mid_row(now, second),
            (0x11, 0x30..=0x3f) => self.write(now, charset::special(second)),
            (0x12 | 0x13, 0x20..=0x3f) => {
                // A letter that every decoder knows was sent before it.
                self.column = self.column.saturating_sub(1);
                self.write(now, charset::extended(first, second));
            }
            (0x14 | 0x15, 0x20..=0x2f) => self.command(now, second),
            (0x17, 0x21..=0x23) => self.column = (self.column + usize::from(second & 3)).min(COLUMNS - 1),
            (0x17, 0x2d) => self.pen.background = Some(Colour([0; 4])),
            (0x17, 0x2e | 0x2f) => {
                self.pen.colour = Some(Colour::rgb(0, 0, 0));
                self.pen.underline = second & 1 != 0;
            }
            _ => {}
        }
    }

    pub(super) fn write(&mut self, now: MediaTime, letter: char) {
        let (row, column) = (self.row, self.column);
        match self.mode {
            Mode::None | Mode::Text => return,
            Mode::PopOn => self.hidden.write(row, column, letter, self.pen),
            Mode::RollUp(_) | Mode::PaintOn => {
                if self.shown.is_blank(row) {
                    self.shown.touch(row, now);
                } else if self.shown.holds(row, column) && column + 1 < COLUMNS {
                    self.close(row, now);
                }
                self.shown.write(row, column, letter, self.pen);
            }
        }
        self.column = (column + 1).min(COLUMNS - 1);
    }

    fn close(&mut self, row: usize, now: MediaTime) {
        self.close_all(row..row + 1, now);
    }

    fn close_all(&mut self, rows: std::ops::Range<usize>, now: MediaTime) {
        if self.cues.len() < MAX_CUES {
            self.shown.close(rows, now, &mut self.cues);
        }
    }

    fn command(&mut self, now: MediaTime, second: u8) {
        match second {
            0x20 => self.mode = Mode::PopOn,
            0x21 => self.backspace(now),
            0x24 => self.erase(now, self.column, COLUMNS),
            0x25..=0x27 => self.roll_up(now, usize::from(second - 0x23)),
            0x29 => self.mode = Mode::PaintOn,
            0x2a | 0x2b => self.mode = Mode::Text,
            0x2c => {
                self.close_all(0..ROWS, now);
                self.shown.clear();
            }
            0x2d => self.carriage_return(now),
            0x2e => self.hidden.clear(),
            0x2f => {
                self.close_all(0..ROWS, now);
                std::mem::swap(&mut self.shown, &mut self.hidden);
                (0..ROWS).for_each(|row| self.shown.touch(row, now));
                self.mode = Mode::PopOn;
            }
            // Flash, alarms.
            _ => {}
        }
    }

    fn backspace(&mut self, now: MediaTime) {
        if self.column > 0 {
            self.column -= 1;
            self.erase(now, self.column, 1);
        }
    }

    fn erase(&mut self, now: MediaTime, column: usize, count: usize) {
        match self.mode {
            Mode::PopOn => self.hidden.erase(self.row, column, count),
            Mode::RollUp(_) | Mode::PaintOn => {
                self.close(self.row, now);
                self.shown.erase(self.row, column, count);
            }
            Mode::None | Mode::Text => {}
        }
    }

    fn roll_up(&mut self, now: MediaTime, rows: usize) {
        if !matches!(self.mode, Mode::RollUp(_)) {
            self.close_all(0..ROWS, now);
            self.shown.clear();
            self.hidden.clear();
            (self.row, self.column) = (ROWS - 1, 0);
        }
        self.mode = Mode::RollUp(rows);
        // Fewer rows than before: those on top go.
        let top = self.row.saturating_sub(rows - 1);
        self.close_all(0..top, now);
        (0..top).for_each(|row| self.shown.erase(row, 0, COLUMNS));
    }

    fn carriage_return(&mut self, now: MediaTime) {
        let Mode::RollUp(rows) = self.mode else { return };
        let window = self.row.saturating_sub(rows - 1)..self.row + 1;
        self.close_all(window.clone(), now);
        self.shown.roll(window, now);
        self.column = 0;
    }

    /// A preamble address code: row, and indentation or colour.
    fn address(&mut self, now: MediaTime, first: u8, second: u8) {
        let lower = second & 0x20 != 0;
        let row = match (first & 7, lower) {
            (0, _) => 10,
            (1, false) => 0,
            (1, true) => 1,
            (2, false) => 2,
            (2, true) => 3,
            (3, false) => 11,
            (3, true) => 12,
            (4, false) => 13,
            (4, true) => 14,
            (5, false) => 4,
            (5, true) => 5,
            (6, false) => 6,
            (6, true) => 7,
            (_, false) => 8,
            (_, true) => 9,
        };
        if let Mode::RollUp(rows) = self.mode
            && row != self.row
        {
            self.close_all(0..ROWS, now);
            let old = self.row.saturating_sub(rows - 1)..self.row + 1;
            let top = (row + 1).saturating_sub(rows);
            // The rows above a base row near the top have no room.
            let lost = old.len().saturating_sub(row + 1 - top);
            self.shown.relocate(old.start + lost..old.end, top.max((row + 1).saturating_sub(old.len())));
        }
        self.row = row;
        let attribute = usize::from(second >> 1 & 0x0f);
        let (column, style) = match attribute {
            0..=6 => (0, self.coloured(attribute)),
            7 => (0, TextStyle { italic: true, ..TextStyle::default() }),
            indent => ((indent - 8) * 4, TextStyle::default()),
        };
        self.column = column;
        self.pen = TextStyle { underline: second & 1 != 0, ..style };
    }

    /// White is what text is anyway.
    fn coloured(&self, attribute: usize) -> TextStyle {
        let colour = COLOURS.get(attribute).copied().filter(|_| attribute > 0);
        TextStyle { colour, ..TextStyle::default() }
    }

    /// Changes the style within a row and takes a cell.
    fn mid_row(&mut self, now: MediaTime, second: u8) {
        let attribute = usize::from(second >> 1 & 7);
        let background = self.pen.background;
        self.pen = if attribute == 7 { TextStyle { italic: true, ..self.pen } } else { self.coloured(attribute) };
        self.pen.underline = second & 1 != 0;
        self.pen.background = background;
        self.write(now, ' ');
    }

    fn background(&mut self, second: u8) {
        let attribute = usize::from(second >> 1 & 7);
        let opacity = if second & 1 != 0 { 128 } else { 255 };
        let [red, green, blue, _] = COLOURS.get(attribute).map_or([0, 0, 0, 255], |colour| colour.0);
        self.pen.background = Some(Colour([red, green, blue, opacity]));
    }
}
