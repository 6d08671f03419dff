//! Whole files.

use super::*;
use abr::MediaTime;
use std::time::Duration;

#[test]
fn an_encrypted_picture_track_says_what_a_decoder_and_a_licence_need() {
    let init = InitSegment::parse(VIDEO_INIT).unwrap();
    let [track] = &init.tracks[..] else { panic!("one track") };
    assert!(matches!(track.format.codec, CodecConfig::H264 { width: 256, height: 144, .. }), "{:?}", track.format);
    assert_eq!(init.key_ids.len(), 1);
    let protection = track.descriptions[0].protection.as_ref().unwrap();
    assert_eq!(protection.scheme, crate::container::Scheme::Cenc);
    assert_eq!(protection.default.unwrap().key_id, init.key_ids[0]);
}

#[test]
fn a_segment_has_its_samples_in_decode_order_on_the_presentations_timeline() {
    let init = InitSegment::parse(VIDEO_INIT).unwrap();
    let demuxed = demux(&Bytes::from_static(VIDEO), &init).unwrap();
    let [stream] = &demuxed.streams[..] else { panic!("one track") };
    let samples = &stream.samples;
    assert_eq!((stream.kind, samples.len()), (TrackKind::Video, 50));
    assert!(samples[0].keyframe && samples[1..].iter().all(|sample| !sample.keyframe));
    assert!(samples.windows(2).all(|pair| pair[0].dts < pair[1].dts));
    let mut shown: Vec<i64> = samples.iter().map(|sample| sample.pts.nanos() / 1_000_000).collect();
    shown.sort_unstable();
    assert_eq!(shown, (0..50).map(|frame| 2000 + frame * 40).collect::<Vec<_>>());
    assert!(samples.iter().all(|sample| sample.duration == Duration::from_millis(40)));
    // Slice headers are in the clear, so each sample has subsamples, and they add up.
    assert!(samples.iter().all(|sample| {
        let parts = &sample.protection.as_ref().unwrap().subsamples;
        parts.iter().map(|part| part.clear as usize + part.protected as usize).sum::<usize>() == sample.data.len()
    }));
}

#[test]
fn an_encrypted_sound_track_is_read_with_its_priming_cut_off() {
    let init = InitSegment::parse(AUDIO_INIT).unwrap();
    assert!(matches!(init.tracks[0].format.codec, CodecConfig::Aac { rate: 48_000, channels: 2, .. }));
    let demuxed = demux(&Bytes::from_static(AUDIO), &init).unwrap();
    let samples = samples(&demuxed, TrackKind::Audio);
    let first = samples[0].pts.nanos() as f64 / 1e9;
    assert!((first - 2.0).abs() < 0.05, "{first}");
    assert!(samples.iter().all(|sample| sample.keyframe && sample.protection.is_some()));
}

#[test]
fn a_plain_file_has_its_samples_in_decode_order_and_hides_what_its_edit_list_cuts() {
    let demuxed = read(PLAIN).unwrap();
    let video = samples(&demuxed, TrackKind::Video);
    assert_eq!(video.len(), 50);
    let mut shown: Vec<i64> = video.iter().map(|sample| sample.pts.as_millis()).collect();
    assert!(!shown.is_sorted() && video.windows(2).all(|pair| pair[0].dts < pair[1].dts), "{shown:?}");
    shown.sort_unstable();
    assert_eq!(shown, (0..50).map(|frame| frame * 40).collect::<Vec<_>>());
    assert_eq!(video.iter().filter(|sample| sample.keyframe).count(), 2);
    assert!(video.iter().all(|sample| !sample.hidden));

    // One access unit of priming, then two seconds; what ffmpeg put behind them is cut off.
    let audio = samples(&demuxed, TrackKind::Audio);
    assert!(audio[0].hidden && !audio[1].hidden, "{:?}", audio[0]);
    assert_eq!(audio[1].pts, MediaTime::ZERO);
    let heard: Duration = audio.iter().filter(|sample| !sample.hidden).map(|sample| sample.duration).sum();
    assert!(heard.abs_diff(Duration::from_secs(2)) < Duration::from_millis(22), "{heard:?}");
}

#[test]
fn the_same_file_in_fragments_has_the_same_samples() {
    let plain = read(PLAIN).unwrap();
    for fragmented in [FRAGMENTED, FRAGMENTED_ABSOLUTE] {
        let fragmented = read(fragmented).unwrap();
        for kind in [TrackKind::Video, TrackKind::Audio] {
            let (one, other) = (samples(&plain, kind), samples(&fragmented, kind));
            let data = |samples: &[&Sample]| samples.iter().map(|sample| sample.data.clone()).collect::<Vec<_>>();
            assert_eq!(data(&one), data(&other));
            let keys = |samples: &[&Sample]| samples.iter().map(|sample| sample.keyframe).collect::<Vec<_>>();
            assert_eq!(keys(&one), keys(&other));
            // Without an edit list everything comes two pictures late, because B-frames wait for others; and what was cut
            // begins at zero.
            let late = |samples: &[&Sample], by: i64| {
                samples.iter().skip(1).map(|sample| sample.pts.as_millis() + by).collect::<Vec<_>>()
            };
            assert_eq!(late(&one, 80), late(&other, 0), "{kind:?}");
            assert!(other.iter().all(|sample| !sample.hidden));
        }
    }
}

#[test]
fn a_segment_cut_out_of_a_file_is_read_although_its_offsets_count_from_the_files_beginning() {
    let whole = read(FRAGMENTED_ABSOLUTE).unwrap();
    let init = InitSegment::parse(FRAGMENTED_ABSOLUTE).unwrap();
    // The first samples are in the tables of `moov`, the others in a fragment.
    let moof = boxes::find(FRAGMENTED_ABSOLUTE, b"moof").unwrap().unwrap().start;
    let second = demux(&Bytes::from_static(&FRAGMENTED_ABSOLUTE[moof..]), &init).unwrap();
    for kind in [TrackKind::Video, TrackKind::Audio] {
        let (all, last) = (samples(&whole, kind), samples(&second, kind));
        assert_eq!(all[all.len() - last.len()..], last);
    }
}

#[test]
fn every_codec_of_a_plain_file_is_told_apart() {
    let codec = |file: &'static [u8]| {
        let demuxed = read(file).unwrap();
        let [stream] = &demuxed.streams[..] else { panic!("one stream") };
        assert!(stream.samples.len() >= 5 && stream.samples.iter().any(|sample| sample.keyframe));
        (stream.format.codec.clone(), stream.samples.clone())
    };
    let (opus, packets) = codec(include_bytes!("../fixtures/opus.mp4"));
    let CodecConfig::Opus { head, rate: 48_000, channels: 1 } = opus else { panic!("{opus:?}") };
    assert_eq!((&head[..10], head.len()), (&b"OpusHead\x01\x01"[..], 19));
    assert_eq!(u32::from_le_bytes(head[12..16].try_into().unwrap()), 48_000);
    let first_shown = packets.iter().find(|packet| !packet.hidden).unwrap();
    assert!(first_shown.pts.nanos().abs() < 20_000_000, "{:?}", first_shown.pts);

    let (flac, frames) = codec(include_bytes!("../fixtures/flac.mp4"));
    let CodecConfig::Flac { blocks, rate: 8_000, channels: 1 } = flac else { panic!("{flac:?}") };
    assert_eq!(blocks[..4], [0x80, 0, 0, 34]);
    assert!(frames.iter().all(|frame| frame.data.starts_with(&[0xff, 0xf8])));

    let (ac3, frames) = codec(include_bytes!("../fixtures/ac3.mp4"));
    assert_eq!(ac3, CodecConfig::Ac3 { rate: 48_000, channels: 1 });
    assert!(frames.iter().all(|frame| frame.data.starts_with(&[0x0b, 0x77])));
    let (eac3, _) = codec(include_bytes!("../fixtures/eac3.mp4"));
    assert_eq!(eac3, CodecConfig::Eac3 { rate: 48_000, channels: 1 });

    let (mp3, frames) = codec(include_bytes!("../fixtures/mp3.mp4"));
    // The entry always says two channels.
    assert_eq!(mp3, CodecConfig::Mpeg { layer: 3, rate: 44_100, channels: 2 });
    assert!(frames.iter().all(|frame| frame.data[0] == 0xff && frame.data[1] & 0xe6 == 0xe2));

    // QuickTime: a longer sample entry, with `esds` inside `wave`.
    let (aac, _) = codec(include_bytes!("../fixtures/quicktime.mov"));
    assert!(matches!(aac, CodecConfig::Aac { rate: 44_100, channels: 1, .. }), "{aac:?}");

    let (vp9, _) = codec(include_bytes!("../fixtures/vp9.mp4"));
    assert_eq!(vp9, CodecConfig::Vp9 { width: 64, height: 64 });
    let (hevc, _) = codec(include_bytes!("../fixtures/hevc.mp4"));
    assert!(matches!(hevc, CodecConfig::H265 { width: 64, height: 64, .. }), "{hevc:?}");
    let (av1, _) = codec(include_bytes!("../fixtures/av1.mp4"));
    let CodecConfig::Av1 { av1c, width: 64, height: 64 } = av1 else { panic!("{av1:?}") };
    assert_eq!(av1c[0], 0x81);
}

/// A plain file whose tables are in the forms that packagers seldom use.
#[test]
fn compact_sizes_wide_offsets_and_changing_descriptions_are_read() {
    let data = b"aabbbcccc";
    let tables = |first: u32| {
        let co64 = atom(b"co64", &[&words(&[0, 2, 0, first, 0, first + 5])]);
        [
            full(b"stts", 0, 0, &[2, 1, 5, 2, 10]),
            full(b"ctts", 1, 0, &[1, 3, (-5i32).cast_unsigned()]),
            full(b"stsc", 0, 0, &[2, 1, 2, 1, 2, 1, 2]),
            atom(b"stz2", &[&words(&[0, 4, 3]), &[0x23, 0x40]]),
            full(b"stss", 0, 0, &[2, 1, 3]),
            co64,
        ]
        .concat()
    };
    let file = |first: u32| {
        let track = Track { entries: vec![avc1(640), avc1(320)], tables: tables(first), ..Track::default() };
        let moov = atom(b"moov", &[&full(b"mvhd", 0, 0, &[0, 0, 1_000, 0]), &track.trak()]);
        [atom(b"ftyp", &[b"qt  "]), moov, atom(b"mdat", &[data])].concat()
    };
    let first = file(0).len() - data.len();
    let demuxed = read(&file(first as u32)).unwrap();
    let [wide, narrow] = &demuxed.streams[..] else { panic!("two formats") };
    let seen = |stream: &crate::container::MediaStream| {
        let facts = stream.samples.iter().map(|s| (s.data.clone(), s.dts.as_millis(), s.pts.as_millis(), s.keyframe));
        facts.collect::<Vec<_>>()
    };
    assert_eq!(seen(wide), [("aa".into(), 0, -5, true), ("bbb".into(), 5, 0, false)]);
    assert_eq!(seen(narrow), [("cccc".into(), 15, 10, true)]);
    assert!(matches!(narrow.format.codec, CodecConfig::H264 { width: 320, .. }));

    // The last chunk begins where the file ends.
    assert!(matches!(read(&file(first as u32 + 5)), Err(ContainerError::Truncated { .. })));
}

#[test]
fn other_things_are_recognised() {
    assert_eq!(InitSegment::parse(b"<!doctype html><title>").unwrap_err(), ContainerError::NotBmff);
    assert_eq!(InitSegment::parse(&[0x47; 376]).unwrap_err(), ContainerError::NotBmff);
    assert_eq!(InitSegment::parse(b"").unwrap_err(), ContainerError::NotBmff);
    assert_eq!(InitSegment::parse(VIDEO).unwrap_err(), ContainerError::Missing("moov"));
    let cut = InitSegment::parse(&PLAIN[..PLAIN.len() - 1]);
    assert!(matches!(cut, Err(ContainerError::Truncated { .. })), "moov is at the end of this file: {cut:?}");
}
