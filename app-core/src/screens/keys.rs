//! Keys on the screen for a field, for those who have five keys in their hand.

use crate::{
    app::{Field, Model, Msg, Wish},
    cx::{Cx, say},
    focus::FocusMap,
    language::tr,
    theme::Type,
    widgets::{
        button::{self, Kind, Label},
        text,
    },
};
use egui::{Align2, Id, Rect, Sense, Ui, pos2, vec2};

/// In the order of the alphabet: they are walked, not typed.
const LETTERS: [&str; 4] = ["abcdefghijklm", "nopqrstuvwxyz", "0123456789.,?", "@-_!#$%&*+=/'"];
/// What is not a letter, with its width in keys. The names are no words for the screen: [`words_of`] says those.
const WORDS: [(&str, f32); 4] = [("Capitals", 3.0), ("Space", 4.0), ("Erase", 3.0), ("Done", 3.0)];

fn letter_id(row: usize, column: usize) -> Id {
    Id::unique(("keys", row, column))
}

fn words_of(word: &str) -> &'static str {
    match word {
        "Capitals" => tr!("keyboard-capitals"),
        "Space" => tr!("keyboard-space"),
        "Erase" => tr!("keyboard-erase"),
        _ => tr!("done"),
    }
}

fn word_id(word: &str) -> Id {
    Id::unique(("keys", word))
}

fn capitals_id() -> Id {
    Id::unique("keys-capitals")
}

/// The keys in their columns; everything else waits.
pub(crate) fn focus_map() -> FocusMap {
    let map = LETTERS.iter().enumerate().fold(FocusMap::default(), |map, (row, letters)| {
        map.nearest_row(Id::unique(("keys-row", row)), (0..letters.len()).map(|column| letter_id(row, column)))
    });
    map.nearest_row(Id::unique("keys-words"), WORDS.iter().map(|(word, _)| word_id(word))).starting_at(letter_id(0, 0))
}

/// Shows the field's text and the keys over the lower part of `area`.
pub(crate) fn view(ui: &Ui, cx: &mut Cx<'_>, area: Rect, model: &Model, field: Field) {
    let tokens = cx.theme.tokens;
    let (side, gap) = (40.0, 6.0);
    let columns = LETTERS[0].len() as f32;
    let width = columns * (side + gap) - gap;
    let height = 5.0 * (side + gap) + 76.0;
    let panel = Rect::from_min_max(pos2(area.left(), area.bottom() - height), area.max);
    ui.interact(area, Id::unique("keys-ground"), Sense::CLICK);
    ui.painter().rect_filled(area, 0.0, tokens.ink.gamma_multiply(0.6));
    ui.painter().rect_filled(panel, 0.0, tokens.surface_1);
    let left = area.center().x - width / 2.0;
    let typed = model.field(field);
    // Its end is what is being typed.
    let tail: String = {
        let letters: Vec<char> = typed.chars().collect();
        let shown = &letters[letters.len().saturating_sub(44)..];
        if field.is_secret() { "•".repeat(shown.len()) } else { shown.iter().collect() }
    };
    let (words, colour) = if typed.is_empty() { (field.name(), tokens.text_3) } else { (tail.as_str(), tokens.text) };
    let place = (pos2(left, panel.top() + 14.0), Align2::LEFT_TOP, width);
    let line = text::clipped_line(ui.painter(), &cx.theme, place, words, (Type::Title, colour));
    let spoken =
        if field.is_secret() { tr!("keyboard-typed", count = typed.chars().count()) } else { words.to_owned() };
    say(ui, Id::unique("keys-text"), line, &spoken);

    let capitals = ui.data(|data| data.get_temp::<bool>(capitals_id())).unwrap_or(false);
    let mut top = panel.top() + 58.0;
    for (row, letters) in LETTERS.iter().enumerate() {
        let mut x = left;
        for (column, letter) in letters.chars().enumerate() {
            let letter = if capitals { letter.to_ascii_uppercase() } else { letter };
            let rect = Rect::from_min_size(pos2(x, top), vec2(side, side));
            let name = letter.to_string();
            if button::labelled_in(ui, cx, letter_id(row, column), rect, &Label::new(Kind::Plain, &name)) {
                cx.send(Msg::Wish(Wish::Key(letter)));
            }
            x = rect.right() + gap;
        }
        top += side + gap;
    }
    let mut x = left;
    for (word, keys) in WORDS {
        let rect = Rect::from_min_size(pos2(x, top), vec2(keys * (side + gap) - gap, side));
        x = rect.right() + gap;
        let kind = if word == "Done" { Kind::Primary } else { Kind::Plain };
        if button::labelled_in(ui, cx, word_id(word), rect, &Label::new(kind, words_of(word))) {
            match word {
                "Capitals" => {
                    ui.data_mut(|data| data.insert_temp(capitals_id(), !capitals));
                }
                "Space" => cx.send(Msg::Wish(Wish::Key(' '))),
                "Erase" => cx.send(Msg::Wish(Wish::EraseKey)),
                _ => cx.send(Msg::Wish(Wish::CloseKeys)),
            }
        }
    }
}
