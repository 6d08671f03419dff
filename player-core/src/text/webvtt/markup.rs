//! The text of cues: tags, entities, lines.

use super::css::{Element, StyleSheet};
use crate::text::style::StyledLines;
use crate::text::{Colour, Span, TextStyle};

/// Tags that are open at one time.
const MAX_DEPTH: usize = 32;

/// Lines in pieces of one style. `id` is the cue's identifier, which rules may name.
pub(in crate::text) fn styled(text: &str, id: &str, styles: &StyleSheet) -> Vec<Vec<Span>> {
    let mut lines = StyledLines::default();
    let mut open: Vec<(&str, TextStyle)> = Vec::new();
    let base = styles.cue_style(id);
    let mut rest = text;
    while let Some(at) = rest.find(['<', '\n']) {
        let current = open.last().map_or(base, |(_, style)| *style);
        lines.push(&entities(&rest[..at]), current);
        if rest.as_bytes()[at] == b'\n' {
            lines.break_line();
            rest = &rest[at + 1..];
            continue;
        }
        // A tag without an end takes the text behind it along.
        let (tag, after) = rest[at + 1..].split_once('>').unwrap_or((&rest[at + 1..], ""));
        rest = after;
        match tag.strip_prefix('/') {
            Some(name) => close(&mut open, name.trim()),
            None if open.len() < MAX_DEPTH => {
                if let Some((name, style)) = opened(tag, current, styles) {
                    open.push((name, style));
                }
            }
            None => {}
        }
    }
    let current = open.last().map_or(base, |(_, style)| *style);
    lines.push(&entities(rest), current);
    lines.finish()
}

/// The innermost tag of this name, and what is open in it.
fn close(open: &mut Vec<(&str, TextStyle)>, name: &str) {
    if let Some(at) = open.iter().rposition(|(known, _)| known.eq_ignore_ascii_case(name)) {
        open.truncate(at);
    }
}

/// `name.class.class annotation`. `None` for what is no tag that we know, such as times of single words.
fn opened<'a>(tag: &'a str, outer: TextStyle, styles: &StyleSheet) -> Option<(&'a str, TextStyle)> {
    let (head, annotation) = tag.split_once([' ', '\t', '\n']).unwrap_or((tag, ""));
    let mut parts = head.split('.');
    let name = parts.next()?;
    let classes: Vec<&str> = parts.filter(|class| !class.is_empty()).take(MAX_DEPTH).collect();
    let mut style = outer;
    match name.to_ascii_lowercase().as_str() {
        "b" => style.bold = true,
        "i" => style.italic = true,
        "u" => style.underline = true,
        "rt" => style.ruby = true,
        "c" | "v" | "lang" | "ruby" => {}
        // SubRip, and those who converted it.
        "font" => style.colour = font_colour(annotation).or(style.colour),
        _ => return None,
    }
    for class in &classes {
        match class.strip_prefix("bg_") {
            Some(name) => style.background = default_colour(name).or(style.background),
            None => style.colour = default_colour(class).or(style.colour),
        }
    }
    Some((name, styles.element_style(&Element { name, classes: &classes, annotation: annotation.trim() }, style)))
}

/// Classes that have a meaning without a style sheet.
fn default_colour(class: &str) -> Option<Colour> {
    let known = ["white", "lime", "cyan", "red", "yellow", "magenta", "blue", "black"].contains(&class);
    known.then(|| Colour::parse(class)).flatten()
}

/// `color="#rrggbb"`, in any quotes.
fn font_colour(attributes: &str) -> Option<Colour> {
    let at = attributes.to_ascii_lowercase().find("color")?;
    let value = attributes[at + 5..].trim_start().strip_prefix('=')?.trim_start();
    let value = match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split(quote).next()?,
        _ => value.split_whitespace().next()?,
    };
    Colour::parse(value)
}

/// With character references replaced. What is none stays as it is.
fn entities(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        // The longest that we know has four letters, the longest number seven digits.
        let end = rest.bytes().take(12).position(|byte| byte == b';');
        match end.and_then(|end| Some((character(&rest[1..end])?, end))) {
            Some((character, end)) => {
                plain.push(character);
                rest = &rest[end + 1..];
            }
            None => {
                plain.push('&');
                rest = &rest[1..];
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn character(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "lrm" => '\u{200e}',
        "rlm" => '\u{200f}',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code).filter(|character| !character.is_control())?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<Vec<(String, String)>> {
        let lines = styled(text, "", &StyleSheet::default());
        let name = |style: TextStyle| {
            let flags = [(style.bold, "b"), (style.italic, "i"), (style.underline, "u"), (style.ruby, "r")];
            let mut name: String = flags.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect();
            for colour in [style.colour, style.background].into_iter().flatten() {
                name.push_str(&format!("{:02x}{:02x}{:02x}", colour.0[0], colour.0[1], colour.0[2]));
            }
            name
        };
        lines.into_iter().map(|line| line.into_iter().map(|span| (name(span.style), span.text)).collect()).collect()
    }

    #[test]
    fn tags_style_what_they_hold_and_unknown_ones_vanish() {
        let expect = |text: &str, wanted: &[(&str, &str)]| {
            let wanted: Vec<_> = wanted.iter().map(|(style, text)| ((*style).to_owned(), (*text).to_owned())).collect();
            assert_eq!(pieces(text), [wanted], "{text}");
        };
        expect("a <b>b <i>c</i></b> d", &[("", "a "), ("b", "b "), ("bi", "c"), ("", " d")]);
        expect("<c.yellow.bg_blue>x</c>", &[("ffff000000ff", "x")]);
        expect("<v.first Mara>hi</v> <00:01.000>there", &[("", "hi there")]);
        expect("<ruby>漢<rt>かん</rt></ruby>", &[("", "漢"), ("r", "かん")]);
        expect("<i>never closed", &[("i", "never closed")]);
        expect("<font color=\"#ff0000\">red</font>", &[("ff0000", "red")]);
        expect("a</b> b<", &[("", "a b")]);
    }

    #[test]
    fn entities_become_characters_and_others_stay() {
        assert_eq!(entities("&lt;&amp;&gt;&nbsp;&#65;&#x42; & &nonsense; &#0; &"), "<&>\u{a0}AB & &nonsense; &#0; &");
        assert_eq!(entities("&éééééééé;"), "&éééééééé;");
    }
}
