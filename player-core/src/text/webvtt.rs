//! WebVTT cues as HLS sends them: a file per segment, cues on the presentation's timeline.
//!
//! `X-TIMESTAMP-MAP` maps local times to an MPEG-2 clock that starts with the presentation; a segment without it is
//! taken as it is (RFC 8216, section 3.5). Styles, regions and positions are skipped, markup is removed.

use super::Cue;
use abr::MediaTime;

/// Cues of one file. Ten an hour is a film, ten a second is an attack.
const MAX_CUES: usize = 20_000;
/// Longest text of one cue in bytes.
const MAX_TEXT: usize = 4_096;

/// Why a file was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebVttError {
    #[error("it does not start with WEBVTT")]
    NotWebVtt,
    #[error("limit exceeded: cues > {MAX_CUES}")]
    TooManyCues,
}

/// Reads a file. Cues that cannot be read are left out, as the specification wants.
pub fn parse(bytes: &[u8]) -> Result<Vec<Cue>, WebVttError> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    let header = text.split("\n\n").next().unwrap_or_default();
    if !matches!(header.strip_prefix("WEBVTT").map(|rest| rest.chars().next()), Some(None | Some(' ' | '\t' | '\n'))) {
        return Err(WebVttError::NotWebVtt);
    }
    let offset = header.lines().find_map(timestamp_map).unwrap_or(0);

    let mut cues = Vec::new();
    for block in text[header.len()..].split("\n\n") {
        if let Some(cue) = cue(block, offset) {
            if cues.len() == MAX_CUES {
                return Err(WebVttError::TooManyCues);
            }
            cues.push(cue);
        }
    }
    Ok(cues)
}

/// Nanoseconds to add to local times.
fn timestamp_map(line: &str) -> Option<i64> {
    let (mut mpeg, mut local) = (0i64, MediaTime::ZERO);
    for part in line.strip_prefix("X-TIMESTAMP-MAP=")?.split(',') {
        if let Some(ticks) = part.trim().strip_prefix("MPEGTS:") {
            mpeg = ticks.parse::<i64>().ok()?.rem_euclid(1 << 33);
        } else if let Some(time) = part.trim().strip_prefix("LOCAL:") {
            local = timestamp(time)?;
        }
    }
    Some(MediaTime::from_ticks(mpeg, 90_000).nanos() - local.nanos())
}

fn cue(block: &str, offset: i64) -> Option<Cue> {
    let mut lines = block.lines().skip_while(|line| line.trim().is_empty());
    let first = lines.next()?;
    // The identifier before the timing line is optional.
    let timing = if first.contains("-->") { first } else { lines.next().filter(|line| line.contains("-->"))? };
    let (start, rest) = timing.split_once("-->")?;
    let (start, end) = (timestamp(start)?, timestamp(rest.split_whitespace().next()?)?);
    let mut budget = MAX_TEXT;
    let lines: Vec<String> = lines
        .map(plain)
        .filter(|line| !line.is_empty())
        .take_while(|line| {
            let fits = line.len() <= budget;
            budget = budget.saturating_sub(line.len());
            fits
        })
        .collect();
    let shift = |time: MediaTime| MediaTime::from_nanos(time.nanos().saturating_add(offset));
    (end > start && !lines.is_empty()).then(|| Cue { start: shift(start), end: shift(end), lines })
}

/// `[hh:]mm:ss.ttt`
fn timestamp(text: &str) -> Option<MediaTime> {
    let (clock, millis) = text.trim().split_once('.')?;
    let digits =
        |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<i64>().ok()).flatten();
    let mut parts = clock.rsplit(':');
    let seconds = digits(parts.next()?).filter(|seconds| *seconds < 60)?;
    let minutes = digits(parts.next()?).filter(|minutes| *minutes < 60)?;
    let hours = parts.next().map_or(Some(0), digits).filter(|hours| *hours < 10_000)?;
    let millis = (millis.len() == 3 && parts.next().is_none()).then(|| digits(millis)).flatten()?;
    Some(MediaTime::from_millis(((hours * 60 + minutes) * 60 + seconds) * 1000 + millis))
}

/// Without tags, with entities replaced.
fn plain(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(position) = rest.find('<') {
        text.push_str(&rest[..position]);
        rest = rest[position..].split_once('>').map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    [("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", "\u{a0}"), ("&lrm;", ""), ("&rlm;", ""), ("&amp;", "&")]
        .iter()
        .fold(text, |text, (entity, character)| text.replace(entity, character))
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(text: &str) -> Vec<(i64, i64, String)> {
        let cues = parse(text.as_bytes()).unwrap();
        cues.iter().map(|c| (c.start.nanos() / 1_000_000, c.end.nanos() / 1_000_000, c.lines.join("|"))).collect()
    }

    #[test]
    fn cues_with_and_without_identifiers_settings_and_hours() {
        let text = "WEBVTT - a note\n\nNOTE\nnot a cue\n\n1\n00:01.000 --> 00:02.500 line:80%\n<v Mara>Hello,\n<i>you</i> &amp; I\n\n01:00:00.000-->01:00:01.000\nlate\n";
        assert_eq!(times(text), [(1000, 2500, "Hello,|you & I".into()), (3_600_000, 3_601_000, "late".into())]);
    }

    #[test]
    fn the_timestamp_map_moves_cues_in_either_order() {
        for map in ["MPEGTS:900000,LOCAL:00:00:00.000", "LOCAL:00:00:00.000,MPEGTS:900000"] {
            let text = format!("WEBVTT\r\nX-TIMESTAMP-MAP={map}\r\n\r\n00:01.000 --> 00:02.000\r\nx\r\n");
            assert_eq!(times(&text), [(11_000, 12_000, "x".into())]);
        }
    }

    #[test]
    fn bad_cues_are_left_out_and_bad_files_refused() {
        let text = "WEBVTT\n\n00:05.000 --> 00:04.000\nbackwards\n\n00:61.000 --> 00:62.000\nno such second\n\n00:01.000 --> 00:02.000\n\n";
        assert_eq!(times(text), []);
        assert_eq!(parse(b"WEBVTTX"), Err(WebVttError::NotWebVtt));
        assert_eq!(parse(b""), Err(WebVttError::NotWebVtt));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[ -~\n\r\u{feff}é<>&:.>-]{0,200}") {
            let _ = parse(format!("WEBVTT\n\n{text}").as_bytes());
            let _ = parse(format!("WEBVTT\nX-TIMESTAMP-MAP={text}").as_bytes());
        }
    }
}
