//! How text looks.

use serde::{Deserialize, Serialize};

/// Red, green, blue and opacity, 0 to 255 each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Colour(pub [u8; 4]);

/// The style of a piece of text. What is `None` is for the surface, or the viewer, to choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct TextStyle {
    pub bold: bool,
    pub italic: bool,
    pub underline: bool,
    /// It is an annotation of the piece before it (ruby).
    pub ruby: bool,
    pub colour: Option<Colour>,
    pub background: Option<Colour>,
}

/// Text in one style.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    pub text: String,
    #[serde(default)]
    pub style: TextStyle,
}

impl Colour {
    /// By components, opaque.
    pub const fn rgb(red: u8, green: u8, blue: u8) -> Self {
        Self([red, green, blue, 255])
    }

    /// As CSS and TTML write it: a name of the sixteen of HTML and a few more, `#rgb`, `#rrggbb`, `#rrggbbaa`,
    /// `rgb(…)`, `rgba(…)`. Opacity counts to 255 as in TTML, or to 1 if it has a decimal point or is 1 or less.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        if let Some(digits) = text.strip_prefix('#') {
            return hexadecimal(digits);
        }
        match text.split_once('(') {
            Some(("rgb" | "rgba", components)) => components_of(components.strip_suffix(')')?),
            Some(_) => None,
            None => named(&text),
        }
    }
}

fn hexadecimal(digits: &str) -> Option<Colour> {
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let value = u32::from_str_radix(digits, 16).ok()?;
    match digits.len() {
        3 => {
            let double = |shift: u32| (value >> shift & 0xf) as u8 * 0x11;
            Some(Colour::rgb(double(8), double(4), double(0)))
        }
        6 => Some(Colour((value << 8 | 0xff).to_be_bytes())),
        8 => Some(Colour(value.to_be_bytes())),
        _ => None,
    }
}

fn components_of(list: &str) -> Option<Colour> {
    let mut colour = [0, 0, 0, 255];
    let parts: Vec<&str> = list.split([',', ' ', '/']).filter(|part| !part.is_empty()).collect();
    if !matches!(parts.len(), 3 | 4) {
        return None;
    }
    for (index, part) in parts.iter().enumerate() {
        let value: f64 = match part.strip_suffix('%') {
            Some(percent) => percent.parse::<f64>().ok()? * 2.55,
            None => part.parse().ok()?,
        };
        let fraction = index == 3 && !part.ends_with('%') && (part.contains('.') || value <= 1.0);
        // The conversion saturates, and takes what is no number for zero.
        colour[index] = (if fraction { value * 255.0 } else { value }).round() as u8;
    }
    Some(Colour(colour))
}

fn named(name: &str) -> Option<Colour> {
    Some(match name {
        "transparent" => Colour([0; 4]),
        "black" => Colour::rgb(0, 0, 0),
        "silver" => Colour::rgb(192, 192, 192),
        "gray" | "grey" => Colour::rgb(128, 128, 128),
        "white" => Colour::rgb(255, 255, 255),
        "maroon" => Colour::rgb(128, 0, 0),
        "red" => Colour::rgb(255, 0, 0),
        "purple" => Colour::rgb(128, 0, 128),
        "fuchsia" | "magenta" => Colour::rgb(255, 0, 255),
        "green" => Colour::rgb(0, 128, 0),
        "lime" => Colour::rgb(0, 255, 0),
        "olive" => Colour::rgb(128, 128, 0),
        "yellow" => Colour::rgb(255, 255, 0),
        "navy" => Colour::rgb(0, 0, 128),
        "blue" => Colour::rgb(0, 0, 255),
        "teal" => Colour::rgb(0, 128, 128),
        "aqua" | "cyan" => Colour::rgb(0, 255, 255),
        "orange" => Colour::rgb(255, 165, 0),
        "gold" => Colour::rgb(255, 215, 0),
        "pink" => Colour::rgb(255, 192, 203),
        _ => return None,
    })
}

/// Collects lines of text in pieces of one style.
#[derive(Debug, Default)]
pub(super) struct StyledLines {
    lines: Vec<Vec<Span>>,
}

impl StyledLines {
    /// Appends to the last line.
    pub(super) fn push(&mut self, text: &str, style: TextStyle) {
        if text.is_empty() {
            return;
        }
        if self.lines.is_empty() {
            self.lines.push(Vec::new());
        }
        let Some(line) = self.lines.last_mut() else { return };
        match line.last_mut().filter(|last| last.style == style) {
            Some(last) => last.text.push_str(text),
            None => line.push(Span { text: text.to_owned(), style }),
        }
    }

    /// Begins another line.
    pub(super) fn break_line(&mut self) {
        if self.lines.is_empty() {
            self.lines.push(Vec::new());
        }
        self.lines.push(Vec::new());
    }

    /// Lines without white space around them, and without empty ones.
    pub(super) fn finish(self) -> Vec<Vec<Span>> {
        let trimmed = self.lines.into_iter().map(|mut line| {
            // Spaces that must not break are there to be seen.
            let blank = |letter: char| letter.is_whitespace() && letter != '\u{a0}';
            let empty = line.iter().take_while(|span| span.text.chars().all(blank)).count();
            line.drain(..empty);
            if let Some(first) = line.first_mut() {
                first.text = first.text.trim_start_matches(blank).to_owned();
            }
            while let Some(last) = line.last_mut() {
                last.text.truncate(last.text.trim_end_matches(blank).len());
                if !last.text.is_empty() {
                    break;
                }
                line.pop();
            }
            line
        });
        trimmed.filter(|line| !line.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_as_css_and_ttml_write_them() {
        for (text, colour) in [
            ("Lime", [0, 255, 0, 255]),
            ("#f80", [255, 136, 0, 255]),
            ("#010203", [1, 2, 3, 255]),
            ("#01020304", [1, 2, 3, 4]),
            ("rgb(1, 2, 3)", [1, 2, 3, 255]),
            ("rgba(0,0,0,0.5)", [0, 0, 0, 128]),
            ("rgba(0,0,0,204)", [0, 0, 0, 204]),
            ("rgb(100% 0% 0% / 0)", [255, 0, 0, 0]),
        ] {
            assert_eq!(Colour::parse(text), Some(Colour(colour)), "{text}");
        }
        for text in ["", "#", "#12", "#+12345", "rgb(1)", "rgb(1,2,x)", "blurple", "url(x)", "rgb(1,2,3"] {
            assert_eq!(Colour::parse(text), None, "{text}");
        }
    }

    #[test]
    fn lines_lose_what_is_not_seen_and_join_what_looks_the_same() {
        let bold = TextStyle { bold: true, ..TextStyle::default() };
        let mut lines = StyledLines::default();
        lines.push("  ", bold);
        lines.push(" a", TextStyle::default());
        lines.push("b", TextStyle::default());
        lines.push(" c ", bold);
        lines.push(" ", TextStyle::default());
        lines.break_line();
        lines.push(" ", bold);
        let finished = lines.finish();
        assert_eq!(finished.len(), 1);
        let texts: Vec<&str> = finished[0].iter().map(|span| span.text.as_str()).collect();
        assert_eq!(texts, ["ab", " c"]);
    }
}
