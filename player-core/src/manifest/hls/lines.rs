//! A playlist's lines.

use crate::manifest::ManifestError;
use std::borrow::Cow;

/// A line that means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// `#EXT…`, and what follows the colon.
    Tag(&'a str, &'a str),
    Uri(&'a str),
}

/// What a playlist lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PlaylistKind {
    Multivariant,
    Media,
}

/// The text of a playlist, if that is what it is.
pub(super) fn playlist(bytes: &[u8]) -> Result<Cow<'_, str>, ManifestError> {
    // A byte order mark is forbidden by RFC 8216, section 4, and sent all the same, now and then after blank lines.
    let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace() && !matches!(byte, 0xef | 0xbb | 0xbf));
    let bytes = start.map_or(&[][..], |start| &bytes[start..]);
    let after = bytes.strip_prefix(b"#EXTM3U").and_then(|rest| rest.first());
    if after.is_some_and(u8::is_ascii_whitespace) {
        Ok(String::from_utf8_lossy(bytes))
    } else {
        Err(ManifestError::NotAPlaylist("it does not start with #EXTM3U"))
    }
}

/// All lines but the first, comments and blank ones. Any kind of line end will do.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    text.split(['\n', '\r']).skip(1).filter_map(|line| {
        let line = line.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\0');
        if line.is_empty() {
            None
        } else if line.starts_with("#EXT") {
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            Some(Line::Tag(name.trim_end(), value.trim_start()))
        } else {
            (!line.starts_with('#')).then_some(Line::Uri(line))
        }
    })
}

/// What the first tag that is at home in one kind only says.
pub(super) fn kind(text: &str) -> PlaylistKind {
    let kinds = lines(text).filter_map(|line| match line {
        Line::Tag(
            "#EXT-X-STREAM-INF"
            | "#EXT-X-I-FRAME-STREAM-INF"
            | "#EXT-X-IMAGE-STREAM-INF"
            | "#EXT-X-MEDIA"
            | "#EXT-X-SESSION-DATA"
            | "#EXT-X-SESSION-KEY"
            | "#EXT-X-CONTENT-STEERING",
            _,
        ) => Some(PlaylistKind::Multivariant),
        Line::Tag("#EXTINF" | "#EXT-X-TARGETDURATION" | "#EXT-X-MEDIA-SEQUENCE" | "#EXT-X-ENDLIST", _) => {
            Some(PlaylistKind::Media)
        }
        Line::Tag(..) | Line::Uri(_) => None,
    });
    kinds.into_iter().next().unwrap_or(PlaylistKind::Media)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conformance_19_only_meaning_is_left_of_odd_lines() {
        let text =
            playlist("\u{feff}#EXTM3U \r\n\r\n# comment\n  \n#EXT-X-VERSION: 10  \r\n#EXT-X-ODD\ra.ts \t\n".as_bytes());
        let read: Vec<_> = lines(&text.unwrap()).map(|line| format!("{line:?}")).collect();
        assert_eq!(read, [r##"Tag("#EXT-X-VERSION", "10")"##, r##"Tag("#EXT-X-ODD", "")"##, r#"Uri("a.ts")"#]);
    }

    #[test]
    fn bytes_that_are_no_text_spoil_their_line_only() {
        let text = playlist(b"\n\n#EXTM3U\n#EXTINF:4,\xff\xfe\na.ts\n").unwrap();
        assert_eq!(lines(&text).last(), Some(Line::Uri("a.ts")));
    }
}
