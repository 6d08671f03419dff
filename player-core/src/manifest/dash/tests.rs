//! Whole manifests.

use super::super::{IndexSource, SegmentRef, Timing, TrackKind};
use super::*;
use crate::testing::processor_time;
use abr::MediaTime;
use std::time::Duration;

fn base() -> Url {
    "https://cdn.test/a/m.mpd?token=1".parse().unwrap()
}

fn read(text: &str) -> Presentation {
    presentation(text.as_bytes(), &base()).unwrap()
}

fn known(presentation: &Presentation, track: usize, rung: usize) -> &[SegmentRef] {
    match &presentation.tracks[track].representations[rung].index {
        IndexSource::Known(index) => &index.segments,
        other => panic!("not known: {other:?}"),
    }
}

fn urls(segments: &[SegmentRef]) -> Vec<&str> {
    segments.iter().map(|segment| segment.source.url.as_str()).collect()
}

/// Starts and ends in milliseconds, and whether there is nothing.
fn times(segments: &[SegmentRef]) -> Vec<(i64, i64, bool)> {
    segments.iter().map(|segment| (segment.start.as_millis(), segment.end().as_millis(), segment.gap)).collect()
}

fn video(id: &str, bandwidth: u32, inner: &str) -> String {
    format!(
        "<Representation id='{id}' bandwidth='{bandwidth}' codecs='avc1.64001f' width='640' height='360'>{inner}</Representation>"
    )
}

const NUMBERED: &str = "<SegmentTemplate media='$RepresentationID$/$Number%03d$.m4s' initialization='$RepresentationID$/i.mp4' \
    duration='4' startNumber='0'/>";

#[test]
fn conformance_20_base_addresses_chain_from_the_address_after_redirects() {
    let text = format!(
        "<MPD mediaPresentationDuration='PT8S'><BaseURL dvb:priority='2'>https://other.test/</BaseURL>\
        <BaseURL dvb:priority='1'>b/</BaseURL><BaseURL>file:///etc/</BaseURL><Period><BaseURL>p/</BaseURL>\
        <AdaptationSet mimeType='video/mp4'><BaseURL>../s/</BaseURL>{NUMBERED}{}{}</AdaptationSet></Period></MPD>",
        video("1", 100, "<BaseURL> https://cdn2.test/x/ </BaseURL>"),
        video("2", 200, ""),
    );
    let found = read(&text);
    assert_eq!(urls(known(&found, 0, 0)), ["https://cdn2.test/x/1/000.m4s", "https://cdn2.test/x/1/001.m4s"]);
    assert_eq!(urls(known(&found, 0, 1))[0], "https://cdn.test/a/b/s/2/000.m4s");
    let init = known(&found, 0, 1)[0].init.as_ref().unwrap();
    assert_eq!(init.source.url.as_str(), "https://cdn.test/a/b/s/2/i.mp4");
}

#[test]
fn conformance_21_numbered_segments_end_with_the_period() {
    let set = |duration: &str| {
        let text = format!(
            "<MPD mediaPresentationDuration='{duration}'><Period><AdaptationSet mimeType='video/mp4'>{NUMBERED}{}\
            </AdaptationSet></Period></MPD>",
            video("1", 100, "")
        );
        times(known(&read(&text), 0, 0))
    };
    assert_eq!(set("PT10S"), [(0, 4000, false), (4000, 8000, false), (8000, 10_000, false)]);
    // What is left by rounding is no segment.
    assert_eq!(set("PT8.0004S").len(), 2);
    let endless = "<MPD><Period><AdaptationSet mimeType='video/mp4'><SegmentTemplate media='$Number$' duration='4'/>\
        <Representation id='1'/></AdaptationSet></Period></MPD>";
    let error = presentation(endless.as_bytes(), &base()).unwrap_err();
    assert_eq!(error, ManifestError::Unsupported("numbered segments without an end"));
}

#[test]
fn a_timeline_outside_of_its_period_is_taken_to_begin_with_it() {
    let of = |timeline: &str, offset: &str| {
        let text = format!(
            "<MPD mediaPresentationDuration='PT8S'><Period><AdaptationSet mimeType='video/mp4'><SegmentTemplate {offset} \
            media='$Time$.m4s'><SegmentTimeline>{timeline}</SegmentTimeline></SegmentTemplate>{}</AdaptationSet></Period></MPD>",
            video("1", 100, ""),
        );
        let found = read(&text);
        let segments = known(&found, 0, 0).to_vec();
        let Timing::Anchored { shift, .. } = segments[0].timing else { panic!("a period") };
        (times(&segments), shift.as_millis())
    };
    let right = vec![(0, 4_000, false), (4_000, 8_000, false)];
    assert_eq!(of("<S t='900' d='4' r='-1'/>", ""), (right.clone(), -900_000));
    assert_eq!(of("<S t='0' d='4' r='1'/>", "presentationTimeOffset='900'"), (right.clone(), 0));
    assert_eq!(of("<S t='4' d='4' r='1'/>", ""), (vec![(4_000, 8_000, false)], 0), "what reaches in is where it says");
}

#[test]
fn conformance_22_differences_move_and_shorten_numbered_segments() {
    let of = |differences: &str| {
        let text = format!(
            "<MPD mediaPresentationDuration='PT10S'><Period><AdaptationSet mimeType='video/mp4'><SegmentTemplate \
            media='$Number$.m4s' duration='4' {differences}/>{}</AdaptationSet></Period></MPD>",
            video("1", 100, ""),
        );
        times(known(&read(&text), 0, 0))
    };
    assert_eq!(of(""), [(0, 4_000, false), (4_000, 8_000, false), (8_000, 10_000, false)]);
    assert_eq!(
        of("presentationTimeOffset='9' eptDelta='-1'"),
        [(0, 3_000, false), (3_000, 7_000, false), (7_000, 10_000, false)]
    );
    assert_eq!(of("pdDelta='-3'"), [(0, 4_000, false), (4_000, 8_000, false)]);
}

#[test]
fn conformance_22_offsets_shift_media_times_and_periods_cut_segments() {
    let text = format!(
        "<MPD><Period start='PT0S' duration='PT10S'/><Period start='PT10S' duration='PT5S'>\
        <AdaptationSet mimeType='video/mp4'><SegmentTemplate media='$Time$' timescale='1000' presentationTimeOffset='101000'>\
        <SegmentTimeline><S t='96000' d='2000'/><S t='100000' d='4000' r='5'/></SegmentTimeline></SegmentTemplate>{}\
        </AdaptationSet></Period></MPD>",
        video("1", 100, "")
    );
    let found = read(&text);
    let segments = known(&found, 0, 0);
    // Before it, nothing: the track begins with the second period.
    let expected = [(0, 10_000, true), (10_000, 13_000, false), (13_000, 15_000, false)];
    assert_eq!(times(segments), expected);
    assert_eq!(segments[1].source.url.path(), "/a/100000");
    assert_eq!((segments[1].epoch, segments[1].number), (1, 1));
    let timing = Timing::Anchored {
        shift: MediaTime::from_millis(10_000 - 101_000),
        start: MediaTime::from_millis(10_000),
        end: None,
    };
    assert_eq!(segments[1].timing, timing);
}

#[test]
fn conformance_21_holes_in_a_timeline_are_gaps_and_overlaps_are_cut() {
    let text = format!(
        "<MPD mediaPresentationDuration='PT20S'><Period><AdaptationSet mimeType='video/mp4'>\
        <SegmentTemplate media='$Time$' timescale='10'><SegmentTimeline><S t='0' d='40'/><S t='41' d='49'/>\
        <S t='80' d='20'/><S t='150' d='30'/></SegmentTimeline></SegmentTemplate>{}</AdaptationSet></Period></MPD>",
        video("1", 100, "")
    );
    let expected =
        [(0, 4100, false), (4100, 8000, false), (8000, 10_000, false), (10_000, 15_000, true), (15_000, 18_000, false)];
    assert_eq!(times(known(&read(&text), 0, 0)), expected);
}

#[test]
fn conformance_23_files_with_an_index_stay_files() {
    let text = format!(
        "<MPD mediaPresentationDuration='PT8S'><Period><AdaptationSet mimeType='video/mp4'>{}{}</AdaptationSet></Period></MPD>",
        video(
            "1",
            100,
            "<BaseURL>v.mp4</BaseURL><SegmentBase indexRange='807-1018' timescale='10' presentationTimeOffset='20'>\
            <Initialization range='0-806'/></SegmentBase>"
        ),
        video("2", 200, "<BaseURL>w.mp4</BaseURL>"),
    );
    let found = read(&text);
    let file = |rung: usize| match &found.tracks[0].representations[rung].index {
        IndexSource::Parts(parts) => match &parts[..] {
            [IndexPart::File(file)] => file.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    let first = file(0);
    assert_eq!((first.index, first.init.as_ref().unwrap().range), (Some((807, 212)), Some((0, 807))));
    assert!(matches!(first.timing, Timing::Anchored { shift, .. } if shift == MediaTime::from_millis(-2000)));
    assert_eq!(first.duration, Some(Duration::from_secs(8)));
    assert_eq!((file(1).url.path(), file(1).index, file(1).init), ("/a/w.mp4", None, None));
}

#[test]
fn segment_lists_have_ranges_and_addresses() {
    let text = format!(
        "<MPD mediaPresentationDuration='PT9S'><Period><AdaptationSet mimeType='video/mp4'><BaseURL>v.mp4</BaseURL>\
        <SegmentList duration='4'><Initialization range='0-9'/><SegmentURL mediaRange='10-19'/><SegmentURL media='x.mp4'/>\
        <SegmentURL mediaRange='30-39'/><SegmentURL mediaRange='40-49'/></SegmentList>{}</AdaptationSet></Period></MPD>",
        video("1", 100, "")
    );
    let found = read(&text);
    let segments = known(&found, 0, 0);
    assert_eq!(times(segments), [(0, 4000, false), (4000, 8000, false), (8000, 9000, false)]);
    assert_eq!(segments[0].source.range, Some((10, 10)));
    assert_eq!((segments[1].source.url.path(), segments[1].source.range), ("/a/x.mp4", None));
    assert_eq!(segments[0].init.as_ref().unwrap().source.range, Some((0, 10)));
}

#[test]
fn conformance_24_a_track_goes_on_through_periods_that_are_different() {
    let film = |start: u32, id: &str| {
        format!(
            "<Period id='{id}' start='PT{start}S'><AdaptationSet id='1' mimeType='video/mp4'>{NUMBERED}{}{}{}</AdaptationSet>\
            <AdaptationSet id='2' mimeType='audio/mp4' lang='en' codecs='mp4a.40.2'>{NUMBERED}\
            <Representation id='en' bandwidth='96'/></AdaptationSet>\
            <AdaptationSet id='3' mimeType='audio/mp4' lang='fr' codecs='mp4a.40.2'>{NUMBERED}\
            <Representation id='fr' bandwidth='96'/></AdaptationSet>\
            <AdaptationSet id='4' mimeType='text/vtt' lang='en'><Representation id='t'><BaseURL>{id}.vtt</BaseURL>\
            </Representation></AdaptationSet></Period>",
            video("low", 100, ""),
            video("mid", 300, ""),
            video("high", 900, ""),
        )
    };
    let ad = format!(
        "<Period id='ad' start='PT20S'><AdaptationSet id='9' mimeType='video/mp4'>{NUMBERED}{}\
        <Representation id='ad2' bandwidth='700' codecs='hvc1.1.6.L93'/></AdaptationSet>\
        <AdaptationSet mimeType='audio/mp4' codecs='mp4a.40.2' lang='en'>{NUMBERED}<Representation id='ad-en'/></AdaptationSet>\
        </Period>",
        video("ad", 200, "")
    );
    let text = format!("<MPD mediaPresentationDuration='PT48S'>{}{ad}{}</MPD>", film(0, "a"), film(28, "b"));
    let found = read(&text);
    let kinds: Vec<_> = found.tracks.iter().map(|track| (track.kind, track.name.as_str(), track.default)).collect();
    let expected = [
        (TrackKind::Video, "Main", true),
        (TrackKind::Video, "Main (H.265)", false),
        (TrackKind::Audio, "en", true),
        (TrackKind::Audio, "fr", false),
        (TrackKind::Text, "en", false),
    ];
    assert_eq!(kinds, expected);
    let of = |track: usize, rung: usize| {
        let paths =
            known(&found, track, rung).iter().map(|segment| segment.source.url.path().split('/').nth(2).unwrap());
        let mut paths: Vec<&str> = paths.collect();
        paths.dedup();
        paths.join(" ")
    };
    assert_eq!((of(0, 0), of(0, 1), of(0, 2)), ("low ad low".into(), "mid ad mid".into(), "high ad high".into()));
    assert_eq!((of(2, 0), of(3, 0)), ("en ad-en en".into(), "fr ad-en fr".into()));
    // H.265 has only the advertisement; the film goes on in what there is.
    assert_eq!(of(1, 1), "mid ad2 mid");
    let text = times(known(&found, 4, 0));
    assert_eq!(text, [(0, 20_000, false), (20_000, 28_000, true), (28_000, 48_000, false)]);
    let epochs: Vec<u32> = known(&found, 0, 0).iter().map(|segment| segment.epoch).collect();
    assert!(epochs.is_sorted() && epochs.last() == Some(&2), "{epochs:?}");
}

#[test]
fn conformance_24_continuity_counts_more_than_likeness() {
    let set = |id: u32, lang: &str, name: &str, more: &str| {
        format!(
            "<AdaptationSet id='{id}' lang='{lang}' mimeType='audio/mp4'>{more}{NUMBERED}<Representation id='{name}'/></AdaptationSet>"
        )
    };
    let property = "<SupplementalProperty schemeIdUri='urn:mpeg:dash:period-continuity:2015' value='one'/>";
    let text = format!(
        "<MPD><Period id='one' duration='PT4S'>{}{}</Period><Period id='two' duration='PT4S'>{}{}</Period></MPD>",
        set(1, "en", "a", ""),
        set(2, "de", "b", ""),
        set(2, "en", "c", property),
        set(1, "de", "d", property),
    );
    let found = read(&text);
    let path =
        |track: usize, at: usize| known(&found, track, 0)[at].source.url.path().split('/').nth(2).unwrap().to_owned();
    assert_eq!(found.tracks.len(), 2);
    assert_eq!([path(0, 0), path(0, 1), path(1, 0), path(1, 1)], ["a", "d", "b", "c"]);
}

#[test]
fn numbers_at_the_edge_of_their_range_do_not_overflow() {
    let most = u64::MAX;
    for (template, timeline) in [
        (format!("duration='{most}' endNumber='{most}' startNumber='{most}' timescale='{most}'"), String::new()),
        (format!("duration='1' endNumber='{most}' timescale='{most}'"), String::new()),
        (
            format!("presentationTimeOffset='{most}' endNumber='{most}' startNumber='{most}'"),
            format!(
                "<SegmentTimeline><S t='{most}' d='{most}' r='{}' k='9'/><S d='{most}' r='-1'/></SegmentTimeline>",
                i64::MAX
            ),
        ),
    ] {
        for length in ["P999999999999999Y", "PT0.000000001S"] {
            let text = format!(
                "<MPD mediaPresentationDuration='{length}'><Period><AdaptationSet mimeType='video/mp4'><SegmentTemplate \
                media='$Number$' {template}>{timeline}</SegmentTemplate><Representation id='1'/></AdaptationSet></Period>\
                <Period start='{length}' duration='{length}'/><Period/></MPD>"
            );
            let _ = presentation(text.as_bytes(), &base());
        }
    }
}

#[test]
fn conformance_27_what_demands_the_unknown_is_dropped_with_a_reason() {
    let unknown = "<EssentialProperty schemeIdUri='urn:unknown' value='7'/>";
    let set = |inner: &str, representation: &str| {
        format!(
            "<AdaptationSet mimeType='video/mp4'>{inner}{NUMBERED}{}</AdaptationSet>",
            video("1", 100, representation)
        )
    };
    let mpd = |sets: &str| format!("<MPD mediaPresentationDuration='PT8S'><Period>{sets}</Period></MPD>");
    let found =
        read(&mpd(&(set("", "") + &set(unknown, "") + &set("<SupplementalProperty schemeIdUri='urn:unknown'/>", ""))));
    assert_eq!((found.tracks.len(), found.tracks[0].representations.len()), (1, 1));
    assert!(found.excluded[0].why.contains("urn:unknown 7"), "{:?}", found.excluded);
    assert_eq!(presentation(mpd(&set("", unknown)).as_bytes(), &base()), Err(ManifestError::Empty));

    let trick = "<EssentialProperty schemeIdUri='http://dashif.org/guidelines/trickmode' value='1'/>";
    let tiles = "<AdaptationSet contentType='image' mimeType='image/jpeg'><SegmentTemplate media='$Number$.jpg' duration='60'/>\
        <Representation id='t' width='2048' height='1152' bandwidth='1'>\
        <EssentialProperty schemeIdUri='http://dashif.org/guidelines/thumbnail_tile' value='8x4'/></Representation></AdaptationSet>";
    let found = read(&mpd(&(set("", "") + &set(trick, "") + tiles)));
    assert_eq!((found.tracks.len(), found.trick_play.len(), found.thumbnails.len()), (1, 1, 1));
    let track = &found.thumbnails[0];
    assert_eq!((track.columns, track.rows, track.width, track.height), (8, 4, 256, 288));
    assert!(matches!(&track.index, IndexSource::Known(index) if index.segments.len() == 1));
}

#[test]
fn conformance_28_sidecars_cover_their_period_and_keep_its_offset() {
    let text = "<MPD mediaPresentationDuration='PT30S'><Period duration='PT10S'/><Period>\
        <AdaptationSet contentType='text' lang='de' mimeType='application/ttml+xml'><Label>Deutsch</Label>\
        <Role schemeIdUri='urn:mpeg:dash:role:2011' value='forced-subtitle'/><Representation id='1' bandwidth='0'>\
        <BaseURL>s.ttml</BaseURL><SegmentBase timescale='1000' presentationTimeOffset='2500'/></Representation></AdaptationSet>\
        <AdaptationSet mimeType='application/mp4' codecs='stpp' lang='en'><SegmentTemplate media='$Number$' duration='10'/>\
        <Representation id='2'/></AdaptationSet></Period></MPD>";
    let found = read(text);
    let track = &found.tracks[0];
    assert_eq!((track.name.as_str(), track.forced, track.default), ("Deutsch", true, false));
    let segments = known(&found, 0, 0);
    assert_eq!(times(segments), [(0, 10_000, true), (10_000, 30_000, false)]);
    assert!(matches!(segments[1].timing, Timing::Anchored { shift, .. } if shift == MediaTime::from_millis(7500)));
    assert_eq!(times(known(&found, 1, 0)).len(), 3);
}

#[test]
fn conformance_30_a_manifest_that_is_not_well_formed_plays() {
    let text = format!(
        "\u{feff}<!-- x --><?xml version=\"1.0\"?>\n<MPD xmlns=\"urn:mpeg:DASH:schema:MPD:2011\" xsi:schemaLocation=\"\
        urn:mpeg:DASH:schema:MPD:2011 DASH-MPD.xsd\"bprofiles=\"x\" type=\"static\"mediaPresentationDuration=\"PT0H0M8S\">\
        <Period><AdaptationSet mimeType='video/mp4'>{NUMBERED}{}</AdaptationSet></Period></MPD>",
        video("1", 100, "")
    );
    assert!(is_mpd(text.as_bytes()));
    assert_eq!(known(&read(&text), 0, 0).len(), 2);
    let prefixed = text
        .replace("<MPD xmlns=", "<d:MPD xmlns:d=")
        .replace("</MPD", "</d:MPD")
        .replace("DASH:schema:MPD", "dash:schema:mpd");
    let prefixed = prefixed.replace("<Period", "<d:Period").replace("</Period", "</d:Period");
    assert!(is_mpd(prefixed.as_bytes()));
    assert_eq!(known(&read(&prefixed), 0, 0).len(), 2);
    assert!(!is_mpd(b"#EXTM3U") && !is_mpd(b""));
}

#[test]
fn conformance_34_protections_are_announced_once() {
    let protection = "<ContentProtection schemeIdUri='urn:mpeg:dash:mp4protection:2011' value='cenc' \
        cenc:default_KID='ad13f9ea-2be6-98b8-75f5-04a8e3ccea64'/>\
        <ContentProtection schemeIdUri='urn:uuid:e2719d58-a985-b3c9-781a-b030af78d30e'>\
        <clearkey:Laurl Lic_type='EME-1.0'>lic</clearkey:Laurl></ContentProtection>";
    let text = format!(
        "<MPD mediaPresentationDuration='PT8S'><Period><AdaptationSet mimeType='video/mp4'>{protection}{NUMBERED}{}{}\
        </AdaptationSet></Period></MPD>",
        video("1", 100, ""),
        video("2", 200, "")
    );
    let found = read(&text);
    assert_eq!(found.protections.len(), 1);
    assert_eq!(found.protections[0].key_ids[0].to_string(), "ad13f9ea2be698b875f504a8e3ccea64");
    assert_eq!(found.protections[0].licence_url.as_ref().unwrap().path(), "/a/lic");
}

#[test]
fn a_live_stream_is_taken_as_it_stands_and_begins_with_what_is_there() {
    let text = format!(
        "<MPD type='dynamic' availabilityStartTime='2021-01-01T00:00:00Z' publishTime='2021-01-01T01:00:03Z' \
        timeShiftBufferDepth='PT12S'><Period start='PT0S'><EventStream schemeIdUri='x'><Event presentationTime='3590'/>\
        </EventStream><AdaptationSet mimeType='video/mp4'>{NUMBERED}{}</AdaptationSet></Period></MPD>",
        video("1", 100, "")
    );
    let found = read(&text);
    let segments = known(&found, 0, 0);
    assert_eq!(times(segments), [(0, 4000, false), (4000, 8000, false), (8000, 12_000, false)]);
    assert!(segments[0].source.url.path().ends_with("/897.m4s"));
    assert!(
        matches!(segments[0].timing, Timing::Anchored { shift, .. } if shift == MediaTime::from_millis(-3_588_000))
    );
    assert_eq!(found.events[0].start, MediaTime::from_millis(2000));
    let without = text.replace("publishTime='2021-01-01T01:00:03Z'", "publishTime='some_time'");
    assert_eq!(presentation(without.as_bytes(), &base()), Err(ManifestError::Unsupported("live streams")));
}

#[test]
fn a_timeline_of_ten_thousand_lines_is_read_in_linear_time() {
    let run = |at: u64| format!("<S t='{}' d='180180'/>", at * 180_180);
    let lines: String = (0..10_000).map(run).collect();
    let rungs: String = (1..=6).map(|rung| video(&rung.to_string(), rung * 1000, "")).collect();
    let text = format!(
        "<MPD mediaPresentationDuration='PT20020S'><Period><AdaptationSet mimeType='video/mp4'><SegmentTemplate \
        timescale='90000' media='$RepresentationID$/$Time$.m4s' initialization='$RepresentationID$/i.mp4'>\
        <SegmentTimeline>{lines}</SegmentTimeline></SegmentTemplate>{rungs}</AdaptationSet></Period></MPD>"
    );
    let begun = processor_time();
    let found = read(&text);
    let taken = processor_time() - begun;
    let segments = known(&found, 0, 5);
    assert_eq!(segments.len(), 10_000);
    assert_eq!(segments[9999].end(), MediaTime::from_millis(20_020_000));
    assert!(segments.windows(2).all(|two| two[0].end() == two[1].start));
    eprintln!("60,000 segments of 10,000 lines took {taken:?}");
    assert!(taken < Duration::from_secs(20), "{taken:?}");
}

#[test]
fn limits_hold() {
    let mpd = |inner: &str| format!("<MPD mediaPresentationDuration='P9Y'>{inner}</MPD>");
    let refused =
        |text: String| matches!(presentation(text.as_bytes(), &base()), Err(ManifestError::LimitExceeded { .. }));
    let set = |inner: &str| format!("<Period><AdaptationSet mimeType='video/mp4'>{inner}</AdaptationSet></Period>");
    assert!(refused(mpd(&set(&(NUMBERED.to_owned() + &video("1", 1, ""))))));
    let many = NUMBERED.replace("duration='4'", "duration='9000'");
    let rungs: String = (0..100).map(|rung| video(&rung.to_string(), rung, "")).collect();
    assert!(refused(mpd(&set(&(many + &rungs)))));
    assert!(refused(mpd(&"<Period/>".repeat(MAX_PERIODS + 1))));
    assert!(refused(mpd(&format!("<Period>{}</Period>", "<AdaptationSet/>".repeat(MAX_SETS + 1)))));
}

proptest::proptest! {
    #[test]
    fn damaged_manifests_do_not_make_the_reader_panic(
        at in 0usize..2000, length in 0usize..40, with in "[ -~]{0,20}", number in proptest::num::u64::ANY, which in 0usize..40,
    ) {
        let text = format!(
            "<MPD mediaPresentationDuration='PT48S'><Period duration='PT9S'><EventStream timescale='1'><Event id='1'/></EventStream>\
            <AdaptationSet mimeType='video/mp4'><ContentProtection schemeIdUri='urn:mpeg:dash:sea:2012'><s:CryptoPeriod \
            keyUri='k' IV='0x1' numSegments='1'/></ContentProtection><SegmentTemplate media='$Time$' timescale='1000' \
            presentationTimeOffset='1' endNumber='9'><SegmentTimeline><S t='0' d='2000' r='-1' k='2' n='3'/></SegmentTimeline>\
            </SegmentTemplate>{}</AdaptationSet></Period><Period><AdaptationSet mimeType='video/mp4'>{NUMBERED}{}\
            </AdaptationSet><AdaptationSet mimeType='audio/mp4'><SegmentList duration='2'><SegmentURL mediaRange='1-2'/>\
            </SegmentList><Representation id='a' bandwidth='1'/></AdaptationSet></Period></MPD>",
            video("1", 100, ""), video("2", 200, "<SegmentBase indexRange='1-2'/>"),
        );
        // A piece replaced, and one number replaced by any.
        let (from, to) = (at.min(text.len()), (at + length).min(text.len()));
        let damaged = format!("{}{with}{}", &text[..from], &text[to..]);
        let _ = presentation(damaged.as_bytes(), &base());
        let mut seen = 0;
        let mut digits = false;
        let replaced: String = text.chars().fold(String::new(), |mut out, c| {
            let is_digit = c.is_ascii_digit();
            if is_digit && !digits { seen += 1; if seen == which { out.push_str(&number.to_string()); } }
            digits = is_digit;
            if !(is_digit && seen == which) { out.push(c); }
            out
        });
        let _ = presentation(replaced.as_bytes(), &base());
        let linked = resolve_links(damaged.as_bytes(), &base(), &std::collections::HashMap::new());
        let _ = remote_links(&linked, &base());
    }
}
