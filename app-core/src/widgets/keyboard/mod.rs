//! The keyboard on the screen, for those who have a remote control: letters in the order of the alphabet, six in a line.

mod layout;

pub(crate) use layout::{COLUMNS, KeyCap, Keys, Layout};

use crate::{
    cx::Cx,
    focus::FocusMap,
    language::tr,
    motion::{self, time},
    theme::Type,
    tokens,
    widgets::text,
};
use egui::{Align2, Id, Pos2, Rect, Role, Ui, WidgetInfo, vec2};

/// Side of a key, and the space between two.
const SIDE: f32 = 34.0;
const GAP: f32 = 6.0;

/// Width of the keyboard.
pub(crate) const WIDTH: f32 = COLUMNS as f32 * (SIDE + GAP) - GAP;

/// Identity of a key of the keyboard called `name`. Keys that stay keep theirs when the others change.
pub(crate) fn key_id(name: Id, cap: KeyCap) -> Id {
    name.with(cap)
}

/// The keys as a group of the focus, beginning at the first.
pub(crate) fn focus_map(name: Id, keys: Keys) -> FocusMap {
    let lines = keys.lines();
    let first = lines.first().and_then(|line| line.first()).copied();
    let map = FocusMap::default()
        .keyboard(name, lines.iter().map(|line| line.iter().map(|cap| key_id(name, *cap)).collect()));
    match first {
        Some(first) => map.starting_at(key_id(name, first)),
        None => map,
    }
}

/// Shows the keyboard; returns the key that was pressed in this frame, and its lower edge.
pub(crate) fn view(ui: &Ui, cx: &mut Cx<'_>, name: Id, keys: Keys, at: Pos2) -> (Option<KeyCap>, f32) {
    let mut pressed = None;
    let mut top = at.y;
    for line in keys.lines() {
        let letters = matches!(line.first(), Some(KeyCap::Letter(_)));
        let share = (WIDTH + GAP) / line.len() as f32 - GAP;
        let width = if letters { SIDE } else { share };
        for (column, cap) in line.iter().enumerate() {
            let left = at.x + column as f32 * (width + GAP);
            let rect = Rect::from_min_size(egui::pos2(left, top), vec2(width, SIDE));
            if key(ui, cx, name, (*cap, keys), rect) {
                pressed = Some(*cap);
            }
        }
        top += SIDE + GAP;
    }
    (pressed, top - GAP)
}

fn key(ui: &Ui, cx: &mut Cx<'_>, name: Id, (cap, keys): (KeyCap, Keys), rect: Rect) -> bool {
    let tokens = cx.theme.tokens;
    let id = key_id(name, cap);
    let (shown, spoken) = match cap {
        KeyCap::Letter(letter) => (letter.to_string(), letter.to_string()),
        KeyCap::Space => (tr!("keyboard-space").to_owned(), tr!("keyboard-space").to_owned()),
        KeyCap::Erase => (tr!("keyboard-erase").to_owned(), tr!("keyboard-erase").to_owned()),
        KeyCap::Clear => (tr!("keyboard-clear").to_owned(), tr!("keyboard-clear").to_owned()),
        KeyCap::Page if keys.others => ("ABC".to_owned(), tr!("keyboard-letters").to_owned()),
        KeyCap::Page => ("123".to_owned(), tr!("keyboard-digits").to_owned()),
        KeyCap::Language => (keys.layout.code().to_owned(), tr!("keyboard-layout", language = keys.layout.name())),
    };
    let touch = cx.touch(ui, id, rect, || WidgetInfo::labeled(Role::Button, true, &spoken));
    let focus = motion::follow(ui.ctx(), id, f32::from(u8::from(touch.focused)), time::FOCUS);
    let rest = if matches!(cap, KeyCap::Letter(_)) { tokens.control_quiet } else { tokens.control };
    let rest = if touch.hovered { tokens.control_hover } else { rest };
    ui.painter().rect_filled(rect.expand(2.0 * focus), 8.0, tokens::mix(rest, tokens.focus, focus));
    let ink = tokens::mix(tokens.text, tokens.on_focus, focus);
    let role = if matches!(cap, KeyCap::Letter(_)) { Type::BodyStrong } else { Type::Label };
    text::line(ui.painter(), &cx.theme, (rect.center(), Align2::CENTER_CENTER), &shown, (role, ink));
    touch.activated
}
