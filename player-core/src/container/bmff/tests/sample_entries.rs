//! Sample descriptions.

use super::*;
use crate::container::Scheme;

fn parse(track: Track<'_>) -> Result<InitSegment, ContainerError> {
    InitSegment::parse(&init(&[track]))
}

#[test]
fn conformance_05_a_clear_lead_has_an_entry_of_its_own_and_the_same_format() {
    let clear_lead = include_bytes!("../fixtures/scheme-cbcs-video.mp4");
    let parsed = InitSegment::parse(clear_lead).unwrap();
    let [encrypted, clear] = &parsed.tracks[0].descriptions[..] else { panic!("two entries") };
    assert!(encrypted.protection.is_some() && clear.protection.is_none());
    assert_eq!(encrypted.format, clear.format);
    let demuxed = read(clear_lead).unwrap();
    let [stream] = &demuxed.streams[..] else { panic!("one stream") };
    let protected: Vec<bool> = stream.samples.iter().map(|sample| sample.protection.is_some()).collect();
    assert_eq!(protected, [[false; 5], [true; 5]].concat());
}

#[test]
fn a_fragment_or_the_tracks_default_chooses_the_entry_and_a_change_begins_another_stream() {
    let track = Track { entries: vec![avc1(640), avc1(320)], trex: [2, 10, 4, 0], ..Track::default() };
    let init = InitSegment::parse(&init(&[track])).unwrap();
    let chosen = |description: u32| {
        let tfhd = full(b"tfhd", 0, 0x02_0002, &[1, description]);
        move |data| atom(b"traf", &[&tfhd, &full(b"trun", 0, 1, &[1, data])])
    };
    let media = [
        fragment(|data| traf(0, 2, data, &[]), b"aaaabbbb"),
        fragment(chosen(2), b"cccc"),
        fragment(chosen(1), b"dddd"),
    ];
    let demuxed = demux(&media.concat().into(), &init).unwrap();
    let seen: Vec<(usize, u16)> = demuxed
        .streams
        .iter()
        .map(|stream| match stream.format.codec {
            CodecConfig::H264 { width, .. } => (stream.samples.len(), width),
            _ => panic!("H.264"),
        })
        .collect();
    assert_eq!(seen, [(3, 320), (1, 640)]);
    // Without `tfdt` a fragment begins where the last one ended.
    assert_eq!(demuxed.streams[1].samples[0].dts.as_millis(), 30);
    assert!(demux(&fragment(chosen(3), b"dddd").into(), &init).is_err());
}

#[test]
fn conformance_35_the_original_format_comes_back_from_an_encrypted_entry() {
    let cases: [(&[u8; 4], Vec<u8>); 4] = [
        (b"avc3", avcc()),
        (b"hev1", atom(b"hvcC", &[&[1; 23]])),
        (b"dvh1", atom(b"hvcC", &[&[1; 23]])),
        (b"vp09", Vec::new()),
    ];
    for (original, configuration) in cases {
        let entry = visual(b"encv", 640, &[&configuration, &sinf(original, b"cenc", &tenc())]);
        let parsed = parse(Track { entries: vec![entry], ..Track::default() }).unwrap();
        let expected = parse(Track { entries: vec![visual(original, 640, &[&configuration])], ..Track::default() });
        assert_eq!(parsed.tracks[0].format, expected.unwrap().tracks[0].format);
        assert_eq!(parsed.key_ids, [crate::drm::KeyId(KEY_ID)]);
    }
}

#[test]
fn of_several_schemes_of_one_entry_the_first_that_is_known_is_taken() {
    let sinfs = [sinf(b"avc1", b"sm4c", &tenc()), sinf(b"avc1", b"cbc1", &tenc())].concat();
    let parsed = parse(Track { entries: vec![visual(b"encv", 640, &[&avcc(), &sinfs])], ..Track::default() }).unwrap();
    assert_eq!(parsed.tracks[0].descriptions[0].protection.as_ref().unwrap().scheme, Scheme::Cbc1);
}

#[test]
fn piff_says_in_its_own_box_what_tenc_says() {
    let id = [0x89, 0x74, 0xdb, 0xce, 0x7b, 0xe7, 0x4c, 0x51, 0x84, 0xf9, 0x71, 0x48, 0xf9, 0x88, 0x25, 0x54];
    for (algorithm, scheme) in [(1, Scheme::Cenc), (2, Scheme::Cbc1)] {
        let tenc = atom(b"uuid", &[&id, &[0, 0, 0, 0, 0, 0, algorithm, 8], &KEY_ID]);
        let schm = atom(b"schm", &[&[0; 4], b"piff", &[0, 1, 0, 1]]);
        let sinf = atom(b"sinf", &[&atom(b"frma", &[b"avc1"]), &schm, &atom(b"schi", &[&tenc])]);
        let parsed = parse(Track { entries: vec![visual(b"encv", 640, &[&avcc(), &sinf])], ..Track::default() });
        let protection = parsed.unwrap().tracks[0].descriptions[0].protection.clone().unwrap();
        assert_eq!((protection.scheme, protection.default.unwrap().key_id.0), (scheme, KEY_ID));
    }
}

#[test]
fn a_track_that_names_an_unknown_scheme_is_refused_by_name() {
    let at = VIDEO_INIT.windows(4).position(|window| window == b"schm").unwrap() + 8;
    let mut init = VIDEO_INIT.to_vec();
    init[at..at + 4].copy_from_slice(b"xyz1");
    assert_eq!(InitSegment::parse(&init).unwrap_err(), ContainerError::UnsupportedScheme("xyz1".into()));
}

#[test]
fn tracks_that_cannot_be_decoded_are_left_out_unless_none_is_left() {
    let unknown = || Track { id: 2, entries: vec![visual(b"jpeg", 64, &[])], ..Track::default() };
    let parsed = InitSegment::parse(&init(&[unknown(), Track::default()])).unwrap();
    assert_eq!(parsed.tracks.iter().map(|track| track.id).collect::<Vec<_>>(), [1]);
    assert_eq!(parse(unknown()).unwrap_err(), ContainerError::Unsupported("sample entry jpeg".into()));
    let timecode = Track { handler: b"tmcd", ..Track::default() };
    assert_eq!(parse(timecode).unwrap_err(), ContainerError::Missing("trak"));
    // An entry that cannot be decoded is an error when a sample refers to it.
    let both = Track { entries: vec![visual(b"jpeg", 64, &[]), avc1(640)], ..Track::default() };
    let parsed = parse(both).unwrap();
    assert!(matches!(parsed.tracks[0].format.codec, CodecConfig::H264 { .. }));
    let media = fragment(|data| traf(0, 1, data, &[]), b"aaaa");
    assert!(matches!(demux(&media.into(), &parsed), Err(ContainerError::Unsupported(_))));
}

#[test]
fn text_in_samples_is_a_track() {
    let wvtt = atom(b"wvtt", &[&[0; 8], &atom(b"vttC", &[b"WEBVTT\n"])]);
    for handler in [b"text", b"subt", b"sbtl"] {
        let parsed = parse(Track { handler, entries: vec![wvtt.clone()], ..Track::default() }).unwrap();
        assert_eq!(parsed.tracks[0].format.kind, TrackKind::Text);
        assert_eq!(parsed.tracks[0].format.codec, CodecConfig::WebVtt { header: Bytes::from_static(b"WEBVTT\n") });
    }
    let stpp = atom(b"stpp", &[&[0; 8], b"http://www.w3.org/ns/ttml\0\0\0"]);
    let parsed = parse(Track { handler: b"subt", entries: vec![stpp], ..Track::default() }).unwrap();
    assert_eq!(parsed.tracks[0].format.codec, CodecConfig::Ttml);
    let tx3g = Track { handler: b"sbtl", entries: vec![atom(b"tx3g", &[&[0; 38]])], ..Track::default() };
    assert!(matches!(parse(tx3g), Err(ContainerError::Unsupported(_))));
}

#[test]
fn encrypted_text_is_the_text_it_was() {
    let vttc = atom(b"vttC", &[b"WEBVTT\n"]);
    let wvtt = atom(b"enct", &[&[0; 8], &vttc, &sinf(b"wvtt", b"cenc", &tenc())]);
    // The boxes of TTML stand behind three texts.
    let texts = b"http://www.w3.org/ns/ttml\0\0image/png\0";
    let stpp = atom(b"enct", &[&[0; 8], texts, &sinf(b"stpp", b"cbcs", &tenc())]);
    let webvtt = CodecConfig::WebVtt { header: Bytes::from_static(b"WEBVTT\n") };
    for (entry, codec) in [(wvtt, webvtt), (stpp, CodecConfig::Ttml)] {
        let parsed = parse(Track { handler: b"subt", entries: vec![entry], ..Track::default() }).unwrap();
        assert_eq!(parsed.tracks[0].format.codec, codec);
        assert!(parsed.tracks[0].descriptions[0].protection.is_some());
        assert_eq!(parsed.key_ids, [crate::drm::KeyId(KEY_ID)]);
    }
    let bare = atom(b"enct", &[&[0; 8], texts]);
    assert!(parse(Track { handler: b"subt", entries: vec![bare], ..Track::default() }).is_err());
}

#[test]
fn boxes_say_how_numbers_stand_for_colours() {
    let of = |extra: &[&[u8]]| {
        let entry = visual(b"vp09", 640, extra);
        parse(Track { entries: vec![entry], ..Track::default() }).unwrap().tracks[0].format.colour
    };
    let nclx = atom(b"colr", &[b"nclx", &[0, 9, 0, 16, 0, 9, 0x80]]);
    let light = atom(b"clli", &[&[0x03, 0xe8, 0, 100]]);
    let found = of(&[&nclx, &light]);
    assert_eq!(
        (found.primaries, found.transfer, found.matrix, found.full_range, found.brightest),
        (9, 16, 9, true, 1_000)
    );
    let vpcc = atom(b"vpcC", &[&[1, 0, 0, 0, 2, 10, 0xa2, 9, 18, 9, 0, 0]]);
    let mastering = atom(b"mdcv", &[&[0; 16], &40_000_000_u32.to_be_bytes(), &[0; 4]]);
    let found = of(&[&vpcc, &mastering]);
    assert_eq!(
        (found.primaries, found.transfer, found.matrix, found.full_range, found.brightest),
        (9, 18, 9, false, 4_000)
    );
    assert_eq!(of(&[&atom(b"colr", &[b"nclx"])]), of(&[]));
}

/// `esds` with an object type and specific information.
fn esds(object_type: u8, specific: &[u8]) -> Vec<u8> {
    let specific = [&[5, specific.len() as u8][..], specific].concat();
    let config = [&[4, 13 + specific.len() as u8, object_type][..], &[0; 12], &specific].concat();
    let es = [&[3, 3 + config.len() as u8, 0, 1, 0][..], &config].concat();
    atom(b"esds", &[&[0; 4], &es])
}

fn sound(entry: Vec<u8>) -> Result<CodecConfig, ContainerError> {
    let parsed = parse(Track { handler: b"soun", entries: vec![entry], ..Track::default() });
    parsed.map(|parsed| parsed.tracks[0].format.codec.clone())
}

#[test]
fn object_types_of_sound_are_told_apart() {
    let mp4a = |object_type, specific: &[u8]| sound(audible(b"mp4a", &[&esds(object_type, specific)]));
    let (rate, channels) = (44_100, 2);
    assert!(matches!(mp4a(0x67, &[0x12, 0x10]), Ok(CodecConfig::Aac { rate: 44_100, channels: 2, .. })));
    // Six channels, and 96 kHz, which the entry itself cannot say.
    assert!(matches!(mp4a(0x40, &[0x10, 0x30]), Ok(CodecConfig::Aac { rate: 96_000, channels: 6, .. })));
    assert_eq!(mp4a(0x40, &[0xf8, 0x4e, 0x80]), Ok(CodecConfig::Mpeg { layer: 3, rate, channels: 4 }));
    for object_type in [0x69, 0x6b] {
        assert_eq!(mp4a(object_type, &[]), Ok(CodecConfig::Mpeg { layer: 3, rate, channels }));
    }
    assert_eq!(mp4a(0xa5, &[]), Ok(CodecConfig::Ac3 { rate, channels }));
    assert_eq!(mp4a(0xa6, &[]), Ok(CodecConfig::Eac3 { rate, channels }));
    assert!(matches!(mp4a(0xa9, &[]), Err(ContainerError::Unsupported(_))));
    assert_eq!(mp4a(0x40, &[]), Err(ContainerError::Malformed("esds")));
    assert_eq!(sound(audible(b".mp3", &[])), Ok(CodecConfig::Mpeg { layer: 3, rate, channels }));
    let headers = ["a", "bb", "ccc"].map(Bytes::from);
    for laced in [&b"\x02\x01\x02abbccc"[..], b"\0\x01a\0\x02bb\0\x03ccc"] {
        assert_eq!(mp4a(0xdd, laced), Ok(CodecConfig::Vorbis { headers: headers.clone(), rate, channels }));
    }
}

#[test]
fn more_entries_and_tracks_than_a_file_can_have_are_refused() {
    let entries = Track { entries: vec![avc1(640); 65], ..Track::default() };
    assert!(matches!(parse(entries), Err(ContainerError::LimitExceeded { .. })));
    let tracks: Vec<Track<'_>> = (1..=17).map(|id| Track { id, ..Track::default() }).collect();
    assert!(matches!(InitSegment::parse(&init(&tracks)), Err(ContainerError::LimitExceeded { .. })));
}
