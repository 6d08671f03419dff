//! Every sentence that a viewer reads: messages in Fluent files, one folder for each language under `locales/`.
//!
//! `tr!("play")` is a message as it stands, `tr!("episodes", count = 3)` one with variables; plurals and the order of
//! words are matters of the file. English is complete; whatever a language lacks is said in English, message by message.
//! Tests hold sources and files against each other: a key that is used exists, a key that exists is used, and all
//! languages have the same keys with the same variables. Times, numbers and dates are put into words by
//! [`crate::format`], from the same files.
//!
//! Which language is spoken is one value for the whole process, because sentences are made wherever something
//! happens: by views, by `update`, and by services on their threads. [`Locale::wanted`] chooses it, [`speak`] sets it.

mod catalogue;
mod fonts;
mod locale;
mod pseudo;

#[cfg(test)]
mod checks;

pub(crate) use catalogue::Value;
pub(crate) use fonts::{Fonts, has_letters};
pub(crate) use locale::Locale;

use catalogue::Catalogue;
use std::fmt::Write as _;

/// A message of the language that is spoken: the key alone gives `&'static str`, with variables a `String`.
macro_rules! tr {
    ($key:literal) => {
        $crate::language::text($key)
    };
    ($key:literal, $($name:ident = $value:expr),+ $(,)?) => {
        $crate::language::message($key, [$((stringify!($name), $crate::language::Value::from($value))),+])
    };
}
pub(crate) use tr;

/// A key for later, for tables that are made before anybody speaks: [`text`] says it.
macro_rules! key {
    ($key:literal) => {
        $key
    };
}
pub(crate) use key;

/// The language that is spoken now.
pub(crate) fn current() -> Locale {
    now::get()
}

/// Speaks another language from now on. What was said stays as it was said.
pub(crate) fn speak(locale: Locale) {
    if now::get() != locale {
        tracing::info!(language = locale.tag(), "the language is another");
        now::set(locale);
    }
}

/// The message of a key without variables. A key that does not exist is shown itself, so that it is found.
pub(crate) fn text(key: &'static str) -> &'static str {
    let said = Catalogue::of(current()).text(key).or_else(|| Catalogue::of(Locale::English).text(key));
    said.unwrap_or(key)
}

/// The message of a key with variables.
pub(crate) fn message<const N: usize>(key: &'static str, values: [(&'static str, Value<'_>); N]) -> String {
    let args = values.into_iter().collect::<catalogue::Args<'_>>();
    let said = Catalogue::of(current()).message(key, &args);
    said.or_else(|| Catalogue::of(Locale::English).message(key, &args)).unwrap_or_else(|| key.to_owned())
}

/// What the player, the client and the service say in English, in the language that is spoken; whatever is not known is
/// returned as it came.
pub(crate) fn foreign(english: &str) -> String {
    let known = Catalogue::key_of(english).and_then(|key| Catalogue::of(current()).text(key));
    known.unwrap_or(english).to_owned()
}

/// Several things one after the other, as in `English, German`.
pub(crate) fn list(parts: impl IntoIterator<Item = String>) -> String {
    let mut out = String::new();
    for part in parts {
        let comma = if out.is_empty() { "" } else { text("list-comma") };
        // Writing to a string does not fail.
        let _ = write!(out, "{comma}{part}");
    }
    out
}

/// The language of the process.
#[cfg(not(test))]
mod now {
    use super::Locale;
    use std::sync::atomic::{AtomicU8, Ordering};

    static NOW: AtomicU8 = AtomicU8::new(Locale::English as u8);

    pub(super) fn get() -> Locale {
        Locale::EVERY[usize::from(NOW.load(Ordering::Relaxed)) % Locale::EVERY.len()]
    }

    pub(super) fn set(locale: Locale) {
        NOW.store(locale as u8, Ordering::Relaxed);
    }
}

/// Tests run side by side on threads, each with a language of its own.
#[cfg(test)]
mod now {
    use super::Locale;
    use std::cell::Cell;

    thread_local!(static NOW: Cell<Locale> = const { Cell::new(Locale::English) });

    pub(super) fn get() -> Locale {
        NOW.get()
    }

    pub(super) fn set(locale: Locale) {
        NOW.set(locale);
    }
}
