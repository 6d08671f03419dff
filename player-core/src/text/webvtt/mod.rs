//! WebVTT (W3C), as files and as segments of HLS (RFC 8216, section 3.5).
//!
//! `X-TIMESTAMP-MAP` says at which value of the MPEG-2 clock a local time is: times of such a file are media times. A
//! file without it counts from the beginning of the presentation, or of its period.
//!
//! `blocks` walks over a file, `settings` reads timing lines and regions, `markup` the text of cues, `css` the rules of
//! `STYLE` blocks. As the specification wants, what cannot be read is passed over.

mod blocks;
mod css;
mod markup;
mod settings;

pub(super) use blocks::{Dialect, read};
pub(super) use css::StyleSheet;
pub(super) use markup::styled;
pub(super) use settings::{Regions, settings};

use super::{Cue, CueBase, TextSegment};
use abr::MediaTime;

/// Cues of one file. Ten an hour is a film, ten a second is an attack.
const MAX_CUES: usize = 20_000;
/// Longest text of one cue in bytes.
const MAX_TEXT: usize = 4_096;
/// Longest file in bytes: two days of talk.
const MAX_FILE: usize = 16 << 20;

/// Why a file was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebVttError {
    #[error("it does not start with WEBVTT")]
    NotWebVtt,
    #[error("limit exceeded: cues > {MAX_CUES}")]
    TooManyCues,
    #[error("limit exceeded: bytes of text > {MAX_FILE}")]
    TooLong,
}

/// Reads a file. Cues that cannot be read are left out.
pub fn parse(bytes: &[u8]) -> Result<TextSegment, WebVttError> {
    let text = decoded(bytes)?;
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    if !matches!(first.strip_prefix("WEBVTT").map(|rest| rest.chars().next()), Some(None | Some(' ' | '\t'))) {
        return Err(WebVttError::NotWebVtt);
    }
    // The header ends at an empty line, or where somebody forgot it.
    let header = text.lines().skip(1).take_while(|line| !line.trim().is_empty() && !line.contains("-->"));
    let mut cues = read(text.lines().skip(1 + header.count()), Dialect::WebVtt)?;
    // It belongs into the header, but some writers leave an empty line before it.
    let offset = text.lines().skip(1).take_while(|line| !line.contains("-->")).find_map(timestamp_map);
    let Some(offset) = offset else { return Ok(TextSegment { cues, base: CueBase::Period }) };
    shift(&mut cues, offset);
    Ok(TextSegment { cues, base: CueBase::Media })
}

/// As UTF-8, with line feeds at the end of lines and nothing before the first.
pub(super) fn decoded(bytes: &[u8]) -> Result<String, WebVttError> {
    if bytes.len() > MAX_FILE {
        return Err(WebVttError::TooLong);
    }
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}');
    // Rare enough to be worth asking first.
    Ok(if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_owned() })
}

fn shift(cues: &mut [Cue], offset: MediaTime) {
    for cue in cues {
        cue.start += offset;
        cue.end += offset;
    }
}

/// What is to be added to local times. Both parts may be missing and then are zero; the clock has 33 bits.
fn timestamp_map(line: &str) -> Option<MediaTime> {
    let (mut mpeg, mut local) = (0i64, MediaTime::ZERO);
    let map = line.trim().strip_prefix("X-TIMESTAMP-MAP")?.trim_start().strip_prefix('=')?;
    for part in map.split(',') {
        let Some((name, value)) = part.split_once(':') else { continue };
        match name.trim() {
            "MPEGTS" => mpeg = value.trim().parse::<i64>().ok()?.rem_euclid(1 << 33),
            "LOCAL" => local = timestamp(value)?,
            _ => {}
        }
    }
    Some(MediaTime::from_ticks(mpeg, 90_000) - local)
}

/// `[hh:]mm:ss.ttt`; a comma for the point (SubRip), and other counts of decimals are taken too.
fn timestamp(text: &str) -> Option<MediaTime> {
    let (clock, decimals) = text.trim().split_once(['.', ','])?;
    let digits = |part: &str| {
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| part.parse::<i64>().ok()).flatten()
    };
    let mut parts = clock.rsplit(':');
    let seconds = digits(parts.next()?).filter(|seconds| *seconds < 60)?;
    let minutes = digits(parts.next()?).filter(|minutes| *minutes < 60)?;
    let hours = parts.next().map_or(Some(0), digits).filter(|hours| *hours < 100_000)?;
    if parts.next().is_some() || decimals.len() > 9 {
        return None;
    }
    let nanos = digits(decimals)? * 10i64.pow(9 - u32::try_from(decimals.len()).ok()?);
    Some(MediaTime::from_nanos(((hours * 60 + minutes) * 60 + seconds) * 1_000_000_000 + nanos))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Colour, Line, Percent, PositionAlign, Span, TextAlign, TextStyle};

    fn cues(text: &str) -> Vec<Cue> {
        parse(text.as_bytes()).unwrap().cues
    }

    fn times(text: &str) -> Vec<(i64, i64, String)> {
        cues(text).iter().map(|cue| (cue.start.as_millis(), cue.end.as_millis(), cue.lines.join("|"))).collect()
    }

    #[test]
    fn conformance_09_cues_with_and_without_identifiers_settings_and_hours() {
        let text = "WEBVTT - a note\n\nNOTE\nnot a cue\n\n1\n00:01.000 --> 00:02.500 line:80%\n<v Mara>Hello,\n<i>you</i> &amp; I\n\n01:00:00.000-->01:00:01.000\nlate\n";
        assert_eq!(times(text), [(1000, 2500, "Hello,|you & I".into()), (3_600_000, 3_601_000, "late".into())]);
    }

    #[test]
    fn conformance_09_the_timestamp_map_moves_cues_in_either_order() {
        for (map, start) in [
            ("MPEGTS:900000,LOCAL:00:00:00.000", 11_000),
            ("LOCAL:00:00:00.000,MPEGTS:900000", 11_000),
            ("LOCAL:00:00:01.000, MPEGTS:900000 ", 10_000),
            ("LOCAL:00:00.000", 1_000),
            ("MPEGTS:180000", 3_000),
            // One round of the clock and two seconds.
            ("MPEGTS:8590114592,LOCAL:00:00:00.000", 3_000),
        ] {
            let text = format!("\u{feff}WEBVTT\r\nX-TIMESTAMP-MAP={map}\r\n\r\n00:01.000 --> 00:02.000\r\nx\r\n");
            assert_eq!(times(&text), [(start, start + 1_000, "x".into())], "{map}");
            assert_eq!(parse(text.as_bytes()).unwrap().base, CueBase::Media);
        }
        assert_eq!(parse(b"WEBVTT\n\n00:01.000 --> 00:02.000\nx").unwrap().base, CueBase::Period);
        let apart = "WEBVTT\n\nX-TIMESTAMP-MAP=MPEGTS:180000,LOCAL:00:00:00.000\n\n00:01.000 --> 00:02.000\nx";
        assert_eq!(times(apart), [(3_000, 4_000, "x".into())]);
    }

    #[test]
    fn conformance_09_all_line_ends_and_missing_empty_lines_are_taken() {
        for end in ["\n", "\r\n", "\r"] {
            let text = format!("WEBVTT{end}00:01.000 --> 00:02.000{end}a{end}b{end}00:02.000 --> 00:03.000{end}c{end}");
            assert_eq!(times(&text), [(1000, 2000, "a|b".into()), (2000, 3000, "c".into())], "{end:?}");
        }
    }

    #[test]
    fn bad_cues_are_left_out_and_bad_files_refused() {
        let text = "WEBVTT\n\n00:05.000 --> 00:04.000\nbackwards\n\n00:61.000 --> 00:62.000\nno such second\n\n00:01.000 --> 00:02.000\n\n";
        assert_eq!(times(text), []);
        assert_eq!(parse(b"WEBVTTX"), Err(WebVttError::NotWebVtt));
        assert_eq!(parse(b""), Err(WebVttError::NotWebVtt));
        let many = format!("WEBVTT\n\n{}", "00:01.000 --> 00:02.000\nx\n\n".repeat(MAX_CUES + 1));
        assert_eq!(parse(many.as_bytes()), Err(WebVttError::TooManyCues));
    }

    #[test]
    fn settings_place_cues() {
        let cue =
            &cues("WEBVTT\n\n00:01.000 --> 00:02.000 line:-2 position:25%,line-left size:50.5% align:start x y:z\nx")
                [0];
        assert_eq!(cue.settings.line, Some(Line::Number(-2)));
        assert_eq!(
            (cue.settings.position, cue.settings.position_align),
            (Some(Percent(2_500)), PositionAlign::LineLeft)
        );
        assert_eq!((cue.settings.size, cue.settings.align), (Some(Percent(5_050)), TextAlign::Start));
    }

    #[test]
    fn regions_and_styles_reach_the_cues_that_name_them() {
        let text = "WEBVTT\n\nREGION\nid:fred\nwidth:40%\nlines:3\nregionanchor:0%,100%\nviewportanchor:10%,90%\nscroll:up\n\nSTYLE\n::cue { color: lime }\n::cue(.loud), ::cue(#two) { font-weight: bold; background: rgb(0 0 0 / 0.5) }\n\none\n00:01.000 --> 00:02.000 region:fred\na <c.loud>b</c>\n\ntwo\n00:03.000 --> 00:04.000\nc\n";
        let cues = cues(text);
        let region = cues[0].settings.region.clone().unwrap();
        assert_eq!((region.left, region.width), (Percent(1_000), Percent(4_000)));
        assert_eq!((region.top, region.height, region.scroll), (Percent(9_000 - 1_599), Percent(1_599), true));
        let lime = TextStyle { colour: Some(Colour::rgb(0, 255, 0)), ..TextStyle::default() };
        let loud = TextStyle { bold: true, background: Some(Colour([0, 0, 0, 128])), ..lime };
        let span = |text: &str, style| Span { text: text.into(), style };
        assert_eq!(cues[0].spans, [vec![span("a ", lime), span("b", loud)]]);
        assert_eq!(cues[1].spans, [vec![span("c", loud)]]);
        assert_eq!(cues[1].lines, ["c"]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[ -~\n\r\u{feff}é<>&:.>%,-]{0,200}") {
            let _ = parse(format!("WEBVTT\n\n{text}").as_bytes());
            let _ = parse(format!("WEBVTT\nX-TIMESTAMP-MAP={text}").as_bytes());
            let _ = parse(format!("WEBVTT\n\nSTYLE\n{text}\n\nREGION\n{text}\n\n00:01.000 --> 00:02.000 {text}").as_bytes());
            let _ = parse(format!("WEBVTT\n\nSTYLE\n::cue({text}) {{ {text} }}\n\n00:01.000 --> 00:02.000\n{text}").as_bytes());
        }

        #[test]
        fn spans_say_the_same_as_lines(text in "[a-c <>/.biu&;\n]{0,80}") {
            for cue in cues(&format!("WEBVTT\n\n00:01.000 --> 00:02.000\n{text}\n")) {
                if !cue.spans.is_empty() {
                    let joined: Vec<String> = cue.spans.iter()
                        .map(|line| line.iter().map(|span| span.text.as_str()).collect()).collect();
                    proptest::prop_assert_eq!(joined, cue.lines);
                }
            }
        }
    }
}
