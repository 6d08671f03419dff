//! SubRip: what WebVTT came from. There is no specification; commas in times, and a few tags of HTML.

use super::Cue;
use super::webvtt::{Dialect, WebVttError, decoded, read};

/// Reads a file. Cues that cannot be read are left out.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Cue>, WebVttError> {
    read(decoded(bytes)?.lines(), Dialect::SubRip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_cues_with_commas_are_read() {
        let text = b"\xef\xbb\xbf1\r\n00:00:01,500 --> 00:00:02,000\r\n<i>One</i>\r\nline two\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000\r\nTwo\r\n";
        let cues = parse(text).unwrap();
        let seen: Vec<_> = cues.iter().map(|cue| (cue.start.as_millis(), cue.end.as_millis(), cue.text())).collect();
        assert_eq!(seen, [(1_500, 2_000, "One\nline two".into()), (3_000, 4_000, "Two".into())]);
        assert!(cues[0].spans[0][0].style.italic);
    }
}
