//! Addresses with places for numbers: `$Number%05d$`.

use super::base::MAX_ADDRESS;
use std::fmt::Write as _;

/// Wider numbers are nobody's file names.
const MAX_WIDTH: usize = 64;

/// What is put in.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Values<'a> {
    pub(super) representation: &'a str,
    pub(super) bandwidth: u64,
    pub(super) number: u64,
    pub(super) time: u64,
    pub(super) sub_number: u64,
}

/// A template, read once and filled in for each segment.
#[derive(Debug)]
pub(super) struct Template<'a>(Vec<Piece<'a>>);

#[derive(Debug)]
enum Piece<'a> {
    Text(&'a str),
    Representation,
    Number { of: Number, width: usize },
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Number {
    Bandwidth,
    Position,
    Time,
    Part,
}

impl<'a> Template<'a> {
    /// Identifiers that nobody knows stay as they are written.
    pub(super) fn parse(template: &'a str) -> Self {
        let mut pieces = Vec::new();
        let mut rest = template;
        while let Some(open) = rest.find('$') {
            let Some(close) = rest[open + 1..].find('$').map(|at| open + 1 + at) else { break };
            pieces.push(Piece::Text(&rest[..open]));
            match identifier(&rest[open + 1..close]) {
                Some(piece) => {
                    pieces.push(piece);
                    rest = &rest[close + 1..];
                }
                // The second sign may begin an identifier itself.
                None => {
                    pieces.push(Piece::Text(&rest[open..close]));
                    rest = &rest[close..];
                }
            }
        }
        pieces.push(Piece::Text(rest));
        Self(pieces)
    }

    /// Does each segment have an address of its own?
    pub(super) fn tells_segments_apart(&self) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Number { of: Number::Position | Number::Time, .. }))
    }

    /// Fills it in. What becomes too long for an address is not filled in to its end.
    pub(super) fn fill(&self, values: &Values<'_>) -> String {
        let mut filled = String::new();
        for piece in &self.0 {
            if filled.len() > MAX_ADDRESS {
                break;
            }
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Representation => filled.push_str(values.representation),
                Piece::Number { of, width } => {
                    let number = match of {
                        Number::Bandwidth => values.bandwidth,
                        Number::Position => values.number,
                        Number::Time => values.time,
                        Number::Part => values.sub_number,
                    };
                    // Writing to a string does not fail.
                    let _ = write!(filled, "{number:0width$}");
                }
            }
        }
        filled
    }
}

fn identifier(text: &str) -> Option<Piece<'_>> {
    let (name, width) = match text.split_once('%') {
        Some((name, format)) => {
            let digits = format.strip_suffix(['d', 'i', 'u'])?;
            (name, if digits.is_empty() { 1 } else { digits.parse().ok()? })
        }
        None => (text, 1),
    };
    let width = Some(width).filter(|width| *width <= MAX_WIDTH)?;
    Some(match name {
        "" => Piece::Text("$"),
        "RepresentationID" => Piece::Representation,
        "Bandwidth" => Piece::Number { of: Number::Bandwidth, width },
        "Number" => Piece::Number { of: Number::Position, width },
        "Time" => Piece::Number { of: Number::Time, width },
        "SubNumber" => Piece::Number { of: Number::Part, width },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conformance_21_templates_are_filled_in() {
        let values = Values { representation: "v/1", bandwidth: 800, number: 7, time: u64::MAX, sub_number: 3 };
        for (template, expected) in [
            ("$RepresentationID$-$Number%05d$.m4s", "v/1-00007.m4s"),
            ("$Time$", "18446744073709551615"),
            ("$Bandwidth%01d$/$Number$_$SubNumber%3d$", "800/7_003"),
            ("a$$b$Number$$$", "a$b7$"),
            ("$Number%99999999999d$", "$Number%99999999999d$"),
            ("$Unknown$Number$", "$Unknown7"),
            ("$number$ $", "$number$ $"),
            ("", ""),
        ] {
            assert_eq!(Template::parse(template).fill(&values), expected, "{template}");
        }
    }
}
