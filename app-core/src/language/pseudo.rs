//! English in disguise: `Play` becomes `[Ƥļåý one]`. What is on the screen without brackets comes from no file, and what
//! does not fit now will not fit in German.

use fluent_syntax::{
    ast::{Entry, Expression, Pattern, PatternElement, Resource},
    parser, serializer,
};

/// Letters that are added, as a share of those that there are: what German needs.
const GROWTH: f32 = 0.4;
/// They look like words, because lines are broken between words.
const PADDING: [&str; 4] = ["one", "two", "three", "four"];

/// A file of English messages with every one of them in disguise; variables and the choice of plurals stay.
pub(super) fn disguised(file: &str) -> String {
    let mut resource: Resource<String> = match parser::parse(file.to_owned()) {
        Ok(resource) | Err((resource, _)) => resource,
    };
    for entry in &mut resource.body {
        let Entry::Message(message) = entry else { continue };
        let Some(pattern) = &mut message.value else { continue };
        let letters = accented(pattern);
        if letters == 0 {
            // A comma, or what only puts variables side by side.
            continue;
        }
        let end = format!("{}]", padding(letters));
        match pattern.elements.last_mut() {
            Some(PatternElement::TextElement { value }) => value.push_str(&end),
            _ => pattern.elements.push(PatternElement::TextElement { value: end }),
        }
        // A bracket at the beginning of a line would begin a variant: the serialiser writes it as a literal.
        pattern.elements.insert(0, literal("["));
    }
    serializer::serialize(&resource)
}

fn literal(text: &str) -> PatternElement<String> {
    let inline = fluent_syntax::ast::InlineExpression::StringLiteral { value: text.to_owned() };
    PatternElement::Placeable { expression: Expression::Inline(inline) }
}

/// Puts accents on the text of a pattern; returns how many letters it has, of variants the most.
fn accented(pattern: &mut Pattern<String>) -> usize {
    let mut letters = 0;
    for element in &mut pattern.elements {
        match element {
            PatternElement::TextElement { value } => {
                letters += value.chars().filter(|letter| letter.is_alphabetic()).count();
                *value = value.chars().map(accent).collect();
            }
            PatternElement::Placeable { expression: Expression::Select { variants, .. } } => {
                letters += variants.iter_mut().map(|variant| accented(&mut variant.value)).max().unwrap_or(0);
            }
            PatternElement::Placeable { .. } => {}
        }
    }
    letters
}

fn padding(letters: usize) -> String {
    let mut missing = (letters as f32 * GROWTH).round() as usize;
    let mut out = String::new();
    for word in PADDING.iter().cycle() {
        if missing < 2 {
            break;
        }
        out.push(' ');
        out.extend(word.chars().take(missing.saturating_sub(1).max(1)));
        missing = missing.saturating_sub(word.len() + 1);
    }
    out
}

/// A letter with an accent; all of these are in the fonts that are built in.
fn accent(letter: char) -> char {
    match letter {
        'a' => 'å',
        'c' => 'ç',
        'd' => 'ð',
        'e' => 'é',
        'g' => 'ğ',
        'h' => 'ĥ',
        'i' => 'î',
        'j' => 'ĵ',
        'k' => 'ķ',
        'l' => 'ļ',
        'n' => 'ñ',
        'o' => 'ö',
        'r' => 'ŕ',
        's' => 'š',
        't' => 'ţ',
        'u' => 'û',
        'w' => 'ŵ',
        'y' => 'ý',
        'z' => 'ž',
        'A' => 'Å',
        'C' => 'Ç',
        'D' => 'Ð',
        'E' => 'É',
        'G' => 'Ğ',
        'H' => 'Ĥ',
        'I' => 'Î',
        'J' => 'Ĵ',
        'K' => 'Ķ',
        'L' => 'Ļ',
        'N' => 'Ñ',
        'O' => 'Ö',
        'R' => 'Ŕ',
        'S' => 'Š',
        'T' => 'Ţ',
        'U' => 'Û',
        'W' => 'Ŵ',
        'Y' => 'Ý',
        'Z' => 'Ž',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::{Locale, speak, tr};

    #[test]
    fn messages_are_bracketed_accented_and_longer() {
        let file = "stop = Stop playing\nleft = { $time } left\nmany =\n    { $n ->\n        [one] One film\n       *[other] { $n } films\n    }\n";
        let out = disguised(file);
        assert!(out.contains("Šţöp pļåýîñğ on"), "{out}");
        assert!(out.contains("{ $time } ļéfţ o]"), "{out}");
        assert!(out.contains("[one] Öñé fîļm") && out.contains("{ $n } fîļmš"), "{out}");
        parser::parse(out.as_str()).expect("it is Fluent again");
    }

    #[test]
    fn it_is_spoken_like_any_language() {
        speak(Locale::Pseudo);
        assert!(tr!("play").starts_with('[') && tr!("play").ends_with(']'));
        let many = tr!("episodes", count = 3);
        assert!(many.starts_with('[') && many.contains('3') && many.ends_with(']'), "{many}");
    }
}
