//! The PIN of a locked profile, with a keypad for those who have no keys.

use crate::{
    app::{Model, Msg, PinMsg, PinScreen},
    cx::{Cx, say},
    focus::FocusMap,
    language::tr,
    theme::Type,
    widgets::{
        avatar,
        button::{self, Kind, Label},
        text,
    },
};
use egui::{Align2, Id, Rect, Ui, pos2, vec2};

/// As on a telephone.
const PAD: [[Button; 3]; 4] = [
    [Button::Digit(1), Button::Digit(2), Button::Digit(3)],
    [Button::Digit(4), Button::Digit(5), Button::Digit(6)],
    [Button::Digit(7), Button::Digit(8), Button::Digit(9)],
    [Button::Erase, Button::Digit(0), Button::Submit],
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Button {
    Digit(u8),
    Erase,
    Submit,
}

impl Button {
    fn id(self) -> Id {
        match self {
            Self::Digit(digit) => Id::unique(("pin-digit", digit)),
            Self::Erase => Id::unique("pin-erase"),
            Self::Submit => submit_id(),
        }
    }

    fn msg(self) -> PinMsg {
        match self {
            Self::Digit(digit) => PinMsg::Digit(digit),
            Self::Erase => PinMsg::Erase,
            Self::Submit => PinMsg::Submit,
        }
    }
}

/// Identity of the screen for the focus.
pub(crate) fn screen_id() -> Id {
    Id::unique("pin")
}

/// What gives the PIN; whoever types digits has it next.
pub(crate) fn submit_id() -> Id {
    Id::unique("pin-submit")
}

/// The keypad, in its columns.
pub(crate) fn focus_map() -> FocusMap {
    let rows = PAD.iter().enumerate();
    rows.fold(FocusMap::default(), |map, (index, row)| {
        map.nearest_row(Id::unique(("pin-row", index)), row.iter().map(|button| button.id()))
    })
    .starting_at(Button::Digit(5).id())
}

/// Shows the screen.
pub(crate) fn view(ui: &Ui, cx: &mut Cx<'_>, model: &Model) {
    let area = ui.max_rect();
    let tokens = cx.theme.tokens;
    ui.painter().rect_filled(area, 0.0, tokens.ink);
    let Some(pin) = &model.pin else { return };
    let tv = cx.theme.density.is_tv();
    let (size, gap) = if tv { (vec2(84.0, 46.0), 10.0) } else { (vec2(96.0, 54.0), 12.0) };
    let radius = if tv { 30.0 } else { 38.0 };
    let height = 2.0 * radius + 96.0 + 4.0 * (size.y + gap);
    let middle = area.center().x;
    let mut top = area.center().y - height / 2.0;
    let picture = model.household.avatar(&pin.profile.id);
    avatar::paint(ui.painter(), &cx.theme, (pos2(middle, top + radius), radius), &pin.profile, picture);
    top += 2.0 * radius + 22.0;
    let words = pin.heading();
    let at = (pos2(middle, top), Align2::CENTER_CENTER);
    let heading = text::line(ui.painter(), &cx.theme, at, &words, (Type::RowTitle, tokens.text));
    say(ui, Id::unique("pin-heading"), heading, &words);
    dots(ui, cx, pin, pos2(middle, heading.bottom() + 18.0));
    top = heading.bottom() + 54.0;
    for (row, buttons) in PAD.iter().enumerate() {
        for (column, button) in buttons.iter().enumerate() {
            let left = middle - 1.5 * size.x - gap + column as f32 * (size.x + gap);
            let rect = Rect::from_min_size(pos2(left, top + row as f32 * (size.y + gap)), size);
            key(ui, cx, pin, *button, rect);
        }
    }
}

fn key(ui: &Ui, cx: &mut Cx<'_>, pin: &PinScreen, button: Button, rect: Rect) {
    let digit;
    let (words, enabled) = match button {
        Button::Digit(number) => {
            digit = number.to_string();
            (digit.as_str(), !pin.is_asking)
        }
        Button::Erase => (tr!("pin-erase"), pin.count() > 0),
        Button::Submit => (tr!("pin-ok"), pin.is_complete()),
    };
    let kind = if button == Button::Submit { Kind::Primary } else { Kind::Plain };
    if button::labelled_in(ui, cx, button.id(), rect, &Label::new(kind, words).enabled(enabled)) {
        cx.send(Msg::Pin(button.msg()));
    }
}

/// A dot for each digit, or what was wrong with them.
fn dots(ui: &Ui, cx: &Cx<'_>, pin: &PinScreen, centre: egui::Pos2) {
    let tokens = cx.theme.tokens;
    let told = match &pin.failure {
        Some(failure) => Some((failure.sentence.as_str(), tokens.warn)),
        None if pin.is_asking => Some((tr!("pin-checking"), tokens.text_2)),
        None => None,
    };
    if let Some((words, colour)) = told {
        let at = (centre, Align2::CENTER_CENTER);
        let rect = text::line(ui.painter(), &cx.theme, at, words, (Type::Body, colour));
        say(ui, Id::unique("pin-told"), rect, words);
        return;
    }
    let shown = pin.count().max(4);
    let mut at = centre - vec2(11.0 * (shown as f32 - 1.0), 0.0);
    for index in 0..shown {
        if index < pin.count() {
            ui.painter().circle_filled(at, 6.0, tokens.text);
        } else {
            ui.painter().circle_stroke(at, 5.5, (1.5, tokens.text_3));
        }
        at.x += 22.0;
    }
    let rect = Rect::from_center_size(centre, vec2(180.0, 20.0));
    say(ui, Id::unique("pin-count"), rect, &tr!("pin-digits", count = pin.count() as u32));
}
