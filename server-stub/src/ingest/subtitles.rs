//! WebVTT from the catalogue's cues.

use super::catalogue::Cue;
use std::fmt::Write;

/// The name of a language in that language, as a menu shows it; unknown ones keep their tag.
pub(crate) fn language_name(tag: &str) -> &str {
    match tag {
        "en" => "English",
        "de" => "Deutsch",
        "fr" => "Français",
        "es" => "Español",
        "nl" => "Nederlands",
        other => other,
    }
}

/// One file with all cues in `language`.
pub(crate) fn webvtt(cues: &[Cue], language: &str) -> String {
    // The map says that cue times count from the start of the media, whose first frame has time stamp zero.
    let mut text = String::from("WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n");
    for (index, cue) in cues.iter().enumerate() {
        let Some(words) = cue.text.get(language) else { continue };
        let escaped = words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        writeln!(text, "\n{}\n{} --> {}\n{escaped}", index + 1, clock(cue.start_s), clock(cue.end_s))
            .expect("writing to a string cannot fail");
    }
    text
}

fn clock(seconds: f64) -> String {
    let ms = (seconds * 1000.0).round() as u64;
    format!("{:02}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_cues_in_one_language() {
        let cue = Cue {
            start_s: 61.5,
            end_s: 3664.25,
            text: [("en".into(), "Salt & <light>".into()), ("de".into(), "Salz\nund Licht".into())].into(),
        };
        let english = webvtt(std::slice::from_ref(&cue), "en");
        assert!(english.starts_with("WEBVTT\n"));
        assert!(english.contains("\n\n1\n00:01:01.500 --> 01:01:04.250\nSalt &amp; &lt;light&gt;\n"));
        assert!(webvtt(&[cue], "de").ends_with("Salz\nund Licht\n"));
    }
}
