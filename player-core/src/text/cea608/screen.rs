//! Fifteen rows of thirty-two cells.

use crate::text::style::StyledLines;
use crate::text::{Cue, CueSettings, Line, Percent, PositionAlign, TextAlign, TextStyle};
use abr::MediaTime;

pub(super) const ROWS: usize = 15;
pub(super) const COLUMNS: usize = 32;
/// The grid covers the middle four fifths of the picture: a row is 5.33 % high, a column 2.5 % wide.
const SAFE: i32 = 1_000;
const COLUMN: i32 = 250;

/// A letter and its style; `None` shows the picture behind.
type Cell = Option<(char, TextStyle)>;

/// One row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    cells: [Cell; COLUMNS],
    /// Since when it is shown as it is.
    since: MediaTime,
}

/// A memory for captions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Screen {
    rows: [Row; ROWS],
}

impl Row {
    fn is_blank(&self) -> bool {
        self.cells.iter().flatten().all(|(letter, _)| *letter == ' ')
    }

    /// The row as it was seen until now; `None` if nothing was.
    fn cue(&self, row: usize, until: MediaTime) -> Option<Cue> {
        if until <= self.since || self.is_blank() {
            return None;
        }
        let first = self.cells.iter().position(|cell| cell.is_some_and(|(letter, _)| letter != ' '))?;
        let mut lines = StyledLines::default();
        for cell in &self.cells[first..] {
            let (letter, style) = cell.unwrap_or((' ', TextStyle::default()));
            lines.push(letter.encode_utf8(&mut [0; 4]), style);
        }
        let (row, column) = (i32::try_from(row).ok()?, i32::try_from(first).ok()?);
        let settings = CueSettings {
            line: Some(Line::Percent(Percent(SAFE + row * 8_000 / ROWS as i32))),
            position: Some(Percent(SAFE + column * COLUMN)),
            position_align: PositionAlign::LineLeft,
            align: TextAlign::Left,
            ..CueSettings::default()
        };
        let cue = Cue { start: self.since, end: until, settings, ..Cue::default() };
        Some(cue.with_spans(lines.finish()))
    }
}

impl Screen {
    pub(super) fn write(&mut self, row: usize, column: usize, letter: char, style: TextStyle) {
        self.rows[row].cells[column] = Some((letter, style));
    }

    pub(super) fn is_blank(&self, row: usize) -> bool {
        self.rows[row].is_blank()
    }

    pub(super) fn holds(&self, row: usize, column: usize) -> bool {
        self.rows[row].cells[column].is_some_and(|(letter, _)| letter != ' ')
    }

    /// Empties cells from `column` on, `count` of them.
    pub(super) fn erase(&mut self, row: usize, column: usize, count: usize) {
        self.rows[row].cells[column..].iter_mut().take(count).for_each(|cell| *cell = None);
    }

    /// Begins a new time in this row.
    pub(super) fn touch(&mut self, row: usize, now: MediaTime) {
        self.rows[row].since = now;
    }

    /// Makes cues of rows that are about to change; what stays in them begins a new time.
    pub(super) fn close(&mut self, rows: std::ops::Range<usize>, now: MediaTime, cues: &mut Vec<Cue>) {
        for row in rows {
            cues.extend(self.rows[row].cue(row, now));
            self.rows[row].since = self.rows[row].since.max(now);
        }
    }

    /// Moves rows up by one; the last becomes empty, the first is lost.
    pub(super) fn roll(&mut self, rows: std::ops::Range<usize>, now: MediaTime) {
        let window = &mut self.rows[rows];
        window.rotate_left(1);
        if let Some(last) = window.last_mut() {
            *last = Row { since: now, ..Row::default() };
        }
    }

    /// Copies rows to a new place; the rest becomes empty.
    pub(super) fn relocate(&mut self, from: std::ops::Range<usize>, to: usize) {
        let moved: Vec<Row> = self.rows[from].to_vec();
        *self = Self::default();
        for (target, row) in self.rows[to..].iter_mut().zip(moved) {
            *target = row;
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
