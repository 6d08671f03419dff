//! Pages that are lists of lines: settings, a profile, the form to support. A page says what its lines are; how they
//! look, scroll and are walked with five keys is the same everywhere and stands in [`view`].

mod paint;

use crate::{
    app::{Field, Wish},
    cx::Cx,
    focus::FocusMap,
    motion::{self, time},
};
use egui::{Id, Rect, Ui, UiBuilder, pos2};

/// Widest column of lines: longer ones are hard to read.
const WIDEST: f32 = 680.0;
/// Between two lines.
const GAP: f32 = 8.0;

/// One line of a page.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Line {
    Heading(String),
    /// A paragraph.
    Text(String),
    /// It went well.
    Good(String),
    /// It did not, and what to do about it.
    Bad(String),
    Fact {
        name: String,
        value: String,
    },
    /// Text as it is sent, in a box.
    Block(String),
    /// What several things have in common and what not. The column that is the viewer's own stands out.
    Table {
        columns: Vec<(String, bool)>,
        rows: Vec<(String, Vec<String>)>,
    },
    Button {
        icon: &'static str,
        words: String,
        wish: Wish,
        weight: Weight,
        is_enabled: bool,
    },
    /// Something with one thing to do about it.
    Item {
        icon: &'static str,
        name: String,
        detail: String,
        /// On the right; empty for a fact that is only looked at.
        verb: String,
        wish: Wish,
    },
    Switch {
        name: String,
        detail: String,
        is_on: bool,
        wish: Wish,
    },
    /// One of a few, side by side.
    Pills {
        name: String,
        pills: Vec<Pill>,
    },
    Discs {
        name: String,
        discs: Vec<Disc>,
    },
    /// `rows` of text high.
    Field {
        field: Field,
        text: String,
        hint: String,
        rows: u8,
    },
}

/// How much a button stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    Primary,
    Plain,
    /// It cannot be undone.
    Danger,
}

/// One choice of a line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pill {
    pub(crate) words: String,
    pub(crate) is_chosen: bool,
    pub(crate) wish: Wish,
}

/// A picture or a colour to choose.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Disc {
    /// What it is called aloud.
    pub(crate) name: String,
    /// As `#RRGGBB`.
    pub(crate) colour: String,
    /// Name of a picture; empty for the colour alone.
    pub(crate) avatar: String,
    pub(crate) is_chosen: bool,
    pub(crate) wish: Wish,
}

/// Identity of a field: shared by all pages, so that the shell knows where letters go.
pub(crate) fn field_id(field: Field) -> Id {
    Id::unique(("field", field))
}

/// Is somebody typing there?
pub(crate) fn is_field(id: Id) -> bool {
    Field::ALL.iter().any(|field| field_id(*field) == id)
}

impl Line {
    /// What of it can have the focus, from left to right. Made from what the line says, so that a reload keeps it.
    fn ids(&self, page: Id) -> Vec<Id> {
        let one = |name: &str| vec![page.with(("line", name))];
        match self {
            Self::Button { words, .. } => one(words),
            Self::Item { name, detail, verb, .. } if !verb.is_empty() => vec![page.with(("line", name, detail))],
            Self::Switch { name, .. } => one(name),
            Self::Pills { pills, .. } => {
                // By what they do: a choice of language changes the words.
                pills.iter().map(|pill| page.with(("pill", format!("{:?}", pill.wish)))).collect()
            }
            Self::Discs { name, discs } => discs.iter().map(|disc| page.with(("disc", name, &disc.name))).collect(),
            Self::Field { field, .. } => vec![field_id(*field)],
            _ => Vec::new(),
        }
    }
}

/// Adds the lines to a map, each a row of its own.
pub(crate) fn focus_rows(map: FocusMap, page: Id, lines: &[Line]) -> FocusMap {
    lines.iter().fold(map, |map, line| {
        let ids = line.ids(page);
        match ids.first() {
            Some(first) => map.row(first.with("row"), ids.clone()),
            None => map,
        }
    })
}

/// Shows the lines in `area` under each other, scrolled to where the focus or the wheel want them.
pub(crate) fn view(ui: &mut Ui, cx: &mut Cx<'_>, area: Rect, page: Id, lines: &[Line]) {
    let width = area.width().min(WIDEST);
    let heights: Vec<f32> = lines.iter().map(|line| paint::height(ui, cx, line, width)).collect();
    let mut top = 0.0;
    let tops: Vec<f32> = lines
        .iter()
        .zip(&heights)
        .enumerate()
        .map(|(index, (line, height))| {
            let space = match line {
                _ if index == 0 => 0.0,
                Line::Heading(_) => 14.0,
                // What names them belongs to them and not to what is above.
                Line::Pills { .. } | Line::Discs { .. } => 6.0,
                _ => 0.0,
            };
            let at = top + space;
            top = at + height + GAP;
            at
        })
        .collect();
    let key = page.with("scroll");
    let mut target = ui.data(|data| data.get_temp::<f32>(key)).unwrap_or(0.0);
    let end = (top + 24.0 - area.height()).max(0.0);
    let current = cx.focus.current();
    let focused = current.filter(|_| cx.focus.ring_is_shown());
    let at = focused.and_then(|id| lines.iter().position(|line| line.ids(page).contains(&id)));
    if let Some(at) = at {
        // The heading above and a part of what is below are read together with it; the first line shows the beginning.
        let first = lines.iter().position(|line| !line.ids(page).is_empty()) == Some(at);
        let above = if first { 0.0 } else { tops[at] - 56.0 };
        let below = tops[at] + heights[at] + 56.0 - area.height();
        target = target.clamp(below.min(above), above.max(0.0));
    } else {
        target -= ui.input(|input| input.smooth_scroll_delta().y);
    }
    target = target.clamp(0.0, end);
    ui.data_mut(|data| data.insert_temp(key, target));
    let offset = motion::follow(ui.ctx(), key, target, time::SLIDE);
    // What is raised reaches a little beyond the column.
    let mut child = ui.new_child(UiBuilder::new().max_rect(area).id_salt(page));
    child.set_clip_rect(Rect::from_min_max(
        pos2(area.left() - 12.0, area.top() - 8.0),
        pos2(area.right() + 12.0, area.bottom()),
    ));
    for ((line, top), height) in lines.iter().zip(tops).zip(heights) {
        let y = area.top() + top - offset;
        // What is typed into has to be there, seen or not.
        let is_focused = current.is_some_and(|id| line.ids(page).contains(&id));
        if (y > area.bottom() || y + height < area.top() - 8.0) && !is_focused {
            continue;
        }
        let rect = Rect::from_min_size(pos2(area.left(), y), egui::vec2(width, height));
        paint::line(&mut child, cx, rect, page, line);
    }
}
