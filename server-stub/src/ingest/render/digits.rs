//! A tiny bitmap font for what people read off test pictures.

/// Width and height of a glyph in its own dots.
pub(crate) const GLYPH: (usize, usize) = (5, 7);

/// Seven rows of five dots, most significant dot left; unknown characters are blank.
fn rows(character: char) -> [u8; 7] {
    match character {
        '0' => [0b01110, 0b10001, 0b10011, 0b10101, 0b11001, 0b10001, 0b01110],
        '1' => [0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110],
        '2' => [0b01110, 0b10001, 0b00001, 0b00110, 0b01000, 0b10000, 0b11111],
        '3' => [0b11111, 0b00010, 0b00100, 0b00010, 0b00001, 0b10001, 0b01110],
        '4' => [0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010],
        '5' => [0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110],
        '6' => [0b00110, 0b01000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110],
        '7' => [0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b01000, 0b01000],
        '8' => [0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110],
        '9' => [0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00010, 0b01100],
        'p' => [0b00000, 0b00000, 0b11110, 0b10001, 0b11110, 0b10000, 0b10000],
        's' => [0b00000, 0b00000, 0b01111, 0b10000, 0b01110, 0b00001, 0b11110],
        ':' => [0b00000, 0b00100, 0b00100, 0b00000, 0b00100, 0b00100, 0b00000],
        '.' => [0b00000, 0b00000, 0b00000, 0b00000, 0b00000, 0b01100, 0b01100],
        _ => [0; 7],
    }
}

/// Where and how large a text is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text {
    /// Left and top edge in points.
    pub(crate) left: usize,
    pub(crate) top: usize,
    /// Points per dot.
    pub(crate) dot: usize,
    /// Luma of the dots.
    pub(crate) value: u8,
}

/// Draws `text` into a luma plane; what does not fit is left out.
pub(crate) fn draw(plane: &mut [u8], width: usize, text: &str, place: Text) {
    for (index, character) in text.chars().enumerate() {
        let left = place.left + index * (GLYPH.0 + 1) * place.dot;
        for (y, bits) in rows(character).into_iter().enumerate() {
            for x in (0..GLYPH.0).filter(|x| bits >> (GLYPH.0 - 1 - x) & 1 == 1) {
                let from = left + x * place.dot;
                let to = (from + place.dot).min(width);
                for row in 0..place.dot {
                    let start = (place.top + y * place.dot + row) * width;
                    if from < to && start + to <= plane.len() {
                        plane[start + from..start + to].fill(place.value);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_differ_and_clip() {
        let image = |character: char| {
            let mut plane = vec![16; 8 * 8];
            draw(&mut plane, 8, &character.to_string(), Text { left: 0, top: 0, dot: 1, value: 235 });
            plane
        };
        let all: Vec<_> = "0123456789ps:.".chars().map(image).collect();
        for (i, one) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|other| other != one));
        }
        let mut plane = vec![16; 4 * 4];
        draw(&mut plane, 4, "888", Text { left: 1, top: 1, dot: 2, value: 235 });
        assert!(plane.contains(&235));
    }
}
