//! The part of CSS that `STYLE` blocks use: `::cue` with an optional selector, and the properties that text can have.

use crate::text::{Colour, TextStyle};
use std::mem::discriminant;

/// Rules of one file; each tag of each cue is compared with all.
const MAX_RULES: usize = 128;
/// Classes of one selector.
const MAX_CLASSES: usize = 8;
/// Bytes of all style blocks.
const MAX_BYTES: usize = 64 << 10;

/// The rules of a file in their order; later ones count more.
#[derive(Debug, Default)]
pub(in crate::text) struct StyleSheet {
    rules: Vec<(Selector, Vec<Declaration>)>,
    bytes: usize,
}

/// What is in the parentheses of `::cue(…)`. Without anything it is the whole cue.
#[derive(Clone, Debug, Default)]
struct Selector {
    whole: bool,
    name: Option<String>,
    id: Option<String>,
    classes: Vec<String>,
    /// `[voice="…"]` or `[lang="…"]`, which tags have as their annotation.
    annotation: Option<String>,
}

#[derive(Clone, Copy, Debug)]
enum Declaration {
    Colour(Colour),
    Background(Colour),
    Bold(bool),
    Italic(bool),
    Underline(bool),
}

/// A tag, for comparison with selectors.
#[derive(Debug)]
pub(super) struct Element<'a> {
    pub(super) name: &'a str,
    pub(super) classes: &'a [&'a str],
    pub(super) annotation: &'a str,
}

impl StyleSheet {
    /// Reads a `STYLE` block.
    pub(super) fn add(&mut self, lines: &[&str]) {
        let text = without_comments(&lines.join("\n"));
        self.bytes += text.len();
        if self.bytes > MAX_BYTES {
            return;
        }
        for rule in text.split('}') {
            let Some((selectors, declarations)) = rule.split_once('{') else { continue };
            let declarations = last_of_each(declarations.split(';').filter_map(Declaration::parse));
            if declarations.is_empty() {
                continue;
            }
            for selector in selectors.split(',').filter_map(Selector::parse) {
                if self.rules.len() < MAX_RULES {
                    self.rules.push((selector, declarations.clone()));
                }
            }
        }
    }

    /// Reads the `STYLE` blocks of a header without cues, as MP4 has it.
    pub(in crate::text) fn of_header(header: &str) -> Self {
        let mut sheet = Self::default();
        for block in header.split("\n\n") {
            let lines: Vec<&str> = block.lines().skip_while(|line| line.is_empty()).collect();
            if let Some((_, rest)) = lines.split_first().filter(|(first, _)| first.trim_end() == "STYLE") {
                sheet.add(rest);
            }
        }
        sheet
    }

    /// Of a cue with this identifier.
    pub(super) fn cue_style(&self, id: &str) -> TextStyle {
        let mut style = TextStyle::default();
        for (selector, declarations) in &self.rules {
            if selector.whole || (!id.is_empty() && selector.id.as_deref() == Some(id)) {
                declarations.iter().for_each(|declaration| declaration.apply(&mut style));
            }
        }
        style
    }

    /// Of a tag in a text of this style.
    pub(super) fn element_style(&self, element: &Element<'_>, mut style: TextStyle) -> TextStyle {
        for (selector, declarations) in &self.rules {
            if selector.matches(element) {
                declarations.iter().for_each(|declaration| declaration.apply(&mut style));
            }
        }
        style
    }
}

impl Selector {
    /// Selectors with combinators are not taken: `None`.
    fn parse(text: &str) -> Option<Self> {
        let rest = text.trim().strip_prefix("::cue")?;
        // `::cue-region` styles boxes, which the surface draws as it likes.
        if rest.is_empty() {
            return Some(Self { whole: true, ..Self::default() });
        }
        let mut rest = rest.strip_prefix('(')?.strip_suffix(')')?.trim();
        let mut selector = Self::default();
        while let Some(first) = rest.chars().next() {
            let skip = usize::from(matches!(first, '.' | '#' | '['));
            if first == '[' {
                let (inside, after) = rest[1..].split_once(']')?;
                let (_, value) = inside.split_once('=')?;
                selector.annotation = Some(value.trim().trim_matches(['"', '\'']).to_owned());
                rest = after;
                continue;
            }
            let end = rest[skip..].find(['.', '#', '[']).map_or(rest.len(), |end| end + skip);
            let name = unescaped(&rest[skip..end])?;
            match first {
                '.' if selector.classes.len() == MAX_CLASSES => return None,
                '.' => selector.classes.push(name),
                '#' => selector.id = Some(name),
                _ => selector.name = (name != "*").then_some(name),
            }
            rest = &rest[end..];
        }
        Some(selector)
    }

    fn matches(&self, element: &Element<'_>) -> bool {
        !self.whole
            && self.id.is_none()
            && self.name.as_ref().is_none_or(|name| name.eq_ignore_ascii_case(element.name))
            && self.classes.iter().all(|class| element.classes.contains(&class.as_str()))
            && self.annotation.as_ref().is_none_or(|annotation| annotation == element.annotation)
    }
}

/// One declaration of each property: rules are applied to each tag of each cue.
fn last_of_each(all: impl Iterator<Item = Declaration>) -> Vec<Declaration> {
    let mut last: Vec<Declaration> = Vec::new();
    for declaration in all {
        last.retain(|known| discriminant(known) != discriminant(&declaration));
        last.push(declaration);
    }
    last
}

/// A name in which `\` stands before what would mean something else. `None` if there is space in it.
fn unescaped(name: &str) -> Option<String> {
    (!name.is_empty() && !name.contains(|letter: char| letter.is_whitespace() || ":>+~".contains(letter)))
        .then(|| name.replace('\\', ""))
}

impl Declaration {
    fn parse(text: &str) -> Option<Self> {
        let (property, value) = text.split_once(':')?;
        let value = value.trim().trim_end_matches("!important").trim();
        Some(match property.trim().to_ascii_lowercase().as_str() {
            "color" => Self::Colour(Colour::parse(value)?),
            "background" | "background-color" => Self::Background(Colour::parse(value)?),
            "font-weight" => {
                let heavy = value.parse::<u32>().is_ok_and(|weight| weight >= 600);
                Self::Bold(heavy || matches!(value, "bold" | "bolder"))
            }
            "font-style" => Self::Italic(matches!(value, "italic" | "oblique")),
            "text-decoration" | "text-decoration-line" => {
                Self::Underline(value.split_whitespace().any(|word| word == "underline"))
            }
            _ => return None,
        })
    }

    fn apply(self, style: &mut TextStyle) {
        match self {
            Self::Colour(colour) => style.colour = Some(colour),
            Self::Background(colour) => style.background = Some(colour),
            Self::Bold(on) => style.bold = on,
            Self::Italic(on) => style.italic = on,
            Self::Underline(on) => style.underline = on,
        }
    }
}

fn without_comments(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, comment)) = rest.split_once("/*") {
        plain.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_find_their_tags() {
        let mut sheet = StyleSheet::default();
        let css = "::cue(b) { color: red } /* ::cue(i) { color: red } */\n::cue(v[voice=\"Mara\"]) { font-style: italic }\n::cue(.a.b) { text-decoration: underline } ::cue(i b) { color: blue } ::cue-region { color: red }";
        sheet.add(&[css]);
        let style = |name, classes: &[&str], annotation| {
            sheet.element_style(&Element { name, classes, annotation }, TextStyle::default())
        };
        let plain = TextStyle::default();
        assert_eq!(style("b", &[], ""), TextStyle { colour: Some(Colour::rgb(255, 0, 0)), ..plain });
        assert_eq!(style("i", &[], ""), plain);
        assert_eq!(style("v", &[], "Mara"), TextStyle { italic: true, ..plain });
        assert_eq!(style("v", &[], "Sara"), plain);
        assert_eq!(style("c", &["b", "x", "a"], ""), TextStyle { underline: true, ..plain });
        assert_eq!(style("c", &["a"], ""), plain);
    }
    #[test]
    fn a_rule_has_one_declaration_of_each_property_and_the_last_counts() {
        let mut sheet = StyleSheet::default();
        sheet.add(&[&format!("::cue {{ color: red; {} color: blue }}", "font-style: italic;".repeat(3_000))]);
        assert_eq!(sheet.rules[0].1.len(), 2);
        assert_eq!(sheet.cue_style("").colour, Some(Colour::rgb(0, 0, 255)));
    }
}
