//! Times and amounts as people read and hear them.

use std::time::Duration;

/// `19:12`, or `1:02:03` from an hour on.
pub(crate) fn clock(time: Duration) -> String {
    let s = time.as_secs();
    if s >= 3600 {
        format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60)
    } else {
        format!("{}:{:02}", s / 60, s % 60)
    }
}

/// `1 h 04 min`, `52 min`, `45 s`: for lists, rounded.
pub(crate) fn length(seconds: f64) -> String {
    let s = if seconds.is_finite() { seconds.max(0.0).round() as u64 } else { 0 };
    match s {
        0..60 => format!("{s} s"),
        60..3600 => format!("{} min", (s + 30) / 60),
        _ => {
            let minutes = (s + 30) / 60;
            format!("{} h {:02} min", minutes / 60, minutes % 60)
        }
    }
}

/// `1 h 2 min 3 s`: for screen readers, nothing left out, nothing padded.
pub(crate) fn spoken(time: Duration) -> String {
    let s = time.as_secs();
    let parts = [(s / 3600, "h"), (s / 60 % 60, "min"), (s % 60, "s")];
    let words: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n} {unit}")).collect();
    if words.is_empty() { "0 s".to_owned() } else { words.join(" ") }
}

/// `14 212`: groups of three with a no-break space.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{a0}');
        }
        out.push(digit);
    }
    out
}

/// The name of a language in English, for the tags that the catalog uses; the tag itself otherwise.
pub(crate) fn language(tag: &str) -> String {
    let primary = tag.split(['-', '_']).next().unwrap_or(tag).to_ascii_lowercase();
    let name = match primary.as_str() {
        "en" | "eng" => "English",
        "de" | "deu" | "ger" => "German",
        "fr" | "fra" | "fre" => "French",
        "es" | "spa" => "Spanish",
        "it" | "ita" => "Italian",
        "pt" | "por" => "Portuguese",
        "nl" | "nld" | "dut" => "Dutch",
        "sv" | "swe" => "Swedish",
        "pl" | "pol" => "Polish",
        "ja" | "jpn" => "Japanese",
        "zh" | "zho" | "chi" => "Chinese",
        "ko" | "kor" => "Korean",
        "und" | "" => "Unknown language",
        _ => return tag.to_owned(),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_naturally() {
        assert_eq!(clock(Duration::from_millis(1_152_900)), "19:12");
        assert_eq!(clock(Duration::from_secs(3723)), "1:02:03");
        assert_eq!(length(3_850.0), "1 h 04 min");
        assert_eq!(length(3_599.0), "60 min");
        assert_eq!(length(45.4), "45 s");
        assert_eq!(length(f64::NAN), "0 s");
        assert_eq!(spoken(Duration::from_secs(3723)), "1 h 2 min 3 s");
        assert_eq!(spoken(Duration::from_secs(60)), "1 min");
        assert_eq!(spoken(Duration::ZERO), "0 s");
    }

    #[test]
    fn amounts_read_naturally() {
        assert_eq!(count(14_212), "14\u{a0}212");
        assert_eq!(count(7), "7");
        assert_eq!(language("en-GB"), "English");
        assert_eq!(language("tlh"), "tlh");
    }
}
