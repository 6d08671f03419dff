use super::*;
use std::fmt::Write as _;

/// A presentation in a line for each representation.
pub(super) fn told(presentation: &Presentation) -> String {
    let mut text = String::new();
    for track in presentation.tracks.iter().chain(&presentation.trick_play) {
        let TrackGroup { id, kind, name, language, default, forced, roles, .. } = track;
        let marks =
            [(*default, " default"), (*forced, " forced")].map(|(is, mark)| if is { mark } else { "" }).concat();
        writeln!(text, "{} {kind:?} {name:?} {}{marks} {roles:?}", id.0, language.as_deref().unwrap_or("-")).unwrap();
        for rung in &track.representations {
            let IndexSource::Playlist(url) = &rung.index else { panic!("not an address") };
            let Representation { id, bitrate, average, width, height, frame_rate, channels, codecs, .. } = rung;
            let average = average.map_or(0, Bitrate::bps);
            write!(text, "  {} {}/{average} {width}x{height}", id.0, bitrate.bps()).unwrap();
            writeln!(text, " {} {channels} {codecs:?} {url}", frame_rate.unwrap_or_default()).unwrap();
        }
    }
    let protections: Vec<_> = presentation.protections.iter().map(|protection| &protection.key_ids).collect();
    write!(text, "protected: {protections:?}").unwrap();
    text
}

/// Kind, name and files of each track.
fn outline(lines: &str) -> Vec<String> {
    presentation_of(lines).unwrap().tracks.iter().map(outline_of).collect()
}

fn outline_of(track: &TrackGroup) -> String {
    let files = track.representations.iter().map(|rung| match &rung.index {
        IndexSource::Playlist(url) => file_of(url).trim_end_matches(".m3u8").to_owned(),
        _ => panic!("not an address"),
    });
    format!("{:?} {}: {}", track.kind, track.name, files.collect::<Vec<_>>().join(" "))
}

fn excluded(lines: &str) -> Vec<String> {
    presentation_of(lines).unwrap().excluded.into_iter().map(|exclusion| exclusion.what).collect()
}

#[test]
fn conformance_14_each_codec_has_a_ladder_and_h264_is_the_first() {
    let lines = r#"#EXT-X-STREAM-INF:BANDWIDTH=900,CODECS="hvc1.1.6.L93.B0,mp4a.40.2",RESOLUTION=1280x720
h2.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=2000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720
a2.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=500,CODECS="hev1.1.6.L93.B0",SUPPLEMENTAL-CODECS="dvh1.08.07/db4h"
h1.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1000,CODECS="mp4a.40.2, avc3.64001f"
a1.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=700,CODECS="dvh1.05.01"
d.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=700,CODECS="av01.0.04M.08,opus"
v.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1500,CODECS="hvc1.2.4.L123.B0",VIDEO-RANGE=pq
p.m3u8"#;
    let expected =
        ["Video Main: a1 a2", "Video HEVC: h1 h2", "Video HEVC PQ: p", "Video AV1: v", "Video Dolby Vision: d"];
    assert_eq!(outline(lines), expected);
    let presentation = presentation_of(lines).unwrap();
    assert_eq!(presentation.preferred(TrackKind::Video, None).unwrap().id, TrackId(0));
    assert_eq!(presentation.tracks[2].representations[0].dynamic_range, DynamicRange::Pq);
}

#[test]
fn conformance_14_the_same_address_twice_is_one_rung() {
    let lines = "#EXT-X-STREAM-INF:BANDWIDTH=2\na.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=3\nb.m3u8";
    assert_eq!(outline(lines), ["Video Main: a b"]);
    let rungs = presentation_of(lines).unwrap().tracks.remove(0).representations;
    assert_eq!(rungs.iter().map(|rung| (rung.id.0, rung.bitrate.bps())).collect::<Vec<_>>(), [(0, 1), (1, 3)]);
}

#[test]
fn conformance_14_tags_may_come_in_any_order() {
    let lines = r#"#EXT-X-STREAM-INF:BANDWIDTH=2,AUDIO="a",SUBTITLES="s"
v.m3u8
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="Text",URI="s.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Sound",URI="a.m3u8""#;
    assert_eq!(outline(lines), ["Video Main: v", "Audio Sound: a", "Text Text: s"]);
}

#[test]
fn conformance_14_groups_of_codecs_and_qualities() {
    let lines = r#"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="ec3",NAME="English",LANGUAGE="en",DEFAULT=YES,CHANNELS="16/JOC",URI="ec3-en.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="high",NAME="Comments",LANGUAGE="en",CHANNELS="2",URI="high-comments.m3u8",CHARACTERISTICS="public.accessibility.describes-video,org.example"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="high",NAME="Deutsch",LANGUAGE="de",autoselect=YES,AUTOSELECT=yes,CHANNELS="2",URI="high-de.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="high",NAME="English",LANGUAGE="en",DEFAULT=yes,CHANNELS="2",URI="high-en.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="low",NAME="English",LANGUAGE="en",DEFAULT=YES,CHANNELS="2",URI="low-en.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="unused",NAME="Nobody",URI="nobody.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1000,CODECS="avc1.64001f,mp4a.40.5",AUDIO="low"
v1.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1100,CODECS="avc1.64001f,mp4a.40.2",AUDIO="high"
v1.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1500,CODECS="avc1.64001f,ec-3",AUDIO="ec3"
v1.m3u8"#;
    let expected = [
        "Video Main: v1",
        "Audio English: low-en high-en",
        "Audio Deutsch: high-de",
        "Audio Comments: high-comments",
        "Audio English: ec3-en",
    ];
    assert_eq!(outline(lines), expected);
    let tracks = presentation_of(lines).unwrap().tracks;
    assert_eq!(tracks[3].roles, ["public.accessibility.describes-video", "org.example"]);
    assert_eq!((tracks[4].representations[0].channels, tracks[1].representations[0].channels), (16, 2));
    assert_eq!(tracks[1].representations.iter().map(|r| &*r.codecs).collect::<Vec<_>>(), ["mp4a.40.5", "mp4a.40.2"]);
    assert!(tracks[1].default && !tracks[2].default);
}

#[test]
fn conformance_14_sound_without_an_address_is_inside_the_variants() {
    let own = r#"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="One",LANGUAGE="en",DEFAULT=YES"#;
    let variant =
        "#EXT-X-STREAM-INF:BANDWIDTH=9,AUDIO=\"a\"\nhigh.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=2,AUDIO=\"a\"\nlow.m3u8";
    assert_eq!(outline(&format!("{own}\n{variant}")), ["Video Main: low high"]);
    // With another to choose from, it can be chosen.
    let other = r#"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Two",LANGUAGE="en",URI="two.m3u8""#;
    let expected = ["Video Main: low high", "Audio One: low", "Audio Two: two"];
    assert_eq!(outline(&format!("{other}\n{own}\n{variant}")), expected);
}

#[test]
fn conformance_14_text_of_all_groups_is_offered_once() {
    let lines = r#"#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s1",NAME="English",LANGUAGE="en",URI="e1.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s1",NAME="English",LANGUAGE="en",FORCED=Yes,URI="f1.m3u8"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s2",NAME="English",LANGUAGE="en",URI="e2.m3u8"
#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="cc",NAME="CC",INSTREAM-ID="CC1"
#EXT-X-STREAM-INF:BANDWIDTH=1,SUBTITLES="s1",CLOSED-CAPTIONS="cc"
v1.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=2,SUBTITLES="s2",CLOSED-CAPTIONS=NONE
v2.m3u8"#;
    assert_eq!(outline(lines), ["Video Main: v1 v2", "Text English: e1", "Text English: f1"]);
    let presentation = presentation_of(lines).unwrap();
    assert_eq!(presentation.tracks.iter().map(|track| track.forced).collect::<Vec<_>>(), [false, false, true]);
}

#[test]
fn conformance_14_scores_leave_out_what_costs_more_and_is_worth_less() {
    let variant =
        |rate, score, name| format!("#EXT-X-STREAM-INF:BANDWIDTH={rate},{score}CODECS=\"avc1.640028\"\n{name}.m3u8\n");
    let scored = [
        variant(1, "SCORE=1.0,", "a"),
        variant(2, "SCORE=3,", "b"),
        variant(3, "SCORE=2,", "c"),
        variant(4, "SCORE=3,", "d"),
    ];
    assert_eq!(outline(&scored.concat()), ["Video Main: a b d"]);
    assert_eq!(excluded(&scored.concat()), ["c.m3u8"]);
    let one_without = format!("{}{}", scored.concat(), variant(5, "", "e"));
    assert_eq!(outline(&one_without), ["Video Main: a b c d e"]);
}

#[test]
fn conformance_15_codecs_may_be_missing_or_wrong() {
    let lines = r#"#EXT-X-STREAM-INF:BANDWIDTH=1
none.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=2,CODECS="mp4a.40.2",RESOLUTION=640x360
wrong.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=3,CODECS=avc1.64001f
unquoted.m3u8
#EXT-X-STREAM-INF:CODECS="avc1.64001f",AVERAGE-BANDWIDTH=2.5,RESOLUTION=huge
rateless.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=4,CODECS="mp4a.40.2"
sound.m3u8"#;
    assert_eq!(outline(lines), ["Video Main: none wrong rateless unquoted"]);
    assert_eq!(excluded(lines), ["sound.m3u8"]);
}

#[test]
fn conformance_15_reservations_count_only_while_there_is_something_else() {
    for reservation in
        ["REQ-VIDEO-LAYOUT=\"CH-STEREO\"", "REQ-VIDEO-LAYOUT=\"CH-MONO/PROJ-HEQU\"", "ALLOWED-CPC=\"identity:HW\""]
    {
        let odd = format!("#EXT-X-STREAM-INF:BANDWIDTH=2,{reservation}\nodd.m3u8\n");
        assert_eq!(outline(&odd), ["Video Main: odd"], "{reservation}");
        let both = format!("{odd}#EXT-X-STREAM-INF:BANDWIDTH=1\nplain.m3u8");
        assert_eq!(outline(&both), ["Video Main: plain"], "{reservation}");
        assert_eq!(excluded(&both), ["odd.m3u8"], "{reservation}");
    }
    for harmless in ["HDCP-LEVEL=TYPE-1", "REQ-VIDEO-LAYOUT=\"CH-MONO\"", "ALLOWED-CPC=\"com.example.drm:HW\""] {
        let both =
            format!("#EXT-X-STREAM-INF:BANDWIDTH=2,{harmless}\nodd.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=1\nplain.m3u8");
        assert_eq!(outline(&both), ["Video Main: plain odd"], "{harmless}");
    }
}

#[test]
fn one_pathway_to_the_same_media_is_enough() {
    let lines = "#EXT-X-STREAM-INF:BANDWIDTH=1,PATHWAY-ID=\"A\"\na1.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=1,PATHWAY-ID=\"B\"\nb1.m3u8\n";
    assert_eq!(outline(lines), ["Video Main: a1"]);
    let steered = format!("#EXT-X-CONTENT-STEERING:SERVER-URI=\"s\",PATHWAY-ID=\"B\"\n{lines}");
    assert_eq!(outline(&steered), ["Video Main: b1"]);
}

#[test]
fn sound_alone_is_a_ladder_of_sound() {
    let lines = "#EXT-X-STREAM-INF:BANDWIDTH=128000,CODECS=\"mp4a.40.2\"\nhigh.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS=\"mp4a.40.5\"\nlow.m3u8";
    assert_eq!(outline(lines), ["Audio Main: low high"]);
    let grouped = r#"#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="l",NAME="English",LANGUAGE="en",DEFAULT=YES
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="h",NAME="English",LANGUAGE="en",DEFAULT=YES,URI="high.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="h",NAME="Deutsch",LANGUAGE="de",URI="de.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=128000,CODECS="mp4a.40.2",AUDIO="h"
high.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS="mp4a.40.5",AUDIO="l"
low.m3u8"#;
    assert_eq!(outline(grouped), ["Audio English: low high", "Audio Deutsch: de"]);
}

#[test]
fn key_frames_and_pictures_are_no_rungs() {
    let presentation = presentation_of(
        r#"#EXT-X-STREAM-INF:BANDWIDTH=9,CODECS="avc1.64001f"
v.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=3,CODECS="avc1.64001f",URI="i2.m3u8"
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=2,CODECS="avc1.64001f",URI="i1.m3u8"
#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=1,RESOLUTION=320x180,CODECS="jpeg",URI="t.m3u8"
#EXT-X-SESSION-DATA:DATA-ID="com.apple.hls.chapters",URI="chapters.json"
#EXT-X-SESSION-DATA:DATA-ID="org.example.title",VALUE="Ein Titel",LANGUAGE="de""#,
    );
    let presentation = presentation.unwrap();
    assert_eq!(presentation.tracks.iter().map(outline_of).collect::<Vec<_>>(), ["Video Main: v"]);
    assert_eq!(presentation.trick_play.iter().map(outline_of).collect::<Vec<_>>(), ["Video Main: i1 i2"]);
    let pictures = &presentation.thumbnails[0];
    assert_eq!((pictures.width, pictures.height, pictures.columns, pictures.rows), (320, 180, 1, 1));
    let [chapters, title] = &presentation.events[..] else { panic!("{:?}", presentation.events) };
    let json: serde_json::Value = serde_json::from_slice(&chapters.payload).unwrap();
    assert_eq!(chapters.scheme, "com.apple.hls.chapters");
    assert_eq!(json["URI"], "http://media.test/a/token/title/chapters.json");
    assert_eq!((&*title.value, &*title.id), ("Ein Titel", "de"));
}

#[test]
fn addresses_that_cannot_be_resolved_cost_their_entry_only() {
    let lines = "#EXT-X-STREAM-INF:BANDWIDTH=1\nfile:///etc/passwd\n#EXT-X-STREAM-INF:BANDWIDTH=2\n#EXT-X-STREAM-INF:BANDWIDTH=3\nv.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=4\n";
    assert_eq!(outline(lines), ["Video Main: v"]);
    assert_eq!(excluded(lines), ["file:///etc/passwd", "BANDWIDTH=2", "BANDWIDTH=4"]);
    assert_eq!(presentation_of("#EXT-X-STREAM-INF:BANDWIDTH=1\nfile:///etc/passwd"), Err(ManifestError::BadAddress));
    assert_eq!(presentation_of("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"n\""), Err(ManifestError::Empty));
}

#[test]
fn captions_inside_the_picture_are_announced_once_each() {
    let presentation = presentation_of(
        r#"#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="cc",NAME="English",LANGUAGE="en",INSTREAM-ID="CC1"
#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="cc",NAME="Svenska",LANGUAGE="sv",INSTREAM-ID="SERVICE2"
#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="other",NAME="Again",INSTREAM-ID="CC1"
#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="cc",NAME="Nobody",INSTREAM-ID="CC9"
#EXT-X-STREAM-INF:BANDWIDTH=9,CODECS="avc1.64001f",CLOSED-CAPTIONS="cc"
v.m3u8"#,
    );
    let captions = presentation.unwrap().closed_captions;
    let told: Vec<_> =
        captions.iter().map(|one| (one.service.to_string(), &*one.name, one.language.as_deref())).collect();
    assert_eq!(told, [("CC1".into(), "English", Some("en")), ("Service 2".into(), "Svenska", Some("sv"))]);
}
