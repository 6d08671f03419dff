//! Whole segments, as they come.

use super::*;
use crate::container::webm;
use abr::MediaTime;
use std::path::PathBuf;

#[test]
fn segments_are_read_whatever_they_are_called() {
    let read = |text: &'static [u8]| parse(&Bytes::from_static(text), None);
    let base = |text| read(text).map(|segment| (segment.cues.len(), segment.base));
    assert_eq!(base(b"WEBVTT\n\n00:01.000 --> 00:02.000\nx"), Ok((1, CueBase::Period)));
    assert_eq!(
        base(b"WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00.000\n\n00:01.000 --> 00:02.000\nx"),
        Ok((1, CueBase::Media))
    );
    assert_eq!(base(b"<tt><body><div><p end='1s'>x</p></div></body></tt>"), Ok((1, CueBase::Period)));
    assert_eq!(base(b"1\n00:00:01,000 --> 00:00:02,000\nx"), Ok((1, CueBase::Period)));
    assert_eq!(base(b" \r\n"), Ok((0, CueBase::Period)));
    assert_eq!(read(b"<html><body>404</body></html>"), Err(TextError::Ttml(ttml::TtmlError::NotTtml)));
    assert_eq!(read(b"Not found"), Err(TextError::Unknown));
    assert!(matches!(read(b"\0\0\0\x08moof"), Err(TextError::Container(_))));
}

/// Elements of a WebM file.
fn element(id: &[u8], payload: &[u8]) -> Vec<u8> {
    let size = (payload.len() as u64 | 1 << 56).to_be_bytes();
    [id, &size, payload].concat()
}

#[test]
fn webvtt_in_webm_becomes_cues() {
    let entry = |codec: &[u8]| {
        let fields = [element(&[0xd7], &[1]), element(&[0x83], &[0x11]), element(&[0x86], codec)].concat();
        element(&[0x16, 0x54, 0xae, 0x6b], &element(&[0xae], &fields))
    };
    let cluster = |group: &[u8]| element(&[0x1f, 0x43, 0xb6, 0x75], &element(&[0xa0], group));
    let duration = element(&[0x9b], &[0x03, 0xe8]);

    let lines = element(&[0xa1], b"\x81\x00\x05\x00id\nalign:left\n<i>Hi</i>");
    let additional = element(&[0x75, 0xa1], &element(&[0xa6], &element(&[0xa5], b"align:left\nid\n")));
    let additions = [element(&[0xa1], b"\x81\x00\x05\x00<i>Hi</i>"), additional].concat();
    for (codec, block) in [(&b"D_WEBVTT/SUBTITLES"[..], lines), (b"S_TEXT/WEBVTT", additions)] {
        let group = [block, duration.clone()].concat();
        let segment = element(&[0x18, 0x53, 0x80, 0x67], &[entry(codec), cluster(&group)].concat());
        let file = Bytes::from([element(&[0x1a, 0x45, 0xdf, 0xa3], &[]), segment].concat());
        let whole = parse(&file, None).unwrap();
        let header = Init::Webm(webm::Header::parse(&file).unwrap());
        assert_eq!(parse(&Bytes::from(cluster(&group)), Some(&header)).unwrap(), whole);
        let cue = &whole.cues[0];
        assert_eq!((cue.start.as_millis(), cue.end.as_millis(), cue.text()), (5, 1_005, "Hi".into()));
        assert_eq!(
            (cue.settings.align, cue.spans[0][0].style.italic, whole.base),
            (TextAlign::Left, true, CueBase::Media)
        );
    }
}

/// Real streams, where somebody has them.
fn streams() -> Option<PathBuf> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/streams"));
    let folder = std::env::var_os("LUMEN_STREAMS").map_or(beside, PathBuf::from);
    let found = folder.join("index.json").is_file();
    if !found {
        eprintln!("skipped: no streams at {}", folder.display());
    }
    found.then_some(folder)
}

/// Cues of a list of files, joined where they touch, as start, end, text and settings of the recorded truth.
type Truth = (i64, i64, String);

fn expected(folder: &std::path::Path, name: &str) -> Vec<Vec<Truth>> {
    let text = std::fs::read_to_string(folder.join("frames").join(name)).unwrap();
    let tracks: serde_json::Value = serde_json::from_str(&text).unwrap();
    let millis = |value: &serde_json::Value| (value.as_f64().unwrap() * 1000.0).round() as i64;
    let cue = |cue: &serde_json::Value| (millis(&cue[0]), millis(&cue[1]), cue[2].as_str().unwrap().to_owned());
    let of_track = |track: &serde_json::Value| {
        let mut cues: Vec<Truth> = track["cues"].as_array().unwrap().iter().map(cue).collect();
        cues.dedup();
        cues
    };
    tracks.as_array().unwrap().iter().map(of_track).collect()
}

fn read(folder: &std::path::Path, files: &[&str]) -> (Vec<Truth>, CueBase) {
    let mut base = CueBase::Period;
    let mut cues = Vec::new();
    for file in files {
        let segment = parse(&Bytes::from(std::fs::read(folder.join(file)).unwrap()), None).unwrap();
        base = segment.base;
        cues.extend(segment.cues);
    }
    let cues = merge_touching(cues);
    (cues.iter().map(|cue| (cue.start.as_millis(), cue.end.as_millis(), cue.text())).collect(), base)
}

#[test]
fn conformance_09_cues_of_real_hls_segments_are_the_recorded_ones() {
    let Some(folder) = streams() else { return };
    let files: Vec<String> = (1..=5).map(|n| format!("pkgr-hls-segmented-webvtt/bear-english-text-{n}.vtt")).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let (mut cues, base) = read(&folder, &files);
    assert_eq!(base, CueBase::Media);
    // MPEGTS:9000 is a tenth of a second.
    cues.iter_mut().for_each(|cue| (cue.0, cue.1) = (cue.0 - 100, cue.1 - 100));
    assert_eq!(cues, expected(&folder, "pkgr-hls-segmented-webvtt.hls.cues.json")[0]);
}

#[test]
fn conformance_28_cues_of_real_dash_sidecars_are_the_recorded_ones() {
    let Some(folder) = streams() else { return };
    for (truth, files) in [
        ("pkgr-video-audio-webvtt.dash.cues.json", &["pkgr-video-audio-webvtt/bear-english-text.vtt"][..]),
        (
            "pkgr-dash-ondemand-multiperiod-plain-vtt.dash.cues.json",
            &["pkgr-dash-ondemand-multiperiod-plain-vtt/bear-english-text.vtt"; 2],
        ),
        (
            "rx-multi-codecs.cues.json",
            &[
                "rx-multi-codecs/s-el.webvtt",
                "rx-multi-codecs/s-en.webvtt",
                "rx-multi-codecs/s-fr.webvtt",
                "rx-multi-codecs/s-pt-BR.webvtt",
            ],
        ),
    ] {
        let expected = expected(&folder, truth);
        assert_eq!(expected.len(), files.len(), "{truth}");
        for (file, expected) in files.iter().zip(expected) {
            assert_eq!(read(&folder, &[file]), (expected, CueBase::Period), "{file}");
        }
    }
}

#[test]
fn a_cue_is_seen_from_its_start_until_before_its_end() {
    let cue = Cue::plain(MediaTime::from_millis(1_000), MediaTime::from_millis(2_000), vec!["x".into()]);
    let seen = [999, 1_000, 1_999, 2_000].map(|at| cue.is_active(MediaTime::from_millis(at)));
    assert_eq!(seen, [false, true, true, false]);
}
