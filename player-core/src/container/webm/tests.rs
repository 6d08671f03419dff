use super::*;
use crate::container::{CodecConfig, Sample};
use crate::drm::KeyId;
use crate::manifest::TrackKind;
use abr::MediaTime;
use std::path::PathBuf;
use std::time::Duration;

const VP8_VORBIS: &[u8] = include_bytes!("fixtures/vp8-vorbis.webm");
/// Clusters and segment of unknown size.
const VP9_OPUS: &[u8] = include_bytes!("fixtures/vp9-opus-live.webm");
const AV1: &[u8] = include_bytes!("fixtures/av1.webm");
const H264_AAC: &[u8] = include_bytes!("fixtures/h264-aac.mkv");

fn read(file: &'static [u8]) -> (Header, Demuxed) {
    let header = Header::parse(file).unwrap();
    let media = demux(&Bytes::from_static(file), &header).unwrap();
    (header, media)
}

fn element(id: &[u8], payload: &[u8]) -> Vec<u8> {
    let size = (payload.len() as u64 | 1 << 56).to_be_bytes();
    [id, &size, payload].concat()
}

/// A header with one track; `fields` are further elements of its entry.
fn one_track(kind: u8, codec: &[u8], fields: &[Vec<u8>]) -> Result<Header, ContainerError> {
    let mut entry = [element(&[0xd7], &[1]), element(&[0x83], &[kind]), element(&[0x86], codec)].concat();
    entry.extend(fields.concat());
    Header::parse(&element(&[0x16, 0x54, 0xae, 0x6b], &element(&[0xae], &entry)))
}

fn cluster(time: u8, blocks: &[Vec<u8>]) -> Vec<u8> {
    element(&[0x1f, 0x43, 0xb6, 0x75], &[element(&[0xe7], &[time]), blocks.concat()].concat())
}

fn simple(relative: i16, flags: u8, data: &[u8]) -> Vec<u8> {
    element(&[0xa3], &[&[0x81][..], &relative.to_be_bytes(), &[flags], data].concat())
}

fn samples(header: &Header, media: Vec<u8>) -> Result<Vec<Sample>, ContainerError> {
    Ok(demux(&Bytes::from(media), header)?.streams.swap_remove(0).samples)
}

#[test]
fn vp8_and_vorbis_are_read_with_times_and_key_frames() {
    let (header, media) = read(VP8_VORBIS);
    assert_eq!(header.timestamp_scale, 1_000_000);
    assert!(header.duration.is_some_and(|duration| duration.abs_diff(Duration::from_secs(2)).as_millis() < 50));
    let [video, audio] = &media.streams[..] else { panic!("two tracks") };
    assert_eq!(video.format.codec, CodecConfig::Vp8 { width: 64, height: 48 });
    assert_eq!(video.samples.len(), 20);
    assert_eq!(video.samples[10].pts - video.samples[0].pts, MediaTime::from_millis(1_000));
    assert_eq!(video.samples[10].duration, Duration::from_millis(100));
    let keys: Vec<usize> = (0..20).filter(|at| video.samples[*at].keyframe).collect();
    assert_eq!(keys, [0, 10]);
    let CodecConfig::Vorbis { headers, rate: 44_100, channels: 1 } = &audio.format.codec else { panic!("Vorbis") };
    for (header, kind) in headers.iter().zip([1u8, 3, 5]) {
        assert!(header.starts_with(&[&[kind][..], b"vorbis"].concat()));
    }
    assert_eq!((audio.kind, audio.samples.len()), (TrackKind::Audio, 88));
    assert!(audio.samples.iter().all(|sample| sample.keyframe));
}

#[test]
fn clusters_of_unknown_size_are_read_and_the_codec_delay_is_taken_off() {
    let (header, media) = read(VP9_OPUS);
    let [video, audio] = &media.streams[..] else { panic!("two tracks") };
    assert_eq!(video.format.codec, CodecConfig::Vp9 { width: 64, height: 48 });
    assert_eq!((video.samples.len(), audio.samples.len()), (20, 101));
    let CodecConfig::Opus { head, rate: 48_000, channels: 1 } = &audio.format.codec else { panic!("Opus") };
    assert!(head.starts_with(b"OpusHead"));
    assert_eq!(header.tracks[1].seek_pre_roll, Duration::from_millis(80));
    assert_eq!(header.tracks[1].codec_delay, MediaTime::from_nanos(6_500_000));
    assert_eq!(audio.samples[0].pts, MediaTime::from_nanos(-6_500_000));
}

#[test]
fn a_run_of_clusters_is_read_without_the_files_beginning() {
    let (header, whole) = read(VP8_VORBIS);
    let at = VP8_VORBIS.windows(4).position(|bytes| bytes == [0x1f, 0x43, 0xb6, 0x75]).unwrap();
    assert_eq!(demux(&Bytes::from_static(&VP8_VORBIS[at..]), &header).unwrap(), whole);
    assert_eq!(Header::parse(&VP8_VORBIS[..at]).unwrap(), header);
}

#[test]
fn av1_has_its_configuration() {
    let (_, media) = read(AV1);
    let CodecConfig::Av1 { av1c, width: 64, height: 48 } = &media.streams[0].format.codec else { panic!("AV1") };
    assert_eq!((av1c[0], media.streams[0].samples.len()), (0x81, 10));
}

#[test]
fn reordered_pictures_get_rising_decode_times_before_they_are_shown() {
    let (_, media) = read(H264_AAC);
    let [video, audio] = &media.streams[..] else { panic!("two tracks") };
    assert!(matches!(&video.format.codec, CodecConfig::H264 { avcc, width: 64, .. } if avcc[0] == 1));
    assert!(matches!(&audio.format.codec, CodecConfig::Aac { config, rate: 48_000, channels: 1 } if config.len() >= 2));
    assert!(!video.samples.is_sorted_by_key(|sample| sample.pts));
    assert!(video.samples.is_sorted_by(|a, b| a.dts < b.dts));
    assert!(video.samples.iter().all(|sample| sample.dts <= sample.pts));
    assert!(video.samples.iter().all(|sample| sample.duration == Duration::from_millis(100)));
}

#[test]
fn laced_frames_share_their_blocks_time_and_groups_say_their_duration() {
    let default = element(&[0x23, 0xe3, 0x83], &20_000_000u32.to_be_bytes());
    let header = one_track(2, b"A_AC3", &[default]).unwrap();
    let group =
        |rest: &[Vec<u8>]| element(&[0xa0], &[element(&[0xa1], b"\x81\x00\x64\x00frame"), rest.concat()].concat());
    let blocks = [
        simple(0, 0x04, b"\x01aabb"),
        group(&[element(&[0x9b], &[30]), element(&[0x75, 0xa2], &10_000_000u32.to_be_bytes())]),
    ];
    let read = samples(&header, cluster(50, &blocks)).unwrap();
    let seen: Vec<_> = read.iter().map(|s| (s.pts.as_millis(), s.duration.as_millis(), &s.data[..])).collect();
    assert_eq!(seen, [(50, 20, &b"aa"[..]), (70, 20, b"bb"), (150, 20, b"frame")]);

    let header = one_track(1, b"V_VP9", &[]).unwrap();
    let blocks = [group(&[]), group(&[element(&[0xfb], &[0xff])]), simple(120, 0x80, b"x"), simple(130, 0, b"y")];
    let read = samples(&header, cluster(0, &blocks)).unwrap();
    assert_eq!(read.iter().map(|sample| sample.keyframe).collect::<Vec<_>>(), [true, false, true, false]);
    let durations: Vec<_> = read.iter().map(|sample| sample.duration.as_millis()).collect();
    assert_eq!(durations, [20, 20, 10, 10]);
}

#[test]
fn conformance_36_encrypted_tracks_name_their_key_and_protect_their_samples() {
    let aes = element(&[0x47, 0xe7], &element(&[0x47, 0xe8], &[1]));
    let encryption = |key: &[u8]| {
        let fields = [element(&[0x47, 0xe1], &[5]), element(&[0x47, 0xe2], key), aes.clone()].concat();
        let encoding = [element(&[0x50, 0x33], &[1]), element(&[0x50, 0x35], &fields)].concat();
        element(&[0x6d, 0x80], &element(&[0x62, 0x40], &encoding))
    };
    let header = one_track(1, b"V_VP9", &[encryption(&[9; 16])]).unwrap();
    assert_eq!(header.key_ids, [KeyId([9; 16])]);
    let blocks = [simple(0, 0x80, b"\x00clear"), simple(33, 0, b"\x01\x01\x02\x03\x04\x05\x06\x07\x08secret")];
    let read = samples(&header, cluster(0, &blocks)).unwrap();
    assert_eq!((&read[0].data[..], &read[0].protection), (&b"clear"[..], &None));
    let protection = read[1].protection.clone().unwrap();
    assert_eq!((&read[1].data[..], protection.key_id), (&b"secret"[..], KeyId([9; 16])));
    assert_eq!(protection.iv, [1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(one_track(1, b"V_VP9", &[encryption(b"short")]), Err(ContainerError::Malformed("ContentEncKeyID")));
}

#[test]
fn headers_taken_from_frames_are_put_back() {
    let settings = [element(&[0x42, 0x54], &[3]), element(&[0x42, 0x55], b"\x0b\x77")].concat();
    let encoding = element(&[0x62, 0x40], &element(&[0x50, 0x34], &settings));
    let header = one_track(2, b"A_AC3", &[element(&[0x6d, 0x80], &encoding)]).unwrap();
    assert_eq!(&samples(&header, cluster(0, &[simple(0, 0, b"rest")])).unwrap()[0].data[..], b"\x0b\x77rest");
}

#[test]
fn tracks_that_cannot_be_played_are_left_out_and_the_last_one_says_why() {
    assert_eq!(one_track(1, b"V_PRORES", &[]), Err(ContainerError::NoDecoder("codec V_PRORES".into())));
    assert_eq!(one_track(2, b"A_OPUS", &[]), Err(ContainerError::Malformed("OpusHead")));
    assert_eq!(one_track(1, b"V_MPEG4/ISO/AVC", &[]), Err(ContainerError::Missing("CodecPrivate")));
    assert_eq!(Header::parse(&[]), Err(ContainerError::Missing("Tracks")));
    let at = VP8_VORBIS.windows(4).position(|bytes| bytes == [0x1f, 0x43, 0xb6, 0x75]).unwrap();
    assert!(matches!(
        demux(&Bytes::from_static(&VP8_VORBIS[..at + 60]), &read(VP8_VORBIS).0),
        Err(ContainerError::Truncated { .. })
    ));
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

#[test]
fn conformance_33_real_vp9_files_have_as_many_frames_as_were_counted() {
    let Some(folder) = streams() else { return };
    for (file, frames, seconds) in [
        ("pkgr-vp9-webm/bear-320x240-vp9-opus-video.webm", Some(82), 2.736),
        ("pkgr-vp9-webm/bear-320x240-vp9-opus-audio.webm", None, 2.736),
        ("rx-multi-codecs/v-0480p-0750k-vp9.webm", Some(1_500), 60.0),
        ("rx-multi-codecs/v-0144p-0100k-vp9.webm", Some(1_500), 60.0),
        ("rx-multi-codecs/a-eng-0128k-libopus.webm", None, 60.0),
    ] {
        let file_bytes = Bytes::from(std::fs::read(folder.join(file)).unwrap());
        let media = demux(&file_bytes, &Header::parse(&file_bytes).unwrap()).unwrap();
        let [stream] = &media.streams[..] else { panic!("one track") };
        if let Some(frames) = frames {
            assert_eq!(stream.samples.len(), frames, "{file}");
        }
        assert!(stream.samples[0].keyframe && stream.samples.is_sorted_by(|a, b| a.dts < b.dts), "{file}");
        let end = stream.samples.iter().map(|sample| sample.pts + sample.duration).max().unwrap();
        assert!((end.as_secs_f64() - seconds).abs() < 0.1, "{file} ends at {end}");
    }
}

proptest::proptest! {
    #[test]
    fn damaged_files_do_no_harm(
        file in 0usize..4,
        damage in proptest::collection::vec((0usize..16_000, proptest::num::u8::ANY), 1..8),
        cut in 0usize..16_000,
    ) {
        let whole = [VP8_VORBIS, VP9_OPUS, AV1, H264_AAC][file];
        let mut bytes = whole.to_vec();
        for (at, value) in damage {
            let at = at % bytes.len();
            bytes[at] = value;
        }
        bytes.truncate(bytes.len().min(cut.max(1)));
        let good = Header::parse(whole).unwrap();
        let media = Bytes::from(bytes);
        let _ = demux(&media, &good);
        if let Ok(header) = Header::parse(&media) {
            let _ = demux(&media, &header);
        }
    }

    #[test]
    fn any_bytes_do_no_harm(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        let _ = Header::parse(&bytes);
        let _ = demux(&Bytes::from(bytes), &Header::parse(VP8_VORBIS).unwrap());
    }
}
