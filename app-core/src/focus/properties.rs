//! All rules at once: random screens, random keys, and content that changes under the viewer's fingers.
//!
//! Twenty layouts, five hundred sequences of keys on each. After every key and every reload: one item has the focus, it can
//! be reached, its ring is shown; a key that did nothing had nothing to do, which an oracle decides that knows the screen
//! and not the engine; and Back from a page returns to the item it was opened from. Every so often it is tried out that
//! each item can be reached by arrows from where the focus is.
//!
//! A failure prints its layout's and its sequence's seed. `one(layout, sequence)` repeats it; what was found becomes a
//! test with a name at the end of this file.

use super::*;
use egui::{pos2, vec2};
use std::collections::HashSet;

const LAYOUTS: u64 = 20;
const SEQUENCES: u64 = 500;
const KEYS: u64 = 30;

/// Small, and the same on every machine.
#[derive(Clone, Debug)]
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        let mut random = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        for _ in 0..8 {
            random.next(2);
        }
        random
    }

    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % below.max(1)
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.next(n) == 0
    }
}

/// One group as a screen would describe it: lines of item numbers.
#[derive(Clone, Debug, PartialEq)]
struct Shape {
    name: u64,
    kind: GroupKind,
    nearest: bool,
    lines: Vec<Vec<u64>>,
    /// Of a grid.
    columns: usize,
}

/// Bands of panes of groups.
#[derive(Clone, Debug, PartialEq)]
struct Screen {
    name: u64,
    bands: Vec<Vec<Vec<Shape>>>,
    next_item: u64,
}

fn item(number: u64) -> Id {
    Id::unique(("property-item", number))
}

impl Screen {
    fn new(name: u64, random: &mut Random) -> Self {
        let mut screen = Self { name, bands: Vec::new(), next_item: name * 1_000_000 };
        let nav = screen.shape(GroupKind::Nav, random);
        screen.bands.push(vec![vec![nav]]);
        for _ in 0..1 + random.next(6) {
            let panes = if random.one_in(4) { 2 + random.next(2) } else { 1 };
            let mut band = Vec::new();
            for _ in 0..panes {
                let mut pane = Vec::new();
                for _ in 0..if panes > 1 { 1 + random.next(3) } else { 1 } {
                    let kind = [GroupKind::Row, GroupKind::Row, GroupKind::Grid, GroupKind::Keyboard];
                    let kind = kind[random.next(4) as usize];
                    pane.push(screen.shape(kind, random));
                }
                band.push(pane);
            }
            screen.bands.push(band);
        }
        screen
    }

    fn fresh(&mut self) -> u64 {
        self.next_item += 1;
        self.next_item
    }

    fn shape(&mut self, kind: GroupKind, random: &mut Random) -> Shape {
        let name = self.fresh();
        let columns = 1 + random.next(6) as usize;
        let lines = match kind {
            GroupKind::Nav => vec![(0..1 + random.next(4)).map(|_| self.fresh()).collect()],
            GroupKind::Keyboard => {
                (0..1 + random.next(5)).map(|_| (0..1 + random.next(6)).map(|_| self.fresh()).collect()).collect()
            }
            GroupKind::Grid => {
                let items: Vec<u64> = (0..random.next(17)).map(|_| self.fresh()).collect();
                items.chunks(columns).map(<[u64]>::to_vec).collect()
            }
            _ => vec![(0..random.next(15)).map(|_| self.fresh()).collect()],
        };
        let lines = lines.into_iter().filter(|line: &Vec<u64>| !line.is_empty()).collect();
        Shape { name, kind, nearest: random.one_in(3), lines, columns }
    }

    fn shapes(&self) -> impl Iterator<Item = &Shape> {
        self.bands.iter().flatten().flatten()
    }

    fn map(&self) -> FocusMap {
        let add = |map: FocusMap, shape: &Shape| {
            let id = Id::unique(("property-group", shape.name));
            let items = || shape.lines.iter().flatten().map(|number| item(*number));
            match shape.kind {
                GroupKind::Nav => map.nav(id, items()),
                GroupKind::Grid => map.grid(id, shape.columns, items()),
                GroupKind::Keyboard => {
                    map.keyboard(id, shape.lines.iter().map(|line| line.iter().map(|number| item(*number)).collect()))
                }
                _ if shape.nearest => map.nearest_row(id, items()),
                _ => map.row(id, items()),
            }
        };
        self.bands.iter().fold(FocusMap::default(), |map, band| match band.as_slice() {
            [pane] => pane.iter().fold(map, add),
            panes => map.beside(panes.iter().map(|pane| pane.iter().fold(FocusMap::default(), add))),
        })
    }

    fn id(&self) -> Id {
        Id::unique(("property-screen", self.name))
    }

    /// Draws what can be seen of it: the focused band is at the top, and the focused row has slid to its focused item.
    fn draw(&self, focus: &mut Focus) {
        let position = self.place(focus.current());
        let top = position.map_or(0, |at| at.band);
        let mut y = 0.0;
        for (index, band) in self.bands.iter().enumerate().skip(top.saturating_sub(1)) {
            if y > 540.0 {
                break;
            }
            let mut height = 0.0_f32;
            for (pane, shapes) in band.iter().enumerate() {
                let left = 58.0 + 300.0 * pane as f32;
                let mut low = y;
                for (group, shape) in shapes.iter().enumerate() {
                    let here = position.filter(|at| (at.band, at.pane, at.group) == (index, pane, group));
                    let slid = here.filter(|_| shape.kind == GroupKind::Row).map_or(0, |at| at.column);
                    for (row, line) in shape.lines.iter().enumerate() {
                        // Keys of a line share its width, as wide ones do on a real keyboard.
                        let pitch = if shape.kind == GroupKind::Keyboard { 240.0 / line.len() as f32 } else { 60.0 };
                        for (column, number) in line.iter().enumerate() {
                            let x = left + pitch * (column as f32 - slid as f32);
                            if (-100.0..960.0).contains(&x) && low + 40.0 * (row as f32) < 600.0 {
                                let at = pos2(x, low + 40.0 * row as f32);
                                focus.note_rect(item(*number), Rect::from_min_size(at, vec2(pitch - 8.0, 34.0)));
                            }
                        }
                    }
                    low += 40.0 * shape.lines.len() as f32 + 20.0;
                }
                height = height.max(low - y);
            }
            y += height;
        }
    }

    fn place(&self, current: Option<Id>) -> Option<At> {
        let current = current?;
        for (band, panes) in self.bands.iter().enumerate() {
            for (pane, shapes) in panes.iter().enumerate() {
                for (group, shape) in shapes.iter().enumerate() {
                    for (line, items) in shape.lines.iter().enumerate() {
                        if let Some(column) = items.iter().position(|number| item(*number) == current) {
                            return Some(At { band, pane, group, line, column });
                        }
                    }
                }
            }
        }
        None
    }

    /// Is there anything in that direction? By the look of the screen, not by the engine's rules.
    fn offers(&self, at: At, step: Step) -> bool {
        let full = |shapes: &[Shape]| shapes.iter().any(|shape| !shape.lines.is_empty());
        let band = &self.bands[at.band];
        let shape = &band[at.pane][at.group];
        match step {
            Step::Left => at.column > 0 || band[..at.pane].iter().any(|pane| full(pane)),
            Step::Right => {
                at.column + 1 < shape.lines[at.line].len() || band[at.pane + 1..].iter().any(|pane| full(pane))
            }
            Step::Up => {
                at.line > 0
                    || full(&band[at.pane][..at.group])
                    || self.bands[..at.band].iter().flatten().any(|pane| full(pane))
            }
            Step::Down => {
                at.line + 1 < shape.lines.len()
                    || full(&band[at.pane][at.group + 1..])
                    || self.bands[at.band + 1..].iter().flatten().any(|pane| full(pane))
            }
            Step::Next | Step::Previous => self.shapes().map(|shape| shape.lines.concat().len()).sum::<usize>() > 1,
        }
    }

    /// Content comes, goes and changes places; the navigation stays, as in the application.
    fn reload(&mut self, random: &mut Random) {
        for _ in 0..1 + random.next(3) {
            let band = 1 + random.next(self.bands.len() as u64 - 1) as usize;
            let pane = random.next(self.bands[band].len() as u64) as usize;
            let group = random.next(self.bands[band][pane].len() as u64) as usize;
            let fresh: Vec<u64> = (0..random.next(4)).map(|_| self.fresh()).collect();
            let goes = self.bands[band].len() == 1 && self.bands.len() > 2 && random.one_in(6);
            if goes {
                self.bands.remove(band);
                continue;
            }
            let shape = &mut self.bands[band][pane][group];
            let mut items = shape.lines.concat();
            let place = random.next(items.len() as u64 + 1) as usize;
            match random.next(6) {
                0 if !items.is_empty() => {
                    items.remove(place.min(items.len() - 1));
                }
                1 => {
                    items.splice(place..place, fresh);
                }
                2 => items.reverse(),
                3 => items.clear(),
                4 => items = fresh,
                _ => items.rotate_left(place),
            }
            let width = match shape.kind {
                GroupKind::Grid => shape.columns,
                GroupKind::Keyboard => 6,
                _ => items.len().max(1),
            };
            shape.lines = items.chunks(width).map(<[u64]>::to_vec).collect();
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct At {
    band: usize,
    pane: usize,
    group: usize,
    line: usize,
    column: usize,
}

const STEPS: [Step; 6] = [Step::Up, Step::Down, Step::Left, Step::Right, Step::Next, Step::Previous];

fn frame(screen: &Screen, focus: &mut Focus) {
    focus.begin(screen.id(), screen.map());
    screen.draw(focus);
}

fn check(screen: &Screen, focus: &Focus, what: &str) {
    let current = focus.current().unwrap_or_else(|| panic!("{what}: nothing has the focus"));
    assert!(focus.contains(current), "{what}: what has the focus is not on the screen");
    let rings = screen.map().all().into_iter().filter(|id| focus.has_ring(*id)).count();
    assert_eq!(rings, 1, "{what}: rings");
    assert!(screen.place(Some(current)).is_some(), "{what}: the focus is elsewhere");
}

/// Each item can be reached from here by arrows alone.
fn check_reach(screen: &Screen, focus: &Focus) {
    let mut reached = HashSet::from([focus.current().unwrap()]);
    let mut open = vec![focus.clone()];
    while let Some(from) = open.pop() {
        for step in &STEPS[..4] {
            let mut there = from.clone();
            there.step(*step);
            frame(screen, &mut there);
            if reached.insert(there.current().unwrap()) {
                open.push(there);
            }
        }
    }
    let all: HashSet<Id> = screen.map().all().into_iter().collect();
    assert_eq!(reached.len(), all.len(), "items that arrows reach, of all on {screen:#?}");
}

/// Runs one sequence. Returns how many keys moved the focus.
fn one(layout: u64, sequence: u64) -> usize {
    let mut screen = Screen::new(1 + layout, &mut Random::new(layout));
    let mut random = Random::new(layout * 1_000_003 + sequence + 17);
    let mut focus = Focus::default();
    focus.show_ring();
    frame(&screen, &mut focus);
    check(&screen, &focus, "start");
    let mut moved = 0;
    for key in 0..KEYS {
        match random.next(20) {
            0..=1 => {
                screen.reload(&mut random);
                frame(&screen, &mut focus);
                check(&screen, &focus, "reload");
            }
            2 => {
                // A page is opened, walked, and left by Back, while what is behind it may be loaded again.
                let before = focus.current().unwrap();
                let page = Screen::new(100 + key, &mut Random::new(random.next(50)));
                frame(&page, &mut focus);
                check(&page, &focus, "page");
                for _ in 0..random.next(4) {
                    focus.step(STEPS[random.next(6) as usize]);
                    frame(&page, &mut focus);
                }
                if random.one_in(2) {
                    screen.reload(&mut random);
                }
                frame(&screen, &mut focus);
                check(&screen, &focus, "Back");
                if screen.place(Some(before)).is_some() {
                    assert_eq!(focus.current(), Some(before), "Back returns to the same item");
                }
            }
            3 => {
                // Everything goes and comes back.
                let before = focus.current();
                focus.begin(screen.id(), FocusMap::default());
                assert!(!focus.step(STEPS[random.next(4) as usize]));
                assert_eq!(focus.current(), before, "with nothing to focus the focus stays");
                frame(&screen, &mut focus);
                assert_eq!(focus.current(), before);
            }
            4 => {
                while focus.climb() {
                    frame(&screen, &mut focus);
                    check(&screen, &focus, "way back");
                }
                assert_eq!(screen.place(focus.current()).map(|at| at.band), Some(0), "Back ends at the navigation");
            }
            _ => {
                // Now and then two keys come within one frame.
                for _ in 0..1 + u64::from(random.one_in(5)) {
                    let step = STEPS[random.next(6) as usize];
                    let at = screen.place(focus.current()).unwrap();
                    let did = focus.step(step);
                    assert_eq!(did, screen.offers(at, step), "{step:?} from {at:?} on {screen:#?}");
                    moved += usize::from(did);
                }
                frame(&screen, &mut focus);
                check(&screen, &focus, "key");
            }
        }
    }
    if sequence.is_multiple_of(100) {
        check_reach(&screen, &focus);
    }
    moved
}

#[test]
fn ten_thousand_sequences_of_keys_never_lose_the_focus() {
    let mut moved = 0;
    for layout in 0..LAYOUTS {
        for sequence in 0..SEQUENCES {
            let run = std::panic::catch_unwind(|| one(layout, sequence));
            moved += run.unwrap_or_else(|_| panic!("seeds: one({layout}, {sequence})"));
        }
    }
    println!("{} sequences on {LAYOUTS} layouts, {moved} keys moved the focus", LAYOUTS * SEQUENCES);
    assert!(moved > 100_000, "{moved}: the keys must have something to do");
}
