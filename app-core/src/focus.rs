//! Where the keyboard is: one pure model for arrows, Tab, Enter and Back, on both densities.
//!
//! A screen describes itself as rows of items ([`FocusMap`]), top to bottom, left to right. The model keeps exactly one
//! item focused, remembers the last item of each row and of each screen by its id, and follows ids, not places, when the
//! content is reloaded. egui's own arrow navigation is one cone over everything on the screen, without groups or
//! memory, so it is switched off; egui is only told who has the focus, for screen readers.
//!
//! ```text
//! keys --> Focus::step --> current id --> widgets draw the ring, Enter activates them
//!            ^   ^
//!   FocusMap |   | rectangles of the last frame (only to enter a row at the nearest column)
//! ```

use egui::{Id, Rect};
use std::collections::HashMap;

/// One row of a screen.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FocusRow {
    /// Stable name of the row.
    pub(crate) id: Id,
    /// Items from left to right; rows without items are skipped.
    pub(crate) items: Vec<Id>,
    /// Which item gets the focus when it enters from above or below.
    pub(crate) entry: Entry,
}

/// How a row is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// The item that had the focus last; the first one at first.
    Remembered,
    /// The item whose middle is nearest to where the focus comes from.
    Nearest,
}

/// All rows that the focus may reach now. An open menu or dialog gives only its own rows, which traps the focus.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FocusMap {
    pub(crate) rows: Vec<FocusRow>,
    /// Where the focus starts when nothing is remembered for the screen; the first item otherwise.
    pub(crate) initial: Option<Id>,
}

impl FocusMap {
    /// Adds a row that remembers its item.
    pub(crate) fn row(mut self, id: Id, items: impl IntoIterator<Item = Id>) -> Self {
        self.rows.push(FocusRow { id, items: items.into_iter().collect(), entry: Entry::Remembered });
        self
    }

    /// Adds a row that is entered at the nearest item.
    pub(crate) fn nearest_row(mut self, id: Id, items: impl IntoIterator<Item = Id>) -> Self {
        self.rows.push(FocusRow { id, items: items.into_iter().collect(), entry: Entry::Nearest });
        self
    }

    /// Adds each item as a row of its own: a vertical list.
    pub(crate) fn column(mut self, items: impl IntoIterator<Item = Id>) -> Self {
        for item in items {
            self.rows.push(FocusRow { id: item, items: vec![item], entry: Entry::Remembered });
        }
        self
    }

    pub(crate) fn starting_at(mut self, id: Id) -> Self {
        self.initial = Some(id);
        self
    }

    fn place(&self, id: Id) -> Option<(usize, usize)> {
        self.rows
            .iter()
            .enumerate()
            .find_map(|(row, r)| r.items.iter().position(|item| *item == id).map(|column| (row, column)))
    }

    fn first(&self) -> Option<Id> {
        self.rows.iter().find_map(|row| row.items.first().copied())
    }
}

/// A wish of the viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Up,
    Down,
    Left,
    Right,
    /// Tab: through everything, row by row, around the end.
    Next,
    /// Shift and Tab.
    Previous,
}

/// The focus of the whole application.
#[derive(Debug, Default)]
pub(crate) struct Focus {
    screen: Option<Id>,
    map: FocusMap,
    current: Option<Id>,
    /// Row and column of the current item in the map, to find a neighbour when it disappears.
    place: (usize, usize),
    by_row: HashMap<Id, Id>,
    by_screen: HashMap<Id, Id>,
    rects: HashMap<Id, Rect>,
    /// The ring is shown since the last key and hidden since the last pointer movement.
    ring: bool,
    activated: Option<Id>,
}

impl Focus {
    /// Starts a frame: takes the map of the screen that is shown and repairs the focus if its item is gone.
    pub(crate) fn begin(&mut self, screen: Id, map: FocusMap) -> bool {
        self.activated = None;
        let entered = self.screen != Some(screen);
        if entered {
            if let (Some(left), Some(current)) = (self.screen, self.current) {
                self.by_screen.insert(left, current);
            }
            self.screen = Some(screen);
            self.current = self.by_screen.get(&screen).copied();
        }
        self.map = map;
        let candidate = self.current.filter(|id| self.map.place(*id).is_some());
        let chosen = candidate.or_else(|| if entered { None } else { self.neighbour_of_lost() });
        let chosen =
            chosen.or_else(|| self.map.initial.filter(|id| self.map.place(*id).is_some())).or_else(|| self.map.first());
        match chosen {
            Some(id) => self.set(id),
            // Nothing to focus: stay, the content is probably on its way.
            None if entered => self.current = None,
            None => {}
        }
        entered
    }

    /// The item at the place of the lost one, or the nearest before it.
    fn neighbour_of_lost(&self) -> Option<Id> {
        self.current?;
        let rows: Vec<&FocusRow> = self.map.rows.iter().collect();
        let row = rows.get(self.place.0.min(rows.len().saturating_sub(1)))?;
        row.items.get(self.place.1.min(row.items.len().saturating_sub(1))).copied()
    }

    fn set(&mut self, id: Id) {
        if let Some(place) = self.map.place(id) {
            self.place = place;
            self.by_row.insert(self.map.rows[place.0].id, id);
            self.current = Some(id);
        }
    }

    /// Moves the focus. `false` when there is nothing in that direction.
    pub(crate) fn step(&mut self, step: Step) -> bool {
        self.ring = true;
        let Some(current) = self.current else {
            if let Some(first) = self.map.initial.or_else(|| self.map.first()) {
                self.set(first);
                return true;
            }
            return false;
        };
        let Some((row, column)) = self.map.place(current) else { return false };
        let target = match step {
            Step::Left => column.checked_sub(1).and_then(|c| self.map.rows[row].items.get(c)).copied(),
            Step::Right => self.map.rows[row].items.get(column + 1).copied(),
            Step::Up => self.map.rows[..row].iter().rev().find(|r| !r.items.is_empty()).map(|r| self.enter(r, current)),
            Step::Down => self.map.rows[row + 1..].iter().find(|r| !r.items.is_empty()).map(|r| self.enter(r, current)),
            Step::Next | Step::Previous => {
                let all: Vec<Id> = self.map.rows.iter().flat_map(|r| r.items.iter().copied()).collect();
                let here = all.iter().position(|id| *id == current).unwrap_or(0);
                let by = if step == Step::Next { 1 } else { all.len() - 1 };
                all.get((here + by) % all.len()).copied()
            }
        };
        match target {
            Some(id) => {
                self.set(id);
                true
            }
            None => false,
        }
    }

    fn enter(&self, row: &FocusRow, from: Id) -> Id {
        let remembered = self.by_row.get(&row.id).copied().filter(|id| row.items.contains(id));
        let first = row.items[0];
        match row.entry {
            Entry::Remembered => remembered.unwrap_or(first),
            Entry::Nearest => {
                let Some(x) = self.rects.get(&from).map(|r| r.center().x) else {
                    return remembered.unwrap_or(first);
                };
                let distance = |id: &Id| self.rects.get(id).map_or(f32::MAX, |r| (r.center().x - x).abs());
                row.items.iter().copied().min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(first)
            }
        }
    }

    /// Gives the focus to an item of the current map, as a click or a screen reader does.
    pub(crate) fn take(&mut self, id: Id) {
        self.set(id);
    }

    /// Enter was pressed: the focused widget finds out by [`Focus::is_activated`].
    pub(crate) fn activate(&mut self) {
        self.ring = true;
        self.activated = self.current;
    }

    /// The pointer moved: it shows where it is itself.
    pub(crate) fn hide_ring(&mut self) {
        self.ring = false;
    }

    /// A key was pressed: the ring comes back where it was.
    pub(crate) fn show_ring(&mut self) {
        self.ring = true;
    }

    pub(crate) fn ring_is_shown(&self) -> bool {
        self.ring
    }

    pub(crate) fn current(&self) -> Option<Id> {
        self.current
    }

    /// Should the widget draw the ring?
    pub(crate) fn has_ring(&self, id: Id) -> bool {
        self.ring && self.current == Some(id)
    }

    /// Was Enter pressed on it in this frame?
    pub(crate) fn is_activated(&self, id: Id) -> bool {
        self.activated == Some(id)
    }

    /// Is it one of the items that can be reached now?
    pub(crate) fn contains(&self, id: Id) -> bool {
        self.map.place(id).is_some()
    }

    /// Row of the focused item and its place within.
    pub(crate) fn row(&self) -> Option<(Id, usize)> {
        let (row, column) = self.map.place(self.current?)?;
        Some((self.map.rows[row].id, column))
    }

    /// Widgets report where they are drawn.
    pub(crate) fn note_rect(&mut self, id: Id, rect: Rect) {
        self.rects.insert(id, rect);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> Id {
        Id::unique(name)
    }

    fn map(rows: &[(&str, &[&str])]) -> FocusMap {
        rows.iter().fold(FocusMap::default(), |map, (row, items)| map.row(id(row), items.iter().map(|i| id(i))))
    }

    fn home() -> FocusMap {
        map(&[("nav", &["home", "profile"]), ("hero", &["play", "info"]), ("empty", &[]), ("row", &["a", "b", "c"])])
            .starting_at(id("play"))
    }

    #[test]
    fn a_screen_starts_at_its_initial_item() {
        let mut focus = Focus::default();
        focus.begin(id("screen"), home());
        assert_eq!(focus.current(), Some(id("play")));
        assert!(!focus.has_ring(id("play")), "no ring before the first key");
    }

    #[test]
    fn rows_remember_their_item_and_empty_rows_are_skipped() {
        let mut focus = Focus::default();
        focus.begin(id("screen"), home());
        assert!(focus.step(Step::Down));
        assert!(focus.step(Step::Right));
        assert_eq!(focus.current(), Some(id("b")));
        focus.step(Step::Up);
        assert_eq!(focus.current(), Some(id("play")));
        focus.step(Step::Down);
        assert_eq!(focus.current(), Some(id("b")));
        assert!(!focus.step(Step::Down), "nothing below");
        assert_eq!(focus.current(), Some(id("b")));
    }

    #[test]
    fn a_reload_keeps_the_item_and_not_the_place() {
        let mut focus = Focus::default();
        focus.begin(id("screen"), home());
        focus.take(id("b"));
        focus.begin(id("screen"), map(&[("hero", &["play"]), ("row", &["x", "y", "a", "b"])]));
        assert_eq!(focus.current(), Some(id("b")));
        focus.begin(id("screen"), map(&[("hero", &["play"]), ("row", &["x", "y"])]));
        assert_eq!(focus.current(), Some(id("y")), "the nearest neighbour takes over");
    }

    #[test]
    fn coming_back_to_a_screen_finds_the_same_item() {
        let mut focus = Focus::default();
        focus.begin(id("home"), home());
        focus.take(id("c"));
        focus.begin(id("title"), map(&[("actions", &["resume"])]));
        assert_eq!(focus.current(), Some(id("resume")));
        focus.begin(id("home"), home());
        assert_eq!(focus.current(), Some(id("c")));
    }

    #[test]
    fn nearest_rows_are_entered_below_where_the_focus_comes_from() {
        let mut focus = Focus::default();
        let grid = || {
            FocusMap::default()
                .nearest_row(id("top"), [id("t0"), id("t1")])
                .nearest_row(id("bottom"), [id("b0"), id("b1")])
        };
        focus.begin(id("grid"), grid());
        for (item, x) in [("t0", 0.0), ("t1", 100.0), ("b0", 5.0), ("b1", 90.0)] {
            focus.note_rect(id(item), Rect::from_center_size(egui::pos2(x, 0.0), egui::vec2(10.0, 10.0)));
        }
        focus.step(Step::Right);
        focus.step(Step::Down);
        assert_eq!(focus.current(), Some(id("b1")));
    }

    #[test]
    fn tab_goes_through_everything_and_around() {
        let mut focus = Focus::default();
        focus.begin(id("screen"), home());
        focus.take(id("c"));
        focus.step(Step::Next);
        assert_eq!(focus.current(), Some(id("home")));
        focus.step(Step::Previous);
        assert_eq!(focus.current(), Some(id("c")));
    }

    #[test]
    fn content_that_is_on_its_way_does_not_lose_the_focus() {
        let mut focus = Focus::default();
        focus.begin(id("screen"), home());
        focus.take(id("b"));
        focus.begin(id("screen"), FocusMap::default());
        assert_eq!(focus.current(), Some(id("b")));
        focus.begin(id("screen"), home());
        assert_eq!(focus.current(), Some(id("b")));
    }

    /// Whatever is pressed and however the content changes, one reachable item has the focus.
    #[test]
    fn random_keys_and_reloads_never_lose_the_focus() {
        let mut seed = 0x2545_F491_4F6C_DD1D_u64;
        let mut random = |n: u64| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            seed % n
        };
        let steps = [Step::Up, Step::Down, Step::Left, Step::Right, Step::Next, Step::Previous];
        let mut focus = Focus::default();
        for _ in 0..2_000 {
            let rows = 1 + random(4);
            let mut map = FocusMap::default();
            for row in 0..rows {
                let items = random(5) + u64::from(row == 0);
                map = map.row(Id::unique(("row", row)), (0..items).map(|i| Id::unique(("item", row, i))));
            }
            focus.begin(id("screen"), map);
            for _ in 0..5 {
                focus.step(steps[random(6) as usize]);
                let current = focus.current().expect("something has the focus");
                assert!(focus.contains(current) && focus.has_ring(current));
            }
        }
    }
}
