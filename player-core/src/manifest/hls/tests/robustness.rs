use super::*;
use crate::testing::processor_time;
use proptest::prelude::*;

#[test]
fn conformance_19_byte_order_marks_line_ends_blanks_and_unknown_tags_do_no_harm() {
    let unknown = MEDIA.replace("#EXTINF", "\n  \n# a comment\n#EXT-X-FROM-TOMORROW:A=\"b\n#EXTINF");
    let odd = format!("\u{feff}{}", unknown.replace('\n', " \t\r\n"));
    let plain = media_playlist(MEDIA.as_bytes(), &base()).unwrap();
    assert_eq!(media_playlist(odd.as_bytes(), &base()).unwrap(), plain);
    assert_eq!(media_playlist(MEDIA.replace('\n', "\r").as_bytes(), &base()).unwrap(), plain);
    let braces = MASTER.replace("#EXT-X-STREAM", "#EXT-X-FROM-TOMORROW:A=\"{$undefined}\"\n#EXT-X-STREAM");
    assert_eq!(presentation(braces.as_bytes(), &base()), presentation(MASTER.as_bytes(), &base()));
    let spaced = MASTER.replace("#EXTM3U", "\n#EXTM3U ").replace(",DEFAULT=YES", " , DEFAULT = yes ");
    assert_eq!(presentation(spaced.as_bytes(), &base()), presentation(MASTER.as_bytes(), &base()));
}

#[test]
fn junk_is_refused_with_a_reason() {
    for junk in [
        "",
        "<html></html>",
        "#EXTM3U",
        "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-ENDLIST\n",
        "#EXTM3U8x",
        "#EXTM3U\nno.ts\n",
    ] {
        assert!(presentation(junk.as_bytes(), &base()).is_err(), "{junk:?}");
    }
    assert!(media_playlist(MASTER.as_bytes(), &base()).is_err());
}

#[test]
fn absurd_durations_are_refused() {
    for duration in ["-1", "1000000000", "nan", "inf", "1e3", ""] {
        let read = index_of(&format!("#EXTINF:{duration},\na.m4s"));
        assert_eq!(read, Err(ManifestError::NotAPlaylist("a segment has an impossible duration")), "{duration}");
    }
    assert_eq!(index_of("#EXTINF:0,\na.m4s"), Err(ManifestError::NotAPlaylist("its segments have no duration")));
}

#[test]
fn local_files_are_out_of_reach() {
    for uri in ["file:///etc/passwd", "ftp://a/b", "javascript:1"] {
        assert_eq!(index_of(&format!("#EXTINF:4,\n{uri}")), Err(ManifestError::BadAddress), "{uri}");
    }
}

#[test]
fn counts_and_sizes_have_limits() {
    let limit = |read: Result<SegmentIndex, _>| match read {
        Err(ManifestError::LimitExceeded { what, .. }) => what,
        other => panic!("{:?}", other.map(|index| index.segments.len())),
    };
    assert_eq!(limit(index_of(&"#EXTINF:1,\na\n".repeat(100_001))), "segments");
    // A long address that is repeated with each segment.
    let long = format!("#EXT-X-MAP:URI=\"{}\"\n{}", "x".repeat(1 << 20), "#EXTINF:1,\na\n".repeat(1000));
    assert_eq!(limit(index_of(&long)), "bytes of addresses");
    let keys: String = (0..50).map(|n| format!("#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"k\",KEYFORMAT=\"{n}\"\n")).collect();
    assert_eq!(limit(index_of(&keys)), "key formats");
    let variants = "#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n".repeat(5000);
    assert!(matches!(presentation_of(&variants), Err(ManifestError::LimitExceeded { .. })));
}

#[test]
fn long_playlists_are_read_in_linear_time() {
    let lines: String = (0..100_000)
        .map(|n| format!("#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"k{n}\"\n#EXT-X-MAP:URI=\"i\"\n#EXTINF:1,\n{n}.m4s\n"))
        .collect();
    let began = processor_time();
    assert_eq!(index_of(&lines).unwrap().protections.len(), 100_000);
    // A quadratic reader takes minutes.
    let taken = processor_time() - began;
    assert!(taken.as_secs() < 20, "{taken:?}");
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(lines in proptest::collection::vec("(#EXT(M3U|INF|-X-[A-Z-]{1,20})[:,=]?)?[ -~]{0,40}", 0..30)) {
        let text = format!("#EXTM3U\n{}", lines.join("\n"));
        let _ = presentation(text.as_bytes(), &base());
    }

    #[test]
    fn no_damage_makes_the_reader_panic(
        which in 0usize..3,
        cuts in proptest::collection::vec((any::<proptest::sample::Index>(), any::<proptest::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut text = [MASTER, MEDIA, EVERYTHING][which].as_bytes().to_vec();
        for (at, from, byte) in cuts {
            // A byte is replaced, and a stretch of the playlist is repeated elsewhere.
            let (at, from) = (at.index(text.len()), from.index(text.len()));
            text[at] = byte;
            let piece: Vec<u8> = text[from..].iter().take(usize::from(byte)).copied().collect();
            text.splice(at..at, piece);
        }
        let _ = presentation(&text, &base());
        let _ = media_playlist(&text, &base());
    }
}

const EVERYTHING: &str = r#"#EXTM3U
#EXT-X-VERSION:12
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-DISCONTINUITY-SEQUENCE:3
#EXT-X-DEFINE:NAME="a",VALUE="b"
#EXT-X-PROGRAM-DATE-TIME:2024-01-01T00:00:00.123+01:00
#EXT-X-KEY:METHOD=AES-128,URI="{$a}",IV=0x33343536373839300000000000000000
#EXT-X-MAP:URI="i.mp4",BYTERANGE="10@0"
#EXTINF:4.004,title
#EXT-X-BYTERANGE:100@20
a.mp4
#EXTINF:4.004,
#EXT-X-BYTERANGE:100
a.mp4
#EXT-X-DISCONTINUITY
#EXT-X-GAP
#EXT-X-KEY:METHOD=SAMPLE-AES,URI="data:;base64,AAAANHBzc2gBAAAAEHfv7MCyTQKs4zweUuL7SwAAAAGm9k+E",KEYFORMAT="org.w3.clearkey",KEYID=0x01
#EXT-X-DATERANGE:ID="x",CLASS="c",START-DATE="2024-01-01T00:00:00Z",DURATION=2.5,SCTE35-OUT=0xFC,END-ON-NEXT=YES
#EXT-X-TILES:RESOLUTION=1x1,LAYOUT=2x2,DURATION=1
#EXTINF:4,
b.mp4
#EXT-X-ENDLIST
"#;
