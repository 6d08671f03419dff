//! Whole segments: small ones made with ffmpeg, real ones where they are at hand, and damaged ones.

use super::*;
use crate::container::{CodecConfig, MediaStream};
use crate::drm::ContentKey;
use crate::manifest::TrackKind;
use abr::MediaTime;
use proptest::prelude::*;
use std::path::PathBuf;
use std::time::Duration;

const HEVC_AC3: &[u8] = include_bytes!("fixtures/hevc_ac3.ts");
const H264_EAC3: &[u8] = include_bytes!("fixtures/h264_eac3.ts");
const MP3: &[u8] = include_bytes!("fixtures/mp3.ts");
/// AC-3 in packets of 192 bytes.
const AC3: &[u8] = include_bytes!("fixtures/ac3_192.ts");
/// H.264 and AAC; the clock wraps 0.7 s after the beginning.
const WRAP: &[u8] = include_bytes!("fixtures/wrap.ts");
const FIXTURES: [&[u8]; 5] = [HEVC_AC3, H264_EAC3, MP3, AC3, WRAP];
const PACKET: usize = 188;

fn read(data: &[u8]) -> Demuxed {
    demux(&Bytes::copy_from_slice(data), None).unwrap()
}

fn of_kind(media: &Demuxed, kind: TrackKind) -> Vec<&MediaStream> {
    media.streams.iter().filter(|stream| stream.kind == kind).collect()
}

fn increases(stream: &MediaStream) -> bool {
    stream.samples.windows(2).all(|pair| pair[0].dts < pair[1].dts)
}

/// Packets of a stream, as they are numbered within it.
fn pid_of(packet: &[u8]) -> u16 {
    u16::from(packet[1] & 0x1f) << 8 | u16::from(packet[2])
}

#[test]
fn codecs_are_told_by_the_tables() {
    let counts = |data: &[u8]| -> Vec<usize> { read(data).streams.iter().map(|stream| stream.samples.len()).collect() };
    assert_eq!(counts(HEVC_AC3), [25, 32]);
    assert_eq!(counts(H264_EAC3), [25, 32]);
    let media = read(HEVC_AC3);
    assert_eq!(media.streams[0].format.codec, CodecConfig::H265ByteStream);
    assert_eq!(media.streams[1].format.codec, CodecConfig::Ac3 { rate: 48_000, channels: 1 });
    let media = read(H264_EAC3);
    assert_eq!(media.streams[0].format.codec, CodecConfig::H264ByteStream);
    assert_eq!(media.streams[1].format.codec, CodecConfig::Eac3 { rate: 48_000, channels: 1 });
    assert_eq!(read(MP3).streams[0].format.codec, CodecConfig::Mpeg { layer: 3, rate: 48_000, channels: 1 });
    assert_eq!(read(AC3).streams[0].format.codec, CodecConfig::Ac3 { rate: 48_000, channels: 1 });
    assert_eq!((counts(MP3), counts(AC3)), (vec![43], vec![32]));
}

#[test]
fn samples_have_times_durations_and_key_frames() {
    for (data, first) in [(HEVC_AC3, 1480), (H264_EAC3, 1480)] {
        let media = read(data);
        let video = &media.streams[0];
        assert_eq!(video.samples.iter().map(|sample| sample.pts).min(), Some(MediaTime::from_millis(first)));
        assert!(video.samples[0].keyframe);
        assert_eq!(video.samples.iter().filter(|sample| sample.keyframe).count(), 3);
        assert!(video.samples.iter().all(|sample| sample.duration == Duration::from_millis(40) && !sample.hidden));
        assert!(video.samples.iter().all(|sample| sample.data.starts_with(&[0, 0, 0, 1])));
        assert!(video.samples.iter().any(|sample| sample.pts > sample.dts));
        assert!(media.streams.iter().all(increases));
        let audio = &media.streams[1].samples;
        assert!(audio.windows(2).all(|pair| pair[0].pts + pair[0].duration == pair[1].pts));
        assert!(audio.iter().all(|sample| sample.duration == Duration::from_millis(32)));
    }
}

#[test]
fn conformance_08_a_segment_goes_on_over_the_wrap() {
    let media = read(WRAP);
    let wrap = MediaTime::from_ticks(1i64 << TIMESTAMP_BITS, 90_000);
    assert!(media.streams.iter().all(increases));
    let video = &media.streams[0].samples;
    assert_eq!((video.len(), media.streams[1].samples.len()), (25, 48));
    for stream in &media.streams {
        let (first, last) = (&stream.samples[0], stream.samples.last().unwrap());
        assert!(first.dts > wrap - Duration::from_secs(1) && first.pts < wrap && last.pts > wrap);
        assert!(last.pts.duration_since(first.pts) < Duration::from_millis(1100));
    }
    let CodecConfig::Aac { config, rate, channels } = &media.streams[1].format.codec else { panic!() };
    assert_eq!((&config[..], *rate, *channels), (&[0x11, 0x88][..], 48_000, 1));
}

#[test]
fn conformance_08_tables_may_come_once_and_late() {
    let packets: Vec<&[u8]> = H264_EAC3.chunks(PACKET).collect();
    let is_table = |packet: &&&[u8]| pid_of(packet) < 0x100 || pid_of(packet) == 0x1000;
    let tables: Vec<&[u8]> = packets.iter().filter(is_table).take(3).copied().collect();
    let rest: Vec<&[u8]> = packets.iter().filter(|packet| !is_table(packet)).copied().collect();
    let first = [tables.concat(), rest.concat()].concat();
    let last = [rest.concat(), tables.concat()].concat();
    assert_eq!(read(&first), read(H264_EAC3));
    assert_eq!(read(&last), read(H264_EAC3));
    assert_eq!(demux(&rest.concat().into(), None), Err(ContainerError::Missing("PMT")));
}

#[test]
fn repeated_packets_and_garbage_between_packets_do_not_matter() {
    let packets: Vec<&[u8]> = H264_EAC3.chunks(PACKET).collect();
    let twice: Vec<u8> = packets.iter().flat_map(|packet| [*packet, *packet].concat()).collect();
    assert_eq!(read(&twice), read(H264_EAC3));
    let mut noisy = vec![0x12; 100];
    for (number, packet) in packets.iter().enumerate() {
        noisy.extend_from_slice(packet);
        if number % 20 == 19 {
            noisy.extend([0x00, 0x47, 0x11, 0x22]);
        }
    }
    assert!(is_ts(&noisy));
    assert_eq!(read(&noisy), read(H264_EAC3));
}

#[test]
fn a_lost_packet_costs_a_picture_or_two_or_a_few_frames() {
    let whole = read(H264_EAC3);
    let packets: Vec<&[u8]> = H264_EAC3.chunks(PACKET).collect();
    for lost in (0..packets.len()).filter(|number| pid_of(packets[*number]) >= 0x100) {
        if pid_of(packets[lost]) > 0x101 {
            continue;
        }
        let kept: Vec<&[u8]> =
            packets.iter().enumerate().filter(|(n, _)| *n != lost).map(|(_, packet)| *packet).collect();
        let media = read(&kept.concat());
        let missing = |kind| {
            let count = |media: &Demuxed| of_kind(media, kind).iter().map(|stream| stream.samples.len()).sum::<usize>();
            count(&whole) - count(&media)
        };
        // Without its beginning a picture cannot be told from the one before, whose end may be missing.
        assert!(missing(TrackKind::Video) <= 2, "packet {lost}: {} pictures", missing(TrackKind::Video));
        // A packet of sound holds several frames.
        assert!(missing(TrackKind::Audio) <= 12, "packet {lost}: {} frames", missing(TrackKind::Audio));
        assert!(media.streams.iter().all(increases));
    }
}

#[test]
fn a_stream_that_changes_its_type_is_another_one() {
    let media = read(&[H264_EAC3, HEVC_AC3].concat());
    let codecs: Vec<_> = of_kind(&media, TrackKind::Video).iter().map(|stream| stream.format.codec.clone()).collect();
    assert_eq!(codecs, [CodecConfig::H264ByteStream, CodecConfig::H265ByteStream]);
    let counts: Vec<usize> = of_kind(&media, TrackKind::Video).iter().map(|stream| stream.samples.len()).collect();
    assert_eq!(counts, [25, 25]);
}

#[test]
fn a_wrong_checksum_is_forgiven_where_there_is_no_other_table() {
    let mut data = H264_EAC3.to_vec();
    for packet in data.chunks_mut(PACKET).filter(|packet| pid_of(packet) == 0 || pid_of(packet) == 0x1000) {
        let length = 8 + (usize::from(packet[6] & 0xf) << 8 | usize::from(packet[7]));
        packet[length - 1] ^= 0xff;
    }
    assert_eq!(read(&data), read(H264_EAC3));
}

#[test]
fn conformance_04_encrypted_streams_need_a_key() {
    let Some(media) = streams("pkgr-avc-ts-with-encryption", "bear-640x360-video-2.ts") else { return };
    let scheme = ContainerError::UnsupportedScheme("SAMPLE-AES without a key".into());
    assert_eq!(demux(&media[0].1, None), Err(scheme));
}

/// Segments of a real stream in order of their names, or `None` with a word where they are missing.
fn streams(folder: &str, name: &str) -> Option<Vec<(String, Bytes)>> {
    let folder = streams_root()?.join(folder);
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|file| file.contains(name) && file.ends_with(".ts"))
        .collect();
    names.sort();
    Some(names.into_iter().map(|file| (file.clone(), std::fs::read(folder.join(file)).unwrap().into())).collect())
}

fn streams_root() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/streams");
    let root = std::env::var_os("LUMEN_STREAMS").map_or(beside, PathBuf::from);
    if root.join("index.json").exists() {
        return Some(root);
    }
    eprintln!("skipped: no test streams at {}", root.display());
    None
}

/// Of `pkgr-avc-ts-with-encryption`; its IV has eight bytes.
fn cipher() -> SampleCipher {
    let mut iv = [0; 16];
    iv[..8].copy_from_slice(&[0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x30]);
    SampleCipher { key: ContentKey(*b"234567890!234567"), iv }
}

#[test]
fn conformance_04_08_real_streams_have_all_their_pictures() {
    let Some(root) = streams_root() else { return };
    let index: serde_json::Value = serde_json::from_slice(&std::fs::read(root.join("index.json")).unwrap()).unwrap();
    for (id, folder, name) in [
        ("pkgr-avc-aac-ts.hls", "pkgr-avc-aac-ts", "video"),
        ("pkgr-avc-ts-with-encryption.hls", "pkgr-avc-ts-with-encryption", "video"),
        ("pkgr-hls-segmented-webvtt.hls", "pkgr-hls-segmented-webvtt", "video"),
        ("shk-hls-ts-h264", "shk-hls-ts-h264", ""),
        ("shk-hls-ts-muxed-aac-h264", "shk-hls-ts-muxed-aac-h264", ""),
        ("shk-hls-gap", "shk-hls-gap", ""),
    ] {
        let entry = index["streams"].as_array().unwrap().iter().find(|entry| entry["id"] == id);
        let expected = entry.unwrap()["n_video_frames"].as_u64().unwrap() as usize;
        let mut frames = 0;
        let mut last: Option<MediaTime> = None;
        for (file, segment) in streams(folder, name).unwrap() {
            let media = demux(&segment, Some(&cipher())).unwrap();
            let video = of_kind(&media, TrackKind::Video);
            assert_eq!(video.len(), 1, "{id} {file}");
            let samples = &video[0].samples;
            assert!(samples[0].keyframe, "{id} {file}");
            assert!(last < Some(samples[0].dts), "{id} {file}");
            assert!(media.streams.iter().all(increases), "{id} {file}");
            last = samples.last().map(|sample| sample.dts);
            frames += samples.len();
        }
        assert_eq!(frames, expected, "{id}");
    }
}

#[test]
fn conformance_04_encrypted_and_clear_streams_are_the_same_media() {
    for name in ["video", "audio"] {
        let (Some(clear), Some(encrypted)) =
            (streams("pkgr-avc-aac-ts", name), streams("pkgr-avc-ts-with-encryption", name))
        else {
            return;
        };
        for ((file, clear), (_, encrypted)) in clear.iter().zip(&encrypted) {
            let (clear, encrypted) = (demux(clear, None).unwrap(), demux(encrypted, Some(&cipher())).unwrap());
            assert!(!clear.streams.is_empty());
            assert!(clear == encrypted, "{file}");
        }
    }
}

/// Puts damage into a segment: bytes changed, cut out, or doubled.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), 0u8..4, any::<u8>(), 1usize..400);
    (0..FIXTURES.len(), prop::collection::vec(change, 1..12)).prop_map(|(fixture, changes)| {
        let mut data = FIXTURES[fixture].to_vec();
        for (at, how, byte, length) in changes {
            let at = at.index(data.len().max(1)).min(data.len().saturating_sub(1));
            let end = (at + length).min(data.len());
            match how {
                0 if !data.is_empty() => data[at] = byte,
                1 => drop(data.drain(at..end)),
                2 => data[at..end].fill(byte),
                _ => {
                    let again = data[at..end].to_vec();
                    data.splice(at..at, again);
                }
            }
        }
        data
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn conformance_08_damage_is_an_error_or_costs_samples(data in damaged()) {
        let length = data.len();
        if let Ok(media) = demux(&data.into(), None) {
            for stream in &media.streams {
                prop_assert!(increases(stream));
                prop_assert!(!stream.samples.is_empty());
                prop_assert!(stream.samples.iter().all(|sample| !sample.data.is_empty()));
            }
            let bytes: usize = media.streams.iter().flat_map(|stream| &stream.samples).map(|sample| sample.data.len()).sum();
            prop_assert!(bytes <= length + 64 * 4096);
        }
    }

    #[test]
    fn noise_is_no_stream(data in prop::collection::vec(any::<u8>(), 0..2000)) {
        if is_ts(&data) {
            demux(&data.into(), None).ok();
        }
    }
}

#[test]
fn captions_are_found_in_a_real_stream() {
    let Some(root) = streams_root() else { return };
    let folder = root.join("m3-dash-cea608");
    let mut found = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let data = Bytes::from(std::fs::read(entry.unwrap().path()).unwrap());
        let Ok(init) = crate::container::Init::parse(&data) else { continue };
        let Ok(media) = crate::container::demux(&data, Some(&init), None) else { continue };
        for stream in of_kind(&media, TrackKind::Video) {
            let captions = crate::container::es::caption_data(&stream.format.codec, &stream.samples);
            assert!(captions.is_sorted_by_key(|(pts, _)| *pts));
            found += captions.len();
        }
    }
    assert!(found > 0);
}
