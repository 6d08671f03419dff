use super::*;
use crate::manifest::Tiles;
use abr::MediaTime;
use std::fmt::Write as _;
use std::time::Duration;

/// An index in a line for each segment.
pub(super) fn told(index: &SegmentIndex) -> String {
    let mut text = String::new();
    for segment in &index.segments {
        let SegmentRef { number, start, duration, source, epoch, .. } = segment;
        write!(text, "{number} at {start} for {duration:?} in {epoch}: {}", source.url).unwrap();
        if let Some((first, length)) = source.range {
            write!(text, " {first}+{length}").unwrap();
        }
        if let Some(init) = &segment.init {
            write!(text, " after {}", file_of(&init.source.url)).unwrap();
        }
        text.push('\n');
    }
    let protections: Vec<_> = index.protections.iter().map(|protection| &protection.key_ids).collect();
    write!(text, "protected: {protections:?}").unwrap();
    text
}

fn ranges(index: &SegmentIndex) -> Vec<Option<(u64, u64)>> {
    index.segments.iter().map(|segment| segment.source.range).collect()
}

#[test]
fn conformance_06_a_range_without_a_start_follows_the_range_before() {
    let index = index_of(
        "#EXTINF:4,\n#EXT-X-BYTERANGE:100@20\na.ts\n#EXT-X-BYTERANGE:50\n#EXTINF:4,\na.ts\n#EXTINF:4,\n#EXT-X-BYTERANGE: 7\na.ts",
    );
    assert_eq!(ranges(&index.unwrap()), [Some((20, 100)), Some((120, 50)), Some((170, 7))]);
}

#[test]
fn conformance_06_nothing_else_does_a_range_without_a_start_follow() {
    let rows = [
        "#EXTINF:4,\n#EXT-X-BYTERANGE:100\na.ts",
        "#EXTINF:4,\na.ts\n#EXTINF:4,\n#EXT-X-BYTERANGE:100\na.ts",
        "#EXTINF:4,\n#EXT-X-BYTERANGE:100@0\na.ts\n#EXTINF:4,\n#EXT-X-BYTERANGE:100\nb.ts",
        "#EXT-X-MAP:URI=\"a.mp4\",BYTERANGE=\"20@0\"\n#EXTINF:4,\n#EXT-X-BYTERANGE:100\na.mp4",
        "#EXTINF:4,\n#EXT-X-BYTERANGE:9@0\na.mp4\n#EXT-X-MAP:URI=\"a.mp4\",BYTERANGE=\"20@9\"\n#EXTINF:4,\n#EXT-X-BYTERANGE:9\na.mp4",
    ];
    for lines in rows {
        assert_eq!(index_of(lines), Err(ManifestError::NotAPlaylist("a byte range without a start")), "{lines}");
    }
    for range in ["0@0", "x", "1@x", "18446744073709551615@1", "-1@0", "@5"] {
        let lines = format!("#EXTINF:4,\n#EXT-X-BYTERANGE:{range}\na.ts");
        assert_eq!(index_of(&lines), Err(ManifestError::NotAPlaylist("a byte range that is none")), "{range}");
    }
}

#[test]
fn initialisations_have_ranges_and_last_until_the_next() {
    let index = index_of(
        "#EXT-X-MAP:URI=\"i.mp4\",BYTERANGE=\"719@10\"\n#EXTINF:4,\na.m4s\n#EXTINF:4,\nb.m4s\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"j.mp4\"\n#EXTINF:4,\nc.m4s",
    );
    let inits = index.unwrap().segments.into_iter().map(|segment| segment.init.unwrap().source);
    let inits: Vec<_> = inits.map(|source| (file_of(&source.url).to_owned(), source.range)).collect();
    let first = ("i.mp4".to_owned(), Some((10, 719)));
    assert_eq!(inits, [first.clone(), first, ("j.mp4".to_owned(), None)]);
}

#[test]
fn conformance_07_epochs_count_discontinuities_from_their_sequence() {
    let lines = "#EXTINF:4,\na.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:4,\nb.ts\n#EXTINF:4,\nc.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:4,\nd.ts";
    let epochs = |lines: &str| index_of(lines).unwrap().segments.iter().map(|s| s.epoch).collect::<Vec<_>>();
    assert_eq!(epochs(lines), [0, 1, 1, 2]);
    assert_eq!(epochs(&format!("#EXT-X-DISCONTINUITY-SEQUENCE:0\n{lines}")), [0, 1, 1, 2]);
    assert_eq!(epochs(&format!("#EXT-X-DISCONTINUITY-SEQUENCE:41\n{lines}")), [41, 42, 42, 43]);
    // A window that begins with one.
    assert_eq!(epochs(&format!("#EXT-X-DISCONTINUITY\n{lines}")), [1, 2, 2, 3]);
    assert_eq!(epochs("#EXT-X-DISCONTINUITY-SEQUENCE:99999999999\n#EXT-X-DISCONTINUITY\n#EXTINF:4,\na.ts"), [u32::MAX]);
}

#[test]
fn conformance_11_starts_are_exact_sums_and_titles_may_be_anything() {
    let text: String = (0..3000).map(|n| format!("#EXTINF:2.002,Title, with \"commas\" {n}\n{n}.ts\n")).collect();
    let index = index_of(&text).unwrap();
    assert_eq!(index.segments[2999].start, MediaTime::from_millis(2999 * 2002));
    assert_eq!(index.duration(), MediaTime::from_millis(3000 * 2002));
    let odd = index_of("#EXTINF:6\na.ts\n#EXTINF:6.,\nb.ts\n#EXTINF: 6.5 ,x\nc.ts\n#EXTINF:0,\nd.ts\ne.ts").unwrap();
    let millis: Vec<_> = odd.segments.iter().map(|segment| segment.duration.as_millis()).collect();
    assert_eq!(millis, [6000, 6000, 6500, 0, 4000], "without EXTINF it is the target duration");
}

#[test]
fn a_film_of_subtitles_in_one_segment_is_taken() {
    let index = index_of("#EXTINF:7260.5,\nsubs.vtt").unwrap();
    assert_eq!(index.segments[0].duration, Duration::from_millis(7_260_500));
}

#[test]
fn conformance_16_gaps_are_marked_and_time_passes() {
    let index = index_of("#EXT-X-GAP\n#EXTINF:4,\na.ts\n#EXTINF:4,\nb.ts\n#EXTINF:4,\n#EXT-X-GAP\nc.ts").unwrap();
    assert_eq!(index.segments.iter().map(|segment| segment.gap).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(index.segments[2].start, MediaTime::from_millis(8000));
    // What is not there needs no key.
    let locked = "#EXT-X-KEY:METHOD=SAMPLE-AES,KEYFORMAT=\"com.widevine\",URI=\"x\"\n#EXT-X-GAP\n#EXTINF:4,\na.ts";
    assert!(index_of(locked).is_ok());
}

#[test]
fn conformance_16_key_frames_alone_are_byte_ranges() {
    let index = index_of(
        "#EXT-X-I-FRAMES-ONLY\n#EXTINF:1.001,\n#EXT-X-BYTERANGE:15604@376\n1.ts\n#EXTINF:0.734,\n#EXT-X-BYTERANGE:19928@376\n3.ts",
    );
    assert_eq!(ranges(&index.unwrap()), [Some((376, 15604)), Some((376, 19928))]);
}

#[test]
fn a_playlist_without_an_end_is_taken_as_it_is() {
    for kind in ["", "#EXT-X-PLAYLIST-TYPE:EVENT\n"] {
        let text = format!(
            "#EXTM3U\n{kind}#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:700\n#EXTINF:4,\na.ts\n#EXTINF:4,\nb.ts\n#EXT-X-PART:DURATION=1,URI=\"c.0.ts\"\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"c.1.ts\"\n"
        );
        let index = media_playlist(text.as_bytes(), &base()).unwrap();
        assert_eq!(index.segments.iter().map(|segment| segment.number).collect::<Vec<_>>(), [700, 701]);
    }
}

#[test]
fn conformance_17_date_ranges_are_placed_by_the_clock_of_segments() {
    let index = index_of(
        r#"#EXT-X-PROGRAM-DATE-TIME:2024-01-01T00:00:00Z
#EXTINF:4,
a.ts
#EXT-X-DISCONTINUITY
#EXT-X-PROGRAM-DATE-TIME:2024-01-01T01:00:00.500Z
#EXTINF:4,
b.ts
#EXT-X-DATERANGE:ID="early",CLASS="c",START-DATE="2023-12-31T23:59:58Z",END-ON-NEXT=YES
#EXT-X-DATERANGE:ID="ad",CLASS="com.apple.hls.interstitial",START-DATE="2024-01-01T02:00:02+01:00",DURATION=15.5,X-ASSET-URI="ads/1.m3u8",X-RESUME-OFFSET=0
#EXT-X-DATERANGE:ID="open",CLASS="c",START-DATE="2024-01-01T00:00:01Z"
#EXT-X-DATERANGE:ID="splice",START-DATE="2024-01-01T00:00:02Z",SCTE35-OUT=0xFC30,PLANNED-DURATION=2
#EXT-X-ENDLIST
#EXT-X-DATERANGE:ID="open",END-DATE="2024-01-01T00:00:03Z"
#EXT-X-DATERANGE:ID="nowhere",CLASS="c"
#EXT-X-DATERANGE:CLASS="no id",START-DATE="2024-01-01T00:00:01Z""#,
    );
    let events = index.unwrap().events;
    let told: Vec<_> = events
        .iter()
        .map(|e| (&*e.id, &*e.scheme, &*e.value, e.start.as_millis(), e.duration.map(|d| d.as_millis())))
        .collect();
    assert_eq!(
        told,
        [
            ("early", "c", "", -2000, Some(3000)),
            ("open", "c", "", 1000, Some(2000)),
            ("splice", "urn:scte:scte35:2013:bin", "OUT", 2000, Some(2000)),
            ("ad", "com.apple.hls.interstitial", "", 5500, Some(15500)),
        ]
    );
    assert_eq!(&events[2].payload[..], [0xfc, 0x30]);
    let ad: serde_json::Value = serde_json::from_slice(&events[3].payload).unwrap();
    assert_eq!(ad["X-ASSET-URI"], "http://media.test/a/token/title/ads/1.m3u8");
    assert_eq!(ad["X-RESUME-OFFSET"], "0");
}

#[test]
fn date_ranges_without_a_clock_are_no_events() {
    let index = index_of("#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2024-01-01T00:00:00Z\"\n#EXTINF:4,\na.ts").unwrap();
    assert_eq!(index.events, []);
}

#[test]
fn playlists_of_pictures_say_how_they_lie() {
    let index =
        index_of("#EXT-X-IMAGES-ONLY\n#EXTINF:60,\n#EXT-X-TILES:RESOLUTION=320x180,LAYOUT=5x4,DURATION=3\na.jpg");
    let tiles = Tiles { columns: 5, rows: 4, width: 320, height: 180, duration: Some(Duration::from_secs(3)) };
    assert_eq!(index.unwrap().tiles, Some(tiles));
    assert_eq!(index_of("#EXTINF:60,\n#EXT-X-TILES:LAYOUT=0x4\na.jpg").unwrap().tiles, None);
}
