//! What the focus can reach on a screen: groups of items, in bands from top to bottom, some bands split into panes.
//!
//! ```text
//!  band 0   [ nav ]
//!  band 1   [ row ]
//!  band 2   [ keyboard ] | [ row  ]      two panes beside each other
//!           [          ] | [ grid ]
//! ```

use egui::Id;
use std::ops::Range;

/// What a group is to its viewer; it decides how the focus enters, leaves and goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GroupKind {
    /// One line that slides. Back goes to its start first.
    Row,
    /// The way around the application. Back ends here.
    Nav,
    /// Lines of cards.
    Grid,
    /// Lines of keys, of any widths.
    Keyboard,
    /// A list that lets nobody out: the rest of the map cannot be reached while it is there.
    Dialog,
}

/// Which item gets the focus when a group is entered by an arrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// The item that had the focus last; the nearest one at first.
    Remembered,
    /// The item that is nearest to where the focus comes from.
    Nearest,
}

/// Items that belong together.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Group {
    /// Stable name.
    pub(crate) id: Id,
    pub(crate) kind: GroupKind,
    pub(crate) items: Vec<Id>,
    pub(crate) entry: Entry,
    /// How many items stand in each line; their sum is the number of items, and no line is empty.
    lines: Vec<usize>,
    /// Stands for content that is on its way: whoever waits here goes to the start of what comes.
    pub(super) is_skeleton: bool,
    pub(super) band: usize,
    pub(super) pane: usize,
}

impl Group {
    /// Line of an item, and its place within.
    pub(super) fn line_of(&self, index: usize) -> (usize, usize) {
        let mut before = 0;
        for (line, count) in self.lines.iter().enumerate() {
            if index < before + count {
                return (line, index - before);
            }
            before += count;
        }
        (self.lines.len().saturating_sub(1), 0)
    }

    /// Items of a line; empty if there is no such line.
    pub(super) fn line(&self, line: usize) -> &[Id] {
        let range = self.line_range(line);
        self.items.get(range).unwrap_or_default()
    }

    fn line_range(&self, line: usize) -> Range<usize> {
        let before: usize = self.lines.iter().take(line).sum();
        before..before + self.lines.get(line).copied().unwrap_or(0)
    }

    pub(super) fn line_count(&self) -> usize {
        self.lines.len()
    }
}

/// All groups that the focus may reach now.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FocusMap {
    pub(super) groups: Vec<Group>,
    /// Where the focus starts when nothing is remembered for the screen; the first item otherwise.
    pub(super) initial: Option<Id>,
    bands: usize,
}

impl FocusMap {
    /// Adds a row that remembers its item.
    pub(crate) fn row(self, id: Id, items: impl IntoIterator<Item = Id>) -> Self {
        self.single(id, (GroupKind::Row, Entry::Remembered), items)
    }

    /// Adds a row that is entered at the nearest item.
    pub(crate) fn nearest_row(self, id: Id, items: impl IntoIterator<Item = Id>) -> Self {
        self.single(id, (GroupKind::Row, Entry::Nearest), items)
    }

    /// Adds the navigation.
    pub(crate) fn nav(self, id: Id, items: impl IntoIterator<Item = Id>) -> Self {
        self.single(id, (GroupKind::Nav, Entry::Remembered), items)
    }

    /// Adds a grid of `columns` items a line, entered at the nearest one.
    pub(crate) fn grid(self, id: Id, columns: usize, items: impl IntoIterator<Item = Id>) -> Self {
        let items: Vec<Id> = items.into_iter().collect();
        let lines = items.chunks(columns.max(1)).map(<[Id]>::len).collect();
        self.group(id, (GroupKind::Grid, Entry::Nearest), items, lines)
    }

    /// Adds a keyboard, line by line. It is entered at the key that was used last.
    pub(crate) fn keyboard(self, id: Id, lines: impl IntoIterator<Item = Vec<Id>>) -> Self {
        let lines: Vec<Vec<Id>> = lines.into_iter().filter(|line| !line.is_empty()).collect();
        let counts = lines.iter().map(Vec::len).collect();
        self.group(id, (GroupKind::Keyboard, Entry::Remembered), lines.concat(), counts)
    }

    /// Adds a vertical list that keeps the focus to itself. Of several, the one added last has it.
    pub(crate) fn column(self, items: impl IntoIterator<Item = Id>) -> Self {
        let items: Vec<Id> = items.into_iter().collect();
        let Some(first) = items.first() else { return self };
        let (id, lines) = (first.with("dialog"), vec![1; items.len()]);
        self.group(id, (GroupKind::Dialog, Entry::Remembered), items, lines)
    }

    /// Adds the place of content that is on its way. The focus waits there, and goes to the start of what comes.
    pub(crate) fn skeleton(self, id: Id, slot: Id) -> Self {
        let mut map = self.row(id, [slot]).starting_at(slot);
        if let Some(group) = map.groups.last_mut() {
            group.is_skeleton = true;
        }
        map
    }

    /// Adds parts that stand beside each other, from left to right.
    pub(crate) fn beside(mut self, panes: impl IntoIterator<Item = FocusMap>) -> Self {
        let band = self.bands;
        for (pane, map) in panes.into_iter().enumerate() {
            self.initial = self.initial.or(map.initial);
            self.groups.extend(map.groups.into_iter().map(|group| Group { band, pane, ..group }));
        }
        self.bands += 1;
        self
    }

    pub(crate) fn starting_at(mut self, id: Id) -> Self {
        self.initial = Some(id);
        self
    }

    fn single(self, id: Id, how: (GroupKind, Entry), items: impl IntoIterator<Item = Id>) -> Self {
        let items: Vec<Id> = items.into_iter().collect();
        let lines = if items.is_empty() { vec![] } else { vec![items.len()] };
        self.group(id, how, items, lines)
    }

    fn group(mut self, id: Id, (kind, entry): (GroupKind, Entry), items: Vec<Id>, lines: Vec<usize>) -> Self {
        let band = self.bands;
        self.groups.push(Group { id, kind, items, entry, lines, is_skeleton: false, band, pane: 0 });
        self.bands += 1;
        self
    }

    /// The groups that can be reached: all of them, or the dialog alone.
    pub(super) fn reachable(&self) -> impl DoubleEndedIterator<Item = (usize, &Group)> {
        let dialog = self.groups.iter().rposition(|group| group.kind == GroupKind::Dialog);
        let range = dialog.map_or(0..self.groups.len(), |index| index..index + 1);
        self.groups.iter().enumerate().skip(range.start).take(range.len()).filter(|(_, group)| !group.items.is_empty())
    }

    /// Group of an item that can be reached, and its place within.
    pub(super) fn place(&self, id: Id) -> Option<(usize, usize)> {
        self.reachable()
            .find_map(|(index, group)| group.items.iter().position(|item| *item == id).map(|place| (index, place)))
    }

    pub(super) fn find(&self, group: Id) -> Option<&Group> {
        self.reachable().map(|(_, found)| found).find(|found| found.id == group)
    }

    /// Where a viewer starts who has not been here.
    pub(super) fn start(&self) -> Option<Id> {
        self.initial
            .filter(|id| self.place(*id).is_some())
            .or_else(|| self.reachable().next()?.1.items.first().copied())
    }

    /// All that can be reached, in the order of reading.
    pub(crate) fn all(&self) -> Vec<Id> {
        self.reachable().flat_map(|(_, group)| group.items.iter().copied()).collect()
    }

    /// Who takes over from an item of an older map that is not there any more: its nearest neighbour that is left, the
    /// item at its place, or the nearest group. `None` if nothing of the old map is left.
    pub(super) fn heir(&self, old: &FocusMap, lost: Id) -> Option<Id> {
        let (index, place) = old.place(lost)?;
        let group = &old.groups[index];
        if group.is_skeleton {
            return self.start();
        }
        if let Some(now) = self.find(group.id) {
            let left = outward(place, group.items.len()).map(|i| group.items[i]).find(|id| now.items.contains(id));
            return left.or_else(|| now.items.get(place.min(now.items.len() - 1)).copied());
        }
        // What was empty has no place on the screen and does not count.
        let seen: Vec<usize> = old.reachable().map(|(i, _)| i).collect();
        let here = seen.iter().position(|i| *i == index)?;
        let near = outward(here, seen.len()).find_map(|i| self.find(old.groups[seen[i]].id));
        near.and_then(|group| group.items.first().copied())
    }
}

/// The places around one, nearest first; of two at the same distance the later one, which has moved up.
fn outward(from: usize, count: usize) -> impl Iterator<Item = usize> {
    (1..=count).flat_map(move |by| [from.checked_add(by), from.checked_sub(by)]).flatten().filter(move |i| *i < count)
}
