//! A window: rows of cells, a pen, a place in the picture.

use crate::text::style::StyledLines;
use crate::text::{Cue, CueSettings, Line, LineAlign, Percent, PositionAlign, TextAlign, TextStyle};
use abr::MediaTime;

/// Rows and columns that a window can have.
const MAX_ROWS: usize = 16;
const MAX_COLUMNS: usize = 64;

/// One of the eight windows of a service.
#[derive(Clone, Debug)]
pub(super) struct Window {
    pub(super) visible: bool,
    place: CueSettings,
    rows: Vec<Vec<(char, TextStyle)>>,
    columns: usize,
    row: usize,
    column: usize,
    pub(super) pen: TextStyle,
    /// Since when it is shown as it is.
    since: MediaTime,
}

/// Parameters of a definition, six bytes.
pub(super) type Definition = [u8; 6];

impl Window {
    pub(super) fn new(now: MediaTime) -> Self {
        Self {
            visible: false,
            place: CueSettings::default(),
            rows: vec![Vec::new()],
            columns: MAX_COLUMNS,
            row: 0,
            column: 0,
            pen: TextStyle::default(),
            since: now,
        }
    }

    /// Takes a definition. Text of a window that is there already stays.
    pub(super) fn define(&mut self, definition: Definition) {
        let [flags, vertical, horizontal, anchor, columns, _] = definition;
        self.visible = flags & 0x20 != 0;
        self.rows.resize(usize::from(anchor & 0x0f).min(MAX_ROWS - 1) + 1, Vec::new());
        self.columns = usize::from(columns & 0x3f) + 1;
        self.row = self.row.min(self.rows.len() - 1);
        self.column = self.column.min(self.columns);
        let relative = vertical & 0x80 != 0;
        // The grid is that of wide pictures, and like the percentages it covers the middle four fifths.
        let (rows, columns) = if relative { (99, 99) } else { (74, 209) };
        let part = |value: u8, of: i32| Percent(1_000 + i32::from(value).min(of) * 8_000 / of);
        let (line_align, position_align) = match anchor >> 4 {
            point @ 0..=8 => (
                [LineAlign::Start, LineAlign::Center, LineAlign::End][usize::from(point / 3)],
                [PositionAlign::LineLeft, PositionAlign::Center, PositionAlign::LineRight][usize::from(point % 3)],
            ),
            _ => (LineAlign::End, PositionAlign::Center),
        };
        self.place = CueSettings {
            line: Some(Line::Percent(part(vertical & 0x7f, rows))),
            line_align,
            position: Some(part(horizontal, columns)),
            position_align,
            align: if self.place.is_default() { TextAlign::Left } else { self.place.align },
            ..CueSettings::default()
        };
    }

    /// The two bits of the window's attributes.
    pub(super) fn justify(&mut self, bits: u8) {
        self.place.align = match bits & 3 {
            1 => TextAlign::Right,
            2 => TextAlign::Center,
            _ => TextAlign::Left,
        };
    }

    /// What was seen until now, if anything was; what stays begins a new time.
    pub(super) fn close(&mut self, now: MediaTime) -> Option<Cue> {
        let since = self.since;
        self.since = since.max(now);
        if !self.visible || now <= since || self.is_blank() {
            return None;
        }
        let mut lines = StyledLines::default();
        for row in &self.rows {
            for (letter, style) in row {
                lines.push(letter.encode_utf8(&mut [0; 4]), *style);
            }
            lines.break_line();
        }
        let cue = Cue { start: since, end: now, settings: self.place.clone(), ..Cue::default() };
        Some(cue.with_spans(lines.finish())).filter(|cue| !cue.lines.is_empty())
    }

    fn is_blank(&self) -> bool {
        self.rows.iter().flatten().all(|(letter, _)| letter.is_whitespace())
    }

    pub(super) fn write(&mut self, now: MediaTime, letter: char) {
        if self.is_blank() {
            self.since = self.since.max(now);
        }
        let (column, style) = (self.column.min(MAX_COLUMNS - 1), self.pen);
        let Some(row) = self.rows.get_mut(self.row) else { return };
        if row.len() <= column {
            row.resize(column + 1, (' ', TextStyle::default()));
        }
        row[column] = (letter, style);
        self.column = (column + 1).min(self.columns.min(MAX_COLUMNS));
    }

    pub(super) fn backspace(&mut self) {
        self.column = self.column.saturating_sub(1);
        let column = self.column;
        if let Some(row) = self.rows.get_mut(self.row) {
            row.truncate(column);
        }
    }

    /// To the next row; behind the last, all move up.
    pub(super) fn carriage_return(&mut self) {
        self.column = 0;
        if self.row + 1 < self.rows.len() {
            self.row += 1;
            return;
        }
        self.rows.rotate_left(1);
        if let Some(last) = self.rows.last_mut() {
            last.clear();
        }
    }

    pub(super) fn clear_row(&mut self) {
        self.column = 0;
        if let Some(row) = self.rows.get_mut(self.row) {
            row.clear();
        }
    }

    pub(super) fn clear(&mut self) {
        self.rows.iter_mut().for_each(Vec::clear);
        (self.row, self.column) = (0, 0);
    }

    pub(super) fn locate(&mut self, row: u8, column: u8) {
        self.row = usize::from(row & 0x0f).min(self.rows.len() - 1);
        self.column = usize::from(column & 0x3f).min(self.columns);
    }
}
