//! `EXT-X-DEFINE`: names that stand for text.

use super::PlaylistContext;
use super::attributes::Pairs;
use crate::manifest::ManifestError;
use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use url::Url;

/// Of one playlist.
const MAX_VARIABLES: usize = 1000;
/// What replacing may write in all, in bytes: a token in each of ten thousand addresses fits many times.
const MAX_WRITTEN: usize = 32 << 20;

/// What a multivariant playlist has defined, for its media playlists to import.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Variables(BTreeMap<String, String>);

impl Variables {
    /// The text behind a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(String, String)> for Variables {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(pairs: T) -> Self {
        Self(pairs.into_iter().collect())
    }
}

/// Names only: values are often tokens.
impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// What is defined so far in the playlist that is being read.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    context: PlaylistContext<'a>,
    own: Variables,
    written: Cell<usize>,
}

impl<'a> Scope<'a> {
    pub(super) fn new(context: PlaylistContext<'a>) -> Self {
        Self { context, own: Variables::default(), written: Cell::new(0) }
    }

    /// Takes an `EXT-X-DEFINE`. An import of what nobody has defined is an error only where it is used.
    pub(super) fn define(&mut self, list: &str) -> Result<(), ManifestError> {
        let (mut name, mut value) = (None, None);
        for (attribute, text) in Pairs(list) {
            match attribute {
                "NAME" => name = Some(text),
                "VALUE" => value = Some(self.substitute(text)?.into_owned()),
                "IMPORT" => (name, value) = (Some(text), self.context.variables.get(text).map(str::to_owned)),
                "QUERYPARAM" => {
                    let found =
                        [self.context.requested, self.context.base].into_iter().find_map(|url| query(url, text));
                    (name, value) = (Some(text), found.map(str::to_owned));
                }
                _ => {}
            }
        }
        let (Some(name), Some(value)) = (name, value) else { return Ok(()) };
        if self.own.0.len() >= MAX_VARIABLES {
            return Err(ManifestError::LimitExceeded { what: "variables", max: MAX_VARIABLES });
        }
        match self.own.0.insert(name.to_owned(), value) {
            None => Ok(()),
            Some(_) => Err(ManifestError::NotAPlaylist("a variable is defined twice")),
        }
    }

    /// Puts values for `{$name}`. Values are not looked through again.
    pub(super) fn substitute<'t>(&self, text: &'t str) -> Result<Cow<'t, str>, ManifestError> {
        if !text.contains("{$") {
            return Ok(Cow::Borrowed(text));
        }
        let mut written = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("{$") {
            let (before, reference) = rest.split_at(start);
            written.push_str(before);
            let name_end = reference[2..].find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
            let Some(end) = name_end.map(|end| end + 2).filter(|end| *end > 2 && reference[*end..].starts_with('}'))
            else {
                // Not a reference: text that looks like the beginning of one.
                written.push_str("{$");
                rest = &reference[2..];
                continue;
            };
            let value = self.own.get(&reference[2..end]);
            let value = value.ok_or(ManifestError::NotAPlaylist("a variable is used that is not defined"))?;
            self.account(value.len())?;
            written.push_str(value);
            rest = &reference[end + 1..];
        }
        written.push_str(rest);
        Ok(Cow::Owned(written))
    }

    /// Variables of variables could double with each line.
    fn account(&self, bytes: usize) -> Result<(), ManifestError> {
        self.written.set(self.written.get().saturating_add(bytes));
        let within = self.written.get() <= MAX_WRITTEN;
        within.then_some(()).ok_or(ManifestError::LimitExceeded { what: "bytes of variables", max: MAX_WRITTEN })
    }

    /// All that the playlist has defined.
    pub(super) fn into_variables(self) -> Variables {
        self.own
    }
}

/// The value of a parameter in an address, as it is written there: it will mostly be put into a query again, where
/// decoded text would change its meaning.
fn query<'u>(url: &'u Url, name: &str) -> Option<&'u str> {
    let mut pairs = url.query()?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, value)| *key == name && !value.is_empty()).map(|(_, value)| value)
}
