//! Colours are made in `tokens.rs` and nowhere else: a literal in a view would not follow the theme.

use std::{fs, path::Path};

fn visit(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("the sources of this crate are here") {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            // The rasteriser's own test needs a colour to draw.
            if !path.ends_with("testing") {
                visit(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tokens.rs") {
            let text = fs::read_to_string(&path).expect("readable source");
            for (number, line) in text.lines().enumerate() {
                let made = ["Color32::", "Rgba::from", "Hsva", "hex_color!"].iter().any(|word| line.contains(word));
                if made {
                    found.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
                }
            }
        }
    }
}

#[test]
fn only_tokens_make_colours() {
    let mut found = Vec::new();
    visit(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found.is_empty(), "use a token instead:\n{}", found.join("\n"));
}
