//! The messages of one language, read once.

use super::{Locale, pseudo};
use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{LazyLock, OnceLock},
};
use unic_langid::LanguageIdentifier;

/// The files of a language, by name: each language has the same.
pub(super) type Files = [(&'static str, &'static str); 6];

macro_rules! files {
    ($language:literal) => {
        [
            ("common", include_str!(concat!("../../locales/", $language, "/common.ftl"))),
            ("service", include_str!(concat!("../../locales/", $language, "/service.ftl"))),
            ("settings", include_str!(concat!("../../locales/", $language, "/settings.ftl"))),
            ("player", include_str!(concat!("../../locales/", $language, "/player.ftl"))),
            ("desktop", include_str!(concat!("../../locales/", $language, "/desktop.ftl"))),
            ("libraries", include_str!(concat!("../../locales/", $language, "/libraries.ftl"))),
        ]
    };
}

/// What a language says, as it was written.
pub(super) fn files(locale: Locale) -> Files {
    match locale {
        Locale::English | Locale::Pseudo => files!("en"),
        Locale::German => files!("de"),
        Locale::Spanish => files!("es"),
        Locale::French => files!("fr"),
        Locale::Japanese => files!("ja"),
    }
}

/// What stands in the place of a variable: words, or a whole number that plurals go by. Other numbers are put into words
/// before, by [`crate::format`].
#[derive(Debug)]
pub(crate) struct Value<'a>(FluentValue<'a>);

impl<'a> From<&'a str> for Value<'a> {
    fn from(words: &'a str) -> Self {
        Self(words.into())
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(words: &'a String) -> Self {
        Self(words.as_str().into())
    }
}

impl From<String> for Value<'_> {
    fn from(words: String) -> Self {
        Self(words.into())
    }
}

impl<'a> From<Cow<'a, str>> for Value<'a> {
    fn from(words: Cow<'a, str>) -> Self {
        Self(words.into())
    }
}

macro_rules! whole_numbers {
    ($($number:ty)*) => {
        $(impl From<$number> for Value<'_> {
            fn from(number: $number) -> Self {
                Self(number.into())
            }
        })*
    };
}
whole_numbers!(u8 u16 u32 u64 usize i32);

impl<'a> FromIterator<(&'static str, Value<'a>)> for Args<'a> {
    fn from_iter<T: IntoIterator<Item = (&'static str, Value<'a>)>>(values: T) -> Self {
        Self(values.into_iter().map(|(name, value)| (name, value.0)).collect())
    }
}

/// The variables of a message.
#[derive(Debug)]
pub(super) struct Args<'a>(FluentArgs<'a>);

/// All messages of a language.
pub(super) struct Catalogue {
    bundle: FluentBundle<FluentResource>,
    /// Those without variables, ready to be shown: a frame asks for hundreds.
    texts: HashMap<String, Box<str>>,
}

impl Catalogue {
    /// The messages of a language, read at the first call.
    pub(super) fn of(locale: Locale) -> &'static Self {
        static ALL: [OnceLock<Catalogue>; Locale::EVERY.len()] = [const { OnceLock::new() }; Locale::EVERY.len()];
        ALL[locale as usize].get_or_init(|| Self::read(locale))
    }

    /// The key of what a library says in English.
    pub(super) fn key_of(english: &str) -> Option<&'static str> {
        static KEYS: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
            let catalogue = Catalogue::of(Locale::English);
            let foreign = catalogue.texts.iter().filter(|(key, _)| key.starts_with("said-"));
            foreign.map(|(key, words)| (&**words, key.as_str())).collect()
        });
        KEYS.get(english).copied()
    }

    fn read(locale: Locale) -> Self {
        let language: LanguageIdentifier = locale.tag().parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        // Marks of direction around variables: all languages run from left to right, and fonts would show boxes.
        bundle.set_use_isolating(false);
        for (name, file) in files(locale) {
            let text = if locale == Locale::Pseudo { pseudo::disguised(file) } else { file.to_owned() };
            // A damaged entry is left out and said in English; a test holds that there is none.
            let resource = FluentResource::try_new(text).unwrap_or_else(|(resource, errors)| {
                tracing::error!(language = locale.tag(), name, ?errors, "damaged messages");
                resource
            });
            if let Err(errors) = bundle.add_resource(resource) {
                tracing::error!(language = locale.tag(), name, ?errors, "messages that are there twice");
            }
        }
        let mut texts = HashMap::new();
        for (_, file) in files(locale) {
            let parsed = fluent_syntax::parser::parse(file).unwrap_or_else(|(parsed, _)| parsed);
            for entry in &parsed.body {
                if let Entry::Message(message) = entry
                    && let Some(pattern) = &message.value
                    && variables(pattern).is_empty()
                    && let Some(words) = formatted(&bundle, message.id.name, None)
                {
                    texts.insert(message.id.name.to_owned(), words.into_boxed_str());
                }
            }
        }
        Self { bundle, texts }
    }

    /// A message without variables.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(|words| &**words)
    }

    /// A message with variables; `None` if there is none, or one of its variables was not given.
    pub(super) fn message(&self, key: &str, args: &Args<'_>) -> Option<String> {
        formatted(&self.bundle, key, Some(&args.0))
    }
}

fn formatted(bundle: &FluentBundle<FluentResource>, key: &str, args: Option<&FluentArgs<'_>>) -> Option<String> {
    let message = bundle.get_message(key)?;
    let mut errors = Vec::new();
    let words = bundle.format_pattern(message.value()?, args, &mut errors);
    if errors.is_empty() {
        return Some(words.into_owned());
    }
    tracing::error!(key, ?errors, "a message cannot be said");
    None
}

/// The variables that a message names, sorted, each once.
pub(super) fn variables(pattern: &Pattern<&str>) -> Vec<String> {
    let mut names = Vec::new();
    in_pattern(pattern, &mut names);
    names.sort();
    names.dedup();
    names
}

fn in_pattern(pattern: &Pattern<&str>, names: &mut Vec<String>) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            in_expression(expression, names);
        }
    }
}

fn in_expression(expression: &Expression<&str>, names: &mut Vec<String>) {
    match expression {
        Expression::Inline(inline) => in_inline(inline, names),
        Expression::Select { selector, variants } => {
            in_inline(selector, names);
            for variant in variants {
                in_pattern(&variant.value, names);
            }
        }
    }
}

fn in_inline(inline: &InlineExpression<&str>, names: &mut Vec<String>) {
    match inline {
        InlineExpression::VariableReference { id } => names.push(id.name.to_owned()),
        InlineExpression::Placeable { expression } => in_expression(expression, names),
        _ => {}
    }
}
