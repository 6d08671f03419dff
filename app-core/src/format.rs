//! Times, amounts and dates as people read and hear them, in the language that is spoken: the one place that knows.

use crate::language::{self, tr};
use chrono::{Datelike, NaiveDate};
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
        0..60 => tr!("length-seconds", seconds = s),
        60..3600 => tr!("length-minutes", minutes = (s + 30) / 60),
        _ => {
            let minutes = (s + 30) / 60;
            tr!("length-hours", hours = minutes / 60, minutes = format!("{:02}", minutes % 60))
        }
    }
}

/// `1 h 2 min 3 s`: for screen readers, nothing left out, nothing padded.
pub(crate) fn spoken(time: Duration) -> String {
    let (hours, minutes, seconds) = (time.as_secs() / 3600, time.as_secs() / 60 % 60, time.as_secs() % 60);
    let parts = [
        (hours > 0).then(|| tr!("spoken-hours", count = hours)),
        (minutes > 0).then(|| tr!("spoken-minutes", count = minutes)),
        (seconds > 0 || hours + minutes == 0).then(|| tr!("spoken-seconds", count = seconds)),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join(tr!("spoken-joint"))
}

/// `14 212`: groups of three, in English with a no-break space.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push_str(tr!("group-mark"));
        }
        out.push(digit);
    }
    out
}

/// A number that was written with a point, such as `1.25` or `3.1 Mbit/s`, with the mark that people expect.
pub(crate) fn decimal(written: &str) -> String {
    written.replace('.', tr!("decimal-mark"))
}

/// `6.4`.
pub(crate) fn tenths(number: f64) -> String {
    decimal(&format!("{number:.1}"))
}

/// `40 %` of a share from 0 to 1.
pub(crate) fn percent(share: f32) -> String {
    tr!("percent", amount = (share * 100.0).round().clamp(0.0, 1e6) as u32)
}

/// `212 ms`.
pub(crate) fn milliseconds(time: Duration) -> String {
    tr!("milliseconds", amount = u64::try_from((time.as_secs_f64() * 1e3).round() as i64).unwrap_or(0))
}

/// `22 November 2026`.
pub(crate) fn date(day: &NaiveDate) -> String {
    // As words: a year is no amount.
    let (year, month) = (day.year().to_string(), tr!("month", month = day.month()));
    tr!("date", day = day.day(), month = month, year = year)
}

/// The name of a language, for the tags that the catalog uses; the tag itself otherwise.
pub(crate) fn language(tag: &str) -> String {
    let primary = tag.split(['-', '_']).next().unwrap_or(tag).to_ascii_lowercase();
    let name = match primary.as_str() {
        "en" | "eng" => tr!("language-english"),
        "de" | "deu" | "ger" => tr!("language-german"),
        "fr" | "fra" | "fre" => tr!("language-french"),
        "es" | "spa" => tr!("language-spanish"),
        "it" | "ita" => tr!("language-italian"),
        "pt" | "por" => tr!("language-portuguese"),
        "nl" | "nld" | "dut" => tr!("language-dutch"),
        "sv" | "swe" => tr!("language-swedish"),
        "pl" | "pol" => tr!("language-polish"),
        "ja" | "jpn" => tr!("language-japanese"),
        "zh" | "zho" | "chi" => tr!("language-chinese"),
        "ko" | "kor" => tr!("language-korean"),
        "und" | "" => tr!("language-unknown"),
        _ => return tag.to_owned(),
    };
    name.to_owned()
}

/// Languages one after the other, as in `English, German`.
pub(crate) fn languages(tags: &[String]) -> String {
    language::list(tags.iter().map(|tag| language(tag)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::{Locale, speak};

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
        assert_eq!((tenths(6.44).as_str(), percent(0.4).as_str()), ("6.4", "40 %"));
    }

    #[test]
    fn each_language_writes_times_numbers_and_dates_its_own_way() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 1).unwrap();
        for (locale, expected) in [
            (Locale::English, ["1 h 04 min", "14\u{a0}212", "0.5", "1 November 2026", "1 h 1 s", "English, German"]),
            (
                Locale::German,
                ["1 Std. 04 Min.", "14.212", "0,5", "1. November 2026", "1 Stunde 1 Sekunde", "Englisch, Deutsch"],
            ),
            (
                Locale::Spanish,
                ["1 h 04 min", "14\u{a0}212", "0,5", "1 de noviembre de 2026", "1 hora 1 segundo", "Inglés, Alemán"],
            ),
            (
                Locale::French,
                ["1 h 04 min", "14\u{a0}212", "0,5", "1 novembre 2026", "1 heure 1 seconde", "Anglais, Allemand"],
            ),
            (Locale::Japanese, ["1時間04分", "14,212", "0.5", "2026年11月1日", "1時間1秒", "英語、ドイツ語"]),
        ] {
            speak(locale);
            let tags = ["en", "de"].map(str::to_owned);
            let said = [
                length(3_850.0),
                count(14_212),
                tenths(0.5),
                date(&day),
                spoken(Duration::from_secs(3601)),
                languages(&tags),
            ];
            assert_eq!(said, expected, "{locale:?}");
        }
    }
}
