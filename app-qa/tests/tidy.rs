//! The layering of ARCHITECTURE.md, checked by reading the source.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// All Rust files below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// Lines of code below `folder` that contain one of `words`; comments may say what they like.
fn uses(folder: &str, words: &[&str], except: &[&str]) -> Vec<String> {
    let root = root();
    let mut found = Vec::new();
    for path in sources(&root.join(folder)) {
        let name = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        if except.iter().any(|allowed| name.starts_with(allowed)) {
            continue;
        }
        for (number, line) in std::fs::read_to_string(&path).unwrap().lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if words.iter().any(|word| code.contains(word)) {
                found.push(format!("{name}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    found
}

fn dependencies(package: &str) -> String {
    let text = std::fs::read_to_string(root().join(package).join("Cargo.toml")).unwrap();
    text.split("[dev-dependencies]").next().unwrap().to_owned()
}

#[test]
fn gstreamer_is_named_in_one_folder() {
    let words = ["gstreamer", "gst::", "gst_"];
    let found = uses("player-core/src", &words, &["player-core/src/pipeline/gst"]);
    // The module and the factory may be named; GStreamer itself may not.
    let found: Vec<_> = found.into_iter().filter(|line| !line.contains("pipeline::gst")).collect();
    assert!(found.is_empty(), "{found:#?}");
    for package in ["app-core", "app-desktop", "app-tv", "app-qa", "server-stub", "service-api", "abr"] {
        assert!(!dependencies(package).contains("gstreamer"), "{package}");
    }
}

#[test]
fn memory_is_unsafe_in_two_places() {
    for package in
        ["abr", "app-core", "app-desktop", "app-qa/src", "app-tv", "player-core", "server-stub", "service-api"]
    {
        let words = ["unsafe {", "unsafe fn", "unsafe extern", "unsafe impl"];
        let found = uses(package, &words, &["player-core/src/drm/opencdm/ffi.rs", "app-core/src/video_surface/gl"]);
        assert!(found.is_empty(), "{found:#?}");
    }
}

#[test]
fn the_session_and_the_decisions_have_no_clock_and_no_input_or_output() {
    let words = ["Instant", "SystemTime", "tokio", "reqwest", "std::fs", "std::net", "std::thread"];
    // The simulator plays recordings side by side; what is played has no part in it.
    let runner = "abr/src/sim/runner.rs";
    for folder in ["player-core/src/session", "abr/src"] {
        let found = uses(folder, &words, &[runner]);
        assert!(found.is_empty(), "{found:#?}");
    }
}

#[test]
fn crates_know_only_what_they_may() {
    for (package, forbidden) in [
        ("abr", &["player-core", "service-api", "app-core", "server-stub", "tokio"][..]),
        ("service-api", &["abr", "player-core", "app-core", "server-stub"]),
        ("player-core", &["service-api", "app-core", "server-stub", "egui"]),
        ("server-stub", &["player-core", "abr", "app-core", "egui"]),
        ("app-core", &["server-stub", "app-qa"]),
        ("app-desktop", &["reqwest", "server-stub", "player-core"]),
        ("app-tv", &["reqwest", "server-stub", "player-core"]),
    ] {
        let dependencies = dependencies(package);
        let lines: Vec<&str> = dependencies.lines().map(|line| line.split(['.', ' ', '=']).next().unwrap()).collect();
        for name in forbidden {
            assert!(!lines.contains(name), "{package} must not depend on {name}");
        }
    }
}

#[test]
fn formats_are_documented_with_tests_that_exist_and_no_number_is_missing() {
    let text = std::fs::read_to_string(root().join("docs/formats.md")).unwrap();
    assert!(named_tests_exist(&text) > 100);
    for number in 1..=39 {
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with(&format!("| {number} | "))).collect();
        assert_eq!(rows.len(), 1, "rows of number {number}");
        let says_why = rows[0].contains("**not") || rows[0].contains("`](../");
        assert!(says_why, "number {number} has neither a test nor a word about why");
    }
}

#[test]
fn the_desktop_is_documented_with_tests_that_exist() {
    let text = std::fs::read_to_string(root().join("docs/desktop.md")).unwrap();
    assert!(named_tests_exist(&text) >= 20);
    for row in text.lines().filter(|line| line.contains("| done |")) {
        assert!(row.contains("`](../"), "nothing is named that shows it: {row}");
    }
}

/// Looks for every test that a text names, as in [`name`](../path.rs), and for every file; says how many tests there are.
fn named_tests_exist(text: &str) -> usize {
    let links: Vec<(&str, &str)> =
        text.split("[`").skip(1).filter_map(|link| link.split_once(')')?.0.split_once("`](../")).collect();
    for (name, path) in &links {
        assert!(root().join(path).exists(), "{name} leads to {path}, which is not there");
    }
    let tests: Vec<_> = links.iter().filter(|(name, _)| !name.ends_with(".rs") && !name.ends_with('/')).collect();
    for (name, path) in &tests {
        let source = std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        let lines: Vec<&str> = source.lines().map(str::trim).collect();
        let at = lines.iter().position(|line| line.contains(&format!("fn {name}(")));
        let at = at.unwrap_or_else(|| panic!("{path} has no test {name}"));
        // The attribute stands in front of it, or of a property's whole block.
        let marked = lines[..at].iter().rev().take(3).any(|line| line.contains("test") && line.starts_with("#["));
        assert!(marked, "{name} in {path} is no test");
    }
    tests.len()
}
