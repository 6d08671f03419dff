//! HLS (RFC 8216) to [`Presentation`]. The crate `m3u8-rs` reads the lines; this module gives them their meaning.

mod convert;
mod keys;

use super::{ManifestError, Presentation, SegmentIndex};
use m3u8_rs::Playlist;
use url::Url;

/// Segments of one playlist. Twelve hours of two-second segments have 21,600.
const MAX_SEGMENTS: usize = 100_000;
/// Variants and renditions of one multivariant playlist.
const MAX_VARIANTS: usize = 256;

/// Reads what a stream's address leads to: a multivariant playlist, or a media playlist that stands for itself.
///
/// `base` is the address after redirects; relative URIs resolve against it.
pub fn presentation(text: &[u8], base: &Url) -> Result<Presentation, ManifestError> {
    match parse(text)? {
        Playlist::MasterPlaylist(master) => convert::multivariant(&master, base),
        Playlist::MediaPlaylist(media) => Ok(convert::lone_media_playlist(convert::media(&media, base)?)),
    }
}

/// Reads a media playlist.
pub fn media_playlist(text: &[u8], base: &Url) -> Result<SegmentIndex, ManifestError> {
    match parse(text)? {
        Playlist::MediaPlaylist(media) => convert::media(&media, base),
        Playlist::MasterPlaylist(_) => {
            Err(ManifestError::NotAPlaylist("a multivariant playlist stands for a media one"))
        }
    }
}

fn parse(text: &[u8]) -> Result<Playlist, ManifestError> {
    // Forbidden by RFC 8216, section 4, and sent all the same.
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    if !text.starts_with(b"#EXTM3U") {
        return Err(ManifestError::NotAPlaylist("it does not start with #EXTM3U"));
    }
    m3u8_rs::parse_playlist_res(text).map_err(|_| ManifestError::NotAPlaylist("a line cannot be read"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{IndexSource, TrackKind};

    const MASTER: &str = include_str!("fixtures/master.m3u8");
    const MEDIA: &str = include_str!("fixtures/media.m3u8");

    fn base() -> Url {
        "http://media.test/a/token/title/master.m3u8".parse().unwrap()
    }

    #[test]
    fn a_multivariant_playlist_becomes_a_presentation() {
        insta::assert_debug_snapshot!(presentation(MASTER.as_bytes(), &base()).unwrap());
    }

    #[test]
    fn a_media_playlist_becomes_an_index() {
        let url = base().join("v/720/index.m3u8").unwrap();
        insta::assert_debug_snapshot!(media_playlist(MEDIA.as_bytes(), &url).unwrap());
    }

    #[test]
    fn a_media_playlist_alone_is_a_presentation_of_one_rung() {
        let presentation = presentation(MEDIA.as_bytes(), &base()).unwrap();
        let track = presentation.preferred(TrackKind::Video, None).unwrap();
        assert!(matches!(&track.representations[0].index, IndexSource::Known(index) if index.segments.len() == 3));
    }

    #[test]
    fn byte_order_marks_and_carriage_returns_do_no_harm() {
        let odd = format!("\u{feff}{}", MEDIA.replace('\n', "\r\n"));
        let plain = media_playlist(MEDIA.as_bytes(), &base()).unwrap();
        assert_eq!(media_playlist(odd.as_bytes(), &base()).unwrap(), plain);
    }

    #[test]
    fn junk_is_refused_with_a_reason() {
        for junk in ["", "<html></html>", "#EXTM3U", "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-ENDLIST\n", "#EXTM3U8x"]
        {
            assert!(presentation(junk.as_bytes(), &base()).is_err(), "{junk:?}");
        }
    }

    #[test]
    fn absurd_durations_are_refused() {
        for duration in ["-1", "1000000000", "nan", "inf"] {
            let text = format!("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:{duration},\na.m4s\n#EXT-X-ENDLIST\n");
            let read = media_playlist(text.as_bytes(), &base());
            assert!(read.is_err(), "{duration}: {read:?}");
        }
    }

    #[test]
    fn a_live_playlist_is_refused_with_a_reason() {
        let live = MEDIA.replace("#EXT-X-ENDLIST\n", "");
        let error = media_playlist(live.as_bytes(), &base()).unwrap_err();
        assert!(matches!(error, ManifestError::Unsupported(_)), "{error}");
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(lines in proptest::collection::vec("(#EXT(M3U|INF|-X-[A-Z-]{1,20})[:,=]?)?[ -~]{0,40}", 0..30)) {
            let text = format!("#EXTM3U\n{}", lines.join("\n"));
            let _ = presentation(text.as_bytes(), &base());
        }
    }
}
