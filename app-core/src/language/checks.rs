//! Holds the sources and the files of all languages against each other.

use super::{
    Locale,
    catalogue::{files, variables},
    foreign, speak,
};
use fluent_syntax::{
    ast::{Entry, Expression, Pattern, PatternElement},
    parser,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// A message as the checks see it: its file, its variables, and whether it chooses by a number.
#[derive(Debug, PartialEq)]
struct Seen {
    file: &'static str,
    variables: Vec<String>,
}

fn messages(locale: Locale) -> BTreeMap<String, Seen> {
    let mut all = BTreeMap::new();
    for (file, text) in files(locale) {
        let parsed = parser::parse(text).unwrap_or_else(|(_, errors)| panic!("{locale:?}/{file}: {errors:?}"));
        for entry in &parsed.body {
            match entry {
                Entry::Message(message) => {
                    let key = message.id.name.to_owned();
                    assert!(message.attributes.is_empty(), "{locale:?} {key}: attributes are not said anywhere");
                    let pattern = message.value.as_ref().unwrap_or_else(|| panic!("{locale:?} {key} is empty"));
                    assert!(is_clean(pattern), "{locale:?} {key}: blanks at an end, or a mark that is none");
                    let seen = Seen { file, variables: variables(pattern) };
                    assert_eq!(all.insert(key.clone(), seen), None, "{locale:?} {key} is there twice");
                }
                Entry::Comment(_) | Entry::GroupComment(_) | Entry::ResourceComment(_) => {}
                other => panic!("{locale:?}/{file}: {other:?}"),
            }
        }
    }
    all
}

/// No three dots for an ellipsis and no straight quotes, in the variants as well.
fn is_clean(pattern: &Pattern<&str>) -> bool {
    pattern.elements.iter().all(|element| match element {
        PatternElement::TextElement { value } => !value.contains("...") && !value.contains(['"', '\t']),
        PatternElement::Placeable { expression: Expression::Select { variants, .. } } => {
            variants.iter().all(|variant| is_clean(&variant.value))
        }
        PatternElement::Placeable { .. } => true,
    })
}

fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            out.push(path);
        }
    }
}

/// The keys that the sources use, with the variables that they give.
fn used() -> Vec<(String, Vec<String>, PathBuf)> {
    let mut paths = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut paths);
    let mut out = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        if path.parent().is_some_and(|folder| folder.ends_with("language")) {
            continue;
        }
        for (at, mark) in text.match_indices("tr!(").chain(text.match_indices("key!(")) {
            // `include_str!(` ends like one, and is none.
            if text[..at].ends_with(|letter: char| letter == '_' || letter.is_alphanumeric()) {
                continue;
            }
            let rest = text[at + mark.len()..].trim_start();
            let Some((key, rest)) = rest.strip_prefix('"').and_then(|rest| rest.split_once('"')) else { continue };
            out.push((key.to_owned(), names(rest), path.clone()));
        }
    }
    out
}

/// The names before `=` at the outermost level, to the bracket that closes the call.
fn names(rest: &str) -> Vec<String> {
    let (mut depth, mut names, mut word, mut quoted) = (0, Vec::new(), String::new(), false);
    let mut letters = rest.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth == 0 => break,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => word.clear(),
            '=' if depth == 0 && letters.peek() == Some(&' ') && !word.is_empty() => {
                names.push(std::mem::take(&mut word));
            }
            _ if depth == 0 && (letter.is_ascii_lowercase() || letter == '_') => word.push(letter),
            _ => {}
        }
    }
    names.sort();
    names
}

#[test]
fn every_key_that_is_used_exists_with_its_variables_and_every_key_is_used() {
    let english = messages(Locale::English);
    let mut seen = BTreeSet::new();
    for (key, given, path) in used() {
        let message = english.get(&key).unwrap_or_else(|| panic!("{}: no message `{key}`", path.display()));
        assert_eq!(message.variables, given, "{}: variables of `{key}`", path.display());
        seen.insert(key);
    }
    let of_this_folder = ["list-comma"];
    let idle: Vec<&String> = english
        .iter()
        .filter(|(key, seen)| seen.file != "libraries" && !of_this_folder.contains(&key.as_str()))
        .map(|(key, _)| key)
        .filter(|key| !seen.contains(*key))
        .collect();
    assert!(idle.is_empty(), "nobody says {idle:?}");
    assert!(seen.len() > 500, "the sources were not read: {}", seen.len());
}

#[test]
fn all_languages_have_the_same_messages_with_the_same_variables() {
    let english = messages(Locale::English);
    for locale in Locale::ALL {
        let own = messages(locale);
        let missing: Vec<_> = english.keys().filter(|key| !own.contains_key(*key)).collect();
        let foreign: Vec<_> = own.keys().filter(|key| !english.contains_key(*key)).collect();
        assert!(missing.is_empty() && foreign.is_empty(), "{locale:?}: missing {missing:?}, foreign {foreign:?}");
        for (key, seen) in &own {
            assert_eq!(seen, &english[key], "{locale:?} {key}");
        }
    }
}

#[test]
fn every_message_can_be_said_in_every_language() {
    for locale in Locale::EVERY {
        speak(locale);
        for (key, seen) in messages(locale) {
            let catalogue = super::Catalogue::of(locale);
            if seen.variables.is_empty() {
                assert!(catalogue.text(&key).is_some_and(|words| !words.is_empty() || key == "spoken-joint"), "{key}");
                continue;
            }
            for number in [0u32, 1, 2, 5, 11, 12, 21] {
                // Leaked by the test: the macro's names are constants.
                let names = seen.variables.iter().map(|name| &*Box::leak(name.clone().into_boxed_str()));
                let args = names.map(|name| (name, super::Value::from(number))).collect();
                let said = catalogue.message(&key, &args).unwrap_or_else(|| panic!("{locale:?} {key} {number}"));
                assert!(!said.contains('$') && !said.trim().is_empty(), "{locale:?} {key}: {said}");
            }
        }
    }
}

#[test]
fn what_the_libraries_say_is_translated() {
    speak(Locale::German);
    for code in player_core::ErrorCode::ALL {
        assert_ne!(foreign(code.sentence()), code.sentence(), "{code:?}");
    }
    for sentence in [
        "Connection lost. Trying again…",
        "Cannot reach the service, check your connection",
        "The service sent an answer that this version cannot read",
        "Sign-in was cancelled in the browser",
    ] {
        assert_ne!(foreign(sentence), sentence);
    }
    assert_eq!(foreign("In the words of another server"), "In the words of another server");
    speak(Locale::English);
    assert_eq!(foreign("Connection lost. Trying again…"), "Connection lost. Trying again…");
}

/// What the libraries say stands in their sources, word for word: a sentence that changes there has to change here.
#[test]
fn what_is_translated_for_the_libraries_is_said_by_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut texts = String::new();
    for folder in ["player-core/src", "service-api/src", "server-stub/src/catalog"] {
        let mut paths = Vec::new();
        sources(&root.join(folder), &mut paths);
        for path in paths {
            texts.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
    for (_, file) in files(Locale::English).into_iter().filter(|(name, _)| *name == "libraries") {
        for line in file.lines().filter(|line| !line.starts_with('#')) {
            let Some((key, words)) = line.split_once(" = ") else { continue };
            assert!(texts.contains(&format!("\"{words}\"")), "{key}: nobody says “{words}”");
        }
    }
}
