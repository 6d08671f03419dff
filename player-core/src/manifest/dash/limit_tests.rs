//! Manifests of a few kilobytes that would take gigabytes if what they name once were kept with all that inherits it.

use super::*;
use crate::testing::processor_time;

fn base() -> Url {
    "https://cdn.test/a/m.mpd".parse().unwrap()
}

fn mpd(inner: &str) -> String {
    format!("<MPD mediaPresentationDuration='PT24H'>{inner}</MPD>")
}

fn limit(text: &str) -> &'static str {
    match presentation(text.as_bytes(), &base()) {
        Err(ManifestError::LimitExceeded { what, .. }) => what,
        other => panic!("{:?}", other.map(|found| found.tracks.len())),
    }
}

const NUMBERED: &str = "<SegmentTemplate media='$Number$.m4s' duration='1'/>";

fn set(inner: &str) -> String {
    format!("<Period><AdaptationSet mimeType='video/mp4' codecs='avc1.64001f'>{inner}</AdaptationSet></Period>")
}

#[test]
fn a_long_base_address_does_not_take_memory_with_each_segment() {
    let long = format!("<BaseURL>{}/</BaseURL>", "x".repeat(10_000));
    let one = format!("{long}{NUMBERED}<Representation id='1' bandwidth='1'/>");
    assert_eq!(limit(&mpd(&set(&one))), "bytes of addresses");
    let init = format!("<SegmentTemplate media='$Number$.m4s' initialization='{}' duration='1'/>", "x".repeat(10_000));
    let one = format!("{init}<Representation id='1' bandwidth='1'/>");
    assert_eq!(limit(&mpd(&set(&one))), "bytes of addresses");
}

#[test]
fn segments_that_rungs_share_are_counted_with_each_rung() {
    let rungs: String = (0..100).map(|n| format!("<Representation id='{n}' bandwidth='{n}'/>")).collect();
    let template = "<SegmentTemplate media='$Number$.m4s' duration='1000000'/>";
    let set = |inner: &str| format!("<AdaptationSet mimeType='video/mp4' codecs='avc1.64001f'>{inner}</AdaptationSet>");
    let long = format!("<BaseURL>{}/</BaseURL>{NUMBERED}<Representation id='0' bandwidth='1'/>", "x".repeat(15_000));
    let text = mpd(&format!(
        "<Period duration='PT100S'>{}</Period><Period>{}</Period>",
        set(&long),
        set(&format!("{template}{rungs}"))
    ));
    assert_eq!(limit(&text), "bytes of addresses");
}

#[test]
fn addresses_longer_than_servers_take_lead_nowhere() {
    let long = "x".repeat(20_000);
    let by_base = format!("<BaseURL>{long}/</BaseURL>{NUMBERED}<Representation id='1' bandwidth='1'/>");
    // Such a base is passed over.
    let found = presentation(mpd(&set(&by_base)).as_bytes(), &base()).unwrap();
    assert_eq!(found.tracks.len(), 1);
    let media = format!("<SegmentTemplate media='{}$Number$' duration='1'/>", "$RepresentationID$".repeat(500));
    let by_id = format!("{media}<Representation id='{long}' bandwidth='1'/>");
    assert_eq!(presentation(mpd(&set(&by_id)).as_bytes(), &base()), Err(ManifestError::BadAddress));
}

#[test]
fn a_name_is_not_kept_whole_with_all_that_inherits_it() {
    let long = "ä".repeat(50_000);
    let rungs: String = (0..2000).map(|n| format!("<Representation id='{n}' bandwidth='{n}'/>")).collect();
    let events = format!("<EventStream schemeIdUri='{long}'>{}</EventStream>", "<Event/>".repeat(2000));
    let text = format!(
        "<Period>{events}<AdaptationSet mimeType='video/mp4' codecs='avc1.{long}'>\
        <SegmentTemplate media='$Number$' duration='100000'/>{rungs}</AdaptationSet>\
        <AdaptationSet id='{long}' mimeType='video/mp4' codecs='none'>{rungs}</AdaptationSet></Period>"
    );
    let found = presentation(mpd(&text).as_bytes(), &base()).unwrap();
    assert_eq!(found.tracks[0].representations.len(), 2000);
    let codecs = found.tracks[0].representations.iter().map(|rung| rung.codecs.len());
    let schemes = found.events.iter().map(|event| event.scheme.len());
    let excluded = found.excluded.iter().map(|excluded| excluded.what.len() + excluded.why.len());
    let longest = codecs.chain(schemes).chain(excluded).max();
    assert!(longest <= Some(2 * MAX_NAME), "{longest:?}");
    assert_eq!((found.events.len(), found.excluded.len()), (2000, MAX_EXCLUSIONS));
}

#[test]
fn long_timelines_and_lists_are_not_read_for_thousands_of_representations() {
    let rungs = "<Representation/>".repeat(8000);
    // Lines that list nothing are no segments, and still are read.
    let timeline =
        format!("<SegmentTemplate><SegmentTimeline>{}</SegmentTimeline></SegmentTemplate>", "<S/>".repeat(100_000));
    let rest = "<EssentialProperty schemeIdUri='urn:mpeg:mpegB:cicp:MatrixCoefficients'/>".repeat(20_000);
    for inherited in [timeline, rest] {
        assert_eq!(limit(&mpd(&set(&format!("{inherited}{rungs}")))), "inherited elements");
    }
}

#[test]
fn what_a_set_announces_is_read_once() {
    let boxes = "A".repeat(1 << 20);
    let scheme = "urn:uuid:1077efec-c0b2-4d02-ace3-3c1e52e2fb4b";
    let announced =
        format!("<ContentProtection schemeIdUri='{scheme}'><cenc:pssh>{boxes}</cenc:pssh></ContentProtection>");
    let rungs: String = (0..8000).map(|n| format!("<Representation id='{n}' bandwidth='{n}'/>")).collect();
    let template = "<SegmentTemplate media='$Number$' duration='100000'/>";
    let began = processor_time();
    let found = presentation(mpd(&set(&format!("{announced}{template}{rungs}"))).as_bytes(), &base()).unwrap();
    assert_eq!(found.tracks[0].representations.len(), 8000);
    // Decoding it with each takes minutes.
    let taken = processor_time() - began;
    assert!(taken.as_secs() < 20, "{taken:?}");
}
