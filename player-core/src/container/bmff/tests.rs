//! Real segments, and what becomes of them when they are damaged. The fixtures come from this project's own packager.

use super::{fragment::demux, *};
use crate::container::{CodecConfig, ContainerError, Scheme};
use crate::manifest::TrackKind;
use bytes::Bytes;
use proptest::prelude::*;
use std::time::Duration;

const VIDEO_INIT: &[u8] = include_bytes!("fixtures/video-cenc-init.mp4");
const VIDEO: &[u8] = include_bytes!("fixtures/video-cenc-2.m4s");
const AUDIO_INIT: &[u8] = include_bytes!("fixtures/audio-cenc-init.mp4");
const AUDIO: &[u8] = include_bytes!("fixtures/audio-cenc-2.m4s");

#[test]
fn an_encrypted_picture_track_says_what_a_decoder_and_a_licence_need() {
    let init = InitSegment::parse(VIDEO_INIT).unwrap();
    let [track] = &init.tracks[..] else { panic!("one track") };
    assert!(matches!(track.format.codec, CodecConfig::H264 { width: 256, height: 144, .. }), "{:?}", track.format);
    assert_eq!(init.key_ids.len(), 1);
    let protection = track.descriptions[0].as_ref().unwrap();
    assert_eq!((protection.scheme, protection.key_id), (Scheme::Cenc, init.key_ids[0]));
}

#[test]
fn a_segment_has_its_samples_in_decode_order_on_the_presentations_timeline() {
    let init = InitSegment::parse(VIDEO_INIT).unwrap();
    let streams = demux(&Bytes::from_static(VIDEO), &init).unwrap();
    let [(TrackKind::Video, samples)] = &streams[..] else { panic!("one track") };
    assert_eq!(samples.len(), 50);
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
    let streams = demux(&Bytes::from_static(AUDIO), &init).unwrap();
    let (TrackKind::Audio, samples) = &streams[0] else { panic!("sound") };
    let first = samples[0].pts.nanos() as f64 / 1e9;
    assert!((first - 2.0).abs() < 0.05, "{first}");
    assert!(samples.iter().all(|sample| sample.keyframe && sample.protection.is_some()));
}

#[test]
fn a_segment_cut_anywhere_is_an_error_or_shorter_and_never_a_panic() {
    let init = InitSegment::parse(VIDEO_INIT).unwrap();
    for length in 0..VIDEO.len() {
        let cut = demux(&Bytes::from_static(&VIDEO[..length]), &init);
        assert!(cut.is_err(), "{length} of {} bytes", VIDEO.len());
    }
    for length in 0..VIDEO_INIT.len() {
        assert!(InitSegment::parse(&VIDEO_INIT[..length]).is_err(), "{length} of {} bytes", VIDEO_INIT.len());
    }
}

#[test]
fn other_things_are_recognised() {
    assert_eq!(InitSegment::parse(b"<!doctype html><title>").unwrap_err(), ContainerError::NotBmff);
    assert_eq!(InitSegment::parse(&[0x47; 376]).unwrap_err(), ContainerError::NotBmff);
    assert_eq!(InitSegment::parse(b"").unwrap_err(), ContainerError::NotBmff);
}

#[test]
fn a_track_that_names_an_unknown_scheme_is_refused_by_name() {
    let at = VIDEO_INIT.windows(4).position(|window| window == b"schm").unwrap() + 8;
    let mut init = VIDEO_INIT.to_vec();
    init[at..at + 4].copy_from_slice(b"xyz1");
    assert_eq!(InitSegment::parse(&init).unwrap_err(), ContainerError::UnsupportedScheme("xyz1".into()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn damage_never_makes_the_reader_panic(
        hits in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..24),
    ) {
        let mut init = VIDEO_INIT.to_vec();
        // The boxes are at the start; what follows is coded pictures.
        let boxes = 2_500.min(VIDEO.len());
        let mut media = VIDEO.to_vec();
        for (index, byte) in &hits {
            init[index.index(VIDEO_INIT.len())] = *byte;
            media[index.index(boxes)] = *byte;
        }
        let whole = InitSegment::parse(VIDEO_INIT).unwrap();
        let _ = demux(&Bytes::from(media.clone()), &whole);
        if let Ok(damaged) = InitSegment::parse(&init) {
            let _ = demux(&Bytes::from(media), &damaged);
        }
    }

    #[test]
    fn noise_never_makes_the_reader_panic(noise in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = InitSegment::parse(&noise);
        let whole = InitSegment::parse(AUDIO_INIT).unwrap();
        let _ = demux(&Bytes::from(noise), &whole);
    }
}
