//! "Did you mean": the known name that is nearest to what was typed.

/// A name is meant if it can be made of the text by this many letters changed, left out, added or swapped; by its
/// length, in letters.
fn allowed(letters: usize) -> usize {
    match letters {
        0..=2 => 0,
        3..=5 => 1,
        6..=9 => 2,
        _ => 3,
    }
}

/// The nearest of `names`, if one is near enough. One that is the same is no suggestion.
pub(crate) fn nearest<'a>(text: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = folded(text);
    let best = names
        .into_iter()
        .filter_map(|name| {
            let whole = folded(name);
            // A word of the name is enough, as people do not type articles.
            let words = whole.split(|letter| *letter == ' ').filter(|word| word.len() > 2);
            let limit = allowed(typed.len());
            let distances = words.chain([whole.as_slice()]).filter_map(|word| distance(&typed, word, limit));
            distances.min().map(|distance| (distance, name))
        })
        .min_by_key(|(distance, _)| *distance)?;
    (best.0 > 0).then_some(best.1)
}

fn folded(text: &str) -> Vec<char> {
    text.trim().chars().take(64).flat_map(char::to_lowercase).collect()
}

/// Distance of optimal string alignment (Damerau, 1964, without edits inside a swap), if it is at most `limit`.
fn distance(one: &[char], other: &[char], limit: usize) -> Option<usize> {
    if one.len().abs_diff(other.len()) > limit {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let mut cost = (last[j] + usize::from(a != b)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == other[j - 1] && one[i - 1] == *b {
                cost = cost.min(before[j - 1] + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|distance| *distance <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_offered_and_far_ones_are_not() {
        let names = ["The Long Tide", "Glass Harbour", "Orbit Kitchen", "Low Country"];
        for (text, expected) in [
            ("harbuor", Some("Glass Harbour")),
            ("Glas Harbor", Some("Glass Harbour")),
            ("kichen", Some("Orbit Kitchen")),
            ("tide", None),
            ("glass harbour", None),
            ("xylophone", None),
            ("ha", None),
            ("", None),
        ] {
            assert_eq!(nearest(text, names), expected, "{text}");
        }
    }

    #[test]
    fn long_input_costs_little() {
        let long = "a".repeat(1 << 20);
        assert_eq!(nearest(&long, [long.as_str()]), None);
    }
}
