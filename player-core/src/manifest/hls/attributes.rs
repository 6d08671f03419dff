//! Attribute lists: `NAME=value,NAME="value"`.

use super::number;
use super::variables::Scope;
use crate::manifest::ManifestError;
use std::borrow::Cow;

/// No tag has a quarter of it; what follows is not looked at.
const MAX_ATTRIBUTES: usize = 128;

/// The attributes of one tag, variables replaced. Of two with one name the first counts.
#[derive(Debug)]
pub(super) struct Attributes<'a>(Vec<(&'a str, Cow<'a, str>)>);

impl<'a> Attributes<'a> {
    /// Reads as far as there is something to be read. Lists in the wild lack quotes and have blanks and commas too many.
    pub(super) fn parse(list: &'a str, scope: &Scope<'_>) -> Result<Self, ManifestError> {
        let mut found = Vec::with_capacity(8);
        for (name, value) in Pairs(list).take(MAX_ATTRIBUTES) {
            found.push((name, scope.substitute(value)?));
        }
        Ok(Self(found))
    }

    /// A value without its quotes; an empty one counts as absent.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let value = self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.trim());
        value.filter(|value| !value.is_empty())
    }

    /// A copy of [`Self::text`].
    pub(super) fn string(&self, name: &str) -> Option<String> {
        self.text(name).map(str::to_owned)
    }

    /// Is it `YES`, in any case?
    pub(super) fn yes(&self, name: &str) -> bool {
        self.text(name).is_some_and(|value| value.eq_ignore_ascii_case("YES"))
    }

    /// A whole number; of a number with decimals what is before the point.
    pub(super) fn integer(&self, name: &str) -> Option<u64> {
        number::integer(self.text(name)?)
    }

    /// A finite number.
    pub(super) fn decimal(&self, name: &str) -> Option<f64> {
        self.text(name)?.parse().ok().filter(|value: &f64| value.is_finite())
    }

    /// `WxH`, zeros where unreadable.
    pub(super) fn size(&self, name: &str) -> (u32, u32) {
        let parts = self.text(name).and_then(|value| value.split_once(['x', 'X']));
        let parts = parts.and_then(|(width, height)| Some((width.trim().parse().ok()?, height.trim().parse().ok()?)));
        parts.unwrap_or_default()
    }

    /// All of them, as written but for variables.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (*name, &**value))
    }
}

/// Name and raw value of each attribute.
pub(super) struct Pairs<'a>(pub(super) &'a str);

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.0.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
            let end = rest.find(['=', ','])?;
            let (name, after) = (rest[..end].trim_end(), &rest[end + 1..]);
            if rest.as_bytes()[end] == b',' {
                // A name without a value.
                self.0 = after;
                continue;
            }
            let after = after.trim_start();
            if let Some(quoted) = after.strip_prefix('"') {
                let (value, rest) = quoted.split_once('"').unwrap_or((quoted, ""));
                // What stands between the closing quote and the comma belongs to nothing.
                self.0 = rest.find(',').map_or("", |comma| &rest[comma..]);
                return Some((name, value));
            }
            let (value, rest) = after.split_once(',').unwrap_or((after, ""));
            self.0 = rest;
            return Some((name, value.trim_end()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(list: &str) -> Vec<(&str, &str)> {
        Pairs(list).collect()
    }

    #[test]
    fn commas_and_equals_signs_in_quotes_are_text() {
        assert_eq!(pairs(r#"A=1,B="x,y=z",C=d"#), [("A", "1"), ("B", "x,y=z"), ("C", "d")]);
    }

    #[test]
    fn odd_lists_yield_what_is_in_them() {
        assert_eq!(
            pairs(r#" A = 1 ,, B="x" junk,FLAG,C= "open, to the end"#),
            [("A", "1"), ("B", "x"), ("C", "open, to the end")]
        );
        assert_eq!(pairs(""), []);
        assert_eq!(pairs(",,,"), []);
        assert_eq!(pairs("="), [("", "")]);
    }
}
