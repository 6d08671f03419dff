//! What kind of text this is, by its first bytes.

/// How many bytes are looked at.
const HEAD: usize = 512;

/// What a segment of a text track is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Nothing but white space.
    Empty,
    WebVtt,
    SubRip,
    Xml,
    /// ISO base media, WebM.
    Media,
    Unknown,
}

pub(super) fn form(bytes: &[u8]) -> Form {
    if crate::container::webm::is_webm(bytes) || is_bmff(bytes) {
        return Form::Media;
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        // UTF-16 is allowed in XML alone.
        return Form::Xml;
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.starts_with(b"WEBVTT") {
        return Form::WebVtt;
    }
    let text = bytes.trim_ascii_start();
    match text.first() {
        None => Form::Empty,
        Some(b'<') => Form::Xml,
        // A number, or none, and a time.
        Some(b'0'..=b'9') if text[..text.len().min(HEAD)].windows(3).any(|three| three == b"-->") => Form::SubRip,
        Some(_) => Form::Unknown,
    }
}

fn is_bmff(bytes: &[u8]) -> bool {
    let known: [&[u8]; 8] = [b"ftyp", b"styp", b"moof", b"moov", b"sidx", b"emsg", b"prft", b"free"];
    bytes.get(4..8).is_some_and(|kind| known.contains(&kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_told_apart_by_its_first_bytes() {
        for (bytes, expected) in [
            (&b""[..], Form::Empty),
            (b"\xef\xbb\xbf\r\n", Form::Empty),
            (b"\xef\xbb\xbfWEBVTT\n", Form::WebVtt),
            (b"\xef\xbb\xbf \n<?xml version='1.0'?><tt/>", Form::Xml),
            (b"\xff\xfe<\0t\0", Form::Xml),
            (b"\n1\r\n00:00:01,000 --> 00:00:02,000\r\nx", Form::SubRip),
            (b"\0\0\0\x10styp....", Form::Media),
            (b"\x1a\x45\xdf\xa3", Form::Media),
            (b"404 not found", Form::Unknown),
            (b"hello", Form::Unknown),
        ] {
            assert_eq!(form(bytes), expected, "{bytes:?}");
        }
    }
}
