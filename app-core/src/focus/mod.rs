//! Where the keyboard is: one pure model for arrows, Tab, Enter and Back, on both densities.
//!
//! A screen describes itself as groups of items ([`FocusMap`]). The model keeps exactly one item focused, remembers the
//! last item of each group and of each screen by its id, and follows ids, not places, when the content is loaded again.
//! egui's own arrow navigation is one cone over everything on the screen, without groups or memory, so it is switched
//! off; egui is only told who has the focus, for screen readers.
//!
//! ```text
//! keys --> Focus::step --> current id --> widgets draw the ring, Enter activates them
//!            ^   ^
//!   FocusMap |   | rectangles of the last frame (to find the nearest item of another line or group)
//! ```
//!
//! The rules, each with its tests in `tests.rs` and all of them together in `properties.rs`:
//!
//! 1. Exactly one item has the focus, and it can be seen.
//! 2. Items stand in groups: rows, grids, the navigation, keyboards, dialogs ([`GroupKind`]).
//! 3. An arrow looks within its group first, then in the next group of its pane, then in the pane beside or in the band
//!    above or below.
//! 4. Among several the nearest is taken by [`score`]. Within a line the order decides: what is not drawn yet, because it
//!    is beyond the edge, can be reached too.
//! 5. A group remembers its item. Back restores it; an arrow enters where the group's [`Entry`] says.
//! 6. A dialog keeps the focus to itself.
//! 7. After a reload the focus is on the same item, wherever it is now; if it is gone, on its nearest neighbour.
//! 8. With nothing to focus the focus stays where it is.
//! 9. Content that is on its way has a place to wait at ([`FocusMap::skeleton`]).
//! 10. The pointer hides the ring; the first key brings it back where it was.

mod map;
#[cfg(test)]
mod properties;
mod repeat;
mod score;
#[cfg(test)]
mod tests;

use self::{
    map::Group,
    score::{Direction, distance},
};
pub(crate) use self::{
    map::{Entry, FocusMap, GroupKind},
    repeat::Repeat,
};
use egui::{Id, Rect};
use std::collections::{HashMap, VecDeque};

/// Screens whose focus is remembered; who came through more has forgotten the first ones as well.
const SCREENS: usize = 64;
/// Groups and rectangles remembered before those that are not on the screen are forgotten.
const REMEMBERED: usize = 4096;

/// A wish of the viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Up,
    Down,
    Left,
    Right,
    /// Tab: through everything, group by group, around the end.
    Next,
    /// Shift and Tab.
    Previous,
}

impl Step {
    fn direction(self) -> Option<Direction> {
        match self {
            Self::Up => Some(Direction::Up),
            Self::Down => Some(Direction::Down),
            Self::Left => Some(Direction::Left),
            Self::Right => Some(Direction::Right),
            Self::Next | Self::Previous => None,
        }
    }
}

/// A screen that was left: what it looked like and where the focus was.
#[derive(Clone, Debug)]
struct Left {
    screen: Id,
    map: FocusMap,
    current: Id,
}

/// The focus of the whole application.
#[derive(Clone, Debug, Default)]
pub(crate) struct Focus {
    screen: Option<Id>,
    map: FocusMap,
    current: Option<Id>,
    /// While there is nothing to focus: what there was before.
    absent: Option<FocusMap>,
    by_group: HashMap<Id, Id>,
    /// The newest last.
    left: VecDeque<Left>,
    rects: HashMap<Id, Rect>,
    /// The ring is shown since the last key and hidden since the last pointer movement.
    ring: bool,
    activated: Option<Id>,
}

impl Focus {
    /// Starts a frame: takes the map of the screen that is shown and repairs the focus if its item is gone. Returns
    /// whether it is another screen than before.
    pub(crate) fn begin(&mut self, screen: Id, map: FocusMap) -> bool {
        self.activated = None;
        let entered = self.screen != Some(screen);
        let shown = std::mem::replace(&mut self.map, map);
        let mut before = self.absent.take().unwrap_or(shown);
        if entered {
            if let (Some(left), Some(current)) = (self.screen, self.current) {
                self.remember(Left { screen: left, map: before, current });
            }
            self.screen = Some(screen);
            let known = self.left.iter().position(|left| left.screen == screen).and_then(|i| self.left.remove(i));
            (self.current, before) = known.map_or_else(Default::default, |left| (Some(left.current), left.map));
        }
        let chosen = match self.current {
            Some(current) if self.map.place(current).is_some() => Some(current),
            Some(current) => self.map.heir(&before, current).or_else(|| self.map.start()),
            None => self.map.start(),
        };
        match chosen {
            Some(id) => self.set(id),
            // Nothing to focus: stay, the content is probably on its way. What it looked like must be known then.
            None => self.absent = Some(before),
        }
        self.forget();
        entered
    }

    fn remember(&mut self, left: Left) {
        self.left.retain(|known| known.screen != left.screen);
        self.left.push_back(left);
        if self.left.len() > SCREENS {
            self.left.pop_front();
        }
    }

    fn forget(&mut self) {
        if self.rects.len() > REMEMBERED {
            let map = &self.map;
            self.rects.retain(|id, _| map.place(*id).is_some());
        }
        if self.by_group.len() > REMEMBERED {
            let map = &self.map;
            self.by_group.retain(|group, _| map.find(*group).is_some());
        }
    }

    fn set(&mut self, id: Id) {
        if let Some((group, _)) = self.map.place(id) {
            self.by_group.insert(self.map.groups[group].id, id);
            self.current = Some(id);
        }
    }

    /// Moves the focus. `false` when there is nothing in that direction.
    pub(crate) fn step(&mut self, step: Step) -> bool {
        self.ring = true;
        let place = self.current.and_then(|current| self.map.place(current).map(|place| (current, place)));
        let target = match (place, step.direction()) {
            (None, _) => self.map.start(),
            (Some((current, (group, index))), Some(direction)) => {
                let group = &self.map.groups[group];
                self.within(group, index, direction).or_else(|| self.beyond(group, current, direction))
            }
            (Some((current, _)), None) => {
                let all = self.map.all();
                let here = all.iter().position(|id| *id == current).unwrap_or(0);
                let by = if step == Step::Next { 1 } else { all.len() - 1 };
                all.get((here + by) % all.len()).copied()
            }
        };
        match target {
            Some(id) if Some(id) != self.current => {
                self.set(id);
                true
            }
            _ => false,
        }
    }

    /// The next item of the same group.
    fn within(&self, group: &Group, index: usize, direction: Direction) -> Option<Id> {
        let (line, place) = group.line_of(index);
        match direction {
            Direction::Left => group.line(line).get(place.checked_sub(1)?).copied(),
            Direction::Right => group.line(line).get(place + 1).copied(),
            Direction::Up => self.in_line(group.line(line.checked_sub(1)?), (group.items[index], place), direction),
            Direction::Down => self.in_line(group.line(line + 1), (group.items[index], place), direction),
        }
    }

    /// The nearest item of a line above or below; the one at the same place where nothing is drawn yet.
    fn in_line(&self, line: &[Id], (from, place): (Id, usize), direction: Direction) -> Option<Id> {
        self.nearest(line.iter().copied(), from, direction)
            .or_else(|| line.get(place.min(line.len().checked_sub(1)?)).copied())
    }

    fn nearest(&self, items: impl Iterator<Item = Id>, from: Id, direction: Direction) -> Option<Id> {
        let from = *self.rects.get(&from)?;
        let known = items.filter_map(|id| self.rects.get(&id).map(|rect| (id, distance(from, *rect, direction))));
        known.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(id, _)| id)
    }

    /// The item of another group: of the same pane, then of the pane beside or the band above or below.
    fn beyond(&self, group: &Group, from: Id, direction: Direction) -> Option<Id> {
        let groups: Vec<&Group> = self.map.reachable().map(|(_, group)| group).collect();
        let here = groups.iter().position(|other| other.id == group.id)?;
        let forward = matches!(direction, Direction::Down | Direction::Right);
        let (before, after) = (groups[..here].iter().rev(), groups[here + 1..].iter());
        let ahead: Vec<&Group> = if forward { after.copied().collect() } else { before.copied().collect() };
        let candidates: Vec<&Group> = if direction.is_vertical() {
            let same_pane = ahead.iter().find(|other| other.band == group.band && other.pane == group.pane);
            match same_pane {
                Some(next) => vec![*next],
                None => {
                    // The facing group of each pane of the next band that has any.
                    let band = ahead.iter().find(|other| other.band != group.band)?.band;
                    let mut facing: Vec<&Group> = Vec::new();
                    for other in ahead.iter().filter(|other| other.band == band) {
                        if facing.iter().all(|seen| seen.pane != other.pane) {
                            facing.push(other);
                        }
                    }
                    facing
                }
            }
        } else {
            let mut beside = ahead.iter().filter(|other| other.band == group.band && other.pane != group.pane);
            let pane = beside.next()?.pane;
            groups.iter().filter(|other| other.band == group.band && other.pane == pane).copied().collect()
        };
        let entries = candidates.iter().filter_map(|other| self.entry(other, from, direction));
        self.nearest(entries.clone(), from, direction).or_else(|| entries.clone().next())
    }

    /// The item by which a group is entered.
    fn entry(&self, group: &Group, from: Id, direction: Direction) -> Option<Id> {
        let remembered = self.by_group.get(&group.id).copied().filter(|id| group.items.contains(id));
        let last = group.line_count().checked_sub(1)?;
        let facing: Vec<Id> = match direction {
            Direction::Down => group.line(0).to_vec(),
            Direction::Up => group.line(last).to_vec(),
            Direction::Right => (0..=last).filter_map(|line| group.line(line).first().copied()).collect(),
            Direction::Left => (0..=last).filter_map(|line| group.line(line).last().copied()).collect(),
        };
        let nearest = || self.nearest(facing.iter().copied(), from, direction);
        match group.entry {
            Entry::Remembered => remembered.or_else(nearest),
            Entry::Nearest => nearest().or(remembered),
        }
        .or_else(|| facing.first().copied())
    }

    /// One rung of the way back: to the start of the row, then to the navigation. `false` when the focus is there
    /// already, or when there is none.
    pub(crate) fn climb(&mut self) -> bool {
        let Some((index, place)) = self.current.and_then(|current| self.map.place(current)) else { return false };
        let group = &self.map.groups[index];
        let target = match group.kind {
            GroupKind::Nav | GroupKind::Dialog => None,
            GroupKind::Row if place > 0 => group.items.first().copied(),
            _ => {
                let nav = self.map.reachable().map(|(_, group)| group).find(|group| group.kind == GroupKind::Nav);
                // Not where it was left: this is the way home, and home is the first.
                nav.and_then(|nav| nav.items.first().copied())
            }
        };
        self.ring = true;
        target.is_some_and(|id| {
            self.set(id);
            true
        })
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

    /// Group of the focused item and its place within.
    pub(crate) fn row(&self) -> Option<(Id, usize)> {
        let (group, place) = self.map.place(self.current?)?;
        Some((self.map.groups[group].id, place))
    }

    /// Items in the focused group.
    pub(crate) fn count(&self) -> usize {
        self.current.and_then(|id| self.map.place(id)).map_or(0, |(group, _)| self.map.groups[group].items.len())
    }

    /// Where the focused item was drawn.
    #[cfg(test)]
    pub(crate) fn rect(&self) -> Option<Rect> {
        self.rects.get(&self.current?).copied()
    }

    /// All that can be reached now.
    #[cfg(test)]
    pub(crate) fn reachable(&self) -> Vec<Id> {
        self.map.all()
    }

    /// Widgets report where they are drawn, or where they come to rest.
    pub(crate) fn note_rect(&mut self, id: Id, rect: Rect) {
        self.rects.insert(id, rect);
    }
}
