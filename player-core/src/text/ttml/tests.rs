use super::*;
use crate::testing::processor_time;
use crate::text::{Colour, DisplayAlign, Percent, TextAlign};
use bytes::Bytes;
use std::time::Duration;

const DOCUMENT: &str = r##"<?xml version="1.0" encoding="UTF-8"?>
<!-- a comment -->
<tt xmlns="http://www.w3.org/ns/ttml" xmlns:tts="http://www.w3.org/ns/ttml#styling" xml:lang="en"
    xmlns:ttp="http://www.w3.org/ns/ttml#parameter" ttp:frameRate="25" ttp:cellResolution="40 20" tts:extent="1280px 720px">
 <head>
  <styling>
   <style xml:id="base" tts:color="yellow" tts:textAlign="center"/>
   <style xml:id="shout" style="base" tts:fontWeight="bold" tts:backgroundColor="#000000C2"/>
   <style xml:id="loop" style="loop"/>
  </styling>
  <layout>
   <region xml:id="bottom" tts:origin="10% 80%" tts:extent="80% 15%" tts:displayAlign="after" style="base"/>
   <region xml:id="top"><style tts:origin="128px 72px"/><style tts:extent="32c 4c"/></region>
  </layout>
 </head>
 <body>
  <div begin="10s">
   <p xml:id="a" begin="00:00:01.500" end="00:00:03:00" region="bottom">
     First   line<br/>
     second &amp; <span tts:fontStyle="italic">last &lt;one&gt;</span>
   </p>
   <p begin="5s" dur="50f" region="top" style="shout loop">Top</p>
   <p begin="8s" end="7s">Never</p>
   <p begin="20s" end="24s">One<span begin="2s"> and two</span></p>
  </div>
  <div timeContainer="seq" begin="100s"><p dur="2s">x</p><p begin="1s" dur="2s">y</p></div>
 </body>
</tt>"##;

fn times(cues: &[Cue]) -> Vec<(i64, i64, String)> {
    cues.iter().map(|cue| (cue.start.as_millis(), cue.end.as_millis(), cue.text())).collect()
}

#[test]
fn conformance_28_a_document_with_nested_times_becomes_cues() {
    let cues = parse(DOCUMENT.as_bytes()).unwrap();
    let expected = [
        (11_500, 13_000, "First line\nsecond & last <one>"),
        (15_000, 17_000, "Top"),
        (30_000, 32_000, "One"),
        (32_000, 34_000, "One and two"),
        (100_000, 102_000, "x"),
        (103_000, 105_000, "y"),
    ];
    assert_eq!(times(&cues), expected.map(|(start, end, text)| (start, end, text.to_owned())));
}

#[test]
fn styles_and_regions_are_inherited() {
    let cues = parse(DOCUMENT.as_bytes()).unwrap();
    let yellow = Some(Colour::rgb(255, 255, 0));
    let bottom = cues[0].settings.region.clone().unwrap();
    assert_eq!((bottom.left, bottom.top), (Percent(1_000), Percent(8_000)));
    assert_eq!((bottom.width, bottom.height), (Percent(8_000), Percent(1_500)));
    assert_eq!((bottom.display_align, cues[0].settings.align), (DisplayAlign::After, TextAlign::Center));
    assert!(cues[0].spans.iter().flatten().all(|span| span.style.colour == yellow));
    assert!(cues[0].spans[1][1].style.italic && !cues[0].spans[1][0].style.italic);

    let top = cues[1].settings.region.clone().unwrap();
    assert_eq!((top.left, top.top), (Percent(1_000), Percent(1_000)));
    assert_eq!((top.width, top.height), (Percent(8_000), Percent(2_000)));
    let shout = cues[1].spans[0][0].style;
    assert_eq!((shout.bold, shout.colour, shout.background), (true, yellow, Some(Colour([0, 0, 0, 0xc2]))));
    assert!(cues[2].settings.is_default() && cues[2].spans.is_empty());
}

fn sample(start: i64, millis: u64, data: impl Into<Bytes>) -> Sample {
    let pts = MediaTime::from_millis(start);
    let duration = Duration::from_millis(millis);
    Sample { pts, dts: pts, duration, keyframe: true, hidden: false, data: data.into(), protection: None }
}

fn simple(begin: &str, end: &str) -> String {
    format!(r#"<tt><body><div><p begin="{begin}" end="{end}">Hi</p></div></body></tt>"#)
}

#[test]
fn conformance_28_documents_in_samples_count_on_the_media_clock_and_join_over_samples() {
    let text = simple("9s", "13s");
    let samples =
        [sample(8_000, 2_000, text.clone()), sample(10_000, 2_000, text.clone()), sample(12_000, 2_000, text)];
    assert_eq!(times(&cues_of_samples(&samples).unwrap()), [(9_000, 13_000, "Hi".into())]);
    // Against the standard: from the beginning of the sample.
    let relative = [sample(600_000, 10_000, simple("1s", "2s"))];
    assert_eq!(times(&cues_of_samples(&relative).unwrap()), [(601_000, 602_000, "Hi".into())]);
    // Without times the sample's own are meant.
    let untimed = [sample(5_000, 1_000, "<tt><body><div><p>Hi</p></div></body></tt>")];
    assert_eq!(times(&cues_of_samples(&untimed).unwrap()), [(5_000, 6_000, "Hi".into())]);
    assert_eq!(cues_of_samples(&[sample(0, 1_000, "<tt/>")]), Ok(vec![]));
}

fn png() -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png.extend_from_slice(b"\0\0\0\x02IHDRabcrc!");
    png.extend_from_slice(b"\0\0\0\0IENDcrc!");
    png
}

#[test]
fn conformance_28_pictures_come_from_the_document_or_from_behind_it() {
    use base64::Engine;
    let encoded = base64::engine::general_purpose::STANDARD.encode(png());
    let inside = format!(
        r##"<tt xmlns:smpte="x"><head><metadata><smpte:image xml:id="i" imagetype="PNG" encoding="Base64">
        {encoded}
        </smpte:image></metadata></head><body><div begin="1s" end="2s" smpte:backgroundImage="#i"/></body></tt>"##
    );
    let cues = parse(inside.as_bytes()).unwrap();
    assert_eq!((cues.len(), cues[0].image.as_deref()), (1, Some(&png()[..])));

    let text = r#"<tt><body><div smpte:backgroundImage="urn:mpeg:14496-30:subs:2"/></body></tt>"#;
    let other = [&png()[..8], b"\0\0\0\0IENDcrc?"].concat();
    let data = [text.as_bytes(), &png(), &other].concat();
    let cues = cues_of_samples(&[sample(0, 1_000, data)]).unwrap();
    assert_eq!((cues.len(), cues[0].image.as_deref()), (1, Some(&other[..])));
}

#[test]
fn encodings_prefixes_and_missing_ends_are_forgiven() {
    let units: Vec<u8> = simple("1s", "2s").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(parse(&[&[0xff, 0xfe][..], &units].concat()).unwrap().len(), 1);
    let prefixed = b"\xef\xbb\xbf<tt:tt><tt:body><tt:div><tt:p begin='1s' end='2s' tts:color='red'>Hi &#33;</tt:p>";
    assert_eq!(times(&parse(prefixed).unwrap()), [(1_000, 2_000, "Hi !".into())]);
    let preserved = b"<tt xml:space='preserve'><body><div><p end='2s'>a  b\nc</p></div></body></tt>";
    assert_eq!(times(&parse(preserved).unwrap()), [(0, 2_000, "a  b\nc".into())]);
}

#[test]
fn documents_without_bounds_are_refused() {
    assert_eq!(parse(b"<html/>"), Err(TtmlError::NotTtml));
    assert_eq!(parse(b""), Err(TtmlError::NotTtml));
    let deep = format!("<tt>{}", "<div>".repeat(1_000));
    assert!(matches!(parse(deep.as_bytes()), Err(TtmlError::LimitExceeded { what: "depth", .. })));
    let wide = format!("<tt><body><div>{}</div></body></tt>", "<p end='1s'>x</p>".repeat(20_001));
    assert!(matches!(parse(wide.as_bytes()), Err(TtmlError::LimitExceeded { what: "cues", .. })));
    let spans: String = (0..300).map(|at| format!("<span begin='{at}s'>x</span>")).collect();
    let many = format!("<tt><body><div><p end='400s'>{spans}</p></div></body></tt>");
    assert!(matches!(parse(many.as_bytes()), Err(TtmlError::LimitExceeded { what: "moments of a paragraph", .. })));
    // References that multiply.
    let styles: String = (0..20).map(|id| format!("<style id='s{id}' style='s0 s1 s2 s3 s4 s5 s6 s7'/>")).collect();
    let bomb = format!(
        "<tt><head><styling>{styles}</styling></head><body><div><p style='s0' end='1s'>x</p></div></body></tt>"
    );
    assert_eq!(parse(bomb.as_bytes()).unwrap().len(), 1);
}

#[test]
fn a_long_attribute_is_not_copied_with_each_element_that_inherits_it() {
    let (long, many) = ("x".repeat(1 << 20), "<p/>".repeat(100_000));
    let style = format!("<style id='s' style='{}' origin='{long}'/>", " ".repeat(1 << 20));
    let users = "<p style='s'/>".repeat(50_000);
    let text = format!(
        "<tt><head><styling>{style}</styling></head><body region='{long}' origin='{long}'><div>{many}{users}</div></body></tt>"
    );
    let began = processor_time();
    assert_eq!(parse(text.as_bytes()), Ok(Vec::new()));
    // Copying takes minutes.
    let taken = processor_time() - began;
    assert!(taken.as_secs() < 20, "{taken:?}");
}

proptest::proptest! {
    #[test]
    fn damaged_documents_do_no_harm(at in 0usize..2_000, bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..4)) {
        let mut document = DOCUMENT.as_bytes().to_vec();
        let at = at.min(document.len() - 4);
        document[at..at + bytes.len()].copy_from_slice(&bytes);
        let _ = parse(&document);
        let _ = cues_of_samples(&[sample(1_000, 1_000, document)]);
    }

    #[test]
    fn damaged_samples_with_pictures_do_no_harm(at in 0usize..60, value: u8) {
        let mut data = [&b"<tt/>"[..], &png(), &png()].concat();
        let at = at.min(data.len() - 1);
        data[at] = value;
        let _ = cues_of_samples(&[sample(0, 1_000, data)]);
    }
}
